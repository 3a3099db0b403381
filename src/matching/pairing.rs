//! Which departure an arrival belongs to, where each is a row of its own: the two accounts of a transfer are two books,
//! often two files, each with its own days and hours, so that which comes first says little.
//!
//! Known before the first row is carried out, for both engines alike: what arrives later can speak against the first
//! departure that would do.

use std::collections::{BTreeMap, VecDeque};

use rust_decimal::Decimal;
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::rules::Rules;
use crate::date::Date;
use crate::diagnostic::Problem;
use crate::money::{Quantity, is_network_fee};
use crate::timeline::Calendar;
use crate::trade::{AccountId, Action, History, SecurityId, Trade, TradeId};

/// Days that units may be on their way before an arrival is no longer taken for theirs.
pub const DAYS_ON_THE_WAY: i32 = 10;

/// Days by which an arrival without an id may be booked before just as many units leave.
const DAYS_AHEAD: i32 = 5;

/// The warning of units that left beside others that arrived.
pub const LESS_ARRIVED: (&str, &str) = (
    "less-arrived",
    "less arrived than left: the rest counts as held still, in the account it left; if it was a fee, let the row of the departure say what arrived, and the rest as its `fee`, with the same `fee_asset`",
);

/// What arrives of a departure.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// The departure.
    pub departure: TradeId,
    /// Units of it, as they are when they arrive.
    pub units: Quantity,
    /// What never arrives, told with the last that does.
    pub rest: Option<Quantity>,
}

/// The departures of an arrival, most often one.
pub type Shares = SmallVec<[Share; 1]>;

/// The departures of each arrival.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    of: FxHashMap<TradeId, Shares>,
    awaited: FxHashSet<TradeId>,
    /// Whether units may change on their way into what their row does not say.
    pub changes: bool,
}

impl Pairs {
    /// Pairs the rows of a group of connected securities.
    pub fn new(history: &History, rules: &Rules, calendar: &Calendar, events: &[TradeId]) -> Self {
        let mut pairs = Self::default();
        let mut of: FxHashMap<SecurityId, Legs<'_>> = FxHashMap::default();
        for (place, id) in events.iter().enumerate() {
            let trade = history.trade(*id);
            let mut leg = |side| {
                let legs = of.entry(trade.security).or_default();
                legs.legs
                    .push(Leg::new(side, *id, place, calendar.day_of(trade), trade));
            };
            match trade.action {
                Action::TransferOut => leg(Side::Departure),
                Action::TransferIn if trade.rest().rarest().basis.is_none() => leg(Side::Arrival),
                Action::Split => match Split::new(place, trade) {
                    Some(split) => of.entry(trade.security).or_default().splits.push(split),
                    None => pairs.changes = true,
                },
                Action::StockDividend | Action::SpinOff | Action::Merger | Action::Rename => {
                    pairs.changes = true;
                }
                _ => {}
            }
        }
        for legs in of.values_mut() {
            if legs.have_both() {
                legs.pair(rules, &mut pairs);
            }
        }
        pairs
    }

    /// The departures of an arrival, in the order in which their units left.
    pub fn of(&self, arrival: TradeId) -> Shares {
        self.of.get(&arrival).cloned().unwrap_or_default()
    }

    /// Whether something arrives of a departure.
    pub fn awaits(&self, departure: TradeId) -> bool {
        self.awaited.contains(&departure)
    }

    fn add(&mut self, arrival: TradeId, share: Share) {
        self.awaited.insert(share.departure);
        self.of.entry(arrival).or_default().push(share);
    }
}

/// How well what is on its way fits what arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// Just as many units.
    Equal,
    /// A network's fee less arrives.
    Fee,
}

impl Fit {
    /// Whether, and how.
    pub fn of(left: Quantity, arrived: Quantity) -> Option<Self> {
        if left == arrived {
            return Some(Self::Equal);
        }
        is_network_fee(left.to_decimal(), arrived.to_decimal()).then_some(Self::Fee)
    }
}

/// More arrives than left.
pub fn too_much(arrival: &Trade, arrives: Quantity, left: Quantity, account: &str) -> Problem {
    let message = format!("{arrives} arrive but only {left} left {account}");
    Problem::at(arrival.source, message)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Departure,
    Arrival,
}

/// A row of a transfer in two rows, and its place among the events.
#[derive(Clone, Copy)]
struct Leg<'a> {
    side: Side,
    id: TradeId,
    place: usize,
    day: Date,
    trade: &'a Trade,
    units: Quantity,
    paired: bool,
}

