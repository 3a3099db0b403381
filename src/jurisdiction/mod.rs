//! What a country says: its tax year, methods, identification steps, loss rule, holding test and worksheet, as data.
//!
//! To add a country: a file with its [`Jurisdiction`], its parameter file, and a line in [`JURISDICTIONS`].

mod at;
mod au;
mod ca;
mod de;
mod es;
mod ie;
mod india;
mod jp;
mod none;
mod parameters;
mod pl;
mod pt;
mod se;
mod term;
mod uk;
mod us;

use crate::answer::Match;
use crate::date::{Date, TaxYear};
use crate::method::Method;
use crate::rates::RateDay;
use crate::rule::Rule;
use crate::trade::Action;

pub use parameters::{Dated, Parameters};
pub use term::{Assets, TermTest};
pub use us::US;

/// A country's law on gains, as far as matching and netting need it.
pub struct Jurisdiction {
    /// The word of `--jurisdiction`.
    pub code: &'static str,
    /// The country.
    pub name: &'static str,
    /// Currency of the return; empty where it is that of the rows.
    pub currency: &'static str,
    /// Decimals of that currency.
    pub places: u32,
    /// When its tax year begins and how it is written.
    pub tax_year: TaxYear,
    /// The lot methods it knows; the first is the default.
    pub methods: &'static [&'static Method],
    /// What another than the first is for; all else goes by the first.
    pub methods_for: Assets,
    /// Whose units count as one holding.
    pub scope: Scope,
    /// How the units that a disposal consists of are found, step by step.
    pub identify: &'static [Step],
    /// What a day means for identification.
    pub day: Day,
    /// The test that makes a holding long-term.
    pub term: TermTest,
    /// What that test is for.
    pub term_of: Assets,
    /// The rule that takes losses back, if there is one.
    pub defer: Option<Defer>,
    /// When the premium of a written option counts.
    pub written: Written,
    /// What a gift is.
    pub gifts: Gifts,
    /// What an exchange of one coin for another is.
    pub swaps: Swaps,
    /// What cash beside new shares is.
    pub boot: Boot,
    /// What units cost beside their price.
    pub costs: Costs,
    /// Which day's exchange rate a row takes.
    pub rate_day: RateDay,
    /// The keys of `--carry-in`.
    pub carry_in: &'static [&'static str],
    /// Settings for what its law leaves open, under its table of the configuration file.
    pub readings: &'static [Reading],
    /// Whether purchases soon before or after a loss are pointed out.
    pub repurchase_notice: bool,
    /// Classes that are taxed in a way that is not computed, and why: refused.
    pub refused: &'static [(crate::trade::Class, &'static str)],
    /// Assets that an older law governs if acquired before a day (year, month, day), and why: refused.
    pub outside_before: &'static [(Assets, (i32, u32, u32), &'static str)],
    /// What is not computed.
    pub limits: &'static [&'static str],
    /// What proceeds less cost is.
    pub gain: Option<&'static Rule>,
    /// The rule of the holding test, where there is one.
    pub term_rule: Option<&'static Rule>,
    /// What the law says on rows other than purchases and sales.
    pub events: &'static [EventRule],
    /// Amounts that change by date, with their sources.
    pub parameters: fn() -> &'static Parameters,
    /// The rules its year follows, with the lines they give.
    pub netting: &'static [YearRule],
    /// The netting of its tax years.
    pub net: Net,
}

/// Whose units count as one holding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those of one account.
    Account,
    /// Those of one account; coins those of one person.
    AccountButCoins,
    /// Those of one person, wherever they are; sheltered accounts apart.
    Person,
}

