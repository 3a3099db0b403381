//! The same trades under several methods: a row per tax year and method.

use std::borrow::Cow;

use crate::answer::{Answer, Year};
use crate::diagnostic::Problem;
use crate::output::table::{Cell, Column, Table};
use crate::report::Frame;

/// What each method came to, in the order of the country's list.
pub type Outcomes = Vec<(&'static str, Result<Answer, Vec<Problem>>)>;

/// The years shown of every method that could be computed, year by year.
pub struct Comparison<'a> {
    frame: Frame<'a>,
    rows: Vec<(&'static str, &'a Year)>,
    lines: Vec<&'static str>,
}

impl<'a> Comparison<'a> {
    /// The comparison; of `frame` only the currency and the years shown matter.
    pub fn new(frame: Frame<'a>, outcomes: &'a Outcomes) -> Self {
        let mut rows = Vec::new();
        let mut lines = Vec::new();
        for (method, answer) in outcomes {
            let years = answer.iter().flat_map(|answer| &answer.years);
            for year in years.filter(|year| frame.shows(year.begins)) {
                rows.push((*method, year));
                for (line, _) in &year.lines {
                    if !lines.contains(line) {
                        lines.push(*line);
                    }
                }
            }
        }
        // Stable: within a year the methods keep their order.
        rows.sort_by_key(|(_, year)| year.begins);
        Self { frame, rows, lines }
    }
}

impl Table for Comparison<'_> {
    fn columns(&self) -> Vec<Column> {
        let lines = self.lines.iter().map(|line| Column {
            name: Cow::Borrowed(line),
            group: Some("lines"),
        });
        [Column::new("tax_year"), Column::new("method")]
            .into_iter()
            .chain(lines)
            .collect()
    }

    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let Some((method, year)) = self.rows.get(row) else {
            return Cell::Null;
        };
        match column {
            0 => Cell::Text(Cow::Owned(self.frame.tax_year.written(year.begins))),
            1 => Cell::Word(method),
            line => self
                .lines
                .get(line - 2)
                .map_or(Cell::Null, |line| Cell::Amount(year.line(line))),
        }
    }
}
