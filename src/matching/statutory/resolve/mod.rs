//! From rows to moves: every quantity settled, no cost known yet.

mod acquired;
mod corporate;
mod positions;
mod shortfall;
mod trades;
mod transfers;

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::date::Date;
use crate::diagnostic::{Problem, Warning};
use crate::jurisdiction::{Day, Jurisdiction};
use crate::matching::Halt;
use crate::matching::pairing::{self, Pairs};
use crate::matching::rules::Rules;
use crate::matching::splits::Splits;
use crate::matching::statutory::holders::Holders;
use crate::matching::statutory::moves::{Holder, Key, Manner, Move, Way, What};
use crate::matching::terms::Terms;
use crate::matching::value::Valued;
use crate::money::{Money, Quantity};
use crate::timeline::Calendar;
use crate::trade::{AccountId, Action, Class, History, SecurityId, Trade, TradeId};

use corporate::Divided;

/// Walks the rows of a group and settles their quantities.
pub struct Resolver<'a> {
    history: &'a History,
    law: &'static Jurisdiction,
    rules: &'a Rules,
    calendar: Calendar,
    holders: &'a Holders,
    /// Units of each holding; below zero where more was sold than held.
    held: FxHashMap<Key, Quantity>,
    /// Units in each account, for actions on one account only.
    at: FxHashMap<(AccountId, SecurityId), Quantity>,
    /// Contracts written and units sold short.
    open: FxHashMap<Key, Quantity>,
    /// Departures that have been seen, what of them is still on its way, and whether some has arrived.
    transit: BTreeMap<TradeId, (Quantity, bool)>,
    /// Which arrivals belong to which departures.
    pairs: Pairs,
    /// Splits done, so that each holding is split once whichever accounts report it.
    splits: Splits<Key>,
    /// The same of what options are on, and their terms now.
    restated: Splits<SecurityId>,
    terms: Terms,
    /// Spin-offs done, so that the rows of several accounts are one change of the holding.
    divided: Vec<Divided>,
    /// The day of acquisition of rows that count from then on, before their own day.
    since: FxHashMap<TradeId, Date>,
    today: Date,
    upcoming: Vec<TradeId>,
    /// The moves found.
    pub moves: Vec<Move>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What is remarkable.
    pub warnings: Vec<Warning>,
    /// Opening lots that say no other day of acquisition than their own.
    pub undated: FxHashSet<TradeId>,
}

type Done = Result<(), Halt>;

impl<'a> Resolver<'a> {
    /// A resolver with nothing held.
    pub fn new(
        history: &'a History,
        law: &'static Jurisdiction,
        rules: &'a Rules,
        calendar: Calendar,
        holders: &'a Holders,
    ) -> Self {
        Self {
            history,
            law,
            rules,
            calendar,
            holders,
            held: FxHashMap::default(),
            at: FxHashMap::default(),
            open: FxHashMap::default(),
            transit: BTreeMap::new(),
            pairs: Pairs::default(),
            since: FxHashMap::default(),
            splits: Splits::default(),
            restated: Splits::default(),
            terms: Terms::default(),
            divided: Vec::new(),
            today: Date::FIRST,
            upcoming: Vec::new(),
            moves: Vec::new(),
            problems: Vec::new(),
            warnings: Vec::new(),
            undated: FxHashSet::default(),
        }
    }

    /// Settles all rows of a timeline.
    pub fn run(&mut self, timeline: &[TradeId]) {
        let mut rows: Vec<TradeId> = timeline.to_vec();
        // An adjustment takes effect later than its row in the timeline; here its row counts, with the day of effect
        // beside it, because units sold in between take their share.
        // Units that came in before the day of their row come first on that one.
        self.date_by_acquisition(&rows);
        rows.sort_by_key(|id| (self.day_of(*id), !self.since.contains_key(id)));
        self.pairs = Pairs::new(self.history, self.rules, &self.calendar, &rows);
        let mut start = 0;
        while let Some(first) = rows.get(start) {
            self.today = self.day_of(*first);
            let end = start + rows[start..].partition_point(|id| self.day_of(*id) <= self.today);
            self.day(&rows[start..end]);
            start = end;
        }
        for (trade, (units, arrived)) in std::mem::take(&mut self.transit) {
            let (code, message) = if arrived {
                pairing::LESS_ARRIVED
            } else {
                (
                    "transfer-without-arrival",
                    "units left an account and no arrival follows: they are taken to be held elsewhere still",
                )
            };
            if !units.is_zero() {
                self.warn(code, message, trade);
            }
        }
    }

    fn day_of(&self, id: TradeId) -> Date {
        let trade = self.history.trade(id);
        match trade.action {
            Action::BasisAdjust if !self.calendar.by_settlement => trade.date,
            Action::Opening | Action::TransferIn if self.since.contains_key(&id) => {
                self.since.get(&id).copied().unwrap_or(trade.date)
            }
            _ => self.calendar.day_of(trade),
        }
    }

