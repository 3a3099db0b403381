//! What happens to a holding beside purchases and sales.

use rust_decimal::Decimal;

use super::{Done, Origin, Premium, Row, Uncovered, Walk, ZERO, lower};
use crate::answer::trail::{Cause, Movement};
use crate::answer::{LotName, Match};
use crate::date::Date;
use crate::jurisdiction::Boot;
use crate::matching::Halt;
use crate::matching::statutory::moves::{Key, Move, Way, What};
use crate::matching::statutory::stock::{Carried, Lot, Pending, Where};
use crate::matching::statutory::told::PoolPlace;
use crate::money::{Money, Quantity};
use crate::parcel::{Parcel, Part};
use crate::trade::{AccountId, TradeId};

impl<'a> Walk<'a> {
    pub(super) fn other(&mut self, step: &Move) -> Done {
        match step.what {
            What::In {
                cost,
                premium,
                acquired,
                ..
            } => {
                let cost = cost.plus(self.premium(step, premium))?;
                self.come_in(step, cost, false, acquired)
            }
            What::Out { .. } => Ok(()),
            What::Release => {
                let mut premium = Money::ZERO;
                for one in self.take(step.key, (step.quantity, step.trade), false)? {
                    premium = premium.plus(one.part.amount)?;
                }
                self.conservation.basis_gone = self.conservation.basis_gone.plus(premium)?;
                let premium = Premium {
                    amount: premium,
                    contracts: step.quantity,
                    costs: Money::ZERO,
                };
                self.premiums.insert(step.trade, premium);
                Ok(())
            }
            What::Assign => {
                let (brought, costs) = self.take_premium(step)?;
                let premium = Premium {
                    amount: brought.negated(),
                    contracts: step.quantity,
                    costs,
                };
                self.premiums.insert(step.trade, premium);
                Ok(())
            }
            What::Scale { new, old } => {
                self.close_year(step.key)?;
                self.rescale(step, new, old)?;
                self.rescale_positions(step.key, new, old)?;
                self.rescale_losses(step.key, new, old)
            }
            What::Shift { amount, effective } => self.shift(step, amount, effective),
            What::Return { amount } => self.return_capital(step, amount),
            What::Part { proceeds, whole } => self.cash_beside(step, proceeds, whole),
            What::Divide {
                to,
                units,
                fraction,
            } => self.divide(step, (step.key.0, to), units, fraction),
            What::Turn { to, units, ratio } => {
                let to = (step.key.0, to);
                match ratio {
                    Some(ratio) => self.succeed(step, to, units, ratio)?,
                    None => self.turn(step, to, None, units)?,
                }
                // Cash for what has no cost is proceeds all the same.
                self.part_disposal(step, ZERO, Origin::Untold).map(|_| ())
            }
            What::Carry { to, account } => self.turn(step, to, Some(account), step.quantity),
            What::Relocate { to } => {
                self.relocate(step, to);
                Ok(())
            }
            What::Open { proceeds } => self.open(step, proceeds),
            What::Close { cost, expired } => self.close(step, cost, expired),
            What::Amount { total } => self.amount(step, total),
        }
    }

    fn rescale(&mut self, step: &Move, new: Quantity, old: Quantity) -> Done {
        let uncovered = self.uncovered.iter_mut();
        for (_, open) in uncovered.filter(|((key, ..), _)| *key == step.key) {
            open.units = open.units.restated(new, old)?;
        }
        if let Some(units) = self.lacking.get_mut(&step.key) {
            *units = units.restated(new, old)?;
        }
        let before = self.pool_held(step.key)?;
        let Some(stock) = self.stocks.get_mut(&step.key) else {
            return Ok(());
        };
        stock.rescale(new, old)?;
        let cause = Cause::Rescaled {
            before: old,
            after: new,
        };
        for lot in &stock.lots {
            let units = lot.parcel.left().share(old, new)?;
            self.trail.add(lot.trail, cause, units, Money::ZERO);
        }
        if !before.units.is_zero() {
            let rescaled = Movement::plain(step.trade, cause, before.units, Money::ZERO);
            self.pool_step(step.key, before, vec![rescaled])?;
        }
        Ok(())
    }

