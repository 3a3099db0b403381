//! Drafts a mapping for a file that no format fits: columns by their names, and every action as a question.

use std::fmt::Write as _;

use crate::diagnostic::{Problem, steers};
use crate::import::action;
use crate::import::columns::{Column, Columns};
use crate::import::encoding;
use crate::import::header::{self, Header};
use crate::import::moment;
use crate::import::reading::Input;
use crate::record::{Record, Records};

/// How many different actions are listed; more than that are no actions.
const MOST_ACTIONS: usize = 60;

/// A mapping with a `?` wherever only the user can know.
///
/// # Errors
/// A file without a header.
pub fn draft(input: Input) -> Result<String, Problem> {
    let (text, _) = encoding::decode(input.bytes);
    let header = header::find(&text)
        .ok()
        .or_else(|| widest(&text))
        .ok_or_else(|| {
            Problem::new(format!(
                "`{}` has no line that could name columns",
                input.name
            ))
            .help("without names, write the columns as `{ index = 0 }` and `header = \"none\"`")
        })?;
    let mut meanings = meanings(&header.names);
    by_content(&text, &header, &mut meanings);
    let mut draft = String::new();
    let stem = stem(&input.name);
    let names: Vec<String> = header
        .names
        .iter()
        .filter(|name| !name.is_empty())
        .map(|name| quoted(name))
        .collect();
    let _ = write!(
        draft,
        "# How to read {}. Answer each question mark, and remove what is not needed.\n\
         format = 1\nname = {}\n\n[match]\nheader_contains = [{}]\n\n[columns]\n",
        quoted(&input.name),
        quoted(&stem),
        names.join(", ")
    );
    for (name, meaning) in header.names.iter().zip(&meanings) {
        if let Some(column) = meaning {
            let _ = writeln!(draft, "{} = {}", column.name(), quoted(name));
        }
    }
    missing(&mut draft, &meanings);
    unused(&mut draft, &header.names, &meanings);
    if decimal_commas(&text, &header, &meanings) {
        draft.push_str("\n[parse]\ndecimal = \",\"\n");
    }
    actions(&mut draft, &text, &header, &meanings);
    Ok(draft)
}

/// The first line with at least four cells, each different.
fn widest(text: &[u8]) -> Option<Header> {
    header::widest(text)
}

/// What each column seems to be; of two that claim one role, the first.
fn meanings(names: &[String]) -> Vec<Option<Column>> {
    let mut meanings: Vec<Option<Column>> = Vec::new();
    for name in names {
        let others = names.iter().zip(&meanings);
        let known: Vec<String> = others
            .filter(|(_, meaning)| meaning.is_some())
            .map(|(name, _)| name.clone())
            .collect();
        let mut tried = known;
        tried.push(name.clone());
        let found = Columns::find(tried).ok().and_then(|columns| {
            columns
                .names
                .iter()
                .find(|(written, _)| written == name)
                .and_then(|(_, meaning)| *meaning)
        });
        let found = found.or_else(|| by_part(name));
        let taken = found.is_some_and(|column| meanings.contains(&Some(column)));
        meanings.push(found.filter(|_| !taken));
    }
    meanings
}

/// What a longer name seems to speak of.
fn by_part(name: &str) -> Option<Column> {
    let name = name.to_lowercase();
    let parts = [
        ("settle", Column::SettleDate),
        ("date", Column::Date),
        ("time", Column::Date),
        ("exchange rate", Column::FxRate),
        ("price", Column::Price),
        ("rate", Column::Price),
        ("quantity", Column::Quantity),
        ("piece", Column::Quantity),
        ("shares", Column::Quantity),
        ("units", Column::Quantity),
        ("symbol", Column::Symbol),
        ("ticker", Column::Symbol),
        ("instrument", Column::Symbol),
        ("fee", Column::Fee),
        ("charge", Column::Fee),
        ("costs", Column::Fee),
        ("commission", Column::Fee),
        ("currency", Column::Currency),
        ("account", Column::Account),
        ("transaction", Column::Action),
        ("action", Column::Action),
        ("type", Column::Action),
        ("net", Column::Total),
        ("amount", Column::Total),
        ("sum", Column::Total),
        ("description", Column::Note),
    ];
    parts
        .iter()
        .find(|(part, _)| name.contains(part))
        .map(|(_, column)| *column)
}

/// Whether a number has a comma that cannot stand between thousands.
fn decimal_commas(text: &[u8], header: &Header, meanings: &[Option<Column>]) -> bool {
    let number = |column: &Option<Column>| {
        matches!(
            column,
            Some(Column::Quantity | Column::Price | Column::Fee | Column::Total)
        )
    };
    let comma = |text: &String| {
        text.rsplit_once(',').is_some_and(|(_, decimals)| {
            decimals.len() != 3
                && !decimals.is_empty()
                && decimals.bytes().all(|digit| digit.is_ascii_digit())
        })
    };
    values(text, header)
        .iter()
        .filter(|(cell, _)| meanings.get(*cell).is_some_and(number))
        .any(|(_, texts)| texts.iter().any(comma))
}

