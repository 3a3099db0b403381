//! The command line: one file per command.
//!
//! A run has three parts: understand the arguments and the configuration file, let the command work, say what went
//! wrong and end with the status for it.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts and positions of what is in memory"
)]

pub mod check;
pub mod compare;
pub mod completions;
pub mod compute;
pub mod config;
pub mod country;
pub mod elsewhere;
pub mod error;
pub mod explain;
pub mod formats;
pub mod input;
pub mod jurisdictions;
pub mod lots;
pub mod man;
pub mod near;
pub mod notices;
pub mod options;
pub mod print;
pub mod progress;
pub mod readings;
pub mod reconcile;
pub mod say;
pub mod unread;
pub mod work;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::diagnostic::one_line;
use crate::output::Format;

use config::Config;
use error::Error;

/// Tax lots, wash sales and loss netting from trade CSVs
#[derive(Parser)]
#[command(
    name = "lossoffset",
    version,
    about,
    long_about = ABOUT,
    after_help = AFTER,
    arg_required_else_help = true,
    propagate_version = true,
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

const ABOUT: &str = "\
Reads your trades, finds the lots that each sale used, applies the loss rules of your country,
and nets the year: gains against losses, losses carried in, the deduction, losses carried out.
Every figure keeps the rows it comes from and the rule it follows.";

const AFTER: &str = "\
Example:
  $ cat trades.csv
  date,action,symbol,quantity,price
  2024-01-02,buy,XYZ,10,150.00
  2024-06-03,sell,XYZ,4,180.00

  $ lossoffset compute trades.csv
  $ lossoffset compute trades.csv --method hifo --year 2024
  $ lossoffset compute 2023.csv 2024.csv --report disposals --output disposals.csv

Exit status: 0 computed; 1 something in the input is wrong; 2 the command line is wrong;
3 computed, but a warning needs you (only with --strict).

Results are computed from your files alone and are not tax advice.";

#[derive(Subcommand)]
enum Task {
    Compute(compute::Compute),
    Lots(lots::Lots),
    Explain(explain::Explain),
    Compare(compare::Compare),
    Check(check::Check),
    Reconcile(reconcile::Reconcile),
    Jurisdictions(jurisdictions::Jurisdictions),
    Formats(formats::Formats),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Runs the program and gives its exit status.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let done = understand(arguments.into_iter().collect());
    let done = done.and_then(|(task, config)| task.run(config));
    match done.or_else(asked_for) {
        Ok(status) => status,
        Err(error) => {
            error.print();
            error.status()
        }
    }
}

/// Prints help and version, which the parser of arguments gives as errors.
fn asked_for(error: Error) -> Result<ExitCode, Error> {
    match error {
        Error::Clap(text) if !text.use_stderr() => {
            print::write_styled(&text.render())?;
            Ok(ExitCode::from(error::DONE))
        }
        other => Err(other),
    }
}

impl Task {
    fn run(self, config: Config) -> Result<ExitCode, Error> {
        match self {
            Self::Compute(command) => command.run(config),
            Self::Lots(command) => command.run(config),
            Self::Explain(command) => command.run(config),
            Self::Compare(command) => command.run(config),
            Self::Check(command) => command.run(config),
            Self::Reconcile(command) => command.run(config),
            Self::Jurisdictions(command) => command.run(),
            Self::Formats(command) => command.run(),
            Self::Completions(command) => command.run(),
            Self::Man(command) => command.run(),
        }
    }
}

/// The program's commands and options.
pub fn program() -> Command {
    Cli::command()
}

/// The command line, with the options of the configuration file where it says nothing itself.
fn understand(arguments: Vec<OsString>) -> Result<(Task, Config), Error> {
    let matches = program().try_get_matches_from(&arguments);
    let matches = matches
        .map_err(|error| elsewhere::answer(quoting_plainly(error, &arguments), &arguments))?;
    let config = match matches.subcommand() {
        Some((_, given)) if given.try_contains_id("config").is_ok() => {
            let named = given.get_one::<std::path::PathBuf>("config");
            config::load(named.map(std::path::PathBuf::as_path), &program())?
        }
        _ => Config::default(),
    };
    let matches = program().try_get_matches_from(joined(arguments, &matches, &config))?;
    Ok((Cli::from_arg_matches(&matches)?.command, config))
}

/// The same error with what it quotes of the arguments on one line, and nothing in it that steers a terminal.
fn quoting_plainly(error: clap::Error, arguments: &[OsString]) -> clap::Error {
    let plain = arguments.iter().map(|a| one_line(&a.to_string_lossy()));
    let again = program().try_get_matches_from(plain).err();
    let again = again.filter(|again| again.kind() == error.kind());
    again.unwrap_or(error)
}

/// Of the options of the file those that the command can use: one file serves all commands, so a way of printing that
/// this one does not know is meant for the others.
fn usable<'c>(
    command: &str,
    given: &ArgMatches,
    mut of_file: Vec<&'c (String, String)>,
) -> Vec<&'c (String, String)> {
    let value = |argument: &str| {
        argument
            .split_once('=')
            .map_or(String::new(), |(_, v)| v.into())
    };
    let printable = |format: Option<Format>| format.is_none_or(|f| options::prints(command, f));
    of_file.retain(|(long, argument)| match long.as_str() {
        "format" => printable(Format::named(&value(argument))),
        "output" => printable(Format::of_path(Path::new(&value(argument)))),
        // There it says what to explain, which the last argument does.
        "year" => command != "explain",
        _ => true,
    });
    let said = |wanted: &str| {
        let found = of_file.iter().find(|(long, _)| long == wanted);
        found.map(|(_, argument)| value(argument))
    };
    let format = typed::<String>(given, "format").or_else(|| said("format"));
    let output = typed::<PathBuf>(given, "output").or_else(|| said("output").map(PathBuf::from));
    let by_ending = || output.as_deref().and_then(Format::of_path);
    let format = format.as_deref().and_then(Format::named).or_else(by_ending);
    if !matches!(format, Some(Format::Csv | Format::Tsv)) {
        of_file.retain(|(long, _)| long != "excel");
    }
    of_file
}

/// What the command line says for an option, where the command has it.
fn typed<T: Clone + Send + Sync + 'static>(given: &ArgMatches, option: &str) -> Option<T> {
    given.try_get_one::<T>(option).ok().flatten().cloned()
}

/// The arguments, with those of the file right behind the command.
fn joined(mut arguments: Vec<OsString>, matches: &ArgMatches, config: &Config) -> Vec<OsString> {
    let Some((name, given)) = matches.subcommand() else {
        return arguments;
    };
    let program = program();
    let Some(command) = program.find_subcommand(name) else {
        return arguments;
    };
    let silent = |long: &str| {
        let option = command.get_arguments().find(|o| o.get_long() == Some(long));
        option.is_some_and(|option| {
            given.value_source(option.get_id().as_str()) != Some(ValueSource::CommandLine)
        })
    };
    let of_file = config.arguments.iter().filter(|(long, _)| silent(long));
    let of_file = usable(name, given, of_file.collect());
    let added: Vec<OsString> = of_file
        .into_iter()
        .map(|(_, argument)| OsString::from(argument))
        .collect();
    let behind = arguments.iter().skip(1).position(|a| a == name);
    let behind = behind.map_or(arguments.len(), |at| at + 2);
    arguments.splice(behind..behind, added);
    arguments
}