/// One step of identification: what it does not find goes on to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Purchases of the same day.
    SameDay(&'static Rule),
    /// Purchases of the days after the disposal, the earliest first.
    Later {
        /// The last day.
        days: i32,
        /// The rule.
        rule: &'static Rule,
    },
    /// Purchases of the days before the disposal, the earliest first.
    Earlier {
        /// The first day.
        days: i32,
        /// The rule.
        rule: &'static Rule,
    },
    /// Lots in the order of the method.
    Lots(&'static Rule),
    /// One pool at average cost.
    Pool {
        /// Over which time the average is taken.
        average: Average,
        /// Whether the cost per unit is rounded.
        unit: Unit,
        /// The rule.
        rule: &'static Rule,
    },
    /// Purchases beyond every window, the earliest first: what was sold before it was bought.
    AnyLater(&'static Rule),
    /// Coins: no identification, costs count in the year they are paid.
    CostsAsIncurred(&'static Rule),
}

/// Over which time the average cost of a pool is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Average {
    /// As it stands at each disposal.
    Moving,
    /// Coins over the year, unless the moving average is chosen; the rest as it stands.
    YearlyForCoins,
}

/// Whether the cost per unit of a pool is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Never.
    Exact,
    /// Up to a whole minor unit at each disposal of shares; the units that stay keep the rounded cost.
    UpForShares,
}

/// What a day means for identification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// Rows one after the other.
    Rows,
    /// Purchases before sales.
    PurchasesFirst,
    /// All purchases are one, all sales are one.
    Merged,
}

/// A rule that takes losses back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defer {
    /// United States: purchases within 30 days before or after take the loss over (26 USC 1091).
    WashSale,
    /// Canada: as far as bought within 30 days before or after and still held then (s 54).
    Superficial(&'static Rule),
    /// Ireland: a loss counts only against gains on what was bought again (s 581(3)).
    RingFence(&'static Rule),
    /// Spain: a loss waits for the disposal of what was bought within two months before or after.
    TwoMonths(&'static Rule),
}

impl Defer {
    /// Its rule, where the country's file states it.
    pub fn rule(self) -> Option<&'static Rule> {
        match self {
            Self::WashSale => None,
            Self::Superficial(rule) | Self::RingFence(rule) | Self::TwoMonths(rule) => Some(rule),
        }
    }
}

/// When the premium of a written option counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// When the option is closed.
    Close,
    /// When it is written; buying it back changes that result, assignment moves the premium to the shares.
    GrantRevised,
    /// When it is written; buying it back is a loss of its own day, assignment moves the premium to the shares.
    GrantThenClose,
    /// When it is written, whatever becomes of the option; buying it back changes that result until a day (year, month,
    /// day), and is a loss of its own day from then on.
    GrantStays {
        /// That day.
        own_year_from: (i32, u32, u32),
    },
}

/// What a gift is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gifts {
    /// Cost and date go along; the giver has no result.
    CarryOver,
    /// A disposal and an acquisition at market value, but not between spouses.
    MarketValue,
    /// An acquisition at market value; units given away leave without a result.
    ToReceiver,
}

/// What an exchange of one coin for another is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swaps {
    /// A disposal and a purchase at market value.
    Disposal,
    /// Nothing yet: cost and date go along.
    Neutral,
}

/// What units cost beside their price, where a law differs from most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// Whether bonus shares cost nothing and are held from their own day; else they share cost and days of the old.
    pub free_bonus: bool,
    /// Whether coins that `staking`, an `airdrop`, a `bounty` or a `fork` brought cost nothing; else the value of the day.
    pub free_coins: bool,
    /// Whether fees leave results alone: of securities, and of sales of coins.
    pub without_fees: bool,
}

impl Costs {
    /// As in most laws.
    pub const USUAL: Self = Self {
        free_bonus: false,
        free_coins: false,
        without_fees: false,
    };
}

/// What cash beside the new shares of a merger is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boot {
    /// Not stated here: refused.
    NotStated,
    /// Gain, up to what was gained in all; the rest lowers the cost.
    UpToGain,
    /// Income in full, whatever the shares cost.
    Income,
    /// For a part of what was held, by the values of cash and shares; small amounts lower the cost.
    PartDisposal {
        /// Up to this amount it is small.
        small: i64,
        /// Up to this part of the whole it is small.
        percent: i64,
    },
}

/// How a country nets its tax years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Net {
    /// Schedule D.
    UnitedStates,
    /// Losses brought forward down to the exempt amount.
    UnitedKingdom,
    /// The part that is taxable, net capital losses.
    Canada,
    /// Losses brought forward before the exemption.
    Ireland,
    /// Pots, a threshold, an allowance.
    Germany,
    /// Losses before the discount.
    Australia,
    /// Short-term and long-term losses, coins apart.
    India,
    /// Losses carried, coins without.
    Japan,
    /// A quota of losses.
    Sweden,
    /// Losses carried, coins by costs of the year.
    Poland,
    /// Losses against gains of the following years, as many as the parameter file says (`carry_years`).
    CarriedYears,
    /// Losses against gains of the same year.
    SameYear,
    /// Sums only.
    Totals,
}

