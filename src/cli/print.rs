//! Results in the format chosen, where they were asked to go.

use std::io::{self, IsTerminal, Write, stdout};

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
    pub document: &'r dyn Fn(&mut dyn Write) -> io::Result<()>,
    /// Decimal places of amounts.
    pub places: u32,
}

impl Printing {
    /// Writes results.
    ///
    /// # Errors
    /// Those of the file or stream.
    pub fn write(&self, format: Format, results: &Results<'_>) -> Result<(), Error> {
        let path = self
            .output
            .as_deref()
            .filter(|path| path.as_os_str() != "-");
        let style = |delimiter| csv::Style {
            delimiter,
            excel: self.excel,
            places: results.places,
        };
        let look = if path.is_none() {
            look()
        } else {
            Look::default()
        };
        file::write_to(path, |out| match format {
            Format::Csv => csv::write(out, (results.table)().as_ref(), style(b',')),
            Format::Tsv => csv::write(out, (results.table)().as_ref(), style(b'\t')),
            Format::Json => (results.document)(out),
            Format::Jsonl => json::lines(out, (results.table)().as_ref(), results.places),
            Format::Markdown => markdown::write(out, &(results.page)()),
            // Refused before anything is computed.
            Format::Table | Format::Html | Format::Xlsx | Format::Txf => {
                text::write(out, &(results.page)(), look)
            }
        })
        .map_err(|error| Error::Write {
            name: path.map_or("standard output".to_owned(), |p| p.display().to_string()),
            error,
        })
    }
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
