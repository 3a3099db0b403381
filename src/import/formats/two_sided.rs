//! Rows that say what was sent and what was received, as trackers and exchanges write them: rewritten as canonical rows.

use rust_decimal::Decimal;

use crate::diagnostic::Problem;
use crate::import::columns::Column;
use crate::import::money_words::{hundredth_of, is_money};
use crate::import::number::DecimalMark;
use crate::money::is_network_fee;

/// What a row, or several together, moved.
#[derive(Clone, Debug, Default)]
pub struct Sides {
    /// The line.
    pub line: u32,
    /// When, in ISO form.
    pub date: String,
    /// What left, as a size.
    pub sent: Option<(Decimal, String)>,
    /// What arrived, as a size.
    pub received: Option<(Decimal, String)>,
    /// One amount with its sign, where the row is a leg.
    pub amount: Option<Decimal>,
    /// What the amount counts.
    pub symbol: Option<String>,
    /// The fee, a positive cost.
    pub fee: Option<Decimal>,
    /// What the fee was paid in.
    pub fee_currency: Option<String>,
    /// What was moved is worth this.
    pub worth: Option<Decimal>,
    /// In this currency.
    pub worth_currency: Option<String>,
    /// The row's own id.
    pub id: Option<String>,
    /// Where.
    pub account: Option<String>,
    /// Where to.
    pub to_account: Option<String>,
    /// Its tag.
    pub tag: Option<String>,
    /// What kind of asset it is; a coin where nothing is said.
    pub class: Option<String>,
    /// Its note.
    pub note: Option<String>,
}

/// The columns that such rows fill.
pub const COLUMNS: [Column; 19] = [
    Column::Date,
    Column::Action,
    Column::Symbol,
    Column::Quantity,
    Column::Price,
    Column::Fee,
    Column::FeeCurrency,
    Column::Currency,
    Column::Total,
    Column::Account,
    Column::ToAccount,
    Column::Id,
    Column::Lot,
    Column::NewSymbol,
    Column::NewQuantity,
    Column::Basis,
    Column::Class,
    Column::Tag,
    Column::Note,
];

type Cells = Vec<(Column, String)>;

/// Coins that others are priced in, the usual ones first: one file of rates of a few of them values most trades.
const MEASURES: [&str; 9] = [
    "USDT", "USDC", "FDUSD", "BUSD", "TUSD", "DAI", "USDP", "BTC", "ETH",
];

/// The coin that a trade of one for another is valued by where nothing says what it was worth.
fn measure_of<'c>(sent: &'c (Decimal, String), received: &'c (Decimal, String)) -> &'c str {
    let rank = |symbol: &str| {
        let mut measures = MEASURES.iter();
        let at = measures.position(|measure| measure.eq_ignore_ascii_case(symbol));
        at.unwrap_or(MEASURES.len())
    };
    if rank(&received.1) < rank(&sent.1) {
        &received.1
    } else {
        &sent.1
    }
}

/// The value of a trade in one of its two coins: what that coin was worth is for the exchange rates to say.
fn measured(
    sent: &(Decimal, String),
    received: &(Decimal, String),
    measure: &str,
    fee: bool,
) -> Cells {
    let of_sent = sent.1 == measure;
    let total = if of_sent { sent.0 } else { received.0 };
    let price = if of_sent {
        Some(Decimal::ONE)
    } else {
        total.checked_div(sent.0).map(|price| price.normalize())
    };
    // A fee comes off what the price says; a total needs no division.
    let value = match price.filter(|_| fee) {
        Some(price) => (Column::Price, price.to_string()),
        None => (Column::Total, total.to_string()),
    };
    vec![value, (Column::Currency, measure.to_ascii_uppercase())]
}

/// One asset for another.
fn exchanged(sent: &(Decimal, String), received: &(Decimal, String), value: Cells) -> Cells {
    let mut cells = vec![
        (Column::Action, "swap".to_owned()),
        (Column::Symbol, sent.1.clone()),
        (Column::Quantity, sent.0.to_string()),
        (Column::NewSymbol, received.1.clone()),
        (Column::NewQuantity, received.0.to_string()),
    ];
    cells.extend(value);
    cells
}

/// What a purchase or a sale needs beside its own columns to become a swap.
pub const PAID_IN_COIN: [Column; 6] = [
    Column::Price,
    Column::Total,
    Column::Fee,
    Column::FeeCurrency,
    Column::NewSymbol,
    Column::NewQuantity,
];

