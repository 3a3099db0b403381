//! Which purchase covers which disposal, by quantities alone: purchases of the same day, of the days after, the pool,
//! later purchases. Money plays no part, so nothing that happens later can change what an earlier disposal was
//! identified with.

use std::cell::Cell;
use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::moves::{Key, Manner, Move, What};
use crate::answer::Match;
use crate::date::Date;
use crate::money::{OutOfRange, Quantity};

/// The plan of all lines.
#[derive(Debug, Default)]
pub struct Plan {
    /// The lines of each holding, with the days they begin on: a symbol bought again after its shares became others is
    /// a new holding.
    line_of: FxHashMap<Key, Vec<(Date, usize)>>,
    /// The days on which holdings became others.
    ended: FxHashMap<Key, Date>,
    lines: Vec<Line>,
    /// Whether an earlier short sale left a purchase to a later disposal's window.
    pub short_gave_way: bool,
}

/// One holding through its changes of name, day by day.
#[derive(Debug, Default)]
pub struct Line {
    days: Vec<Day>,
    /// Changes of units at the start of a day: position of the day, new, old.
    scales: Vec<(usize, Quantity, Quantity)>,
    /// Where the day last asked for stands: the next one asked for is mostly the one behind it.
    asked: Cell<usize>,
}

/// What one day buys and sells, and how that is matched.
#[derive(Debug)]
pub struct Day {
    date: Date,
    bought: Quantity,
    joined: Quantity,
    sold: Quantity,
    /// How the day's disposals are covered.
    pub legs: Vec<Leg>,
    /// What the day's purchases cover, in the order in which they are served.
    pub claims: Vec<Claim>,
}

/// A part of a day's disposals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// How it is covered.
    pub matched: Match,
    /// Units, in those of the day of the disposal.
    pub quantity: Quantity,
    /// The day of the purchase, for legs that a purchase covers.
    pub bought: Option<Date>,
}

/// A part of a day's purchases that covers a disposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The day of the disposal.
    pub sold: Date,
    /// The position of the leg there.
    pub leg: usize,
    /// Units, in those of the day of the purchase.
    pub quantity: Quantity,
}

impl Plan {
    /// Plans the moves, which are in order of their days; the window has `days` days.
    ///
    /// # Errors
    /// Quantities out of range.
    pub fn new(moves: &[Move], days: i32) -> Result<Self, OutOfRange> {
        let mut plan = Self::default();
        for step in moves {
            plan.enter(step)?;
        }
        let mut gave_way = false;
        for line in &mut plan.lines {
            gave_way |= line.cover(days)?;
        }
        plan.short_gave_way = gave_way;
        Ok(plan)
    }

    /// The day of a holding.
    pub fn day(&self, key: Key, date: Date) -> Option<&Day> {
        self.lines.get(self.line_id(key, date)?)?.day(date)
    }

    /// The line that a holding belongs to on a day, through its changes of name.
    pub fn line_id(&self, key: Key, date: Date) -> Option<usize> {
        let lines = self.line_of.get(&key)?;
        let last = lines.iter().rev().find(|(from, _)| *from <= date);
        last.map(|(_, line)| *line)
    }

    fn line(&mut self, key: Key, date: Date) -> usize {
        // What comes in on that day comes after the change, as in the pools: else the change would have taken it along.
        let ended = self.ended.get(&key).is_some_and(|day| *day <= date);
        let of_key = self.line_of.entry(key).or_default();
        if let (Some((_, line)), false) = (of_key.last(), ended) {
            return *line;
        }
        self.ended.remove(&key);
        self.lines.push(Line::default());
        let line = self.lines.len() - 1;
        let from = if of_key.is_empty() { Date::FIRST } else { date };
        of_key.push((from, line));
        line
    }

    fn enter(&mut self, step: &Move) -> Result<(), OutOfRange> {
        let place = self.line(step.key, step.day);
        let quantity = step.quantity;
        match step.what {
            What::In { manner, .. } => {
                let day = self.lines[place].at(step.day);
                let sum = match manner {
                    Manner::Purchase => &mut day.bought,
                    Manner::Other => &mut day.joined,
                };
                *sum = sum.plus(quantity)?;
            }
            What::Out { .. } => {
                let day = self.lines[place].at(step.day);
                day.sold = day.sold.plus(quantity)?;
            }
            What::Release => {
                let day = self.lines[place].at(step.day);
                day.joined = day.joined.minus(quantity)?;
            }
            What::Scale { new, old } => self.lines[place].restate(step.day, new, old),
            What::Divide { to, units, .. } => {
                let other = self.line((step.key.0, to), step.day);
                let day = self.lines[other].at(step.day);
                day.joined = day.joined.plus(units)?;
            }
            What::Turn { to, units, ratio } => {
                self.turn(step, place, ((step.key.0, to), ratio), units)?;
            }
            What::Carry { to, .. } => {
                let day = self.lines[place].at(step.day);
                day.joined = day.joined.minus(quantity)?;
                let other = self.line(to, step.day);
                let day = self.lines[other].at(step.day);
                day.joined = day.joined.plus(quantity)?;
            }
            What::Relocate { .. }
            | What::Shift { .. }
            | What::Return { .. }
            | What::Part { .. }
            | What::Open { .. }
            | What::Close { .. }
            | What::Assign
            | What::Amount { .. } => {}
        }
        Ok(())
    }

