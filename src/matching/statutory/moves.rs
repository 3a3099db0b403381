//! The closed set of moves that rows come down to where a country's law says which units left.

use crate::date::Date;
use crate::money::{Money, Quantity};
use crate::trade::{AccountId, SecurityId, TradeId};

/// Whose holding it is: a person's over all accounts, or one account's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Holder(pub u16);

/// A holder's holding of one security.
pub type Key = (Holder, SecurityId);

/// One thing that happens to one holding, with its quantity settled.
#[derive(Clone, Copy, Debug)]
pub struct Move {
    /// The row.
    pub trade: TradeId,
    /// When.
    pub day: Date,
    /// In which account.
    pub account: AccountId,
    /// To which holding.
    pub key: Key,
    /// Units.
    pub quantity: Quantity,
    /// What.
    pub what: What,
}

/// What happens.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// Units come in.
    In {
        /// What they cost.
        cost: Money,
        /// Whether rules with a window look at it.
        manner: Manner,
        /// Whether the premium of an option that the same row ends joins the cost.
        premium: bool,
        /// The day they were acquired, where that is not today.
        acquired: Option<Date>,
    },
    /// Units leave.
    Out {
        /// What they brought.
        proceeds: Money,
        /// In which way.
        way: Way,
        /// Whether the premium of an option that the same row ends joins the proceeds.
        premium: bool,
    },
    /// Options are exercised: their cost waits for the shares of the same row.
    Release,
    /// Units times new over old.
    Scale {
        /// Units after.
        new: Quantity,
        /// Units before.
        old: Quantity,
    },
    /// The cost of all units changes, on a later day perhaps.
    Shift {
        /// By how much.
        amount: Money,
        /// When it takes effect.
        effective: Option<Date>,
    },
    /// Capital comes back: it lowers the cost, what exceeds it is gain.
    Return {
        /// How much.
        amount: Money,
    },
    /// Cash beside the shares that others turn into, which the `Turn` of the same row brings: a part of what turns is
    /// disposed of for it, without units.
    Part {
        /// The cash.
        proceeds: Money,
        /// Cash and new shares together: of the cost goes as much as the cash is of this.
        whole: Money,
    },
    /// A part of the cost of some units moves to units of another security.
    Divide {
        /// The other security.
        to: SecurityId,
        /// Its units.
        units: Quantity,
        /// The part of the cost, 0 to 1.
        fraction: Quantity,
    },
    /// Units turn into units of another security, with their cost.
    Turn {
        /// The other security.
        to: SecurityId,
        /// Its units.
        units: Quantity,
        /// Units after and before, where all of the holding becomes the other: what is short and what waits for a
        /// purchase too.
        ratio: Option<(Quantity, Quantity)>,
    },
    /// Units go to another holding of the same taxpayer, with their cost.
    Carry {
        /// The other holding.
        to: Key,
        /// The account it lies in.
        account: AccountId,
    },
    /// Units go to another account within one holding.
    Relocate {
        /// That account.
        to: AccountId,
    },
    /// Options are written, or units sold short.
    Open {
        /// What that brought.
        proceeds: Money,
    },
    /// Written options or short units are closed.
    Close {
        /// What that cost.
        cost: Money,
        /// Whether they simply expired.
        expired: bool,
    },
    /// Written options are assigned: their premium waits for the shares of the same row.
    Assign,
    /// A result from an amount alone.
    Amount {
        /// With its sign.
        total: Money,
    },
}

/// Whether rules with a window look at what came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// An acquisition.
    Purchase,
    /// Units that belong to an older holding: opening balances, rights, spin-offs.
    Other,
}

/// In which way units leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Sold.
    Sale,
    /// To the spouse at no gain and no loss.
    Spouse,
    /// Lost or stolen: the loss is not allowed.
    Lost,
    /// Given away with their cost: no result.
    Gone,
}

impl What {
    /// The order of moves within a day whose rows are one: what changes holdings, what comes in, what options bring,
    /// what leaves.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Scale { .. }
            | Self::Shift { .. }
            | Self::Return { .. }
            | Self::Part { .. }
            | Self::Divide { .. }
            | Self::Turn { .. } => 0,
            Self::In { premium: false, .. } | Self::Carry { .. } | Self::Relocate { .. } => 1,
            Self::Release | Self::Assign => 2,
            Self::In { premium: true, .. } => 3,
            Self::Out { .. } | Self::Open { .. } | Self::Close { .. } | Self::Amount { .. } => 4,
        }
    }
}
