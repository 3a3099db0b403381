//! The state of one fold: purchases, the lots their units form, and the book of each holding.

use rustc_hash::FxHashMap;

use super::trail::{Handle, Recorder};
use crate::answer::LotName;
use crate::answer::trail::Cause;
use crate::date::Date;
use crate::holding::lot::{Gift, Lot, LotId, Purchase, PurchaseId};
use crate::holding::parcel::{Parcel, Part};
use crate::holding::queue::{Queue, Slots};
use crate::method::{BasisOf, Method};
use crate::money::{Money, OutOfRange, Quantity};
use crate::rule::us::{AVERAGE_BASIS, HOLDING_RESTART};
use crate::trade::{AccountId, SecurityId, TradeId};

/// An account's holding of one security.
pub type Holding = (AccountId, SecurityId);

/// What is held in one holding: lots in the method's order, and the shared basis where the method averages.
#[derive(Debug)]
pub struct Book {
    /// The lot method of the account.
    pub method: &'static Method,
    /// The lots, first to leave first.
    pub queue: Queue,
    /// Units in all.
    pub held: Quantity,
    /// The shared basis under an average method; the lots then carry none of their own.
    pub pool: Option<Parcel>,
    /// Units that ever came in, and that ever left.
    pub flow: (Quantity, Quantity),
    /// The lots in order of acquisition; some may be used up since.
    members: Vec<Member>,
}

/// A lot's place in the order of acquisition.
type Member = (Date, u32, LotId);

/// Everything held by the accounts of one fold.
#[derive(Debug, Default)]
pub struct Ledger {
    pub purchases: Vec<Purchase>,
    pub slots: Slots,
    pub books: FxHashMap<Holding, Book>,
    /// Where basis came from, if asked for.
    pub trail: Recorder,
    /// The latest day on which a lot of a security was numbered, and its number.
    latest: FxHashMap<SecurityId, (Date, u32)>,
    /// Numbers of days that were not the latest when their lots came in.
    numbers: FxHashMap<(SecurityId, Date), u32>,
    places: u32,
}

/// A part of a lot, taken out of it, with what the lot knew: the lot itself may be gone.
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    /// Units taken.
    pub quantity: Quantity,
    /// Basis taken.
    pub part: Part,
    /// The purchase they came in with.
    pub purchase: PurchaseId,
    /// Start of their holding period.
    pub held_from: Date,
    /// Whether they have served as a replacement.
    pub used: bool,
    /// The list of their movements, where they are recorded.
    pub trail: Handle,
    /// For a gift worth less than the donor's basis: the basis for a loss, and the day of the gift.
    pub gift: Option<(Part, Date)>,
}

/// A purchase about to be entered.
#[derive(Clone, Debug)]
pub struct Acquisition {
    /// The row.
    pub trade: TradeId,
    /// Where it goes.
    pub account: AccountId,
    /// What it is.
    pub security: SecurityId,
    /// The day really acquired.
    pub acquired: Date,
    /// The day the holding period counts from.
    pub held_from: Date,
    /// Units.
    pub quantity: Quantity,
    /// Basis.
    pub basis: Part,
    /// Fills of one order share this number.
    pub order: u32,
    /// Whether it can replace what was sold at a loss.
    pub purchased: bool,
}

impl Ledger {
    /// An empty ledger for a currency with `places` decimals, which records where basis comes from if `trail`.
    pub fn new(places: u32, trail: bool) -> Self {
        Self {
            places,
            trail: Recorder::new(trail),
            ..Self::default()
        }
    }

    /// Decimals of the currency.
    pub fn places(&self) -> u32 {
        self.places
    }

    /// An exact amount with the figure it prints as.
    pub fn part(&self, amount: Money) -> Result<Part, OutOfRange> {
        Ok(Part {
            amount,
            printed: amount.to_minor(self.places)?,
        })
    }

    /// The lot.
    pub fn lot(&self, id: LotId) -> &Lot {
        &self.slots.lots[id.0 as usize]
    }

