//! Rules that hold for every format: nothing is guessed, nothing is lost, and a new source is an edit away.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use lossoffset::diagnostic::{Style, render};
use lossoffset::import;
use lossoffset::import::formats::mapping::Meaning;
use lossoffset::import::formats::{Format, built_in, guess};
use lossoffset::import::{AccountSetting, Input, ReadOptions, Reading, read};
use lossoffset::money::minor_text;
use lossoffset::rates::Rates;
use lossoffset::settings::Settings;
use lossoffset::trade::Class;

fn options() -> ReadOptions {
    ReadOptions {
        currency: Some("USD".into()),
        ..ReadOptions::default()
    }
}

fn input(name: &str, text: &str) -> Input {
    Input {
        name: name.into(),
        bytes: text.as_bytes().to_vec(),
    }
}

fn read_with(text: &str, options: &ReadOptions) -> Result<Reading, String> {
    read(vec![input("file.csv", text)], options)
        .map_err(|failure| render(&failure.problems, &failure.sources, Style::default()))
}

const SCHWAB: &str = "\"Date\",\"Action\",\"Symbol\",\"Description\",\"Quantity\",\"Price\",\"Fees & Comm\",\"Amount\"\n";

fn schwab(rows: &str) -> Result<Reading, String> {
    read_with(&format!("{SCHWAB}{rows}"), &options())
}

#[test]
fn an_action_that_a_format_does_not_know_is_an_error_that_shows_the_line_to_add() {
    let error = schwab("01/02/2025,Frobnicate,XYZ,X,1,2,,\n").unwrap_err();
    assert!(
        error.contains("unknown action `Frobnicate` in a file of the format `schwab`"),
        "{error}"
    );
    assert!(error.contains("file.csv:2"), "{error}");
    assert!(error.contains("`\"Frobnicate\" = \"buy\"`"), "{error}");
}

#[test]
fn the_settings_of_actions_hold_for_formats_too() {
    let mut options = options();
    options.actions.insert("frobnicate".into(), "buy".into());
    let text = format!("{SCHWAB}01/02/2025,Frobnicate,XYZ,X,1,2,,\n");
    assert_eq!(read_with(&text, &options).unwrap().history.trades.len(), 1);
}

#[test]
fn every_row_is_a_trade_or_ignored_by_a_named_rule() {
    let reading = schwab(
        "01/03/2025,Wire Sent,,X,,,,-5\n01/02/2025,Buy,XYZ,X,1,2,,-2\n\nTransactions Total,,,,,,,-7\nthe end,,,,,,,\n",
    )
    .unwrap();
    let file = &reading.files[0];
    assert_eq!(file.trades, 1);
    let ignored: Vec<_> = file
        .ignored
        .iter()
        .map(|(rule, rows)| (rule.as_ref(), *rows))
        .collect();
    assert_eq!(
        ignored,
        [
            ("below the rows", 1),
            ("blank line", 1),
            ("end of the rows", 1),
            ("money moved", 1)
        ]
    );
}

#[test]
fn a_trade_below_the_end_of_the_rows_is_not_lost() {
    let error = schwab("Transactions Total,,,,,,,-7\n01/02/2025,Buy,XYZ,X,1,2,,-2\n").unwrap_err();
    assert!(error.contains("below the end of the rows"), "{error}");
}

#[test]
fn half_of_a_split_is_an_error() {
    let error = schwab("05/20/2025,Reverse Split,ABC,ABC CORP,20,,,\n").unwrap_err();
    assert!(error.contains("one half of a split"), "{error}");
}

#[test]
fn a_cancelled_purchase_never_happened() {
    let reading =
        schwab("01/02/2025,Cancel Buy,XYZ,X,1,2,,2\n01/02/2025,Buy,XYZ,X,1,2,,-2\n").unwrap();
    assert!(reading.history.trades.is_empty());
    assert_eq!(reading.files[0].ignored.get("cancelled"), Some(&2));
}

#[test]
fn the_shares_of_an_assignment_must_be_as_many_as_the_option_stands_for() {
    let error = schwab(
        "05/16/2025,Assigned,XYZ 05/16/2025 50.00 P,P,2,,,\n05/16/2025,Buy,XYZ,X,100,50,,-5000\n",
    )
    .unwrap_err();
    assert!(error.contains("stands for 200 shares of XYZ"), "{error}");
}

#[test]
fn a_word_of_a_newer_year_is_shown_where_it_stands() {
    let error = read_with(
        "Run Date,Action,Symbol,Description,Type,Quantity,Price ($),Commission ($),Fees ($),Accrued Interest ($),Amount ($),Settlement Date\n\
         01/15/2025,DISTRIBUTION ABC INC (ABC) (Cash),ABC,ABC INC,Cash,5,,,,,,\n",
        &options(),
    )
    .unwrap_err();
    assert!(error.contains("DISTRIBUTION ABC INC"), "{error}");
}

#[test]
fn overlapping_exports_count_once_and_two_equal_fills_twice() {
    let rows = [
        "01/06/2025,Sell,XYZ,X,1,4,,4\n",
        "01/03/2025,Buy,XYZ,X,5,2,,-10\n",
        "01/03/2025,Buy,XYZ,X,5,2,,-10\n",
        "01/02/2025,Buy,XYZ,X,1,2,,-2\n",
    ];
    let newer = format!("{SCHWAB}{}{}{}", rows[0], rows[1], rows[2]);
    let older = format!("{SCHWAB}{}{}{}", rows[1], rows[2], rows[3]);
    let both = read(
        vec![input("a.csv", &older), input("b.csv", &newer)],
        &options(),
    )
    .unwrap();
    assert_eq!(both.history.trades.len(), 4);
}

#[test]
fn canonical_columns_are_read_as_such_whatever_formats_there_are() {
    let reading = read_with(
        "date,action,symbol,quantity,price\n2025-01-02,buy,XYZ,1,2\n",
        &options(),
    )
    .unwrap();
    assert_eq!(reading.files[0].format, None);
}

#[test]
fn a_header_that_fits_two_formats_is_refused() {
    let mapping = |name: &str| {
        let text = format!(
            "format = 1\nname = \"{name}\"\n[match]\nheader_contains = [\"When\", \"What\", \"Of\"]\n[columns]\ndate = \"When\"\n"
        );
        Arc::new(Format::parse(&text, name).unwrap_or_else(|p| panic!("{}", p.message)))
    };
    let mut options = options();
    options.formats = vec![mapping("one"), mapping("two")];
    let error = read_with("When,What,Of\n2025-01-02,buy,XYZ\n", &options).unwrap_err();
    assert!(error.contains("fits several formats: one, two"), "{error}");
}

#[test]
fn a_mapping_that_says_something_unknown_is_refused_with_its_line() {
    let problem = Format::parse(
        "format = 1\nname = \"x\"\nsurprise = 1\n[columns]\n",
        "x.toml",
    )
    .unwrap_err();
    assert!(problem.message.contains("x.toml:3"), "{}", problem.message);
}

/// The acceptance test of `formats guess`: only the questions are edited.
#[test]
fn a_guessed_mapping_works_once_its_questions_are_answered() {
    let text = "Exported by Some Broker\n\nBooking day;Kind of business;Paper;Pieces;Rate per piece;Charges;Sum\n\
                2025-01-02;Erwerb;XYZ;10;5.00;1.00;-51.00\n2025-02-03;Abgabe;XYZ;-4;6.00;1.00;23.00\n2025-02-04;Sonstiges;;;;;1.00\n";
    let draft =
        guess::draft(input("some-broker.csv", text)).unwrap_or_else(|p| panic!("{}", p.message));
    let answered = draft
        .replace(
            "equals = \"Erwerb\"\nis = \"?\"",
            "equals = \"Erwerb\"\nis = \"buy\"",
        )
        .replace(
            "equals = \"Abgabe\"\nis = \"?\"",
            "equals = \"Abgabe\"\nis = \"sell\"",
        )
        .replace(
            "equals = \"Sonstiges\"\nis = \"?\"",
            "equals = \"Sonstiges\"\nis = \"ignore\"",
        )
        .replace("date = \"?\"", "date = \"Booking day\"")
        .replace("action = \"?\"", "action = \"Kind of business\"")
        .replace("symbol = \"?\"", "symbol = \"Paper\"")
        .replace("quantity = \"?\"", "quantity = \"Pieces\"")
        .replace("price = \"?\"", "price = \"Rate per piece\"");
    assert!(!answered.contains("\"?\""), "{answered}");
    let mut options = options();
    options.mapping = Some(Arc::new(
        Format::parse(&answered, "draft").unwrap_or_else(|p| panic!("{}\n{answered}", p.message)),
    ));
    let reading = read_with(text, &options).unwrap_or_else(|error| panic!("{error}\n{answered}"));
    assert_eq!(reading.history.trades.len(), 2, "{answered}");
    assert_eq!(reading.files[0].format.as_deref(), Some("some-broker"));
}

#[test]
fn a_guessed_mapping_sees_commas_in_numbers_and_what_costs_are() {
    let text = "When;What;Ticker;Shares;Unit price;Costs\n2024-01-02;Kauf;XYZ;10;100,50;1,25\n\
                2024-03-02;Verkauf;XYZ;10;90,50;1,00\n";
    let draft = guess::draft(input("odd.csv", text)).unwrap_or_else(|p| panic!("{}", p.message));
    let answered =
        draft
            .replacen("is = \"?\"", "is = \"buy\"", 1)
            .replacen("is = \"?\"", "is = \"sell\"", 1);
    let mut options = options();
    options.mapping = Some(Arc::new(
        Format::parse(&answered, "draft").unwrap_or_else(|p| panic!("{}\n{answered}", p.message)),
    ));
    let reading = read_with(text, &options).unwrap_or_else(|error| panic!("{error}\n{answered}"));
    let trade = &reading.history.trades[0];
    let read = [trade.price(), trade.fee()].map(|number| number.unwrap().normalize().to_string());
    assert_eq!(read, ["100.5", "1.25"]);
}

