//! Units that move between accounts: never a sale, never an acquisition; basis, dates and use go along.
//!
//! Between a departure and its arrival units are held on their way: in an account of the ledger that no file names, so
//! that whatever befalls a security befalls them too.

use rust_decimal::Decimal;
use rustc_hash::FxHashSet;

use super::Halt;
use super::dispose::Sale;
use super::early::{self, Early};
use super::fold::Fold;
use super::ledger::{Holding, Slice};
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

/// Days that units may be on their way before an arrival is no longer taken for theirs.
pub(super) const DAYS_ON_THE_WAY: i32 = 10;

/// Departures whose arrival has not been seen yet.
#[derive(Clone, Debug, Default)]
pub struct Transit {
    departures: Vec<Departure>,
    /// Arrivals that stand before their departures; looked up once the first units arrive.
    early: Option<Early>,
    /// Departures carried out.
    left: FxHashSet<TradeId>,
}

/// Units that left an account together.
#[derive(Clone, Debug)]
struct Departure {
    trade: TradeId,
    date: Date,
    /// The account they left, and the one that stands for their way.
    left: AccountId,
    way: AccountId,
    /// The purchases in the order in which their units left.
    order: Vec<PurchaseId>,
}

impl Transit {
    /// The account that what is on this way left; none where it is no way.
    pub fn left(&self, way: AccountId) -> Option<AccountId> {
        let mut departures = self.departures.iter();
        let found = departures.find(|departure| departure.way == way)?;
        Some(found.left)
    }

    /// An account that is in no file and that nothing is on; they are counted down from the last.
    fn free_way(&self, accounts: usize) -> Option<AccountId> {
        let mut ways = (0..=u16::MAX).rev().map(AccountId);
        ways.find(|way| self.left(*way).is_none())
            .filter(|way| usize::from(way.0) >= accounts)
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
        let Some(way) = self.transit.free_way(self.history.accounts.len()) else {
            let message = "too many units are on their way at once";
            return Err(Problem::at(row.trade.source, message).into());
        };
        self.transit.departures.push(Departure {
            trade: id,
            date: self.today,
            left: row.trade.account,
            way,
            order: slices.iter().map(|slice| slice.purchase).collect(),
        });
        self.put(sale.holding, way, slices)?;
        self.pay_transfer_fee(id, row.trade.account, row.trade.account, fee)
    }

