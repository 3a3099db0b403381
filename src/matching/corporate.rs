//! Corporate actions: splits, stock dividends, spin-offs, mergers, renames, returns of capital, basis adjustments.

use rust_decimal::Decimal;

use super::Halt;
use super::acquire::Manner;
use super::fold::Fold;
use super::ledger::{Acquisition, Holding};
use super::splits::{Saying, greatest_common_divisor};
use crate::answer::trail::Cause;
use crate::answer::{Codes, Disposal, Match};
use crate::diagnostic::Problem;
use crate::jurisdiction::Boot;
use crate::lot::{Gift, Lot, LotId};
use crate::money::{Money, Quantity};
use crate::parcel::{Parcel, Part};
use crate::trade::{AccountId, Class, History, SecurityId, Trade, TradeId};

/// Largest side of a ratio that is accepted when only the change of units is given.
const SMALL: i128 = 100;

impl Fold<'_> {
    /// Units times ratio, basis and dates unchanged (26 USC 305(a), 307(a), 1223(4)); cash for a fraction sells it.
    pub(super) fn split(&mut self, id: TradeId) -> Result<(), Halt> {
        let trade = self.trade(id);
        let (new, old) = match trade.rest().rarest().ratio {
            Some((new, old)) => (Quantity::new(new)?, Quantity::new(old)?),
            None => self.ratio_from_change(trade)?,
        };
        if new.is_zero() || old.is_zero() {
            return Err(Problem::at(trade.source, "a split ratio needs two positive sides").into());
        }
        self.warn_nothing_held(trade);
        self.warn_other_quantity(trade, (new, old))?;
        let accounts = self.affected(trade);
        for account in &accounts {
            self.rescale((*account, trade.security), new, old)?;
        }
        self.rescale_shorts(trade, new, old)?;
        self.restate(trade, new, old)?;
        self.cash_after_split(id, &accounts)
    }

    /// Restates what hangs on a security and on no account: losses that wait for a replacement, and the terms of
    /// options. Where a split is given for each account, the rows of one account do it; those of the others of that day,
    /// or of the days after by the same ratio, say the same again.
    fn restate(&mut self, trade: &Trade, new: Quantity, old: Quantity) -> Result<(), Halt> {
        if trade.account_given {
            let (ratio, account) = ((new, old), trade.account);
            let saying = self
                .splits
                .say(trade.security, ratio, self.today, Some(account));
            if saying == Saying::Later {
                return Ok(());
            }
            let said = (self.today, trade.account);
            let last = self.restated.entry(trade.security).or_insert(said);
            if last.0 < self.today {
                *last = said;
            }
            if *last != said {
                return Ok(());
            }
        }
        self.adjust_options(trade.security, trade.security, (new, old))?;
        self.rescale_claims(trade.security, new, old)?;
        self.rescale_short_claims(trade.security, new, old)
    }

    /// The ratio that a change of units means: `100` on a holding of 50 is 3:1.
    fn ratio_from_change(&self, trade: &Trade) -> Result<(Quantity, Quantity), Halt> {
        let Some(change) = trade.quantity() else {
            return Err(Problem::at(trade.source, "a split needs a `ratio`, such as 4:1").into());
        };
        let change = signed_quantity(change)?;
        let held = self.units_affected(trade)?;
        if held.is_zero() {
            return Err(self.nothing_held(trade));
        }
        let after = held.plus(change)?;
        let divisor = greatest_common_divisor(after.units(), held.units());
        let small =
            divisor > 0 && after.units() / divisor <= SMALL && held.units() / divisor <= SMALL;
        if small && after > Quantity::ZERO {
            return Ok((after, held));
        }
        if let Some((new, old)) = rounded_ratio(held, after, change) {
            let whole = |side: u8| Quantity::new(Decimal::from(side));
            return Ok((whole(new)?, whole(old)?));
        }
        Err(Problem::at(
            trade.source,
            format!(
                "a change of {change} on {held} {} held is no ratio of small whole numbers",
                self.symbol(trade.security)
            ),
        )
        .help("give the `ratio` as new:old, such as 4:1 or 1:10; where the file has no column for it, leave the row out and write the split in a file of your own")
        .into())
    }

    /// Multiplies what one account holds: each lot gets its part of the new total, so that no unit appears or vanishes.
    fn rescale(&mut self, holding: Holding, new: Quantity, old: Quantity) -> Result<(), Halt> {
        let (mut before, mut after) = (Quantity::ZERO, Quantity::ZERO);
        for id in self.ledger.lots_of(holding) {
            before = before.plus(self.ledger.lot(id).parcel.left())?;
            let total = before.restated(new, old)?;
            let units = total.minus(after)?;
            let lot = self.ledger.lot(id);
            let (trail, whole) = (lot.trail, lot.parcel.left());
            let cause = Cause::Rescaled {
                before: old,
                after: new,
            };
            self.ledger.trail.add(trail, cause, whole, Money::ZERO);
            self.ledger.change(id, |lot| {
                if let Some(gift) = &mut lot.gift {
                    gift.value.rescale(units)?;
                }
                lot.parcel.rescale(units)
            })?;
            after = total;
        }
        self.ledger.set_held(holding, after)?;
        self.rescale_distributions(holding, new, old)
    }

    /// Cash for the fractions that a split leaves of what accounts hold.
    fn cash_after_split(&mut self, id: TradeId, accounts: &[AccountId]) -> Result<(), Halt> {
        let security = self.trade(id).security;
        let units = |account: &AccountId| (*account, self.ledger.held((*account, security)));
        let held: Vec<_> = accounts.iter().map(units).collect();
        self.cash_in_lieu(id, security, &held)
    }

    /// `total` on a split or spin-off is cash for the fraction of a unit that is left of the units of each account: it is
    /// sold for that on this day, with its share of the basis (26 USC 302(b)(1), 1001; Rev. Rul. 66-365).
    fn cash_in_lieu(
        &mut self,
        id: TradeId,
        security: SecurityId,
        units: &[(AccountId, Quantity)],
    ) -> Result<(), Halt> {
        let row = self.valued(id);
        for (account, fraction, cash) in row.cash_for_fractions(units, self.ledger.places())? {
            let mut sale = self.sale(&row, id, fraction, cash);
            sale.holding = (account, security);
            sale.choice = None;
            self.dispose_by_method(&sale)?;
        }
        Ok(())
    }

    /// Added units of the same stock spread the basis; with a price they are taxable and a lot of their own.
    pub(super) fn stock_dividend(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        if row.trade.price().is_none() {
            let bonus = self.class(row.trade.security) != Class::Crypto;
            if self.law.costs.free_bonus && bonus {
                return self.bonus(id);
            }
            return self.split_by_addition(id);
        }
        let value = row.gross()?;
        let trade = row.trade;
        let lot = self.enter(
            id,
            trade.account,
            trade.security,
            row.quantity()?,
            value,
            self.today,
            Manner::Purchase,
        )?;
        self.replaces(lot)
    }

    /// Bonus shares that cost nothing and are held from their own day, by what each account holds.
    fn bonus(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let (accounts, held) = self.total_held(row.trade)?;
        let added = match row.trade.rest().rarest().ratio {
            Some((new, old)) => held
                .restated(Quantity::new(new)?, Quantity::new(old)?)?
                .minus(held)?,
            None => row.quantity()?,
        };
        let (mut seen, mut given) = (Quantity::ZERO, Quantity::ZERO);
        for account in &accounts {
            let security = row.trade.security;
            seen = seen.plus(self.ledger.held((*account, security)))?;
            let total = added.share(seen, held)?;
            let units = total.minus(given)?;
            given = total;
            if !units.is_zero() {
                let manner = Manner::Other;
                self.enter(
                    id,
                    *account,
                    security,
                    units,
                    Money::ZERO,
                    self.today,
                    manner,
                )?;
            }
        }
        self.cash_after_split(id, &accounts)
    }

    fn split_by_addition(&mut self, id: TradeId) -> Result<(), Halt> {
        let trade = self.trade(id);
        if trade.rest().rarest().ratio.is_some() {
            return self.split(id);
        }
        let added = self.valued(id).quantity()?;
        let accounts = self.affected(trade);
        let held = match self.units_affected(trade)? {
            // Only short: the new units are owed too.
            held if held.is_zero() => self.short_affected(trade)?,
            held => held,
        };
        if held.is_zero() {
            return Err(self.nothing_held(trade));
        }
        let after = held.plus(added)?;
        for account in &accounts {
            self.rescale((*account, trade.security), after, held)?;
        }
        self.rescale_shorts(trade, after, held)?;
        self.restate(trade, after, held)?;
        self.cash_after_split(id, &accounts)
    }

    /// A tax-free spin-off moves part of the basis to the new shares; both keep the dates (26 USC 355, 358, 1223(1)).
    pub(super) fn spin_off(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let rest = row.trade.rest();
        let (Some(new), Some(fraction)) = (rest.rarest().new_security, rest.rarest().fraction)
        else {
            return Err(row.missing(if rest.rarest().new_security.is_none() {
                "new_symbol"
            } else {
                "fraction"
            }));
        };
        let (accounts, held) = self.total_held(row.trade)?;
        let arrives = self.arriving(row.trade, held)?;
        self.warn_shorts_left(row.trade);
        self.warn_options_left(row.trade, "a contract delivers what was split off too");
        if fraction > Decimal::ONE || fraction.is_sign_negative() {
            return Err(Problem::at(
                row.trade.source,
                "the fraction of the basis that moves lies between 0 and 1",
            )
            .into());
        }
        let (mut seen, mut given) = (Quantity::ZERO, Quantity::ZERO);
        let mut came = Vec::new();
        for account in accounts {
            let before = given;
            for (lot, held_of, basis) in self.ledger.shares_of((account, row.trade.security))? {
                seen = seen.plus(held_of)?;
                let total = arrives.share(seen, held)?;
                let units = total.minus(given)?;
                given = total;
                self.divide(id, lot, new, units, (basis, fraction))?;
            }
            came.push((account, given.minus(before)?));
        }
        self.cash_in_lieu(id, new, &came)
    }

    /// Moves a fraction of a lot's basis to `units` of another security that keep its dates; where a gift has another
    /// basis for a loss, the same fraction of that one.
    fn divide(
        &mut self,
        id: TradeId,
        from: LotId,
        new: SecurityId,
        units: Quantity,
        (basis, fraction): (Part, Decimal),
    ) -> Result<(), Halt> {
        let moved = self.ledger.part(basis.amount.times(fraction)?)?;
        let gift = match &self.ledger.lot(from).gift {
            Some(gift) => {
                let value = gift.value.amount_left()?.times(fraction)?;
                Some((self.ledger.part(value)?, gift.given))
            }
            None => None,
        };
        let for_loss = gift.map_or(moved, |(value, _)| value).negated();
        let from = self.ledger.adjust_both(from, moved.negated(), for_loss)?;
        let lot = self.ledger.lot(from);
        let (account, held_from, used, acquired) =
            (lot.account, lot.held_from, lot.used, lot.acquired);
        let inherited = self.ledger.purchase_of(from).inherited;
        let order = self.ledger.purchase_of(from).order;
        let entry = Acquisition {
            trade: id,
            account,
            security: new,
            acquired,
            held_from,
            quantity: units,
            basis: moved,
            order,
            purchased: false,
        };
        let method = self.method_of((account, new));
        let lot = self.ledger.acquire(&entry, method)?;
        let purchase = self.ledger.lot(lot).purchase;
        self.ledger.purchases[purchase.0 as usize].inherited = inherited;
        let places = self.ledger.places();
        self.ledger.lot_mut(lot).gift = gift.map(|(value, given)| {
            let value = Parcel::from_part(units, value, places);
            Box::new(Gift { value, given })
        });
        self.ledger.set_used(lot, used);
        Ok(())
    }

    /// Stock for stock carries basis and dates over; cash beside it (boot) counts as the country says, in the United States
    /// up to the gain of each lot, without a loss; cash alone is a sale (26 USC 354, 356, 358, 368, 1223(1)).
    pub(super) fn merger(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let trade = row.trade;
        let cash = row.total()?.map(super::value::absolute);
        // Stock for stock: a short is then owed in the new shares.
        if let (None, Some(new)) = (cash, trade.rest().rarest().new_security)
            && !self.accounts_short_affected(trade).is_empty()
        {
            let ratio = self.ratio_of_merger(trade)?;
            self.turn_shorts(trade, new, ratio)?;
            let held = |account: &AccountId| self.ledger.held((*account, trade.security));
            if self
                .affected(trade)
                .iter()
                .all(|account| held(account).is_zero())
            {
                return Ok(());
            }
        }
        if self.only_options_merge(trade)? {
            return Ok(());
        }
        let affected = self.affected(trade);
        let held = self.units_affected(trade)?;
        if !held.is_zero()
            && let Some(tendered) = self.tendered(trade, &affected, held)?
        {
            let mut sale = self.sale(&row, id, tendered.1, row.proceeds()?);
            sale.holding.0 = tendered.0;
            return self.dispose(&sale);
        }
        self.refuse_shorts(trade)?;
        let (accounts, held) = self.total_held(trade)?;
        self.refuse_part(trade, held)?;
        let Some(new) = trade.rest().rarest().new_security else {
            let Some(cash) = cash else {
                return Err(row.missing("new_symbol"));
            };
            let mut spread = Parcel::new(held, cash, self.ledger.places())?;
            let mut sales = Vec::with_capacity(accounts.len());
            for account in accounts {
                let units = self.ledger.held((account, trade.security));
                let mut sale = self.sale(&row, id, units, spread.take(units)?.amount);
                sale.holding.0 = account;
                sales.push(sale);
            }
            self.warn_options_left(trade, "a contract delivers the cash");
            return self.dispose_together(&sales);
        };
        let arrives = self.arriving(trade, held)?;
        self.warn_shorts_left(trade);
        if cash.is_some() {
            self.warn_options_left(
                trade,
                "a contract delivers the cash beside the new shares too",
            );
        }
        let ratio = match trade.rest().rarest().ratio {
            Some((to, of)) => (Quantity::new(to)?, Quantity::new(of)?),
            None => (arrives, held),
        };
        self.adjust_options(trade.security, new, ratio)?;
        let value = match (&cash, trade.price(), self.law.boot) {
            (None, _, _) => Money::ZERO,
            (Some(_), _, Boot::NotStated) => return Err(row.boot_not_stated(self.law)),
            // What the shares are worth plays no part.
            (Some(_), _, Boot::Income) => Money::ZERO,
            (Some(_), Some(price), _) => row.value(arrives, price, new)?,
            (Some(_), None, _) => return Err(row.missing("price")),
        };
        let places = self.ledger.places();
        let mut boot = Parcel::new(held, cash.unwrap_or(Money::ZERO), places)?;
        let mut worth = Parcel::new(held, value, places)?;
        let (mut seen, mut given) = (Quantity::ZERO, Quantity::ZERO);
        for account in accounts {
            let lots = self.ledger.shares_of((account, trade.security))?;
            let mut turned = Vec::with_capacity(lots.len());
            for (lot, units, basis) in lots {
                let (paid, worth) = (boot.take(units)?, worth.take(units)?);
                let lot = if cash.is_some() {
                    self.recognise_boot(id, lot, paid, worth, basis)?
                } else {
                    lot
                };
                turned.push((lot, units));
            }
            // Under an average all cash comes off before the first lot takes its share of what is left.
            for (lot, units) in turned {
                seen = seen.plus(units)?;
                let total = arrives.share(seen, held)?;
                self.turn_into(lot, new, total.minus(given)?)?;
                given = total;
            }
        }
        Ok(())
    }

    /// New units and old ones of a merger: its `ratio`, or what its `new_quantity` is of all that is held, else owed.
    fn ratio_of_merger(&self, trade: &Trade) -> Result<(Quantity, Quantity), Halt> {
        if let Some((new, old)) = trade.rest().rarest().ratio {
            return Ok((Quantity::new(new)?, Quantity::new(old)?));
        }
        let mut all = self.units_affected(trade)?;
        if all.is_zero() {
            for holding in self.accounts_short_affected(trade) {
                all = all.plus(self.positions.short(holding))?;
            }
        }
        Ok((self.arriving(trade, all)?, all))
    }

    /// Cash for the shares held says nothing of those that are owed.
    fn refuse_shorts(&self, trade: &Trade) -> Result<(), Halt> {
        for holding in self.accounts_short_affected(trade) {
            let owed = self.positions.short(holding);
            if !owed.is_zero() {
                return Err(short_at_merger(self.history, trade, (holding.0, owed)).into());
            }
        }
        Ok(())
    }

    /// A part of a holding that was tendered for cash, and whose it was: that is a plain sale (26 USC 1001).
    fn tendered(
        &self,
        trade: &Trade,
        accounts: &[AccountId],
        held: Quantity,
    ) -> Result<Option<(AccountId, Quantity)>, Halt> {
        let for_stock = trade.rest().rarest().new_security.is_some();
        let Some(given) = trade.quantity().filter(|_| !for_stock) else {
            return Ok(None);
        };
        let given = Quantity::new(given.abs())?;
        if given == held || !trade.tagged("tender") {
            return Ok(None);
        }
        match accounts {
            [only] => Ok(Some((*only, given))),
            several => Err(Problem::at(
                trade.source,
                format!(
                    "the tender is of {given} {} but {held} are held in {} accounts",
                    self.symbol(trade.security),
                    several.len()
                ),
            )
            .help("name the `account` that tendered them")
            .into()),
        }
    }

    /// What of a lot's basis stands against the cash.
    fn cost_of_boot(&self, paid: Part, worth: Part, basis: Part) -> Result<Money, Halt> {
        let whole = worth.amount.plus(paid.amount)?;
        match self.law.boot {
            Boot::UpToGain | Boot::NotStated => {
                let realised = whole.minus(basis.amount)?;
                let gain = if realised.is_negative() {
                    Money::ZERO
                } else {
                    realised.min(paid.amount)
                };
                Ok(paid.amount.minus(gain)?)
            }
            Boot::Income => Ok(Money::ZERO),
            Boot::PartDisposal { .. } => {
                let of = |amount: Money| Quantity::new(amount.to_decimal());
                let (part, whole) = (of(paid.amount)?, of(whole)?);
                if whole.is_zero() {
                    return Ok(Money::ZERO);
                }
                Ok(basis.amount.share(part, whole)?)
            }
        }
    }

    /// Cash received on one lot, as a row of quantity 0, with what of the basis stands against it.
    fn recognise_boot(
        &mut self,
        id: TradeId,
        lot: LotId,
        paid: Part,
        worth: Part,
        basis: Part,
    ) -> Result<LotId, Halt> {
        let recovered = self.ledger.part(self.cost_of_boot(paid, worth, basis)?)?;
        let lot = self.ledger.adjust(lot, recovered.negated())?;
        self.conservation.basis_out = self.conservation.basis_out.plus(recovered.amount)?;
        self.amount_on_lot(id, lot, paid.printed, recovered.printed)?;
        Ok(lot)
    }

    /// A row of quantity 0 on a lot that stays: boot, or a return of capital beyond the basis.
    fn amount_on_lot(
        &mut self,
        id: TradeId,
        lot: LotId,
        proceeds: i64,
        cost: i64,
    ) -> Result<(), Halt> {
        let held = self.ledger.lot(lot);
        if !self.reported(held.account) {
            return Ok(());
        }
        let purchase = self.ledger.purchase_of(lot);
        let class = self.class(held.security);
        let term = self.term_of_units(class, held.held_from, purchase.inherited);
        self.rows.push(Disposal {
            security: held.security,
            account: self.own_account(held.account),
            tax_year: self.tax_year(self.today),
            matched: Match::Lot,
            term,
            codes: Codes::NONE,
            quantity: Quantity::ZERO,
            acquired: Some(held.acquired),
            held_from: Some(held.held_from),
            disposed: self.today,
            proceeds,
            cost,
            adjustment: 0,
            provisional_until: None,
            lot: Some(self.ledger.name(held.purchase)),
            closed_by: id,
        });
        Ok(())
    }

    /// A change of name: lots, claims and identity follow.
    pub(super) fn rename(&mut self, id: TradeId) -> Result<(), Halt> {
        let trade = self.trade(id);
        let Some(new) = trade.rest().rarest().new_security else {
            return Err(self.valued(id).missing("new_symbol"));
        };
        if new == trade.security {
            return Err(Problem::at(trade.source, "a rename to the same symbol").into());
        }
        refuse_ratio(trade)?;
        self.warn_nothing_held(trade);
        self.follow_rename(trade.security, new)?;
        self.adjust_options(trade.security, new, (Quantity::ONE, Quantity::ONE))?;
        self.turn_shorts(trade, new, (Quantity::ONE, Quantity::ONE))?;
        for account in self.affected(trade) {
            for lot in self.ledger.lots_of((account, trade.security)) {
                let units = self.ledger.lot(lot).parcel.left();
                self.turn_into(lot, new, units)?;
            }
        }
        Ok(())
    }

    /// A lot turns into `units` of another security, with basis, dates and use as they are.
    fn turn_into(&mut self, id: LotId, new: SecurityId, units: Quantity) -> Result<(), Halt> {
        let lot = self.ledger.lot(id).clone();
        let holding = (lot.account, lot.security);
        let mut slices = [self.ledger.take(id, lot.parcel.left())?];
        self.ledger.take_from_pool(holding, &mut slices)?;
        let [slice] = slices;
        let cause = Cause::Became {
            from: holding.1,
            to: new,
            before: slice.quantity,
            after: units,
        };
        self.ledger
            .trail
            .add(slice.trail, cause, slice.quantity, Money::ZERO);
        let parcel = Parcel::from_part(units, slice.part, self.ledger.places());
        let gift = match lot.gift {
            Some(mut gift) => {
                gift.value.rescale(units)?;
                Some(gift)
            }
            None => None,
        };
        let method = self.method_of((lot.account, new));
        let moves = (holding, (lot.account, new));
        self.take_received_along(lot.purchase, moves, (slice.quantity, units))?;
        self.ledger.place(
            Lot {
                security: new,
                queued: 0,
                trail: slice.trail,
                parcel,
                gift,
                ..lot
            },
            method,
        )?;
        Ok(())
    }

    /// Lowers the basis of every unit held by the same amount; what exceeds a lot's basis is gain on that lot
    /// (26 USC 301(c)).
    pub(super) fn return_of_capital(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let Some(total) = row.total()? else {
            return Err(row.missing("total"));
        };
        if self.units_affected(row.trade)?.is_zero() && self.returned_by_shorts(row.trade, total)? {
            return Ok(());
        }
        let (accounts, held) = self.total_held(row.trade)?;
        self.warn_shorts_left(row.trade);
        let mut spread = Parcel::new(held, super::value::absolute(total), self.ledger.places())?;
        for account in accounts {
            for (lot, units, basis) in self.ledger.shares_of((account, row.trade.security))? {
                let received = spread.take(units)?;
                let part = if received.amount > basis.amount {
                    basis
                } else {
                    received
                };
                let lot = self.ledger.adjust(lot, part.negated())?;
                self.conservation.basis_moved = self.conservation.basis_moved.minus(part.amount)?;
                if received.amount > basis.amount {
                    self.amount_on_lot(id, lot, received.printed - part.printed, 0)?;
                }
            }
        }
        Ok(())
    }

    /// What a short has to pay its lender in place of a return of capital is always a part of its cost (Pub. 550): it comes
    /// off the proceeds. Says whether anything is short.
    fn returned_by_shorts(&mut self, trade: &Trade, total: Money) -> Result<bool, Halt> {
        let short = self.short_affected(trade)?;
        if short.is_zero() {
            return Ok(false);
        }
        let mut spread = Parcel::new(short, super::value::absolute(total), self.ledger.places())?;
        for holding in self.accounts_short_affected(trade) {
            let units = self.positions.short(holding);
            let paid = spread.take(units)?;
            self.add_to_short(holding, paid.amount.negated())?;
        }
        Ok(true)
    }

    /// The units sold short that an action acts on.
    fn short_affected(&self, trade: &Trade) -> Result<Quantity, Halt> {
        let mut short = Quantity::ZERO;
        for holding in self.accounts_short_affected(trade) {
            short = short.plus(self.positions.short(holding))?;
        }
        Ok(short)
    }

    /// Raises (or lowers) the basis of every unit held by the same amount.
    pub(super) fn basis_adjust(&mut self, id: TradeId) -> Result<(), Halt> {
        let row = self.valued(id);
        let Some(total) = row.total()? else {
            return Err(row.missing("total"));
        };
        let (accounts, held) = self.total_held(row.trade)?;
        if self.law.is_us() && total.is_negative() {
            self.refuse_beyond_basis(row.trade, &accounts, (held, total))?;
        }
        self.conservation.basis_moved = self.conservation.basis_moved.plus(total)?;
        let mut spread = Parcel::new(held, total, self.ledger.places())?;
        for account in accounts {
            let units = self.ledger.held((account, row.trade.security));
            let part = spread.take(units)?;
            self.spread_over_lots((account, row.trade.security), units, part)?;
        }
        Ok(())
    }

    /// No basis falls below nothing (26 USC 1016(a)); a return of capital beyond it is gain, and has a row of its own.
    fn refuse_beyond_basis(
        &self,
        trade: &Trade,
        accounts: &[AccountId],
        (held, total): (Quantity, Money),
    ) -> Result<(), Halt> {
        let mut spread = Parcel::new(held, total, self.ledger.places())?;
        for account in accounts {
            for (lot, units, basis) in self.ledger.shares_of((*account, trade.security))? {
                let lowered = spread.take(units)?;
                if !basis.amount.plus(lowered.amount)?.is_negative() {
                    continue;
                }
                let day = self.ledger.lot(lot).acquired;
                return Err(Problem::at(
                    trade.source,
                    format!(
                        "the adjustment takes more off the {units} {} of {day} than their basis",
                        self.symbol(trade.security)
                    ),
                )
                .help("check `total`, which is for all units together; what a company pays back beyond the basis is a `return_of_capital`")
                .into());
            }
        }
        Ok(())
    }

    /// Adds an amount to the basis of all units of a holding, by units.
    pub(super) fn spread_over_lots(
        &mut self,
        holding: Holding,
        held: Quantity,
        part: Part,
    ) -> Result<(), Halt> {
        let mut spread = Parcel::from_part(held, part, self.ledger.places());
        for lot in self.ledger.lots_of(holding) {
            let units = self.ledger.lot(lot).parcel.left();
            self.ledger.adjust(lot, spread.take(units)?)?;
        }
        Ok(())
    }

    /// The accounts an action acts on and the units they hold in all.
    fn total_held(&self, trade: &Trade) -> Result<(Vec<AccountId>, Quantity), Halt> {
        let (accounts, held) = (self.affected(trade), self.units_affected(trade)?);
        if held.is_zero() {
            Err(self.nothing_held(trade))
        } else {
            Ok((accounts, held))
        }
    }

    /// The units that an action acts on.
    pub(super) fn units_affected(&self, trade: &Trade) -> Result<Quantity, Halt> {
        let mut held = Quantity::ZERO;
        for account in self.affected(trade) {
            held = held.plus(self.ledger.held((account, trade.security)))?;
        }
        Ok(held)
    }

    /// An action on all units that says how many there are must say so rightly.
    pub(super) fn refuse_part(&self, trade: &Trade, held: Quantity) -> Result<(), Halt> {
        let Some(given) = trade.quantity() else {
            return Ok(());
        };
        let given = Quantity::new(given.abs())?;
        if given == held {
            return Ok(());
        }
        let (word, symbol) = (trade.action.word(), self.symbol(trade.security));
        Err(Problem::at(
            trade.source,
            format!("{word} of {given} {symbol}, but {held} are held"),
        )
        .help(format!("`{word}` is for all units; check the account, the date and the rows before, or leave `quantity` out; for a part of them write `sell`"))
        .into())
    }

    /// A merger for stock of which only options are held: they are on the new shares from now on.
    fn only_options_merge(&mut self, trade: &Trade) -> Result<bool, Halt> {
        let rest = trade.rest().rarest();
        let (Some(new), Some((to, of))) = (rest.new_security, rest.ratio) else {
            return Ok(false);
        };
        if !self.units_affected(trade)?.is_zero() || self.open_options_on(trade.security).is_empty()
        {
            return Ok(false);
        }
        let ratio = (Quantity::new(to)?, Quantity::new(of)?);
        self.adjust_options(trade.security, new, ratio)?;
        Ok(true)
    }

    /// What a short owes by an action that is carried out on units held alone.
    fn warn_shorts_left(&mut self, trade: &Trade) {
        if self.accounts_short_affected(trade).is_empty() {
            return;
        }
        let (word, symbol) = (trade.action.word(), self.symbol(trade.security));
        let message = format!(
            "{word} of {symbol}, of which some is sold short too: the short was left as it is; add what it owes by the {word} to the cost of the row that closes it"
        );
        self.warn_once("short-left", &message, trade.source, true);
    }

    /// Open options whose terms an action changes in a way that is not computed.
    fn warn_options_left(&mut self, trade: &Trade, why: &str) {
        if self.open_options_on(trade.security).is_empty() {
            return;
        }
        let (word, symbol) = (trade.action.word(), self.symbol(trade.security));
        let message = format!(
            "options on {symbol} are open at its {word}: {why}, which is not computed; check what their exercise or assignment delivers"
        );
        self.warn_once("option-not-adjusted", &message, trade.source, true);
    }

    /// A split that says how many units there are, or how many came, should agree with its ratio.
    fn warn_other_quantity(
        &mut self,
        trade: &Trade,
        (new, old): (Quantity, Quantity),
    ) -> Result<(), Halt> {
        let Some(given) = trade
            .quantity()
            .filter(|_| trade.rest().rarest().ratio.is_some())
        else {
            return Ok(());
        };
        let given = Quantity::new(given.abs())?;
        let held = match self.units_affected(trade)? {
            held if held.is_zero() => self.short_affected(trade)?,
            held => held,
        };
        let after = held.restated(new, old)?;
        // Of a fraction paid in cash only the whole units are told.
        let told = [held, after, after.minus(held)?.abs()];
        let whole = |units: Quantity| units.minus(units.fraction());
        let mut agrees = false;
        for units in told {
            agrees |= given == units || given == whole(units)?;
        }
        if !agrees && !given.is_zero() && !held.is_zero() {
            let (word, symbol) = (trade.action.word(), self.symbol(trade.security));
            let message = format!(
                "{word} of {symbol}: its `ratio` makes {after} of {held}, which its `quantity` of {given} contradicts; the ratio was followed"
            );
            self.warn_once("split-quantity", &message, trade.source, true);
        }
        Ok(())
    }

    /// An action on what nobody holds changes nothing, and more likely than not a row is missing or wrong.
    pub(super) fn warn_nothing_held(&mut self, trade: &Trade) {
        if !self.acts_on_nothing(trade) {
            return;
        }
        let (word, symbol) = (trade.action.word(), self.symbol(trade.security));
        let message = format!(
            "{word} of {symbol}, but none is held: it changed nothing; check the symbol, the account and the date, or add the missing purchase or `opening` row"
        );
        self.warn_once("nothing-held", &message, trade.source, true);
    }

    /// Whether nothing that an action would change is held, short, on its way, or waits for a replacement; contracts on
    /// the security change with it.
    fn acts_on_nothing(&self, trade: &Trade) -> bool {
        let own = |account: &AccountId| !trade.account_given || *account == trade.account;
        let mut holders = self.ledger.holders(trade.security).into_iter();
        let held = holders.any(|account| own(&self.own_account(account)));
        let on_it = |security: SecurityId| self.underlying(security) == Some(trade.security);
        let mut books = self.ledger.books.iter();
        let contracts = books.any(|book| !book.held.is_zero() && on_it(book.holding.1));
        !(held
            || contracts
            || self.positions.securities_short().any(on_it)
            || !self.accounts_short_affected(trade).is_empty()
            || self.loss_waits(trade.security))
    }

    fn nothing_held(&self, trade: &Trade) -> Halt {
        let place = if trade.account_given {
            format!(" in {}", self.history.account(trade.account).name)
        } else {
            String::new()
        };
        let (word, symbol) = (trade.action.word(), self.symbol(trade.security));
        if !self.accounts_short_affected(trade).is_empty() {
            return Problem::at(
                trade.source,
                format!("{word} of {symbol}, but it is only sold short{place} on {}", self.today),
            )
            .help(format!("what a short owes by a {word} is not computed: leave the row out, and add what was paid to the cost of the row that closes the short"))
            .into();
        }
        Problem::at(
            trade.source,
            format!("{word} of {symbol}, but none is held{place} on {}", self.today),
        )
        .help("check the symbol, the account and the date, or add the missing purchase or `opening` row")
        .into()
    }

    /// Units of the new security in all: `new_quantity`, or the ratio of what is held.
    fn arriving(&self, trade: &Trade, held: Quantity) -> Result<Quantity, Halt> {
        let rest = trade.rest();
        match (rest.rarest().new_quantity, rest.rarest().ratio) {
            (Some(quantity), _) => Ok(Quantity::new(quantity)?),
            (None, Some((new, old))) => {
                Ok(held.restated(Quantity::new(new)?, Quantity::new(old)?)?)
            }
            (None, None) => Err(Problem::at(
                trade.source,
                format!(
                    "this `{}` needs `new_quantity` or `ratio`",
                    trade.action.word()
                ),
            )
            .into()),
        }
    }
}