impl<'a> Leg<'a> {
    fn new(side: Side, id: TradeId, place: usize, day: Date, trade: &'a Trade) -> Self {
        let units = trade.quantity().unwrap_or(Decimal::ZERO);
        Self {
            side,
            id,
            place,
            day,
            trade,
            units: Quantity::new(units.abs()).unwrap_or(Quantity::ZERO),
            paired: false,
        }
    }

    fn name(&self) -> Option<&'a str> {
        self.trade.rest().id.as_deref()
    }

    /// What comes and goes again in one account is no transfer, unless the account stands for several wallets.
    fn is_elsewhere(&self, other: AccountId, rules: &Rules) -> bool {
        self.trade.account != other || rules.pools.has(other)
    }
}

/// A split, which changes what a number of units says.
struct Split {
    place: usize,
    /// The account of which it is told, if not of all.
    account: Option<AccountId>,
    new: Quantity,
    old: Quantity,
}

impl Split {
    /// `None` where the row says no ratio.
    fn new(place: usize, trade: &Trade) -> Option<Self> {
        let (new, old) = trade.rest().rarest().ratio?;
        let (new, old) = (Quantity::new(new).ok()?, Quantity::new(old).ok()?);
        let positive = new > Quantity::ZERO && old > Quantity::ZERO;
        positive.then_some(Self {
            place,
            account: trade.account_given.then_some(trade.account),
            new,
            old,
        })
    }

    /// Units of an account after it; what no number can hold fits nothing.
    fn after(&self, account: AccountId, units: Quantity) -> Quantity {
        if self.account.is_some_and(|own| own != account) {
            return units;
        }
        units.restated(self.new, self.old).unwrap_or(Quantity::ZERO)
    }
}

/// One look at the rows in their order: legs of one side wait, and each of the other side takes one that fits.
struct Pass {
    waits: Side,
    /// Days that they wait.
    days: i32,
    fit: Fit,
}

/// What is nearest comes first: equal units, then a network's fee less; a departure before its arrival, then behind it.
const PASSES: [Pass; 5] = [
    Pass {
        waits: Side::Departure,
        days: DAYS_ON_THE_WAY,
        fit: Fit::Equal,
    },
    Pass {
        waits: Side::Arrival,
        days: 0,
        fit: Fit::Equal,
    },
    Pass {
        waits: Side::Departure,
        days: DAYS_ON_THE_WAY,
        fit: Fit::Fee,
    },
    Pass {
        waits: Side::Arrival,
        days: DAYS_AHEAD,
        fit: Fit::Equal,
    },
    Pass {
        waits: Side::Arrival,
        days: 0,
        fit: Fit::Fee,
    },
];

/// Those of one security, in the order of the events, and the splits between them.
#[derive(Default)]
struct Legs<'a> {
    legs: Vec<Leg<'a>>,
    splits: Vec<Split>,
}

impl<'a> Legs<'a> {
    fn have_both(&self) -> bool {
        let has = |side| self.legs.iter().any(|leg| leg.side == side);
        has(Side::Departure) && has(Side::Arrival)
    }

    fn pair(&mut self, rules: &Rules, pairs: &mut Pairs) {
        self.by_id(pairs);
        for pass in &PASSES {
            self.sweep(pass, rules, pairs);
        }
        self.sums(rules, pairs);
    }

    /// Rows of one id belong together: one arrival with one departure of just as many units first, then each with what
    /// is left of the others.
    fn by_id(&mut self, pairs: &mut Pairs) {
        let mut exact: FxHashMap<(&str, Quantity), VecDeque<usize>> = FxHashMap::default();
        let mut groups: BTreeMap<&str, [Vec<usize>; 2]> = BTreeMap::new();
        for (at, leg) in self.legs.iter().enumerate() {
            let (Some(name), Side::Departure) = (leg.name(), leg.side) else {
                continue;
            };
            exact.entry((name, leg.units)).or_default().push_back(at);
            groups.entry(name).or_default();
        }
        for at in 0..self.legs.len() {
            let leg = self.legs[at];
            let (Some(name), Side::Arrival) = (leg.name(), leg.side) else {
                continue;
            };
            let own = exact.get_mut(&(name, leg.units));
            if let Some(departure) = own.and_then(VecDeque::pop_front) {
                let there = self.restated(departure, leg.place);
                self.join(departure, at, there, pairs);
            }
        }
        for (at, leg) in self.legs.iter().enumerate().filter(|(_, leg)| !leg.paired) {
            if let Some(group) = leg.name().and_then(|name| groups.get_mut(name)) {
                group[usize::from(leg.side == Side::Arrival)].push(at);
            }
        }
        for [departures, arrivals] in groups.into_values() {
            self.draw(&departures, &arrivals, pairs);
        }
    }

