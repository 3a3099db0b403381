//! Splits, spin-offs, mergers, renames, returns of capital and adjustments.

use super::{Done, Resolver};

use crate::date::Date;
use crate::diagnostic::Problem;
use crate::jurisdiction::Boot;
use crate::matching::Halt;
use crate::matching::corporate::{refuse_ratio, short_at_merger};
use crate::matching::splits::{DAYS_OF_ONE_EVENT, Saying};
use crate::matching::statutory::moves::{Holder, Key, Manner, Move, Way, What};
use crate::matching::value::absolute;
use crate::money::{Money, Quantity};
use crate::trade::{AccountId, SecurityId, Trade, TradeId};

/// Units that become units of another security.
pub(super) struct Turned {
    pub from: SecurityId,
    pub quantity: Quantity,
    pub to: SecurityId,
    pub units: Quantity,
    /// Units after and before, where the other security takes the place of the first.
    pub ratio: Option<(Quantity, Quantity)>,
}

/// A spin-off that the row of one account began, for the rows of the others.
#[derive(Debug)]
pub(super) struct Divided {
    /// The row.
    first: TradeId,
    key: Key,
    to: SecurityId,
    fraction: Quantity,
    /// Units of the whole holding then.
    held: Quantity,
    day: Date,
    /// The accounts whose rows said it.
    said_by: Vec<AccountId>,
}

/// An account's part of a change of the whole holding.
struct Before {
    quantity: Quantity,
    units: Quantity,
    /// Cash beside it, and cash and new shares together.
    beside: Option<(Money, Money)>,
}

