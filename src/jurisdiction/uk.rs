//! United Kingdom: capital gains tax of individuals, shares and tokens, tax year from 6 April.

use super::{
    Assets, Average, Day, Gifts, Jurisdiction, Net, Scope, Step, Swaps, TermTest, Unit, Written,
    parameter_file,
};
use crate::date::{TaxYear, YearLabel};
use crate::method::STATUTORY;
use crate::rule::Rule;

/// United Kingdom.
pub static UK: Jurisdiction = Jurisdiction {
    code: "uk",
    name: "United Kingdom",
    currency: "GBP",
    places: 2,
    tax_year: TaxYear {
        month: 4,
        day: 6,
        label: YearLabel::Span,
    },
    methods: &[&STATUTORY],
    // One holding per person and class of share, whatever the broker (TCGA 1992 s 104(1)).
    scope: Scope::Person,
    identify: &[
        Step::SameDay(&SAME_DAY),
        Step::Later {
            days: 30,
            rule: &THIRTY_DAYS,
        },
        Step::Pool {
            average: Average::Moving,
            unit: Unit::Exact,
            rule: &SECTION_104,
        },
        Step::AnyLater(&LATER),
    ],
    // All purchases of a day are one, all disposals of a day are one (TCGA 1992 s 105(1)(a)).
    day: Day::Merged,
    term: TermTest::None,
    term_of: Assets::All,
    defer: None,
    // A written option is disposed of when granted (s 144(1)); buying it back is a cost of the grant (s 148).
    written: Written::GrantRevised,
    gifts: Gifts::MarketValue,
    swaps: Swaps::Disposal,
    carry_in: &["loss"],
    readings: &[],
    repurchase_notice: false,
    refused: &[],
    limits: &[
        "indexation and taper relief, and the pools of before 6 April 2008",
        "gifts held over, connected persons' clogged losses, temporary non-residence",
        "the tax itself: bands depend on other income",
    ],
    parameters: parameter_file!("uk.toml"),
    netting: &[&LOSSES, &BROUGHT_FORWARD, &EXEMPT_AMOUNT],
    net: Net::UnitedKingdom,
};

static SAME_DAY: Rule = Rule {
    id: "uk-same-day",
    title: "purchases of the same day",
    citation: "TCGA 1992 s 105(1)",
};

static THIRTY_DAYS: Rule = Rule {
    id: "uk-30-days",
    title: "purchases of the 30 days after, those that their own day needs set aside first",
    citation: "TCGA 1992 s 106A(4), (5), (9)",
};

static SECTION_104: Rule = Rule {
    id: "uk-section-104",
    title: "the section 104 holding at average cost",
    citation: "TCGA 1992 s 104, s 110",
};

static LATER: Rule = Rule {
    id: "uk-later",
    title: "later purchases, the earliest first",
    citation: "TCGA 1992 s 105(2)",
};

static LOSSES: Rule = Rule {
    id: "uk-losses",
    title: "losses of the year in full, even where that wastes the exempt amount",
    citation: "TCGA 1992 s 1, s 2; CG18030",
};

static BROUGHT_FORWARD: Rule = Rule {
    id: "uk-brought-forward",
    title: "losses brought forward down to the exempt amount",
    citation: "TCGA 1992 s 2, s 1K; CG21533",
};

static EXEMPT_AMOUNT: Rule = Rule {
    id: "uk-exempt-amount",
    title: "the annual exempt amount",
    citation: "TCGA 1992 s 1K",
};