    /// Cash beside new shares: small it lowers the cost, else it waits for the units that turn into others, of whose cost
    /// a part goes with it (TCGA 1992 s 128, s 129, s 122).
    fn cash_beside(&mut self, step: &Move, cash: Money, whole: Money) -> Done {
        let Boot::PartDisposal { small, percent } = self.law.boot else {
            return Ok(());
        };
        let small = Money::new(Decimal::from(small))?;
        let of_whole = whole.times(Decimal::new(percent, 2))?;
        if cash <= small || cash <= of_whole {
            return self.return_capital(step, cash);
        }
        self.beside = Some((cash, whole));
        Ok(())
    }

    /// A part of the cost of units that turn into others goes with the cash beside those, without units; gives the part
    /// that goes.
    fn part_disposal(&mut self, step: &Move, part: Part, origin: Origin) -> Result<Part, Halt> {
        let Some((cash, whole)) = self.beside.take() else {
            return Ok(ZERO);
        };
        let cost = self.part(part.amount.fraction(cash, whole)?)?;
        let row = Row {
            key: step.key,
            account: step.account,
            trade: step.trade,
            quantity: Quantity::ZERO,
            matched: Match::Pool,
            proceeds: self.part(cash)?,
            cost,
            way: Way::Sale,
            acquired: None,
            held_from: None,
            lot: Some(self.pool_name(step.key)),
            tax_day: self.today,
        };
        let written = self.row(&row, false)?;
        if let Some(told) = written.and_then(|written| self.told.row(written))
            && let Origin::Pool(PoolPlace { pool, step: at, .. }, change) = origin
        {
            let pooled = Cause::Pooled { pool, step: at };
            let taken = Movement::plain(step.trade, pooled, Quantity::ZERO, cost.amount);
            told.cost = vec![taken];
            told.pool = Some(change);
        }
        Ok(cost)
    }

    pub(super) fn shift(&mut self, step: &Move, amount: Money, effective: Option<Date>) -> Done {
        let part = self.part(amount)?;
        self.conservation.basis_moved = self.conservation.basis_moved.plus(amount)?;
        let places = self.places();
        let stock = self.stocks.entry(step.key).or_default();
        if let (Some(day), true) = (effective, stock.pool.is_some()) {
            // Units sold before that day take their share when they are sold (SI 2009/3001 reg 99(5)).
            stock.pending.push(Pending {
                day,
                amount,
                trade: step.trade,
            });
            self.lifts.entry(day).or_default().push(step.key);
            return Ok(());
        }
        if stock.lots.is_empty() {
            return self.adjust_pool(step.key, part, step.trade);
        }
        let reach = stock.reach(step.account, step.quantity)?;
        let mut spread = Parcel::from_part(stock.units_within(reach)?, part, places);
        for lot in stock.lots.iter_mut().filter(|lot| reach.has(lot)) {
            let (units, own) = (lot.parcel.left(), spread.take(lot.parcel.left())?);
            lot.parcel.adjust(own)?;
            self.trail
                .add(lot.trail, Cause::Adjusted, units, own.amount);
        }
        Ok(())
    }

    /// Changes the cost of a pool; where it is empty the change waits for the next units.
    fn adjust_pool(&mut self, key: Key, part: Part, trade: TradeId) -> Done {
        let before = self.pool_held(key)?;
        let stock = self.stocks.entry(key).or_default();
        stock.adjust(part)?;
        let empty = stock.pool.as_ref().is_none_or(|pool| pool.left().is_zero());
        let adjusted = Movement::plain(trade, Cause::Adjusted, before.units, part.amount);
        if empty {
            self.told.wait(key, adjusted);
            return Ok(());
        }
        self.pool_step(key, before, vec![adjusted]).map(|_| ())
    }

    /// Adjustments whose day of effect has come.
    pub(super) fn lift(&mut self, today: Date) -> Done {
        while let Some(first) = self
            .lifts
            .first_entry()
            .filter(|entry| *entry.key() <= today)
        {
            let (day, keys) = first.remove_entry();
            for key in keys {
                let places = self.places();
                let Some(stock) = self.stocks.get_mut(&key) else {
                    continue;
                };
                let due: Vec<Pending> = stock
                    .pending
                    .extract_if(.., |pending| pending.day <= day)
                    .collect();
                for pending in due {
                    let part = Part {
                        amount: pending.amount,
                        printed: pending.amount.to_minor(places)?,
                    };
                    self.adjust_pool(key, part, pending.trade)?;
                }
            }
        }
        Ok(())
    }

