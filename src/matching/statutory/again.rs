//! Losses on what is bought again, in countries of lots: Ireland fences them to the new units (TCA 1997 s 581(3)), Spain
//! lets them wait for those units' disposal (LIRPF s 33.5 f).
//!
//! A loss leaves a claim; a purchase in the window honours it when it arrives, the earliest claim first, and each unit
//! serves once.

use std::collections::VecDeque;
use std::ops::Range;

use rustc_hash::FxHashMap;

use super::moves::{Key, Move};
use super::stock::Lot;
use super::walk::{Taken, Walk};
use crate::answer::{Adjustment, LotName};
use crate::date::Date;
use crate::jurisdiction::Defer;
use crate::matching::Halt;
use crate::money::{Minor, Quantity, minor_share};
use crate::rule::Rule;
use crate::trade::{SecurityId, TradeId};

/// Days after a loss in which a purchase fences it; the last of them counts.
pub const FOUR_WEEKS: i32 = 28;

/// Losses that wait for purchases.
#[derive(Debug, Default)]
pub struct Again {
    /// Of each security, the earliest first.
    claims: FxHashMap<SecurityId, VecDeque<Claim>>,
    /// What is left of each loss that is fenced to units bought again.
    fenced: Vec<Minor>,
}

impl Again {
    fn add(&mut self, claim: Claim) {
        let claims = self.claims.entry(claim.key.1).or_default();
        claims.push_back(claim);
    }
}

#[derive(Clone, Debug)]
struct Claim {
    key: Key,
    until: Date,
    units: Quantity,
    matched: Quantity,
    amount: Minor,
    /// Rows of the sale that are losses, with the loss of each.
    rows: Vec<(u32, Quantity)>,
    /// The loss as one that is fenced, where it is.
    fence: Option<usize>,
    rule: &'static Rule,
}

impl Claim {
    fn waits(&self, today: Date) -> bool {
        self.until >= today && self.matched < self.units
    }
}

/// The same day two months later; a day that the month does not have is its last.
pub fn two_months_after(day: Date) -> Date {
    let later = day.add_months(2);
    if later.ymd().2 == day.ymd().2 {
        later
    } else {
        later.plus(-1)
    }
}

type Done = Result<(), Halt>;

