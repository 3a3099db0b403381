//! One row of a file: its cells read into a trade, with every cell that cannot be read reported.

use rust_decimal::Decimal;

use crate::date::Date;
use crate::diagnostic::Problem;
use crate::import::action::{Depends, Meaning};
use crate::import::columns::{Column, normalised};
use crate::import::dates::NoDate;
use crate::import::decimals;
use crate::import::file::FileReader;
use crate::import::moment::{self, Day, Offset};
use crate::import::money_words::{hundredth, hundredth_of, is_money};
use crate::import::number::{self, DecimalMark, NotANumber};
use crate::import::option_symbol::{self, Terms};
use crate::import::ratio;
use crate::import::reading::{BLANK_LINE, COMMENT};
use crate::import::tables::{self, SaidTerms};
use crate::money::{Money, Quantity};
use crate::record::Record;
use crate::source::Source;
use crate::trade::{
    AccountId, Action, Class, Entry, Rarest, Rest, Right, SecurityId, TimeOfDay, Trade,
};

/// What became of a row.
#[derive(Debug)]
pub enum Outcome {
    /// A trade.
    Trade(Trade),
    /// It cancels another row.
    Cancel(Cancel),
    /// It has no effect, by this rule.
    Ignored(&'static str),
    /// Something is wrong with it, which has been reported.
    Wrong,
}

/// A row that removes another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancel {
    /// The row.
    pub source: Source,
    /// The id of the row to remove.
    pub id: Option<Box<str>>,
    /// The fields it shares with the row to remove.
    pub date: Option<Date>,
    /// The security.
    pub security: Option<SecurityId>,
    /// The account.
    pub account: AccountId,
    /// Units.
    pub quantity: Option<Decimal>,
    /// Price.
    pub price: Option<Decimal>,
}

/// The rarer columns while they are put together.
#[derive(Debug, Default)]
struct Rare {
    common: Rest,
    rarest: Rarest,
}

impl Rare {
    fn boxed(self) -> Option<Box<Rest>> {
        let Self { mut common, rarest } = self;
        common.rarest = (rarest != Rarest::default()).then(|| Box::new(rarest));
        (common != Rest::default()).then(|| Box::new(common))
    }
}

/// The direction that a minus sign on the quantity would agree with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Units arrive: a minus contradicts.
    In,
    /// Units leave: a minus agrees.
    Out,
    /// Either; only the size counts.
    Either,
    /// The sign says something and is kept.
    Signed,
}

/// The direction of an action.
pub fn direction(action: Action) -> Direction {
    match action {
        Action::Buy
        | Action::Cover
        | Action::BuyToOpen
        | Action::BuyToClose
        | Action::StockDividend
        | Action::SpinOff
        | Action::Income
        | Action::Reinvest
        | Action::TransferIn
        | Action::GiftIn
        | Action::Inherit
        | Action::Opening => Direction::In,
        Action::Sell
        | Action::Short
        | Action::SellToOpen
        | Action::SellToClose
        | Action::Swap
        | Action::Spend
        | Action::Fee
        | Action::TransferOut
        | Action::GiftOut
        | Action::Lost
        | Action::Worthless => Direction::Out,
        Action::Expire
        | Action::Exercise
        | Action::Assign
        | Action::Merger
        | Action::Rename
        | Action::ReturnOfCapital
        | Action::Dividend
        | Action::Transfer
        | Action::CashSettle
        | Action::Mark
        | Action::Pnl
        | Action::Funding
        | Action::Cancel
        | Action::Ignore => Direction::Either,
        Action::Open | Action::Close | Action::Split | Action::BasisAdjust => Direction::Signed,
    }
}

/// What a row must say besides date and symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is the column of its name
pub enum Need {
    Quantity,
    PriceOrTotal,
    Price,
    Total,
    NewSymbol,
    NewQuantity,
    NewQuantityOrRatio,
    RatioOrQuantity,
    FractionOrPrice,
    BasisOrPrice,
    Value,
    Consideration,
    ToAccount,
}