#[test]
fn what_may_change_holdings_and_is_not_read_is_said() {
    let text = "Trades,Header,DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,C. Price,Proceeds,Comm/Fee,Basis,Realized P/L,MTM P/L,Code\n\
                Trades,Data,Order,Stocks,USD,XYZ,\"2025-03-03, 10:00:00\",10,15,15,-150,-1,151,0,0,O\n\
                Corporate Actions,Header,Asset Category,Currency,Report Date,Date/Time,Description,Quantity,Proceeds,Value,Realized P/L,Code\n\
                Corporate Actions,Data,Stocks,USD,2025-04-01,\"2025-03-31, 20:25:00\",XYZ(US0000000001) Split 4 for 1 (XYZ),30,0,0,0,\n";
    let reading = read_with(text, &options()).unwrap();
    let warning = reading
        .history
        .warnings
        .iter()
        .find(|warning| warning.code == "not-read")
        .unwrap();
    assert!(warning.needs_user && warning.message.contains("Corporate Actions"));
}

#[test]
fn a_declared_entity_is_not_expanded() {
    let text = "<?xml version=\"1.0\"?>\n<!DOCTYPE x [<!ENTITY a \"b\">]>\n<FlexQueryResponse></FlexQueryResponse>\n";
    let error = read_with(text, &options()).unwrap_err();
    assert!(error.contains("document type"), "{error}");
}

/// A mistake in a mapping is named with its file, its line, what stands there and what could stand there.
#[test]
fn a_mistake_in_a_mapping_says_where_it_is_and_what_could_stand_there() {
    for (line, expected) in [
        (
            "quantity = 5",
            "x.toml:4 cannot be read, at `quantity = 5`: invalid type: integer `5`, expected the name of a column, a list of names, or a table",
        ),
        (
            "quantity = { nmae = \"Qty\" }",
            "x.toml:4 cannot be read, at `quantity = { nmae = \"Qty\" }`: unknown field `nmae`, expected one of `name`, `alt`",
        ),
        (
            "quantity = { name = 5 }",
            "x.toml:4 cannot be read, at `quantity = { name = 5 }`: invalid type: integer `5`, expected a text, or a list of texts",
        ),
        (
            "[file]\nheader = \"somewhere\"",
            "x.toml:5 cannot be read, at `header = \"somewhere\"`: invalid value: string \"somewhere\", expected \"find\", \"none\", or { line = 13 }",
        ),
        (
            "[file]\nheader = { lien = 3 }",
            "x.toml:5 cannot be read, at `header = { lien = 3 }`: unknown field `lien`, expected `line`",
        ),
        (
            "[[actions]]\nequals = \"a\"\nis = [\"buy\"]",
            "x.toml:6 cannot be read, at `is = [\"buy\"]`: invalid type: sequence, expected an action such as \"buy\" or \"ignore\"",
        ),
        (
            "[signs]\nquantity = \"minus\"",
            "x.toml:5 cannot be read, at `quantity = \"minus\"`: unknown variant `minus`, expected one of `positive`, `signed`, `abs`, `suffix-S`",
        ),
        ("[columns", "x.toml:4 cannot be read, at `[columns`"),
    ] {
        let text = format!("name = \"x\"\n[columns]\ndate = \"D\"\n{line}\n");
        let problem = Format::parse(&text, "x.toml").unwrap_err();
        assert!(problem.message.contains(expected), "{}", problem.message);
    }
}

#[test]
fn a_format_to_be_named_is_not_found_by_itself() {
    let bytes = std::fs::read_to_string("tests/formats/schwab-openings.csv").unwrap();
    let reading = read_with(&bytes, &options()).unwrap();
    assert_eq!(reading.files[0].format.as_deref(), Some("schwab-gains"));
    let mut named = options();
    named.mapping = lossoffset::import::formats::named("schwab-openings").cloned();
    let both = read(
        vec![
            input("gains.csv", &bytes),
            input(
                "history.csv",
                &format!("{SCHWAB}03/20/2025,Sell,XYZ,X,10,90,,900\n"),
            ),
        ],
        &named,
    )
    .unwrap_or_else(|f| panic!("{}", render(&f.problems, &f.sources, Style::default())));
    let formats: Vec<_> = both
        .files
        .iter()
        .map(|file| file.format.as_deref())
        .collect();
    assert_eq!(formats, [Some("schwab-openings"), Some("schwab")]);
    assert_eq!(both.history.trades.len(), 3);
}

#[test]
fn a_finished_disposal_without_a_cost_is_not_given_the_cost_zero() {
    let error = read_with(
        "symbol,quantity,acquired,disposed,proceeds,cost\nXYZ,10,2024-01-02,2024-03-01,120,\nXYZ,10,various,2024-03-01,120,100\n",
        &options(),
    )
    .unwrap_err();
    assert!(
        error.contains("no cost, and an unknown cost is not zero"),
        "{error}"
    );
    assert!(error.contains("says no day of purchase"), "{error}");
}

/// Gemini's workbook holds days, times and amounts as numbers, and may hold the whole moment in both columns of time.
#[test]
fn a_workbook_with_real_dates_times_and_numbers_is_read() {
    use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Workbook};
    let day = ExcelDateTime::from_ymd(2024, 5, 1).unwrap();
    let time = ExcelDateTime::from_hms(10, 30, 0).unwrap();
    let moment = ExcelDateTime::from_ymd(2024, 7, 1)
        .unwrap()
        .and_hms(9, 15, 0)
        .unwrap();
    let mut book = Workbook::new();
    book.add_worksheet()
        .set_name("Notes")
        .unwrap()
        .write_string(0, 0, "nothing here")
        .unwrap();
    let sheet = book.add_worksheet();
    let names = [
        "Date",
        "Time (UTC)",
        "Type",
        "Symbol",
        "Specification",
        "Liquidity Indicator",
        "USD Amount USD",
        "Fee (USD) USD",
        "BTC Amount BTC",
        "Fee (BTC) BTC",
    ];
    for (column, name) in (0..).zip(names) {
        sheet.write_string(3, column, name).unwrap();
    }
    let (as_day, as_time, as_moment) = (
        CellFormat::new().set_num_format("yyyy-mm-dd"),
        CellFormat::new().set_num_format("hh:mm:ss"),
        CellFormat::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
    );
    sheet
        .write_datetime_with_format(4, 0, &day, &as_day)
        .unwrap();
    sheet
        .write_datetime_with_format(4, 1, &time, &as_time)
        .unwrap();
    sheet
        .write_datetime_with_format(5, 0, &moment, &as_moment)
        .unwrap();
    sheet
        .write_datetime_with_format(5, 1, &moment, &as_moment)
        .unwrap();
    for (row, kind, money, fee, coins) in [
        (4, "Buy", -6000.0, -12.0, 0.1),
        (5, "Sell", 2000.5, -2.0, -0.03),
    ] {
        sheet.write_string(row, 2, kind).unwrap();
        sheet.write_string(row, 3, "BTCUSD").unwrap();
        sheet.write_number(row, 6, money).unwrap();
        sheet.write_number(row, 7, fee).unwrap();
        sheet.write_number(row, 8, coins).unwrap();
    }
    let bytes = book.save_to_buffer().unwrap();
    let file = Input {
        name: "transaction_history.xlsx".into(),
        bytes,
    };
    let reading = read(vec![file], &options())
        .unwrap_or_else(|f| panic!("{}", render(&f.problems, &f.sources, Style::default())));
    assert_eq!(reading.files[0].format.as_deref(), Some("gemini"));
    let said: Vec<String> = reading
        .history
        .trades
        .iter()
        .map(|trade| {
            let time = trade.time.map(lossoffset::trade::TimeOfDay::milliseconds);
            format!(
                "{} {:?} {} {} {}",
                trade.date,
                time,
                trade.action.word(),
                trade.quantity().unwrap(),
                trade.rest().total.unwrap()
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            "2024-05-01 Some(37800000) buy 0.1 6012",
            "2024-07-01 Some(33300000) sell 0.03 1998.5"
        ]
    );
}

#[test]
fn a_derivatives_log_with_coins_or_options_in_it_is_refused() {
    let head = "Time,Currency,Contract,Type,Direction,Quantity,Position,Filled Price,Funding,Fee Paid,Cash Flow,Change,Wallet Balance\n";
    for row in [
        "2025-03-01 09:00:00,BTC,BTCUSDT,TRADE,BUY,0.1,0,61000,0,0,0.1,0.1,1\n",
        "2025-03-01 09:00:00,USDC,BTC-27JUN25-100000-C,TRADE,BUY,1,1,61000,0,0,-50,-50,1\n",
    ] {
        let error = read_with(&format!("{head}{row}"), &options()).unwrap_err();
        assert!(
            error.contains("the format `bybit` does not read `TRADE`: "),
            "{error}"
        );
    }
}

#[test]
fn a_coin_that_only_the_name_of_the_file_says_must_be_there() {
    let text = std::fs::read_to_string("tests/formats/deribit--BTC.csv").unwrap();
    let error = read_with(&text, &options()).unwrap_err();
    assert!(error.contains("the file does not say its coin"), "{error}");
    assert!(error.contains("such as deribit-BTC.csv"), "{error}");
    assert_eq!(error.matches("error: ").count(), 1, "{error}");
}

