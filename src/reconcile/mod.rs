//! Our disposals against a broker's: which of theirs is which of ours, where they differ, and why as far as it can be
//! known.
//!
//! ```text
//! broker's rows -names-> securities -pairing-> rows of ours beside rows of theirs -cause-> findings
//! ```

#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts and positions of what is in memory"
)]

mod cause;
mod names;
mod pairing;
mod side;

use std::cell::OnceCell;

use crate::answer::{Answer, Term};
use crate::date::{Date, TaxYear};
use crate::diagnostic::{Problem, Warning};
use crate::import::gains::Gains;
use crate::money::{Minor, Quantity};
use crate::settings::WashSales;
use crate::source::Source;
use crate::trade::{AccountId, History, SecurityId};

pub use side::Side;
use side::{Ours, Theirs};

/// What is compared, and with what.
pub struct Question<'a> {
    /// The trades.
    pub history: &'a History,
    /// What was found in them.
    pub answer: &'a Answer,
    /// The broker's list.
    pub gains: &'a Gains,
    /// Decimal places of amounts.
    pub places: u32,
    /// The report's currency.
    pub currency: &'a str,
    /// When the tax year begins.
    pub tax_year: TaxYear,
    /// The only tax year compared, by the calendar year in which it begins.
    pub only: Option<i32>,
    /// The only account compared.
    pub account: Option<AccountId>,
    /// Whether Form 8949 has codes for differences.
    pub us: bool,
    /// The same trades computed otherwise, to try what a broker may have done.
    pub otherwise: &'a Otherwise<'a>,
}

/// Another way to compute the same trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The wash-sale rule over another scope.
    Scope(WashSales),
    /// Another lot method.
    Method(&'static str),
}

/// The same trades computed in other ways, each at most once and only if a difference asks for it.
pub struct Otherwise<'a> {
    compute: Box<dyn Fn(Way) -> Option<Answer> + 'a>,
    ways: Vec<(Way, OnceCell<Option<Answer>>)>,
}

impl<'a> Otherwise<'a> {
    /// Ways to try, and how.
    pub fn new(ways: Vec<Way>, compute: impl Fn(Way) -> Option<Answer> + 'a) -> Self {
        let ways = ways.into_iter().map(|way| (way, OnceCell::new()));
        Self {
            ways: ways.collect(),
            compute: Box::new(compute),
        }
    }

    /// What each way comes to.
    fn answers(&self) -> impl Iterator<Item = (Way, &Answer)> {
        self.ways.iter().filter_map(|(way, answer)| {
            let answer = answer.get_or_init(|| (self.compute)(*way)).as_ref()?;
            Some((*way, answer))
        })
    }
}

/// What comparing came to.
#[derive(Clone, Debug, Default)]
pub struct Reconciliation {
    /// What was compared, by day of sale.
    pub pairs: Vec<Pair>,
    /// Names of the broker that were understood by day, quantity and proceeds alone.
    pub learned: Vec<(String, SecurityId)>,
    /// Rows of ours outside the tax years of the broker's list.
    pub other_years: usize,
    /// Rows of ours in accounts of which the list has nothing.
    pub other_accounts: usize,
}

/// Rows of ours and of theirs that are one thing.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Ours, by position in [`Answer::disposals`].
    pub ours: Vec<u32>,
    /// Theirs, by position in [`Gains::lots`].
    pub theirs: Vec<usize>,
    /// What was sold, where it is known.
    pub security: Option<SecurityId>,
    /// Ours together.
    pub our_side: Option<Side>,
    /// Theirs together.
    pub their_side: Option<Side>,
    /// How they stand to each other.
    pub status: Status,
    /// Where they differ.
    pub findings: Vec<Finding>,
}

