//! Flex Query files of Interactive Brokers: XML whose trades become rows of a table, one per element, which a mapping
//! reads like any other.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use rust_decimal::Decimal;

use super::rows::SEPARATOR;

/// Elements that are trades, or sums and lots of them.
const TRADES: [&str; 7] = [
    "Trade",
    "Order",
    "SymbolSummary",
    "AssetSummary",
    "Lot",
    "WashSale",
    "TradeConfirm",
];

/// Elements that change holdings and are not read: a file with them must not be read as if it had none.
const EVENTS: [&str; 2] = ["CorporateAction", "OptionEAE"];

/// A table made of the elements.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Its text, with the names of the columns first.
    pub text: Vec<u8>,
    /// For each of its lines, the line of the file.
    pub lines: Vec<u32>,
    /// Elements that nothing reads, with how many there are.
    pub unread: BTreeMap<String, u64>,
}

/// Whether the bytes are a Flex Query file.
pub fn is_flex(bytes: &[u8]) -> bool {
    const TAG: &[u8] = b"<FlexQueryResponse";
    let start = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
    if !matches!(start, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) {
        return memchr::memmem::find(start, TAG).is_some();
    }
    // UTF-16: every other byte of the tag is a zero.
    let letters: Vec<u8> = start.iter().copied().filter(|byte| *byte != 0).collect();
    memchr::memmem::find(&letters, TAG).is_some()
}

/// The trades as a table. `report` is the currency that results are in: a rate to another base currency is left out.
///
/// # Errors
/// What is wrong with the XML, and its line.
pub fn table(text: &str, report: Option<&str>) -> Result<Table, (u32, String)> {
    let mut reader = Reader::from_str(text);
    let mut elements: Vec<(u32, Vec<(String, String)>)> = Vec::new();
    let mut table = Table::default();
    let mut statement = Statement::default();
    let (mut seen, mut line) = (0, 1);
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(text.len());
        line += newlines(text, seen, at);
        seen = at;
        let event = reader
            .read_event()
            .map_err(|error| (line, error.to_string()))?;
        match event {
            Event::Eof => break,
            Event::Start(element) | Event::Empty(element) => {
                let name = element.name().as_ref().to_owned();
                if name == "FlexStatement" {
                    statement.end(&mut elements, report);
                    let cells = attributes(&name, &element).map_err(|error| (line, error))?;
                    statement = Statement {
                        first: elements.len(),
                        base: None,
                        account: cell(&cells, ACCOUNT).map(str::to_owned),
                    };
                } else if name == "AccountInformation" {
                    let cells = attributes(&name, &element).map_err(|error| (line, error))?;
                    statement.base = cell(&cells, "currency").map(str::to_owned);
                } else if TRADES.contains(&name.as_str()) {
                    let cells = attributes(&name, &element).map_err(|error| (line, error))?;
                    // The element begins behind the blanks that follow the one before.
                    let end = usize::try_from(reader.buffer_position()).unwrap_or(at);
                    let begin = text
                        .get(at..end)
                        .and_then(|text| text.find('<'))
                        .map_or(at, |found| at + found);
                    elements.push((line + newlines(text, at, begin), cells));
                } else if EVENTS.contains(&name.as_str()) {
                    *table.unread.entry(name).or_default() += 1;
                }
            }
            // Entities that a document declares itself are never expanded.
            Event::DocType(_) => {
                return Err((line, "a document type is not allowed here".to_owned()));
            }
            _ => {}
        }
    }
    statement.end(&mut elements, report);
    write(&mut table, &elements);
    Ok(table)
}

/// The account of a statement or an element.
const ACCOUNT: &str = "accountId";

/// The rate from an element's currency to the base currency of its account.
const RATE: &str = "fxRateToBase";

/// The statement of one account.
#[derive(Debug, Default)]
struct Statement {
    /// Its first element.
    first: usize,
    /// The base currency of the account, where it says so.
    base: Option<String>,
    /// The account, which elements without one of their own are in.
    account: Option<String>,
}

impl Statement {
    /// Rates are kept where they are rates to the currency of the report, and else left to the file of rates.
    fn end(&self, elements: &mut [(u32, Vec<(String, String)>)], report: Option<&str>) {
        let own = elements.get_mut(self.first..).unwrap_or_default();
        if let Some(account) = &self.account {
            for (_, cells) in own.iter_mut() {
                if cell(cells, ACCOUNT).is_none() {
                    cells.push((ACCOUNT.to_owned(), account.clone()));
                }
            }
        }
        // What is worth one unit of the base currency is in that currency.
        let mut at_par = own.iter().filter_map(|(_, cells)| {
            let rate: Decimal = cell(cells, RATE)?.parse().ok()?;
            cell(cells, "currency").filter(|_| rate == Decimal::ONE)
        });
        let implied = at_par.next();
        let implied = implied.filter(|first| at_par.all(|code| code == *first));
        let base = self.base.as_deref().or(implied);
        if base.is_some() && base == report {
            return;
        }
        for (_, cells) in own {
            cells.retain(|(name, _)| name != RATE);
        }
    }
}

fn cell<'c>(cells: &'c [(String, String)], name: &str) -> Option<&'c str> {
    cells
        .iter()
        .find(|(of, _)| of == name)
        .map(|(_, value)| value.as_str())
}

fn newlines(text: &str, from: usize, to: usize) -> u32 {
    let bytes = text.as_bytes().get(from..to).unwrap_or_default();
    u32::try_from(memchr::memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX)
}

fn attributes(name: &str, element: &BytesStart<'_>) -> Result<Vec<(String, String)>, String> {
    let mut cells = vec![("element".to_owned(), name.to_owned())];
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let key = attribute.key.as_ref().to_owned();

        let value =
            quick_xml::escape::unescape(&attribute.value).map_err(|error| error.to_string())?;
        cells.push((key, value.into_owned()));
    }
    Ok(cells)
}

fn write(table: &mut Table, elements: &[(u32, Vec<(String, String)>)]) {
    let mut names: Vec<&str> = vec!["element", "symbol", "quantity"];
    for (_, cells) in elements {
        for (name, _) in cells {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
    }
    let separator = char::from(SEPARATOR).to_string();
    table
        .text
        .extend_from_slice(names.join(&separator).as_bytes());
    table.text.push(b'\n');
    table.lines.push(1);
    for (line, cells) in elements {
        let row: Vec<String> = names
            .iter()
            .map(|name| {
                let value = cells.iter().find(|(of, _)| of == name);
                value.map_or(String::new(), |(_, value)| {
                    value.replace(|c: char| c.is_control() || c == '"', " ")
                })
            })
            .collect();
        table
            .text
            .extend_from_slice(row.join(&separator).as_bytes());
        table.text.push(b'\n');
        table.lines.push(*line);
    }
}
