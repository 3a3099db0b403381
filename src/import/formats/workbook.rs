//! Excel workbooks: a sheet becomes lines of text, one per row, which the formats read like any other file.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx, XlsxError};

type Book = Xlsx<Cursor<Vec<u8>>>;

/// Bytes of text that a sheet may become. Its cells say themselves where they stand, so that a few bytes can ask for a
/// sheet that no memory holds.
const MOST_TEXT: usize = 1 << 30;

/// The sheets of a workbook, each with its name and its rows as text.
///
/// # Errors
/// Why the bytes cannot be read as a workbook.
pub fn sheets(bytes: Vec<u8>) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut book: Book = Xlsx::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let names = book.sheet_names();
    let mut sheets = Vec::new();
    for name in names {
        let cells = cells(&mut book, &name).map_err(|error| error.to_string())?;
        sheets.push((name, text(&cells)?));
    }
    Ok(sheets)
}

/// The cells of a sheet that hold something, by row and column.
fn cells(book: &mut Book, name: &str) -> Result<BTreeMap<(u32, u32), String>, XlsxError> {
    let mut reader = match book.worksheet_cells_reader(name) {
        Ok(reader) => reader,
        // A sheet of charts.
        Err(XlsxError::NotAWorksheet(_)) => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    let mut cells = BTreeMap::new();
    while let Some(cell) = reader.next_cell()? {
        let value = written(&Data::from(cell.get_value().clone()));
        if !value.is_empty() {
            cells.insert(cell.get_position(), value);
        }
    }
    Ok(cells)
}

/// The cells as lines. Rows keep their numbers, so that messages name those of the sheet.
fn text(cells: &BTreeMap<(u32, u32), String>) -> Result<Vec<u8>, String> {
    let mut text = Vec::new();
    let (mut row, mut column) = (0, 0);
    for ((at_row, at_column), value) in cells {
        if *at_row > row {
            fill(&mut text, b'\n', at_row - row)?;
            (row, column) = (*at_row, 0);
        }
        fill(&mut text, b',', at_column - column)?;
        column = *at_column;
        push(&mut text, value);
    }
    text.push(b'\n');
    Ok(text)
}

fn fill(text: &mut Vec<u8>, byte: u8, count: u32) -> Result<(), String> {
    let length = text
        .len()
        .saturating_add(usize::try_from(count).unwrap_or(usize::MAX));
    if length > MOST_TEXT {
        return Err("the sheet is too large".to_owned());
    }
    text.resize(length, byte);
    Ok(())
}

fn push(text: &mut Vec<u8>, cell: &str) {
    text.push(b'"');
    for byte in cell.bytes() {
        match byte {
            b'"' => text.extend_from_slice(b"\"\""),
            b'\n' | b'\r' => text.push(b' '),
            byte => text.push(byte),
        }
    }
    text.push(b'"');
}

/// The cell as a person would write it.
fn written(cell: &Data) -> String {
    match cell {
        Data::DateTime(moment) => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            // A number below 1 is a time of day without a day.
            if moment.as_f64() < 1.0 {
                format!("{hour:02}:{minute:02}:{second:02}")
            } else if (hour, minute, second) == (0, 0, 0) {
                format!("{year:04}-{month:02}-{day:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
            }
        }
        // A workbook holds binary fractions; the shortest decimal is the number that was entered.
        Data::Float(number) => format!("{number}"),
        Data::Int(number) => number.to_string(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Bool(value) => value.to_string(),
        Data::Error(_) | Data::Empty => String::new(),
    }
}
