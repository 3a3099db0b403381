//! Numbers as people and programs write them, read exactly or refused: no digit is ever lost.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "digits and places of one cell, fewer than a number may have"
)]

use rust_decimal::Decimal;

use crate::trade::Packed;

/// A number with the currency or asset written beside it, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The value.
    pub value: Decimal,
    /// A code or unambiguous sign written with it: `EUR` for `€5` and `5 EUR`.
    pub unit: Option<String>,
}

/// Why text is not a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotANumber {
    /// Commas (or points) that are no groups of three.
    Groups,
    /// It has more digits than can be held exactly.
    Digits,
    /// Not a number at all.
    Text,
}

/// What separates the decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DecimalMark {
    /// `1,234.56`
    #[default]
    Point,
    /// `1.234,56`
    Comma,
}

impl DecimalMark {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Comma => "comma",
        }
    }
}

/// Text that means "unknown": empty, dashes and the like. Not zero.
pub fn is_unknown(text: &str) -> bool {
    text.is_empty()
        || ["-", "--", "---", "~", "n/a", "not available", "processing"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
}

/// The same where a number is expected: words that might be names elsewhere.
pub fn is_unknown_number(text: &str) -> bool {
    is_unknown(text)
        || ["na", "null", "none", "nan"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
}

/// Plain digits with at most one point and a minus in front, up to 18 digits: the shape of nearly every cell.
#[inline]
pub fn plain(bytes: &[u8]) -> Option<Decimal> {
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    let mut value: u64 = 0;
    let mut point = None;
    for (at, byte) in digits.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 {
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        } else if *byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
    }
    let scale = match point {
        Some(at) => digits.len() - at - 1,
        None => 0,
    };
    let count = digits.len() - usize::from(point.is_some());
    if count == 0 || count > 18 {
        return None;
    }
    let low = u32::try_from(value & 0xffff_ffff).unwrap_or_default();
    let middle = u32::try_from(value >> 32).unwrap_or_default();
    let scale = u32::try_from(scale).unwrap_or_default();
    Some(Decimal::from_parts(
        low,
        middle,
        0,
        negative && value != 0,
        scale,
    ))
}

/// The same at the front of a row's text, up to 15 digits, packed and with what follows it: a byte that ends cells, or
/// nothing. Every number within 15 digits is within all bounds.
#[inline]
pub fn plain_cell(bytes: &[u8], ends: Ends) -> Option<(Packed, &[u8])> {
    match bytes.first_chunk() {
        Some(eight) if eight[0] != b'-' => match ends.first(u64::from_le_bytes(*eight)) {
            Some(length) => short_cell(u64::from_le_bytes(*eight), length)
                .map(|packed| (packed, bytes.get(length..).unwrap_or_default())),
            None => long_cell(bytes, ends),
        },
        _ => long_cell(bytes, ends),
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x80 * ONES;

/// The high bit of the first zero byte, and of none before it.
#[inline]
fn zeros(bytes: u64) -> u64 {
    bytes.wrapping_sub(ONES) & !bytes & HIGH
}

/// Whether one of eight bytes is this one.
#[inline]
pub fn has(bytes: u64, byte: u8) -> bool {
    zeros(bytes ^ (ONES * u64::from(byte))) != 0
}

/// The first `count` of eight bytes, less than eight, the rest zero.
#[inline]
pub fn front(bytes: u64, count: usize) -> u64 {
    bytes & ((1 << (8 * count)) - 1)
}

/// What ends a cell: the delimiter, or the end of the line.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    delimiter: u8,
    repeated: u64,
}

impl Ends {
    /// With this delimiter.
    pub fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            repeated: ONES * u64::from(delimiter),
        }
    }

    /// Whether this byte ends a cell.
    #[inline]
    pub fn at(self, byte: u8) -> bool {
        byte == self.delimiter || byte == b'\n' || byte == b'\r'
    }

    /// How many of eight bytes stand before the first that ends a cell.
    #[inline]
    pub fn first(self, bytes: u64) -> Option<usize> {
        let found = zeros(bytes ^ self.repeated)
            | zeros(bytes ^ (ONES * u64::from(b'\n')))
            | zeros(bytes ^ (ONES * u64::from(b'\r')));
        (found != 0).then(|| found.trailing_zeros() as usize / 8)
    }
}

