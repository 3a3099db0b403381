//! What another section of a file says of the assets of its trades: Interactive Brokers' statements have the multipliers
//! of contracts in a section of their own, mostly below the trades.

use rustc_hash::FxHashMap;

use crate::record::{Record, Records};

use super::detect::name_key;
use super::mapping::Elsewhere;

/// What stands between the cells of a key.
const BETWEEN: &str = "\u{1f}";

/// The values of a section, each under what its row is known by.
pub type Values = FxHashMap<String, String>;

/// The key of cells.
pub fn key<'c>(cells: impl Iterator<Item = &'c str>) -> String {
    cells.collect::<Vec<_>>().join(BETWEEN)
}

/// Reads the values of the section that `of` names.
pub fn values(text: &[u8], delimiter: u8, of: &Elsewhere) -> Values {
    let mut values = Values::default();
    let Some(found) = memchr::memmem::find(text, of.section.as_bytes()) else {
        return values;
    };
    let before = text.get(..found).unwrap_or_default();
    let begin = memchr::memrchr(b'\n', before).map_or(0, |at| at.saturating_add(1));
    let mut records = Records::from(text, delimiter, begin, 1);
    let mut record = Record::default();
    let mut header: Vec<String> = Vec::new();
    while records.next(&mut record) {
        let cell = |at: usize| std::str::from_utf8(record.get(text, at)).unwrap_or_default();
        if name_key(cell(0)) != name_key(&of.section) {
            continue;
        }
        if name_key(cell(1)).starts_with("header") {
            header = (0..record.len()).map(|at| name_key(cell(at))).collect();
            continue;
        }
        let named = |name: &String| {
            let name = name_key(name);
            header.iter().position(|known| *known == name).map(cell)
        };
        let by: Option<Vec<&str>> = of.by.iter().map(named).collect();
        let (Some(by), Some(value)) = (by, named(&of.value)) else {
            continue;
        };
        let Some((last, first)) = by.split_last() else {
            continue;
        };
        // An asset that changed its name stands with all its names: `ABC, ABC.OLD`.
        for name in last.split(',') {
            let cells = first.iter().copied().chain(std::iter::once(name.trim()));
            values.insert(key(cells), value.to_owned());
        }
    }
    values
}
