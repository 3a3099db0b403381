//! Which rows and columns a report has: each lists its columns once, and its cells come straight from the answer.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "minor units below 10^18, since `Money` refuses sums beyond 10^16 units; counts of what is in memory"
)]
#![allow(
    clippy::indexing_slicing,
    reason = "rows below the number that a table gives, columns that a page states itself"
)]

pub mod adjustments;
pub mod comparison;
pub mod computations;
pub mod disposals;
pub mod document;
pub mod explain;
pub mod jurisdictions;
pub mod lots;
pub mod page;
pub mod reconciliation;
pub mod sa108;
pub mod warnings;
pub mod years;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub mod fixture;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use std::borrow::Cow;

use crate::answer::{Answer, LotName};
use crate::date::{Date, TaxYear};
use crate::output::page::Page;
use crate::output::table::{Cell, Cells, Id, Nth, Place, Table};
use crate::source::Source;
use crate::trade::{History, TradeId};

/// What every report looks at: the trades, what was found in them, and how the country writes it.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The trades.
    pub history: &'a History,
    /// What was found.
    pub answer: &'a Answer,
    /// Code of the jurisdiction.
    pub jurisdiction: &'a str,
    /// Name of the lot method.
    pub method: &'a str,
    /// The report's currency.
    pub currency: &'a str,
    /// Decimal places of its minor unit.
    pub places: u32,
    /// When the tax year begins and how it is written.
    pub tax_year: TaxYear,
    /// The only tax year shown, by the calendar year in which it begins.
    pub only: Option<i32>,
}

/// A report: one table for programs, one page for readers.
pub struct Report {
    /// Its name on the command line.
    pub name: &'static str,
    /// One line of help.
    pub about: &'static str,
    /// The country that it is for; none where it is for all.
    pub of: Option<&'static str>,
    /// Its rows.
    pub table: for<'a> fn(&Frame<'a>) -> Box<dyn Table + 'a>,
    /// Its page.
    pub page: for<'a> fn(&Frame<'a>) -> Page<'a>,
}

/// Every report.
pub const REPORTS: &[Report] = &[
    Report {
        name: "disposals",
        about: "every slice of a lot that a sale used",
        of: None,
        table: |frame| Box::new(disposals::Disposals::new(*frame)),
        page: |frame| page::disposals::rows(*frame),
    },
    Report {
        name: "years",
        about: "the netting of each tax year",
        of: None,
        table: |frame| Box::new(years::Years::new(*frame)),
        page: |frame| page::worksheet::years(*frame),
    },
    Report {
        name: "lots",
        about: "what is still held",
        of: None,
        table: |frame| Box::new(lots::Lots::new(*frame)),
        page: |frame| page::lots::holdings(*frame),
    },
    Report {
        name: "adjustments",
        about: "every loss denied or deferred, and what replaced it",
        of: None,
        table: |frame| Box::new(adjustments::Adjustments::new(*frame)),
        page: |frame| page::adjustments::rows(*frame),
    },
    Report {
        name: "sa108",
        about: "uk: the figures of the capital gains pages, and a computation for each disposal",
        of: Some("uk"),
        table: |frame| Box::new(sa108::Sa108::new(*frame)),
        page: |frame| page::sa108::sections(*frame),
    },
    Report {
        name: "computations",
        about: "uk: each part of a disposal with its rule, its purchases and the pool before and after",
        of: Some("uk"),
        table: |frame| Box::new(computations::Computations::new(*frame)),
        page: |frame| page::sa108::computations(*frame),
    },
];

impl Report {
    /// Whether it is for a country.
    pub fn is_for(&self, country: &str) -> bool {
        self.of.is_none_or(|of| of == country)
    }
}

impl<'a> Frame<'a> {
    /// Whether a tax year is shown.
    pub fn shows(&self, begins: i32) -> bool {
        self.only.is_none_or(|only| only == begins)
    }

    /// The symbol of a security.
    pub fn symbol(&self, security: crate::trade::SecurityId) -> &'a str {
        &self.history.security(security).symbol
    }

    /// The row a trade came from.
    pub fn place(&self, trade: TradeId) -> Place<'a> {
        self.place_of(self.history.trade(trade).source)
    }

    /// A row.
    pub fn place_of(&self, source: Source) -> Place<'a> {
        Place {
            file: self.history.sources.name(source.file),
            line: source.line,
        }
    }

    /// The name of a lot: its own if the row that opened it gives one, else symbol, day and number.
    pub fn lot(&self, name: LotName) -> Cell<'a> {
        let mut cell = Nth::after(0);
        self.lot_to(name, &mut cell);
        cell.found()
    }

    /// The same, handed over.
    #[inline(always)]
    pub fn lot_to<C: Cells<'a> + ?Sized>(&self, name: LotName, to: &mut C) {
        if name.number > 0
            && let Some(own) = self.own_name(name.opened_by)
        {
            return to.text(own);
        }
        to.id(Id {
            symbol: self.symbol(name.security),
            numbered: (name.number > 0).then_some((name.date, name.number)),
        });
    }

    /// The name of a lot, as text.
    pub fn lot_text(&self, name: LotName) -> String {
        page::lot_name(&self.lot(name))
    }

    fn own_name(&self, opened_by: TradeId) -> Option<&'a str> {
        if !self.answer.overview.rare {
            return None;
        }
        let trade = self.history.trade(opened_by);
        let own = trade.rest().rarest().lot.as_deref();
        own.filter(|name| trade.action.names_lots() && !name.is_empty())
    }
}

/// A day, or nothing.
fn day(date: Option<Date>) -> Cell<'static> {
    date.map_or(Cell::Null, Cell::Date)
}

/// Text of the input.
fn text(words: &str) -> Cell<'_> {
    Cell::Text(Cow::Borrowed(words))
}
