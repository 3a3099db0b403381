//! How results are written: tables of typed cells as CSV, TSV and JSON, pages for a reader as text and Markdown.

pub mod csv;
pub mod digits;
pub mod file;
pub mod json;
pub mod markdown;
pub mod page;
pub mod table;
pub mod text;

use std::path::Path;

/// The formats of `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Tables for a reader.
    Table,
    /// Comma-separated values.
    Csv,
    /// Tab-separated values.
    Tsv,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Tables for a reader, in Markdown.
    Markdown,
    /// A web page.
    Html,
    /// A spreadsheet.
    Xlsx,
    /// Tax Exchange Format.
    Txf,
}

/// What a format is called, which file endings mean it, and what it is for.
pub struct FormatEntry {
    /// The format.
    pub format: Format,
    /// Its name on the command line.
    pub name: &'static str,
    /// Endings of `--output` that choose it.
    pub endings: &'static [&'static str],
    /// One line of help.
    pub about: &'static str,
    /// For one that cannot be written yet: what to use meanwhile. It is refused rather than replaced by another.
    pub instead: Option<&'static str>,
}

/// Every format.
pub const FORMATS: &[FormatEntry] = &[
    entry(Format::Table, "table", &["txt"], "tables to read", None),
    entry(
        Format::Csv,
        "csv",
        &["csv"],
        "one table, comma-separated",
        None,
    ),
    entry(
        Format::Tsv,
        "tsv",
        &["tsv", "tab"],
        "one table, tab-separated",
        None,
    ),
    entry(
        Format::Json,
        "json",
        &["json"],
        "everything in one document",
        None,
    ),
    entry(
        Format::Jsonl,
        "jsonl",
        &["jsonl", "ndjson"],
        "one table, one JSON object a line",
        None,
    ),
    entry(
        Format::Markdown,
        "markdown",
        &["md", "markdown"],
        "tables to read, in Markdown",
        None,
    ),
    entry(
        Format::Html,
        "html",
        &["html", "htm"],
        "a web page",
        Some("`--format markdown` has the same tables"),
    ),
    entry(
        Format::Xlsx,
        "xlsx",
        &["xlsx"],
        "a spreadsheet",
        Some("a spreadsheet opens `--format csv --excel`"),
    ),
    entry(
        Format::Txf,
        "txf",
        &["txf"],
        "for tax software",
        Some("`--format csv` has the figures of each line of Form 8949"),
    ),
];

const fn entry(
    format: Format,
    name: &'static str,
    endings: &'static [&'static str],
    about: &'static str,
    instead: Option<&'static str>,
) -> FormatEntry {
    FormatEntry {
        format,
        name,
        endings,
        about,
        instead,
    }
}

impl Format {
    /// The format of this name.
    pub fn named(name: &str) -> Option<Self> {
        let found = FORMATS.iter().find(|entry| entry.name == name);
        found.map(|entry| entry.format)
    }

    /// The format that a file's ending means.
    pub fn of_path(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        let found = FORMATS
            .iter()
            .find(|entry| entry.endings.contains(&ending.as_str()));
        found.map(|entry| entry.format)
    }

    /// Its name, endings and state.
    pub fn entry(self) -> Option<&'static FormatEntry> {
        FORMATS.iter().find(|entry| entry.format == self)
    }
}
