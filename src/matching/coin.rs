//! Digital assets: swaps, fees in kind, units spent on fees (26 CFR 1.1001-7, 1.1012-1(h), (j)).

use super::Halt;
use super::acquire::Manner;
use super::dispose::Sale;
use super::fold::Fold;
use super::value::Valued;
use crate::answer::Match;
use crate::diagnostic::Problem;
use crate::lot::LotId;
use crate::money::{Money, Quantity};
use crate::trade::{SecurityId, TradeId};

/// A fee paid in an asset: its units and what they were worth.
#[derive(Clone, Copy, Debug)]
struct FeeInKind {
    asset: SecurityId,
    units: Quantity,
    value: Money,
}

impl Fold<'_> {
    /// The fee of a row that was paid in an asset, valued by `fee_value`, else by `price_of` the asset in the row.
    fn fee_paid_in(
        &self,
        row: &Valued<'_>,
        price_of: impl Fn(SecurityId, Quantity) -> Result<Option<Money>, Halt>,
    ) -> Result<Option<FeeInKind>, Halt> {
        let asset = row.trade.rare().and_then(|rest| rest.rarest().fee_asset);
        let Some((asset, fee)) = asset.zip(row.trade.fee()) else {
            return Ok(None);
        };
        let units = Quantity::new(fee.abs())?;
        if units.is_zero() {
            return Ok(None);
        }
        let value = match row.trade.rest().rarest().fee_value {
            Some(value) => row.amount(value)?,
            None => price_of(asset, units)?.ok_or_else(|| {
                Halt::from(
                    Problem::at(
                        row.trade.source,
                        format!("the fee of {units} {} has no value", self.symbol(asset)),
                    )
                    .help("give its market value in the column `fee_value`; it is never taken as zero"),
                )
            })?,
        };
        Ok(Some(FeeInKind {
            asset,
            units,
            value,
        }))
    }

    /// What a purchase cost with a fee in kind, and the units to withhold from what was bought.
    pub(super) fn cost_with_fee_in_kind(
        &mut self,
        id: TradeId,
        cost: Money,
    ) -> Result<(Money, Quantity), Halt> {
        let row = self.valued(id);
        let security = row.trade.security;
        let priced = |asset, units| {
            if asset == security && row.trade.price().is_some() {
                row.at_price(units).map(Some)
            } else {
                Ok(None)
            }
        };
        let Some(fee) = self.fee_paid_in(&row, priced)? else {
            return Ok((cost, Quantity::ZERO));
        };
        if fee.asset == security {
            return Ok((cost, fee.units));
        }
        self.spend_units(id, &fee, fee.value)?;
        Ok((cost.plus(fee.value)?, Quantity::ZERO))
    }

    /// Units withheld from a purchase as its fee are units just received: no gain, and what they cost joins the basis of
    /// the rest (26 CFR 1.1012-1(h), (j)(3)(iii)).
    pub(super) fn withhold(
        &mut self,
        id: TradeId,
        lot: LotId,
        units: Quantity,
    ) -> Result<(), Halt> {
        if units.is_zero() {
            return Ok(());
        }
        let cost = self.disposed_at_cost(id, lot, units)?;
        let part = self.ledger.part(cost)?;
        self.conservation.basis_moved = self.conservation.basis_moved.plus(cost)?;
        self.ledger.adjust(lot, part)?;
        Ok(())
    }

    /// Disposes of units of one lot for exactly what they cost; gives that amount.
    fn disposed_at_cost(
        &mut self,
        id: TradeId,
        lot: LotId,
        units: Quantity,
    ) -> Result<Money, Halt> {
        let held = self.ledger.lot(lot);
        let holding = (held.account, held.security);
        let cost = held
            .parcel
            .amount_left()?
            .share(units, held.parcel.left())?;
        let sale = Sale {
            trade: id,
            holding,
            quantity: units,
            proceeds: cost,
            choice: None,
            matched: Match::Lot,
            only: Some(lot),
            closes: &[],
        };
        self.dispose(&sale)?;
        Ok(cost)
    }

    /// What a sale brought after a fee in kind, and the units that leave in addition.
    ///
    /// A fee paid in the asset sold leaves with it: the amount realised is what was received plus the value of the
    /// service less that fee (26 CFR 1.1001-7(b)).
    pub(super) fn proceeds_with_fee_in_kind(
        &mut self,
        id: TradeId,
        proceeds: Money,
    ) -> Result<(Money, Quantity), Halt> {
        let row = self.valued(id);
        let security = row.trade.security;
        let priced = |asset, units| {
            if asset == security && row.trade.price().is_some() {
                row.at_price(units).map(Some)
            } else {
                Ok(None)
            }
        };
        let Some(fee) = self.fee_paid_in(&row, priced)? else {
            return Ok((proceeds, Quantity::ZERO));
        };
        if fee.asset == security {
            return Ok((proceeds, fee.units));
        }
        self.spend_units(id, &fee, fee.value)?;
        Ok((proceeds.minus(fee.value)?, Quantity::ZERO))
    }

    /// Disposes of the units of a fee at their value.
    fn spend_units(&mut self, id: TradeId, fee: &FeeInKind, proceeds: Money) -> Result<(), Halt> {
        let account = self.trade(id).account;
        let sale = Sale {
            trade: id,
            holding: (account, fee.asset),
            quantity: fee.units,
            proceeds,
            choice: None,
            matched: Match::Lot,
            only: None,
            closes: &[],
        };
        self.dispose_by_method(&sale)
    }

    /// A row of its own for units spent on a fee: `price` values them, `fee` is what disposing of them cost.
    pub(super) fn fee_in_kind(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let proceeds = row.proceeds()?;
        let sale = self.sale(&row, id, row.quantity()?, proceeds);
        self.dispose(&sale)
    }

    /// One asset for another: what is given up is disposed of for its value less all fees, what arrives has that value
    /// as basis (26 CFR 1.1001-7(b), 1.1012-1(h)(1)).
    pub(super) fn swap(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let rest = row.trade.rest();
        let (Some(new), Some(new_quantity)) =
            (rest.rarest().new_security, rest.rarest().new_quantity)
        else {
            return Err(row.missing(if rest.rarest().new_security.is_none() {
                "new_symbol"
            } else {
                "new_quantity"
            }));
        };
        let arrives = Quantity::new(new_quantity)?;
        if self.is_neutral(row.trade.security, new) {
            return self.swap_neutrally(id, new, arrives);
        }
        let value = row.given(row.quantity()?)?;
        let security = row.trade.security;
        let priced = |asset: SecurityId, units: Quantity| {
            if asset == new {
                return Ok(Some(value.share(units, arrives)?));
            }
            if asset == security && row.trade.price().is_some() {
                row.at_price(units).map(Some)
            } else {
                Ok(None)
            }
        };
        let fee = self.fee_paid_in(&row, priced)?;
        let mut given = row.quantity()?;
        let mut proceeds = value.minus(row.fee()?)?;
        match fee {
            Some(fee) if fee.asset == security => given = given.plus(fee.units)?,
            Some(fee) => proceeds = proceeds.minus(fee.value)?,
            None => {}
        }
        let sale = self.sale(&row, id, given, proceeds);
        self.dispose(&sale)?;
        let lot = self.enter(
            id,
            row.trade.account,
            new,
            arrives,
            value,
            self.today,
            Manner::Purchase,
        )?;
        match fee {
            Some(fee) if fee.asset == new => {
                self.disposed_at_cost(id, lot, fee.units)?;
            }
            Some(fee) if fee.asset != security => self.spend_units(id, &fee, fee.value)?,
            _ => {}
        }
        self.replaces(lot)
    }
}
