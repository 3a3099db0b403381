//! How each disposal was computed: a row per part of it, with the rule that found its units, the purchases, and the
//! pool before and after.

use crate::answer::Disposal;
use crate::answer::trail::{Cause, Change, Movement, Pool, Provenance};
use crate::jurisdiction::{Jurisdiction, named};
use crate::money::{Minor, Money};
use crate::output::table::{Cell, Column, Field, Place, Table, cell_of, columns_of, field};
use crate::report::disposals::Disposals;
use crate::report::{Frame, sa108, text};
use crate::trade::TradeId;

/// The parts of the disposals of the years shown.
pub struct Computations<'a> {
    frame: Frame<'a>,
    law: Option<&'static Jurisdiction>,
    /// Where id, symbol, days, amounts and rows come from.
    disposals: Disposals<'a>,
    selling_costs: Vec<Minor>,
}

impl<'a> Computations<'a> {
    const FIELDS: &'a [Field<Self>] = &[
        field("rule", |t, row| {
            let law = t.law.and_then(|law| law.identified_by(t.at(row).matched));
            law.map_or(Cell::Null, |rule| Cell::Word(rule.id))
        }),
        field("citation", |t, row| {
            let law = t.law.and_then(|law| law.identified_by(t.at(row).matched));
            law.map_or(Cell::Null, |rule| text(rule.citation))
        }),
        field("selling_costs", |t, row| {
            let position = t.disposals.position(row);
            let costs = t.selling_costs.get(position);
            Cell::Amount(costs.copied().unwrap_or(0))
        }),
        field("pool_quantity_before", |t, row| {
            t.pool(row)
                .map_or(Cell::Null, |pool| Cell::Quantity(pool.before.units))
        }),
        field("pool_cost_before", |t, row| {
            t.amount(t.pool(row).map(|pool| pool.before.cost))
        }),
        field("pool_quantity_after", |t, row| {
            t.pool(row)
                .map_or(Cell::Null, |pool| Cell::Quantity(pool.after.units))
        }),
        field("pool_cost_after", |t, row| {
            t.amount(t.pool(row).map(|pool| pool.after.cost))
        }),
        field("purchases", |t, row| Cell::Places(t.purchases(row))),
    ];

    /// What the disposals report says of each row as well.
    const SHARED: &'static [&'static str] = &[
        "id",
        "tax_year",
        "symbol",
        "class",
        "disposed",
        "match",
        "quantity",
        "proceeds",
        "cost",
        "gain",
        "acquired",
        "provisional_until",
        "closed_by",
    ];

    /// The parts of the disposals of the years shown.
    pub fn new(frame: Frame<'a>) -> Self {
        Self {
            law: named(frame.jurisdiction),
            disposals: Disposals::new(frame),
            selling_costs: sa108::selling_costs(&frame),
            frame,
        }
    }

    fn at(&self, row: usize) -> &'a Disposal {
        &self.frame.answer.disposals[self.disposals.position(row)]
    }

    fn told(&self, row: usize) -> Option<&'a Provenance> {
        let trails = self.frame.answer.trails.as_ref()?;
        trails.disposals.get(self.disposals.position(row))
    }

    fn pool(&self, row: usize) -> Option<Change> {
        self.told(row)?.pool
    }

    fn amount(&self, money: Option<Money>) -> Cell<'static> {
        let minor = money.and_then(|money| money.to_minor(self.frame.places).ok());
        minor.map_or(Cell::Null, Cell::Amount)
    }

    /// The rows of the purchases that cover a part; for a pool those that joined it since it was last empty.
    fn purchases(&self, row: usize) -> Vec<Place<'a>> {
        let told = self.told(row);
        let trades = told.map_or_else(Vec::new, |told| purchases(&self.frame, told));
        trades.into_iter().map(|id| self.frame.place(id)).collect()
    }
}

/// The rows of the purchases that a row's cost comes from.
pub fn purchases(frame: &Frame<'_>, told: &Provenance) -> Vec<TradeId> {
    let pools = frame.answer.trails.as_ref().map(|trails| &trails.pools);
    let mut trades = Vec::new();
    collect(
        pools.map_or(&[][..], Vec::as_slice),
        &told.cost,
        &mut trades,
    );
    trades
}

/// The purchases among movements; of units out of a pool, those that joined it since it was last empty.
fn collect(pools: &[Pool], movements: &[Movement], trades: &mut Vec<TradeId>) {
    for movement in movements {
        match movement.cause {
            Cause::Opened { .. } | Cause::Closed { .. } => trades.push(movement.trade),
            Cause::Pooled { pool, step } => {
                let Some(pool) = pools.get(pool as usize) else {
                    continue;
                };
                let step = step as usize;
                let steps = pool.steps.get(pool.began(step)..=step);
                for step in steps.unwrap_or_default() {
                    collect(pools, &step.movements, trades);
                }
            }
            Cause::Deferred { .. }
            | Cause::Adjusted
            | Cause::Rescaled { .. }
            | Cause::Became { .. }
            | Cause::Moved { .. }
            | Cause::Averaged { .. }
            | Cause::Restarted { .. }
            | Cause::Left
            | Cause::Rounded
            | Cause::Early
            | Cause::InLieu
            | Cause::GiftValue
            | Cause::ValueAsBasis => {}
        }
    }
}

impl Table for Computations<'_> {
    fn columns(&self) -> Vec<Column> {
        let shared = Self::SHARED.iter().map(|name| Column::new(*name));
        shared.chain(columns_of(Self::FIELDS)).collect()
    }

    fn rows(&self) -> usize {
        self.disposals.rows()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        match Self::SHARED.get(column) {
            Some(name) => self.disposals.named(row, name),
            None => cell_of(Self::FIELDS, self, row, column - Self::SHARED.len()),
        }
    }
}
