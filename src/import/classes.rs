//! What kind of asset each security is, once all rows have been read.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Problem, Warning};
use crate::import::file::{Shared, for_shares};
use crate::import::money_words::{is_index_root, is_well_known_coin};
use crate::import::option_symbol;
use crate::import::reading::ReadOptions;
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
    let mut classes: Vec<(Class, bool)> =
        (0..drafts.len()).map(|at| resolver.class(at, 0)).collect();
    name_coins(shared, &drafts, &mut classes);
    if is_remarkable(&drafts, &classes) {
        let traded = traded(shared, drafts.len());
        warn_of_guesses(shared, &drafts, &classes, &traded);
        warn_of_case(shared, &drafts, &traded);
    }
    for (draft, (class, _)) in drafts.iter().zip(&classes) {
        check(shared, sources, (drafts.as_slice(), draft), *class);
    }
    if shared.noted.opening {
        plain_words(shared, &classes);
    }
    drafts
        .into_iter()
        .zip(classes)
        .map(|(draft, (class, _))| security(draft, class))
        .collect()
}

/// What a contract of the form that exchanges for coins write is on is a coin, where no row trades or names it otherwise.
fn name_coins(shared: &Shared<'_>, drafts: &[Draft], classes: &mut [(Class, bool)]) {
    let on_coin = |draft: &&Draft| {
        draft.option_form && option_symbol::parse(&draft.symbol).is_some_and(|terms| terms.coin)
    };
    let underlyings = drafts.iter().filter(on_coin);
    let underlyings = underlyings.filter_map(|draft| Some(draft.contract.underlying?.0 as usize));
    let guessed = |at: &usize| classes.get(*at) == Some(&(Class::Stock, true));
    let named: BTreeSet<usize> = underlyings.filter(guessed).collect();
    if named.is_empty() {
        return;
    }
    let traded = traded(shared, drafts.len());
    for at in named {
        if let (Some(class), Some(false)) = (classes.get_mut(at), traded.get(at)) {
            *class = (Class::Crypto, false);
        }
    }
}

/// Opening and closing words of shares become plain ones.
fn plain_words(shared: &mut Shared<'_>, classes: &[(Class, bool)]) {
    for trade in &mut shared.trades {
        let class = classes
            .get(trade.security.0 as usize)
            .map_or(Class::Stock, |(class, _)| *class);
        if is_share(class) {
            trade.action = for_shares(trade.action);
        }
    }
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
        let set = set_class(self.shared.options, draft);
        if let Some(class) = draft.said.map(|(class, _)| class).or(set) {
            return (class, false);
        }
        if let Some(class) = self.class_of_options(draft) {
            return (class, false);
        }
        if draft.is_option() {
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

impl Resolver<'_, '_> {
    /// What the configuration says of all options of a root, under the root's own name.
    fn class_of_options(&self, draft: &Draft) -> Option<Class> {
        set_for_options(self.shared.options, self.drafts, draft).map(|(_, class)| class)
    }
}

/// What the configuration says of all options of a root, and the root.
fn set_for_options<'d>(
    options: &ReadOptions,
    drafts: &'d [Draft],
    draft: &'d Draft,
) -> Option<(&'d str, Class)> {
    if options.symbol_classes.is_empty() {
        return None;
    }
    let root = root_of(drafts, draft).filter(|_| draft.is_option())?;
    let set = options.symbol_classes.get(root).copied();
    let set = set.filter(|class| matches!(class, Class::Option | Class::IndexOption));
    Some((root, set?))
}

/// What the configuration says of a symbol; of an option under any of its spellings.
fn set_class(options: &ReadOptions, draft: &Draft) -> Option<Class> {
    let set = &options.symbol_classes;
    if let Some(class) = set.get(draft.symbol.as_ref()) {
        return Some(*class);
    }
    let means = |name: &str| option_symbol::parse(name).map(|terms| terms.occ());
    let mut named = set.iter().filter(|_| draft.option_form);
    let found = named.find(|(name, _)| means(name).as_deref() == Some(&*draft.symbol));
    found.map(|(_, class)| *class)
}

/// Whether a warning may be due: only then is it looked up which securities were traded, 4 ns a row.
fn is_remarkable(drafts: &[Draft], classes: &[(Class, bool)]) -> bool {
    let mut upper = BTreeSet::new();
    drafts.iter().zip(classes).any(|(draft, class)| {
        guess(drafts, draft, *class).is_some() || !upper.insert(draft.symbol.to_uppercase())
    })
}

/// Which securities some trade names. Ends when all are found, which is early in most files.
fn traded(shared: &Shared<'_>, securities: usize) -> Vec<bool> {
    let mut traded = vec![false; securities];
    let mut left = securities;
    for trade in &shared.trades {
        if left == 0 {
            break;
        }
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
                left -= usize::from(!*slot);
                *slot = true;
            }
        }
    }
    traded
}

