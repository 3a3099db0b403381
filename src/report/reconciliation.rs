//! Our disposals beside a broker's: a row for each of ours, of theirs, or of both.

use std::borrow::Cow;

use crate::answer::{Disposal, Term};
use crate::date::Date;
use crate::import::gains::Gains;
use crate::money::{Minor, Quantity};
use crate::output::table::{Cell, Column, Field, Id, Place, Table, cell_of, columns_of, field};
use crate::reconcile::{Pair, Reconciliation, Side};
use crate::report::disposals::Numbers;
use crate::report::{Frame, text};

/// What was compared, and what it came to.
#[derive(Clone, Copy)]
pub struct Compared<'a> {
    /// The broker's list.
    pub gains: &'a Gains,
    /// What comparing came to.
    pub found: &'a Reconciliation,
}

/// The rows.
pub struct Comparisons<'a> {
    frame: Frame<'a>,
    compared: Compared<'a>,
    numbers: Numbers<'a>,
}

impl<'a> Comparisons<'a> {
    const FIELDS: &'a [Field<Self>] = &[
        field("status", |t, row| Cell::Word(t.at(row).status.word())),
        field("causes", |t, row| {
            let causes: Vec<&str> = t.at(row).causes().iter().map(|c| c.word()).collect();
            Cell::Text(Cow::Owned(causes.join(";")))
        }),
        field("codes", |t, row| Cell::Text(Cow::Owned(t.at(row).codes()))),
        field("account", |t, row| {
            Cell::Text(Cow::Owned(t.account(t.at(row))))
        }),
        field("symbol", |t, row| text(t.symbol(t.at(row)))),
        field("disposed", |t, row| {
            ours(t.at(row), |s| Cell::Date(s.closed))
        }),
        field("their_disposed", |t, row| {
            theirs(t.at(row), |s| Cell::Date(s.closed))
        }),
        field("quantity", |t, row| ours(t.at(row), units)),
        field("their_quantity", |t, row| theirs(t.at(row), units)),
        field("acquired", |t, row| ours(t.at(row), acquired)),
        field("their_acquired", |t, row| theirs(t.at(row), acquired)),
        field("proceeds", |t, row| {
            ours(t.at(row), |s| Cell::Amount(s.proceeds))
        }),
        field("their_proceeds", |t, row| {
            theirs(t.at(row), |s| Cell::Amount(s.proceeds))
        }),
        field("cost", |t, row| ours(t.at(row), |s| amount(s.cost))),
        field("their_cost", |t, row| theirs(t.at(row), |s| amount(s.cost))),
        field("adjustment", |t, row| {
            ours(t.at(row), |s| Cell::Amount(s.adjustment))
        }),
        field("their_adjustment", |t, row| {
            theirs(t.at(row), |s| Cell::Amount(s.adjustment))
        }),
        field("gain", |t, row| ours(t.at(row), |s| amount(s.gain()))),
        field("their_gain", |t, row| {
            theirs(t.at(row), |s| amount(s.gain()))
        }),
        field("difference", |t, row| amount(difference(t.at(row)))),
        field("term", |t, row| ours(t.at(row), |s| term(s.term))),
        field("their_term", |t, row| theirs(t.at(row), |s| term(s.term))),
        field("note", |t, row| Cell::Text(Cow::Owned(notes(t.at(row))))),
        field("disposals", |t, row| Cell::Ids(t.ids(t.at(row)))),
        field("their_rows", |t, row| Cell::Places(t.places(t.at(row)))),
    ];

    /// Everything compared.
    pub fn new(frame: Frame<'a>, compared: Compared<'a>) -> Self {
        let securities = frame.history.securities.len();
        Self {
            frame,
            compared,
            numbers: Numbers::of(&frame.answer.disposals, securities),
        }
    }

    fn at(&self, row: usize) -> &'a Pair {
        &self.compared.found.pairs[row]
    }

    fn disposals<'p>(
        &self,
        pair: &'p Pair,
    ) -> impl Iterator<Item = (usize, &'a Disposal)> + use<'a, 'p> {
        let all = &self.frame.answer.disposals;
        pair.ours.iter().filter_map(|at| {
            let at = *at as usize;
            Some((at, all.get(at)?))
        })
    }

    /// What was sold: our symbol, or else the broker's name.
    pub fn symbol(&self, pair: &Pair) -> &'a str {
        if let Some(security) = pair.security {
            return self.frame.symbol(security);
        }
        let lot = pair
            .theirs
            .first()
            .and_then(|at| self.compared.gains.lots.get(*at));
        lot.map_or("", |lot| &lot.name)
    }

    /// Where: our accounts, or else the broker's name for its own.
    pub fn account(&self, pair: &Pair) -> String {
        let own = self.disposals(pair);
        let mut names: Vec<&str> = own
            .map(|(_, row)| &*self.frame.history.account(row.account).name)
            .collect();
        if names.is_empty() {
            let lots = pair
                .theirs
                .iter()
                .filter_map(|at| self.compared.gains.lots.get(*at));
            names.extend(lots.filter_map(|lot| lot.account.as_deref()));
        }
        names.sort_unstable();
        names.dedup();
        names.join(";")
    }

    /// Our rows.
    pub fn ids(&self, pair: &Pair) -> Vec<Id<'a>> {
        let rows = self.disposals(pair);
        rows.map(|(at, row)| Id {
            symbol: self.frame.symbol(row.security),
            numbered: Some((row.disposed, self.numbers.of_row(at))),
        })
        .collect()
    }

    /// Their rows.
    pub fn places(&self, pair: &Pair) -> Vec<Place<'a>> {
        let lots = pair
            .theirs
            .iter()
            .filter_map(|at| self.compared.gains.lots.get(*at));
        lots.map(|lot| Place {
            file: &self.compared.gains.file,
            line: lot.line,
        })
        .collect()
    }
}

