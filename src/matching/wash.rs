//! Wash sales (26 USC 1091; 26 CFR 1.1091-1, 1.1091-2): a loss is deferred as far as what was sold is replaced within 30
//! days before or after, share for share, the earliest loss by the earliest purchase, each share once.
//!
//! Purchases before the sale are looked up when the loss arises; for later ones the loss leaves a claim, honoured when
//! a purchase arrives. Earlier purchases are older than later ones, so this is the order of acquisition that
//! 26 CFR 1.1091-1(c) and (d) want.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::Halt;
use super::fold::Fold;
use super::identity::Names;
use super::ledger::{Holding, Slice};
use super::rules::Tacking;
use crate::answer::Adjustment;
use crate::answer::trail::Cause;
use crate::date::Date;
use crate::lot::{LotId, PurchaseId};
use crate::money::{Minor, Money, OutOfRange, Quantity, minor_share};
use crate::parcel::Part;
use crate::rule::Rule;
use crate::rule::us::WASH_BASIS;
use crate::settings::WashSales;
use crate::trade::{Action, Class, Right, Security, SecurityId, TradeId};

/// Days on each side of the sale in which a purchase replaces what was sold (26 USC 1091(a)).
pub const WINDOW: i32 = 30;

/// Nothing denied of a loss.
pub const NONE_YET: (Quantity, Quantity) = (Quantity::ZERO, Quantity::ONE);

/// The rule that defers a loss.
pub static WASH_SALE: Rule = Rule {
    id: "us-wash-sale",
    title: "wash sale",
    citation: "26 USC 1091; 26 CFR 1.1091-1, 1.1091-2",
};

/// A loss that a replacement may defer.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    /// Position of its row.
    pub row: u32,
    /// Units sold.
    pub quantity: Quantity,
    /// The loss as it is reported, in minor units, positive.
    pub amount: Minor,
    /// The same, exactly.
    pub exact: Money,
    /// The day of the sale.
    pub date: Date,
    /// Start of the holding period of what was sold.
    pub held_from: Date,
    /// Original acquisition of what was sold: losses of one sale go by its day (26 CFR 1.1091-1(b)), then as consumed.
    pub acquired: (Date, PurchaseId),
    /// The order it was bought with: its own fills are no replacement (Rev. Rul. 56-602).
    pub order: u32,
    /// Account and security sold.
    pub holding: Holding,
}

/// A loss with what of it is still unmatched: a claim on purchases to come.
#[derive(Clone, Copy, Debug)]
struct Claim {
    loss: Loss,
    /// Units of the loss, restated for splits since.
    units: Quantity,
    /// Units of it already replaced.
    matched: Quantity,
    /// What of the loss they took.
    taken: Part,
}

impl Claim {
    /// Whether all of it has been replaced.
    fn is_done(&self) -> bool {
        self.matched == self.units
    }

    /// Whether a day lies in its window.
    fn is_near(&self, day: Date) -> bool {
        self.loss.date.plus(-WINDOW) <= day && day <= self.loss.date.plus(WINDOW)
    }

    /// What of the loss is deferred so far, exactly and in the figures of its row: both taken of the running total.
    fn deferred(&self) -> Result<Part, OutOfRange> {
        if self.matched == self.units {
            return Ok(Part {
                amount: self.loss.exact,
                printed: self.loss.amount,
            });
        }
        Ok(Part {
            amount: self.loss.exact.share(self.matched, self.units)?,
            printed: minor_share(self.loss.amount, self.matched, self.units)?,
        })
    }
}

/// A purchase as a possible replacement, with the units of the watched security that one of its units stands for.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    acquired: Date,
    purchase: PurchaseId,
    covers: Quantity,
    /// Where to look on when this one has no unused units any more.
    next: u32,
}

/// Losses and purchases of one security, or of several that are substantially identical.
#[derive(Clone, Debug, Default)]
struct Watch {
    claims: VecDeque<Claim>,
    candidates: Vec<Candidate>,
    /// Claims whose window is over, where lots may still come in that were bought in it.
    past: Vec<Claim>,
    /// Candidates before this one were bought before every window to come.
    head: usize,
}

impl Watch {
    /// Closes the windows of losses from before a day; `keep` what they wait for, where lots may still come in.
    fn close_before(&mut self, day: Date, keep: bool) {
        let over = |claim: &Claim| claim.loss.date < day;
        while self.claims.front().is_some_and(over) {
            let first = self.claims.pop_front();
            self.past
                .extend(first.filter(|claim| keep && !claim.is_done()));
        }
    }

