//! Canada's superficial losses against a slow reading: S, P and B counted afresh for every loss (ITA s 54).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod model;

use std::collections::BTreeMap;

use lossoffset::money::minor_text;
use lossoffset::settings::Settings;
use model::dense::{Dense, events, final_units, listing};
use model::engine::history;
use model::history::{Event, Kind, SHELTERED};
use model::number::{Ratio, cents, decimal, whole};
use model::{for_each_seed, histories};

fn shape(seed: u64) -> Dense {
    Dense {
        accounts: match seed % 4 {
            0 => &["main"],
            1 => &["main", "second"],
            2 => &["main", "spouse"],
            _ => &["main", "spouse", SHELTERED],
        },
        short: false,
        gap: [6, 15, 40][(seed % 3) as usize],
    }
}

/// Whose holding an account belongs to.
fn holder(account: &str) -> &str {
    match account {
        "second" => "main",
        other => other,
    }
}

/// Cost and denied amount of each sale of the taxpayer, in order, and the pools at the end.
#[derive(Debug, Default)]
struct Outcome {
    sales: Vec<(Ratio, Ratio)>,
    pools: BTreeMap<String, (Ratio, Ratio)>,
}

#[derive(Default, Clone)]
struct Pool {
    units: i64,
    cost: Ratio,
    waiting: Ratio,
}

/// What stands around a sale, in units of the end of the history.
fn around(events: &[Event], units: &[i64], sale: usize) -> (i64, i64, BTreeMap<String, i64>) {
    let date = events[sale].day;
    let (mut bought, mut held) = (BTreeMap::new(), BTreeMap::new());
    for (event, units) in events.iter().zip(units) {
        let who = holder(event.account).to_owned();
        if event.day <= date + 30 {
            let sum = held.entry(who.clone()).or_insert(0);
            match event.kind {
                Kind::Buy => *sum += units,
                Kind::Sell => *sum -= units,
                Kind::Split => {}
            }
        }
        if event.kind == Kind::Buy && (event.day - date).abs() <= 30 {
            *bought.entry(who).or_insert(0) += units;
        }
    }
    let (p, b) = (bought.values().sum(), held.values().sum());
    let substitutes = bought
        .iter()
        .map(|(who, units)| (who.clone(), *units.min(&held[who])))
        .filter(|(_, units)| *units > 0)
        .collect();
    (p, b, substitutes)
}

fn literal(events: &[Event]) -> Outcome {
    let units = final_units(events);
    let mut pools: BTreeMap<String, Pool> = BTreeMap::new();
    let mut outcome = Outcome::default();
    for (place, event) in events.iter().enumerate() {
        let who = holder(event.account).to_owned();
        match event.kind {
            Kind::Split => {}
            Kind::Buy => {
                let pool = pools.entry(who).or_default();
                pool.units += units[place];
                let waiting = std::mem::take(&mut pool.waiting);
                pool.cost += cents(event.quantity * event.price + event.fee) + waiting;
            }
            Kind::Sell => {
                let pool = pools.entry(who.clone()).or_default();
                let cost = &pool.cost * Ratio::new(units[place].into(), pool.units.into());
                pool.cost -= &cost;
                pool.units -= units[place];
                if who == SHELTERED {
                    continue;
                }
                let proceeds = cents(event.quantity * event.price - event.fee);
                let loss = &cost - proceeds;
                let mut denied = whole(0);
                if loss > whole(0) {
                    let (p, b, substitutes) = around(events, &units, place);
                    let s = units[place];
                    denied = loss * Ratio::new(s.min(p).min(b).into(), s.into());
                    let total: i64 = substitutes.values().sum();
                    for (who, share) in substitutes {
                        let part = &denied * Ratio::new(share.into(), total.into());
                        if who == SHELTERED {
                            continue;
                        }
                        let pool = pools.entry(who).or_default();
                        if pool.units > 0 {
                            pool.cost += part;
                        } else {
                            pool.waiting += part;
                        }
                    }
                }
                // A spouse's loss is the spouse's, but the denied part of it may join the taxpayer's cost.
                if who == "main" {
                    outcome.sales.push((cost, denied));
                }
            }
        }
    }
    for (who, pool) in pools {
        if pool.units > 0 {
            outcome.pools.insert(who, (whole(pool.units), pool.cost));
        }
    }
    outcome
}

fn computed(events: &[Event]) -> Outcome {
    let settings = Settings {
        jurisdiction: Some("ca".into()),
        ..Settings::default()
    };
    let mut history = history(events);
    for account in &mut history.accounts {
        if &*account.name == "spouse" {
            account.owner = Some("spouse".into());
        }
    }
    let answer = lossoffset::compute(&history, &settings)
        .unwrap_or_else(|problems| panic!("{problems:#?}\n{events:#?}"));
    let mut outcome = Outcome::default();
    for row in &answer.disposals {
        let amounts = [row.cost, row.adjustment].map(|minor| decimal(&minor_text(minor, 2)));
        let [cost, denied] = amounts;
        outcome.sales.push((cost, denied));
    }
    for lot in &answer.lots {
        let who = match lot.account.map(|account| &*history.account(account).name) {
            Some("spouse") => "spouse",
            Some(SHELTERED) => SHELTERED,
            _ => "main",
        };
        let pool = outcome.pools.entry(who.into()).or_default();
        pool.0 += decimal(&lot.quantity.to_string());
        pool.1 += decimal(&minor_text(lot.cost, 2));
    }
    outcome
}

/// Denied amounts move in whole cents, so that every loss may add a cent or two.
fn close(a: &Ratio, b: &Ratio, losses: usize) -> bool {
    let (difference, limit) = (a - b, cents(2 + 2 * losses as i64));
    difference <= limit && -difference <= limit
}

#[test]
fn superficial_losses_agree_with_counting_afresh() {
    let found = for_each_seed(histories(), |seed, times: &mut [u64; 3]| {
        let events = events(shape(seed), seed);
        let (wanted, found) = (literal(&events), computed(&events));
        let about = || {
            format!(
                "seed {seed}\n{}\nwanted {wanted:?}\nfound {found:?}",
                listing(&events)
            )
        };
        assert_eq!(wanted.sales.len(), found.sales.len(), "{}", about());
        for (place, (wanted, found)) in wanted.sales.iter().zip(&found.sales).enumerate() {
            assert!(close(&wanted.0, &found.0, place), "{place} {}", about());
            assert!(close(&wanted.1, &found.1, place), "{place} {}", about());
            match &wanted.1 {
                denied if *denied == whole(0) => times[0] += 1,
                denied if *denied < wanted.0 => times[1] += 1,
                _ => times[2] += 1,
            }
        }
        let holders: Vec<_> = wanted.pools.keys().collect();
        assert_eq!(
            holders,
            found.pools.keys().collect::<Vec<_>>(),
            "{}",
            about()
        );
        for (who, (units, cost)) in &wanted.pools {
            let (have_units, have_cost) = &found.pools[who];
            assert_eq!(units, have_units, "{who} {}", about());
            if who != SHELTERED {
                assert!(
                    close(cost, have_cost, wanted.sales.len()),
                    "{who} {}",
                    about()
                );
            }
        }
    });
    let [none, partial, full] =
        [0, 1, 2].map(|kind| found.iter().map(|times| times[kind]).sum::<u64>());
    let enough = histories() / 2;
    assert!(
        none > enough && full + partial > enough,
        "{none} {partial} {full}"
    );
}
