//! Units that move between accounts.

use super::{Done, Resolver};
use crate::date::Date;
use crate::diagnostic::Problem;
use crate::jurisdiction::Day;
use crate::matching::pairing::{self, Share};
use crate::matching::statutory::moves::{Manner, Way, What};
use crate::matching::value::Valued;
use crate::money::{Money, Quantity};
use crate::trade::{AccountId, SecurityId, TradeId};

impl<'a> Resolver<'a> {
    pub(super) fn transfer(&mut self, id: TradeId) -> Done {
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
    pub(super) fn carry(
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
            let what = What::Carry {
                to: (taker, security),
                account: to,
            };
            self.push(id, from, security, quantity, what);
        } else if from != to {
            self.push(id, from, security, quantity, What::Relocate { to });
        }
        self.change(from, security, quantity.negated())?;
        self.change(to, security, quantity)
    }

    /// Coins paid for a transfer are disposed of at their value.
    pub(super) fn pay_transfer_fee(&mut self, id: TradeId, row: &Valued<'_>) -> Done {
        let fee = self.fee_in_kind(row, |asset, units| Self::own_price(row, asset, units))?;
        match fee {
            Some((asset, units, value)) => {
                self.exit(id, row.trade.account, asset, units, value, Way::Sale)
            }
            None => Ok(()),
        }
    }

    pub(super) fn transfer_out(&mut self, id: TradeId) -> Done {
        if self.transit.contains_key(&id) {
            // Its arrival came first, and with it the departure.
            return Ok(());
        }
        let row = self.valued(id);
        let quantity = row.quantity()?;
        self.transit.insert(id, (quantity, false));
        self.pay_transfer_fee(id, &row)
    }

    /// An arrival is that of units that left another account before, or brings its own cost.
    pub(super) fn transfer_in(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let quantity = row.quantity()?;
        if let Some(basis) = trade.rest().rarest().basis {
            let (manner, acquired) = self.by_acquisition(id);
            let cost = row.amount(basis)?;
            let (account, security) = (trade.account, trade.security);
            return self.enter(id, account, security, quantity, cost, manner, acquired);
        }
        let shares = self.pairs.of(id);
        if !shares.is_empty() {
            return self.arrived(id, &shares, quantity);
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
    /// Units that left other accounts arrive; a departure that stands after its arrival is carried out with it.
    fn arrived(&mut self, id: TradeId, shares: &[Share], quantity: Quantity) -> Done {
        let trade = self.history.trade(id);
        let (mut units, mut from) = (Quantity::ZERO, trade.account);
        for share in shares {
            if !self.transit.contains_key(&share.departure) {
                self.row(share.departure);
            }
            from = self.history.trade(share.departure).account;
            units = units.plus(share.units)?;
        }
        if units < quantity {
            let account = &self.history.account(from).name;
            return Err(pairing::too_much(trade, quantity, units, account).into());
        }
        for share in shares {
            let from = self.history.trade(share.departure).account;
            if let Some((left, arrived)) = self.transit.get_mut(&share.departure) {
                (*left, *arrived) = (share.rest.unwrap_or(*left), true);
            }
            self.carry(id, from, trade.account, trade.security, share.units)?;
        }
        Ok(())
    }
}