    /// Adds a candidate; one that was bought before others takes its place among them.
    fn add(&mut self, candidate: Candidate) {
        let later = self.candidates.last();
        if later.is_none_or(|last| last.acquired <= candidate.acquired) {
            let next = self.candidates.len() as u32;
            return self.candidates.push(Candidate { next, ..candidate });
        }
        let place = self
            .candidates
            .partition_point(|other| other.acquired <= candidate.acquired);
        self.candidates.insert(place, candidate);
        self.head = self.head.min(place);
        self.number();
    }

    /// Lets each candidate be found in its place.
    fn number(&mut self) {
        for (candidate, own) in self.candidates.iter_mut().zip(0..) {
            candidate.next = own;
        }
    }

    /// Takes over all that another one keeps, each by its day.
    fn join(&mut self, mut other: Self) {
        self.past.append(&mut other.past);
        self.claims.append(&mut other.claims);
        let claims = self.claims.make_contiguous();
        claims.sort_by_key(|claim| claim.loss.date);
        self.candidates.append(&mut other.candidates);
        self.candidates
            .sort_by_key(|candidate| (candidate.acquired, candidate.purchase));
        self.head = 0;
        self.number();
    }
}

/// All watches of a fold.
#[derive(Clone, Debug, Default)]
pub struct Wash {
    watches: Vec<Watch>,
    /// By name; `None` where the rule does not cover it.
    watch_of: FxHashMap<SecurityId, Option<u32>>,
    /// By what stands for all that is identical.
    watch_of_property: FxHashMap<SecurityId, u32>,
    /// Losses of the day, where they are matched when it ends.
    pub today: Vec<Loss>,
    /// Units of a purchase that were sold before they replaced anything, where those count.
    sold: FxHashMap<PurchaseId, Quantity>,
    /// For each row replaced in part the units replaced, of how many; where such rows are divided.
    washed: FxHashMap<u32, (Quantity, Quantity)>,
    /// For each loss on shares delivered against a short the units denied so far, of how many: a purchase or another short
    /// may take it over, each unit once.
    pub delivered: FxHashMap<u32, (Quantity, Quantity)>,
    /// What names mean: a security that becomes another by a change of name stays the same for this rule.
    pub names: Names,
}

impl Wash {
    /// All names that a security has had.
    pub fn same_as(&self, security: SecurityId) -> SmallVec<[SecurityId; 2]> {
        self.names.all(security)
    }

    /// The units of a loss that are denied, where others than its own claim may have done it; else as many as it knows.
    pub fn denied_of(
        &self,
        row: u32,
        known: Quantity,
        units: Quantity,
    ) -> Result<Quantity, OutOfRange> {
        match self.delivered.get(&row) {
            // Of other units than its own since a split.
            Some((denied, of)) => denied.share(units, *of),
            None => Ok(known),
        }
    }

    /// Remembers what was denied of a loss on delivered shares, for what else may deny it.
    pub fn note_delivered(&mut self, row: u32, denied: (Quantity, Quantity)) {
        if let Some(known) = self.delivered.get_mut(&row) {
            *known = denied;
        }
    }
}

