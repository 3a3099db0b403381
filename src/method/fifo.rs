//! First in, first out: the real acquisition date, never a tacked one (26 CFR 1.1012-1(c)(1)).

use super::{BasisOf, Method, acquisition, within_purchase};

/// First in, first out.
pub static FIFO: Method = Method {
    name: "fifo",
    title: "first in, first out: the oldest lot leaves first",
    rank: acquisition,
    compare: within_purchase,
    ranks_by_basis: false,
    basis: BasisOf::Lot,
    choice_required: false,
};
