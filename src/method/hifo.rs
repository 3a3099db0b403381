//! Highest in, first out: the highest adjusted basis per unit at the moment of the sale.

use super::{BasisOf, Method, acquisition, by_basis_per_unit, leading_digits, within_purchase};

/// Highest in, first out; ties go to the earlier purchase, then to the earlier row.
pub static HIFO: Method = Method {
    name: "hifo",
    title: "highest in, first out: the lot with the highest basis per unit leaves first",
    rank: |lot| !leading_digits(lot),
    compare: |a, b| {
        by_basis_per_unit(b, a)
            .then_with(|| acquisition(a).cmp(&acquisition(b)))
            .then_with(|| within_purchase(a, b))
    },
    ranks_by_basis: true,
    basis: BasisOf::Lot,
    choice_required: false,
};
