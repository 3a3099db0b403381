//! The warnings, of reading and of computing.

use crate::diagnostic::Warning;
use crate::output::table::{Cell, Column, Field, Table, cell_of, columns_of, field};
use crate::report::{Frame, text};

/// The warnings: those of reading first.
pub struct Warnings<'a> {
    frame: Frame<'a>,
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
        Self { frame }
    }

    fn at(&self, row: usize) -> &'a Warning {
        &self.frame.answer.warnings[row]
    }
}

impl Table for Warnings<'_> {
    fn columns(&self) -> Vec<Column> {
        columns_of(Self::FIELDS)
    }

    fn rows(&self) -> usize {
        self.frame.answer.warnings.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        cell_of(Self::FIELDS, self, row, column)
    }
}