/// Units that are owed when a company is bought up for cash: the row is about those that are held.
pub fn short_at_merger(
    history: &History,
    trade: &Trade,
    (account, owed): (AccountId, Quantity),
) -> Problem {
    let symbol = &history.security(trade.security).symbol;
    let account = &history.account(account).name;
    Problem::at(
        trade.source,
        format!("the merger pays cash for {symbol}, of which {owed} are short in {account}"),
    )
    .help("the row is about what is held: add a `cover` before it, at what was paid for each of those that were short")
}

/// A change of name changes no number of units.
pub fn refuse_ratio(trade: &Trade) -> Result<(), Problem> {
    match trade.rest().rarest().ratio {
        Some((new, old)) if new != old => Err(Problem::at(
            trade.source,
            format!("a rename changes no number of units, but this one has the ratio {new}:{old}"),
        )
        .help("write two rows: a `split` with the ratio, and the `rename` without one")),
        _ => Ok(()),
    }
}

fn signed_quantity(value: Decimal) -> Result<Quantity, Halt> {
    let size = Quantity::new(value.abs())?;
    Ok(if value.is_sign_negative() {
        size.negated()
    } else {
        size
    })
}

/// Largest old side of a ratio that is looked for in a rounded change.
const SMALL_OLD: u8 = 10;