/// A rule of the year, and the lines of the worksheet that follow it.
#[derive(Clone, Copy, Debug)]
pub struct YearRule {
    /// The lines.
    pub lines: &'static [&'static str],
    /// The rule.
    pub rule: &'static Rule,
}

/// A rule on rows of some actions.
#[derive(Clone, Copy, Debug)]
pub struct EventRule {
    /// The actions.
    pub actions: &'static [Action],
    /// The rule.
    pub rule: &'static Rule,
}

/// A setting for what the law leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Its name under the country's table.
    pub name: &'static str,
    /// Its values, the default first.
    pub values: &'static [&'static str],
    /// What it decides.
    pub about: &'static str,
}

/// What coins paid for moving coins between own accounts are, where no authority says it.
const TRANSFER_FEE: Reading = Reading {
    name: "transfer_fee",
    values: &["dispose", "basis", "ignore"],
    about: "coins paid for moving coins between own accounts: disposed of at their value, basis of what arrives, or nothing",
};

impl Jurisdiction {
    /// Whether the lot engine serves this country: lots of each account, as in the United States.
    pub fn by_lots(&self) -> bool {
        self.scope == Scope::Account
            && self
                .identify
                .iter()
                .all(|step| matches!(step, Step::Lots(_) | Step::CostsAsIncurred(_)))
    }

    /// Whether disposals of a class are matched with units: of coins not where costs count as they are paid.
    pub fn identifies(&self, class: crate::trade::Class) -> bool {
        let mut steps = self.identify.iter();
        let incurred = steps.any(|step| matches!(step, Step::CostsAsIncurred(_)));
        !(incurred && class == crate::trade::Class::Crypto)
    }

    /// Whether it is the United States. Its rules on shorts, puts, fund losses and regulated contracts are each found there
    /// alone: stated as data they would be as many fields that one country sets.
    pub fn is_us(&self) -> bool {
        self.defer == Some(Defer::WashSale)
    }

    /// The window of identification after a disposal, in days.
    pub fn later_days(&self) -> Option<i32> {
        self.identify.iter().find_map(|step| match step {
            Step::Later { days, .. } => Some(*days),
            Step::SameDay(_)
            | Step::Earlier { .. }
            | Step::Lots(_)
            | Step::Pool { .. }
            | Step::AnyLater(_)
            | Step::CostsAsIncurred(_) => None,
        })
    }

    /// The window of identification before a disposal, in days.
    pub fn earlier_days(&self) -> Option<i32> {
        self.identify.iter().find_map(|step| match step {
            Step::Earlier { days, .. } => Some(*days),
            Step::SameDay(_)
            | Step::Later { .. }
            | Step::Lots(_)
            | Step::Pool { .. }
            | Step::AnyLater(_)
            | Step::CostsAsIncurred(_) => None,
        })
    }

    /// The pool, where there is one: over which time it averages, and how it rounds.
    pub fn pool(&self) -> Option<(Average, Unit)> {
        self.identify.iter().find_map(|step| match step {
            Step::Pool { average, unit, .. } => Some((*average, *unit)),
            Step::SameDay(_)
            | Step::Later { .. }
            | Step::Earlier { .. }
            | Step::Lots(_)
            | Step::AnyLater(_)
            | Step::CostsAsIncurred(_) => None,
        })
    }

