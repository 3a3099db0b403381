//! What goes out: identify the units, realize proceeds, basis and term of each slice, then defer losses.
//!
//! All units of one sale are chosen before any of its losses is deferred: a deferred loss raises the basis of the lot
//! that takes it, and under HIFO that lot would otherwise be chosen next.

use super::Halt;
use super::fold::Fold;
use super::ledger::{Holding, Slice};
use super::position::{Closings, Shorted};
use super::value::Valued;
use super::wash::Loss;
use crate::answer::trail::Cause;
use crate::answer::{Adjustment, Codes, Disposal, Match, Term};
use crate::date::Date;
use crate::jurisdiction::Gifts;
use crate::lot::{Lot, LotId};
use crate::method::{HIFO, within_purchase};
use crate::money::{Minor, Money, Quantity};
use crate::parcel::{Parcel, Part};
use crate::rule::Rule;
use crate::rule::us::{GIFT, LOST, WORTHLESS_COIN};
use crate::trade::{AccountId, Action, Class, Trade, TradeId};

/// One disposal about to be carried out.
#[derive(Clone, Copy, Debug)]
pub struct Sale<'a> {
    /// The row.
    pub trade: TradeId,
    /// Whose units of what.
    pub holding: Holding,
    /// Units.
    pub quantity: Quantity,
    /// Net proceeds.
    pub proceeds: Money,
    /// Lots chosen by the row.
    pub choice: Option<&'a str>,
    /// How its slices were identified.
    pub matched: Match,
    /// Units that must come from one lot: those just received that a fee is withheld from.
    pub only: Option<LotId>,
    /// Puts whose exercise it is, as the short sales that they counted as (26 USC 1233(b)).
    pub closes: &'a [Shorted],
}

/// A slice with its proceeds, and its term where its own holding period does not decide.
type Termed = (Slice, (Part, Option<Term>));

/// The basis per unit that a sale at its price uses of a lot, as an amount and its units: of a gift that was worth less
/// than the donor's basis either of the two, or between them the price itself (26 USC 1015(a)).
fn basis_used(lot: &Lot, sale: &Sale<'_>) -> (Money, Quantity) {
    let for_gain = lot.parcel.per_unit();
    let Some(gift) = &lot.gift else {
        return for_gain;
    };
    let (for_loss, price) = (gift.value.per_unit(), (sale.proceeds, sale.quantity));
    let is_above = |one: (Money, Quantity), other: (Money, Quantity)| {
        one.0.compare_per_unit(one.1, other.0, other.1).is_gt()
    };
    if is_above(price, for_gain) {
        for_gain
    } else if is_above(for_loss, price) {
        for_loss
    } else {
        price
    }
}

/// What all rows of a sale have in common.
struct Kind {
    account: AccountId,
    class: Class,
    section_1256: bool,
    tax_year: i16,
}

