//! Which format a file has: the one whose signature columns stand in one line near its top.

use regex::Regex;
use rustc_hash::FxHashSet;

use crate::import::header::{Header, split};

use super::Format;
use super::mapping::{HeaderPlace, HeaderWord, Mapping};

/// How many lines may stand before the header.
const PREAMBLE: usize = 200;
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// A header name as it is compared: without blanks at the ends, byte order mark and case.
pub fn name_key(name: &str) -> String {
    let name = name.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '"');
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

/// A format that fits, and the header it was found by.
#[derive(Clone, Debug)]
pub struct Found<'f> {
    /// The format.
    pub format: &'f Format,
    /// The header.
    pub header: Header,
}

/// What looking for a format came to.
#[derive(Clone, Debug)]
pub enum Detected<'f> {
    /// One fits.
    One(Found<'f>),
    /// Several fit equally well: these.
    Several(Vec<&'f str>, u32),
    /// None fits.
    None,
}

/// Looks for the formats that a file may have.
pub fn detect<'f>(text: &[u8], file_name: &str, formats: &[&'f Format]) -> Detected<'f> {
    let mut fitting: Vec<(usize, Found<'f>)> = Vec::new();
    let first_line = first_line(text);
    for line in Lines::new(text).take(PREAMBLE) {
        for delimiter in DELIMITERS {
            let header = split(text, line, delimiter);
            if header.names.len() < 2 {
                continue;
            }
            let keys: Vec<String> = header.names.iter().map(|name| name_key(name)).collect();
            for format in formats {
                if let Some(score) = score(&format.mapping, &header, &keys, file_name, first_line) {
                    let header = header.clone();
                    fitting.push((score, Found { format, header }));
                }
            }
        }
        if !fitting.is_empty() {
            break;
        }
    }
    let best = fitting.iter().map(|(score, _)| *score).max();
    fitting.retain(|(score, _)| Some(*score) == best);
    match fitting.len() {
        0 => Detected::None,
        1 => fitting
            .pop()
            .map_or(Detected::None, |(_, found)| Detected::One(found)),
        _ => {
            let line = fitting.first().map_or(1, |(_, found)| found.header.line);
            Detected::Several(
                fitting
                    .iter()
                    .map(|(_, found)| found.format.mapping.name.as_str())
                    .collect(),
                line,
            )
        }
    }
}

/// How well a header fits: the number of signature columns, if all are there.
fn score(
    mapping: &Mapping,
    header: &Header,
    keys: &[String],
    file_name: &str,
    first_line: &str,
) -> Option<usize> {
    let wanted = &mapping.r#match;
    if wanted.header_contains.is_empty() && wanted.header_matches.is_empty() {
        return None;
    }
    let delimiter = mapping
        .file
        .delimiter
        .as_deref()
        .and_then(|text| text.bytes().next());
    if delimiter.is_some_and(|byte| byte != header.delimiter)
        && mapping.file.delimiter.as_deref() != Some("auto")
    {
        return None;
    }
    if let Some(section) = &mapping.file.section
        && (keys.first() != Some(&name_key(section))
            || !matches!(keys.get(1).map(String::as_str), Some("header" | "headers")))
    {
        return None;
    }
    let has = |name: &String| keys.contains(&name_key(name));
    let matches = |pattern: &String| {
        Regex::new(pattern)
            .is_ok_and(|regex| header.names.iter().any(|name| regex.is_match(name.trim())))
    };
    let fits = wanted.header_contains.iter().all(has)
        && !wanted.header_lacks.iter().any(has)
        && wanted.header_matches.iter().all(matches);
    if !fits {
        return None;
    }
    let mut score = wanted.header_contains.len() + wanted.header_matches.len();
    if let Some(glob) = &wanted.filename {
        glob_matches(glob, base_name(file_name)).then_some(())?;
        score += 1;
    }
    if let Some(pattern) = &wanted.first_line_regex {
        Regex::new(pattern)
            .is_ok_and(|regex| regex.is_match(first_line))
            .then_some(())?;
        score += 1;
    }
    Some(score)
}

/// The header for a mapping that the user chose: by its signature, its line, or made up where there is none.
pub fn header_for(text: &[u8], mapping: &Mapping, wanted: &[String]) -> Option<Header> {
    match mapping.file.header {
        HeaderPlace::Word(HeaderWord::None) => Some(Header {
            delimiter: delimiter_of(text, mapping),
            names: Vec::new(),
            line: 0,
            rows_from: (0, 1),
        }),
        HeaderPlace::At { line } => {
            let at = Lines::new(text).find(|(_, number)| *number == line)?;
            Some(split(text, at, delimiter_at(text, at, mapping)))
        }
        HeaderPlace::Word(HeaderWord::Find) | HeaderPlace::Unsaid => search(text, mapping, wanted),
    }
}

