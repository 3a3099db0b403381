//! A mapping put beside the header of one file: which cell is what, with every name looked up and every regular
//! expression compiled once.

use std::borrow::Cow;
use std::collections::BTreeMap;

use regex::Regex;
use rustc_hash::FxHashMap;

use crate::import::columns::Column;
use crate::record::Record;

use super::apply::is_meaning;
use super::detect::name_key;
use super::elsewhere::{self, Values};
use super::mapping::{
    CellTable, Cells, Condition, Mapping, Meaning, Names, Pick, PriceUnit, QuantitySign, Rule,
};

/// Where the text of a column comes from in this file.
#[derive(Clone, Debug)]
pub struct Expression {
    from: From,
    map: Option<BTreeMap<String, String>>,
    default: Option<String>,
}

#[derive(Clone, Debug)]
enum From {
    Cell(usize),
    Const(String),
    Sum(Vec<usize>),
    Join(Vec<usize>),
    /// The first that is filled, and texts that count as empty.
    FirstFilled(Vec<usize>, Vec<String>),
    Template(Vec<Piece>),
    /// Columns, of which the first with such a number counts: each with its own text in place of the cell's, if any.
    Pick(Pick, Vec<(usize, Option<String>)>),
    Group {
        cell: usize,
        regex: Regex,
        group: usize,
    },
    /// What another section says under these cells.
    Elsewhere {
        by: Vec<usize>,
        values: Values,
    },
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Cell(usize),
}

/// The cells of one row.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// The text of the file.
    pub text: &'a [u8],
    /// Where its cells lie.
    pub record: &'a Record,
}

impl<'a> Row<'a> {
    /// The text of a cell.
    #[inline]
    pub fn get(self, cell: usize) -> &'a str {
        std::str::from_utf8(self.record.get(self.text, cell)).unwrap_or("\u{fffd}")
    }
}

impl Expression {
    /// The cell that its text comes from in the main.
    pub fn cell(&self) -> Option<usize> {
        match &self.from {
            From::Cell(cell) | From::Group { cell, .. } => Some(*cell),
            From::Sum(cells) | From::Join(cells) | From::FirstFilled(cells, _) => {
                cells.first().copied()
            }
            From::Template(pieces) => pieces.iter().find_map(|piece| match piece {
                Piece::Cell(cell) => Some(*cell),
                Piece::Text(_) => None,
            }),
            From::Pick(_, columns) => columns.first().map(|(cell, _)| *cell),
            From::Const(_) | From::Elsewhere { .. } => None,
        }
    }

    /// Every cell that its text is made of.
    pub fn cells(&self) -> Vec<usize> {
        match &self.from {
            From::Cell(cell) | From::Group { cell, .. } => vec![*cell],
            From::Sum(cells)
            | From::Join(cells)
            | From::FirstFilled(cells, _)
            | From::Elsewhere { by: cells, .. } => cells.clone(),
            From::Template(pieces) => pieces
                .iter()
                .filter_map(|piece| match piece {
                    Piece::Cell(cell) => Some(*cell),
                    Piece::Text(_) => None,
                })
                .collect(),
            From::Pick(_, columns) => columns.iter().map(|(cell, _)| *cell).collect(),
            From::Const(_) => Vec::new(),
        }
    }

    /// Whether its text is made of a cell.
    pub fn uses(&self, cell: usize) -> bool {
        self.cells().contains(&cell)
    }

    /// Whether another section of the file says it.
    pub fn is_elsewhere(&self) -> bool {
        matches!(self.from, From::Elsewhere { .. })
    }

    /// The text, where it is the same in every row.
    pub fn constant(&self) -> Option<&str> {
        match &self.from {
            From::Const(text) if self.map.is_none() => Some(text),
            From::Const(_)
            | From::Cell(_)
            | From::Sum(_)
            | From::Join(_)
            | From::FirstFilled(..)
            | From::Template(_)
            | From::Pick(..)
            | From::Group { .. }
            | From::Elsewhere { .. } => None,
        }
    }

