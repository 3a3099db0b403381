//! Rows one after the other: what comes in joins a pool or is a lot, what leaves takes its cost along.

use super::{Done, Origin, Row, Taken, Walk, round_up, take_from};
use crate::answer::Match;
use crate::answer::trail::{Cause, Movement};
use crate::date::Date;
use crate::jurisdiction::{Defer, Unit};
use crate::matching::Halt;
use crate::matching::statutory::moves::{Key, Manner, Move, Way, What};
use crate::matching::statutory::stock::{Carried, Fenced, Lot};
use crate::matching::statutory::told::PoolPlace;
use crate::matching::trail::Handle;
use crate::money::{Minor, Money, Quantity};
use crate::parcel::{Parcel, Part};
use crate::trade::{AccountId, Class, SecurityId, TradeId};

impl<'a> Walk<'a> {
    pub(super) fn single(&mut self, place: usize, step: &Move) -> Done {
        match step.what {
            What::In {
                cost,
                manner: Manner::Purchase,
                premium,
                acquired,
            } => {
                let cost = cost.plus(self.premium(step, premium))?;
                self.come_in(step, cost, true, acquired)
            }
            What::Out {
                proceeds,
                way,
                premium,
            } => {
                let proceeds = proceeds.minus(self.premium(step, premium))?;
                self.dispose(place, step, proceeds, way)
            }
            _ => self.other(step),
        }
    }

