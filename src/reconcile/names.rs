//! Which of our securities a broker's name means: by symbol, by ISIN or CUSIP, by a symbol in the description, and where
//! all that fails by day, quantity and proceeds.

use std::collections::BTreeMap;

use crate::import::gains::symbol_key;
use crate::trade::{History, SecurityId};

use super::side::{Ours, Theirs, of_ours};

/// Understands the names; those learned from figures alone are returned.
pub fn resolve(
    history: &History,
    ours: &[Ours<'_>],
    theirs: &mut [Theirs<'_>],
) -> Vec<(String, SecurityId)> {
    let known = Known::of(history);
    for row in theirs.iter_mut() {
        row.security = known.named(row).or_else(|| in_words(history, ours, row));
    }
    let mut learned = Vec::new();
    let mut unknown: Vec<String> = theirs
        .iter()
        .filter(|row| row.security.is_none())
        .map(|row| row.row.name.clone())
        .collect();
    unknown.sort();
    unknown.dedup();
    for name in unknown {
        let taken: Vec<SecurityId> = theirs.iter().filter_map(|row| row.security).collect();
        let of_name = theirs.iter().filter(|row| row.row.name == name);
        let Some(security) = by_figures(ours, of_name, &taken) else {
            continue;
        };
        for row in theirs.iter_mut().filter(|row| row.row.name == name) {
            row.security = Some(security);
        }
        learned.push((name, security));
    }
    learned
}

struct Known {
    by_symbol: BTreeMap<String, SecurityId>,
    by_identifier: BTreeMap<String, SecurityId>,
}

impl Known {
    fn of(history: &History) -> Self {
        let numbered = || (0..).map(SecurityId).zip(&history.securities);
        Self {
            by_symbol: numbered()
                .map(|(id, security)| (symbol_key(&security.symbol), id))
                .collect(),
            by_identifier: numbered()
                .filter_map(|(id, security)| {
                    Some((security.identifier.as_deref()?.to_uppercase(), id))
                })
                .collect(),
        }
    }

    fn named(&self, row: &Theirs<'_>) -> Option<SecurityId> {
        let lot = row.row;
        let symbols = [Some(&lot.name), lot.description.as_ref()];
        let symbols = symbols.into_iter().flatten();
        let by_symbol = symbols.filter_map(|text| self.by_symbol.get(&symbol_key(text)));
        let identifiers = [lot.identifier.as_ref(), Some(&lot.name)];
        let identifiers = identifiers.into_iter().flatten();
        let by_identifier =
            identifiers.filter_map(|text| self.by_identifier.get(&text.trim().to_uppercase()));
        by_symbol.chain(by_identifier).next().copied()
    }
}

/// A symbol among the words of the name or the description, of something that we sold on that day: `100 sh. XYZ Co.`.
fn in_words(history: &History, ours: &[Ours<'_>], row: &Theirs<'_>) -> Option<SecurityId> {
    let texts = [Some(&row.row.name), row.row.description.as_ref()];
    let words: Vec<&str> = texts
        .into_iter()
        .flatten()
        .flat_map(|text| text.split(|c: char| !c.is_alphanumeric() && c != '.' && c != '-'))
        .filter(|word| word.len() > 1)
        .collect();
    let sold = ours.iter().filter(|o| o.closed == row.closed);
    let mut named: Vec<SecurityId> = sold
        .map(|o| o.row.security)
        .filter(|id| words.contains(&&*history.security(*id).symbol))
        .collect();
    named.sort_unstable();
    named.dedup();
    match named[..] {
        [one] => Some(one),
        _ => None,
    }
}

/// The one security of which we sold as much on the same days for about the same, if there is one.
fn by_figures<'t>(
    ours: &[Ours<'_>],
    theirs: impl Iterator<Item = &'t Theirs<'t>>,
    taken: &[SecurityId],
) -> Option<SecurityId> {
    let mut candidates: Option<Vec<SecurityId>> = None;
    for row in theirs {
        let found = like(ours, row, taken);
        candidates = Some(match candidates {
            None => found,
            Some(known) => known.into_iter().filter(|id| found.contains(id)).collect(),
        });
    }
    match candidates.unwrap_or_default()[..] {
        [one] => Some(one),
        _ => None,
    }
}

fn like(ours: &[Ours<'_>], theirs: &Theirs<'_>, taken: &[SecurityId]) -> Vec<SecurityId> {
    let on_day = |o: &&Ours<'_>| o.closed == theirs.closed && !taken.contains(&o.row.security);
    let mut found: Vec<SecurityId> = Vec::new();
    for own in ours.iter().filter(on_day) {
        let id = own.row.security;
        let of_day: Vec<&Ours<'_>> = ours
            .iter()
            .filter(on_day)
            .filter(|o| o.row.security == id)
            .collect();
        let alone = alike(&[own], theirs);
        if !found.contains(&id) && (alone || alike(&of_day, theirs)) {
            found.push(id);
        }
    }
    found
}

/// As many units, and proceeds that differ by a fee at most.
fn alike(rows: &[&Ours<'_>], theirs: &Theirs<'_>) -> bool {
    let Some(side) = of_ours(rows) else {
        return false;
    };
    let near = side.proceeds.abs_diff(theirs.proceeds) <= 100 + side.proceeds.unsigned_abs() / 200;
    near && theirs
        .quantity
        .is_none_or(|quantity| side.quantity == Some(quantity))
}
