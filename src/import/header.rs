//! Finds the header line and the delimiter: the first line that names enough known columns, behind any preamble.

use crate::import::columns::{known_names, normalised};
use crate::record::{Record, Records};

/// Where the header is and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// What separates cells.
    pub delimiter: u8,
    /// The names, as written.
    pub names: Vec<String>,
    /// The line.
    pub line: u32,
    /// The byte after the line, and the number of the line that begins there.
    pub rows_from: (usize, u32),
}

/// Why there is no header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoHeader {
    /// There is no text at all.
    Empty,
    /// No line of the first ones has known names; this is the first line with any text.
    Nowhere {
        /// The line.
        line: u32,
    },
}

/// What may separate cells.
pub const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// How many lines may stand before the header, blank ones and comments not counted.
const PREAMBLE: usize = 200;

/// Finds the header.
///
/// # Errors
/// [`NoHeader`] where no line looks like one.
pub fn find(text: &[u8]) -> Result<Header, NoHeader> {
    let mut best: Option<(usize, Header)> = None;
    let mut first_line = None;
    let lines = lines(text).filter(|(.., line)| !line.starts_with(b"#"));
    for (at, line, _) in lines.take(PREAMBLE) {
        let next = candidate(text, at, line);
        if !next.names.iter().all(String::is_empty) {
            first_line.get_or_insert(line);
            let score = score(&next.names);
            if score >= 3 && is_signature(&next.names) {
                return Ok(next);
            }
            if score > best.as_ref().map_or(0, |(known, _)| *known) {
                best = Some((score, next.clone()));
            }
        }
    }
    match (best, first_line) {
        (Some((2.., header)), _) => Ok(header),
        (_, Some(line)) => Err(NoHeader::Nowhere { line }),
        (_, None) => Err(NoHeader::Empty),
    }
}

/// The lines with something on them, without blanks, where each begins and its number. By the line, not by the row: a
/// stray quote in a preamble must not hide the header.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, u32, &[u8])> {
    let mut next = (0, 1);
    let lines = std::iter::from_fn(move || {
        let (at, number) = next;
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        next = (at + length + 1, number + 1);
        Some((at, number, rest.get(..length)?.trim_ascii()))
    });
    lines.filter(|(.., line)| !line.is_empty())
}

/// The first line with at least four cells that all say something different and are no numbers.
pub fn widest(text: &[u8]) -> Option<Header> {
    for (at, line, _) in lines(text).take(PREAMBLE) {
        for delimiter in DELIMITERS {
            let header = split(text, (at, line), delimiter);
            let mut names: Vec<&String> = header
                .names
                .iter()
                .filter(|name| !name.is_empty())
                .collect();
            let all = names.len();
            names.sort();
            names.dedup();
            let words = names
                .iter()
                .all(|name| name.starts_with(|c: char| !c.is_ascii_digit() && c != '-'));
            if all >= 4 && names.len() == all && words {
                return Some(header);
            }
        }
    }
    None
}

/// The line read with the delimiter under which it has most known names.
fn candidate(text: &[u8], at: usize, line: u32) -> Header {
    let mut best: Option<(usize, Header)> = None;
    for delimiter in DELIMITERS {
        let header = split(text, (at, line), delimiter);
        let known = score(&header.names);
        if best.as_ref().is_none_or(|(most, _)| known > *most) {
            best = Some((known, header));
        }
    }
    best.map_or_else(|| split(text, (at, line), b','), |(_, header)| header)
}

/// The line at a position as a header.
pub fn split(text: &[u8], (at, line): (usize, u32), delimiter: u8) -> Header {
    let mut records = Records::from(text, delimiter, at, line);
    let mut record = Record::default();
    records.next(&mut record);
    let names = (0..record.len())
        .map(|cell| {
            String::from_utf8_lossy(record.get(text, cell))
                .trim_matches(['\u{feff}', ' '])
                .to_owned()
        })
        .collect();
    Header {
        delimiter,
        names,
        line,
        rows_from: records.position(),
    }
}

fn score(names: &[String]) -> usize {
    if names.len() < 2 {
        0
    } else {
        known_names(names.iter().map(String::as_str))
    }
}

/// Whether at least one name is only ever a column name: a data row such as `buy,value,code` must not pass.
fn is_signature(names: &[String]) -> bool {
    let keys: Vec<String> = names.iter().map(|name| normalised(name)).collect();
    let has = |parts: &[&str]| {
        keys.iter()
            .any(|key| parts.iter().any(|part| key.contains(part)))
    };
    has(&["date", "time", "createdat"])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_found_behind_a_preamble_with_its_delimiter() {
        let text = "# exported, by hand\n\nAccount;\"12 3\n\nDate;Action;Symbol;Quantity;Price\n2024-01-02;buy;X;1;2\n";
        let header = find(text.as_bytes()).unwrap();
        assert_eq!((header.line, header.delimiter), (5, b';'));
        assert_eq!(header.rows_from.1, 6);
    }

    #[test]
    fn a_mark_inside_the_first_quotes_is_dropped() {
        let header = find("\"\u{feff}Date\",\"Symbol\",\"Quantity\"\n".as_bytes()).unwrap();
        assert_eq!(header.names, ["Date", "Symbol", "Quantity"]);
    }

    #[test]
    fn blank_lines_and_comments_do_not_count_as_preamble() {
        let text = "\n# nothing\n".repeat(300) + "Date,Symbol,Quantity\n";
        assert_eq!(find(text.as_bytes()).unwrap().line, 601);
    }

    #[test]
    fn a_file_without_names_has_no_header() {
        assert_eq!(
            find(b"2024-01-02,buy,X,1,2\n"),
            Err(NoHeader::Nowhere { line: 1 })
        );
        assert_eq!(find(b"\n# nothing\n"), Err(NoHeader::Empty));
    }
}