    /// Only the arrival: of units that left another own account, or of a lot with its basis, or of unknown basis.
    pub(super) fn transfer_in(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let rest = row.trade.rest();
        let quantity = row.quantity()?;
        if let Some(basis) = rest.rarest().basis {
            return self.moved_in(id, quantity, row.amount(basis)?);
        }
        let later = self.later_departure(id);
        if let Some(position) = later.or_else(|| self.departure_of(id, quantity)) {
            return self.arrived(id, position, quantity);
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

    /// A departure that stands after its arrival, carried out with it.
    fn later_departure(&mut self, arrival: TradeId) -> Option<usize> {
        if self.transit.early.is_none() {
            let found = early::arrivals(self.history, self.rules, &self.calendar, self.events());
            self.transit.early = Some(found);
        }
        let early = self.transit.early.as_ref()?;
        let departure = *early.get(&arrival)?;
        self.carry_out_before_its_turn(departure);
        let mut departures = self.transit.departures.iter();
        departures.position(|known| known.trade == departure)
    }

    /// The departure with the same id, else of the same security, recent, and not smaller nor much larger.
    fn departure_of(&self, id: TradeId, quantity: Quantity) -> Option<usize> {
        let trade = self.trade(id);
        let departures = &self.transit.departures;
        let own_id = trade.rest().id.as_deref();
        let on_way = |d: &Departure| self.ledger.held((d.way, trade.security));
        let same_id = |d: &Departure| {
            own_id.is_some()
                && self.history.trade(d.trade).rest().id.as_deref() == own_id
                && !on_way(d).is_zero()
        };
        departures.iter().position(same_id).or_else(|| {
            departures.iter().position(|d| {
                let left = on_way(d);
                !left.is_zero()
                    && self.today.days_since(d.date) <= DAYS_ON_THE_WAY
                    && left >= quantity
                    && is_network_fee(left, quantity)
            })
        })
    }

    fn arrived(&mut self, id: TradeId, position: usize, quantity: Quantity) -> Result<(), Halt> {
        let trade = self.trade(id);
        let departure = self.transit.departures[position].clone();
        let (left, on_way) = (departure.left, (departure.way, trade.security));
        self.refuse_taxed(id, left, trade.account)?;
        let units = self.ledger.held(on_way);
        let lost = units.minus(quantity)?;
        if lost.is_negative() {
            let name = &self.history.account(left).name;
            let message = format!("{quantity} arrive but only {units} left {name}");
            return Err(Problem::at(trade.source, message).into());
        }
        let mut slices = self.off_the_way(&departure, trade.security)?;
        if !lost.is_zero() {
            // What did not arrive was the network's fee: it goes back and leaves as such.
            let (kept, fee) = self.cut_from_end(slices, lost)?;
            slices = kept;
            self.arrive(on_way, left, fee)?;
            let fee = Some((trade.security, lost));
            self.pay_transfer_fee(departure.trade, left, trade.account, fee)?;
        }
        self.arrive(on_way, trade.account, slices)?;
        for other in self.ledger.held_in(departure.way) {
            if !self.is_yet_to_arrive(other) {
                let slices = self.off_the_way(&departure, other)?;
                self.arrive((departure.way, other), trade.account, slices)?;
            }
        }
        if self.ledger.held_in(departure.way).is_empty() {
            self.transit.departures.remove(position);
        }
        Ok(())
    }

    /// Takes a security's units off their way, in the order in which they left.
    fn off_the_way(
        &mut self,
        departure: &Departure,
        security: SecurityId,
    ) -> Result<Vec<Slice>, Halt> {
        let mut lots = self.ledger.lots_of((departure.way, security));
        lots.sort_by_key(|lot| {
            let own = self.ledger.lot(*lot).purchase;
            let mut order = departure.order.iter();
            order
                .position(|purchase| *purchase == own)
                .unwrap_or(usize::MAX)
        });
        let mut slices = Vec::with_capacity(lots.len());
        for lot in lots {
            let whole = self.ledger.lot(lot).parcel.left();
            slices.push(self.ledger.take(lot, whole)?);
        }
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

    /// Divides slices so that the last `units` are apart.
    fn cut_from_end(
        &mut self,
        mut slices: Vec<Slice>,
        units: Quantity,
    ) -> Result<(Vec<Slice>, Vec<Slice>), Halt> {
        let mut cut = Vec::new();
        let mut wanted = units;
        while let Some(last) = slices.pop() {
            if wanted.is_zero() {
                slices.push(last);
                break;
            }
            let part = wanted.min(last.quantity);
            let [own, rest] = self.divide_slice(last, part)?;
            cut.push(own);
            if part < last.quantity {
                slices.push(rest);
            }
            wanted = wanted.minus(part)?;
        }
        Ok((slices, cut))
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
        for departure in std::mem::take(&mut self.transit.departures) {
            let source = self.history.trade(departure.trade).source;
            let held = self.ledger.held_in(departure.way);
            if held.is_empty() {
                continue;
            }
            self.warn_once(
                "transfer-without-arrival",
                "units left an account and no arrival follows: they are held elsewhere and listed under the account they left",
                source,
                true,
            );
            for security in held {
                let slices = self.off_the_way(&departure, security)?;
                self.arrive((departure.way, security), departure.left, slices)?;
            }
        }
        Ok(())
    }
}

/// Whether the difference between what left and what arrived can be a network fee: within 5 % or 0.01 units.
pub(super) fn is_network_fee(left: Quantity, arrived: Quantity) -> bool {
    let (left, arrived) = (left.to_decimal(), arrived.to_decimal());
    let difference = left - arrived;
    difference <= Decimal::new(1, 2) || difference <= left * Decimal::new(5, 2)
}
