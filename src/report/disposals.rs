//! The disposals: one row per slice of a lot, or matched leg, that a sale used.

use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::answer::{Disposal, Disposals as Disposed, Merged};
use crate::date::Date;
use crate::output::csv::Short;
use crate::output::table::{Cell, Cells, Column, Id, Nth, RateUsed, Table};
use crate::report::Frame;
use crate::trade::{Trade, TradeId};

/// The rows, with the number of each among those of its symbol and day.
pub struct Disposals<'a> {
    frame: Frame<'a>,
    /// Positions of the rows shown; `None` for all.
    shown: Option<Vec<u32>>,
    numbers: Numbers<'a>,
    /// Tax years as written, one after the other.
    years: Vec<String>,
    /// The calendar year in which the first begins.
    first_year: i32,
    /// Whether rows are in a foreign currency: then the rates used have a column of their own.
    converted: bool,
}

/// One row, looked up once for all its cells.
#[derive(Clone, Copy)]
struct View<'t> {
    table: &'t Disposals<'t>,
    position: usize,
    row: &'t Disposal,
}

/// The columns, in the order in which [`View::hand_over`] hands their cells over.
const NAMES: [&str; 20] = [
    "id",
    "tax_year",
    "account",
    "symbol",
    "class",
    "quantity",
    "acquired",
    "held_from",
    "disposed",
    "proceeds",
    "cost",
    "adjustment",
    "codes",
    "gain",
    "term",
    "match",
    "lot",
    "provisional_until",
    "opened_by",
    "closed_by",
];

impl<'t> View<'t> {
    #[inline(always)]
    fn hand_over<C: Cells<'t> + ?Sized>(self, to: &mut C) {
        let Self {
            table,
            position,
            row,
        } = self;
        let frame = &table.frame;
        to.id(table.id(position));
        table.tax_year(row, to);
        to.text(&frame.history.account(row.account).name);
        to.text(frame.symbol(row.security));
        to.word(frame.history.security(row.security).class.name());
        to.quantity(row.quantity);
        day(row.acquired, to);
        day(row.held_from, to);
        to.date(row.disposed);
        to.amount(row.proceeds);
        to.amount(row.cost);
        to.amount(row.adjustment);
        to.word(row.codes.text());
        to.amount(row.gain());
        match row.term {
            Some(term) => to.word(term.word()),
            None => to.null(),
        }
        to.word(row.matched.word());
        match row.lot {
            Some(lot) => frame.lot_to(lot, to),
            None => to.null(),
        }
        day(row.provisional_until, to);
        table.opened_by(position, to);
        table.closed_by(position, to);
        if table.converted {
            to.cell(table.rates(position));
        }
    }
}

impl<'a> Disposals<'a> {
    /// The disposals of the years shown.
    pub fn new(frame: Frame<'a>) -> Self {
        let all = &frame.answer.disposals;
        let years = frame.answer.years.iter().map(|year| year.begins);
        let (first_year, last_year) = (years.clone().min(), years.max());
        let first_year = first_year.unwrap_or_default();
        let years = first_year..last_year.map_or(first_year, |last| last + 1);
        let shown = || {
            let shown = (0_u32..).zip(all);
            shown
                .filter(|(_, row)| frame.shows(i32::from(row.tax_year)))
                .map(|(position, _)| position)
                .collect()
        };
        let report = frame.answer.rates.report();
        let foreign = |trade: &Trade| {
            let currency = trade.rest().currency.as_deref();
            currency.is_some_and(|currency| currency != report)
        };
        Self {
            years: years.map(|year| frame.tax_year.written(year)).collect(),
            first_year,
            converted: frame.answer.overview.rare && frame.history.trades.iter().any(foreign),
            frame,
            shown: frame.only.map(|_| shown()),
            numbers: Numbers::of(all, frame.history.securities.len()),
        }
    }

