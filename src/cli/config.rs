//! The configuration file: options under their own names, and tables for what has no option.
//!
//! An option in the file is handed to the same parser as one on the command line, in front of it; so every option is
//! possible, with the same values and the same messages.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts and positions of what is in memory"
)]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Command;
use rust_decimal::Decimal;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::one_line;
use crate::import::formats::Format;
use crate::import::formats::mapping::Mapping;
use crate::import::{AccountSetting, allocation};
use crate::settings::Allocation;
use crate::trade::{Action, Class};

use super::country;
use super::error::{Error, side_file};
use super::near::nearest;
use super::options::{amount, beside};
use super::readings;

/// The name of the file.
const NAME: &str = "lossoffset.toml";

const ALLOCATION: &str = "`allocation` under [crypto] names it: which lots of the universal pool went to which wallet, a CSV of wallet,lot,quantity";

/// What a configuration file says.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Options, by their long names, as arguments.
    pub arguments: Vec<(String, String)>,
    /// `[accounts.NAME]`.
    pub accounts: BTreeMap<String, AccountSetting>,
    /// `[symbols.NAME]`.
    pub symbols: BTreeMap<String, Class>,
    /// `[actions]`: words of the file and what they mean.
    pub actions: BTreeMap<String, String>,
    /// `[rename]`: symbols of the files, and what each is called.
    pub rename: BTreeMap<String, String>,
    /// `[account_of]`: the account of rows without one, by the name of their file or of its format.
    pub account_of: BTreeMap<String, String>,
    /// `[formats.NAME]`, and the files of the folder `formats` beside the user's configuration.
    pub formats: Vec<Arc<Format>>,
    /// The files that all this is read from.
    pub files: Vec<PathBuf>,
    /// `identical`.
    pub identical: Vec<Vec<String>>,
    /// `[crypto] pre2025 = "universal"`.
    pub universal_before_2025: bool,
    /// `[crypto] allocation`.
    pub allocation: Option<Allocation>,
    /// `[us.taxable_income]`.
    pub taxable_income: BTreeMap<i32, Decimal>,
    /// Readings of unsettled rules, by country and name.
    pub readings: BTreeMap<(String, String), String>,
}

/// The first configuration file there is: the one named, else that of the folder, else that of the user.
///
/// # Errors
/// A file that cannot be read or says something unknown.
pub fn load(named: Option<&Path>, program: &Command) -> Result<Config, Error> {
    let mut config = match named.map(Path::to_owned).or_else(found) {
        Some(path) => read(path, program)?,
        None => Config::default(),
    };
    for path in super::formats::in_folder(folder()) {
        config.formats.push(super::formats::load(&path)?);
        config.files.push(path);
    }
    Ok(config)
}

fn read(path: PathBuf, program: &Command) -> Result<Config, Error> {
    let name = path.display().to_string();
    let text = fs::read_to_string(&path).map_err(|error| {
        let purpose = "it is to be the configuration file: options under their long names, and tables such as [accounts.NAME]";
        Error::Setting(Box::new(side_file(&name, &error, purpose)))
    })?;
    let reader = Reader {
        name: &name,
        text: &text,
        program,
    };
    let mut config = reader.config()?;
    config.files.push(path);
    Ok(config)
}

fn found() -> Option<PathBuf> {
    let here = PathBuf::from(NAME);
    if here.is_file() {
        return Some(here);
    }
    let path = folder()?.join(NAME);
    path.is_file().then_some(path)
}

/// The user's configuration folder.
fn folder() -> Option<PathBuf> {
    // The XDG specification has relative paths ignored.
    let absolute = |name: &str| {
        let path = PathBuf::from(env::var_os(name)?);
        path.is_absolute().then_some(path)
    };
    let folder = absolute("XDG_CONFIG_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".config")))
        .or_else(|| absolute("APPDATA"))?;
    Some(folder.join("lossoffset"))
}

type Value<'t> = Spanned<DeValue<'t>>;

struct Reader<'t> {
    name: &'t str,
    text: &'t str,
    program: &'t Command,
}

/// Tables and keys that stand for no option.
const TABLES: [&str; 8] = [
    "accounts",
    "account_of",
    "symbols",
    "rename",
    "actions",
    "crypto",
    "identical",
    "formats",
];