impl Fold<'_> {
    pub(super) fn sell(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let (proceeds, extra) = self.proceeds_with_fee_in_kind(id, row.proceeds()?)?;
        let sale = self.sale(&row, id, row.quantity()?.plus(extra)?, proceeds);
        self.refuse_unmarked(&sale);
        if self.rules.allow_short {
            return self.sell_or_go_short(&sale);
        }
        self.dispose(&sale)
    }

    /// With --allow-short, units beyond those held are sold short.
    pub(super) fn sell_or_go_short(&mut self, sale: &Sale<'_>) -> Result<(), Halt> {
        while self.ledger.held(sale.holding) < sale.quantity && self.bring_forward(sale.holding) {}
        let held = self.ledger.held(sale.holding);
        if held >= sale.quantity {
            return self.dispose(sale);
        }
        let mut spread = Parcel::new(sale.quantity, sale.proceeds, self.ledger.places())?;
        let long = spread.take(held)?;
        if !held.is_zero() {
            self.dispose(&Sale {
                quantity: held,
                proceeds: long.amount,
                ..*sale
            })?;
        }
        self.sell_short(
            sale.trade,
            sale.holding,
            spread.left(),
            spread.amount_left()?,
        )
    }

    /// The plain disposal that a row describes.
    pub(super) fn sale<'b>(
        &self,
        row: &Valued<'b>,
        trade: TradeId,
        quantity: Quantity,
        proceeds: Money,
    ) -> Sale<'b> {
        Sale {
            trade,
            holding: (row.trade.account, row.trade.security),
            quantity,
            proceeds,
            choice: row.trade.rest().rarest().lot.as_deref(),
            matched: Match::Lot,
            only: None,
            closes: &[],
        }
    }

    /// Carries out a disposal.
    pub(super) fn dispose(&mut self, sale: &Sale<'_>) -> Result<(), Halt> {
        let mut slices = self.identify(sale)?;
        if slices.is_empty() {
            return Ok(());
        }
        self.ledger.take_from_pool(sale.holding, &mut slices)?;
        let result = self.realize_and_defer(sale, &mut slices);
        self.slices = slices;
        result
    }

    pub(super) fn realize_and_defer(
        &mut self,
        sale: &Sale<'_>,
        slices: &mut Vec<Slice>,
    ) -> Result<(), Halt> {
        let closed = self.short_sales_closed(sale, slices)?;
        self.sold_while_short(sale.holding, slices)?;
        let mut losses = self.realize(sale, slices, &closed)?;
        let result = self.defer(&mut losses);
        self.losses = losses;
        result?;
        for one in &closed {
            self.restart_held(one)?;
        }
        Ok(self.note_sold(slices)?)
    }

    /// The short sales in the sense of section 1233(b) that a sale closes: of the puts sold, or of those whose exercise it
    /// is; young shares sold by that start again with it.
    fn short_sales_closed(
        &mut self,
        sale: &Sale<'_>,
        slices: &mut Vec<Slice>,
    ) -> Result<Vec<Shorted>, Halt> {
        if sale.closes.is_empty() {
            return self.puts_closed(sale.holding, slices);
        }
        let mut closed = sale.closes.to_vec();
        for one in &mut closed {
            self.restart_sold(one, slices, Quantity::ZERO)?;
        }
        Ok(closed)
    }

    /// Carries out a disposal that no choice of lots belongs to: a fraction, a fee, a merger for cash, all that is held.
    pub(super) fn dispose_by_method(&mut self, sale: &Sale<'_>) -> Result<(), Halt> {
        let mut slices = self.identify_by_method(sale)?;
        self.ledger.take_from_pool(sale.holding, &mut slices)?;
        self.realize_and_defer(sale, &mut slices)
    }

    /// Carries out the disposals of one event: all its units leave before any of its losses is deferred, so that none of
    /// them replaces another.
    pub(super) fn dispose_together(&mut self, sales: &[Sale<'_>]) -> Result<(), Halt> {
        let mut taken = Vec::with_capacity(sales.len());
        for sale in sales {
            let mut slices = self.identify_by_method(sale)?;
            self.ledger.take_from_pool(sale.holding, &mut slices)?;
            taken.push(slices);
        }
        let (mut losses, mut closed) = (Vec::new(), Vec::new());
        for (sale, slices) in sales.iter().zip(&mut taken) {
            let own = self.short_sales_closed(sale, slices)?;
            self.sold_while_short(sale.holding, slices)?;
            losses.extend(self.realize(sale, slices, &own)?);
            closed.extend(own);
        }
        self.defer(&mut losses)?;
        for one in &closed {
            self.restart_held(one)?;
        }
        for slices in &taken {
            self.note_sold(slices)?;
        }
        Ok(())
    }

    /// Chooses and takes out units by the row's choice if it has one, else by the method, even where the method wants
    /// every sale to choose.
    pub(super) fn identify_by_method(&mut self, sale: &Sale<'_>) -> Result<Vec<Slice>, Halt> {
        if sale.choice.is_some() || sale.only.is_some() {
            return self.identify(sale);
        }
        self.available(sale)?;
        self.first_in_order(sale, sale.quantity.min(self.ledger.held(sale.holding)))
    }

    /// Chooses and takes out the units: the row's own choice first, then the method's order.
    pub(super) fn identify(&mut self, sale: &Sale<'_>) -> Result<Vec<Slice>, Halt> {
        if let Some(lot) = sale.only {
            return Ok(vec![self.ledger.take(lot, sale.quantity)?]);
        }
        self.available(sale)?;
        let wanted = sale.quantity.min(self.ledger.held(sale.holding));
        if let Some(choice) = sale.choice {
            return self.chosen(sale, choice, wanted);
        }
        // For section 1256 contracts only the sum of the year counts: no lot needs to be chosen (26 USC 1256(a)).
        if self.method_of(sale.holding).choice_required
            && !self.section_1256(sale.holding.1)
            && !wanted.is_zero()
            && !self.only_one_lot(sale.holding)
        {
            return Err(self.choice_missing(sale));
        }
        self.first_in_order(sale, wanted)
    }

    /// Brings forward what the same day bought; units that are still missing are a problem, named once.
    fn available(&mut self, sale: &Sale<'_>) -> Result<(), Halt> {
        while self.ledger.held(sale.holding) < sale.quantity && self.bring_forward(sale.holding) {}
        let held = self.ledger.held(sale.holding);
        if held < sale.quantity {
            let problem = self.oversold(sale, held);
            self.problems.push(problem);
        }
        Ok(())
    }

    fn first_in_order(&mut self, sale: &Sale<'_>, wanted: Quantity) -> Result<Vec<Slice>, Halt> {
        let mut slices = std::mem::take(&mut self.slices);
        slices.clear();
        let is_sale = !sale.proceeds.is_zero();
        if is_sale && self.two_bases && self.method_of(sale.holding).ranks_by_basis {
            self.take_by_basis_used(sale, wanted, &mut slices)?;
            return Ok(slices);
        }
        self.ledger
            .take_in_order(sale.holding, wanted, &mut slices)?;
        Ok(slices)
    }

    /// Takes units in the order of a method that ranks by basis, where gifts have one for a gain and another for a loss:
    /// they stand by the one that this sale will use.
    fn take_by_basis_used(
        &mut self,
        sale: &Sale<'_>,
        wanted: Quantity,
        slices: &mut Vec<Slice>,
    ) -> Result<(), Halt> {
        let mut lots = self.ledger.lots_of(sale.holding);
        let descending = self.method_of(sale.holding).name == HIFO.name;
        lots.sort_by(|one, other| {
            let (one, other) = (self.ledger.lot(*one), self.ledger.lot(*other));
            let (basis, units) = basis_used(one, sale);
            let (other_basis, other_units) = basis_used(other, sale);
            let by_basis = basis.compare_per_unit(units, other_basis, other_units);
            let by_basis = if descending {
                by_basis.reverse()
            } else {
                by_basis
            };
            let acquired = |lot: &Lot| (lot.acquired, lot.sequence);
            by_basis
                .then_with(|| acquired(one).cmp(&acquired(other)))
                .then_with(|| within_purchase(one, other))
        });
        self.ledger.take_of(&lots, wanted, slices)?;
        Ok(())
    }

    /// Gives each slice its proceeds, cost and term as a row, and lists the losses.
    fn realize(
        &mut self,
        sale: &Sale<'_>,
        slices: &[Slice],
        closed: &[Shorted],
    ) -> Result<Vec<Loss>, Halt> {
        let mut losses = std::mem::take(&mut self.losses);
        losses.clear();
        if !self.reported(sale.holding.0) {
            for slice in slices {
                self.conservation.basis_gone =
                    self.conservation.basis_gone.plus(slice.part.amount)?;
            }
            return Ok(losses);
        }
        let proceeds = self.ledger.part(sale.proceeds)?;
        let mut brought = Parcel::from_part(sale.quantity, proceeds, self.ledger.places());
        let kind = self.kind(sale);
        let mut closings = self.closings(sale, slices, closed)?;
        let mut basis = self.conservation.basis_out;
        for slice in slices {
            let part = brought.take(slice.quantity)?;
            basis = basis.plus(slice.part.amount)?;
            match &mut closings {
                None => self.row(sale, &kind, slice, (part, None), &mut losses)?,
                Some(closings) => {
                    for (slice, figures) in self.by_put(&kind, closings, slice, part)? {
                        self.row(sale, &kind, &slice, figures, &mut losses)?;
                    }
                }
            }
        }
        self.conservation.basis_out = basis;
        Ok(losses)
    }

    /// The short sales that puts counted as, to go through as they are closed; none where nothing is.
    fn closings(
        &self,
        sale: &Sale<'_>,
        slices: &[Slice],
        closed: &[Shorted],
    ) -> Result<Option<Closings>, Halt> {
        Ok(if closed.is_empty() {
            None
        } else if sale.closes.is_empty() {
            Some(Closings::of_puts(closed, self.deliverable(sale.holding.1)?))
        } else {
            Some(self.delivering(closed, slices)?)
        })
    }

    /// A slice with its proceeds, and the term that identical property gives it: in two where that is of a part. A gain on
    /// closing what a put counts as is short-term as far as such property was young (26 USC 1233(b)(1)).
    fn by_put(
        &mut self,
        kind: &Kind,
        closings: &mut Closings,
        slice: &Slice,
        proceeds: Part,
    ) -> Result<Vec<Termed>, Halt> {
        let gain = proceeds.amount.minus(slice.part.amount)?;
        let inherited = self.ledger.purchase(slice.purchase).inherited;
        let by_lot = self.term(kind, slice.held_from, inherited);
        let (units, term) = self.term_of_short(closings, slice, gain, by_lot)?;
        if units.is_zero() {
            return Ok(vec![(*slice, (proceeds, None))]);
        }
        if units == slice.quantity {
            return Ok(vec![(*slice, (proceeds, term))]);
        }
        let [first, second] = self.divide_slice(*slice, units)?;
        let proceeds = self.divided(slice.quantity, proceeds, units)?;
        Ok(vec![
            (first, (proceeds.0, term)),
            (second, (proceeds.1, None)),
        ])
    }

    fn kind(&self, sale: &Sale<'_>) -> Kind {
        Kind {
            account: self.own_account(sale.holding.0),
            class: self.class(sale.holding.1),
            section_1256: self.section_1256(sale.holding.1),
            tax_year: self.tax_year(self.today),
        }
    }

    /// The holding-period class of what was held from a day and is sold today.
    fn term(&self, kind: &Kind, held_from: Date, inherited: bool) -> Option<Term> {
        if kind.section_1256 {
            None
        } else {
            self.term_of_units(kind.class, held_from, inherited)
        }
    }

    /// The same of any class: what was inherited is long-term (26 USC 1223(9)).
    pub(super) fn term_of_units(
        &self,
        class: Class,
        held_from: Date,
        inherited: bool,
    ) -> Option<Term> {
        if inherited && self.law.is_us() {
            return Some(Term::Long);
        }
        self.law.term_of(class, held_from, self.today)
    }

    /// One row; a loss that a loss rule may look at joins the others.
    fn row(
        &mut self,
        sale: &Sale<'_>,
        kind: &Kind,
        slice: &Slice,
        (proceeds, special): (Part, Option<Term>),
        losses: &mut Vec<Loss>,
    ) -> Result<(), Halt> {
        let (cost, held_from) = basis_against(slice, proceeds);
        let purchase = self.ledger.purchase(slice.purchase);
        if purchase.basis_unknown && !self.rules.unknown_basis_zero {
            return Err(self.basis_unknown(sale));
        }
        let (acquired, order) = (purchase.acquired, purchase.order);
        let term = match special {
            None => self.term(kind, held_from, purchase.inherited),
            special => special,
        };
        let codes = match (kind.class, term) {
            (Class::Collectible, Some(Term::Long)) if self.law.is_us() => Codes::COLLECTIBLE,
            _ => Codes::NONE,
        };
        let position = self.rows.push(Disposal {
            security: sale.holding.1,
            account: kind.account,
            tax_year: kind.tax_year,
            matched: sale.matched,
            term,
            codes,
            quantity: slice.quantity,
            acquired: Some(acquired),
            held_from: Some(held_from),
            disposed: self.today,
            proceeds: proceeds.printed,
            cost: cost.printed,
            adjustment: 0,
            provisional_until: None,
            lot: Some(purchase.name()),
            closed_by: sale.trade,
        });
        let exact = cost.amount.minus(proceeds.amount)?;
        let printed = cost.printed.saturating_sub(proceeds.printed);
        if self.rules.overview.keeps_dates {
            self.warn_of_gift(slice, exact > Money::ZERO, term);
        }
        if self.rules.trail {
            self.tell_row(sale, slice, cost)?;
        }
        if exact <= Money::ZERO {
            return Ok(());
        }
        let loss = Loss {
            row: position,
            quantity: slice.quantity,
            amount: printed.max(0),
            exact,
            date: self.today,
            held_from,
            acquired: (acquired, slice.purchase),
            order,
            holding: (kind.account, sale.holding.1),
        };
        if self.distributions.is_empty() {
            losses.push(loss);
            return Ok(());
        }
        let received = self.received(sale.holding, &loss)?;
        self.six_months(loss, received, losses)
    }

    /// A gift sold for less than the donor's basis hangs on its value when it was given, one sold within a year on the
    /// day since which the donor held it (26 USC 1015(a), 1223(2)).
    fn warn_of_gift(&mut self, slice: &Slice, is_loss: bool, term: Option<Term>) {
        let purchase = self.ledger.purchase(slice.purchase);
        let gift = self.history.trade(purchase.opened_by);
        if !self.law.is_us() || gift.action != Action::GiftIn || purchase.basis_unknown {
            return;
        }
        if is_loss && gift.price().is_none() && !gift.tagged("spouse") {
            self.warn_at(
                "gift-value-missing",
                "gifts were sold for less than the donor's basis, and their rows do not say what they were worth when given: a loss counts from that value where it is the lower one (26 USC 1015(a)); give it per unit as `price`",
                gift.source,
                true,
            );
        }
        // A loss on what was worth less than the donor's basis is held from the day of the gift whatever the donor's day.
        let by_value = is_loss && slice.gift.is_some();
        let acquired = gift.rest().rarest().acquired;
        if term == Some(Term::Short) && acquired.is_none() && !by_value {
            self.warn_at(
                "gift-date-missing",
                "gifts were sold short-term whose rows do not say since when the donor held them: that time counts too (26 USC 1223(2)); give the donor's day as `acquired_date`",
                gift.source,
                true,
            );
        }
    }

    /// Records where the row just made comes from.
    fn tell_row(&mut self, sale: &Sale<'_>, slice: &Slice, cost: Part) -> Result<(), Halt> {
        let row = self.rows.len() - 1;
        self.tell_gift(slice, cost)?;
        let trail = &mut self.ledger.trail;
        trail.sold(row, slice.trail, (sale.quantity, sale.proceeds));
        Ok(())
    }

    /// Records which of the two bases of a gift counts.
    pub(super) fn tell_gift(&mut self, slice: &Slice, cost: Part) -> Result<(), Halt> {
        if slice.gift.is_some() {
            let other = cost.amount.minus(slice.part.amount)?;
            let movement = (Cause::GiftValue, slice.quantity, other);
            self.ledger.trail.add_under(slice.trail, &GIFT, movement);
        }
        Ok(())
    }

    /// The tax year of a day, by the calendar year in which it begins.
    pub(super) fn tax_year(&self, day: Date) -> i16 {
        i16::try_from(self.law.tax_year.of(day)).unwrap_or(i16::MAX)
    }

    pub(super) fn minor(&self, amount: Minor) -> Money {
        Money::from_minor(amount, self.ledger.places())
    }

    /// A gift out removes units with their basis; it is no disposal in the US (26 USC 1001(a)). Where the country says
    /// so, it is a disposal at market value.
    pub(super) fn gift_out(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        if self.law.gifts == Gifts::MarketValue {
            let quantity = row.quantity()?;
            let sale = self.sale(&row, id, quantity, row.at_price(quantity)?);
            return self.dispose(&sale);
        }
        let sale = self.sale(&row, id, row.quantity()?, Money::ZERO);
        self.remove(&sale)
    }

    /// Takes units out without a row.
    pub(super) fn remove(&mut self, sale: &Sale<'_>) -> Result<(), Halt> {
        let mut slices = self.identify(sale)?;
        self.ledger.take_from_pool(sale.holding, &mut slices)?;
        self.puts_closed(sale.holding, &slices)?;
        for slice in &slices {
            self.conservation.basis_gone = self.conservation.basis_gone.plus(slice.part.amount)?;
        }
        Ok(())
    }

    /// Stolen or lost units: no loss is deductible (26 USC 165(h)(5)).
    pub(super) fn lost(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let sale = self.sale(&row, id, row.quantity()?, Money::ZERO);
        let slices = self.identify(&sale)?;
        self.never_deductible(&sale, slices, &LOST)
    }

    /// Units that leave for nothing, with a loss that counts nowhere, in the United States by this rule.
    fn never_deductible(
        &mut self,
        sale: &Sale<'_>,
        mut slices: Vec<Slice>,
        rule: &'static Rule,
    ) -> Result<(), Halt> {
        let before = self.rows.len();
        self.ledger.take_from_pool(sale.holding, &mut slices)?;
        self.realize(sale, &slices, &[])?;
        let rule = self.law.is_us().then_some(rule);
        for (row, position) in self.rows.since(before).zip(before..) {
            // Whatever the six-month rules said of it is within the whole loss.
            let rest = row.cost - row.adjustment;
            self.conservation.nondeductible += rest;
            row.adjustment = row.cost;
            if self.law.is_us() {
                row.codes = row.codes.with(Codes::NONDEDUCTIBLE);
            }
            if rest != 0 {
                let never = Adjustment::never_deductible(position, row.quantity, rest, rule);
                self.adjustments.push(never);
            }
        }
        Ok(())
    }

    /// Worthless: everything held is sold for nothing on the last day of the tax year (26 USC 165(g)(1)). A coin is no
    /// security in that sense (165(g)(2)), and what is lost with it no individual may deduct (67(g)).
    pub(super) fn worthless(&mut self, id: TradeId) -> Result<(), Halt> {
        self.worthless_short(id)?;
        let trade = self.trade(id);
        self.refuse_part_worthless(trade)?;
        let accounts = self.affected(trade).into_iter();
        let holdings = accounts.map(|account| (account, trade.security));
        let of_all = |holding| Sale {
            trade: id,
            holding,
            quantity: self.ledger.held(holding),
            proceeds: Money::ZERO,
            choice: None,
            matched: Match::Lot,
            only: None,
            closes: &[],
        };
        let mut sales: Vec<Sale<'_>> = holdings.map(of_all).collect();
        sales.retain(|sale| !sale.quantity.is_zero());
        if !(self.law.is_us() && self.class(trade.security) == Class::Crypto) {
            return self.dispose_together(&sales);
        }
        for sale in &sales {
            let slices = self.identify_by_method(sale)?;
            self.never_deductible(sale, slices, &WORTHLESS_COIN)?;
        }
        Ok(())
    }

    /// What is worthless is so as a whole: a quantity must be all that is held, or short.
    fn refuse_part_worthless(&mut self, trade: &Trade) -> Result<(), Halt> {
        let held = self.units_affected(trade)?;
        if !held.is_zero() {
            return self.refuse_part(trade, held);
        }
        let mut short = Quantity::ZERO;
        for holding in self.accounts_short_affected(trade) {
            short = short.plus(self.positions.short(holding))?;
        }
        if short.is_zero() {
            self.warn_nothing_held(trade);
            return Ok(());
        }
        self.refuse_part(trade, short)
    }

    /// The accounts that a corporate action or adjustment acts on: the one it names, or all that hold the security.
    pub(super) fn affected(&self, trade: &Trade) -> Vec<AccountId> {
        if trade.account_given {
            vec![trade.account]
        } else {
            self.ledger.holders(trade.security)
        }
    }
}

/// The basis that counts against proceeds, and the start of its holding period: for a gift worth less than the donor's
/// basis one for a gain, another for a loss, and no result between (26 USC 1015(a)).
pub fn basis_against(slice: &Slice, proceeds: Part) -> (Part, Date) {
    let Some((value, given)) = slice.gift else {
        return (slice.part, slice.held_from);
    };
    if proceeds.amount > slice.part.amount {
        (slice.part, slice.held_from)
    } else if proceeds.amount < value.amount {
        (value, given)
    } else {
        (proceeds, slice.held_from)
    }
}
