//! Our disposals against a broker's: what is one thing, where the two differ, and why.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;

/// Files in a folder of their own, and the program run beside them.
struct Desk(TempDir);

impl Desk {
    fn new(trades: &str, gains: &str) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        desk.file("trades.csv", trades).file("gains.csv", gains);
        desk
    }

    fn file(&self, name: &str, text: &str) -> &Self {
        fs::write(self.0.path().join(name), text).unwrap();
        self
    }

    fn run(&self, arguments: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_lossoffset"))
            .args(arguments.split_whitespace())
            .current_dir(self.0.path())
            .env_clear()
            .env("HOME", self.0.path())
            .output()
            .unwrap()
    }

    fn page(&self, options: &str) -> String {
        let run = self.run(&format!("reconcile trades.csv --with gains.csv {options}"));
        assert_eq!(run.status.code(), Some(0), "{}", error(&run));
        String::from_utf8(run.stdout).unwrap()
    }

    /// Of each row: status, causes, codes, symbol and note.
    fn rows(&self, options: &str) -> Vec<[String; 5]> {
        let page = self.page(&format!("{options} --format csv"));
        let mut reader = csv::Reader::from_reader(page.as_bytes());
        let names = reader.headers().unwrap().clone();
        let column = |name: &str| names.iter().position(|n| n == name).unwrap();
        let wanted = ["status", "causes", "codes", "symbol", "note"].map(column);
        let rows = reader.records().map(Result::unwrap);
        rows.map(|row| wanted.map(|at| row[at].to_owned()))
            .collect()
    }
}

fn error(run: &Output) -> String {
    String::from_utf8_lossy(&run.stderr).into_owned()
}

/// One difference: status, causes, codes; and what the note must hold.
#[track_caller]
fn differs(trades: &str, gains: &str, expected: [&str; 3], note: &str) {
    let rows = Desk::new(trades, gains).rows("");
    let [row] = &rows[..] else {
        panic!("{rows:#?}");
    };
    assert_eq!([&row[0], &row[1], &row[2]], expected, "{row:?}");
    assert!(row[4].contains(note), "{row:?}");
}

const HEAD: &str = "date,action,symbol,quantity,price,fee,account\n";
const GAINS: &str = "symbol,quantity,acquired,disposed,proceeds,cost,adjustment,term\n";

fn trades(rows: &str) -> String {
    format!("{HEAD}{rows}")
}

fn gains(rows: &str) -> String {
    format!("{GAINS}{rows}")
}

#[test]
fn a_reader_sees_what_agrees_what_differs_and_why() {
    let desk = Desk::new(
        &trades(
            "2023-02-03,buy,XYZ,100,10,1,broker\n2024-06-03,sell,XYZ,60,9,2,broker\n2024-06-20,buy,XYZ,20,8,0,ira\n\
             2024-03-01,buy,ABC,10,100,,broker\n2024-05-01,sell,ABC,10,120,5,broker\n\
             2024-03-01,buy,DEF,10,100,,broker\n2024-05-02,sell,DEF,10,120,5,broker\n",
        ),
        &gains(
            "XYZ,60,2023-02-03,2024-06-03,538.00,600.60,0,long\nABC,10,2024-03-01,2024-05-01,1200,1000,0,short\n\
             QRS,1,2024-01-01,2024-07-02,10,5,0,short\n",
        ),
    );
    let expected = "\x20\
Your disposals against gains.csv, USD
                     rows  your gain  their gain  difference
-------------------------------------------------------------
 matched                0       0.00        0.00        0.00
 differ                 2     153.27      137.40       15.87
 only in your files     1     195.00        0.00      195.00
 only in theirs         1       0.00        5.00       -5.00
                     ----  ---------  ----------  ----------
 all                    4     348.27      142.40      205.87

 What differs, and why
 symbol  account  disposed    quantity  figure         yours    theirs  difference  cause                      code
--------------------------------------------------------------------------------------------------------------------
 ABC     broker   2024-05-01        10  proceeds    1,195.00  1,200.00       -5.00  fee                        E
 XYZ     broker   2024-06-03        60  adjustment     20.87      0.00       20.87  wash sale across accounts  W

 ABC 2024-05-01, proceeds: they give gross proceeds: the fee of the sale is not taken off
 XYZ 2024-06-03, adjustment: computed within one account and one symbol it is theirs; replaced by XYZ of 2024-06-20 in ira

 Only in your files
 symbol  account  quantity  acquired    disposed    proceeds      cost    gain  row
-------------------------------------------------------------------------------------------------
 DEF     broker         10  2024-03-01  2024-05-02  1,195.00  1,000.00  195.00  DEF@2024-05-02#1

 Only in theirs
 symbol  account  quantity  acquired    disposed    proceeds  cost  gain  row
--------------------------------------------------------------------------------------
 QRS                     1  2024-01-01  2024-07-02     10.00  5.00  5.00  gains.csv:4
";
    assert_eq!(desk.page(""), expected);
}

