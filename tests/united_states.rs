//! The United States end to end, on small files whose figures are worked out beside them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::process::Command;

use serde_json::Value;

/// What `compute` says of a file.
struct Computed {
    code: Option<i32>,
    /// The document, or null where nothing was computed.
    document: Value,
    error: String,
}

fn compute(csv: &str, arguments: &str, readings: &str) -> Computed {
    configured(csv, arguments, &format!("[us]\n{readings}\n"))
}

fn configured(csv: &str, arguments: &str, configuration: &str) -> Computed {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv"), csv).unwrap();
    fs::write(folder.path().join("c.toml"), configuration).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lossoffset"))
        .args(["compute", "t.csv", "--config", "c.toml", "-f", "json"])
        .args(arguments.split_whitespace())
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    Computed {
        code: output.status.code(),
        document: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        error: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Computed {
    #[track_caller]
    fn table(&self, name: &str, columns: &[&str]) -> Vec<String> {
        assert_eq!(self.code, Some(0), "{}", self.error);
        let rows = self.document[name].as_array().unwrap().iter();
        let text = |row: &Value, column: &&str| row[*column].as_str().unwrap_or("-").to_owned();
        rows.map(|row| {
            let cells: Vec<String> = columns.iter().map(|column| text(row, column)).collect();
            cells.join(" ")
        })
        .collect()
    }

    /// What was disposed of: units, dates, proceeds, cost, adjustment, gain, term.
    #[track_caller]
    fn sold(self, expected: &[&str]) -> Self {
        let columns = [
            "symbol",
            "quantity",
            "acquired",
            "disposed",
            "proceeds",
            "cost",
            "adjustment",
            "gain",
            "term",
        ];
        assert_eq!(self.table("disposals", &columns), expected);
        self
    }

    /// What is still held: where, units, cost, start of the holding period.
    #[track_caller]
    fn held(self, expected: &[&str]) -> Self {
        let columns = ["account", "symbol", "quantity", "cost", "held_from"];
        assert_eq!(self.table("lots", &columns), expected);
        self
    }

    /// How often it warns of something, by the code.
    #[track_caller]
    fn warned(&self, code: &str) -> usize {
        assert_eq!(self.code, Some(0), "{}", self.error);
        let told = self.document["warnings"].as_array().unwrap().iter();
        told.filter(|told| told["code"] == code).count()
    }

    #[track_caller]
    fn refused(self, why: &str) {
        assert_eq!(self.code, Some(1), "{}", self.error);
        assert!(self.error.contains(why), "{}", self.error);
    }
}

#[track_caller]
fn plain(csv: &str) -> Computed {
    compute(csv, "", "")
}

/// Ten coins for 100 and five for another 100 leave; the half coin that does not arrive is the network's fee, sold for
/// its value of 0.5 x 30. It is taken from the last units that left, so its cost is 0.5 x 20.
#[test]
fn coins_that_leave_arrive_with_their_cost_less_the_fee_of_the_network() {
    plain(
        "date,action,symbol,quantity,price,account,class\n\
         2024-01-02,buy,BTC,10,10,a,crypto\n2024-02-01,buy,BTC,5,20,a,crypto\n\
         2024-03-01,transfer_out,BTC,15,30,a,crypto\n2024-03-02,transfer_in,BTC,14.5,,b,crypto\n",
    )
    .sold(&["BTC 0.5 2024-02-01 2024-03-02 15.00 10.00 0.00 5.00 short"])
    .held(&["b BTC 10 100.00 2024-01-02", "b BTC 4.5 90.00 2024-02-01"]);
}

/// The first five to leave are those bought first; each arrival takes the units that left under its id, even after a
/// month, and only of its own coin.
#[test]
fn an_arrival_takes_the_units_that_left_under_its_id() {
    plain(
        "date,action,symbol,quantity,price,account,id,class\n\
         2024-01-02,buy,BTC,5,10,a,,crypto\n2024-02-01,buy,BTC,5,20,a,,crypto\n2024-02-02,buy,ETH,5,1,a,,crypto\n\
         2024-03-01,transfer_out,ETH,5,,a,y,crypto\n\
         2024-03-01,transfer_out,BTC,5,,a,x,crypto\n2024-03-01,transfer_out,BTC,5,,a,y,crypto\n\
         2024-04-01,transfer_in,BTC,5,,b,y,crypto\n2024-04-01,transfer_in,BTC,5,,c,x,crypto\n\
         2024-04-01,transfer_in,ETH,5,,d,y,crypto\n",
    )
    .held(&[
        "b BTC 5 100.00 2024-02-01",
        "c BTC 5 50.00 2024-01-02",
        "d ETH 5 5.00 2024-02-02",
    ]);
}

/// Without an id ten days is the longest way, and what arrives is what left less 5 % of fee: else nothing
/// says what the units cost, and where those that left are.
#[test]
fn an_arrival_without_id_is_near_in_time_and_size() {
    let moved = |left: &str, day: &str, arrives: &str| {
        let found = compute(
            &format!(
                "date,action,symbol,quantity,price,account,class\n2024-01-02,buy,BTC,{left},100,a,crypto\n\
                 2024-02-01,buy,ETH,{left},1,a,crypto\n2024-03-01,transfer_out,ETH,{left},1,a,crypto\n\
                 2024-03-01,transfer_out,BTC,{left},100,a,crypto\n{day},transfer_in,BTC,{arrives},,b,crypto\n\
                 {day},transfer_in,ETH,{left},,c,crypto\n"
            ),
            "",
            "",
        );
        !found.error.contains("units arrived without a basis")
    };
    assert!(moved("20", "2024-03-11", "20"));
    assert!(!moved("20", "2024-03-12", "20"));
    assert!(moved("20", "2024-03-01", "19"));
    assert!(!moved("20", "2024-03-01", "18.9"));
    assert!(!moved("20", "2024-03-01", "20.1"));
    assert!(moved("0.1", "2024-03-01", "0.095"));
    assert!(!moved("0.1", "2024-03-01", "0.0949"));
}

/// Of 0.01 coins worth 600 that leave 0.0005 arrive: no network takes the rest. What left is held still, where it was,
/// and what arrived came from somewhere else.
#[test]
fn what_hardly_arrives_is_no_fee() {
    let found = plain(
        "date,action,symbol,quantity,price,account,class\n2024-01-02,buy,BTC,1,10000,w1,crypto\n\
         2024-02-01,transfer_out,BTC,0.0100,60000,w1,crypto\n2024-02-05,transfer_in,BTC,0.0005,,w2,crypto\n",
    );
    assert_eq!(found.warned("transfer-without-arrival"), 1);
    found.sold(&[]).held(&[
        "w1 BTC 1 10000.00 2024-01-02",
        "w2 BTC 0.0005 0.00 2024-02-05",
    ]);
}

/// 9.9 arrive the day after 10 and 9.9 left: they are the 9.9, at 50 each, and the 10 that come a day later are the 10.
#[test]
fn an_arrival_takes_just_as_many_units_before_more_of_them() {
    plain(
        "date,action,symbol,quantity,price,account,class\n2024-01-02,buy,BTC,10,10,w1,crypto\n\
         2024-01-02,buy,BTC,9.9,50,w2,crypto\n2024-02-01,transfer_out,BTC,10,100,w1,crypto\n\
         2024-02-01,transfer_out,BTC,9.9,100,w2,crypto\n2024-02-02,transfer_in,BTC,9.9,,w3,crypto\n\
         2024-02-03,transfer_in,BTC,10,,w4,crypto\n",
    )
    .sold(&[])
    .held(&[
        "w3 BTC 9.9 495.00 2024-01-02",
        "w4 BTC 10 100.00 2024-01-02",
    ]);
}

/// 100 leave and 60 and 40 arrive two days later, or 60 and 40 leave and 100 arrive; by id on several days, the last 39
/// less one of fee. Nothing is lost and nothing is there twice.
#[test]
fn what_leaves_together_may_arrive_apart() {
    let moved = |rows: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,account,id\n2024-01-02,buy,X,100,50,a,\n{rows}"
        ))
    };
    let [b, c] = ["b X 60 3000.00 2024-01-02", "c X 40 2000.00 2024-01-02"];
    moved("2024-01-03,transfer_out,X,100,,a,\n2024-01-05,transfer_in,X,60,,b,\n2024-01-05,transfer_in,X,40,,c,\n")
        .held(&[b, c]);
    moved("2024-01-03,transfer_in,X,60,,b,\n2024-01-03,transfer_in,X,40,,c,\n2024-01-03,transfer_out,X,100,,a,\n")
        .held(&[b, c]);
    moved("2024-01-03,transfer_out,X,60,,a,\n2024-01-03,transfer_out,X,40,,a,\n2024-01-05,transfer_in,X,100,,b,\n")
        .held(&["b X 100 5000.00 2024-01-02"]);
    let by_id = |last: &str| {
        moved(&format!(
            "2024-01-03,transfer_out,X,100,70,a,t\n2024-01-05,transfer_in,X,60,,b,t\n2024-03-05,transfer_in,X,{last},,c,t\n"
        ))
    };
    by_id("39")
        .sold(&["X 1 2024-01-02 2024-03-05 70.00 50.00 0.00 20.00 short"])
        .held(&[b, "c X 39 1950.00 2024-01-02"]);
    let less = by_id("30");
    assert_eq!(less.warned("less-arrived"), 1);
    less.sold(&[])
        .held(&["a X 10 500.00 2024-01-02", b, "c X 30 1500.00 2024-01-02"]);
    by_id("41").refused("41 arrive but only 40 left a");
}

/// Ten coins for 1,000; nine move, one is the fee. No authority says what it is: sold at its value (the column, else the
/// price of the row), or its cost of 100 joins the nine, or it is gone with its cost.
#[test]
fn the_fee_of_a_move_is_a_sale_or_joins_the_cost_or_is_gone() {
    let moved = |fee: &str, readings: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,fee,fee_currency,fee_value,account,to_account,class\n\
             2024-01-02,buy,BTC,10,100,,,,a,,crypto\n2024-01-03,buy,ETH,2,50,,,,a,,crypto\n\
             2024-03-01,transfer,BTC,9,140,{fee},a,b,crypto\n"
        );
        compute(&csv, "", readings)
    };
    let eth = "a ETH 2 100.00 2024-01-03";
    let at_value = "b BTC 9 900.00 2024-01-02";
    moved("1,BTC,150", "")
        .sold(&["BTC 1 2024-01-02 2024-03-01 150.00 100.00 0.00 50.00 short"])
        .held(&[at_value, eth]);
    moved("1,BTC,", "")
        .sold(&["BTC 1 2024-01-02 2024-03-01 140.00 100.00 0.00 40.00 short"])
        .held(&[at_value, eth]);
    moved("1,BTC,", "transfer_fee = \"basis\"")
        .sold(&[])
        .held(&["b BTC 9 1000.00 2024-01-02", eth]);
    moved("1,BTC,", "transfer_fee = \"ignore\"")
        .sold(&[])
        .held(&[at_value, eth]);
    // The price is that of the coin moved and says nothing of another.
    moved("1,ETH,", "").refused("the transfer fee of 1 ETH has no value");
    moved("0,ETH,", "").sold(&[]).held(&[
        "a BTC 1 100.00 2024-01-02",
        "b BTC 9 900.00 2024-01-02",
        eth,
    ]);
}

/// A fee in the coin sold leaves with it, and nine received are what ten brought: 9 x 200 (26 CFR 1.1001-7(b)). A fee in
/// another coin is a sale of that coin at its value, which the row must say.
#[test]
fn a_fee_in_coins_leaves_with_a_sale() {
    let sold = |units: u32, fee: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,fee,fee_currency,fee_value,class\n\
             2024-01-02,buy,BTC,10,100,,,,crypto\n2024-01-03,buy,ETH,2,50,,,,crypto\n\
             2024-03-01,sell,BTC,{units},200,{fee},crypto\n"
        ))
    };
    sold(9, "1,BTC,")
        .sold(&["BTC 10 2024-01-02 2024-03-01 1800.00 1000.00 0.00 800.00 short"])
        .held(&["main ETH 2 100.00 2024-01-03"]);
    sold(10, "1,ETH,80")
        .sold(&[
            "ETH 1 2024-01-03 2024-03-01 80.00 50.00 0.00 30.00 short",
            "BTC 10 2024-01-02 2024-03-01 1920.00 1000.00 0.00 920.00 short",
        ])
        .held(&["main ETH 1 50.00 2024-01-03"]);
    sold(10, "1,ETH,").refused("the fee of 1 ETH has no value");
}

/// A fee withheld from the coins bought is sold for what it cost, which joins the other nine (26 CFR 1.1012-1(j)).
#[test]
fn a_fee_in_coins_is_withheld_from_a_purchase() {
    let bought = |fee: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,fee,fee_currency,class\n2024-01-03,buy,ETH,2,50,,,crypto\n\
             2024-03-01,buy,BTC,10,200,{fee},crypto\n"
        ))
    };
    bought("1,BTC")
        .sold(&["BTC 1 2024-03-01 2024-03-01 200.00 200.00 0.00 0.00 short"])
        .held(&[
            "main BTC 9 2000.00 2024-03-01",
            "main ETH 2 100.00 2024-01-03",
        ]);
    bought("1,ETH").refused("the fee of 1 ETH has no value");
}

/// A row of its own for a fee: one coin of ten for 1,000 leaves at 150.
#[test]
fn coins_spent_on_a_fee_are_sold_at_their_price() {
    plain(
        "date,action,symbol,quantity,price,class\n2024-01-02,buy,BTC,10,100,crypto\n2024-03-01,fee,BTC,1,150,crypto\n",
    )
    .sold(&["BTC 1 2024-01-02 2024-03-01 150.00 100.00 0.00 50.00 short"])
    .held(&["main BTC 9 900.00 2024-01-02"]);
}

/// Coins worth 2,000 for others: the fee comes off what was received (1,800), in whatever coin it is paid. Withheld from
/// what arrives it is sold for its own cost of 200, and 90 coins for 1,800 stay (26 CFR 1.1001-7(b), 1.1012-1(h)).
#[test]
fn a_fee_in_coins_comes_off_an_exchange() {
    let swapped = |units: u32, fee: &str, arrives: u32| {
        plain(&format!(
            "date,action,symbol,quantity,price,fee,fee_currency,new_symbol,new_quantity,class\n\
             2024-01-02,buy,BTC,10,100,,,,,crypto\n2024-01-03,buy,LTC,2,50,,,,,crypto\n\
             2024-03-01,swap,BTC,{units},200,{fee},ETH,{arrives},crypto\n"
        ))
    };
    let out = "BTC 10 2024-01-02 2024-03-01 1800.00 1000.00 0.00 800.00 short";
    let rest = [
        "main ETH 90 1800.00 2024-03-01",
        "main LTC 2 100.00 2024-01-03",
    ];
    swapped(9, "1,BTC", 90).sold(&[out]).held(&rest);
    let fee = "ETH 10 2024-03-01 2024-03-01 200.00 200.00 0.00 0.00 short";
    swapped(10, "10,ETH", 100).sold(&[out, fee]).held(&rest);
    swapped(10, "1,LTC", 100).refused("the fee of 1 LTC has no value");
}

/// Ten shares for each hundred: with a value they are income and a purchase, without one they share the cost.
#[test]
fn a_stock_dividend_is_taxed_where_it_has_a_price() {
    let paid = |row: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price\n2024-01-02,buy,X,100,10\n2024-06-03,stock_dividend,X,{row}\n"
        ))
    };
    paid("10,12").held(&[
        "main X 100 1000.00 2024-01-02",
        "main X 10 120.00 2024-06-03",
    ]);
    paid("5,").held(&["main X 105 1000.00 2024-01-02"]);
}

/// 150 over the 150 units of two accounts is 1 a unit.
#[test]
fn an_adjustment_of_basis_goes_by_units() {
    plain(
        "date,action,symbol,quantity,price,total,account\n2024-01-02,buy,X,100,10,,a\n2024-01-03,buy,X,50,10,,b\n\
         2024-06-03,basis_adjust,X,,,150,\n2024-07-01,sell,X,100,20,,a\n",
    )
    .sold(&["X 100 2024-01-02 2024-07-01 2000.00 1100.00 0.00 900.00 short"])
    .held(&["b X 50 550.00 2024-01-03"]);
}

/// 15 sold for 300, of which 10 were held: 200 less 100; the 5 short brought 100 and cost 90 to cover. What the same day
/// buys is held first.
#[test]
fn units_beyond_those_held_are_sold_short_where_that_is_allowed() {
    let short = |rows: &str| {
        let csv = format!("date,action,symbol,quantity,price\n{rows}");
        compute(&csv, "--allow-short", "")
    };
    let held = "X 10 2024-01-02 2024-06-03 200.00 100.00 0.00 100.00 short";
    let covered = "X 5 2024-07-01 2024-07-01 100.00 90.00 0.00 10.00 short";
    short("2024-01-02,buy,X,10,10\n2024-06-03,sell,X,15,20\n2024-07-01,cover,X,5,18\n")
        .sold(&[held, covered])
        .held(&[]);
    short("2024-01-02,buy,X,10,10\n2024-06-03,sell,X,10,20\n")
        .sold(&[held])
        .held(&[]);
    short("2024-06-03,sell,X,5,20\n2024-07-01,cover,X,5,18\n")
        .sold(&[covered])
        .held(&[]);
    short("2024-06-03,sell,X,15,20\n2024-06-03,buy,X,10,10\n2024-06-03,buy,X,2,30\n")
        .sold(&[
            "X 10 2024-06-03 2024-06-03 200.00 100.00 0.00 100.00 short",
            "X 2 2024-06-03 2024-06-03 40.00 60.00 0.00 -20.00 short",
        ])
        .held(&["main X -3 -60.00 2024-06-03"]);
}

/// Under `specific` only the units of one purchase need no choice.
#[test]
fn a_sale_chooses_its_lot_unless_there_is_only_one() {
    let sold = |second: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,lot\n2024-01-02,buy,X,10,10,a\n{second}2024-06-03,sell,X,5,20,\n"
        );
        compute(&csv, "--method specific", "")
    };
    sold("").sold(&["X 5 2024-01-02 2024-06-03 100.00 50.00 0.00 50.00 short"]);
    sold("2024-01-03,buy,X,10,10,\n").refused("lots held: a (10), 2024-01-03 (10)");
}

/// A lot is named by the day of its purchase where that is one purchase, else by its id.
#[test]
fn a_lot_is_named_by_its_day_or_its_id() {
    let sold = |lot: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,lot\n2023-12-29,buy,X,10,70,\n2024-01-02,buy,X,10,10,\n\
             2024-01-02,buy,X,10,30,\n2024-01-03,buy,X,10,50,\n2024-06-03,sell,X,5,80,{lot}\n"
        ))
    };
    sold("2024-01-03").sold(&["X 5 2024-01-03 2024-06-03 400.00 250.00 0.00 150.00 short"]);
    sold("X@2024-01-02#2").sold(&["X 5 2024-01-02 2024-06-03 400.00 150.00 0.00 250.00 short"]);
    sold("2024-01-02").refused("`2024-01-02` means 2 lots of X bought that day");
    let held = "lots held: 2023-12-29 (10), 2024-01-02 (10), 2024-01-02 (10), 2024-01-03 (10)\n";
    for unknown in ["X@2024-01-02#3", "Y@2024-01-02#1", "2024-01-04"] {
        sold(unknown).refused(held);
    }
}

#[test]
fn a_message_names_eight_lots_at_most() {
    let sold = |lots: u32| {
        let bought = (1..=lots).map(|day| format!("2024-01-{day:02},buy,X,1,10,\n"));
        let bought: String = bought.collect();
        plain(&format!(
            "date,action,symbol,quantity,price,lot\n{bought}2024-06-03,sell,X,1,20,none\n"
        ))
    };
    sold(8).refused("2024-01-08 (1)\n");
    sold(10).refused("2024-01-08 (1), and 2 more\n");
}

/// Coins that arrived without a basis cannot be sold, unless they are said to have cost nothing.
#[test]
fn what_has_no_basis_cannot_be_sold() {
    let csv = "date,action,symbol,quantity,price,class\n2024-01-02,transfer_in,BTC,5,,crypto\n\
               2024-06-03,sell,BTC,5,20,crypto\n";
    plain(csv).refused("the basis of the BTC sold here is not known");
    compute(csv, "--unknown-basis zero", "")
        .sold(&["BTC 5 2024-01-02 2024-06-03 100.00 0.00 0.00 100.00 short"]);
}

/// The 28 % rate is the United States' (26 USC 1(h)(4)): elsewhere a work of art has no code.
#[test]
fn long_gains_on_collectibles_have_a_code_in_the_united_states_only() {
    let csv = "date,action,symbol,quantity,price,class\n2021-01-04,buy,ART,1,100,collectible\n\
               2024-06-03,sell,ART,1,150,collectible\n";
    let codes = |country: &str| {
        let found = compute(csv, &format!("-j {country}"), "");
        found.table("disposals", &["term", "codes"])
    };
    assert_eq!(codes("us"), ["long C"]);
    assert_eq!(codes("in"), ["long "]);
}

/// Exempt-interest dividends of 30 on shares held less than six months: 30 of the loss of 100 is no loss
/// (26 USC 852(b)(4)(B)).
#[test]
fn exempt_interest_takes_from_a_loss_on_young_fund_shares() {
    let sold = |day: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,total,tag,class\n2024-01-02,buy,F,100,10,,,fund\n\
             2024-03-01,dividend,F,,,30,exempt-interest,fund\n{day},sell,F,100,9,,,fund\n"
        ))
    };
    sold("2024-07-02").sold(&["F 100 2024-01-02 2024-07-02 900.00 1000.00 30.00 -70.00 short"]);
    sold("2024-07-03").sold(&["F 100 2024-01-02 2024-07-03 900.00 1000.00 0.00 -100.00 short"]);
}

/// 10 for 100 and 5 of those for 300 are given away: no disposal in the United States; in Australia one at market value
/// (ITAA 1997 s 116-30).
#[test]
fn what_is_given_away_leaves_with_its_basis() {
    let csv = "date,action,symbol,quantity,price\n2024-01-02,buy,X,10,10\n2024-02-01,buy,X,10,30\n\
               2024-06-03,gift_out,X,15,40\n";
    let rest = ["main X 5 150.00 2024-02-01"];
    plain(csv).sold(&[]).held(&rest);
    compute(csv, "-j au", "")
        .sold(&[
            "X 10 2024-01-02 2024-06-03 400.00 100.00 0.00 300.00 short",
            "X 5 2024-02-01 2024-06-03 200.00 150.00 0.00 50.00 short",
        ])
        .held(&rest);
}

/// 4 of 10 that cost 100 are stolen: 40 gone, and none of it a loss (26 USC 165(h)(5)).
#[test]
fn what_is_stolen_is_no_loss() {
    plain("date,action,symbol,quantity,price\n2024-01-02,buy,X,10,10\n2024-06-03,lost,X,4,\n")
        .sold(&["X 4 2024-01-02 2024-06-03 0.00 40.00 40.00 0.00 short"])
        .held(&["main X 6 60.00 2024-01-02"]);
}

/// Two contracts of 100 shares: bought for 600 and settled at 5, 1,000 less 7 of fee; written for 600, 1,000 and 7.
/// Without units a row means the whole position, short or long.
#[test]
fn options_expire_or_settle_for_the_whole_position() {
    let ended = |opened: &str, row: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,fee,class\n{opened}2025-01-17,{row},option\n"
        ))
    };
    let call = "X     250117C00050000";
    let (long, short) = (
        format!("2024-06-03,bto,{call},2,3,0,option\n"),
        format!("2024-06-03,sto,{call},2,3,0,option\n"),
    );
    let expired = format!("expire,{call},,,");
    ended(&long, &expired).sold(&[&format!(
        "{call} 2 2024-06-03 2025-01-17 0.00 600.00 0.00 -600.00 short"
    )]);
    ended(&short, &expired).sold(&[&format!(
        "{call} 2 2025-01-17 2024-06-03 600.00 0.00 0.00 600.00 short"
    )]);
    ended("", &expired).refused("but no position is open in main");
    let settled = format!("cash_settle,{call},2,5,7");
    ended(&long, &settled).sold(&[&format!(
        "{call} 2 2024-06-03 2025-01-17 993.00 600.00 0.00 393.00 short"
    )]);
    ended(&short, &settled).sold(&[&format!(
        "{call} 2 2025-01-17 2024-06-03 600.00 1007.00 0.00 -407.00 short"
    )]);
}

/// An exercise buys its 100 shares at 50 itself: a row that says so again is refused, one of another price, size or
/// account is a purchase of its own.
#[test]
fn the_shares_of_an_exercise_are_not_written_twice() {
    let bought = |row: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,class,account\n2024-06-03,bto,X   250117C00050000,1,3,option,main\n\
             2025-01-17,exercise,X   250117C00050000,1,,option,main\n2025-01-17,{row}\n"
        ))
    };
    bought("buy,X,100,50,stock,main").refused("share leg written twice");
    let exercised = "main X 100 5300.00 2025-01-17";
    bought("buy,X,100,51,stock,main").held(&[exercised, "main X 100 5100.00 2025-01-17"]);
    bought("buy,X,99,50,stock,main").held(&[exercised, "main X 99 4950.00 2025-01-17"]);
    bought("buy,X,100,50,stock,other").held(&[exercised, "other X 100 5000.00 2025-01-17"]);
}

/// A mark that names an account is for that account; else it is for all that have the contract, long or short.
#[test]
fn a_mark_is_for_the_account_it_names() {
    let marked = |account: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,account,class\n2024-06-03,short,ES,1,100,a,future\n\
             2024-06-03,short,ES,1,100,b,future\n2024-06-03,short,NQ,1,100,b,future\n\
             2024-06-03,buy,ES,1,100,c,future\n2024-12-31,mark,ES,,90,{account},future\n"
        ))
    };
    let row = "ES 1 2024-12-31 2024-12-31 100.00 90.00 0.00 10.00 -";
    let (a, b) = ("a ES -1 -90.00 2024-12-31", "b ES -1 -90.00 2024-12-31");
    let other = "b NQ -1 -100.00 2024-06-03";
    marked("a").sold(&[row]).held(&[
        a,
        "b ES -1 -100.00 2024-06-03",
        "c ES 1 100.00 2024-06-03",
        other,
    ]);
    let all = marked("")
        .sold(&[
            "ES 1 2024-06-03 2024-12-31 90.00 100.00 0.00 -10.00 -",
            row,
            row,
        ])
        .held(&[a, b, "c ES 1 90.00 2024-12-31", other]);
    let matched = all.table("disposals", &["account", "match"]);
    assert_eq!(matched, ["c mark", "a mark", "b mark"]);
}

