//! The state of one fold: purchases, the lots their units form, and the book of each holding.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::trail::{Handle, Recorder};
use crate::answer::LotName;
use crate::answer::trail::Cause;
use crate::date::Date;
use crate::holding::queue::{Entry, Queue, Slots, order_of_lots};
use crate::lot::{Gift, Lot, LotId, Piece, Pieces, Purchase, PurchaseId};
use crate::method::{BasisOf, Method};
use crate::money::{Money, OutOfRange, Quantity};
use crate::parcel::{Parcel, Part};
use crate::rule::us::{AVERAGE_BASIS, HOLDING_RESTART};
use crate::trade::{AccountId, SecurityId, TradeId};

/// An account's holding of one security.
pub type Holding = (AccountId, SecurityId);

/// What is held in one holding: lots in the method's order, and the shared basis where the method averages.
#[derive(Debug)]
pub struct Book {
    /// Whose units of what.
    pub holding: Holding,
    /// The lot method of the account.
    pub method: &'static Method,
    /// Purchases, or lots where the method ranks by basis, first to leave first.
    queue: Queue,
    /// Units in all.
    pub held: Quantity,
    /// The shared basis under an average method; the lots then carry none of their own.
    pub pool: Option<Parcel>,
    /// Units that ever came in, and that ever left.
    pub flow: (Quantity, Quantity),
    /// The purchases in order of acquisition; some may be used up since.
    members: Vec<Member>,
}

/// Books that are looked through one by one.
const A_HANDFUL: usize = 6;

/// A purchase's place in the order of acquisition.
type Member = (Date, PurchaseId);

