//! Calendar days: arithmetic in whole days, tax years, and the more-than-one-year test.

#![allow(clippy::arithmetic_side_effects, reason = "months of one date")]

use std::fmt;
use std::num::NonZeroI32;

use chrono::{Datelike, NaiveDate};

/// A calendar day between 1900-01-01 and 2199-12-31.
///
/// Held as the number of days since 0000-12-31, so that windows are plain additions and an absent date costs nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(NonZeroI32);

/// The years a date may lie in; anything outside is a misread column rather than a trade.
pub const YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

impl Date {
    /// The first day there is: 1900-01-01.
    pub const FIRST: Self = Self(NonZeroI32::new(693_596).unwrap());

    /// The day named by year, month and day, if there is one and it lies within [`YEARS`].
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        if !YEARS.contains(&year) {
            return None;
        }
        NaiveDate::from_ymd_opt(year, month, day).and_then(Self::from_naive)
    }

    /// The day written `YYYY-MM-DD`.
    pub fn parse_iso(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        let lengths = [year.len(), month.len(), day.len()] == [4, 2, 2];
        lengths.then(|| Self::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))?
    }

    fn from_naive(day: NaiveDate) -> Option<Self> {
        YEARS
            .contains(&day.year())
            .then(|| NonZeroI32::new(day.num_days_from_ce()).map(Self))?
    }

    fn naive(self) -> NaiveDate {
        NaiveDate::from_num_days_from_ce_opt(self.0.get()).unwrap_or_default()
    }

    /// Year, month and day.
    pub fn ymd(self) -> (i32, u32, u32) {
        let day = self.naive();
        (day.year(), day.month(), day.day())
    }

    /// The calendar year.
    pub fn year(self) -> i32 {
        self.naive().year()
    }

    /// The day `days` later (earlier when negative). Windows may reach past [`YEARS`]; they are only compared.
    pub fn plus(self, days: i32) -> Self {
        Self(NonZeroI32::new(self.0.get().saturating_add(days)).unwrap_or(NonZeroI32::MIN))
    }

    /// Whole days from `earlier` to this day; negative when it is the later one.
    pub fn days_since(self, earlier: Self) -> i32 {
        self.0.get().saturating_sub(earlier.0.get())
    }

    /// Days since 0000-12-31, for places that pack a date beside other things.
    pub fn number(self) -> i32 {
        self.0.get()
    }

    /// The same month and day `years` later; 29 February becomes 1 March.
    pub fn add_years(self, years: i32) -> Self {
        let (year, month, day) = self.ymd();
        let later = NaiveDate::from_ymd_opt(year.saturating_add(years), month, day)
            .or_else(|| NaiveDate::from_ymd_opt(year.saturating_add(years), 3, 1));
        later
            .and_then(|d| NonZeroI32::new(d.num_days_from_ce()))
            .map_or(self, Self)
    }

    /// The same day of the month `months` later; a day that month does not have becomes the first of the next.
    pub fn add_months(self, months: u32) -> Self {
        let (year, month, day) = self.ymd();
        let count = month.saturating_sub(1).saturating_add(months);
        let (year, month) = (year.saturating_add((count / 12) as i32), count % 12 + 1);
        let later = NaiveDate::from_ymd_opt(year, month, day).or_else(|| {
            NaiveDate::from_ymd_opt(year, month, 1)?.checked_add_months(chrono::Months::new(1))
        });
        later
            .and_then(|d| NonZeroI32::new(d.num_days_from_ce()))
            .map_or(self, Self)
    }

    /// The first day on which a sale of something held from this day is long-term: the period starts on the day
    /// after acquisition and must be MORE than one year (26 USC 1222, Rev. Rul. 66-7).
    pub fn first_long_term_day(self) -> Self {
        self.plus(1).add_years(1)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The day on which a country's tax year begins, and how its years are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaxYear {
    /// Month of the first day, 1 to 12.
    pub month: u32,
    /// First day of the year within that month.
    pub day: u32,
    /// How a year is written.
    pub label: YearLabel,
}

/// How a tax year is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YearLabel {
    /// `2024`: the calendar year it begins in.
    Begins,
    /// `2025` for the year that ends in 2025.
    Ends,
    /// `2024-25`.
    Span,
}

impl TaxYear {
    /// The calendar year.
    pub const CALENDAR: Self = Self {
        month: 1,
        day: 1,
        label: YearLabel::Begins,
    };

    /// The tax year a day belongs to, named by the calendar year in which it begins.
    pub fn of(self, date: Date) -> i32 {
        let (year, month, day) = date.ymd();
        if (month, day) < (self.month, self.day) {
            year.saturating_sub(1)
        } else {
            year
        }
    }

    /// The last day of the tax year that begins in `year`.
    pub fn last_day(self, year: i32) -> Option<Date> {
        Date::new(year, self.month, self.day).map(|first| first.add_years(1).plus(-1))
    }

    /// The tax year as it is written in results.
    pub fn written(self, year: i32) -> String {
        let next = year.saturating_add(1);
        match self.label {
            YearLabel::Begins => format!("{year}"),
            YearLabel::Ends => format!("{next}"),
            YearLabel::Span => format!("{year}-{:02}", next.rem_euclid(100)),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        let part: Vec<i32> = text.split('-').map(|p| p.parse().unwrap()).collect();
        Date::new(part[0], part[1] as u32, part[2] as u32).unwrap()
    }

    #[test]
    fn long_term_begins_the_day_after_one_full_year() {
        for (acquired, first) in [
            ("2024-06-17", "2025-06-18"),
            ("2024-01-31", "2025-02-01"),
            ("2023-02-28", "2024-03-01"),
            ("2024-02-28", "2025-03-01"),
            ("2024-02-29", "2025-03-01"),
            ("2023-06-01", "2024-06-02"),
            ("2023-12-31", "2025-01-01"),
        ] {
            assert_eq!(
                date(acquired).first_long_term_day(),
                date(first),
                "{acquired}"
            );
        }
    }

    #[test]
    fn a_date_prints_as_iso_and_absent_ones_cost_nothing() {
        assert_eq!(date("1935-06-01").to_string(), "1935-06-01");
        assert_eq!(size_of::<Option<Date>>(), 4);
        assert_eq!(Date::new(2023, 2, 29), None);
        assert_eq!(Date::new(24, 1, 2), None);
        assert_eq!(Date::FIRST.to_string(), "1900-01-01");
    }

    #[test]
    fn tax_years_begin_where_the_country_says() {
        let uk = TaxYear {
            month: 4,
            day: 6,
            label: YearLabel::Span,
        };
        assert_eq!(uk.written(uk.of(date("2025-04-05"))), "2024-25");
        assert_eq!(uk.written(uk.of(date("2025-04-06"))), "2025-26");
        assert_eq!(uk.last_day(2024), Some(date("2025-04-05")));
        assert_eq!(uk.written(1999), "1999-00");
    }
}