/// A short of 1,600 closed by delivering shares that cost 1,000. Held for a year or less on the day of the short, or
/// bought after it, they make the gain short-term however long they are held by then (26 USC 1233(b)(1)); held longer,
/// they do not.
#[test]
fn gains_on_delivering_young_shares_are_short_term() {
    let delivered = |bought: &str, shorted: &str| {
        let mut rows = [
            format!("{bought},buy,X,100,10,a\n"),
            format!("{shorted},short,X,100,16,\n"),
        ];
        rows.sort();
        let csv = format!(
            "date,action,symbol,quantity,price,lot\n{}2025-08-04,cover,X,100,,a\n",
            rows.concat()
        );
        plain(&csv).table("disposals", &["acquired", "gain", "term"])
    };
    let short = |day: &str| [format!("{day} 600.00 short")];
    assert_eq!(delivered("2024-01-02", "2024-06-03"), short("2024-01-02"));
    assert_eq!(delivered("2024-06-03", "2024-06-03"), short("2024-06-03"));
    assert_eq!(delivered("2024-06-04", "2024-06-03"), short("2024-06-04"));
    assert_eq!(
        delivered("2023-06-02", "2024-06-03"),
        ["2023-06-02 600.00 long"]
    );
}

/// The lot sold for 150 less than it cost was bought on 10 January, the other on 2 January: whether what was bought
/// before the lot that is sold can replace it is a reading; what was bought after it does under both.
#[test]
fn an_older_purchase_replaces_unless_the_reading_excludes_it() {
    let csv = "date,action,symbol,quantity,price\n2024-01-02,buy,X,10,20\n2024-01-10,buy,X,10,30\n\
               2024-01-20,sell,X,10,15\n";
    let exclude = "older_lot_as_replacement = \"exclude\"";
    compute(csv, "--method lifo", "")
        .sold(&["X 10 2024-01-10 2024-01-20 150.00 300.00 150.00 0.00 short"])
        .held(&["main X 10 350.00 2024-01-02"]);
    compute(csv, "--method lifo", exclude)
        .sold(&["X 10 2024-01-10 2024-01-20 150.00 300.00 0.00 -150.00 short"])
        .held(&["main X 10 200.00 2024-01-02"]);
    compute(csv, "", exclude)
        .sold(&["X 10 2024-01-02 2024-01-20 150.00 200.00 50.00 0.00 short"])
        .held(&["main X 10 350.00 2024-01-02"]);
}

/// Held 73 days (2 January to 15 March), of which 14 overlap with the replacement of 1 March: once, they begin on
/// 2 January; added, 73 days before 1 March, on 19 December (26 USC 1223(3)).
#[test]
fn overlapping_days_count_once_unless_the_reading_adds_them() {
    let held = |reading: &str, from: &str| {
        let reading = format!("wash_holding_period = \"{reading}\"");
        let csv = "date,action,symbol,quantity,price\n2024-01-02,buy,X,10,20\n2024-03-01,buy,X,10,18\n\
                   2024-03-15,sell,X,10,15\n";
        compute(csv, "", &reading).held(&[&format!("main X 10 230.00 {from}")]);
    };
    held("union", "2024-01-02");
    held("add", "2023-12-19");
    held("date", "2024-01-02");
}

/// A call sold 200 under its cost and a call of another strike five days later: the same only where all options on one
/// stock are. One on another stock never is.
#[test]
fn options_on_one_stock_are_identical_where_the_reading_says_so() {
    let (sold, other) = ("X     250117C00050000", "X     250117C00060000");
    let bought = |call: &str, reading: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,class\n2024-06-03,bto,{sold},1,5,option\n\
             2024-06-20,stc,{sold},1,3,option\n2024-06-25,bto,{call},1,2,option\n"
        );
        compute(&csv, "", &format!("option_identity = \"{reading}\""))
    };
    let counts = format!("{sold} 1 2024-06-03 2024-06-20 300.00 500.00 0.00 -200.00 short");
    let deferred = format!("{sold} 1 2024-06-03 2024-06-20 300.00 500.00 200.00 0.00 short");
    bought(other, "contract").sold(&[&counts]);
    // Held 17 days, to which the replacement of 25 June adds its own.
    bought(other, "underlying")
        .sold(&[&deferred])
        .held(&[&format!("main {other} 1 400.00 2024-06-08")]);
    bought("Y   250117C00050000", "underlying").sold(&[&counts]);
}

/// Of a loss of 10,000 on futures 3,000 is deducted and 7,000 would be carried on: back it takes the 5,000 of the third
/// year before whole and 2,000 of the 4,000 of the second (26 USC 1212(c)).
#[test]
fn losses_on_futures_are_carried_back_where_that_is_chosen() {
    let csv = "date,action,symbol,quantity,price,class\n\
               2022-03-01,buy,F,1,1000,future\n2022-06-01,sell,F,1,6000,future\n\
               2023-03-01,buy,F,1,1000,future\n2023-06-01,sell,F,1,5000,future\n\
               2025-03-03,buy,F,1,20000,future\n2025-06-02,sell,F,1,10000,future\n";
    let years = |readings: &str| -> Vec<String> {
        let found = compute(csv, "", readings);
        let years = found.document["years"].as_array().unwrap().iter();
        years
            .map(|year| {
                let of = |line: &str| year["lines"][line].as_str().unwrap().to_owned();
                let lines = [
                    "section_1256_net",
                    "net",
                    "short_carried_out",
                    "long_carried_out",
                ];
                format!(
                    "{} {}",
                    year["tax_year"].as_str().unwrap(),
                    lines.map(of).join(" ")
                )
            })
            .collect()
    };
    assert_eq!(
        years("1256_carryback = \"yes\""),
        [
            "2022 0.00 0.00 0.00 0.00",
            "2023 2000.00 2000.00 0.00 0.00",
            "2025 -3000.00 -3000.00 0.00 0.00",
        ]
    );
    assert_eq!(
        years(""),
        [
            "2022 5000.00 5000.00 0.00 0.00",
            "2023 4000.00 4000.00 0.00 0.00",
            // 4,000 short-term less the 3,000 deducted, 6,000 long-term.
            "2025 -10000.00 -10000.00 1000.00 6000.00",
        ]
    );
}

/// One warning has the rows of all days and securities, in the order of the file; another message is another warning.
#[test]
fn a_warning_is_told_once_with_all_its_rows() {
    let found = plain(
        "date,action,symbol,quantity,price,account\n2024-06-03,sell,X,5,20,b\n2024-06-03,buy,X,5,10,b\n\
         2024-06-04,sell,X,5,20,b\n2024-06-04,buy,X,5,10,b\n2024-06-03,sell,Y,5,20,b\n2024-06-03,buy,Y,5,10,b\n\
         2024-07-01,transfer_in,Z,1,,b\n2024-07-02,transfer_in,W,1,,b\n",
    );
    let told = found.document["warnings"].as_array().unwrap().iter();
    let told: Vec<String> = told
        .map(|warning| format!("{} {}", warning["code"], warning["at"]))
        .collect();
    assert_eq!(
        told,
        [
            "\"acquired-first\" [\"t.csv:3\",\"t.csv:5\",\"t.csv:7\"]",
            "\"basis-unknown\" [\"t.csv:8\",\"t.csv:9\"]",
        ]
    );
}

/// Bought for 1,000 and sold short for 1,600, covered by a purchase for 2,000: the loss is long-term where the shares
/// had been held for more than a year on the day of the short (26 USC 1233(d)).
#[test]
fn a_loss_on_a_short_is_long_term_beside_old_shares() {
    let covered = |bought: &str, term: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price\n{bought},buy,X,100,10\n2024-06-03,short,X,100,16\n\
             2024-08-01,cover,X,100,20\n"
        ))
        .sold(&[&format!(
            "X 100 2024-08-01 2024-08-01 1600.00 2000.00 0.00 -400.00 {term}"
        )]);
    };
    covered("2023-06-02", "long");
    covered("2023-06-03", "short");
    covered("2024-06-10", "short");
}

/// 50 paid in lieu of a dividend on a short joins the cost of 1,000 if the short is closed by its 45th day, whether
/// with shares just bought or by delivery (26 USC 263(h)).
#[test]
fn payments_in_lieu_join_the_cost_of_a_short_closed_within_45_days() {
    let closed = |rows: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,total,lot\n2024-06-03,short,X,100,16,,\n\
             2024-06-10,dividend,X,,,-50,\n{rows}"
        ))
        .table("disposals", &["disposed", "cost", "gain"])
    };
    let delivered = |day: &str| {
        closed(&format!(
            "2024-06-12,buy,X,100,10,,a\n{day},cover,X,100,,,a\n"
        ))
    };
    let bought = |day: &str| closed(&format!("{day},cover,X,100,10,,\n"));
    for found in [delivered("2024-07-18"), bought("2024-07-18")] {
        assert_eq!(found, ["2024-07-18 1050.00 550.00"]);
    }
    for found in [delivered("2024-07-19"), bought("2024-07-19")] {
        assert_eq!(found, ["2024-07-19 1000.00 600.00"]);
    }
}

/// 30 of capital gain dividends on shares held less than six months: 30 of the loss of 100 is long-term, and all of it
/// is a loss (26 USC 852(b)(4)(A)).
#[test]
fn capital_gain_dividends_make_a_loss_on_young_fund_shares_long_term() {
    let found = plain(
        "date,action,symbol,quantity,price,total,tag,class\n2024-01-02,buy,F,100,10,,,fund\n\
         2024-03-01,dividend,F,,,30,capital-gain,fund\n2024-05-01,sell,F,100,9,,,fund\n",
    )
    .sold(&[
        "F 70 2024-01-02 2024-05-01 630.00 700.00 0.00 -70.00 short",
        "F 30 2024-01-02 2024-05-01 270.00 300.00 0.00 -30.00 long",
    ]);
    assert_eq!(found.table("disposals", &["codes"]), ["", ""]);
}

/// A change of units is a split where it is a ratio of whole numbers up to 100.
#[test]
fn a_change_of_units_is_a_split_by_a_small_ratio() {
    let split = |held: u32, change: i32| {
        plain(&format!(
            "date,action,symbol,quantity,price\n2024-01-02,buy,X,{held},10\n2024-06-03,split,X,{change},\n"
        ))
    };
    split(50, 100).held(&["main X 150 500.00 2024-01-02"]);
    split(100, -90).held(&["main X 10 1000.00 2024-01-02"]);
    split(99, 1).held(&["main X 100 990.00 2024-01-02"]);
    split(100, -1).held(&["main X 99 1000.00 2024-01-02"]);
    for (held, change) in [(300, 1), (200, 2), (202, -2), (100, -100)] {
        split(held, change).refused("is no ratio of small whole numbers");
    }
}

/// `open` and `close` take their side from the sign: sold at 100 and bought back at 90, bought at 80 and sold at 90.
#[test]
fn the_sign_says_whether_a_position_is_opened_long_or_short() {
    plain(
        "date,action,symbol,quantity,price,class\n2024-06-03,open,ES,-1,100,future\n2024-07-03,close,ES,-1,90,future\n\
         2024-07-04,open,ES,1,80,future\n2024-07-05,close,ES,1,90,future\n",
    )
    .sold(&[
        "ES 1 2024-07-03 2024-07-03 100.00 90.00 0.00 10.00 -",
        "ES 1 2024-07-04 2024-07-05 90.00 80.00 0.00 10.00 -",
    ])
    .held(&[]);
}

/// The sale stands before the transfer that brings its shares: rows of one day without times.
#[test]
fn a_sale_finds_what_the_same_day_transfers_to_its_account() {
    plain(
        "date,action,symbol,quantity,price,account,to_account\n2024-05-03,buy,X,5,30,a,\n2024-06-03,sell,X,5,20,b,\n\
         2024-06-03,transfer,X,5,,a,b\n",
    )
    .sold(&["X 5 2024-05-03 2024-06-03 100.00 150.00 0.00 -50.00 short"])
    .held(&[]);
}

/// 5 of funding paid on a contract sold for 100 leave 95; 80 to buy it back.
#[test]
fn funding_joins_a_short_contract() {
    plain(
        "date,action,symbol,quantity,price,total,class\n2024-06-03,short,P,1,100,,perpetual\n\
         2024-06-04,funding,P,,,-5,perpetual\n2024-07-03,cover,P,1,80,,perpetual\n",
    )
    .sold(&["P 1 2024-07-03 2024-07-03 95.00 80.00 0.00 15.00 short"]);
}

/// Bought on 2 January at 03:00 in UTC: in New York the day before, so that a sale a year later is long-term.
#[test]
fn a_term_that_hangs_on_the_time_zone_is_told() {
    let sold = |bought: &str, day: &str, arguments: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price\n{bought},buy,X,1,10\n{day}T12:00:00Z,sell,X,1,12\n"
        );
        let found = compute(&csv, arguments, "");
        (
            found.warned("timezone-assumed"),
            found.table("disposals", &["term"]).concat(),
        )
    };
    let (early, late) = ("2023-06-02T03:00:00Z", "2023-06-02T15:00:00Z");
    let is = |hangs: usize, term: &str| (hangs, term.to_owned());
    assert_eq!(sold(early, "2024-06-02", ""), is(1, "short"));
    assert_eq!(sold(early, "2024-06-03", ""), is(1, "long"));
    assert_eq!(sold(early, "2024-06-05", ""), is(0, "long"));
    assert_eq!(sold(early, "2024-05-30", ""), is(0, "short"));
    let new_york = "--timezone America/New_York";
    assert_eq!(sold(early, "2024-06-02", new_york), is(0, "long"));
    assert_eq!(sold(late, "2024-06-02", new_york), is(0, "short"));
    assert_eq!(sold("2023-06-02", "2024-05-31", ""), is(0, "short"));
}

/// 30 days after a loss a purchase replaces, 31 days after none does; what was bought with the lot sold is no question.
#[test]
fn a_window_that_hangs_on_the_time_zone_is_told() {
    let bought_on = |day: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price\n2024-01-02T12:00:00Z,buy,X,1,10\n\
             2024-06-03T12:00:00Z,sell,X,1,8\n{day}T12:00:00Z,buy,X,1,8\n2024-12-02,buy,Y,1,1\n"
        ))
        .warned("timezone-assumed")
    };
    assert_eq!(bought_on("2024-07-02"), 0);
    assert_eq!(bought_on("2024-07-03"), 1);
    assert_eq!(bought_on("2024-07-04"), 1);
    assert_eq!(bought_on("2024-07-05"), 0);
}

/// Sold at 50 for a loss: a put with a strike of 60 is a fifth above that, one of 59 is not.
#[test]
fn a_put_written_far_in_the_money_near_a_loss_is_told() {
    let written = |strike: u32, day: &str| {
        let found = plain(&format!(
            "date,action,symbol,quantity,price\n2024-01-02,buy,X,100,70\n2024-06-03,sell,X,100,50\n\
             {day},sto,X241220P000{strike}000,1,11\n2024-12-31,buy,Y,1,1\n"
        ));
        found.warned("wash-put-written")
    };
    assert_eq!(written(60, "2024-06-04"), 1);
    assert_eq!(written(59, "2024-06-04"), 0);
    assert_eq!(written(60, "2024-07-04"), 0);
}

/// 150 shares sold short at 60. The put assigned at 50 brings 100 for 5,000 less its premium of 300, the call exercised at
/// 55 another 100 for 5,500 and its cost of 200: 150 close the short, 50 are held.
#[test]
fn shares_from_options_first_close_what_was_sold_short() {
    let csv = "date,action,symbol,quantity,price\n2024-01-02,sell,X,150,60\n\
               2024-01-03,sto,X240621P00050000,1,3\n2024-01-04,bto,X240621C00055000,1,2\n\
               2024-06-20,assign,X240621P00050000,1,\n2024-06-21,exercise,X240621C00055000,1,\n";
    compute(csv, "--allow-short", "")
        .sold(&[
            "X 100 2024-06-20 2024-06-20 6000.00 4700.00 0.00 1300.00 short",
            "X 50 2024-06-21 2024-06-21 3000.00 2850.00 0.00 150.00 short",
        ])
        .held(&["main X 50 2850.00 2024-06-21"]);
}

/// Sold short for 750 and closed with shares that cost 1,000. Another 50 are sold short six days later, or four days
/// before: half of the loss of 250 is denied and lowers what they brought (26 USC 1091(e)(2)). After 31 days they do not.
#[test]
fn another_short_takes_over_the_loss_on_delivered_shares() {
    let closed = |bought: &str, before: &str, after: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,lot\n{bought}2025-10-15,short,X,100,7.5,\n\
             {before}2025-11-19,cover,X,100,,j\n{after}2026-03-02,buy,Y,1,1,\n"
        ))
    };
    let row = |bought: &str, figures: &str| {
        format!("X 100 {bought} 2025-11-19 750.00 1000.00 {figures} short")
    };
    let held = |cost: &str, day: &str| {
        [
            format!("main X -50 {cost} {day}"),
            "main Y 1 1.00 2026-03-02".to_owned(),
        ]
    };
    let since = "2025-10-20,buy,X,100,10,j\n";
    let half = row("2025-10-20", "125.00 -125.00");
    closed("", since, "2025-11-25,short,X,50,8,\n")
        .sold(&[&half])
        .held(
            &held("-275.00", "2025-11-25")
                .each_ref()
                .map(|row| row.as_str()),
        );
    closed("", &format!("{since}2025-11-15,short,X,50,8,\n"), "")
        .sold(&[&half])
        .held(
            &held("-275.00", "2025-11-15")
                .each_ref()
                .map(|row| row.as_str()),
        );
    closed("", since, "2025-12-20,short,X,50,8,\n")
        .sold(&[&row("2025-10-20", "0.00 -250.00")])
        .held(
            &held("-400.00", "2025-12-20")
                .each_ref()
                .map(|row| row.as_str()),
        );
    closed(
        "2025-06-04,buy,X,100,10,j\n",
        "",
        "2025-11-25,short,X,50,8,\n",
    )
    .sold(&[&row("2025-06-04", "125.00 -125.00")])
    .held(
        &held("-275.00", "2025-11-25")
            .each_ref()
            .map(|row| row.as_str()),
    );
}

/// A loss of 250 on 100 delivered shares: another short of 60 takes 150 over, a purchase of 60 only the 100 that are left,
/// so that its 40 units cost 280 + 100 and 20 stay at 140.
#[test]
fn each_delivered_share_is_replaced_once() {
    let found = plain(
        "date,action,symbol,quantity,price,lot\n2025-10-15,short,X,100,7.5,\n2025-10-20,buy,X,100,10,j\n\
         2025-11-19,cover,X,100,,j\n2025-11-25,short,X,60,8,\n2025-11-26,buy,X,60,7,k\n2026-03-02,buy,Y,1,1,\n",
    )
    .sold(&["X 100 2025-10-20 2025-11-19 750.00 1000.00 250.00 0.00 short"]);
    let costs = found.table("lots", &["symbol", "quantity", "cost"]);
    assert_eq!(
        costs,
        ["X 40 380.00", "X 20 140.00", "X -60 -330.00", "Y 1 1.00"]
    );
}

/// Stock held nine months when the put was bought is sold after 15 months while the put is open: its period starts again
/// with that sale (26 USC 1233(b)(2)). With a put that is married to it, or one that has expired before, it does not.
#[test]
fn young_stock_sold_beside_a_put_starts_again() {
    let sold = |put: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,tag\n2024-06-03,buy,X,100,40,\n{put}2025-09-02,sell,X,100,50,\n"
        );
        let rows = plain(&csv).table("disposals", &["symbol", "held_from", "gain", "term"]);
        rows.into_iter()
            .filter(|row| row.starts_with("X "))
            .collect::<Vec<_>>()
    };
    let put = "2025-03-03,bto,X251219P00040000,1,3,";
    assert_eq!(sold(&format!("{put}\n")), ["X 2025-09-02 1000.00 short"]);
    assert_eq!(
        sold(&format!("{put}married\n")),
        ["X 2024-06-03 1000.00 long"]
    );
    assert_eq!(sold(""), ["X 2024-06-03 1000.00 long"]);
}

/// Two puts beside 200 young shares in two lots: the sale of the second lot starts its period again too, since 200 are
/// short; beside one put, only the first 100 would (26 USC 1233(b)(2)).
#[test]
fn puts_count_young_stock_in_order_of_acquisition() {
    let sold = |puts: u32| {
        let csv = format!(
            "date,action,symbol,quantity,price,lot\n2024-06-03,buy,X,100,40,a\n2024-06-04,buy,X,100,40,b\n\
             2025-03-03,bto,X251219P00040000,{puts},3,\n2025-09-02,sell,X,100,50,b\n"
        );
        plain(&csv).table("disposals", &["held_from", "term"])
    };
    assert_eq!(sold(1), ["2024-06-04 long"]);
    assert_eq!(sold(2), ["2025-09-02 short"]);
}

/// The old shares, 4,000, go at the strike for 5,500 less the put's 301 and the fee of 2: 1,197, short-term as 100 others
/// were bought while the put was open, which start again (26 USC 1233(b)). Without them the gain is long-term.
#[test]
fn gains_on_exercising_a_put_beside_young_stock_are_short_term() {
    let exercised = |bought: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,fee\n2022-03-03,buy,X,100,40,\n2025-03-04,bto,X251219P00055000,1,3,1\n\
             {bought}2025-06-16,exercise,X251219P00055000,1,,2\n"
        ))
    };
    let row =
        |term: &str| format!("X 100 2022-03-03 2025-06-16 5197.00 4000.00 0.00 1197.00 {term}");
    exercised("2025-04-04,buy,X,100,50,\n")
        .sold(&[&row("short")])
        .held(&["main X 100 5000.00 2025-06-16"]);
    exercised("").sold(&[&row("long")]).held(&[]);
    let half = "X 50 2022-03-03 2025-06-16 2598.50 2000.00 0.00 598.50";
    exercised("2025-04-04,buy,X,50,50,\n")
        .sold(&[&format!("{half} short"), &format!("{half} long")])
        .held(&["main X 50 2500.00 2025-06-16"]);
}

/// A put held 13 months brings 600 - 300 = 300: short-term for as many of its 100 shares as there was young stock
/// (26 USC 1233(b)(1)). A loss keeps its term.
#[test]
fn a_gain_on_a_put_is_short_term_for_as_many_shares_as_are_young() {
    let sold = |shares: u32, price: u32| {
        let csv = format!(
            "date,action,symbol,quantity,price\n2024-09-03,buy,X,{shares},40\n2025-03-03,bto,X260619P00040000,1,3\n\
             2026-04-02,stc,X260619P00040000,1,{price}\n"
        );
        plain(&csv).table("disposals", &["quantity", "gain", "term"])
    };
    assert_eq!(sold(50, 6), ["0.5 150.00 short", "0.5 150.00 long"]);
    assert_eq!(sold(100, 6), ["1 300.00 short"]);
    assert_eq!(sold(100, 2), ["1 -100.00 long"]);
}

/// 100 young shares beside two puts, each held over a year: the first that is sold takes them all, and the second has a
/// long-term gain. They start again once, with the first.
#[test]
fn young_stock_counts_for_one_put_only() {
    let found = plain(
        "date,action,symbol,quantity,price\n2024-09-03,buy,X,100,40\n2025-03-03,bto,X260619P00040000,1,3\n\
         2025-03-03,bto,X260619P00045000,1,3\n2026-04-02,stc,X260619P00040000,1,6\n\
         2026-04-20,stc,X260619P00045000,1,6\n",
    )
    .held(&["main X 100 4000.00 2026-04-02"]);
    let rows = found.table("disposals", &["disposed", "gain", "term"]);
    assert_eq!(rows, ["2026-04-02 300.00 short", "2026-04-20 300.00 long"]);
}

/// The put for 100 is one for 200 after the split: 200 young shares, 100 before, make all of its gain short-term.
#[test]
fn a_put_follows_a_split_of_its_stock() {
    let found = plain(
        "date,action,symbol,quantity,price,ratio\n2024-09-03,buy,X,100,40,\n2025-03-03,bto,X260619P00040000,1,3,\n\
         2025-06-02,split,X,,,2:1\n2026-04-02,stc,X260619P00040000,1,6,\n",
    )
    .held(&["main X 200 4000.00 2026-04-02"]);
    assert_eq!(
        found.table("disposals", &["gain", "term"]),
        ["300.00 short"]
    );
}

/// Declared identical: of 100 GOOG held three months, 60 are what 60 GOOGL sold short reach: they start again on
/// closing, and 60 x 15 = 900 are short-term in January, 600 long-term. A put on GOOGL does the same to all 100.
#[test]
fn securities_declared_identical_are_so_for_short_sales() {
    let identical = "identical = [[\"GOOG\", \"GOOGL\"]]\n";
    let sold = |rows: &str, configuration: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price\n2024-12-03,buy,GOOG,100,30\n{rows}2026-01-05,sell,GOOG,100,45\n"
        );
        let rows = configured(&csv, "", configuration);
        let rows = rows.table("disposals", &["symbol", "held_from", "gain", "term"]);
        rows.into_iter()
            .filter(|row| row.starts_with("GOOG "))
            .collect::<Vec<_>>()
    };
    let short = "2025-03-03,short,GOOGL,60,40\n2025-09-18,cover,GOOGL,60,35\n";
    let rest = "GOOG 2024-12-03 600.00 long";
    let restarted = "GOOG 2025-09-18 900.00 short";
    let mut both = sold(short, identical);
    both.sort();
    assert_eq!(both, [rest, restarted]);
    assert_eq!(sold(short, ""), ["GOOG 2024-12-03 1500.00 long"]);
    let put =
        "2025-03-03,bto,GOOGL251219P00040000,1,3\n2025-09-18,expire,GOOGL251219P00040000,1,\n";
    assert_eq!(sold(put, identical), ["GOOG 2025-09-18 1500.00 short"]);
}

