//! Shares of a stock plan that two files know: the one with their value as a lot, the other as units that arrive. They are
//! one event; both kinds of rows carry the tag `vest`.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::date::Date;
use crate::diagnostic::Warning;
use crate::import::file::Shared;
use crate::import::reading::FileReading;
use crate::trade::{AccountId, Action, SecurityId, Trade};

/// The tag.
const VEST: &str = "vest";

/// Days by which the arrival may be booked beside the vest.
const DAYS: u32 = 7;

/// Rows left out.
const KNOWN: &str = "shares of a vest whose value another file says";

/// The lots of one vest: one for each award.
struct Vest {
    lots: Vec<usize>,
    units: Decimal,
}

/// Takes arrivals out that are those of a vest; its lots are where they arrived.
pub fn merge(shared: &mut Shared<'_>, files: &mut [FileReading]) {
    if files.len() < 2 || !shared.noted.rare {
        return;
    }
    let mut vests: BTreeMap<(SecurityId, Date), Vest> = BTreeMap::new();
    let mut arrivals = Vec::new();
    for (at, trade) in shared.trades.iter().enumerate() {
        if trade.rare().is_none() || !trade.tagged(VEST) {
            continue;
        }
        let units = trade.quantity().unwrap_or_default().abs();
        match trade.action {
            Action::Opening => {
                let none = || Vest {
                    lots: Vec::new(),
                    units: Decimal::ZERO,
                };
                let vest = vests
                    .entry((trade.security, trade.date))
                    .or_insert_with(none);
                vest.lots.push(at);
                vest.units = vest.units.checked_add(units).unwrap_or(vest.units);
            }
            Action::TransferIn if trade.rest().rarest().basis.is_none() => {
                arrivals.push((at, units));
            }
            _ => {}
        }
    }
    let mut gone: Vec<usize> = Vec::new();
    let mut moved: Vec<(usize, AccountId, bool)> = Vec::new();
    for (at, units) in arrivals {
        let Some(arrival) = shared.trades.get(at) else {
            continue;
        };
        let Some(lots) = take(&mut vests, &shared.trades, arrival, units) else {
            continue;
        };
        let place = (arrival.account, arrival.account_given);
        moved.extend(lots.into_iter().map(|lot| (lot, place.0, place.1)));
        gone.push(at);
    }
    if gone.is_empty() {
        return;
    }
    leave_out(shared, files, &gone);
    for (lot, account, given) in moved {
        if let Some(trade) = shared.trades.get_mut(lot) {
            (trade.account, trade.account_given) = (account, given);
        }
    }
    // They were gathered in the order of the trades.
    let mut gone = gone.into_iter().peekable();
    let mut places = 0..;
    shared.trades.retain(|_| {
        gone.next_if_eq(&places.next().unwrap_or(usize::MAX))
            .is_none()
    });
}

/// The lots that an arrival is of: a whole vest of these days, or one award of it.
fn take(
    vests: &mut BTreeMap<(SecurityId, Date), Vest>,
    trades: &[Trade],
    arrival: &Trade,
    units: Decimal,
) -> Option<Vec<usize>> {
    let near = |day: Date| arrival.date.days_since(day).unsigned_abs() <= DAYS;
    let own = vests
        .iter_mut()
        .filter(|((security, day), _)| *security == arrival.security && near(*day));
    for (_, vest) in own {
        if vest.units == units && !vest.lots.is_empty() {
            return Some(std::mem::take(&mut vest.lots));
        }
        let is_it = |lot: &&usize| {
            let quantity = trades.get(**lot).and_then(Trade::quantity);
            quantity.map(|quantity| quantity.abs()) == Some(units)
        };
        if let Some(lot) = vest.lots.iter().find(is_it).copied() {
            vest.lots.retain(|other| *other != lot);
            vest.units = vest.units.checked_sub(units).unwrap_or_default();
            return Some(vec![lot]);
        }
    }
    None
}

fn leave_out(shared: &mut Shared<'_>, files: &mut [FileReading], gone: &[usize]) {
    let rows = gone.iter().filter_map(|at| shared.trades.get(*at));
    let at: Vec<_> = rows.map(|trade| trade.source).collect();
    for source in &at {
        if let Some(file) = files.get_mut(usize::from(source.file)) {
            file.trades = file.trades.saturating_sub(1);
            *file.ignored.entry(KNOWN.into()).or_default() += 1;
        }
    }
    shared.warnings.push(Warning {
        code: "vest-merged",
        message: "shares of a stock plan are in two files; their value is that of the awards, and they count once".to_owned(),
        at,
        needs_user: false,
    });
}
