//! A table of typed cells: what a program reads. Rows are made one cell at a time, so that a million of them need no
//! memory.

use std::borrow::Cow;

use crate::date::Date;
use crate::money::{Minor, Quantity};
use crate::output::csv::Short;

/// A table whose rows are made when they are written.
pub trait Table {
    /// Its columns, in order.
    fn columns(&self) -> Vec<Column>;

    /// How many rows it has.
    fn rows(&self) -> usize;

    /// One cell.
    fn cell(&self, row: usize, column: usize) -> Cell<'_>;

    /// Looks at what the next rows are made of. Looked at together, memory far apart is fetched side by side.
    fn look_ahead(&self, _rows: std::ops::Range<usize>) {}

    /// Writes a row of separated values, where the table is large enough to be worth a way of its own and the row turns
    /// out to be short; gives its length.
    fn short_line<'t>(&'t self, _row: usize, _to: Short<'_, 't>) -> Option<usize> {
        None
    }

    /// Hands over the cells of a row in the order of the columns, of which there are `columns`.
    fn each_cell<'t>(&'t self, row: usize, columns: usize, to: &mut dyn Cells<'t>) {
        for column in 0..columns {
            to.cell(self.cell(row, column));
        }
    }
}

/// Takes the cells of a row, one after the other. A table of a million rows hands each over by its kind, which spares
/// making a [`Cell`] of it; a format that has no use for that takes all alike.
pub trait Cells<'t> {
    /// A cell of any kind.
    fn cell(&mut self, cell: Cell<'t>);

    /// [`Cell::Null`].
    fn null(&mut self) {
        self.cell(Cell::Null);
    }

    /// [`Cell::Text`].
    fn text(&mut self, words: &'t str) {
        self.cell(Cell::Text(Cow::Borrowed(words)));
    }

    /// [`Cell::Word`].
    fn word(&mut self, word: &'static str) {
        self.cell(Cell::Word(word));
    }

    /// [`Cell::Date`].
    fn date(&mut self, day: Date) {
        self.cell(Cell::Date(day));
    }

    /// [`Cell::Amount`].
    fn amount(&mut self, minor: Minor) {
        self.cell(Cell::Amount(minor));
    }

    /// [`Cell::Quantity`].
    fn quantity(&mut self, units: Quantity) {
        self.cell(Cell::Quantity(units));
    }

    /// [`Cell::Id`].
    fn id(&mut self, id: Id<'t>) {
        self.cell(Cell::Id(id));
    }

    /// [`Cell::Place`].
    fn place(&mut self, place: Place<'t>) {
        self.cell(Cell::Place(place));
    }
}

/// One of the cells handed over: the one that so many others come before.
#[derive(Debug)]
pub struct Nth<'t> {
    before: usize,
    found: Cell<'t>,
}

impl<'t> Nth<'t> {
    /// The cell that `before` others come before.
    pub fn after(before: usize) -> Self {
        Self {
            before,
            found: Cell::Null,
        }
    }

    /// The cell, once it was handed over.
    pub fn found(self) -> Cell<'t> {
        self.found
    }
}

impl<'t> Cells<'t> for Nth<'t> {
    fn cell(&mut self, cell: Cell<'t>) {
        match self.before.checked_sub(1) {
            Some(before) => self.before = before,
            None => {
                self.found = cell;
                self.before = usize::MAX;
            }
        }
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name in every format.
    pub name: Cow<'static, str>,
    /// The object that holds it in JSON; neighbours of one group stand in one object.
    pub group: Option<&'static str>,
}

impl Column {
    /// A column outside any group.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            group: None,
        }
    }
}

/// A value and what kind of value it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Does not apply.
    Null,
    /// Text that may come from the input.
    Text(Cow<'a, str>),
    /// One of the program's own words.
    Word(&'static str),
    /// A day.
    Date(Date),
    /// An amount in minor units of the currency.
    Amount(Minor),
    /// Units.
    Quantity(Quantity),
    /// The id of a lot, pool or disposal.
    Id(Id<'a>),
    /// Ids of several.
    Ids(Vec<Id<'a>>),
    /// Rows of the input.
    Places(Vec<Place<'a>>),
    /// One row of the input: a list of one, without the list.
    Place(Place<'a>),
    /// Exchange rates used.
    Rates(Vec<RateUsed<'a>>),
}

/// An exchange rate that a leg was converted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateUsed<'a> {
    /// The currency converted from.
    pub currency: &'a str,
    /// The day of the rate.
    pub date: Date,
    /// Units of the report's currency per unit.
    pub rate: String,
}

/// `SYMBOL@DATE#n`, or `SYMBOL@pool`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Id<'a> {
    /// The symbol.
    pub symbol: &'a str,
    /// The day and the number among those of symbol and day; `None` for a pool.
    pub numbered: Option<(Date, u32)>,
}

/// `FILE:LINE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The file as the user named it.
    pub file: &'a str,
    /// The line, counted from 1.
    pub line: u32,
}

/// A column of a table `T` and where its cells come from: a report states its columns as one list of these.
pub struct Field<T> {
    /// Its name in every format.
    pub name: &'static str,
    /// Its cell in a row.
    pub cell: for<'t> fn(&'t T, usize) -> Cell<'t>,
}

/// A field.
pub const fn field<T>(name: &'static str, cell: for<'t> fn(&'t T, usize) -> Cell<'t>) -> Field<T> {
    Field { name, cell }
}

/// The columns of a list of fields.
pub fn columns_of<T>(fields: &[Field<T>]) -> Vec<Column> {
    fields.iter().map(|field| Column::new(field.name)).collect()
}

/// The cell of a list of fields.
pub fn cell_of<'t, T>(fields: &[Field<T>], table: &'t T, row: usize, column: usize) -> Cell<'t> {
    fields
        .get(column)
        .map_or(Cell::Null, |field| (field.cell)(table, row))
}