    /// The lot, to change.
    pub fn lot_mut(&mut self, id: LotId) -> &mut Lot {
        &mut self.slots.lots[id.0 as usize]
    }

    /// The purchase.
    pub fn purchase(&self, id: PurchaseId) -> &Purchase {
        &self.purchases[id.0 as usize]
    }

    /// The purchase that the units of a lot came in with.
    pub fn purchase_of(&self, lot: LotId) -> &Purchase {
        self.purchase(self.lot(lot).purchase)
    }

    /// The name of a purchase's lots.
    pub fn name(&self, id: PurchaseId) -> LotName {
        let purchase = self.purchase(id);
        LotName {
            security: purchase.security,
            date: purchase.acquired,
            number: purchase.number,
            opened_by: purchase.opened_by,
        }
    }

    /// Units held in a holding.
    pub fn held(&self, holding: Holding) -> Quantity {
        self.books
            .get(&holding)
            .map_or(Quantity::ZERO, |book| book.held)
    }

    /// The next number among the lots of a security and day.
    pub fn next_number(&mut self, security: SecurityId, date: Date) -> u32 {
        let latest = self.latest.entry(security).or_insert((date, 0));
        if latest.0 < date {
            self.numbers.insert((security, latest.0), latest.1);
            *latest = (date, 0);
        }
        let number = if latest.0 == date {
            &mut latest.1
        } else {
            self.numbers.entry((security, date)).or_insert(0)
        };
        *number += 1;
        *number
    }

    /// Enters a purchase as one lot.
    pub fn acquire(
        &mut self,
        new: &Acquisition,
        method: &'static Method,
    ) -> Result<LotId, OutOfRange> {
        let number = self.next_number(new.security, new.acquired);
        let purchase = PurchaseId(self.purchases.len() as u32);
        self.purchases.push(Purchase {
            acquired: new.acquired,
            sequence: purchase.0,
            order: new.order,
            security: new.security,
            number,
            opened_by: new.trade,
            purchased: new.purchased,
            inherited: false,
            basis_unknown: false,
            lots: Vec::new(),
        });
        let lot = Lot {
            purchase,
            account: new.account,
            security: new.security,
            held_from: new.held_from,
            used: false,
            queued: 0,
            acquired: new.acquired,
            sequence: purchase.0,
            trail: self.opened(purchase, new),
            gift: None,
            parcel: Parcel::from_part(new.quantity, new.basis, self.places),
        };
        self.place(lot, method)
    }

    fn opened(&mut self, purchase: PurchaseId, new: &Acquisition) -> Handle {
        let lot = self.name(purchase);
        let whole = new.quantity;
        self.trail
            .open(Cause::Opened { lot, whole }, whole, new.basis.amount)
    }

    /// Puts a lot into the book of its holding; units of the same purchase, start and use join what is there.
    pub fn place(&mut self, mut lot: Lot, method: &'static Method) -> Result<LotId, OutOfRange> {
        let holding = (lot.account, lot.security);
        let quantity = lot.parcel.left();
        let places = self.places;
        let book = self
            .books
            .entry(holding)
            .or_insert_with(|| Book::new(method));
        book.held = book.held.plus(quantity)?;
        book.flow.0 = book.flow.0.plus(quantity)?;
        if method.basis == BasisOf::Average {
            let carried = Part {
                amount: lot.parcel.amount_left()?,
                printed: lot.parcel.printed(),
            };
            lot.parcel = Parcel::from_part(
                quantity,
                Part {
                    amount: Money::ZERO,
                    printed: 0,
                },
                places,
            );
            match &mut book.pool {
                Some(pool) => pool.join(quantity, carried)?,
                None => book.pool = Some(Parcel::from_part(quantity, carried, places)),
            }
        }
        self.enqueue(lot)
    }

