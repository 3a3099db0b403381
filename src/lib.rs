//! Tax lots, loss rules and netting from trade CSVs.
//!
//! Data flows one way:
//!
//! ```text
//! CSV bytes -import-> trades -timeline-> events in legal order -matching-> disposal rows, open lots, adjustments
//!      text <-output- table <-report- (answer, worksheets) <-netting- rows by tax year <-'
//! ```
//!
//! A loss that is replaced ten days later, from text to figures in cents:
//!
//! ```
//! use lossoffset::import::{Input, ReadOptions, read};
//! use lossoffset::settings::Settings;
//!
//! let trades = "\
//! date,action,symbol,quantity,price
//! 2024-01-02,buy,XYZ,100,50
//! 2024-03-05,sell,XYZ,100,40
//! 2024-03-15,buy,XYZ,100,41
//! ";
//! let file = Input { name: "trades.csv".into(), bytes: trades.into() };
//! let Ok(reading) = read(vec![file], &ReadOptions::default()) else {
//!     panic!("every problem of the file is in the error");
//! };
//! let answer = lossoffset::compute(&reading.history, &Settings::default()).expect("sales fit holdings");
//!
//! let sale = &answer.disposals[0];
//! assert_eq!((sale.proceeds, sale.cost, sale.adjustment), (400_000, 500_000, 100_000));
//! assert_eq!((sale.gain(), answer.lots[0].cost), (0, 510_000));
//! ```

// Tests may; the library only where the first lines of a file say why.
#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing)
)]

pub mod answer;
pub mod cli;
pub mod date;
pub mod diagnostic;
pub mod holding;
pub mod import;
pub mod jurisdiction;
pub mod lot;
pub mod matching;
pub mod meter;
pub mod method;
pub mod money;
pub mod netting;
pub mod output;
pub mod parcel;
pub mod rates;
pub mod reconcile;
pub mod record;
pub mod report;
pub mod rule;
pub mod settings;
pub mod source;
pub mod timeline;
pub mod trade;

use answer::Answer;
use diagnostic::Problem;
use netting::Netting;
use settings::Settings;
use trade::History;

/// Computes lots, disposals, loss rules and netting of a history.
///
/// # Errors
/// Every problem found: sales of more than is held, contradictory rows, amounts out of range.
pub fn compute(history: &History, settings: &Settings) -> Result<Answer, Vec<Problem>> {
    let code = settings.jurisdiction.as_deref().unwrap_or("us");
    let law = jurisdiction::named(code).ok_or_else(|| vec![unknown_jurisdiction(code)])?;
    let mut matched = matching::matched(history, law, settings)?;
    let mut netted = netting::net(&Netting {
        history,
        law,
        settings,
        matched: &matched,
    })?;
    let mut warnings = history.warnings.clone();
    warnings.append(&mut matched.warnings);
    warnings.extend(netted.warnings);
    if law.is_us() && law.reading(settings, "rounding") == "dollars" {
        warnings.push(matched.round(law.places));
        netted
            .years
            .iter_mut()
            .for_each(|year| year.round(law.places));
    }
    Ok(Answer {
        rows: matched.sums.values().map(|sums| sums.rows).sum(),
        disposals: matched.disposals,
        merged: matched.merged,
        lots: matched.lots,
        adjustments: matched.adjustments,
        years: netted.years,
        conservation: matched.conservation,
        overview: matched.overview,
        rates: settings.rates.to(law.currency, law.rate_day, history),
        trails: matched.trails,
        warnings,
    })
}

fn unknown_jurisdiction(code: &str) -> Problem {
    let known: Vec<&str> = jurisdiction::JURISDICTIONS
        .iter()
        .map(|country| country.code)
        .collect();
    Problem::new(format!("the jurisdiction `{code}` is not supported"))
        .help(format!("supported: {}", known.join(", ")))
}
