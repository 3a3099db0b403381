//! Shares that one spouse acquires and the other disposes of (TCA 1997 s 581(4)).

use super::moves::{Key, Move, What};
use super::walk::{Taken, Walk, take_from};
use crate::answer::Match;
use crate::date::Date;
use crate::matching::Halt;
use crate::money::Quantity;
use crate::trade::TradeId;

impl Walk<'_> {
    /// What the spouse acquired since the window began is what is disposed of, as far as own purchases of that time are
    /// too few (s 581(1), (4)(a)). The seller's oldest units take its place, with their cost and day: the spouse has as
    /// many as before.
    pub fn take_of_spouse(
        &mut self,
        own: Key,
        trade: TradeId,
        since: Date,
        (wanted, taken): (&mut Quantity, &mut Vec<Taken>),
    ) -> Result<(), Halt> {
        if self.holders.sheltered(own.0) {
            return Ok(());
        }
        let others = self.holders.all().filter(|holder| *holder != own.0);
        let others = others.filter(|holder| !self.holders.sheltered(*holder));
        for other in others.map(|holder| (holder, own.1)) {
            let Some(stock) = self.stocks.get_mut(&other) else {
                continue;
            };
            let (mut moved, mut account) = (*wanted, None);
            for lot in &mut stock.lots {
                if lot.acquired >= since && lot.purchased && !wanted.is_zero() {
                    account = lot.account;
                    let into = (&mut self.trail, &mut *taken);
                    take_from(lot, own.1, wanted, Match::Within4Weeks, true, into)?;
                }
            }
            moved = moved.minus(*wanted)?;
            stock.lots.retain(|lot| !lot.parcel.left().is_zero());
            let account = account.or(stock.account.only());
            if let (Some(account), false) = (account, moved.is_zero()) {
                let exchange = Move {
                    trade,
                    day: self.today,
                    account,
                    key: own,
                    quantity: moved,
                    what: What::Carry { to: other, account },
                };
                self.turn(&exchange, other, Some(account), moved)?;
            }
        }
        Ok(())
    }
}
