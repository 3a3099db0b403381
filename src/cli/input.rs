//! The files of the command line, and their rows.

use std::fs;
use std::io::{IsTerminal, Read, stdin};

use crate::source::Sources;
use crate::trade::History;

use super::error::Error;
use super::options::Chosen;

/// A file as it was read.
#[derive(Clone, Debug)]
pub struct File {
    /// As the user named it.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Reads the files named, or standard input where none is.
///
/// # Errors
/// A file that cannot be read; no file where standard input is a terminal.
pub fn open(names: &[String]) -> Result<Vec<File>, Error> {
    if names.is_empty() && stdin().is_terminal() {
        return Err(Error::Usage(
            "no file given\n\n  lossoffset compute trades.csv\n  lossoffset compute < trades.csv\n\nFor more information, try '--help'.".to_owned(),
        ));
    }
    if names.iter().filter(|name| *name == "-").count() > 1 {
        return Err(Error::Usage(
            "`-` is given twice, but standard input can be read once only".to_owned(),
        ));
    }
    let standard_input = [String::from("-")];
    let names = if names.is_empty() {
        &standard_input
    } else {
        names
    };
    names.iter().map(|name| read_file(name)).collect()
}

fn read_file(name: &str) -> Result<File, Error> {
    let bytes = if name == "-" {
        let mut bytes = Vec::new();
        stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(name)
    };
    match bytes {
        Ok(bytes) => Ok(File {
            name: name.to_owned(),
            bytes,
        }),
        Err(error) => Err(Error::Read {
            name: name.to_owned(),
            error,
        }),
    }
}

/// What reading came to.
pub struct Reading {
    /// The trades.
    pub history: History,
    /// The files, for excerpts.
    pub files: Vec<File>,
}

/// Understands the rows of the files.
///
/// # Errors
/// Everything wrong with them.
pub fn read(files: Vec<File>, _chosen: &Chosen) -> Result<Reading, Error> {
    let mut sources = Sources::default();
    for file in &files {
        sources.add(&file.name);
    }
    Err(Error::Problems {
        problems: vec![crate::diagnostic::Problem::new(
            "reading trades is not supported yet",
        )],
        sources,
        files,
    })
}
