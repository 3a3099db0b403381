//! What the nettings of most countries share: gains and losses of a year, losses carried in and on, years outside the
//! parameters.

use std::collections::{BTreeMap, VecDeque};

use rustc_hash::FxHashMap;

use super::{Netted, Netting};
use crate::answer::Disposal;
use crate::date::Date;
use crate::diagnostic::{Problem, Warning};
use crate::money::{Minor, Money, OutOfRange};
use crate::source::Source;
use crate::trade::{Action, SecurityId, Trade, TradeId};

/// What is a gain or a loss by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Each row.
    Row,
    /// All rows of one sale.
    Sale,
    /// All sales of one security on one day.
    Day,
}

/// What the rows of a year add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Gains.
    pub gains: Minor,
    /// Losses, positive.
    pub losses: Minor,
    /// Amounts that a window takes back from losses: the positive adjustments but those of what was lost or stolen.
    pub taken_back: Minor,
}

impl Sums {
    /// Gains less losses.
    pub fn net(&self) -> Minor {
        self.gains.saturating_sub(self.losses)
    }
}

#[derive(PartialEq, Eq, Hash)]
enum Key {
    Row(usize),
    Sale(SecurityId, TradeId),
    Day(SecurityId, Date),
}

/// Gains and losses of each year over the rows that `counts` accepts.
pub fn sums(
    netting: &Netting<'_>,
    judged: Judged,
    counts: impl Fn(&Disposal) -> bool,
) -> Result<BTreeMap<i32, Sums>, OutOfRange> {
    let mut groups: FxHashMap<(i32, Key), Minor> = FxHashMap::default();
    let mut years: BTreeMap<i32, Sums> = BTreeMap::new();
    let rows = netting.matched.disposals.iter().enumerate();
    for (position, row) in rows.filter(|(_, row)| counts(row)) {
        let year = i32::from(row.tax_year);
        let key = match judged {
            Judged::Row => Key::Row(position),
            Judged::Sale => Key::Sale(row.security, row.closed_by),
            Judged::Day => Key::Day(row.security, row.disposed),
        };
        let sum = groups.entry((year, key)).or_default();
        *sum = added(*sum, row.gain())?;
        let lost = netting.history.trade(row.closed_by).action == Action::Lost;
        let taken_back = if lost { 0 } else { row.adjustment.max(0) };
        let sums = years.entry(year).or_default();
        sums.taken_back = added(sums.taken_back, taken_back)?;
    }
    for ((year, _), gain) in groups {
        let sums = years.entry(year).or_default();
        sums.gains = added(sums.gains, gain.max(0))?;
        sums.losses = added(sums.losses, -gain.min(0))?;
    }
    Ok(years)
}

/// The sum, or an error.
pub fn added(a: Minor, b: Minor) -> Result<Minor, OutOfRange> {
    a.checked_add(b).ok_or(OutOfRange::Amount)
}

/// Losses carried forward, each with the last year in which it may be used.
#[derive(Clone, Debug, Default)]
pub struct Carried(VecDeque<Loss>);

#[derive(Clone, Copy, Debug)]
struct Loss {
    last_year: i32,
    left: Minor,
    /// The most that one year may use.
    a_year: Minor,
    /// The most that one year, not used so far, may use instead.
    once: Minor,
}

impl Carried {
    /// What is left of all.
    pub fn left(&self) -> Minor {
        self.0.iter().map(|loss| loss.left).sum()
    }

    /// Adds a loss that may be used up to a year.
    pub fn add(&mut self, last_year: i32, amount: Minor) {
        self.add_capped(last_year, amount, amount, 0);
    }

    /// Adds a loss of which each year may use `a_year`, and one of them `once`.
    pub fn add_capped(&mut self, last_year: i32, amount: Minor, a_year: Minor, once: Minor) {
        if amount > 0 {
            self.0.push_back(Loss {
                last_year,
                left: amount,
                a_year,
                once,
            });
        }
    }

    /// Uses up to `wanted`, the oldest first; gives what was used. Once a year where losses are capped.
    pub fn use_up_to(&mut self, wanted: Minor) -> Minor {
        let mut used = 0;
        for loss in &mut self.0 {
            let open = loss.left.min(wanted.max(0) - used);
            let part = if open > loss.a_year && loss.once > loss.a_year {
                open.min(std::mem::take(&mut loss.once))
            } else {
                open.min(loss.a_year)
            };
            loss.left -= part;
            used += part;
        }
        self.0.retain(|loss| loss.left > 0);
        used
    }

