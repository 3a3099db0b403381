//! Coins where costs count in the year they are paid, whatever is sold (Poland: PIT s 22(14) to (16)).

use super::rules::Rules;
use super::value::Valued;
use super::{Halt, Matched, YearAmount, YearAmountKind};
use crate::answer::Match;
use crate::diagnostic::Problem;
use crate::jurisdiction::{Jurisdiction, Step};
use crate::timeline::Calendar;
use crate::trade::{Action, Class, History, Trade};

/// Takes the cost out of the rows of coins, and lists what was paid for coins by year.
///
/// # Errors
/// Purchases that cannot be valued.
pub fn apply(
    history: &History,
    law: &Jurisdiction,
    rules: &Rules,
    calendar: &Calendar,
    all: &mut Matched,
) -> Result<(), Vec<Problem>> {
    let here = |step: &Step| matches!(step, Step::CostsAsIncurred(_));
    if !law.identify.iter().any(here) {
        return Ok(());
    }
    let mut cleared = Vec::new();
    for (position, row) in all.disposals.unordered_mut().iter_mut().enumerate() {
        if history.security(row.security).class == Class::Crypto {
            let told = all.trails.as_mut();
            if let Some(told) = told.and_then(|told| told.disposals.get_mut(position)) {
                told.cost.clear();
            }
            (row.cost, row.lot, row.matched) = (0, None, Match::Amount);
            (row.acquired, row.held_from) = (None, None);
            // Nothing is left of a loss that was not deductible: what lost coins had cost counts like all costs.
            all.conservation.nondeductible -= row.adjustment;
            all.conservation.adjusted -= row.adjustment;
            row.adjustment = 0;
            cleared.push(position as u32);
        }
    }
    all.adjustments
        .retain(|adjustment| cleared.binary_search(&adjustment.disposal).is_err());
    let mut problems = Vec::new();
    for trade in history.trades.iter().filter(|trade| paid(history, trade)) {
        match amount(history, rules, calendar, trade) {
            Ok(amount) => all.amounts.push(amount),
            Err(Halt::Problem(problem)) => problems.push(*problem),
            Err(Halt::Range(error)) => problems.push(Problem::at(trade.source, error.to_string())),
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

/// Whether a row pays for coins: exchanges of one coin for another are neutral.
fn paid(history: &History, trade: &Trade) -> bool {
    let account = history.account(trade.account);
    history.security(trade.security).class == Class::Crypto
        && matches!(trade.action, Action::Buy | Action::Opening)
        && !account.sheltered
        && account.owner.is_none()
}

fn amount(
    history: &History,
    rules: &Rules,
    calendar: &Calendar,
    trade: &Trade,
) -> Result<YearAmount, Halt> {
    let row = Valued {
        trade,
        history,
        rates: &rules.rates,
    };
    let cost = match trade.rest().rarest().basis {
        Some(basis) if trade.action == Action::Opening => row.amount(basis)?,
        Some(_) | None => row.cost()?,
    };
    Ok(YearAmount {
        year: calendar.tax_year.of(calendar.day_of(trade)),
        kind: YearAmountKind::CoinCost,
        amount: cost.to_minor(rules.places)?,
    })
}
