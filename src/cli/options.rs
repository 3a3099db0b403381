//! The options that commands share, and what they come to together with the configuration file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueEnum};
use rust_decimal::Decimal;

use crate::date::Date;
use crate::import::formats::Format as Mapping;
use crate::import::{self, AccountSetting, Input, ReadOptions};
use crate::jurisdiction::{JURISDICTIONS, Jurisdiction};
use crate::meter::Meter;
use crate::method::METHODS;
use crate::money::Money;
use crate::output::{FORMATS, Format};
use crate::rates::Rates;
use crate::report::REPORTS;
use crate::settings::{FilingStatus, Settings, WashSales};
use crate::trade::Class;

use super::config::Config;
use super::country;
use super::error::{Error, side_file};

/// The files.
#[derive(Args, Clone, Debug, Default)]
pub struct Files {
    /// Files of trades: CSV, XLSX, Flex Query XML; `-` is standard input, which is also read where no file is given
    ///
    /// Several files are one history: give all years and all accounts at once, so that no purchase is missing.
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
}

/// Options of computing.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Computing")]
pub struct Computing {
    /// Which lots leave first; the jurisdiction's own method where left out (us: fifo)
    #[arg(short, long, value_parser = methods())]
    pub method: Option<String>,

    /// Whose law to follow [default: us]
    #[arg(short, long, value_name = "CODE", value_parser = jurisdictions())]
    pub jurisdiction: Option<String>,

    /// Loss carried in from the last return, such as short=1200 or long=300; may be repeated
    ///
    /// Keys: short and long (us), loss (others), private, stock and other (de). Amounts are positive.
    #[arg(long, value_name = "KEY=AMOUNT", value_parser = carried)]
    pub carry_in: Vec<(String, Decimal)>,

    /// US filing status: a year's deductible loss is 3,000, for `separate` 1,500 [default: single]
    #[arg(long, value_enum, value_name = "STATUS")]
    pub filing_status: Option<FilingStatus>,

    /// US taxable income for every year, as on line 1 of the carryover worksheet; may be negative
    ///
    /// Only an income below zero changes what is carried out. Unknown, it is taken as zero or more. Write negative
    /// amounts as --taxable-income=-5000; amounts per year go into [us.taxable_income] of the configuration file.
    #[arg(long, value_name = "AMOUNT", value_parser = amount, allow_hyphen_values = true)]
    pub taxable_income: Option<Decimal>,

    /// How far the wash-sale rule looks [default: taxpayer]
    #[arg(long, value_enum, value_name = "SCOPE")]
    pub wash_sales: Option<WashSales>,

    /// The day the report is made; later rows are left out and counted [default: end of the data]
    ///
    /// Decides which rows may still be changed by a purchase in the days to come.
    #[arg(long, value_name = "DATE", value_parser = iso_date)]
    pub as_of: Option<Date>,

    /// Let a sale of more than is held open a short position instead of being an error
    #[arg(long)]
    pub allow_short: bool,

    /// What units that arrived without a basis cost when sold; left out, selling them is an error
    #[arg(long, value_enum, value_name = "BASIS")]
    pub unknown_basis: Option<UnknownBasis>,

    /// Exchange rates, a CSV of date,currency,rate
    #[arg(long, value_name = "FILE")]
    pub rates: Option<PathBuf>,

    /// What to do on a day without a rate; left out, it is an error
    #[arg(long, value_enum, value_name = "HOW")]
    pub rate_fallback: Option<RateFallback>,

    /// End with status 3 where a warning needs you
    #[arg(long)]
    pub strict: bool,
}

/// Options of reading.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Reading")]
pub struct Reading {
    /// How the files write dates, such as %d/%m/%Y; found where it can be told
    #[arg(long, value_name = "FORMAT")]
    pub date_format: Option<String>,

    /// The decimal mark of the files, where a comma in a number cannot be told from one between thousands
    #[arg(long, value_enum, value_name = "MARK")]
    pub decimal: Option<DecimalMark>,

