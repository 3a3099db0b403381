//! Dates and times as files write them: recognizing the shape of one cell. Which of day and month comes first is
//! decided elsewhere, over the whole column.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "parts of a day or a clock, each checked for its range before"
)]

use crate::date::Date;

/// Which part of a numeric date comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Day, month, year.
    DayFirst,
    /// Month, day, year.
    MonthFirst,
}

impl Order {
    /// The format string that says so, with the separator and length of year of `example`.
    pub fn pattern(self, example: &str) -> String {
        let separator = example
            .chars()
            .find(|c| matches!(c, '/' | '-' | '.'))
            .unwrap_or('/');
        let digits_of_year = example
            .split(|c: char| !c.is_ascii_digit())
            .nth(2)
            .map_or(4, str::len);
        let year = if digits_of_year == 2 { "%y" } else { "%Y" };
        match self {
            Self::DayFirst => format!("%d{separator}%m{separator}{year}"),
            Self::MonthFirst => format!("%m{separator}%d{separator}{year}"),
        }
    }
}

/// A date as written, before the order of day and month is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// Certain.
    Known(Date),
    /// Two small numbers and a year.
    Numeric {
        /// The first number.
        first: u32,
        /// The second.
        second: u32,
        /// The year.
        year: i32,
    },
}

impl Day {
    /// The date, given the order.
    pub fn resolve(self, order: Option<Order>) -> Option<Date> {
        match (self, order) {
            (Self::Known(date), _) => Some(date),
            (
                Self::Numeric {
                    first,
                    second,
                    year,
                },
                Some(Order::DayFirst),
            ) => Date::new(year, second, first),
            (
                Self::Numeric {
                    first,
                    second,
                    year,
                },
                Some(Order::MonthFirst),
            ) => Date::new(year, first, second),
            (Self::Numeric { .. }, None) => None,
        }
    }
}

/// How a time is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offset {
    /// As written, wherever that is: never shifted.
    Local,
    /// Seconds east of UTC.
    East(i32),
}

/// A date with perhaps a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The day as written.
    pub day: Day,
    /// Milliseconds after midnight, where a time is written.
    pub time: Option<u32>,
    /// What the time counts from.
    pub offset: Offset,
}

/// `YYYY-MM-DD` alone or with a time after `T` or a blank: the shape of nearly every cell.
#[inline]
pub fn iso(bytes: &[u8]) -> Option<Moment> {
    let (date, rest) = bytes.split_first_chunk::<10>()?;
    if date[4] != b'-' || date[7] != b'-' {
        return None;
    }
    let year = two(date[0], date[1])? * 100 + two(date[2], date[3])?;
    let month = two(date[5], date[6])?;
    let day = two(date[8], date[9])?;
    iso_time(
        Day::Known(Date::new(i32::try_from(year).ok()?, month, day)?),
        rest,
    )
}

/// The time behind an ISO date: nothing, `T15:30`, `T15:30:00Z`.
#[inline]
pub fn iso_time(day: Day, rest: &[u8]) -> Option<Moment> {
    let (time, offset) = match rest {
        [] => (None, Offset::Local),
        [b'T' | b' ', time @ ..] => {
            let (milliseconds, zone) = clock(time)?;
            let offset = match zone {
                [] => Offset::Local,
                [b'Z'] => Offset::East(0),
                _ => return None,
            };
            (Some(milliseconds), offset)
        }
        _ => return None,
    };
    Some(Moment { day, time, offset })
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| u32::from(tens) * 10 + u32::from(ones))
}

/// `HH:MM[:SS]` in front; the milliseconds and what follows.
#[inline]
fn clock(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let [h1, h2, b':', m1, m2, rest @ ..] = bytes else {
        return None;
    };
    let (hours, minutes) = (two(*h1, *h2)?, two(*m1, *m2)?);
    let (seconds, rest) = match rest {
        [b':', s1, s2, rest @ ..] => (two(*s1, *s2)?, rest),
        _ => (0, rest),
    };
    if rest.first() == Some(&b'.') {
        return None;
    }
    milliseconds(hours, minutes, seconds, 0).map(|time| (time, rest))
}

fn milliseconds(hours: u32, minutes: u32, seconds: u32, thousandths: u32) -> Option<u32> {
    (hours < 24 && minutes < 60 && seconds < 60)
        .then(|| ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths)
}

/// In `A as of B`, A: the day on which it was written down.
pub fn written_down(text: &str) -> Option<&str> {
    split_once_ignoring_case(text, " as of ").map(|(written, _)| written)
}

