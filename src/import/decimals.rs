//! How a file writes decimals: decided once, over the whole file, when a number with a comma is met, and never guessed.

use crate::diagnostic::Problem;
use crate::import::columns::{Column, Columns};
use crate::import::dates::Rows;
use crate::import::number::{self, DecimalMark};
use crate::import::reading::DecimalReading;
use crate::record::Record;
use crate::source::Source;

/// The columns that hold numbers.
const NUMBERS: [Column; 11] = [
    Column::Quantity,
    Column::Price,
    Column::Fee,
    Column::Total,
    Column::FeeValue,
    Column::FxRate,
    Column::NewQuantity,
    Column::Basis,
    Column::Strike,
    Column::Multiplier,
    Column::Fraction,
];

/// What is known of a file's decimals while its rows are read.
#[derive(Clone, Debug, Default)]
pub struct Decimals {
    /// Said by an option or a format, or found out.
    pub settled: bool,
    /// What a look at the whole file found.
    pub found: Option<DecimalReading>,
    /// The file as a whole was refused, which has been reported.
    pub refused: bool,
}

/// What one cell shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// A decimal point, or commas between thousands: `12.5`, `1,234.50`.
    Point,
    /// A decimal comma, or points between thousands: `180,00`, `1.150,50`.
    Comma,
    /// A comma that may be either: `1,500`.
    Either,
}

fn shown(text: &str) -> Option<Shown> {
    let reads = |mark| number::parse(text, mark).is_ok();
    match (reads(DecimalMark::Point), reads(DecimalMark::Comma)) {
        (true, false) => Some(Shown::Point),
        (false, true) => Some(Shown::Comma),
        (true, true) if text.contains(',') => Some(Shown::Either),
        (true, true) | (false, false) => None,
    }
}

/// Whether a number has marks that a decimal point alone does not explain, so that the file must be looked at.
pub fn asks(text: &str) -> bool {
    text.contains(',') || text.bytes().filter(|byte| *byte == b'.').count() > 1
}

/// A cell: its line, its place in the row, its text.
type Found = (u32, usize, String);

/// The first cell of each kind.
#[derive(Default)]
struct Evidence {
    point: Option<Found>,
    comma: Option<Found>,
    either: Option<Found>,
}

impl Evidence {
    fn collect(rows: Rows<'_>, columns: &Columns) -> Self {
        let mut evidence = Self::default();
        let cells: Vec<usize> = NUMBERS.iter().filter_map(|c| columns.cell(*c)).collect();
        let (mut records, mut record) = (rows.records(), Record::default());
        while records.next(&mut record) && !evidence.is_complete() {
            for cell in &cells {
                let text = std::str::from_utf8(record.get(rows.text, *cell)).unwrap_or_default();
                evidence.add(record.line(), *cell, text.trim().trim_end_matches('%'));
            }
        }
        evidence
    }

    /// Whether no further cell can change what is decided.
    fn is_complete(&self) -> bool {
        self.point.is_some() && self.comma.is_some()
    }

    fn add(&mut self, line: u32, cell: usize, text: &str) {
        if !text.contains(['.', ',']) {
            return;
        }
        let slot = match shown(text) {
            Some(Shown::Point) => &mut self.point,
            Some(Shown::Comma) => &mut self.comma,
            Some(Shown::Either) => &mut self.either,
            None => return,
        };
        slot.get_or_insert_with(|| (line, cell, text.to_owned()));
    }
}

/// Looks at all numbers of the file; `None` where none has a comma.
///
/// # Errors
/// Numbers of both kinds; a comma that may be either, where nothing decides it.
pub fn decide(rows: Rows<'_>, columns: &Columns) -> Result<Option<DecimalReading>, Problem> {
    let Evidence {
        point,
        comma,
        either,
    } = Evidence::collect(rows, columns);
    let reading = |mark, decided_by| Ok(Some(DecimalReading { mark, decided_by }));
    match (comma, point, either) {
        (Some(comma), Some(point), _) => Err(mixed(&comma, &point, rows.file)),
        (Some(comma), None, _) => reading(DecimalMark::Comma, proof(&comma, "comma")),
        (None, Some(point), Some(_)) => reading(DecimalMark::Point, proof(&point, "point")),
        // A spreadsheet separates cells by semicolons where it writes decimals with a comma.
        (None, None, Some(either)) if rows.delimiter == b';' => Err(undecided(&either, rows.file)),
        (None, None, Some((line, _, text))) => {
            let why = format!("`{text}` on line {line} has its comma between thousands");
            reading(DecimalMark::Point, why)
        }
        (None, _, None) => Ok(None),
    }
}

fn proof((line, _, text): &Found, mark: &str) -> String {
    format!("`{text}` on line {line} can only have a decimal {mark}")
}

fn mixed((line, cell, text): &Found, point: &Found, file: u16) -> Problem {
    let place = Source { file, line: *line };
    let message =
        format!("`{text}` has a decimal comma, other numbers of the file a decimal point");
    Problem::in_cell(place, *cell, message)
        .note(proof(point, "point"))
        .help("write all numbers of the file one way; with `--decimal point` or `--decimal comma` every cell written the other way is named")
}

fn undecided((line, cell, text): &Found, file: u16) -> Problem {
    let of = |mark| match number::parse(text, mark) {
        Ok(number) => number.value.normalize().to_string(),
        Err(_) => text.clone(),
    };
    let (point, comma) = (of(DecimalMark::Point), of(DecimalMark::Comma));
    let place = Source { file, line: *line };
    let message =
        format!("`{text}` may be {point} or {comma}, and no number of the file decides it");
    Problem::in_cell(place, *cell, message)
        .note(format!(
            "it is {point} with `--decimal point`, or {comma} with `--decimal comma`"
        ))
        .help("say which with `--decimal`")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_number_shows_one_mark_or_either() {
        for text in [
            "12.5",
            "0.75",
            "1,234.50",
            "0.500",
            "1,234,567",
            "1234.567",
            "$1,234.5",
        ] {
            assert_eq!(shown(text), Some(Shown::Point), "{text}");
        }
        for text in [
            "180,00",
            "1.150,50",
            "12,5",
            "0,500",
            "1.234.567",
            "1234,567",
            "5,25 €",
        ] {
            assert_eq!(shown(text), Some(Shown::Comma), "{text}");
        }
        for text in ["1,500", "-12,345", "100,000 EUR"] {
            assert_eq!(shown(text), Some(Shown::Either), "{text}");
        }
        for text in ["180", "1.150", "1,23,456", "a,b", ""] {
            assert_eq!(shown(text), None, "{text}");
        }
    }
}
