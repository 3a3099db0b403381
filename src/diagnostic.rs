//! What is wrong with the input or needs the user: problems (errors) and warnings, as data.
//!
//! `render` is the one place that turns a problem into text with an excerpt of the file.

use crate::source::Source;

/// Something wrong with the input: where, what was found, what was expected and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// One sentence, lower case, the user's words, with the values found: `sold 120 of ACME but only 100 are held`.
    pub message: String,
    /// The row, and the cell where one cell is at fault.
    pub place: Option<Place>,
    /// Further sentences, each a line under the excerpt.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
}

/// Where a problem lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The row.
    pub source: Source,
    /// Position of the cell in the row, counted from 0; `None` for the row as a whole.
    pub cell: Option<usize>,
}

impl Problem {
    /// A problem of the input as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            place: None,
            notes: Vec::new(),
            help: None,
        }
    }

    /// A problem of one row.
    pub fn at(source: Source, message: impl Into<String>) -> Self {
        Self {
            place: Some(Place { source, cell: None }),
            ..Self::new(message)
        }
    }

    /// A problem of one cell of a row.
    pub fn in_cell(source: Source, cell: usize, message: impl Into<String>) -> Self {
        Self {
            place: Some(Place {
                source,
                cell: Some(cell),
            }),
            ..Self::new(message)
        }
    }

    /// With one more line under the excerpt.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// With advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Something that does not stop the computation but that the user should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// A short stable name, such as `wash-window-open`; scripts match on it.
    pub code: &'static str,
    /// One or two sentences, ending with what to do.
    pub message: String,
    /// The rows it concerns.
    pub at: Vec<Source>,
    /// Whether the user must act or decide (`--strict` then ends with status 3).
    pub needs_user: bool,
}