#[test]
fn finished_disposals_beside_a_history_may_count_twice_and_that_is_said() {
    let gains =
        "symbol,quantity,acquired,disposed,proceeds,cost\nXYZ,10,2024-01-02,2024-03-01,120,100\n";
    let codes = |files: Vec<Input>| -> Vec<&str> {
        let reading = read(files, &options()).unwrap();
        let warnings = reading.history.warnings.iter();
        warnings.map(|warning| warning.code).collect()
    };
    assert_eq!(codes(vec![input("gains.csv", gains)]), [""; 0]);
    let history = input(
        "history.csv",
        &format!("{SCHWAB}01/02/2024,Buy,XYZ,X,10,10,,-100\n"),
    );
    assert_eq!(
        codes(vec![history, input("gains.csv", gains)]),
        ["finished-disposals"]
    );
}

/// What a file comes to: action, units, total, fee and the asset of the fee of each row.
fn rows_of(text: &str) -> Vec<String> {
    let reading = read_with(text, &options()).unwrap_or_else(|error| panic!("{error}"));
    let history = &reading.history;
    let trades = history.trades.iter().map(|trade| {
        let rest = trade.rest();
        let number = |n: Option<rust_decimal::Decimal>| {
            n.map_or("-".to_owned(), |n| n.normalize().to_string())
        };
        let asset = rest.rarest().fee_asset;
        format!(
            "{} {} {} total {} fee {} {}",
            trade.action.word(),
            number(trade.quantity()),
            history.security(trade.security).symbol,
            number(rest.total),
            number(trade.fee()),
            asset.map_or("-", |asset| &*history.security(asset).symbol),
        )
    });
    trades.collect()
}

const KOINLY_EXPORT: &str = "Date,Type,Tag,Sending Wallet,Sent Amount,Sent Currency,Sent Cost Basis,Receiving Wallet,Received Amount,Received Currency,Received Cost Basis,Fee Amount,Fee Currency,Gain (USD),Net Value (USD),Fee Value (USD),TxSrc,TxDest,TxHash,Description\n";
const KOINLY: &str = "Date,Sent Amount,Sent Currency,Received Amount,Received Currency,Fee Amount,Fee Currency,Net Worth Amount,Net Worth Currency,Label,Description,TxHash\n";
const TURBOTAX: &str = "Date,Type,Sent Asset,Sent Amount,Received Asset,Received Amount,Fee Asset,Fee Amount,Market Value Currency,Market Value,Description,Transaction Hash,Transaction ID\n";

#[test]
fn one_asset_on_both_sides_moved_and_was_not_sold() {
    let between = |received: &str, fee: &str| {
        let row = format!(
            "2024-01-03 10:00:00,transfer,,Coinbase,0.05,BTC,,Ledger,{received},BTC,,{fee},,2400,,,,h2,\n"
        );
        rows_of(&format!("{KOINLY_EXPORT}{row}"))
    };
    assert_eq!(
        between("0.05", ","),
        ["transfer 0.05 BTC total - fee - -"],
        "lots move as they are"
    );
    let short = ["transfer 0.0499 BTC total - fee 0.0001 BTC"];
    assert_eq!(between("0.0499", ","), short);
    assert_eq!(
        between("0.0499", "0.0001,BTC"),
        short,
        "one fee, said twice"
    );
    assert_eq!(
        between("0.05", "0.002,ETH"),
        ["transfer 0.05 BTC total - fee 0.002 ETH"]
    );
    assert_eq!(
        between("0.05", "3,USD"),
        ["transfer 0.05 BTC total - fee - -"]
    );
    // Within one account, only the fee counts.
    let turbotax =
        format!("{TURBOTAX}2024-01-03 10:00:00,Transfer,BTC,0.01,BTC,0.01,,,USD,600,,,\n");
    assert!(rows_of(&turbotax).is_empty());
    let reading = read_with(&turbotax, &options()).unwrap();
    assert_eq!(
        reading.files[0].ignored.get("moved within one account"),
        Some(&1)
    );
    let koinly = format!("{KOINLY}2024-01-03 10:00:00,0.05,BTC,0.0499,BTC,,,2400,USD,,,\n");
    assert_eq!(rows_of(&koinly), ["fee 0.0001 BTC total - fee - -"]);
    let lost = format!("{KOINLY}2024-01-03 10:00:00,1,BTC,0.5,BTC,,,,,,,\n");
    let error = read_with(&lost, &options()).unwrap_err();
    assert!(
        error.contains("more is missing than a network takes"),
        "{error}"
    );
}

#[test]
fn cash_paid_in_makes_no_lot() {
    let head = "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n";
    let rows = "a1,2025-01-10 12:00:00 UTC,Deposit,USD,1000,USD,$1.00,$1000.00,$1000.00,$0.00,\n\
                a2,2025-01-11 12:00:00 UTC,Withdrawal,USD,-400,USD,$1.00,-$400.00,-$400.00,$0.00,\n\
                a3,2025-01-12 12:00:00 UTC,Deposit,BTC,0.1,USD,$90000.00,$9000.00,$9000.00,$0.00,\n";
    assert_eq!(
        rows_of(&format!("{head}{rows}")),
        ["transfer_in 0.1 BTC total - fee - -"]
    );
    let error = read_with(
        &format!(
            "{head}a1,2025-01-10 12:00:00 UTC,Admin Debit,BTC,-0.1,USD,$1.00,$1.00,$1.00,$0.00,\n"
        ),
        &options(),
    )
    .unwrap_err();
    assert!(error.contains("does not read `Admin Debit`"), "{error}");
    // Shares may have the ticker of a currency.
    let shares = format!("{SCHWAB}01/02/2025,Journaled Shares,ALL,ALLSTATE CORP,5,,,\n");
    assert_eq!(rows_of(&shares), ["transfer_in 5 ALL total - fee - -"]);
}

#[test]
fn a_result_in_a_coin_counts_at_its_worth() {
    let rows = "2024-01-03 10:00:00,,,0.5,ETH,,,1500,USD,realized gain,,\n\
                2024-01-04 10:00:00,0.1,ETH,,,,,300,USD,margin fee,,\n\
                2024-01-05 10:00:00,7,USD,,,,,9,EUR,margin fee,,\n";
    assert_eq!(
        rows_of(&format!("{KOINLY}{rows}")),
        [
            "pnl - ETH total 1500 fee - -",
            "pnl - ETH total -300 fee - -",
            "pnl - USD total -7 fee - -"
        ]
    );
}

#[test]
fn the_number_of_an_order_is_not_that_of_a_row() {
    let text = "Action,Time,ISIN,Ticker,Name,Notes,ID,No. of shares,Price / share,Currency (Price / share),Exchange rate,Total,Currency (Total)\n\
                Market buy,2025-05-14 13:31:02,US0000000001,XYZ,Xyz,,EOF1,2,100.00,USD,1,200.00,USD\n\
                Market buy,2025-05-14 13:31:02,US0000000001,XYZ,Xyz,,EOF1,1,100.00,USD,1,100.00,USD\n";
    assert_eq!(
        rows_of(text),
        ["buy 2 XYZ total 200 fee - -", "buy 1 XYZ total 100 fee - -"]
    );
}

#[test]
fn gifts_are_gifts_and_not_income() {
    let bitcointax = "Date,Action,Symbol,Account,Volume,Price,Currency,Fee,FeeCurrency,Total,Memo\n\
                      2024-05-01 10:00:00,GIFTIN,BTC,Kraken,0.1,60000,USD,,,6000,\n";
    assert_eq!(rows_of(bitcointax), ["gift_in 0.1 BTC total - fee - -"]);
    let bittytax = "Type,Buy Quantity,Buy Asset,Buy Value in GBP,Sell Quantity,Sell Asset,Sell Value in GBP,Fee Quantity,Fee Asset,Fee Value in GBP,Wallet,Timestamp,Note\n\
                    Gift-Spouse,,,,0.1,BTC,,,,,Kraken,2024-05-01 10:00:00,\n";
    assert_eq!(rows_of(bittytax), ["gift_out 0.1 BTC total - fee - -"]);
    let reading = read_with(bittytax, &options()).unwrap();
    let trade = &reading.history.trades[0];
    assert_eq!(trade.rest().tag.as_deref(), Some("spouse"));
}

#[test]
fn cash_for_a_fraction_is_a_sale_where_the_fraction_is_said() {
    let sold = ["sell 0.5 XYZ total 7.5 fee - -"];
    let fidelity = "Run Date,Action,Symbol,Description,Type,Quantity,Price ($),Commission ($),Fees ($),Accrued Interest ($),Amount ($),Settlement Date\n";
    let robinhood = "Activity Date,Process Date,Settle Date,Instrument,Description,Trans Code,Quantity,Price,Amount\n";
    let say = |quantity: &str| {
        [
            format!("{SCHWAB}01/02/2025,Cash In Lieu,XYZ,XYZ CORP,{quantity},,,$7.50\n"),
            format!(
                "{fidelity}01/15/2025,IN LIEU OF FRX SHARE XYZ CORP (XYZ) (Cash),XYZ,XYZ CORP,Cash,{quantity},,,,,7.50,\n"
            ),
            format!(
                "{robinhood}1/2/2025,1/2/2025,1/2/2025,XYZ,Cash in lieu,CIL,{quantity},,$7.50\n"
            ),
        ]
    };
    for text in say("0.5") {
        assert_eq!(rows_of(&text), sold, "{text}");
    }
    for text in say("") {
        let error = read_with(&text, &options()).unwrap_err();
        assert!(error.contains("but not the fraction"), "{error}");
    }
    let reverted = "Timestamp (UTC),Transaction Description,Currency,Amount,To Currency,To Amount,Native Currency,Native Amount,Native Amount (in USD),Transaction Kind,Transaction Hash\n\
                    2024-04-20 10:00:00,Card Cashback Reversal,CRO,-10.0,,,USD,1.20,1.20,card_cashback_reverted,\n";
    assert_eq!(rows_of(reverted), ["spend 10 CRO total 1.2 fee - -"]);
}

