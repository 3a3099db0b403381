//! One side of a comparison: rows of ours or of theirs, alone and added up.

use crate::answer::{Disposal, Match, Term};
use crate::date::Date;
use crate::diagnostic::Problem;
use crate::import::formats::closed::ClosedLot;
use crate::money::{Minor, Money, OutOfRange, Quantity};
use crate::source::Source;
use crate::trade::{AccountId, SecurityId};

use super::Question;

/// A disposal row of ours.
#[derive(Clone, Copy, Debug)]
pub struct Ours<'a> {
    /// Its position in the answer.
    pub position: u32,
    /// The row.
    pub row: &'a Disposal,
    /// The earlier of its two days: of a written option or a short sale that is the day of sale.
    pub opened: Option<Date>,
    /// The later of its two days.
    pub closed: Date,
}

/// A row of theirs.
#[derive(Clone, Debug)]
pub struct Theirs<'a> {
    /// Its position in the list.
    pub position: usize,
    /// The row.
    pub row: &'a ClosedLot,
    /// What was sold, once its name is understood.
    pub security: Option<SecurityId>,
    /// Our account of that name.
    pub account: Option<AccountId>,
    /// Units.
    pub quantity: Option<Quantity>,
    /// The earlier of its two days.
    pub opened: Option<Date>,
    /// The later of its two days.
    pub closed: Date,
    /// Proceeds.
    pub proceeds: Minor,
    /// Cost, where they know it.
    pub cost: Option<Minor>,
    /// Loss disallowed.
    pub wash: Minor,
}

/// Rows added up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Units; `None` where a row does not say them.
    pub quantity: Option<Quantity>,
    /// The different days of purchase, in order; `None` is `various`.
    pub opened: Vec<Option<Date>>,
    /// The latest day.
    pub closed: Date,
    /// Proceeds.
    pub proceeds: Minor,
    /// Cost; `None` where a row does not say it.
    pub cost: Option<Minor>,
    /// Loss denied or deferred.
    pub adjustment: Minor,
    /// The term, where all rows have the same.
    pub term: Option<Term>,
    /// How many rows it is.
    pub rows: usize,
}

impl Side {
    /// What counts: proceeds less cost, and what of a loss is not allowed.
    pub fn gain(&self) -> Option<Minor> {
        let cost = self.cost?;
        Some(
            self.proceeds
                .saturating_sub(cost)
                .saturating_add(self.adjustment),
        )
    }
}

/// Our rows of the years and the account asked for.
pub fn ours<'a>(question: &Question<'a>) -> Vec<Ours<'a>> {
    let shown = |row: &Disposal| {
        question
            .only
            .is_none_or(|only| only == i32::from(row.tax_year))
            && question
                .account
                .is_none_or(|account| account == row.account)
            && !matches!(row.matched, Match::Mark)
    };
    let rows = (0..).zip(&question.answer.disposals);
    rows.filter(|(_, row)| shown(row))
        .map(|(position, row)| {
            let (opened, closed) = in_order(row.acquired, row.disposed);
            Ours {
                position,
                row,
                opened,
                closed,
            }
        })
        .collect()
}

/// A written option is sold first: the two days in the order of time.
fn in_order(acquired: Option<Date>, disposed: Date) -> (Option<Date>, Date) {
    match acquired {
        Some(acquired) if acquired > disposed => (Some(disposed), acquired),
        acquired => (acquired, disposed),
    }
}