/// GOOG held over two years: the loss of 60 x 5 on GOOGL sold short is long-term (26 USC 1233(d)) where they are identical.
#[test]
fn a_loss_on_a_short_is_long_term_beside_old_identical_shares() {
    let covered = |configuration: &str| {
        let csv = "date,action,symbol,quantity,price\n2022-12-03,buy,GOOG,100,30\n2025-03-03,short,GOOGL,60,40\n\
                   2025-09-18,cover,GOOGL,60,45\n";
        configured(csv, "", configuration).table("disposals", &["gain", "term"])
    };
    assert_eq!(
        covered("identical = [[\"GOOG\", \"GOOGL\"]]\n"),
        ["-300.00 long"]
    );
    assert_eq!(covered(""), ["-300.00 short"]);
}

/// A loss of 500 on 100 GOOG sold short: 60 GOOGL sold short a week later take 300 of it over, 2,640 - 300
/// (26 USC 1091(e)(2)). A broker looks at one security only.
#[test]
fn a_short_of_an_identical_share_takes_over_a_loss() {
    let closed = |arguments: &str| {
        let csv = "date,action,symbol,quantity,price\n2025-01-03,short,GOOG,100,40\n2025-02-03,cover,GOOG,100,45\n\
                   2025-02-10,short,GOOGL,60,44\n2025-06-02,buy,Y,1,1\n";
        let found = configured(csv, arguments, "identical = [[\"GOOG\", \"GOOGL\"]]\n");
        let mut told = found.table("disposals", &["adjustment", "codes", "gain"]);
        told.extend(found.table("lots", &["symbol", "cost"]));
        told
    };
    assert_eq!(closed(""), ["300.00 W -200.00", "GOOGL -2340.00", "Y 1.00"]);
    assert_eq!(
        closed("--wash-sales broker"),
        ["0.00  -500.00", "GOOGL -2640.00", "Y 1.00"]
    );
}

/// Young in both lots when 100 were sold short: what is delivered of them counts towards the 100 that start again, in
/// order of acquisition. Delivering the first leaves the second alone; delivering the second starts the first again
/// (26 USC 1233(b)(2)).
#[test]
fn delivered_young_shares_count_in_order_of_acquisition() {
    let delivered = |lot: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,lot\n2024-12-02,buy,X,100,10,a\n2025-01-02,buy,X,100,10,b\n\
             2025-02-03,short,X,100,20,\n2025-04-14,cover,X,100,,{lot}\n"
        ))
    };
    delivered("a").held(&["main X 100 1000.00 2025-01-02"]);
    delivered("b").held(&["main X 100 1000.00 2025-04-14"]);
}

/// Sold short for 4,000 and worthless a week later: closed that day at zero (26 USC 1233(h)), so that the 100 paid in lieu
/// of a dividend are part of the cost. Shares held are sold on the last day of the year (26 USC 165(g)(1)).
#[test]
fn a_worthless_short_is_closed_on_the_day() {
    let csv = |bought: &str| {
        format!(
            "date,action,symbol,quantity,price,total\n{bought}2025-03-03,short,X,100,40,\n\
             2025-03-05,dividend,X,,,-100\n2025-03-10,worthless,X,,,\n"
        )
    };
    let row = "X 100 2025-03-10 2025-03-10 4000.00 100.00 0.00 3900.00 short";
    plain(&csv("")).sold(&[row]).held(&[]);
    let year_end = "X 50 2023-01-03 2025-12-31 0.00 500.00 0.00 -500.00 long";
    plain(&csv("2023-01-03,buy,X,50,10,\n"))
        .sold(&[row, year_end])
        .held(&[]);
}

/// Long and short together, whichever came first, and however the shares came.
#[test]
fn long_and_short_together_are_told() {
    let told = |rows: &str| {
        let csv =
            format!("date,action,symbol,quantity,price,account\n{rows}2025-12-31,buy,Y,1,1,\n");
        let found = configured(&csv, "", "[accounts.ira]\nkind = \"sheltered\"\n");
        assert_eq!(found.code, Some(0), "{}", found.error);
        let warnings = found.document["warnings"].as_array().unwrap().iter();
        let mut own = warnings.filter(|told| told["code"] == "constructive-sale");
        own.next()
            .map_or_else(String::new, |told| told["at"].to_string())
    };
    let short = "2025-03-03,short,X,100,40,\n";
    assert_eq!(
        told(&format!("2025-01-02,buy,X,100,30,\n{short}")),
        "[\"t.csv:3\"]"
    );
    assert_eq!(
        told(&format!("{short}2025-04-02,buy,X,100,30,\n")),
        "[\"t.csv:3\"]"
    );
    assert_eq!(told(&format!("{short}2025-04-02,buy,X,100,30,ira\n")), "");
    assert_eq!(
        told(&format!(
            "{short}2025-04-01,cover,X,100,30,\n2025-04-02,buy,X,100,30,\n"
        )),
        ""
    );
    let call = "2025-01-02,bto,X250620C00030000,1,3,\n";
    let exercised = "2025-04-02,exercise,X250620C00030000,1,,\n";
    assert_eq!(told(&format!("{call}{short}{exercised}")), "[\"t.csv:4\"]");
    let put = "2025-01-02,sto,X250620P00050000,1,3,\n";
    let assigned = "2025-04-02,assign,X250620P00050000,1,,\n";
    assert_eq!(told(&format!("{put}{short}{assigned}")), "[\"t.csv:4\"]");
}

/// A put is told of where it counts as a short sale: beside young stock, whichever came first. Not where it is married,
/// where all stock is old, or where a sheltered account holds it.
#[test]
fn puts_beside_young_stock_are_told() {
    let told = |stock: &str, put: &str| {
        let mut rows = [
            format!("{stock}\n"),
            format!("2025-03-03,bto,X251219P00040000,1,3,,{put}\n"),
        ];
        rows.sort();
        let csv = format!(
            "date,action,symbol,quantity,price,account,tag\n{}",
            rows.concat()
        );
        configured(&csv, "", "[accounts.ira]\nkind = \"sheltered\"\n").warned("put-beside-stock")
    };
    assert_eq!(told("2025-03-03,buy,X,100,40,,", ""), 1);
    assert_eq!(told("2025-05-05,buy,X,100,40,,", ""), 1);
    assert_eq!(told("2024-03-03,buy,X,100,40,,", ""), 1);
    assert_eq!(told("2024-03-02,buy,X,100,40,,", ""), 0);
    assert_eq!(told("2025-03-03,buy,X,100,40,,", "married"), 0);
    assert_eq!(told("2025-03-03,buy,X,100,40,ira,", ""), 0);
}

/// What a married put cost joins the stock bought with it that day when the put expires: 4,000 + 300 (26 USC 1233(c)). Where
/// half of the stock is sold by then, half of it is a loss. An unmarried put is one as a whole.
#[test]
fn a_married_put_that_expires_joins_the_basis_of_its_stock() {
    let expired = |tag: &str, sold: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,tag\n2025-01-02,buy,X,100,30,\n2025-03-03,buy,X,100,40,\n\
             2025-03-03,bto,X     250620P00040000,1,3,{tag}\n{sold}2025-06-20,expire,X     250620P00040000,1,,\n"
        ))
    };
    let other = "main X 100 3000.00 2025-01-02";
    expired("married", "")
        .sold(&[])
        .held(&[other, "main X 100 4300.00 2025-03-03"]);
    let sold = "2025-05-05,sell,X,150,50,\n";
    let found = expired("married", sold).held(&["main X 50 2150.00 2025-03-03"]);
    assert_eq!(
        found.table("disposals", &["symbol", "quantity", "gain"]),
        [
            "X 100 2000.00",
            "X 50 500.00",
            "X     250620P00040000 0.5 -150.00"
        ]
    );
    let put = "X     250620P00040000 1 2025-03-03 2025-06-20 0.00 300.00 0.00 -300.00 short";
    expired("", "").sold(&[put]);
}

/// 100 coins bought for 1,000 leave for nothing: the loss of 1,000 is no capital loss (a coin is no security, 26 USC
/// 165(g)(2)), so its row has it as adjustment. The stock of the same file keeps its loss of 500.
#[test]
fn a_worthless_coin_is_no_loss() {
    let found = plain(
        "date,action,symbol,quantity,price,class\n2023-01-10,buy,LUNC,100,10,crypto\n2023-01-10,buy,XYZ,50,10,stock\n\
         2024-05-01,worthless,LUNC,,,\n2024-05-01,worthless,XYZ,,,\n",
    )
    .sold(&[
        "LUNC 100 2023-01-10 2024-12-31 0.00 1000.00 1000.00 0.00 long",
        "XYZ 50 2023-01-10 2024-12-31 0.00 500.00 0.00 -500.00 long",
    ]);
    assert_eq!(found.table("disposals", &["codes"]), ["L", ""]);
    let told = explained(
        "date,action,symbol,quantity,price,class\n2023-01-10,buy,LUNC,100,10,crypto\n2024-05-01,worthless,LUNC,,,\n",
        "LUNC@2024-12-31#1",
        "",
    );
    assert!(told.contains("us-worthless-coin"), "{told}");
    assert!(!told.contains("165(g)(1)"), "{told}");
}

/// What `explain` says, as JSON.
#[track_caller]
fn explained(csv: &str, id: &str, readings: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv"), csv).unwrap();
    fs::write(folder.path().join("c.toml"), format!("[us]\n{readings}\n")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lossoffset"))
        .args(["explain", "t.csv", id, "--config", "c.toml", "-f", "json"])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout).unwrap()
}

/// The parts of the last explanation: their names, and their lines with their amounts.
fn parts(told: &str) -> Vec<(String, String)> {
    let told: Value = serde_json::from_str(told).unwrap();
    let last = told["explained"].as_array().unwrap().last().unwrap();
    let parts = last["parts"].as_array().unwrap().iter();
    parts
        .map(|part| {
            let lines = part["lines"].as_array().unwrap().iter();
            let text = |line: &Value| {
                let amount = line["amount"].as_str().unwrap_or("-");
                format!("{} {amount}", line["text"].as_str().unwrap())
            };
            let lines: Vec<String> = lines.map(text).collect();
            (part["name"].as_str().unwrap().to_owned(), lines.join("; "))
        })
        .collect()
}

const TWO_ACCOUNTS: &str = "date,action,symbol,quantity,price,total,class,tag,account,to_account\n\
                            2024-01-03,buy,MF,200,10,,fund,,a,\n2024-02-20,transfer,MF,100,,,fund,,a,b\n";

const BOTH_SOLD: &str = "2024-06-03,sell,MF,100,9,,fund,,b,\n2024-06-04,sell,MF,100,9,,fund,,a,\n";

/// 200 shares of one purchase at 10, 100 of them moved to b; each sale loses 100. 20 paid on the 100 of an account are
/// 0.20 a share of that account: 20 of its loss count nowhere, none of the other's.
#[test]
fn a_fund_s_dividend_counts_for_the_shares_it_was_paid_on() {
    let paid = |rows: &str| plain(&format!("{TWO_ACCOUNTS}{rows}{BOTH_SOLD}"));
    let on =
        |account: &str, tag: &str| format!("2024-03-01,dividend,MF,,,20,fund,{tag},{account},\n");
    let (b, a) = (on("b", "exempt-interest"), on("a", "exempt-interest"));
    let row =
        |day: &str, counts: &str| format!("MF 100 2024-01-03 {day} 900.00 1000.00 {counts} short");
    paid(&format!("{b}{a}")).sold(&[
        &row("2024-06-03", "20.00 -80.00"),
        &row("2024-06-04", "20.00 -80.00"),
    ]);
    paid(&b).sold(&[
        &row("2024-06-03", "20.00 -80.00"),
        &row("2024-06-04", "0.00 -100.00"),
    ]);
    // A capital gain dividend makes 20 of the 100 long-term: a fifth of the units.
    paid(&on("b", "capital-gain")).sold(&[
        "MF 80 2024-01-03 2024-06-03 720.00 800.00 0.00 -80.00 short",
        "MF 20 2024-01-03 2024-06-03 180.00 200.00 0.00 -20.00 long",
        &row("2024-06-04", "0.00 -100.00"),
    ]);
}

/// 40 were paid on 200 shares, 0.20 each, then 100 of them move, by one row or by two: each half keeps its 20. What is paid
/// on a while they are on their way, 30 on its 100, is no dividend of theirs: a's loss lacks 20 + 30. Where they come back
/// into a, its 200 have received 70 together, 0.35 each.
#[test]
fn shares_take_along_what_they_received() {
    let csv = |moves: &str| {
        format!(
            "date,action,symbol,quantity,price,total,class,tag,account,to_account\n2024-01-03,buy,MF,200,10,,fund,,a,\n\
             2024-02-01,dividend,MF,,,40,fund,exempt-interest,a,\n{moves}"
        )
    };
    let row =
        |day: &str, counts: &str| format!("MF 100 2024-01-03 {day} 900.00 1000.00 {counts} short");
    plain(&csv(&format!(
        "2024-02-20,transfer,MF,100,,,fund,,a,b\n{BOTH_SOLD}"
    )))
    .sold(&[
        &row("2024-06-03", "20.00 -80.00"),
        &row("2024-06-04", "20.00 -80.00"),
    ]);
    let apart = "2024-02-20,transfer_out,MF,100,,,fund,,a,\n2024-02-21,dividend,MF,,,30,fund,exempt-interest,a,\n\
                 2024-02-22,transfer_in,MF,100,,,fund,,b,\n";
    plain(&csv(&format!("{apart}{BOTH_SOLD}"))).sold(&[
        &row("2024-06-03", "20.00 -80.00"),
        &row("2024-06-04", "50.00 -50.00"),
    ]);
    let back = "2024-03-20,transfer,MF,100,,,fund,,b,a\n2024-06-03,sell,MF,100,9,,fund,,a,\n";
    plain(&csv(&format!("{apart}{back}"))).sold(&[&row("2024-06-03", "35.00 -65.00")]);
    // A change of name takes them along too.
    let renamed = "date,action,symbol,quantity,price,total,class,tag,new_symbol\n2024-01-03,buy,MF,100,10,,fund,,\n\
                   2024-02-01,dividend,MF,,,20,fund,exempt-interest,\n2024-03-01,rename,MF,,,,fund,,MG\n\
                   2024-06-03,sell,MG,100,9,,fund,,\n";
    plain(renamed).sold(&["MG 100 2024-01-03 2024-06-03 900.00 1000.00 20.00 -80.00 short"]);
}

/// 10 shares at 30 in x, 10 in y; those of x are on their way from 1 to 3 March. 50 of capital returned on all 20 lower
/// each by 2.50: 275 and 275.
fn on_the_way(columns: &str, between: &str, arrives: &str) -> Computed {
    let commas = ",".repeat(columns.matches(',').count());
    plain(&format!(
        "date,action,symbol,quantity,price,total,account{columns}\n2023-02-02,buy,S,10,30,,x{commas}\n\
         2023-02-02,buy,S,10,30,,y{commas}\n2023-03-01,transfer_out,S,10,,,x{commas}\n{between}\n\
         2023-03-03,transfer_in,S,{arrives},,,y{commas}\n"
    ))
}

#[test]
fn what_befalls_a_security_befalls_its_shares_on_their_way() {
    let y = |symbol: &str, units: u32, cost: &str| format!("y {symbol} {units} {cost} 2023-02-02");
    let own =
        |symbol: &str, units: u32, cost: &str| [y(symbol, units, cost), y(symbol, units, cost)];
    let held = |found: Computed, expected: &[[String; 2]]| {
        assert_eq!(found.warned("transfer-without-arrival"), 0);
        let expected: Vec<&str> = expected.iter().flatten().map(String::as_str).collect();
        found.held(&expected);
    };
    held(
        on_the_way("", "2023-03-02,return_of_capital,S,,,50,", "10"),
        &[own("S", 10, "275.00")],
    );
    held(
        on_the_way("", "2023-03-02,basis_adjust,S,,,-50,", "10"),
        &[own("S", 10, "275.00")],
    );
    // Half of each 300 goes to C, one C for each S: what was split off on the way goes where the shares do.
    held(
        on_the_way(
            ",new_symbol,new_quantity,fraction",
            "2023-03-02,spinoff,S,,,,,C,20,0.5",
            "10",
        ),
        &[own("C", 10, "150.00"), own("S", 10, "150.00")],
    );
    // Two for one: 20 arrive where 10 left.
    held(
        on_the_way(",ratio", "2023-03-02,split,S,,,,,2:1", "20"),
        &[own("S", 20, "300.00")],
    );
    // A row of its own lets the new shares arrive.
    held(
        on_the_way(
            ",new_symbol,new_quantity,fraction",
            "2023-03-02,spinoff,S,,,,,C,20,0.5\n2023-03-04,transfer_in,C,10,,,y,,,",
            "10",
        ),
        &[own("C", 10, "150.00"), own("S", 10, "150.00")],
    );
}

/// The same with nothing held elsewhere: 50 on the 10 on their way leave 250. As shares of another company or under another
/// name they arrive as such. 12 for 10 is 600 for the cash merger: a gain of 300 in the account they left.
#[test]
fn what_is_only_on_its_way_is_held() {
    let csv = |columns: &str, rows: &str| {
        let commas = ",".repeat(columns.matches(',').count());
        plain(&format!(
            "date,action,symbol,quantity,price,total,account{columns}\n2023-02-02,buy,S,10,30,,x{commas}\n\
             2023-03-01,transfer_out,S,10,,,x{commas}\n{rows}"
        ))
    };
    csv(
        "",
        "2023-03-02,return_of_capital,S,,,50,\n2023-03-03,transfer_in,S,10,,,y\n",
    )
    .held(&["y S 10 250.00 2023-02-02"]);
    let renamed = csv(
        ",new_symbol",
        "2023-03-02,rename,S,,,,,N\n2023-03-03,transfer_in,N,10,,,y,\n",
    );
    assert_eq!(renamed.warned("nothing-held"), 0);
    renamed.held(&["y N 10 300.00 2023-02-02"]);
    csv(
        ",new_symbol,ratio",
        "2023-03-02,merger,S,,,,,N,3:2\n2023-03-03,transfer_in,N,15,,,y,,\n",
    )
    .held(&["y N 15 300.00 2023-02-02"]);
    let sold = csv("", "2023-03-02,merger,S,,,600,\n");
    assert_eq!(sold.warned("transfer-without-arrival"), 0);
    assert_eq!(sold.table("disposals", &["account"]), ["x"]);
    sold.sold(&["S 10 2023-02-02 2023-03-02 600.00 300.00 0.00 300.00 short"])
        .held(&[]);
}

/// 10 bought on 20 February are on their way when 10 older ones are sold at a loss of 100: they replace them, so that
/// they arrive with 300 + 100, held as many days longer as the sold ones were held.
#[test]
fn shares_on_their_way_replace_what_is_sold_at_a_loss() {
    plain(
        "date,action,symbol,quantity,price,account\n2023-01-02,buy,S,10,40,y\n2023-02-20,buy,S,10,30,x\n\
         2023-03-01,transfer_out,S,10,,x\n2023-03-02,sell,S,10,30,y\n2023-03-03,transfer_in,S,10,,z\n",
    )
    .sold(&["S 10 2023-01-02 2023-03-02 300.00 400.00 100.00 0.00 short"])
    // 59 days from 2 January to 2 March; overlapping ones once: held from 2 January.
    .held(&["z S 10 400.00 2023-01-02"]);
}

/// 5 of 10 tendered at 12 are sold for 60; the other 5 stay. A merger and a worthless row are of all units: another
/// quantity is refused, the same one is not.
#[test]
fn a_tender_sells_its_quantity_and_other_ends_are_of_all_units() {
    let end = |row: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,total\n2023-01-03,buy,G,10,8,\n{row}\n"
        ))
    };
    end("2023-06-01,tender,G,5,,60")
        .sold(&["G 5 2023-01-03 2023-06-01 60.00 40.00 0.00 20.00 short"])
        .held(&["main G 5 40.00 2023-01-03"]);
    end("2023-06-01,tender,G,5,12,")
        .sold(&["G 5 2023-01-03 2023-06-01 60.00 40.00 0.00 20.00 short"]);
    end("2023-06-01,tender,G,,,60")
        .sold(&["G 10 2023-01-03 2023-06-01 60.00 80.00 0.00 -20.00 short"]);
    end("2023-06-01,tender,G,12,,60").refused("sold 12 of G but only 10 are held");
    end("2023-06-01,merger,G,5,,60").refused("merger of 5 G, but 10 are held");
    end("2023-06-01,worthless,G,5,,").refused("worthless of 5 G, but 10 are held");
    end("2023-06-01,merger,G,10,,60")
        .sold(&["G 10 2023-01-03 2023-06-01 60.00 80.00 0.00 -20.00 short"]);
    end("2023-06-01,worthless,G,10,,")
        .sold(&["G 10 2023-01-03 2023-12-31 0.00 80.00 0.00 -80.00 short"]);
}

/// 10 P at 30, a tenth of the basis to 2.5 Q: 270 stay, 30 go, 12 on each unit. The half is sold for 8, and cost 6. Whole
/// units leave no fraction for cash.
#[test]
fn cash_for_the_fraction_of_a_spin_off_sells_it() {
    let spun = |units: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,total,new_symbol,new_quantity,fraction\n2022-01-03,buy,P,10,30,,,,\n\
             2023-06-01,spinoff,P,,,8,Q,{units},0.1\n"
        ))
    };
    spun("2.5")
        .sold(&["Q 0.5 2022-01-03 2023-06-01 8.00 6.00 0.00 2.00 long"])
        .held(&["main P 10 270.00 2022-01-03", "main Q 2 24.00 2022-01-03"]);
    spun("2").refused("whole units are held after the spinoff");
}

/// A split or rename of what nobody holds is told; not where units, a short, a contract on it or a loss hang on it.
#[test]
fn an_action_on_what_nobody_holds_is_told() {
    let told = |rows: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,ratio,new_symbol\n2024-01-02,buy,Y,1,1,,\n{rows}"
        ))
        .warned("nothing-held")
    };
    let (split, rename) = ("2024-03-01,split,X,,,2:1,\n", "2024-03-01,rename,X,,,,Z\n");
    assert_eq!(told(split), 1);
    assert_eq!(told(rename), 1);
    assert_eq!(told("2024-03-01,worthless,X,,,,\n"), 1);
    for held in [
        "2024-01-02,buy,X,1,1,,\n",
        "2024-01-02,short,X,1,1,,\n",
        "2024-01-02,buy,X,1,9,,\n2024-02-20,sell,X,1,1,,\n",
        "2024-01-02,bto,X240621C00050000,1,1,,\n",
        "2024-01-02,sto,X240621C00050000,1,1,,\n",
    ] {
        assert_eq!(told(&format!("{held}{split}")), 0, "{held}");
    }
    let rename_held = format!("2024-01-02,buy,X,1,1,,\n{rename}");
    assert_eq!(told(&rename_held), 0);
    // Thirty days after a loss nothing waits any more.
    assert_eq!(
        told(&format!(
            "2024-01-02,buy,X,1,9,,\n2024-01-30,sell,X,1,1,,\n{split}"
        )),
        1
    );
}

/// 10 at 20 are 200, and 10 given at 8 that cost the donor 100: in an average they count 80, so 280 for 20 is 14 a share,
/// 5 cost 70. Outside an average 80 counts for a loss only: the first 10 leave first.
#[test]
fn a_gift_enters_an_average_at_its_value() {
    let csv = "date,action,symbol,quantity,price,basis,class,account,to_account\n2024-01-02,buy,F,10,20,,fund,main,\n\
               2024-02-01,gift_in,F,10,8,100,fund,main,\n2024-06-03,sell,F,5,9,,fund,main,\n";
    let found = compute(csv, "-m average", "")
        .sold(&["F 5 2024-01-02 2024-06-03 45.00 70.00 0.00 -25.00 short"]);
    assert_eq!(found.warned("gift-averaged"), 1);
    found.held(&["main F 5 70.00 2024-01-02", "main F 10 140.00 2024-02-01"]);
    assert_eq!(plain(csv).warned("gift-averaged"), 0);
    // One worth what it cost has one basis: 300 for 20.
    let worth = csv.replace("gift_in,F,10,8,", "gift_in,F,10,10,");
    let found = compute(&worth, "-m average", "")
        .sold(&["F 5 2024-01-02 2024-06-03 45.00 75.00 0.00 -30.00 short"]);
    assert_eq!(found.warned("gift-averaged"), 0);
}

/// The same where the gift lies in another account first: there it has both, 80 and 100, and enters the average at 80.
#[test]
fn a_gift_moved_into_an_average_enters_at_its_value() {
    let moved = "date,action,symbol,quantity,price,basis,class,account,to_account\n2024-01-02,buy,F,10,20,,fund,main,\n\
                 2024-02-01,gift_in,F,10,8,100,fund,other,\n2024-03-01,transfer,F,10,,,fund,other,main\n\
                 2024-06-03,sell,F,5,9,,fund,main,\n";
    let folder = "[accounts.main]\nmethod = \"average\"";
    let found = compute(moved, "", folder)
        .sold(&["F 5 2024-01-02 2024-06-03 45.00 70.00 0.00 -25.00 short"]);
    assert_eq!(found.warned("gift-averaged"), 1);
}

/// Taken up on 3 June 2024 the period begins on that day (26 USC 1223(5)): a year is full with 2 June 2025, so 3 June is
/// long-term. Stock bought that day is so from 4 June.
#[test]
fn shares_taken_up_by_a_right_are_held_from_that_day() {
    let sold = |tag: &str, day: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,tag\n2024-06-03,buy,R,10,10,{tag}\n{day},sell,R,10,12,\n"
        );
        plain(&csv).table("disposals", &["acquired", "held_from", "term"])
    };
    assert_eq!(sold("rights", "2025-06-03"), ["2024-06-03 2024-06-02 long"]);
    assert_eq!(
        sold("rights", "2025-06-02"),
        ["2024-06-03 2024-06-02 short"]
    );
    assert_eq!(sold("", "2025-06-03"), ["2024-06-03 2024-06-03 short"]);
    assert_eq!(sold("", "2025-06-04"), ["2024-06-03 2024-06-03 long"]);
}

/// A gift of which no record is left costs nothing where the user says so, and is long-term from a year after the day that
/// follows its receipt; else the message names the option.
#[test]
fn a_gift_without_a_record_costs_nothing_where_that_is_said() {
    let csv = |day: &str| {
        format!(
            "date,action,symbol,quantity,price,class\n2024-02-01,gift_in,BTC,1,40000,crypto\n{day},sell,BTC,1,90000,crypto\n"
        )
    };
    let zero = |day: &str| {
        let found = compute(&csv(day), "--unknown-basis zero", "");
        assert_eq!(found.warned("basis-unknown"), 1);
        found
    };
    zero("2025-02-01").sold(&["BTC 1 2024-02-01 2025-02-01 90000.00 0.00 0.00 90000.00 short"]);
    zero("2025-02-02").sold(&["BTC 1 2024-02-01 2025-02-02 90000.00 0.00 0.00 90000.00 long"]);
    plain(&csv("2025-02-01")).refused("--unknown-basis zero");
}

