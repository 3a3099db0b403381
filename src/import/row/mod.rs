//! One row of a file: its cells read into a trade, with every cell that cannot be read reported.

mod amounts;
mod cells;
mod contract;
mod need;

use rust_decimal::Decimal;

use crate::date::Date;
use crate::diagnostic::Problem;
use crate::import::action::{Depends, Meaning};
use crate::import::columns::Column;
use crate::import::file::FileReader;
use crate::import::money_words::is_money;
use crate::import::number;
use crate::import::reading::{BLANK_LINE, COMMENT};
use crate::import::tables;
use crate::record::Record;
use crate::source::Source;
use crate::trade::{AccountId, Action, Entry, Rarest, Rest, SecurityId, Trade};

pub use contract::class_named;
pub use need::{Direction, Need, direction};

use need::advice;

/// What became of a row.
#[derive(Debug)]
pub enum Outcome {
    /// A trade.
    Trade(Trade),
    /// It cancels another row.
    Cancel(Cancel),
    /// It has no effect, by this rule.
    Ignored(&'static str),
    /// Something is wrong with it, which has been reported.
    Wrong,
}

/// A row that removes another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancel {
    /// The row.
    pub source: Source,
    /// The id of the row to remove.
    pub id: Option<Box<str>>,
    /// The fields it shares with the row to remove.
    pub date: Option<Date>,
    /// The security.
    pub security: Option<SecurityId>,
    /// The account.
    pub account: AccountId,
    /// Units.
    pub quantity: Option<Decimal>,
    /// Price.
    pub price: Option<Decimal>,
}

/// The rarer columns while they are put together.
#[derive(Debug, Default)]
struct Rare {
    common: Rest,
    rarest: Rarest,
}

impl Rare {
    fn boxed(self) -> Option<Box<Rest>> {
        let Self { mut common, rarest } = self;
        common.rarest = (rarest != Rarest::default()).then(|| Box::new(rarest));
        (common != Rest::default()).then(|| Box::new(common))
    }
}

/// Reads one row.
pub struct RowReader<'r, 'a, 't> {
    /// The file the row is in.
    pub file: &'r mut FileReader<'a, 't>,
    /// The row.
    pub record: &'r Record,
    source: Source,
    wrong: bool,
    /// A currency written beside a number.
    unit: Option<(String, Column)>,
}

impl<'r, 'a, 't> RowReader<'r, 'a, 't> {
    /// A reader of this row.
    #[inline]
    pub fn new(file: &'r mut FileReader<'a, 't>, record: &'r Record) -> Self {
        let source = Source {
            file: file.number,
            line: file.line_of(record.line()),
        };
        Self {
            file,
            record,
            source,
            wrong: false,
            unit: None,
        }
    }

    /// What becomes of the row.
    #[inline]
    pub fn read(mut self) -> Outcome {
        if let Some(outcome) = self.no_trade() {
            return outcome;
        }
        let meaning = match self.action() {
            Ok(meaning) => meaning,
            Err(Outcome::Wrong) if self.has_action() => {
                let _ = self.date();
                return self.other_cells_wrong();
            }
            Err(outcome) => return outcome,
        };
        let rare = self.file.columns.has_rare(self.record, self.file.text);
        if rare || meaning.is_none_or(|m| !is_plain(m)) {
            return self.read_rare(meaning);
        }
        let Some(meaning) = meaning else {
            return Outcome::Wrong;
        };
        let Some((date, time)) = self.date() else {
            return self.other_cells_wrong();
        };
        let Some(security) = self.symbol(Column::Symbol) else {
            return self.other_cells_wrong();
        };
        let Some((account, account_given)) = self.account() else {
            return Outcome::Wrong;
        };
        let trade = Entry {
            date,
            time,
            source: self.source,
            security,
            account,
            account_given,
            action: meaning.action,
            quantity: self.quantity(meaning.action),
            price: self.number(Column::Price),
            fee: self.number(Column::Fee),
            rest: None,
        };
        if self.wrong || self.unit.is_some() {
            return self.read_unit(trade);
        }
        self.checked(trade)
    }

    /// A currency stands beside a number, or a cell is wrong.
    #[cold]
    fn read_unit(mut self, mut trade: Entry) -> Outcome {
        if self.wrong {
            return Outcome::Wrong;
        }
        let mut rest = Rare::default();
        self.money(&mut trade, &mut rest);
        trade.rest = rest.boxed();
        if self.wrong {
            Outcome::Wrong
        } else {
            self.checked(trade)
        }
    }

