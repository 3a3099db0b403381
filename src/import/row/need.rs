//! What a row of each action must say, and which way it goes.

use crate::trade::{Action, Entry, Rest};

/// The direction that a minus sign on the quantity would agree with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Units arrive: a minus contradicts.
    In,
    /// Units leave: a minus agrees.
    Out,
    /// Either; only the size counts.
    Either,
    /// The sign says something and is kept.
    Signed,
}

/// The direction of an action.
pub fn direction(action: Action) -> Direction {
    match action {
        Action::Buy
        | Action::Cover
        | Action::BuyToOpen
        | Action::BuyToClose
        | Action::StockDividend
        | Action::SpinOff
        | Action::Income
        | Action::Reinvest
        | Action::TransferIn
        | Action::GiftIn
        | Action::Inherit
        | Action::Opening => Direction::In,
        Action::Sell
        | Action::Short
        | Action::SellToOpen
        | Action::SellToClose
        | Action::Swap
        | Action::Spend
        | Action::Fee
        | Action::TransferOut
        | Action::GiftOut
        | Action::Lost
        | Action::Worthless => Direction::Out,
        Action::Expire
        | Action::Exercise
        | Action::Assign
        | Action::Merger
        | Action::Rename
        | Action::ReturnOfCapital
        | Action::Dividend
        | Action::Transfer
        | Action::CashSettle
        | Action::Mark
        | Action::Pnl
        | Action::Funding
        | Action::Cancel
        | Action::Ignore => Direction::Either,
        Action::Open | Action::Close | Action::Split | Action::BasisAdjust => Direction::Signed,
    }
}

/// What a row must say besides date and symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is the column of its name
pub enum Need {
    Quantity,
    PriceOrTotal,
    Price,
    Total,
    NewSymbol,
    NewQuantity,
    NewQuantityOrRatio,
    RatioOrQuantity,
    FractionOrPrice,
    BasisOrPrice,
    Value,
    Consideration,
    ToAccount,
}