/// Of a loss of 10,000 on futures 7,000 go back: the lines say so and add up to what is left, 3,000, and in the year that
/// takes 5,000 of it to nothing.
#[test]
fn an_explained_year_says_what_was_carried_back() {
    let csv = "date,action,symbol,quantity,price,class\n\
               2022-03-01,buy,F,1,1000,future\n2022-06-01,sell,F,1,6000,future\n\
               2023-03-01,buy,F,1,1000,future\n2023-06-01,sell,F,1,5000,future\n\
               2025-03-03,buy,F,1,20000,future\n2025-06-02,sell,F,1,10000,future\n";
    let contracts = |year: &str| {
        let told = explained(csv, year, "1256_carryback = \"yes\"");
        let part = parts(&told)
            .into_iter()
            .find(|(name, _)| name.contains("1256"));
        part.unwrap().1
    };
    assert_eq!(
        contracts("2025"),
        "F@2025-06-02#1 -10000.00; carried back to earlier years, Form 6781 line 6 7000.00"
    );
    assert_eq!(
        contracts("2022"),
        "F@2022-06-01#1 5000.00; loss carried back from a later year, on the amended Form 6781 -5000.00"
    );
}

/// 10 A at 0.6 for 6 B, of which 0.5 are withheld as the fee: their value is 6 x 0.5 / 6 = 0.50, which is also what they
/// cost. The 10 A bring 6.00 less the fee of 0.50.
#[test]
fn an_explained_fee_says_that_it_is_one() {
    let csv = "date,action,symbol,quantity,price,new_symbol,new_quantity,fee,fee_currency,class\n\
               2024-01-02,buy,A,10,0.1,,,,,crypto\n2024-02-01,swap,A,10,0.6,B,6,0.5,B,crypto\n";
    let told = explained(csv, "B@2024-02-01#1", "");
    let told = parts(&told);
    assert_eq!(
        told[0].1,
        "0.5 B withheld as the fee from those received, at their value 0.50"
    );
    assert_eq!(
        told[1].1,
        "units acquired 2024-02-01: the units just received -; swapped A: 10 at 0.6: 0.5 of 6 0.50"
    );
    let given = parts(&explained(csv, "A@2024-02-01#1", ""));
    assert_eq!(
        given[0].1,
        "swapped A: 10 at 0.6 6.00; fee paid in B, at its value -0.50"
    );
    let third = "date,action,symbol,quantity,price,fee,fee_currency,fee_value,class\n\
                 2024-01-02,buy,A,10,10,,,,crypto\n2024-01-02,buy,C,10,1,,,,crypto\n\
                 2024-02-01,sell,A,10,12,2,C,3,crypto\n";
    let told = parts(&explained(third, "C@2024-02-01#1", ""));
    assert_eq!(told[0].1, "2 C given as the fee, at their value 3.00");
}

/// Ten at a loss of 100, and ten of the same from a dividend in stock: taxed at its value of 30 they were acquired for it
/// and replace what was sold, as a reinvested dividend would; untaxed they spread the basis and replace nothing.
#[test]
fn a_taxed_stock_dividend_replaces() {
    let dividend = |units: &str, price: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price\n2023-01-02,buy,S,20,40\n2023-06-01,sell,S,10,30\n\
             2023-06-10,stock_dividend,S,{units},{price}\n"
        ))
    };
    dividend("10", "30")
        .sold(&["S 10 2023-01-02 2023-06-01 300.00 400.00 100.00 0.00 short"])
        .held(&["main S 10 400.00 2023-01-02", "main S 10 400.00 2023-01-11"]);
    dividend("10", "").sold(&["S 10 2023-01-02 2023-06-01 300.00 400.00 0.00 -100.00 short"]);
}

/// Fills of one order are one purchase (Rev. Rul. 56-602): the second 50 do not replace the first. Of two orders they do.
#[test]
fn fills_of_one_order_do_not_replace_one_another() {
    let sold = |second: &str, row: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,order\n2024-06-03,buy,X,50,10,o1\n2024-06-03,buy,X,50,12,{second}\n\
             2024-06-10,sell,X,50,9,\n2024-12-31,buy,Y,1,1,\n"
        ))
        .sold(&[&format!("X 50 2024-06-03 2024-06-10 450.00 500.00 {row} short")]);
    };
    sold("o1", "0.00 -50.00");
    sold("o2", "50.00 0.00");
    sold("", "50.00 0.00");
}

/// 100 lost on X, 200 on a call on it and 40 on Y on one day: what is bought of X replaces X alone, whether losses are
/// matched at once or when the day ends.
#[test]
fn losses_of_one_day_are_replaced_by_their_own_security() {
    let csv = "date,action,symbol,quantity,price\n2024-01-02,buy,X,10,20\n2024-01-02,buy,Y,10,10\n\
               2024-01-02,bto,X     241220C00050000,1,3\n2024-06-03,sell,X,10,10\n2024-06-03,stc,X     241220C00050000,1,1\n\
               2024-06-03,sell,Y,10,6\n2024-06-10,buy,X,200,10\n2024-12-31,buy,Z,1,1\n";
    for readings in ["", "same_day_sequence = \"end-of-day\""] {
        compute(csv, "", readings).sold(&[
            "X 10 2024-01-02 2024-06-03 100.00 200.00 100.00 0.00 short",
            "X     241220C00050000 1 2024-01-02 2024-06-03 100.00 300.00 0.00 -200.00 short",
            "Y 10 2024-01-02 2024-06-03 60.00 100.00 0.00 -40.00 short",
        ]);
    }
}

/// Bought for 1,100 six days after the short sale, with the 1,000 lost a week before in its basis and their 517 days in
/// its period: 900 gained on delivering it are short-term, since it was acquired after the short sale (26 USC 1233(b)(1)).
#[test]
fn what_is_acquired_after_a_short_sale_gains_short_term_however_long_it_counts_as_held() {
    plain(
        "date,action,symbol,quantity,price,lot\n2023-01-03,buy,X,100,20,\n2024-06-03,sell,X,100,10,\n\
         2024-06-04,short,X,100,30,\n2024-06-10,buy,X,100,11,r\n2024-07-01,cover,X,100,,r\n",
    )
    .sold(&[
        "X 100 2023-01-03 2024-06-03 1000.00 2000.00 1000.00 0.00 long",
        "X 100 2024-06-10 2024-07-01 3000.00 2100.00 0.00 900.00 short",
    ]);
}

/// A split of what nobody holds is told, but not while a loss waits: the loss of 200 on 100 sold short is replaced by the 200
/// that they are after it.
#[test]
fn a_split_while_a_loss_waits_is_not_about_nothing() {
    let split = "2024-06-12,split,X,,,2:1\n2024-12-31,buy,Y,1,1,\n";
    let run = |before: &str, after: &str| {
        let end = split.replace("2024-12-31", &format!("{after}2024-12-31"));
        plain(&format!(
            "date,action,symbol,quantity,price,ratio\n{before}{end}"
        ))
    };
    let short = "2024-06-03,short,X,100,10,\n2024-06-10,cover,X,100,12,\n";
    let found = run(short, "2024-06-20,short,X,200,6,\n");
    assert_eq!(found.warned("nothing-held"), 0);
    found.sold(&["X 100 2024-06-10 2024-06-10 1000.00 1200.00 200.00 0.00 short"]);
    // Replaced already, and that is sold.
    let replaced = "2024-01-02,buy,X,10,20,\n2024-06-03,sell,X,10,10,\n2024-06-10,buy,X,10,10,\n2024-06-11,sell,X,10,30,\n";
    assert_eq!(run(replaced, "").warned("nothing-held"), 1);
}

/// Bought for 2,000, sold for 1,800; 30 of exempt interest leave 170 of the loss (26 USC 852(b)(4)(B)). Half is bought
/// again: 85 wait with it, 900 + 85, of which 25 of the 50 take half.
#[test]
fn the_loss_that_exempt_interest_leaves_is_deferred_by_its_own_amount() {
    plain(
        "date,action,symbol,quantity,price,total,class,tag\n2025-04-03,buy,F,100,20,,fund,\n\
         2025-05-15,dividend,F,,,30,fund,exempt-interest\n2025-07-15,sell,F,100,18,,fund,\n\
         2025-07-20,buy,F,50,18,,fund,\n2025-09-02,sell,F,25,30,,fund,\n2025-12-31,buy,Y,1,1,,,\n",
    )
    .sold(&[
        "F 100 2025-04-03 2025-07-15 1800.00 2000.00 115.00 -85.00 short",
        "F 25 2025-07-20 2025-09-02 750.00 492.50 0.00 257.50 short",
    ])
    .held(&["main F 25 492.50 2025-04-08", "main Y 1 1.00 2025-12-31"]);
}

/// A loss of 200 that exempt interest of 300 takes whole is no loss that could wait: what is bought again is held from its
/// own day.
#[test]
fn a_loss_that_exempt_interest_takes_whole_is_not_replaced() {
    plain(
        "date,action,symbol,quantity,price,total,class,tag\n2025-04-03,buy,F,100,20,,fund,\n\
         2025-05-15,dividend,F,,,300,fund,exempt-interest\n2025-07-15,sell,F,100,18,,fund,\n\
         2025-07-20,buy,F,50,18,,fund,\n2025-12-31,buy,Y,1,1,,,\n",
    )
    .sold(&["F 100 2025-04-03 2025-07-15 1800.00 2000.00 200.00 0.00 short"])
    .held(&["main F 50 900.00 2025-07-20", "main Y 1 1.00 2025-12-31"]);
}

/// What is returned takes from the basis of 100 first: all of it is no gain, one more is a gain of one.
#[test]
fn a_return_of_the_whole_basis_is_no_gain() {
    let returned = |total: u32| {
        plain(&format!(
            "date,action,symbol,quantity,price,total\n2024-01-03,buy,S,10,10,\n2024-06-03,return_of_capital,S,,,{total}\n"
        ))
        .held(&["main S 10 0.00 2024-01-03"])
    };
    returned(100).sold(&[]);
    returned(101).sold(&["S 0 2024-01-03 2024-06-03 1.00 0.00 0.00 1.00 short"]);
}

/// Coins of the universal pool are in no wallet; shares of the same file stay in their account, and so do sales of coins.
/// Coins bought on 1 January 2025 are their wallet's (26 CFR 1.1012-1(j)(6)).
#[test]
fn only_coins_before_2025_are_in_the_universal_pool() {
    let held = |rows: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,account,class\n2024-01-02,buy,BTC,2,100,a,crypto\n\
             2024-01-02,buy,S,1,10,a,stock\n2024-02-01,sell,BTC,1,120,b,crypto\n{rows}"
        );
        configured(&csv, "", "[crypto]\npre2025 = \"universal\"\n")
    };
    let before = held("");
    assert_eq!(before.table("disposals", &["account", "gain"]), ["b 20.00"]);
    before.held(&["- BTC 1 100.00 2024-01-02", "a S 1 10.00 2024-01-02"]);
    held("2024-03-01,sell,BTC,1,120,b,crypto\n2025-01-01,buy,BTC,1,130,b,crypto\n")
        .held(&["b BTC 1 130.00 2025-01-01", "a S 1 10.00 2024-01-02"]);
}

/// Contracts are marked at the year end, whether bought or sold (26 USC 1256(a)(1)).
#[test]
fn a_contract_of_an_earlier_year_needs_its_mark() {
    for quantity in [1, -1] {
        plain(&format!(
            "date,action,symbol,quantity,price,class\n2024-11-04,open,ES,{quantity},100,future\n2025-03-03,buy,Y,1,1,stock\n"
        ))
        .refused("held past 2024-12-31 without a year-end mark");
    }
}

/// 200 lost on buying back a written option is no loss on a short sale (26 USC 1091(e)): writing another two days later
/// replaces nothing.
#[test]
fn a_loss_on_a_written_option_does_not_wait() {
    let call = "X     241220C00050000";
    plain(&format!(
        "date,action,symbol,quantity,price\n2024-06-03,sto,{call},1,3\n2024-06-10,btc,{call},1,5\n\
         2024-06-12,sto,{call},1,4\n2024-12-20,expire,{call},1,\n2024-12-31,buy,Z,1,1\n"
    ))
    .sold(&[
        &format!("{call} 1 2024-06-10 2024-06-03 300.00 500.00 0.00 -200.00 short"),
        &format!("{call} 1 2024-12-20 2024-06-12 400.00 0.00 0.00 400.00 short"),
    ]);
}

/// 50 paid in lieu of a dividend are a line of their own in the cost of the short that is closed in time.
#[test]
fn an_explained_short_names_what_was_paid_in_lieu() {
    let closed = |rows: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,total\n2024-06-03,short,X,100,16,\n{rows}2024-07-01,cover,X,100,10,\n"
        );
        let parts = parts(&explained(&csv, "X@2024-07-01#1", ""));
        let (_, cost) = parts.iter().find(|(name, _)| name == "cost").unwrap();
        cost.clone()
    };
    let plain = closed("");
    let paid = closed("2024-06-10,dividend,X,,,-50\n");
    assert_eq!(plain.matches(';').count(), 0, "{plain}");
    assert_eq!(paid.matches(';').count(), 1, "{paid}");
    assert!(paid.contains(" 50.00"), "{paid}");
}

/// 100 of long-term gain on collectibles less 60 of short-term loss are 40 for line 18 of Schedule D; nothing where the
/// loss is as large.
#[test]
fn short_losses_come_off_the_gain_on_collectibles() {
    let line = |price: u32| {
        let csv = format!(
            "date,action,symbol,quantity,price,class\n2023-01-03,buy,C,10,10,collectible\n2024-01-03,buy,S,10,10,stock\n\
             2024-06-03,sell,C,10,20,collectible\n2024-06-03,sell,S,10,{price},stock\n2024-12-31,buy,Y,1,1,stock\n"
        );
        let found = plain(&csv).document;
        found["years"][0]["lines"]["collectibles_gain"].to_string()
    };
    assert_eq!(line(4), "\"40.00\"");
    assert_eq!(line(0), "\"0.00\"");
    assert_eq!(line(10), "\"100.00\"");
    assert_eq!(line(12), "\"100.00\"");
}

/// 5,000 lost on contracts are 2,000 beyond what is deducted by themselves (26 USC 1212(c)(4)), however much else was lost:
/// so much goes back to the 9,000 gained two years before.
#[test]
fn only_what_contracts_alone_carry_over_is_carried_back() {
    let years = |readings: &str| {
        let csv = "date,action,symbol,quantity,price,class\n2023-02-03,open,ES,1,1000,future\n2023-06-05,close,ES,1,10000,future\n\
                   2025-02-03,open,ES,1,10000,future\n2025-02-03,buy,X,100,200,stock\n2025-06-03,close,ES,1,5000,future\n\
                   2025-06-03,sell,X,100,100,stock\n2025-12-31,buy,Y,1,1,stock\n";
        let found = compute(csv, "", readings).document;
        let years = found["years"].as_array().unwrap().clone();
        let of = |year: &Value, line: &str| year["lines"][line].as_str().unwrap().to_owned();
        let (first, last) = (&years[0], &years[years.len() - 1]);
        [
            of(first, "section_1256_net"),
            of(last, "section_1256_carryback"),
        ]
    };
    assert_eq!(years(""), ["9000.00", "2000.00"]);
    assert_eq!(years("1256_carryback = \"yes\"")[0], "7000.00");
}

/// Lots chosen by a method other than first in, first out, or named by a row, must have been identified in time: where
/// there is a sale.
#[test]
fn a_choice_of_lots_is_told() {
    let told = |rows: &str, arguments: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,lot\n2024-01-02,buy,X,10,10,a\n2024-02-01,buy,X,10,20,b\n{rows}"
        );
        let found = compute(&csv, arguments, "");
        let warnings = found.document["warnings"].as_array().unwrap().iter();
        let mut own = warnings.filter(|told| told["code"] == "identification-in-time");
        own.next()
            .map_or_else(String::new, |told| told["at"].to_string())
    };
    let (any, named) = ("2024-06-03,sell,X,10,30,\n", "2024-06-03,sell,X,10,30,b\n");
    assert_eq!(told(any, ""), "");
    assert_eq!(told(any, "--method average"), "");
    assert_eq!(told(any, "--method hifo"), "[]");
    assert_eq!(told("", "--method hifo"), "");
    assert_eq!(told(named, ""), "[\"t.csv:4\"]");
    assert_eq!(told(named, "--method hifo"), "[\"t.csv:4\"]");
}

/// Sold at a loss 30 days after the first row, purchases before the file may have replaced it; not after 31 days, not
/// where nothing was lost, and not with the rule off.
#[test]
fn a_loss_near_the_first_row_is_told() {
    let told = |sold: &str, price: u32, arguments: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price\n2024-06-03,buy,X,10,10\n{sold},sell,X,10,{price}\n2024-12-31,buy,Y,1,1\n"
        );
        compute(&csv, arguments, "").warned("wash-window-start")
    };
    assert_eq!(told("2024-07-03", 9, ""), 1);
    assert_eq!(told("2024-07-04", 9, ""), 0);
    assert_eq!(told("2024-07-03", 10, ""), 0);
    assert_eq!(told("2024-07-03", 9, "--wash-sales off"), 0);
    // What was bought that day is the first row itself.
    assert_eq!(told("2024-06-03", 9, ""), 0);
}

/// A loss of 5,000 is carried over beyond the 3,000 deducted, whichever its term: taxable income is asked for.
#[test]
fn a_carried_loss_asks_for_taxable_income() {
    let told = |bought: &str, price: u32, arguments: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price\n{bought},buy,X,100,100\n2024-06-03,sell,X,100,{price}\n2024-12-31,buy,Y,1,1\n"
        );
        compute(&csv, arguments, "").warned("taxable-income-unknown")
    };
    assert_eq!(told("2024-01-02", 50, ""), 1);
    assert_eq!(told("2022-01-03", 50, ""), 1);
    assert_eq!(told("2024-01-02", 70, ""), 0);
    assert_eq!(told("2024-01-02", 50, "--taxable-income 10000"), 0);
}

#[test]
fn perpetual_futures_are_told_to_be_unsettled() {
    let told = |class: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,class\n2024-05-03,buy,P,1,20,{class}\n2024-06-03,sell,P,1,22,{class}\n"
        ))
        .warned("perpetual-unsettled")
    };
    assert_eq!(told("perpetual"), 1);
    assert_eq!(told("stock"), 0);
}

/// Where no rule looks 30 days ahead, a purchase on the 31st day hangs on nothing.
#[test]
fn a_window_hangs_on_the_time_zone_only_where_there_is_one() {
    let csv = "date,action,symbol,quantity,price\n2024-01-02T12:00:00Z,buy,X,1,10\n2024-06-03T12:00:00Z,sell,X,1,8\n\
               2024-07-04T12:00:00Z,buy,X,1,8\n2024-12-02,buy,Y,1,1\n";
    let told = |arguments: &str| compute(csv, arguments, "").warned("timezone-assumed");
    assert_eq!(told(""), 1);
    assert_eq!(told("--wash-sales off"), 0);
    assert_eq!(told("-j de"), 0);
}

const MOVED: &str = "date,action,symbol,quantity,price,account,id\n2024-01-02,buy,XYZ,10,150,a,\n";

#[track_caller]
fn moved(rows: &str) -> Computed {
    plain(&format!("{MOVED}{rows}2024-06-03,sell,XYZ,4,180,b,\n"))
}

/// The two accounts have a file each, and the one read first may be that of the arrival: 4 of the 10 bought at 150.
#[test]
fn units_may_arrive_in_a_row_above_that_of_their_departure() {
    let sold = ["XYZ 4 2024-01-02 2024-06-03 720.00 600.00 0.00 120.00 short"];
    let held = ["b XYZ 6 900.00 2024-01-02"];
    for rows in [
        "2024-03-01,transfer_in,XYZ,10,,b,\n2024-03-01,transfer_out,XYZ,10,,a,\n",
        "2024-03-01 10:00,transfer_in,XYZ,10,,b,\n2024-03-01 12:00,transfer_out,XYZ,10,,a,\n",
        "2024-03-01,transfer_in,XYZ,10,,b,z\n2024-03-09,transfer_out,XYZ,10,,a,z\n",
        "2024-03-01,transfer_in,XYZ,10,,b,\n2024-03-04,transfer_out,XYZ,10,,a,\n",
    ] {
        moved(rows).sold(&sold).held(&held);
    }
}

/// The sale of the same day stands above both rows of the transfer.
#[test]
fn a_sale_finds_what_arrives_that_day_in_whatever_order_the_rows_are() {
    plain(&format!(
        "{MOVED}2024-06-03,sell,XYZ,4,180,b,\n2024-06-03,transfer_in,XYZ,10,,b,\n2024-06-03,transfer_out,XYZ,10,,a,\n"
    ))
    .sold(&["XYZ 4 2024-01-02 2024-06-03 720.00 600.00 0.00 120.00 short"]);
}

/// What comes and goes again in one account is no transfer, and a departure with an arrival of its own is not another's.
#[test]
fn an_arrival_takes_no_departure_that_is_not_its_own() {
    plain(&format!(
        "{MOVED}2024-03-01,transfer_in,XYZ,10,,a,\n2024-03-01,transfer_out,XYZ,10,,a,\n"
    ))
    .held(&["a XYZ 10 1500.00 2024-01-02", "a XYZ 10 0.00 2024-03-01"]);
    plain(&format!(
        "{MOVED}2024-03-01,transfer_in,XYZ,10,,b,\n2024-03-02,transfer_out,XYZ,10,,a,\n2024-03-03,transfer_in,XYZ,10,,c,\n"
    ))
    .held(&["b XYZ 10 0.00 2024-03-01", "c XYZ 10 1500.00 2024-01-02"]);
}

/// Booked on the next business day, in the next year: the loss belongs to the day on which the option ended.
#[test]
fn an_option_ends_on_its_last_day_whenever_that_is_booked() {
    let computed = plain(
        "date,action,symbol,quantity,price\n2024-12-02,bto,XYZ   241231C00150000,1,2\n2025-01-02,expire,XYZ   241231C00150000,1,\n",
    );
    assert_eq!(computed.warned("expired-before"), 1);
    computed
        .sold(&["XYZ   241231C00150000 1 2024-12-02 2024-12-31 0.00 200.00 0.00 -200.00 short"]);
}

/// One option in two spellings has one name, whichever comes first.
#[test]
fn an_option_has_one_name_however_it_is_written() {
    let spelt = |bought: &str, sold: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price\n2024-01-02,bto,{bought},1,2\n2024-02-02,stc,{sold},1,3\n"
        ))
        .sold(&["XYZ   240621C00030000 1 2024-01-02 2024-02-02 300.00 200.00 0.00 100.00 short"]);
    };
    spelt("XYZ 06/21/2024 30.00 C", "XYZ   240621C00030000");
    spelt("XYZ   240621C00030000", "-XYZ240621C30");
}

/// 150 dollars for a yen cannot be; a rate near 1 and its inverse are alike.
#[test]
fn a_rate_the_wrong_way_round_is_told() {
    let warned = |currency: &str, rate: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,currency,fx_rate\n2024-01-02,buy,XYZ,10,150,{currency},{rate}\n"
        ))
        .warned("rate-inverse")
    };
    assert_eq!(warned("JPY", "150"), 1);
    assert_eq!(warned("JPY", "0.0067"), 0);
    assert_eq!(warned("EUR", "0.91"), 0);
    // The rate of a pound, where the price is in pence.
    assert_eq!(warned("GBX", "1.25"), 1);
    assert_eq!(warned("GBX", "0.0125"), 0);
}

/// Ten that cost 50 are sold at 40, ten at 30: both purchases of the window take a loss of their own, 10 and 20 a share,
/// and the period since 10 January 2024 with it. So ten of the twenty cost 45 + 10, ten 45 + 20, in the order cut off.
#[test]
fn pieces_of_one_purchase_keep_each_its_own_loss() {
    let csv = "date,action,symbol,quantity,price\n2024-01-10,buy,X,20,50\n2025-02-20,buy,X,20,45\n\
               2025-03-03,sell,X,10,40\n2025-03-05,sell,X,10,30\n2025-06-02,sell,X,10,60\n";
    plain(csv)
        .sold(&[
            "X 10 2024-01-10 2025-03-03 400.00 500.00 100.00 0.00 long",
            "X 10 2024-01-10 2025-03-05 300.00 500.00 200.00 0.00 long",
            "X 10 2025-02-20 2025-06-02 600.00 550.00 0.00 50.00 long",
        ])
        .held(&["main X 10 650.00 2024-01-10"]);
}

/// Twenty bought at 42 take 10 a share of ten and 20 of ten: 52 and 62. The highest cost leaves first, the lowest under
/// its mirror.
#[test]
fn pieces_of_one_purchase_are_ranked_each_by_its_own_basis() {
    let csv = "date,action,symbol,quantity,price\n2024-01-10,buy,X,10,50\n2024-01-10,buy,X,10,60\n\
               2025-03-03,sell,X,20,40\n2025-03-10,buy,X,20,42\n2025-06-02,sell,X,10,70\n";
    let last = |method: &str| compute(csv, method, "").table("disposals", &["cost"])[2].clone();
    assert_eq!(last("-m fifo"), "520.00");
    assert_eq!(last("-m hifo"), "620.00");
    assert_eq!(last("-m lofo"), "520.00");
}

/// Of three shares for 100.00 one moves, then the others: the units are alike still, and one lot.
#[test]
fn units_that_meet_again_are_one_lot_where_nothing_tells_them_apart() {
    let csv = "date,action,symbol,quantity,price,account,to_account\n2024-01-10,buy,X,3,33.333333333,a,\n\
               2024-02-01,transfer,X,1,,a,b\n2024-03-01,transfer,X,2,,a,b\n";
    plain(csv).held(&["b X 3 100.00 2024-01-10"]);
}

