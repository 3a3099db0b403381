//! A file read by a mapping: every row of it becomes canonical rows, is ignored by a named rule, or is an error.

mod amounts;
mod sides;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::diagnostic::Problem;
use crate::import::account_kinds::sheltered_word;
use crate::import::action;
use crate::import::columns::Column;
use crate::import::dates::Rows as SourceRows;
use crate::import::file::Problems;
use crate::import::header::Header;
use crate::import::moment;
use crate::import::money_words::is_money;
use crate::import::number::DecimalMark;
use crate::import::reading::{BLANK_LINE, ReadOptions, RuleReading};
use crate::record::{Record, Records};
use crate::source::Source;
use crate::trade::Action;

use super::Format;
use super::closed::ClosedLot;
use super::fill;
use super::mapping::{FeeSign, Kind, Mapping, Order, ShareLeg};
use super::pairs::Ledger;
use super::plan::{Compiled, Compiler, Expression, HeaderNames, Plan, Row};
use super::rows::{Finished, Rows};
use super::two_sided::{self, Sides};
use super::values::{DateWriter, Numbers, SourceZone};
use super::{joins, shares};

/// A file turned into canonical rows.
#[derive(Clone, Debug, Default)]
pub struct Mapped {
    /// The rows.
    pub finished: Finished,
    /// The columns of their cells.
    pub columns: Vec<Column>,
    /// For each column, the cell of the file it mainly comes from.
    pub cells: Vec<Option<usize>>,
    /// For each cell of the file, what it is read for.
    pub meanings: Vec<Option<&'static str>>,
    /// Rows written that are the second of a row of the file.
    pub twice: u64,
    /// Accounts whose kind the file says, where it is one that taxes look at in another way.
    pub kinds: BTreeMap<String, String>,
    /// Rows without effect, by the name of the rule that says so.
    pub ignored: BTreeMap<Cow<'static, str>, u64>,
    /// What each rule was used for.
    pub rules: Vec<RuleReading>,
    /// The names of the file's header.
    pub header: Vec<String>,
    /// Parts of the file that may change what is held and are not read: the line of the first row, and how many.
    pub unread: BTreeMap<String, (u32, u64)>,
    /// The finished disposals, of a file that lists those.
    pub closed: Vec<ClosedLot>,
    /// Whether the mapping says which sign of a fee is a cost, so that the other is a rebate.
    pub rebates: bool,
}

impl Mapped {
    /// Names other lines: of what the text was made of.
    pub fn move_lines(&mut self, line_of: impl Fn(u32) -> u32) {
        for line in &mut self.finished.lines {
            *line = line_of(*line);
        }
        for rule in &mut self.rules {
            rule.first_line = line_of(rule.first_line);
        }
        self.cells.fill(None);
    }

    /// The line of the file that a written row comes from.
    #[inline]
    pub fn line_of(&self, row: u32) -> u32 {
        let at = usize::try_from(row).unwrap_or_default().wrapping_sub(1);
        self.finished.lines.get(at).copied().unwrap_or(1)
    }
}

/// What a file is read with.
pub struct Applying<'a> {
    /// The decoded text.
    pub text: &'a [u8],
    /// Its position among the inputs.
    pub number: u16,
    /// Its name.
    pub name: &'a str,
    /// How to read.
    pub options: &'a ReadOptions,
    /// What is wrong.
    pub problems: &'a mut Problems,
    /// Whether finished disposals are wanted as such, and not as rows.
    pub gains: bool,
}

/// How many different texts of actions are remembered.
const MOST_ACTIONS: usize = 10_000;

/// Columns that pairs, splits and the shares of options may fill.
const JOINED: [Column; 7] = [
    Column::Quantity,
    Column::Price,
    Column::Fee,
    Column::Total,
    Column::Ratio,
    Column::NewSymbol,
    Column::NewQuantity,
];

/// Columns whose cells hold numbers.
fn is_number(column: Column) -> bool {
    matches!(
        column,
        Column::Quantity
            | Column::Price
            | Column::Fee
            | Column::FeeValue
            | Column::Total
            | Column::FxRate
            | Column::NewQuantity
            | Column::Basis
            | Column::Strike
            | Column::Multiplier
    )
}

fn is_date(column: Column) -> bool {
    matches!(
        column,
        Column::Date
            | Column::SettleDate
            | Column::EffectiveDate
            | Column::AcquiredDate
            | Column::Expiry
    )
}

