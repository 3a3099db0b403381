//! What kind of asset each security is, once all rows have been read.

use std::collections::BTreeMap;

use crate::diagnostic::{Problem, Warning};
use crate::import::file::{Shared, for_shares};
use crate::import::money_words::{is_index_root, is_well_known_coin};
use crate::import::tables::Draft;
use crate::source::Sources;
use crate::trade::{Class, Contract, Security, SecurityId};

/// The securities with their classes; opening and closing words of shares become plain ones.
pub fn resolve(shared: &mut Shared<'_>, sources: &Sources) -> Vec<Security> {
    let by_account = classes_of_accounts(shared);
    let drafts = std::mem::take(&mut shared.tables.securities);
    let resolver = Resolver {
        drafts: &drafts,
        shared,
        by_account,
    };
    let classes: Vec<(Class, bool)> = (0..drafts.len()).map(|at| resolver.class(at, 0)).collect();
    let traded = traded(shared, drafts.len());
    warn_of_guesses(shared, &drafts, &classes, &traded);
    warn_of_case(shared, &drafts, &traded);
    for (draft, (class, _)) in drafts.iter().zip(&classes) {
        check(shared, sources, draft, *class);
    }
    for trade in &mut shared.trades {
        let class = classes
            .get(trade.security.0 as usize)
            .map_or(Class::Stock, |(class, _)| *class);
        if is_share(class) {
            trade.action = for_shares(trade.action);
        }
    }
    drafts
        .into_iter()
        .zip(classes)
        .map(|(draft, (class, _))| security(draft, class))
        .collect()
}

fn is_share(class: Class) -> bool {
    match class {
        Class::Stock
        | Class::Fund
        | Class::Bond
        | Class::Crypto
        | Class::Right
        | Class::Collectible
        | Class::Other => true,
        Class::Option | Class::IndexOption | Class::Future | Class::Perpetual => false,
    }
}

fn security(draft: Draft, class: Class) -> Security {
    let Contract {
        underlying,
        expiry,
        strike,
        right,
        multiplier,
    } = &draft.contract;
    let has_terms = underlying.is_some()
        || expiry.is_some()
        || strike.is_some()
        || right.is_some()
        || multiplier.is_some();
    Security {
        symbol: draft.symbol,
        class,
        contract: has_terms.then_some(draft.contract),
        identifier: draft.identifier,
    }
}

/// The class that an account's setting gives to what is traded in it.
fn classes_of_accounts(shared: &Shared<'_>) -> BTreeMap<SecurityId, Class> {
    let mut classes = BTreeMap::new();
    if shared
        .tables
        .accounts
        .iter()
        .all(|account| account.class.is_none())
    {
        return classes;
    }
    for trade in &shared.trades {
        let account = shared.tables.accounts.get(usize::from(trade.account.0));
        if let Some(class) = account.and_then(|account| account.class) {
            classes.entry(trade.security).or_insert(class);
        }
    }
    classes
}

struct Resolver<'a, 'b> {
    drafts: &'a [Draft],
    shared: &'a Shared<'b>,
    by_account: BTreeMap<SecurityId, Class>,
}

/// How long a chain of renames and mergers is followed.
const LONGEST_CHAIN: u8 = 32;

impl Resolver<'_, '_> {
    /// The class, and whether it was only guessed: rows first, then the configuration, the account, the form of the
    /// symbol, what it came from.
    fn class(&self, at: usize, depth: u8) -> (Class, bool) {
        let Some(draft) = self.drafts.get(at) else {
            return (Class::Stock, true);
        };
        let id = SecurityId(u32::try_from(at).unwrap_or(u32::MAX));
        let set = self
            .shared
            .options
            .symbol_classes
            .get(draft.symbol.as_ref())
            .copied();
        if let Some(class) = draft.said.map(|(class, _)| class).or(set) {
            return (class, false);
        }
        if draft.option_form || draft.contract.right.is_some() && draft.contract.strike.is_some() {
            return (Class::Option, true);
        }
        if let Some(class) = self.by_account.get(&id) {
            return (*class, false);
        }
        match draft.parent.filter(|_| depth < LONGEST_CHAIN) {
            Some(parent) => self.class(parent.0 as usize, depth + 1),
            None => (Class::Stock, true),
        }
    }
}

