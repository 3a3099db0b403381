//! `completions`: shell completion.

use std::process::ExitCode;

use clap::Args;
use clap_complete::Shell;

use super::error::{DONE, Error};
use super::print;

/// Print shell completion
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  lossoffset completions bash > ~/.local/share/bash-completion/completions/lossoffset
  lossoffset completions zsh > ~/.zfunc/_lossoffset
  lossoffset completions fish > ~/.config/fish/completions/lossoffset.fish";

impl Completions {
    pub(super) fn run(&self) -> Result<ExitCode, Error> {
        // Into memory first: the generator takes a closed pipe for a failure of its own.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::program(), "lossoffset", &mut script);
        print::write_own(&script)?;
        Ok(ExitCode::from(DONE))
    }
}
