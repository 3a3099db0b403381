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

#[test]
fn of_several_splits_the_nearest_in_price_is_proposed() {
    // 2 x 55 are 10 % off 100, 3 x 55 half as much as 2 x 100 is more.
    proposes(
        "2024-01-02,buy,XYZ,100,100.00,,\n2024-06-03,sell,XYZ,140,55.00,,\n",
        "2024-06-02,split,XYZ,2:1",
    );
    proposes(
        "2024-01-02,buy,XYZ,100,100.00,,\n2024-06-03,sell,XYZ,140,65.00,,\n",
        "2024-06-02,split,XYZ,3:2",
    );
}

#[test]
fn a_price_may_be_off_by_a_quarter_beside_a_split() {
    proposes(
        "2024-01-02,buy,XYZ,100,100.00,,\n2024-06-03,sell,XYZ,200,40.00,,\n",
        "2024-06-02,split,XYZ,2:1",
    );
    // 2 x 39.99 are 20.02 off 100, more than a quarter of them: rather 5:2.
    proposes(
        "2024-01-02,buy,XYZ,100,100.00,,\n2024-06-03,sell,XYZ,200,39.99,,\n",
        "2024-06-02,split,XYZ,5:2",
    );
}

#[test]
fn a_symbol_that_was_bought_before_was_not_renamed_into() {
    let old = "2024-01-02,buy,OLD,100,300.00,,\n";
    let new = "2024-01-03,buy,NEW,10,300.00,,\n";
    let sale = "2024-06-20,sell,NEW,100,310.00,,\n";
    proposes_no_event(&format!("{old}{new}{sale}"));
    proposes_no_event(&format!(
        "{old}{new}2024-02-05,sell,NEW,10,300.00,,\n{sale}"
    ));
}

#[test]
fn of_two_that_could_have_been_renamed_the_one_of_just_as_many_units_is() {
    let row = "2024-06-19,rename,OLD,NEW";
    let others = "2024-01-02,buy,ELD,120,300.00,,\n2024-06-20,sell,NEW,100,310.00,,\n";
    proposes(&format!("2024-01-02,buy,OLD,100,300.00,,\n{others}"), row);
    proposes(
        &format!("2024-01-02,buy,OLD,150,300.00,,\n2024-01-03,sell,OLD,50,300.00,,\n{others}"),
        row,
    );
    proposes(
        &format!("2024-01-02,buy,OLD,50,600.00,,\n2024-01-03,split,OLD,,,2:1,\n{others}"),
        row,
    );
}

#[test]
fn what_was_renamed_sells_for_half_to_double_its_price() {
    let sold = |price: &str| {
        format!("2024-01-02,buy,OLD,100,300.00,,\n2024-06-20,sell,NEW,100,{price},,\n")
    };
    for price in ["600.00", "150.00"] {
        proposes(&sold(price), "2024-06-19,rename,OLD,NEW");
    }
    for price in ["600.01", "149.99"] {
        proposes_no_event(&sold(price));
    }
}

#[test]
fn what_is_traded_on_the_day_of_the_sale_was_not_renamed() {
    proposes_no_event(
        "2024-01-02,buy,OLD,150,300.00,,\n2024-06-20,sell,OLD,50,300.00,,\n2024-06-20,sell,NEW,100,310.00,,\n",
    );
    proposes_no_event(
        "2024-01-02,buy,ABC,1,300.00,,\n2024-06-20,buy,OLD,100,300.00,,\n2024-06-20,sell,NEW,100,310.00,,\n",
    );
}

#[test]
fn what_another_account_holds_was_not_renamed() {
    let rows = "date,action,symbol,quantity,price,account\n2024-01-02,buy,OLD,100,300.00,a\n\
                2024-06-20,sell,NEW,100,310.00,b\n";
    let error = wrong(rows, "us", "USD").unwrap();
    assert!(
        error.lines().last().unwrap().contains(",opening,"),
        "{error}"
    );
}

#[test]
fn every_sale_of_a_renamed_symbol_proposes_the_rename() {
    let rows = "2024-01-02,buy,OLD,100,300.00,,\n2024-06-19,sell,NEW,60,310.00,,\n2024-06-20,sell,NEW,40,310.00,,\n";
    let error = wrong(&format!("{HEAD}{rows}"), "us", "USD").unwrap();
    for row in ["2024-06-18,rename,OLD,NEW", "2024-06-19,rename,OLD,NEW"] {
        assert!(error.contains(row), "{error}");
    }
}