    /// Lowers the cost; what exceeds it is a gain of the day, as a row of quantity 0.
    pub(super) fn return_capital(&mut self, step: &Move, amount: Money) -> Done {
        let places = self.places();
        let whole = self.part(amount)?;
        let before = self.pool_held(step.key)?;
        let stock = self.stocks.entry(step.key).or_default();
        let mut excess: Vec<(i64, Option<LotName>, Option<Date>)> = Vec::new();
        let mut moved = Money::ZERO;
        if let Some(pool) = &mut stock.pool {
            let (over, lowered) = lower(pool, whole)?;
            moved = moved.plus(lowered)?;
            excess.push((over, None, None));
        }
        let reach = stock.reach(step.account, step.quantity)?;
        let mut spread = Parcel::from_part(stock.units_within(reach)?, whole, places);
        for lot in stock.lots.iter_mut().filter(|lot| reach.has(lot)) {
            let received = spread.take(lot.parcel.left())?;
            let (over, lowered) = lower(&mut lot.parcel, received)?;
            moved = moved.plus(lowered)?;
            let (units, by) = (lot.parcel.left(), lowered.negated());
            self.trail.add(lot.trail, Cause::Adjusted, units, by);
            let name = Self::lot_name(step.key.1, lot);
            excess.push((over, Some(name), Some(lot.acquired)));
        }
        self.conservation.basis_moved = self.conservation.basis_moved.minus(moved)?;
        if !before.units.is_zero() {
            let by = moved.negated();
            let returned = Movement::plain(step.trade, Cause::Adjusted, before.units, by);
            self.pool_step(step.key, before, vec![returned])?;
        }
        for (over, lot, acquired) in excess.into_iter().filter(|(over, ..)| *over > 0) {
            let matched = if lot.is_some() {
                Match::Lot
            } else {
                Match::Pool
            };
            let row = Row {
                key: step.key,
                account: step.account,
                trade: step.trade,
                quantity: Quantity::ZERO,
                matched,
                proceeds: Part {
                    amount: Money::from_minor(over, places),
                    printed: over,
                },
                cost: ZERO,
                way: Way::Sale,
                acquired,
                held_from: acquired,
                lot: Some(lot.unwrap_or_else(|| self.pool_name(step.key))),
                tax_day: self.today,
            };
            self.row(&row, false)?;
        }
        Ok(())
    }

    /// A part of the cost of some units moves to new units of another security, which keep the dates.
    pub(super) fn divide(
        &mut self,
        step: &Move,
        to: Key,
        units: Quantity,
        fraction: Quantity,
    ) -> Done {
        match self.stocks.get(&step.key) {
            Some(stock) if stock.pool.is_some() => self.divide_pool(step, to, units, fraction),
            _ => self.divide_lots(step, to, units, fraction),
        }
    }

    fn divide_pool(&mut self, step: &Move, to: Key, units: Quantity, fraction: Quantity) -> Done {
        let places = self.places();
        let before = (self.pool_held(step.key)?, self.pool_held(to)?);
        let lot = self.pool_name(to);
        let stock = self.stocks.entry(step.key).or_default();
        let Some(pool) = &mut stock.pool else {
            return Ok(());
        };
        let held = pool.left();
        let amount = pool
            .amount_left()?
            .share(step.quantity, held)?
            .share(fraction, Quantity::ONE)?;
        let moved = Part {
            amount,
            printed: amount.to_minor(places)?,
        };
        pool.adjust(moved.negated())?;
        let lies = stock.lies(step.account, step.quantity);
        let other = self.stocks.entry(to).or_default();
        other.account.join(lies);
        other.join(units, moved, places)?;
        let by = amount.negated();
        let left = Movement::plain(step.trade, Cause::Adjusted, step.quantity, by);
        let opened = Cause::Opened { lot, whole: units };
        let came = Movement::plain(step.trade, opened, units, amount);
        self.pool_step(step.key, before.0, vec![left])?;
        self.pool_step(to, before.1, vec![came]).map(|_| ())
    }

