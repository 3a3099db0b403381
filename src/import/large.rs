//! Large plain files, read a part at a time: held whole, the text would be half of all memory, and each page of it would
//! have to come from the system first.
//!
//! Only what most large files are is read so: UTF-8 without quotes, canonical columns, dates and numbers that tell by
//! themselves how they are written. As soon as anything asks for the file as a whole, what was read is forgotten and the
//! file is read as any other; a test holds that both give the same.

use std::fs::File;
use std::io::{self, Read as _};

use crate::diagnostic::Problem;
use crate::import::encoding::{self, Encoding};
use crate::import::formats;
use crate::import::reading::{Input, unreadable};

/// Bytes from which on a file is read in parts.
const LARGE: u64 = 32 << 20;

/// Bytes of a part: what a processor's cache holds.
const PART: usize = 1 << 20;

/// A file that has been opened.
#[derive(Debug)]
pub enum Opened {
    /// One that is in memory.
    Whole(Input),
    /// One that is to be read in parts.
    Large(Large),
}

impl From<Input> for Opened {
    fn from(input: Input) -> Self {
        Self::Whole(input)
    }
}

impl Opened {
    /// Opens a file, or standard input for `-`.
    ///
    /// # Errors
    /// A problem that names the file and what is wrong with it: missing, a directory, unreadable.
    pub fn open(path: &str) -> Result<Self, Problem> {
        let about = std::fs::metadata(path).ok().filter(|_| path != "-");
        match about {
            Some(about) if about.is_file() && about.len() >= LARGE => {
                let large = Large {
                    name: path.to_owned(),
                    bytes: about.len(),
                    part: PART,
                };
                Ok(Self::Large(large))
            }
            _ => Input::open(path).map(Self::Whole),
        }
    }

    /// How many bytes it has.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Whole(input) => input.bytes.len() as u64,
            Self::Large(large) => large.bytes,
        }
    }
}

/// A large file.
#[derive(Clone, Debug)]
pub struct Large {
    /// Its name as the user typed it.
    pub name: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// Bytes of a part.
    part: usize,
}

impl Large {
    /// The file as a whole.
    ///
    /// # Errors
    /// A problem that says why it cannot be read.
    pub fn whole(&self) -> Result<Input, Problem> {
        Input::open(&self.name)
    }

    /// Its parts.
    ///
    /// # Errors
    /// A problem that says why it cannot be read.
    pub fn parts(&self) -> Result<Parts, Problem> {
        let file = File::open(&self.name).map_err(|error| unreadable(&self.name, &error))?;
        Ok(Parts {
            file,
            buffer: vec![0; self.part],
            filled: 0,
            given: 0,
        })
    }
}

/// The parts of a file: whole lines.
#[derive(Debug)]
pub struct Parts {
    file: File,
    buffer: Vec<u8>,
    /// Bytes of the buffer that are of the file.
    filled: usize,
    /// Bytes of the buffer that have been given out.
    given: usize,
}

impl Parts {
    /// The next part; empty at the end of the file, `None` where it is not plain text.
    pub fn next(&mut self) -> Option<&[u8]> {
        self.buffer.copy_within(self.given..self.filled, 0);
        self.filled = self.filled.saturating_sub(self.given);
        let ended = self.fill().ok()?;
        let text = self.buffer.get(..self.filled)?;
        let lines = memchr::memrchr(b'\n', text).map(|end| end.saturating_add(1));
        self.given = if ended { self.filled } else { lines? };
        self.buffer.get(..self.given).filter(|part| is_plain(part))
    }