/// A number of up to seven bytes without a minus, without a branch that hangs on its length or on where its point is:
/// those a processor cannot foresee. Numbers and names eight bytes at a time took a row from 200 to 150 ns.
#[inline]
fn short_cell(bytes: u64, length: usize) -> Option<Packed> {
    let points = zeros(bytes ^ (ONES * u64::from(b'.')));
    let point = (points.trailing_zeros() as usize / 8).min(length);
    let has_point = usize::from(point < length);
    let count = length - has_point;
    if count == 0 {
        return None;
    }
    let before = front(bytes, point);
    let digits =
        before | (front(bytes >> (8 * has_point), count) ^ front(bytes >> (8 * has_point), point));
    // To the end of the eight bytes, behind zeros.
    let digits = (digits << (8 * (8 - count))) | ((ONES * u64::from(b'0')) >> (8 * count));
    let value = eight_digits(digits)?;
    let places = u8::try_from(length - point - has_point).ok()?;
    Some(Packed::small(value, places))
}

/// The value of eight digits, by pairs, fours and all at once.
#[inline]
fn eight_digits(digits: u64) -> Option<i64> {
    let below = digits.wrapping_sub(ONES * u64::from(b'0'));
    let above = digits.wrapping_add(ONES * (0x7f - u64::from(b'9')));
    if (below | above | digits) & HIGH != 0 {
        return None;
    }
    let pairs = below.wrapping_mul(10).wrapping_add(below >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    let all = fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff;
    i64::try_from(all).ok()
}

/// A number of any length, byte by byte.
fn long_cell(bytes: &[u8], ends: Ends) -> Option<(Packed, &[u8])> {
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    let (value, whole, rest) = run(0, digits);
    let (value, places, rest) = match rest {
        [b'.', rest @ ..] => run(value, rest),
        _ => (value, 0, rest),
    };
    let count = whole + places;
    if count == 0 || count > 15 || rest.first().is_some_and(|byte| !ends.at(*byte)) {
        return None;
    }
    let value = i64::try_from(value).ok()?;
    let value = if negative { -value } else { value };
    Some((Packed::small(value, u8::try_from(places).ok()?), rest))
}

/// The digits in front, behind those of `value`; how many they are, and what follows.
#[inline]
fn run(mut value: u64, bytes: &[u8]) -> (u64, usize, &[u8]) {
    let mut count = 0;
    for byte in bytes {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        count += 1;
    }
    (value, count, bytes.get(count..).unwrap_or_default())
}

/// Any accepted shape.
///
/// # Errors
/// Why the text is no number.
pub fn parse(text: &str, mark: DecimalMark) -> Result<Written, NotANumber> {
    let text = text.trim().trim_start_matches('@').trim();
    let (text, parenthesized) = match text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        Some(inside) => (inside, true),
        None => (text, false),
    };
    let mut parts = Parts {
        text,
        unit: None,
        negative: parenthesized,
        signs: 0,
    };
    parts.strip()?;
    if parenthesized && parts.signs > 0 {
        return Err(NotANumber::Text);
    }
    let value = digits(parts.text, mark)?;
    let negative = parts.negative && !value.is_zero();
    Ok(Written {
        value: if negative { -value } else { value },
        unit: parts.unit,
    })
}

/// What is left of a cell while signs and units are taken off its ends.
struct Parts<'a> {
    text: &'a str,
    unit: Option<String>,
    negative: bool,
    signs: u8,
}

impl<'a> Parts<'a> {
    fn strip(&mut self) -> Result<(), NotANumber> {
        loop {
            let before = self.text.len();
            self.text = self.text.trim_matches(is_blank);
            self.sign()?;
            self.symbol()?;
            self.code()?;
            if self.text.len() == before {
                return Ok(());
            }
        }
    }

