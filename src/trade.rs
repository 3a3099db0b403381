//! A trade as read from a file, with securities and accounts as small numbers.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "packed bits and the milliseconds of a day"
)]
#![allow(
    clippy::indexing_slicing,
    reason = "positions that reading has handed out: one for each name and row"
)]

use rust_decimal::Decimal;

use crate::date::Date;
use crate::diagnostic::Warning;
use crate::source::{Source, Sources};

/// Position of a security in [`History::securities`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecurityId(pub u32);

/// Position of an account in [`History::accounts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u16);

/// Position of a trade in [`History::trades`]: also its order, oldest file row first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TradeId(pub u32);

/// Everything that was read: the trades of all files in one order, and the tables their small numbers point into.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The trades: files in the order given, rows of each oldest first. Not sorted by date across files.
    pub trades: Vec<Trade>,
    /// The securities named by the trades.
    pub securities: Vec<Security>,
    /// The accounts named by the trades.
    pub accounts: Vec<Account>,
    /// The input files.
    pub sources: Sources,
    /// What reading found remarkable.
    pub warnings: Vec<Warning>,
    /// Whether times of day were written with an offset and nobody named the taxpayer's zone: days are those of UTC.
    pub zone_assumed: bool,
}

/// How many rows after the day of the report were left out.
pub fn rows_after_report(rows: usize) -> Warning {
    let [rows_of, were] = match rows {
        1 => ["row", "was"],
        _ => ["rows", "were"],
    };
    Warning {
        code: "rows-after-as-of",
        message: format!("{rows} {rows_of} after the report date {were} left out"),
        at: Vec::new(),
        needs_user: false,
    }
}

/// What all trades have in common.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overview {
    /// The first and the last day traded on.
    pub days: Option<(Date, Date)>,
    /// Whether lots come in that keep the dates they had elsewhere.
    pub keeps_dates: bool,
    /// Whether any row has one of the rarer columns.
    pub rare: bool,
}

impl Overview {
    /// Looks at one trade more.
    #[inline]
    pub fn see(&mut self, trade: &Trade) {
        let (first, last) = self.days.unwrap_or((trade.date, trade.date));
        self.days = Some((first.min(trade.date), last.max(trade.date)));
        self.keeps_dates |= trade.action.keeps_dates();
        self.rare |= trade.rare().is_some();
    }
}

impl History {
    /// The trade at this position.
    pub fn trade(&self, id: TradeId) -> &Trade {
        &self.trades[id.0 as usize]
    }

    /// The security at this position.
    pub fn security(&self, id: SecurityId) -> &Security {
        &self.securities[id.0 as usize]
    }

    /// The account at this position.
    pub fn account(&self, id: AccountId) -> &Account {
        &self.accounts[usize::from(id.0)]
    }
}

/// One row of a file, understood but not yet interpreted.
///
/// 56 bytes: a history is held whole, so that ten million rows are 560 MB. The three numbers that most rows have are
/// packed behind [`Trade::quantity`], [`Trade::price`] and [`Trade::fee`]; as three decimals they alone would be 60.
#[derive(Clone, Debug)]
pub struct Trade {
    /// The trade date, in the taxpayer's own day.
    pub date: Date,
    /// The time of day, where the row says one.
    pub time: Option<TimeOfDay>,
    /// The row.
    pub source: Source,
    /// What was traded.
    pub security: SecurityId,
    /// Where.
    pub account: AccountId,
    /// Whether the row names an account (an empty cell means `main`, but all accounts for a corporate action).
    pub account_given: bool,
    /// What happened.
    pub action: Action,
    quantity: Packed,
    price: Packed,
    fee: Packed,
    extra: Option<Box<Extra>>,
}

/// What a trade is made of, as plain fields.
#[derive(Clone, Debug)]
pub struct Entry {
    /// See [`Trade::date`].
    pub date: Date,
    /// See [`Trade::time`].
    pub time: Option<TimeOfDay>,
    /// See [`Trade::source`].
    pub source: Source,
    /// See [`Trade::security`].
    pub security: SecurityId,
    /// See [`Trade::account`].
    pub account: AccountId,
    /// See [`Trade::account_given`].
    pub account_given: bool,
    /// See [`Trade::action`].
    pub action: Action,
    /// See [`Trade::quantity`].
    pub quantity: Option<Decimal>,
    /// See [`Trade::price`].
    pub price: Option<Decimal>,
    /// See [`Trade::fee`].
    pub fee: Option<Decimal>,
    /// The rarer columns; absent on most rows.
    pub rest: Option<Box<Rest>>,
}

