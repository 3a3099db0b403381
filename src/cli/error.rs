//! Why a command stopped, and the exit status that says so.

use std::io;
use std::process::ExitCode;

use crate::diagnostic::{Problem, one_line};
use crate::import::Failure;
use crate::source::Sources;

/// Computed.
pub const DONE: u8 = 0;
/// The input or its content is wrong.
pub const BAD_INPUT: u8 = 1;
/// The command line is wrong.
pub const BAD_USAGE: u8 = 2;
/// Computed, and something needs the user (with `--strict`).
pub const NEEDS_USER: u8 = 3;

/// Why a command stopped.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What clap has to say: errors, and help and version too.
    #[error(transparent)]
    Clap(#[from] clap::Error),
    /// The command line, or a setting that stands for an option, is wrong.
    #[error("{0}")]
    Usage(String),
    /// The same in several lines, which are the program's own: what they quote is on one line each.
    #[error("{0}")]
    Lines(String),
    /// A file that stands for options is wrong.
    #[error("{}", .0.message)]
    Setting(Box<Problem>),
    /// What was asked for is not in the results.
    #[error("{0}")]
    Unknown(String),
    /// Results cannot be written.
    #[error("cannot write {name}: {error}")]
    Write {
        /// The file as the user named it.
        name: String,
        /// Why.
        error: io::Error,
    },
    /// The content of the input is wrong.
    #[error("{} in the input", crate::report::page::count(.problems.len(), "problem"))]
    Problems {
        /// What is wrong.
        problems: Vec<Problem>,
        /// The files, to show the rows.
        sources: Sources,
    },
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Problems {
            problems: failure.problems,
            sources: failure.sources,
        }
    }
}

impl Error {
    /// One thing wrong with the input as a whole.
    pub fn of_input(problem: Problem) -> Self {
        Self::Problems {
            problems: vec![problem],
            sources: Sources::default(),
        }
    }

    /// The exit status.
    pub fn status(&self) -> ExitCode {
        match self {
            Self::Clap(error) => {
                ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(BAD_USAGE))
            }
            // Whoever read the results has read enough.
            Self::Write { error, .. } if error.kind() == io::ErrorKind::BrokenPipe => {
                ExitCode::from(DONE)
            }
            Self::Usage(_) | Self::Lines(_) | Self::Setting(_) => ExitCode::from(BAD_USAGE),
            Self::Unknown(_) | Self::Write { .. } | Self::Problems { .. } => {
                ExitCode::from(BAD_INPUT)
            }
        }
    }

    /// Says on standard error what went wrong. A failing standard error leaves nobody to tell.
    pub fn print(&self) {
        match self {
            Self::Clap(error) => {
                let _ = error.print();
            }
            Self::Write { error, .. } if error.kind() == io::ErrorKind::BrokenPipe => {}
            Self::Problems { problems, sources } => super::say::problems(problems, sources),
            Self::Setting(problem) => {
                super::say::problems(std::slice::from_ref(problem), &Sources::default());
            }
            Self::Lines(text) => super::say::error(text),
            // Names and values that the user or a file put into it begin no line of their own.
            Self::Usage(_) | Self::Unknown(_) | Self::Write { .. } => {
                super::say::error(&one_line(&self.to_string()));
            }
        }
    }
}

/// What to tell of a file beside the trades that cannot be read, and what it is for.
pub fn side_file(path: &str, error: &io::Error, purpose: &str) -> Problem {
    if error.kind() == io::ErrorKind::InvalidData {
        let problem = Problem::new(format!("`{path}` is not UTF-8 text"));
        return problem.note(purpose).help("save it as UTF-8");
    }
    let problem = crate::import::unreadable(path, error);
    let help = match error.kind() {
        io::ErrorKind::NotFound => "check the spelling and the folder",
        io::ErrorKind::IsADirectory => "name a file in it",
        _ => "check what it is, and its permissions",
    };
    problem.note(purpose).help(help)
}
