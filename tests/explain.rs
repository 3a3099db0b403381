//! `explain` end to end: exact outputs, and for random histories of every kind of row that each figure's lines add up
//! to it and that nothing is lost or made.
//!
//! Run with `UPDATE=1` to write the outputs in `tests/explain` anew, then read each of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod model;

use std::fs;
use std::path::Path;
use std::process::Command;

use lossoffset::answer::Answer;
use lossoffset::import::{AccountSetting, Input, ReadOptions, read};
use lossoffset::jurisdiction::{self, JURISDICTIONS, Jurisdiction};
use lossoffset::report::Frame;
use lossoffset::report::explain::{Explainer, Explanation};
use lossoffset::settings::Settings;
use lossoffset::trade::{Class, History};
use model::history::Dice;

/// A loss in December, replaced in January, sold again at a loss and replaced once more, then sold over a year later.
const CHAIN: &str = "\
date,action,symbol,quantity,price,fee,lot
2023-11-01,buy,ACME,100,50.00,5.00,first
2023-12-20,sell,ACME,100,40.00,5.00,
2024-01-08,buy,ACME,60,42.00,5.00,second
2024-02-01,sell,ACME,60,38.00,5.00,
2024-02-20,buy,ACME,80,39.00,4.00,third
2025-03-03,sell,ACME,80,55.00,4.00,
";

/// A call bought after a loss carries it into the shares it buys.
const CALL: &str = "\
date,action,symbol,quantity,price,fee
2024-01-10,buy,ACME,100,50.00,0
2024-03-01,sell,ACME,100,40.00,0
2024-03-11,bto,ACME240621C00042000,1,2.00,0.65
2024-06-21,exercise,ACME240621C00042000,1,,
2024-09-03,sell,ACME,40,55.00,1.00
";

/// Gains and losses of both terms, and more loss than a year may deduct.
const YEAR: &str = "\
date,action,symbol,quantity,price
2022-01-03,buy,OLD,100,90.00
2023-05-02,buy,NEW,100,100.00
2023-06-01,buy,UP,10,10.00
2023-09-01,sell,NEW,100,20.00
2023-10-02,sell,OLD,100,110.00
2023-11-01,sell,UP,10,25.00
2025-01-02,buy,UP,1,10.00
";

#[track_caller]
fn shown(name: &str, csv: &str, arguments: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("trades.csv"), csv).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lossoffset"))
        .args(["explain", "trades.csv"])
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{error}");
    let expected = Path::new("tests/explain").join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&expected, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&expected).unwrap_or_default(), text);
}

#[test]
fn a_chain_of_wash_sales_over_the_year_end() {
    shown("chain-first.txt", CHAIN, &["ACME@2023-12-20#1"]);
    shown("chain-last.txt", CHAIN, &["ACME@2025-03-03#1"]);
    shown(
        "chain-last.json",
        CHAIN,
        &["ACME@2025-03-03#1", "--format", "json"],
    );
}

#[test]
fn a_lot_is_found_by_its_own_name() {
    shown("chain-lot.txt", CHAIN, &["third"]);
}

#[test]
fn an_exercised_call_carries_a_deferred_loss_into_its_shares() {
    shown("call-sale.txt", CALL, &["ACME@2024-09-03#1"]);
    shown(
        "call-option.txt",
        CALL,
        &["ACME240621C00042000@2024-03-11#1"],
    );
}

#[test]
fn a_year_says_what_offsets_what_and_what_is_carried() {
    shown("year-loss.txt", YEAR, &["2023"]);
    shown("year-loss.json", YEAR, &["2023", "--format", "json"]);
    shown(
        "year-carried.txt",
        YEAR,
        &["2024", "--taxable-income=-1000"],
    );
}

#[test]
fn an_unknown_id_comes_with_close_ones() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("trades.csv"), CHAIN).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lossoffset"))
        .args(["explain", "trades.csv", "ACME@2023-12-21#1"])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: `ACME@2023-12-21#1` is no disposal, lot or tax year of these trades; \
         did you mean ACME@2023-12-20#1, ACME@2024-02-01#1, ACME@2025-03-03#1?\n"
    );
}

