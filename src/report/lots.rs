//! The open lots and pools: what is still held.

use crate::answer::OpenLot;
use crate::output::table::{Cell, Column, Field, Table, cell_of, columns_of, field};
use crate::report::{Frame, day, text};

/// The lots.
pub struct Lots<'a> {
    frame: Frame<'a>,
}

impl<'a> Lots<'a> {
    const FIELDS: &'a [Field<Self>] = &[
        field("id", |t, row| t.frame.lot(t.at(row).name)),
        field("account", |t, row| {
            t.at(row)
                .account
                .map_or(Cell::Null, |id| text(&t.frame.history.account(id).name))
        }),
        field("symbol", |t, row| text(t.frame.symbol(t.at(row).security))),
        field("class", |t, row| {
            Cell::Word(t.frame.history.security(t.at(row).security).class.name())
        }),
        field("quantity", |t, row| Cell::Quantity(t.at(row).quantity)),
        field("cost", |t, row| Cell::Amount(t.at(row).cost)),
        field("acquired", |t, row| day(t.at(row).acquired)),
        field("held_from", |t, row| day(t.at(row).held_from)),
        field("opened_by", |t, row| {
            let rows = t.at(row).opened_by.iter();
            Cell::Places(rows.map(|trade| t.frame.place(*trade)).collect())
        }),
    ];

    /// All lots.
    pub fn new(frame: Frame<'a>) -> Self {
        Self { frame }
    }

    fn at(&self, row: usize) -> &'a OpenLot {
        &self.frame.answer.lots[row]
    }
}

impl Table for Lots<'_> {
    fn columns(&self) -> Vec<Column> {
        columns_of(Self::FIELDS)
    }

    fn rows(&self) -> usize {
        self.frame.answer.lots.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        cell_of(Self::FIELDS, self, row, column)
    }
}
