//! The warnings, of reading and of computing.

use crate::diagnostic::Warning;
use crate::output::table::{Cell, Column, Field, Table, cell_of, columns_of, field};
use crate::report::{Frame, text};

/// The warnings: those of reading first.
pub struct Warnings<'a> {
    frame: Frame<'a>,
    all: Vec<&'a Warning>,
}

impl<'a> Warnings<'a> {
    const FIELDS: &'a [Field<Self>] = &[
        field("code", |t, row| Cell::Word(t.at(row).code)),
        field("message", |t, row| text(&t.at(row).message)),
        field("at", |t, row| {
            let rows = t.at(row).at.iter();
            Cell::Places(rows.map(|source| t.frame.place_of(*source)).collect())
        }),
    ];

    /// All warnings.
    pub fn new(frame: Frame<'a>) -> Self {
        Self {
            frame,
            all: all(&frame),
        }
    }

    fn at(&self, row: usize) -> &'a Warning {
        self.all[row]
    }
}

/// Every warning once, those of reading first.
pub fn all<'a>(frame: &Frame<'a>) -> Vec<&'a Warning> {
    let reading = &frame.history.warnings;
    let computing = frame.answer.warnings.iter();
    // Computing may hand on what reading said.
    let fresh = computing.filter(|warning| reading.is_empty() || !reading.contains(warning));
    reading.iter().chain(fresh).collect()
}

impl Table for Warnings<'_> {
    fn columns(&self) -> Vec<Column> {
        columns_of(Self::FIELDS)
    }

    fn rows(&self) -> usize {
        self.all.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        cell_of(Self::FIELDS, self, row, column)
    }
}
