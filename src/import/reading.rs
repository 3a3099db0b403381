//! What reading is told and what it reports: options in, history and how each file was understood out.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;

use crate::date::Date;
use crate::diagnostic::Problem;
use crate::import::formats::Format;
use crate::import::formats::apply::Mapped;
use crate::import::number::DecimalMark;
use crate::meter::Meter;
use crate::trade::{Class, History};

/// One file to read.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name as the user typed it; `-` for standard input.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Input {
    /// Reads a file, or standard input for `-`.
    ///
    /// # Errors
    /// A problem that names the file and what is wrong with it: missing, a directory, unreadable.
    pub fn open(path: &str) -> Result<Self, Problem> {
        let bytes = if path == "-" {
            standard_input()
        } else {
            file(path)
        };
        bytes
            .map(|bytes| Self {
                name: path.to_owned(),
                bytes,
            })
            .map_err(|error| unreadable(path, &error))
    }
}

fn standard_input() -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn file(path: &str) -> std::io::Result<Vec<u8>> {
    if std::fs::metadata(path)?.is_dir() {
        return Err(std::io::ErrorKind::IsADirectory.into());
    }
    std::fs::read(path)
}

/// What is wrong with a file that cannot be read.
pub fn unreadable(path: &str, error: &std::io::Error) -> Problem {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::NotFound => Problem::new(format!("there is no file `{path}`"))
            .help("check the spelling and the folder; `-` reads standard input"),
        ErrorKind::IsADirectory => {
            Problem::new(format!("`{path}` is a folder, not a file")).help(format!(
                "name the files in it: `{}/*.csv`",
                path.trim_end_matches('/')
            ))
        }
        ErrorKind::PermissionDenied => Problem::new(format!("no permission to read `{path}`"))
            .help("allow yourself to read it, or name a copy that you may read"),
        _ => Problem::new(format!("`{path}` cannot be read: {error}"))
            .help("check what it is, and the folders on the way to it"),
    }
}

/// How to read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// `--date-format`: how all files write dates, in the notation of `strftime`.
    pub date_format: Option<String>,
    /// `--decimal`; found out where left out.
    pub decimal: Option<DecimalMark>,
    /// `--timezone`: the taxpayer's zone: `UTC`, `+02:00` or a name such as `America/New_York`.
    pub timezone: Option<String>,
    /// The report's currency, where the jurisdiction has one; rows in it need no rate.
    pub currency: Option<String>,
    /// Month and day on which a tax year begins; 1 January where left out. Only for the warning about time zones.
    pub year_begins: Option<(u32, u32)>,
    /// `[symbols.NAME] class`.
    pub symbol_classes: BTreeMap<String, Class>,
    /// `[accounts.NAME]`.
    pub accounts: BTreeMap<String, AccountSetting>,
    /// `[account_of]`: the account of rows without one, by the name of their file or of its format.
    pub account_of: BTreeMap<String, String>,
    /// `[rename]`: symbols of the files, and what each is called.
    pub rename: BTreeMap<String, String>,
    /// `[actions]`: more words for the action column, with the canonical word each means.
    pub actions: BTreeMap<String, String>,
    /// `--mapping`: how to read the files that it fits.
    pub mapping: Option<Arc<Format>>,
    /// The user's own formats, looked for before the built-in ones.
    pub formats: Vec<Arc<Format>>,
    /// `--as-of`: rows after this day are left out.
    pub as_of: Option<Date>,
    /// `--date-basis settle`: the day of settlement says whether a row is after it.
    pub by_settlement: bool,
    /// Counts the bytes read.
    pub meter: Meter,
}

/// What the configuration says about an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountSetting {
    /// `kind = "sheltered"`.
    pub sheltered: bool,
    /// `kind = "unhosted"`.
    pub unhosted: bool,
    /// `owner`.
    pub owner: Option<String>,
    /// `method`.
    pub method: Option<String>,
    /// `class`.
    pub class: Option<Class>,
}

/// Everything that was read, and how.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The trades of all files.
    pub history: History,
    /// How each file was understood, in the order given.
    pub files: Vec<FileReading>,
}

