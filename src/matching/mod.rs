//! The engine: one chronological fold, from trades to disposal rows and open lots.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "minor units below 10^18, since `Money` refuses sums beyond 10^16 units; counts of what is in memory"
)]
#![allow(
    clippy::indexing_slicing,
    reason = "positions that the ledger, a plan or the history has handed out itself"
)]

mod acquire;
mod chosen;
mod coin;
mod corporate;
mod dispose;
mod distributions;
mod divided;
mod fold;
mod follows;
mod granted;
mod identity;
mod incurred;
mod jump;
mod ledger;
mod neutral;
mod notices;
mod option;
mod pairing;
mod pooled;
mod position;
mod rows;
mod rules;
mod shortfall;
mod side_by_side;
mod splits;
mod statutory;
mod terms;
mod together;
mod trail;
mod transfer;
mod value;
mod wash;

use std::collections::BTreeMap;

use crate::answer::trail::Trails;
use crate::answer::{Adjustment, Conservation, Disposal, Disposals, Merged, OpenLot};
use crate::date::Date;
use crate::diagnostic::{Problem, Warning};
use crate::jurisdiction::Jurisdiction;
use crate::money::{Minor, OutOfRange, whole_units};
use crate::settings::Settings;
use crate::timeline::{Calendar, Groups, gathered, in_order};
use crate::trade::{History, Overview, TradeId};

pub use notices::AVERAGE_NOT_A_FUND;
pub use statutory::SUPERFICIAL_WINDOW;
pub use wash::{WASH_SALE, WINDOW};

use fold::Fold;
use pooled::Pools;
pub use rows::Sums;
use rules::Rules;

/// What matching found, before netting.
#[derive(Debug, Default)]
pub struct Matched {
    /// Rows in the order of their sales; where only years were asked for, those that the end of the data leaves open.
    pub disposals: Disposals,
    /// What all rows add up to, by tax year.
    pub sums: BTreeMap<i16, Sums>,
    /// What is held at the end.
    pub lots: Vec<OpenLot>,
    /// All rows of what merged purchases and sales consist of, by position in `disposals`.
    pub merged: BTreeMap<u32, Merged>,
    /// Denied and deferred amounts.
    pub adjustments: Vec<Adjustment>,
    /// Amounts that join a year's lines without being rows, such as capital gain distributions.
    pub amounts: Vec<YearAmount>,
    /// Positions of the rows of an allocation of coins that named a lot.
    pub allocated: Vec<u32>,
    /// What was remarkable.
    pub warnings: Vec<Warning>,
    /// The conservation check over everything.
    pub conservation: Conservation,
    /// What all rows of the files have in common.
    pub overview: Overview,
    /// Where the figures come from, if asked for.
    pub trails: Option<Trails>,
}

impl Matched {
    /// Rounds rows, lots and adjustments to whole units of the currency, as the forms allow. The sums of the years are
    /// made of the exact rows and rounded by themselves, so what is shown need not add up: the warning says so.
    pub fn round(&mut self, places: u32) -> Warning {
        for row in self.disposals.rows_mut() {
            for amount in [&mut row.proceeds, &mut row.cost, &mut row.adjustment] {
                *amount = whole_units(*amount, places);
            }
        }
        for lot in &mut self.lots {
            lot.cost = whole_units(lot.cost, places);
        }
        for adjustment in &mut self.adjustments {
            adjustment.amount = whole_units(adjustment.amount, places);
        }
        Warning {
            code: "rounded-to-dollars",
            message: "amounts are rounded to whole dollars: rows one by one, totals from the exact sums, so they may not add up".to_owned(),
            at: Vec::new(),
            needs_user: false,
        }
    }

