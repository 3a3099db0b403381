//! The netting of each tax year: a row per year, a column per line of the country's worksheet.

use std::borrow::Cow;

use crate::answer::Year;
use crate::output::table::{Cell, Column, Table};
use crate::report::Frame;

/// The years shown.
pub struct Years<'a> {
    frame: Frame<'a>,
    shown: Vec<&'a Year>,
    lines: Vec<&'static str>,
}

impl<'a> Years<'a> {
    /// The years shown.
    pub fn new(frame: Frame<'a>) -> Self {
        let years = &frame.answer.years;
        let mut lines = Vec::new();
        for (line, _) in years.iter().flat_map(|year| &year.lines) {
            if !lines.contains(line) {
                lines.push(*line);
            }
        }
        Self {
            frame,
            shown: years
                .iter()
                .filter(|year| frame.shows(year.begins))
                .collect(),
            lines,
        }
    }
}

impl Table for Years<'_> {
    fn columns(&self) -> Vec<Column> {
        let lines = self.lines.iter().map(|line| Column {
            name: Cow::Borrowed(line),
            group: Some("lines"),
        });
        std::iter::once(Column::new("tax_year"))
            .chain(lines)
            .collect()
    }

    fn rows(&self) -> usize {
        self.shown.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let Some(year) = self.shown.get(row) else {
            return Cell::Null;
        };
        match column.checked_sub(1).and_then(|line| self.lines.get(line)) {
            Some(line) => Cell::Amount(year.line(line)),
            None => Cell::Text(Cow::Owned(self.frame.tax_year.written(year.begins))),
        }
    }
}
