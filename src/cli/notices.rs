//! What the settings and the rows say of each other: names in the configuration that no row has, dates it asks for that
//! rows lack.

use std::collections::BTreeSet;

use crate::diagnostic::{Warning, one_line};
use crate::import::{Column, Reading};
use crate::rates::{self, Off};
use crate::source::Source;
use crate::trade::{Action, History};

use super::near::nearest;
use super::options::Chosen;
use super::unread;

/// Adds to the warnings of what was read those that the settings bring up.
pub fn add(reading: &mut Reading, chosen: &Chosen) {
    let history = &reading.history;
    let mut found: Vec<Warning> = Vec::new();
    // Without a row nothing has a name, which is said by itself.
    if !history.trades.is_empty() {
        found.extend(unused_names(history, chosen));
    }
    found.extend(single_symbols(chosen));
    found.extend(without_effect(chosen));
    let mut columns = reading.files.iter().flat_map(|file| &file.columns);
    if columns.any(|column| column.meaning == Some(Column::FxRate.name())) {
        found.extend(odd_rates_of_rows(history, chosen));
    }
    found.extend(odd_rates_of_file(chosen));
    if reads_rarely(reading) {
        found.extend(unread::cells(&reading.history));
    }
    if chosen.settings.by_settlement {
        found.extend(without_settlement(history));
    }
    reading.history.warnings.extend(found);
}

/// Whether any file has a column that only some actions read.
fn reads_rarely(reading: &Reading) -> bool {
    let rare = [
        Column::Basis,
        Column::AcquiredDate,
        Column::EffectiveDate,
        Column::Ratio,
        Column::Fraction,
        Column::NewQuantity,
        Column::Tag,
    ];
    let mut columns = reading.files.iter().flat_map(|file| &file.columns);
    columns.any(|column| rare.iter().any(|rare| column.meaning == Some(rare.name())))
}

/// Rates of rows that cannot be right, though the other way round they could.
fn odd_rates_of_rows(history: &History, chosen: &Chosen) -> Vec<Warning> {
    let report = chosen.country.currency;
    let mut found: Vec<Warning> = Vec::new();
    for trade in history.trades.iter().filter(|trade| trade.rare().is_some()) {
        let rest = trade.rest();
        let (Some(currency), Some(rate)) = (rest.currency.as_deref(), rest.fx_rate) else {
            continue;
        };
        let Some(off) = rates::off(currency, report, rate) else {
            continue;
        };
        let message = odd_rate(currency, report, off);
        match found.iter_mut().find(|known| known.message == message) {
            Some(known) => known.at.push(trade.source),
            None => found.push(Warning {
                at: vec![trade.source],
                ..warning("rate-inverse", message)
            }),
        }
    }
    found
}

/// The same of the file of rates, once for each currency.
fn odd_rates_of_file(chosen: &Chosen) -> Vec<Warning> {
    let report = chosen.country.currency;
    let mut found = Vec::new();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for (currency, day, rate) in chosen.settings.rates.stated() {
        if let Some(off) = rates::off(currency, report, rate).filter(|_| told.insert(currency)) {
            let rate = rate.normalize();
            let message = odd_rate(currency, report, off);
            let message = format!("`--rates`, {day} {currency} {rate}: {message}");
            found.push(warning("rate-inverse", message));
        }
    }
    found
}

fn odd_rate(currency: &str, report: &str, off: Off) -> String {
    match off {
        Off::Inverse => format!(
            "no {currency} was ever worth so much or so little in {report}, but the inverse of the rate fits: a rate is units of {report} per unit of {currency}"
        ),
        Off::Hundredfold => format!(
            "no {currency} was ever worth so much in {report}, but a hundredth of the rate fits: where prices are in hundredths, such as GBX, so is the unit of `fx_rate`"
        ),
    }
}

