//! Units with one basis, taken apart so that the parts add up to the whole: exactly, and in printed minor units.

use crate::money::{Minor, Money, OutOfRange, Quantity};

/// A quantity and the total amount it carries (basis of a lot or pool, proceeds of a short position).
///
/// Parts are taken of the running total since the last change of basis, so that the exact parts and the printed ones
/// (rounded cumulatively, half away from zero) each add up to what went in.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// Units when the basis last changed, and what they carried.
    whole: Quantity,
    amount: Money,
    /// Units that are left, and what the others took.
    left: Quantity,
    taken: Money,
    /// Printed amount when the basis last changed, and of the units that are left.
    initial: Minor,
    printed: Minor,
    places: u8,
    /// Whether the printed amount was settled elsewhere, so that it may differ from what the exact amount prints as.
    carried: bool,
}

/// What was taken from a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Exact amount.
    pub amount: Money,
    /// Printed amount.
    pub printed: Minor,
}

impl Part {
    /// Nothing.
    pub const ZERO: Self = Self {
        amount: Money::ZERO,
        printed: 0,
    };

    /// The same with the opposite sign.
    #[must_use]
    pub fn negated(self) -> Self {
        Self {
            amount: self.amount.negated(),
            printed: self.printed.saturating_neg(),
        }
    }
}

impl Parcel {
    /// A fresh parcel; `places` are the decimals of the currency.
    ///
    /// # Errors
    /// [`OutOfRange`] where the amount cannot be printed.
    pub fn new(quantity: Quantity, amount: Money, places: u32) -> Result<Self, OutOfRange> {
        let printed = amount.to_minor(places)?;
        Ok(Self {
            carried: false,
            ..Self::from_part(quantity, Part { amount, printed }, places)
        })
    }

    /// A parcel from a part taken elsewhere, which keeps its printed amount.
    #[inline]
    pub fn from_part(quantity: Quantity, part: Part, places: u32) -> Self {
        Self {
            whole: quantity,
            amount: part.amount,
            left: quantity,
            taken: Money::ZERO,
            initial: part.printed,
            printed: part.printed,
            places: places as u8,
            carried: true,
        }
    }

    /// How far printed and exact amount differed when the basis last changed, less than half a minor unit.
    #[inline]
    fn offset(&self) -> Money {
        if !self.carried {
            return Money::ZERO;
        }
        let places = u32::from(self.places);
        let offset = Money::from_minor(self.initial, places)
            .minus(self.amount)
            .unwrap_or(Money::ZERO);
        // Beyond half a unit an offset would itself print as one; the last part then takes the difference.
        if offset.prints_as_zero(places) {
            offset
        } else {
            Money::ZERO
        }
    }

    /// Units that are left.
    #[inline]
    pub fn left(&self) -> Quantity {
        self.left
    }

    /// Units and amount when the basis last changed: their ratio is the exact amount per unit.
    pub fn per_unit(&self) -> (Money, Quantity) {
        (self.amount, self.whole)
    }

    /// Printed amount of what is left.
    #[inline]
    pub fn printed(&self) -> Minor {
        self.printed
    }

    /// Exact amount of what is left.
    #[inline]
    pub fn amount_left(&self) -> Result<Money, OutOfRange> {
        self.amount.minus(self.taken)
    }

    /// The amount of what is left, exactly and as printed.
    #[inline]
    pub fn whole(&self) -> Result<Part, OutOfRange> {
        Ok(Part {
            amount: self.amount_left()?,
            printed: self.printed,
        })
    }

    /// Takes `quantity` units, at most what is left, with their share of the amount.
    #[inline]
    pub fn take(&mut self, quantity: Quantity) -> Result<Part, OutOfRange> {
        if quantity == self.left {
            return self.take_all();
        }
        self.take_some(quantity)
    }

    #[inline]
    fn take_all(&mut self) -> Result<Part, OutOfRange> {
        let part = Part {
            amount: self.amount_left()?,
            printed: self.printed,
        };
        self.taken = self.amount;
        self.clear();
        Ok(part)
    }

    fn take_some(&mut self, quantity: Quantity) -> Result<Part, OutOfRange> {
        let left = self.left.minus(quantity)?;
        let taken = self.amount.share(self.whole.minus(left)?, self.whole)?;
        let amount = taken.minus(self.taken)?;
        let printed_before = self.initial.saturating_sub(self.printed);
        let printed = taken
            .plus(self.offset())?
            .to_minor(u32::from(self.places))?
            .saturating_sub(printed_before);
        (self.left, self.taken) = (left, taken);
        self.printed = self.printed.saturating_sub(printed);
        Ok(Part { amount, printed })
    }

    /// Leaves nothing, with the amount per unit as it was.
    #[inline]
    pub fn clear(&mut self) {
        (self.left, self.printed) = (Quantity::ZERO, 0);
    }

    /// Adds units with what they carry.
    #[inline]
    pub fn join(&mut self, quantity: Quantity, part: Part) -> Result<(), OutOfRange> {
        let amount = self.amount_left()?.plus(part.amount)?;
        let printed = self.printed.saturating_add(part.printed);
        let left = self.left.plus(quantity)?;
        *self = Self::from_part(left, Part { amount, printed }, u32::from(self.places));
        Ok(())
    }

    /// Changes the amount without changing the units.
    pub fn adjust(&mut self, part: Part) -> Result<(), OutOfRange> {
        self.join(Quantity::ZERO, part)
    }

    /// Replaces the units that are left by `quantity`, the amount unchanged: a split.
    pub fn rescale(&mut self, quantity: Quantity) -> Result<(), OutOfRange> {
        let part = Part {
            amount: self.amount_left()?,
            printed: self.printed,
        };
        *self = Self::from_part(quantity, part, u32::from(self.places));
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    fn quantity(n: i64) -> Quantity {
        Quantity::new(Decimal::from(n)).unwrap()
    }

    fn money(text: &str) -> Money {
        Money::new(Decimal::from_str_exact(text).unwrap()).unwrap()
    }

    #[test]
    fn parts_add_up_exactly_and_in_cents() {
        let mut parcel = Parcel::new(quantity(7), money("100"), 2).unwrap();
        let parts: Vec<Part> = [1, 2, 1, 3]
            .map(|n| parcel.take(quantity(n)).unwrap())
            .to_vec();
        assert_eq!(
            parts.iter().map(|p| p.printed).collect::<Vec<_>>(),
            [1429, 2857, 1428, 4286]
        );
        let sum = parts
            .iter()
            .try_fold(Money::ZERO, |sum, p| sum.plus(p.amount))
            .unwrap();
        assert_eq!(sum, money("100"));
        assert_eq!(parcel.left(), Quantity::ZERO);
    }

    #[test]
    fn joined_parcels_print_what_their_parts_printed() {
        let mut first = Parcel::new(quantity(3), money("0.01"), 2).unwrap();
        let mut second = Parcel::new(quantity(3), money("0.02"), 2).unwrap();
        let (a, b) = (
            first.take(quantity(1)).unwrap(),
            second.take(quantity(2)).unwrap(),
        );
        let mut joined = Parcel::from_part(quantity(1), a, 2);
        joined.join(quantity(2), b).unwrap();
        assert_eq!(joined.printed(), a.printed + b.printed);
        let printed: i64 = [1, 1, 1]
            .map(|n| joined.take(quantity(n)).unwrap().printed)
            .iter()
            .sum();
        assert_eq!(printed, a.printed + b.printed);
    }
}
