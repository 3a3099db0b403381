//! The files people have: exports of brokers and exchanges, each described by a mapping, most of them built in.
//!
//! ```text
//! text -detect-> format, header -plan-> expressions -apply-> canonical rows -the reader of canonical rows-> trades
//! ```
//!
//! Adding a format is one TOML file beside this one and one line in [`BUILT_IN`].

pub mod apply;
pub mod closed;
pub mod detect;
mod elsewhere;
mod fill;
pub mod flex;
pub mod guess;
mod joins;
pub mod mapping;
mod pairs;
mod plan;
pub mod rows;
mod shapes;
mod shares;
mod two_sided;
mod values;
pub mod workbook;

use std::sync::{Arc, OnceLock};

use crate::diagnostic::Problem;
use crate::import::columns::Column;
use crate::import::file::Problems;
use crate::import::header::{self, Header};
use crate::import::reading::ReadOptions;
use crate::source::Source;

use detect::Detected;
use mapping::{Cells, Kind, Mapping};

/// A mapping and its text.
#[derive(Clone, Debug)]
pub struct Format {
    /// What it says.
    pub mapping: Mapping,
    /// The text it was read from.
    pub text: String,
}

impl Format {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// What is wrong with it, for the user.
    pub fn parse(text: &str, name: &str) -> Result<Self, Problem> {
        match mapping::parse(text) {
            Ok(mapping) => Ok(Self {
                mapping,
                text: text.to_owned(),
            }),
            Err(refused) => {
                let at = refused
                    .line
                    .map_or(String::new(), |line| format!(":{line}"));
                let text = refused
                    .text
                    .map_or(String::new(), |text| format!(", at `{text}`"));
                Err(Problem::new(format!(
                    "the mapping {name}{at} cannot be read{text}: {}",
                    refused.message.replace('\n', "; ")
                ))
                .help("`lossoffset formats show schwab` prints a mapping that works, to compare"))
            }
        }
    }
}

macro_rules! built_in {
    ($($file:literal),* $(,)?) => {
        /// The texts of the built-in formats, in the order in which they are listed.
        pub const BUILT_IN: &[(&str, &str)] = &[
            $(($file, include_str!(concat!($file, ".toml")))),*
        ];
    };
}

built_in![
    "schwab",
    "schwab-gains",
    "schwab-openings",
    "schwab-lots",
    "schwab-1099",
    "schwab-awards",
    "fidelity",
    "fidelity-gains",
    "robinhood",
    "robinhood-1099",
    "vanguard",
    "etrade",
    "etrade-gains",
    "coinbase",
    "coinbase-fills",
    "coinbase-gains",
    "kraken",
    "trading212",
    "ibkr-flex",
    "ibkr",
    "ibkr-history",
    "tastytrade",
    "webull",
    "tdameritrade",
    "merrill",
    "questrade",
    "wealthsimple",
    "freetrade",
    "degiro",
    "hl",
    "morgan-stanley",
    "morgan-stanley-withdrawals",
    "binance",
    "gemini",
    "cryptocom",
    "bitstamp",
    "kucoin",
    "okx",
    "okx-2021",
    "bybit-spot",
    "bybit",
    "bybit-pnl",
    "deribit",
    "cointracking",
    "cointracking-import",
    "koinly",
    "koinly-export",
    "cointracker",
    "coinledger",
    "turbotax",
    "turbotax-gains",
    "zenledger",
    "taxbit",
    "coinpanda",
    "blockpit",
    "tokentax",
    "recap",
    "accointing",
    "rotki",
    "bitcointax",
    "bittytax",
    "form-8949",
    "gains",
    "lots",
];

/// The built-in formats.
pub fn built_in() -> &'static [Arc<Format>] {
    static FORMATS: OnceLock<Vec<Arc<Format>>> = OnceLock::new();
    FORMATS.get_or_init(|| {
        // A built-in format that cannot be read is left out; a test reads them all.
        let read = |(name, text): &(&str, &str)| Format::parse(text, name).ok().map(Arc::new);
        BUILT_IN.iter().filter_map(read).collect()
    })
}

