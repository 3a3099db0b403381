//! One record of delimited text after another: where each cell lies, on which line the record begins, and what is
//! wrong with its quotes. Lenient, as spreadsheets are: spaces around quotes, text after a closing quote and
//! `="..."` are understood; a quote that never closes is not allowed to swallow the rows below it.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts and positions of what is in memory"
)]

use std::ops::Range;
use std::slice::SliceIndex;

/// A cell of a [`Record`]: a piece of the text, or of the record's own scratch where quotes had to be undone.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    start: usize,
    end: usize,
    unescaped: bool,
}

/// One record, reused from row to row.
#[derive(Clone, Debug, Default)]
pub struct Record {
    cells: Vec<Cell>,
    scratch: Vec<u8>,
    line: u32,
    bytes: Range<usize>,
    unclosed: Option<usize>,
}

impl Record {
    /// How many cells it has.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether it has no cell.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The line of its first character, counted from 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// Where it lies in the text, without its line ending.
    pub fn bytes(&self) -> Range<usize> {
        self.bytes.clone()
    }

    /// The cell whose opening quote has no closing one, if any.
    pub fn unclosed(&self) -> Option<usize> {
        self.unclosed
    }

    /// Makes one cell of two neighbours, with what stands between them.
    pub fn join(&mut self, cell: usize) {
        let Some([left, right]) = self.cells.get_mut(cell..cell + 2) else {
            return;
        };
        if !left.unescaped && !right.unescaped {
            left.end = right.end;
            self.cells.remove(cell + 1);
        }
    }

    /// The bytes of a cell, without quotes and without surrounding blanks; empty where the record is shorter.
    #[inline]
    pub fn get<'a>(&'a self, text: &'a [u8], cell: usize) -> &'a [u8] {
        let Some(at) = self.cells.get(cell) else {
            return b"";
        };
        let whole = if at.unescaped { &self.scratch } else { text };
        trimmed(whole.get(at.start..at.end).unwrap_or_default())
    }
}

/// A part of the bytes; empty where there is none.
#[inline]
fn part<R: SliceIndex<[u8], Output = [u8]>>(bytes: &[u8], range: R) -> &[u8] {
    bytes.get(range).unwrap_or_default()
}

/// Without blanks at either end.
#[inline]
fn trimmed(bytes: &[u8]) -> &[u8] {
    match bytes {
        [] => bytes,
        [first, .., last] if *first > b' ' && *last > b' ' => bytes,
        _ => bytes.trim_ascii(),
    }
}

/// Reads records from text whose lines end in LF or CRLF.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
    delimiter: u8,
    columns: usize,
}

/// The longest quoted cell that is looked for; beyond it an open quote is taken for a mistake.
const LONGEST_CELL: usize = 1 << 20;

impl<'a> Records<'a> {
    /// All records of the text.
    pub fn new(text: &'a [u8], delimiter: u8) -> Self {
        Self::from(text, delimiter, 0, 1)
    }

    /// The records from the byte `at`, which begins line `line`.
    pub fn from(text: &'a [u8], delimiter: u8, at: usize, line: u32) -> Self {
        Self {
            text,
            at,
            line,
            delimiter,
            columns: 0,
        }
    }

    /// The same, knowing how many columns the header has: lines inside quotes that look like rows are rows.
    #[must_use]
    pub fn expecting(self, columns: usize) -> Self {
        Self { columns, ..self }
    }

    /// Where the next record begins, and its line.
    pub fn position(&self) -> (usize, u32) {
        (self.at, self.line)
    }