fn check(
    shared: &mut Shared<'_>,
    sources: &Sources,
    (drafts, draft): (&[Draft], &Draft),
    class: Class,
) {
    let symbol = &draft.symbol;
    let own = set_class(shared.options, draft).map(|class| (&**symbol, class));
    let set = own.or_else(|| set_for_options(shared.options, drafts, draft));
    if let (Some((said, source)), Some((of, set))) = (draft.said, set)
        && said != set
    {
        shared.problems.add(
            Problem::at(
                source,
                format!(
                    "`{symbol}` has the class `{}` here, but the configuration says `{}`",
                    said.name(),
                    set.name()
                ),
            )
            .help(format!(
                "correct `[symbols.{}] class`, or the `class` column",
                key(of)
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

/// A class that was guessed and may well be another.
enum Guess<'a> {
    Coin,
    Future,
    /// An option that may be one on the index of this name.
    Index(&'a str),
}

fn guess<'a>(
    drafts: &'a [Draft],
    draft: &'a Draft,
    (class, guessed): (Class, bool),
) -> Option<Guess<'a>> {
    let symbol = &draft.symbol;
    match class {
        _ if !guessed => None,
        Class::Stock if is_well_known_coin(symbol) => Some(Guess::Coin),
        Class::Stock if symbol.starts_with('/') && symbol.len() > 2 => Some(Guess::Future),
        Class::Option => root_of(drafts, draft)
            .filter(|root| is_index_root(root))
            .map(Guess::Index),
        _ => None,
    }
}

fn warn_of_guesses(
    shared: &mut Shared<'_>,
    drafts: &[Draft],
    classes: &[(Class, bool)],
    traded: &[bool],
) {
    let mut indices: Vec<(&str, Vec<&Draft>)> = Vec::new();
    let securities = drafts.iter().zip(classes).zip(traded);
    for ((draft, class), _) in securities.filter(|(_, traded)| **traded) {
        let symbol = &draft.symbol;
        let (asset, class) = match guess(drafts, draft, *class) {
            Some(Guess::Coin) => ("the coin", "crypto"),
            Some(Guess::Future) => ("a future", "future"),
            Some(Guess::Index(root)) => {
                match indices.iter_mut().find(|(known, _)| *known == root) {
                    Some((_, options)) => options.push(draft),
                    None => indices.push((root, vec![draft])),
                }
                continue;
            }
            None => continue,
        };
        shared.warnings.push(Warning {
            code: "class-guessed-stock",
            message: format!(
                "`{symbol}` is taken for a stock; if it is {asset}, add to lossoffset.toml:\n[symbols.{}]\nclass = \"{class}\"",
                key(symbol)
            ),
            at: vec![draft.first],
            needs_user: true,
        });
    }
    for (root, options) in indices {
        shared.warnings.push(index_options(root, &options));
    }
}

/// One warning for all options of a root: one setting answers for them all.
fn index_options(root: &str, options: &[&Draft]) -> Warning {
    let first = options.first().map_or("?", |draft| &draft.symbol);
    let taken = match options.len() {
        0 | 1 => format!("`{first}` is taken for an option on shares; as an option on an index"),
        2 => format!(
            "`{first}` and another option on {root} are taken for options on shares; as options on an index"
        ),
        count => format!(
            "`{first}` and {} more options on {root} are taken for options on shares; as options on an index",
            count - 1
        ),
    };
    Warning {
        code: "class-guessed-option",
        message: format!(
            "{taken} add to lossoffset.toml:\n[symbols.{}]\nclass = \"index_option\"",
            key(root)
        ),
        at: options.iter().map(|draft| draft.first).collect(),
        needs_user: true,
    }
}

/// The root of an option: the symbol of what it is on, else the letters its own begins with.
fn root_of<'a>(drafts: &'a [Draft], draft: &'a Draft) -> Option<&'a str> {
    let underlying = draft.contract.underlying;
    let symbol = underlying.and_then(|id| drafts.get(id.0 as usize));
    match symbol {
        Some(underlying) => Some(&underlying.symbol),
        None => root(&draft.symbol),
    }
}

fn root(symbol: &str) -> Option<&str> {
    symbol
        .trim_start_matches(['-', '.'])
        .split(|c: char| !c.is_ascii_alphabetic())
        .next()
}

/// A symbol as a TOML key.
pub fn key(symbol: &str) -> String {
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
