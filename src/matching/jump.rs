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

    /// The trades of the security, with what each was worth a unit, up to the sale itself.
    fn priced(&self) -> Vec<(&Trade, Decimal)> {
        let own = self.before.iter().copied().chain([self.sale]);
        own.filter(|trade| trade.security == self.security)
            .filter_map(|trade| Some((trade, trade.price().filter(|p| !p.is_zero())?)))
            .collect()
    }

    /// A split that would explain it.
    pub fn split(&self) -> Option<Explanation> {
        let priced = self.priced();
        let mut best: Option<(Fit, Explanation)> = None;
        for pair in priced.windows(2) {
            let [(old, dear), (new, cheap)] = pair else {
                continue;
            };
            if self.split_between(old, new) {
                continue;
            }
            for ratio in RATIOS {
                let Some(fit) = self.fit(ratio, *dear, *cheap, old) else {
                    continue;
                };
                if best.as_ref().is_none_or(|(known, _)| fit < *known) {
                    best = Some((fit, self.split_row(ratio, (old, *dear), (new, *cheap))));
                }
            }
        }
        best.map(|(_, explanation)| explanation)
    }

    fn split_between(&self, first: &Trade, last: &Trade) -> bool {
        let mut splits = self.history.trades.iter();
        splits.any(|trade| {
            trade.security == self.security
                && matches!(trade.action, Action::Split | Action::StockDividend)
                && (first.date..=last.date).contains(&trade.date)
        })
    }

    /// How well a split between two prices explains the sale; `None` where it does not.
    fn fit(
        &self,
        (new, old): (i64, i64),
        dear: Decimal,
        cheap: Decimal,
        last: &Trade,
    ) -> Option<Fit> {
        let (new, old) = (Decimal::from(new), Decimal::from(old));
        let (before, after) = (dear.checked_mul(old)?, cheap.checked_mul(new)?);
        let off = before.checked_sub(after)?.abs();
        // The price moved by a quarter at most beside the split, and by less than it would have without one.
        let plain = before.checked_sub(cheap.checked_mul(old)?)?.abs();
        if off.checked_mul(Decimal::from(4))? > after || off >= plain {
            return None;
        }
        let split = self.units_until(last)?;
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

    /// Units held once a trade was done, as far as purchases and sales say.
    fn units_until(&self, last: &Trade) -> Option<Decimal> {
        self.units(self.security, Some(last))
    }

    /// Units of a security held before the sale, as far as purchases and sales say.
    pub fn units_before(&self, security: SecurityId) -> Option<Quantity> {
        Quantity::new(self.units(security, None)?).ok()
    }

    fn units(&self, security: SecurityId, last: Option<&Trade>) -> Option<Decimal> {
        let mut sum = Decimal::ZERO;
        for trade in &self.before {
            if trade.security == security {
                let units = trade.quantity().unwrap_or_default();
                if comes_in(trade.action) {
                    sum = sum.checked_add(units)?;
                } else if goes_out(trade.action) {
                    sum = sum.checked_sub(units)?;
                } else if let Some((new, old)) = trade.rest().rarest().ratio {
                    sum = sum.checked_mul(new)?.checked_div(old)?;
                }
            }
            if last.is_some_and(|last| std::ptr::eq(*trade, last)) {
                break;
            }
        }
        Some(sum)
    }

    fn split_row(
        &self,
        (new, old): (i64, i64),
        (last, dear): (&Trade, Decimal),
        (first, cheap): (&Trade, Decimal),
    ) -> Explanation {
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
                && trade.date > self.sale.date
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
