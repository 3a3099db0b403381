//! Rows that name no account: which account they are in, and what to tell where files of two brokers meet in one.

use rustc_hash::FxHashMap;

use crate::diagnostic::Warning;
use crate::import::file::Shared;
use crate::import::formats;
use crate::import::formats::mapping::Kind;
use crate::import::reading::{FileReading, ReadOptions};
use crate::import::row::{Direction, direction};
use crate::source::Source;
use crate::trade::{AccountId, SecurityId};

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

/// What rows of one security do in files of each broker, a bit for each.
#[derive(Clone, Copy, Default)]
struct Moves {
    arrive: u64,
    leave: u64,
    first: Option<Source>,
}

impl Moves {
    fn brokers(self) -> u64 {
        self.arrive | self.leave
    }

    /// Whether it was sold at one broker, while another has units of it.
    fn meet(self) -> bool {
        let elsewhere = self.arrive & !self.leave != 0 || self.leave.count_ones() > 1;
        self.leave != 0 && elsewhere
    }
}

/// Says that rows of two brokers without an account are in one: a sale at one then uses lots of the other.
pub fn warn_of_meeting(shared: &mut Shared<'_>, files: &[FileReading]) {
    let brokers = brokers(files);
    let main = shared.tables.known_account(b"main");
    let Some(main) = main.filter(|_| brokers.len() > 1 && shared.problems.is_empty()) else {
        return;
    };
    let moves = moves_in(shared, main, files, &brokers);
    let mut met: Vec<(Source, SecurityId, Moves)> = moves
        .into_iter()
        .filter(|(_, moves)| moves.meet())
        .filter_map(|(id, moves)| Some((moves.first?, id, moves)))
        .collect();
    met.sort_unstable_by_key(|(source, ..)| *source);
    let Some((_, first, _)) = met.first() else {
        return;
    };
    let both = met
        .iter()
        .fold(0, |bits, (.., moves)| bits | moves.brokers());
    let named = (0_u32..).zip(&brokers);
    let named = named.filter(|(at, _)| 1_u64.checked_shl(*at).is_some_and(|bit| both & bit != 0));
    let named: Vec<&str> = named.map(|(_, name)| *name).collect();
    let message = message(shared.tables.symbol(*first), met.len(), &named);
    shared.warnings.push(Warning {
        code: "brokers-in-one-account",
        message,
        at: met.iter().map(|(source, ..)| *source).collect(),
        needs_user: true,
    });
}

/// The formats of files of trades, each once, as many as there are bits.
fn brokers(files: &[FileReading]) -> Vec<&str> {
    let trades = |format: &&str| {
        let kind = formats::named(format).map(|format| format.mapping.kind);
        kind != Some(Kind::ClosedLots)
    };
    let formats = files.iter().filter_map(|file| file.format.as_deref());
    let mut brokers: Vec<&str> = formats.filter(trades).collect();
    brokers.sort_unstable();
    brokers.dedup();
    brokers.truncate(64);
    brokers
}

/// What rows that name no account move in an account.
fn moves_in(
    shared: &Shared<'_>,
    account: AccountId,
    files: &[FileReading],
    brokers: &[&str],
) -> FxHashMap<SecurityId, Moves> {
    let bit_of = |file: &FileReading| {
        let at = brokers.binary_search(&file.format.as_deref()?).ok()?;
        1_u64.checked_shl(u32::try_from(at).ok()?)
    };
    let of_file: Vec<Option<u64>> = files.iter().map(bit_of).collect();
    let mut moves: FxHashMap<SecurityId, Moves> = FxHashMap::default();
    let rows = shared.trades.iter();
    for trade in rows.filter(|trade| trade.account == account && !trade.account_given) {
        let broker = of_file.get(usize::from(trade.source.file)).copied();
        let Some(bit) = broker.flatten() else {
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
    moves
}

fn message(symbol: &str, securities: usize, brokers: &[&str]) -> String {
    let more = match securities {
        1 => String::new(),
        2 => " and another security".to_owned(),
        count => format!(" and {} more securities", count - 1),
    };
    let lines = brokers.iter().map(|name| format!("{name} = \"{name}\""));
    let lines: Vec<String> = lines.collect();
    format!(
        "rows of {} name no account and are all in `main`: a sale of `{symbol}`{more} at one uses lots of the other; if they are two accounts, add to lossoffset.toml:\n[account_of]\n{}",
        quoted(brokers),
        lines.join("\n")
    )
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" and ")
}
