//! Our disposals beside a broker's for a reader: how many agree, what differs and why, what is missing on either side.

use crate::money::Minor;
use crate::output::page::{Grid, GridColumn, Line, Page};
use crate::reconcile::{Finding, Pair, Side, Status, Value};
use crate::report::Frame;
use crate::report::page::{amount, count, date, quantity};
use crate::report::reconciliation::{Compared, Comparisons, days, difference};

/// Everything a reader should look at.
pub fn page<'a>(frame: Frame<'a>, compared: Compared<'a>) -> Page<'a> {
    let mut page = Page::default();
    let table = Comparisons::new(frame, compared);
    page.heading(format!(
        "Your disposals against {}, {}",
        compared.gains.file, frame.currency
    ));
    page.grid(summary(&frame, &compared));
    differences(&frame, &table, &compared, &mut page);
    missing(&frame, &table, &compared, Status::MissingThere, &mut page);
    missing(&frame, &table, &compared, Status::MissingHere, &mut page);
    remarks(&frame, &compared, &mut page);
    page
}

fn pairs<'a>(compared: &Compared<'a>, status: Status) -> impl Iterator<Item = &'a Pair> {
    let pairs = compared.found.pairs.iter();
    pairs.filter(move |pair| pair.status == status)
}

/// How many there are of each kind, with the gains of both sides.
fn summary(frame: &Frame<'_>, compared: &Compared<'_>) -> Grid<'static> {
    let columns = vec![
        GridColumn::text(""),
        GridColumn::number("rows"),
        GridColumn::number("your gain"),
        GridColumn::number("their gain"),
        GridColumn::number("difference"),
    ];
    let mut lines: Vec<Line> = Status::ALL
        .into_iter()
        .map(|status| {
            let of: Vec<&Pair> = pairs(compared, status).collect();
            Line::Row(summed(frame, said(status), &of))
        })
        .collect();
    let all: Vec<&Pair> = compared.found.pairs.iter().collect();
    lines.push(Line::Rule);
    lines.push(Line::Total(summed(frame, "all", &all)));
    Grid::of(columns, lines)
}

fn summed(frame: &Frame<'_>, name: &str, pairs: &[&Pair]) -> Vec<String> {
    let sum = |side: fn(&Pair) -> Option<&Side>| {
        let gains = pairs.iter().filter_map(|pair| side(pair)?.gain());
        gains.fold(0, Minor::saturating_add)
    };
    let ours = sum(|pair| pair.our_side.as_ref());
    let theirs = sum(|pair| pair.their_side.as_ref());
    vec![
        name.to_owned(),
        pairs.len().to_string(),
        amount(frame, ours),
        amount(frame, theirs),
        amount(frame, ours.saturating_sub(theirs)),
    ]
}

fn said(status: Status) -> &'static str {
    match status {
        Status::Matched => "matched",
        Status::Differs => "differ",
        Status::MissingThere => "only in your files",
        Status::MissingHere => "only in theirs",
    }
}

/// A line for each figure that differs, and under the table what speaks for its cause.
fn differences(
    frame: &Frame<'_>,
    table: &Comparisons<'_>,
    compared: &Compared<'_>,
    page: &mut Page<'_>,
) {
    let mut lines = Vec::new();
    let mut notes: Vec<String> = Vec::new();
    for pair in pairs(compared, Status::Differs) {
        let what = label(table, pair);
        for (at, finding) in pair.findings.iter().enumerate() {
            lines.push(Line::Row(difference_line(
                frame,
                table,
                pair,
                finding,
                at == 0,
            )));
            if !finding.note.is_empty() {
                let note = format!("{what}, {}: {}", finding.figure.word(), finding.note);
                notes.push(note);
            }
        }
    }
    if lines.is_empty() {
        return;
    }
    page.heading("What differs, and why");
    let columns = vec![
        GridColumn::text("symbol"),
        GridColumn::text("account").rank(2),
        GridColumn::word("disposed"),
        GridColumn::number("quantity").rank(1),
        GridColumn::word("figure"),
        GridColumn::number("yours"),
        GridColumn::number("theirs"),
        GridColumn::number("difference"),
        GridColumn::word("cause"),
        GridColumn::word("code").rank(1),
    ];
    page.grid(Grid::of(columns, lines));
    for note in notes {
        page.remark(note);
    }
}

/// What a pair is about: our first row's id, or the broker's row.
fn label(table: &Comparisons<'_>, pair: &Pair) -> String {
    let day = pair.our_side.as_ref().or(pair.their_side.as_ref());
    let day = day.map_or_else(String::new, |side| date(side.closed));
    format!("{} {day}", table.symbol(pair))
}

