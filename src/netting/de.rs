//! Germany: coins under section 23, shares and the rest under section 20, each pot with its own losses.

use super::yearly::{self, Judged, Sums};
use super::{Netted, Netting};
use crate::answer::{Disposal, Match, Term, Year};
use crate::date::Date;
use crate::diagnostic::{Problem, Warning};
use crate::money::{Minor, OutOfRange};
use crate::trade::{Action, Class};

/// Nets all years in the way of Germany.
///
/// # Errors
/// Unknown keys of `--carry-in`, years before the parameters, amounts out of range.
pub fn net(netting: &Netting<'_>) -> Result<Netted, Vec<Problem>> {
    yearly::checked(netting, netted)
}

/// Losses carried, by pot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Pots {
    private: Minor,
    stock: Minor,
    other: Minor,
}

/// What a year uses, leaves and taxes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sheet {
    used: Pots,
    carried: Pots,
    taxable: Minor,
    exempt_used: Minor,
}

/// What is free or exempt in part and is not computed: the rows are in full.
fn in_full(netting: &Netting<'_>) -> impl Iterator<Item = Warning> {
    let class = |row: &Disposal| netting.history.security(row.security).class;
    let old = |row: &Disposal| {
        let since = Date::new(2009, 1, 1);
        matches!(class(row), Class::Stock | Class::Fund | Class::Bond)
            && row.matched == Match::Lot
            && row
                .acquired
                .zip(since)
                .is_some_and(|(day, since)| day < since)
    };
    let old = netting.warning_on(
        old,
        "de-before-2009",
        "securities acquired before 2009 are sold free of tax (EStG s 52(28) sentence 11), funds as far as they rose to the end of 2017 (InvStG s 56(6)); that is not computed, these rows are in full: have what is free out of your return, or leave out the purchases together with the sales",
    );
    let fund = netting.warning_on(
        |row| class(row) == Class::Fund,
        "de-fund-exemption",
        "a part of gains and losses on funds is exempt since 2018 (30, 15, 60 or 80 % by the kind of fund, InvStG s 20, s 21), and advance lump sums come off the gain (InvStG s 19(1)); that is not computed, these rows are in full",
    );
    old.into_iter().chain(fund)
}

fn netted(netting: &Netting<'_>) -> Result<Netted, OutOfRange> {
    let class = |row: &Disposal| netting.history.security(row.security).class;
    let coins = |row: &Disposal| class(row) == Class::Crypto;
    let private = yearly::sums(netting, Judged::Row, |row| {
        coins(row) && row.term != Some(Term::Long)
    })?;
    // Cash beside the shares of an exchange is income of section 20(1) no 1, no gain on shares (s 20(4a) sentence 2).
    let beside_shares = |row: &Disposal| {
        row.quantity.is_zero() && netting.history.trade(row.closed_by).action == Action::Merger
    };
    let in_pot = |row: &Disposal| class(row) == Class::Stock && !beside_shares(row);
    let stock = yearly::sums(netting, Judged::Row, in_pot)?;
    let other = yearly::sums(netting, Judged::Row, |row| !coins(row) && !in_pot(row))?;
    let mut carried = Pots {
        private: yearly::added(netting.carried_in("private")?, netting.carried_in("loss")?)?,
        stock: netting.carried_in("stock")?,
        other: netting.carried_in("other")?,
    };
    let mut result = Netted::default();
    result.warnings.extend(in_full(netting));
    for year in netting.years() {
        let of = |sums: &std::collections::BTreeMap<i32, Sums>| {
            sums.get(&year).copied().unwrap_or_default()
        };
        let sums = [of(&private), of(&stock), of(&other)];
        if netting.rows_of(year).next().is_none() && carried == Pots::default() {
            continue;
        }
        let sheet = sheet(
            sums.map(|sum| sum.net()),
            carried,
            netting.amount("threshold", year)?,
            netting.amount("allowance", year)?,
        );
        carried = sheet.carried;
        result.years.push(Year {
            begins: year,
            lines: lines(sums, &sheet),
        });
    }
    Ok(result)
}

/// Section 23 by its threshold; section 20 by its pots, whose general losses may also reduce gains on shares.
fn sheet(
    [private, stock, other]: [Minor; 3],
    carried: Pots,
    threshold: Minor,
    allowance: Minor,
) -> Sheet {
    // The threshold is tested on the year's own total, before losses carried in (H 23 EStH).
    let free = private < threshold;
    let used_private = if free {
        0
    } else {
        carried.private.min(private)
    };
    let taxable_private = if free {
        0
    } else {
        private.max(0) - used_private
    };
    let used_stock = carried.stock.min(stock.max(0));
    let mut shares = stock.max(0) - used_stock;
    let mut rest = other.max(0);
    let absorbed = (-other).max(0).min(shares);
    shares -= absorbed;
    let from_rest = carried.other.min(rest);
    rest -= from_rest;
    let from_shares = (carried.other - from_rest).min(shares);
    shares -= from_shares;
    let exempt_used = allowance.min(shares + rest);
    Sheet {
        used: Pots {
            private: used_private,
            stock: used_stock,
            other: from_rest + from_shares,
        },
        carried: Pots {
            private: carried.private - used_private + (-private).max(0),
            stock: carried.stock - used_stock + (-stock).max(0),
            other: carried.other - from_rest - from_shares + (-other).max(0) - absorbed,
        },
        taxable: taxable_private + shares + rest - exempt_used,
        exempt_used,
    }
}

fn lines([private, stock, other]: [Sums; 3], sheet: &Sheet) -> Vec<(&'static str, Minor)> {
    vec![
        ("private_gains", private.gains),
        ("private_losses", private.losses),
        ("private_net", private.net()),
        ("private_brought_forward_used", sheet.used.private),
        ("private_carried_forward", sheet.carried.private),
        ("stock_gains", stock.gains),
        ("stock_losses", stock.losses),
        ("stock_net", stock.net()),
        ("stock_brought_forward_used", sheet.used.stock),
        ("stock_carried_forward", sheet.carried.stock),
        ("other_gains", other.gains),
        ("other_losses", other.losses),
        ("other_net", other.net()),
        ("other_brought_forward_used", sheet.used.other),
        ("other_carried_forward", sheet.carried.other),
        ("taxable", sheet.taxable),
        ("exempt_used", sheet.exempt_used),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_threshold_is_a_cliff_tested_before_losses_carried_in() {
        let taxed = |net, carried| {
            let carried = Pots {
                private: carried,
                ..Pots::default()
            };
            let sheet = sheet([net, 0, 0], carried, 600, 0);
            (sheet.taxable, sheet.carried.private)
        };
        assert_eq!(taxed(599, 0), (0, 0));
        assert_eq!(taxed(600, 0), (600, 0));
        assert_eq!(taxed(700, 800), (0, 100));
        assert_eq!(taxed(599, 800), (0, 800));
        assert_eq!(taxed(-50, 800), (0, 850));
    }

    #[test]
    fn gains_on_shares_absorb_general_losses_but_not_the_reverse() {
        let result = sheet([0, 1_000, -400], Pots::default(), 0, 100);
        assert_eq!((result.taxable, result.carried.other), (500, 0));
        let result = sheet([0, -1_000, 400], Pots::default(), 0, 100);
        assert_eq!((result.taxable, result.carried.stock), (300, 1_000));
    }
}
