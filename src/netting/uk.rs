//! United Kingdom: losses of the year in full, brought-forward losses down to the exempt amount, then the exempt amount.

use super::yearly::{self, Judged};
use super::{Netted, Netting};
use crate::answer::Year;
use crate::date::Date;
use crate::diagnostic::{Problem, Warning};
use crate::money::{Minor, OutOfRange};

/// First days of new rates within a tax year: 23 June 2010 and 30 October 2024 (gov.uk, Capital Gains Tax rates). Netting knows one year; the parts are shown, for rates and their best use.
const NEW_RATES: [(i32, (i32, u32, u32)); 2] = [(2010, (2010, 6, 23)), (2024, (2024, 10, 30))];

/// What comes in and what becomes of it in one year.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sheet {
    brought_forward_used: Minor,
    exempt_used: Minor,
    taxable: Minor,
    carried_forward: Minor,
}

/// Nets all years in the way of the United Kingdom.
///
/// # Errors
/// Unknown keys of `--carry-in`, years before the parameters, amounts out of range.
pub fn net(netting: &Netting<'_>) -> Result<Netted, Vec<Problem>> {
    yearly::checked(netting, netted)
}

fn netted(netting: &Netting<'_>) -> Result<Netted, OutOfRange> {
    let sums = yearly::sums(netting, Judged::Day, |_| true)?;
    let mut carried = netting.carried_in("loss")?;
    let mut result = Netted::default();
    for year in netting.years() {
        let sum = sums.get(&year).copied();
        if sum.is_none() && carried == 0 {
            continue;
        }
        let sum = sum.unwrap_or_default();
        let sheet = sheet(sum.net(), carried, netting.amount("exempt_amount", year)?);
        carried = sheet.carried_forward;
        let mut lines = vec![
            ("gains", sum.gains),
            ("losses", sum.losses),
            ("net", sum.net()),
            ("brought_forward_used", sheet.brought_forward_used),
            ("exempt_used", sheet.exempt_used),
            ("taxable", sheet.taxable),
            ("carried_forward", sheet.carried_forward),
        ];
        lines.extend(rate_periods(netting, year)?);
        result.years.push(Year {
            begins: year,
            lines,
        });
    }
    if sums.keys().any(|year| *year < 2008) {
        result.warnings.push(Warning {
            code: "uk-before-2008",
            message: "years before 2008-09 had indexation or taper relief and other pools, which are not computed: check them by hand".into(),
            at: Vec::new(),
            needs_user: true,
        });
    }
    Ok(result)
}

/// TCGA 1992 s 1, s 1K, s 2: a loss of the year is used in full; brought-forward losses only above the exempt amount.
fn sheet(net: Minor, carried: Minor, exempt: Minor) -> Sheet {
    if net <= 0 {
        return Sheet {
            carried_forward: carried.saturating_sub(net),
            ..Sheet::default()
        };
    }
    let brought_forward_used = carried.min((net - exempt).max(0));
    let exempt_used = exempt.min(net);
    Sheet {
        brought_forward_used,
        exempt_used,
        taxable: net - brought_forward_used - exempt_used,
        carried_forward: carried - brought_forward_used,
    }
}

/// The net of each part of a year in which the rates changed.
fn rate_periods(
    netting: &Netting<'_>,
    year: i32,
) -> Result<Vec<(&'static str, Minor)>, OutOfRange> {
    let Some((_, (y, month, day))) = NEW_RATES.iter().find(|(of, _)| *of == year) else {
        return Ok(Vec::new());
    };
    let change = Date::new(*y, *month, *day);
    let (mut before, mut after) = (0, 0);
    for row in netting.rows_of(year) {
        let part = if change.is_some_and(|change| row.disposed < change) {
            &mut before
        } else {
            &mut after
        };
        *part = yearly::added(*part, row.gain())?;
    }
    Ok(vec![
        ("net_before_new_rates", before),
        ("net_from_new_rates", after),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(net: Minor, carried: Minor, exempt: Minor) -> (Minor, Minor, Minor, Minor) {
        let sheet = sheet(net, carried, exempt);
        (
            sheet.brought_forward_used,
            sheet.exempt_used,
            sheet.taxable,
            sheet.carried_forward,
        )
    }

    #[test]
    fn brought_forward_losses_stop_at_the_exempt_amount() {
        assert_eq!(used(13_000, 3_500, 11_000), (2_000, 11_000, 0, 1_500));
        assert_eq!(used(8_000, 0, 11_000), (0, 8_000, 0, 0));
        assert_eq!(used(8_000, 500, 11_000), (0, 8_000, 0, 500));
        assert_eq!(used(20_000, 500, 11_000), (500, 11_000, 8_500, 0));
        assert_eq!(used(-5_000, 700, 11_000), (0, 0, 0, 5_700));
        assert_eq!(used(0, 700, 11_000), (0, 0, 0, 700));
    }
}
