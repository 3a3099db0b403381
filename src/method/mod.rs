//! Which lots leave first. A method is a total order over lots, one file each; [`METHODS`] lists them.
//!
//! To add one: a file with its [`Method`], and a line in the list.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "shifts by what the numbers have to spare"
)]

mod average;
mod fifo;
mod hifo;
mod lifo;
mod lofo;
mod specific;
mod statutory;

use std::cmp::Ordering;

use ethnum::U256;

use crate::lot::Lot;

pub use average::AVERAGE;
pub use fifo::FIFO;
pub use hifo::HIFO;
pub use lifo::LIFO;
pub use lofo::LOFO;
pub use specific::SPECIFIC;
pub use statutory::STATUTORY;

/// A rule for choosing among the lots of a holding.
#[derive(Debug)]
pub struct Method {
    /// The word of `--method`.
    pub name: &'static str,
    /// One line for help and reports.
    pub title: &'static str,
    /// A number that orders lots by itself wherever two differ: the smaller leaves first.
    pub rank: fn(&Lot) -> u64,
    /// The order of lots with equal rank.
    pub compare: fn(&Lot, &Lot) -> Ordering,
    /// Whether a change of basis changes a lot's place.
    pub ranks_by_basis: bool,
    /// How the basis of what leaves is found.
    pub basis: BasisOf,
    /// Whether a sale without a choice of lots is an error.
    pub choice_required: bool,
}

/// How the basis of what leaves is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BasisOf {
    /// Each lot's own.
    Lot,
    /// The average over all units of the holding.
    Average,
}

/// All lot methods.
pub static METHODS: &[&Method] = &[&FIFO, &LIFO, &HIFO, &LOFO, &AVERAGE, &SPECIFIC, &STATUTORY];

/// The method of this name.
pub fn named(name: &str) -> Option<&'static Method> {
    METHODS.iter().copied().find(|method| method.name == name)
}

/// Order of acquisition as one number: day, then order within the day.
fn acquisition(lot: &Lot) -> u64 {
    let day = u64::from(lot.acquired.number().unsigned_abs());
    (day << 32) | u64::from(lot.sequence)
}

/// Pieces of one purchase cut by wash sales: the earlier holding start first, then the one that has been a replacement.
/// Those alike in both leave in the order in which they were cut off, which their purchase knows.
pub fn within_purchase(a: &Lot, b: &Lot) -> Ordering {
    a.held_from.cmp(&b.held_from).then(b.used.cmp(&a.used))
}

/// The leading digits of the basis per unit, rounded down: equal amounts per unit give equal numbers, a larger number
/// means a larger amount. Negative amounts count as nothing here and are told apart by [`by_basis_per_unit`].
fn leading_digits(lot: &Lot) -> u64 {
    let (amount, units) = lot.parcel.per_unit();
    let (Ok(amount), Ok(units)) = (
        u128::try_from(amount.units()),
        u128::try_from(units.units()),
    ) else {
        return 0;
    };
    if amount == 0 || units == 0 {
        return 0;
    }
    // amount / units as a floating binary number cut off, not rounded, after 33 bits. The numerator is shifted up as far
    // as it goes; where the units are so many that too few bits come out, in twice the width.
    let raised = amount.leading_zeros();
    let quotient =
        ((amount << raised) >> units.trailing_zeros()) / (units >> units.trailing_zeros());
    let (quotient, raised) = if quotient >> 33 == 0 {
        ((U256::from(amount) << 127) / U256::from(units), 127)
    } else {
        (U256::from(quotient), raised)
    };
    let bits = 256 - quotient.leading_zeros();
    let exponent = u64::from(bits + 128 - raised);
    let mantissa = (quotient >> bits.saturating_sub(33)).as_u64();
    (exponent << 33) | (mantissa & 0x1_FFFF_FFFF)
}

fn by_basis_per_unit(a: &Lot, b: &Lot) -> Ordering {
    let ((one, units), (other, other_units)) = (a.parcel.per_unit(), b.parcel.per_unit());
    one.compare_per_unit(units, other, other_units)
}