    /// The text from the next record on. Does not move on.
    #[inline]
    pub fn ahead(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Moves on to where only `left` is ahead, one line on.
    #[inline]
    pub fn pass(&mut self, left: &[u8]) {
        self.at = self.text.len().saturating_sub(left.len());
        self.line = self.line.saturating_add(1);
    }

    /// Reads the next record; `false` at the end of the text.
    #[inline]
    pub fn next(&mut self, record: &mut Record) -> bool {
        let Some(rest) = self.text.get(self.at..).filter(|rest| !rest.is_empty()) else {
            return false;
        };
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        record.cells.clear();
        record.unclosed = None;
        record.line = self.line;
        let end = self.at + length;
        // By the line: many readers are made to look at a line or two, and must not each search the whole text.
        if memchr::memchr(b'"', part(rest, ..length)).is_some() {
            self.split_quoted(record, end);
        } else {
            self.split_plain(record, end);
            self.end_line(record, end);
        }
        true
    }

    #[inline]
    fn split_plain(&self, record: &mut Record, end: usize) {
        let end = self.without_return(end);
        let mut start = self.at;
        for (at, byte) in part(self.text, self.at..end).iter().enumerate() {
            if *byte == self.delimiter {
                record.cells.push(Cell {
                    start,
                    end: self.at + at,
                    unescaped: false,
                });
                start = self.at + at + 1;
            }
        }
        record.cells.push(Cell {
            start,
            end,
            unescaped: false,
        });
    }

    fn without_return(&self, end: usize) -> usize {
        if part(self.text, self.at..end).ends_with(b"\r") {
            end - 1
        } else {
            end
        }
    }

    #[inline]
    fn end_line(&mut self, record: &mut Record, end: usize) {
        record.bytes = self.at..self.without_return(end);
        self.at = end + 1;
        self.line = self.line.saturating_add(1);
    }

    /// A record with quotes: it may span lines.
    fn split_quoted(&mut self, record: &mut Record, first_end: usize) {
        record.scratch.clear();
        let mut at = self.at;
        let end = loop {
            let begin = at + blanks(part(self.text, at..), self.delimiter);
            let opening = match self.text.get(begin..) {
                Some([b'"', ..]) => Some(begin + 1),
                Some([b'=', b'"', ..]) => Some(begin + 2),
                _ => None,
            };
            let stop = match opening {
                Some(inside) => self.quoted_cell(record, inside),
                None => self.bare_cell(record, at),
            };
            match self.text.get(stop) {
                Some(byte) if *byte == self.delimiter => at = stop + 1,
                _ => break stop,
            }
        };
        let lines = memchr::memchr_iter(b'\n', part(self.text, self.at..end)).count();
        record.bytes = self.at..self.without_return(end.max(first_end.min(end)));
        self.line = self
            .line
            .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX))
            .saturating_add(1);
        self.at = end + 1;
    }

    /// A cell without opening quote: ends before a delimiter or line end.
    fn bare_cell(&self, record: &mut Record, at: usize) -> usize {
        let rest = part(self.text, at..);
        let length = memchr::memchr2(self.delimiter, b'\n', rest).unwrap_or(rest.len());
        let stop = at + length;
        let cut =
            part(rest, ..length).ends_with(b"\r") && rest.get(length) != Some(&self.delimiter);
        record.cells.push(Cell {
            start: at,
            end: stop - usize::from(cut),
            unescaped: false,
        });
        stop
    }

    /// A cell after its opening quote. Where the quote does not close properly, the cell ends with its line.
    fn quoted_cell(&self, record: &mut Record, inside: usize) -> usize {
        match self.closing(inside) {
            Some(close) if self.plausible(inside, close.quote) => {
                self.push_quoted(record, inside, close)
            }
            _ => {
                record.unclosed.get_or_insert(record.cells.len());
                self.bare_cell(record, inside)
            }
        }
    }

    fn closing(&self, inside: usize) -> Option<Closing> {
        let mut at = inside;
        let mut doubled = false;
        let last = self.text.len().min(inside.saturating_add(LONGEST_CELL));
        loop {
            let quote = at + memchr::memchr(b'"', self.text.get(at..last)?)?;
            if self.text.get(quote + 1) == Some(&b'"') {
                doubled = true;
                at = quote + 2;
                continue;
            }
            return Some(Closing { quote, doubled });
        }
    }

    /// Whether a cell that spans lines is text rather than rows swallowed by a quote that was left open.
    fn plausible(&self, inside: usize, quote: usize) -> bool {
        let content = part(self.text, inside..quote);
        if !content.contains(&b'\n') {
            return true;
        }
        let after = part(self.text, quote + 1..);
        let after = part(after, blanks(after, self.delimiter)..);
        let ends = matches!(after.first(), None | Some(b'\n' | b'\r'))
            || after.first() == Some(&self.delimiter);
        let rows_inside = content
            .split(|byte| *byte == b'\n')
            .skip(1)
            .any(|line| memchr::memchr_iter(self.delimiter, line).count() + 1 == self.columns);
        ends && !(self.columns > 3 && rows_inside)
    }

    fn push_quoted(&self, record: &mut Record, inside: usize, close: Closing) -> usize {
        let after = close.quote + 1;
        let rest = part(self.text, after..);
        let length = memchr::memchr2(self.delimiter, b'\n', rest).unwrap_or(rest.len());
        let trailing = part(rest, ..length).trim_ascii();
        if trailing.is_empty() && !close.doubled {
            record.cells.push(Cell {
                start: inside,
                end: close.quote,
                unescaped: false,
            });
            return after + length;
        }
        let start = record.scratch.len();
        let mut content = part(self.text, inside..close.quote);
        while let Some(at) = memchr::memmem::find(content, b"\"\"") {
            record.scratch.extend_from_slice(part(content, ..=at));
            content = part(content, at + 2..);
        }
        record.scratch.extend_from_slice(content);
        if !trailing.is_empty() {
            record
                .scratch
                .extend_from_slice(part(rest, ..length).trim_ascii_end());
        }
        record.cells.push(Cell {
            start,
            end: record.scratch.len(),
            unescaped: true,
        });
        after + length
    }
}

