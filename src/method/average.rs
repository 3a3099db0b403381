//! Average basis of a holding; its units leave first in, first out for the holding period (26 CFR 1.1012-1(e)(7)).

use super::{BasisOf, Method, acquisition, within_purchase};

/// One average basis per account and security.
pub static AVERAGE: Method = Method {
    name: "average",
    title: "average basis of the holding; the oldest units leave first for the holding period",
    rank: acquisition,
    compare: within_purchase,
    ranks_by_basis: false,
    basis: BasisOf::Average,
    choice_required: false,
};
