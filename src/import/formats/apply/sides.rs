//! Rows that say what was sent and what was received, and rows that are finished disposals.

use std::borrow::Cow;

use super::super::closed::ClosedCells;
use super::super::plan::{Expression, Row};
use super::super::two_sided::{self, Sides};
use super::super::values;
use super::Run;
use crate::diagnostic::Problem;
use crate::import::columns::Column;

impl Run<'_, '_> {
    /// What a row sends and receives.
    pub(super) fn sides(&mut self, row: Row<'_>, rule: Option<usize>) -> Option<Sides> {
        self.wrong = false;
        let text = |run: &Self, name: &str| {
            let text = run
                .plan
                .sides
                .get(name)
                .map(|expression| expression.text(row).trim().to_owned());
            text.filter(|text| !run.numbers.is_null(text) && !text.is_empty())
        };
        let column = |run: &Self, column: Column| run.text_of(row, rule, column);
        let mut amounts = Vec::new();
        for name in [
            "sent_amount",
            "received_amount",
            "fee_amount",
            "net_worth_amount",
            "amount",
        ] {
            // Of a leg the units are its amount.
            let units = || column(self, Column::Quantity).filter(|_| name == "amount");
            let value = match text(self, name).or_else(units) {
                None => Ok(None),
                Some(text) => self.numbers.value(&text),
            };
            match value {
                Ok(value) => amounts.push(value),
                Err(message) => {
                    let cell = self.plan.sides.get(name).and_then(Expression::cell);
                    self.problem(row.record.line(), cell, Problem::new(message));
                    amounts.push(None);
                }
            }
        }
        let date_text = column(self, Column::Date).unwrap_or_default();
        let date_cell = self.date_cell;
        let date = self
            .date(row, Column::Date, date_cell, &date_text)
            .map(Cow::into_owned);
        let rename = |name: Option<String>| {
            name.map(|name| self.mapping.rename.get(&name).cloned().unwrap_or(name))
        };
        let [sent, received, fee, worth, amount] = amounts.try_into().ok()?;
        let sides = Sides {
            line: row.record.line(),
            date: date.unwrap_or_default(),
            sent: sent
                .filter(|v| !v.is_zero())
                .map(|v| v.abs())
                .zip(rename(text(self, "sent_currency"))),
            received: received
                .filter(|v| !v.is_zero())
                .map(|v| v.abs())
                .zip(rename(text(self, "received_currency"))),
            amount,
            symbol: rename(column(self, Column::Symbol)),
            fee: fee
                .map(|fee| values::fee(fee, self.mapping.signs.costs()))
                .filter(|fee| !fee.is_zero()),
            fee_currency: rename(column(self, Column::FeeCurrency)),
            worth: worth.map(|v| v.abs()),
            worth_currency: text(self, "net_worth_currency"),
            id: column(self, Column::Id),
            account: column(self, Column::Account),
            to_account: column(self, Column::ToAccount),
            tag: column(self, Column::Tag),
            class: column(self, Column::Class).filter(|class| !class.is_empty()),
            note: column(self, Column::Note),
        };
        (!self.wrong).then_some(sides)
    }

    pub(super) fn write_sides(&mut self, sides: &Sides, word: &str) {
        match two_sided::row(sides, word) {
            Ok(Some(cells)) => {
                let place = self.out.reserve(sides.line);
                self.out.fill(place, &cells);
            }
            Ok(None) => self.ignore(two_sided::without_effect(sides)),
            Err(problem) => self.problem(sides.line, None, problem),
        }
    }

    /// One leg of a trade that stands in several rows.
    pub(super) fn leg(&mut self, row: Row<'_>, sides: &Sides, fee: bool) {
        let Some(pair) = self.mapping.pair.first() else {
            let problem =
                Problem::new("the mapping has no [[pair]] that says which rows belong together");
            self.problem(sides.line, None, problem);
            return;
        };
        let key: Vec<String> = pair
            .by
            .iter()
            .map(|name| match name.as_str() {
                "date" | "time" => sides.date.clone(),
                "account" => sides.account.clone().unwrap_or_default(),
                "id" => sides.id.clone().unwrap_or_default(),
                _ => self.key_cell(row, name),
            })
            .collect();
        let out = &mut self.out;
        self.ledger
            .add(key, sides.clone(), fee, || out.reserve(sides.line));
    }

    fn key_cell(&self, row: Row<'_>, name: &str) -> String {
        let key = super::super::detect::name_key(name);
        let at = self
            .header
            .names
            .iter()
            .position(|n| super::super::detect::name_key(n) == key);
        at.map_or_else(String::new, |at| row.get(at).to_owned())
    }

    /// A finished disposal: its lot, and the sale of just that.
    pub(super) fn write_closed(&mut self, row: Row<'_>, rule: Option<usize>) {
        self.wrong = false;
        let mut cells: Vec<(Column, String)> = Vec::new();
        let columns: Vec<(Column, Expression)> = self.plan.columns.clone();
        for (column, expression) in &columns {
            let start = self.out.begin();
            self.cell(row, rule, *column, expression);
            let text = self.out.written_since(start);
            self.out.undo(start);
            if !text.is_empty() {
                cells.push((*column, text));
            }
        }
        let text = |run: &Self, name: &str| {
            let from = run.plan.sides.get(name);
            from.map(|from| from.text(row).trim().to_owned())
                .unwrap_or_default()
        };
        let line = row.record.line();
        let wash = match self.numbers.value(&text(self, "wash")) {
            Ok(wash) => wash,
            Err(message) => {
                let cell = self.plan.sides.get("wash").and_then(Expression::cell);
                self.problem(line, cell, Problem::new(message));
                None
            }
        };
        if self.wrong {
            return;
        }
        let closed = ClosedCells {
            line,
            cells,
            wash,
            term: text(self, "term"),
            description: text(self, "description"),
        };
        self.keep_closed(&closed);
    }

    fn keep_closed(&mut self, closed: &ClosedCells) {
        if self.applying.gains {
            match closed.lot() {
                Ok(lot) => self.closed.push(lot),
                Err(problem) => self.problem(closed.line, None, problem),
            }
            return;
        }
        match closed.rows() {
            Ok(rows) => {
                for cells in rows {
                    let place = self.out.reserve(closed.line);
                    self.out.fill(place, &cells);
                }
            }
            Err(problem) => self.problem(closed.line, None, problem),
        }
    }
}
