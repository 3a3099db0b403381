//! Rows that stand in several exports count once, and rows that a later row cancels not at all.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};

use crate::diagnostic::Problem;
use crate::import::file::Shared;
use crate::import::reading::FileReading;
use crate::import::row::Cancel;
use crate::source::{Source, Sources};
use crate::trade::{AccountId, Action, SecurityId, Trade};

/// Rows dropped as repeats of a row with the same id.
const SAME_ID: &str = "duplicate id";
/// Rows dropped because another file has them too.
const OVERLAP: &str = "overlap with another file";
/// Rows cancelled, and the rows that cancel them.
const CANCELLED: &str = "cancelled";

/// Removes repeats, then cancelled rows, counting both.
pub fn remove(shared: &mut Shared<'_>, sources: &Sources, files: &mut [FileReading]) {
    let mut gone: FxHashMap<usize, &'static str> = FxHashMap::default();
    if shared.noted.rare {
        same_id(shared, sources, &mut gone);
    }
    if files.len() > 1 {
        overlaps(&shared.trades, &mut gone);
    }
    let cancels = std::mem::take(&mut shared.cancels);
    cancelled(shared, &cancels, &mut gone, files);
    if gone.is_empty() {
        return;
    }
    for (at, rule) in &gone {
        if let Some(trade) = shared.trades.get(*at) {
            count(files, trade.source, rule);
            if let Some(file) = files.get_mut(usize::from(trade.source.file)) {
                file.trades = file.trades.saturating_sub(1);
            }
        }
    }
    let mut at = 0;
    shared.trades.retain(|_| {
        at += 1;
        !gone.contains_key(&(at - 1))
    });
}

fn count(files: &mut [FileReading], source: Source, rule: &'static str) {
    if let Some(file) = files.get_mut(usize::from(source.file)) {
        *file.ignored.entry(rule.into()).or_default() += 1;
    }
}

/// What a row with an id is: legs of one event share the id but differ in action, symbol or account.
type Identity<'a> = (&'a str, Action, SecurityId, AccountId);

fn same_id(shared: &mut Shared<'_>, sources: &Sources, gone: &mut FxHashMap<usize, &'static str>) {
    let mut seen: FxHashMap<Identity<'_>, usize> = FxHashMap::default();
    let trades = &shared.trades;
    for (at, trade) in trades.iter().enumerate() {
        let Some(id) = trade.rest().id.as_deref() else {
            continue;
        };
        let first = *seen
            .entry((id, trade.action, trade.security, trade.account))
            .or_insert(at);
        if first == at {
            continue;
        }
        let Some(earlier) = trades.get(first) else {
            continue;
        };
        if same_content(earlier, trade) {
            gone.insert(at, SAME_ID);
        } else {
            shared.problems.add(
                Problem::at(trade.source, format!("id `{id}` is used twice for different trades"))
                    .note(format!("first used in {}", sources.text(earlier.source)))
                    .note(format!("they differ in {}", difference(earlier, trade)))
                    .help("an id names one row: correct it; if these are fills of one order, name the column `order`"),
            );
        }
    }
}

fn same_content(one: &Trade, other: &Trade) -> bool {
    one.date == other.date
        && one.time == other.time
        && one.security == other.security
        && one.account == other.account
        && one.action == other.action
        && one.quantity() == other.quantity()
        && one.price() == other.price()
        && one.fee().unwrap_or_default() == other.fee().unwrap_or_default()
        && one.rest() == other.rest()
}

fn difference(one: &Trade, other: &Trade) -> &'static str {
    if one.date != other.date || one.time != other.time {
        "the date or time"
    } else if one.quantity() != other.quantity() {
        "the quantity"
    } else if one.price() != other.price() {
        "the price"
    } else if one.fee().unwrap_or_default() != other.fee().unwrap_or_default() {
        "the fee"
    } else {
        "another column"
    }
}

