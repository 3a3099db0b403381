//! Corporate actions: splits, stock dividends, spin-offs, mergers, renames, returns of capital, basis adjustments.

mod capital;
mod held;
mod merger;

use rust_decimal::Decimal;

use super::Halt;
use super::acquire::Manner;
use super::fold::Fold;
use super::ledger::{Acquisition, Holding};
use super::splits::{Saying, greatest_common_divisor};
use crate::answer::trail::Cause;
use crate::answer::{Codes, Disposal, Match};
use crate::diagnostic::Problem;
use crate::lot::{Gift, Lot, LotId};
use crate::money::{Money, Quantity};
use crate::parcel::{Parcel, Part};
use crate::trade::{AccountId, Class, SecurityId, Trade, TradeId};

pub use merger::short_at_merger;

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