/// Reads a file by a mapping; `None` where the mapping does not fit it, which is then among the problems.
pub fn apply(applying: &mut Applying<'_>, format: &Format, header: Header) -> Option<Mapped> {
    let columns = &format.mapping.file.fill_down;
    if columns.is_empty() {
        return apply_filled(applying, format, header, None);
    }
    let preamble = above(applying.text, &header);
    let (text, header) = fill::down(applying.text, &header, columns);
    let mut filled = Applying {
        text: &text,
        problems: applying.problems,
        ..*applying
    };
    apply_filled(&mut filled, format, header, Some(&preamble))
}

/// What stands above the header.
fn above(text: &[u8], header: &Header) -> String {
    let lines = usize::try_from(header.line).unwrap_or_default();
    let above: Vec<&[u8]> = text
        .split(|byte| *byte == b'\n')
        .take(lines.saturating_sub(1))
        .collect();
    String::from_utf8_lossy(&above.join(&b'\n')).into_owned()
}

fn apply_filled(
    applying: &mut Applying<'_>,
    format: &Format,
    header: Header,
    preamble: Option<&str>,
) -> Option<Mapped> {
    let mapping = &format.mapping;
    let names = HeaderNames::new(&header.names);
    let above = match preamble {
        Some(preamble) => preamble.to_owned(),
        None => above(applying.text, &header),
    };
    let mut compiler = Compiler {
        header: &names,
        file_name: applying
            .name
            .rsplit(['/', '\\'])
            .next()
            .unwrap_or(applying.name),
        preamble: &above,
        text: (applying.text, header.delimiter),
        null: &mapping.parse.null,
        wrong: Vec::new(),
        unsaid: Vec::new(),
    };
    let plan = compiler.plan(mapping);
    let (mut wrong, mut unsaid) = (compiler.wrong, compiler.unsaid);
    unsaid.dedup();
    let zone = SourceZone::of(&mapping.parse, plan.header_zone);
    if zone.is_none() {
        wrong.push(format!(
            "`{}` is not a time zone",
            mapping.parse.timezone.as_deref().unwrap_or_default()
        ));
    }
    let source = Source {
        file: applying.number,
        line: header.line.max(1),
    };
    for message in &wrong {
        let problem = Problem::at(source, format!("{message} (format `{}`)", mapping.name));
        applying
            .problems
            .add(problem.help("correct the mapping, or choose another with `--mapping`"));
    }
    for message in &unsaid {
        let (message, help) = message.split_once(": ").unwrap_or((message, ""));
        let problem = Problem::at(source, message.to_owned());
        applying.problems.add(problem.help(help.to_owned()));
    }
    let zone = zone.filter(|_| wrong.is_empty() && unsaid.is_empty())?;
    let mut run = Run::new(applying, mapping, plan, header, zone);
    run.preamble = above;
    run.rows();
    run.finish()
}

/// What became of the rows of a rule.
#[derive(Clone, Debug, Default)]
struct Use {
    rows: u64,
    line: u32,
    word: String,
    cells: String,
}

struct Run<'r, 'a> {
    applying: &'r mut Applying<'a>,
    mapping: &'r Mapping,
    plan: Arc<Plan>,
    header: Header,
    zone: SourceZone,
    numbers: Numbers,
    dates: Vec<(Column, DateWriter)>,
    out: Rows,
    /// For each column written, the expression that usually gives it.
    usual: Vec<Option<Expression>>,
    /// Rules whose text fits, by the text of the action.
    fitting: FxHashMap<Box<str>, Vec<usize>>,
    /// By rule, a use for each word it said.
    uses: Vec<Vec<Use>>,
    ignored: BTreeMap<Cow<'static, str>, u64>,
    ledger: Ledger,
    /// Rows that are parts of an event, by position.
    parts: Vec<usize>,
    /// Whether an option was exercised or assigned.
    shares: bool,
    /// What the file says of accounts.
    kinds: BTreeMap<String, String>,
    /// The text of a kind that was looked at last.
    last_kind: String,
    /// The first row that only repeats what others say, and why such rows are left out.
    repeated: Option<(u32, String)>,
    /// Whether rows are trades of coins that may be paid for with coins.
    coins: bool,
    date_cell: Option<usize>,
    unread: BTreeMap<String, (u32, u64)>,
    closed: Vec<ClosedLot>,
    preamble: String,
    wrong: bool,
}

