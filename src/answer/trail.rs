//! Where the figures of rows and lots come from: each movement of basis with the row that caused it and the rule it
//! follows. Recorded only when asked for.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts and positions of what is in memory"
)]

use crate::answer::LotName;
use crate::date::Date;
use crate::money::{Money, Quantity};
use crate::rule::Rule;
use crate::trade::{AccountId, SecurityId, TradeId};

/// One movement of basis (or of the proceeds of a short position), or a step of its lot that moves no money.
#[derive(Clone, Copy, Debug)]
pub struct Movement {
    /// The row that caused it.
    pub trade: TradeId,
    /// What happened.
    pub cause: Cause,
    /// The units it concerns among those explained, in the units of its day.
    pub units: Quantity,
    /// What of it the units explained carry, exactly.
    pub amount: Money,
    /// The rule it follows, where the country names one.
    pub rule: Option<&'static Rule>,
}

impl Movement {
    /// A movement that follows what the law says on its row.
    pub fn plain(trade: TradeId, cause: Cause, units: Quantity, amount: Money) -> Self {
        Self {
            trade,
            cause,
            units,
            amount,
            rule: None,
        }
    }

    /// Gives the row of a deferred loss another position.
    pub fn map_row(&mut self, place: impl Fn(u32) -> u32) {
        if let Cause::Deferred { disposal, .. } = &mut self.cause {
            *disposal = place(*disposal);
        }
    }
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Units came in, or a short position was opened; this many in all.
    Opened {
        /// Their lot.
        lot: LotName,
        /// Units in all.
        whole: Quantity,
    },
    /// Bought to close a short position; this many in all.
    Closed {
        /// Units in all.
        whole: Quantity,
    },
    /// A loss joined the basis.
    Deferred {
        /// Position of its row among the disposals.
        disposal: u32,
        /// Start of the holding period before and after.
        held_from: (Date, Date),
    },
    /// The row raised or lowered the basis.
    Adjusted,
    /// A split: `after` new units for `before` old ones.
    Rescaled {
        /// Old units.
        before: Quantity,
        /// New units.
        after: Quantity,
    },
    /// Became another security.
    Became {
        /// From which.
        from: SecurityId,
        /// To which.
        to: SecurityId,
        /// Units before.
        before: Quantity,
        /// Units afterwards.
        after: Quantity,
    },
    /// Moved into another account.
    Moved {
        /// To which.
        to: AccountId,
    },
    /// The average over the holding: its basis and units just before.
    Averaged {
        /// Basis.
        basis: Money,
        /// Units.
        held: Quantity,
    },
    /// The holding period began again on a day.
    Restarted {
        /// The day.
        day: Date,
    },
    /// Taken out of a pool: which of the pools, and which of its steps.
    Pooled {
        /// Position among the pools.
        pool: u32,
        /// Position among its steps.
        step: u32,
    },
    /// Units left a pool with their share of its cost.
    Left,
    /// The cost per unit of a pool was rounded up.
    Rounded,
    /// The share of an adjustment that takes effect on a later day.
    Early,
    /// A payment in lieu of a dividend.
    InLieu,
    /// A gift worth less than the donor's basis: the basis for a loss is its value, between the two there is no result.
    GiftValue,
    /// Such a gift entered an average: its value is its basis.
    ValueAsBasis,
}

/// What one row of the file sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sold {
    /// The row.
    pub trade: TradeId,
    /// Units.
    pub units: Quantity,
    /// Proceeds net of its costs.
    pub proceeds: Money,
    /// What selling cost.
    pub costs: Money,
}

/// Units of a pool and what they cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Units.
    pub units: Quantity,
    /// Their cost.
    pub cost: Money,
}

/// A pool before and after something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Before.
    pub before: Held,
    /// After.
    pub after: Held,
}

/// One step of a pool.
#[derive(Clone, Debug)]
pub struct PoolStep {
    /// The day.
    pub day: Date,
    /// The movements that the change of its cost is the sum of.
    pub movements: Vec<Movement>,
    /// What it held before and after.
    pub change: Change,
}

/// A pool, step by step.
#[derive(Clone, Debug)]
pub struct Pool {
    /// What is in it.
    pub security: SecurityId,
    /// Its steps, the oldest first.
    pub steps: Vec<PoolStep>,
}

impl Pool {
    /// The position of the first step since the pool was last empty, as seen from a step.
    pub fn began(&self, step: usize) -> usize {
        let before = self.steps.get(..step).unwrap_or_default();
        let empty = |step: &PoolStep| step.change.after.units.is_zero();
        before.iter().rposition(empty).map_or(0, |last| last + 1)
    }
}

/// The quantities that a superficial loss turns on, in units of the day of the sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beside {
    /// Units bought in the 61 days.
    pub bought: Quantity,
    /// Units held at the end of day 30.
    pub held: Quantity,
}

/// Where the cost and the proceeds of one row come from.
#[derive(Clone, Debug, Default)]
pub struct Provenance {
    /// The movements that its cost is the sum of.
    pub cost: Vec<Movement>,
    /// The movements that its proceeds are the sum of, for a short position; beside the sale itself for the rest.
    pub proceeds: Vec<Movement>,
    /// Units and net proceeds of the whole sale that the row is a part of.
    pub sale: Option<(Quantity, Money)>,
    /// The rows of the file that a merged sale consists of, with what selling cost.
    pub sales: Vec<Sold>,
    /// The row that opened a short position, with what opening cost.
    pub opened: Option<Sold>,
    /// The pool around the sale, where there is one.
    pub pool: Option<Change>,
    /// The quantities that its loss turns on.
    pub beside: Option<Beside>,
}

impl Provenance {
    /// Gives the rows of deferred losses other positions.
    pub fn map_rows(&mut self, place: impl Fn(u32) -> u32) {
        for movement in self.cost.iter_mut().chain(&mut self.proceeds) {
            movement.map_row(&place);
        }
    }
}

/// The trails of an answer.
#[derive(Clone, Debug, Default)]
pub struct Trails {
    /// Those of the disposals, in their order.
    pub disposals: Vec<Provenance>,
    /// Those of the open lots, in their order.
    pub lots: Vec<Vec<Movement>>,
    /// The pools, step by step.
    pub pools: Vec<Pool>,
}

impl Trails {
    /// Gives the rows of deferred losses other positions.
    pub fn map_rows(&mut self, place: impl Fn(u32) -> u32) {
        for provenance in &mut self.disposals {
            provenance.map_rows(&place);
        }
        let pools = self.pools.iter_mut().flat_map(|pool| &mut pool.steps);
        let steps = pools.flat_map(|step| &mut step.movements);
        for movement in self.lots.iter_mut().flatten().chain(steps) {
            movement.map_row(&place);
        }
    }
}