/// A purchase or sale whose currency is a coin: two assets change hands, and what was paid leaves its own lots. `None` where
/// the currency is money, or the row does not say how much was paid.
pub fn paid_in_coin(cells: &[(Column, String)], buys: bool) -> Option<Cells> {
    let text = |column| super::rows::cell(cells, column);
    let number = |column| {
        let written = crate::import::number::parse(text(column)?, DecimalMark::Point).ok()?;
        Some(written.value)
    };
    let code = text(Column::Currency)
        .filter(|code| !is_money(&code.to_ascii_uppercase()) && hundredth_of(code).is_none())?;
    let units = number(Column::Quantity)?.abs();
    let fee = number(Column::Fee).filter(|fee| !fee.is_zero());
    let fee_in = text(Column::FeeCurrency).unwrap_or(code);
    let within = fee.filter(|_| fee_in == code).unwrap_or_default();
    let paid = match (number(Column::Total), number(Column::Price)) {
        (Some(total), _) if buys => total.abs().checked_sub(within)?,
        (Some(total), _) => total.abs().checked_add(within)?,
        (None, Some(price)) => units.checked_mul(price)?.normalize(),
        (None, None) => return None,
    };
    let asset = (units, text(Column::Symbol)?.to_owned());
    let coin = (paid, code.to_owned());
    let (sent, received) = if buys { (coin, asset) } else { (asset, coin) };
    let value = measured(&sent, &received, code, fee.is_some());
    let mut swap = exchanged(&sent, &received, value);
    if let Some(fee) = fee {
        swap.push((Column::Fee, fee.to_string()));
        swap.push((Column::FeeCurrency, fee_in.to_owned()));
    }
    let rest = cells.iter().filter(|(column, _)| {
        !PAID_IN_COIN.contains(column) && !swap.iter().any(|(of, _)| of == column)
    });
    let rest: Cells = rest.cloned().collect();
    swap.extend(rest);
    Some(swap)
}

/// The canonical row; `None` where only money moved.
///
/// # Errors
/// What the row lacks.
pub fn row(sides: &Sides, word: &str) -> Result<Option<Cells>, Problem> {
    let mut sides = sides.clone();
    sides.split_amount();
    let cells = match word {
        "auto" | "trade" => sides.by_what_moved(word == "trade")?,
        "transfer"
            if sides.sent.is_some() != sides.received.is_some() || sides.moved().is_some() =>
        {
            sides.by_what_moved(false)?
        }
        word => sides.one_asset(word)?,
    };
    Ok(cells.map(|cells| sides.with_common(cells)))
}

/// Why a row without a canonical row has none.
pub fn without_effect(sides: &Sides) -> &'static str {
    if sides.moved().is_some() && !money(sides.sent.as_ref()) {
        "moved within one account"
    } else {
        "money moved or changed"
    }
}

fn money(side: Option<&(Decimal, String)>) -> bool {
    side.is_some_and(|(_, symbol)| is_money(&symbol.to_ascii_uppercase()))
}

impl Sides {
    /// One signed amount is what was sent or what was received.
    fn split_amount(&mut self) {
        if let (Some(amount), Some(symbol)) = (self.amount, self.symbol.clone())
            && !amount.is_zero()
            && self.sent.is_none()
        {
            let side = Some((amount.abs(), symbol));
            // Beside something received, the amount is what was given for it.
            if amount.is_sign_negative() || self.received.is_some() {
                self.sent = side;
            } else {
                self.received = side;
            }
        }
    }

    fn by_what_moved(&mut self, must_trade: bool) -> Result<Option<Cells>, Problem> {
        let lone = self.sent.is_none() || self.received.is_none();
        if lone && must_trade {
            return Err(Problem::new("a trade of which one side is missing")
                .help("add the other side, or correct the type of the row"));
        }
        match (&self.sent.clone(), &self.received.clone()) {
            (None, None) => Err(Problem::new("the row moves nothing")
                .help("fill in what was sent or received, or leave the row out")),
            (Some(_), Some(_)) if money(self.sent.as_ref()) && money(self.received.as_ref()) => {
                Ok(None)
            }
            (Some(sent), Some(received)) if money(self.sent.as_ref()) => {
                Ok(Some(self.purchase(sent, received)))
            }
            (Some(sent), Some(received)) if money(self.received.as_ref()) => {
                Ok(Some(self.sale(sent, received)))
            }
            (Some(sent), Some(received)) if self.moved().is_some() => {
                self.own_transfer(sent, received)
            }
            (Some(sent), Some(received)) => Ok(Some(self.swap(sent, received))),
            (Some(_), None) if money(self.sent.as_ref()) => Ok(None),
            (None, Some(_)) if money(self.received.as_ref()) => Ok(None),
            (Some(_), None) => self.one_asset("transfer_out"),
            (None, Some(_)) => self.one_asset("transfer_in"),
        }
    }

