//! Germany: private investors. Section 23 EStG for coins, section 20 EStG for shares and the rest; calendar year.

use super::{
    Assets, Boot, Costs, Day, EventRule, Gifts, Jurisdiction, Net, Reading, Scope, Step, Swaps,
    TRANSFER_FEE, TermTest, Written, YearRule, parameter_file,
};
use crate::date::TaxYear;
use crate::method::{AVERAGE, FIFO, SPECIFIC};
use crate::rates::RateDay;
use crate::rule::Rule;
use crate::trade::Action;

/// Germany.
pub static DE: Jurisdiction = Jurisdiction {
    code: "de",
    name: "Germany",
    currency: "EUR",
    places: 2,
    tax_year: TaxYear::CALENDAR,
    // Shares by law first in, first out (s 20(4) sentence 7); coins also at the average, or single ones where provable
    // (BMF 6 March 2025).
    methods: &[&FIFO, &AVERAGE, &SPECIFIC],
    methods_for: Assets::Coins,
    // By custody account (s 20(4) sentence 7) and by wallet (BMF 6 March 2025).
    scope: Scope::Account,
    identify: &[Step::Lots(&FIRST_IN)],
    day: Day::Rows,
    // The period begins on the day after acquisition and ends with the anniversary (BGB s 187, s 188).
    term: TermTest::AfterAnniversary,
    term_of: Assets::Coins,
    defer: None,
    // Premiums are income when received (s 20(1) no 11); closings count on their own day since the Jahressteuergesetz
    // 2024, before on the day of the premium (BFH VIII R 27/21).
    written: Written::GrantStays {
        own_year_from: (2024, 12, 6),
    },
    gifts: Gifts::CarryOver,
    swaps: Swaps::Disposal,
    boot: Boot::Income,
    costs: Costs::USUAL,
    rate_day: RateDay::Trade,
    carry_in: &["private", "stock", "other", "loss"],
    readings: &[
        TRANSFER_FEE,
        Reading {
            name: "derivative_cap",
            values: &["no", "yes"],
            about: "the yearly cap of 20,000 on losses of derivatives, repealed for all open cases: only `no` is computed",
        },
    ],
    repurchase_notice: false,
    refused: &[],
    outside_before: &[],
    limits: &[
        "losses carried back; staking and lending income; advance lump sums and part exemptions of funds",
        "short sales in coins; shares from before 2009; church tax and the solidarity surcharge",
    ],
    gain: Some(&GAIN),
    term_rule: Some(&TERM),
    events: &[
        EventRule {
            actions: &[Action::SellToOpen, Action::Expire],
            rule: &PREMIUM,
        },
        EventRule {
            actions: &[Action::BuyToClose, Action::Assign],
            rule: &CLOSING,
        },
        EventRule {
            actions: &[Action::Merger],
            rule: &EXCHANGE,
        },
        EventRule {
            actions: &[Action::CashSettle],
            rule: &SETTLEMENT,
        },
    ],
    parameters: parameter_file!("de.toml"),
    netting: &[
        YearRule {
            lines: &[
                "private_gains",
                "private_losses",
                "private_net",
                "private_brought_forward_used",
                "private_carried_forward",
            ],
            rule: &PRIVATE,
        },
        YearRule {
            lines: &["taxable"],
            rule: &THRESHOLD,
        },
        YearRule {
            lines: &[
                "stock_gains",
                "stock_losses",
                "stock_net",
                "stock_brought_forward_used",
                "stock_carried_forward",
            ],
            rule: &STOCK,
        },
        YearRule {
            lines: &["exempt_used"],
            rule: &ALLOWANCE,
        },
    ],
    net: Net::Germany,
};

static FIRST_IN: Rule = Rule {
    id: "de-first-in",
    title: "first in, first out in each account or wallet; of coins the method chosen, or single ones by the `lot` column",
    citation: "EStG s 20(4) sentence 7, s 23(1) no 2; BMF 6 March 2025",
};

static PRIVATE: Rule = Rule {
    id: "de-section-23",
    title: "coins sold within a year; their losses only against such gains",
    citation: "EStG s 22 no 2, s 23(1) no 2, (3) sentences 7, 8",
};

static THRESHOLD: Rule = Rule {
    id: "de-threshold",
    title: "free where the year's total stays below the threshold, before losses carried in",
    citation: "EStG s 23(3) sentence 5; H 23 EStH",
};

static STOCK: Rule = Rule {
    id: "de-share-pot",
    title: "losses on shares only against gains on shares",
    citation: "EStG s 20(6) sentence 4",
};

static ALLOWANCE: Rule = Rule {
    id: "de-allowance",
    title: "the saver's allowance, last",
    citation: "EStG s 20(9)",
};

static GAIN: Rule = Rule {
    id: "de-gain",
    title: "proceeds less cost and what the sale cost",
    citation: "EStG s 20(4), s 23(3)",
};

static TERM: Rule = Rule {
    id: "de-one-year",
    title: "sold within a year of acquisition",
    citation: "EStG s 23(1) no 2; BGB s 187, s 188",
};

static PREMIUM: Rule = Rule {
    id: "de-premium",
    title: "premiums of written options are income when received",
    citation: "EStG s 20(1) no 11",
};

static CLOSING: Rule = Rule {
    id: "de-closing",
    title: "buying a written option back",
    citation: "EStG s 20(1) no 11; BFH VIII R 27/21; Jahressteuergesetz 2024",
};

static EXCHANGE: Rule = Rule {
    id: "de-exchange",
    title: "shares for shares take cost and day over; cash beside them is income in full, outside the share pot",
    citation: "EStG s 20(4a) sentences 1, 2",
};

static SETTLEMENT: Rule = Rule {
    id: "de-settlement",
    title: "settlement of an option in cash, a result of its own day",
    citation: "EStG s 20(2) no 3 a), (4) sentence 5",
};
