//! The dates of one column: how they are written is decided once, over the whole file, and never guessed.

use std::cell::Cell;

use std::fmt::Write as _;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, Timelike as _};

use crate::date::Date;
use crate::diagnostic::Problem;
use crate::import::moment::{self, Day, Moment, Offset, Order};
use crate::import::reading::DateReading;
use crate::record::{Record, Records};
use crate::source::Source;

/// One date column of one file.
#[derive(Clone, Debug)]
pub struct DateColumn {
    cell: usize,
    name: String,
    /// `--date-format`.
    given: Option<String>,
    /// What a look at the whole column found; only looked for when a cell needs it.
    decision: Option<Decision>,
    iso: bool,
    /// The other forms met, each with its first cell.
    forms: Vec<(Form, String)>,
    last: Option<([u8; 10], Date)>,
}

/// A way to write dates, as far as the user is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Two small numbers and a year, with what stands between, and whether the year has two digits.
    Numbers(char, bool),
    /// The year first, with what stands between.
    YearFirst(char),
    /// With the name of a month.
    Named,
    /// Digits only.
    Digits,
}

impl Form {
    fn of(text: &str, day: Day) -> Self {
        let mut parts = text.split(|c: char| !c.is_ascii_alphanumeric());
        let [first, second, third] = [(); 3].map(|()| parts.next().unwrap_or_default());
        let between = text.chars().find(|c| !c.is_ascii_alphanumeric());
        let letters = |part: &str| part.starts_with(|c: char| c.is_ascii_alphabetic());
        match (day, between) {
            (Day::Numeric { .. }, Some(between)) => Self::Numbers(between, third.len() == 2),
            _ if letters(first) || letters(second) => Self::Named,
            (Day::Known(_), Some(between)) if first.len() == 4 => Self::YearFirst(between),
            (Day::Known(_) | Day::Numeric { .. }, _) => Self::Digits,
        }
    }

    /// The form as `--date-format` has it, or by an example.
    fn written(self, example: &str, order: Option<Order>) -> String {
        match (self, order) {
            (Self::Numbers(..), Some(order)) => order.pattern(example),
            (Self::YearFirst(between), _) => format!("%Y{between}%m{between}%d"),
            (Self::Numbers(..) | Self::Named | Self::Digits, _) => format!("as in `{example}`"),
        }
    }
}

/// Forms of dates that one column is said to have.
const FORMS: usize = 8;

/// What a look at the whole column found.
#[derive(Clone, Debug, Default)]
struct Decision {
    order: Option<Order>,
    reason: String,
    example: String,
    /// Every cell is a spreadsheet's day number.
    serial: bool,
    refused: bool,
    /// The whole column was looked at.
    scanned: bool,
}

/// Why a cell gives no date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoDate {
    /// It is no date of any accepted shape.
    Text,
    /// The column as a whole was refused, which has been reported.
    Refused,
}

/// What a scan of a column needs: the text, and where its rows begin.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The text of the file.
    pub text: &'a [u8],
    /// What separates its cells.
    pub delimiter: u8,
    /// Where the rows begin, and the line.
    pub from: (usize, u32),
    /// The file.
    pub file: u16,
    /// How many columns it has.
    pub columns: usize,
    /// Where the text is but a part of the file: told when all rows are asked for.
    pub asked: Option<&'a Cell<bool>>,
}

impl<'a> Rows<'a> {
    /// The rows.
    pub fn records(&self) -> Records<'a> {
        if let Some(asked) = self.asked {
            asked.set(true);
        }
        Records::from(self.text, self.delimiter, self.from.0, self.from.1).expecting(self.columns)
    }
}

impl DateColumn {
    /// The column in this cell.
    pub fn new(cell: usize, name: &str, given: Option<&str>) -> Self {
        Self {
            cell,
            name: name.to_owned(),
            given: given.map(str::to_owned),
            decision: None,
            iso: false,
            forms: Vec::new(),
            last: None,
        }
    }

    /// The moment a cell says.
    ///
    /// # Errors
    /// [`NoDate`]; a refusal of the whole column is added to `problems` once.
    #[inline]
    pub fn read(
        &mut self,
        bytes: &[u8],
        rows: Rows<'_>,
        problems: &mut Vec<Problem>,
    ) -> Result<Moment, NoDate> {
        if self.given.is_none()
            && let Some(moment) = self.iso(bytes)
        {
            return Ok(moment);
        }
        self.read_other(bytes, rows, problems)
    }

    /// Whether ISO dates are read as what they are, rather than by a format given.
    pub fn takes_iso(&self) -> bool {
        self.given.is_none()
    }

