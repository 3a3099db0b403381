//! The events of a history in legal order.
//!
//! Securities are connected where one's events touch another: a swap, a rename, an option and its underlying, a fee in
//! kind, a declared identity. What decides the order within a group of them lies within the group, so an unrelated
//! security changes nothing.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts and positions of what is in memory"
)]
#![allow(
    clippy::indexing_slicing,
    reason = "positions that reading has handed out: one for each name and row"
)]

use crate::date::{Date, TaxYear};
use crate::trade::{Action, History, Overview, SecurityId, TimeOfDay, Trade, TradeId};

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
            Action::BasisAdjust | Action::ReturnOfCapital if !self.by_settlement => {
                trade.rest().rarest().effective.unwrap_or(trade.date)
            }
            _ => trade.day(self.by_settlement),
        }
    }

    /// What comes first: the day, and on it what is worthless last.
    #[inline]
    fn key_of(&self, trade: &Trade) -> (Date, bool) {
        (self.day_of(trade), trade.action == Action::Worthless)
    }
}

/// Events, oldest first.
pub type Timeline = Vec<TradeId>;

/// The events of a history in legal order, and what was seen on the way.
#[derive(Debug, Default)]
pub struct Ordered {
    /// The events.
    pub events: Timeline,
    /// Rows after `--as-of`.
    pub left_out: usize,
    /// What all rows have in common, those after `--as-of` included.
    pub overview: Overview,
}

/// Puts the trades of a history in order: by day, then by time where every row of the day in a group of connected
/// securities has one, else in the order of the file. The order between unconnected securities means nothing.
pub fn in_order(history: &History, calendar: &Calendar, identical: &[SecurityId]) -> Ordered {
    let mut ordered = Ordered {
        events: Timeline::with_capacity(history.trades.len()),
        ..Ordered::default()
    };
    let mut standing = Standing::default();
    // All trades of ten million are more than any cache holds: what can be seen of each is seen in one pass.
    for (index, trade) in history.trades.iter().enumerate() {
        ordered.overview.see(trade);
        if calendar
            .as_of
            .is_none_or(|last| trade.day(calendar.by_settlement) <= last)
        {
            ordered.events.push(TradeId(index as u32));
            standing.see(calendar, trade);
        }
    }
    ordered.left_out = history.trades.len() - ordered.events.len();
    if !standing.by_day {
        let key = |id: &TradeId| calendar.key_of(history.trade(*id));
        ordered.events.sort_by_cached_key(key);
    }
    if !standing.by_time {
        order_days(history, calendar, identical, &mut ordered);
    }
    ordered
}

/// In which order trades stand already.
struct Standing {
    /// Day by day.
    by_day: bool,
    /// Also by the time of day, on days on which every row has one; no day has some with and some without.
    by_time: bool,
    last: Option<((Date, bool), Option<TimeOfDay>)>,
}

impl Default for Standing {
    fn default() -> Self {
        Self {
            by_day: true,
            by_time: true,
            last: None,
        }
    }
}

impl Standing {
    #[inline]
    fn see(&mut self, calendar: &Calendar, trade: &Trade) {
        let key = calendar.key_of(trade);
        if let Some((before, time)) = self.last {
            self.by_day &= before <= key;
            let in_turn = time.is_some() == trade.time.is_some() && time <= trade.time;
            self.by_time &= before < key || (before == key && in_turn);
        }
        self.last = Some((key, trade.time));
    }
}

/// Orders the events of each day by their times, where all of a group of connected securities have one.
fn order_days(
    history: &History,
    calendar: &Calendar,
    identical: &[SecurityId],
    ordered: &mut Ordered,
) {
    let rare = ordered.overview.rare;
    let key = |id: &TradeId| calendar.key_of(history.trade(*id));
    let timed = |id: &TradeId| history.trade(*id).time.is_some();
    let mut groups = None;
    for day in ordered.events.chunk_by_mut(|a, b| key(a) == key(b)) {
        if day.len() == 1 || !day.iter().any(timed) {
            continue;
        }
        if day.iter().all(timed) {
            order_by_time(history, day);
            continue;
        }
        let groups = groups.get_or_insert_with(|| connected(history, identical, rare));
        let group_of = |id: &TradeId| groups[history.trade(*id).security.0 as usize];
        day.sort_by_key(group_of);
        for own in day.chunk_by_mut(|a, b| group_of(a) == group_of(b)) {
            if own.iter().all(timed) {
                order_by_time(history, own);
            }
        }
    }
}

/// Events taken apart by groups of connected securities: what happens in one touches no other.
#[derive(Debug, Default)]
pub struct Groups {
    events: Vec<TradeId>,
    /// Where each group ends in `events`.
    ends: Vec<u32>,
}

