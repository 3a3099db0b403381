//! Time of each stage, apart from the others: `cargo bench --bench stages`.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod shapes;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use lossoffset::date::Date;
use lossoffset::settings::{Settings, WashSales};
use lossoffset::source::Source;
use lossoffset::trade::{
    Account, AccountId, Action, Class, Entry, History, Security, SecurityId, TimeOfDay, Trade,
};
use rust_decimal::Decimal;

const ROWS: usize = 100_000;

/// The csv crate alone on the same bytes: what the other stages are measured against.
fn yardstick(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("yardstick");
    group
        .throughput(Throughput::Elements(ROWS as u64))
        .sample_size(20);
    let mut file = Vec::new();
    shapes::write("mixed", ROWS, 1, true, &mut file).unwrap();
    group.bench_function("csv records", |bench| {
        bench.iter(|| {
            let mut reader = csv::Reader::from_reader(black_box(file.as_slice()));
            let mut record = csv::ByteRecord::new();
            let mut count = 0_u64;
            while reader.read_byte_record(&mut record).unwrap() {
                count += 1;
            }
            count
        });
    });
    group.finish();
}

/// From trades to the answer: lots, loss rule and netting.
fn matching(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("match");
    group
        .throughput(Throughput::Elements(ROWS as u64))
        .sample_size(20);
    for (shape, method, wash_sales) in [
        ("mixed", "fifo", WashSales::Off),
        ("mixed", "fifo", WashSales::Taxpayer),
        ("mixed", "hifo", WashSales::Off),
        ("onesym", "fifo", WashSales::Off),
        ("bigsell", "hifo", WashSales::Off),
        ("wash", "fifo", WashSales::Taxpayer),
        ("washday", "fifo", WashSales::Taxpayer),
        ("hifo", "hifo", WashSales::Off),
        ("hifo", "hifo", WashSales::Taxpayer),
        ("hifoup", "hifo", WashSales::Off),
        ("manysym", "fifo", WashSales::Taxpayer),
    ] {
        let history = history(shape);
        let settings = Settings {
            method: Some(method.into()),
            wash_sales,
            ..Settings::default()
        };
        let name = format!(
            "{method}, wash sales {}",
            if wash_sales == WashSales::Off {
                "off"
            } else {
                "on"
            }
        );
        group.bench_function(BenchmarkId::new(name, shape), |bench| {
            bench.iter(|| lossoffset::compute(black_box(&history), &settings));
        });
    }
    group.finish();
}

/// A shape as trades, without a file between.
fn history(shape: &str) -> History {
    let mut history = History::default();
    history.sources.add("trades.csv");
    let mut line = 1;
    let known = shapes::each_row(shape, ROWS, 1, &mut |row| {
        while history.securities.len() <= row.symbol as usize {
            let symbol = shapes::symbol(history.securities.len() as u32).into();
            history.securities.push(Security {
                symbol,
                class: Class::Stock,
                contract: None,
                identifier: None,
            });
        }
        while history.accounts.len() <= usize::from(row.account) {
            let name = format!("ACC{}", history.accounts.len() + 1).into();
            history.accounts.push(Account {
                unhosted: false,
                name,
                sheltered: false,
                owner: None,
                method: None,
                class: None,
            });
        }
        line += 1;
        let (year, month, day) = shapes::civil(shapes::day(&row));
        history.trades.push(Trade::from(Entry {
            date: Date::new(year as i32, month as u32, day as u32)
                .expect("shapes lie in 2019 to 2024"),
            time: TimeOfDay::new((row.seconds % 86_400 * 1000) as u32),
            source: Source { file: 0, line },
            security: SecurityId(row.symbol),
            account: AccountId(row.account),
            account_given: true,
            action: if row.buys { Action::Buy } else { Action::Sell },
            quantity: Some(Decimal::from_i128_with_scale(row.quantity, 18).normalize()),
            price: Some(Decimal::new(row.price, 4)),
            fee: Some(Decimal::new(row.fee, 2)),
            rest: None,
        }));
    });
    assert!(known, "{shape}");
    history
}

criterion_group!(stages, yardstick, matching);
criterion_main!(stages);
