//! Cells in the canonical form: dates as ISO, numbers with the signs and units that the canonical CSV means.

use chrono::{NaiveDate, Offset as _, TimeZone as _};
use chrono_tz::Tz;
use rust_decimal::Decimal;

use crate::date::Date;
use crate::diagnostic::Problem;
use crate::import::dates::{self, DateColumn, Rows as SourceRows};
use crate::import::moment::{self, Day, Moment, Offset, Order};
use crate::import::number::{self, DecimalMark};
use crate::import::zone::Zone;

use super::mapping::{DatePick, FeeSign, Parse, PriceUnit, QuantitySign};

/// The zone of times that do not say theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceZone {
    /// The exchange's own clock: never shifted.
    None,
    /// Seconds east of UTC.
    East(i32),
    /// A place.
    Place(Tz),
}

impl SourceZone {
    /// The zone that a mapping names.
    pub fn of(parse: &Parse, header_zone: Option<i32>) -> Option<Self> {
        match parse.timezone.as_deref() {
            None | Some("none") => Some(Self::None),
            Some("from-header") => Some(Self::East(header_zone.unwrap_or(0))),
            Some(name) => match Zone::named(name)? {
                Zone::Fixed(east) => Some(Self::East(east)),
                Zone::Place(place) => Some(Self::Place(place)),
            },
        }
    }

    fn east(self, date: Date, time: u32) -> Option<i32> {
        match self {
            Self::None => None,
            Self::East(east) => Some(east),
            Self::Place(place) => {
                let (year, month, day) = date.ymd();
                let day = NaiveDate::from_ymd_opt(year, month, day)?;
                let local = day.and_hms_milli_opt(
                    time / 3_600_000,
                    time / 60_000 % 60,
                    time / 1000 % 60,
                    time % 1000,
                )?;
                // An hour that the clock shows twice is taken for the first.
                let moment = place.from_local_datetime(&local).earliest()?;
                Some(moment.offset().fix().local_minus_utc())
            }
        }
    }
}

/// Writes the dates of one column.
#[derive(Debug)]
pub struct DateWriter {
    order: Option<Order>,
    formats: Vec<String>,
    zone: SourceZone,
    pick: Option<DatePick>,
    /// Finds the order over the whole file where the mapping does not say it.
    found: DateColumn,
    last: (String, String),
}

impl DateWriter {
    /// A writer for the dates of a cell.
    pub fn new(
        parse: &Parse,
        zone: SourceZone,
        cell: usize,
        name: &str,
        given: Option<&str>,
    ) -> Self {
        let given = if parse.date.is_empty() { given } else { None };
        Self {
            order: parse.date.iter().find_map(|format| order_of(format)),
            formats: parse.date.clone(),
            zone,
            pick: parse.date_pick,
            found: DateColumn::new(cell, name, given),
            last: (String::new(), String::new()),
        }
    }

    /// How the column's dates are written.
    pub fn format(&self) -> Option<String> {
        self.formats.first().cloned()
    }

    /// The date and time in ISO form; `None` for what is no date.
    pub fn write(
        &mut self,
        text: &str,
        rows: SourceRows<'_>,
        problems: &mut Vec<Problem>,
    ) -> Option<&str> {
        if text == self.last.0 {
            return Some(&self.last.1);
        }
        let written = self.written(text, rows, problems)?;
        self.last = (text.to_owned(), written);
        Some(&self.last.1)
    }

    fn written(
        &mut self,
        text: &str,
        rows: SourceRows<'_>,
        problems: &mut Vec<Problem>,
    ) -> Option<String> {
        let text = match self.pick {
            Some(DatePick::First) => text.split(" as of ").next().unwrap_or(text),
            Some(DatePick::AsOf) | None => text,
        };
        let moment = self.moment(text.trim(), rows, problems)?;
        let date = moment.day.resolve(None)?;
        let Some(time) = moment.time else {
            return Some(date.to_string());
        };
        let east = match moment.offset {
            Offset::East(east) => Some(east),
            Offset::Local => self.zone.east(date, time),
        };
        let (date, time) = match east {
            Some(east) => {
                let (date, time) = Zone::UTC.local(date, time, east)?;
                (date, time?)
            }
            None => (date, time),
        };
        let clock = format!(
            "{:02}:{:02}:{:02}",
            time / 3_600_000,
            time / 60_000 % 60,
            time / 1000 % 60
        );
        let thousandths = match time % 1000 {
            0 => String::new(),
            rest => format!(".{rest:03}"),
        };
        let zulu = if east.is_some() { "Z" } else { "" };
        Some(format!("{date}T{clock}{thousandths}{zulu}"))
    }

