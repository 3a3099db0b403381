//! Rows that stand in several exports count once.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};

use std::collections::BTreeMap;

use crate::diagnostic::{Problem, Warning, one_line};
use crate::import::cancels;
use crate::import::file::Shared;
use crate::import::reading::FileReading;
use crate::source::{Source, Sources};
use crate::trade::{AccountId, Action, SecurityId, Trade};

/// Rows dropped as repeats of a row with the same id.
pub const SAME_ID: &str = "duplicate id";
/// Rows dropped because another file has them too.
pub const OVERLAP: &str = "overlap with another file";

/// Why a row does not count.
#[derive(Clone, Copy, Debug)]
pub struct Gone {
    /// The name of the rule.
    pub rule: &'static str,
    /// The file of the row that counts in its stead.
    pub kept: Option<u16>,
}

/// The rows that do not count, by their position.
pub type AllGone = FxHashMap<usize, Gone>;

/// Removes repeats, then cancelled rows, counting both; says which repeats there were.
pub fn remove(shared: &mut Shared<'_>, sources: &Sources, files: &mut [FileReading]) {
    let mut gone = AllGone::default();
    if shared.noted.rare {
        same_id(shared, sources, &mut gone);
    }
    if files.len() > 1 {
        overlaps(&shared.trades, &mut gone);
    }
    let cancels = std::mem::take(&mut shared.cancels);
    let mut repeats = Repeats::default();
    cancels::carry_out(shared, &cancels, &mut gone, &mut repeats, files);
    if gone.is_empty() {
        return;
    }
    for (at, gone) in &gone {
        if let Some(trade) = shared.trades.get(*at) {
            if !shared.is_later(trade) {
                repeats.note(*gone, trade.source);
            }
            count(files, trade.source, gone.rule);
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
    shared.warnings.extend(repeats.warnings(sources));
}

/// The rows that repeat others, by the rule, their file and the file of the others.
#[derive(Default)]
pub struct Repeats(BTreeMap<(u16, u16, &'static str), Vec<Source>>);

impl Repeats {
    /// Notes a row that repeats another.
    pub fn note(&mut self, gone: Gone, source: Source) {
        if let Some(kept) = gone.kept {
            let rows = self.0.entry((source.file, kept, gone.rule)).or_default();
            rows.push(source);
        }
    }

    fn warnings(self, sources: &Sources) -> impl Iterator<Item = Warning> {
        self.0.into_iter().map(|((file, kept, rule), mut at)| {
            at.sort_unstable();
            let twice = file != kept && sources.name(file) == sources.name(kept);
            Warning {
                code: "rows-ignored",
                message: repeated((file, kept, rule), twice, at.len(), sources),
                at,
                // The same id says that it is the same trade; the same cells may be two trades of two accounts.
                needs_user: twice || rule == OVERLAP,
            }
        })
    }
}

fn repeated(
    (file, kept, rule): (u16, u16, &str),
    twice: bool,
    rows: usize,
    sources: &Sources,
) -> String {
    let [name, other] = [file, kept].map(|file| one_line(sources.name(file)));
    let [of, have, are, were, repeat] = match rows {
        1 => ["row of", "has", "is", "was", "repeats"],
        _ => ["rows of", "have", "are", "were", "repeat"],
    };
    match rule {
        _ if twice => format!(
            "`{name}` is given twice: {rows} {of} it {were} counted once; name each file once"
        ),
        OVERLAP => format!(
            "{rows} {of} `{name}` {are} also in `{other}` and {were} counted once; if these are two accounts, give them account names"
        ),
        _ if file == kept => {
            format!(
                "{rows} {of} `{name}` {repeat} the id and all cells of another and {were} not counted again"
            )
        }
        _ => format!(
            "{rows} {of} `{name}` {have} the id of the same row of `{other}` and {were} counted once"
        ),
    }
}

/// Counts a row of a file as left out by a rule.
pub fn count(files: &mut [FileReading], source: Source, rule: &'static str) {
    if let Some(file) = files.get_mut(usize::from(source.file)) {
        *file.ignored.entry(rule.into()).or_default() += 1;
    }
}

/// What a row with an id is: legs of one event share the id but differ in action, symbol or account.
type Identity<'a> = (&'a str, Action, SecurityId, AccountId);

fn same_id(shared: &mut Shared<'_>, sources: &Sources, gone: &mut AllGone) {
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
            let kept = Some(earlier.source.file);
            gone.insert(
                at,
                Gone {
                    rule: SAME_ID,
                    kept,
                },
            );
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
fn overlaps(trades: &[Trade], gone: &mut AllGone) {
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
            (kind.kept, kind.holder) = (kind.in_file, kind.file);
        } else {
            let kept = Some(kind.holder);
            gone.insert(
                at,
                Gone {
                    rule: OVERLAP,
                    kept,
                },
            );
        }
    }
}

/// A group of rows that say the same.
struct Kind {
    first: usize,
    file: u16,
    in_file: u32,
    kept: u32,
    /// The file that has most of them.
    holder: u16,
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
                holder: trade.source.file,
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