    /// Units join the pool, or are a lot; losses that wait for them are handed over.
    pub(super) fn come_in(
        &mut self,
        step: &Move,
        cost: Money,
        purchased: bool,
        acquired: Option<Date>,
    ) -> Done {
        self.conservation.basis_in = self.conservation.basis_in.plus(cost)?;
        let part = self.part(cost)?;
        let places = self.places();
        let before = self.pool_held(step.key)?;
        let stock = self.stocks.entry(step.key).or_default();
        stock.account.add(step.account);
        let paid = self.told.paid(step, self.pool_name(step.key), cost)?;
        if self.law.pool().is_some() {
            let stock = self.stocks.entry(step.key).or_default();
            stock.join(step.quantity, part, places)?;
            return self.pool_step(step.key, before, paid).map(|_| ());
        }
        let trail = self.trail.of(paid);
        let acquired = acquired
            .filter(|day| *day != Date::FIRST)
            .unwrap_or(self.today);
        self.add_lot(
            step.key,
            step.account,
            step.trade,
            acquired,
            step.quantity,
            (part, trail),
            purchased,
        )?;
        if purchased {
            self.serve_waiting_losses(step.key, acquired)?;
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // one lot has this many facts
    pub(super) fn add_lot(
        &mut self,
        key: Key,
        account: AccountId,
        trade: TradeId,
        acquired: Date,
        quantity: Quantity,
        (part, trail): (Part, Handle),
        purchased: bool,
    ) -> Done {
        let number = self.numbers.entry((key.1, acquired)).or_default();
        *number += 1;
        let lot = Lot {
            acquired,
            number: *number,
            trade,
            account: Some(account),
            purchased,
            parcel: Parcel::from_part(quantity, part, self.places()),
            unused: quantity,
            carried: Carried::default(),
            fenced: Fenced::default(),
            trail,
        };
        let name = Self::lot_name(key.1, &lot);
        self.trail.rename(trail, name);
        let lots = &mut self.stocks.entry(key).or_default().lots;
        let place = lots.partition_point(|other| other.acquired <= acquired);
        lots.insert(place, lot);
        Ok(())
    }

    pub(super) fn dispose(&mut self, place: usize, step: &Move, proceeds: Money, way: Way) -> Done {
        if self.by_year(step) {
            return self.dispose_of_year(step, proceeds, way);
        }
        let sale = self.sale(step, proceeds)?;
        let premiums: Vec<Movement> = self.told.take_premium(true).into_iter().collect();
        let taken = self.take(step.key, (step.quantity, step.trade), true)?;
        let whole = self.part(proceeds)?;
        let mut brought = Parcel::from_part(step.quantity, whole, self.places());
        let mut rows = Vec::new();
        for one in &taken {
            let row = Row {
                key: step.key,
                account: step.account,
                trade: step.trade,
                quantity: one.quantity,
                matched: one.matched,
                proceeds: brought.take(one.quantity)?,
                cost: one.part,
                way,
                acquired: one.acquired,
                held_from: one.acquired,
                lot: one.lot,
                tax_day: self.today,
            };
            let written = self.row(&row, false)?;
            self.tell_row(written, &row, one.origin, (&[sale], &premiums));
            rows.push(written);
        }
        if way != Way::Sale {
            return Ok(());
        }
        match self.law.defer {
            None | Some(Defer::WashSale) => Ok(()),
            Some(Defer::Superficial(rule)) => {
                let cost: Minor = taken.iter().map(|one| one.part.printed).sum();
                let row = rows.first().copied().flatten();
                self.superficial(place, step, row, cost - whole.printed, rule)
            }
            Some(Defer::RingFence(rule)) => self.ring_fence(step, &rows, &taken, rule),
            Some(Defer::TwoMonths(rule)) => self.two_months(step, &rows, &taken, rule),
        }
    }

    /// Units leave: out of the pool, else lots of the window before first, then the oldest.
    pub(super) fn take(
        &mut self,
        key: Key,
        (quantity, trade): (Quantity, TradeId),
        sold: bool,
    ) -> Result<Vec<Taken>, Halt> {
        if let Some((_, unit)) = self.law.pool() {
            let lot = Some(self.pool_name(key));
            if sold && unit == Unit::UpForShares && self.class(key.1) != Class::Crypto {
                self.round_pool(key, trade)?;
            }
            let (part, origin) = self.take_pooled(key, quantity, trade)?;
            return Ok(vec![Taken {
                quantity,
                part,
                matched: Match::Pool,
                lot,
                acquired: None,
                carried: Carried::default(),
                fenced: Fenced::default(),
                origin,
            }]);
        }
        // A ring-fenced loss counts against gains on any of the units that it is fenced to.
        let whole = matches!(self.law.defer, Some(Defer::RingFence(_)));
        let mut taken = Vec::new();
        let mut wanted = quantity;
        let window = self
            .law
            .earlier_days()
            .filter(|_| self.window_reaches(key.1) && sold);
        let since = window.map(|days| self.today.plus(-days));
        let Some(stock) = self.stocks.get_mut(&key) else {
            return Ok(taken);
        };
        if let Some(since) = since {
            let first = stock.first_since(since);
            let mut seen = first;
            for lot in stock.lots.range_mut(first..) {
                if wanted.is_zero() {
                    break;
                }
                seen += 1;
                if lot.purchased {
                    let into = (&mut self.trail, &mut taken);
                    take_from(lot, key.1, &mut wanted, Match::Within4Weeks, whole, into)?;
                }
            }
            stock.forget_empty(first..seen);
            self.take_of_spouse(key, trade, since, (&mut wanted, &mut taken))?;
        }
        let Some(stock) = self.stocks.get_mut(&key) else {
            return Ok(taken);
        };
        let mut seen = 0;
        for lot in &mut stock.lots {
            if wanted.is_zero() {
                break;
            }
            seen += 1;
            let into = (&mut self.trail, &mut taken);
            take_from(lot, key.1, &mut wanted, Match::Lot, whole, into)?;
        }
        stock.forget_empty(0..seen);
        Ok(taken)
    }

    /// Rounds the cost per unit of a pool up before units leave it.
    fn round_pool(&mut self, key: Key, trade: TradeId) -> Done {
        let (before, places) = (self.pool_held(key)?, self.places());
        let moved = round_up(self.stocks.entry(key).or_default(), places)?;
        self.conservation.basis_moved = self.conservation.basis_moved.plus(moved)?;
        if !moved.is_zero() {
            let rounded = Movement::plain(trade, Cause::Rounded, before.units, moved);
            self.pool_step(key, before, vec![rounded])?;
        }
        Ok(())
    }

    /// Takes units out of a pool with their share of its cost.
    pub(super) fn take_pooled(
        &mut self,
        key: Key,
        quantity: Quantity,
        trade: TradeId,
    ) -> Result<(Part, Origin), Halt> {
        let (before, places) = (self.pool_held(key)?, self.places());
        let stock = self.stocks.entry(key).or_default();
        let awaited = stock.pending.first().map(|pending| pending.trade);
        let part = stock.take(quantity, places)?;
        let cost = self.pool_held(key)?.cost.minus(before.cost)?;
        let left = Movement::plain(trade, Cause::Left, quantity, cost);
        let origin = match self.pool_step(key, before, vec![left])? {
            Origin::Pool(place, change) => Origin::Pool(PoolPlace { awaited, ..place }, change),
            other => other,
        };
        Ok((part, origin))
    }

    /// Whether the rules with a window reach this security: coins only where a setting says so.
    pub fn window_reaches(&self, security: SecurityId) -> bool {
        let superficial = matches!(self.law.defer, Some(Defer::Superficial(_)));
        superficial || self.class(security) != Class::Crypto || self.rules.coin_windows
    }
}
