//! A trade as read from a file, with securities and accounts as small numbers.

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
    /// Units, as a size: the action gives the direction. For `open`, `close` and `basis_adjust` the sign is kept.
    pub quantity: Option<Decimal>,
    /// Price per unit (per share for options), in the row's currency.
    pub price: Option<Decimal>,
    /// Fee, a positive cost (negative: a rebate).
    pub fee: Option<Decimal>,
    /// The rarer columns; absent on most rows.
    pub rest: Option<Box<Rest>>,
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
    /// The asset a fee was paid in, where that is not money.
    pub fee_asset: Option<SecurityId>,
    /// Market value of a fee in kind.
    pub fee_value: Option<Decimal>,
    /// Currency of price, fee and total, where it is not the report's own.
    pub currency: Option<Box<str>>,
    /// Report currency per unit of `currency`.
    pub fx_rate: Option<Decimal>,
    /// The receiving account of a transfer.
    pub to_account: Option<AccountId>,
    /// The row's own id, for duplicates and pairing.
    pub id: Option<Box<str>>,
    /// On a purchase the lot's name, on a sale the lots chosen.
    pub lot: Option<Box<str>>,
    /// Settlement date.
    pub settled: Option<Date>,
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
    /// The order that this row is a fill of.
    pub order: Option<Box<str>>,
    /// A tag with a meaning.
    pub tag: Option<Box<str>>,
}

impl Trade {
    /// A rare column, or its absence.
    pub fn rest(&self) -> &Rest {
        static NONE: Rest = Rest {
            total: None,
            fee_asset: None,
            fee_value: None,
            currency: None,
            fx_rate: None,
            to_account: None,
            id: None,
            lot: None,
            settled: None,
            effective: None,
            ratio: None,
            new_security: None,
            new_quantity: None,
            fraction: None,
            basis: None,
            acquired: None,
            order: None,
            tag: None,
        };
        self.rest.as_deref().unwrap_or(&NONE)
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
    /// The symbol as the file writes it.
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
