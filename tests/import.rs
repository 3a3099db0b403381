//! What reading a file must never depend on: encodings, line endings, separators, order, spelling. And what it must
//! always give: an account of every row.

#![allow(clippy::unwrap_used, clippy::panic)]

use lossoffset::import::{Failure, FileReading, Input, ReadOptions, Reading, RowOrder, read};
use lossoffset::trade::{Action, Class, Trade};
use proptest::prelude::*;

fn options() -> ReadOptions {
    ReadOptions {
        currency: Some("USD".into()),
        timezone: Some("UTC".into()),
        ..ReadOptions::default()
    }
}

fn try_read(files: &[&[u8]]) -> Result<Reading, Failure> {
    let inputs = files
        .iter()
        .enumerate()
        .map(|(n, bytes)| Input {
            name: format!("{}.csv", n + 1),
            bytes: bytes.to_vec(),
        })
        .collect();
    read(inputs, &options())
}

fn reading(text: &str) -> Reading {
    try_read(&[text.as_bytes()]).unwrap_or_else(|failure| panic!("{:#?}", failure.problems))
}

fn problems(text: &str) -> Vec<String> {
    match try_read(&[text.as_bytes()]) {
        Ok(_) => Vec::new(),
        Err(failure) => failure.problems.into_iter().map(|p| p.message).collect(),
    }
}

/// The trades without their places, with names instead of numbers.
fn trades(reading: &Reading) -> Vec<String> {
    let history = &reading.history;
    let line = |trade: &Trade| {
        format!(
            "{} {:?} {} {} {:?} {:?} {:?} {} {:?}",
            trade.date,
            trade.time.map(|t| t.milliseconds()),
            trade.action.word(),
            history.security(trade.security).symbol,
            trade.quantity().map(|d| d.normalize()),
            trade.price().map(|d| d.normalize()),
            trade.fee().map(|d| d.normalize()),
            history.account(trade.account).name,
            trade.rare(),
        )
    };
    history.trades.iter().map(line).collect()
}

const SMALL: &str = "date,action,symbol,quantity,price\n2024-01-02,buy,XYZ,10,150.00\n2024-06-03,sell,XYZ,4,180.00\n";

#[test]
fn the_smallest_file_needs_nothing_else() {
    let reading = reading(SMALL);
    assert_eq!(
        trades(&reading),
        [
            "2024-01-02 None buy XYZ Some(10) Some(150) None main None",
            "2024-06-03 None sell XYZ Some(4) Some(180) None main None"
        ]
    );
    assert_eq!(reading.history.trades[1].source.line, 3);
    assert_eq!(reading.history.warnings, []);
}

#[test]
fn the_full_example_is_read() {
    let text = "date,action,symbol,quantity,price,fee,currency,account,lot,id,ratio,note
2023-05-01,opening,XYZ,100,40.00,,USD,broker,old-1,,,bought before this file
2023-12-01 15:30,buy,XYZ,10,150.00,1.00,USD,broker,a1,1001,,
2024-02-01,sell,XYZ,4,120.00,1.00,USD,broker,a1,1002,,specific lot
2024-02-10,buy,XYZ,4,121.00,1.00,USD,broker,,1003,,inside the wash-sale window
2024-03-01,split,XYZ,,,,USD,broker,,,4:1,
2024-04-01,sto,XYZ   240621P00030000,2,1.25,1.30,USD,broker,,1004,,credit 248.70
2024-06-21,assign,XYZ   240621P00030000,2,,,USD,broker,,1005,,buys 200 at 30 less premium
2024-07-01T10:00:00Z,buy,BTC,0.10000000,60000,15.00,USD,exchange,,t1,,
2024-07-05T10:00:00Z,income,ETH,0.01,3000,,USD,exchange,,t2,,staking
2024-07-06T10:00:00Z,transfer_out,BTC,0.05,,,USD,exchange,,t3,,to own wallet
";
    let reading = reading(text);
    assert_eq!(reading.history.trades.len(), 10);
    let option = reading.history.security(reading.history.trades[5].security);
    assert_eq!(option.class, Class::Option);
    let contract = option.contract.as_ref().unwrap();
    assert_eq!(
        &*reading
            .history
            .security(contract.underlying.unwrap())
            .symbol,
        "XYZ"
    );
    let codes: Vec<_> = reading.history.warnings.iter().map(|w| w.code).collect();
    assert_eq!(codes, ["class-guessed-stock", "class-guessed-stock"]);
}

