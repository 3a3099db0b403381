//! The adjustments: every loss denied, deferred or ring-fenced, and the lot that takes it over, if one does.

use crate::answer::Adjustment;
use crate::money::Money;
use crate::output::table::{Cell, Column, Field, Id, Table, cell_of, columns_of, field};
use crate::report::disposals::Numbers;
use crate::report::{Frame, day};

/// The adjustments to the disposals of the years shown.
pub struct Adjustments<'a> {
    frame: Frame<'a>,
    shown: Vec<&'a Adjustment>,
    numbers: Numbers<'a>,
}

impl<'a> Adjustments<'a> {
    const FIELDS: &'a [Field<Self>] = &[
        field("disposal", |t, row| t.disposal(t.at(row).disposal)),
        field("replacement", |t, row| {
            let lot = t.at(row).replacement;
            lot.map_or(Cell::Null, |lot| t.frame.lot(lot))
        }),
        field("rule", |t, row| {
            let rule = t.at(row).rule;
            rule.map_or(Cell::Null, |rule| Cell::Word(rule.id))
        }),
        field("quantity", |t, row| Cell::Quantity(t.at(row).quantity)),
        field("amount", |t, row| Cell::Amount(t.at(row).amount)),
        field("basis_after", |t, row| t.amount(t.at(row).basis_after)),
        field("held_from_after", |t, row| day(t.at(row).held_from_after)),
    ];

    /// The adjustments of the years shown.
    pub fn new(frame: Frame<'a>) -> Self {
        let rows = &frame.answer.disposals;
        let in_shown_year = |adjustment: &&Adjustment| {
            rows.get(adjustment.disposal as usize)
                .is_none_or(|row| frame.shows(i32::from(row.tax_year)))
        };
        Self {
            frame,
            shown: frame
                .answer
                .adjustments
                .iter()
                .filter(in_shown_year)
                .collect(),
            numbers: Numbers::of(rows, frame.history.securities.len()),
        }
    }

    fn at(&self, row: usize) -> &'a Adjustment {
        self.shown[row]
    }

    fn disposal(&self, position: u32) -> Cell<'_> {
        let position = position as usize;
        let Some(row) = self.frame.answer.disposals.get(position) else {
            return Cell::Null;
        };
        Cell::Id(Id {
            symbol: self.frame.symbol(row.security),
            numbered: Some((row.disposed, self.numbers.of_row(position))),
        })
    }

    fn amount(&self, money: Option<Money>) -> Cell<'_> {
        let minor = money.and_then(|money| money.to_minor(self.frame.places).ok());
        minor.map_or(Cell::Null, Cell::Amount)
    }
}

impl Table for Adjustments<'_> {
    fn columns(&self) -> Vec<Column> {
        columns_of(Self::FIELDS)
    }

    fn rows(&self) -> usize {
        self.shown.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        cell_of(Self::FIELDS, self, row, column)
    }
}
