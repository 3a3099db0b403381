//! United Kingdom: capital gains tax of individuals, shares and tokens, tax year from 6 April.

use super::{
    Assets, Average, Boot, Costs, Day, EventRule, Gifts, Jurisdiction, Net, Scope, Step, Swaps,
    TermTest, Unit, Written, YearRule, parameter_file,
};
use crate::date::{TaxYear, YearLabel};
use crate::method::STATUTORY;
use crate::rates::RateDay;
use crate::rule::Rule;
use crate::trade::Action;

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
    methods_for: Assets::All,
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
    // In proportion to values (s 128, s 129); 5 % or 3,000 is small (s 122(2)).
    boot: Boot::PartDisposal {
        small: 3_000,
        percent: 5,
    },
    costs: Costs::USUAL,
    rate_day: RateDay::Trade,
    carry_in: &["loss"],
    readings: &[],
    repurchase_notice: false,
    refused: &[],
    outside_before: &[],
    limits: &[
        "indexation and taper relief, and the pools of before 6 April 2008",
        "gifts held over, connected persons' clogged losses, temporary non-residence",
        "the tax itself: bands depend on other income",
    ],
    gain: Some(&GAIN),
    term_rule: None,
    events: &[
        EventRule {
            actions: &[
                Action::Split,
                Action::StockDividend,
                Action::Rename,
                Action::Merger,
                Action::SpinOff,
            ],
            rule: &REORGANISATION,
        },
        EventRule {
            actions: &[Action::ReturnOfCapital],
            rule: &DISTRIBUTION,
        },
        EventRule {
            actions: &[Action::BasisAdjust],
            rule: &UPLIFT,
        },
        EventRule {
            actions: &[Action::SellToOpen, Action::Expire, Action::CashSettle],
            rule: &GRANT,
        },
        EventRule {
            actions: &[Action::BuyToClose],
            rule: &CLOSING,
        },
        EventRule {
            actions: &[Action::Exercise, Action::Assign],
            rule: &ONE_TRANSACTION,
        },
        EventRule {
            actions: &[Action::GiftIn, Action::GiftOut],
            rule: &GIFTS,
        },
    ],
    parameters: parameter_file!("uk.toml"),
    netting: &[
        YearRule {
            lines: &["gains", "losses", "net"],
            rule: &LOSSES,
        },
        YearRule {
            lines: &["brought_forward_used", "carried_forward"],
            rule: &BROUGHT_FORWARD,
        },
        YearRule {
            lines: &["exempt_used", "taxable"],
            rule: &EXEMPT_AMOUNT,
        },
        YearRule {
            lines: &["net_before_new_rates", "net_from_new_rates"],
            rule: &NEW_RATES,
        },
    ],
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

static GAIN: Rule = Rule {
    id: "uk-gain",
    title: "consideration less allowable expenditure",
    citation: "TCGA 1992 s 1, s 38",
};

static REORGANISATION: Rule = Rule {
    id: "uk-reorganisation",
    title: "new shares are the old holding, at its date and cost",
    citation: "TCGA 1992 s 126 to s 130",
};

static DISTRIBUTION: Rule = Rule {
    id: "uk-capital-distribution",
    title: "a small capital distribution lowers the cost",
    citation: "TCGA 1992 s 122(2)",
};

static UPLIFT: Rule = Rule {
    id: "uk-uplift",
    title: "notional distributions and reported income join the cost",
    citation: "CG57707; SI 2009/3001 reg 99",
};

static GRANT: Rule = Rule {
    id: "uk-grant",
    title: "a written option is disposed of when granted",
    citation: "TCGA 1992 s 144(1), (4)",
};

static CLOSING: Rule = Rule {
    id: "uk-closing",
    title: "what buying back costs belongs to the grant",
    citation: "TCGA 1992 s 148; CG55545",
};

static ONE_TRANSACTION: Rule = Rule {
    id: "uk-exercise",
    title: "an option and the shares it buys or sells are one transaction",
    citation: "TCGA 1992 s 144(2), (3)",
};

static GIFTS: Rule = Rule {
    id: "uk-gift",
    title: "gifts at market value, between spouses at no gain and no loss",
    citation: "TCGA 1992 s 17, s 58",
};

static NEW_RATES: Rule = Rule {
    id: "uk-new-rates",
    title: "one year of netting, its parts shown where the rates changed within it",
    citation: "gov.uk, Capital Gains Tax rates; from 23 June 2010 and from 30 October 2024",
};
