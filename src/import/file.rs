//! One file: header, columns, then row after row.

use std::cell::Cell;
use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::date::Date;
use crate::diagnostic::{Problem, Warning, one_line};
use crate::import::account_of;
use crate::import::action::{self, Meaning, Unclear};
use crate::import::columns::{Clash, Column, Columns};
use crate::import::dates::{DateColumn, Rows};
use crate::import::decimals::{self, Decimals};
use crate::import::encoding::Encoding;
use crate::import::formats::apply::Mapped;
use crate::import::formats::rows::SEPARATOR;
use crate::import::formats::{self, Unfit};
use crate::import::header::{self, Header, NoHeader};
use crate::import::large::{self, Large, Parts};
use crate::import::number::{self, DecimalMark};
use crate::import::plain::Plain;
use crate::import::reading::{ActionReading, ColumnReading, FileReading, ReadOptions, RowOrder};
use crate::import::row::{Cancel, Outcome, RowReader};
use crate::import::tables::Tables;
use crate::import::zone::Zone;
use crate::record::Record;
use crate::source::Source;
use crate::trade::{Action, Trade};

/// How many problems are kept; a wrong option can make every row of a large file one.
const MOST_PROBLEMS: usize = 1000;

/// The problems found, the first thousand.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    list: Vec<Problem>,
    more: u64,
}

impl Problems {
    /// Adds a problem.
    pub fn add(&mut self, problem: Problem) {
        if self.list.len() < MOST_PROBLEMS {
            self.list.push(problem);
        } else {
            self.more += 1;
        }
    }

    /// Adds one in front of all others, which may follow from it.
    pub fn put_first(&mut self, problem: Problem) {
        self.list.insert(0, problem);
    }

    /// The list itself, for those that add at most one per column.
    pub fn list(&mut self) -> &mut Vec<Problem> {
        &mut self.list
    }

    /// Whether a further one would only be counted: what it says need not be found out.
    pub fn is_full(&self) -> bool {
        self.list.len() >= MOST_PROBLEMS
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How far it goes, to go back to.
    fn state(&self) -> (usize, u64) {
        (self.list.len(), self.more)
    }

    /// Forgets the problems since.
    fn back_to(&mut self, (length, more): (usize, u64)) {
        self.list.truncate(length);
        self.more = more;
    }

    /// Adds a note to the last one.
    pub fn note_last(&mut self, note: String) {
        if let Some(last) = self.list.last_mut() {
            last.notes.push(note);
        }
    }

    /// All of them; beyond the first thousand only their number.
    pub fn into_list(mut self) -> Vec<Problem> {
        if self.more > 0 {
            self.list.push(Problem {
                counts: u32::try_from(self.more).unwrap_or(u32::MAX),
                ..Problem::new(format!("{} more problems are not listed", self.more))
            });
        }
        self.list
    }
}

/// What some trade has that a pass over all of them is for. Without it the pass is left out: each is 4 to 10 ns a row,
/// where reading the row is some 150.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// Rarer columns.
    pub rare: bool,
    /// Rarer columns, or a price or fee below zero.
    pub owing: bool,
    /// An action that says whether it opens or closes.
    pub opening: bool,
}

impl Noted {
    #[inline]
    fn note(&mut self, trade: &Trade) {
        self.rare |= trade.rare().is_some();
        self.owing |= trade.may_owe();
        self.opening |= for_shares(trade.action) != trade.action;
    }
}