    /// Which date of a trade counts [default: trade]
    #[arg(long, value_enum, value_name = "BASIS")]
    pub date_basis: Option<DateBasis>,

    /// Your time zone, such as America/New_York or +01:00, for times that carry an offset [default: UTC]
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub timezone: Option<String>,

    /// How to read a file that no built-in format fits: a TOML file, which `formats guess` drafts, or a format's name
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,

    /// Configuration file; else ./lossoffset.toml, else lossoffset/lossoffset.toml in your configuration folder
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Options of printing.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Printing")]
pub struct Printing {
    /// How results are written; by the ending of --output where left out, else table
    #[arg(short, long, value_parser = formats())]
    pub format: Option<String>,

    /// File to write, whole or not at all
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// CSV for a spreadsheet: byte order mark, CRLF, text that would run as a formula made harmless
    #[arg(long)]
    pub excel: bool,
}

/// Which results to show.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Printing")]
pub struct Selecting {
    /// Show this tax year only, such as 2024; the whole history is computed all the same
    #[arg(short, long, value_name = "YEAR")]
    pub year: Option<String>,
}

/// Which report to print.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Printing")]
pub struct Reporting {
    /// Print this report only
    #[arg(short, long, value_parser = reports())]
    pub report: Option<String>,
}

/// Whether a command can print this format.
pub fn prints(command: &str, format: Format) -> bool {
    match command {
        "check" | "explain" => matches!(format, Format::Table | Format::Markdown | Format::Json),
        _ => true,
    }
}

/// `--unknown-basis`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UnknownBasis {
    /// Nothing; each is listed in the warnings
    Zero,
}

/// `--rate-fallback`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RateFallback {
    /// Take the last rate before it
    Previous,
}

/// `--decimal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DecimalMark {
    /// 1,234.56
    Point,
    /// 1.234,56
    Comma,
}

impl DecimalMark {
    /// The mark as numbers are read by it.
    pub fn of_numbers(self) -> crate::import::DecimalMark {
        match self {
            Self::Point => crate::import::DecimalMark::Point,
            Self::Comma => crate::import::DecimalMark::Comma,
        }
    }
}

/// `--date-basis`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DateBasis {
    /// The day of the trade
    Trade,
    /// The day of settlement
    Settle,
}

impl ValueEnum for FilingStatus {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Single, Self::Head, Self::Joint, Self::Separate]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Single => PossibleValue::new("single").help("single"),
            Self::Head => PossibleValue::new("head").help("head of household"),
            Self::Joint => PossibleValue::new("joint").help("married filing jointly"),
            Self::Separate => PossibleValue::new("separate").help("married filing separately"),
        })
    }
}

impl ValueEnum for WashSales {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Taxpayer, Self::Broker, Self::Off]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Self::Taxpayer => {
                PossibleValue::new("taxpayer").help("all your accounts and your spouse's: the law")
            }
            Self::Broker => {
                PossibleValue::new("broker").help("same account and symbol, as on a 1099-B")
            }
            Self::Off => PossibleValue::new("off").help("not applied"),
        })
    }
}

fn methods() -> PossibleValuesParser {
    let methods = METHODS.iter();
    PossibleValuesParser::new(
        methods.map(|method| PossibleValue::new(method.name).help(method.title)),
    )
}

fn jurisdictions() -> PossibleValuesParser {
    let countries = JURISDICTIONS.iter();
    PossibleValuesParser::new(
        countries.map(|country| PossibleValue::new(country.code).help(country.name)),
    )
}

fn formats() -> PossibleValuesParser {
    let values = FORMATS
        .iter()
        .map(|entry| (entry, PossibleValue::new(entry.name).help(entry.about)))
        // Known, to say what to use meanwhile, but not offered.
        .map(|(entry, value)| value.hide(entry.instead.is_some()));
    PossibleValuesParser::new(values)
}

