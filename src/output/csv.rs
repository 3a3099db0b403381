//! A table as comma- or tab-separated values.

use std::io::{self, Write};

use crate::output::digits;
use crate::output::table::{Cell, Table};

/// How separated values are written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// What stands between cells.
    pub delimiter: u8,
    /// For a spreadsheet: byte order mark, CRLF, no live formulas.
    pub excel: bool,
    /// Decimal places of amounts.
    pub places: u32,
}

/// Bytes gathered before they are handed on.
const BUFFER: usize = 1 << 16;

/// Writes a header row and every row of a table.
///
/// # Errors
/// Those of the stream.
pub fn write(out: &mut dyn Write, table: &dyn Table, style: Style) -> io::Result<()> {
    let mut line = Vec::with_capacity(BUFFER + 4096);
    if style.excel {
        line.extend_from_slice("\u{feff}".as_bytes());
    }
    let columns = table.columns();
    for (i, column) in columns.iter().enumerate() {
        separate(&mut line, i, style);
        text(&mut line, &column.name, b"", style);
    }
    end(&mut line, style);
    for row in 0..table.rows() {
        for column in 0..columns.len() {
            separate(&mut line, column, style);
            cell(&mut line, &table.cell(row, column), style);
        }
        end(&mut line, style);
        if line.len() >= BUFFER {
            out.write_all(&line)?;
            line.clear();
        }
    }
    out.write_all(&line)
}

fn separate(line: &mut Vec<u8>, column: usize, style: Style) {
    if column > 0 {
        line.push(style.delimiter);
    }
}

fn end(line: &mut Vec<u8>, style: Style) {
    line.extend_from_slice(if style.excel { b"\r\n" } else { b"\n" });
}

fn cell(line: &mut Vec<u8>, cell: &Cell<'_>, style: Style) {
    match cell {
        Cell::Null => {}
        Cell::Text(words) => text(line, words, b"", style),
        Cell::Word(word) => line.extend_from_slice(word.as_bytes()),
        Cell::Date(day) => digits::date(line, *day),
        Cell::Amount(minor) => digits::amount(line, *minor, style.places),
        Cell::Quantity(units) => digits::quantity(line, *units),
        Cell::Id(id) => {
            let mut tail = Tail::default();
            digits::id_tail(&mut tail.0, *id);
            text(line, id.symbol, &tail.0, style);
        }
        Cell::Place(place) => {
            let mut tail = Tail::default();
            tail.0.push(b':');
            digits::integer(&mut tail.0, u64::from(place.line));
            text(line, place.file, &tail.0, style);
        }
        Cell::Places(places) => {
            let mut joined = Vec::new();
            for (i, place) in places.iter().enumerate() {
                if i > 0 {
                    joined.push(b';');
                }
                digits::place(&mut joined, *place);
            }
            text(line, "", &joined, style);
        }
    }
}

/// The end of an id or place, short enough for one small allocation.
struct Tail(Vec<u8>);

impl Default for Tail {
    fn default() -> Self {
        Self(Vec::with_capacity(24))
    }
}

/// Text and the bytes that follow it, quoted where they must be.
fn text(line: &mut Vec<u8>, words: &str, rest: &[u8], style: Style) {
    let parts = [words.as_bytes(), rest];
    let all = || parts.iter().copied().flatten();
    let must_quote =
        all().any(|byte| matches!(byte, b'"' | b'\n' | b'\r') || *byte == style.delimiter);
    if must_quote {
        line.push(b'"');
    }
    // A spreadsheet runs such text as a formula; an apostrophe makes it text. Numbers never come here.
    let live = matches!(
        all().next(),
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r')
    );
    if style.excel && live {
        line.push(b'\'');
    }
    if must_quote {
        for byte in all() {
            if *byte == b'"' {
                line.push(b'"');
            }
            line.push(*byte);
        }
        line.push(b'"');
    } else {
        line.extend_from_slice(words.as_bytes());
        line.extend_from_slice(rest);
    }
}
