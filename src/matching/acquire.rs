//! What comes in: purchases, income in kind, opening lots, gifts and inheritances.

use std::collections::hash_map::Entry;

use super::fold::{Fold, Orders};
use super::ledger::Acquisition;
use super::value::{GIFT_WITHOUT_VALUE, INHERIT_TWO_VALUES, Valued, absolute};
use super::{Halt, YearAmount, YearAmountKind};
use crate::answer::Match;
use crate::date::Date;
use crate::jurisdiction::Gifts;
use crate::lot::{Gift, LotId};
use crate::method::BasisOf;
use crate::money::{Money, Quantity};
use crate::parcel::{Parcel, Part};
use crate::trade::{AccountId, Action, Class, SecurityId, Trade, TradeId};

/// How units came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// By purchase or taxable exchange: it can replace what was sold at a loss (26 USC 1091(a)).
    Purchase,
    /// By gift, inheritance or in a tax-free way: no acquisition in that sense.
    Other,
}

impl<'a> Fold<'a> {
    pub(super) fn buy(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        if row.trade.action == Action::Reinvest {
            self.reinvested(&row)?;
        }
        let quantity = row.quantity()?;
        let cost = self.cost_of_fill(id, quantity, row.cost()?)?;
        let (cost, fee) = self.cost_with_fee_in_kind(id, cost)?;
        let holding = (row.trade.account, row.trade.security);
        let (quantity, cost) = self.cover_first(id, holding, quantity, cost)?;
        if quantity.is_zero() {
            return Ok(());
        }
        let by_right = row.trade.tagged("rights");
        let held_from = if by_right && self.law.is_us() {
            // Stock taken up by a right is held from that day itself on, so the day before is left out (26 USC 1223(5)).
            self.today.plus(-1)
        } else {
            self.today
        };
        let lot = self.enter(
            id,
            holding.0,
            holding.1,
            quantity,
            cost,
            held_from,
            Manner::Purchase,
        )?;
        self.withhold(id, lot, fee)?;
        if by_right {
            self.joins_right(lot);
        }
        self.replaces(lot)
    }

    /// What a fill cost: its own price, or its part of what the whole order cost where that reading is chosen.
    fn cost_of_fill(&mut self, id: TradeId, quantity: Quantity, own: Money) -> Result<Money, Halt> {
        let trade = self.trade(id);
        if !self.rules.fills_average {
            return Ok(own);
        }
        let Some(order) = trade.rest().order.as_deref() else {
            return Ok(own);
        };
        if self.fills.is_none() {
            // Even where a row cannot be valued: it is asked for once.
            self.fills = Some(Orders::default());
            self.fills = Some(self.whole_orders()?);
        }
        let key = (trade.account, trade.security, order);
        match self.fills.as_mut().and_then(|fills| fills.get_mut(&key)) {
            Some(whole) => Ok(whole.take(quantity)?.amount),
            None => Ok(own),
        }
    }

