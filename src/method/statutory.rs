//! The order that the law prescribes, with nothing to choose.

use super::{BasisOf, Method, acquisition, within_purchase};

/// What a country's identification steps say; ranks are used only where a step falls back on lots.
pub static STATUTORY: Method = Method {
    name: "statutory",
    title: "the order the country's law prescribes, where it leaves no choice",
    rank: acquisition,
    compare: within_purchase,
    ranks_by_basis: false,
    basis: BasisOf::Average,
    choice_required: false,
};
