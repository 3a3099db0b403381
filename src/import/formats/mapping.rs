//! The grammar of mapping files: how the export of one source is read. Data only; nothing here can run anything.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A mapping file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// The version of this grammar: 1.
    #[serde(default = "version")]
    pub format: u32,
    /// Its name, as `formats show` takes it.
    #[serde(default)]
    pub name: String,
    /// What it reads, in a line.
    #[serde(default)]
    pub title: String,
    /// What one row is.
    #[serde(default)]
    pub kind: Kind,
    /// How a file of this source is recognized.
    #[serde(default)]
    pub r#match: Match,
    /// Where the rows are.
    #[serde(default)]
    pub file: FilePart,
    /// How cells are written.
    #[serde(default)]
    pub parse: Parse,
    /// Which cells make up which canonical column.
    pub columns: BTreeMap<String, Cells>,
    /// What minus signs mean.
    #[serde(default)]
    pub signs: Signs,
    /// How options are written.
    #[serde(default)]
    pub options: Options,
    /// What the words of the action column mean; the first that fits holds.
    #[serde(default)]
    pub actions: Vec<Rule>,
    /// Several rows that are one event.
    #[serde(default)]
    pub pair: Vec<Pair>,
    /// Symbols under another name.
    #[serde(default)]
    pub rename: BTreeMap<String, String>,
}

fn version() -> u32 {
    1
}

/// What one row is.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A trade, with one asset and its price.
    #[default]
    OneSided,
    /// What was sent and what was received.
    TwoSided,
    /// One leg: several rows together are a trade.
    Ledger,
    /// A finished disposal, with its purchase.
    ClosedLots,
}

/// How a file of this source is recognized: all must hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// Names that the header has.
    #[serde(default)]
    pub header_contains: Vec<String>,
    /// Names that it does not have.
    #[serde(default)]
    pub header_lacks: Vec<String>,
    /// Regular expressions, each of which fits some name of the header.
    #[serde(default)]
    pub header_matches: Vec<String>,
    /// The name of the file, with `*` and `?`.
    pub filename: Option<String>,
    /// What the first line with text is like.
    pub first_line_regex: Option<String>,
    /// Never found by itself: only where `--mapping` names it.
    #[serde(default)]
    pub by_name: bool,
}

impl Match {
    /// Whether it says anything.
    pub fn is_empty(&self) -> bool {
        self.header_contains.is_empty()
            && self.header_matches.is_empty()
            && self.filename.is_none()
            && self.first_line_regex.is_none()
    }
}

/// Where the rows are.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilePart {
    /// How bytes become letters; found where left out.
    #[serde(default)]
    pub encoding: Encoding,
    /// What separates cells: one character, or `auto`.
    pub delimiter: Option<String>,
    /// How strictly quotes are taken; both are read leniently.
    pub quoting: Option<Quoting>,
    /// Where the header is.
    #[serde(default)]
    pub header: HeaderPlace,
    /// The sheet of a workbook; the first where left out.
    pub sheet: Option<String>,
    /// Regular expressions of a row's first filled cell, at which the rows end.
    #[serde(default)]
    pub stop_at: Vec<String>,
    /// Rows to leave out.
    #[serde(default)]
    pub skip_if: Vec<Condition>,
    /// The order of rows where dates do not show it.
    #[serde(default)]
    pub order: Order,
    /// The section of a file that names it in the first cell of each row.
    pub section: Option<String>,
    /// What the first line of a file of sections is like, by which it is known where it has no section of trades.
    pub sections_begin: Option<String>,
    /// Other sections whose rows may change what is held: they are not read, and the user is told.
    #[serde(default)]
    pub unread_sections: Vec<String>,
    /// What the second cell of the section's data rows says.
    pub section_row: Option<String>,
    /// Columns whose empty cells are filled from the row above, where the first of them is empty.
    #[serde(default)]
    pub fill_down: Vec<String>,
}