/// Ten are sold at a loss of 20 and ten warrants for one share each are bought two days later: a right to acquire, as a
/// call is. Rights that a company hands out are not bought, and stock bought after warrants does not replace them.
#[test]
fn a_warrant_that_is_bought_replaces_its_stock() {
    let head = "date,action,symbol,quantity,price,underlying,strike,multiplier,class,new_symbol,new_quantity,fraction\n";
    let sold = |rows: &str| {
        let csv = format!("{head}2024-06-01,buy,T,10,10,,,,stock,,,\n{rows}");
        plain(&csv).table("disposals", &["symbol", "adjustment", "gain"])
    };
    let bought = "2025-03-03,sell,T,10,8,,,,stock,,,\n2025-03-05,buy,TW,10,1,T,12,1,right,,,\n";
    assert_eq!(sold(bought), ["T 20.00 0.00"]);
    let handed_out = "2025-03-02,spinoff,T,,,,,,,TW,10,0\n2025-03-03,sell,T,10,8,,,,stock,,,\n\
                      2025-03-04,sell,TW,10,1,T,12,1,right,,,\n";
    assert_eq!(sold(handed_out), ["T 0.00 -20.00", "TW 0.00 10.00"]);
    let other_way = "2024-07-01,buy,TW,10,3,T,12,1,right,,,\n2025-03-03,sell,TW,10,1,T,12,1,right,,,\n\
                     2025-03-05,buy,T,10,8,,,,stock,,,\n";
    assert_eq!(sold(other_way), ["TW 0.00 -20.00"]);
}

/// The put cost 200 and brings 2,500: 2,300 for the shares that the row names, whatever they are beside its own lots.
#[test]
fn an_exercised_put_delivers_the_lot_that_its_row_names() {
    let sold = |named: &str, method: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,lot,class\n2024-01-10,buy,X,100,10,a,stock\n\
             2024-02-12,buy,X,100,20,b,stock\n2025-03-03,bto,X     250620P00025000,1,2,p,option\n\
             2025-03-04,bto,X     250620P00025000,1,3,q,option\n\
             2025-06-02,exercise,X     250620P00025000,1,,{named},option\n"
        );
        compute(&csv, method, "")
    };
    let of_b = "X 100 2024-02-12 2025-06-02 2300.00 2000.00 0.00 300.00 long";
    sold("b", "").sold(&[of_b]);
    sold("p;b", "-m specific").sold(&[of_b]);
    sold("q;b", "").sold(&[&of_b
        .replace("2300", "2200")
        .replace("300.00 long", "200.00 long")]);
    sold("q", "").sold(&["X 100 2024-01-10 2025-06-02 2200.00 1000.00 0.00 1200.00 long"]);
    sold("c", "").refused("no lot of X in main is called `c`");
}

/// 100 delivered for 2,000, less 5 on the short and 3 on the cover, against 1,010 with the fee of the purchase.
#[test]
fn what_delivering_a_lot_costs_comes_off_the_proceeds() {
    plain(
        "date,action,symbol,quantity,price,fee,lot\n2023-01-10,buy,X,100,10,10,a\n2025-03-03,short,X,100,20,5,\n\
         2025-04-01,cover,X,100,,3,a\n",
    )
    .sold(&["X 100 2023-01-10 2025-04-01 1992.00 1010.00 0.00 982.00 long"]);
}

/// The short of 12 March in b was opened before that of 14 March in a: it takes the loss of 40 over, so that it brings 410.
#[test]
fn the_earliest_short_in_any_account_takes_a_loss_over() {
    plain(
        "date,action,symbol,quantity,price,account\n2025-02-03,short,X,10,40,a\n2025-03-12,short,X,10,45,b\n\
         2025-03-14,short,X,10,45,a\n2025-03-17,cover,X,10,44,a\n2025-06-17,cover,X,10,44,a\n\
         2025-06-18,cover,X,10,44,b\n",
    )
    .sold(&[
        "X 10 2025-03-17 2025-03-17 400.00 440.00 40.00 0.00 short",
        "X 10 2025-06-17 2025-06-17 450.00 440.00 0.00 10.00 short",
        "X 10 2025-06-18 2025-06-18 410.00 440.00 0.00 -30.00 short",
    ]);
}

/// A broker looks at its own account: the short opened in b leaves the loss in a as it is, one in a takes it over.
#[test]
fn a_broker_sees_shorts_of_its_own_account_only() {
    let adjusted = |account: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,account\n2025-03-03,short,X,10,40,a\n2025-03-17,cover,X,10,44,a\n\
             2025-03-24,short,X,10,45,{account}\n2025-05-05,cover,X,10,41,{account}\n"
        );
        let found = compute(&csv, "--wash-sales broker", "");
        found.table("disposals", &["adjustment", "gain"])
    };
    assert_eq!(adjusted("b"), ["0.00 -40.00", "0.00 40.00"]);
    assert_eq!(adjusted("a"), ["40.00 0.00", "0.00 0.00"]);
}

/// Clocks in New York show 1:00 to 2:00 twice on 3 November 2024: the purchase at 5:30 UTC (1:30) is before that at 6:10
/// (1:10), so the one for 100 is sold first.
#[test]
fn an_hour_that_comes_twice_keeps_its_order() {
    compute(
        "date,action,symbol,quantity,price,class\n2024-11-03T05:30:00Z,buy,BTC,1,100,crypto\n\
         2024-11-03T06:10:00Z,buy,BTC,1,200,crypto\n2024-11-03T06:20:00Z,sell,BTC,1,150,crypto\n",
        "--timezone America/New_York",
        "",
    )
    .sold(&["BTC 1 2024-11-03 2024-11-03 150.00 100.00 0.00 50.00 short"]);
}

/// What became worthless, or was bought up for cash, left all accounts at once: nothing that was bought in December is
/// left to replace it, in an account of one's own (500 and 50 lost) or in an IRA.
#[test]
fn units_that_leave_in_one_event_do_not_replace_each_other() {
    let sheltered = "[accounts.i]\nkind = \"sheltered\"";
    let rows = |other: &str, end: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,account,total\n2024-01-10,buy,X,100,5,a,\n\
             2025-12-15,buy,X,50,1,{other},\n2025-12-20,{end}\n"
        );
        let found = configured(&csv, "", sheltered);
        found.table("disposals", &["account", "adjustment", "gain"])
    };
    for end in ["worthless,X,,,,", "merger,X,,,,0"] {
        assert_eq!(rows("b", end), ["a 0.00 -500.00", "b 0.00 -50.00"], "{end}");
        assert_eq!(rows("i", end), ["a 0.00 -500.00"], "{end}");
    }
}

/// Ten that cost 100 are sold for 50 on 3 March. Ten that were bought elsewhere on 20 February, and moved in before or
/// long after, replace them; so do ten of 2 April, and none of 3 April, of 31 January, or of a day that nobody gives.
#[test]
fn a_lot_that_moves_in_replaces_by_the_day_it_was_bought() {
    let adjusted = |moved: &str, bought: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,account,basis,acquired_date\n2024-06-03,buy,X,10,10,a,,\n\
             2025-03-03,sell,X,10,5,a,,\n{moved},transfer_in,X,10,,b,90,{bought}\n2025-08-01,buy,X,1,10,a,,\n"
        );
        plain(&csv).table("disposals", &["adjustment"])[0].clone()
    };
    assert_eq!(adjusted("2025-03-01", "2025-02-20"), "50.00");
    assert_eq!(adjusted("2025-07-01", "2025-02-20"), "50.00");
    assert_eq!(adjusted("2025-07-01", "2025-04-02"), "50.00");
    assert_eq!(adjusted("2025-07-01", "2025-04-03"), "0.00");
    assert_eq!(adjusted("2025-03-01", "2025-01-31"), "0.00");
    assert_eq!(adjusted("2025-03-01", ""), "0.00");
}

/// A gift of May 2025 was acquired then: it leaves after what was bought in 2024, and counts from the donor's day for a
/// gain (12,000 for 10,000), from its own for a loss (8,000 against its value of 9,000).
#[test]
fn a_gift_is_acquired_on_its_day_and_held_from_the_donors() {
    let csv = |price: &str| {
        format!(
            "date,action,symbol,quantity,price,basis,acquired_date\n2024-05-01,buy,X,100,100,,\n\
             2025-05-20,gift_in,X,100,90,10000,2020-05-05\n2025-06-02,sell,X,100,100,,\n2025-06-03,sell,X,100,{price},,\n"
        )
    };
    let last = |price: &str| {
        let columns = ["acquired", "held_from", "gain", "term"];
        plain(&csv(price)).table("disposals", &columns)
    };
    assert_eq!(last("120")[0], "2024-05-01 2024-05-01 0.00 long");
    assert_eq!(last("120")[1], "2025-05-20 2020-05-05 2000.00 long");
    assert_eq!(last("80")[1], "2025-05-20 2025-05-20 -1000.00 short");
}

/// 2 x 2,000 in 2024, 0.5 x 3,000 and 100 in 2025; what an IRA earns is no income of the year.
#[test]
fn income_in_kind_is_told_by_year() {
    let csv = "date,action,symbol,quantity,price,account,class\n2024-03-01,income,ETH,2,2000,w,crypto\n\
               2025-03-01,income,ETH,0.5,3000,w,crypto\n2025-04-01,income,SOL,1,100,w,crypto\n\
               2025-04-02,income,SOL,1,100,i,crypto\n";
    let found = configured(csv, "", "[accounts.i]\nkind = \"sheltered\"");
    assert_eq!(found.warned("income-in-kind"), 1);
    let warnings = found.document["warnings"].to_string();
    assert!(
        warnings.contains("4000.00 in 2024, 1600.00 in 2025"),
        "{warnings}"
    );
    assert_eq!(found.table("years", &["tax_year"]), Vec::<String>::new());
}

#[test]
fn unsettled_exchanges_of_tokens_are_told() {
    let swapped = |for_what: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,new_symbol,new_quantity,class\n2025-01-06,buy,ETH,2,2000,,,crypto\n\
             2025-09-08,swap,ETH,1,3000,{for_what},1,crypto\n"
        );
        let found = plain(&csv);
        [
            found.warned("wrapped-token-unsettled"),
            found.warned("pool-token-unsettled"),
        ]
    };
    assert_eq!(swapped("WETH"), [1, 0]);
    assert_eq!(swapped("UNI-V2"), [0, 1]);
    assert_eq!(swapped("ETH-USDC-LP"), [0, 1]);
    assert_eq!(swapped("SOL"), [0, 0]);
    assert_eq!(swapped("WLD"), [0, 0]);
}

#[test]
fn lost_units_are_told() {
    let csv = "date,action,symbol,quantity,price,class\n2025-01-06,buy,ETH,2,2000,crypto\n2025-09-08,lost,ETH,1,,crypto\n";
    assert_eq!(plain(csv).warned("lost-not-deducted"), 1);
}

/// Ten for 100: 100 may come off, and then nothing is left of the basis; 100.01 may not.
#[test]
fn an_adjustment_leaves_no_basis_below_nothing() {
    let csv = |total: &str| {
        format!(
            "date,action,symbol,quantity,price,total\n2024-01-10,buy,X,10,10,\n2024-02-10,basis_adjust,X,,,{total}\n"
        )
    };
    plain(&csv("-100")).held(&["main X 10 0.00 2024-01-10"]);
    plain(&csv("-100.01")).refused("takes more off the 10 X of 2024-01-10 than their basis");
}

/// One bought for 200 and one written for 300 expire together: 100 in all.
#[test]
fn an_expiry_without_a_quantity_ends_both_sides() {
    let csv = "date,action,symbol,quantity,price,class\n2025-01-10,bto,X     250620C00025000,1,2,option\n\
               2025-01-11,sto,X     250620C00025000,1,3,option\n2025-06-20,expire,X     250620C00025000,,,option\n";
    let found = plain(csv);
    assert_eq!(found.table("disposals", &["gain"]), ["300.00", "-200.00"]);
    found.held(&[]);
}

/// Twenty units sold on one day at twenty prices, each replaced by one of 40 bought before: their losses of 610 in all join
/// the 1,800 that the 40 cost, in a dozen pieces and no more.
#[test]
fn a_purchase_is_in_no_more_than_a_dozen_pieces_and_keeps_its_cost() {
    let mut csv = String::from(
        "date,action,symbol,quantity,price\n2024-01-10,buy,X,40,50\n2025-02-20,buy,X,40,45\n",
    );
    for price in 10..30 {
        csv += &format!("2025-03-03,sell,X,1,{price}\n");
    }
    csv += "2025-06-02,sell,X,60,60\n";
    let rows = plain(&csv).table("disposals", &["acquired", "disposed", "cost"]);
    let bought = rows
        .iter()
        .filter(|row| row.starts_with("2025-02-20 2025-06-02"));
    let costs: Vec<f64> = bought
        .map(|row| row.rsplit(' ').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(costs.len(), 12);
    assert_eq!(costs.iter().sum::<f64>().round(), 2410.0);
}

/// Booked on the first business day after it, an expiry is the day's own: of the year that a report to its end shows.
#[test]
fn an_expiry_booked_after_the_day_of_the_report_has_happened() {
    let call = "X     251231C00045000";
    let csv = format!(
        "date,action,symbol,quantity,price\n2025-11-03,bto,{call},1,3\n2026-01-02,expire,{call},1,\n"
    );
    compute(&csv, "--as-of 2025-12-31", "")
        .sold(&[&format!(
            "{call} 1 2025-11-03 2025-12-31 0.00 300.00 0.00 -300.00 short"
        )])
        .held(&[]);
}

/// 10 NEW bought for 300 are sold for 200; after OLD became NEW as well, 10 bought for 210 take the 100 over, and the 58
/// days held. The same 10 bought as OLD two days before the change do so too.
#[test]
fn losses_wait_across_a_change_of_name_into_theirs() {
    let columns = "date,action,symbol,quantity,price,new_symbol\n";
    let loss = "2024-01-03,buy,NEW,10,30,\n2024-03-01,sell,NEW,10,20,\n";
    let sold = "NEW 10 2024-01-03 2024-03-01 200.00 300.00 100.00 0.00 short";
    let after =
        "2024-01-02,buy,OLD,100,50,\n2024-03-05,rename,OLD,,,NEW\n2024-03-10,buy,NEW,10,21,\n";
    plain(&format!("{columns}{loss}{after}"))
        .sold(&[sold])
        .held(&[
            "main NEW 100 5000.00 2024-01-02",
            "main NEW 10 310.00 2024-01-12",
        ]);
    let before = "2024-03-03,buy,OLD,10,21,\n2024-03-05,rename,OLD,,,NEW\n";
    plain(&format!("{columns}{loss}{before}"))
        .sold(&[sold])
        .held(&["main NEW 10 310.00 2024-01-05"]);
}

/// META gave its name up and is METV; what is called META since is no replacement of it: 10 x (12 - 15).
#[test]
fn a_name_given_up_may_come_to_mean_another() {
    let csv = "date,action,symbol,quantity,price,new_symbol\n\
        2024-01-03,buy,META,10,15,\n2024-02-01,rename,META,,,METV\n\
        2024-02-02,buy,FB,10,100,\n2024-02-09,rename,FB,,,META\n\
        2024-02-20,sell,METV,10,12,\n2024-02-21,buy,META,5,110,\n";
    plain(csv)
        .sold(&["METV 10 2024-01-03 2024-02-20 120.00 150.00 0.00 -30.00 short"])
        .held(&[
            "main META 10 1000.00 2024-02-02",
            "main META 5 550.00 2024-02-21",
        ]);
}

/// 100 x (31 - 50) is replaced by whatever is identical: through two groups, through a group and an ISIN, and under a new
/// name, whichever row names it first.
#[test]
fn identity_goes_from_one_to_the_next() {
    let sale = |bought: &str, sold: &str, other: &str, configuration: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,isin,new_symbol\n{bought}2024-03-10,sell,{sold},100,31,,\n2024-03-12,buy,{other},100,31,,\n"
        );
        let rows = configured(&csv, "", configuration);
        rows.table("disposals", &["symbol", "adjustment"])
    };
    let a = "2024-01-02,buy,A,100,50,US0378331005,\n";
    let chain = "identical = [[\"A\", \"B\"], [\"B\", \"C\"]]\n";
    assert_eq!(sale(a, "A", "C", chain), ["A 1900.00"]);
    assert_eq!(sale(a, "A", "B", chain), ["A 1900.00"]);
    let b = "2023-01-02,buy,B,1,50,US0378331005,\n";
    let declared = "identical = [[\"B\", \"C\"]]\n";
    assert_eq!(sale(&format!("{b}{a}"), "A", "C", declared), ["A 1900.00"]);
    assert_eq!(sale(&format!("{a}{b}"), "A", "C", declared), ["A 1900.00"]);
    let old = "2024-01-02,buy,OLD,100,50,,\n2024-03-05,rename,OLD,,,,NEW\n";
    let other = "2023-01-02,buy,OTHER,1,50,,\n";
    let declared = "identical = [[\"NEW\", \"OTHER\"]]\n";
    assert_eq!(sale(old, "NEW", "OTHER", declared), ["NEW 1900.00"]);
    let first = format!("{other}{old}");
    assert_eq!(sale(&first, "NEW", "OTHER", declared), ["NEW 1900.00"]);
}

/// 100 x (40 - 50) is replaced by a purchase whose order has the number of the one sold, at another broker or of an
/// identical security.
#[test]
fn an_order_is_one_of_its_account_and_security() {
    let csv = "date,action,symbol,quantity,price,account,order\n2024-01-02,buy,X,100,50,s,1\n";
    let sold = ["X 100 2024-01-02 2024-03-10 4000.00 5000.00 1000.00 0.00 short"];
    let elsewhere = "2024-03-08,buy,X,100,41,f,1\n2024-03-10,sell,X,100,40,s,\n";
    plain(&format!("{csv}{elsewhere}")).sold(&sold);
    let other = "2024-03-08,buy,Y,100,41,s,1\n2024-03-10,sell,X,100,40,s,\n";
    let identical = "identical = [[\"X\", \"Y\"]]\n";
    configured(&format!("{csv}{other}"), "", identical).sold(&sold);
}

/// Inherited shares count as held for more than a year (26 USC 1223(9)), delivered against a short or beside it: a gain of
/// 6,000 - 5,000 on delivering them is long-term, and so is a loss of 100 on closing with others (26 USC 1233(d)). Acquired
/// after the short sale, a gain is short-term all the same (26 USC 1233(b)(1)).
#[test]
fn inherited_shares_beside_a_short_are_old() {
    let columns = "date,action,symbol,quantity,price,lot,basis,acquired_date\n";
    let closed = |rows: &str| plain(&format!("{columns}{rows}"));
    let inherited = |day: &str| format!("2024-{day},inherit,X,100,,mom,5000,2024-{day}\n");
    let short = "2024-03-01,short,X,100,60,,,\n";
    let delivered = "2024-03-10,cover,X,100,61,mom,,\n";
    closed(&format!("{}{short}{delivered}", inherited("01-02")))
        .sold(&["X 100 2024-01-02 2024-03-10 6000.00 5000.00 0.00 1000.00 long"]);
    closed(&format!("{short}{}{delivered}", inherited("03-05")))
        .sold(&["X 100 2024-03-05 2024-03-10 6000.00 5000.00 0.00 1000.00 short"]);
    let bought = "2024-03-10,cover,X,100,61,,,\n";
    closed(&format!("{}{short}{bought}", inherited("01-02")))
        .sold(&["X 100 2024-03-10 2024-03-10 6000.00 6100.00 0.00 -100.00 long"]);
}

/// ETH for 41,000 out of BTC that cost 40,000, and units of a file that names no side: both come before the sale that needs
/// them.
#[test]
fn a_sale_finds_what_the_same_day_exchanges_or_opens() {
    let swap = "date,action,symbol,quantity,price,new_symbol,new_quantity,class\n\
        2024-02-01,buy,BTC,1,40000,,,crypto\n2024-03-01,sell,ETH,10,4100,,,crypto\n\
        2024-03-01,swap,BTC,1,41000,ETH,10,crypto\n";
    plain(swap).sold(&[
        "ETH 10 2024-03-01 2024-03-01 41000.00 41000.00 0.00 0.00 short",
        "BTC 1 2024-02-01 2024-03-01 41000.00 40000.00 0.00 1000.00 short",
    ]);
    let open = "date,action,symbol,quantity,price\n\
        2024-03-01,close,X,100,60\n2024-03-01,open,X,100,50\n";
    plain(open).sold(&["X 100 2024-03-01 2024-03-01 6000.00 5000.00 0.00 1000.00 short"]);
    let short = open.replace("open,X,100", "open,X,-100");
    let refused = plain(&short);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.error.contains("only 0 are held"),
        "{}",
        refused.error
    );
}

/// A loss of 1,000 on 100 shares waits; split 2:1 it waits for 200, whichever account books the split first and on whichever
/// day the other does. 200 are bought back: all of it is deferred (26 USC 1091(a)).
#[test]
fn a_split_that_two_accounts_book_restates_a_loss_that_waits_once() {
    for (first, second) in [("a,05", "b,05"), ("a,05", "b,06"), ("b,05", "a,12")] {
        let split = |row: &str| {
            let (account, day) = row.split_once(',').unwrap();
            format!("2024-03-{day},split,XYZ,,,{account},2:1\n")
        };
        let csv = format!(
            "date,action,symbol,quantity,price,account,ratio\n2024-01-02,buy,XYZ,101,50,a,\n\
             2024-01-02,buy,XYZ,100,50,b,\n2024-03-01,sell,XYZ,100,40,a,\n{}{}\
             2024-03-13,buy,XYZ,200,20,a,\n",
            split(first),
            split(second),
        );
        compute(&csv, "", "")
            .sold(&["XYZ 100 2024-01-02 2024-03-01 4000.00 5000.00 1000.00 0.00 short"]);
    }
}

/// 60 old shares become 30 new ones by their number: so do 10 that are short.
#[test]
fn a_short_follows_a_merger_by_number() {
    let csv = "date,action,symbol,quantity,price,account,new_symbol,new_quantity\n2024-01-02,buy,OLD,60,10,b,,\n\
               2024-01-02,short,OLD,10,10,a,,\n2024-02-01,merger,OLD,,,,NEW,30\n";
    compute(csv, "", "").held(&["a NEW -5 -100.00 2024-01-02", "b NEW 30 600.00 2024-01-02"]);
}

/// X is bought up at 40 in both accounts at one moment: nothing of it is left to replace what lost 10 a share, whether one
/// row says so or one for each account, in any order.
#[test]
fn an_event_in_several_accounts_is_one_however_many_rows_it_has() {
    let loss = "X 10 2024-01-06 2025-03-21 400.00 500.00 0.00 -100.00 long";
    let mergers = [
        "2025-03-21,merger,X,20,,800,\n",
        "2025-03-21,merger,X,10,,400,T\n2025-03-21,merger,X,10,,400,I\n",
        "2025-03-21,merger,X,10,,400,I\n2025-03-21,merger,X,10,,400,T\n",
    ];
    for merger in mergers {
        let csv = format!(
            "date,action,symbol,quantity,price,total,account\n\
             2024-01-06,buy,X,10,50,,T\n2025-03-06,buy,X,10,40,,I\n{merger}"
        );
        let found = configured(&csv, "", "[accounts.I]\nkind = \"sheltered\"\n");
        assert_eq!(found.warned("wash-loss-gone"), 0);
        found.sold(&[loss]);
    }
    let worthless = "date,action,symbol,quantity,price,account\n\
                     2024-01-06,buy,X,10,50,T\n2025-12-06,buy,X,10,40,I\n\
                     2025-12-21,worthless,X,,,T\n2025-12-21,worthless,X,,,I\n";
    configured(worthless, "", "[accounts.I]\nkind = \"sheltered\"\n")
        .sold(&["X 10 2024-01-06 2025-12-31 0.00 500.00 0.00 -500.00 long"]);
}

/// A contract ends for all who hold it: 300 and 100 are lost with it, in two accounts or in one, in one row or in two.
#[test]
fn a_contract_that_expires_replaces_nothing() {
    let call = "X     250321C00045000";
    let csv = |first: &str, second: &str, rows: &str| {
        format!(
            "date,action,symbol,quantity,price,account\n2024-01-06,bto,{call},1,3,{first}\n\
             2025-03-06,bto,{call},1,1,{second}\n{rows}"
        )
    };
    let row = |account: &str, units: &str| format!("2025-03-21,expire,{call},{units},,{account}\n");
    let both = [row("T", "1"), row("B", "1")];
    let lost = [
        format!("{call} 1 2024-01-06 2025-03-21 0.00 300.00 0.00 -300.00 long"),
        format!("{call} 1 2025-03-06 2025-03-21 0.00 100.00 0.00 -100.00 short"),
    ];
    let lost = [lost[0].as_str(), lost[1].as_str()];
    plain(&csv("T", "B", &both.concat())).sold(&lost);
    plain(&csv("T", "T", &row("T", "1").repeat(2))).sold(&lost);
    plain(&csv("T", "T", &row("T", "2"))).sold(&lost);
    let sheltered = "[accounts.B]\nkind = \"sheltered\"\n";
    configured(&csv("T", "B", &both.concat()), "", sheltered).sold(&lost[..1]);
    // Nothing that is bought later is the same contract.
    let found = plain(&csv("T", "T", &row("T", "2")));
    assert_eq!(found.table("disposals", &["provisional_until"]), ["-", "-"]);
    assert_eq!(found.warned("wash-window-open"), 0);
}

/// Twenty leave in one order: no share remains that could replace another. 10 x (40 - 50) and 10 x (39 - 45). As two
/// orders the first leaves 10 bought within 30 days.
#[test]
fn the_fills_of_one_order_to_sell_are_one_sale() {
    let csv = |second: &str| {
        format!(
            "date,action,symbol,quantity,price,order\n2023-01-02,buy,X,10,50,\n2025-01-10,buy,X,10,45,\n\
             2025-01-20,sell,X,10,40,s1\n2025-01-20,sell,X,10,39,{second}\n"
        )
    };
    plain(&csv("s1")).sold(&[
        "X 10 2023-01-02 2025-01-20 400.00 500.00 0.00 -100.00 long",
        "X 10 2025-01-10 2025-01-20 390.00 450.00 0.00 -60.00 short",
    ]);
    plain(&csv("s2")).sold(&[
        "X 10 2023-01-02 2025-01-20 400.00 500.00 100.00 0.00 long",
        "X 10 2025-01-10 2025-01-20 390.00 550.00 0.00 -160.00 long",
    ]);
}

