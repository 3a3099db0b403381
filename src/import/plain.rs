//! The quick way for plain rows: a date, an action, a symbol, numbers, perhaps an account, all names met before.
//!
//! One pass over a row's text, its numbers packed as they are read: 150 ns of user time a row where the general way
//! takes 410 (a million rows of seven columns). A row that is in any way unusual is left to
//! [`RowReader`], untouched; what the two make of a plain row is the same, which a test holds for random rows.
//!
//! [`RowReader`]: crate::import::row::RowReader

use crate::date::Date;
use crate::import::columns::Column;
use crate::import::file::FileReader;
use crate::import::moment::{Day, Moment, Offset};
use crate::import::number::{DecimalMark, Ends, front, has, plain_cell};
use crate::import::row::{Direction, Need, direction, is_plain};
use crate::record::Records;
use crate::source::Source;
use crate::trade::{AccountId, Action, Packed, PlainEntry, SecurityId, TimeOfDay, Trade};

/// What a cell of a plain row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Date,
    Action,
    Symbol,
    Quantity,
    Price,
    Fee,
    Account,
    /// A note, or a column that is not known.
    Skipped,
    /// A column that only rows with more than a plain trade fill.
    Empty,
}

/// An action word whose rows need no more than quantity and price.
#[derive(Clone, Copy, Debug)]
struct Word {
    action: Action,
    direction: Direction,
    /// Its place among the words found.
    at: usize,
}

/// The quick way, for one file.
#[derive(Debug)]
pub struct Plain {
    roles: Vec<Role>,
    delimiter: u8,
    ends: Ends,
    symbols: Names<SecurityId>,
    accounts: Names<AccountId>,
    words: Names<Word>,
    main: Option<AccountId>,
}

/// What the cells of a row say, nothing of it noted yet.
struct Found {
    moment: Option<Moment>,
    word: Option<Word>,
    security: Option<SecurityId>,
    account: Option<(AccountId, bool)>,
    quantity: Packed,
    price: Packed,
    fee: Packed,
}

impl Plain {
    /// The quick way through this file, if its columns allow one.
    pub fn of(file: &FileReader<'_, '_>, delimiter: u8) -> Option<Self> {
        let columns = &file.columns;
        let needed = [
            Column::Date,
            Column::Action,
            Column::Symbol,
            Column::Quantity,
            Column::Price,
        ];
        let usual = needed.iter().all(|column| columns.has(*column))
            && !columns.has(Column::Time)
            && file.mark == DecimalMark::Point
            && file.dates.date.takes_iso();
        usual.then(|| Self {
            roles: (0..columns.names.len())
                .map(|cell| role(file, cell))
                .collect(),
            delimiter,
            ends: Ends::new(delimiter),
            symbols: Names::new(2048),
            accounts: Names::new(64),
            words: Names::new(64),
            main: None,
        })
    }

    /// The trade of the next row, which is then behind; `None` where the row is not plain, and still ahead.
    #[inline]
    pub fn next(
        &mut self,
        records: &mut Records<'_>,
        file: &mut FileReader<'_, '_>,
    ) -> Option<Trade> {
        let (found, left) = self.cells(records.ahead(), file)?;
        let source = Source {
            file: file.number,
            line: file.line_of(records.position().1),
        };
        let trade = found.trade(self, source, file)?;
        records.pass(left);
        Some(trade)
    }

