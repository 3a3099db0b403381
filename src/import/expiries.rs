//! Options that expired end on their last day, whenever the broker books it: often on the next business day, which may be
//! in the next tax year.

use crate::diagnostic::Warning;
use crate::import::file::Shared;
use crate::trade::{Action, Class, Security, TimeOfDay};

/// The last moment of a day, in milliseconds.
const LAST: u32 = 86_399_999;

/// Moves expiries that are booked after the last day of their contract to that day.
pub fn date(shared: &mut Shared<'_>, securities: &[Security]) {
    let is_option = |class| matches!(class, Class::Option | Class::IndexOption | Class::Right);
    let last_day = |security: &Security| {
        let contract = security.contract.as_ref()?;
        contract.expiry.filter(|_| is_option(security.class))
    };
    if securities
        .iter()
        .all(|security| last_day(security).is_none())
    {
        return;
    }
    let mut at = Vec::new();
    for trade in &mut shared.trades {
        if trade.action != Action::Expire {
            continue;
        }
        let security = securities.get(trade.security.0 as usize);
        let Some(last) = security.and_then(last_day).filter(|day| trade.date > *day) else {
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
