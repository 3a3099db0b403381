//! `reconcile`: our disposals against a broker's.

use std::process::ExitCode;

use clap::Args;

use crate::answer::Answer;
use crate::diagnostic::{Problem, Warning, one_line};
use crate::import::Input;
use crate::import::formats::mapping::Kind;
use crate::import::gains::{self, Gains};
use crate::output::Format;
use crate::reconcile::{self, Otherwise, Question, Way};
use crate::report::reconciliation::{Compared, Comparisons};
use crate::report::{document, page};
use crate::settings::{Settings, WashSales};
use crate::trade::{AccountId, History};

use super::config::Config;
use super::error::Error;
use super::options::{Chosen, Computing, Files, Printing, Reading, Selecting};
use super::print::Results;
use super::work::Work;
use super::{country, input, say};

/// Your disposals against a broker's: matched, missing, differing, and why
///
/// Reads a broker's realized gain and loss export, a 1099-B file, or the disposals of another program, and puts each of
/// its rows beside yours. For what differs the cause is named as far as it can be known: the trades are computed again
/// as a broker would, within one account, and under every other method.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Reconcile {
    #[command(flatten)]
    files: Files,

    /// The broker's list of realized gains and losses; it is never read as trades
    #[arg(long, value_name = "GAINS")]
    with: Option<String>,

    /// Compare this account only; left out, the accounts of which the list has something
    #[arg(long, value_name = "NAME")]
    account: Option<String>,

    #[command(flatten)]
    computing: Computing,
    #[command(flatten)]
    reading: Reading,
    #[command(flatten)]
    selecting: Selecting,
    #[command(flatten)]
    printing: Printing,
}

const EXAMPLES: &str = "\
Examples:
  lossoffset reconcile trades.csv --with 1099-b.csv --year 2024
  lossoffset reconcile 2023.csv 2024.csv --with realized.csv --account broker
  lossoffset reconcile trades.csv --with gains.csv --format csv
  lossoffset reconcile trades.csv --with gains.csv --mapping gains.toml";

impl Reconcile {
    pub(super) fn run(self, config: Config) -> Result<ExitCode, Error> {
        let format = self.printing.format()?;
        let chosen = Chosen::new(&self.computing, &self.reading, config)?;
        let files = self.files.files.iter().chain(&self.with);
        self.printing.spare(files, &chosen)?;
        let only = chosen.only(self.selecting.year.as_deref())?;
        let gains = self.gains(&chosen)?;
        // A mapping of finished disposals is for the broker's list, any other for the trades.
        let mut of_trades = chosen.clone();
        of_trades
            .mapping
            .take_if(|mapping| mapping.mapping.kind == Kind::ClosedLots);
        // What is compared with is no history, also where a pattern such as `*.csv` brings it among the files.
        of_trades
            .side_files
            .extend(self.with.clone().map(std::path::PathBuf::from));
        self.has_trades(&of_trades)?;
        let reading = input::read(&self.files.files, &of_trades)?;
        let Work {
            history,
            mut answer,
        } = Work::compute(reading, &chosen)?;
        let account = self.account(&history)?;
        let found = {
            let frame = super::work::frame(&history, &answer, &chosen, only);
            let otherwise = otherwise(&history, &chosen);
            let question = Question {
                history: &history,
                answer: &answer,
                gains: &gains,
                places: frame.places,
                currency: frame.currency,
                tax_year: frame.tax_year,
                only,
                account,
                us: chosen.country.is_us(),
                otherwise: &otherwise,
            };
            let found =
                reconcile::reconcile(&question).map_err(|problems| wrong(problems, &gains))?;
            let warning = found.warning(&question);
            (found, warning)
        };
        answer.warnings.extend(found.1);
        answer.warnings.extend(nothing_listed(&gains));
        let frame = super::work::frame(&history, &answer, &chosen, only);
        let compared = Compared {
            gains: &gains,
            found: &found.0,
        };
        self.printing.write(
            format,
            &Results {
                table: &|| Box::new(Comparisons::new(frame, compared)),
                page: &|| page::reconciliation::page(frame, compared),
                document: &|out| document::write_reconciliation(out, &frame, compared),
                places: frame.places,
            },
        )?;
        say::warnings(&frame);
        if format == Format::Table {
            say::counts(&frame);
        }
        Ok(chosen.status(&frame))
    }

