//! Arrivals that stand before their departures: the two accounts of a transfer are often in two files, with the days and
//! hours of two books, so that which comes first says nothing.

use std::collections::VecDeque;

use rust_decimal::Decimal;
use rustc_hash::{FxHashMap, FxHashSet};

use super::rules::Rules;
use super::transfer::{DAYS_ON_THE_WAY, is_network_fee};
use crate::money::Quantity;
use crate::timeline::Calendar;
use crate::trade::{Action, History, SecurityId, Trade, TradeId};

/// Days by which an arrival without an id may be booked before just as many units leave.
const DAYS_AHEAD: i32 = 5;

/// The departure of each arrival that stands before it.
pub type Early = FxHashMap<TradeId, TradeId>;

/// A row of a transfer in two rows, and its place among the events.
#[derive(Clone, Copy)]
struct Leg<'a> {
    id: TradeId,
    place: usize,
    day: crate::date::Date,
    trade: &'a Trade,
}

impl Leg<'_> {
    fn name(&self) -> Option<&str> {
        self.trade.rest().id.as_deref()
    }

    fn units(&self) -> Quantity {
        let units = self.trade.quantity().unwrap_or(Decimal::ZERO);
        Quantity::new(units.abs()).unwrap_or(Quantity::ZERO)
    }

    /// Whether what arrives can be what left, some of it spent on the way.
    fn can_be(&self, departure: &Leg<'_>) -> bool {
        let (left, arrived) = (departure.units(), self.units());
        left >= arrived && is_network_fee(left, arrived)
    }
}

/// Those of one security, and what lies between them.
#[derive(Default)]
struct Legs<'a> {
    departures: Vec<Leg<'a>>,
    arrivals: Vec<Leg<'a>>,
    /// Places of splits, which change what a number of units says.
    splits: Vec<usize>,
}

/// Finds them among the events of a group: pairs of one id first, then arrivals after their departures, and of what is
/// left arrivals of the same day or, with just as many units, of the days before.
pub fn arrivals(
    history: &History,
    rules: &Rules,
    calendar: &Calendar,
    events: &[TradeId],
) -> Early {
    let mut of: FxHashMap<SecurityId, Legs<'_>> = FxHashMap::default();
    for (place, id) in events.iter().enumerate() {
        let trade = history.trade(*id);
        let leg = || Leg {
            id: *id,
            place,
            day: calendar.day_of(trade),
            trade,
        };
        match trade.action {
            Action::TransferOut => of.entry(trade.security).or_default().departures.push(leg()),
            Action::TransferIn if trade.rest().rarest().basis.is_none() => {
                of.entry(trade.security).or_default().arrivals.push(leg());
            }
            Action::Split => of.entry(trade.security).or_default().splits.push(place),
            _ => {}
        }
    }
    let mut found = Early::default();
    for legs in of.values() {
        legs.pair(rules, &mut found);
    }
    found
}

impl<'a> Legs<'a> {
    fn pair(&self, rules: &Rules, found: &mut Early) {
        let Some(first) = self.arrivals.first() else {
            return;
        };
        if self
            .departures
            .last()
            .is_none_or(|last| last.place < first.place)
        {
            return;
        }
        let mut named: FxHashMap<&str, VecDeque<&Leg<'a>>> = FxHashMap::default();
        for departure in &self.departures {
            if let Some(name) = departure.name() {
                named.entry(name).or_default().push_back(departure);
            }
        }
        let mut taken: FxHashSet<TradeId> = FxHashSet::default();
        let mut left: Vec<Leg<'a>> = Vec::new();
        for arrival in &self.arrivals {
            let own = arrival.name().and_then(|name| named.get_mut(name));
            match own.and_then(VecDeque::pop_front) {
                Some(departure) => {
                    taken.insert(departure.id);
                    if departure.place > arrival.place {
                        found.insert(arrival.id, departure.id);
                    }
                }
                None => left.push(*arrival),
            }
        }
        left.retain(|arrival| {
            let departure = self.before(arrival, &taken);
            departure.is_none_or(|departure| !taken.insert(departure.id))
        });
        for arrival in &left {
            if let Some(departure) = self.after(rules, arrival, &taken) {
                taken.insert(departure.id);
                found.insert(arrival.id, departure.id);
            }
        }
    }

    /// A departure of the days before that nothing has been taken for yet.
    fn before(&self, arrival: &Leg<'_>, taken: &FxHashSet<TradeId>) -> Option<&Leg<'a>> {
        let start = self
            .departures
            .partition_point(|departure| departure.day < arrival.day.plus(-DAYS_ON_THE_WAY));
        let near = self.departures.get(start..).unwrap_or_default().iter();
        near.take_while(|departure| departure.place < arrival.place)
            .find(|departure| !taken.contains(&departure.id) && arrival.can_be(departure))
    }

    /// A departure of the same day, or one of just as many units in the days behind it.
    fn after(
        &self,
        rules: &Rules,
        arrival: &Leg<'_>,
        taken: &FxHashSet<TradeId>,
    ) -> Option<&Leg<'a>> {
        // What comes and goes again in one account is no transfer, unless the account stands for several wallets.
        let account = arrival.trade.account;
        let elsewhere =
            |departure: &&Leg<'_>| departure.trade.account != account || rules.pools.has(account);
        let start = self
            .departures
            .partition_point(|departure| departure.place < arrival.place);
        let near = self.departures.get(start..).unwrap_or_default().iter();
        near.take_while(|departure| departure.day <= arrival.day.plus(DAYS_AHEAD))
            .filter(elsewhere)
            .filter(|departure| !taken.contains(&departure.id))
            .find(|departure| {
                if departure.day == arrival.day {
                    return arrival.can_be(departure);
                }
                let between = arrival.place..departure.place;
                departure.units() == arrival.units()
                    && !self.splits.iter().any(|split| between.contains(split))
            })
    }
}
