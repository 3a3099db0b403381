//! What no input may break, as functions of bytes. The targets of `fuzz/` and `tests/fuzz_smoke.rs` run the same three.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod story;

use std::sync::Arc;

use lossoffset::answer::Answer;
use lossoffset::diagnostic::{Problem, Style, render, render_warning};
use lossoffset::import::formats::Format;
use lossoffset::import::{Failure, Input, ReadOptions, Reading, read};
use lossoffset::output::{csv, text};
use lossoffset::report::explain::{Explainer, Explanation};
use lossoffset::report::{Frame, REPORTS, document, page};
use lossoffset::settings::{Settings, WashSales};
use lossoffset::source::Sources;
use lossoffset::{compute, jurisdiction};

/// How far an input came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    /// Refused, with a message.
    Refused,
    /// Read and understood, but contradictory.
    Read,
    /// Computed and written in every form.
    Computed,
}

/// A file of any bytes, read with the options that stand without a command line.
pub fn reader(bytes: &[u8]) -> Reached {
    settled(input(bytes), &ReadOptions::default(), &Settings::default())
}

/// A mapping, and below a line `---` the file it is for.
pub fn mapping(bytes: &[u8]) -> Reached {
    let line = b"\n---\n";
    let cut = bytes.windows(line.len()).position(|w| w == line);
    let (said, file) = match cut {
        Some(at) => (&bytes[..at], &bytes[at + line.len()..]),
        None => (bytes, &b"Date,Type,Amount,Name\n2024-01-02,Buy,10,X\n"[..]),
    };
    match Format::parse(&String::from_utf8_lossy(said), "mapping.toml") {
        Err(problem) => {
            tame(&shown(&[problem], &Sources::default()));
            Reached::Refused
        }
        Ok(format) => {
            let options = ReadOptions {
                mapping: Some(Arc::new(format)),
                ..ReadOptions::default()
            };
            settled(input(file), &options, &Settings::default())
        }
    }
}

/// A whole history under some country's law.
pub fn history(bytes: &[u8]) -> Reached {
    let mut story = story::decoded(bytes);
    // Rows that the program refuses are left out, so that most histories have something to say.
    for _ in 0..12 {
        match attempt(&story) {
            Attempt::Done(reached) => return reached,
            Attempt::Without(lines) => story.remove(&lines),
        }
    }
    Reached::Refused
}

enum Attempt {
    Done(Reached),
    Without(Vec<u32>),
}

fn attempt(story: &story::Story) -> Attempt {
    let refused = |problems: &[Problem], sources: &Sources| {
        tame(&shown(problems, sources));
        let lines: Vec<u32> = problems.iter().filter_map(line).collect();
        if lines.is_empty() {
            Attempt::Done(Reached::Refused)
        } else {
            Attempt::Without(lines)
        }
    };
    let reading = match read(input(story.csv().as_bytes()), &story.options) {
        Ok(reading) => reading,
        Err(Failure { problems, sources }) => return refused(&problems, &sources),
    };
    match compute(&reading.history, &story.settings) {
        Err(problems) => refused(&problems, &reading.history.sources),
        Ok(answer) => {
            holds(&reading, &answer, &story.settings);
            same_without_keeping(&reading, &answer, &story.settings);
            Attempt::Done(Reached::Computed)
        }
    }
}

fn line(problem: &Problem) -> Option<u32> {
    problem.place.as_ref().map(|place| place.source.line)
}

/// What is left out to save memory, or recorded to explain, changes no figure.
fn same_without_keeping(reading: &Reading, answer: &Answer, settings: &Settings) {
    let lean = Settings {
        skip_adjustments: true,
        only_years: true,
        ..settings.clone()
    };
    let lean = compute(&reading.history, &lean).expect("computed before");
    assert_eq!(lean.years, answer.years, "years alone differ");
    let trail = Settings {
        trail: true,
        ..settings.clone()
    };
    let trail = compute(&reading.history, &trail).expect("computed before");
    assert_eq!(trail.years, answer.years, "years with trails differ");
    assert_eq!(
        trail.disposals.len(),
        answer.disposals.len(),
        "rows with trails differ"
    );
    explained(reading, &trail, settings);
}

