//! `compute`: realized gains and losses, and the netting per tax year.

#![allow(
    clippy::indexing_slicing,
    reason = "the first report of a list that is not empty"
)]

use std::process::ExitCode;

use clap::Args;

use crate::jurisdiction::Jurisdiction;
use crate::output::Format;
use crate::report::{REPORTS, Report, document, page};

use super::config::Config;
use super::error::Error;
use super::options::{Chosen, Computing, Files, Printing, Reading, Reporting, Selecting};
use super::print::Results;
use super::work::Work;
use super::{input, say};

/// Realized gains and losses, and the netting of each tax year
///
/// Reads every trade, finds the lots each sale used, applies the loss rules, and nets each year. The tables shown are
/// the disposals with their totals and a worksheet for each year; other reports and formats are for programs.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Compute {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    computing: Computing,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    selecting: Selecting,
    #[command(flatten)]
    reporting: Reporting,
    #[command(flatten)]
    printing: Printing,
}

const EXAMPLES: &str = "\
Examples:
  lossoffset compute trades.csv
  lossoffset compute 2023.csv 2024.csv ira.csv --year 2024
  lossoffset compute trades.csv --method hifo --carry-in short=1200 --carry-in long=300
  lossoffset compute trades.csv --report years --format csv
  lossoffset compute trades.csv --output results.json
  cat trades.csv | lossoffset compute -";

impl Compute {
    pub(super) fn run(self, config: Config) -> Result<ExitCode, Error> {
        let format = self.printing.format()?;
        let mut chosen = Chosen::new(&self.computing, &self.reading, config)?;
        self.printing.spare(&self.files.files, &chosen)?;
        let shown = self.reporting.report.as_deref();
        // What nobody will look at is not kept.
        chosen.settings.skip_adjustments = format != Format::Json && shown != Some("adjustments");
        chosen.settings.only_years = format != Format::Json && shown == Some("years");
        chosen.settings.trail = self.needs_trail(chosen.country, format)?;
        let only = chosen.only(self.selecting.year.as_deref())?;
        let work = Work::compute(input::read(&self.files.files, &chosen)?, &chosen)?;
        let frame = work.frame(&chosen, only);
        let report = self.report();
        self.printing.write(
            format,
            &Results {
                table: &|| (report.unwrap_or(&REPORTS[0]).table)(&frame),
                page: &|| report.map_or_else(|| page::overview(frame), |r| (r.page)(&frame)),
                document: &|out| document::write(out, &frame),
                places: frame.places,
            },
        )?;
        say::warnings(&frame);
        if format == Format::Table {
            say::counts(&frame);
        }
        let status = chosen.status(&frame);
        // The program ends here: the system takes all memory back at once, sooner than every row would give up its own.
        std::mem::forget(work);
        Ok(status)
    }

    /// Whether what is asked for says where its figures come from; reports of another country are refused.
    fn needs_trail(&self, country: &Jurisdiction, format: Format) -> Result<bool, Error> {
        if let Some(report) = self.report() {
            if !report.is_for(country.code) {
                let of = report.of.unwrap_or_default();
                return Err(Error::Usage(format!(
                    "the report `{}` is for --jurisdiction {of}",
                    report.name
                )));
            }
            if format != Format::Json {
                return Ok(report.of.is_some());
            }
        }
        let own = |report: &Report| report.of == Some(country.code);
        Ok(format == Format::Json && REPORTS.iter().any(own))
    }

    fn report(&self) -> Option<&'static Report> {
        let name = self.reporting.report.as_deref()?;
        REPORTS.iter().find(|report| report.name == name)
    }
}
