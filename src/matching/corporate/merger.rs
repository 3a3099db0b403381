//! Mergers, for stock, for cash, and for both.

use super::super::Halt;
use super::super::fold::Fold;
use super::super::value::{Valued, absolute};
use crate::diagnostic::Problem;
use crate::jurisdiction::Boot;
use crate::lot::LotId;
use crate::money::{Money, Quantity};
use crate::parcel::{Parcel, Part};
use crate::trade::{AccountId, History, SecurityId, Trade, TradeId};

impl Fold<'_> {
    /// Stock for stock carries basis and dates over; cash beside it (boot) counts as the country says, in the United States
    /// up to the gain of each lot, without a loss; cash alone is a sale (26 USC 354, 356, 358, 368, 1223(1)).
    pub(in crate::matching) fn merger(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let trade = row.trade;
        let new = trade.rest().rarest().new_security;
        let cash = row.total()?.map(absolute);
        if let (None, Some(new)) = (cash, new)
            && self.only_shorts_merge(trade, new)?
        {
            return Ok(());
        }
        if self.only_options_merge(trade)? {
            return Ok(());
        }
        let affected = self.affected(trade);
        let held = self.units_affected(trade)?;
        if !held.is_zero()
            && let Some(tendered) = self.tendered(trade, &affected, held)?
        {
            let mut sale = self.sale(&row, id, tendered.1, row.proceeds()?);
            sale.holding.0 = tendered.0;
            return self.dispose(&sale);
        }
        self.refuse_shorts(trade)?;
        let (_, held) = self.total_held(trade)?;
        self.refuse_part(trade, held)?;
        match (new, cash) {
            (Some(new), cash) => self.exchange(id, new, cash, held),
            (None, Some(cash)) => self.bought_up(id, cash, held),
            (None, None) => Err(row.missing("new_symbol")),
        }
    }

    /// Stock for stock: a short is then owed in the new shares. Says whether nothing is held beside it.
    fn only_shorts_merge(&mut self, trade: &Trade, new: SecurityId) -> Result<bool, Halt> {
        if self.accounts_short_affected(trade).is_empty() {
            return Ok(false);
        }
        let ratio = self.ratio_of_merger(trade)?;
        self.turn_shorts(trade, new, ratio)?;
        Ok(self.units_affected(trade)?.is_zero())
    }

    /// Cash alone: all that is held is sold for its share of it.
    fn bought_up(&mut self, id: TradeId, cash: Money, held: Quantity) -> Result<(), Halt> {
        let row = self.valued(id);
        let trade = row.trade;
        let accounts = self.affected(trade);
        let mut spread = Parcel::new(held, cash, self.ledger.places())?;
        let mut sales = Vec::with_capacity(accounts.len());
        for account in accounts {
            let units = self.ledger.held((account, trade.security));
            let mut sale = self.sale(&row, id, units, spread.take(units)?.amount);
            sale.holding.0 = account;
            sales.push(sale);
        }
        self.warn_options_left(trade, "a contract delivers the cash");
        self.dispose_together(&sales)
    }

    /// Every lot becomes its share of the new units, less what of its basis the cash stands for.
    fn exchange(
        &mut self,
        id: TradeId,
        new: SecurityId,
        cash: Option<Money>,
        held: Quantity,
    ) -> Result<(), Halt> {
        let row = self.valued(id);
        let trade = row.trade;
        let arrives = self.arriving(trade, held)?;
        self.warn_shorts_left(trade);
        if cash.is_some() {
            self.warn_options_left(
                trade,
                "a contract delivers the cash beside the new shares too",
            );
        }
        let ratio = match trade.rest().rarest().ratio {
            Some((to, of)) => (Quantity::new(to)?, Quantity::new(of)?),
            None => (arrives, held),
        };
        self.adjust_options(trade.security, new, ratio)?;
        let value = match cash {
            Some(_) => self.worth_beside_cash(&row, arrives, new)?,
            None => Money::ZERO,
        };
        let places = self.ledger.places();
        let mut boot = Parcel::new(held, cash.unwrap_or(Money::ZERO), places)?;
        let mut worth = Parcel::new(held, value, places)?;
        let (mut seen, mut given) = (Quantity::ZERO, Quantity::ZERO);
        for account in self.affected(trade) {
            let lots = self.ledger.shares_of((account, trade.security))?;
            let mut turned = Vec::with_capacity(lots.len());
            for (lot, units, basis) in lots {
                let (paid, worth) = (boot.take(units)?, worth.take(units)?);
                let lot = if cash.is_some() {
                    self.recognise_boot(id, lot, paid, worth, basis)?
                } else {
                    lot
                };
                turned.push((lot, units));
            }
            // Under an average all cash comes off before the first lot takes its share of what is left.
            for (lot, units) in turned {
                seen = seen.plus(units)?;
                let total = arrives.share(seen, held)?;
                self.turn_into(lot, new, total.minus(given)?)?;
                given = total;
            }
        }
        Ok(())
    }

    /// What the new shares are worth, where it plays a part in what the cash beside them is.
    fn worth_beside_cash(
        &self,
        row: &Valued<'_>,
        arrives: Quantity,
        new: SecurityId,
    ) -> Result<Money, Halt> {
        match (self.law.boot, row.trade.price()) {
            (Boot::NotStated, _) => Err(row.boot_not_stated(self.law)),
            (Boot::Income, _) => Ok(Money::ZERO),
            (_, Some(price)) => row.value(arrives, price, new),
            (_, None) => Err(row.missing("price")),
        }
    }

    /// New units and old ones of a merger: its `ratio`, or what its `new_quantity` is of all that is held, else owed.
    fn ratio_of_merger(&self, trade: &Trade) -> Result<(Quantity, Quantity), Halt> {
        if let Some((new, old)) = trade.rest().rarest().ratio {
            return Ok((Quantity::new(new)?, Quantity::new(old)?));
        }
        let mut all = self.units_affected(trade)?;
        if all.is_zero() {
            for holding in self.accounts_short_affected(trade) {
                all = all.plus(self.positions.short(holding))?;
            }
        }
        Ok((self.arriving(trade, all)?, all))
    }

    /// Cash for the shares held says nothing of those that are owed.
    fn refuse_shorts(&self, trade: &Trade) -> Result<(), Halt> {
        for holding in self.accounts_short_affected(trade) {
            let owed = self.positions.short(holding);
            if !owed.is_zero() {
                return Err(short_at_merger(self.history, trade, (holding.0, owed)).into());
            }
        }
        Ok(())
    }

    /// A part of a holding that was tendered for cash, and whose it was: that is a plain sale (26 USC 1001).
    fn tendered(
        &self,
        trade: &Trade,
        accounts: &[AccountId],
        held: Quantity,
    ) -> Result<Option<(AccountId, Quantity)>, Halt> {
        let for_stock = trade.rest().rarest().new_security.is_some();
        let Some(given) = trade.quantity().filter(|_| !for_stock) else {
            return Ok(None);
        };
        let given = Quantity::new(given.abs())?;
        if given == held || !trade.tagged("tender") {
            return Ok(None);
        }
        match accounts {
            [only] => Ok(Some((*only, given))),
            several => Err(Problem::at(
                trade.source,
                format!(
                    "the tender is of {given} {} but {held} are held in {} accounts",
                    self.symbol(trade.security),
                    several.len()
                ),
            )
            .help("name the `account` that tendered them")
            .into()),
        }
    }

    /// What of a lot's basis stands against the cash.
    fn cost_of_boot(&self, paid: Part, worth: Part, basis: Part) -> Result<Money, Halt> {
        let whole = worth.amount.plus(paid.amount)?;
        match self.law.boot {
            Boot::UpToGain | Boot::NotStated => {
                let realised = whole.minus(basis.amount)?;
                let gain = if realised.is_negative() {
                    Money::ZERO
                } else {
                    realised.min(paid.amount)
                };
                Ok(paid.amount.minus(gain)?)
            }
            Boot::Income => Ok(Money::ZERO),
            Boot::PartDisposal { .. } => {
                let of = |amount: Money| Quantity::new(amount.to_decimal());
                let (part, whole) = (of(paid.amount)?, of(whole)?);
                if whole.is_zero() {
                    return Ok(Money::ZERO);
                }
                Ok(basis.amount.share(part, whole)?)
            }
        }
    }

    /// Cash received on one lot, as a row of quantity 0, with what of the basis stands against it.
    fn recognise_boot(
        &mut self,
        id: TradeId,
        lot: LotId,
        paid: Part,
        worth: Part,
        basis: Part,
    ) -> Result<LotId, Halt> {
        let recovered = self.ledger.part(self.cost_of_boot(paid, worth, basis)?)?;
        let lot = self.ledger.adjust(lot, recovered.negated())?;
        self.conservation.basis_out = self.conservation.basis_out.plus(recovered.amount)?;
        self.amount_on_lot(id, lot, paid.printed, recovered.printed)?;
        Ok(lot)
    }

    /// A merger for stock of which only options are held: they are on the new shares from now on.
    fn only_options_merge(&mut self, trade: &Trade) -> Result<bool, Halt> {
        let rest = trade.rest().rarest();
        let (Some(new), Some((to, of))) = (rest.new_security, rest.ratio) else {
            return Ok(false);
        };
        if !self.units_affected(trade)?.is_zero() || self.open_options_on(trade.security).is_empty()
        {
            return Ok(false);
        }
        let ratio = (Quantity::new(to)?, Quantity::new(of)?);
        self.adjust_options(trade.security, new, ratio)?;
        Ok(true)
    }

    /// Units of the new security in all: `new_quantity`, or the ratio of what is held.
    pub(in crate::matching) fn arriving(
        &self,
        trade: &Trade,
        held: Quantity,
    ) -> Result<Quantity, Halt> {
        let rest = trade.rest();
        match (rest.rarest().new_quantity, rest.rarest().ratio) {
            (Some(quantity), _) => Ok(Quantity::new(quantity)?),
            (None, Some((new, old))) => {
                Ok(held.restated(Quantity::new(new)?, Quantity::new(old)?)?)
            }
            (None, None) => Err(Problem::at(
                trade.source,
                format!(
                    "this `{}` needs `new_quantity` or `ratio`",
                    trade.action.word()
                ),
            )
            .into()),
        }
    }
}

/// Units that are owed when a company is bought up for cash: the row is about those that are held.
pub fn short_at_merger(
    history: &History,
    trade: &Trade,
    (account, owed): (AccountId, Quantity),
) -> Problem {
    let symbol = &history.security(trade.security).symbol;
    let account = &history.account(account).name;
    Problem::at(
        trade.source,
        format!("the merger pays cash for {symbol}, of which {owed} are short in {account}"),
    )
    .help("the row is about what is held: add a `cover` before it, at what was paid for each of those that were short")
}