    fn sign(&mut self) -> Result<(), NotANumber> {
        let minus = ['-', '\u{2212}', '\u{2013}'];
        let rest = if let Some(rest) = self
            .text
            .strip_prefix(minus)
            .or_else(|| self.text.strip_suffix(minus))
        {
            self.negative = !self.negative;
            rest
        } else if let Some(rest) = self.text.strip_prefix('+') {
            rest
        } else {
            return Ok(());
        };
        self.signs += 1;
        if self.signs > 1 {
            return Err(NotANumber::Text);
        }
        self.text = rest;
        Ok(())
    }

    fn symbol(&mut self) -> Result<(), NotANumber> {
        for (sign, unit) in [
            ("$", None),
            ("¥", None),
            ("€", Some("EUR")),
            ("£", Some("GBP")),
        ] {
            let rest = self
                .text
                .strip_prefix(sign)
                .or_else(|| self.text.strip_suffix(sign));
            if let Some(rest) = rest {
                self.text = rest;
                return unit.map_or(Ok(()), |unit| self.set(unit));
            }
        }
        Ok(())
    }

    /// A code of three or more capitals: `USD 5`, `5SOL`. `US$`, `C$` and `A$` too.
    fn code(&mut self) -> Result<(), NotANumber> {
        for (dollar, unit) in [
            ("US$", "USD"),
            ("CA$", "CAD"),
            ("C$", "CAD"),
            ("AU$", "AUD"),
            ("A$", "AUD"),
        ] {
            if let Some(rest) = self.text.strip_prefix(dollar) {
                self.text = rest;
                return self.set(unit);
            }
        }
        let letters = |c: char| c.is_ascii_alphabetic();
        let front = self.text.len() - self.text.trim_start_matches(letters).len();
        if (3..=6).contains(&front) && front < self.text.len() {
            let (code, rest) = self.text.split_at(front);
            self.text = rest;
            return self.set(code);
        }
        let back = self.text.trim_end_matches(letters).len();
        if (3..=6).contains(&(self.text.len() - back)) && back > 0 {
            let (rest, code) = self.text.split_at(back);
            self.text = rest;
            return self.set(code);
        }
        Ok(())
    }

    fn set(&mut self, unit: &str) -> Result<(), NotANumber> {
        if self.unit.is_some() || !unit.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(NotANumber::Text);
        }
        self.unit = Some(unit.to_owned());
        Ok(())
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{200e}')
}

/// Digits with groups, a decimal mark and an exponent.
fn digits(text: &str, mark: DecimalMark) -> Result<Decimal, NotANumber> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            exponent.parse::<i32>().map_err(|_| NotANumber::Text)?,
        ),
        None => (text, 0),
    };
    let (point, comma) = match mark {
        DecimalMark::Point => ('.', ','),
        DecimalMark::Comma => (',', '.'),
    };
    let (whole, fraction) = mantissa.split_once(point).unwrap_or((mantissa, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        let swapped = fraction.contains(comma) || fraction.contains(point);
        let shaped = fraction
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b','));
        return Err(if swapped && shaped {
            NotANumber::Groups
        } else {
            NotANumber::Text
        });
    }
    let whole = ungrouped(whole, comma)?;
    if whole.is_empty() && fraction.is_empty() {
        return Err(NotANumber::Text);
    }
    assemble(&whole, fraction, exponent)
}

/// Without group separators: commas, or blanks, or apostrophes, between proper groups of three.
fn ungrouped(whole: &str, comma: char) -> Result<String, NotANumber> {
    if whole.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(whole.to_owned());
    }
    let separator = whole.chars().find(|c| !c.is_ascii_digit()).unwrap_or(comma);
    let grouping =
        separator == comma || is_blank(separator) || matches!(separator, '\'' | '\u{2019}');
    if !grouping {
        return Err(NotANumber::Text);
    }
    let mut groups = whole.split(separator);
    let first = groups.next().unwrap_or_default();
    let digits = |group: &str| group.bytes().all(|b| b.is_ascii_digit());
    // `0,500` has no thousands: nobody writes a zero in front of them.
    let proper = (1..=3).contains(&first.len())
        && !first.starts_with('0')
        && groups.all(|group| group.len() == 3 && digits(group));
    if proper && digits(first) {
        return Ok(whole.split(separator).collect());
    }
    let only_digits = whole.split(separator).all(digits);
    Err(if only_digits && separator == comma {
        NotANumber::Groups
    } else {
        NotANumber::Text
    })
}

