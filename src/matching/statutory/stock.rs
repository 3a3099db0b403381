//! What a holding holds: one pool at average cost, or lots in order of acquisition.

use std::collections::VecDeque;
use std::ops::Range;

use crate::date::Date;
use crate::matching::trail::Handle;
use crate::money::{Minor, Money, OutOfRange, Quantity};
use crate::parcel::{Parcel, Part};
use crate::trade::{AccountId, TradeId};

/// One holding.
#[derive(Clone, Debug, Default)]
pub struct Stock {
    /// The pool, where the law has one.
    pub pool: Option<Parcel>,
    /// Lots, the oldest first, where it has not.
    pub lots: VecDeque<Lot>,
    /// Cost that joins the pool on a later day.
    pub pending: Vec<Pending>,
    /// Cost that waits for the next units to come in.
    pub waiting: Option<Part>,
    /// Disposals of the year that wait for its average: their rows and units.
    pub of_year: Vec<OfYear>,
    /// The one account it lies in; `None` once there are two.
    pub account: Where,
}

/// Cost that joins a pool on a later day.
#[derive(Clone, Copy, Debug)]
pub struct Pending {
    /// The day.
    pub day: Date,
    /// How much.
    pub amount: Money,
    /// The row that says so.
    pub trade: TradeId,
}

/// A disposal whose cost is known when its year is over.
#[derive(Clone, Copy, Debug)]
pub struct OfYear {
    /// Its row, where it gives one.
    pub row: Option<u32>,
    /// Its units.
    pub units: Quantity,
    /// The row of the file.
    pub trade: TradeId,
}

/// Where a holding lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Where {
    /// Nowhere yet.
    #[default]
    Nowhere,
    /// In one account.
    One(AccountId),
    /// In several.
    Several,
}

/// Units of one purchase.
#[derive(Clone, Debug)]
pub struct Lot {
    /// The day acquired.
    pub acquired: Date,
    /// Its number among the lots of its security and day.
    pub number: u32,
    /// The row.
    pub trade: TradeId,
    /// The account it lies in, where it is one.
    pub account: Option<AccountId>,
    /// Whether rules with a window look at it.
    pub purchased: bool,
    /// Units and cost.
    pub parcel: Parcel,
    /// Units that have not taken over a loss yet.
    pub unused: Quantity,
    /// Units that have, and the loss they carry.
    pub carried: Carried,
    /// Of those units, which loss they are fenced to.
    pub fenced: Fenced,
    /// Where its cost comes from.
    pub trail: Handle,
}

/// A loss that units bought again carry.
#[derive(Clone, Copy, Debug, Default)]
pub struct Carried {
    /// The units.
    pub units: Quantity,
    /// The loss, in minor units.
    pub amount: Minor,
}

/// Units by the loss that is fenced to them, in the order in which that happened.
#[derive(Clone, Debug, Default)]
pub struct Fenced(Vec<(usize, Quantity)>);

impl Fenced {
    /// The losses and the units.
    pub fn iter(&self) -> impl Iterator<Item = (usize, Quantity)> {
        self.0.iter().copied()
    }

    /// Fences one more loss to units.
    pub fn add(&mut self, loss: usize, units: Quantity) {
        self.0.push((loss, units));
    }

    /// Takes up to `wanted` units out, the first ones first.
    ///
    /// # Errors
    /// Quantities out of range.
    pub fn take(&mut self, wanted: Quantity) -> Result<Self, OutOfRange> {
        let (mut wanted, mut taken) = (wanted, Self::default());
        while let (Some((loss, units)), false) = (self.0.first_mut(), wanted.is_zero()) {
            let part = wanted.min(*units);
            taken.add(*loss, part);
            (*units, wanted) = (units.minus(part)?, wanted.minus(part)?);
            if units.is_zero() {
                self.0.remove(0);
            }
        }
        Ok(taken)
    }

    /// Units times new over old.
    ///
    /// # Errors
    /// Quantities out of range.
    pub fn restate(&mut self, new: Quantity, old: Quantity) -> Result<(), OutOfRange> {
        for (_, units) in &mut self.0 {
            *units = units.restated(new, old)?;
        }
        Ok(())
    }
}

/// The lots that a change of some units of a holding reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All.
    All,
    /// Those of one account.
    Account(AccountId),
}

impl Reach {
    /// Whether it reaches a lot.
    pub fn has(self, lot: &Lot) -> bool {
        match self {
            Self::All => true,
            Self::Account(account) => lot.account == Some(account),
        }
    }
}

impl Where {
    /// With units in one more account.
    pub fn add(&mut self, account: AccountId) {
        *self = match *self {
            Self::Nowhere => Self::One(account),
            Self::One(known) if known == account => *self,
            Self::One(_) | Self::Several => Self::Several,
        };
    }

    /// With the units of another holding.
    pub fn join(&mut self, other: Self) {
        match other {
            Self::Nowhere => {}
            Self::One(account) => self.add(account),
            Self::Several => *self = Self::Several,
        }
    }

    /// The account, where there is only one.
    pub fn only(self) -> Option<AccountId> {
        match self {
            Self::One(account) => Some(account),
            Self::Nowhere | Self::Several => None,
        }
    }
}