/// One row of any kind; whether it is possible the engine decides.
fn row(dice: &mut Dice, day: &str) -> String {
    let account = ["main", "main", "second", "ira"][dice.between(0, 3) as usize];
    let to = ["main", "second"][dice.between(0, 1) as usize];
    let symbol = ["AAA", "BBB"][dice.between(0, 1) as usize];
    let option = ["AAA260116C00010000", "AAA260116P00010000"][dice.between(0, 1) as usize];
    let units = dice.between(1, 30);
    let few = dice.between(1, 2);
    let price = format!("{}.{:02}", dice.between(3, 20), dice.between(0, 99));
    let total = format!("{}.{:02}", dice.between(1, 90), dice.between(0, 99));
    let fee = format!("0.{:02}", dice.between(0, 99));
    // date,action,symbol,quantity,price,fee,account,to_account,ratio,new_symbol,new_quantity,fraction,total,basis,acquired_date,fee_currency,fee_value,tag
    match dice.between(0, 40) {
        0..=8 => format!("{day},buy,{symbol},{units},{price},{fee},{account},,,,,,,,,,,"),
        9..=14 => format!("{day},sell,{symbol},{units},{price},{fee},{account},,,,,,,,,,,"),
        15 => format!("{day},split,{symbol},,,,,,3:2,,,,,,,,,"),
        16 => format!("{day},split,{symbol},,,,,,1:4,,,,,,,,,"),
        17 => format!("{day},stock_dividend,{symbol},{few},,,{account},,,,,,,,,,,"),
        18 => format!("{day},spinoff,{symbol},,,,,,,CCC,{units},0.237,,,,,,"),
        19 => format!("{day},merger,AAA,,{price},,,,7:3,BBB,,,{total},,,,,"),
        20 => format!("{day},merger,BBB,,,,,,1:3,DDD,,,,,,,,"),
        21 => format!("{day},rename,DDD,,,,,,,AAA,,,,,,,,"),
        22 => format!("{day},return_of_capital,{symbol},,,,,,,,,,{total},,,,,"),
        23 => format!("{day},basis_adjust,{symbol},,,,,,,,,,{total},,,,,"),
        24 => format!("{day},transfer,{symbol},{units},,,{account},{to},,,,,,,,,,"),
        25 => format!("{day},gift_in,{symbol},{units},3.00,,{account},,,,,,,{total},2021-02-01,,,"),
        26 => format!("{day},gift_out,{symbol},{few},,,{account},,,,,,,,,,,"),
        27 => format!("{day},lost,{symbol},{few},,,{account},,,,,,,,,,,"),
        28 => format!("{day},short,{symbol},{units},{price},{fee},{account},,,,,,,,,,,"),
        29 => format!("{day},cover,{symbol},{few},{price},{fee},{account},,,,,,,,,,,"),
        30 => format!("{day},bto,{option},{few},1.15,{fee},{account},,,,,,,,,,,"),
        31 => format!("{day},sto,{option},{few},1.15,{fee},{account},,,,,,,,,,,"),
        32 => format!("{day},exercise,{option},1,,{fee},{account},,,,,,,,,,,"),
        33 => format!("{day},assign,{option},1,,{fee},{account},,,,,,,,,,,"),
        34 => format!("{day},expire,{option},1,,,{account},,,,,,,,,,,"),
        35 => format!("{day},swap,{symbol},{few},{price},0.1,{account},,,CCC,{units},,,,,CCC,,"),
        36 => format!("{day},buy,{symbol},{units},{price},0.25,{account},,,,,,,,,{symbol},,"),
        37 => format!("{day},sell,{symbol},{few},{price},0.25,{account},,,,,,,,,{symbol},,"),
        38 => format!("{day},income,{symbol},{units},{price},,{account},,,,,,,,,,,"),
        39 => format!("{day},inherit,{symbol},{units},{price},,{account},,,,,,,,,,,"),
        _ => format!("{day},sell,CCC,{few},{price},{fee},{account},,,,,,,,,,,"),
    }
}

const HEADER: &str = "date,action,symbol,quantity,price,fee,account,to_account,ratio,new_symbol,new_quantity,fraction,total,basis,acquired_date,fee_currency,fee_value,tag\n";

fn country(settings: &Settings) -> &'static Jurisdiction {
    jurisdiction::named(settings.jurisdiction.as_deref().unwrap_or("us")).unwrap()
}

fn computed(
    rows: &[String],
    settings: &Settings,
    coins: bool,
) -> Result<(History, Answer), String> {
    let options = ReadOptions {
        currency: Some(country(settings).currency.into()),
        accounts: [(
            "ira".to_owned(),
            AccountSetting {
                sheltered: true,
                ..AccountSetting::default()
            },
        )]
        .into(),
        ..ReadOptions::default()
    };
    let bytes = (HEADER.to_owned() + &rows.join("\n") + "\n").into_bytes();
    let name = "trades.csv".to_owned();
    let reading = read(vec![Input { name, bytes }], &options);
    let mut history = reading
        .map_err(|failure| failure.problems[0].message.clone())?
        .history;
    for security in history.securities.iter_mut().filter(|_| coins) {
        if security.class == Class::Stock {
            security.class = Class::Crypto;
        }
    }
    let answer = lossoffset::compute(&history, settings);
    let answer = answer.map_err(|problems| problems[0].message.clone())?;
    Ok((history, answer))
}

fn explained(history: &History, answer: &Answer, settings: &Settings) -> Vec<Explanation> {
    let law = country(settings);
    let frame = Frame {
        history,
        answer,
        jurisdiction: law.code,
        method: settings.method.as_deref().unwrap_or("fifo"),
        currency: law.currency,
        places: law.places,
        tax_year: law.tax_year,
        only: None,
    };
    let explainer = Explainer::new(frame, law, settings).unwrap();
    let rows = (0..answer.disposals.len()).map(|position| explainer.disposal(position));
    let lots = explainer.lot_names();
    let lots = lots.into_iter().map(|lot| explainer.lot(lot));
    let years = answer.years.iter();
    let years = years.filter_map(|year| explainer.year(year.begins));
    rows.chain(lots).chain(years).collect()
}

