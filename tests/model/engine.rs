//! The engine's answer to a random history, added up in the shape of the other readings.

use chrono::NaiveDate;
use lossoffset::answer::{Answer, Term};
use lossoffset::date::Date;
use lossoffset::money::minor_text;
use lossoffset::settings::{Settings, WashSales};
use lossoffset::source::Source;
use lossoffset::trade::{
    Account, AccountId, Action, Class, Entry, History, Rarest, Rest, Security, SecurityId, Trade,
};
use rust_decimal::Decimal;

use super::history::{Event, Kind, SHELTERED, Story};
use super::number::{day, decimal};
use super::rows::{Lot, LotKey, Row, RowKey, Rows};

/// What the engine makes of a history.
pub fn engine_result(story: &Story, wash_sales: WashSales) -> Option<Rows> {
    let settings = Settings {
        method: Some(story.method.name().into()),
        wash_sales,
        ..Settings::default()
    };
    let history = history(&story.events);
    let answer = lossoffset::compute(&history, &settings)
        .unwrap_or_else(|problems| panic!("{problems:#?}\n{}", story.csv()));
    // No row and no lot is an answer too: everything was sold in a sheltered account.
    Some(rows(&history, &answer))
}

/// The rows as trades, without a file between.
pub fn history(events: &[Event]) -> History {
    let mut history = History::default();
    history.sources.add("trades.csv");
    for (place, event) in events.iter().enumerate() {
        let security = security(&mut history, event.symbol);
        let account = account(
            &mut history,
            if event.account.is_empty() {
                "main"
            } else {
                event.account
            },
        );
        let lot = match (&event.lot, event.chosen.as_slice()) {
            (Some(name), _) => Some(name.clone()),
            (None, []) => None,
            (None, chosen) => {
                let parts: Vec<String> = chosen
                    .iter()
                    .map(|(name, units)| format!("{name}:{units}"))
                    .collect();
                Some(parts.join(";"))
            }
        };
        let split = event.kind == Kind::Split;
        let rarest = Rarest {
            lot: lot.map(Into::into),
            ratio: split.then_some((Decimal::TWO, Decimal::ONE)),
            ..Rarest::default()
        };
        let rest = Rest {
            order: event.order.map(Into::into),
            rarest: (rarest != Rarest::default()).then(|| Box::new(rarest)),
            ..Rest::default()
        };
        history.trades.push(Trade::from(Entry {
            date: date(event.day),
            time: None,
            source: Source {
                file: 0,
                line: place as u32 + 2,
            },
            security,
            account,
            account_given: !event.account.is_empty(),
            action: match event.kind {
                Kind::Buy => Action::Buy,
                Kind::Sell => Action::Sell,
                Kind::Split => Action::Split,
            },
            quantity: (!split).then(|| event.quantity.into()),
            price: (!split).then(|| Decimal::new(event.price, 2)),
            fee: (event.fee != 0).then(|| Decimal::new(event.fee, 2)),
            rest: (rest != Rest::default()).then(|| Box::new(rest)),
        }));
    }
    history
}

fn security(history: &mut History, symbol: &str) -> SecurityId {
    let known = history
        .securities
        .iter()
        .position(|security| &*security.symbol == symbol);
    let place = known.unwrap_or_else(|| {
        let (symbol, class) = (symbol.into(), Class::Stock);
        history.securities.push(Security {
            symbol,
            class,
            contract: None,
            identifier: None,
        });
        history.securities.len() - 1
    });
    SecurityId(place as u32)
}

fn account(history: &mut History, name: &str) -> AccountId {
    let known = history
        .accounts
        .iter()
        .position(|account| &*account.name == name);
    let place = known.unwrap_or_else(|| {
        let (owner, method, class) = (None, None, None);
        history.accounts.push(Account {
            unhosted: false,
            name: name.into(),
            sheltered: name == SHELTERED,
            owner,
            method,
            class,
        });
        history.accounts.len() - 1
    });
    AccountId(place as u16)
}

fn date(number: i32) -> Date {
    use chrono::Datelike;
    let day = day(number);
    Date::new(day.year(), day.month(), day.day()).unwrap()
}

fn naive(date: Date) -> NaiveDate {
    let (year, month, day) = date.ymd();
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

fn rows(history: &History, answer: &Answer) -> Rows {
    let mut rows = Rows::default();
    for row in &answer.disposals {
        let key = RowKey {
            symbol: history.security(row.security).symbol.to_string(),
            account: history.account(row.account).name.to_string(),
            acquired: naive(row.acquired.expect("a lot has a day of purchase")),
            held_from: naive(row.held_from.expect("a lot has a holding start")),
            disposed: naive(row.disposed),
            long: row.term == Some(Term::Long),
        };
        let sum = Row {
            quantity: decimal(&row.quantity.to_string()),
            proceeds: decimal(&minor_text(row.proceeds, 2)),
            cost: decimal(&minor_text(row.cost, 2)),
            adjustment: decimal(&minor_text(row.adjustment, 2)),
            slices: 1,
        };
        rows.add_row(key, &sum);
    }
    for lot in &answer.lots {
        let account = lot.account.expect("a lot is held in an account");
        let key = LotKey {
            symbol: history.security(lot.security).symbol.to_string(),
            account: history.account(account).name.to_string(),
            acquired: naive(lot.acquired.expect("a lot has a day of purchase")),
            held_from: naive(lot.held_from.expect("a lot has a holding start")),
        };
        let sum = Lot {
            quantity: decimal(&lot.quantity.to_string()),
            cost: decimal(&minor_text(lot.cost, 2)),
            pieces: 1,
        };
        rows.add_lot(key, &sum);
    }
    rows
}