/// What is left of an order to sell short is not another short: 10 x (40 - 44), and then 10 x (41 - 30).
#[test]
fn the_fills_of_one_order_to_sell_short_are_one_short_sale() {
    let csv = "date,action,symbol,quantity,price,order\n\
               2025-01-20,short,X,10,40,s1\n2025-01-20,short,X,10,41,s1\n\
               2025-02-03,cover,X,10,44,\n2025-06-03,cover,X,10,30,\n";
    plain(csv).sold(&[
        "X 10 2025-02-03 2025-02-03 400.00 440.00 0.00 -40.00 short",
        "X 10 2025-06-03 2025-06-03 410.00 300.00 0.00 110.00 short",
    ]);
}

/// 190 received on 100 shares and spent on ten: of the loss of 300 on the 100, as much is long-term, or no loss at all.
#[test]
fn a_distribution_that_is_reinvested_is_received_all_the_same() {
    let csv = |tag: &str, day: &str| {
        format!(
            "date,action,symbol,quantity,price,class,tag\n2025-01-02,buy,F,100,20,fund,\n\
             2025-02-20,reinvest,F,10,19,fund,{tag}\n{day},sell,F,100,17,fund,\n"
        )
    };
    let found = plain(&csv("capital-gain", "2025-04-20"));
    assert_eq!(
        found.table("disposals", &["gain", "term"]),
        ["-110.00 short", "-190.00 long"]
    );
    let lines = &found.document["years"][0]["lines"];
    assert_eq!(lines["capital_gain_distributions"], "190.00");
    assert_eq!(
        (&lines["long_net"], &lines["net"]),
        (&"0.00".into(), &"-110.00".into())
    );
    let exempt = plain(&csv("exempt-interest", "2025-06-20"));
    assert_eq!(
        exempt.table("disposals", &["adjustment", "gain", "codes"]),
        ["190.00 -110.00 L"]
    );
    plain(&csv("", "2025-04-20"))
        .sold(&["F 100 2025-01-02 2025-04-20 1700.00 2000.00 0.00 -300.00 short"]);
    for (tag, told) in [("capital_gain", 1), ("Capital gains", 1), ("", 0)] {
        assert_eq!(plain(&csv(tag, "2025-04-20")).warned("tag-unknown"), told);
    }
}

/// 20 on 20 units of March 2024 take 1 off each, also off those sold in June. Of 300 on 200 of basis, 100 are gain of the
/// day of effect.
#[test]
fn a_return_of_capital_takes_effect_on_its_day() {
    plain(
        "date,action,symbol,quantity,price,total,effective_date\n2024-01-10,buy,X,20,10,,\n\
         2024-06-10,sell,X,10,12,,\n2025-02-01,return_of_capital,X,,,20,2024-03-15\n",
    )
    .sold(&["X 10 2024-01-10 2024-06-10 120.00 90.00 0.00 30.00 short"])
    .held(&["main X 10 90.00 2024-01-10"]);
    plain(
        "date,action,symbol,quantity,price,total,effective_date\n2024-01-10,buy,X,20,10,,\n\
         2025-02-01,return_of_capital,X,,,300,2024-12-31\n",
    )
    .sold(&["X 0 2024-01-10 2024-12-31 100.00 0.00 0.00 100.00 short"]);
}

/// Options on coins are no options on stock or securities (26 USC 1091(a)): written as coin exchanges do, or with the coin
/// as `underlying`.
#[test]
fn options_on_coins_are_not_washed() {
    let coin = "date,action,symbol,quantity,price\n2025-01-06,bto,BTC-27JUN25-60000-C,1,3000\n\
                2025-03-03,stc,BTC-27JUN25-60000-C,1,1000\n2025-03-10,bto,BTC-27JUN25-60000-C,1,1500\n";
    let loss = "BTC-27JUN25-60000-C 1 2025-01-06 2025-03-03 1000.00 3000.00";
    plain(coin)
        .sold(&[&format!("{loss} 0.00 -2000.00 short")])
        .held(&["main BTC-27JUN25-60000-C 1 1500.00 2025-03-10"]);
    compute(coin, "", "crypto_wash = \"yes\"").sold(&[&format!("{loss} 2000.00 0.00 short")]);
    let said = "date,action,symbol,quantity,price,class,underlying,expiry,strike,right,multiplier\n\
                2025-01-06,bto,C1,1,3000,option,ZZZ,2025-06-27,60000,call,1\n2025-01-06,buy,ZZZ,1,3,CLASS,,,,,\n\
                2025-03-03,stc,C1,1,1000,option,,,,,\n2025-03-10,bto,C1,1,1500,option,,,,,\n";
    for (class, adjustment) in [("crypto", "0.00"), ("stock", "2000.00")] {
        let found = plain(&said.replace("CLASS", class));
        assert_eq!(found.table("disposals", &["adjustment"]), [adjustment]);
    }
}

/// A loss below the donor's basis needs the value of the day; a short term needs the donor's day.
#[test]
fn gifts_without_value_or_day_are_told_where_it_matters() {
    let csv = |price: &str, acquired: &str, sold: &str| {
        format!(
            "date,action,symbol,quantity,price,basis,acquired_date\n\
             2025-02-01,gift_in,X,100,{price},10000,{acquired}\n2025-06-03,sell,X,100,{sold},,\n"
        )
    };
    let told = |price: &str, acquired: &str, sold: &str| {
        let found = plain(&csv(price, acquired, sold));
        (
            found.warned("gift-value-missing"),
            found.warned("gift-date-missing"),
        )
    };
    assert_eq!(told("", "2020-05-05", "95"), (1, 0));
    assert_eq!(told("", "2020-05-05", "195"), (0, 0));
    assert_eq!(told("120", "", "195"), (0, 1));
    assert_eq!(told("90", "", "80"), (0, 0));
    assert_eq!(told("90", "2020-05-05", "80"), (0, 0));
}

/// At 80 a gift worth 90 has a basis of 90, whatever the donor paid; at 110 it has the donor's 100.
#[test]
fn gifts_rank_by_the_basis_that_the_sale_uses() {
    let csv = |price: &str| {
        format!(
            "date,action,symbol,quantity,price,basis,acquired_date\n2024-06-01,buy,X,100,95,,\n\
             2025-02-01,gift_in,X,100,90,10000,2020-05-05\n2025-06-02,sell,X,100,{price},,\n"
        )
    };
    compute(&csv("80"), "-m hifo", "")
        .sold(&["X 100 2024-06-01 2025-06-02 8000.00 9500.00 0.00 -1500.00 long"]);
    compute(&csv("110"), "-m hifo", "")
        .sold(&["X 100 2025-02-01 2025-06-02 11000.00 10000.00 0.00 1000.00 long"]);
    compute(&csv("80"), "-m lofo", "")
        .sold(&["X 100 2025-02-01 2025-06-02 8000.00 9000.00 0.00 -1000.00 short"]);
}

/// 50 N for 100 T: a call on 100 T delivers 50 N for the 4,500 of its strike, with its 300 of premium. What cash beside
/// the shares, a spin-off or a cash merger make of it is told.
#[test]
fn a_merger_for_stock_moves_the_options() {
    let csv = |action: &str| {
        format!(
            "date,action,symbol,quantity,price,total,new_symbol,new_quantity,ratio,fraction\n\
             2024-01-06,buy,T,100,40,,,,,\n2025-01-06,bto,T     250620C00045000,1,3,,,,,\n\
             {action}2025-06-20,exercise,T     250620C00045000,1,,,,,,\n"
        )
    };
    plain(&csv("2025-02-06,merger,T,100,,,N,50,,\n")).held(&[
        "main N 50 4000.00 2024-01-06",
        "main N 50 4800.00 2025-06-20",
    ]);
    let told = |action: &str| plain(&csv(action)).warned("option-not-adjusted");
    assert_eq!(told("2025-02-06,merger,T,100,,,N,50,,\n"), 0);
    assert_eq!(told("2025-02-06,merger,T,100,60,500,N,50,,\n"), 1);
    assert_eq!(told("2025-02-06,merger,T,100,,5000,,,,\n"), 1);
    assert_eq!(told("2025-02-06,spinoff,T,,,,S,10,,0.1\n"), 1);
    let only_options = "date,action,symbol,quantity,price,new_symbol,ratio\n\
                        2025-01-06,bto,T     250620C00045000,1,3,,\n2025-02-06,merger,T,,,N,1:2\n\
                        2025-06-20,exercise,T     250620C00045000,1,,,\n";
    plain(only_options).held(&["main N 50 4800.00 2025-06-20"]);
}

/// An opening held since 2023 is not held for less because it replaced shares held since 2024.
#[test]
fn a_wash_sale_takes_no_time_away() {
    plain(
        "date,action,symbol,quantity,price,basis,acquired_date\n2024-01-10,buy,X,10,50,,\n\
         2025-02-20,opening,X,10,,450,2023-01-01\n2025-03-03,sell,X,10,40,,\n",
    )
    .held(&["main X 10 550.00 2023-01-01"]);
}

/// What a short owes by a stock dividend are more units, by a return of capital money that joins its cost; by a spin-off it
/// is not computed, which is said.
#[test]
fn shorts_in_corporate_actions_are_carried_on_or_told() {
    let csv = |action: &str, closed: &str| {
        format!(
            "date,action,symbol,quantity,price,total,new_symbol,new_quantity,fraction,account\n\
             2025-03-03,short,X,100,40,,,,,A\n{action}2025-06-03,cover,X,{closed},30,,,,,A\n"
        )
    };
    plain(&csv("2025-03-10,stock_dividend,X,10,,,,,,A\n", "110"))
        .sold(&["X 110 2025-06-03 2025-06-03 4000.00 3300.00 0.00 700.00 short"]);
    plain(&csv("2025-03-10,return_of_capital,X,,,50,,,,A\n", "100"))
        .sold(&["X 100 2025-06-03 2025-06-03 3950.00 3000.00 0.00 950.00 short"]);
    plain(&csv("2025-03-10,spinoff,X,,,,Y,10,0.1,A\n", "100"))
        .refused("spinoff of X, but it is only sold short in A on 2025-03-10");
    let beside = "2025-03-04,buy,X,100,20,,,,,B\n2025-03-10,spinoff,X,,,,Y,10,0.1,\n";
    assert_eq!(plain(&csv(beside, "100")).warned("short-left"), 1);
}

/// `main` holds nothing on which 40 could have been paid; with a row for each account nothing is told.
#[test]
fn a_distribution_on_nothing_is_told() {
    let csv = |paid: &str| {
        format!(
            "date,action,symbol,quantity,price,total,class,tag,account\n\
             2025-01-02,buy,F,100,20,,fund,,A\n2025-01-02,buy,F,300,20,,fund,,B\n{paid}\
             2025-04-20,sell,F,100,19,,fund,,A\n"
        )
    };
    let row = |total: &str, account: &str| {
        format!("2025-02-20,dividend,F,,,{total},fund,capital-gain,{account}\n")
    };
    let one = plain(&csv(&row("40", "")));
    assert_eq!(one.warned("distribution-on-nothing"), 1);
    let both = plain(&csv(&(row("10", "A") + &row("30", "B"))));
    assert_eq!(both.warned("distribution-on-nothing"), 0);
    assert_eq!(
        both.table("disposals", &["gain", "term"]),
        ["-90.00 short", "-10.00 long"]
    );
}

#[test]
fn cells_that_are_in_no_figure_are_told() {
    let header = "date,action,symbol,quantity,price,basis,acquired_date,effective_date,ratio,new_symbol,fraction\n";
    let bought = "2024-01-10,buy,X,10,85,,,,,,\n";
    let told = |rows: &str| plain(&format!("{header}{rows}")).warned("cell-unused");
    assert_eq!(told(bought), 0);
    assert_eq!(told("2024-01-10,buy,X,10,85,1000,,,,,\n"), 1);
    assert_eq!(told("2024-01-10,buy,X,10,85,1000,2023-01-02,,,,\n"), 2);
    assert_eq!(
        told(&format!(
            "{bought}2025-01-10,sell,X,10,85,,,2024-12-31,,,\n"
        )),
        1
    );
    assert_eq!(told(&format!("{bought}2025-01-10,split,X,,,,,,2:1,,\n")), 0);
    plain(&format!(
        "{header}{bought}2025-01-10,rename,X,,,,,,1:10,Y,\n"
    ))
    .refused("a rename changes no number of units, but this one has the ratio 1:10");
    let split = |units: &str| {
        let csv = format!("{header}{bought}2025-01-10,split,X,{units},,,,,2:1,,\n");
        plain(&csv).warned("split-quantity")
    };
    assert_eq!(["", "10", "20", "40"].map(split), [0, 0, 0, 1]);
}

#[test]
fn a_contract_that_is_open_after_its_last_day_is_told() {
    let csv = |last: &str| {
        format!(
            "date,action,symbol,quantity,price\n2025-02-01,bto,X     250620C00045000,1,3\n{last},buy,Z,1,1\n"
        )
    };
    assert_eq!(plain(&csv("2025-06-30")).warned("contract-past-expiry"), 1);
    assert_eq!(plain(&csv("2025-06-20")).warned("contract-past-expiry"), 0);
}

/// 100 in thirds: 33.33, 33.34 and 33.33 join lots of 300, which is where the odd cent is.
#[test]
fn the_odd_cent_of_a_loss_is_in_one_basis() {
    let csv = "date,action,symbol,quantity,price,total\n2024-01-10,buy,X,3,300,\n2025-03-03,sell,X,3,,800\n\
               2025-03-04,buy,X,1,300,\n2025-03-05,buy,X,1,300,\n2025-03-06,buy,X,1,300,\n";
    let found = plain(csv);
    assert_eq!(
        found.table("adjustments", &["amount", "basis_after"]),
        ["33.33 333.33", "33.34 333.34", "33.33 333.33"]
    );
}

/// Of 5,000 lost on a future in 2025, 2,000 went back to the 10,000 of 2024: 8,000 and 3,000 are left, and nothing is said to
/// be possible that has been done.
#[test]
fn a_loss_that_was_carried_back_is_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let csv = "date,action,symbol,quantity,price,class\n2024-02-03,buy,FU,1,1000,future\n\
               2024-03-03,sell,FU,1,11000,future\n2025-02-03,buy,FU,1,10000,future\n2025-03-03,sell,FU,1,5000,future\n";
    fs::write(folder.path().join("t.csv"), csv).unwrap();
    let shown = |setting: &str| {
        let toml = format!("[us]\n1256_carryback = \"{setting}\"\n");
        fs::write(folder.path().join("c.toml"), toml).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_lossoffset"))
            .args(["compute", "t.csv", "--config", "c.toml", "-r", "years"])
            .current_dir(folder.path())
            .env_clear()
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let elected = shown("yes");
    assert!(!elected.contains("could be carried back"), "{elected}");
    assert!(
        elected.contains("2,000.00 was carried back to earlier years"),
        "{elected}"
    );
    assert!(
        elected.contains("2,000.00 was carried back from a later year"),
        "{elected}"
    );
    assert!(shown("no").contains("could be carried back"));
}

/// Some lines of each year.
#[track_caller]
fn years(found: &Computed, lines: &[&str]) -> Vec<String> {
    assert_eq!(found.code, Some(0), "{}", found.error);
    let years = found.document["years"].as_array().unwrap().iter();
    let amount = |year: &Value, line: &str| year["lines"][line].as_str().unwrap().to_owned();
    years
        .map(|year| {
            let amounts: Vec<String> = lines.iter().map(|line| amount(year, line)).collect();
            let of = year["tax_year"].as_str().unwrap();
            format!("{of} {}", amounts.join(" "))
        })
        .collect()
}

/// What a fund passes on is a long-term gain of the year, though nothing is sold in it (26 USC 852(b)(3)(B)).
#[test]
fn a_distribution_alone_makes_a_year() {
    let found = plain(
        "date,action,symbol,quantity,price,total,tag,class\n2023-04-03,buy,F,20,100,,,fund\n\
         2023-12-04,dividend,F,,,80,capital-gain,fund\n",
    );
    let lines = ["long_gains", "net", "capital_gain_distributions"];
    assert_eq!(years(&found, &lines), ["2023 80.00 80.00 80.00"]);
}

/// 10,000 lost on futures in 2022, of which 7,000 are carried on: back they go for three years, to 2019 and not to 2018
/// (26 USC 1212(c)(1)).
#[test]
fn losses_on_futures_go_back_three_years() {
    let back = |gained: u32| {
        let found = plain(&format!(
            "date,action,symbol,quantity,price,class\n{gained}-04-03,buy,F,1,100,future\n{gained}-05-03,sell,F,1,10100,future\n\
             2022-04-04,buy,F,1,10100,future\n2022-05-03,sell,F,1,100,future\n"
        ));
        years(&found, &["section_1256_carryback"]).pop().unwrap()
    };
    assert_eq!(back(2019), "2022 7000.00");
    assert_eq!(back(2018), "2022 0.00");
}

/// A loss carried back is as large as the gain on contracts of that year at most, less what went back before, and as its
/// capital gain net income (26 USC 1212(c)(5)): 10,000 on contracts beside 20,000 on shares take 10,000 of the first loss
/// and nothing of the second; beside 8,000 lost on shares 2,000.
#[test]
fn a_year_takes_back_no_more_than_its_gain_on_contracts() {
    let twice = "date,action,symbol,quantity,price,class\n2020-04-03,buy,F,1,100,future\n2020-05-04,sell,F,1,10100,future\n\
                 2020-04-03,buy,S,1,100,stock\n2020-05-04,sell,S,1,20100,stock\n2021-04-05,buy,F,1,20100,future\n\
                 2021-05-03,sell,F,1,100,future\n2022-04-04,buy,F,1,8100,future\n2022-05-03,sell,F,1,100,future\n";
    let found = compute(twice, "", "1256_carryback = \"yes\"");
    assert_eq!(
        years(
            &found,
            &["net", "section_1256_net", "section_1256_carryback"]
        ),
        [
            "2020 20000.00 0.00 0.00",
            "2021 -10000.00 -10000.00 10000.00",
            // 7,000 and 8,000.
            "2022 -15000.00 -8000.00 0.00",
        ]
    );
    let beside_a_loss = plain(
        "date,action,symbol,quantity,price,class\n2020-04-03,buy,F,1,100,future\n2020-05-04,sell,F,1,10100,future\n\
         2020-04-03,buy,S,1,10100,stock\n2020-05-04,sell,S,1,2100,stock\n2021-04-05,buy,F,1,20100,future\n\
         2021-05-03,sell,F,1,100,future\n",
    );
    assert_eq!(
        years(&beside_a_loss, &["net", "section_1256_carryback"]),
        ["2020 2000.00 0.00", "2021 -20000.00 2000.00"]
    );
}

/// 500 gained on a collectible: less 200 carried in, 300 are for line 18; with 800 of other long-term losses the long-term
/// net is a loss and none is, whatever the short-term gain (Schedule D, lines 17 and 18).
#[test]
fn long_losses_come_off_the_gain_on_collectibles() {
    let line = |rows: &str, arguments: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,class\n2020-04-03,buy,GOLD,1,100,collectible\n\
             2022-05-03,sell,GOLD,1,600,collectible\n{rows}2022-12-30,buy,Y,1,1,stock\n"
        );
        years(&compute(&csv, arguments, ""), &["collectibles_gain"]).concat()
    };
    assert_eq!(line("", "--carry-in long=200"), "2022 300.00");
    let others = "2020-04-03,buy,L,1,1000,stock\n2022-05-03,sell,L,1,200,stock\n\
                  2022-04-04,buy,S,1,1000,stock\n2022-05-03,sell,S,1,2000,stock\n";
    assert_eq!(line(others, ""), "2022 0.00");
}

/// A broker does not look at options near a loss, the law does: calls bought within 30 days of it, before or after.
#[test]
fn calls_near_a_loss_are_told_where_the_broker_decides() {
    let near = |option: &str, price: u32, arguments: &str| {
        compute(
            &format!(
                "date,action,symbol,quantity,price\n2024-01-02,buy,X,100,70\n{option},1,3\n2024-06-03,sell,X,100,{price}\n\
                 2024-12-30,buy,Y,1,1\n"
            ),
            arguments,
            "",
        )
        .warned("wash-scope-broker")
    };
    let broker = "--wash-sales broker";
    let call = "2024-06-10,bto,X241220C00060000";
    assert_eq!(near(call, 50, broker), 1);
    assert_eq!(near(call, 50, ""), 0);
    assert_eq!(near(call, 50, "--wash-sales off"), 0);
    assert_eq!(near(call, 70, broker), 0);
    assert_eq!(near(call, 80, broker), 0);
    assert_eq!(near("2024-06-10,bto,X241220P00060000", 50, broker), 0);
    assert_eq!(near("2024-06-10,sto,X241220C00060000", 50, broker), 0);
    assert_eq!(near("2024-06-10,bto,Z241220C00060000", 50, broker), 0);
    assert_eq!(near("2024-05-04,bto,X241220C00060000", 50, broker), 1);
    assert_eq!(near("2024-05-03,bto,X241220C00060000", 50, broker), 0);
    assert_eq!(near("2024-07-03,bto,X241220C00060000", 50, broker), 1);
    assert_eq!(near("2024-07-04,bto,X241220C00060000", 50, broker), 0);
}

/// Puts, written, on the stock of the loss, and where the rule is applied at all.
#[test]
fn only_puts_written_on_the_stock_of_a_loss_are_told() {
    let told = |option: &str, sold: &str, arguments: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price\n2024-01-02,buy,X,100,70\n2024-01-02,buy,Z,100,70\n2024-05-02,buy,X,1,50\n\
             2024-06-03,{option},1,11\n2024-06-03,sell,{sold}\n2024-12-30,buy,Y,1,1\n"
        );
        compute(&csv, arguments, "").warned("wash-put-written")
    };
    let put = "sto,X241220P00060000";
    assert_eq!(told(put, "X,100,50", ""), 1);
    assert_eq!(told(put, "X,100,50", "--wash-sales off"), 0);
    assert_eq!(told(put, "X,100,70", ""), 0);
    assert_eq!(told(put, "Z,100,50", ""), 0);
    assert_eq!(told("bto,X241220P00060000", "X,100,50", ""), 0);
    assert_eq!(told("sto,X241220C00060000", "X,100,50", ""), 0);
}

/// In zones up to 14 hours away 13:59 may be the day before and 10:00 the day after.
#[test]
fn a_term_hangs_on_the_hours_that_zones_are_apart() {
    let told = |bought: &str, sold: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price\n2023-06-02T{bought}Z,buy,X,1,10\n{sold},sell,X,1,12\n"
        ))
        .warned("timezone-assumed")
    };
    // Bought the day before, it were long-term; the day after, short-term.
    assert_eq!(told("13:59:59", "2024-06-02"), 1);
    assert_eq!(told("14:00:00", "2024-06-02"), 0);
    assert_eq!(told("10:00:00", "2024-06-03"), 1);
    assert_eq!(told("09:59:59", "2024-06-03"), 0);
}

/// The 30th and the 31st day before a loss are at the edge of its window as well, where it is one.
#[test]
fn a_window_hangs_on_the_time_zone_before_a_loss_too() {
    let bought_on = |day: &str, price: u32| {
        plain(&format!(
            "date,action,symbol,quantity,price\n2024-01-02T12:00:00Z,buy,X,1,10\n{day}T12:00:00Z,buy,X,1,10\n\
             2024-06-03T12:00:00Z,sell,X,1,{price}\n2024-12-30,buy,Y,1,1\n"
        ))
        .warned("timezone-assumed")
    };
    assert_eq!(bought_on("2024-05-02", 8), 0);
    assert_eq!(bought_on("2024-05-03", 8), 1);
    assert_eq!(bought_on("2024-05-04", 8), 1);
    assert_eq!(bought_on("2024-05-05", 8), 0);
    assert_eq!(bought_on("2024-05-04", 10), 0);
}

/// Average basis is for fund shares: sales of other shares in the accounts that use it are told, and nothing else.
#[test]
fn average_basis_of_shares_is_told() {
    let told = |csv: &str, arguments: &str, configuration: &str| {
        let found = configured(csv, arguments, configuration);
        assert_eq!(found.code, Some(0), "{}", found.error);
        let warnings = found.document["warnings"].as_array().unwrap().iter();
        let mut own = warnings.filter(|told| told["code"] == "average-not-a-fund");
        own.next()
            .map_or_else(String::new, |told| told["at"].to_string())
    };
    let csv = "date,action,symbol,quantity,price,account,class\n2024-01-02,buy,X,10,70,a,stock\n2024-01-02,buy,X,10,70,b,stock\n\
               2024-01-02,buy,F,10,70,a,fund\n2024-06-03,sell,X,5,80,a,\n2024-06-03,sell,X,5,80,b,\n2024-06-03,sell,F,5,80,a,\n";
    assert_eq!(told(csv, "", ""), "");
    assert_eq!(
        told(csv, "", "[accounts.a]\nmethod = \"average\"\n"),
        "[\"t.csv:5\"]"
    );
    assert_eq!(
        told(csv, "--method average", ""),
        "[\"t.csv:5\",\"t.csv:6\"]"
    );
    let funds = csv.replace(",stock", ",fund");
    assert_eq!(told(&funds, "--method average", ""), "");
}

/// 200 lost and bought again by the IRA are gone (Rev. Rul. 2008-5); the 70 of what was stolen were never a loss of this
/// rule, and what the account itself buys again is not gone.
#[test]
fn a_loss_that_a_sheltered_account_replaced_is_told_to_be_gone() {
    let told = |buyer: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,account\n2024-01-02,buy,X,10,100,a\n2024-01-02,buy,Z,1,70,a\n\
             2024-03-01,lost,Z,1,,a\n2024-06-03,sell,X,10,80,a\n2024-06-10,buy,X,10,80,{buyer}\n2024-12-30,buy,Y,1,1,a\n"
        );
        let found = configured(&csv, "", "[accounts.ira]\nkind = \"sheltered\"\n");
        assert_eq!(found.code, Some(0), "{}", found.error);
        let warnings = found.document["warnings"].as_array().unwrap().iter();
        let mut own = warnings.filter(|told| told["code"] == "wash-loss-gone");
        own.next().map_or_else(String::new, |told| {
            format!("{} {}", told["message"].as_str().unwrap(), told["at"])
        })
    };
    let gone = told("ira");
    assert!(
        gone.starts_with("losses of 200.00 are gone for good"),
        "{gone}"
    );
    assert!(gone.ends_with("[\"t.csv:6\"]"), "{gone}");
    assert_eq!(told("a"), "");
}