#[test]
fn a_commission_is_a_fee_and_the_amount_has_what_it_leaves_out() {
    let text = "TransactionDate,TransactionType,SecurityType,Symbol,Quantity,Amount,Price,Commission,Description\n\
                06/12/20,Bought,OPTN,XYZ--200619C00320000,1,-5.67,0.05,0.65,XYZ Call\n\
                06/10/20,Bought,EQ,ABC,10,-5000.15,500,0,ABC CORP\n";
    assert_eq!(
        rows_of(text),
        [
            "buy 10 ABC total 5000.15 fee - -",
            "bto 1 XYZ   200619C00320000 total 5.67 fee 0.65 -"
        ]
    );
}

#[test]
fn a_statement_saved_without_quotes_is_the_same_statement() {
    let text = std::fs::read_to_string("tests/formats/ibkr.csv").unwrap();
    let quoted = regex::Regex::new("\"(\\d{4}-\\d\\d-\\d\\d, [0-9:]+)\"").unwrap();
    let bare = quoted.replace_all(&text, "$1").into_owned();
    assert_ne!(bare, text);
    assert_eq!(rows_of(&bare), rows_of(&text));
    let days = |text: &str| -> Vec<_> {
        let reading = read_with(text, &options()).unwrap();
        let trades = reading.history.trades.iter();
        trades.map(|trade| (trade.date, trade.time)).collect()
    };
    assert_eq!(days(&bare), days(&text));
}

fn flex(base: &str, attributes: &str) -> String {
    format!(
        "<FlexQueryResponse><FlexStatements><FlexStatement accountId=\"U1\">{base}<Trades>\n\
         <Trade currency=\"EUR\" assetCategory=\"STK\" symbol=\"XYZ\" dateTime=\"20250303;100000\" quantity=\"10\" tradePrice=\"15\" ibCommission=\"-1\" levelOfDetail=\"EXECUTION\" transactionType=\"ExchTrade\" transactionID=\"1\" {attributes}/>\n\
         </Trades></FlexStatement></FlexStatements></FlexQueryResponse>\n"
    )
}

#[test]
fn a_rate_to_the_base_currency_is_one_to_that_of_the_report_or_none() {
    let base = |code: &str| format!("<AccountInformation currency=\"{code}\"/>");
    let rate = |text: &str| {
        let reading = read_with(text, &options()).unwrap_or_else(|error| panic!("{error}"));
        let rate = reading.history.trades[0].rest().fx_rate;
        rate.map(|rate| rate.normalize().to_string())
    };
    let own = "fxRateToBase=\"1.08\"";
    assert_eq!(rate(&flex(&base("USD"), own)).as_deref(), Some("1.08"));
    assert_eq!(rate(&flex(&base("CHF"), own)), None);
    assert_eq!(rate(&flex("", own)), None, "of an unknown currency");
    let error = read_with(
        &flex(&base("USD"), "ibCommissionCurrency=\"USD\""),
        &options(),
    )
    .unwrap_err();
    assert!(
        error.contains("the fee is in USD, but the row is in EUR"),
        "{error}"
    );
}

/// Nobody can answer the question mark of a built-in format: it says why it refuses, and what to do.
#[test]
fn what_a_built_in_format_refuses_has_a_reason() {
    for format in built_in() {
        let open = format.mapping.actions.iter().find(|rule| {
            matches!(&rule.is, Meaning::Word(word) if word == "?") && rule.reason.is_none()
        });
        assert!(open.is_none(), "{}: {open:?}", format.mapping.name);
    }
    let error = read_with(
        "txid,refid,time,type,subtype,aclass,asset,amount,fee,balance\nL1,T1,2025-03-01 12:00:00,margin,,currency,ZUSD,-5,0,10\n",
        &options(),
    )
    .unwrap_err();
    assert!(
        error.contains("the format `kraken` does not read `margin`: "),
        "{error}"
    );
    assert!(!error.contains('?'), "{error}");
}

#[test]
fn a_pair_may_say_which_leg_is_which() {
    let text = "format = 1\nname = \"x\"\nkind = \"ledger\"\n[columns]\ndate = \"time\"\naction = \"type\"\nsymbol = \"asset\"\namount = \"amount\"\n\
                [[actions]]\nequals = \"trade\"\nis = \"pair\"\n\
                [[pair]]\nby = [\"refid\"]\nlegs = { negative = \"sent\", positive = \"received\", fee_column = \"fee\" }\n";
    let mut options = options();
    options.mapping = Some(Arc::new(
        Format::parse(text, "x").unwrap_or_else(|p| panic!("{}", p.message)),
    ));
    let file = "refid,time,type,asset,amount,fee\n1,2025-03-01 12:00:00,trade,USD,-4800,12.48\n1,2025-03-01 12:00:00,trade,BTC,0.1,0\n";
    let reading = read_with(file, &options).unwrap_or_else(|error| panic!("{error}"));
    let total = reading.history.trades[0].rest().total;
    assert_eq!(
        total.map(|t| t.normalize().to_string()).as_deref(),
        Some("4812.48")
    );
}

fn by_mapping(mapping: &str, file: &str) -> Result<Reading, String> {
    let mut options = options();
    options.mapping = Some(Arc::new(
        Format::parse(mapping, "x").unwrap_or_else(|p| panic!("{}", p.message)),
    ));
    read_with(file, &options)
}

#[track_caller]
fn numbers(reading: Result<Reading, String>) -> Vec<String> {
    let reading = reading.unwrap_or_else(|error| panic!("{error}"));
    let trades = reading.history.trades.iter().map(|trade| {
        let text = |number: Option<rust_decimal::Decimal>| {
            number.map_or("-".to_owned(), |n| n.normalize().to_string())
        };
        let numbers = [
            trade.quantity(),
            trade.price(),
            trade.fee(),
            trade.rest().total,
        ];
        format!(
            "{} {} {}",
            trade.date,
            trade.action.word(),
            numbers.map(text).join(" ")
        )
    });
    trades.collect()
}

const PLAIN: &str = "format = 1\nname = \"x\"\n[columns]\ndate = \"When\"\naction = \"What\"\nsymbol = \"Sec\"\nquantity = \"Qty\"\nprice = \"P\"\n";

#[test]
fn a_price_per_contract_is_divided_by_what_the_contract_usually_stands_for() {
    let mapping = format!("{PLAIN}[signs]\nprice_unit = \"contract\"\n");
    let rows = "When,What,Sec,Qty,P\n2024-01-02,bto,XYZ 06/21/2024 30.00 C,1,200\n2024-01-02,buy,XYZ,1,200\n";
    assert_eq!(
        numbers(by_mapping(&mapping, rows)),
        ["2024-01-02 bto 1 2 - -", "2024-01-02 buy 1 200 - -"]
    );
}

#[test]
fn what_units_and_price_come_to_must_be_what_the_file_says() {
    let mapping = format!("{PLAIN}gross = \"Value\"\n");
    let read = |row: &str| {
        by_mapping(
            &mapping,
            &format!("When,What,Sec,Qty,P,Value\n2024-01-02,{row}\n"),
        )
    };
    assert!(
        read("buy,XYZ,3,33.33,-100").is_ok(),
        "a price rounded to cents"
    );
    let error = read("buy,XYZ,10,40,777").unwrap_err();
    assert!(error.contains("`Value` says 777"), "{error}");
    assert!(error.contains("10 x 40 = 400"), "{error}");
    let error = read("bto,XYZ 06/21/2024 30.00 C,1,200,200").unwrap_err();
    assert!(error.contains("1 x 200 x 100 = 20000"), "{error}");
}

#[test]
fn a_fee_of_the_other_sign_is_a_rebate_where_the_mapping_says_which_sign_costs() {
    let file = "When,What,Sec,Qty,P,F\n2024-01-02,buy,XYZ,10,60,1\n";
    let mapping = |sign: &str| format!("{PLAIN}fee = \"F\"\n[signs]\nfee = \"{sign}\"\n");
    assert_eq!(
        numbers(by_mapping(&mapping("negative-cost"), file)),
        ["2024-01-02 buy 10 60 -1 -"]
    );
    let negative = file.replace(",1\n", ",-1\n");
    assert_eq!(
        numbers(by_mapping(&mapping("positive-cost"), &negative)),
        ["2024-01-02 buy 10 60 -1 -"]
    );
    let unsaid = format!("{PLAIN}fee = \"F\"\n");
    let error = by_mapping(&unsaid, &negative).unwrap_err();
    assert!(error.contains("the fee is below 0"), "{error}");
}

#[test]
fn texts_that_mean_nothing_do_not_fill_a_cell() {
    let mapping = format!("{PLAIN}note = \"What\"\n[parse]\nnull = [\"none\"]\n")
        .replace("\"P\"", "{ first_filled = [\"A\", \"B\", \"C\"] }");
    let file = "When,What,Sec,Qty,A,B,C\n2024-01-02,buy,XYZ,10,none,--,60\n";
    assert_eq!(
        numbers(by_mapping(&mapping, file)),
        ["2024-01-02 buy 10 60 - -"]
    );
}

