//! What is wrong with the input or needs the user: problems (errors) and warnings, as data.
//!
//! `render` is the one place that turns a problem into text with an excerpt of the file.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts and positions of what is in memory"
)]

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use unicode_width::UnicodeWidthStr as _;

use crate::record;
use crate::source::{Source, Sources};

/// Something wrong with the input: where, what was found, what was expected and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// One sentence, lower case, the user's words, with the values found: `sold 120 of ACME but only 100 are held`.
    pub message: String,
    /// The row, and the cell where one cell is at fault.
    pub place: Option<Place>,
    /// Further sentences, each a line under the excerpt.
    pub notes: Vec<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// A row to add to the file, as it stands there.
    pub paste: Option<Box<str>>,
    /// More leaves than is held: where an earlier row of the security is wrong, this follows from it.
    pub oversold: bool,
    /// How many problems it is: more than one where further ones are only counted.
    pub counts: u32,
}

/// Where a problem lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The row.
    pub source: Source,
    /// Position of the cell in the row, counted from 0; `None` for the row as a whole.
    pub cell: Option<usize>,
}

impl Problem {
    /// A problem of the input as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            place: None,
            notes: Vec::new(),
            help: None,
            paste: None,
            oversold: false,
            counts: 1,
        }
    }

    /// A problem of one row.
    pub fn at(source: Source, message: impl Into<String>) -> Self {
        Self {
            place: Some(Place { source, cell: None }),
            ..Self::new(message)
        }
    }

    /// A problem of one cell of a row.
    pub fn in_cell(source: Source, cell: usize, message: impl Into<String>) -> Self {
        Self {
            place: Some(Place {
                source,
                cell: Some(cell),
            }),
            ..Self::new(message)
        }
    }

    /// With one more line under the excerpt.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// With a row to add to the file.
    #[must_use]
    pub fn paste(mut self, row: impl Into<String>) -> Self {
        self.paste = Some(row.into().into_boxed_str());
        self
    }

    /// Of the kind that follows from earlier problems of the security.
    #[must_use]
    pub fn oversold(mut self) -> Self {
        self.oversold = true;
        self
    }

    /// With advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Something that does not stop the computation but that the user should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// A short stable name, such as `wash-window-open`; scripts match on it.
    pub code: &'static str,
    /// One or two sentences, ending with what to do.
    pub message: String,
    /// The rows it concerns.
    pub at: Vec<Source>,
    /// Whether the user must act or decide (`--strict` then ends with status 3).
    pub needs_user: bool,
}

/// How problems and warnings are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// With colours.
    pub color: bool,
    /// Columns of the terminal; 0 where there is none, and lines are then as long as they are.
    pub width: usize,
}

/// How many problems are shown in full.
const SHOWN: usize = 20;

/// The problems with excerpts of their files: the first twenty, then how many there are more.
pub fn render(problems: &[Problem], sources: &Sources, style: Style) -> String {
    let mut text: String = problems
        .iter()
        .take(SHOWN)
        .map(|problem| render_problem(problem, sources, style) + "\n\n")
        .collect();
    if problems.len() > SHOWN {
        let more: u64 = problems
            .iter()
            .skip(SHOWN)
            .map(|p| u64::from(p.counts))
            .sum();
        let noun = if more == 1 { "error" } else { "errors" };
        let group = Level::ERROR.primary_title(format!("and {more} more {noun}"));
        text.push_str(&renderer(style).render(&[Group::with_title(group)]));
        text.push_str("\n\n");
    }
    text.pop();
    text
}

fn render_problem(problem: &Problem, sources: &Sources, style: Style) -> String {
    let title = Level::ERROR.primary_title(one_line(&with_short_quotes(&problem.message)));
    let mut group = Group::with_title(title);
    let excerpt = problem
        .place
        .as_ref()
        .and_then(|place| marked(place, sources));
    group = match (&excerpt, &problem.place) {
        (Some(excerpt), _) => group.element(excerpt.snippet()),
        (None, Some(place)) => group.element(
            Origin::path(one_line(sources.name(place.source.file)))
                .line(place.source.line as usize),
        ),
        (None, None) => group,
    };
    let margin = margin(problem);
    let width = style.width.saturating_sub(margin);
    for note in &problem.notes {
        group = group.element(Level::NOTE.message(folded(&one_line(note), width, "")));
    }
    if let Some(help) = &problem.help {
        group = group.element(Level::HELP.message(folded(&one_line(help), width, "")));
    }
    let mut text = renderer(style).render(&[group]);
    if let Some(row) = &problem.paste {
        // On a line by itself and never folded, so that it can be copied into the file.
        text.push('\n');
        text.push_str(&one_line(row));
    }
    text
}

/// Columns in front of a note: the line numbers of the excerpt, ` = ` and `help: `.
fn margin(problem: &Problem) -> usize {
    let line = problem.place.as_ref().map_or(0, |place| place.source.line);
    line.checked_ilog10()
        .map_or(1, |digits| digits as usize + 1)
        + " = help: ".len()
}

