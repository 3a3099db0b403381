//! Money, day by day: what comes in joins a pool or a lot, what leaves takes its cost along, and purchases that earlier
//! disposals wait for are handed to them before anything else.

mod end;
mod events;
mod merged;
mod single;
mod yearly;

use std::collections::{BTreeMap, VecDeque};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::answer::trail::{Change, Movement, Sold as Sale};
use crate::answer::{Adjustment, Codes, Conservation, Disposal, LotName, Match, Merged};
use crate::date::Date;
use crate::diagnostic::{Problem, Warning};
use crate::jurisdiction::{Day, Jurisdiction};
use crate::matching::Halt;
use crate::matching::rules::Rules;
use crate::matching::statutory::again::Again;
use crate::matching::statutory::circle::Circle;
use crate::matching::statutory::holders::Holders;
use crate::matching::statutory::moves::{Holder, Key, Move, Way};
use crate::matching::statutory::plan::Plan;
use crate::matching::statutory::stock::{Carried, Fenced, Lot, Stock};
use crate::matching::statutory::tally::Tally;
use crate::matching::statutory::told::{PoolPlace, Told};
use crate::matching::statutory::written::Position;
use crate::matching::trail::{Handle, Recorder};
use crate::money::{Minor, Money, Quantity, minor_share};
use crate::parcel::{Parcel, Part};
use crate::trade::{AccountId, Action, Class, History, SecurityId, TradeId};

/// Nothing.
pub const ZERO: Part = Part::ZERO;

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
    premiums: FxHashMap<TradeId, Premium>,
    /// Cash beside the shares of the merger being carried out, and cash and new shares together.
    beside: Option<(Money, Money)>,
    /// What today bought, by holding.
    bought: BTreeMap<Key, Bought>,
    /// What of it covers disposals of today, by holding and leg.
    same_day: FxHashMap<(Key, usize), Served>,
    /// Rows that wait for a purchase: by line, day and leg.
    waiting: FxHashMap<(usize, Date, usize), Vec<Open>>,
    /// Sales that no purchase has covered yet.
    uncovered: BTreeMap<(Key, Date, AccountId), Uncovered>,
    /// The same of everybody, units only.
    lacking: BTreeMap<Key, Quantity>,
    /// Of those, transfers to the spouse, whose proceeds will be their cost.
    at_cost: FxHashSet<u32>,
    /// Rows of what was lost, whose cost is still open.
    lost: FxHashSet<u32>,
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
    /// Units, counted apart.
    pub tally: Tally,
    /// Where figures come from, if asked for.
    pub told: Told,
    /// The same for lots.
    pub trail: Recorder,
}

/// What a day bought of one security.
#[derive(Debug)]
struct Bought {
    account: AccountId,
    quantity: Quantity,
    cost: Money,
    trades: Vec<TradeId>,
    /// What each row paid, where that is told.
    paid: Vec<Movement>,
}

/// What an option brought or cost that its row turns into shares.
pub struct Premium {
    /// What joins a cost, and comes off proceeds.
    pub amount: Money,
    /// Contracts.
    pub contracts: Quantity,
    /// Fees of writing it, which the amount is net of.
    pub costs: Money,
}

/// What one account sold on a day that no purchase has covered yet.
#[derive(Clone, Copy, Debug)]
struct Uncovered {
    trade: TradeId,
    units: Quantity,
    part: Part,
}

/// Purchases that cover a disposal.
#[derive(Clone, Debug)]
struct Served {
    part: Part,
    name: LotName,
    trades: Vec<TradeId>,
    trail: Handle,
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
    /// The losses that are fenced to them.
    pub fenced: Fenced,
    /// Where its cost comes from.
    pub origin: Origin,
}