impl<'r, 'a> Run<'r, 'a> {
    fn new(
        applying: &'r mut Applying<'a>,
        mapping: &'r Mapping,
        plan: Plan,
        header: Header,
        zone: SourceZone,
    ) -> Self {
        let columns = written_columns(mapping, &plan);
        let usual: Vec<Option<Expression>> = columns
            .iter()
            .map(|column| {
                let own = plan.columns.iter().find(|(of, _)| of == column);
                own.map(|(_, expression)| expression.clone())
            })
            .collect();
        let date_cell = plan
            .columns
            .iter()
            .find(|(column, _)| *column == Column::Date)
            .and_then(|(_, expression)| expression.cell());
        let comma = applying.options.decimal == Some(DecimalMark::Comma);
        let rules = plan.rules.len();
        let size = applying.text.len();
        Self {
            numbers: Numbers::of(&mapping.parse, comma),
            applying,
            mapping,
            header,
            zone,
            dates: Vec::new(),
            out: Rows::new(columns, size),
            usual,
            fitting: FxHashMap::default(),
            uses: vec![Vec::new(); rules],
            ignored: BTreeMap::new(),
            ledger: Ledger::default(),
            parts: Vec::new(),
            shares: false,
            kinds: BTreeMap::new(),
            last_kind: String::new(),
            repeated: None,
            coins: trades_coins(mapping, &plan),
            plan: Arc::new(plan),
            date_cell,
            unread: BTreeMap::new(),
            closed: Vec::new(),
            preamble: String::new(),
            wrong: false,
        }
    }

    fn ignore(&mut self, rule: impl Into<Cow<'static, str>>) {
        *self.ignored.entry(rule.into()).or_default() += 1;
    }

    fn problem(&mut self, line: u32, cell: Option<usize>, mut problem: Problem) {
        self.wrong = true;
        problem.place = Some(crate::diagnostic::Place {
            source: Source {
                file: self.applying.number,
                line,
            },
            cell,
        });
        self.applying.problems.add(problem);
    }

