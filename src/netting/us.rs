//! Schedule D and the Capital Loss Carryover Worksheet (26 USC 1211(b), 1212(b), 1222, 1256(a)(3)).

use std::collections::BTreeMap;

use super::{Netted, Netting};
use crate::answer::Year;
use crate::diagnostic::{Problem, Warning};
use crate::matching::YearAmountKind;
use crate::money::{Minor, Money, OutOfRange, percent_of};
use crate::settings::FilingStatus;

/// What one year comes to before carried losses, by character.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    short_gains: Minor,
    short_losses: Minor,
    long_gains: Minor,
    long_losses: Minor,
    section_1256: Minor,
    collectibles: Minor,
    distributions: Minor,
    rows: usize,
}

/// One year's worksheet.
#[derive(Clone, Copy, Debug, Default)]
struct Worksheet {
    sums: Sums,
    short_carried_in: Minor,
    long_carried_in: Minor,
    short_net: Minor,
    long_net: Minor,
    deducted: Minor,
    short_carried_out: Minor,
    long_carried_out: Minor,
}

/// Section 1256 losses carried back: by year, negative where they are used, positive in the year of the loss.
type Carryback = BTreeMap<i32, Minor>;

/// Nets all years in the way of the United States.
///
/// # Errors
/// Unknown keys of `--carry-in`, amounts out of range.
pub fn net(netting: &Netting<'_>) -> Result<Netted, Vec<Problem>> {
    let problems = netting.check_carry_in();
    if !problems.is_empty() {
        return Err(problems);
    }
    netted(netting).map_err(|error| vec![Problem::new(error.to_string())])
}

fn netted(netting: &Netting<'_>) -> Result<Netted, OutOfRange> {
    let sums = sums_by_year(netting)?;
    let mut carryback = Carryback::new();
    let mut sheets = worksheets(netting, &sums, &carryback)?;
    let mut possible = BTreeMap::new();
    for year in netting.years() {
        let used = carry_back(netting, year, &sheets, &carryback)?;
        let total: Minor = used.iter().map(|(_, amount)| amount).sum();
        if total == 0 {
            continue;
        }
        possible.insert(year, total);
        if elected(netting) {
            for (earlier, amount) in used {
                *carryback.entry(earlier).or_default() -= amount;
            }
            *carryback.entry(year).or_default() += total;
            sheets = worksheets(netting, &sums, &carryback)?;
        }
    }
    let mut result = Netted::default();
    for (year, sheet) in &sheets {
        if listed(sheet) {
            result
                .years
                .push(lines(*year, sheet, carryback.get(year), possible.get(year)));
            if elected(netting)
                && let Some(last) = result.years.last_mut()
            {
                let moved = carryback.get(year).copied().unwrap_or(0);
                last.lines.push(("section_1256_carried_back", moved));
            }
        }
    }
    result.warnings = warnings(netting, &sheets, &possible);
    Ok(result)
}

/// Whether section 1256 losses are carried back (26 USC 1212(c)).
fn elected(netting: &Netting<'_>) -> bool {
    netting.law.reading(netting.settings, "1256_carryback") == "yes"
}

fn listed(sheet: &Worksheet) -> bool {
    sheet.sums.rows > 0
        || sheet.short_carried_in != 0
        || sheet.long_carried_in != 0
        || sheet.sums.distributions != 0
}

fn sums_by_year(netting: &Netting<'_>) -> Result<BTreeMap<i32, Sums>, OutOfRange> {
    let of_rows = |sums: &crate::matching::Sums| Sums {
        short_gains: sums.short_gains,
        short_losses: sums.short_losses,
        long_gains: sums.long_gains,
        long_losses: sums.long_losses,
        section_1256: sums.without_term,
        collectibles: sums.collectibles,
        distributions: 0,
        rows: sums.rows,
    };
    let matched = netting.matched;
    let mut years: BTreeMap<i32, Sums> = matched
        .sums
        .iter()
        .map(|(year, sums)| (i32::from(*year), of_rows(sums)))
        .collect();
    for amount in &matched.amounts {
        match amount.kind {
            YearAmountKind::CapitalGainDistribution => {
                let sums = years.entry(amount.year).or_default();
                let add = |sum: Minor| sum.checked_add(amount.amount).ok_or(OutOfRange::Amount);
                (sums.distributions, sums.long_gains) =
                    (add(sums.distributions)?, add(sums.long_gains)?);
            }
            YearAmountKind::CoinCost | YearAmountKind::Income => {}
        }
    }
    Ok(years)
}

