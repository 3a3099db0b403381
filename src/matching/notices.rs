//! What a result of the United States must say beside its figures: open windows, losses gone for good, readings used.
//!
//! Rows are looked through as they stand, which is several times faster than in the order of their sales; warnings name
//! them in the order of the files.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use super::rules::Rules;
use super::wash::WINDOW;
use super::{Matched, YearAmountKind};
use crate::answer::{Codes, Disposal, Match};
use crate::date::Date;
use crate::diagnostic::Warning;
use crate::jurisdiction::Jurisdiction;
use crate::method::{BasisOf, Method};
use crate::money::{Minor, minor_text};
use crate::settings::WashSales;
use crate::source::Source;
use crate::trade::{Action, Class, History, Right, Security, SecurityId, TimeOfDay, Trade};

/// The code of the warning that average basis is used for what is no fund.
pub const AVERAGE_NOT_A_FUND: &str = "average-not-a-fund";

/// The warnings that depend on what was found.
pub fn notices(history: &History, rules: &Rules, matched: &Matched) -> Vec<Warning> {
    let found = [
        identification(history, rules, matched),
        average_beyond_funds(history, rules),
        window_still_open(history, matched),
        window_before_the_data(history, rules, matched),
        gone_for_good(history, matched, rules.places),
        other_scope(history, rules, matched),
        put_written(history, rules, matched),
        straddles(history),
        perpetuals(history, rules),
        tokens(
            history,
            rules,
            "wrapped-token-unsettled",
            is_wrapped,
            "wrapping a token, or taking it out again, is taken as an exchange of one asset for another: no text says so",
        ),
        tokens(
            history,
            rules,
            "pool-token-unsettled",
            is_of_a_pool,
            "taking a share in a pool of tokens, or giving it back, is taken as an exchange of one asset for another: no text says so",
        ),
        lost(history, matched),
        income(history, rules, matched),
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
fn identification(history: &History, rules: &Rules, matched: &Matched) -> Option<Warning> {
    let ordered = |method: &&&'static Method| !matches!(method.name, "fifo" | "average");
    let mut methods = rules.methods.iter().chain([&rules.method]);
    // Only rarer columns name lots.
    let rows = rules.overview.rare.then(|| matched.disposals.unordered());
    let rows = rows.unwrap_or_default().iter().filter(|row| {
        let sale = history.trade(row.closed_by);
        !sale.action.names_lots() && sale.rest().rarest().lot.is_some()
    });
    let at = unique(rows.map(|row| history.trade(row.closed_by).source));
    let by = match methods.find(ordered) {
        Some(method) if !matched.sums.is_empty() => format!("by `{}`", method.name),
        _ if at.is_empty() => return None,
        _ => "by the rows".to_owned(),
    };
    let message = format!(
        "lots were chosen {by}: that holds if the broker was told by settlement (digital assets: if it stood in your books before the sale)"
    );
    warning("identification-in-time", message, at, false)
}

/// What a broker does not look at: options and shares of one underlying near a loss (26 CFR 1.6045-1(d)(6)(iii)).
fn other_scope(history: &History, rules: &Rules, matched: &Matched) -> Option<Warning> {
    if rules.wash_sales != WashSales::Broker {
        return None;
    }
    let calls = days_by_security(history.trades.iter().filter_map(|trade| {
        let contract = history.security(trade.security).contract.as_ref()?;
        let bought = matches!(trade.action, Action::BuyToOpen | Action::Buy)
            && contract.right == Some(Right::Call);
        bought.then_some((contract.underlying?, trade.date))
    }));
    let near = |row: &&Disposal| {
        row.gain() < 0
            && within_window(calls.get(&row.security), row.disposed)
                .next()
                .is_some()
    };
    let rows = matched.disposals.unordered().iter().filter(near);
    let at = unique(rows.map(|row| history.trade(row.closed_by).source));
    if at.is_empty() {
        return None;
    }
    let message = "calls on the same stock were bought within 30 days of a loss: a broker does not look at them, the law does (--wash-sales taxpayer)";
    warning("wash-scope-broker", message.to_owned(), at, true)
}

/// A put written so far in the money that its exercise is near certain may itself be an acquisition of the stock (Rev. Rul.
/// 85-87): the rule is not applied, but said where the strike is a fifth or more above the stock's last price.
fn put_written(history: &History, rules: &Rules, matched: &Matched) -> Option<Warning> {
    let is_put = |security: &Security| {
        let right = security.contract.as_ref().and_then(|c| c.right);
        security.class == Class::Option && right == Some(Right::Put)
    };
    if rules.wash_sales == WashSales::Off || !history.securities.iter().any(is_put) {
        return None;
    }
    let mut last_price: FxHashMap<SecurityId, Decimal> = FxHashMap::default();
    let mut written: FxHashMap<SecurityId, Vec<&Trade>> = FxHashMap::default();
    for trade in &history.trades {
        let security = history.security(trade.security);
        if trade.action == Action::SellToOpen
            && is_put(security)
            && let Some(contract) = &security.contract
            && let (Some(stock), Some(strike)) = (contract.underlying, contract.strike)
            && last_price
                .get(&stock)
                .is_some_and(|price| is_far_above(strike, *price))
        {
            written.entry(stock).or_default().push(trade);
        }
        if let Some(price) = trade.price() {
            last_price.insert(trade.security, price);
        }
    }
    let at = written.into_iter().flat_map(|(stock, puts)| {
        let losses = matched.disposals.unordered().iter();
        let losses = losses.filter(move |row| row.security == stock && row.proceeds < row.cost);
        let days = days_by_security(losses.map(|row| (stock, row.disposed)));
        puts.into_iter()
            .filter(move |put| within_window(days.get(&stock), put.date).next().is_some())
    });
    let at = unique(at.map(|put| put.source));
    if at.is_empty() {
        return None;
    }
    let message = "puts far in the money were written within 30 days of a loss on their stock: where exercise is near certain they count as its purchase (Rev. Rul. 85-87), which is not applied";
    warning("wash-put-written", message.to_owned(), at, true)
}

/// Whether a strike lies a fifth or more above a price.
fn is_far_above(strike: Decimal, price: Decimal) -> bool {
    let least = price.checked_mul(Decimal::new(12, 1));
    least.is_some_and(|least| strike >= least)
}

/// Sales whose term, or whose window, hangs on the day that a time in UTC fell on for the taxpayer: in every country.
pub fn zone_at_edges(
    history: &History,
    law: &Jurisdiction,
    rules: &Rules,
    matched: &Matched,
) -> Option<Warning> {
    if !history.zone_assumed {
        return None;
    }
    let bought = if !law.is_us() || rules.wash_sales == WashSales::Off {
        FxHashMap::default()
    } else {
        let purchases = history.trades.iter();
        let buys = |trade: &&Trade| {
            matches!(
                trade.action,
                Action::Buy | Action::BuyToOpen | Action::Reinvest
            )
        };
        let purchases = purchases.filter(buys).filter(|trade| trade.time.is_some());
        days_by_security(purchases.map(|trade| (trade.security, trade.date)))
    };
    let rows = matched.disposals.unordered().iter().filter(|row| {
        term_hangs_on_zone(history, law, row)
            || match_hangs_on_zone(history, row)
            || window_hangs_on_zone(history, rules, row, bought.get(&row.security))
    });
    let at = unique(rows.map(|row| history.trade(row.closed_by).source));
    if at.is_empty() {
        return None;
    }
    let message = format!(
        "{} at the edge of a term or of a window, and the times are in UTC: a day's difference changes the result; set `--timezone`",
        match at.len() {
            1 => "1 sale lies".to_owned(),
            several => format!("{several} sales lie"),
        }
    );
    warning("timezone-assumed", message, at, true)
}

/// Contracts listed as held although their last day is over: what became of them is missing, in every country.
pub fn past_their_last_day(history: &History, rules: &Rules, matched: &Matched) -> Option<Warning> {
    let end = rules.end?;
    let over = matched.lots.iter().filter(|lot| {
        let contract = history.security(lot.security).contract.as_ref();
        let last = contract.and_then(|contract| contract.expiry);
        last.is_some_and(|last| last < end)
    });
    let at = unique(over.flat_map(|lot| lot.opened_by.iter().map(|id| history.trade(*id).source)));
    if at.is_empty() {
        return None;
    }
    let contracts = match at.len() {
        1 => "a contract is".to_owned(),
        rows => format!("contracts of {rows} rows are"),
    };
    let message = format!(
        "{contracts} still open after the last day: a loss or a gain is missing; add the `expire`, `exercise`, `assign` or `cash_settle` row"
    );
    warning("contract-past-expiry", message, at, true)
}

/// By how many days the taxpayer's day may differ from that of a time in UTC: zones lie up to 14 hours away.
fn shifts(trade: &Trade) -> RangeInclusive<i32> {
    const HOUR: u32 = 3_600_000;
    match trade.time.map(TimeOfDay::milliseconds) {
        None => 0..=0,
        Some(time) => -i32::from(time < 14 * HOUR)..=i32::from(time >= 10 * HOUR),
    }
}

/// Whether the term of a row is another if its days were those of another zone.
fn term_hangs_on_zone(history: &History, law: &Jurisdiction, row: &Disposal) -> bool {
    let (Some(held_from), Some(lot), Some(term)) = (row.held_from, row.lot, row.term) else {
        return false;
    };
    let class = history.security(row.security).class;
    let other = |from: i32, to: i32| {
        let days = (held_from.plus(from), row.disposed.plus(to));
        law.term_of(class, days.0, days.1) != Some(term)
    };
    // Only near the day on which the term changes.
    if lot.number == 0 || !(other(-1, 1) || other(1, -1)) {
        return false;
    }
    let (opened, closed) = (history.trade(lot.opened_by), history.trade(row.closed_by));
    shifts(opened).any(|from| shifts(closed).any(|to| other(from, to)))
}

/// Whether what a sale was matched with was bought on the last of the days after it that count.
fn match_hangs_on_zone(history: &History, row: &Disposal) -> bool {
    let last = match row.matched {
        Match::Within30Days => 30,
        Match::Within4Weeks => -28,
        _ => return false,
    };
    let bought = row.acquired.map(|bought| bought.days_since(row.disposed));
    bought == Some(last) && history.trade(row.closed_by).time.is_some()
}

/// Whether a loss has a purchase on the last day of its window or on the first beyond, one of the two by another zone.
fn window_hangs_on_zone(
    history: &History,
    rules: &Rules,
    row: &Disposal,
    bought: Option<&Vec<Date>>,
) -> bool {
    let Some(bought) = bought.filter(|_| row.proceeds < row.cost) else {
        return false;
    };
    let edges = [-WINDOW - 1, -WINDOW, WINDOW, WINDOW + 1].map(|days| row.disposed.plus(days));
    history.trade(row.closed_by).time.is_some()
        && rules.wash_covers(history, row.security)
        && edges
            .iter()
            .any(|day| Some(*day) != row.acquired && bought.binary_search(day).is_ok())
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
    let message = "average basis is for fund shares only (26 CFR 1.1012-1(e)): give them the class `fund`, or choose another method";
    warning(AVERAGE_NOT_A_FUND, message.to_owned(), at, true)
}

/// Losses that a purchase after the data may still defer.
fn window_still_open(history: &History, matched: &Matched) -> Option<Warning> {
    let rows = matched
        .disposals
        .unordered()
        .iter()
        .filter(|row| row.provisional_until.is_some());
    let last = rows.clone().filter_map(|row| row.provisional_until).max()?;
    let at = unique(rows.map(|row| history.trade(row.closed_by).source));
    let sales = if at.len() == 1 {
        "1 loss sale is"
    } else {
        &format!("{} loss sales are", at.len())
    };
    let message = format!(
        "{sales} too close to the end of the data: a purchase up to {last} may still change the result; compute again with later data"
    );
    warning("wash-window-open", message, at, true)
}

/// A loss so soon after the first row that purchases before the data may have replaced it.
fn window_before_the_data(history: &History, rules: &Rules, matched: &Matched) -> Option<Warning> {
    if rules.wash_sales == WashSales::Off {
        return None;
    }
    let (first, _) = rules.overview.days?;
    let early = matched.disposals.unordered().iter().filter(|row| {
        row.proceeds < row.cost
            && rules.wash_covers(history, row.security)
            && row.disposed <= first.plus(WINDOW)
            && row.acquired.is_some_and(|acquired| acquired < row.disposed)
    });
    let at = unique(early.map(|row| history.trade(row.closed_by).source));
    if at.is_empty() {
        return None;
    }
    let message = format!(
        "the data begin on {first}, within 30 days of a loss sale: earlier purchases could have replaced what was sold"
    );
    warning("wash-window-start", message, at, false)
}

/// Losses whose replacement lies in a retirement account or with another person: in no basis, ever (Rev. Rul. 2008-5).
fn gone_for_good(history: &History, matched: &Matched, places: u32) -> Option<Warning> {
    let lost = matched
        .adjustments
        .iter()
        .filter(|adjustment| adjustment.replaced && adjustment.replacement.is_none());
    let total: Minor = lost.clone().map(|adjustment| adjustment.amount).sum();
    let at = unique(lost.filter_map(|adjustment| Some(history.trade(adjustment.purchase?).source)));
    if at.is_empty() {
        return None;
    }
    let message = format!(
        "losses of {} are gone for good: replaced in a sheltered account, by another person or by units sold again, they join no basis",
        minor_text(total, places)
    );
    warning("wash-loss-gone", message, at, true)
}

/// Calls written on stock that is traded beside them may make a straddle (26 USC 1092), which is not computed.
fn straddles(history: &History) -> Option<Warning> {
    let at = options_beside_stock(history, Right::Call, Action::SellToOpen);
    if at.is_empty() {
        return None;
    }
    let message = "calls were written on stock traded too: the straddle rules and the tests for qualified covered calls (section 1092) are not applied";
    warning("straddle-not-applied", message.to_owned(), at, false)
}

/// The rows that open options of a kind on stock that the history trades too.
fn options_beside_stock(history: &History, right: Right, action: Action) -> Vec<Source> {
    if !history
        .securities
        .iter()
        .any(|security| security.class == Class::Option)
    {
        return Vec::new();
    }
    let mut traded = vec![false; history.securities.len()];
    for trade in &history.trades {
        traded[trade.security.0 as usize] = true;
    }
    let beside = |trade: &&Trade| {
        let security = history.security(trade.security);
        let contract = security.contract.as_ref();
        trade.action == action
            && security.class == Class::Option
            && contract.and_then(|c| c.right) == Some(right)
            && contract
                .and_then(|c| c.underlying)
                .is_some_and(|stock| traded[stock.0 as usize])
    };
    let rows = history.trades.iter().filter(beside);
    unique(rows.map(|trade| trade.source))
}

/// Perpetual futures have no authority.
fn perpetuals(history: &History, rules: &Rules) -> Option<Warning> {
    let perpetual = |security: &Security| security.class == Class::Perpetual;
    if !history.securities.iter().any(perpetual) {
        return None;
    }
    let rows = history
        .trades
        .iter()
        .filter(|trade| perpetual(history.security(trade.security)));
    let at = unique(rows.map(|trade| trade.source));
    if at.is_empty() {
        return None;
    }
    let funding = if rules.funding_ordinary {
        "is left out as an ordinary amount"
    } else {
        "joins the position"
    };
    let message = format!(
        "there is no authority on perpetual futures: each close is taken as a capital result by time open, funding {funding}"
    );
    warning("perpetual-unsettled", message, at, false)
}

/// Exchanges of tokens for which there is no authority.
fn tokens(
    history: &History,
    rules: &Rules,
    code: &'static str,
    unsettled: fn(&str, &str) -> bool,
    message: &str,
) -> Option<Warning> {
    let is_coin = |security: &Security| security.class == Class::Crypto;
    // Only rarer columns name what arrives.
    if !rules.overview.rare || !history.securities.iter().any(is_coin) {
        return None;
    }
    let swaps = history.trades.iter().filter(|trade| {
        let given = history.security(trade.security);
        let taken = trade.rest().rarest().new_security;
        let taken = taken.map(|id| history.security(id));
        trade.action == Action::Swap
            && is_coin(given)
            && taken.is_some_and(|taken| is_coin(taken) && unsettled(&given.symbol, &taken.symbol))
    });
    let at = unique(swaps.map(|trade| trade.source));
    if at.is_empty() {
        return None;
    }
    warning(code, message.to_owned(), at, false)
}

/// Whether one of two coins is the other wrapped, as WETH is ETH.
fn is_wrapped(one: &str, other: &str) -> bool {
    let wraps = |outer: &str, inner: &str| {
        let rest = outer.strip_prefix(['W', 'w']);
        rest.is_some_and(|rest| rest.eq_ignore_ascii_case(inner))
    };
    wraps(one, other) || wraps(other, one)
}

/// Whether one of two coins is, by its name, a share in a pool of liquidity.
fn is_of_a_pool(one: &str, other: &str) -> bool {
    let of_a_pool = |symbol: &str| {
        let symbol = symbol.to_ascii_uppercase();
        let mut parts = symbol.split(|c: char| !c.is_ascii_alphanumeric());
        symbol.starts_with("UNI-V")
            || parts.any(|part| matches!(part, "LP" | "SLP" | "GLP" | "BPT"))
    };
    of_a_pool(one) != of_a_pool(other)
}

/// What was lost or stolen is no capital loss (26 USC 165(h)(5)).
fn lost(history: &History, matched: &Matched) -> Option<Warning> {
    let rows = matched.disposals.unordered().iter().filter(|row| {
        row.adjustment > 0
            && row.codes.has(Codes::NONDEDUCTIBLE)
            && history.trade(row.closed_by).action == Action::Lost
    });
    let at = unique(rows.map(|row| history.trade(row.closed_by).source));
    if at.is_empty() {
        return None;
    }
    let message = "what was lost or stolen is no capital loss in the United States; whether it is a theft loss, which belongs on another form, is not computed";
    warning("lost-not-deducted", message.to_owned(), at, true)
}

/// What came in as income is ordinary income of its year, at the value that is its basis (Rev. Rul. 2019-24, 2023-14).
fn income(history: &History, rules: &Rules, matched: &Matched) -> Option<Warning> {
    let mut years: BTreeMap<i32, Minor> = BTreeMap::new();
    let amounts = matched.amounts.iter();
    for one in amounts.filter(|one| one.kind == YearAmountKind::Income) {
        let sum = years.entry(one.year).or_default();
        *sum = sum.saturating_add(one.amount);
    }
    if years.is_empty() {
        return None;
    }
    let received = history.trades.iter();
    let at = received.filter(|trade| trade.action == Action::Income);
    let at = unique(at.map(|trade| trade.source));
    let sums: Vec<String> = years
        .into_iter()
        .map(|(year, sum)| format!("{} in {year}", minor_text(sum, rules.places)))
        .collect();
    let message = format!(
        "income received in kind is ordinary income, in no line here: {}",
        sums.join(", ")
    );
    warning("income-in-kind", message, at, false)
}

/// Purchases within 30 days of a loss: no rule of arithmetic takes it back, but an anti-avoidance rule may (TR 2008/1).
pub fn bought_back(history: &History, all: &mut Matched) {
    let bought = days_by_security(
        history
            .trades
            .iter()
            .filter(|trade| trade.action == Action::Buy)
            .map(|trade| (trade.security, trade.date)),
    );
    let near = |row: &Disposal| {
        row.gain() < 0
            && within_window(bought.get(&row.security), row.disposed)
                .any(|day| row.acquired != Some(day))
    };
    let rows = all.disposals.unordered().iter().filter(|row| near(row));
    let at = unique(rows.map(|row| history.trade(row.closed_by).source));
    if !at.is_empty() {
        let message = "the same security was bought within 30 days of a loss: no arithmetic rule takes the loss back, but an anti-avoidance rule may (TR 2008/1)";
        all.warnings
            .extend(warning("bought-back", message.to_owned(), at, false));
    }
}

/// The days on which something happened to each security, in order.
fn days_by_security(
    events: impl Iterator<Item = (SecurityId, Date)>,
) -> FxHashMap<SecurityId, Vec<Date>> {
    let mut days: FxHashMap<SecurityId, Vec<Date>> = FxHashMap::default();
    for (security, day) in events {
        days.entry(security).or_default().push(day);
    }
    for own in days.values_mut() {
        own.sort_unstable();
        own.dedup();
    }
    days
}

/// Those of some days, in order, that lie within the window around one.
fn within_window(days: Option<&Vec<Date>>, around: Date) -> impl Iterator<Item = Date> + '_ {
    let days = days.map(Vec::as_slice).unwrap_or_default();
    let start = days.partition_point(|day| *day < around.plus(-WINDOW));
    let after = days.iter().copied().skip(start);
    after.take_while(move |day| *day <= around.plus(WINDOW))
}

/// The distinct rows, in order.
fn unique(rows: impl Iterator<Item = Source>) -> Vec<Source> {
    let mut seen: Vec<Source> = rows.collect();
    seen.sort_unstable();
    seen.dedup();
    seen
}