/// The exact decimal of digits before and after the point, times a power of ten.
fn assemble(whole: &str, fraction: &str, exponent: i32) -> Result<Decimal, NotANumber> {
    let mut mantissa: u128 = 0;
    let mut scale = -i64::from(exponent);
    // Zeros that carry nothing are held back until a digit follows them, so that they cannot fill the mantissa.
    let mut zeros: u32 = 0;
    let places = whole
        .bytes()
        .map(|b| (b, false))
        .chain(fraction.bytes().map(|b| (b, true)));
    for (byte, after_point) in places {
        scale += i64::from(after_point);
        if byte == b'0' {
            zeros = zeros.saturating_add(u32::from(mantissa != 0));
            continue;
        }
        mantissa = shifted(mantissa, zeros.saturating_add(1))
            .and_then(|m| m.checked_add(u128::from(byte.wrapping_sub(b'0'))))
            .ok_or(NotANumber::Digits)?;
        zeros = 0;
    }
    // The zeros at the end are kept as written where they fit, else dropped: the value is the same.
    let kept = if (0..=28).contains(&scale) {
        shifted(mantissa, zeros)
    } else {
        None
    };
    match kept.filter(|kept| kept >> 96 == 0) {
        Some(kept) => finish(kept, scale),
        None => finish(mantissa, scale - i64::from(zeros)),
    }
}

fn shifted(mantissa: u128, places: u32) -> Option<u128> {
    if mantissa == 0 {
        return Some(0);
    }
    10_u128.checked_pow(places)?.checked_mul(mantissa)
}

