//! File and line of every row, and the names that turn them back into text.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts and positions of what is in memory"
)]

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::sync::Arc;

use crate::record::{Record, Records};

/// One row of one input file: where a number comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Position of the file among the inputs.
    pub file: u16,
    /// Line of the row's first character, counted from 1.
    pub line: u32,
}

/// The names of the input files, as the user typed them (`-` is standard input).
#[derive(Clone, Debug, Default)]
pub struct Sources {
    names: Vec<String>,
    texts: Vec<Text>,
    kept: usize,
}

/// What is known of a file's text, for showing rows of it.
#[derive(Clone, Debug, Default)]
struct Text {
    delimiter: u8,
    /// The decoded text; absent where it is large, and then read again from the file.
    bytes: Option<Arc<Vec<u8>>>,
}

/// A row as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// Its text: one line, or several where quotes span lines.
    pub text: Vec<u8>,
    /// What separates its cells.
    pub delimiter: u8,
}

/// The longest excerpt that is shown.
const LONGEST_EXCERPT: usize = 1 << 16;

impl Sources {
    /// Adds a file and gives its position.
    pub fn add(&mut self, name: &str) -> u16 {
        self.names.push(name.to_owned());
        u16::try_from(self.names.len().saturating_sub(1)).unwrap_or(u16::MAX)
    }

    /// Says what separates the cells of a file whose text is not kept.
    pub fn leave(&mut self, file: u16, delimiter: u8) {
        self.set(file, delimiter, None);
    }

    /// Keeps the decoded text of a file, as long as all kept texts together stay within `limit` bytes.
    pub fn keep(&mut self, file: u16, delimiter: u8, bytes: Vec<u8>, limit: usize) {
        let total = self.kept.saturating_add(bytes.len());
        let bytes = (total <= limit).then(|| Arc::new(bytes));
        if bytes.is_some() {
            self.kept = total;
        }
        self.set(file, delimiter, bytes);
    }

    /// Whether the text of a file is kept.
    pub fn is_kept(&self, file: u16) -> bool {
        let text = self.texts.get(usize::from(file));
        text.is_some_and(|text| text.bytes.is_some())
    }

    fn set(&mut self, file: u16, delimiter: u8, bytes: Option<Arc<Vec<u8>>>) {
        let at = usize::from(file);
        if self.texts.len() <= at {
            self.texts.resize(at + 1, Text::default());
        }
        if let Some(text) = self.texts.get_mut(at) {
            *text = Text { delimiter, bytes };
        }
    }

    /// The text of a row; `None` where its file is no longer there.
    pub fn excerpt(&self, source: Source) -> Option<Excerpt> {
        let text = self.texts.get(usize::from(source.file))?;
        let delimiter = text.delimiter;
        let text = match &text.bytes {
            Some(bytes) => row_at(bytes, delimiter, source.line)?,
            None => line_of_file(self.name(source.file), source.line)?,
        };
        Some(Excerpt { text, delimiter })
    }

    /// The name of a file.
    pub fn name(&self, file: u16) -> &str {
        self.names
            .get(usize::from(file))
            .map_or("?", String::as_str)
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// `file:line`, as results and messages show it.
    pub fn text(&self, source: Source) -> String {
        format!("{}:{}", self.name(source.file), source.line)
    }
}

/// The record that begins on a line.
fn row_at(bytes: &[u8], delimiter: u8, line: u32) -> Option<Vec<u8>> {
    let skip = usize::try_from(line.checked_sub(1)?).ok()?;
    let start = match skip.checked_sub(1) {
        None => 0,
        Some(nth) => memchr::memchr_iter(b'\n', bytes).nth(nth)? + 1,
    };
    let mut record = Record::default();
    Records::from(bytes, delimiter, start, line)
        .next(&mut record)
        .then_some(())?;
    let range = record.bytes();
    bytes
        .get(range.start..range.end.min(range.start.saturating_add(LONGEST_EXCERPT)))
        .map(<[u8]>::to_vec)
}

/// A line of a file that can be read again: standard input and pipes are gone once read, and a pipe that is opened again
/// waits for a writer for ever.
fn line_of_file(name: &str, line: u32) -> Option<Vec<u8>> {
    if name == "-" || !std::fs::metadata(name).ok()?.is_file() {
        return None;
    }
    let mut file = BufReader::with_capacity(1 << 20, File::open(name).ok()?);
    for _ in 1..line {
        file.skip_until(b'\n').ok()?;
    }
    let mut text = Vec::new();
    file.read_until(b'\n', &mut text).ok()?;
    if text.is_empty() {
        return None;
    }
    text.truncate(LONGEST_EXCERPT);
    let end = text.trim_ascii_end().len();
    text.truncate(end);
    Some(text)
}
