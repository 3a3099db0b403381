//! Every format reads its sample to what the hand-written canonical file says.
//!
//! `tests/formats/NAME.csv` (or another ending) is made up in the shape of the source; `NAME.canonical.csv` says the
//! same by hand. `NAME` is a format's name, with `--` and a variant behind it where there are several. The first line
//! of the canonical file may say `# currency=GBP`.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lossoffset::diagnostic::{Style, render};
use lossoffset::import::formats::{BUILT_IN, Format};
use lossoffset::import::{Input, ReadOptions, Reading, read};
use lossoffset::settings::Settings;

struct Law {
    currency: String,
}

fn law(canonical: &str) -> Law {
    let mut law = Law {
        currency: "USD".into(),
    };
    let words = canonical
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# "));
    for word in words.unwrap_or_default().split_whitespace() {
        match word.split_once('=').unwrap() {
            ("currency", code) => law.currency = code.into(),
            other => panic!("unknown {other:?}"),
        }
    }
    law
}

fn reading(name: &str, bytes: Vec<u8>, law: &Law) -> Result<Reading, String> {
    let options = options(law);
    let input = |name: &str, bytes| Input {
        name: name.into(),
        bytes,
    };
    // What was held before the file begins.
    let before = format!("tests/formats/{}.before.csv", stem_of(name));
    let before = fs::read(before)
        .ok()
        .map(|bytes| input("before.csv", bytes));
    read(
        before.into_iter().chain([input(name, bytes)]).collect(),
        &options,
    )
    .map_err(|failure| render(&failure.problems, &failure.sources, Style::default()))
}

/// With `FORMATS_DIR=src/import/formats` the mappings are read from there, so that one can be written without building.
fn options(law: &Law) -> ReadOptions {
    let mut formats = Vec::new();
    if let Ok(folder) = std::env::var("FORMATS_DIR") {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                let text = fs::read_to_string(&path).unwrap();
                let format = Format::parse(&text, path.to_str().unwrap())
                    .unwrap_or_else(|p| panic!("{}", p.message));
                formats.push(Arc::new(format));
            }
        }
    }
    ReadOptions {
        currency: Some(law.currency.clone()),
        formats,
        ..ReadOptions::default()
    }
}

fn stem_of(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap();
    name.split('.').next().unwrap()
}

/// Disposals and open lots, without rows and names of lots.
fn computed(reading: &Reading) -> String {
    let settings = Settings {
        // What the rows say is the same under every law.
        jurisdiction: Some("us".into()),
        ..Settings::default()
    };
    let history = &reading.history;
    let answer = match lossoffset::compute(history, &settings) {
        Ok(answer) => answer,
        Err(problems) => return render(&problems, &history.sources, Style::default()),
    };
    let mut text = String::new();
    for d in &answer.disposals {
        let _ = writeln!(
            text,
            "{} {:?} {} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            symbol(&history.security(d.security).symbol),
            history.security(d.security).class,
            d.disposed,
            d.acquired,
            d.quantity,
            d.proceeds,
            d.cost,
            d.adjustment,
            d.term,
            d.matched,
        );
    }
    let mut lots: Vec<String> = answer
        .lots
        .iter()
        .map(|lot| {
            format!(
                "held {} {:?}",
                symbol(&history.security(lot.security).symbol),
                (lot.quantity, lot.cost, lot.acquired)
            )
        })
        .collect();
    lots.sort();
    text + &lots.join("\n")
}

fn symbol(text: &str) -> String {
    text.trim_start_matches('-')
        .chars()
        .filter(|c| *c != ' ')
        .collect()
}

fn samples() -> Vec<(String, PathBuf, PathBuf)> {
    let mut samples = Vec::new();
    for entry in fs::read_dir("tests/formats").unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let stem = name.split('.').next().unwrap().to_owned();
        if name.ends_with(".canonical.csv")
            || name.ends_with(".stderr")
            || name.ends_with(".before.csv")
            || path.is_dir()
        {
            continue;
        }
        let canonical = Path::new("tests/formats").join(format!("{stem}.canonical.csv"));
        samples.push((stem, path, canonical));
    }
    samples.sort();
    samples
}

