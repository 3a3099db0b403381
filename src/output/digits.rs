//! Digits of dates, amounts and quantities, by hand: several times faster than the formatting machinery, which counts
//! in tables of a million rows.

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

/// A whole number.
pub fn integer(out: &mut Vec<u8>, n: u64) {
    // Most numbers have one or two digits.
    if n < 10 {
        return out.push(b'0' + n as u8);
    }
    if n < 100 {
        return out.extend_from_slice(&pair(n as u32));
    }
    padded(out, n, 1);
}

/// A whole number with leading zeros to at least `width` digits (up to 20).
fn padded(out: &mut Vec<u8>, mut n: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    while n >= 10 {
        at -= 2;
        digits[at..at + 2].copy_from_slice(&pair((n % 100) as u32));
        n /= 100;
    }
    if n > 0 {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
    }
    let at = significant(&digits, at).min(digits.len() - width);
    out.extend_from_slice(&digits[at..]);
}

/// Pairs may leave one zero in front.
fn significant(digits: &[u8; 20], at: usize) -> usize {
    at + usize::from(digits.get(at) == Some(&b'0'))
}

/// A date as `2024-06-03`.
pub fn date(out: &mut Vec<u8>, date: Date) {
    let (year, month, day) = civil(date.number().unsigned_abs());
    let [c0, c1] = pair(year / 100);
    let [y0, y1] = pair(year);
    let [m0, m1] = pair(month);
    let [d0, d1] = pair(day);
    out.extend_from_slice(&[c0, c1, y0, y1, b'-', m0, m1, b'-', d0, d1]);
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
pub fn amount(out: &mut Vec<u8>, minor: Minor, places: u32) {
    if minor < 0 {
        out.push(b'-');
    }
    let size = minor.unsigned_abs();
    if places == 2 {
        integer(out, size / 100);
        let [a, b] = pair((size % 100) as u32);
        out.extend_from_slice(&[b'.', a, b]);
        return;
    }
    let unit = 10_u64.saturating_pow(places);
    integer(out, size / unit);
    if places > 0 {
        out.push(b'.');
        padded(out, size % unit, places.min(19) as usize);
    }
}

/// A quantity without trailing zeros.
pub fn quantity(out: &mut Vec<u8>, quantity: Quantity) {
    const ONE: u64 = 10_u64.pow(QUANTITY_PLACES);
    if quantity.is_negative() {
        out.push(b'-');
    }
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
    out.push(b'.');
    padded(out, rest, QUANTITY_PLACES as usize);
    while out.last() == Some(&b'0') {
        out.pop();
    }
}

/// `SYMBOL@DATE#n` or `SYMBOL@pool`.
pub fn id(out: &mut Vec<u8>, id: Id<'_>) {
    out.extend_from_slice(id.symbol.as_bytes());
    id_tail(out, id);
}

/// What follows the symbol in an id: never in need of quotes.
pub fn id_tail(out: &mut Vec<u8>, id: Id<'_>) {
    let Some((day, number)) = id.numbered else {
        out.extend_from_slice(b"@pool");
        return;
    };
    out.push(b'@');
    date(out, day);
    out.push(b'#');
    integer(out, u64::from(number));
}

/// `FILE:LINE`.
pub fn place(out: &mut Vec<u8>, place: Place<'_>) {
    out.extend_from_slice(place.file.as_bytes());
    out.push(b':');
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

    #[test]
    fn numbers_are_written_like_the_formatting_machinery_writes_them() {
        for n in [0, 1, 9, 10, 42, 99, 100, 101, 999, 1000, 123_456, u64::MAX] {
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
