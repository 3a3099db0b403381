//! Which rows of theirs are which rows of ours. The surest matches are taken first: same day of sale and of purchase and
//! as many units; then sums by day of purchase; then whatever a day's sales of a security have left on both sides.

use std::collections::BTreeMap;

use crate::date::Date;
use crate::money::Quantity;
use crate::trade::{AccountId, History, SecurityId};

use super::side::{Ours, Theirs, units};

/// Positions of ours and of theirs that belong together; one side may be empty.
pub type Paired = Vec<(Vec<usize>, Vec<usize>)>;

/// Days that settlement lies behind a trade, weekends and holidays included.
const SETTLEMENT: u32 = 6;

type Key = (Option<SecurityId>, Date, Option<AccountId>);

/// Puts rows together.
pub fn pair(history: &History, ours: &[Ours<'_>], theirs: &[Theirs<'_>]) -> Paired {
    let mut pairing = Pairing {
        history,
        ours,
        theirs,
        paired: Vec::new(),
    };
    let (mut left_ours, mut left_theirs) = (Vec::new(), Vec::new());
    for (_, (mut own, mut other)) in pairing.groups() {
        pairing.within(&mut own, &mut other);
        left_ours.append(&mut own);
        left_theirs.append(&mut other);
    }
    pairing.near(&mut left_ours, &mut left_theirs);
    let mut paired = pairing.paired;
    paired.extend(
        by_sale(ours, &left_ours)
            .into_iter()
            .map(|own| (own, Vec::new())),
    );
    paired.extend(
        left_theirs
            .into_iter()
            .map(|other| (Vec::new(), vec![other])),
    );
    paired
}

/// What is missing there is missing sale by sale.
fn by_sale(ours: &[Ours<'_>], left: &[usize]) -> Vec<Vec<usize>> {
    let mut sales: Vec<Vec<usize>> = Vec::new();
    for at in left {
        let sale = |at: &usize| ours.get(*at).map(|o| (o.row.closed_by, o.row.security));
        match sales.last_mut() {
            Some(last) if last.first().and_then(sale) == sale(at) => last.push(*at),
            _ => sales.push(vec![*at]),
        }
    }
    sales
}

struct Pairing<'a> {
    history: &'a History,
    ours: &'a [Ours<'a>],
    theirs: &'a [Theirs<'a>],
    paired: Paired,
}