/// What reading a file adds to.
#[derive(Debug)]
pub struct Shared<'a> {
    /// How to read.
    pub options: &'a ReadOptions,
    /// The taxpayer's zone.
    pub zone: Zone,
    /// The names met so far.
    pub tables: Tables,
    /// What is wrong.
    pub problems: Problems,
    /// What is remarkable.
    pub warnings: Vec<Warning>,
    /// The trades so far.
    pub trades: Vec<Trade>,
    /// What some of them have.
    pub noted: Noted,
    /// The account that the settings give to rows of the file being read that name none.
    pub account_here: Option<Box<str>>,
    /// Accounts whose kind a file says.
    pub account_kinds: BTreeMap<String, String>,
    /// In which cells each file has its prices, fees and totals, to mark them later.
    pub cells: FxHashMap<u16, [(Column, Option<usize>); 3]>,
    /// Files whose mapping says which sign of a fee is a cost: a fee below zero is a rebate there.
    pub rebates: FxHashSet<u16>,
    /// The rows that cancel others.
    pub cancels: Vec<Cancel>,
    /// Purchases and sales whose currency is no money.
    pub paid_in_coin: Vec<Source>,
    /// Rows whose day near a year's end hangs on a zone that nobody named.
    pub near_year_end: Vec<Source>,
    /// Whether the mapping that `--mapping` names read a file, or why it could not has been said.
    pub mapping_fits: bool,
    /// The first file that it does not fit.
    pub unfit: Option<Unfit>,
}

impl Shared<'_> {
    /// Whether a row lies after the day of the report.
    pub fn is_later(&self, trade: &Trade) -> bool {
        let day = trade.day(self.options.by_settlement);
        self.options.as_of.is_some_and(|last| day > last)
    }
}

/// The date columns of a file.
#[derive(Debug)]
pub struct Dates {
    /// The trade date.
    pub date: DateColumn,
    /// The others.
    pub other: Vec<(Column, DateColumn)>,
}

/// Which columns write numbers below zero.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signs {
    /// Quantities.
    pub quantity: bool,
    /// Totals.
    pub total: bool,
}

/// A file while its rows are read.
#[derive(Debug)]
pub struct FileReader<'a, 't> {
    /// The text, or the part of it that is being read.
    pub text: &'t [u8],
    /// The position of the file among the inputs.
    pub number: u16,
    /// Which cell is which column.
    pub columns: Columns,
    /// How dates are written.
    pub dates: Dates,
    /// The words of the action column.
    pub words: Words<'a>,
    /// What separates decimals.
    pub mark: DecimalMark,
    /// What is known of that.
    pub decimals: Decimals,
    /// How to read.
    pub options: &'a ReadOptions,
    /// The taxpayer's zone.
    pub zone: Zone,
    /// The account of rows that name none, where the settings say one.
    account_here: Option<Box<str>>,
    /// The names met so far.
    pub tables: &'a mut Tables,
    /// What is wrong.
    pub problems: &'a mut Problems,
    near_year_end: &'a mut Vec<Source>,
    paid_in_coin: &'a mut Vec<Source>,
    header: Header,
    /// Rows written by a format: the line of the file for each, and the cell of the file for each cell.
    mapped: Option<&'t Mapped>,
    zoned_rows: u64,
    signs: Option<Signs>,
    year_begins: (u32, u32),
    /// The last day looked at, and how many days it lies after the nearest begin of a tax year, if close to it.
    last_day: Option<(Date, Option<i64>)>,
    /// Where the text is a part of the file: told when something asks for the whole of it.
    asked: Option<&'t Cell<bool>>,
}

/// Trades from one reading of the meter to the next.
const METERED: usize = 4096;

/// Bytes of the shortest row that can be a trade: a date, an action, a symbol and a number.
const SHORTEST_ROW: usize = 14;

/// The columns whose cells later checks point at.
const MARKED: [Column; 3] = [Column::Price, Column::Fee, Column::Total];

/// Reads one decoded file; `None` where its header cannot be understood, which is then among the problems.
pub fn read(
    shared: &mut Shared<'_>,
    text: &[u8],
    number: u16,
    name: &str,
    encoding: Encoding,
) -> Option<FileReading> {
    let (header, columns) = head(shared, text, number, name)?;
    let file = (number, name, encoding);
    let mark = shared.options.decimal.unwrap_or_default();
    shared.tables.begin_file();
    let before = Before::of(shared);
    let reading = read_rows(
        shared,
        text,
        header.clone(),
        columns.clone(),
        None,
        file,
        mark,
    );
    let found = reading.decimals.as_ref().map(|decimals| decimals.mark);
    if found.is_none_or(|found| found == mark) {
        return Some(reading);
    }
    // Rows above the first comma may have points between thousands: all are read again.
    before.restore(shared);
    let mark = found.unwrap_or(mark);
    let again = read_rows(shared, text, header, columns, None, file, mark);
    Some(FileReading {
        decimals: reading.decimals,
        ..again
    })
}