    fn day(&mut self, rows: &[TradeId]) {
        let first = self.moves.len();
        if self.law.day == Day::Rows {
            self.upcoming = rows.iter().rev().copied().collect();
            while let Some(next) = self.upcoming.pop() {
                self.row(next);
            }
            return;
        }
        let mut rows = rows.to_vec();
        rows.sort_by_key(|id| order(self.history.trade(*id)));
        let last = self.after_all_trades(&rows);
        let (early, late): (Vec<TradeId>, Vec<TradeId>) = rows.into_iter().partition(|id| {
            let trade = self.history.trade(*id);
            let found = order(trade) > 0 || trade.action == Action::Split || self.reaches(trade);
            found && !last.contains(id)
        });
        // A change of what is held on the day of the first purchase comes after it.
        for id in early.into_iter().chain(late.iter().copied()) {
            self.row(id);
        }
        if let Some(today) = self.moves.get_mut(first..) {
            let least = |step: &Move| {
                let after = last.contains(&step.trade);
                let late = after || late.contains(&step.trade);
                if after { AFTER_TRADES } else { u8::from(late) }
            };
            today.sort_by_key(|step| step.what.rank().max(least(step)));
        }
        self.refuse_oversold(first);
    }

    /// Changes of what is held that by the times of the rows come after all trades of their security on the day: those
    /// were in the units of before. A change without a time, or between trades, comes first: purchases of a day are one
    /// and so are its sales (TCGA 1992 s 105), whichever units their rows speak of.
    fn after_all_trades(&self, rows: &[TradeId]) -> Vec<TradeId> {
        let changes = |trade: &&Trade| {
            let rest = trade.rest();
            // Cash for a fraction, or for all units, is a disposal of its own.
            let sells = match trade.action {
                Action::Split | Action::StockDividend => rest.total.is_some(),
                Action::Merger => rest.rarest().new_security.is_none(),
                _ => false,
            };
            trade.time.is_some() && !sells
        };
        // They stand first.
        let trades = rows.iter().map(|id| (*id, self.history.trade(*id)));
        let found = trades.take_while(|(_, trade)| order(trade) == 0);
        let found = found.filter(|(_, trade)| changes(trade));
        let after = |(_, change): &(TradeId, &Trade)| {
            let mut of_security = rows
                .iter()
                .map(|id| self.history.trade(*id))
                .filter(|other| order(other) > 0 && other.security == change.security);
            let mut any = false;
            of_security.all(|other| {
                any = true;
                other.time.is_some() && other.time < change.time
            }) && any
        };
        found.filter(after).map(|(id, _)| id).collect()
    }

    /// Whether a change of what is held finds something: a new name also what is short or was held.
    fn reaches(&self, trade: &Trade) -> bool {
        match trade.action {
            Action::Rename | Action::Merger => !self.ever_held(trade).is_empty(),
            _ => !self.holders_of(trade).is_empty(),
        }
    }

    fn row(&mut self, id: TradeId) {
        if let Err(halt) = self.event(id) {
            let source = self.history.trade(id).source;
            self.problems.push(match halt {
                Halt::Problem(problem) => *problem,
                Halt::Range(error) => Problem::at(source, error.to_string()),
            });
        }
    }

    fn event(&mut self, id: TradeId) -> Done {
        match self.history.trade(id).action {
            Action::Buy | Action::Reinvest | Action::BuyToOpen => self.buy(id),
            Action::Income => self.income(id),
            Action::Opening => self.opening(id),
            Action::GiftIn => self.gift_in(id),
            Action::Inherit => self.inherit(id),
            Action::Sell | Action::SellToClose | Action::Spend | Action::Fee => self.sell(id),
            Action::Swap => self.swap(id),
            Action::GiftOut => self.gift_out(id),
            Action::Lost => self.leave(id, Money::ZERO, Way::Lost),
            Action::Worthless => self.worthless(id),
            Action::Split => self.split_units(id),
            Action::StockDividend => self.stock_dividend(id),
            Action::SpinOff => self.spin_off(id),
            Action::Merger => self.merger(id),
            Action::Rename => self.rename(id),
            Action::ReturnOfCapital => self.return_of_capital(id),
            Action::BasisAdjust => self.basis_adjust(id),
            Action::Transfer => self.transfer(id),
            Action::TransferIn => self.transfer_in(id),
            Action::TransferOut => self.transfer_out(id),
            Action::Short | Action::SellToOpen => self.open_short(id),
            Action::Cover | Action::BuyToClose => self.cover(id),
            Action::Open | Action::Close => self.by_sign(id),
            Action::Expire => self.settle(id, Money::ZERO, true),
            Action::CashSettle => self.cash_settle(id),
            Action::Exercise => self.exercise(id),
            Action::Assign => self.assign(id),
            Action::Mark => Err(self.refused(id, "a year-end mark has no meaning in")),
            Action::Pnl => self.pnl(id),
            Action::Funding => self.funding(id),
            Action::Dividend | Action::Cancel | Action::Ignore => Ok(()),
        }
    }

    fn refused(&self, id: TradeId, what: &str) -> Halt {
        let source = self.history.trade(id).source;
        Problem::at(source, format!("{what} {}", self.law.name)).into()
    }

