//! Sweden: capital income of individuals, calendar year.

use super::{
    Assets, Average, Boot, Costs, Day, Gifts, Jurisdiction, Net, Scope, Step, Swaps, TermTest,
    Unit, Written, YearRule, parameter_file,
};
use crate::date::TaxYear;
use crate::method::AVERAGE;
use crate::rates::RateDay;
use crate::rule::Rule;

/// Sweden.
pub static SE: Jurisdiction = Jurisdiction {
    code: "se",
    name: "Sweden",
    currency: "SEK",
    places: 2,
    tax_year: TaxYear::CALENDAR,
    methods: &[&AVERAGE],
    methods_for: Assets::All,
    scope: Scope::Person,
    identify: &[Step::Pool {
        average: Average::Moving,
        unit: Unit::Exact,
        rule: &AVERAGES,
    }],
    day: Day::Rows,
    term: TermTest::None,
    term_of: Assets::All,
    defer: None,
    written: Written::Close,
    gifts: Gifts::CarryOver,
    swaps: Swaps::Disposal,
    boot: Boot::NotStated,
    costs: Costs::USUAL,
    rate_day: RateDay::Trade,
    carry_in: &[],
    readings: &[],
    repurchase_notice: false,
    refused: &[],
    outside_before: &[],
    limits: &[
        "written options by the year in which they are written: they count when closed",
        "the standard cost of 20 % of the price of listed shares; ISK accounts",
        "the tax reduction for a deficit of capital",
    ],
    gain: Some(&GAIN),
    term_rule: None,
    events: &[],
    parameters: parameter_file!("se.toml"),
    netting: &[YearRule {
        lines: &["losses", "net", "taxable"],
        rule: &QUOTA,
    }],
    net: Net::Sweden,
};

static AVERAGES: Rule = Rule {
    id: "se-average",
    title: "average cost of all of one kind",
    citation: "IL ch 48 s 7",
};

static QUOTA: Rule = Rule {
    id: "se-quota",
    title: "losses on listed shares and funds in full against such gains, the rest of a loss by 70 %",
    citation: "IL ch 48 s 20 to 24",
};

static GAIN: Rule = Rule {
    id: "se-gain",
    title: "what was received less expenses less cost",
    citation: "IL ch 44 s 13, s 14",
};
