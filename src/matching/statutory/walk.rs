//! Money, day by day: what comes in joins a pool or a lot, what leaves takes its cost along, and purchases that earlier
//! disposals wait for are handed to them before anything else.

use std::collections::{BTreeMap, VecDeque};

use rustc_hash::{FxHashMap, FxHashSet};

use super::again::Again;
use super::circle::Circle;
use super::holders::Holders;
use super::moves::{Holder, Key, Manner, Move, Way, What};
use super::plan::Plan;
use super::stock::{Carried, Lot, Stock};
use super::written::Position;
use crate::answer::{Adjustment, Codes, Conservation, Disposal, LotName, Match, Merged, OpenLot};
use crate::date::Date;
use crate::diagnostic::{Problem, Warning};
use crate::holding::parcel::{Parcel, Part};
use crate::jurisdiction::{Average, Day, Defer, Jurisdiction, Unit};
use crate::matching::rules::Rules;
use crate::matching::{Halt, Matched};
use crate::money::{Money, Quantity, minor_share};
use crate::trade::{AccountId, Class, History, SecurityId, TradeId};

/// Nothing.
pub const ZERO: Part = Part {
    amount: Money::ZERO,
    printed: 0,
};

/// The state of one walk.
pub struct Walk<'a> {
    pub history: &'a History,
    pub law: &'static Jurisdiction,
    pub rules: &'a Rules,
    pub holders: &'a Holders,
    /// The report date, where there is one.
    pub as_of: Option<Date>,
    /// What covers each disposal, where days are one.
    pub plan: Plan,
    /// Who bought and held around a loss, where that matters.
    pub circle: Circle,
    pub stocks: FxHashMap<Key, Stock>,
    /// Written options and short sales.
    pub positions: FxHashMap<Key, VecDeque<Position>>,
    /// Losses that wait for purchases to come, and those that were handed on.
    pub again: Again,
    /// Premiums that wait for the share leg of their row: what joins a cost, and comes off proceeds.
    premiums: FxHashMap<TradeId, Money>,
    /// What today bought, by holding.
    bought: BTreeMap<Key, Bought>,
    /// What of it covers disposals of today, by holding and leg.
    same_day: FxHashMap<(Key, usize), (Part, LotName, Vec<TradeId>)>,
    /// Rows that wait for a purchase: by line, day and leg.
    waiting: FxHashMap<(usize, Date, usize), Vec<Open>>,
    /// Sales that no purchase has covered yet.
    uncovered: BTreeMap<(Key, Date), (AccountId, TradeId, Quantity, Part)>,
    /// Of those, transfers to the spouse, whose proceeds will be their cost.
    at_cost: FxHashSet<u32>,
    numbers: FxHashMap<(SecurityId, Date), u32>,
    lifts: BTreeMap<Date, Vec<Key>>,
    year: i32,
    pub rows: Vec<Disposal>,
    pub merged: BTreeMap<u32, Merged>,
    pub adjustments: Vec<Adjustment>,
    pub warnings: Vec<Warning>,
    pub problems: Vec<Problem>,
    pub conservation: Conservation,
    pub today: Date,
}

/// What a day bought of one security.
#[derive(Debug)]
struct Bought {
    account: AccountId,
    quantity: Quantity,
    cost: Money,
    trades: Vec<TradeId>,
}

/// A row to be written.
pub struct Row {
    pub key: Key,
    pub account: AccountId,
    pub trade: TradeId,
    pub quantity: Quantity,
    pub matched: Match,
    pub proceeds: Part,
    pub cost: Part,
    pub way: Way,
    pub acquired: Option<Date>,
    pub held_from: Option<Date>,
    pub lot: Option<LotName>,
    pub tax_day: Date,
}

/// Units taken out of a holding with their cost.
pub struct Taken {
    pub quantity: Quantity,
    pub part: Part,
    pub matched: Match,
    pub lot: Option<LotName>,
    pub acquired: Option<Date>,
    /// Units among them that carry the loss of an earlier sale, and that loss.
    pub carried: Carried,
}

type Done = Result<(), Halt>;

/// A row whose cost is open, where the disposal gives rows, and its units.
type Open = (Option<u32>, Quantity);

impl<'a> Walk<'a> {
    /// A walk with nothing held.
    pub fn new(
        history: &'a History,
        law: &'static Jurisdiction,
        rules: &'a Rules,
        holders: &'a Holders,
        as_of: Option<Date>,
        plan: Plan,
        circle: Circle,
    ) -> Self {
        Self {
            history,
            law,
            rules,
            holders,
            as_of,
            plan,
            circle,
            stocks: FxHashMap::default(),
            positions: FxHashMap::default(),
            again: Again::default(),
            premiums: FxHashMap::default(),
            bought: BTreeMap::new(),
            same_day: FxHashMap::default(),
            waiting: FxHashMap::default(),
            at_cost: FxHashSet::default(),
            uncovered: BTreeMap::new(),
            numbers: FxHashMap::default(),
            lifts: BTreeMap::new(),
            year: i32::MIN,
            rows: Vec::new(),
            merged: BTreeMap::new(),
            adjustments: Vec::new(),
            warnings: Vec::new(),
            problems: Vec::new(),
            conservation: Conservation::default(),
            today: Date::FIRST,
        }
    }

    /// Decimals of the currency.
    pub fn places(&self) -> u32 {
        self.rules.places
    }

    /// An exact amount with the figure it prints as.
    pub fn part(&self, amount: Money) -> Result<Part, Halt> {
        Ok(Part {
            amount,
            printed: amount.to_minor(self.places())?,
        })
    }

    /// The class of a security.
    pub fn class(&self, security: SecurityId) -> Class {
        self.history.security(security).class
    }

