//! Short positions and written options: opened for proceeds, closed at a cost, first opened first closed.

mod identical;

use std::collections::{BTreeMap, VecDeque};

use rustc_hash::FxHashMap;

pub use identical::{By, Closings, Shorted};

use super::Halt;
use super::dispose::basis_against;
use super::fold::Fold;
use super::ledger::{Holding, Slice};
use super::together::is_one_short_sale;
use super::trail::Handle;
use super::wash::{Loss, NONE_YET, WASH_SALE, WINDOW};
use crate::answer::trail::{Cause, Movement};
use crate::answer::{Adjustment, Codes, Disposal, LotName, Match, OpenLot, Term, Units};
use crate::date::Date;
use crate::diagnostic::Problem;
use crate::money::{Minor, Money, OutOfRange, Quantity, minor_share};
use crate::parcel::{Parcel, Part};
use crate::rule::us::{IN_LIEU, WASH_SHORT};
use crate::settings::WashSales;
use crate::trade::{AccountId, Action, Class, SecurityId, Trade, TradeId};

/// Days after a short sale within which a payment in lieu of a dividend is capitalised (26 USC 263(h)(1)).
const IN_LIEU_DAYS: i32 = 45;

/// Units sold short, or contracts written, by one row.
#[derive(Clone, Debug)]
pub struct ShortLot {
    trade: TradeId,
    /// The security as which it was sold short.
    security: SecurityId,
    opened: Date,
    number: u32,
    /// Whether it has taken over the loss of an earlier short sale.
    used: bool,
    /// The list of its movements, where they are recorded.
    trail: Handle,
    /// Units and their proceeds.
    pub parcel: Parcel,
    /// Payments in lieu of dividends so far, for the units that are left.
    in_lieu: Parcel,
}

impl ShortLot {
    /// The name of the lot.
    fn name(&self) -> LotName {
        LotName {
            security: self.security,
            date: self.opened,
            number: self.number,
            opened_by: self.trade,
        }
    }
}

/// A loss on a closed short sale that waits for another short sale (26 USC 1091(e)).
#[derive(Clone, Copy, Debug)]
struct ShortClaim {
    row: u32,
    /// The short sale it closed.
    opened: TradeId,
    /// Where it was closed, and what it is now.
    account: AccountId,
    security: SecurityId,
    closed: Date,
    units: Quantity,
    matched: Quantity,
    amount: Minor,
}

/// All open short positions of a fold.
#[derive(Clone, Debug, Default)]
pub struct Positions {
    shorts: FxHashMap<Holding, VecDeque<ShortLot>>,
    /// Short sales in the sense of section 1233(b) that are open, the earliest first.
    short_sales: Vec<(By, Shorted)>,
    claims: Vec<ShortClaim>,
    /// Units of a sale of stock that have denied a loss on a short.
    sold: FxHashMap<TradeId, Quantity>,
    /// Units ever opened, and ever closed.
    flow: FxHashMap<SecurityId, (Quantity, Quantity)>,
}

impl Positions {
    /// Units short in a holding, as a positive number.
    pub fn short(&self, holding: Holding) -> Quantity {
        let lots = self.shorts.get(&holding).into_iter().flatten();
        lots.fold(Quantity::ZERO, |sum, lot| {
            sum.plus(lot.parcel.left()).unwrap_or(sum)
        })
    }

    /// Adds opened, closed and open units of each security.
    pub fn count(&self, flows: &mut BTreeMap<SecurityId, Units>) -> Result<(), OutOfRange> {
        for (security, (opened, closed)) in &self.flow {
            let units = flows
                .entry(*security)
                .or_insert_with(|| Units::none(*security));
            units.opened = units.opened.plus(*opened)?;
            units.closed = units.closed.plus(*closed)?;
        }
        for ((_, security), lots) in &self.shorts {
            let units = flows
                .entry(*security)
                .or_insert_with(|| Units::none(*security));
            for lot in lots {
                units.short = units.short.plus(lot.parcel.left())?;
            }
        }
        Ok(())
    }

    /// Whether a loss on closing a short in one of these waits for another short.
    pub fn loss_waits(&self, names: &[SecurityId]) -> bool {
        let mut claims = self.claims.iter();
        claims.any(|claim| names.contains(&claim.security))
    }

    /// The securities in which anything is short.
    pub fn securities_short(&self) -> impl Iterator<Item = SecurityId> {
        let open = self.shorts.iter().filter(|(_, lots)| !lots.is_empty());
        open.map(|((_, security), _)| *security)
    }

