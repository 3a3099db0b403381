//! Rules that hold for every format: nothing is guessed, nothing is lost, and a new source is an edit away.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use lossoffset::diagnostic::{Style, render};
use lossoffset::import::formats::mapping::Meaning;
use lossoffset::import::formats::{Format, built_in, guess};
use lossoffset::import::{Input, ReadOptions, Reading, read};

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
    assert!(
        error.contains("the name of the file has nothing like"),
        "{error}"
    );
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
