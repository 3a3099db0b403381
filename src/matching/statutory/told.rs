//! Where the figures of a walk come from: what every pool went through, and what each row is made of. Off unless asked
//! for, and then every call returns at once.

use rustc_hash::FxHashMap;

use super::moves::{Key, Move, What};
use super::walk::{Origin, Premium, Row, Walk};
use crate::answer::LotName;
use crate::answer::trail::{Cause, Change, Held, Movement, Pool, PoolStep, Provenance, Sold};
use crate::date::Date;
use crate::matching::Halt;
use crate::matching::value::Valued;
use crate::money::{Money, OutOfRange, Quantity};
use crate::trade::{Action, TradeId};

/// Which pool, and which of its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolPlace {
    /// Position among the pools.
    pub pool: u32,
    /// Position among its steps.
    pub step: u32,
    /// The row of an adjustment that takes effect later, of which the units that left took a share.
    pub awaited: Option<TradeId>,
}

/// What is told of a walk.
#[derive(Debug, Default)]
pub struct Told {
    on: bool,
    pools: Vec<Pool>,
    of_key: FxHashMap<Key, u32>,
    rows: FxHashMap<u32, Provenance>,
    /// Losses that wait for the next units of a pool.
    waiting: FxHashMap<Key, Vec<Movement>>,
    /// The premium on its way into the shares of its row.
    premium: Option<Movement>,
    /// What writing the option cost, where its shares are sold.
    premium_costs: Money,
}

impl Told {
    /// One that tells if `on`.
    pub fn new(on: bool) -> Self {
        Self {
            on,
            ..Self::default()
        }
    }

    /// Whether it tells.
    pub fn on(&self) -> bool {
        self.on
    }

    /// A premium that joins what its row bought, or comes off what it sold.
    pub fn premium(&mut self, trade: TradeId, premium: &Premium) {
        self.premium_costs = premium.costs;
        if self.on && !premium.amount.is_zero() {
            let (contracts, amount) = (premium.contracts, premium.amount);
            let movement = Movement::plain(trade, Cause::Adjusted, contracts, amount);
            self.premium = Some(movement);
        }
    }

    /// The premium on its way; with the opposite sign where it comes off proceeds.
    pub fn take_premium(&mut self, sold: bool) -> Option<Movement> {
        let premium = self.premium.take()?;
        Some(Movement {
            amount: if sold {
                premium.amount.negated()
            } else {
                premium.amount
            },
            ..premium
        })
    }

    /// What a row paid: its purchase, and the premium in it.
    pub fn paid(
        &mut self,
        step: &Move,
        lot: LotName,
        cost: Money,
    ) -> Result<Vec<Movement>, OutOfRange> {
        if !self.on {
            return Ok(Vec::new());
        }
        let premium = self.take_premium(false);
        // What writing cost stays in the cost of what is bought.
        self.premium_costs = Money::ZERO;
        let own = match premium {
            Some(premium) => cost.minus(premium.amount)?,
            None => cost,
        };
        let whole = step.quantity;
        let opened = Cause::Opened { lot, whole };
        let mut paid = vec![Movement::plain(step.trade, opened, whole, own)];
        paid.extend(premium);
        Ok(paid)
    }

    /// A loss that waits for the next units of a pool.
    pub fn wait(&mut self, key: Key, movement: Movement) {
        if self.on {
            self.waiting.entry(key).or_default().push(movement);
        }
    }

    /// Losses that wait for units of one pool wait for those of another.
    pub fn move_waiting(&mut self, from: Key, to: Key) {
        if let Some(mut waiting) = self.waiting.remove(&from) {
            self.waiting.entry(to).or_default().append(&mut waiting);
        }
    }

    /// What is known of a row, to be told more of.
    pub fn row(&mut self, row: u32) -> Option<&mut Provenance> {
        self.on.then(|| self.rows.entry(row).or_default())
    }

    /// What is known of a row, handed over.
    pub fn of_row(&mut self, row: u32) -> Provenance {
        self.rows.remove(&row).unwrap_or_default()
    }

    /// The pools, handed over.
    pub fn pools(&mut self) -> Vec<Pool> {
        std::mem::take(&mut self.pools)
    }

    /// What made a pool what it is, since it was last empty.
    pub fn since_empty(&self, key: Key) -> Vec<Movement> {
        let pool = self.of_key.get(&key);
        let Some(pool) = pool.and_then(|pool| self.pools.get(*pool as usize)) else {
            return Vec::new();
        };
        let began = pool.began(pool.steps.len());
        let since = pool.steps.get(began..).unwrap_or_default().iter();
        since.flat_map(|step| step.movements.clone()).collect()
    }

    fn push(&mut self, key: Key, day: Date, movements: Vec<Movement>, change: Change) -> PoolPlace {
        let pools = &mut self.pools;
        let pool = *self.of_key.entry(key).or_insert_with(|| {
            pools.push(Pool {
                security: key.1,
                steps: Vec::new(),
            });
            pools.len() as u32 - 1
        });
        let steps = &mut self.pools[pool as usize].steps;
        steps.push(PoolStep {
            day,
            movements,
            change,
        });
        let step = steps.len() as u32 - 1;
        PoolPlace {
            pool,
            step,
            awaited: None,
        }
    }
}