/// Any accepted shape.
pub fn parse(text: &str) -> Option<Moment> {
    let text = text.trim();
    if let Some(moment) = iso(text.as_bytes()) {
        return Some(moment);
    }
    // "04/20/2026 as of 04/17/2026": the second is the day it took effect, and the tax date.
    if let Some((_, effective)) = split_once_ignoring_case(text, " as of ") {
        return parse(effective);
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && !dotted(text) {
        return all_digits(text);
    }
    let (day, rest) = day(text)?;
    let rest = rest.trim_start_matches(|c: char| c == ',' || c == ';' || c.is_whitespace());
    let rest = if day_is_followed_by_t(text, rest) {
        &rest[1..]
    } else {
        rest
    };
    if rest.is_empty() {
        return Some(Moment {
            day,
            time: None,
            offset: Offset::Local,
        });
    }
    let (time, offset) = time(rest)?;
    Some(Moment {
        day,
        time: Some(time),
        offset,
    })
}

fn day_is_followed_by_t(text: &str, rest: &str) -> bool {
    rest.starts_with(['T', 't'])
        && text.len() > rest.len()
        && rest[1..].starts_with(|c: char| c.is_ascii_digit())
}

fn split_once_ignoring_case<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let at = text.to_ascii_lowercase().find(separator)?;
    Some((text.get(..at)?, text.get(at + separator.len()..)?))
}

/// Whether it is `31.12.2024` rather than a number with a decimal point.
fn dotted(text: &str) -> bool {
    text.bytes().filter(|b| *b == b'.').count() > 1
}

/// `20240131`, `20240131153000`, seconds or milliseconds since 1970.
fn all_digits(text: &str) -> Option<Moment> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    match whole.len() {
        8 if fraction.is_empty() => Some(Moment {
            day: compact_day(whole)?,
            time: None,
            offset: Offset::Local,
        }),
        14 => {
            let (day, clock) = whole.split_at_checked(8)?;
            let time = compact_time(clock)?;
            Some(Moment {
                day: compact_day(day)?,
                time: Some(time),
                offset: Offset::Local,
            })
        }
        9 | 10 => {
            epoch(whole.parse::<i64>().ok()?.checked_mul(1000)? + i64::from(thousandths(fraction)?))
        }
        12 | 13 => epoch(whole.parse::<i64>().ok()?),
        _ => None,
    }
}

fn compact_day(digits: &str) -> Option<Day> {
    let year = digits.get(..4)?.parse().ok()?;
    let month = digits.get(4..6)?.parse().ok()?;
    let day = digits.get(6..8)?.parse().ok()?;
    Date::new(year, month, day).map(Day::Known)
}

fn compact_time(digits: &str) -> Option<u32> {
    let part = |range| digits.get(range).and_then(|d: &str| d.parse().ok());
    let seconds = if digits.len() > 4 { part(4..6)? } else { 0 };
    milliseconds(part(0..2)?, part(2..4)?, seconds, 0)
}

fn epoch(milliseconds: i64) -> Option<Moment> {
    let days = i32::try_from(milliseconds.div_euclid(86_400_000)).ok()?;
    let time = u32::try_from(milliseconds.rem_euclid(86_400_000)).ok()?;
    let date = Date::new(1970, 1, 1)?.plus(days);
    let (year, month, day) = date.ymd();
    let day = Day::Known(Date::new(year, month, day)?);
    Some(Moment {
        day,
        time: Some(time),
        offset: Offset::East(0),
    })
}

