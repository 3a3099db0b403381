//! The events of securities that depend on one another, in legal order.
//!
//! Securities are connected where one's events touch another: a swap, a rename, an option and its underlying, a fee in
//! kind, a declared identity. Each connected group is a unit of work by itself, so an unrelated security changes nothing.

use rustc_hash::FxHashMap;

use crate::date::{Date, TaxYear};
use crate::trade::{Action, History, SecurityId, Trade, TradeId};

/// What decides the day of an event.
#[derive(Clone, Copy, Debug)]
pub struct Calendar {
    /// The country's tax year.
    pub tax_year: TaxYear,
    /// `--date-basis settle`.
    pub by_settlement: bool,
    /// `--as-of`: later rows are left out.
    pub as_of: Option<Date>,
}

impl Calendar {
    /// The day on which a trade takes effect.
    pub fn day_of(&self, trade: &Trade) -> Date {
        match trade.action {
            // Worthless securities count as sold on the last day of the tax year (26 USC 165(g)(1)).
            Action::Worthless => self
                .tax_year
                .last_day(self.tax_year.of(trade.date))
                .unwrap_or(trade.date),
            _ if self.by_settlement => trade.rest().settled.unwrap_or(trade.date),
            Action::BasisAdjust => trade.rest().rarest().effective.unwrap_or(trade.date),
            _ => trade.date,
        }
    }
}

/// The events of one group of connected securities, oldest first.
pub type Timeline = Vec<TradeId>;

/// The timelines of a history, and how many rows `--as-of` left out.
#[derive(Debug, Default)]
pub struct Timelines {
    /// One per group, in the order of each group's first row.
    pub groups: Vec<Timeline>,
    /// Rows after `--as-of`.
    pub left_out: usize,
}

/// Sorts the trades of a history into timelines: by day, then by time where every row of the group's day has one, else
/// in the order of the file.
pub fn timelines(
    history: &History,
    calendar: &Calendar,
    identical: &[Vec<SecurityId>],
) -> Timelines {
    let group_of = connected(history, identical);
    let mut result = Timelines::default();
    let mut position: FxHashMap<u32, usize> = FxHashMap::default();
    for (index, trade) in history.trades.iter().enumerate() {
        if calendar.as_of.is_some_and(|last| trade.date > last) {
            result.left_out += 1;
            continue;
        }
        let group = group_of[trade.security.0 as usize];
        let place = *position.entry(group).or_insert_with(|| {
            result.groups.push(Vec::new());
            result.groups.len() - 1
        });
        result.groups[place].push(TradeId(index as u32));
    }
    for group in &mut result.groups {
        put_in_order(history, calendar, group);
    }
    result
}

fn put_in_order(history: &History, calendar: &Calendar, events: &mut [TradeId]) {
    let key = |id: &TradeId| {
        let trade = history.trade(*id);
        (calendar.day_of(trade), trade.action == Action::Worthless)
    };
    if !events.is_sorted_by_key(key) {
        events.sort_by_key(key);
    }
    for day in events.chunk_by_mut(|a, b| key(a) == key(b)) {
        let timed = day.len() > 1 && day.iter().all(|id| history.trade(*id).time.is_some());
        if timed && !day.is_sorted_by_key(|id| history.trade(*id).time) {
            day.sort_by_key(|id| history.trade(*id).time);
        }
    }
}

/// The representative of each security's group.
fn connected(history: &History, identical: &[Vec<SecurityId>]) -> Vec<u32> {
    let mut parent: Vec<u32> = (0..history.securities.len() as u32).collect();
    let mut identified: FxHashMap<&str, u32> = FxHashMap::default();
    for (index, security) in history.securities.iter().enumerate() {
        let index = index as u32;
        if let Some(underlying) = security.contract.as_ref().and_then(|c| c.underlying) {
            join(&mut parent, index, underlying.0);
        }
        if let Some(identifier) = &security.identifier {
            let first = *identified.entry(identifier).or_insert(index);
            join(&mut parent, index, first);
        }
    }
    for group in identical {
        for pair in group.windows(2) {
            join(&mut parent, pair[0].0, pair[1].0);
        }
    }
    for trade in &history.trades {
        if let Some(rest) = trade.rare() {
            let rest = rest.rarest();
            for other in [rest.new_security, rest.fee_asset].into_iter().flatten() {
                join(&mut parent, trade.security.0, other.0);
            }
        }
    }
    (0..parent.len() as u32)
        .map(|index| root(&mut parent, index))
        .collect()
}

fn root(parent: &mut [u32], mut index: u32) -> u32 {
    while parent[index as usize] != index {
        let up = parent[parent[index as usize] as usize];
        parent[index as usize] = up;
        index = up;
    }
    index
}

fn join(parent: &mut [u32], a: u32, b: u32) {
    let (a, b) = (root(parent, a), root(parent, b));
    parent[a.max(b) as usize] = a.min(b);
}
