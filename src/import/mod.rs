//! Bytes to trades: encodings, headers, columns, the shapes of numbers and dates, action words, duplicates.
//!
//! ```text
//! bytes -encoding-> text -header, columns-> rows -row-> trades of one file -duplicates, classes, checks-> history
//! ```
//!
//! Every row ends as a trade, as ignored by a named rule, or as an error.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts and positions of what is in memory, clocks and days whose fields were checked"
)]

mod account_kinds;
mod account_of;
mod action;
pub mod allocation;
mod cancels;
mod checks;
mod classes;
mod columns;
mod dates;
mod decimals;
mod duplicates;
mod encoding;
mod expiries;
mod file;
pub mod formats;
pub mod gains;
mod header;
mod large;
mod moment;
mod money_words;
mod number;
mod option_symbol;
mod plain;
pub mod rates;
mod ratio;
mod reading;
mod report_day;
mod row;
mod side;
mod tables;
mod vests;
mod zone;

use std::sync::Arc;

use crate::diagnostic::{Problem, Warning, one_line};
use crate::source::{Source, Sources};
use crate::trade::History;
use file::{Problems, Shared};
use zone::Zone;

pub use columns::Column;
pub use large::Opened;
pub use number::DecimalMark;
pub use reading::{
    AccountSetting, ActionReading, ColumnReading, DateReading, DecimalReading, FileReading, Input,
    ReadOptions, Reading, RowOrder, RuleReading, unreadable,
};
pub use row::class_named;

/// Bytes of text kept in memory, in all files together, to show lines of them later; larger files are opened again.
const KEPT: usize = 64 << 20;

/// Files of one history; a row's file is kept in two bytes.
const MOST_FILES: usize = u16::MAX as usize;

/// Bytes of one line; no table of trades has a longer one, and whatever shows a row would choke on it.
const LONGEST_LINE: usize = 64 << 20;

/// Reads all files into one history.
///
/// # Errors
/// Every problem of every file, the first thousand.
pub fn read<I: Into<Opened>>(inputs: Vec<I>, options: &ReadOptions) -> Result<Reading, Failure> {
    let mut sources = Sources::default();
    let mut shared = Shared {
        options,
        zone: Zone::UTC,
        tables: tables::Tables::default(),
        problems: Problems::default(),
        warnings: Vec::new(),
        trades: Vec::new(),
        noted: file::Noted::default(),
        account_here: None,
        account_kinds: std::collections::BTreeMap::new(),
        cells: rustc_hash::FxHashMap::default(),
        rebates: rustc_hash::FxHashSet::default(),
        cancels: Vec::new(),
        paid_in_coin: Vec::new(),
        near_year_end: Vec::new(),
        mapping_fits: false,
        unfit: None,
    };
    check_options(options, &mut shared);
    if !shared.problems.is_empty() {
        return Err(Failure {
            problems: shared.problems.into_list(),
            sources,
        });
    }
    if inputs.len() > MOST_FILES {
        shared.problems.add(Problem::new(format!(
            "{} files are too many: at most {MOST_FILES} make one history",
            inputs.len()
        )));
        return Err(Failure {
            problems: shared.problems.into_list(),
            sources,
        });
    }
    shared.tables.rename(&options.rename);
    let mut files = Vec::new();
    for input in inputs {
        files.extend(read_opened(&mut shared, &mut sources, input.into()));
    }
    finish(shared, sources, files)
}

/// The name that a history has for a symbol written in any of the ways in which options are.
pub fn symbol_named(written: &str) -> String {
    let terms = option_symbol::parse(written);
    terms.map_or_else(|| written.to_owned(), |terms| terms.name(written))
}

/// What was wrong, with the files to show it in.
#[derive(Debug)]
pub struct Failure {
    /// The problems.
    pub problems: Vec<Problem>,
    /// The files.
    pub sources: Sources,
}

fn check_options(options: &ReadOptions, shared: &mut Shared<'_>) {
    for problem in wrong_options(options) {
        shared.problems.add(problem);
    }
    if let Some(zone) = options.timezone.as_deref().and_then(Zone::named) {
        shared.zone = zone;
    }
}