fn traded(shared: &Shared<'_>, securities: usize) -> Vec<bool> {
    let mut traded = vec![false; securities];
    for trade in &shared.trades {
        let rest = trade.rest();
        for id in [
            Some(trade.security),
            rest.rarest().new_security,
            rest.rarest().fee_asset,
        ]
        .into_iter()
        .flatten()
        {
            if let Some(slot) = traded.get_mut(id.0 as usize) {
                *slot = true;
            }
        }
    }
    traded
}

fn check(shared: &mut Shared<'_>, sources: &Sources, draft: &Draft, class: Class) {
    let symbol = &draft.symbol;
    let set = shared.options.symbol_classes.get(symbol.as_ref()).copied();
    if let (Some((said, source)), Some(set)) = (draft.said, set)
        && said != set
    {
        shared.problems.add(
            Problem::at(
                source,
                format!(
                    "`{symbol}` is a {} here, but the configuration says {}",
                    said.name(),
                    set.name()
                ),
            )
            .help(format!(
                "correct `[symbols.{symbol}] class`, or the `class` column"
            )),
        );
    }
    if draft.adjusted && draft.contract.multiplier.is_none() {
        shared.problems.add(
            Problem::at(draft.first, format!("`{symbol}` is an adjusted option: a digit at the end of its root says that it delivers something else than 100 shares"))
                .help("say what one contract delivers in a `multiplier` column"),
        );
    }
    let lacks_terms = draft.contract.strike.is_none()
        || draft.contract.expiry.is_none()
        || draft.contract.right.is_none();
    if matches!(class, Class::Option | Class::IndexOption) && lacks_terms && draft.said.is_some() {
        let at = sources.text(draft.first);
        shared.warnings.push(Warning {
            code: "option-terms-missing",
            message: format!("the option `{symbol}` ({at}) does not say its expiry, strike and right; write it like `XYZ   240119C00150000`, or add the columns underlying, expiry, strike, right"),
            at: vec![draft.first],
            needs_user: false,
        });
    }
}

fn warn_of_guesses(
    shared: &mut Shared<'_>,
    drafts: &[Draft],
    classes: &[(Class, bool)],
    traded: &[bool],
) {
    for ((draft, (class, guessed)), _) in drafts
        .iter()
        .zip(classes)
        .zip(traded)
        .filter(|(_, traded)| **traded)
    {
        let symbol = &draft.symbol;
        let future = symbol.starts_with('/') && symbol.len() > 2;
        let warning = match class {
            Class::Stock if *guessed && is_well_known_coin(symbol) => Some((
                "class-guessed-stock",
                format!(
                    "`{symbol}` is taken for a stock; if it is the coin, add to lossoffset.toml:\n[symbols.{}]\nclass = \"crypto\"",
                    key(symbol)
                ),
            )),
            Class::Stock if *guessed && future => Some((
                "class-guessed-stock",
                format!(
                    "`{symbol}` is taken for a stock; if it is a future, add to lossoffset.toml:\n[symbols.{}]\nclass = \"future\"",
                    key(symbol)
                ),
            )),
            Class::Option if *guessed && root(symbol).is_some_and(is_index_root) => Some((
                "class-guessed-option",
                format!(
                    "`{symbol}` is taken for an option on shares; as an option on an index add to lossoffset.toml:\n[symbols.{}]\nclass = \"index_option\"",
                    key(symbol)
                ),
            )),
            _ => None,
        };
        if let Some((code, message)) = warning {
            shared.warnings.push(Warning {
                code,
                message,
                at: vec![draft.first],
                needs_user: true,
            });
        }
    }
}

fn root(symbol: &str) -> Option<&str> {
    symbol
        .trim_start_matches(['-', '.'])
        .split(|c: char| !c.is_ascii_alphabetic())
        .next()
}

/// A symbol as a TOML key.
fn key(symbol: &str) -> String {
    let bare = symbol
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if bare {
        symbol.to_owned()
    } else {
        format!("{symbol:?}")
    }
}

fn warn_of_case(shared: &mut Shared<'_>, drafts: &[Draft], traded: &[bool]) {
    let mut by_upper: BTreeMap<String, &Draft> = BTreeMap::new();
    for (draft, _) in drafts.iter().zip(traded).filter(|(_, traded)| **traded) {
        let upper = draft.symbol.to_uppercase();
        let Some(other) = by_upper.insert(upper, draft) else {
            continue;
        };
        shared.warnings.push(Warning {
            code: "symbol-case",
            message: format!("`{}` and `{}` differ only in case and are two securities; if they are one, write them alike", other.symbol, draft.symbol),
            at: vec![other.first, draft.first],
            needs_user: true,
        });
    }
}
