//! Rules that hold for every format: nothing is guessed, nothing is lost, and a new source is an edit away.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use lossoffset::diagnostic::{Style, render};
use lossoffset::import::formats::{Format, guess};
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
            error.contains("does not say yet what `TRADE` means"),
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
