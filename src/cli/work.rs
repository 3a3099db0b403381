//! What commands have in common: trades computed, ready to be reported.

use std::process::ExitCode;

use crate::answer::Answer;
use crate::import::Reading;
use crate::report::Frame;
use crate::trade::History;

use super::country;
use super::error::{DONE, Error, NEEDS_USER};
use super::options::Chosen;
use super::progress::Progress;

/// The trades and what was found in them.
pub struct Work {
    /// The trades.
    pub history: History,
    /// What was found.
    pub answer: Answer,
}

impl Work {
    /// Computes what was read.
    ///
    /// # Errors
    /// Everything wrong with it.
    pub fn compute(reading: Reading, chosen: &Chosen) -> Result<Self, Error> {
        let Reading { history, .. } = reading;
        let events = history.trades.len() as u64;
        let _progress = Progress::of("matching", events, &chosen.settings.meter);
        match crate::compute(&history, &chosen.settings) {
            Ok(answer) => Ok(Self { history, answer }),
            Err(problems) => Err(Error::Problems {
                problems,
                sources: history.sources,
            }),
        }
    }

    /// What reports look at.
    pub fn frame<'a>(&'a self, chosen: &'a Chosen, only: Option<i32>) -> Frame<'a> {
        frame(&self.history, &self.answer, chosen, only)
    }
}

/// What reports look at.
pub fn frame<'a>(
    history: &'a History,
    answer: &'a Answer,
    chosen: &'a Chosen,
    only: Option<i32>,
) -> Frame<'a> {
    let own = country::methods(chosen.country);
    let own = own.first().copied().unwrap_or_default();
    Frame {
        history,
        answer,
        jurisdiction: chosen.country.code,
        method: chosen.settings.method.as_deref().unwrap_or(own),
        currency: currency(history, chosen),
        places: places(history, chosen),
        tax_year: chosen.country.tax_year,
        only,
    }
}

/// The report's currency: the country's, or that of the rows.
fn currency<'a>(history: &'a History, chosen: &'a Chosen) -> &'a str {
    match chosen.country.currency {
        "" => {
            let mut named = history.trades.iter();
            let named = named.find_map(|trade| trade.rest().currency.as_deref());
            named.unwrap_or("USD")
        }
        own => own,
    }
}

fn places(history: &History, chosen: &Chosen) -> u32 {
    match chosen.country.currency {
        "" => crate::rates::places(currency(history, chosen)),
        _ => chosen.country.places,
    }
}

impl Chosen {
    /// The only tax year to show.
    ///
    /// # Errors
    /// Text that is no tax year of the country.
    pub fn only(&self, year: Option<&str>) -> Result<Option<i32>, Error> {
        let Some(text) = year else { return Ok(None) };
        let begins = country::year_written(self.country, text);
        begins.map(Some).ok_or_else(|| {
            Error::Usage(format!(
                "`{text}` is not a tax year; here one is written like {}",
                self.country.tax_year.written(2024)
            ))
        })
    }

    /// The exit status of a run that computed.
    pub fn status(&self, frame: &Frame<'_>) -> ExitCode {
        let needs_user = frame
            .answer
            .warnings
            .iter()
            .any(|warning| warning.needs_user);
        ExitCode::from(if self.strict && needs_user {
            NEEDS_USER
        } else {
            DONE
        })
    }
}
