//! No country: lots and realised gains, one line of totals per calendar year.

use super::{
    Assets, Boot, Costs, Day, Gifts, Jurisdiction, Net, Scope, Step, Swaps, TRANSFER_FEE, TermTest,
    Written, parameter_file,
};
use crate::date::TaxYear;
use crate::method::{AVERAGE, FIFO, HIFO, LIFO, LOFO, SPECIFIC};
use crate::rates::RateDay;
use crate::rule::Rule;

/// Matching only.
pub static NONE: Jurisdiction = Jurisdiction {
    code: "none",
    name: "matching only",
    currency: "",
    places: 2,
    tax_year: TaxYear::CALENDAR,
    methods: &[&FIFO, &LIFO, &HIFO, &LOFO, &AVERAGE, &SPECIFIC],
    methods_for: Assets::All,
    scope: Scope::Account,
    identify: &[Step::Lots(&BY_METHOD)],
    day: Day::Rows,
    term: TermTest::None,
    term_of: Assets::All,
    defer: None,
    written: Written::Close,
    gifts: Gifts::CarryOver,
    swaps: Swaps::Disposal,
    boot: Boot::UpToGain,
    costs: Costs::USUAL,
    rate_day: RateDay::Trade,
    carry_in: &[],
    readings: &[TRANSFER_FEE],
    repurchase_notice: false,
    refused: &[],
    outside_before: &[],
    limits: &["every rule of law"],
    gain: None,
    term_rule: None,
    events: &[],
    parameters: parameter_file!("none.toml"),
    netting: &[],
    net: Net::Totals,
};

static BY_METHOD: Rule = Rule {
    id: "by-method",
    title: "lots in the order of the method",
    citation: "the choice of --method",
};
