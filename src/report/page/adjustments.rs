//! The adjustments for a reader.

use crate::money::Minor;
use crate::output::page::{Grid, GridColumn, Line, Page};
use crate::output::table::{Cell, Table};
use crate::report::Frame;
use crate::report::adjustments::Adjustments;
use crate::report::page::{amount, conservation, date, lot_name, quantity};

/// Every adjustment and their sum.
pub fn rows<'a>(frame: Frame<'a>) -> Page<'a> {
    let table = Adjustments::new(frame);
    let mut page = Page::default();
    if table.rows() == 0 {
        page.remark("no adjustments");
        conservation::open(&frame, &mut page);
        return page;
    }
    page.heading(format!("Adjustments, {}", frame.currency));
    let columns: Vec<GridColumn> = table
        .columns()
        .iter()
        .map(|column| heading(&column.name))
        .collect();
    let width = columns.len();
    let lines = move |each: &mut dyn FnMut(Line)| {
        let mut sum: Minor = 0;
        for row in 0..table.rows() {
            let cell = |column| {
                let cell = table.cell(row, column);
                read(&frame, &cell)
            };
            if let Cell::Amount(minor) = table.cell(row, AMOUNT) {
                sum = sum.saturating_add(minor);
            }
            each(Line::Row((0..width).map(cell).collect()));
        }
        let mut total = vec![String::new(); width];
        "total".clone_into(&mut total[0]);
        total[AMOUNT] = amount(&frame, sum);
        each(Line::Rule);
        each(Line::Total(total));
    };
    page.grid(Grid {
        columns,
        lines: Box::new(lines),
    });
    conservation::losses(&frame, &mut page);
    page
}

/// Position of the amount among the columns.
const AMOUNT: usize = 4;

fn heading(name: &str) -> GridColumn {
    let head = name.replace('_', " ");
    match name {
        "quantity" | "amount" => GridColumn::number(&head),
        "basis_after" => GridColumn::number(&head).rank(1),
        "held_from_after" => GridColumn::word(&head).rank(2),
        "rule" => GridColumn::word(&head).rank(3),
        _ => GridColumn::text(&head),
    }
}

fn read(frame: &Frame<'_>, cell: &Cell<'_>) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Word(word) => (*word).to_owned(),
        Cell::Date(day) => date(*day),
        Cell::Amount(minor) => amount(frame, *minor),
        Cell::Quantity(units) => quantity(*units),
        Cell::Text(_)
        | Cell::Id(_)
        | Cell::Ids(_)
        | Cell::Place(_)
        | Cell::Places(_)
        | Cell::Rates(_) => lot_name(cell),
    }
}
