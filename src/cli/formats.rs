//! `formats`: the exports that are read as they come, one of them printed, a mapping drafted for another.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};

use crate::diagnostic::{Problem, one_line};
use crate::import::Input;
use crate::import::formats::{self, Format, guess};
use crate::output::page::{Grid, GridColumn, Line, Page};
use crate::output::text::Look;
use crate::source::Sources;

use super::error::{DONE, Error, side_file};
use super::near::nearest;
use super::print;

/// List the broker and exchange exports that are read as they come; show or draft a mapping
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Formats {
    #[command(subcommand)]
    task: Option<Task>,
}

const EXAMPLES: &str = "\
Examples:
  lossoffset formats
  lossoffset formats show schwab > mine.toml
  lossoffset formats guess export.csv > mine.toml
  lossoffset compute export.csv --mapping mine.toml";

#[derive(Subcommand)]
enum Task {
    /// Print the mapping of a built-in format, to adapt
    Show {
        /// Its name
        name: String,
    },
    /// Draft a mapping for a file that no format fits; what each action means is left to you
    Guess {
        /// The file
        file: String,
    },
}

impl Formats {
    pub(super) fn run(&self) -> Result<ExitCode, Error> {
        let text = match &self.task {
            None => list(),
            Some(Task::Show { name }) => show(name)?,
            Some(Task::Guess { file }) => drafted(file)?,
        };
        print::write_own(text.as_bytes())?;
        Ok(ExitCode::from(DONE))
    }
}

fn list() -> String {
    let heads = vec![GridColumn::text("format"), GridColumn::text("reads")];
    let lines = formats::built_in().iter().map(|format| {
        Line::Row(vec![
            format.mapping.name.clone(),
            format.mapping.title.clone(),
        ])
    });
    let mut page = Page::default();
    page.grid(Grid::of(heads, lines.collect()));
    page.remark("a file is recognized by its header; any other file is read with `--mapping FILE`, which `formats guess` drafts");
    let mut text = Vec::new();
    // Writing to memory cannot fail.
    let _ = crate::output::text::write(&mut text, &page, Look::default());
    String::from_utf8_lossy(&text).into_owned()
}

fn show(name: &str) -> Result<String, Error> {
    match formats::named(name) {
        Some(format) => Ok(format.text.clone()),
        None => {
            let known = formats::built_in().iter();
            let near = nearest(name, known.map(|format| format.mapping.name.as_str()));
            let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
            Err(Error::Usage(format!(
                "there is no format `{name}`; {near}`lossoffset formats` lists all"
            )))
        }
    }
}

fn drafted(file: &str) -> Result<String, Error> {
    let wrong = |problem| Error::Problems {
        problems: vec![problem],
        sources: Sources::default(),
    };
    let input = Input::open(file).map_err(wrong)?;
    guess::draft(input).map_err(wrong)
}

/// The mapping that `--mapping` names: a file, or else a built-in format.
///
/// # Errors
/// A file that cannot be read or understood.
pub fn load(path: &Path) -> Result<Arc<Format>, Error> {
    let name = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => parsed(&text, &name),
        Err(error) => match formats::named(&name) {
            Some(format) => Ok(Arc::clone(format)),
            None => Err(Error::Setting(Box::new(no_mapping(&name, &error)))),
        },
    }
}

/// What to tell of a mapping that is neither a file nor built in.
fn no_mapping(name: &str, error: &std::io::Error) -> Problem {
    let purpose = "`--mapping` takes a TOML file that says how to read the trades, or the name of a built-in format";
    let problem = side_file(name, error, purpose);
    let known = formats::built_in().iter();
    let known = known.map(|format| format.mapping.name.as_str());
    if error.kind() != ErrorKind::NotFound {
        return problem;
    }
    match nearest(name, known) {
        Some(near) => problem.help(format!("did you mean `{near}`? `lossoffset formats` lists all")),
        None => problem.help("check the spelling and the folder; `lossoffset formats` lists the built-in formats, `lossoffset formats guess FILE` drafts a mapping"),
    }
}

fn parsed(text: &str, name: &str) -> Result<Arc<Format>, Error> {
    Format::parse(text, name).map(Arc::new).map_err(|problem| {
        let help = problem.help.map_or(String::new(), |help| {
            format!("\n\nhelp: {}", one_line(&help))
        });
        Error::Lines(one_line(&problem.message) + &help)
    })
}

/// The mappings in the user's configuration folder, by name.
pub fn in_folder(folder: Option<PathBuf>) -> Vec<PathBuf> {
    let Some(entries) = folder.and_then(|folder| fs::read_dir(folder.join("formats")).ok()) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    paths.sort();
    paths
}
