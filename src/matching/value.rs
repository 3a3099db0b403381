//! What a row is worth: gross value, fee, cost and proceeds in the currency of the report.

use rust_decimal::Decimal;

use super::Halt;
use crate::diagnostic::Problem;
use crate::jurisdiction::Jurisdiction;
use crate::money::{Money, Quantity};
use crate::parcel::Parcel;
use crate::rates::Rates;
use crate::trade::{AccountId, History, SecurityId, Trade};

/// Said of gifts of which the law asks the value of the day and the row does not give it.
pub const GIFT_WITHOUT_VALUE: &str = "a gift costs its receiver the market value of its day, and the row has no `price`: the giver's `basis` was taken instead";

/// Said of an inheritance with two values.
pub const INHERIT_TWO_VALUES: &str = "an `inherit` row says both a `price`, the value at death, and another `basis`: the `basis` was taken; leave out the one that the law does not ask for";

/// A row with the tables needed to value it.
#[derive(Clone, Copy)]
pub struct Valued<'a> {
    /// The row.
    pub trade: &'a Trade,
    /// Everything read.
    pub history: &'a History,
    /// Exchange rates into the report's currency.
    pub rates: &'a Rates,
}

impl Valued<'_> {
    /// The row's units.
    ///
    /// # Errors
    /// A problem of the row where it names none.
    pub fn quantity(&self) -> Result<Quantity, Halt> {
        if let [Some((mantissa, scale)), ..] = self.trade.packed()
            && let Some(quantity) = Quantity::scaled(mantissa.saturating_abs(), scale)
        {
            return Ok(quantity);
        }
        let given = self
            .trade
            .quantity()
            .ok_or_else(|| self.missing("quantity"))?;
        Ok(Quantity::new(given.abs())?)
    }

    /// The fraction of a unit that each account has left over, and its part of the cash that `total` on a split or
    /// spin-off says was paid for them; nothing where it says none.
    ///
    /// # Errors
    /// A problem of the row where whole units are held.
    pub fn cash_for_fractions(
        &self,
        held: &[(AccountId, Quantity)],
        places: u32,
    ) -> Result<Vec<(AccountId, Quantity, Money)>, Halt> {
        let Some(cash) = self.total()?.filter(|cash| !cash.is_zero()) else {
            return Ok(Vec::new());
        };
        let fractions = held
            .iter()
            .map(|(account, units)| (*account, units.fraction()));
        let fractions: Vec<_> = fractions
            .filter(|(_, units)| *units > Quantity::ZERO)
            .collect();
        if fractions.is_empty() {
            let word = self.trade.action.word().replace('_', " ");
            let message = format!("cash for a fraction, but whole units are held after the {word}");
            let help = format!(
                "check ratio and holding; a `total` on a {word} is cash in lieu of a fraction"
            );
            return Err(Problem::at(self.trade.source, message).help(help).into());
        }
        let mut units = fractions.iter().map(|(_, units)| *units);
        let whole = units.try_fold(Quantity::ZERO, Quantity::plus)?;
        let mut spread = Parcel::new(whole, absolute(cash), places)?;
        let part = |(account, units)| Ok((account, units, spread.take(units)?.amount));
        fractions.into_iter().map(part).collect()
    }

    /// Quantity x price x multiplier, before fees; from `total` where that is what the row gives.
    pub fn gross(&self) -> Result<Money, Halt> {
        if let [Some((units, places)), Some((price, more)), _] = self.trade.packed()
            && let product = i128::from(units.saturating_abs()) * i128::from(price)
            && let Some(value) = Money::scaled(product, places + more)
        {
            return self.multiplied(value, self.trade.security);
        }
        if self.trade.price().is_some() {
            return self.at_price(self.quantity()?);
        }
        let total = self.total()?.ok_or_else(|| self.missing("price"))?;
        Ok(total)
    }

    /// The value of `quantity` units at the row's price.
    pub fn at_price(&self, quantity: Quantity) -> Result<Money, Halt> {
        let price = self.trade.price().ok_or_else(|| self.missing("price"))?;
        self.value(quantity, price, self.trade.security)
    }

    /// What `quantity` units given in an exchange are worth: by their price, else the row's total.
    pub fn given(&self, quantity: Quantity) -> Result<Money, Halt> {
        match self.trade.price() {
            Some(_) => self.at_price(quantity),
            None => Ok(absolute(
                self.total()?.ok_or_else(|| self.missing("price"))?,
            )),
        }
    }

    /// `quantity` units of a security at a price per unit, in the currency of the report.
    pub fn value(
        &self,
        quantity: Quantity,
        price: Decimal,
        security: SecurityId,
    ) -> Result<Money, Halt> {
        self.multiplied(Money::product(quantity, price)?, security)
    }

    /// A value per unit of the underlying, for the units that one of a security stands for.
    fn multiplied(&self, value: Money, security: SecurityId) -> Result<Money, Halt> {
        let security = self.history.security(security);
        let value = if security.is_priced_singly() {
            value
        } else {
            value.times(security.multiplier())?
        };
        self.in_report_currency(value)
    }

    /// Whether the row's price says another value than the one taken from its basis.
    pub fn two_values(&self, taken: Money) -> Result<bool, Halt> {
        if self.trade.price().is_none() || self.trade.quantity().is_none() {
            return Ok(false);
        }
        Ok(self.at_price(self.quantity()?)? != taken)
    }

    /// `total` in the currency of the report, with its sign.
    pub fn total(&self) -> Result<Option<Money>, Halt> {
        self.trade
            .rest()
            .total
            .map(|total| self.in_report_currency(Money::new(total)?))
            .transpose()
    }

    /// The fee, where it is money; nothing otherwise.
    pub fn fee(&self) -> Result<Money, Halt> {
        if let [_, _, Some((mantissa, scale))] = self.trade.packed()
            && self.trade.rare().is_none()
            && let Some(fee) = Money::scaled(i128::from(mantissa), scale)
        {
            return Ok(fee);
        }
        match self.trade.fee() {
            Some(fee) if self.trade.rest().rarest().fee_asset.is_none() => {
                self.in_report_currency(Money::new(fee)?)
            }
            _ => Ok(Money::ZERO),
        }
    }

    /// What a purchase cost: `total` if given, else value plus fee.
    pub fn cost(&self) -> Result<Money, Halt> {
        match self.total()? {
            Some(total) => Ok(absolute(total)),
            None => Ok(self.gross()?.plus(self.fee()?)?),
        }
    }

    /// What a sale brought: `total` if given, else value less fee; below zero where the fee was more than the value.
    pub fn proceeds(&self) -> Result<Money, Halt> {
        match self.total()? {
            Some(total) => Ok(total),
            None => Ok(self.gross()?.minus(self.fee()?)?),
        }
    }

    /// A decimal amount of the row in the currency of the report.
    pub fn amount(&self, amount: Decimal) -> Result<Money, Halt> {
        self.in_report_currency(Money::new(amount)?)
    }

    /// An amount of the row in the report's currency, by the row's own rate, else by that of its day.
    ///
    /// # Errors
    /// No rate, or amounts out of range.
    pub fn in_report_currency(&self, amount: Money) -> Result<Money, Halt> {
        let rest = self.trade.rest();
        let Some(currency) = rest.currency.as_deref() else {
            return Ok(amount);
        };
        if currency == self.rates.report() {
            return Ok(amount);
        }
        if let Some(rate) = rest.fx_rate {
            return Ok(amount.times(rate)?);
        }
        match self.rates.rate(currency, self.rates.day(self.trade)) {
            Some(rate) => Ok(rate.convert(amount)?),
            None => Err(self.no_rate(currency)),
        }
    }

    /// The refusal of cash beside the shares of a merger, where a country's rule on it is not stated.
    pub fn boot_not_stated(&self, law: &Jurisdiction) -> Halt {
        let message = format!(
            "shares and cash together in a merger are not computed for {}: what of the cost belongs to the cash is not stated there",
            law.name
        );
        Problem::at(self.trade.source, message)
            .help("write the part paid in cash as a `sell` and the rest as a `merger` without `total`")
            .into()
    }

    fn no_rate(&self, currency: &str) -> Halt {
        let day = self.rates.day(self.trade);
        Problem::at(
            self.trade.source,
            format!("the row is in {currency} and no exchange rate is known for {day}"),
        )
        .help("give --rates a file of `date,currency,rate` (units of the report's currency per unit of the row's), or the row an `fx_rate`; --rate-fallback previous takes the last rate before a missing day; a row priced in a coin is a `swap`")
        .into()
    }

    /// A problem that says which column the row lacks.
    pub fn missing(&self, column: &str) -> Halt {
        self.lacks(column).into()
    }

    /// The same, to say more.
    pub fn lacks(&self, column: &str) -> Problem {
        let (word, symbol) = (
            self.trade.action.word(),
            &self.history.security(self.trade.security).symbol,
        );
        Problem::at(
            self.trade.source,
            format!("this `{word}` of {symbol} needs a `{column}`"),
        )
    }
}

/// The size of an amount.
pub fn absolute(amount: Money) -> Money {
    if amount.is_negative() {
        amount.negated()
    } else {
        amount
    }
}
