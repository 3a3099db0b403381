//! Every message about a file that cannot be read: `tests/errors/NAME.csv` provokes it, `NAME.stderr` is its exact text.
//!
//! Options stand in the file's first line: `# options: decimal=comma timezone=Mars date-format=%Q jurisdiction=uk`.
//! What `computed-*` provokes comes after reading. What takes several files or the command line stands in `messages.rs`,
//! which says how texts are written anew.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

use lossoffset::diagnostic::{Style, Warning, render, render_warning};
use lossoffset::import::{DecimalMark, Input, ReadOptions, Reading, class_named, read};
use lossoffset::jurisdiction;
use lossoffset::settings::Settings;

fn options(text: &str) -> (ReadOptions, Settings) {
    let mut settings = Settings::default();
    let mut options = ReadOptions {
        currency: Some("USD".into()),
        ..ReadOptions::default()
    };
    let words = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# options:"))
        .unwrap_or_default();
    for word in words.split_whitespace() {
        match word.split_once('=').unwrap() {
            ("decimal", "comma") => options.decimal = Some(DecimalMark::Comma),
            ("decimal", "point") => options.decimal = Some(DecimalMark::Point),
            ("timezone", name) => options.timezone = Some(name.into()),
            ("date-format", format) => options.date_format = Some(format.into()),
            ("class", setting) => {
                let (symbol, class) = setting.split_once(':').unwrap();
                let class = class_named(class).unwrap();
                options.symbol_classes.insert(symbol.into(), class);
            }
            ("sheltered", account) => {
                let setting = options.accounts.entry(account.into()).or_default();
                setting.sheltered = true;
            }
            ("jurisdiction", code) => {
                let currency = jurisdiction::named(code).map_or("USD", |law| law.currency);
                options.currency = Some(currency.to_owned()).filter(|text| !text.is_empty());
                settings.jurisdiction = Some(code.into());
            }
            ("method", name) => settings.method = Some(name.into()),
            ("account-method", setting) => {
                let (account, method) = setting.split_once(':').unwrap();
                let setting = options.accounts.entry(account.into()).or_default();
                setting.method = Some(method.into());
            }
            ("carry-in", setting) => {
                let (key, amount) = setting.split_once(':').unwrap();
                let amount = amount.parse().unwrap();
                settings.carry_in.insert(key.into(), amount);
            }
            ("setting", setting) => {
                let (name, value) = setting.split_once(':').unwrap();
                let (table, name) = name.split_once('.').unwrap();
                let name = (table.into(), name.into());
                settings.readings.insert(name, value.into());
            }
            other => panic!("unknown option {other:?}"),
        }
    }
    (options, settings)
}

fn rendered(name: &str, bytes: Vec<u8>) -> String {
    let (options, settings) = options(&String::from_utf8_lossy(&bytes));
    let input = Input {
        name: name.into(),
        bytes,
    };
    match read(vec![input], &options) {
        Ok(reading) if name.starts_with("computed-") => computed(&reading, &settings),
        Ok(reading) => warnings(&reading.history.warnings, &reading),
        Err(failure) => render(&failure.problems, &failure.sources, Style::default()),
    }
}

fn computed(reading: &Reading, settings: &Settings) -> String {
    match lossoffset::compute(&reading.history, settings) {
        Ok(answer) => warnings(&answer.warnings, reading),
        Err(problems) => render(&problems, &reading.history.sources, Style::default()),
    }
}

fn warnings(warnings: &[Warning], reading: &Reading) -> String {
    let sources = &reading.history.sources;
    let warning = |w| render_warning(w, sources, Style::default());
    warnings.iter().map(warning).collect()
}

#[test]
fn every_message_is_as_recorded() {
    let folder = Path::new("tests/errors");
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    names.retain(|path| path.extension().is_some_and(|ending| ending == "csv"));
    names.sort();
    assert!(!names.is_empty());
    let mut wrong = Vec::new();
    for path in names {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = rendered(&name, fs::read(&path).unwrap());
        let expected = path.with_extension("stderr");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&expected, &text).unwrap();
        } else if fs::read_to_string(&expected).unwrap_or_default() != text {
            wrong.push(format!("{name}:\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "changed messages:\n{}", wrong.join("\n"));
}
