//! The disposal rows of an answer: kept as they were found, read in the order of their sales.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts and positions of what is in memory"
)]
#![allow(
    clippy::indexing_slicing,
    reason = "the caller's position, as with a slice; `get` asks first"
)]

use std::ops::Index;

use super::Disposal;

/// Disposal rows in the order of their sales.
///
/// Rows are found security by security. Moving ten million of them to their places would cost more than finding them, so
/// they stay where they are, and a list says in which order they are read.
#[derive(Clone, Debug, Default)]
pub struct Disposals {
    rows: Vec<Disposal>,
    /// The row at each position; empty where that is the order in which they stand.
    order: Vec<u32>,
}

impl Disposals {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Where the row of a position stands among [`Self::unordered`].
    #[inline]
    pub fn place(&self, position: usize) -> usize {
        match self.order.get(position) {
            Some(place) => *place as usize,
            None => position,
        }
    }

    /// The row at a position.
    #[inline]
    pub fn get(&self, position: usize) -> Option<&Disposal> {
        self.rows.get(self.place(position))
    }

    /// The rows in order.
    pub fn iter(&self) -> Iter<'_> {
        Iter { all: self, next: 0 }
    }

    /// The rows as they stand, in whatever order.
    pub fn unordered(&self) -> &[Disposal] {
        &self.rows
    }

    /// The rows as they stand, to add to. An order that was given before is forgotten.
    pub fn unordered_mut(&mut self) -> &mut Vec<Disposal> {
        self.order.clear();
        &mut self.rows
    }

    /// The rows as they stand, to change one by one; their order stays.
    pub fn rows_mut(&mut self) -> &mut [Disposal] {
        &mut self.rows
    }

    /// The rows as they stand, handed over.
    pub fn into_unordered(self) -> Vec<Disposal> {
        self.rows
    }

    /// Says which row stands at each position: a permutation of all of them.
    pub fn set_order(&mut self, order: Vec<u32>) {
        debug_assert_eq!(order.len(), self.rows.len());
        self.order = order;
    }
}

impl Index<usize> for Disposals {
    type Output = Disposal;

    #[inline]
    fn index(&self, position: usize) -> &Disposal {
        &self.rows[self.place(position)]
    }
}

impl From<Vec<Disposal>> for Disposals {
    fn from(rows: Vec<Disposal>) -> Self {
        Self {
            rows,
            order: Vec::new(),
        }
    }
}

impl FromIterator<Disposal> for Disposals {
    fn from_iter<I: IntoIterator<Item = Disposal>>(rows: I) -> Self {
        Self::from(Vec::from_iter(rows))
    }
}

impl<'a> IntoIterator for &'a Disposals {
    type Item = &'a Disposal;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Rows in order.
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    all: &'a Disposals,
    next: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a Disposal;

    #[inline]
    fn next(&mut self) -> Option<&'a Disposal> {
        let row = self.all.get(self.next)?;
        self.next += 1;
        Some(row)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.all.len().saturating_sub(self.next);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Iter<'_> {}
