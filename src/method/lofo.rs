//! Lowest in, first out: the lowest adjusted basis per unit at the moment of the sale.

use super::{BasisOf, Method, acquisition, by_basis_per_unit, leading_digits, within_purchase};

/// Lowest in, first out; ties as in HIFO: the earlier purchase, then the earlier row.
pub static LOFO: Method = Method {
    name: "lofo",
    title: "lowest in, first out: the lot with the lowest basis per unit leaves first",
    rank: leading_digits,
    compare: |a, b| {
        by_basis_per_unit(a, b)
            .then_with(|| acquisition(a).cmp(&acquisition(b)))
            .then_with(|| within_purchase(a, b))
    },
    ranks_by_basis: true,
    basis: BasisOf::Lot,
    choice_required: false,
};