impl Need {
    fn of(action: Action) -> &'static [Self] {
        match action {
            Action::Buy
            | Action::Sell
            | Action::Short
            | Action::Open
            | Action::Close
            | Action::BuyToOpen
            | Action::SellToOpen
            | Action::BuyToClose
            | Action::SellToClose
            | Action::Reinvest
            | Action::Spend
            | Action::CashSettle
            | Action::Income => &[Self::Quantity, Self::PriceOrTotal],
            Action::Cover => &[Self::Quantity, Self::PriceOrTotal],
            Action::Split => &[Self::RatioOrQuantity],
            Action::StockDividend
            | Action::TransferIn
            | Action::TransferOut
            | Action::GiftIn
            | Action::GiftOut
            | Action::Lost
            | Action::Fee => &[Self::Quantity],
            Action::SpinOff => &[
                Self::NewSymbol,
                Self::NewQuantityOrRatio,
                Self::FractionOrPrice,
            ],
            Action::Rename => &[Self::NewSymbol],
            Action::ReturnOfCapital
            | Action::BasisAdjust
            | Action::Dividend
            | Action::Pnl
            | Action::Funding => &[Self::Total],
            Action::Swap => &[
                Self::Quantity,
                Self::NewSymbol,
                Self::NewQuantity,
                Self::PriceOrTotal,
            ],
            Action::Transfer => &[Self::Quantity, Self::ToAccount],
            Action::Inherit => &[Self::Quantity, Self::Value],
            Action::Merger => &[Self::Consideration],
            Action::Opening => &[Self::Quantity, Self::BasisOrPrice],
            Action::Mark => &[Self::Price],
            Action::Expire
            | Action::Exercise
            | Action::Assign
            | Action::Worthless
            | Action::Cancel
            | Action::Ignore => &[],
        }
    }

    /// Whether a row of this action lacks nothing once it has a quantity and a price.
    pub fn quantity_and_price_suffice(action: Action) -> bool {
        Self::of(action).iter().all(|need| {
            matches!(
                need,
                Self::Quantity
                    | Self::PriceOrTotal
                    | Self::Price
                    | Self::BasisOrPrice
                    | Self::Value
            )
        })
    }

    fn met(self, trade: &Entry) -> bool {
        let none = Rest::default();
        let rest = trade.rest.as_deref().unwrap_or(&none);
        let quantity = trade.quantity.is_some();
        match self {
            Self::Quantity => quantity,
            Self::PriceOrTotal => trade.price.is_some() || rest.total.is_some(),
            Self::Price => trade.price.is_some(),
            Self::Total => rest.total.is_some(),
            Self::NewSymbol => rest.rarest().new_security.is_some(),
            Self::NewQuantity => rest.rarest().new_quantity.is_some(),
            Self::NewQuantityOrRatio => {
                rest.rarest().new_quantity.is_some() || rest.rarest().ratio.is_some()
            }
            Self::RatioOrQuantity => rest.rarest().ratio.is_some() || quantity,
            Self::FractionOrPrice => rest.rarest().fraction.is_some() || trade.price.is_some(),
            Self::BasisOrPrice => rest.rarest().basis.is_some() || trade.price.is_some(),
            Self::Value => {
                rest.rarest().basis.is_some() || trade.price.is_some() || rest.total.is_some()
            }
            Self::Consideration => {
                let stock = rest.rarest().new_security.is_some()
                    && (rest.rarest().new_quantity.is_some() || rest.rarest().ratio.is_some());
                stock
                    || (rest.rarest().new_security.is_none()
                        && (rest.total.is_some() || trade.price.is_some()))
            }
            Self::ToAccount => rest.rarest().to_account.is_some(),
        }
    }

    fn columns(self) -> &'static str {
        match self {
            Self::Quantity => "`quantity`",
            Self::PriceOrTotal => "`price` or `total`",
            Self::Price => "`price`",
            Self::Total => "`total`",
            Self::NewSymbol => "`new_symbol`",
            Self::NewQuantity => "`new_quantity`",
            Self::NewQuantityOrRatio => "`new_quantity` or `ratio`",
            Self::RatioOrQuantity => "`ratio`",
            Self::FractionOrPrice => "`fraction`",
            Self::BasisOrPrice => "`basis` or `price`",
            Self::Value => "`price`",
            Self::Consideration => {
                "`new_symbol` with `ratio` or `new_quantity`, or the cash in `total`"
            }
            Self::ToAccount => "`to_account`",
        }
    }
}

/// Reads one row.
pub struct RowReader<'r, 'a, 't> {
    /// The file the row is in.
    pub file: &'r mut FileReader<'a, 't>,
    /// The row.
    pub record: &'r Record,
    source: Source,
    wrong: bool,
    /// A currency written beside a number.
    unit: Option<(String, Column)>,
}

impl<'r, 'a, 't> RowReader<'r, 'a, 't> {
    /// A reader of this row.
    #[inline]
    pub fn new(file: &'r mut FileReader<'a, 't>, record: &'r Record) -> Self {
        let source = Source {
            file: file.number,
            line: file.line_of(record.line()),
        };
        Self {
            file,
            record,
            source,
            wrong: false,
            unit: None,
        }
    }

    /// What becomes of the row.
    #[inline]
    pub fn read(mut self) -> Outcome {
        if let Some(outcome) = self.no_trade() {
            return outcome;
        }
        let meaning = match self.action() {
            Ok(meaning) => meaning,
            Err(Outcome::Wrong) if self.has_action() => {
                let _ = self.date();
                return self.other_cells_wrong();
            }
            Err(outcome) => return outcome,
        };
        let rare = self.file.columns.has_rare(self.record, self.file.text);
        if rare || meaning.is_none_or(|m| !is_plain(m)) {
            return self.read_rare(meaning);
        }
        let Some(meaning) = meaning else {
            return Outcome::Wrong;
        };
        let Some((date, time)) = self.date() else {
            return self.other_cells_wrong();
        };
        let Some(security) = self.symbol(Column::Symbol) else {
            return self.other_cells_wrong();
        };
        let Some((account, account_given)) = self.account() else {
            return Outcome::Wrong;
        };
        let trade = Entry {
            date,
            time,
            source: self.source,
            security,
            account,
            account_given,
            action: meaning.action,
            quantity: self.quantity(meaning.action),
            price: self.number(Column::Price),
            fee: self.number(Column::Fee),
            rest: None,
        };
        if self.wrong || self.unit.is_some() {
            return self.read_unit(trade);
        }
        self.checked(trade)
    }

