//! Rows by tax year, through the country's worksheet, with what is carried from one year into the next.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "sums of minor units below 10^18: `Money` refuses sums beyond 10^16 units, `added` what options add to them"
)]

pub mod au;
pub mod ca;
pub mod de;
pub mod ie;
pub mod india;
pub mod simple;
pub mod uk;
pub mod us;
pub mod yearly;

use crate::answer::{Disposal, Year};
use crate::date::Date;
use crate::diagnostic::{Problem, Warning};
use crate::jurisdiction::{Jurisdiction, Net};
use crate::matching::{Matched, YearAmountKind};
use crate::money::{Minor, OutOfRange};
use crate::settings::Settings;
use crate::trade::History;

/// What netting looks at.
#[derive(Clone, Copy)]
pub struct Netting<'a> {
    /// Everything read.
    pub history: &'a History,
    /// The country.
    pub law: &'static Jurisdiction,
    /// The settings.
    pub settings: &'a Settings,
    /// What matching found.
    pub matched: &'a Matched,
}

/// The worksheets of all years, and what they found remarkable.
#[derive(Debug, Default)]
pub struct Netted {
    /// Oldest first.
    pub years: Vec<Year>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
}

/// Nets the rows of every tax year in the country's way.
///
/// # Errors
/// Amounts carried in under a name the country does not have, or out of range.
pub fn net(netting: &Netting<'_>) -> Result<Netted, Vec<Problem>> {
    netting
        .within_range()
        .map_err(|error| vec![Problem::new(error.to_string())])?;
    let net = match netting.law.net {
        Net::UnitedStates => us::net,
        Net::UnitedKingdom => uk::net,
        Net::Canada => ca::net,
        Net::Ireland => ie::net,
        Net::Germany => de::net,
        Net::Australia => au::net,
        Net::India => india::net,
        Net::Japan => simple::net_jp,
        Net::Sweden => simple::net_se,
        Net::Poland => simple::net_pl,
        Net::CarriedYears => simple::net_carry,
        Net::SameYear => simple::net_same_year,
        Net::Totals => simple::net_totals,
    };
    net(netting)
}

/// What the rows of all years may add up to, in minor units: so much less than can be held that no worksheet, which
/// adds a few sums of years to what earlier ones carried, leaves the range.
const MOST: i128 = (Minor::MAX / 8) as i128;

impl Netting<'_> {
    /// Refuses what worksheets could not add up.
    fn within_range(&self) -> Result<(), OutOfRange> {
        let rows = self.matched.sums.values().flat_map(|sums| {
            let own = [sums.short_gains, sums.short_losses, sums.long_gains];
            own.into_iter().chain([sums.long_losses, sums.without_term])
        });
        let amounts = self.matched.amounts.iter().map(|amount| amount.amount);
        let all = rows.chain(amounts).map(|sum| i128::from(sum).abs());
        if all.fold(0, i128::saturating_add) > MOST {
            return Err(OutOfRange::Amount);
        }
        Ok(())
    }

    /// The tax years to list: from the first with a disposal or another amount to that of the last row or the report date.
    pub fn years(&self) -> std::ops::Range<i32> {
        let rows = self.matched.sums.keys().map(|year| i32::from(*year));
        // A row may belong to a later year than the last trade: a short closed at a loss that settles in January.
        let latest = rows.clone().max();
        let amounts = self.matched.amounts.iter();
        let amounts = amounts.filter(|amount| amount.kind != YearAmountKind::Income);
        let first = rows.chain(amounts.map(|amount| amount.year)).min();
        let last = self.last_day().map(|day| self.law.tax_year.of(day));
        let last = last.map(|last| last.max(latest.unwrap_or(last)));
        match (first, last) {
            (Some(first), Some(last)) => first..last.max(first) + 1,
            (None, Some(last)) => last..last + 1,
            (_, None) => 0..0,
        }
    }

    fn last_day(&self) -> Option<Date> {
        let settings = self.settings;
        settings
            .as_of
            .or(self.matched.overview.days.map(|(_, last)| last))
    }

    /// The rows of one tax year.
    pub fn rows_of(&self, year: i32) -> impl Iterator<Item = &Disposal> {
        self.matched
            .disposals
            .iter()
            .filter(move |row| i32::from(row.tax_year) == year)
    }
}
