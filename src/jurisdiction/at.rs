//! Austria: capital income of individuals, calendar year.

use super::{
    Assets, Average, Boot, Costs, Day, Gifts, Jurisdiction, Net, Scope, Step, Swaps, TermTest,
    Unit, Written, YearRule, parameter_file,
};
use crate::date::TaxYear;
use crate::method::AVERAGE;
use crate::rates::RateDay;
use crate::rule::Rule;

/// Austria.
pub static AT: Jurisdiction = Jurisdiction {
    code: "at",
    name: "Austria",
    currency: "EUR",
    places: 2,
    tax_year: TaxYear::CALENDAR,
    methods: &[&AVERAGE],
    methods_for: Assets::All,
    scope: Scope::Account,
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
    swaps: Swaps::Neutral,
    boot: Boot::NotStated,
    // No cost where nothing was taxed (s 27a(4) no 5); no incidental costs of securities (s 27a(4) no 2), no costs against
    // what is taxed at the special rate (s 20(2) no 2).
    costs: Costs {
        free_coins: true,
        without_fees: true,
        ..Costs::USUAL
    },
    rate_day: RateDay::Trade,
    carry_in: &[],
    readings: &[],
    repurchase_notice: false,
    refused: &[],
    // Only what was bought since (EStG 1988 s 124b nos 185, 384).
    outside_before: &[
        (
            Assets::AllButCoins,
            (2011, 1, 1),
            "bought before 2011: its gains are outside the tax (EStG 1988 s 124b no 185)",
        ),
        (
            Assets::Coins,
            (2021, 3, 1),
            "coins from before March 2021: their gains are outside the tax (EStG 1988 s 124b no 384)",
        ),
    ],
    limits: &[
        "fees within a `total` whose row has no `fee`: they cannot be told from the price",
        "coins as income without the tag `staking`, `airdrop`, `bounty` or `fork`: taken as taxed at their value, which is their cost",
        "purchases before 2011, coins from before March 2021: refused",
        "income other than gains: dividends and interest may use the losses of the year",
    ],
    gain: Some(&GAIN),
    term_rule: None,
    events: &[],
    parameters: parameter_file!("at.toml"),
    netting: &[YearRule {
        lines: &["gains", "losses", "net", "taxable"],
        rule: &SAME_YEAR,
    }],
    net: Net::SameYear,
};

static AVERAGES: Rule = Rule {
    id: "at-average",
    title: "moving average in each account or depot",
    citation: "EStG 1988 s 27a(4) no 3; KryptowährungsVO s 2",
};

static SAME_YEAR: Rule = Rule {
    id: "at-same-year",
    title: "losses against gains of the same year only",
    citation: "EStG 1988 s 27(8)",
};

static GAIN: Rule = Rule {
    id: "at-gain",
    title: "proceeds less cost",
    citation: "EStG 1988 s 27(3), s 27a(3) no 2",
};
