//! More sold than held, with an event that the rows lack: the smallest row that would explain it, a split where the price
//! fell with no split in between, a rename where one symbol vanished as the other appeared.

use rust_decimal::Decimal;

use crate::date::Date;
use crate::diagnostic::Problem;
use crate::money::Quantity;
use crate::trade::{Action, History, SecurityId, Trade};

/// Problems of more sold than held for which an explanation is looked for: no more than are shown in full.
pub const MOST: usize = 20;

/// Ratios of splits that are common, new and old.
const RATIOS: [(i64, i64); 19] = [
    (2, 1),
    (3, 1),
    (4, 1),
    (5, 1),
    (10, 1),
    (20, 1),
    (3, 2),
    (6, 1),
    (7, 1),
    (8, 1),
    (15, 1),
    (25, 1),
    (30, 1),
    (40, 1),
    (50, 1),
    (5, 2),
    (4, 3),
    (5, 4),
    (100, 1),
];

/// A sale of more than is held.
pub struct Jump<'a> {
    /// The trades.
    pub history: &'a History,
    /// Those of the holding up to the sale, of every security, oldest first.
    pub before: Vec<&'a Trade>,
    /// The sale.
    pub sale: &'a Trade,
    /// What was sold.
    pub security: SecurityId,
    /// How much.
    pub sold: Quantity,
    /// How much was held.
    pub held: Quantity,
}

/// A row that would explain it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What speaks for it.
    pub note: String,
    /// The columns of the row.
    pub columns: &'static str,
    /// The row.
    pub row: String,
}

impl Explanation {
    /// The problem with this row in place of the other advice.
    pub fn explain(self, problem: Problem) -> Problem {
        problem
            .note(self.note)
            .help(format!(
                "if that is so, add a row like this with the real day, before the sale (columns {}):",
                self.columns
            ))
            .paste(self.row)
    }
}