/// The options that mean nothing, each with what could be meant.
pub fn wrong_options(options: &ReadOptions) -> Vec<Problem> {
    let mut wrong = Vec::new();
    if let Some(name) = &options.timezone
        && Zone::named(name).is_none()
    {
        wrong.push(
            Problem::new(format!("`{name}` is not a time zone")).help(
                "use `UTC`, an offset such as `+02:00`, or a name such as `America/New_York`",
            ),
        );
    }
    if let Some(format) = &options.date_format
        && !dates::valid_format(format)
    {
        wrong.push(
            Problem::new(format!("`{format}` is not a date format")).help(
                "use %d for the day, %m for the month, %Y for the year: `--date-format %d/%m/%Y`",
            ),
        );
    }
    wrong
}

/// Reads a file: in parts where it is large and that will do, else as a whole.
fn read_opened(
    shared: &mut Shared<'_>,
    sources: &mut Sources,
    opened: Opened,
) -> Option<FileReading> {
    let large = match opened {
        Opened::Whole(input) => {
            let number = sources.add(&input.name);
            return read_file(shared, sources, input, number);
        }
        Opened::Large(large) => large,
    };
    let number = sources.add(&large.name);
    let (meter, before) = (&shared.options.meter, shared.options.meter.done());
    let read = large
        .parts()
        .map(|mut parts| file::read_parts(shared, &large, &mut parts, number));
    match read {
        Ok(Some(reading)) => {
            sources.leave(number, u8::try_from(reading.delimiter).unwrap_or(b','));
            return Some(reading);
        }
        Ok(None) => meter.set(before),
        Err(problem) => {
            shared.problems.add(problem);
            return None;
        }
    }
    match large.whole() {
        Ok(input) => read_file(shared, sources, input, number),
        Err(problem) => {
            shared.problems.add(problem);
            None
        }
    }
}

fn read_file(
    shared: &mut Shared<'_>,
    sources: &mut Sources,
    input: Input,
    number: u16,
) -> Option<FileReading> {
    if formats::flex::is_flex(&input.bytes) {
        return read_flex(shared, sources, number, input);
    }
    let input = of_workbook(&mut shared.problems, shared.options, input)?;
    if let Some((what, help)) = encoding::foreign(&input.bytes) {
        shared
            .problems
            .add(Problem::new(format!("`{}` is {what}, not a CSV file", input.name)).help(help));
        return None;
    }
    let (text, encoding) = encoding::decode(input.bytes);
    if encoding == encoding::Encoding::Windows1252 {
        shared.warnings.push(Warning {
            code: "encoding-guessed",
            message: format!(
                "`{}` is not UTF-8 and was read as windows-1252; if letters look wrong, save it as UTF-8",
                one_line(&input.name)
            ),
            at: vec![Source { file: number, line: 1 }],
            needs_user: false,
        });
    }
    if let Some((line, length)) = overlong(&text, LONGEST_LINE) {
        let problem = Problem::at(
            Source { file: number, line },
            format!(
                "a line of {} MiB: at most {} are read",
                length >> 20,
                LONGEST_LINE >> 20
            ),
        );
        shared
            .problems
            .add(problem.help("check that the file is a CSV, one row a line"));
        return None;
    }
    let reading = read_text(shared, &text, number, &input.name, encoding);
    let delimiter = reading.as_ref().map_or(b',', |reading| {
        u8::try_from(reading.delimiter).unwrap_or(b',')
    });
    sources.keep(number, delimiter, text, KEPT);
    reading
}

/// The first line longer than `most` and its length. Looks only where such a line must pass: a line that long has a
/// whole block of half the length without an end.
fn overlong(text: &[u8], most: usize) -> Option<(u32, usize)> {
    let block = (most / 2).max(1);
    let mut at = block;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let end = at + memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let before = text.get(..at).unwrap_or_default();
        let start = memchr::memrchr(b'\n', before).map_or(0, |found| found + 1);
        if end - start > most {
            let lines = memchr::memchr_iter(b'\n', before).count();
            return Some((u32::try_from(lines + 1).unwrap_or(u32::MAX), end - start));
        }
        at = end.max(at) + block;
    }
    None
}