impl Groups {
    /// Takes ordered events apart; within a group they keep their order.
    pub fn new(history: &History, identical: &[SecurityId], ordered: &Ordered) -> Self {
        let group_of = connected(history, identical, ordered.overview.rare);
        let group = |id: &TradeId| group_of[history.trade(*id).security.0 as usize] as usize;
        let mut starts = vec![0_u32; group_of.len() + 1];
        for id in &ordered.events {
            starts[group(id) + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        let mut events = vec![TradeId(0); ordered.events.len()];
        for id in &ordered.events {
            let place = &mut starts[group(id)];
            events[*place as usize] = *id;
            *place += 1;
        }
        // Each start has moved to the end of its group; securities that stand for no group end where the one before does.
        starts.dedup();
        starts.retain(|end| *end > 0);
        Self {
            events,
            ends: starts,
        }
    }

    /// How many groups have events.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether nothing happens at all.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The events of one group.
    pub fn get(&self, index: usize) -> &[TradeId] {
        let start = index
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .copied()
            .unwrap_or(0);
        let end = self.ends.get(index).copied().unwrap_or(start);
        self.events
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }
}

/// How many times as far as need be the trades of a group must lie apart to be worth a copy.
const FAR_APART: usize = 4;

/// Trades looked at before they are copied.
const AHEAD: usize = 32;

/// Copies of a group's trades in the order of its events, where they lie far apart among those of all groups: fetched
/// together they cost a fraction of what each would when its turn comes. Nothing where they lie close, and `None` for a
/// trade with rarer columns.
pub fn gathered(history: &History, events: &[TradeId]) -> Vec<Option<Trade>> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        return Vec::new();
    };
    if (last.0.abs_diff(first.0) as usize) < events.len().saturating_mul(FAR_APART) {
        return Vec::new();
    }
    let mut copies = Vec::with_capacity(events.len());
    for ahead in events.chunks(AHEAD) {
        // A tight loop has many of them on their way from memory at once; copying has but a few.
        let seen = ahead.iter().fold(0, |seen, id| {
            let trade = history.trade(*id);
            seen ^ trade.source.line ^ u32::from(trade.may_owe())
        });
        std::hint::black_box(seen);
        copies.extend(ahead.iter().map(|id| history.trade(*id).plain_copy()));
    }
    copies
}

fn order_by_time(history: &History, day: &mut [TradeId]) {
    let time = |id: &TradeId| history.trade(*id).time;
    if !day.is_sorted_by_key(time) {
        day.sort_by_key(time);
    }
}

/// The representative of each security's group; rows are looked at only where some have rarer columns.
fn connected(history: &History, identical: &[SecurityId], rare: bool) -> Vec<u32> {
    let mut groups = Connected::of(identical);
    for (security, index) in history.securities.iter().zip(0..) {
        if let Some(underlying) = security.contract.as_ref().and_then(|c| c.underlying) {
            groups.join(SecurityId(index), underlying);
        }
    }
    for trade in history.trades.iter().filter(|_| rare) {
        if let Some(rest) = trade.rare() {
            let rest = rest.rarest();
            for other in [rest.new_security, rest.fee_asset].into_iter().flatten() {
                groups.join(trade.security, other);
            }
        }
    }
    let first = groups.first().into_iter();
    first.map(|security| security.0).collect()
}

/// Securities that belong together, by the first of each group.
#[derive(Debug)]
pub struct Connected {
    parent: Vec<u32>,
}

impl Connected {
    /// So many securities, each for itself.
    pub fn none(count: usize) -> Self {
        Self {
            parent: (0..count as u32).collect(),
        }
    }

    /// Groups as they were, by the first of each security's.
    pub fn of(first: &[SecurityId]) -> Self {
        Self {
            parent: first.iter().map(|security| security.0).collect(),
        }
    }

    /// Makes the groups of two securities one.
    pub fn join(&mut self, one: SecurityId, other: SecurityId) {
        let (one, other) = (self.root(one.0), self.root(other.0));
        self.parent[one.max(other) as usize] = one.min(other);
    }

    /// For each security the first of its group.
    pub fn first(mut self) -> Vec<SecurityId> {
        let all = 0..self.parent.len() as u32;
        all.map(|index| SecurityId(self.root(index))).collect()
    }

    fn root(&mut self, mut index: u32) -> u32 {
        while self.parent[index as usize] != index {
            let up = self.parent[self.parent[index as usize] as usize];
            self.parent[index as usize] = up;
            index = up;
        }
        index
    }
}