    /// Fills the buffer; whether the file has ended.
    fn fill(&mut self) -> io::Result<bool> {
        loop {
            let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
            if room.is_empty() {
                return Ok(false);
            }
            match self.file.read(room) {
                Ok(0) => return Ok(true),
                Ok(more) => self.filled = self.filled.saturating_add(more),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Whether lines mean the same whatever stands in others: UTF-8 without quotes and without returns of their own.
fn is_plain(part: &[u8]) -> bool {
    let returns = memchr::memchr_iter(b'\r', part);
    std::str::from_utf8(part).is_ok()
        && memchr::memchr(b'"', part).is_none()
        && returns
            .map(|at| part.get(at.saturating_add(1)))
            .all(|next| next == Some(&b'\n'))
}

/// Whether a file that begins like this is a table in UTF-8.
pub fn begins_plain(part: &[u8]) -> bool {
    Encoding::of(part) == Encoding::Utf8
        && encoding::foreign(part).is_none()
        && !formats::flex::is_flex(part)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::import::{ReadOptions, read};

    /// What reading gives, as text, and whether the file was read in parts.
    fn both(text: &[u8], part: usize) -> ([String; 2], bool) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text).unwrap();
        let name = file.path().to_str().unwrap().to_owned();
        let large = Large {
            name: name.clone(),
            bytes: text.len() as u64,
            part,
        };
        let whole = Input::open(&name).unwrap();
        let mut in_parts = false;
        let told = [Opened::Whole(whole), Opened::Large(large)].map(|opened| {
            match read(vec![opened], &ReadOptions::default()) {
                Ok(reading) => {
                    in_parts = !reading.history.sources.is_kept(0);
                    let history = reading.history;
                    format!(
                        "{:?} {:?} {:?} {:?}",
                        history.trades, history.securities, history.warnings, reading.files
                    )
                }
                Err(failure) => {
                    in_parts = !failure.sources.is_kept(0);
                    format!("{:?}", failure.problems)
                }
            }
        });
        (told, in_parts)
    }

    /// A history of plain rows, with others between them.
    fn history(rows: usize, end: &str, extra: &[(usize, &str)]) -> String {
        let mut text = format!("# exported{end}date,action,symbol,quantity,price,fee,account{end}");
        for row in 0..rows {
            let (month, day) = (row / 28 % 12 + 1, row % 28 + 1);
            let action = if row % 3 == 2 { "sell" } else { "buy" };
            text += &format!(
                "2023-{month:02}-{day:02},{action},S{},1.5,{row}.25,0.1,{end}",
                row % 7
            );
            for (_, line) in extra.iter().filter(|(after, _)| *after == row) {
                text += &format!("{line}{end}");
            }
        }
        text
    }

    #[test]
    fn a_file_read_in_parts_says_the_same_as_when_read_whole() {
        let odd = [
            (3, ""),
            (50, "# a remark"),
            (70, "2023-03-20T23:59:59Z,buy,S1,1,1,,"),
            (71, "2023-03-20,dividend,S1,,,,"),
            (90, "2023-04-10,split,S2,2,,,"),
        ];
        let wrong = [
            (10, "2023-04-10,buy,S1,0,1,,"),
            (200, "2023-05-01,bye,S1,1,1,,"),
        ];
        let newest_first = {
            let text = history(300, "\n", &[]);
            let mut lines: Vec<&str> = text.lines().collect();
            lines[2..].reverse();
            lines.join("\n")
        };
        for text in [
            history(300, "\n", &[]),
            history(300, "\r\n", &odd),
            history(300, "\n", &odd).trim_end().to_owned(),
            history(300, "\n", &wrong),
            newest_first,
        ] {
            for part in [200, 517, 4096, 1 << 20] {
                let ([whole, parts], in_parts) = both(text.as_bytes(), part);
                assert_eq!(whole, parts);
                assert!(in_parts, "{part}: {text}");
            }
        }
    }

    #[test]
    fn what_asks_for_the_whole_file_gets_it() {
        let plain = history(100, "\n", &[]);
        let other = |from: &str, to: &str| plain.replacen(from, to, 1);
        let cases = [
            plain.replace("2023-", "03/04/"),
            other("2023-02-03", "13/02/2023"),
            other("2023-02-03", "2023-02-30"),
            other("buy,S1", "buy,\"S1\""),
            other("57.25", "\"57,25\""),
            other("buy,S2", "buy,S\u{e9}\r"),
            format!("{plain}{}\n", "x".repeat(5000)),
        ];
        for text in cases {
            let ([whole, parts], in_parts) = both(text.as_bytes(), 1000);
            assert_eq!(whole, parts);
            assert!(!in_parts, "{text}");
        }
        let mut latin = plain.clone().into_bytes();
        latin.extend_from_slice(b"2023-12-30,buy,\xe9,1,1,,\n");
        let ([whole, parts], in_parts) = both(&latin, 1000);
        assert_eq!((whole == parts, in_parts), (true, false));
    }
}