fn reports() -> PossibleValuesParser {
    let values = REPORTS
        .iter()
        .map(|report| PossibleValue::new(report.name).help(report.about));
    PossibleValuesParser::new(values)
}

fn carried(text: &str) -> Result<(String, Decimal), String> {
    let Some((key, value)) = text.split_once('=') else {
        return Err("expected KEY=AMOUNT, such as short=1200".to_owned());
    };
    let value = amount(value.trim())?;
    if value.is_sign_negative() && !value.is_zero() {
        return Err("a loss carried in is written as a positive amount".to_owned());
    }
    Ok((key.trim().to_owned(), value))
}

/// An exact decimal, no larger than what is computed with.
pub fn amount(text: &str) -> Result<Decimal, String> {
    let amount = Decimal::from_str_exact(text).map_err(|_| {
        "expected an amount such as 1200 or 1200.50, without thousands marks".to_owned()
    })?;
    Money::new(amount)
        .map(|_| amount)
        .map_err(|_| "the amount is too large to compute with".to_owned())
}

/// `YYYY-MM-DD`.
pub fn iso_date(text: &str) -> Result<Date, String> {
    let parts: Vec<&str> = text.split('-').collect();
    let date = match parts[..] {
        [year, month, day]
            if text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-') =>
        {
            match (year.parse(), month.parse(), day.parse()) {
                (Ok(year), Ok(month), Ok(day)) => Date::new(year, month, day),
                _ => None,
            }
        }
        _ => None,
    };
    date.ok_or_else(|| "expected a date such as 2024-12-31".to_owned())
}

/// Everything chosen, on the command line and in the configuration file.
#[derive(Clone)]
pub struct Chosen {
    /// What computing depends on.
    pub settings: Settings,
    /// The country.
    pub country: &'static Jurisdiction,
    /// What reading depends on.
    pub reading: Reading,
    /// `[accounts.NAME]`.
    pub accounts: BTreeMap<String, AccountSetting>,
    /// `[symbols.NAME]`.
    pub symbols: BTreeMap<String, Class>,
    /// `[actions]`.
    pub actions: BTreeMap<String, String>,
    /// `[rename]`.
    pub rename: BTreeMap<String, String>,
    /// `[account_of]`.
    pub account_of: BTreeMap<String, String>,
    /// Options that say something only in the US, where the country is another.
    pub without_effect: Vec<&'static str>,
    /// `--mapping`.
    pub mapping: Option<Arc<Mapping>>,
    /// The user's own formats.
    pub formats: Vec<Arc<Mapping>>,
    /// Files that say something else than trades: rates and allocations.
    pub side_files: Vec<PathBuf>,
    /// Files that say how to read and compute: the configuration and the mappings.
    pub settings_files: Vec<PathBuf>,
    /// Whether a warning that needs the user changes the exit status.
    pub strict: bool,
}

impl Chosen {
    /// Puts options and configuration together. The options already hold the file's, where the command line is silent.
    ///
    /// # Errors
    /// What the country does not know; what cannot be done yet.
    pub fn new(computing: &Computing, reading: &Reading, config: Config) -> Result<Self, Error> {
        let country = country::find(computing.jurisdiction.as_deref())?;
        let methods = config
            .accounts
            .values()
            .filter_map(|account| account.method.as_ref());
        for method in computing.method.iter().chain(methods) {
            known_method(country, method)?;
        }
        for (place, (key, carried)) in computing.carry_in.iter().enumerate() {
            known_key(country, key)?;
            if carried.normalize().scale() > country.places {
                return Err(Error::Usage(format!(
                    "`--carry-in {key}={carried}` has more decimal places than {}",
                    country.currency
                )));
            }
            let mut before = computing.carry_in.iter().take(place);
            if before.any(|(other, _)| other == key) {
                return Err(Error::Usage(format!(
                    "`--carry-in {key}=` is given twice; give the sum once"
                )));
            }
        }
        known_ways_of_reading(reading)?;
        Ok(Self {
            settings: settings(computing, reading, &config, rates(computing)?),
            country,
            side_files: side_files(computing, &config),
            settings_files: reading
                .mapping
                .iter()
                .cloned()
                .chain(config.files)
                .collect(),
            reading: reading.clone(),
            accounts: config.accounts,
            symbols: config.symbols,
            actions: config.actions,
            rename: config.rename,
            account_of: config.account_of,
            without_effect: without_effect(computing, country),
            mapping: reading
                .mapping
                .as_deref()
                .map(super::formats::load)
                .transpose()?,
            formats: config.formats,
            strict: computing.strict,
        })
    }
}

