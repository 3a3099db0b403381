//! From rows to moves: every quantity settled, no cost known yet.

use rustc_hash::{FxHashMap, FxHashSet};

use super::holders::Holders;
use super::moves::{Holder, Key, Manner, Move, Way, What};
use crate::date::Date;
use crate::diagnostic::{Problem, Warning};
use crate::jurisdiction::{Day, Gifts, Jurisdiction, Swaps};
use crate::matching::Halt;
use crate::matching::rules::Rules;
use crate::matching::value::{Valued, absolute};
use crate::money::{Money, Quantity};
use crate::timeline::Calendar;
use crate::trade::{AccountId, Action, Class, History, Right, SecurityId, Trade, TradeId};

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
    /// Units on their way between accounts.
    transit: FxHashMap<SecurityId, Vec<(TradeId, Key, Quantity)>>,
    /// Splits done, so that each holding is split once whichever accounts report it.
    split: FxHashSet<(Key, Date, Quantity, Quantity)>,
    today: Date,
    upcoming: Vec<TradeId>,
    /// The moves found.
    pub moves: Vec<Move>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// What is remarkable.
    pub warnings: Vec<Warning>,
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
            transit: FxHashMap::default(),
            split: FxHashSet::default(),
            today: Date::FIRST,
            upcoming: Vec::new(),
            moves: Vec::new(),
            problems: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Settles all rows of a timeline.
    pub fn run(&mut self, timeline: &[TradeId]) {
        let mut rows: Vec<TradeId> = timeline.to_vec();
        // An adjustment takes effect later than its row in the timeline; here its row counts, with the day of effect
        // beside it, because units sold in between take their share.
        rows.sort_by_key(|id| self.day_of(*id));
        let mut start = 0;
        while let Some(first) = rows.get(start) {
            self.today = self.day_of(*first);
            let end = start + rows[start..].partition_point(|id| self.day_of(*id) <= self.today);
            self.day(&rows[start..end]);
            start = end;
        }
        for departures in std::mem::take(&mut self.transit).into_values() {
            for (trade, _, units) in departures {
                if units.is_zero() {
                    continue;
                }
                self.warn(
                    "transfer-without-arrival",
                    "units left an account and no arrival follows: they are taken to be held elsewhere still",
                    trade,
                );
            }
        }
    }

    fn day_of(&self, id: TradeId) -> Date {
        let trade = self.history.trade(id);
        match trade.action {
            Action::BasisAdjust if !self.calendar.by_settlement => trade.date,
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
        let (early, late): (Vec<TradeId>, Vec<TradeId>) = rows.into_iter().partition(|id| {
            let trade = self.history.trade(*id);
            order(trade) > 0 || trade.action == Action::Split || !self.holders_of(trade).is_empty()
        });
        // A change of what is held on the day of the first purchase comes after it.
        for id in early.into_iter().chain(late) {
            self.row(id);
        }
        if let Some(today) = self.moves.get_mut(first..) {
            today.sort_by_key(|step| step.what.rank());
        }
        self.refuse_oversold(first);
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

    /// With --allow-short, units beyond those held open a short position.
    fn sell_short(
        &mut self,
        id: TradeId,
        account: AccountId,
        security: SecurityId,
        quantity: Quantity,
        proceeds: Money,
        held: Quantity,
    ) -> Done {
        let own = proceeds.share(held, quantity)?;
        if !held.is_zero() {
            self.exit(id, account, security, held, own, Way::Sale)?;
        }
        let rest = quantity.minus(held)?;
        self.write(id, account, security, rest, proceeds.minus(own)?)
    }

    /// The next acquisition of today that would fill a holding, where the rows do not say which came first.
    fn bring_forward(&mut self, key: Key) -> bool {
        let fills = |id: &TradeId| {
            let trade = self.history.trade(*id);
            let comes_in = matches!(
                trade.action,
                Action::Buy
                    | Action::Reinvest
                    | Action::BuyToOpen
                    | Action::Income
                    | Action::Opening
                    | Action::GiftIn
                    | Action::Inherit
                    | Action::TransferIn
            );
            let arrives = trade.action == Action::Transfer
                && trade
                    .rest()
                    .rarest()
                    .to_account
                    .map(|to| self.holders.of(to))
                    == Some(key.0);
            let own = comes_in && self.holders.of(trade.account) == key.0;
            trade.time.is_none() && trade.security == key.1 && (own || arrives)
        };
        let Some(position) = self.upcoming.iter().rposition(fills) else {
            return false;
        };
        let id = self.upcoming.remove(position);
        self.row(id);
        true
    }

    /// Where a day is one, only its end counts: more sold than held then is a problem, unless shorts are allowed.
    fn refuse_oversold(&mut self, first: usize) {
        if self.rules.allow_short && self.law.waits_for_purchase() {
            return;
        }
        let mut seen: Vec<Key> = Vec::new();
        let today: Vec<Move> = self.moves.get(first..).unwrap_or_default().to_vec();
        for step in today.iter().rev() {
            let held = self.held(step.key);
            let out = matches!(step.what, What::Out { .. });
            let short = self.history.trade(step.trade).action == Action::Short;
            if !out || short || !held.is_negative() || seen.contains(&step.key) {
                continue;
            }
            seen.push(step.key);
            let had = step.quantity.plus(held).unwrap_or(Quantity::ZERO);
            let problem = self.oversold(step.trade, step.key.1, step.quantity, had);
            self.problems.push(problem);
        }
    }

    fn oversold(
        &self,
        id: TradeId,
        security: SecurityId,
        quantity: Quantity,
        held: Quantity,
    ) -> Problem {
        let trade = self.history.trade(id);
        let symbol = self.symbol(security);
        let missing = quantity.minus(held).unwrap_or(quantity);
        let held = if held.is_negative() {
            Quantity::ZERO
        } else {
            held
        };
        let (account, day) = (&self.history.account(trade.account).name, self.today);
        Problem::at(
            trade.source,
            format!("{} on {day}: sold {quantity} of {symbol} but only {held} are held", trade.action.word()),
        )
        .note("likely causes: a purchase from before the file, a missing split or rename, rows of another account left out")
        .help(format!(
            "if they were bought earlier, add a row like this with the real basis (columns date,action,symbol,quantity,basis,account):\n{},opening,{symbol},{missing},0.00,{account}\nor, if it was a short sale, use the action `short` (or --allow-short)",
            day.plus(-1)
        ))
    }

    /// A fee paid in an asset: the asset, its units and their value.
    fn fee_in_kind(
        &self,
        row: &Valued<'_>,
        value_of: impl Fn(SecurityId, Quantity) -> Result<Option<Money>, Halt>,
    ) -> Result<Option<(SecurityId, Quantity, Money)>, Halt> {
        let (Some(asset), Some(fee)) = (row.trade.rest().rarest().fee_asset, row.trade.fee())
        else {
            return Ok(None);
        };
        let units = Quantity::new(fee.abs())?;
        if units.is_zero() {
            return Ok(None);
        }
        let value = match row.trade.rest().rarest().fee_value {
            Some(value) => row.amount(value)?,
            None => value_of(asset, units)?.ok_or_else(|| {
                let message = format!("the fee of {units} {} has no value", self.symbol(asset));
                Halt::from(Problem::at(row.trade.source, message).help(
                    "give its market value in the column `fee_value`; it is never taken as zero",
                ))
            })?,
        };
        Ok(Some((asset, units, value)))
    }

    fn own_price(
        row: &Valued<'_>,
        asset: SecurityId,
        units: Quantity,
    ) -> Result<Option<Money>, Halt> {
        if asset == row.trade.security && row.trade.price().is_some() {
            row.at_price(units).map(Some)
        } else {
            Ok(None)
        }
    }

    fn buy(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let (mut quantity, mut cost) = (row.quantity()?, row.cost()?);
        let fee = self.fee_in_kind(&row, |asset, units| Self::own_price(&row, asset, units))?;
        match fee {
            // Withheld from the units received: what they cost is the cost of the rest.
            Some((asset, units, _)) if asset == trade.security => {
                quantity = quantity.minus(units)?
            }
            Some((asset, units, value)) => {
                self.exit(id, trade.account, asset, units, value, Way::Sale)?;
                cost = cost.plus(value)?;
            }
            None => {}
        }
        let key = self.key(trade.account, trade.security);
        let short = self.open.get(&key).copied().unwrap_or(Quantity::ZERO);
        if self.rules.allow_short && !short.is_zero() {
            let units = short.min(quantity);
            let paid = cost.share(units, quantity)?;
            self.close(id, trade.account, trade.security, units, paid, false)?;
            quantity = quantity.minus(units)?;
            cost = cost.minus(paid)?;
            if quantity.is_zero() {
                return Ok(());
            }
        }
        // Rights belong to the old holding (TCGA 1992 s 127): no purchase for any window.
        let manner = if trade.tagged("rights") {
            Manner::Other
        } else {
            Manner::Purchase
        };
        self.enter(
            id,
            trade.account,
            trade.security,
            quantity,
            cost,
            manner,
            None,
        )
    }

    fn income(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let value = match row.total()? {
            Some(total) => absolute(total),
            None => row.gross()?,
        };
        let trade = row.trade;
        let quantity = row.quantity()?;
        self.enter(
            id,
            trade.account,
            trade.security,
            quantity,
            value,
            Manner::Purchase,
            None,
        )
    }

    /// A balance from before the data: it counts in a window only by its own date.
    fn opening(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let rest = row.trade.rest().rarest();
        let basis = match (rest.basis, row.trade.price()) {
            (Some(basis), _) => row.amount(basis)?,
            (None, Some(_)) => row.gross()?.plus(row.fee()?)?,
            (None, None) => match row.total()? {
                Some(total) => absolute(total),
                None => return Err(row.missing("basis")),
            },
        };
        let trade = row.trade;
        let acquired = rest.acquired.or(Some(Date::FIRST));
        let quantity = row.quantity()?;
        self.enter(
            id,
            trade.account,
            trade.security,
            quantity,
            basis,
            Manner::Other,
            acquired,
        )
    }

    fn gift_in(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let rest = trade.rest().rarest();
        let quantity = row.quantity()?;
        let at_value = self.law.gifts == Gifts::MarketValue && !trade.tagged("spouse");
        let (cost, acquired) = match (rest.basis, trade.price()) {
            (_, Some(_)) if at_value => (row.at_price(quantity)?, None),
            (Some(basis), _) => (row.amount(basis)?, rest.acquired),
            (None, _) => {
                return Err(row.missing(if at_value { "price" } else { "basis" }));
            }
        };
        let manner = Manner::Purchase;
        self.enter(
            id,
            trade.account,
            trade.security,
            quantity,
            cost,
            manner,
            acquired,
        )
    }

    fn inherit(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let value = match trade.rest().rarest().basis {
            Some(basis) => row.amount(basis)?,
            None => row.gross()?,
        };
        let quantity = row.quantity()?;
        self.enter(
            id,
            trade.account,
            trade.security,
            quantity,
            value,
            Manner::Purchase,
            trade.rest().rarest().acquired,
        )
    }

    fn sell(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let (mut quantity, mut proceeds) = (row.quantity()?, row.proceeds()?);
        let fee = self.fee_in_kind(&row, |asset, units| Self::own_price(&row, asset, units))?;
        match fee {
            // The fee leaves with what is sold: disposed of for its value, which is spent on the sale.
            Some((asset, units, _)) if asset == trade.security => {
                quantity = quantity.plus(units)?
            }
            Some((asset, units, value)) => {
                self.exit(id, trade.account, asset, units, value, Way::Sale)?;
                proceeds = proceeds.minus(value)?;
            }
            None => {}
        }
        self.exit(
            id,
            trade.account,
            trade.security,
            quantity,
            proceeds,
            Way::Sale,
        )
    }

    fn leave(&mut self, id: TradeId, proceeds: Money, way: Way) -> Done {
        let row = self.valued(id);
        let quantity = row.quantity()?;
        let trade = row.trade;
        self.exit(id, trade.account, trade.security, quantity, proceeds, way)
    }

    fn gift_out(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        match self.law.gifts {
            Gifts::CarryOver => self.leave(id, Money::ZERO, Way::Gone),
            Gifts::MarketValue if row.trade.tagged("spouse") => {
                self.leave(id, Money::ZERO, Way::Spouse)
            }
            Gifts::MarketValue => {
                let value = row.at_price(row.quantity()?)?.minus(row.fee()?)?;
                self.leave(id, value, Way::Sale)
            }
        }
    }

    fn swap(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let rest = trade.rest().rarest();
        let Some(new) = rest.new_security else {
            return Err(row.missing("new_symbol"));
        };
        let Some(new_quantity) = rest.new_quantity else {
            return Err(row.missing("new_quantity"));
        };
        let (given, arrives) = (row.quantity()?, Quantity::new(new_quantity)?);
        let coins = self.class(trade.security) == Class::Crypto && self.class(new) == Class::Crypto;
        if self.law.swaps == Swaps::Neutral && coins {
            let units = match (rest.fee_asset, trade.fee()) {
                (Some(asset), Some(fee)) if asset == new => {
                    arrives.minus(Quantity::new(fee.abs())?)?
                }
                _ => arrives,
            };
            return self.turn(id, trade.account, trade.security, given, new, units);
        }
        let value = match trade.price() {
            Some(_) => row.at_price(given)?,
            None => absolute(row.total()?.ok_or_else(|| row.missing("price"))?),
        };
        let fee = self.fee_in_kind(&row, |asset, units| {
            if asset == new {
                Ok(Some(value.share(units, arrives)?))
            } else {
                Self::own_price(&row, asset, units)
            }
        })?;
        let (mut leaves, mut stays) = (given, arrives);
        let mut proceeds = value.minus(row.fee()?)?;
        match fee {
            Some((asset, units, _)) if asset == trade.security => leaves = leaves.plus(units)?,
            Some((asset, units, worth)) if asset == new => {
                stays = stays.minus(units)?;
                proceeds = proceeds.minus(worth)?;
            }
            Some((asset, units, worth)) => {
                proceeds = proceeds.minus(worth)?;
                self.exit(id, trade.account, asset, units, worth, Way::Sale)?;
            }
            None => {}
        }
        let cost = value.share(stays, arrives)?;
        self.exit(
            id,
            trade.account,
            trade.security,
            leaves,
            proceeds,
            Way::Sale,
        )?;
        self.enter(id, trade.account, new, stays, cost, Manner::Purchase, None)
    }

    /// The holders that an action acts on: that of the account it names, or all that hold the security.
    fn holders_of(&self, trade: &Trade) -> Vec<(AccountId, Holder)> {
        if trade.account_given {
            let holder = self.holders.of(trade.account);
            let held = !self.held((holder, trade.security)).is_zero();
            return held
                .then_some((trade.account, holder))
                .into_iter()
                .collect();
        }
        let mut found: Vec<(AccountId, Holder)> = Vec::new();
        for (account, _) in (0_u16..).zip(&self.history.accounts) {
            let account = AccountId(account);
            let holder = self.holders.of(account);
            let held = self.held((holder, trade.security)) > Quantity::ZERO;
            if held && found.iter().all(|(_, other)| *other != holder) {
                found.push((account, holder));
            }
        }
        found
    }

    /// The holders that a split restates: also those who hold nothing now, because a window may look across it.
    fn ever_held(&self, trade: &Trade) -> Vec<(AccountId, Holder)> {
        let mut found: Vec<Holder> = self
            .held
            .keys()
            .filter(|(_, security)| *security == trade.security)
            .map(|(holder, _)| *holder)
            .filter(|holder| !trade.account_given || *holder == self.holders.of(trade.account))
            .collect();
        found.sort_unstable();
        found
            .into_iter()
            .map(|holder| (self.account_of(holder, trade.account), holder))
            .collect()
    }

    /// Units that an action acts on in one holder: those of the account it names, or all.
    fn acted_on(&self, trade: &Trade, account: AccountId, holder: Holder) -> Quantity {
        let all = self.held((holder, trade.security));
        if trade.account_given {
            let own = self.at.get(&(account, trade.security)).copied();
            own.unwrap_or(Quantity::ZERO).min(all)
        } else {
            all
        }
    }

    /// The holders an action acts on, with the units there and in all.
    fn acting(&self, trade: &Trade) -> Result<(Vec<(AccountId, Quantity)>, Quantity), Halt> {
        let mut total = Quantity::ZERO;
        let mut parts = Vec::new();
        for (account, holder) in self.holders_of(trade) {
            let units = self.acted_on(trade, account, holder);
            total = total.plus(units)?;
            parts.push((account, units));
        }
        if total > Quantity::ZERO {
            return Ok((parts, total));
        }
        Err(Problem::at(
            trade.source,
            format!(
                "{} of {}, but none is held on {}",
                trade.action.word(),
                self.symbol(trade.security),
                self.today
            ),
        )
        .help("check the symbol, the account and the date, or add the missing purchase or `opening` row")
        .into())
    }

    fn worthless(&mut self, id: TradeId) -> Done {
        let trade = self.history.trade(id);
        for (account, units) in self.acting(trade)?.0 {
            self.exit(id, account, trade.security, units, Money::ZERO, Way::Sale)?;
        }
        Ok(())
    }

    fn split_units(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let (new, old) = match (trade.rest().rarest().ratio, trade.quantity()) {
            (Some((new, old)), _) => (Quantity::new(new)?, Quantity::new(old)?),
            (None, Some(change)) => {
                let (_, held) = self.acting(trade)?;
                let size = Quantity::new(change.abs())?;
                let after = if change.is_sign_negative() {
                    held.minus(size)?
                } else {
                    held.plus(size)?
                };
                (after, held)
            }
            (None, None) => {
                return Err(
                    Problem::at(trade.source, "a split needs a `ratio`, such as 4:1").into(),
                );
            }
        };
        if new <= Quantity::ZERO || old <= Quantity::ZERO {
            return Err(Problem::at(trade.source, "a split ratio needs two positive sides").into());
        }
        for (account, holder) in self.ever_held(trade) {
            self.scale(id, account, (holder, trade.security), new, old)?;
        }
        self.scale_open(id, trade, new, old)?;
        self.cash_in_lieu(id)
    }

    /// Restates one holding, once: a split is of the class, whichever accounts report it.
    fn scale(
        &mut self,
        id: TradeId,
        account: AccountId,
        key: Key,
        new: Quantity,
        old: Quantity,
    ) -> Done {
        if !self.split.insert((key, self.today, new, old)) {
            return Ok(());
        }
        let held = self.held(key);
        self.held.insert(key, held.share(new, old)?);
        for (at, units) in &mut self.at {
            if at.1 == key.1 && self.holders.of(at.0) == key.0 {
                *units = units.share(new, old)?;
            }
        }
        self.push(id, account, key.1, held, What::Scale { new, old });
        Ok(())
    }

    /// Short units are restated with the shares.
    fn scale_open(&mut self, id: TradeId, trade: &Trade, new: Quantity, old: Quantity) -> Done {
        let keys: Vec<Key> = self
            .open
            .iter()
            .filter(|(key, units)| key.1 == trade.security && !units.is_zero())
            .map(|(key, _)| *key)
            .collect();
        for key in keys {
            if let Some(units) = self.open.get_mut(&key) {
                *units = units.share(new, old)?;
            }
            if self.split.insert((key, self.today, new, old)) {
                let account = self.account_of(key.0, trade.account);
                self.push(id, account, key.1, Quantity::ZERO, What::Scale { new, old });
            }
        }
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

    /// `total` on a split is cash for the fraction of a unit that is left over, which is sold for it that day.
    fn cash_in_lieu(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let Some(cash) = row.total()? else {
            return Ok(());
        };
        for (account, holder) in self.holders_of(row.trade) {
            let fraction = self.held((holder, row.trade.security)).fraction();
            if !fraction.is_zero() {
                let cash = absolute(cash);
                return self.exit(id, account, row.trade.security, fraction, cash, Way::Sale);
            }
        }
        Err(Problem::at(
            row.trade.source,
            "cash for a fraction, but whole units are held after the split",
        )
        .help("check ratio and holding; a `total` on a split is cash in lieu of a fraction")
        .into())
    }

    fn stock_dividend(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        if trade.price().is_some() {
            let (quantity, value) = (row.quantity()?, row.gross()?);
            return self.enter(
                id,
                trade.account,
                trade.security,
                quantity,
                value,
                Manner::Purchase,
                None,
            );
        }
        if trade.rest().rarest().ratio.is_some() {
            return self.split_units(id);
        }
        let (parts, held) = self.acting(trade)?;
        let after = held.plus(row.quantity()?)?;
        for (account, _) in parts {
            let key = self.key(account, trade.security);
            let all = self.held(key);
            // Units of other accounts of the same holding are not increased by this row.
            let grown = all.plus(after.minus(held)?)?;
            let (new, old) = if trade.account_given {
                (grown, all)
            } else {
                (after, held)
            };
            self.scale(id, account, key, new, old)?;
        }
        self.cash_in_lieu(id)
    }

    fn spin_off(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let rest = row.trade.rest().rarest();
        let Some(to) = rest.new_security else {
            return Err(row.missing("new_symbol"));
        };
        let Some(fraction) = rest.fraction else {
            return Err(row.missing("fraction"));
        };
        let fraction = Quantity::new(fraction)?;
        if fraction > Quantity::ONE {
            let message = "the fraction of the basis that moves lies between 0 and 1";
            return Err(Problem::at(row.trade.source, message).into());
        }
        let (parts, held) = self.acting(row.trade)?;
        let arrives = self.arriving(row.trade, held)?;
        let (mut seen, mut given) = (Quantity::ZERO, Quantity::ZERO);
        for (account, quantity) in parts {
            seen = seen.plus(quantity)?;
            let total = arrives.share(seen, held)?;
            let units = total.minus(given)?;
            given = total;
            let what = What::Divide {
                to,
                units,
                fraction,
            };
            self.push(id, account, row.trade.security, quantity, what);
            self.change(account, to, units)?;
        }
        Ok(())
    }

    fn arriving(&self, trade: &Trade, held: Quantity) -> Result<Quantity, Halt> {
        match (
            trade.rest().rarest().new_quantity,
            trade.rest().rarest().ratio,
        ) {
            (Some(quantity), _) => Ok(Quantity::new(quantity)?),
            (None, Some((new, old))) => Ok(held.share(Quantity::new(new)?, Quantity::new(old)?)?),
            (None, None) => {
                let word = trade.action.word();
                let message = format!("this `{word}` needs `new_quantity` or `ratio`");
                Err(Problem::at(trade.source, message).into())
            }
        }
    }

    fn merger(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let cash = row.total()?.map(absolute);
        let (parts, held) = self.acting(trade)?;
        let Some(to) = trade.rest().rarest().new_security else {
            let cash = cash.ok_or_else(|| row.missing("new_symbol"))?;
            for (account, units) in parts {
                let part = cash.share(units, held)?;
                self.exit(id, account, trade.security, units, part, Way::Sale)?;
            }
            return Ok(());
        };
        if cash.is_some() {
            let message = format!(
                "shares and cash together in a merger are not computed for {}",
                self.law.name
            );
            return Err(Problem::at(trade.source, message)
                .help("write the part paid in cash as a `sell` and the rest as a `merger` without `total`")
                .into());
        }
        let arrives = self.arriving(trade, held)?;
        let (mut seen, mut given) = (Quantity::ZERO, Quantity::ZERO);
        for (account, units) in parts {
            seen = seen.plus(units)?;
            let total = arrives.share(seen, held)?;
            self.turn(id, account, trade.security, units, to, total.minus(given)?)?;
            given = total;
        }
        Ok(())
    }

    fn rename(&mut self, id: TradeId) -> Done {
        let trade = self.history.trade(id);
        let Some(to) = trade.rest().rarest().new_security else {
            return Err(self.valued(id).missing("new_symbol"));
        };
        if to == trade.security {
            return Err(Problem::at(trade.source, "a rename to the same symbol").into());
        }
        for (account, holder) in self.holders_of(trade) {
            let units = self.held((holder, trade.security));
            self.turn(id, account, trade.security, units, to, units)?;
        }
        Ok(())
    }

    fn turn(
        &mut self,
        id: TradeId,
        account: AccountId,
        from: SecurityId,
        quantity: Quantity,
        to: SecurityId,
        units: Quantity,
    ) -> Done {
        let held = self.held(self.key(account, from));
        if held < quantity {
            let problem = self.oversold(id, from, quantity, held);
            self.problems.push(problem);
            return Ok(());
        }
        // Every account of the holding turns; only a part of it stays where the row is.
        if quantity == held {
            for (at, own) in self.at.clone() {
                if at.1 == from && self.holders.of(at.0) == self.holders.of(account) {
                    self.at.insert(at, Quantity::ZERO);
                    let other = self.at.entry((at.0, to)).or_default();
                    *other = other.plus(units.share(own, quantity)?)?;
                }
            }
            let key = self.key(account, from);
            self.held.insert(key, Quantity::ZERO);
            let key = self.key(account, to);
            let other = self.held.entry(key).or_default();
            *other = other.plus(units)?;
        } else {
            self.change(account, from, quantity.negated())?;
            self.change(account, to, units)?;
        }
        self.push(id, account, from, quantity, What::Turn { to, units });
        Ok(())
    }

    fn return_of_capital(&mut self, id: TradeId) -> Done {
        self.spread(id, |amount| What::Return {
            amount: absolute(amount),
        })
    }

    fn basis_adjust(&mut self, id: TradeId) -> Done {
        let effective = self.history.trade(id).rest().rarest().effective;
        let later = effective.filter(|day| *day > self.today && !self.calendar.by_settlement);
        self.spread(id, |amount| What::Shift {
            amount,
            effective: later,
        })
    }

    /// Spreads the row's total over the holdings it acts on, by units.
    fn spread(&mut self, id: TradeId, what: impl Fn(Money) -> What) -> Done {
        let row = self.valued(id);
        let Some(total) = row.total()? else {
            return Err(row.missing("total"));
        };
        let (parts, held) = self.acting(row.trade)?;
        let (mut seen, mut given) = (Quantity::ZERO, Money::ZERO);
        for (account, units) in parts {
            seen = seen.plus(units)?;
            let sum = total.share(seen, held)?;
            let amount = sum.minus(given)?;
            given = sum;
            self.push(id, account, row.trade.security, units, what(amount));
        }
        Ok(())
    }

    fn transfer(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let Some(to) = trade.rest().rarest().to_account else {
            return Err(row.missing("to_account"));
        };
        let quantity = row.quantity()?;
        self.pay_transfer_fee(id, &row)?;
        self.carry(id, trade.account, to, trade.security, quantity)
    }

    /// Units go from one account to another of the same taxpayer.
    fn carry(
        &mut self,
        id: TradeId,
        from: AccountId,
        to: AccountId,
        security: SecurityId,
        quantity: Quantity,
    ) -> Done {
        let (giver, taker) = (self.holders.of(from), self.holders.of(to));
        if giver != taker {
            let taxed = self.holders.reported(giver) != self.holders.reported(taker);
            if taxed {
                let source = self.history.trade(id).source;
                return Err(Problem::at(
                    source,
                    "a transfer between a taxable account and a sheltered one or another person's is no plain transfer",
                )
                .help("write it as `sell` and `buy` at market value, or to a spouse as `gift_out` and `gift_in` with the tag `spouse`")
                .into());
            }
            if self.law.day == Day::Rows {
                while self.held((giver, security)) < quantity
                    && self.bring_forward((giver, security))
                {}
            }
            let held = self.held((giver, security));
            if held < quantity {
                let problem = self.oversold(id, security, quantity, held);
                self.problems.push(problem);
                return Ok(());
            }
            let to = (taker, security);
            self.push(id, from, security, quantity, What::Carry { to });
        }
        self.change(from, security, quantity.negated())?;
        self.change(to, security, quantity)
    }

    /// Coins paid for a transfer are disposed of at their value.
    fn pay_transfer_fee(&mut self, id: TradeId, row: &Valued<'_>) -> Done {
        let fee = self.fee_in_kind(row, |asset, units| Self::own_price(row, asset, units))?;
        match fee {
            Some((asset, units, value)) => {
                self.exit(id, row.trade.account, asset, units, value, Way::Sale)
            }
            None => Ok(()),
        }
    }

    fn transfer_out(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let quantity = row.quantity()?;
        self.pay_transfer_fee(id, &row)?;
        let key = self.key(trade.account, trade.security);
        let departures = self.transit.entry(trade.security).or_default();
        departures.push((id, key, quantity));
        Ok(())
    }

    /// An arrival is that of units that left another account before, or brings its own cost.
    fn transfer_in(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let quantity = row.quantity()?;
        if let Some(basis) = trade.rest().rarest().basis {
            let acquired = trade.rest().rarest().acquired.or(Some(Date::FIRST));
            let cost = row.amount(basis)?;
            let (account, security) = (trade.account, trade.security);
            return self.enter(
                id,
                account,
                security,
                quantity,
                cost,
                Manner::Other,
                acquired,
            );
        }
        let departures = self.transit.entry(trade.security).or_default();
        if let Some(place) = departures
            .iter()
            .position(|(_, _, units)| *units >= quantity)
        {
            let (departure, _, _) = departures.remove(place);
            let from = self.history.trade(departure).account;
            return self.carry(id, from, trade.account, trade.security, quantity);
        }
        if self.rules.unknown_basis_zero {
            self.warn(
                "basis-unknown",
                "units arrived without a basis and without a departure they belong to; they are taken to have cost nothing",
                id,
            );
            let (account, security) = (trade.account, trade.security);
            let acquired = Some(Date::FIRST);
            return self.enter(
                id,
                account,
                security,
                quantity,
                Money::ZERO,
                Manner::Other,
                acquired,
            );
        }
        Err(Problem::at(
            trade.source,
            format!(
                "{quantity} of {} arrive without a basis and without a departure they belong to",
                self.symbol(trade.security)
            ),
        )
        .help("give the row a `basis`, or add the `transfer_out`; with --unknown-basis zero they count as having cost nothing")
        .into())
    }

    fn open_short(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let (quantity, proceeds) = (row.quantity()?, row.proceeds()?);
        let (account, security) = (trade.account, trade.security);
        if !self.is_option(security) && self.law.waits_for_purchase() {
            self.change(account, security, quantity.negated())?;
            let what = What::Out {
                proceeds,
                way: Way::Sale,
                premium: false,
            };
            self.push(id, account, security, quantity, what);
            return Ok(());
        }
        self.write(id, account, security, quantity, proceeds)
    }

    fn write(
        &mut self,
        id: TradeId,
        account: AccountId,
        security: SecurityId,
        quantity: Quantity,
        proceeds: Money,
    ) -> Done {
        let key = self.key(account, security);
        let open = self.open.entry(key).or_default();
        *open = open.plus(quantity)?;
        self.push(id, account, security, quantity, What::Open { proceeds });
        Ok(())
    }

    fn cover(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let (quantity, cost) = (row.quantity()?, row.cost()?);
        let (account, security) = (trade.account, trade.security);
        if !self.is_option(security) && self.law.waits_for_purchase() {
            return self.enter(
                id,
                account,
                security,
                quantity,
                cost,
                Manner::Purchase,
                None,
            );
        }
        self.close(id, account, security, quantity, cost, false)
    }

    fn close(
        &mut self,
        id: TradeId,
        account: AccountId,
        security: SecurityId,
        quantity: Quantity,
        cost: Money,
        expired: bool,
    ) -> Done {
        let key = self.key(account, security);
        let open = self.open.entry(key).or_default();
        if *open < quantity {
            let (open, symbol) = (*open, self.symbol(security));
            let trade = self.history.trade(id);
            return Err(Problem::at(
                trade.source,
                format!(
                    "{} on {}: closes {quantity} of {symbol} but only {open} are short",
                    trade.action.word(),
                    self.today
                ),
            )
            .help("open the position first with `short` (shares) or `sto` (options), or use `buy` for a purchase")
            .into());
        }
        *open = open.minus(quantity)?;
        self.push(
            id,
            account,
            security,
            quantity,
            What::Close { cost, expired },
        );
        Ok(())
    }

    /// `open` and `close` take their side from the sign of the quantity.
    fn by_sign(&mut self, id: TradeId) -> Done {
        let trade = self.history.trade(id);
        let short = trade.quantity().is_some_and(|q| q.is_sign_negative());
        match (trade.action, short) {
            (Action::Open, true) => self.open_short(id),
            (Action::Open, false) => self.buy(id),
            (_, true) => self.cover(id),
            (_, false) => self.sell(id),
        }
    }

    /// The units a row names, or all of the position, and whether the position is short.
    fn position(&self, trade: &Trade) -> Result<(Quantity, bool), Halt> {
        let key = self.key(trade.account, trade.security);
        let held = self.held(key);
        let open = self.open.get(&key).copied().unwrap_or(Quantity::ZERO);
        let short = held <= Quantity::ZERO && !open.is_zero();
        match trade.quantity() {
            Some(quantity) => Ok((Quantity::new(quantity.abs())?, short)),
            None if short => Ok((open, true)),
            None if held > Quantity::ZERO => Ok((held, false)),
            None => Err(Problem::at(
                trade.source,
                format!(
                    "{} of {}, but no position is open",
                    trade.action.word(),
                    self.symbol(trade.security)
                ),
            )
            .help("open the position first (`bto`, `sto`), or check symbol and account")
            .into()),
        }
    }

    fn settle(&mut self, id: TradeId, amount: Money, expired: bool) -> Done {
        let trade = self.history.trade(id);
        let (quantity, short) = self.position(trade)?;
        let (account, security) = (trade.account, trade.security);
        if short {
            return self.close(id, account, security, quantity, amount, expired);
        }
        self.exit(id, account, security, quantity, amount, Way::Sale)
    }

    fn cash_settle(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let (quantity, short) = self.position(row.trade)?;
        let amount = match row.total()? {
            Some(total) => absolute(total),
            None if short => row.at_price(quantity)?.plus(row.fee()?)?,
            None => row.at_price(quantity)?.minus(row.fee()?)?,
        };
        self.settle(id, amount, false)
    }

    /// The share leg of an exercise or assignment: shares, right, units and their value at the strike.
    fn share_leg(
        &self,
        trade: &Trade,
        contracts: Quantity,
    ) -> Result<(SecurityId, Right, Quantity, Money), Halt> {
        let security = self.history.security(trade.security);
        let contract = security.contract.as_ref();
        let lacking = |what: &str| -> Halt {
            let message = format!("the {what} of {} is not known", security.symbol);
            Problem::at(trade.source, message)
                .help("use an option symbol that says it (AAPL240119C00150000), or the columns underlying, expiry, strike, right, multiplier")
                .into()
        };
        let shares = contract.and_then(|c| c.underlying);
        let shares = shares.ok_or_else(|| lacking("underlying"))?;
        let strike = contract.and_then(|c| c.strike);
        let strike = strike.ok_or_else(|| lacking("strike"))?;
        let right = match (contract.and_then(|c| c.right), security.class) {
            (Some(right), _) => right,
            (None, Class::Right) => Right::Call,
            (None, _) => return Err(lacking("right (call or put)")),
        };
        let multiplier = Quantity::new(security.multiplier())?;
        let quantity = contracts.share(multiplier, Quantity::ONE)?;
        let row = Valued {
            trade,
            history: self.history,
            rates: &self.rules.rates,
        };
        let value = row.converted_product(quantity, strike)?;
        Ok((shares, right, quantity, value))
    }

    fn exercise(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let (quantity, short) = self.position(trade)?;
        if short {
            let message = "only a holder can exercise; a written option is assigned";
            return Err(Problem::at(trade.source, message)
                .help("use the action `assign`")
                .into());
        }
        let (shares, right, units, value) = self.share_leg(trade, quantity)?;
        let held = self.held(self.key(trade.account, trade.security));
        if held < quantity {
            let problem = self.oversold(id, trade.security, quantity, held);
            self.problems.push(problem);
            return Ok(());
        }
        self.change(trade.account, trade.security, quantity.negated())?;
        self.push(id, trade.account, trade.security, quantity, What::Release);
        self.share_move(id, shares, right == Right::Call, units, value)
    }

    fn assign(&mut self, id: TradeId) -> Done {
        let trade = self.history.trade(id);
        let (quantity, _) = self.position(trade)?;
        let (shares, right, units, value) = self.share_leg(trade, quantity)?;
        self.close(
            id,
            trade.account,
            trade.security,
            quantity,
            Money::ZERO,
            false,
        )?;
        if let Some(last) = self.moves.last_mut() {
            last.what = What::Assign;
        }
        self.share_move(id, shares, right == Right::Put, units, value)
    }

    /// The shares bought or sold at the strike; the option's premium joins when it is known.
    fn share_move(
        &mut self,
        id: TradeId,
        shares: SecurityId,
        bought: bool,
        units: Quantity,
        value: Money,
    ) -> Done {
        let row = self.valued(id);
        let account = row.trade.account;
        let fee = row.fee()?;
        if bought {
            self.enter(
                id,
                account,
                shares,
                units,
                value.plus(fee)?,
                Manner::Purchase,
                None,
            )?;
        } else {
            self.exit(id, account, shares, units, value.minus(fee)?, Way::Sale)?;
        }
        if let Some(last) = self.moves.last_mut() {
            match &mut last.what {
                What::In { premium, .. } | What::Out { premium, .. } => *premium = true,
                _ => {}
            }
        }
        Ok(())
    }

    fn pnl(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let Some(total) = row.total()? else {
            return Err(row.missing("total"));
        };
        let trade = row.trade;
        let what = What::Amount { total };
        self.push(id, trade.account, trade.security, Quantity::ZERO, what);
        Ok(())
    }

    /// Funding joins the cost of the open position; without one it is a result of its own.
    fn funding(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let Some(total) = row.total()? else {
            return Err(row.missing("total"));
        };
        let trade = row.trade;
        let held = self.held(self.key(trade.account, trade.security));
        let what = if held > Quantity::ZERO {
            What::Shift {
                amount: total.negated(),
                effective: None,
            }
        } else {
            What::Amount { total }
        };
        self.push(id, trade.account, trade.security, held, what);
        Ok(())
    }
}

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
        | Action::BasisAdjust => 0,
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