/// How rows of ours stand to rows of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// They say the same.
    Matched,
    /// They differ.
    Differs,
    /// Only we have it.
    MissingThere,
    /// Only they have it.
    MissingHere,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Matched,
        Self::Differs,
        Self::MissingThere,
        Self::MissingHere,
    ];

    /// The word in results.
    pub fn word(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Differs => "differs",
            Self::MissingThere => "missing-there",
            Self::MissingHere => "missing-here",
        }
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// In what.
    pub figure: Figure,
    /// Ours.
    pub ours: Value,
    /// Theirs.
    pub theirs: Value,
    /// Why, as far as it can be known.
    pub cause: Cause,
    /// The code of Form 8949 that corrects it; empty where none does or none is needed.
    pub code: &'static str,
    /// What speaks for the cause, in a sentence.
    pub note: String,
}

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Figure {
    /// Units.
    Quantity,
    /// The day of sale.
    Disposed,
    /// The days of purchase: the lots used.
    Acquired,
    /// Proceeds.
    Proceeds,
    /// Cost.
    Cost,
    /// The part of a loss that is denied or deferred.
    Adjustment,
    /// Holding-period class.
    Term,
}

impl Figure {
    /// The word in results.
    pub fn word(self) -> &'static str {
        match self {
            Self::Quantity => "quantity",
            Self::Disposed => "disposed",
            Self::Acquired => "acquired",
            Self::Proceeds => "proceeds",
            Self::Cost => "cost",
            Self::Adjustment => "adjustment",
            Self::Term => "term",
        }
    }
}

/// One side of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Not known.
    Unknown,
    /// An amount.
    Amount(Minor),
    /// Units.
    Units(Quantity),
    /// Days; `None` is `various`.
    Days(Vec<Option<Date>>),
    /// A term.
    Term(Term),
}

/// Why two sides differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// A replacement in another account, of another person or by an option: a broker does not look there.
    WashAcross,
    /// The wash-sale rule, otherwise.
    Wash,
    /// Other lots were used.
    Method,
    /// The holding period.
    Term,
    /// Another basis.
    Basis,
    /// A fee on one side only.
    Fee,
    /// A split that one side knows.
    Split,
    /// Units that one side lacks.
    Quantity,
    /// Trade day and settlement day.
    Settlement,
    /// Cents, or whole units of the currency.
    Rounding,
    /// Not known.
    Unknown,
}

impl Cause {
    /// The words in results.
    pub fn word(self) -> &'static str {
        match self {
            Self::WashAcross => "wash sale across accounts",
            Self::Wash => "wash sale",
            Self::Method => "method",
            Self::Term => "term",
            Self::Basis => "basis",
            Self::Fee => "fee",
            Self::Split => "split",
            Self::Quantity => "quantity",
            Self::Settlement => "settlement day",
            Self::Rounding => "rounding",
            Self::Unknown => "unknown",
        }
    }
}

impl Pair {
    /// The different causes, the gravest first.
    pub fn causes(&self) -> Vec<Cause> {
        let mut causes: Vec<Cause> = self.findings.iter().map(|f| f.cause).collect();
        causes.sort_unstable();
        causes.dedup();
        causes
    }

    /// The codes of Form 8949, in alphabetical order without separators.
    pub fn codes(&self) -> String {
        let mut codes: Vec<&str> = self.findings.iter().map(|f| f.code).collect();
        codes.sort_unstable();
        codes.dedup();
        codes.concat()
    }

    /// Whether there is more to it than rounding.
    pub fn needs_user(&self) -> bool {
        self.status != Status::Matched
            && (self.findings.is_empty() || self.causes() != [Cause::Rounding])
    }
}

impl Reconciliation {
    /// How many pairs stand like this.
    pub fn count(&self, status: Status) -> usize {
        self.pairs.iter().filter(|p| p.status == status).count()
    }

    /// What the user must look at, if anything.
    pub fn warning(&self, question: &Question<'_>) -> Option<Warning> {
        let open: Vec<&Pair> = self.pairs.iter().filter(|p| p.needs_user()).collect();
        if open.is_empty() {
            return None;
        }
        let mut codes: Vec<&str> = open
            .iter()
            .flat_map(|pair| &pair.findings)
            .map(|finding| finding.code)
            .filter(|code| !code.is_empty())
            .collect();
        codes.sort_unstable();
        codes.dedup();
        let correct = if codes.is_empty() {
            String::new()
        } else {
            format!(
                "; Form 8949 corrects them with the codes {}",
                codes.join(", ")
            )
        };
        let answer = question.answer;
        let rows = open.iter().flat_map(|pair| &pair.ours);
        let rows = rows.filter_map(|at| answer.disposals.get(*at as usize));
        let mut at: Vec<Source> = rows
            .map(|row| question.history.trade(row.closed_by).source)
            .collect();
        at.sort_unstable();
        at.dedup();
        let count = |status| open.iter().filter(|pair| pair.status == status).count();
        Some(Warning {
            code: "broker-differs",
            message: format!(
                "against `{}`: {} differing, {} missing there, {} missing here{correct}",
                question.gains.file,
                count(Status::Differs),
                count(Status::MissingThere),
                count(Status::MissingHere),
            ),
            at,
            needs_user: true,
        })
    }
}

