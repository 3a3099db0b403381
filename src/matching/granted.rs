//! Written options whose premium is income of the day it is received (Germany, EStG s 20(1) no 11).
//!
//! Closing by payment went back to the year of the premium (BFH 2 August 2022, VIII R 27/21) until the day on which the
//! Jahressteuergesetz 2024 made it negative income of the day of payment. Expiry and assignment leave the premium; cash
//! settlement leaves it too, what it costs is a loss of a derivative (EStG s 20(2) no 3).

use super::Matched;
use crate::answer::trail::Provenance;
use crate::answer::{Disposal, LotName, Match};
use crate::date::Date;
use crate::jurisdiction::{Jurisdiction, Written};
use crate::money::{Minor, OutOfRange};
use crate::trade::{Action, Class, History, SecurityId};

/// Dates every result of a written option as the country does, and lists premiums of options that are still open.
///
/// # Errors
/// Amounts out of range.
pub fn apply(history: &History, law: &Jurisdiction, all: &mut Matched) -> Result<(), OutOfRange> {
    let Written::GrantStays { own_year_from } = law.written else {
        return Ok(());
    };
    let (year, month, day) = own_year_from;
    let own_year_from = Date::new(year, month, day).unwrap_or(Date::FIRST);
    let mut later = Vec::new();
    let mut told_later = Vec::new();
    for (position, row) in all.disposals.unordered_mut().iter_mut().enumerate() {
        if row.matched != Match::Short || !is_option(history, row.security) {
            continue;
        }
        let closed = row.acquired.unwrap_or(row.disposed);
        row.tax_year = year_of(law, row.disposed);
        let action = history.trade(row.closed_by).action;
        let own_year = match action {
            Action::Expire | Action::Assign => false,
            // Only closing purchases ever went back: what a settlement costs is a loss of its own day.
            Action::CashSettle => true,
            _ => closed >= own_year_from,
        };
        if own_year {
            later.push(Disposal {
                tax_year: year_of(law, closed),
                disposed: closed,
                proceeds: 0,
                ..row.clone()
            });
            row.cost = 0;
            let told = all.trails.as_mut();
            let told = told.and_then(|told| told.disposals.get_mut(position));
            let paid = told.map(|told| std::mem::take(&mut told.cost));
            told_later.push(Provenance {
                cost: paid.unwrap_or_default(),
                ..Provenance::default()
            });
        }
    }
    if let Some(trails) = &mut all.trails {
        trails
            .disposals
            .resize_with(all.disposals.len(), Default::default);
        trails.disposals.append(&mut told_later);
    }
    all.disposals.unordered_mut().append(&mut later);
    open_premiums(history, law, all);
    all.sums.clear();
    for row in &all.disposals {
        all.sums.entry(row.tax_year).or_default().add(row)?;
    }
    if let Some(trails) = &mut all.trails {
        trails
            .disposals
            .resize_with(all.disposals.len(), Default::default);
    }
    Ok(())
}

fn is_option(history: &History, security: SecurityId) -> bool {
    let class = history.security(security).class;
    matches!(class, Class::Option | Class::IndexOption)
}

fn year_of(law: &Jurisdiction, day: Date) -> i16 {
    i16::try_from(law.tax_year.of(day)).unwrap_or(i16::MAX)
}

/// The premium of an option still open has been income already: a row of its day, and nothing left in the lot.
fn open_premiums(history: &History, law: &Jurisdiction, all: &mut Matched) {
    for lot in &mut all.lots {
        let written = lot.quantity.is_negative() && is_option(history, lot.security);
        let (Some(account), Some(opened), true) = (lot.account, lot.acquired, written) else {
            continue;
        };
        let held = history.account(account);
        if held.sheltered || held.owner.is_some() {
            continue;
        }
        let premium: Minor = std::mem::take(&mut lot.cost).saturating_neg();
        let name: LotName = lot.name;
        all.disposals.unordered_mut().push(Disposal {
            security: lot.security,
            account,
            tax_year: year_of(law, opened),
            matched: Match::Short,
            term: None,
            codes: crate::answer::Codes::NONE,
            quantity: lot.quantity.abs(),
            acquired: None,
            held_from: None,
            disposed: opened,
            proceeds: premium,
            cost: 0,
            adjustment: 0,
            provisional_until: None,
            lot: Some(name),
            closed_by: name.opened_by,
        });
    }
}
