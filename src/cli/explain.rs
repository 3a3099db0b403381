//! `explain`: where one number comes from.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::import::symbol_named;
use crate::report::Frame;
use crate::report::explain::{Explainer, Explanation};
use crate::report::{document, page};

use super::config::Config;
use super::error::Error;
use super::options::{Chosen, Computing, Files, Printing, Reading, prints};
use super::work::Work;
use super::{country, input, say};

/// Where one number comes from: its rows, its lot, each adjustment, the rule it follows
///
/// The last argument is what to explain: a disposal (XYZ@2024-06-03#1), a lot by its id or its own name, or a tax year
/// (2024). Where it names several, all are shown. The other arguments are the files.
#[derive(Args)]
#[command(after_help = EXAMPLES, override_usage = "lossoffset explain [OPTIONS] <FILE>... <ID>")]
pub struct Explain {
    /// The files, then the disposal, lot or year to explain
    #[arg(value_name = "FILE>... <ID", required_unless_present = "year")]
    arguments: Vec<String>,
    /// The tax year to explain, in place of the last argument
    #[arg(short, long, value_name = "YEAR")]
    year: Option<String>,
    #[command(flatten)]
    computing: Computing,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    printing: Printing,
}

const EXAMPLES: &str = "\
Examples:
  lossoffset explain trades.csv XYZ@2024-06-03#1
  lossoffset explain trades.csv XYZ@2024-01-02#1 --method hifo
  lossoffset explain 2023.csv 2024.csv 2024
  lossoffset explain trades.csv XYZ@2024-06-03#1 --format json";

impl Explain {
    pub(super) fn run(mut self, config: Config) -> Result<ExitCode, Error> {
        let (files, id) = self.asked()?;
        let format = self.printing.format()?;
        if !prints("explain", format) {
            return Err(Error::Usage(
                "`explain` prints table, markdown or json".to_owned(),
            ));
        }
        let mut chosen = Chosen::new(&self.computing, &self.reading, config)?;
        self.printing.spare(&files.files, &chosen)?;
        chosen.only(self.year.as_deref())?;
        chosen.settings.trail = true;
        // The lines of an explanation add up, so it shows the exact figures behind rounded forms.
        let rounding = ("us".to_owned(), "rounding".to_owned());
        chosen.settings.readings.remove(&rounding);
        let work = Work::compute(input::read(&files.files, &chosen)?, &chosen)?;
        let frame = work.frame(&chosen, None);
        let found = find(&frame, &chosen, &id)?;
        self.printing.write_page(
            format,
            &|| page::explain::explanations(frame, &found),
            &|out| write(out, &frame, &found),
        )?;
        say::warnings(&frame);
        Ok(chosen.status(&frame))
    }

    /// The files, and what of them to explain: the last argument, or the year.
    fn asked(&mut self) -> Result<(Files, String), Error> {
        let mut files = std::mem::take(&mut self.arguments);
        let is_file = |name: &String| name == "-" || Path::new(name).is_file();
        let id = match (&self.year, files.last()) {
            (Some(year), Some(last)) if !is_file(last) => {
                return Err(Error::Usage(format!(
                    "`{last}` is no file, and `--year {year}` says what to explain already; leave one of them out"
                )));
            }
            (Some(year), _) => year.clone(),
            (None, Some(file)) if files.len() == 1 && Path::new(file).is_file() => {
                return Err(Error::Usage(format!(
                    "nothing to explain: `{file}` is a file; add a disposal, a lot or a year behind it"
                )));
            }
            (None, _) => files.pop().unwrap_or_default(),
        };
        Ok((Files { files }, id))
    }
}

fn find(frame: &Frame<'_>, chosen: &Chosen, id: &str) -> Result<Vec<Explanation>, Error> {
    let Some(explainer) = Explainer::new(*frame, chosen.country, &chosen.settings) else {
        return Ok(Vec::new());
    };
    let found = explainer.find(id, country::year_written(chosen.country, id));
    if !found.is_empty() {
        return Ok(found);
    }
    // An id as the user writes the option.
    if let Some((symbol, rest)) = id.split_once('@') {
        let found = explainer.find(&format!("{}@{rest}", symbol_named(symbol)), None);
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let near = explainer.near(id);
    let near = match near.as_slice() {
        [] => "`compute` and `lots` show the ids with `--format csv`".to_owned(),
        near => format!("did you mean {}?", near.join(", ")),
    };
    Err(Error::Unknown(format!(
        "`{id}` is no disposal, lot or tax year of these trades; {near}"
    )))
}

fn write(out: &mut dyn Write, frame: &Frame<'_>, found: &[Explanation]) -> io::Result<()> {
    let explained: Vec<Value> = found.iter().map(|one| one.json(frame)).collect();
    let whole = json!({
        "schema": document::SCHEMA,
        "jurisdiction": frame.jurisdiction,
        "method": frame.method,
        "currency": frame.currency,
        "explained": explained,
    });
    writeln!(out, "{whole:#}")
}