/// The first line that has all the columns the mapping names, or else the one that has most of them.
fn search(text: &[u8], mapping: &Mapping, wanted: &[String]) -> Option<Header> {
    let mut best: Option<(usize, Header)> = None;
    let section = mapping.file.section.as_deref();
    for line in Lines::new(text).take(if section.is_some() {
        usize::MAX
    } else {
        PREAMBLE
    }) {
        for delimiter in DELIMITERS {
            let header = split(text, line, delimiter);
            let keys: Vec<String> = header.names.iter().map(|name| name_key(name)).collect();
            if section.is_some_and(|section| keys.first() != Some(&name_key(section))) {
                continue;
            }
            let known = wanted
                .iter()
                .filter(|name| keys.contains(&name_key(name)))
                .count();
            if known == wanted.len() && known > 0 {
                return Some(header);
            }
            if known > 0 && best.as_ref().is_none_or(|(most, _)| known > *most) {
                best = Some((known, header));
            }
        }
    }
    best.map(|(_, header)| header)
}

fn delimiter_of(text: &[u8], mapping: &Mapping) -> u8 {
    let first = Lines::new(text).next().unwrap_or((0, 1));
    delimiter_at(text, first, mapping)
}

fn delimiter_at(text: &[u8], line: (usize, u32), mapping: &Mapping) -> u8 {
    let said = mapping
        .file
        .delimiter
        .as_deref()
        .filter(|text| *text != "auto");
    if let Some(byte) = said.and_then(|text| text.bytes().next()) {
        return byte;
    }
    DELIMITERS
        .into_iter()
        .max_by_key(|delimiter| split(text, line, *delimiter).names.len())
        .unwrap_or(b',')
}

/// Of the formats, the one most of whose signature is in the file: how many columns, of how many, and those missing.
pub fn nearest<'f>(
    text: &[u8],
    formats: &[&'f Format],
) -> Option<(&'f Format, usize, Vec<String>)> {
    let mut best: Option<(&Format, usize, Vec<String>)> = None;
    for line in Lines::new(text).take(PREAMBLE) {
        for delimiter in DELIMITERS {
            let header = split(text, line, delimiter);
            if header.names.len() < 3 {
                continue;
            }
            let keys: FxHashSet<String> = header.names.iter().map(|name| name_key(name)).collect();
            for format in formats {
                let wanted = &format.mapping.r#match.header_contains;
                let missing: Vec<String> = wanted
                    .iter()
                    .filter(|name| !keys.contains(&name_key(name)))
                    .cloned()
                    .collect();
                let known = wanted.len() - missing.len();
                if known * 4 >= wanted.len() * 3
                    && !missing.is_empty()
                    && best.as_ref().is_none_or(|(_, most, _)| known > *most)
                {
                    best = Some((format, known, missing));
                }
            }
        }
    }
    best
}

/// The first line with anything on it, without blanks and quotes around it.
pub fn first_line(text: &[u8]) -> &str {
    let line = text
        .split(|byte| *byte == b'\n')
        .find(|line| !line.trim_ascii().is_empty())
        .unwrap_or_default();
    std::str::from_utf8(line)
        .unwrap_or_default()
        .trim()
        .trim_start_matches('"')
}

fn base_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name)
}

/// `*` stands for any text, `?` for one letter; case does not matter.
fn glob_matches(glob: &str, name: &str) -> bool {
    let escaped: String = glob
        .chars()
        .map(|c| match c {
            '*' => ".*".to_owned(),
            '?' => ".".to_owned(),
            c => regex::escape(&c.to_string()),
        })
        .collect();
    Regex::new(&format!("(?i)^{escaped}$")).is_ok_and(|regex| regex.is_match(name))
}

/// The lines of a text: where each begins, and its number. Preambles are read by the line, so that a stray quote in one
/// does not hide the header.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
}

impl<'a> Lines<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
        }
    }
}

impl Iterator for Lines<'_> {
    type Item = (usize, u32);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let found = (self.at, self.line);
        self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len()) + 1;
        self.line += 1;
        Some(found)
    }
}

/// The first line as a header.
pub fn first_header(text: &[u8], delimiter: u8) -> Header {
    split(text, (0, 1), delimiter)
}