/// The sheet of a workbook that holds the rows, as text; any other file as it is.
fn of_workbook(problems: &mut Problems, options: &ReadOptions, input: Input) -> Option<Input> {
    if !input.bytes.starts_with(b"PK\x03\x04") {
        return Some(input);
    }
    let Input { name, bytes } = input;
    // An archive that is no workbook is reported as what it is.
    let Ok(sheets) = formats::workbook::sheets(bytes) else {
        let bytes = b"PK\x03\x04".to_vec();
        return Some(Input { name, bytes });
    };
    match formats::sheet_of(sheets, &name, options) {
        Some(bytes) => Some(Input { name, bytes }),
        None => {
            problems.add(Problem::new(format!("the workbook `{name}` is empty")));
            None
        }
    }
}

/// Reads a Flex Query file: its elements as a table.
fn read_flex(
    shared: &mut Shared<'_>,
    sources: &mut Sources,
    number: u16,
    input: Input,
) -> Option<FileReading> {
    let (text, encoding) = encoding::decode(input.bytes);
    let report = shared.options.currency.as_deref();
    let table = match formats::flex::table(&String::from_utf8_lossy(&text), report) {
        Ok(table) => table,
        Err((line, message)) => {
            let source = Source { file: number, line };
            let problem = Problem::at(source, format!("the XML cannot be read: {message}"));
            shared
                .problems
                .add(problem.help("download the Flex Query again"));
            sources.keep(number, b'\n', text, KEPT);
            return None;
        }
    };
    sources.keep(number, b'\n', text, KEPT);
    let format = formats::of_flex(shared.options)?;
    shared.mapping_fits |= is_the_mapping(shared.options, &format);
    if table.lines.len() < 2 {
        for (element, count) in &table.unread {
            warn_of_unread(shared, number, 1, element, *count);
        }
        return Some(without_rows(&input.name, encoding, &format));
    }
    let header = formats::detect::first_header(&table.text, formats::rows::SEPARATOR);
    let before = shared.problems.len();
    let mut applying = formats::apply::Applying {
        text: &table.text,
        number,
        name: &input.name,
        options: shared.options,
        problems: &mut shared.problems,
        gains: false,
    };
    let mapped = formats::apply::apply(&mut applying, &format, header.clone());
    let line_of = |line: u32| {
        let at = usize::try_from(line).unwrap_or_default().wrapping_sub(1);
        table.lines.get(at).copied().unwrap_or(1)
    };
    for place in shared
        .problems
        .list()
        .iter_mut()
        .skip(before)
        .filter_map(|problem| problem.place.as_mut())
    {
        place.source.line = line_of(place.source.line);
        place.cell = None;
    }
    let mut mapped = mapped?;
    mapped.move_lines(line_of);
    shared.account_here =
        account_of::given(shared.options, &input.name, Some(&format.mapping.name)).map(Into::into);
    note_mapped(shared, number, &mapped);
    for (element, count) in &table.unread {
        warn_of_unread(shared, number, 1, element, *count);
    }
    let mut reading = file::read_mapped(shared, &mapped, &header, number, &input.name, encoding)?;
    reading.describe_format(&format, mapped);
    reading.delimiter = ' ';
    Some(reading)
}

/// A file of a format that has none of the rows that the format reads.
fn without_rows(name: &str, encoding: encoding::Encoding, format: &formats::Format) -> FileReading {
    FileReading {
        name: name.to_owned(),
        encoding: encoding.name(),
        delimiter: ' ',
        header_line: 1,
        format: Some(format.mapping.name.clone()),
        ..FileReading::default()
    }
}

fn warn_of_unread(shared: &mut Shared<'_>, file: u16, line: u32, what: &str, count: u64) {
    shared.warnings.push(Warning {
        code: "not-read",
        message: format!(
            "{count} {} of `{}` not read, though they may change what is held; write splits, mergers, spin-offs and transfers as rows of a file of your own",
            if count == 1 { "row is" } else { "rows are" },
            one_line(what),
        ),
        at: vec![Source { file, line }],
        needs_user: true,
    });
}

/// A file of finished disposals holds sales that a history has too.
const FINISHED: &str = "finished-disposals";

fn warn_of_finished(shared: &mut Shared<'_>, file: u16, line: u32, name: &str) {
    shared.warnings.push(Warning {
        code: FINISHED,
        message: format!(
            "`{name}` lists finished disposals, each row a lot and its sale; where another file has these sales they count twice: leave it out, or compare with `reconcile --with`"
        ),
        at: vec![Source { file, line }],
        needs_user: true,
    });
}