/// What a trade of plain columns alone is made of, its numbers packed already.
#[derive(Clone, Copy, Debug)]
pub struct PlainEntry {
    /// See [`Trade::date`].
    pub date: Date,
    /// See [`Trade::time`].
    pub time: Option<TimeOfDay>,
    /// See [`Trade::source`].
    pub source: Source,
    /// See [`Trade::security`].
    pub security: SecurityId,
    /// See [`Trade::account`].
    pub account: AccountId,
    /// See [`Trade::account_given`].
    pub account_given: bool,
    /// See [`Trade::action`].
    pub action: Action,
    /// See [`Trade::quantity`].
    pub quantity: Packed,
    /// See [`Trade::price`].
    pub price: Packed,
    /// See [`Trade::fee`].
    pub fee: Packed,
}

/// What most rows do not have.
#[derive(Clone, Debug, Default)]
struct Extra {
    rest: Rest,
    /// Quantity, price and fee, where one of them has too many digits to be packed.
    wide: Option<Box<[Decimal; 3]>>,
}

/// A decimal in eight bytes: five bits of scale, the rest a mantissa of up to 17 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed(i64);

impl Packed {
    /// The low bits that hold the scale.
    const SCALE_BITS: u32 = 5;
    /// In place of a scale: there is no number.
    pub const ABSENT: Self = Self(31);
    /// In place of a scale: the number is among the wide ones.
    const WIDE: Self = Self(30);

    /// A number of at most 15 digits and its scale, at most 15.
    #[inline]
    pub fn small(mantissa: i64, scale: u8) -> Self {
        debug_assert!(mantissa.unsigned_abs() < 1_000_000_000_000_000 && scale <= 15);
        Self((mantissa << Self::SCALE_BITS) | i64::from(scale))
    }

    /// Without its sign.
    #[inline]
    #[must_use]
    pub fn unsigned(self) -> Self {
        let scale = self.0 & ((1 << Self::SCALE_BITS) - 1);
        Self((self.0 - scale).wrapping_abs() | scale)
    }

    /// Whether it is a packed number below zero.
    #[inline]
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether it is zero, of any scale.
    #[inline]
    pub fn is_zero(self) -> bool {
        self.0 >> Self::SCALE_BITS == 0 && self.0 < Self::WIDE.0
    }

    /// A number, or the sign that it is among the wide ones.
    #[cfg(test)]
    pub fn of(value: Decimal) -> Self {
        Self::new(Some(value))
    }

    #[inline]
    fn new(value: Option<Decimal>) -> Self {
        let Some(value) = value else {
            return Self::ABSENT;
        };
        let mantissa = i64::try_from(value.mantissa()).ok();
        let shifted = mantissa.and_then(|m| m.checked_mul(1 << Self::SCALE_BITS));
        shifted.map_or(Self::WIDE, |shifted| {
            Self(shifted | i64::from(value.scale()))
        })
    }

    /// Mantissa and scale of a packed number.
    #[inline]
    fn parts(self) -> Option<(i64, u32)> {
        let scale = (self.0 & ((1 << Self::SCALE_BITS) - 1)) as u32;
        (scale < 30).then_some((self.0 >> Self::SCALE_BITS, scale))
    }

    #[inline]
    fn get(self) -> Option<Decimal> {
        let scale = u32::try_from(self.0 & ((1 << Self::SCALE_BITS) - 1)).unwrap_or_default();
        let mantissa = self.0 >> Self::SCALE_BITS;
        let size = mantissa.unsigned_abs();
        let low = u32::try_from(size & 0xffff_ffff).unwrap_or_default();
        let middle = u32::try_from(size >> 32).unwrap_or_default();
        (self != Self::ABSENT).then(|| Decimal::from_parts(low, middle, 0, mantissa < 0, scale))
    }
}

/// A time of day in milliseconds after midnight, plus one so that an absent one costs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(std::num::NonZeroU32);

impl TimeOfDay {
    /// The time `milliseconds` after midnight.
    pub fn new(milliseconds: u32) -> Option<Self> {
        (milliseconds < 86_400_000)
            .then(|| std::num::NonZeroU32::new(milliseconds + 1).map(Self))?
    }

    /// Milliseconds after midnight.
    pub fn milliseconds(self) -> u32 {
        self.0.get() - 1
    }
}

