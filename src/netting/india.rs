//! India: short-term losses against both kinds of gain, long-term ones against long-term gains; coins apart.

use super::yearly::{self, Carried, Judged, Sums};
use super::{Netted, Netting};
use crate::answer::{Disposal, Term, Year};
use crate::date::Date;
use crate::diagnostic::{Problem, Warning};
use crate::money::{Minor, OutOfRange};
use crate::trade::Class;

/// Nets all years in the way of India.
///
/// # Errors
/// Unknown keys of `--carry-in`, years before the parameters, amounts out of range.
pub fn net(netting: &Netting<'_>) -> Result<Netted, Vec<Problem>> {
    let mut netted = yearly::checked(netting, netted)?;
    netted.warnings.extend(other_classes(netting));
    netted.warnings.extend(value_of_2018(netting));
    netted.warnings.extend(coins_before_2022(netting));
    Ok(netted)
}

fn netted(netting: &Netting<'_>) -> Result<Netted, OutOfRange> {
    let coins = |row: &Disposal| netting.history.security(row.security).class == Class::Crypto;
    let of = |term: Term| {
        yearly::sums(netting, Judged::Row, |row| {
            !coins(row) && row.term.unwrap_or(Term::Short) == term
        })
    };
    let (short_sums, long_sums) = (of(Term::Short)?, of(Term::Long)?);
    let coin_sums = yearly::sums(netting, Judged::Row, coins)?;
    let listed_sums = yearly::sums(netting, Judged::Row, |row| {
        is_listed(netting, row) && row.term == Some(Term::Long)
    })?;
    let (mut short_carried, mut long_carried) = carried_in(netting)?;
    let mut result = Netted::default();
    for year in netting.years() {
        let rows = netting.rows_of(year).next().is_some();
        if !rows && short_carried.left() == 0 && long_carried.left() == 0 {
            continue;
        }
        let short_sum = short_sums.get(&year).copied().unwrap_or_default();
        let long_sum = long_sums.get(&year).copied().unwrap_or_default();
        let coin_sum = coin_sums.get(&year).copied().unwrap_or_default();
        let last = year + i32::try_from(netting.number("carry_years", year)).unwrap_or(0);
        // Section 70: within the year a short-term loss may also reduce long-term gains.
        let (mut short, mut long) = (short_sum.net(), long_sum.net());
        if short < 0 && long > 0 {
            let part = (-short).min(long);
            (short, long) = (short + part, long - part);
        }
        // Section 74: brought-forward losses in the same way, the oldest first.
        let from_short = short_carried.use_up_to(short.max(0));
        let from_long = long_carried.use_up_to(long.max(0));
        let also = short_carried.use_up_to(long.max(0) - from_long);
        let rest_short = short.max(0) - from_short;
        let rest_long = long.max(0) - from_long - also;
        // Section 112A: of listed shares and equity funds only; losses come off other gains first.
        let listed = listed_sums.get(&year).copied().unwrap_or_default().net();
        let exempt = rest_long
            .min(listed.max(0))
            .min(netting.amount("exempt_amount", year)?);
        short_carried.expire(year);
        long_carried.expire(year);
        short_carried.add(last, -short);
        long_carried.add(last, -long);
        // Section 115BBH: no loss on coins counts, so they are in the sums of the rows alone.
        let sum = |of: fn(&Sums) -> Minor| {
            let shares = yearly::added(of(&short_sum), of(&long_sum))?;
            yearly::added(shares, of(&coin_sum))
        };
        let (gains, losses) = (sum(|sum| sum.gains)?, sum(|sum| sum.losses)?);
        result.years.push(Year {
            begins: year,
            lines: vec![
                ("gains", gains),
                ("losses", losses),
                ("net", gains - losses),
                ("brought_forward_used", from_short + from_long + also),
                ("exempt_used", exempt),
                ("taxable", rest_short + rest_long - exempt + coin_sum.gains),
                (
                    "carried_forward",
                    short_carried.left() + long_carried.left(),
                ),
                ("short_term_carried_forward", short_carried.left()),
                ("long_term_carried_forward", long_carried.left()),
                ("coin_gains", coin_sum.gains),
            ],
        });
    }
    Ok(result)
}

/// Equity shares and units of equity funds, which are taken to be listed.
fn is_listed(netting: &Netting<'_>, row: &Disposal) -> bool {
    let class = netting.history.security(row.security).class;
    matches!(class, Class::Stock | Class::Fund)
}

/// Classes with tests and rates that are not computed.
fn other_classes(netting: &Netting<'_>) -> Option<Warning> {
    let other = |row: &Disposal| {
        let class = netting.history.security(row.security).class;
        !is_listed(netting, row) && class != Class::Crypto
    };
    netting.warning_on(
        other,
        "in-other-classes",
        "the exemption of section 112A is for listed shares and equity funds and was not given to these rows; their term is by the twelve months of listed securities, the 24 or 36 months of others and the taxation of derivatives as business income are not computed",
    )
}

/// Shares from before February 2018, whose cost is at least their value of 31 January 2018, up to what they bring.
fn value_of_2018(netting: &Netting<'_>) -> Option<Warning> {
    let (until, since) = (Date::new(2018, 2, 1)?, Date::new(2018, 4, 1)?);
    let old = |row: &Disposal| {
        is_listed(netting, row)
            && row.term == Some(Term::Long)
            && row.disposed >= since
            && row.acquired.is_some_and(|day| day < until)
    };
    netting.warning_on(
        old,
        "in-before-2018",
        "listed shares acquired before 1 February 2018 cost at least their value of 31 January 2018, as far as they were not sold for less (Income-tax Act 1961 s 55(2)(ac)); that is not computed, these rows have what was paid",
    )
}

/// Coins from before section 115BBH, whose losses counted.
fn coins_before_2022(netting: &Netting<'_>) -> Option<Warning> {
    let old = |row: &Disposal| {
        let class = netting.history.security(row.security).class;
        class == Class::Crypto && row.tax_year < 2022
    };
    netting.warning_on(
        old,
        "in-coins-before-2022",
        "section 115BBH of the Income-tax Act 1961 applies from 1 April 2022 on; the law of before, which knew losses on coins, is not computed: these rows are as if it had applied",
    )
}

/// Losses carried in enter the first year; `loss` means short-term.
fn carried_in(netting: &Netting<'_>) -> Result<(Carried, Carried), OutOfRange> {
    let first = netting.years().start;
    let last = first + i32::try_from(netting.number("carry_years", first)).unwrap_or(0) - 1;
    let (mut short, mut long) = (Carried::default(), Carried::default());
    let short_amount: Minor =
        yearly::added(netting.carried_in("short")?, netting.carried_in("loss")?)?;
    short.add(last, short_amount);
    long.add(last, netting.carried_in("long")?);
    Ok((short, long))
}
