//! The allocation of a universal pool of coins to wallets: a CSV of `wallet,lot,quantity`.

use rust_decimal::Decimal;

use crate::import::side::SideFile;
use crate::import::{Failure, Input};
use crate::settings::{Allocation, Assigned};

const HELP: &str = "a row of an allocation is `wallet,lot,quantity`: units of a lot of the universal pool that went to a wallet, such as ledger,BTC@2021-03-04#1,0.5";

/// Reads an allocation.
///
/// # Errors
/// Everything wrong with the file.
pub fn read(input: Input) -> Result<Allocation, Failure> {
    let name = input.name.clone();
    let mut file = SideFile::new(input, "a CSV of an allocation", HELP)?;
    file.need_different_names();
    let columns = ["wallet", "lot", "quantity"].map(|name| file.need(name));
    let [Some(wallet), Some(lot), Some(quantity)] = columns else {
        return file.finish(Allocation::default());
    };
    let mut rows = Vec::new();
    for row in file.rows() {
        let units = row.cell(quantity);
        match Decimal::from_str_exact(units) {
            Ok(units) if units > Decimal::ZERO => rows.push(Assigned {
                wallet: row.cell(wallet).to_owned(),
                lot: row.cell(lot).to_owned(),
                quantity: units,
                line: row.line.into(),
            }),
            _ => {
                let message = format!("`{units}` is no positive quantity");
                file.wrong(row.line, Some(quantity), message, None);
            }
        }
    }
    file.finish(Allocation { file: name, rows })
}
