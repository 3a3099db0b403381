//! The allocation of a universal pool of coins to wallets: a CSV of `wallet,lot,quantity`.

use std::path::Path;

use rust_decimal::Decimal;

use super::error::Error;
use crate::settings::{Allocation, Assigned};

const COLUMNS: [&str; 3] = ["wallet", "lot", "quantity"];

/// Reads an allocation.
///
/// # Errors
/// A file that cannot be read, or rows that say something else; all of them together.
pub fn read(path: &Path) -> Result<Allocation, Error> {
    let file = path.display().to_string();
    let cannot = |error: csv::Error| Error::Usage(format!("cannot read {file}: {error}"));
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(cannot)?;
    let header = reader.headers().map_err(cannot)?.clone();
    let place = |name: &str| {
        header
            .iter()
            .position(|cell| cell.eq_ignore_ascii_case(name))
    };
    let [Some(wallet), Some(lot), Some(quantity)] = COLUMNS.map(place) else {
        return Err(Error::Usage(format!(
            "{file}:1: an allocation has the columns {}",
            COLUMNS.join(", ")
        )));
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
            _ => wrong.push(format!(
                "{file}:{line}: `{}` is no positive quantity",
                cell(quantity)
            )),
        }
    }
    if wrong.is_empty() {
        Ok(Allocation { file, rows })
    } else {
        Err(Error::Usage(wrong.join("\n")))
    }
}
