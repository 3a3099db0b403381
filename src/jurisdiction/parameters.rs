//! Amounts that the law changes by date, each value with its source, read from a country's parameter file.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

/// The parameter file of a country.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// First tax year (by the calendar year in which it begins) that the file covers.
    pub first_year: i32,
    /// Last tax year for which the values are known; later years keep them until changed.
    pub known_until: i32,
    /// Last tax year that is computed, where another law begins after it.
    #[serde(default)]
    pub last_year: Option<i32>,
    /// The values by name.
    #[serde(default)]
    pub values: BTreeMap<String, Vec<Dated>>,
}

/// One value and since when it holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dated {
    /// First tax year in which it holds.
    pub from: i32,
    /// The value.
    #[serde(with = "rust_decimal::serde::str")]
    pub value: Decimal,
    /// Section, regulation or publication.
    pub source: String,
}

impl Parameters {
    /// The parameters in a file that is part of the program.
    pub fn read(name: &str, text: &str) -> Self {
        match toml::from_str(text) {
            Ok(parameters) => parameters,
            Err(error) => {
                // Every file is read by a test; without values every year is outside of them, which results say.
                debug_assert!(false, "{name}: {error}");
                Self {
                    first_year: 0,
                    known_until: 0,
                    last_year: None,
                    values: BTreeMap::new(),
                }
            }
        }
    }

    /// The value of a parameter in a tax year; `None` before it first held.
    pub fn value(&self, name: &str, year: i32) -> Option<Decimal> {
        let dated = self.values.get(name)?;
        dated
            .iter()
            .rev()
            .find(|entry| entry.from <= year)
            .map(|entry| entry.value)
    }
}