/// Compares.
///
/// # Errors
/// Amounts of the broker that are out of range or in another currency.
pub fn reconcile(question: &Question<'_>) -> Result<Reconciliation, Vec<Problem>> {
    let mut theirs = side::theirs(question)?;
    let mut ours = side::ours(question);
    let mut found = Reconciliation::default();
    let years = theirs.iter().map(|t| question.tax_year.of(t.closed));
    let years: Vec<i32> = years.collect();
    let before = ours.len();
    ours.retain(|o| question.only.is_some() || years.contains(&i32::from(o.row.tax_year)));
    found.other_years = before - ours.len();
    found.learned = names::resolve(question.history, &ours, &mut theirs);
    let paired = pairing::pair(question.history, &ours, &theirs);
    for (ours_of, theirs_of) in paired {
        found
            .pairs
            .push(judged(question, &ours, &theirs, &ours_of, &theirs_of));
    }
    leave_out_other_accounts(question, &mut found);
    found.pairs.sort_by_key(order);
    Ok(found)
}

fn order(pair: &Pair) -> (Date, Vec<u32>, Vec<usize>) {
    let side = pair.our_side.as_ref().or(pair.their_side.as_ref());
    let day = side.map_or(Date::FIRST, |side| side.closed);
    (day, pair.ours.clone(), pair.theirs.clone())
}

fn judged(
    question: &Question<'_>,
    ours: &[Ours<'_>],
    theirs: &[Theirs<'_>],
    ours_of: &[usize],
    theirs_of: &[usize],
) -> Pair {
    let own: Vec<&Ours<'_>> = ours_of.iter().filter_map(|at| ours.get(*at)).collect();
    let their: Vec<&Theirs<'_>> = theirs_of.iter().filter_map(|at| theirs.get(*at)).collect();
    let security = own
        .first()
        .map(|o| o.row.security)
        .or_else(|| their.first().and_then(|t| t.security));
    let (our_side, their_side) = (side::of_ours(&own), side::of_theirs(&their));
    let findings = match (&our_side, &their_side) {
        (Some(mine), Some(other)) => cause::findings(question, &own, &their, mine, other),
        _ => Vec::new(),
    };
    let status = match (&our_side, &their_side) {
        (Some(_), Some(_)) if findings.is_empty() => Status::Matched,
        (Some(_), Some(_)) => Status::Differs,
        (Some(_), None) => Status::MissingThere,
        _ => Status::MissingHere,
    };
    Pair {
        ours: own.iter().map(|o| o.position).collect(),
        theirs: their.iter().map(|t| t.position).collect(),
        security,
        our_side,
        their_side,
        status,
        findings,
    }
}

/// A list that has nothing of an account is not about it: what that account sold is not missing there.
fn leave_out_other_accounts(question: &Question<'_>, found: &mut Reconciliation) {
    let account = |at: &u32| {
        let row = question.answer.disposals.get(*at as usize);
        row.map(|row| row.account)
    };
    let met: Vec<AccountId> = found
        .pairs
        .iter()
        .filter(|pair| !pair.theirs.is_empty())
        .flat_map(|pair| pair.ours.iter().filter_map(account))
        .collect();
    if met.is_empty() {
        return;
    }
    let before = found.pairs.len();
    found.pairs.retain(|pair| {
        pair.status != Status::MissingThere
            || pair
                .ours
                .iter()
                .filter_map(account)
                .any(|of| met.contains(&of))
    });
    found.other_accounts = before - found.pairs.len();
}
