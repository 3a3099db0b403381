//! A purchase and the lots its units form: one lot for each account, holding-period start and use as a replacement.

use smallvec::SmallVec;

use crate::date::Date;
use crate::parcel::Parcel;
use crate::trade::{AccountId, SecurityId, TradeId};

/// Position of a purchase in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PurchaseId(pub u32);

/// Position of a lot in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LotId(pub u32);

/// One acquisition: what all units that came in with it have in common, wherever they are now.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// The day really acquired.
    pub acquired: Date,
    /// Order among all acquisitions of one day.
    pub sequence: u32,
    /// Fills of one order share this number; it is what a loss may not be replaced by when it sold from it.
    pub order: u32,
    /// The security as which it was acquired, and its number among the lots of that security and day.
    pub security: SecurityId,
    /// Its number among the lots of that security and day, from 1.
    pub number: u32,
    /// The row.
    pub opened_by: TradeId,
    /// Whether it was acquired by purchase or taxable exchange, so that it can replace what was sold at a loss
    /// (26 USC 1091(a)).
    pub purchased: bool,
    /// Inherited: long-term however soon it is sold (26 USC 1223(9)).
    pub inherited: bool,
    /// Nobody knows what it cost.
    pub basis_unknown: bool,
    /// The lots that its units form now, in the order in which they leave.
    pub lots: SmallVec<[LotId; 4]>,
}

/// Units of one purchase in one account with one holding period.
#[derive(Clone, Debug)]
pub struct Lot {
    /// The purchase.
    pub purchase: PurchaseId,
    /// The book of its holding.
    pub book: u32,
    /// Where it is.
    pub account: AccountId,
    /// What it is now.
    pub security: SecurityId,
    /// The day the holding period counts from: the real day, or an earlier one (tacking).
    pub held_from: Date,
    /// Whether its units have replaced something sold at a loss; they serve once (26 CFR 1.1091-1(e)).
    pub used: bool,
    /// How many queue entries point here; the slot is not used again before they are gone.
    pub queued: u32,
    /// What the method ranks by, repeated here so that ranking touches one place.
    pub acquired: Date,
    /// As in the purchase.
    pub sequence: u32,
    /// Basis to compare when sold below it: a gift whose value was below the donor's basis (26 USC 1015(a)).
    pub gift: Option<Box<Gift>>,
    /// The list of its movements, where they are recorded; 0 otherwise.
    pub trail: u32,
    /// Units and basis.
    pub parcel: Parcel,
}

/// The second basis of a gift that was worth less than the donor's basis.
#[derive(Clone, Debug)]
pub struct Gift {
    /// Value on the day of the gift, for the units of the lot: the basis for a loss.
    pub value: Parcel,
    /// The day of the gift: the holding period for a loss counts from it.
    pub given: Date,
}