/// The columns that few rows have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rest {
    /// `total`: net cash of the row; the sign is kept for `funding`, `pnl`, `dividend` and `basis_adjust`.
    pub total: Option<Decimal>,
    /// Currency of price, fee and total, where it is not the report's own.
    pub currency: Option<Box<str>>,
    /// Report currency per unit of `currency`.
    pub fx_rate: Option<Decimal>,
    /// The row's own id, for duplicates and pairing.
    pub id: Option<Box<str>>,
    /// Settlement date.
    pub settled: Option<Date>,
    /// The order that this row is a fill of.
    pub order: Option<Box<str>>,
    /// A tag with a meaning.
    pub tag: Option<Box<str>>,
    /// The columns that hardly any row has.
    pub rarest: Option<Box<Rarest>>,
}

/// The columns that hardly any row has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rarest {
    /// The asset a fee was paid in, where that is not money.
    pub fee_asset: Option<SecurityId>,
    /// Market value of a fee in kind.
    pub fee_value: Option<Decimal>,
    /// The receiving account of a transfer.
    pub to_account: Option<AccountId>,
    /// On a purchase the lot's name, on a sale the lots chosen.
    pub lot: Option<Box<str>>,
    /// The day an adjustment takes effect.
    pub effective: Option<Date>,
    /// `ratio` new : old.
    pub ratio: Option<(Decimal, Decimal)>,
    /// The security that arrives in a swap, merger, spin-off or rename.
    pub new_security: Option<SecurityId>,
    /// How much of it.
    pub new_quantity: Option<Decimal>,
    /// The part of the basis that moves in a spin-off, 0 to 1.
    pub fraction: Option<Decimal>,
    /// Total basis of a lot brought in.
    pub basis: Option<Decimal>,
    /// The day a lot brought in was acquired.
    pub acquired: Option<Date>,
}

impl Rest {
    const NONE: Self = Self {
        total: None,
        currency: None,
        fx_rate: None,
        id: None,
        settled: None,
        order: None,
        tag: None,
        rarest: None,
    };

    /// The columns that hardly any row has, or their absence.
    pub fn rarest(&self) -> &Rarest {
        static NONE: Rarest = Rarest {
            fee_asset: None,
            fee_value: None,
            to_account: None,
            lot: None,
            effective: None,
            ratio: None,
            new_security: None,
            new_quantity: None,
            fraction: None,
            basis: None,
            acquired: None,
        };
        self.rarest.as_deref().unwrap_or(&NONE)
    }
}

impl From<Entry> for Trade {
    #[inline]
    fn from(entry: Entry) -> Self {
        let mut trade = Self {
            date: entry.date,
            time: entry.time,
            source: entry.source,
            security: entry.security,
            account: entry.account,
            account_given: entry.account_given,
            action: entry.action,
            quantity: Packed::new(entry.quantity),
            price: Packed::new(entry.price),
            fee: Packed::new(entry.fee),
            extra: None,
        };
        let wide = [trade.quantity, trade.price, trade.fee].contains(&Packed::WIDE);
        if wide || entry.rest.is_some() {
            trade.set_extra(entry.rest, [entry.quantity, entry.price, entry.fee], wide);
        }
        trade
    }
}

impl From<PlainEntry> for Trade {
    #[inline]
    fn from(entry: PlainEntry) -> Self {
        Self {
            date: entry.date,
            time: entry.time,
            source: entry.source,
            security: entry.security,
            account: entry.account,
            account_given: entry.account_given,
            action: entry.action,
            quantity: entry.quantity,
            price: entry.price,
            fee: entry.fee,
            extra: None,
        }
    }
}

impl Trade {
    /// The day it counts on: that of settlement with `--date-basis settle`, where it is known.
    #[inline]
    pub fn day(&self, by_settlement: bool) -> Date {
        if by_settlement {
            self.rest().settled.unwrap_or(self.date)
        } else {
            self.date
        }
    }

    /// A copy, where it has none of the rarer columns.
    #[inline]
    pub fn plain_copy(&self) -> Option<Self> {
        let plain = self.extra.is_none();
        plain.then_some(Self {
            extra: None,
            ..*self
        })
    }

    /// Whether its price or fee may lie below zero. A number too long to be packed counts as such: it is rare.
    #[inline]
    pub fn may_owe(&self) -> bool {
        let minus = self.price.is_negative() || self.fee.is_negative();
        minus || self.extra.is_some()
    }

