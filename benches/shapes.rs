//! Deterministic trade histories of many shapes, for timing: the same seed gives the same rows everywhere.
//!
//! Every account holds at least what it sells. Amounts are made from integers only.

use std::io::{self, Write};

/// The shapes and what each is hard on.
pub const SHAPES: [(&str, &str); 16] = [
    (
        "mixed",
        "the normal case: 500 symbols, 4 accounts, six years, some fractions",
    ),
    (
        "onesym",
        "one symbol: half the rows buy, the other half sells across the lots",
    ),
    ("bigsell", "one symbol: one sale of everything"),
    (
        "wash",
        "purchases and losing sales alternate, each loss with several replacements",
    ),
    (
        "washday",
        "as wash, all within 20 days: every purchase in every window",
    ),
    (
        "hifo",
        "many lots of random price, then slivers of the dearest",
    ),
    ("hifoup", "as hifo, each purchase dearer than all before"),
    ("ties", "all purchases on one day at one price"),
    ("manysym", "a symbol for every ten rows"),
    ("newest", "mixed, newest row first"),
    ("interleave", "mixed, rows shuffled within blocks of 64"),
    ("quoted", "mixed, every field in quotes"),
    (
        "longdec",
        "mixed, quantities of coins with 18 decimal places",
    ),
    ("sent", "coins sent away, one by one, that arrive nowhere"),
    (
        "named",
        "one symbol: purchases that name their lots, sales that choose them, last first",
    ),
    (
        "cancels",
        "purchases, each other row cancels the one before",
    ),
];

/// The header of every file.
pub const HEADER: &str = "date,action,symbol,quantity,price,fee,account";

const FIRST_DAY: i64 = 17_897; // 2019-01-01, counted from 1970-01-01
const SPAN: i64 = 2190 * 86_400; // six years in seconds
/// Units of quantity in one share.
pub const SHARE: i128 = 1_000_000_000_000_000_000;
const TINY: i128 = SHARE / 100_000_000; // the smallest unit most coins are traded in

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Seconds after the start of 2019.
    pub seconds: i64,
    /// A purchase, else a sale.
    pub buys: bool,
    /// Number of the symbol.
    pub symbol: u32,
    /// Units of 10^-18.
    pub quantity: i128,
    /// Ten-thousandths of a dollar.
    pub price: i64,
    /// Cents.
    pub fee: i64,
    /// Number of the account.
    pub account: u16,
}

/// Small numbers from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// `0..end`.
    fn below(&mut self, end: i64) -> i64 {
        ((u128::from(self.next()) * end.unsigned_abs().max(1) as u128) >> 64) as i64
    }

    /// `from..end`.
    fn from(&mut self, from: i64, end: i64) -> i64 {
        from + self.below(end - from)
    }

    /// Whether one of so many in a hundred.
    fn percent(&mut self, chance: i64) -> bool {
        self.below(100) < chance
    }
}

/// Hands out the rows of a shape in file order; `false` if there is no such shape.
pub fn each_row(shape: &str, rows: usize, seed: u64, each: &mut dyn FnMut(Row)) -> bool {
    let count = rows as i64;
    let dice = &mut Dice(seed);
    match shape {
        "mixed" | "quoted" => mixed(count, dice, 500, false, each),
        "longdec" => mixed(count, dice, 500, true, each),
        "manysym" => mixed(count, dice, (count / 10).max(1), false, each),
        "newest" => {
            let mut held = Vec::with_capacity(rows);
            mixed(count, dice, 500, false, &mut |row| held.push(row));
            held.into_iter().rev().for_each(each);
        }
        "interleave" => interleave(count, seed, each),
        "onesym" => onesym(count, dice, each),
        "bigsell" => bigsell(count, dice, each),
        "wash" => wash(count, dice, SPAN, each),
        "washday" => wash(count, dice, 20 * 86_400, each),
        "hifo" => hifo(count, dice, false, each),
        "hifoup" => hifo(count, dice, true, each),
        "ties" => ties(count, each),
        _ => return false,
    }
    true
}

