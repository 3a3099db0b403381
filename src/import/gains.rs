//! What a broker says was gained and lost: a realized gain and loss export or a 1099-B file, read by the same formats as
//! trades, as a list of finished disposals.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::diagnostic::Problem;
use crate::source::Sources;

use super::file::Problems;
use super::formats::apply::{Applying, apply};
use super::formats::closed::ClosedLot;
use super::option_symbol;
use super::reading::{Input, ReadOptions};
use super::{Failure, KEPT, encoding, formats, of_workbook};

/// The list of a broker.
#[derive(Clone, Debug, Default)]
pub struct Gains {
    /// The disposals, in the order of the file.
    pub lots: Vec<ClosedLot>,
    /// The file as the user named it.
    pub file: String,
    /// The format it was read by.
    pub format: String,
    /// Rows that are no disposals, by the rule that says so.
    pub ignored: BTreeMap<Cow<'static, str>, u64>,
    /// The file, to show its lines.
    pub sources: Sources,
}

/// Reads the list of a broker.
///
/// # Errors
/// Everything wrong with it.
pub fn read(input: Input, options: &ReadOptions) -> Result<Gains, Failure> {
    let mut problems = Problems::default();
    let mut sources = Sources::default();
    let found = read_into(input, options, &mut problems, &mut sources);
    match found {
        Some(gains) if problems.is_empty() => Ok(Gains { sources, ..gains }),
        Some(_) | None => Err(Failure {
            problems: problems.into_list(),
            sources,
        }),
    }
}

fn read_into(
    input: Input,
    options: &ReadOptions,
    problems: &mut Problems,
    sources: &mut Sources,
) -> Option<Gains> {
    let number = sources.add(&input.name);
    let Input { name, bytes } = of_workbook(problems, options, input)?;
    if let Some((what, help)) = encoding::foreign(&bytes) {
        problems.add(Problem::new(format!("`{name}` is {what}, not a CSV file")).help(help));
        return None;
    }
    let (text, _) = encoding::decode(bytes);
    let chosen = formats::choose_closed(&text, number, &name, options, problems);
    let delimiter = chosen.as_ref().map_or(b',', |(_, header)| header.delimiter);
    let mapped = chosen.and_then(|(format, header)| {
        let mut applying = Applying {
            text: &text,
            number,
            name: &name,
            options,
            problems,
            gains: true,
        };
        let mapped = apply(&mut applying, &format, header)?;
        Some((format, mapped))
    });
    sources.keep(number, delimiter, text, KEPT);
    let (format, mapped) = mapped?;
    Some(Gains {
        lots: mapped.closed,
        file: name,
        format: format.mapping.name.clone(),
        ignored: mapped.ignored,
        sources: Sources::default(),
    })
}

/// A symbol as it is compared: options by their terms, all else without case and blanks.
pub fn symbol_key(symbol: &str) -> String {
    match option_symbol::parse(symbol) {
        Some(terms) => terms.occ(),
        None => symbol.trim().to_ascii_uppercase(),
    }
}
