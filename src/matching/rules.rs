//! The readings of unsettled rules that a computation follows, resolved once from the settings.

use super::pooled::Pools;
use crate::date::Date;
use crate::diagnostic::Problem;
use crate::jurisdiction::{self, Jurisdiction};
use crate::method::{self, Method};
use crate::rates::Rates;
use crate::settings::{FilingStatus, Settings, WashSales};
use crate::trade::{Account, Class, History, Overview, SecurityId};

/// How a computation reads the law.
#[derive(Debug)]
pub struct Rules {
    /// The lot method, where an account sets no other.
    pub method: &'static Method,
    /// The lot method of each account.
    pub methods: Vec<&'static Method>,
    /// Decimals of the report's currency.
    pub places: u32,
    /// Exchange rates into the report's currency.
    pub rates: Rates,
    /// Accounts whose sales give rows: the taxpayer's own taxable ones, and the spouse's on one return.
    pub reported: Vec<bool>,
    /// Accounts whose purchases take over a loss: not an IRA (Rev. Rul. 2008-5), and the spouse's only on one return
    /// (Pub. 550; the basis rule there is practice).
    pub keeps_loss: Vec<bool>,
    /// How far the wash-sale rule looks.
    pub wash_sales: WashSales,
    /// How a replacement's holding period continues that of what was sold.
    pub tacking: Tacking,
    /// Whether a purchase before that of the sold lot can replace it.
    pub older_replaces: bool,
    /// Whether units bought in the 30 days before a loss replace what was sold although they were sold by then.
    pub sold_replaces: bool,
    /// Whether the losses of a day are matched together when the day ends.
    pub end_of_day: bool,
    /// Whether a loss on closing a short falls on the day of settlement (Rev. Rul. 2002-44).
    pub short_loss_settles: bool,
    /// Whether selling identical stock near it denies a loss on closing a short (26 USC 1091(e)(1)).
    pub short_wash_literal: bool,
    /// Whether the fills of one order share an average price.
    pub fills_average: bool,
    /// Whether a row that is replaced in part becomes two.
    pub split_rows: bool,
    /// Whether funding of perpetuals is an ordinary amount.
    pub funding_ordinary: bool,
    /// Whether a long call replaces the stock it is on.
    pub call_replaces: bool,
    /// Whether all options on one stock are substantially identical with one another.
    pub options_identical: bool,
    /// Whether coins fall under the wash-sale rule.
    pub crypto_wash: bool,
    /// What happens to coins paid as the fee of an own transfer.
    pub transfer_fee: TransferFee,
    /// Whether selling more than is held opens a short.
    pub allow_short: bool,
    /// Whether units without a basis cost nothing.
    pub unknown_basis_zero: bool,
    /// The accounts that stand for several wallets.
    pub pools: Pools,
    /// The last day that the data cover.
    pub end: Option<Date>,
    /// Whether rows are only added up.
    pub only_sums: bool,
    /// Whether to keep every deferral apart, as the adjustments report needs.
    pub keep_adjustments: bool,
    /// What all rows have in common.
    pub overview: Overview,
    /// Whether to record where basis comes from.
    pub trail: bool,
    /// Whether rules with a window reach coins (Ireland, Spain).
    pub coin_windows: bool,
    /// Whether a superficial loss is denied whose only buyers have sold again (Canada).
    pub deny_without_substitute: bool,
    /// For each security the first of those that are identical with it, by identifier or declaration.
    pub identical: Vec<SecurityId>,
}

/// How a replacement's holding period continues that of what was sold (26 USC 1223(3)); the text does not say how
/// overlapping days and gaps count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tacking {
    /// Overlapping days once, gaps not at all.
    Union,
    /// The days the sold units were held, added.
    Add,
    /// The start of what was sold.
    Date,
}

/// What happens to coins paid as the fee of an own transfer; no authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferFee {
    /// They are disposed of at their value.
    Dispose,
    /// Their basis joins what was moved.
    Basis,
    /// They vanish with their basis.
    Ignore,
}

impl Rules {
    /// Whether a security falls under the wash-sale rule: stock and securities do, and contracts and options on them;
    /// coins, section 1256 contracts and other property do not, nor do options on such (26 USC 1091(a), 1256(f)(5);
    /// Notice 2014-21).
    pub fn wash_covers(&self, history: &History, security: SecurityId) -> bool {
        let security = history.security(security);
        let underlying = security.contract.as_ref().and_then(|c| c.underlying);
        let on = underlying.map_or(Class::Stock, |on| history.security(on).class);
        self.covers_class(security.class) && self.covers_class(on)
    }

    fn covers_class(&self, class: Class) -> bool {
        match class {
            Class::Stock | Class::Fund | Class::Bond | Class::Option | Class::Right => true,
            Class::Crypto => self.crypto_wash,
            Class::IndexOption
            | Class::Future
            | Class::Perpetual
            | Class::Collectible
            | Class::Other => false,
        }
    }