fn note_mapped(shared: &mut Shared<'_>, file: u16, mapped: &formats::apply::Mapped) {
    let kinds = mapped.kinds.iter();
    let kinds = kinds.map(|(account, kind)| (account.clone(), kind.clone()));
    shared.account_kinds.extend(kinds);
    if mapped.rebates {
        shared.rebates.insert(file);
    }
}

/// What was guessed of the letters need not be told where the mapping says it.
fn forget_encoding(shared: &mut Shared<'_>, file: u16, format: &formats::Format) {
    use formats::mapping::Encoding;
    let said = format.mapping.file.encoding;
    if matches!(said, Encoding::Windows1252 | Encoding::Latin1) {
        shared.warnings.retain(|warning| {
            warning.code != "encoding-guessed" || warning.at.iter().all(|at| at.file != file)
        });
    }
}

/// Whether a format is the one that `--mapping` names.
fn is_the_mapping(options: &ReadOptions, format: &Arc<formats::Format>) -> bool {
    let named = options.mapping.as_ref();
    named.is_some_and(|named| Arc::ptr_eq(named, format))
}

/// Remembers the first file that a mapping was named for and does not fit.
fn note_unfit(shared: &mut Shared<'_>, text: &[u8], number: u16, name: &str) {
    if shared.options.mapping.is_none() || shared.mapping_fits || shared.unfit.is_some() {
        return;
    }
    let header = header::find(text).ok().or_else(|| header::widest(text));
    shared.unfit = Some(formats::Unfit {
        file: number,
        name: name.to_owned(),
        header,
    });
}

/// Reads decoded text by its format.
fn read_text(
    shared: &mut Shared<'_>,
    text: &[u8],
    number: u16,
    name: &str,
    encoding: encoding::Encoding,
) -> Option<FileReading> {
    let options = shared.options;
    match formats::choose(text, number, name, options, &mut shared.problems) {
        formats::Choice::Sectionless(format) => {
            shared.mapping_fits |= is_the_mapping(options, &format);
            for (section, (line, count)) in formats::unread_sections(text, &format) {
                warn_of_unread(shared, number, line, &section, count);
            }
            Some(without_rows(name, encoding, &format))
        }
        formats::Choice::Refused => {
            // Why is among the problems.
            shared.mapping_fits = true;
            None
        }
        formats::Choice::Canonical => {
            shared.account_here = account_of::given(options, name, None).map(Into::into);
            note_unfit(shared, text, number, name);
            let reading = file::read(shared, text, number, name, encoding);
            if reading.is_none()
                && let Some(note) = formats::looked_for(text)
            {
                shared.problems.note_last(note);
            }
            reading
        }
        formats::Choice::Format(format, header) => {
            shared.mapping_fits |= is_the_mapping(options, &format);
            note_unfit(shared, text, number, name);
            let mut applying = formats::apply::Applying {
                text,
                number,
                name,
                options,
                problems: &mut shared.problems,
                gains: false,
            };
            let mapped = formats::apply::apply(&mut applying, &format, header.clone())?;
            shared.account_here =
                account_of::given(options, name, Some(&format.mapping.name)).map(Into::into);
            note_mapped(shared, number, &mapped);
            forget_encoding(shared, number, &format);
            for (what, (line, count)) in &mapped.unread {
                warn_of_unread(shared, number, *line, what, *count);
            }
            let mut reading = file::read_mapped(shared, &mapped, &header, number, name, encoding)?;
            if format.mapping.kind == formats::mapping::Kind::ClosedLots {
                warn_of_finished(shared, number, header.line, name);
            }
            reading.describe_format(&format, mapped);
            Some(reading)
        }
    }
}

