//! The disposals for a reader: a table per tax year with totals per term, or totals per symbol.

use crate::answer::{Disposal, Match, Term};
use crate::money::Minor;
use crate::output::page::{Grid, GridColumn, Line, Page};
use crate::report::Frame;
use crate::report::page::{amount, amount_if_any, count, date, date_if_any, quantity};

/// The positions of the disposals shown.
pub fn positions(frame: &Frame<'_>) -> Vec<u32> {
    let all = (0_u32..).zip(&frame.answer.disposals);
    all.filter(|(_, row)| frame.shows(i32::from(row.tax_year)))
        .map(|(position, _)| position)
        .collect()
}

/// Every row, a table per tax year.
pub fn rows<'a>(frame: Frame<'a>) -> Page<'a> {
    let mut page = Page::default();
    let shown = positions(&frame);
    if shown.is_empty() {
        page.remark(none_shown(&frame));
        return page;
    }
    for year in tax_years(&frame, &shown) {
        let rows: Vec<u32> = shown
            .iter()
            .copied()
            .filter(|position| i32::from(row_at(&frame, *position).tax_year) == year)
            .collect();
        page.heading(format!(
            "Disposals in {}, {}",
            frame.tax_year.written(year),
            frame.currency
        ));
        page.grid(year_table(frame, rows));
    }
    page
}

/// That there is nothing to show, and in which years there would be.
fn none_shown(frame: &Frame<'_>) -> String {
    let all: Vec<u32> = (0_u32..)
        .zip(&frame.answer.disposals)
        .map(|(at, _)| at)
        .collect();
    let Some(only) = frame.only else {
        return "no disposals".to_owned();
    };
    let years = tax_years(frame, &all).into_iter();
    let years: Vec<String> = years.map(|year| frame.tax_year.written(year)).collect();
    let only = frame.tax_year.written(only);
    match years.as_slice() {
        [] => format!("no disposals in {only}, nor in any other year"),
        [one] => format!("no disposals in {only}; there are in {one}"),
        [first, .., last] => format!("no disposals in {only}; there are from {first} to {last}"),
    }
}

fn tax_years(frame: &Frame<'_>, shown: &[u32]) -> Vec<i32> {
    let mut years: Vec<i32> = shown
        .iter()
        .map(|position| i32::from(row_at(frame, *position).tax_year))
        .collect();
    years.sort_unstable();
    years.dedup();
    years
}

fn row_at<'a>(frame: &Frame<'a>, position: u32) -> &'a Disposal {
    &frame.answer.disposals[position as usize]
}

