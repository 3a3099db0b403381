//! One lot: what of it is held and where its basis comes from, and what was sold of it.

use std::collections::BTreeSet;

use super::{Explainer, Explanation, Line, Part};
use crate::answer::trail::{Cause, Movement};
use crate::answer::{Disposal, LotName, OpenLot};
use crate::money::Money;
use crate::report::page::quantity;
use crate::trade::{Action, TradeId};

/// Sales of one lot that are each told whole.
const FEW_SALES: usize = 12;

impl Explainer<'_> {
    /// Every lot that is held, was sold from, or went into another.
    pub fn lot_names(&self) -> Vec<LotName> {
        let answer = self.frame.answer;
        let mut names: Vec<LotName> = answer.lots.iter().map(|lot| lot.name).collect();
        names.extend(answer.disposals.iter().filter_map(|row| row.lot));
        let replaced = answer.adjustments.iter();
        names.extend(replaced.filter_map(|adjustment| adjustment.replacement));
        names.extend(self.all_movements().filter_map(opened));
        let key = |lot: &LotName| (lot.security, lot.date, lot.number, lot.opened_by);
        names.sort_unstable_by_key(key);
        names.dedup();
        names
    }

    fn all_movements(&self) -> impl Iterator<Item = &Movement> {
        let rows = self.trails.disposals.iter();
        let rows = rows.flat_map(|row| row.cost.iter().chain(&row.proceeds));
        rows.chain(self.trails.lots.iter().flatten())
    }

    /// The lots with this id or own name.
    pub fn lots_named(&self, id: &str) -> Vec<LotName> {
        let mut lots = self.lot_names();
        lots.retain(|lot| self.frame.lot_text(*lot) == id);
        lots
    }

    /// A lot, from what is held of it to what was sold.
    pub fn lot(&self, name: LotName) -> Explanation {
        let answer = self.frame.answer;
        let mut parts = Vec::new();
        for (lot, movements) in answer.lots.iter().zip(&self.trails.lots) {
            if lot.name == name {
                parts.push(self.held_part(lot, movements));
            }
        }
        parts.extend(self.sold(name));
        parts.extend(self.went_into(name));
        let symbol = self.frame.symbol(name.security);
        let action = self.trade(name.opened_by).action.word().replace('_', " ");
        let title = if name.number == 0 {
            format!("pool of {symbol} at average cost")
        } else {
            format!("lot of {symbol} opened by the {action} of {}", name.date)
        };
        Explanation {
            kind: "lot",
            id: self.frame.lot_text(name),
            title,
            parts,
        }
    }

    fn held_part(&self, lot: &OpenLot, movements: &[Movement]) -> Part {
        let account = lot.account.map_or("all accounts", |account| {
            &self.frame.history.account(account).name
        });
        let short = lot.quantity.is_negative();
        let cost = if short { -lot.cost } else { lot.cost };
        let mut lines = if short && cost == 0 {
            self.counted_when_written(movements)
        } else {
            self.movements(movements, cost)
        };
        if let (Some(acquired), Some(held_from)) = (lot.acquired, lot.held_from) {
            lines.extend(self.tacking(movements, acquired, held_from));
        }
        let units = quantity(lot.quantity.abs());
        let symbol = self.frame.symbol(lot.security);
        let (name, total) = if short {
            (
                format!("{units} {symbol} open short in {account}"),
                "proceeds",
            )
        } else {
            (format!("{units} {symbol} held in {account}"), "cost")
        };
        Part {
            name,
            lines,
            total: Some((total.to_owned(), cost)),
        }
    }

    /// What an open option brought, where that was a gain on the day it was written.
    fn counted_when_written(&self, movements: &[Movement]) -> Vec<Line> {
        let brought = movements
            .iter()
            .try_fold(Money::ZERO, |sum, movement| sum.plus(movement.amount).ok());
        let brought = brought.and_then(|sum| sum.to_minor(self.frame.places).ok());
        let brought = brought.unwrap_or(0);
        let mut lines = self.movements(movements, brought);
        if brought != 0 {
            let rule = self.law.rule_on(Action::SellToOpen);
            let line = Line::new("counted as a gain when written").amount(-brought);
            lines.push(line.rule(rule));
        }
        lines
    }

    /// What was sold of a lot: where the basis of each sale comes from, or only a list where there are many.
    fn sold(&self, name: LotName) -> Vec<Part> {
        let rows = self.frame.answer.disposals.iter().enumerate();
        let of_lot: Vec<(usize, &Disposal)> =
            rows.filter(|(_, row)| row.lot == Some(name)).collect();
        if name.number > 0 && of_lot.len() <= FEW_SALES {
            let part = |(position, row)| self.sold_part(position, row);
            return of_lot.into_iter().map(part).collect();
        }
        self.sold_list(&of_lot).into_iter().collect()
    }

    fn sold_part(&self, position: usize, row: &Disposal) -> Part {
        let mut part = self.cost(position, row);
        let told = self.trails.disposals.get(position);
        let movements = told.map_or(&[][..], |told| told.cost.as_slice());
        if let (Some(acquired), Some(held_from)) = (row.acquired, row.held_from) {
            part.lines
                .extend(self.tacking(movements, acquired, held_from));
        }
        let text = format!(
            "sold in {}, gain {}",
            self.id(position),
            self.amount(row.gain())
        );
        part.lines
            .push(Line::new(text).at(self.source(row.closed_by)));
        let symbol = self.frame.symbol(row.security);
        let units = quantity(row.quantity);
        part.name = format!("{units} {symbol} sold on {}", row.disposed);
        part
    }

    fn sold_list(&self, rows: &[(usize, &Disposal)]) -> Option<Part> {
        let mut cost = 0;
        let lines: Vec<Line> = rows
            .iter()
            .map(|(position, row)| {
                cost += row.cost;
                let text = format!(
                    "{} in {}, gain {}",
                    quantity(row.quantity),
                    self.id(*position),
                    self.amount(row.gain())
                );
                let line = Line::new(text).amount(row.cost);
                line.at(self.source(row.closed_by))
            })
            .collect();
        (!lines.is_empty()).then(|| Part {
            name: "sold".to_owned(),
            lines,
            total: Some(("cost of what was sold".to_owned(), cost)),
        })
    }

    /// Where the basis of a lot went that was exercised or divided.
    fn went_into(&self, name: LotName) -> Option<Part> {
        let held = self.frame.answer.lots.iter().zip(&self.trails.lots);
        let held = held.map(|(lot, movements)| (Some(lot.name), movements.as_slice()));
        let sold = self
            .frame
            .answer
            .disposals
            .iter()
            .zip(&self.trails.disposals);
        let sold = sold.flat_map(|(row, told)| {
            [
                (row.lot, told.cost.as_slice()),
                (row.lot, told.proceeds.as_slice()),
            ]
        });
        let mut seen: BTreeSet<(String, TradeId)> = BTreeSet::new();
        for (lot, movements) in held.chain(sold) {
            let within = movements.iter().any(|one| opened(one) == Some(name));
            if let Some(other) = lot.filter(|lot| *lot != name && within) {
                seen.insert((self.frame.lot_text(other), other.opened_by));
            }
        }
        let lines: Vec<Line> = seen
            .into_iter()
            .map(|(lot, by)| {
                let line = Line::new(format!("went into lot {lot}")).at(self.source(by));
                let action = self.trade(by).action;
                line.lot(lot)
                    .rule(self.rule_on(crate::rule::us::of_action(action), action))
            })
            .collect();
        (!lines.is_empty()).then(|| Part {
            name: "moved on".to_owned(),
            lines,
            total: None,
        })
    }
}

fn opened(movement: &Movement) -> Option<LotName> {
    match movement.cause {
        Cause::Opened { lot, .. } => Some(lot),
        _ => None,
    }
}
