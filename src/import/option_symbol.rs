//! Option symbols in every form in use, and the one form they share.

use rust_decimal::Decimal;

use crate::date::Date;
use crate::import::moment::{Order, parse as parse_moment};
use crate::import::number::plain;
use crate::trade::Right;

/// The terms an option symbol says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The root, such as `XYZ`.
    pub root: String,
    /// The last day.
    pub expiry: Date,
    /// Exercise price per share.
    pub strike: Decimal,
    /// Call or put.
    pub right: Right,
    /// Whether it is a contract on a coin, one unit each.
    pub coin: bool,
}

impl Terms {
    /// The name of the contract whose symbol is written so. Coins' options have one spelling everywhere.
    pub fn name(&self, written: &str) -> String {
        if self.coin {
            written.to_owned()
        } else {
            self.occ()
        }
    }

    /// The 21 characters of the Options Clearing Corporation where the terms fit them, else a longer text alike.
    pub fn occ(&self) -> String {
        let (year, month, day) = self.expiry.ymd();
        let right = match self.right {
            Right::Call => 'C',
            Right::Put => 'P',
        };
        let thousandths = self
            .strike
            .checked_mul(Decimal::ONE_THOUSAND)
            .map(|s| s.normalize());
        let strike = match thousandths.filter(|s| s.scale() == 0) {
            Some(whole) => format!("{:0>8}", whole.to_string()),
            None => format!("x{}", self.strike.normalize()),
        };
        format!(
            "{:<6}{:02}{month:02}{day:02}{right}{strike}",
            self.root,
            year.rem_euclid(100)
        )
    }

    /// Whether the root ends in a digit: an adjusted contract, whose deliverable is not 100 shares.
    pub fn is_adjusted(&self) -> bool {
        let letters = self.root.trim_end_matches(|c: char| c.is_ascii_digit());
        letters.len() < self.root.len()
            && !letters.is_empty()
            && letters.bytes().all(|b| b.is_ascii_uppercase())
            && !self.coin
    }
}

/// The terms, where a symbol has the form of an option.
pub fn parse(symbol: &str) -> Option<Terms> {
    // Every form has a digit and is long; most symbols end here.
    if symbol.len() < 8 || !symbol.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let symbol = symbol.trim();
    dense(symbol)
        .or_else(|| coin(symbol))
        .or_else(|| words(symbol))
}

/// `XYZ   240119C00150000`, `XYZ240119C00150000`, `-XYZ240119C150`, `.XYZ240119C150`, `XYZ--240119C00150000`.
fn dense(symbol: &str) -> Option<Terms> {
    let symbol = symbol.trim_start_matches(['-', '.']);
    let at = symbol.rfind(['C', 'P'])?;
    let (front, back) = symbol.split_at(at);
    let right = right(back.get(..1)?)?;
    let digits = back.get(1..)?;
    let (root, date) = front.split_at_checked(front.len().checked_sub(6)?)?;
    let root = root.trim_end_matches([' ', '-']);
    if !is_root(root) || !date.bytes().all(|b| b.is_ascii_digit()) || digits.is_empty() {
        return None;
    }
    let part = |range| date.get(range).and_then(|d: &str| d.parse::<u32>().ok());
    let year = 2000 + i32::try_from(part(0..2)?).ok()?;
    let expiry = Date::new(year, part(2..4)?, part(4..6)?)?;
    let strike = plain(digits.as_bytes()).filter(|s| s.is_sign_positive())?;
    let strike = if digits.len() == 8 && !digits.contains('.') {
        Decimal::try_from_i128_with_scale(strike.mantissa(), 3)
            .ok()?
            .normalize()
    } else {
        strike.normalize()
    };
    Some(Terms {
        root: root.to_owned(),
        expiry,
        strike,
        right,
        coin: false,
    })
}

fn is_root(root: &str) -> bool {
    (1..=6).contains(&root.len())
        && root
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'.' | b'/'))
        && root.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn right(word: &str) -> Option<Right> {
    match word.to_ascii_lowercase().as_str() {
        "c" | "call" | "calls" => Some(Right::Call),
        "p" | "put" | "puts" => Some(Right::Put),
        _ => None,
    }
}

/// The right named by a cell: `call`, `C`, `put`, `P`.
pub fn right_of(cell: &str) -> Option<Right> {
    right(cell.trim())
}

