//! Excel workbooks: a sheet becomes lines of text, one per row, which the formats read like any other file.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx};

/// The sheets of a workbook, each with its name and its rows as text.
///
/// # Errors
/// Why the bytes cannot be read as a workbook.
pub fn sheets(bytes: Vec<u8>) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let names = book.sheet_names();
    let mut sheets = Vec::new();
    for name in names {
        let range = book
            .worksheet_range(&name)
            .map_err(|error| error.to_string())?;
        let (top, left) = range.start().unwrap_or((0, 0));
        // Rows keep their numbers, so that messages name those of the sheet.
        let mut text = vec![b'\n'; usize::try_from(top).unwrap_or_default()];
        let indent = usize::try_from(left).unwrap_or_default();
        for row in range.rows() {
            text.extend(std::iter::repeat_n(b',', indent));
            for (at, cell) in row.iter().enumerate() {
                if at > 0 {
                    text.push(b',');
                }
                push(&mut text, &written(cell));
            }
            text.push(b'\n');
        }
        sheets.push((name, text));
    }
    Ok(sheets)
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
