//! Exchange rates into the report's currency: by day, from a file of the user.
//!
//! Two layouts are read: `date,currency,rate` with units of the report's currency per unit of the named one, and the
//! wide one of the European Central Bank, a column per currency with its units per euro.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts and positions of what is in memory"
)]

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::date::Date;
use crate::money::{Money, OutOfRange};
use crate::trade::{History, Trade};

/// Days before the day before a trade that holidays may leave without a rate; more are a gap in the file.
const WITHOUT_RATES: i32 = 5;

/// Rates by currency and day.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    long: BTreeMap<String, BTreeMap<Date, Decimal>>,
    per_euro: BTreeMap<String, BTreeMap<Date, Decimal>>,
    /// `--rate-fallback previous`: a day without a rate takes the last one before it.
    pub previous: bool,
    /// Whether the rate of the settlement day counts where a row has one (26 CFR 1.988-2: the United States).
    pub by_settlement: bool,
    /// Whether the last rate before the day counts (PIT s 11a: Poland, the last working day before).
    day_before: bool,
    report: String,
}

/// A rate found: the day it is of, and what to multiply by and divide by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The day of the rate.
    pub date: Date,
    times: Decimal,
    over: Decimal,
}

impl Rate {
    /// An amount in the report's currency.
    ///
    /// # Errors
    /// Amounts out of range.
    pub fn convert(&self, amount: Money) -> Result<Money, OutOfRange> {
        amount.times_over(self.times, self.over)
    }

    /// The rate as a number: units of the report's currency per unit of the other, to twelve places.
    pub fn text(&self) -> String {
        let one = Money::new(Decimal::ONE).and_then(|one| self.convert(one));
        one.map(|rate| rate.to_decimal().round_dp(12).normalize().to_string())
            .unwrap_or_default()
    }
}

/// What some currencies were worth since 1999, in hundred thousandths of a dollar: the least and the most, rounded outward.
/// Only a warning hangs on it.
const WORTH: [(&str, i64, i64); 24] = [
    ("USD", 100_000, 100_000),
    ("EUR", 80_000, 165_000),
    ("GBP", 100_000, 215_000),
    ("JPY", 550, 1_400),
    ("CHF", 50_000, 145_000),
    ("CAD", 58_000, 115_000),
    ("AUD", 45_000, 115_000),
    ("NZD", 38_000, 92_000),
    ("SEK", 7_500, 18_000),
    ("NOK", 8_500, 21_000),
    ("DKK", 11_000, 22_500),
    ("PLN", 19_000, 52_000),
    ("CZK", 2_000, 7_000),
    ("HUF", 220, 720),
    ("INR", 1_000, 3_000),
    ("CNY", 11_500, 17_500),
    ("HKD", 12_500, 13_200),
    ("SGD", 50_000, 86_000),
    ("KRW", 55, 120),
    ("TWD", 2_700, 3_800),
    ("MXN", 3_500, 12_000),
    ("BRL", 15_000, 68_000),
    ("ZAR", 4_500, 18_000),
    ("ILS", 20_000, 36_000),
];

/// How a rate is off, where it cannot be right as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// Its inverse could be.
    Inverse,
    /// A hundredth of it could be.
    Hundredfold,
}

/// How a rate from one currency into another is off by far from what the two were ever worth; nothing of pairs that are
/// not well known, and of those near 1, whose inverse is as likely.
pub fn off(currency: &str, report: &str, rate: Decimal) -> Option<Off> {
    let worth = |code: &str| WORTH.iter().find(|(known, ..)| *known == code);
    let (_, least, most) = worth(currency)?;
    let (_, least_of_report, most_of_report) = worth(report)?;
    let ratio = |one: i64, other: i64| Decimal::from(one).checked_div(Decimal::from(other));
    let (low, high) = (
        ratio(*least, *most_of_report)?,
        ratio(*most, *least_of_report)?,
    );
    let two = Decimal::TWO;
    let may_be = |rate: Decimal, slack: Decimal| {
        let within = (low.checked_div(slack)?, high.checked_mul(slack)?);
        Some(within.0 <= rate && rate <= within.1)
    };
    if currency == report || may_be(rate, two)? {
        return None;
    }
    let some = Decimal::new(125, 2);
    if may_be(Decimal::ONE.checked_div(rate)?, some)? {
        return Some(Off::Inverse);
    }
    may_be(rate.checked_div(Decimal::ONE_HUNDRED)?, some)?.then_some(Off::Hundredfold)
}

