//! Random small histories: seeded, dense in time so that windows overlap, and never selling more than is held.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::number::day;

/// One row. Amounts are cents, quantities whole units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub day: i32,
    pub kind: Kind,
    pub symbol: &'static str,
    pub account: &'static str,
    pub quantity: i64,
    pub price: i64,
    pub fee: i64,
    /// Fills with the same order are one trade.
    pub order: Option<&'static str>,
    /// On a purchase the lot's name.
    pub lot: Option<String>,
    /// On a sale the lots chosen, with quantities.
    pub chosen: Vec<(String, i64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Buy,
    Sell,
    /// Two new for one old, in all accounts.
    Split,
}

/// A history in file order (days ascending), with the method it is computed by.
#[derive(Clone, Debug)]
pub struct Story {
    pub method: Method,
    pub events: Vec<Event>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Fifo,
    Lifo,
    Hifo,
    Lofo,
    Specific,
    Average,
}

impl Method {
    pub const ALL: [Self; 6] = [
        Self::Fifo,
        Self::Lifo,
        Self::Hifo,
        Self::Lofo,
        Self::Specific,
        Self::Average,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Fifo => "fifo",
            Self::Lifo => "lifo",
            Self::Hifo => "hifo",
            Self::Lofo => "lofo",
            Self::Specific => "specific",
            Self::Average => "average",
        }
    }
}

/// The account whose purchases count in the window and whose sales are not taxed.
pub const SHELTERED: &str = "ira";

/// What a history may hold.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub method: Method,
    pub rows: usize,
    pub sheltered: bool,
    pub splits: bool,
    pub orders: bool,
    /// No two rows on one day.
    pub distinct_days: bool,
}

/// Small numbers from a seed (SplitMix64): the same everywhere.
pub struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// `low..=high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low + 1) as u64) as i64
    }

    pub fn one_in(&mut self, chances: i64) -> bool {
        self.between(1, chances) == 1
    }

    fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.between(0, choices.len() as i64 - 1) as usize]
    }
}

/// A shape drawn from the seed: 5 to 25 rows of a wash-sale history.
pub fn any_shape(seed: u64) -> Shape {
    let mut dice = Dice(seed ^ 0x5EED);
    Shape {
        method: *dice.of(&[
            Method::Fifo,
            Method::Fifo,
            Method::Lifo,
            Method::Hifo,
            Method::Specific,
        ]),
        rows: dice.between(5, 25) as usize,
        sheltered: dice.one_in(3),
        splits: dice.one_in(3),
        orders: dice.one_in(3),
        distinct_days: false,
    }
}

/// The history of this shape and seed.
pub fn story(shape: Shape, seed: u64) -> Story {
    let mut dice = Dice(seed);
    let symbols = *dice.of(&[&["XYZ"][..], &["XYZ", "ABC"]]);
    let accounts = match (shape.sheltered, dice.one_in(2)) {
        (false, false) => &["main"][..],
        (false, true) => &["main", "second"],
        (true, false) => &["main", SHELTERED],
        (true, true) => &["main", "second", SHELTERED],
    };
    // Lots held by symbol and account: name and units, oldest first.
    let mut held: BTreeMap<(&str, &str), Vec<(String, i64)>> = BTreeMap::new();
    let mut price: BTreeMap<&str, i64> = symbols.iter().map(|symbol| (*symbol, 10_000)).collect();
    let mut now = 0;
    let mut events = Vec::new();
    while events.len() < shape.rows {
        now += match dice.between(0, 9) {
            0..=3 => 0,
            4..=6 => dice.between(1, 6),
            7 | 8 => dice.between(7, 31),
            _ => dice.between(32, 400),
        } as i32;
        if shape.distinct_days {
            now += 1;
        }
        let symbol = *dice.of(symbols);
        let account = *dice.of(accounts);
        let last = price.entry(symbol).or_default();
        *last = (*last * dice.between(85, 114) / 100).max(10);
        let mut event = Event {
            day: now,
            kind: Kind::Buy,
            symbol,
            account,
            quantity: dice.between(1, 9),
            price: *last,
            fee: if dice.one_in(3) {
                dice.between(1, 200)
            } else {
                0
            },
            order: (shape.orders && dice.one_in(3)).then(|| *dice.of(&["o1", "o2"])),
            lot: None,
            chosen: Vec::new(),
        };
        let lots = held.entry((symbol, account)).or_default();
        let units: i64 = lots.iter().map(|(_, units)| units).sum();
        if shape.splits && units > 0 && dice.one_in(12) {
            (
                event.kind,
                event.account,
                event.quantity,
                event.fee,
                event.order,
            ) = (Kind::Split, "", 0, 0, None);
            *last = (*last / 2).max(10);
            for ((_, _), lots) in held.iter_mut().filter(|((of, _), _)| *of == symbol) {
                lots.iter_mut().for_each(|(_, units)| *units *= 2);
            }
        } else if units > 0 && dice.between(0, 9) < 5 {
            event.kind = Kind::Sell;
            event.quantity = if dice.one_in(4) {
                units
            } else {
                dice.between(1, units)
            };
            event.order = None;
            event.chosen = choose(&mut dice, lots, event.quantity);
            // A sale must bring in more than it costs, so that proceeds stay positive.
            event.fee = event.fee.min(event.price * event.quantity / 2);
        } else {
            let name = format!("L{}", events.len() + 1);
            lots.push((name.clone(), event.quantity));
            event.lot = Some(name);
        }
        // Fills of one order are of one day, symbol and account.
        if let Some(order) = event.order {
            let clashes = |other: &Event| {
                other.order == Some(order)
                    && (other.day, other.symbol, other.account)
                        != (event.day, event.symbol, event.account)
            };
            if events.iter().any(clashes) {
                event.order = None;
            }
        }
        events.push(event);
    }
    if shape.method != Method::Specific {
        events.iter_mut().for_each(|event| {
            event.lot = None;
            event.chosen.clear();
        });
    }
    Story {
        method: shape.method,
        events,
    }
}