/// Rows, lots and years can be taken apart.
fn explained(reading: &Reading, answer: &Answer, settings: &Settings) {
    let frame = frame(reading, answer, settings);
    let law = jurisdiction::named(frame.jurisdiction).expect("computed under it");
    let Some(explainer) = Explainer::new(frame, law, settings) else {
        return;
    };
    let rows = (0..answer.disposals.len().min(12)).map(|row| explainer.disposal(row));
    let lots = answer
        .lots
        .iter()
        .take(6)
        .map(|lot| explainer.lot(lot.name));
    let years = answer
        .years
        .iter()
        .filter_map(|year| explainer.year(year.begins));
    let all: Vec<Explanation> = rows.chain(lots).chain(years).collect();
    for one in &all {
        one.json(&frame);
    }
    let mut shown = Vec::new();
    let page = page::explain::explanations(frame, &all);
    text::write(&mut shown, &page, text::Look::default()).expect("memory");
    tame(&String::from_utf8(shown).expect("text"));
}

fn input(bytes: &[u8]) -> Vec<Input> {
    vec![Input {
        name: "fuzz.csv".into(),
        bytes: bytes.to_vec(),
    }]
}

/// Reads and computes; whatever comes of it can be shown.
fn settled(inputs: Vec<Input>, options: &ReadOptions, settings: &Settings) -> Reached {
    let reading = match read(inputs, options) {
        Ok(reading) => reading,
        Err(failure) => {
            tame(&shown(&failure.problems, &failure.sources));
            return Reached::Refused;
        }
    };
    match compute(&reading.history, settings) {
        Ok(answer) => {
            holds(&reading, &answer, settings);
            Reached::Computed
        }
        Err(problems) => {
            tame(&shown(&problems, &reading.history.sources));
            Reached::Read
        }
    }
}

fn shown(problems: &[Problem], sources: &Sources) -> String {
    assert!(!problems.is_empty(), "refused without a reason");
    render(problems, sources, Style::default())
}

/// The laws of conservation, and that every form of output can be written.
fn holds(reading: &Reading, answer: &Answer, settings: &Settings) {
    assert_eq!(answer.conservation.violations(), [""; 0]);
    for warning in &answer.warnings {
        let sources = &reading.history.sources;
        tame(&render_warning(warning, sources, Style::default()));
    }
    let frame = frame(reading, answer, settings);
    let mut json = Vec::new();
    document::write(&mut json, &frame).expect("memory");
    serde_json::from_slice::<serde::de::IgnoredAny>(&json).expect("JSON");
    let mut page = Vec::new();
    text::write(&mut page, &page::overview(frame), text::Look::default()).expect("memory");
    tame(&String::from_utf8(page).expect("text"));
    for report in REPORTS {
        let style = csv::Style {
            delimiter: b',',
            excel: true,
            places: frame.places,
        };
        csv::write(&mut Vec::new(), (report.table)(&frame).as_ref(), style).expect("memory");
    }
}

fn frame<'a>(reading: &'a Reading, answer: &'a Answer, settings: &'a Settings) -> Frame<'a> {
    let law = settings.jurisdiction.as_deref().unwrap_or("us");
    let law = jurisdiction::named(law).expect("computed under it");
    Frame {
        history: &reading.history,
        answer,
        jurisdiction: law.code,
        method: settings.method.as_deref().unwrap_or("fifo"),
        currency: law.currency,
        places: law.places,
        tax_year: law.tax_year,
        only: None,
    }
}

/// Nothing in the text can steer a terminal.
#[track_caller]
pub fn tame(text: &str) {
    let wild = |c: &char| {
        let bidi = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        bidi || (c.is_control() && !matches!(c, '\n' | '\t'))
    };
    let found: Vec<char> = text.chars().filter(wild).collect();
    assert!(found.is_empty(), "{found:?} in {text:?}");
}

/// The wash-sale scope of a byte.
fn wash_sales(byte: u8) -> WashSales {
    match byte % 4 {
        0 => WashSales::Off,
        1 => WashSales::Broker,
        _ => WashSales::Taxpayer,
    }
}
