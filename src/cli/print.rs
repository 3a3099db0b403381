//! Results in the format chosen, where they were asked to go.

use std::io::{self, IsTerminal, Write, stdout};
use std::path::Path;

use crate::output::page::Page;
use crate::output::table::Table;
use crate::output::text::Look;
use crate::output::{Format, csv, file, json, markdown, text};

use super::error::Error;
use super::options::Printing;

/// What a command can print, one way for each kind of format.
pub struct Results<'r> {
    /// One table.
    pub table: &'r dyn Fn() -> Box<dyn Table + 'r>,
    /// A page for a reader.
    pub page: &'r dyn Fn() -> Page<'r>,
    /// The JSON document.
    pub document: Document<'r>,
    /// Decimal places of amounts.
    pub places: u32,
}

/// How a document is written.
pub type Document<'d> = &'d dyn Fn(&mut dyn Write) -> io::Result<()>;

impl Printing {
    /// Writes results.
    ///
    /// # Errors
    /// Those of the file or stream.
    pub fn write(&self, format: Format, results: &Results<'_>) -> Result<(), Error> {
        let style = |delimiter| csv::Style {
            delimiter,
            excel: self.excel,
            places: results.places,
        };
        let table = || (results.table)();
        match format {
            Format::Csv => self.to_place(|out| csv::write(out, table().as_ref(), style(b','))),
            Format::Tsv => self.to_place(|out| csv::write(out, table().as_ref(), style(b'\t'))),
            Format::Jsonl => {
                self.to_place(|out| json::lines(out, table().as_ref(), results.places))
            }
            Format::Table
            | Format::Json
            | Format::Markdown
            | Format::Html
            | Format::Xlsx
            | Format::Txf => self.write_page(format, results.page, results.document),
        }
    }

    /// Writes what is a page or a document, but no table.
    ///
    /// # Errors
    /// Those of the file or stream.
    pub fn write_page<'p>(
        &self,
        format: Format,
        page: &dyn Fn() -> Page<'p>,
        document: Document<'_>,
    ) -> Result<(), Error> {
        let look = if self.path().is_none() {
            look()
        } else {
            Look::default()
        };
        self.to_place(|out| match format {
            Format::Json => document(out),
            Format::Markdown => markdown::write(out, &page()),
            // What is neither was refused before anything was computed.
            Format::Table
            | Format::Csv
            | Format::Tsv
            | Format::Jsonl
            | Format::Html
            | Format::Xlsx
            | Format::Txf => text::write(out, &page(), look),
        })
    }

    fn to_place(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
        let path = self.path();
        file::write_to(path, write).map_err(|error| Error::Write {
            name: path.map_or("standard output".to_owned(), |p| p.display().to_string()),
            error: no_place(path).unwrap_or(error),
        })
    }
}

/// That the folder a file is to stand in does not exist, or that it is a folder itself, if so.
fn no_place(path: Option<&Path>) -> Option<io::Error> {
    let path = path?;
    if path.is_dir() {
        let why = "it is a folder; name a file in it";
        return Some(io::Error::new(io::ErrorKind::IsADirectory, why));
    }
    let folder = path.parent()?;
    let named = !folder.as_os_str().is_empty();
    let why = format!("there is no folder `{}`", folder.display());
    (named && !folder.exists()).then(|| io::Error::new(io::ErrorKind::NotFound, why))
}

/// Writes text made by the program itself, such as a man page.
///
/// # Errors
/// Those of standard output.
pub fn write_own(bytes: &[u8]) -> Result<(), Error> {
    file::write_to(None, |out| out.write_all(bytes)).map_err(|error| Error::Write {
        name: "standard output".to_owned(),
        error,
    })
}

/// Writes text of the program itself with its colours, where standard output shows them.
///
/// # Errors
/// Those of standard output.
pub fn write_styled(text: &clap::builder::StyledStr) -> Result<(), Error> {
    let mut out = anstream::stdout();
    let written = write!(out, "{}", text.ansi()).and_then(|()| out.flush());
    written.map_err(|error| Error::Write {
        name: "standard output".to_owned(),
        error,
    })
}

/// What standard output can show.
fn look() -> Look {
    let terminal = stdout().is_terminal();
    let width = terminal_size::terminal_size_of(stdout());
    let bold = anstream::AutoStream::choice(&stdout()) != anstream::ColorChoice::Never;
    Look {
        width: width.map(|(width, _)| usize::from(width.0)),
        unicode: terminal && utf8(),
        bold: terminal && bold,
    }
}

/// Whether the terminal's locale is UTF-8.
fn utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty());
    match locale {
        Some(locale) => {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        }
        None => cfg!(windows),
    }
}
