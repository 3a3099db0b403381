//! A table as comma- or tab-separated values.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts and positions of what is in memory"
)]

use std::io::{self, Write};

use crate::date::Date;
use crate::money::{Minor, Quantity};
use crate::output::digits::{self, Dates, Sink};
use crate::output::table::{Cell, Cells, Id, Place, Table};

/// How separated values are written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// What stands between cells.
    pub delimiter: u8,
    /// For a spreadsheet: byte order mark, CRLF, no live formulas.
    pub excel: bool,
    /// Decimal places of amounts.
    pub places: u32,
}

/// Bytes gathered before they are handed on.
const BUFFER: usize = 1 << 16;

/// Rows looked at before they are written.
const AHEAD: usize = 32;

/// Writes a header row and every row of a table.
///
/// # Errors
/// Those of the stream.
pub fn write(out: &mut dyn Write, table: &dyn Table, style: Style) -> io::Result<()> {
    let mut line = Line {
        bytes: Vec::with_capacity(BUFFER + 4096),
        marks: Marks::new(style),
    };
    if style.excel {
        line.bytes.extend_from_slice("\u{feff}".as_bytes());
    }
    let columns = table.columns();
    for column in &columns {
        line.quoting(&column.name, |_| ());
    }
    line.end();
    let rows = table.rows();
    let mut room = [0; ROOM];
    for row in 0..rows {
        if row % AHEAD == 0 {
            table.look_ahead(row..rows.min(row + AHEAD));
        }
        match table.short_line(row, Short::new(&mut room, &mut line.marks)) {
            Some(length) => {
                let short = room.get(..length).unwrap_or_default();
                line.bytes.extend_from_slice(short);
            }
            None => table.each_cell(row, columns.len(), &mut line),
        }
        line.end();
        if line.bytes.len() >= BUFFER {
            out.write_all(&line.bytes)?;
            line.bytes.clear();
        }
    }
    out.write_all(&line.bytes)
}

/// What the writing of lines knows, and remembers from one to the next.
struct Marks<'t> {
    style: Style,
    /// Whether a cell with this byte needs quotes.
    special: [bool; 256],
    dates: Dates,
    /// The last name of a file, if it needs no quotes: mostly the next one too.
    plain: &'t str,
}

impl<'t> Marks<'t> {
    fn new(style: Style) -> Self {
        let mut special = [false; 256];
        // A spreadsheet may separate cells by what its country's lists have between their items, whatever the file says.
        let lists: &[u8] = if style.excel { b",;\t" } else { b"" };
        let always = [b'"', b'\n', b'\r', style.delimiter];
        for byte in always.iter().chain(lists) {
            if let Some(known) = special.get_mut(usize::from(*byte)) {
                *known = true;
            }
        }
        Self {
            style,
            special,
            dates: Dates::default(),
            plain: "",
        }
    }

    /// Whether a cell with this byte needs quotes.
    #[inline]
    fn is_special(&self, byte: u8) -> bool {
        self.special.get(usize::from(byte)) == Some(&true)
    }

    /// Whether a look at all bytes at once finds none that needs quotes: all lie above a comma, below which line ends,
    /// quotes and most delimiters are. Where it says no, some byte still need not be special.
    #[inline(always)]
    fn is_surely_plain(&self, text: &[u8]) -> bool {
        const LEAST: u64 = b',' as u64 + 1;
        const ONES: u64 = u64::MAX / 255;
        let is_low = |bytes: u64| bytes.wrapping_sub(ONES * LEAST) & !bytes & (ONES << 7) != 0;
        let filled = |bytes: &[u8; 4]| u64::from(u32::from_le_bytes(*bytes)) | !0 << 32;
        let low = match (text.first_chunk(), text.last_chunk()) {
            (Some(first), Some(last)) if text.len() <= 16 => {
                is_low(u64::from_le_bytes(*first)) | is_low(u64::from_le_bytes(*last))
            }
            _ => match (text.first_chunk(), text.last_chunk()) {
                (Some(first), Some(last)) if text.len() <= 8 => {
                    is_low(filled(first)) | is_low(filled(last))
                }
                _ => text.iter().any(|byte| u64::from(*byte) < LEAST),
            },
        };
        !low && u64::from(self.style.delimiter) < LEAST
    }