/// The files that options and configuration name beside those of trades.
fn side_files(computing: &Computing, config: &Config) -> Vec<PathBuf> {
    let allocation = config.allocation.as_ref();
    let allocation = allocation.map(|allocation| PathBuf::from(&allocation.file));
    computing.rates.iter().cloned().chain(allocation).collect()
}

/// Refuses a time zone and a date format that nobody could mean.
fn known_ways_of_reading(reading: &Reading) -> Result<(), Error> {
    let options = ReadOptions {
        timezone: reading.timezone.clone(),
        date_format: reading.date_format.clone(),
        ..ReadOptions::default()
    };
    match crate::import::wrong_options(&options).first() {
        None => Ok(()),
        Some(wrong) => Err(Error::Usage(format!(
            "{}; {}",
            wrong.message,
            wrong.help.as_deref().unwrap_or_default()
        ))),
    }
}

/// The rates of `--rates`.
fn rates(computing: &Computing) -> Result<Rates, Error> {
    let purpose = "`--rates` names it: exchange rates, a CSV of date,currency,rate";
    let mut rates = match &computing.rates {
        None => Rates::default(),
        Some(path) => import::rates::read(beside(path, purpose)?)?,
    };
    rates.previous = computing.rate_fallback == Some(RateFallback::Previous);
    Ok(rates)
}

/// A file beside the trades.
///
/// # Errors
/// One that cannot be read, with what it is for.
pub fn beside(path: &Path, purpose: &str) -> Result<Input, Error> {
    let name = path.display().to_string();
    match std::fs::read(path) {
        Ok(bytes) => Ok(Input { name, bytes }),
        Err(error) => Err(Error::of_input(side_file(&name, &error, purpose))),
    }
}

fn settings(computing: &Computing, reading: &Reading, config: &Config, rates: Rates) -> Settings {
    Settings {
        skip_adjustments: false,
        only_years: false,
        trail: false,
        jurisdiction: computing.jurisdiction.clone(),
        method: computing.method.clone(),
        carry_in: computing.carry_in.iter().cloned().collect(),
        filing_status: computing.filing_status.unwrap_or_default(),
        taxable_income: computing.taxable_income,
        taxable_income_of: config.taxable_income.clone(),
        wash_sales: computing.wash_sales.unwrap_or_default(),
        as_of: computing.as_of,
        allow_short: computing.allow_short,
        unknown_basis_zero: computing.unknown_basis.is_some(),
        by_settlement: reading.date_basis == Some(DateBasis::Settle),
        identical: config.identical.clone(),
        universal_before_2025: config.universal_before_2025,
        allocation: config.allocation.clone(),
        readings: config.readings.clone(),
        meter: Meter::default(),
        rates,
    }
}

fn known_method(country: &Jurisdiction, method: &str) -> Result<(), Error> {
    if country::methods(country).contains(&method) {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "`{}` does not know the method `{method}`; it knows {}",
        country.code,
        country::methods(country).join(", ")
    )))
}

