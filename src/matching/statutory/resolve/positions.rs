//! Short sales and options: opened, closed, exercised, assigned, settled in cash.

use super::{Done, Resolver};
use crate::diagnostic::Problem;
use crate::matching::Halt;
use crate::matching::statutory::moves::{Manner, Way, What};
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

    /// The share leg of an exercise or assignment: shares, right, units and their value at the strike.
    pub(super) fn share_leg(
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

    pub(super) fn assign(&mut self, id: TradeId) -> Done {
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
    pub(super) fn share_move(
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
