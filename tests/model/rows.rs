//! Rows and lots in a shape that any reading of the rules can fill, and how two readings are compared.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::NaiveDate;

use super::number::{Ratio, cents, whole};

/// What disposal rows are added up over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowKey {
    pub symbol: String,
    pub account: String,
    pub acquired: NaiveDate,
    pub held_from: NaiveDate,
    pub disposed: NaiveDate,
    pub long: bool,
}

/// The sums of disposal rows with one key.
#[derive(Clone, Debug)]
pub struct Row {
    pub quantity: Ratio,
    pub proceeds: Ratio,
    pub cost: Ratio,
    pub adjustment: Ratio,
    /// Rows (or shares) added up; an engine's rows each carry their own rounding.
    pub slices: i64,
}

/// What lots are added up over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LotKey {
    pub symbol: String,
    pub account: String,
    pub acquired: NaiveDate,
    pub held_from: NaiveDate,
}

/// The sums of open lots with one key.
#[derive(Clone, Debug)]
pub struct Lot {
    pub quantity: Ratio,
    pub cost: Ratio,
    pub pieces: i64,
}

/// One reading's result.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub disposals: BTreeMap<RowKey, Row>,
    pub lots: BTreeMap<LotKey, Lot>,
}

impl Rows {
    pub fn add_row(&mut self, key: RowKey, row: &Row) {
        let sum = self.disposals.entry(key).or_insert_with(|| Row {
            quantity: whole(0),
            proceeds: whole(0),
            cost: whole(0),
            adjustment: whole(0),
            slices: 0,
        });
        sum.quantity += &row.quantity;
        sum.proceeds += &row.proceeds;
        sum.cost += &row.cost;
        sum.adjustment += &row.adjustment;
        sum.slices += row.slices;
    }

    pub fn add_lot(&mut self, key: LotKey, lot: &Lot) {
        let sum = self.lots.entry(key).or_insert_with(|| Lot {
            quantity: whole(0),
            cost: whole(0),
            pieces: 0,
        });
        sum.quantity += &lot.quantity;
        sum.cost += &lot.cost;
        sum.pieces += lot.pieces;
    }

    /// Where the engine's rows (`self`) differ from the exact ones: quantities, dates and terms exactly, amounts by
    /// more than rounding. Each slice rounds by up to a cent at both its ends, and each deferred loss moves whole cents.
    pub fn differences(&self, exact: &Self) -> String {
        let mut text = String::new();
        for (key, want) in &exact.disposals {
            let Some(have) = self.disposals.get(key) else {
                writeln!(text, "missing row {key:?}\n  {want:?}").unwrap();
                continue;
            };
            let allowed = cents(have.slices + 1 + self.deferrals(&key.symbol));
            for (name, want, have, allowed) in [
                ("quantity", &want.quantity, &have.quantity, &whole(0)),
                ("proceeds", &want.proceeds, &have.proceeds, &allowed),
                ("cost", &want.cost, &have.cost, &allowed),
                ("adjustment", &want.adjustment, &have.adjustment, &allowed),
            ] {
                if distance(want, have) > *allowed {
                    writeln!(text, "{key:?}\n  {name}: exact {want}, engine {have}").unwrap();
                }
            }
        }
        for key in self
            .disposals
            .keys()
            .filter(|key| !exact.disposals.contains_key(key))
        {
            writeln!(text, "unexpected row {key:?}").unwrap();
        }
        for (key, want) in &exact.lots {
            let Some(have) = self.lots.get(key) else {
                writeln!(text, "missing lot {key:?}\n  {want:?}").unwrap();
                continue;
            };
            if want.quantity != have.quantity
                || distance(&want.cost, &have.cost)
                    > cents(have.pieces + 1 + self.deferrals(&key.symbol))
            {
                writeln!(text, "{key:?}\n  exact {want:?}\n  engine {have:?}").unwrap();
            }
        }
        for key in self.lots.keys().filter(|key| !exact.lots.contains_key(key)) {
            writeln!(text, "unexpected lot {key:?}").unwrap();
        }
        text
    }
}

impl Rows {
    fn deferrals(&self, symbol: &str) -> i64 {
        let washed =
            |(key, row): &(&RowKey, &Row)| key.symbol == symbol && row.adjustment > whole(0);
        self.disposals
            .iter()
            .filter(washed)
            .map(|(_, row)| row.slices)
            .sum()
    }
}

fn distance(a: &Ratio, b: &Ratio) -> Ratio {
    if a > b { a - b } else { b - a }
}