/// Every figure is the sum of its lines, and no line is the difference that nobody can explain.
fn check(found: &[Explanation], story: &str) {
    for explanation in found {
        for part in &explanation.parts {
            let Some((_, total)) = part.total else {
                continue;
            };
            let parts = part.lines.iter().filter(|line| !line.leads);
            let sum: i64 = parts.filter_map(|line| line.amount).sum();
            let place = format!(
                "{} {}: {:#?}\n{story}",
                explanation.id, part.name, part.lines
            );
            assert_eq!(sum, total, "{place}");
            let known = |text: &str| !text.starts_with("cents carried");
            assert!(part.lines.iter().all(|line| known(&line.text)), "{place}");
        }
    }
}

#[test]
fn nothing_is_lost_and_every_figure_is_explained_whatever_happens() {
    let wanted = std::env::var("ORACLE").ok().and_then(|n| n.parse().ok());
    let (mut rows_explained, mut actions) = (0, std::collections::BTreeSet::new());
    for seed in 0..wanted.unwrap_or(150_u64) {
        let mut dice = Dice(seed);
        let method = ["fifo", "lifo", "hifo", "average"][(seed % 4) as usize];
        let settings = Settings {
            method: Some(method.to_owned()),
            trail: true,
            ..Settings::default()
        };
        let mut rows: Vec<String> = Vec::new();
        let mut day = model::number::day(0);
        for _ in 0..40 {
            day += chrono::Duration::days(dice.between(0, 12));
            rows.push(row(&mut dice, &day.to_string()));
            match computed(&rows, &settings, false) {
                Ok(_) => {
                    let last = rows.last().unwrap();
                    actions.extend(last.split(',').nth(1).map(str::to_owned));
                }
                Err(message) => {
                    assert!(
                        !message.contains("internal"),
                        "{method}: {message}\n{}",
                        rows.join("\n")
                    );
                    rows.pop();
                }
            }
        }
        let (history, answer) = computed(&rows, &settings, false).unwrap();
        rows_explained += answer.disposals.len();
        let found = explained(&history, &answer, &settings);
        let story = format!("{method}\n{HEADER}{}", rows.join("\n"));
        check(&found, &story);
        for (row, disposal) in answer.disposals.iter().enumerate() {
            let own = answer.adjustments.iter();
            let own = own.filter(|one| one.disposal as usize == row);
            let sum: i64 = own.map(|one| one.amount).sum();
            assert_eq!(sum, disposal.adjustment, "row {row}: {story}");
        }
    }
    assert!(rows_explained > 500, "only {rows_explained} rows");
    assert!(actions.len() > 20, "only {actions:?}");
}

/// The same in every other country, and each part that has an amount cites the law.
#[test]
fn every_country_explains_its_figures() {
    let others = JURISDICTIONS.iter().filter(|law| law.code != "us");
    for law in others.filter(|law| law.code != "none") {
        let mut rows_explained = 0;
        for seed in 0..16 {
            let settings = Settings {
                jurisdiction: Some(law.code.to_owned()),
                trail: true,
                allow_short: seed % 3 == 0,
                ..Settings::default()
            };
            let coins = seed % 4 == 3;
            let mut dice = Dice(seed ^ 0xC0DE);
            let mut rows: Vec<String> = Vec::new();
            let mut day = model::number::day(0);
            for _ in 0..30 {
                day += chrono::Duration::days(dice.between(0, 12));
                rows.push(row(&mut dice, &day.to_string()));
                if let Err(message) = computed(&rows, &settings, coins) {
                    let story = format!("{}: {message}\n{}", law.code, rows.join("\n"));
                    assert!(!message.contains("internal"), "{story}");
                    rows.pop();
                }
            }
            let (history, answer) = computed(&rows, &settings, coins).unwrap();
            rows_explained += answer.disposals.len();
            let found = explained(&history, &answer, &settings);
            let story = format!("{}\n{HEADER}{}", law.code, rows.join("\n"));
            check(&found, &story);
            cited(&found, &story);
            // What a later sale may use of a fenced or waiting loss is taken off the row, not off the adjustment.
            if !matches!(law.code, "ie" | "es") {
                let all: i64 = answer.adjustments.iter().map(|one| one.amount).sum();
                assert_eq!(all, answer.conservation.adjusted, "{story}");
            }
        }
        assert!(rows_explained > 30, "{}: {rows_explained}", law.code);
    }
}

/// Proceeds and cost of every disposal name a row and a rule.
fn cited(found: &[Explanation], story: &str) {
    for explanation in found.iter().filter(|one| one.kind == "disposal") {
        for part in explanation.parts.iter().take(2) {
            let nothing = part.total.as_ref().is_some_and(|(_, total)| *total == 0);
            let lines = &part.lines;
            let cites = lines.iter().any(|line| line.rule.is_some());
            assert!(nothing || cites, "{} {lines:#?}\n{story}", explanation.id);
        }
    }
}