    #[cold]
    fn set_extra(&mut self, rest: Option<Box<Rest>>, numbers: [Option<Decimal>; 3], wide: bool) {
        self.extra = Some(Box::new(Extra {
            rest: rest.map_or(Rest::NONE, |rest| *rest),
            wide: wide.then(|| Box::new(numbers.map(Option::unwrap_or_default))),
        }));
    }

    /// Units, as a size: the action gives the direction. For `open`, `close` and `basis_adjust` the sign is kept.
    #[inline]
    pub fn quantity(&self) -> Option<Decimal> {
        self.number(self.quantity, 0)
    }

    /// Price per unit (per share for options), in the row's currency.
    #[inline]
    pub fn price(&self) -> Option<Decimal> {
        self.number(self.price, 1)
    }

    /// Fee, a positive cost (negative: a rebate).
    #[inline]
    pub fn fee(&self) -> Option<Decimal> {
        self.number(self.fee, 2)
    }

    /// Mantissa and scale of quantity, price and fee, each where it is given and packed.
    #[inline]
    pub fn packed(&self) -> [Option<(i64, u32)>; 3] {
        [self.quantity.parts(), self.price.parts(), self.fee.parts()]
    }

    #[inline]
    fn number(&self, packed: Packed, place: usize) -> Option<Decimal> {
        if packed == Packed::WIDE {
            return self.wide(place);
        }
        packed.get()
    }

    #[cold]
    fn wide(&self, place: usize) -> Option<Decimal> {
        let wide = self.extra.as_ref()?.wide.as_ref()?;
        wide.get(place).copied()
    }

    /// Gives the receiving account of a transfer another one.
    pub fn move_arrival(&mut self, place: impl Fn(AccountId) -> AccountId) {
        let rest = self.extra.as_mut().map(|extra| &mut extra.rest);
        if let Some(rarest) = rest.and_then(|rest| rest.rarest.as_mut()) {
            rarest.to_account = rarest.to_account.map(place);
        }
    }

    /// Turns a fee below zero into a cost.
    pub fn fee_is_cost(&mut self) {
        if self.fee != Packed::WIDE {
            self.fee = Packed::new(self.fee().map(|fee| fee.abs()));
        } else if let Some(wide) = self.extra.as_mut().and_then(|extra| extra.wide.as_mut()) {
            wide[2] = wide[2].abs();
        }
    }

    /// Gives the total of a sale its sign where the fees took more than the units brought.
    pub fn total_is_owed(&mut self) {
        let rest = self.extra.as_mut().map(|extra| &mut extra.rest);
        if let Some(total) = rest.and_then(|rest| rest.total.as_mut()) {
            *total = -total.abs();
        }
    }

    /// A rare column, or its absence.
    #[inline]
    pub fn rest(&self) -> &Rest {
        static NONE: Rest = Rest::NONE;
        self.rare().unwrap_or(&NONE)
    }

    /// The rare columns, where the row has any.
    #[inline]
    pub fn rare(&self) -> Option<&Rest> {
        self.extra.as_ref().map(|extra| &extra.rest)
    }

    /// The holding that units come into by this row alone: what it buys, receives or moves in. What an option or a
    /// corporate action brings hangs on other rows too.
    pub fn brings(&self) -> Option<(AccountId, SecurityId)> {
        let (account, security) = match self.action {
            Action::Buy
            | Action::Reinvest
            | Action::BuyToOpen
            | Action::Income
            | Action::Opening
            | Action::GiftIn
            | Action::Inherit
            | Action::TransferIn => (self.account, self.security),
            // Its sign says whether it opens a short.
            Action::Open if self.quantity()?.is_sign_negative() => return None,
            Action::Open => (self.account, self.security),
            Action::Swap => (self.account, self.rest().rarest().new_security?),
            Action::Transfer => (self.rest().rarest().to_account?, self.security),
            Action::Sell
            | Action::Short
            | Action::Cover
            | Action::Close
            | Action::SellToOpen
            | Action::BuyToClose
            | Action::SellToClose
            | Action::Expire
            | Action::Exercise
            | Action::Assign
            | Action::Split
            | Action::StockDividend
            | Action::SpinOff
            | Action::Merger
            | Action::Rename
            | Action::ReturnOfCapital
            | Action::BasisAdjust
            | Action::Dividend
            | Action::Spend
            | Action::Fee
            | Action::TransferOut
            | Action::GiftOut
            | Action::Lost
            | Action::Worthless
            | Action::CashSettle
            | Action::Mark
            | Action::Pnl
            | Action::Funding
            | Action::Cancel
            | Action::Ignore => return None,
        };
        Some((account, security))
    }