    /// Reads the numbers of a row whose action, date or symbol is wrong, so that one run shows all that is wrong with it.
    #[cold]
    fn other_cells_wrong(mut self) -> Outcome {
        for column in [Column::Quantity, Column::Price, Column::Fee, Column::Total] {
            let _ = self.number(column);
        }
        Outcome::Wrong
    }

    /// Rows that are no trade whatever they say: blank, comment, broken.
    #[inline]
    fn no_trade(&mut self) -> Option<Outcome> {
        let columns = self.file.columns.names.len();
        if self.record.len() == columns
            && self.record.unclosed().is_none()
            && !self
                .file
                .columns
                .get(Column::Date, self.record, self.file.text)
                .is_empty()
        {
            return None;
        }
        self.odd_shape(columns)
    }

    #[cold]
    fn odd_shape(&mut self, columns: usize) -> Option<Outcome> {
        let filled = |cell: usize| !self.record.get(self.file.text, cell).is_empty();
        let last = (0..self.record.len()).rev().find(|cell| filled(*cell));
        let Some(last) = last else {
            return Some(Outcome::Ignored(BLANK_LINE));
        };
        let begins_with_hash = self.file.text.get(self.record.bytes().start) == Some(&b'#');
        if begins_with_hash
            && (self.file.columns.cell(Column::Date) == Some(0) || self.record.len() == 1)
        {
            return Some(Outcome::Ignored(COMMENT));
        }
        if let Some(cell) = self.record.unclosed() {
            self.wrong(Some(cell), "a quote that opens here is never closed", |p| {
                p.help("close it, or remove it; a quote inside quotes is written twice: `\"\"`")
            });
            return Some(Outcome::Wrong);
        }
        if last >= columns {
            let cells = last + 1;
            self.wrong(Some(columns), format!("the row has {cells} cells, but the header names only {columns} columns"), |p| {
                p.help("put quotes around a cell that contains the separator, or name the missing column in the header")
            });
            return Some(Outcome::Wrong);
        }
        None
    }

    /// What happened; `None` where no column says it and the sign of the quantity will.
    #[inline]
    fn action(&mut self) -> Result<Option<Meaning>, Outcome> {
        if !self.file.columns.has(Column::Action) {
            return Ok(None);
        }
        let bytes = self
            .file
            .columns
            .get(Column::Action, self.record, self.file.text);
        match self.file.words.look_up(bytes, self.source.line) {
            Some(meaning) if meaning.action == Action::Ignore => {
                Err(Outcome::Ignored("action `ignore`"))
            }
            Some(meaning) => Ok(Some(meaning)),
            None => Err(self.unclear_action()),
        }
    }

    /// Whether the row says what happened: one that does not is mostly no row at all.
    fn has_action(&self) -> bool {
        let columns = &self.file.columns;
        let word = columns.get(Column::Action, self.record, self.file.text);
        !word.is_empty()
    }

    #[cold]
    fn unclear_action(&mut self) -> Outcome {
        let word = self
            .file
            .columns
            .text(Column::Action, self.record, self.file.text)
            .unwrap_or_default()
            .to_owned();
        let problem = if self.file.problems.is_full() {
            Problem::new(word)
        } else {
            self.file.words.unclear(&word)
        };
        self.problem(self.file.columns.cell(Column::Action), problem);
        Outcome::Wrong
    }