/// A call written on stock that is traded beside it may make a straddle (26 USC 1092): not a put, not one bought, not one
/// on an index, and not where the stock is in no row.
#[test]
fn calls_written_beside_their_stock_are_told() {
    let told = |option: &str, class: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,class\n2024-01-02,buy,X,100,70,stock\n2024-06-03,{option},1,3,{class}\n"
        );
        let found = plain(&csv);
        assert_eq!(found.code, Some(0), "{}", found.error);
        let warnings = found.document["warnings"].as_array().unwrap().iter();
        let mut own = warnings.filter(|told| told["code"] == "straddle-not-applied");
        own.next()
            .map_or_else(String::new, |told| told["at"].to_string())
    };
    assert_eq!(told("sto,X241220C00060000", "option"), "[\"t.csv:3\"]");
    assert_eq!(told("sto,X241220C00060000", "index_option"), "");
    assert_eq!(told("bto,X241220C00060000", "option"), "");
    assert_eq!(told("sto,X241220P00060000", "option"), "");
    assert_eq!(told("sto,Z241220C00060000", "option"), "");
}

/// The term of delivering old shares (`old`, or the ones given in `g`) against a short sale of 3 June.
#[track_caller]
fn delivered(rows: &[&str], lot: &str, units: u32) -> Vec<String> {
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    let csv = format!(
        "date,action,symbol,quantity,price,lot,basis,acquired_date,ratio\n2020-01-02,buy,X,100,10,old,,,\n\
         2020-01-02,buy,Y,100,10,oldy,,,\n{}\n2024-07-01,cover,{},{units},,{lot},,,\n",
        rows.join("\n"),
        if lot == "oldy" { "Y" } else { "X" },
    );
    plain(&csv).table("disposals", &["quantity", "gain", "term"])
}

/// A gift of the day of the short sale has been held since the donor's day, for more than a year (26 USC 1223(2)); one of
/// the day after is acquired after the short sale, and makes a gain on closing it short-term (26 USC 1233(b)(1)), whether
/// it is delivered itself or other shares are.
#[test]
fn gifts_beside_a_short_sale_go_by_the_day_they_came() {
    let short = "2024-06-03,short,X,100,60,,,,";
    let gift = |day: &str| format!("2024-{day},gift_in,X,100,60,g,1000,2020-01-03,");
    for lot in ["old", "g"] {
        assert_eq!(
            delivered(&[&gift("06-03"), short], lot, 100),
            ["100 5000.00 long"],
            "{lot}"
        );
        assert_eq!(
            delivered(&[&gift("06-04"), short], lot, 100),
            ["100 5000.00 short"],
            "{lot}"
        );
    }
    assert_eq!(delivered(&[short], "old", 100), ["100 5000.00 long"]);
}

/// What is bought while a short sale is open counts for the short of its own security, whichever else is open; a split
/// restates that short alone: 200 of X are covered, with 200 young ones beside them.
#[test]
fn each_short_sale_counts_its_own_young_shares() {
    let shorts = [
        "2024-06-03,short,Y,100,60,,,,",
        "2024-06-03,short,X,100,60,,,,",
    ];
    let with =
        |rows: &[&str], lot: &str, units: u32| delivered(&[&shorts[..], rows].concat(), lot, units);
    let young = "2024-06-10,buy,X,100,50,,,,";
    assert_eq!(with(&[young], "old", 100), ["100 5000.00 short"]);
    assert_eq!(with(&[young], "oldy", 100), ["100 5000.00 long"]);
    let split = "2024-06-12,split,X,,,,,,2:1";
    assert_eq!(with(&[young, split], "old", 200), ["200 5000.00 short"]);
    for day in ["06-10", "06-14"] {
        let of_other = format!("2024-{day},buy,Y,100,50,,,,");
        assert_eq!(with(&[&of_other], "oldy", 100), ["100 5000.00 short"]);
        assert_eq!(with(&[&of_other], "old", 100), ["100 5000.00 long"]);
        assert_eq!(
            with(&[&of_other, split], "oldy", 100),
            ["100 5000.00 short"]
        );
        assert_eq!(with(&[&of_other, split], "old", 200), ["200 5000.00 long"]);
    }
}

/// One put for 100 beside 200 young shares of one purchase: of those sold 100 start again (26 USC 1233(b)(2)). What the IRA
/// sells before is not the taxpayer's own and uses up none of that.
#[test]
fn as_many_young_shares_start_again_as_the_put_is_for() {
    let sold = |between: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,account\n2024-05-31,buy,X,200,40,ira\n2024-06-03,buy,X,200,40,me\n\
             2025-03-03,bto,X251219P00040000,1,3,me\n{between}2025-09-02,sell,X,200,50,me\n"
        );
        let found = configured(&csv, "", "[accounts.ira]\nkind = \"sheltered\"\n");
        found.table("disposals", &["quantity", "held_from", "gain", "term"])
    };
    let expected = [
        "100 2025-09-02 1000.00 short",
        "100 2024-06-03 1000.00 long",
    ];
    assert_eq!(sold(""), expected);
    assert_eq!(sold("2025-08-01,sell,X,200,50,ira\n"), expected);
}

/// Two lots of 100 young shares and a put for 100: the first lot sold starts again, the second is what it was.
#[test]
fn young_shares_beyond_a_put_keep_their_period() {
    let found = plain(
        "date,action,symbol,quantity,price,lot\n2024-06-03,buy,X,100,40,a\n2024-06-04,buy,X,100,40,b\n\
         2025-03-03,bto,X251219P00040000,1,3,\n2025-08-01,sell,X,100,50,a\n2025-09-02,sell,X,100,50,b\n",
    );
    assert_eq!(
        found.table("disposals", &["held_from", "term"]),
        ["2025-08-01 short", "2024-06-04 long"]
    );
}

/// Two puts for 100 each beside two lots of 100 young shares: the sale of one put starts the first lot again, and that of
/// the other the second, since the first has started again already. Bought before the puts or after them.
#[test]
fn each_put_starts_other_young_shares_again() {
    for [first, second] in [["2024-06-03", "2024-06-04"], ["2025-04-01", "2025-04-02"]] {
        let mut rows = [
            format!("{first},buy,X,100,40\n"),
            format!("{second},buy,X,100,41\n"),
            "2025-03-03,bto,X251219P00040000,1,3\n".to_owned(),
            "2025-03-03,bto,X251219P00045000,1,3\n".to_owned(),
        ];
        rows.sort();
        let csv = format!(
            "date,action,symbol,quantity,price\n{}2025-06-02,stc,X251219P00040000,1,4\n",
            rows.concat()
        );
        let held = |day: &str| format!("main X 100 4100.00 {day}");
        let found = plain(&csv).table("lots", &["symbol", "quantity", "cost", "held_from"]);
        assert!(
            found.contains(&"X 100 4000.00 2025-06-02".to_owned()),
            "{found:?}"
        );
        assert!(
            found.contains(&format!("X 100 4100.00 {second}")),
            "{found:?}"
        );
        plain(&format!("{csv}2025-07-01,stc,X251219P00045000,1,4\n"))
            .held(&["main X 100 4000.00 2025-06-02", &held("2025-07-01")]);
    }
}

/// 100 delivered at a loss of 250 count as sold when the short was opened, on 1 March (26 CFR 1.1091-1(g)): the purchase
/// 30 days after that replaces them, the one of the day after does not. Losses of later sales change nothing in that.
#[test]
fn the_window_of_delivered_shares_is_around_the_day_of_the_short() {
    let delivered = |rows: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,lot,account\n2024-01-02,buy,X,100,10,j,a\n\
             2024-03-01,short,X,100,7.5,,a\n{rows}2024-06-03,cover,X,100,,j,a\n2024-12-31,buy,Y,1,1,,a\n"
        ))
    };
    let counts = "X 100 2024-01-02 2024-06-03 750.00 1000.00 0.00 -250.00 short";
    let deferred = "X 100 2024-01-02 2024-06-03 750.00 1000.00 250.00 0.00 short";
    let rest = "a Y 1 1.00 2024-12-31";
    // Held for 59 days until the short, the last 59 before 31 March.
    delivered("2024-03-31,buy,X,100,8,k,b\n")
        .sold(&[deferred])
        .held(&["b X 100 1050.00 2024-02-01", rest]);
    delivered("2024-04-01,buy,X,100,8,k,b\n")
        .sold(&[counts])
        .held(&["b X 100 800.00 2024-04-01", rest]);
    delivered(
        "2024-03-29,buy,X,100,8,k,b\n2024-04-10,buy,X,10,9,l,b\n2024-05-20,sell,X,10,8,l,b\n",
    )
    .sold(&[
        "X 10 2024-04-10 2024-05-20 80.00 90.00 0.00 -10.00 short",
        deferred,
    ])
    .held(&["b X 100 1050.00 2024-01-30", rest]);
}

/// Of a loss of 250 on 100 delivered shares 60 are taken over by the first row after it and 40 by the second, whichever
/// of them is the purchase. Where a split is between them, 40 are 80.
#[test]
fn what_replaces_delivered_shares_leaves_the_rest_to_the_next() {
    let replaced = |rows: &str| {
        let found = plain(&format!(
            "date,action,symbol,quantity,price,lot,ratio\n2025-10-15,short,X,100,7.5,,\n2025-10-20,buy,X,100,10,j,\n\
             2025-11-19,cover,X,100,,j,\n{rows}2026-03-02,buy,Y,1,1,,\n"
        ))
        .sold(&["X 100 2025-10-20 2025-11-19 750.00 1000.00 250.00 0.00 short"]);
        found.table("lots", &["symbol", "quantity", "cost"])
    };
    // 60 x 7 + 150; 40 x 8 - 100, and 20 x 8.
    assert_eq!(
        replaced("2025-11-25,buy,X,60,7,k,\n2025-11-26,short,X,60,8,,\n"),
        ["X 60 570.00", "X -40 -220.00", "X -20 -160.00", "Y 1 1.00"]
    );
    // 60 x 8 - 150; 80 x 3.5 + 100, and 40 x 3.5.
    assert_eq!(
        replaced(
            "2025-11-25,short,X,60,8,,\n2025-11-26,split,X,,,,2:1\n2025-11-27,buy,X,120,3.5,k,\n"
        ),
        ["X 80 380.00", "X 40 140.00", "X -120 -330.00", "Y 1 1.00"]
    );
}

/// A loss of 1,000 on stock and an option on it a week later: a call is an option to acquire, unless the reading says
/// otherwise or only the broker's rule is asked for; a put is none (26 USC 1091(a)).
#[test]
fn only_an_option_to_acquire_replaces_stock() {
    let cost = |right: char, readings: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price\n2024-01-02,buy,X,100,50\n2024-06-03,sell,X,100,40\n\
             2024-06-10,bto,X     250117{right}00050000,1,2\n2024-12-31,buy,Y,1,1\n"
        );
        let cells = compute(&csv, "", readings).table("lots", &["cost"]);
        cells.into_iter().next().unwrap()
    };
    let (no, broker) = ("call_as_replacement = \"no\"", "wash_scope = \"broker\"");
    assert_eq!(cost('C', ""), "1200.00");
    for (right, readings) in [
        ('C', no),
        ('C', broker),
        ('P', ""),
        ('P', no),
        ('P', broker),
    ] {
        assert_eq!(cost(right, readings), "200.00", "{right} {readings}");
    }
}

/// 20 sold 200 under their cost, 10 of them replaced by 10 that are held and, read literally, 10 by 10 that were sold
/// before: half of the loss joins the basis of the first, the other half none.
#[test]
fn units_held_and_units_sold_share_a_loss() {
    compute(
        "date,action,symbol,quantity,price,lot\n2024-01-02,buy,X,20,50,a\n2024-05-20,buy,X,10,41,b\n\
         2024-05-21,buy,X,10,42,c\n2024-05-22,sell,X,10,45,c\n2024-06-03,sell,X,20,40,a\n2024-12-31,buy,Y,1,1,\n",
        "",
        "replacement_sold_before_the_loss = \"literal\"",
    )
    .sold(&[
        "X 10 2024-05-21 2024-05-22 450.00 420.00 0.00 30.00 short",
        "X 20 2024-01-02 2024-06-03 800.00 1000.00 200.00 0.00 short",
    ])
    .held(&["main X 10 510.00 2024-01-02", "main Y 1 1.00 2024-12-31"]);
}

/// A row that is replaced whole stays one; of one replaced in half while the window is open, only the other half may
/// change yet.
#[test]
fn a_row_is_divided_where_only_a_part_is_replaced() {
    let bought = |rows: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price\n2024-01-02,buy,X,20,50\n2024-06-03,sell,X,20,40\n{rows}"
        );
        compute(&csv, "", "partial_wash_row = \"split\"").table(
            "disposals",
            &["quantity", "adjustment", "gain", "provisional_until"],
        )
    };
    assert_eq!(
        bought("2024-06-04,buy,X,20,41\n2024-12-31,buy,Y,1,1\n"),
        ["20 200.00 0.00 -"]
    );
    assert_eq!(
        bought("2024-06-04,buy,X,10,41\n"),
        ["10 100.00 0.00 -", "10 0.00 -100.00 2024-07-03"]
    );
}

/// A call for 1,200 takes over a loss of 1,000 on 100 shares. The shares that it is exercised for, at 3,000 more, have
/// served with it: the next loss of 1,000 counts (26 CFR 1.1091-1(e)).
#[test]
fn shares_of_a_call_that_has_replaced_do_not_replace_again() {
    let call = "X     250117C00030000";
    plain(&format!(
        "date,action,symbol,quantity,price\n2024-01-02,buy,X,200,50\n2024-06-03,sell,X,100,40\n\
         2024-06-05,bto,{call},1,12\n2024-06-10,sell,X,100,40\n2024-06-12,exercise,{call},1,\n2024-12-31,buy,Y,1,1\n"
    ))
    .sold(&[
        "X 100 2024-01-02 2024-06-03 4000.00 5000.00 1000.00 0.00 short",
        "X 100 2024-01-02 2024-06-10 4000.00 5000.00 0.00 -1000.00 short",
    ])
    // 153 days of the first 100, which the call took over.
    .held(&["main X 100 5200.00 2024-01-11", "main Y 1 1.00 2024-12-31"]);
}

/// Lots are counted by the day they were acquired, in whatever order they come in, and told in the order of those days.
#[test]
fn lots_that_come_in_late_have_their_number_and_place() {
    let rows = "date,action,symbol,quantity,price,basis,acquired_date,lot\n2024-01-02,buy,X,1,10,,,\n\
                2024-01-02,buy,X,1,10,,,\n2024-01-04,buy,X,1,10,,,c\n2024-02-01,transfer_in,X,1,,5,2023-05-01,\n\
                2024-02-02,transfer_in,X,1,,5,2023-04-03,\n2024-02-02,transfer_in,X,1,,5,2024-01-03,\n\
                2024-02-03,transfer_in,X,1,,5,2023-04-03,\n2024-02-05,buy,X,1,10,,,\n";
    assert_eq!(
        plain(rows).table("lots", &["id"]),
        [
            "X@2023-04-03#1",
            "X@2023-04-03#2",
            "X@2023-05-01#1",
            "X@2024-01-02#1",
            "X@2024-01-02#2",
            "X@2024-01-03#1",
            "c",
            "X@2024-02-05#1",
        ]
    );
    compute(
        &format!("{rows}2024-03-01,sell,X,1,10,,,\n"),
        "--method specific",
        "",
    )
    .refused(
        "lots held: 2023-04-03 (1), 2023-04-03 (1), 2023-05-01 (1), 2024-01-02 (1), 2024-01-02 (1), \
         2024-01-03 (1), c (1), 2024-02-05 (1)",
    );
}

/// 100 shares for which a donor paid 1,000, worth 800 when given: 60 of them start again when as many sold short are bought
/// back (26 USC 1233(b)(2)). After a split in two all are sold at a loss, which counts from 4 each.
#[test]
fn units_that_start_again_keep_the_value_of_a_gift() {
    let found = plain(
        "date,action,symbol,quantity,price,basis,acquired_date,ratio\n2024-01-02,gift_in,X,100,8,1000,2023-12-01,\n\
         2024-03-01,short,X,100,10,,,\n2024-05-01,cover,X,60,9,,,\n2024-05-02,split,X,,,,,2:1\n\
         2024-06-03,sell,X,200,3,,,\n",
    );
    assert_eq!(
        found.table("disposals", &["quantity", "proceeds", "cost", "gain"]),
        [
            "60 600.00 540.00 60.00",
            "80 240.00 320.00 -80.00",
            "120 360.00 480.00 -120.00",
        ]
    );
}

/// A split of X changes what a call on X delivers. One on Y, identical or not, delivers what it did; so does one that a row
/// of the same day has turned into the new contract already.
#[test]
fn a_split_changes_options_on_its_own_stock_once() {
    let (x, y, new) = (
        "X     250117C00050000",
        "Y     250117C00050000",
        "X     250117C00025000",
    );
    configured(
        &format!(
            "date,action,symbol,quantity,price,ratio\n2024-01-02,bto,{x},1,2,\n2024-01-02,bto,{y},1,2,\n\
             2024-03-01,split,X,,,2:1\n2024-06-03,exercise,{x},1,,\n2024-06-03,exercise,{y},1,,\n"
        ),
        "",
        "identical = [[\"X\", \"Y\"]]\n",
    )
    .held(&[
        "main X 200 5200.00 2024-06-03",
        "main Y 100 5200.00 2024-06-03",
    ]);
    plain(&format!(
        "date,action,symbol,quantity,price,ratio,new_symbol\n2024-01-02,bto,{x},1,2,,\n2024-03-01,rename,{x},,,,{new}\n\
         2024-03-01,split,X,,,2:1,\n2024-06-03,exercise,{new},1,,,\n"
    ))
    .held(&["main X 100 2700.00 2024-06-03"]);
}

/// Married to its stock, a put for 200 that is settled for 300 is sold for a gain of 100: only where it lapses does its
/// cost join that of the stock (26 USC 1233(c)).
#[test]
fn a_married_put_that_is_settled_is_sold() {
    let put = "X     250117P00050000";
    let ended = |row: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,tag\n2024-01-02,buy,X,100,50,\n2024-01-02,bto,{put},1,2,married\n\
             2024-12-20,{row},\n"
        ))
    };
    ended(&format!("cash_settle,{put},1,3"))
        .sold(&[&format!(
            "{put} 1 2024-01-02 2024-12-20 300.00 200.00 0.00 100.00 short"
        )])
        .held(&["main X 100 5000.00 2024-01-02"]);
    ended(&format!("expire,{put},1,"))
        .sold(&[])
        .held(&["main X 100 5200.00 2024-01-02"]);
}

/// Where every sale chooses its lots, the end of all contracts leaves nothing to choose; that of one of two does.
#[test]
fn options_that_all_end_need_no_choice() {
    for right in ["C", "P"] {
        let ended = |quantity: &str| {
            let option = format!("X     250117{right}00050000");
            let csv = format!(
                "date,action,symbol,quantity,price\n2024-01-02,bto,{option},1,2\n2024-01-03,bto,{option},1,3\n\
                 2024-12-20,expire,{option},{quantity},\n"
            );
            compute(&csv, "--method specific", "")
        };
        for all in ["", "2"] {
            assert_eq!(
                ended(all).table("disposals", &["acquired", "gain"]),
                ["2024-01-02 -200.00", "2024-01-03 -300.00"]
            );
        }
        ended("1").refused("names no lot");
    }
}

/// The lots that an expiry names end in that order, and must be as many as end.
#[test]
fn the_lots_that_an_expiry_names_are_taken() {
    let call = "X     250117C00050000";
    let ended = |lots: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,lot\n2024-01-02,bto,{call},1,2,a\n2024-01-03,bto,{call},1,3,b\n\
             2024-12-20,expire,{call},2,,{lots}\n"
        ))
    };
    assert_eq!(
        ended("b;a").table("disposals", &["acquired", "gain"]),
        ["2024-01-03 -300.00", "2024-01-02 -200.00"]
    );
    ended("b").refused("the lots chosen (`b`) are 1 short");
}

/// A mark is a sale of all contracts, whatever its other cells say: 20 and 10 by the year end, and 2 x 10 after it.
#[test]
fn a_mark_is_of_the_whole_position() {
    let marked = |quantity: &str, lot: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,class,lot\n2024-01-02,buy,F,1,100,future,a\n2024-01-03,buy,F,1,110,future,b\n\
             2024-12-31,mark,F,{quantity},120,future,{lot}\n2025-02-03,sell,F,2,130,future,\n"
        ))
    };
    for lot in ["", "m", "a"] {
        assert_eq!(
            marked("", lot).table("disposals", &["disposed", "gain"]),
            ["2024-12-31 20.00", "2024-12-31 10.00", "2025-02-03 20.00"]
        );
    }
    marked("1", "").refused("the mark is for 1 of F but 2 are held");
}

/// What a venue reports as won or lost is a row as it stands; in a sheltered account it is none.
#[test]
fn an_amount_alone_is_a_result_of_its_day() {
    let found = configured(
        "date,action,symbol,total,class,account\n2024-01-02,pnl,P,120,perp,a\n2024-01-03,pnl,P,-20,perp,a\n\
         2024-01-04,pnl,P,-30,perp,i\n",
        "",
        "[accounts.i]\nkind = \"sheltered\"\n",
    );
    assert_eq!(
        found.table("disposals", &["disposed", "proceeds", "cost", "gain"]),
        [
            "2024-01-02 120.00 0.00 120.00",
            "2024-01-03 0.00 20.00 -20.00"
        ]
    );
}

/// What the same day buys after a sale is sold with it only as far as nothing older is left, also where more could be sold
/// short, and where the last bought is sold first.
#[test]
fn a_sale_takes_what_its_day_buys_only_where_it_must() {
    let sold = |held: u32, sold: u32| {
        let csv = format!(
            "date,action,symbol,quantity,price\n2024-01-02,buy,X,{held},10\n2024-06-03,sell,X,{sold},20\n\
             2024-06-03,buy,X,10,30\n"
        );
        let found = compute(&csv, "--allow-short --method lifo", "");
        assert_eq!(found.warned("acquired-first"), usize::from(sold > held));
        found.table("disposals", &["match", "acquired", "gain"])
    };
    let older = "lot 2024-01-02 100.00";
    assert_eq!(sold(10, 10), [older]);
    assert_eq!(sold(20, 10), [older]);
    assert_eq!(sold(10, 20), ["lot 2024-06-03 -100.00", older]);
}

/// A gift of 100 shares, 1,000 to a donor who held them for years and 800 on its day: a sale between the two, or at either,
/// is without gain or loss, and the donor's time counts; below, the loss counts from the value and the day of the gift
/// (26 USC 1015(a), 1223(2)).
#[test]
fn a_gift_sold_at_its_value_has_neither_gain_nor_loss() {
    let sold = |price: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,basis,acquired_date\n2024-06-03,gift_in,X,100,8,1000,2020-12-01\n\
             2024-07-01,sell,X,100,{price},,\n"
        ))
        .table("disposals", &["cost", "gain", "term"])
    };
    assert_eq!(sold("10.01"), ["1000.00 1.00 long"]);
    assert_eq!(sold("10"), ["1000.00 0.00 long"]);
    assert_eq!(sold("9"), ["900.00 0.00 long"]);
    assert_eq!(sold("8"), ["800.00 0.00 long"]);
    assert_eq!(sold("7.99"), ["800.00 -1.00 short"]);
}

/// 30 of a loss of 100 on ten fund shares is long-term, so that it has a row of its own. Three bought for 30 three days
/// later take over 10 each, and one of them costs 20.
#[test]
fn a_loss_in_two_rows_is_deferred_by_what_each_share_lost() {
    plain(
        "date,action,symbol,quantity,price,total,tag\n2024-01-02,buy,X,10,30,,\n2024-02-01,dividend,X,,,30,capital-gain\n\
         2024-03-01,sell,X,10,20,,\n2024-03-04,buy,X,3,10,,\n2024-05-06,sell,X,1,10,,\n2024-12-31,buy,Y,1,1,,\n",
    )
    .sold(&[
        "X 7 2024-01-02 2024-03-01 140.00 210.00 30.00 -40.00 short",
        "X 3 2024-01-02 2024-03-01 60.00 90.00 0.00 -30.00 long",
        "X 1 2024-03-04 2024-05-06 10.00 20.00 0.00 -10.00 short",
    ])
    .held(&["main X 2 40.00 2024-01-05", "main Y 1 1.00 2024-12-31"]);
}

/// Of 100 that are lost the first 30 are what exempt interest takes (26 USC 852(b)(4)(B)), and 70 what was lost.
#[test]
fn what_is_lost_is_not_deducted_twice_over() {
    let found = plain(
        "date,action,symbol,quantity,price,total,tag\n2024-01-02,buy,X,10,10,,\n2024-02-01,dividend,X,,,30,exempt-interest\n\
         2024-03-01,lost,X,10,,,\n",
    );
    assert_eq!(
        found.table("adjustments", &["rule", "amount"]),
        ["us-fund-six-months 30.00", "us-lost 70.00"]
    );
    found.sold(&["X 10 2024-01-02 2024-03-01 0.00 100.00 100.00 0.00 short"]);
}

/// Less than half a cent of exempt interest takes nothing off a loss, and is no adjustment.
#[test]
fn an_adjustment_of_nothing_is_none() {
    let found = plain(
        "date,action,symbol,quantity,price,total,tag\n2024-01-02,buy,X,10,30,,\n\
         2024-02-01,dividend,X,,,0.001,exempt-interest\n2024-03-01,sell,X,10,20,,\n2024-12-31,buy,Y,1,1,,\n",
    );
    assert!(found.table("adjustments", &["amount"]).is_empty());
    found.sold(&["X 10 2024-01-02 2024-03-01 200.00 300.00 0.00 -100.00 short"]);
}

/// A loss of 100 on 50 shares waits through two splits that a row of its account books: of the 300 that they are then,
/// 150 are bought again.
#[test]
fn a_loss_that_waits_follows_every_split() {
    plain(
        "date,action,symbol,quantity,price,ratio,account\n2024-01-02,buy,X,100,10,,a\n2024-06-03,sell,X,50,8,,a\n\
         2024-06-04,split,X,,,2:1,a\n2024-06-10,split,X,,,3:1,a\n2024-06-20,buy,X,150,2,,a\n2024-12-31,buy,Y,1,1,,a\n",
    )
    .sold(&["X 50 2024-01-02 2024-06-03 400.00 500.00 50.00 -50.00 short"])
    .held(&[
        "a X 300 500.00 2024-01-02",
        "a X 150 350.00 2024-01-19",
        "a Y 1 1.00 2024-12-31",
    ]);
}

