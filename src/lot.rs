//! A purchase and the lots its units form: one for each piece of it that wash sales have cut, in each account.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts and positions of what is in memory"
)]

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
    pub pieces: Pieces,
    /// How many of them have not served as a replacement.
    pub unused: u32,
}

/// The lots of a purchase; most form one or two.
pub type Pieces = SmallVec<[Piece; 2]>;

/// A lot of a purchase, with what decides its place among the others.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    place: Place,
    /// The lot.
    pub lot: LotId,
}

/// The place of a lot among those of its purchase: the earlier start of a holding period leaves first, then what has been
/// a replacement, then what was cut off first. One number, since it is compared more often than anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place(i32);

impl Place {
    #[inline]
    fn new(held_from: Date, used: bool) -> Self {
        Self(held_from.number() * 2 + i32::from(!used))
    }
}

impl Piece {
    /// A lot that is held from a day, and whether its units have served as a replacement.
    #[inline]
    pub fn new(held_from: Date, used: bool, lot: LotId) -> Self {
        let place = Place::new(held_from, used);
        Self { place, lot }
    }

    /// Whether its units have served as a replacement.
    #[inline]
    pub fn used(self) -> bool {
        self.place.0 % 2 == 0
    }
}

impl Purchase {
    /// The name of its lots.
    pub fn name(&self) -> LotName {
        LotName {
            security: self.security,
            date: self.acquired,
            number: self.number,
            opened_by: self.opened_by,
        }
    }

    /// The lots that its units form, in the order in which they leave.
    pub fn lots(&self) -> impl Iterator<Item = LotId> + '_ {
        self.pieces.iter().map(|piece| piece.lot)
    }

    /// The place for a lot with this start and use, and those of its like that stand before it, the last first.
    #[inline]
    pub fn like(&self, held_from: Date, used: bool) -> (usize, impl Iterator<Item = LotId> + '_) {
        let place = Place::new(held_from, used);
        let end = self.pieces.partition_point(|other| other.place <= place);
        let before = self.pieces.get(..end).unwrap_or_default().iter().rev();
        let like = before.take_while(move |piece| piece.place == place);
        (end, like.map(|piece| piece.lot))
    }

    /// How many pieces there are.
    #[inline]
    pub fn count(&self) -> usize {
        self.pieces.len()
    }

    /// The place of a lot with this start and use, behind its like.
    pub fn place_of(&self, held_from: Date, used: bool) -> usize {
        let place = Place::new(held_from, used);
        self.pieces.partition_point(|other| other.place <= place)
    }

    /// The lot whose units have not served as a replacement, if there is but one.
    #[inline]
    pub fn only_unused_lot(&self) -> Option<LotId> {
        if self.unused != 1 {
            return None;
        }
        let mut pieces = self.pieces.iter().rev();
        pieces.find(|piece| !piece.used()).map(|piece| piece.lot)
    }

    /// The lots whose units have not served as a replacement, in the order in which they leave.
    pub fn unused_lots(&self) -> SmallVec<[LotId; 2]> {
        // They are few, and near the end, since a replacement's holding period starts earlier.
        let mut found = SmallVec::new();
        let mut pieces = self.pieces.iter().rev();
        while found.len() < self.unused as usize {
            match pieces.next() {
                Some(piece) if !piece.used() => found.push(piece.lot),
                Some(_) => {}
                None => break,
            }
        }
        found.reverse();
        found
    }

    /// Lists a lot at its place; a list that outgrows the purchase moves into a spare one.
    #[inline]
    pub fn list(&mut self, at: usize, piece: Piece, spare: &mut Vec<Pieces>) {
        if self.pieces.len() == self.pieces.inline_size() {
            // A purchase that wash sales cut at all is soon cut many times.
            let mut larger = spare.pop().unwrap_or_else(|| Pieces::with_capacity(16));
            larger.extend(self.pieces.drain(..));
            self.pieces = larger;
        }
        self.unused += u32::from(!piece.used());
        self.pieces.insert(at, piece);
    }

    /// Takes a lot off the list.
    pub fn unlist(&mut self, lot: LotId) {
        if let Some(at) = self.pieces.iter().position(|piece| piece.lot == lot) {
            let piece = self.pieces.remove(at);
            self.unused -= u32::from(!piece.used());
        }
    }
}

/// Units of one purchase in one account with one holding period and one basis per unit.
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
