//! Poland: shares and coins of individuals, calendar year.

use super::{
    Assets, Boot, Costs, Day, Gifts, Jurisdiction, Net, Scope, Step, Swaps, TRANSFER_FEE, TermTest,
    Written, YearRule, parameter_file,
};
use crate::date::TaxYear;
use crate::method::FIFO;
use crate::rates::RateDay;
use crate::rule::Rule;

/// Poland.
pub static PL: Jurisdiction = Jurisdiction {
    code: "pl",
    name: "Poland",
    currency: "PLN",
    places: 2,
    tax_year: TaxYear::CALENDAR,
    methods: &[&FIFO],
    methods_for: Assets::All,
    scope: Scope::Account,
    identify: &[Step::CostsAsIncurred(&COINS), Step::Lots(&FIRST_IN)],
    day: Day::Rows,
    term: TermTest::None,
    term_of: Assets::All,
    defer: None,
    written: Written::Close,
    gifts: Gifts::CarryOver,
    swaps: Swaps::Neutral,
    boot: Boot::NotStated,
    costs: Costs::USUAL,
    rate_day: RateDay::LastBefore {
        days: 5,
        rule: &RATES,
    },
    carry_in: &["loss"],
    readings: &[TRANSFER_FEE],
    repurchase_notice: false,
    refused: &[],
    outside_before: &[],
    limits: &[
        "cash beside the shares of a merger: refused; coins before 2019, when their costs counted otherwise: with a warning",
        "the yearly cap on losses of `--carry-in`, whose years are not known: they are used as far as there are gains",
        "the National Bank's rates: give them by --rates, of which the last before the day of the trade counts",
    ],
    gain: Some(&GAIN),
    term_rule: None,
    events: &[],
    parameters: parameter_file!("pl.toml"),
    netting: &[YearRule {
        lines: &["brought_forward_used", "carried_forward"],
        rule: &CARRY,
    }],
    net: Net::Poland,
};

static FIRST_IN: Rule = Rule {
    id: "pl-first-in",
    title: "first in, first out in each account",
    citation: "PIT s 24(10)",
};

static COINS: Rule = Rule {
    id: "pl-coins",
    title: "coins: costs of the year against income of the year, the excess goes forward",
    citation: "PIT s 22(14) to (16), s 30b(1a)",
};

static RATES: Rule = Rule {
    id: "pl-rates",
    title: "the last exchange rate before the day of the row, of five days without one at most",
    citation: "PIT s 11a(1), (2)",
};

static CARRY: Rule = Rule {
    id: "pl-carry",
    title: "losses against income of the same source of the next five years",
    citation: "PIT s 9(3)",
};

static GAIN: Rule = Rule {
    id: "pl-gain",
    title: "income less the costs of obtaining it",
    citation: "PIT s 30b(2)",
};
