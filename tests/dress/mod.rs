//! The same file in other clothes: what a spreadsheet, another browser or another year may do to an export.

use lossoffset::import::formats::mapping::{HeaderPlace, HeaderWord, Mapping};
use rust_xlsxwriter::Workbook;

/// A way to rewrite a file that must not change what it says.
pub struct Clothes {
    /// What it is called in failures.
    pub name: &'static str,
    /// Whether rows may come out in another order.
    pub reorders: bool,
    /// The file rewritten; `None` where the format cannot wear it.
    pub put_on: fn(&Sheet) -> Option<Vec<u8>>,
}

/// All of them.
pub const CLOTHES: &[Clothes] = &[
    clothes("byte order mark", |s| {
        Some([b"\xef\xbb\xbf", s.text.as_bytes()].concat())
    }),
    clothes("mark inside the first quotes", mark_inside_quotes),
    clothes("CRLF", |s| Some(s.text.replace('\n', "\r\n").into_bytes())),
    clothes("carriage returns only", |s| {
        s.plain_lines()
            .then(|| s.text.replace('\n', "\r").into_bytes())
    }),
    clothes("UTF-16, little end first", |s| {
        Some(utf16([0xff, 0xfe], &s.text, u16::to_le_bytes))
    }),
    clothes("UTF-16, big end first", |s| {
        Some(utf16([0xfe, 0xff], &s.text, u16::to_be_bytes))
    }),
    clothes("windows-1252", windows_1252),
    clothes("semicolons", |s| s.delimited(b';')),
    clothes("tabs", |s| s.delimited(b'\t')),
    clothes("everything quoted", |s| s.rewritten(|_, cells| cells, b',')),
    clothes("a space behind quotes", space_behind_quotes),
    clothes("a longer banner", longer_banner),
    clothes("trailing commas on rows", |s| s.with_empty_cell(false)),
    clothes("trailing commas on all lines", |s| s.with_empty_cell(true)),
    clothes("dollar signs", |s| s.dollars(true)),
    clothes("no dollar signs", |s| s.dollars(false)),
    clothes("columns in another order", |s| s.columns_turned()),
    clothes("a column of another year", |s| s.further_column()),
    Clothes {
        name: "rows the other way round",
        reorders: true,
        put_on: |s| s.rows_turned(),
    },
    clothes("a workbook", |s| s.workbook()),
];

const fn clothes(name: &'static str, put_on: fn(&Sheet) -> Option<Vec<u8>>) -> Clothes {
    Clothes {
        name,
        reorders: false,
        put_on,
    }
}

/// A sample as text and as cells.
pub struct Sheet {
    text: String,
    rows: Vec<(u64, Vec<String>)>,
    /// Which of the rows is the header.
    header: Option<usize>,
    money: Vec<bool>,
    traits: Traits,
    currency: String,
    /// Where the rows end.
    ends: Vec<regex::Regex>,
}

/// What of a format decides which clothes it can wear.
struct Traits {
    /// Not comma-separated text at all.
    markup: bool,
    /// Columns found by their place or their neighbour.
    by_place: bool,
    /// Rows that leave out what the row above says.
    fills: bool,
    /// The section of a row stands in its first cells.
    sections: bool,
    /// What stands above the header is read.
    preamble: bool,
    /// A delimiter that the format insists on.
    delimiter: bool,
    /// Decimals with a comma: numbers are not rewritten.
    decimal_comma: bool,
}