impl Need {
    pub(super) fn of(action: Action) -> &'static [Self] {
        match action {
            Action::Buy
            | Action::Sell
            | Action::Short
            | Action::Open
            | Action::Close
            | Action::BuyToOpen
            | Action::SellToOpen
            | Action::BuyToClose
            | Action::SellToClose
            | Action::Reinvest
            | Action::Spend
            | Action::CashSettle
            | Action::Income => &[Self::Quantity, Self::PriceOrTotal],
            Action::Cover => &[Self::Quantity, Self::PriceOrTotal],
            Action::Split => &[Self::RatioOrQuantity],
            Action::StockDividend
            | Action::TransferIn
            | Action::TransferOut
            | Action::GiftIn
            | Action::GiftOut
            | Action::Lost
            | Action::Fee => &[Self::Quantity],
            Action::SpinOff => &[
                Self::NewSymbol,
                Self::NewQuantityOrRatio,
                Self::FractionOrPrice,
            ],
            Action::Rename => &[Self::NewSymbol],
            Action::ReturnOfCapital
            | Action::BasisAdjust
            | Action::Dividend
            | Action::Pnl
            | Action::Funding => &[Self::Total],
            Action::Swap => &[
                Self::Quantity,
                Self::NewSymbol,
                Self::NewQuantity,
                Self::PriceOrTotal,
            ],
            Action::Transfer => &[Self::Quantity, Self::ToAccount],
            Action::Inherit => &[Self::Quantity, Self::Value],
            Action::Merger => &[Self::Consideration],
            Action::Opening => &[Self::Quantity, Self::BasisOrPrice],
            Action::Mark => &[Self::Price],
            Action::Expire
            | Action::Exercise
            | Action::Assign
            | Action::Worthless
            | Action::Cancel
            | Action::Ignore => &[],
        }
    }

    /// Whether a row of this action lacks nothing once it has a quantity and a price.
    pub fn quantity_and_price_suffice(action: Action) -> bool {
        Self::of(action).iter().all(|need| {
            matches!(
                need,
                Self::Quantity
                    | Self::PriceOrTotal
                    | Self::Price
                    | Self::BasisOrPrice
                    | Self::Value
            )
        })
    }

    pub(super) fn met(self, trade: &Entry) -> bool {
        let none = Rest::default();
        let rest = trade.rest.as_deref().unwrap_or(&none);
        let quantity = trade.quantity.is_some();
        match self {
            Self::Quantity => quantity,
            Self::PriceOrTotal => trade.price.is_some() || rest.total.is_some(),
            Self::Price => trade.price.is_some(),
            Self::Total => rest.total.is_some(),
            Self::NewSymbol => rest.rarest().new_security.is_some(),
            Self::NewQuantity => rest.rarest().new_quantity.is_some(),
            Self::NewQuantityOrRatio => {
                rest.rarest().new_quantity.is_some() || rest.rarest().ratio.is_some()
            }
            Self::RatioOrQuantity => rest.rarest().ratio.is_some() || quantity,
            Self::FractionOrPrice => rest.rarest().fraction.is_some() || trade.price.is_some(),
            Self::BasisOrPrice => rest.rarest().basis.is_some() || trade.price.is_some(),
            Self::Value => {
                rest.rarest().basis.is_some() || trade.price.is_some() || rest.total.is_some()
            }
            Self::Consideration => {
                let stock = rest.rarest().new_security.is_some()
                    && (rest.rarest().new_quantity.is_some() || rest.rarest().ratio.is_some());
                stock
                    || (rest.rarest().new_security.is_none()
                        && (rest.total.is_some() || trade.price.is_some()))
            }
            Self::ToAccount => rest.rarest().to_account.is_some(),
        }
    }

    pub(super) fn columns(self) -> &'static str {
        match self {
            Self::Quantity => "`quantity`",
            Self::PriceOrTotal => "`price` or `total`",
            Self::Price => "`price`",
            Self::Total => "`total`",
            Self::NewSymbol => "`new_symbol`",
            Self::NewQuantity => "`new_quantity`",
            Self::NewQuantityOrRatio => "`new_quantity` or `ratio`",
            Self::RatioOrQuantity => "`ratio`",
            Self::FractionOrPrice => "`fraction`",
            Self::BasisOrPrice => "`basis` or `price`",
            Self::Value => "`price`",
            Self::Consideration => {
                "`new_symbol` with `ratio` or `new_quantity`, or the cash in `total`"
            }
            Self::ToAccount => "`to_account`",
        }
    }
}

pub(super) fn advice(need: Need, action: Action) -> String {
    let word = action.word();
    match need {
        Need::Quantity => "fill in how many units".to_owned(),
        Need::PriceOrTotal => "fill in the price per unit, or the whole amount with fees in `total`; 0 if nothing was paid".to_owned(),
        Need::Price => "fill in the price per unit on that day".to_owned(),
        Need::Total => format!("fill in the amount in a `total` column; `{word}` is an amount, not units"),
        Need::NewSymbol => "name the security that arrives in a `new_symbol` column".to_owned(),
        Need::NewQuantity => "say how many units arrive in a `new_quantity` column".to_owned(),
        Need::NewQuantityOrRatio => "say how many units arrive in a `new_quantity` column".to_owned(),
        Need::RatioOrQuantity => "write new:old in a `ratio` column, such as 4:1".to_owned(),
        Need::FractionOrPrice => "say which part of the basis moves in a `fraction` column: 0.125 or 12.5%".to_owned(),
        Need::BasisOrPrice => "give the total cost in a `basis` column, or the price per unit".to_owned(),
        Need::Value => "give the value per unit on the day of death as `price`".to_owned(),
        Need::Consideration => "say what was received for the old units: new units, cash or both".to_owned(),
        Need::ToAccount => "name the receiving account in a `to_account` column, or use `transfer_out` and `transfer_in`".to_owned(),
    }
}
