//! `compare`: the same trades under every method side by side.

use std::process::ExitCode;

use clap::Args;

use crate::answer::Answer;
use crate::matching::AVERAGE_NOT_A_FUND;
use crate::report::comparison::{Comparison, Outcomes};
use crate::report::{document, page};
use crate::trade::History;

use super::config::Config;
use super::error::Error;
use super::options::{Chosen, Computing, Files, Printing, Reading, Selecting};
use super::print::Results;
use super::progress::Progress;
use super::work::frame;
use super::{country, input, say};

/// The same trades under every method side by side
///
/// Computes the history once for each method the country knows and shows what each year comes to. A method is a choice
/// you must have made in time: this shows what it is worth, not what you may still choose.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Compare {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    computing: Computing,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    selecting: Selecting,
    #[command(flatten)]
    printing: Printing,
}

const EXAMPLES: &str = "\
Examples:
  lossoffset compare trades.csv
  lossoffset compare trades.csv --year 2024 --format csv";

impl Compare {
    pub(super) fn run(self, config: Config) -> Result<ExitCode, Error> {
        let format = self.printing.format()?;
        let chosen = Chosen::new(&self.computing, &self.reading, config)?;
        self.printing.spare(&self.files.files, &chosen)?;
        let only = chosen.only(self.selecting.year.as_deref())?;
        let reading = input::read(&self.files.files, &chosen)?;
        let mut outcomes = by_every_method(&reading.history, &chosen);
        if outcomes.iter().all(|(_, answer)| answer.is_err()) {
            let problems = outcomes.into_iter().find_map(|(_, answer)| answer.err());
            return Err(Error::Problems {
                problems: problems.unwrap_or_default(),
                sources: reading.history.sources,
            });
        }
        warn_of_average(&mut outcomes);
        // Other warnings differ between methods little; those of the country's own stand for all.
        let none = Answer::default();
        let own = outcomes.iter().find_map(|(_, answer)| answer.as_ref().ok());
        let frame = frame(&reading.history, own.unwrap_or(&none), &chosen, only);
        self.printing.write(
            format,
            &Results {
                table: &|| Box::new(Comparison::new(frame, &outcomes)),
                page: &|| page::comparison::methods(frame, &outcomes),
                document: &|out| document::write_comparison(out, &frame, &outcomes),
                places: frame.places,
            },
        )?;
        say::warnings(&frame);
        Ok(chosen.status(&frame))
    }
}

/// Tells what only an average may not be used for beside the warnings of the first method.
fn warn_of_average(outcomes: &mut Outcomes) {
    let answers = outcomes
        .iter()
        .filter_map(|(_, answer)| answer.as_ref().ok());
    let mut warnings = answers.flat_map(|answer| &answer.warnings);
    let average = warnings
        .find(|warning| warning.code == AVERAGE_NOT_A_FUND)
        .cloned();
    let mut answers = outcomes
        .iter_mut()
        .filter_map(|(_, answer)| answer.as_mut().ok());
    if let (Some(average), Some(first)) = (average, answers.next())
        && !first.warnings.iter().any(|own| own.code == average.code)
    {
        first.warnings.push(average);
    }
}

/// What the trades come to under each method of the country.
fn by_every_method(history: &History, chosen: &Chosen) -> Outcomes {
    let methods = country::methods_to_compare(chosen.country);
    let events = history.trades.len().saturating_mul(methods.len());
    let _progress = Progress::of("matching", events as u64, &chosen.settings.meter);
    let under = |method: &'static str| {
        let mut settings = chosen.settings.clone();
        settings.method = Some(method.to_owned());
        (method, crate::compute(history, &settings))
    };
    methods.into_iter().map(under).collect()
}
