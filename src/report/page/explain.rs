//! An explanation for a reader: each figure with its lines, each line with its row, its lot and its rule.

use crate::output::page::{Entry, Page};
use crate::report::Frame;
use crate::report::explain::{Explanation, Line, Part};
use crate::report::page::amount;
use crate::source::Source;

/// What was said already: the text of a row and the title of a rule are shown once.
#[derive(Default)]
struct Shown {
    rows: Vec<Source>,
    rules: Vec<&'static str>,
    /// The rule of the line before.
    last: Option<&'static str>,
}

/// One explanation after another.
pub fn explanations<'a>(frame: Frame<'a>, all: &[Explanation]) -> Page<'a> {
    let mut page = Page::default();
    for explanation in all {
        page.heading(format!("{}: {}", explanation.id, explanation.title));
        let mut shown = Shown::default();
        for part in &explanation.parts {
            page.entries(entries(&frame, part, &mut shown));
        }
    }
    page
}

fn entries(frame: &Frame<'_>, part: &Part, shown: &mut Shown) -> Vec<Entry> {
    shown.last = None;
    let mut entries = vec![Entry::Head(part.name.clone())];
    entries.extend(part.lines.iter().map(|line| Entry::Line {
        text: line.text.clone(),
        amount: line.amount.map(|minor| amount(frame, minor)),
        notes: notes(frame, line, shown),
    }));
    if let Some((name, total)) = &part.total {
        entries.push(Entry::Total {
            text: name.clone(),
            amount: amount(frame, *total),
        });
    }
    entries
}

/// Where a line stands: its row, with its text the first time, its lot and its rule. Of lines that follow one rule and
/// stand in no row, as those of a worksheet, the first says so for all.
fn notes(frame: &Frame<'_>, line: &Line, shown: &mut Shown) -> Vec<String> {
    let sources = &frame.history.sources;
    let mut notes = Vec::new();
    let mut place = Vec::new();
    if let Some(at) = line.at {
        if shown.rows.contains(&at) {
            place.push(sources.text(at));
        } else {
            shown.rows.push(at);
            let row = sources.excerpt(at).map(|row| row.text).unwrap_or_default();
            let row = String::from_utf8_lossy(&row).into_owned();
            notes.push(format!("{}: {row}", sources.text(at)));
        }
    }
    place.extend(line.lot.as_ref().map(|lot| format!("lot {lot}")));
    let rule = line.rule.map(|rule| rule.id);
    let goes_on = rule == shown.last && place.is_empty() && notes.is_empty();
    shown.last = rule;
    if let Some(rule) = line.rule.filter(|_| !goes_on) {
        if shown.rules.contains(&rule.id) {
            place.push(rule.citation.to_owned());
        } else {
            shown.rules.push(rule.id);
            place.push(format!("{}: {}", rule.title, rule.citation));
        }
    }
    if !place.is_empty() {
        notes.push(place.join("; "));
    }
    notes
}