/// Writes a shape as the canonical CSV, with times of day or with bare dates.
pub fn write(
    shape: &str,
    rows: usize,
    seed: u64,
    times: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    if write_words(shape, rows as i64, out)? {
        return Ok(());
    }
    writeln!(out, "{HEADER}")?;
    let quote = if shape == "quoted" { "\"" } else { "" };
    let mut result = Ok(());
    let known = each_row(shape, rows, seed, &mut |row| {
        if result.is_ok() {
            result = write_row(&row, times, quote, out);
        }
    });
    if known {
        result
    } else {
        Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("no shape `{shape}`"),
        ))
    }
}

/// Writes a shape whose rows say more than a purchase or sale, with bare dates; `false` if it is another.
fn write_words(shape: &str, rows: i64, out: &mut dyn Write) -> io::Result<bool> {
    let last = match shape {
        "sent" => "account,class",
        "named" => "lot",
        "cancels" => "id",
        _ => return Ok(false),
    };
    writeln!(out, "date,action,symbol,quantity,price,{last}")?;
    for place in 0..rows {
        let (year, month, day) = civil(FIRST_DAY + place * (SPAN / 86_400) / rows);
        write!(out, "{year:04}-{month:02}-{day:02},")?;
        let half = rows / 2;
        match shape {
            "sent" if place == 0 => writeln!(out, "buy,BTC,{rows},100,ACC1,crypto")?,
            "sent" => writeln!(out, "transfer_out,BTC,1,,ACC1,crypto")?,
            "named" if place < half => writeln!(out, "buy,AAA,1,10,L{place}")?,
            "named" if place < half * 2 => {
                writeln!(out, "sell,AAA,1,11,L{}", 2 * half - 1 - place)?
            }
            "named" => writeln!(out, "buy,AAA,1,10,L{place}")?,
            _ if place % 2 == 0 => writeln!(out, "buy,AAA,1,10,b{place}")?,
            _ => writeln!(out, "cancel,AAA,1,10,b{}", place - 1)?,
        }
    }
    Ok(true)
}

fn write_row(row: &Row, times: bool, quote: &str, out: &mut dyn Write) -> io::Result<()> {
    let (year, month, day) = civil(FIRST_DAY + row.seconds / 86_400);
    let second = row.seconds % 86_400;
    write!(out, "{quote}{year:04}-{month:02}-{day:02}")?;
    if times {
        write!(
            out,
            "T{:02}:{:02}:{:02}Z",
            second / 3600,
            second / 60 % 60,
            second % 60
        )?;
    }
    let action = if row.buys { "buy" } else { "sell" };
    write!(
        out,
        "{quote},{quote}{action}{quote},{quote}{}{quote},{quote}",
        symbol(row.symbol)
    )?;
    decimal(row.quantity, 18, out)?;
    write!(out, "{quote},{quote}")?;
    decimal(row.price.into(), 4, out)?;
    write!(out, "{quote},{quote}")?;
    decimal(row.fee.into(), 2, out)?;
    writeln!(out, "{quote},{quote}ACC{}{quote}", row.account + 1)
}

/// The shortest decimal text.
fn decimal(units: i128, places: u32, out: &mut dyn Write) -> io::Result<()> {
    let scale = 10_i128.pow(places);
    let (whole, mut fraction, mut width) = (units / scale, units % scale, places as usize);
    if fraction == 0 {
        return write!(out, "{whole}");
    }
    while fraction % 10 == 0 {
        fraction /= 10;
        width -= 1;
    }
    write!(out, "{whole}.{fraction:0width$}")
}

/// Year, month and day of a day counted from 1970-01-01.
pub fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468; // from 0000-03-01, so that a leap day ends its year
    let era = day / 146_097;
    let of_era = day % 146_097;
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, date)
}

