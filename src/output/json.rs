//! Tables as JSON: one document of several tables, or one object a line.

use std::io::{self, Write};

use crate::output::digits;
use crate::output::table::{Cell, Cells, Column, Table};

/// Bytes gathered before they are handed on.
const BUFFER: usize = 1 << 16;

/// A member of the document.
pub enum Member<'a> {
    /// A whole number.
    Number(u64),
    /// Text.
    Text(&'a str),
    /// An array of the table's rows.
    Rows(Box<dyn Table + 'a>),
}

/// Writes one document: its members in order, rows one a line.
///
/// # Errors
/// Those of the stream.
pub fn document(
    out: &mut dyn Write,
    members: &[(&'static str, Member<'_>)],
    places: u32,
) -> io::Result<()> {
    let mut text = Vec::with_capacity(BUFFER + 4096);
    text.push(b'{');
    for (i, (name, member)) in members.iter().enumerate() {
        text.extend_from_slice(if i > 0 { b",\n  " } else { b"\n  " });
        string(&mut text, name);
        text.extend_from_slice(b": ");
        match member {
            Member::Number(n) => digits::integer(&mut text, *n),
            Member::Text(words) => string(&mut text, words),
            Member::Rows(table) => rows(out, &mut text, table.as_ref(), places)?,
        }
    }
    text.extend_from_slice(b"\n}\n");
    out.write_all(&text)
}

/// Writes one object a line.
///
/// # Errors
/// Those of the stream.
pub fn lines(out: &mut dyn Write, table: &dyn Table, places: u32) -> io::Result<()> {
    let mut text = Vec::with_capacity(BUFFER + 4096);
    let keys = Keys::of(table);
    for row in 0..table.rows() {
        keys.object(&mut text, table, row, places);
        text.push(b'\n');
        pass_on(out, &mut text)?;
    }
    out.write_all(&text)
}

fn rows(out: &mut dyn Write, text: &mut Vec<u8>, table: &dyn Table, places: u32) -> io::Result<()> {
    let keys = Keys::of(table);
    text.push(b'[');
    for row in 0..table.rows() {
        text.extend_from_slice(if row > 0 { b",\n    " } else { b"\n    " });
        keys.object(text, table, row, places);
        pass_on(out, text)?;
    }
    if table.rows() > 0 {
        text.extend_from_slice(b"\n  ");
    }
    text.push(b']');
    Ok(())
}

fn pass_on(out: &mut dyn Write, text: &mut Vec<u8>) -> io::Result<()> {
    if text.len() >= BUFFER {
        out.write_all(text)?;
        text.clear();
    }
    Ok(())
}

/// What stands before each cell, and at the end: made once for all rows.
struct Keys {
    before: Vec<Vec<u8>>,
    end: &'static [u8],
}

impl Keys {
    fn of(table: &dyn Table) -> Self {
        let columns = table.columns();
        let mut group = None;
        let mut before = Vec::with_capacity(columns.len());
        for (i, column) in columns.iter().enumerate() {
            before.push(key(column, i == 0, group));
            group = column.group;
        }
        let end: &[u8] = if group.is_some() { b"}}" } else { b"}" };
        Self { before, end }
    }

    fn object(&self, text: &mut Vec<u8>, table: &dyn Table, row: usize, places: u32) {
        let before = self.before.iter();
        let mut object = Object {
            text,
            before,
            places,
        };
        table.each_cell(row, self.before.len(), &mut object);
        text.extend_from_slice(self.end);
    }
}

/// One object as it is written.
struct Object<'o> {
    text: &'o mut Vec<u8>,
    /// What stands before each of the cells to come.
    before: std::slice::Iter<'o, Vec<u8>>,
    places: u32,
}

impl<'t> Cells<'t> for Object<'_> {
    fn cell(&mut self, cell: Cell<'t>) {
        if let Some(key) = self.before.next() {
            self.text.extend_from_slice(key);
        }
        value(self.text, &cell, self.places);
    }
}

fn key(column: &Column, first: bool, open: Option<&str>) -> Vec<u8> {
    let mut text = Vec::new();
    let entered = column.group != open;
    if open.is_some() && entered {
        text.push(b'}');
    }
    text.extend_from_slice(if first { b"{" } else { b"," });
    if let Some(group) = column.group
        && entered
    {
        string(&mut text, group);
        text.extend_from_slice(b":{");
    }
    string(&mut text, &column.name);
    text.push(b':');
    text
}

fn value(text: &mut Vec<u8>, cell: &Cell<'_>, places: u32) {
    match cell {
        Cell::Null => text.extend_from_slice(b"null"),
        Cell::Text(words) => string(text, words),
        Cell::Word(word) => string(text, word),
        Cell::Date(day) => quoted(text, |text| digits::date(text, *day)),
        Cell::Amount(minor) => quoted(text, |text| digits::amount(text, *minor, places)),
        Cell::Quantity(units) => quoted(text, |text| digits::quantity(text, *units)),
        Cell::Id(id) => one_id(text, *id),
        Cell::Ids(ids) => {
            text.push(b'[');
            for (i, id) in ids.iter().enumerate() {
                if i > 0 {
                    text.push(b',');
                }
                one_id(text, *id);
            }
            text.push(b']');
        }
        Cell::Place(place) => list(text, std::slice::from_ref(place)),
        Cell::Places(places) => list(text, places),
        Cell::Rates(rates) => rates_used(text, rates),
    }
}

fn one_id(text: &mut Vec<u8>, id: crate::output::table::Id<'_>) {
    string(text, id.symbol);
    text.pop();
    digits::id_tail(text, id, digits::date);
    text.push(b'"');
}

fn list(text: &mut Vec<u8>, places: &[crate::output::table::Place<'_>]) {
    text.push(b'[');
    for (i, place) in places.iter().enumerate() {
        if i > 0 {
            text.push(b',');
        }
        string(text, place.file);
        text.pop();
        text.push(b':');
        digits::integer(text, u64::from(place.line));
        text.push(b'"');
    }
    text.push(b']');
}

/// A list of objects.
fn rates_used(text: &mut Vec<u8>, rates: &[crate::output::table::RateUsed<'_>]) {
    text.push(b'[');
    for (i, rate) in rates.iter().enumerate() {
        text.extend_from_slice(if i > 0 { b",{" } else { b"{" });
        text.extend_from_slice(b"\"currency\":");
        string(text, rate.currency);
        text.extend_from_slice(b",\"date\":");
        quoted(text, |text| digits::date(text, rate.date));
        text.extend_from_slice(b",\"rate\":");
        string(text, &rate.rate);
        text.push(b'}');
    }
    text.push(b']');
}

fn quoted(text: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    text.push(b'"');
    write(text);
    text.push(b'"');
}

/// A string with what JSON must escape escaped.
pub fn string(text: &mut Vec<u8>, words: &str) {
    let plain = words
        .bytes()
        .all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    if plain {
        quoted(text, |text| text.extend_from_slice(words.as_bytes()));
    } else {
        // Writing to memory cannot fail, and a string always has a JSON form.
        text.extend_from_slice(serde_json::Value::from(words).to_string().as_bytes());
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn strings_hold_what_json_must_escape() {
        for words in [
            "plain",
            "say \"x\"",
            "back\\slash",
            "\u{1b}[31m",
            "line\n",
            "Größe 株",
        ] {
            let mut text = Vec::new();
            string(&mut text, words);
            let read: String = serde_json::from_slice(&text).unwrap();
            assert_eq!(read, words);
        }
    }
}
