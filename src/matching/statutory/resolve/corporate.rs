//! Splits, spin-offs, mergers, renames, returns of capital and adjustments.

use super::{Done, Resolver};
use rust_decimal::Decimal;

use crate::diagnostic::Problem;
use crate::jurisdiction::Boot;
use crate::matching::Halt;
use crate::matching::corporate::refuse_ratio;
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
    pub(super) fn scale(
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
        self.held.insert(key, held.restated(new, old)?);
        for (at, units) in &mut self.at {
            if at.1 == key.1 && self.holders.of(at.0) == key.0 {
                *units = units.restated(new, old)?;
            }
        }
        self.push(id, account, key.1, held, What::Scale { new, old });
        Ok(())
    }

    /// Short units are restated with the shares.
    pub(super) fn scale_open(
        &mut self,
        id: TradeId,
        trade: &Trade,
        new: Quantity,
        old: Quantity,
    ) -> Done {
        let keys: Vec<Key> = self
            .open
            .iter()
            .filter(|(key, units)| key.1 == trade.security && !units.is_zero())
            .map(|(key, _)| *key)
            .collect();
        for key in keys {
            if let Some(units) = self.open.get_mut(&key) {
                *units = units.restated(new, old)?;
            }
            if self.split.insert((key, self.today, new, old)) {
                let account = self.account_of(key.0, trade.account);
                self.push(id, account, key.1, Quantity::ZERO, What::Scale { new, old });
            }
        }
        Ok(())
    }

    /// `total` on a split is cash for the fraction of a unit that is left over, which is sold for it that day.
    pub(super) fn cash_in_lieu(&mut self, id: TradeId) -> Done {
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

    pub(super) fn spin_off(&mut self, id: TradeId) -> Done {
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
        let (parts, held) = self.acting(trade)?;
        let Some(to) = trade.rest().rarest().new_security else {
            let cash = cash.ok_or_else(|| row.missing("new_symbol"))?;
            for (account, units) in parts {
                let part = cash.share(units, held)?;
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

    /// Cash beside new shares: small it lowers the cost, else it is for a part of what was held, by the values of cash
    /// and shares (TCGA 1992 s 128, s 129, s 122).
    fn beside_shares(
        &mut self,
        id: TradeId,
        (cash, arrives): (Money, Quantity),
        parts: &[(AccountId, Quantity)],
        held: Quantity,
    ) -> Done {
        let row = self.valued(id);
        let Boot::PartDisposal { small, percent } = self.law.boot else {
            let message = format!(
                "shares and cash together in a merger are not computed for {}: what of the cost belongs to the cash is not stated there",
                self.law.name
            );
            return Err(Problem::at(row.trade.source, message)
                .help("write the part paid in cash as a `sell` and the rest as a `merger` without `total`")
                .into());
        };
        let shares = row.at_price(arrives)?;
        let whole = cash.plus(shares)?;
        let limit = whole.times(Decimal::new(percent, 2))?;
        let small_amount = Money::new(Decimal::from(small))?;
        let not_above =
            |other: Money| -> Result<bool, Halt> { Ok(!other.minus(cash)?.is_negative()) };
        let is_small = not_above(small_amount)? || not_above(limit)?;
        let of = (
            Quantity::new(cash.to_decimal())?,
            Quantity::new(whole.to_decimal())?,
        );
        let (mut seen, mut given) = (Quantity::ZERO, Money::ZERO);
        for (account, units) in parts {
            seen = seen.plus(*units)?;
            let sum = cash.share(seen, held)?;
            let proceeds = sum.minus(given)?;
            given = sum;
            let what = if is_small {
                What::Return { amount: proceeds }
            } else {
                What::Part { proceeds, of }
            };
            self.push(id, *account, row.trade.security, *units, what);
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
        Ok(())
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
            while let Some((before, became)) = self.turned_before(account, from, to) {
                (quantity, units) = (quantity.plus(before)?, units.plus(became)?);
            }
        }
        self.push(id, account, from, quantity, What::Turn { to, units, ratio });
        Ok(())
    }

    /// What a row for another account of the holding turned just before, taken back: the rows of all accounts are one
    /// change of the whole holding.
    fn turned_before(
        &mut self,
        account: AccountId,
        from: SecurityId,
        to: SecurityId,
    ) -> Option<(Quantity, Quantity)> {
        let (key, other) = (self.key(account, from), self.key(account, to));
        let touches = |step: &Move| step.key == key || step.key == other;
        let last = self.moves.iter().rposition(touches)?;
        let step = self.moves.get(last)?;
        match step.what {
            What::Turn {
                to: same,
                units,
                ratio: None,
            } if step.day == self.today && step.key == key && same == to => {
                let quantity = step.quantity;
                self.moves.remove(last);
                Some((quantity, units))
            }
            _ => None,
        }
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
