//! What raises or lowers the basis of units that stay: returns of capital and adjustments.

use super::super::Halt;
use super::super::fold::Fold;
use super::super::ledger::Holding;
use super::super::value::absolute;
use crate::diagnostic::Problem;
use crate::money::{Money, Quantity};
use crate::parcel::{Parcel, Part};
use crate::trade::{AccountId, Trade, TradeId};

impl Fold<'_> {
    /// Lowers the basis of every unit held by the same amount; what exceeds a lot's basis is gain on that lot
    /// (26 USC 301(c)).
    pub(in crate::matching) fn return_of_capital(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let Some(total) = row.total()? else {
            return Err(row.missing("total"));
        };
        if self.units_affected(row.trade)?.is_zero() && self.returned_by_shorts(row.trade, total)? {
            return Ok(());
        }
        let (accounts, held) = self.total_held(row.trade)?;
        self.warn_shorts_left(row.trade);
        let mut spread = Parcel::new(held, absolute(total), self.ledger.places())?;
        for account in accounts {
            for (lot, units, basis) in self.ledger.shares_of((account, row.trade.security))? {
                let received = spread.take(units)?;
                let part = if received.amount > basis.amount {
                    basis
                } else {
                    received
                };
                let lot = self.ledger.adjust(lot, part.negated())?;
                self.conservation.basis_moved = self.conservation.basis_moved.minus(part.amount)?;
                if received.amount > basis.amount {
                    self.amount_on_lot(id, lot, received.printed - part.printed, 0)?;
                }
            }
        }
        Ok(())
    }

    /// What a short has to pay its lender in place of a return of capital is always a part of its cost (Pub. 550): it comes
    /// off the proceeds. Says whether anything is short.
    fn returned_by_shorts(&mut self, trade: &Trade, total: Money) -> Result<bool, Halt> {
        let short = self.short_affected(trade)?;
        if short.is_zero() {
            return Ok(false);
        }
        let mut spread = Parcel::new(short, absolute(total), self.ledger.places())?;
        for holding in self.accounts_short_affected(trade) {
            let units = self.positions.short(holding);
            let paid = spread.take(units)?;
            self.add_to_short(holding, paid.amount.negated())?;
        }
        Ok(true)
    }

    /// Raises (or lowers) the basis of every unit held by the same amount.
    pub(in crate::matching) fn basis_adjust(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let Some(total) = row.total()? else {
            return Err(row.missing("total"));
        };
        let (accounts, held) = self.total_held(row.trade)?;
        if self.law.is_us() && total.is_negative() {
            self.refuse_beyond_basis(row.trade, &accounts, (held, total))?;
        }
        self.conservation.basis_moved = self.conservation.basis_moved.plus(total)?;
        let mut spread = Parcel::new(held, total, self.ledger.places())?;
        for account in accounts {
            let units = self.ledger.held((account, row.trade.security));
            let part = spread.take(units)?;
            self.spread_over_lots((account, row.trade.security), units, part)?;
        }
        Ok(())
    }

    /// No basis falls below nothing (26 USC 1016(a)); a return of capital beyond it is gain, and has a row of its own.
    fn refuse_beyond_basis(
        &self,
        trade: &Trade,
        accounts: &[AccountId],
        (held, total): (Quantity, Money),
    ) -> Result<(), Halt> {
        let mut spread = Parcel::new(held, total, self.ledger.places())?;
        for account in accounts {
            for (lot, units, basis) in self.ledger.shares_of((*account, trade.security))? {
                let lowered = spread.take(units)?;
                if !basis.amount.plus(lowered.amount)?.is_negative() {
                    continue;
                }
                let day = self.ledger.lot(lot).acquired;
                return Err(Problem::at(
                    trade.source,
                    format!(
                        "the adjustment takes more off the {units} {} of {day} than their basis",
                        self.symbol(trade.security)
                    ),
                )
                .help("check `total`, which is for all units together; what a company pays back beyond the basis is a `return_of_capital`")
                .into());
            }
        }
        Ok(())
    }

    /// Adds an amount to the basis of all units of a holding, by units.
    pub(in crate::matching) fn spread_over_lots(
        &mut self,
        holding: Holding,
        held: Quantity,
        part: Part,
    ) -> Result<(), Halt> {
        let mut spread = Parcel::from_part(held, part, self.ledger.places());
        for lot in self.ledger.lots_of(holding) {
            let units = self.ledger.lot(lot).parcel.left();
            self.ledger.adjust(lot, spread.take(units)?)?;
        }
        Ok(())
    }
}
