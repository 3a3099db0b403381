//! The canonical rows that a mapping writes: one text, ready for the reader of canonical rows, with the line of the file
//! that each comes from.

use crate::import::columns::Column;

/// What separates the cells written: a character that no file has in a cell.
pub const SEPARATOR: u8 = 0x1f;

/// The rows written so far.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The columns, in the order of the cells.
    pub columns: Vec<Column>,
    text: Vec<u8>,
    rows: Vec<Written>,
    /// Rows were taken out, filled in later or turned round: the text is not in order.
    moved: bool,
}

/// Where a row lies.
#[derive(Clone, Copy, Debug)]
struct Written {
    start: usize,
    end: usize,
    line: u32,
}

/// The text of all rows and their lines.
#[derive(Clone, Debug, Default)]
pub struct Finished {
    /// The rows, a line each.
    pub text: Vec<u8>,
    /// The line of the file for each.
    pub lines: Vec<u32>,
}

impl Rows {
    /// Rows of these columns.
    pub fn new(columns: Vec<Column>, bytes: usize) -> Self {
        Self {
            columns,
            text: Vec::with_capacity(bytes),
            rows: Vec::new(),
            moved: false,
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// Where a row begun now begins.
    pub fn begin(&self) -> usize {
        self.text.len()
    }

    /// Adds text to the cell being written.
    #[inline]
    pub fn push(&mut self, text: &str) {
        if text.bytes().all(|byte| byte >= b' ' && byte != b'"') {
            self.text.extend_from_slice(text.as_bytes());
        } else {
            self.push_odd(text);
        }
    }

    /// Adds a number in the usual American shape, without `$`, commas and parentheses; `false` where it has another.
    #[inline]
    pub fn push_plain_number(&mut self, text: &str) -> bool {
        let start = self.text.len();
        let pushed = self.try_plain_number(text.as_bytes()).is_some();
        if !pushed {
            self.text.truncate(start);
        }
        pushed
    }

    fn try_plain_number(&mut self, text: &[u8]) -> Option<()> {
        let (mut rest, mut negative) = match text {
            [b'(', inside @ .., b')'] => (inside, true),
            _ => (text, false),
        };
        while let [sign @ (b'-' | b'$'), after @ ..] = rest {
            if *sign == b'-' {
                if negative {
                    return None;
                }
                negative = true;
            }
            rest = after;
        }
        if negative {
            self.text.push(b'-');
        }
        let whole = rest
            .iter()
            .position(|byte| *byte == b'.')
            .unwrap_or(rest.len());
        let (whole, fraction) = rest.split_at_checked(whole)?;
        // A comma stands before each group of three, and nowhere else.
        let mut since_comma: Option<usize> = None;
        for (at, byte) in whole.iter().enumerate() {
            match (byte, since_comma) {
                (b'0'..=b'9', since) => {
                    self.text.push(*byte);
                    since_comma = since.map(|digits| digits + 1);
                }
                (b',', None) if (1..=3).contains(&at) => since_comma = Some(0),
                (b',', Some(3)) => since_comma = Some(0),
                _ => return None,
            }
        }
        if whole.is_empty() || since_comma.is_some_and(|digits| digits != 3) {
            return None;
        }
        let digits = fraction.get(1..).unwrap_or_default();
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.text.extend_from_slice(fraction);
        Some(())
    }

    /// Line breaks become blanks; quotes are written so that they are read as they stand.
    #[cold]
    fn push_odd(&mut self, text: &str) {
        let quoted = text.contains('"');
        if quoted {
            self.text.push(b'"');
        }
        for byte in text.bytes() {
            match byte {
                b'"' => self.text.extend_from_slice(b"\"\""),
                0..=0x1f => self.text.push(b' '),
                byte => self.text.push(byte),
            }
        }
        if quoted {
            self.text.push(b'"');
        }
    }

    /// Ends the cell being written.
    #[inline]
    pub fn end_cell(&mut self) {
        self.text.push(SEPARATOR);
    }

    /// Ends the row begun at `start`.
    #[inline]
    pub fn end_row(&mut self, start: usize, line: u32) {
        if self.text.len() > start {
            self.text.pop();
        }
        self.text.push(b'\n');
        self.rows.push(Written {
            start,
            end: self.text.len(),
            line,
        });
    }

    /// The text pushed since `start`.
    pub fn written_since(&self, start: usize) -> String {
        let bytes = self.text.get(start..).unwrap_or_default();
        unquoted(&String::from_utf8_lossy(bytes))
    }

    /// Forgets the row begun at `start`.
    pub fn undo(&mut self, start: usize) {
        self.text.truncate(start);
    }

    /// Keeps the place of a row to be written later.
    pub fn reserve(&mut self, line: u32) -> usize {
        self.moved = true;
        let at = self.text.len();
        self.rows.push(Written {
            start: at,
            end: at,
            line,
        });
        self.rows.len() - 1
    }

    /// Writes a row at a place, over what is there.
    pub fn fill(&mut self, place: usize, cells: &[(Column, String)]) {
        let start = self.text.len();
        for column in self.columns.clone() {
            let value = cells.iter().find(|(of, _)| *of == column);
            self.push(value.map_or("", |(_, text)| text));
            self.end_cell();
        }
        self.text.pop();
        self.text.push(b'\n');
        let end = self.text.len();
        self.moved = true;
        if let Some(row) = self.rows.get_mut(place) {
            (row.start, row.end) = (start, end);
        }
    }

    /// Takes a row out.
    pub fn remove(&mut self, place: usize) {
        self.moved = true;
        if let Some(row) = self.rows.get_mut(place) {
            row.end = row.start;
        }
    }

    /// The line of a row.
    pub fn line(&self, place: usize) -> u32 {
        self.rows.get(place).map_or(0, |row| row.line)
    }

    /// The filled cells of a row; empty for one taken out.
    pub fn cells(&self, place: usize) -> Vec<(Column, String)> {
        let Some(row) = self.rows.get(place) else {
            return Vec::new();
        };
        let bytes = self.text.get(row.start..row.end).unwrap_or_default();
        let text = String::from_utf8_lossy(bytes);
        let mut cells = Vec::new();
        for (column, cell) in self
            .columns
            .iter()
            .zip(text.trim_end_matches('\n').split(char::from(SEPARATOR)))
        {
            if !cell.is_empty() {
                cells.push((*column, unquoted(cell)));
            }
        }
        cells
    }

    /// Turns the rows round.
    pub fn reverse(&mut self) {
        self.moved = true;
        self.rows.reverse();
    }

    /// The text, in order.
    pub fn finish(self) -> Finished {
        let present = self.rows.iter().filter(|row| row.end > row.start);
        let lines = present.clone().map(|row| row.line).collect();
        let text = if self.moved {
            let pieces = present.filter_map(|row| self.text.get(row.start..row.end));
            pieces.flatten().copied().collect()
        } else {
            self.text
        };
        Finished { text, lines }
    }
}

fn unquoted(cell: &str) -> String {
    match cell
        .strip_prefix('"')
        .and_then(|cell| cell.strip_suffix('"'))
    {
        Some(inside) => inside.replace("\"\"", "\""),
        None => cell.to_owned(),
    }
}

/// The text of a column among cells.
pub fn cell(cells: &[(Column, String)], column: Column) -> Option<&str> {
    cells
        .iter()
        .find(|(of, _)| *of == column)
        .map(|(_, text)| text.as_str())
}

/// Sets the text of a column among cells.
pub fn set(cells: &mut Vec<(Column, String)>, column: Column, text: String) {
    cells.retain(|(of, _)| *of != column);
    cells.push((column, text));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Option<String> {
        let mut rows = Rows::new(Vec::new(), 0);
        let pushed = rows.push_plain_number(text);
        pushed.then(|| rows.written_since(0))
    }

    #[test]
    fn numbers_of_american_brokers_become_plain() {
        for (text, expected) in [
            ("1", "1"),
            ("$1,234.56", "1234.56"),
            ("-$1,234,567", "-1234567"),
            ("$-12.5", "-12.5"),
            ("($1,500.00)", "-1500.00"),
            ("0.1000000000", "0.1000000000"),
        ] {
            assert_eq!(plain(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn every_other_shape_is_left_to_the_reader() {
        for text in [
            "",
            "1,5",
            "1,2345",
            "12,34,567",
            "--1",
            "(-1)",
            "1.2.3",
            ".5",
            "1e3",
            "5 EUR",
            "1234,567",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
    }
}
