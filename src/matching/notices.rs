//! What a result of the United States must say beside its figures: open windows, losses gone for good, readings used.

use super::Matched;
use super::rules::Rules;
use super::wash::WINDOW;
use crate::diagnostic::Warning;
use crate::method::BasisOf;
use crate::money::{Minor, minor_text};
use crate::settings::WashSales;
use crate::source::Source;
use crate::trade::{Action, Class, History, Right, Trade};

/// The warnings that depend on what was found.
pub fn notices(history: &History, rules: &Rules, matched: &Matched, places: u32) -> Vec<Warning> {
    let found = [
        identification(history, rules, matched),
        average_beyond_funds(history, rules),
        window_still_open(history, matched),
        window_before_the_data(history, rules, matched),
        gone_for_good(history, matched, places),
        straddles(history),
        perpetuals(history),
    ];
    found.into_iter().flatten().collect()
}

fn warning(
    code: &'static str,
    message: String,
    at: Vec<Source>,
    needs_user: bool,
) -> Option<Warning> {
    Some(Warning {
        code,
        message,
        at,
        needs_user,
    })
}

/// Lots chosen otherwise than first in, first out must have been identified in time (26 CFR 1.1012-1(c)(8)).
fn identification(_history: &History, rules: &Rules, matched: &Matched) -> Option<Warning> {
    let chosen = rules
        .methods
        .iter()
        .chain([&rules.method])
        .find(|method| !matches!(method.name, "fifo" | "average"))?;
    if matched.sums.is_empty() {
        return None;
    }
    let message = format!(
        "lots were chosen by `{}`: that holds only if the choice was in force with the broker by settlement (for digital assets: in the books before the sale)",
        chosen.name
    );
    warning("identification-in-time", message, Vec::new(), false)
}

/// Average basis is for fund shares and some reinvestment plans only (26 CFR 1.1012-1(e)).
fn average_beyond_funds(history: &History, rules: &Rules) -> Option<Warning> {
    let averaged = |account: crate::trade::AccountId| {
        let method = rules
            .methods
            .get(usize::from(account.0))
            .copied()
            .unwrap_or(rules.method);
        method.basis == BasisOf::Average
    };
    if !history
        .accounts
        .iter()
        .enumerate()
        .any(|(id, _)| averaged(crate::trade::AccountId(id as u16)))
    {
        return None;
    }
    let sales = history.trades.iter().filter(|trade| {
        trade.action == Action::Sell
            && averaged(trade.account)
            && history.security(trade.security).class != Class::Fund
    });
    let at = unique(sales.map(|trade| trade.source));
    if at.is_empty() {
        return None;
    }
    let message = "average basis was used for something that is not a fund share, which the law does not allow (26 CFR 1.1012-1(e)); give fund shares the class `fund`, or choose another method";
    warning("average-not-a-fund", message.to_owned(), at, true)
}

/// Losses that a purchase after the data may still defer.
fn window_still_open(history: &History, matched: &Matched) -> Option<Warning> {
    let rows = matched
        .disposals
        .iter()
        .filter(|row| row.provisional_until.is_some());
    let last = rows.clone().filter_map(|row| row.provisional_until).max()?;
    let at = unique(rows.map(|row| history.trade(row.closed_by).source));
    let message = format!(
        "the data end inside the wash-sale window of {} loss {}: a purchase up to {last} may still change them (provisional_until); compute again with later data",
        at.len(),
        if at.len() == 1 { "sale" } else { "sales" },
    );
    warning("wash-window-open", message, at, true)
}

