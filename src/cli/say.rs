//! What goes to standard error: errors, warnings and counts.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts and positions of what is in memory"
)]

use std::io::{Write, stderr};

use anstream::{AutoStream, ColorChoice};

use crate::diagnostic::{self, Problem, Style, Warning, printable};
use crate::report::Frame;
use crate::report::page::count;
use crate::source::Sources;

/// Warnings of one kind shown before the rest are only counted.
const SHOWN: usize = 5;

/// Text on standard error. If that is closed, there is nobody to tell.
fn say(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// What standard error can show.
fn style() -> Style {
    let width = terminal_size::terminal_size_of(stderr());
    Style {
        color: AutoStream::choice(&stderr()) != ColorChoice::Never,
        width: width.map_or(0, |(width, _)| usize::from(width.0)),
    }
}

/// An error of a sentence or more.
pub fn error(text: &str) {
    say(&format!(
        "\u{1b}[1;31merror:\u{1b}[0m {}\n",
        printable(text)
    ));
}

/// Everything wrong with the input.
pub fn problems(problems: &[Problem], sources: &Sources) {
    say(&diagnostic::render(problems, sources, style()));
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
    let style = style();
    for code in codes {
        let of_code: Vec<&Warning> = all.iter().filter(|w| w.code == code).collect();
        for warning in of_code.iter().take(SHOWN) {
            let sources = &frame.history.sources;
            say(&diagnostic::render_warning(warning, sources, style));
        }
        if of_code.len() > SHOWN {
            say(&format!(
                "and {} of `{code}`: `--format json` lists all\n",
                count(of_code.len() - SHOWN, "more warning")
            ));
        }
    }
}

/// How much was read and found.
pub fn counts(frame: &Frame<'_>) {
    let found = [
        count(frame.history.trades.len(), "trade"),
        count(frame.answer.rows, "disposal"),
        count(frame.answer.lots.len(), "open lot"),
        count(frame.answer.warnings.len(), "warning"),
    ];
    say(&format!("{}\n", found.join(", ")));
}