impl Table for Comparisons<'_> {
    fn columns(&self) -> Vec<Column> {
        columns_of(Self::FIELDS)
    }

    fn rows(&self) -> usize {
        self.compared.found.pairs.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        cell_of(Self::FIELDS, self, row, column)
    }
}

/// Our gain less theirs; where one side has nothing, its gain counts as none.
pub fn difference(pair: &Pair) -> Option<Minor> {
    let gain = |side: &Option<Side>| side.as_ref().map_or(Some(0), Side::gain);
    Some(gain(&pair.our_side)?.saturating_sub(gain(&pair.their_side)?))
}

fn notes(pair: &Pair) -> String {
    let mut notes: Vec<&str> = Vec::new();
    for finding in &pair.findings {
        if !finding.note.is_empty() && !notes.contains(&finding.note.as_str()) {
            notes.push(&finding.note);
        }
    }
    notes.join("; ")
}

fn ours(pair: &Pair, cell: fn(&Side) -> Cell<'static>) -> Cell<'static> {
    pair.our_side.as_ref().map_or(Cell::Null, cell)
}

fn theirs(pair: &Pair, cell: fn(&Side) -> Cell<'static>) -> Cell<'static> {
    pair.their_side.as_ref().map_or(Cell::Null, cell)
}

fn units(side: &Side) -> Cell<'static> {
    let quantity: Option<Quantity> = side.quantity;
    quantity.map_or(Cell::Null, Cell::Quantity)
}

fn acquired(side: &Side) -> Cell<'static> {
    match side.opened[..] {
        [Some(day)] => Cell::Date(day),
        [None] => Cell::Null,
        _ => Cell::Text(Cow::Owned(days(&side.opened, ";"))),
    }
}

/// Days, with `various` for one that is not known.
pub fn days(days: &[Option<Date>], between: &str) -> String {
    let days = days.iter();
    let texts: Vec<String> = days
        .map(|day| day.map_or_else(|| "various".to_owned(), |day| day.to_string()))
        .collect();
    texts.join(between)
}

fn amount(minor: Option<Minor>) -> Cell<'static> {
    minor.map_or(Cell::Null, Cell::Amount)
}

fn term(term: Option<Term>) -> Cell<'static> {
    term.map_or(Cell::Null, |term| Cell::Word(term.word()))
}
