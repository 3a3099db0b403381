//! What the user chose: the options that computing depends on, from the command line and the configuration file.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::date::Date;
use crate::meter::Meter;
use crate::rates::Rates;

/// Everything a computation depends on beside the trades. Names are those of the options.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `--jurisdiction`; `us` where left out.
    pub jurisdiction: Option<String>,
    /// `--method`; the jurisdiction's own where left out.
    pub method: Option<String>,
    /// `--carry-in KEY=AMOUNT`: losses carried in, positive, by key.
    pub carry_in: BTreeMap<String, Decimal>,
    /// `--filing-status`.
    pub filing_status: FilingStatus,
    /// `--taxable-income`: for every year not in `taxable_income_of`.
    pub taxable_income: Option<Decimal>,
    /// `[us.taxable_income]`: by calendar year.
    pub taxable_income_of: BTreeMap<i32, Decimal>,
    /// `--wash-sales`.
    pub wash_sales: WashSales,
    /// `--as-of`: the day the report is made.
    pub as_of: Option<Date>,
    /// `--allow-short`: selling more than is held opens a short (us) or waits for a later purchase (uk).
    pub allow_short: bool,
    /// `--unknown-basis zero`: units that arrived without a basis cost nothing when sold.
    pub unknown_basis_zero: bool,
    /// `--date-basis settle`.
    pub by_settlement: bool,
    /// `identical`: groups of substantially identical symbols.
    pub identical: Vec<Vec<String>>,
    /// `[crypto] pre2025 = "universal"`.
    pub universal_before_2025: bool,
    /// `[crypto] allocation`: which units of the universal pool each wallet has from 2025-01-01 on.
    pub allocation: Option<Allocation>,
    /// Nobody will look at the single deferrals: only those that are gone for good are kept, which saves memory.
    pub skip_adjustments: bool,
    /// Nobody will look at rows, only at years: rows are added up as soon as nothing can change them, which saves memory.
    pub only_years: bool,
    /// Record where basis comes from, as explaining a number needs it; costs time and memory.
    pub trail: bool,
    /// `--rates` and `--rate-fallback`.
    pub rates: Rates,
    /// `[us]` and other country tables: readings of unsettled rules, by table and name in snake_case.
    pub readings: BTreeMap<(String, String), String>,
    /// Counts the events matched.
    pub meter: Meter,
}

/// US filing status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum FilingStatus {
    /// Single.
    #[default]
    Single,
    /// Head of household.
    Head,
    /// Married filing jointly.
    Joint,
    /// Married filing separately.
    Separate,
}

/// How far the wash-sale rule looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum WashSales {
    /// All accounts of the taxpayer and the spouse: the law.
    #[default]
    Taxpayer,
    /// Same account and symbol, as on a 1099-B.
    Broker,
    /// Not applied.
    Off,
}

/// The assignment of unused basis to wallets as of 2025-01-01 (Rev. Proc. 2024-28).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allocation {
    /// The file, as the user named it.
    pub file: String,
    /// Its rows.
    pub rows: Vec<Assigned>,
}

/// Units of one lot that belong to one wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// The account.
    pub wallet: String,
    /// The lot, by its id (`BTC@2021-03-04#1`) or its own name.
    pub lot: String,
    /// Units, positive.
    pub quantity: Decimal,
    /// The line of the file.
    pub line: u64,
}
