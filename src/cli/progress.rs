//! A bar on standard error for work that takes longer than a second, where somebody can see it.

use std::io::{IsTerminal, stderr};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::meter::Meter;

/// How long work may take before anything is shown.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the bar is drawn.
const PAUSE: Duration = Duration::from_millis(100);

/// Shows how far the work is until it is dropped. Off a terminal it does nothing at all.
pub struct Progress(Option<(Sender<()>, JoinHandle<()>)>);

impl Progress {
    /// Watches the meter on its way to `total`.
    pub fn of(what: &'static str, total: u64, meter: &Meter) -> Self {
        if !stderr().is_terminal() {
            return Self(None);
        }
        let (end, ended) = channel();
        let meter = meter.clone();
        let watcher = Builder::new().spawn(move || watch(what, total, &meter, &ended));
        Self(watcher.ok().map(|watcher| (end, watcher)))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((end, watcher)) = self.0.take() {
            drop(end);
            // The bar is gone before anything else is written.
            let _ = watcher.join();
        }
    }
}

fn watch(what: &'static str, total: u64, meter: &Meter, ended: &Receiver<()>) {
    let goes_on = |time| ended.recv_timeout(time) == Err(RecvTimeoutError::Timeout);
    if !goes_on(PATIENCE) {
        return;
    }
    let bar = ProgressBar::new(total).with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {percent}%") {
        bar.set_style(style.progress_chars("=> "));
    }
    loop {
        bar.set_position(meter.done().min(total));
        if !goes_on(PAUSE) {
            break;
        }
    }
    bar.finish_and_clear();
}
