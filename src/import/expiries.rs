//! Options that expired end on their last day, whenever the broker books it: often on the next business day, which may be
//! in the next tax year.

use crate::diagnostic::Warning;
use crate::import::file::Shared;
use crate::trade::{Action, SecurityId, TimeOfDay};

/// The last moment of a day, in milliseconds.
const LAST: u32 = 86_399_999;

/// Moves expiries that are booked after the last day of their contract to that day.
pub fn date(shared: &mut Shared<'_>) {
    let drafts = &shared.tables.securities;
    let last_day = |id: SecurityId| drafts.get(id.0 as usize)?.contract.expiry;
    if drafts.iter().all(|draft| draft.contract.expiry.is_none()) {
        return;
    }
    let mut at = Vec::new();
    for trade in &mut shared.trades {
        if trade.action != Action::Expire {
            continue;
        }
        let Some(last) = last_day(trade.security).filter(|day| trade.date > *day) else {
            continue;
        };
        trade.date = last;
        trade.time = trade.time.and_then(|_| TimeOfDay::new(LAST));
        at.push(trade.source);
    }
    if !at.is_empty() {
        shared.warnings.push(Warning {
            code: "expired-before",
            message:
                "rows book an expiry after the last day of the contract; it counts on that day"
                    .to_owned(),
            at,
            needs_user: false,
        });
    }
}