/// The day of a row, counted from 1970-01-01.
pub fn day(row: &Row) -> i64 {
    FIRST_DAY + row.seconds / 86_400
}

/// `AAA`, `AAB`, ...; five letters once three run out.
pub fn symbol(number: u32) -> String {
    let mut rest = number;
    let mut letters: Vec<char> = (0..if number < 17_576 { 3 } else { 5 })
        .map(|_| {
            let letter = char::from(b'A' + (rest % 26) as u8);
            rest /= 26;
            letter
        })
        .collect();
    letters.reverse();
    letters.into_iter().collect()
}

/// Symbols by Zipf's law; one in five a coin in 8-decimal fractions, one share trade in ten in 4-decimal ones; one
/// symbol in seven is gathered and sold little, so that open lots pile up and some gains are long-term.
fn mixed(rows: i64, dice: &mut Dice, symbols: i64, long_decimals: bool, each: &mut dyn FnMut(Row)) {
    const ACCOUNTS: usize = 4;
    let count = symbols as usize;
    let mut slots: Vec<u32> = Vec::new();
    let total: f64 = (1..=count).map(|rank| 1.0 / rank as f64).sum();
    for rank in 0..count {
        let share = 65_536.0 / ((rank + 1) as f64 * total);
        slots.extend(std::iter::repeat_n(rank as u32, (share as usize).max(1)));
    }
    let anchor: Vec<i64> = (0..count).map(|_| dice.from(50_000, 6_000_000)).collect();
    let mut price = anchor.clone();
    let mut held = vec![0_i128; count * ACCOUNTS];
    let step = SPAN / rows.max(1);
    for place in 0..rows {
        let symbol = slots[dice.below(slots.len() as i64) as usize] as usize;
        let account = (dice.below(1000) * dice.below(1000) * ACCOUNTS as i64 / 1_000_000) as usize;
        let (is_coin, is_kept) = (symbol % 5 == 1, symbol % 7 == 3);
        // A random walk pulled back to where it began, so that no price runs away in a long file.
        let last = price[symbol];
        let moved = last + last * dice.from(-15, 16) / 1000 + (anchor[symbol] - last) / 2000;
        price[symbol] = moved.max(5_000);
        let have = &mut held[symbol * ACCOUNTS + account];
        let unit = if is_coin { TINY } else { SHARE };
        let sells = *have > 0 && dice.percent(if is_kept { 25 } else { 47 });
        let quantity = if sells {
            let part = dice.below(1000);
            let wanted = match (is_kept, part < 120) {
                (false, true) => *have,
                (false, false) => *have / 1000 * i128::from(part) * 6 / 10,
                (true, _) => *have / 1000 * i128::from(part) / 25,
            };
            let wanted = if wanted == *have {
                wanted
            } else {
                wanted / unit * unit
            };
            wanted.max(unit).min(*have)
        } else if is_coin {
            let tail = if long_decimals {
                i128::from(dice.below(10_000_000_000))
            } else {
                0
            };
            i128::from(1 + dice.below(22_361) * dice.below(22_361)) * TINY + tail
        } else if dice.percent(10) {
            i128::from(1 + dice.below(500_000)) * (SHARE / 10_000)
        } else {
            i128::from(1 + dice.below(1000) * dice.below(1000) * 200 / 1_000_000) * SHARE
        };
        *have += if sells { -quantity } else { quantity };
        let price = if is_coin {
            price[symbol]
        } else {
            price[symbol] / 100 * 100
        };
        each(Row {
            seconds: place * SPAN / rows + dice.below(step),
            buys: !sells,
            symbol: symbol as u32,
            quantity,
            price,
            fee: if dice.percent(80) {
                dice.below(1000)
            } else {
                0
            },
            account: account as u16,
        });
    }
}

