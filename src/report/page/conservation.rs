//! The sums that must agree, for a reader: what was disallowed, basis, units.

use crate::answer::{Conservation, Units};
use crate::money::{Minor, Money, Quantity};
use crate::output::page::{Entry, Grid, GridColumn, Line, Page};
use crate::report::Frame;
use crate::report::page::{amount, count, quantity};

/// Securities listed one by one before they are only counted.
const MANY: usize = 40;

/// All three laws.
pub fn laws(frame: &Frame<'_>, page: &mut Page<'_>) {
    page.heading(format!("What came in and where it is, {}", frame.currency));
    losses(frame, page);
    page.entries(basis(frame));
    units(frame, page);
}

/// Losses disallowed are carried by what replaced them, gone for good, still pending, released since, or of a kind that
/// is never deductible.
pub fn losses(frame: &Frame<'_>, page: &mut Page<'_>) {
    let sums = &frame.answer.conservation;
    let mut entries = vec![
        Entry::Head("losses disallowed, all years".to_owned()),
        line(frame, carried(frame), sums.deferred),
        line(frame, "gone for good", sums.lost),
        line(frame, "still pending", sums.pending()),
    ];
    if sums.nondeductible != 0 {
        entries.push(line(frame, "never deductible", sums.nondeductible));
    }
    let left = sums.disallowed + sums.nondeductible;
    let listed: Minor = frame.answer.adjustments.iter().map(|one| one.amount).sum();
    // Where the adjustments are listed, what they come to beyond what is left counts again.
    let released = (listed - left).max(0);
    if released != 0 {
        entries.push(line(
            frame,
            "released by the sale of what replaced it",
            released,
        ));
    }
    entries.push(total(frame, "losses disallowed", left + released));
    page.entries(entries);
    open(frame, page);
}

/// Where a deferred loss is: in the basis of what replaced it, or waiting for its sale where a country moves no basis.
fn carried(frame: &Frame<'_>) -> &'static str {
    let sums = &frame.answer.conservation;
    if sums.deferred != 0 && sums.basis_moved.is_zero() {
        "carried by what replaced it"
    } else {
        "basis added"
    }
}

/// Losses that purchases after the data may still disallow.
pub fn open(frame: &Frame<'_>, page: &mut Page<'_>) {
    let open = frame.answer.conservation.open;
    if open != 0 {
        page.remark(format!(
            "losses of {} are not disallowed so far: purchases after the data may still change that",
            amount(frame, open)
        ));
    }
}

/// Basis in, with what was added to it, is basis out, gone or held. The exact sums agree to the last digit. In print each
/// lot is rounded by itself: held is what the lots are listed at, and what came in is the sum of rounded purchases.
fn basis(frame: &Frame<'_>) -> Vec<Entry> {
    let sums = &frame.answer.conservation;
    let printed = |sum: Money| sum.to_minor(frame.places).unwrap_or(0);
    let (moved, out) = (printed(sums.basis_moved), printed(sums.basis_out));
    let (gone, held) = (printed(sums.basis_gone), held(frame));
    let accounted = out + gone + held;
    vec![
        Entry::Head("basis".to_owned()),
        line(frame, "came in", accounted - moved),
        line(frame, "deferred losses and adjustments", moved),
        total(frame, "to account for", accounted),
        line(frame, "out with disposals", out),
        line(
            frame,
            "gone without a row: into shares by exercise, given away, sheltered",
            gone,
        ),
        line(frame, "held", held),
        total(frame, "accounted for", accounted),
    ]
}

/// What the lots are listed at. An open short has no basis.
fn held(frame: &Frame<'_>) -> Minor {
    let lots = frame.answer.lots.iter();
    let held = lots.filter(|lot| !lot.quantity.is_negative());
    held.map(|lot| lot.cost).sum()
}

fn units(frame: &Frame<'_>, page: &mut Page<'_>) {
    let all = named(frame);
    if all.is_empty() {
        return;
    }
    if all.len() > MANY {
        page.remark(format!(
            "units: what came in is what went out and what is held, for each of {}",
            count(all.len(), "symbol")
        ));
        return;
    }
    let shorts = all.iter().any(|(_, units)| !units.opened.is_zero());
    let mut columns = vec![
        GridColumn::text("units"),
        GridColumn::number("came in"),
        GridColumn::number("went out"),
        GridColumn::number("held"),
    ];
    if shorts {
        columns.extend(["opened short", "closed", "open"].map(GridColumn::number));
    }
    let rows = all.iter().map(|(symbol, units)| {
        let mut cells = vec![(*symbol).to_owned()];
        cells.extend([units.came, units.left, units.held].map(quantity));
        if shorts {
            cells.extend([units.opened, units.closed, units.short].map(unless_none));
        }
        Line::Row(cells)
    });
    page.grid(Grid::of(columns, rows.collect()));
}

fn unless_none(units: Quantity) -> String {
    if units.is_zero() {
        String::new()
    } else {
        quantity(units)
    }
}

fn named<'a>(frame: &Frame<'a>) -> Vec<(&'a str, &'a Units)> {
    let all = frame.answer.conservation.units.iter();
    let mut named: Vec<(&str, &Units)> = all
        .map(|units| (frame.symbol(units.security), units))
        .collect();
    named.sort_unstable_by_key(|(symbol, _)| *symbol);
    named
}

fn line(frame: &Frame<'_>, text: &str, minor: Minor) -> Entry {
    Entry::Line {
        text: text.to_owned(),
        amount: Some(amount(frame, minor)),
        notes: Vec::new(),
    }
}

fn total(frame: &Frame<'_>, text: &str, minor: Minor) -> Entry {
    Entry::Total {
        text: text.to_owned(),
        amount: amount(frame, minor),
    }
}

/// The same for programs.
pub fn json(frame: &Frame<'_>) -> serde_json::Value {
    let sums: &Conservation = &frame.answer.conservation;
    let minor = |minor| crate::money::minor_text(minor, frame.places);
    let units = named(frame).into_iter().map(|(symbol, units)| {
        serde_json::json!({
            "symbol": symbol,
            "came": units.came.to_string(), "left": units.left.to_string(), "held": units.held.to_string(),
            "opened": units.opened.to_string(), "closed": units.closed.to_string(), "short": units.short.to_string(),
        })
    });
    serde_json::json!({
        "losses": {
            "disallowed": minor(sums.disallowed), "deferred": minor(sums.deferred), "lost": minor(sums.lost),
            "pending": minor(sums.pending()), "nondeductible": minor(sums.nondeductible), "open": minor(sums.open),
        },
        "basis": {
            "came": sums.basis_in.to_string(), "moved": sums.basis_moved.to_string(),
            "out": sums.basis_out.to_string(), "gone": sums.basis_gone.to_string(),
            "held": sums.basis_held.to_string(),
        },
        "units": units.collect::<Vec<_>>(),
    })
}