fn difference_line(
    frame: &Frame<'_>,
    table: &Comparisons<'_>,
    pair: &Pair,
    finding: &Finding,
    first: bool,
) -> Vec<String> {
    let once = |text: String| if first { text } else { String::new() };
    let side = pair.our_side.as_ref();
    let by = match (&finding.ours, &finding.theirs) {
        (Value::Amount(ours), Value::Amount(theirs)) => amount(frame, ours.saturating_sub(*theirs)),
        _ => String::new(),
    };
    vec![
        once(table.symbol(pair).to_owned()),
        once(table.account(pair)),
        once(side.map_or_else(String::new, |side| date(side.closed))),
        once(
            side.and_then(|side| side.quantity)
                .map_or_else(String::new, quantity),
        ),
        finding.figure.word().to_owned(),
        value(frame, &finding.ours),
        value(frame, &finding.theirs),
        by,
        finding.cause.word().to_owned(),
        finding.code.to_owned(),
    ]
}

fn value(frame: &Frame<'_>, value: &Value) -> String {
    match value {
        Value::Unknown => "not given".to_owned(),
        Value::Amount(minor) => amount(frame, *minor),
        Value::Units(units) => quantity(*units),
        Value::Days(list) => days(list, " "),
        Value::Term(term) => term.word().to_owned(),
    }
}

fn missing(
    frame: &Frame<'_>,
    table: &Comparisons<'_>,
    compared: &Compared<'_>,
    status: Status,
    page: &mut Page<'_>,
) {
    let here = status == Status::MissingHere;
    let rows: Vec<Vec<String>> = pairs(compared, status)
        .filter_map(|pair| missing_line(frame, table, pair, here))
        .collect();
    if rows.is_empty() {
        return;
    }
    page.heading(if here {
        "Only in theirs"
    } else {
        "Only in your files"
    });
    let columns = vec![
        GridColumn::text("symbol"),
        GridColumn::text("account").rank(2),
        GridColumn::number("quantity"),
        GridColumn::word("acquired").rank(1),
        GridColumn::word("disposed"),
        GridColumn::number("proceeds"),
        GridColumn::number("cost"),
        GridColumn::number("gain"),
        GridColumn::text("row"),
    ];
    page.grid(Grid::of(columns, rows.into_iter().map(Line::Row).collect()));
}

fn missing_line(
    frame: &Frame<'_>,
    table: &Comparisons<'_>,
    pair: &Pair,
    here: bool,
) -> Option<Vec<String>> {
    let side = if here {
        pair.their_side.as_ref()?
    } else {
        pair.our_side.as_ref()?
    };
    let known = |minor: Option<Minor>| minor.map_or_else(String::new, |minor| amount(frame, minor));
    let row = if here {
        let places = table.places(pair);
        let place = places.first()?;
        format!("{}:{}", place.file, place.line)
    } else {
        let ids = table.ids(pair);
        crate::output::digits::text(|out| {
            if let Some(id) = ids.first() {
                crate::output::digits::id(out, *id);
            }
        })
    };
    Some(vec![
        table.symbol(pair).to_owned(),
        table.account(pair),
        side.quantity.map_or_else(String::new, quantity),
        days(&side.opened, " "),
        date(side.closed),
        amount(frame, side.proceeds),
        known(side.cost),
        known(side.gain()),
        row,
    ])
}

fn remarks(frame: &Frame<'_>, compared: &Compared<'_>, page: &mut Page<'_>) {
    let found = compared.found;
    for (name, security) in &found.learned {
        page.remark(format!(
            "`{name}` was taken for {}: same days, quantities and about the same proceeds",
            frame.symbol(*security)
        ));
    }
    if found.other_years > 0 {
        page.remark(format!(
            "{} of yours in tax years of which the list has nothing",
            count(found.other_years, "disposal")
        ));
    }
    if found.other_accounts > 0 {
        page.remark(format!(
            "{} of yours in accounts of which the list has nothing",
            count(found.other_accounts, "sale")
        ));
    }
    let unknown = found
        .pairs
        .iter()
        .filter(|pair| pair.status != Status::Matched && difference(pair).is_none());
    let unknown = unknown.count();
    if unknown > 0 {
        page.remark(format!(
            "{} without a cost of theirs: not in the sums of their gain",
            count(unknown, "row")
        ));
    }
    let matched = |pair: &Pair| pair.status == Status::Matched;
    if !found.pairs.is_empty() && found.pairs.iter().all(matched) {
        page.remark("everything agrees");
    }
}