/// Lines that are no rows: nothing is in them.
pub(super) const BLANK_LINE: &str = "blank line";
/// Lines that are no rows: they begin with `#`.
pub(super) const COMMENT: &str = "comment";

/// How one file was understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileReading {
    /// Its name.
    pub name: String,
    /// Its encoding.
    pub encoding: &'static str,
    /// What separates its cells.
    pub delimiter: char,
    /// The line of its header.
    pub header_line: u32,
    /// Its columns in order.
    pub columns: Vec<ColumnReading>,
    /// How its dates are written, by date column.
    pub dates: Vec<DateReading>,
    /// How its decimals are written, where commas were met in numbers.
    pub decimals: Option<DecimalReading>,
    /// The order of its rows.
    pub order: RowOrder,
    /// Rows with a time of day that has an offset, moved to the taxpayer's zone.
    pub zoned_rows: u64,
    /// Rows that became trades.
    pub trades: u64,
    /// Rows without effect, by the name of the rule that says so.
    pub ignored: BTreeMap<Cow<'static, str>, u64>,
    /// Each action word with its meaning, in order of appearance.
    pub actions: Vec<ActionReading>,
    /// The format it was read by; `None` for canonical columns.
    pub format: Option<String>,
    /// What each rule of the format was used for.
    pub rules: Vec<RuleReading>,
    /// Trades that are the second of one row.
    pub twice: u64,
}

impl FileReading {
    /// All rows below the header: trades and rows ignored.
    pub fn rows(&self) -> u64 {
        (self.trades + self.ignored.values().sum::<u64>()).saturating_sub(self.twice)
    }

    /// Whether any row says something.
    pub fn has_rows(&self) -> bool {
        let silent = |rule: &Cow<'static, str>| matches!(&**rule, BLANK_LINE | COMMENT);
        self.trades > 0 || self.ignored.keys().any(|rule| !silent(rule))
    }
}

impl FileReading {
    /// Adds what a format says of the file to what its rows said.
    pub(super) fn describe_format(&mut self, format: &Format, mapped: Mapped) {
        self.format = Some(format.mapping.name.clone());
        for (rule, rows) in mapped.ignored {
            *self.ignored.entry(rule).or_default() += rows;
        }
        self.twice = mapped.twice;
        let columns = mapped.header.into_iter().zip(mapped.meanings);
        self.columns = columns
            .map(|(name, meaning)| ColumnReading {
                name,
                meaning,
                suggestion: None,
            })
            .collect();
        self.actions.clear();
        self.rules = mapped.rules;
    }
}

/// One column of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnReading {
    /// Its name as the file writes it.
    pub name: String,
    /// The canonical column it was taken for or is a part of, or what else it is read for; `None` where it is ignored.
    pub meaning: Option<&'static str>,
    /// The canonical column whose name it resembles.
    pub suggestion: Option<&'static str>,
}

/// How the dates of one column are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateReading {
    /// The column's name as the file writes it.
    pub column: String,
    /// The form, such as `%m/%d/%Y`.
    pub format: String,
    /// What decided it.
    pub decided_by: String,
}

/// How the decimals of a file are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecimalReading {
    /// The mark.
    pub mark: DecimalMark,
    /// What decided it.
    pub decided_by: String,
}

/// The order of a file's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RowOrder {
    /// As a history should be, or not sorted at all: kept.
    #[default]
    Kept,
    /// Newest first: the file was turned round.
    Turned,
}

/// One word of the action column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionReading {
    /// The word as the file writes it.
    pub word: String,
    /// The canonical word.
    pub meaning: &'static str,
    /// How many rows have it.
    pub rows: u64,
    /// The line of the first.
    pub first_line: u32,
}

/// What a rule of a format was used for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleReading {
    /// The rule.
    pub rule: String,
    /// The canonical word it says.
    pub meaning: String,
    /// How many rows it decided.
    pub rows: u64,
    /// The line of the first.
    pub first_line: u32,
    /// The cells of the first.
    pub cells: String,
    /// The canonical row that the first became; empty where it became none.
    pub event: String,
}
