//! Purchases, sales, gifts, swaps: rows that bring units or take them away.

use super::corporate::Turned;
use super::{Done, Resolver};
use crate::diagnostic::Problem;
use crate::jurisdiction::{Day, Gifts, Swaps};
use crate::matching::Halt;
use crate::matching::statutory::moves::{Manner, Way};
use crate::matching::value::{GIFT_WITHOUT_VALUE, INHERIT_TWO_VALUES, Valued, absolute};
use crate::money::{Money, Quantity};
use crate::trade::{Class, SecurityId, TradeId};

/// Tags of coins that are no income when they come, where the law knows such.
const UNTAXED: [&str; 4] = ["staking", "airdrop", "bounty", "fork"];

impl<'a> Resolver<'a> {
    /// Whether what buying or selling costs never counts, where the law knows such: of securities. Derivatives without a
    /// certificate are taxed at the usual rates and keep it.
    fn fee_never_counts(&self, security: SecurityId) -> bool {
        let class = self.class(security);
        matches!(
            class,
            Class::Stock | Class::Fund | Class::Bond | Class::Right
        )
    }

    /// A fee paid in an asset: the asset, its units and their value.
    pub(super) fn fee_in_kind(
        &self,
        row: &Valued<'_>,
        value_of: impl Fn(SecurityId, Quantity) -> Result<Option<Money>, Halt>,
    ) -> Result<Option<(SecurityId, Quantity, Money)>, Halt> {
        let (Some(asset), Some(fee)) = (row.trade.rest().rarest().fee_asset, row.trade.fee())
        else {
            return Ok(None);
        };
        let units = Quantity::new(fee.abs())?;
        if units.is_zero() {
            return Ok(None);
        }
        let value = match row.trade.rest().rarest().fee_value {
            Some(value) => row.amount(value)?,
            None => value_of(asset, units)?.ok_or_else(|| {
                let message = format!("the fee of {units} {} has no value", self.symbol(asset));
                Halt::from(Problem::at(row.trade.source, message).help(
                    "give its market value in the column `fee_value`; it is never taken as zero",
                ))
            })?,
        };
        Ok(Some((asset, units, value)))
    }

    pub(super) fn own_price(
        row: &Valued<'_>,
        asset: SecurityId,
        units: Quantity,
    ) -> Result<Option<Money>, Halt> {
        if asset == row.trade.security && row.trade.price().is_some() {
            row.at_price(units).map(Some)
        } else {
            Ok(None)
        }
    }

    pub(super) fn buy(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let (mut quantity, mut cost) = (row.quantity()?, row.cost()?);
        if self.law.costs.without_fees && self.fee_never_counts(trade.security) {
            cost = cost.minus(row.fee()?)?;
        }
        let fee = self.fee_in_kind(&row, |asset, units| Self::own_price(&row, asset, units))?;
        match fee {
            // Withheld from the units received: what they cost is the cost of the rest.
            Some((asset, units, _)) if asset == trade.security => {
                quantity = quantity.minus(units)?
            }
            Some((asset, units, value)) => {
                self.exit(id, trade.account, asset, units, value, Way::Sale)?;
                cost = cost.plus(value)?;
            }
            None => {}
        }
        let key = self.key(trade.account, trade.security);
        let short = self.open.get(&key).copied().unwrap_or(Quantity::ZERO);
        if self.rules.allow_short && !short.is_zero() {
            let units = short.min(quantity);
            let paid = cost.share(units, quantity)?;
            self.close(id, trade.account, trade.security, units, paid, false)?;
            quantity = quantity.minus(units)?;
            cost = cost.minus(paid)?;
            if quantity.is_zero() {
                return Ok(());
            }
        }
        // Rights belong to the old holding (TCGA 1992 s 127): no purchase for any window.
        let manner = if trade.tagged("rights") {
            Manner::Other
        } else {
            Manner::Purchase
        };
        self.enter(
            id,
            trade.account,
            trade.security,
            quantity,
            cost,
            manner,
            None,
        )
    }

    pub(super) fn income(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let coin = self.class(trade.security) == Class::Crypto;
        let untaxed = |tag: &&str| trade.tagged(tag);
        if self.law.costs.free_coins && coin && trade.rest().tag.is_none() {
            self.warn(
                "at-coins-as-income",
                "coins came as income without a tag and cost their value; staking, airdrops, bounties and forks are no income when they come and cost nothing (EStG 1988 s 27b(2)): tag such rows `staking`, `airdrop`, `bounty` or `fork`, and others as you like",
                id,
            );
        }
        let value = match row.total()? {
            // What was not income when it came has no cost (EStG 1988 s 27b(2), s 27a(4) no 5).
            _ if self.law.costs.free_coins && coin && UNTAXED.iter().any(untaxed) => Money::ZERO,
            Some(total) => absolute(total),
            None => row.gross()?,
        };
        let quantity = row.quantity()?;
        self.enter(
            id,
            trade.account,
            trade.security,
            quantity,
            value,
            Manner::Purchase,
            None,
        )
    }

    /// A lot from before the data: dated at its acquisition, so it counts in windows.
    pub(super) fn opening(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let rest = row.trade.rest().rarest();
        let basis = match (rest.basis, row.trade.price()) {
            (Some(basis), _) => row.amount(basis)?,
            (None, Some(_)) => row.gross()?.plus(row.fee()?)?,
            (None, None) => match row.total()? {
                Some(total) => absolute(total),
                None => return Err(row.missing("basis")),
            },
        };
        let trade = row.trade;
        let quantity = row.quantity()?;
        let (manner, acquired) = self.by_acquisition(id);
        self.enter(
            id,
            trade.account,
            trade.security,
            quantity,
            basis,
            manner,
            acquired,
        )
    }

