//! The names met while reading, each once: securities and accounts as small numbers, with what the rows say of them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use crate::date::Date;
use crate::diagnostic::Problem;
use crate::import::option_symbol::{self, Terms};
use crate::import::reading::{AccountSetting, ReadOptions};
use crate::source::Source;
use crate::trade::{Account, AccountId, Class, Contract, Right, SecurityId};

/// A security while its rows are still being read.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The symbol as first written; an option's in the form of the clearing house.
    pub symbol: Box<str>,
    /// The class a row says.
    pub said: Option<(Class, Source)>,
    /// What it came from in a swap, merger, spin-off or rename: it has that one's class unless its own rows say otherwise.
    pub parent: Option<SecurityId>,
    /// The terms of a contract.
    pub contract: Contract,
    /// The root of an option symbol that ends in a digit, so that the deliverable must be said.
    pub adjusted: bool,
    /// The symbol has the form of an option.
    pub option_form: bool,
    /// ISIN or CUSIP.
    pub identifier: Option<Box<str>>,
    /// The row that named it first.
    pub first: Source,
}

impl Draft {
    /// Whether its symbol or its terms are those of an option.
    pub fn is_option(&self) -> bool {
        self.option_form || self.contract.right.is_some() && self.contract.strike.is_some()
    }
}

const NO_TERMS: Contract = Contract {
    underlying: None,
    expiry: None,
    strike: None,
    right: None,
    multiplier: None,
};

/// Terms of a contract that a row says in columns of their own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SaidTerms {
    /// `underlying`.
    pub underlying: Option<SecurityId>,
    /// `expiry`.
    pub expiry: Option<Date>,
    /// `strike`.
    pub strike: Option<Decimal>,
    /// `right`.
    pub right: Option<Right>,
    /// `multiplier`.
    pub multiplier: Option<Decimal>,
}

/// The same name on one line, where line breaks or other controls within a quoted cell are part of it.
pub fn without_breaks(name: &str) -> Option<String> {
    let plain = || name.replace(char::is_control, " ").trim().to_owned();
    name.contains(char::is_control)
        .then(plain)
        .filter(|plain| !plain.is_empty())
}

/// All securities and accounts.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// The securities, by [`SecurityId`].
    pub securities: Vec<Draft>,
    by_symbol: FxHashMap<Box<[u8]>, u32>,
    by_contract: FxHashMap<String, u32>,
    /// The accounts, by [`AccountId`].
    pub accounts: Vec<Account>,
    by_name: FxHashMap<Box<[u8]>, u16>,
    /// `[rename]`: what symbols of the files are called.
    renamed: BTreeMap<String, String>,
    /// The terms of contracts before each change that the file being read made.
    terms_before: Vec<(SecurityId, Contract)>,
}

impl Tables {
    /// What follows is said by another file.
    pub fn begin_file(&mut self) {
        self.terms_before.clear();
    }

    /// Takes back what the file said of the terms of contracts: nothing else in the tables hangs on how it writes numbers.
    pub fn forget_terms(&mut self) {
        while let Some((id, before)) = self.terms_before.pop() {
            if let Some(draft) = self.draft(id) {
                draft.contract = before;
            }
        }
    }

    /// Symbols that go by another name from now on.
    pub fn rename(&mut self, names: &BTreeMap<String, String>) {
        self.renamed.clone_from(names);
    }

    /// The security of this symbol.
    #[inline]
    pub fn security(&mut self, symbol: &[u8], source: Source) -> SecurityId {
        match self.by_symbol.get(symbol) {
            Some(id) => SecurityId(*id),
            None => self.new_security(symbol, source),
        }
    }

    /// The security of this symbol, where a row has named it before.
    #[inline]
    pub fn known_security(&self, symbol: &[u8]) -> Option<SecurityId> {
        self.by_symbol.get(symbol).map(|id| SecurityId(*id))
    }

    /// The account of this name, where a row has named it before.
    #[inline]
    pub fn known_account(&self, name: &[u8]) -> Option<AccountId> {
        self.by_name.get(name).map(|id| AccountId(*id))
    }