    /// Units of the same purchase, account, start and use are one lot: otherwise wash sales would shatter every purchase.
    fn enqueue(&mut self, lot: Lot) -> Result<LotId, OutOfRange> {
        let twin = self.purchases[lot.purchase.0 as usize]
            .lots
            .iter()
            .copied()
            .find(|id| {
                let other = &self.slots.lots[id.0 as usize];
                other.account == lot.account
                    && other.security == lot.security
                    && other.held_from == lot.held_from
                    && other.used == lot.used
                    && other.gift.is_none()
                    && lot.gift.is_none()
            });
        if let Some(twin) = twin {
            let part = Part {
                amount: lot.parcel.amount_left()?,
                printed: lot.parcel.printed(),
            };
            let units = lot.parcel.left();
            self.trail
                .join(self.slots.lots[twin.0 as usize].trail, lot.trail)?;
            return self.change(twin, |other| other.parcel.join(units, part));
        }
        Ok(self.add(lot))
    }

    /// Adds a lot to its purchase and its book.
    fn add(&mut self, lot: Lot) -> LotId {
        let (holding, purchase) = ((lot.account, lot.security), lot.purchase);
        let (acquired, sequence) = (lot.acquired, lot.sequence);
        let id = self.slots.add(lot);
        self.purchases[purchase.0 as usize].lots.push(id);
        if let Some(book) = self.books.get_mut(&holding) {
            book.queue.push(book.method, &mut self.slots, id);
            book.enlist((acquired, sequence, id), &self.slots.lots);
        }
        id
    }

    /// Changes a lot. Where the method ranks by basis it gets a new slot, since its place in the queue changes with it.
    pub fn change(
        &mut self,
        id: LotId,
        change: impl FnOnce(&mut Lot) -> Result<(), OutOfRange>,
    ) -> Result<LotId, OutOfRange> {
        let lot = &mut self.slots.lots[id.0 as usize];
        let holding = (lot.account, lot.security);
        if !self
            .books
            .get(&holding)
            .is_some_and(|book| book.method.ranks_by_basis)
        {
            change(lot)?;
            return Ok(id);
        }
        let mut changed = Lot {
            queued: 0,
            ..lot.clone()
        };
        lot.parcel.clear();
        let purchase = lot.purchase;
        self.purchases[purchase.0 as usize]
            .lots
            .retain(|other| *other != id);
        self.slots.release(id);
        change(&mut changed)?;
        Ok(self.add(changed))
    }

    /// Turns `quantity` units of a lot into a lot of their own (or joins a twin) that has served as a replacement:
    /// another start of its holding period, and a deferred loss in its basis.
    pub fn mark_used(
        &mut self,
        id: LotId,
        quantity: Quantity,
        held_from: Date,
        deferred: Part,
    ) -> Result<LotId, OutOfRange> {
        let slice = self.cut(id, quantity)?;
        let lot = self.lot(id);
        let (account, security, acquired, sequence) =
            (lot.account, lot.security, lot.acquired, lot.sequence);
        let mut parcel = Parcel::from_part(quantity, slice.part, self.places);
        if let Some(pool) = self
            .books
            .get_mut(&(account, security))
            .and_then(|book| book.pool.as_mut())
        {
            pool.adjust(deferred)?;
        } else {
            parcel.adjust(deferred)?;
        }
        let used = Lot {
            purchase: slice.purchase,
            account,
            security,
            held_from,
            used: true,
            queued: 0,
            acquired,
            sequence,
            trail: slice.trail,
            gift: None,
            parcel,
        };
        self.enqueue(used)
    }

    /// The lot of a holding that leaves next.
    pub fn next(&mut self, holding: Holding) -> Option<LotId> {
        let book = self.books.get_mut(&holding)?;
        book.queue.first(book.method, &mut self.slots)
    }

    /// Takes up to `wanted` units out of a lot, with their basis (under an average method none: the pool has it).
    pub fn take(&mut self, id: LotId, wanted: Quantity) -> Result<Slice, OutOfRange> {
        let lot = self.lot(id);
        let holding = (lot.account, lot.security);
        let slice = self.cut(id, wanted)?;
        if let Some(book) = self.books.get_mut(&holding) {
            book.held = book.held.minus(slice.quantity)?;
            book.flow.1 = book.flow.1.plus(slice.quantity)?;
        }
        Ok(slice)
    }