#[test]
fn what_we_write_ourselves_agrees_with_us() {
    for (file, options) in [
        ("trades.csv", ""),
        ("options-and-wash-sales.csv", "--config lossoffset.toml"),
    ] {
        let desk = Desk::new("", "");
        for name in [file, "lossoffset.toml"] {
            let text = fs::read_to_string(format!("examples/{name}")).unwrap();
            desk.file(name, &text);
        }
        let ours = desk.run(&format!("compute {file} {options} -r disposals -o own.csv"));
        assert!(ours.status.success(), "{}", error(&ours));
        let run = desk.run(&format!(
            "reconcile {file} {options} --with own.csv --format csv"
        ));
        let text = String::from_utf8(run.stdout).unwrap();
        assert!(text.lines().count() > 2);
        assert!(
            text.lines()
                .skip(1)
                .all(|line| line.starts_with("matched,")),
            "{text}"
        );
    }
}

#[test]
fn a_program_gets_every_figure_of_both_sides() {
    let desk = Desk::new(
        &trades("2024-01-02,buy,XYZ,10,10,,a\n2024-03-01,sell,XYZ,10,12,,a\n"),
        &gains("XYZ,10,2024-01-02,2024-03-01,120,90,0,short\n"),
    );
    let json: serde_json::Value = serde_json::from_str(&desk.page("--format json")).unwrap();
    assert_eq!(json["broker_file"], "gains.csv");
    assert_eq!(json["broker_format"], "gains");
    let row = &json["reconciliation"][0];
    for (name, expected) in [
        ("status", "differs"),
        ("causes", "basis"),
        ("codes", "B"),
        ("cost", "100.00"),
        ("their_cost", "90.00"),
        ("gain", "20.00"),
        ("their_gain", "30.00"),
        ("difference", "-10.00"),
    ] {
        assert_eq!(row[name], expected, "{name}");
    }
    assert_eq!(row["disposals"][0], "XYZ@2024-03-01#1");
    assert_eq!(row["their_rows"][0], "gains.csv:2");
    assert_eq!(json["warnings"][0]["code"], "broker-differs");
}

#[test]
fn strict_ends_with_three_where_the_user_must_look() {
    let trades = trades("2024-01-02,buy,XYZ,10,10,,a\n2024-03-01,sell,XYZ,10,12,,a\n");
    let status = |gains: &str| {
        let run = Desk::new(&trades, gains).run("reconcile trades.csv --with gains.csv --strict");
        run.status.code()
    };
    assert_eq!(
        status(&gains("XYZ,10,2024-01-02,2024-03-01,120,90,0,short\n")),
        Some(3)
    );
    assert_eq!(
        status(&gains("XYZ,10,2024-01-02,2024-03-01,120,100,0,short\n")),
        Some(0)
    );
    // Cents are nobody's business.
    assert_eq!(
        status(&gains("XYZ,10,2024-01-02,2024-03-01,120,100.01,0,short\n")),
        Some(0)
    );
}

