//! The currency of a row and of its fee.

use rust_decimal::Decimal;

use super::{Rare, RowReader};
use crate::import::columns::Column;
use crate::import::money_words::{hundredth, hundredth_of, is_money};
use crate::trade::{Action, Entry};

impl<'r> RowReader<'r, '_, '_> {
    /// The currency of the row, and the asset of its fee.
    pub(super) fn money(&mut self, trade: &mut Entry, rest: &mut Rare) {
        let written = self.text(Column::Currency).map(str::to_owned);
        let currency = match (written, self.unit.take()) {
            (Some(written), Some((unit, column)))
                if hundredth_of(&written).unwrap_or(&written).to_uppercase() != unit =>
            {
                self.wrong(
                    self.file.columns.cell(column),
                    format!(
                        "`{unit}` stands beside the number, but the row's currency is {written}"
                    ),
                    |p| p.help("correct the `currency` column, or remove the sign"),
                );
                return;
            }
            (Some(written), _) => Some(written),
            (None, unit) => unit.map(|(unit, _)| unit),
        };
        let report = self.file.options.currency.clone();
        let mut currency = currency.map(|code| {
            if hundredth_of(&code).is_some() {
                code
            } else {
                upper_code(&code)
            }
        });
        let priced = matches!(trade.action, Action::Buy | Action::Sell);
        if priced && currency.as_deref().is_some_and(is_no_money) {
            self.file.note_paid_in_coin(self.source);
        }
        self.fee_currency(trade, rest, currency.as_deref().or(report.as_deref()));
        if let Some(meant) = currency.as_deref().and_then(hundredth_of) {
            self.in_whole_units(trade, rest);
            currency = Some(meant.to_owned());
        }
        if currency == report {
            rest.common.fx_rate = None;
            return;
        }
        rest.common.currency = currency.map(Into::into);
    }

    /// Prices in pence become pounds.
    fn in_whole_units(&mut self, trade: &mut Entry, rest: &mut Rare) {
        for amount in [
            &mut trade.price,
            &mut rest.common.total,
            &mut rest.rarest.fee_value,
            &mut rest.rarest.basis,
        ] {
            *amount = amount.and_then(hundredth);
        }
        if rest.rarest.fee_asset.is_none()
            && self
                .text(Column::FeeCurrency)
                .is_none_or(|code| hundredth_of(code).is_some())
        {
            trade.fee = trade.fee.and_then(hundredth);
        }
        rest.common.fx_rate = rest
            .common
            .fx_rate
            .and_then(|rate| rate.checked_mul(Decimal::ONE_HUNDRED));
    }

    pub(super) fn fee_currency(
        &mut self,
        trade: &mut Entry,
        rest: &mut Rare,
        row_currency: Option<&str>,
    ) {
        let Some(code) = self.text(Column::FeeCurrency).map(str::to_owned) else {
            return;
        };
        if trade.fee.is_none_or(|fee| fee.is_zero()) {
            return;
        }
        let upper = upper_code(&code);
        let row = row_currency.unwrap_or(&upper);
        // What a swap is priced in may be a coin that changes hands in it: a fee in it is units of it.
        let coin =
            trade.action == Action::Swap && !is_money(&upper) && hundredth_of(&code).is_none();
        if coin {
            rest.rarest.fee_asset = Some(self.file.tables.security(code.as_bytes(), self.source));
            return;
        }
        if code == row || upper == row || hundredth_of(row) == Some(upper.as_str()) {
            return;
        }
        if hundredth_of(&code) == Some(row) {
            trade.fee = trade.fee.and_then(hundredth);
            return;
        }
        if !is_money(&upper) {
            rest.rarest.fee_asset = Some(self.file.tables.security(code.as_bytes(), self.source));
            return;
        }
        match rest.rarest.fee_value.take() {
            Some(value) => trade.fee = Some(value),
            None => {
                let row = row.to_owned();
                self.wrong(
                    self.file.columns.cell(Column::FeeCurrency),
                    format!("the fee is in {upper}, but the row is in {row}"),
                    |p| {
                        p.help(format!(
                            "give the fee in {row}, or its worth in {row} in a `fee_value` column"
                        ))
                    },
                );
            }
        }
    }
}

fn is_no_money(code: &str) -> bool {
    !is_money(code) && hundredth_of(code).is_none()
}

fn upper_code(code: &str) -> String {
    let upper = code.to_ascii_uppercase();
    if is_money(&upper) {
        upper
    } else {
        code.to_owned()
    }
}