impl<'a> Resolver<'a> {
    /// The holders that an action acts on: that of the account it names, or all that hold the security.
    pub(super) fn holders_of(&self, trade: &Trade) -> Vec<(AccountId, Holder)> {
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

    /// The holders that a split or a new name reaches: also those who hold nothing now, because a window may look across
    /// it, and those who are short.
    pub(super) fn ever_held(&self, trade: &Trade) -> Vec<(AccountId, Holder)> {
        let mut found: Vec<Holder> = self
            .held
            .keys()
            .chain(self.open.keys())
            .filter(|(_, security)| *security == trade.security)
            .map(|(holder, _)| *holder)
            .filter(|holder| !trade.account_given || *holder == self.holders.of(trade.account))
            .collect();
        found.sort_unstable();
        found.dedup();
        found
            .into_iter()
            .map(|holder| (self.account_of(holder, trade.account), holder))
            .collect()
    }

    /// Units that an action acts on in one holder: those of the account it names, or all.
    pub(super) fn acted_on(&self, trade: &Trade, account: AccountId, holder: Holder) -> Quantity {
        let all = self.held((holder, trade.security));
        if trade.account_given {
            let own = self.at.get(&(account, trade.security)).copied();
            own.unwrap_or(Quantity::ZERO).min(all)
        } else {
            all
        }
    }

    /// The holders an action acts on, with the units there and in all.
    pub(super) fn acting(
        &self,
        trade: &Trade,
    ) -> Result<(Vec<(AccountId, Quantity)>, Quantity), Halt> {
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

    pub(super) fn split_units(&mut self, id: TradeId) -> Done {
        let trade = self.history.trade(id);
        match (trade.rest().rarest().ratio, trade.quantity()) {
            (Some((new, old)), _) => {
                self.split_by_ratio(id, (Quantity::new(new)?, Quantity::new(old)?))?;
            }
            (None, Some(change)) => {
                let size = Quantity::new(change.abs())?;
                let change = if change.is_sign_negative() {
                    size.negated()
                } else {
                    size
                };
                let (_, held) = self.acting(trade)?;
                if held.plus(change)? <= Quantity::ZERO {
                    let symbol = self.symbol(trade.security);
                    let message =
                        format!("a change of {change} on {held} {symbol} held leaves none");
                    return Err(Problem::at(trade.source, message)
                        .help("give the `ratio` as new:old, such as 4:1 or 1:10")
                        .into());
                }
                self.grow(id, change)?;
            }
            (None, None) => {
                return Err(
                    Problem::at(trade.source, "a split needs a `ratio`, such as 4:1").into(),
                );
            }
        }
        self.cash_after_split(id)
    }

    /// A split is of the class: the rows of all accounts of a holding restate it once.
    fn split_by_ratio(&mut self, id: TradeId, (new, old): (Quantity, Quantity)) -> Done {
        let trade = self.history.trade(id);
        if new <= Quantity::ZERO || old <= Quantity::ZERO {
            return Err(no_ratio(trade));
        }
        self.adjust_options(trade, trade.security, (new, old))?;
        let said_by = trade.account_given.then_some(trade.account);
        for (account, holder) in self.ever_held(trade) {
            let key = (holder, trade.security);
            match self.splits.say(key, (new, old), self.today, said_by) {
                Saying::New => self.scale(id, account, key, (new, old), None)?,
                Saying::SameDay => {}
                Saying::Later => self.warn(
                    "split-on-two-days",
                    "several accounts book a split of one ratio within ten days: it is taken to be one split of all that is held, on the first of these days; give two splits one day each, without an `account`, if they are two",
                    id,
                ),
            }
        }
        Ok(())
    }

    /// Units that come to what is held, or leave it, without a change of cost: to what the account of the row holds, or to
    /// all holdings by one ratio.
    fn grow(&mut self, id: TradeId, change: Quantity) -> Done {
        let trade = self.history.trade(id);
        let (parts, held) = self.acting(trade)?;
        let after = held.plus(change)?;
        if after <= Quantity::ZERO {
            return Err(no_ratio(trade));
        }
        self.adjust_options(trade, trade.security, (after, held))?;
        for (account, _) in parts {
            let key = self.key(account, trade.security);
            if trade.account_given {
                let all = self.held(key);
                self.scale(id, account, key, (all.plus(change)?, all), Some(account))?;
            } else {
                self.scale(id, account, key, (after, held), None)?;
            }
        }
        Ok(())
    }

    /// Restates what is held of one holding, and what is short of it; in the accounts by the same ratio, or in the only one
    /// to which the units came.
    fn scale(
        &mut self,
        id: TradeId,
        account: AccountId,
        key: Key,
        (new, old): (Quantity, Quantity),
        only: Option<AccountId>,
    ) -> Done {
        let held = self.held(key);
        self.held.insert(key, held.restated(new, old)?);
        if let Some(short) = self.open.get_mut(&key) {
            *short = short.restated(new, old)?;
        }
        if let Some(only) = only {
            let at = self.at.entry((only, key.1)).or_default();
            *at = at.plus(new.minus(old)?)?;
        } else {
            // Each takes its part of the new total, so that the accounts add up to the holding.
            let (mut before, mut given) = (Quantity::ZERO, Quantity::ZERO);
            for account in self.accounts_of(key) {
                let at = self.at.entry((account, key.1)).or_default();
                before = before.plus(*at)?;
                let total = before.restated(new, old)?;
                *at = total.minus(given)?;
                given = total;
            }
        }
        self.push(id, account, key.1, held, What::Scale { new, old });
        Ok(())
    }

    /// The accounts that a holding has had units in.
    fn accounts_of(&self, key: Key) -> Vec<AccountId> {
        let of_key = |(account, security): &&(AccountId, SecurityId)| {
            *security == key.1 && self.holders.of(*account) == key.0
        };
        let accounts = self.at.keys().filter(of_key);
        let mut accounts: Vec<AccountId> = accounts.map(|(account, _)| *account).collect();
        accounts.sort_unstable();
        accounts
    }

    /// Cash for the fractions that a split leaves of what accounts hold.
    fn cash_after_split(&mut self, id: TradeId) -> Done {
        let trade = self.history.trade(id);
        let mut units = Vec::new();
        for (account, holder) in self.holders_of(trade) {
            let key = (holder, trade.security);
            let accounts = if trade.account_given {
                vec![account]
            } else {
                self.accounts_of(key)
            };
            for account in accounts {
                let at = self.at.get(&(account, trade.security)).copied();
                units.push((account, at.unwrap_or(Quantity::ZERO).min(self.held(key))));
            }
        }
        self.cash_in_lieu(id, trade.security, &units)
    }

    /// `total` on a split or spin-off is cash for the fraction of a unit that each account has left over, which is sold for
    /// it that day.
    fn cash_in_lieu(
        &mut self,
        id: TradeId,
        security: SecurityId,
        units: &[(AccountId, Quantity)],
    ) -> Done {
        let row = self.valued(id);
        for (account, fraction, cash) in row.cash_for_fractions(units, self.rules.places)? {
            self.exit(id, account, security, fraction, cash, Way::Sale)?;
        }
        Ok(())
    }

    pub(super) fn stock_dividend(&mut self, id: TradeId) -> Done {
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
        self.grow(id, row.quantity()?)?;
        self.cash_after_split(id)
    }

    pub(super) fn spin_off(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let rest = trade.rest().rarest();
        let Some(to) = rest.new_security else {
            return Err(row.missing("new_symbol"));
        };
        let Some(fraction) = rest.fraction else {
            return Err(row.missing("fraction"));
        };
        let fraction = Quantity::new(fraction)?;
        if fraction > Quantity::ONE {
            let message = "the fraction of the basis that moves lies between 0 and 1";
            return Err(Problem::at(trade.source, message).into());
        }
        let (parts, held) = self.acting(trade)?;
        let arrives = self.arriving(trade, held)?;
        let (mut seen, mut given) = (Quantity::ZERO, Quantity::ZERO);
        let mut came = Vec::new();
        for (account, quantity) in parts {
            seen = seen.plus(quantity)?;
            let total = arrives.share(seen, held)?;
            let units = total.minus(given)?;
            given = total;
            if !self.divided_before(id, (to, fraction), (quantity, units))? {
                self.begin_dividing(id, account, (to, fraction));
                let what = What::Divide {
                    to,
                    units,
                    fraction,
                };
                self.push(id, account, trade.security, quantity, what);
            }
            self.arrive_beside(trade, account, (to, units), &mut came)?;
        }
        self.cash_in_lieu(id, to, &came)
    }

    /// Units that come to a holding beside others lie in the accounts where those lie.
    fn arrive_beside(
        &mut self,
        trade: &Trade,
        account: AccountId,
        (to, units): (SecurityId, Quantity),
        came: &mut Vec<(AccountId, Quantity)>,
    ) -> Done {
        let key = self.key(account, trade.security);
        let mut accounts = vec![(account, Quantity::ONE)];
        if !trade.account_given {
            let at = |account| (account, self.at.get(&(account, trade.security)).copied());
            let held = self.accounts_of(key).into_iter().map(at);
            let held = held.filter_map(|(account, units)| Some((account, units?)));
            let held: Vec<_> = held.filter(|(_, units)| *units > Quantity::ZERO).collect();
            if !held.is_empty() {
                accounts = held;
            }
        }
        let mut whole = Quantity::ZERO;
        for (_, held) in &accounts {
            whole = whole.plus(*held)?;
        }
        let (mut seen, mut given) = (Quantity::ZERO, Quantity::ZERO);
        for (account, held) in accounts {
            seen = seen.plus(held)?;
            let total = units.share(seen, whole)?;
            let own = total.minus(given)?;
            given = total;
            self.change(account, to, own)?;
            came.push((account, own));
        }
        Ok(())
    }

    /// Remembers the spin-off that a row of one account begins.
    fn begin_dividing(
        &mut self,
        id: TradeId,
        account: AccountId,
        (to, fraction): (SecurityId, Quantity),
    ) {
        let trade = self.history.trade(id);
        if !trade.account_given {
            return;
        }
        let key = self.key(account, trade.security);
        self.divided.push(Divided {
            first: id,
            key,
            to,
            fraction,
            held: self.held(key),
            day: self.today,
            said_by: vec![account],
        });
    }

    /// Whether a row goes on with a spin-off that another account's row has begun: units and cost of both are one change of
    /// the whole holding, so that the second takes no part of what the first has left.
    fn divided_before(
        &mut self,
        id: TradeId,
        (to, fraction): (SecurityId, Quantity),
        (quantity, units): (Quantity, Quantity),
    ) -> Result<bool, Halt> {
        let trade = self.history.trade(id);
        if !trade.account_given {
            return Ok(false);
        }
        let (account, today) = (trade.account, self.today);
        let key = self.key(account, trade.security);
        let begun = |one: &&mut Divided| {
            (one.key, one.to, one.fraction) == (key, to, fraction)
                && today.days_since(one.day) <= DAYS_OF_ONE_EVENT
                && !one.said_by.contains(&account)
        };
        let Some(begun) = self.divided.iter_mut().find(begun) else {
            return Ok(false);
        };
        let first = |step: &Move| {
            step.trade == begun.first
                && matches!(step.what, What::Divide { to: same, .. } if same == to)
        };
        // Units of before a split, or of what has become others, are no units of now.
        let restated = |step: &Move| {
            let own = step.key == key || step.key == (key.0, to);
            own && matches!(step.what, What::Scale { .. } | What::Turn { .. })
        };
        let Some(place) = self.moves.iter().rposition(first) else {
            return Ok(false);
        };
        let Some([step, since @ ..]) = self.moves.get_mut(place..) else {
            return Ok(false);
        };
        if since.iter().any(restated) {
            return Ok(false);
        }
        step.quantity = step.quantity.plus(quantity)?.min(begun.held);
        if let What::Divide { units: before, .. } = &mut step.what {
            *before = before.plus(units)?;
        }
        begun.said_by.push(account);
        Ok(true)
    }

    pub(super) fn arriving(&self, trade: &Trade, held: Quantity) -> Result<Quantity, Halt> {
        match (
            trade.rest().rarest().new_quantity,
            trade.rest().rarest().ratio,
        ) {
            (Some(quantity), _) => Ok(Quantity::new(quantity)?),
            (None, Some((new, old))) => {
                Ok(held.restated(Quantity::new(new)?, Quantity::new(old)?)?)
            }
            (None, None) => {
                let word = trade.action.word();
                let message = format!("this `{word}` needs `new_quantity` or `ratio`");
                Err(Problem::at(trade.source, message).into())
            }
        }
    }

    pub(super) fn merger(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let cash = row.total()?.map(absolute);
        if let (Some(to), None, true) = (
            trade.rest().rarest().new_security,
            cash,
            self.only_short(trade),
        ) {
            return self.turn_short(id, to);
        }
        if cash.is_some() {
            self.refuse_shorts(trade)?;
        }
        let (parts, held) = self.acting(trade)?;
        let Some(to) = trade.rest().rarest().new_security else {
            let cash = cash.ok_or_else(|| row.missing("new_symbol"))?;
            let (mut seen, mut given) = (Quantity::ZERO, Money::ZERO);
            for (account, units) in parts {
                seen = seen.plus(units)?;
                let sum = cash.share(seen, held)?;
                let part = sum.minus(given)?;
                given = sum;
                self.exit(id, account, trade.security, units, part, Way::Sale)?;
            }
            return Ok(());
        };
        let arrives = self.arriving(trade, held)?;
        if let Some(cash) = cash {
            self.beside_shares(id, (cash, arrives), &parts, held)?;
        }
        let (mut seen, mut given) = (Quantity::ZERO, Quantity::ZERO);
        for (account, units) in parts {
            seen = seen.plus(units)?;
            let total = arrives.share(seen, held)?;
            let turned = Turned {
                from: trade.security,
                quantity: units,
                to,
                units: total.minus(given)?,
                ratio: Some((arrives, held)),
            };
            self.turn(id, account, turned)?;
            given = total;
        }
        Ok(())
    }

    /// Whether nobody holds the security that a row acts on, and somebody is short of it.
    fn only_short(&self, trade: &Trade) -> bool {
        self.holders_of(trade).is_empty() && !self.short_of(trade).is_empty()
    }

    /// Holders who are short of the security that a row acts on, with the units they owe.
    fn short_of(&self, trade: &Trade) -> Vec<(Holder, Quantity)> {
        let reached = self.ever_held(trade).into_iter();
        let owed = reached.map(|(_, holder)| {
            let key = (holder, trade.security);
            let open = self.open.get(&key).copied().unwrap_or(Quantity::ZERO);
            (holder, open.plus(self.held(key).negated()).unwrap_or(open))
        });
        owed.filter(|(_, units)| *units > Quantity::ZERO).collect()
    }

    /// Shares for shares where all that there is of them is short: what is owed is then owed in the new ones.
    fn turn_short(&mut self, id: TradeId, to: SecurityId) -> Done {
        let trade = self.history.trade(id);
        let short = self.short_of(trade);
        let mut owed = Quantity::ZERO;
        for (_, units) in &short {
            owed = owed.plus(*units)?;
        }
        let ratio = (self.arriving(trade, owed)?, owed);
        for (holder, _) in short {
            self.turn_all(id, holder, to, ratio)?;
        }
        Ok(())
    }

    /// All that a holder has of a security, owes of it or waits for becomes another.
    fn turn_all(
        &mut self,
        id: TradeId,
        holder: Holder,
        to: SecurityId,
        (new, old): (Quantity, Quantity),
    ) -> Done {
        let trade = self.history.trade(id);
        let quantity = self.held((holder, trade.security));
        let turned = Turned {
            from: trade.security,
            quantity,
            to,
            units: quantity.restated(new, old)?,
            ratio: Some((new, old)),
        };
        let account = if trade.account_given {
            trade.account
        } else {
            self.account_of(holder, trade.account)
        };
        self.turn(id, account, turned)
    }

    /// Cash beside new shares is for a part of what was held, by the values of cash and shares.
    fn beside_shares(
        &mut self,
        id: TradeId,
        (cash, arrives): (Money, Quantity),
        parts: &[(AccountId, Quantity)],
        held: Quantity,
    ) -> Done {
        let row = self.valued(id);
        if self.law.boot == Boot::NotStated {
            let message = format!(
                "shares and cash together in a merger are not computed for {}: what of the cost belongs to the cash is not stated there",
                self.law.name
            );
            return Err(Problem::at(row.trade.source, message)
                .help("write the part paid in cash as a `sell` and the rest as a `merger` without `total`")
                .into());
        }
        let whole = cash.plus(row.at_price(arrives)?)?;
        let (mut seen, mut given) = (Quantity::ZERO, (Money::ZERO, Money::ZERO));
        for (account, units) in parts {
            seen = seen.plus(*units)?;
            let sum = (cash.share(seen, held)?, whole.share(seen, held)?);
            let what = What::Part {
                proceeds: sum.0.minus(given.0)?,
                whole: sum.1.minus(given.1)?,
            };
            given = sum;
            self.push(id, *account, row.trade.security, *units, what);
        }
        Ok(())
    }

    /// Cash for all shares says nothing of those that are owed.
    fn refuse_shorts(&self, trade: &Trade) -> Done {
        for (account, holder) in self.ever_held(trade) {
            let key = (holder, trade.security);
            let open = self.open.get(&key).copied().unwrap_or(Quantity::ZERO);
            let owed = open.plus(self.held(key).negated().max(Quantity::ZERO))?;
            if owed > Quantity::ZERO {
                return Err(short_at_merger(self.history, trade, (account, owed)).into());
            }
        }
        Ok(())
    }

    pub(super) fn rename(&mut self, id: TradeId) -> Done {
        let trade = self.history.trade(id);
        let Some(to) = trade.rest().rarest().new_security else {
            return Err(self.valued(id).missing("new_symbol"));
        };
        if to == trade.security {
            return Err(Problem::at(trade.source, "a rename to the same symbol").into());
        }
        refuse_ratio(trade)?;
        // Also of those who hold nothing now: a window may look across it.
        for (_, holder) in self.ever_held(trade) {
            self.turn_all(id, holder, to, (Quantity::ONE, Quantity::ONE))?;
        }
        self.adjust_options(trade, to, (Quantity::ONE, Quantity::ONE))
    }

    pub(super) fn turn(&mut self, id: TradeId, account: AccountId, turned: Turned) -> Done {
        let Turned {
            from,
            quantity,
            to,
            units,
            ratio,
        } = turned;
        let held = self.held(self.key(account, from));
        if held < quantity {
            let problem = self.oversold(id, from, quantity, held);
            self.problems.push(problem);
            return Ok(());
        }
        // Every account of the holding turns; only a part of it stays where the row is.
        let ratio = ratio.filter(|_| quantity == held);
        match ratio {
            Some(ratio) => self.succeed(id, account, &turned, ratio)?,
            None => {
                self.change(account, from, quantity.negated())?;
                self.change(account, to, units)?;
            }
        }
        let (mut quantity, mut units) = (quantity, units);
        if ratio.is_some() {
            while let Some(before) = self.turned_before(id, account, (from, to)) {
                quantity = quantity.plus(before.quantity)?;
                units = units.plus(before.units)?;
                self.join_beside(id, before.beside)?;
            }
        }
        self.push(id, account, from, quantity, What::Turn { to, units, ratio });
        Ok(())
    }

    /// What a row for another account of the holding turned just before, taken back: the rows of all accounts are one
    /// change of the whole holding, and the cash beside it one sum.
    fn turned_before(
        &mut self,
        id: TradeId,
        account: AccountId,
        (from, to): (SecurityId, SecurityId),
    ) -> Option<Before> {
        let (key, other) = (self.key(account, from), self.key(account, to));
        let touches = |step: &Move| step.trade != id && (step.key == key || step.key == other);
        let last = self.moves.iter().rposition(touches)?;
        let step = *self.moves.get(last)?;
        let units = match step.what {
            What::Turn {
                to: same,
                units,
                ratio: None,
            } if step.day == self.today && step.key == key && same == to => units,
            _ => return None,
        };
        let beside = |row: TradeId| {
            let of_row = |step: &Move| {
                step.trade == row && step.key == key && matches!(step.what, What::Part { .. })
            };
            self.moves.iter().rposition(of_row)
        };
        let (own, place) = (beside(id), beside(step.trade));
        // Cash for a part of the holding alone is taken of the cost of that part.
        if own.is_some() != place.is_some() {
            return None;
        }
        self.moves.remove(last);
        let beside = place.map(|place| self.moves.remove(place).what);
        Some(Before {
            quantity: step.quantity,
            units,
            beside: match beside {
                Some(What::Part { proceeds, whole }) => Some((proceeds, whole)),
                _ => None,
            },
        })
    }

    /// Adds the cash that another account's row had beside its shares to that of this row.
    fn join_beside(&mut self, id: TradeId, beside: Option<(Money, Money)>) -> Done {
        let Some((cash, both)) = beside else {
            return Ok(());
        };
        let own = self.moves.iter_mut().rev();
        let mut own = own.filter(|step| step.trade == id);
        if let Some(What::Part { proceeds, whole }) = own.next().map(|step| &mut step.what) {
            *proceeds = proceeds.plus(cash)?;
            *whole = whole.plus(both)?;
        }
        Ok(())
    }

    /// One security takes the place of another in a whole holding: what is held of it, account by account, and what is
    /// short of it.
    fn succeed(
        &mut self,
        id: TradeId,
        account: AccountId,
        turned: &Turned,
        (new, old): (Quantity, Quantity),
    ) -> Done {
        let (key, other) = (self.key(account, turned.from), self.key(account, turned.to));
        if turned.quantity.is_negative() && !self.held(other).is_zero() {
            return Err(self.both_sides(id, turned.to));
        }
        for (at, own) in self.at.clone() {
            if at.1 == turned.from && self.holders.of(at.0) == key.0 {
                self.at.remove(&at);
                let there = self.at.entry((at.0, turned.to)).or_default();
                *there = there.plus(own.restated(new, old)?)?;
            }
        }
        self.held.remove(&key);
        let held = self.held.entry(other).or_default();
        *held = held.plus(turned.units)?;
        if let Some(short) = self.open.remove(&key) {
            let open = self.open.entry(other).or_default();
            *open = open.plus(short.restated(new, old)?)?;
        }
        Ok(())
    }

    /// What is owed of one security cannot be told from what is held of the other.
    fn both_sides(&self, id: TradeId, to: SecurityId) -> Halt {
        let trade = self.history.trade(id);
        let (old, new) = (self.symbol(trade.security), self.symbol(to));
        Problem::at(
            trade.source,
            format!("{old} is short and becomes {new}, of which units are held: not computed"),
        )
        .help("close the short before the row and open it again after it, at the same price")
        .into()
    }

    pub(super) fn return_of_capital(&mut self, id: TradeId) -> Done {
        self.spread(id, |amount| What::Return {
            amount: absolute(amount),
        })
    }

    pub(super) fn basis_adjust(&mut self, id: TradeId) -> Done {
        let effective = self.history.trade(id).rest().rarest().effective;
        let later = effective.filter(|day| *day > self.today && !self.calendar.by_settlement);
        self.spread(id, |amount| What::Shift {
            amount,
            effective: later,
        })
    }

    /// Spreads the row's total over the holdings it acts on, by units.
    pub(super) fn spread(&mut self, id: TradeId, what: impl Fn(Money) -> What) -> Done {
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
}

fn no_ratio(trade: &Trade) -> Halt {
    Problem::at(trade.source, "a split ratio needs two positive sides").into()
}
