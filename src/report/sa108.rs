//! The United Kingdom's capital gains pages (SA108): what each of their sections asks for, by tax year.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use crate::answer::Disposal;
use crate::date::Date;
use crate::money::{Minor, Money, Quantity, minor_share};
use crate::output::table::{Cell, Column, Field, Table, cell_of, columns_of, field};
use crate::report::{Frame, text};
use crate::trade::{Class, SecurityId, TradeId};

/// What is one disposal: all sales of one security on one day (TCGA 1992 s 105(1)(a)).
#[derive(Clone, Debug, Default)]
pub struct Sale {
    /// Positions of its rows.
    pub rows: Vec<u32>,
    /// Proceeds before the costs of selling.
    pub proceeds: Minor,
    /// Cost, those of selling included.
    pub costs: Minor,
    /// Gain, negative: loss.
    pub gain: Minor,
}

/// The figures of one section in one year.
#[derive(Clone, Copy, Debug, Default)]
pub struct Section {
    /// How many disposals.
    pub disposals: u32,
    /// Proceeds before the costs of selling.
    pub proceeds: Minor,
    /// Cost, those of selling included.
    pub costs: Minor,
    /// Gains.
    pub gains: Minor,
    /// Losses, positive.
    pub losses: Minor,
}

/// The sections of the years shown.
pub struct Sa108<'a> {
    frame: Frame<'a>,
    rows: Vec<(i32, &'static str, Section)>,
}

impl<'a> Sa108<'a> {
    const FIELDS: &'a [Field<Self>] = &[
        field("tax_year", |t, row| {
            Cell::Text(t.frame.tax_year.written(t.rows[row].0).into())
        }),
        field("asset_class", |t, row| text(t.rows[row].1)),
        field("disposals", |t, row| count(t.rows[row].2.disposals)),
        field("proceeds", |t, row| Cell::Amount(t.rows[row].2.proceeds)),
        field("allowable_costs", |t, row| {
            Cell::Amount(t.rows[row].2.costs)
        }),
        field("gains", |t, row| Cell::Amount(t.rows[row].2.gains)),
        field("losses", |t, row| Cell::Amount(t.rows[row].2.losses)),
    ];

    /// The sections of the years shown.
    pub fn new(frame: Frame<'a>) -> Self {
        let mut sections: BTreeMap<(i32, &'static str), Section> = BTreeMap::new();
        for ((year, security, _), sale) in sales(&frame) {
            let class = frame.history.security(security).class;
            let section = sections
                .entry((year, asset_class(class, year)))
                .or_default();
            section.add(&sale);
        }
        let rows = sections.into_iter();
        Self {
            frame,
            rows: rows
                .map(|((year, name), sums)| (year, name, sums))
                .collect(),
        }
    }

    /// The sections of one year.
    pub fn of_year(&self, year: i32) -> impl Iterator<Item = (&'static str, Section)> {
        let rows = self.rows.iter().filter(move |(of, ..)| *of == year);
        rows.map(|(_, name, section)| (*name, *section))
    }

    /// The years with a section.
    pub fn years(&self) -> Vec<i32> {
        let mut years: Vec<i32> = self.rows.iter().map(|(year, ..)| *year).collect();
        years.dedup();
        years
    }
}

impl Section {
    /// Adds a disposal.
    pub fn add(&mut self, sale: &Sale) {
        self.disposals += 1;
        self.proceeds = self.proceeds.saturating_add(sale.proceeds);
        self.costs = self.costs.saturating_add(sale.costs);
        self.gains = self.gains.saturating_add(sale.gain.max(0));
        self.losses = self.losses.saturating_sub(sale.gain.min(0));
    }
}

impl Table for Sa108<'_> {
    fn columns(&self) -> Vec<Column> {
        columns_of(Self::FIELDS)
    }

    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        cell_of(Self::FIELDS, self, row, column)
    }
}

fn count(number: u32) -> Cell<'static> {
    Quantity::new(Decimal::from(number)).map_or(Cell::Null, Cell::Quantity)
}

/// The section of the pages that a class belongs to: tokens have their own from the return for 2024-25 on.
pub fn asset_class(class: Class, year: i32) -> &'static str {
    match class {
        Class::Stock | Class::Fund | Class::Bond | Class::Right => "listed shares and securities",
        Class::Crypto if year >= 2024 => "cryptoassets",
        Class::Crypto
        | Class::Option
        | Class::IndexOption
        | Class::Future
        | Class::Perpetual
        | Class::Collectible
        | Class::Other => "other property, assets and gains",
    }
}

/// The disposals of the years shown, by year, security and day. Transfers to the spouse are at no gain and no loss and
/// not among them.
pub fn sales(frame: &Frame<'_>) -> BTreeMap<(i32, SecurityId, Date), Sale> {
    let costs = selling_costs(frame);
    let mut sales: BTreeMap<(i32, SecurityId, Date), Sale> = BTreeMap::new();
    for (position, row) in (0_u32..).zip(&frame.answer.disposals) {
        let year = i32::from(row.tax_year);
        if !frame.shows(year) || to_spouse(frame, row) {
            continue;
        }
        let of_row = costs.get(position as usize).copied().unwrap_or(0);
        let sale = sales.entry((year, row.security, row.disposed)).or_default();
        sale.rows.push(position);
        sale.proceeds = sale.proceeds.saturating_add(row.proceeds + of_row);
        // What is not allowed of a loss is no cost either.
        let cost = row.cost - row.adjustment + of_row;
        sale.costs = sale.costs.saturating_add(cost);
        sale.gain = sale.gain.saturating_add(row.gain());
    }
    sales
}

/// Whether a row is a transfer to the spouse.
pub fn to_spouse(frame: &Frame<'_>, row: &Disposal) -> bool {
    frame.history.trade(row.closed_by).tagged("spouse")
}

/// What selling cost, by row: its share of the costs of its sale, cumulative, so that they add up to them.
pub fn selling_costs(frame: &Frame<'_>) -> Vec<Minor> {
    let told = frame.answer.trails.as_ref();
    let mut given: FxHashMap<(SecurityId, TradeId), (Quantity, Minor)> = FxHashMap::default();
    let rows = frame.answer.disposals.iter().enumerate();
    rows.map(|(position, row)| {
        let told = told.and_then(|told| told.disposals.get(position));
        let sales = told.map_or(&[][..], |told| match &told.sales[..] {
            [] => told.opened.as_slice(),
            sales => sales,
        });
        let Some(first) = sales.first() else { return 0 };
        let so_far = given
            .entry((row.security, first.trade))
            .or_insert((Quantity::ZERO, 0));
        let (mut units, mut costs) = (Quantity::ZERO, Money::ZERO);
        for sale in sales {
            units = units.plus(sale.units).unwrap_or(units);
            costs = costs.plus(sale.costs).unwrap_or(costs);
        }
        let whole = costs.to_minor(frame.places).unwrap_or(0);
        let seen = so_far.0.plus(row.quantity).unwrap_or(units).min(units);
        let sum = minor_share(whole, seen, units).unwrap_or(whole);
        let own = sum - so_far.1;
        *so_far = (seen, sum);
        own
    })
    .collect()
}
