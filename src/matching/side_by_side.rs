//! Groups of connected securities, folded side by side on all cores and joined in a fixed order: the result is the same
//! to the byte on any number of them.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::Matched;
use crate::diagnostic::Problem;
use crate::timeline::Groups;
use crate::trade::TradeId;

/// Events below which another thread costs more than it saves.
const WORTH_A_THREAD: usize = 20_000;

/// Events that a thread takes at a time, at least.
const BATCH: usize = 4_096;

/// Folds the events of one group; problems come through the second argument.
pub type FoldOne<'a> = &'a (dyn Fn(&[TradeId], &mut Vec<Problem>) -> Matched + Sync);

/// Folds every group.
pub fn fold_all(groups: &Groups, fold: FoldOne<'_>, problems: &mut Vec<Problem>) -> Matched {
    let events: usize = (0..groups.len()).map(|group| groups.get(group).len()).sum();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores.min(events / WORTH_A_THREAD + 1);
    if threads == 1 {
        let (all, mut found) = fold_batch(groups, 0..groups.len(), fold);
        problems.append(&mut found);
        return all;
    }
    let batches = batches(groups);
    let threads = threads.min(batches.len().max(1));
    let joined = Mutex::new(Joined::default());
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((place, batch)) = take(&next, &batches) {
            let found = fold_batch(groups, batch, fold);
            // A thread that panicked has left nothing half done: what it would have found is missing, and it panics on.
            let mut joined = joined.lock().unwrap_or_else(PoisonError::into_inner);
            joined.add(place, found);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    let mut joined = joined.into_inner().unwrap_or_else(PoisonError::into_inner);
    problems.append(&mut joined.problems);
    joined.all
}

/// The next batch that nobody has taken.
fn take(next: &AtomicUsize, batches: &[Range<usize>]) -> Option<(usize, Range<usize>)> {
    let place = next.fetch_add(1, Ordering::Relaxed);
    batches.get(place).map(|batch| (place, batch.clone()))
}

type Found = (Matched, Vec<Problem>);

/// What was found so far, joined in the order of the batches; later ones wait for those before them.
#[derive(Default)]
struct Joined {
    all: Matched,
    problems: Vec<Problem>,
    next: usize,
    waiting: BTreeMap<usize, Found>,
}

impl Joined {
    fn add(&mut self, place: usize, found: Found) {
        self.waiting.insert(place, found);
        while let Some((found, mut problems)) = self.waiting.remove(&self.next) {
            self.next += 1;
            self.problems.append(&mut problems);
            if let Err(error) = self.all.append(found) {
                self.problems.push(Problem::new(error.to_string()));
            }
        }
    }
}

fn fold_batch(groups: &Groups, batch: Range<usize>, fold: FoldOne<'_>) -> Found {
    let (mut all, mut problems) = (Matched::default(), Vec::new());
    for group in batch {
        let found = fold(groups.get(group), &mut problems);
        if let Err(error) = all.append(found) {
            problems.push(Problem::new(error.to_string()));
        }
    }
    (all, problems)
}

/// Neighbouring groups, put together so that small ones do not cost a hand-over each.
fn batches(groups: &Groups) -> Vec<Range<usize>> {
    let mut batches = Vec::new();
    let (mut start, mut events) = (0, 0);
    for group in 0..groups.len() {
        events += groups.get(group).len();
        if events >= BATCH || group + 1 == groups.len() {
            batches.push(start..group + 1);
            (start, events) = (group + 1, 0);
        }
    }
    batches
}
