//! `lots`: what is still held.

use std::process::ExitCode;

use clap::Args;

use crate::output::Format;
use crate::report::{document, lots, page};

use super::config::Config;
use super::error::Error;
use super::options::{Chosen, Computing, Files, Printing, Reading};
use super::print::Results;
use super::work::Work;
use super::{input, say};

/// What is still held: open lots or pools
///
/// Lists every lot with its adjusted basis and the day its holding period counts from.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Lots {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    computing: Computing,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    printing: Printing,
}

const EXAMPLES: &str = "\
Examples:
  lossoffset lots trades.csv
  lossoffset lots trades.csv --as-of 2024-12-31
  lossoffset lots trades.csv --format csv";

impl Lots {
    pub(super) fn run(self, config: Config) -> Result<ExitCode, Error> {
        let format = self.printing.format()?;
        let chosen = Chosen::new(&self.computing, &self.reading, config)?;
        self.printing.spare(&self.files.files, &chosen)?;
        let work = Work::compute(input::read(&self.files.files, &chosen)?, &chosen)?;
        let frame = work.frame(&chosen, None);
        self.printing.write(
            format,
            &Results {
                table: &|| Box::new(lots::Lots::new(frame)),
                page: &|| page::lots::holdings(frame),
                document: &|out| document::write_lots(out, &frame),
                places: frame.places,
            },
        )?;
        say::warnings(&frame);
        if format == Format::Table {
            say::counts(&frame);
        }
        Ok(chosen.status(&frame))
    }
}
