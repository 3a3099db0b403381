//! Options that were exercised or assigned where the file has the shares in rows of their own: the option row makes the
//! shares itself, so theirs are taken out, and their fees move to it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::date::Date;
use crate::diagnostic::Problem;
use crate::import::columns::Column;
use crate::import::number::{DecimalMark, parse};
use crate::import::option_symbol::{self, Terms};
use crate::trade::Right;

use super::rows::{Rows, cell, set};

/// How many days the shares may come before or after the option.
const DAYS: u32 = 5;

/// What joining came to.
#[derive(Clone, Debug, Default)]
pub struct Joined {
    /// Rows that are now part of another.
    pub ignored: BTreeMap<&'static str, u64>,
    /// What does not fit together, by line.
    pub problems: Vec<(u32, Problem)>,
}

struct Closed {
    place: usize,
    cells: Vec<(Column, String)>,
    terms: Terms,
    date: Date,
    shares: Decimal,
    /// Whether shares arrive.
    buys: bool,
}

struct Shares {
    place: usize,
    cells: Vec<(Column, String)>,
    date: Date,
    quantity: Decimal,
    price: Decimal,
    buys: bool,
    used: bool,
}

/// Joins the option rows with the rows of their shares.
pub fn join(rows: &mut Rows) -> Joined {
    let mut joined = Joined::default();
    let closed: Vec<Closed> = (0..rows.count())
        .filter_map(|place| option_row(rows, place))
        .collect();
    let mut shares: Vec<Shares> = (0..rows.count())
        .filter_map(|place| share_row(rows, place))
        .collect();
    for option in closed {
        let found = shares_of(&option, &shares);
        if found.is_empty() {
            // Cash settled options have none; then the engine says what it lacks.
            joined.problems.extend(
                missing(&option, &shares).map(|problem| (rows.line(option.place), problem)),
            );
            continue;
        }
        let mut cells = option.cells.clone();
        let mut fee = number(&cells, Column::Fee).unwrap_or_default();
        for at in found {
            if let Some(row) = shares.get_mut(at) {
                row.used = true;
                fee = fee
                    .checked_add(number(&row.cells, Column::Fee).unwrap_or_default())
                    .unwrap_or(fee);
                rows.remove(row.place);
                *joined
                    .ignored
                    .entry("shares of an exercised or assigned option")
                    .or_default() += 1;
            }
        }
        cells.retain(|(column, _)| !matches!(column, Column::Price | Column::Total));
        if !fee.is_zero() {
            set(&mut cells, Column::Fee, fee.to_string());
        }
        rows.fill(option.place, &cells);
    }
    joined
}

fn number(cells: &[(Column, String)], column: Column) -> Option<Decimal> {
    parse(cell(cells, column)?, DecimalMark::Point)
        .ok()
        .map(|written| written.value.abs())
}

fn day(cells: &[(Column, String)]) -> Option<Date> {
    Date::parse_iso(cell(cells, Column::Date)?.get(..10)?)
}

fn option_row(rows: &Rows, place: usize) -> Option<Closed> {
    let cells = rows.cells(place);
    let action = cell(&cells, Column::Action)?;
    if !matches!(action, "assign" | "exercise") {
        return None;
    }
    let terms = option_symbol::parse(cell(&cells, Column::Symbol)?)?;
    let contracts = number(&cells, Column::Quantity)?;
    let multiplier = number(&cells, Column::Multiplier).unwrap_or(Decimal::ONE_HUNDRED);
    // Who assigns to us a put, or whose call we exercise, sells us shares.
    let buys = (action == "assign") == (terms.right == Right::Put);
    Some(Closed {
        place,
        date: day(&cells)?,
        shares: contracts.checked_mul(multiplier)?,
        terms,
        buys,
        cells,
    })
}

fn share_row(rows: &Rows, place: usize) -> Option<Shares> {
    let cells = rows.cells(place);
    let buys = match cell(&cells, Column::Action)? {
        "buy" | "cover" | "bto" | "btc" => true,
        "sell" | "short" | "sto" | "stc" => false,
        _ => return None,
    };
    if option_symbol::parse(cell(&cells, Column::Symbol)?).is_some() {
        return None;
    }
    Some(Shares {
        place,
        date: day(&cells)?,
        quantity: number(&cells, Column::Quantity)?,
        price: number(&cells, Column::Price)?,
        buys,
        cells,
        used: false,
    })
}

fn fits(option: &Closed, row: &Shares) -> bool {
    !row.used
        && row.buys == option.buys
        && cell(&row.cells, Column::Symbol) == Some(option.terms.root.as_str())
        && row.price == option.terms.strike
        && cell(&row.cells, Column::Account) == cell(&option.cells, Column::Account)
        && row.date.days_since(option.date).unsigned_abs() <= DAYS
}

/// The rows that together are the shares: one of the right size, or the first ones that add up to it.
fn shares_of(option: &Closed, rows: &[Shares]) -> Vec<usize> {
    let candidates: Vec<usize> = (0..rows.len())
        .filter(|at| rows.get(*at).is_some_and(|row| fits(option, row)))
        .collect();
    let whole = candidates.iter().find(|at| {
        rows.get(**at)
            .is_some_and(|row| row.quantity == option.shares)
    });
    if let Some(at) = whole {
        return vec![*at];
    }
    let mut found = Vec::new();
    let mut sum = Decimal::ZERO;
    for at in candidates {
        let quantity = rows.get(at).map_or(Decimal::ZERO, |row| row.quantity);
        let Some(next) = sum
            .checked_add(quantity)
            .filter(|next| *next <= option.shares)
        else {
            continue;
        };
        found.push(at);
        sum = next;
        if sum == option.shares {
            return found;
        }
    }
    Vec::new()
}

/// Rows that look like the shares but are not as many: reading both would count them twice.
fn missing(option: &Closed, rows: &[Shares]) -> Option<Problem> {
    let near = rows.iter().find(|row| fits(option, row))?;
    Some(
        Problem::new(format!(
            "the option stands for {} shares of {}, but the row of its shares has {}",
            option.shares.normalize(),
            option.terms.root,
            near.quantity.normalize()
        ))
        .help("several assignments in one share row, or an adjusted contract: write them as one `assign` row each in a file of the canonical columns, and leave these out"),
    )
}