    /// Whether the row carries this tag.
    pub fn tagged(&self, tag: &str) -> bool {
        self.rest().tag.as_deref().is_some_and(|t| {
            t.split([';', ' '])
                .any(|word| word.eq_ignore_ascii_case(tag))
        })
    }
}

/// A security, coin or contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Security {
    /// The symbol as the file writes it; an option's in the form of the clearing house.
    pub symbol: Box<str>,
    /// What kind of asset it is: as the file or the configuration says, else by the form of the symbol.
    pub class: Class,
    /// Terms of an option or future, from columns or from the symbol.
    pub contract: Option<Contract>,
    /// ISIN or CUSIP, where a row gives one: rows with equal ones are one security.
    pub identifier: Option<Box<str>>,
}

/// The terms of a derivative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    /// What it is on.
    pub underlying: Option<SecurityId>,
    /// The last day.
    pub expiry: Option<Date>,
    /// Exercise price per share.
    pub strike: Option<Decimal>,
    /// Call or put.
    pub right: Option<Right>,
    /// Shares (units of price) per contract, if said.
    pub multiplier: Option<Decimal>,
}

/// The right an option gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// To buy.
    Call,
    /// To sell.
    Put,
}

impl Security {
    /// Units of price per unit of quantity: as said, else 100 for options, 1 for the rest.
    pub fn multiplier(&self) -> Decimal {
        let said = self.contract.as_ref().and_then(|c| c.multiplier);
        said.unwrap_or(match self.class {
            Class::Option | Class::IndexOption => Decimal::ONE_HUNDRED,
            Class::Stock
            | Class::Fund
            | Class::Bond
            | Class::Future
            | Class::Crypto
            | Class::Perpetual
            | Class::Right
            | Class::Collectible
            | Class::Other => Decimal::ONE,
        })
    }

    /// Whether prices are surely those of one unit: it is no contract, so that nothing is to be multiplied.
    #[inline]
    pub fn is_priced_singly(&self) -> bool {
        self.contract.is_none() && !matches!(self.class, Class::Option | Class::IndexOption)
    }
}

/// What kind of asset a security is; decides the regime where a country has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Class {
    /// A share.
    #[default]
    Stock,
    /// A fund share.
    Fund,
    /// A bond.
    Bond,
    /// An option on a share or fund.
    Option,
    /// An option on a broad index: a section 1256 contract in the US.
    IndexOption,
    /// A regulated future: a section 1256 contract in the US.
    Future,
    /// A coin or token.
    Crypto,
    /// A perpetual future.
    Perpetual,
    /// A stock right.
    Right,
    /// A collectible, such as bullion.
    Collectible,
    /// Anything else.
    Other,
}

impl Class {
    /// All classes with the names that files and results use.
    pub const NAMES: [(&'static str, Self); 11] = [
        ("stock", Self::Stock),
        ("fund", Self::Fund),
        ("bond", Self::Bond),
        ("option", Self::Option),
        ("index_option", Self::IndexOption),
        ("future", Self::Future),
        ("crypto", Self::Crypto),
        ("perp", Self::Perpetual),
        ("right", Self::Right),
        ("collectible", Self::Collectible),
        ("other", Self::Other),
    ];

    /// The name that files and results use.
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, class)| *class == self)
            .map_or("other", |(name, _)| name)
    }
}

/// An account: whose it is and how it is taxed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name; `main` where rows name none.
    pub name: Box<str>,
    /// An IRA, RRSP, ISA or the like: its purchases count in the loss rules' windows, its sales are not taxed.
    pub sheltered: bool,
    /// A wallet that no broker keeps.
    pub unhosted: bool,
    /// Another person of the circle the loss rules look at, such as `spouse`; `None` is the taxpayer.
    pub owner: Option<Box<str>>,
    /// The lot method of this account, where the configuration sets one.
    pub method: Option<Box<str>>,
    /// The class of everything in it that no row and no setting says otherwise, where the configuration sets one.
    pub class: Option<Class>,
}

/// What a row says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)] // each is the word of the canonical CSV, defined there
pub enum Action {
    Buy,
    Sell,
    Short,
    Cover,
    Open,
    Close,
    BuyToOpen,
    SellToOpen,
    BuyToClose,
    SellToClose,
    Expire,
    Exercise,
    Assign,
    Split,
    StockDividend,
    SpinOff,
    Merger,
    Rename,
    ReturnOfCapital,
    BasisAdjust,
    Income,
    Dividend,
    Reinvest,
    Swap,
    Spend,
    Fee,
    Transfer,
    TransferIn,
    TransferOut,
    GiftIn,
    GiftOut,
    Inherit,
    Lost,
    Worthless,
    Opening,
    CashSettle,
    Mark,
    Pnl,
    Funding,
    Cancel,
    Ignore,
}

