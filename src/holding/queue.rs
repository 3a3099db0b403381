//! The lots of one holding in the order in which the method takes them.
//!
//! A sorted run takes what arrives at either end, as under FIFO and LIFO; a heap takes the rest, and is folded into the
//! run while it is small, so that a million lots bought before the first sale are sorted once. Whatever a rank depends on
//! never changes while a lot is queued: a change makes a new lot. Lots that are used up are passed over.

use std::cmp::Ordering;
use std::collections::VecDeque;

use crate::holding::lot::{Lot, LotId};
use crate::method::Method;

/// One lot's place in a queue.
#[derive(Clone, Copy, Debug)]
struct Entry {
    rank: u64,
    lot: LotId,
}

/// Lots waiting to be sold, first to leave first.
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

    fn used_up(&self, entry: &Entry) -> bool {
        self.lots[entry.lot.0 as usize].parcel.left().is_zero()
    }

    fn drop_entry(&mut self, entry: Entry) {
        self.lots[entry.lot.0 as usize].queued -= 1;
        self.release(entry.lot);
    }
}

impl Queue {
    /// Adds a lot.
    pub fn push(&mut self, method: &Method, slots: &mut Slots, id: LotId) {
        let lot = &mut slots.lots[id.0 as usize];
        lot.queued += 1;
        let entry = Entry {
            rank: (method.rank)(lot),
            lot: id,
        };
        let before = |other: &Entry| order(method, &slots.lots, &entry, other) == Ordering::Less;
        match (self.run.front(), self.run.back()) {
            (_, None) => self.run.push_back(entry),
            (_, Some(last)) if !before(last) => self.run.push_back(entry),
            (Some(first), _) if before(first) => self.run.push_front(entry),
            _ => self.arrived.push(entry),
        }
    }

    /// The lot that leaves first, if any is left.
    pub fn first(&mut self, method: &Method, slots: &mut Slots) -> Option<LotId> {
        self.settle(method, slots);
        while let Some(entry) = self
            .run
            .front()
            .copied()
            .filter(|entry| slots.used_up(entry))
        {
            self.run.pop_front();
            slots.drop_entry(entry);
        }
        while let Some(entry) = self
            .heap
            .first()
            .copied()
            .filter(|entry| slots.used_up(entry))
        {
            self.pop_heap(method, &slots.lots);
            slots.drop_entry(entry);
        }
        match (self.run.front(), self.heap.first()) {
            (Some(a), Some(b)) if order(method, &slots.lots, a, b) == Ordering::Greater => {
                Some(b.lot)
            }
            (Some(a), _) => Some(a.lot),
            (None, b) => b.map(|entry| entry.lot),
        }
    }

    fn settle(&mut self, method: &Method, slots: &mut Slots) {
        if self.arrived.is_empty() {
            return;
        }
        // Sorting everything costs little more than a walk; a heap pays only where few arrive between sales.
        if self.arrived.len() * 8 > self.run.len() + self.heap.len() {
            let all = self
                .run
                .drain(..)
                .chain(self.heap.drain(..))
                .chain(self.arrived.drain(..));
            let (gone, mut held): (Vec<Entry>, Vec<Entry>) =
                all.partition(|entry| slots.used_up(entry));
            for entry in gone {
                slots.drop_entry(entry);
            }
            held.sort_by(|a, b| order(method, &slots.lots, a, b));
            self.run = held.into();
            return;
        }
        while let Some(entry) = self.arrived.pop() {
            self.heap.push(entry);
            self.sift_up(method, &slots.lots, self.heap.len().saturating_sub(1));
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

/// The method's order; equal ranks are told apart by the method, then by the position of the lots.
fn order(method: &Method, lots: &[Lot], a: &Entry, b: &Entry) -> Ordering {
    a.rank.cmp(&b.rank).then_with(|| {
        let (one, other) = (&lots[a.lot.0 as usize], &lots[b.lot.0 as usize]);
        (method.compare)(one, other).then(a.lot.cmp(&b.lot))
    })
}