/// A loss so soon after the first row that purchases before the data may have replaced it.
fn window_before_the_data(history: &History, rules: &Rules, matched: &Matched) -> Option<Warning> {
    if rules.wash_sales == WashSales::Off {
        return None;
    }
    let first = history.trades.iter().map(|trade| trade.date).min()?;
    let early = matched.disposals.iter().filter(|row| {
        row.proceeds < row.cost
            && row.term.is_some()
            && row.disposed <= first.plus(WINDOW)
            && row.acquired.is_some_and(|acquired| acquired < row.disposed)
    });
    let at = unique(early.map(|row| history.trade(row.closed_by).source));
    if at.is_empty() {
        return None;
    }
    let message = format!(
        "the data begin on {first}, less than 30 days before a loss sale: purchases before that could have replaced what was sold"
    );
    warning("wash-window-start", message, at, false)
}

/// Losses whose replacement lies in a retirement account or with another person: in no basis, ever (Rev. Rul. 2008-5).
fn gone_for_good(history: &History, matched: &Matched, places: u32) -> Option<Warning> {
    let lost = matched
        .adjustments
        .iter()
        .filter(|adjustment| adjustment.replacement.is_none());
    let total: Minor = lost.clone().map(|adjustment| adjustment.amount).sum();
    let at = unique(lost.filter_map(|adjustment| Some(history.trade(adjustment.purchase?).source)));
    if at.is_empty() {
        return None;
    }
    let message = format!(
        "{} of losses are gone for good: they were replaced in a sheltered account or by another person, and join no basis",
        minor_text(total, places)
    );
    warning("wash-loss-gone", message, at, true)
}

/// Calls written on stock that is traded beside them may make a straddle (26 USC 1092), which is not computed.
fn straddles(history: &History) -> Option<Warning> {
    let mut traded = vec![false; history.securities.len()];
    for trade in &history.trades {
        traded[trade.security.0 as usize] = true;
    }
    let written_call = |trade: &&Trade| {
        let security = history.security(trade.security);
        let contract = security.contract.as_ref();
        trade.action == Action::SellToOpen
            && security.class == Class::Option
            && contract.and_then(|c| c.right) == Some(Right::Call)
            && contract
                .and_then(|c| c.underlying)
                .is_some_and(|stock| traded[stock.0 as usize])
    };
    let at = unique(
        history
            .trades
            .iter()
            .filter(written_call)
            .map(|trade| trade.source),
    );
    if at.is_empty() {
        return None;
    }
    let message = "calls were written on stock that is held too: the straddle rules (section 1092) and qualified covered call tests are not applied";
    warning("straddle-not-applied", message.to_owned(), at, false)
}

/// Perpetual futures have no authority.
fn perpetuals(history: &History) -> Option<Warning> {
    let rows = history
        .trades
        .iter()
        .filter(|trade| history.security(trade.security).class == Class::Perpetual);
    let at = unique(rows.map(|trade| trade.source));
    if at.is_empty() {
        return None;
    }
    let message = "perpetual futures: no authority; each close is taken as a capital result by time open, funding joins the position";
    warning("perpetual-unsettled", message.to_owned(), at, false)
}

/// Purchases within 30 days of a loss: no rule of arithmetic takes it back, but an anti-avoidance rule may (TR 2008/1).
pub fn bought_back(history: &History, all: &mut Matched) {
    let near = |row: &crate::answer::Disposal| {
        row.gain() < 0
            && history.trades.iter().any(|trade| {
                trade.security == row.security
                    && trade.action == Action::Buy
                    && trade.date.days_since(row.disposed).abs() <= WINDOW
                    && row.acquired != Some(trade.date)
            })
    };
    let rows = all.disposals.iter().filter(|row| near(row));
    let at = unique(rows.map(|row| history.trade(row.closed_by).source));
    if !at.is_empty() {
        let message = "the same security was bought within 30 days of a loss: no arithmetic rule takes the loss back, but an anti-avoidance rule may (TR 2008/1)";
        all.warnings
            .extend(warning("bought-back", message.to_owned(), at, false));
    }
}

/// The distinct rows, in order.
fn unique(rows: impl Iterator<Item = Source>) -> Vec<Source> {
    let mut seen: Vec<Source> = rows.collect();
    seen.sort_unstable();
    seen.dedup();
    seen
}
