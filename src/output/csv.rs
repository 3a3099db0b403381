//! A table as comma- or tab-separated values.

use std::io::{self, Write};

use crate::output::digits;
use crate::output::table::{Cell, Id, Place, RateUsed, Table};

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

/// Rows looked at before they are written.
const AHEAD: usize = 32;

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
        text(&mut line, &column.name, style);
    }
    end(&mut line, style);
    let rows = table.rows();
    for row in 0..rows {
        if row % AHEAD == 0 {
            table.look_ahead(row..rows.min(row + AHEAD));
        }
        let mut first = true;
        table.each_cell(row, columns.len(), &mut |found| {
            if !std::mem::take(&mut first) {
                line.push(style.delimiter);
            }
            cell(&mut line, &found, style);
        });
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
        Cell::Text(words) => text(line, words, style),
        Cell::Word(word) => line.extend_from_slice(word.as_bytes()),
        Cell::Date(day) => digits::date(line, *day),
        Cell::Amount(minor) => digits::amount(line, *minor, style.places),
        Cell::Quantity(units) => digits::quantity(line, *units),
        Cell::Id(id) => quoting(line, id.symbol, style, |line| digits::id_tail(line, *id)),
        Cell::Ids(ids) => {
            let one = |id: &Id<'_>| digits::text(|out| digits::id(out, *id));
            let list: Vec<String> = ids.iter().map(one).collect();
            text(line, &list.join(";"), style);
        }
        Cell::Place(place) => quoting(line, place.file, style, |line| line_number(line, *place)),
        Cell::Places(places) => joined(line, places, style),
        Cell::Rates(rates) => {
            let one =
                |rate: &RateUsed<'_>| format!("{} {} {}", rate.currency, rate.date, rate.rate);
            let list: Vec<String> = rates.iter().map(one).collect();
            text(line, &list.join(";"), style);
        }
    }
}

fn line_number(line: &mut Vec<u8>, place: Place<'_>) {
    line.push(b':');
    digits::integer(line, u64::from(place.line));
}

/// Places with semicolons between them.
fn joined(line: &mut Vec<u8>, places: &[Place<'_>], style: Style) {
    let mut list = Vec::new();
    for (i, place) in places.iter().enumerate() {
        if i > 0 {
            list.push(b';');
        }
        digits::place(&mut list, *place);
    }
    quoting(line, &String::from_utf8_lossy(&list), style, |_| ());
}

fn text(line: &mut Vec<u8>, words: &str, style: Style) {
    quoting(line, words, style, |_| ());
}

/// Text, quoted where it must be, and what follows it in the cell, which never needs to be.
fn quoting(line: &mut Vec<u8>, words: &str, style: Style, rest: impl FnOnce(&mut Vec<u8>)) {
    // A spreadsheet runs such text as a formula; an apostrophe makes it text. Numbers never come here.
    let live = words.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard: &[u8] = if style.excel && live { b"'" } else { b"" };
    let special = |byte: u8| matches!(byte, b'"' | b'\n' | b'\r') || byte == style.delimiter;
    if !words.bytes().any(special) {
        line.extend_from_slice(guard);
        line.extend_from_slice(words.as_bytes());
        return rest(line);
    }
    line.push(b'"');
    line.extend_from_slice(guard);
    for byte in words.bytes() {
        if byte == b'"' {
            line.push(b'"');
        }
        line.push(byte);
    }
    rest(line);
    line.push(b'"');
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::money::Quantity;
    use crate::output::table::Column;

    /// Rows of one text and one amount.
    struct Pairs(Vec<(&'static str, i64)>);

    impl Table for Pairs {
        fn columns(&self) -> Vec<Column> {
            vec![
                Column::new("text"),
                Column::new("amount"),
                Column::new("units"),
            ]
        }

        fn rows(&self) -> usize {
            self.0.len()
        }

        fn cell(&self, row: usize, column: usize) -> Cell<'_> {
            match column {
                0 => Cell::Text(Cow::Borrowed(self.0[row].0)),
                1 => Cell::Amount(self.0[row].1),
                _ => Cell::Quantity(Quantity::ZERO),
            }
        }
    }

    fn written(delimiter: u8, excel: bool) -> String {
        let rows = Pairs(vec![
            ("plain", -500),
            ("a,b", 0),
            ("say \"x\"", 1),
            ("-5", 2),
            ("two\nlines", 3),
            ("@x", 4),
        ]);
        let style = Style {
            delimiter,
            excel,
            places: 2,
        };
        let mut bytes = Vec::new();
        write(&mut bytes, &rows, style).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn cells_are_quoted_only_where_they_must_be() {
        assert_eq!(
            written(b',', false),
            "text,amount,units\nplain,-5.00,0\n\"a,b\",0.00,0\n\"say \"\"x\"\"\",0.01,0\n-5,0.02,0\n\
             \"two\nlines\",0.03,0\n@x,0.04,0\n"
        );
        assert!(written(b'\t', false).contains("a,b\t0.00\t0\n"));
    }

    #[test]
    fn a_spreadsheet_gets_a_mark_crlf_and_no_live_text() {
        let found = written(b',', true);
        assert!(found.starts_with("\u{feff}text,amount,units\r\nplain,-5.00,0\r\n"));
        assert!(found.contains("\r\n'-5,0.02,0\r\n"));
        assert!(found.contains("\r\n'@x,0.04,0\r\n"));
    }
}
