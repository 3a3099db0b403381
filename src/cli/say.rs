//! What goes to standard error: errors, warnings and counts.

use std::io::{Write, stderr};

use crate::diagnostic::{Problem, Warning};
use crate::output::text::visible;
use crate::report::Frame;
use crate::report::page::count;
use crate::source::Sources;

use super::input::File;

/// Warnings of one kind shown before the rest are only counted.
const SHOWN: usize = 5;
/// Rows named with a warning before the rest are only counted.
const PLACES: usize = 3;

/// One line on standard error. If that is closed, there is nobody to tell.
fn line(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// An error of a sentence or more.
pub fn error(text: &str) {
    line(&format!(
        "\u{1b}[1;31merror:\u{1b}[0m {}",
        lines_visible(text)
    ));
}

/// Everything wrong with the input.
pub fn problems(problems: &[Problem], sources: &Sources, _files: &[File]) {
    for problem in problems {
        error(&problem.message);
        if let Some(place) = &problem.place {
            line(&format!("  --> {}", visible(&sources.text(place.source))));
        }
        for note in &problem.notes {
            line(&format!("  {}", lines_visible(note)));
        }
        if let Some(help) = &problem.help {
            line(&format!("help: {}", lines_visible(help)));
        }
    }
    let _ = stderr().flush();
}

/// The warnings, of each kind the first few.
pub fn warnings(frame: &Frame<'_>) {
    let all = &frame.answer.warnings;
    let mut codes: Vec<&str> = Vec::new();
    for warning in all {
        if !codes.contains(&warning.code) {
            codes.push(warning.code);
        }
    }
    for code in codes {
        let of_code: Vec<&Warning> = all.iter().filter(|w| w.code == code).collect();
        for warning in of_code.iter().take(SHOWN) {
            line(&format!(
                "\u{1b}[1;33mwarning:\u{1b}[0m {}{}",
                lines_visible(&warning.message),
                places(frame, warning)
            ));
        }
        if let Some(more) = of_code.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            line(&format!(
                "  and {} `{code}`; `--format json` lists them all",
                count(more, "more warning of the kind")
                    .replace("warning of the kinds", "warnings of the kind")
            ));
        }
    }
}

fn places(frame: &Frame<'_>, warning: &Warning) -> String {
    if warning.at.is_empty() {
        return String::new();
    }
    let named = warning.at.iter().take(PLACES);
    let mut text: Vec<String> = named
        .map(|source| visible(&frame.history.sources.text(*source)).into_owned())
        .collect();
    if let Some(more) = warning
        .at
        .len()
        .checked_sub(PLACES)
        .filter(|more| *more > 0)
    {
        text.push(format!("and {more} more"));
    }
    format!(" ({})", text.join(", "))
}

/// How much was read and found.
pub fn counts(frame: &Frame<'_>) {
    let found = [
        count(frame.history.trades.len(), "row"),
        count(frame.answer.disposals.len(), "disposal"),
        count(frame.answer.lots.len(), "open lot"),
        count(frame.answer.warnings.len(), "warning"),
    ];
    line(&found.join(", "));
}

/// Several lines of text, each made safe for a terminal.
fn lines_visible(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(visible).collect();
    lines.join("\n")
}