    /// A currency stands beside a number, or a cell is wrong.
    #[cold]
    fn read_unit(mut self, mut trade: Entry) -> Outcome {
        if self.wrong {
            return Outcome::Wrong;
        }
        let mut rest = Rare::default();
        self.money(&mut trade, &mut rest);
        trade.rest = rest.boxed();
        if self.wrong {
            Outcome::Wrong
        } else {
            self.checked(trade)
        }
    }

    /// Reads the numbers of a row whose action, date or symbol is wrong, so that one run shows all that is wrong with it.
    #[cold]
    fn other_cells_wrong(mut self) -> Outcome {
        for column in [Column::Quantity, Column::Price, Column::Fee, Column::Total] {
            let _ = self.number(column);
        }
        Outcome::Wrong
    }

    /// Rows that are no trade whatever they say: blank, comment, broken.
    #[inline]
    fn no_trade(&mut self) -> Option<Outcome> {
        let columns = self.file.columns.names.len();
        if self.record.len() == columns
            && self.record.unclosed().is_none()
            && !self
                .file
                .columns
                .get(Column::Date, self.record, self.file.text)
                .is_empty()
        {
            return None;
        }
        self.odd_shape(columns)
    }

    #[cold]
    fn odd_shape(&mut self, columns: usize) -> Option<Outcome> {
        let filled = |cell: usize| !self.record.get(self.file.text, cell).is_empty();
        let last = (0..self.record.len()).rev().find(|cell| filled(*cell));
        let Some(last) = last else {
            return Some(Outcome::Ignored(BLANK_LINE));
        };
        let begins_with_hash = self.file.text.get(self.record.bytes().start) == Some(&b'#');
        if begins_with_hash
            && (self.file.columns.cell(Column::Date) == Some(0) || self.record.len() == 1)
        {
            return Some(Outcome::Ignored(COMMENT));
        }
        if let Some(cell) = self.record.unclosed() {
            self.wrong(Some(cell), "a quote that opens here is never closed", |p| {
                p.help("close it, or remove it; a quote inside quotes is written twice: `\"\"`")
            });
            return Some(Outcome::Wrong);
        }
        if last >= columns {
            let cells = last + 1;
            self.wrong(Some(columns), format!("the row has {cells} cells, but the header names only {columns} columns"), |p| {
                p.help("put quotes around a cell that contains the separator, or name the missing column in the header")
            });
            return Some(Outcome::Wrong);
        }
        None
    }

    /// What happened; `None` where no column says it and the sign of the quantity will.
    #[inline]
    fn action(&mut self) -> Result<Option<Meaning>, Outcome> {
        if !self.file.columns.has(Column::Action) {
            return Ok(None);
        }
        let bytes = self
            .file
            .columns
            .get(Column::Action, self.record, self.file.text);
        match self.file.words.look_up(bytes, self.source.line) {
            Some(meaning) if meaning.action == Action::Ignore => {
                Err(Outcome::Ignored("action `ignore`"))
            }
            Some(meaning) => Ok(Some(meaning)),
            None => Err(self.unclear_action()),
        }
    }

    /// Whether the row says what happened: one that does not is mostly no row at all.
    fn has_action(&self) -> bool {
        let columns = &self.file.columns;
        let word = columns.get(Column::Action, self.record, self.file.text);
        !word.is_empty()
    }

    #[cold]
    fn unclear_action(&mut self) -> Outcome {
        let word = self
            .file
            .columns
            .text(Column::Action, self.record, self.file.text)
            .unwrap_or_default()
            .to_owned();
        let problem = if self.file.problems.is_full() {
            Problem::new(word)
        } else {
            self.file.words.unclear(&word)
        };
        self.problem(self.file.columns.cell(Column::Action), problem);
        Outcome::Wrong
    }

