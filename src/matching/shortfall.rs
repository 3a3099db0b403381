//! Sales of more than is held, and of what nobody knows the basis of.

use super::Halt;
use super::dispose::Sale;
use super::fold::Fold;
use super::jump::{self, Explanation, Jump};
use crate::diagnostic::Problem;
use crate::money::Quantity;

impl Fold<'_> {
    pub(super) fn oversold(&self, sale: &Sale<'_>, held: Quantity) -> Problem {
        let trade = self.history.trade(sale.trade);
        let (account, symbol) = (
            &self.history.account(sale.holding.0).name,
            self.symbol(sale.holding.1),
        );
        let missing = sale.quantity.minus(held).unwrap_or(sale.quantity);
        let elsewhere: Vec<String> = self
            .ledger
            .holders(sale.holding.1)
            .into_iter()
            .filter(|other| *other != sale.holding.0)
            .map(|other| {
                let held = self.ledger.held((other, sale.holding.1));
                match self.transit.left(other) {
                    Some(left) => {
                        let left = &self.history.account(left).name;
                        format!("{held} on their way from {left}")
                    }
                    None => format!("{held} in {}", self.history.account(other).name),
                }
            })
            .collect();
        let problem = Problem::at(
            trade.source,
            format!("{} on {}: sold {} of {symbol} but only {held} are held in {account}", trade.action.word(), self.today, sale.quantity),
        )
        .note("likely causes: a purchase from before the file, a missing split or rename, a transfer from another account, rows in the wrong order")
        .oversold();
        let problem = if elsewhere.is_empty() {
            problem
        } else {
            problem.note(format!("held elsewhere: {}", elsewhere.join(", ")))
        };
        if let Some(explanation) = self.jump(sale, held) {
            return explanation.explain(problem);
        }
        problem
            .help("if it was a short sale, use the action `short` (or --allow-short); if they were bought earlier, add a row like this with the real date and basis (columns date,action,symbol,quantity,basis,account):")
            .paste(format!("{},opening,{symbol},{missing},0.00,{account}", self.today.plus(-1)))
    }

    /// A missing row that would explain a sale of more than is held.
    pub(super) fn jump(&self, sale: &Sale<'_>, held: Quantity) -> Option<Explanation> {
        if self.problems.len() >= jump::MOST {
            return None;
        }
        let account = sale.holding.0;
        let earlier = self.events().iter().take_while(|id| **id != sale.trade);
        let earlier = earlier.map(|id| self.history.trade(*id));
        let mut jump = Jump {
            history: self.history,
            before: earlier.filter(|trade| trade.account == account).collect(),
            sale: self.history.trade(sale.trade),
            security: sale.holding.1,
            sold: sale.quantity,
            held,
        };
        if let Some(split) = jump.split() {
            return Some(split);
        }
        if !jump.appears() {
            return None;
        }
        // What vanished is in no way connected: it is looked for among all rows.
        let rows = self.history.trades.iter();
        jump.before = rows
            .filter(|trade| trade.account == account && trade.date < self.today)
            .collect();
        jump.before.sort_by_key(|trade| trade.date);
        jump.rename(|other| jump.units_before(other).unwrap_or_default())
    }

    pub(super) fn basis_unknown(&self, sale: &Sale<'_>) -> Halt {
        let (account, symbol) = (
            &self.history.account(sale.holding.0).name,
            self.symbol(sale.holding.1),
        );
        Problem::at(
            self.history.trade(sale.trade).source,
            format!("the basis of the {symbol} sold here is not known: they arrived in {account} without one"),
        )
        .help("give the arriving row a `basis` and an `acquired_date`; with --unknown-basis zero they count as having cost nothing")
        .into()
    }
}
