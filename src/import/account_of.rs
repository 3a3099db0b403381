//! Rows that name no account: which account they are in, and what to tell where files of two brokers meet in one.

use rustc_hash::FxHashMap;

use crate::diagnostic::Warning;
use crate::import::file::Shared;
use crate::import::formats;
use crate::import::formats::mapping::Kind;
use crate::import::reading::{FileReading, ReadOptions};
use crate::import::row::{Direction, direction};
use crate::source::Source;
use crate::trade::SecurityId;

/// The account that `[account_of]` gives to rows without one, by the name of the file or that of its format.
pub fn given<'o>(options: &'o ReadOptions, file: &str, format: Option<&str>) -> Option<&'o str> {
    if options.account_of.is_empty() {
        return None;
    }
    let short = file.rsplit(['/', '\\']).next();
    let names = [Some(file), short, format];
    let found = names.into_iter().flatten();
    found
        .filter_map(|name| options.account_of.get(name))
        .map(String::as_str)
        .next()
}

/// What rows of one security do in files of each format, a bit for each.
#[derive(Clone, Copy, Default)]
struct Moves {
    arrive: u64,
    leave: u64,
    first: Option<Source>,
}

/// Says that rows of two brokers without an account are in one: a sale at one then uses lots of the other.
pub fn warn_of_meeting(shared: &mut Shared<'_>, files: &[FileReading]) {
    let trades = |format: &&str| {
        let kind = formats::named(format).map(|format| format.mapping.kind);
        kind != Some(Kind::ClosedLots)
    };
    let mut brokers: Vec<&str> = files
        .iter()
        .filter_map(|file| file.format.as_deref())
        .filter(trades)
        .collect();
    brokers.sort_unstable();
    brokers.dedup();
    brokers.truncate(64);
    let main = shared.tables.known_account(b"main");
    let Some(main) = main.filter(|_| brokers.len() > 1 && shared.problems.is_empty()) else {
        return;
    };
    let of_file: Vec<Option<u32>> = files
        .iter()
        .map(|file| {
            let at = brokers.binary_search(&file.format.as_deref()?).ok()?;
            u32::try_from(at).ok()
        })
        .collect();
    let mut moves: FxHashMap<SecurityId, Moves> = FxHashMap::default();
    let rows = shared.trades.iter();
    for trade in rows.filter(|trade| trade.account == main && !trade.account_given) {
        let broker = of_file.get(usize::from(trade.source.file)).copied();
        let Some(bit) = broker.flatten().and_then(|at| 1_u64.checked_shl(at)) else {
            continue;
        };
        let known = moves.entry(trade.security).or_default();
        match direction(trade.action) {
            Direction::In => known.arrive |= bit,
            Direction::Out => {
                known.leave |= bit;
                known.first.get_or_insert(trade.source);
            }
            Direction::Either | Direction::Signed => {}
        }
    }
    // Sold in one, while another has units of it.
    let mut met: Vec<(Source, SecurityId, u64)> = moves
        .iter()
        .filter(|(_, moves)| moves.leave != 0 && (moves.arrive | moves.leave).count_ones() > 1)
        .filter(|(_, moves)| moves.arrive & !moves.leave != 0 || moves.leave.count_ones() > 1)
        .filter_map(|(id, moves)| Some((moves.first?, *id, moves.arrive | moves.leave)))
        .collect();
    met.sort_unstable_by_key(|(source, ..)| *source);
    let Some((_, first, _)) = met.first() else {
        return;
    };
    let both = met.iter().fold(0, |bits, (.., of)| bits | of);
    let named: Vec<&str> = (0_u32..)
        .zip(&brokers)
        .filter(|(at, _)| 1_u64.checked_shl(*at).is_some_and(|bit| both & bit != 0))
        .map(|(_, name)| *name)
        .collect();
    let lines: Vec<String> = named
        .iter()
        .map(|name| format!("{name} = \"{name}\""))
        .collect();
    let more = match met.len() {
        1 => String::new(),
        2 => " and another security".to_owned(),
        count => format!(" and {} more securities", count - 1),
    };
    let message = format!(
        "rows of {} name no account and are all in `main`: a sale of `{}`{more} at one uses lots of the other; if they are two accounts, add to lossoffset.toml:\n[account_of]\n{}",
        quoted(&named),
        shared.tables.symbol(*first),
        lines.join("\n")
    );
    shared.warnings.push(Warning {
        code: "brokers-in-one-account",
        message,
        at: met.iter().map(|(source, ..)| *source).collect(),
        needs_user: true,
    });
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" and ")
}