    /// The cells to be added up, where it is a sum.
    pub fn summands(&self) -> Option<&[usize]> {
        match &self.from {
            From::Sum(cells) => Some(cells),
            From::Cell(_)
            | From::Const(_)
            | From::Join(_)
            | From::FirstFilled(..)
            | From::Template(_)
            | From::Pick(..)
            | From::Group { .. }
            | From::Elsewhere { .. } => None,
        }
    }

    /// The text in a row; of a sum, its first cell.
    #[inline]
    pub fn text<'a>(&'a self, row: Row<'a>) -> Cow<'a, str> {
        if let From::Cell(cell) = &self.from
            && self.map.is_none()
            && self.default.is_none()
        {
            return Cow::Borrowed(row.get(*cell));
        }
        self.other_text(row)
    }

    fn other_text<'a>(&'a self, row: Row<'a>) -> Cow<'a, str> {
        let text = self.source_text(row);
        if let Some(map) = &self.map
            && let Some(other) = map.get(text.as_ref())
        {
            return Cow::Borrowed(other);
        }
        match &self.default {
            Some(default) if text.is_empty() => Cow::Borrowed(default),
            _ => text,
        }
    }

    /// The text before anything is put in its place.
    pub fn source_text<'a>(&'a self, row: Row<'a>) -> Cow<'a, str> {
        match &self.from {
            From::Cell(cell) => Cow::Borrowed(row.get(*cell)),
            From::Const(text) => Cow::Borrowed(text),
            From::Sum(cells) => Cow::Borrowed(cells.first().map_or("", |cell| row.get(*cell))),
            From::FirstFilled(cells, null) => {
                let filled = |text: &&str| {
                    let text = text.trim();
                    !crate::import::number::is_unknown(text) && !null.iter().any(|n| n == text)
                };
                let mut texts = cells.iter().map(|cell| row.get(*cell));
                Cow::Borrowed(texts.find(filled).unwrap_or_default())
            }
            From::Join(cells) => {
                let mut texts: Vec<&str> = cells
                    .iter()
                    .map(|cell| row.get(*cell))
                    .filter(|text| !text.is_empty())
                    .collect();
                // A workbook may hold the whole moment in the column of days and in that of times.
                texts.dedup();
                Cow::Owned(texts.join(" "))
            }
            From::Template(pieces) => Cow::Owned(
                pieces
                    .iter()
                    .map(|piece| match piece {
                        Piece::Text(text) => text,
                        Piece::Cell(cell) => row.get(*cell),
                    })
                    .collect(),
            ),
            From::Pick(pick, columns) => {
                let such = |(cell, _): &&(usize, Option<String>)| {
                    let sign = sign_of(row.get(*cell));
                    match pick {
                        Pick::Negative => sign == '-',
                        Pick::Positive => sign == '+',
                        Pick::Nonzero => sign != '0',
                    }
                };
                let found = columns.iter().find(such);
                Cow::Borrowed(found.map_or("", |(cell, own)| match own {
                    Some(own) => own,
                    None => row.get(*cell),
                }))
            }
            From::Elsewhere { by, values } => {
                let key = elsewhere::key(by.iter().map(|cell| row.get(*cell)));
                Cow::Borrowed(values.get(&key).map_or("", String::as_str))
            }
            From::Group { cell, regex, group } => {
                let found = regex.captures(row.get(*cell)).and_then(|found| {
                    // Of alternatives the one that took part: `group` counts from the first.
                    (*group..found.len()).find_map(|group| found.get(group))
                });
                Cow::Borrowed(found.map_or("", |found| found.as_str()))
            }
        }
    }
}

/// What a column is read for that only tells which rows are which.
const TELLS_APART: &str = "which rows are which";