/// A warning: its message, and the first rows it concerns.
pub fn render_warning(warning: &Warning, sources: &Sources, style: Style) -> String {
    const ROWS: usize = 5;
    let (yellow, bold, plain) = if style.color {
        ("\u{1b}[1;33m", "\u{1b}[1m", "\u{1b}[0m")
    } else {
        ("", "", "")
    };
    let head = format!("warning[{}]", warning.code);
    // A setting to copy stands on lines of its own.
    let words = printable(&warning.message).replace('\n', "\n    ");
    let message = format!("{head}: {words}");
    let mut text = folded(&message, style.width, "  ");
    if let Some(rest) = text.strip_prefix(&head) {
        text = format!("{yellow}{head}{plain}{bold}{rest}{plain}");
    }
    text.push('\n');
    let rows: Vec<String> = warning
        .at
        .iter()
        .take(ROWS)
        .map(|at| one_line(&sources.text(*at)))
        .collect();
    if !rows.is_empty() {
        let more = warning.at.len().saturating_sub(ROWS);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let at = format!("  at {}{more}", rows.join(", "));
        text.push_str(&folded(&at, style.width, "     "));
        text.push('\n');
    }
    text
}

/// Text folded at spaces so that it fits, further lines indented; as it is where there is no terminal.
fn folded(text: &str, width: usize, indent: &str) -> String {
    if width == 0 {
        return text.to_owned();
    }
    let width = width.max(NARROW);
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let mut line_so_far = String::new();
        for word in line.split(' ') {
            let room = line_so_far.width() + 1 + word.width();
            if !line_so_far.trim().is_empty() && room > width {
                lines.push(std::mem::replace(&mut line_so_far, indent.to_owned()));
                line_so_far.push_str(word);
            } else {
                if !line_so_far.is_empty() || word.is_empty() {
                    line_so_far.push(' ');
                }
                line_so_far.push_str(word);
            }
        }
        lines.push(line_so_far);
    }
    lines.join("\n")
}

/// Nothing is folded to less than this.
const NARROW: usize = 40;

fn renderer(style: Style) -> Renderer {
    let renderer = if style.color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.term_width(if style.width == 0 {
        WIDE
    } else {
        style.width.max(40)
    })
}

/// The width where there is no terminal; longer lines are cut round the cell that is marked.
const WIDE: usize = 160;

/// A row with the cell at fault marked.
struct Marked {
    path: String,
    line: usize,
    text: String,
    span: Range<usize>,
}

impl Marked {
    fn snippet(&self) -> Snippet<'_, Annotation<'_>> {
        Snippet::source(self.text.as_str())
            .line_start(self.line)
            .path(self.path.as_str())
            .annotation(AnnotationKind::Primary.span(self.span.clone()))
    }
}

fn marked(place: &Place, sources: &Sources) -> Option<Marked> {
    let excerpt = sources.excerpt(place.source)?;
    let whole = 0..excerpt.text.len();
    let span = match place.cell {
        None => whole,
        Some(cell) => record::cell_span(&excerpt.text, excerpt.delimiter, cell)
            .unwrap_or(whole.end..whole.end),
    };
    // Bytes that are no text would move the mark: everything before it is decoded by itself.
    let [before, inside, after] =
        [0..span.start, span.clone(), span.end..excerpt.text.len()].map(|range| {
            visible(&String::from_utf8_lossy(
                excerpt.text.get(range).unwrap_or_default(),
            ))
        });
    let span = before.len()..before.len() + inside.len();
    Some(Marked {
        path: one_line(sources.name(place.source.file)),
        line: place.source.line as usize,
        text: [before, inside, after].concat(),
        span,
    })
}

/// Text of a file or from the user, with everything that could steer a terminal made visible; line ends stay.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c == '\n' { '\n' } else { safe(c) })
        .collect()
}

/// The same on one line, and no longer than anyone reads: for text into which a file may have put anything.
pub fn one_line(text: &str) -> String {
    let mut shown: String = text.chars().take(LONGEST).map(safe).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push_str("...");
    }
    shown
}

/// A sentence with what it quotes cut to what one recognizes: the excerpt below shows the cell.
fn with_short_quotes(text: &str) -> String {
    const QUOTED: usize = 80;
    let parts = text.split('`').enumerate().map(|(at, part)| {
        let long = at % 2 == 1 && part.chars().nth(QUOTED).is_some();
        match long {
            true => part.chars().take(QUOTED).collect::<String>() + "...",
            false => part.to_owned(),
        }
    });
    parts.collect::<Vec<_>>().join("`")
}

/// Characters of a sentence that are shown; a cell may hold a whole file.
const LONGEST: usize = 4000;

/// The same within an excerpt, where tabs stand for blanks and line ends stay.
fn visible(text: &str) -> String {
    text.chars()
        .map(|c| if matches!(c, '\n' | '\t') { c } else { safe(c) })
        .collect()
}

fn safe(c: char) -> char {
    match c {
        '\u{7f}' => '\u{2421}',
        c if c.is_ascii_control() => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        c if steers(c) => '\u{fffd}',
        c => c,
    }
}

/// Whether a character is a command to a terminal, or unseen makes text lie about its order or its letters: controls,
/// bidirectional marks, invisible joiners and fillers, line separators, annotations, tags.
pub fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}