    /// Carries out all moves.
    pub fn run(&mut self, moves: &[Move]) {
        let mut start = 0;
        for day in moves.chunk_by(|a, b| a.day == b.day) {
            let Some(first) = day.first() else { continue };
            self.today = first.day;
            let lifted = self.lift(first.day);
            self.noted(first, lifted);
            let closed = self.close_years(self.law.tax_year.of(first.day));
            self.noted(first, closed);
            if self.law.day == Day::Merged {
                self.merged_day(day);
            } else {
                for (place, step) in (start..).zip(day) {
                    let done = self.single(place, step);
                    self.noted(step, done);
                }
            }
            start += day.len();
        }
    }

    fn noted(&mut self, step: &Move, done: Done) {
        let Err(halt) = done else { return };
        let source = self.history.trade(step.trade).source;
        self.problems.push(match halt {
            Halt::Problem(problem) => *problem,
            Halt::Range(error) => Problem::at(source, error.to_string()),
        });
    }

    /// Records a warning, once per code; the rows are collected.
    pub fn warn(
        &mut self,
        code: &'static str,
        message: String,
        trade: Option<TradeId>,
        needs_user: bool,
    ) {
        let at = trade.map(|trade| self.history.trade(trade).source);
        match self
            .warnings
            .iter_mut()
            .find(|warning| warning.code == code)
        {
            Some(warning) => warning.at.extend(at),
            None => self.warnings.push(Warning {
                code,
                message,
                at: at.into_iter().collect(),
                needs_user,
            }),
        }
    }

    // ---- days that are one ----

    /// A day whose purchases are one and whose disposals are one (TCGA 1992 s 105(1)(a)).
    fn merged_day(&mut self, day: &[Move]) {
        let mut outs: BTreeMap<Key, Vec<Move>> = BTreeMap::new();
        for step in day {
            let settled = match step.what.rank() {
                0 | 1 => Ok(()),
                2 | 3 => self.settle_bought(true),
                _ => self.settle_bought(false),
            };
            self.noted(step, settled);
            let done = match step.what {
                What::In {
                    cost,
                    manner: Manner::Purchase,
                    premium,
                    ..
                } => self.buy(step, cost, premium),
                What::Out { .. } => {
                    outs.entry(step.key).or_default().push(*step);
                    Ok(())
                }
                _ => self.other(step),
            };
            self.noted(step, done);
        }
        if let Some(last) = day.last() {
            let settled = self.settle_bought(false);
            self.noted(last, settled);
        }
        for (key, outs) in outs {
            let done = self.dispose_day(key, &outs);
            if let Some(first) = outs.first() {
                self.noted(first, done);
            }
        }
        self.same_day.clear();
    }

    /// What a row's option brought or cost, for its share leg.
    fn premium(&mut self, step: &Move, wanted: bool) -> Money {
        if wanted {
            self.premiums.remove(&step.trade).unwrap_or(Money::ZERO)
        } else {
            Money::ZERO
        }
    }

    fn buy(&mut self, step: &Move, cost: Money, premium: bool) -> Done {
        let cost = cost.plus(self.premium(step, premium))?;
        self.conservation.basis_in = self.conservation.basis_in.plus(cost)?;
        self.stocks
            .entry(step.key)
            .or_default()
            .account
            .add(step.account);
        let bought = self.bought.entry(step.key).or_insert_with(|| Bought {
            account: step.account,
            quantity: Quantity::ZERO,
            cost: Money::ZERO,
            trades: Vec::new(),
        });
        bought.quantity = bought.quantity.plus(step.quantity)?;
        bought.cost = bought.cost.plus(cost)?;
        bought.trades.push(step.trade);
        Ok(())
    }

    /// Hands today's purchases to the disposals that they cover; what is left joins the pool.
    fn settle_bought(&mut self, options_only: bool) -> Done {
        let keys: Vec<Key> = self
            .bought
            .keys()
            .filter(|key| !options_only || self.is_option(key.1))
            .copied()
            .collect();
        for key in keys {
            if let Some(bought) = self.bought.remove(&key) {
                self.settle_purchase(key, bought)?;
            }
        }
        Ok(())
    }

    pub fn is_option(&self, security: SecurityId) -> bool {
        matches!(self.class(security), Class::Option | Class::IndexOption)
    }

    fn settle_purchase(&mut self, key: Key, mut bought: Bought) -> Done {
        let places = self.places();
        bought.trades.sort_unstable();
        let opened_by = bought.trades.first().copied().unwrap_or(TradeId(0));
        let name = LotName {
            security: key.1,
            date: self.today,
            number: 1,
            opened_by,
        };
        let mut parcel = Parcel::new(bought.quantity, bought.cost, places)?;
        let claims = self
            .plan
            .day(key, self.today)
            .map(|day| day.claims.clone())
            .unwrap_or_default();
        for claim in claims {
            let part = parcel.take(claim.quantity)?;
            if claim.sold == self.today {
                let leg = (part, name, bought.trades.clone());
                self.same_day.insert((key, claim.leg), leg);
            } else {
                self.honour(key, claim.sold, claim.leg, part, name, &bought.trades)?;
            }
        }
        let rest = Part {
            amount: parcel.amount_left()?,
            printed: parcel.printed(),
        };
        let stock = self.stocks.entry(key).or_default();
        stock.account.add(bought.account);
        Ok(stock.join(parcel.left(), rest, places)?)
    }