impl Plan {
    /// What a cell of the file is read for: the column it mainly makes up, or takes part in.
    pub fn meaning(&self, cell: usize) -> Option<&'static str> {
        let usual = self.columns.iter();
        let own = usual.clone().find(|(_, own)| own.cell() == Some(cell));
        let of_action = self.action.as_ref().filter(|action| action.uses(cell));
        let sides = || {
            let mut sides = self.sides.iter().filter(|(_, side)| side.uses(cell));
            let (name, _) = sides.next()?;
            SIDES.iter().find(|side| **side == name.as_str()).copied()
        };
        let sets = || {
            let mut sets = self.rules.iter().flat_map(|rule| &rule.set);
            sets.find(|(_, set)| set.uses(cell))
        };
        let conditions = || {
            let of_rules = self.rules.iter().flat_map(|rule| &rule.when);
            let mut all = of_rules.chain(&self.skip_if);
            all.any(|condition| condition.cell == Some(cell))
        };
        own.or_else(|| usual.clone().find(|(_, own)| own.uses(cell)))
            .map(|(column, _)| column.name())
            .or_else(|| of_action.map(|_| Column::Action.name()))
            .or_else(sides)
            .or_else(|| sets().map(|(column, _)| column.name()))
            .or_else(|| conditions().then_some(TELLS_APART))
    }
}

/// A test of one text, ignoring case.
#[derive(Clone, Debug)]
pub enum Test {
    /// Any of these.
    In(Vec<String>),
    /// None of these.
    NotIn(Vec<String>),
    /// Begins with any of these.
    Prefix(Vec<String>),
    /// Has any of these in it.
    Contains(Vec<String>),
    /// Is like this.
    Regex(Regex),
    /// Is not like this.
    NotRegex(Regex),
    /// Is empty, or is not.
    Empty(bool),
    /// Has this sign.
    Sign(char),
}

impl Test {
    /// Whether the text passes.
    pub fn holds(&self, text: &str) -> bool {
        match self {
            Self::In(words) => words.iter().any(|word| word.eq_ignore_ascii_case(text)),
            Self::NotIn(words) => !words.iter().any(|word| word.eq_ignore_ascii_case(text)),
            Self::Prefix(words) => words.iter().any(|word| {
                text.get(..word.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(word))
            }),
            Self::Contains(words) => {
                let text = text.to_ascii_lowercase();
                words.iter().any(|word| text.contains(word.as_str()))
            }
            Self::Regex(regex) => regex.is_match(text),
            Self::NotRegex(regex) => !regex.is_match(text),
            Self::Empty(empty) => crate::import::number::is_unknown(text) == *empty,
            Self::Sign(sign) => sign_of(text) == *sign,
        }
    }
}

/// `+`, `-` or `0`, as far as the text is a number.
fn sign_of(text: &str) -> char {
    if !text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
        '0'
    } else if text.contains(['-', '(', '\u{2212}']) {
        '-'
    } else {
        '+'
    }
}

/// A condition on a row.
#[derive(Clone, Debug)]
pub struct RowTest {
    cell: Option<usize>,
    test: Vec<Test>,
    /// Such rows repeat what others say.
    pub repeats: bool,
    /// The rule's name in counts.
    pub reason: String,
}

impl RowTest {
    /// Whether it holds of a row.
    pub fn holds(&self, row: Row<'_>) -> bool {
        let text = self.cell.map_or("", |cell| row.get(cell));
        self.test.iter().all(|test| test.holds(text))
    }
}

/// A rule of the action column, ready to use.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// What the text must be like.
    pub test: Vec<Test>,
    /// What the row must be like.
    pub when: Vec<RowTest>,
    /// What it means.
    pub is: Is,
    /// Its name in counts.
    pub label: String,
    /// Why it is as it is, where the mapping says so.
    pub reason: Option<String>,
    /// Columns read in another way, by position among the columns written.
    pub set: Vec<(Column, Expression)>,
    /// What a price is per.
    pub price_unit: Option<PriceUnit>,
    /// What a minus on a quantity means.
    pub quantity: Option<QuantitySign>,
}

/// What a rule says.
#[derive(Clone, Debug)]
pub enum Is {
    /// One word.
    Word(String),
    /// A word by the first group of the regular expression.
    ByGroup(Regex, BTreeMap<String, String>),
}

impl Compiled {
    /// Whether the action's text is what the rule is about.
    pub fn fits(&self, action: &str) -> bool {
        self.test.iter().all(|test| test.holds(action))
    }