/// A spreadsheet's day number, where the column holds nothing else.
pub fn serial(text: &str) -> Option<Moment> {
    let (whole, fraction) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let number: i32 = whole
        .parse()
        .ok()
        .filter(|n| (25_569..=73_415).contains(n))?;
    let fraction: f64 = format!("0.{fraction}0").parse().ok()?;
    let (year, month, day) = Date::new(1970, 1, 1)?.plus(number - 25_569).ymd();
    // A day number holds its time as a binary fraction of a day: whole seconds are what was meant.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let seconds = (fraction * 86_400.0).round() as u32;
    let time = (seconds > 0 && seconds < 86_400).then_some(seconds * 1000);
    Some(Moment {
        day: Day::Known(Date::new(year, month, day)?),
        time,
        offset: Offset::Local,
    })
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

fn month_named(word: &str) -> Option<u32> {
    let word = word.to_ascii_lowercase();
    let at = MONTHS.iter().position(|name| {
        word.len() >= 3 && name.starts_with(&word) || word == "sept" && *name == "september"
    })?;
    u32::try_from(at + 1).ok()
}

/// The date in front, and what follows it.
fn day(text: &str) -> Option<(Day, &str)> {
    let mut tokens = Tokens { rest: text };
    let first = tokens.next()?;
    if first.len() == 8 && first.bytes().all(|b| b.is_ascii_digit()) {
        return Some((compact_day(first)?, tokens.rest));
    }
    if first.len() == 14 && first.bytes().all(|b| b.is_ascii_digit()) {
        // Leave the time for the caller: "20190331001702[-7:PST]".
        return Some((
            compact_day(&first[..8])?,
            &text[text.len() - tokens.rest.len() - 6..],
        ));
    }
    let separator = tokens.rest.chars().next();
    let second = tokens.next()?;
    let third = tokens.next()?;
    if let Some(month) = month_named(first) {
        return named(third, month, ordinal(second)).map(|day| (day, tokens.rest));
    }
    if let Some(month) = month_named(second) {
        return if first.len() == 4 && first.bytes().all(|b| b.is_ascii_digit()) {
            named(first, month, third).map(|day| (day, tokens.rest))
        } else {
            named(third, month, ordinal(first)).map(|day| (day, tokens.rest))
        };
    }
    if !matches!(separator, Some('/' | '-' | '.')) {
        return None;
    }
    let number = |token: &str| token.parse::<u32>().ok();
    if first.len() == 4 {
        let date = Date::new(first.parse().ok()?, number(second)?, number(third)?)?;
        return Some((Day::Known(date), tokens.rest));
    }
    if first.len() > 2 || second.len() > 2 {
        return None;
    }
    numeric(number(first)?, number(second)?, year(third)?).map(|day| (day, tokens.rest))
}

fn ordinal(token: &str) -> &str {
    token.trim_end_matches(|c: char| c.is_ascii_alphabetic())
}

fn named(written_year: &str, month: u32, day: &str) -> Option<Day> {
    Date::new(year(written_year)?, month, day.parse().ok()?).map(Day::Known)
}

/// A year of four digits, or of two: 70 to 99 are 19xx.
fn year(token: &str) -> Option<i32> {
    let number: i32 = token.parse().ok()?;
    match token.len() {
        4 => Some(number),
        2 if number >= 70 => Some(1900 + number),
        2 => Some(2000 + number),
        _ => None,
    }
}

/// `24-01-31`, perhaps with a time: year, month and day if the first number is taken for the year.
pub fn short_year_first(text: &str) -> Option<(i32, u32, u32)> {
    let head: &[u8; 8] = text.as_bytes().first_chunk()?;
    let [y1, y2, b'-', m1, m2, b'-', d1, d2] = *head else {
        return None;
    };
    let alone = text
        .as_bytes()
        .get(8)
        .is_none_or(|next| !next.is_ascii_digit());
    let year = year(text.get(..2)?)?;
    let (_, month, day) = (two(y1, y2)?, two(m1, m2)?, two(d1, d2)?);
    Date::new(year, month, day)?;
    alone.then_some((year, month, day))
}

/// Two numbers and a year: certain only where both orders give the same day.
fn numeric(first: u32, second: u32, year: i32) -> Option<Day> {
    let day_first = Date::new(year, second, first);
    let month_first = Date::new(year, first, second);
    if day_first.is_none() && month_first.is_none() {
        return None;
    }
    Some(Day::Numeric {
        first,
        second,
        year,
    })
}

/// Runs of letters and runs of digits, whatever stands between them.
struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let start = self.rest.find(|c: char| c.is_ascii_alphanumeric())?;
        let between = &self.rest[..start];
        if between.len() > 3
            || between
                .chars()
                .any(|c| !matches!(c, '/' | '-' | '.' | ' ' | ',' | '\''))
        {
            return None;
        }
        let from = &self.rest[start..];
        let letters = from.starts_with(|c: char| c.is_ascii_alphabetic());
        let ordinal_end = |s: &str| ["st", "nd", "rd", "th"].iter().any(|e| s.starts_with(e));
        let mut length = from
            .find(|c: char| {
                if letters {
                    !c.is_ascii_alphabetic()
                } else {
                    !c.is_ascii_digit()
                }
            })
            .unwrap_or(from.len());
        if !letters && ordinal_end(&from[length..]) {
            length += 2;
        }
        let (token, rest) = from.split_at(length);
        self.rest = rest;
        Some(token)
    }
}