    /// Gives the rows of an earlier disposal the cost of the purchase that covers them.
    fn honour(
        &mut self,
        key: Key,
        sold: Date,
        leg: usize,
        part: Part,
        name: LotName,
        trades: &[TradeId],
    ) -> Done {
        let Some(line) = self.plan.line_id(key) else {
            return Ok(());
        };
        let rows = self.waiting.remove(&(line, sold, leg)).unwrap_or_default();
        let mut total = Quantity::ZERO;
        for (_, units) in &rows {
            total = total.plus(*units)?;
        }
        let mut spread = Parcel::from_part(total, part, self.places());
        for (row, units) in rows {
            let cost = spread.take(units)?;
            let Some(row) = row else {
                self.conservation.basis_gone = self.conservation.basis_gone.plus(cost.amount)?;
                continue;
            };
            self.conservation.basis_out = self.conservation.basis_out.plus(cost.amount)?;
            let (today, at_cost) = (self.today, self.at_cost.remove(&row));
            if let Some(row) = self.rows.get_mut(row as usize) {
                // A transfer to the spouse was entered with its proceeds still open: they are its cost.
                if at_cost {
                    row.proceeds = cost.printed;
                }
                row.cost = cost.printed;
                row.lot = Some(name);
                (row.acquired, row.held_from) = (Some(today), Some(today));
            }
            self.list_sources(row, trades, &[]);
        }
        Ok(())
    }

    /// Remembers all rows that a merged purchase or sale consists of.
    fn list_sources(&mut self, row: u32, opened_by: &[TradeId], closed_by: &[TradeId]) {
        let known = self.merged.contains_key(&row);
        if known || opened_by.len() > 1 || closed_by.len() > 1 {
            let merged = self.merged.entry(row).or_default();
            if !opened_by.is_empty() {
                merged.opened_by = opened_by.to_vec();
            }
            if !closed_by.is_empty() {
                merged.closed_by = closed_by.to_vec();
            }
        }
    }

    /// All disposals of one security on one day, leg by leg.
    fn dispose_day(&mut self, key: Key, outs: &[Move]) -> Done {
        let mut groups = self.groups(outs)?;
        let legs = self
            .plan
            .day(key, self.today)
            .map(|day| day.legs.clone())
            .unwrap_or_default();
        let (mut total, mut to_spouse) = (Quantity::ZERO, Quantity::ZERO);
        for group in &groups {
            total = total.plus(group.parcel.left())?;
            if group.way == Way::Spouse {
                to_spouse = to_spouse.plus(group.parcel.left())?;
            }
        }
        let (mut seen, mut given) = (Quantity::ZERO, Quantity::ZERO);
        for (place, leg) in legs.iter().enumerate() {
            let (part, lot, opened_by) = self.covering(key, place, leg.matched, leg.quantity)?;
            // Sales and transfers to the spouse of one day share each match by quantity.
            seen = seen.plus(leg.quantity)?;
            let spouse = seen.share(to_spouse, total)?;
            let to_spouse_here = spouse.minus(given)?;
            given = spouse;
            let mut spread = Parcel::from_part(leg.quantity, part.unwrap_or(ZERO), self.places());
            let mut rows = Vec::new();
            for group in &mut groups {
                let open = if group.way == Way::Spouse {
                    to_spouse_here.minus(self.so_far(&rows, true)?)?
                } else {
                    let others = leg.quantity.minus(to_spouse_here)?;
                    others.minus(self.so_far(&rows, false)?)?
                };
                let units = open.min(group.parcel.left());
                if units <= Quantity::ZERO {
                    continue;
                }
                let proceeds = group.parcel.take(units)?;
                let cost = spread.take(units)?;
                let row = Row {
                    key,
                    account: group.account,
                    trade: group.trades.first().copied().unwrap_or(TradeId(0)),
                    quantity: units,
                    matched: leg.matched,
                    proceeds,
                    cost,
                    way: group.way,
                    acquired: lot.filter(|lot| lot.number > 0).map(|lot| lot.date),
                    held_from: lot.filter(|lot| lot.number > 0).map(|lot| lot.date),
                    lot,
                    tax_day: self.today,
                };
                let written = self.row(&row, part.is_none())?;
                if let Some(written) = written {
                    self.list_sources(written, &opened_by, &group.trades);
                }
                rows.push((written, units, group.way == Way::Spouse));
            }
            if part.is_none()
                && let Some(line) = self.plan.line_id(key)
            {
                let rows = rows.into_iter().map(|(row, units, _)| (row, units));
                self.waiting
                    .insert((line, self.today, place), rows.collect());
            }
        }
        self.leave_uncovered(key, groups)
    }

    fn so_far(
        &self,
        rows: &[(Option<u32>, Quantity, bool)],
        spouse: bool,
    ) -> Result<Quantity, Halt> {
        let mut sum = Quantity::ZERO;
        for (_, units, _) in rows.iter().filter(|(_, _, to)| *to == spouse) {
            sum = sum.plus(*units)?;
        }
        Ok(sum)
    }

    /// The disposals of a day by way and account, in an order that the order of rows does not change.
    fn groups(&mut self, outs: &[Move]) -> Result<Vec<Group>, Halt> {
        let places = self.places();
        let mut sums: BTreeMap<(u8, Box<str>), Sold> = BTreeMap::new();
        for step in outs {
            let What::Out {
                proceeds,
                way,
                premium,
            } = step.what
            else {
                continue;
            };
            let proceeds = proceeds.minus(self.premium(step, premium))?;
            let name = self.history.account(step.account).name.clone();
            let rank = match way {
                Way::Sale => 0,
                Way::Lost => 1,
                Way::Gone => 2,
                Way::Spouse => 3,
            };
            let sold = sums.entry((rank, name)).or_insert_with(|| Sold {
                account: step.account,
                way,
                quantity: Quantity::ZERO,
                proceeds: Money::ZERO,
                trades: Vec::new(),
            });
            sold.quantity = sold.quantity.plus(step.quantity)?;
            sold.proceeds = sold.proceeds.plus(proceeds)?;
            sold.trades.push(step.trade);
        }
        sums.into_values()
            .map(|mut sold| {
                sold.trades.sort_unstable();
                Ok(Group {
                    account: sold.account,
                    trades: sold.trades,
                    way: sold.way,
                    parcel: Parcel::new(sold.quantity, sold.proceeds, places)?,
                })
            })
            .collect()
    }