    /// Adds what was found elsewhere, after what is here.
    fn append(&mut self, other: Self) -> Result<(), OutOfRange> {
        let before = self.disposals.len() as u32;
        let row = |row: u32| row + before;
        append(
            self.disposals.unordered_mut(),
            other.disposals.into_unordered(),
        );
        append(&mut self.lots, other.lots);
        append(&mut self.amounts, other.amounts);
        append(&mut self.allocated, other.allocated);
        let adjustments = other.adjustments.into_iter();
        self.adjustments.extend(adjustments.map(|mut adjustment| {
            adjustment.disposal = row(adjustment.disposal);
            adjustment
        }));
        let merged = other.merged.into_iter();
        self.merged
            .extend(merged.map(|(position, rows)| (row(position), rows)));
        for (year, sums) in &other.sums {
            self.sums.entry(*year).or_default().join(sums)?;
        }
        for warning in other.warnings {
            match self
                .warnings
                .iter_mut()
                .find(|known| known.code == warning.code && known.message == warning.message)
            {
                Some(known) => known.at.extend(warning.at),
                None => self.warnings.push(warning),
            }
        }
        if let Some(mut trails) = other.trails {
            trails.map_rows(row);
            let own = self.trails.get_or_insert_default();
            own.disposals.append(&mut trails.disposals);
            own.lots.append(&mut trails.lots);
            own.pools.append(&mut trails.pools);
        }
        self.conservation.add(&other.conservation)
    }
}

/// Appends without a copy where nothing is there yet.
fn append<T>(to: &mut Vec<T>, mut from: Vec<T>) {
    if to.is_empty() {
        *to = from;
    } else {
        to.append(&mut from);
    }
}

/// An amount of a year that is not a row.
#[derive(Clone, Copy, Debug)]
pub struct YearAmount {
    /// The calendar year in which the tax year begins.
    pub year: i32,
    /// What it is.
    pub kind: YearAmountKind,
    /// Minor units.
    pub amount: Minor,
}

/// What an amount of a year is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YearAmountKind {
    /// A fund's capital gain distribution: Schedule D line 13.
    CapitalGainDistribution,
    /// What coins cost that were bought in the year, where costs count when they are paid.
    CoinCost,
    /// Income received in kind: ordinary income, in no capital line.
    Income,
}

/// Why an event could not be carried out.
#[derive(Debug)]
pub enum Halt {
    /// Something about its row.
    Problem(Box<Problem>),
    /// A figure out of range.
    Range(OutOfRange),
}

impl From<OutOfRange> for Halt {
    fn from(error: OutOfRange) -> Self {
        Self::Range(error)
    }
}

impl From<Problem> for Halt {
    fn from(problem: Problem) -> Self {
        Self::Problem(Box::new(problem))
    }
}

/// Matches all disposals of a history.
///
/// # Errors
/// Every problem found in any group.
pub fn matched(
    history: &History,
    law: &'static Jurisdiction,
    settings: &Settings,
) -> Result<Matched, Vec<Problem>> {
    let Some((own, pools)) = pooled::pooled(history, law, settings) else {
        return matched_in(history, law, settings, Pools::default());
    };
    let mut all = matched_in(&own, law, settings, pools.clone())?;
    pools.apart(history, &mut all);
    Ok(all)
}

/// The same over a history in which wallets that hold coins together are one account.
fn matched_in(
    history: &History,
    law: &'static Jurisdiction,
    settings: &Settings,
    pools: Pools,
) -> Result<Matched, Vec<Problem>> {
    let calendar = Calendar {
        tax_year: law.tax_year,
        by_settlement: settings.by_settlement,
        as_of: settings.as_of,
    };
    let identical = identity::identical(history, settings);
    let mut ordered = in_order(history, &calendar, &identical);
    let overview = ordered.overview;
    let rules = Rules::new(history, law, settings, identical, overview, pools)?;
    let mut problems = Vec::new();
    let mut all = if law.by_lots() {
        let groups = Groups::new(history, &rules.identical, &ordered);
        drop(std::mem::take(&mut ordered.events));
        by_lots(
            history,
            law,
            settings,
            &rules,
            calendar,
            &groups,
            &mut problems,
        )
    } else {
        let events = &ordered.events;
        statutory::run(
            history,
            law,
            settings,
            &rules,
            calendar,
            events,
            &mut problems,
        )
    };
    all.overview = overview;
    if ordered.left_out > 0 {
        all.warnings
            .push(crate::trade::rows_after_report(ordered.left_out));
    }
    if !problems.is_empty() {
        follows::leave_out(&mut problems, history);
        problems.sort_by_key(|problem| problem.place.as_ref().map(|place| place.source));
        return Err(problems);
    }
    let broken = all.conservation.violations();
    if !broken.is_empty() {
        return Err(broken.into_iter().map(internal_error).collect());
    }
    incurred::apply(history, law, &rules, &calendar, &mut all)?;
    granted::apply(history, law, &mut all)
        .map_err(|error| vec![Problem::new(error.to_string())])?;
    put_in_order(history, &rules, &mut all)?;
    add_notices(history, law, &rules, &mut all);
    Ok(all)
}

