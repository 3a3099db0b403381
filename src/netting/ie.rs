//! Ireland: losses of the year, losses brought forward in full, then the exemption.

use super::yearly::{self, Judged};
use super::{Netted, Netting};
use crate::answer::Year;
use crate::diagnostic::Problem;
use crate::money::{Minor, OutOfRange};

/// Nets all years in the way of Ireland.
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
        let net = sum.net();
        // Losses come before the exemption, even where they waste it (s 601(2)).
        let used = carried.min(net.max(0));
        let rest = net.max(0) - used;
        let exempt = rest.min(netting.amount("exempt_amount", year)?);
        carried = yearly::added(carried - used, (-net).max(0))?;
        let december = december(netting, year)?;
        result.years.push(Year {
            begins: year,
            lines: vec![
                ("gains", sum.gains),
                ("losses", sum.losses),
                ("ring_fenced", sum.taken_back),
                ("net", net),
                ("brought_forward_used", used),
                ("exempt_used", exempt),
                ("taxable", rest - exempt),
                ("carried_forward", carried),
                ("net_january_to_november", net - december),
                ("net_december", december),
            ],
        });
    }
    Ok(result)
}

/// The net of December, which is paid for later than that of the months before.
fn december(netting: &Netting<'_>, year: i32) -> Result<Minor, OutOfRange> {
    let rows = netting.rows_of(year);
    rows.filter(|row| row.disposed.ymd().1 == 12)
        .try_fold(0, |sum, row| yearly::added(sum, row.gain()))
}