    /// What the cells of the row in front say, and the text behind it.
    #[inline]
    fn cells<'t>(
        &mut self,
        text: &'t [u8],
        file: &mut FileReader<'_, '_>,
    ) -> Option<(Found, &'t [u8])> {
        let mut found = Found::NOTHING;
        let ends = self.ends;
        let mut rest = text;
        for (cell, role) in self.roles.iter().enumerate() {
            if cell > 0 {
                rest = rest.strip_prefix(&[self.delimiter])?;
            }
            match role {
                Role::Quantity => (found.quantity, rest) = plain_cell(rest, ends)?,
                Role::Price => (found.price, rest) = plain_cell(rest, ends)?,
                Role::Fee => {
                    if rest.first().is_some_and(|byte| !ends.at(*byte)) {
                        (found.fee, rest) = plain_cell(rest, ends)?;
                    }
                }
                Role::Empty => {}
                Role::Date => {
                    found.moment = Some(file.dates.date.iso(date_cell(&mut rest, ends)?)?)
                }
                Role::Skipped => {
                    Name::cut(&mut rest, ends)?;
                }
                Role::Symbol => {
                    let name = Name::cut(&mut rest, ends)?;
                    let known = |text: &[u8]| file.tables.known_security(text);
                    found.security = Some(self.symbols.get(&name, known)?);
                }
                Role::Account => {
                    let name = Name::cut(&mut rest, ends)?;
                    if !name.text.is_empty() {
                        let known = |text: &[u8]| file.tables.known_account(text);
                        found.account = Some((self.accounts.get(&name, known)?, true));
                    }
                }
                Role::Action => {
                    let name = Name::cut(&mut rest, ends)?;
                    found.word = Some(self.words.get(&name, |text| word(file, text))?);
                }
            }
        }
        let left = match rest {
            [] => rest,
            [b'\n', left @ ..] | [b'\r', b'\n', left @ ..] => left,
            _ => return None,
        };
        Some((found, left))
    }

    /// The account of rows that name none, once a row has been read that did so.
    #[inline]
    fn main(&mut self, file: &FileReader<'_, '_>) -> Option<(AccountId, bool)> {
        if self.main.is_none() {
            self.main = file.tables.known_account(file.usual_account().0);
        }
        self.main.map(|account| (account, file.usual_account().1))
    }
}

impl Found {
    const NOTHING: Self = Self {
        moment: None,
        word: None,
        security: None,
        account: None,
        quantity: Packed::ABSENT,
        price: Packed::ABSENT,
        fee: Packed::ABSENT,
    };

    /// The trade, if it is complete and nothing about it is odd.
    #[inline]
    fn trade(
        self,
        plain: &mut Plain,
        source: Source,
        file: &mut FileReader<'_, '_>,
    ) -> Option<Trade> {
        let word = self.word?;
        let mut quantity = self.quantity;
        if quantity.is_zero() {
            return None;
        }
        if quantity.is_negative() {
            quantity = match word.direction {
                Direction::Signed => quantity,
                Direction::Out | Direction::Either => quantity.unsigned(),
                Direction::In => return None,
            };
        }
        let (account, account_given) = match self.account {
            Some(account) => account,
            None => plain.main(file)?,
        };
        let security = self.security?;
        let (date, time) = moment(self.moment?, source, file)?;
        file.words.count(word.at);
        Some(Trade::from(PlainEntry {
            date,
            time,
            source,
            security,
            account,
            account_given,
            action: word.action,
            quantity,
            price: self.price,
            fee: self.fee,
        }))
    }
}

/// The moment on the taxpayer's clock; notes that it had an offset.
#[inline]
fn moment(
    moment: Moment,
    source: Source,
    file: &mut FileReader<'_, '_>,
) -> Option<(Date, Option<TimeOfDay>)> {
    let Day::Known(date) = moment.day else {
        return None;
    };
    match (moment.time, moment.offset) {
        (None, _) => Some((date, None)),
        (Some(time), Offset::Local) => Some((date, TimeOfDay::new(time))),
        (Some(time), Offset::East(east)) => {
            let (local, local_time) = file.zone.local(date, time, east)?;
            file.zoned(source, date, time, east);
            Some((local, local_time.and_then(TimeOfDay::new)))
        }
    }
}

fn role(file: &FileReader<'_, '_>, cell: usize) -> Role {
    let columns = &file.columns;
    let plain = [
        (Column::Date, Role::Date),
        (Column::Action, Role::Action),
        (Column::Symbol, Role::Symbol),
        (Column::Quantity, Role::Quantity),
        (Column::Price, Role::Price),
        (Column::Fee, Role::Fee),
        (Column::Account, Role::Account),
    ];
    let plain = plain
        .iter()
        .find(|(column, _)| columns.cell(*column) == Some(cell));
    match plain {
        Some((_, role)) => *role,
        None if columns.rare.contains(&cell) => Role::Empty,
        None => Role::Skipped,
    }
}

