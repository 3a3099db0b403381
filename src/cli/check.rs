//! `check`: reads and validates only, and says how every row was understood.

use std::process::ExitCode;

use clap::Args;

use super::config::Config;
use super::error::{DONE, Error};
use super::input;
use super::options::{Chosen, Computing, Files, Reading};
use super::work::Work;

/// Read and validate only; say how every row was understood
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Check {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    computing: Computing,
    #[command(flatten)]
    reading: Reading,
}

const EXAMPLES: &str = "\
Examples:
  lossoffset check trades.csv
  lossoffset check export.csv --date-format %d/%m/%Y --decimal comma";

impl Check {
    pub(super) fn run(self, config: Config) -> Result<ExitCode, Error> {
        let chosen = Chosen::new(&self.computing, &self.reading, config)?;
        let files = input::open(&self.files.files)?;
        Work::compute(input::read(files, &chosen)?, &chosen)?;
        Ok(ExitCode::from(DONE))
    }
}
