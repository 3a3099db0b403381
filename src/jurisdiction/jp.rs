//! Japan: listed shares and coins of individuals, calendar year.

use super::{
    Assets, Average, Boot, Costs, Day, Gifts, Jurisdiction, Net, Scope, Step, Swaps, TermTest,
    Unit, Written, YearRule, parameter_file,
};
use crate::date::TaxYear;
use crate::method::{AVERAGE, STATUTORY};
use crate::rates::RateDay;
use crate::rule::Rule;

/// Japan.
pub static JP: Jurisdiction = Jurisdiction {
    code: "jp",
    name: "Japan",
    currency: "JPY",
    places: 0,
    tax_year: TaxYear::CALENDAR,
    // Coins by the total average of the year unless the moving average was notified: `average` is the moving one.
    methods: &[&STATUTORY, &AVERAGE],
    methods_for: Assets::All,
    // Shares by account (tax answer 1466 keeps specified accounts apart); coins by kind, whichever wallet holds them (order
    // s 119-2(1)).
    scope: Scope::AccountButCoins,
    identify: &[Step::Pool {
        average: Average::YearlyForCoins,
        unit: Unit::UpForShares,
        rule: &AVERAGES,
    }],
    // A specified account counts the purchases of a day before its sales.
    day: Day::PurchasesFirst,
    term: TermTest::None,
    term_of: Assets::All,
    defer: None,
    written: Written::Close,
    gifts: Gifts::CarryOver,
    swaps: Swaps::Disposal,
    boot: Boot::NotStated,
    costs: Costs::USUAL,
    rate_day: RateDay::Trade,
    carry_in: &["loss"],
    readings: &[],
    repurchase_notice: false,
    refused: &[],
    outside_before: &[],
    limits: &[
        "dividends against losses of listed shares; NISA; the rule of 200,000 yen for employees",
        "options, futures and other assets: apart from listed shares, each kind alone in its year, with a warning; the three years of carry for exchange-traded derivatives (s 41-15)",
        "coins are miscellaneous income: their loss is not carried and offsets nothing else",
    ],
    gain: Some(&GAIN),
    term_rule: None,
    events: &[],
    parameters: parameter_file!("jp.toml"),
    netting: &[YearRule {
        lines: &["brought_forward_used", "carried_forward"],
        rule: &CARRY,
    }],
    net: Net::Japan,
};

static AVERAGES: Rule = Rule {
    id: "jp-average",
    title: "shares: average at each sale, per unit rounded up to a yen; coins: total average of the year",
    citation: "NTA tax answer 1466; Income Tax Act order s 118, s 119-2",
};

static CARRY: Rule = Rule {
    id: "jp-carry",
    title: "losses on listed shares against such gains of the next three years",
    citation: "Special Taxation Measures Act s 37-12-2",
};

static GAIN: Rule = Rule {
    id: "jp-gain",
    title: "what was received less what it cost",
    citation: "Special Taxation Measures Act s 37-11; Income Tax Act s 35",
};