/// The built-in format of this name.
pub fn named(name: &str) -> Option<&'static Arc<Format>> {
    built_in().iter().find(|format| format.mapping.name == name)
}

/// How a file is to be read.
pub enum Choice {
    /// By the canonical columns.
    Canonical,
    /// By a format, with the header found.
    Format(Arc<Format>, Header),
    /// By a format whose section of trades the file does not have, since it has no trades.
    Sectionless(Arc<Format>),
    /// Not at all: the reason is among the problems.
    Refused,
}

/// Finds the format of a file.
pub fn choose(
    text: &[u8],
    file: u16,
    name: &str,
    options: &ReadOptions,
    problems: &mut Problems,
) -> Choice {
    if let Some(format) = &options.mapping {
        match chosen(text, name, format) {
            Some(header) => return Choice::Format(Arc::clone(format), header),
            None if format.mapping.r#match.is_empty() => {
                problems.add(no_header(name, file, &format.mapping));
                return Choice::Refused;
            }
            None => {}
        }
    }
    let own: Vec<&Format> = found_by_header(&options.formats);
    if let Some(choice) = pick(text, file, name, &own, &options.formats, problems) {
        return choice;
    }
    if is_canonical(text) {
        return Choice::Canonical;
    }
    let known: Vec<&Format> = found_by_header(built_in());
    let picked = pick(text, file, name, &known, built_in(), problems);
    picked
        .or_else(|| sectionless(text))
        .unwrap_or(Choice::Canonical)
}

/// A file of sections of which the one with the trades is missing.
fn sectionless(text: &[u8]) -> Option<Choice> {
    let first = detect::first_line(text);
    let begins = |format: &&Arc<Format>| {
        let begin = format.mapping.file.sections_begin.as_deref();
        let section = format.mapping.file.section.as_deref();
        let regex = begin.and_then(|begin| regex::Regex::new(begin).ok());
        regex.is_some_and(|regex| regex.is_match(first))
            && section.is_some_and(|section| rows_of_section(text, section).next().is_none())
    };
    let found = built_in().iter().find(begins)?;
    Some(Choice::Sectionless(Arc::clone(found)))
}

/// The lines of a section, with their numbers.
fn rows_of_section<'t>(text: &'t [u8], section: &'t str) -> impl Iterator<Item = (u32, &'t [u8])> {
    let lines = (1_u32..).zip(text.split(|byte| *byte == b'\n'));
    lines.filter(move |(_, line)| {
        let line = line.strip_prefix(b"\"").unwrap_or(line);
        let rest = line.strip_prefix(section.as_bytes());
        rest.is_some_and(|rest| matches!(rest.first(), Some(b',' | b'"')))
    })
}

/// Sections that may change what is held and that a format does not read: the line of the first row, and how many.
pub fn unread_sections(text: &[u8], format: &Format) -> Vec<(String, (u32, u64))> {
    let sections = format.mapping.file.unread_sections.iter();
    let found = sections.filter_map(|section| {
        let data = rows_of_section(text, section);
        let data = data.filter(|(_, line)| memchr::memmem::find(line, b"Data").is_some());
        let lines: Vec<u32> = data.map(|(line, _)| line).collect();
        let first = lines.first()?;
        Some((section.clone(), (*first, lines.len() as u64)))
    });
    found.collect()
}

/// Those that need not be named.
fn found_by_header(formats: &[Arc<Format>]) -> Vec<&Format> {
    let formats = formats.iter().map(AsRef::as_ref);
    formats
        .filter(|format: &&Format| !format.mapping.r#match.by_name)
        .collect()
}

/// The header that a chosen mapping finds in the file.
fn chosen(text: &[u8], name: &str, format: &Format) -> Option<Header> {
    let mapping = &format.mapping;
    if mapping.r#match.header_contains.is_empty() && mapping.r#match.header_matches.is_empty() {
        return detect::header_for(text, mapping, &wanted(mapping));
    }
    match detect::detect(text, name, &[format]) {
        Detected::One(found) => Some(found.header),
        Detected::Several(..) | Detected::None => None,
    }
}