    /// Cuts units out of a lot; the holding's total stays. A lot that is used up gives its slot back.
    fn cut(&mut self, id: LotId, wanted: Quantity) -> Result<Slice, OutOfRange> {
        let lot = &mut self.slots.lots[id.0 as usize];
        let whole = lot.parcel.left();
        let quantity = wanted.min(whole);
        let trail = self.trail.cut(lot.trail, quantity, whole)?;
        let part = lot.parcel.take(quantity)?;
        let gift = match &mut lot.gift {
            Some(gift) => Some((gift.value.take(quantity)?, gift.given)),
            None => None,
        };
        let slice = Slice {
            quantity,
            part,
            purchase: lot.purchase,
            held_from: lot.held_from,
            used: lot.used,
            trail,
            gift,
        };
        if lot.parcel.left().is_zero() {
            lot.gift = None;
            self.purchases[slice.purchase.0 as usize]
                .lots
                .retain(|other| *other != id);
            self.slots.release(id);
        }
        Ok(slice)
    }

    /// Spreads the pool's share of `slices` over them: their sum is the pool's, each slice gets its part of it.
    pub fn take_from_pool(
        &mut self,
        holding: Holding,
        slices: &mut [Slice],
    ) -> Result<(), OutOfRange> {
        let Some(pool) = self
            .books
            .get_mut(&holding)
            .and_then(|book| book.pool.as_mut())
        else {
            return Ok(());
        };
        let mut total = Quantity::ZERO;
        for slice in slices.iter() {
            total = total.plus(slice.quantity)?;
        }
        let before = (pool.left(), pool.amount_left()?);
        let taken = pool.take(total)?;
        let mut spread = Parcel::from_part(total, taken, self.places);
        for slice in slices {
            slice.part = spread.take(slice.quantity)?;
            let own = (slice.quantity, slice.part.amount);
            self.trail.average(slice.trail, own, before, &AVERAGE_BASIS);
        }
        Ok(())
    }

    /// Adds to (or takes from) the basis of a lot, or of the pool it is in; the lot may move to another slot.
    pub fn adjust(&mut self, id: LotId, part: Part) -> Result<LotId, OutOfRange> {
        let lot = self.lot(id);
        let holding = (lot.account, lot.security);
        let (trail, units) = (lot.trail, lot.parcel.left());
        self.trail.add(trail, Cause::Adjusted, units, part.amount);
        if let Some(pool) = self
            .books
            .get_mut(&holding)
            .and_then(|book| book.pool.as_mut())
        {
            pool.adjust(part)?;
            return Ok(id);
        }
        self.change(id, |lot| lot.parcel.adjust(part))
    }

    /// Exact basis of a lot: its own, or its units' share of the pool.
    pub fn basis_of(&self, id: LotId) -> Result<Money, OutOfRange> {
        let lot = self.lot(id);
        match self
            .books
            .get(&(lot.account, lot.security))
            .and_then(|book| book.pool.as_ref())
        {
            Some(pool) => pool.amount_left()?.share(lot.parcel.left(), pool.left()),
            None => lot.parcel.amount_left(),
        }
    }

    /// The same with the figure it prints as.
    pub fn basis_part(&self, id: LotId) -> Result<Part, OutOfRange> {
        let lot = self.lot(id);
        match self
            .books
            .get(&(lot.account, lot.security))
            .and_then(|book| book.pool.as_ref())
        {
            Some(_) => self.part(self.basis_of(id)?),
            None => Ok(Part {
                amount: lot.parcel.amount_left()?,
                printed: lot.parcel.printed(),
            }),
        }
    }

