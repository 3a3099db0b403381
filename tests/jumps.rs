//! Holdings that jump without an event: the error proposes the smallest row that would explain it, and with that row the
//! sale is possible.

#![allow(clippy::unwrap_used, clippy::panic)]

use lossoffset::diagnostic::{Style, render};
use lossoffset::import::{Input, ReadOptions, read};
use lossoffset::settings::Settings;

/// What is wrong with these rows under a law; `None` where nothing is.
fn wrong(rows: &str, law: &str, currency: &str) -> Option<String> {
    let options = ReadOptions {
        currency: Some(currency.into()),
        ..ReadOptions::default()
    };
    let input = Input {
        name: "trades.csv".into(),
        bytes: rows.as_bytes().to_vec(),
    };
    let reading = read(vec![input], &options)
        .unwrap_or_else(|f| panic!("{}", render(&f.problems, &f.sources, Style::default())));
    let settings = Settings {
        jurisdiction: Some(law.into()),
        ..Settings::default()
    };
    let problems = lossoffset::compute(&reading.history, &settings).err()?;
    Some(render(
        &problems,
        &reading.history.sources,
        Style::default(),
    ))
}

const HEAD: &str = "date,action,symbol,quantity,price,ratio,new_symbol\n";

/// The row proposed, in its columns; and that the error goes with it.
#[track_caller]
fn proposes(rows: &str, proposal: &str) {
    for (law, currency) in [("us", "USD"), ("uk", "GBP")] {
        let rows = format!("{HEAD}{rows}");
        let error = wrong(&rows, law, currency).unwrap();
        assert_eq!(error.lines().last(), Some(proposal), "{law}\n{error}");
        let cells: Vec<&str> = proposal.split(',').collect();
        let [date, action, symbol, last] = cells[..] else {
            panic!("{proposal}");
        };
        let added = match action {
            "split" => format!("{date},split,{symbol},,,{last},\n"),
            _ => format!("{date},rename,{symbol},,,,{last}\n"),
        };
        assert_eq!(wrong(&(rows + &added), law, currency), None, "{law}");
    }
}

#[track_caller]
fn proposes_no_event(rows: &str) {
    let error = wrong(&format!("{HEAD}{rows}"), "us", "USD").unwrap();
    let last = error.lines().last().unwrap();
    assert!(last.contains(",opening,"), "{error}");
}

#[test]
fn a_sale_of_twice_as_much_at_half_the_price_is_a_missed_split() {
    proposes(
        "2024-01-02,buy,XYZ,100,100.00,,\n2024-06-03,sell,XYZ,200,52.00,,\n",
        "2024-06-02,split,XYZ,2:1",
    );
}

#[test]
fn a_purchase_after_the_split_shows_when_it_was() {
    proposes(
        "2024-01-02,buy,XYZ,100,400.00,,\n2024-05-02,buy,XYZ,10,102.00,,\n2024-06-03,sell,XYZ,410,99.00,,\n",
        "2024-05-01,split,XYZ,4:1",
    );
}

#[test]
fn a_split_of_three_for_two_is_found() {
    proposes(
        "2024-01-02,buy,XYZ,100,30.00,,\n2024-06-03,sell,XYZ,150,20.50,,\n",
        "2024-06-02,split,XYZ,3:2",
    );
}

#[test]
fn a_symbol_that_vanished_as_another_appeared_is_a_rename() {
    proposes(
        "2024-01-02,buy,OLD,100,300.00,,\n2024-01-02,buy,ABC,50,20.00,,\n2024-06-20,sell,NEW,100,310.00,,\n",
        "2024-06-19,rename,OLD,NEW",
    );
}

#[test]
fn without_a_fall_of_the_price_no_split_is_made_up() {
    proposes_no_event("2024-01-02,buy,XYZ,100,100.00,,\n2024-06-03,sell,XYZ,200,99.00,,\n");
}

#[test]
fn a_split_that_would_not_be_enough_is_not_proposed() {
    proposes_no_event("2024-01-02,buy,XYZ,100,100.00,,\n2024-06-03,sell,XYZ,500,50.00,,\n");
}

#[test]
fn a_split_that_is_there_explains_the_price() {
    proposes_no_event(
        "2024-01-02,buy,XYZ,100,100.00,,\n2024-03-01,split,XYZ,,,2:1,\n2024-06-03,sell,XYZ,300,50.00,,\n",
    );
}

#[test]
fn a_symbol_still_traded_was_not_renamed() {
    proposes_no_event(
        "2024-01-02,buy,OLD,100,300.00,,\n2024-06-20,sell,NEW,100,310.00,,\n2024-07-01,sell,OLD,10,300.00,,\n",
    );
}

#[test]
fn of_two_that_could_have_been_renamed_none_is_picked() {
    proposes_no_event(
        "2024-01-02,buy,OLD,120,300.00,,\n2024-01-02,buy,ELD,130,300.00,,\n2024-06-20,sell,NEW,100,310.00,,\n",
    );
}
