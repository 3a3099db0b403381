//! Digits of dates, amounts and quantities, by hand: several times faster than the formatting machinery, which counts
//! in tables of a million rows.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "digits of one number or one day: their ranges are those of the types"
)]
#![allow(
    clippy::indexing_slicing,
    reason = "positions within a buffer that holds the longest number"
)]

use crate::date::Date;
use crate::money::{Minor, QUANTITY_PLACES, Quantity};
use crate::output::table::{Id, Place};

const PAIRS: &[u8; 200] = b"0001020304050607080910111213141516171819\
2021222324252627282930313233343536373839\
4041424344454647484950515253545556575859\
6061626364656667686970717273747576777879\
8081828384858687888990919293949596979899";

fn pair(n: u32) -> [u8; 2] {
    let at = (n % 100) as usize * 2;
    [PAIRS[at], PAIRS[at + 1]]
}

/// Where digits are written.
pub trait Sink {
    /// The first `length` of a few bytes. That all of them may be written, of a number the compiler knows, costs a
    /// fraction of copying as many as are meant; what lies behind those is written over.
    fn put<const N: usize>(&mut self, bytes: &[u8; N], length: usize);

    /// Text of any length.
    fn text(&mut self, text: &[u8]);

    /// One byte.
    #[inline(always)]
    fn byte(&mut self, byte: u8) {
        self.put(&[byte], 1);
    }
}

impl Sink for Vec<u8> {
    #[inline]
    fn put<const N: usize>(&mut self, bytes: &[u8; N], length: usize) {
        let end = self.len() + length;
        self.extend_from_slice(bytes);
        self.truncate(end);
    }

    #[inline]
    fn text(&mut self, text: &[u8]) {
        self.extend_from_slice(text);
    }
}

/// Room for the longest number, with its sign and point, and as much again behind it.
const ROOM: usize = 48;

/// Longest number written at once: a sign, 20 digits and a point.
const LONGEST: usize = ROOM / 2;

/// A number written from its last digit to its first, to be copied out by a length the compiler knows: that costs a
/// fraction of copying as many bytes as it has.
struct Backwards {
    bytes: [u8; ROOM],
    at: usize,
}

impl Backwards {
    #[inline]
    fn new() -> Self {
        Self {
            bytes: [b'0'; ROOM],
            at: LONGEST,
        }
    }

    #[inline]
    fn push(&mut self, byte: u8) {
        self.at -= 1;
        self.bytes[self.at] = byte;
    }

    #[inline]
    fn push_pair(&mut self, n: u32) {
        self.at -= 2;
        self.bytes[self.at..self.at + 2].copy_from_slice(&pair(n));
    }

    /// A whole number.
    #[inline]
    fn push_integer(&mut self, mut n: u64) {
        while n >= 100 {
            self.push_pair((n % 100) as u32);
            n /= 100;
        }
        if n >= 10 {
            self.push_pair(n as u32);
        } else {
            self.push(b'0' + n as u8);
        }
    }

    /// A number below 10^`width`, with leading zeros to `width` digits.
    #[inline]
    fn push_padded(&mut self, mut n: u64, width: usize) {
        let end = self.at - width;
        while n >= 10 {
            self.push_pair((n % 100) as u32);
            n /= 100;
        }
        if n > 0 {
            self.push(b'0' + n as u8);
        }
        // A pair may have left one zero too many; what is missing is zeros already.
        self.at = end;
    }

    #[inline(always)]
    fn copy_to(&self, out: &mut impl Sink) {
        let window = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk);
        let window: &[u8; LONGEST] = window.unwrap_or(&[0; LONGEST]);
        out.put(window, LONGEST - self.at);
    }
}

/// Below this a number has at most eight digits, which are found side by side in one machine word.
const EIGHT: u64 = 100_000_000;

/// Eight zeros as text.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The digits of a number below 10^8 as text, the first in the lowest byte, with zeros in front; without a branch, since a
/// processor cannot foresee how long a number is.
#[inline]
fn eight_digits(n: u32) -> u64 {
    // Two numbers below 10^4, then four below 100, then eight digits. A division by a constant is a multiplication, and
    // no part of a word is large enough to reach into the next.
    let fours = u64::from(n / 10_000) | u64::from(n % 10_000) << 32;
    let high = (fours.wrapping_mul(10_486) >> 20) & 0x0000_007f_0000_007f;
    let pairs = high | fours.wrapping_sub(high.wrapping_mul(100)) << 16;
    let high = (pairs.wrapping_mul(103) >> 10) & 0x000f_000f_000f_000f;
    ZEROS | high | pairs.wrapping_sub(high.wrapping_mul(10)) << 8
}