    /// Whether text needs neither quotes nor a guard.
    #[inline]
    fn stands_plain(&self, words: &str) -> bool {
        !words.bytes().any(|byte| self.is_special(byte)) && !self.is_live(words)
    }

    /// A spreadsheet runs such text as a formula; an apostrophe makes it text. Numbers are never asked about.
    #[inline]
    fn is_live(&self, words: &str) -> bool {
        self.style.excel && words.bytes().next().is_some_and(runs)
    }

    /// Whether the name of a file needs no quotes.
    #[inline]
    fn is_plain_name(&mut self, file: &'t str) -> bool {
        if std::ptr::eq(self.plain, file) {
            return true;
        }
        let plain = self.stands_plain(file);
        if plain {
            self.plain = file;
        }
        plain
    }
}

/// Whether a spreadsheet takes text that begins with this for a formula.
fn runs(first: u8) -> bool {
    matches!(first, b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r')
}

/// Bytes of a short line.
const ROOM: usize = 1024;

/// A line that fits a small buffer and in which nothing needs quotes, as nearly all do. It is written without a call for
/// each cell and without a buffer that may have to grow, with a quarter fewer instructions than a line of any length; what
/// turns out to be none is written again as one. Everything is put in place where it is called: where it stands in the
/// buffer is then known to a register, and one cell need not wait for the one before.
pub struct Short<'b, 't> {
    room: &'b mut [u8; ROOM],
    at: usize,
    marks: &'b mut Marks<'t>,
    fits: bool,
}

impl<'b, 't> Short<'b, 't> {
    fn new(room: &'b mut [u8; ROOM], marks: &'b mut Marks<'t>) -> Self {
        let fits = !marks.style.excel;
        Self {
            room,
            at: 0,
            marks,
            fits,
        }
    }

    /// How long it is, if it is short.
    pub fn length(&self) -> Option<usize> {
        self.fits.then_some(self.at)
    }

    #[inline(always)]
    fn separate(&mut self) {
        self.byte(self.marks.style.delimiter);
    }

    /// A row of the input.
    #[inline(always)]
    fn row(&mut self, place: Place<'t>) {
        self.fits &= self.marks.is_plain_name(place.file);
        self.copy(place.file.as_bytes());
        self.byte(b':');
        digits::integer(self, u64::from(place.line));
    }

    /// Rows with semicolons between them.
    #[inline(always)]
    fn places(&mut self, places: &[Place<'t>]) {
        for (i, place) in places.iter().enumerate() {
            if i > 0 {
                self.fits &= !self.marks.is_special(b';');
                self.byte(b';');
            }
            self.row(*place);
        }
    }

    /// Text that may come from the input.
    #[inline(always)]
    fn words(&mut self, words: &str) {
        if !self.marks.is_surely_plain(words.as_bytes()) {
            self.fits &= !words.bytes().any(|byte| self.marks.is_special(byte));
        }
        self.copy(words.as_bytes());
    }

    /// Text, as two pieces that may overlap, each of a length the compiler knows: there is no loop whose end a processor
    /// could not foresee.
    #[inline(always)]
    fn copy(&mut self, text: &[u8]) {
        let done = self.pieces::<4>(text)
            || self.pieces::<2>(text)
            || self.pieces::<8>(text)
            || self.pieces::<1>(text)
            || text.is_empty()
            || self.pieces::<16>(text)
            || self.pieces::<32>(text);
        if !done {
            Sink::text(self, text);
        }
    }

    /// Text of `N` to `2 * N` bytes; `false` if it is of another length.
    #[inline(always)]
    fn pieces<const N: usize>(&mut self, text: &[u8]) -> bool {
        let (Some(first), Some(last)) = (text.first_chunk::<N>(), text.last_chunk::<N>()) else {
            return false;
        };
        let fits = text.len() <= 2 * N;
        if fits {
            self.put(first, text.len() - N);
            self.put(last, N);
        }
        fits
    }
}

impl Sink for Short<'_, '_> {
    #[inline(always)]
    fn put<const N: usize>(&mut self, bytes: &[u8; N], length: usize) {
        let room = self.room.get_mut(self.at..);
        match room.and_then(<[u8]>::first_chunk_mut) {
            Some(room) => {
                *room = *bytes;
                self.at += length;
            }
            None => self.fits = false,
        }
    }

    #[inline(always)]
    fn text(&mut self, text: &[u8]) {
        let end = self.at + text.len();
        match self.room.get_mut(self.at..end) {
            Some(room) => {
                room.copy_from_slice(text);
                self.at = end;
            }
            None => self.fits = false,
        }
    }
}

impl<'t> Cells<'t> for Short<'_, 't> {
    #[inline(always)]
    fn cell(&mut self, cell: Cell<'t>) {
        match cell {
            Cell::Null => {}
            Cell::Places(places) => self.places(&places),
            // For a line of any length.
            _ => self.fits = false,
        }
        self.separate();
    }

    #[inline(always)]
    fn null(&mut self) {
        self.separate();
    }

    #[inline(always)]
    fn text(&mut self, words: &'t str) {
        self.words(words);
        self.separate();
    }

    #[inline(always)]
    fn word(&mut self, word: &'static str) {
        self.copy(word.as_bytes());
        self.separate();
    }

    #[inline(always)]
    fn date(&mut self, day: Date) {
        let text = self.marks.dates.text(day);
        self.put(&text, text.len());
        self.separate();
    }

    #[inline(always)]
    fn amount(&mut self, minor: Minor) {
        digits::amount(self, minor, self.marks.style.places);
        self.separate();
    }

    #[inline(always)]
    fn quantity(&mut self, units: Quantity) {
        digits::quantity(self, units);
        self.separate();
    }

    #[inline(always)]
    fn id(&mut self, id: Id<'t>) {
        self.words(id.symbol);
        digits::id_tail(self, id, |to, day| {
            let text = to.marks.dates.text(day);
            to.put(&text, text.len());
        });
        self.separate();
    }

    #[inline(always)]
    fn place(&mut self, place: Place<'t>) {
        self.row(place);
        self.separate();
    }
}

/// Lines as they are written: each cell with the delimiter behind it, of which the last becomes the line's end.
struct Line<'t> {
    bytes: Vec<u8>,
    marks: Marks<'t>,
}

impl<'t> Cells<'t> for Line<'t> {
    fn cell(&mut self, cell: Cell<'t>) {
        match cell {
            Cell::Null => self.null(),
            Cell::Text(words) => self.quoting(&words, |_| ()),
            Cell::Word(word) => self.word(word),
            Cell::Date(day) => self.date(day),
            Cell::Amount(minor) => self.amount(minor),
            Cell::Quantity(units) => self.quantity(units),
            Cell::Id(id) => self.id(id),
            Cell::Place(place) => self.place(place),
            Cell::Ids(ids) => self.list(&ids, |text, id| digits::id(text, *id)),
            Cell::Places(places) => self.places(&places),
            Cell::Rates(rates) => self.list(&rates, |text, rate| {
                let written = format!("{} {} {}", rate.currency, rate.date, rate.rate);
                text.extend_from_slice(written.as_bytes());
            }),
        }
    }

    fn null(&mut self) {
        self.separate();
    }

    fn text(&mut self, words: &'t str) {
        self.quoting(words, |_| ());
    }

    fn word(&mut self, word: &'static str) {
        self.bytes.extend_from_slice(word.as_bytes());
        self.separate();
    }

    fn date(&mut self, day: Date) {
        let text = self.marks.dates.text(day);
        self.bytes.extend_from_slice(&text);
        self.separate();
    }

    fn amount(&mut self, minor: Minor) {
        digits::amount(&mut self.bytes, minor, self.marks.style.places);
        self.separate();
    }

    fn quantity(&mut self, units: Quantity) {
        digits::quantity(&mut self.bytes, units);
        self.separate();
    }

    fn id(&mut self, id: Id<'t>) {
        self.quoting(id.symbol, |line| {
            let dates = &mut line.marks.dates;
            digits::id_tail(&mut line.bytes, id, |bytes, day| {
                bytes.extend_from_slice(&dates.text(day));
            });
        });
    }

    fn place(&mut self, place: Place<'t>) {
        let number = |line: &mut Self| {
            line.bytes.push(b':');
            digits::integer(&mut line.bytes, u64::from(place.line));
        };
        if !self.marks.is_plain_name(place.file) {
            return self.quoting(place.file, number);
        }
        self.bytes.extend_from_slice(place.file.as_bytes());
        number(self);
        self.separate();
    }
}

