//! What funds pay, and what of a loss on their shares it denies (26 USC 852(b)(4)).

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::fold::Fold;
use super::ledger::Holding;
use super::value::Valued;
use super::wash::Loss;
use super::{Halt, YearAmount, YearAmountKind};
use crate::answer::{Adjustment, Codes, Disposal, Term};
use crate::date::Date;
use crate::lot::PurchaseId;
use crate::money::{Minor, Money, OutOfRange, Quantity, minor_share};
use crate::rule::us::SIX_MONTHS;
use crate::trade::{Action, Trade, TradeId};

/// What was received on the units of young purchases, each where they are now: the units take it along.
pub type Received = FxHashMap<(PurchaseId, Holding), Vec<Distribution>>;

/// What a fund paid out, for its six-month rules (26 USC 852(b)(4)).
#[derive(Clone, Copy, Debug)]
pub struct Distribution {
    /// On all units together.
    pub amount: Money,
    /// Units it was paid on, restated for splits since.
    pub units: Quantity,
    /// Exempt-interest dividends disallow a loss, capital gain dividends make it long-term.
    pub exempt: bool,
}

impl Distribution {
    /// What `units` of those it was paid on received.
    fn on(self, units: Quantity) -> Result<Money, OutOfRange> {
        self.amount.share(units, self.units)
    }

    /// The same in units of which there are `new` for each `old`.
    fn in_units(self, new: Quantity, old: Quantity) -> Result<Self, OutOfRange> {
        let units = self.units.restated(new, old)?;
        Ok(Self { units, ..self })
    }

    /// What `units` of those it was paid on received, spread over the units that they are among now.
    fn among(self, units: Quantity, together: Quantity) -> Result<Self, OutOfRange> {
        let amount = self.on(units)?;
        Ok(Self {
            amount,
            units: together,
            ..self
        })
    }
}

/// The first day on which units have been held for more than six months: the day of purchase does not count.
fn six_months_after(acquired: Date) -> Date {
    acquired.plus(1).add_months(6)
}