impl Action {
    /// All actions with the words of the canonical CSV.
    pub const WORDS: [(&'static str, Self); 41] = [
        ("buy", Self::Buy),
        ("sell", Self::Sell),
        ("short", Self::Short),
        ("cover", Self::Cover),
        ("open", Self::Open),
        ("close", Self::Close),
        ("bto", Self::BuyToOpen),
        ("sto", Self::SellToOpen),
        ("btc", Self::BuyToClose),
        ("stc", Self::SellToClose),
        ("expire", Self::Expire),
        ("exercise", Self::Exercise),
        ("assign", Self::Assign),
        ("split", Self::Split),
        ("stock_dividend", Self::StockDividend),
        ("spinoff", Self::SpinOff),
        ("merger", Self::Merger),
        ("rename", Self::Rename),
        ("return_of_capital", Self::ReturnOfCapital),
        ("basis_adjust", Self::BasisAdjust),
        ("income", Self::Income),
        ("dividend", Self::Dividend),
        ("reinvest", Self::Reinvest),
        ("swap", Self::Swap),
        ("spend", Self::Spend),
        ("fee", Self::Fee),
        ("transfer", Self::Transfer),
        ("transfer_in", Self::TransferIn),
        ("transfer_out", Self::TransferOut),
        ("gift_in", Self::GiftIn),
        ("gift_out", Self::GiftOut),
        ("inherit", Self::Inherit),
        ("lost", Self::Lost),
        ("worthless", Self::Worthless),
        ("opening", Self::Opening),
        ("cash_settle", Self::CashSettle),
        ("mark", Self::Mark),
        ("pnl", Self::Pnl),
        ("funding", Self::Funding),
        ("cancel", Self::Cancel),
        ("ignore", Self::Ignore),
    ];

    /// Whether it can bring in lots acquired on an earlier day than its own.
    pub fn keeps_dates(self) -> bool {
        matches!(
            self,
            Self::GiftIn | Self::Inherit | Self::TransferIn | Self::SpinOff
        )
    }

    /// Whether its row's `lot` column names the lot that comes in; elsewhere it chooses among those held.
    pub fn names_lots(self) -> bool {
        matches!(
            self,
            Self::Buy
                | Self::Reinvest
                | Self::BuyToOpen
                | Self::Income
                | Self::Opening
                | Self::GiftIn
                | Self::Inherit
                | Self::TransferIn
                | Self::Short
                | Self::SellToOpen
                | Self::Open
        )
    }

    /// The word of the canonical CSV.
    pub fn word(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(_, action)| *action == self)
            .map_or("?", |(word, _)| word)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn trade(numbers: [Option<Decimal>; 3]) -> Trade {
        let [quantity, price, fee] = numbers;
        Trade::from(Entry {
            date: Date::FIRST,
            time: None,
            source: Source { file: 0, line: 1 },
            security: SecurityId(0),
            account: AccountId(0),
            account_given: false,
            action: Action::Buy,
            quantity,
            price,
            fee,
            rest: None,
        })
    }

    fn number() -> impl proptest::strategy::Strategy<Value = Option<Decimal>> {
        use proptest::prelude::*;
        let sizes = (0_u32..96, any::<i128>(), 0_u32..=28);
        proptest::option::of(sizes.prop_map(|(bits, value, scale)| {
            Decimal::from_i128_with_scale(value >> (127 - bits), scale)
        }))
    }

    #[test]
    fn a_trade_is_small() {
        assert_eq!(size_of::<Trade>(), 56);
        assert!(size_of::<Extra>() <= 144, "{}", size_of::<Extra>());
    }

    proptest::proptest! {
        #[test]
        fn numbers_come_back_as_they_were(numbers in [number(), number(), number()]) {
            let mut trade = trade(numbers);
            let found = [trade.quantity(), trade.price(), trade.fee()];
            proptest::prop_assert_eq!(found, numbers);
            let scales = |of: [Option<Decimal>; 3]| of.map(|n| n.map(|n| n.scale()));
            proptest::prop_assert_eq!(scales(found), scales(numbers));
            trade.fee_is_cost();
            proptest::prop_assert_eq!(trade.fee(), numbers[2].map(|fee| fee.abs()));
        }
    }
}
