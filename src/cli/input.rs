//! The files of the command line, and their rows.

use std::io::{IsTerminal, stdin};
use std::path::PathBuf;

use crate::diagnostic::{Warning, one_line};
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
    let (names, left_out) = without_side_files(names, &chosen.side_files);
    let inputs = open(&names)?;
    let bytes: u64 = inputs.iter().map(Opened::bytes).sum();
    let options = read_options(chosen);
    let _progress = Progress::of("reading", bytes, &options.meter);
    let read = import::read(inputs, &options);
    let mut reading = read?;
    notices::add(&mut reading, chosen);
    let left_out = left_out.into_iter().map(left_out_of);
    reading.history.warnings.extend(left_out);
    Ok(reading)
}

/// The files of trades: one that an option names too, as a pattern such as `*.csv` may bring about, is none.
pub fn without_side_files(names: &[String], side: &[PathBuf]) -> (Vec<String>, Vec<String>) {
    let side = side
        .iter()
        .filter_map(|file| std::fs::canonicalize(file).ok());
    let side: Vec<PathBuf> = side.collect();
    let is_side = |name: &str| {
        let path = std::fs::canonicalize(name).ok().filter(|_| name != "-");
        path.is_some_and(|path| side.contains(&path))
    };
    // Where nothing else is given, what is wrong with it is said by itself.
    if side.is_empty() || names.iter().all(|name| is_side(name)) {
        return (names.to_vec(), Vec::new());
    }
    names.iter().cloned().partition(|name| !is_side(name))
}

fn left_out_of(name: String) -> Warning {
    Warning {
        code: "file-left-out",
        message: format!(
            "`{}` is named by an option (rates, allocation or a list to compare with) and was not read as trades",
            one_line(&name)
        ),
        at: Vec::new(),
        needs_user: false,
    }
}

fn open(names: &[String]) -> Result<Vec<Opened>, Error> {
    if names.is_empty() && stdin().is_terminal() {
        return Err(Error::Lines(
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
        rename: chosen.rename.clone(),
        account_of: chosen.account_of.clone(),
        mapping: chosen.mapping.clone(),
        formats: chosen.formats.clone(),
        as_of: chosen.settings.as_of,
        by_settlement: chosen.settings.by_settlement,
        meter: Meter::default(),
    }
}
