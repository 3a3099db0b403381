//! What a computation found: disposal rows, open lots, adjustments, year lines and warnings. Everything printed is a
//! view of this.

use crate::date::Date;
use crate::diagnostic::Warning;
use crate::money::{Minor, Money, Quantity};
use crate::trade::{AccountId, SecurityId, TradeId};

/// Everything a computation found.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Disposal rows in the order of their sales, one per slice of a lot or matched leg.
    pub disposals: Vec<Disposal>,
    /// What is still held, by symbol, account and acquisition.
    pub lots: Vec<OpenLot>,
    /// Every denied, deferred or ring-fenced amount with its replacement.
    pub adjustments: Vec<Adjustment>,
    /// The netting of each tax year, oldest first.
    pub years: Vec<Year>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

/// The name of a lot: its own if its row gives one, else `SYMBOL@DATE#n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LotName {
    /// The security as which it was acquired.
    pub security: SecurityId,
    /// The day it was acquired.
    pub date: Date,
    /// Its number among the lots of that security and day, from 1; 0 for a pool, which is `SYMBOL@pool`.
    pub number: u32,
    /// The row that opened it, which may name it.
    pub opened_by: TradeId,
}

/// One slice of a lot (or matched leg) that a disposal used. Amounts are minor units of the report's currency.
#[derive(Clone, Debug)]
pub struct Disposal {
    /// The security sold.
    pub security: SecurityId,
    /// The account it was sold in.
    pub account: AccountId,
    /// The tax year it counts in, by the calendar year in which that begins.
    pub tax_year: i16,
    /// How the slice was identified.
    pub matched: Match,
    /// Holding-period class, where the country has one.
    pub term: Option<Term>,
    /// Form 8949 codes.
    pub codes: Codes,
    /// Units, in the units of the day of sale; 0 for a return of capital beyond the basis.
    pub quantity: Quantity,
    /// The day really bought; `None` for a pool.
    pub acquired: Option<Date>,
    /// The day the holding period counts from; `None` for a pool.
    pub held_from: Option<Date>,
    /// The day disposed of.
    pub disposed: Date,
    /// Proceeds net of the sale's costs.
    pub proceeds: Minor,
    /// Cost, purchase fees and earlier adjustments included.
    pub cost: Minor,
    /// Part of a loss denied, deferred or ring-fenced (positive), or released here (negative).
    pub adjustment: Minor,
    /// Until when a later purchase may still change this row.
    pub provisional_until: Option<Date>,
    /// The lot.
    pub lot: Option<LotName>,
    /// The row that closed it.
    pub closed_by: TradeId,
}

impl Disposal {
    /// Gain (negative: loss) that counts: proceeds - cost + adjustment.
    pub fn gain(&self) -> Minor {
        self.proceeds
            .saturating_sub(self.cost)
            .saturating_add(self.adjustment)
    }
}

/// How a slice was identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Match {
    /// A lot, by the method in force or by choice.
    Lot,
    /// A purchase of the same day.
    SameDay,
    /// A purchase of the 30 days after.
    Within30Days,
    /// A purchase of the four weeks before.
    Within4Weeks,
    /// The pool.
    Pool,
    /// A purchase beyond every window.
    Later,
    /// A short or written position closed.
    Short,
    /// A year-end mark.
    Mark,
    /// An amount alone.
    Amount,
}

impl Match {
    /// The word in results.
    pub fn word(self) -> &'static str {
        match self {
            Self::Lot => "lot",
            Self::SameDay => "same-day",
            Self::Within30Days => "within-30-days",
            Self::Within4Weeks => "within-4-weeks",
            Self::Pool => "pool",
            Self::Later => "later",
            Self::Short => "short",
            Self::Mark => "mark",
            Self::Amount => "amount",
        }
    }
}

/// Holding-period class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// The country's holding test is not passed.
    Short,
    /// It is passed.
    Long,
}

impl Term {
    /// The word in results.
    pub fn word(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Long => "long",
        }
    }
}

/// Form 8949 codes of a row, in alphabetical order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Hash)]
pub struct Codes(u8);

impl Codes {
    /// No code.
    pub const NONE: Self = Self(0);
    /// C: a collectible.
    pub const COLLECTIBLE: Self = Self(1);
    /// L: a loss that is not deductible.
    pub const NONDEDUCTIBLE: Self = Self(2);
    /// W: a wash sale.
    pub const WASH: Self = Self(4);

    /// With another code.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it has all of `other`.
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The letters.
    pub fn text(self) -> &'static str {
        ["", "C", "L", "CL", "W", "CW", "LW", "CLW"]
            .get(usize::from(self.0))
            .copied()
            .unwrap_or("")
    }
}

/// A lot, or a pool, still held. An open short or written option has negative quantity and cost.
#[derive(Clone, Debug)]
pub struct OpenLot {
    /// Its name.
    pub name: LotName,
    /// Where it is held; `None` for a pool over all accounts.
    pub account: Option<AccountId>,
    /// What it is now (a rename or merger may have changed it since [`LotName`]).
    pub security: SecurityId,
    /// Units.
    pub quantity: Quantity,
    /// Adjusted basis in minor units.
    pub cost: Minor,
    /// The day really bought; `None` for a pool.
    pub acquired: Option<Date>,
    /// The day the holding period counts from; `None` for a pool.
    pub held_from: Option<Date>,
    /// The rows that opened it.
    pub opened_by: Vec<TradeId>,
}

/// One denied, deferred or ring-fenced amount.
#[derive(Clone, Debug)]
pub struct Adjustment {
    /// Position of the loss in [`Answer::disposals`].
    pub disposal: u32,
    /// The lot that takes the loss over; `None` where the loss is gone for good.
    pub replacement: Option<LotName>,
    /// The purchase that replaced what was sold, whether or not it takes the loss over.
    pub purchase: Option<TradeId>,
    /// The rule, by its name in [`crate::rule`].
    pub rule: &'static crate::rule::Rule,
    /// Units replaced, in the units of the sale.
    pub quantity: Quantity,
    /// Amount, in minor units, positive.
    pub amount: Minor,
    /// Basis of the replacement units afterwards.
    pub basis_after: Option<Money>,
    /// Start of their holding period afterwards.
    pub held_from_after: Option<Date>,
}

/// The netting of one tax year: the lines of the country's worksheet in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Year {
    /// The calendar year in which the tax year begins.
    pub begins: i32,
    /// Line names and amounts in minor units.
    pub lines: Vec<(&'static str, Minor)>,
}

impl Year {
    /// The amount of a line; 0 where the country has no such line.
    pub fn line(&self, name: &str) -> Minor {
        self.lines
            .iter()
            .find(|(line, _)| *line == name)
            .map_or(0, |(_, amount)| *amount)
    }
}
