//! Dates, names and numbers of a row, each with what is wrong with it.

use rust_decimal::Decimal;

use super::need::Direction;
use super::{RowReader, direction};
use crate::date::Date;
use crate::import::columns::Column;
use crate::import::dates::NoDate;
use crate::import::decimals;
use crate::import::moment::{self, Day, Offset};
use crate::import::money_words::is_money;
use crate::import::number::{self, DecimalMark, NotANumber};
use crate::import::ratio;
use crate::money::{Money, Quantity};
use crate::trade::{AccountId, Action, SecurityId, TimeOfDay};

impl<'r> RowReader<'r, '_, '_> {
    /// The date and time, in the taxpayer's own day.
    #[inline]
    pub(super) fn date(&mut self) -> Option<(Date, Option<TimeOfDay>)> {
        let bytes = self
            .file
            .columns
            .get(Column::Date, self.record, self.file.text);
        let rows = self.file.rows();
        let read = self
            .file
            .dates
            .date
            .read(bytes, rows, self.file.problems.list());
        let moment = match read {
            Ok(moment) => moment,
            Err(why) => {
                self.no_date(Column::Date, why);
                return None;
            }
        };
        let Day::Known(date) = moment.day else {
            return None;
        };
        if self.file.columns.has(Column::Time) {
            return self.joined(date);
        }
        match (moment.time, moment.offset) {
            (None, _) => Some((date, None)),
            (Some(time), Offset::Local) => Some((date, TimeOfDay::new(time))),
            (Some(time), Offset::East(east)) => self.zoned(date, time, east),
        }
    }

    #[inline]
    pub(super) fn zoned(
        &mut self,
        date: Date,
        time: u32,
        east: i32,
    ) -> Option<(Date, Option<TimeOfDay>)> {
        self.file.zoned(self.source, date, time, east);
        let (date, time) = self.file.zone.local(date, time, east)?;
        Some((date, time.and_then(TimeOfDay::new)))
    }

    /// A date column and a time column.
    fn joined(&mut self, date: Date) -> Option<(Date, Option<TimeOfDay>)> {
        let Some(text) = self.text(Column::Time) else {
            return Some((date, None));
        };
        match moment::time(text) {
            Some((time, Offset::Local)) => Some((date, TimeOfDay::new(time))),
            Some((time, Offset::East(east))) => self.zoned(date, time, east),
            None => {
                // A time column that repeats the date.
                if let Some(moment) = moment::parse(text)
                    && let Some(time) = moment.time
                {
                    return match moment.offset {
                        Offset::Local => Some((date, TimeOfDay::new(time))),
                        Offset::East(east) => self.zoned(date, time, east),
                    };
                }
                let message = format!("`{text}` is not a time of day");
                self.wrong(self.file.columns.cell(Column::Time), message, |p| p.help("write it like 15:30 or 15:30:00, with Z or +02:00 behind it if it is not local"));
                None
            }
        }
    }

    #[cold]
    fn no_date(&mut self, column: Column, why: NoDate) {
        self.wrong = true;
        let cell = self.file.columns.cell(column);
        let text = self
            .file
            .columns
            .text(column, self.record, self.file.text)
            .map(str::to_owned);
        match (why, text) {
            (NoDate::Refused, _) => {}
            (NoDate::Text, None) => self.wrong(cell, "the row has no date", |p| {
                p.help("fill in the date, or give the row the action `ignore`")
            }),
            (NoDate::Text, Some(text)) => {
                let help = match &self.file.options.date_format {
                    Some(format) => format!("`--date-format {format}` says how dates are written"),
                    None => "write it like 2024-01-31, or say how dates are written with `--date-format`; years 1900 to 2199".to_owned(),
                };
                self.wrong(cell, format!("`{text}` is not a date"), |p| p.help(help));
            }
        }
    }

    /// A date of a rarer column; never shifted.
    pub(super) fn other_date(&mut self, column: Column) -> Option<Date> {
        self.text(column)?;
        let bytes = self.file.columns.get(column, self.record, self.file.text);
        let rows = self.file.rows();
        let reader = self
            .file
            .dates
            .other
            .iter_mut()
            .find(|(of, _)| *of == column);
        let (_, reader) = reader?;
        match reader.read(bytes, rows, self.file.problems.list()) {
            Ok(moment) => moment.day.resolve(None),
            Err(why) => {
                self.no_date(column, why);
                None
            }
        }
    }