    /// Everything beyond a plain trade.
    fn read_rare(mut self, meaning: Option<Meaning>) -> Outcome {
        let meaning = match meaning {
            Some(meaning) => meaning,
            None => match self.action_by_sign() {
                Some(meaning) => meaning,
                None => return self.other_cells_wrong(),
            },
        };
        if meaning.action == Action::Cancel {
            return self.cancel();
        }
        let money = self.moves_money_only(meaning);
        let action = match (money, meaning.depends) {
            (true, Depends::Deposit) => return Outcome::Ignored("money moved in or out"),
            (true, Depends::Income) => Action::Dividend,
            (true, Depends::No) if meaning.action == Action::Fee => {
                return Outcome::Ignored("fee in money");
            }
            (true | false, _) => meaning.action,
        };
        let Some((date, time)) = self.date() else {
            return self.other_cells_wrong();
        };
        let symbol = if action == Action::Dividend && self.text(Column::Symbol).is_none() {
            self.cash()
        } else {
            self.symbol(Column::Symbol)
        };
        let Some(named) = symbol else {
            return self.other_cells_wrong();
        };
        let Some((account, account_given)) = self.account() else {
            return Outcome::Wrong;
        };
        let security = self.contract(named, Some(action));
        let mut trade = Entry {
            date,
            time,
            source: self.source,
            security,
            account,
            account_given,
            action,
            quantity: self.quantity(action),
            price: self.number(Column::Price),
            fee: self.number(Column::Fee),
            rest: None,
        };
        let mut rest = self.rest(action, meaning.tag, security);
        self.money(&mut trade, &mut rest);
        self.class(security);
        if matches!(action, Action::Dividend | Action::ReturnOfCapital)
            && rest.common.total.is_none()
        {
            // Units of money are the amount.
            let price = trade.price.or(money.then_some(Decimal::ONE));
            let units = trade.quantity.filter(|units| !units.is_zero());
            rest.common.total = units.zip(price).and_then(|(q, p)| q.checked_mul(p));
        }
        if action == Action::Swap {
            self.check_swap(&trade, &rest);
        }
        self.check_fee_withheld(&trade, &rest);
        if self.wrong {
            return Outcome::Wrong;
        }
        trade.rest = rest.boxed();
        self.checked(trade)
    }

    /// A swap is of one asset for another; its total stands for the value of both only where no fee parts them.
    fn check_swap(&mut self, trade: &Entry, rest: &Rare) {
        let cell = |reader: &Self, column| reader.file.columns.cell(column);
        if rest.rarest.new_security == Some(trade.security) {
            let at = cell(self, Column::NewSymbol);
            self.wrong(at, "a `swap` of an asset for itself", |p| {
                p.help("units that move between own accounts are a `transfer`; what did not arrive is its fee")
            });
        }
        let fee = trade.fee.is_some_and(|fee| !fee.is_zero());
        if fee && trade.price.is_none() && rest.common.total.is_some() {
            let at = cell(self, Column::Total);
            self.wrong(at, "a `swap` with a fee needs `price`, not `total`", |p| {
                p.help("give the value per unit of what left: a total does not say whether the fee is in it")
            });
        }
    }

    /// A fee withheld from the units received leaves some of them.
    fn check_fee_withheld(&mut self, trade: &Entry, rest: &Rare) {
        let received = match trade.action {
            Action::Buy | Action::Reinvest => Some((trade.security, trade.quantity)),
            Action::Swap => rest
                .rarest
                .new_security
                .map(|new| (new, rest.rarest.new_quantity)),
            _ => None,
        };
        let Some((security, Some(units))) = received else {
            return;
        };
        let withheld = rest.rarest.fee_asset == Some(security);
        let Some(fee) = trade.fee.filter(|fee| withheld && *fee >= units) else {
            return;
        };
        let symbol = self.file.tables.symbol(security).to_owned();
        let cell = self.file.columns.cell(Column::Fee);
        let message =
            format!("the fee of {fee} {symbol} is not less than the {units} {symbol} received");
        self.wrong(cell, message, |p| {
            p.help(format!("a fee in {symbol} is withheld from the units received; a fee in money has its currency in `fee_currency`"))
        });
    }

    /// Without an action column the sign of the quantity says it, or that of the total where only totals have one.
    fn action_by_sign(&mut self) -> Option<Meaning> {
        let quantity = self.number(Column::Quantity);
        if quantity.is_none() && !self.wrong {
            self.wrong(None, "no quantity: without an `action` column its sign says whether the row buys or sells", |p| {
                p.help("fill in the quantity (minus for a sale), or add an `action` column")
            });
        }
        let leaves = quantity?.is_sign_negative();
        let paid = self.plain_number(Column::Total);
        let paid = paid.filter(|total| !total.is_zero());
        let paid = paid.map(|total| total.is_sign_negative());
        let signs = self.file.signs();
        let sells = match (paid, signs.quantity, signs.total) {
            (Some(paid), false, true) => !paid,
            (None, false, true) => {
                self.wrong(self.file.columns.cell(Column::Total), "no total: without an `action` column and without signs on quantities its sign says whether the row buys or sells", |p| {
                    p.help("fill in the total (minus for a purchase), or add an `action` column")
                });
                return None;
            }
            (Some(paid), true, true) if paid == leaves && !self.fee_exceeds_value() => {
                let cell = self.file.columns.cell(Column::Total);
                self.wrong(cell, "the signs of quantity and total say different things: units and money cannot both come in, or both go out", |p| {
                    p.help("correct one of them, or add an `action` column")
                });
                return None;
            }
            _ => leaves,
        };
        Some(Meaning {
            action: if sells { Action::Sell } else { Action::Buy },
            tag: None,
            depends: Depends::No,
        })
    }

