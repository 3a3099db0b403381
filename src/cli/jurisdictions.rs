//! `jurisdictions`: the countries, and what each one's definition says.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::jurisdiction;
use crate::report::jurisdictions as text;

use super::country;
use super::error::{DONE, Error};
use super::print;

/// List the countries, or show one's law as it is computed
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Jurisdictions {
    #[command(subcommand)]
    what: Option<What>,
}

const EXAMPLES: &str = "\
Examples:
  lossoffset jurisdictions
  lossoffset jurisdictions show uk";

#[derive(Subcommand)]
enum What {
    /// Show one country's definition
    Show {
        /// Its code
        #[arg(value_name = "CODE")]
        code: String,
    },
}

impl Jurisdictions {
    pub(super) fn run(&self) -> Result<ExitCode, Error> {
        let text = match &self.what {
            None => text::list(),
            Some(What::Show { code }) => match jurisdiction::named(code) {
                Some(country) => text::show(country),
                None => {
                    let known: Vec<&str> = country::codes().collect();
                    let known = known.join(", ");
                    return Err(Error::Usage(format!(
                        "there is no jurisdiction `{code}`; there are {known}"
                    )));
                }
            },
        };
        print::write_own(text.as_bytes())?;
        Ok(ExitCode::from(DONE))
    }
}