/// Everything held by the accounts of one fold.
#[derive(Debug, Default)]
pub struct Ledger {
    pub purchases: Vec<Purchase>,
    pub slots: Slots,
    pub books: Vec<Book>,
    book_of: FxHashMap<Holding, u32>,
    /// The books of each security.
    books_of: FxHashMap<SecurityId, SmallVec<[u32; 4]>>,
    /// Where basis came from, if asked for.
    pub trail: Recorder,
    /// The latest day on which a lot of a security was numbered, and its number.
    latest: FxHashMap<SecurityId, (Date, u32)>,
    /// Whether lots may come in that were acquired before today, so that earlier days' numbers must be remembered.
    looks_back: bool,
    /// Lists of lots that purchases used up have left behind.
    spare: Vec<Pieces>,
    /// Numbers of days that are not the latest any more.
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

/// Pieces of one purchase from which on those alike in start and use are one, with one basis. Where every loss is replaced
/// by several purchases, which are sold at a loss and replaced in turn, pieces would else multiply with the length of the
/// history: five times as many rows for a hundred thousand trades. No total of a purchase changes.
const APART: usize = 12;

impl Ledger {
    /// An empty ledger for a currency with `places` decimals; `looks_back` where lots may keep earlier dates,
    /// `trail` to record where basis comes from.
    pub fn new(places: u32, looks_back: bool, trail: bool) -> Self {
        Self {
            places,
            looks_back,
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
        self.purchase(id).name()
    }

    /// Units of one purchase in a holding.
    pub fn units_of(&self, purchase: PurchaseId, holding: Holding) -> Result<Quantity, OutOfRange> {
        let Some(book) = self.place_of(holding) else {
            return Ok(Quantity::ZERO);
        };
        let mut lots = self.lots_in(purchase, book);
        lots.try_fold(Quantity::ZERO, |sum, lot| {
            sum.plus(self.lot(lot).parcel.left())
        })
    }

    /// Units that moved from one holding to another neither left nor came.
    pub fn uncount(
        &mut self,
        from: Holding,
        to: Holding,
        units: Quantity,
    ) -> Result<(), OutOfRange> {
        if let Some(book) = self.book_mut(from) {
            book.flow.1 = book.flow.1.minus(units)?;
        }
        if let Some(book) = self.book_mut(to) {
            book.flow.0 = book.flow.0.minus(units)?;
        }
        Ok(())
    }

    /// What an account holds.
    pub fn held_in(&self, account: AccountId) -> Vec<SecurityId> {
        let books = self.books.iter();
        let own = books.filter(|book| book.holding.0 == account && !book.held.is_zero());
        own.map(|book| book.holding.1).collect()
    }

    /// Units held in a holding.
    pub fn held(&self, holding: Holding) -> Quantity {
        self.book(holding).map_or(Quantity::ZERO, |book| book.held)
    }

    /// The book of a holding, if it ever held anything.
    pub fn book(&self, holding: Holding) -> Option<&Book> {
        self.books.get(self.place_of(holding)? as usize)
    }

    fn book_mut(&mut self, holding: Holding) -> Option<&mut Book> {
        let id = self.place_of(holding)?;
        self.books.get_mut(id as usize)
    }

    /// The position of a holding's book. Most folds have a handful, which are looked through sooner than hashed.
    #[inline]
    fn place_of(&self, holding: Holding) -> Option<u32> {
        if self.books.len() > A_HANDFUL {
            return self.book_of.get(&holding).copied();
        }
        let mut books = self.books.iter().zip(0..);
        books.find_map(|(book, place)| (book.holding == holding).then_some(place))
    }

    fn open_book(&mut self, holding: Holding, method: &'static Method) -> u32 {
        if let Some(known) = self.place_of(holding) {
            return known;
        }
        let id = self.books.len() as u32;
        self.book_of.insert(holding, id);
        self.books_of.entry(holding.1).or_default().push(id);
        self.books.push(Book::new(holding, method));
        id
    }

    /// The next number among the lots of a security and day.
    pub fn next_number(&mut self, security: SecurityId, date: Date) -> u32 {
        let latest = self.latest.entry(security).or_insert((date, 0));
        if latest.0 < date {
            if self.looks_back {
                self.numbers.insert((security, latest.0), latest.1);
            }
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
            pieces: SmallVec::new(),
            unused: 0,
        });
        let lot = Lot {
            purchase,
            book: 0,
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

    /// An acquisition goes on as one of another security, in its place by date, under a name of its own.
    pub fn continued(
        &mut self,
        purchase: PurchaseId,
        security: SecurityId,
        opened_by: TradeId,
    ) -> PurchaseId {
        let before = &self.purchases[purchase.0 as usize];
        let after = Purchase {
            security,
            number: 0,
            opened_by,
            pieces: SmallVec::new(),
            unused: 0,
            ..before.clone()
        };
        let number = self.next_number(security, after.acquired);
        let id = PurchaseId(self.purchases.len() as u32);
        self.purchases.push(Purchase { number, ..after });
        id
    }

    fn opened(&mut self, purchase: PurchaseId, new: &Acquisition) -> Handle {
        let lot = self.name(purchase);
        let whole = new.quantity;
        self.trail
            .open(Cause::Opened { lot, whole }, whole, new.basis.amount)
    }

    /// Puts a lot into the book of its holding; units that are alike in all join what is there.
    pub fn place(&mut self, mut lot: Lot, method: &'static Method) -> Result<LotId, OutOfRange> {
        let quantity = lot.parcel.left();
        let places = self.places;
        let id = self.open_book((lot.account, lot.security), method);
        lot.book = id;
        let known = self.lots_in(lot.purchase, id).next().is_some();
        let book = &mut self.books[id as usize];
        book.held = book.held.plus(quantity)?;
        book.flow.0 = book.flow.0.plus(quantity)?;
        if book.method.basis == BasisOf::Average {
            let carried = Part {
                amount: lot.parcel.amount_left()?,
                printed: lot.parcel.printed(),
            };
            lot.parcel = Parcel::from_part(quantity, Part::ZERO, places);
            match &mut book.pool {
                Some(pool) => pool.join(quantity, carried)?,
                None => book.pool = Some(Parcel::from_part(quantity, carried, places)),
            }
        }
        if !known {
            self.list_purchase(&lot);
        }
        self.enqueue(lot)
    }

    /// Gives a purchase its place in a book: among its members, and in the queue where the method goes by acquisition.
    fn list_purchase(&mut self, lot: &Lot) {
        let (purchases, book) = (&self.purchases, &mut self.books[lot.book as usize]);
        if !book.method.ranks_by_basis {
            let entry = Entry {
                rank: (book.method.rank)(lot),
                item: lot.purchase.0,
            };
            book.queue
                .push(entry, &|a, b| (a.rank, a.item).cmp(&(b.rank, b.item)));
        }
        if book.members.len() == book.members.capacity() {
            // Before growing, forget what is used up: the list stays in proportion to what is held.
            book.members
                .retain(|(_, purchase)| !purchases[purchase.0 as usize].pieces.is_empty());
        }
        let member = (lot.acquired, lot.purchase);
        match book.members.last() {
            Some(last) if *last > member => {
                let place = book.members.partition_point(|other| *other < member);
                book.members.insert(place, member);
            }
            _ => book.members.push(member),
        }
    }

    /// The lots that a purchase's units form in one book, in the order in which they leave.
    fn lots_in(&self, purchase: PurchaseId, book: u32) -> impl Iterator<Item = LotId> {
        let lots = self.purchase(purchase).lots();
        lots.filter(move |id| self.lot(*id).book == book)
    }

    /// Units of the same purchase and account that are alike in start, use and basis per unit are one lot.
    fn enqueue(&mut self, lot: Lot) -> Result<LotId, OutOfRange> {
        let like = (lot.held_from, lot.used);
        let (part, units) = (lot.parcel.whole()?, lot.parcel.left());
        let found = match lot.gift {
            None => self.twin(lot.purchase, lot.book, like, (part.amount, units)),
            Some(_) => Err(self.purchase(lot.purchase).place_of(like.0, like.1)),
        };
        match found {
            Ok(twin) => {
                self.trail
                    .join(self.slots.lots[twin.0 as usize].trail, lot.trail)?;
                self.change(twin, |other| other.parcel.join(units, part))
            }
            Err(place) => Ok(self.add(lot, place)),
        }
    }

    /// Adds a lot to its purchase, at its place there, and to its book's queue where the method ranks by basis.
    fn add(&mut self, lot: Lot, place: usize) -> LotId {
        let (book, purchase) = (lot.book as usize, lot.purchase.0 as usize);
        let (held_from, used) = (lot.held_from, lot.used);
        let id = self.slots.add(lot);
        let piece = Piece::new(held_from, used, id);
        self.purchases[purchase].list(place, piece, &mut self.spare);
        let method = self.books[book].method;
        if method.ranks_by_basis {
            let lot = self.lot_mut(id);
            lot.queued += 1;
            let entry = Entry {
                rank: (method.rank)(lot),
                item: id.0,
            };
            let lots = &self.slots.lots;
            self.books[book]
                .queue
                .push(entry, &|a, b| order_of_lots(method, lots, a, b));
        }
        id
    }

    /// Says of a lot whether its units have served as a replacement.
    pub fn set_used(&mut self, id: LotId, used: bool) {
        let lot = &mut self.slots.lots[id.0 as usize];
        lot.used = used;
        let purchase = &mut self.purchases[lot.purchase.0 as usize];
        purchase.unlist(id);
        let held_from = lot.held_from;
        let piece = Piece::new(held_from, used, id);
        purchase.list(purchase.place_of(held_from, used), piece, &mut self.spare);
    }

    /// Changes a lot. Where the method ranks by basis it gets a new slot, since its place in the queue changes with it.
    pub fn change(
        &mut self,
        id: LotId,
        change: impl FnOnce(&mut Lot) -> Result<(), OutOfRange>,
    ) -> Result<LotId, OutOfRange> {
        let lot = &mut self.slots.lots[id.0 as usize];
        if !self.books[lot.book as usize].method.ranks_by_basis {
            change(lot)?;
            return Ok(id);
        }
        let mut changed = Lot {
            queued: 0,
            ..lot.clone()
        };
        lot.parcel.clear();
        let purchase = lot.purchase;
        self.purchases[purchase.0 as usize].unlist(id);
        self.slots.release(id);
        change(&mut changed)?;
        let place = self
            .purchase(purchase)
            .place_of(changed.held_from, changed.used);
        Ok(self.add(changed, place))
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
        let lot = &mut self.slots.lots[id.0 as usize];
        let (book, purchase, whole) = (lot.book, lot.purchase, lot.parcel.left());
        let trail = self.trail.cut(lot.trail, quantity, whole)?;
        let mut part = lot.parcel.take(quantity)?;
        match &mut self.books[book as usize].pool {
            Some(pool) => pool.adjust(deferred)?,
            None => {
                part.amount = part.amount.plus(deferred.amount)?;
                part.printed = part.printed.saturating_add(deferred.printed);
            }
        }
        let own = (part.amount, quantity);
        let used = match self.twin(purchase, book, (held_from, true), own) {
            Ok(twin) => {
                self.trail
                    .join(self.slots.lots[twin.0 as usize].trail, trail)?;
                self.change(twin, |other| other.parcel.join(quantity, part))?
            }
            Err(place) => {
                let own = Lot {
                    held_from,
                    used: true,
                    queued: 0,
                    trail,
                    gift: None,
                    parcel: Parcel::from_part(quantity, part, self.places),
                    ..*self.lot(id)
                };
                self.add(own, place)
            }
        };
        if quantity == whole {
            self.lot_mut(id).gift = None;
            self.purchases[purchase.0 as usize].unlist(id);
            self.slots.release(id);
        }
        Ok(used)
    }

    /// The lot that units of a purchase with this start, use and basis would join in a book; else the place for one. Each
    /// replacement carries the loss of its own (26 USC 1091(d)), so that only the last piece cut off is looked at; it takes
    /// in whatever comes once the purchase is in [`APART`].
    #[inline]
    fn twin(
        &self,
        purchase: PurchaseId,
        book: u32,
        (held_from, used): (Date, bool),
        (amount, units): (Money, Quantity),
    ) -> Result<LotId, usize> {
        let (place, like) = self.purchase(purchase).like(held_from, used);
        let mut like = like.filter(|id| self.lot(*id).book == book);
        let Some(last) = like.next() else {
            return Err(place);
        };
        let last_lot = self.lot(last);
        let (basis, whole) = last_lot.parcel.per_unit();
        let is_alike = || basis.is_same_per_unit(whole, amount, units);
        let many = self.purchase(purchase).count() >= APART;
        if last_lot.gift.is_none() && (many || is_alike()) {
            Ok(last)
        } else {
            Err(place)
        }
    }

    /// The lot of a holding that leaves next.
    pub fn next(&mut self, holding: Holding) -> Option<LotId> {
        let id = self.place_of(holding)?;
        let (slots, purchases, book) = (
            &mut self.slots,
            &self.purchases,
            &mut self.books[id as usize],
        );
        if book.method.ranks_by_basis {
            let (method, mut gone) = (book.method, SmallVec::<[u32; 8]>::new());
            let lots = &slots.lots;
            let first = book.queue.first(
                &|a, b| order_of_lots(method, lots, a, b),
                &|lot| lots[lot as usize].parcel.left().is_zero(),
                &mut |lot| gone.push(lot),
            );
            for lot in gone {
                slots.lots[lot as usize].queued -= 1;
                slots.release(LotId(lot));
            }
            return first.map(LotId);
        }
        let in_book = |purchase: u32| {
            let mut lots = purchases[purchase as usize].lots();
            lots.find(|lot| slots.lots[lot.0 as usize].book == id)
        };
        let first = book.queue.first(
            &|a, b| (a.rank, a.item).cmp(&(b.rank, b.item)),
            &|purchase| in_book(purchase).is_none(),
            &mut |_| (),
        );
        first.and_then(in_book)
    }

    /// Takes `wanted` units, or what there is, out of a holding in its method's order.
    pub fn take_in_order(
        &mut self,
        holding: Holding,
        mut wanted: Quantity,
        slices: &mut Vec<Slice>,
    ) -> Result<(), OutOfRange> {
        while !wanted.is_zero() {
            let Some(next) = self.next(holding) else {
                break;
            };
            let lot = self.lot(next);
            let (book, purchase) = (lot.book, lot.purchase);
            let before = wanted;
            if self.books[book as usize].method.ranks_by_basis {
                let slice = self.cut(next, wanted)?;
                wanted = wanted.minus(slice.quantity)?;
                slices.push(slice);
            } else {
                wanted = self.cut_purchase(purchase, book, wanted, slices)?;
            }
            let taken = before.minus(wanted)?;
            let book = &mut self.books[book as usize];
            book.held = book.held.minus(taken)?;
            book.flow.1 = book.flow.1.plus(taken)?;
        }
        Ok(())
    }

    /// Cuts up to `wanted` units out of the lots of a purchase in one book, in their order; gives how many are still
    /// wanted.
    fn cut_purchase(
        &mut self,
        purchase: PurchaseId,
        book: u32,
        mut wanted: Quantity,
        slices: &mut Vec<Slice>,
    ) -> Result<Quantity, OutOfRange> {
        let index = purchase.0 as usize;
        let (mut seen, mut kept, mut unused) = (0, 0, 0);
        let mut failed = Ok(());
        while let Some(piece) = self.purchases[index].pieces.get(seen).copied()
            && !wanted.is_zero()
        {
            let stays = match self.cut_piece(piece.lot, book, wanted, slices) {
                Ok(cut) => {
                    // At most what was wanted.
                    wanted = wanted.minus(cut).unwrap_or(Quantity::ZERO);
                    !self.lot(piece.lot).parcel.left().is_zero()
                }
                Err(error) => {
                    failed = Err(error);
                    break;
                }
            };
            if stays {
                self.purchases[index].pieces[kept] = piece;
                kept += 1;
            } else {
                unused += u32::from(!piece.used());
                self.slots.release(piece.lot);
            }
            seen += 1;
        }
        let bought = &mut self.purchases[index];
        bought.unused -= unused;
        if seen < bought.pieces.len() {
            bought.pieces.drain(kept..seen);
        } else {
            bought.pieces.truncate(kept);
        }
        if kept == 0 && bought.pieces.is_empty() && bought.pieces.spilled() {
            self.spare.push(std::mem::take(&mut bought.pieces));
        }
        failed.map(|()| wanted)
    }

    /// Cuts up to `wanted` units out of a lot if it is in this book; gives how many.
    fn cut_piece(
        &mut self,
        id: LotId,
        book: u32,
        wanted: Quantity,
        slices: &mut Vec<Slice>,
    ) -> Result<Quantity, OutOfRange> {
        if self.lot(id).book != book {
            return Ok(Quantity::ZERO);
        }
        let slice = self.cut_lot(id, wanted)?;
        slices.push(slice);
        Ok(slice.quantity)
    }

    /// Takes up to `wanted` units out of a lot, with their basis (under an average method none: the pool has it).
    pub fn take(&mut self, id: LotId, wanted: Quantity) -> Result<Slice, OutOfRange> {
        let book = self.lot(id).book as usize;
        let slice = self.cut(id, wanted)?;
        let book = &mut self.books[book];
        book.held = book.held.minus(slice.quantity)?;
        book.flow.1 = book.flow.1.plus(slice.quantity)?;
        Ok(slice)
    }

    /// Takes up to `wanted` units of some lots, in the order given.
    ///
    /// # Errors
    /// Quantities out of range.
    pub fn take_of(
        &mut self,
        lots: &[LotId],
        mut wanted: Quantity,
        slices: &mut Vec<Slice>,
    ) -> Result<(), OutOfRange> {
        for lot in lots {
            if wanted.is_zero() {
                break;
            }
            let slice = self.take(*lot, wanted)?;
            wanted = wanted.minus(slice.quantity)?;
            slices.push(slice);
        }
        Ok(())
    }

    /// Cuts units out of a lot; the holding's total stays. A lot that is used up gives its slot back.
    fn cut(&mut self, id: LotId, wanted: Quantity) -> Result<Slice, OutOfRange> {
        let slice = self.cut_lot(id, wanted)?;
        if self.lot(id).parcel.left().is_zero() {
            self.purchases[slice.purchase.0 as usize].unlist(id);
            self.slots.release(id);
        }
        Ok(slice)
    }

    /// The same for a lot that stays on its purchase's list.
    #[inline]
    fn cut_lot(&mut self, id: LotId, wanted: Quantity) -> Result<Slice, OutOfRange> {
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
        }
        Ok(slice)
    }

    /// Spreads the pool's share of `slices` over them: their sum is the pool's, each slice gets its part of it.
    pub fn take_from_pool(
        &mut self,
        holding: Holding,
        slices: &mut [Slice],
    ) -> Result<(), OutOfRange> {
        let Some(pool) = self.book_mut(holding).and_then(|book| book.pool.as_mut()) else {
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

    /// Adds to (or takes from) the basis of a lot, or of the pool it is in; the lot may move to another slot. The basis
    /// that a gift has for a loss changes alike, but not below nothing (26 USC 1016(a)).
    pub fn adjust(&mut self, id: LotId, part: Part) -> Result<LotId, OutOfRange> {
        let mut for_loss = part;
        if let Some(gift) = &self.lot(id).gift {
            let value = gift.value.whole()?;
            if value.amount.plus(part.amount)?.is_negative() {
                for_loss = value.negated();
            }
        }
        self.adjust_both(id, part, for_loss)
    }

    /// The same where the basis that a gift has for a loss changes by an amount of its own.
    pub fn adjust_both(
        &mut self,
        id: LotId,
        part: Part,
        for_loss: Part,
    ) -> Result<LotId, OutOfRange> {
        let change_gift = |lot: &mut Lot| match &mut lot.gift {
            Some(gift) => gift.value.adjust(for_loss),
            None => Ok(()),
        };
        let lot = self.lot(id);
        let (book, trail, units) = (lot.book as usize, lot.trail, lot.parcel.left());
        self.trail.add(trail, Cause::Adjusted, units, part.amount);
        if let Some(pool) = &mut self.books[book].pool {
            pool.adjust(part)?;
            change_gift(self.lot_mut(id))?;
            return Ok(id);
        }
        self.change(id, |lot| {
            change_gift(lot)?;
            lot.parcel.adjust(part)
        })
    }

    /// Exact basis of a lot: its own, or its units' share of the pool.
    pub fn basis_of(&self, id: LotId) -> Result<Money, OutOfRange> {
        let lot = self.lot(id);
        match &self.books[lot.book as usize].pool {
            Some(pool) => pool.amount_left()?.share(lot.parcel.left(), pool.left()),
            None => lot.parcel.amount_left(),
        }
    }

    /// The same as the lot prints it, so that what the pieces of a purchase come to adds up to the cent.
    pub fn printed_basis_of(&self, id: LotId) -> Result<Money, OutOfRange> {
        let lot = self.lot(id);
        match &self.books[lot.book as usize].pool {
            Some(_) => self.basis_of(id),
            None => Ok(Money::from_minor(lot.parcel.printed(), self.places)),
        }
    }

    /// The lots of a holding with their units and basis: each its own, or its units' share of the pool. What changes the
    /// basis of all of them asks once, before the first change: a pool changed for one lot has another share for the next.
    pub fn shares_of(&self, holding: Holding) -> Result<Vec<(LotId, Quantity, Part)>, OutOfRange> {
        let lots = self.lots_of(holding).into_iter();
        let lots = lots.map(|id| (id, &self.lot(id).parcel));
        let Some(pool) = self.book(holding).and_then(|book| book.pool.as_ref()) else {
            let own = |(id, parcel): (LotId, &Parcel)| Ok((id, parcel.left(), parcel.whole()?));
            return lots.map(own).collect();
        };
        let mut spread = Parcel::from_part(pool.left(), pool.whole()?, self.places);
        lots.map(|(id, parcel)| Ok((id, parcel.left(), spread.take(parcel.left())?)))
            .collect()
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
        if let Some(book) = self.book_mut(holding) {
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
        self.place_of(holding).map_or_else(Vec::new, |id| {
            self.alive(id, &self.books[id as usize].members)
        })
    }

    /// The lots of a holding acquired on one day.
    pub fn lots_of_day(&self, holding: Holding, day: Date) -> Vec<LotId> {
        let Some(id) = self.place_of(holding) else {
            return Vec::new();
        };
        let members = &self.books[id as usize].members;
        let start = members.partition_point(|(acquired, _)| *acquired < day);
        let end = members.partition_point(|(acquired, _)| *acquired <= day);
        self.alive(id, members.get(start..end).unwrap_or_default())
    }

    /// The lots of a holding that came in with one purchase.
    pub fn lots_of_purchase(&self, holding: Holding, purchase: PurchaseId) -> Vec<LotId> {
        let book = self.place_of(holding);
        book.map_or_else(Vec::new, |id| self.lots_in(purchase, id).collect())
    }

    /// A purchase that came back to a holding may be listed twice.
    fn alive(&self, book: u32, members: &[Member]) -> Vec<LotId> {
        let mut last = None;
        let mut found = Vec::new();
        for (_, purchase) in members {
            if last.replace(*purchase) != Some(*purchase) {
                found.extend(self.lots_in(*purchase, book));
            }
        }
        found
    }

    /// The accounts that hold a security, in their order.
    pub fn holders(&self, security: SecurityId) -> Vec<AccountId> {
        let books = self.books_of.get(&security).into_iter().flatten();
        let books = books.map(|id| &self.books[*id as usize]);
        let holding = books.filter(|book| !book.held.is_zero());
        let mut accounts: Vec<AccountId> = holding.map(|book| book.holding.0).collect();
        accounts.sort_unstable();
        accounts
    }
}

impl Book {
    fn new(holding: Holding, method: &'static Method) -> Self {
        Self {
            holding,
            method,
            queue: Queue::default(),
            held: Quantity::ZERO,
            pool: None,
            flow: (Quantity::ZERO, Quantity::ZERO),
            members: Vec::new(),
        }
    }
}