    /// A number, if the cell has one; what is wrong with it is said elsewhere.
    fn plain_number(&self, column: Column) -> Option<Decimal> {
        let text = self.text(column)?;
        let written = number::parse(text, self.file.mark).ok()?;
        Some(written.value)
    }

    /// Whether a sale costs more than it brings, so that money goes out with the units.
    fn fee_exceeds_value(&self) -> bool {
        let of = |column| self.plain_number(column).map(|number| number.abs());
        let value = of(Column::Quantity).zip(of(Column::Price));
        let value = value.and_then(|(quantity, price)| quantity.checked_mul(price));
        of(Column::Fee) > value && value.is_some()
    }

    /// Whether the row speaks of money alone, so that no lot is touched.
    fn moves_money_only(&mut self, meaning: Meaning) -> bool {
        let symbol = self.text(Column::Symbol);
        let money = symbol.is_none_or(is_money);
        match meaning.depends {
            Depends::Deposit => symbol.is_some_and(is_money),
            // Interest on a bond or share account names the asset but brings none of it.
            Depends::Income => {
                money || self.text(Column::Quantity).is_none() && self.text(Column::Total).is_some()
            }
            Depends::No => {
                meaning.action == Action::Fee && (money || self.text(Column::Quantity).is_none())
            }
        }
    }

    fn cash(&mut self) -> Option<SecurityId> {
        let name = self
            .text(Column::Currency)
            .or(self.file.options.currency.as_deref())
            .unwrap_or("cash")
            .to_owned();
        Some(self.file.tables.security(name.as_bytes(), self.source))
    }

    fn cancel(mut self) -> Outcome {
        let id = self.text(Column::Id).map(Into::into);
        let has_date = self.text(Column::Date).is_some();
        let date = if has_date {
            self.date().map(|(date, _)| date)
        } else {
            None
        };
        let security = if self.text(Column::Symbol).is_some() {
            self.symbol(Column::Symbol)
        } else {
            None
        };
        let security = security.map(|named| self.contract(named, None));
        let Some((account, _)) = self.account() else {
            return Outcome::Wrong;
        };
        let quantity = self.number(Column::Quantity).map(|q| q.abs());
        let price = self.number(Column::Price);
        if id.is_none()
            && (date.is_none() || security.is_none() || quantity.is_none())
            && !self.wrong
        {
            self.wrong(None, "a `cancel` row must say which row it cancels", |p| {
                p.help("give the `id` of that row, or the same date, symbol, quantity and price")
            });
        }
        if self.wrong {
            return Outcome::Wrong;
        }
        Outcome::Cancel(Cancel {
            source: self.source,
            id,
            date,
            security,
            account,
            quantity,
            price,
        })
    }

    /// The trade, if it says all that its action needs.
    #[inline]
    fn checked(mut self, trade: Entry) -> Outcome {
        let needs = Need::of(trade.action);
        if needs.iter().all(|need| need.met(&trade)) && trade.quantity.is_none_or(|q| !q.is_zero())
        {
            return Outcome::Trade(trade.into());
        }
        self.incomplete(trade, needs)
    }