    /// The cell of a column by its name.
    pub fn named(&self, row: usize, name: &str) -> Cell<'_> {
        let place = NAMES.iter().position(|own| *own == name);
        place.map_or(Cell::Null, |place| self.cell(row, place))
    }

    /// The position among all disposals of a row shown.
    pub fn position(&self, row: usize) -> usize {
        match &self.shown {
            Some(shown) => shown[row] as usize,
            None => row,
        }
    }

    fn view(&self, row: usize) -> View<'_> {
        let position = self.position(row);
        View {
            table: self,
            position,
            row: &self.frame.answer.disposals[position],
        }
    }

    fn id(&self, position: usize) -> Id<'_> {
        let row = &self.frame.answer.disposals[position];
        Id {
            symbol: self.frame.symbol(row.security),
            numbered: Some((row.disposed, self.numbers.of_row(position))),
        }
    }

    #[inline(always)]
    fn tax_year<'t, C: Cells<'t> + ?Sized>(&'t self, row: &Disposal, to: &mut C) {
        let nth = usize::try_from(i32::from(row.tax_year) - self.first_year);
        match nth.ok().and_then(|nth| self.years.get(nth)) {
            Some(written) => to.text(written),
            None => to.null(),
        }
    }

    /// All rows of a merged purchase or sale, where there are several.
    #[inline]
    fn several(&self, position: usize, side: fn(&Merged) -> &[TradeId]) -> Option<Cell<'_>> {
        if self.frame.answer.merged.is_empty() {
            return None;
        }
        let merged = self.frame.answer.merged.get(&(position as u32))?;
        let rows = side(merged);
        (rows.len() > 1).then(|| {
            let places = rows.iter().map(|trade| self.frame.place(*trade));
            Cell::Places(places.collect())
        })
    }

    /// The rate of each leg in a foreign currency.
    fn rates(&self, position: usize) -> Cell<'_> {
        let row = &self.frame.answer.disposals[position];
        let merged = self.frame.answer.merged.get(&(position as u32));
        let listed = |side: fn(&Merged) -> &Vec<TradeId>| merged.map(side).cloned();
        let opened = row.lot.filter(|lot| lot.number > 0);
        let opened = opened.map(|lot| lot.opened_by).into_iter().collect();
        let opened = listed(|m| &m.opened_by)
            .filter(|rows| !rows.is_empty())
            .unwrap_or(opened);
        let closed = listed(|m| &m.closed_by).filter(|rows| !rows.is_empty());
        let closed = closed.unwrap_or_else(|| vec![row.closed_by]);
        let legs = opened.into_iter().chain(closed);
        Cell::Rates(legs.filter_map(|leg| self.rate(leg)).collect())
    }

    fn rate(&self, leg: TradeId) -> Option<RateUsed<'_>> {
        let trade = self.frame.history.trade(leg);
        let rates = &self.frame.answer.rates;
        let currency = trade.rest().currency.as_deref()?;
        if currency == rates.report() {
            return None;
        }
        let day = rates.day(trade);
        let (date, rate) = match trade.rest().fx_rate {
            Some(rate) => (trade.date, rate.normalize().to_string()),
            None => {
                let found = rates.rate(currency, day)?;
                (found.date, found.text())
            }
        };
        Some(RateUsed {
            currency,
            date,
            rate,
        })
    }

    #[inline(always)]
    fn closed_by<'t, C: Cells<'t> + ?Sized>(&'t self, position: usize, to: &mut C) {
        let row = &self.frame.answer.disposals[position];
        match self.several(position, |merged| &merged.closed_by) {
            Some(several) => to.cell(several),
            None => to.place(self.frame.place(row.closed_by)),
        }
    }

    #[inline(always)]
    fn opened_by<'t, C: Cells<'t> + ?Sized>(&'t self, position: usize, to: &mut C) {
        if let Some(several) = self.several(position, |merged| &merged.opened_by) {
            return to.cell(several);
        }
        let row = &self.frame.answer.disposals[position];
        match row.lot {
            Some(lot) if lot.number > 0 => to.place(self.frame.place(lot.opened_by)),
            Some(_) | None => to.cell(Cell::Places(Vec::new())),
        }
    }
}