impl Fold<'_> {
    /// A loss on fund shares held six months or less is no loss as far as exempt-interest dividends were received on
    /// them, and long-term as far as capital gain dividends were (26 USC 852(b)(4)). What is left of it, in one row or
    /// two, is for the other loss rules.
    pub(super) fn six_months(
        &mut self,
        mut loss: Loss,
        (exempt, gains): (Minor, Minor),
        losses: &mut Vec<Loss>,
    ) -> Result<(), Halt> {
        let denied = exempt.min(loss.amount);
        loss.amount -= denied;
        loss.exact = loss.exact.minus(self.minor(denied))?;
        if denied > 0
            && let Some(row) = self.rows.get_mut(loss.row)
        {
            row.adjustment = denied;
            row.codes = row.codes.with(Codes::NONDEDUCTIBLE);
        }
        let long = gains.min(loss.amount);
        let second = if long == 0 {
            None
        } else {
            self.split_term(&mut loss, long)?
        };
        for part in [Some(loss), second].into_iter().flatten() {
            self.note_exempt(part.row);
            if denied == 0 || part.amount > 0 {
                losses.push(part);
            }
        }
        Ok(())
    }

    /// What was received on the units of a loss, if they were held six months or less: exempt interest, and capital gain
    /// dividends.
    pub(super) fn received(&self, holding: Holding, loss: &Loss) -> Result<(Minor, Minor), Halt> {
        let nothing = (0, 0);
        let (acquired, purchase) = loss.acquired;
        let Some(paid) = self.distributions.get(&(purchase, holding)) else {
            return Ok(nothing);
        };
        let since = self.counted_from(purchase, acquired, loss.held_from);
        if self.today >= six_months_after(since) {
            return Ok(nothing);
        }
        let (mut exempt, mut gains) = (Money::ZERO, Money::ZERO);
        for one in paid {
            let sum = if one.exempt { &mut exempt } else { &mut gains };
            *sum = sum.plus(one.on(loss.quantity)?)?;
        }
        let places = self.ledger.places();
        Ok((exempt.to_minor(places)?, gains.to_minor(places)?))
    }

    /// The day from which six months count: a gift takes over the donor's time, a replacement not that of what it replaced
    /// (26 USC 246(c)(3), 852(b)(4)(C)).
    fn counted_from(&self, purchase: PurchaseId, acquired: Date, held_from: Date) -> Date {
        let opened = self.ledger.purchase(purchase).opened_by;
        match self.history.trade(opened).action {
            Action::GiftIn => held_from,
            _ => acquired,
        }
    }

    /// Makes `long` of a row's loss long-term: the whole row, or as many of its units as carry that much, in a row of
    /// their own whose loss comes back.
    fn split_term(&mut self, loss: &mut Loss, long: Minor) -> Result<Option<Loss>, Halt> {
        let Some(row) = self.rows.get_mut(loss.row) else {
            return Ok(None);
        };
        if long == loss.amount {
            row.term = Some(Term::Long);
            return Ok(None);
        }
        let whole = row.quantity;
        let count = |minor: Minor| Quantity::new(minor.into());
        let units = whole.share(count(long)?, count(loss.amount)?)?;
        let proceeds = minor_share(row.proceeds, units, whole)?;
        let adjustment = minor_share(row.adjustment, units, whole)?;
        let second = Disposal {
            quantity: units,
            term: Some(Term::Long),
            proceeds,
            cost: proceeds + adjustment + long,
            adjustment,
            ..row.clone()
        };
        row.quantity = whole.minus(units)?;
        row.proceeds -= second.proceeds;
        row.cost -= second.cost;
        row.adjustment -= adjustment;
        let position = self.rows.push(second);
        let trail = &mut self.ledger.trail;
        trail.divide_row(loss.row, position, (units, whole))?;
        let part = Loss {
            row: position,
            quantity: units,
            amount: long,
            exact: self.minor(long),
            ..*loss
        };
        loss.quantity = loss.quantity.minus(units)?;
        loss.amount -= long;
        loss.exact = loss.exact.minus(part.exact)?;
        Ok(Some(part))
    }

    /// Lists what a row's exempt-interest dividends take off its loss.
    fn note_exempt(&mut self, position: u32) {
        let Some(row) = self.rows.get_mut(position) else {
            return;
        };
        if row.adjustment > 0 {
            let (units, amount) = (row.quantity, row.adjustment);
            self.conservation.nondeductible += amount;
            let rule = Some(&SIX_MONTHS);
            let never = Adjustment::never_deductible(position, units, amount, rule);
            self.adjustments.push(never);
        }
    }

    pub(super) fn dividend(&mut self, id: TradeId) -> Result<(), Halt> {
        if !self.law.is_us() {
            return Ok(());
        }
        let row = self.valued(id);
        let Some(total) = row.total()? else {
            return Ok(());
        };
        if total.is_negative() {
            return self.payment_in_lieu(id, total);
        }
        let trade = row.trade;
        self.distributed(trade, total)
    }

    /// A distribution that is reinvested is received like any other, and then spent on units (Pub. 550); the fee is paid
    /// on top.
    pub(super) fn reinvested(&mut self, row: &Valued<'_>) -> Result<(), Halt> {
        if !self.law.is_us() || row.trade.rest().tag.is_none() {
            return Ok(());
        }
        let received = row.cost()?.minus(row.fee()?)?;
        self.distributed(row.trade, received)
    }

    /// What a fund paid out, where its tag says that it is more than a dividend.
    fn distributed(&mut self, trade: &Trade, total: Money) -> Result<(), Halt> {
        let exempt = trade.tagged("exempt-interest");
        if !exempt && !trade.tagged("capital-gain") {
            return Ok(());
        }
        if !self.reported(trade.account) {
            return Ok(());
        }
        let holding = (trade.account, trade.security);
        let units = self.ledger.held(holding);
        if units.is_zero() {
            self.warn_paid_on_nothing(trade);
        } else {
            let one = Distribution {
                amount: total,
                units,
                exempt,
            };
            for purchase in self.young_purchases(holding) {
                let paid = self.distributions.entry((purchase, holding));
                paid.or_default().push(one);
            }
        }
        if !exempt {
            // A capital gain distribution is long-term however long the shares were held (26 USC 852(b)(3)(B)).
            self.amounts.push(YearAmount {
                year: i32::from(self.tax_year(self.today)),
                kind: YearAmountKind::CapitalGainDistribution,
                amount: total.to_minor(self.ledger.places())?,
            });
        }
        Ok(())
    }

    /// A distribution in an account without units, while others hold them: they are the ones that it was paid on.
    fn warn_paid_on_nothing(&mut self, trade: &Trade) {
        let holders = self.ledger.holders(trade.security).into_iter();
        let mut named: Vec<&str> = Vec::new();
        for account in holders.map(|account| self.own_account(account)) {
            named.push(&self.history.account(account).name);
        }
        named.dedup();
        if named.is_empty() {
            return;
        }
        let message = format!(
            "a distribution of {} in {}, which holds none, while {} {}: it counts for no units there, which changes what a loss on units held six months or less is (26 USC 852(b)(4)); name the `account` that received it, with a row for each",
            self.symbol(trade.security),
            self.history.account(trade.account).name,
            named.join(" and "),
            if named.len() == 1 { "does" } else { "do" },
        );
        self.warn_once("distribution-on-nothing", &message, trade.source, true);
    }

    /// The purchases of the last six months that units of a holding came in with.
    fn young_purchases(&self, holding: Holding) -> BTreeSet<PurchaseId> {
        let lots = self.ledger.lots_of(holding).into_iter();
        let lots = lots.map(|id| self.ledger.lot(id));
        let young = lots.filter(|lot| {
            let since = self.counted_from(lot.purchase, lot.acquired, lot.held_from);
            self.today < six_months_after(since)
        });
        young.map(|lot| lot.purchase).collect()
    }

    /// A split restates the units that distributions were paid on.
    pub(super) fn rescale_distributions(
        &mut self,
        holding: Holding,
        new: Quantity,
        old: Quantity,
    ) -> Result<(), Halt> {
        let own = self.distributions.iter_mut();
        let own = own.filter(|((_, paid_on), _)| *paid_on == holding);
        for one in own.flat_map(|(_, paid)| paid) {
            *one = one.in_units(new, old)?;
        }
        Ok(())
    }

    /// Units that go elsewhere, `units` of them there for `before` here, take along what was received on them (26 USC
    /// 852(b)(4)). Among units of the same purchase it becomes what they received on average.
    pub(super) fn take_received_along(
        &mut self,
        purchase: PurchaseId,
        (from, to): (Holding, Holding),
        (before, units): (Quantity, Quantity),
    ) -> Result<(), Halt> {
        if self.distributions.is_empty() || from == to {
            return Ok(());
        }
        let there = self.ledger.units_of(purchase, to)?;
        let together = there.plus(units)?;
        let paid = |holding| {
            self.distributions
                .get(&(purchase, holding))
                .into_iter()
                .flatten()
        };
        let mut received = Vec::new();
        for one in paid(from) {
            received.push(if there.is_zero() {
                one.in_units(units, before)?
            } else {
                one.among(before, together)?
            });
        }
        for one in paid(to).filter(|_| !there.is_zero()) {
            received.push(one.among(there, together)?);
        }
        self.distributions.insert((purchase, to), received);
        Ok(())
    }
}