    #[cold]
    fn new_security(&mut self, symbol: &[u8], source: Source) -> SecurityId {
        let text = String::from_utf8_lossy(symbol);
        if let Some(plain) = without_breaks(&text) {
            let id = self.security(plain.as_bytes(), source);
            self.by_symbol.insert(symbol.into(), id.0);
            return id;
        }
        let text: Cow<'_, str> = match self.renamed.get(text.trim()) {
            Some(name) => Cow::Owned(name.clone()),
            None => text,
        };
        let known = self.by_symbol.get(text.as_bytes()).copied();
        let id = known.map_or_else(|| self.named(&text, source), SecurityId);
        self.by_symbol.insert(text.as_bytes().into(), id.0);
        self.by_symbol.insert(symbol.into(), id.0);
        id
    }

    fn named(&mut self, text: &str, source: Source) -> SecurityId {
        let terms = option_symbol::parse(text);
        match terms {
            Some(terms) => self.option(text, terms, source),
            None => self.add(text, source),
        }
    }

    /// The option of these terms, whatever spelling its symbol has: it is named in the form of the clearing house, so that
    /// its name does not hang on which file was read first.
    pub fn option(&mut self, symbol: &str, terms: Terms, source: Source) -> SecurityId {
        let key = terms.occ();
        if let Some(id) = self.by_contract.get(&key) {
            return SecurityId(*id);
        }
        let underlying = self.security(terms.root.as_bytes(), source);
        let id = self.add(&terms.name(symbol), source);
        self.by_contract.insert(key, id.0);
        let adjusted = terms.is_adjusted();
        if let Some(draft) = self.securities.get_mut(id.0 as usize) {
            draft.adjusted = adjusted;
            draft.option_form = true;
            draft.contract = Contract {
                underlying: Some(underlying),
                expiry: Some(terms.expiry),
                strike: Some(terms.strike),
                right: Some(terms.right),
                multiplier: terms.coin.then_some(Decimal::ONE),
            };
        }
        id
    }

    fn add(&mut self, symbol: &str, source: Source) -> SecurityId {
        let id = u32::try_from(self.securities.len()).unwrap_or(u32::MAX);
        self.securities.push(Draft {
            symbol: symbol.into(),
            said: None,
            parent: None,
            contract: NO_TERMS,
            adjusted: false,
            option_form: false,
            identifier: None,
            first: source,
        });
        SecurityId(id)
    }

    /// The draft of a security.
    pub fn draft(&mut self, id: SecurityId) -> Option<&mut Draft> {
        self.securities.get_mut(id.0 as usize)
    }

    /// The symbol of a security.
    pub fn symbol(&self, id: SecurityId) -> &str {
        self.securities
            .get(id.0 as usize)
            .map_or("?", |draft| &draft.symbol)
    }

    /// The account of this name; `None` where there are more than can be numbered.
    #[inline]
    pub fn account(&mut self, name: &[u8], options: &ReadOptions) -> Option<AccountId> {
        match self.by_name.get(name) {
            Some(id) => Some(AccountId(*id)),
            None => self.new_account(name, options),
        }
    }

    #[cold]
    fn new_account(&mut self, name: &[u8], options: &ReadOptions) -> Option<AccountId> {
        let text = String::from_utf8_lossy(name);
        if let Some(plain) = without_breaks(&text) {
            let id = self.account(plain.as_bytes(), options)?;
            self.by_name.insert(name.into(), id.0);
            return Some(id);
        }
        let id = u16::try_from(self.accounts.len())
            .ok()
            .filter(|id| *id < u16::MAX)?;
        let setting = options.accounts.get(text.as_ref());
        let AccountSetting {
            sheltered,
            unhosted,
            owner,
            method,
            class,
        } = setting.cloned().unwrap_or_default();
        self.accounts.push(Account {
            name: text.as_ref().into(),
            sheltered,
            unhosted,
            owner: owner.map(Into::into),
            method: method.map(Into::into),
            class,
        });
        self.by_name.insert(name.into(), id);
        Some(AccountId(id))
    }

    /// Notes what a row says of a security's class.
    pub fn say_class(
        &mut self,
        id: SecurityId,
        class: Class,
        source: Source,
        cell: usize,
    ) -> Result<(), Problem> {
        let Some(draft) = self.draft(id) else {
            return Ok(());
        };
        match draft.said {
            Some((said, _)) if said == class => Ok(()),
            Some((said, first)) => Err(Problem::in_cell(
                source,
                cell,
                format!("`{}` is said to be a {} here and a {} on line {}", draft.symbol, class.name(), said.name(), first.line),
            )
            .help("a symbol has one class: correct one of them, or give the two assets different symbols")),
            None => {
                draft.said = Some((class, source));
                Ok(())
            }
        }
    }

    /// Notes the terms a row says; the name of the first term that contradicts an earlier row's or the symbol. A row that
    /// ends a contract may say what a split has made of its terms.
    pub fn say_terms(
        &mut self,
        id: SecurityId,
        said: &SaidTerms,
        ends: bool,
    ) -> Result<(), &'static str> {
        let Some(draft) = self.securities.get_mut(id.0 as usize) else {
            return Ok(());
        };
        let before = draft.contract.clone();
        let settled = said.settle_in(&mut draft.contract, ends);
        if draft.contract != before {
            self.terms_before.push((id, before));
        }
        settled
    }

    /// Notes an ISIN or CUSIP; the first one said stays.
    pub fn say_identifier(&mut self, id: SecurityId, identifier: &str) {
        if let Some(draft) = self.draft(id)
            && draft.identifier.is_none()
        {
            draft.identifier = Some(identifier.to_ascii_uppercase().into());
        }
    }
}

impl SaidTerms {
    /// Joins the terms to those of a contract; the name of the first that contradicts them.
    fn settle_in(&self, contract: &mut Contract, ends: bool) -> Result<(), &'static str> {
        settle(&mut contract.underlying, self.underlying).ok_or("underlying")?;
        settle(&mut contract.expiry, self.expiry).ok_or("expiry")?;
        if ends && self.restates(contract) {
            return settle(&mut contract.right, self.right).ok_or("right");
        }
        settle(&mut contract.strike, self.strike.map(|s| s.normalize())).ok_or("strike")?;
        settle(&mut contract.right, self.right).ok_or("right")?;
        settle(
            &mut contract.multiplier,
            self.multiplier.map(|m| m.normalize()),
        )
        .ok_or("multiplier")
    }

    /// Whether strike and multiplier are those of the contract after a split: others, but the same money for all shares.
    fn restates(&self, contract: &Contract) -> bool {
        let before = contract.multiplier.unwrap_or(Decimal::ONE_HUNDRED);
        let (Some(strike), Some(new_strike), Some(multiplier)) =
            (contract.strike, self.strike, self.multiplier)
        else {
            return false;
        };
        multiplier != before
            && strike.checked_mul(before).is_some()
            && strike.checked_mul(before) == new_strike.checked_mul(multiplier)
    }
}

/// Takes a value over where none is known; `None` where another is.
fn settle<T: PartialEq + Copy>(known: &mut Option<T>, said: Option<T>) -> Option<()> {
    match (*known, said) {
        (_, None) => Some(()),
        (None, said) => {
            *known = said;
            Some(())
        }
        (Some(known), Some(said)) => (known == said).then_some(()),
    }
}
