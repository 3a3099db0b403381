//! Australia: losses against gains without the discount first, then half of what is left of discount gains.

use super::yearly::{self, Judged};
use super::{Netted, Netting};
use crate::answer::{Term, Year};
use crate::date::Date;
use crate::diagnostic::{Problem, Warning};
use crate::money::{Minor, OutOfRange, percent_of};

/// Nets all years in the way of Australia.
///
/// # Errors
/// Unknown keys of `--carry-in`, years before the parameters, amounts out of range.
pub fn net(netting: &Netting<'_>) -> Result<Netted, Vec<Problem>> {
    let mut netted = yearly::checked(netting, netted)?;
    netted.warnings.extend(before_the_tax(netting));
    Ok(netted)
}

/// Gains and losses on what was acquired before the tax began are disregarded (ITAA 1997 s 104-10(5)(a)).
fn before_the_tax(netting: &Netting<'_>) -> Option<Warning> {
    let began = Date::new(1985, 9, 20)?;
    netting.warning_on(
        |row| row.acquired.is_some_and(|day| day < began),
        "au-before-1985",
        "gains and losses on assets acquired before 20 September 1985 are disregarded (ITAA 1997 s 104-10(5)(a)); that is not computed, these rows are in full: have what is free out of your return, or leave out the purchases together with the sales",
    )
}

/// Gains of a year that losses are set against, gains without the discount first (s 102-5(1), the best order).
struct Gains {
    other: Minor,
    discount: Minor,
}

impl Gains {
    fn less(&mut self, loss: Minor) -> Minor {
        let first = loss.min(self.other);
        let second = (loss - first).min(self.discount);
        self.other -= first;
        self.discount -= second;
        first + second
    }
}

fn netted(netting: &Netting<'_>) -> Result<Netted, OutOfRange> {
    let long = yearly::sums(netting, Judged::Row, |row| row.term == Some(Term::Long))?;
    let short = yearly::sums(netting, Judged::Row, |row| row.term != Some(Term::Long))?;
    let mut carried: Minor = netting.carried_in("loss")?;
    let mut result = Netted::default();
    for year in netting.years() {
        let (long, short) = (long.get(&year).copied(), short.get(&year).copied());
        if long.is_none() && short.is_none() && carried == 0 {
            continue;
        }
        let (long, short) = (long.unwrap_or_default(), short.unwrap_or_default());
        let losses = yearly::added(long.losses, short.losses)?;
        let mut gains = Gains {
            other: short.gains,
            discount: long.gains,
        };
        let own = gains.less(losses);
        // Losses of earlier years must be used as far as there are gains (s 102-15).
        let used = gains.less(carried);
        let discount = percent_of(gains.discount, netting.number("discount_percent", year))?;
        carried = yearly::added(carried - used, losses - own)?;
        result.years.push(Year {
            begins: year,
            lines: vec![
                ("discount_gains", long.gains),
                ("other_gains", short.gains),
                ("losses", losses),
                ("brought_forward_used", used),
                ("discount", discount),
                ("net_capital_gain", gains.other + gains.discount - discount),
                ("carried_forward", carried),
            ],
        });
    }
    Ok(result)
}
