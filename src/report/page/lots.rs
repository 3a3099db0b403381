//! What is held, for a reader: the lots of each symbol with their totals.

use crate::answer::OpenLot;
use crate::money::{Minor, Quantity};
use crate::output::page::{Grid, GridColumn, Line, Page};
use crate::report::Frame;
use crate::report::page::{amount, date_if_any, lot_name, quantity};

/// Every lot, a total for each symbol of several, and the cost of everything.
pub fn holdings<'a>(frame: Frame<'a>) -> Page<'a> {
    let mut page = Page::default();
    let lots = &frame.answer.lots;
    if lots.is_empty() {
        page.remark("nothing is held");
        return page;
    }
    page.heading(format!("Open lots, {}", frame.currency));
    let mut lines = Vec::new();
    for of_symbol in lots.chunk_by(|a, b| a.security == b.security) {
        symbol_lines(&frame, of_symbol, &mut lines);
    }
    if lines.last() == Some(&Line::Gap) {
        lines.pop();
    }
    lines.push(Line::Rule);
    let mut total = vec![String::new(); 7];
    "total".clone_into(&mut total[0]);
    total[6] = amount(&frame, cost(lots));
    lines.push(Line::Total(total));
    let mut columns = columns();
    if !lots.iter().any(is_held_from_another_day) {
        columns.remove(HELD_FROM);
        for line in &mut lines {
            if let Line::Row(cells) | Line::Total(cells) = line {
                cells.remove(HELD_FROM);
            }
        }
    }
    page.grid(Grid::of(columns, lines));
    page
}

/// Position of the start of the holding period among the columns.
const HELD_FROM: usize = 4;

/// Whether the holding period counts from another day than that of the purchase.
fn is_held_from_another_day(lot: &OpenLot) -> bool {
    lot.held_from.is_some() && lot.held_from != lot.acquired
}

fn columns() -> Vec<GridColumn> {
    vec![
        GridColumn::text("symbol"),
        GridColumn::text("account").rank(3),
        GridColumn::text("lot").rank(1),
        GridColumn::word("acquired"),
        GridColumn::word("held from").rank(2),
        GridColumn::number("quantity"),
        GridColumn::number("cost"),
    ]
}

fn symbol_lines(frame: &Frame<'_>, lots: &[OpenLot], lines: &mut Vec<Line>) {
    if lots.len() > 1 && lines.last().is_some_and(|line| *line != Line::Gap) {
        lines.push(Line::Gap);
    }
    lines.extend(lots.iter().map(|lot| Line::Row(cells(frame, lot))));
    let [first, _, ..] = lots else { return };
    let mut total = vec![String::new(); 7];
    total[0] = format!("{} total", frame.symbol(first.security));
    total[5] = units(lots).map_or_else(String::new, quantity);
    total[6] = amount(frame, cost(lots));
    lines.push(Line::Total(total));
    lines.push(Line::Gap);
}

fn cells(frame: &Frame<'_>, lot: &OpenLot) -> Vec<String> {
    let account = lot
        .account
        .map_or("all", |id| &frame.history.account(id).name);
    vec![
        frame.symbol(lot.security).to_owned(),
        account.to_owned(),
        lot_name(&frame.lot(lot.name)),
        date_if_any(lot.acquired),
        date_if_any(lot.held_from.filter(|_| is_held_from_another_day(lot))),
        quantity(lot.quantity),
        amount(frame, lot.cost),
    ]
}

fn cost(lots: &[OpenLot]) -> Minor {
    let costs = lots.iter().map(|lot| lot.cost);
    costs.fold(0, Minor::saturating_add)
}

fn units(lots: &[OpenLot]) -> Option<Quantity> {
    lots.iter()
        .try_fold(Quantity::ZERO, |sum, lot| sum.plus(lot.quantity))
        .ok()
}
