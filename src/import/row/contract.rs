//! What a row says of its security: its class, its identifiers, the terms of a contract.

use super::RowReader;
use crate::import::columns::{Column, normalised};
use crate::import::option_symbol::{self, Terms};
use crate::import::tables::SaidTerms;
use crate::trade::{Action, Class, Right, SecurityId};

impl<'r> RowReader<'r, '_, '_> {
    /// The contract, where columns of their own say its terms; else the security itself.
    pub(super) fn contract(&mut self, named: SecurityId, action: Option<Action>) -> SecurityId {
        let columns = [
            Column::Underlying,
            Column::Expiry,
            Column::Strike,
            Column::Right,
            Column::Multiplier,
        ];
        if columns.iter().all(|column| self.text(*column).is_none()) {
            return named;
        }
        let underlying = self.text(Column::Underlying).map(str::to_owned);
        let own_name = underlying
            .as_deref()
            .is_some_and(|u| u != self.file.tables.symbol(named));
        let underlying =
            underlying.map(|symbol| self.file.tables.security(symbol.as_bytes(), self.source));
        let said = SaidTerms {
            underlying: underlying.filter(|u| *u != named),
            expiry: self.other_date(Column::Expiry),
            strike: self.not_negative(Column::Strike),
            right: self.right(),
            multiplier: self.positive(Column::Multiplier),
        };
        let option_form = self
            .file
            .tables
            .draft(named)
            .is_some_and(|draft| draft.option_form);
        let security = match (said.expiry, said.strike, said.right) {
            // The symbol is the underlying's: the columns name a contract on it.
            (Some(expiry), Some(strike), Some(right)) if !own_name && !option_form => {
                let root = self.file.tables.symbol(named).to_owned();
                let terms = Terms {
                    root,
                    expiry,
                    strike: strike.normalize(),
                    right,
                    coin: false,
                };
                let symbol = terms.occ();
                self.file.tables.option(&symbol, terms, self.source)
            }
            _ => named,
        };
        let ends = matches!(
            action,
            Some(Action::Exercise | Action::Assign | Action::Expire)
        );
        if let Err(term) = self.file.tables.say_terms(security, &said, ends) {
            let symbol = self.file.tables.symbol(security).to_owned();
            let cell = columns
                .iter()
                .find(|c| c.name() == term)
                .and_then(|c| self.file.columns.cell(*c));
            self.wrong(cell, format!("the {term} of `{symbol}` differs from what its symbol or an earlier row says"), |p| {
                p.help("a contract has one set of terms: correct this row, or give the two contracts different symbols")
            });
        }
        security
    }

    pub(super) fn right(&mut self) -> Option<Right> {
        let text = self.text(Column::Right)?.to_owned();
        let right = option_symbol::right_of(&text);
        if right.is_none() {
            self.wrong(
                self.file.columns.cell(Column::Right),
                format!("`{text}` is neither `call` nor `put`"),
                |p| p,
            );
        }
        right
    }

    pub(super) fn class(&mut self, security: SecurityId) {
        let Some(text) = self.text(Column::Class).map(str::to_owned) else {
            return;
        };
        let cell = self.file.columns.cell(Column::Class).unwrap_or_default();
        match class_named(&text) {
            // Brokers call an option on an index an option, too: which it is, is not said by that word.
            Some(Class::Option) if self.file.is_mapped() && self.has_option_terms(security) => {}
            Some(class) => {
                if let Err(problem) = self
                    .file
                    .tables
                    .say_class(security, class, self.source, cell)
                {
                    self.wrong = true;
                    self.file.problems.add(problem);
                }
            }
            None => {
                let known: Vec<&str> = Class::NAMES.iter().map(|(name, _)| *name).collect();
                self.wrong(
                    Some(cell),
                    format!("`{text}` is not a class of asset"),
                    |p| p.help(format!("use one of: {}", known.join(", "))),
                );
            }
        }
    }

    fn has_option_terms(&mut self, security: SecurityId) -> bool {
        let draft = self.file.tables.draft(security);
        draft.is_some_and(|draft| draft.is_option())
    }

    pub(super) fn inherit_class(&mut self, new: Option<SecurityId>, old: SecurityId) {
        if let Some(draft) = new
            .filter(|new| *new != old)
            .and_then(|new| self.file.tables.draft(new))
        {
            draft.parent.get_or_insert(old);
        }
    }

    pub(super) fn identifiers(&mut self, security: SecurityId) {
        let identifier = self
            .text(Column::Isin)
            .or(self.text(Column::Cusip))
            .map(str::to_owned);
        if let Some(identifier) = identifier {
            self.file.tables.say_identifier(security, &identifier);
        }
    }
}

/// The class a cell names.
pub fn class_named(text: &str) -> Option<Class> {
    let key = normalised(text);
    let alias = match key.as_str() {
        "stocks" | "share" | "shares" | "equity" | "equities" | "commonstock" => Class::Stock,
        "funds" | "etf" | "etfs" | "mutualfund" | "mutualfunds" => Class::Fund,
        "bonds" | "fixedincome" => Class::Bond,
        "options" | "equityoption" | "stockoption" | "opt" => Class::Option,
        "indexoptions" => Class::IndexOption,
        "futures" | "fut" => Class::Future,
        "cryptocurrency" | "coin" | "token" => Class::Crypto,
        "perpetual" | "perps" | "perpetualfuture" => Class::Perpetual,
        "rights" => Class::Right,
        "collectibles" | "bullion" => Class::Collectible,
        "fx" | "cash" | "forex" => Class::Other,
        _ => {
            return Class::NAMES
                .iter()
                .find(|(name, _)| normalised(name) == key)
                .map(|(_, class)| *class);
        }
    };
    Some(alias)
}