/// How bytes become letters.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// Found.
    #[default]
    Auto,
    /// UTF-8.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16.
    #[serde(rename = "utf-16")]
    Utf16,
    /// windows-1252.
    #[serde(rename = "windows-1252")]
    Windows1252,
    /// ISO 8859-1, of which windows-1252 is an extension.
    #[serde(rename = "iso-8859-1")]
    Latin1,
}

/// How strictly quotes are taken.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Quoting {
    /// As the standard says.
    Strict,
    /// With spaces after quotes and stray ones.
    Lenient,
}

/// Where the header is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum HeaderPlace {
    /// `find`, or `none`.
    Word(HeaderWord),
    /// On a line.
    At {
        /// The line.
        line: u32,
    },
    /// Left out: as `find`.
    #[default]
    Unsaid,
}

/// Words for the place of the header.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum HeaderWord {
    /// Search for it.
    Find,
    /// There is none: columns are given by `index`.
    None,
}

/// The order of rows where dates do not show it.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Kept.
    #[default]
    Auto,
    /// Newest first.
    NewestFirst,
    /// Oldest first.
    OldestFirst,
}

/// How cells are written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parse {
    /// Forms of dates, of which the first that fits holds; found over the whole file where left out.
    #[serde(default)]
    pub date: Vec<String>,
    /// Which date of a cell with two counts.
    pub date_pick: Option<DatePick>,
    /// The zone of times that do not say theirs: `none`, `UTC`, a name, or `from-header`.
    pub timezone: Option<String>,
    /// `.`, `,` or `auto`.
    pub decimal: Option<String>,
    /// What separates thousands; all usual marks are understood.
    pub thousands: Option<String>,
    /// Texts that mean an empty cell.
    #[serde(default)]
    pub null: Vec<String>,
    /// Characters taken out of numbers.
    #[serde(default)]
    pub strip: Vec<String>,
}

/// Which date of a cell with two counts.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum DatePick {
    /// The first.
    First,
    /// In `A as of B`, B.
    AsOf,
}

/// Where the text of a canonical column comes from.
#[derive(Clone, Debug)]
pub enum Cells {
    /// A column.
    Name(String),
    /// The first of these columns that exists.
    AnyOf(Vec<String>),
    /// Anything else.
    Table(Box<CellTable>),
}

/// Where the text of a canonical column comes from, in full.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellTable {
    /// A column by its name.
    pub name: Option<Names>,
    /// Another name for it.
    pub alt: Option<Names>,
    /// Which of several columns of the name, counted from 1.
    pub nth: Option<usize>,
    /// A column by its place, counted from 0.
    pub index: Option<usize>,
    /// The column to the right of this one.
    pub after: Option<String>,
    /// A column by what its name is like.
    pub header_regex: Option<String>,
    /// Not the cell but this group of `header_regex`.
    pub header_group: Option<usize>,
    /// The same text in every row.
    pub r#const: Option<String>,
    /// The sum of columns, those that exist.
    pub sum: Option<Vec<String>>,
    /// The texts of columns, with a blank between.
    pub join: Option<Vec<String>>,
    /// The first of these columns that is filled in the row.
    pub first_filled: Option<Vec<String>>,
    /// Text with `{Column}` in it.
    pub template: Option<String>,
    /// A group of this regular expression in the file's name.
    pub filename_regex: Option<String>,
    /// A group of this regular expression in a line above the header.
    pub preamble_regex: Option<String>,
    /// Of all columns like `header_regex`, the one that has such a number in the row.
    pub pick: Option<Pick>,
    /// What another section of the file says of the row's asset.
    pub elsewhere: Option<Elsewhere>,
    /// A group of this regular expression in the cell.
    pub regex: Option<String>,
    /// Which group; 1 where left out.
    pub group: Option<usize>,
    /// Texts under another name.
    pub map: Option<BTreeMap<String, String>>,
    /// What an empty cell means.
    pub default: Option<String>,
    /// What to tell where neither the file's name nor what stands above the header says it, and how to help that.
    pub missing: Option<String>,
    /// The file need not have the column.
    #[serde(default)]
    pub optional: bool,
}