    pub(super) fn gift_in(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let rest = trade.rest().rarest();
        let quantity = row.quantity()?;
        let at_value = self.law.gifts != Gifts::CarryOver && !trade.tagged("spouse");
        if at_value && trade.price().is_none() && rest.basis.is_some() {
            self.warn("gift-without-value", GIFT_WITHOUT_VALUE, id);
        }
        let (cost, acquired) = match (rest.basis, trade.price()) {
            (_, Some(_)) if at_value => (row.at_price(quantity)?, None),
            (Some(basis), _) => (row.amount(basis)?, rest.acquired),
            (None, _) => {
                return Err(row.missing(if at_value { "price" } else { "basis" }));
            }
        };
        let manner = Manner::Purchase;
        self.enter(
            id,
            trade.account,
            trade.security,
            quantity,
            cost,
            manner,
            acquired,
        )
    }

    pub(super) fn inherit(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let value = match trade.rest().rarest().basis {
            Some(basis) => row.amount(basis)?,
            None => row.gross()?,
        };
        if row.two_values(value)? {
            self.warn("inherit-two-values", INHERIT_TWO_VALUES, id);
        }
        let quantity = row.quantity()?;
        self.enter(
            id,
            trade.account,
            trade.security,
            quantity,
            value,
            Manner::Purchase,
            trade.rest().rarest().acquired,
        )
    }

    pub(super) fn sell(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let (mut quantity, mut proceeds) = (row.quantity()?, row.proceeds()?);
        let coin = self.class(trade.security) == Class::Crypto;
        if self.law.costs.without_fees && (coin || self.fee_never_counts(trade.security)) {
            proceeds = proceeds.plus(row.fee()?)?;
        }
        let fee = self.fee_in_kind(&row, |asset, units| Self::own_price(&row, asset, units))?;
        match fee {
            // The fee leaves with what is sold: disposed of for its value, which is spent on the sale.
            Some((asset, units, _)) if asset == trade.security => {
                quantity = quantity.plus(units)?
            }
            Some((asset, units, value)) => {
                self.exit(id, trade.account, asset, units, value, Way::Sale)?;
                proceeds = proceeds.minus(value)?;
            }
            None => {}
        }
        self.exit(
            id,
            trade.account,
            trade.security,
            quantity,
            proceeds,
            Way::Sale,
        )
    }

    pub(super) fn leave(&mut self, id: TradeId, proceeds: Money, way: Way) -> Done {
        let row = self.valued(id);
        let quantity = row.quantity()?;
        let trade = row.trade;
        self.exit(id, trade.account, trade.security, quantity, proceeds, way)
    }

    pub(super) fn gift_out(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        match self.law.gifts {
            Gifts::CarryOver | Gifts::ToReceiver => self.leave(id, Money::ZERO, Way::Gone),
            Gifts::MarketValue if row.trade.tagged("spouse") => {
                self.leave(id, Money::ZERO, Way::Spouse)
            }
            Gifts::MarketValue => {
                let value = row.at_price(row.quantity()?)?.minus(row.fee()?)?;
                self.leave(id, value, Way::Sale)
            }
        }
    }

    pub(super) fn swap(&mut self, id: TradeId) -> Done {
        let row = self.valued(id);
        let trade = row.trade;
        let rest = trade.rest().rarest();
        let Some(new) = rest.new_security else {
            return Err(row.missing("new_symbol"));
        };
        let Some(new_quantity) = rest.new_quantity else {
            return Err(row.missing("new_quantity"));
        };
        let (given, arrives) = (row.quantity()?, Quantity::new(new_quantity)?);
        let coins = self.class(trade.security) == Class::Crypto && self.class(new) == Class::Crypto;
        if self.law.swaps == Swaps::Neutral && coins {
            let key = self.key(trade.account, trade.security);
            while self.law.day == Day::Rows && self.held(key) < given && self.bring_forward(key) {}
            let units = match (rest.fee_asset, trade.fee()) {
                (Some(asset), Some(fee)) if asset == new => {
                    arrives.minus(Quantity::new(fee.abs())?)?
                }
                _ => arrives,
            };
            let turned = Turned {
                from: trade.security,
                quantity: given,
                to: new,
                units,
                ratio: None,
            };
            return self.turn(id, trade.account, turned);
        }
        let value = row.given(given)?;
        let fee = self.fee_in_kind(&row, |asset, units| {
            if asset == new {
                Ok(Some(value.share(units, arrives)?))
            } else {
                Self::own_price(&row, asset, units)
            }
        })?;
        let mut leaves = given;
        let mut proceeds = value.minus(row.fee()?)?;
        match fee {
            Some((asset, units, _)) if asset == trade.security => leaves = leaves.plus(units)?,
            Some((asset, units, worth)) => {
                proceeds = proceeds.minus(worth)?;
                if asset != new {
                    self.exit(id, trade.account, asset, units, worth, Way::Sale)?;
                }
            }
            None => {}
        }
        self.exit(
            id,
            trade.account,
            trade.security,
            leaves,
            proceeds,
            Way::Sale,
        )?;
        let (account, purchase) = (trade.account, Manner::Purchase);
        self.enter(id, account, new, arrives, value, purchase, None)?;
        // A fee kept back from what arrives is a disposal of units that have come in.
        match fee {
            Some((asset, units, worth)) if asset == new => {
                self.exit(id, account, asset, units, worth, Way::Sale)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn worthless(&mut self, id: TradeId) -> Done {
        let trade = self.history.trade(id);
        for (account, units) in self.acting(trade)?.0 {
            self.exit(id, account, trade.security, units, Money::ZERO, Way::Sale)?;
        }
        Ok(())
    }
}