fn finish(
    mut shared: Shared<'_>,
    sources: Sources,
    mut files: Vec<FileReading>,
) -> Result<Reading, Failure> {
    if files.len() == 1 {
        shared.warnings.retain(|warning| warning.code != FINISHED);
    }
    if let Some(problem) = unfitting_mapping(&shared) {
        shared.problems.put_first(problem);
    }
    warn_of_no_rows(&mut shared, &files);
    account_of::warn_of_meeting(&mut shared, &files);
    let kinds = std::mem::take(&mut shared.account_kinds);
    account_kinds::warn(&mut shared, &kinds);
    duplicates::remove(&mut shared, &sources, &mut files);
    expiries::date(&mut shared);
    let later = report_day::leave_out_later(&mut shared);
    vests::merge(&mut shared, &mut files);
    let securities = classes::resolve(&mut shared, &sources);
    checks::check(&mut shared, &securities);
    warn_of_zone(&mut shared);
    warn_of_coins_as_money(&mut shared);
    later.leave_out_of(&mut shared.warnings);
    if !shared.problems.is_empty() {
        return Err(Failure {
            problems: shared.problems.into_list(),
            sources,
        });
    }
    let zoned = files.iter().any(|file| file.zoned_rows > 0);
    let history = History {
        zone_assumed: zoned && shared.options.timezone.is_none(),
        trades: shared.trades,
        securities,
        accounts: shared.tables.accounts,
        sources,
        warnings: shared.warnings,
    };
    Ok(Reading { history, files })
}

/// Says of each file that has column names and nothing else; where no file has more, there is nothing to compute.
fn warn_of_no_rows(shared: &mut Shared<'_>, files: &[FileReading]) {
    let is_empty = |file: &FileReading| !file.has_rows();
    if !shared.problems.is_empty() {
        return;
    }
    let nothing_at_all = files.iter().all(is_empty);
    let empty = (0_u16..).zip(files).filter(|(_, file)| is_empty(file));
    let warnings = empty.map(|(number, file)| Warning {
        code: "no-rows",
        message: format!(
            "`{}` has a header and no rows; check that it was exported whole",
            one_line(&file.name)
        ),
        at: vec![Source {
            file: number,
            line: file.header_line.max(1),
        }],
        needs_user: nothing_at_all,
    });
    shared.warnings.extend(warnings);
}

/// A mapping that was named and read none of the files.
fn unfitting_mapping(shared: &Shared<'_>) -> Option<Problem> {
    let format = shared.options.mapping.as_ref()?;
    let unfit = shared.unfit.as_ref().filter(|_| !shared.mapping_fits)?;
    Some(formats::fits_none(format, unfit))
}

fn warn_of_coins_as_money(shared: &mut Shared<'_>) {
    let at = std::mem::take(&mut shared.paid_in_coin);
    let rows = match at.len() {
        0 => return,
        1 => "1 purchase or sale is".to_owned(),
        rows => format!("{rows} purchases and sales are"),
    };
    shared.warnings.push(Warning {
        code: "coin-as-currency",
        message: format!(
            "{rows} priced in something that is no money: if it is a coin of yours, it does not leave its lots so; write such a row as a `swap`"
        ),
        at,
        needs_user: true,
    });
}

fn warn_of_zone(shared: &mut Shared<'_>) {
    if shared.near_year_end.is_empty() {
        return;
    }
    let at = std::mem::take(&mut shared.near_year_end);
    let rows = at.len();
    shared.warnings.push(Warning {
        code: "timezone-assumed",
        message: format!(
            "{rows} {} within 14 hours of the end of a tax year, and the time is in UTC: the year depends on your time zone; set `--timezone`",
            if rows == 1 { "row lies" } else { "rows lie" },
        ),
        at,
        needs_user: true,
    });
}

#[cfg(test)]
mod tests {
    use super::overlong;

    #[test]
    fn a_line_beyond_the_limit_is_found_wherever_it_begins() {
        for before in 0..40 {
            let text = |length: usize| {
                let mut text = "ab\n".repeat(before);
                text.push_str(&"x".repeat(length));
                text.push_str("\nab\n");
                text
            };
            let line = u32::try_from(before + 1).unwrap_or(0);
            assert_eq!(overlong(text(17).as_bytes(), 16), Some((line, 17)));
            assert_eq!(overlong(text(40).as_bytes(), 16), Some((line, 40)));
            assert_eq!(overlong(text(16).as_bytes(), 16), None);
        }
        assert_eq!(overlong(b"", 16), None);
        assert_eq!(overlong(&[b'x'; 20], 16), Some((1, 20)));
    }
}
