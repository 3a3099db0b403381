//! Section 1233: what property identical with that sold short decides, by the share and as it stood on the day of the
//! short sale. Gains are short-term as far as it was young, losses long-term as far as it was old, and the holding period
//! of what was young starts again. A put bought counts as a short sale of its shares, and its exercise, sale or expiry as
//! the closing (26 USC 1233(b)); of its losses section 1233(d) says nothing.

use std::collections::VecDeque;

use super::super::Halt;
use super::super::fold::Fold;
use super::super::ledger::{Holding, Slice};
use crate::answer::Term;
use crate::answer::trail::Cause;
use crate::date::Date;
use crate::lot::{LotId, PurchaseId};
use crate::money::{Money, OutOfRange, Quantity};
use crate::rule::us::HOLDING_RESTART;
use crate::trade::{AccountId, SecurityId, TradeId};

/// For how many units of a short as many of identical property were held: the rules of section 1233 go share for share.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Identical {
    /// Held for more than a year on the day of the short sale: a loss is long-term (26 USC 1233(d)).
    pub(super) old: Quantity,
    /// Held for a year or less then, or acquired since: a gain is short-term (26 USC 1233(b)(1)).
    pub(super) young: Quantity,
    /// Of the young, sold since: their holding period started again with that (26 USC 1233(b)(2)).
    pub(super) sold: Quantity,
}

impl Identical {
    /// What belongs to the first `units` of the short, taken out.
    fn take(&mut self, units: Quantity) -> Result<Self, OutOfRange> {
        let taken = Self {
            old: self.old.min(units),
            young: self.young.min(units),
            sold: self.sold.min(units),
        };
        self.old = self.old.minus(taken.old)?;
        self.young = self.young.minus(taken.young)?;
        self.sold = self.sold.minus(taken.sold)?;
        Ok(taken)
    }

    /// The young units that have not started again yet.
    fn waiting(&self) -> Result<Quantity, OutOfRange> {
        self.young.minus(self.sold.min(self.young))
    }
}

/// What opened a short sale in the sense of section 1233(b).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Units that a row sold short in an account.
    Short(AccountId, TradeId),
    /// Contracts of a put that one purchase brought.
    Put(PurchaseId),
}

/// Units of a short sale that are open, or that are being closed.
#[derive(Clone, Copy, Debug)]
pub struct Shorted {
    pub(super) opened: Date,
    /// What was sold short; for a put what it is on.
    security: SecurityId,
    units: Quantity,
    pub(super) identical: Identical,
}

impl Shorted {
    /// Units short of which nothing identical counts.
    pub(in crate::matching) fn alone(opened: Date, security: SecurityId, units: Quantity) -> Self {
        Self {
            opened,
            security,
            units,
            identical: Identical::default(),
        }
    }

    /// The first `units`, taken out.
    fn take(&mut self, units: Quantity) -> Result<Self, OutOfRange> {
        let units = units.min(self.units);
        self.units = self.units.minus(units)?;
        let identical = self.identical.take(units)?;
        Ok(Self {
            units,
            identical,
            ..*self
        })
    }

    fn count_sold(&mut self, restarting: &Restarting) -> Result<(), OutOfRange> {
        let sold = &mut self.identical.sold;
        for units in &restarting.slices {
            *sold = sold.plus(*units)?;
        }
        Ok(())
    }

    fn rescale(&mut self, new: Quantity, old: Quantity) -> Result<(), OutOfRange> {
        let counted = &mut self.identical;
        for units in [
            &mut self.units,
            &mut counted.old,
            &mut counted.young,
            &mut counted.sold,
        ] {
            *units = units.share(new, old)?;
        }
        Ok(())
    }
}

/// Short sales that are being closed, in order, while the units that close them are gone through.
#[derive(Debug)]
pub struct Closings {
    open: VecDeque<Shorted>,
    /// Units short for one unit of what closes them: for a put that is sold the shares of a contract.
    per: Quantity,
    /// Whether the property itself is delivered, so that it is no other than that held.
    delivered: bool,
}

impl Closings {
    /// Puts that end, on so many shares each.
    pub fn of_puts(closed: &[Shorted], deliverable: Quantity) -> Self {
        Self {
            open: closed.iter().copied().collect(),
            per: deliverable,
            delivered: false,
        }
    }
}

/// Units of identical property, sold or held, that start their holding period again.
struct Restarting {
    /// Of each slice.
    slices: Vec<Quantity>,
    lots: Vec<(LotId, Quantity)>,
}