    /// Shares that others take the place of are the same holding (TCGA 1992 s 127); only where the new ones are held
    /// already do they join as they are. Either way the old holding has ended.
    fn turn(
        &mut self,
        step: &Move,
        place: usize,
        (to, ratio): (Key, Option<(Quantity, Quantity)>),
        units: Quantity,
    ) -> Result<(), OutOfRange> {
        let known = self.line_of.contains_key(&to) && !self.ended.contains_key(&to);
        let continues = ratio.filter(|_| !known);
        if ratio.is_some() {
            self.ended.insert(step.key, step.day);
        }
        let Some((new, old)) = continues else {
            let day = self.lines[place].at(step.day);
            day.joined = day.joined.minus(step.quantity)?;
            let other = self.line(to, step.day);
            let day = self.lines[other].at(step.day);
            day.joined = day.joined.plus(units)?;
            return Ok(());
        };
        let of_new = self.line_of.entry(to).or_default();
        let from = if of_new.is_empty() {
            Date::FIRST
        } else {
            step.day
        };
        of_new.push((from, place));
        self.ended.remove(&to);
        if new != old {
            self.lines[place].restate(step.day, new, old);
        }
        Ok(())
    }
}

impl Line {
    fn day(&self, date: Date) -> Option<&Day> {
        let asked = self.asked.get();
        let near = self.days.iter().enumerate().skip(asked).take(2);
        let place = match near.into_iter().find(|(_, day)| day.date == date) {
            Some((place, _)) => place,
            None => self.days.binary_search_by_key(&date, |day| day.date).ok()?,
        };
        self.asked.set(place);
        self.days.get(place)
    }

    fn at(&mut self, date: Date) -> &mut Day {
        if self.days.last().is_none_or(|day| day.date != date) {
            self.days.push(Day {
                date,
                bought: Quantity::ZERO,
                joined: Quantity::ZERO,
                sold: Quantity::ZERO,
                legs: Vec::new(),
                claims: Vec::new(),
            });
        }
        let last = self.days.len() - 1;
        &mut self.days[last]
    }

    /// A change of units. On the day of the first purchase it comes after it, and after sales that its time says were
    /// before it: for what counts from the start of a day, on the next.
    fn restate(&mut self, date: Date, new: Quantity, old: Quantity) {
        let bought = |day: &Day| {
            [day.bought, day.joined, day.sold]
                .iter()
                .any(|units| !units.is_zero())
        };
        let today = self.days.last().filter(|day| day.date == date);
        let after = i32::from(today.is_some_and(bought));
        self.at(date.plus(after));
        self.scales.push((self.days.len() - 1, new, old));
    }

    /// Units of one day in those of an earlier day.
    fn back(
        &self,
        quantity: Quantity,
        later: usize,
        earlier: usize,
    ) -> Result<Quantity, OutOfRange> {
        let mut between = self.between(earlier, later).rev();
        between.try_fold(quantity, |units, (_, new, old)| units.restated(*old, *new))
    }

    /// Units of one day in those of a later day.
    fn forth(
        &self,
        quantity: Quantity,
        earlier: usize,
        later: usize,
    ) -> Result<Quantity, OutOfRange> {
        self.between(earlier, later)
            .try_fold(quantity, |units, (_, new, old)| units.restated(*new, *old))
    }

    fn between(
        &self,
        earlier: usize,
        later: usize,
    ) -> impl DoubleEndedIterator<Item = &(usize, Quantity, Quantity)> {
        let start = self.scales.partition_point(|(day, ..)| *day <= earlier);
        let end = self.scales.partition_point(|(day, ..)| *day <= later);
        self.scales.get(start..end).unwrap_or_default().iter()
    }