/// The names of the header that a mapping cannot do without.
fn wanted(mapping: &Mapping) -> Vec<String> {
    let names = mapping.columns.values().filter_map(|cells| match cells {
        Cells::Name(name) => Some(name.clone()),
        Cells::AnyOf(_) => None,
        Cells::Table(table) => table
            .name
            .as_ref()
            .filter(|_| !table.optional && table.alt.is_none())
            .and_then(|names| names.all().first().cloned()),
    });
    names.collect()
}

/// A file that the mapping named does not fit.
#[derive(Clone, Debug)]
pub struct Unfit {
    /// The file.
    pub file: u16,
    /// Its name.
    pub name: String,
    /// What looks like its header.
    pub header: Option<Header>,
}

/// What to tell of a mapping that was named and fits no file: the columns it asks for, and those of a file.
pub fn fits_none(format: &Format, unfit: &Unfit) -> Problem {
    let header = unfit.header.as_ref();
    let place = Source {
        file: unfit.file,
        line: header.map_or(1, |header| header.line.max(1)),
    };
    let message = format!(
        "the mapping `{}` does not fit `{}`",
        format.mapping.name, unfit.name
    );
    let names = header.map_or(&[][..], |header| &header.names);
    let found = match names {
        [] => "the file has no line that looks like column names".to_owned(),
        names => format!("the file has the columns {}", listed(names)),
    };
    Problem::at(place, message)
        .note(format!("it asks for {}", signature(&format.mapping)))
        .note(found)
        .help("correct the names under [match] and [columns], or leave `--mapping` out; `lossoffset formats guess FILE` drafts a mapping for a file")
}

