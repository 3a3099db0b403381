//! How far the work is, for whoever watches from another thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A count that the work raises now and then, so rarely that it costs nothing, and a watcher reads.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<AtomicU64>);

impl Meter {
    /// How much is done.
    pub fn done(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Says how much is done.
    pub fn set(&self, done: u64) {
        self.0.store(done, Ordering::Relaxed);
    }

    /// Says that so much more is done.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }
}