/// Takes `wanted` units out of the lots in random order. Under other methods only the total matters.
fn choose(dice: &mut Dice, lots: &mut Vec<(String, i64)>, mut wanted: i64) -> Vec<(String, i64)> {
    let mut chosen: Vec<(String, i64)> = Vec::new();
    while wanted > 0 {
        let place = dice.between(0, lots.len() as i64 - 1) as usize;
        let take = dice.between(1, wanted.min(lots[place].1));
        let name = lots[place].0.clone();
        match chosen.iter_mut().find(|(other, _)| *other == name) {
            Some((_, units)) => *units += take,
            None => chosen.push((name, take)),
        }
        lots[place].1 -= take;
        wanted -= take;
        lots.retain(|(_, units)| *units > 0);
    }
    chosen
}

const HEADER: &str = "date,action,symbol,quantity,price,fee,account,ratio,order,lot\n";

impl Story {
    /// The history as the canonical CSV.
    pub fn csv(&self) -> String {
        csv(&self.events)
    }

    /// Whether every sale finds its units, in the lots it chose if it chose, and every row has some.
    pub fn is_possible(&self) -> bool {
        let mut held: BTreeMap<(&str, &str, &str), i64> = BTreeMap::new();
        for event in &self.events {
            if (event.kind == Kind::Split) != (event.quantity == 0) || event.quantity < 0 {
                return false;
            }
            match event.kind {
                Kind::Buy => {
                    let lot = event.lot.as_deref().unwrap_or_default();
                    *held.entry((event.symbol, event.account, lot)).or_default() += event.quantity;
                }
                Kind::Split => held
                    .iter_mut()
                    .filter(|((symbol, _, _), _)| *symbol == event.symbol)
                    .for_each(|(_, units)| *units *= 2),
                Kind::Sell if event.chosen.is_empty() => {
                    *held.entry((event.symbol, event.account, "")).or_default() -= event.quantity;
                }
                Kind::Sell => {
                    if event.quantity != event.chosen.iter().map(|(_, units)| units).sum::<i64>() {
                        return false;
                    }
                    for (lot, units) in &event.chosen {
                        *held.entry((event.symbol, event.account, lot)).or_default() -= units;
                    }
                }
            }
            if held.values().any(|units| *units < 0) {
                return false;
            }
        }
        true
    }
}

/// Rows as the canonical CSV.
pub fn csv(events: &[Event]) -> String {
    events
        .iter()
        .fold(HEADER.to_owned(), |text, event| text + &row(event))
}

fn row(event: &Event) -> String {
    let mut row = format!("{},", day(event.day));
    let amount = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
    let lots = match (&event.lot, event.chosen.as_slice()) {
        (Some(name), _) => name.clone(),
        (None, []) => String::new(),
        (None, chosen) => {
            let parts: Vec<String> = chosen
                .iter()
                .map(|(name, units)| format!("{name}:{units}"))
                .collect();
            parts.join(";")
        }
    };
    let trade = format!(
        "{},{},{},{},{},,{},{lots}",
        event.symbol,
        event.quantity,
        amount(event.price),
        amount(event.fee),
        event.account,
        event.order.unwrap_or("")
    );
    match event.kind {
        Kind::Buy => writeln!(row, "buy,{trade}"),
        Kind::Sell => writeln!(row, "sell,{trade}"),
        Kind::Split => writeln!(row, "split,{},,,,,2:1,,", event.symbol),
    }
    .unwrap();
    row
}

/// The configuration that says which account is sheltered.
pub const CONFIG: &str = "[accounts.ira]\nkind = \"sheltered\"\n";