    /// Starts the holding period of `quantity` units of a lot again.
    pub fn restart(&mut self, id: LotId, quantity: Quantity, day: Date) -> Result<(), OutOfRange> {
        let lot = self.lot(id).clone();
        let slice = self.cut(id, quantity)?;
        let parcel = Parcel::from_part(quantity, slice.part, self.places);
        let gift = slice.gift.map(|(value, given)| {
            Box::new(Gift {
                value: Parcel::from_part(quantity, value, self.places),
                given,
            })
        });
        self.trail.add_under(
            slice.trail,
            &HOLDING_RESTART,
            (Cause::Restarted { day }, quantity, Money::ZERO),
        );
        self.enqueue(Lot {
            held_from: day,
            queued: 0,
            trail: slice.trail,
            gift,
            parcel,
            ..lot
        })?;
        Ok(())
    }

    /// Sets the units of a holding after all its lots were rescaled.
    pub fn set_held(&mut self, holding: Holding, held: Quantity) -> Result<(), OutOfRange> {
        if let Some(book) = self.books.get_mut(&holding) {
            let more = held.minus(book.held)?;
            if more.is_negative() {
                book.flow.1 = book.flow.1.minus(more)?;
            } else {
                book.flow.0 = book.flow.0.plus(more)?;
            }
            book.held = held;
            if let Some(pool) = &mut book.pool {
                pool.rescale(held)?;
            }
        }
        Ok(())
    }

    /// The lots of a holding that have units, in order of acquisition.
    pub fn lots_of(&self, holding: Holding) -> Vec<LotId> {
        let members = self
            .books
            .get(&holding)
            .map_or(&[][..], |book| &book.members);
        self.alive(holding, members)
    }

    /// The lots of a holding acquired on one day.
    pub fn lots_of_day(&self, holding: Holding, day: Date) -> Vec<LotId> {
        let members = self
            .books
            .get(&holding)
            .map_or(&[][..], |book| &book.members);
        let start = members.partition_point(|(acquired, _, _)| *acquired < day);
        let end = members.partition_point(|(acquired, _, _)| *acquired <= day);
        self.alive(holding, members.get(start..end).unwrap_or_default())
    }

    fn alive(&self, holding: Holding, members: &[Member]) -> Vec<LotId> {
        let units = members.iter().filter(|(acquired, sequence, id)| {
            let lot = self.lot(*id);
            (lot.account, lot.security) == holding
                && (lot.acquired, lot.sequence) == (*acquired, *sequence)
                && !lot.parcel.left().is_zero()
        });
        let mut found: Vec<LotId> = units.map(|(_, _, id)| *id).collect();
        let key = |id: &LotId| {
            let lot = self.lot(*id);
            (lot.acquired, lot.sequence, lot.held_from, !lot.used, *id)
        };
        // A slot may have been given back and used again for the same holding: it then stands here twice.
        if !found.is_sorted_by_key(key) {
            found.sort_unstable_by_key(key);
        }
        found.dedup();
        found
    }

    /// The accounts that hold a security, in their order.
    pub fn holders(&self, security: SecurityId) -> Vec<AccountId> {
        let mut accounts: Vec<AccountId> = self
            .books
            .iter()
            .filter(|((_, held), book)| *held == security && !book.held.is_zero())
            .map(|((account, _), _)| *account)
            .collect();
        accounts.sort_unstable();
        accounts
    }
}

impl Book {
    fn new(method: &'static Method) -> Self {
        Self {
            method,
            queue: Queue::default(),
            held: Quantity::ZERO,
            pool: None,
            flow: (Quantity::ZERO, Quantity::ZERO),
            members: Vec::new(),
        }
    }

    fn enlist(&mut self, member: Member, lots: &[Lot]) {
        if self.members.len() == self.members.capacity() {
            // Before growing, forget what is used up: the list stays in proportion to what is held.
            self.members
                .retain(|(_, _, id)| !lots[id.0 as usize].parcel.left().is_zero());
        }
        match self.members.last() {
            Some(last) if *last == member => {}
            Some(last) if *last > member => {
                let place = self.members.partition_point(|other| *other < member);
                if self.members.get(place) != Some(&member) {
                    self.members.insert(place, member);
                }
            }
            _ => self.members.push(member),
        }
    }
}
