//! What a country says: its tax year, methods, identification steps, loss rule, holding test and worksheet, as data.
//!
//! To add a country: a file with its [`Jurisdiction`], its parameter file, and a line in [`JURISDICTIONS`].

mod parameters;
mod us;

use crate::answer::Term;
use crate::date::{Date, TaxYear};
use crate::diagnostic::Problem;
use crate::method::Method;
use crate::netting::{Netted, Netting};

pub use parameters::{Dated, Parameters};
pub use us::US;

/// A country's law on gains, as far as matching and netting need it.
pub struct Jurisdiction {
    /// The word of `--jurisdiction`.
    pub code: &'static str,
    /// The country.
    pub name: &'static str,
    /// Currency of the return.
    pub currency: &'static str,
    /// Decimals of that currency.
    pub places: u32,
    /// When its tax year begins and how it is written.
    pub tax_year: TaxYear,
    /// The lot methods it knows; the first is the default.
    pub methods: &'static [&'static Method],
    /// The test that makes a holding long-term.
    pub term: TermTest,
    /// Amounts that change by date, with their sources.
    pub parameters: fn() -> &'static Parameters,
    /// The netting of its tax years.
    pub net: fn(&Netting<'_>) -> Result<Netted, Vec<Problem>>,
}

/// When a holding counts as long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermTest {
    /// More than one year, counted from the day after acquisition.
    MoreThanOneYear,
}

impl TermTest {
    /// The term of something held from one day and disposed of on another.
    pub fn term(self, held_from: Date, disposed: Date) -> Term {
        let long = match self {
            Self::MoreThanOneYear => disposed >= held_from.first_long_term_day(),
        };
        if long { Term::Long } else { Term::Short }
    }
}

/// All countries.
pub static JURISDICTIONS: &[&Jurisdiction] = &[&US];

/// The country of this code.
pub fn named(code: &str) -> Option<&'static Jurisdiction> {
    JURISDICTIONS
        .iter()
        .copied()
        .find(|country| country.code == code)
}
