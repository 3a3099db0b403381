//! Units that move between accounts: never a sale, never an acquisition; basis, dates and use go along.
//!
//! Between a departure and its arrival units are held on their way: in an account of the ledger that no file names, so
//! that whatever befalls a security befalls them too.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Halt;
use super::dispose::Sale;
use super::fold::Fold;
use super::ledger::{Holding, Slice};
use super::pairing::{self, DAYS_ON_THE_WAY, Fit, Pairs, Share, Shares};
use super::rules::TransferFee;
use super::value::Valued;
use crate::answer::Match;
use crate::answer::trail::Cause;
use crate::date::Date;
use crate::diagnostic::Problem;
use crate::lot::{Lot, PurchaseId};
use crate::method::{BasisOf, Method};
use crate::money::{Money, Quantity};
use crate::parcel::{Parcel, Part};
use crate::rule::us::AVERAGED_GIFT;
use crate::source::Source;
use crate::trade::{AccountId, Action, SecurityId, TradeId};

/// Departures whose arrival has not been seen yet.
#[derive(Clone, Debug, Default)]
pub struct Transit {
    /// By their ways: accounts that are in no file, counted down from the last.
    departures: Vec<Option<Departure>>,
    /// Ways that nothing is on any more.
    free: Vec<AccountId>,
    way_of: FxHashMap<TradeId, AccountId>,
    /// What of an account never arrives goes one way.
    astray: FxHashMap<AccountId, AccountId>,
    /// Which arrivals belong to which departures; looked up once the first units leave or arrive.
    pairs: Option<Pairs>,
    /// Departures carried out.
    left: FxHashSet<TradeId>,
}

/// Units that left an account together, or never arrive.
#[derive(Clone, Debug)]
struct Departure {
    trades: Vec<TradeId>,
    date: Date,
    /// The account they left.
    left: AccountId,
    /// Whether some have arrived.
    arrived: bool,
    /// The purchases in the order in which their units left.
    order: Vec<PurchaseId>,
}

impl Transit {
    /// The account that what is on this way left; none where it is no way.
    pub fn left(&self, way: AccountId) -> Option<AccountId> {
        self.on(way).map(|departure| departure.left)
    }

    fn on(&self, way: AccountId) -> Option<&Departure> {
        self.departures.get(Self::place(way))?.as_ref()
    }

    fn on_mut(&mut self, way: AccountId) -> Option<&mut Departure> {
        self.departures.get_mut(Self::place(way))?.as_mut()
    }

    fn place(way: AccountId) -> usize {
        usize::from(u16::MAX - way.0)
    }

    /// A way for a departure, or none if there are as many as numbers of accounts.
    fn open(&mut self, departure: Departure, accounts: usize) -> Option<AccountId> {
        let way = match self.free.pop() {
            Some(way) => way,
            None => {
                let place = u16::try_from(self.departures.len()).ok()?;
                let way = AccountId(u16::MAX - place);
                if usize::from(way.0) < accounts {
                    return None;
                }
                self.departures.push(None);
                way
            }
        };
        for trade in &departure.trades {
            self.way_of.insert(*trade, way);
        }
        if let Some(slot) = self.departures.get_mut(Self::place(way)) {
            *slot = Some(departure);
        }
        Some(way)
    }

    fn close(&mut self, way: AccountId) {
        let slot = self.departures.get_mut(Self::place(way));
        if let Some(departure) = slot.and_then(Option::take) {
            for trade in &departure.trades {
                self.way_of.remove(trade);
            }
            self.free.push(way);
        }
    }
}