impl Jump<'_> {
    /// The smallest row that would explain it, if one would; `held` says what is held of another security.
    pub fn explanation(&self, held: impl Fn(SecurityId) -> Quantity) -> Option<Explanation> {
        self.split().or_else(|| self.rename(held))
    }

    /// The trades of the security with a price, up to the sale itself.
    fn priced(&self) -> Vec<Priced<'_>> {
        let mut held = Some(Decimal::ZERO);
        let mut found = Vec::new();
        for trade in self.before.iter().copied().chain([self.sale]) {
            if trade.security == self.security {
                held = held.and_then(|held| after(held, trade));
                let price = trade.price().filter(|price| !price.is_zero());
                found.extend(price.map(|price| Priced { trade, price, held }));
            }
        }
        found
    }

    /// A split that would explain it.
    pub fn split(&self) -> Option<Explanation> {
        let (priced, known) = (self.priced(), self.split_days());
        let mut best: Option<(Fit, Explanation)> = None;
        for pair in priced.windows(2) {
            let [last, first] = pair else {
                continue;
            };
            let since = known.partition_point(|day| *day < last.trade.date);
            let next = known.get(since);
            if next.is_some_and(|day| *day <= first.trade.date) {
                continue;
            }
            for ratio in RATIOS {
                let Some(fit) = self.fit(ratio, last, first.price) else {
                    continue;
                };
                if best.as_ref().is_none_or(|(known, _)| fit < *known) {
                    best = Some((fit, self.split_row(ratio, last, first)));
                }
            }
        }
        best.map(|(_, explanation)| explanation)
    }

    /// The days of the splits that the rows have.
    fn split_days(&self) -> Vec<Date> {
        let own = self.history.trades.iter().filter(|trade| {
            trade.security == self.security
                && matches!(trade.action, Action::Split | Action::StockDividend)
        });
        let mut days: Vec<Date> = own.map(|trade| trade.date).collect();
        days.sort_unstable();
        days
    }

    /// How well a split between two prices explains the sale; `None` where it does not.
    fn fit(&self, (new, old): (i64, i64), last: &Priced<'_>, cheap: Decimal) -> Option<Fit> {
        let (new, old) = (Decimal::from(new), Decimal::from(old));
        let (before, after) = (last.price.checked_mul(old)?, cheap.checked_mul(new)?);
        let off = before.checked_sub(after)?.abs();
        // The price moved by a quarter at most beside the split, and by less than it would have without one.
        let plain = before.checked_sub(cheap.checked_mul(old)?)?.abs();
        if off.checked_mul(Decimal::from(4))? > after || off >= plain {
            return None;
        }
        let split = last.held?;
        let added = split.checked_mul(new.checked_sub(old)?)?;
        let held = self.held.to_decimal().checked_mul(old)?;
        let (would, sold) = (
            held.checked_add(added)?,
            self.sold.to_decimal().checked_mul(old)?,
        );
        if would < sold || split <= Decimal::ZERO {
            return None;
        }
        let parts = off.checked_mul(Decimal::ONE_THOUSAND)?.checked_div(after)?;
        Some(Fit {
            more: would != sold,
            off: parts.round(),
        })
    }

    /// Units of a security held before the sale, as far as purchases and sales say.
    pub fn units_before(&self, security: SecurityId) -> Option<Quantity> {
        let mut own = self.before.iter().filter(|t| t.security == security);
        let units = own.try_fold(Decimal::ZERO, |held, trade| after(held, trade))?;
        Quantity::new(units).ok()
    }

    fn split_row(
        &self,
        (new, old): (i64, i64),
        last: &Priced<'_>,
        first: &Priced<'_>,
    ) -> Explanation {
        let (dear, cheap) = (last.price, first.price);
        let (last, first) = (last.trade, first.trade);
        let symbol = &self.history.security(self.security).symbol;
        let day = self.day_before(first.date, last.date);
        Explanation {
            note: format!(
                "the price was {} on {} and {} on {}: a split of {new}:{old} in between would explain it",
                dear.normalize(),
                last.date,
                cheap.normalize(),
                first.date
            ),
            columns: "date,action,symbol,ratio",
            row: format!("{day},split,{symbol},{new}:{old}"),
        }
    }

    /// The day before one, but not before another.
    fn day_before(&self, day: Date, earliest: Date) -> Date {
        day.plus(-1).max(earliest)
    }

    /// Whether the security appears from nowhere.
    pub fn appears(&self) -> bool {
        let came = |trade: &&Trade| trade.security == self.security && !goes_out(trade.action);
        self.held.is_zero() && !self.before.iter().any(came)
    }

    /// A symbol that was held and is heard of no more, where this one appears from nowhere.
    pub fn rename(&self, held: impl Fn(SecurityId) -> Quantity) -> Option<Explanation> {
        if !self.appears() {
            return None;
        }
        let class = self.history.security(self.security).class;
        let mut others: Vec<SecurityId> = self.before.iter().map(|t| t.security).collect();
        others.sort_unstable();
        others.dedup();
        let vanished = |id: &SecurityId| {
            *id != self.security
                && self.history.security(*id).class == class
                && held(*id) >= self.sold
                && self.near_in_price(*id)
                && !self.heard_of_again(*id)
        };
        let candidates: Vec<SecurityId> = others.into_iter().filter(vanished).collect();
        let exact: Vec<SecurityId> = candidates
            .iter()
            .copied()
            .filter(|id| held(*id) == self.sold)
            .collect();
        match (&candidates[..], &exact[..]) {
            ([one], _) | (_, [one]) => self.rename_row(*one, held(*one)),
            _ => None,
        }
    }

    fn last_of(&self, id: SecurityId) -> Option<&Trade> {
        let mut rows = self.before.iter().rev();
        rows.find(|trade| trade.security == id).copied()
    }

    /// Whether what it last cost is within half and double of what this one sold for.
    fn near_in_price(&self, id: SecurityId) -> bool {
        let mut rows = self
            .before
            .iter()
            .rev()
            .filter(|trade| trade.security == id);
        let last = rows.find_map(|trade| trade.price());
        match (last, self.sale.price()) {
            (Some(last), Some(now)) => {
                let double = |price: Decimal| price.checked_add(price).unwrap_or(price);
                last <= double(now) && now <= double(last)
            }
            _ => true,
        }
    }

    fn heard_of_again(&self, id: SecurityId) -> bool {
        let mut rows = self.history.trades.iter();
        rows.any(|trade| {
            trade.security == id
                && trade.account == self.sale.account
                && trade.date >= self.sale.date
        })
    }

    fn rename_row(&self, from: SecurityId, held: Quantity) -> Option<Explanation> {
        let old = &self.history.security(from).symbol;
        let new = &self.history.security(self.security).symbol;
        let last = self.last_of(from)?.date;
        let day = self.day_before(self.sale.date, last);
        Some(Explanation {
            note: format!(
                "{held} of {old} are held and not heard of after {last}, and {new} was never bought: a rename would explain it"
            ),
            columns: "date,action,symbol,new_symbol",
            row: format!("{day},rename,{old},{new}"),
        })
    }
}

/// A trade with a price, and the units held once it was done, as far as purchases and sales say.
struct Priced<'a> {
    trade: &'a Trade,
    price: Decimal,
    held: Option<Decimal>,
}

/// Units held after a trade, as far as purchases, sales and ratios say.
fn after(held: Decimal, trade: &Trade) -> Option<Decimal> {
    let units = trade.quantity().unwrap_or_default();
    if comes_in(trade.action) {
        held.checked_add(units)
    } else if goes_out(trade.action) {
        held.checked_sub(units)
    } else if let Some((new, old)) = trade.rest().rarest().ratio {
        held.checked_mul(new)?.checked_div(old)
    } else {
        Some(held)
    }
}

/// How well a split explains a sale: exactly what is held first, then the nearest price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fit {
    /// Whether more would be held than is sold.
    more: bool,
    /// How far the price is off, in thousandths.
    off: Decimal,
}

/// Whether an action brings units in.
fn comes_in(action: Action) -> bool {
    matches!(
        action,
        Action::Buy
            | Action::BuyToOpen
            | Action::Reinvest
            | Action::Income
            | Action::Opening
            | Action::GiftIn
            | Action::Inherit
            | Action::TransferIn
            | Action::StockDividend
    )
}

/// Whether an action takes units away.
fn goes_out(action: Action) -> bool {
    matches!(
        action,
        Action::Sell
            | Action::SellToClose
            | Action::Spend
            | Action::GiftOut
            | Action::TransferOut
            | Action::Lost
    )
}