/// Their rows of the years asked for.
///
/// # Errors
/// Amounts out of range, or in a currency that is not the report's.
pub fn theirs<'a>(question: &Question<'a>) -> Result<Vec<Theirs<'a>>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut rows = Vec::new();
    for (position, row) in question.gains.lots.iter().enumerate() {
        let source = Source {
            file: 0,
            line: row.line,
        };
        if let Some(currency) = row
            .currency
            .as_deref()
            .filter(|code| *code != question.currency)
        {
            problems.push(
                Problem::at(
                    source,
                    format!("the row is in {currency}, the results are in {}", question.currency),
                )
                .help("amounts can be compared in one currency only: choose the jurisdiction of that currency, or leave the row out"),
            );
            continue;
        }
        match their_row(question, position, row) {
            Ok(row) => rows.push(row),
            Err(error) => problems.push(Problem::at(source, error.to_string())),
        }
    }
    let shown = |row: &Theirs<'_>| {
        // A written option counts when it ends.
        let year = question.tax_year.of(row.closed);
        question.only.is_none_or(|only| only == year)
    };
    rows.retain(shown);
    if problems.is_empty() {
        Ok(rows)
    } else {
        Err(problems)
    }
}

fn their_row<'a>(
    question: &Question<'a>,
    position: usize,
    row: &'a ClosedLot,
) -> Result<Theirs<'a>, OutOfRange> {
    let minor = |amount| Money::new(amount)?.to_minor(question.places);
    let (opened, closed) = in_order(row.acquired, row.disposed);
    let accounts = question.history.accounts.iter();
    let account = row.account.as_deref().and_then(|name| {
        let at = accounts
            .clone()
            .position(|a| a.name.eq_ignore_ascii_case(name))?;
        u16::try_from(at).ok().map(AccountId)
    });
    Ok(Theirs {
        position,
        row,
        security: None,
        account,
        quantity: row.quantity.map(Quantity::new).transpose()?,
        opened,
        closed,
        proceeds: minor(row.proceeds)?,
        cost: row.cost.map(minor).transpose()?,
        wash: minor(row.wash)?,
    })
}

/// Rows of ours added up; `None` where there are none.
pub fn of_ours(rows: &[&Ours<'_>]) -> Option<Side> {
    let closed = rows.iter().map(|o| o.closed).max()?;
    let sum = |of: fn(&Disposal) -> Minor| {
        let amounts = rows.iter().map(|o| of(o.row));
        amounts.fold(0, Minor::saturating_add)
    };
    Some(Side {
        quantity: units(rows.iter().map(|o| Some(o.row.quantity.abs()))),
        opened: days(rows.iter().map(|o| o.opened)),
        closed,
        proceeds: sum(|row| row.proceeds),
        cost: Some(sum(|row| row.cost)),
        adjustment: sum(|row| row.adjustment),
        term: one(rows.iter().map(|o| o.row.term)),
        rows: rows.len(),
    })
}

/// Rows of theirs added up; `None` where there are none.
pub fn of_theirs(rows: &[&Theirs<'_>]) -> Option<Side> {
    let closed = rows.iter().map(|t| t.closed).max()?;
    let costs = rows.iter().map(|t| t.cost);
    Some(Side {
        quantity: units(rows.iter().map(|t| t.quantity)),
        opened: days(rows.iter().map(|t| t.opened)),
        closed,
        proceeds: rows
            .iter()
            .map(|t| t.proceeds)
            .fold(0, Minor::saturating_add),
        cost: costs
            .into_iter()
            .try_fold(0, |sum: Minor, cost| Some(sum.saturating_add(cost?))),
        adjustment: rows.iter().map(|t| t.wash).fold(0, Minor::saturating_add),
        term: one(rows.iter().map(|t| t.row.term)),
        rows: rows.len(),
    })
}

/// The sum of units; `None` where one is not known.
pub fn units(all: impl IntoIterator<Item = Option<Quantity>>) -> Option<Quantity> {
    let mut all = all.into_iter();
    all.try_fold(Quantity::ZERO, |sum, units| sum.plus(units?).ok())
}

fn days(all: impl Iterator<Item = Option<Date>>) -> Vec<Option<Date>> {
    let mut days: Vec<Option<Date>> = all.collect();
    days.sort_unstable();
    days.dedup();
    days
}

fn one(mut all: impl Iterator<Item = Option<Term>>) -> Option<Term> {
    let first = all.next()?;
    all.all(|term| term == first).then_some(first)?
}
