//! Amounts and quantities: bounds, exact sums and shares of a whole. The only file that divides and rounds.
//!
//! Both are integers: a [`Quantity`] counts units of 10^-18, a [`Money`] counts 10^-22 of the currency's unit, so
//! that quantity x price is exact for up to 22 decimal places together. A product with more places is held to 22, and
//! so is a share of a whole ([`Money::share`]), half away from zero; nothing else is ever rounded before an amount
//! leaves as a whole number of the currency's minor units ([`Money::to_minor`]).

#![allow(
    clippy::arithmetic_side_effects,
    reason = "the ranges stand beside each product: quantities below 10^36, amounts below 10^38, one word times another"
)]
#![allow(
    clippy::indexing_slicing,
    reason = "powers up to the greatest that a number can hold"
)]

use std::cmp::Ordering;
use std::fmt;

use ethnum::{I256, U256};
use rust_decimal::Decimal;

/// Decimal places of a [`Quantity`].
pub const QUANTITY_PLACES: u32 = 18;
/// Decimal places of a [`Money`].
pub const MONEY_PLACES: u32 = 22;

/// A sum, product or input left the range in which everything is exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutOfRange {
    /// An amount beyond 10^15, or a sum beyond 1.7 x 10^16.
    #[error("an amount is too large: amounts may reach 10^15, sums 10^16")]
    Amount,
    /// A quantity of 10^18 or more.
    #[error("a quantity is too large: quantities may reach 10^18")]
    Quantity,
    /// A quantity with more than 18 decimal places.
    #[error("a quantity has more than 18 decimal places")]
    Places,
}

/// Units of a security, shares or coins: exact to 18 decimal places. Negative for a short position.
///
/// Aligned like a machine word: beside smaller fields the alignment of an `i128` would waste a tenth of every row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(Rust, packed(8))]
pub struct Quantity(i128);

/// An amount of money: exact to 22 decimal places of the currency's unit.
///
/// Aligned like a machine word, as a [`Quantity`] is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(Rust, packed(8))]
pub struct Money(i128);

/// An amount in whole minor units of the currency (cents for USD): what results are printed in.
pub type Minor = i64;

/// Whether the difference between what left and what arrived can be a network's fee: up to a twentieth.
#[must_use]
pub fn is_network_fee(left: Decimal, arrived: Decimal) -> bool {
    let missing = left.checked_sub(arrived).filter(|m| *m >= Decimal::ZERO);
    let most = missing.and_then(|missing| missing.checked_mul(Decimal::from(20)));
    most.is_some_and(|most| most <= left)
}

/// What quantities that people write are multiples of: 10^-9, in units of the last place.
const GRID: i128 = 1_000_000_000;
/// How far from such a multiple the rounding of splits may lead at most, in units of the last place.
const MOST_ROUNDING: i128 = 1_000;