fn worksheets(
    netting: &Netting<'_>,
    sums: &BTreeMap<i32, Sums>,
    carryback: &Carryback,
) -> Result<BTreeMap<i32, Worksheet>, OutOfRange> {
    let mut carried = (netting.carried_in("short")?, netting.carried_in("long")?);
    let mut sheets = BTreeMap::new();
    for year in netting.years() {
        let sums = sums.get(&year).copied().unwrap_or_default();
        let moved = carryback.get(&year).copied().unwrap_or(0);
        let sheet = worksheet(netting, year, sums, moved, carried)?;
        carried = (sheet.short_carried_out, sheet.long_carried_out);
        sheets.insert(year, sheet);
    }
    Ok(sheets)
}

fn worksheet(
    netting: &Netting<'_>,
    year: i32,
    mut sums: Sums,
    carried_back: Minor,
    (short_carried_in, long_carried_in): (Minor, Minor),
) -> Result<Worksheet, OutOfRange> {
    // Form 6781 lines 8 and 9: 40 % of the year's result is short-term, the rest long-term.
    let contracts = sums.section_1256 + carried_back;
    let percent = netting.number("short_share_1256", known(netting, year));
    let short_part = percent_of(contracts, percent)?;
    let long_part = contracts - short_part;
    sums.short_gains += short_part.max(0);
    sums.short_losses -= short_part.min(0);
    sums.long_gains += long_part.max(0);
    sums.long_losses -= long_part.min(0);

    let short_net = sums.short_gains - sums.short_losses - short_carried_in; // Schedule D line 7
    let long_net = sums.long_gains - sums.long_losses - long_carried_in; // line 15
    let net = short_net.checked_add(long_net).ok_or(OutOfRange::Amount)?; // line 16
    let deducted = (-net).max(0).min(limit(netting, year)?); // line 21
    let (short_carried_out, long_carried_out) =
        carryover(netting, year, short_net, long_net, deducted)?;
    Ok(Worksheet {
        sums,
        short_carried_in,
        long_carried_in,
        short_net,
        long_net,
        deducted,
        short_carried_out,
        long_carried_out,
    })
}

/// The Capital Loss Carryover Worksheet; the comments give its lines.
fn carryover(
    netting: &Netting<'_>,
    year: i32,
    short_net: Minor,
    long_net: Minor,
    deducted: Minor,
) -> Result<(Minor, Minor), OutOfRange> {
    let taxable = taxable_income(netting, year)?; // 1; unknown is taken as zero or more
    let room = taxable.map_or(deducted, |income| income.saturating_add(deducted).max(0)); // 3
    let used = deducted.min(room); // 4
    let short_loss = (-short_net).max(0); // 5
    let short_out = (short_loss - used - long_net.max(0)).max(0); // 6 to 8
    let long_loss = (-long_net).max(0); // 9
    let long_out = (long_loss - short_net.max(0) - (used - short_loss).max(0)).max(0); // 10 to 13
    Ok((short_out, long_out))
}

fn taxable_income(netting: &Netting<'_>, year: i32) -> Result<Option<Minor>, OutOfRange> {
    let settings = netting.settings;
    let income = settings
        .taxable_income_of
        .get(&year)
        .copied()
        .or(settings.taxable_income);
    income
        .map(|income| Money::new(income)?.to_minor(netting.law.places))
        .transpose()
}

/// The year, or the first one of which the amounts are known: they go for those before as well.
fn known(netting: &Netting<'_>, year: i32) -> i32 {
    year.max((netting.law.parameters)().first_year)
}

/// The deduction of an excess of losses from other income (26 USC 1211(b)).
fn limit(netting: &Netting<'_>, year: i32) -> Result<Minor, OutOfRange> {
    let name = match netting.settings.filing_status {
        FilingStatus::Separate => "loss_limit_separate",
        FilingStatus::Single | FilingStatus::Head | FilingStatus::Joint => "loss_limit",
    };
    netting.amount(name, known(netting, year))
}