/// What another section of the file says, in a file that names the section in the first cell of each row.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Elsewhere {
    /// The section.
    pub section: String,
    /// The columns, of the same names here and there, that say which of its rows is meant.
    pub by: Vec<String>,
    /// The column there that says it.
    pub value: String,
}

/// Which of several columns a row uses.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Pick {
    /// The one with a number below zero.
    Negative,
    /// The one with a number above zero.
    Positive,
    /// The one with a number other than zero.
    Nonzero,
}

/// One name or several.
#[derive(Clone, Debug)]
pub enum Names {
    /// One.
    One(String),
    /// Several: the first that exists.
    Many(Vec<String>),
}

impl Names {
    /// All of them.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Many(names) => names,
        }
    }
}

/// What minus signs and prices mean.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signs {
    /// Of quantities.
    #[serde(default)]
    pub quantity: QuantitySign,
    /// Of fees; as costs where left out.
    pub fee: Option<FeeSign>,
    /// What a price is per.
    #[serde(default)]
    pub price_unit: PriceUnit,
    /// What a price of a bond is per, where that is something else.
    pub bond_price_unit: Option<PriceUnit>,
    /// Of prices: `abs` where a minus says nothing.
    #[serde(default)]
    pub price: QuantitySign,
    /// Rates are the other way round.
    #[serde(default)]
    pub fx_inverse: bool,
}

impl Signs {
    /// What a minus on a fee means.
    pub fn costs(self) -> FeeSign {
        self.fee.unwrap_or_default()
    }
}

/// What a minus on a quantity means.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum QuantitySign {
    /// There is none, or it agrees with the action.
    #[default]
    Positive,
    /// It says the direction.
    Signed,
    /// Nothing.
    Abs,
    /// An S behind the number says that units leave.
    #[serde(rename = "suffix-S")]
    SuffixS,
}

/// What a minus on a fee means.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum FeeSign {
    /// Costs are positive.
    #[default]
    PositiveCost,
    /// Costs are negative, rebates positive.
    NegativeCost,
    /// Everything is a cost.
    Abs,
}

/// What a price is per.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum PriceUnit {
    /// A unit, or a share under an option.
    #[default]
    Share,
    /// A contract: to be divided by the multiplier.
    Contract,
    /// A unit, in hundredths of the currency.
    Pence,
    /// A hundred of face value.
    #[serde(rename = "per-100")]
    PerHundred,
}

/// How options are written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// How their symbols look; every form in use is recognized by itself.
    pub symbol_style: Option<String>,
    /// Where the shares of an exercise or assignment are.
    #[serde(default)]
    pub share_leg: ShareLeg,
}

/// Where the shares of an exercise or assignment are.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
pub enum ShareLeg {
    /// Nowhere: they follow from the option.
    #[default]
    #[serde(rename = "derive")]
    Derive,
    /// In a row of their own.
    #[serde(rename = "in_file")]
    InFile,
}

/// What words of the action column mean.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The whole text.
    pub equals: Option<String>,
    /// One of these texts.
    pub r#in: Option<Vec<String>>,
    /// How it begins.
    pub prefix: Option<Names>,
    /// What is in it.
    pub contains: Option<Names>,
    /// What it is like.
    pub regex: Option<String>,
    /// Further conditions on the row: all must hold.
    #[serde(default)]
    pub when: Vec<Condition>,
    /// What it means.
    pub is: Meaning,
    /// Why a row is ignored, or with `is = "?"` refused.
    pub reason: Option<String>,
    /// Columns read in another way in these rows.
    #[serde(default)]
    pub set: BTreeMap<String, Cells>,
    /// What a price is per in these rows.
    pub price_unit: Option<PriceUnit>,
    /// What a minus on a quantity means in these rows.
    pub quantity: Option<QuantitySign>,
}

