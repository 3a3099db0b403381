//! Reads a file into a history and does nothing else: what reading costs, to set against `count_records`.

use std::error::Error;

use lossoffset::import::{self, Input, ReadOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: read_only FILE")?;
    let input = Input::open(&path).map_err(|problem| problem.message)?;
    let reading = import::read(vec![input], &ReadOptions::default())
        .map_err(|failure| format!("{} problems", failure.problems.len()))?;
    println!("{}", reading.history.trades.len());
    Ok(())
}