/// `BTC-27JUN25-100000-C`, `XRP_USDC-30JUN23-0d625-C`.
fn coin(symbol: &str) -> Option<Terms> {
    let mut parts = symbol.split('-');
    let (root, date, strike, word) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !date.bytes().any(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let expiry = parse_moment(date)?.day.resolve(None)?;
    let strike = plain(strike.replace('d', ".").as_bytes())?.normalize();
    Some(Terms {
        root: root.to_owned(),
        expiry,
        strike,
        right: right(word)?,
        coin: true,
    })
}

/// `XYZ 01/19/2024 150.00 C`, `XYZ 19JAN24 150 C`, `XYZ 1/19/2024 Call $150.00`, `XYZ Jan 19 '24 $150 Call`.
fn words(symbol: &str) -> Option<Terms> {
    let symbol = symbol.trim_start_matches(['-', '.']);
    let (root, rest) = symbol.split_once(' ').filter(|(root, _)| is_root(root))?;
    if let Some(terms) = in_words(root, rest) {
        return Some(terms);
    }
    // A class of shares behind a blank belongs to the root: `RDS B 19JAN24 150 C`.
    let (class, rest) = rest.split_once(' ')?;
    let is_class = class.len() == 1 && class.bytes().all(|b| b.is_ascii_uppercase());
    is_class.then(|| in_words(&format!("{root} {class}"), rest))?
}

fn in_words(root: &str, rest: &str) -> Option<Terms> {
    let words: Vec<&str> = rest.split_whitespace().collect();
    let (last, before) = words.split_last()?;
    let (word, strike, date) = match right(last) {
        Some(word) => {
            let (strike, date) = before.split_last()?;
            (word, *strike, date)
        }
        None => {
            let (word, date) = before.split_last()?;
            (right(word)?, *last, date)
        }
    };
    let strike = plain(strike.trim_start_matches('$').replace(',', "").as_bytes())?;
    let date = date.join(" ").replace('\'', "");
    // Symbols of this form are American: month first.
    let expiry = parse_moment(&date)?.day.resolve(Some(Order::MonthFirst))?;
    strike.is_sign_positive().then(|| Terms {
        root: root.to_owned(),
        expiry,
        strike: strike.normalize(),
        right: word,
        coin: false,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_form_says_the_same_terms() {
        for symbol in [
            "XYZ   240119C00150000",
            "XYZ240119C00150000",
            "XYZ 01/19/2024 150.00 C",
            "-XYZ240119C150",
            "XYZ 19JAN24 150 C",
            "XYZ--240119C00150000",
            "XYZ 1/19/2024 Call $150.00",
            "XYZ Jan 19 2024 150.0 Call",
            "XYZ Jan 19 '24 $150 Call",
            ".XYZ240119C150",
            "XYZ 2024-01-19 150 C",
        ] {
            assert_eq!(
                parse(symbol).map(|t| t.occ()).as_deref(),
                Some("XYZ   240119C00150000"),
                "{symbol}"
            );
        }
        assert_eq!(
            parse("-XYZ240119C182.5").unwrap().strike,
            Decimal::new(1825, 1)
        );
        assert_eq!(parse("XYZ   240621P00030000").unwrap().right, Right::Put);
        assert_eq!(
            parse("XRP_USDC-30JUN23-0d625-C").unwrap().strike,
            Decimal::new(625, 3)
        );
        assert!(parse("XYZ1  240119C00150000").unwrap().is_adjusted());
        assert_eq!(parse("RDS B 19JAN24 150 C").unwrap().root, "RDS B");
    }

    #[test]
    fn other_symbols_are_no_options() {
        for symbol in [
            "XYZ",
            "BRK.B",
            "BTC-PERPETUAL",
            "US0378331005",
            "AAPL 2024",
            "VANGUARD 500 C",
            "XYZ 240119",
            "ABCDEFGHIJ1C2",
        ] {
            assert_eq!(parse(symbol), None, "{symbol}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "\\PC{0,24}", shaped in "[-.]?[A-Z]{1,5}[ -]{0,3}[0-9CP/ .d]{0,18}") {
            let _ = (parse(&text).map(|t| t.occ()), parse(&shaped).map(|t| t.occ()));
        }
    }
}