#[test]
fn a_loss_deferred_into_the_basis_from_another_account_is_named() {
    // The loss in `a` is replaced in `b`: what `b` sells later costs more than `b`'s broker knows.
    let rows = Desk::new(
        &trades(
            "2024-01-02,buy,XYZ,10,10,,a\n2024-03-01,sell,XYZ,10,6,,a\n2024-03-10,buy,XYZ,10,6,,b\n2024-06-03,sell,XYZ,10,9,,b\n",
        ),
        &gains("XYZ,10,2024-03-10,2024-06-03,90,60,0,short\n"),
    )
    .rows("--account b");
    assert_eq!(rows[0][..3], ["differs", "wash sale across accounts", "B"]);
}

#[test]
fn a_wash_sale_that_the_broker_leaves_out_is_named() {
    differs(
        &trades(
            "2024-01-02,buy,XYZ,10,10,,a\n2024-03-01,sell,XYZ,10,6,,a\n2024-03-10,buy,XYZ,10,6,,a\n",
        ),
        &gains("XYZ,10,2024-01-02,2024-03-01,60,100,0,short\n"),
        ["differs", "wash sale", "W"],
        "computed without the wash-sale rule it is theirs; replaced by XYZ of 2024-03-10 in a",
    );
}

#[test]
fn a_wash_sale_that_only_the_broker_sees_asks_for_the_missing_purchase() {
    differs(
        &trades("2024-01-02,buy,XYZ,10,10,,a\n2024-03-01,sell,XYZ,10,6,,a\n"),
        &gains("XYZ,10,2024-01-02,2024-03-01,60,100,40,short\n"),
        ["differs", "wash sale", "W"],
        "a purchase within 30 days is missing",
    );
}

#[test]
fn other_lots_are_the_method_and_its_name_is_found() {
    differs(
        &trades(
            "2024-01-02,buy,XYZ,10,10,,a\n2024-02-02,buy,XYZ,10,12,,a\n2024-06-03,sell,XYZ,10,15,,a\n",
        ),
        &gains("XYZ,10,2024-02-02,2024-06-03,150,120,0,short\n"),
        ["differs", "method", "B"],
        "their lots are those of the method `lifo`",
    );
}

#[test]
fn the_term_has_a_code_of_its_own() {
    differs(
        &trades("2023-03-01,buy,XYZ,10,10,,a\n2024-03-01,sell,XYZ,10,15,,a\n"),
        &gains("XYZ,10,2023-03-01,2024-03-01,150,100,0,long\n"),
        ["differs", "term", "T"],
        "the day after the first anniversary",
    );
}

#[test]
fn whole_dollars_are_rounding() {
    differs(
        &trades("2024-01-02,buy,XYZ,10,10.04,,a\n2024-03-01,sell,XYZ,10,15.03,,a\n"),
        &gains("XYZ,10,2024-01-02,2024-03-01,150,100,0,short\n"),
        ["differs", "rounding", ""],
        "",
    );
}

#[test]
fn a_split_that_one_side_lacks_is_named() {
    differs(
        &trades("2024-01-02,buy,XYZ,10,100,,a\n2024-03-01,sell,XYZ,10,150,,a\n"),
        &gains("XYZ,40,2024-01-02,2024-03-01,1500,1000,0,short\n"),
        ["differs", "split", ""],
        "a split of 4:1",
    );
}

#[test]
fn a_sale_that_is_larger_on_one_side_is_one_difference() {
    differs(
        &trades("2024-01-02,buy,XYZ,10,100,,a\n2024-03-01,sell,XYZ,10,150,,a\n"),
        &gains("XYZ,6,2024-01-02,2024-03-01,900,600,0,short\n"),
        ["differs", "basis;quantity;unknown", "B"],
        "rows are missing on one side",
    );
}

