//! Every format reads its sample to what the hand-written canonical file says, in whatever clothes the sample comes.
//!
//! `tests/formats/NAME.csv` (or another ending) is made up in the shape of the source; `NAME.canonical.csv` says the
//! same by hand, and `NAME.gains.csv` does so where the source lists finished disposals. `NAME` is a format's name, with
//! `--` and a variant behind it where there are several; `NAME.before.csv` is what was held before. The first line of the
//! canonical file may say `# currency=GBP rate=EUR:1.1 mapping=examples/x.toml`.

#![allow(clippy::unwrap_used, clippy::panic)]

mod dress;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dress::{CLOTHES, Clothes, Sheet};
use lossoffset::diagnostic::{Style, render};
use lossoffset::import::formats::mapping::{Kind, Mapping, ShareLeg};
use lossoffset::import::formats::{BUILT_IN, Format, named};
use lossoffset::import::{Failure, Input, ReadOptions, Reading, gains, rates, read};
use lossoffset::settings::Settings;

/// A sample and what it must come to.
struct Sample {
    stem: String,
    path: PathBuf,
    bytes: Vec<u8>,
    hand: String,
    law: Law,
}

/// What the first line of the canonical file says.
struct Law {
    currency: String,
    rates: String,
    mapping: Option<Arc<Format>>,
}

impl Law {
    fn of(canonical: &str) -> Self {
        let mut law = Self {
            currency: "USD".into(),
            rates: String::from("date,currency,rate\n"),
            mapping: None,
        };
        let words = canonical
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# "));
        for word in words.unwrap_or_default().split_whitespace() {
            match word.split_once('=').unwrap() {
                ("currency", code) => law.currency = code.into(),
                ("rate", rate) => {
                    let (code, rate) = rate.split_once(':').unwrap();
                    let _ = writeln!(law.rates, "2000-01-01,{code},{rate}");
                }
                ("mapping", name) => law.mapping = Some(mapping(name)),
                other => panic!("unknown {other:?}"),
            }
        }
        law
    }

    /// With `FORMATS_DIR=src/import/formats` the mappings are read from there, so that one can be written without building.
    fn options(&self) -> ReadOptions {
        let mut formats = Vec::new();
        if let Ok(folder) = std::env::var("FORMATS_DIR") {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|ending| ending == "toml") {
                    formats.push(mapping(path.to_str().unwrap()));
                }
            }
        }
        ReadOptions {
            currency: Some(self.currency.clone()),
            mapping: self.mapping.clone(),
            formats,
            ..ReadOptions::default()
        }
    }

    fn settings(&self) -> Settings {
        let mut rates = rates::read(Input {
            name: "rates".to_owned(),
            bytes: self.rates.clone().into_bytes(),
        })
        .unwrap();
        rates.previous = true;
        Settings {
            // What the rows say is the same under every law.
            jurisdiction: Some("us".into()),
            rates,
            ..Settings::default()
        }
    }
}

fn mapping(name: &str) -> Arc<Format> {
    if let Some(format) = named(name) {
        return Arc::clone(format);
    }
    let text = fs::read_to_string(name).unwrap();
    Arc::new(Format::parse(&text, name).unwrap_or_else(|p| panic!("{}", p.message)))
}

fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    for entry in fs::read_dir("tests/formats").unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let beside = [".canonical.csv", ".gains.csv", ".before.csv"];
        if beside.iter().any(|ending| name.ends_with(ending)) && name != "gains.csv" {
            continue;
        }
        let stem = name.split('.').next().unwrap().to_owned();
        let by_hand = |kind: &str| fs::read_to_string(format!("tests/formats/{stem}.{kind}.csv"));
        let hand = by_hand("canonical").or_else(|_| by_hand("gains"));
        let hand = hand.unwrap_or_else(|_| panic!("{name} has nothing written by hand beside it"));
        samples.push(Sample {
            bytes: fs::read(&path).unwrap(),
            law: Law::of(&hand),
            hand,
            stem,
            path,
        });
    }
    samples.sort_by(|a, b| a.path.cmp(&b.path));
    samples
}

impl Sample {
    fn name(&self) -> &str {
        self.path.to_str().unwrap()
    }

    fn format(&self) -> &str {
        self.stem.split("--").next().unwrap()
    }

