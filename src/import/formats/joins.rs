//! Corporate actions that stand in two rows: the old units leave in one, what replaces them arrives in the other.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::date::Date;
use crate::diagnostic::Problem;
use crate::import::columns::Column;
use crate::import::number::DecimalMark;

use super::mapping::{Event, Pair};
use super::rows::{Rows, cell, set};

/// What joining came to.
#[derive(Clone, Debug, Default)]
pub struct Joined {
    /// Rows that are now part of another.
    pub ignored: BTreeMap<&'static str, u64>,
    /// Parts without their other half, by line.
    pub problems: Vec<(u32, Problem)>,
}

struct Part {
    place: usize,
    event: String,
    role: String,
    cells: Vec<(Column, String)>,
}

/// Joins the rows at these places.
pub fn join(rows: &mut Rows, places: &[usize], pairs: &[Pair]) -> Joined {
    let mut joined = Joined::default();
    let mut parts: Vec<Part> = places
        .iter()
        .filter_map(|place| part(rows, *place))
        .collect();
    // What belongs together by an earlier pair of an event is not torn apart by a later one.
    for pair in pairs {
        let mut left = Vec::new();
        while !parts.is_empty() {
            let first = parts.remove(0);
            let partner = parts.iter().position(|other| {
                first.event == name(pair.event)
                    && other.event == first.event
                    && other.role != first.role
                    && belong(pair, &first, other)
            });
            match partner.map(|at| parts.remove(at)) {
                Some(partner) => joined.join(rows, &first, &partner),
                None => left.push(first),
            }
        }
        parts = left;
    }
    for part in parts {
        rows.remove(part.place);
        joined.problems.push((rows.line(part.place), alone(&part)));
    }
    joined
}

impl Joined {
    /// Writes two rows as one.
    fn join(&mut self, rows: &mut Rows, first: &Part, partner: &Part) {
        let line = rows.line(first.place);
        match together(first, partner) {
            Ok(cells) => {
                rows.fill(first.place, &cells);
                *self
                    .ignored
                    .entry("second row of a corporate action")
                    .or_default() += 1;
            }
            Err(problem) => {
                rows.remove(first.place);
                self.problems.push((line, problem));
            }
        }
        rows.remove(partner.place);
    }
}

fn part(rows: &Rows, place: usize) -> Option<Part> {
    let cells = rows.cells(place);
    let (event, role) = cell(&cells, Column::Action)?.split_once('.')?;
    Some(Part {
        place,
        event: event.to_owned(),
        role: role.to_owned(),
        cells,
    })
}

fn name(event: Event) -> &'static str {
    match event {
        Event::Trade => "trade",
        Event::Split => "split",
        Event::Merger => "merger",
        Event::Rename => "rename",
    }
}

fn belong(pair: &Pair, one: &Part, other: &Part) -> bool {
    pair.by.iter().all(|name| {
        let Some(column) = super::plan::column_named(name) else {
            return false;
        };
        if column == Column::Quantity {
            // As many units leave as arrive.
            return number(one, column) == number(other, column);
        }
        let (one, other) = (cell(&one.cells, column), cell(&other.cells, column));
        if column != Column::Date {
            return one == other;
        }
        let day = |text: Option<&str>| text.and_then(|text| Date::parse_iso(text.get(..10)?));
        match (day(one), day(other)) {
            (Some(one), Some(other)) => one.days_since(other).unsigned_abs() <= pair.window_days,
            _ => false,
        }
    })
}

fn alone(part: &Part) -> Problem {
    Problem::new(format!(
        "this row is one half of a {}, and the other half is not in the file",
        part.event
    ))
    .help(format!(
        "export a longer period, or write the event as one row of the canonical columns, with the action `{}`",
        part.event
    ))
}

fn number(part: &Part, column: Column) -> Option<Decimal> {
    let text = cell(&part.cells, column)?;
    let written = crate::import::number::parse(text, DecimalMark::Point).ok()?;
    Some(written.value.abs())
}

fn together(one: &Part, other: &Part) -> Result<Vec<(Column, String)>, Problem> {
    let by_role = |role: &str| [one, other].into_iter().find(|part| part.role == role);
    if one.event == "merger" {
        let (Some(cash), Some(units)) = (by_role("cash"), by_role("units")) else {
            return Err(alone(one));
        };
        let mut cells = units.cells.clone();
        set(&mut cells, Column::Action, "merger".to_owned());
        let total = number(cash, Column::Total).ok_or_else(|| alone(cash))?;
        set(&mut cells, Column::Total, total.to_string());
        set(
            &mut cells,
            Column::Quantity,
            number(units, Column::Quantity)
                .ok_or_else(|| alone(units))?
                .to_string(),
        );
        cells.retain(|(column, _)| *column != Column::Price);
        return Ok(cells);
    }
    let (Some(old), Some(new)) = (by_role("old"), by_role("new")) else {
        return Err(alone(one));
    };
    let (Some(before), Some(after)) =
        (number(old, Column::Quantity), number(new, Column::Quantity))
    else {
        return Err(Problem::new(
            "a split whose rows do not both say how many units",
        ));
    };
    if before.is_zero() || after.is_zero() {
        return Err(Problem::new("a split of nothing"));
    }
    let mut cells = new.cells.clone();
    cells.retain(|(column, _)| {
        !matches!(
            column,
            Column::Quantity | Column::Price | Column::Total | Column::Fee
        )
    });
    let symbols = (
        cell(&old.cells, Column::Symbol),
        cell(&new.cells, Column::Symbol),
    );
    if symbols.0 != symbols.1 && (before == after || one.event == "rename") {
        let (old, new) = (
            symbols.0.unwrap_or_default().to_owned(),
            symbols.1.unwrap_or_default().to_owned(),
        );
        // Another number of units under another name: new shares for old ones.
        let word = if before == after { "rename" } else { "merger" };
        if before != after {
            set(&mut cells, Column::Ratio, ratio_of(after, before));
        }
        set(&mut cells, Column::Action, word.to_owned());
        set(&mut cells, Column::Symbol, old);
        set(&mut cells, Column::NewSymbol, new);
        return Ok(cells);
    }
    set(&mut cells, Column::Action, "split".to_owned());
    set(&mut cells, Column::Ratio, ratio_of(after, before));
    Ok(cells)
}

fn ratio_of(after: Decimal, before: Decimal) -> String {
    format!("{}:{}", after.normalize(), before.normalize())
}
