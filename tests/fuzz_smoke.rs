//! The fuzz targets on damaged copies of good files and on random histories: a bounded run that needs no other tool.
//!
//! `FUZZ_RUNS` is how many inputs each test tries, `FUZZ_SEED` where it begins.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fuzzed;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use fuzzed::Reached;

fn variable(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Numbers that look random and are the same on every machine (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }
}

/// Pieces that readers stumble over.
const PIECES: [&[u8]; 30] = [
    b"\"",
    b"\"\"",
    b"\n",
    b"\r",
    b"\r\n",
    b",",
    b";",
    b"\t",
    b"\0",
    b"-",
    b"(",
    b")",
    b"%",
    b"=",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\x1b[2J",
    "\u{202e}".as_bytes(),
    b"1e999",
    b"99999999999999999999",
    b"0.00000000000000000000000000001",
    b"-0",
    b"2024-02-30",
    b"0000-00-00",
    b"9999-12-31",
    b"01/02/03",
    b"buy",
    b"sell",
    b"split",
    b"4:1",
];

/// A copy with at most so many damages.
fn damaged(seed: &[u8], other: &[u8], most: usize, dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.below(most) {
        let at = dice.below(bytes.len() + 1);
        let end = (at + dice.below(40)).min(bytes.len());
        match dice.below(7) {
            0 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << dice.below(8);
                }
            }
            1 => drop(bytes.drain(at..end)),
            2 => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            3 => {
                let from = dice.below(other.len());
                let to = (from + dice.below(200)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            4 => bytes.truncate(at),
            _ => {
                let piece = PIECES[dice.below(PIECES.len())];
                let until = if dice.below(2) == 0 { at } else { end };
                bytes.splice(at..until, piece.iter().copied());
            }
        }
    }
    bytes
}

fn files(folders: &[&str], endings: &[&str]) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|e| endings.iter().any(|known| e == *known))
        })
        .collect();
    paths.sort();
    let read = paths.iter().map(|path| fs::read(path).unwrap());
    read.filter(|bytes| bytes.len() < 1 << 16).collect()
}

/// Runs `check` on many inputs; a panic is shown with its input. Gives how many got how far.
fn all(check: fn(&[u8]) -> Reached, mut make: impl FnMut(&mut Dice) -> Vec<u8>) -> [u64; 3] {
    let runs = variable("FUZZ_RUNS", 150);
    let mut dice = Dice(variable("FUZZ_SEED", 1));
    let mut reached = [0; 3];
    for _ in 0..runs {
        let bytes = make(&mut dice);
        match catch_unwind(AssertUnwindSafe(|| check(&bytes))) {
            Ok(how_far) => reached[how_far as usize] += 1,
            Err(_) => {
                let path = std::env::temp_dir().join("lossoffset-fuzz-failure");
                fs::write(&path, &bytes).unwrap();
                panic!("broken by {}:\n{}", path.display(), bytes.escape_ascii());
            }
        }
    }
    println!("{runs} inputs: refused, read, computed {reached:?}");
    reached
}

#[test]
fn no_bytes_break_the_reader() {
    let mut seeds = files(&["tests/errors", "tests/formats"], &["csv", "xml"]);
    seeds.extend(files(&["examples"], &["csv"]));
    let reached = all(fuzzed::reader, |dice| {
        let (one, other) = (dice.below(seeds.len()), dice.below(seeds.len()));
        damaged(&seeds[one], &seeds[other], 4, dice)
    });
    assert!(reached.iter().all(|count| *count > 0), "{reached:?}");
}

#[test]
fn no_mapping_breaks_the_reader() {
    let mappings = files(&["src/import/formats"], &["toml"]);
    let samples: Vec<Vec<u8>> = mappings.iter().map(|mapping| sample(mapping)).collect();
    let reached = all(fuzzed::mapping, |dice| {
        let (one, other) = (dice.below(mappings.len()), dice.below(mappings.len()));
        let mut bytes = damaged(&mappings[one], &mappings[other], 2, dice);
        bytes.extend_from_slice(b"\n---\n");
        bytes.extend_from_slice(&samples[one]);
        bytes
    });
    // A file that is read and then refused takes luck: a damaged mapping mostly refuses the file or reads it well.
    let [refused, _, computed] = reached;
    assert!(refused > 0 && computed > 0, "{reached:?}");
}

/// The file in `tests/formats` that a mapping is for.
fn sample(mapping: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(mapping);
    let name = text.lines().find_map(|line| line.strip_prefix("name = "));
    let name = name.unwrap_or_default().trim_matches('"');
    fs::read(Path::new("tests/formats").join(name).with_extension("csv")).unwrap_or_default()
}

#[test]
fn no_history_breaks_the_laws_of_conservation() {
    let reached = all(fuzzed::history, |dice| {
        let length = 10 + dice.below(900);
        dice.bytes(length)
    });
    assert!(
        reached[Reached::Computed as usize] > reached[Reached::Refused as usize],
        "{reached:?}"
    );
}
