//! The average of a year: its disposals get their cost when it is over.

use super::{Done, Origin, Row, Walk, ZERO};
use crate::answer::Match;
use crate::answer::trail::Movement;
use crate::jurisdiction::Average;
use crate::matching::statutory::moves::{Key, Move, Way};
use crate::matching::statutory::stock::OfYear;
use crate::money::Money;
use crate::trade::Class;

impl<'a> Walk<'a> {
    pub(super) fn by_year(&self, step: &Move) -> bool {
        let yearly = matches!(self.law.pool(), Some((Average::YearlyForCoins, _)));
        let method = self.rules.methods.get(usize::from(step.account.0));
        let chosen = method.copied().unwrap_or(self.rules.method);
        yearly && self.class(step.key.1) == Class::Crypto && chosen.name != "average"
    }

    /// A disposal whose cost is known when the year is over.
    pub(super) fn dispose_of_year(&mut self, step: &Move, proceeds: Money, way: Way) -> Done {
        let row = Row {
            key: step.key,
            account: step.account,
            trade: step.trade,
            quantity: step.quantity,
            matched: Match::Pool,
            proceeds: self.part(proceeds)?,
            cost: ZERO,
            way,
            acquired: None,
            held_from: None,
            lot: Some(self.pool_name(step.key)),
            tax_day: self.today,
        };
        let written = self.row(&row, true)?;
        let sale = self.sale(step, proceeds)?;
        let premiums: Vec<Movement> = self.told.take_premium(true).into_iter().collect();
        self.tell_row(written, &row, Origin::Untold, (&[sale], &premiums));
        let stock = self.stocks.entry(step.key).or_default();
        stock.of_year.push(OfYear {
            row: written,
            units: step.quantity,
            trade: step.trade,
        });
        Ok(())
    }

    /// Gives the disposals of a year that is over their share of the opening pool and all purchases of the year.
    pub(super) fn close_years(&mut self, year: i32) -> Done {
        if self.year == year {
            return Ok(());
        }
        self.year = year;
        let mut keys: Vec<Key> = self.stocks.keys().copied().collect();
        keys.sort_unstable();
        for key in keys {
            self.close_year(key)?;
        }
        Ok(())
    }

    pub(super) fn close_year(&mut self, key: Key) -> Done {
        let Some(stock) = self.stocks.get_mut(&key) else {
            return Ok(());
        };
        for OfYear { row, units, trade } in std::mem::take(&mut stock.of_year) {
            let (cost, origin) = self.take_pooled(key, units, trade)?;
            self.tell_cost(row, (trade, units, cost.amount), origin);
            let sum = match row {
                Some(row) => {
                    self.settle(row, cost.printed);
                    &mut self.conservation.basis_out
                }
                None => &mut self.conservation.basis_gone,
            };
            *sum = sum.plus(cost.amount)?;
        }
        Ok(())
    }
}
