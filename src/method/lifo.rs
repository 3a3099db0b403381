//! Last in, first out: a standing order of identification (26 CFR 1.1012-1(c)(8)).

use super::{BasisOf, Method, acquisition, within_purchase};

/// Last in, first out.
pub static LIFO: Method = Method {
    name: "lifo",
    title: "last in, first out: the newest lot leaves first",
    rank: |lot| !acquisition(lot),
    compare: within_purchase,
    ranks_by_basis: false,
    basis: BasisOf::Lot,
    choice_required: false,
};
