//! What goes out: identify the units, realize proceeds, basis and term of each slice, then defer losses.
//!
//! All units of one sale are chosen before any of its losses is deferred: a deferred loss raises the basis of the lot
//! that takes it, and under HIFO that lot would otherwise be chosen next.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::fold::Fold;
use super::jump::{self, Explanation, Jump};
use super::ledger::{Holding, Ledger, Slice};
use super::position::{Closings, Shorted};
use super::value::Valued;
use super::wash::Loss;
use super::{Halt, YearAmount, YearAmountKind};
use crate::answer::trail::Cause;
use crate::answer::{Adjustment, Codes, Disposal, Match, Term};
use crate::date::Date;
use crate::diagnostic::Problem;
use crate::jurisdiction::Gifts;
use crate::lot::{Lot, LotId, PurchaseId};
use crate::method::{HIFO, within_purchase};
use crate::money::{Minor, Money, OutOfRange, Quantity, minor_share};
use crate::parcel::{Parcel, Part};
use crate::rule::Rule;
use crate::rule::us::{GIFT, LOST, SIX_MONTHS, WORTHLESS_COIN};
use crate::trade::{AccountId, Action, Class, History, Trade, TradeId};

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

/// What was received on the units of young purchases, each where they are now: the units take it along.
pub type Received = FxHashMap<(PurchaseId, Holding), Vec<Distribution>>;

/// Purchases by the names that their rows give them.
#[derive(Debug, Default)]
pub struct Named<'a> {
    of: FxHashMap<&'a str, Vec<PurchaseId>>,
    /// How many purchases have been looked at.
    seen: usize,
}

impl<'a> Named<'a> {
    /// Looks at the purchases that came in since.
    fn update(&mut self, history: &'a History, ledger: &Ledger) {
        let purchases = ledger.purchases.get(self.seen..).unwrap_or_default();
        for (id, purchase) in (self.seen..).zip(purchases) {
            let opened = history.trade(purchase.opened_by);
            let name = opened.rest().rarest().lot.as_deref();
            if let (Some(name), true) = (name, opened.action.names_lots()) {
                self.of.entry(name).or_default().push(PurchaseId(id as u32));
            }
        }
        self.seen = ledger.purchases.len();
    }
}