/// The header of a file and what its columns mean.
fn head(
    shared: &mut Shared<'_>,
    text: &[u8],
    number: u16,
    name: &str,
) -> Option<(Header, Columns)> {
    let header = find_header(shared, text, number, name)?;
    let columns = find_columns(shared, &header, number)?;
    warn_of_unknown(shared, &columns, number, header.line);
    let marked = MARKED.map(|column| (column, columns.cell(column)));
    shared.cells.insert(number, marked);
    Some((header, columns))
}

/// Reads a large file of canonical columns a part at a time; `None` where it must be read as a whole, and nothing of it
/// has been noted then.
pub fn read_parts(
    shared: &mut Shared<'_>,
    large: &Large,
    parts: &mut Parts,
    number: u16,
) -> Option<FileReading> {
    shared.tables.begin_file();
    let before = Before::of(shared);
    let reading = read_each_part(shared, large, parts, number);
    if reading.is_none() {
        before.restore(shared);
    }
    reading
}

fn read_each_part(
    shared: &mut Shared<'_>,
    large: &Large,
    parts: &mut Parts,
    number: u16,
) -> Option<FileReading> {
    let first = parts.next().filter(|part| large::begins_plain(part))?;
    let (options, name) = (shared.options, large.name.as_str());
    shared.account_here = account_of::given(options, name, None).map(Into::into);
    let mut refused = Problems::default();
    let canonical = matches!(
        formats::choose(first, number, name, options, &mut refused),
        formats::Choice::Canonical
    );
    if options.mapping.is_some() || !canonical {
        return None;
    }
    let (header, columns) = head(shared, first, number, name)?;
    let mut reading = FileReading {
        name: name.to_owned(),
        encoding: Encoding::Utf8.name(),
        ..FileReading::default()
    };
    let before = shared.trades.len();
    let lines = memchr::memchr_iter(b'\n', first).count() as u64;
    let likely = lines.saturating_mul(large.bytes) / first.len().max(1) as u64;
    shared.trades.reserve(usize::try_from(likely).ok()?);
    let mark = options.decimal.unwrap_or_default();
    let asked = Cell::new(false);
    let (mut reader, mut into) = reader(shared, first, header, columns, None, number, mark);
    reader.asked = Some(&asked);
    loop {
        let end = reader.read_part(&mut into, &mut reading);
        if asked.get() || end.is_none() {
            return None;
        }
        let paused = reader.paused();
        let part = parts.next()?;
        if part.is_empty() {
            turn_round(into.trades, before, &mut reading);
            paused.describe(&mut reading);
            return Some(reading);
        }
        reader = FileReader {
            text: part,
            asked: Some(&asked),
            ..paused
        };
        reader.header.rows_from = (0, end?);
    }
}

/// How far everything went before a file, to read the file once more. Names stay: the same rows bring them again, in the
/// same order, whatever their numbers are taken for.
struct Before {
    problems: (usize, u64),
    trades: usize,
    cancels: usize,
    near_year_end: usize,
    paid_in_coin: usize,
    warnings: usize,
    noted: Noted,
}

impl Before {
    fn of(shared: &Shared<'_>) -> Self {
        Self {
            problems: shared.problems.state(),
            trades: shared.trades.len(),
            cancels: shared.cancels.len(),
            near_year_end: shared.near_year_end.len(),
            paid_in_coin: shared.paid_in_coin.len(),
            warnings: shared.warnings.len(),
            noted: shared.noted,
        }
    }

    fn restore(self, shared: &mut Shared<'_>) {
        shared.tables.forget_terms();
        shared.problems.back_to(self.problems);
        shared.trades.truncate(self.trades);
        shared.cancels.truncate(self.cancels);
        shared.near_year_end.truncate(self.near_year_end);
        shared.paid_in_coin.truncate(self.paid_in_coin);
        shared.warnings.truncate(self.warnings);
        shared.noted = self.noted;
    }
}

