//! What the command line asks of a country before anything is computed.

use crate::date::YearLabel;
use crate::jurisdiction::{self, JURISDICTIONS, Jurisdiction};

use super::error::Error;

/// The country used where none is named.
const DEFAULT: &str = "us";

/// The country of this code, the United States where none is named.
///
/// # Errors
/// A code that no country has.
pub fn find(code: Option<&str>) -> Result<&'static Jurisdiction, Error> {
    let code = code.unwrap_or(DEFAULT);
    jurisdiction::named(code).ok_or_else(|| Error::Usage(format!("`{code}` is not a jurisdiction")))
}

/// The codes of all countries.
pub fn codes() -> impl Iterator<Item = &'static str> {
    JURISDICTIONS.iter().map(|country| country.code)
}

/// The names of the methods a country knows, its own first.
pub fn methods(country: &Jurisdiction) -> Vec<&'static str> {
    country.methods.iter().map(|method| method.name).collect()
}

/// The methods to compare: one that needs a choice of lots for every sale says nothing by itself.
pub fn methods_to_compare(country: &Jurisdiction) -> Vec<&'static str> {
    let methods = country.methods.iter();
    methods
        .filter(|method| !method.choice_required)
        .map(|method| method.name)
        .collect()
}

/// The tax year written like this, by the calendar year in which it begins.
pub fn year_written(country: &Jurisdiction, text: &str) -> Option<i32> {
    let number: i32 = text.get(..4)?.parse().ok()?;
    let begins = match country.tax_year.label {
        YearLabel::Ends => number.saturating_sub(1),
        YearLabel::Begins | YearLabel::Span => number,
    };
    (country.tax_year.written(begins) == text).then_some(begins)
}