    fn gains(&self, chosen: &Chosen) -> Result<Gains, Error> {
        let files = &self.files.files;
        let Some(with) = &self.with else {
            return Err(Error::Lines(
                "nothing to compare with\n\n  lossoffset reconcile trades.csv --with gains.csv\n\n\
                 For more information, try '--help'."
                    .to_owned(),
            ));
        };
        if with == "-" && (files.is_empty() || files.iter().any(|file| file == "-")) {
            return Err(Error::Usage(
                "standard input can be read once only: name the trades, or the file after `--with`"
                    .to_owned(),
            ));
        }
        let input = Input::open(with).map_err(|problem| Error::Problems {
            problems: vec![problem],
            sources: crate::source::Sources::default(),
        })?;
        Ok(gains::read(input, &input::read_options(chosen))?)
    }

    /// Refuses a list that is compared with itself.
    fn has_trades(&self, of_trades: &Chosen) -> Result<(), Error> {
        let files = &self.files.files;
        let (left, _) = input::without_side_files(files, &of_trades.side_files);
        let only = self.with.as_ref().filter(|with| left.contains(with));
        match only {
            Some(with) if with.as_str() != "-" => Err(Error::Usage(format!(
                "`{with}` is the only file of trades and what they are to be compared with; name the trades before `--with`"
            ))),
            Some(_) | None => Ok(()),
        }
    }

    fn account(&self, history: &History) -> Result<Option<AccountId>, Error> {
        let Some(name) = &self.account else {
            return Ok(None);
        };
        let accounts = &history.accounts;
        let at = accounts.iter().position(|account| *account.name == **name);
        match at.and_then(|at| u16::try_from(at).ok()) {
            Some(at) => Ok(Some(AccountId(at))),
            None => {
                let known: Vec<&str> = accounts.iter().map(|account| &*account.name).collect();
                Err(Error::Usage(format!(
                    "there is no account `{name}` in the files; there are {}",
                    known.join(", ")
                )))
            }
        }
    }
}

/// A list without a disposal: nothing was compared.
fn nothing_listed(gains: &Gains) -> Option<Warning> {
    gains.lots.is_empty().then(|| Warning {
        code: "no-rows",
        message: format!(
            "`{}` lists no disposal: nothing was compared; check that it was exported whole",
            one_line(&gains.file)
        ),
        at: Vec::new(),
        needs_user: true,
    })
}

fn wrong(problems: Vec<Problem>, gains: &Gains) -> Error {
    Error::Problems {
        problems,
        sources: gains.sources.clone(),
    }
}

/// The ways in which a broker may have computed.
fn otherwise<'a>(history: &'a History, chosen: &'a Chosen) -> Otherwise<'a> {
    let own = chosen.settings.method.as_deref();
    let own = own.or_else(|| country::methods(chosen.country).first().copied());
    let methods = country::methods_to_compare(chosen.country).into_iter();
    let methods = methods
        .filter(|method| Some(*method) != own)
        .map(Way::Method);
    let scopes = [WashSales::Broker, WashSales::Off];
    let scopes = scopes
        .into_iter()
        .filter(|scope| chosen.country.is_us() && *scope != chosen.settings.wash_sales)
        .map(Way::Scope);
    Otherwise::new(scopes.chain(methods).collect(), move |way| {
        computed(history, &chosen.settings, way)
    })
}

fn computed(history: &History, settings: &Settings, way: Way) -> Option<Answer> {
    let mut settings = settings.clone();
    match way {
        Way::Scope(scope) => settings.wash_sales = scope,
        Way::Method(method) => settings.method = Some(method.to_owned()),
    }
    crate::compute(history, &settings).ok()
}