/// Cuts a date off: of the length of a day, or of a day and a time in UTC, before other lengths are looked for.
#[inline]
fn date_cell<'t>(rest: &mut &'t [u8], ends: Ends) -> Option<&'t [u8]> {
    let ended = |length: usize| rest.get(length).is_some_and(|byte| ends.at(*byte));
    let length = match () {
        () if ended(10) => 10,
        () if rest.get(19) == Some(&b'Z') && ended(20) => 20,
        () => cell_length(rest, ends),
    };
    let (text, behind) = rest.split_at_checked(length)?;
    *rest = behind;
    Some(text)
}

/// How long the cell in front is.
#[inline]
fn cell_length(rest: &[u8], ends: Ends) -> usize {
    let end = rest.iter().position(|byte| ends.at(*byte));
    end.unwrap_or(rest.len())
}

/// A word that a row has had before, if quantity and price are all that its rows need.
#[cold]
fn word(file: &FileReader<'_, '_>, text: &[u8]) -> Option<Word> {
    let (meaning, at) = file.words.known(text)?;
    let action = meaning.action;
    let plain =
        is_plain(meaning) && action != Action::Ignore && Need::quantity_and_price_suffice(action);
    plain.then_some(Word {
        action,
        direction: direction(action),
        at,
    })
}

/// The text of a cell that names something.
struct Name<'a> {
    text: &'a [u8],
    /// Up to seven bytes and their number as one number; 0 where there are more, or none.
    key: u64,
}

impl<'a> Name<'a> {
    /// Cuts the cell in front off a row; `None` where it has quotes. Blanks at its ends may stay: no known name has any.
    #[inline]
    fn cut(rest: &mut &'a [u8], ends: Ends) -> Option<Self> {
        let eight = rest.first_chunk().map(|eight| u64::from_le_bytes(*eight));
        let short = eight.and_then(|eight| Some((eight, ends.first(eight)?)));
        let (length, key) = match short {
            Some((eight, length)) => {
                let name = front(eight, length);
                if has(name, b'"') {
                    return None;
                }
                (length, name | (length as u64) << 56)
            }
            None => (cell_length(rest, ends), 0),
        };
        let (text, behind) = rest.split_at_checked(length)?;
        *rest = behind;
        (key != 0 || !text.contains(&b'"')).then_some(Self { text, key })
    }
}

/// Names met before, by their text as one number: compared in one step, where a map of texts hashes and compares bytes.
#[derive(Debug)]
struct Names<T> {
    slots: Vec<Option<(u64, T)>>,
}

impl<T: Copy> Names<T> {
    /// With this many slots, a power of two.
    fn new(slots: usize) -> Self {
        Self {
            slots: vec![None; slots],
        }
    }