    /// Whether the fee is in this currency, or does not say in which.
    fn fee_in(&self, currency: &str) -> Option<Decimal> {
        self.fee.filter(|_| {
            self.fee_currency
                .as_deref()
                .is_none_or(|of| of.eq_ignore_ascii_case(currency))
        })
    }

    fn purchase(&self, sent: &(Decimal, String), received: &(Decimal, String)) -> Cells {
        let fee = self.fee_in(&sent.1).unwrap_or_default();
        let total = sent.0.checked_add(fee).unwrap_or(sent.0);
        let paid = self.price_beside_fee(sent.0, received);
        vec![
            (Column::Action, "buy".to_owned()),
            (Column::Symbol, received.1.clone()),
            (Column::Quantity, received.0.to_string()),
            paid.unwrap_or((Column::Total, total.to_string())),
            (Column::Currency, sent.1.to_ascii_uppercase()),
        ]
    }

    /// A fee kept back from the coins bought is worth what they cost: then the row says the price, which values it.
    fn price_beside_fee(
        &self,
        paid: Decimal,
        received: &(Decimal, String),
    ) -> Option<(Column, String)> {
        self.fee?;
        let of = self.fee_currency.as_deref()?;
        let price = paid.checked_div(received.0)?.normalize();
        of.eq_ignore_ascii_case(&received.1)
            .then(|| (Column::Price, price.to_string()))
    }

    fn sale(&self, sent: &(Decimal, String), received: &(Decimal, String)) -> Cells {
        let fee = self.fee_in(&received.1).unwrap_or_default();
        let total = received.0.checked_sub(fee).unwrap_or(received.0);
        vec![
            (Column::Action, "sell".to_owned()),
            (Column::Symbol, sent.1.clone()),
            (Column::Quantity, sent.0.to_string()),
            (Column::Total, total.to_string()),
            (Column::Currency, received.1.to_ascii_uppercase()),
        ]
    }

    /// The asset, where what left and what arrived is the same: it moved and was not exchanged for anything.
    fn moved(&self) -> Option<&str> {
        let (sent, received) = self.sent.as_ref().zip(self.received.as_ref())?;
        sent.1
            .eq_ignore_ascii_case(&received.1)
            .then_some(received.1.as_str())
    }

    /// One asset on both sides: from an account to another, or within one, where only the fee counts.
    fn own_transfer(
        &mut self,
        sent: &(Decimal, String),
        received: &(Decimal, String),
    ) -> Result<Option<Cells>, Problem> {
        let (left, asset) = sent;
        let arrived = received.0;
        let missing = left.checked_sub(arrived).unwrap_or_default();
        if missing.is_sign_negative() && !missing.is_zero() {
            return Err(Problem::new(format!(
                "{left} {asset} left, but {arrived} {asset} arrived"
            ))
            .help("correct the amounts, or write what was added to the units moved as a row of its own"));
        }
        if !is_network_fee(*left, arrived) {
            return Err(Problem::new(format!(
                "{left} {asset} left and only {arrived} {asset} arrived: more is missing than a network takes"
            ))
            .help("if it was the fee, make what left equal to what arrived and write the difference as the fee"));
        }
        self.take_for_fee(missing, asset)?;
        let price = self.worth.and_then(|worth| worth.checked_div(*left));
        let valued = |cells: &mut Cells| {
            if let Some(price) = price {
                cells.push((Column::Price, price.to_string()));
                let currency = self.worth_currency.clone();
                cells.extend(currency.map(|code| (Column::Currency, code)));
            }
        };
        let elsewhere = self.to_account.is_some() && self.to_account != self.account;
        let in_kind = self
            .fee
            .zip(self.fee_currency.clone())
            .filter(|(_, of)| !is_money(&of.to_ascii_uppercase()));
        if elsewhere {
            let mut cells = vec![
                (Column::Action, "transfer".to_owned()),
                (Column::Symbol, asset.clone()),
                (Column::Quantity, arrived.to_string()),
            ];
            match in_kind {
                Some(_) => valued(&mut cells),
                // Money paid for a move belongs to no lot.
                None => self.fee = None,
            }
            return Ok(Some(cells));
        }
        // Nothing left the account but the fee.
        let Some((fee, of)) = in_kind else {
            return Ok(None);
        };
        let mut cells = vec![
            (Column::Action, "fee".to_owned()),
            (Column::Symbol, of.clone()),
            (Column::Quantity, fee.to_string()),
        ];
        if of.eq_ignore_ascii_case(asset) {
            valued(&mut cells);
        }
        (self.fee, self.fee_currency, self.to_account) = (None, None, None);
        Ok(Some(cells))
    }

