//! Files whose detail rows leave out what the row above them says: the cells filled in before anything else is read.

use crate::import::header::Header;
use crate::record::{Record, Records};

use super::detect::name_key;
use super::rows::SEPARATOR;

/// The rows below the header, with the cells of these columns filled from the row above where the first is empty. Lines
/// keep their numbers.
pub fn down(text: &[u8], header: &Header, columns: &[String]) -> (Vec<u8>, Header) {
    let cells: Vec<usize> = columns
        .iter()
        .filter_map(|name| {
            let key = name_key(name);
            header.names.iter().position(|n| name_key(n) == key)
        })
        .collect();
    let (at, line) = header.rows_from;
    let mut records = Records::from(text, header.delimiter, at, line).expecting(header.names.len());
    let mut record = Record::default();
    let mut filled = Vec::with_capacity(text.len());
    let mut above: Vec<Vec<u8>> = vec![Vec::new(); cells.len()];
    let mut at_line = line;
    while records.next(&mut record) {
        while at_line < record.line() {
            filled.push(b'\n');
            at_line += 1;
        }
        let own = |cell: &usize| record.get(text, *cell).to_vec();
        let empty = cells.first().is_none_or(|cell| own(cell).is_empty());
        let any = (0..record.len()).any(|cell| !record.get(text, cell).is_empty());
        if !empty {
            above = cells.iter().map(own).collect();
        }
        for cell in 0..record.len() {
            if cell > 0 {
                filled.push(SEPARATOR);
            }
            let from_above = cells.iter().position(|of| *of == cell);
            let own = record.get(text, cell);
            let value = match from_above.and_then(|at| above.get(at)) {
                Some(above) if empty && any && own.is_empty() => above.as_slice(),
                Some(_) | None => own,
            };
            filled.extend(value.iter().map(|byte| match byte {
                b'\n' | b'\r' | b'"' => b' ',
                byte => *byte,
            }));
        }
        filled.push(b'\n');
        at_line += 1;
    }
    let header = Header {
        delimiter: SEPARATOR,
        rows_from: (0, line),
        ..header.clone()
    };
    (filled, header)
}