fn interleave(rows: i64, seed: u64, each: &mut dyn FnMut(Row)) {
    // Its own stream for the order: the rows stay those of `mixed`.
    let mut order = Dice(seed + 1);
    let mut block = Vec::with_capacity(64);
    let mut release = |block: &mut Vec<Row>| {
        for place in (1..block.len()).rev() {
            block.swap(place, order.below(place as i64 + 1) as usize);
        }
        block.drain(..).for_each(&mut *each);
    };
    mixed(rows, &mut Dice(seed), 500, false, &mut |row| {
        block.push(row);
        if block.len() == 64 {
            release(&mut block);
        }
    });
    release(&mut block);
}

fn onesym(rows: i64, dice: &mut Dice, each: &mut dyn FnMut(Row)) {
    let buys = rows / 2;
    let mut total = 0;
    for place in 0..rows {
        let left = i128::from(rows - place);
        let quantity = if place < buys {
            i128::from(dice.from(1, 300_000_000))
        } else if left == 1 {
            total
        } else {
            let even = total / left;
            (even / 2 + even * i128::from(dice.below(1000)) / 1000)
                .clamp(1, (total - left + 1).max(1))
        };
        total += if place < buys { quantity } else { -quantity };
        if quantity > 0 {
            let price = dice.from(5_000, 15_000) * 100;
            each(one_account(
                place * SPAN / rows,
                place < buys,
                quantity * TINY,
                price,
                50,
            ));
        }
    }
}

fn bigsell(rows: i64, dice: &mut Dice, each: &mut dyn FnMut(Row)) {
    let mut total = 0;
    for place in 0..rows - 1 {
        let quantity = i128::from(dice.from(1, 300_000_000)) * TINY;
        total += quantity;
        each(one_account(
            place * SPAN / rows,
            true,
            quantity,
            dice.from(5_000, 15_000) * 100,
            0,
        ));
    }
    if total > 0 {
        each(one_account(SPAN - 1, false, total, 999_900, 100));
    }
}

/// The price saws downward within each block of 200 rows, then is reset.
fn wash(rows: i64, dice: &mut Dice, span: i64, each: &mut dyn FnMut(Row)) {
    let mut held = [0_i64; 4];
    for place in 0..rows {
        let account = (place / 2 % 4) as usize;
        let price = 20_000 - place % 200 * 60;
        let buys = place % 2 == 0;
        let units = if buys {
            dice.from(2, 12)
        } else {
            dice.from(1, 9).min(held[account])
        };
        held[account] += if buys { units } else { -units };
        each(Row {
            seconds: place * span / rows,
            buys,
            symbol: 0,
            quantity: i128::from(units) * SHARE,
            price: if buys { price } else { price - 350 } * 100,
            fee: 100,
            account: account as u16,
        });
    }
}

fn hifo(rows: i64, dice: &mut Dice, rising: bool, each: &mut dyn FnMut(Row)) {
    let standing = rows / 4;
    for place in 0..rows {
        let price = if rising {
            5_000 + place
        } else {
            dice.from(100, 10_000_000)
        } * 100;
        let buys = place < standing || (place - standing) % 2 == 0;
        let quantity = if buys {
            10 * SHARE
        } else {
            i128::from(dice.from(1, 1_000_000_000)) * TINY
        };
        each(one_account(place * SPAN / rows, buys, quantity, price, 0));
    }
}

fn ties(rows: i64, each: &mut dyn FnMut(Row)) {
    let half = rows / 2;
    for place in 0..half * 2 {
        let buys = place < half;
        let seconds = if buys {
            1000
        } else {
            86_400 * 40 + place / 100
        };
        each(one_account(
            seconds,
            buys,
            SHARE,
            if buys { 1_000_000 } else { 1_100_000 },
            0,
        ));
    }
}

fn one_account(seconds: i64, buys: bool, quantity: i128, price: i64, fee: i64) -> Row {
    Row {
        seconds,
        buys,
        symbol: 0,
        quantity,
        price,
        fee,
        account: 0,
    }
}
