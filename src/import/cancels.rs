//! Rows that a later row cancels do not count; nor does the row that cancels.

use rust_decimal::Decimal;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::date::Date;
use crate::diagnostic::Problem;
use crate::import::duplicates::{AllGone, Gone, OVERLAP, Repeats, SAME_ID, count};
use crate::import::file::Shared;
use crate::import::reading::FileReading;
use crate::import::row::Cancel;
use crate::trade::{AccountId, SecurityId, Trade};

/// Rows cancelled, and the rows that cancel them.
const CANCELLED: &str = "cancelled";
const UNDONE: Gone = Gone {
    rule: CANCELLED,
    kept: None,
};

/// Marks what the cancellations remove; one that finds nothing is a problem.
pub fn carry_out(
    shared: &mut Shared<'_>,
    cancels: &[Cancel],
    gone: &mut AllGone,
    repeats: &mut Repeats,
    files: &mut [FileReading],
) {
    if cancels.is_empty() {
        return;
    }
    let cancels = distinct(cancels, repeats, files);
    let mut sought = Sought::among(&shared.trades, &cancels);
    for cancel in cancels {
        if let Some(rows) = cancel.id.as_deref().and_then(|id| sought.by_id.get(id)) {
            for at in rows {
                gone.entry(*at).or_insert(UNDONE);
            }
        } else if let Some(at) = sought.last_alike(cancel, &shared.trades, gone) {
            // The id may be the cancellation's own: then the fields say which row it undoes.
            gone.insert(at, UNDONE);
        } else {
            shared.problems.add(no_target(cancel));
            continue;
        }
        count(files, cancel.source, CANCELLED);
    }
}

/// What a cancellation says, wherever it stands.
type Said<'a> = (Option<&'a str>, Option<Fields>, Option<Decimal>);

/// The fields by which a cancellation without a known id finds its row: all but the price, which it may leave out.
type Fields = (Date, SecurityId, AccountId, Decimal);

fn fields(cancel: &Cancel) -> Option<Fields> {
    Some((
        cancel.date?,
        cancel.security?,
        cancel.account,
        cancel.quantity?,
    ))
}

fn fields_of(trade: &Trade) -> Option<Fields> {
    let quantity = trade.quantity()?.abs();
    Some((trade.date, trade.security, trade.account, quantity))
}

/// How often a cancellation was seen.
struct Seen {
    file: u16,
    in_file: u32,
    kept: u32,
    /// The file that has most of them.
    holder: u16,
}

/// Leaves out what several exports repeat, by the rule that holds for rows: with an id once, without one as often as the
/// file has it that has it most often.
fn distinct<'c>(
    cancels: &'c [Cancel],
    repeats: &mut Repeats,
    files: &mut [FileReading],
) -> Vec<&'c Cancel> {
    let mut seen: FxHashMap<Said<'c>, Seen> = FxHashMap::default();
    let mut counted = Vec::new();
    for cancel in cancels {
        let file = cancel.source.file;
        let said = (cancel.id.as_deref(), fields(cancel), cancel.price);
        let seen = seen.entry(said).or_insert(Seen {
            file,
            in_file: 0,
            kept: 0,
            holder: file,
        });
        if seen.file != file {
            (seen.file, seen.in_file) = (file, 0);
        }
        seen.in_file = seen.in_file.saturating_add(1);
        let (rule, counts) = match cancel.id {
            Some(_) => (SAME_ID, seen.kept == 0),
            None => (OVERLAP, seen.in_file > seen.kept),
        };
        if counts {
            (seen.kept, seen.holder) = (seen.in_file, file);
            counted.push(cancel);
        } else {
            let kept = Some(seen.holder);
            repeats.note(Gone { rule, kept }, cancel.source);
            count(files, cancel.source, rule);
        }
    }
    counted
}

/// The rows that cancellations may mean, by position: found in one pass over all rows.
#[derive(Default)]
struct Sought<'c> {
    by_id: FxHashMap<&'c str, Vec<usize>>,
    by_fields: FxHashMap<Fields, Vec<usize>>,
}

impl<'c> Sought<'c> {
    fn among(trades: &[Trade], cancels: &[&'c Cancel]) -> Self {
        let ids: FxHashSet<&str> = cancels.iter().filter_map(|c| c.id.as_deref()).collect();
        let wanted: FxHashSet<Fields> = cancels.iter().filter_map(|c| fields(c)).collect();
        let mut sought = Self::default();
        for (at, trade) in trades.iter().enumerate() {
            if let Some(id) = trade.rest().id.as_deref().and_then(|id| ids.get(id)) {
                sought.by_id.entry(id).or_default().push(at);
            }
            if let Some(fields) = fields_of(trade).filter(|fields| wanted.contains(fields)) {
                sought.by_fields.entry(fields).or_default().push(at);
            }
        }
        sought
    }

    /// The last row with the fields of a cancellation that still counts.
    fn last_alike(&mut self, cancel: &Cancel, trades: &[Trade], gone: &AllGone) -> Option<usize> {
        let rows = self.by_fields.get_mut(&fields(cancel)?)?;
        while rows.last().is_some_and(|at| gone.contains_key(at)) {
            rows.pop();
        }
        let counts = |at: &usize| !gone.contains_key(at);
        let priced = |at: &usize| {
            let price = trades.get(*at).and_then(Trade::price);
            cancel.price.is_none() || cancel.price == price
        };
        let mut latest = rows.iter().rev().copied();
        latest.find(|at| counts(at) && priced(at))
    }
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
