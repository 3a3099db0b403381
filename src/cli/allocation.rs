//! The allocation of a universal pool of coins to wallets: a CSV of `wallet,lot,quantity`.

use std::path::Path;

use rust_decimal::Decimal;

use super::error::{Error, side_file};
use crate::diagnostic::Problem;
use crate::settings::{Allocation, Assigned};
use crate::source::Sources;

const PURPOSE: &str = "`allocation` under [crypto] names it: which lots of the universal pool went to which wallet, a CSV of wallet,lot,quantity";

const COLUMNS: [&str; 3] = ["wallet", "lot", "quantity"];

/// Reads an allocation.
///
/// # Errors
/// A file that cannot be read, or rows that say something else; all of them together.
pub fn read(path: &Path) -> Result<Allocation, Error> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Error::of_input(side_file(&file, &error, PURPOSE)))?;
    let cannot = |error: csv::Error| {
        Error::of_input(Problem::new(format!("`{file}` cannot be read: {error}")).note(PURPOSE))
    };
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(cannot)?.clone();
    let place = |name: &str| {
        header
            .iter()
            .position(|cell| cell.eq_ignore_ascii_case(name))
    };
    let [Some(wallet), Some(lot), Some(quantity)] = COLUMNS.map(place) else {
        let columns = COLUMNS.join(", ");
        return Err(Error::of_input(Problem::new(format!(
            "{file}:1: an allocation has the columns {columns}"
        ))));
    };
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record.map_err(cannot)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |at: usize| record.get(at).unwrap_or("").to_owned();
        match Decimal::from_str_exact(&cell(quantity)) {
            Ok(units) if units > Decimal::ZERO => rows.push(Assigned {
                wallet: cell(wallet),
                lot: cell(lot),
                quantity: units,
                line,
            }),
            _ => wrong.push(Problem::new(format!(
                "{file}:{line}: `{}` is no positive quantity",
                cell(quantity)
            ))),
        }
    }
    if wrong.is_empty() {
        Ok(Allocation { file, rows })
    } else {
        Err(Error::Problems {
            problems: wrong,
            sources: Sources::default(),
        })
    }
}
