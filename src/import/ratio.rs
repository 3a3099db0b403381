//! Ratios such as `4:1` and fractions such as `12.5%`.

use rust_decimal::Decimal;

use crate::import::number::{DecimalMark, NotANumber, parse, plain};

/// `4:1`, `4-for-1`, `4 for 1`, `4/1` or `4`: new units for old ones, both above zero.
pub fn ratio(text: &str, mark: DecimalMark) -> Option<(Decimal, Decimal)> {
    let lower = text.to_ascii_lowercase();
    let (new, old) = ["-for-", " for ", "for", ":", "/"]
        .iter()
        .find_map(|between| lower.split_once(between))
        .unwrap_or((lower.as_str(), "1"));
    let positive = |text: &str| {
        number(text.trim(), mark)
            .ok()
            .filter(|n| !n.is_zero() && n.is_sign_positive())
    };
    Some((positive(new)?, positive(old)?))
}

/// `0.125` or `12.5%`: a part of a whole, 0 to 1.
pub fn fraction(text: &str, mark: DecimalMark) -> Option<Decimal> {
    let value = match text.trim().strip_suffix('%') {
        Some(percent) => {
            let percent = number(percent.trim(), mark).ok()?.normalize();
            Decimal::try_from_i128_with_scale(percent.mantissa(), percent.scale() + 2).ok()?
        }
        None => number(text.trim(), mark).ok()?,
    };
    (Decimal::ZERO..=Decimal::ONE)
        .contains(&value)
        .then_some(value)
}

fn number(text: &str, mark: DecimalMark) -> Result<Decimal, NotANumber> {
    if let Some(value) = plain(text.as_bytes()).filter(|_| mark == DecimalMark::Point) {
        return Ok(value);
    }
    parse(text, mark).map(|n| n.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_read_in_every_form() {
        for text in ["4:1", "4-for-1", "4 for 1", "4/1", "4", "4 : 1", "4-FOR-1"] {
            assert_eq!(
                ratio(text, DecimalMark::Point),
                Some((Decimal::from(4), Decimal::ONE)),
                "{text}"
            );
        }
        assert_eq!(
            ratio("1:10", DecimalMark::Point),
            Some((Decimal::ONE, Decimal::TEN))
        );
        for text in ["", "0:1", "4:0", "-4:1", "four", "4:1:1"] {
            assert_eq!(ratio(text, DecimalMark::Point), None, "{text}");
        }
    }

    #[test]
    fn fractions_lie_between_nothing_and_all() {
        assert_eq!(
            fraction("12.5%", DecimalMark::Point),
            Some(Decimal::new(125, 3))
        );
        assert_eq!(
            fraction("0.125", DecimalMark::Point),
            Some(Decimal::new(125, 3))
        );
        assert_eq!(fraction("1.5", DecimalMark::Point), None);
    }
}