/// The ratio of a change of fractional units that the file rounds, as brokers do to four places: the only one of small
/// whole numbers that comes to it within half a unit of its last place.
fn rounded_ratio(held: Quantity, after: Quantity, change: Quantity) -> Option<(u8, u8)> {
    let unit = Quantity::ONE.units();
    // Half of the fourth place, or of the last one written where there are more.
    let mut half = unit.checked_div(20_000)?;
    while half > 0 && change.units() % half.checked_mul(2)? != 0 {
        half = half.checked_div(10)?;
    }
    let (held, after) = (held.units(), after.units());
    if held <= 0 || after <= 0 || held == after {
        return None;
    }
    let mut found: Option<(u8, u8)> = None;
    for old in 1..=SMALL_OLD {
        let scaled = after.checked_mul(i128::from(old))?;
        let least = half.checked_mul(i128::from(old))?;
        // The nearest whole number of new units for `old` ones.
        let new = scaled
            .checked_add(held.checked_div(2)?)?
            .checked_div(held)?;
        let off = new.checked_mul(held)?.checked_sub(scaled)?.checked_abs()?;
        if off > least || !(1..=SMALL).contains(&new) {
            continue;
        }
        let new = u8::try_from(new).ok()?;
        match found {
            Some((n, o)) if u16::from(n) * u16::from(old) == u16::from(new) * u16::from(o) => {}
            Some(_) => return None,
            None => found = Some((new, old)),
        }
    }
    found.filter(|(new, old)| new != old)
}