/// A whole number.
#[inline(always)]
pub fn integer(out: &mut impl Sink, n: u64) {
    if n < EIGHT {
        let digits = eight_digits(n as u32);
        // Zeros in front, but never the last digit.
        let zeros = ((digits ^ ZEROS) | 1 << 56).trailing_zeros() / 8;
        let bytes = (digits >> (8 * zeros)).to_le_bytes();
        return out.put(&bytes, 8 - zeros as usize);
    }
    long_integer(n).copy_to(out);
}

// Not given the sink: a writer whose address nobody else has seen is kept in registers.
#[cold]
fn long_integer(n: u64) -> Backwards {
    let mut digits = Backwards::new();
    digits.push_integer(n);
    digits
}

/// A date as `2024-06-03`.
#[inline]
pub fn date(out: &mut impl Sink, date: Date) {
    out.put(&date_text(date), 10);
}

fn date_text(date: Date) -> [u8; 10] {
    let (year, month, day) = civil(date.number().unsigned_abs());
    let [c0, c1] = pair(year / 100);
    let [y0, y1] = pair(year);
    let [m0, m1] = pair(month);
    let [d0, d1] = pair(day);
    [c0, c1, y0, y1, b'-', m0, m1, b'-', d0, d1]
}

/// Days as they were last written: a table has the same ones again and again.
#[derive(Debug)]
pub struct Dates(Vec<(Date, [u8; 10])>);

/// Days remembered: nearly three years of them.
const REMEMBERED: usize = 1 << 10;

impl Default for Dates {
    fn default() -> Self {
        Self(vec![(Date::FIRST, date_text(Date::FIRST)); REMEMBERED])
    }
}

impl Dates {
    /// A date as `2024-06-03`.
    #[inline]
    pub fn text(&mut self, day: Date) -> [u8; 10] {
        let place = day.number().unsigned_abs() as usize % REMEMBERED;
        match self.0.get_mut(place) {
            Some((known, text)) if *known == day => *text,
            Some(known) => {
                *known = (day, date_text(day));
                known.1
            }
            None => date_text(day),
        }
    }
}

/// Year, month and day of a day counted from 0000-12-31, by years that begin in March so that the leap day comes last.
fn civil(number: u32) -> (u32, u32, u32) {
    const CYCLE: u32 = 146_097; // days of 400 years
    let since_march = number + 305; // 1 March of the year 0 is day 0
    let (cycle, day) = (since_march / CYCLE, since_march % CYCLE);
    let year = (day - day / 1460 + day / 36_524 - day / (CYCLE - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (cycle * 400 + year + later, month, day)
}

/// An amount of minor units with `places` decimals.
#[inline(always)]
pub fn amount(out: &mut impl Sink, minor: Minor, places: u32) {
    let size = minor.unsigned_abs();
    // Without a branch: a processor cannot foresee losses.
    out.put(b"-", usize::from(minor < 0));
    if places == 2 {
        integer(out, size / 100);
        let [tens, ones] = pair((size % 100) as u32);
        return out.put(&[b'.', tens, ones], 3);
    }
    let unit = 10_u64.saturating_pow(places);
    integer(out, size / unit);
    if places > 0 {
        padded(size % unit, places.min(19) as usize).copy_to(out);
    }
}

/// A point and so many decimals.
fn padded(n: u64, width: usize) -> Backwards {
    let mut digits = Backwards::new();
    digits.push_padded(n, width);
    digits.push(b'.');
    digits
}

/// A quantity without trailing zeros.
#[inline(always)]
pub fn quantity(out: &mut impl Sink, quantity: Quantity) {
    const ONE: u64 = 10_u64.pow(QUANTITY_PLACES);
    out.put(b"-", usize::from(quantity.is_negative()));
    let units = quantity.units().unsigned_abs();
    // 10^18 = 2^18 x 5^18: shifted, all but enormous quantities divide in one machine word.
    let (whole, rest) = if let Ok(shifted) = u64::try_from(units >> QUANTITY_PLACES) {
        let whole = shifted / 5_u64.pow(QUANTITY_PLACES);
        (whole, (units as u64).wrapping_sub(whole.wrapping_mul(ONE)))
    } else {
        let one = u128::from(ONE);
        let whole = u64::try_from(units / one).unwrap_or(u64::MAX);
        (whole, (units % one) as u64)
    };
    integer(out, whole);
    if rest == 0 {
        return;
    }
    // Hardly anything is counted in more than eight places.
    const BEHIND: u64 = ONE / EIGHT;
    if rest.is_multiple_of(BEHIND) {
        let digits = eight_digits((rest / BEHIND) as u32);
        let zeros = (digits ^ ZEROS).leading_zeros() / 8;
        out.byte(b'.');
        return out.put(&digits.to_le_bytes(), 8 - zeros as usize);
    }
    fraction(rest).copy_to(out);
}

/// A point and the digits of 18 behind it, without the zeros at their end.
fn fraction(rest: u64) -> Backwards {
    let (digits, width) = without_zeros(rest, QUANTITY_PLACES as usize);
    padded(digits, width)
}

/// `width` digits of a fraction that is not zero, without the zeros at its end; and how many are left.
#[inline]
fn without_zeros(mut digits: u64, mut width: usize) -> (u64, usize) {
    const STEPS: [(u64, usize); 5] = [(1_000_000_000, 9), (10_000, 4), (100, 2), (10, 1), (10, 1)];
    for (power, zeros) in STEPS {
        if digits.is_multiple_of(power) {
            digits /= power;
            width -= zeros;
        }
    }
    (digits, width)
}

/// `SYMBOL@DATE#n` or `SYMBOL@pool`.
pub fn id(out: &mut impl Sink, id: Id<'_>) {
    out.text(id.symbol.as_bytes());
    id_tail(out, id, date);
}

/// What follows the symbol in an id, its day written by `write_day`: never in need of quotes.
#[inline(always)]
pub fn id_tail<S: Sink>(out: &mut S, id: Id<'_>, write_day: impl FnOnce(&mut S, Date)) {
    let Some((day, number)) = id.numbered else {
        return out.put(b"@pool", 5);
    };
    out.byte(b'@');
    write_day(out, day);
    out.byte(b'#');
    integer(out, u64::from(number));
}

/// `FILE:LINE`.
pub fn place(out: &mut impl Sink, place: Place<'_>) {
    out.text(place.file.as_bytes());
    out.byte(b':');
    integer(out, u64::from(place.line));
}

/// Digits as text.
pub fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes);
    String::from_utf8(bytes).unwrap_or_default()
}

