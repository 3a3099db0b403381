//! United States: federal income tax of individuals, capital assets, calendar year.

use super::{
    Assets, Boot, Day, Defer, Gifts, Jurisdiction, Net, Reading, Scope, Step, Swaps, TermTest,
    Written, YearRule, parameter_file,
};
use crate::date::TaxYear;
use crate::method::{AVERAGE, FIFO, HIFO, LIFO, LOFO, SPECIFIC};
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
    scope: Scope::Account,
    identify: &[Step::Lots(&LOTS)],
    day: Day::Rows,
    term: TermTest::MoreThanOneYear,
    term_of: Assets::All,
    defer: Some(Defer::WashSale),
    written: Written::Close,
    gifts: Gifts::CarryOver,
    swaps: Swaps::Disposal,
    boot: Boot::NotStated,
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
            "1256_carryback",
            &["no", "yes"],
            "whether section 1256 losses are carried back",
        ),
    ],
    repurchase_notice: false,
    refused: &[],
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
