//! Short sales and options: opened, closed, exercised, assigned, settled in cash.

use super::{Done, Resolver};
use crate::diagnostic::Problem;
use crate::matching::Halt;
use crate::matching::splits::Saying;
use crate::matching::statutory::moves::{Manner, Way, What};
use crate::matching::terms::ShareLeg;
use crate::matching::value::{Valued, absolute};
use crate::money::{Money, Quantity};
use crate::trade::{AccountId, Action, Class, Right, SecurityId, Trade, TradeId};

impl<'a> Resolver<'a> {
    /// With --allow-short, units beyond those held open a short position.
    pub(super) fn sell_short(
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

    pub(super) fn open_short(&mut self, id: TradeId) -> Done {
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

    pub(super) fn write(
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

    pub(super) fn cover(&mut self, id: TradeId) -> Done {
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

    pub(super) fn close(
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
    pub(super) fn by_sign(&mut self, id: TradeId) -> Done {
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
    pub(super) fn position(&self, trade: &Trade) -> Result<(Quantity, bool), Halt> {
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

    pub(super) fn settle(&mut self, id: TradeId, amount: Money, expired: bool) -> Done {
        let trade = self.history.trade(id);
        let (quantity, short) = self.position(trade)?;
        let (account, security) = (trade.account, trade.security);
        if short {
            return self.close(id, account, security, quantity, amount, expired);
        }
        self.exit(id, account, security, quantity, amount, Way::Sale)
    }

    pub(super) fn cash_settle(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let (quantity, short) = self.position(row.trade)?;
        let amount = match row.total()? {
            Some(total) => absolute(total),
            None if short => row.at_price(quantity)?.plus(row.fee()?)?,
            None => row.at_price(quantity)?.minus(row.fee()?)?,
        };
        self.settle(id, amount, false)
    }

    /// The share leg of an exercise or assignment, its value in the currency of the report.
    fn share_leg(&self, trade: &Trade, contracts: Quantity) -> Result<ShareLeg, Halt> {
        let leg = self.terms.share_leg(self.history, trade, contracts)?;
        let row = Valued {
            trade,
            history: self.history,
            rates: &self.rules.rates,
        };
        let value = row.in_report_currency(leg.value)?;
        Ok(ShareLeg { value, ..leg })
    }

    /// Options on a security that are held or written follow a split of it, or its new name; the rows of several accounts
    /// say one split.
    pub(super) fn adjust_options(
        &mut self,
        trade: &Trade,
        now: SecurityId,
        ratio: (Quantity, Quantity),
    ) -> Done {
        let said_by = trade.account_given.then_some(trade.account);
        let of = (trade.security, now);
        if now == trade.security
            && self.restated.say(of.0, ratio, self.today, said_by) != Saying::New
        {
            return Ok(());
        }
        for option in self.open_options_on(of.0) {
            self.terms.follow(self.history, option, now, ratio)?;
        }
        Ok(())
    }

    /// Options on a security that are held or written. One that a row of today turned another into has its new terms
    /// already.
    fn open_options_on(&self, underlying: SecurityId) -> Vec<SecurityId> {
        let positions = self.held.iter().chain(&self.open);
        let open = positions.filter(|(_, units)| !units.is_zero());
        let mut open: Vec<SecurityId> = open.map(|((_, security), _)| *security).collect();
        open.sort_unstable();
        open.dedup();
        open.retain(|option| {
            self.class(*option) == Class::Option
                && self.terms.underlying(self.history, *option) == Some(underlying)
        });
        let today = self.moves.iter().rev();
        let today = today.take_while(|step| step.day == self.today);
        for step in today {
            if let What::Turn { to, .. } = step.what {
                open.retain(|option| *option != to);
            }
        }
        open
    }

    pub(super) fn exercise(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let (quantity, short) = self.position(trade)?;
        if short {
            let message = "only a holder can exercise; a written option is assigned";
            return Err(Problem::at(trade.source, message)
                .help("use the action `assign`")
                .into());
        }
        let leg = self.share_leg(trade, quantity)?;
        let held = self.held(self.key(trade.account, trade.security));
        if held < quantity {
            let problem = self.oversold(id, trade.security, quantity, held);
            self.problems.push(problem);
            return Ok(());
        }
        self.change(trade.account, trade.security, quantity.negated())?;
        self.push(id, trade.account, trade.security, quantity, What::Release);
        self.share_move(id, &leg, leg.right == Right::Call)
    }

    pub(super) fn assign(&mut self, id: TradeId) -> Done {
        let trade = self.history.trade(id);
        let (quantity, _) = self.position(trade)?;
        let leg = self.share_leg(trade, quantity)?;
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
        self.share_move(id, &leg, leg.right == Right::Put)
    }

    /// The shares bought or sold at the strike; the option's premium joins when it is known.
    fn share_move(&mut self, id: TradeId, leg: &ShareLeg, bought: bool) -> Done {
        let ShareLeg {
            shares,
            quantity: units,
            value,
            ..
        } = *leg;
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

    pub(super) fn pnl(&mut self, id: TradeId) -> Done {
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
    pub(super) fn funding(&mut self, id: TradeId) -> Done {
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