impl Table for Disposals<'_> {
    fn columns(&self) -> Vec<Column> {
        let mut columns: Vec<Column> = NAMES.map(Column::new).into();
        if self.converted {
            columns.push(Column::new("rates"));
        }
        columns
    }

    fn rows(&self) -> usize {
        match &self.shown {
            Some(shown) => shown.len(),
            None => self.frame.answer.disposals.len(),
        }
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let mut cell = Nth::after(column);
        self.view(row).hand_over(&mut cell);
        cell.found()
    }

    fn look_ahead(&self, rows: Range<usize>) {
        let trades = &self.frame.history.trades;
        let seen = rows.fold(0, |seen, row| {
            let row = &self.frame.answer.disposals[self.position(row)];
            let line = |id: TradeId| {
                trades
                    .get(id.0 as usize)
                    .map_or(0, |trade| trade.source.line)
            };
            let opened = row.lot.map_or(0, |lot| line(lot.opened_by));
            seen ^ row.proceeds ^ i64::from(opened ^ line(row.closed_by))
        });
        std::hint::black_box(seen);
    }

    fn short_line<'t>(&'t self, row: usize, mut to: Short<'_, 't>) -> Option<usize> {
        self.view(row).hand_over(&mut to);
        to.length()
    }

    fn each_cell<'t>(&'t self, row: usize, _columns: usize, to: &mut dyn Cells<'t>) {
        self.view(row).hand_over(to);
    }
}

#[inline(always)]
fn day<'t, C: Cells<'t> + ?Sized>(day: Option<Date>, to: &mut C) {
    match day {
        Some(day) => to.date(day),
        None => to.null(),
    }
}

/// The number of each disposal row among those of its symbol and day, in the order of the rows.
pub struct Numbers<'a> {
    rows: &'a Disposed,
    /// By the place where a row stands.
    small: Vec<u16>,
    /// Those too large to be held small.
    large: FxHashMap<usize, u32>,
}

/// The last row of a symbol that was numbered.
#[derive(Clone, Copy)]
struct Last {
    disposed: Date,
    closed_by: TradeId,
    number: u32,
}

impl<'a> Numbers<'a> {
    /// Numbers all rows, whatever is shown of them: an id does not depend on a filter.
    pub fn of(rows: &'a Disposed, securities: usize) -> Self {
        let mut numbers = Self {
            rows,
            small: vec![0; rows.len()],
            large: FxHashMap::default(),
        };
        // Rows as they stand are nearly always in turn, and a pass over them so is several times faster.
        if !numbers.count(0..rows.len(), securities) {
            numbers.large.clear();
            let in_order = (0..rows.len()).map(|position| rows.place(position));
            numbers.count(in_order, securities);
        }
        numbers
    }

    /// Numbers the rows at these places one after the other. Gives whether those of each symbol came in the order of
    /// their sales.
    fn count(&mut self, places: impl Iterator<Item = usize>, securities: usize) -> bool {
        let mut latest: Vec<Option<Last>> = vec![None; securities];
        let mut in_turn = true;
        for place in places {
            let row = &self.rows.unordered()[place];
            let last = &mut latest[row.security.0 as usize];
            // A day that a symbol has left does not come back.
            let number = match *last {
                Some(last) if last.disposed == row.disposed => {
                    in_turn &= last.closed_by <= row.closed_by;
                    last.number + 1
                }
                Some(last) => {
                    in_turn &= last.disposed < row.disposed;
                    1
                }
                None => 1,
            };
            *last = Some(Last {
                disposed: row.disposed,
                closed_by: row.closed_by,
                number,
            });
            self.set(place, number);
        }
        in_turn
    }

    fn set(&mut self, place: usize, number: u32) {
        self.small[place] = u16::try_from(number).unwrap_or(u16::MAX);
        if self.small[place] == u16::MAX {
            self.large.insert(place, number);
        }
    }

    /// The number of the row at this position.
    pub fn of_row(&self, position: usize) -> u32 {
        let place = self.rows.place(position);
        match self.small.get(place) {
            Some(&u16::MAX) => self.large.get(&place).copied().unwrap_or(0),
            Some(small) => u32::from(*small),
            None => 0,
        }
    }
}