    /// Resolves the settings against what was read.
    ///
    /// # Errors
    /// Unknown methods, readings or values, each with what is known.
    pub fn new(
        history: &History,
        law: &'static Jurisdiction,
        settings: &Settings,
        identical: Vec<SecurityId>,
        overview: Overview,
        pools: Pools,
    ) -> Result<Self, Vec<Problem>> {
        let (method, methods) = chosen_methods(history, law, settings)?;
        // Settings of one country say nothing of another.
        let read = |name: &str| law.is_us().then(|| law.reading(settings, name));
        let joint = law.is_us() && settings.filing_status == FilingStatus::Joint;
        let rates = settings.rates.to(law.currency, law.rate_day, history);
        let to_spouse = joint && read("spouse") != Some("lost");
        Ok(Self {
            reported: taxable(history, joint),
            keeps_loss: taxable(history, to_spouse),
            method,
            methods,
            wash_sales: scope_of_wash_sales(law, settings),
            places: if law.currency.is_empty() {
                crate::rates::places(rates.report())
            } else {
                law.places
            },
            rates,
            tacking: match read("wash_holding_period") {
                Some("add") => Tacking::Add,
                Some("date") => Tacking::Date,
                _ => Tacking::Union,
            },
            older_replaces: read("older_lot_as_replacement") != Some("exclude"),
            sold_replaces: read("replacement_sold_before_the_loss") == Some("literal"),
            end_of_day: read("same_day_sequence") == Some("end-of-day"),
            short_loss_settles: read("short_loss_date") == Some("settlement"),
            short_wash_literal: read("short_wash_e_1") == Some("literal"),
            fills_average: read("fills_of_one_order") == Some("average"),
            split_rows: read("partial_wash_row") == Some("split"),
            funding_ordinary: read("funding_of_perpetuals") == Some("ordinary"),
            call_replaces: read("call_as_replacement") != Some("no"),
            options_identical: read("option_identity") == Some("underlying"),
            crypto_wash: read("crypto_wash") == Some("yes"),
            transfer_fee: match law.reading(settings, "transfer_fee") {
                "basis" => TransferFee::Basis,
                "ignore" => TransferFee::Ignore,
                _ => TransferFee::Dispose,
            },
            allow_short: settings.allow_short,
            pools,
            unknown_basis_zero: settings.unknown_basis_zero,
            end: settings.as_of.or(overview.days.map(|(_, last)| last)),
            only_sums: settings.only_years && law.is_us(),
            keep_adjustments: !settings.skip_adjustments && !settings.only_years,
            overview,
            trail: settings.trail,
            coin_windows: law.reading(settings, "crypto_four_weeks") == "yes",
            deny_without_substitute: law.reading(settings, "no_substitute_left") != "allow",
            identical,
        })
    }
}

/// The method for all accounts, and that of each.
fn chosen_methods(
    history: &History,
    law: &'static Jurisdiction,
    settings: &Settings,
) -> Result<(&'static Method, Vec<&'static Method>), Vec<Problem>> {
    let default = law.methods.first().copied().unwrap_or(&method::FIFO);
    let mut problems = Vec::new();
    let mut chosen = |name: Option<&str>, account: Option<&Account>, otherwise| {
        let known = name.map_or(Ok(otherwise), |name| known_method(law, name));
        known.unwrap_or_else(|problem| {
            problems.push(match account {
                Some(account) => problem.note(format!("set for the account {}", account.name)),
                None => problem,
            });
            otherwise
        })
    };
    let method = chosen(settings.method.as_deref(), None, default);
    let accounts = history.accounts.iter();
    let methods = accounts
        .map(|account| chosen(account.method.as_deref(), Some(account), method))
        .collect();
    problems.extend(settings.readings.iter().filter_map(unknown_reading));
    if problems.is_empty() {
        Ok((method, methods))
    } else {
        Err(problems)
    }
}

/// The accounts that the taxpayer is taxed on, with the spouse's or without.
fn taxable(history: &History, spouse: bool) -> Vec<bool> {
    let taxed = |account: &Account| {
        let theirs = match account.owner.as_deref() {
            None => true,
            Some("spouse") => spouse,
            Some(_) => false,
        };
        theirs && !account.sheltered
    };
    history.accounts.iter().map(taxed).collect()
}

fn scope_of_wash_sales(law: &Jurisdiction, settings: &Settings) -> WashSales {
    match settings.wash_sales {
        _ if !law.is_us() => WashSales::Off,
        WashSales::Taxpayer if law.reading(settings, "wash_scope") == "broker" => WashSales::Broker,
        chosen => chosen,
    }
}

fn known_method(law: &'static Jurisdiction, name: &str) -> Result<&'static Method, Problem> {
    law.methods
        .iter()
        .copied()
        .find(|method| method.name == name)
        .ok_or_else(|| {
            let names: Vec<&str> = law.methods.iter().map(|method| method.name).collect();
            Problem::new(format!("the method `{name}` is not known in {}", law.name))
                .help(format!("methods there: {}", names.join(", ")))
        })
}

fn unknown_reading(((table, name), value): (&(String, String), &String)) -> Option<Problem> {
    let Some(law) = jurisdiction::named(table) else {
        return Some(Problem::new(format!("`{table}` is no jurisdiction")));
    };
    match law.readings.iter().find(|reading| reading.name == name) {
        None => {
            let names: Vec<&str> = law.readings.iter().map(|reading| reading.name).collect();
            let known = if names.is_empty() {
                "it has none".to_owned()
            } else {
                format!("settings: {}", names.join(", "))
            };
            Some(Problem::new(format!("`{name}` is no setting of [{table}]")).help(known))
        }
        Some(reading) if reading.values.contains(&value.as_str()) => None,
        Some(reading) => Some(
            Problem::new(format!("`{value}` is no value of `{name}`"))
                .help(format!("values: {}", reading.values.join(", "))),
        ),
    }
}