#[test]
fn two_sided_rows_and_pairs_need_no_action() {
    let two_sided = "format = 1\nname = \"x\"\nkind = \"two-sided\"\n[columns]\ndate = \"When\"\nsent_amount = \"Out\"\nsent_currency = \"OutC\"\nreceived_amount = \"In\"\nreceived_currency = \"InC\"\n";
    let file = "When,Out,OutC,In,InC\n2024-01-02,1000,USD,0.02,BTC\n2024-04-02,0.005,BTC,350,USD\n";
    assert_eq!(
        numbers(by_mapping(two_sided, file)),
        [
            "2024-01-02 buy 0.02 - - 1000",
            "2024-04-02 sell 0.005 - - 350"
        ]
    );
    let ledger = "format = 1\nname = \"x\"\nkind = \"ledger\"\n[columns]\ndate = \"time\"\nsymbol = \"asset\"\nquantity = \"amount\"\n\
                  [[pair]]\nby = [\"ref\"]\nlegs = { negative = \"sent\", positive = \"received\", fee_column = \"fee\" }\n";
    let file = "time,ref,asset,amount,fee\n2024-01-02 10:00:00,r,USD,-1000,1\n2024-01-02 10:00:00,r,BTC,0.02,0\n";
    assert_eq!(
        numbers(by_mapping(ledger, file)),
        ["2024-01-02 buy 0.02 - 1 1001"]
    );
}

#[test]
fn an_encoding_that_the_mapping_says_was_not_guessed() {
    let mapping =
        format!("{PLAIN}[file]\nencoding = \"windows-1252\"\n").replace("\"Sec\"", "\"W\u{e4}hr\"");
    let mut options = options();
    let format = Format::parse(&mapping, "x").unwrap_or_else(|p| panic!("{}", p.message));
    options.mapping = Some(Arc::new(format));
    let file = Input {
        name: "file.csv".into(),
        bytes: b"When,What,W\xe4hr,Qty,P\n2024-01-02,buy,XYZ,1,2\n".to_vec(),
    };
    let reading = read(vec![file], &options).unwrap_or_else(|_| panic!("refused"));
    assert!(reading.history.warnings.is_empty());
}

const TASTYTRADE: &str = "Date,Type,Sub Type,Action,Symbol,Instrument Type,Description,Value,Quantity,Average Price,Commissions,Fees,Multiplier,Root Symbol,Underlying Symbol,Expiration Date,Strike Price,Call or Put,Order #,Total,Currency\n";

#[test]
fn what_a_corporate_action_closes_and_opens_again_at_tastytrade_is_no_trade() {
    let tastytrade = |rows: &str| read_with(&format!("{TASTYTRADE}{rows}"), &options());
    let reading = tastytrade(
        "2026-03-20T22:00:00+0100,Receive Deliver,Forward Split,BUY_TO_OPEN,ABC,Equity,Forward split: Open 40.0 ABC,-400,40,-10,--,0,,,,,,,,-400,USD\n\
         2026-03-20T22:00:00+0100,Receive Deliver,Forward Split,SELL_TO_CLOSE,ABC,Equity,Forward split: Close 10.0 ABC,400,10,40,--,0,,,,,,,,400,USD\n\
         2026-04-20T22:00:00+0100,Receive Deliver,Symbol Change,BUY_TO_OPEN,NEW,Equity,Symbol change: Open 40.0 NEW,-500,40,-12.5,--,0,,,,,,,,-500,USD\n\
         2026-04-20T22:00:00+0100,Receive Deliver,Symbol Change,SELL_TO_CLOSE,ABC,Equity,Symbol change: Close 40.0 ABC,500,40,12.5,--,0,,,,,,,,500,USD\n",
    )
    .unwrap_or_else(|error| panic!("{error}"));
    let words: Vec<_> = reading
        .history
        .trades
        .iter()
        .map(|trade| trade.action.word())
        .collect();
    assert_eq!(words, ["split", "rename"]);
    let error = tastytrade(
        "2026-03-20T22:00:00+0100,Receive Deliver,ACAT,BUY_TO_OPEN,ABC,Equity,ACAT,-400,40,-10,--,0,,,,,,,,-400,USD\n",
    )
    .unwrap_err();
    assert!(error.contains("its amounts are no prices paid"), "{error}");
}

/// Written for 183.86 and settled for 1,000 and 5 of fees; the row has no price.
#[test]
fn an_option_settled_in_cash_at_tastytrade_takes_the_value_and_the_fees() {
    let text = format!(
        "{TASTYTRADE}2026-03-20T22:00:00+0100,Receive Deliver,Cash Settled Assignment,,SPX   260320C05000000,Equity Option,Cash settled,\"-1,000.00\",1,,--,-5.00,100,SPX,SPX,3/20/26,5000,CALL,,\"-1,005.00\",USD\n"
    );
    assert_eq!(
        numbers(read_with(&text, &options())),
        ["2026-03-20 cash_settle 1 - 5 1005"]
    );
}

const FIDELITY: &str = "Run Date,Action,Symbol,Description,Type,Quantity,Price ($),Commission ($),Fees ($),Accrued Interest ($),Amount ($),Cash Balance ($),Settlement Date\n";

#[test]
fn the_day_inside_an_action_of_fidelity_counts_for_options_and_cancellations_too() {
    let text = format!(
        "{FIDELITY}01/17/2025,\"YOU BOUGHT CLOSING TRANSACTION PUT (XYZ) XYZ CORP FEB 21 25 $100 (100 SHS) as of Jan-16-2025 (Margin)\",-XYZ250221P100,PUT,Margin,1,1.00,0.65,0.02,,-100.67,5,01/17/2025\n\
         01/16/2025,BUY CANCEL CXL DESCRIPTION CANCELLED TRADE ABC CORP (ABC) as of Jan-15-2025 (Cash),ABC,ABC CORP,Cash,-10,150.00,,,,1500.00,1,01/16/2025\n\
         01/15/2025,YOU BOUGHT ABC CORP (ABC) (Cash),ABC,ABC CORP,Cash,10,150.00,,,,-1500.00,1,01/16/2025\n\
         01/15/2025,\"YOU SOLD OPENING TRANSACTION PUT (XYZ) XYZ CORP FEB 21 25 $100 (100 SHS) as of Jan-14-2025 (Margin)\",-XYZ250221P100,PUT,Margin,-1,2.00,0.65,0.02,,199.33,5,01/16/2025\n"
    );
    assert_eq!(
        numbers(read_with(&text, &options())),
        [
            "2025-01-14 sto 1 2 0.67 199.33",
            "2025-01-16 btc 1 1 0.67 100.67"
        ]
    );
}

#[test]
fn trades_of_a_flex_query_are_in_the_account_of_their_statement() {
    let reading = read_with(&flex("", ""), &options()).unwrap_or_else(|error| panic!("{error}"));
    let history = &reading.history;
    assert_eq!(&*history.account(history.trades[0].account).name, "U1");
}

#[test]
fn shares_of_a_vest_in_two_files_count_once() {
    let awards = "\"Date\",\"Action\",\"Symbol\",\"Description\",\"Quantity\",\"FeesAndCommissions\",\"DisbursementElection\",\"Amount\",\"AwardDate\",\"AwardId\",\"FairMarketValuePrice\",\"SalePrice\",\"SharesSoldWithheldForTaxes\",\"NetSharesDeposited\",\"Taxes\"\n\
                  \"02/26/2024\",\"Lapse\",\"XYZ\",\"Restricted Stock Lapse\",\"40\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"\n\
                  \"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"08/15/2022\",\"A1\",\"$150.25\",\"\",\"7\",\"13\",\"$1.50\"\n\
                  \"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"08/15/2023\",\"A2\",\"$150.25\",\"\",\"7\",\"13\",\"$1.50\"\n";
    let history = format!(
        "{SCHWAB}02/28/2024,Stock Plan Activity,XYZ,XYZ CORP,26,,,\n02/27/2023,Stock Plan Activity,XYZ,XYZ CORP,9,,,\n"
    );
    let reading = read(
        vec![input("awards.csv", awards), input("schwab.csv", &history)],
        &options(),
    )
    .unwrap_or_else(|failure| {
        panic!(
            "{}",
            render(&failure.problems, &failure.sources, Style::default())
        )
    });
    let told: Vec<_> = reading
        .history
        .warnings
        .iter()
        .map(|warning| warning.code)
        .collect();
    assert_eq!(told, ["vest-merged"]);
    assert_eq!(
        numbers(Ok(reading)),
        [
            "2024-02-26 opening 13 150.25 - -",
            "2024-02-26 opening 13 150.25 - -",
            "2023-02-27 transfer_in 9 - - -",
        ]
    );
}

/// Interest on cash has the currency as its asset: its units are the amount.
#[test]
fn interest_in_money_is_an_amount() {
    let text = "date,action,symbol,quantity,price\n2024-03-01,interest,USD,20,\n";
    assert_eq!(
        numbers(read_with(text, &options())),
        ["2024-03-01 dividend 20 - - 20"]
    );
}

fn rates_of(rows: &str) -> Rates {
    let file = Input {
        name: "rates.csv".into(),
        bytes: format!("date,currency,rate\n{rows}").into_bytes(),
    };
    import::rates::read(file).unwrap_or_else(|failure| panic!("{:?}", failure.problems))
}

