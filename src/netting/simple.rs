//! The nettings that need no file of their own: totals, losses that may be carried for some years, coins apart.

use std::collections::BTreeMap;

use super::yearly::{self, Carried, Judged, Sums};
use super::{Netted, Netting};
use crate::answer::{Disposal, Term, Year};
use crate::diagnostic::{Problem, Warning};
use crate::matching::YearAmountKind;
use crate::money::{Minor, OutOfRange, percent_of};
use crate::trade::Class;

/// Gains, losses and net of each year.
///
/// # Errors
/// Keys of `--carry-in`, amounts out of range.
pub fn net_totals(netting: &Netting<'_>) -> Result<Netted, Vec<Problem>> {
    yearly::checked(netting, |netting| {
        let sums = yearly::sums(netting, Judged::Row, |_| true)?;
        let mut result = Netted::default();
        for (year, sum) in sums {
            result.years.push(Year {
                begins: year,
                lines: vec![
                    ("gains", sum.gains),
                    ("losses", sum.losses),
                    ("net", sum.net()),
                ],
            });
        }
        Ok(result)
    })
}

/// Losses against gains of the same year, nothing carried.
///
/// # Errors
/// Keys of `--carry-in`, years before the parameters, amounts out of range.
pub fn net_same_year(netting: &Netting<'_>) -> Result<Netted, Vec<Problem>> {
    yearly::checked(netting, |netting| {
        let sums = yearly::sums(netting, Judged::Sale, |_| true)?;
        carried_years(netting, &sums, 0, &Beside::default())
    })
}

/// Losses against gains of the following years, as many as the parameters say; free holdings count in no line.
///
/// # Errors
/// Keys of `--carry-in`, years before the parameters, amounts out of range.
pub fn net_carry(netting: &Netting<'_>) -> Result<Netted, Vec<Problem>> {
    yearly::checked(netting, |netting| {
        let sums = yearly::sums(netting, Judged::Row, |row| row.term != Some(Term::Long))?;
        let mut netted = carried_years(netting, &sums, years_carried(netting), &Beside::default())?;
        netted.warnings.extend(reduced_in_portugal(netting));
        netted.warnings.extend(coins_in_portugal(netting));
        Ok(netted)
    })
}

/// Gains on securities held two years or more, of which Portugal leaves a part out since 2024 (CIRS s 43).
fn reduced_in_portugal(netting: &Netting<'_>) -> Option<Warning> {
    let reduced = |row: &Disposal| {
        let class = netting.history.security(row.security).class;
        let two_years = row.held_from.map(|day| day.add_years(2));
        matches!(class, Class::Stock | Class::Fund | Class::Bond)
            && row.tax_year >= 2024
            && row.gain() > 0
            && two_years.is_some_and(|day| day <= row.disposed)
    };
    let asked = netting.law.code == "pt";
    netting.warning_on(
        |row| asked && reduced(row),
        "pt-held-two-years",
        "a part of gains on listed securities held 2, 5 or 8 years is left out since 2024 (10, 20, 30 %, CIRS s 43); that is not computed, these gains are in full",
    )
}

/// Coins that private persons sold in Portugal before they were taxed (Lei 24-D/2022).
fn coins_in_portugal(netting: &Netting<'_>) -> Option<Warning> {
    let asked = netting.law.code == "pt";
    netting.warning_on(
        |row| asked && is_coin(netting, row) && row.tax_year < 2023,
        "pt-coins-before-2023",
        "gains of private persons on coins are taxed from 1 January 2023 on (CIRS s 10(1) k), Lei 24-D/2022); that they were free before is not computed, these rows are in full: have them out of your return, or leave out the purchases together with the sales",
    )
}

fn is_coin(netting: &Netting<'_>, row: &Disposal) -> bool {
    netting.history.security(row.security).class == Class::Crypto
}

