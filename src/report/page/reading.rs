//! How each file was understood, for a reader: its columns, its dates, its action words, what was ignored.

use crate::import::{ColumnReading, FileReading, RowOrder};
use crate::output::digits::grouped;
use crate::output::page::{Grid, GridColumn, Line, Page};
use crate::report::page::count;

/// A section per file.
pub fn files(files: &[FileReading]) -> Page<'static> {
    let mut page = Page::default();
    for file in files {
        page.heading(file.name.clone());
        page.grid(columns(file));
        if !file.actions.is_empty() {
            page.grid(actions(file));
        }
        if !file.rules.is_empty() {
            page.grid(rules(file));
        }
        page.remark(shape(file));
        if let Some(decimals) = &file.decimals {
            let (mark, why) = (decimals.mark.name(), &decimals.decided_by);
            page.remark(format!("numbers with a decimal {mark}: {why}"));
        }
        page.remark(rows(file));
    }
    page
}

fn columns(file: &FileReading) -> Grid<'static> {
    let heads = vec![
        GridColumn::text("column"),
        GridColumn::text("understood as"),
        GridColumn::text("note").rank(1),
    ];
    let lines = file.columns.iter().map(|column| {
        Line::Row(vec![
            column.name.clone(),
            column.meaning.unwrap_or("-").to_owned(),
            note(file, column),
        ])
    });
    Grid::of(heads, lines.collect())
}

fn note(file: &FileReading, column: &ColumnReading) -> String {
    if let Some(dates) = file.dates.iter().find(|dates| dates.column == column.name) {
        return format!("{}: {}", dates.format, dates.decided_by);
    }
    match (column.meaning, column.suggestion) {
        (Some(_), _) => String::new(),
        (None, Some(near)) => format!("not used; did you mean `{near}`?"),
        (None, None) => "not used".to_owned(),
    }
}

fn actions(file: &FileReading) -> Grid<'static> {
    let heads = vec![
        GridColumn::text("action"),
        GridColumn::word("understood as"),
        GridColumn::number("rows"),
        GridColumn::number("first in line").rank(1),
    ];
    let lines = file.actions.iter().map(|action| {
        Line::Row(vec![
            action.word.clone(),
            action.meaning.to_owned(),
            grouped(&action.rows.to_string()),
            action.first_line.to_string(),
        ])
    });
    Grid::of(heads, lines.collect())
}

/// What each rule of the format was used for, with one example from cells to event.
fn rules(file: &FileReading) -> Grid<'static> {
    let heads = vec![
        GridColumn::text("rule"),
        GridColumn::word("understood as"),
        GridColumn::number("rows"),
        GridColumn::text("for example"),
        GridColumn::text("became").rank(1),
    ];
    let lines = file.rules.iter().map(|rule| {
        Line::Row(vec![
            rule.rule.clone(),
            rule.meaning.clone(),
            grouped(&rule.rows.to_string()),
            format!("{}: {}", rule.first_line, rule.cells),
            rule.event.clone(),
        ])
    });
    Grid::of(heads, lines.collect())
}

fn shape(file: &FileReading) -> String {
    let delimiter = match file.delimiter {
        '\t' => "tabs".to_owned(),
        other => format!("`{other}`"),
    };
    let order = match file.order {
        RowOrder::Kept => "rows taken in their order",
        RowOrder::Turned => "newest row first, so turned round",
    };
    let format = file
        .format
        .as_ref()
        .map_or(String::new(), |name| format!("read as `{name}`, "));
    // Elements have neither separators nor a line of names.
    if file.delimiter == ' ' {
        return format!("{format}{}, {order}", file.encoding);
    }
    format!(
        "{format}{}, cells separated by {delimiter}, header in line {}, {order}",
        file.encoding, file.header_line
    )
}

fn rows(file: &FileReading) -> String {
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let mut text = format!(
        "{}: {}",
        count(number(file.rows()), "row"),
        count(number(file.trades), "trade")
    );
    for (rule, rows) in &file.ignored {
        text.push_str(&format!(
            ", {} ignored ({rule})",
            grouped(&rows.to_string())
        ));
    }
    if file.zoned_rows > 0 {
        text.push_str(&format!(
            "; {} moved to your time zone",
            count(number(file.zoned_rows), "time")
        ));
    }
    text
}
