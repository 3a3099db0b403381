//! Coins that several wallets hold together: all wallets before 2025 where lots were kept so, and those without a broker
//! where that reading is chosen (26 CFR 1.1012-1(j); Rev. Proc. 2024-28); elsewhere all wallets where the law knows one
//! holding of each kind of coin.
//!
//! Such wallets are one account to the engine. On 2025-01-01 the unused basis of the universal pool goes to the wallets as
//! the taxpayer's allocation says; without one nothing is computed rather than guessed.

use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use super::fold::Fold;
use super::ledger::Holding;
use super::{Halt, Matched};
use crate::date::Date;
use crate::diagnostic::Problem;
use crate::jurisdiction::{Jurisdiction, Scope};
use crate::lot::LotId;
use crate::money::Quantity;
use crate::rule::us::ALLOCATION;
use crate::settings::{Allocation, Assigned, Settings};
use crate::trade::{Account, AccountId, Class, History};

/// The accounts that stand for several wallets.
#[derive(Clone, Debug, Default)]
pub struct Pools {
    /// All wallets before 2025.
    universal: Option<AccountId>,
    /// All wallets of the taxpayer, always.
    person: Option<AccountId>,
    /// Wallets without a broker.
    unhosted: Option<AccountId>,
    /// Who gets what of the universal pool.
    allocation: Option<Allocation>,
}

/// The first day of lots by wallet (26 CFR 1.1012-1(j)(6)).
fn transition() -> Date {
    Date::new(2025, 1, 1).unwrap_or(Date::FIRST)
}

impl Pools {
    /// Whether an account is one of them.
    pub fn has(&self, account: AccountId) -> bool {
        [self.universal, self.person, self.unhosted].contains(&Some(account))
    }

    /// The rows of the allocation that named no lot, once the pool has ended.
    pub fn idle_rows(&self, end: Option<Date>, allocated: &[u32]) -> Vec<Problem> {
        let ended = self.universal.is_some() && end.is_some_and(|end| end >= transition());
        let Some(allocation) = self.allocation.as_ref().filter(|_| ended) else {
            return Vec::new();
        };
        let rows = allocation.rows.iter().zip(0_u32..);
        rows.filter(|(_, at_row)| !allocated.contains(at_row))
            .map(|(row, _)| {
                let message = format!("no lot `{}` is in the pool on {}", row.lot, transition());
                at(allocation, row, &message).help(
                    "correct the row or take it out; `lossoffset lots --as-of 2024-12-31` names the lots",
                )
            })
            .collect()
    }

    /// Gives rows the account that they were sold in, and lots that several wallets hold none.
    pub fn apart(&self, history: &History, all: &mut Matched) {
        for row in all.disposals.rows_mut() {
            if self.has(row.account) {
                row.account = history.trade(row.closed_by).account;
            }
        }
        for lot in &mut all.lots {
            lot.account = lot.account.filter(|account| !self.has(*account));
        }
    }
}

/// The history with coins in the accounts that stand for several wallets, where the settings want such.
pub fn pooled(
    history: &History,
    law: &Jurisdiction,
    settings: &Settings,
) -> Option<(History, Pools)> {
    let unhosted = law.reading(settings, "unhosted_wallets") == "pooled";
    let us = law.is_us() && (settings.universal_before_2025 || unhosted);
    let person = law.scope == Scope::AccountButCoins && has_wallets(history);
    if !us && !person {
        return None;
    }
    let mut own = history.clone();
    let mut add = |wanted: bool, name: &str| {
        let id = u16::try_from(own.accounts.len()).ok().filter(|_| wanted)?;
        own.accounts.push(Account {
            name: name.into(),
            sheltered: false,
            unhosted: false,
            owner: None,
            method: None,
            class: None,
        });
        Some(AccountId(id))
    };
    let pools = Pools {
        universal: add(us && settings.universal_before_2025, "all wallets"),
        person: add(person, "all wallets"),
        unhosted: add(us && unhosted, "unhosted wallets"),
        allocation: settings.allocation.clone(),
    };
    let place = |account: AccountId, day: Date| {
        let wallet = history.account(account);
        if wallet.sheltered || wallet.owner.is_some() {
            return account;
        }
        match (pools.universal.or(pools.person), pools.unhosted) {
            (Some(all), _) if pools.person.is_some() || day < transition() => all,
            (_, Some(pool)) if wallet.unhosted => pool,
            _ => account,
        }
    };
    for trade in &mut own.trades {
        if history.security(trade.security).class == Class::Crypto {
            trade.account = place(trade.account, trade.date);
            let day = trade.date;
            trade.move_arrival(|account| place(account, day));
        }
    }
    Some((own, pools))
}

/// Whether there are coins, and several accounts to hold them.
fn has_wallets(history: &History) -> bool {
    let mut securities = history.securities.iter();
    history.accounts.len() > 1 && securities.any(|security| security.class == Class::Crypto)
}