/// Japan: losses on listed shares are carried and meet gains on such shares only; coins are miscellaneous income, whose
/// loss is gone; derivatives and other assets are separate kinds of income as well.
///
/// # Errors
/// Keys of `--carry-in`, years before the parameters, amounts out of range.
pub fn net_jp(netting: &Netting<'_>) -> Result<Netted, Vec<Problem>> {
    yearly::checked(netting, |netting| {
        let of = |kind: Kind| {
            let own =
                |row: &Disposal| Kind::of(netting.history.security(row.security).class) == kind;
            yearly::sums(netting, Judged::Sale, own)
        };
        let beside = Beside {
            sums: vec![of(Kind::Coins)?, of(Kind::Derivatives)?, of(Kind::Other)?],
            extra: None,
        };
        let shares = of(Kind::Listed)?;
        let mut netted = carried_years(netting, &shares, years_carried(netting), &beside)?;
        let apart = |row: &Disposal| {
            let kind = Kind::of(netting.history.security(row.security).class);
            matches!(kind, Kind::Derivatives | Kind::Other)
        };
        netted.warnings.extend(netting.warning_on(
            apart,
            "jp-other-income",
            "options, futures and other assets are not netted with listed shares (Special Taxation Measures Act s 37-11, s 41-14): each kind stands alone in its year; carrying the loss on exchange-traded derivatives for three years (s 41-15) and the deduction for other assets are not computed",
        ));
        Ok(netted)
    })
}

/// Kinds of income that Japan does not net with each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Listed shares and what is treated alike (Special Taxation Measures Act s 37-11).
    Listed,
    /// Coins: miscellaneous income (Income Tax Act s 35).
    Coins,
    /// Futures and options (Special Taxation Measures Act s 41-14).
    Derivatives,
    /// Everything else.
    Other,
}

impl Kind {
    fn of(class: Class) -> Self {
        match class {
            Class::Stock | Class::Fund | Class::Bond | Class::Right => Self::Listed,
            Class::Crypto => Self::Coins,
            Class::Option | Class::IndexOption | Class::Future | Class::Perpetual => {
                Self::Derivatives
            }
            Class::Collectible | Class::Other => Self::Other,
        }
    }
}

/// Sweden: losses on listed shares and funds in full against such gains, every other loss by a quota; no carry.
///
/// # Errors
/// Keys of `--carry-in`, years before the parameters, amounts out of range.
pub fn net_se(netting: &Netting<'_>) -> Result<Netted, Vec<Problem>> {
    yearly::checked(netting, |netting| {
        let listed = |row: &Disposal| {
            matches!(
                netting.history.security(row.security).class,
                Class::Stock | Class::Fund
            )
        };
        let of_listed = yearly::sums(netting, Judged::Sale, listed)?;
        let of_rest = yearly::sums(netting, Judged::Sale, |row| !listed(row))?;
        let mut result = Netted::default();
        for year in netting.years() {
            if netting.rows_of(year).next().is_none() {
                continue;
            }
            let own = of_listed.get(&year).copied().unwrap_or_default();
            let rest = of_rest.get(&year).copied().unwrap_or_default();
            let open = yearly::added((-own.net()).max(0), rest.losses)?;
            let deductible = percent_of(open, netting.number("quota_percent", year))?;
            let income = own.net().max(0) + rest.gains - deductible;
            let (gains, losses) = (own.gains + rest.gains, own.losses + rest.losses);
            result.years.push(Year {
                begins: year,
                lines: vec![
                    ("gains", gains),
                    ("losses", losses),
                    ("net", gains - losses),
                    ("brought_forward_used", 0),
                    ("exempt_used", 0),
                    ("taxable", income.max(0)),
                    ("carried_forward", 0),
                    ("deductible_part_of_losses", deductible),
                    ("deficit", (-income).max(0)),
                ],
            });
        }
        Ok(result)
    })
}

/// Poland: shares with losses carried; coins by income and costs of the year, whose excess goes forward.
///
/// # Errors
/// Keys of `--carry-in`, years before the parameters, amounts out of range.
pub fn net_pl(netting: &Netting<'_>) -> Result<Netted, Vec<Problem>> {
    yearly::checked(netting, |netting| {
        let coin = |row: &Disposal| netting.history.security(row.security).class == Class::Crypto;
        let shares = yearly::sums(netting, Judged::Row, |row| !coin(row))?;
        let income = yearly::sums(netting, Judged::Row, coin)?;
        let mut costs: BTreeMap<i32, Minor> = BTreeMap::new();
        for amount in &netting.matched.amounts {
            match amount.kind {
                YearAmountKind::CoinCost => {
                    let sum = costs.entry(amount.year).or_default();
                    *sum = yearly::added(*sum, amount.amount)?;
                }
                YearAmountKind::CapitalGainDistribution | YearAmountKind::Income => {}
            }
        }
        let beside = Beside {
            sums: vec![income],
            extra: Some(costs),
        };
        let mut netted = carried_years(netting, &shares, years_carried(netting), &beside)?;
        netted.warnings.extend(netting.warning_on(
            |row| coin(row) && row.tax_year < 2019,
            "pl-coins-before-2019",
            "costs of coins count in the year they are paid from 2019 on (PIT s 22(14) to (16)); the law of before is not computed: these rows are as if it had applied",
        ));
        Ok(netted)
    })
}

