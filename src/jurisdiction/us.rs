//! United States: federal income tax of individuals, capital assets, calendar year.

use super::{
    Assets, Boot, Costs, Day, Defer, Gifts, Jurisdiction, Net, Reading, Scope, Step, Swaps,
    TermTest, Written, YearRule, parameter_file,
};
use crate::date::TaxYear;
use crate::method::{AVERAGE, FIFO, HIFO, LIFO, LOFO, SPECIFIC};
use crate::rates::RateDay;
use crate::rule::Rule;

/// United States.
pub static US: Jurisdiction = Jurisdiction {
    code: "us",
    name: "United States",
    currency: "USD",
    places: 2,
    tax_year: TaxYear::CALENDAR,
    // FIFO unless identified (26 CFR 1.1012-1(c)(1)); the others are standing orders of identification.
    methods: &[&FIFO, &LIFO, &HIFO, &LOFO, &AVERAGE, &SPECIFIC],
    methods_for: Assets::All,
    scope: Scope::Account,
    identify: &[Step::Lots(&LOTS)],
    day: Day::Rows,
    term: TermTest::MoreThanOneYear,
    term_of: Assets::All,
    defer: Some(Defer::WashSale),
    written: Written::Close,
    gifts: Gifts::CarryOver,
    swaps: Swaps::Disposal,
    boot: Boot::UpToGain,
    costs: Costs::USUAL,
    rate_day: RateDay::SettlementIfKnown(&RATES),
    carry_in: &["short", "long"],
    readings: &[
        reading(
            "wash_holding_period",
            &["union", "add", "date"],
            "how a replacement continues the holding period of what was sold",
        ),
        reading(
            "older_lot_as_replacement",
            &["literal", "exclude"],
            "whether a purchase before that of the sold lot can replace it",
        ),
        reading(
            "call_as_replacement",
            &["yes", "no"],
            "whether a call replaces the stock it is on",
        ),
        reading(
            "option_identity",
            &["contract", "underlying"],
            "which options are substantially identical",
        ),
        reading(
            "spouse",
            &["basis", "lost"],
            "where a loss goes that the spouse replaces, on a joint return",
        ),
        reading(
            "crypto_wash",
            &["no", "yes"],
            "whether coins fall under the wash-sale rule",
        ),
        reading(
            "transfer_fee",
            &["dispose", "basis", "ignore"],
            "coins paid for moving coins between own accounts",
        ),
        reading(
            "wash_scope",
            &["taxpayer", "broker"],
            "which purchases replace what was sold, as --wash-sales says",
        ),
        reading(
            "replacement_sold_before_the_loss",
            &["ignored", "literal"],
            "whether a purchase of the 30 days before replaces what was sold although it was sold itself by then",
        ),
        reading(
            "same_day_sequence",
            &["time", "end-of-day"],
            "whether the sales of a day are matched one after the other or together when the day ends",
        ),
        reading(
            "short_loss_date",
            &["trade-date", "settlement"],
            "on which day a loss on closing a short sale falls",
        ),
        reading(
            "short_wash_e_1",
            &["warn", "literal"],
            "whether selling identical stock within 30 days denies a loss on closing a short sale",
        ),
        reading(
            "fills_of_one_order",
            &["own-prices", "average"],
            "what the fills of one order cost",
        ),
        reading(
            "partial_wash_row",
            &["one-row", "split"],
            "whether a sale replaced in part is one row or two",
        ),
        reading(
            "unhosted_wallets",
            &["each-its-own", "pooled"],
            "whether coins in wallets of the kind `unhosted` are one pool",
        ),
        reading(
            "funding_of_perpetuals",
            &["into-position", "ordinary"],
            "whether funding joins the position or is an ordinary amount in no capital line",
        ),
        reading(
            "rounding",
            &["cents", "dollars"],
            "whether results are in cents or in whole dollars",
        ),
        reading(
            "1256_carryback",
            &["no", "yes"],
            "whether section 1256 losses are carried back",
        ),
    ],
    repurchase_notice: false,
    refused: &[],
    outside_before: &[],
    limits: &[
        "straddles, constructive sales, related parties, currency gains, passive foreign companies, state tax",
    ],
    gain: Some(&crate::rule::us::AMOUNT_REALISED),
    term_rule: None,
    events: &[],
    parameters: parameter_file!("us.toml"),
    netting: &[YearRule {
        lines: &[],
        rule: &NETTING,
    }],
    net: Net::UnitedStates,
};

const fn reading(
    name: &'static str,
    values: &'static [&'static str],
    about: &'static str,
) -> Reading {
    Reading {
        name,
        values,
        about,
    }
}

static LOTS: Rule = Rule {
    id: "us-lots",
    title: "the lots identified, else first in, first out in each account",
    citation: "26 CFR 1.1012-1(c), (j)",
};

static RATES: Rule = Rule {
    id: "us-rates",
    title: "the exchange rate of the day of settlement where the row has one, else that of the trade",
    citation: "26 CFR 1.988-2(a)(2)(iv)",
};

static NETTING: Rule = Rule {
    id: "us-netting",
    title: "short and long apart, then together; the limit on the loss deducted; carryover by kind",
    citation: "26 USC 1211(b), 1212(b), 1222",
};

#[cfg(test)]
mod tests {
    #[test]
    fn the_parameter_file_is_read() {
        assert_eq!(
            (super::US.parameters)().value("loss_limit", 2025),
            Some(3000.into())
        );
        assert_eq!((super::US.parameters)().value("loss_limit", 1970), None);
    }
}
