//! Lot methods by plain search: for every sale the next lot is looked for among all lots, again and again.
//!
//! First acquired first sold (26 CFR 1.1012-1(c)(1)), standing orders of identification (lifo, hifo, lofo), specific
//! identification, and average basis with shares leaving first-in first-out (26 CFR 1.1012-1(e)(7)); all within the
//! account. No loss rule.

use std::cmp::Ordering;

use super::history::{Event, Kind, Method, Story};
use super::number::{Ratio, cents, day, is_long, whole};
use super::rows::{Lot, LotKey, Row, RowKey, Rows};

struct Held<'a> {
    bought: &'a Event,
    /// Place in the file: the last key of every order.
    place: usize,
    quantity: Ratio,
    basis: Ratio,
}

/// The rows and lots of a history.
pub fn rows(story: &Story) -> Rows {
    let mut held: Vec<Held> = Vec::new();
    let mut rows = Rows::default();
    for (place, event) in story.events.iter().enumerate() {
        match event.kind {
            Kind::Buy => held.push(Held {
                bought: event,
                place,
                quantity: whole(event.quantity),
                basis: cents(event.quantity * event.price + event.fee),
            }),
            Kind::Split => {
                for lot in held
                    .iter_mut()
                    .filter(|lot| lot.bought.symbol == event.symbol)
                {
                    lot.quantity *= whole(2);
                }
            }
            Kind::Sell => sell(story.method, &mut held, event, &mut rows),
        }
        if story.method == Method::Average {
            average(&mut held, event);
        }
        held.retain(|lot| lot.quantity > whole(0));
    }
    for lot in held {
        let acquired = day(lot.bought.day);
        let key = LotKey {
            symbol: lot.bought.symbol.into(),
            account: lot.bought.account.into(),
            acquired,
            held_from: acquired,
        };
        rows.add_lot(
            key,
            &Lot {
                quantity: lot.quantity,
                cost: lot.basis,
                pieces: 1,
            },
        );
    }
    rows
}

fn sell(method: Method, held: &mut [Held], sale: &Event, rows: &mut Rows) {
    let proceeds = cents(sale.quantity * sale.price - sale.fee) / whole(sale.quantity);
    let mut wanted = whole(sale.quantity);
    let mut chosen = sale.chosen.iter();
    while wanted > whole(0) {
        let (index, limit) = if method == Method::Specific {
            let (name, units) = chosen.next().expect("the lots chosen make up the sale");
            let named =
                |lot: &Held| lot.bought.lot.as_ref() == Some(name) && lot.quantity > whole(0);
            (
                held.iter().position(named).expect("a lot chosen is held"),
                whole(*units),
            )
        } else {
            let own =
                |lot: &Held| lot.bought.symbol == sale.symbol && lot.bought.account == sale.account;
            let next = (0..held.len())
                .filter(|index| own(&held[*index]) && held[*index].quantity > whole(0))
                .min_by(|a, b| order(method, &held[*a], &held[*b]));
            (next.expect("never sold more than held"), wanted.clone())
        };
        let lot = &mut held[index];
        let take = if lot.quantity < limit {
            lot.quantity.clone()
        } else {
            limit
        };
        let cost = &lot.basis * &take / &lot.quantity;
        let (acquired, disposed) = (day(lot.bought.day), day(sale.day));
        let key = RowKey {
            symbol: sale.symbol.into(),
            account: sale.account.into(),
            acquired,
            held_from: acquired,
            disposed,
            long: is_long(acquired, disposed),
        };
        let row = Row {
            quantity: take.clone(),
            proceeds: &proceeds * &take,
            cost: cost.clone(),
            adjustment: whole(0),
            slices: 1,
        };
        rows.add_row(key, &row);
        lot.quantity -= &take;
        lot.basis -= cost;
        wanted -= take;
    }
}

/// Which of two lots leaves first. No order is left to chance: the last key is the place in the file.
fn order(method: Method, a: &Held, b: &Held) -> Ordering {
    let oldest = (a.bought.day, a.place).cmp(&(b.bought.day, b.place));
    let cheapest = (&a.basis / &a.quantity).cmp(&(&b.basis / &b.quantity));
    match method {
        Method::Fifo | Method::Average | Method::Specific => oldest,
        Method::Lifo => oldest.reverse(),
        Method::Hifo => cheapest.reverse().then(oldest),
        Method::Lofo => cheapest.then(oldest),
    }
}

/// Every unit of the holding takes the average basis of all.
fn average(held: &mut [Held], event: &Event) {
    let own = |lot: &Held| lot.bought.symbol == event.symbol && lot.bought.account == event.account;
    let units: Ratio = held
        .iter()
        .filter(|lot| own(lot))
        .map(|lot| &lot.quantity)
        .sum();
    let basis: Ratio = held
        .iter()
        .filter(|lot| own(lot))
        .map(|lot| &lot.basis)
        .sum();
    for lot in held
        .iter_mut()
        .filter(|lot| own(lot) && lot.quantity > whole(0))
    {
        lot.basis = &basis * &lot.quantity / &units;
    }
}