/// What is wrong with a file of rates, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongRates {
    /// The line, counted from 1.
    pub line: u32,
    /// The cell, if one is to blame.
    pub cell: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What separates cells.
    pub delimiter: u8,
}

impl Rates {
    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it, with the line.
    pub fn parse(text: &str) -> Result<Self, WrongRates> {
        let text = text.trim_start_matches('\u{feff}');
        let lines = text.lines().enumerate();
        let mut lines = lines.filter(|(_, line)| !line.trim().is_empty());
        let (top, header) = lines.next().unwrap_or((0, ""));
        let mark = if header.contains(';') { ';' } else { ',' };
        let wrong = |line: usize, cell: Option<usize>, message: String| WrongRates {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            cell,
            message,
            delimiter: mark as u8,
        };
        if header.is_empty() {
            return Err(wrong(1, None, "the rates are empty".to_owned()));
        }
        let names: Vec<String> = cells(header, mark);
        let lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
        let column = |name: &str| lower.iter().position(|known| known == name);
        let date = column("date")
            .ok_or_else(|| wrong(top + 1, None, "the rates have no column `date`".to_owned()))?;
        let mut rates = Self::default();
        for (index, line) in lines {
            let cells = cells(line, mark);
            let cell = |place: usize| cells.get(place).map_or("", String::as_str);
            let wrong = |place: usize, what: &str| {
                let message = format!("`{}` is no {what}", cell(place));
                wrong(index + 1, Some(place), message)
            };
            let day = Date::parse_iso(cell(date)).ok_or_else(|| wrong(date, "date"))?;
            match (column("currency"), column("rate")) {
                (Some(currency), Some(rate)) => {
                    let code = cell(currency).to_uppercase();
                    let value = number(cell(rate)).ok_or_else(|| wrong(rate, "rate above zero"))?;
                    rates.long.entry(code).or_default().insert(day, value);
                }
                _ => {
                    for (place, name) in names.iter().enumerate().filter(|(p, _)| *p != date) {
                        if matches!(cell(place), "" | "N/A") || name.is_empty() {
                            continue;
                        }
                        let value =
                            number(cell(place)).ok_or_else(|| wrong(place, "rate above zero"))?;
                        let code = name.to_uppercase();
                        rates.per_euro.entry(code).or_default().insert(day, value);
                    }
                }
            }
        }
        Ok(rates)
    }

    /// The same rates into a currency; where none is named, into that of the rows.
    #[must_use]
    pub fn to(&self, currency: &str, history: &History) -> Self {
        let of_rows = || {
            let mut named = history
                .trades
                .iter()
                .filter_map(|trade| trade.rest().currency.as_deref());
            named.next().unwrap_or("USD").to_owned()
        };
        Self {
            report: if currency.is_empty() {
                of_rows()
            } else {
                currency.to_owned()
            },
            by_settlement: currency == "USD",
            day_before: currency == "PLN",
            ..self.clone()
        }
    }

    /// The rates that name a currency, a day and units of the report's currency.
    pub fn stated(&self) -> impl Iterator<Item = (&str, Date, Decimal)> {
        self.long.iter().flat_map(|(currency, by_day)| {
            let days = by_day.iter();
            days.map(move |(day, rate)| (currency.as_str(), *day, *rate))
        })
    }

    /// The currency converted into.
    pub fn report(&self) -> &str {
        &self.report
    }