/// The lots and rows of each group of connected securities, joined.
fn by_lots(
    history: &History,
    law: &'static Jurisdiction,
    settings: &Settings,
    rules: &Rules,
    calendar: Calendar,
    groups: &Groups,
    problems: &mut Vec<Problem>,
) -> Matched {
    let fold = |events: &[TradeId], problems: &mut Vec<Problem>| {
        let gathered = gathered(history, events);
        let mut fold = Fold::new(history, law, rules, calendar);
        fold.run(events, &gathered);
        settings.meter.add(events.len() as u64);
        fold.finish(problems)
    };
    let all = side_by_side::fold_all(groups, &fold, problems);
    if problems.is_empty() {
        *problems = rules.pools.idle_rows(rules.end, &all.allocated);
    }
    all
}

/// Rows by day, lots by name, and what is added up of them by year.
fn put_in_order(history: &History, rules: &Rules, all: &mut Matched) -> Result<(), Vec<Problem>> {
    if let Some(trails) = &mut all.trails {
        // Rows that came from elsewhere than the fold have none.
        trails
            .disposals
            .resize_with(all.disposals.len(), Default::default);
        trails.lots.resize_with(all.lots.len(), Vec::new);
    }
    if !rules.only_sums {
        in_order_of_sale(history, all);
    }
    in_order_of_names(history, all);
    if !rules.only_sums {
        all.sums = Sums::by_year(all.disposals.unordered())
            .map_err(|error| vec![Problem::new(error.to_string())])?;
    }
    Ok(())
}

/// What is told of the rows as a whole.
fn add_notices(history: &History, law: &Jurisdiction, rules: &Rules, all: &mut Matched) {
    for warning in &mut all.warnings {
        // Groups come one after the other; rows are read in the order of the files.
        warning.at.sort_unstable();
    }
    if law.repurchase_notice {
        notices::bought_back(history, all);
    }
    let mut found = Vec::new();
    if law.is_us() {
        found = notices::notices(history, rules, all);
    }
    found.extend(notices::zone_at_edges(history, law, rules, all));
    found.extend(notices::past_their_last_day(history, rules, all));
    all.warnings.append(&mut found);
}

/// A law that does not hold is a mistake of the program: no figure of the run can be trusted.
fn internal_error(broken: &str) -> Problem {
    Problem::new(format!("internal error: {broken}"))
        .help("this is a mistake in lossoffset, not in your files; no figure of this run can be trusted, so none is shown. Please report it with the rows that lead to it")
}

/// Rows by day and row of the file; adjustments follow their rows.
fn in_order_of_sale(history: &History, all: &mut Matched) {
    let order = order_of_sale(history, all.disposals.unordered());
    if !order.is_sorted() {
        let follows = !all.adjustments.is_empty() || !all.merged.is_empty() || all.trails.is_some();
        if follows {
            move_references(all, &order);
        }
        all.disposals.set_order(order);
    }
    all.adjustments
        .sort_by_key(|adjustment| adjustment.disposal);
}

