//! Finished disposals, as realized gain and loss exports and 1099-B files list them: a lot, its sale, and what the broker
//! makes of it.

use rust_decimal::Decimal;

use crate::answer::Term;
use crate::date::Date;
use crate::diagnostic::Problem;
use crate::import::columns::Column;
use crate::import::number::{self, DecimalMark};

use super::rows::cell;

/// One finished disposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedLot {
    /// Its line in the file.
    pub line: u32,
    /// The account, where the file says one.
    pub account: Option<String>,
    /// What was sold: a symbol, or else whatever names it.
    pub name: String,
    /// ISIN or CUSIP.
    pub identifier: Option<String>,
    /// What it is in words.
    pub description: Option<String>,
    /// Units, as a size.
    pub quantity: Option<Decimal>,
    /// The day of purchase; `None` where the file says `various` or nothing.
    pub acquired: Option<Date>,
    /// The day of sale.
    pub disposed: Date,
    /// The currency of the amounts, where the file says one.
    pub currency: Option<String>,
    /// Proceeds.
    pub proceeds: Decimal,
    /// Cost; `None` where the broker does not know it.
    pub cost: Option<Decimal>,
    /// The part of the loss that the broker disallows as a wash sale, positive.
    pub wash: Decimal,
    /// What the broker takes it for.
    pub term: Option<Term>,
}

/// Cells of such a row in the canonical form, and its further texts.
#[derive(Clone, Debug, Default)]
pub struct ClosedCells {
    /// The line.
    pub line: u32,
    /// Cells by canonical column.
    pub cells: Vec<(Column, String)>,
    /// The loss disallowed.
    pub wash: Option<Decimal>,
    /// The term, as written.
    pub term: String,
    /// What it is in words.
    pub description: String,
}

impl ClosedCells {
    fn get(&self, column: Column) -> Option<String> {
        cell(&self.cells, column).map(str::to_owned)
    }

    fn day(&self, column: Column) -> Option<Date> {
        Date::parse_iso(cell(&self.cells, column)?.get(..10)?)
    }

    fn number(&self, column: Column) -> Option<Decimal> {
        let text = cell(&self.cells, column)?;
        let written = number::parse(text, DecimalMark::Point).ok()?;
        Some(written.value)
    }

    /// The disposal.
    ///
    /// # Errors
    /// What the row lacks.
    pub fn lot(&self) -> Result<ClosedLot, Problem> {
        let lacks = |what: &str| Problem::new(format!("the row says no {what}"));
        let name = self
            .get(Column::Symbol)
            .or_else(|| Some(self.description.clone()).filter(|text| !text.is_empty()))
            .ok_or_else(|| lacks("symbol and no description"))?;
        Ok(ClosedLot {
            line: self.line,
            account: self.get(Column::Account),
            name,
            identifier: self.get(Column::Isin).or_else(|| self.get(Column::Cusip)),
            description: Some(self.description.clone()).filter(|text| !text.is_empty()),
            quantity: self.number(Column::Quantity).map(|q| q.abs()),
            acquired: self.day(Column::AcquiredDate),
            disposed: self.day(Column::Date).ok_or_else(|| lacks("day of sale"))?,
            currency: self.get(Column::Currency),
            proceeds: self
                .number(Column::Total)
                .ok_or_else(|| lacks("proceeds"))?,
            cost: self.number(Column::Basis),
            wash: self.wash.unwrap_or_default().abs(),
            term: term(&self.term),
        })
    }

    /// The same as canonical rows: its lot, and the sale of just that.
    ///
    /// # Errors
    /// What the row lacks.
    pub fn rows(&self) -> Result<[Vec<(Column, String)>; 2], Problem> {
        let Some(acquired) = self.get(Column::AcquiredDate) else {
            return Err(Problem::new("the row says no day of purchase").help(
                "give the day in the file, or the purchases and sales themselves; `lossoffset reconcile` compares such rows as they are",
            ));
        };
        if self.get(Column::Basis).is_none() {
            return Err(
                Problem::new("the row says no cost, and an unknown cost is not zero").help(
                    "fill the cost in; `lossoffset reconcile` compares such rows as they are",
                ),
            );
        }
        let shared = |column: Column| self.get(column).map(|text| (column, text));
        let both: Vec<(Column, String)> = [
            Column::Symbol,
            Column::Quantity,
            Column::Account,
            Column::Class,
            Column::Currency,
        ]
        .into_iter()
        .filter_map(shared)
        .chain([(Column::Lot, format!("row-{}", self.line))])
        .collect();
        let mut opening = both.clone();
        opening.push((Column::Action, "opening".to_owned()));
        opening.push((Column::Date, acquired));
        opening.extend(shared(Column::Basis));
        let mut sale = both;
        sale.push((Column::Action, "sell".to_owned()));
        sale.extend(
            [Column::Date, Column::Total, Column::Fee]
                .into_iter()
                .filter_map(shared),
        );
        Ok([opening, sale])
    }
}

/// `Short Term`, `LONG`, `S`, `L`, or the box of Form 8949 that says it.
fn term(text: &str) -> Option<Term> {
    let text = text.trim().to_ascii_lowercase();
    if text.contains("short")
        || matches!(
            text.as_str(),
            "s" | "st" | "a" | "b" | "c" | "g" | "h" | "i"
        )
    {
        Some(Term::Short)
    } else if text.contains("long")
        || matches!(text.as_str(), "l" | "lt" | "d" | "e" | "f" | "j" | "k")
    {
        Some(Term::Long)
    } else {
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_term_is_read_from_words_and_from_boxes() {
        for (text, expected) in [
            ("Short Term", Some(Term::Short)),
            ("LONG", Some(Term::Long)),
            ("Box A", None),
            ("a", Some(Term::Short)),
            ("K", Some(Term::Long)),
            ("L", Some(Term::Long)),
            ("X", None),
            ("", None),
        ] {
            assert_eq!(term(text), expected, "{text}");
        }
    }

    #[test]
    fn an_unknown_cost_is_refused_where_rows_are_made_of_it() {
        let row = ClosedCells {
            line: 2,
            cells: vec![
                (Column::Date, "2024-03-01".to_owned()),
                (Column::AcquiredDate, "2024-01-01".to_owned()),
                (Column::Symbol, "XYZ".to_owned()),
                (Column::Total, "10".to_owned()),
            ],
            ..ClosedCells::default()
        };
        assert_eq!(row.lot().unwrap().cost, None);
        assert!(row.rows().is_err_and(|p| p.message.contains("no cost")));
    }
}