    /// The security a symbol names.
    #[inline]
    pub(super) fn symbol(&mut self, column: Column) -> Option<SecurityId> {
        let bytes = self.file.columns.get(column, self.record, self.file.text);
        if bytes.is_empty() {
            return self.no_symbol();
        }
        Some(self.file.tables.security(bytes, self.source))
    }

    #[cold]
    fn no_symbol(&mut self) -> Option<SecurityId> {
        for column in [Column::Isin, Column::Cusip] {
            if let Some(text) = self.text(column) {
                return Some(self.file.tables.security(text.as_bytes(), self.source));
            }
        }
        self.wrong(
            self.file.columns.cell(Column::Symbol),
            "the row has no symbol",
            |p| p.help("fill in the symbol, or give the row the action `ignore`"),
        );
        None
    }

    /// The account, and whether the row names one.
    #[inline]
    pub(super) fn account(&mut self) -> Option<(AccountId, bool)> {
        let bytes = self
            .file
            .columns
            .get(Column::Account, self.record, self.file.text);
        let here: Box<str>;
        let (name, given): (&[u8], bool) = match self.file.usual_account() {
            _ if !bytes.is_empty() => (bytes, true),
            (_, false) => (b"main", false),
            (name, true) => {
                here = String::from_utf8_lossy(name).into();
                (here.as_bytes(), true)
            }
        };
        match self.file.tables.account(name, self.file.options) {
            Some(account) => Some((account, given)),
            None => {
                self.wrong(
                    self.file.columns.cell(Column::Account),
                    "there are more than 65,534 accounts",
                    |p| p.help("is this column really the account?"),
                );
                None
            }
        }
    }

    /// The quantity with the sign its action allows.
    #[inline]
    pub(super) fn quantity(&mut self, action: Action) -> Option<Decimal> {
        let quantity = self.number(Column::Quantity)?;
        if !quantity.is_sign_negative() {
            return Some(quantity);
        }
        match direction(action) {
            Direction::Signed => Some(quantity),
            Direction::Out | Direction::Either => Some(quantity.abs()),
            Direction::In => {
                self.contradicting_sign(action, quantity);
                None
            }
        }
    }

    #[cold]
    fn contradicting_sign(&mut self, action: Action, quantity: Decimal) {
        let word = action.word();
        let opposite = match action {
            Action::Buy => "`sell`",
            Action::Cover => "`short`",
            Action::BuyToOpen => "`sto` or `stc`",
            Action::BuyToClose => "`stc`",
            Action::TransferIn => "`transfer_out`",
            Action::GiftIn => "`gift_out`",
            _ => "another action",
        };
        self.wrong(
            self.file.columns.cell(Column::Quantity),
            format!("`{word}` of {quantity}: the minus contradicts the action"),
            |p| {
                p.help(format!(
                    "remove the minus, or use {opposite} if the units left"
                ))
            },
        );
    }

    /// A number, exactly as written; `None` where the cell is empty.
    #[inline]
    pub(super) fn number(&mut self, column: Column) -> Option<Decimal> {
        let bytes = self.file.columns.get(column, self.record, self.file.text);
        if bytes.is_empty() {
            return None;
        }
        if self.file.mark == DecimalMark::Point
            && let Some(value) = number::plain(bytes)
        {
            // Fifteen digits are within every bound.
            if value.mantissa().unsigned_abs() < 1_000_000_000_000_000 {
                return Some(value);
            }
            return self.bounded(column, value);
        }
        self.other_number(column)
    }

    #[cold]
    fn other_number(&mut self, column: Column) -> Option<Decimal> {
        let bytes = self.file.columns.get(column, self.record, self.file.text);
        let text = std::str::from_utf8(bytes).unwrap_or("\u{fffd}").trim();
        if number::is_unknown_number(text) {
            return None;
        }
        if decimals::asks(text) && !self.decimals_known() {
            return None;
        }
        match number::parse(text, self.file.mark) {
            Ok(written) => {
                self.unit_of(column, written.unit, text)?;
                self.bounded(column, written.value)
            }
            Err(why) => {
                let text = text.to_owned();
                self.no_number(column, &text, &why);
                None
            }
        }
    }

    /// Whether it is known what commas mean; if not, that has been reported for the file as a whole.
    fn decimals_known(&mut self) -> bool {
        self.file.find_decimals();
        self.wrong |= self.file.decimals.refused;
        !self.file.decimals.refused
    }