/// Accounts and symbols of the configuration that no row names, where one that a row names looks like them: a configuration
/// may well name more than the files at hand have.
fn unused_names(history: &History, chosen: &Chosen) -> Vec<Warning> {
    let accounts = history.accounts.iter().map(|account| &*account.name);
    let accounts: Vec<&str> = accounts
        .filter(|name| !chosen.accounts.contains_key(*name))
        .collect();
    let alike = |name: &str| nearest(name, accounts.iter().copied());
    let of_accounts = chosen.accounts.keys();
    let of_accounts = of_accounts
        .filter(|name| !history.accounts.iter().any(|own| *own.name == ***name))
        .filter_map(|name| Some(unused("account", name, alike(name)?)));
    let identical = chosen.settings.identical.iter().flatten();
    let of_symbols: BTreeSet<&String> = chosen.symbols.keys().chain(identical).collect();
    let symbols = || history.securities.iter().map(|security| &*security.symbol);
    // Tickers are short and many are alike: only the case or a stop may be another.
    let of_symbols = of_symbols.into_iter().filter_map(|name| {
        let same = symbols().find(|symbol| letters(symbol).eq(letters(name)))?;
        let named = symbols().any(|symbol| symbol == name.as_str());
        (!named).then(|| unused("symbol", name, same))
    });
    of_accounts.chain(of_symbols).collect()
}

/// The letters and digits of a name, whatever their case.
fn letters(name: &str) -> impl Iterator<Item = char> {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_uppercase)
}

fn unused(what: &str, name: &str, near: &str) -> Warning {
    let name = one_line(name);
    let message = format!(
        "the configuration names the {what} `{name}`, which no row has; did you mean `{near}`?"
    );
    warning("setting-unused", message)
}

/// Options of US law where the law is another.
fn without_effect(chosen: &Chosen) -> Option<Warning> {
    let options: Vec<String> = chosen
        .without_effect
        .iter()
        .map(|option| format!("`{option}`"))
        .collect();
    let (first, others) = options.split_first()?;
    let verb = if others.is_empty() {
        "changes"
    } else {
        "change"
    };
    let message = format!(
        "{} {verb} nothing: only US law knows such, and the results are those of `{}`",
        std::iter::once(first)
            .chain(others)
            .cloned()
            .collect::<Vec<_>>()
            .join(" and "),
        chosen.country.code
    );
    Some(Warning {
        needs_user: false,
        ..warning("option-without-effect", message)
    })
}

/// Groups of identical securities that have one member.
fn single_symbols(chosen: &Chosen) -> impl Iterator<Item = Warning> {
    let groups = chosen.settings.identical.iter();
    groups
        .filter(|group| group.iter().collect::<BTreeSet<_>>().len() < 2)
        .map(|group| {
            let name = match group.first() {
                Some(name) => format!("only `{}`", one_line(name)),
                None => "no symbol".to_owned(),
            };
            warning(
                "setting-unused",
                format!("a group of `identical` has {name} and declares nothing; name all securities that are identical in one group"),
            )
        })
}

/// Purchases and sales that do not say when they settled, where that day is to count.
fn without_settlement(history: &History) -> Option<Warning> {
    let rows = history.trades.iter();
    let rows = rows.filter(|trade| settles(trade.action) && trade.rest().settled.is_none());
    let at: Vec<Source> = rows.map(|trade| trade.source).collect();
    let count = match at.len() {
        0 => return None,
        1 => "1 row has".to_owned(),
        rows => format!("{rows} rows have"),
    };
    Some(Warning {
        at,
        ..warning(
            "settlement-missing",
            format!(
                "{count} no settlement date, so the trade date counts there in spite of `--date-basis settle`; fill in `settle_date`"
            ),
        )
    })
}

/// Whether what happened is a trade that settles some days later.
fn settles(action: Action) -> bool {
    matches!(
        action,
        Action::Buy
            | Action::Sell
            | Action::Short
            | Action::Cover
            | Action::Open
            | Action::Close
            | Action::BuyToOpen
            | Action::SellToOpen
            | Action::BuyToClose
            | Action::SellToClose
    )
}

fn warning(code: &'static str, message: String) -> Warning {
    Warning {
        code,
        message,
        at: Vec::new(),
        needs_user: true,
    }
}