impl Fold<'_> {
    /// Shares delivered against short sales: each counts by itself, and not as other property held.
    pub(in crate::matching) fn delivering(
        &self,
        closings: &[Shorted],
        slices: &[Slice],
    ) -> Result<Closings, Halt> {
        let mut open: VecDeque<Shorted> = closings.iter().copied().collect();
        for slice in slices {
            let mut rest = slice.quantity;
            for one in &mut open {
                let young = self.young_slice(slice, one.opened);
                let counted = &mut one.identical;
                let own = if young {
                    &mut counted.young
                } else {
                    &mut counted.old
                };
                let units = rest.min(*own);
                *own = own.minus(units)?;
                rest = rest.minus(units)?;
            }
        }
        Ok(Closings {
            open,
            per: Quantity::ONE,
            delivered: true,
        })
    }

    /// The units of a slice whose term comes from the identical property held (26 USC 1233(b)(1), (d)), and that term: a
    /// gain is short-term as far as that was young, a loss long-term as far as it was old.
    pub(in crate::matching) fn term_of_short(
        &self,
        closings: &mut Closings,
        slice: &Slice,
        gain: Money,
        by_lot: Option<Term>,
    ) -> Result<(Quantity, Option<Term>), Halt> {
        let loss = gain.is_negative();
        let term = Some(if loss { Term::Long } else { Term::Short });
        let changes = self.law.is_us() && by_lot != term;
        let mut wanted = slice.quantity.share(closings.per, Quantity::ONE)?;
        let mut found = Quantity::ZERO;
        while let Some(one) = closings.open.front_mut().filter(|_| !wanted.is_zero()) {
            let units = wanted.min(one.units);
            one.units = one.units.minus(units)?;
            wanted = wanted.minus(units)?;
            let itself = closings.delivered && self.young_slice(slice, one.opened) != loss;
            let others = if loss {
                &mut one.identical.old
            } else {
                &mut one.identical.young
            };
            if changes && itself {
                found = found.plus(units)?;
            } else if changes {
                let units = units.min(*others);
                *others = others.minus(units)?;
                found = found.plus(units)?;
            }
            if one.units.is_zero() {
                closings.open.pop_front();
            }
        }
        if found.is_zero() {
            return Ok((Quantity::ZERO, by_lot));
        }
        let units = found.share(Quantity::ONE, closings.per)?;
        Ok((units.min(slice.quantity), term))
    }

    /// Whether units taken out count as property held a year or less on the day of a short sale, or acquired since.
    fn young_slice(&self, slice: &Slice, opened: Date) -> bool {
        let bought = self.ledger.purchase(slice.purchase);
        bought.acquired > opened || self.young(bought.inherited, slice.held_from, opened)
    }

    /// Whether a lot was held for a year or less on the day of a short sale, or acquired since (26 USC 1233(b)).
    fn young_lot(&self, id: LotId, opened: Date) -> bool {
        let lot = self.ledger.lot(id);
        let inherited = self.ledger.purchase(lot.purchase).inherited;
        lot.acquired > opened || self.young(inherited, lot.held_from, opened)
    }

    /// Whether what was held from a day was so for a year or less on another. What was inherited counts as held for more
    /// (26 USC 1223(9)).
    fn young(&self, inherited: bool, held_from: Date, opened: Date) -> bool {
        !inherited && self.law.term.term(held_from, opened) == Term::Short
    }

    /// Whether section 1233 looks at a position: the taxpayer's own, of units sold short.
    pub(super) fn is_short_sale(&self, (account, security): Holding) -> bool {
        self.law.is_us()
            && self.reported(account)
            && !self.written(security)
            && !self.section_1256(security)
    }

    /// The places of the open short sales of a security or one identical with it, the earliest first.
    fn short_sales_of(&self, security: SecurityId) -> Vec<usize> {
        let property = self.property(security);
        let open = self.positions.short_sales.iter().zip(0..);
        let same = open.filter(|((_, one), _)| self.property(one.security) == property);
        same.map(|(_, place)| place).collect()
    }

    /// A short sale begins, with the identical property held as far as no earlier one that is still open counts it.
    pub(super) fn begin_short_sale(
        &mut self,
        by: By,
        (security, opened): (SecurityId, Date),
        units: Quantity,
    ) -> Result<(), Halt> {
        let (mut old, mut young) = (Quantity::ZERO, Quantity::ZERO);
        for id in self.own_lots(security) {
            let sum = if self.young_lot(id, opened) {
                &mut young
            } else {
                &mut old
            };
            *sum = sum.plus(self.ledger.lot(id).parcel.left())?;
        }
        for place in self.short_sales_of(security) {
            if let Some((_, earlier)) = self.positions.short_sales.get(place) {
                let counted = &earlier.identical;
                old = old.minus(old.min(counted.old))?;
                young = young.minus(young.min(counted.waiting()?))?;
            }
        }
        if matches!(by, By::Put(_)) {
            // Only subsection (b) speaks of options to sell.
            old = Quantity::ZERO;
        }
        let mut one = Shorted::alone(opened, security, units);
        one.identical.old = old.min(units);
        one.identical.young = young.min(units);
        self.warn_of_put(by, &one);
        self.positions.short_sales.push((by, one));
        Ok(())
    }

    /// The first units of a short sale are closed; none is known where section 1233 does not look at it.
    pub(in crate::matching) fn end_short_sale(
        &mut self,
        by: By,
        units: Quantity,
    ) -> Result<Option<Shorted>, OutOfRange> {
        let sales = &mut self.positions.short_sales;
        let Some(place) = sales.iter().position(|(own, _)| *own == by) else {
            return Ok(None);
        };
        let Some((_, one)) = sales.get_mut(place) else {
            return Ok(None);
        };
        let closed = one.take(units)?;
        if one.units.is_zero() {
            sales.remove(place);
        }
        Ok(Some(closed))
    }

    /// A split or a change of name restates the short sales of a security that were opened in some way.
    pub(in crate::matching) fn restate_short_sales(
        &mut self,
        (from, to): (SecurityId, SecurityId),
        (new, old): (Quantity, Quantity),
        account: Option<AccountId>,
    ) -> Result<(), OutOfRange> {
        for (by, one) in &mut self.positions.short_sales {
            let own = match (*by, account) {
                (By::Short(short, _), Some(account)) => short == account,
                (By::Put(_), None) => true,
                (By::Short(..), None) | (By::Put(_), Some(_)) => false,
            };
            if own && one.security == from {
                one.security = to;
                one.rescale(new, old)?;
            }
        }
        Ok(())
    }

    /// Property acquired while a short is open counts like what was young when it was opened (26 USC 1233(b)); a put
    /// bought is itself a short sale.
    pub(in crate::matching) fn acquired_while_short(&mut self, id: LotId) -> Result<(), Halt> {
        let lot = self.ledger.lot(id);
        let (holding, acquired, purchase) =
            ((lot.account, lot.security), lot.acquired, lot.purchase);
        let mut units = lot.parcel.left();
        if let Some(stock) = self.put_on(holding) {
            if self.married(purchase) {
                return Ok(());
            }
            let units = units.share(self.deliverable(holding.1)?, Quantity::ONE)?;
            return self.begin_short_sale(By::Put(purchase), (stock, acquired), units);
        }
        if self.positions.short_sales.is_empty() || !self.is_short_sale(holding) {
            return Ok(());
        }
        for place in self.short_sales_of(holding.1) {
            let Some((by, mut one)) = self.positions.short_sales.get(place).copied() else {
                continue;
            };
            if let By::Short(..) = by {
                let bought = self.ledger.purchase(purchase).opened_by;
                self.warn_of_both_sides(bought);
            }
            if self.young_lot(id, one.opened) {
                let open = one.units.minus(one.identical.young)?.min(units);
                one.identical.young = one.identical.young.plus(open)?;
                units = units.minus(open)?;
                self.warn_of_put(by, &one);
                self.keep_short_sale(place, one);
            }
        }
        Ok(())
    }

    fn keep_short_sale(&mut self, place: usize, one: Shorted) {
        if let Some((_, kept)) = self.positions.short_sales.get_mut(place) {
            *kept = one;
        }
    }

    /// Young property that is sold while the short is open starts its holding period again with that sale, in order of
    /// acquisition and up to the units short (26 USC 1233(b)(2)).
    pub(in crate::matching) fn sold_while_short(
        &mut self,
        holding: Holding,
        slices: &mut Vec<Slice>,
    ) -> Result<(), Halt> {
        if self.positions.short_sales.is_empty() || !self.is_short_sale(holding) {
            return Ok(());
        }
        // Each unit counts for one short sale: what is still to start again for those before is theirs.
        let mut theirs = Quantity::ZERO;
        for place in self.short_sales_of(holding.1) {
            if let Some((_, mut one)) = self.positions.short_sales.get(place).copied() {
                self.restart_sold(&mut one, slices, theirs)?;
                theirs = theirs.plus(one.identical.waiting()?)?;
                self.keep_short_sale(place, one);
            }
        }
        Ok(())
    }

    /// The same for one short sale, after the first young units, which are others'.
    pub(in crate::matching) fn restart_sold(
        &mut self,
        one: &mut Shorted,
        slices: &mut Vec<Slice>,
        theirs: Quantity,
    ) -> Result<(), Halt> {
        let restarting = self.restarting(one, slices, theirs)?;
        one.count_sold(&restarting)?;
        // From behind, since a slice that is divided moves those after it.
        for (place, units) in restarting.slices.into_iter().enumerate().rev() {
            let Some(slice) = slices.get(place).copied().filter(|_| !units.is_zero()) else {
                continue;
            };
            let mut first = slice;
            if units < slice.quantity {
                let [own, rest] = self.divide_slice(slice, units)?;
                first = own;
                slices.insert(place + 1, rest);
            }
            first.held_from = self.today;
            let restarted = (Cause::Restarted { day: self.today }, units, Money::ZERO);
            let trail = &mut self.ledger.trail;
            trail.add_under(first.trail, &HOLDING_RESTART, restarted);
            if let Some(place) = slices.get_mut(place) {
                *place = first;
            }
        }
        Ok(())
    }

    /// Young property delivered against a short counts like what is sold, in order of acquisition; its own period ends
    /// with it, so that nothing starts again.
    pub(super) fn count_delivered(
        &self,
        one: &mut Shorted,
        slices: &[Slice],
    ) -> Result<(), OutOfRange> {
        let restarting = self.restarting(one, slices, Quantity::ZERO)?;
        one.count_sold(&restarting)
    }

    /// Property held a year or less when the short was opened, or bought since, starts its holding period again when the
    /// short is closed, in order of acquisition and up to the units that were short (26 USC 1233(b)(2)).
    pub(in crate::matching) fn restart_held(&mut self, closed: &Shorted) -> Result<(), Halt> {
        for (id, units) in self.restarting(closed, &[], Quantity::ZERO)?.lots {
            self.ledger.restart(id, units, self.today)?;
        }
        Ok(())
    }

    /// The young units of a short sale that have not started again, in order of acquisition, among those just taken out
    /// and those still held, after the first that are others'. What another short sale has started again since comes last.
    fn restarting(
        &self,
        one: &Shorted,
        slices: &[Slice],
        mut theirs: Quantity,
    ) -> Result<Restarting, OutOfRange> {
        let mut found = Restarting {
            slices: vec![Quantity::ZERO; slices.len()],
            lots: Vec::new(),
        };
        let mut rest = one.identical.waiting()?;
        if rest.is_zero() {
            return Ok(found);
        }
        for (_, units, property) in self.young_property(one, slices) {
            let others = units.min(theirs);
            theirs = theirs.minus(others)?;
            let units = units.minus(others)?.min(rest);
            rest = rest.minus(units)?;
            match property {
                Property::Slice(place) => {
                    if let Some(own) = found.slices.get_mut(place) {
                        *own = units;
                    }
                }
                Property::Lot(id) if !units.is_zero() => found.lots.push((id, units)),
                Property::Lot(_) => {}
            }
        }
        Ok(found)
    }

    /// Property young to a short sale that can start again today, in the order in which it does.
    fn young_property(&self, one: &Shorted, slices: &[Slice]) -> Vec<(Turn, Quantity, Property)> {
        let turn = |acquired: Date, sequence: u32, held_from: Date| {
            (held_from > acquired.max(one.opened), acquired, sequence)
        };
        let mut found = Vec::new();
        for (slice, place) in slices.iter().zip(0..) {
            if slice.held_from < self.today && self.young_slice(slice, one.opened) {
                let bought = self.ledger.purchase(slice.purchase);
                let turn = turn(bought.acquired, bought.sequence, slice.held_from);
                found.push((turn, slice.quantity, Property::Slice(place)));
            }
        }
        for id in self.own_lots(one.security) {
            let lot = self.ledger.lot(id);
            if lot.held_from < self.today && self.young_lot(id, one.opened) {
                let turn = turn(lot.acquired, lot.sequence, lot.held_from);
                found.push((turn, lot.parcel.left(), Property::Lot(id)));
            }
        }
        found.sort_by_key(|(turn, ..)| *turn);
        found
    }

    /// Lots of a security, or of one identical with it, in the taxpayer's own taxable accounts.
    pub(super) fn own_lots(&self, security: SecurityId) -> Vec<LotId> {
        let property = self.property(security);
        let books = self.ledger.books.iter().filter(|book| {
            !book.held.is_zero()
                && self.reported(book.holding.0)
                && self.property(book.holding.1) == property
        });
        let holdings = books.map(|book| book.holding);
        holdings
            .flat_map(|holding| self.ledger.lots_of(holding))
            .collect()
    }
}

/// What comes first: property that no other short sale has started again, by acquisition.
type Turn = (bool, Date, u32);

/// Units that may start again.
#[derive(Clone, Copy, Debug)]
enum Property {
    /// Just taken out.
    Slice(usize),
    /// Still held.
    Lot(LotId),
}