/// Words for the taxpayer, whose accounts are those of no other person.
const OWN: [&str; 7] = ["I", "me", "mine", "myself", "own", "self", "taxpayer"];

impl<'t> Reader<'t> {
    fn config(&self) -> Result<Config, Error> {
        let root = DeTable::parse(self.text)
            .map_err(|error| self.wrong(&error.span().unwrap_or(0..0), error.message()))?;
        let mut config = Config::default();
        for (key, value) in root.get_ref() {
            let name: &str = key.get_ref();
            match name {
                "accounts" => config.accounts = self.each(value, |v| self.account(v))?,
                "symbols" => config.symbols = self.each(value, |v| self.symbol(v))?,
                "actions" => config.actions = self.each(value, |v| self.action(v))?,
                "rename" => config.rename = self.each(value, |v| self.name(v))?,
                "account_of" => config.account_of = self.each(value, |v| self.name(v))?,
                "crypto" => self.crypto(value, &mut config)?,
                "formats" => config.formats = self.formats(value)?,
                "identical" => config.identical = self.identical(value)?,
                _ if country::codes().any(|code| code == name) => {
                    self.country(name, value, &mut config)?;
                }
                _ => self.option(name, key.span(), value, &mut config)?,
            }
        }
        Ok(config)
    }

    /// Mappings written in the file itself.
    fn formats(&self, value: &Value<'t>) -> Result<Vec<Arc<Format>>, Error> {
        #[derive(serde::Deserialize)]
        struct Own {
            formats: BTreeMap<String, Mapping>,
        }
        let own: Own = toml::from_str(self.text)
            .map_err(|error| self.wrong(&error.span().unwrap_or(value.span()), error.message()))?;
        let named = own.formats.into_iter().map(|(name, mapping)| {
            Arc::new(Format {
                mapping: Mapping { name, ..mapping },
                text: String::new(),
            })
        });
        Ok(named.collect())
    }

    /// `file:line: message`.
    fn at(&self, span: &Range<usize>, message: impl std::fmt::Display) -> String {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        format!("{}:{line}: {message}", one_line(self.name))
    }

    fn wrong(&self, span: &Range<usize>, message: impl std::fmt::Display) -> Error {
        Error::Usage(self.at(span, message))
    }

    fn unknown(&self, span: &Range<usize>, key: &str, known: &[&str]) -> Error {
        let hint = match nearest(key, known.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None if known.is_empty() => "none is known here".to_owned(),
            None => format!("known here: {}", known.join(", ")),
        };
        self.wrong(span, format!("unknown key `{key}`; {hint}"))
    }

    fn not_possible(&self, span: &Range<usize>, word: &str, words: &[&str]) -> Error {
        let possible = words.join(", ");
        self.wrong(
            span,
            format!("`{word}` is not possible here; possible: {possible}"),
        )
    }

