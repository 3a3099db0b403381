//! `check`: reads and validates only, and says how every row was understood.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::import::{FileReading, RowOrder};
use crate::output::page::Page;
use crate::report::{Frame, document, page};

use super::config::Config;
use super::error::Error;
use super::options::{Chosen, Computing, Files, Printing, Reading, prints};
use super::work::Work;
use super::{input, say};

/// Read and validate only; say how every row was understood
///
/// Shows for each file how its columns, dates, action words and the order of its rows were understood, then computes
/// without showing results, so that everything wrong comes to light: a sale of more than is held, a contradiction.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Check {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    computing: Computing,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    printing: Printing,
}

const EXAMPLES: &str = "\
Examples:
  lossoffset check trades.csv
  lossoffset check export.csv --date-format %d/%m/%Y --decimal comma";

impl Check {
    pub(super) fn run(self, config: Config) -> Result<ExitCode, Error> {
        let format = self.printing.format()?;
        if !prints("check", format) {
            return Err(Error::Usage(
                "`check` prints table, markdown or json".to_owned(),
            ));
        }
        let chosen = Chosen::new(&self.computing, &self.reading, config)?;
        self.printing.spare(&self.files.files, &chosen)?;
        let reading = input::read(&self.files.files, &chosen)?;
        let files = reading.files.clone();
        let work = Work::compute(reading, &chosen);
        let frame = work.as_ref().ok().map(|work| work.frame(&chosen, None));
        self.printing
            .write_page(format, &|| page_of(&files, frame), &|out| {
                document(out, &files, frame)
            })?;
        let work = work?;
        let frame = work.frame(&chosen, None);
        say::warnings(&frame);
        Ok(chosen.status(&frame))
    }
}

/// How the files were understood and, where they could be computed, the sums that must agree.
fn page_of(files: &[FileReading], frame: Option<Frame<'_>>) -> Page<'static> {
    let mut page = page::reading::files(files);
    if let Some(frame) = frame {
        page::conservation::laws(&frame, &mut page);
        page.remark(match frame.answer.warnings.len() {
            0 => "nothing is wrong".to_owned(),
            warnings => format!(
                "nothing is wrong, with {}",
                page::count(warnings, "warning")
            ),
        });
    }
    page
}

fn document(
    out: &mut dyn Write,
    files: &[FileReading],
    frame: Option<Frame<'_>>,
) -> io::Result<()> {
    let files: Vec<Value> = files.iter().map(file).collect();
    let whole = json!({
        "schema": document::SCHEMA,
        "valid": frame.is_some(),
        "files": files,
        "conservation": frame.map(|frame| page::conservation::json(&frame)),
    });
    writeln!(out, "{whole:#}")
}

fn file(file: &FileReading) -> Value {
    let columns = file.columns.iter().map(|column| {
        json!({ "name": column.name, "meaning": column.meaning, "suggestion": column.suggestion })
    });
    let dates = file.dates.iter().map(|dates| {
        json!({ "column": dates.column, "format": dates.format, "decided_by": dates.decided_by })
    });
    let actions = file.actions.iter().map(|action| {
        json!({
            "word": action.word, "meaning": action.meaning,
            "rows": action.rows, "first_line": action.first_line,
        })
    });
    let rules = file.rules.iter().map(|rule| {
        json!({
            "rule": rule.rule, "meaning": rule.meaning, "rows": rule.rows,
            "first_line": rule.first_line, "cells": rule.cells, "event": rule.event,
        })
    });
    let decimals = file
        .decimals
        .as_ref()
        .map(|found| json!({ "mark": found.mark.name(), "decided_by": found.decided_by }));
    json!({
        "name": file.name,
        "encoding": file.encoding,
        "delimiter": file.delimiter,
        "header_line": file.header_line,
        "columns": columns.collect::<Vec<_>>(),
        "dates": dates.collect::<Vec<_>>(),
        "decimals": decimals,
        "newest_first": file.order == RowOrder::Turned,
        "trades": file.trades,
        "ignored": file.ignored,
        "format": file.format,
        "rules": rules.collect::<Vec<_>>(),
        "actions": actions.collect::<Vec<_>>(),
    })
}