    /// The word it says for this text.
    pub fn word(&self, action: &str) -> Option<&str> {
        match &self.is {
            Is::Word(word) => Some(word),
            Is::ByGroup(regex, words) => {
                let found = regex.captures(action)?;
                let group = found.get(1)?.as_str();
                words
                    .iter()
                    .find(|(word, _)| word.eq_ignore_ascii_case(group))
                    .map(|(_, meaning)| meaning.as_str())
            }
        }
    }
}

/// A mapping put beside a header.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What each canonical column is read from.
    pub columns: Vec<(Column, Expression)>,
    /// What the further names of two-sided rows are read from.
    pub sides: BTreeMap<String, Expression>,
    /// The text that rules look at.
    pub action: Option<Expression>,
    /// The rules.
    pub rules: Vec<Compiled>,
    /// Rows to leave out.
    pub skip_if: Vec<RowTest>,
    /// Where the rows end.
    pub stop_at: Vec<Regex>,
    /// The offset that the header names, in seconds east of UTC.
    pub header_zone: Option<i32>,
}

/// The names of two-sided rows, and of finished disposals, that are no canonical columns.
pub const SIDES: [&str; 13] = [
    "gross",
    "account_kind",
    "sent_amount",
    "sent_currency",
    "received_amount",
    "received_currency",
    "fee_amount",
    "net_worth_amount",
    "net_worth_currency",
    "amount",
    "wash",
    "term",
    "description",
];

/// The names of a header, ready to be looked up.
#[derive(Clone, Debug, Default)]
pub struct HeaderNames {
    keys: Vec<String>,
    names: Vec<String>,
    by_key: FxHashMap<String, usize>,
}

impl HeaderNames {
    /// The names of a header.
    pub fn new(names: &[String]) -> Self {
        let keys: Vec<String> = names.iter().map(|name| name_key(name)).collect();
        let mut by_key = FxHashMap::default();
        for (at, key) in keys.iter().enumerate() {
            by_key.entry(key.clone()).or_insert(at);
        }
        Self {
            keys,
            names: names.to_vec(),
            by_key,
        }
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.by_key.get(&name_key(name)).copied()
    }

    fn nth(&self, name: &str, nth: usize) -> Option<usize> {
        let key = name_key(name);
        let mut all = self.keys.iter().enumerate().filter(|(_, k)| **k == key);
        all.nth(nth.saturating_sub(1)).map(|(at, _)| at)
    }
}

/// What a mapping and a header are put together with.
pub struct Compiler<'a> {
    /// The header.
    pub header: &'a HeaderNames,
    /// The name of the file.
    pub file_name: &'a str,
    /// What stands above the header.
    pub preamble: &'a str,
    /// The text of the file, and what separates its cells.
    pub text: (&'a [u8], u8),
    /// Texts that mean an empty cell.
    pub null: &'a [String],
    /// Columns that the mapping names and the header lacks, and whatever else is wrong.
    pub wrong: Vec<String>,
    /// What the file does not say and should, in the mapping's own words.
    pub unsaid: Vec<String>,
}