    /// Forgets what could be used up to this year at the latest; gives what is lost.
    pub fn expire(&mut self, year: i32) -> Minor {
        let before = self.left();
        self.0.retain(|loss| loss.last_year > year);
        before - self.left()
    }
}

/// Never expires.
pub const FOREVER: i32 = i32::MAX;

impl Netting<'_> {
    /// A loss carried in by its key.
    pub fn carried_in(&self, key: &str) -> Result<Minor, OutOfRange> {
        match self.settings.carry_in.get(key) {
            Some(amount) => Money::new(*amount)?.to_minor(self.law.places),
            None => Ok(0),
        }
    }

    /// An amount of the parameter file for a year, in minor units.
    pub fn amount(&self, name: &str, year: i32) -> Result<Minor, OutOfRange> {
        match (self.law.parameters)().value(name, year) {
            Some(value) => Money::new(value)?.to_minor(self.law.places),
            None => Ok(0),
        }
    }

    /// A whole number of the parameter file for a year.
    pub fn number(&self, name: &str, year: i32) -> i64 {
        let value = (self.law.parameters)().value(name, year);
        value
            .and_then(|value| i64::try_from(value).ok())
            .unwrap_or(0)
    }

    /// Keys of `--carry-in` that the country does not have, and negative amounts.
    pub fn check_carry_in(&self) -> Vec<Problem> {
        let law = self.law;
        let mut problems = Vec::new();
        for (key, amount) in &self.settings.carry_in {
            if !law.carry_in.contains(&key.as_str()) {
                let known = match law.carry_in {
                    [] => "no losses can be carried in there".to_owned(),
                    keys => format!("known there: {}", keys.join(", ")),
                };
                problems.push(
                    Problem::new(format!(
                        "`{key}` is no loss that can be carried in in {}",
                        law.name
                    ))
                    .help(known),
                );
            }
            if amount.is_sign_negative() && !amount.is_zero() {
                problems.push(Problem::new(format!(
                    "the loss carried in (`{key}`) is written as a positive amount"
                )));
            }
        }
        problems
    }

    /// Years with rows that lie before the parameters, or under another law after them, are a problem.
    pub fn check_years(&self) -> Vec<Problem> {
        let parameters = (self.law.parameters)();
        let written = |year| self.law.tax_year.written(year);
        if let Some(problem) = self.year_of_another_law() {
            return vec![problem];
        }
        let early = |row: &&Disposal| i32::from(row.tax_year) < parameters.first_year;
        let first = self.matched.disposals.iter().filter(early);
        let Some(row) = first.min_by_key(|row| row.tax_year) else {
            return Vec::new();
        };
        let source = self.history.trade(row.closed_by).source;
        vec![
            Problem::at(
                source,
                format!(
                    "the law of {} is known here from {} on, and this falls into {}",
                    self.law.name,
                    written(parameters.first_year),
                    written(i32::from(row.tax_year))
                ),
            )
            .help("leave out the sales of earlier years and give what is held since as `opening` rows"),
        ]
    }

    /// A disposal of a time for which the law is not the one computed here.
    fn year_of_another_law(&self) -> Option<Problem> {
        let last = (self.law.parameters)().last_year?;
        let late = |row: &&Disposal| i32::from(row.tax_year) > last;
        let rows = self.matched.disposals.iter().filter(late);
        let row = rows.min_by_key(|row| row.disposed)?;
        let problem = Problem::at(
            self.history.trade(row.closed_by).source,
            format!(
                "another law begins in {} after {}, which is not computed, and this falls into {}",
                self.law.name,
                self.law.tax_year.written(last),
                self.law.tax_year.written(i32::from(row.tax_year))
            ),
        );
        Some(problem.help(
            "leave out the disposals of that time; `lossoffset jurisdictions show` says more",
        ))
    }

    /// A warning on the rows that `picked` accepts, if there are any.
    pub fn warning_on(
        &self,
        picked: impl Fn(&Disposal) -> bool,
        code: &'static str,
        message: &str,
    ) -> Option<Warning> {
        let rows = self.matched.disposals.iter().filter(|row| picked(row));
        let mut trades: Vec<TradeId> = rows.map(|row| row.closed_by).collect();
        trades.sort_unstable();
        trades.dedup();
        let at = trades.iter().map(|id| self.history.trade(*id).source);
        (!trades.is_empty()).then(|| Warning {
            code,
            message: message.to_owned(),
            at: at.collect(),
            needs_user: true,
        })
    }

    /// What was lost or stolen gives no loss; whether it should, the law of few countries says.
    fn lost(&self) -> Option<Warning> {
        let lost = |row: &Disposal| {
            row.adjustment > 0 && self.history.trade(row.closed_by).action == Action::Lost
        };
        let message = format!(
            "what was lost or stolen is taken to be no deductible loss in {}: where it is one, write the row as a `sell` for 0",
            self.law.name
        );
        self.warning_on(lost, "lost-not-deducted", &message)
    }

    /// Rows that choose lots where the law itself says which units left.
    fn not_chosen(&self) -> Option<Warning> {
        let law = self.law;
        let chooses = |trade: &&Trade| {
            let lot = trade.rare().and_then(|rest| rest.rarest().lot.as_ref());
            lot.is_some() && !trade.action.names_lots()
        };
        let left_out = |trade: &&Trade| {
            let day = self.settings.as_of.unwrap_or(trade.date);
            let class = self.history.security(trade.security).class;
            day >= trade.date && !(law.by_lots() && law.identifies(class))
        };
        let rows = self.history.trades.iter().filter(chooses);
        let at: Vec<Source> = rows.filter(left_out).map(|trade| trade.source).collect();
        (!at.is_empty()).then(|| Warning {
            code: "lot-not-chosen",
            message: format!(
                "the law of {} says itself which units leave: the `lot` of these rows chooses none",
                law.name
            ),
            at,
            needs_user: true,
        })
    }

    /// Years with rows that lie after the parameters keep the last values known, with a warning.
    pub fn later_years(&self) -> Option<Warning> {
        let parameters = (self.law.parameters)();
        let mut late: Vec<i32> = self
            .matched
            .disposals
            .iter()
            .map(|row| i32::from(row.tax_year))
            .filter(|year| *year > parameters.known_until)
            .collect();
        late.sort_unstable();
        late.dedup();
        let written = |year: &i32| self.law.tax_year.written(*year);
        (!late.is_empty()).then(|| Warning {
            code: "year-outside-parameters",
            message: format!(
                "the law of {} is known here to {}; its last amounts were used for {}",
                self.law.name,
                written(&parameters.known_until),
                late.iter().map(written).collect::<Vec<_>>().join(", ")
            ),
            at: Vec::new(),
            needs_user: true,
        })
    }
}

