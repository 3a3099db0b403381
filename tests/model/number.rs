//! Exact fractions, and days counted as the law counts them.

use chrono::{Datelike, NaiveDate};
use num_bigint::BigInt;
pub use num_rational::BigRational as Ratio;

/// The day with this number; day 0 is the first of every random history.
pub fn day(number: i32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2022, 1, 3).unwrap() + chrono::Duration::days(number.into())
}

pub fn whole(number: i64) -> Ratio {
    Ratio::from_integer(number.into())
}

pub fn cents(number: i64) -> Ratio {
    Ratio::new(number.into(), 100.into())
}

/// A plain decimal such as `-12.5`.
pub fn decimal(text: &str) -> Ratio {
    let (before, after) = text.split_once('.').unwrap_or((text, ""));
    let digits: BigInt = format!("{before}{after}").parse().unwrap();
    Ratio::new(digits, BigInt::from(10).pow(after.len() as u32))
}

/// Whether what was held from `from` is long-term when sold on `sold`: leave out the day of acquisition, count the
/// day of disposal, and there must be MORE than one year (26 USC 1222; Rev. Rul. 66-7).
pub fn is_long(from: NaiveDate, sold: NaiveDate) -> bool {
    let first = from + chrono::Duration::days(1);
    let a_year_on = NaiveDate::from_ymd_opt(first.year() + 1, first.month(), first.day());
    sold >= a_year_on.unwrap_or_else(|| NaiveDate::from_ymd_opt(first.year() + 1, 3, 1).unwrap())
}
