//! Units that come in from outside the rows with a day of acquisition of their own: opening balances and what moves in
//! from other accounts. Where one person has one holding, they have been in it since that day.

use rustc_hash::FxHashMap;

use super::{CHANGES, Resolver, order};
use crate::date::Date;
use crate::jurisdiction::Scope;
use crate::matching::statutory::moves::Manner;
use crate::trade::{Action, SecurityId, Trade, TradeId};

impl Resolver<'_> {
    /// Finds the rows whose units were acquired before their day, and lets them count from then on. Units are stated as
    /// they were on the day of the row: where a corporate action lies between, that day stays.
    pub(super) fn date_by_acquisition(&mut self, rows: &[TradeId]) {
        if self.law.scope != Scope::Person || !self.rules.overview.rare {
            return;
        }
        let earlier = |id: &TradeId| {
            let trade = self.history.trade(*id);
            let day = self.own_day(trade)?;
            (day < self.calendar.day_of(trade)).then_some((*id, day))
        };
        let found: Vec<(TradeId, Date)> = rows.iter().filter_map(earlier).collect();
        if found.is_empty() {
            return;
        }
        let changes = self.days_of(rows, |trade| order(trade) == CHANGES);
        let disposals = self.days_of(rows, |trade| disposes(trade.action));
        for (id, acquired) in found {
            let trade = self.history.trade(id);
            let day = self.calendar.day_of(trade);
            let any = |days: &FxHashMap<SecurityId, Vec<Date>>| {
                let days = days.get(&trade.security).map_or(&[][..], Vec::as_slice);
                let first = days.partition_point(|other| *other < acquired);
                days.get(first).is_some_and(|other| *other <= day)
            };
            if any(&changes) {
                self.warn(
                    "acquired-before-change",
                    "units came in after a corporate action of the same security, with an `acquired_date` before it: whether they are counted before or after it is not said, so they count from the day of their row only; to have them count earlier, put the row on the `acquired_date`, with the units and basis of that day",
                    id,
                );
                continue;
            }
            if any(&disposals) {
                self.warn(
                    "held-elsewhere",
                    "units came in after sales of the same security, with an `acquired_date` before them: they count as held from that date on, so those sales take their part of them; if they came from another person, give the day of the gift or purchase instead",
                    id,
                );
            }
            self.since.insert(id, acquired);
        }
    }

    /// The day of acquisition that a row says for units from outside the data.
    fn own_day(&self, trade: &Trade) -> Option<Date> {
        let rest = match trade.action {
            Action::Opening | Action::TransferIn => trade.rest().rarest(),
            _ => return None,
        };
        let brings = trade.action == Action::Opening || rest.basis.is_some();
        rest.acquired.filter(|_| brings)
    }

    /// The days of some rows, by security, in order.
    fn days_of(
        &self,
        rows: &[TradeId],
        wanted: impl Fn(&Trade) -> bool,
    ) -> FxHashMap<SecurityId, Vec<Date>> {
        let mut found: FxHashMap<SecurityId, Vec<Date>> = FxHashMap::default();
        for id in rows {
            let trade = self.history.trade(*id);
            if !wanted(trade) {
                continue;
            }
            let day = self.calendar.day_of(trade);
            found.entry(trade.security).or_default().push(day);
            if let Some(new) = trade.rest().rarest().new_security {
                found.entry(new).or_default().push(day);
            }
        }
        found.values_mut().for_each(|days| days.sort_unstable());
        found
    }

    /// How units of a row with a day of acquisition come in, and that day where it is not today: as a purchase of the
    /// day, or with an older one that no window looks at.
    pub(super) fn by_acquisition(&mut self, id: TradeId) -> (Manner, Option<Date>) {
        let trade = self.history.trade(id);
        match trade.rest().rarest().acquired {
            Some(day) if day < self.today => (Manner::Other, Some(day)),
            Some(_) => (Manner::Purchase, None),
            // An opening lot is dated at its acquisition; what moves in without a date may be of any age.
            None if trade.action == Action::Opening => {
                self.undated.insert(id);
                (Manner::Purchase, None)
            }
            None => (Manner::Other, Some(Date::FIRST)),
        }
    }
}

/// Whether units leave in a way that gives a result.
fn disposes(action: Action) -> bool {
    matches!(
        action,
        Action::Sell
            | Action::SellToClose
            | Action::Spend
            | Action::Swap
            | Action::GiftOut
            | Action::Worthless
    )
}