#[derive(Clone, Copy)]
struct Closing {
    quote: usize,
    doubled: bool,
}

/// How many blanks (not delimiters, not line ends) the bytes begin with.
fn blanks(bytes: &[u8], delimiter: u8) -> usize {
    bytes
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t') && **byte != delimiter)
        .count()
}

/// Where the raw text of a cell lies in `line`, quotes included, blanks at the ends not; for marking it in an excerpt.
pub fn cell_span(line: &[u8], delimiter: u8, cell: usize) -> Option<Range<usize>> {
    let mut start = 0;
    let mut number = 0;
    let mut quoted = false;
    for (at, byte) in line.iter().chain([&delimiter]).enumerate() {
        let ends = at == line.len() || (*byte == delimiter && !quoted);
        if *byte == b'"' && at < line.len() {
            let opens = part(line, start..at)
                .iter()
                .all(|b| matches!(b, b' ' | b'='));
            quoted = if quoted {
                false
            } else {
                opens || line.get(at.wrapping_sub(1)) == Some(&b'"')
            };
        }
        if ends {
            if number == cell {
                let raw = part(line, start..at);
                let lead = raw.len() - raw.trim_ascii_start().len();
                return Some(start + lead..start + lead + raw.trim_ascii().len());
            }
            number += 1;
            start = at + 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u32, Vec<String>)> {
        let mut records = Records::new(text.as_bytes(), b',');
        let mut record = Record::default();
        let mut rows = Vec::new();
        while records.next(&mut record) {
            let cells = (0..record.len())
                .map(|c| String::from_utf8_lossy(record.get(text.as_bytes(), c)).into_owned())
                .collect();
            rows.push((record.line(), cells));
        }
        rows
    }

    fn cells(text: &str) -> Vec<String> {
        rows(text).swap_remove(0).1
    }

    #[test]
    fn cells_are_found_with_and_without_quotes() {
        assert_eq!(cells("a,b,,d"), ["a", "b", "", "d"]);
        assert_eq!(cells("a, \"b,c\" ,d\r\n"), ["a", "b,c", "d"]);
        assert_eq!(cells("\"say \"\"hi\"\"\",2"), ["say \"hi\"", "2"]);
        assert_eq!(cells("\"Individual\" X914,2"), ["Individual X914", "2"]);
        assert_eq!(cells("=\"5320144311\",2"), ["5320144311", "2"]);
        assert_eq!(cells("5\" pipe,2"), ["5\" pipe", "2"]);
        assert_eq!(cells("\"\",\"\""), ["", ""]);
    }

    #[test]
    fn line_numbers_count_blank_lines_and_lines_inside_quotes() {
        let found: Vec<u32> = rows("a,b\n\n\"x\ny\",1\r\n\r\nlast,2")
            .iter()
            .map(|row| row.0)
            .collect();
        assert_eq!(found, [1, 2, 3, 5, 6]);
    }

    #[test]
    fn an_open_quote_does_not_swallow_the_rows_below() {
        let text = "a,\"b,c,d\n1,2,3,4\n5,6,\"7\",8\n";
        let mut records = Records::new(text.as_bytes(), b',').expecting(4);
        let mut record = Record::default();
        assert!(records.next(&mut record));
        assert_eq!(record.unclosed(), Some(1));
        assert!(records.next(&mut record));
        assert_eq!(
            (record.line(), record.unclosed(), record.len()),
            (2, None, 4)
        );
    }

    #[test]
    fn spans_mark_the_cell_as_written() {
        let line = b"a, \"b,c\" ,d";
        assert_eq!(cell_span(line, b',', 1), Some(3..8));
        assert_eq!(cell_span(line, b',', 2), Some(10..11));
        assert_eq!(cell_span(line, b',', 3), None);
    }
}