    fn divide_lots(&mut self, step: &Move, to: Key, units: Quantity, fraction: Quantity) -> Done {
        let places = self.places();
        let new_pool = self.pool_name(to);
        let stock = self.stocks.entry(step.key).or_default();
        let reach = stock.reach(step.account, step.quantity)?;
        let held = stock.units_within(reach)?;
        let mut new = Vec::new();
        let (mut seen, mut given) = (Quantity::ZERO, Quantity::ZERO);
        for lot in stock.lots.iter_mut().filter(|lot| reach.has(lot)) {
            seen = seen.plus(lot.parcel.left())?;
            let total = units.share(seen, held)?;
            let of_units = lot
                .parcel
                .amount_left()?
                .share(step.quantity.min(held), held)?;
            let amount = of_units.share(fraction, Quantity::ONE)?;
            let moved = Part {
                amount,
                printed: amount.to_minor(places)?,
            };
            lot.parcel.adjust(moved.negated())?;
            let (held, by) = (lot.parcel.left(), amount.negated());
            self.trail.add(lot.trail, Cause::Adjusted, held, by);
            let account = lot.account.unwrap_or(step.account);
            new.push((lot.acquired, account, total.minus(given)?, moved));
            given = total;
        }
        for (acquired, account, units, part) in new {
            self.stocks.entry(to).or_default().account.add(account);
            let opened = Cause::Opened {
                lot: new_pool,
                whole: units,
            };
            let part = (part, self.trail.open(opened, units, part.amount));
            self.add_lot(to, account, step.trade, acquired, units, part, false)?;
        }
        Ok(())
    }

    /// One security takes the place of another: what is held becomes it, also units of which a later purchase covers the
    /// sale; what is short is short of it, and what waits for a purchase waits for one of it.
    fn succeed(
        &mut self,
        step: &Move,
        to: Key,
        units: Quantity,
        (new, old): (Quantity, Quantity),
    ) -> Done {
        self.close_year(step.key)?;
        self.rescale_positions(step.key, new, old)?;
        self.turn_positions(step.key, to)?;
        self.rescale_losses(step.key, new, old)?;
        self.turn_losses(step.key, to);
        self.turn_uncovered(step.key, to, (new, old))?;
        let stock = self.stocks.entry(step.key).or_default();
        let (held, waiting) = (stock.units(), stock.waiting.take());
        self.told.move_waiting(step.key, to);
        if let Some(waiting) = waiting {
            self.stocks.entry(to).or_default().adjust(waiting)?;
        }
        if held.is_zero() {
            return Ok(());
        }
        let units = if held == step.quantity {
            units
        } else {
            held.restated(new, old)?
        };
        let quantity = held;
        self.turn(&Move { quantity, ..*step }, to, None, units)
    }

    /// Sales that no purchase has covered yet, restated, are sales of the new security.
    fn turn_uncovered(&mut self, from: Key, to: Key, (new, old): (Quantity, Quantity)) -> Done {
        let of_old = self.uncovered.keys().filter(|(key, ..)| *key == from);
        let of_old: Vec<(Key, Date, AccountId)> = of_old.copied().collect();
        for at in of_old {
            if let Some(open) = self.uncovered.remove(&at) {
                let units = open.units.restated(new, old)?;
                self.stay_open((to, at.1, at.2), Uncovered { units, ..open })?;
            }
        }
        if let Some(units) = self.lacking.remove(&from) {
            let lacking = self.lacking.entry(to).or_default();
            *lacking = lacking.plus(units.restated(new, old)?)?;
        }
        Ok(())
    }

    /// Units become units of another holding, with cost, dates and whatever waits for them.
    pub fn turn(
        &mut self,
        step: &Move,
        to: Key,
        account: Option<AccountId>,
        units: Quantity,
    ) -> Done {
        self.close_year(step.key)?;
        match self.stocks.get(&step.key) {
            None => Ok(()),
            Some(stock) if stock.pool.is_some() => self.turn_pooled(step, to, account, units),
            Some(_) => self.turn_lots(step, to, account, units),
        }
    }

    fn turn_pooled(
        &mut self,
        step: &Move,
        to: Key,
        account: Option<AccountId>,
        units: Quantity,
    ) -> Done {
        let new_before = self.pool_held(to)?;
        let became = self.became(step, to, account, units);
        let Some(stock) = self.stocks.get_mut(&step.key) else {
            return Ok(());
        };
        let lies = match account {
            Some(account) => Where::One(account),
            None => stock.lies(step.account, step.quantity),
        };
        let pending = if stock.units() == step.quantity {
            std::mem::take(&mut stock.pending)
        } else {
            Vec::new()
        };
        let (part, origin) = self.take_pooled(step.key, step.quantity, step.trade)?;
        let sold = self.part_disposal(step, part, origin)?;
        let taken = part.amount;
        let part = Part {
            amount: part.amount.minus(sold.amount)?,
            printed: part.printed.saturating_sub(sold.printed),
        };
        for pending in &pending {
            self.lifts.entry(pending.day).or_default().push(to);
        }
        let places = self.places();
        let other = self.stocks.entry(to).or_default();
        other.account.join(lies);
        other.pending.extend(pending);
        other.join(units, part, places)?;
        let plain = |cause, amount| Movement::plain(step.trade, cause, step.quantity, amount);
        let mut movements = vec![plain(became, Money::ZERO)];
        if let Origin::Pool(PoolPlace { pool, step, .. }, _) = origin {
            movements.insert(0, plain(Cause::Pooled { pool, step }, taken));
            if !sold.amount.is_zero() {
                movements.insert(1, plain(Cause::Adjusted, sold.amount.negated()));
            }
        }
        self.pool_step(to, new_before, movements).map(|_| ())
    }

