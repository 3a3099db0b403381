//! What a computation found: disposal rows, open lots, adjustments, year lines and warnings. Everything printed is a
//! view of this.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "minor units below 10^18, since `Money` refuses sums beyond 10^16 units"
)]

pub mod disposals;
pub mod trail;

pub use crate::lot::LotName;
pub use disposals::Disposals;

use std::collections::BTreeMap;

use crate::date::Date;
use crate::diagnostic::Warning;
use crate::money::{Minor, Money, OutOfRange, Quantity, whole_units};
use crate::rates::Rates;
use crate::trade::{AccountId, Overview, SecurityId, TradeId};

/// Everything a computation found.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Disposal rows in the order of their sales, one per slice of a lot or matched leg.
    pub disposals: Disposals,
    /// How many rows there were: more than are kept where only the years were asked for.
    pub rows: usize,
    /// Where a row comes from several rows of the file: all of them, by position in `disposals`.
    pub merged: BTreeMap<u32, Merged>,
    /// What is still held, by symbol, account and acquisition.
    pub lots: Vec<OpenLot>,
    /// Every denied, deferred or ring-fenced amount with its replacement.
    pub adjustments: Vec<Adjustment>,
    /// The netting of each tax year, oldest first.
    pub years: Vec<Year>,
    /// The exchange rates that rows were converted by.
    pub rates: Rates,
    /// What the user should know.
    pub warnings: Vec<Warning>,
    /// The sums that must agree.
    pub conservation: Conservation,
    /// What all rows of the files have in common.
    pub overview: Overview,
    /// Where the figures come from, if asked for.
    pub trails: Option<trail::Trails>,
}

/// The rows of the file that a merged purchase and a merged sale consist of; empty where one row is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// The purchases.
    pub opened_by: Vec<TradeId>,
    /// The sales.
    pub closed_by: Vec<TradeId>,
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

    /// Without another code.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
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
    /// Whether units bought in their place deny the loss; else it is never deductible, whatever is bought.
    pub replaced: bool,
    /// The rule, by its name in [`crate::rule`]; `None` where no law is applied.
    pub rule: Option<&'static crate::rule::Rule>,
    /// Units replaced, or lost without a deduction, in the units of the sale.
    pub quantity: Quantity,
    /// Amount, in minor units, positive.
    pub amount: Minor,
    /// Basis of the replacement units afterwards.
    pub basis_after: Option<Money>,
    /// Start of their holding period afterwards.
    pub held_from_after: Option<Date>,
}

impl Adjustment {
    /// A loss that no purchase denies but a rule on its own, such as that on theft.
    pub fn never_deductible(
        disposal: u32,
        quantity: Quantity,
        amount: Minor,
        rule: Option<&'static crate::rule::Rule>,
    ) -> Self {
        Self {
            disposal,
            replacement: None,
            purchase: None,
            replaced: false,
            rule,
            quantity,
            amount,
            basis_after: None,
            held_from_after: None,
        }
    }
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
    /// Rounds every line to whole units of the currency.
    pub fn round(&mut self, places: u32) {
        for (_, amount) in &mut self.lines {
            *amount = whole_units(*amount, places);
        }
    }

    /// The amount of a line; 0 where the country has no such line.
    pub fn line(&self, name: &str) -> Minor {
        self.lines
            .iter()
            .find(|(line, _)| *line == name)
            .map_or(0, |(_, amount)| *amount)
    }
}

/// Sums that must agree: whatever came in went out or is held.
#[derive(Clone, Debug, Default)]
pub struct Conservation {
    /// Basis that came in with purchases and other acquisitions.
    pub basis_in: Money,
    /// Basis added by deferred losses and adjustments (negative: taken by returns of capital).
    pub basis_moved: Money,
    /// Basis that left with disposals.
    pub basis_out: Money,
    /// Basis that left without a taxable row: gifts, sheltered accounts, other persons.
    pub basis_gone: Money,
    /// Basis still held.
    pub basis_held: Money,
    /// Losses disallowed, in minor units.
    pub disallowed: Minor,
    /// Of those, moved into the basis of replacements.
    pub deferred: Minor,
    /// Of those, gone for good.
    pub lost: Minor,
    /// Losses that no rule for replacements denies, but another: theft, fund shares held six months or less.
    pub nondeductible: Minor,
    /// Losses, in no row's adjustment yet, that purchases after the data may still disallow.
    pub open: Minor,
    /// The adjustments of all rows.
    pub adjusted: Minor,
    /// Units of each security.
    pub units: Vec<Units>,
}

/// Units of one security: those that came in left or are held. A move between accounts of the files is neither.
#[derive(Clone, Copy, Debug)]
pub struct Units {
    /// The security.
    pub security: SecurityId,
    /// Units that came in, those that a split added included.
    pub came: Quantity,
    /// Units that left.
    pub left: Quantity,
    /// Units in the lots.
    pub held: Quantity,
    /// Units sold short or written.
    pub opened: Quantity,
    /// Of those, closed.
    pub closed: Quantity,
    /// Of those, still open.
    pub short: Quantity,
}

impl Units {
    /// No units.
    pub fn none(security: SecurityId) -> Self {
        let zero = Quantity::ZERO;
        Self {
            security,
            came: zero,
            left: zero,
            held: zero,
            opened: zero,
            closed: zero,
            short: zero,
        }
    }

    /// Whether what came in left or is held.
    pub fn agree(&self) -> bool {
        self.came.minus(self.left) == Ok(self.held)
            && self.opened.minus(self.closed) == Ok(self.short)
    }
}

impl Conservation {
    /// Disallowed, but in no basis and not gone for good. Where losses wait for their replacement outside the rows
    /// that is nothing.
    pub fn pending(&self) -> Minor {
        self.disallowed - self.deferred - self.lost
    }

    /// Basis that came in or was moved, and basis that went out, is gone or is held: the two sides of the law.
    ///
    /// # Errors
    /// Sums out of range.
    pub fn basis(&self) -> Result<(Money, Money), OutOfRange> {
        let out = self.basis_out.plus(self.basis_gone)?;
        Ok((
            self.basis_in.plus(self.basis_moved)?,
            out.plus(self.basis_held)?,
        ))
    }

    /// The laws that are broken, in words; none unless the program is wrong.
    pub fn violations(&self) -> Vec<&'static str> {
        let mut broken = Vec::new();
        if self.pending() != 0 || self.adjusted != self.disallowed + self.nondeductible {
            broken.push("losses disallowed are not the basis added and the losses gone for good");
        }
        if !self.basis().is_ok_and(|(before, after)| before == after) {
            broken.push("basis that came in is not the basis that went out or is held");
        }
        if !self.units.iter().all(Units::agree) {
            broken.push("units that came in are not the units that left or are held");
        }
        broken
    }

    /// Adds the sums of another fold.
    pub fn add(&mut self, other: &Self) -> Result<(), OutOfRange> {
        self.basis_in = self.basis_in.plus(other.basis_in)?;
        self.basis_moved = self.basis_moved.plus(other.basis_moved)?;
        self.basis_out = self.basis_out.plus(other.basis_out)?;
        self.basis_gone = self.basis_gone.plus(other.basis_gone)?;
        self.basis_held = self.basis_held.plus(other.basis_held)?;
        self.disallowed += other.disallowed;
        self.deferred += other.deferred;
        self.lost += other.lost;
        self.nondeductible += other.nondeductible;
        self.open += other.open;
        self.adjusted += other.adjusted;
        self.units.extend_from_slice(&other.units);
        Ok(())
    }
}