/// Reads the rows that a format wrote; `None` where it lacks columns, which is then among the problems.
pub fn read_mapped(
    shared: &mut Shared<'_>,
    mapped: &Mapped,
    header: &Header,
    number: u16,
    name: &str,
    encoding: Encoding,
) -> Option<FileReading> {
    let written = Header {
        delimiter: SEPARATOR,
        names: mapped
            .columns
            .iter()
            .map(|column| column.name().to_owned())
            .collect(),
        line: header.line.max(1),
        rows_from: (0, 1),
    };
    let columns = find_columns(shared, &written, number)?;
    let cell = |column| mapped.cells.get(columns.cell(column)?).copied().flatten();
    let marked = MARKED.map(|column| (column, cell(column)));
    shared.cells.insert(number, marked);
    let text = &mapped.finished.text;
    let file = (number, name, encoding);
    let mut reading = read_rows(
        shared,
        text,
        written,
        columns,
        Some(mapped),
        file,
        DecimalMark::Point,
    );
    reading.delimiter = char::from(header.delimiter);
    reading.header_line = header.line;
    Some(reading)
}

/// What the rows of a file are added to.
struct Collected<'a> {
    trades: &'a mut Vec<Trade>,
    noted: &'a mut Noted,
    cancels: &'a mut Vec<Cancel>,
}

/// Reads all rows behind a header that is understood.
fn read_rows<'t>(
    shared: &mut Shared<'_>,
    text: &'t [u8],
    header: Header,
    columns: Columns,
    mapped: Option<&'t Mapped>,
    (number, name, encoding): (u16, &str, Encoding),
    mark: DecimalMark,
) -> FileReading {
    let mut reading = FileReading {
        name: name.to_owned(),
        encoding: encoding.name(),
        ..FileReading::default()
    };
    let before = shared.trades.len();
    let rows_text = text.get(header.rows_from.0..).unwrap_or_default();
    // A file of empty lines must not reserve a trade for each: no row is shorter than this.
    let lines = memchr::memchr_iter(b'\n', rows_text).count();
    let likely = lines.min(rows_text.len() / SHORTEST_ROW) + 1;
    shared.trades.reserve(likely);
    let (mut reader, mut into) = reader(shared, text, header, columns, mapped, number, mark);
    match reader.read_part(&mut into, &mut reading) {
        Some(_) => turn_round(into.trades, before, &mut reading),
        // To be read again from the first row.
        None => reading.decimals = reader.decimals.found.take(),
    }
    reader.describe(&mut reading);
    reading
}

/// The reader of a file, and what it adds to.
fn reader<'s, 't>(
    shared: &'s mut Shared<'_>,
    text: &'t [u8],
    header: Header,
    columns: Columns,
    mapped: Option<&'t Mapped>,
    number: u16,
    mark: DecimalMark,
) -> (FileReader<'s, 't>, Collected<'s>) {
    let options = shared.options;
    let dates = date_columns(&columns, options);
    let reader = FileReader {
        text,
        number,
        columns,
        dates,
        words: Words::new(options),
        mark,
        decimals: Decimals {
            // The rows of a format are written with a point.
            settled: mapped.is_some()
                || options.decimal == Some(mark)
                || mark == DecimalMark::Comma,
            ..Decimals::default()
        },
        options,
        zone: shared.zone,
        account_here: shared.account_here.clone(),
        tables: &mut shared.tables,
        problems: &mut shared.problems,
        near_year_end: &mut shared.near_year_end,
        paid_in_coin: &mut shared.paid_in_coin,
        header,
        mapped,
        zoned_rows: 0,
        signs: None,
        year_begins: options.year_begins.unwrap_or((1, 1)),
        last_day: None,
        asked: None,
    };
    let into = Collected {
        trades: &mut shared.trades,
        noted: &mut shared.noted,
        cancels: &mut shared.cancels,
    };
    (reader, into)
}

/// Turns the rows of a file round that stands newest first.
fn turn_round(trades: &mut [Trade], first: usize, reading: &mut FileReading) {
    let rows = trades.get_mut(first..).unwrap_or_default();
    reading.trades = rows.len() as u64;
    if is_newest_first(rows) {
        rows.reverse();
        reading.order = RowOrder::Turned;
    }
}