    /// ISO dates; rows of one day follow each other, so the last day is remembered.
    #[inline]
    pub fn iso(&mut self, bytes: &[u8]) -> Option<Moment> {
        let (head, rest) = bytes.split_first_chunk::<10>()?;
        if let Some((last, date)) = &self.last
            && last == head
        {
            return moment::iso_time(Day::Known(*date), rest);
        }
        let moment = moment::iso(bytes)?;
        if let Day::Known(date) = moment.day {
            self.last = Some((*head, date));
        }
        self.iso = true;
        Some(moment)
    }

    #[cold]
    fn read_other(
        &mut self,
        bytes: &[u8],
        rows: Rows<'_>,
        problems: &mut Vec<Problem>,
    ) -> Result<Moment, NoDate> {
        let text = std::str::from_utf8(bytes).map_err(|_| NoDate::Text)?;
        if let Some(format) = &self.given {
            if let Some(moment) = formatted(text, format).or_else(|| moment::iso(bytes)) {
                return Ok(moment);
            }
            return Err(NoDate::Text);
        }
        let moment = moment::parse(text);
        if let Some(moment) = &moment {
            self.note_form(text, moment.day);
        }
        if let Some(Moment {
            day: Day::Known(_), ..
        }) = moment
        {
            if self.decision.is_none() && !self.iso {
                self.decision = Some(Decision {
                    reason: "it can be read in one way only".into(),
                    example: text.to_owned(),
                    ..Decision::default()
                });
            }
            return moment.ok_or(NoDate::Text);
        }
        if self
            .decision
            .as_ref()
            .is_none_or(|decision| !decision.scanned)
        {
            let before = self.decision.take().unwrap_or_default();
            let found = self.decide(rows, problems).unwrap_or(before);
            self.decision = Some(Decision {
                scanned: true,
                ..found
            });
        }
        let Some(decision) = &self.decision else {
            return Err(NoDate::Text);
        };
        let moment = match moment {
            Some(moment) => moment,
            None if decision.serial => moment::serial(text).ok_or(NoDate::Text)?,
            None => return Err(NoDate::Text),
        };
        if decision.refused && !matches!(moment.day, Day::Known(_)) {
            return Err(NoDate::Refused);
        }
        let day = moment.day.resolve(decision.order).ok_or(NoDate::Text)?;
        Ok(Moment {
            day: Day::Known(day),
            ..moment
        })
    }

    /// Remembers a form that no cell before had.
    fn note_form(&mut self, text: &str, day: Day) {
        let form = Form::of(text, day);
        let known = self.forms.iter().any(|(known, _)| *known == form);
        if !known && self.forms.len() < FORMS {
            self.forms.push((form, text.to_owned()));
        }
    }

    /// Looks at the whole column: a part over 12 proves the order for all its dates.
    fn decide(&self, rows: Rows<'_>, problems: &mut Vec<Problem>) -> Option<Decision> {
        let evidence = Evidence::collect(self.cell, rows);
        let refused = Decision {
            refused: true,
            ..Decision::default()
        };
        if let (Some(iso), Some(short)) = (&evidence.year_first, &evidence.short_year) {
            problems.push(self.perhaps_year_first(iso, short, rows.file));
            return Some(refused);
        }
        let by = |order, reason, example: &str| {
            Some(Decision {
                order: Some(order),
                reason,
                example: example.to_owned(),
                ..Decision::default()
            })
        };
        match (
            &evidence.day_first,
            &evidence.month_first,
            &evidence.undecided,
        ) {
            (Some(day), Some(month), _) => {
                problems.push(self.mixed(day, month, rows.file));
                Some(refused)
            }
            (Some(day), None, _) => by(Order::DayFirst, proof(day, "day"), &day.1),
            (None, Some(month), _) => by(Order::MonthFirst, proof(month, "month"), &month.1),
            (None, None, Some(example)) => {
                problems.push(self.undecided(example, rows.file));
                Some(refused)
            }
            (None, None, None) if evidence.serial => {
                let reason = "every cell is a spreadsheet's day number".to_owned();
                Some(Decision {
                    serial: true,
                    reason,
                    ..Decision::default()
                })
            }
            (None, None, None) => {
                let example = evidence.equal.as_deref()?;
                by(
                    Order::DayFirst,
                    "day and month are the same number in every such date".to_owned(),
                    example,
                )
            }
        }
    }