/// Disposals and lots of files, by the law of the US, with these rates.
fn computed(files: Vec<Input>, rates: &str, options: &ReadOptions) -> (Vec<String>, Vec<String>) {
    let reading = read(files, options)
        .map_err(|failure| render(&failure.problems, &failure.sources, Style::default()))
        .unwrap_or_else(|error| panic!("{error}"));
    let history = &reading.history;
    let settings = Settings {
        jurisdiction: Some("us".into()),
        rates: rates_of(rates),
        ..Settings::default()
    };
    let answer = lossoffset::compute(history, &settings).unwrap_or_else(|problems| {
        panic!("{}", render(&problems, &history.sources, Style::default()))
    });
    let symbol = |id| history.security(id).symbol.to_string();
    let disposals = answer.disposals.iter().map(|row| {
        format!(
            "{} {} {} {}",
            symbol(row.security),
            row.quantity,
            minor_text(row.proceeds, 2),
            minor_text(row.cost, 2)
        )
    });
    let lots = answer.lots.iter().map(|lot| {
        let cost = minor_text(lot.cost, 2);
        format!("{} {} {cost}", symbol(lot.security), lot.quantity)
    });
    (disposals.collect(), lots.collect())
}

fn sold(text: &str, rates: &str) -> (Vec<String>, Vec<String>) {
    computed(vec![input("file.csv", text)], rates, &options())
}

/// 0.03 BTC at 90,000 are the price of the ether, and 0.00003 BTC leave as the fee: 0.03003 of 0.1 BTC that cost 4,824.
#[test]
fn a_coin_that_pays_for_another_leaves_its_lots() {
    let lots = ["BTC 0.06997 3375.35", "ETH 1 2700.00"];
    let sale = ["BTC 0.03003 2700.00 1448.65"];
    let fills = "portfolio,trade id,product,side,created at,size,size unit,price,fee,total,price/fee/total unit\n\
                 default,1,BTC-USD,BUY,2025-02-01T12:00:00.000Z,0.10000000,BTC,48000.00,24.0000,-4824.0000,USD\n\
                 default,2,ETH-BTC,BUY,2025-03-01T12:00:00.000Z,1,ETH,0.03,0.00003,-0.03003,BTC\n";
    let found = sold(fills, "2025-03-01,BTC,90000\n");
    assert_eq!(
        (found.0, found.1),
        (
            sale.map(String::from).to_vec(),
            lots.map(String::from).to_vec()
        )
    );
    let bitstamp = "ID,Account,Type,Subtype,Datetime,Amount,Amount currency,Value,Value currency,Rate,Rate currency,Fee,Fee currency,Order ID\n\
                    1,Main,Market,Buy,2025-02-01T10:00:00Z,0.1,BTC,4800.00,USD,48000.00,USD,24.00,USD,99\n\
                    2,Main,Market,Buy,2025-03-01T10:00:00Z,1,ETH,0.03,BTC,0.03,BTC,0.00003,BTC,100\n";
    assert_eq!(sold(bitstamp, "2025-03-01,BTC,90000\n").0, sale);
    let spot = "Order ID,Transaction ID,Filled Time,Symbol,Side,Filled Price,Quantity,Exec Value,Fee,Fee Currency\n\
                o2,t2,2025-03-01 10:00:00,ETHBTC,BUY,0.03,1,0.03,0.00003,BTC\n\
                o1,t1,2025-02-01 10:00:00,BTCUSD,BUY,48000,0.1,4800,24,USD\n";
    assert_eq!(sold(spot, "2025-03-01,BTC,90000\n").0, sale);
    let kucoin = "UID,Account Type,Order ID,Symbol,Side,Order Type,Avg. Filled Price,Filled Amount,Filled Volume,Filled Volume (USDT),Filled Time(UTC+00:00),Fee,Tax,Maker/Taker,Fee Currency\n\
                  1,Trading Account,o2,ETH-BTC,BUY,MARKET,0.03,1,0.03,0,2025-03-01 10:00:00,0.00003,,TAKER,BTC\n\
                  1,Trading Account,o1,BTC-USD,BUY,MARKET,48000,0.1,4800,0,2025-02-01 10:00:00,24,,TAKER,USD\n";
    assert_eq!(sold(kucoin, "2025-03-01,BTC,90000\n").0, sale);
    let error = {
        let reading = read_with(fills, &options()).unwrap();
        let problems = lossoffset::compute(&reading.history, &Settings::default()).unwrap_err();
        render(&problems, &reading.history.sources, Style::default())
    };
    assert!(
        error.contains("the row is in BTC and no exchange rate is known"),
        "{error}"
    );
}

/// Sold for a stablecoin at 1.001: 0.04 BTC of 0.1 bring 2,000 USDT less a fee of 2 USDT, which stay behind.
#[test]
fn a_stablecoin_that_is_received_is_a_lot() {
    let fills = "portfolio,trade id,product,side,created at,size,size unit,price,fee,total,price/fee/total unit\n\
                 default,1,BTC-USD,BUY,2025-02-01T12:00:00.000Z,0.1,BTC,48000.00,0,-4800,USD\n\
                 default,2,BTC-USDT,SELL,2025-03-01T12:00:00.000Z,0.04,BTC,50000,2,1998,USDT\n";
    let (disposals, lots) = sold(fills, "2025-03-01,USDT,1.001\n");
    assert_eq!(disposals, ["BTC 0.04 2000.00 1920.00", "USDT 2 2.00 2.00"]);
    assert_eq!(lots, ["BTC 0.06 2880.00", "USDT 1998 2000.00"]);
}

#[test]
fn a_ledger_of_coins_for_coins_is_valued_by_the_rates() {
    let binance = "User_ID,UTC_Time,Account,Operation,Coin,Change,Remark\n\
                   1,2025-02-28 12:00:00,Spot,Transaction Buy,USDT,10000,\n\
                   1,2025-02-28 12:00:00,Spot,Transaction Spend,USD,-10000,\n\
                   1,2025-03-01 12:00:00,Spot,Transaction Buy,BTC,0.1,\n\
                   1,2025-03-01 12:00:00,Spot,Transaction Spend,USDT,-4800,\n";
    let (disposals, lots) = sold(binance, "2025-03-01,USDT,1.01\n");
    assert_eq!(disposals, ["USDT 4800 4848.00 4800.00"]);
    assert_eq!(lots, ["BTC 0.1 4848.00", "USDT 5200 5200.00"]);
}

const COINBASE: &str = "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,Total (inclusive of fees and/or spread),Fees and/or Spread,Notes\n";

#[test]
fn a_coin_that_only_the_notes_of_coinbase_name_changes_hands() {
    let text = format!(
        "{COINBASE}2,2025-01-17 16:57:02 UTC,Advanced Trade Buy,ETH,1,USD,$3300.00,$3300.00,$3310.00,$10.00,Bought 1 ETH for 0.0335 BTC on ETH-BTC at 0.0333 BTC/ETH\n\
         1,2025-01-15 16:57:02 UTC,Buy,BTC,0.1,USD,$94000.00,$9400.00,$9450.00,$50.00,Bought 0.1 BTC for $9450.00 USD\n"
    );
    let (disposals, lots) = sold(&text, "");
    assert_eq!(disposals, ["BTC 0.0335 3310.00 3165.75"]);
    assert_eq!(lots, ["BTC 0.0665 6284.25", "ETH 1 3310.00"]);
    let text = format!(
        "{COINBASE}3,2025-01-18 16:57:02 UTC,Advanced Trade Sell,BTC,-0.05,USD,$101000.00,-$5050.00,-$5020.00,$30.00,Sold 0.05 BTC for 5020 USDC on BTC-USDC at 101000 USDC/BTC\n\
         2,2025-01-17 16:57:02 UTC,Advanced Trade Buy,BTC,0.1,USD,$100000.00,$10000.00,$10060.00,$60.00,\"Bought 0.1 BTC for 10,060 USDC on BTC-USDC at 100000 USDC/BTC\"\n\
         1,2025-01-15 16:57:02 UTC,Buy,USDC,20000,USD,$1.00,$20000.00,$20000.00,$0.00,Bought 20000 USDC\n"
    );
    let (disposals, lots) = sold(&text, "");
    assert_eq!(
        disposals,
        ["USDC 10060 10060.00 10060.00", "BTC 0.05 5020.00 5030.00"]
    );
    assert_eq!(
        lots,
        ["BTC 0.05 5030.00", "USDC 9940 9940.00", "USDC 5020 5020.00"]
    );
    let unsaid = format!(
        "{COINBASE}2,2025-01-17 16:57:02 UTC,Advanced Trade Buy,ETH,1,USD,$3300.00,$3300.00,$3310.00,$10.00,Bought 1 ETH on ETH-BTC\n"
    );
    let error = read_with(&unsaid, &options()).unwrap_err();
    assert!(
        error.contains("how much of the other coin changed hands"),
        "{error}"
    );
}

#[test]
fn a_coin_that_migrates_goes_on_under_its_new_name() {
    let text = format!(
        "{COINBASE}3,2025-02-20 16:57:02 UTC,Sell,POL,-5,USD,$0.60,-$3.00,-$2.90,$0.10,Sold\n\
         2b,2025-01-20 16:57:02 UTC,Asset Migration,POL,5,USD,$0.40,$2.00,$2.00,$0.00,\n\
         2,2025-01-20 16:57:02 UTC,Asset Migration,MATIC,-5,USD,$0.40,-$2.00,-$2.00,$0.00,\n\
         0,2025-01-14 16:57:02 UTC,Buy,MATIC,5,USD,$0.4,$2.00,$2.00,$0.00,Bought\n"
    );
    assert_eq!(sold(&text, "").0, ["POL 5 2.90 2.00"]);
}

const STATEMENT: &str = "Statement,Header,Field Name,Field Value\nStatement,Data,BrokerName,Interactive Brokers LLC\nAccount Information,Data,Base Currency,USD\n";
const FUTURES: &str = "Trades,Header,DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,C. Price,Notional Value,Comm/Fee,Basis,Realized P/L,MTM P/L,Code\n\
    Trades,Data,Order,Futures,USD,ESU5,\"2025-06-23, 12:46:38\",1,6000,6001,-300000,-2.2,300002.2,0,50,O\n\
    Trades,Data,Order,Futures,USD,ESU5,\"2025-06-24, 12:46:38\",-1,6010,6001,300500,-2.2,-300002.2,495.6,50,C\n";
