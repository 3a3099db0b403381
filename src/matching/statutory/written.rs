//! Written options and short sales: when their result counts, and what buying back or assignment does to it.

use super::moves::{Key, Move, Way};
use super::walk::{Row, Walk, ZERO};
use crate::answer::trail::{Cause, Movement, Sold};
use crate::answer::{LotName, Match, OpenLot};
use crate::date::Date;
use crate::jurisdiction::Written;
use crate::matching::Halt;
use crate::money::{Money, Quantity};
use crate::parcel::{Parcel, Part};
use crate::trade::{AccountId, SecurityId, TradeId};

/// Contracts written, or units sold short, by one row.
#[derive(Clone, Debug)]
pub struct Position {
    trade: TradeId,
    account: AccountId,
    day: Date,
    number: u32,
    /// Units still open and what writing them brought.
    parcel: Parcel,
    /// Units written in all.
    whole: Quantity,
    /// What writing all of them cost in fees, which what it brought is net of; where that is told.
    costs: Money,
    /// What has been bought back or has expired.
    ended: Vec<Ended>,
}

#[derive(Clone, Copy, Debug)]
struct Ended {
    trade: TradeId,
    day: Date,
    quantity: Quantity,
    proceeds: Part,
    /// What buying back cost; `None` for an expiry.
    cost: Option<Part>,
}

type Done = Result<(), Halt>;

/// The row that closed a position, and its units in all.
type Side = (TradeId, Quantity);

/// The row that opened a position, its units in all, and what opening it cost.
type Opening = (TradeId, Quantity, Money);