fn listed(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// What a file must have for a mapping to fit.
fn signature(mapping: &Mapping) -> String {
    let wanted = &mapping.r#match;
    let own = self::wanted(mapping);
    let columns = match wanted.header_contains.as_slice() {
        [] => own.as_slice(),
        named => named,
    };
    let parts = [
        ("the columns", columns),
        ("columns like", &wanted.header_matches),
        ("none of the columns", &wanted.header_lacks),
        ("a file name like", wanted.filename.as_slice()),
        ("a first line like", wanted.first_line_regex.as_slice()),
    ];
    let parts = parts.iter().filter(|(_, names)| !names.is_empty());
    let parts: Vec<String> = parts
        .map(|(what, names)| format!("{what} {}", listed(names)))
        .collect();
    parts.join("; ")
}

fn no_header(name: &str, file: u16, mapping: &Mapping) -> Problem {
    let names: Vec<String> = wanted(mapping)
        .iter()
        .map(|name| format!("`{name}`"))
        .collect();
    Problem::at(
        Source { file, line: 1 },
        format!(
            "`{name}` has no line with the columns of the mapping `{}`",
            mapping.name
        ),
    )
    .note(format!("looked for: {}", names.join(", ")))
    .help("compare the names under [columns] with the header of the file")
}

fn pick(
    text: &[u8],
    file: u16,
    name: &str,
    formats: &[&Format],
    shared: &[Arc<Format>],
    problems: &mut Problems,
) -> Option<Choice> {
    match detect::detect(text, name, formats) {
        Detected::None => None,
        Detected::One(found) => {
            let format = shared
                .iter()
                .find(|format| format.mapping.name == found.format.mapping.name)?;
            Some(Choice::Format(Arc::clone(format), found.header))
        }
        Detected::Several(names, line) => {
            problems.add(
                Problem::at(
                    Source { file, line },
                    format!("this header fits several formats: {}", names.join(", ")),
                )
                .help(format!(
                    "say which one: `--mapping {}`",
                    names.first().unwrap_or(&"NAME")
                )),
            );
            Some(Choice::Refused)
        }
    }
}

/// Finds the format of a file that lists finished disposals; `None` where none fits, which is then among the problems.
pub fn choose_closed(
    text: &[u8],
    file: u16,
    name: &str,
    options: &ReadOptions,
    problems: &mut Problems,
) -> Option<(Arc<Format>, Header)> {
    let closed = |format: &&Arc<Format>| format.mapping.kind == Kind::ClosedLots;
    if let Some(format) = options.mapping.as_ref().filter(|format| closed(format))
        && let Some(header) = chosen(text, name, format)
    {
        return Some((Arc::clone(format), header));
    }
    let own: Vec<Arc<Format>> = options.formats.iter().filter(closed).cloned().collect();
    let known: Vec<Arc<Format>> = built_in().iter().filter(closed).cloned().collect();
    for shared in [own, known] {
        let formats: Vec<&Format> = shared.iter().map(AsRef::as_ref).collect();
        match pick(text, file, name, &formats, &shared, problems) {
            Some(Choice::Format(format, header)) => return Some((format, header)),
            Some(Choice::Canonical | Choice::Sectionless(_) | Choice::Refused) => return None,
            None => {}
        }
    }
    problems.add(no_gains(text, name, file));
    None
}

fn no_gains(text: &[u8], name: &str, file: u16) -> Problem {
    let known = built_in()
        .iter()
        .filter(|format| format.mapping.kind == Kind::ClosedLots);
    let known: Vec<&Format> = known.map(AsRef::as_ref).collect();
    let names: Vec<&str> = known
        .iter()
        .map(|format| format.mapping.name.as_str())
        .collect();
    let problem = Problem::at(
        Source { file, line: 1 },
        format!("`{name}` is no list of realized gains and losses that is known"),
    )
    .note(format!("looked for: {}", names.join(", ")))
    .help("give the columns the names of `lossoffset formats show gains`, or write a mapping with `kind = \"closed-lots\"` and name it with `--mapping`");
    match detect::nearest(text, &known) {
        Some((format, _, missing)) => problem.note(format!(
            "it looks most like the format `{}`, which also has `{}`",
            format.mapping.name,
            missing.join("`, `")
        )),
        None => problem,
    }
}

/// The format of tables made of Flex Query files: the user's own, or the built-in one.
pub fn of_flex(options: &ReadOptions) -> Option<Arc<Format>> {
    const NAME: &str = "ibkr-flex";
    let own = options.mapping.iter().chain(&options.formats);
    own.chain(built_in())
        .find(|format| format.mapping.name == NAME)
        .cloned()
}

/// Which sheet of a workbook to read: the one a format names or fits, else the first with rows.
pub fn sheet_of(
    sheets: Vec<(String, Vec<u8>)>,
    name: &str,
    options: &ReadOptions,
) -> Option<Vec<u8>> {
    let own = options.mapping.iter().chain(&options.formats);
    let formats: Vec<&Format> = own.chain(built_in()).map(AsRef::as_ref).collect();
    let named = |sheet: &str| {
        let mapping = options.mapping.as_ref();
        mapping.and_then(|format| format.mapping.file.sheet.as_deref()) == Some(sheet)
    };
    let fits = |text: &[u8]| !matches!(detect::detect(text, name, &formats), Detected::None);
    let filled = |text: &[u8]| !text.trim_ascii().is_empty();
    let at = sheets
        .iter()
        .position(|(sheet, _)| named(sheet))
        .or_else(|| sheets.iter().position(|(_, text)| fits(text)))
        .or_else(|| sheets.iter().position(|(_, text)| filled(text)))?;
    sheets.into_iter().nth(at).map(|(_, text)| text)
}

/// Whether every name of the header is that of a canonical column itself, not an alias of one.
fn is_canonical(text: &[u8]) -> bool {
    let Ok(header) = header::find(text) else {
        return false;
    };
    let canonical = |name: &String| {
        let name = name.trim().to_lowercase();
        Column::ALL
            .iter()
            .any(|(_, canonical, _)| *canonical == name)
    };
    header
        .names
        .iter()
        .filter(|name| !name.is_empty())
        .all(canonical)
}

/// What to tell of a file that cannot be read: the format that comes nearest, if one does.
pub fn looked_for(text: &[u8]) -> Option<String> {
    let known: Vec<&Format> = built_in().iter().map(AsRef::as_ref).collect();
    let (format, _, missing) = detect::nearest(text, &known)?;
    let missing: Vec<String> = missing.iter().map(|name| format!("`{name}`")).collect();
    Some(format!(
        "it looks most like the format `{}`, which also has {}",
        format.mapping.name,
        missing.join(", ")
    ))
}
