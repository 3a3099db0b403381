//! What holds in every country, on random histories: nothing is lost, and an unrelated security changes nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod model;

use lossoffset::answer::Answer;
use lossoffset::jurisdiction::JURISDICTIONS;
use lossoffset::settings::Settings;
use lossoffset::trade::{Class, History};
use model::dense::{Dense, events, listing};
use model::engine::history;
use model::history::{Event, SHELTERED};

fn shape(seed: u64) -> Dense {
    Dense {
        accounts: match seed % 3 {
            0 => &["main"],
            1 => &["main", "second"],
            _ => &["main", "second", SHELTERED],
        },
        short: false,
        gap: [6, 25, 60][(seed % 3) as usize],
    }
}

fn computed(country: &str, history: &History, events: &[Event]) -> Answer {
    let settings = Settings {
        jurisdiction: Some(country.into()),
        ..Settings::default()
    };
    lossoffset::compute(history, &settings)
        .unwrap_or_else(|problems| panic!("{country}: {problems:#?}\n{}", listing(events)))
}

/// Computing fails where basis, losses or units are not conserved.
#[test]
fn basis_and_losses_are_conserved() {
    for country in JURISDICTIONS {
        for seed in 0..300 {
            let events = events(shape(seed), seed);
            let mut history = history(&events);
            if seed.is_multiple_of(4) {
                history.securities[0].class = Class::Crypto;
            }
            let answer = computed(country.code, &history, &events);
            let (before, after) = answer.conservation.basis().unwrap();
            assert_eq!(before, after, "{} {seed}", country.code);
        }
    }
}

#[test]
fn an_unrelated_security_changes_nothing() {
    for country in JURISDICTIONS {
        for seed in 0..60 {
            let events = events(shape(seed), seed);
            let mut both = events.clone();
            both.extend(events.iter().cloned().map(|event| Event {
                symbol: "ZZZ",
                ..event
            }));
            both.sort_by_key(|event| event.day);
            let alone = computed(country.code, &history(&events), &events);
            let history = history(&both);
            let together = computed(country.code, &history, &both);
            let own = together
                .disposals
                .iter()
                .filter(|row| &*history.security(row.security).symbol == "XYZ");
            let figures = |row: &lossoffset::answer::Disposal| {
                (
                    row.disposed,
                    row.quantity,
                    row.proceeds,
                    row.cost,
                    row.adjustment,
                )
            };
            assert_eq!(
                alone.disposals.iter().map(figures).collect::<Vec<_>>(),
                own.map(figures).collect::<Vec<_>>(),
                "{} {seed}",
                country.code
            );
        }
    }
}

#[test]
fn a_reading_that_no_country_has_is_refused() {
    let history = history(&events(shape(0), 0));
    for (table, name, value, why) in [
        ("us", "crypto_wash", "maybe", "is no value of"),
        ("us", "nothing", "yes", "is no setting of"),
        ("nowhere", "crypto_wash", "yes", "is no jurisdiction"),
    ] {
        let mut settings = Settings {
            jurisdiction: Some("us".into()),
            ..Settings::default()
        };
        settings
            .readings
            .insert((table.into(), name.into()), value.into());
        let problems = lossoffset::compute(&history, &settings).unwrap_err();
        assert!(problems[0].message.contains(why), "{problems:#?}");
    }
}
