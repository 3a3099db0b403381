//! The capital gains pages of the United Kingdom for a reader: the figures of each section, then a computation for each
//! disposal.

use crate::answer::trail::Provenance;
use crate::answer::{Disposal, Match};
use crate::jurisdiction::{Jurisdiction, named};
use crate::money::{Minor, Money};
use crate::output::page::{Entry, Grid, GridColumn, Line, Page};
use crate::report::computations::purchases;
use crate::report::page::{amount, count, date, quantity};
use crate::report::sa108::{Sa108, Sale, Section, sales, to_spouse};
use crate::report::{Frame, sa108};
use crate::trade::{Class, TradeId};

/// Proceeds of a year above which a return is due whatever the gain: from 2023-24 on; four times the exempt amount
/// before.
const REPORTED_FROM: (i32, Minor) = (2023, 50_000);

/// The sections of each year shown and the computations of their disposals.
pub fn sections<'a>(frame: Frame<'a>) -> Page<'a> {
    let mut page = Page::default();
    let table = Sa108::new(frame);
    for year in table.years() {
        let written = frame.tax_year.written(year);
        page.heading(format!("SA108 of {written}, {}", frame.currency));
        let mut sum = Section::default();
        let mut lines: Vec<Line> = Vec::new();
        for (name, section) in table.of_year(year) {
            lines.push(Line::Row(cells(&frame, name, &section)));
            add(&mut sum, &section);
        }
        lines.push(Line::Rule);
        lines.push(Line::Total(cells(&frame, "total", &sum)));
        page.grid(Grid::of(columns(), lines));
        remarks(&frame, year, &sum, &mut page);
    }
    if page.blocks.is_empty() {
        page.remark("no disposals");
    }
    page.blocks.extend(computations(frame).blocks);
    page
}

/// A computation for each disposal shown.
pub fn computations<'a>(frame: Frame<'a>) -> Page<'a> {
    let mut page = Page::default();
    let costs = sa108::selling_costs(&frame);
    let mut shown = None;
    for (number, ((year, ..), sale)) in (1..).zip(sales(&frame)) {
        if shown != Some(year) {
            let written = frame.tax_year.written(year);
            page.heading(format!("Computations of {written}, {}", frame.currency));
            shown = Some(year);
        }
        let one = Computation {
            frame,
            law: named(frame.jurisdiction),
            costs: &costs,
        };
        page.entries(one.entries(number, &sale));
    }
    page
}

fn columns() -> Vec<GridColumn> {
    vec![
        GridColumn::text("section"),
        GridColumn::number("disposals"),
        GridColumn::number("proceeds"),
        GridColumn::number("allowable costs"),
        GridColumn::number("gains"),
        GridColumn::number("losses"),
    ]
}

fn cells(frame: &Frame<'_>, name: &str, section: &Section) -> Vec<String> {
    let mut cells = vec![name.to_owned(), section.disposals.to_string()];
    let amounts = [
        section.proceeds,
        section.costs,
        section.gains,
        section.losses,
    ];
    cells.extend(amounts.map(|minor| amount(frame, minor)));
    cells
}

fn add(sum: &mut Section, section: &Section) {
    sum.disposals += section.disposals;
    sum.proceeds = sum.proceeds.saturating_add(section.proceeds);
    sum.costs = sum.costs.saturating_add(section.costs);
    sum.gains = sum.gains.saturating_add(section.gains);
    sum.losses = sum.losses.saturating_add(section.losses);
}

fn remarks(frame: &Frame<'_>, year: i32, sum: &Section, page: &mut Page<'_>) {
    page.remark(
        "proceeds are before and allowable costs after the costs of selling; all sales of one security on one day are one disposal",
    );
    let of_year = |row: &&Disposal| i32::from(row.tax_year) == year;
    let rows = frame.answer.disposals.iter().filter(of_year);
    let given = rows.filter(|row| to_spouse(frame, row)).count();
    if given > 0 {
        let rows = count(given, "row");
        page.remark(format!(
            "{rows} of transfers to the spouse, at no gain and no loss, are not counted"
        ));
    }
    let shares = |row: &&Disposal| frame.history.security(row.security).class == Class::Stock;
    let mut rows = frame.answer.disposals.iter().filter(of_year);
    if rows.any(|row| shares(&row)) {
        page.remark(
            "shares are taken to be listed: unlisted ones belong in a section of their own",
        );
    }
    let limit = limit(frame, year);
    if sum.proceeds > limit {
        let (proceeds, limit) = (amount(frame, sum.proceeds), amount(frame, limit));
        page.remark(format!(
            "proceeds of {proceeds} are above {limit}: to be reported even where no tax is due (SA108 notes)"
        ));
    }
}

fn limit(frame: &Frame<'_>, year: i32) -> Minor {
    let (from, pounds) = REPORTED_FROM;
    if year >= from {
        return pounds * 10_i64.pow(frame.places);
    }
    let law = named(frame.jurisdiction);
    let exempt = law.and_then(|law| (law.parameters)().value("exempt_amount", year));
    let exempt = exempt.and_then(|value| Money::new(value).ok());
    let exempt = exempt.and_then(|money| money.to_minor(frame.places).ok());
    exempt.map_or(Minor::MAX, |exempt| exempt.saturating_mul(4))
}

/// What a computation looks at.
struct Computation<'a> {
    frame: Frame<'a>,
    law: Option<&'static Jurisdiction>,
    costs: &'a [Minor],
}