    fn turn_lots(
        &mut self,
        step: &Move,
        to: Key,
        account: Option<AccountId>,
        units: Quantity,
    ) -> Done {
        let places = self.places();
        let became = self.became(step, to, account, units);
        let Some(stock) = self.stocks.get_mut(&step.key) else {
            return Ok(());
        };
        let (mut wanted, mut seen, mut given) = (step.quantity, Quantity::ZERO, Quantity::ZERO);
        let mut moved = Vec::new();
        while let Some(lot) = stock.lots.front_mut() {
            if wanted.is_zero() {
                break;
            }
            let part = lot.parcel.left().min(wanted);
            wanted = wanted.minus(part)?;
            seen = seen.plus(part)?;
            let total = units.share(seen, step.quantity)?;
            let mut new = lot.clone();
            new.account = account.or(new.account);
            new.trail = self.trail.cut(lot.trail, part, lot.parcel.left())?;
            self.trail.add(new.trail, became, part, Money::ZERO);
            let cost = lot.parcel.take(part)?;
            new.parcel = Parcel::from_part(total.minus(given)?, cost, places);
            let after = new.parcel.left();
            new.unused = new.unused.min(part).share(after, part)?;
            let covered = lot.carried.units.min(part);
            new.carried.units = covered.share(after, part)?;
            new.fenced = lot.fenced.take(covered)?;
            new.fenced.restate(after, part)?;
            given = total;
            if lot.parcel.left().is_zero() {
                stock.lots.pop_front();
            } else {
                // A loss that waits goes with the units that moved, a fenced one stays with each.
                lot.carried = Carried {
                    units: lot.carried.units.minus(covered)?,
                    amount: 0,
                };
            }
            moved.push(new);
        }
        let other = self.stocks.entry(to).or_default();
        for lot in moved {
            other.account.add(account.unwrap_or(step.account));
            let place = other.lots.partition_point(|o| o.acquired <= lot.acquired);
            other.lots.insert(place, lot);
        }
        Ok(())
    }

    /// Units go to another account of the same holding: whole lots take its name, the oldest first; a lot of which only
    /// a part went lies in no single account any more.
    fn relocate(&mut self, step: &Move, to: AccountId) {
        let Some(stock) = self.stocks.get_mut(&step.key) else {
            return;
        };
        if stock.units() == step.quantity {
            stock.account = Where::One(to);
        } else {
            stock.account.add(to);
        }
        let mut wanted = step.quantity;
        let there = |lot: &&mut Lot| lot.account == Some(step.account);
        for lot in stock.lots.iter_mut().filter(there) {
            let units = lot.parcel.left();
            if wanted.is_zero() {
                break;
            }
            lot.account = (units <= wanted).then_some(to);
            wanted = wanted.minus(units.min(wanted)).unwrap_or(Quantity::ZERO);
        }
    }

    /// What happens to units that turn into others, or move.
    fn became(&self, step: &Move, to: Key, account: Option<AccountId>, after: Quantity) -> Cause {
        if step.key.1 == to.1 {
            let to = account.unwrap_or(step.account);
            return Cause::Moved { to };
        }
        Cause::Became {
            from: step.key.1,
            to: to.1,
            before: step.quantity,
            after,
        }
    }

    pub(super) fn amount(&mut self, step: &Move, total: Money) -> Done {
        let printed = self.part(total)?.printed;
        let places = self.places();
        let side = |minor: i64| Part {
            amount: Money::from_minor(minor, places),
            printed: minor,
        };
        let row = Row {
            key: step.key,
            account: step.account,
            trade: step.trade,
            quantity: Quantity::ZERO,
            matched: Match::Amount,
            proceeds: side(printed.max(0)),
            cost: side(printed.min(0).saturating_neg()),
            way: Way::Sale,
            acquired: None,
            held_from: None,
            lot: None,
            tax_day: self.today,
        };
        self.row(&row, false).map(|_| ())
    }
}