/// Checks what every country checks, nets, and adds the warning on years after the parameters.
pub fn checked(
    netting: &Netting<'_>,
    net: impl Fn(&Netting<'_>) -> Result<Netted, OutOfRange>,
) -> Result<Netted, Vec<Problem>> {
    let mut problems = netting.check_carry_in();
    problems.extend(netting.check_years());
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut netted = net(netting).map_err(|error| vec![Problem::new(error.to_string())])?;
    netted.warnings.extend(netting.later_years());
    netted.warnings.extend(netting.lost());
    netted.warnings.extend(netting.not_chosen());
    Ok(netted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carried_losses_are_used_oldest_first_and_lapse() {
        let mut carried = Carried::default();
        carried.add(2024, 100);
        carried.add(2026, 50);
        assert_eq!(carried.use_up_to(30), 30);
        assert_eq!(carried.left(), 120);
        assert_eq!(carried.use_up_to(80), 80);
        assert_eq!(carried.use_up_to(-5), 0);
        assert_eq!(carried.expire(2024), 0);
        assert_eq!(carried.use_up_to(1_000), 40);
        carried.add(2025, 7);
        assert_eq!(carried.expire(2025), 7);
        assert_eq!(carried.left(), 0);
    }

    #[test]
    fn a_capped_loss_gives_its_part_a_year_and_once_more() {
        let mut carried = Carried::default();
        carried.add_capped(2024, 100, 50, 0);
        assert_eq!(carried.use_up_to(80), 50);
        assert_eq!(carried.use_up_to(80), 50);
        carried.add_capped(2024, 100, 50, 70);
        assert_eq!(carried.use_up_to(40), 40);
        assert_eq!(carried.use_up_to(60), 60);
        carried.add_capped(2024, 200, 100, 120);
        assert_eq!(carried.use_up_to(200), 120);
        assert_eq!(carried.use_up_to(200), 80);
        assert_eq!(carried.left(), 0);
        // A year that wants no more than a part leaves the larger one to another.
        carried.add_capped(2024, 300, 50, 120);
        assert_eq!(carried.use_up_to(50), 50);
        assert_eq!(carried.use_up_to(200), 120);
        assert_eq!(carried.use_up_to(200), 50);
    }
}
