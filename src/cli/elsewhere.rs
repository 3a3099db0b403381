//! What belongs to another command and what is still to come: offered nowhere, but answered with what to use instead.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::error::Error;

/// Commands that are still to come.
const COMMANDS: &[(&str, &str)] = &[(
    "harvest",
    "`harvest` is not supported yet; `lossoffset lots` lists what is held with its cost, and to see what a sale would change, add it to a copy of the file and run `lossoffset compute`",
)];

/// Options, the commands that do not have them, and what to use there.
const OPTIONS: &[(&[&str], &[&str], &str)] = &[
    (
        &["-y", "--year"],
        &["lots"],
        "`lots` shows what is held on one day; with `--as-of` that is the last of a year, such as --as-of 2024-12-31",
    ),
    (
        &["-y", "--year"],
        &["check"],
        "`check` looks at the rows of all years; `lossoffset compute --year` shows one",
    ),
    (
        &["-r", "--report"],
        &["lots", "check", "explain", "compare", "reconcile"],
        "only `lossoffset compute` has several reports to choose from with `--report`",
    ),
    (
        &["--prices"],
        &["lots"],
        "`--prices` is not supported yet; `lossoffset lots --format csv` gives quantity and cost of each lot to set against prices",
    ),
];

/// What to say of arguments that were not understood, where there is more to say than that.
pub fn answer(error: clap::Error, arguments: &[OsString]) -> Error {
    let named = |kind| match error.get(kind) {
        Some(ContextValue::String(name)) => name.as_str(),
        _ => "",
    };
    let found = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let name = named(ContextKind::InvalidSubcommand);
            let found = COMMANDS.iter().find(|(command, _)| *command == name);
            found.map(|(_, instead)| *instead)
        }
        ErrorKind::UnknownArgument => {
            let name = named(ContextKind::InvalidArg);
            let command = arguments.get(1).and_then(|first| first.to_str());
            let command = command.unwrap_or_default();
            let found = OPTIONS.iter().find(|(options, commands, _)| {
                options.contains(&name) && commands.contains(&command)
            });
            found.map(|(_, _, instead)| *instead)
        }
        _ => None,
    };
    match found {
        Some(instead) => Error::Usage(instead.to_owned()),
        None => Error::Clap(error),
    }
}
