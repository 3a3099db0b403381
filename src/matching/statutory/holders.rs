//! Who holds: which accounts make one holding, and which of them the return is about.

use super::moves::Holder;
use crate::jurisdiction::Scope;
use crate::trade::{AccountId, History};

/// The holders of a history.
#[derive(Debug)]
pub struct Holders {
    of_account: Vec<Holder>,
    kinds: Vec<Kind>,
}

/// What a holder is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kind {
    owner: Option<Box<str>>,
    sheltered: bool,
}

impl Holders {
    /// A person's open accounts are one holder where the scope says so; a sheltered account is always one of its own.
    pub fn new(history: &History, scope: Scope) -> Self {
        let mut holders = Self {
            of_account: Vec::new(),
            kinds: Vec::new(),
        };
        for account in &history.accounts {
            let kind = Kind {
                owner: account.owner.clone(),
                sheltered: account.sheltered,
            };
            let known = holders.kinds.iter().position(|other| *other == kind);
            let joins = scope == Scope::Person && !kind.sheltered;
            let place = known.filter(|_| joins).unwrap_or_else(|| {
                holders.kinds.push(kind);
                holders.kinds.len() - 1
            });
            holders.of_account.push(Holder(place as u16));
        }
        holders
    }

    /// All holders.
    pub fn all(&self) -> impl Iterator<Item = Holder> {
        (0..self.kinds.len()).map(|place| Holder(place as u16))
    }

    /// The holder that an account belongs to.
    pub fn of(&self, account: AccountId) -> Holder {
        let known = self.of_account.get(usize::from(account.0));
        known.copied().unwrap_or(Holder(0))
    }

    /// Whether its results are the taxpayer's.
    pub fn reported(&self, holder: Holder) -> bool {
        self.kinds
            .get(usize::from(holder.0))
            .is_some_and(|kind| !kind.sheltered && kind.owner.is_none())
    }

    /// Whether it is a registered plan or another wrapper outside the tax.
    pub fn sheltered(&self, holder: Holder) -> bool {
        self.kinds
            .get(usize::from(holder.0))
            .is_some_and(|kind| kind.sheltered)
    }
}