impl Walk<'_> {
    /// When a position's result counts: for units sold short always when they are bought.
    fn counts(&self, key: Key) -> Written {
        if self.is_option(key.1) {
            self.law.written
        } else {
            Written::Close
        }
    }

    /// Writes options, or sells short.
    pub fn open(&mut self, step: &Move, proceeds: Money) -> Done {
        let number = self.next_number(step.key.1);
        let position = Position {
            trade: step.trade,
            account: step.account,
            day: self.today,
            number,
            parcel: Parcel::new(step.quantity, proceeds, self.places())?,
            whole: step.quantity,
            costs: self.sale(step, proceeds)?.costs,
            ended: Vec::new(),
        };
        self.positions
            .entry(step.key)
            .or_default()
            .push_back(position);
        Ok(())
    }

    /// Buys back, or lets expire, the oldest first.
    pub fn close(&mut self, step: &Move, cost: Money, expired: bool) -> Done {
        let paid = self.part(cost)?;
        let mut spread = Parcel::from_part(step.quantity, paid, self.places());
        let mut wanted = step.quantity;
        let mut rows = Vec::new();
        let counts = self.counts(step.key);
        for position in self.positions.entry(step.key).or_default() {
            let quantity = position.parcel.left().min(wanted);
            if quantity.is_zero() {
                continue;
            }
            wanted = wanted.minus(quantity)?;
            let (proceeds, cost) = (position.parcel.take(quantity)?, spread.take(quantity)?);
            let ended = Ended {
                trade: step.trade,
                day: step.day,
                quantity,
                proceeds,
                cost: (!expired).then_some(cost),
            };
            position.ended.push(ended);
            rows.push((position.row(step.key, &ended), ended, position.opening()));
        }
        for (row, ended, opening) in rows {
            let closed = (step.trade, step.quantity);
            match (counts, ended.cost) {
                (Written::Close, cost) => {
                    self.short_row(
                        &Row {
                            cost: cost.unwrap_or(ZERO),
                            acquired: Some(self.today),
                            tax_day: self.today,
                            trade: step.trade,
                            ..row
                        },
                        (Some(opening), Some(closed)),
                    )?;
                }
                // A loss of its own, of the day it is paid.
                (Written::GrantThenClose | Written::GrantStays { .. }, Some(cost)) => {
                    self.short_row(
                        &Row {
                            proceeds: ZERO,
                            cost,
                            acquired: Some(self.today),
                            tax_day: self.today,
                            trade: step.trade,
                            ..row
                        },
                        (None, Some(closed)),
                    )?;
                }
                (Written::GrantThenClose | Written::GrantStays { .. }, None)
                | (Written::GrantRevised, _) => {}
            }
        }
        Ok(())
    }

    /// The premium of options that are assigned, the oldest first, and the fees it is net of: it moves to the shares.
    pub fn take_premium(&mut self, step: &Move) -> Result<(Money, Money), Halt> {
        let mut wanted = step.quantity;
        let (mut premium, mut costs) = (Money::ZERO, Money::ZERO);
        for position in self.positions.entry(step.key).or_default() {
            let quantity = position.parcel.left().min(wanted);
            if !quantity.is_zero() {
                wanted = wanted.minus(quantity)?;
                premium = premium.plus(position.parcel.take(quantity)?.amount)?;
                costs = costs.plus(position.costs.share(quantity, position.whole)?)?;
            }
        }
        Ok((premium, costs))
    }

    /// Short units are restated with the shares.
    pub fn rescale_positions(&mut self, key: Key, new: Quantity, old: Quantity) -> Done {
        for position in self.positions.entry(key).or_default() {
            let before = position.parcel.left();
            let units = before.restated(new, old)?;
            position.parcel.rescale(units)?;
            position.whole = position.whole.restated(new, old)?;
            self.tally.opened(key.1, units.minus(before)?)?;
        }
        Ok(())
    }

    /// Short units become those of another security, with what opening them brought.
    pub fn turn_positions(&mut self, from: Key, to: Key) -> Done {
        let Some(positions) = self.positions.remove(&from) else {
            return Ok(());
        };
        for position in &positions {
            self.tally.turned(from.1, to.1, position.parcel.left())?;
        }
        self.positions.entry(to).or_default().extend(positions);
        Ok(())
    }

    /// Rows of the day of writing, known only now: assignment took some of them back, buying back changed others.
    pub fn written_rows(&mut self) -> Done {
        let mut keys: Vec<Key> = self.positions.keys().copied().collect();
        keys.sort_unstable_by_key(|(holder, security)| (*security, *holder));
        for key in keys {
            let counts = self.counts(key);
            if counts == Written::Close {
                continue;
            }
            for position in self.positions.get(&key).cloned().unwrap_or_default() {
                self.grant_rows(key, &position, counts)?;
            }
        }
        Ok(())
    }

    fn grant_rows(&mut self, key: Key, position: &Position, counts: Written) -> Done {
        let mut rest = position.parcel.clone();
        for ended in &position.ended {
            match (counts, ended.cost) {
                (Written::GrantRevised, Some(cost)) => {
                    let row = position.row(key, ended);
                    let row = Row {
                        cost,
                        acquired: Some(ended.day),
                        trade: ended.trade,
                        ..row
                    };
                    let closed = (ended.trade, ended.quantity);
                    let opened = position.opening();
                    self.short_row(&row, (Some(opened), Some(closed)))?;
                }
                _ => rest.join(ended.quantity, ended.proceeds)?,
            }
        }
        if rest.left().is_zero() {
            return Ok(());
        }
        let whole = Ended {
            trade: position.trade,
            day: position.day,
            quantity: rest.left(),
            proceeds: Part {
                amount: rest.amount_left()?,
                printed: rest.printed(),
            },
            cost: None,
        };
        let row = position.row(key, &whole);
        self.short_row(&row, (Some(position.opening()), None))
    }

    /// Writes a row of a short position and tells where it comes from: the row that opened it and the one that closed
    /// it, each with its units in all.
    fn short_row(&mut self, row: &Row, (opened, closed): (Option<Opening>, Option<Side>)) -> Done {
        let written = self.row(row, false)?;
        let Some(told) = written.and_then(|written| self.told.row(written)) else {
            return Ok(());
        };
        if let (Some((trade, whole, costs)), Some(lot)) = (opened, row.lot) {
            let cause = Cause::Opened { lot, whole };
            let brought = row.proceeds.amount;
            told.opened = Some(Sold {
                trade,
                units: whole,
                proceeds: brought,
                costs,
            });
            told.proceeds = vec![Movement::plain(trade, cause, row.quantity, brought)];
        }
        if let (Some((trade, whole)), false) = (closed, row.cost.amount.is_zero()) {
            let cause = Cause::Closed { whole };
            told.cost = vec![Movement::plain(trade, cause, row.quantity, row.cost.amount)];
        }
        Ok(())
    }

    /// Units still open short, by security.
    pub fn short_units(&self) -> impl Iterator<Item = (SecurityId, Quantity)> {
        let all = self.positions.iter();
        all.flat_map(|(key, positions)| positions.iter().map(|p| (key.1, p.parcel.left())))
    }

    /// Positions still open: negative quantity; the cost is what they brought, or nothing where that was a gain already.
    pub fn open_positions(&self, found: &mut Vec<OpenLot>) {
        let mut keys: Vec<&Key> = self.positions.keys().collect();
        keys.sort_unstable_by_key(|(holder, security)| (*security, *holder));
        for key in keys {
            let positions = self.positions.get(key).into_iter().flatten();
            for position in positions.filter(|p| !p.parcel.left().is_zero()) {
                let cost = match self.counts(*key) {
                    Written::Close => position.parcel.printed().saturating_neg(),
                    Written::GrantRevised
                    | Written::GrantThenClose
                    | Written::GrantStays { .. } => 0,
                };
                found.push(OpenLot {
                    name: position.name(*key),
                    account: Some(position.account),
                    security: key.1,
                    quantity: position.parcel.left().negated(),
                    cost,
                    acquired: Some(position.day),
                    held_from: Some(position.day),
                    opened_by: vec![position.trade],
                });
            }
        }
    }
}

impl Position {
    fn opening(&self) -> Opening {
        (self.trade, self.whole, self.costs)
    }

    fn name(&self, key: Key) -> LotName {
        LotName {
            security: key.1,
            date: self.day,
            number: self.number,
            opened_by: self.trade,
        }
    }

    /// A row of the day of writing, without cost.
    fn row(&self, key: Key, ended: &Ended) -> Row {
        Row {
            key,
            account: self.account,
            trade: self.trade,
            quantity: ended.quantity,
            matched: Match::Short,
            proceeds: ended.proceeds,
            cost: ZERO,
            way: Way::Sale,
            acquired: None,
            held_from: None,
            lot: Some(self.name(key)),
            tax_day: self.day,
        }
    }
}