/// A column for readers, and which rows make it worth showing.
struct View {
    column: GridColumn,
    content: Content,
    needed: fn(&Frame<'_>, &Disposal) -> bool,
}

/// What stands in a column.
enum Content {
    Text(fn(&Frame<'_>, &Disposal) -> String),
    /// An amount, which is summed, and how it is written.
    Amount(fn(&Disposal) -> Minor, fn(&Frame<'_>, Minor) -> String),
}

impl View {
    fn cell(&self, frame: &Frame<'_>, row: &Disposal) -> String {
        match self.content {
            Content::Text(text) => text(frame, row),
            Content::Amount(part, write) => write(frame, part(row)),
        }
    }

    fn total(&self, frame: &Frame<'_>, rows: &[u32]) -> String {
        match self.content {
            Content::Text(_) => String::new(),
            Content::Amount(part, write) => {
                let parts = rows.iter().map(|at| part(row_at(frame, *at)));
                write(frame, parts.fold(0, Minor::saturating_add))
            }
        }
    }
}

fn always(_: &Frame<'_>, _: &Disposal) -> bool {
    true
}

/// The columns. What a sale is made of stays longest: bought, sold, units, proceeds, cost, gain; of the rest the
/// adjustment, without which they do not add up, then the term.
fn views() -> Vec<View> {
    let text = |column, text, needed| View {
        column,
        content: Content::Text(text),
        needed,
    };
    let sum = |column, part: fn(&Disposal) -> Minor, write, needed| View {
        column,
        content: Content::Amount(part, write),
        needed,
    };
    vec![
        text(
            GridColumn::text("symbol"),
            |frame, row| frame.symbol(row.security).to_owned(),
            always,
        ),
        text(
            GridColumn::text("account").rank(6),
            |frame, row| frame.history.account(row.account).name.to_string(),
            |frame, _| frame.history.accounts.len() > 1,
        ),
        text(
            GridColumn::number("quantity"),
            |_, row| quantity(row.quantity),
            always,
        ),
        text(
            GridColumn::word("acquired").rank(3),
            |_, row| date_if_any(row.acquired),
            |_, row| row.acquired.is_some(),
        ),
        text(
            GridColumn::word("held from").rank(8),
            |_, row| date_if_any(row.held_from.filter(|day| Some(*day) != row.acquired)),
            |_, row| row.held_from != row.acquired,
        ),
        text(
            GridColumn::word("disposed"),
            |_, row| date(row.disposed),
            always,
        ),
        text(
            GridColumn::word("term").rank(5),
            |_, row| row.term.map_or("", Term::word).to_owned(),
            |_, row| row.term.is_some(),
        ),
        text(
            GridColumn::word("match").rank(9),
            |_, row| row.matched.word().to_owned(),
            |_, row| row.matched != Match::Lot,
        ),
        sum(
            GridColumn::number("proceeds").rank(1),
            |row| row.proceeds,
            amount,
            always,
        ),
        sum(
            GridColumn::number("cost").rank(2),
            |row| row.cost,
            amount,
            always,
        ),
        text(
            GridColumn::word("code").rank(7),
            |_, row| row.codes.text().to_owned(),
            |_, row| !row.codes.text().is_empty(),
        ),
        sum(
            GridColumn::number("adjustment").rank(4),
            |row| row.adjustment,
            amount_if_any,
            |_, row| row.adjustment != 0,
        ),
        sum(GridColumn::number("gain"), |row| row.gain(), amount, always),
        text(
            GridColumn::word("open until").rank(10),
            |_, row| date_if_any(row.provisional_until),
            |_, row| row.provisional_until.is_some(),
        ),
    ]
}

fn year_table<'a>(frame: Frame<'a>, rows: Vec<u32>) -> Grid<'a> {
    let views: Vec<View> = views()
        .into_iter()
        .filter(|view| {
            rows.iter()
                .any(|position| (view.needed)(&frame, row_at(&frame, *position)))
        })
        .collect();
    let columns = views.iter().map(|view| view.column.clone()).collect();
    let totals = totals(&frame, &views, &rows);
    let lines = move |each: &mut dyn FnMut(Line)| {
        for position in &rows {
            let row = row_at(&frame, *position);
            each(Line::Row(
                views.iter().map(|view| view.cell(&frame, row)).collect(),
            ));
        }
        totals.iter().cloned().for_each(each);
    };
    Grid {
        columns,
        lines: Box::new(lines),
    }
}

/// A line for each term that occurs and one for everything.
fn totals(frame: &Frame<'_>, views: &[View], rows: &[u32]) -> Vec<Line> {
    let mut lines = vec![Line::Rule];
    for (term, label) in [
        (Some(Term::Short), "short-term"),
        (Some(Term::Long), "long-term"),
        (None, "no term"),
    ] {
        let of_term: Vec<u32> = rows
            .iter()
            .copied()
            .filter(|position| row_at(frame, *position).term == term)
            .collect();
        if !of_term.is_empty() && of_term.len() < rows.len() {
            lines.push(Line::Row(total(frame, views, &of_term, label)));
        }
    }
    lines.push(Line::Total(total(frame, views, rows, "total")));
    lines
}

fn total(frame: &Frame<'_>, views: &[View], rows: &[u32], label: &str) -> Vec<String> {
    let mut cells: Vec<String> = views.iter().map(|view| view.total(frame, rows)).collect();
    if let Some(first) = cells.first_mut() {
        label.clone_into(first);
    }
    cells
}

/// What one symbol came to.
#[derive(Clone, Copy, Default)]
struct Symbol {
    rows: usize,
    proceeds: Minor,
    cost: Minor,
    adjustment: Minor,
    short: Minor,
    long: Minor,
    gain: Minor,
}

impl Symbol {
    fn add(&mut self, row: &Disposal) {
        self.rows += 1;
        self.proceeds = self.proceeds.saturating_add(row.proceeds);
        self.cost = self.cost.saturating_add(row.cost);
        self.adjustment = self.adjustment.saturating_add(row.adjustment);
        self.gain = self.gain.saturating_add(row.gain());
        match row.term {
            Some(Term::Short) => self.short = self.short.saturating_add(row.gain()),
            Some(Term::Long) => self.long = self.long.saturating_add(row.gain()),
            None => {}
        }
    }
}

/// Totals per symbol, in the order of the symbols.
pub fn per_symbol<'a>(frame: Frame<'a>) -> Page<'a> {
    let shown = positions(&frame);
    let mut symbols = vec![Symbol::default(); frame.history.securities.len()];
    let mut all = Symbol::default();
    let mut terms = false;
    for position in &shown {
        let row = row_at(&frame, *position);
        terms |= row.term.is_some();
        all.add(row);
        if let Some(symbol) = symbols.get_mut(row.security.0 as usize) {
            symbol.add(row);
        }
    }
    let mut named: Vec<(&str, Symbol)> = frame
        .history
        .securities
        .iter()
        .map(|security| &*security.symbol)
        .zip(symbols)
        .filter(|(_, symbol)| symbol.rows > 0)
        .collect();
    named.sort_unstable_by_key(|(name, _)| *name);
    let mut lines: Vec<Line> = named
        .iter()
        .map(|(name, symbol)| Line::Row(symbol_cells(&frame, name, symbol, terms)))
        .collect();
    lines.push(Line::Rule);
    lines.push(Line::Total(symbol_cells(&frame, "total", &all, terms)));
    let mut page = Page::default();
    page.heading(format!("Disposals by symbol, {}", frame.currency));
    page.grid(Grid::of(symbol_columns(terms), lines));
    page.remark(format!(
        "{} in all; `--report disposals` lists them, with `--format csv` for a program or a spreadsheet",
        count(shown.len(), "disposal")
    ));
    page
}

fn symbol_columns(terms: bool) -> Vec<GridColumn> {
    let mut columns = vec![
        GridColumn::text("symbol"),
        GridColumn::number("rows").rank(4),
        GridColumn::number("proceeds").rank(1),
        GridColumn::number("cost").rank(2),
        GridColumn::number("adjustment").rank(3),
    ];
    if terms {
        columns.push(GridColumn::number("short gain"));
        columns.push(GridColumn::number("long gain"));
    }
    columns.push(GridColumn::number("gain"));
    columns
}

fn symbol_cells(frame: &Frame<'_>, name: &str, symbol: &Symbol, terms: bool) -> Vec<String> {
    let mut cells = vec![
        name.to_owned(),
        crate::output::digits::grouped(&symbol.rows.to_string()),
        amount(frame, symbol.proceeds),
        amount(frame, symbol.cost),
        amount_if_any(frame, symbol.adjustment),
    ];
    if terms {
        cells.push(amount(frame, symbol.short));
        cells.push(amount(frame, symbol.long));
    }
    cells.push(amount(frame, symbol.gain));
    cells
}