    /// Units of a departure at a later place, once splits in between are done.
    fn restated(&self, departure: usize, place: usize) -> Quantity {
        let leg = &self.legs[departure];
        self.after_splits(leg.trade.account, leg.units, leg.place, place)
    }

    fn after_splits(
        &self,
        account: AccountId,
        units: Quantity,
        from: usize,
        to: usize,
    ) -> Quantity {
        let first = self.splits.partition_point(|split| split.place < from);
        let between = self.splits.get(first..).unwrap_or_default().iter();
        between
            .take_while(|split| split.place < to)
            .fold(units, |units, split| split.after(account, units))
    }

    /// One departure is one arrival; `there` are its units then.
    fn join(&mut self, departure: usize, arrival: usize, there: Quantity, pairs: &mut Pairs) {
        let units = self.legs[arrival].units.min(there);
        let share = Share {
            departure: self.legs[departure].id,
            units,
            rest: Some(there.minus(units).unwrap_or(Quantity::ZERO)),
        };
        pairs.add(self.legs[arrival].id, share);
        self.legs[departure].paired = true;
        self.legs[arrival].paired = true;
    }

    /// Arrivals take what they need of several departures, in their order.
    fn draw(&mut self, departures: &[usize], arrivals: &[usize], pairs: &mut Pairs) {
        let mut queue = departures.iter().copied();
        // What is left of a departure, the place since when that is its number, and who took the other units last.
        let mut open: Option<(usize, Quantity, usize, TradeId)> = None;
        for at in arrivals {
            let arrival = self.legs[*at];
            let mut wanted = arrival.units;
            while !wanted.is_zero() {
                let whole = |d: usize| (d, self.legs[d].units, self.legs[d].place, arrival.id);
                let next = open.take().or_else(|| queue.next().map(whole));
                let Some((departure, left, since, _)) = next else {
                    break;
                };
                let leg = self.legs[departure];
                let left = self.after_splits(leg.trade.account, left, since, arrival.place);
                let units = left.min(wanted);
                let rest = left.minus(units).unwrap_or(Quantity::ZERO);
                wanted = wanted.minus(units).unwrap_or(Quantity::ZERO);
                let share = Share {
                    departure: leg.id,
                    units,
                    rest: rest.is_zero().then_some(rest),
                };
                pairs.add(arrival.id, share);
                self.legs[departure].paired = true;
                self.legs[*at].paired = true;
                if !rest.is_zero() {
                    open = Some((departure, rest, since.max(arrival.place), arrival.id));
                }
            }
        }
        if let Some((_, rest, _, arrival)) = open
            && let Some(share) = pairs.of.get_mut(&arrival).and_then(|all| all.last_mut())
        {
            share.rest = Some(rest);
        }
    }

    fn sweep(&mut self, pass: &Pass, rules: &Rules, pairs: &mut Pairs) {
        let mut waiting = Waiting::default();
        let mut split = 0;
        for at in 0..self.legs.len() {
            let leg = self.legs[at];
            while let Some(next) = self.splits.get(split).filter(|s| s.place < leg.place) {
                waiting.restate(pass.waits, next, &self.legs);
                split += 1;
            }
            if leg.paired {
                continue;
            }
            if leg.side == pass.waits {
                waiting.add(at, leg.trade.account, leg.units);
                continue;
            }
            waiting.expire(leg.day.plus(-pass.days), &self.legs);
            let found = match pass.waits {
                Side::Departure => waiting
                    .departure(&leg, pass.fit)
                    .map(|(departure, there)| (departure, at, there)),
                Side::Arrival => waiting
                    .arrival(&leg, pass.fit, rules)
                    .map(|arrival| (at, arrival, leg.units)),
            };
            if let Some((departure, arrival, there)) = found {
                self.join(departure, arrival, there, pairs);
            }
        }
    }

    /// What is left: one departure that arrives in parts, or one arrival of several departures, if those of one day come
    /// to just as many units.
    fn sums(&mut self, rules: &Rules, pairs: &mut Pairs) {
        let mut days: [BTreeMap<Date, Vec<usize>>; 2] = Default::default();
        for (at, leg) in self.legs.iter().enumerate().filter(|(_, leg)| !leg.paired) {
            let side = usize::from(leg.side == Side::Arrival);
            days[side].entry(leg.day).or_default().push(at);
        }
        let [mut left, arrived] = days;
        for (day, arrivals) in arrived {
            let since = day.plus(-DAYS_ON_THE_WAY);
            let mut near = left.range(since..=day);
            let found = near.find(|(_, departures)| self.is_sum(departures, &arrivals, rules));
            if let Some(of) = found.map(|(of, _)| *of)
                && let Some(departures) = left.remove(&of)
            {
                self.draw(&departures, &arrivals, pairs);
            }
        }
    }

