//! Portugal: shares and coins of individuals, calendar year.

use super::{
    Assets, Boot, Costs, Day, Gifts, Jurisdiction, Net, Scope, Step, Swaps, TRANSFER_FEE, TermTest,
    Written, YearRule, parameter_file,
};
use crate::date::TaxYear;
use crate::method::FIFO;
use crate::rates::RateDay;
use crate::rule::Rule;

/// Portugal.
pub static PT: Jurisdiction = Jurisdiction {
    code: "pt",
    name: "Portugal",
    currency: "EUR",
    places: 2,
    tax_year: TaxYear::CALENDAR,
    methods: &[&FIFO],
    methods_for: Assets::All,
    scope: Scope::Account,
    identify: &[Step::Lots(&FIRST_IN)],
    day: Day::Rows,
    // Coins held for 365 days or more are free (CIRS s 10(19)).
    term: TermTest::DaysAtLeast(365),
    term_of: Assets::Coins,
    defer: None,
    written: Written::Close,
    // The receiver's cost is the value that stamp duty is or would be taken on (CIRS s 45(1)); only sales are taxed (s 10).
    gifts: Gifts::ToReceiver,
    swaps: Swaps::Neutral,
    boot: Boot::NotStated,
    costs: Costs::USUAL,
    rate_day: RateDay::Trade,
    carry_in: &["loss"],
    readings: &[TRANSFER_FEE],
    repurchase_notice: false,
    refused: &[],
    outside_before: &[],
    limits: &[
        "the cuts for shares held 2, 5 and 8 years since 2024; compulsory aggregation of short holdings",
        "cash beside the shares of a merger: refused; coins sold before 2023, which were free for private persons: in full, with a warning",
        "losses are carried for those who add these gains to other income",
    ],
    gain: Some(&GAIN),
    term_rule: Some(&TERM),
    events: &[],
    parameters: parameter_file!("pt.toml"),
    netting: &[YearRule {
        lines: &["brought_forward_used", "carried_forward"],
        rule: &CARRY,
    }],
    net: Net::CarriedYears,
};

static FIRST_IN: Rule = Rule {
    id: "pt-first-in",
    title: "first in, first out on each platform",
    citation: "CIRS s 43(6) d), g)",
};

static CARRY: Rule = Rule {
    id: "pt-carry",
    title: "losses against gains of the next five years",
    citation: "CIRS s 55(1) d)",
};

static GAIN: Rule = Rule {
    id: "pt-gain",
    title: "value of disposal less value of acquisition",
    citation: "CIRS s 10(4), s 51",
};

static TERM: Rule = Rule {
    id: "pt-365-days",
    title: "coins held for 365 days are free",
    citation: "CIRS s 10(19)",
};