    fn mixed(&self, day: &Found, month: &Found, file: u16) -> Problem {
        let place = Source {
            file,
            line: month.0.max(day.0),
        };
        Problem::in_cell(
            place,
            self.cell,
            format!("column `{}` mixes two orders of day and month", self.name),
        )
        .note(proof(day, "day"))
        .note(proof(month, "month"))
        .help("write all dates of the column one way, best as 2024-01-31")
    }

    /// `24-02-03` beside `2024-01-02`: with the century left out, the year may stand first or last.
    fn perhaps_year_first(&self, iso: &Found, (line, text): &Found, file: u16) -> Problem {
        let as_year = |(year, month, day)| {
            let date = Date::new(year, month, day)?;
            Some(format!("{date} with `--date-format %y-%m-%d`"))
        };
        let year_first = moment::short_year_first(text).and_then(as_year);
        let readings: Vec<String> = year_first
            .into_iter()
            .chain(numeric_readings(text))
            .collect();
        let place = Source { file, line: *line };
        let message = format!(
            "`{text}` may have its year first, as `{}` on line {} has, or last",
            iso.1, iso.0
        );
        Problem::in_cell(place, self.cell, message)
            .note(format!("it is {}", readings.join(", or ")))
            .help(format!(
                "write all dates of the column `{}` one way, best as 2024-01-31; or say with `--date-format` how those without a century are meant",
                self.name
            ))
    }

    fn undecided(&self, (line, text): &Found, file: u16) -> Problem {
        let readings = numeric_readings(text);
        let place = Source { file, line: *line };
        Problem::in_cell(place, self.cell, format!("`{text}` may be day first or month first, and nothing in the column `{}` decides it", self.name))
            .note(format!("it is {}", readings.join(", or ")))
            .help("say which with `--date-format`; a time after the date is found without it")
    }

    /// How the column was read, for the user.
    pub fn reading(&self) -> Option<DateReading> {
        let (format, decided_by) = match (&self.given, &self.decision) {
            (Some(format), _) => (format.clone(), "--date-format".to_owned()),
            (None, None) if self.iso => (ISO.to_owned(), "ISO dates".to_owned()),
            (None, None) => return None,
            (None, Some(decision)) if decision.serial => {
                ("day number".to_owned(), decision.reason.clone())
            }
            (None, Some(decision)) => {
                let format = decision.order.map_or_else(
                    || format!("as in `{}`", decision.example),
                    |order| order.pattern(&decision.example),
                );
                (format, decision.reason.clone())
            }
        };
        let (format, decided_by) = match self.mixture() {
            Some(forms) => (forms, self.mixture_reason(decided_by)),
            None => (format, decided_by),
        };
        Some(DateReading {
            column: self.name.clone(),
            format,
            decided_by,
        })
    }
}

/// ISO dates as `--date-format` would have them.
const ISO: &str = "%Y-%m-%d";

impl DateColumn {
    /// All forms of a column that mixes several.
    fn mixture(&self) -> Option<String> {
        let serial = self.decision.as_ref().is_some_and(|found| found.serial);
        if self.given.is_some() || serial || self.forms.len() + usize::from(self.iso) < 2 {
            return None;
        }
        let order = self.decision.as_ref().and_then(|decision| decision.order);
        let others = self.forms.iter();
        let others = others.map(|(form, example)| form.written(example, order));
        let iso = self.iso.then(|| ISO.to_owned());
        let forms: Vec<String> = iso.into_iter().chain(others).collect();
        Some(forms.join(" and "))
    }

    fn mixture_reason(&self, decided_by: String) -> String {
        let order = self.decision.as_ref().and_then(|decision| decision.order);
        match order {
            Some(_) => format!("mixed; {decided_by}"),
            None => "mixed; each can be read in one way only".to_owned(),
        }
    }
}

/// What a numeric date is under each order that gives one, with the option that says so.
fn numeric_readings(text: &str) -> Vec<String> {
    let reading = |order: Order| {
        let moment = moment::parse(text)?;
        let date = moment.day.resolve(Some(order))?;
        Some(format!(
            "{date} with `--date-format {}`",
            order.pattern(text)
        ))
    };
    [Order::DayFirst, Order::MonthFirst]
        .into_iter()
        .filter_map(reading)
        .collect()
}

/// A cell of the column: line and text.
type Found = (u32, String);

fn proof((line, text): &Found, first: &str) -> String {
    format!("`{text}` on line {line} can only be {first} first")
}

/// What the dates of a column prove.
#[derive(Default)]
struct Evidence {
    day_first: Option<Found>,
    month_first: Option<Found>,
    undecided: Option<Found>,
    equal: Option<String>,
    serial: bool,
    /// A date with its whole year first.
    year_first: Option<Found>,
    /// A date with dashes and two digits of a year, which may be its first two.
    short_year: Option<Found>,
}