/// The first day on which units have been held for more than six months: the day of purchase does not count.
fn six_months_after(acquired: Date) -> Date {
    acquired.plus(1).add_months(6)
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

    /// Takes the units that the row names, in its order.
    fn chosen(
        &mut self,
        sale: &Sale<'_>,
        choice: &str,
        mut wanted: Quantity,
    ) -> Result<Vec<Slice>, Halt> {
        let mut slices = Vec::new();
        for name in choice
            .split(';')
            .map(str::trim)
            .filter(|name| !name.is_empty())
        {
            let (name, limit) = self.named_lot(sale, name)?;
            let lots = self.lots_named(sale, name)?;
            let mut limit = limit.unwrap_or(wanted).min(wanted);
            for lot in lots {
                if limit.is_zero() {
                    break;
                }
                let slice = self.ledger.take(lot, limit)?;
                limit = limit.minus(slice.quantity)?;
                wanted = wanted.minus(slice.quantity)?;
                slices.push(slice);
            }
        }
        if !wanted.is_zero() {
            return Err(self.choice_too_small(sale, choice, wanted));
        }
        Ok(slices)
    }

    /// `name` or `name:quantity`.
    pub(super) fn named_lot<'b>(
        &self,
        sale: &Sale<'_>,
        text: &'b str,
    ) -> Result<(&'b str, Option<Quantity>), Halt> {
        let Some((name, quantity)) = text.rsplit_once(':') else {
            return Ok((text, None));
        };
        let quantity = rust_decimal::Decimal::from_str_exact(quantity.trim())
            .ok()
            .filter(|quantity| quantity.is_sign_positive())
            .and_then(|quantity| Quantity::new(quantity).ok());
        match quantity {
            Some(quantity) => Ok((name.trim(), Some(quantity))),
            None => Err(Problem::at(
                self.history.trade(sale.trade).source,
                format!("`{text}` is no choice of a lot"),
            )
            .help("write `lot`, `lot;lot` or `lot:quantity;lot:quantity`; a lot is named by its name, its id or its purchase date")
            .into()),
        }
    }

    /// The lots of the holding that a name means: by own name, by id, or by the date if one purchase has it.
    pub(super) fn lots_named(&mut self, sale: &Sale<'_>, name: &str) -> Result<Vec<LotId>, Halt> {
        let (day, number) = name.rsplit_once('#').unwrap_or((name, ""));
        let id_day = day
            .rsplit_once('@')
            .filter(|(symbol, _)| *symbol == self.symbol(sale.holding.1))
            .map(|(_, day)| day);
        if let Some(day) = Date::parse_iso(id_day.unwrap_or(name)) {
            let lots = self.ledger.lots_of_day(sale.holding, day);
            if !lots.is_empty() {
                return self.of_one_purchase(sale, name, lots, id_day.and(number.parse().ok()));
            }
        }
        self.named.update(self.history, &self.ledger);
        let mut purchases = self.named.of.get(name).cloned().unwrap_or_default();
        purchases.sort_unstable_by_key(|id| (self.ledger.purchase(*id).acquired, *id));
        let lots = |id| self.ledger.lots_of_purchase(sale.holding, id);
        let named: Vec<LotId> = purchases.into_iter().flat_map(lots).collect();
        if named.is_empty() {
            Err(self.lot_unknown(sale, name, &self.ledger.lots_of(sale.holding)))
        } else {
            Ok(named)
        }
    }

    /// The lots of the purchase with this number, or of the only purchase among them.
    fn of_one_purchase(
        &self,
        sale: &Sale<'_>,
        name: &str,
        lots: Vec<LotId>,
        number: Option<u32>,
    ) -> Result<Vec<LotId>, Halt> {
        let numbered =
            |id: &LotId| number.is_none_or(|number| self.ledger.purchase_of(*id).number == number);
        let dated: Vec<LotId> = lots.iter().copied().filter(numbered).collect();
        let purchases: BTreeSet<_> = dated
            .iter()
            .map(|id| self.ledger.lot(*id).purchase)
            .collect();
        match purchases.len() {
            1 => Ok(dated),
            0 => Err(self.lot_unknown(sale, name, &self.ledger.lots_of(sale.holding))),
            n => Err(Problem::at(
                self.history.trade(sale.trade).source,
                format!(
                    "`{name}` means {n} lots of {} bought that day",
                    self.symbol(sale.holding.1)
                ),
            )
            .help(
                "name one of them: give the purchases names in the `lot` column, or use their ids",
            )
            .into()),
        }
    }

    fn only_one_lot(&self, holding: Holding) -> bool {
        let lots = self.ledger.lots_of(holding);
        lots.windows(2)
            .all(|pair| self.ledger.lot(pair[0]).purchase == self.ledger.lot(pair[1]).purchase)
    }

    /// A loss on fund shares held six months or less is no loss as far as exempt-interest dividends were received on
    /// them, and long-term as far as capital gain dividends were (26 USC 852(b)(4)). What is left of it, in one row or
    /// two, is for the other loss rules.
    fn six_months(
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
    fn received(&self, holding: Holding, loss: &Loss) -> Result<(Minor, Minor), Halt> {
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

    fn minor(&self, amount: Minor) -> Money {
        Money::from_minor(amount, self.ledger.places())
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

    fn oversold(&self, sale: &Sale<'_>, held: Quantity) -> Problem {
        let trade = self.history.trade(sale.trade);
        let (account, symbol) = (
            &self.history.account(sale.holding.0).name,
            self.symbol(sale.holding.1),
        );
        let missing = sale.quantity.minus(held).unwrap_or(sale.quantity);
        let elsewhere: Vec<String> = self
            .ledger
            .holders(sale.holding.1)
            .into_iter()
            .filter(|other| *other != sale.holding.0)
            .map(|other| {
                let held = self.ledger.held((other, sale.holding.1));
                match self.transit.left(other) {
                    Some(left) => {
                        let left = &self.history.account(left).name;
                        format!("{held} on their way from {left}")
                    }
                    None => format!("{held} in {}", self.history.account(other).name),
                }
            })
            .collect();
        let problem = Problem::at(
            trade.source,
            format!("{} on {}: sold {} of {symbol} but only {held} are held in {account}", trade.action.word(), self.today, sale.quantity),
        )
        .note("likely causes: a purchase from before the file, a missing split or rename, a transfer from another account, rows in the wrong order")
        .oversold();
        let problem = if elsewhere.is_empty() {
            problem
        } else {
            problem.note(format!("held elsewhere: {}", elsewhere.join(", ")))
        };
        if let Some(explanation) = self.jump(sale, held) {
            return explanation.explain(problem);
        }
        problem
            .help("if it was a short sale, use the action `short` (or --allow-short); if they were bought earlier, add a row like this with the real date and basis (columns date,action,symbol,quantity,basis,account):")
            .paste(format!("{},opening,{symbol},{missing},0.00,{account}", self.today.plus(-1)))
    }

    /// A missing row that would explain a sale of more than is held.
    fn jump(&self, sale: &Sale<'_>, held: Quantity) -> Option<Explanation> {
        if self.problems.len() >= jump::MOST {
            return None;
        }
        let account = sale.holding.0;
        let earlier = self.events().iter().take_while(|id| **id != sale.trade);
        let earlier = earlier.map(|id| self.history.trade(*id));
        let mut jump = Jump {
            history: self.history,
            before: earlier.filter(|trade| trade.account == account).collect(),
            sale: self.history.trade(sale.trade),
            security: sale.holding.1,
            sold: sale.quantity,
            held,
        };
        if let Some(split) = jump.split() {
            return Some(split);
        }
        if !jump.appears() {
            return None;
        }
        // What vanished is in no way connected: it is looked for among all rows.
        let rows = self.history.trades.iter();
        jump.before = rows
            .filter(|trade| trade.account == account && trade.date < self.today)
            .collect();
        jump.before.sort_by_key(|trade| trade.date);
        jump.rename(|other| jump.units_before(other).unwrap_or_default())
    }

    fn choice_missing(&self, sale: &Sale<'_>) -> Halt {
        let lots = self.lot_list(&self.ledger.lots_of(sale.holding));
        Problem::at(
            self.history.trade(sale.trade).source,
            format!("this sale of {} names no lot, which the method `specific` needs", self.symbol(sale.holding.1)),
        )
        .note(format!("lots held: {lots}"))
        .help("name the lots in the `lot` column (`a`, `a;c`, `a:50;c:100`, or a purchase date), or choose another --method")
        .into()
    }

    fn choice_too_small(&self, sale: &Sale<'_>, choice: &str, missing: Quantity) -> Halt {
        let lots = self.lot_list(&self.ledger.lots_of(sale.holding));
        Problem::at(
            self.history.trade(sale.trade).source,
            format!(
                "the lots chosen (`{choice}`) are {missing} short of the {} {} sold",
                sale.quantity,
                self.symbol(sale.holding.1)
            ),
        )
        .note(format!("other lots held: {lots}"))
        .help("choose more lots, or correct the quantity")
        .into()
    }

    fn lot_unknown(&self, sale: &Sale<'_>, name: &str, lots: &[LotId]) -> Halt {
        let (account, symbol) = (
            &self.history.account(sale.holding.0).name,
            self.symbol(sale.holding.1),
        );
        Problem::at(
            self.history.trade(sale.trade).source,
            format!("no lot of {symbol} in {account} is called `{name}` or was bought on that day"),
        )
        .note(format!("lots held: {}", self.lot_list(lots)))
        .help("use a name from the `lot` column of a purchase, an id, or a purchase date")
        .into()
    }

    /// Up to eight lots by name, for messages.
    fn lot_list(&self, lots: &[LotId]) -> String {
        let mut names: Vec<String> = lots
            .iter()
            .take(8)
            .map(|id| {
                let (lot, purchase) = (self.ledger.lot(*id), self.ledger.purchase_of(*id));
                let opened = self.history.trade(purchase.opened_by);
                let own = opened
                    .rest()
                    .rarest()
                    .lot
                    .as_deref()
                    .filter(|_| opened.action.names_lots());
                let name = own.map_or_else(|| purchase.acquired.to_string(), str::to_owned);
                format!("{name} ({})", lot.parcel.left())
            })
            .collect();
        if names.is_empty() {
            return "none".to_owned();
        }
        if lots.len() > names.len() {
            names.push(format!("and {} more", lots.len() - names.len()));
        }
        names.join(", ")
    }

    fn basis_unknown(&self, sale: &Sale<'_>) -> Halt {
        let (account, symbol) = (
            &self.history.account(sale.holding.0).name,
            self.symbol(sale.holding.1),
        );
        Problem::at(
            self.history.trade(sale.trade).source,
            format!("the basis of the {symbol} sold here is not known: they arrived in {account} without one"),
        )
        .help("give the arriving row a `basis` and an `acquired_date`; with --unknown-basis zero they count as having cost nothing")
        .into()
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
