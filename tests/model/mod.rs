//! Slow, literal readings of the rules on small histories, written apart from the engine and compared with it.
//!
//! [`history`] makes random histories, [`lots`] applies a lot method by plain search, [`wash`] follows the wash-sale
//! regulation share by share, [`engine`] is the program's answer in the same shape, and [`rows`] compares the two.

#![allow(dead_code)] // each test program uses a part

use std::sync::atomic::{AtomicU64, Ordering};

pub mod dense;
pub mod engine;
pub mod history;
pub mod lots;
pub mod number;
pub mod rows;
pub mod wash;

/// How many random histories the everyday run looks at; `ORACLE=100000` looks further.
pub fn histories() -> u64 {
    let wanted = std::env::var("ORACLE").ok();
    wanted.and_then(|n| n.parse().ok()).unwrap_or(20_000)
}

/// Looks at every seed below `seeds`, on all cores: what each of them found.
pub fn for_each_seed<T: Default + Send>(seeds: u64, look: impl Fn(u64, &mut T) + Sync) -> Vec<T> {
    let next = AtomicU64::new(0);
    let work = || {
        let mut found = T::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return found;
            }
            look(seed, &mut found);
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let ended = threads.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended
            .map(|end| end.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}