impl Evidence {
    fn collect(cell: usize, rows: Rows<'_>) -> Self {
        let mut evidence = Self {
            serial: true,
            ..Self::default()
        };
        let mut records = rows.records();
        let mut record = Record::default();
        while records.next(&mut record) {
            let bytes = record.get(rows.text, cell);
            if let Ok(text) = std::str::from_utf8(bytes)
                && !text.is_empty()
            {
                evidence.add(record.line(), text);
            }
        }
        evidence
    }

    fn add(&mut self, line: u32, text: &str) {
        self.serial = self.serial && moment::serial(text).is_some();
        let found = || (line, text.to_owned());
        if let Some(written) = moment::written_down(text)
            && let Some(Moment {
                day: Day::Numeric { first, second, .. },
                ..
            }) = moment::parse(written)
        {
            // The day that does not count proves the order as well.
            let slot = match (first > 12, second > 12) {
                (true, _) => Some(&mut self.day_first),
                (false, true) => Some(&mut self.month_first),
                (false, false) => None,
            };
            if let Some(slot) = slot {
                slot.get_or_insert_with(found);
            }
        }
        if moment::iso(text.as_bytes()).is_some() {
            self.year_first.get_or_insert_with(found);
            return;
        }
        if moment::short_year_first(text).is_some() {
            self.short_year.get_or_insert_with(found);
        }
        let Some(Moment {
            day: Day::Numeric { first, second, .. },
            ..
        }) = moment::parse(text)
        else {
            return;
        };
        let slot = if first > 12 {
            &mut self.day_first
        } else if second > 12 {
            &mut self.month_first
        } else if first != second {
            &mut self.undecided
        } else {
            self.equal.get_or_insert_with(|| text.to_owned());
            return;
        };
        slot.get_or_insert_with(found);
    }
}

/// A cell read as `--date-format` says.
pub fn formatted(text: &str, format: &str) -> Option<Moment> {
    let whole = |day: NaiveDate, time: Option<chrono::NaiveTime>, offset| {
        let date = Date::new(day.year(), day.month(), day.day())?;
        let time = time
            .map(|t| t.num_seconds_from_midnight() * 1000 + (t.nanosecond() / 1_000_000).min(999));
        Some(Moment {
            day: Day::Known(date),
            time,
            offset,
        })
    };
    if let Ok(moment) = DateTime::parse_from_str(text, format) {
        let local = moment.naive_local();
        let east = Offset::East(moment.offset().local_minus_utc());
        return whole(local.date(), Some(local.time()), east);
    }
    if let Ok(moment) = NaiveDateTime::parse_from_str(text, format) {
        return whole(moment.date(), Some(moment.time()), Offset::Local);
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, format) {
        return whole(day, None, Offset::Local);
    }
    // The date in front as said, and behind it a time in any shape.
    let (day, rest) = NaiveDate::parse_and_remainder(text, format).ok()?;
    let (time, offset) = moment::time(rest.trim_start_matches([' ', ',', ';', 'T']))?;
    let moment = whole(day, None, offset)?;
    Some(Moment {
        time: Some(time),
        ..moment
    })
}