    fn source_rows(&self) -> SourceRows<'a> {
        SourceRows {
            text: self.applying.text,
            delimiter: self.header.delimiter,
            from: self.header.rows_from,
            file: self.applying.number,
            columns: self.header.names.len(),
            asked: None,
        }
    }

    fn rows(&mut self) {
        let text = self.applying.text;
        let (at, line) = self.header.rows_from;
        let mut records =
            Records::from(text, self.header.delimiter, at, line).expecting(self.header.names.len());
        let mut record = Record::default();
        let mut ended = false;
        while records.next(&mut record) {
            self.rejoin_date(&mut record);
            let row = Row {
                text,
                record: &record,
            };
            let filled = (0..record.len()).find(|cell| !row.get(*cell).is_empty());
            let Some(first) = filled else {
                self.ignore(BLANK_LINE);
                continue;
            };
            if ended {
                self.after_end(row);
            } else if self.is_end(row, first) {
                ended = true;
                self.ignore("end of the rows");
            } else if self.in_section(row) && !self.is_odd(row) {
                self.row(row);
            }
        }
    }

    /// A date with a comma before its time comes in two cells where a program saved the file without its quotes.
    fn rejoin_date(&self, record: &mut Record) {
        let with_comma = |form: &String| form.contains(',');
        if self.header.delimiter != b',' || !self.mapping.parse.date.iter().any(with_comma) {
            return;
        }
        let date = self
            .plan
            .columns
            .iter()
            .find(|(column, _)| *column == Column::Date);
        let Some(cell) = date.and_then(|(_, expression)| expression.cell()) else {
            return;
        };
        let text = self.applying.text;
        let day = moment::iso(record.get(text, cell)).is_some_and(|found| found.time.is_none());
        if day && record.get(text, cell + 1).get(2) == Some(&b':') {
            record.join(cell);
        }
    }

    fn is_end(&self, row: Row<'_>, first: usize) -> bool {
        if self.plan.stop_at.is_empty() {
            return false;
        }
        // Rows begin with their date: no need to look for an end there.
        let dated = self
            .date_cell
            .is_some_and(|cell| row.get(cell).starts_with(|c: char| c.is_ascii_digit()));
        !dated
            && self
                .plan
                .stop_at
                .iter()
                .any(|regex| regex.is_match(row.get(first)))
    }

    /// A row below the end that looks like a trade must not be lost.
    fn after_end(&mut self, row: Row<'_>) {
        let dated = self
            .date_cell
            .is_some_and(|cell| moment::parse(row.get(cell)).is_some());
        if dated && row.record.len() + 1 >= self.header.names.len() {
            let line = row.record.line();
            self.problem(
                line,
                None,
                Problem::new("a row with a date stands below the end of the rows")
                    .help("if the file holds several lists, give each as a file of its own"),
            );
        } else {
            self.ignore("below the rows");
        }
    }

    /// Whether the row is data of the section that is read.
    fn in_section(&mut self, row: Row<'_>) -> bool {
        let Some(section) = &self.mapping.file.section else {
            return true;
        };
        if !row.get(0).eq_ignore_ascii_case(section) {
            let other = format!("section `{}`", row.get(0));
            let mut unread = self.mapping.file.unread_sections.iter();
            if unread.any(|name| name.eq_ignore_ascii_case(row.get(0)))
                && row.get(1).eq_ignore_ascii_case("Data")
            {
                let first = (row.record.line(), 0);
                self.unread.entry(row.get(0).to_owned()).or_insert(first).1 += 1;
            }
            self.ignore(other);
            return false;
        }
        let data = self.mapping.file.section_row.as_deref().unwrap_or("Data");
        if row.get(1).eq_ignore_ascii_case(data) {
            return true;
        }
        if row.get(1).to_ascii_lowercase().starts_with("header") {
            self.new_header(row);
            self.ignore("header of a section");
        } else {
            let other = format!("`{}` of section `{}`", row.get(1), row.get(0));
            self.ignore(other);
        }
        false
    }

    /// The section goes on with other columns.
    fn new_header(&mut self, row: Row<'_>) {
        let names: Vec<String> = (0..row.record.len())
            .map(|cell| row.get(cell).to_owned())
            .collect();
        let header = HeaderNames::new(&names);
        let mut compiler = Compiler {
            header: &header,
            file_name: self.applying.name,
            preamble: &self.preamble,
            text: (self.applying.text, self.header.delimiter),
            null: &self.mapping.parse.null,
            wrong: Vec::new(),
            unsaid: Vec::new(),
        };
        let plan = compiler.plan(self.mapping);
        for message in compiler.wrong {
            self.problem(row.record.line(), None, Problem::new(message));
        }
        self.plan = Arc::new(plan);
        self.header.names = names;
        self.usual = self
            .out
            .columns
            .iter()
            .map(|column| {
                let own = self.plan.columns.iter().find(|(of, _)| of == column);
                own.map(|(_, expression)| expression.clone())
            })
            .collect();
        self.fitting.clear();
        self.dates.clear();
    }

    /// Rows that are no data whatever they say.
    fn is_odd(&mut self, row: Row<'_>) -> bool {
        let record = row.record;
        if let Some(cell) = record.unclosed() {
            self.problem(
                record.line(),
                Some(cell),
                Problem::new("a quote that opens here is never closed")
                    .help("close it, or remove it; a quote inside quotes is written twice: `\"\"`"),
            );
            return true;
        }
        let skipped = self
            .plan
            .skip_if
            .iter()
            .find(|condition| condition.holds(row));
        if let Some(condition) = skipped {
            let reason = condition.reason.clone();
            if condition.repeats && self.repeated.is_none() {
                self.repeated = Some((record.line(), reason.clone()));
            }
            self.ignore(reason);
            return true;
        }
        let names = self.header.names.len();
        if names > 0 && record.len() > names + 1 {
            let last = (0..record.len())
                .rev()
                .find(|cell| !row.get(*cell).is_empty());
            if let Some(last) = last.filter(|last| *last > names) {
                let cells = last + 1;
                self.problem(
                    record.line(),
                    Some(names),
                    Problem::new(format!(
                        "the row has {cells} cells, but the header names only {names} columns"
                    ))
                    .help("put quotes around a cell that contains the separator"),
                );
                return true;
            }
        }
        false
    }

    /// The rule for a row: its position and the canonical word it says.
    fn rule<'p>(
        &mut self,
        plan: &'p Plan,
        row: Row<'_>,
        action: &'p str,
    ) -> Option<(Option<usize>, Cow<'p, str>)> {
        if plan.rules.is_empty() {
            return Some((None, self.unruled(action)));
        }
        if let Some(meaning) = self.own_meaning(action) {
            return Some((None, Cow::Owned(meaning)));
        }
        let fits = |at: &usize| {
            let rule = plan.rules.get(*at);
            rule.is_some_and(|rule| rule.when.iter().all(|condition| condition.holds(row)))
        };
        let at = match self.fitting.get(action) {
            Some(fitting) => fitting.iter().copied().find(fits),
            None => self.learn(plan, action).iter().copied().find(fits),
        }?;
        let word = plan.rules.get(at)?.word(action)?;
        Some((Some(at), Cow::Borrowed(word)))
    }

    /// The word of a row that no rule looks at. Where no column says what happened, what a row sends and receives does.
    fn unruled<'p>(&self, action: &'p str) -> Cow<'p, str> {
        match self.mapping.kind {
            Kind::TwoSided if self.plan.action.is_none() => Cow::Borrowed("auto"),
            Kind::Ledger if self.plan.action.is_none() => Cow::Borrowed("pair"),
            _ => Cow::Borrowed(action),
        }
    }

    /// What the user's configuration says of an action.
    fn own_meaning(&self, action: &str) -> Option<String> {
        if self.applying.options.actions.is_empty() || action.is_empty() {
            return None;
        }
        let key = action::normalised(action);
        let mut own = self.applying.options.actions.iter();
        own.find(|(word, _)| action::normalised(word) == key)
            .map(|(_, meaning)| meaning.clone())
    }

    /// The rules whose text fits an action met for the first time.
    #[cold]
    fn learn(&mut self, plan: &Plan, action: &str) -> &[usize] {
        if self.fitting.len() > MOST_ACTIONS {
            self.fitting.clear();
        }
        let rules = plan.rules.iter().enumerate();
        let fitting = rules
            .filter(|(_, rule)| rule.fits(action))
            .map(|(at, _)| at)
            .collect();
        self.fitting.entry(action.into()).or_insert(fitting)
    }

    fn row(&mut self, row: Row<'_>) {
        let line = row.record.line();
        let plan = Arc::clone(&self.plan);
        let action = plan.action.as_ref().map(|action| action.text(row));
        let action = action.unwrap_or_default();
        let action_cell = plan.action.as_ref().and_then(Expression::cell);
        let Some((rule, word)) = self.rule(&plan, row, &action) else {
            let problem = self.unknown(&action);
            self.problem(line, action_cell, problem);
            return;
        };
        self.count(rule, row, &word);
        match word.as_ref() {
            "ignore" => {
                let label = rule
                    .and_then(|at| plan.rules.get(at))
                    .map_or_else(|| format!("action `{action}`"), |rule| rule.label.clone());
                self.ignore(label);
            }
            "?" => {
                let reason = rule.and_then(|at| plan.rules.get(at)?.reason.as_deref());
                let problem = self.unanswered(&action, reason);
                self.problem(line, action_cell, problem);
            }
            word if self.moves_money(row, rule, word) => self.ignore("money moved"),
            _ => self.write(row, rule, &word),
        }
    }

    /// A question mark with a reason is a refusal; without one it waits for the user's answer.
    fn unanswered(&self, action: &str, reason: Option<&str>) -> Problem {
        match reason {
            Some(reason) => Problem::new(format!(
                "the format `{}` does not read `{action}`: {reason}",
                self.mapping.name
            ))
            .help("take the row out of the file, and write what happened as rows of a file of the canonical columns"),
            None => Problem::new(format!(
                "the mapping does not say yet what `{action}` means"
            ))
            .help("replace the `?` behind it: buy, sell, dividend, split, ... or `ignore`"),
        }
    }

    /// Whether a row moves money, which no lot is made of. Shares may have the ticker of a currency: only among coins is
    /// it the currency.
    fn moves_money(&self, row: Row<'_>, rule: Option<usize>, word: &str) -> bool {
        if self.mapping.kind == Kind::TwoSided || !matches!(word, "transfer_in" | "transfer_out") {
            return false;
        }
        let symbol = self.text_of(row, rule, Column::Symbol).unwrap_or_default();
        let symbol = self.mapping.rename.get(&symbol).unwrap_or(&symbol);
        is_money(&symbol.to_ascii_uppercase())
            && self.text_of(row, rule, Column::Class).as_deref() == Some("crypto")
    }

    /// The text of a column in a row, by the rule's own expression or the usual one.
    fn text_of(&self, row: Row<'_>, rule: Option<usize>, column: Column) -> Option<String> {
        let compiled = rule.and_then(|at| self.plan.rules.get(at));
        let own =
            compiled.and_then(|rule: &Compiled| rule.set.iter().find(|(of, _)| *of == column));
        let usual = || self.plan.columns.iter().find(|(of, _)| *of == column);
        let text = own
            .or_else(usual)
            .map(|(_, expression)| expression.text(row).trim().to_owned());
        text.filter(|text| !self.numbers.is_null(text))
    }

    fn unknown(&self, action: &str) -> Problem {
        let problem = if action.is_empty() {
            Problem::new("the row has no action")
        } else {
            Problem::new(format!(
                "unknown action `{action}` in a file of the format `{}`",
                self.mapping.name
            ))
        };
        problem
            .note("a word that the format does not know is never guessed")
            .help(format!("say what it means: `[actions]` then `\"{action}\" = \"buy\"` (or sell, dividend, ignore, ...) in lossoffset.toml"))
    }

    fn count(&mut self, rule: Option<usize>, row: Row<'_>, word: &str) {
        let Some(uses) = rule.and_then(|at| self.uses.get_mut(at)) else {
            return;
        };
        if let Some(known) = uses.iter_mut().find(|known| known.word == word) {
            known.rows += 1;
            return;
        }
        let cells: Vec<&str> = (0..row.record.len())
            .map(|cell| row.get(cell))
            .filter(|text| !text.is_empty())
            .collect();
        uses.push(Use {
            rows: 1,
            line: row.record.line(),
            word: word.to_owned(),
            cells: cells.join(" | "),
        });
    }

    fn write(&mut self, row: Row<'_>, rule: Option<usize>, word: &str) {
        match self.mapping.kind {
            Kind::OneSided => self.write_one(row, rule, word),
            Kind::TwoSided => {
                if let Some(sides) = self.sides(row, rule) {
                    self.write_sides(&sides, word);
                }
            }
            Kind::Ledger if word == "pair" || word == "pair.fee" => {
                if let Some(sides) = self.sides(row, rule) {
                    self.leg(row, &sides, word == "pair.fee");
                }
            }
            Kind::Ledger => {
                if self
                    .plan
                    .columns
                    .iter()
                    .any(|(column, _)| *column == Column::Quantity)
                {
                    self.write_one(row, rule, word);
                } else if let Some(sides) = self.sides(row, rule) {
                    self.write_sides(&sides, word);
                }
            }
            Kind::ClosedLots => self.write_closed(row, rule),
        }
    }

    /// One canonical row, cell by cell.
    fn write_one(&mut self, row: Row<'_>, rule: Option<usize>, word: &str) {
        let start = self.out.begin();
        self.wrong = false;
        let columns = std::mem::take(&mut self.out.columns);
        let usual = std::mem::take(&mut self.usual);
        let plan = Arc::clone(&self.plan);
        let set = rule
            .and_then(|at| plan.rules.get(at))
            .map_or(&[][..], |rule| rule.set.as_slice());
        for (column, usual) in columns.iter().zip(&usual) {
            if *column == Column::Action {
                self.out.push(word);
            } else {
                let own = set.iter().find(|(of, _)| of == column);
                if let Some(expression) = own.map(|(_, own)| own).or(usual.as_ref()) {
                    self.cell(row, rule, *column, expression);
                }
            }
            self.out.end_cell();
        }
        self.out.columns = columns;
        self.usual = usual;
        if self.wrong {
            self.out.undo(start);
            return;
        }
        self.out.end_row(start, row.record.line());
        if !self.check_multiplier(row, rule, word) || !self.check_gross(row, rule, word) {
            return;
        }
        if self.coins && matches!(word, "buy" | "sell") {
            self.swap_coins(word == "buy");
        }
        if word.contains('.') {
            self.parts.push(self.out.count() - 1);
        }
        self.shares = self.shares || matches!(word, "assign" | "exercise");
        self.note_kind(row, rule);
    }

    /// Notes the kind of the row's account, where the file says it.
    fn note_kind(&mut self, row: Row<'_>, rule: Option<usize>) {
        let plan = Arc::clone(&self.plan);
        let Some(kind) = plan.sides.get("account_kind") else {
            return;
        };
        let account = self.text_of(row, rule, Column::Account).unwrap_or_default();
        let said = format!("{account}\u{1f}{}", kind.text(row).trim());
        if said == self.last_kind {
            return;
        }
        if let Some((_, kind)) = said.split_once('\u{1f}')
            && sheltered_word(kind).is_some()
            && !account.is_empty()
        {
            self.kinds.insert(account, kind.to_owned());
        }
        self.last_kind = said;
    }

    /// A trade that was paid for with a coin is a swap.
    fn swap_coins(&mut self, buys: bool) {
        let place = self.out.count() - 1;
        if let Some(swap) = two_sided::paid_in_coin(&self.out.cells(place), buys) {
            self.out.fill(place, &swap);
        }
    }

    fn cell(&mut self, row: Row<'_>, rule: Option<usize>, column: Column, expression: &Expression) {
        if is_date(column) {
            let text = expression.text(row);
            if let Some(date) = self.date(row, column, expression.cell(), &text) {
                self.out.push(&date);
            }
        } else if is_number(column) {
            self.number_cell(row, rule, column, expression);
        } else {
            let text = expression.text(row);
            let text = text.trim();
            if self.numbers.is_null(text) {
                return;
            }
            let symbol = matches!(
                column,
                Column::Symbol | Column::NewSymbol | Column::Underlying
            );
            match self.mapping.rename.get(text).filter(|_| symbol) {
                Some(name) => self.out.push(name),
                None => self.out.push(text),
            }
        }
    }

    /// Rows that repeat others in a file that has no others: what they repeat was not exported.
    fn only_repeats(&mut self) {
        let Some((line, reason)) = self.repeated.take() else {
            return;
        };
        if self.out.count() > 0 || self.uses.iter().any(|uses| !uses.is_empty()) || self.wrong {
            return;
        }
        let problem = Problem::new("the file has no row that trades are read from")
            .note(format!("left out are {reason}"))
            .help("export it again with the rows of single trades: in a Flex Query choose `Executions` under Trades");
        self.problem(line, None, problem);
    }

    fn finish(mut self) -> Option<Mapped> {
        self.only_repeats();
        self.finish_pairs();
        let joined = joins::join(&mut self.out, &self.parts, &self.mapping.pair);
        for (line, problem) in joined.problems {
            self.problem(line, None, problem);
        }
        self.merge_ignored(joined.ignored);
        if self.shares && self.mapping.options.share_leg == ShareLeg::InFile {
            let found = shares::join(&mut self.out);
            self.merge_ignored(found.ignored);
            for (line, problem) in found.problems {
                self.problem(line, None, problem);
            }
        }
        if self.mapping.file.order == Order::NewestFirst && self.on_one_day() {
            self.out.reverse();
        }
        let rules = self.rule_readings();
        let columns = self.out.columns.clone();
        let cells = columns
            .iter()
            .map(|column| {
                if *column == Column::Action {
                    return self.plan.action.as_ref().and_then(Expression::cell);
                }
                let own = self.plan.columns.iter().find(|(of, _)| of == column);
                own.and_then(|(_, expression)| expression.cell())
            })
            .collect();
        let meanings = (0..self.header.names.len()).map(|cell| self.plan.meaning(cell));
        let meanings = meanings.collect();
        let twice = self.rows_of_two();
        Some(Mapped {
            meanings,
            twice,
            kinds: self.kinds,
            finished: self.out.finish(),
            columns,
            cells,
            ignored: self.ignored,
            rules,
            unread: self.unread,
            closed: self.closed,
            rebates: matches!(
                self.mapping.signs.fee,
                Some(FeeSign::PositiveCost | FeeSign::NegativeCost)
            ),
            header: self.header.names,
        })
    }

    /// Rows of finished disposals, each of which was written as a purchase and a sale.
    fn rows_of_two(&self) -> u64 {
        let closed = self.mapping.kind == Kind::ClosedLots;
        let lines = (1..self.out.count()).filter(|at| self.out.line(*at) == self.out.line(*at - 1));
        if closed { lines.count() as u64 } else { 0 }
    }

    fn merge_ignored(&mut self, ignored: BTreeMap<&'static str, u64>) {
        for (rule, rows) in ignored {
            *self.ignored.entry(Cow::Borrowed(rule)).or_default() += rows;
        }
    }

    fn finish_pairs(&mut self) {
        let ledger = std::mem::take(&mut self.ledger);
        for event in ledger.events() {
            self.ignored
                .entry(Cow::Borrowed("other leg of a trade"))
                .and_modify(|rows| *rows += event.legs.saturating_sub(1))
                .or_insert(event.legs.saturating_sub(1));
            let row = |sides: Sides| {
                let label = two_sided::without_effect(&sides);
                two_sided::row(&sides, "auto").map(|cells| cells.ok_or(label))
            };
            match event.sides.and_then(row) {
                Ok(Ok(cells)) => self.out.fill(event.place, &cells),
                Ok(Err(label)) => {
                    self.out.remove(event.place);
                    self.ignore(label);
                }
                Err(problem) => {
                    self.out.remove(event.place);
                    self.problem(event.line, None, problem);
                }
            }
        }
        self.ignored.retain(|_, rows| *rows > 0);
    }

    /// Whether dates cannot show the order of rows.
    fn on_one_day(&self) -> bool {
        let date = |place| {
            let cells = self.out.cells(place);
            super::rows::cell(&cells, Column::Date).map(str::to_owned)
        };
        let last = self.out.count().checked_sub(1).and_then(date);
        self.out.count() > 1 && last.is_some() && date(0) == last
    }

    fn rule_readings(&self) -> Vec<RuleReading> {
        let rules = self.plan.rules.iter().zip(&self.uses);
        let used = rules.flat_map(|(rule, uses)| uses.iter().map(move |used| (rule, used)));
        used.map(|(rule, used)| RuleReading {
            rule: rule.label.clone(),
            meaning: used.word.clone(),
            rows: used.rows,
            first_line: used.line,
            cells: used.cells.clone(),
            event: self.event_at(used.line),
        })
        .collect()
    }

    /// The row written for a line, as `column value` pairs.
    fn event_at(&self, line: u32) -> String {
        let place = (0..self.out.count()).find(|place| self.out.line(*place) == line);
        let cells = place.map(|place| self.out.cells(place)).unwrap_or_default();
        let texts = cells
            .iter()
            .filter(|(column, _)| *column != Column::Note)
            .map(|(column, text)| format!("{} {text}", column.name()));
        texts.collect::<Vec<_>>().join(", ")
    }
}