    /// The cost of what covers a leg, where it is known already.
    #[allow(clippy::type_complexity)] // cost, name and rows of one leg
    fn covering(
        &mut self,
        key: Key,
        place: usize,
        matched: Match,
        quantity: Quantity,
    ) -> Result<(Option<Part>, Option<LotName>, Vec<TradeId>), Halt> {
        let places = self.places();
        match matched {
            Match::SameDay => match self.same_day.remove(&(key, place)) {
                Some((part, name, trades)) => Ok((Some(part), Some(name), trades)),
                None => Ok((Some(ZERO), None, Vec::new())),
            },
            Match::Pool => {
                let part = self.stocks.entry(key).or_default().take(quantity, places)?;
                Ok((Some(part), Some(self.pool_name(key)), Vec::new()))
            }
            Match::Within30Days
            | Match::Later
            | Match::Lot
            | Match::Within4Weeks
            | Match::Short
            | Match::Mark
            | Match::Amount => Ok((None, None, Vec::new())),
        }
    }

    /// The name of a pool.
    pub fn pool_name(&self, key: Key) -> LotName {
        LotName {
            security: key.1,
            date: self.today,
            number: 0,
            opened_by: TradeId(0),
        }
    }

    /// Units that nothing covers yet: an open short sale.
    fn leave_uncovered(&mut self, key: Key, groups: Vec<Group>) -> Done {
        for group in groups {
            let left = group.parcel.left();
            if left.is_zero() || !self.holders.reported(key.0) {
                continue;
            }
            let part = Part {
                amount: group.parcel.amount_left()?,
                printed: group.parcel.printed(),
            };
            let trade = group.trades.first().copied().unwrap_or(TradeId(0));
            self.uncovered
                .insert((key, self.today), (group.account, trade, left, part));
        }
        Ok(())
    }

    /// Writes a row, if the holder's results are the taxpayer's. `open` rows get their cost later.
    pub fn row(&mut self, row: &Row, open: bool) -> Result<Option<u32>, Halt> {
        if !self.holders.reported(row.key.0) || row.way == Way::Gone {
            if !open {
                self.conservation.basis_gone =
                    self.conservation.basis_gone.plus(row.cost.amount)?;
            }
            return Ok(None);
        }
        if !open {
            self.conservation.basis_out = self.conservation.basis_out.plus(row.cost.amount)?;
        }
        let proceeds = match (row.way, open) {
            (Way::Spouse, true) => 0,
            (Way::Spouse, false) => row.cost.printed,
            (Way::Sale | Way::Lost | Way::Gone, _) => row.proceeds.printed,
        };
        let class = self.class(row.key.1);
        let held_from = row.held_from.unwrap_or(self.today);
        self.rows.push(Disposal {
            security: row.key.1,
            account: row.account,
            tax_year: self.tax_year(row.tax_day),
            matched: row.matched,
            term: self.law.term_of(class, held_from, self.today),
            codes: Codes::NONE,
            quantity: row.quantity,
            acquired: row.acquired,
            held_from: row.held_from,
            disposed: row.tax_day,
            proceeds,
            cost: if open { 0 } else { row.cost.printed },
            adjustment: if row.way == Way::Lost {
                row.cost.printed
            } else {
                0
            },
            provisional_until: None,
            lot: row.lot,
            closed_by: row.trade,
        });
        let position = self.rows.len() as u32 - 1;
        if row.way == Way::Spouse && open {
            self.at_cost.insert(position);
        }
        Ok(Some(position))
    }

    /// The tax year of a day, by the calendar year in which it begins.
    pub fn tax_year(&self, day: Date) -> i16 {
        i16::try_from(self.law.tax_year.of(day)).unwrap_or(i16::MAX)
    }

    // ---- rows one after the other ----

    fn single(&mut self, place: usize, step: &Move) -> Done {
        match step.what {
            What::In {
                cost,
                manner: Manner::Purchase,
                premium,
                acquired,
            } => {
                let cost = cost.plus(self.premium(step, premium))?;
                self.come_in(step, cost, true, acquired)
            }
            What::Out {
                proceeds,
                way,
                premium,
            } => {
                let proceeds = proceeds.minus(self.premium(step, premium))?;
                self.dispose(place, step, proceeds, way)
            }
            _ => self.other(step),
        }
    }