/// Whether a format string names days: one that was written by it is read again.
pub fn valid_format(format: &str) -> bool {
    let day = NaiveDate::from_ymd_opt(2031, 11, 23).and_then(|day| day.and_hms_opt(17, 42, 9));
    let Some(day) = day.map(|day| day.and_utc()) else {
        return false;
    };
    let mut text = String::new();
    // What is no format is an error of writing.
    let written = write!(text, "{}", day.format(format)).is_ok();
    let read = formatted(&text, format).map(|moment| moment.day);
    let date = day.date_naive();
    written && read == Date::new(date.year(), date.month(), date.day()).map(Day::Known)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn rows_of(column: &str) -> Rows<'_> {
        Rows {
            text: column.as_bytes(),
            delimiter: b',',
            from: (0, 1),
            file: 0,
            columns: 1,
            asked: None,
        }
    }

    fn read(column: &str, given: Option<&str>) -> (Vec<String>, Vec<Problem>) {
        let rows = rows_of(column);
        let mut dates = DateColumn::new(0, "date", given);
        let mut problems = Vec::new();
        let found = column
            .lines()
            .map(
                |text| match dates.read(text.as_bytes(), rows, &mut problems) {
                    Ok(moment) => moment.day.resolve(None).unwrap().to_string(),
                    Err(why) => format!("{why:?}"),
                },
            )
            .collect();
        (found, problems)
    }

    #[test]
    fn one_part_over_twelve_decides_the_whole_column() {
        assert_eq!(
            read("01/02/2024\n03/25/2024", None).0,
            ["2024-01-02", "2024-03-25"]
        );
        assert_eq!(
            read("01/02/2024\n25/03/2024", None).0,
            ["2024-02-01", "2024-03-25"]
        );
        assert_eq!(
            read("2024-01-02\n25/03/2024\n01/02/2024", None).0,
            ["2024-01-02", "2024-03-25", "2024-02-01"]
        );
        assert_eq!(read("05/05/2024", None).0, ["2024-05-05"]);
    }

    #[test]
    fn what_nothing_decides_is_refused_once_with_both_readings() {
        let (found, problems) = read("01/02/2024\n03/04/2024", None);
        assert_eq!(found, ["Refused", "Refused"]);
        assert_eq!(problems.len(), 1);
        assert_eq!(
            problems[0].notes,
            [
                "it is 2024-02-01 with `--date-format %d/%m/%Y`, or 2024-01-02 with `--date-format %m/%d/%Y`"
            ]
        );
    }

    #[test]
    fn contradicting_proofs_are_an_error() {
        assert_eq!(read("25/02/2024\n03/25/2024", None).1.len(), 1);
    }

    #[test]
    fn a_given_format_holds() {
        assert_eq!(read("01/02/2024", Some("%d/%m/%Y")).0, ["2024-02-01"]);
        assert_eq!(
            read("01/02/2024 10:00 PM", Some("%d/%m/%Y")).0,
            ["2024-02-01"]
        );
        assert_eq!(read("01.02.24", Some("%d/%m/%Y")).0, ["Text"]);
        assert!(!valid_format("%Q") && !valid_format("nothing") && valid_format("%d.%m.%y"));
        // A day of the year is a day, as is a count of seconds.
        let names_days = [
            "%Y-%m-%dT%H:%M:%S%z",
            "%b %e, %Y %I:%M %p",
            "%D",
            "%j %Y",
            "%s",
        ];
        assert_eq!(names_days.map(valid_format), [true; 5]);
        assert_eq!(
            ["%Y", "%d%d%d", "%d.%m", "%m/%Y"].map(valid_format),
            [false; 4]
        );
    }

    #[test]
    fn a_year_of_two_digits_beside_whole_years_may_be_first_or_last() {
        let (found, problems) = read("2024-01-02\n24-02-03\n2024-03-04", None);
        assert_eq!(found, ["2024-01-02", "Refused", "2024-03-04"]);
        assert_eq!(
            problems[0].notes,
            [
                "it is 2024-02-03 with `--date-format %y-%m-%d`, or 2003-02-24 with `--date-format %d-%m-%y`"
            ]
        );
        let first = read("2024-01-02\n24-02-03", Some("%y-%m-%d")).0;
        assert_eq!(first, ["2024-01-02", "2024-02-03"]);
        // Of these the year can only be last: no month is the 25th, and dots do not stand in ISO dates.
        assert_eq!(read("2024-01-02\n03-25-24", None).0[1], "2024-03-25");
        assert_eq!(read("2024-01-02\n24.02.03", None).0[1], "2003-02-24");
        assert_eq!(read("25-03-24\n24-02-03", None).0[1], "2003-02-24");
    }

    #[test]
    fn a_column_that_mixes_forms_names_them_all() {
        let forms = |column: &str| {
            let rows = rows_of(column);
            let mut dates = DateColumn::new(0, "date", None);
            for text in column.lines() {
                dates.read(text.as_bytes(), rows, &mut Vec::new()).unwrap();
            }
            let reading = dates.reading().unwrap();
            (reading.format, reading.decided_by)
        };
        let (format, decided_by) =
            forms("2024-01-02\n01/15/2024\n2/1/2024\n3 May 2024\n2024/06/01");
        assert_eq!(
            format,
            "%Y-%m-%d and %m/%d/%Y and as in `3 May 2024` and %Y/%m/%d"
        );
        assert_eq!(
            decided_by,
            "mixed; `01/15/2024` on line 2 can only be month first"
        );
        assert_eq!(
            forms("2024-01-02\n20240103").0,
            "%Y-%m-%d and as in `20240103`"
        );
        assert_eq!(forms("01/15/2024\n2/1/2024").0, "%m/%d/%Y");
    }

    #[test]
    fn day_numbers_are_dates_where_the_column_has_nothing_else() {
        assert_eq!(read("45292\n45293", None).0, ["2024-01-01", "2024-01-02"]);
        assert_eq!(read("45292\nx", None).0, ["Text", "Text"]);
    }
}