    /// The short sales opened since a day that have taken over no loss yet, the earliest first.
    fn opened_since(&self, day: Date) -> Vec<(Holding, TradeId)> {
        let open = self.shorts.iter();
        let open = open.flat_map(|(holding, lots)| lots.iter().map(|lot| (*holding, lot)));
        let mut found: Vec<_> = open
            .filter(|(_, lot)| !lot.used && lot.opened >= day)
            .map(|(holding, lot)| (lot.opened, lot.number, lot.trade, holding))
            .collect();
        found.sort_unstable();
        found
            .into_iter()
            .map(|(_, _, trade, holding)| (holding, trade))
            .collect()
    }

    /// The accounts that are short in a security.
    pub fn accounts_short(&self, security: SecurityId) -> Vec<Holding> {
        let mut found: Vec<Holding> = self
            .shorts
            .iter()
            .filter(|((_, s), lots)| *s == security && !lots.is_empty())
            .map(|(h, _)| *h)
            .collect();
        found.sort_unstable();
        found
    }
}

/// A delivered slice with its proceeds, payments in lieu and term.
type Delivered = (Slice, (Part, Part, Option<Term>));

/// A part of a short lot that is being closed.
struct Closed {
    quantity: Quantity,
    proceeds: Part,
    in_lieu: Part,
    opened: Date,
    name: LotName,
    trail: Handle,
    /// What section 1233 says of it.
    shorted: Shorted,
}