const POWERS: [i128; 39] = {
    let mut powers = [1_i128; 39];
    let mut i = 1;
    while i < 39 {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

#[inline]
const fn power(exponent: u32) -> i128 {
    if exponent < 39 {
        POWERS[exponent as usize]
    } else {
        i128::MAX
    }
}

const FIVES: [u64; 23] = {
    let mut powers = [1_u64; 23];
    let mut i = 1;
    while i < 23 {
        powers[i] = powers[i - 1] * 5;
        i += 1;
    }
    powers
};

#[inline]
fn power_of_five(exponent: u32) -> u64 {
    FIVES.get(exponent as usize).copied().unwrap_or(u64::MAX)
}

impl Quantity {
    /// No units.
    pub const ZERO: Self = Self(0);
    /// One unit.
    pub const ONE: Self = Self(power(QUANTITY_PLACES));

    /// The exact quantity.
    ///
    /// # Errors
    /// [`OutOfRange`] where it has more than 18 decimal places or reaches 10^18.
    pub fn new(value: Decimal) -> Result<Self, OutOfRange> {
        let value = if value.scale() > QUANTITY_PLACES {
            value.normalize()
        } else {
            value
        };
        let places = QUANTITY_PLACES
            .checked_sub(value.scale())
            .ok_or(OutOfRange::Places)?;
        let units = value
            .mantissa()
            .checked_mul(power(places))
            .ok_or(OutOfRange::Quantity)?;
        if units.unsigned_abs() >= power(36).unsigned_abs() {
            return Err(OutOfRange::Quantity);
        }
        Ok(Self(units))
    }

    /// `mantissa` x 10^-`scale`, where so many places can be held.
    #[inline]
    pub fn scaled(mantissa: i64, scale: u32) -> Option<Self> {
        let places = QUANTITY_PLACES.checked_sub(scale)?;
        // Below 2^63 x 10^18, which is less than 2^127: no overflow; but it may pass the bound.
        let units = i128::from(mantissa) * power(places);
        (units.unsigned_abs() < power(36).unsigned_abs()).then_some(Self(units))
    }

    /// The number of 10^-18 units.
    #[inline]
    pub fn units(self) -> i128 {
        self.0
    }

    /// Whether there is nothing.
    #[inline]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is below zero (a short position).
    #[inline]
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The part behind the decimal point.
    pub fn fraction(self) -> Self {
        Self(self.0 % power(QUANTITY_PLACES))
    }

    /// The size, without its sign.
    #[inline]
    pub fn abs(self) -> Self {
        Self(self.0.saturating_abs())
    }

    /// The sum.
    #[inline]
    pub fn plus(self, other: Self) -> Result<Self, OutOfRange> {
        self.0
            .checked_add(other.0)
            .map(Self)
            .ok_or(OutOfRange::Quantity)
    }

    /// The difference.
    #[inline]
    pub fn minus(self, other: Self) -> Result<Self, OutOfRange> {
        self.0
            .checked_sub(other.0)
            .map(Self)
            .ok_or(OutOfRange::Quantity)
    }

    /// The same with the opposite sign.
    #[inline]
    pub fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// This many times `part / whole`, half away from zero at the 18th place: how splits and mergers scale holdings.
    #[inline]
    pub fn share(self, part: Self, whole: Self) -> Result<Self, OutOfRange> {
        share(self.0, part.0, whole.0)
            .map(Self)
            .ok_or(OutOfRange::Quantity)
    }

    /// This many after a split of `new` for `old`. Where an earlier split left a fraction that no 18 places can hold, a
    /// later one that undoes it would leave 99.999999999999999999 for 100: what lies within the rounding of a whole
    /// number of 10^-9 is that number, so that what is held is what can be sold.
    #[inline]
    pub fn restated(self, new: Self, old: Self) -> Result<Self, OutOfRange> {
        if new == old {
            return Ok(self);
        }
        let exact = self.share(new, old)?;
        let off = exact.0 - (exact.0 + exact.0.signum() * GRID / 2) / GRID * GRID;
        // An error of a unit of the last place before, times the ratio, and one of now.
        let rounding = new.0.saturating_abs() / old.0.saturating_abs().max(1) + 2;
        if off != 0 && off.abs() <= rounding.min(MOST_ROUNDING) {
            return Ok(Self(exact.0 - off));
        }
        Ok(exact)
    }

    /// The quantity as a decimal without trailing zeros.
    pub fn to_decimal(self) -> Decimal {
        let mut units = self.0;
        let mut places = QUANTITY_PLACES;
        while places > 0 && units % 10 == 0 {
            units /= 10;
            places -= 1;
        }
        Decimal::try_from_i128_with_scale(units, places).unwrap_or(Decimal::MAX)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fixed(f, self.0, QUANTITY_PLACES, 0)
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The exact amount; digits past the 22nd decimal place are rounded half away from zero.
    ///
    /// # Errors
    /// [`OutOfRange::Amount`] beyond 10^15.
    pub fn new(value: Decimal) -> Result<Self, OutOfRange> {
        rescaled(value.mantissa(), value.scale()).and_then(bounded)
    }

    /// An amount given in minor units (cents where `places` is 2).
    #[inline]
    pub fn from_minor(minor: Minor, places: u32) -> Self {
        let unit = power(MONEY_PLACES.saturating_sub(places));
        if minor.unsigned_abs() < 100_000_000_000_000_000 && places > 0 {
            // Below 10^17 x 10^21, which fits.
            return Self(i128::from(minor).wrapping_mul(unit));
        }
        Self(i128::from(minor).saturating_mul(unit))
    }

    /// `mantissa` x 10^-`scale`, where that is exact and within bounds.
    #[inline]
    pub fn scaled(mantissa: i128, scale: u32) -> Option<Self> {
        let places = MONEY_PLACES.checked_sub(scale)?;
        bounded(mantissa.checked_mul(power(places))?).ok()
    }

    /// Quantity x price, exact up to 22 decimal places together.
    ///
    /// # Errors
    /// [`OutOfRange::Amount`] beyond 10^15.
    pub fn product(quantity: Quantity, price: Decimal) -> Result<Self, OutOfRange> {
        let (units, mantissa) = (quantity.0, price.mantissa());
        let places = QUANTITY_PLACES + price.scale();
        if let Some(product) = units.checked_mul(mantissa) {
            return rescaled(product, places).and_then(bounded);
        }
        // With 22 places or fewer, what does not fit is beyond 1.7 x 10^16.
        let further = places.checked_sub(MONEY_PLACES).ok_or(OutOfRange::Amount)?;
        let negative = (units < 0) != (mantissa < 0);
        let product = U256::from(units.unsigned_abs()) * U256::from(mantissa.unsigned_abs());
        let size = divide_wide(product, power(further).unsigned_abs()).ok_or(OutOfRange::Amount)?;
        bounded(signed(size, negative).ok_or(OutOfRange::Amount)?)
    }

    /// The amount times a factor such as an exchange rate, held to 22 places.
    ///
    /// # Errors
    /// [`OutOfRange::Amount`] beyond 10^15.
    pub fn times(self, factor: Decimal) -> Result<Self, OutOfRange> {
        let negative = (self.0 < 0) != factor.is_sign_negative();
        let product =
            U256::from(self.0.unsigned_abs()) * U256::from(factor.mantissa().unsigned_abs());
        let size =
            divide_wide(product, power(factor.scale()).unsigned_abs()).ok_or(OutOfRange::Amount)?;
        bounded(signed(size, negative).ok_or(OutOfRange::Amount)?)
    }

    /// The amount times one number and divided by another, held to 22 places: a rate that is a ratio.
    ///
    /// # Errors
    /// [`OutOfRange::Amount`] beyond 10^15, or where the divisor is nothing.
    pub fn times_over(self, times: Decimal, over: Decimal) -> Result<Self, OutOfRange> {
        let product = self.times(times)?;
        if over == Decimal::ONE {
            return Ok(product);
        }
        let negative = (product.0 < 0) != over.is_sign_negative();
        let raised = U256::from(product.0.unsigned_abs())
            .checked_mul(U256::from(power(over.scale()).unsigned_abs()))
            .ok_or(OutOfRange::Amount)?;
        let size = divide_wide(raised, over.mantissa().unsigned_abs()).ok_or(OutOfRange::Amount)?;
        bounded(signed(size, negative).ok_or(OutOfRange::Amount)?)
    }

    /// The smallest whole number of minor units per unit that covers the amount for `units`, times `part` of them: how a
    /// cost per unit is rounded up.
    ///
    /// # Errors
    /// Amounts out of range.
    pub fn share_rounded_up(
        self,
        part: Quantity,
        units: Quantity,
        places: u32,
    ) -> Result<Self, OutOfRange> {
        let per_unit = self.share(Quantity::ONE, units)?;
        let minor = power(MONEY_PLACES.saturating_sub(places));
        let whole = per_unit.0.div_euclid(minor);
        let up = if per_unit.0.rem_euclid(minor) == 0 {
            whole
        } else {
            whole + 1
        };
        Self(up.checked_mul(minor).ok_or(OutOfRange::Amount)?).share(part, Quantity::ONE)
    }

    /// The number of 10^-22 units.
    #[inline]
    pub fn units(self) -> i128 {
        self.0
    }

    /// Whether it is nothing.
    #[inline]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is below zero.
    #[inline]
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum.
    #[inline]
    pub fn plus(self, other: Self) -> Result<Self, OutOfRange> {
        self.0
            .checked_add(other.0)
            .map(Self)
            .ok_or(OutOfRange::Amount)
    }

    /// The difference.
    #[inline]
    pub fn minus(self, other: Self) -> Result<Self, OutOfRange> {
        self.0
            .checked_sub(other.0)
            .map(Self)
            .ok_or(OutOfRange::Amount)
    }

    /// The same with the opposite sign.
    #[inline]
    pub fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }

    /// The part of this amount that `part` of `whole` units carry: exact where it can be, else held to 22 places.
    ///
    /// Taken of a running total and subtracted (`share(sold + more) - share(sold)`), the parts always add up to the whole.
    #[inline]
    pub fn share(self, part: Quantity, whole: Quantity) -> Result<Self, OutOfRange> {
        share(self.0, part.0, whole.0)
            .map(Self)
            .ok_or(OutOfRange::Amount)
    }

    /// The part of this amount that goes with `part` of an amount that is `whole`.
    ///
    /// # Errors
    /// [`OutOfRange::Amount`] where the whole is nothing, or the part too large.
    pub fn fraction(self, part: Self, whole: Self) -> Result<Self, OutOfRange> {
        share(self.0, part.0, whole.0)
            .map(Self)
            .ok_or(OutOfRange::Amount)
    }

    /// The amount in whole minor units of a currency with `places` decimals, half away from zero.
    #[inline]
    pub fn to_minor(self, places: u32) -> Result<Minor, OutOfRange> {
        // A power of ten is a power of two times one of five, which fits a machine word: that makes the division cheap.
        let twos = MONEY_PLACES.saturating_sub(places);
        let half = power(twos).unsigned_abs() / 2;
        let size = self.0.unsigned_abs().saturating_add(half);
        let (shifted, five) = (size >> twos, power_of_five(twos));
        let rounded = match u64::try_from(shifted) {
            Ok(shifted) => u128::from(shifted / five),
            Err(_) => shifted / u128::from(five),
        };
        let minor = i64::try_from(rounded).map_err(|_| OutOfRange::Amount)?;
        Ok(if self.0 < 0 { -minor } else { minor })
    }

    /// Whether the amount is less than half a minor unit.
    #[inline]
    pub fn prints_as_zero(self, places: u32) -> bool {
        self.0.unsigned_abs() < power(MONEY_PLACES.saturating_sub(places)).unsigned_abs() / 2
    }

    /// Compares two amounts per unit, exactly: `self / units` against `other / other_units`, both quantities positive.
    pub fn compare_per_unit(self, units: Quantity, other: Self, other_units: Quantity) -> Ordering {
        let left = U256::from(self.0.unsigned_abs()) * U256::from(other_units.0.unsigned_abs());
        let right = U256::from(other.0.unsigned_abs()) * U256::from(units.0.unsigned_abs());
        match (self.0 < 0, other.0 < 0) {
            (false, false) => left.cmp(&right),
            (true, true) => right.cmp(&left),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }

    /// Whether two amounts are the same per unit, but for what is rounded away where one whole is cut into shares: at most
    /// a few units of the last decimal place in each.
    pub fn is_same_per_unit(self, units: Quantity, other: Self, other_units: Quantity) -> bool {
        const ROUNDED: I256 = I256::new(4);
        let left = I256::from(self.0) * I256::from(other_units.0);
        let right = I256::from(other.0) * I256::from(units.0);
        (left - right).abs() <= (I256::from(units.0) + I256::from(other_units.0)) * ROUNDED
    }

    /// The amount as a decimal without trailing zeros, to 22 places or as many as a decimal can hold.
    pub fn to_decimal(self) -> Decimal {
        let mut units = self.0;
        let mut places = MONEY_PLACES;
        while places > 0 && (units % 10 == 0 || units.unsigned_abs() >> 96 != 0) {
            units /= 10;
            places -= 1;
        }
        Decimal::try_from_i128_with_scale(units, places).unwrap_or(Decimal::MAX)
    }
}

impl fmt::Display for Money {
    /// The amount with at least two decimal places and as many as it has.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_fixed(f, self.0, MONEY_PLACES, 2)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `minor` units written as a decimal with `places` places.
pub fn minor_text(minor: Minor, places: u32) -> String {
    struct Amount(Minor, u32);
    impl fmt::Display for Amount {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write_fixed(f, i128::from(self.0), self.1, self.1 as usize)
        }
    }
    Amount(minor, places).to_string()
}

/// `part` of the running total `total` minor units for `sold` of `whole` units: cumulative, half away from zero.
pub fn minor_share(total: Minor, part: Quantity, whole: Quantity) -> Result<Minor, OutOfRange> {
    let exact = share(i128::from(total), part.0, whole.0).ok_or(OutOfRange::Amount)?;
    i64::try_from(exact).map_err(|_| OutOfRange::Amount)
}

/// An amount of minor units rounded to whole units of the currency, half away from zero, still in minor units.
pub fn whole_units(minor: Minor, places: u32) -> Minor {
    let unit = 10_u64.saturating_pow(places);
    let size = minor.unsigned_abs();
    let whole = size.saturating_add(unit / 2) / unit * unit;
    let whole = i64::try_from(whole).unwrap_or(i64::MAX);
    if minor < 0 { -whole } else { whole }
}

/// `total` divided by 100 and multiplied by `percent`, in whole minor units, half away from zero.
pub fn percent_of(total: Minor, percent: i64) -> Result<Minor, OutOfRange> {
    let product = i128::from(total) * i128::from(percent);
    let size = (product.unsigned_abs() + 50) / 100;
    let minor = i64::try_from(size).map_err(|_| OutOfRange::Amount)?;
    Ok(if product < 0 { -minor } else { minor })
}

fn write_fixed(f: &mut fmt::Formatter<'_>, units: i128, places: u32, least: usize) -> fmt::Result {
    let scale = power(places).unsigned_abs();
    let (whole, fraction) = (units.unsigned_abs() / scale, units.unsigned_abs() % scale);
    if units < 0 {
        f.write_str("-")?;
    }
    write!(f, "{whole}")?;
    let digits = format!("{fraction:0width$}", width = places as usize);
    let kept = digits
        .trim_end_matches('0')
        .len()
        .max(least.min(places as usize));
    match digits.get(..kept) {
        Some(text) if kept > 0 => write!(f, ".{text}"),
        _ => Ok(()),
    }
}

#[inline]
fn bounded(units: i128) -> Result<Money, OutOfRange> {
    if units.unsigned_abs() > power(37).unsigned_abs() {
        Err(OutOfRange::Amount)
    } else {
        Ok(Money(units))
    }
}

/// A value with `places` decimal places in units of 10^-22.
fn rescaled(value: i128, places: u32) -> Result<i128, OutOfRange> {
    if places <= MONEY_PLACES {
        return value
            .checked_mul(power(MONEY_PLACES - places))
            .ok_or(OutOfRange::Amount);
    }
    let divisor = power(places - MONEY_PLACES).unsigned_abs();
    let size = (value.unsigned_abs() + divisor / 2) / divisor;
    signed(size, value < 0).ok_or(OutOfRange::Amount)
}

fn signed(size: u128, negative: bool) -> Option<i128> {
    let value = i128::try_from(size).ok()?;
    Some(if negative { -value } else { value })
}

/// `amount x part / whole`, half away from zero; `None` where it cannot be held or `whole` is zero.
#[inline]
fn share(amount: i128, part: i128, whole: i128) -> Option<i128> {
    match in_words(part, whole) {
        Some((part, whole)) => {
            let size = narrow_share(amount.unsigned_abs(), part, whole)?;
            signed(size, amount < 0)
        }
        None => wide_share(amount, part, whole),
    }
}

/// Part and whole in machine words, the zeros that both end with cut off: where the part lies between nothing and the
/// whole, which is what nearly every share comes down to.
#[inline]
fn in_words(part: i128, whole: i128) -> Option<(u64, u64)> {
    if part <= 0 || part >= whole {
        return None;
    }
    let zeros = ((part | whole) as u64).trailing_zeros();
    // The part is the smaller one.
    let whole = u64::try_from(whole >> zeros).ok()?;
    Some(((part >> zeros) as u64, whole))
}

/// `size x part / whole`, half up, for a part below the whole: a product of 192 bits and a long division in machine
/// words.
#[inline]
fn narrow_share(size: u128, part: u64, whole: u64) -> Option<u128> {
    // No product of two words wraps, nor does one with a carry added; the quotients fit a word since the part is below
    // the whole, and a remainder below the whole is its own low word.
    let low = u128::from(size as u64).wrapping_mul(u128::from(part));
    let high = (size >> 64).wrapping_mul(u128::from(part));
    let high = high.wrapping_add(low >> 64);
    let first = high.checked_div(u128::from(whole))? as u64;
    let rest = (high as u64).wrapping_sub(first.wrapping_mul(whole));
    let rest = u128::from(rest) << 64 | u128::from(low as u64);
    let second = rest.checked_div(u128::from(whole))? as u64;
    let left = (rest as u64).wrapping_sub(second.wrapping_mul(whole));
    let floor = u128::from(first) << 64 | u128::from(second);
    floor.checked_add(u128::from(left >= whole - whole / 2))
}

/// A share of any amount for any numbers of units.
#[cold]
fn wide_share(amount: i128, part: i128, whole: i128) -> Option<i128> {
    if part == whole {
        return (whole != 0).then_some(amount);
    }
    if amount == 0 || part == 0 {
        return (whole != 0).then_some(0);
    }
    let negative = (amount < 0) != ((part < 0) != (whole < 0));
    let product = U256::from(amount.unsigned_abs()) * U256::from(part.unsigned_abs());
    signed(divide_wide(product, whole.unsigned_abs())?, negative)
}

/// `value / divisor`, half away from zero, if it fits.
fn divide_wide(value: U256, divisor: u128) -> Option<u128> {
    if divisor == 0 {
        return None;
    }
    let divisor = U256::from(divisor);
    let quotient = (value + divisor / 2) / divisor;
    u128::try_from(quotient).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        Decimal::from_str_exact(text).unwrap()
    }

    fn quantity(text: &str) -> Quantity {
        Quantity::new(dec(text)).unwrap()
    }

    fn money(text: &str) -> Money {
        Money::new(dec(text)).unwrap()
    }

    #[test]
    fn a_product_beyond_all_bounds_is_refused_at_any_scale() {
        let most = quantity("999999999999999999");
        for price in [
            "999999999999999",
            "999999999999999.99",
            "999999999.0000000001",
        ] {
            assert_eq!(
                Money::product(most, dec(price)),
                Err(OutOfRange::Amount),
                "{price}"
            );
        }
    }

    #[test]
    fn products_are_exact_up_to_22_places() {
        let ether = quantity("1.234567890123456789");
        assert_eq!(
            Money::product(ether, dec("3012.3456")).unwrap().to_string(),
            "3718.9451517146785151342784"
        );
        assert_eq!(
            Money::product(quantity("-3"), dec("0.10")).unwrap(),
            money("-0.3")
        );
        assert_eq!(
            Money::product(quantity("1000000000"), dec("99999999")),
            Err(OutOfRange::Amount)
        );
    }

    #[test]
    fn parts_of_a_running_total_add_up_to_the_whole() {
        let (cost, whole) = (money("100"), quantity("3"));
        let mut out = Money::ZERO;
        for sold in ["1", "2", "3"] {
            let total = cost.share(quantity(sold), whole).unwrap();
            out = out.plus(total.minus(out).unwrap()).unwrap();
        }
        assert_eq!(out, cost);
        assert_eq!(
            cost.share(quantity("1"), whole).unwrap().to_minor(2),
            Ok(3333)
        );
        assert_eq!(
            cost.share(quantity("2"), whole).unwrap().to_minor(2),
            Ok(6667)
        );
    }

    #[test]
    fn wide_and_narrow_shares_agree() {
        let cost = money("12345.678901");
        let narrow = cost.share(quantity("3"), quantity("7")).unwrap();
        let wide = cost
            .share(
                quantity("3000000000.000000000000000003"),
                quantity("7000000000.000000000000000007"),
            )
            .unwrap();
        assert_eq!(narrow, wide);
    }

    #[test]
    fn half_a_cent_rounds_away_from_zero() {
        for (amount, cents) in [
            ("0.005", 1),
            ("-0.005", -1),
            ("0.00499999", 0),
            ("2.669999", 267),
            ("-2.675", -268),
        ] {
            assert_eq!(money(amount).to_minor(2), Ok(cents), "{amount}");
        }
        assert_eq!(money("2.5").to_minor(0), Ok(3));
    }

    #[test]
    fn amounts_per_unit_compare_exactly() {
        let third = money("10");
        assert_eq!(
            third.compare_per_unit(quantity("3"), money("20"), quantity("6")),
            Ordering::Equal
        );
        assert_eq!(
            third.compare_per_unit(quantity("3"), money("20.0000000001"), quantity("6")),
            Ordering::Less
        );
    }

    #[test]
    fn quantities_print_without_trailing_zeros_and_amounts_with_cents() {
        assert_eq!(quantity("10.500").to_string(), "10.5");
        assert_eq!(
            quantity("-0.000000000000000001").to_string(),
            "-0.000000000000000001"
        );
        assert_eq!(money("3").to_string(), "3.00");
        assert_eq!(minor_text(-5, 2), "-0.05");
        assert_eq!(minor_text(1200, 0), "1200");
        assert_eq!(quantity("4").to_decimal().to_string(), "4");
    }

    #[test]
    fn a_split_undone_gives_what_there_was_and_no_other_quantity_is_touched() {
        let units = |text: &str| Quantity::new(text.parse().unwrap()).unwrap();
        for (held, ratio) in [
            ("100", "3"),
            ("0.001", "7"),
            ("-100", "3"),
            ("12.345678901", "30"),
        ] {
            let (one, many) = (Quantity::ONE, units(ratio));
            let there = units(held).restated(one, many).unwrap();
            assert_eq!(
                there.restated(many, one).unwrap(),
                units(held),
                "{held} {ratio}"
            );
        }
        let fine = units("0.123456789000000001");
        assert_eq!(fine.restated(units("2"), units("2")).unwrap(), fine);
        let third = units("0.333333333333333333");
        assert_eq!(
            third.restated(units("2"), Quantity::ONE).unwrap(),
            units("0.666666666666666666")
        );
        let off = units("0.999999999999999990");
        assert_eq!(
            off.restated(units("2"), Quantity::ONE).unwrap(),
            units("1.99999999999999998")
        );
    }

    #[test]
    fn what_cannot_be_held_is_refused() {
        assert_eq!(
            Quantity::new(dec("0.1234567890123456789")),
            Err(OutOfRange::Places)
        );
        assert_eq!(
            Quantity::new(dec("1000000000000000000")),
            Err(OutOfRange::Quantity)
        );
        assert_eq!(Money::new(dec("1000000000000001")), Err(OutOfRange::Amount));
    }
}