/// A split of what only others hold, or only another account, acts on nothing; each is told by itself.
#[test]
fn an_action_is_about_its_own_security_and_account() {
    let told = |rows: &str| {
        let csv = format!(
            "date,action,symbol,quantity,price,ratio,account\n2024-01-02,buy,X,10,30,,a\n{rows}"
        );
        let found = configured(&csv, "", "identical = [[\"X\", \"W\", \"V\"]]\n");
        let told = found.document["warnings"].as_array().unwrap().iter();
        let told = told.filter(|told| told["code"] == "nothing-held");
        told.map(|told| told["at"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(told("2024-02-01,split,X,,,2:1,a\n"), [""; 0]);
    assert_eq!(told("2024-02-01,split,X,,,2:1,b\n"), ["[\"t.csv:3\"]"]);
    assert_eq!(
        told("2024-02-01,split,W,,,2:1,\n2024-02-02,split,V,,,2:1,\n2024-02-05,split,V,,,3:1,\n"),
        ["[\"t.csv:3\"]", "[\"t.csv:4\",\"t.csv:5\"]"]
    );
    // The same where nothing connects them.
    assert_eq!(
        told("2024-02-01,split,S,,,2:1,\n2024-02-02,split,T,,,2:1,\n"),
        ["[\"t.csv:3\"]", "[\"t.csv:4\"]"]
    );
}

/// A purchase of 100 at the strike is the share leg of an exercise within five days of it; before that it is another.
#[test]
fn shares_bought_long_before_an_exercise_are_others() {
    let bought = |day: &str| {
        let call = "X     250117C00050000";
        plain(&format!(
            "date,action,symbol,quantity,price\n2024-01-02,bto,{call},1,2\n{day},buy,X,100,50\n2024-06-03,exercise,{call},1,\n"
        ))
    };
    bought("2024-05-29").refused("share leg written twice");
    bought("2024-05-28").held(&[
        "main X 100 5000.00 2024-05-28",
        "main X 100 5200.00 2024-06-03",
    ]);
}

/// What was bought two hours after a sale was not there to be sold; nor is what the day buys of another security.
#[test]
fn a_sale_takes_only_its_own_security_and_no_later_hour() {
    plain(
        "date,action,symbol,quantity,price\n2024-01-02,buy,X,1,10\n2024-06-03T10:00:00,sell,X,5,20\n\
         2024-06-03T12:00:00,buy,X,5,10\n",
    )
    .refused("sold 5 of X but only 1 are held");
    let found = configured(
        "date,action,symbol,quantity,price\n2024-06-03,sell,X,5,20\n2024-06-03,buy,W,5,10\n2024-06-03,buy,X,5,10\n",
        "",
        "identical = [[\"X\", \"W\"]]\n",
    );
    assert_eq!(
        found.document["warnings"][0]["at"].to_string(),
        "[\"t.csv:4\"]"
    );
}

/// Of 100 bought in a sheltered account 40 have replaced what was sold: they stand first, as they leave first.
#[test]
fn units_that_have_replaced_stand_before_the_others() {
    configured(
        "date,action,symbol,quantity,price,account\n2024-01-02,buy,X,40,50,a\n2024-06-03,sell,X,40,40,a\n\
         2024-06-10,buy,X,100,41,i\n2024-12-31,buy,Y,1,1,a\n",
        "",
        "[accounts.i]\nkind = \"sheltered\"\n",
    )
    .sold(&["X 40 2024-01-02 2024-06-03 1600.00 2000.00 400.00 0.00 short"])
    .held(&[
        "i X 40 1640.00 2024-06-10",
        "i X 60 2460.00 2024-06-10",
        "a Y 1 1.00 2024-12-31",
    ]);
}

/// From 2025 on coins of unhosted wallets may be one pool: that of an exchange is not in it, however old.
#[test]
fn only_unhosted_wallets_are_pooled() {
    configured(
        "date,action,symbol,quantity,price,account,class\n2025-02-01,buy,BTC,1,100,ex,crypto\n\
         2025-02-03,buy,BTC,1,200,w1,crypto\n2025-03-03,sell,BTC,1,300,w2,crypto\n",
        "",
        "[accounts.w1]\nkind = \"unhosted\"\n[accounts.w2]\nkind = \"unhosted\"\n[us]\nunhosted_wallets = \"pooled\"\n",
    )
    .sold(&["BTC 1 2025-02-03 2025-03-03 300.00 200.00 0.00 100.00 short"])
    .held(&["ex BTC 1 100.00 2025-02-01"]);
}

/// The pool over all wallets is the taxpayer's: neither sheltered coins nor the spouse's are in it.
#[test]
fn coins_of_others_are_not_in_the_universal_pool() {
    for other in ["kind = \"sheltered\"", "owner = \"spouse\""] {
        configured(
            "date,action,symbol,quantity,price,account,class\n2024-02-01,buy,BTC,1,100,o,crypto\n\
             2024-02-02,buy,BTC,1,200,b,crypto\n2024-03-03,sell,BTC,1,300,b,crypto\n",
            "",
            &format!("[crypto]\npre2025 = \"universal\"\n[accounts.o]\n{other}\n"),
        )
        .sold(&["BTC 1 2024-02-02 2024-03-03 300.00 200.00 0.00 100.00 short"])
        .held(&["o BTC 1 100.00 2024-02-01"]);
    }
}

/// On 1 January 2025 each coin of the pool is in the wallet that the allocation names (Rev. Proc. 2024-28), and one given to
/// an unhosted wallet is in the pool of those. An allocation that covers a file which ends before is not asked for yet.
#[test]
fn allocated_coins_are_in_their_wallets_from_the_first_day() {
    let sold = |rows: &str| {
        let folder = tempfile::tempdir().unwrap();
        let allocation = folder.path().join("a.csv");
        fs::write(
            &allocation,
            "wallet,lot,quantity\nw1,BTC@2024-02-01#1,1\nex,BTC@2024-02-02#1,1\n",
        )
        .unwrap();
        let csv = format!(
            "date,action,symbol,quantity,price,account,class\n2024-02-01,buy,BTC,1,100,w1,crypto\n\
             2024-02-02,buy,BTC,1,200,ex,crypto\n2024-03-03,buy,Z,1,300,w2,stock\n{rows}"
        );
        configured(
            &csv,
            "",
            &format!(
                "[crypto]\npre2025 = \"universal\"\nallocation = {:?}\n[accounts.w1]\nkind = \"unhosted\"\n\
                 [accounts.w2]\nkind = \"unhosted\"\n[us]\nunhosted_wallets = \"pooled\"\n",
                allocation.display().to_string()
            ),
        )
    };
    let z = "w2 Z 1 300.00 2024-03-03";
    for wallet in ["w1", "w2"] {
        sold(&format!("2025-01-01,sell,BTC,1,400,{wallet},crypto\n"))
            .sold(&["BTC 1 2024-02-01 2025-01-01 400.00 100.00 0.00 300.00 short"])
            .held(&["ex BTC 1 200.00 2024-02-02", z]);
    }
    sold("2025-01-01,sell,BTC,1,400,ex,crypto\n")
        .sold(&["BTC 1 2024-02-02 2025-01-01 400.00 200.00 0.00 200.00 short"])
        .held(&["- BTC 1 100.00 2024-02-01", z]);
    sold("").held(&["- BTC 1 100.00 2024-02-01", "- BTC 1 200.00 2024-02-02", z]);
}

/// Only a loss on a short is divided by the old shares beside it (26 USC 1233(d)); bought back at its price it is one row.
#[test]
fn a_short_without_a_loss_is_one_row() {
    plain(
        "date,action,symbol,quantity,price\n2023-01-02,buy,X,50,10\n2024-03-01,short,X,100,10\n2024-05-01,cover,X,100,10\n",
    )
    .sold(&["X 100 2024-05-01 2024-05-01 1000.00 1000.00 0.00 0.00 short"]);
}

/// A short closed at a loss of 200 on 100 shares, of which 30 and then 20 are sold: read literally that denies 60 and 40
/// (26 USC 1091(e)(1)).
#[test]
fn every_sale_near_a_short_denies_its_own_part() {
    let found = compute(
        "date,action,symbol,quantity,price\n2024-01-02,buy,X,100,5\n2024-03-01,short,X,100,10\n2024-05-01,cover,X,100,12\n\
         2024-05-02,sell,X,30,10\n2024-05-03,sell,X,20,10\n2024-12-31,buy,Y,1,1\n",
        "",
        "short_wash_e_1 = \"literal\"",
    );
    assert_eq!(
        found.table("disposals", &["quantity", "adjustment", "gain"]),
        ["100 100.00 -100.00", "30 0.00 150.00", "20 0.00 100.00"]
    );
    assert_eq!(
        found.table("adjustments", &["quantity", "amount"]),
        ["30 60.00", "20 40.00"]
    );
}

/// Another short of 50 at 8 takes over half of a loss of 250 (26 USC 1091(e)(2)): what it brought is 400 - 125, of which 20
/// are 110.
#[test]
fn a_short_that_has_taken_over_a_loss_is_closed_in_parts() {
    plain(
        "date,action,symbol,quantity,price\n2025-10-15,short,X,100,7.5\n2025-11-19,cover,X,100,10\n2025-11-25,short,X,50,8\n\
         2025-12-01,cover,X,20,7\n2026-03-02,buy,Y,1,1\n",
    )
    .sold(&[
        "X 100 2025-11-19 2025-11-19 750.00 1000.00 125.00 -125.00 short",
        "X 20 2025-12-01 2025-12-01 110.00 140.00 0.00 -30.00 short",
    ])
    .held(&["main X -30 -165.00 2025-11-25", "main Y 1 1.00 2026-03-02"]);
}

/// A gift of 100 shares, 1,000 to the donor and worth 800: delivered against 60 sold short at 10 and 40 at 6, it costs 600
/// against 600, and for the loss what those 40 were worth, 320 against 240 (26 USC 1015(a)); one at 9 is neither.
#[test]
fn a_gift_that_is_delivered_has_two_bases() {
    let delivered = |first: &str, second: &str| {
        plain(&format!(
            "date,action,symbol,quantity,price,basis,acquired_date,lot\n2024-01-02,gift_in,X,100,8,1000,2020-12-01,g\n\
             2024-03-01,short,X,60,{first},,,\n2024-03-02,short,X,40,{second},,,\n2024-06-03,cover,X,100,,,,g\n\
             2024-12-31,buy,Y,1,1,,,\n"
        ))
        .table("disposals", &["quantity", "proceeds", "cost", "gain"])
    };
    assert_eq!(
        delivered("10", "6"),
        ["60 600.00 600.00 0.00", "40 240.00 320.00 -80.00"]
    );
    assert_eq!(
        delivered("11", "9"),
        ["60 660.00 600.00 60.00", "40 360.00 360.00 0.00"]
    );
    let csv = "date,action,symbol,quantity,price,basis,acquired_date,lot\n2024-01-02,gift_in,X,100,8,1000,2020-12-01,g\n\
               2024-03-01,short,X,100,6,,,\n2024-06-03,cover,X,100,,,,g\n";
    assert_eq!(
        lines_of(csv, "X@2024-06-03#1", "", "cost"),
        "gift of 100, basis as stated 1000.00; worth less than the donor's basis when given: the value counts for a loss, \
         nothing between -200.00"
    );
}

/// 60 of a gift of 100 shares start again since as many are sold short beside them, or 100 of 200 beside a put: each part
/// keeps its own part of the value, 8 a share.
#[test]
fn a_gift_that_starts_again_in_part_keeps_its_value() {
    let sold = |given: &str, beside: &str, units: u32| {
        let csv = format!(
            "date,action,symbol,quantity,price,basis,acquired_date\n2024-01-02,gift_in,X,{given},2023-12-01\n\
             2024-03-01,{beside},,\n2024-05-02,sell,X,{units},7,,\n2024-12-31,buy,Y,1,1,,\n"
        );
        plain(&csv).table("disposals", &["quantity", "cost", "gain"])
    };
    assert_eq!(
        sold("100,8,1000", "short,X,60,10", 100),
        ["60 480.00 -60.00", "40 320.00 -40.00"]
    );
    assert_eq!(
        sold("200,8,2000", "bto,X     250117P00007000,1,2", 200),
        ["100 800.00 -100.00", "100 800.00 -100.00"]
    );
}

/// A gift worth 8 a share joins shares at 4 in an average of 6: a loss of 1 a share counts from that, and the gift is held
/// from its day (26 CFR 1.1012-1(e)).
#[test]
fn a_gift_moved_into_an_average_has_no_basis_of_its_own() {
    let found = configured(
        "date,action,symbol,quantity,price,basis,acquired_date,account,to_account\n\
         2024-06-03,gift_in,X,100,8,1000,2020-12-01,a,\n2024-06-04,buy,X,100,4,,,b,\n\
         2024-07-01,transfer,X,100,,,,a,b\n2024-08-01,sell,X,150,5,,,b,\n2024-12-31,buy,Y,1,1,,,a,\n",
        "",
        "[accounts.b]\nmethod = \"average\"\n",
    );
    assert_eq!(
        found.table(
            "disposals",
            &["quantity", "cost", "gain", "term", "held_from"]
        ),
        [
            "100 600.00 -100.00 short 2024-06-03",
            "50 300.00 -50.00 short 2024-06-04"
        ]
    );
}

/// A loss of 500 on 50 shares, and ten of them a week later by a right to subscribe: they join the old holding, and are no
/// purchase that replaces what was sold.
#[test]
fn shares_taken_up_by_a_right_replace_nothing() {
    plain(
        "date,action,symbol,quantity,price,tag\n2024-01-02,buy,X,100,50,\n2024-06-03,sell,X,50,40,\n\
         2024-06-10,buy,X,10,30,rights\n2024-12-31,buy,Y,1,1,\n",
    )
    .sold(&["X 50 2024-01-02 2024-06-03 2000.00 2500.00 0.00 -500.00 short"]);
}

/// Puts beside stock that is bought before and after them are told once for each row of puts.
#[test]
fn a_put_beside_stock_is_told_once() {
    let found = plain(
        "date,action,symbol,quantity,price\n2024-06-03,buy,X,100,8\n2024-06-05,bto,X     250117P00050000,2,2\n\
         2024-06-06,buy,X,100,8\n2024-06-07,buy,X,50,8\n2024-06-10,bto,X     250117P00040000,2,2\n",
    );
    let told = found.document["warnings"].as_array().unwrap().iter();
    let told = told.filter(|told| told["code"] == "put-beside-stock");
    let rows: Vec<String> = told.map(|told| told["at"].to_string()).collect();
    assert_eq!(rows, ["[\"t.csv:3\",\"t.csv:6\"]"]);
}

/// A contract sold in February was held over the year end, though nothing of it is left when the data end.
#[test]
fn a_contract_that_is_gone_by_now_needed_its_mark() {
    plain("date,action,symbol,quantity,price,class\n2024-11-04,buy,F,1,100,future\n2025-02-03,sell,F,1,110,future\n")
        .refused("held past 2024-12-31 without a year-end mark");
}

/// A call on X sold at a loss and one on Y bought: not on one stock, though Y was split off from X.
#[test]
fn options_on_two_stocks_are_not_identical() {
    compute(
        "date,action,symbol,quantity,price,new_symbol,new_quantity,fraction\n2024-01-02,buy,X,10,50,,,\n\
         2024-02-01,spinoff,X,,,Y,10,0.1\n2024-06-03,bto,X     250117C00050000,1,5,,,\n\
         2024-06-20,stc,X     250117C00050000,1,3,,,\n2024-06-25,bto,Y     250117C00060000,1,2,,,\n\
         2024-12-31,buy,Z,1,1,,,\n",
        "",
        "option_identity = \"underlying\"",
    )
    .sold(&["X     250117C00050000 1 2024-06-03 2024-06-20 300.00 500.00 0.00 -200.00 short"]);
}

/// Of a loss that a sheltered account has replaced nothing is left: that is told with every report.
#[test]
fn a_loss_that_is_gone_is_told_with_the_years_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("t.csv"),
        "date,action,symbol,quantity,price,account\n2024-01-02,buy,X,20,50,a\n2024-06-03,sell,X,20,40,a\n\
         2024-06-04,buy,X,20,41,i\n2024-12-31,buy,Y,1,1,a\n",
    )
    .unwrap();
    let accounts = "[accounts.i]\nkind = \"sheltered\"\n";
    fs::write(folder.path().join("c.toml"), accounts).unwrap();
    for report in ["years", "disposals"] {
        let output = Command::new(env!("CARGO_BIN_EXE_lossoffset"))
            .args(["compute", "t.csv", "--config", "c.toml", "-f", "csv"])
            .args(["--report", report])
            .current_dir(folder.path())
            .env_clear()
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            error.contains("losses of 200.00 are gone for good"),
            "{report}: {error}"
        );
    }
}

/// The first explanation's lines of a part.
#[track_caller]
fn lines_of(csv: &str, id: &str, readings: &str, part: &str) -> String {
    let parts = parts(&explained(csv, id, readings));
    let found = parts.into_iter().find(|(name, _)| name == part);
    found.unwrap().1
}

/// 200 paid for a put come off the 5,000 at the strike, also where the shares are bought in a later row of that day; 200
/// for a written call join them, and for a written put come off the cost.
#[test]
fn an_explained_exercise_names_the_premium() {
    let (call, put) = ("X     250117C00050000", "X     250117P00050000");
    let head = "date,action,symbol,quantity,price\n";
    let told = lines_of(
        &format!(
            "{head}2024-01-02,bto,{put},1,2\n2024-06-03,exercise,{put},1,\n2024-06-03,buy,X,100,45\n"
        ),
        "X@2024-06-03#1",
        "",
        "proceeds",
    );
    assert_eq!(
        told,
        format!("100 X at the strike of 50 5000.00; premium paid for 1 {put} -200.00")
    );
    let told = lines_of(
        &format!(
            "{head}2024-01-02,buy,X,100,45\n2024-01-03,sto,{call},1,2\n2024-06-03,assign,{call},1,\n"
        ),
        "X@2024-06-03#1",
        "",
        "proceeds",
    );
    assert_eq!(
        told,
        format!("100 X at the strike of 50 5000.00; premium received for 1 {call} 200.00")
    );
    let told = lines_of(
        &format!(
            "{head}2024-01-03,sto,{put},1,2\n2024-06-03,assign,{put},1,\n2024-07-01,sell,X,100,60\n"
        ),
        "X@2024-07-01#1",
        "",
        "cost",
    );
    assert!(
        told.ends_with("100 X at the strike of 50 5000.00; written 1 at 2 x 100 -200.00"),
        "{told}"
    );
}

/// 40 of the 100 bought back at 12 are long-term beside 40 old shares: each row tells its part of what the short brought
/// and cost. Delivered shares without payments in lieu tell of none.
#[test]
fn an_explained_short_tells_the_part_of_its_row() {
    let csv = "date,action,symbol,quantity,price\n2023-01-02,buy,X,40,8\n2024-03-01,short,X,100,10\n\
               2024-05-01,cover,X,100,12\n";
    let of = |id: &str| ["proceeds", "cost"].map(|part| lines_of(csv, id, "", part));
    assert_eq!(
        of("X@2024-05-01#1"),
        [
            "sold short 100 at 10: 40 of 100 400.00",
            "bought to close 100 at 12: 40 of 100 480.00"
        ]
    );
    assert_eq!(
        of("X@2024-05-01#2"),
        [
            "sold short 100 at 10: 60 of 100 600.00",
            "bought to close 100 at 12: 60 of 100 720.00"
        ]
    );
    let delivered = "date,action,symbol,quantity,price,lot\n2024-03-01,short,X,100,10,\n2024-03-02,buy,X,100,9,j\n\
                     2024-05-01,cover,X,100,,j\n";
    assert_eq!(
        lines_of(delivered, "X@2024-05-01#1", "", "cost"),
        "bought 100 at 9 900.00"
    );
}

/// Five of 20 are replaced, so that the row is two: each tells its part of the cost and of the proceeds, and 25 of 100
/// shares their quarter of a premium of 200.
#[test]
fn an_explained_part_of_a_row_tells_its_part() {
    let split = "partial_wash_row = \"split\"";
    let csv = "date,action,symbol,quantity,price\n2024-01-02,buy,X,20,50\n2024-06-03,sell,X,20,40\n\
               2024-06-04,buy,X,5,41\n2024-12-31,buy,Y,1,1\n";
    let of = |id: &str| ["proceeds", "cost"].map(|part| lines_of(csv, id, split, part));
    let [proceeds, cost] = of("X@2024-06-03#1");
    assert_eq!(proceeds, "sold 20 at 40: 5 of 20 200.00");
    assert!(
        cost.ends_with("; bought 20 at 50: 5 of 20 250.00"),
        "{cost}"
    );
    let [proceeds, cost] = of("X@2024-06-03#2");
    assert_eq!(proceeds, "sold 20 at 40: 15 of 20 600.00");
    assert!(
        cost.ends_with("; bought 20 at 50: 15 of 20 750.00"),
        "{cost}"
    );
    let put = "X     250117P00050000";
    let exercised = format!(
        "date,action,symbol,quantity,price\n2024-01-02,buy,X,100,60\n2024-01-03,bto,{put},1,2\n2024-06-03,exercise,{put},1,\n\
         2024-06-10,buy,X,25,45\n2024-12-31,buy,Y,1,1\n"
    );
    for (id, part, strike, premium) in [
        ("X@2024-06-03#1", 25, "1250.00", "-50.00"),
        ("X@2024-06-03#2", 75, "3750.00", "-150.00"),
    ] {
        assert_eq!(
            lines_of(&exercised, id, split, "proceeds"),
            format!(
                "100 X at the strike of 50: {part} of 100 {strike}; premium paid for 1 {put}: {part} of 100 {premium}"
            )
        );
    }
}

/// 30 of a loss of 100 are long-term, in a row of its own with three of the ten shares.
#[test]
fn an_explained_long_term_part_tells_its_part() {
    let csv = "date,action,symbol,quantity,price,total,tag\n2024-01-02,buy,X,10,30,,\n\
               2024-02-01,dividend,X,,,30,capital-gain\n2024-03-01,sell,X,10,20,,\n2024-12-31,buy,Y,1,1,,\n";
    for (id, own, brought, paid) in [
        ("X@2024-03-01#1", 7, "140.00", "210.00"),
        ("X@2024-03-01#2", 3, "60.00", "90.00"),
    ] {
        assert_eq!(
            lines_of(csv, id, "", "proceeds"),
            format!("sold 10 at 20: {own} of 10 {brought}")
        );
        let cost = lines_of(csv, id, "", "cost");
        let bought = format!("; bought 10 at 30: {own} of 10 {paid}");
        assert!(cost.ends_with(&bought), "{cost}");
    }
}

/// 60 of 100 shares start again when a short of 60 is bought back: their row tells of their part of the purchase and of
/// that day. Of two married puts one has no stock, and ends for nothing by itself.
#[test]
fn an_explained_part_of_a_lot_tells_its_part() {
    let csv = "date,action,symbol,quantity,price\n2024-01-02,buy,X,100,8\n2024-03-01,short,X,60,10\n\
               2024-05-01,cover,X,60,9\n2024-06-03,sell,X,100,7\n";
    let cost = lines_of(csv, "X@2024-06-03#2", "", "cost");
    assert!(
        cost.ends_with("; bought 100 at 8: 60 of 100 480.00"),
        "{cost}"
    );
    let term = lines_of(csv, "X@2024-06-03#2", "", "term");
    assert!(
        term.starts_with("a short sale or a put ended on 2024-05-01: held from then"),
        "{term}"
    );
    let put = "X     250117P00050000";
    let married = format!(
        "date,action,symbol,quantity,price,tag\n2024-01-02,buy,X,100,50,\n2024-01-02,bto,{put},2,2,married\n\
         2024-12-20,expire,{put},2,,\n"
    );
    let id = format!("{put}@2024-12-20#1");
    assert_eq!(
        lines_of(&married, &id, "", "proceeds"),
        "nothing received 0.00"
    );
    let cost = lines_of(&married, &id, "", "cost");
    assert!(
        cost.ends_with("; bought 2 at 2 x 100: 1 of 2 200.00"),
        "{cost}"
    );
}

/// What `check` prints, its columns one space apart.
#[track_caller]
fn checked(csv: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv"), csv).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_lossoffset"))
        .args(["check", "t.csv"])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

/// Half of a loss of 200 is replaced when the data end, and the other half may be yet. Of 100 sold short 50 are open.
#[test]
fn a_check_counts_what_is_open() {
    let told = checked(
        "date,action,symbol,quantity,price\n2024-01-02,buy,X,20,50\n2024-06-03,sell,X,20,40\n2024-06-04,buy,X,10,41\n",
    );
    let open = "losses of 100.00 are not disallowed so far";
    assert!(told.contains(open), "{told}");
    let told = checked(
        "date,action,symbol,quantity,price\n2024-01-02,short,X,100,8\n2024-06-03,cover,X,50,7\n",
    );
    assert!(told.contains("\nX 0 0 0 100 50 50\n"), "{told}");
}

/// An explained coin of the universal pool tells of the wallet that its allocation gave it to, and of its next one, but not
/// of the pool.
#[test]
fn an_explained_coin_tells_of_its_allocation() {
    let folder = tempfile::tempdir().unwrap();
    let allocation = folder.path().join("a.csv");
    fs::write(&allocation, "wallet,lot,quantity\nw1,BTC@2024-02-01#1,1\n").unwrap();
    let readings = format!(
        "[crypto]\npre2025 = \"universal\"\nallocation = {:?}",
        allocation.display().to_string()
    );
    let csv = "date,action,symbol,quantity,price,class,account,to_account\n2024-02-01,buy,BTC,1,100,crypto,w1,\n\
               2025-02-03,transfer,BTC,1,,crypto,w1,w2\n2025-03-03,sell,BTC,1,200,crypto,w2,\n";
    let cost = lines_of(csv, "BTC@2025-03-03#1", &readings, "cost");
    let moved = "; bought 1 at 100 100.00; 1 moved to w1 -; 1 moved to w2 -";
    assert!(cost.ends_with(moved), "{cost}");
}