#[test]
fn every_sample_gives_what_its_canonical_equivalent_gives() {
    let mut wrong = String::new();
    for (stem, path, canonical) in samples() {
        let hand =
            fs::read_to_string(&canonical).unwrap_or_else(|_| panic!("{canonical:?} is missing"));
        let law = law(&hand);
        let by_hand = computed(
            &reading(&format!("{stem}.hand.csv"), hand.into_bytes(), &law)
                .unwrap_or_else(|e| panic!("{canonical:?}\n{e}")),
        );
        match reading(path.to_str().unwrap(), fs::read(&path).unwrap(), &law) {
            Err(error) => {
                let _ = write!(wrong, "\n== {stem} ==\n{error}");
            }
            Ok(found) => {
                let format = found
                    .files
                    .last()
                    .unwrap()
                    .format
                    .clone()
                    .unwrap_or_default();
                if format != stem.split("--").next().unwrap() {
                    let _ = write!(wrong, "\n== {stem} ==\nread as `{format}`");
                }
                let by_format = computed(&found);
                if by_format != by_hand {
                    let _ = write!(
                        wrong,
                        "\n== {stem} ==\nby format:\n{by_format}\nby hand:\n{by_hand}\n"
                    );
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_built_in_format_can_be_read_and_has_a_sample() {
    let names: Vec<String> = samples().into_iter().map(|(stem, ..)| stem).collect();
    let mut seen = BTreeMap::new();
    for (file, text) in BUILT_IN {
        let format =
            Format::parse(text, file).unwrap_or_else(|problem| panic!("{}", problem.message));
        assert_eq!(format.mapping.name, *file);
        assert!(!format.mapping.title.is_empty(), "{file} has no title");
        assert!(seen.insert(file, ()).is_none());
        assert!(
            names
                .iter()
                .any(|name| name.split("--").next() == Some(file)),
            "{file} has no sample"
        );
    }
}

/// Bytes of a sample in other clothes give the same.
#[test]
fn marks_line_endings_and_trailing_commas_change_nothing() {
    for (stem, path, _) in samples() {
        let bytes = fs::read(&path).unwrap();
        if path.extension().is_none_or(|ending| ending != "csv") {
            continue;
        }
        let hand = fs::read_to_string(format!("tests/formats/{stem}.canonical.csv")).unwrap();
        let law = law(&hand);
        let name = path.to_str().unwrap();
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let plain = computed(&reading(name, text.clone().into_bytes(), &law).unwrap());
        let marked = format!("\u{feff}{text}");
        let dos = text.replace('\n', "\r\n");
        let utf16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        for (what, bytes) in [
            ("byte order mark", marked.into_bytes()),
            ("CRLF", dos.into_bytes()),
            ("UTF-16", utf16),
        ] {
            let other = reading(name, bytes, &law)
                .unwrap_or_else(|error| panic!("{stem}, {what}: {error}"));
            assert_eq!(computed(&other), plain, "{stem}, {what}");
        }
    }
}

/// The same file twice is one history.
#[test]
fn a_file_given_twice_counts_once() {
    for (stem, path, canonical) in samples() {
        let law = law(&fs::read_to_string(canonical).unwrap());
        let options = options(&law);
        let bytes = fs::read(&path).unwrap();
        let name = path.to_str().unwrap();
        if Path::new(&format!("tests/formats/{stem}.before.csv")).exists() {
            continue;
        }
        let once = computed(&reading(name, bytes.clone(), &law).unwrap());
        let input = || Input {
            name: name.into(),
            bytes: bytes.clone(),
        };
        let twice = read(vec![input(), input()], &options).unwrap_or_else(|failure| {
            panic!(
                "{stem}: {}",
                render(&failure.problems, &failure.sources, Style::default())
            )
        });
        assert_eq!(computed(&twice), once, "{stem}");
    }
}