#[test]
fn the_day_of_settlement_is_recognized() {
    differs(
        &trades("2024-01-02,buy,XYZ,10,100,,a\n2024-03-01,sell,XYZ,10,150,,a\n"),
        &gains("XYZ,10,2024-01-02,2024-03-04,1500,1000,0,short\n"),
        ["differs", "settlement day", ""],
        "a few days apart",
    );
}

#[test]
fn a_cost_that_the_broker_does_not_know_is_no_zero() {
    differs(
        &trades("2024-01-02,buy,XYZ,10,100,,a\n2024-03-01,sell,XYZ,10,150,,a\n"),
        &gains("XYZ,10,2024-01-02,2024-03-01,1500,,0,short\n"),
        ["differs", "basis", ""],
        "they do not report the cost",
    );
}

#[test]
fn lots_of_one_sale_are_put_beside_each_other_one_by_one() {
    let rows = Desk::new(
        &trades("2024-01-02,buy,XYZ,5,10,,a\n2024-02-02,buy,XYZ,5,12,,a\n2024-06-03,sell,XYZ,10,15,,a\n"),
        // The second lot in two rows.
        &gains("XYZ,3,2024-02-02,2024-06-03,45,36,0,short\nXYZ,5,2024-01-02,2024-06-03,75,50,0,short\nXYZ,2,2024-02-02,2024-06-03,30,24,0,short\n"),
    )
    .rows("");
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row[0] == "matched"), "{rows:?}");
}

#[test]
fn various_days_of_purchase_stand_for_all_lots_of_the_day() {
    let rows = Desk::new(
        &trades("2024-01-02,buy,XYZ,5,10,,a\n2024-02-02,buy,XYZ,5,12,,a\n2024-06-03,sell,XYZ,10,15,,a\n"),
        &gains("XYZ,10,various,2024-06-03,150,110,0,short\n"),
    )
    .rows("");
    assert_eq!(rows[0][0], "matched", "{rows:?}");
}

#[test]
fn a_name_without_a_symbol_is_understood_by_its_figures_and_said() {
    let desk = Desk::new(
        &trades(
            "2024-01-02,buy,XYZ,10,10,,a\n2024-06-03,sell,XYZ,10,15,,a\n2024-01-02,buy,ABC,10,10,,a\n2024-06-03,sell,ABC,10,25,,a\n",
        ),
        &gains(
            "EXWYZED CORP COMMON,10,2024-01-02,2024-06-03,150,100,0,short\nABC,10,2024-01-02,2024-06-03,250,100,0,short\n",
        ),
    );
    let page = desk.page("");
    assert!(
        page.contains("`EXWYZED CORP COMMON` was taken for XYZ"),
        "{page}"
    );
    assert!(page.contains("everything agrees"), "{page}");
}

#[test]
fn options_are_one_whatever_form_their_symbol_has() {
    let rows = Desk::new(
        &trades("2025-04-17,bto,XYZ   250620C00150000,1,4.60,0.66,a\n2025-04-21,stc,XYZ   250620C00150000,1,3.31,0.67,a\n"),
        &gains("XYZ 06/20/2025 150.00 C,1,2025-04-17,2025-04-21,330.33,460.66,0,short\n"),
    )
    .rows("");
    assert_eq!(rows[0][0], "matched", "{rows:?}");
}

#[test]
fn a_written_option_agrees_though_it_was_sold_first() {
    let rows = Desk::new(
        &trades("2025-04-17,sto,XYZ   250620C00150000,1,4.60,,a\n2025-04-21,btc,XYZ   250620C00150000,1,3.00,,a\n"),
        &gains("XYZ   250620C00150000,1,2025-04-21,2025-04-17,460,300,0,short\n"),
    )
    .rows("");
    assert_eq!(rows[0][0], "matched", "{rows:?}");
}

