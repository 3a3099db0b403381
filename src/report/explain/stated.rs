//! What a row states of an amount: so many units at a price, a total, a strike; what is left of it is the fee.

use rust_decimal::Decimal;

use super::Explainer;
use crate::money::{Money, Quantity};
use crate::report::page::quantity;
use crate::trade::{Action, Trade};

/// What a row says before fees.
pub struct Stated {
    /// In words.
    pub text: String,
    /// The amount, for all units.
    pub gross: Money,
}

impl Explainer<'_> {
    /// What a row states for `whole` units; `None` where it states nothing that an amount is made of.
    pub fn stated(&self, trade: &Trade, whole: Quantity) -> Option<Stated> {
        let word = self.word(trade);
        let rare = trade.rest().rarest();
        if matches!(trade.action, Action::Exercise | Action::Assign) {
            return self.at_strike(trade, whole);
        }
        if let Some(basis) = rare.basis {
            let gross = self.converted(trade, Money::new(basis).ok()?)?;
            let text = format!("{word} {}, basis as stated", quantity(whole));
            return Some(Stated { text, gross });
        }
        let own = trade
            .quantity()
            .and_then(|own| Quantity::new(own.abs()).ok());
        if let Some(total) = trade.rest().total
            && !matches!(
                trade.action,
                Action::Merger | Action::Split | Action::StockDividend | Action::SpinOff
            )
        {
            let gross = self.converted(trade, Money::new(total.abs()).ok()?)?;
            let gross = own.map_or(Some(gross), |own| gross.share(whole, own).ok())?;
            let text = format!("{word} {}, total of the row", quantity(whole));
            return Some(Stated { text, gross });
        }
        let price = trade.price()?;
        // Units beyond the row's own left as its fee; fewer are the part that this sale took.
        let units = own.map_or(whole, |own| own.min(whole));
        self.at_price(trade, units, price, &word)
    }

    fn at_price(
        &self,
        trade: &Trade,
        units: Quantity,
        price: Decimal,
        word: &str,
    ) -> Option<Stated> {
        let multiplier = self.frame.history.security(trade.security).multiplier();
        let gross = Money::product(units, price).ok()?.times(multiplier).ok()?;
        let mut text = format!("{word} {} at {price}", quantity(units));
        if multiplier != Decimal::ONE {
            text.push_str(&format!(" x {multiplier}"));
        }
        text.push_str(&self.rate_text(trade));
        let gross = self.converted(trade, gross)?;
        Some(Stated { text, gross })
    }

    /// The currency of a row and the rate it is converted by; of another day where that is the last one known.
    fn rate_text(&self, trade: &Trade) -> String {
        let rates = &self.frame.answer.rates;
        let own = trade.rest().currency.as_deref();
        let Some(currency) = own.filter(|own| *own != rates.report()) else {
            return String::new();
        };
        let day = rates.day(trade);
        match (trade.rest().fx_rate, rates.rate(currency, day)) {
            (Some(rate), _) => format!(" {currency} x {rate}"),
            (None, Some(rate)) if rate.date == day => format!(" {currency} x {}", rate.text()),
            (None, Some(rate)) => format!(" {currency} x {} of {}", rate.text(), rate.date),
            (None, None) => format!(" {currency}"),
        }
    }

    fn at_strike(&self, trade: &Trade, whole: Quantity) -> Option<Stated> {
        let contract = self
            .frame
            .history
            .security(trade.security)
            .contract
            .as_ref()?;
        let strike = contract.strike?;
        let gross = self.converted(trade, Money::product(whole, strike).ok()?)?;
        let shares = contract.underlying.map_or("", |id| self.frame.symbol(id));
        let rate = self.rate_text(trade);
        let text = format!(
            "{} {shares} at the strike of {strike}{rate}",
            quantity(whole)
        );
        Some(Stated { text, gross })
    }

    fn converted(&self, trade: &Trade, amount: Money) -> Option<Money> {
        let rates = &self.frame.answer.rates;
        let own = trade.rest().currency.as_deref();
        let Some(currency) = own.filter(|own| *own != rates.report()) else {
            return Some(amount);
        };
        match trade.rest().fx_rate {
            Some(rate) => amount.times(rate).ok(),
            None => {
                let rate = rates.rate(currency, rates.day(trade))?;
                rate.convert(amount).ok()
            }
        }
    }

    /// What the rest of an amount is, beside what the row states.
    pub fn rest_of(&self, trade: &Trade) -> String {
        let asset = trade.rest().rarest().fee_asset;
        match (asset, trade.fee()) {
            (Some(asset), _) => format!("fee paid in {}, at its value", self.frame.symbol(asset)),
            (None, Some(_)) => "fee".to_owned(),
            (None, None) => "costs".to_owned(),
        }
    }

    /// What a row did, as the beginning of a sentence.
    pub fn word(&self, trade: &Trade) -> String {
        let symbol = self.frame.symbol(trade.security);
        match trade.action {
            Action::Buy | Action::BuyToOpen | Action::Open => "bought",
            Action::Reinvest => "reinvested,",
            Action::Cover | Action::BuyToClose => "bought to close",
            Action::Sell | Action::SellToClose | Action::Close => "sold",
            Action::Short => "sold short",
            Action::SellToOpen => "written",
            Action::Income => "received as income",
            Action::Opening => "held from before the data:",
            Action::TransferIn => "moved in:",
            Action::GiftIn => "gift of",
            Action::Inherit => "inherited",
            Action::Spend => "spent",
            Action::Fee => "paid as a fee",
            Action::Mark => "marked,",
            Action::Merger => "given up in the merger:",
            Action::CashSettle => "settled in cash,",
            Action::Expire => "expired,",
            Action::Swap => return format!("swapped {symbol}:"),
            Action::StockDividend => "stock dividend of",
            Action::Split
            | Action::SpinOff
            | Action::Rename
            | Action::ReturnOfCapital
            | Action::BasisAdjust
            | Action::Dividend
            | Action::Transfer
            | Action::TransferOut
            | Action::GiftOut
            | Action::Lost
            | Action::Worthless
            | Action::Exercise
            | Action::Assign
            | Action::Pnl
            | Action::Funding
            | Action::Cancel
            | Action::Ignore => return trade.action.word().replace('_', " "),
        }
        .to_owned()
    }
}
