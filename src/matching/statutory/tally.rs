//! Units counted apart from the pools and lots: what came in has left or is held. Counted from the moves, compared with
//! what the walk holds at its end.

use rustc_hash::FxHashMap;

use super::moves::{Move, What};
use crate::answer::Units;
use crate::money::{OutOfRange, Quantity};
use crate::trade::SecurityId;

/// What restating units may leave, in units of the last decimal place: a share of a share is rounded each time.
const DUST: u128 = 1_000_000;

/// Units of each security.
#[derive(Debug, Default)]
pub struct Tally {
    of: FxHashMap<SecurityId, Units>,
    /// Whether units were restated, so that they may differ by what rounding leaves.
    restated: bool,
}

impl Tally {
    fn of(&mut self, security: SecurityId) -> &mut Units {
        let units = self.of.entry(security);
        units.or_insert_with(|| Units::none(security))
    }

    fn came(&mut self, security: SecurityId, units: Quantity) -> Result<(), OutOfRange> {
        let own = self.of(security);
        own.came = own.came.plus(units)?;
        Ok(())
    }

    fn left(&mut self, security: SecurityId, units: Quantity) -> Result<(), OutOfRange> {
        let own = self.of(security);
        own.left = own.left.plus(units)?;
        Ok(())
    }

    /// Counts a move.
    ///
    /// # Errors
    /// Quantities out of range.
    pub fn count(&mut self, step: &Move) -> Result<(), OutOfRange> {
        let (security, units) = (step.key.1, step.quantity);
        match step.what {
            What::In { .. } => self.came(security, units),
            What::Out { .. } | What::Release => self.left(security, units),
            What::Scale { new, old } => {
                self.restated = true;
                let more = units.restated(new, old)?.minus(units)?;
                self.came(security, more)
            }
            What::Divide { to, units, .. } => self.came(to, units),
            What::Turn { to, units: new, .. } => {
                self.restated = true;
                self.left(security, units)?;
                self.came(to, new)
            }
            What::Carry { .. } | What::Relocate { .. } => Ok(()),
            What::Open { .. } => {
                let own = self.of(security);
                own.opened = own.opened.plus(units)?;
                Ok(())
            }
            What::Close { .. } | What::Assign => {
                let own = self.of(security);
                own.closed = own.closed.plus(units)?;
                Ok(())
            }
            What::Shift { .. } | What::Return { .. } | What::Part { .. } | What::Amount { .. } => {
                Ok(())
            }
        }
    }

    /// Short units became those of another security.
    ///
    /// # Errors
    /// Quantities out of range.
    pub fn turned(
        &mut self,
        from: SecurityId,
        to: SecurityId,
        short: Quantity,
    ) -> Result<(), OutOfRange> {
        let own = self.of(from);
        own.closed = own.closed.plus(short)?;
        let own = self.of(to);
        own.opened = own.opened.plus(short)?;
        Ok(())
    }

    /// A split restated short units.
    ///
    /// # Errors
    /// Quantities out of range.
    pub fn opened(&mut self, security: SecurityId, more: Quantity) -> Result<(), OutOfRange> {
        let own = self.of(security);
        own.opened = own.opened.plus(more)?;
        Ok(())
    }

    /// Units that the walk holds, and those that are short.
    ///
    /// # Errors
    /// Quantities out of range.
    pub fn holds(
        &mut self,
        security: SecurityId,
        held: Quantity,
        short: Quantity,
    ) -> Result<(), OutOfRange> {
        let own = self.of(security);
        own.held = own.held.plus(held)?;
        own.short = own.short.plus(short)?;
        Ok(())
    }

    /// Units sold that no purchase covers: short, not gone.
    ///
    /// # Errors
    /// Quantities out of range.
    pub fn uncovered(&mut self, security: SecurityId, units: Quantity) -> Result<(), OutOfRange> {
        let own = self.of(security);
        own.left = own.left.minus(units)?;
        own.opened = own.opened.plus(units)?;
        own.short = own.short.plus(units)?;
        Ok(())
    }

    /// The counts, by security. What rounding left of restated units counts as come by the split.
    ///
    /// # Errors
    /// Quantities out of range.
    pub fn counted(self) -> Result<Vec<Units>, OutOfRange> {
        let mut all: Vec<Units> = self.of.into_values().collect();
        all.sort_unstable_by_key(|units| units.security);
        for units in all.iter_mut().filter(|_| self.restated) {
            let rest = units.held.minus(units.came.minus(units.left)?)?;
            if rest.units().unsigned_abs() <= DUST {
                units.came = units.came.plus(rest)?;
            }
            let rest = units.short.minus(units.opened.minus(units.closed)?)?;
            if rest.units().unsigned_abs() <= DUST {
                units.opened = units.opened.plus(rest)?;
            }
        }
        Ok(all)
    }
}
