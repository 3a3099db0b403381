//! United Kingdom identification against a slow reading, share by share (TCGA 1992 s 104 to s 106A).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod model;

use std::collections::{BTreeMap, BTreeSet};

use chrono::Datelike;
use lossoffset::answer::Match;
use lossoffset::money::minor_text;
use lossoffset::settings::Settings;
use model::dense::{Dense, events, final_units, listing};
use model::engine::history;
use model::history::{Dice, Event, Kind};
use model::number::{Ratio, cents, day, decimal, whole};
use model::{for_each_seed, histories};

fn shape(seed: u64) -> Dense {
    Dense {
        accounts: if seed.is_multiple_of(3) {
            &["main"]
        } else {
            &["main", "second"]
        },
        short: seed.is_multiple_of(4),
        gap: [9, 25, 45][(seed % 3) as usize],
    }
}

/// What a day's disposals came to under one rule: units of the end of the history, and cost.
type Legs = BTreeMap<(i32, &'static str), (Ratio, Ratio)>;

/// Legs, and the pool at the end: units and cost.
#[derive(Debug, PartialEq)]
struct Result {
    legs: Legs,
    pool: (Ratio, Ratio),
}

/// One share bought.
struct Share {
    day: i32,
    cost: Ratio,
    used: bool,
}

/// Reads the law share by share. A share is a unit as it stands after all splits.
fn literal(events: &[Event]) -> Result {
    let units = final_units(events);
    let mut bought: BTreeMap<i32, (i64, Ratio)> = BTreeMap::new();
    let mut sold: BTreeMap<i32, i64> = BTreeMap::new();
    for (event, units) in events.iter().zip(&units) {
        match event.kind {
            Kind::Buy => {
                let day = bought.entry(event.day).or_insert((0, whole(0)));
                day.0 += units;
                day.1 += cents(event.quantity * event.price + event.fee);
            }
            Kind::Sell => *sold.entry(event.day).or_default() += units,
            Kind::Split => {}
        }
    }
    let mut shares = Vec::new();
    for (day, (count, cost)) in &bought {
        for _ in 0..*count {
            shares.push(Share {
                day: *day,
                cost: cost / whole(*count),
                used: false,
            });
        }
    }
    let mut open: Vec<(i32, bool)> = Vec::new();
    for (day, count) in &sold {
        open.extend((0..*count).map(|_| (*day, true)));
    }
    let mut result = Result {
        legs: Legs::new(),
        pool: (whole(0), whole(0)),
    };
    let add = |legs: &mut Legs, day, rule, cost: Ratio| {
        let leg = legs.entry((day, rule)).or_insert((whole(0), whole(0)));
        leg.0 += whole(1);
        leg.1 += cost;
    };
    // Shares of the day itself, for every day, before anything else.
    for (day, waits) in &mut open {
        let own = shares.iter_mut().find(|s| !s.used && s.day == *day);
        if let Some(share) = own {
            (share.used, *waits) = (true, false);
            add(&mut result.legs, *day, "same-day", share.cost.clone());
        }
    }
    // Then shares of the thirty days after, the earlier disposal and the earlier purchase first.
    for (day, waits) in open.iter_mut().filter(|(_, waits)| *waits) {
        let soon = shares
            .iter_mut()
            .find(|s| !s.used && s.day > *day && s.day <= *day + 30);
        if let Some(share) = soon {
            (share.used, *waits) = (true, false);
            add(&mut result.legs, *day, "within-30-days", share.cost.clone());
        }
    }
    // Then the pool as it stands, and for what it lacks the earliest later shares.
    // Nothing happens on a day without a row.
    let days: BTreeSet<i32> = events.iter().map(|event| event.day).collect();
    let mut short: Vec<i32> = Vec::new();
    let (mut count, mut cost) = (whole(0), whole(0));
    for today in days {
        for share in shares.iter().filter(|s| !s.used && s.day == today) {
            if short.is_empty() {
                count += whole(1);
                cost += &share.cost;
            } else {
                let day = short.remove(0);
                add(&mut result.legs, day, "later", share.cost.clone());
            }
        }
        for (day, _) in open.iter().filter(|(day, waits)| *waits && *day == today) {
            if count == whole(0) {
                short.push(*day);
                continue;
            }
            let average = &cost / &count;
            count -= whole(1);
            cost -= &average;
            add(&mut result.legs, *day, "pool", average);
        }
    }
    result.pool = (count, cost);
    result
}

fn computed(events: &[Event]) -> (Result, Vec<String>) {
    let settings = Settings {
        jurisdiction: Some("uk".into()),
        allow_short: true,
        ..Settings::default()
    };
    let history = history(events);
    let answer = lossoffset::compute(&history, &settings)
        .unwrap_or_else(|problems| panic!("{problems:#?}\n{events:#?}"));
    let mut result = Result {
        legs: Legs::new(),
        pool: (whole(0), whole(0)),
    };
    let mut shown = Vec::new();
    for row in &answer.disposals {
        let date = row.disposed.to_string();
        let number = number_of(row.disposed);
        let later_splits = events
            .iter()
            .filter(|event| event.kind == Kind::Split && event.day > number)
            .count();
        let factor = whole(1 << later_splits);
        let leg = result
            .legs
            .entry((number, row.matched.word()))
            .or_insert((whole(0), whole(0)));
        leg.0 += decimal(&row.quantity.to_string()) * factor;
        leg.1 += decimal(&minor_text(row.cost, 2));
        assert_eq!(row.acquired.is_none(), row.matched == Match::Pool);
        shown.push(format!(
            "{date} {} {} {:?} {} {} {}",
            history.account(row.account).name,
            row.matched.word(),
            row.acquired,
            row.quantity,
            row.proceeds,
            row.cost
        ));
    }
    for lot in answer.lots.iter().filter(|lot| !lot.quantity.is_negative()) {
        result.pool.0 += decimal(&lot.quantity.to_string());
        result.pool.1 += decimal(&minor_text(lot.cost, 2));
    }
    shown.sort();
    (result, shown)
}

/// The number of a day: the inverse of [`day`].
fn number_of(date: lossoffset::date::Date) -> i32 {
    let first = day(0);
    let (year, month, of_month) = (first.year(), first.month(), first.day());
    let first = lossoffset::date::Date::new(year, month, of_month).unwrap();
    date.days_since(first)
}

fn close(a: &Ratio, b: &Ratio, rows: i64) -> bool {
    let difference = a - b;
    let limit = cents(rows.max(1));
    difference <= limit && -difference <= limit
}

#[test]
fn identification_agrees_with_the_share_by_share_reading() {
    let found = for_each_seed(histories(), |seed, rules: &mut BTreeMap<&str, u64>| {
        let events = events(shape(seed), seed);
        let (wanted, (found, _)) = (literal(&events), computed(&events));
        let about = || {
            format!(
                "seed {seed}\n{}\nwanted {wanted:?}\nfound {found:?}",
                listing(&events)
            )
        };
        let keys: Vec<_> = wanted.legs.keys().collect();
        assert_eq!(keys, found.legs.keys().collect::<Vec<_>>(), "{}", about());
        for (key, (units, cost)) in &wanted.legs {
            let (have_units, have_cost) = &found.legs[key];
            assert_eq!(units, have_units, "{key:?} {}", about());
            assert!(close(cost, have_cost, 3), "{key:?} {}", about());
            *rules.entry(key.1).or_default() += 1;
        }
        assert_eq!(wanted.pool.0, found.pool.0, "{}", about());
        assert!(close(&wanted.pool.1, &found.pool.1, 3), "{}", about());
    });
    for rule in ["same-day", "within-30-days", "pool", "later"] {
        let times: u64 = found.iter().filter_map(|rules| rules.get(rule)).sum();
        assert!(times > histories() / 100, "{rule}: only {times}");
    }
}

#[test]
fn the_order_of_rows_within_a_day_changes_nothing() {
    for_each_seed(histories() / 10, |seed, (): &mut ()| {
        let events = events(shape(seed), seed);
        let (_, wanted) = computed(&events);
        let mut dice = Dice(seed ^ 0xBEEF);
        let mut shuffled = events.clone();
        for place in (1..shuffled.len()).rev() {
            let other = dice.between(0, place as i64) as usize;
            shuffled.swap(place, other);
        }
        shuffled.sort_by_key(|event| event.day);
        let (_, found) = computed(&shuffled);
        assert_eq!(wanted, found, "seed {seed}\n{events:#?}");
    });
}
