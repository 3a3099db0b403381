//! The disposal rows of a fold: all of them, or only those that a later purchase may still change.

use std::collections::{BTreeMap, VecDeque};

use super::wash::WINDOW;
use crate::answer::{Codes, Disposal, Term};
use crate::date::Date;
use crate::money::{Minor, OutOfRange};

/// What the rows of one tax year add up to, by character, in minor units; losses are positive.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    /// Gains of short term.
    pub short_gains: Minor,
    /// Losses of short term.
    pub short_losses: Minor,
    /// Gains of long term.
    pub long_gains: Minor,
    /// Losses of long term.
    pub long_losses: Minor,
    /// Net of the rows without a term.
    pub without_term: Minor,
    /// Net of long-term collectibles.
    pub collectibles: Minor,
    /// How many rows there are.
    pub rows: usize,
}

impl Sums {
    /// The sums of rows by tax year.
    ///
    /// # Errors
    /// [`OutOfRange`] where a sum cannot be held.
    pub fn by_year(rows: &[Disposal]) -> Result<BTreeMap<i16, Self>, OutOfRange> {
        let mut years: BTreeMap<i16, Self> = BTreeMap::new();
        for own in rows.chunk_by(|a, b| a.tax_year == b.tax_year) {
            let Some(first) = own.first() else { continue };
            let sums = years.entry(first.tax_year).or_default();
            for row in own {
                sums.add(row)?;
            }
        }
        Ok(years)
    }

    /// Adds the sums of other rows.
    ///
    /// # Errors
    /// [`OutOfRange`] where a sum cannot be held.
    pub fn join(&mut self, other: &Self) -> Result<(), OutOfRange> {
        self.rows += other.rows;
        for (sum, amount) in [
            (&mut self.short_gains, other.short_gains),
            (&mut self.short_losses, other.short_losses),
            (&mut self.long_gains, other.long_gains),
            (&mut self.long_losses, other.long_losses),
            (&mut self.without_term, other.without_term),
            (&mut self.collectibles, other.collectibles),
        ] {
            *sum = sum.checked_add(amount).ok_or(OutOfRange::Amount)?;
        }
        Ok(())
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`OutOfRange`] where a sum cannot be held.
    pub fn add(&mut self, row: &Disposal) -> Result<(), OutOfRange> {
        let gain = row.gain();
        self.rows += 1;
        let (sum, amount) = match (row.term, gain >= 0) {
            (None, _) => (&mut self.without_term, gain),
            (Some(Term::Short), true) => (&mut self.short_gains, gain),
            (Some(Term::Short), false) => (&mut self.short_losses, -gain),
            (Some(Term::Long), true) => (&mut self.long_gains, gain),
            (Some(Term::Long), false) => (&mut self.long_losses, -gain),
        };
        *sum = sum.checked_add(amount).ok_or(OutOfRange::Amount)?;
        if row.codes.has(Codes::COLLECTIBLE) {
            self.collectibles = self
                .collectibles
                .checked_add(gain)
                .ok_or(OutOfRange::Amount)?;
        }
        Ok(())
    }
}

/// Rows in the order of their sales.
#[derive(Debug, Default)]
pub struct Rows {
    /// Rows that nothing changes any more and nobody wants to see are added up and forgotten.
    only_sums: bool,
    open: VecDeque<Disposal>,
    /// Position of the first open row among all.
    first: u32,
    sums: BTreeMap<i16, Sums>,
    /// The sums of the year that the last rows forgotten belong to, not yet among the others.
    latest: (i16, Sums),
    /// Adjustments of the rows forgotten so far.
    forgotten: Minor,
}

impl Rows {
    /// No rows yet; with `only_sums` they are forgotten once their window has closed.
    pub fn new(only_sums: bool) -> Self {
        Self {
            only_sums,
            ..Self::default()
        }
    }

    /// Adds a row and gives its position.
    pub fn push(&mut self, row: Disposal) -> u32 {
        self.open.push_back(row);
        self.len() - 1
    }

    /// How many rows there have been.
    pub fn len(&self) -> u32 {
        self.first + self.open.len() as u32
    }

    /// The row at a position, if it can still change.
    pub fn get_mut(&mut self, position: u32) -> Option<&mut Disposal> {
        self.open
            .get_mut(position.checked_sub(self.first)? as usize)
    }

    /// Denies a part of a row's loss because it was replaced (26 USC 1091), if the row can still change.
    #[inline]
    pub fn deny(&mut self, position: u32, amount: Minor) {
        if let Some(row) = self.get_mut(position) {
            row.adjustment += amount;
            row.codes = row.codes.with(Codes::WASH);
        }
    }

    /// The rows from a position on.
    pub fn since(&mut self, position: u32) -> impl Iterator<Item = &mut Disposal> {
        self.open
            .iter_mut()
            .skip(position.saturating_sub(self.first) as usize)
    }

    /// Adds up and forgets the rows that no purchase from `today` on can change.
    pub fn retire(&mut self, today: Date) -> Result<(), OutOfRange> {
        if !self.only_sums {
            return Ok(());
        }
        let closed = today.plus(-WINDOW - 1);
        while self.open.front().is_some_and(|row| row.disposed < closed) {
            if let Some(row) = self.open.pop_front() {
                if row.tax_year != self.latest.0 {
                    self.join_latest()?;
                    self.latest.0 = row.tax_year;
                }
                self.latest.1.add(&row)?;
                self.first += 1;
                self.forgotten = self
                    .forgotten
                    .checked_add(row.adjustment)
                    .ok_or(OutOfRange::Amount)?;
            }
        }
        Ok(())
    }

    /// Moves the sums of the latest year to those of its year.
    fn join_latest(&mut self) -> Result<(), OutOfRange> {
        let sums = std::mem::take(&mut self.latest.1);
        if sums.rows > 0 {
            self.sums.entry(self.latest.0).or_default().join(&sums)?;
        }
        Ok(())
    }

    /// All adjustments added up.
    pub fn adjusted(&self) -> Minor {
        self.forgotten + self.open.iter().map(|row| row.adjustment).sum::<Minor>()
    }

    /// The rows that are left, and the sums of all where only those are wanted.
    pub fn finish(mut self) -> Result<(Vec<Disposal>, BTreeMap<i16, Sums>), OutOfRange> {
        self.join_latest()?;
        if self.only_sums {
            for row in &self.open {
                self.sums.entry(row.tax_year).or_default().add(row)?;
            }
        }
        Ok((self.open.into(), self.sums))
    }
}