const INFORMATION: &str = "Financial Instrument Information,Header,Asset Category,Symbol,Description,Conid,Underlying,Listing Exch,Multiplier,Expiry,Delivery Month,Type,Code\n";

/// Ten points of an index at 50 a point, less two commissions of 2.20.
#[test]
fn the_multiplier_of_a_future_stands_in_another_section_of_the_statement() {
    let known = format!(
        "{STATEMENT}{FUTURES}{INFORMATION}Financial Instrument Information,Data,Futures,\"ESU5, ESU5.OLD\",ES 19SEP25,123,ES,CME,50,2025-09-19,2025-09,,\n"
    );
    assert_eq!(sold(&known, "").0, ["ESU5 1 300497.80 300002.20"]);
    let error = read_with(&format!("{STATEMENT}{FUTURES}"), &options()).unwrap_err();
    assert!(
        error.contains("the file does not say the multiplier of `ESU5`"),
        "{error}"
    );
}

#[test]
fn an_option_on_an_index_is_told_from_one_on_shares_by_the_settings() {
    let statement = format!(
        "{STATEMENT}Trades,Header,DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,C. Price,Proceeds,Comm/Fee,Basis,Realized P/L,MTM P/L,Code\n\
         Trades,Data,Order,Equity and Index Options,USD,SPX 20JUN25 5800 P,\"2025-06-10, 12:46:38\",1,10,10,-1000,-1,1001,0,0,O\n"
    );
    let tastytrade = "Date,Type,Sub Type,Action,Symbol,Instrument Type,Description,Value,Quantity,Average Price,Commissions,Fees,Multiplier,Root Symbol,Underlying Symbol,Expiration Date,Strike Price,Call or Put,Order #,Total,Currency\n\
                      2026-02-16T15:30:00+0100,Trade,Buy to Open,BUY_TO_OPEN,SPX   260320C06000000,Equity Option,Bought 1,-185.00,1,-185.00,-1.00,-0.14,100,SPX,SPX,3/20/26,6000,CALL,123456789,-186.14,USD\n";
    for text in [statement.as_str(), tastytrade] {
        let class = |options: &ReadOptions| {
            let reading = read_with(text, options).unwrap_or_else(|error| panic!("{error}"));
            let history = reading.history;
            let warned = history
                .warnings
                .iter()
                .any(|w| w.code == "class-guessed-option");
            (history.security(history.trades[0].security).class, warned)
        };
        assert_eq!(class(&options()), (Class::Option, true));
        let mut set = options();
        set.symbol_classes.insert("SPX".into(), Class::IndexOption);
        assert_eq!(class(&set), (Class::IndexOption, false));
    }
    let said = "date,action,symbol,quantity,price,class\n2025-06-10,bto,SPX   250620P05800000,1,10,option\n";
    let mut set = options();
    set.symbol_classes.insert("SPX".into(), Class::IndexOption);
    let error = read_with(said, &set).unwrap_err();
    assert!(
        error.contains("has the class `option` here, but the configuration says `index_option`"),
        "{error}"
    );
    assert!(error.contains("correct `[symbols.SPX] class`"), "{error}");
}

/// Ten for one: nine more for each of 1.234573 are 11.111157, which the file rounds to four places.
#[test]
fn a_split_of_a_fraction_is_rounded_in_the_file_and_not_in_the_holding() {
    let head = "\"Activity Date\",\"Process Date\",\"Settle Date\",\"Instrument\",\"Description\",\"Trans Code\",\"Quantity\",\"Price\",\"Amount\"\n";
    let split = |added: &str| {
        format!(
            "{head}6/10/2024,6/10/2024,6/10/2024,NVDA,NVIDIA,SPL,{added},,\n5/04/2024,5/04/2024,5/05/2024,NVDA,NVIDIA,Buy,1.234573,$900,\"($1,111.12)\"\n"
        )
    };
    assert_eq!(sold(&split("11.1112"), "").1, ["NVDA 12.34573 1111.12"]);
    let reading = read_with(&split("11.1212"), &options()).unwrap();
    let problems = lossoffset::compute(&reading.history, &Settings::default()).unwrap_err();
    assert!(
        problems[0]
            .message
            .contains("is no ratio of small whole numbers")
    );
}

const DEGIRO: &str = "Date,Time,Product,ISIN,Reference exchange,Venue,Quantity,Price,,Local value,,Value EUR,Exchange rate,AutoFX Fee,Transaction and/or third party fees EUR,Total EUR,Order ID,\n";

#[test]
fn another_isin_without_an_order_is_another_name_of_the_same_shares() {
    let text = |product: &str, units: &str| {
        format!(
            "{DEGIRO}03-07-2024,00:00,{product},US0000000009,NDQ,,{units},\"37,5250\",USD,\"-375,25\",USD,\"-347,07\",\"1,0798\",\"0,00\",,\"-347,07\",,\n\
             03-07-2024,00:00,XYZ CORP,US0000000001,NDQ,,-10,\"37,5250\",USD,\"375,25\",USD,\"347,07\",\"1,0798\",\"0,00\",,\"347,07\",,\n\
             03-05-2024,15:30,XYZ CORP,US0000000001,NDQ,XNAS,10,\"150,1000\",USD,\"-1501,00\",USD,\"-1390,07\",\"1,0798\",\"-3,48\",\"-2,00\",\"-1395,55\",,aaaaaaaa-bbbb-cccc\n"
        )
    };
    let rates = "2024-05-03,EUR,1\n2024-07-03,EUR,1\n";
    assert_eq!(
        sold(&text("XYZ NEW", "10"), rates).1,
        ["US0000000009 10 1395.55"]
    );
    assert_eq!(
        sold(&text("XYZ CORP", "2"), rates).1,
        ["US0000000009 2 1395.55"],
        "a reverse split under another ISIN"
    );
    let error = read_with(&text("XYZ NEW", "7"), &options()).unwrap_err();
    assert!(
        error.contains("this row is one half of a rename"),
        "{error}"
    );
}

#[test]
fn rows_that_only_repeat_trades_are_no_trades() {
    let order = "<FlexQueryResponse><FlexStatements><FlexStatement accountId=\"U1\"><Trades>\n<Order currency=\"USD\" assetCategory=\"STK\" symbol=\"SAP\" dateTime=\"20250113;133047\" quantity=\"10\" tradePrice=\"100\" ibCommission=\"-3\" buySell=\"BUY\" levelOfDetail=\"ORDER\"/>\n</Trades></FlexStatement></FlexStatements></FlexQueryResponse>\n";
    let error = read_with(order, &options()).unwrap_err();
    assert!(
        error.contains("the file has no row that trades are read from"),
        "{error}"
    );
    let statement = format!(
        "{STATEMENT}Trades,Header,DataDiscriminator,Asset Category,Currency,Symbol,Date/Time,Quantity,T. Price,C. Price,Proceeds,Comm/Fee,Basis,Realized P/L,MTM P/L,Code\n\
         Trades,Data,Trade,Stocks,USD,XYZ,\"2025-06-10, 12:46:38\",1,10,10,-10,-1,11,0,0,O\n"
    );
    let error = read_with(&statement, &options()).unwrap_err();
    assert!(
        error.contains("the file has no row that trades are read from"),
        "{error}"
    );
}