    fn moment(
        &mut self,
        text: &str,
        rows: SourceRows<'_>,
        problems: &mut Vec<Problem>,
    ) -> Option<Moment> {
        if self.formats.is_empty() {
            return self.found.read(text.as_bytes(), rows, problems).ok();
        }
        // A form with the year in front in two digits looks like another date.
        if self.formats.iter().any(|format| format.starts_with("%y")) {
            let by_form = self
                .formats
                .iter()
                .find_map(|format| dates::formatted(text, format));
            if by_form.is_some() {
                return by_form;
            }
        }
        match moment::parse(text) {
            Some(
                moment @ Moment {
                    day: Day::Known(_), ..
                },
            ) => Some(moment),
            Some(moment) if self.order.is_some() => {
                let date = moment.day.resolve(self.order)?;
                Some(Moment {
                    day: Day::Known(date),
                    ..moment
                })
            }
            Some(_) | None => self
                .formats
                .iter()
                .find_map(|format| dates::formatted(text, format)),
        }
    }
}

/// Which of day and month a form has first.
fn order_of(format: &str) -> Option<Order> {
    let day = format.find("%d").or_else(|| format.find("%-d"))?;
    let month = format.find("%m").or_else(|| format.find("%-m"))?;
    Some(if day < month {
        Order::DayFirst
    } else {
        Order::MonthFirst
    })
}

/// How the numbers of one file are written.
#[derive(Clone, Debug)]
pub struct Numbers {
    mark: DecimalMark,
    null: Vec<String>,
    strip: Vec<char>,
}

impl Numbers {
    /// As a mapping says.
    pub fn of(parse: &Parse, comma: bool) -> Self {
        let mark = match parse.decimal.as_deref() {
            Some(",") => DecimalMark::Comma,
            Some("auto") | None if comma => DecimalMark::Comma,
            _ => DecimalMark::Point,
        };
        Self {
            mark,
            null: parse.null.clone(),
            strip: parse.strip.iter().flat_map(|text| text.chars()).collect(),
        }
    }

    /// Whether every number must be rewritten.
    pub fn rewrites(&self) -> bool {
        self.mark == DecimalMark::Comma || !self.strip.is_empty()
    }

    /// Whether a cell counts as empty.
    #[inline]
    pub fn is_null(&self, text: &str) -> bool {
        text.is_empty() || (!self.null.is_empty() && self.null.iter().any(|null| null == text))
    }

    /// The number, with the unit written beside it; `None` where the cell is empty.
    ///
    /// # Errors
    /// Text that is no number.
    pub fn read(&self, text: &str) -> Result<Option<number::Written>, String> {
        let text = text.trim();
        if self.is_null(text) || number::is_unknown_number(text) {
            return Ok(None);
        }
        let stripped: String;
        let text = if self.strip.is_empty() {
            text
        } else {
            stripped = text.chars().filter(|c| !self.strip.contains(c)).collect();
            stripped.trim()
        };
        if self.mark == DecimalMark::Point
            && let Some(value) = number::plain(text.as_bytes())
        {
            return Ok(Some(number::Written { value, unit: None }));
        }
        // "0E-10" and "1e-8": an exponent, exactly.
        if let Ok(value) = Decimal::from_scientific(text) {
            return Ok(Some(number::Written { value, unit: None }));
        }
        match number::parse(text, self.mark) {
            Ok(written) => Ok(Some(written)),
            Err(_) => Err(format!("`{text}` is not a number")),
        }
    }

    /// The value alone.
    ///
    /// # Errors
    /// Text that is no number.
    pub fn value(&self, text: &str) -> Result<Option<Decimal>, String> {
        Ok(self.read(text)?.map(|written| written.value))
    }
}

/// A fee as the canonical CSV means it: costs positive.
pub fn fee(value: Decimal, sign: FeeSign) -> Decimal {
    match sign {
        FeeSign::PositiveCost => value,
        FeeSign::NegativeCost => -value,
        FeeSign::Abs => value.abs(),
    }
}

/// What units and price come to, where that is not what the file says: a price may be rounded, as the amount may.
pub fn gap(
    quantity: Decimal,
    price: Decimal,
    multiplier: Decimal,
    said: Decimal,
) -> Option<Decimal> {
    const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);
    // Contracts whose price is no money paid, as of futures, come with nothing.
    let said = Some(said.abs()).filter(|said| !said.is_zero())?;
    let units = quantity.abs().checked_mul(multiplier)?;
    let gross = units.checked_mul(price.abs())?;
    let half_a_step = Decimal::try_from_i128_with_scale(5, price.scale().max(2) + 1).ok()?;
    let tolerance = units.checked_mul(half_a_step)?.checked_add(CENT)?;
    (gross.checked_sub(said)?.abs() > tolerance).then_some(gross)
}

/// A quantity as the canonical CSV means it.
pub fn quantity(value: Decimal, sign: QuantitySign) -> Decimal {
    match sign {
        QuantitySign::Positive | QuantitySign::Signed => value,
        QuantitySign::Abs | QuantitySign::SuffixS => value.abs(),
    }
}

/// A price per unit.
pub fn price(value: Decimal, unit: PriceUnit, multiplier: Decimal) -> Option<Decimal> {
    match unit {
        PriceUnit::Share => Some(value),
        PriceUnit::Contract => value.checked_div(multiplier).map(|price| price.normalize()),
        PriceUnit::Pence | PriceUnit::PerHundred => value
            .checked_div(Decimal::ONE_HUNDRED)
            .map(|price| price.normalize()),
    }
}