    /// Units and cost of all fills of each order that buys.
    fn whole_orders(&self) -> Result<Orders<'a>, Halt> {
        let mut orders = Orders::default();
        for id in self.events() {
            let trade = self.history.trade(*id);
            let buys = matches!(
                trade.action,
                Action::Buy | Action::Reinvest | Action::BuyToOpen
            );
            let Some(order) = trade.rest().order.as_deref().filter(|_| buys) else {
                continue;
            };
            let row = self.valued(*id);
            let (units, cost) = (row.quantity()?, self.ledger.part(row.cost()?)?);
            match orders.entry((trade.account, trade.security, order)) {
                Entry::Occupied(mut whole) => whole.get_mut().join(units, cost)?,
                Entry::Vacant(place) => {
                    place.insert(Parcel::from_part(units, cost, self.ledger.places()));
                }
            }
        }
        Ok(orders)
    }

    /// With --allow-short, a purchase first closes what was sold short; gives what is left of it.
    pub(super) fn cover_first(
        &mut self,
        id: TradeId,
        holding: super::ledger::Holding,
        quantity: Quantity,
        cost: Money,
    ) -> Result<(Quantity, Money), Halt> {
        let short = self.positions.short(holding).min(quantity);
        if !self.rules.allow_short || short.is_zero() {
            return Ok((quantity, cost));
        }
        let mut spread = Parcel::new(quantity, cost, self.ledger.places())?;
        let covering = spread.take(short)?;
        self.close_short(id, holding, short, covering.amount, Match::Short)?;
        Ok((spread.left(), spread.amount_left()?))
    }

    /// Income in kind: its value when received is income and becomes the basis (Rev. Rul. 2023-14).
    pub(super) fn income(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let value = match row.total()? {
            Some(total) => absolute(total),
            None => row.gross()?,
        };
        if self.law.is_us() && self.reported(row.trade.account) {
            self.amounts.push(YearAmount {
                year: i32::from(self.tax_year(self.today)),
                kind: YearAmountKind::Income,
                amount: value.to_minor(self.ledger.places())?,
            });
        }
        let lot = self.enter(
            id,
            row.trade.account,
            row.trade.security,
            row.quantity()?,
            value,
            self.today,
            Manner::Purchase,
        )?;
        self.replaces(lot)
    }

    /// A lot from before the data: dated at its acquisition, so it counts in windows.
    pub(super) fn opening(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let quantity = row.quantity()?;
        let rest = row.trade.rest();
        let basis = match (rest.rarest().basis, row.trade.price()) {
            (Some(basis), _) => row.amount(basis)?,
            (None, Some(_)) => row.gross()?.plus(row.fee()?)?,
            (None, None) => match row.total()? {
                Some(total) => absolute(total),
                None => return Err(row.missing("basis")),
            },
        };
        let held_from = rest.rarest().acquired.unwrap_or(self.today);
        let lot = self.enter(
            id,
            row.trade.account,
            row.trade.security,
            quantity,
            basis,
            held_from,
            Manner::Purchase,
        )?;
        self.replaces(lot)
    }

    /// A lot from an account outside the data: no acquisition of today, but one of its own day, where the row gives that,
    /// in whose window it replaces what was sold at a loss.
    pub(super) fn moved_in(
        &mut self,
        id: TradeId,
        quantity: Quantity,
        basis: Money,
    ) -> Result<(), Halt> {
        let trade = self.trade(id);
        let (acquired, manner) = match trade.rest().rarest().acquired {
            Some(day) => (day, Manner::Purchase),
            None => (self.today, Manner::Other),
        };
        let basis = self.ledger.part(basis)?;
        let holding = (trade.account, trade.security);
        let lot = self.enter_part(
            id, holding.0, holding.1, quantity, basis, acquired, acquired, manner,
        )?;
        self.replaces(lot)
    }

    /// A gift takes over basis and holding period; where it was worth less than the donor's basis, a loss counts from
    /// its value and from the day of the gift (26 USC 1015(a), 1223(2)). It was acquired on the day of the gift.
    pub(super) fn gift_in(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let quantity = row.quantity()?;
        let rest = row.trade.rest();
        let at_value = match self.law.gifts {
            Gifts::CarryOver => false,
            Gifts::MarketValue => true,
            Gifts::ToReceiver => !row.trade.tagged("spouse"),
        };
        if at_value && row.trade.price().is_some() {
            self.warn_spouse_at_value(row.trade);
            let value = row.at_price(quantity)?;
            self.enter_dated(id, quantity, value, self.today, self.today)?;
            return Ok(());
        }
        let Some(basis) = rest.rarest().basis else {
            return self.gift_without_basis(&row, id, quantity);
        };
        if at_value && !row.trade.tagged("spouse") {
            let message = GIFT_WITHOUT_VALUE;
            self.warn_once("gift-without-value", message, row.trade.source, true);
        }
        let basis = row.amount(basis)?;
        let by_donor = rest.rarest().acquired.unwrap_or(self.today);
        let acquired = if self.law.is_us() {
            self.today
        } else {
            by_donor
        };
        let lesser = self.lesser_value(&row, quantity, basis)?;
        let averages = self
            .method_of((row.trade.account, row.trade.security))
            .basis
            == BasisOf::Average;
        let held_from = if lesser.is_some() && averages {
            self.today
        } else {
            by_donor
        };
        let lot = self.enter_dated(id, quantity, basis, acquired, held_from)?;
        match lesser {
            Some(value) if averages => self.average_at_value(&row, lot, basis.minus(value)?),
            Some(value) => {
                let value = Parcel::new(quantity, value, self.ledger.places())?;
                let given = self.today;
                self.ledger.lot_mut(lot).gift = Some(Box::new(Gift { value, given }));
                self.two_bases = true;
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Between spouses the cells of the giver's cost and day look as if they counted.
    fn warn_spouse_at_value(&mut self, trade: &Trade) {
        let given = trade.rest().rarest();
        if trade.tagged("spouse") && (given.basis.is_some() || given.acquired.is_some()) {
            self.warn_once(
                "spouse-at-value",
                "a gift between spouses counts at its `price`, as of the day of the gift, and the giver's `basis` and `acquired_date` do not; where a breakdown of the marriage lets them carry over (ITAA 1997 Subdiv 126-A), leave `price` out",
                trade.source,
                true,
            );
        }
    }

    /// The value of a gift that was worth less than the donor's basis. Between spouses the basis carries over whatever
    /// the value (26 USC 1041(b)(2)).
    fn lesser_value(
        &self,
        row: &Valued<'_>,
        quantity: Quantity,
        basis: Money,
    ) -> Result<Option<Money>, Halt> {
        if !self.law.is_us() || row.trade.price().is_none() || row.trade.tagged("spouse") {
            return Ok(None);
        }
        let value = row.at_price(quantity)?;
        Ok(Some(value).filter(|value| *value < basis))
    }

    /// Takes what the donor's basis is above the value out of an average: there a gift has its value as basis, for gains
    /// too (26 CFR 1.1012-1(e)).
    fn average_at_value(&mut self, row: &Valued<'_>, lot: LotId, above: Money) -> Result<(), Halt> {
        let part = self.ledger.part(above)?;
        self.ledger.adjust(lot, part.negated())?;
        self.conservation.basis_gone = self.conservation.basis_gone.plus(above)?;
        self.warn_averaged_gift(row.trade.source);
        Ok(())
    }

    /// A gift of which no record of the donor's is left has a basis of nothing and is held from the day after its receipt
    /// (Pub. 550), where the user says so; else its basis is asked for.
    fn gift_without_basis(
        &mut self,
        row: &Valued<'_>,
        id: TradeId,
        quantity: Quantity,
    ) -> Result<(), Halt> {
        if !self.rules.unknown_basis_zero {
            return Err(row.lacks("basis").help("give the donor's basis; where no record of it is left, --unknown-basis zero takes it as nothing and counts from the day of the gift").into());
        }
        let lot = self.enter_dated(id, quantity, Money::ZERO, self.today, self.today)?;
        self.basis_is_unknown(lot);
        let message = "gifts came without the donor's basis; they count as having cost nothing, and as acquired that day";
        self.warn_once("basis-unknown", message, row.trade.source, true);
        Ok(())
    }

    /// Marks the purchase of a lot as one of which nobody knows what it cost.
    pub(super) fn basis_is_unknown(&mut self, lot: LotId) {
        let purchase = self.ledger.lot(lot).purchase;
        self.ledger.purchases[purchase.0 as usize].basis_unknown = true;
    }

    /// Inherited: value at death, always long-term (26 USC 1014(a), 1223(9)).
    pub(super) fn inherit(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let value = match row.trade.rest().rarest().basis {
            Some(basis) => row.amount(basis)?,
            None => row.gross()?,
        };
        if row.two_values(value)? {
            self.warn_once(
                "inherit-two-values",
                INHERIT_TWO_VALUES,
                row.trade.source,
                true,
            );
        }
        let acquired = row.trade.rest().rarest().acquired.unwrap_or(self.today);
        let lot = self.enter_dated(id, row.quantity()?, value, acquired, acquired)?;
        let purchase = self.ledger.lot(lot).purchase;
        self.ledger.purchases[purchase.0 as usize].inherited = true;
        Ok(())
    }

    /// Units that keep an earlier date and do not count as a purchase.
    pub(super) fn enter_dated(
        &mut self,
        id: TradeId,
        quantity: Quantity,
        basis: Money,
        acquired: Date,
        held_from: Date,
    ) -> Result<LotId, Halt> {
        let trade = self.trade(id);
        let (account, security) = (trade.account, trade.security);
        let basis = self.ledger.part(basis)?;
        self.enter_part(
            id,
            account,
            security,
            quantity,
            basis,
            acquired,
            held_from,
            Manner::Other,
        )
    }

    /// Enters units acquired today.
    #[allow(clippy::too_many_arguments)] // one acquisition has this many facts
    pub(super) fn enter(
        &mut self,
        id: TradeId,
        account: AccountId,
        security: SecurityId,
        quantity: Quantity,
        basis: Money,
        held_from: Date,
        manner: Manner,
    ) -> Result<LotId, Halt> {
        let basis = self.ledger.part(basis)?;
        self.enter_part(
            id, account, security, quantity, basis, self.today, held_from, manner,
        )
    }

    /// Enters units with a basis that was printed elsewhere.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn enter_part(
        &mut self,
        id: TradeId,
        account: AccountId,
        security: SecurityId,
        quantity: Quantity,
        basis: Part,
        acquired: Date,
        held_from: Date,
        manner: Manner,
    ) -> Result<LotId, Halt> {
        self.conservation.basis_in = self.conservation.basis_in.plus(basis.amount)?;
        let trade = self.trade(id);
        let method = self.method_of((account, security));
        let order = self.order_of(trade);
        let new = Acquisition {
            trade: id,
            account,
            security,
            acquired,
            held_from,
            quantity,
            basis,
            order,
            purchased: manner == Manner::Purchase,
        };
        let lot = self.ledger.acquire(&new, method)?;
        self.acquired_while_short(lot)?;
        Ok(lot)
    }

    /// Shares taken up by a right join the old holding and are no purchase for window rules.
    fn joins_right(&mut self, lot: LotId) {
        let purchase = self.ledger.lot(lot).purchase;
        self.ledger.purchases[purchase.0 as usize].purchased = false;
    }

    /// Whether a class is a section 1256 contract (26 USC 1256(b)): no term, no wash sales, marked at year end.
    pub(super) fn section_1256(&self, security: SecurityId) -> bool {
        self.law.is_us() && matches!(self.class(security), Class::Future | Class::IndexOption)
    }
}