    fn mapping(&self) -> &Mapping {
        let format = self.law.mapping.as_ref().or_else(|| named(self.format()));
        &format.unwrap_or_else(|| panic!("{}", self.stem)).mapping
    }

    fn lists_disposals(&self) -> bool {
        self.mapping().kind == Kind::ClosedLots
    }

    fn input(&self, name: &str, bytes: Vec<u8>) -> Input {
        Input {
            name: name.into(),
            bytes,
        }
    }

    /// The canonical equivalent, which no mapping is for.
    fn by_hand(&self) -> Result<Reading, String> {
        let input = self.input("hand.csv", self.hand.clone().into_bytes());
        let mut options = self.law.options();
        options.mapping = None;
        self.reading_with(vec![input], &options)
    }

    fn reading(&self, files: Vec<Input>) -> Result<Reading, String> {
        self.reading_with(files, &self.law.options())
    }

    fn reading_with(&self, files: Vec<Input>, options: &ReadOptions) -> Result<Reading, String> {
        // What was held before the file begins.
        let before = fs::read(format!("tests/formats/{}.before.csv", self.stem)).ok();
        let before = before.map(|bytes| self.input("before.csv", bytes));
        let files = before.into_iter().chain(files).collect();
        read(files, options).map_err(shown)
    }

    /// What these bytes come to: disposals and open lots, or the disposals listed.
    fn outcome(&self, bytes: Vec<u8>) -> Result<String, String> {
        if self.lists_disposals() {
            return self
                .listed(self.input(self.name(), bytes))
                .map(|(_, text)| text);
        }
        let input = self.input(self.name(), bytes);
        Ok(computed(&self.reading(vec![input])?, &self.law))
    }

    /// The format and the disposals of a list, without their lines.
    fn listed(&self, input: Input) -> Result<(String, String), String> {
        let found = gains::read(input, &self.law.options()).map_err(shown)?;
        let mut text = String::new();
        for mut lot in found.lots {
            lot.line = 0;
            lot.currency = None;
            lot.quantity = lot.quantity.map(|q| q.normalize());
            lot.proceeds = lot.proceeds.normalize();
            lot.cost = lot.cost.map(|c| c.normalize());
            lot.wash = lot.wash.normalize();
            // Beside a symbol the words say nothing new.
            lot.description = None;
            let _ = writeln!(text, "{lot:?}");
        }
        Ok((found.format, text))
    }
}

fn shown(failure: Failure) -> String {
    render(&failure.problems, &failure.sources, Style::default())
}

