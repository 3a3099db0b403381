//! Pools: what was taken out of one, and what made it what it was.

use super::{Exact, Explainer, Line, Part};
use crate::answer::Match;
use crate::answer::trail::{Cause, Held, Movement, Pool, PoolStep};
use crate::money::Money;
use crate::report::page::{count, quantity};

/// More steps of a pool than this are summed up.
const MANY: usize = 30;

impl Explainer<'_> {
    fn pool(&self, pool: u32, step: u32) -> Option<(&Pool, &PoolStep)> {
        let pool = self.trails.pools.get(pool as usize)?;
        pool.steps.get(step as usize).map(|step| (pool, step))
    }

    /// Units taken out of a pool.
    pub fn out_of_pool(&self, movement: &Movement, pool: u32, step: u32) -> Line {
        let units = quantity(movement.units);
        let Some((pool, step)) = self.pool(pool, step) else {
            return Line::new(format!("{units} out of the pool"));
        };
        let before = step.change.before;
        if movement.units.is_zero() {
            let text = format!(
                "part of the pool's cost of {}, as the cash is of cash and shares",
                self.money(before.cost)
            );
            return Line::new(text).rule(self.law.identified_by(Match::Pool));
        }
        let text = format!(
            "{units} of the {} {} in the pool, which cost {}",
            quantity(before.units),
            self.frame.symbol(pool.security),
            self.money(before.cost)
        );
        Line::new(text).rule(self.law.identified_by(Match::Pool))
    }

    /// The pools that movements came out of, the earlier ones first: step by step since they were last empty.
    pub fn pool_parts(&self, movements: &[Movement]) -> Vec<Part> {
        let mut parts = Vec::new();
        for movement in movements {
            if let Cause::Pooled { pool, step } = movement.cause {
                self.pool_part(pool, step, &mut parts);
            }
        }
        parts
    }

    fn pool_part(&self, place: u32, step: u32, parts: &mut Vec<Part>) {
        let Some((pool, last)) = self.pool(place, step) else {
            return;
        };
        let step = step as usize;
        let steps = pool.steps.get(pool.began(step)..=step).unwrap_or_default();
        let movements = steps.iter().flat_map(|step| &step.movements);
        for movement in movements {
            // A pool that became this one is told first.
            if let Cause::Pooled { pool, step } = movement.cause
                && pool != place
            {
                self.pool_part(pool, step, parts);
            }
        }
        let symbol = self.frame.symbol(pool.security);
        let after = last.change.after;
        let total = after.cost.to_minor(self.frame.places).unwrap_or(0);
        parts.push(Part {
            name: format!("pool of {symbol}"),
            lines: self.steps(steps, after),
            total: Some((self.holds("after", after), total)),
        });
    }

    fn holds(&self, when: &str, held: Held) -> String {
        format!("pool {when}: {} units", quantity(held.units))
    }

    fn steps(&self, steps: &[PoolStep], after: Held) -> Vec<Line> {
        let mut exact = Exact { lines: Vec::new() };
        let shown = steps.len().saturating_sub(MANY);
        if let (true, Some(first)) = (shown > 0, steps.get(shown)) {
            let before = first.change.before;
            let text = format!(
                "{}, to {} units",
                count(shown, "earlier step"),
                quantity(before.units)
            );
            exact.lines.push((Line::new(text), Some(before.cost)));
        }
        for (place, step) in steps.iter().enumerate().skip(shown) {
            if place + 1 == steps.len() && place > shown {
                let text = self.holds("before", step.change.before);
                let cost = self.money(step.change.before.cost);
                let line = Line::new(format!("{text}, cost {cost}"));
                exact.lines.push((line, None));
            }
            for movement in &step.movements {
                self.movement(movement, &mut exact);
            }
        }
        let total = after.cost.to_minor(self.frame.places).unwrap_or(0);
        exact.printed(total, self.frame.places, "rounding")
    }

    /// What a purchase, a sale or another row left in the pool around a sale that did not touch it.
    pub fn untouched(&self, held: Held) -> Option<Line> {
        let some = !held.units.is_zero() || held.cost != Money::ZERO;
        some.then(|| {
            let text = format!(
                "the pool of {} units, cost {}, is not touched",
                quantity(held.units),
                self.money(held.cost)
            );
            Line::new(text)
        })
    }
}