    /// A code beside a number: the asset beside a quantity, the currency beside money.
    fn unit_of(&mut self, column: Column, unit: Option<String>, text: &str) -> Option<()> {
        let Some(unit) = unit else { return Some(()) };
        let asset = match column {
            Column::Quantity => self.text(Column::Symbol),
            Column::NewQuantity => self.text(Column::NewSymbol),
            Column::Fee => self
                .text(Column::FeeCurrency)
                .filter(|code| !is_money(code)),
            _ => None,
        };
        if asset == Some(unit.as_str()) {
            return Some(());
        }
        let units = matches!(column, Column::Quantity | Column::NewQuantity);
        if units || !is_money(&unit) || self.unit.as_ref().is_some_and(|(known, _)| *known != unit)
        {
            let message = format!("`{text}`: `{unit}` is not what this column counts");
            self.wrong(self.file.columns.cell(column), message, |p| {
                p.help("remove it, or name the currency in a `currency` or `fee_currency` column")
            });
            return None;
        }
        self.unit = Some((unit, column));
        Some(())
    }

    /// Within the range in which everything is exact.
    #[cold]
    fn bounded(&mut self, column: Column, value: Decimal) -> Option<Decimal> {
        let units = matches!(column, Column::Quantity | Column::NewQuantity);
        let within = if units {
            Quantity::new(value).map(drop)
        } else {
            Money::new(value).map(drop)
        };
        match within {
            Ok(()) => Some(value),
            Err(error) => {
                self.wrong(
                    self.file.columns.cell(column),
                    format!("`{value}`: {error}"),
                    |p| p.help("is this column what its name says?"),
                );
                None
            }
        }
    }

    #[cold]
    fn no_number(&mut self, column: Column, text: &str, why: &NotANumber) {
        let cell = self.file.columns.cell(column);
        let name = column.name();
        match why {
            NotANumber::Digits => self.wrong(cell, format!("`{text}` has more digits than can be held exactly"), |p| {
                p.help("28 significant digits can be held; shorten the number only if you know that no digit matters")
            }),
            NotANumber::Groups if self.file.mark == DecimalMark::Point => {
                self.wrong(cell, format!("`{text}` is not a number with a decimal point and commas between groups of three"), |p| {
                    p.help("if the file writes decimals with a comma, say `--decimal comma`")
                });
            }
            NotANumber::Groups => {
                self.wrong(cell, format!("`{text}` is not a number with a decimal comma and points between groups of three"), |p| {
                    p.help("if the file writes decimals with a point, leave out `--decimal comma`")
                });
            }
            NotANumber::Text => self.wrong(cell, format!("`{text}` is not a number (column `{name}`)"), |p| {
                p.help("write it like 1234.56; leave the cell empty if it is unknown")
            }),
        }
    }

    pub(super) fn receiving_account(&mut self) -> Option<AccountId> {
        let name = self.text(Column::ToAccount)?.to_owned();
        self.file.tables.account(name.as_bytes(), self.file.options)
    }

    pub(super) fn ratio(&mut self) -> Option<(Decimal, Decimal)> {
        let text = self.text(Column::Ratio)?.to_owned();
        let ratio = ratio::ratio(&text, self.file.mark);
        if ratio.is_none() {
            self.wrong(self.file.columns.cell(Column::Ratio), format!("`{text}` is not a ratio"), |p| {
                p.help("write new:old, such as 4:1 for four new shares for one old; 1:10 is a reverse split")
            });
        }
        ratio
    }

    pub(super) fn fraction(&mut self) -> Option<Decimal> {
        let text = self.text(Column::Fraction)?.to_owned();
        if decimals::asks(&text) && !self.decimals_known() {
            return None;
        }
        let fraction = ratio::fraction(&text, self.file.mark);
        if fraction.is_none() {
            self.wrong(
                self.file.columns.cell(Column::Fraction),
                format!("`{text}` is not a part of the basis"),
                |p| p.help("write a number from 0 to 1, or a percentage: 0.125 or 12.5%"),
            );
        }
        fraction
    }

    pub(super) fn positive(&mut self, column: Column) -> Option<Decimal> {
        let value = self.not_negative(column)?;
        if value.is_zero() {
            self.wrong(
                self.file.columns.cell(column),
                format!("`{}` cannot be 0", column.name()),
                |p| p.help("leave the cell empty if it is unknown"),
            );
            return None;
        }
        Some(value)
    }

    pub(super) fn not_negative(&mut self, column: Column) -> Option<Decimal> {
        let value = self.number(column)?;
        if value.is_sign_negative() {
            self.wrong(
                self.file.columns.cell(column),
                format!("`{}` cannot be below 0: {value}", column.name()),
                |p| p.help("write the size only"),
            );
            return None;
        }
        Some(value)
    }
}
