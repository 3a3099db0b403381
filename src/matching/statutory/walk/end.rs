//! The end of a walk: what is still held, what may still change, and everything handed over.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Done, Walk};
use crate::answer::trail::{Cause, Movement};
use crate::answer::{Disposal, LotName, Match, OpenLot, Units};
use crate::date::Date;
use crate::diagnostic::Problem;
use crate::jurisdiction::Defer;
use crate::matching::statutory::moves::Key;
use crate::matching::statutory::{again, circle};
use crate::matching::{Halt, Matched};
use crate::money::{Money, OutOfRange, Quantity};
use crate::trade::{Action, SecurityId, TradeId};

impl<'a> Walk<'a> {
    /// Hands everything over, to where no row is yet.
    pub fn finish(mut self, all: &mut Matched, problems: &mut Vec<Problem>) {
        let ended = self.end();
        if let Err(halt) = ended {
            self.problems.push(match halt {
                Halt::Problem(problem) => *problem,
                Halt::Range(error) => Problem::new(error.to_string()),
            });
        }
        problems.append(&mut self.problems);
        if let Err(error) = self.balance(all) {
            problems.push(Problem::new(error.to_string()));
        }
        self.hand_over_trails(all);
        all.disposals.unordered_mut().append(&mut self.rows);
        all.merged.append(&mut self.merged);
        all.adjustments.append(&mut self.adjustments);
        all.warnings.append(&mut self.warnings);
        let lots = self.lots();
        if let Some(trails) = &mut all.trails {
            trails.pools.append(&mut self.told.pools());
        }
        match lots {
            Ok((mut lots, told)) => {
                if let Some(trails) = &mut all.trails {
                    trails.lots.extend(told);
                }
                all.lots.append(&mut lots);
            }
            Err(Halt::Range(error)) => problems.push(Problem::new(error.to_string())),
            Err(Halt::Problem(problem)) => problems.push(*problem),
        }
    }

    /// Points out opening lots that stood in the window of a sale by the date of their row alone: it may be that of a
    /// balance instead of the acquisition.
    pub fn warn_undated(&mut self, undated: &FxHashSet<TradeId>) {
        if undated.is_empty() {
            return;
        }
        let by_window = |row: &&Disposal| {
            matches!(
                row.matched,
                Match::SameDay | Match::Within30Days | Match::Within4Weeks | Match::Later
            )
        };
        let covering = self.rows.iter().filter(by_window);
        let covering = covering.filter_map(|row| row.lot.map(|lot| lot.opened_by));
        let taking = self.adjustments.iter().filter_map(|one| one.purchase);
        let counted = covering.chain(taking).filter(|id| undated.contains(id));
        let mut counted: Vec<TradeId> = counted.collect();
        counted.sort_unstable();
        counted.dedup();
        for id in counted {
            self.warn(
                "opening-in-window",
                "an `opening` row counts as acquired on its own date, and so in the window of a sale near it; if the units were held before, give their `acquired_date`".into(),
                Some(id),
                true,
            );
        }
    }

    /// Where the figures come from, by row and by pool.
    fn hand_over_trails(&mut self, all: &mut Matched) {
        let Some(trails) = &mut all.trails else {
            return;
        };
        for row in 0..self.rows.len() as u32 {
            trails.disposals.push(self.told.of_row(row));
        }
    }

    /// The sums of all rows, and those that must agree.
    fn balance(&mut self, all: &mut Matched) -> Result<(), OutOfRange> {
        for row in &self.rows {
            all.sums.entry(row.tax_year).or_default().add(row)?;
            self.conservation.adjusted += row.adjustment;
        }
        let mut held = Money::ZERO;
        for stock in self.stocks.values() {
            held = held.plus(stock.carried()?)?;
            // What was denied waits for units that the rows bring; where none came it is nobody's cost.
            if let (Some(Defer::Superficial(_)), Some(waiting)) = (self.law.defer, stock.waiting) {
                held = held.minus(waiting.amount)?;
            }
        }
        self.conservation.basis_held = held;
        self.conservation.units = self.counted()?;
        all.conservation.add(&self.conservation)
    }

    /// Units as counted from the moves beside those that are held.
    fn counted(&mut self) -> Result<Vec<Units>, OutOfRange> {
        let mut tally = std::mem::take(&mut self.tally);
        for (key, stock) in &self.stocks {
            tally.holds(key.1, stock.units(), Quantity::ZERO)?;
        }
        for (security, short) in self.short_units() {
            tally.holds(security, Quantity::ZERO, short)?;
        }
        for (key, units) in &self.lacking {
            tally.uncovered(key.1, *units)?;
        }
        tally.counted()
    }