    fn is_sum(&self, departures: &[usize], arrivals: &[usize], rules: &Rules) -> bool {
        if departures.len() > 1 && arrivals.len() > 1 {
            return false;
        }
        let legs = |at: &[usize]| at.iter().filter_map(|at| self.legs.get(*at)).collect();
        let (left, arrived): (Vec<&Leg<'_>>, Vec<&Leg<'_>>) = (legs(departures), legs(arrivals));
        let (Some(last), Some(first)) = (left.last(), arrived.first()) else {
            return false;
        };
        let apart = |one: &&Leg<'_>| {
            let mut others = left.iter();
            others.all(|other| one.is_elsewhere(other.trade.account, rules))
        };
        if last.place > first.place && !arrived.iter().all(apart) {
            return false;
        }
        let there = departures.iter().map(|at| self.restated(*at, first.place));
        let total = sum(arrived.iter().map(|leg| leg.units));
        total.is_some() && sum(there) == total
    }
}

fn sum(mut units: impl Iterator<Item = Quantity>) -> Option<Quantity> {
    units.try_fold(Quantity::ZERO, Quantity::plus).ok()
}

/// Legs of one side that wait for one of the other.
#[derive(Default)]
struct Waiting {
    /// By units and account, each in the order of the rows.
    of: BTreeMap<(Quantity, AccountId), VecDeque<usize>>,
    /// All of them in that order, with their units as they are by now.
    all: VecDeque<(usize, Quantity)>,
}

/// The first and the last of all accounts.
const ACCOUNTS: (AccountId, AccountId) = (AccountId(0), AccountId(u16::MAX));

impl Waiting {
    fn add(&mut self, at: usize, account: AccountId, units: Quantity) {
        self.of.entry((units, account)).or_default().push_back(at);
        self.all.push_back((at, units));
    }

    /// Forgets those of before a day.
    fn expire(&mut self, day: Date, legs: &[Leg<'_>]) {
        while let Some((at, units)) = self.all.front().copied()
            && let Some(leg) = legs.get(at)
            && leg.day < day
        {
            self.all.pop_front();
            if !leg.paired {
                self.take((units, leg.trade.account));
            }
        }
    }

    /// Takes the first of those alike.
    fn take(&mut self, key: (Quantity, AccountId)) -> Option<usize> {
        let alike = self.of.get_mut(&key)?;
        let first = alike.pop_front();
        if alike.is_empty() {
            self.of.remove(&key);
        }
        first
    }

    /// A split in between: what left is another number of units, and no arrival before it is of a departure after it.
    fn restate(&mut self, side: Side, split: &Split, legs: &[Leg<'_>]) {
        self.of.clear();
        let all = std::mem::take(&mut self.all);
        if side == Side::Arrival {
            return;
        }
        for (at, units) in all {
            if let Some(leg) = legs.get(at).filter(|leg| !leg.paired) {
                let account = leg.trade.account;
                self.add(at, account, split.after(account, units));
            }
        }
    }

    /// The departure that fits an arrival, and its units: of the nearest number the first.
    fn departure(&mut self, arrival: &Leg<'_>, fit: Fit) -> Option<(usize, Quantity)> {
        let ((units, _), _) = self.of.range((arrival.units, ACCOUNTS.0)..).next()?;
        let units = *units;
        Fit::of(units, arrival.units).filter(|found| *found <= fit)?;
        let key = self.first_of(units, |_| true)?;
        Some((self.take(key)?, units))
    }

    /// The arrival that fits a departure: of the nearest number the first.
    fn arrival(&mut self, departure: &Leg<'_>, fit: Fit, rules: &Rules) -> Option<usize> {
        let elsewhere = |account: AccountId| departure.is_elsewhere(account, rules);
        let fits = |units| Fit::of(departure.units, units).is_some_and(|found| found <= fit);
        let near = self.of.range(..=(departure.units, ACCOUNTS.1)).rev();
        let (units, _) = near
            .map(|(key, _)| *key)
            .take_while(|(units, _)| fits(*units))
            .find(|(_, account)| elsewhere(*account))?;
        let key = self.first_of(units, elsewhere)?;
        self.take(key)
    }

    /// Of those with this many units the first in an account that will do.
    fn first_of(
        &self,
        units: Quantity,
        will_do: impl Fn(AccountId) -> bool,
    ) -> Option<(Quantity, AccountId)> {
        let alike = self.of.range((units, ACCOUNTS.0)..=(units, ACCOUNTS.1));
        alike
            .filter(|((_, account), _)| will_do(*account))
            .min_by_key(|(_, waiting)| waiting.front().copied())
            .map(|(key, _)| *key)
    }
}
