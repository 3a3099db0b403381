//! Problems that follow from others: where a row could not be carried out, its units are missing in the sales after it.

use rustc_hash::FxHashMap;

use crate::date::Date;
use crate::diagnostic::Problem;
use crate::source::Source;
use crate::trade::{History, SecurityId, Trade};

/// Leaves sales of more than is held out where an earlier row of the same security has a problem of its own.
pub fn leave_out(problems: &mut Vec<Problem>, history: &History) {
    let rows = rows_of(problems, history);
    let of = |problem: &Problem| {
        let place = problem.place.as_ref();
        place
            .and_then(|place| rows.get(&place.source))
            .into_iter()
            .flatten()
    };
    let mut broken: FxHashMap<SecurityId, Date> = FxHashMap::default();
    for trade in problems.iter().filter(|p| !p.oversold).flat_map(of) {
        for security in securities(trade) {
            let first = broken.entry(security).or_insert(trade.date);
            *first = trade.date.min(*first);
        }
    }
    let follows = |trade: &&Trade| {
        let mut own = securities(trade);
        own.any(|security| broken.get(&security).is_some_and(|day| *day <= trade.date))
    };
    problems.retain(|problem| !problem.oversold || !of(problem).any(follows));
}

/// The trades of the rows that have a problem.
fn rows_of<'h>(problems: &[Problem], history: &'h History) -> FxHashMap<Source, Vec<&'h Trade>> {
    let places = problems.iter().filter_map(|problem| problem.place.as_ref());
    let mut rows: FxHashMap<Source, Vec<&Trade>> =
        places.map(|place| (place.source, Vec::new())).collect();
    for trade in &history.trades {
        if let Some(row) = rows.get_mut(&trade.source) {
            row.push(trade);
        }
    }
    rows
}

/// What a row moves: its security, the one that arrives, that of its fee.
fn securities(trade: &Trade) -> impl Iterator<Item = SecurityId> {
    let rarest = trade.rest().rarest();
    let others = [rarest.new_security, rarest.fee_asset];
    std::iter::once(trade.security).chain(others.into_iter().flatten())
}