/// The same digits with a comma between thousands: `-12,345.60`. For tables to read only.
pub fn grouped(plain: &str) -> String {
    let (sign, size) = plain.split_at(usize::from(plain.starts_with('-')));
    let whole = size.find('.').unwrap_or(size.len());
    let mut text = String::from(sign);
    for (i, digit) in size.chars().enumerate() {
        if i > 0 && i < whole && (whole - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;

    /// Numbers of every length, those beside powers of ten, and many between.
    fn numbers() -> impl Iterator<Item = u64> {
        let powers = (0..20).map(|zeros| 10_u64.pow(zeros));
        let beside = powers.flat_map(|power| [power - 1, power, power + 1, power / 7, power / 3]);
        let between = (0..200_000).map(|n| n * 997 % 130_000_000);
        beside.chain([42, 123_456, u64::MAX]).chain(between)
    }

    #[test]
    fn numbers_are_written_like_the_formatting_machinery_writes_them() {
        for n in numbers() {
            assert_eq!(text(|out| integer(out, n)), n.to_string());
        }
        for (minor, places) in [
            (0, 2),
            (-5, 2),
            (100, 2),
            (123_456, 2),
            (7, 0),
            (7, 3),
            (-1_234_567, 3),
            (Minor::MAX, 2),
            (Minor::MIN, 2),
        ] {
            assert_eq!(
                text(|out| amount(out, minor, places)),
                crate::money::minor_text(minor, places),
            );
        }
    }

    #[test]
    fn quantities_are_written_without_trailing_zeros() {
        for plain in [
            "0",
            "4",
            "-4",
            "10.5",
            "0.000000000000000001",
            "-1.234567890123456789",
            "999999999999999999.999999999",
            "4800001.25",
            "0.1",
        ] {
            let value = Quantity::new(Decimal::from_str_exact(plain).unwrap()).unwrap();
            assert_eq!(text(|out| quantity(out, value)), value.to_string());
        }
    }

    #[test]
    fn every_day_is_written_as_iso() {
        let (mut day, last) = (Date::new(1900, 1, 1), Date::new(2199, 12, 31));
        while let Some(now) = day.filter(|now| Some(*now) <= last) {
            assert_eq!(text(|out| date(out, now)), now.to_string());
            day = Some(now.plus(1));
        }
    }

    #[test]
    fn thousands_are_set_apart() {
        for (plain, read) in [
            ("0.00", "0.00"),
            ("-999.00", "-999.00"),
            ("1000", "1,000"),
            ("-1234567.89", "-1,234,567.89"),
            ("1234.123456", "1,234.123456"),
        ] {
            assert_eq!(grouped(plain), read);
        }
    }
}
