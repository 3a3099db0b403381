//! A small history with its answer, computed by hand: gains, a wash sale, a carried loss, two accounts.

use rust_decimal::Decimal;

use crate::answer::{Adjustment, Answer, Codes, Disposal, LotName, Match, OpenLot, Term, Year};
use crate::date::{Date, TaxYear};
use crate::diagnostic::Warning;
use crate::money::{Minor, Money, Quantity};
use crate::report::Frame;
use crate::rule::Rule;
use crate::source::Source;
use crate::trade::{
    Account, AccountId, Action, Class, Entry, History, Overview, Rarest, Rest, Security,
    SecurityId, Trade, TradeId,
};

/// The wash-sale rule, as an engine would name it.
static WASH: Rule = Rule {
    id: "us-wash-sale",
    title: "Wash sale",
    citation: "26 USC 1091",
};

/// The fixture.
pub struct Fixture {
    /// The trades.
    pub history: History,
    /// What was found in them.
    pub answer: Answer,
}

impl Fixture {
    /// What reports look at.
    pub fn frame(&self) -> Frame<'_> {
        Frame {
            history: &self.history,
            answer: &self.answer,
            jurisdiction: "us",
            method: "fifo",
            currency: "USD",
            places: 2,
            tax_year: TaxYear::CALENDAR,
            only: None,
        }
    }
}

fn day(text: &str) -> Date {
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap().parse::<u32>().unwrap();
    Date::new(part(0..4) as i32, part(5..7), part(8..10)).unwrap()
}

fn units(text: &str) -> Quantity {
    Quantity::new(Decimal::from_str_exact(text).unwrap()).unwrap()
}

fn entry(date: &str, line: u32, security: u32, account: u16, action: Action) -> Entry {
    Entry {
        date: day(date),
        time: None,
        source: Source { file: 0, line },
        security: SecurityId(security),
        account: AccountId(account),
        account_given: true,
        action,
        quantity: None,
        price: None,
        fee: None,
        rest: None,
    }
}

fn trade(date: &str, line: u32, security: u32, account: u16, action: Action) -> Trade {
    entry(date, line, security, account, action).into()
}

fn lot(security: u32, date: &str, number: u32, opened_by: u32) -> LotName {
    LotName {
        security: SecurityId(security),
        date: day(date),
        number,
        opened_by: TradeId(opened_by),
    }
}

fn sold(
    lot: LotName,
    disposed: &str,
    closed_by: u32,
    quantity: &str,
    amounts: [Minor; 3],
) -> Disposal {
    let [proceeds, cost, adjustment] = amounts;
    let disposed = day(disposed);
    let long = disposed >= lot.date.first_long_term_day();
    Disposal {
        security: lot.security,
        account: AccountId(0),
        tax_year: i16::try_from(disposed.year()).unwrap(),
        matched: Match::Lot,
        term: Some(if long { Term::Long } else { Term::Short }),
        codes: if adjustment == 0 {
            Codes::NONE
        } else {
            Codes::WASH
        },
        quantity: units(quantity),
        acquired: Some(lot.date),
        held_from: Some(lot.date),
        disposed,
        proceeds,
        cost,
        adjustment,
        provisional_until: None,
        lot: Some(lot),
        closed_by: TradeId(closed_by),
    }
}

