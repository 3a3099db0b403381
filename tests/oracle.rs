//! The engine against slow, literal readings of the rules, on many small random histories.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod model;

use lossoffset::settings::WashSales;
use model::engine::engine_result;
use model::history::{Event, Kind, Method, SHELTERED, Shape, Story, any_shape, story};
use model::number::{Ratio, cents, day, whole};
use model::rows::{Lot, LotKey, Row, RowKey, Rows};
use model::{for_each_seed, histories};

enum Compared {
    /// The library computes nothing yet.
    Nothing,
    /// The exact reading has no opinion.
    Left,
    Agrees,
}

/// Compares the engine with an exact reading.
fn compare(
    seed: u64,
    story: Story,
    wash_sales: WashSales,
    exact: fn(&Story) -> Option<Rows>,
) -> Compared {
    let Some(rows) = exact(&story) else {
        return Compared::Left;
    };
    let Some(engine) = engine_result(&story, wash_sales) else {
        println!("not compared: the library computes nothing yet");
        return Compared::Nothing;
    };
    if engine.differences(&rows).is_empty() {
        return Compared::Agrees;
    }
    let found = |story: &Story| {
        let engine = engine_result(story, wash_sales)?;
        Some(engine.differences(&exact(story)?))
    };
    let differs = |story: &Story| found(story).is_some_and(|text| !text.is_empty());
    let story = smallest(story, &differs);
    let (method, csv) = (story.method.name(), story.csv());
    panic!(
        "seed {seed}, {method}, shortened:\n{csv}\n{}",
        found(&story).unwrap_or_default()
    );
}

/// The history without all rows, units and fees that it still differs without.
fn smallest(mut story: Story, differs: &dyn Fn(&Story) -> bool) -> Story {
    loop {
        let rows = 0..story.events.len();
        let shorter = rows.clone().map(|place| {
            let mut shorter = story.clone();
            shorter.events.remove(place);
            shorter
        });
        let lighter = rows.clone().map(|place| {
            let mut lighter = story.clone();
            lighter.events[place].quantity -= 1;
            lighter
        });
        let free = rows.map(|place| {
            let mut free = story.clone();
            free.events[place].fee = 0;
            free
        });
        let is_smaller = |other: &Story| weight(other) < weight(&story) && other.is_possible();
        let next = shorter
            .chain(lighter)
            .chain(free)
            .find(|other| is_smaller(other) && differs(other));
        match next {
            Some(next) => story = next,
            None => return story,
        }
    }
}

fn weight(story: &Story) -> (usize, i64, usize) {
    let units = story.events.iter().map(|event| event.quantity).sum();
    let fees = story.events.iter().filter(|event| event.fee != 0).count();
    (story.events.len(), units, fees)
}

#[test]
fn wash_sales_agree_with_the_share_by_share_reading() {
    // A shortened history may come to turn on a cent; then it says nothing.
    let exact = model::wash::rows_unless_on_a_cent;
    let found = for_each_seed(histories(), |seed, compared: &mut u64| {
        let story = story(any_shape(seed), seed);
        match compare(seed, story, WashSales::Taxpayer, exact) {
            Compared::Nothing => panic!("the library computes nothing"),
            Compared::Left => {}
            Compared::Agrees => *compared += 1,
        }
    });
    let compared: u64 = found.iter().sum();
    assert!(
        compared * 10 > histories() * 8,
        "only {compared} histories were compared"
    );
}

#[test]
fn lot_methods_agree_with_the_plain_search() {
    for_each_seed(histories(), |seed, (): &mut ()| {
        let method = Method::ALL[(seed % 6) as usize];
        let shape = Shape {
            method,
            sheltered: false,
            ..any_shape(seed)
        };
        let exact = |story: &Story| Some(model::lots::rows(story));
        let compared = compare(seed, story(shape, seed), WashSales::Off, exact);
        assert!(matches!(compared, Compared::Agrees));
    });
}