    /// What did not arrive is the fee, or a part of it. Some write the same fee into its own column as well.
    fn take_for_fee(&mut self, missing: Decimal, asset: &str) -> Result<(), Problem> {
        if missing.is_zero() {
            return Ok(());
        }
        let stated = self.fee.zip(self.fee_currency.as_deref());
        let fee = match stated {
            None => missing,
            Some((fee, of)) if of.eq_ignore_ascii_case(asset) => {
                if fee == missing {
                    missing
                } else {
                    fee.checked_add(missing).unwrap_or(fee)
                }
            }
            Some((_, of)) => {
                return Err(Problem::new(format!(
                    "less {asset} arrived than left, and the fee is in {of}: a row can have one fee"
                ))
                .help("write the difference as a `fee` row of its own, in a file of the canonical columns"));
            }
        };
        self.fee = Some(fee);
        self.fee_currency = Some(asset.to_owned());
        Ok(())
    }

    fn swap(&self, sent: &(Decimal, String), received: &(Decimal, String)) -> Cells {
        let value = match self.worth {
            Some(_) => self.value_of(sent.0),
            None => measured(
                sent,
                received,
                measure_of(sent, received),
                self.fee.is_some(),
            ),
        };
        exchanged(sent, received, value)
    }

    /// The worth as `price` where a fee may come off it, else as `total`, which needs no division.
    fn value_of(&self, quantity: Decimal) -> Cells {
        let Some(worth) = self.worth else {
            return Vec::new();
        };
        let value = match self.fee.and_then(|_| worth.checked_div(quantity)) {
            Some(price) => (Column::Price, price.to_string()),
            None => (Column::Total, worth.to_string()),
        };
        let currency = self
            .worth_currency
            .clone()
            .map(|code| (Column::Currency, code));
        std::iter::once(value).chain(currency).collect()
    }

    /// A row about one asset: income, a gift, a transfer.
    fn one_asset(&self, word: &str) -> Result<Option<Cells>, Problem> {
        let Some((quantity, symbol)) = self.received.as_ref().or(self.sent.as_ref()) else {
            return Err(Problem::new(format!("`{word}` of nothing"))
                .help("fill in what was sent or received"));
        };
        if is_money(&symbol.to_ascii_uppercase()) && word != "pnl" && word != "funding" {
            return Ok(None);
        }
        let mut cells = vec![
            (Column::Action, word.to_owned()),
            (Column::Symbol, symbol.clone()),
        ];
        if matches!(word, "pnl" | "funding") {
            let signed = if self.sent.is_some() && self.received.is_none() {
                -*quantity
            } else {
                *quantity
            };
            // A result in a coin counts at what it was worth.
            let worth = self
                .worth
                .zip(self.worth_currency.clone())
                .filter(|_| !is_money(&symbol.to_ascii_uppercase()));
            let (total, currency) = match worth {
                Some((worth, code)) if signed.is_sign_negative() => (-worth, code),
                Some(valued) => valued,
                None => (signed, symbol.clone()),
            };
            cells.push((Column::Total, total.to_string()));
            cells.push((Column::Currency, currency));
            return Ok(Some(cells));
        }
        cells.push((Column::Quantity, quantity.to_string()));
        if matches!(
            word,
            "gift_in"
                | "gift_out"
                | "inherit"
                | "fee"
                | "transfer_in"
                | "transfer_out"
                | "transfer"
                | "lost"
        ) {
            let price = self.worth.and_then(|worth| worth.checked_div(*quantity));
            let values = matches!(word, "gift_in" | "gift_out" | "inherit" | "fee");
            cells.extend(
                price
                    .filter(|_| values)
                    .map(|price| (Column::Price, price.to_string())),
            );
            let currency = self
                .worth_currency
                .clone()
                .filter(|_| values && price.is_some());
            cells.extend(currency.map(|code| (Column::Currency, code)));
        } else {
            cells.extend(self.value_of(*quantity));
        }
        Ok(Some(cells))
    }

    fn with_common(&self, mut cells: Cells) -> Cells {
        cells.push((Column::Date, self.date.clone()));
        if let Some(fee) = self.fee {
            cells.push((Column::Fee, fee.to_string()));
            cells.extend(
                self.fee_currency
                    .clone()
                    .map(|code| (Column::FeeCurrency, code)),
            );
        }
        for (column, text) in [
            (Column::Account, &self.account),
            (Column::ToAccount, &self.to_account),
            (Column::Id, &self.id),
            (Column::Tag, &self.tag),
            (Column::Note, &self.note),
        ] {
            cells.extend(text.clone().map(|text| (column, text)));
        }
        if !cells.iter().any(|(column, _)| *column == Column::Class) {
            let class = self.class.clone().unwrap_or_else(|| "crypto".to_owned());
            cells.push((Column::Class, class));
        }
        cells
    }
}