    /// Covers every disposal; whether a short sale had to leave a purchase to a window.
    fn cover(&mut self, days: i32) -> Result<bool, OutOfRange> {
        let mut open: Vec<Quantity> = self.days.iter().map(|day| day.sold).collect();
        let mut free: Vec<Quantity> = self.days.iter().map(|day| day.bought).collect();
        self.same_day(&mut open, &mut free)?;
        self.days_after(days, &mut open, &mut free)?;
        self.pool_and_later(&mut open, &mut free)
    }

    /// Purchases that disposals of their own day need are set aside before any earlier disposal (s 105(1), s 106A(9)).
    fn same_day(&mut self, open: &mut [Quantity], free: &mut [Quantity]) -> Result<(), OutOfRange> {
        for place in 0..self.days.len() {
            let units = open[place].min(free[place]);
            self.match_up(place, place, Match::SameDay, units, units, open, free)?;
        }
        Ok(())
    }

    /// Purchases of the days after: the earlier disposal first, by the earlier purchase first (s 106A(4), (5)).
    fn days_after(
        &mut self,
        days: i32,
        open: &mut [Quantity],
        free: &mut [Quantity],
    ) -> Result<(), OutOfRange> {
        for sold in 0..self.days.len() {
            let until = self.days[sold].date.plus(days);
            let mut bought = sold + 1;
            while !open[sold].is_zero()
                && self.days.get(bought).is_some_and(|day| day.date <= until)
            {
                self.serve(sold, bought, Match::Within30Days, open, free)?;
                bought += 1;
            }
        }
        Ok(())
    }

    /// The pool as it stands on each day; what it lacks waits for the earliest later purchases (s 105(2)).
    fn pool_and_later(
        &mut self,
        open: &mut [Quantity],
        free: &mut [Quantity],
    ) -> Result<bool, OutOfRange> {
        let mut pool = Quantity::ZERO;
        let mut short: VecDeque<usize> = VecDeque::new();
        let mut gave_way = false;
        for place in 0..self.days.len() {
            for (_, new, old) in self.scales.iter().filter(|(day, ..)| *day == place) {
                pool = pool.restated(*new, *old)?;
            }
            // A window's claim on what an earlier short sale waits for; the window may be that of the short sale itself.
            let today = &self.days[place];
            let waits = short.front().map(|sold| self.days[*sold].date);
            let later = |claim: &Claim| waits.is_some_and(|waits| waits < claim.sold);
            let mut claims = today.claims.iter();
            gave_way |= claims.any(|claim| claim.sold != today.date && later(claim));
            while let Some(sold) = short.front().copied() {
                if free[place].is_zero() {
                    break;
                }
                self.serve(sold, place, Match::Later, open, free)?;
                if open[sold].is_zero() {
                    short.pop_front();
                }
            }
            pool = pool.plus(free[place])?.plus(self.days[place].joined)?;
            let units = open[place].min(pool);
            if units > Quantity::ZERO {
                pool = pool.minus(units)?;
                open[place] = open[place].minus(units)?;
                self.days[place].legs.push(Leg {
                    matched: Match::Pool,
                    quantity: units,
                    bought: None,
                });
            }
            if !open[place].is_zero() {
                short.push_back(place);
            }
        }
        Ok(gave_way)
    }

    /// Covers what is open of one day by what is free of a later one, as far as that goes.
    fn serve(
        &mut self,
        sold: usize,
        bought: usize,
        matched: Match,
        open: &mut [Quantity],
        free: &mut [Quantity],
    ) -> Result<(), OutOfRange> {
        let offered = self.back(free[bought], bought, sold)?;
        let units = open[sold].min(offered);
        let used = if units == offered {
            free[bought]
        } else {
            self.forth(units, sold, bought)?.min(free[bought])
        };
        self.match_up(sold, bought, matched, units, used, open, free)
    }

    #[allow(clippy::too_many_arguments)] // one match has this many facts
    fn match_up(
        &mut self,
        sold: usize,
        bought: usize,
        matched: Match,
        units: Quantity,
        used: Quantity,
        open: &mut [Quantity],
        free: &mut [Quantity],
    ) -> Result<(), OutOfRange> {
        if units.is_zero() || used.is_zero() {
            return Ok(());
        }
        open[sold] = open[sold].minus(units)?;
        free[bought] = free[bought].minus(used)?;
        let claim = Claim {
            sold: self.days[sold].date,
            leg: self.days[sold].legs.len(),
            quantity: used,
        };
        let bought_on = self.days[bought].date;
        self.days[bought].claims.push(claim);
        self.days[sold].legs.push(Leg {
            matched,
            quantity: units,
            bought: Some(bought_on),
        });
        Ok(())
    }
}
