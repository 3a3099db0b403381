//! More sold than held: an acquisition of the same day is taken first, and what is still missing is a problem.

use super::Resolver;
use crate::diagnostic::Problem;
use crate::matching::jump::{self, Explanation, Jump};
use crate::matching::statutory::moves::{Key, Move, What};
use crate::money::Quantity;
use crate::trade::{Action, SecurityId, Trade, TradeId};

impl<'a> Resolver<'a> {
    /// The next acquisition of today that would fill a holding, where the rows do not say which came first.
    pub(super) fn bring_forward(&mut self, key: Key) -> bool {
        let fills = |id: &TradeId| {
            let trade = self.history.trade(*id);
            let brings = trade.brings();
            let to = brings.map(|(account, security)| self.key(account, security));
            trade.time.is_none() && to == Some(key)
        };
        let Some(position) = self.upcoming.iter().rposition(fills) else {
            return false;
        };
        let id = self.upcoming.remove(position);
        self.row(id);
        true
    }

    /// Where a day is one, only its end counts: more sold than held then is a problem, unless shorts are allowed.
    pub(super) fn refuse_oversold(&mut self, first: usize) {
        if self.rules.allow_short && self.law.waits_for_purchase() {
            return;
        }
        let mut seen: Vec<Key> = Vec::new();
        let today: Vec<Move> = self.moves.get(first..).unwrap_or_default().to_vec();
        for step in today.iter().rev() {
            let held = self.held(step.key);
            let out = matches!(step.what, What::Out { .. });
            let short = self.history.trade(step.trade).action == Action::Short;
            if !out || short || !held.is_negative() || seen.contains(&step.key) {
                continue;
            }
            seen.push(step.key);
            let had = step.quantity.plus(held).unwrap_or(Quantity::ZERO);
            let problem = self.oversold(step.trade, step.key.1, step.quantity, had);
            self.problems.push(problem);
        }
    }

    pub(super) fn oversold(
        &self,
        id: TradeId,
        security: SecurityId,
        quantity: Quantity,
        held: Quantity,
    ) -> Problem {
        let trade = self.history.trade(id);
        let symbol = self.symbol(security);
        let missing = quantity.minus(held).unwrap_or(quantity);
        let held = if held.is_negative() {
            Quantity::ZERO
        } else {
            held
        };
        let (account, day) = (&self.history.account(trade.account).name, self.today);
        let problem = Problem::at(
            trade.source,
            format!("{} on {day}: sold {quantity} of {symbol} but only {held} are held", trade.action.word()),
        )
        .note("likely causes: a purchase from before the file, a missing split or rename, rows of another account left out")
        .oversold();
        if let Some(explanation) = self.jump(id, security, quantity, held) {
            return explanation.explain(problem);
        }
        problem
            .help("if it was a short sale, use the action `short` (or --allow-short); if they were bought earlier, add a row like this with the real date and basis (columns date,action,symbol,quantity,basis,account):")
            .paste(format!("{},opening,{symbol},{missing},0.00,{account}", day.plus(-1)))
    }

    /// A missing row that would explain it.
    fn jump(
        &self,
        id: TradeId,
        security: SecurityId,
        sold: Quantity,
        held: Quantity,
    ) -> Option<Explanation> {
        if self.problems.len() >= jump::MOST {
            return None;
        }
        let sale = self.history.trade(id);
        let holder = self.holders.of(sale.account);
        let own = |(at, trade): &(usize, &Trade)| {
            *at != id.0 as usize
                && trade.date <= sale.date
                && self.holders.of(trade.account) == holder
        };
        let rows = self.history.trades.iter().enumerate().filter(own);
        let mut before: Vec<&Trade> = rows.map(|(_, trade)| trade).collect();
        before.sort_by_key(|trade| trade.date);
        let jump = Jump {
            history: self.history,
            before,
            sale,
            security,
            sold,
            held,
        };
        jump.explanation(|other| self.held((holder, other)))
    }
}