    /// Everything beyond a plain trade.
    fn read_rare(mut self, meaning: Option<Meaning>) -> Outcome {
        let meaning = match meaning {
            Some(meaning) => meaning,
            None => match self.action_by_sign() {
                Some(meaning) => meaning,
                None => return self.other_cells_wrong(),
            },
        };
        if meaning.action == Action::Cancel {
            return self.cancel();
        }
        let money = self.moves_money_only(meaning);
        let action = match (money, meaning.depends) {
            (true, Depends::Deposit) => return Outcome::Ignored("money moved in or out"),
            (true, Depends::Income) => Action::Dividend,
            (true, Depends::No) if meaning.action == Action::Fee => {
                return Outcome::Ignored("fee in money");
            }
            (true | false, _) => meaning.action,
        };
        let Some((date, time)) = self.date() else {
            return self.other_cells_wrong();
        };
        let symbol = if action == Action::Dividend && self.text(Column::Symbol).is_none() {
            self.cash()
        } else {
            self.symbol(Column::Symbol)
        };
        let Some(named) = symbol else {
            return self.other_cells_wrong();
        };
        let Some((account, account_given)) = self.account() else {
            return Outcome::Wrong;
        };
        let security = self.contract(named, Some(action));
        let mut trade = Entry {
            date,
            time,
            source: self.source,
            security,
            account,
            account_given,
            action,
            quantity: self.quantity(action),
            price: self.number(Column::Price),
            fee: self.number(Column::Fee),
            rest: None,
        };
        let mut rest = self.rest(action, meaning.tag, security);
        self.money(&mut trade, &mut rest);
        self.class(security);
        if matches!(action, Action::Dividend | Action::ReturnOfCapital)
            && rest.common.total.is_none()
        {
            // Units of money are the amount.
            let price = trade.price.or(money.then_some(Decimal::ONE));
            let units = trade.quantity.filter(|units| !units.is_zero());
            rest.common.total = units.zip(price).and_then(|(q, p)| q.checked_mul(p));
        }
        if action == Action::Swap {
            self.check_swap(&trade, &rest);
        }
        self.check_fee_withheld(&trade, &rest);
        if self.wrong {
            return Outcome::Wrong;
        }
        trade.rest = rest.boxed();
        self.checked(trade)
    }

    /// A swap is of one asset for another; its total stands for the value of both only where no fee parts them.
    fn check_swap(&mut self, trade: &Entry, rest: &Rare) {
        let cell = |reader: &Self, column| reader.file.columns.cell(column);
        if rest.rarest.new_security == Some(trade.security) {
            let at = cell(self, Column::NewSymbol);
            self.wrong(at, "a `swap` of an asset for itself", |p| {
                p.help("units that move between own accounts are a `transfer`; what did not arrive is its fee")
            });
        }
        let fee = trade.fee.is_some_and(|fee| !fee.is_zero());
        if fee && trade.price.is_none() && rest.common.total.is_some() {
            let at = cell(self, Column::Total);
            self.wrong(at, "a `swap` with a fee needs `price`, not `total`", |p| {
                p.help("give the value per unit of what left: a total does not say whether the fee is in it")
            });
        }
    }

    /// A fee withheld from the units received leaves some of them.
    fn check_fee_withheld(&mut self, trade: &Entry, rest: &Rare) {
        let received = match trade.action {
            Action::Buy | Action::Reinvest => Some((trade.security, trade.quantity)),
            Action::Swap => rest
                .rarest
                .new_security
                .map(|new| (new, rest.rarest.new_quantity)),
            _ => None,
        };
        let Some((security, Some(units))) = received else {
            return;
        };
        let withheld = rest.rarest.fee_asset == Some(security);
        let Some(fee) = trade.fee.filter(|fee| withheld && *fee >= units) else {
            return;
        };
        let symbol = self.file.tables.symbol(security).to_owned();
        let cell = self.file.columns.cell(Column::Fee);
        let message =
            format!("the fee of {fee} {symbol} is not less than the {units} {symbol} received");
        self.wrong(cell, message, |p| {
            p.help(format!("a fee in {symbol} is withheld from the units received; a fee in money has its currency in `fee_currency`"))
        });
    }

    /// Without an action column the sign of the quantity says it, or that of the total where only totals have one.
    fn action_by_sign(&mut self) -> Option<Meaning> {
        let quantity = self.number(Column::Quantity);
        if quantity.is_none() && !self.wrong {
            self.wrong(None, "no quantity: without an `action` column its sign says whether the row buys or sells", |p| {
                p.help("fill in the quantity (minus for a sale), or add an `action` column")
            });
        }
        let leaves = quantity?.is_sign_negative();
        let paid = self.plain_number(Column::Total);
        let paid = paid.filter(|total| !total.is_zero());
        let paid = paid.map(|total| total.is_sign_negative());
        let signs = self.file.signs();
        let sells = match (paid, signs.quantity, signs.total) {
            (Some(paid), false, true) => !paid,
            (None, false, true) => {
                self.wrong(self.file.columns.cell(Column::Total), "no total: without an `action` column and without signs on quantities its sign says whether the row buys or sells", |p| {
                    p.help("fill in the total (minus for a purchase), or add an `action` column")
                });
                return None;
            }
            (Some(paid), true, true) if paid == leaves && !self.fee_exceeds_value() => {
                let cell = self.file.columns.cell(Column::Total);
                self.wrong(cell, "the signs of quantity and total say different things: units and money cannot both come in, or both go out", |p| {
                    p.help("correct one of them, or add an `action` column")
                });
                return None;
            }
            _ => leaves,
        };
        Some(Meaning {
            action: if sells { Action::Sell } else { Action::Buy },
            tag: None,
            depends: Depends::No,
        })
    }

    /// A number, if the cell has one; what is wrong with it is said elsewhere.
    fn plain_number(&self, column: Column) -> Option<Decimal> {
        let text = self.text(column)?;
        let written = number::parse(text, self.file.mark).ok()?;
        Some(written.value)
    }

