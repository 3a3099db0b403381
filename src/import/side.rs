//! A file beside the trades, such as rates or an allocation: decoded, its header and then row after row of cells. What is
//! wrong with it is collected, so that all of it is said at once, each with its row.

use crate::diagnostic::{Place, Problem};
use crate::import::encoding;
use crate::import::file::Problems;
use crate::import::header::{self, Header};
use crate::import::{Failure, Input};
use crate::record::{Record, Records};
use crate::source::{Source, Sources};

/// A file beside the trades.
#[derive(Debug)]
pub struct SideFile {
    text: Vec<u8>,
    header: Header,
    lower: Vec<String>,
    sources: Sources,
    problems: Problems,
    help: &'static str,
}

/// One of its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The line of its first character, counted from 1.
    pub line: u32,
    cells: Vec<String>,
}

impl Row {
    /// The text of a cell; empty where the row is shorter.
    pub fn cell(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }
}

impl SideFile {
    /// The file, `what` it is and what helps where a row of it is wrong.
    ///
    /// # Errors
    /// Bytes that are no text; a file without a header.
    pub fn new(input: Input, what: &str, help: &'static str) -> Result<Self, Failure> {
        let mut sources = Sources::default();
        let file = sources.add(&input.name);
        let refused = |problem: Problem| Failure {
            problems: vec![problem],
            sources: Sources::default(),
        };
        if let Some((kind, instead)) = encoding::foreign(&input.bytes) {
            let message = format!("`{}` is {kind}, not {what}", input.name);
            return Err(refused(Problem::new(message).help(instead)));
        }
        let (text, _) = encoding::decode(input.bytes);
        let Some(header) = first_row(&text) else {
            let message = format!("`{}` is empty, where {what} should be", input.name);
            return Err(refused(Problem::new(message).help(help)));
        };
        sources.keep(file, header.delimiter, text.clone(), usize::MAX);
        Ok(Self {
            lower: header.names.iter().map(|n| n.to_lowercase()).collect(),
            text,
            header,
            sources,
            problems: Problems::default(),
            help,
        })
    }

    /// The names of the columns, as written.
    pub fn names(&self) -> &[String] {
        &self.header.names
    }

    /// The column of this name, whatever its case.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.lower.iter().position(|known| known == name)
    }

    /// Refuses the header where a column is missing.
    pub fn need(&mut self, name: &str) -> Option<usize> {
        let found = self.column(name);
        if found.is_none() {
            self.wrong(self.header.line, None, format!("no column `{name}`"), None);
        }
        found
    }

    /// Refuses the header where two columns have one name: either could be meant.
    pub fn need_different_names(&mut self) {
        let named = |(_, name): &(usize, &String)| !name.is_empty();
        let twice: Vec<usize> = (self.lower.iter().enumerate())
            .filter(named)
            .filter(|(at, name)| self.lower.iter().take(*at).any(|before| before == *name))
            .map(|(at, _)| at)
            .collect();
        for at in twice {
            let name = self.header.names.get(at).cloned().unwrap_or_default();
            let message = format!("two columns are named `{name}`");
            self.wrong(self.header.line, Some(at), message, None);
        }
    }

    /// The rows that have something in them and are no comments; those that do not fit the header are refused.
    pub fn rows(&mut self) -> Vec<Row> {
        let text = std::mem::take(&mut self.text);
        let (from, line) = self.header.rows_from;
        let mut records = Records::from(&text, self.header.delimiter, from, line)
            .expecting(self.header.names.len());
        let mut record = Record::default();
        let mut rows = Vec::new();
        while next_row(&mut records, &mut record, &text) {
            let cell = |at| String::from_utf8_lossy(record.get(&text, at)).into_owned();
            let row = Row {
                line: record.line(),
                cells: (0..record.len()).map(cell).collect(),
            };
            if self.fits(&row, record.unclosed()) {
                rows.push(row);
            }
        }
        rows
    }

    /// Whether a row has the cells that the header names.
    fn fits(&mut self, row: &Row, unclosed: Option<usize>) -> bool {
        if let Some(cell) = unclosed {
            let message = "a quote that opens here is never closed".to_owned();
            let help = "close it, or remove it; a quote inside quotes is written twice: `\"\"`";
            self.wrong(row.line, Some(cell), message, Some(help));
            return false;
        }
        let last = |cells: &[String]| cells.iter().rposition(|cell| !cell.is_empty());
        let named = last(&self.header.names).map_or(0, |last| last.saturating_add(1));
        let filled = last(&row.cells).map_or(0, |last| last.saturating_add(1));
        let there = row.cells.len();
        if filled > self.header.names.len() {
            let message =
                format!("the row has {filled} cells, but the header names only {named} columns");
            let help = "put quotes around a cell that contains the separator, and write decimals with a point";
            self.wrong(row.line, Some(named), message, Some(help));
        } else if there < named {
            let message =
                format!("the row has {there} cells, but the header names {named} columns");
            self.wrong(row.line, None, message, None);
        }
        filled <= self.header.names.len() && there >= named
    }

    /// Notes what is wrong with a cell, or with a row; without help of its own that for any row is given.
    pub fn wrong(
        &mut self,
        line: u32,
        cell: Option<usize>,
        message: String,
        help: Option<&'static str>,
    ) {
        let place = Place {
            source: Source { file: 0, line },
            cell,
        };
        self.problems.add(Problem {
            place: Some(place),
            ..Problem::new(message).help(help.unwrap_or(self.help))
        });
    }

    /// The last problem, told of another line too.
    pub fn also(&mut self, line: u32) {
        let source = Source { file: 0, line };
        let note = format!("the other is in {}", self.sources.text(source));
        self.problems.note_last(note);
    }

    /// What was made of it, unless something is wrong.
    ///
    /// # Errors
    /// Everything wrong with it.
    pub fn finish<T>(self, made: T) -> Result<T, Failure> {
        if self.problems.is_empty() {
            return Ok(made);
        }
        let mut problems = self.problems.into_list();
        let line = |problem: &Problem| problem.place.as_ref().map(|place| place.source.line);
        problems.sort_by_key(|problem| line(problem).unwrap_or(u32::MAX));
        Err(Failure {
            problems,
            sources: self.sources,
        })
    }
}

/// The first row, split by the separator that gives most cells.
fn first_row(text: &[u8]) -> Option<Header> {
    let mut records = Records::new(text, b',');
    let mut record = Record::default();
    if !next_row(&mut records, &mut record, text) {
        return None;
    }
    let at = (record.bytes().start, record.line());
    let split = header::DELIMITERS.map(|delimiter| header::split(text, at, delimiter));
    // Of equals the first: a comma, where there is but one column.
    let split = split.into_iter().rev();
    split.max_by_key(|header| header.names.len())
}

/// Reads the next row that has something in it and is no comment; `false` at the end of the text.
fn next_row(records: &mut Records<'_>, record: &mut Record, text: &[u8]) -> bool {
    loop {
        let ahead = records.ahead();
        if ahead.starts_with(b"#") {
            // By the line: a quote in a comment must not swallow the rows below.
            let end = memchr::memchr(b'\n', ahead).map_or(ahead.len(), |end| end + 1);
            records.pass(ahead.get(end..).unwrap_or_default());
        } else if !records.next(record) {
            return false;
        } else if (0..record.len()).any(|cell| !record.get(text, cell).is_empty()) {
            return true;
        }
    }
}
