//! Random histories for countries with windows of thirty days: few securities, days close together, splits, several
//! accounts, and now and then more sold than held.

use super::history::{Dice, Event, Kind};

/// What a history may hold.
#[derive(Clone, Copy, Debug)]
pub struct Dense {
    /// The accounts, the taxpayer's own first.
    pub accounts: &'static [&'static str],
    /// Whether more may be sold than is held.
    pub short: bool,
    /// How far days may lie apart.
    pub gap: i64,
}

/// A history of 4 to 16 rows; amounts are cents.
pub fn events(shape: Dense, seed: u64) -> Vec<Event> {
    let mut dice = Dice(seed ^ 0x0DD5);
    let mut held: Vec<i64> = vec![0; shape.accounts.len()];
    let mut events = Vec::new();
    let (mut day, mut price) = (0, 1_000);
    for _ in 0..dice.between(4, 16) {
        day += if dice.one_in(3) {
            0
        } else {
            dice.between(1, shape.gap)
        } as i32;
        price = (price * dice.between(80, 120) / 100).max(50);
        let account = if dice.one_in(2) {
            0
        } else {
            dice.between(0, shape.accounts.len() as i64 - 1) as usize
        };
        let mut event = Event {
            day,
            kind: Kind::Buy,
            symbol: "XYZ",
            account: shape.accounts[account],
            quantity: dice.between(1, 12),
            price,
            fee: if dice.one_in(3) {
                dice.between(1, 90)
            } else {
                0
            },
            order: None,
            lot: None,
            chosen: Vec::new(),
        };
        // One split a day at most: two would have to say which came first.
        let split_today = events
            .iter()
            .any(|other: &Event| other.day == day && other.kind == Kind::Split);
        if dice.one_in(14) && !split_today && !events.is_empty() {
            (event.kind, event.account, event.quantity, event.fee) = (Kind::Split, "", 0, 0);
            price = (price / 2).max(50);
            held.iter_mut().for_each(|units| *units *= 2);
            // A split comes first on its day.
            let same_day = events.iter().any(|other: &Event| other.day == day);
            if same_day {
                day += 1;
                event.day = day;
            }
        } else if dice.one_in(2) && (held[account] > 0 || (shape.short && dice.one_in(3))) {
            event.kind = Kind::Sell;
            if !shape.short {
                event.quantity = event.quantity.min(held[account]);
            }
            event.fee = event.fee.min(event.price * event.quantity / 2);
            held[account] -= event.quantity;
        } else {
            held[account] += event.quantity;
        }
        events.push(event);
    }
    events
}

/// Units of each row in those of the end of the history: what splits leave of counting.
pub fn final_units(events: &[Event]) -> Vec<i64> {
    let mut factor = 1;
    let mut units: Vec<i64> = Vec::new();
    for event in events.iter().rev() {
        units.push(event.quantity * factor);
        if event.kind == Kind::Split {
            factor *= 2;
        }
    }
    units.reverse();
    units
}

/// The rows, to read in a failure.
pub fn listing(events: &[Event]) -> String {
    let row = |event: &Event| {
        format!(
            "{} {:?} {} @ {} + {} {}\n",
            event.day, event.kind, event.quantity, event.price, event.fee, event.account
        )
    };
    events.iter().map(row).collect()
}
