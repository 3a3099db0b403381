//! Canada: capital gains of individuals, calendar year.

use super::{
    Assets, Average, Boot, Costs, Day, Defer, EventRule, Gifts, Jurisdiction, Net, Reading, Scope,
    Step, Swaps, TermTest, Unit, Written, YearRule, parameter_file,
};
use crate::date::TaxYear;
use crate::method::AVERAGE;
use crate::rates::RateDay;
use crate::rule::Rule;
use crate::trade::Action;

/// Canada.
pub static CA: Jurisdiction = Jurisdiction {
    code: "ca",
    name: "Canada",
    currency: "CAD",
    places: 2,
    tax_year: TaxYear::CALENDAR,
    methods: &[&AVERAGE],
    methods_for: Assets::All,
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
    boot: Boot::NotStated,
    costs: Costs::USUAL,
    rate_day: RateDay::Trade,
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
    outside_before: &[],
    limits: &[
        "carrying a net capital loss back up to three years (a request, form T1A)",
        "the exemption of 200 dollars for gains on foreign cash (s 39(1.1))",
        "deemed dispositions on death or emigration; trading as a business",
    ],
    gain: Some(&GAIN),
    term_rule: None,
    events: &[
        EventRule {
            actions: &[Action::ReturnOfCapital],
            rule: &RETURN,
        },
        EventRule {
            actions: &[Action::BasisAdjust],
            rule: &ADDED,
        },
        EventRule {
            actions: &[
                Action::SellToOpen,
                Action::BuyToClose,
                Action::Expire,
                Action::CashSettle,
            ],
            rule: &GRANT,
        },
        EventRule {
            actions: &[Action::Exercise, Action::Assign],
            rule: &ONE_TRANSACTION,
        },
    ],
    parameters: parameter_file!("ca.toml"),
    netting: &[
        YearRule {
            lines: &["gains", "losses", "denied", "net", "taxable"],
            rule: &INCLUSION,
        },
        YearRule {
            lines: &[
                "net_capital_loss",
                "brought_forward_used",
                "carried_forward",
            ],
            rule: &NET_CAPITAL_LOSS,
        },
    ],
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

static GAIN: Rule = Rule {
    id: "ca-gain",
    title: "proceeds less adjusted cost base and outlays",
    citation: "ITA s 40(1)",
};

static RETURN: Rule = Rule {
    id: "ca-return-of-capital",
    title: "a return of capital lowers the cost, what exceeds it is a gain",
    citation: "ITA s 53(2), s 40(3)",
};

static ADDED: Rule = Rule {
    id: "ca-added-cost",
    title: "amounts that join the cost",
    citation: "ITA s 53(1)",
};

static GRANT: Rule = Rule {
    id: "ca-grant",
    title: "a written option is a gain when granted, buying it back a loss of its own year",
    citation: "ITA s 49(1)",
};

static ONE_TRANSACTION: Rule = Rule {
    id: "ca-exercise",
    title: "the premium joins the shares that an option buys or sells",
    citation: "ITA s 49(3), (3.1)",
};