impl<'t> Line<'t> {
    /// Rows with semicolons between them.
    fn places(&mut self, places: &[Place<'t>]) {
        let plain = !self.marks.is_special(b';');
        let names = &mut self.marks;
        if !plain || !places.iter().all(|place| names.is_plain_name(place.file)) {
            return self.list(places, |text, place| digits::place(text, *place));
        }
        for (i, place) in places.iter().enumerate() {
            if i > 0 {
                self.bytes.push(b';');
            }
            digits::place(&mut self.bytes, *place);
        }
        self.separate();
    }

    #[inline]
    fn separate(&mut self) {
        self.bytes.push(self.marks.style.delimiter);
    }

    fn end(&mut self) {
        self.bytes.pop();
        let end: &[u8] = if self.marks.style.excel {
            b"\r\n"
        } else {
            b"\n"
        };
        self.bytes.extend_from_slice(end);
    }

    /// Several values with semicolons between them.
    fn list<T>(&mut self, values: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
        let mut list = Vec::new();
        for (i, value) in values.iter().enumerate() {
            if i > 0 {
                list.push(b';');
            }
            write(&mut list, value);
        }
        self.quoting(&String::from_utf8_lossy(&list), |_| ());
    }

    /// Text, quoted where it must be, and what follows it in the cell, which never needs to be.
    fn quoting(&mut self, words: &str, rest: impl FnOnce(&mut Self)) {
        if self.marks.stands_plain(words) {
            self.bytes.extend_from_slice(words.as_bytes());
            rest(self);
            return self.separate();
        }
        let quote: &[u8] = if words.bytes().any(|byte| self.marks.is_special(byte)) {
            b"\""
        } else {
            b""
        };
        self.bytes.extend_from_slice(quote);
        // Where a spreadsheet takes the text apart, each part must be as harmless as the whole.
        let mut begins = self.marks.style.excel;
        for byte in words.bytes() {
            if begins && runs(byte) {
                self.bytes.push(b'\'');
            }
            begins = self.marks.style.excel
                && (matches!(byte, b',' | b';' | b'\t' | b'\n' | b'\r')
                    || begins && matches!(byte, b' ' | b'"'));
            if byte == b'"' {
                self.bytes.push(b'"');
            }
            self.bytes.push(byte);
        }
        rest(self);
        self.bytes.extend_from_slice(quote);
        self.separate();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::output::table::Column;

    /// Rows of one text and one amount.
    struct Pairs(Vec<(&'static str, i64)>);

    impl Table for Pairs {
        fn columns(&self) -> Vec<Column> {
            vec![
                Column::new("text"),
                Column::new("amount"),
                Column::new("units"),
            ]
        }

        fn rows(&self) -> usize {
            self.0.len()
        }

        fn cell(&self, row: usize, column: usize) -> Cell<'_> {
            match column {
                0 => Cell::Text(Cow::Borrowed(self.0[row].0)),
                1 => Cell::Amount(self.0[row].1),
                _ => Cell::Quantity(Quantity::ZERO),
            }
        }
    }

    fn written(delimiter: u8, excel: bool) -> String {
        let rows = Pairs(vec![
            ("plain", -500),
            ("a,b", 0),
            ("say \"x\"", 1),
            ("-5", 2),
            ("two\nlines", 3),
            ("@x", 4),
        ]);
        let style = Style {
            delimiter,
            excel,
            places: 2,
        };
        let mut bytes = Vec::new();
        write(&mut bytes, &rows, style).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn cells_are_quoted_only_where_they_must_be() {
        assert_eq!(
            written(b',', false),
            "text,amount,units\nplain,-5.00,0\n\"a,b\",0.00,0\n\"say \"\"x\"\"\",0.01,0\n-5,0.02,0\n\
             \"two\nlines\",0.03,0\n@x,0.04,0\n"
        );
        assert!(written(b'\t', false).contains("a,b\t0.00\t0\n"));
    }

    /// Lines of one text, short where they can be.
    struct Words(Vec<String>);

    impl Table for Words {
        fn columns(&self) -> Vec<Column> {
            vec![Column::new("text")]
        }

        fn rows(&self) -> usize {
            self.0.len()
        }

        fn cell(&self, row: usize, _: usize) -> Cell<'_> {
            Cell::Text(Cow::Borrowed(&self.0[row]))
        }

        fn short_line<'t>(&'t self, row: usize, mut to: Short<'_, 't>) -> Option<usize> {
            Cells::text(&mut to, &self.0[row]);
            to.length()
        }
    }

    #[test]
    fn text_of_every_length_is_written_whole_and_quoted_wherever_it_must_be() {
        let letters: String = ('a'..='z').cycle().take(80).collect();
        let plain = (0..=letters.len()).map(|length| letters[..length].to_owned());
        let marked = (1..40).flat_map(|length| {
            let letters = &letters;
            (0..length).flat_map(move |at| {
                let with =
                    |mark: &str| format!("{}{mark}{}", &letters[..at], &letters[at + 1..length]);
                [",", ";", "\"", "\n", "\r", " ", "é", "-"].map(with)
            })
        });
        let rows = Words(plain.chain(marked).collect());
        for delimiter in [b',', b';', b'\t'] {
            let style = Style {
                delimiter,
                excel: false,
                places: 2,
            };
            let mut bytes = Vec::new();
            write(&mut bytes, &rows, style).unwrap();
            let mut reader = csv::ReaderBuilder::new();
            let mut reader = reader
                .delimiter(delimiter)
                .flexible(true)
                .from_reader(&*bytes);
            let read: Vec<String> = reader
                .records()
                .map(|row| row.unwrap()[0].to_owned())
                .collect();
            let long: Vec<&String> = rows.0.iter().filter(|row| !row.is_empty()).collect();
            assert_eq!(read.iter().collect::<Vec<_>>(), long);
        }
    }

    #[test]
    fn a_spreadsheet_that_separates_otherwise_finds_no_live_text_either() {
        let rows = Words(
            ["A;=HYPERLINK(1)", "A\t@x", "A; \"+1", "a-b"]
                .map(String::from)
                .to_vec(),
        );
        let style = Style {
            delimiter: b',',
            excel: true,
            places: 2,
        };
        let mut bytes = Vec::new();
        write(&mut bytes, &rows, style).unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "\u{feff}text\r\n\"A;'=HYPERLINK(1)\"\r\n\"A\t'@x\"\r\n\"A; \"\"'+1\"\r\na-b\r\n"
        );
    }

    #[test]
    fn a_spreadsheet_gets_a_mark_crlf_and_no_live_text() {
        let found = written(b',', true);
        assert!(found.starts_with("\u{feff}text,amount,units\r\nplain,-5.00,0\r\n"));
        assert!(found.contains("\r\n'-5,0.02,0\r\n"));
        assert!(found.contains("\r\n'@x,0.04,0\r\n"));
    }
}