impl Fold<'_> {
    /// From 2025 on the units of the universal pool belong to wallets.
    pub(super) fn end_universal_pool(&mut self, day: Date) -> Result<(), Halt> {
        let Some(pool) = self.rules.pools.universal else {
            return Ok(());
        };
        if self.pool_ended || day < transition() {
            return Ok(());
        }
        self.pool_ended = true;
        let held: Vec<Holding> = self
            .ledger
            .books
            .iter()
            .filter(|book| book.holding.0 == pool && !book.held.is_zero())
            .map(|book| book.holding)
            .collect();
        held.into_iter()
            .try_for_each(|holding| self.allocate(holding))
    }

    /// Gives the lots of one coin to wallets; every unit must find one.
    fn allocate(&mut self, holding: Holding) -> Result<(), Halt> {
        let rules = self.rules;
        let Some(allocation) = &rules.pools.allocation else {
            return Err(self.unallocated(holding, self.ledger.held(holding)));
        };
        let named = self.lots_by_name(holding);
        for (row, at_row) in allocation.rows.iter().zip(0_u32..) {
            let lots = named.get(&row.lot).cloned().unwrap_or_default();
            if lots.is_empty() {
                continue;
            }
            self.allocated.push(at_row);
            let wallet = self.wallet(allocation, row)?;
            let mut wanted = Quantity::new(row.quantity)?;
            let mut slices = Vec::new();
            // No row of the trades moves them: the row that brought them in stands for it.
            let opened = lots
                .first()
                .map(|lot| self.ledger.purchase_of(*lot).opened_by);
            for lot in lots {
                if !wanted.is_zero() {
                    let slice = self.ledger.take(lot, wanted)?;
                    wanted = wanted.minus(slice.quantity)?;
                    slices.push(slice);
                }
            }
            if !wanted.is_zero() {
                return Err(at(
                    allocation,
                    row,
                    &format!(
                        "{wanted} units more than {} has on {}",
                        row.lot,
                        transition()
                    ),
                )
                .into());
            }
            let before = opened.map(|opened| self.ledger.trail.enter(opened, Some(&ALLOCATION)));
            let arrived = self.arrive(holding, wallet, slices);
            if let Some(before) = before {
                self.ledger.trail.leave(before);
            }
            arrived?;
        }
        let left = self.ledger.held(holding);
        if left.is_zero() {
            Ok(())
        } else {
            Err(self.unallocated(holding, left))
        }
    }

    /// The lots of a holding by what a row may call them: their id, and their own name.
    fn lots_by_name(&self, holding: Holding) -> FxHashMap<String, Vec<LotId>> {
        let mut named: FxHashMap<String, Vec<LotId>> = FxHashMap::default();
        for lot in self.ledger.lots_of(holding) {
            let purchase = self.ledger.purchase_of(lot);
            let opened = self.history.trade(purchase.opened_by);
            let symbol = self.symbol(purchase.security);
            let id = format!("{symbol}@{}#{}", purchase.acquired, purchase.number);
            named.entry(id).or_default().push(lot);
            let own = opened.rest().rarest().lot.as_deref();
            if let Some(own) = own.filter(|_| opened.action.names_lots()) {
                named.entry(own.to_owned()).or_default().push(lot);
            }
        }
        named
    }

    fn wallet(&self, allocation: &Allocation, row: &Assigned) -> Result<AccountId, Halt> {
        let accounts = &self.history.accounts;
        let found = accounts
            .iter()
            .position(|account| *account.name == *row.wallet);
        let Some(wallet) = found.and_then(|at| u16::try_from(at).ok()) else {
            return Err(at(
                allocation,
                row,
                &format!("no row names the account `{}`", row.wallet),
            )
            .into());
        };
        match self.rules.pools.unhosted {
            Some(pool) if self.history.account(AccountId(wallet)).unhosted => Ok(pool),
            _ => Ok(AccountId(wallet)),
        }
    }

    fn unallocated(&self, holding: Holding, units: Quantity) -> Halt {
        let symbol = self.symbol(holding.1);
        let first = self.ledger.lots_of(holding).into_iter().next();
        let example = first.map_or_else(String::new, |lot| {
            let lot = self.ledger.lot(lot);
            let purchase = self.ledger.purchase(lot.purchase);
            let quantity: Decimal = lot.parcel.left().to_decimal();
            let (day, number) = (purchase.acquired, purchase.number);
            format!(": `wallet,lot,quantity` and rows such as `WALLET,{symbol}@{day}#{number},{quantity}`")
        });
        Problem::new(format!(
            "{units} {symbol} of the pool over all wallets (`pre2025 = \"universal\"`) have no wallet on {}",
            transition()
        ))
        .note("Rev. Proc. 2024-28: unused basis is assigned to the units of each wallet as of 2025-01-01, and stays so")
        .help(format!("name a file in the configuration, `[crypto] allocation = \"allocation.csv\"`, that gives every unit a wallet{example}; or set pre2025 = \"per-wallet\" if lots were kept by wallet"))
        .into()
    }
}

fn at(allocation: &Allocation, row: &Assigned, message: &str) -> Problem {
    Problem::new(format!("{}:{}: {message}", allocation.file, row.line))
}