/// A time of day with AM or PM, parts of seconds and a zone.
pub fn time(text: &str) -> Option<(u32, Offset)> {
    let text = text.trim();
    let length = text
        .find(|c: char| !(c.is_ascii_digit() || c == ':' || c == '.'))
        .unwrap_or(text.len());
    let (clock, rest) = text.split_at(length);
    let time = clock_of_day(clock)?;
    let rest = rest.trim();
    let lower = rest.to_ascii_lowercase();
    let (half, zone) = if let Some(zone) = lower
        .strip_prefix("am")
        .or_else(|| lower.strip_prefix("a.m."))
    {
        (Some(0), zone)
    } else if let Some(zone) = lower
        .strip_prefix("pm")
        .or_else(|| lower.strip_prefix("p.m."))
    {
        (Some(12), zone)
    } else {
        (None, lower.as_str())
    };
    let time = match half {
        None => time,
        Some(add) => {
            let hours = time / 3_600_000;
            if !(1..=12).contains(&hours) {
                return None;
            }
            time - hours * 3_600_000 + (hours % 12 + add) * 3_600_000
        }
    };
    Some((time, zone_offset(zone.trim())?))
}

/// `15`, `15:30`, `15:30:00`, `15:30:00.123`, `153000`.
fn clock_of_day(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let thousandths = thousandths(fraction)?;
    let mut parts = whole.split(':');
    let first = parts.next()?;
    let time = match (parts.next(), parts.next(), parts.next()) {
        (None, ..) if matches!(first.len(), 4 | 6) => compact_time(first)?,
        (None, None, None) if matches!(first.len(), 1 | 2) && fraction.is_empty() => {
            milliseconds(first.parse().ok()?, 0, 0, 0)?
        }
        (Some(minutes), None, None) => {
            milliseconds(first.parse().ok()?, minutes.parse().ok()?, 0, 0)?
        }
        (Some(minutes), Some(seconds), None) => milliseconds(
            first.parse().ok()?,
            minutes.parse().ok()?,
            seconds.parse().ok()?,
            0,
        )?,
        _ => return None,
    };
    Some(time + thousandths)
}

fn thousandths(fraction: &str) -> Option<u32> {
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let padded = format!("{fraction}000");
    padded.get(..3)?.parse().ok()
}

