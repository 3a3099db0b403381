//! Section 1233: what property identical with that sold short decides, by the share and as it stood on the day of the
//! short sale. Gains are short-term as far as it was young, losses long-term as far as it was old, and the holding period
//! of what was young starts again.

use std::collections::VecDeque;

use super::super::Halt;
use super::super::fold::Fold;
use super::super::ledger::{Holding, Slice};
use crate::answer::Term;
use crate::answer::trail::Cause;
use crate::date::Date;
use crate::lot::LotId;
use crate::money::{Money, OutOfRange, Quantity};
use crate::rule::us::HOLDING_RESTART;
use crate::trade::SecurityId;

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
    pub(super) fn take(&mut self, units: Quantity) -> Result<Self, OutOfRange> {
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

    pub(super) fn rescale(&mut self, new: Quantity, old: Quantity) -> Result<(), OutOfRange> {
        for units in [&mut self.old, &mut self.young, &mut self.sold] {
            *units = units.share(new, old)?;
        }
        Ok(())
    }
}

impl Fold<'_> {
    /// Identical property beside what is delivered: that counts by itself.
    pub(super) fn besides(
        &self,
        mut identical: Identical,
        opened: Date,
        slices: &[Slice],
    ) -> Result<Identical, Halt> {
        for slice in slices {
            let own = if self.young_slice(slice, opened) {
                &mut identical.young
            } else {
                &mut identical.old
            };
            *own = own.minus(slice.quantity.min(*own))?;
        }
        Ok(identical)
    }

    /// The units of a delivered slice whose term comes from the identical property held (26 USC 1233(b)(1), (d)), and
    /// that term: a gain is short-term as far as that was young, a loss long-term as far as it was old.
    pub(super) fn term_of_short(
        &self,
        identical: &mut Identical,
        opened: Date,
        slice: &Slice,
        gain: Money,
        by_lot: Option<Term>,
    ) -> Result<(Quantity, Option<Term>), Halt> {
        let (loss, young) = (gain.is_negative(), self.young_slice(slice, opened));
        let term = Some(if loss { Term::Long } else { Term::Short });
        if !self.law.is_us() || by_lot == term {
            return Ok((Quantity::ZERO, by_lot));
        }
        if young != loss {
            return Ok((slice.quantity, term));
        }
        let others = if loss {
            &mut identical.old
        } else {
            &mut identical.young
        };
        let units = slice.quantity.min(*others);
        *others = others.minus(units)?;
        Ok((units, term))
    }

    /// Whether units taken out count as property held a year or less on the day of a short sale, or acquired since.
    pub(super) fn young_slice(&self, slice: &Slice, opened: Date) -> bool {
        self.ledger.purchase(slice.purchase).acquired > opened
            || self.law.term.term(slice.held_from, opened) == Term::Short
    }

    /// Whether section 1233 looks at a position: the taxpayer's own, of units sold short.
    pub(super) fn is_short_sale(&self, (account, security): Holding) -> bool {
        self.law.is_us()
            && self.reported(account)
            && !self.written(security)
            && !self.section_1256(security)
    }

    /// The taxpayer's holdings that are short in a security.
    pub(super) fn own_shorts(&self, security: SecurityId) -> Vec<Holding> {
        let mut short = self.positions.accounts_short(security);
        short.retain(|holding| self.is_short_sale(*holding));
        short
    }

    /// Identical property held on the day of a short sale, as far as no earlier short that is still open counts it.
    pub(super) fn identical_held(
        &self,
        holding: Holding,
        quantity: Quantity,
    ) -> Result<Identical, Halt> {
        if !self.is_short_sale(holding) {
            return Ok(Identical::default());
        }
        let (mut old, mut young) = (Quantity::ZERO, Quantity::ZERO);
        for id in self.own_lots(holding.1) {
            let sum = if self.young_lot(id, self.today) {
                &mut young
            } else {
                &mut old
            };
            *sum = sum.plus(self.ledger.lot(id).parcel.left())?;
        }
        for other in self.own_shorts(holding.1) {
            for lot in self.positions.shorts.get(&other).into_iter().flatten() {
                let counted = lot.identical;
                old = old.minus(old.min(counted.old))?;
                young = young.minus(young.min(counted.young.minus(counted.sold)?))?;
            }
        }
        Ok(Identical {
            old: old.min(quantity),
            young: young.min(quantity),
            sold: Quantity::ZERO,
        })
    }

    /// Property acquired while a short is open counts like what was young when it was opened (26 USC 1233(b)).
    pub(in crate::matching) fn acquired_while_short(&mut self, id: LotId) -> Result<(), Halt> {
        if self.positions.shorts.is_empty() {
            return Ok(());
        }
        let lot = self.ledger.lot(id);
        let (holding, mut units) = ((lot.account, lot.security), lot.parcel.left());
        if !self.is_short_sale(holding) {
            return Ok(());
        }
        let (acquired, held_from, term) = (lot.acquired, lot.held_from, &self.law.term);
        for other in self.own_shorts(holding.1) {
            for short in self.positions.shorts.get_mut(&other).into_iter().flatten() {
                let young =
                    acquired > short.opened || term.term(held_from, short.opened) == Term::Short;
                let open = short.parcel.left().minus(short.identical.young)?.min(units);
                if young {
                    short.identical.young = short.identical.young.plus(open)?;
                    units = units.minus(open)?;
                }
            }
        }
        Ok(())
    }

    /// Young property that is sold while the short is open starts its holding period again with that sale, in order of
    /// acquisition and up to the units short (26 USC 1233(b)(2)).
    pub(in crate::matching) fn sold_while_short(
        &mut self,
        holding: Holding,
        slices: &mut Vec<Slice>,
    ) -> Result<(), Halt> {
        if self.positions.shorts.is_empty() || !self.is_short_sale(holding) {
            return Ok(());
        }
        for short in self.own_shorts(holding.1) {
            let count = self.positions.shorts.get(&short).map_or(0, VecDeque::len);
            for place in 0..count {
                self.restart_sold(short, place, slices)?;
            }
        }
        Ok(())
    }

    /// The same for one short lot.
    fn restart_sold(
        &mut self,
        short: Holding,
        place: usize,
        slices: &mut Vec<Slice>,
    ) -> Result<(), Halt> {
        let mut at = 0;
        while let Some(slice) = slices.get(at).copied() {
            at += 1;
            let lot = self
                .positions
                .shorts
                .get(&short)
                .and_then(|lots| lots.get(place));
            let Some((opened, counted)) = lot.map(|lot| (lot.opened, lot.identical)) else {
                return Ok(());
            };
            if slice.held_from >= self.today || !self.young_slice(&slice, opened) {
                continue;
            }
            let place_of = |slice: &Slice| {
                let purchase = self.ledger.purchase(slice.purchase);
                (purchase.acquired, purchase.sequence)
            };
            let mut before = Quantity::ZERO;
            for id in self.own_lots(short.1) {
                let lot = self.ledger.lot(id);
                if (lot.acquired, lot.sequence) < place_of(&slice) && self.young_lot(id, opened) {
                    before = before.plus(lot.parcel.left())?;
                }
            }
            for other in slices.iter().skip(at) {
                if place_of(other) < place_of(&slice) && self.young_slice(other, opened) {
                    before = before.plus(other.quantity)?;
                }
            }
            let open = counted.young.minus(counted.sold)?;
            let units = open.minus(before.min(open))?.min(slice.quantity);
            if units.is_zero() {
                continue;
            }
            if let Some(lot) = self
                .positions
                .shorts
                .get_mut(&short)
                .and_then(|lots| lots.get_mut(place))
            {
                lot.identical.sold = lot.identical.sold.plus(units)?;
            }
            let mut first = slice;
            if units < slice.quantity {
                let [own, rest] = self.divide_slice(slice, units)?;
                first = own;
                slices.insert(at, rest);
            }
            first.held_from = self.today;
            let restarted = (Cause::Restarted { day: self.today }, units, Money::ZERO);
            self.ledger
                .trail
                .add_under(first.trail, &HOLDING_RESTART, restarted);
            if let Some(place) = slices.get_mut(at - 1) {
                *place = first;
            }
        }
        Ok(())
    }

    /// Whether a lot was held for a year or less on the day of a short sale, or acquired since (26 USC 1233(b)).
    fn young_lot(&self, id: LotId, opened: Date) -> bool {
        let lot = self.ledger.lot(id);
        lot.acquired > opened || self.law.term.term(lot.held_from, opened) == Term::Short
    }

    /// Whether any identical property was so young.
    pub(in crate::matching) fn young_property(&self, security: SecurityId, opened: Date) -> bool {
        let mut lots = self.own_lots(security).into_iter();
        lots.any(|id| self.young_lot(id, opened))
    }

    /// Lots of a security in the taxpayer's own taxable accounts, in order of acquisition.
    pub(super) fn own_lots(&self, security: SecurityId) -> Vec<LotId> {
        let mut lots: Vec<LotId> = self
            .ledger
            .holders(security)
            .into_iter()
            .filter(|account| self.reported(*account))
            .flat_map(|account| self.ledger.lots_of((account, security)))
            .collect();
        lots.sort_by_key(|lot| {
            let lot = self.ledger.lot(*lot);
            (lot.acquired, lot.sequence)
        });
        lots
    }

    /// Property held a year or less when the short was opened, or bought since, starts its holding period again when the
    /// short is closed, in order of acquisition and up to the units that were short (26 USC 1233(b)(2)).
    pub(in crate::matching) fn restart_holding(
        &mut self,
        security: SecurityId,
        opened: Date,
        quantity: Quantity,
    ) -> Result<(), Halt> {
        if !self.law.is_us() {
            return Ok(());
        }
        let mut rest = quantity;
        for id in self.own_lots(security) {
            if rest.is_zero() {
                break;
            }
            let lot = self.ledger.lot(id);
            let long =
                lot.acquired <= opened && self.law.term.term(lot.held_from, opened) == Term::Long;
            if long || lot.held_from >= self.today {
                continue;
            }
            let units = rest.min(lot.parcel.left());
            self.ledger.restart(id, units, self.today)?;
            rest = rest.minus(units)?;
        }
        Ok(())
    }
}