#[test]
fn a_period_without_trades_is_no_mistake() {
    let flex = "<FlexQueryResponse><FlexStatements><FlexStatement accountId=\"U1\"><Trades>\n</Trades></FlexStatement></FlexStatements></FlexQueryResponse>\n";
    let statement = format!(
        "{STATEMENT}Dividends,Header,Currency,Date,Description,Amount\nDividends,Data,USD,2025-06-01,XYZ Cash Dividend,100\nTransfers,Header,Asset Category,Currency,Symbol\nTransfers,Data,Stocks,USD,XYZ\n"
    );
    let codes = |text: &str| {
        let reading = read_with(text, &options()).unwrap_or_else(|error| panic!("{error}"));
        let warnings = reading.history.warnings.iter();
        warnings.map(|warning| warning.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(flex), ["no-rows"]);
    assert_eq!(codes(&statement), ["not-read", "no-rows"]);
}

/// A bill of 10,000 at 98.50 per 100 costs 9,850 and is paid back at 10,000; interest that had accrued is no cost.
#[test]
fn bonds_are_priced_per_hundred_of_face_value() {
    let head = "Run Date,Action,Symbol,Description,Type,Quantity,Price ($),Commission ($),Fees ($),Accrued Interest ($),Amount ($),Cash Balance ($),Settlement Date\n";
    let bill = format!(
        "{head} 03/31/2025,\"REDEMPTION PAYOUT UNITED STATES TREAS BILLS ZERO CPN (912797XX1) (Cash)\", 912797XX1,\"US TREAS BILL\",Cash,-10000,,,,,10000.00,1,\n\
         01/16/2025,\"YOU BOUGHT UNITED STATES TREAS BILLS ZERO CPN (912797XX1) (Cash)\", 912797XX1,\"US TREAS BILL\",Cash,10000,98.5,,,,-9850.00,50000.00,01/17/2025\n"
    );
    assert_eq!(sold(&bill, "").0, ["912797XX1 10000 10000.00 9850.00"]);
    let bond = format!(
        "{head} 01/16/2025,\"YOU BOUGHT XYZ CORP NOTE 4% (037833AK6) (Cash)\", 037833AK6,\"XYZ NOTE\",Cash,5000,99,1.00,,20.00,-4971.00,50000.00,01/17/2025\n"
    );
    assert_eq!(sold(&bond, "").1, ["037833AK6 5000 4951.00"]);
    let flex = "<FlexQueryResponse><FlexStatements><FlexStatement accountId=\"U1\"><Trades>\n<Trade currency=\"USD\" assetCategory=\"BOND\" symbol=\"T 4 01/31/29\" multiplier=\"1\" dateTime=\"20250113;133047\" quantity=\"5000\" tradePrice=\"98.5\" proceeds=\"-4925\" ibCommission=\"-5\" ibCommissionCurrency=\"USD\" openCloseIndicator=\"O\" buySell=\"BUY\" levelOfDetail=\"EXECUTION\" transactionType=\"ExchTrade\" transactionID=\"1\"/>\n</Trades></FlexStatement></FlexStatements></FlexQueryResponse>\n";
    assert_eq!(sold(flex, "").1, ["T 4 01/31/29 5000 4930.00"]);
}

const ROBINHOOD: &str = "Activity Date,Process Date,Settle Date,Instrument,Description,Trans Code,Quantity,Price,Amount\n11/04/2024,11/04/2024,11/05/2024,XYZ,XYZ,Buy,10,$10,($100.00)\n";
const WEBULL: &str = "Name,Symbol,Side,Status,Filled,Total Qty,Price,Avg Price,Time-in-Force,Placed Time,Filled Time\n\
    Xyz Corp,XYZ,Sell,Filled,10,10,@16.00,16.00,DAY,12/05/2024 10:00:00 EST,12/05/2024 10:00:05 EST\n\
    Xyz Corp,XYZ,Buy,Filled,10,10,@15.00,15.00,DAY,12/04/2024 10:00:00 EST,12/04/2024 10:00:05 EST\n";

#[test]
fn brokers_that_meet_in_one_account_are_told_apart_by_the_settings() {
    let files = || {
        vec![
            input("r/robinhood.csv", ROBINHOOD),
            input("webull.csv", WEBULL),
        ]
    };
    let warning = |options: &ReadOptions| {
        let reading = read(files(), options).unwrap();
        let mut warnings = reading.history.warnings.into_iter();
        warnings.find(|warning| warning.code == "brokers-in-one-account")
    };
    let told = warning(&options()).unwrap();
    assert!(told.needs_user);
    assert!(
        told.message
            .contains("[account_of]\nrobinhood = \"robinhood\"\nwebull = \"webull\""),
        "{}",
        told.message
    );
    assert_eq!(
        computed(files(), "", &options()).0,
        ["XYZ 10 160.00 100.00"]
    );
    let mut named = options();
    named.account_of.insert("robinhood.csv".into(), "RH".into());
    named.account_of.insert("webull".into(), "Webull".into());
    assert_eq!(warning(&named).map(|warning| warning.message), None);
    assert_eq!(computed(files(), "", &named).0, ["XYZ 10 160.00 150.00"]);
    let reading = read(vec![input("webull.csv", WEBULL)], &options()).unwrap();
    assert!(
        reading.history.warnings.is_empty(),
        "one broker alone is one account"
    );
}

#[test]
fn an_account_that_the_file_calls_sheltered_is_told() {
    let text = "transaction_date,settlement_date,account_id,account_type,activity_type,activity_sub_type,direction,symbol,name,currency,quantity,unit_price,commission,net_cash_amount\n\
                2026-04-01,2026-04-02,NON-1234,Non-registered,Trade,BUY,LONG,XYZ,Xyz Corp,CAD,10,15.00,0.00,-150.00\n\
                2026-03-30,2026-03-30,A-77,TFSA,Trade,BUY,LONG,XYZ,Xyz Corp,CAD,10,10.00,0.00,-100.00\n";
    let told = |options: &ReadOptions| {
        let reading = read_with(text, options).unwrap_or_else(|error| panic!("{error}"));
        let mut warnings = reading.history.warnings.into_iter();
        let found = warnings.find(|warning| warning.code == "account-kind");
        found.map(|warning| warning.message)
    };
    let message = told(&options()).unwrap();
    assert!(
        message.contains("`A-77` (TFSA) looks like a sheltered account"),
        "{message}"
    );
    assert!(
        message.contains("[accounts.A-77]\nkind = \"sheltered\""),
        "{message}"
    );
    let mut set = options();
    set.accounts
        .insert("A-77".into(), AccountSetting::default());
    assert_eq!(told(&set), None);
}

#[test]
fn a_symbol_goes_by_the_name_that_the_settings_give_it() {
    let mut set = options();
    set.rename.insert("Xyz UCITS ETF".into(), "XYZU".into());
    set.rename.insert("XYZU".into(), "OTHER".into());
    let text = "date,action,symbol,quantity,price\n2024-01-02,buy,Xyz UCITS ETF,10,150\n";
    let symbols = |text: &str| {
        let reading = read_with(text, &set).unwrap();
        let history = reading.history;
        let trades = history.trades.iter();
        let symbols = trades.map(|trade| history.security(trade.security).symbol.to_string());
        symbols.collect::<Vec<_>>()
    };
    assert_eq!(symbols(text), ["XYZU"]);
    let schwab = format!("{SCHWAB}01/02/2024,Buy,Xyz UCITS ETF,X,10,10,,-100\n");
    assert_eq!(symbols(&schwab), ["XYZU"]);
}

#[test]
fn amounts_in_a_base_currency_that_the_file_does_not_name_are_refused() {
    let rows = "Transaction History,Header,Date,Account,Description,Transaction Type,Symbol,Quantity,Price,Price Currency,Gross Amount ,Commission,Net Amount,Exchange Rate\n\
                Transaction History,Data,2025-03-10,U***123,XYZ INC,Buy,XYZ,10.0,150.0,USD,-1387.5,-1.0,-1388.5,0.925\n";
    let error = read_with(rows, &options()).unwrap_err();
    assert!(
        error.contains("the file does not say its base currency"),
        "{error}"
    );
    let named = format!("Summary,Data,Base Currency,EUR\n{rows}");
    let reading = read_with(&named, &options()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        reading.history.trades[0].rest().currency.as_deref(),
        Some("EUR")
    );
}

#[test]
fn the_sum_of_a_block_is_not_the_end_of_the_file() {
    let text = "Exported on: 09/26/2026 10:15 AM ET\n\"Trade Date\" ,\"Settlement Date\" ,\"Account\" ,\"Description\" ,\"Type\" ,\"Symbol/ CUSIP\" ,\"Quantity\" ,\"Price\" ,\"Amount\" ,\" \"\n\
                \"08/20/2026\" ,\"08/21/2026\" ,\"CMA\" ,\"Sale XYZ CORP\" ,\"\" ,\"XYZ\" ,\"-5\" ,\"$160.00\" ,\"$799.98\" ,\"\"\n,,,,,,,,,\n\
                \"Total activity from 08/01\" ,\"\" ,\"\" ,\"\" ,\"\" ,\"\" ,\"\" ,\"\" ,\"$1.50\" ,\"\"\n\
                \"08/05/2026\" ,\"08/06/2026\" ,\"CMA\" ,\"Purchase XYZ CORP\" ,\"\" ,\"XYZ\" ,\"10\" ,\"$150.00\" ,\"($1,500.00)\" ,\"\"\n";
    assert_eq!(sold(text, "").0, ["XYZ 5 799.98 750.00"]);
}

#[test]
fn every_column_that_is_read_is_said_to_be() {
    let text = "Run Date,Action,Symbol,Description,Type,Quantity,Price ($),Commission ($),Fees ($),Accrued Interest ($),Amount ($),Cash Balance ($),Settlement Date\n 01/15/2025,\"YOU BOUGHT XYZ (XYZ) (Cash)\", XYZ,XYZ,Cash,10,2.00,0.65,0.02,,-20.67,50000.00,01/16/2025\n";
    let meaning = |text: &str, column: &str| {
        let reading = read_with(text, &options()).unwrap();
        let columns = reading.files[0].columns.iter();
        let found = columns.clone().find(|known| known.name == column);
        found.unwrap().meaning
    };
    assert_eq!(meaning(text, "Commission ($)"), Some("fee"));
    assert_eq!(meaning(text, "Fees ($)"), Some("fee"));
    assert_eq!(meaning(text, "Cash Balance ($)"), None);
    let form = "Description,Date Acquired,Date Sold,Proceeds,Cost Basis,Adjustment Code,Adjustment Amount,Gain or Loss,Term,Box\n20 sh VTI,03/04/2024,12/05/2024,5599.84,5900.00,W,150.08,-150.08,Short,A\n";
    assert_eq!(meaning(form, "Date Acquired"), Some("acquired_date"));
    assert_eq!(meaning(form, "Term"), Some("term"));
    let reading = read_with(form, &options()).unwrap();
    assert_eq!((reading.files[0].rows(), reading.files[0].trades), (1, 2));
}

#[test]
fn a_purchase_priced_in_a_coin_is_told() {
    let codes = |currency: &str| {
        let text = format!(
            "date,action,symbol,quantity,price,currency,class\n2025-03-01,buy,ETH,1,0.03,{currency},crypto\n"
        );
        let reading = read_with(&text, &options()).unwrap();
        let warnings = reading.history.warnings.iter();
        warnings.map(|warning| warning.code).collect::<Vec<_>>()
    };
    assert_eq!(codes("BTC"), ["coin-as-currency"]);
    for money in ["USD", "eur", "GBX", "ZAc"] {
        assert_eq!(codes(money), [""; 0], "{money}");
    }
}