impl Fold<'_> {
    /// Matches fresh losses with purchases already made, and keeps the rest as claims on later ones.
    pub(super) fn defer(&mut self, losses: &mut [Loss]) -> Result<(), Halt> {
        if self.rules.wash_sales == WashSales::Off {
            return Ok(());
        }
        if self.rules.end_of_day {
            self.wash.today.extend_from_slice(losses);
            return Ok(());
        }
        if losses.is_empty() || self.wait_for_the_rest(losses) {
            return Ok(());
        }
        self.claim(losses)
    }

    /// Matches the losses of a day together, where they wait for its end: what the same day sold is no replacement.
    pub(super) fn end_day(&mut self) -> Result<(), Halt> {
        let mut losses = std::mem::take(&mut self.wash.today);
        losses.sort_by_key(|loss| loss.holding.1);
        losses
            .chunk_by_mut(|a, b| a.holding.1 == b.holding.1)
            .try_for_each(|own| self.claim(own))
    }

    /// Losses of one security and day.
    pub(super) fn claim(&mut self, losses: &mut [Loss]) -> Result<(), Halt> {
        let Some(first) = losses.first() else {
            return Ok(());
        };
        let Some(watch) = self.watch(first.holding.1) else {
            return Ok(());
        };
        if !losses.is_sorted_by_key(|loss| loss.acquired.0) {
            losses.sort_by_key(|loss| loss.acquired.0);
        }
        for loss in losses {
            let mut claim = Claim {
                loss: *loss,
                units: loss.quantity,
                matched: Quantity::ZERO,
                taken: Part::ZERO,
            };
            self.replaced_before(watch, &mut claim)?;
            let (today, keep) = (self.today, self.rules.overview.keeps_dates);
            let watch = &mut self.wash.watches[watch as usize];
            watch.close_before(today.plus(-WINDOW), keep);
            if claim.matched < claim.units {
                watch.claims.push_back(claim);
            }
        }
        Ok(())
    }

    /// Matches a purchase that has just been made with the claims that wait for it, the earliest loss first.
    pub(super) fn replaces(&mut self, lot: LotId) -> Result<(), Halt> {
        if self.rules.wash_sales == WashSales::Off {
            return Ok(());
        }
        let purchase = self.ledger.lot(lot).purchase;
        if !self.ledger.purchase(purchase).purchased {
            return Ok(());
        }
        for (watch, covers) in self.watches_served(self.ledger.lot(lot).security)? {
            self.honour_claims(watch, purchase, covers)?;
            let acquired = self.ledger.purchase(purchase).acquired;
            self.wash.watches[watch as usize].add(Candidate {
                acquired,
                purchase,
                covers,
                next: 0,
            });
        }
        Ok(())
    }

    fn honour_claims(
        &mut self,
        watch: u32,
        purchase: PurchaseId,
        covers: Quantity,
    ) -> Result<(), Halt> {
        let acquired = self.ledger.purchase(purchase).acquired;
        if acquired < self.today {
            self.honour_past_claims(watch, purchase, covers)?;
        }
        let keep = self.rules.overview.keeps_dates;
        let own = &mut self.wash.watches[watch as usize];
        own.close_before(acquired.plus(-WINDOW), keep);
        if own.claims.is_empty() {
            return Ok(());
        }
        let mut waiting = std::mem::take(&mut own.claims);
        for claim in &mut waiting {
            // A loss dated later than today belongs to a worthless security; it waits for its own window.
            if !claim.is_done() && claim.is_near(acquired) {
                self.match_purchase(claim, purchase, covers)?;
                if self.ledger.purchase(purchase).unused == 0 {
                    break;
                }
            }
        }
        // Done claims behind an open one stay until it is gone.
        while waiting.front().is_some_and(Claim::is_done) {
            waiting.pop_front();
        }
        self.wash.watches[watch as usize].claims = waiting;
        Ok(())
    }

    /// A lot that comes in late with its own day replaces losses whose window is over but reached to that day.
    fn honour_past_claims(
        &mut self,
        watch: u32,
        purchase: PurchaseId,
        covers: Quantity,
    ) -> Result<(), Halt> {
        let acquired = self.ledger.purchase(purchase).acquired;
        let mut past = std::mem::take(&mut self.wash.watches[watch as usize].past);
        for claim in past.iter_mut().filter(|claim| claim.is_near(acquired)) {
            self.match_purchase(claim, purchase, covers)?;
        }
        past.retain(|claim| !claim.is_done());
        self.wash.watches[watch as usize].past = past;
        Ok(())
    }

    /// Purchases of the 30 days before (and earlier the same day) that are still held, the earliest first.
    fn replaced_before(&mut self, watch: u32, claim: &mut Claim) -> Result<(), Halt> {
        let (first, last) = (claim.loss.date.plus(-WINDOW), claim.loss.date.plus(WINDOW));
        let start = self.first_candidate(watch, first);
        let mut position = self.next_candidate(watch, start);
        while claim.matched < claim.units {
            let Some(candidate) = self.wash.watches[watch as usize]
                .candidates
                .get(position)
                .copied()
            else {
                break;
            };
            if candidate.acquired > last {
                break;
            }
            self.match_purchase(claim, candidate.purchase, candidate.covers)?;
            position = self.next_candidate(watch, position + 1);
        }
        Ok(())
    }

    /// The first candidate bought on a day or later. Days mostly grow from call to call; a delivery against a short looks
    /// back to the day it was opened.
    fn first_candidate(&mut self, watch: u32, day: Date) -> usize {
        let watch = &mut self.wash.watches[watch as usize];
        let bought_before = |candidate: &Candidate| candidate.acquired < day;
        if watch
            .head
            .checked_sub(1)
            .and_then(|last| watch.candidates.get(last))
            .is_some_and(|c| !bought_before(c))
        {
            return watch.candidates.partition_point(bought_before);
        }
        while watch.candidates.get(watch.head).is_some_and(bought_before) {
            watch.head += 1;
        }
        watch.head
    }

    /// The first candidate from `position` on that has unused units; those without are skipped for good.
    fn next_candidate(&mut self, watch: u32, position: usize) -> usize {
        let mut end = position;
        while let Some(candidate) = self.wash.watches[watch as usize].candidates.get(end) {
            if candidate.next as usize > end {
                end = candidate.next as usize;
            } else if self.ledger.purchase(candidate.purchase).unused == 0
                && !self.rules.sold_replaces
            {
                self.wash.watches[watch as usize].candidates[end].next = end as u32 + 1;
                end += 1;
            } else {
                break;
            }
        }
        let mut walk = position;
        while walk < end {
            let Some(candidate) = self.wash.watches[watch as usize].candidates.get_mut(walk) else {
                break;
            };
            walk = (candidate.next as usize).max(walk + 1);
            candidate.next = end as u32;
        }
        end
    }

    fn match_purchase(
        &mut self,
        claim: &mut Claim,
        purchase: PurchaseId,
        covers: Quantity,
    ) -> Result<(), Halt> {
        let bought = self.ledger.purchase(purchase);
        if bought.order == claim.loss.order {
            return Ok(());
        }
        if !self.rules.older_replaces && (bought.acquired, purchase) < claim.loss.acquired {
            return Ok(());
        }
        if !self.wash.delivered.is_empty() {
            let row = claim.loss.row;
            claim.matched = self.wash.denied_of(row, claim.matched, claim.units)?;
            claim.taken = claim.deferred()?;
        }
        if let Some(only) = bought.only_unused_lot() {
            self.match_lot(claim, only, covers)?;
        } else {
            for lot in bought.unused_lots() {
                self.match_lot(claim, lot, covers)?;
            }
        }
        if self.rules.sold_replaces && covers == Quantity::ONE {
            self.match_sold(claim, purchase)?;
        }
        Ok(())
    }

    /// Notes the units of a sale that have replaced nothing: read literally they were acquired all the same.
    pub(super) fn note_sold(&mut self, slices: &[Slice]) -> Result<(), OutOfRange> {
        if !self.rules.sold_replaces || self.rules.wash_sales != WashSales::Taxpayer {
            return Ok(());
        }
        for slice in slices.iter().filter(|slice| !slice.used) {
            if self.ledger.purchase(slice.purchase).purchased {
                let sold = self.wash.sold.entry(slice.purchase).or_default();
                *sold = sold.plus(slice.quantity)?;
            }
        }
        Ok(())
    }

    /// Units of a purchase that were sold before the loss replace it, but no basis is left to take it over.
    fn match_sold(&mut self, claim: &mut Claim, purchase: PurchaseId) -> Result<(), Halt> {
        let Some(sold) = self.wash.sold.get_mut(&purchase) else {
            return Ok(());
        };
        let units = claim.units.minus(claim.matched)?.min(*sold);
        if units.is_zero() {
            return Ok(());
        }
        *sold = sold.minus(units)?;
        if sold.is_zero() {
            self.wash.sold.remove(&purchase);
        }
        let before = claim.taken;
        claim.matched = claim.matched.plus(units)?;
        claim.taken = claim.deferred()?;
        let amount = claim.taken.printed - before.printed;
        self.note_part(claim);
        let bought = self.ledger.purchase(purchase).opened_by;
        self.deny_for_good(claim.loss.row, bought, units, amount);
        Ok(())
    }

    /// A denied loss that joins no basis, with the row that is to blame.
    pub(super) fn deny_for_good(&mut self, row: u32, by: TradeId, units: Quantity, amount: Minor) {
        self.deny(row, amount);
        self.conservation.lost += amount;
        self.adjustments.push(Adjustment {
            disposal: row,
            replacement: None,
            purchase: Some(by),
            replaced: true,
            rule: Some(&WASH_SALE),
            quantity: units,
            amount,
            basis_after: None,
            held_from_after: None,
        });
    }

    /// Writes a denied amount on the row of its loss.
    #[inline]
    fn deny(&mut self, row: u32, amount: Minor) {
        self.rows.deny(row, amount);
        self.conservation.disallowed += amount;
    }

    /// Remembers how much of a row was replaced, where rows replaced in part are divided.
    #[inline]
    fn note_part(&mut self, claim: &Claim) {
        if !self.wash.delivered.is_empty() {
            let denied = (claim.matched, claim.units);
            self.wash.note_delivered(claim.loss.row, denied);
        }
        if self.rules.split_rows {
            let part = (claim.matched, claim.units);
            self.wash.washed.insert(claim.loss.row, part);
        }
    }

    /// The units replaced, of how many, of each row that was replaced in part.
    pub(super) fn washed_in_part(&mut self) -> FxHashMap<u32, (Quantity, Quantity)> {
        let mut washed = std::mem::take(&mut self.wash.washed);
        washed.retain(|_, (matched, units)| matched < units);
        washed
    }

    /// A broker sees its own account and the same security only, and no units that were moved (26 CFR
    /// 1.6045-1(d)(6)(iii)).
    fn in_scope(&self, sold: Holding, id: LotId) -> bool {
        let lot = self.ledger.lot(id);
        match self.rules.wash_sales {
            WashSales::Taxpayer => true,
            WashSales::Broker => {
                let bought = self.history.trade(self.ledger.purchase_of(id).opened_by);
                let moved = bought.account != lot.account || bought.action == Action::TransferIn;
                (lot.account, lot.security) == sold && !moved
            }
            WashSales::Off => false,
        }
    }

    /// Units of a lot replace units of a loss: the loss moves into their basis, and the period for which the sold units
    /// were held into their holding period.
    fn match_lot(&mut self, claim: &mut Claim, lot: LotId, covers: Quantity) -> Result<(), Halt> {
        if claim.is_done() || !self.in_scope(claim.loss.holding, lot) {
            return Ok(());
        }
        let open = claim.units.minus(claim.matched)?;
        let available = self.ledger.lot(lot).parcel.left();
        let (units, taken) = if covers == Quantity::ONE {
            let units = open.min(available);
            (units, units)
        } else {
            let wanted = open.share(Quantity::ONE, covers)?.min(available);
            (wanted.share(covers, Quantity::ONE)?.min(open), wanted)
        };
        if units.is_zero() || taken.is_zero() {
            return Ok(());
        }
        let before = claim.taken;
        claim.matched = claim.matched.plus(units)?;
        let deferred = claim.deferred()?;
        claim.taken = deferred;
        let amount = deferred.printed - before.printed;
        let deferred = Part {
            amount: deferred.amount.minus(before.amount)?,
            printed: amount,
        };
        let replacement = self.ledger.lot(lot);
        let (purchase, account) = (replacement.purchase, replacement.account);
        let kept = self.keeps_loss(account);
        let (acquired, held_from) = (replacement.acquired, replacement.held_from);
        let tacked = if kept {
            self.tacked(&claim.loss, acquired).min(held_from)
        } else {
            held_from
        };
        let deferred = if kept { deferred } else { Part::ZERO };
        let used = self.ledger.mark_used(lot, taken, tacked, deferred)?;
        if kept {
            let cause = Cause::Deferred {
                disposal: claim.loss.row,
                held_from: (held_from, tacked),
            };
            let trail = self.ledger.lot(used).trail;
            let movement = (cause, units, deferred.amount);
            self.ledger.trail.add_under(trail, &WASH_BASIS, movement);
        }
        self.deny(claim.loss.row, amount);
        self.note_part(claim);
        if kept {
            self.conservation.deferred += amount;
            self.conservation.basis_moved = self.conservation.basis_moved.plus(deferred.amount)?;
        } else {
            self.conservation.lost += amount;
        }
        if self.rules.keep_adjustments || !kept {
            let name = self.ledger.name(purchase);
            let basis_after = if kept {
                Some(self.ledger.printed_basis_of(used)?)
            } else {
                None
            };
            self.adjustments.push(Adjustment {
                disposal: claim.loss.row,
                replacement: kept.then_some(name),
                purchase: Some(name.opened_by),
                replaced: true,
                rule: Some(&WASH_SALE),
                quantity: units,
                amount,
                basis_after,
                held_from_after: kept.then_some(tacked),
            });
        }
        Ok(())
    }

    /// Whether a replacement in this account takes the loss over.
    pub(super) fn keeps_loss(&self, account: crate::trade::AccountId) -> bool {
        let account = self.own_account(account);
        let keeps = self.rules.keeps_loss.get(usize::from(account.0));
        keeps.copied().unwrap_or(false)
    }

    /// Start of a replacement's holding period (26 USC 1223(3)), which never takes away what the replacement has of its own.
    fn tacked(&self, loss: &Loss, acquired: Date) -> Date {
        let held = loss.date.days_since(loss.held_from);
        let start = match self.rules.tacking {
            Tacking::Union => loss.held_from.max(acquired.plus(-held)),
            Tacking::Add => acquired.plus(-held),
            Tacking::Date => loss.held_from,
        };
        start.min(acquired)
    }

    /// The watch that a security's losses are kept in; `None` where the rule does not cover it.
    fn watch(&mut self, security: SecurityId) -> Option<u32> {
        if let Some(known) = self.wash.watch_of.get(&security) {
            return *known;
        }
        let key = self.identity(security);
        let watch = self.wash_covers(security).then(|| {
            let (watches, known) = (&mut self.wash.watches, &mut self.wash.watch_of_property);
            *known.entry(key).or_insert_with(|| {
                watches.push(Watch::default());
                watches.len() as u32 - 1
            })
        });
        self.wash.watch_of.insert(security, watch);
        watch
    }

    /// The security that stands for all those substantially identical with this one.
    fn identity(&self, security: SecurityId) -> SecurityId {
        if self.rules.wash_sales == WashSales::Broker {
            return security;
        }
        let renamed = self.wash.names.first_name(security);
        // By the name in their own terms: it stays what it is through a change of name.
        let named_on = |option: &Security| option.contract.as_ref()?.underlying;
        if self.rules.options_identical
            && let (Class::Option, Some(underlying)) = (
                self.class(renamed),
                named_on(self.history.security(renamed)),
            )
        {
            // All options on one stock share a key of their own: the first of them that was seen.
            let first = self.history.securities.iter().position(|other| {
                other.class == Class::Option && named_on(other) == Some(underlying)
            });
            return first.map_or(renamed, |position| SecurityId(position as u32));
        }
        self.property(security)
    }

    /// The same by name, declaration and identifier alone.
    pub(super) fn property(&self, security: SecurityId) -> SecurityId {
        self.wash.names.property(security, &self.rules.identical)
    }

    /// Whether two securities are the same for the rule, by any name.
    pub(super) fn is_same_stock(&self, one: SecurityId, other: SecurityId) -> bool {
        let names = &self.wash.names;
        names.first_name(one) == names.first_name(other)
            || self.identity(one) == self.identity(other)
    }

    /// Whether a security falls under the rule, by the class that it had under its first name.
    pub(super) fn wash_covers(&self, security: SecurityId) -> bool {
        self.covered(self.wash.names.first_name(security))
    }

    fn covered(&self, security: SecurityId) -> bool {
        self.rules.wash_covers(self.history, security)
    }

    /// The watches that a purchase of a security serves, with the watched units one unit of it stands for: its own, and
    /// for a call or a warrant that of its underlying (a contract or option to acquire, 26 USC 1091(a)).
    fn watches_served(
        &mut self,
        security: SecurityId,
    ) -> Result<SmallVec<[(u32, Quantity); 2]>, Halt> {
        let mut served = SmallVec::new();
        if let Some(own) = self.watch(security) {
            served.push((own, Quantity::ONE));
        }
        let to_acquire = match self.class(security) {
            Class::Option => self.right(security) == Some(Right::Call),
            // A right to subscribe, such as a warrant.
            Class::Right => self.right(security) != Some(Right::Put),
            _ => false,
        };
        if to_acquire
            && self.rules.call_replaces
            && self.rules.wash_sales == WashSales::Taxpayer
            && let Some(underlying) = self.underlying(security)
            && let Some(watch) = self.watch(underlying)
        {
            served.push((watch, self.deliverable(security)?));
        }
        Ok(served)
    }

    /// A split restates the units of claims that wait.
    pub(super) fn rescale_claims(
        &mut self,
        security: SecurityId,
        new: Quantity,
        old: Quantity,
    ) -> Result<(), Halt> {
        let Some(watch) = self.watch(security) else {
            return Ok(());
        };
        for candidate in &mut self.wash.watches[watch as usize].candidates {
            let bought = self.ledger.purchase(candidate.purchase).security;
            if candidate.covers != Quantity::ONE && self.terms.have_become(bought, security) {
                candidate.covers = candidate.covers.share(new, old)?;
            }
        }
        // A loss from before a change of name waits under the old one.
        let same = self.wash.same_as(security);
        let own = &mut self.wash.watches[watch as usize];
        for claim in own.claims.iter_mut().chain(&mut own.past) {
            if same.contains(&claim.loss.holding.1) {
                claim.units = claim.units.restated(new, old)?;
                claim.matched = claim.matched.restated(new, old)?;
            }
        }
        for (purchase, sold) in &mut self.wash.sold {
            if same.contains(&self.ledger.purchase(*purchase).security) {
                *sold = sold.restated(new, old)?;
            }
        }
        Ok(())
    }

    /// Whether a loss on a security waits for its replacement.
    pub(super) fn loss_waits(&self, security: SecurityId) -> bool {
        let names = self.wash.same_as(security);
        let mut claims = self.wash.watches.iter().flat_map(|watch| &watch.claims);
        let open = |claim: &Claim| !claim.is_done() && claim.loss.date.plus(WINDOW) >= self.today;
        claims.any(|claim| open(claim) && names.contains(&claim.loss.holding.1))
            || self.positions.loss_waits(&names)
    }

    /// After a rename the new symbol is the same security, and so is what was traded under it before.
    pub(super) fn follow_rename(&mut self, old: SecurityId, new: SecurityId) -> Result<(), Halt> {
        let (into, from) = (self.watch(old), self.watch(new));
        let joined = self.wash.names.change(old, new, &self.rules.identical);
        self.wash.watch_of.insert(new, into);
        match (into, from) {
            (Some(into), Some(from)) if joined && into != from => self.join_watches(into, from),
            _ => Ok(()),
        }
    }

    /// Two watches become one: losses that still wait in either are replaced by the purchases of both.
    fn join_watches(&mut self, into: u32, from: u32) -> Result<(), Halt> {
        let (since, keep) = (self.today.plus(-WINDOW), self.rules.overview.keeps_dates);
        let other = std::mem::take(&mut self.wash.watches[from as usize]);
        let watch = &mut self.wash.watches[into as usize];
        watch.join(other);
        watch.close_before(since, keep);
        let mut waiting = std::mem::take(&mut watch.claims);
        for known in self.wash.watch_of.values_mut().flatten() {
            *known = if *known == from { into } else { *known };
        }
        for known in self.wash.watch_of_property.values_mut() {
            *known = if *known == from { into } else { *known };
        }
        for claim in &mut waiting {
            self.replaced_before(into, claim)?;
        }
        waiting.retain(|claim| !claim.is_done());
        self.wash.watches[into as usize].claims = waiting;
        Ok(())
    }

    /// Claims that are still open when the data end: a purchase to come may change their rows.
    pub(super) fn mark_provisional(&mut self) {
        let Some(end) = self.rules.end else { return };
        for watch in &self.wash.watches {
            for mut claim in watch.claims.iter().copied() {
                let last = claim.loss.date.plus(WINDOW);
                if last < end || self.is_over(claim.loss.holding.1, end) {
                    continue;
                }
                // What cannot be restated was checked before.
                let denied = self
                    .wash
                    .denied_of(claim.loss.row, claim.matched, claim.units);
                claim.matched = denied.unwrap_or(claim.matched);
                if claim.is_done() {
                    continue;
                }
                if let Some(row) = self.rows.get_mut(claim.loss.row) {
                    row.provisional_until = Some(last);
                }
                let deferred = claim.deferred().map_or(0, |part| part.printed);
                self.conservation.open += claim.loss.amount - deferred;
            }
        }
    }

    /// Whether nothing identical with a security can be bought after a day: a contract that has expired by then.
    fn is_over(&self, security: SecurityId, day: Date) -> bool {
        let contract = self.history.security(security).contract.as_ref();
        let expired = contract
            .and_then(|c| c.expiry)
            .is_some_and(|last| last <= day);
        let own = self.rules.identical.get(security.0 as usize);
        let alike = self
            .rules
            .identical
            .iter()
            .filter(|first| Some(*first) == own);
        expired && !self.rules.options_identical && alike.count() < 2
    }
}