impl<'a> Computation<'a> {
    fn row(&self, position: u32) -> &'a Disposal {
        &self.frame.answer.disposals[position as usize]
    }

    fn told(&self, position: u32) -> Option<&'a Provenance> {
        let trails = self.frame.answer.trails.as_ref()?;
        trails.disposals.get(position as usize)
    }

    fn entries(&self, number: usize, sale: &Sale) -> Vec<Entry> {
        let mut entries = vec![Entry::Head(self.head(number, sale))];
        let selling: Minor = sale.rows.iter().map(|at| self.selling(*at)).sum();
        entries.push(Entry::Line {
            text: "disposal proceeds".to_owned(),
            amount: Some(amount(&self.frame, sale.proceeds)),
            notes: self.rows_noted(&self.sold(sale)),
        });
        if selling != 0 {
            entries.push(Entry::Line {
                text: "costs of selling".to_owned(),
                amount: Some(amount(&self.frame, -selling)),
                notes: Vec::new(),
            });
        }
        for position in &sale.rows {
            entries.push(self.leg(*position));
        }
        entries.extend(self.pool(sale));
        let name = if sale.gain < 0 { "loss" } else { "gain" };
        entries.push(Entry::Total {
            text: name.to_owned(),
            amount: amount(&self.frame, sale.gain),
        });
        entries
    }

    fn head(&self, number: usize, sale: &Sale) -> String {
        let Some(first) = sale.rows.first().map(|at| self.row(*at)) else {
            return number.to_string();
        };
        let units = sale.rows.iter().map(|at| self.row(*at).quantity);
        let units = units.reduce(|sum, units| sum.plus(units).unwrap_or(sum));
        let symbol = self.frame.symbol(first.security);
        let day = date(first.disposed);
        let units = units.map_or_else(String::new, quantity);
        format!("{number}. {symbol}: {units} on {day}")
    }

    fn selling(&self, position: u32) -> Minor {
        self.costs.get(position as usize).copied().unwrap_or(0)
    }

    /// The rows of the file that sold.
    fn sold(&self, sale: &Sale) -> Vec<TradeId> {
        let mut trades = Vec::new();
        for position in &sale.rows {
            let merged = self.frame.answer.merged.get(position);
            let several = merged.map_or(&[][..], |merged| &merged.closed_by);
            let own = [self.row(*position).closed_by];
            let own = if several.is_empty() {
                &own[..]
            } else {
                several
            };
            trades.extend(own);
        }
        trades.sort_unstable();
        trades.dedup();
        trades
    }

    fn rows_noted(&self, trades: &[TradeId]) -> Vec<String> {
        let sources = &self.frame.history.sources;
        let at = |id: &TradeId| sources.text(self.frame.history.trade(*id).source);
        let places: Vec<String> = trades.iter().map(at).collect();
        if places.is_empty() {
            Vec::new()
        } else {
            vec![places.join(", ")]
        }
    }

    /// A part of the disposal: its rule, its purchases, the pool before and after.
    fn leg(&self, position: u32) -> Entry {
        let row = self.row(position);
        let told = self.told(position);
        let units = quantity(row.quantity);
        let bought = row
            .acquired
            .map_or_else(String::new, |day| format!(", bought {}", date(day)));
        let mut notes = Vec::new();
        let change = told.and_then(|told| told.pool);
        if let (Match::Pool, Some(change)) = (row.matched, change) {
            let [before, after] = [change.before, change.after].map(|held| {
                let cost = held.cost.to_minor(self.frame.places).unwrap_or(0);
                format!("{} at {}", quantity(held.units), amount(&self.frame, cost))
            });
            notes.push(format!("pool before: {before}; after: {after}"));
        }
        let trades = told.map_or_else(Vec::new, |told| purchases(&self.frame, told));
        notes.extend(self.rows_noted(&trades));
        let rule = self.law.and_then(|law| law.identified_by(row.matched));
        notes.extend(rule.map(|rule| rule.citation.to_owned()));
        if let Some(until) = row.provisional_until {
            notes.push(format!("a purchase up to {} may change this", date(until)));
        }
        Entry::Line {
            text: format!("{}: {units}{bought}", leg_name(row.matched)),
            amount: Some(amount(&self.frame, row.adjustment - row.cost)),
            notes,
        }
    }

    /// The pool, where no part of the disposal touches it.
    fn pool(&self, sale: &Sale) -> Option<Entry> {
        let touched = |at: &u32| self.row(*at).matched == Match::Pool;
        if sale.rows.iter().any(touched) {
            return None;
        }
        let held = self.told(*sale.rows.first()?)?.pool?.before;
        let cost = held.cost.to_minor(self.frame.places).unwrap_or(0);
        (!held.units.is_zero()).then(|| Entry::Line {
            text: format!(
                "pool before and after: {} at {}",
                quantity(held.units),
                amount(&self.frame, cost)
            ),
            amount: None,
            notes: Vec::new(),
        })
    }
}

fn leg_name(matched: Match) -> &'static str {
    match matched {
        Match::SameDay => "same day",
        Match::Within30Days => "within 30 days",
        Match::Pool => "section 104 holding",
        Match::Later => "later purchase",
        Match::Short => "cost of closing",
        Match::Lot | Match::Within4Weeks | Match::Mark | Match::Amount => "cost",
    }
}