/// Disposals and open lots, without rows and names of lots.
fn computed(reading: &Reading, law: &Law) -> String {
    let history = &reading.history;
    let answer = lossoffset::compute(history, &law.settings()).unwrap_or_else(|problems| {
        panic!("{}", render(&problems, &history.sources, Style::default()))
    });
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

#[test]
fn every_sample_gives_what_its_canonical_equivalent_gives() {
    let mut wrong = String::new();
    for sample in samples() {
        let by_hand = if sample.lists_disposals() {
            sample.listed(sample.input("hand.csv", sample.hand.clone().into_bytes()))
        } else {
            let reading = sample.by_hand();
            reading.map(|reading| (String::new(), computed(&reading, &sample.law)))
        };
        let (_, by_hand) = by_hand.unwrap_or_else(|e| panic!("{} by hand\n{e}", sample.stem));
        let found = if sample.lists_disposals() {
            sample.listed(sample.input(sample.name(), sample.bytes.clone()))
        } else {
            let input = sample.input(sample.name(), sample.bytes.clone());
            sample.reading(vec![input]).map(|reading| {
                let format = reading.files.last().unwrap().format.clone();
                (format.unwrap_or_default(), computed(&reading, &sample.law))
            })
        };
        match found {
            Err(error) => {
                let _ = write!(wrong, "\n== {} ==\n{error}", sample.stem);
            }
            Ok((format, by_format)) => {
                if format != sample.format() {
                    let _ = write!(wrong, "\n== {} ==\nread as `{format}`", sample.stem);
                }
                if by_format != by_hand {
                    let _ = write!(
                        wrong,
                        "\n== {} ==\nby format:\n{by_format}\nby hand:\n{by_hand}\n",
                        sample.stem
                    );
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_built_in_format_can_be_read_and_has_a_sample() {
    let names: Vec<String> = samples().into_iter().map(|sample| sample.stem).collect();
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
    let files = fs::read_dir("src/import/formats").unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    let mappings = files.filter(|path| path.extension().is_some_and(|e| e == "toml"));
    assert_eq!(mappings.count(), BUILT_IN.len(), "a mapping is not listed");
}

/// Mark, encoding, line endings, delimiter, banner, quotes, trailing commas, `$`, order of rows and of columns: none of
/// them changes what any sample comes to.
#[test]
fn the_clothes_of_a_file_change_nothing() {
    let mut wrong = String::new();
    let mut worn = BTreeMap::new();
    for sample in samples() {
        let plain = sample.outcome(sample.bytes.clone());
        let plain = plain.unwrap_or_else(|error| panic!("{}\n{error}", sample.stem));
        let sheet = sheet(&sample);
        for clothes in CLOTHES {
            let Some(bytes) = (clothes.put_on)(&sheet) else {
                continue;
            };
            *worn.entry(clothes.name).or_insert(0) += 1;
            if let Err(error) = same(&sample, clothes, bytes, &plain) {
                let _ = write!(
                    wrong,
                    "\n== {}, {} ==\n{error}\n",
                    sample.stem, clothes.name
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    // Each was tried on most of the samples that can wear it.
    assert_eq!(worn.len(), CLOTHES.len(), "{worn:?}");
}

fn same(sample: &Sample, clothes: &Clothes, bytes: Vec<u8>, plain: &str) -> Result<(), String> {
    let found = sample.outcome(bytes)?;
    let sorted = |text: &str| {
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        lines.join("\n")
    };
    let (found, plain) = if clothes.reorders {
        (sorted(&found), sorted(plain))
    } else {
        (found, plain.to_owned())
    };
    if found == plain {
        Ok(())
    } else {
        Err(format!("{found}\ninstead of\n{plain}"))
    }
}

fn sheet(sample: &Sample) -> Sheet {
    let mapping = sample.mapping();
    let header = if sample.lists_disposals() {
        None
    } else {
        let input = sample.input(sample.name(), sample.bytes.clone());
        let reading = sample.reading(vec![input]).unwrap();
        let file = reading.files.last().unwrap();
        let money = ["price", "total", "fee", "basis"];
        let columns = file.columns.iter().map(|column| {
            column
                .meaning
                .is_some_and(|meaning| money.contains(&meaning))
        });
        Some((file.header_line, columns.collect()))
    };
    Sheet::new(&sample.bytes, mapping, header, &sample.law.currency)
}

/// The same file twice is one history.
#[test]
fn a_file_given_twice_counts_once() {
    for sample in samples().iter().filter(|s| !s.lists_disposals()) {
        if Path::new(&format!("tests/formats/{}.before.csv", sample.stem)).exists() {
            continue;
        }
        let once = sample.outcome(sample.bytes.clone()).unwrap();
        let input = || sample.input(sample.name(), sample.bytes.clone());
        let twice = sample
            .reading(vec![input(), input()])
            .unwrap_or_else(|error| panic!("{}: {error}", sample.stem));
        assert_eq!(computed(&twice, &sample.law), once, "{}", sample.stem);
    }
}

/// Two exports that overlap in the middle are the whole.
#[test]
fn two_overlapping_exports_are_one_history() {
    let mut split = 0;
    for sample in samples().iter().filter(|s| !s.lists_disposals()) {
        let mapping = sample.mapping();
        // Where several rows are one event, a cut may go through it: those are errors of their own.
        let together = !mapping.pair.is_empty()
            || mapping.options.share_leg == ShareLeg::InFile
            || !mapping.file.fill_down.is_empty();
        let Some((one, other)) = sheet(sample).halves().filter(|_| !together) else {
            continue;
        };
        split += 1;
        let whole = sample.outcome(sample.bytes.clone()).unwrap();
        for parts in [[&one, &other], [&other, &one]] {
            let files = parts.map(|bytes| sample.input(sample.name(), bytes.clone()));
            let reading = sample
                .reading(files.into())
                .unwrap_or_else(|error| panic!("{}: {error}", sample.stem));
            assert_eq!(computed(&reading, &sample.law), whole, "{}", sample.stem);
        }
    }
    assert!(split > 20, "only {split} samples were split");
}