    /// Whether a sale costs more than it brings, so that money goes out with the units.
    fn fee_exceeds_value(&self) -> bool {
        let of = |column| self.plain_number(column).map(|number| number.abs());
        let value = of(Column::Quantity).zip(of(Column::Price));
        let value = value.and_then(|(quantity, price)| quantity.checked_mul(price));
        of(Column::Fee) > value && value.is_some()
    }

    /// Whether the row speaks of money alone, so that no lot is touched.
    fn moves_money_only(&mut self, meaning: Meaning) -> bool {
        let symbol = self.text(Column::Symbol);
        let money = symbol.is_none_or(is_money);
        match meaning.depends {
            Depends::Deposit => symbol.is_some_and(is_money),
            // Interest on a bond or share account names the asset but brings none of it.
            Depends::Income => {
                money || self.text(Column::Quantity).is_none() && self.text(Column::Total).is_some()
            }
            Depends::No => {
                meaning.action == Action::Fee && (money || self.text(Column::Quantity).is_none())
            }
        }
    }

    fn cash(&mut self) -> Option<SecurityId> {
        let name = self
            .text(Column::Currency)
            .or(self.file.options.currency.as_deref())
            .unwrap_or("cash")
            .to_owned();
        Some(self.file.tables.security(name.as_bytes(), self.source))
    }

    fn cancel(mut self) -> Outcome {
        let id = self.text(Column::Id).map(Into::into);
        let has_date = self.text(Column::Date).is_some();
        let date = if has_date {
            self.date().map(|(date, _)| date)
        } else {
            None
        };
        let security = if self.text(Column::Symbol).is_some() {
            self.symbol(Column::Symbol)
        } else {
            None
        };
        let security = security.map(|named| self.contract(named, None));
        let Some((account, _)) = self.account() else {
            return Outcome::Wrong;
        };
        let quantity = self.number(Column::Quantity).map(|q| q.abs());
        let price = self.number(Column::Price);
        if id.is_none()
            && (date.is_none() || security.is_none() || quantity.is_none())
            && !self.wrong
        {
            self.wrong(None, "a `cancel` row must say which row it cancels", |p| {
                p.help("give the `id` of that row, or the same date, symbol, quantity and price")
            });
        }
        if self.wrong {
            return Outcome::Wrong;
        }
        Outcome::Cancel(Cancel {
            source: self.source,
            id,
            date,
            security,
            account,
            quantity,
            price,
        })
    }

    /// The trade, if it says all that its action needs.
    #[inline]
    fn checked(mut self, trade: Entry) -> Outcome {
        let needs = Need::of(trade.action);
        if needs.iter().all(|need| need.met(&trade)) && trade.quantity.is_none_or(|q| !q.is_zero())
        {
            return Outcome::Trade(trade.into());
        }
        self.incomplete(trade, needs)
    }

    #[cold]
    fn incomplete(&mut self, trade: Entry, needs: &[Need]) -> Outcome {
        let word = trade.action.word();
        let covers_by_lot = trade.action == Action::Cover
            && trade
                .rest
                .as_ref()
                .is_some_and(|rest| rest.rarest().lot.is_some());
        for need in needs {
            if need.met(&trade) || (covers_by_lot && *need == Need::PriceOrTotal) {
                continue;
            }
            let cell = match need {
                Need::Quantity => Some(Column::Quantity),
                Need::PriceOrTotal | Need::Price => Some(Column::Price),
                Need::Total => Some(Column::Total),
                _ => None,
            };
            let cell = cell
                .and_then(|column| self.file.columns.cell(column))
                .filter(|cell| *cell < self.record.len());
            self.wrong(cell, format!("`{word}` needs {}", need.columns()), |p| {
                p.help(advice(*need, trade.action))
            });
        }
        if needs.contains(&Need::Quantity) && trade.quantity.is_some_and(|q| q.is_zero()) {
            let cell = self.file.columns.cell(Column::Quantity);
            self.wrong(
                cell,
                format!("`{word}` of nothing: the quantity is 0"),
                |p| p.help("correct the quantity, or give the row the action `ignore`"),
            );
        }
        if self.wrong {
            Outcome::Wrong
        } else {
            Outcome::Trade(trade.into())
        }
    }