/// What a rule says.
#[derive(Clone, Debug)]
pub enum Meaning {
    /// A word of the canonical CSV, `ignore`, or the part of a pair such as `split.old`.
    Word(String),
    /// A word for each text of the regular expression's first group.
    ByGroup(BTreeMap<String, String>),
}

impl Default for Meaning {
    fn default() -> Self {
        Self::Word("?".to_owned())
    }
}

/// A condition on one cell of a row.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The column.
    pub column: Option<Names>,
    /// The column by its place.
    pub index: Option<usize>,
    /// The column to the right of this one.
    pub after: Option<String>,
    /// The whole text.
    pub equals: Option<String>,
    /// One of these texts.
    pub r#in: Option<Vec<String>>,
    /// None of these texts.
    pub not_in: Option<Vec<String>>,
    /// How it begins.
    pub prefix: Option<Names>,
    /// What is in it.
    pub contains: Option<Names>,
    /// What it is like.
    pub regex: Option<String>,
    /// What it is not like.
    pub not_regex: Option<String>,
    /// Whether it is empty.
    pub empty: Option<bool>,
    /// The sign of its number: `+`, `-` or `0`.
    pub sign: Option<String>,
    /// Such rows repeat in another way what other rows of the file say: a file of nothing else is refused.
    #[serde(default)]
    pub repeats: bool,
    /// Why such rows are left out.
    pub reason: Option<String>,
}

/// Several rows that are one event.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// What they are together; a trade where left out.
    #[serde(default)]
    pub event: Event,
    /// The canonical columns that they share.
    pub by: Vec<String>,
    /// Which leg is which, where a mapping says what holds anyway.
    pub legs: Option<Legs>,
    /// How far apart in time they may lie.
    #[serde(default)]
    pub window_seconds: u32,
    /// How far apart in days they may lie.
    #[serde(default)]
    pub window_days: u32,
}

/// Which leg of a trade is which.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Legs {
    /// What a minus says: that the leg was sent.
    pub negative: Option<Sent>,
    /// What no minus says: that the leg was received.
    pub positive: Option<Received>,
    /// The column of fees, as `fee_amount` under `[columns]` names it.
    pub fee_column: Option<String>,
}

/// The only leg below zero.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Sent {
    /// What was given.
    Sent,
}

/// The only leg above zero.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Received {
    /// What was got.
    Received,
}

/// What several rows are together.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// What is negative was sent, what is positive received.
    #[default]
    Trade,
    /// Old units out, new units in: a split, or a rename where their number stays.
    Split,
    /// Units out, money in.
    Merger,
    /// Units out under the old name, in under the new.
    Rename,
}

/// Why a mapping is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What is wrong.
    pub message: String,
    /// The line of the mapping, where one is known.
    pub line: Option<usize>,
    /// What stands in that line.
    pub text: Option<String>,
}

/// Reads a mapping.
///
/// # Errors
/// What is wrong with it.
pub fn parse(text: &str) -> Result<Mapping, Refused> {
    let mut mapping: Mapping = toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| line_of(text, span.start));
        let at = line.and_then(|line| text.lines().nth(line.saturating_sub(1)));
        Refused {
            message: error.message().to_owned(),
            line,
            text: at.map(|at| at.trim().to_owned()),
        }
    })?;
    if mapping.format != 1 {
        return Err(Refused {
            message: format!(
                "`format = {}` is not known; write `format = 1`",
                mapping.format
            ),
            line: None,
            text: None,
        });
    }
    let mut legs = mapping.pair.iter().filter_map(|pair| pair.legs.as_ref());
    if let Some(fee) = legs.find_map(|legs| legs.fee_column.clone()) {
        let usual = mapping.columns.entry("fee_amount".to_owned());
        usual.or_insert(Cells::Name(fee));
    }
    Ok(mapping)
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}