impl Fold<'_> {
    pub(super) fn open_short(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let (proceeds, extra) = self.proceeds_with_fee_in_kind(id, row.proceeds()?)?;
        if !extra.is_zero() {
            return Err(Problem::at(
                row.trade.source,
                "a short sale cannot pay its fee in the asset sold",
            )
            .into());
        }
        self.sell_short(
            id,
            (row.trade.account, row.trade.security),
            row.quantity()?,
            proceeds,
        )
    }

    /// Opens a short position of `quantity` for `proceeds`.
    pub(super) fn sell_short(
        &mut self,
        id: TradeId,
        holding: Holding,
        quantity: Quantity,
        proceeds: Money,
    ) -> Result<(), Halt> {
        let places = self.ledger.places();
        let opened = &mut self.positions.flow.entry(holding.1).or_default().0;
        *opened = opened.plus(quantity)?;
        let number = self.ledger.next_number(holding.1, self.today);
        if self.is_short_sale(holding) {
            let what = (holding.1, self.today);
            self.begin_short_sale(By::Short(holding.0, id), what, quantity)?;
        }
        let opened = Cause::Opened {
            lot: LotName {
                security: holding.1,
                date: self.today,
                number,
                opened_by: id,
            },
            whole: quantity,
        };
        let lot = ShortLot {
            trade: id,
            security: holding.1,
            opened: self.today,
            number,
            used: false,
            trail: self.ledger.trail.open(opened, quantity, proceeds),
            parcel: Parcel::new(quantity, proceeds, places)?,
            in_lieu: Parcel::new(quantity, Money::ZERO, places)?,
        };
        self.positions
            .shorts
            .entry(holding)
            .or_default()
            .push_back(lot);
        self.watch_constructive_sale(id, holding);
        self.honour_short_claims(holding, id)
    }

    pub(super) fn cover(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let holding = (row.trade.account, row.trade.security);
        let quantity = row.quantity()?;
        if row.trade.action == Action::Cover && row.trade.rest().rarest().lot.is_some() {
            return self.deliver(id, holding, quantity);
        }
        let (cost, fee) = self.cost_with_fee_in_kind(id, row.cost()?)?;
        if !fee.is_zero() {
            return Err(fee_in_the_asset(row.trade));
        }
        self.close_short(id, holding, quantity, cost, Match::Short)
    }

    /// Closes short units at a cost: each short lot's part is a row.
    pub(super) fn close_short(
        &mut self,
        id: TradeId,
        holding: Holding,
        quantity: Quantity,
        cost: Money,
        matched: Match,
    ) -> Result<(), Halt> {
        let closed = self.take_short(id, holding, quantity)?;
        let places = self.ledger.places();
        let cost = self.ledger.part(cost)?;
        let mut spread = Parcel::from_part(quantity, cost, places);
        for one in closed {
            let paid = spread.take(one.quantity)?;
            if !self.reported(holding.0) {
                continue;
            }
            let lieu = if self.today.days_since(one.opened) <= IN_LIEU_DAYS {
                one.in_lieu
            } else {
                Part::ZERO
            };
            let shorted = one.shorted;
            let loss = one.proceeds.amount < paid.amount.plus(lieu.amount)?;
            let old = if loss {
                shorted.identical.old
            } else {
                Quantity::ZERO
            };
            for part in self.divided_close(one, paid, lieu, old)? {
                self.closed_row(id, holding, part, quantity, matched)?;
            }
            if matched == Match::Short {
                self.restart_held(&shorted)?;
            }
        }
        Ok(())
    }

    /// What closes a short, with its cost and payments in lieu, and whether its loss is long-term: in two parts where
    /// as many units of identical property as the first were old on the day of the short sale.
    fn divided_close(
        &mut self,
        one: Closed,
        paid: Part,
        lieu: Part,
        old: Quantity,
    ) -> Result<Vec<(Closed, Part, Part, bool)>, Halt> {
        let whole = one.quantity;
        if old.is_zero() || old == whole {
            return Ok(vec![(one, paid, lieu, !old.is_zero())]);
        }
        let proceeds = self.divided(whole, one.proceeds, old)?;
        let (paid, lieu) = (
            self.divided(whole, paid, old)?,
            self.divided(whole, lieu, old)?,
        );
        let first = Closed {
            quantity: old,
            proceeds: proceeds.0,
            trail: self.ledger.trail.cut(one.trail, old, whole)?,
            ..one
        };
        let second = Closed {
            quantity: whole.minus(old)?,
            proceeds: proceeds.1,
            ..one
        };
        Ok(vec![
            (first, paid.0, lieu.0, true),
            (second, paid.1, lieu.1, false),
        ])
    }

    /// One row of a short that is closed by a purchase of `whole` units.
    fn closed_row(
        &mut self,
        id: TradeId,
        holding: Holding,
        (one, paid, lieu, old): (Closed, Part, Part, bool),
        whole: Quantity,
        matched: Match,
    ) -> Result<(), Halt> {
        let cost = Part {
            amount: paid.amount.plus(lieu.amount)?,
            printed: paid.printed + lieu.printed,
        };
        let written = self.written(holding.1);
        let gain = one.proceeds.amount.minus(cost.amount)?;
        let term = match (self.section_1256(holding.1), gain.is_negative() && old) {
            (true, _) => None,
            // A loss on a short sale is long-term if identical property was held over a year then (1233(d)).
            (false, true) => Some(Term::Long),
            // The time a short or a written option was open never counts (26 CFR 1.1234-3; Pub. 550).
            (false, false) => self
                .law
                .term_of(self.class(holding.1), self.today, self.today),
        };
        let closed = self.closing_day(id, gain.is_negative() && !written);
        let row = Disposal {
            security: holding.1,
            account: holding.0,
            tax_year: self.tax_year(closed),
            matched,
            term,
            codes: Codes::NONE,
            quantity: one.quantity,
            acquired: Some(self.today),
            held_from: Some(self.today),
            disposed: if written { one.opened } else { closed },
            proceeds: one.proceeds.printed,
            cost: cost.printed,
            adjustment: 0,
            provisional_until: None,
            lot: Some(one.name),
            closed_by: id,
        };
        let printed = row.gain();
        let position = self.rows.push(row);
        self.tell_close(position, &one, (whole, paid.amount), lieu.amount);
        if !written && matched == Match::Short && gain.is_negative() {
            self.defer_short_loss(
                (position, one.name.opened_by),
                holding,
                one.quantity,
                printed.saturating_neg().max(0),
            )?;
        }
        Ok(())
    }

    /// Records where the cost and the proceeds of a row that closes a short come from.
    fn tell_close(
        &mut self,
        row: u32,
        closed: &Closed,
        (whole, paid): (Quantity, Money),
        in_lieu: Money,
    ) {
        let trail = &mut self.ledger.trail;
        let cost = trail.open(Cause::Closed { whole }, closed.quantity, paid);
        if !in_lieu.is_zero() {
            let movement = (Cause::InLieu, closed.quantity, in_lieu);
            trail.add_under(cost, &IN_LIEU, movement);
        }
        trail.closed(row, cost, closed.trail);
    }

    /// Closes a short by delivering lots that the row chooses; no purchase, and their basis and period count. What the
    /// delivery costs comes off the proceeds.
    fn deliver(&mut self, id: TradeId, holding: Holding, quantity: Quantity) -> Result<(), Halt> {
        let row = self.valued(id);
        let (costs, fee) = self.cost_with_fee_in_kind(id, row.fee()?)?;
        if !fee.is_zero() {
            return Err(fee_in_the_asset(row.trade));
        }
        let mut costs = Parcel::new(quantity, costs, self.ledger.places())?;
        for mut one in self.take_short(id, holding, quantity)? {
            let cost = costs.take(one.quantity)?.negated();
            if !cost.amount.is_zero() {
                one.proceeds.amount = one.proceeds.amount.plus(cost.amount)?;
                one.proceeds.printed += cost.printed;
                let trail = &mut self.ledger.trail;
                trail.add(one.trail, Cause::Adjusted, one.quantity, cost.amount);
            }
            // Their proceeds came with the short sale; this says which units leave.
            let sale = self.sale(&row, id, one.quantity, Money::ZERO);
            let mut slices = self.identify(&sale)?;
            self.ledger.take_from_pool(holding, &mut slices)?;
            // What a sheltered account delivers closes no short sale of the taxpayer (26 USC 1233(b)).
            if self.reported(holding.0) {
                self.delivered(id, holding, one, &slices)?;
                continue;
            }
            for slice in &slices {
                self.conservation.basis_gone =
                    self.conservation.basis_gone.plus(slice.part.amount)?;
            }
        }
        Ok(())
    }

    /// The rows of a short that is closed by delivering slices, what their losses wait for, and what of the property
    /// held starts again.
    fn delivered(
        &mut self,
        id: TradeId,
        holding: Holding,
        mut one: Closed,
        slices: &[Slice],
    ) -> Result<(), Halt> {
        let places = self.ledger.places();
        let mut brought = Parcel::from_part(one.quantity, one.proceeds, places);
        let mut lieu = Parcel::from_part(one.quantity, one.in_lieu, places);
        let late = self.today.days_since(one.opened) > IN_LIEU_DAYS;
        let mut closings = self.delivering(&[one.shorted], slices)?;
        self.count_delivered(&mut one.shorted, slices)?;
        let mut losses = Vec::new();
        let mut rest = one.quantity;
        for slice in slices {
            let proceeds = brought.take(slice.quantity)?;
            let extra = lieu.take(slice.quantity)?;
            let extra = if late { Part::ZERO } else { extra };
            self.conservation.basis_out = self.conservation.basis_out.plus(slice.part.amount)?;
            let net = Part {
                amount: proceeds.amount.minus(extra.amount)?,
                printed: proceeds.printed - extra.printed,
            };
            let (part, held_from) = basis_against(slice, net);
            self.tell_gift(slice, part)?;
            let slice = Slice {
                part,
                held_from,
                ..*slice
            };
            for (part, figures) in
                self.by_term(holding.1, &mut closings, &slice, proceeds, extra)?
            {
                losses.extend(self.delivered_row(id, holding, &one, &part, figures, &mut rest)?);
            }
        }
        self.restart_held(&one.shorted)?;
        for loss in &losses {
            let row = (loss.row, one.name.opened_by);
            self.wash.delivered.insert(loss.row, NONE_YET);
            self.defer_short_loss(row, holding, loss.quantity, loss.amount)?;
        }
        self.defer(&mut losses)
    }

    /// A delivered slice with its proceeds, payments in lieu and term: in two where identical property decides the term
    /// of a part.
    fn by_term(
        &mut self,
        security: SecurityId,
        closings: &mut Closings,
        slice: &Slice,
        proceeds: Part,
        extra: Part,
    ) -> Result<Vec<Delivered>, Halt> {
        let cost = slice.part.amount.plus(extra.amount)?;
        let gain = proceeds.amount.minus(cost)?;
        let inherited = self.ledger.purchase(slice.purchase).inherited;
        let by_lot = self.term_of_units(self.class(security), slice.held_from, inherited);
        let (units, term) = self.term_of_short(closings, slice, gain, by_lot)?;
        if units.is_zero() || units == slice.quantity {
            return Ok(vec![(*slice, (proceeds, extra, term))]);
        }
        let [first, second] = self.divide_slice(*slice, units)?;
        let proceeds = self.divided(slice.quantity, proceeds, units)?;
        let extra = self.divided(slice.quantity, extra, units)?;
        Ok(vec![
            (first, (proceeds.0, extra.0, term)),
            (second, (proceeds.1, extra.1, by_lot)),
        ])
    }

    fn delivered_row(
        &mut self,
        id: TradeId,
        holding: Holding,
        closed: &Closed,
        slice: &Slice,
        (proceeds, in_lieu, term): (Part, Part, Option<Term>),
        rest: &mut Quantity,
    ) -> Result<Option<Loss>, Halt> {
        let purchase = self.ledger.purchase(slice.purchase);
        let (acquired, order) = (purchase.acquired, purchase.order);
        let gain = proceeds
            .amount
            .minus(slice.part.amount)?
            .minus(in_lieu.amount)?;
        let day = self.closing_day(id, gain.is_negative());
        let row = Disposal {
            security: holding.1,
            account: holding.0,
            tax_year: self.tax_year(day),
            matched: Match::Short,
            term,
            codes: Codes::NONE,
            quantity: slice.quantity,
            acquired: Some(acquired),
            held_from: Some(slice.held_from),
            disposed: day,
            proceeds: proceeds.printed,
            cost: slice.part.printed + in_lieu.printed,
            adjustment: 0,
            provisional_until: None,
            lot: Some(self.ledger.name(slice.purchase)),
            closed_by: id,
        };
        let printed = row.gain();
        let position = self.rows.push(row);
        let trail = &mut self.ledger.trail;
        if !in_lieu.amount.is_zero() {
            let movement = (Cause::InLieu, slice.quantity, in_lieu.amount);
            trail.add_under(slice.trail, &IN_LIEU, movement);
        }
        let part = trail.cut(closed.trail, slice.quantity, *rest)?;
        *rest = rest.minus(slice.quantity)?;
        trail.closed(position, slice.trail, part);
        if !gain.is_negative() {
            return Ok(None);
        }
        // Shares owned when the short was opened and delivered later: the opening counts as the sale (1.1091-1(g)).
        let date = if acquired <= closed.opened {
            closed.opened
        } else {
            self.today
        };
        Ok(Some(Loss {
            row: position,
            quantity: slice.quantity,
            amount: printed.saturating_neg().max(0),
            exact: gain.negated(),
            date,
            held_from: slice.held_from,
            acquired: (acquired, slice.purchase),
            order,
            holding,
        }))
    }

    /// The day on which a short counts as closed: a gain on the day of the covering trade, a loss on that of delivery
    /// where the strict reading is chosen and the row says when it settled (Rev. Rul. 2002-44).
    fn closing_day(&self, id: TradeId, loss: bool) -> Date {
        let settled = self.trade(id).rest().settled;
        match settled {
            Some(day) if loss && self.rules.short_loss_settles => day.max(self.today),
            _ => self.today,
        }
    }

    fn take_short(
        &mut self,
        id: TradeId,
        holding: Holding,
        quantity: Quantity,
    ) -> Result<Vec<Closed>, Halt> {
        let open = self.positions.short(holding);
        if open < quantity {
            let (symbol, account) = (
                self.symbol(holding.1),
                &self.history.account(holding.0).name,
            );
            return Err(Problem::at(
                self.trade(id).source,
                format!(
                    "{} on {}: closes {quantity} of {symbol} but only {open} are short in {account}",
                    self.trade(id).action.word(),
                    self.today
                ),
            )
            .help("open the position first with `short` (shares) or `sto` (options), or use `buy` for a purchase")
            .into());
        }
        let count = &mut self.positions.flow.entry(holding.1).or_default().1;
        *count = count.plus(quantity)?;
        let mut wanted = quantity;
        let mut closed = Vec::new();
        let Some(lots) = self.positions.shorts.get_mut(&holding) else {
            return Ok(closed);
        };
        while let Some(lot) = lots.front_mut() {
            if wanted.is_zero() {
                break;
            }
            let part = wanted.min(lot.parcel.left());
            let trail = self.ledger.trail.cut(lot.trail, part, lot.parcel.left())?;
            closed.push(Closed {
                quantity: part,
                trail,
                proceeds: lot.parcel.take(part)?,
                in_lieu: lot.in_lieu.take(part)?,
                shorted: Shorted::alone(lot.opened, holding.1, part),
                opened: lot.opened,
                name: lot.name(),
            });
            wanted = wanted.minus(part)?;
            if lot.parcel.left().is_zero() {
                lots.pop_front();
            }
        }
        for one in &mut closed {
            let by = By::Short(holding.0, one.name.opened_by);
            if let Some(shorted) = self.end_short_sale(by, one.quantity)? {
                one.shorted = shorted;
            }
        }
        Ok(closed)
    }

    /// Whether a position in this security is an option rather than units sold short.
    fn written(&self, security: SecurityId) -> bool {
        matches!(self.class(security), Class::Option | Class::IndexOption)
    }

    /// A loss on closing a short is deferred as far as another short is opened within 30 days before or after; it
    /// lowers the proceeds of that short (26 USC 1091(e)(2); the basis rule is practice). One opened in a sheltered
    /// account keeps its proceeds, and the loss is gone for good, as where such an account buys (Rev. Rul. 2008-5).
    fn defer_short_loss(
        &mut self,
        (row, opened): (u32, TradeId),
        holding: Holding,
        units: Quantity,
        amount: Minor,
    ) -> Result<(), Halt> {
        if self.rules.wash_sales == WashSales::Off || !self.wash_covers(holding.1) {
            return Ok(());
        }
        let mut claim = ShortClaim {
            row,
            opened,
            account: holding.0,
            security: holding.1,
            closed: self.today,
            units,
            matched: Quantity::ZERO,
            amount,
        };
        self.sold_near(&mut claim)?;
        self.positions.claims.push(claim);
        for (holding, short) in self.positions.opened_since(self.today.plus(-WINDOW)) {
            self.honour_short_claims(holding, short)?;
        }
        Ok(())
    }

    /// Identical stock sold within 30 days of closing a short at a loss: read literally that denies the loss too, share
    /// for share, and no basis takes it over (26 USC 1091(e)(1)).
    fn sold_near(&mut self, claim: &mut ShortClaim) -> Result<(), Halt> {
        let history = self.history;
        let sales = self.nearby(claim.closed, WINDOW).filter(|id| {
            let trade = history.trade(*id);
            matches!(trade.action, Action::Sell)
                && self.is_same_stock(trade.security, claim.security)
        });
        for id in sales.collect::<Vec<_>>() {
            if !self.rules.short_wash_literal {
                self.warn_once(
                    "short-wash-stock-sold",
                    "identical stock was sold within 30 days of closing a short at a loss: section 1091(e)(1) may deny the loss; it is not applied unless `short_wash_e_1 = \"literal\"` under [us] says so",
                    history.trade(id).source,
                    false,
                );
                continue;
            }
            let served = self.positions.sold.get(&id).copied().unwrap_or_default();
            let open = claim.units.minus(claim.matched)?;
            let units = self.valued(id).quantity()?.minus(served)?.min(open);
            if units.is_zero() {
                continue;
            }
            self.positions.sold.insert(id, served.plus(units)?);
            let before = minor_share(claim.amount, claim.matched, claim.units)?;
            claim.matched = claim.matched.plus(units)?;
            let amount = minor_share(claim.amount, claim.matched, claim.units)? - before;
            self.wash
                .note_delivered(claim.row, (claim.matched, claim.units));
            self.deny_for_good(claim.row, id, units, amount);
        }
        Ok(())
    }

    /// A short sale takes over waiting losses as far as it has not served yet, the earliest first.
    fn honour_short_claims(&mut self, holding: Holding, short: TradeId) -> Result<(), Halt> {
        let mut claims = std::mem::take(&mut self.positions.claims);
        claims
            .retain(|claim| claim.matched < claim.units && claim.closed.plus(WINDOW) >= self.today);
        for claim in &mut claims {
            if self.is_another_short(claim, holding) {
                claim.matched = self.wash.denied_of(claim.row, claim.matched, claim.units)?;
                self.replace_short(claim, holding, short)?;
            }
        }
        self.positions.claims = claims;
        Ok(())
    }

    /// Whether a short in a holding may take over a loss. A broker sees its own account and the same security only.
    fn is_another_short(&self, claim: &ShortClaim, holding: Holding) -> bool {
        match self.rules.wash_sales {
            WashSales::Taxpayer => self.is_same_stock(claim.security, holding.1),
            WashSales::Broker => {
                claim.account == holding.0 && self.is_same_stock(claim.security, holding.1)
            }
            WashSales::Off => false,
        }
    }

    fn replace_short(
        &mut self,
        claim: &mut ShortClaim,
        holding: Holding,
        short: TradeId,
    ) -> Result<(), Halt> {
        let places = self.ledger.places();
        let kept = self.keeps_loss(holding.0);
        let history = self.history;
        let Some(lots) = self.positions.shorts.get_mut(&holding) else {
            return Ok(());
        };
        let mut position = 0;
        while let Some(lot) = lots.get_mut(position) {
            let near = lot.opened.days_since(claim.closed).abs() <= WINDOW;
            let open = claim.units.minus(claim.matched)?;
            // What is left of the short that was closed, in all its fills, is not another short (26 USC 1091(e)(2)).
            let other = lot.trade != short || is_one_short_sale(history, lot.trade, claim.opened);
            if lot.used || other || !near || open.is_zero() {
                position += 1;
                continue;
            }
            let units = open.min(lot.parcel.left());
            let before = minor_share(claim.amount, claim.matched, claim.units)?;
            claim.matched = claim.matched.plus(units)?;
            let amount = minor_share(claim.amount, claim.matched, claim.units)? - before;
            let mut served = lot.clone();
            let trail = &mut self.ledger.trail;
            served.trail = trail.cut(lot.trail, units, lot.parcel.left())?;
            served.parcel = Parcel::from_part(units, lot.parcel.take(units)?, places);
            served.in_lieu = Parcel::from_part(units, lot.in_lieu.take(units)?, places);
            if kept {
                let reduction = Part {
                    amount: Money::from_minor(-amount, places),
                    printed: -amount,
                };
                let cause = Cause::Deferred {
                    disposal: claim.row,
                    held_from: (lot.opened, lot.opened),
                };
                trail.add_under(served.trail, &WASH_SHORT, (cause, units, reduction.amount));
                served.parcel.adjust(reduction)?;
            }
            served.used = true;
            let name = lot.name();
            let after = Money::from_minor(served.parcel.printed(), places);
            if lot.parcel.left().is_zero() {
                *lot = served;
            } else {
                lots.insert(position, served);
            }
            position += 1;
            self.wash
                .note_delivered(claim.row, (claim.matched, claim.units));
            self.rows.deny(claim.row, amount);
            self.conservation.disallowed += amount;
            if kept {
                self.conservation.deferred += amount;
            } else {
                self.conservation.lost += amount;
            }
            self.adjustments.push(Adjustment {
                disposal: claim.row,
                replacement: kept.then_some(name),
                purchase: Some(name.opened_by),
                replaced: true,
                rule: Some(&WASH_SALE),
                quantity: units,
                amount,
                basis_after: kept.then_some(after),
                held_from_after: None,
            });
        }
        Ok(())
    }

    /// A short sale of shares that the taxpayer holds too.
    fn watch_constructive_sale(&mut self, id: TradeId, holding: Holding) {
        if self.is_short_sale(holding) && !self.own_lots(holding.1).is_empty() {
            self.warn_of_both_sides(id);
        }
    }

    /// A short against appreciated identical shares may be a constructive sale (26 USC 1259): named, not computed.
    fn warn_of_both_sides(&mut self, id: TradeId) {
        let source = self.trade(id).source;
        self.warn_at(
            "constructive-sale",
            "long and short in one security together: section 1233 is applied; a constructive sale (section 1259) or a straddle (section 1092) is not computed",
            source,
            true,
        );
    }

    /// A put beside young stock: section 1233(b) is applied unless the put is said to be married, section 1092 is not.
    fn warn_of_put(&mut self, by: By, one: &Shorted) {
        let By::Put(purchase) = by else { return };
        if one.identical.young.is_zero() {
            return;
        }
        let source = self.trade(self.ledger.purchase(purchase).opened_by).source;
        self.warn_at(
            "put-beside-stock",
            "puts were bought on stock held for a year or less, or bought since: they count as short sales of it (section 1233(b)), unless bought on one day with the stock and identified with it: the tag `married` says so (section 1233(c)); the straddle rules (section 1092) and the constructive sale rules (section 1259) are not applied",
            source,
            false,
        );
    }

    /// A negative dividend on a short position is a payment in lieu: part of the cost if the short is closed within 45
    /// days, investment interest otherwise (26 USC 263(h)).
    pub(super) fn payment_in_lieu(&mut self, id: TradeId, total: Money) -> Result<(), Halt> {
        let trade = self.trade(id);
        let holding = (trade.account, trade.security);
        let short = self.positions.short(holding);
        if short.is_zero() {
            return Err(Problem::at(
                trade.source,
                format!("a negative dividend, but {} is not short in {}", self.symbol(holding.1), self.history.account(holding.0).name),
            )
            .help("a payment in lieu needs an open short position; a correction of a dividend is entered on the dividend's own row")
            .into());
        }
        let paid = self.ledger.part(total.negated())?;
        let mut spread = Parcel::from_part(short, paid, self.ledger.places());
        if let Some(lots) = self.positions.shorts.get_mut(&holding) {
            for lot in lots {
                lot.in_lieu.adjust(spread.take(lot.parcel.left())?)?;
            }
        }
        Ok(())
    }

    /// A short in something that became worthless is closed at nothing on the day of its row (26 USC 1233(h)); the last
    /// day of the year is for what is held.
    pub(super) fn worthless_short(&mut self, id: TradeId) -> Result<(), Halt> {
        let trade = self.trade(id);
        let last_day = std::mem::replace(&mut self.today, trade.date);
        let closed = self.close_worthless(id, trade);
        self.today = last_day;
        closed
    }

    fn close_worthless(&mut self, id: TradeId, trade: &Trade) -> Result<(), Halt> {
        for holding in self.accounts_short_affected(trade) {
            let mut quantity = Quantity::ZERO;
            for lot in self.positions.shorts.get(&holding).into_iter().flatten() {
                if lot.opened <= self.today {
                    quantity = quantity.plus(lot.parcel.left())?;
                }
            }
            self.close_short(id, holding, quantity, Money::ZERO, Match::Short)?;
        }
        Ok(())
    }

    /// Open shorts as lots of negative quantity and cost, with their movements.
    pub(super) fn positions_held(&self, lots: &mut Vec<OpenLot>, told: &mut Vec<Vec<Movement>>) {
        let mut holdings: Vec<&Holding> = self.positions.shorts.keys().collect();
        holdings.sort_unstable();
        for holding in holdings {
            for lot in self.positions.shorts.get(holding).into_iter().flatten() {
                told.push(self.ledger.trail.movements(lot.trail));
                lots.push(OpenLot {
                    name: lot.name(),
                    account: Some(holding.0),
                    security: holding.1,
                    quantity: lot.parcel.left().negated(),
                    cost: lot.parcel.printed().saturating_neg(),
                    acquired: Some(lot.opened),
                    held_from: Some(lot.opened),
                    opened_by: vec![lot.trade],
                });
            }
        }
    }

    /// The day a short lot was opened, its units and its row, for checks at the year end.
    pub(super) fn shorts_opened(&self) -> Vec<(Holding, Date, TradeId)> {
        let open = self.positions.shorts.iter();
        let mut found: Vec<_> = open
            .flat_map(|(holding, lots)| lots.iter().map(|lot| (*holding, lot.opened, lot.trade)))
            .collect();
        found.sort_unstable_by_key(|(_, _, trade)| *trade);
        found
    }

    /// Takes a short lot's proceeds without a row: an assigned option's premium goes into the shares.
    pub(super) fn take_premium(
        &mut self,
        id: TradeId,
        holding: Holding,
        quantity: Quantity,
        lowers_cost: bool,
    ) -> Result<Money, Halt> {
        let closed = self.take_short(id, holding, quantity)?;
        let mut premium = Money::ZERO;
        for one in closed {
            self.ledger.trail.premium(one.trail, lowers_cost);
            premium = premium.plus(one.proceeds.amount)?;
        }
        Ok(premium)
    }

    /// Adds an amount to the proceeds of open shorts, by units.
    pub(super) fn add_to_short(&mut self, holding: Holding, amount: Money) -> Result<(), Halt> {
        let part = self.ledger.part(amount)?;
        let mut spread =
            Parcel::from_part(self.positions.short(holding), part, self.ledger.places());
        if let Some(lots) = self.positions.shorts.get_mut(&holding) {
            for lot in lots {
                let units = lot.parcel.left();
                let part = spread.take(units)?;
                let trail = &mut self.ledger.trail;
                trail.add(lot.trail, Cause::Adjusted, units, part.amount);
                lot.parcel.adjust(part)?;
            }
        }
        Ok(())
    }

    /// The shorts that a corporate action acts on: those of the account it names, or all.
    pub(super) fn accounts_short_affected(&self, trade: &Trade) -> Vec<Holding> {
        let mut short = self.positions.accounts_short(trade.security);
        short.retain(|holding| !trade.account_given || holding.0 == trade.account);
        short
    }

    /// What was sold short becomes another security, `new` units for each `old`; proceeds and the day of opening stay.
    pub(super) fn turn_shorts(
        &mut self,
        trade: &Trade,
        to: SecurityId,
        (new, old): (Quantity, Quantity),
    ) -> Result<(), Halt> {
        let from = trade.security;
        for holding in self.accounts_short_affected(trade) {
            let mut lots = self.positions.shorts.remove(&holding).unwrap_or_default();
            for lot in &mut lots {
                let before = lot.parcel.left();
                let after = before.restated(new, old)?;
                let cause = Cause::Became {
                    from,
                    to,
                    before,
                    after,
                };
                let trail = &mut self.ledger.trail;
                trail.add(lot.trail, cause, before, Money::ZERO);
                lot.parcel.rescale(after)?;
                lot.in_lieu.rescale(after)?;
                let gone = &mut self.positions.flow.entry(from).or_default().1;
                *gone = gone.plus(before)?;
                let come = &mut self.positions.flow.entry(to).or_default().0;
                *come = come.plus(after)?;
            }
            self.restate_short_sales((from, to), (new, old), Some(holding.0))?;
            let turned = self.positions.shorts.entry((holding.0, to)).or_default();
            turned.append(&mut lots);
            turned.make_contiguous().sort_by_key(|lot| lot.opened);
        }
        Ok(())
    }

    /// A split restates the units of losses on shorts that wait.
    pub(super) fn rescale_short_claims(
        &mut self,
        security: SecurityId,
        new: Quantity,
        old: Quantity,
    ) -> Result<(), Halt> {
        let same = self.wash.same_as(security);
        for claim in &mut self.positions.claims {
            if same.contains(&claim.security) {
                claim.units = claim.units.restated(new, old)?;
                claim.matched = claim.matched.restated(new, old)?;
            }
        }
        Ok(())
    }

    /// A split restates open shorts too.
    pub(super) fn rescale_shorts(
        &mut self,
        trade: &Trade,
        new: Quantity,
        old: Quantity,
    ) -> Result<(), Halt> {
        let security = trade.security;
        for holding in self.accounts_short_affected(trade) {
            if let Some(lots) = self.positions.shorts.get_mut(&holding) {
                for lot in lots {
                    let cause = Cause::Rescaled {
                        before: old,
                        after: new,
                    };
                    let whole = lot.parcel.left();
                    let trail = &mut self.ledger.trail;
                    trail.add(lot.trail, cause, whole, Money::ZERO);
                    let units = whole.restated(new, old)?;
                    let flow = self.positions.flow.entry(security).or_default();
                    // Fewer units after a reverse split take back what was opened.
                    flow.0 = flow.0.plus(units.minus(whole)?)?;
                    lot.parcel.rescale(units)?;
                    lot.in_lieu.rescale(units)?;
                }
            }
            self.restate_short_sales((security, security), (new, old), Some(holding.0))?;
        }
        Ok(())
    }
}

fn fee_in_the_asset(trade: &Trade) -> Halt {
    let message = "closing a short position cannot pay its fee in the asset";
    Problem::at(trade.source, message).into()
}