impl Walk<'_> {
    /// What a pool holds now.
    pub fn pool_held(&self, key: Key) -> Result<Held, Halt> {
        let stock = self.stocks.get(&key).filter(|_| self.told.on);
        match stock.and_then(|stock| stock.pool.as_ref()) {
            Some(pool) => Ok(Held {
                units: pool.left(),
                cost: pool.amount_left()?,
            }),
            None => Ok(Held {
                units: Quantity::ZERO,
                cost: Money::ZERO,
            }),
        }
    }

    /// Records a step of a pool that held `before`, with the losses that waited for its units.
    pub fn pool_step(
        &mut self,
        key: Key,
        before: Held,
        mut movements: Vec<Movement>,
    ) -> Result<Origin, Halt> {
        if !self.told.on {
            return Ok(Origin::Untold);
        }
        let after = self.pool_held(key)?;
        let waits = self
            .stocks
            .get(&key)
            .is_some_and(|stock| stock.waiting.is_some());
        if !after.units.is_zero() && !waits {
            movements.extend(self.told.waiting.remove(&key).into_iter().flatten());
        }
        let change = Change { before, after };
        let place = self.told.push(key, self.today, movements, change);
        Ok(Origin::Pool(place, change))
    }

    /// What a row of the file sold, with what selling cost.
    pub fn sale(&mut self, step: &Move, proceeds: Money) -> Result<Sold, Halt> {
        let costs = if self.told.on {
            let of_option = std::mem::take(&mut self.told.premium_costs);
            self.selling_costs(step)?.plus(of_option)?
        } else {
            Money::ZERO
        };
        Ok(Sold {
            trade: step.trade,
            units: step.quantity,
            proceeds,
            costs,
        })
    }

    fn selling_costs(&self, step: &Move) -> Result<Money, Halt> {
        let row = Valued {
            trade: self.history.trade(step.trade),
            history: self.history,
            rates: &self.rules.rates,
        };
        let trade = row.trade;
        let option = matches!(step.what, What::Out { premium: true, .. });
        let charged = matches!(
            trade.action,
            Action::Sell
                | Action::SellToClose
                | Action::SellToOpen
                | Action::Short
                | Action::Open
                | Action::Close
                | Action::Spend
                | Action::Fee
                | Action::GiftOut
                | Action::CashSettle
                | Action::Swap
                | Action::Exercise
                | Action::Assign
        );
        if !charged || (trade.security != step.key.1 && !option) {
            return Ok(Money::ZERO);
        }
        let rest = trade.rest().rarest();
        match (rest.fee_asset, rest.fee_value, trade.fee()) {
            (Some(_), Some(value), _) => row.amount(value),
            (Some(asset), None, Some(fee))
                if asset == trade.security && trade.price().is_some() =>
            {
                row.at_price(Quantity::new(fee.abs())?)
            }
            // Kept back from what an exchange brings: its part of what was given for the whole.
            (Some(asset), None, Some(fee)) if Some(asset) == rest.new_security => {
                let Some(arrives) = rest.new_quantity else {
                    return Ok(Money::ZERO);
                };
                let kept = Quantity::new(fee.abs())?;
                let given = row.given(row.quantity()?)?;
                Ok(given.share(kept, Quantity::new(arrives)?)?)
            }
            (Some(_), None, _) => Ok(Money::ZERO),
            (None, ..) => row.fee(),
        }
    }

    /// Records what a row is made of: whence its cost, and what was sold.
    pub fn tell_row(
        &mut self,
        written: Option<u32>,
        row: &Row,
        origin: Origin,
        (sales, premiums): (&[Sold], &[Movement]),
    ) {
        let Some(told) = written.and_then(|written| self.told.row(written)) else {
            return;
        };
        told.sales = sales.to_vec();
        told.proceeds = premiums.to_vec();
        self.tell_cost(written, (row.trade, row.quantity, row.cost.amount), origin);
    }

    /// Records whence the cost of a row comes.
    pub fn tell_cost(
        &mut self,
        written: Option<u32>,
        (trade, units, cost): (TradeId, Quantity, Money),
        origin: Origin,
    ) {
        let Some(told) = written.and_then(|written| self.told.row(written)) else {
            return;
        };
        match origin {
            Origin::Untold => {}
            Origin::Purchase(trail) => told.cost = self.trail.movements(trail),
            Origin::Pool(place, change) => {
                let PoolPlace { pool, step, .. } = place;
                let pooled = Cause::Pooled { pool, step };
                let early = early(change, units, cost);
                let own = cost.minus(early).unwrap_or(cost);
                told.cost = vec![Movement::plain(trade, pooled, units, own)];
                if !early.is_zero() {
                    let from = place.awaited.unwrap_or(trade);
                    told.cost
                        .push(Movement::plain(from, Cause::Early, units, early));
                }
                told.pool = Some(change);
            }
        }
    }
}

/// What of a cost did not come out of the pool itself: the units' share of adjustments that take effect later.
fn early(change: Change, units: Quantity, cost: Money) -> Money {
    let share = || -> Result<Money, OutOfRange> {
        let left = change.before.units.minus(change.after.units)?;
        let fell = change.before.cost.minus(change.after.cost)?;
        cost.minus(fell.share(units, left)?)
    };
    let rest = share().unwrap_or(Money::ZERO);
    // Beyond what sharing leaves.
    if rest.units().unsigned_abs() < 1_000_000_000_000_000 {
        Money::ZERO
    } else {
        rest
    }
}
