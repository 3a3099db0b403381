//! One fold: walks a timeline, carries out each event, and hands over rows, lots and checks at the end.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::ledger::{Holding, Ledger};
use super::position::Positions;
use super::rows::Rows;
use super::rules::Rules;
use super::splits::Splits;
use super::terms::Terms;
use super::value::Valued;
use super::wash::Wash;
use super::{Halt, Matched, YearAmount};
use crate::answer::trail::Trails;
use crate::answer::{Adjustment, Conservation, OpenLot, Units};
use crate::date::Date;
use crate::diagnostic::{Problem, Warning};
use crate::jurisdiction::{Assets, Jurisdiction, Swaps};
use crate::lot::Purchase;
use crate::method::{FIFO, Method};
use crate::parcel::Parcel;
use crate::rule::us::AVERAGE_BASIS;
use crate::source::Source;
use crate::timeline::Calendar;
use crate::trade::{AccountId, Action, Class, History, SecurityId, Trade, TradeId};

/// Units and cost of orders, by account, security and the order's name.
pub type Orders<'a> = FxHashMap<(AccountId, SecurityId, &'a str), Parcel>;

/// An event and its place among those of the group.
#[derive(Clone, Copy, Debug)]
struct Event {
    id: TradeId,
    place: usize,
}

/// The state of one walk through a timeline.
pub struct Fold<'a> {
    pub history: &'a History,
    pub law: &'static Jurisdiction,
    pub rules: &'a Rules,
    pub calendar: Calendar,
    pub ledger: Ledger,
    pub positions: Positions,
    pub wash: Wash,
    pub rows: Rows,
    /// Room for the slices of a sale, and for its losses.
    pub slices: Vec<super::ledger::Slice>,
    pub losses: Vec<super::wash::Loss>,
    pub adjustments: Vec<Adjustment>,
    pub amounts: Vec<YearAmount>,
    pub warnings: Vec<Warning>,
    pub problems: Vec<Problem>,
    pub conservation: Conservation,
    /// The day of the event being carried out.
    pub today: Date,
    /// All events, for looks around a day.
    timeline: &'a [TradeId],
    /// Copies of their trades, as far as there are any, each at the place of its event.
    gathered: &'a [Option<Trade>],
    /// What is left of today, for acquisitions that must come before a sale.
    upcoming: Vec<Event>,
    /// The event being carried out, and its trade.
    current: Option<(TradeId, &'a Trade)>,
    /// Orders by account, security and name, so that fills of one order count as one purchase: brokers number theirs each
    /// for itself, and some of each security.
    orders: FxHashMap<(AccountId, SecurityId, &'a str), u32>,
    next_order: u32,
    /// What is left of the orders whose fills share an average price, once one is asked for.
    pub fills: Option<Orders<'a>>,
    /// Purchases by the names that their rows give them, once one is asked for.
    pub named: super::chosen::Named<'a>,
    /// Distributions that a fund paid, for its six-month rules.
    pub distributions: super::distributions::Received,
    /// Whether the pool over all wallets has been given to them.
    pub pool_ended: bool,
    /// Positions of the rows of the allocation that named its lots.
    pub allocated: Vec<u32>,
    /// The terms of options, as what became of their underlying left them.
    pub terms: Terms,
    /// The account whose split of a security restated what waits, and the day.
    pub restated: FxHashMap<SecurityId, (Date, AccountId)>,
    /// The splits that rows of single accounts have said.
    pub splits: Splits<SecurityId>,
    /// Units on their way between own accounts.
    pub transit: super::transfer::Transit,
    /// Whether a gift came in that has one basis for a gain and another for a loss.
    pub two_bases: bool,
    /// Losses of the day whose disposal has further rows.
    pub together: super::together::Together<'a>,
}

impl<'a> Fold<'a> {
    /// A fold over one group of connected securities.
    pub fn new(
        history: &'a History,
        law: &'static Jurisdiction,
        rules: &'a Rules,
        calendar: Calendar,
    ) -> Self {
        // Coins exchanged without a result keep the dates of those they came for.
        let keeps_dates = rules.overview.keeps_dates || law.swaps == Swaps::Neutral;
        Self {
            history,
            law,
            rules,
            calendar,
            ledger: Ledger::new(rules.places, keeps_dates, rules.trail),
            positions: Positions::default(),
            wash: Wash::default(),
            rows: Rows::new(rules.only_sums),
            slices: Vec::new(),
            losses: Vec::new(),
            adjustments: Vec::new(),
            amounts: Vec::new(),
            warnings: Vec::new(),
            problems: Vec::new(),
            conservation: Conservation::default(),
            today: Date::FIRST,
            timeline: &[],
            gathered: &[],
            upcoming: Vec::new(),
            current: None,
            orders: FxHashMap::default(),
            next_order: 0,
            fills: None,
            named: super::chosen::Named::default(),
            distributions: FxHashMap::default(),
            pool_ended: false,
            allocated: Vec::new(),
            terms: Terms::default(),
            restated: FxHashMap::default(),
            splits: Splits::default(),
            transit: super::transfer::Transit::default(),
            two_bases: false,
            together: super::together::Together::default(),
        }
    }

    /// Carries out all events. After a problem the walk goes on where that makes sense, so that one run reports all.
    pub fn run(&mut self, timeline: &'a [TradeId], gathered: &'a [Option<Trade>]) {
        (self.timeline, self.gathered) = (timeline, gathered);
        let events = timeline.iter().zip(0..);
        let mut events = events
            .map(|(id, place)| Event { id: *id, place })
            .peekable();
        while let Some(first) = events.next() {
            self.today = self.day_of(first);
            if let Err(error) = self.rows.retire(self.today) {
                self.problems.push(Problem::new(error.to_string()));
            }
            if let Err(halt) = self.end_universal_pool(self.today) {
                // Whatever follows would sell what no wallet has.
                return self.note(halt);
            }
            self.upcoming.clear();
            while let Some(next) = events.next_if(|next| self.day_of(*next) == self.today) {
                self.upcoming.push(next);
            }
            self.upcoming.reverse();
            self.carry_out(first);
            while let Some(next) = self.upcoming.pop() {
                self.carry_out(next);
            }
            if !self.wash.today.is_empty()
                && let Err(halt) = self.end_day()
            {
                self.note(halt);
            }
        }
    }

    /// The trade of an event of the group, from where it is soonest found.
    #[inline]
    fn trade_of(&self, event: Event) -> &'a Trade {
        let copy = self.gathered.get(event.place);
        copy.and_then(Option::as_ref)
            .unwrap_or_else(|| self.history.trade(event.id))
    }

    /// The day on which an event of the group takes effect.
    #[inline]
    fn day_of(&self, event: Event) -> Date {
        self.calendar.day_of(self.trade_of(event))
    }

    /// The trade of an event.
    #[inline]
    pub fn trade(&self, id: TradeId) -> &'a Trade {
        match self.current {
            Some((current, trade)) if current == id => trade,
            _ => self.history.trade(id),
        }
    }

    /// The event being carried out, and its trade.
    pub fn current_event(&self) -> Option<(TradeId, &'a Trade)> {
        self.current
    }

    /// The events of today that are still to come, in order.
    pub fn rest_of_day(&self) -> Vec<TradeId> {
        self.upcoming.iter().rev().map(|event| event.id).collect()
    }

    /// Keeps a problem that belongs to no row.
    fn note(&mut self, halt: Halt) {
        self.problems.push(match halt {
            Halt::Problem(problem) => *problem,
            Halt::Range(error) => Problem::new(error.to_string()),
        });
    }

    fn carry_out(&mut self, event: Event) {
        let id = event.id;
        self.current = Some((id, self.trade_of(event)));
        if !self.rules.trail {
            return self.attempt(id);
        }
        let action = self.trade(id).action;
        let rule = (self.law.is_us()).then(|| crate::rule::us::of_action(action));
        let before = self.ledger.trail.enter(id, rule);
        self.attempt(id);
        self.ledger.trail.leave(before);
    }

    /// Carries out an event of the group now; whatever does it sees to it that it is not done again in its turn.
    pub fn carry_out_before_its_turn(&mut self, id: TradeId) {
        let current = self.current;
        let place = usize::MAX;
        self.carry_out(Event { id, place });
        self.current = current;
    }

    fn attempt(&mut self, id: TradeId) {
        let done = self.event(id).and_then(|()| self.claim_together(id));
        if let Err(halt) = done {
            let problem = match halt {
                Halt::Problem(problem) => *problem,
                Halt::Range(error) => Problem::at(self.history.trade(id).source, error.to_string()),
            };
            self.problems.push(problem);
        }
    }

    /// The closed set of things that can happen, each with its own file.
    fn event(&mut self, id: TradeId) -> Result<(), Halt> {
        match self.trade(id).action {
            Action::Buy | Action::Reinvest | Action::BuyToOpen => self.buy(id),
            Action::Income => self.income(id),
            Action::Opening => self.opening(id),
            Action::GiftIn => self.gift_in(id),
            Action::Inherit => self.inherit(id),
            Action::Sell | Action::SellToClose => self.sell(id),
            Action::Spend => self.sell(id),
            Action::Fee => self.fee_in_kind(id),
            Action::Swap => self.swap(id),
            Action::GiftOut => self.gift_out(id),
            Action::Lost => self.lost(id),
            Action::Worthless => self.worthless(id),
            Action::Split => self.split(id),
            Action::StockDividend => self.stock_dividend(id),
            Action::SpinOff => self.spin_off(id),
            Action::Merger => self.merger(id),
            Action::Rename => self.rename(id),
            Action::ReturnOfCapital => self.return_of_capital(id),
            Action::BasisAdjust => self.basis_adjust(id),
            Action::Dividend => self.dividend(id),
            Action::Transfer => self.transfer(id),
            Action::TransferIn => self.transfer_in(id),
            Action::TransferOut => self.transfer_out(id),
            Action::Short | Action::SellToOpen => self.open_short(id),
            Action::Cover | Action::BuyToClose => self.cover(id),
            Action::Open => self.open(id),
            Action::Close => self.close(id),
            Action::Expire => self.expire(id),
            Action::Exercise => self.exercise(id),
            Action::Assign => self.assign(id),
            Action::CashSettle => self.cash_settle(id),
            Action::Mark => self.mark(id),
            Action::Pnl => self.pnl(id),
            Action::Funding => self.funding(id),
            Action::Cancel | Action::Ignore => Ok(()),
        }
    }

    /// The next acquisition of today that would fill a holding, brought forward: a sale must find what the same day
    /// bought where the rows do not say which came first.
    pub fn bring_forward(&mut self, holding: Holding) -> bool {
        let fills = |event: &Event| {
            let trade = self.trade_of(*event);
            trade.time.is_none() && trade.brings() == Some(holding)
        };
        let Some(position) = self.upcoming.iter().rposition(fills) else {
            return false;
        };
        let event = self.upcoming.remove(position);
        let source = self.trade_of(event).source;
        self.warn_once(
            "acquired-first",
            "rows of one day without times: an acquisition was taken before a sale that needed it",
            source,
            false,
        );
        let current = self.current;
        self.carry_out(event);
        self.current = current;
        true
    }

    /// All events of the group, in order.
    pub fn events(&self) -> &'a [TradeId] {
        self.timeline
    }

    /// The events within some days of a date.
    pub fn nearby(&self, date: Date, days: i32) -> impl Iterator<Item = TradeId> + use<'a> {
        let (calendar, history) = (self.calendar, self.history);
        let start = self
            .timeline
            .partition_point(|id| calendar.day_of(history.trade(*id)) < date.plus(-days));
        let end = date.plus(days);
        let after = self.timeline.get(start..).unwrap_or_default();
        after
            .iter()
            .copied()
            .take_while(move |id| calendar.day_of(history.trade(*id)) <= end)
    }

    /// A row with what values it.
    pub fn valued(&self, id: TradeId) -> Valued<'a> {
        Valued {
            trade: self.trade(id),
            history: self.history,
            rates: &self.rules.rates,
        }
    }

    /// The lot method of a holding.
    pub fn method_of(&self, (account, security): Holding) -> &'static Method {
        let methods = &self.rules.methods;
        let asked = self.law.methods_for;
        if asked != Assets::All && !asked.has(self.class(security)) {
            return self.law.methods.first().copied().unwrap_or(&FIFO);
        }
        match methods.get(usize::from(account.0)) {
            Some(method) => method,
            // Units on their way keep each its own basis.
            None => &FIFO,
        }
    }

    /// Whether sales in an account give rows.
    pub fn reported(&self, account: AccountId) -> bool {
        let reported = &self.rules.reported;
        match reported.get(usize::from(account.0)) {
            Some(reported) => *reported,
            None => self
                .transit
                .left(account)
                .is_some_and(|left| self.reported(left)),
        }
    }

    /// The account of the file that units belong to: for those on their way the one they left.
    #[inline]
    pub fn own_account(&self, account: AccountId) -> AccountId {
        if usize::from(account.0) < self.history.accounts.len() {
            return account;
        }
        self.transit.left(account).unwrap_or(account)
    }

    /// The number of the order that a purchase belongs to: the order's own, or a new one.
    pub fn order_of(&mut self, trade: &'a Trade) -> u32 {
        let next = self.next_order;
        let order = match trade.rest().order.as_deref() {
            Some(name) => {
                let order = (trade.account, trade.security, name);
                *self.orders.entry(order).or_insert(next)
            }
            None => next,
        };
        self.next_order += u32::from(order == next);
        order
    }

    /// The symbol of a security.
    pub fn symbol(&self, security: SecurityId) -> &'a str {
        &self.history.security(security).symbol
    }

    /// The class of a security.
    pub fn class(&self, security: SecurityId) -> Class {
        self.history.security(security).class
    }

    /// Records a warning, once per code and fold; the rows are collected.
    pub fn warn_once(&mut self, code: &'static str, message: &str, at: Source, needs_user: bool) {
        match self
            .warnings
            .iter_mut()
            .find(|warning| warning.code == code && warning.message == message)
        {
            Some(warning) => warning.at.push(at),
            None => self.warnings.push(Warning {
                code,
                message: message.to_owned(),
                at: vec![at],
                needs_user,
            }),
        }
    }

    /// The same for something that comes up again with its row, which is named once.
    pub fn warn_at(&mut self, code: &'static str, message: &str, at: Source, needs_user: bool) {
        let told = self.warnings.iter().find(|warning| warning.code == code);
        if !told.is_some_and(|warning| warning.at.contains(&at)) {
            self.warn_once(code, message, at, needs_user);
        }
    }

    /// Hands everything over; rows are counted from 0.
    pub fn finish(mut self, problems: &mut Vec<Problem>) -> Matched {
        let end = self.rules.end.unwrap_or(Date::FIRST);
        for ended in [
            self.settle_transit(),
            self.end_universal_pool(end),
            self.unfinished(),
        ] {
            if let Err(halt) = ended {
                self.note(halt);
            }
        }
        problems.append(&mut self.problems);
        self.mark_provisional();
        let mut found = Matched {
            trails: self.rules.trail.then(Trails::default),
            ..Matched::default()
        };
        if let Err(error) = self.take_stock(&mut found) {
            problems.push(Problem::new(error.to_string()));
        }
        if let Some(trails) = &mut found.trails {
            let rows = 0..self.rows.len();
            trails
                .disposals
                .extend(rows.map(|row| self.ledger.trail.of_row(row)));
        }
        match std::mem::take(&mut self.rows).finish() {
            Ok((rows, sums)) => (found.disposals, found.sums) = (rows.into(), sums),
            Err(error) => problems.push(Problem::new(error.to_string())),
        }
        found.adjustments = std::mem::take(&mut self.adjustments);
        let washed = self.washed_in_part();
        if !washed.is_empty()
            && !self.rules.only_sums
            && let Err(error) = super::divided::divide(&mut found, &washed)
        {
            problems.push(Problem::new(error.to_string()));
        }
        found.amounts = self.amounts;
        found.warnings = self.warnings;
        found.allocated = self.allocated;
        found
    }

    /// What is held: lots, pools and open positions, with the conservation sums.
    fn take_stock(&mut self, all: &mut Matched) -> Result<(), crate::money::OutOfRange> {
        let mut lots = Vec::new();
        let mut told = Vec::new();
        for book in &self.ledger.books {
            if let Some(pool) = &book.pool {
                self.conservation.basis_held =
                    self.conservation.basis_held.plus(pool.amount_left()?)?;
            }
        }
        // Pieces of a purchase that are alike stay in its order.
        let purchases = self.ledger.purchases.iter();
        let mut held: Vec<_> = purchases.flat_map(Purchase::lots).collect();
        held.sort_by_key(|id| {
            let lot = self.ledger.lot(*id);
            (
                lot.security,
                lot.account,
                lot.acquired,
                lot.sequence,
                lot.held_from,
                !lot.used,
            )
        });
        for id in held {
            let lot = self.ledger.lot(id);
            self.conservation.basis_held = self
                .conservation
                .basis_held
                .plus(lot.parcel.amount_left()?)?;
            let book = lot.book as usize;
            let quantity = lot.parcel.left();
            let own = lot.parcel.printed();
            let cost = match &mut self.ledger.books[book].pool {
                Some(pool) => {
                    let before = (pool.left(), pool.amount_left()?);
                    let part = pool.take(quantity)?;
                    let trail = self.ledger.lot(id).trail;
                    let (recorder, own) = (&mut self.ledger.trail, (quantity, part.amount));
                    recorder.average(trail, own, before, &AVERAGE_BASIS);
                    part.printed
                }
                None => own,
            };
            told.push(self.ledger.trail.movements(self.ledger.lot(id).trail));
            let lot = self.ledger.lot(id);
            let purchase = self.ledger.purchase(lot.purchase);
            lots.push(OpenLot {
                name: self.ledger.name(lot.purchase),
                account: Some(lot.account),
                security: lot.security,
                quantity,
                cost,
                acquired: Some(purchase.acquired),
                held_from: Some(lot.held_from),
                opened_by: vec![purchase.opened_by],
            });
        }
        self.positions_held(&mut lots, &mut told);
        if let Some(trails) = &mut all.trails {
            trails.lots = told;
        }
        all.lots = lots;
        self.conservation.adjusted = self.rows.adjusted();
        self.conservation.units = self.units()?;
        all.conservation.add(&self.conservation)
    }

    /// Units of each security of this fold: what the books saw come and go, and what the lots hold.
    fn units(&self) -> Result<Vec<Units>, crate::money::OutOfRange> {
        let mut flows: BTreeMap<SecurityId, Units> = BTreeMap::new();
        for book in &self.ledger.books {
            let security = &book.holding.1;
            let units = flows
                .entry(*security)
                .or_insert_with(|| Units::none(*security));
            units.came = units.came.plus(book.flow.0)?;
            units.left = units.left.plus(book.flow.1)?;
        }
        for lot in &self.ledger.slots.lots {
            let units = flows
                .entry(lot.security)
                .or_insert_with(|| Units::none(lot.security));
            units.held = units.held.plus(lot.parcel.left())?;
        }
        self.positions.count(&mut flows)?;
        Ok(flows.into_values().collect())
    }
}
