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
