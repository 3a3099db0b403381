//! The lots of one holding in the order in which the method takes them.
//!
//! A sorted run takes what arrives at either end, as under FIFO and LIFO; a heap takes the rest, and is folded into the
//! run while it is large, so that a million lots bought before the first sale are sorted once. Entries of lots that
//! changed rank or are used up go stale and are passed over.

use std::cmp::Ordering;
use std::collections::VecDeque;

use crate::holding::lot::{Lot, LotId};
use crate::method::Method;

/// One lot's place in a queue.
#[derive(Clone, Copy, Debug)]
struct Entry {
    rank: u64,
    lot: LotId,
    stamp: u32,
}

/// Lots waiting to be sold, first to leave first.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    run: VecDeque<Entry>,
    heap: Vec<Entry>,
    arrived: Vec<Entry>,
}

impl Queue {
    /// Adds a lot, or its new rank after its basis changed.
    pub fn push(&mut self, method: &Method, lots: &[Lot], id: LotId) {
        let lot = &lots[id.0 as usize];
        let entry = Entry {
            rank: (method.rank)(lot),
            lot: id,
            stamp: lot.stamp,
        };
        let before = |other: &Entry| order(method, lots, &entry, other) == Ordering::Less;
        match (self.run.front(), self.run.back()) {
            (_, None) => self.run.push_back(entry),
            (_, Some(last)) if !before(last) => self.run.push_back(entry),
            (Some(first), _) if before(first) => self.run.push_front(entry),
            _ => self.arrived.push(entry),
        }
    }

    /// The lot that leaves first, if any is left.
    pub fn first(&mut self, method: &Method, lots: &[Lot]) -> Option<LotId> {
        self.settle(method, lots);
        while self.run.front().is_some_and(|entry| stale(lots, entry)) {
            self.run.pop_front();
        }
        while self.heap.first().is_some_and(|entry| stale(lots, entry)) {
            self.pop_heap(method, lots);
        }
        match (self.run.front(), self.heap.first()) {
            (Some(a), Some(b)) if order(method, lots, a, b) == Ordering::Greater => Some(b.lot),
            (Some(a), _) => Some(a.lot),
            (None, b) => b.map(|entry| entry.lot),
        }
    }

    fn settle(&mut self, method: &Method, lots: &[Lot]) {
        if self.arrived.is_empty() {
            return;
        }
        // Sorting everything costs little more than a walk; a heap pays only where few arrive between sales.
        if self.arrived.len() * 8 > self.run.len() + self.heap.len() {
            let mut all: Vec<Entry> = self
                .run
                .drain(..)
                .chain(self.heap.drain(..))
                .chain(self.arrived.drain(..))
                .collect();
            all.retain(|entry| !stale(lots, entry));
            all.sort_by(|a, b| order(method, lots, a, b));
            self.run = all.into();
            return;
        }
        while let Some(entry) = self.arrived.pop() {
            self.heap.push(entry);
            self.sift_up(method, lots, self.heap.len().saturating_sub(1));
        }
    }

    fn sift_up(&mut self, method: &Method, lots: &[Lot], mut child: usize) {
        while child > 0 {
            let parent = (child - 1) / 2;
            if order(method, lots, &self.heap[child], &self.heap[parent]) != Ordering::Less {
                return;
            }
            self.heap.swap(child, parent);
            child = parent;
        }
    }

    fn pop_heap(&mut self, method: &Method, lots: &[Lot]) {
        if self.heap.is_empty() {
            return;
        }
        self.heap.swap_remove(0);
        let mut parent = 0;
        loop {
            let (left, right) = (2 * parent + 1, 2 * parent + 2);
            let mut least = parent;
            for child in [left, right] {
                if child < self.heap.len()
                    && order(method, lots, &self.heap[child], &self.heap[least]) == Ordering::Less
                {
                    least = child;
                }
            }
            if least == parent {
                return;
            }
            self.heap.swap(parent, least);
            parent = least;
        }
    }
}

fn stale(lots: &[Lot], entry: &Entry) -> bool {
    let lot = &lots[entry.lot.0 as usize];
    lot.stamp != entry.stamp || lot.parcel.left().is_zero()
}

/// The method's order; equal ranks are told apart by the method, then by the position of the lots.
fn order(method: &Method, lots: &[Lot], a: &Entry, b: &Entry) -> Ordering {
    a.rank.cmp(&b.rank).then_with(|| {
        let (one, other) = (&lots[a.lot.0 as usize], &lots[b.lot.0 as usize]);
        (method.compare)(one, other).then(a.lot.cmp(&b.lot))
    })
}