#[test]
fn a_file_newest_first_is_turned_round_as_a_whole() {
    let text = "date,action,symbol,quantity,price\n2024-03-01,sell,A,1,2\n2024-01-02,sell,A,1,2\n2024-01-02,buy,A,2,1\n";
    let reading = reading(text);
    assert_eq!(reading.files[0].order, RowOrder::Turned);
    let lines: Vec<u32> = reading
        .history
        .trades
        .iter()
        .map(|t| t.source.line)
        .collect();
    assert_eq!(lines, [4, 3, 2]);
}

#[test]
fn overlapping_files_count_each_row_once_and_equal_fills_of_one_file_twice() {
    let row = "2024-01-02,buy,XYZ,10,150.00\n";
    let header = "date,action,symbol,quantity,price\n";
    let one = format!("{header}{row}{row}2024-02-01,buy,XYZ,1,1\n");
    let two = format!("{header}{row}2024-03-01,buy,XYZ,1,1\n");
    let reading = try_read(&[one.as_bytes(), two.as_bytes()]).unwrap();
    assert_eq!(reading.history.trades.len(), 4);
    assert_eq!(
        reading.files[1].ignored.get("overlap with another file"),
        Some(&1)
    );
    assert_eq!(
        try_read(&[two.as_bytes(), one.as_bytes()])
            .unwrap()
            .history
            .trades
            .len(),
        4
    );
}

#[test]
fn ids_name_rows() {
    let header = "date,action,symbol,quantity,price,id\n";
    let same = format!(
        "{header}2024-01-02,buy,X,1,1,7\n2024-01-02,buy,X,1,1,7\n2024-01-02,sell,X,1,1,7\n"
    );
    let read = reading(&same);
    assert_eq!(
        (
            read.history.trades.len(),
            read.files[0].ignored.get("duplicate id")
        ),
        (2, Some(&1))
    );
    let other = format!("{header}2024-01-02,buy,X,1,1,7\n2024-01-02,buy,X,2,1,7\n");
    assert_eq!(
        problems(&other),
        ["id `7` is used twice for different trades"]
    );
}

#[test]
fn a_cancelled_row_is_gone() {
    let text = "date,action,symbol,quantity,price\n2024-01-02,buy,X,1,1\n2024-01-03,buy,X,2,1\n2024-01-02,cancel,X,1,1\n";
    let read = reading(text);
    assert_eq!(
        (
            read.history.trades.len(),
            read.files[0].ignored.get("cancelled")
        ),
        (1, Some(&2))
    );
    assert_eq!(
        problems("date,action,symbol,quantity,price,id\n2024-01-02,cancel,X,1,1,9\n"),
        ["nothing to cancel: no row has the id `9`"]
    );
}

/// Of two equal purchases one was cancelled; a second export of the same rows takes nothing from the other.
#[test]
fn a_cancellation_in_two_exports_counts_once() {
    let with_ids = "date,action,symbol,quantity,price,id\n2024-01-02,buy,X,1,1,a\n2024-01-02,buy,X,1,1,b\n2024-01-02,cancel,X,1,1,a\n";
    let without = "date,action,symbol,quantity,price\n2024-01-02,buy,X,1,1\n2024-01-02,buy,X,1,1\n2024-01-02,cancel,X,1,1\n";
    let earlier = without.replace("2024-01-02,cancel,X,1,1\n", "");
    let own_id = with_ids.replace("cancel,X,1,1,a", "cancel,X,1,1,c");
    for [one, other] in [
        [with_ids, with_ids],
        [&own_id, &own_id],
        [without, without],
        [&earlier, without],
        [without, &earlier],
    ] {
        let read = try_read(&[one.as_bytes(), other.as_bytes()]).unwrap();
        assert_eq!(read.history.trades.len(), 1, "{one}{other}");
        let left_out = read.files.iter().flat_map(|file| file.ignored.values());
        let ignored: u64 = left_out.sum();
        assert_eq!(
            ignored,
            read.files.iter().map(FileReading::rows).sum::<u64>() - 1
        );
    }
    // Twice in one file it undoes two rows.
    let both = format!("{without}2024-01-02,cancel,X,1,1\n");
    assert!(reading(&both).history.trades.is_empty());
}