impl Stock {
    /// Units held.
    pub fn units(&self) -> Quantity {
        let pooled = self.pool.as_ref().map_or(Quantity::ZERO, Parcel::left);
        self.lots.iter().fold(pooled, |sum, lot| {
            sum.plus(lot.parcel.left()).unwrap_or(sum)
        })
    }

    /// The place of the first lot acquired on a day or later.
    pub fn first_since(&self, day: Date) -> usize {
        self.lots.partition_point(|lot| lot.acquired < day)
    }

    /// Forgets the lots of some places that are used up. Those behind them move up, of a long row the fewer ones.
    pub fn forget_empty(&mut self, places: Range<usize>) {
        let mut kept = places.start;
        for place in places.clone() {
            let lot = self.lots.get(place);
            if lot.is_some_and(|lot| !lot.parcel.left().is_zero()) {
                self.lots.swap(kept, place);
                kept += 1;
            }
        }
        self.lots.drain(kept..places.end);
    }

    /// Where units lie that a row of an account changes: all that is held wherever it is, a part in that account.
    pub fn lies(&self, account: AccountId, quantity: Quantity) -> Where {
        match self.account {
            known @ (Where::One(_) | Where::Several) if quantity == self.units() => known,
            Where::Nowhere | Where::One(_) | Where::Several => Where::One(account),
        }
    }

    /// The lots that a change of `quantity` units in an account reaches: those of the account, where they are as many; all,
    /// each for its part, where sales in other accounts have taken the older lots of this one.
    pub fn reach(&self, account: AccountId, quantity: Quantity) -> Result<Reach, OutOfRange> {
        if quantity == self.units() {
            return Ok(Reach::All);
        }
        let own = Reach::Account(account);
        Ok(if self.units_within(own)? == quantity {
            own
        } else {
            Reach::All
        })
    }

    /// Units of the lots that a change reaches.
    pub fn units_within(&self, reach: Reach) -> Result<Quantity, OutOfRange> {
        let mut lots = self.lots.iter().filter(|lot| reach.has(lot));
        lots.try_fold(Quantity::ZERO, |sum, lot| sum.plus(lot.parcel.left()))
    }

    /// The cost of everything held, and what waits to join it.
    pub fn carried(&self) -> Result<Money, OutOfRange> {
        let mut sum = self.waiting.map_or(Money::ZERO, |part| part.amount);
        if let Some(pool) = &self.pool {
            sum = sum.plus(pool.amount_left()?)?;
        }
        for pending in &self.pending {
            sum = sum.plus(pending.amount)?;
        }
        for lot in &self.lots {
            sum = sum.plus(lot.parcel.amount_left()?)?;
        }
        Ok(sum)
    }

    /// Adds units with their cost to the pool, and whatever waited for them.
    pub fn join(&mut self, quantity: Quantity, part: Part, places: u32) -> Result<(), OutOfRange> {
        match &mut self.pool {
            Some(pool) => pool.join(quantity, part)?,
            None => self.pool = Some(Parcel::from_part(quantity, part, places)),
        }
        if !quantity.is_zero()
            && let Some(waiting) = self.waiting.take()
        {
            self.adjust(waiting)?;
        }
        Ok(())
    }

    /// Changes the cost of what is pooled; where nothing is, the change waits for the next units.
    pub fn adjust(&mut self, part: Part) -> Result<(), OutOfRange> {
        match &mut self.pool {
            Some(pool) if !pool.left().is_zero() => pool.adjust(part),
            Some(_) | None => self.wait(part),
        }
    }

    /// A change of the cost that waits for the next units.
    pub fn wait(&mut self, part: Part) -> Result<(), OutOfRange> {
        if part.amount.is_zero() && part.printed == 0 {
            return Ok(());
        }
        let before = self.waiting.unwrap_or(Part::ZERO);
        self.waiting = Some(Part {
            amount: before.amount.plus(part.amount)?,
            printed: before.printed.saturating_add(part.printed),
        });
        Ok(())
    }

    /// Takes units out of the pool with their share of the cost, of cost still to come as well.
    pub fn take(&mut self, quantity: Quantity, places: u32) -> Result<Part, OutOfRange> {
        let Some(pool) = &mut self.pool else {
            return Ok(Part::ZERO);
        };
        let held = pool.left();
        let quantity = quantity.min(held);
        let mut part = pool.take(quantity)?;
        for pending in &mut self.pending {
            let share = pending.amount.share(quantity, held)?;
            pending.amount = pending.amount.minus(share)?;
            part = Part {
                amount: part.amount.plus(share)?,
                printed: part.printed.saturating_add(share.to_minor(places)?),
            };
        }
        Ok(part)
    }

    /// Replaces the units by `quantity`, the cost unchanged.
    pub fn rescale(&mut self, new: Quantity, old: Quantity) -> Result<(), OutOfRange> {
        if let Some(pool) = &mut self.pool {
            let units = pool.left().restated(new, old)?;
            pool.rescale(units)?;
        }
        let (mut before, mut after) = (Quantity::ZERO, Quantity::ZERO);
        for lot in &mut self.lots {
            before = before.plus(lot.parcel.left())?;
            let total = before.restated(new, old)?;
            lot.parcel.rescale(total.minus(after)?)?;
            lot.unused = lot.unused.restated(new, old)?.min(lot.parcel.left());
            lot.carried.units = lot.carried.units.restated(new, old)?.min(lot.parcel.left());
            lot.fenced.restate(new, old)?;
            after = total;
        }
        Ok(())
    }
}
