//! Canada: the taxable part of net gains, less net capital losses of earlier years.

use super::yearly::{self, Judged};
use super::{Netted, Netting};
use crate::answer::Year;
use crate::diagnostic::Problem;
use crate::money::{Minor, OutOfRange, percent_of};

/// Nets all years in the way of Canada.
///
/// # Errors
/// Unknown keys of `--carry-in`, years before the parameters, amounts out of range.
pub fn net(netting: &Netting<'_>) -> Result<Netted, Vec<Problem>> {
    yearly::checked(netting, netted)
}

fn netted(netting: &Netting<'_>) -> Result<Netted, OutOfRange> {
    let sums = yearly::sums(netting, Judged::Sale, |_| true)?;
    let mut carried: Minor = netting.carried_in("loss")?;
    let mut result = Netted::default();
    for year in netting.years() {
        let sum = sums.get(&year).copied();
        if sum.is_none() && carried == 0 {
            continue;
        }
        let sum = sum.unwrap_or_default();
        let part = percent_of(sum.net(), netting.number("inclusion_percent", year))?;
        let used = carried.min(part.max(0)); // s 111(1)(b)
        let loss = (-part).max(0);
        carried = yearly::added(carried - used, loss)?;
        result.years.push(Year {
            begins: year,
            lines: vec![
                ("gains", sum.gains),
                ("losses", sum.losses),
                ("denied", sum.taken_back),
                ("net", sum.net()),
                ("taxable", part.max(0) - used),
                ("net_capital_loss", loss),
                ("brought_forward_used", used),
                ("carried_forward", carried),
            ],
        });
    }
    Ok(result)
}
