//! What options are on and how many shares they deliver, as splits and changes of name of the shares leave them.

use rustc_hash::FxHashMap;

use super::Halt;
use crate::diagnostic::Problem;
use crate::money::{Money, OutOfRange, Quantity};
use crate::trade::{Class, History, Right, SecurityId, Trade};

/// The terms of options that were open when something became of their shares; all others are as written.
#[derive(Debug, Default)]
pub struct Terms {
    adjusted: FxHashMap<SecurityId, Adjusted>,
}

/// What a split or a change of name of the underlying made of an option that was open then.
#[derive(Clone, Copy, Debug)]
struct Adjusted {
    /// The underlying by its present name.
    underlying: SecurityId,
    /// Shares that one contract delivers; what is paid for all of them together stays.
    deliverable: Quantity,
}

/// The shares that an exercise or assignment moves.
#[derive(Clone, Copy, Debug)]
pub struct ShareLeg {
    /// The shares.
    pub shares: SecurityId,
    /// Whether they are bought or sold.
    pub right: Right,
    /// Units.
    pub quantity: Quantity,
    /// What is paid for them.
    pub value: Money,
}

impl Terms {
    /// What an option or future is on, by the name it has now.
    pub fn underlying(&self, history: &History, option: SecurityId) -> Option<SecurityId> {
        if let Some(adjusted) = self.adjusted.get(&option) {
            return Some(adjusted.underlying);
        }
        history.security(option).contract.as_ref()?.underlying
    }

    /// Shares that one contract delivers.
    ///
    /// # Errors
    /// A multiplier out of range.
    pub fn deliverable(
        &self,
        history: &History,
        option: SecurityId,
    ) -> Result<Quantity, OutOfRange> {
        match self.adjusted.get(&option) {
            Some(adjusted) => Ok(adjusted.deliverable),
            None => Quantity::new(history.security(option).multiplier()),
        }
    }

    /// Whether the terms of an option have changed, and it is on this security now.
    pub fn have_become(&self, option: SecurityId, security: SecurityId) -> bool {
        let adjusted = self.adjusted.get(&option);
        adjusted.is_some_and(|adjusted| adjusted.underlying == security)
    }

    /// An open option follows its underlying through a change of name, or a split: more shares for the same money, so
    /// that the strike falls as the shares multiply.
    ///
    /// # Errors
    /// Quantities out of range.
    pub fn follow(
        &mut self,
        history: &History,
        option: SecurityId,
        underlying: SecurityId,
        (new, old): (Quantity, Quantity),
    ) -> Result<(), OutOfRange> {
        let deliverable = self.deliverable(history, option)?.share(new, old)?;
        let adjusted = Adjusted {
            underlying,
            deliverable,
        };
        self.adjusted.insert(option, adjusted);
        Ok(())
    }

    /// The share leg of a row's contracts, its value as the rows write it: in the currency of the row.
    ///
    /// # Errors
    /// A contract whose terms are not known, or figures out of range.
    pub fn share_leg(
        &self,
        history: &History,
        trade: &Trade,
        contracts: Quantity,
    ) -> Result<ShareLeg, Halt> {
        let security = history.security(trade.security);
        let contract = security.contract.as_ref();
        let lacking = |what: &str| -> Halt {
            Problem::at(trade.source, format!("the {what} of {} is not known", security.symbol))
                .help("use an option symbol that says it (AAPL240119C00150000), or the columns underlying, expiry, strike, right, multiplier")
                .into()
        };
        let shares = self
            .underlying(history, trade.security)
            .ok_or_else(|| lacking("underlying"))?;
        let strike = contract
            .and_then(|c| c.strike)
            .ok_or_else(|| lacking("strike"))?;
        let right = match (contract.and_then(|c| c.right), security.class) {
            (Some(right), _) => right,
            (None, Class::Right) => Right::Call,
            (None, _) => return Err(lacking("right (call or put)")),
        };
        let deliverable = self.deliverable(history, trade.security)?;
        let quantity = contracts.share(deliverable, Quantity::ONE)?;
        // The money is that of the contract as written: what a split does to the shares it undoes in the strike.
        let multiplier = Quantity::new(security.multiplier())?;
        let value = Money::product(contracts.share(multiplier, Quantity::ONE)?, strike)?;
        Ok(ShareLeg {
            shares,
            right,
            quantity,
            value,
        })
    }
}
