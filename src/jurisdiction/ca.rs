//! Canada: capital gains of individuals, calendar year.

use super::{
    Assets, Average, Day, Defer, Gifts, Jurisdiction, Net, Reading, Scope, Step, Swaps, TermTest,
    Unit, Written, parameter_file,
};
use crate::date::TaxYear;
use crate::method::AVERAGE;
use crate::rule::Rule;

/// Canada.
pub static CA: Jurisdiction = Jurisdiction {
    code: "ca",
    name: "Canada",
    currency: "CAD",
    places: 2,
    tax_year: TaxYear::CALENDAR,
    methods: &[&AVERAGE],
    // Identical properties of one person have one average cost, whatever the account (ITA s 47(1)).
    scope: Scope::Person,
    identify: &[Step::Pool {
        average: Average::Moving,
        unit: Unit::Exact,
        rule: &COST_BASE,
    }],
    day: Day::Rows,
    term: TermTest::None,
    term_of: Assets::All,
    defer: Some(Defer::Superficial(&SUPERFICIAL)),
    // The premium is a gain of the day of writing (s 49(1)); exercise withdraws it (s 49(3), (3.1)).
    written: Written::GrantThenClose,
    gifts: Gifts::MarketValue,
    swaps: Swaps::Disposal,
    carry_in: &["loss"],
    readings: &[
        Reading {
            name: "several_losses",
            values: &["each", "capped"],
            about: "several losses beside one purchase: the fraction sale by sale, or no more units denied than were bought",
        },
        Reading {
            name: "no_substitute_left",
            values: &["deny", "allow"],
            about: "a loss whose only buyers have sold again while older units remain",
        },
        Reading {
            name: "call_as_right",
            values: &["yes", "no"],
            about: "whether a call on the share counts as the share itself in the superficial loss rule",
        },
    ],
    repurchase_notice: false,
    refused: &[],
    limits: &[
        "carrying a net capital loss back up to three years (a request, form T1A)",
        "the exemption of 200 dollars for gains on foreign cash (s 39(1.1))",
        "deemed dispositions on death or emigration; trading as a business",
    ],
    parameters: parameter_file!("ca.toml"),
    netting: &[&INCLUSION, &NET_CAPITAL_LOSS],
    net: Net::Canada,
};

static COST_BASE: Rule = Rule {
    id: "ca-acb",
    title: "adjusted cost base: the moving average of identical properties",
    citation: "ITA s 47(1), s 53, s 54",
};

static SUPERFICIAL: Rule = Rule {
    id: "ca-superficial-loss",
    title: "superficial loss: loss x min(S, P, B) / S",
    citation: "ITA s 40(2)(g)(i), s 53(1)(f), s 54; CRA 2022-0940941C6",
};

static INCLUSION: Rule = Rule {
    id: "ca-inclusion",
    title: "the part of net gains that is taxable",
    citation: "ITA s 38",
};

static NET_CAPITAL_LOSS: Rule = Rule {
    id: "ca-net-capital-loss",
    title: "net capital losses, after the inclusion rate, against taxable gains of later years",
    citation: "ITA s 111(1)(b), (1.1)",
};