fn finish(mut mantissa: u128, mut scale: i64) -> Result<Decimal, NotANumber> {
    if mantissa == 0 {
        return Ok(Decimal::ZERO);
    }
    if scale < 0 {
        let places = u32::try_from(-scale).map_err(|_| NotANumber::Digits)?;
        mantissa = shifted(mantissa, places).ok_or(NotANumber::Digits)?;
        scale = 0;
    }
    while scale > 28 && mantissa.is_multiple_of(10) {
        mantissa /= 10;
        scale -= 1;
    }
    let scale = u32::try_from(scale).map_err(|_| NotANumber::Digits)?;
    let mantissa = i128::try_from(mantissa).map_err(|_| NotANumber::Digits)?;
    Decimal::try_from_i128_with_scale(mantissa, scale).map_err(|_| NotANumber::Digits)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, NotANumber> {
        parse(text, DecimalMark::Point).map(|n| n.value.normalize().to_string())
    }

    #[test]
    fn a_packed_number_is_the_number() {
        let numbers = [
            "1",
            "-1",
            "0",
            "-0",
            "12.50",
            ".5",
            "5.",
            "321.56",
            "1234567",
            "123456.",
            ".123456",
            "12345678",
            "999999999999999",
            "-0.00000001",
            "0.000",
        ];
        for text in numbers {
            for end in [",7", "\n2024-01-02,", "\r\n2024-01-02,", ""] {
                let cell = format!("{text}{end}");
                let (packed, rest) = plain_cell(cell.as_bytes(), Ends::new(b',')).unwrap();
                assert_eq!(rest, end.as_bytes(), "{text}");
                assert_eq!(
                    packed,
                    Packed::of(plain(text.as_bytes()).unwrap()),
                    "{text}"
                );
            }
        }
        for text in [
            "",
            "-",
            ".",
            "1.2.3",
            "1 ",
            " 1",
            "1e3",
            "1234567890123456",
            "--1",
            "1:",
            "1/",
            "\u{e9}1",
        ] {
            for end in [",2024-01-02", ""] {
                let cell = format!("{text}{end}");
                assert_eq!(plain_cell(cell.as_bytes(), Ends::new(b',')), None, "{text}");
            }
        }
    }

    #[test]
    fn every_shape_in_use_is_read() {
        for (text, value) in [
            ("1,234.56", "1234.56"),
            ("$1,234.56", "1234.56"),
            ("-$1,234.56", "-1234.56"),
            ("$-1,234.56", "-1234.56"),
            ("($1,234.56)", "-1234.56"),
            ("1 234.56", "1234.56"),
            ("1\u{a0}234", "1234"),
            ("1\u{202f}234.5", "1234.5"),
            ("1'234.56", "1234.56"),
            ("89,162.28 SEK", "89162.28"),
            ("USD 1197.08", "1197.08"),
            ("€3343.11", "3343.11"),
            ("10SOL", "10"),
            (".10", "0.1"),
            ("0E-10", "0"),
            ("1e-8", "0.00000001"),
            ("@150.00", "150"),
            ("+10", "10"),
            ("\u{2212}4", "-4"),
            ("12-", "-12"),
            ("1.5E+3", "1500"),
            ("10.", "10"),
            ("US$5", "5"),
            ("-0", "0"),
            ("1.50000000000000000000000000000000000000", "1.5"),
            ("1000000000000000000000", "1000000000000000000000"),
            (
                "0.1234567890123456789012345678",
                "0.1234567890123456789012345678",
            ),
        ] {
            assert_eq!(read(text).as_deref(), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_reason() {
        for text in [
            "1,5",
            "0,500",
            "1,23,456",
            "12,34",
            "1,234,5",
            "1.234,56",
            "1.234.567",
        ] {
            assert_eq!(read(text), Err(NotANumber::Groups), "{text}");
        }
        for text in [
            "", "abc", "1-2", "--5", "(-5)", "1e", "1 2", "inf", "$", "12:30", "1.2.x", "1/4",
        ] {
            assert_eq!(read(text), Err(NotANumber::Text), "{text}");
        }
        for text in [
            "0.12345678901234567890123456789",
            "79228162514264337593543950336",
            "1e40",
            "1e-29",
        ] {
            assert_eq!(read(text), Err(NotANumber::Digits), "{text}");
        }
    }

    #[test]
    fn a_decimal_comma_mirrors_everything() {
        let comma = |text| parse(text, DecimalMark::Comma).map(|n| n.value.to_string());
        assert_eq!(comma("1.234,56").as_deref(), Ok("1234.56"));
        assert_eq!(comma("1,5").as_deref(), Ok("1.5"));
        assert_eq!(comma("1.5"), Err(NotANumber::Groups));
    }

    #[test]
    fn units_are_reported() {
        let unit = |text| parse(text, DecimalMark::Point).unwrap().unit;
        assert_eq!(unit("€5").as_deref(), Some("EUR"));
        assert_eq!(unit("5 SEK").as_deref(), Some("SEK"));
        assert_eq!(unit("$5"), None);
    }

    proptest::proptest! {
        #[test]
        fn the_fast_way_agrees_with_the_library(text in "-?[0-9]{0,20}(\\.[0-9]{0,20})?") {
            if let Some(fast) = plain(text.as_bytes()) {
                let library = Decimal::from_str_exact(&text).unwrap();
                proptest::prop_assert_eq!(fast, library);
                proptest::prop_assert_eq!(fast.scale(), library.scale());
            }
        }

        #[test]
        fn the_slow_way_agrees_with_the_library(text in "-?[0-9]{1,30}(\\.[0-9]{1,30})?") {
            let slow = parse(&text, DecimalMark::Point).map(|n| n.value);
            if let Ok(library) = Decimal::from_str_exact(&text) {
                proptest::prop_assert_eq!(slow, Ok(library));
            }
        }

        #[test]
        fn nothing_panics(text in ".{0,24}") {
            let _ = parse(&text, DecimalMark::Point);
            let _ = parse(&text, DecimalMark::Comma);
        }
    }
}