    /// What a name means, looked up where it is long or its slot is another's.
    #[inline]
    fn get(&mut self, name: &Name<'_>, known: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
        // The top bits of the product depend on all bits of the name; a slot is one of at most 2,048.
        let hash = name.key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
        let at = usize::try_from(hash).ok()? & (self.slots.len() - 1);
        match self.slots.get(at)? {
            Some((key, found)) if *key == name.key && name.key != 0 => Some(*found),
            _ => {
                let found = known(name.text)?;
                if name.key != 0 {
                    *self.slots.get_mut(at)? = Some((name.key, found));
                }
                Some(found)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use crate::import::{Input, ReadOptions, read};

    /// Everything that reading gives.
    fn outcome(text: &str, options: &ReadOptions) -> String {
        let input = Input {
            name: "t.csv".into(),
            bytes: text.as_bytes().to_vec(),
        };
        match read(vec![input], options) {
            Ok(reading) => {
                let files = &reading.files;
                let history = &reading.history;
                format!(
                    "{:#?}{:#?}{:#?}{:#?}{files:#?}",
                    history.trades, history.securities, history.accounts, history.warnings
                )
            }
            Err(failure) => format!("{:#?}", failure.problems),
        }
    }

    /// Cells that are usual, cells that are not but can be read, and now and then one that cannot.
    fn cell(
        usual: &'static [&'static str],
        odd: &'static [&'static str],
        wrong: &'static [&'static str],
    ) -> impl Strategy<Value = &'static str> {
        prop_oneof![200 => select(usual), 20 => select(odd), 1 => select(wrong)]
    }

    fn row() -> impl Strategy<Value = String> {
        (
            cell(
                &["2024-01-02", "2024-01-02T10:11:12Z", "2023-12-31T23:00:00Z"],
                &[
                    "2024-01-02 10:11",
                    "2 Jan 2024",
                    " 2024-01-03 ",
                    "2024-01-02T10:11:12+02:00",
                    "\"2024-01-04\"",
                ],
                &["", "yesterday", "2024-13-01", "#"],
            ),
            cell(
                &["buy", "sell", "Buy to Open", "sto", "opening"],
                &[
                    "BUY", " sell ", "split", "ignore", "open", "income", "deposit", "\"sell\"",
                    "short",
                ],
                &["", "frobnicate", "cancel"],
            ),
            cell(
                &["AAA", "BTC", "SPX   240119C04500000", "LONGSYMBOL", "aaa"],
                &[" AAA", "\"AAA\"", "A\u{e9}", "A B", "5\" pipe", "USD"],
                &[""],
            ),
            cell(
                &["1", "12.50", "100", "0.00000001"],
                &[
                    "-3",
                    "+4",
                    " 5 ",
                    "007",
                    "123456789012345678",
                    "1e3",
                    ".5",
                    "5.",
                    "999999999999999",
                    "-0.5",
                ],
                &[
                    "",
                    "0",
                    "-0",
                    "1.2.3",
                    "x",
                    "1234567890123456789012345678901",
                ],
            ),
            cell(
                &["10", "321.56", "0", "0.000"],
                &[
                    "$5",
                    "5 EUR",
                    " 7",
                    "1000000000000000",
                    "\"1,000.5\"",
                    "-1",
                    "12345678901234567890.12",
                ],
                &["", "-", "dear"],
            ),
            cell(
                &["", "1", "0.58"],
                &["-0.0", " ", "-", "n/a", "1 BTC"],
                &["-1", "free"],
            ),
            cell(
                &["ACC1", "ACC2", ""],
                &[" ACC1", "\"ACC1\"", "an account", "main"],
                &["\u{a0}"],
            ),
            cell(&[""], &[" ", "T1"], &["\u{a0}"]),
            cell(
                &["", "a note"],
                &["\"two\nlines\"", " note ", "5\" pipe"],
                &["x,y"],
            ),
        )
            .prop_map(|cells| {
                let (date, action, symbol, quantity, price, fee, account, tag, note) = cells;
                [
                    date, action, symbol, quantity, price, fee, account, tag, note,
                ]
                .join(",")
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        /// A quoted cell in a column that is not known sends every row the general way and changes nothing else.
        #[test]
        fn plain_rows_are_read_as_the_general_way_reads_them(
            rows in proptest::collection::vec(row(), 1..40),
            ending in select(&["\n", "\r\n"]),
            timezone in select(&[None, Some("America/New_York"), Some("UTC")]),
        ) {
            let options = ReadOptions {
                timezone: timezone.map(str::to_owned),
                currency: Some("USD".into()),
                ..ReadOptions::default()
            };
            let text = |last: &str| {
                let mut text = format!("date,action,symbol,quantity,price,fee,account,tag,note,zz{ending}");
                for row in &rows {
                    text.push_str(&format!("{row},{last}{ending}"));
                }
                text
            };
            prop_assert_eq!(outcome(&text("x"), &options), outcome(&text("\"x\""), &options));
        }
    }
}