impl<'a, 't> FileReader<'a, 't> {
    /// All rows of the file.
    #[inline]
    pub fn rows(&self) -> Rows<'t> {
        Rows {
            asked: self.asked,
            ..self.part()
        }
    }

    /// The rows of the text.
    #[inline]
    fn part(&self) -> Rows<'t> {
        Rows {
            text: self.text,
            delimiter: self.header.delimiter,
            from: self.header.rows_from,
            file: self.number,
            columns: self.columns.names.len(),
            asked: None,
        }
    }

    /// Which columns write numbers below zero, found out over all rows once it is asked for.
    pub fn signs(&mut self) -> Signs {
        if let Some(known) = self.signs {
            return known;
        }
        let mut signs = Signs::default();
        let (mut records, mut record) = (self.rows().records(), Record::default());
        while records.next(&mut record) && !(signs.quantity && signs.total) {
            let negative = |column| {
                let text = self.columns.text(column, &record, self.text);
                let number = text.and_then(|text| number::parse(text, self.mark).ok());
                number.is_some_and(|number| number.value.is_sign_negative())
            };
            signs.quantity |= negative(Column::Quantity);
            signs.total |= negative(Column::Total);
        }
        self.signs = Some(signs);
        signs
    }

    /// Finds out how decimals are written, once a number asks for it.
    #[cold]
    pub fn find_decimals(&mut self) {
        if self.decimals.settled {
            return;
        }
        self.decimals.settled = true;
        match decimals::decide(self.rows(), &self.columns) {
            Ok(found) => {
                self.mark = found.as_ref().map_or(self.mark, |found| found.mark);
                self.decimals.found = found;
            }
            Err(problem) => {
                self.problems.add(problem);
                self.decimals.refused = true;
            }
        }
    }

    /// The line of the file that a record comes from.
    #[inline]
    pub fn line_of(&self, record: u32) -> u32 {
        match self.mapped {
            None => record,
            Some(mapped) => mapped.line_of(record),
        }
    }

    /// The account of rows that name none, and whether the settings name it.
    #[inline]
    pub fn usual_account(&self) -> (&[u8], bool) {
        match &self.account_here {
            Some(name) => (name.as_bytes(), true),
            None => (b"main", false),
        }
    }

    /// Whether the rows were written by a format.
    pub fn is_mapped(&self) -> bool {
        self.mapped.is_some()
    }

    /// The cell of the file that a cell comes from.
    pub fn cell_of(&self, cell: usize) -> Option<usize> {
        match self.mapped {
            None => Some(cell),
            Some(mapped) => mapped.cells.get(cell).copied().flatten(),
        }
    }

    /// Notes that a row is priced in something that is no money.
    pub fn note_paid_in_coin(&mut self, source: Source) {
        self.paid_in_coin.push(source);
    }

    /// Notes that a row's time had an offset, and whether its year hangs on the zone.
    #[inline]
    pub fn zoned(&mut self, source: Source, date: Date, time: u32, east: i32) {
        self.zoned_rows += 1;
        if self.options.timezone.is_some() {
            return;
        }
        let days = match self.last_day {
            Some((day, days)) if day == date => days,
            _ => self.near_begin(date),
        };
        let Some(days) = days else { return };
        let utc = i64::from(time) - i64::from(east) * 1000;
        if (days * 86_400_000 + utc).abs() < 14 * 3_600_000 {
            self.near_year_end.push(source);
        }
    }

    /// How many days after the begin of a tax year a day lies, where that is close.
    fn near_begin(&mut self, date: Date) -> Option<i64> {
        let (month, day) = self.year_begins;
        let begins = Date::new(date.plus(2).year(), month, day);
        let days = begins
            .map(|begins| i64::from(date.days_since(begins)))
            .filter(|days| days.abs() <= 2);
        self.last_day = Some((date, days));
        days
    }

    /// Reads the rows of the text; gives the line behind them, or `None` where they are to be read again because decimals
    /// turned out to be written in another way.
    fn read_part(&mut self, into: &mut Collected<'_>, reading: &mut FileReading) -> Option<u32> {
        let mark = self.mark;
        let mut records = self.part().records();
        let mut record = Record::default();
        let mut plain = Plain::of(self, self.header.delimiter);
        let meter = &self.options.meter;
        let before = meter.done();
        loop {
            if into.trades.len().is_multiple_of(METERED) {
                meter.set(before + records.position().0 as u64);
            }
            if let Some(trade) = plain.as_mut().and_then(|p| p.next(&mut records, self)) {
                into.noted.note(&trade);
                into.trades.push(trade);
                continue;
            }
            if !records.next(&mut record) {
                break;
            }
            match RowReader::new(self, &record).read() {
                Outcome::Trade(trade) => {
                    into.noted.note(&trade);
                    into.trades.push(trade);
                }
                Outcome::Cancel(cancel) => into.cancels.push(cancel),
                Outcome::Ignored(rule) => *reading.ignored.entry(rule.into()).or_default() += 1,
                Outcome::Wrong => {}
            }
            if self.mark != mark {
                meter.set(before);
                return None;
            }
        }
        meter.set(before + self.text.len() as u64);
        Some(records.position().1)
    }

    /// The same reader without its text, to go on with the next part.
    fn paused(self) -> FileReader<'a, 'static> {
        FileReader {
            text: &[],
            number: self.number,
            columns: self.columns,
            dates: self.dates,
            words: self.words,
            mark: self.mark,
            decimals: self.decimals,
            options: self.options,
            zone: self.zone,
            account_here: self.account_here,
            tables: self.tables,
            problems: self.problems,
            near_year_end: self.near_year_end,
            paid_in_coin: self.paid_in_coin,
            header: self.header,
            mapped: None,
            zoned_rows: self.zoned_rows,
            signs: self.signs,
            year_begins: self.year_begins,
            last_day: self.last_day,
            asked: None,
        }
    }

    fn describe(self, reading: &mut FileReading) {
        reading.delimiter = char::from(self.header.delimiter);
        reading.header_line = self.header.line;
        reading.zoned_rows = self.zoned_rows;
        reading.columns = self
            .columns
            .names
            .iter()
            .map(|(name, column)| ColumnReading {
                name: name.clone(),
                meaning: column.map(Column::name),
                suggestion: if column.is_none() {
                    self.columns.suggestion(name)
                } else {
                    None
                },
            })
            .collect();
        reading.dates = std::iter::once(&self.dates.date)
            .chain(self.dates.other.iter().map(|(_, column)| column))
            .filter_map(DateColumn::reading)
            .collect();
        reading.actions = self.words.found;
        reading.decimals = reading.decimals.take().or(self.decimals.found);
    }
}