impl Fold<'_> {
    /// One row tells both accounts.
    pub(super) fn transfer(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let Some(to) = row.trade.rest().rarest().to_account else {
            return Err(row.missing("to_account"));
        };
        self.refuse_taxed(id, row.trade.account, to)?;
        let fee = self.transfer_fee_units(&row)?;
        let sale = self.sale(&row, id, row.quantity()?, Money::ZERO);
        let mut slices = self.identify_by_method(&sale)?;
        self.ledger.take_from_pool(sale.holding, &mut slices)?;
        self.arrive(sale.holding, to, slices)?;
        self.pay_transfer_fee(id, row.trade.account, to, fee)
    }

    /// What a sheltered account hands out has its value of that day as basis, and a new holding period; what it takes in
    /// was disposed of. Neither carries the lots over.
    fn refuse_taxed(&self, id: TradeId, from: AccountId, to: AccountId) -> Result<(), Halt> {
        let sheltered = |account| self.history.account(account).sheltered;
        if !self.law.is_us() || sheltered(from) == sheltered(to) {
            return Ok(());
        }
        Err(Problem::at(
            self.history.trade(id).source,
            "a transfer between a taxable account and a sheltered one is no plain transfer",
        )
        .help("write `sell` at market value in the one; in the other `opening` with that value as `basis`, or `buy` if it is the sheltered one")
        .into())
    }

    /// Only the departure: the units wait for their arrival.
    pub(super) fn transfer_out(&mut self, id: TradeId) -> Result<(), Halt> {
        if !self.transit.left.insert(id) {
            // Its arrival came first, and with it the departure.
            return Ok(());
        }
        let row = self.valued(id);
        let fee = self.transfer_fee_units(&row)?;
        let sale = self.sale(&row, id, row.quantity()?, Money::ZERO);
        let mut slices = self.identify_by_method(&sale)?;
        self.ledger.take_from_pool(sale.holding, &mut slices)?;
        let Some(way) = self.way_for(id, &slices) else {
            let message = "too many units are on their way at once";
            return Err(Problem::at(row.trade.source, message).into());
        };
        self.put(sale.holding, way, slices)?;
        self.pay_transfer_fee(id, row.trade.account, row.trade.account, fee)
    }

    /// The way of a departure: its own, or with all that never arrives.
    fn way_for(&mut self, id: TradeId, slices: &[Slice]) -> Option<AccountId> {
        let left = self.trade(id).account;
        let astray = !self.pairs().changes && !self.pairs().awaits(id);
        let order = slices.iter().map(|slice| slice.purchase);
        let known = self.transit.astray.get(&left).filter(|_| astray).copied();
        if let Some(way) = known
            && let Some(others) = self.transit.on_mut(way)
        {
            others.trades.push(id);
            others.order.extend(order);
            return Some(way);
        }
        let departure = Departure {
            trades: vec![id],
            date: self.today,
            left,
            arrived: false,
            order: order.collect(),
        };
        let way = self.transit.open(departure, self.history.accounts.len())?;
        if astray {
            self.transit.astray.insert(left, way);
        }
        Some(way)
    }

    /// Which arrivals of the group belong to which departures.
    fn pairs(&mut self) -> &Pairs {
        let (history, rules, calendar) = (self.history, self.rules, self.calendar);
        let events = self.events();
        let pairs = &mut self.transit.pairs;
        pairs.get_or_insert_with(|| Pairs::new(history, rules, &calendar, events))
    }

    /// Only the arrival: of units that left another own account, or of a lot with its basis, or of unknown basis.
    pub(super) fn transfer_in(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let rest = row.trade.rest();
        let quantity = row.quantity()?;
        if let Some(basis) = rest.rarest().basis {
            return self.moved_in(id, quantity, row.amount(basis)?);
        }
        let shares = self.departures_of(id, quantity);
        if !shares.is_empty() {
            return self.arrived(id, &shares, quantity);
        }
        let lot = self.enter_dated(id, quantity, Money::ZERO, self.today, self.today)?;
        self.basis_is_unknown(lot);
        let message = if self.rules.unknown_basis_zero {
            "units arrived without a basis and without a departure they belong to; they count as having cost nothing, and as acquired that day"
        } else {
            "units arrived without a basis and without a departure they belong to; selling them is an error until a basis and an acquired_date are given"
        };
        self.warn_once("basis-unknown", message, row.trade.source, true);
        Ok(())
    }

    /// The departures of an arrival that are on their way; those that stand after it are carried out with it.
    fn departures_of(&mut self, id: TradeId, quantity: Quantity) -> Shares {
        let security = self.trade(id).security;
        let mut shares = self.pairs().of(id);
        for share in &shares {
            if !self.transit.left.contains(&share.departure) {
                self.carry_out_before_its_turn(share.departure);
            }
        }
        shares.retain(|share| {
            let way = self.transit.way_of.get(&share.departure);
            way.is_some_and(|way| !self.ledger.held((*way, security)).is_zero())
        });
        if shares.is_empty() && self.pairs().changes {
            shares.extend(self.changed_on_its_way(id, quantity));
        }
        shares
    }

    /// What became another security or another number of units on its way, so that no row of it says what arrives: the
    /// departure with the same id, else a recent one of just as many units or a network's fee more.
    fn changed_on_its_way(&self, id: TradeId, quantity: Quantity) -> Option<Share> {
        let trade = self.trade(id);
        let own_id = trade.rest().id.as_deref();
        let pairs = self.transit.pairs.as_ref()?;
        let on_their_way = self.transit.departures.iter().flatten();
        let fitting = on_their_way.filter_map(|departure| {
            let of = *departure.trades.first()?;
            let row = self.history.trade(of);
            let way = *self.transit.way_of.get(&of)?;
            let held = self.ledger.held((way, trade.security));
            if held.is_zero() || (row.security == trade.security && pairs.awaits(of)) {
                return None;
            }
            let same_id = own_id.is_some() && row.rest().id.as_deref() == own_id;
            let recent = self.today.days_since(departure.date) <= DAYS_ON_THE_WAY;
            let fit = Fit::of(held, quantity).filter(|_| recent);
            let rank = if same_id { None } else { Some(fit?) };
            let share = Share {
                departure: of,
                units: quantity.min(held),
                rest: Some(held.minus(quantity).unwrap_or(Quantity::ZERO)),
            };
            Some(((rank, departure.date, of), share))
        });
        fitting
            .min_by_key(|(rank, _)| *rank)
            .map(|(_, share)| share)
    }

    fn arrived(&mut self, id: TradeId, shares: &[Share], quantity: Quantity) -> Result<(), Halt> {
        let trade = self.trade(id);
        let (mut units, mut from) = (Quantity::ZERO, trade.account);
        for share in shares {
            if let Some(way) = self.transit.way_of.get(&share.departure).copied() {
                from = self.own_account(way);
                self.refuse_taxed(id, from, trade.account)?;
                units = units.plus(self.ledger.held((way, trade.security)))?;
            }
        }
        if units < quantity {
            let account = &self.history.account(from).name;
            return Err(pairing::too_much(trade, quantity, units, account).into());
        }
        let mut wanted = quantity;
        for (place, share) in (1..).zip(shares) {
            // The last brings whatever the others do not.
            let most = if place == shares.len() {
                wanted
            } else {
                share.units.min(wanted)
            };
            wanted = wanted.minus(self.one_arrived(id, share, most)?)?;
        }
        Ok(())
    }

    /// Up to `most` units of one departure arrive; gives how many did.
    fn one_arrived(
        &mut self,
        id: TradeId,
        share: &Share,
        most: Quantity,
    ) -> Result<Quantity, Halt> {
        let (account, security) = (self.trade(id).account, self.trade(id).security);
        let Some(way) = self.transit.way_of.get(&share.departure).copied() else {
            return Ok(Quantity::ZERO);
        };
        let (left, on_way) = (self.own_account(way), (way, security));
        let held = self.ledger.held(on_way);
        let units = held.min(most);
        let slices = self.off_the_way(on_way, units)?;
        let rest = held.minus(units)?;
        let is_fee = share.rest.is_some() && Fit::of(held, units) == Some(Fit::Fee);
        if is_fee {
            // What did not arrive was the network's fee: it goes back and leaves as such.
            let fee = self.off_the_way(on_way, rest)?;
            self.arrive(on_way, left, fee)?;
            self.pay_transfer_fee(share.departure, left, account, Some((security, rest)))?;
        }
        self.arrive(on_way, account, slices)?;
        if let Some(departure) = self.transit.on_mut(way) {
            departure.arrived = true;
        }
        if share.rest.is_none() || !self.ledger.held(on_way).is_zero() {
            return Ok(units);
        }
        for other in self.ledger.held_in(way) {
            if !self.is_yet_to_arrive(other) {
                let all = self.ledger.held((way, other));
                let slices = self.off_the_way((way, other), all)?;
                self.arrive((way, other), account, slices)?;
            }
        }
        if self.ledger.held_in(way).is_empty() {
            self.transit.close(way);
        }
        Ok(units)
    }

    /// Takes units of a security off their way, in the order in which they left.
    fn off_the_way(&mut self, on_way: Holding, units: Quantity) -> Result<Vec<Slice>, Halt> {
        let mut lots = self.ledger.lots_of(on_way);
        let order = self.transit.on(on_way.0).map(|departure| &departure.order);
        let mut place_of: FxHashMap<PurchaseId, usize> = FxHashMap::default();
        for (place, purchase) in order.into_iter().flatten().enumerate() {
            place_of.entry(*purchase).or_insert(place);
        }
        lots.sort_by_key(|lot| {
            let purchase = self.ledger.lot(*lot).purchase;
            place_of.get(&purchase).copied().unwrap_or(usize::MAX)
        });
        let mut slices = Vec::with_capacity(lots.len());
        self.ledger.take_of(&lots, units, &mut slices)?;
        Ok(slices)
    }

    /// Whether a row of these days lets a security arrive; else what was split off units on their way goes where they do.
    fn is_yet_to_arrive(&self, security: SecurityId) -> bool {
        self.nearby(self.today, DAYS_ON_THE_WAY).any(|id| {
            let trade = self.history.trade(id);
            trade.action == Action::TransferIn
                && trade.security == security
                && trade.date >= self.today
        })
    }

    /// `units` of a slice, and the others.
    pub(super) fn divide_slice(
        &mut self,
        slice: Slice,
        units: Quantity,
    ) -> Result<[Slice; 2], Halt> {
        let whole = slice.quantity;
        let (part, rest) = self.divided(whole, slice.part, units)?;
        let (gift, other) = match slice.gift {
            Some((value, given)) => {
                let (own, rest) = self.divided(whole, value, units)?;
                (Some((own, given)), Some((rest, given)))
            }
            None => (None, None),
        };
        let first = Slice {
            quantity: units,
            trail: self.ledger.trail.cut(slice.trail, units, whole)?,
            part,
            gift,
            ..slice
        };
        let second = Slice {
            quantity: whole.minus(units)?,
            part: rest,
            gift: other,
            ..slice
        };
        Ok([first, second])
    }

    /// What `part` of `units` carry of an amount, and what the others do.
    pub(super) fn divided(
        &self,
        units: Quantity,
        whole: Part,
        part: Quantity,
    ) -> Result<(Part, Part), Halt> {
        let mut parcel = Parcel::from_part(units, whole, self.ledger.places());
        let taken = parcel.take(part)?;
        let rest = Part {
            amount: parcel.amount_left()?,
            printed: parcel.printed(),
        };
        Ok((taken, rest))
    }

    /// Moves slices of a holding to an account, as they are.
    pub(super) fn arrive(
        &mut self,
        from: Holding,
        account: AccountId,
        slices: Vec<Slice>,
    ) -> Result<(), Halt> {
        let cause = Cause::Moved { to: account };
        let named = !self.rules.pools.has(account);
        for slice in slices.iter().filter(|_| named) {
            let trail = &mut self.ledger.trail;
            trail.add(slice.trail, cause, slice.quantity, Money::ZERO);
        }
        self.put(from, account, slices)
    }

    /// The same without a word of it.
    fn put(&mut self, from: Holding, account: AccountId, slices: Vec<Slice>) -> Result<(), Halt> {
        let security = from.1;
        let method = self.method_of((account, security));
        for slice in slices {
            let moves = (from, (account, security));
            let units = (slice.quantity, slice.quantity);
            self.take_received_along(slice.purchase, moves, units)?;
            let slice = self.with_one_basis(slice, method)?;
            let purchase = self.ledger.purchase(slice.purchase);
            let lot = Lot {
                purchase: slice.purchase,
                book: 0,
                account,
                security,
                held_from: slice.held_from,
                used: slice.used,
                queued: 0,
                trail: slice.trail,
                acquired: purchase.acquired,
                sequence: purchase.sequence,
                gift: slice.gift.map(|(value, given)| {
                    Box::new(crate::lot::Gift {
                        value: Parcel::from_part(slice.quantity, value, self.ledger.places()),
                        given,
                    })
                }),
                parcel: Parcel::from_part(slice.quantity, slice.part, self.ledger.places()),
            };
            self.ledger.place(lot, method)?;
            self.ledger.uncount(moves.0, moves.1, slice.quantity)?;
        }
        Ok(())
    }

    /// Among averaged shares a gift has one basis only, for a gain too its value, and is held from the day of the gift:
    /// what has two may enter an average only so (26 CFR 1.1012-1(e)).
    fn with_one_basis(&mut self, slice: Slice, method: &'static Method) -> Result<Slice, Halt> {
        let Some((value, given)) = slice.gift else {
            return Ok(slice);
        };
        if method.basis != BasisOf::Average {
            return Ok(slice);
        }
        let lost = slice.part.amount.minus(value.amount)?;
        self.conservation.basis_gone = self.conservation.basis_gone.plus(lost)?;
        let movement = (Cause::ValueAsBasis, slice.quantity, lost.negated());
        let trail = &mut self.ledger.trail;
        trail.add_under(slice.trail, &AVERAGED_GIFT, movement);
        self.warn_averaged_gift(self.purchase_source(slice.purchase));
        Ok(Slice {
            part: value,
            held_from: given,
            gift: None,
            ..slice
        })
    }

    fn purchase_source(&self, purchase: PurchaseId) -> Source {
        let opened = self.ledger.purchase(purchase).opened_by;
        self.history.trade(opened).source
    }

    pub(super) fn warn_averaged_gift(&mut self, at: Source) {
        self.warn_once(
            "gift-averaged",
            "gifts worth less than the donor's basis entered an average at their value, for gains and losses alike: that takes a statement with the return that the value is used as basis (26 CFR 1.1012-1(e))",
            at,
            true,
        );
    }

    /// The units of a transfer's fee that was paid in an asset.
    fn transfer_fee_units(&self, row: &Valued<'_>) -> Result<Option<(SecurityId, Quantity)>, Halt> {
        match (row.trade.rest().rarest().fee_asset, row.trade.fee()) {
            (Some(asset), Some(fee)) if !fee.is_zero() => {
                Ok(Some((asset, Quantity::new(fee.abs())?)))
            }
            _ => Ok(None),
        }
    }

    /// Coins paid for an own transfer: disposed of at their value, or their basis joins what was moved, or nothing; no
    /// authority decides it.
    fn pay_transfer_fee(
        &mut self,
        id: TradeId,
        from: AccountId,
        to: AccountId,
        fee: Option<(SecurityId, Quantity)>,
    ) -> Result<(), Halt> {
        let Some((asset, units)) = fee else {
            return Ok(());
        };
        let row = self.valued(id);
        let source = row.trade.source;
        self.warn_once(
            "transfer-fee",
            &format!(
                "coins paid for moving coins between own accounts: no authority says how; the setting `transfer_fee` under [{}] chooses (dispose, basis, ignore)",
                self.law.code
            ),
            source,
            false,
        );
        let sale = Sale {
            trade: id,
            holding: (from, asset),
            quantity: units,
            proceeds: Money::ZERO,
            choice: None,
            matched: Match::Lot,
            only: None,
            closes: &[],
        };
        if self.rules.transfer_fee == TransferFee::Dispose {
            let value = match (row.trade.rest().rarest().fee_value, row.trade.price()) {
                (Some(value), _) => row.amount(value)?,
                (None, Some(_)) if asset == row.trade.security => row.at_price(units)?,
                _ => {
                    return Err(Problem::at(source, format!("the transfer fee of {units} {} has no value", self.symbol(asset)))
                        .help(format!("give its market value in the column `fee_value`, or choose another reading with `transfer_fee` under [{}]", self.law.code))
                        .into());
                }
            };
            return self.dispose_by_method(&Sale {
                proceeds: value,
                ..sale
            });
        }
        let mut slices = self.identify_by_method(&sale)?;
        self.ledger.take_from_pool(sale.holding, &mut slices)?;
        let held = self.ledger.held((to, asset));
        for slice in slices {
            if self.rules.transfer_fee == TransferFee::Basis && !held.is_zero() {
                self.spread_over_lots((to, asset), held, slice.part)?;
            } else {
                self.conservation.basis_gone =
                    self.conservation.basis_gone.plus(slice.part.amount)?;
            }
        }
        Ok(())
    }

    /// Units that left and never arrived are held elsewhere: they go back on the list of what is held, with a warning.
    pub(super) fn settle_transit(&mut self) -> Result<(), Halt> {
        for place in 0..self.transit.departures.len() {
            let way = AccountId(u16::MAX.saturating_sub(u16::try_from(place).unwrap_or(u16::MAX)));
            let Some(departure) = self.transit.on(way).cloned() else {
                continue;
            };
            let held = self.ledger.held_in(way);
            if held.is_empty() {
                continue;
            }
            let (code, message) = if departure.arrived {
                pairing::LESS_ARRIVED
            } else {
                (
                    "transfer-without-arrival",
                    "units left an account and no arrival follows: they are held elsewhere and listed under the account they left",
                )
            };
            for trade in &departure.trades {
                self.warn_once(code, message, self.history.trade(*trade).source, true);
            }
            for security in held {
                let all = self.ledger.held((way, security));
                let slices = self.off_the_way((way, security), all)?;
                self.arrive((way, security), departure.left, slices)?;
            }
        }
        Ok(())
    }
}