#[test]
fn accounts_and_years_of_which_the_list_has_nothing_are_left_out_and_counted() {
    let desk = Desk::new(
        &trades(
            "2023-01-02,buy,XYZ,30,10,,a\n2023-06-03,sell,XYZ,10,15,,a\n2024-06-03,sell,XYZ,10,15,,a\n\
             2024-01-02,buy,ABC,10,10,,b\n2024-06-03,sell,ABC,10,25,,b\n",
        ),
        &gains("XYZ,10,2023-01-02,2024-06-03,150,100,0,long\n"),
    );
    let page = desk.page("");
    assert!(
        page.contains("1 disposal of yours in tax years of which the list has nothing"),
        "{page}"
    );
    assert!(
        page.contains("1 sale of yours in accounts of which the list has nothing"),
        "{page}"
    );
    assert!(page.contains("everything agrees"), "{page}");
}

#[test]
fn a_list_that_is_no_such_list_says_what_was_looked_for() {
    let desk = Desk::new(
        &trades("2024-01-02,buy,XYZ,10,10,,a\n"),
        "Foo,Bar,Baz\n1,2,3\n",
    );
    let run = desk.run("reconcile trades.csv --with gains.csv");
    assert_eq!(run.status.code(), Some(1));
    let error = error(&run);
    assert!(
        error.contains("`gains.csv` is no list of realized gains and losses that is known"),
        "{error}"
    );
    assert!(
        error.contains("schwab-gains, schwab-1099, fidelity-gains"),
        "{error}"
    );
    assert!(error.contains("gains.csv:1"), "{error}");
}

#[test]
fn what_is_wrong_in_the_list_is_shown_where_it_stands() {
    let desk = Desk::new(
        &trades("2024-01-02,buy,XYZ,10,10,,a\n"),
        &gains("XYZ,10,2024-01-02,2024-06-03,abc,100,0,long\n"),
    );
    let run = desk.run("reconcile trades.csv --with gains.csv");
    assert_eq!(run.status.code(), Some(1));
    assert!(error(&run).contains("gains.csv:2"), "{}", error(&run));
    assert!(error(&run).contains("abc"), "{}", error(&run));
}

#[test]
fn amounts_in_another_currency_are_not_compared() {
    let desk = Desk::new(
        &trades("2024-01-02,buy,XYZ,10,10,,a\n2024-06-03,sell,XYZ,10,15,,a\n"),
        "symbol,quantity,acquired,disposed,proceeds,cost,currency\nXYZ,10,2024-01-02,2024-06-03,150,100,EUR\n",
    );
    let run = desk.run("reconcile trades.csv --with gains.csv");
    assert_eq!(run.status.code(), Some(1));
    assert!(
        error(&run).contains("the row is in EUR, the results are in USD"),
        "{}",
        error(&run)
    );
}

#[test]
fn a_mapping_of_ones_own_reads_the_list() {
    let desk = Desk::new(
        &trades("2024-01-02,buy,XYZ,10,10,,a\n2024-06-03,sell,XYZ,10,15,,a\n"),
        "Papier;Stück;Kauf;Verkauf;Erlös;Kosten\nXYZ;10;02.01.2024;03.06.2024;150,00;100,00\n",
    );
    desk.file(
        "mine.toml",
        "name = \"mine\"\nkind = \"closed-lots\"\n[parse]\ndate = [\"%d.%m.%Y\"]\ndecimal = \",\"\n[columns]\ndate = \"Verkauf\"\n\
         acquired_date = \"Kauf\"\nsymbol = \"Papier\"\nquantity = \"Stück\"\ntotal = \"Erlös\"\nbasis = \"Kosten\"\n",
    );
    let rows = desk.rows("--mapping mine.toml");
    assert_eq!(rows[0][0], "matched", "{rows:?}");
}

