//! Rows after the day of the report (`--as-of`): left out and counted before anything is said of the rows together, so
//! that no warning counts or names them.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::diagnostic::Warning;
use crate::import::file::Shared;
use crate::source::Source;
use crate::trade::{SecurityId, rows_after_report};

/// The rows left out: those of which nothing is left, as of a list whose rows are each a purchase and a sale.
#[derive(Default)]
pub struct Later(FxHashSet<Source>);

/// Leaves out the rows after the day of the report. What they say of a security's class holds all the same.
pub fn leave_out_later(shared: &mut Shared<'_>) -> Later {
    let mut later = Later::default();
    let by_settlement = shared.options.by_settlement;
    let Some(last) = shared.options.as_of else {
        return later;
    };
    let before = shared.trades.len();
    shared.trades.retain(|trade| {
        let stays = trade.day(by_settlement) <= last;
        if !stays {
            later.0.insert(trade.source);
        }
        stays
    });
    let left_out = before - shared.trades.len();
    if left_out == 0 {
        return later;
    }
    for trade in &shared.trades {
        later.0.remove(&trade.source);
    }
    shared.warnings.push(rows_after_report(left_out));
    shared.near_year_end.retain(|row| !later.0.contains(row));
    name_by_first_row(shared, &later);
    later
}

/// A security that a row left out named first is named by the first of the others.
fn name_by_first_row(shared: &mut Shared<'_>, later: &Later) {
    let mut first: FxHashMap<SecurityId, Source> = FxHashMap::default();
    for trade in &shared.trades {
        let known = first.entry(trade.security).or_insert(trade.source);
        *known = trade.source.min(*known);
    }
    for (security, row) in first {
        if let Some(draft) = shared.tables.draft(security)
            && later.0.contains(&draft.first)
        {
            draft.first = row;
        }
    }
}

impl Later {
    /// Takes the rows out of warnings, and warnings out that concern no other row.
    pub fn leave_out_of(&self, warnings: &mut Vec<Warning>) {
        if self.0.is_empty() {
            return;
        }
        warnings.retain_mut(|warning| {
            let named = !warning.at.is_empty();
            warning.at.retain(|row| !self.0.contains(row));
            !(named && warning.at.is_empty())
        });
    }
}