/// Seconds east of UTC for what follows a time: nothing, `z`, `utc`, `+02:00`, `-0500`, `[-7:pst]`, `est`.
pub fn zone_offset(zone: &str) -> Option<Offset> {
    let zone = zone
        .trim_start_matches('[')
        .trim_end_matches(']')
        .trim_start_matches('(')
        .trim_end_matches(')');
    let named = [
        ("z", 0),
        ("utc", 0),
        ("gmt", 0),
        ("est", -5),
        ("edt", -4),
        ("cst", -6),
        ("cdt", -5),
        ("mst", -7),
        ("mdt", -6),
        ("pst", -8),
        ("pdt", -7),
        ("cet", 1),
        ("cest", 2),
        ("bst", 1),
    ];
    if zone.is_empty() {
        return Some(Offset::Local);
    }
    if let Some((_, hours)) = named
        .iter()
        .find(|(name, _)| *name == zone.to_ascii_lowercase())
    {
        return Some(Offset::East(hours * 3600));
    }
    let zone = zone
        .strip_prefix("utc")
        .or_else(|| zone.strip_prefix("gmt"))
        .unwrap_or(zone)
        .trim();
    let zone = zone
        .split_once(':')
        .filter(|(_, name)| name.bytes().all(|b| b.is_ascii_alphabetic()))
        .map_or(zone, |(offset, _)| offset);
    let (sign, digits) = match zone.as_bytes().first()? {
        b'+' => (1, &zone[1..]),
        b'-' => (-1, &zone[1..]),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let number = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| text.parse::<i32>().ok())?
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 15 && minutes < 60).then_some(Offset::East(sign * (hours * 3600 + minutes * 60)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(text: &str, order: Order) -> Option<String> {
        let moment = parse(text)?;
        let day = moment.day.resolve(Some(order))?;
        let time = moment.time.map_or(String::new(), |t| {
            format!(
                " {:02}:{:02}:{:02}.{:03}",
                t / 3_600_000,
                t / 60_000 % 60,
                t / 1000 % 60,
                t % 1000
            )
        });
        let offset = match moment.offset {
            Offset::Local => String::new(),
            Offset::East(seconds) => format!(" {seconds:+}"),
        };
        Some(format!("{day}{time}{offset}"))
    }

    #[test]
    fn every_shape_in_use_is_read() {
        for (text, expected) in [
            ("2024-01-31", "2024-01-31"),
            ("2024/1/5", "2024-01-05"),
            ("2024.01.31", "2024-01-31"),
            ("01/31/2024", "2024-01-31"),
            ("1/5/2024", "2024-01-05"),
            ("01/31/24", "2024-01-31"),
            ("01-31-1999", "1999-01-31"),
            ("12/31/70", "1970-12-31"),
            ("25-Mar-2021", "2021-03-25"),
            ("31-JAN-2025", "2025-01-31"),
            ("17 APR 26", "2026-04-17"),
            ("27JUN25", "2025-06-27"),
            ("January 10, 2025", "2025-01-10"),
            ("10th September 2025", "2025-09-10"),
            ("Jan. 28, 2022, 12:31 AM", "2022-01-28 00:31:00.000"),
            ("May 5, 2020, 10:10:57 PM", "2020-05-05 22:10:57.000"),
            ("Sept 5 2020", "2020-09-05"),
            ("20240131", "2024-01-31"),
            ("20240131;153001", "2024-01-31 15:30:01.000"),
            ("20240131 153001", "2024-01-31 15:30:01.000"),
            ("2024-01-31, 15:30:01", "2024-01-31 15:30:01.000"),
            ("20190331001702[-7:PST]", "2019-03-31 00:17:02.000 -25200"),
            ("1704067200", "2024-01-01 00:00:00.000 +0"),
            ("1704067200123", "2024-01-01 00:00:00.123 +0"),
            ("2024-01-31T15:30:01Z", "2024-01-31 15:30:01.000 +0"),
            ("2024-01-31T15:30:01.1234567Z", "2024-01-31 15:30:01.123 +0"),
            ("2024-01-31T15:30:01+02:00", "2024-01-31 15:30:01.000 +7200"),
            ("2024-01-31 15:30:01 UTC", "2024-01-31 15:30:01.000 +0"),
            (
                "2024-01-31 15:30:01 -0500",
                "2024-01-31 15:30:01.000 -18000",
            ),
            ("2024-01-31 3:30 pm EST", "2024-01-31 15:30:00.000 -18000"),
            ("01/31/2024 09:05", "2024-01-31 09:05:00.000"),
            ("04/20/2026 as of 04/17/2026", "2026-04-17"),
        ] {
            assert_eq!(
                read(text, Order::MonthFirst).as_deref(),
                Some(expected),
                "{text}"
            );
        }
        assert_eq!(
            read("31.12.2024", Order::DayFirst).as_deref(),
            Some("2024-12-31")
        );
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "x",
            "2024-02-30",
            "24-1",
            "0024-01-02",
            "1899-12-31",
            "2200-01-01",
            "32/13/2024",
            "2024-01-02x",
            "2024-01-02 25:00",
            "2024-01-02T10:00:00 nowhere",
            "45000",
            "12.5",
            "13:00 PM",
            "1 2 2024",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn day_numbers_of_spreadsheets() {
        let day = |text| serial(text).map(|m| (m.day.resolve(None).unwrap().to_string(), m.time));
        assert_eq!(day("45292"), Some(("2024-01-01".into(), None)));
        assert_eq!(
            day("45292.5"),
            Some(("2024-01-01".into(), Some(43_200_000)))
        );
        assert_eq!(day("12"), None);
    }

    proptest::proptest! {
        #[test]
        fn the_fast_way_agrees_with_chrono(year in 1890i32..2210, month in 0u32..14, day in 0u32..33) {
            let text = format!("{year:04}-{month:02}-{day:02}");
            let library = chrono::NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok().map(|d| d.to_string());
            let ours = iso(text.as_bytes()).and_then(|m| m.day.resolve(None)).map(|d| d.to_string());
            let within = (1900..=2199).contains(&year);
            proptest::prop_assert_eq!(ours, library.filter(|_| within));
        }

        #[test]
        fn nothing_panics(text in "\\PC{0,20}", digits in "[0-9A-Za-z:/ .+-]{0,24}") {
            let _ = (parse(&text), parse(&digits), serial(&text), time(&digits), zone_offset(&digits));
        }
    }
}