    fn valued(&self, id: TradeId) -> Valued<'a> {
        Valued {
            trade: self.history.trade(id),
            history: self.history,
            rates: &self.rules.rates,
        }
    }

    fn symbol(&self, security: SecurityId) -> &'a str {
        &self.history.security(security).symbol
    }

    fn class(&self, security: SecurityId) -> Class {
        self.history.security(security).class
    }

    fn key(&self, account: AccountId, security: SecurityId) -> Key {
        (self.holders.of(account), security)
    }

    fn held(&self, key: Key) -> Quantity {
        self.held.get(&key).copied().unwrap_or(Quantity::ZERO)
    }

    fn is_option(&self, security: SecurityId) -> bool {
        matches!(self.class(security), Class::Option | Class::IndexOption)
    }

    fn warn(&mut self, code: &'static str, message: &str, id: TradeId) {
        let at = self.history.trade(id).source;
        match self
            .warnings
            .iter_mut()
            .find(|warning| warning.code == code)
        {
            Some(warning) => warning.at.push(at),
            None => self.warnings.push(Warning {
                code,
                message: message.to_owned(),
                at: vec![at],
                needs_user: true,
            }),
        }
    }

    fn push(
        &mut self,
        trade: TradeId,
        account: AccountId,
        security: SecurityId,
        quantity: Quantity,
        what: What,
    ) {
        self.moves.push(Move {
            trade,
            day: self.today,
            account,
            key: self.key(account, security),
            quantity,
            what,
        });
    }

    fn change(&mut self, account: AccountId, security: SecurityId, by: Quantity) -> Done {
        let key = self.key(account, security);
        let held = self.held.entry(key).or_default();
        *held = held.plus(by)?;
        let at = self.at.entry((account, security)).or_default();
        *at = at.plus(by)?;
        Ok(())
    }

    #[allow(clippy::too_many_arguments)] // one acquisition has this many facts
    fn enter(
        &mut self,
        id: TradeId,
        account: AccountId,
        security: SecurityId,
        quantity: Quantity,
        cost: Money,
        manner: Manner,
        acquired: Option<Date>,
    ) -> Done {
        self.change(account, security, quantity)?;
        let what = What::In {
            cost,
            manner,
            premium: false,
            acquired,
        };
        self.push(id, account, security, quantity, what);
        Ok(())
    }

    fn exit(
        &mut self,
        id: TradeId,
        account: AccountId,
        security: SecurityId,
        quantity: Quantity,
        proceeds: Money,
        way: Way,
    ) -> Done {
        if quantity.is_zero() {
            return Ok(());
        }
        let key = self.key(account, security);
        if self.law.day == Day::Rows {
            while self.held(key) < quantity && self.bring_forward(key) {}
        }
        let held = self.held(key);
        let lacking = held < quantity;
        if lacking && !self.law.waits_for_purchase() && self.rules.allow_short && way == Way::Sale {
            return self.sell_short(id, account, security, quantity, proceeds, held);
        }
        if lacking && self.law.day == Day::Rows {
            let problem = self.oversold(id, security, quantity, held);
            self.problems.push(problem);
            return Ok(());
        }
        self.change(account, security, quantity.negated())?;
        let what = What::Out {
            proceeds,
            way,
            premium: false,
        };
        self.push(id, account, security, quantity, what);
        Ok(())
    }

    fn account_of(&self, holder: Holder, other: AccountId) -> AccountId {
        let mut accounts = (0_u16..)
            .zip(&self.history.accounts)
            .map(|(id, _)| AccountId(id));
        accounts
            .find(|account| self.holders.of(*account) == holder)
            .unwrap_or(other)
    }
}

/// The place within a day, among those of [`order`], of changes of what is held: its units, their cost or their name.
const CHANGES: u8 = 0;

/// The place within a day, among the ranks of moves, of changes that come after its trades.
const AFTER_TRADES: u8 = 5;

/// The order of rows within a day whose rows are one: changes of what is held, what comes in, what the holder does with
/// options, what leaves, what is left at the end.
fn order(trade: &Trade) -> u8 {
    match trade.action {
        Action::Split
        | Action::StockDividend
        | Action::SpinOff
        | Action::Merger
        | Action::Rename
        | Action::ReturnOfCapital
        | Action::BasisAdjust => CHANGES,
        Action::Buy
        | Action::Reinvest
        | Action::BuyToOpen
        | Action::Income
        | Action::Opening
        | Action::GiftIn
        | Action::Inherit
        | Action::Cover
        | Action::BuyToClose
        | Action::Open => 1,
        Action::SellToOpen | Action::Short => 2,
        Action::TransferOut | Action::Transfer => 3,
        Action::TransferIn => 4,
        Action::Swap => 5,
        Action::Exercise | Action::Assign => 6,
        Action::Sell
        | Action::SellToClose
        | Action::Spend
        | Action::Fee
        | Action::GiftOut
        | Action::Lost
        | Action::Close
        | Action::Pnl
        | Action::Funding
        | Action::Dividend
        | Action::Mark
        | Action::Cancel
        | Action::Ignore => 7,
        Action::Expire | Action::CashSettle => 8,
        Action::Worthless => 9,
    }
}