#[test]
fn without_an_action_column_the_sign_decides() {
    let read = reading("date,symbol,quantity,price\n2024-01-02,X,2,1\n2024-01-03,X,-1,1\n");
    let actions: Vec<Action> = read.history.trades.iter().map(|t| t.action).collect();
    assert_eq!(actions, [Action::Buy, Action::Sell]);
}

#[test]
fn signs_agree_or_are_refused() {
    assert_eq!(
        reading("date,action,symbol,quantity,price\n2024-01-02,sell,X,-2,1\n")
            .history
            .trades[0]
            .quantity(),
        Some(2.into())
    );
    assert_eq!(
        problems("date,action,symbol,quantity,price\n2024-01-02,buy,X,-2,1\n"),
        ["`buy` of -2: the minus contradicts the action"]
    );
}

#[test]
fn totals_are_checked() {
    let header = "date,action,symbol,quantity,price,fee,total\n";
    assert_eq!(
        problems(&format!("{header}2024-01-02,buy,X,10,150,1,1501\n")),
        [""; 0]
    );
    assert_eq!(
        problems(&format!("{header}2024-01-02,buy,X,10,150,1,-1501.00\n")),
        [""; 0]
    );
    assert_eq!(
        problems(&format!("{header}2024-01-02,sell,X,10,150,1,1499\n")),
        [""; 0]
    );
    assert_eq!(
        problems(&format!("{header}2024-01-02,sell,X,10,150,1,1501\n")).len(),
        1
    );
    assert_eq!(
        problems(&format!("{header}2024-01-02,buy,X,10,150,-1,1501\n")),
        [""; 0]
    );
    assert_eq!(
        problems(&format!("{header}2024-01-02,buy,X,10,150,-1,\n")),
        ["the fee is below 0: -1"]
    );
    let rebate = reading(&format!("{header}2024-01-02,buy,X,10,150,-1,1499\n"));
    assert_eq!(rebate.history.trades[0].fee(), Some((-1).into()));
    assert_eq!(
        reading(&format!("{header}2024-01-02,buy,X,10,150,,1501\n"))
            .history
            .warnings[0]
            .code,
        "fee-in-total"
    );
}

#[test]
fn pence_become_pounds_exactly() {
    let read = reading(
        "date,action,symbol,quantity,price,fee,currency\n2024-01-02,buy,X,10,150.5,1,GBX\n",
    );
    let trade = &read.history.trades[0];
    assert_eq!(trade.price().unwrap().to_string(), "1.505");
    assert_eq!(trade.fee().unwrap().to_string(), "0.01");
    assert_eq!(trade.rest().currency.as_deref(), Some("GBP"));
}

#[test]
fn option_columns_name_a_contract_on_the_symbol() {
    let read = reading(
        "date,action,symbol,quantity,price,expiry,strike,right\n2024-01-02,bto,XYZ,1,2.5,2024-01-19,150,call\n2024-01-02,buy,XYZ,1,150,,,\n2024-01-03,stc,XYZ 01/19/2024 150.00 C,1,3,,,\n",
    );
    let ids: Vec<u32> = read.history.trades.iter().map(|t| t.security.0).collect();
    assert_eq!(ids[0], ids[2]);
    assert_ne!(ids[0], ids[1]);
    assert_eq!(
        read.history.security(read.history.trades[0].security).class,
        Class::Option
    );
}

