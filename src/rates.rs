//! Exchange rates into the report's currency: by day, from a file of the user.
//!
//! Rates are units of the report's currency per unit of another, or, as the European Central Bank states them, units of
//! each currency per euro.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::date::Date;
use crate::money::{Money, OutOfRange};
use crate::rule::Rule;
use crate::trade::{History, Trade};

/// Rates by currency and day.
pub type ByDay = BTreeMap<String, BTreeMap<Date, Decimal>>;

/// Which day's rate a row takes: a country's law.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RateDay {
    /// That of the row.
    #[default]
    Trade,
    /// That of settlement, where the row says it.
    SettlementIfKnown(&'static Rule),
    /// The last before the day of the row.
    LastBefore {
        /// How many days without a rate may lie between; more are a gap in the file.
        days: i32,
        /// The rule.
        rule: &'static Rule,
    },
}

/// Rates by currency and day.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    long: ByDay,
    per_euro: ByDay,
    /// `--rate-fallback previous`: a day without a rate takes the last one before it.
    pub previous: bool,
    day: RateDay,
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

impl Rates {
    /// Rates as a file says them: units of the report's currency per unit of the named one, and units per euro.
    pub fn new(long: ByDay, per_euro: ByDay) -> Self {
        Self {
            long,
            per_euro,
            ..Self::default()
        }
    }

    /// The same rates into a currency; where none is named, into that of the rows.
    #[must_use]
    pub fn to(&self, currency: &str, day: RateDay, history: &History) -> Self {
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
            day,
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

    /// The day whose rate a row takes.
    pub fn day(&self, trade: &Trade) -> Date {
        match self.day {
            RateDay::Trade => trade.date,
            RateDay::SettlementIfKnown(_) => trade.rest().settled.unwrap_or(trade.date),
            RateDay::LastBefore { .. } => trade.date.plus(-1),
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
        let found = match self.day {
            _ if self.previous => by_day.range(..=day).next_back(),
            RateDay::LastBefore { days, .. } => by_day
                .range(day.plus(days.saturating_neg())..=day)
                .next_back(),
            RateDay::Trade | RateDay::SettlementIfKnown(_) => by_day.get_key_value(&day),
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