/// The columns that rows of this mapping may fill, the date first.
fn written_columns(mapping: &Mapping, plan: &Plan) -> Vec<Column> {
    if mapping.kind != Kind::OneSided {
        return two_sided::COLUMNS.to_vec();
    }
    let mut columns: Vec<Column> = plan.columns.iter().map(|(column, _)| *column).collect();
    columns.extend(
        plan.rules
            .iter()
            .flat_map(|rule| rule.set.iter().map(|(column, _)| *column)),
    );
    if plan.action.is_some() || !plan.rules.is_empty() {
        columns.push(Column::Action);
    }
    if trades_coins(mapping, plan) {
        columns.extend(two_sided::PAID_IN_COIN);
    }
    let parts = mapping.options.share_leg == ShareLeg::InFile || !mapping.pair.is_empty();
    if parts {
        columns.extend(JOINED);
    }
    // Notes are not computed with: they are written only where they hold rows together.
    let by_note = mapping
        .pair
        .iter()
        .any(|pair| pair.by.iter().any(|name| name == "note"));
    columns.retain(|column| *column != Column::Note || by_note);
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// Whether the rows of a mapping are trades of coins, each in a currency that its row says.
fn trades_coins(mapping: &Mapping, plan: &Plan) -> bool {
    let usual = |column: Column| {
        let own = plan.columns.iter().find(|(of, _)| *of == column);
        own.map(|(_, expression)| expression)
    };
    mapping.kind == Kind::OneSided
        && usual(Column::Class).and_then(Expression::constant) == Some("crypto")
        && usual(Column::Currency).is_some_and(|currency| currency.constant().is_none())
}

/// Whether units times price is what a row of this action moves.
fn is_priced(word: &str) -> bool {
    matches!(
        word,
        "buy" | "sell" | "short" | "cover" | "open" | "close" | "bto" | "sto" | "btc" | "stc"
    )
}

/// Whether a word may stand behind `is`.
pub fn is_meaning(word: &str) -> bool {
    const PARTS: [&str; 11] = [
        "?",
        "auto",
        "trade",
        "pair",
        "pair.fee",
        "split.old",
        "split.new",
        "merger.cash",
        "merger.units",
        "rename.old",
        "rename.new",
    ];
    PARTS.contains(&word) || Action::WORDS.iter().any(|(known, _)| *known == word)
}
