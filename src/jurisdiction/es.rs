//! Spain: savings base of individuals, calendar year.

use super::{
    Assets, Boot, Costs, Day, Defer, Gifts, Jurisdiction, Net, Scope, Step, Swaps, TermTest,
    Written, YearRule, parameter_file,
};
use crate::date::TaxYear;
use crate::method::FIFO;
use crate::rates::RateDay;
use crate::rule::Rule;

/// Spain.
pub static ES: Jurisdiction = Jurisdiction {
    code: "es",
    name: "Spain",
    currency: "EUR",
    places: 2,
    tax_year: TaxYear::CALENDAR,
    methods: &[&FIFO],
    methods_for: Assets::All,
    scope: Scope::Person,
    identify: &[Step::Lots(&FIRST_IN)],
    day: Day::Rows,
    term: TermTest::None,
    term_of: Assets::All,
    defer: Some(Defer::TwoMonths(&TWO_MONTHS)),
    written: Written::Close,
    // The receiver's cost is the value of the day (s 36); the giver's result needs one too and is left out.
    gifts: Gifts::ToReceiver,
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
        "the year instead of two months for unlisted securities",
        "the release of a loss when the spouse sells the units that deferred it",
        "the gain of the giver at market value (s 33.1, s 36): units of a `gift_out` leave without a result",
        "written options by the year in which they are written: they count when closed",
        "a quarter of other savings income against losses; relief for purchases before 1995",
    ],
    gain: Some(&GAIN),
    term_rule: None,
    events: &[],
    parameters: parameter_file!("es.toml"),
    netting: &[YearRule {
        lines: &["brought_forward_used", "carried_forward"],
        rule: &CARRY,
    }],
    net: Net::CarriedYears,
};

static FIRST_IN: Rule = Rule {
    id: "es-first-in",
    title: "first in, first out among homogeneous securities",
    citation: "LIRPF s 37.2",
};

static TWO_MONTHS: Rule = Rule {
    id: "es-two-months",
    title: "a loss waits for the disposal of what was bought within two months before or after",
    citation: "LIRPF s 33.5 f), s 33.5 last paragraph",
};

static CARRY: Rule = Rule {
    id: "es-carry",
    title: "losses against gains of the next four years",
    citation: "LIRPF s 49.1 b)",
};

static GAIN: Rule = Rule {
    id: "es-gain",
    title: "value of disposal less value of acquisition",
    citation: "LIRPF s 34, s 35, s 37.1 a)",
};
