//! The reports as a person reads them: fewer columns, totals, thousands set apart.

pub mod adjustments;
pub mod comparison;
pub mod conservation;
pub mod disposals;
pub mod explain;
pub mod lots;
pub mod reading;
pub mod reconciliation;
pub mod sa108;
pub mod worksheet;

use crate::date::Date;
use crate::money::{Minor, Quantity};
use crate::output::digits;
use crate::output::page::Page;
use crate::output::table::Cell;
use crate::report::Frame;

/// More disposals than this are shown as totals per symbol unless the rows are asked for.
const MANY: usize = 200;

/// What `compute` shows a reader: the disposals, or where they are many their totals, and the netting of each year.
pub fn overview<'a>(frame: Frame<'a>) -> Page<'a> {
    let shown = disposals::positions(&frame).len();
    let mut page = if shown > MANY {
        disposals::per_symbol(frame)
    } else {
        disposals::rows(frame)
    };
    page.blocks.extend(worksheet::years(frame).blocks);
    page
}

/// An amount with its thousands set apart.
pub(super) fn amount(frame: &Frame<'_>, minor: Minor) -> String {
    digits::grouped(&digits::text(|out| {
        digits::amount(out, minor, frame.places);
    }))
}

/// The same, empty where there is nothing.
fn amount_if_any(frame: &Frame<'_>, minor: Minor) -> String {
    if minor == 0 {
        String::new()
    } else {
        amount(frame, minor)
    }
}

/// Units with their thousands set apart.
pub(super) fn quantity(quantity: Quantity) -> String {
    digits::grouped(&digits::text(|out| digits::quantity(out, quantity)))
}

fn date(date: Date) -> String {
    digits::text(|out| digits::date(out, date))
}

fn date_if_any(day: Option<Date>) -> String {
    day.map_or_else(String::new, date)
}

/// The name of a lot.
pub(super) fn lot_name(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Text(words) => words.to_string(),
        Cell::Id(id) => digits::text(|out| digits::id(out, *id)),
        Cell::Null
        | Cell::Word(_)
        | Cell::Date(_)
        | Cell::Amount(_)
        | Cell::Quantity(_)
        | Cell::Places(_)
        | Cell::Ids(_)
        | Cell::Rates(_)
        | Cell::Place(_) => String::new(),
    }
}

/// `1 disposal`, `2,000 disposals`.
pub fn count(n: usize, one: &str) -> String {
    let number = digits::grouped(&n.to_string());
    if n == 1 {
        format!("{number} {one}")
    } else if one.ends_with('s') || one.ends_with("ch") {
        format!("{number} {one}es")
    } else {
        format!("{number} {one}s")
    }
}
