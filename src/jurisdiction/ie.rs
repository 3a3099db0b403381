//! Ireland: capital gains tax of individuals, calendar year.

use super::{
    Assets, Boot, Costs, Day, Defer, Gifts, Jurisdiction, Net, Reading, Scope, Step, Swaps,
    TermTest, Written, YearRule, parameter_file,
};
use crate::date::TaxYear;
use crate::method::FIFO;
use crate::rates::RateDay;
use crate::rule::Rule;
use crate::trade::Class;

/// Ireland.
pub static IE: Jurisdiction = Jurisdiction {
    code: "ie",
    name: "Ireland",
    currency: "EUR",
    places: 2,
    tax_year: TaxYear::CALENDAR,
    methods: &[&FIFO],
    methods_for: Assets::All,
    scope: Scope::Person,
    identify: &[
        Step::Earlier {
            days: 28,
            rule: &FOUR_WEEKS,
        },
        Step::Lots(&FIRST_IN),
    ],
    day: Day::Rows,
    term: TermTest::None,
    term_of: Assets::All,
    defer: Some(Defer::RingFence(&RING_FENCE)),
    written: Written::Close,
    gifts: Gifts::MarketValue,
    swaps: Swaps::Disposal,
    boot: Boot::NotStated,
    costs: Costs::USUAL,
    rate_day: RateDay::Trade,
    carry_in: &["loss"],
    readings: &[Reading {
        name: "crypto_four_weeks",
        values: &["no", "yes"],
        about: "whether the two four-week rules reach coins; section 581 speaks of shares and securities",
    }],
    repurchase_notice: false,
    refused: &[(
        Class::Fund,
        "funds fall under exit tax in Ireland (TCA 1997 part 27), which is not computed",
    )],
    outside_before: &[],
    limits: &[
        "written options by the year in which they are written: they count when closed",
        "funds under exit tax (Irish and EU funds): refused",
        "indexation of before 2003; the tax rate",
    ],
    gain: Some(&GAIN),
    term_rule: None,
    events: &[],
    parameters: parameter_file!("ie.toml"),
    netting: &[
        YearRule {
            lines: &[
                "gains",
                "losses",
                "net",
                "brought_forward_used",
                "carried_forward",
            ],
            rule: &LOSSES,
        },
        YearRule {
            lines: &["exempt_used", "taxable"],
            rule: &EXEMPTION,
        },
        YearRule {
            lines: &["net_january_to_november", "net_december"],
            rule: &PAYMENT,
        },
    ],
    net: Net::Ireland,
};

static FOUR_WEEKS: Rule = Rule {
    id: "ie-four-weeks",
    title: "shares acquired within the four weeks before",
    citation: "TCA 1997 s 581(1), (4)",
};

static FIRST_IN: Rule = Rule {
    id: "ie-first-in",
    title: "first in, first out",
    citation: "TCA 1997 s 580, s 581(2)",
};

static RING_FENCE: Rule = Rule {
    id: "ie-ring-fence",
    title: "a loss on shares bought again within four weeks counts only against gains on those",
    citation: "TCA 1997 s 581(3), (4)",
};

static LOSSES: Rule = Rule {
    id: "ie-losses",
    title: "losses of the year, then losses brought forward in full",
    citation: "TCA 1997 s 31, s 546",
};

static EXEMPTION: Rule = Rule {
    id: "ie-exemption",
    title: "the personal exemption, after losses",
    citation: "TCA 1997 s 601",
};

static PAYMENT: Rule = Rule {
    id: "ie-payment",
    title: "two payment periods: January to November, December",
    citation: "Revenue, paying capital gains tax",
};

static GAIN: Rule = Rule {
    id: "ie-gain",
    title: "consideration less allowable expenditure",
    citation: "TCA 1997 s 546, s 552",
};