    /// The day whose rate a row takes: that of the trade, in the United States that of settlement where it is known, in
    /// Poland the one before the trade.
    pub fn day(&self, trade: &Trade) -> Date {
        match trade.rest().settled {
            Some(settled) if self.by_settlement => settled,
            Some(_) | None if self.day_before => trade.date.plus(-1),
            Some(_) | None => trade.date,
        }
    }

    /// The rate of a currency on a day.
    pub fn rate(&self, currency: &str, day: Date) -> Option<Rate> {
        if let Some((date, rate)) = self.long.get(currency).and_then(|by| self.on(by, day)) {
            return Some(Rate {
                date,
                times: rate,
                over: Decimal::ONE,
            });
        }
        let (date, over) = self.euro(currency, day)?;
        let (other, times) = self.euro(&self.report, date)?;
        let date = date.min(other);
        Some(Rate { date, times, over })
    }

    /// Units of a currency per euro.
    fn euro(&self, currency: &str, day: Date) -> Option<(Date, Decimal)> {
        if currency == "EUR" {
            return (!self.per_euro.is_empty()).then_some((day, Decimal::ONE));
        }
        self.on(self.per_euro.get(currency)?, day)
    }

    fn on(&self, by_day: &BTreeMap<Date, Decimal>, day: Date) -> Option<(Date, Decimal)> {
        let found = if self.previous {
            by_day.range(..=day).next_back()
        } else if self.day_before {
            by_day.range(day.plus(-WITHOUT_RATES)..=day).next_back()
        } else {
            by_day.get_key_value(&day)
        };
        found.map(|(date, rate)| (*date, *rate))
    }
}

/// Decimal places of a currency's minor unit (ISO 4217).
pub fn places(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

fn cells(line: &str, mark: char) -> Vec<String> {
    line.split(mark)
        .map(|cell| cell.trim().trim_matches('"').trim().to_owned())
        .collect()
}

fn number(text: &str) -> Option<Decimal> {
    let value = Decimal::from_str_exact(text).ok()?;
    (value > Decimal::ZERO).then_some(value)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        Date::parse_iso(text).unwrap()
    }

    #[test]
    fn a_long_file_gives_report_currency_per_unit() {
        let rates = Rates::parse("\n \ndate,currency,rate\n2024-01-02,USD,0.79\n").unwrap();
        let rates = rates.to("GBP", &History::default());
        let rate = rates.rate("USD", day("2024-01-02")).unwrap();
        assert_eq!(rate.text(), "0.79");
        assert_eq!(rates.rate("USD", day("2024-01-03")), None);
        let rates = Rates {
            previous: true,
            ..rates
        };
        let rate = rates.rate("USD", day("2024-01-07")).unwrap();
        assert_eq!((rate.date, rate.text()), (day("2024-01-02"), "0.79".into()));
    }

    #[test]
    fn the_wide_file_is_per_euro_and_crosses() {
        let text = "Date,USD,GBP,\n2024-01-02,1.25,0.8,\n2024-01-03,N/A,0.8,\n";
        let rates = Rates::parse(text).unwrap();
        let euro = rates.to("EUR", &History::default());
        assert_eq!(euro.rate("USD", day("2024-01-02")).unwrap().text(), "0.8");
        let pound = rates.to("GBP", &History::default());
        assert_eq!(pound.rate("USD", day("2024-01-02")).unwrap().text(), "0.64");
        assert_eq!(pound.rate("EUR", day("2024-01-02")).unwrap().text(), "0.8");
        assert_eq!(pound.rate("USD", day("2024-01-03")), None);
    }

    #[test]
    fn a_bad_line_is_named() {
        let wrong = Rates::parse("date,currency,rate\n2024-01-02,USD,0\n").unwrap_err();
        assert_eq!((wrong.line, wrong.cell), (2, Some(2)));
        assert_eq!(wrong.message, "`0` is no rate above zero");
        assert!(Rates::parse("day,rate\n").is_err());
    }
}
