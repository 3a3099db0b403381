//! A new name that the accounts of one person book on different days.

use super::holders::Holders;
use crate::timeline::Timeline;
use crate::trade::{AccountId, Action, History, SecurityId};

/// Days that two accounts may lie apart with one change of name.
const DAYS_APART: i32 = 31;

/// A row that gives the units of one account a new name.
struct Renamed {
    place: usize,
    account: AccountId,
    from: SecurityId,
    to: SecurityId,
}

/// The history as it is where the new name holds for a person from the first row that says it: what another account
/// calls by the old one until its own row is the same property. None where nothing is to be called otherwise.
pub fn booked_apart(history: &History, holders: &Holders, timeline: &Timeline) -> Option<History> {
    let mut renamed: Vec<Renamed> = Vec::new();
    let mut own: Option<History> = None;
    for (place, id) in timeline.iter().enumerate() {
        let trade = history.trade(*id);
        if trade.action != Action::Rename || !trade.account_given {
            continue;
        }
        let Some(to) = trade.rest().rarest().new_security else {
            continue;
        };
        let later = Renamed {
            place,
            account: trade.account,
            from: trade.security,
            to,
        };
        let same = |first: &&Renamed| {
            let day = timeline.get(first.place).map(|id| history.trade(*id).date);
            (first.from, first.to) == (later.from, later.to)
                && holders.of(first.account) == holders.of(later.account)
                && day.is_some_and(|day| trade.date <= day.plus(DAYS_APART))
        };
        let first = renamed.iter().find(same).map(|first| first.place);
        for id in timeline
            .get(first.unwrap_or(place)..place)
            .unwrap_or_default()
        {
            let between = history.trade(*id);
            if (between.account, between.security) == (later.account, later.from) {
                let own = own.get_or_insert_with(|| history.clone());
                if let Some(trade) = own.trades.get_mut(id.0 as usize) {
                    trade.security = later.to;
                }
            }
        }
        renamed.push(later);
    }
    own
}