/// Rows of the file that are counted out at a time: a count for each of ten million would be a part of the peak.
const SPAN: u32 = 1 << 22;

/// The row for each position. Counted out by the rows of the file, which nearly always stand in the order of their days.
/// Rows are gone through as they stand: in the order of their sales, each lies on a page of its own.
fn order_of_sale(history: &History, rows: &[Disposal]) -> Vec<u32> {
    let trades = history.trades.len() as u32;
    let mut order = vec![0_u32; rows.len()];
    let (mut done, mut latest, mut in_turn) = (0, Date::FIRST, true);
    for first in (0..trades).step_by(SPAN as usize) {
        let span = SPAN.min(trades - first);
        let within = |row: &Disposal| row.closed_by.0.checked_sub(first).filter(|at| *at < span);
        let mut days = vec![None; span as usize];
        let mut starts = vec![0_u32; span as usize + 1];
        for row in rows {
            if let Some(at) = within(row) {
                starts[at as usize + 1] += 1;
                let day = days[at as usize].replace(row.disposed);
                in_turn &= day.is_none_or(|day| day == row.disposed);
            }
        }
        for day in days.into_iter().flatten() {
            in_turn &= latest <= day;
            latest = day;
        }
        starts[0] = done;
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        done = starts[span as usize];
        for (row, index) in rows.iter().zip(0_u32..) {
            if let Some(at) = within(row) {
                let place = &mut starts[at as usize];
                order[*place as usize] = index;
                *place += 1;
            }
        }
    }
    if !in_turn {
        order.sort_by_key(|index| rows[*index as usize].disposed);
    }
    order
}

/// Lets everything that names a row by its position name the new one.
fn move_references(all: &mut Matched, order: &[u32]) {
    let mut place = vec![0_u32; order.len()];
    for (new, old) in order.iter().enumerate() {
        place[*old as usize] = new as u32;
    }
    for adjustment in &mut all.adjustments {
        adjustment.disposal = place[adjustment.disposal as usize];
    }
    all.merged = std::mem::take(&mut all.merged)
        .into_iter()
        .map(|(row, merged)| (place[row as usize], merged))
        .collect();
    if let Some(trails) = &mut all.trails {
        trails.map_rows(|row| place[row as usize]);
        permute(&mut trails.disposals, &mut place);
    }
}

/// Lots by symbol and account, whatever row named them first; those of one holding stay as they are.
fn in_order_of_names(history: &History, all: &mut Matched) {
    let symbols = ranks(history.securities.iter().map(|security| &*security.symbol));
    let accounts = ranks(history.accounts.iter().map(|account| &*account.name));
    let key = |lot: &OpenLot| {
        let account = lot.account.map(|account| accounts[usize::from(account.0)]);
        (symbols[lot.security.0 as usize], account)
    };
    if all.lots.is_sorted_by_key(key) {
        return;
    }
    let mut order: Vec<usize> = (0..all.lots.len()).collect();
    order.sort_by_key(|position| key(&all.lots[*position]));
    let mut place = vec![0_u32; order.len()];
    for (new, old) in order.iter().enumerate() {
        place[*old] = new as u32;
    }
    if let Some(trails) = &mut all.trails {
        permute(&mut trails.lots, &mut place.clone());
    }
    permute(&mut all.lots, &mut place);
}

/// The position of each name among all of them in order.
fn ranks<'a>(names: impl Iterator<Item = &'a str>) -> Vec<u32> {
    let names: Vec<&str> = names.collect();
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_unstable_by_key(|position| names[*position]);
    let mut ranks = vec![0; names.len()];
    for (rank, position) in order.into_iter().enumerate() {
        ranks[position] = rank as u32;
    }
    ranks
}

/// Moves every row to its place, by cycles, without a second copy of the rows.
fn permute<T>(rows: &mut [T], place: &mut [u32]) {
    for start in 0..rows.len() {
        while place[start] as usize != start {
            let target = place[start] as usize;
            rows.swap(start, target);
            place.swap(start, target);
        }
    }
}
