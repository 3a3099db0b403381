//! Specific identification: each sale names its lots (26 CFR 1.1012-1(c)).

use super::{BasisOf, Method, acquisition, within_purchase};

/// The lots that the sale's `lot` column names.
pub static SPECIFIC: Method = Method {
    name: "specific",
    title: "specific identification: each sale names its lots in the `lot` column",
    rank: acquisition,
    compare: within_purchase,
    ranks_by_basis: false,
    basis: BasisOf::Lot,
    choice_required: true,
};