/// Whether rows lie newest first: the last is older than the first, and most steps go back in time.
fn is_newest_first(rows: &[Trade]) -> bool {
    let moment = |trade: &Trade| (trade.date, trade.time);
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return false;
    };
    if moment(first) <= moment(last) {
        return false;
    }
    let (mut back, mut forth) = (0_u64, 0_u64);
    for (one, next) in rows.iter().zip(rows.iter().skip(1)) {
        match moment(one).cmp(&moment(next)) {
            std::cmp::Ordering::Greater => back += 1,
            std::cmp::Ordering::Less => forth += 1,
            std::cmp::Ordering::Equal => {}
        }
    }
    back > forth
}

fn find_header(shared: &mut Shared<'_>, text: &[u8], number: u16, name: &str) -> Option<Header> {
    match header::find(text) {
        Ok(header) => Some(header),
        Err(NoHeader::Empty) => {
            shared.problems.add(
                Problem::new(format!("`{name}` is empty"))
                    .help("the first line names the columns: date,action,symbol,quantity,price"),
            );
            None
        }
        Err(NoHeader::Nowhere { line }) => {
            shared.problems.add(
                Problem::at(Source { file: number, line }, "no line with column names was found")
                    .note("a header has a date, a symbol and a quantity, under these or similar names: date,action,symbol,quantity,price")
                    .help("write such a line above the first row, or describe the file in a mapping: `lossoffset formats guess FILE` drafts one"),
            );
            None
        }
    }
}

