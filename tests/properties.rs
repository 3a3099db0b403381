//! What holds for every history: nothing is lost or made, and the order and number of files do not matter.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod model;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use lossoffset::settings::WashSales;
use model::engine::engine_result;
use model::history::{CONFIG, Dice, Event, Kind, Method, SHELTERED, Shape, Story, csv, story};
use model::number::{Ratio, cents, whole};
use proptest::prelude::*;
use serde_json::Value;

prop_compose! {
    fn any_story(distinct_days: bool)(
        method in prop::sample::select(Method::ALL.to_vec()),
        rows in 3..25_usize,
        sheltered: bool,
        splits: bool,
        orders: bool,
        seed: u64,
    ) -> Story {
        story(Shape { method, rows, sheltered, splits, orders, distinct_days }, seed)
    }
}

fn config() -> ProptestConfig {
    // A failure prints its history; no file of seeds is kept beside the tests.
    ProptestConfig {
        cases: 64,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn quantity_and_cost_are_conserved(story in any_story(false)) {
        // What a sheltered account's sales took with it is in no row.
        prop_assume!(!story.events.iter().any(|event| event.account == SHELTERED));
        for wash_sales in [WashSales::Off, WashSales::Taxpayer] {
            let Some(rows) = engine_result(&story, wash_sales) else { return Ok(()) };
            let held: Ratio = rows.lots.values().map(|lot| &lot.quantity).sum();
            prop_assert_eq!(held, units_held(&story), "units held\n{}", story.csv());
            let sold: i64 = sales(&story).map(|event| event.quantity).sum();
            let disposed: Ratio = rows.disposals.values().map(|row| &row.quantity).sum();
            prop_assert_eq!(disposed, whole(sold), "units sold\n{}", story.csv());
            let received: i64 = sales(&story).map(|event| event.quantity * event.price - event.fee).sum();
            let proceeds: Ratio = rows.disposals.values().map(|row| &row.proceeds).sum();
            prop_assert_eq!(proceeds, cents(received), "proceeds\n{}", story.csv());
            let deferred: Ratio = rows.disposals.values().map(|row| &row.adjustment).sum();
            let cost: Ratio = rows.disposals.values().map(|row| &row.cost).sum();
            let basis: Ratio = rows.lots.values().map(|lot| &lot.cost).sum();
            let left = paid(&story) + &deferred - cost - basis;
            // Deferred parts of a cent lie on both sides: each row that defers may round by one.
            let allowed = match wash_sales {
                WashSales::Off => whole(0),
                WashSales::Taxpayer | WashSales::Broker => {
                    let washed = rows.disposals.values().filter(|row| row.adjustment > whole(0));
                    cents(washed.map(|row| row.slices).sum())
                }
            };
            prop_assert!(-&allowed <= left && left <= allowed, "cost: {left} left over\n{}", story.csv());
        }
    }

    #[test]
    fn rows_of_different_days_may_stand_in_any_order(story in any_story(true), seed: u64) {
        let mut mixed = story.events.clone();
        let mut dice = Dice(seed);
        for place in (1..mixed.len()).rev() {
            mixed.swap(place, dice.between(0, place as i64) as usize);
        }
        same(&story, &[csv(&mixed)])?;
    }

    #[test]
    fn the_newest_row_may_come_first(story in any_story(false)) {
        // On a single day nothing tells which end is the newest.
        prop_assume!(story.events.first().map(|event| event.day) != story.events.last().map(|event| event.day));
        let newest_first: Vec<Event> = story.events.iter().rev().cloned().collect();
        same(&story, &[csv(&newest_first)])?;
    }

    #[test]
    fn one_history_may_come_in_two_files(story in any_story(false), part in 0.0..1.0_f64) {
        let (early, late) = story.events.split_at((part * story.events.len() as f64) as usize);
        // A file without a row is warned of.
        prop_assume!(!early.is_empty() && !late.is_empty());
        let files = [csv(early), csv(late)];
        // A row that stands in two files is their overlap and counts once: two alike on both sides are another history.
        let rows = |file: &String| -> BTreeSet<String> {
            file.lines().skip(1).map(str::to_owned).collect()
        };
        prop_assume!(rows(&files[0]).is_disjoint(&rows(&files[1])));
        same(&story, &files)?;
    }

    #[test]
    fn another_symbol_changes_nothing(story in any_story(false), other in any_story(false)) {
        let mut events = story.events.clone();
        let apart: Vec<Event> = other
            .events
            .iter()
            .filter(|event| event.symbol == "XYZ" && event.kind == Kind::Buy)
            .map(|event| Event { symbol: "OTHER", lot: None, order: None, ..event.clone() })
            .collect();
        events.extend(apart);
        events.sort_by_key(|event| event.day);
        let both = Story { method: story.method, events };
        let Some(alone) = engine_result(&story, WashSales::Taxpayer) else { return Ok(()) };
        let Some(mut beside) = engine_result(&both, WashSales::Taxpayer) else { return Ok(()) };
        beside.lots.retain(|key, _| key.symbol != "OTHER");
        prop_assert_eq!(format!("{alone:?}"), format!("{beside:?}"), "{}", both.csv());
    }

    #[test]
    fn lot_methods_and_averages_agree_with_the_plain_search(story in any_story(false)) {
        prop_assume!(!story.events.iter().any(|event| event.account == SHELTERED));
        if let Some(rows) = engine_result(&story, WashSales::Off) {
            let differences = rows.differences(&model::lots::rows(&story));
            prop_assert!(differences.is_empty(), "{}\n{}\n{differences}", story.method.name(), story.csv());
        }
    }
}

/// Units held at the end, by buying and selling alone.
fn units_held(story: &Story) -> Ratio {
    let mut held = std::collections::BTreeMap::<(&str, &str), i64>::new();
    for event in &story.events {
        match event.kind {
            Kind::Buy => *held.entry((event.symbol, event.account)).or_default() += event.quantity,
            Kind::Sell => *held.entry((event.symbol, event.account)).or_default() -= event.quantity,
            Kind::Split => held
                .iter_mut()
                .filter(|((symbol, _), _)| *symbol == event.symbol)
                .for_each(|(_, units)| *units *= 2),
        }
    }
    whole(held.values().sum())
}

/// What all purchases cost, with their fees.
fn paid(story: &Story) -> Ratio {
    let purchases = story.events.iter().filter(|event| event.kind == Kind::Buy);
    cents(
        purchases
            .map(|event| event.quantity * event.price + event.fee)
            .sum(),
    )
}

fn sales(story: &Story) -> impl Iterator<Item = &Event> {
    story.events.iter().filter(|event| event.kind == Kind::Sell)
}

/// The program's answer to these files says the same as its answer to the history in one file.
fn same(story: &Story, files: &[String]) -> Result<(), TestCaseError> {
    let Some(one) = program(story.method, &[story.csv()]) else {
        return Ok(());
    };
    let Some(other) = program(story.method, files) else {
        return Ok(());
    };
    prop_assert_eq!(one, other, "{}\n{}", story.csv(), files.join("\n"));
    Ok(())
}

/// What `compute` prints, without the places in files; `None` while it prints nothing.
fn program(method: Method, files: &[String]) -> Option<Value> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("lossoffset.toml"), CONFIG).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_lossoffset"));
    command
        .args(["compute", "--method", method.name(), "--format", "json"])
        .current_dir(folder.path());
    for (number, text) in files.iter().enumerate() {
        let name = format!("{number}.csv");
        fs::write(folder.path().join(&name), text).unwrap();
        command.arg(name);
    }
    let output = command.output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}\n{}", files.join("\n"));
    if output.stdout.is_empty() {
        return None;
    }
    let mut document: Value = serde_json::from_slice(&output.stdout).unwrap();
    forget_places(&mut document);
    Some(document)
}

fn forget_places(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(forget_places),
        Value::Object(fields) => {
            for name in ["opened_by", "closed_by", "at", "message"] {
                fields.remove(name);
            }
            fields.values_mut().for_each(forget_places);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
