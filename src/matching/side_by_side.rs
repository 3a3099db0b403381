//! Groups of connected securities, folded side by side on all cores and joined in a fixed order: the result is the same
//! to the byte on any number of them.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
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
    let batches = batches(groups);
    let events: usize = (0..groups.len()).map(|group| groups.get(group).len()).sum();
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores
        .min(events / WORTH_A_THREAD + 1)
        .min(batches.len().max(1));
    let run = |batch: &std::ops::Range<usize>| fold_batch(groups, batch.clone(), fold);
    let done = if threads == 1 {
        batches.iter().map(run).collect()
    } else {
        on_threads(threads, &batches, &run)
    };
    let mut all = Matched::default();
    for (found, mut own) in done {
        problems.append(&mut own);
        if let Err(error) = all.append(found) {
            problems.push(Problem::new(error.to_string()));
        }
    }
    all
}

type Found = (Matched, Vec<Problem>);

/// Each thread takes the next batch that nobody has taken; what it found goes to the batch's own place.
fn on_threads(
    threads: usize,
    batches: &[std::ops::Range<usize>],
    run: &(dyn Fn(&std::ops::Range<usize>) -> Found + Sync),
) -> Vec<Found> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            match batches.get(place) {
                Some(batch) => done.push((place, run(batch))),
                None => return done,
            }
        }
    };
    let mut done: Vec<(usize, Found)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for other in others {
            match other.join() {
                Ok(mut theirs) => done.append(&mut theirs),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, found)| found).collect()
}

fn fold_batch(groups: &Groups, batch: std::ops::Range<usize>, fold: FoldOne<'_>) -> Found {
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
fn batches(groups: &Groups) -> Vec<std::ops::Range<usize>> {
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