fn find_columns(shared: &mut Shared<'_>, header: &Header, number: u16) -> Option<Columns> {
    let source = Source {
        file: number,
        line: header.line,
    };
    let columns = match Columns::find(header.names.clone()) {
        Ok(columns) => columns,
        Err(clashes) => {
            for clash in clashes {
                shared.problems.add(clash_problem(&clash, header, source));
            }
            return None;
        }
    };
    let missing: Vec<Column> = [Column::Date, Column::Symbol]
        .into_iter()
        .filter(|column| !columns.has(*column))
        .collect();
    let symbol_elsewhere = columns.has(Column::Isin) || columns.has(Column::Cusip);
    for column in missing
        .iter()
        .filter(|column| **column != Column::Symbol || !symbol_elsewhere)
    {
        shared
            .problems
            .add(missing_column(&columns, *column, source));
    }
    if !columns.has(Column::Action) && !columns.has(Column::Quantity) {
        shared
            .problems
            .add(missing_column(&columns, Column::Action, source));
        return None;
    }
    columns.has(Column::Date).then_some(())?;
    (columns.has(Column::Symbol) || symbol_elsewhere).then_some(columns)
}

fn clash_problem(clash: &Clash, header: &Header, source: Source) -> Problem {
    let name = |cell: usize| header.names.get(cell).cloned().unwrap_or_default();
    let (first, second) = clash.cells;
    Problem::in_cell(
        source,
        second,
        format!(
            "columns `{}` and `{}` both mean `{}`",
            name(first),
            name(second),
            clash.column.name()
        ),
    )
    .help("rename the one that is not meant, to a name that is not known, such as `unused`")
}

fn missing_column(columns: &Columns, column: Column, source: Source) -> Problem {
    let aliases = Column::ALL
        .get(column as usize)
        .map_or(&[][..], |(_, _, aliases)| aliases);
    let near = columns.names.iter().find(|(name, meaning)| {
        meaning.is_none() && columns.suggestion(name) == Some(column.name())
    });
    let problem = Problem::at(
        source,
        format!("there is no column for `{}`", column.name()),
    )
    .note(format!("it may also be called {}", aliases.join(", ")));
    match near {
        Some((name, _)) => problem.help(format!(
            "did you mean `{}` where the file says `{name}`?",
            column.name()
        )),
        None => problem.help(format!(
            "rename the column that holds it to `{}`, or add one",
            column.name()
        )),
    }
}

/// Unknown columns that a warning names.
const NAMED: usize = 20;

fn warn_of_unknown(shared: &mut Shared<'_>, columns: &Columns, number: u16, line: u32) {
    let names = columns.names.iter();
    let unknown = names.filter(|(name, column)| column.is_none() && !name.is_empty());
    let count = unknown.clone().count();
    let mut unknown: Vec<String> = unknown
        .take(NAMED)
        .map(|(name, _)| match columns.nearest(name) {
            Some((_, known)) => format!("`{}` (did you mean `{known}`?)", one_line(name)),
            None => format!("`{}`", one_line(name)),
        })
        .collect();
    if unknown.is_empty() {
        return;
    }
    if count > NAMED {
        unknown.push(format!("and {} more", count - NAMED));
    }
    let plural = if count == 1 {
        "column is"
    } else {
        "columns are"
    };
    shared.warnings.push(Warning {
        code: "unknown-column",
        message: format!(
            "{count} {plural} not known and ignored: {}",
            unknown.join(", ")
        ),
        at: vec![Source { file: number, line }],
        needs_user: true,
    });
}

fn date_columns(columns: &Columns, options: &ReadOptions) -> Dates {
    let new = |column: Column| {
        let cell = columns.cell(column).unwrap_or(usize::MAX);
        DateColumn::new(
            cell,
            columns.written(column),
            options.date_format.as_deref(),
        )
    };
    let other = [
        Column::SettleDate,
        Column::EffectiveDate,
        Column::AcquiredDate,
        Column::Expiry,
    ];
    Dates {
        date: new(Column::Date),
        other: other
            .into_iter()
            .filter(|column| columns.has(*column))
            .map(|column| (column, new(column)))
            .collect(),
    }
}

