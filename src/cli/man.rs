//! `man`: the man page.

use std::process::ExitCode;

use clap::Args;

use super::error::{DONE, Error};
use super::print;

/// Print the man page
#[derive(Args)]
#[command(after_help = "Example:\n  lossoffset man | man -l -")]
pub struct Man {
    /// The command whose page to print; the program's own where left out
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

impl Man {
    pub(super) fn run(&self) -> Result<ExitCode, Error> {
        let mut program = super::program();
        // Building gives each command its full name.
        program.build();
        let page = match self.command.as_deref() {
            None => program,
            Some(name) => match program.find_subcommand(name) {
                Some(command) => command.clone(),
                None => return Err(Error::Usage(format!("there is no command `{name}`"))),
            },
        };
        let mut bytes = Vec::new();
        let rendered = clap_mangen::Man::new(page).render(&mut bytes);
        rendered.map_err(|error| Error::Write {
            name: "the man page".to_owned(),
            error,
        })?;
        print::write_own(&bytes)?;
        Ok(ExitCode::from(DONE))
    }
}