/// Options of US law that another country's knows nothing of, where they ask for something else than what is usual.
fn without_effect(computing: &Computing, country: &Jurisdiction) -> Vec<&'static str> {
    if country.is_us() {
        return Vec::new();
    }
    let status = computing.filing_status;
    let scope = computing.wash_sales;
    let asked = [
        (
            "--wash-sales",
            scope.is_some_and(|s| s != WashSales::Taxpayer),
        ),
        (
            "--filing-status",
            status.is_some_and(|s| s != FilingStatus::Single),
        ),
        ("--taxable-income", computing.taxable_income.is_some()),
    ];
    let asked = asked.into_iter().filter(|(_, asked)| *asked);
    asked.map(|(option, _)| option).collect()
}

fn known_key(country: &Jurisdiction, key: &str) -> Result<(), Error> {
    let keys = country.carry_in;
    if keys.contains(&key) {
        return Ok(());
    }
    let known = if keys.is_empty() {
        "it carries no losses in".to_owned()
    } else {
        format!("it knows {}", keys.join(", "))
    };
    Err(Error::Usage(format!(
        "`{}` does not know `--carry-in {key}=`; {known}",
        country.code
    )))
}

impl Printing {
    /// Whether results would replace what they are computed from: trades, files beside them, or settings.
    ///
    /// # Errors
    /// If so.
    pub fn spare<'f>(
        &self,
        files: impl IntoIterator<Item = &'f String>,
        chosen: &Chosen,
    ) -> Result<(), Error> {
        let Some(path) = self.path() else {
            return Ok(());
        };
        let Ok(target) = path.canonicalize() else {
            return Ok(());
        };
        let files: Vec<&String> = files.into_iter().collect();
        let standard_input = files.is_empty() || files.iter().any(|file| *file == "-");
        let same = |input: &Path| input.canonicalize().is_ok_and(|file| file == target);
        let beside = chosen.side_files.iter().chain(&chosen.settings_files);
        let mut inputs = (files.iter().map(Path::new)).chain(beside.map(PathBuf::as_path));
        let overwrites = inputs.any(same) || standard_input && is_standard_input(&target);
        if target.is_file() && overwrites {
            return Err(Error::Usage(format!(
                "`--output {}` would overwrite an input",
                path.display()
            )));
        }
        Ok(())
    }

    /// The file to write; nothing for standard output.
    pub fn path(&self) -> Option<&Path> {
        let path = self.output.as_deref();
        path.filter(|path| path.as_os_str() != "-")
    }

    /// The format in force.
    ///
    /// # Errors
    /// One that cannot be written yet; `--excel` beside anything but CSV.
    pub fn format(&self) -> Result<Format, Error> {
        let named = self.format.as_deref().and_then(Format::named);
        let by_ending = || self.output.as_deref().and_then(Format::of_path);
        let format = named.or_else(by_ending).unwrap_or(Format::Table);
        let entry = format.entry();
        let instead = entry.and_then(|entry| Some((entry.name, entry.instead?)));
        match instead {
            Some((name, instead)) => Err(Error::Usage(format!(
                "the format `{name}` is not supported yet; {instead}"
            ))),
            _ if self.excel && !matches!(format, Format::Csv | Format::Tsv) => Err(Error::Usage(
                "`--excel` is for CSV; add `--format csv`".to_owned(),
            )),
            _ => Ok(format),
        }
    }
}

/// Whether standard input is read from this file.
#[cfg(unix)]
fn is_standard_input(target: &Path) -> bool {
    use std::os::fd::AsFd;
    use std::os::unix::fs::MetadataExt;
    let input = std::io::stdin().as_fd().try_clone_to_owned();
    let input = input.and_then(|input| std::fs::File::from(input).metadata());
    match (input, target.metadata()) {
        (Ok(input), Ok(target)) => (input.dev(), input.ino()) == (target.dev(), target.ino()),
        _ => false,
    }
}

/// Whether standard input is read from this file, which only Unix tells.
#[cfg(not(unix))]
fn is_standard_input(_: &Path) -> bool {
    false
}