/// Rows without id: as many of each kind are kept as the file has that has most of them.
fn overlaps(trades: &[Trade], gone: &mut FxHashMap<usize, &'static str>) {
    let mut kinds = Kinds {
        trades,
        by_hash: FxHashMap::default(),
    };
    let mut kept: Vec<Kind> = Vec::new();
    for (at, trade) in trades
        .iter()
        .enumerate()
        .filter(|(_, trade)| trade.rest().id.is_none())
    {
        let kind = kinds.of(at, trade, &mut kept);
        let Some(kind) = kept.get_mut(kind) else {
            continue;
        };
        if kind.file != trade.source.file {
            (kind.file, kind.in_file) = (trade.source.file, 0);
        }
        kind.in_file += 1;
        if kind.in_file > kind.kept {
            kind.kept = kind.in_file;
        } else {
            gone.insert(at, OVERLAP);
        }
    }
}

/// A group of rows that say the same.
struct Kind {
    first: usize,
    file: u16,
    in_file: u32,
    kept: u32,
}

struct Kinds<'a> {
    trades: &'a [Trade],
    by_hash: FxHashMap<u64, Vec<usize>>,
}

impl Kinds<'_> {
    fn of(&mut self, at: usize, trade: &Trade, kept: &mut Vec<Kind>) -> usize {
        let alike = self.by_hash.entry(fingerprint(trade)).or_default();
        let known = alike.iter().copied().find(|kind| {
            let first = kept.get(*kind).and_then(|kind| self.trades.get(kind.first));
            first.is_some_and(|first| same_content(first, trade))
        });
        known.unwrap_or_else(|| {
            kept.push(Kind {
                first: at,
                file: trade.source.file,
                in_file: 0,
                kept: 0,
            });
            alike.push(kept.len() - 1);
            kept.len() - 1
        })
    }
}

fn fingerprint(trade: &Trade) -> u64 {
    let mut hasher = FxHasher::default();
    (
        trade.date,
        trade.time,
        trade.security,
        trade.account,
        trade.action,
    )
        .hash(&mut hasher);
    (trade.quantity(), trade.price()).hash(&mut hasher);
    hasher.finish()
}

fn cancelled(
    shared: &mut Shared<'_>,
    cancels: &[Cancel],
    gone: &mut FxHashMap<usize, &'static str>,
    files: &mut [FileReading],
) {
    let mut done: Vec<&Cancel> = Vec::new();
    for cancel in cancels {
        let before = gone.len();
        if let Some(id) = &cancel.id {
            let trades = shared.trades.iter().enumerate();
            for (at, _) in trades.filter(|(_, trade)| trade.rest().id.as_ref() == Some(id)) {
                gone.entry(at).or_insert(CANCELLED);
            }
        }
        if gone.len() == before {
            // The id may be the cancellation's own: then the fields say which row it undoes.
            let target = (0..shared.trades.len()).rev().find(|at| {
                let trade = shared.trades.get(*at);
                !gone.contains_key(at) && trade.is_some_and(|trade| matches(cancel, trade))
            });
            target.map(|at| gone.insert(at, CANCELLED));
        }
        let repeats = done.iter().any(|other| {
            let elsewhere = Cancel {
                source: cancel.source,
                ..(**other).clone()
            };
            elsewhere == *cancel && (other.source.file != cancel.source.file || cancel.id.is_some())
        });
        if gone.len() > before {
            count(files, cancel.source, CANCELLED);
            done.push(cancel);
        } else if repeats {
            count(files, cancel.source, OVERLAP);
        } else {
            shared.problems.add(no_target(cancel));
        }
    }
}

fn matches(cancel: &Cancel, trade: &Trade) -> bool {
    cancel.date == Some(trade.date)
        && cancel.security == Some(trade.security)
        && cancel.account == trade.account
        && cancel.quantity == trade.quantity().map(|q| q.abs())
        && (cancel.price.is_none() || cancel.price == trade.price())
}

fn no_target(cancel: &Cancel) -> Problem {
    const FIELDS: &str = "no row has this date, symbol, account, quantity and price";
    let problem = match &cancel.id {
        Some(id) => Problem::at(
            cancel.source,
            format!("nothing to cancel: no row has the id `{id}`"),
        )
        .note(format!(
            "it may be the id of the cancellation itself, but {FIELDS} either"
        )),
        None => Problem::at(cancel.source, format!("nothing to cancel: {FIELDS}")),
    };
    problem.help("add the file with the cancelled row, or give this row the action `ignore`")
}