/// What of a year's section 1256 loss could be carried back to each of the three years before it (26 USC 1212(c)).
fn carry_back(
    netting: &Netting<'_>,
    year: i32,
    sheets: &BTreeMap<i32, Worksheet>,
    carryback: &Carryback,
) -> Result<Vec<(i32, Minor)>, OutOfRange> {
    let Some(sheet) = sheets.get(&year) else {
        return Ok(Vec::new());
    };
    let alone = -sheet.sums.section_1256 - limit(netting, year)?;
    let mut rest = alone
        .min(sheet.short_carried_out + sheet.long_carried_out)
        .max(0);
    let mut used = Vec::new();
    for earlier in year - 3..year {
        let Some(sheet) = sheets.get(&earlier) else {
            continue;
        };
        let contracts = sheet.sums.section_1256 + carryback.get(&earlier).copied().unwrap_or(0);
        let room = contracts.min(sheet.short_net + sheet.long_net).max(0);
        let amount = rest.min(room);
        if amount > 0 {
            used.push((earlier, amount));
            rest -= amount;
        }
    }
    Ok(used)
}

/// The 28 % worksheet: collectibles gain less long-term carryover and short-term loss (Schedule D line 18).
fn collectibles(sheet: &Worksheet) -> Minor {
    if sheet.long_net <= 0 || sheet.short_net + sheet.long_net <= 0 {
        return 0;
    }
    (sheet.sums.collectibles - sheet.long_carried_in + sheet.short_net.min(0)).max(0)
}

fn lines(
    year: i32,
    sheet: &Worksheet,
    carried_back: Option<&Minor>,
    possible: Option<&Minor>,
) -> Year {
    let sums = &sheet.sums;
    Year {
        begins: year,
        lines: vec![
            ("short_gains", sums.short_gains),
            ("short_losses", sums.short_losses),
            ("short_carried_in", sheet.short_carried_in),
            ("short_net", sheet.short_net),
            ("long_gains", sums.long_gains),
            ("long_losses", sums.long_losses),
            ("long_carried_in", sheet.long_carried_in),
            ("long_net", sheet.long_net),
            ("net", sheet.short_net + sheet.long_net),
            ("deducted", sheet.deducted),
            ("short_carried_out", sheet.short_carried_out),
            ("long_carried_out", sheet.long_carried_out),
            (
                "section_1256_net",
                sums.section_1256 + carried_back.copied().unwrap_or(0),
            ),
            ("section_1256_carryback", possible.copied().unwrap_or(0)),
            ("capital_gain_distributions", sums.distributions),
            ("collectibles_gain", collectibles(sheet)),
        ],
    }
}

fn warnings(
    netting: &Netting<'_>,
    sheets: &BTreeMap<i32, Worksheet>,
    possible: &BTreeMap<i32, Minor>,
) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |code, message: String, needs_user| {
        warnings.push(Warning {
            code,
            message,
            at: Vec::new(),
            needs_user,
        });
    };
    let carried = sheets.iter().find(|(year, sheet)| {
        sheet.short_carried_out + sheet.long_carried_out > 0
            && !matches!(taxable_income(netting, **year), Ok(Some(_)))
    });
    if let Some((year, _)) = carried {
        warn(
            "taxable-income-unknown",
            format!(
                "a loss is carried over from {year} and taxable income is not known: it is taken as zero or more; give --taxable-income (or [us.taxable_income] by year) if it was negative"
            ),
            false,
        );
    }
    let parameters = (netting.law.parameters)();
    let outside: Vec<String> = sheets
        .iter()
        .filter(|(year, sheet)| {
            listed(sheet) && !(parameters.first_year..=parameters.known_until).contains(*year)
        })
        .map(|(year, _)| year.to_string())
        .collect();
    if !outside.is_empty() {
        warn(
            "year-outside-parameters",
            format!(
                "the law's amounts are known here for {} to {}; the nearest were used for {}",
                parameters.first_year,
                parameters.known_until,
                outside.join(", ")
            ),
            true,
        );
    }
    for (year, amount) in possible {
        let text = crate::money::minor_text(*amount, netting.law.places);
        let loss = format!("{text} of the section 1256 loss of {year}");
        warn(
            "section-1256-carryback",
            if elected(netting) {
                format!(
                    "{loss} is carried back (Form 6781 box D), which wants amended returns of the earlier years"
                )
            } else {
                format!(
                    "{loss} could be carried back (Form 6781 box D); the setting 1256_carryback under [us] applies it"
                )
            },
            false,
        );
    }
    warnings
}
