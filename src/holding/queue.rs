//! What of one holding leaves first: purchases where a method goes by acquisition, single lots where it goes by basis.
//!
//! A sorted run takes what arrives at either end, as under FIFO and LIFO; a heap takes the rest, and is folded into the
//! run while it is small, so that a million lots bought before the first sale are sorted once. Whatever a rank depends on
//! never changes while something is queued: a change makes a new lot. What is used up is passed over.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts and positions of what is in memory"
)]
#![allow(
    clippy::indexing_slicing,
    reason = "positions within the heap, and lots that are queued"
)]

use std::cmp::Ordering;
use std::collections::VecDeque;

use crate::lot::{Lot, LotId};
use crate::method::Method;

/// One place in a queue.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The method's rank.
    pub rank: u64,
    /// A purchase or a lot.
    pub item: u32,
}

/// What waits to be sold, first to leave first.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    run: VecDeque<Entry>,
    heap: Vec<Entry>,
    arrived: Vec<Entry>,
}

/// All lots, and the slots of those that are neither held nor queued any more.
#[derive(Debug, Default)]
pub struct Slots {
    /// The lots.
    pub lots: Vec<Lot>,
    free: Vec<LotId>,
}

impl Slots {
    /// Puts a lot into a slot.
    pub fn add(&mut self, lot: Lot) -> LotId {
        match self.free.pop() {
            Some(id) => {
                self.lots[id.0 as usize] = lot;
                id
            }
            None => {
                self.lots.push(lot);
                LotId(self.lots.len() as u32 - 1)
            }
        }
    }

    /// Gives the slot of a lot back if it is used up and no queue knows it any more.
    pub fn release(&mut self, id: LotId) {
        let lot = &self.lots[id.0 as usize];
        if lot.queued == 0 && lot.parcel.left().is_zero() {
            self.free.push(id);
        }
    }
}

/// The order of two entries.
pub type Order<'a> = &'a dyn Fn(&Entry, &Entry) -> Ordering;

impl Queue {
    /// Adds an entry.
    pub fn push(&mut self, entry: Entry, order: Order<'_>) {
        let before = |other: &Entry| order(&entry, other) == Ordering::Less;
        match (self.run.front(), self.run.back()) {
            (_, None) => self.run.push_back(entry),
            (_, Some(last)) if !before(last) => self.run.push_back(entry),
            (Some(first), _) if before(first) => self.run.push_front(entry),
            _ => self.arrived.push(entry),
        }
    }

    /// The item that leaves first; entries that are used up are dropped on the way and handed to `dropped`.
    pub fn first(
        &mut self,
        order: Order<'_>,
        used_up: &dyn Fn(u32) -> bool,
        dropped: &mut dyn FnMut(u32),
    ) -> Option<u32> {
        if !self.arrived.is_empty() {
            self.settle(order, used_up, dropped);
        }
        while let Some(entry) = self
            .run
            .front()
            .copied()
            .filter(|entry| used_up(entry.item))
        {
            self.run.pop_front();
            dropped(entry.item);
        }
        while let Some(entry) = self
            .heap
            .first()
            .copied()
            .filter(|entry| used_up(entry.item))
        {
            self.pop_heap(order);
            dropped(entry.item);
        }
        match (self.run.front(), self.heap.first()) {
            (Some(a), Some(b)) if order(a, b) == Ordering::Greater => Some(b.item),
            (Some(a), _) => Some(a.item),
            (None, b) => b.map(|entry| entry.item),
        }
    }

    fn settle(
        &mut self,
        order: Order<'_>,
        used_up: &dyn Fn(u32) -> bool,
        dropped: &mut dyn FnMut(u32),
    ) {
        // Sorting everything costs little more than a walk; a heap pays only where few arrive between sales.
        if self.arrived.len() * 8 > self.run.len() + self.heap.len() {
            let mut held: Vec<Entry> =
                Vec::with_capacity(self.run.len() + self.heap.len() + self.arrived.len());
            for entry in self
                .run
                .drain(..)
                .chain(self.heap.drain(..))
                .chain(self.arrived.drain(..))
            {
                if used_up(entry.item) {
                    dropped(entry.item);
                } else {
                    held.push(entry);
                }
            }
            held.sort_by(order);
            self.run = held.into();
            return;
        }
        while let Some(entry) = self.arrived.pop() {
            self.heap.push(entry);
            self.sift_up(order, self.heap.len().saturating_sub(1));
        }
    }

    fn sift_up(&mut self, order: Order<'_>, mut child: usize) {
        while child > 0 {
            let parent = (child - 1) / 2;
            if order(&self.heap[child], &self.heap[parent]) != Ordering::Less {
                return;
            }
            self.heap.swap(child, parent);
            child = parent;
        }
    }

    fn pop_heap(&mut self, order: Order<'_>) {
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
                    && order(&self.heap[child], &self.heap[least]) == Ordering::Less
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

/// The method's order of two lots; equal ranks are told apart by the method, then by the position of the lots.
pub fn order_of_lots(method: &Method, lots: &[Lot], a: &Entry, b: &Entry) -> Ordering {
    a.rank.cmp(&b.rank).then_with(|| {
        let (one, other) = (&lots[a.item as usize], &lots[b.item as usize]);
        (method.compare)(one, other).then(a.item.cmp(&b.item))
    })
}