#[test]
fn an_unknown_account_is_refused_with_those_there_are() {
    let desk = Desk::new(
        &trades("2024-01-02,buy,XYZ,10,10,,a\n"),
        &gains("XYZ,10,2024-01-02,2024-06-03,150,100,0,long\n"),
    );
    let run = desk.run("reconcile trades.csv --with gains.csv --account c");
    assert_eq!(run.status.code(), Some(2));
    assert!(error(&run).contains("there are a"), "{}", error(&run));
}

#[test]
fn a_written_option_is_of_the_year_in_which_it_ends() {
    let desk = Desk::new(
        &trades(
            "2024-12-17,sto,XYZ   250620C00150000,1,4.60,,a\n2025-04-21,btc,XYZ   250620C00150000,1,3.00,,a\n",
        ),
        &gains("XYZ   250620C00150000,1,2025-04-21,2024-12-17,460,300,0,short\n"),
    );
    let rows = desk.rows("--year 2025");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0][0], "matched", "{rows:?}");
    assert!(desk.rows("--year 2024").is_empty());
}

#[test]
fn standard_input_is_read_once_only() {
    let run = Desk::new("", "").run("reconcile --with -");
    assert_eq!(run.status.code(), Some(2));
    assert!(
        error(&run).contains("standard input can be read once only"),
        "{}",
        error(&run)
    );
}

#[test]
fn the_list_may_be_named_in_the_configuration_file() {
    let desk = Desk::new(
        &trades("2024-01-02,buy,XYZ,10,10,,a\n2024-03-01,sell,XYZ,10,12,,a\n"),
        &gains("XYZ,10,2024-01-02,2024-03-01,120,100,0,short\n"),
    );
    let run = desk.run("reconcile trades.csv");
    assert_eq!(run.status.code(), Some(2));
    assert!(
        error(&run).contains("nothing to compare with"),
        "{}",
        error(&run)
    );
    desk.file(
        "lossoffset.toml",
        "with = \"gains.csv\"\nmethod = \"fifo\"\n",
    );
    let run = desk.run("reconcile trades.csv");
    assert_eq!(run.status.code(), Some(0), "{}", error(&run));
    assert!(desk.run("compute trades.csv").status.success());
}

/// A pattern such as `*.csv` brings the list among the files: it is no history, and what it says is not compared with itself.
#[test]
fn the_list_that_is_compared_with_is_not_read_as_trades() {
    let desk = Desk::new(
        &trades("2024-01-02,buy,XYZ,10,150,0,\n2024-06-03,sell,XYZ,4,130,0,\n"),
        &format!("{GAINS}XYZ,4,2024-01-02,2024-06-03,520,610,0,short\n"),
    );
    let alone = desk.page("--format csv");
    let run = desk.run("reconcile gains.csv trades.csv --with ./gains.csv --format csv");
    assert_eq!(run.status.code(), Some(0), "{}", error(&run));
    let page = String::from_utf8_lossy(&run.stdout);
    assert_eq!(page.replace("./gains.csv", "gains.csv"), alone);
    assert!(
        error(&run).contains("warning[file-left-out]: `gains.csv` is named by an option"),
        "{}",
        error(&run)
    );
    let run = desk.run("reconcile gains.csv --with gains.csv");
    assert_eq!(run.status.code(), Some(2), "{}", error(&run));
    assert!(
        error(&run).contains("is the only file of trades"),
        "{}",
        error(&run)
    );
}

#[test]
fn a_list_without_a_disposal_agrees_with_nothing() {
    let desk = Desk::new(
        &trades("2024-01-02,buy,XYZ,10,150,0,\n2024-06-03,sell,XYZ,4,130,0,\n"),
        GAINS,
    );
    let page = desk.page("");
    assert!(!page.contains("everything agrees"), "{page}");
    let run = desk.run("reconcile trades.csv --with gains.csv --strict");
    assert_eq!(run.status.code(), Some(3));
    assert!(
        error(&run)
            .contains("warning[no-rows]: `gains.csv` lists no disposal: nothing was compared"),
        "{}",
        error(&run)
    );
}