/// The words of a file's action column, each understood once.
#[derive(Debug)]
pub struct Words<'a> {
    options: &'a ReadOptions,
    known: FxHashMap<Box<[u8]>, (Option<Meaning>, usize)>,
    /// The words found so far.
    found: Vec<ActionReading>,
}

impl<'a> Words<'a> {
    fn new(options: &'a ReadOptions) -> Self {
        Self {
            options,
            known: FxHashMap::default(),
            found: Vec::new(),
        }
    }

    /// What a word means; counts it.
    #[inline]
    pub fn look_up(&mut self, word: &[u8], line: u32) -> Option<Meaning> {
        let (meaning, at) = match self.known.get(word) {
            Some(known) => *known,
            None => self.learn(word, line),
        };
        if let Some(reading) = self.found.get_mut(at) {
            reading.rows += 1;
        }
        meaning
    }

    /// What a word of an earlier row means, and its place among the words found.
    pub fn known(&self, word: &[u8]) -> Option<(Meaning, usize)> {
        let (meaning, at) = self.known.get(word)?;
        meaning.map(|meaning| (meaning, *at))
    }

    /// Counts one more row of the word at this place.
    #[inline]
    pub fn count(&mut self, at: usize) {
        if let Some(reading) = self.found.get_mut(at) {
            reading.rows += 1;
        }
    }

    #[cold]
    fn learn(&mut self, word: &[u8], line: u32) -> (Option<Meaning>, usize) {
        let text = String::from_utf8_lossy(word).into_owned();
        let meaning = action::known(self.said(&text));
        let at = self.found.len();
        if let Some(meaning) = meaning {
            self.found.push(ActionReading {
                word: text,
                meaning: meaning.action.word(),
                rows: 0,
                first_line: line,
            });
        }
        let known = (meaning, if meaning.is_some() { at } else { usize::MAX });
        self.known.insert(word.into(), known);
        known
    }

    /// The word itself, or the one the configuration says it means.
    fn said<'w>(&'w self, word: &'w str) -> &'w str {
        let key = action::normalised(word);
        let own = self
            .options
            .actions
            .iter()
            .find(|(name, _)| action::normalised(name) == key);
        own.map_or(word, |(_, canonical)| canonical)
    }

    /// What to tell the user of a word that is not understood.
    pub fn unclear(&self, word: &str) -> Problem {
        if word.is_empty() {
            return Problem::new("the row has no action")
                .help("fill in what happened: buy, sell, dividend, split, ... or `ignore`");
        }
        let setting = |action: Action| {
            format!(
                "or say what it means here: `[actions]` then `\"{word}\" = \"{}\"` in lossoffset.toml",
                action.word()
            )
        };
        match action::meaning(self.said(word)) {
            Err(Unclear::Ambiguous(could_be)) => Problem::new(format!(
                "`{word}` means different things at different brokers"
            ))
            .note(format!("it could be {could_be}"))
            .help(format!(
                "write the one that is meant, {}",
                setting(Action::Buy)
            )),
            Err(Unclear::Unknown(near)) if !near.is_empty() => {
                let first = near.first().and_then(|word| action::known(word));
                let setting = setting(first.map_or(Action::Buy, |meaning| meaning.action));
                let near: Vec<String> = near.iter().map(|word| format!("`{word}`")).collect();
                Problem::new(format!("unknown action `{word}`"))
                    .help(format!("did you mean {}? {setting}", near.join(" or ")))
            }
            Err(Unclear::Unknown(_)) | Ok(_) => {
                let common = [
                    "buy",
                    "sell",
                    "dividend",
                    "split",
                    "transfer_in",
                    "transfer_out",
                    "income",
                    "ignore",
                ];
                Problem::new(format!("unknown action `{word}`"))
                    .note(format!("known are, among others: {}", common.join(", ")))
                    .help(format!("write a known word, {}", setting(Action::Buy)))
            }
        }
    }
}

/// Actions whose word depends on what is traded: for shares, opening and closing words are plain ones.
pub fn for_shares(action: Action) -> Action {
    match action {
        Action::BuyToOpen => Action::Buy,
        Action::SellToOpen => Action::Short,
        Action::BuyToClose => Action::Cover,
        Action::SellToClose => Action::Sell,
        other => other,
    }
}