#[test]
fn both_readings_agree_where_nothing_is_replaced() {
    let mut compared = 0;
    for seed in 0..1_000 {
        let method = [
            Method::Fifo,
            Method::Lifo,
            Method::Hifo,
            Method::Lofo,
            Method::Specific,
        ][(seed % 5) as usize];
        let mut story = story(
            Shape {
                method,
                sheltered: false,
                ..any_shape(seed)
            },
            seed,
        );
        // Months lie between any two rows, so no purchase is near a sale.
        for (place, event) in story.events.iter_mut().enumerate() {
            event.day += 40 * place as i32;
            event.order = None;
        }
        let differences = model::lots::rows(&story).differences(&model::wash::rows(&story));
        assert!(
            differences.is_empty(),
            "seed {seed}\n{}\n{differences}",
            story.csv()
        );
        compared += model::wash::rows(&story).disposals.len();
    }
    assert!(compared > 1_000);
}

#[test]
fn random_histories_reach_what_the_rule_is_about() {
    let (mut washed, mut tacked, mut long, mut sheltered, mut split, mut order) =
        (0, 0, 0, 0, 0, 0);
    for seed in 0..1_000 {
        let story = story(any_shape(seed), seed);
        let rows = model::wash::rows(&story);
        let any_row = |fact: fn(&RowKey, &Row) -> bool| {
            rows.disposals.iter().any(|(key, row)| fact(key, row))
        };
        washed += i32::from(any_row(|_, row| row.adjustment > whole(0)));
        tacked += i32::from(any_row(|key, _| key.held_from < key.acquired));
        long += i32::from(any_row(|key, _| key.long));
        sheltered += i32::from(story.events.iter().any(|event| event.account == SHELTERED));
        split += i32::from(story.events.iter().any(|event| event.kind == Kind::Split));
        order += i32::from(story.events.iter().any(|event| event.order.is_some()));
    }
    for (fact, times) in [
        ("washed", washed),
        ("tacked", tacked),
        ("long", long),
        ("sheltered", sheltered),
        ("split", split),
        ("order", order),
    ] {
        assert!(times > 100, "{fact}: only {times} of 1000");
    }
}

/// Every cent paid is in the cost of a row, in a lot, or in a loss a sheltered account took away.
#[test]
fn the_share_by_share_reading_loses_no_cost() {
    for seed in 0..1_000 {
        let story = story(
            Shape {
                sheltered: false,
                ..any_shape(seed)
            },
            seed,
        );
        let rows = model::wash::rows(&story);
        let bought = |event: &&Event| event.kind == Kind::Buy;
        let paid: i64 = story
            .events
            .iter()
            .filter(bought)
            .map(|event| event.quantity * event.price + event.fee)
            .sum();
        let deferred: Ratio = rows.disposals.values().map(|row| &row.adjustment).sum();
        let used: Ratio = rows.disposals.values().map(|row| &row.cost).sum();
        let held: Ratio = rows.lots.values().map(|lot| &lot.cost).sum();
        assert_eq!(
            cents(paid) + deferred,
            used + held,
            "seed {seed}\n{}",
            story.csv()
        );
    }
}

/// IRS Publication 550, Wash Sales, Example 1: 100 shares for 1,000, sold for 750, 100 bought for 800 within 30 days.
#[test]
fn the_share_by_share_reading_knows_the_simplest_wash_sale() {
    let event = |day, kind, price| Event {
        day,
        kind,
        symbol: "X",
        account: "main",
        quantity: 100,
        price,
        fee: 0,
        order: None,
        lot: None,
        chosen: Vec::new(),
    };
    let events = vec![
        event(0, Kind::Buy, 1000),
        event(119, Kind::Sell, 750),
        event(134, Kind::Buy, 800),
    ];
    let rows = model::wash::rows(&Story {
        method: Method::Fifo,
        events,
    });
    let mut expected = Rows::default();
    let (symbol, account) = (String::from("X"), String::from("main"));
    let key = RowKey {
        symbol: symbol.clone(),
        account: account.clone(),
        acquired: day(0),
        held_from: day(0),
        disposed: day(119),
        long: false,
    };
    let row = Row {
        quantity: whole(100),
        proceeds: whole(750),
        cost: whole(1000),
        adjustment: whole(250),
        slices: 1,
    };
    expected.add_row(key, &row);
    // 119 days held before, tacked on to the new purchase.
    let key = LotKey {
        symbol,
        account,
        acquired: day(134),
        held_from: day(15),
    };
    expected.add_lot(
        key,
        &Lot {
            quantity: whole(100),
            cost: whole(1050),
            pieces: 1,
        },
    );
    assert_eq!(expected.differences(&rows), "");
}