impl Walk<'_> {
    /// Ireland: gains use the losses fenced to the units sold; a loss waits for units bought again.
    pub fn ring_fence(
        &mut self,
        step: &Move,
        rows: &[Option<u32>],
        taken: &[Taken],
        rule: &'static Rule,
    ) -> Done {
        let mut loss: Minor = 0;
        let mut own = Vec::new();
        for (row, one) in rows.iter().zip(taken) {
            let Some(row) = *row else { continue };
            self.use_fenced(row, one)?;
            let result = self.result(row);
            loss -= result;
            if result < 0 {
                own.push((row, Quantity::new((-result).into())?));
            }
        }
        if loss > 0 && self.window_reaches(step.key.1) {
            self.again.fenced.push(0);
            self.again.add(Claim {
                key: step.key,
                until: self.today.plus(FOUR_WEEKS),
                units: step.quantity,
                matched: Quantity::ZERO,
                amount: loss,
                rows: own,
                fence: Some(self.again.fenced.len() - 1),
                rule,
            });
        }
        Ok(())
    }

    fn result(&self, row: u32) -> Minor {
        self.rows
            .get(row as usize)
            .map_or(0, |row| row.proceeds - row.cost)
    }

    /// A fenced loss counts against the gain on any of the units it is fenced to, whichever purchase they are of.
    fn use_fenced(&mut self, row: u32, one: &Taken) -> Done {
        let gain = self.result(row).max(0);
        let (mut seen, mut given, mut total) = (Quantity::ZERO, 0, 0);
        for (loss, units) in one.fenced.iter() {
            seen = seen.plus(units)?;
            let sum = minor_share(gain, seen.min(one.quantity), one.quantity)?;
            if let Some(left) = self.again.fenced.get_mut(loss) {
                let used = (sum - given).min(*left);
                *left -= used;
                total += used;
            }
            given = sum;
        }
        if let Some(row) = self.rows.get_mut(row as usize) {
            row.adjustment -= total;
        }
        self.conservation.disallowed -= total;
        self.conservation.deferred -= total;
        Ok(())
    }

    /// What is left of a fenced loss went with the last of the units it was fenced to.
    pub fn lose_fenced(&mut self) {
        let lots = self.stocks.values().flat_map(|stock| &stock.lots);
        let mut held = vec![false; self.again.fenced.len()];
        for (loss, _) in lots.flat_map(|lot| lot.fenced.iter()) {
            if let Some(held) = held.get_mut(loss) {
                *held = true;
            }
        }
        let losses = self.again.fenced.iter().zip(held);
        let gone: Minor = losses
            .filter(|(_, held)| !held)
            .map(|(left, _)| *left)
            .sum();
        self.conservation.deferred -= gone;
        self.conservation.lost += gone;
    }

    /// Spain: what waited for the units sold counts now, but for units bought once more it waits on with their own loss.
    /// A row is a gain or a loss by itself: those that are gains have no part in what waits.
    pub fn two_months(
        &mut self,
        step: &Move,
        rows: &[Option<u32>],
        taken: &[Taken],
        rule: &'static Rule,
    ) -> Done {
        let mut own = Vec::new();
        let (mut units, mut amount) = (Quantity::ZERO, 0);
        for (row, one) in rows.iter().zip(taken) {
            let Some(row) = *row else { continue };
            let released = one.carried.amount;
            let waits = released + (-self.result(row)).max(0);
            if let Some(row) = self.rows.get_mut(row as usize) {
                row.adjustment -= released;
            }
            self.conservation.disallowed -= released;
            self.conservation.deferred -= released;
            if waits > 0 {
                own.push((row, Quantity::new(waits.into())?));
                units = units.plus(one.quantity)?;
                amount += waits;
            }
        }
        if own.is_empty() || !self.window_reaches(step.key.1) {
            return Ok(());
        }
        let mut claim = Claim {
            key: step.key,
            until: two_months_after(self.today),
            units,
            matched: Quantity::ZERO,
            amount,
            rows: own,
            fence: None,
            rule,
        };
        for (key, places) in self.bought_before(step.key) {
            self.serve(&mut claim, key, places)?;
        }
        self.again.add(claim);
        Ok(())
    }

    /// Purchases of the two months before today that are still held: the seller's own, then those of the spouse.
    fn bought_before(&self, own: Key) -> Vec<(Key, Range<usize>)> {
        let others = self.holders.all().filter(|holder| *holder != own.0);
        let others = others.filter(|holder| !self.holders.sheltered(*holder));
        let keys = std::iter::once(own.0).chain(others);
        let mut found = Vec::new();
        for key in keys.map(|holder| (holder, own.1)) {
            if let Some(stock) = self.stocks.get(&key) {
                // Two months hold 62 days at most.
                let mut first = stock.first_since(self.today.plus(-62));
                let early = |lot: &&Lot| two_months_after(lot.acquired) < self.today;
                first += stock.lots.range(first..).take_while(early).count();
                found.push((key, first..stock.lots.len()));
            }
        }
        found
    }

    /// Units just bought take over the losses that wait for them; those bought earlier that day, before the sale, do not.
    pub fn serve_waiting_losses(&mut self, key: Key, acquired: Date) -> Done {
        // Spouses are one for the windows (TCA 1997 s 581(4); Spain alike).
        let waits = matches!(
            self.law.defer,
            Some(Defer::RingFence(_) | Defer::TwoMonths(_))
        );
        if !waits || self.holders.sheltered(key.0) {
            return Ok(());
        }
        let (today, stock) = (self.today, self.stocks.get(&key));
        // What was just bought is the last of its day.
        let end = stock.map_or(0, |stock| stock.first_since(acquired.plus(1)));
        let bought = end.saturating_sub(1)..end;
        let Some(claims) = self.again.claims.get_mut(&key.1) else {
            return Ok(());
        };
        let mut claims = std::mem::take(claims);
        while claims.front().is_some_and(|claim| !claim.waits(today)) {
            claims.pop_front();
        }
        for claim in claims.iter_mut().filter(|claim| claim.waits(today)) {
            self.serve(claim, key, bought.clone())?;
            if claim.waits(today) {
                break;
            }
        }
        self.again.claims.insert(key.1, claims);
        Ok(())
    }

    /// Hands a claim's loss to the unused units of the lots of some places.
    fn serve(&mut self, claim: &mut Claim, key: Key, places: Range<usize>) -> Done {
        let mut served: Vec<(LotName, TradeId, Quantity, (Minor, Minor))> = Vec::new();
        let Some(stock) = self.stocks.get_mut(&key) else {
            return Ok(());
        };
        for lot in stock.lots.range_mut(places) {
            let open = claim.units.minus(claim.matched)?;
            if open.is_zero() {
                break;
            }
            let units = lot.unused.min(open);
            if units.is_zero() || !lot.purchased {
                continue;
            }
            let before = minor_share(claim.amount, claim.matched, claim.units)?;
            claim.matched = claim.matched.plus(units)?;
            let after = minor_share(claim.amount, claim.matched, claim.units)?;
            lot.unused = lot.unused.minus(units)?;
            lot.carried.units = lot.carried.units.plus(units)?;
            match claim.fence {
                Some(loss) => lot.fenced.add(loss, units),
                None => lot.carried.amount += after - before,
            }
            served.push((
                Self::lot_name(key.1, lot),
                lot.trade,
                units,
                (before, after),
            ));
        }
        for (name, trade, units, (before, after)) in served {
            self.take_back(claim, (before, after))?;
            let amount = after - before;
            let fenced = claim.fence.and_then(|loss| self.again.fenced.get_mut(loss));
            if let Some(left) = fenced {
                *left += amount;
            }
            self.adjustments.push(Adjustment {
                disposal: claim.rows.first().map_or(0, |(row, _)| *row),
                replacement: self.reported(key.0).then_some(name),
                purchase: Some(trade),
                replaced: true,
                rule: Some(claim.rule),
                quantity: units,
                amount,
                basis_after: None,
                held_from_after: None,
            });
            self.conservation.disallowed += amount;
            self.conservation.deferred += amount;
        }
        Ok(())
    }

    /// Takes back more of a claim from the rows of its sale, by their parts in it.
    fn take_back(&mut self, claim: &Claim, (before, after): (Minor, Minor)) -> Done {
        let mut total = Quantity::ZERO;
        for (_, part) in &claim.rows {
            total = total.plus(*part)?;
        }
        let (mut seen, mut given) = (Quantity::ZERO, 0);
        for (row, part) in &claim.rows {
            seen = seen.plus(*part)?;
            let sum = minor_share(after, seen, total)? - minor_share(before, seen, total)?;
            if let Some(row) = self.rows.get_mut(*row as usize) {
                row.adjustment += sum - given;
            }
            given = sum;
        }
        Ok(())
    }

    /// Claims on units that have become others wait for those (a change of name, a share-for-share exchange).
    pub fn turn_losses(&mut self, from: Key, to: Key) {
        let claims = self.again.claims.remove(&from.1);
        for mut claim in claims.into_iter().flatten() {
            if claim.key == from {
                claim.key = to;
            }
            self.again.add(claim);
        }
        if let Some(claims) = self.again.claims.get_mut(&to.1) {
            claims.make_contiguous().sort_by_key(|claim| claim.until);
        }
    }

    /// Claims are restated with the units they wait for.
    pub fn rescale_losses(&mut self, key: Key, new: Quantity, old: Quantity) -> Done {
        let claims = self.again.claims.get_mut(&key.1).into_iter().flatten();
        for claim in claims.filter(|claim| claim.key == key) {
            claim.units = claim.units.restated(new, old)?;
            claim.matched = claim.matched.restated(new, old)?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn two_months_end_on_the_same_day_or_the_last_of_the_month() {
        for (from, until) in [
            ("2003-02-15", "2003-04-15"),
            ("2023-12-31", "2024-02-29"),
            ("2022-12-30", "2023-02-28"),
            ("2023-06-30", "2023-08-30"),
        ] {
            let day = Date::parse_iso(from).unwrap();
            assert_eq!(two_months_after(day).to_string(), until);
        }
    }
}
