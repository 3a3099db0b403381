//! The named readings of unsettled rules under a country's table, so that a misspelt one is shown with its line.

use crate::jurisdiction::{self, Reading};

/// The setting of this name.
pub fn find(country: &str, name: &str) -> Option<&'static Reading> {
    let readings = jurisdiction::named(country)?.readings;
    readings.iter().find(|reading| reading.name == name)
}

/// The names under a country's table.
pub fn names(country: &str) -> Vec<&'static str> {
    let readings = jurisdiction::named(country).map_or(&[][..], |country| country.readings);
    let mut names: Vec<&str> = readings.iter().map(|reading| reading.name).collect();
    if country == "us" {
        names.push("taxable_income");
    }
    names
}
