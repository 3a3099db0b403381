//! Canada's superficial loss (ITA s 54, s 40(2)(g)(i), s 53(1)(f)): denied as far as min(S, P, B) / S, and added to the
//! cost of what was bought.

use super::circle::{Around, Substitute};
use super::moves::Move;
use super::walk::Walk;
use crate::answer::Adjustment;
use crate::answer::trail::{Beside, Cause, Movement};
use crate::jurisdiction::Defer;
use crate::matching::Halt;
use crate::money::{Minor, Money, Quantity, minor_share};
use crate::parcel::Part;
use crate::rule::Rule;
use crate::trade::{Action, TradeId};

/// A loss and what is denied of it.
struct Denial {
    /// The row that shows it; none where the disposition is another person's.
    row: Option<u32>,
    trade: TradeId,
    units: Quantity,
    amount: Minor,
    rule: &'static Rule,
}

impl Walk<'_> {
    /// Denies the superficial part of a disposition's loss. A spouse's loss gives no row, but what is denied of it joins
    /// the cost of the substituted property all the same, the taxpayer's too (s 53(1)(f)).
    pub fn superficial(
        &mut self,
        place: usize,
        step: &Move,
        row: Option<u32>,
        loss: Minor,
        rule: &'static Rule,
    ) -> Result<(), Halt> {
        let action = self.history.trade(step.trade).action;
        if loss <= 0 || self.never_superficial(action) || self.holders.sheltered(step.key.0) {
            return Ok(());
        }
        let stocks = &self.stocks;
        let holds = |key| stocks.get(&key).is_some_and(|own| !own.units().is_zero());
        let around = self.circle.around(place, step, holds)?;
        let units = step.quantity.min(around.bought).min(around.held);
        if units <= Quantity::ZERO {
            return Ok(());
        }
        if around.substitutes.is_empty() && (row.is_none() || !self.denied_without_substitute(step))
        {
            return Ok(());
        }
        if around.shared {
            self.say_shared(step);
        }
        self.circle.use_up(place, step, units)?;
        if let Some(told) = row.and_then(|row| self.told.row(row)) {
            told.beside = Some(Beside {
                bought: around.bought,
                held: around.held,
            });
        }
        let amount = minor_share(loss, units, step.quantity)?;
        if let Some(row) = row.and_then(|row| self.rows.get_mut(row as usize)) {
            row.adjustment = amount;
            self.conservation.disallowed += amount;
        }
        let denial = Denial {
            row,
            trade: step.trade,
            units,
            amount,
            rule,
        };
        self.hand_on(&denial, &around)
    }

    /// The expiry of an option is no superficial loss (s 54 "superficial loss" para (g)).
    pub fn never_superficial(&self, action: Action) -> bool {
        matches!(self.law.defer, Some(Defer::Superficial(_)))
            && matches!(action, Action::Expire | Action::CashSettle)
    }

    /// Whether a loss is denied whose only buyers have sold again; unsettled, a setting decides.
    fn denied_without_substitute(&mut self, step: &Move) -> bool {
        let deny = self.rules.deny_without_substitute;
        let outcome = if deny {
            "denied and joins no cost"
        } else {
            "allowed"
        };
        self.warn(
            "ca-no-substitute",
            format!("a loss was {outcome}: whoever bought within 30 days has sold again, but older units remain; the setting no_substitute_left under [ca] chooses (deny, allow)"),
            Some(step.trade),
            true,
        );
        deny
    }

    fn say_shared(&mut self, step: &Move) {
        self.warn(
            "ca-several-losses",
            "several losses stand beside one purchase: the setting several_losses under [ca] says whether the fraction is taken sale by sale (each) or no more units are denied than were bought (capped)".into(),
            Some(step.trade),
            false,
        );
    }

    /// The amount joins the cost of what was bought, shared by the units held at the end of the period (CRA
    /// 2022-0940941C6); what falls on a registered plan is lost.
    fn hand_on(&mut self, denial: &Denial, around: &Around) -> Result<(), Halt> {
        let mut total = Quantity::ZERO;
        for one in &around.substitutes {
            total = total.plus(one.units)?;
        }
        if total.is_zero() {
            return self.to(denial, None, denial.units, denial.amount);
        }
        let (mut seen, mut units, mut given) = (Quantity::ZERO, Quantity::ZERO, 0);
        for one in &around.substitutes {
            seen = seen.plus(one.units)?;
            let sum = minor_share(denial.amount, seen, total)?;
            let sum_units = denial.units.share(seen, total)?;
            self.to(denial, Some(one), sum_units.minus(units)?, sum - given)?;
            (given, units) = (sum, sum_units);
        }
        Ok(())
    }

    fn denied_loss(&self, denial: &Denial, units: Quantity, amount: Money) -> Movement {
        let cause = match denial.row {
            Some(disposal) => Cause::Deferred {
                disposal,
                held_from: (self.today, self.today),
            },
            None => Cause::Adjusted,
        };
        Movement {
            rule: Some(denial.rule),
            ..Movement::plain(denial.trade, cause, units, amount)
        }
    }

    /// Adds a denied amount to the cost of a pool; gives what the pool costs then. Nothing has a cost yet where the units
    /// are still to come.
    fn join_cost(
        &mut self,
        denial: &Denial,
        to: &Substitute,
        units: Quantity,
        amount: Minor,
    ) -> Result<Option<Money>, Halt> {
        let part = |printed| Part {
            amount: Money::from_minor(printed, self.places()),
            printed,
        };
        // Where a purchase serves one loss only, what it takes over must not enter another loss before it.
        let later = if self.circle.capped {
            minor_share(amount, to.to_come.min(to.units), to.units)?
        } else {
            0
        };
        let (now, later) = (part(amount - later), part(later));
        let key = (to.holder, to.security);
        let before = self.pool_held(key)?;
        let stock = self.stocks.entry(key).or_default();
        stock.adjust(now)?;
        stock.wait(later)?;
        let pool = stock.pool.as_ref().filter(|pool| !pool.left().is_zero());
        let empty = pool.is_none();
        let basis_after = pool
            .filter(|_| later.printed == 0)
            .map(|pool| pool.amount_left())
            .transpose()?;
        for (part, waits) in [(now, empty), (later, true)] {
            if part.printed == 0 {
                continue;
            }
            let deferred = self.denied_loss(denial, units, part.amount);
            if waits {
                self.told.wait(key, deferred);
            } else {
                self.pool_step(key, before, vec![deferred])?;
            }
        }
        let moved = now.amount.plus(later.amount)?;
        self.conservation.basis_moved = self.conservation.basis_moved.plus(moved)?;
        Ok(basis_after)
    }

    fn to(
        &mut self,
        denial: &Denial,
        to: Option<&Substitute>,
        units: Quantity,
        amount: Minor,
    ) -> Result<(), Halt> {
        let takes = to.filter(|one| !self.holders.sheltered(one.holder));
        let mut basis_after = None;
        if let Some(one) = takes {
            basis_after = self.join_cost(denial, one, units, amount)?;
        }
        let Some(disposal) = denial.row else {
            return Ok(());
        };
        match takes {
            Some(_) => self.conservation.deferred += amount,
            None => self.conservation.lost += amount,
        }
        self.adjustments.push(Adjustment {
            disposal,
            replacement: takes.map(|one| self.pool_name((one.holder, one.security))),
            purchase: to.map(|one| one.trade),
            replaced: true,
            rule: Some(denial.rule),
            quantity: units,
            amount,
            basis_after,
            held_from_after: None,
        });
        Ok(())
    }
}
