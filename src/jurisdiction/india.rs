//! India: listed shares and virtual digital assets of individuals, year from 1 April.

use super::{
    Assets, Boot, Costs, Day, Gifts, Jurisdiction, Net, Scope, Step, Swaps, TRANSFER_FEE, TermTest,
    Written, YearRule, parameter_file,
};
use crate::date::{TaxYear, YearLabel};
use crate::method::FIFO;
use crate::rates::RateDay;
use crate::rule::Rule;

/// India.
pub static IN: Jurisdiction = Jurisdiction {
    code: "in",
    name: "India",
    currency: "INR",
    places: 2,
    tax_year: TaxYear {
        month: 4,
        day: 1,
        label: YearLabel::Span,
    },
    methods: &[&FIFO],
    methods_for: Assets::All,
    scope: Scope::Account,
    identify: &[Step::Lots(&FIRST_IN)],
    day: Day::Rows,
    // Listed shares: more than twelve months (s 2(42A)).
    term: TermTest::AfterAnniversary,
    term_of: Assets::AllButCoins,
    defer: None,
    written: Written::Close,
    gifts: Gifts::CarryOver,
    swaps: Swaps::Disposal,
    boot: Boot::NotStated,
    // Bonus shares cost nothing (s 55(2)(aa)(iiia)) and are held from their allotment (s 2(42A) Explanation 1(i)(f)).
    costs: Costs {
        free_bonus: true,
        ..Costs::USUAL
    },
    rate_day: RateDay::Trade,
    carry_in: &["short", "long", "loss"],
    readings: &[TRANSFER_FEE],
    repurchase_notice: false,
    refused: &[],
    outside_before: &[],
    limits: &[
        "unlisted shares, bonds, collectibles (24 or 36 months) and derivatives (business income): they get the term of listed shares, no exemption of section 112A, and a warning",
        "the value of 31 January 2018 as cost (s 55(2)(ac)), with a warning; dividend and bonus stripping",
        "cash beside the shares of a merger: refused; coins before April 2022, when section 115BBH did not apply: with a warning",
        "the Income-tax Act 2025 from 1 April 2026, as far as it treats losses brought forward otherwise",
    ],
    gain: Some(&GAIN),
    term_rule: Some(&TERM),
    events: &[],
    parameters: parameter_file!("in.toml"),
    netting: &[
        YearRule {
            lines: &["losses", "net", "brought_forward_used", "carried_forward"],
            rule: &LOSSES,
        },
        YearRule {
            lines: &["exempt_used"],
            rule: &EXEMPTION,
        },
        YearRule {
            lines: &[],
            rule: &COINS,
        },
    ],
    net: Net::India,
};

static FIRST_IN: Rule = Rule {
    id: "in-first-in",
    title: "first in, first out in each demat account",
    citation: "Income-tax Act 1961 s 45(2A)",
};

static LOSSES: Rule = Rule {
    id: "in-losses",
    title: "short-term losses against both kinds of gain, long-term losses against long-term gains; eight years",
    citation: "Income-tax Act 1961 s 70, s 74",
};

static EXEMPTION: Rule = Rule {
    id: "in-exemption",
    title: "long-term gains on listed shares up to the yearly amount",
    citation: "Income-tax Act 1961 s 112A",
};

static COINS: Rule = Rule {
    id: "in-coins",
    title: "virtual digital assets: each gain taxed, no loss counts",
    citation: "Income-tax Act 1961 s 115BBH",
};

static GAIN: Rule = Rule {
    id: "in-gain",
    title: "full value of consideration less cost and expenses",
    citation: "Income-tax Act 1961 s 48",
};

static TERM: Rule = Rule {
    id: "in-term",
    title: "listed shares held for more than twelve months",
    citation: "Income-tax Act 1961 s 2(42A)",
};