impl Sheet {
    /// A sample; `header` is the line of its header and which columns hold money, where that is known.
    pub fn new(
        bytes: &[u8],
        mapping: &Mapping,
        header: Option<(u32, Vec<bool>)>,
        currency: &str,
    ) -> Self {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned(),
        };
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let rows = rows_of(&text);
        let (line, money) = header.map_or((None, Vec::new()), |(line, money)| (Some(line), money));
        let place = match line {
            Some(line) => rows.iter().position(|(at, _)| *at == u64::from(line)),
            None => {
                let wanted = &mapping.r#match.header_contains;
                rows.iter()
                    .position(|(_, cells)| wanted.iter().all(|w| cells.contains(w)))
            }
        };
        let shape = format!("{mapping:?}");
        let said = |what: &str| shape.contains(what);
        Self {
            traits: Traits {
                markup: text.starts_with('<'),
                by_place: said("after: Some") || said("nth: Some") || said("index: Some"),
                fills: !mapping.file.fill_down.is_empty(),
                sections: mapping.file.section.is_some(),
                preamble: said("preamble_regex: Some")
                    || mapping.r#match.first_line_regex.is_some(),
                delimiter: mapping.file.delimiter.is_some()
                    || mapping.file.header == HeaderPlace::Word(HeaderWord::None),
                decimal_comma: mapping.parse.decimal.as_deref() == Some(","),
            },
            text,
            rows,
            header: place,
            money,
            currency: currency.to_owned(),
            ends: mapping
                .file
                .stop_at
                .iter()
                .map(|text| regex::Regex::new(text).unwrap())
                .collect(),
        }
    }

    /// No line break inside a cell.
    fn plain_lines(&self) -> bool {
        !self
            .rows
            .iter()
            .any(|(_, cells)| cells.iter().any(|cell| cell.contains('\n')))
    }

    /// The rows below the header that are data: as wide as the first of them.
    fn data(&self) -> Option<std::ops::Range<usize>> {
        let first = self.header? + 1;
        let width = self.rows.get(first)?.1.len();
        let full = |(_, cells): &&(u64, Vec<String>)| {
            let filled = cells.iter().find(|cell| !cell.is_empty());
            let ends = |cell: &String| self.ends.iter().any(|end| end.is_match(cell));
            cells.len() == width && filled.is_none_or(|cell| !ends(cell))
        };
        let rows = self.rows.iter().skip(first).take_while(full).count();
        (rows > 1 && !self.traits.markup).then_some(first..first + rows)
    }

    fn rewritten(
        &self,
        change: impl Fn(usize, Vec<String>) -> Vec<String>,
        delimiter: u8,
    ) -> Option<Vec<u8>> {
        if self.traits.markup {
            return None;
        }
        let rows = self.rows.iter().enumerate();
        let rows = rows.map(|(at, (line, cells))| (*line, change(at, cells.clone())));
        Some(written(&rows.collect::<Vec<_>>(), delimiter))
    }

    fn delimited(&self, delimiter: u8) -> Option<Vec<u8>> {
        let fits = !self.traits.delimiter;
        fits.then(|| self.rewritten(|_, cells| cells, delimiter))
            .flatten()
    }

    fn with_empty_cell(&self, all: bool) -> Option<Vec<u8>> {
        let data = self.data()?;
        let more = |at: usize| all || data.contains(&at);
        self.rewritten(
            |at, mut cells| {
                if more(at) {
                    cells.push(String::new());
                }
                cells
            },
            b',',
        )
    }

    fn further_column(&self) -> Option<Vec<u8>> {
        let (data, header) = (self.data()?, self.header?);
        let fits = !self.traits.by_place && !self.traits.sections;
        let width = self.rows.get(header)?.1.len();
        fits.then(|| {
            self.rewritten(
                |at, mut cells| {
                    let filled = cells.iter().any(|cell| !cell.is_empty());
                    if at == header || (data.contains(&at) && filled) {
                        let text = if at == header { "Brand New" } else { "7" };
                        cells.insert(width.min(cells.len()), text.to_owned());
                    }
                    cells
                },
                b',',
            )
        })
        .flatten()
    }

    fn dollars(&self, with: bool) -> Option<Vec<u8>> {
        let data = self.data()?;
        if self.currency != "USD" || self.traits.decimal_comma || !self.money.contains(&true) {
            return None;
        }
        self.rewritten(
            |at, cells| {
                if !data.contains(&at) {
                    return cells;
                }
                let cells = cells.into_iter().enumerate();
                cells
                    .map(|(column, cell)| match self.money.get(column) {
                        Some(true) if with => dollared(&cell),
                        Some(true) => cell.replace('$', ""),
                        _ => cell,
                    })
                    .collect()
            },
            b',',
        )
    }

    fn columns_turned(&self) -> Option<Vec<u8>> {
        let (data, header) = (self.data()?, self.header?);
        if self.traits.by_place {
            return None;
        }
        let kept = if self.traits.sections { 2 } else { 0 };
        let width = self.rows.get(header)?.1.len();
        self.rewritten(
            |at, mut cells| {
                if at == header || data.contains(&at) {
                    cells.resize(cells.len().max(width), String::new());
                    if let Some(rest) = cells.get_mut(kept..width) {
                        rest.reverse();
                    }
                }
                cells
            },
            b',',
        )
    }

    fn rows_turned(&self) -> Option<Vec<u8>> {
        let data = self.data()?;
        if self.traits.fills {
            return None;
        }
        let mut rows = self.rows.clone();
        let lines: Vec<u64> = rows
            .get(data.clone())?
            .iter()
            .map(|(line, _)| *line)
            .collect();
        rows.get_mut(data.clone())?.reverse();
        for (row, line) in rows.get_mut(data)?.iter_mut().zip(lines) {
            row.0 = line;
        }
        self.plain_lines().then(|| written(&rows, b','))
    }

    /// Two files: the first two thirds of the rows, and the last two thirds.
    pub fn halves(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let data = self.data()?;
        if data.len() < 3 {
            return None;
        }
        let third = data.len() / 3;
        let without = |gone: std::ops::Range<usize>| {
            let rows = self.rows.iter().enumerate();
            let rows = rows.filter(|(at, _)| !gone.contains(at));
            written(&rows.map(|(_, row)| row.clone()).collect::<Vec<_>>(), b',')
        };
        Some((
            without(data.end - third..data.end),
            without(data.start..data.start + third),
        ))
    }

    fn workbook(&self) -> Option<Vec<u8>> {
        if self.traits.markup || self.traits.delimiter {
            return None;
        }
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        for (row, (_, cells)) in self.rows.iter().enumerate() {
            for (column, cell) in cells
                .iter()
                .enumerate()
                .filter(|(_, cell)| !cell.is_empty())
            {
                let (row, column) = (u32::try_from(row).ok()?, u16::try_from(column).ok()?);
                sheet.write_string(row, column, cell).ok()?;
            }
        }
        book.save_to_buffer().ok()
    }
}