    /// The rule by which the units of a row were found.
    pub fn identified_by(&self, matched: Match) -> Option<&'static Rule> {
        self.identify.iter().find_map(|step| match (step, matched) {
            (Step::SameDay(rule), Match::SameDay)
            | (Step::Later { rule, .. }, Match::Within30Days)
            | (Step::Earlier { rule, .. }, Match::Within4Weeks)
            | (Step::Lots(rule), Match::Lot)
            | (Step::Pool { rule, .. }, Match::Pool)
            | (Step::AnyLater(rule), Match::Later)
            | (Step::CostsAsIncurred(rule), Match::Amount) => Some(*rule),
            _ => None,
        })
    }

    /// What the law says on a row: what it says on its action, else on gains.
    pub fn rule_on(&self, action: Action) -> Option<&'static Rule> {
        let mut events = self.events.iter();
        let own = events.find(|event| event.actions.contains(&action));
        own.map(|event| event.rule).or(self.gain)
    }

    /// The rule that a line of the year follows.
    pub fn rule_of_line(&self, line: &str) -> Option<&'static Rule> {
        let mut rules = self.netting.iter();
        let own = rules.find(|rule| rule.lines.contains(&line));
        own.map(|one| one.rule)
    }

    /// Whether what was sold before it was bought waits for a later purchase.
    pub fn waits_for_purchase(&self) -> bool {
        self.identify
            .iter()
            .any(|step| matches!(step, Step::AnyLater(_)))
    }

    /// The value of a setting: as chosen, else the default.
    pub fn reading<'s>(&self, settings: &'s crate::settings::Settings, name: &str) -> &'s str {
        let key = (self.code.to_owned(), name.to_owned());
        let chosen = settings.readings.get(&key).map(String::as_str);
        chosen.unwrap_or_else(|| {
            let known = self.readings.iter().find(|reading| reading.name == name);
            known
                .and_then(|reading| reading.values.first())
                .copied()
                .unwrap_or("")
        })
    }

    /// The term of something held from one day and disposed of on another, where the country has one for its class.
    pub fn term_of(
        &self,
        class: crate::trade::Class,
        held_from: Date,
        disposed: Date,
    ) -> Option<crate::answer::Term> {
        let asked = self.term != TermTest::None && self.term_of.has(class);
        asked.then(|| self.term.term(held_from, disposed))
    }
}

/// All countries.
pub static JURISDICTIONS: &[&Jurisdiction] = &[
    &US,
    &uk::UK,
    &ca::CA,
    &ie::IE,
    &de::DE,
    &au::AU,
    &jp::JP,
    &se::SE,
    &es::ES,
    &pl::PL,
    &india::IN,
    &pt::PT,
    &at::AT,
    &none::NONE,
];

/// The country of this code.
pub fn named(code: &str) -> Option<&'static Jurisdiction> {
    JURISDICTIONS
        .iter()
        .copied()
        .find(|country| country.code == code)
}

/// A function that gives the parameters of a file beside this one.
macro_rules! parameter_file {
    ($file:literal) => {
        || {
            static PARAMETERS: std::sync::OnceLock<$crate::jurisdiction::Parameters> =
                std::sync::OnceLock::new();
            PARAMETERS
                .get_or_init(|| $crate::jurisdiction::Parameters::read($file, include_str!($file)))
        }
    };
}
use parameter_file;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_file_is_read_and_every_value_has_its_source() {
        for country in JURISDICTIONS {
            let parameters = (country.parameters)();
            assert!(
                parameters.first_year <= parameters.known_until,
                "{}",
                country.code
            );
            for (name, values) in &parameters.values {
                assert!(!values.is_empty(), "{} {name}", country.code);
                assert!(
                    values.is_sorted_by_key(|value| value.from),
                    "{} {name}",
                    country.code
                );
                assert!(
                    values.iter().all(|value| value.source.len() > 5),
                    "{} {name}",
                    country.code
                );
            }
        }
    }

    #[test]
    fn a_setting_that_is_not_chosen_has_its_first_value() {
        let mut settings = crate::settings::Settings::default();
        for country in JURISDICTIONS {
            for reading in country.readings {
                let name = reading.name;
                assert_eq!(
                    country.reading(&settings, name),
                    reading.values[0],
                    "{name}"
                );
            }
            assert_eq!(country.reading(&settings, "no_such_setting"), "");
        }
        for code in ["ca", "us"] {
            let key = (code.to_owned(), "several_losses".to_owned());
            settings.readings.insert(key, format!("of {code}"));
        }
        let canada = JURISDICTIONS.iter().find(|country| country.code == "ca");
        let found = canada.map(|country| country.reading(&settings, "several_losses"));
        assert_eq!(found, Some("of ca"));
    }

    #[test]
    fn codes_are_unique_and_settings_have_a_choice() {
        for (place, country) in JURISDICTIONS.iter().enumerate() {
            assert!(
                JURISDICTIONS[..place]
                    .iter()
                    .all(|other| other.code != country.code)
            );
            assert!(!country.methods.is_empty(), "{}", country.code);
            for reading in country.readings {
                assert!(
                    reading.values.len() > 1,
                    "{} {}",
                    country.code,
                    reading.name
                );
            }
        }
    }
}