/// Three securities, one of them named to trouble spreadsheets and terminals.
pub fn fixture() -> Fixture {
    let mut history = History::default();
    history.sources.add("trades.csv");
    for (symbol, class) in [
        ("XYZ", Class::Stock),
        ("=ACME,\"B\"", Class::Stock),
        ("ETH", Class::Crypto),
    ] {
        history.securities.push(Security {
            symbol: symbol.into(),
            class,
            contract: None,
            identifier: None,
        });
    }
    for name in ["main", "ira-1"] {
        history.accounts.push(Account {
            unhosted: false,
            name: name.into(),
            sheltered: name != "main",
            owner: None,
            method: None,
            class: None,
        });
    }
    let mut named = entry("2023-03-01", 3, 1, 0, Action::Buy);
    named.rest = Some(Box::new(Rest {
        rarest: Some(Box::new(Rarest {
            lot: Some("first".into()),
            ..Rarest::default()
        })),
        ..Rest::default()
    }));
    history.trades = vec![
        trade("2023-01-02", 2, 0, 0, Action::Buy),
        named.into(),
        trade("2024-05-20", 4, 2, 0, Action::Buy),
        trade("2024-06-03", 5, 0, 0, Action::Sell),
        trade("2024-06-03", 6, 1, 0, Action::Sell),
        trade("2024-06-10", 7, 1, 1, Action::Buy),
        trade("2024-11-30", 8, 2, 0, Action::Sell),
    ];
    let (xyz, acme, ether) = (
        lot(0, "2023-01-02", 1, 0),
        lot(1, "2023-03-01", 1, 1),
        lot(2, "2024-05-20", 1, 2),
    );
    let mut washed = sold(
        acme,
        "2024-06-03",
        4,
        "1500",
        [1_200_000, 1_534_567, 44_567],
    );
    washed.provisional_until = Some(day("2024-07-03"));
    let replacement = lot(1, "2024-06-10", 1, 5);
    let mut overview = Overview::default();
    history.trades.iter().for_each(|trade| overview.see(trade));
    let answer = Answer {
        overview,
        disposals: crate::answer::Disposals::from(vec![
            sold(xyz, "2024-06-03", 3, "4", [72_000, 60_000, 0]),
            sold(xyz, "2024-06-03", 3, "2.5", [45_000, 37_550, 0]),
            washed,
            sold(
                ether,
                "2024-11-30",
                6,
                "0.123456789012345678",
                [30_000, 50_000, 0],
            ),
        ]),
        lots: vec![
            OpenLot {
                name: replacement,
                account: Some(AccountId(1)),
                security: SecurityId(1),
                quantity: units("200"),
                cost: 244_567,
                acquired: Some(day("2024-06-10")),
                held_from: Some(day("2023-03-09")),
                opened_by: vec![TradeId(5), TradeId(1)],
            },
            OpenLot {
                name: LotName { number: 0, ..ether },
                account: None,
                security: SecurityId(2),
                quantity: units("1.5"),
                cost: 450_000,
                acquired: None,
                held_from: None,
                opened_by: vec![TradeId(2)],
            },
        ],
        adjustments: vec![Adjustment {
            disposal: 2,
            replacement: Some(replacement),
            purchase: Some(TradeId(5)),
            replaced: true,
            rule: Some(&WASH),
            quantity: units("200"),
            amount: 44_567,
            basis_after: Some(Money::from_minor(244_567, 2)),
            held_from_after: Some(day("2023-03-09")),
        }],
        years: vec![us_year(
            2024,
            [
                0, 20_000, 100_000, -120_000, 19_450, 290_000, 50_000, -320_550,
            ],
            [-440_550, 300_000, 0, 140_550],
        )],
        warnings: vec![Warning {
            code: "wash-window-open",
            message: "a purchase until 2024-07-03 may still change this loss".to_owned(),
            at: vec![Source { file: 0, line: 6 }],
            needs_user: true,
        }],
        conservation: crate::answer::Conservation {
            disallowed: 44_567,
            deferred: 44_567,
            basis_moved: Money::from_minor(44_567, 2),
            ..crate::answer::Conservation::default()
        },
        ..Answer::default()
    };
    Fixture { history, answer }
}

/// A US year: gains, losses, carried in and net of each term; then net, deducted and what is carried out.
pub fn us_year(begins: i32, terms: [Minor; 8], rest: [Minor; 4]) -> Year {
    let names = [
        "short_gains",
        "short_losses",
        "short_carried_in",
        "short_net",
        "long_gains",
        "long_losses",
        "long_carried_in",
        "long_net",
        "net",
        "deducted",
        "short_carried_out",
        "long_carried_out",
    ];
    Year {
        begins,
        lines: names
            .into_iter()
            .zip(terms.into_iter().chain(rest))
            .collect(),
    }
}