    #[cold]
    fn incomplete(&mut self, trade: Entry, needs: &[Need]) -> Outcome {
        let word = trade.action.word();
        let covers_by_lot = trade.action == Action::Cover
            && trade
                .rest
                .as_ref()
                .is_some_and(|rest| rest.rarest().lot.is_some());
        for need in needs {
            if need.met(&trade) || (covers_by_lot && *need == Need::PriceOrTotal) {
                continue;
            }
            let cell = match need {
                Need::Quantity => Some(Column::Quantity),
                Need::PriceOrTotal | Need::Price => Some(Column::Price),
                Need::Total => Some(Column::Total),
                _ => None,
            };
            let cell = cell
                .and_then(|column| self.file.columns.cell(column))
                .filter(|cell| *cell < self.record.len());
            self.wrong(cell, format!("`{word}` needs {}", need.columns()), |p| {
                p.help(advice(*need, trade.action))
            });
        }
        if needs.contains(&Need::Quantity) && trade.quantity.is_some_and(|q| q.is_zero()) {
            let cell = self.file.columns.cell(Column::Quantity);
            self.wrong(
                cell,
                format!("`{word}` of nothing: the quantity is 0"),
                |p| p.help("correct the quantity, or give the row the action `ignore`"),
            );
        }
        if self.wrong {
            Outcome::Wrong
        } else {
            Outcome::Trade(trade.into())
        }
    }

    /// The rarer columns.
    fn rest(&mut self, action: Action, word_tag: Option<&str>, security: SecurityId) -> Rare {
        let text = |reader: &Self, column| reader.text(column).map(Box::<str>::from);
        let total = self.number(Column::Total).map(|total| match action {
            Action::Funding | Action::Pnl | Action::Dividend | Action::BasisAdjust => total,
            _ => total.abs(),
        });
        let common = Rest {
            total,
            fx_rate: self.positive(Column::FxRate),
            id: text(self, Column::Id),
            settled: self.other_date(Column::SettleDate),
            order: text(self, Column::Order),
            tag: tags(word_tag, self.text(Column::Tag)),
            currency: None,
            rarest: None,
        };
        let mut rarest = Rarest {
            to_account: self.receiving_account(),
            lot: self.lot(),
            effective: self.other_date(Column::EffectiveDate),
            ratio: self.ratio(),
            new_security: None,
            new_quantity: self.positive(Column::NewQuantity),
            fraction: self.fraction(),
            basis: self.not_negative(Column::Basis),
            acquired: self.other_date(Column::AcquiredDate),
            fee_asset: None,
            fee_value: self.not_negative(Column::FeeValue),
        };
        if self.text(Column::NewSymbol).is_some() {
            rarest.new_security = self.symbol(Column::NewSymbol);
            self.inherit_class(rarest.new_security, security);
        }
        self.identifiers(security);
        Rare { common, rarest }
    }

    /// The name of a lot, on one line as those of symbols and accounts are.
    fn lot(&self) -> Option<Box<str>> {
        let name = self.text(Column::Lot)?;
        if name.contains(char::is_control) {
            return tables::without_breaks(name).map(String::into_boxed_str);
        }
        Some(name.into())
    }

    /// The text of a column, or `None` where it is empty.
    fn text(&self, column: Column) -> Option<&'r str> {
        // The text outlives this reader's borrow of the file: it lies in the file's bytes or in the record.
        let text: &'r [u8] = self.file.text;
        let cell = self.file.columns.cell(column)?;
        let bytes = self.record.get(text, cell);
        let text = std::str::from_utf8(bytes).unwrap_or("\u{fffd}").trim();
        (!number::is_unknown(text)).then_some(text)
    }

    #[cold]
    fn wrong(
        &mut self,
        cell: Option<usize>,
        message: impl Into<String>,
        more: impl FnOnce(Problem) -> Problem,
    ) {
        let problem = more(Problem::new(message));
        self.problem(cell, problem);
    }

    #[cold]
    fn problem(&mut self, cell: Option<usize>, mut problem: Problem) {
        self.wrong = true;
        problem.place = Some(crate::diagnostic::Place {
            source: self.source,
            cell: cell.and_then(|cell| self.file.cell_of(cell)),
        });
        self.file.problems.add(problem);
    }
}

/// Whether the plain columns are all the action can need.
#[inline]
pub fn is_plain(meaning: Meaning) -> bool {
    meaning.depends == Depends::No
        && meaning.tag.is_none()
        && !matches!(
            meaning.action,
            Action::Cancel | Action::Dividend | Action::ReturnOfCapital | Action::Fee
        )
}

fn tags(of_word: Option<&str>, of_row: Option<&str>) -> Option<Box<str>> {
    match (of_word, of_row) {
        (None, None) => None,
        (Some(tag), None) | (None, Some(tag)) => Some(tag.into()),
        (Some(word), Some(row)) => Some(format!("{word};{row}").into()),
    }
}