    /// Units join the pool, or are a lot; losses that wait for them are handed over.
    fn come_in(
        &mut self,
        step: &Move,
        cost: Money,
        purchased: bool,
        acquired: Option<Date>,
    ) -> Done {
        self.conservation.basis_in = self.conservation.basis_in.plus(cost)?;
        let part = self.part(cost)?;
        let places = self.places();
        let stock = self.stocks.entry(step.key).or_default();
        stock.account.add(step.account);
        if self.law.pool().is_some() {
            return Ok(stock.join(step.quantity, part, places)?);
        }
        let acquired = acquired
            .filter(|day| *day != Date::FIRST)
            .unwrap_or(self.today);
        self.add_lot(
            step.key,
            step.account,
            step.trade,
            acquired,
            step.quantity,
            part,
            purchased,
        )?;
        if purchased {
            self.serve_waiting_losses(step.key, acquired)?;
        }
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // one lot has this many facts
    fn add_lot(
        &mut self,
        key: Key,
        account: AccountId,
        trade: TradeId,
        acquired: Date,
        quantity: Quantity,
        part: Part,
        purchased: bool,
    ) -> Done {
        let number = self.numbers.entry((key.1, acquired)).or_default();
        *number += 1;
        let lot = Lot {
            acquired,
            number: *number,
            trade,
            account,
            purchased,
            parcel: Parcel::from_part(quantity, part, self.places()),
            unused: quantity,
            carried: Carried::default(),
        };
        let lots = &mut self.stocks.entry(key).or_default().lots;
        let place = lots.partition_point(|other| other.acquired <= acquired);
        lots.insert(place, lot);
        Ok(())
    }

    /// The name of a lot.
    pub fn lot_name(security: SecurityId, lot: &Lot) -> LotName {
        LotName {
            security,
            date: lot.acquired,
            number: lot.number,
            opened_by: lot.trade,
        }
    }

    fn dispose(&mut self, place: usize, step: &Move, proceeds: Money, way: Way) -> Done {
        if self.by_year(step) {
            return self.dispose_of_year(step, proceeds, way);
        }
        let taken = self.take(step.key, step.quantity, true)?;
        let whole = self.part(proceeds)?;
        let mut brought = Parcel::from_part(step.quantity, whole, self.places());
        let mut rows = Vec::new();
        for one in &taken {
            let row = Row {
                key: step.key,
                account: step.account,
                trade: step.trade,
                quantity: one.quantity,
                matched: one.matched,
                proceeds: brought.take(one.quantity)?,
                cost: one.part,
                way,
                acquired: one.acquired,
                held_from: one.acquired,
                lot: one.lot,
                tax_day: self.today,
            };
            rows.push(self.row(&row, false)?);
        }
        if way != Way::Sale {
            return Ok(());
        }
        match self.law.defer {
            None | Some(Defer::WashSale) => Ok(()),
            Some(Defer::Superficial(rule)) => self.superficial(place, step, &rows, rule),
            Some(Defer::RingFence(rule)) => self.ring_fence(step, &rows, &taken, rule),
            Some(Defer::TwoMonths(rule)) => self.two_months(step, &rows, &taken, rule),
        }
    }

    /// Units leave: out of the pool, else lots of the window before first, then the oldest.
    fn take(&mut self, key: Key, quantity: Quantity, sold: bool) -> Result<Vec<Taken>, Halt> {
        let places = self.places();
        if let Some((_, unit)) = self.law.pool() {
            let lot = Some(self.pool_name(key));
            let round = sold && unit == Unit::UpForShares && self.class(key.1) != Class::Crypto;
            let stock = self.stocks.entry(key).or_default();
            if round {
                let moved = round_up(stock, places)?;
                self.conservation.basis_moved = self.conservation.basis_moved.plus(moved)?;
            }
            let stock = self.stocks.entry(key).or_default();
            return Ok(vec![Taken {
                quantity,
                part: stock.take(quantity, places)?,
                matched: Match::Pool,
                lot,
                acquired: None,
                carried: Carried::default(),
            }]);
        }
        // A ring-fenced loss counts against gains on any of the units that it is fenced to.
        let whole = matches!(self.law.defer, Some(Defer::RingFence(_)));
        let mut taken = Vec::new();
        let mut wanted = quantity;
        let window = self
            .law
            .earlier_days()
            .filter(|_| self.window_reaches(key.1) && sold);
        let since = window.map(|days| self.today.plus(-days));
        let Some(stock) = self.stocks.get_mut(&key) else {
            return Ok(taken);
        };
        if let Some(since) = since {
            for lot in &mut stock.lots {
                if lot.acquired >= since && lot.purchased && !wanted.is_zero() {
                    take_from(
                        lot,
                        key.1,
                        &mut wanted,
                        Match::Within4Weeks,
                        whole,
                        &mut taken,
                    )?;
                }
            }
        }
        for lot in &mut stock.lots {
            if wanted.is_zero() {
                break;
            }
            take_from(lot, key.1, &mut wanted, Match::Lot, whole, &mut taken)?;
        }
        stock.lots.retain(|lot| !lot.parcel.left().is_zero());
        Ok(taken)
    }

    /// Whether the rules with a window reach this security: coins only where a setting says so.
    pub fn window_reaches(&self, security: SecurityId) -> bool {
        self.class(security) != Class::Crypto || self.rules.coin_windows
    }

    // ---- the average of a year ----

    fn by_year(&self, step: &Move) -> bool {
        let yearly = matches!(self.law.pool(), Some((Average::YearlyForCoins, _)));
        let method = self.rules.methods.get(usize::from(step.account.0));
        let chosen = method.copied().unwrap_or(self.rules.method);
        yearly && self.class(step.key.1) == Class::Crypto && chosen.name != "average"
    }

    /// A disposal whose cost is known when the year is over.
    fn dispose_of_year(&mut self, step: &Move, proceeds: Money, way: Way) -> Done {
        let row = Row {
            key: step.key,
            account: step.account,
            trade: step.trade,
            quantity: step.quantity,
            matched: Match::Pool,
            proceeds: self.part(proceeds)?,
            cost: ZERO,
            way,
            acquired: None,
            held_from: None,
            lot: Some(self.pool_name(step.key)),
            tax_day: self.today,
        };
        let written = self.row(&row, true)?;
        let stock = self.stocks.entry(step.key).or_default();
        stock.of_year.push((written, step.quantity));
        Ok(())
    }

    /// Gives the disposals of a year that is over their share of the opening pool and all purchases of the year.
    fn close_years(&mut self, year: i32) -> Done {
        if self.year == year {
            return Ok(());
        }
        self.year = year;
        let mut keys: Vec<Key> = self.stocks.keys().copied().collect();
        keys.sort_unstable();
        for key in keys {
            self.close_year(key)?;
        }
        Ok(())
    }

    fn close_year(&mut self, key: Key) -> Done {
        let places = self.places();
        let Some(stock) = self.stocks.get_mut(&key) else {
            return Ok(());
        };
        for (row, units) in std::mem::take(&mut stock.of_year) {
            let cost = stock.take(units, places)?;
            let at_cost = row.is_some_and(|row| self.at_cost.remove(&row));
            let row = row.and_then(|row| self.rows.get_mut(row as usize));
            let sum = match row {
                Some(row) => {
                    row.cost = cost.printed;
                    if at_cost {
                        row.proceeds = cost.printed;
                    }
                    &mut self.conservation.basis_out
                }
                None => &mut self.conservation.basis_gone,
            };
            *sum = sum.plus(cost.amount)?;
        }
        Ok(())
    }

    // ---- everything else ----

    fn other(&mut self, step: &Move) -> Done {
        match step.what {
            What::In {
                cost,
                premium,
                acquired,
                ..
            } => {
                let cost = cost.plus(self.premium(step, premium))?;
                self.come_in(step, cost, false, acquired)
            }
            What::Out { .. } => Ok(()),
            What::Release => {
                let mut premium = Money::ZERO;
                for one in self.take(step.key, step.quantity, false)? {
                    premium = premium.plus(one.part.amount)?;
                }
                self.conservation.basis_gone = self.conservation.basis_gone.plus(premium)?;
                self.premiums.insert(step.trade, premium);
                Ok(())
            }
            What::Assign => {
                let premium = self.take_premium(step)?;
                self.premiums.insert(step.trade, premium.negated());
                Ok(())
            }
            What::Scale { new, old } => {
                self.close_year(step.key)?;
                if let Some(stock) = self.stocks.get_mut(&step.key) {
                    stock.rescale(new, old)?;
                }
                self.rescale_positions(step.key, new, old)?;
                self.rescale_losses(step.key, new, old)
            }
            What::Shift { amount, effective } => self.shift(step, amount, effective),
            What::Return { amount } => self.return_capital(step, amount),
            What::Divide {
                to,
                units,
                fraction,
            } => self.divide(step, (step.key.0, to), units, fraction),
            What::Turn { to, units } => self.turn(step, (step.key.0, to), units),
            What::Carry { to } => self.turn(step, to, step.quantity),
            What::Open { proceeds } => self.open(step, proceeds),
            What::Close { cost, expired } => self.close(step, cost, expired),
            What::Amount { total } => self.amount(step, total),
        }
    }

    fn shift(&mut self, step: &Move, amount: Money, effective: Option<Date>) -> Done {
        let part = self.part(amount)?;
        self.conservation.basis_moved = self.conservation.basis_moved.plus(amount)?;
        let places = self.places();
        let stock = self.stocks.entry(step.key).or_default();
        if let (Some(day), true) = (effective, stock.pool.is_some()) {
            // Units sold before that day take their share when they are sold (SI 2009/3001 reg 99(5)).
            stock.pending.push((day, amount));
            self.lifts.entry(day).or_default().push(step.key);
            return Ok(());
        }
        if stock.lots.is_empty() {
            return Ok(stock.adjust(part)?);
        }
        let mut spread = Parcel::from_part(stock.units(), part, places);
        for lot in &mut stock.lots {
            lot.parcel.adjust(spread.take(lot.parcel.left())?)?;
        }
        Ok(())
    }

    /// Adjustments whose day of effect has come.
    fn lift(&mut self, today: Date) -> Done {
        while let Some(first) = self
            .lifts
            .first_entry()
            .filter(|entry| *entry.key() <= today)
        {
            let (day, keys) = first.remove_entry();
            for key in keys {
                let places = self.places();
                let Some(stock) = self.stocks.get_mut(&key) else {
                    continue;
                };
                let mut due = Money::ZERO;
                for (on, amount) in &stock.pending {
                    if *on <= day {
                        due = due.plus(*amount)?;
                    }
                }
                stock.pending.retain(|(on, _)| *on > day);
                stock.adjust(Part {
                    amount: due,
                    printed: due.to_minor(places)?,
                })?;
            }
        }
        Ok(())
    }

    /// Lowers the cost; what exceeds it is a gain of the day, as a row of quantity 0.
    fn return_capital(&mut self, step: &Move, amount: Money) -> Done {
        let places = self.places();
        let whole = self.part(amount)?;
        let stock = self.stocks.entry(step.key).or_default();
        let mut excess: Vec<(i64, Option<LotName>, Option<Date>)> = Vec::new();
        let mut moved = Money::ZERO;
        if let Some(pool) = &mut stock.pool {
            let (over, lowered) = lower(pool, whole)?;
            moved = moved.plus(lowered)?;
            excess.push((over, None, None));
        }
        let mut spread = Parcel::from_part(stock.units(), whole, places);
        for lot in &mut stock.lots {
            let received = spread.take(lot.parcel.left())?;
            let (over, lowered) = lower(&mut lot.parcel, received)?;
            moved = moved.plus(lowered)?;
            let name = Self::lot_name(step.key.1, lot);
            excess.push((over, Some(name), Some(lot.acquired)));
        }
        self.conservation.basis_moved = self.conservation.basis_moved.minus(moved)?;
        for (over, lot, acquired) in excess.into_iter().filter(|(over, ..)| *over > 0) {
            let matched = if lot.is_some() {
                Match::Lot
            } else {
                Match::Pool
            };
            let row = Row {
                key: step.key,
                account: step.account,
                trade: step.trade,
                quantity: Quantity::ZERO,
                matched,
                proceeds: Part {
                    amount: Money::from_minor(over, places),
                    printed: over,
                },
                cost: ZERO,
                way: Way::Sale,
                acquired,
                held_from: acquired,
                lot: Some(lot.unwrap_or_else(|| self.pool_name(step.key))),
                tax_day: self.today,
            };
            self.row(&row, false)?;
        }
        Ok(())
    }

    /// A part of the cost of some units moves to new units of another security, which keep the dates.
    fn divide(&mut self, step: &Move, to: Key, units: Quantity, fraction: Quantity) -> Done {
        let places = self.places();
        let stock = self.stocks.entry(step.key).or_default();
        if let Some(pool) = &mut stock.pool {
            let held = pool.left();
            let amount = pool
                .amount_left()?
                .share(step.quantity, held)?
                .share(fraction, Quantity::ONE)?;
            let moved = Part {
                amount,
                printed: amount.to_minor(places)?,
            };
            pool.adjust(moved.negated())?;
            let other = self.stocks.entry(to).or_default();
            other.account.add(step.account);
            return Ok(other.join(units, moved, places)?);
        }
        let held = stock.units();
        let mut new = Vec::new();
        let (mut seen, mut given) = (Quantity::ZERO, Quantity::ZERO);
        for lot in &mut stock.lots {
            seen = seen.plus(lot.parcel.left())?;
            let total = units.share(seen, held)?;
            let amount = lot.parcel.amount_left()?.share(fraction, Quantity::ONE)?;
            let moved = Part {
                amount,
                printed: amount.to_minor(places)?,
            };
            lot.parcel.adjust(moved.negated())?;
            new.push((lot.acquired, lot.account, total.minus(given)?, moved));
            given = total;
        }
        for (acquired, account, units, part) in new {
            self.stocks.entry(to).or_default().account.add(account);
            self.add_lot(to, account, step.trade, acquired, units, part, false)?;
        }
        Ok(())
    }

    /// Units become units of another holding, with cost, dates and whatever waits for them.
    fn turn(&mut self, step: &Move, to: Key, units: Quantity) -> Done {
        let places = self.places();
        self.close_year(step.key)?;
        let Some(stock) = self.stocks.get_mut(&step.key) else {
            return Ok(());
        };
        if stock.pool.is_some() {
            let whole = stock.units() == step.quantity;
            let pending = if whole {
                std::mem::take(&mut stock.pending)
            } else {
                Vec::new()
            };
            let part = stock.take(step.quantity, places)?;
            let other = self.stocks.entry(to).or_default();
            other.account.add(step.account);
            for (day, _) in &pending {
                self.lifts.entry(*day).or_default().push(to);
            }
            other.pending.extend(pending);
            return Ok(other.join(units, part, places)?);
        }
        let (mut wanted, mut seen, mut given) = (step.quantity, Quantity::ZERO, Quantity::ZERO);
        let mut moved = Vec::new();
        while let Some(lot) = stock.lots.front_mut() {
            if wanted.is_zero() {
                break;
            }
            let part = lot.parcel.left().min(wanted);
            wanted = wanted.minus(part)?;
            seen = seen.plus(part)?;
            let total = units.share(seen, step.quantity)?;
            let mut new = lot.clone();
            let cost = lot.parcel.take(part)?;
            new.parcel = Parcel::from_part(total.minus(given)?, cost, places);
            new.unused = new.unused.min(new.parcel.left());
            given = total;
            if lot.parcel.left().is_zero() {
                stock.lots.pop_front();
            } else {
                lot.carried = Carried::default();
            }
            moved.push(new);
        }
        let other = self.stocks.entry(to).or_default();
        for lot in moved {
            other.account.add(step.account);
            let place = other.lots.partition_point(|o| o.acquired <= lot.acquired);
            other.lots.insert(place, lot);
        }
        Ok(())
    }

    fn amount(&mut self, step: &Move, total: Money) -> Done {
        let printed = self.part(total)?.printed;
        let places = self.places();
        let side = |minor: i64| Part {
            amount: Money::from_minor(minor, places),
            printed: minor,
        };
        let row = Row {
            key: step.key,
            account: step.account,
            trade: step.trade,
            quantity: Quantity::ZERO,
            matched: Match::Amount,
            proceeds: side(printed.max(0)),
            cost: side(printed.min(0).saturating_neg()),
            way: Way::Sale,
            acquired: None,
            held_from: None,
            lot: None,
            tax_day: self.today,
        };
        self.row(&row, false).map(|_| ())
    }

    // ---- the end ----

    /// Hands everything over.
    pub fn finish(mut self, all: &mut Matched, problems: &mut Vec<Problem>) {
        let ended = self.end();
        if let Err(halt) = ended {
            self.problems.push(match halt {
                Halt::Problem(problem) => *problem,
                Halt::Range(error) => Problem::new(error.to_string()),
            });
        }
        problems.append(&mut self.problems);
        let offset = all.disposals.len() as u32;
        all.disposals.append(&mut self.rows);
        all.merged.extend(
            std::mem::take(&mut self.merged)
                .into_iter()
                .map(|(row, merged)| (row + offset, merged)),
        );
        for mut adjustment in self.adjustments.drain(..) {
            adjustment.disposal += offset;
            all.adjustments.push(adjustment);
        }
        if all.conservation.add(&self.conservation).is_err() {
            problems.push(Problem::new("an amount is too large"));
        }
        for warning in self.warnings.drain(..) {
            match all
                .warnings
                .iter_mut()
                .find(|known| known.code == warning.code && known.message == warning.message)
            {
                Some(known) => known.at.extend(warning.at),
                None => all.warnings.push(warning),
            }
        }
        match self.lots() {
            Ok(mut lots) => all.lots.append(&mut lots),
            Err(Halt::Range(error)) => problems.push(Problem::new(error.to_string())),
            Err(Halt::Problem(problem)) => problems.push(*problem),
        }
    }

    fn end(&mut self) -> Done {
        let end = self.rules.end.unwrap_or(self.today);
        // A day of effect that a row names is known, however far the rows go; only a report date cuts it off.
        self.lift(self.as_of.unwrap_or(Date::FIRST.plus(i32::MAX)))?;
        self.close_years(i32::MAX)?;
        self.written_rows()?;
        self.mark_provisional(end);
        if self.plan.short_gave_way {
            self.warn(
                "uk-short-and-window",
                "a purchase was claimed both by an earlier short sale and by a later disposal within 30 days: the 30-day rule was served first (TCGA 1992 s 106A(5) before s 105(2)); other readings serve the earlier disposal first".into(),
                None,
                false,
            );
        }
        Ok(())
    }

    /// Rows that purchases in the days to come may still change.
    fn mark_provisional(&mut self, end: Date) {
        let days = match (self.law.later_days(), self.law.defer) {
            (Some(days), _) => Some(days),
            (None, Some(Defer::Superficial(_))) => Some(super::circle::WINDOW),
            (None, Some(Defer::RingFence(_))) => Some(super::again::FOUR_WEEKS),
            (None, Some(Defer::TwoMonths(_))) => None,
            (None, Some(Defer::WashSale) | None) => return,
        };
        let identifies = self.law.later_days().is_some();
        for row in &mut self.rows {
            let until = match days {
                Some(days) => row.disposed.plus(days),
                None => super::again::two_months_after(row.disposed),
            };
            let open = if identifies {
                row.matched == Match::Pool && !row.quantity.is_zero()
            } else {
                row.proceeds < row.cost
                    && matches!(row.matched, Match::Pool | Match::Lot | Match::Within4Weeks)
            };
            if open && end < until {
                row.provisional_until = Some(until);
            }
        }
    }

    /// What is held: pools and lots, open shorts and written options.
    fn lots(&mut self) -> Result<Vec<OpenLot>, Halt> {
        let mut found = Vec::new();
        let mut keys: Vec<Key> = self.stocks.keys().copied().collect();
        keys.sort_unstable_by_key(|(holder, security)| (*security, *holder));
        for key in keys {
            let name = self.pool_name(key);
            let Some(stock) = self.stocks.get(&key) else {
                continue;
            };
            if let Some(pool) = stock.pool.as_ref().filter(|pool| !pool.left().is_zero()) {
                found.push(OpenLot {
                    name,
                    account: stock.account.only(),
                    security: key.1,
                    quantity: pool.left(),
                    cost: pool.printed(),
                    acquired: None,
                    held_from: None,
                    opened_by: Vec::new(),
                });
            }
            for lot in &stock.lots {
                found.push(OpenLot {
                    name: Self::lot_name(key.1, lot),
                    account: Some(lot.account),
                    security: key.1,
                    quantity: lot.parcel.left(),
                    cost: lot.parcel.printed(),
                    acquired: Some(lot.acquired),
                    held_from: Some(lot.acquired),
                    opened_by: vec![lot.trade],
                });
            }
        }
        for ((key, date), (account, trade, quantity, part)) in &self.uncovered {
            found.push(OpenLot {
                name: LotName {
                    security: key.1,
                    date: *date,
                    number: 1,
                    opened_by: *trade,
                },
                account: Some(*account),
                security: key.1,
                quantity: quantity.negated(),
                cost: part.printed.saturating_neg(),
                acquired: Some(*date),
                held_from: Some(*date),
                opened_by: vec![*trade],
            });
        }
        self.open_positions(&mut found);
        Ok(found)
    }

    /// The next number among the lots of a security and day.
    pub fn next_number(&mut self, security: SecurityId) -> u32 {
        let number = self.numbers.entry((security, self.today)).or_default();
        *number += 1;
        *number
    }

    /// Whether a holder's results are the taxpayer's.
    pub fn reported(&self, holder: Holder) -> bool {
        self.holders.reported(holder)
    }
}

/// What one account sold on a day, in one way.
struct Sold {
    account: AccountId,
    way: Way,
    quantity: Quantity,
    proceeds: Money,
    trades: Vec<TradeId>,
}

/// The disposals of one day in one account and way, to be covered.
struct Group {
    account: AccountId,
    trades: Vec<TradeId>,
    way: Way,
    parcel: Parcel,
}

/// Takes up to `wanted` units out of a lot.
fn take_from(
    lot: &mut Lot,
    security: SecurityId,
    wanted: &mut Quantity,
    matched: Match,
    whole: bool,
    taken: &mut Vec<Taken>,
) -> Done {
    let quantity = lot.parcel.left().min(*wanted);
    if quantity.is_zero() {
        return Ok(());
    }
    let name = LotName {
        security,
        date: lot.acquired,
        number: lot.number,
        opened_by: lot.trade,
    };
    // Units that carry an earlier loss leave before the others of their purchase.
    let covered = lot.carried.units.min(quantity);
    let amount = match (covered.is_zero(), whole) {
        (true, _) => 0,
        (false, true) => lot.carried.amount,
        (false, false) => minor_share(lot.carried.amount, covered, lot.carried.units)?,
    };
    let carried = Carried {
        units: covered,
        amount,
    };
    lot.carried = Carried {
        units: lot.carried.units.minus(covered)?,
        amount: lot.carried.amount - amount,
    };
    let part = lot.parcel.take(quantity)?;
    lot.unused = lot.unused.min(lot.parcel.left());
    *wanted = wanted.minus(quantity)?;
    taken.push(Taken {
        quantity,
        part,
        matched,
        lot: Some(name),
        acquired: Some(lot.acquired),
        carried,
    });
    Ok(())
}

/// Lowers what a parcel carries, at most to nothing: gives what exceeds it in minor units, and by how much it fell.
fn lower(parcel: &mut Parcel, by: Part) -> Result<(i64, Money), Halt> {
    let left = parcel.amount_left()?;
    if by.amount <= left {
        parcel.adjust(by.negated())?;
        return Ok((0, by.amount));
    }
    let all = Part {
        amount: left,
        printed: parcel.printed(),
    };
    parcel.adjust(all.negated())?;
    Ok((by.printed.saturating_sub(all.printed), left))
}

/// Rounds the cost per unit of a pool up to a whole minor unit; gives by how much the whole rose.
fn round_up(stock: &mut Stock, places: u32) -> Result<Money, Halt> {
    let Some(pool) = stock.pool.as_mut().filter(|pool| !pool.left().is_zero()) else {
        return Ok(Money::ZERO);
    };
    let (units, before) = (pool.left(), pool.amount_left()?);
    let after = before.share_rounded_up(units, units, places)?;
    let rise = after.minus(before)?;
    pool.adjust(Part {
        amount: rise,
        printed: after.to_minor(places)?.saturating_sub(pool.printed()),
    })?;
    Ok(rise)
}