    pub(super) fn end(&mut self) -> Done {
        let end = self.rules.end.unwrap_or(self.today);
        // A day of effect that a row names is known, however far the rows go; only a report date cuts it off.
        self.lift(self.as_of.unwrap_or(Date::FIRST.plus(i32::MAX)))?;
        self.close_years(i32::MAX)?;
        self.written_rows()?;
        self.mark_provisional(end);
        self.lose_fenced();
        if self.plan.short_gave_way {
            self.warn(
                "uk-short-and-window",
                "a purchase was claimed both by an earlier short sale and by a later disposal within 30 days: the 30-day rule was served first (TCGA 1992 s 106A(5) before s 105(2)); other readings serve the earlier disposal first".into(),
                None,
                false,
            );
        }
        Ok(())
    }

    /// Rows that purchases in the days to come may still change.
    pub(super) fn mark_provisional(&mut self, end: Date) {
        let days = match (self.law.later_days(), self.law.defer) {
            (Some(days), _) => Some(days),
            (None, Some(Defer::Superficial(_))) => Some(circle::WINDOW),
            (None, Some(Defer::RingFence(_))) => Some(again::FOUR_WEEKS),
            (None, Some(Defer::TwoMonths(_))) => None,
            (None, Some(Defer::WashSale) | None) => return,
        };
        let mut open = self.may_change().into_iter();
        for row in &mut self.rows {
            let until = match days {
                Some(days) => row.disposed.plus(days),
                None => again::two_months_after(row.disposed),
            };
            if open.next() == Some(true) && end < until {
                row.provisional_until = Some(until);
            }
        }
    }

    /// For each row, whether purchases to come can change it.
    fn may_change(&self) -> Vec<bool> {
        let identifies = self.law.later_days().is_some();
        let rows = self.rows.iter();
        rows.map(|row| {
            if identifies {
                return row.matched == Match::Pool && !row.quantity.is_zero();
            }
            let action = self.history.trade(row.closed_by).action;
            row.proceeds < row.cost
                && matches!(row.matched, Match::Pool | Match::Lot | Match::Within4Weeks)
                && action != Action::Lost
                && self.window_reaches(row.security)
                && !self.never_superficial(action)
        })
        .collect()
    }

    /// What opened a short position, as far as it is still open.
    fn short_told(&self, short: &OpenLot) -> Result<Vec<Movement>, Halt> {
        if !self.told.on() || short.cost == 0 {
            return Ok(Vec::new());
        }
        let units = short.quantity.abs();
        let trade = self.history.trade(short.name.opened_by).quantity();
        let whole = match trade {
            Some(quantity) => Quantity::new(quantity.abs())?,
            None => units,
        };
        let cause = Cause::Opened {
            lot: short.name,
            whole,
        };
        let brought = Money::from_minor(short.cost.saturating_neg(), self.places());
        let opened_by = short.name.opened_by;
        Ok(vec![Movement::plain(opened_by, cause, units, brought)])
    }

    /// What is held: pools and lots, open shorts and written options.
    pub(super) fn lots(&mut self) -> Result<(Vec<OpenLot>, Vec<Vec<Movement>>), Halt> {
        let (mut found, mut told) = (Vec::new(), Vec::new());
        let mut keys: Vec<Key> = self.stocks.keys().copied().collect();
        keys.sort_unstable_by_key(|(holder, security)| (*security, *holder));
        for key in keys {
            let name = self.pool_name(key);
            let Some(stock) = self.stocks.get(&key) else {
                continue;
            };
            if let Some(pool) = stock.pool.as_ref().filter(|pool| !pool.left().is_zero()) {
                found.push(OpenLot {
                    name,
                    account: stock.account.only(),
                    security: key.1,
                    quantity: pool.left(),
                    cost: pool.printed(),
                    acquired: None,
                    held_from: None,
                    opened_by: Vec::new(),
                });
                told.push(self.told.since_empty(key));
            }
            for lot in &stock.lots {
                found.push(OpenLot {
                    name: Self::lot_name(key.1, lot),
                    account: lot.account,
                    security: key.1,
                    quantity: lot.parcel.left(),
                    cost: lot.parcel.printed(),
                    acquired: Some(lot.acquired),
                    held_from: Some(lot.acquired),
                    opened_by: vec![lot.trade],
                });
                told.push(self.trail.movements(lot.trail));
            }
        }
        let mut numbers: FxHashMap<(SecurityId, Date), u32> = FxHashMap::default();
        for ((key, date, account), open) in &self.uncovered {
            let number = numbers.entry((key.1, *date)).or_default();
            *number += 1;
            found.push(OpenLot {
                name: LotName {
                    security: key.1,
                    date: *date,
                    number: *number,
                    opened_by: open.trade,
                },
                account: Some(*account),
                security: key.1,
                quantity: open.units.negated(),
                cost: open.part.printed.saturating_neg(),
                acquired: Some(*date),
                held_from: Some(*date),
                opened_by: vec![open.trade],
            });
        }
        self.open_positions(&mut found);
        for short in found.iter().skip(told.len()) {
            told.push(self.short_told(short)?);
        }
        Ok((found, told))
    }
}