impl Pairing<'_> {
    /// Rows by security and day; by account too, where every row of theirs names one of ours.
    fn groups(&self) -> BTreeMap<Key, (Vec<usize>, Vec<usize>)> {
        let by_account = self.theirs.iter().all(|t| t.account.is_some());
        let mut groups: BTreeMap<Key, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for (at, o) in self.ours.iter().enumerate() {
            let account = Some(o.row.account).filter(|_| by_account);
            let key = (Some(o.row.security), o.closed, account);
            groups.entry(key).or_default().0.push(at);
        }
        for (at, t) in self.theirs.iter().enumerate() {
            let key = (t.security, t.closed, t.account.filter(|_| by_account));
            groups.entry(key).or_default().1.push(at);
        }
        groups
    }

    fn within(&mut self, own: &mut Vec<usize>, other: &mut Vec<usize>) {
        for exact in [3, 2, 1] {
            self.one_to_one(own, other, exact);
        }
        self.by_purchase(own, other);
        self.rest(own, other);
    }

    /// Single rows that agree in day of purchase and units, and at first in amounts too.
    fn one_to_one(&mut self, own: &mut Vec<usize>, other: &mut Vec<usize>, exact: u8) {
        let mut left = Vec::new();
        for theirs_at in other.drain(..) {
            let agrees = |at: &usize| self.agree(*at, theirs_at, exact);
            match own.iter().position(agrees) {
                Some(position) => {
                    let at = own.remove(position);
                    self.paired.push((vec![at], vec![theirs_at]));
                }
                None => left.push(theirs_at),
            }
        }
        *other = left;
    }

    fn agree(&self, own: usize, other: usize, exact: u8) -> bool {
        let (Some(o), Some(t)) = (self.ours.get(own), self.theirs.get(other)) else {
            return false;
        };
        t.quantity == Some(o.row.quantity.abs())
            && t.opened.is_some()
            && t.opened == o.opened
            && (exact < 2 || t.proceeds == o.row.proceeds)
            && (exact < 3 || (t.cost == Some(o.row.cost) && t.wash == o.row.adjustment))
    }

    /// All rows of one day of purchase, where together they are as many units.
    fn by_purchase(&mut self, own: &mut Vec<usize>, other: &mut Vec<usize>) {
        let mut days: Vec<Option<Date>> = other.iter().map(|at| self.opened_there(*at)).collect();
        days.sort_unstable();
        days.dedup();
        for day in days.into_iter().flatten() {
            let of_day = |at: &&usize| self.opened_there(**at) == Some(day);
            let theirs: Vec<usize> = other.iter().filter(of_day).copied().collect();
            let bought = |at: &&usize| self.opened_here(**at) == Some(day);
            let ours: Vec<usize> = own.iter().filter(bought).copied().collect();
            if let Some(ours) = self.of_one_account(&ours, &theirs) {
                own.retain(|at| !ours.contains(at));
                other.retain(|at| !theirs.contains(at));
                self.paired.push((ours, theirs));
            }
        }
    }

    /// What is left of a day's sales: other lots, unknown days of purchase, other quantities.
    fn rest(&mut self, own: &mut Vec<usize>, other: &mut Vec<usize>) {
        if own.is_empty() || other.is_empty() {
            return;
        }
        let ours = self
            .of_one_account(own, other)
            .unwrap_or_else(|| own.clone());
        own.retain(|at| !ours.contains(at));
        self.paired.push((ours, std::mem::take(other)));
    }

    /// The rows of ours that are as many units as theirs: all, or those of one account.
    fn of_one_account(&self, own: &[usize], other: &[usize]) -> Option<Vec<usize>> {
        if own.is_empty() || other.is_empty() {
            return None;
        }
        let Some(wanted) = units(other.iter().map(|at| self.theirs.get(*at)?.quantity)) else {
            return Some(own.to_vec());
        };
        if self.units_here(own) == Some(wanted) {
            return Some(own.to_vec());
        }
        let accounts = (0..self.history.accounts.len()).filter_map(|at| u16::try_from(at).ok());
        accounts
            .map(|account| {
                let of = |at: &&usize| {
                    let row = self.ours.get(**at).map(|o| o.row.account);
                    row == Some(AccountId(account))
                };
                own.iter().filter(of).copied().collect::<Vec<usize>>()
            })
            .find(|rows| !rows.is_empty() && self.units_here(rows) == Some(wanted))
    }

    fn units_here(&self, own: &[usize]) -> Option<Quantity> {
        units(
            own.iter()
                .map(|at| Some(self.ours.get(*at)?.row.quantity.abs())),
        )
    }

    fn opened_here(&self, at: usize) -> Option<Date> {
        self.ours.get(at).and_then(|o| o.opened)
    }

    fn opened_there(&self, at: usize) -> Option<Date> {
        self.theirs.get(at).and_then(|t| t.opened)
    }

    /// Single rows of a security that agree in units but lie a settlement apart.
    fn near(&mut self, own: &mut Vec<usize>, other: &mut Vec<usize>) {
        let mut left = Vec::new();
        for theirs_at in other.drain(..) {
            match own.iter().position(|at| self.is_near(*at, theirs_at)) {
                Some(position) => {
                    let at = own.remove(position);
                    self.paired.push((vec![at], vec![theirs_at]));
                }
                None => left.push(theirs_at),
            }
        }
        *other = left;
    }

    fn is_near(&self, own: usize, other: usize) -> bool {
        let (Some(o), Some(t)) = (self.ours.get(own), self.theirs.get(other)) else {
            return false;
        };
        t.security == Some(o.row.security)
            && t.account.is_none_or(|account| account == o.row.account)
            && t.quantity == Some(o.row.quantity.abs())
            && t.closed.days_since(o.closed).unsigned_abs() <= SETTLEMENT
    }
}