    fn entries<'v>(
        &self,
        value: &'v Value<'t>,
    ) -> Result<impl Iterator<Item = (&'v str, Range<usize>, &'v Value<'t>)>, Error> {
        let table = value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong(&value.span(), "expected a table"))?;
        Ok(table
            .iter()
            .map(|(key, value)| (&**key.get_ref(), key.span(), value)))
    }

    fn each<T>(
        &self,
        value: &Value<'t>,
        read: impl Fn(&Value<'t>) -> Result<T, Error>,
    ) -> Result<BTreeMap<String, T>, Error> {
        self.entries(value)?
            .map(|(name, _, value)| Ok((name.to_owned(), read(value)?)))
            .collect()
    }

    fn string<'v>(&self, value: &'v Value<'t>) -> Result<&'v str, Error> {
        value
            .get_ref()
            .as_str()
            .ok_or_else(|| self.wrong(&value.span(), "expected text in quotes"))
    }

    /// One of a few words.
    fn word<'v>(&self, value: &'v Value<'t>, words: &[&str]) -> Result<&'v str, Error> {
        let word = self.string(value)?;
        if words.contains(&word) {
            return Ok(word);
        }
        Err(self.not_possible(&value.span(), word, words))
    }

    fn account(&self, value: &Value<'t>) -> Result<AccountSetting, Error> {
        let mut account = AccountSetting::default();
        for (key, span, value) in self.entries(value)? {
            match key {
                "kind" => {
                    let kind = self.word(value, &["sheltered", "taxable", "unhosted"])?;
                    account.sheltered = kind == "sheltered";
                    account.unhosted = kind == "unhosted";
                }
                "owner" => account.owner = self.owner(value)?,
                "method" => account.method = Some(self.string(value)?.to_owned()),
                "class" => account.class = Some(self.class(value)?),
                _ => return Err(self.unknown(&span, key, &["kind", "owner", "method", "class"])),
            }
        }
        Ok(account)
    }

    fn symbol(&self, value: &Value<'t>) -> Result<Class, Error> {
        let mut class = None;
        for (key, span, value) in self.entries(value)? {
            match key {
                "class" => class = Some(self.class(value)?),
                _ => return Err(self.unknown(&span, key, &["class"])),
            }
        }
        class.ok_or_else(|| self.wrong(&value.span(), "expected `class`"))
    }

    fn class(&self, value: &Value<'t>) -> Result<Class, Error> {
        let names = Class::NAMES.map(|(name, _)| name);
        let word = self.word(value, &names)?;
        let found = Class::NAMES.iter().find(|(name, _)| *name == word);
        Ok(found.map(|(_, class)| *class).unwrap_or_default())
    }

    fn action(&self, value: &Value<'t>) -> Result<String, Error> {
        let words = Action::WORDS.map(|(word, _)| word);
        self.word(value, &words).map(str::to_owned)
    }

    /// A name that is not empty.
    fn name(&self, value: &Value<'t>) -> Result<String, Error> {
        let name = self.string(value)?.trim();
        if name.is_empty() {
            return Err(self.wrong(&value.span(), "expected a name"));
        }
        Ok(name.to_owned())
    }

    /// Who owns an account; nobody else where the word means the taxpayer.
    fn owner(&self, value: &Value<'t>) -> Result<Option<String>, Error> {
        let name = self.name(value)?;
        let own = OWN.iter().any(|word| word.eq_ignore_ascii_case(&name));
        Ok((!own).then_some(name))
    }

    fn crypto(&self, value: &Value<'t>, config: &mut Config) -> Result<(), Error> {
        for (key, span, value) in self.entries(value)? {
            match key {
                "pre2025" => {
                    let word = self.word(value, &["universal", "per-wallet"])?;
                    config.universal_before_2025 = word == "universal";
                }
                "allocation" => {
                    // Beside the configuration file, wherever the program is run.
                    let folder = Path::new(self.name).parent().unwrap_or(Path::new(""));
                    let path = folder.join(self.string(value)?);
                    config.allocation = Some(allocation::read(beside(&path, ALLOCATION)?)?);
                }
                _ => return Err(self.unknown(&span, key, &["pre2025", "allocation"])),
            }
        }
        Ok(())
    }

    fn identical(&self, value: &Value<'t>) -> Result<Vec<Vec<String>>, Error> {
        let shape = || {
            self.wrong(
                &value.span(),
                "expected lists of symbols: [[\"GOOG\", \"GOOGL\"]]",
            )
        };
        let groups = value.get_ref().as_array().ok_or_else(shape)?;
        groups
            .iter()
            .map(|group| {
                let symbols = group.get_ref().as_array().ok_or_else(shape)?;
                symbols
                    .iter()
                    .map(|symbol| self.string(symbol).map(str::to_owned))
                    .collect()
            })
            .collect()
    }

    fn country(&self, code: &str, value: &Value<'t>, config: &mut Config) -> Result<(), Error> {
        for (key, span, value) in self.entries(value)? {
            if code == "us" && key == "taxable_income" {
                config.taxable_income = self.by_year(value)?;
                continue;
            }
            let Some(reading) = readings::find(code, key) else {
                let known = readings::names(code);
                return Err(self.unknown(&span, key, &known));
            };
            // `one row` and `one_row` say what `one-row` says.
            let word = self.reading_word(value)?.to_lowercase();
            let word = word.replace([' ', '_'], "-");
            if !reading.values.contains(&word.as_str()) {
                return Err(self.not_possible(&value.span(), &word, reading.values));
            }
            config
                .readings
                .insert((code.to_owned(), key.to_owned()), word);
        }
        Ok(())
    }

    fn reading_word(&self, value: &Value<'t>) -> Result<String, Error> {
        match value.get_ref() {
            DeValue::Boolean(true) => Ok("yes".to_owned()),
            DeValue::Boolean(false) => Ok("no".to_owned()),
            _ => self.scalar(value),
        }
    }

    fn by_year(&self, value: &Value<'t>) -> Result<BTreeMap<i32, Decimal>, Error> {
        self.entries(value)?
            .map(|(year, span, value)| {
                let year = year
                    .parse()
                    .map_err(|_| self.wrong(&span, format!("`{year}` is not a year")))?;
                let income = amount(&self.scalar(value)?)
                    .map_err(|message| self.wrong(&value.span(), message))?;
                Ok((year, income))
            })
            .collect()
    }

    /// A value as it is written: a float's digits never pass through binary.
    fn scalar(&self, value: &Value<'t>) -> Result<String, Error> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().to_owned()),
            DeValue::Float(number) => Ok(number.as_str().to_owned()),
            DeValue::Datetime(day) => Ok(day.to_string()),
            DeValue::Integer(_) | DeValue::Boolean(_) | DeValue::Array(_) | DeValue::Table(_) => {
                Err(self.wrong(&value.span(), "expected text or a decimal number"))
            }
        }
    }

    fn option(
        &self,
        key: &str,
        span: Range<usize>,
        value: &Value<'t>,
        config: &mut Config,
    ) -> Result<(), Error> {
        let known = long_options(self.program);
        let Some((command, switch)) = known.get(key).filter(|_| key != "config") else {
            let mut names: Vec<&str> = known.keys().map(String::as_str).collect();
            names.retain(|name| *name != "config");
            names.extend(TABLES);
            names.extend(country::codes().map(|code| -> &str { code }));
            return Err(self.unknown(&span, key, &names));
        };
        for (text, at) in self.arguments(key, value, *switch)? {
            self.probe(command, &text)
                .map_err(|message| Error::Lines(self.at(&at, message)))?;
            config.arguments.push((key.to_owned(), text));
        }
        Ok(())
    }

    /// What the option would be on the command line: once for each value it has.
    fn arguments(
        &self,
        key: &str,
        value: &Value<'t>,
        switch: bool,
    ) -> Result<Vec<(String, Range<usize>)>, Error> {
        let at = value.span();
        Ok(match value.get_ref() {
            DeValue::Boolean(on) if switch => {
                let on = on.then(|| (format!("--{key}"), at));
                on.into_iter().collect()
            }
            _ if switch => return Err(self.wrong(&at, format!("`{key}` is true or false"))),
            DeValue::Array(values) => values
                .iter()
                .map(|v| Ok((format!("--{key}={}", self.scalar(v)?), v.span())))
                .collect::<Result<_, Error>>()?,
            DeValue::Table(_) if key == "carry-in" => self
                .entries(value)?
                .map(|(k, _, v)| Ok((format!("--{key}={k}={}", self.scalar(v)?), v.span())))
                .collect::<Result<_, Error>>()?,
            _ => vec![(format!("--{key}={}", self.scalar(value)?), at)],
        })
    }

    /// What the command's own parser has to say of one argument.
    fn probe(&self, command: &Command, argument: &str) -> Result<(), String> {
        let parsed = |argument: &str| {
            let name = command.get_name();
            command.clone().try_get_matches_from([name, argument])
        };
        let Err(error) = parsed(argument) else {
            return Ok(());
        };
        // The parser quotes what it was given.
        let error = parsed(&one_line(argument)).err().unwrap_or(error);
        let text = error.render().to_string();
        let said = text.split("\n\nFor more information").next().unwrap_or("");
        Err(said.trim_start_matches("error: ").trim_end().to_owned())
    }
}

/// Every long option of any command, a command that has it, and whether it is a switch.
fn long_options(program: &Command) -> BTreeMap<String, (&Command, bool)> {
    let mut options = BTreeMap::new();
    for command in program.get_subcommands() {
        for option in command.get_arguments() {
            if let Some(long) = option.get_long().filter(|long| *long != "help") {
                let switch = !option.get_action().takes_values();
                options.insert(long.to_owned(), (command, switch));
            }
        }
    }
    options
}