impl Compiler<'_> {
    /// The whole plan.
    pub fn plan(&mut self, mapping: &Mapping) -> Plan {
        let mut columns = Vec::new();
        let mut sides = BTreeMap::new();
        let mut action = None;
        for (name, cells) in &mapping.columns {
            let Some(expression) = self.expression(cells) else {
                continue;
            };
            if name == "action" {
                action = Some(expression);
            } else if SIDES.contains(&name.as_str()) {
                sides.insert(name.clone(), expression);
            } else if let Some(column) = column_named(name) {
                columns.push((column, expression));
            } else {
                self.wrong.push(format!(
                    "`{name}` under [columns] is not a column of lossoffset"
                ));
            }
        }
        columns.sort_by_key(|(column, _)| *column);
        let rules = mapping.actions.iter().map(|rule| self.rule(rule)).collect();
        let skip_if = mapping
            .file
            .skip_if
            .iter()
            .map(|condition| self.condition(condition))
            .collect();
        let stop_at = mapping
            .file
            .stop_at
            .iter()
            .filter_map(|text| self.regex(text))
            .collect();
        Plan {
            columns,
            sides,
            action,
            rules,
            skip_if,
            stop_at,
            header_zone: self.header_zone(mapping),
        }
    }

    fn header_zone(&self, mapping: &Mapping) -> Option<i32> {
        if mapping.parse.timezone.as_deref() != Some("from-header") {
            return None;
        }
        self.header.names.iter().find_map(|name| {
            let (_, zone) = name.split_once('(')?;
            let zone = zone.split(')').next()?.trim().to_ascii_lowercase();
            match crate::import::moment::zone_offset(&zone)? {
                crate::import::moment::Offset::East(seconds) if !zone.is_empty() => Some(seconds),
                _ => None,
            }
        })
    }

    fn rule(&mut self, rule: &Rule) -> Compiled {
        let mut test = Vec::new();
        if let Some(text) = &rule.equals {
            test.push(Test::In(vec![text.trim().to_owned()]));
        }
        if let Some(words) = &rule.r#in {
            test.push(Test::In(words.clone()));
        }
        self.names_test(&mut test, rule.prefix.as_ref(), rule.contains.as_ref());
        let regex = rule.regex.as_ref().and_then(|text| self.regex(text));
        if let Some(regex) = &regex {
            test.push(Test::Regex(regex.clone()));
        }
        let is = match (&rule.is, regex) {
            (Meaning::Word(word), _) => Is::Word(word.clone()),
            (Meaning::ByGroup(words), Some(regex)) => Is::ByGroup(regex, words.clone()),
            (Meaning::ByGroup(_), None) => {
                self.wrong.push(
                    "an action with a table of meanings needs a `regex` with a group".to_owned(),
                );
                Is::Word("?".to_owned())
            }
        };
        let words: Vec<&str> = match &is {
            Is::Word(word) => vec![word],
            Is::ByGroup(_, words) => words.values().map(String::as_str).collect(),
        };
        for word in words.into_iter().filter(|word| !is_meaning(word)) {
            self.wrong
                .push(format!("`is = \"{word}\"` says nothing that is known"));
        }
        let mut set = Vec::new();
        for (name, cells) in &rule.set {
            match column_named(name) {
                Some(column) => {
                    if let Some(expression) = self.expression(cells) {
                        set.push((column, expression));
                    }
                }
                None => self.wrong.push(format!(
                    "`{name}` under `set` is not a column of lossoffset"
                )),
            }
        }
        Compiled {
            test,
            when: rule
                .when
                .iter()
                .map(|condition| self.condition(condition))
                .collect(),
            is,
            label: rule.reason.clone().unwrap_or_else(|| label(rule)),
            reason: rule.reason.clone(),
            set,
            price_unit: rule.price_unit,
            quantity: rule.quantity,
        }
    }

    fn names_test(&self, test: &mut Vec<Test>, prefix: Option<&Names>, contains: Option<&Names>) {
        if let Some(names) = prefix {
            test.push(Test::Prefix(names.all().to_vec()));
        }
        if let Some(names) = contains {
            let lower = names.all().iter().map(|name| name.to_ascii_lowercase());
            test.push(Test::Contains(lower.collect()));
        }
    }

    fn condition(&mut self, condition: &Condition) -> RowTest {
        let cell = match (&condition.column, condition.index) {
            (Some(names), _) => names.all().iter().find_map(|name| self.header.find(name)),
            (None, Some(index)) => Some(index),
            (None, None) => {
                let left = condition
                    .after
                    .as_ref()
                    .and_then(|name| self.header.find(name));
                left.map(|cell| cell + 1)
            }
        };
        let mut test = Vec::new();
        if let Some(text) = &condition.equals {
            test.push(Test::In(vec![text.trim().to_owned()]));
        }
        if let Some(words) = &condition.r#in {
            test.push(Test::In(words.clone()));
        }
        if let Some(words) = &condition.not_in {
            test.push(Test::NotIn(words.clone()));
        }
        self.names_test(
            &mut test,
            condition.prefix.as_ref(),
            condition.contains.as_ref(),
        );
        if let Some(regex) = condition.regex.as_ref().and_then(|text| self.regex(text)) {
            test.push(Test::Regex(regex));
        }
        if let Some(regex) = condition
            .not_regex
            .as_ref()
            .and_then(|text| self.regex(text))
        {
            test.push(Test::NotRegex(regex));
        }
        test.extend(condition.empty.map(Test::Empty));
        if let Some(sign) = condition.sign.as_ref().and_then(|sign| sign.chars().next()) {
            test.push(Test::Sign(sign));
        }
        let named = condition
            .column
            .as_ref()
            .and_then(|names| names.all().first().cloned());
        RowTest {
            cell,
            test,
            repeats: condition.repeats,
            reason: condition
                .reason
                .clone()
                .unwrap_or_else(|| format!("skipped by `{}`", named.unwrap_or_default())),
        }
    }

    fn regex(&mut self, text: &str) -> Option<Regex> {
        match Regex::new(text) {
            Ok(regex) => Some(regex),
            Err(error) => {
                let error = error.to_string();
                let last = error.lines().last().unwrap_or_default();
                self.wrong
                    .push(format!("`{text}` is not a regular expression: {last}"));
                None
            }
        }
    }

    fn expression(&mut self, cells: &Cells) -> Option<Expression> {
        let plain = |from| Expression {
            from,
            map: None,
            default: None,
        };
        match cells {
            Cells::Name(name) => match self.header.find(name) {
                Some(cell) => Some(plain(From::Cell(cell))),
                None => self.missing(std::slice::from_ref(name)),
            },
            Cells::AnyOf(names) => match names.iter().find_map(|name| self.header.find(name)) {
                Some(cell) => Some(plain(From::Cell(cell))),
                None => self.missing(names),
            },
            Cells::Table(table) => {
                let from = match self.from(table) {
                    Some(from) => from,
                    None if table.default.is_some() => From::Const(String::new()),
                    None => return None,
                };
                Some(Expression {
                    from,
                    map: table.map.clone(),
                    default: table.default.clone(),
                })
            }
        }
    }

    fn missing<T>(&mut self, names: &[String]) -> Option<T> {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        self.wrong
            .push(format!("the header has no column {}", names.join(" or ")));
        None
    }

    fn from(&mut self, table: &CellTable) -> Option<From> {
        if let Some(text) = &table.r#const {
            return Some(From::Const(text.clone()));
        }
        for (pattern, text) in [
            (&table.filename_regex, self.file_name),
            (&table.preamble_regex, self.preamble),
        ] {
            let Some(pattern) = pattern else { continue };
            let found = self.regex(pattern)?.captures(text);
            let group = found.and_then(|found| found.get(table.group.unwrap_or(1)));
            return match group {
                Some(group) => Some(From::Const(group.as_str().to_owned())),
                None if table.optional || table.default.is_some() => None,
                None if table.missing.is_some() => {
                    self.unsaid.extend(table.missing.clone());
                    None
                }
                None => {
                    let place = if table.filename_regex.is_some() {
                        "the name of the file"
                    } else {
                        "what stands above the header"
                    };
                    self.wrong
                        .push(format!("{place} has nothing like `{pattern}`"));
                    None
                }
            };
        }
        if let (Some(pick), Some(pattern)) = (table.pick, &table.header_regex) {
            return self.picked(pick, pattern, table);
        }
        if let Some(of) = &table.elsewhere {
            let names = of.by.iter();
            let by: Vec<usize> = names.filter_map(|name| self.header.find(name)).collect();
            if by.len() < of.by.len() {
                return if table.optional {
                    None
                } else {
                    self.missing(&of.by)
                };
            }
            let values = elsewhere::values(self.text.0, self.text.1, of);
            return Some(From::Elsewhere { by, values });
        }
        if let Some(template) = &table.template {
            return self.template(template, table.optional);
        }
        for (names, kind) in [(&table.sum, 0), (&table.join, 1), (&table.first_filled, 2)] {
            let Some(names) = names else { continue };
            let cells: Vec<usize> = names
                .iter()
                .filter_map(|name| self.header.find(name))
                .collect();
            if cells.is_empty() {
                return if table.optional {
                    None
                } else {
                    self.missing(names)
                };
            }
            return Some(match kind {
                0 => From::Sum(cells),
                1 => From::Join(cells),
                _ => From::FirstFilled(cells, self.null.to_vec()),
            });
        }
        self.single(table)
    }

    /// All columns that are like a pattern.
    fn picked(&mut self, pick: Pick, pattern: &str, table: &CellTable) -> Option<From> {
        let regex = self.regex(pattern)?;
        let names = self.header.names.iter().enumerate();
        let columns: Vec<(usize, Option<String>)> = names
            .filter_map(|(at, name)| {
                let found = regex.captures(name.trim())?;
                let own = table.header_group.and_then(|group| found.get(group));
                Some((at, own.map(|own| own.as_str().to_owned())))
            })
            .collect();
        if columns.is_empty() && !table.optional {
            return self.missing(&[pattern.to_owned()]);
        }
        Some(From::Pick(pick, columns))
    }

    fn single(&mut self, table: &CellTable) -> Option<From> {
        let names: Vec<String> = [&table.name, &table.alt]
            .into_iter()
            .flatten()
            .flat_map(|names| names.all().iter().cloned())
            .collect();
        let cell = if let Some(index) = table.index {
            Some(index)
        } else if let Some(name) = &table.after {
            self.header.find(name).map(|cell| cell + 1)
        } else if let Some(text) = &table.header_regex {
            let regex = self.regex(text)?;
            let found = self
                .header
                .names
                .iter()
                .enumerate()
                .find_map(|(at, name)| Some((at, regex.captures(name.trim())?)));
            if let (Some((_, found)), Some(group)) = (&found, table.header_group) {
                return found
                    .get(group)
                    .map(|group| From::Const(group.as_str().to_owned()));
            }
            found.map(|(at, _)| at)
        } else {
            let nth = table.nth.unwrap_or(1);
            names.iter().find_map(|name| self.header.nth(name, nth))
        };
        let Some(cell) = cell else {
            if table.optional || table.default.is_some() {
                return None;
            }
            let wanted = table.header_regex.clone().or_else(|| table.after.clone());
            let names = if names.is_empty() {
                wanted.into_iter().collect()
            } else {
                names
            };
            return self.missing(&names);
        };
        match &table.regex {
            None => Some(From::Cell(cell)),
            Some(text) => Some(From::Group {
                cell,
                regex: self.regex(text)?,
                group: table.group.unwrap_or(1),
            }),
        }
    }

    fn template(&mut self, template: &str, optional: bool) -> Option<From> {
        let mut pieces = Vec::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            pieces.push(Piece::Text(before.to_owned()));
            let (name, after) = after.split_once('}')?;
            match self.header.find(name) {
                Some(cell) => pieces.push(Piece::Cell(cell)),
                None if optional => {}
                None => return self.missing(&[name.to_owned()]),
            }
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Some(From::Template(pieces))
    }
}

/// A canonical column by its name.
pub fn column_named(name: &str) -> Option<Column> {
    Column::ALL
        .iter()
        .find(|(_, canonical, _)| *canonical == name)
        .map(|(column, ..)| *column)
}

fn label(rule: &Rule) -> String {
    let first = |names: &Names| names.all().first().cloned().unwrap_or_default();
    let text = rule
        .equals
        .clone()
        .or_else(|| rule.prefix.as_ref().map(|names| first(names) + "..."))
        .or_else(|| {
            rule.contains
                .as_ref()
                .map(|names| format!("...{}...", first(names)))
        })
        .or_else(|| rule.regex.clone())
        .or_else(|| rule.r#in.as_ref().and_then(|words| words.first().cloned()));
    text.map_or_else(
        || "rule for the rest".to_owned(),
        |text| format!("action `{text}`"),
    )
}