/// Finds the dates and the actions by what the cells say, where no name gives them away.
fn by_content(text: &[u8], header: &Header, meanings: &mut [Option<Column>]) {
    let values = values(text, header);
    let free =
        |meanings: &[Option<Column>], cell: usize| meanings.get(cell).is_some_and(Option::is_none);
    if !meanings.contains(&Some(Column::Date)) {
        let dates = |column: &&(usize, Vec<String>)| {
            free(meanings, column.0)
                && column
                    .1
                    .iter()
                    .all(|text| moment::parse(text).is_some() && text.len() > 5)
        };
        let found = values.iter().find(dates).map(|(cell, _)| *cell);
        if let Some(meaning) = found.and_then(|cell| meanings.get_mut(cell)) {
            *meaning = Some(Column::Date);
        }
    }
    if !meanings.contains(&Some(Column::Action)) {
        let word =
            |text: &String| text.chars().any(char::is_alphabetic) && moment::parse(text).is_none();
        let words = values.iter().filter(|(cell, texts)| {
            free(meanings, *cell) && texts.len() <= MOST_ACTIONS && texts.iter().all(word)
        });
        // Every row has an action, and there are few of them, but more than one.
        let found = words
            .filter(|(_, texts)| texts.len() > 1)
            .min_by_key(|(_, texts)| texts.len())
            .map(|(cell, _)| *cell);
        if let Some(meaning) = found.and_then(|cell| meanings.get_mut(cell)) {
            *meaning = Some(Column::Action);
        }
    }
}

/// The different texts of each column that is never empty, among the first rows.
fn values(text: &[u8], header: &Header) -> Vec<(usize, Vec<String>)> {
    const ROWS: usize = 1000;
    let mut columns: Vec<(usize, Vec<String>)> = (0..header.names.len())
        .map(|cell| (cell, Vec::new()))
        .collect();
    let mut empty: Vec<usize> = Vec::new();
    let (at, line) = header.rows_from;
    let mut records = Records::from(text, header.delimiter, at, line).expecting(header.names.len());
    let mut record = Record::default();
    let mut rows = 0;
    while rows < ROWS && records.next(&mut record) {
        if record.len() + 1 < header.names.len() {
            continue;
        }
        rows += 1;
        for (cell, texts) in &mut columns {
            let value = String::from_utf8_lossy(record.get(text, *cell)).into_owned();
            if value.is_empty() {
                empty.push(*cell);
            } else if texts.len() <= MOST_ACTIONS && !texts.contains(&value) {
                texts.push(value);
            }
        }
    }
    columns.retain(|(cell, texts)| !empty.contains(cell) && !texts.is_empty());
    columns
}

fn missing(draft: &mut String, meanings: &[Option<Column>]) {
    for column in [
        Column::Date,
        Column::Action,
        Column::Symbol,
        Column::Quantity,
    ] {
        if !meanings.contains(&Some(column)) {
            let _ = writeln!(
                draft,
                "{} = \"?\"    # which column is it? Remove the line if there is none",
                column.name()
            );
        }
    }
}

fn unused(draft: &mut String, names: &[String], meanings: &[Option<Column>]) {
    let unused: Vec<String> = names
        .iter()
        .zip(meanings)
        .filter(|(name, meaning)| meaning.is_none() && !name.is_empty())
        .map(|(name, _)| quoted(name))
        .collect();
    if !unused.is_empty() {
        let _ = writeln!(draft, "# not used: {}", unused.join(", "));
    }
}

fn actions(draft: &mut String, text: &[u8], header: &Header, meanings: &[Option<Column>]) {
    let Some(cell) = meanings
        .iter()
        .position(|meaning| *meaning == Some(Column::Action))
    else {
        return;
    };
    let mut words: Vec<String> = Vec::new();
    let (at, line) = header.rows_from;
    let mut records = Records::from(text, header.delimiter, at, line).expecting(header.names.len());
    let mut record = Record::default();
    while records.next(&mut record) && words.len() <= MOST_ACTIONS {
        let word = String::from_utf8_lossy(record.get(text, cell)).into_owned();
        if record.len() > cell && !words.contains(&word) {
            words.push(word);
        }
    }
    if words.len() > MOST_ACTIONS {
        draft.push_str("\n# The action column has many different texts: give how they begin.\n[[actions]]\nprefix = \"?\"\nis = \"?\"\n");
        return;
    }
    for word in words {
        let likely = action::meaning(&word)
            .ok()
            .map(|meaning| meaning.action.word());
        let hint = likely.map_or_else(
            || "    # buy, sell, dividend, split, transfer_in, ignore, ...".to_owned(),
            |likely| format!("    # {likely}?"),
        );
        let _ = write!(
            draft,
            "\n[[actions]]\nequals = {}\nis = \"?\"{hint}\n",
            quoted(&word)
        );
    }
}

fn stem(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
    base.split('.').next().unwrap_or(base).to_owned()
}

/// A TOML string.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(c);
            }
            c if steers(c) => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