/// Where the cost of units comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is not told.
    Untold,
    /// A purchase or lot.
    Purchase(Handle),
    /// A step of a pool.
    Pool(PoolPlace, Change),
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
            beside: None,
            bought: BTreeMap::new(),
            same_day: FxHashMap::default(),
            waiting: FxHashMap::default(),
            at_cost: FxHashSet::default(),
            lost: FxHashSet::default(),
            uncovered: BTreeMap::new(),
            lacking: BTreeMap::new(),
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
            tally: Tally::default(),
            told: Told::new(rules.trail),
            trail: Recorder::new(rules.trail),
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
            for step in day {
                let counted = self.tally.count(step).map_err(Halt::from);
                self.noted(step, counted);
            }
            let lifted = self.lift(first.day);
            self.noted(first, lifted);
            let closed = self.close_years(self.law.tax_year.of(first.day));
            self.noted(first, closed);
            if self.law.day == Day::Merged {
                self.merged_day(day);
            } else {
                for (place, step) in (start..).zip(day) {
                    self.trail.enter(step.trade, None);
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

    /// What a row's option brought or cost, for its share leg.
    fn premium(&mut self, step: &Move, wanted: bool) -> Money {
        let own = self.premiums.remove(&step.trade).filter(|_| wanted);
        let Some(premium) = own else {
            return Money::ZERO;
        };
        self.told.premium(step.trade, &premium);
        premium.amount
    }

    pub fn is_option(&self, security: SecurityId) -> bool {
        matches!(self.class(security), Class::Option | Class::IndexOption)
    }

    /// The name of a pool.
    pub fn pool_name(&self, key: Key) -> LotName {
        LotName {
            security: key.1,
            date: Date::FIRST,
            number: 0,
            opened_by: TradeId(0),
        }
    }

    /// Writes a row, if the holder's results are the taxpayer's. `open` rows get their cost later.
    pub fn row(&mut self, row: &Row, open: bool) -> Result<Option<u32>, Halt> {
        // What a short position cost to close, and a result from an amount alone, was never basis.
        let basis = !matches!(row.matched, Match::Short | Match::Amount) && !open;
        if !self.holders.reported(row.key.0) || row.way == Way::Gone {
            if basis {
                self.conservation.basis_gone =
                    self.conservation.basis_gone.plus(row.cost.amount)?;
            }
            return Ok(None);
        }
        if basis {
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
            adjustment: 0,
            provisional_until: None,
            lot: row.lot,
            closed_by: row.trade,
        });
        let position = self.rows.len() as u32 - 1;
        match (row.way, open) {
            (Way::Spouse, true) => {
                self.at_cost.insert(position);
            }
            (Way::Lost, true) => {
                self.lost.insert(position);
            }
            (Way::Lost, false) => self.deny_lost(position),
            (Way::Spouse, false) | (Way::Sale | Way::Gone, _) => {}
        }
        Ok(Some(position))
    }

    /// Gives a row the cost that it was entered without.
    fn settle(&mut self, position: u32, cost: Minor) {
        let Some(row) = self.rows.get_mut(position as usize) else {
            return;
        };
        row.cost = cost;
        // A transfer to the spouse was entered with its proceeds still open: they are its cost.
        if self.at_cost.remove(&position) {
            row.proceeds = cost;
        }
        if self.lost.remove(&position) {
            self.deny_lost(position);
        }
    }

    /// What was lost or stolen has no deductible loss.
    fn deny_lost(&mut self, position: u32) {
        let Some(row) = self.rows.get_mut(position as usize) else {
            return;
        };
        let (units, amount) = (row.quantity, row.cost);
        row.adjustment = amount;
        self.conservation.nondeductible += amount;
        if amount != 0 {
            let rule = self.law.rule_on(Action::Lost);
            let never = Adjustment::never_deductible(position, units, amount, rule);
            self.adjustments.push(never);
        }
    }

    /// The tax year of a day, by the calendar year in which it begins.
    pub fn tax_year(&self, day: Date) -> i16 {
        i16::try_from(self.law.tax_year.of(day)).unwrap_or(i16::MAX)
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
    sales: Vec<Sale>,
    premiums: Vec<Movement>,
}

/// The disposals of one day in one account and way, to be covered.
struct Group {
    account: AccountId,
    trades: Vec<TradeId>,
    sales: Vec<Sale>,
    premiums: Vec<Movement>,
    way: Way,
    parcel: Parcel,
}

/// Takes up to `wanted` units out of a lot.
pub fn take_from(
    lot: &mut Lot,
    security: SecurityId,
    wanted: &mut Quantity,
    matched: Match,
    whole: bool,
    (recorder, taken): (&mut Recorder, &mut Vec<Taken>),
) -> Done {
    let quantity = lot.parcel.left().min(*wanted);
    if quantity.is_zero() {
        return Ok(());
    }
    let name = Walk::lot_name(security, lot);
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
    let fenced = lot.fenced.take(covered)?;
    let held = lot.parcel.left();
    let part = lot.parcel.take(quantity)?;
    let trail = recorder.cut(lot.trail, quantity, held)?;
    lot.unused = lot.unused.min(lot.parcel.left());
    *wanted = wanted.minus(quantity)?;
    taken.push(Taken {
        quantity,
        part,
        matched,
        lot: Some(name),
        acquired: Some(lot.acquired),
        carried,
        fenced,
        origin: Origin::Purchase(trail),
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
