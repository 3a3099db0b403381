//! The files of the command line, and their rows.

use std::io::{IsTerminal, stdin};

use crate::import::{self, Opened, ReadOptions, Reading};
use crate::meter::Meter;
use crate::source::Sources;

use super::error::Error;
use super::notices;
use super::options::{Chosen, DecimalMark};
use super::progress::Progress;

/// Reads the files named, or standard input where none is, and understands their rows.
///
/// # Errors
/// A file that cannot be read; no file where standard input is a terminal; everything wrong with the rows.
pub fn read(names: &[String], chosen: &Chosen) -> Result<Reading, Error> {
    let inputs = open(names)?;
    let bytes: u64 = inputs.iter().map(Opened::bytes).sum();
    let options = read_options(chosen);
    let _progress = Progress::of("reading", bytes, &options.meter);
    let read = import::read(inputs, &options);
    let mut reading = read.map_err(|failure| Error::Problems {
        problems: failure.problems,
        sources: failure.sources,
    })?;
    notices::add(&mut reading.history, chosen);
    Ok(reading)
}

fn open(names: &[String]) -> Result<Vec<Opened>, Error> {
    if names.is_empty() && stdin().is_terminal() {
        return Err(Error::Usage(
            "no file given\n\n  lossoffset compute trades.csv\n  lossoffset compute < trades.csv\n\n\
             For more information, try '--help'."
                .to_owned(),
        ));
    }
    if names.iter().filter(|name| *name == "-").count() > 1 {
        return Err(Error::Usage(
            "`-` is given twice, but standard input can be read once only".to_owned(),
        ));
    }
    let standard_input = [String::from("-")];
    let names = if names.is_empty() {
        &standard_input
    } else {
        names
    };
    let mut problems = Vec::new();
    let mut inputs = Vec::with_capacity(names.len());
    for name in names {
        match Opened::open(name) {
            Ok(input) => inputs.push(input),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        return Ok(inputs);
    }
    Err(Error::Problems {
        problems,
        sources: Sources::default(),
    })
}

/// What reading depends on.
pub fn read_options(chosen: &Chosen) -> ReadOptions {
    let country = chosen.country;
    ReadOptions {
        date_format: chosen.reading.date_format.clone(),
        decimal: chosen.reading.decimal.map(DecimalMark::of_numbers),
        timezone: chosen.reading.timezone.clone(),
        currency: Some(country.currency.to_owned()).filter(|code| !code.is_empty()),
        year_begins: Some((country.tax_year.month, country.tax_year.day)),
        symbol_classes: chosen.symbols.clone(),
        accounts: chosen.accounts.clone(),
        actions: chosen.actions.clone(),
        mapping: chosen.mapping.clone(),
        formats: chosen.formats.clone(),
        as_of: chosen.settings.as_of,
        meter: Meter::default(),
    }
}