fn rows_of(text: &str) -> Vec<(u64, Vec<String>)> {
    // A space behind a quote, as one source writes it, is not in the standard.
    let text = text.replace("\" ,", "\",");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let rows = reader.records().filter_map(Result::ok);
    rows.map(|record| {
        let line = record.position().map_or(0, csv::Position::line);
        (line, record.iter().map(str::to_owned).collect())
    })
    .collect()
}

/// The rows, each on its line, every cell quoted.
fn written(rows: &[(u64, Vec<String>)], delimiter: u8) -> Vec<u8> {
    let mut text = Vec::new();
    for (_, cells) in rows {
        let quoted: Vec<String> = cells
            .iter()
            .map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")))
            .collect();
        text.extend(quoted.join(&char::from(delimiter).to_string()).into_bytes());
        text.push(b'\n');
    }
    text
}

/// A `$` where Americans put it.
fn dollared(cell: &str) -> String {
    let number = cell.trim();
    let plain = number
        .chars()
        .all(|c| c.is_ascii_digit() || ".,-()".contains(c));
    if !plain || !number.contains(|c: char| c.is_ascii_digit()) {
        return cell.to_owned();
    }
    match (number.strip_prefix('-'), number.strip_prefix('(')) {
        (Some(size), _) => format!("-${size}"),
        (_, Some(size)) => format!("(${size}"),
        _ => format!("${number}"),
    }
}

fn utf16(mark: [u8; 2], text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let units = text.encode_utf16().flat_map(bytes);
    mark.into_iter().chain(units).collect()
}

fn windows_1252(sheet: &Sheet) -> Option<Vec<u8>> {
    let (bytes, _, lost) = encoding_rs::WINDOWS_1252.encode(&sheet.text);
    (!lost && !sheet.traits.markup).then(|| bytes.into_owned())
}

fn mark_inside_quotes(sheet: &Sheet) -> Option<Vec<u8>> {
    let header = sheet.header?;
    sheet.rewritten(
        |at, mut cells| {
            if at == header
                && at == 0
                && let Some(first) = cells.first_mut()
            {
                first.insert(0, '\u{feff}');
            }
            cells
        },
        b',',
    )
}

fn space_behind_quotes(sheet: &Sheet) -> Option<Vec<u8>> {
    let quoted = sheet.rewritten(|_, cells| cells, b',')?;
    let text = String::from_utf8(quoted).ok()?;
    Some(text.replace("\",\"", "\" ,\"").into_bytes())
}

fn longer_banner(sheet: &Sheet) -> Option<Vec<u8>> {
    if sheet.traits.markup || sheet.traits.preamble || sheet.traits.sections {
        return None;
    }
    let banner =
        "Account activity of somebody\n\nas of 10:11:12 PM, \"all\" accounts\n\n".repeat(3);
    Some((banner + &sheet.text).into_bytes())
}
