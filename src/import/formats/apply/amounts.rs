//! The dates and numbers of a row, as the mapping reads them, and whether they agree.

use std::borrow::Cow;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::super::mapping::{FeeSign, PriceUnit, QuantitySign};
use super::super::plan::{Expression, Row};
use super::super::values::{self, DateWriter, SourceZone};
use super::{Run, is_priced};
use crate::diagnostic::Problem;
use crate::import::columns::Column;
use crate::import::moment::{self, Day, Offset};
use crate::import::number::DecimalMark;
use crate::import::option_symbol;
use crate::import::row::class_named;
use crate::trade::Class;

impl Run<'_, '_> {
    /// A date in ISO form; `None` where the cell is empty, or wrong, which is reported.
    pub(super) fn date<'t>(
        &mut self,
        row: Row<'_>,
        column: Column,
        cell: Option<usize>,
        text: &'t str,
    ) -> Option<Cow<'t, str>> {
        let text = text.trim();
        if self.numbers.is_null(text) {
            return None;
        }
        if let Some(found) = moment::iso(text.as_bytes()) {
            let unzoned = matches!(
                (found.time, found.offset, found.day),
                (Some(_), Offset::Local, Day::Known(_))
            );
            match self.zone {
                _ if !unzoned => return Some(Cow::Borrowed(text)),
                SourceZone::None => return Some(Cow::Borrowed(text)),
                SourceZone::East(0) => return Some(Cow::Owned(format!("{text}Z"))),
                SourceZone::East(_) | SourceZone::Place(_) => {}
            }
        }
        self.other_date(row, column, cell, text)
    }

    pub(super) fn other_date<'t>(
        &mut self,
        row: Row<'_>,
        column: Column,
        cell: Option<usize>,
        text: &str,
    ) -> Option<Cow<'t, str>> {
        let rows = self.source_rows();
        let at = match self.dates.iter().position(|(of, _)| *of == column) {
            Some(at) => at,
            None => {
                let cell = cell.unwrap_or(usize::MAX);
                let name = self
                    .header
                    .names
                    .get(cell)
                    .map_or(column.name(), String::as_str);
                let given = self.applying.options.date_format.as_deref();
                let writer = DateWriter::new(&self.mapping.parse, self.zone, cell, name, given);
                self.dates.push((column, writer));
                self.dates.len() - 1
            }
        };
        let before = self.applying.problems.len();
        let (_, writer) = self.dates.get_mut(at)?;
        let written = writer
            .write(text, rows, self.applying.problems.list())
            .map(str::to_owned);
        if let Some(date) = written {
            return Some(Cow::Owned(date));
        }
        let format = writer.format();
        if self.applying.problems.len() == before {
            let help = match format {
                Some(format) => format!(
                    "the format `{}` expects dates like {format}",
                    self.mapping.name
                ),
                None => "write it like 2024-01-31".to_owned(),
            };
            let problem = Problem::new(format!("`{text}` is not a date")).help(help);
            self.problem(row.record.line(), cell, problem);
        }
        self.wrong = true;
        None
    }

    pub(super) fn number_cell(
        &mut self,
        row: Row<'_>,
        rule: Option<usize>,
        column: Column,
        expression: &Expression,
    ) {
        let text = expression.text(row);
        let text = text.trim();
        let compiled = rule.and_then(|at| self.plan.rules.get(at));
        let signs = self.mapping.signs;
        let quantity = compiled
            .and_then(|rule| rule.quantity)
            .unwrap_or(signs.quantity);
        let unit = compiled
            .and_then(|rule| rule.price_unit)
            .or_else(|| self.bond_price_unit(row, rule, column))
            .unwrap_or(signs.price_unit);
        let as_is = match column {
            Column::Quantity => {
                quantity == QuantitySign::Positive || quantity == QuantitySign::Signed
            }
            Column::Fee => {
                signs.costs() == FeeSign::PositiveCost && expression.summands().is_none()
            }
            Column::Price => unit == PriceUnit::Share && signs.price == QuantitySign::Positive,
            Column::FxRate => !signs.fx_inverse,
            _ => expression.summands().is_none(),
        };
        if as_is && !self.numbers.rewrites() {
            if self.numbers.is_null(text) {
                return;
            }
            if self.out.push_plain_number(text) {
                return;
            }
            if !text.contains(['e', 'E']) {
                self.out.push(text);
                return;
            }
        }
        match self.computed(row, rule, column, expression, (quantity, unit)) {
            Ok(Some(value)) => self.out.push(&value),
            Ok(None) => {}
            Err(message) => {
                let cell = expression.cell();
                self.problem(
                    row.record.line(),
                    cell,
                    Problem::new(message)
                        .help("write it like 1234.56; leave the cell empty if it is unknown"),
                );
            }
        }
    }

    /// What a price is per, where the row is of a bond and those have a unit of their own.
    fn bond_price_unit(
        &self,
        row: Row<'_>,
        rule: Option<usize>,
        column: Column,
    ) -> Option<PriceUnit> {
        let unit = self.mapping.signs.bond_price_unit?;
        if column != Column::Price {
            return None;
        }
        let class = self.text_of(row, rule, Column::Class)?;
        (class_named(&class) == Some(Class::Bond)).then_some(unit)
    }

    fn computed(
        &self,
        row: Row<'_>,
        rule: Option<usize>,
        column: Column,
        expression: &Expression,
        (quantity, unit): (QuantitySign, PriceUnit),
    ) -> Result<Option<String>, String> {
        let signs = self.mapping.signs;
        let text = expression.text(row);
        let text = if quantity == QuantitySign::SuffixS && column == Column::Quantity {
            text.trim().trim_end_matches(['S', 's'])
        } else {
            text.trim()
        };
        let (value, beside) = match expression.summands() {
            Some(cells) => {
                let mut sum = None;
                for cell in cells {
                    if let Some(value) = self.numbers.value(row.get(*cell))? {
                        sum = Some(
                            sum.unwrap_or(Decimal::ZERO)
                                .checked_add(value)
                                .ok_or("the sum is too large")?,
                        );
                    }
                }
                (sum, None)
            }
            None => match self.numbers.read(text)? {
                Some(written) => (Some(written.value), written.unit),
                None => (None, None),
            },
        };
        let Some(value) = value else { return Ok(None) };
        let value = match column {
            Column::Quantity | Column::NewQuantity => values::quantity(value, quantity),
            Column::Fee => values::fee(value, signs.costs()),
            Column::Price => {
                let value = if signs.price == QuantitySign::Abs {
                    value.abs()
                } else {
                    value
                };
                values::price(value, unit, self.multiplier(row, rule))
                    .ok_or("the price is too large")?
            }
            Column::FxRate if signs.fx_inverse && !value.is_zero() => Decimal::ONE
                .checked_div(value)
                .ok_or("the rate is too small")?,
            _ => value,
        };
        Ok(Some(match beside {
            Some(unit) => format!("{value} {unit}"),
            None => value.to_string(),
        }))
    }

    /// What one contract stands for: what the row says, else what its kind usually does.
    pub(super) fn multiplier(&self, row: Row<'_>, rule: Option<usize>) -> Decimal {
        let said = self.text_of(row, rule, Column::Multiplier);
        let value = said.and_then(|text| self.numbers.value(&text).ok()?);
        value
            .filter(|value| !value.is_zero())
            .unwrap_or_else(|| self.usual_multiplier(row, rule))
    }

    fn usual_multiplier(&self, row: Row<'_>, rule: Option<usize>) -> Decimal {
        let symbol = self.text_of(row, rule, Column::Symbol).unwrap_or_default();
        let symbol = self.mapping.rename.get(&symbol).unwrap_or(&symbol);
        let class = self.text_of(row, rule, Column::Class);
        let is_option = match option_symbol::parse(symbol) {
            Some(terms) => !terms.coin,
            None => matches!(
                class.and_then(|class| class_named(&class)),
                Some(Class::Option | Class::IndexOption)
            ),
        };
        if is_option {
            Decimal::ONE_HUNDRED
        } else {
            Decimal::ONE
        }
    }

    /// Whether the file says what one contract stands for, where another section of it should: without that a future
    /// would count as one unit.
    pub(super) fn check_multiplier(
        &mut self,
        row: Row<'_>,
        rule: Option<usize>,
        word: &str,
    ) -> bool {
        let plan = Arc::clone(&self.plan);
        let mut columns = plan.columns.iter();
        let own = columns.find(|(column, _)| *column == Column::Multiplier);
        let Some((_, expression)) = own.filter(|(_, own)| own.is_elsewhere() && is_priced(word))
        else {
            return true;
        };
        let class = self.text_of(row, rule, Column::Class);
        let class = class.and_then(|class| class_named(&class));
        if !matches!(class, Some(Class::Future | Class::IndexOption))
            || !expression.source_text(row).is_empty()
        {
            return true;
        }
        let symbol = self.text_of(row, rule, Column::Symbol).unwrap_or_default();
        let problem = Problem::new(format!("the file does not say the multiplier of `{symbol}`"))
            .note("it stands in the section Financial Instrument Information")
            .help("export the statement with all sections, or write the trades as rows of a file of the canonical columns, with a `multiplier`");
        let cell = plan.columns.iter().find(|(of, _)| *of == Column::Symbol);
        let cell = cell.and_then(|(_, symbol)| symbol.cell());
        self.problem(row.record.line(), cell, problem);
        false
    }

    /// Whether what units and price come to is what the file says they do: a price that is per contract, in pence or
    /// per hundred shows here.
    pub(super) fn check_gross(&mut self, row: Row<'_>, rule: Option<usize>, word: &str) -> bool {
        let plan = Arc::clone(&self.plan);
        let Some(expression) = plan.sides.get("gross").filter(|_| is_priced(word)) else {
            return true;
        };
        let Ok(Some(said)) = self.numbers.value(&expression.text(row)) else {
            return true;
        };
        let cells = self.out.cells(self.out.count() - 1);
        let number = |column| {
            let text = super::super::rows::cell(&cells, column)?;
            let written = crate::import::number::parse(text, DecimalMark::Point).ok()?;
            Some(written.value)
        };
        let (Some(quantity), Some(price)) = (number(Column::Quantity), number(Column::Price))
        else {
            return true;
        };
        let multiplier = self.multiplier(row, rule);
        let Some(gap) = values::gap(quantity, price, multiplier, said) else {
            return true;
        };
        let name = expression
            .cell()
            .and_then(|cell| self.header.names.get(cell).cloned())
            .unwrap_or_default();
        let times = if multiplier == Decimal::ONE {
            String::new()
        } else {
            format!(" x {}", multiplier.normalize())
        };
        let problem = Problem::new(format!(
            "`{name}` says {}, but quantity and price come to something else",
            said.abs().normalize()
        ))
        .note(format!(
            "{} x {}{times} = {}",
            quantity.abs().normalize(),
            price.normalize(),
            gap.normalize()
        ))
        .help("correct the row; where a price is per contract, per 100 or in pence, say so in a mapping: `price_unit` under [signs]");
        self.problem(row.record.line(), expression.cell(), problem);
        false
    }
}