fn years_carried(netting: &Netting<'_>) -> i32 {
    let year = netting.years().start;
    i32::try_from(netting.number("carry_years", year)).unwrap_or(0)
}

/// Results that stand beside those that carry losses, kind by kind: coins where they are income of another kind.
#[derive(Default)]
struct Beside {
    sums: Vec<BTreeMap<i32, Sums>>,
    /// Costs by year that count against them and go forward.
    extra: Option<BTreeMap<i32, Minor>>,
}

impl Beside {
    fn of_year(&self, year: i32) -> impl Iterator<Item = Sums> {
        let kinds = self.sums.iter();
        kinds.filter_map(move |sums| sums.get(&year).copied())
    }
}

/// Costs that count against the income of their year, and go forward where they exceed it.
#[derive(Default)]
struct Costs {
    left: Minor,
}

impl Costs {
    /// The costs of a year and those brought forward against its income, those of the year first: how much of what was
    /// brought forward is used, and how much is in all.
    fn spend(&mut self, cost: Minor, income: Minor) -> Result<(Minor, Minor), OutOfRange> {
        let of_year = cost.min(income);
        let brought = self.left.min(income - of_year);
        let spent = of_year + brought;
        self.left = yearly::added(self.left, cost)? - spent;
        Ok((brought, spent))
    }
}

/// Carries the loss of a year, where the law says so a part of it a year, or once up to an amount.
fn carry_loss(
    netting: &Netting<'_>,
    carried: &mut Carried,
    (year, years): (i32, i32),
    loss: Minor,
) -> Result<(), OutOfRange> {
    let (a_year, once) = match netting.number("carry_yearly_percent", year) {
        0 => (loss, 0),
        percent => (
            percent_of(loss, percent)?,
            netting.amount("carry_once", year)?,
        ),
    };
    carried.add_capped(year.saturating_add(years), loss, a_year, once);
    Ok(())
}

/// Losses carried for `years` years, the oldest used first.
fn carried_years(
    netting: &Netting<'_>,
    sums: &BTreeMap<i32, Sums>,
    years: i32,
    beside: &Beside,
) -> Result<Netted, OutOfRange> {
    let mut carried = Carried::default();
    let range = netting.years();
    carried.add(
        range.start.saturating_add(years - 1),
        netting.carried_in("loss")?,
    );
    let mut costs = Costs::default();
    let mut result = Netted::default();
    for year in range {
        let own = sums.get(&year).copied();
        let cost = beside.extra.as_ref().and_then(|costs| costs.get(&year));
        let disposals = netting.rows_of(year).next().is_some();
        if !disposals && cost.is_none() && carried.left() + costs.left == 0 {
            continue;
        }
        let (own, cost) = (own.unwrap_or_default(), cost.copied().unwrap_or(0));
        let kinds: Vec<Sums> = beside.of_year(year).collect();
        let other = kinds.iter().fold(Sums::default(), |sum, kind| Sums {
            gains: sum.gains + kind.gains,
            losses: sum.losses + kind.losses,
            ..sum
        });
        let used = carried.use_up_to(own.net());
        carried.expire(year);
        if years > 0 {
            carry_loss(netting, &mut carried, (year, years), (-own.net()).max(0))?;
        }
        let income: Minor = kinds.iter().map(|kind| kind.net().max(0)).sum();
        let (brought, spent) = costs.spend(cost, income)?;
        let with_costs = beside.extra.is_some();
        if with_costs {
            // Selling that cost more than it brought is cost as well.
            costs.left = yearly::added(costs.left, (-other.net()).max(0))?;
        }
        let gains = own.gains + other.gains;
        let losses = own.losses + other.losses + cost;
        let mut lines = vec![
            ("gains", gains),
            ("losses", losses),
            ("net", gains - losses),
            ("brought_forward_used", used + brought),
            ("exempt_used", 0),
            ("taxable", own.net().max(0) - used + income - spent),
            ("carried_forward", carried.left() + costs.left),
        ];
        if with_costs {
            lines.push(("coin_income", other.net()));
            lines.push(("coin_costs_used", spent));
            lines.push(("coin_costs_carried_forward", costs.left));
        }
        result.years.push(Year {
            begins: year,
            lines,
        });
    }
    Ok(result)
}