#[test]
fn a_class_set_for_an_index_holds_for_all_options_on_it() {
    let text = "date,action,symbol,quantity,price\n2024-01-02,bto,SPX   240119C04500000,1,2\n2024-01-03,bto,-SPX240119P4500,1,2\n2024-01-03,bto,SPXW  240119C04500000,1,2\n";
    let input = Input {
        name: "1.csv".into(),
        bytes: text.into(),
    };
    let mut options = options();
    options
        .symbol_classes
        .insert("SPX".into(), Class::IndexOption);
    let history = read(vec![input], &options).unwrap().history;
    let classes = history
        .trades
        .iter()
        .map(|t| history.security(t.security).class);
    let classes: Vec<Class> = classes.collect();
    let expected = [Class::IndexOption, Class::IndexOption, Class::Option];
    assert_eq!(classes, expected);
    assert_eq!(history.warnings.len(), 1, "{:?}", history.warnings);
}

#[test]
fn a_class_said_once_holds_for_all_rows_and_for_what_comes_of_it() {
    let text = "date,action,symbol,quantity,price,class,new_symbol,new_quantity\n2024-01-02,buy,COINX,1,2,crypto,,\n2024-01-03,swap,COINX,1,2,,COINY,5\n";
    let read = reading(text);
    assert!(
        read.history
            .securities
            .iter()
            .all(|s| s.class == Class::Crypto)
    );
    let two = "date,action,symbol,quantity,price,class\n2024-01-02,buy,A,1,2,crypto\n2024-01-03,buy,A,1,2,stock\n";
    assert_eq!(
        problems(two),
        ["`A` is said to be a stock here and a crypto on line 2"]
    );
}

#[test]
fn times_with_an_offset_move_to_the_taxpayers_day() {
    let options = ReadOptions {
        timezone: Some("America/New_York".into()),
        ..options()
    };
    let text = "date,action,symbol,quantity,price\n2025-01-01T03:00:00Z,buy,X,1,1\n2025-01-01 03:00:00,buy,X,1,1\n";
    let read = read(
        vec![Input {
            name: "a".into(),
            bytes: text.into(),
        }],
        &options,
    )
    .unwrap();
    let dates: Vec<String> = read
        .history
        .trades
        .iter()
        .map(|t| t.date.to_string())
        .collect();
    assert_eq!(dates, ["2024-12-31", "2025-01-01"]);
}

#[test]
fn a_zone_that_nobody_named_is_said_where_the_year_hangs_on_it() {
    let text = "date,action,symbol,quantity,price\n2025-01-01T03:00:00Z,buy,X,1,1\n2025-02-01T03:00:00Z,buy,X,1,1\n";
    let options = ReadOptions {
        timezone: None,
        ..options()
    };
    let read = read(
        vec![Input {
            name: "a".into(),
            bytes: text.into(),
        }],
        &options,
    )
    .unwrap();
    assert_eq!(read.history.warnings[0].code, "timezone-assumed");
    assert_eq!(read.history.warnings[0].at.len(), 1);
}

/// A row of a random history: day of 2024, whether it buys, symbol, quantity in thousandths, price in cents.
type Row = (u32, bool, usize, u32, u32);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    proptest::collection::vec(
        (
            1..360u32,
            any::<bool>(),
            0..3usize,
            1..9_999_999u32,
            0..99_999_999u32,
        ),
        1..12,
    )
    .prop_map(|mut rows| {
        rows.sort_by_key(|row| row.0);
        // The direction of a file is found from its days: they must differ.
        rows.dedup_by_key(|row| row.0);
        rows
    })
}

struct Written {
    separator: char,
    ending: &'static str,
    dollar: &'static str,
    trailing: bool,
    quoted: bool,
    newest_first: bool,
}

const PLAIN: Written = Written {
    separator: ',',
    ending: "\n",
    dollar: "",
    trailing: false,
    quoted: false,
    newest_first: false,
};

