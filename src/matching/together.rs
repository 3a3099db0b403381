//! Rows that are one disposal: the fills of one order on a day, and what one event takes out of every account. No loss of
//! theirs is matched before the last of them has left, so that none of them replaces another, however many rows and
//! files they were written in.

use rustc_hash::FxHashMap;

use super::Halt;
use super::fold::Fold;
use super::wash::Loss;
use crate::date::Date;
use crate::trade::{AccountId, Action, History, SecurityId, Trade, TradeId};

/// What makes rows of one day one disposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum One<'a> {
    /// A contract ends, or a security is bought up or becomes worthless, for all who hold it.
    Event(Action, SecurityId),
    /// The fills of an order to sell.
    Order(AccountId, SecurityId, &'a str),
}

impl<'a> One<'a> {
    /// What a row is a part of, where it may be but a part.
    fn of(trade: &'a Trade) -> Option<Self> {
        match trade.action {
            Action::Expire | Action::CashSettle | Action::Worthless => {
                Some(Self::Event(trade.action, trade.security))
            }
            Action::Merger => {
                let for_cash = trade.rest().rarest().new_security.is_none();
                for_cash.then_some(Self::Event(trade.action, trade.security))
            }
            Action::Sell | Action::SellToClose | Action::Close => {
                let order = trade.rare()?.order.as_deref()?;
                Some(Self::Order(trade.account, trade.security, order))
            }
            _ => None,
        }
    }
}

/// Losses of the day whose disposal has further rows.
#[derive(Debug, Default)]
pub struct Together<'a> {
    /// The day that the last rows are known of.
    day: Option<Date>,
    /// The last row of each disposal of that day.
    last: FxHashMap<One<'a>, TradeId>,
    /// Losses, each with the last row of its disposal.
    waiting: Vec<(TradeId, Loss)>,
}

impl<'a> Fold<'a> {
    /// Keeps losses back until the last row of their disposal; says whether there is one to wait for.
    pub(super) fn wait_for_the_rest(&mut self, losses: &[Loss]) -> bool {
        let Some((id, one)) = self
            .current_event()
            .and_then(|(id, trade)| Some((id, One::of(trade)?)))
        else {
            return false;
        };
        if self.together.day != Some(self.today) {
            self.together.day = Some(self.today);
            self.together.last.clear();
            for id in self.rest_of_day() {
                if let Some(one) = One::of(self.history.trade(id)) {
                    self.together.last.insert(one, id);
                }
            }
        }
        let last = self.together.last.get(&one).copied().unwrap_or(id);
        let waiting = &mut self.together.waiting;
        if last == id && !waiting.iter().any(|(until, _)| *until == id) {
            return false;
        }
        waiting.extend(losses.iter().map(|loss| (last, *loss)));
        true
    }

    /// Matches what waited for this row.
    pub(super) fn claim_together(&mut self, id: TradeId) -> Result<(), Halt> {
        if self.together.waiting.is_empty() {
            return Ok(());
        }
        let mut own = Vec::new();
        self.together.waiting.retain(|(until, loss)| {
            if *until == id {
                own.push(*loss);
            }
            *until != id
        });
        self.claim(&mut own)
    }
}

/// Whether two rows that sell short are fills of one order.
pub fn is_one_short_sale(history: &History, one: TradeId, other: TradeId) -> bool {
    let order = |id: TradeId| {
        let trade = history.trade(id);
        let order = trade.rare()?.order.as_deref()?;
        Some((trade.account, trade.security, order))
    };
    one == other || order(one).is_some_and(|own| Some(own) == order(other))
}