    /// The date and time, in the taxpayer's own day.
    #[inline]
    fn date(&mut self) -> Option<(Date, Option<TimeOfDay>)> {
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
    fn zoned(&mut self, date: Date, time: u32, east: i32) -> Option<(Date, Option<TimeOfDay>)> {
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
    fn other_date(&mut self, column: Column) -> Option<Date> {
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
    fn symbol(&mut self, column: Column) -> Option<SecurityId> {
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
    fn account(&mut self) -> Option<(AccountId, bool)> {
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
    fn quantity(&mut self, action: Action) -> Option<Decimal> {
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
    fn number(&mut self, column: Column) -> Option<Decimal> {
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

    /// The rarer columns.
    fn rest(&mut self, action: Action, word_tag: Option<&str>, security: SecurityId) -> Rare {
        let text = |reader: &Self, column| reader.text(column).map(Box::<str>::from);
        let total = self.number(Column::Total).map(|total| match action {
            Action::Funding | Action::Pnl | Action::Dividend | Action::BasisAdjust => total,
            _ => total.abs(),
        });
        let common = Rest {
            total,
            fx_rate: self.positive(Column::FxRate),
            id: text(self, Column::Id),
            settled: self.other_date(Column::SettleDate),
            order: text(self, Column::Order),
            tag: tags(word_tag, self.text(Column::Tag)),
            currency: None,
            rarest: None,
        };
        let mut rarest = Rarest {
            to_account: self.receiving_account(),
            lot: self.lot(),
            effective: self.other_date(Column::EffectiveDate),
            ratio: self.ratio(),
            new_security: None,
            new_quantity: self.positive(Column::NewQuantity),
            fraction: self.fraction(),
            basis: self.not_negative(Column::Basis),
            acquired: self.other_date(Column::AcquiredDate),
            fee_asset: None,
            fee_value: self.not_negative(Column::FeeValue),
        };
        if self.text(Column::NewSymbol).is_some() {
            rarest.new_security = self.symbol(Column::NewSymbol);
            self.inherit_class(rarest.new_security, security);
        }
        self.identifiers(security);
        Rare { common, rarest }
    }

    fn inherit_class(&mut self, new: Option<SecurityId>, old: SecurityId) {
        if let Some(draft) = new
            .filter(|new| *new != old)
            .and_then(|new| self.file.tables.draft(new))
        {
            draft.parent.get_or_insert(old);
        }
    }

    fn identifiers(&mut self, security: SecurityId) {
        let identifier = self
            .text(Column::Isin)
            .or(self.text(Column::Cusip))
            .map(str::to_owned);
        if let Some(identifier) = identifier {
            self.file.tables.say_identifier(security, &identifier);
        }
    }

    fn receiving_account(&mut self) -> Option<AccountId> {
        let name = self.text(Column::ToAccount)?.to_owned();
        self.file.tables.account(name.as_bytes(), self.file.options)
    }

    fn ratio(&mut self) -> Option<(Decimal, Decimal)> {
        let text = self.text(Column::Ratio)?.to_owned();
        let ratio = ratio::ratio(&text, self.file.mark);
        if ratio.is_none() {
            self.wrong(self.file.columns.cell(Column::Ratio), format!("`{text}` is not a ratio"), |p| {
                p.help("write new:old, such as 4:1 for four new shares for one old; 1:10 is a reverse split")
            });
        }
        ratio
    }

    fn fraction(&mut self) -> Option<Decimal> {
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

    fn positive(&mut self, column: Column) -> Option<Decimal> {
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

    fn not_negative(&mut self, column: Column) -> Option<Decimal> {
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

    /// The currency of the row, and the asset of its fee.
    fn money(&mut self, trade: &mut Entry, rest: &mut Rare) {
        let written = self.text(Column::Currency).map(str::to_owned);
        let currency = match (written, self.unit.take()) {
            (Some(written), Some((unit, column)))
                if hundredth_of(&written).unwrap_or(&written).to_uppercase() != unit =>
            {
                self.wrong(
                    self.file.columns.cell(column),
                    format!(
                        "`{unit}` stands beside the number, but the row's currency is {written}"
                    ),
                    |p| p.help("correct the `currency` column, or remove the sign"),
                );
                return;
            }
            (Some(written), _) => Some(written),
            (None, unit) => unit.map(|(unit, _)| unit),
        };
        let report = self.file.options.currency.clone();
        let mut currency = currency.map(|code| {
            if hundredth_of(&code).is_some() {
                code
            } else {
                upper_code(&code)
            }
        });
        let priced = matches!(trade.action, Action::Buy | Action::Sell);
        if priced && currency.as_deref().is_some_and(is_no_money) {
            self.file.note_paid_in_coin(self.source);
        }
        self.fee_currency(trade, rest, currency.as_deref().or(report.as_deref()));
        if let Some(meant) = currency.as_deref().and_then(hundredth_of) {
            self.in_whole_units(trade, rest);
            currency = Some(meant.to_owned());
        }
        if currency == report {
            rest.common.fx_rate = None;
            return;
        }
        rest.common.currency = currency.map(Into::into);
    }

    /// Prices in pence become pounds.
    fn in_whole_units(&mut self, trade: &mut Entry, rest: &mut Rare) {
        for amount in [
            &mut trade.price,
            &mut rest.common.total,
            &mut rest.rarest.fee_value,
            &mut rest.rarest.basis,
        ] {
            *amount = amount.and_then(hundredth);
        }
        if rest.rarest.fee_asset.is_none()
            && self
                .text(Column::FeeCurrency)
                .is_none_or(|code| hundredth_of(code).is_some())
        {
            trade.fee = trade.fee.and_then(hundredth);
        }
        rest.common.fx_rate = rest
            .common
            .fx_rate
            .and_then(|rate| rate.checked_mul(Decimal::ONE_HUNDRED));
    }

    fn fee_currency(&mut self, trade: &mut Entry, rest: &mut Rare, row_currency: Option<&str>) {
        let Some(code) = self.text(Column::FeeCurrency).map(str::to_owned) else {
            return;
        };
        if trade.fee.is_none_or(|fee| fee.is_zero()) {
            return;
        }
        let upper = upper_code(&code);
        let row = row_currency.unwrap_or(&upper);
        // What a swap is priced in may be a coin that changes hands in it: a fee in it is units of it.
        let coin =
            trade.action == Action::Swap && !is_money(&upper) && hundredth_of(&code).is_none();
        if coin {
            rest.rarest.fee_asset = Some(self.file.tables.security(code.as_bytes(), self.source));
            return;
        }
        if code == row || upper == row || hundredth_of(row) == Some(upper.as_str()) {
            return;
        }
        if hundredth_of(&code) == Some(row) {
            trade.fee = trade.fee.and_then(hundredth);
            return;
        }
        if !is_money(&upper) {
            rest.rarest.fee_asset = Some(self.file.tables.security(code.as_bytes(), self.source));
            return;
        }
        match rest.rarest.fee_value.take() {
            Some(value) => trade.fee = Some(value),
            None => {
                let row = row.to_owned();
                self.wrong(
                    self.file.columns.cell(Column::FeeCurrency),
                    format!("the fee is in {upper}, but the row is in {row}"),
                    |p| {
                        p.help(format!(
                            "give the fee in {row}, or its worth in {row} in a `fee_value` column"
                        ))
                    },
                );
            }
        }
    }

    /// The contract, where columns of their own say its terms; else the security itself.
    fn contract(&mut self, named: SecurityId, action: Option<Action>) -> SecurityId {
        let columns = [
            Column::Underlying,
            Column::Expiry,
            Column::Strike,
            Column::Right,
            Column::Multiplier,
        ];
        if columns.iter().all(|column| self.text(*column).is_none()) {
            return named;
        }
        let underlying = self.text(Column::Underlying).map(str::to_owned);
        let own_name = underlying
            .as_deref()
            .is_some_and(|u| u != self.file.tables.symbol(named));
        let underlying =
            underlying.map(|symbol| self.file.tables.security(symbol.as_bytes(), self.source));
        let said = SaidTerms {
            underlying: underlying.filter(|u| *u != named),
            expiry: self.other_date(Column::Expiry),
            strike: self.not_negative(Column::Strike),
            right: self.right(),
            multiplier: self.positive(Column::Multiplier),
        };
        let option_form = self
            .file
            .tables
            .draft(named)
            .is_some_and(|draft| draft.option_form);
        let security = match (said.expiry, said.strike, said.right) {
            // The symbol is the underlying's: the columns name a contract on it.
            (Some(expiry), Some(strike), Some(right)) if !own_name && !option_form => {
                let root = self.file.tables.symbol(named).to_owned();
                let terms = Terms {
                    root,
                    expiry,
                    strike: strike.normalize(),
                    right,
                    coin: false,
                };
                let symbol = terms.occ();
                self.file.tables.option(&symbol, terms, self.source)
            }
            _ => named,
        };
        let ends = matches!(
            action,
            Some(Action::Exercise | Action::Assign | Action::Expire)
        );
        if let Err(term) = self.file.tables.say_terms(security, &said, ends) {
            let symbol = self.file.tables.symbol(security).to_owned();
            let cell = columns
                .iter()
                .find(|c| c.name() == term)
                .and_then(|c| self.file.columns.cell(*c));
            self.wrong(cell, format!("the {term} of `{symbol}` differs from what its symbol or an earlier row says"), |p| {
                p.help("a contract has one set of terms: correct this row, or give the two contracts different symbols")
            });
        }
        security
    }

    fn right(&mut self) -> Option<Right> {
        let text = self.text(Column::Right)?.to_owned();
        let right = option_symbol::right_of(&text);
        if right.is_none() {
            self.wrong(
                self.file.columns.cell(Column::Right),
                format!("`{text}` is neither `call` nor `put`"),
                |p| p,
            );
        }
        right
    }

    fn class(&mut self, security: SecurityId) {
        let Some(text) = self.text(Column::Class).map(str::to_owned) else {
            return;
        };
        let cell = self.file.columns.cell(Column::Class).unwrap_or_default();
        match class_named(&text) {
            // Brokers call an option on an index an option, too: which it is, is not said by that word.
            Some(Class::Option) if self.file.is_mapped() && self.has_option_terms(security) => {}
            Some(class) => {
                if let Err(problem) = self
                    .file
                    .tables
                    .say_class(security, class, self.source, cell)
                {
                    self.wrong = true;
                    self.file.problems.add(problem);
                }
            }
            None => {
                let known: Vec<&str> = Class::NAMES.iter().map(|(name, _)| *name).collect();
                self.wrong(
                    Some(cell),
                    format!("`{text}` is not a class of asset"),
                    |p| p.help(format!("use one of: {}", known.join(", "))),
                );
            }
        }
    }

    /// The name of a lot, on one line as those of symbols and accounts are.
    fn lot(&self) -> Option<Box<str>> {
        let name = self.text(Column::Lot)?;
        if name.contains(char::is_control) {
            return tables::without_breaks(name).map(String::into_boxed_str);
        }
        Some(name.into())
    }

    fn has_option_terms(&mut self, security: SecurityId) -> bool {
        let draft = self.file.tables.draft(security);
        draft.is_some_and(|draft| draft.is_option())
    }

    /// The text of a column, or `None` where it is empty.
    fn text(&self, column: Column) -> Option<&'r str> {
        // The text outlives this reader's borrow of the file: it lies in the file's bytes or in the record.
        let text: &'r [u8] = self.file.text;
        let cell = self.file.columns.cell(column)?;
        let bytes = self.record.get(text, cell);
        let text = std::str::from_utf8(bytes).unwrap_or("\u{fffd}").trim();
        (!number::is_unknown(text)).then_some(text)
    }

    #[cold]
    fn wrong(
        &mut self,
        cell: Option<usize>,
        message: impl Into<String>,
        more: impl FnOnce(Problem) -> Problem,
    ) {
        let problem = more(Problem::new(message));
        self.problem(cell, problem);
    }

    #[cold]
    fn problem(&mut self, cell: Option<usize>, mut problem: Problem) {
        self.wrong = true;
        problem.place = Some(crate::diagnostic::Place {
            source: self.source,
            cell: cell.and_then(|cell| self.file.cell_of(cell)),
        });
        self.file.problems.add(problem);
    }
}

/// Whether the plain columns are all the action can need.
#[inline]
pub fn is_plain(meaning: Meaning) -> bool {
    meaning.depends == Depends::No
        && meaning.tag.is_none()
        && !matches!(
            meaning.action,
            Action::Cancel | Action::Dividend | Action::ReturnOfCapital | Action::Fee
        )
}

fn is_no_money(code: &str) -> bool {
    !is_money(code) && hundredth_of(code).is_none()
}

fn upper_code(code: &str) -> String {
    let upper = code.to_ascii_uppercase();
    if is_money(&upper) {
        upper
    } else {
        code.to_owned()
    }
}

fn tags(of_word: Option<&str>, of_row: Option<&str>) -> Option<Box<str>> {
    match (of_word, of_row) {
        (None, None) => None,
        (Some(tag), None) | (None, Some(tag)) => Some(tag.into()),
        (Some(word), Some(row)) => Some(format!("{word};{row}").into()),
    }
}

/// The class a cell names.
pub fn class_named(text: &str) -> Option<Class> {
    let key = normalised(text);
    let alias = match key.as_str() {
        "stocks" | "share" | "shares" | "equity" | "equities" | "commonstock" => Class::Stock,
        "funds" | "etf" | "etfs" | "mutualfund" | "mutualfunds" => Class::Fund,
        "bonds" | "fixedincome" => Class::Bond,
        "options" | "equityoption" | "stockoption" | "opt" => Class::Option,
        "indexoptions" => Class::IndexOption,
        "futures" | "fut" => Class::Future,
        "cryptocurrency" | "coin" | "token" => Class::Crypto,
        "perpetual" | "perps" | "perpetualfuture" => Class::Perpetual,
        "rights" => Class::Right,
        "collectibles" | "bullion" => Class::Collectible,
        "fx" | "cash" | "forex" => Class::Other,
        _ => {
            return Class::NAMES
                .iter()
                .find(|(name, _)| normalised(name) == key)
                .map(|(_, class)| *class);
        }
    };
    Some(alias)
}

fn advice(need: Need, action: Action) -> String {
    let word = action.word();
    match need {
        Need::Quantity => "fill in how many units".to_owned(),
        Need::PriceOrTotal => "fill in the price per unit, or the whole amount with fees in `total`; 0 if nothing was paid".to_owned(),
        Need::Price => "fill in the price per unit on that day".to_owned(),
        Need::Total => format!("fill in the amount in a `total` column; `{word}` is an amount, not units"),
        Need::NewSymbol => "name the security that arrives in a `new_symbol` column".to_owned(),
        Need::NewQuantity => "say how many units arrive in a `new_quantity` column".to_owned(),
        Need::NewQuantityOrRatio => "say how many units arrive in a `new_quantity` column".to_owned(),
        Need::RatioOrQuantity => "write new:old in a `ratio` column, such as 4:1".to_owned(),
        Need::FractionOrPrice => "say which part of the basis moves in a `fraction` column: 0.125 or 12.5%".to_owned(),
        Need::BasisOrPrice => "give the total cost in a `basis` column, or the price per unit".to_owned(),
        Need::Value => "give the value per unit on the day of death as `price`".to_owned(),
        Need::Consideration => "say what was received for the old units: new units, cash or both".to_owned(),
        Need::ToAccount => "name the receiving account in a `to_account` column, or use `transfer_out` and `transfer_in`".to_owned(),
    }
}