impl Written {
    fn text(&self, rows: &[Row]) -> String {
        let mut lines: Vec<Vec<String>> = rows
            .iter()
            .map(|(day, buys, symbol, quantity, price)| {
                let date = lossoffset::date::Date::new(2024, 1, 1)
                    .unwrap()
                    .plus(i32::try_from(*day).unwrap());
                vec![
                    date.to_string(),
                    if *buys { "buy" } else { "sell" }.into(),
                    ["AAA", "BRK.B", "X Y"][*symbol].into(),
                    format!("{}.{:03}", quantity / 1000, quantity % 1000),
                    format!("{}{}.{:02}", self.dollar, price / 100, price % 100),
                ]
            })
            .collect();
        if self.newest_first {
            lines.reverse();
        }
        lines.insert(
            0,
            ["date", "action", "symbol", "quantity", "price"]
                .map(String::from)
                .to_vec(),
        );
        let cell = |cell: &String| {
            if self.quoted {
                format!("\"{cell}\"")
            } else {
                cell.clone()
            }
        };
        let mut text = String::new();
        for (at, line) in lines.iter().enumerate() {
            let cells: Vec<String> = line.iter().map(cell).collect();
            text += &cells.join(&self.separator.to_string());
            if self.trailing && at > 0 {
                text.push(self.separator);
            }
            text += self.ending;
        }
        text
    }
}

proptest! {
    #[test]
    fn how_a_file_is_written_changes_nothing(rows in rows(), marked in any::<bool>(), wide in any::<bool>(),
        separator in 0..4usize, ending in 0..3usize, dollar in any::<bool>(), trailing in any::<bool>(),
        quoted in any::<bool>(), newest_first in any::<bool>()) {
        let written = Written {
            separator: [',', ';', '\t', '|'][separator],
            ending: ["\n", "\r\n", "\r"][ending],
            dollar: if dollar { "$" } else { "" },
            trailing, quoted, newest_first,
        };
        let text = written.text(&rows);
        let text = if marked || wide { format!("\u{feff}{text}") } else { text };
        let bytes = if wide { text.encode_utf16().flat_map(u16::to_le_bytes).collect() } else { text.into_bytes() };
        let expected = trades(&reading(&PLAIN.text(&rows)));
        let found = try_read(&[&bytes]).unwrap_or_else(|failure| panic!("{:#?}", failure.problems));
        prop_assert_eq!(trades(&found), expected);
        prop_assert_eq!(found.files[0].rows(), rows.len() as u64);
    }

    #[test]
    fn splitting_a_history_into_overlapping_files_changes_nothing(rows in rows(), cut in 0..12usize, overlap in 0..4usize) {
        let whole = trades(&reading(&PLAIN.text(&rows)));
        let cut = cut.min(rows.len());
        let end = (cut + overlap).min(rows.len());
        let (one, two) = (PLAIN.text(&rows[..end]), PLAIN.text(&rows[cut..]));
        let read = try_read(&[one.as_bytes(), two.as_bytes()]).unwrap();
        let accounted: u64 = read.files.iter().map(|file| file.rows()).sum();
        prop_assert_eq!(accounted, (end + rows.len() - cut) as u64);
        prop_assert_eq!(trades(&read), whole);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = try_read(&[&bytes]);
    }

    #[test]
    fn every_row_of_a_damaged_file_is_accounted_for(rows in rows(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
        junk in "[\"',;\\-$(0-9A-Za-z\\n\u{e9}]{0,6}") {
        let mut bytes = PLAIN.text(&rows).into_bytes();
        let place = at.index(bytes.len());
        bytes.splice(place..place + 1, std::iter::once(byte).chain(junk.bytes()));
        match try_read(&[&bytes]) {
            Err(failure) => {
                let text = lossoffset::diagnostic::render(&failure.problems, &failure.sources, Default::default());
                let escapes = text.contains('\u{1b}');
                prop_assert!(!escapes && !text.is_empty());
            }
            Ok(read) => prop_assert_eq!(read.files[0].trades, read.history.trades.len() as u64),
        }
    }
}
