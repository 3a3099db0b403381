//! Exchanges of one coin for another where they are no disposal: cost and dates go along (Poland: PIT s 17(1f);
//! Portugal: CIRS s 10(20)).

use super::Halt;
use super::fold::Fold;
use crate::answer::trail::Cause;
use crate::jurisdiction::Swaps;
use crate::lot::Lot;
use crate::money::{Money, Quantity};
use crate::parcel::Parcel;
use crate::trade::{Class, SecurityId, TradeId};

impl Fold<'_> {
    /// Whether an exchange is no disposal: coin for coin, where the country says so.
    pub(super) fn is_neutral(&self, given: SecurityId, new: SecurityId) -> bool {
        let coin = |security| self.class(security) == Class::Crypto;
        self.law.swaps == Swaps::Neutral && coin(given) && coin(new)
    }

    /// The units that leave become `arrives` units of another coin, less a fee withheld from them.
    pub(super) fn swap_neutrally(
        &mut self,
        id: TradeId,
        new: SecurityId,
        arrives: Quantity,
    ) -> Result<(), Halt> {
        let row = self.valued(id);
        let fee = match (row.trade.rest().rarest().fee_asset, row.trade.fee()) {
            (Some(asset), Some(fee)) if asset == new => Quantity::new(fee.abs())?,
            _ => Quantity::ZERO,
        };
        let units = arrives.minus(fee)?;
        let given = row.quantity()?;
        let sale = self.sale(&row, id, given, Money::ZERO);
        let mut slices = self.identify_by_method(&sale)?;
        self.ledger.take_from_pool(sale.holding, &mut slices)?;
        let account = sale.holding.0;
        let method = self.method_of((account, new));
        let (mut seen, mut entered) = (Quantity::ZERO, Quantity::ZERO);
        for slice in slices {
            seen = seen.plus(slice.quantity)?;
            let total = units.share(seen, given)?;
            let part = total.minus(entered)?;
            entered = total;
            let became = Cause::Became {
                from: sale.holding.1,
                to: new,
                before: slice.quantity,
                after: part,
            };
            let trail = &mut self.ledger.trail;
            trail.add(slice.trail, became, slice.quantity, Money::ZERO);
            // A part of a lot may go and the rest stay: what arrives has a name of its own.
            let purchase = self.ledger.continued(slice.purchase, new, id);
            let own = self.ledger.purchase(purchase);
            let lot = Lot {
                purchase,
                book: 0,
                account,
                security: new,
                held_from: slice.held_from,
                used: slice.used,
                queued: 0,
                trail: slice.trail,
                acquired: own.acquired,
                sequence: own.sequence,
                gift: None,
                parcel: Parcel::from_part(part, slice.part, self.ledger.places()),
            };
            self.ledger.place(lot, method)?;
        }
        Ok(())
    }
}
