//! What a user types and what the program answers: exact whole outputs of the real program.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// One run of the program in a folder of its own.
struct Run {
    folder: TempDir,
    arguments: Vec<String>,
    input: Option<&'static str>,
    status: i32,
    out: Option<String>,
    error: Option<String>,
}

fn run(arguments: &str) -> Run {
    Run {
        folder: tempfile::tempdir().unwrap(),
        arguments: arguments.split_whitespace().map(str::to_owned).collect(),
        input: None,
        status: 0,
        out: None,
        error: None,
    }
}

impl Run {
    fn file(self, name: &str, text: &str) -> Self {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn input(mut self, text: &'static str) -> Self {
        self.input = Some(text);
        self
    }

    fn status(mut self, status: i32) -> Self {
        self.status = status;
        self
    }

    fn out(mut self, text: &str) -> Self {
        self.out = Some(text.to_owned());
        self
    }

    fn error(mut self, text: &str) -> Self {
        self.error = Some(text.to_owned());
        self
    }

    /// Runs it, compares, and gives standard output.
    #[track_caller]
    fn done(self) -> String {
        self.keep().0
    }

    /// The same, with the folder and what was written there.
    #[track_caller]
    fn keep(self) -> (String, TempDir) {
        let (out, _, folder) = self.all();
        (out, folder)
    }

    /// Runs it, compares, and gives standard error.
    #[track_caller]
    fn fails(self) -> String {
        self.all().1
    }

    #[track_caller]
    fn all(self) -> (String, String, TempDir) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lossoffset"))
            .args(&self.arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that refuses its arguments does not read; that is no failure.
        let _ = child
            .stdin
            .take()
            .unwrap()
            .write_all(self.input.unwrap_or("").as_bytes());
        let ended = child.wait_with_output().unwrap();
        let out = String::from_utf8(ended.stdout).unwrap();
        let error = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(ended.status.code(), Some(self.status), "{out}{error}");
        if let Some(expected) = self.error {
            assert_eq!(error, expected);
        }
        if let Some(expected) = self.out {
            assert_eq!(out, expected);
        }
        (out, error, self.folder)
    }
}

const NO_RATES: &str = "\
error: there is no file `r.csv`
 |
 = note: `--rates` names it: exchange rates, a CSV of date,currency,rate
 = help: check the spelling and the folder
";

/// A refused command line.
#[track_caller]
fn refused(arguments: &str, error: &str) {
    run(arguments).status(2).out("").error(error).done();
}

/// A refused configuration file.
#[track_caller]
fn config_refused(config: &str, error: &str) {
    run("compute trades.csv")
        .file("lossoffset.toml", config)
        .status(2)
        .out("")
        .error(error)
        .done();
}

#[test]
fn version_and_help_succeed() {
    run("--version").out("lossoffset 0.1.0\n").error("").done();
    let help = run("--help").error("").done();
    assert!(
        help.contains("  compute        Realized gains and losses"),
        "{help}"
    );
    for command in ["compute", "lots", "compare", "check", "completions", "man"] {
        let help = run(&format!("{command} --help")).error("").done();
        assert!(help.contains("Example"), "{help}");
    }
}

#[test]
fn nothing_shows_the_help_and_is_refused() {
    let out = run("").status(2).out("").done();
    assert_eq!(out, "");
}

#[test]
fn a_wrong_option_comes_with_the_right_one() {
    refused(
        "compute --methd hifo",
        "error: unexpected argument '--methd' found

  tip: a similar argument exists: '--method'

Usage: lossoffset compute --method <METHOD> [FILE]...

For more information, try '--help'.
",
    );
    refused(
        "compute --method hfo",
        "error: invalid value 'hfo' for '--method <METHOD>'
  [possible values: fifo, lifo, hifo, lofo, average, specific, statutory]

  tip: a similar value exists: 'hifo'

For more information, try '--help'.
",
    );
}

#[test]
fn amounts_and_dates_on_the_command_line_are_exact() {
    refused(
        "compute --carry-in short=1,200",
        "error: invalid value 'short=1,200' for '--carry-in <KEY=AMOUNT>': expected an amount such as 1200 or 1200.50, without thousands marks

For more information, try '--help'.
",
    );
    refused(
        "compute --carry-in short=-5",
        "error: invalid value 'short=-5' for '--carry-in <KEY=AMOUNT>': a loss carried in is written as a positive amount

For more information, try '--help'.
",
    );
    refused(
        "compute --as-of 2023-02-29",
        "error: invalid value '2023-02-29' for '--as-of <DATE>': expected a date such as 2024-12-31

For more information, try '--help'.
",
    );
}

#[test]
fn what_the_country_does_not_know_is_refused() {
    refused(
        "compute --carry-in loss=5 x.csv",
        "error: `us` does not know `--carry-in loss=`; it knows short, long\n",
    );
    refused(
        "compute --year 2024-25 x.csv",
        "error: `2024-25` is not a tax year; here one is written like 2024\n",
    );
}

#[test]
fn what_is_still_to_come_is_refused_rather_than_ignored() {
    for (arguments, said) in [
        (
            "compute --format txf x.csv",
            "the format `txf` is not supported yet; `--format csv` has the figures of each line of Form 8949",
        ),
        (
            "compute -o page.html x.csv",
            "the format `html` is not supported yet; `--format markdown` has the same tables",
        ),
        (
            "lots -o lots.xlsx x.csv",
            "the format `xlsx` is not supported yet; a spreadsheet opens `--format csv --excel`",
        ),
        (
            "lots --prices p.csv x.csv",
            "`--prices` is not supported yet; `lossoffset lots --format csv` gives quantity and cost of each lot to set \
             against prices",
        ),
    ] {
        refused(arguments, &format!("error: {said}\n"));
    }
    for arguments in ["harvest", "harvest x.csv --prices p.csv", "harvest --help"] {
        let said = "error: `harvest` is not supported yet; `lossoffset lots` lists what is held";
        let error = run(arguments).status(2).out("").fails();
        assert!(error.starts_with(said), "{arguments}: {error}");
    }
    run("compute --rates r.csv x.csv")
        .status(1)
        .error(NO_RATES)
        .done();
    refused(
        "compute --excel --format json x.csv",
        "error: `--excel` is for CSV; add `--format csv`\n",
    );
}

#[test]
fn what_is_still_to_come_is_offered_nowhere() {
    for offer in [
        "--help",
        "lots --help",
        "compute --help",
        "completions bash",
        "completions zsh",
        "completions fish",
        "man",
        "man lots",
    ] {
        let text = run(offer).done();
        for name in ["harvest", "xlsx", "txf", "--prices"] {
            assert!(!text.contains(name), "{offer} offers {name}");
        }
    }
}

#[test]
fn an_option_of_another_command_is_refused_with_what_to_use() {
    for (arguments, said) in [
        (
            "lots x.csv -y 2023",
            "`lots` shows what is held on one day; with `--as-of` that is the last of a year, such as --as-of 2024-12-31",
        ),
        (
            "check x.csv --year=2023",
            "`check` looks at the rows of all years; `lossoffset compute --year` shows one",
        ),
        (
            "check x.csv -r years",
            "only `lossoffset compute` has several reports to choose from with `--report`",
        ),
        (
            "explain x.csv 2024 --report lots",
            "only `lossoffset compute` has several reports to choose from with `--report`",
        ),
        (
            "explain a@2024-01-02#1 --year 2024",
            "`a@2024-01-02#1` is no file, and `--year 2024` says what to explain already; leave one of them out",
        ),
    ] {
        refused(arguments, &format!("error: {said}\n"));
    }
}

#[test]
fn a_year_without_disposals_says_where_there_are_some() {
    let out = |arguments: &str| run(arguments).file("a.csv", TRADES).done();
    assert_eq!(
        out("compute a.csv -y 2020"),
        " no disposals in 2020; there are in 2024\n\n nothing to net in 2020: no disposal, no carried loss\n"
    );
    assert_eq!(
        out("compare a.csv -y 2020"),
        " nothing to compare in 2020: no disposal, no carried loss\n"
    );
}

#[test]
fn a_symbol_to_explain_comes_with_its_ids() {
    let error = run("explain a.csv xyz")
        .file("a.csv", TRADES)
        .status(1)
        .fails();
    let said = "error: `xyz` is no disposal, lot or tax year of these trades; did you mean XYZ@2024-01-02#1, ";
    assert!(error.starts_with(said), "{error}");
}

#[test]
fn a_year_is_explained_by_the_option_as_by_the_argument() {
    let explained = |arguments: &str| run(arguments).file("a.csv", TRADES).done();
    let by_argument = explained("explain a.csv 2024");
    assert_eq!(explained("explain a.csv --year 2024"), by_argument);
    let piped = run("explain -y 2024").input(TRADES).done();
    assert_eq!(piped, by_argument.replace("a.csv", "-"));
}

#[test]
fn units_moved_between_own_accounts_neither_come_in_nor_go_out() {
    const MOVED: &str = "\
date,action,symbol,quantity,price,account,to_account,class
2024-01-02,buy,BTC,2,100,one,,crypto
2024-02-01,transfer,BTC,1,,one,two,crypto
2024-02-05,transfer_out,BTC,0.5,,one,,crypto
2024-02-06,transfer_in,BTC,0.5,,two,,crypto
2024-03-01,sell,BTC,0.2,120,two,,crypto
";
    for country in ["us", "de"] {
        let words = format!("check -j {country} a.csv");
        let page = run(&words).file("a.csv", MOVED).done();
        let row = page.lines().find(|line| line.starts_with(" BTC "));
        let cells: Vec<&str> = row.unwrap().split_whitespace().collect();
        assert_eq!(cells, ["BTC", "2", "0.2", "1.8"], "{page}");
    }
}

#[test]
fn check_and_lots_round_alike() {
    // Three lots of 0.335, listed at 0.34 each.
    let thirds = "\
date,action,symbol,quantity,price
2024-01-02,buy,XYZ,1,0.335
2024-01-03,buy,XYZ,1,0.335
2024-01-04,buy,XYZ,1,0.335
";
    let lots = run("lots a.csv").file("a.csv", thirds).done();
    assert!(lots.lines().last().unwrap().ends_with(" 1.02"), "{lots}");
    let page = run("check a.csv").file("a.csv", thirds).done();
    for line in ["came in", "held", "accounted for"] {
        let line = page.lines().find(|found| found.trim().starts_with(line));
        assert!(line.unwrap().ends_with(" 1.02"), "{page}");
    }
}

/// Sold in December, settled in January: by settlement it is still held when the year ends.
#[test]
fn the_report_date_goes_by_the_date_basis() {
    let trades = "\
date,action,symbol,quantity,price,settle_date
2024-01-02,buy,XYZ,100,50,2024-01-04
2024-12-31,sell,XYZ,100,60,2025-01-02
";
    let rows = |command: &str| {
        let found = run(command).file("a.csv", trades).all().0;
        found.lines().count().saturating_sub(1)
    };
    let settled = "a.csv -f csv --as-of 2024-12-31 --date-basis settle";
    assert_eq!(rows(&format!("lots {settled}")), 1);
    assert_eq!(rows(&format!("compute -r disposals {settled}")), 0);
    assert_eq!(rows("lots a.csv -f csv --as-of 2024-12-31"), 0);
}

#[test]
fn rows_after_the_report_date_are_in_no_warning() {
    let trades = "\
date,action,symbol,quantity,price,total
2024-01-02 12:00:00Z,buy,XYZ,10,10,
2024-12-31 23:00:00Z,sell,XYZ,1,12,
2024-02-01,buy,BTC,1,10,
2023-02-01,buy,BTC,1,10,
2023-03-01,sell,XYZ,1,12,
2024-03-01,buy,ETH,1,10,12
";
    let trades = trades.replace("2023-03-01,sell", "2024-01-03,sell");
    let error = run("check a.csv --as-of 2024-01-31")
        .file("a.csv", &trades)
        .all()
        .1;
    assert_eq!(
        error,
        "\
warning[rows-after-as-of]: 3 rows after the report date were left out
warning[class-guessed-stock]: `BTC` is taken for a stock; if it is the coin, add to lossoffset.toml:
    [symbols.BTC]
    class = \"crypto\"
  at a.csv:5
"
    );
    let later = run("compute a.csv --as-of 2022-12-31")
        .file("a.csv", &trades)
        .all();
    let none = "warning[rows-after-as-of]: 6 rows after the report date were left out\n0 trades, 0 disposals, 0 open lots, 1 warning\n";
    assert_eq!(later.1, none);
}

#[test]
fn a_file_that_is_not_there_is_bad_input() {
    run("compute absent.csv")
        .status(1)
        .out("")
        .error("error: there is no file `absent.csv`\n |\n = help: check the spelling and the folder; `-` reads standard input\n")
        .done();
    refused(
        "compute - -",
        "error: `-` is given twice, but standard input can be read once only\n",
    );
}

#[test]
fn a_file_in_the_way_of_its_own_results_is_kept() {
    run("compute trades.csv -o trades.csv")
        .file("trades.csv", "date,action,symbol,quantity,price\n")
        .status(2)
        .out("")
        .error("error: `--output trades.csv` would overwrite an input\n")
        .done();
}

#[test]
fn options_in_the_configuration_file_go_through_the_same_parser() {
    config_refused(
        "# mine\nmethod = \"hfo\"\n",
        "error: lossoffset.toml:2: invalid value 'hfo' for '--method <METHOD>'
  [possible values: fifo, lifo, hifo, lofo, average, specific, statutory]

  tip: a similar value exists: 'hifo'
",
    );
    config_refused(
        "\ncarry-in = { loss = 5 }\n",
        "error: `us` does not know `--carry-in loss=`; it knows short, long\n",
    );
    config_refused(
        "strict = 1\n",
        "error: lossoffset.toml:1: `strict` is true or false\n",
    );
    run("compute trades.csv")
        .file("lossoffset.toml", "rates = \"r.csv\"\n")
        .status(1)
        .out("")
        .error(NO_RATES)
        .done();
}

#[test]
fn unknown_keys_of_the_configuration_file_are_refused_with_a_suggestion() {
    config_refused(
        "filing_status = \"joint\"\n",
        "error: lossoffset.toml:1: unknown key `filing_status`; did you mean `filing-status`?\n",
    );
    config_refused(
        "[accounts.ira-1]\nknd = \"sheltered\"\n",
        "error: lossoffset.toml:2: unknown key `knd`; did you mean `kind`?\n",
    );
    config_refused(
        "[symbols.BTC]\nclass = \"coin\"\n",
        "error: lossoffset.toml:2: `coin` is not possible here; possible: stock, fund, bond, option, \
         index_option, future, crypto, perp, right, collectible, other\n",
    );
    config_refused(
        "[us]\nwash_holding_perod = \"add\"\n",
        "error: lossoffset.toml:2: unknown key `wash_holding_perod`; did you mean `wash_holding_period`?\n",
    );
    config_refused(
        "[us]\ncrypto_wash = \"maybe\"\n",
        "error: lossoffset.toml:2: `maybe` is not possible here; possible: no, yes\n",
    );
    config_refused(
        "[us.taxable_income]\n2024 = 1e3\n",
        "error: lossoffset.toml:2: expected an amount such as 1200 or 1200.50, without thousands marks\n",
    );
    config_refused(
        "method = \n",
        "error: lossoffset.toml:1: string values must be quoted, expected literal string\n",
    );
}

#[test]
fn the_command_line_wins_over_the_file_and_the_folder_over_the_user() {
    // Each case is refused by what is in force, which shows which value that is.
    run("compute --carry-in loss=1 x.csv")
        .file("lossoffset.toml", "carry-in = [\"gain=1\"]\n")
        .status(2)
        .error("error: `us` does not know `--carry-in loss=`; it knows short, long\n")
        .done();
    run("compute x.csv")
        .file("lossoffset.toml", "carry-in = [\"folder=1\"]\n")
        .file(
            ".config/lossoffset/lossoffset.toml",
            "carry-in = [\"user=1\"]\n",
        )
        .status(2)
        .error("error: `us` does not know `--carry-in folder=`; it knows short, long\n")
        .done();
    run("compute x.csv")
        .file(
            ".config/lossoffset/lossoffset.toml",
            "carry-in = [\"user=1\"]\n",
        )
        .status(2)
        .error("error: `us` does not know `--carry-in user=`; it knows short, long\n")
        .done();
    run("compute -c other.toml x.csv")
        .file("lossoffset.toml", "carry-in = [\"folder=1\"]\n")
        .file("other.toml", "carry-in = [\"other=1\"]\n")
        .status(2)
        .error("error: `us` does not know `--carry-in other=`; it knows short, long\n")
        .done();
    run("lots -c absent.toml x.csv")
        .status(2)
        .error("error: there is no file `absent.toml`\n |\n = note: it is to be the configuration file: options under their long names, and tables such as [accounts.NAME]\n = help: check the spelling and the folder\n")
        .done();
}

#[test]
fn completions_and_man_pages_are_printed() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(&format!("completions {shell}")).error("").done();
        assert!(script.contains("carry-in"), "{shell}");
    }
    assert!(run("man").done().contains(".TH lossoffset 1"));
    assert!(
        run("man compute")
            .done()
            .contains(".TH lossoffset-compute 1")
    );
    refused("man comput", "error: there is no command `comput`\n");
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_ends_the_program_quietly() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lossoffset"))
        .args(["completions", "zsh"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(ended.stderr).unwrap(), "");
    assert_eq!(ended.status.code(), Some(0));
}

#[test]
fn input_is_read_from_a_pipe() {
    run("compute")
        .input("date,action\n")
        .status(1)
        .out("")
        .done();
}

const TRADES: &str = "\
date,action,symbol,quantity,price
2024-01-02,buy,XYZ,10,150.00
2024-06-03,sell,XYZ,4,180.00
2024-06-10,buy,ABC,5,100
2024-07-01,sell,ABC,5,40
2024-12-02,buy,XYZ,1,200
";

#[test]
fn a_small_file_becomes_two_tables() {
    run("compute trades.csv")
        .file("trades.csv", TRADES)
        .out(
            " Disposals in 2024, USD
 symbol  quantity  acquired    disposed    term   proceeds      cost     gain
------------------------------------------------------------------------------
 XYZ            4  2024-01-02  2024-06-03  short    720.00    600.00   120.00
 ABC            5  2024-06-10  2024-07-01  short    200.00    500.00  -300.00
         --------                                 --------  --------  -------
 total                                              920.00  1,100.00  -180.00

 Netting of 2024, USD
                                 short-term     long-term         total
------------------------------------------------------------------------
 gains                               120.00          0.00        120.00
 losses                             -300.00          0.00       -300.00
                               ------------  ------------  ------------
 net                                -180.00          0.00       -180.00
 deducted from other income          180.00          0.00        180.00
                               ------------  ------------  ------------
 carried out to 2025                   0.00          0.00          0.00

 loss 180.00 deducted from other income of 2024
",
        )
        .error(
            "5 trades, 2 disposals, 2 open lots, 0 warnings
",
        )
        .done();
}

#[test]
fn a_report_is_written_by_the_ending_of_its_file() {
    let run = run("compute trades.csv --report years -o years.csv").file("trades.csv", TRADES);
    let path = run.folder.path().join("years.csv");
    let folder = run.keep();
    let text = fs::read_to_string(path).unwrap();
    drop(folder);
    assert!(
        text.starts_with("tax_year,short_gains,short_losses,"),
        "{text}"
    );
    assert!(
        text.contains("\n2024,120.00,300.00,0.00,-180.00,"),
        "{text}"
    );
}

#[test]
fn the_command_line_wins_over_a_method_of_the_file() {
    let method = |arguments: &str| {
        let out = run(arguments)
            .file("trades.csv", TRADES)
            .file("lossoffset.toml", "method = \"hifo\"\n")
            .done();
        let document: serde_json::Value = serde_json::from_str(&out).unwrap();
        document["method"].as_str().unwrap().to_owned()
    };
    assert_eq!(method("compute trades.csv -f json"), "hifo");
    assert_eq!(method("compute trades.csv -f json -m lifo"), "lifo");
    assert_eq!(
        method("compute -f json --method=lofo -- trades.csv"),
        "lofo"
    );
}

#[test]
fn standard_input_is_a_file_named_dash() {
    let out = run("compute -f csv").input(TRADES).error("").done();
    assert!(out.contains(",-:2,-:3\n"), "{out}");
}

#[test]
fn more_sold_than_held_is_an_error_with_its_row() {
    let out = run("compute trades.csv")
        .file(
            "trades.csv",
            "date,action,symbol,quantity,price\n2024-01-02,sell,XYZ,1,1\n",
        )
        .status(1)
        .out("")
        .done();
    assert_eq!(out, "");
}

#[test]
fn strict_ends_with_3_where_a_warning_needs_the_user() {
    // The data end within the window of this loss.
    const OPEN: &str =
        "date,action,symbol,quantity,price\n2024-01-02,buy,XYZ,10,9\n2024-12-20,sell,XYZ,4,8\n";
    run("compute trades.csv").file("trades.csv", OPEN).done();
    run("compute trades.csv --strict")
        .file("trades.csv", OPEN)
        .status(3)
        .done();
    run("compute trades.csv --strict")
        .file("trades.csv", TRADES)
        .done();
}

#[test]
fn check_says_how_everything_was_understood() {
    run("check trades.csv")
        .file("trades.csv", TRADES)
        .error("")
        .out(
            " trades.csv
 column    understood as  note
----------------------------------------------
 date      date           %Y-%m-%d: ISO dates
 action    action
 symbol    symbol
 quantity  quantity
 price     price

 action  understood as  rows  first in line
--------------------------------------------
 buy     buy               3              2
 sell    sell              2              3

 UTF-8, cells separated by `,`, header in line 1, rows taken in their order
 5 rows: 5 trades

 What came in and where it is, USD
 losses disallowed, all years
   basis added                                                             0.00
   gone for good                                                           0.00
   still pending                                                           0.00
                                                                       --------
   losses disallowed                                                       0.00

 basis
   came in                                                             2,200.00
   deferred losses and adjustments                                         0.00
                                                                       --------
   to account for                                                      2,200.00
   out with disposals                                                  1,100.00
   gone without a row: into shares by exercise, given away, sheltered      0.00
   held                                                                1,100.00
                                                                       --------
   accounted for                                                       2,200.00

 units  came in  went out  held
--------------------------------
 ABC          5         5     0
 XYZ         11         4     7

 nothing is wrong
",
        )
        .done();
}

#[test]
fn losses_that_no_purchase_has_to_deny_are_adjustments_too() {
    let trades = "\
date,action,symbol,class,quantity,price,total,tag
2024-12-02,buy,SOL,crypto,4,100,,
2025-02-03,lost,SOL,crypto,3,,,
2025-04-03,buy,MUNI,fund,100,20,,
2025-05-15,dividend,MUNI,fund,,,30,exempt-interest
2025-07-15,sell,MUNI,fund,100,18,,
2025-09-01,buy,ABC,stock,1,5,,
";
    let report = |format: &str, summary: &str| {
        let words = format!("compute trades.csv --report adjustments --format {format}");
        run(&words).file("trades.csv", trades).error(summary).done()
    };
    let lost = "warning[lost-not-deducted]: what was lost or stolen is no capital loss in the United States; whether it is \
                a theft loss, which belongs on another form, is not computed\n  at trades.csv:3\n";
    assert_eq!(
        report("csv", lost),
        "\
disposal,replacement,rule,quantity,amount,basis_after,held_from_after
SOL@2025-02-03#1,,us-lost,3,300.00,,
MUNI@2025-07-15#1,,us-fund-six-months,100,30.00,,
"
    );
    let summary = format!("{lost}6 trades, 2 disposals, 2 open lots, 1 warning\n");
    let table = report("table", &summary);
    let amounts = |start: &str| {
        let line = table.lines().find(|line| line.trim().starts_with(start));
        line.and_then(|line| line.split_whitespace().last().map(str::to_owned))
    };
    for line in ["total", "never deductible", "losses disallowed  "] {
        assert_eq!(amounts(line).as_deref(), Some("330.00"), "{line}\n{table}");
    }
    assert_eq!(amounts("gone for good").as_deref(), Some("0.00"), "{table}");
}

const POOLED: &str = "\
date,action,symbol,class,quantity,price,account,to_account
2021-01-02,buy,BTC,crypto,1,10000,A,
2021-02-02,buy,BTC,crypto,1,20000,B,
2022-03-02,sell,BTC,crypto,0.5,25000,B,
2023-03-02,transfer,BTC,crypto,0.5,,A,B
2025-03-02,sell,BTC,crypto,0.5,50000,A,
2025-03-03,sell,BTC,crypto,0.5,50000,B,
";

const UNIVERSAL: &str = "[crypto]\npre2025 = \"universal\"\n";

#[test]
fn a_universal_pool_goes_to_wallets_as_the_allocation_says() {
    let config = format!("{UNIVERSAL}allocation = \"allocation.csv\"\n");
    let allocation = "wallet,lot,quantity\nA,BTC@2021-02-02#1,0.5\nB,BTC@2021-01-02#1,0.5\nB,BTC@2021-02-02#1,0.5\n";
    let rows = run("compute trades.csv --report disposals --format csv")
        .file("trades.csv", POOLED)
        .file("lossoffset.toml", &config)
        .file("allocation.csv", allocation)
        .done();
    let seen: Vec<String> = rows
        .lines()
        .skip(1)
        .map(|row| {
            let cells: Vec<&str> = row.split(',').collect();
            [cells[2], cells[6], cells[8], cells[10]].join(" ")
        })
        .collect();
    // Before 2025 the oldest units of all wallets leave first, after it those of the wallet.
    assert_eq!(
        seen,
        [
            "B 2021-01-02 2022-03-02 5000.00",
            "A 2021-02-02 2025-03-02 10000.00",
            "B 2021-01-02 2025-03-03 5000.00",
        ]
    );
}

#[test]
fn a_universal_pool_without_its_allocation_is_refused_with_the_row_to_write() {
    let error = run("compute trades.csv")
        .file("trades.csv", POOLED)
        .file("lossoffset.toml", UNIVERSAL)
        .status(1)
        .fails();
    assert!(error.contains("have no wallet on 2025-01-01"), "{error}");
    assert!(error.contains("WALLET,BTC@2021-01-02#1,0.5"), "{error}");
    assert!(!error.contains("sold 0.5"), "{error}");
}

#[test]
fn an_allocation_of_more_than_there_is_names_its_line() {
    let config = format!("{UNIVERSAL}allocation = \"allocation.csv\"\n");
    let error = run("compute trades.csv")
        .file("trades.csv", POOLED)
        .file("lossoffset.toml", &config)
        .file(
            "allocation.csv",
            "wallet,lot,quantity\nA,BTC@2021-02-02#1,7\n",
        )
        .status(1)
        .fails();
    assert!(
        error.contains("allocation.csv:2: 6 units more than BTC@2021-02-02#1 has"),
        "{error}"
    );
}

#[test]
fn a_row_of_an_allocation_that_names_no_lot_is_refused() {
    let config = format!("{UNIVERSAL}allocation = \"allocation.csv\"\n");
    let allocation = "wallet,lot,quantity\nA,BTC@2021-02-02#1,0.5\nB,BTC@2021-01-02#1,0.5\nB,BTC@2021-02-02#1,0.5\nB,BTC@2020-02-02#1,1\n";
    let error = run("compute trades.csv")
        .file("trades.csv", POOLED)
        .file("lossoffset.toml", &config)
        .file("allocation.csv", allocation)
        .status(1)
        .fails();
    assert!(
        error.contains("allocation.csv:5: no lot `BTC@2020-02-02#1` is in the pool on 2025-01-01"),
        "{error}"
    );
}

#[test]
fn wallets_without_a_broker_are_one_pool_where_that_reading_is_chosen() {
    let trades = "\
date,action,symbol,class,quantity,price,account
2025-01-02,buy,BTC,crypto,1,10000,A
2025-02-02,buy,BTC,crypto,1,20000,B
2025-03-03,sell,BTC,crypto,1,50000,B
";
    let config = "[us]\nunhosted_wallets = \"pooled\"\n[accounts.A]\nkind = \"unhosted\"\n[accounts.B]\nkind = \"unhosted\"\n";
    let rows = run("compute trades.csv --report disposals --format csv")
        .file("trades.csv", trades)
        .file("lossoffset.toml", config)
        .done();
    assert!(rows.contains(",B,BTC,crypto,1,2025-01-02,"), "{rows}");
}

#[test]
fn rows_that_another_file_has_too_are_said_to_count_once() {
    let overlap = "\
warning[rows-ignored]: 5 rows of `b.csv` are also in `a.csv` and were counted once; if these are two accounts, give them account names
  at b.csv:2, b.csv:3, b.csv:4, b.csv:5, b.csv:6
";
    for (command, status) in [("compute -f csv", 0), ("lots -f csv --strict", 3)] {
        run(&format!("{command} a.csv b.csv"))
            .file("a.csv", TRADES)
            .file("b.csv", TRADES)
            .status(status)
            .error(overlap)
            .done();
    }
    run("lots -f csv --strict a.csv a.csv")
        .file("a.csv", TRADES)
        .status(3)
        .error("warning[rows-ignored]: `a.csv` is given twice: 5 rows of it were counted once; name each file once\n  at a.csv:2, a.csv:3, a.csv:4, a.csv:5, a.csv:6\n")
        .done();
}

#[test]
fn rows_with_the_same_id_are_certainly_the_same() {
    const WITH_ID: &str = "date,action,symbol,quantity,price,id\n2024-01-02,buy,XYZ,10,150,t1\n";
    run("lots -f csv --strict a.csv b.csv")
        .file("a.csv", WITH_ID)
        .file("b.csv", WITH_ID)
        .error("warning[rows-ignored]: 1 row of `b.csv` has the id of the same row of `a.csv` and was counted once\n  at b.csv:2\n")
        .done();
    run("lots -f csv --strict a.csv")
        .file("a.csv", &format!("{WITH_ID}2024-01-02,buy,XYZ,10,150,t1\n"))
        .error("warning[rows-ignored]: 1 row of `a.csv` repeats the id and all cells of another and was not counted again\n  at a.csv:3\n")
        .done();
}

#[test]
fn names_of_the_configuration_that_no_row_has_are_said() {
    let error = run("lots -f csv --strict a.csv")
        .file("a.csv", TRADES)
        .file(
            "lossoffset.toml",
            "identical = [[\"XYZ\"], [\"ABC\", \"XYZ\"]]\n[accounts.Main]\nkind = \"sheltered\"\n[accounts.elsewhere]\nkind = \"sheltered\"\n[symbols.\"X-YZ\"]\nclass = \"fund\"\n[symbols.ABC]\nclass = \"fund\"\n",
        )
        .status(3)
        .fails();
    assert_eq!(
        error,
        "\
warning[setting-unused]: the configuration names the account `Main`, which no row has; did you mean `main`?
warning[setting-unused]: the configuration names the symbol `X-YZ`, which no row has; did you mean `XYZ`?
warning[setting-unused]: a group of `identical` has only `XYZ` and declares nothing; name all securities that are identical in one group
"
    );
}

#[test]
fn decimal_commas_are_found_over_the_whole_file() {
    // The first row was read as 1.150 before the second showed that it is 1150.
    const COMMAS: &str = "\
date;action;symbol;quantity;price
2024-01-02;buy;XYZ;10;1.150
2024-01-03;buy;XYZ;0,5;180,00
";
    let lots = run("lots -f csv a.csv")
        .file("a.csv", COMMAS)
        .error("")
        .done();
    assert!(lots.contains(",10,11500.00,"), "{lots}");
    assert!(lots.contains(",0.5,90.00,"), "{lots}");
    let check = run("check a.csv").file("a.csv", COMMAS).error("").done();
    let said = "numbers with a decimal comma: `0,5` on line 3 can only have a decimal comma";
    assert!(check.contains(said), "{check}");
    // A second file keeps its own way, and the names read before.
    let lots = run("lots -f csv b.csv a.csv")
        .file("a.csv", COMMAS)
        .file("b.csv", TRADES)
        .error("")
        .done();
    assert!(lots.contains(",10,11500.00,"), "{lots}");
    assert!(lots.contains(",6,900.00,"), "{lots}");
}

#[test]
fn terms_above_the_first_comma_are_read_again() {
    // The strike is 1150, which the first row alone does not show; the second row says it in full.
    const TERMS: &str = "\
date;action;symbol;quantity;price;underlying;expiry;strike;right
2024-01-02;bto;CALL;1;2;XYZ;2024-06-21;1.150;call
2024-01-03;bto;CALL;1;2,50;XYZ;2024-06-21;1.150,00;call
";
    let lots = run("lots -f csv a.csv")
        .file("a.csv", TERMS)
        .error("")
        .done();
    assert!(lots.contains(",1,250.00,2024-01-03,"), "{lots}");
}

#[test]
fn a_comma_that_may_be_either_is_decided_by_the_option() {
    const EITHER: &str = "date;action;symbol;quantity;price\n2024-01-02;buy;XYZ;1,500;10\n";
    let cost = |arguments: &str, text: &str| {
        let lots = run(arguments).file("a.csv", text).error("").done();
        lots.lines()
            .nth(1)
            .unwrap()
            .split(',')
            .nth(5)
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        cost("lots -f csv a.csv --decimal point", EITHER),
        "15000.00"
    );
    assert_eq!(cost("lots -f csv a.csv --decimal comma", EITHER), "15.00");
    // Between commas and tabs it stands between thousands.
    assert_eq!(
        cost("lots -f csv a.csv", &EITHER.replace(';', "\t")),
        "15000.00"
    );
    run("lots a.csv")
        .file("a.csv", EITHER)
        .status(1)
        .out("")
        .done();
}

#[test]
fn a_mapping_that_fits_no_file_is_refused() {
    let mapping = "name = \"mine\"\n[match]\nheader_contains = [\"Day\", \"What\"]\n[columns]\ndate = \"Day\"\n";
    run("lots a.csv --mapping mine.toml")
        .file("a.csv", TRADES)
        .file("mine.toml", mapping)
        .status(1)
        .out("")
        .error(
            "\
error: the mapping `mine` does not fit `a.csv`
 --> a.csv:1:1
  |
1 | date,action,symbol,quantity,price
  | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = note: it asks for the columns `Day`, `What`
  = note: the file has the columns `date`, `action`, `symbol`, `quantity`, `price`
  = help: correct the names under [match] and [columns], or leave `--mapping` out; `lossoffset formats guess FILE` drafts a mapping for a file
",
        )
        .done();
    // One of several files is enough.
    run("lots -f csv a.csv b.csv --mapping mine.toml")
        .file("a.csv", TRADES)
        .file("b.csv", "Day,What,Units\n2024-01-02,XYZ,4\n")
        .file(
            "mine.toml",
            &format!("{mapping}symbol = \"What\"\nquantity = \"Units\"\naction = {{ const = \"opening\" }}\nbasis = {{ const = \"10\" }}\n"),
        )
        .error("")
        .done();
}

#[test]
fn a_mapping_that_is_not_there_may_be_a_format_misspelt() {
    run("lots a.csv --mapping schwb")
        .file("a.csv", TRADES)
        .status(2)
        .error(
            "\
error: there is no file `schwb`
 |
 = note: `--mapping` takes a TOML file that says how to read the trades, or the name of a built-in format
 = help: did you mean `schwab`? `lossoffset formats` lists all
",
        )
        .done();
    let error = run("formats show schwb").status(2).fails();
    assert!(error.contains("did you mean `schwab`?"), "{error}");
}

#[test]
fn trades_without_a_settlement_date_are_said_where_it_is_to_count() {
    const SETTLED: &str = "\
date,action,symbol,quantity,price,settle_date
2024-01-02,buy,XYZ,10,150,2024-01-04
2024-06-03,sell,XYZ,4,180,
2024-06-04,dividend,XYZ,,4,
";
    let trades = SETTLED.replace("2024-06-04,dividend,XYZ,,4,\n", "");
    run("lots -f csv a.csv --date-basis settle --strict")
        .file("a.csv", &trades)
        .status(3)
        .error("warning[settlement-missing]: 1 row has no settlement date, so the trade date counts there in spite of `--date-basis settle`; fill in `settle_date`\n  at a.csv:3\n")
        .done();
    run("lots -f csv a.csv --strict")
        .file("a.csv", &trades)
        .error("")
        .done();
}

#[test]
fn ways_of_printing_in_the_file_are_for_the_commands_that_know_them() {
    for line in [
        "format = \"csv\"",
        "format = \"xlsx\"",
        "excel = true",
        "output = \"x.csv\"",
        "report = \"years\"",
        "year = \"2024\"",
    ] {
        for command in ["check a.csv", "explain a.csv 2024"] {
            let printed = |config: &str| {
                run(command)
                    .file("a.csv", TRADES)
                    .file("lossoffset.toml", config)
                    .error("")
                    .done()
            };
            assert_eq!(
                printed(&format!("{line}\n")),
                printed(""),
                "{line} {command}"
            );
        }
    }
    run("compute a.csv -f json")
        .file("a.csv", TRADES)
        .file("lossoffset.toml", "excel = true\n")
        .error("")
        .done();
    let csv = run("compute a.csv")
        .file("a.csv", TRADES)
        .file("lossoffset.toml", "format = \"csv\"\nexcel = true\n")
        .error("")
        .done();
    assert!(csv.starts_with('\u{feff}'), "{csv}");
    refused(
        "check a.csv -f csv",
        "error: `check` prints table, markdown or json\n",
    );
}

#[test]
fn a_file_cannot_be_written_where_there_is_no_folder() {
    run("compute a.csv -o nowhere/a.csv")
        .file("a.csv", TRADES)
        .status(1)
        .out("")
        .error("error: cannot write nowhere/a.csv: there is no folder `nowhere`\n")
        .done();
    run("compute a.csv -o .")
        .file("a.csv", TRADES)
        .status(1)
        .out("")
        .error("error: cannot write .: it is a folder; name a file in it\n")
        .done();
}

#[test]
fn a_missing_allocation_is_refused_like_a_missing_trade_file() {
    let error = run("compute a.csv")
        .file("a.csv", TRADES)
        .file("lossoffset.toml", "[crypto]\nallocation = \"none.csv\"\n")
        .status(1)
        .fails();
    assert!(
        error.starts_with("error: there is no file `none.csv`\n"),
        "{error}"
    );
    assert!(error.contains("a CSV of wallet,lot,quantity"), "{error}");
}

#[test]
fn a_header_without_rows_is_said() {
    const EMPTY: &str = "date,action,symbol,quantity,price\n# nothing yet\n\n";
    let said = "warning[no-rows]: `a.csv` has a header and no rows; check that it was exported whole\n  at a.csv:1\n";
    run("lots -f csv a.csv --strict")
        .file("a.csv", EMPTY)
        .status(3)
        .error(said)
        .done();
    // Beside a file with rows it may be a quiet year.
    run("lots -f csv a.csv b.csv --strict")
        .file("a.csv", EMPTY)
        .file("b.csv", TRADES)
        .error(said)
        .done();
}

#[test]
fn a_sale_of_units_whose_row_is_wrong_is_not_a_problem_of_its_own() {
    const WRONG: &str = "\
date,action,symbol,quantity,price,fee,fee_currency
2024-01-02,buy,BTC,1,100,0.1,BNB
2024-02-03,sell,BTC,1,180,,
2024-02-04,sell,ETH,1,180,,
";
    for country in ["us", "uk"] {
        let error = run(&format!("compute a.csv -j {country}"))
            .file("a.csv", WRONG)
            .status(1)
            .fails();
        assert!(error.contains("the fee of 0.1 BNB"), "{error}");
        assert!(!error.contains("of BTC but only"), "{error}");
        assert!(error.contains("sold 1 of ETH but only 0"), "{error}");
    }
}

/// A pattern such as `*.csv` names the rates and the allocation too.
#[test]
fn a_file_named_as_rates_or_allocation_is_not_read_as_trades() {
    let config = format!("{UNIVERSAL}allocation = \"allocation.csv\"\n");
    let allocation = "wallet,lot,quantity\nA,BTC@2021-02-02#1,0.5\nB,BTC@2021-01-02#1,0.5\nB,BTC@2021-02-02#1,0.5\n";
    let rows = run("lots allocation.csv rates.csv trades.csv --rates rates.csv --format json")
        .file("trades.csv", POOLED)
        .file("rates.csv", "date,currency,rate\n2024-01-02,EUR,1.1\n")
        .file("lossoffset.toml", &config)
        .file("allocation.csv", allocation)
        .done();
    for file in ["allocation.csv", "rates.csv"] {
        let told = format!("`{file}` is named by an option (rates, allocation or a list");
        assert!(rows.contains(&told), "{rows}");
    }
}

const GAINED: &str = "date,action,symbol,quantity,price,account\n2024-01-02,buy,XYZ,10,150.00,taxable\n2024-06-03,sell,XYZ,10,160.00,taxable\n";

#[test]
fn an_owner_who_is_oneself_is_nobody_else() {
    for word in ["me", "Self", "own"] {
        let out = run("compute t.csv -r disposals -f csv")
            .file("t.csv", GAINED)
            .file(
                "lossoffset.toml",
                &format!("[accounts.taxable]\nowner = \"{word}\"\n"),
            )
            .done();
        assert!(out.contains(",1600.00,1500.00,"), "{word}: {out}");
    }
}

#[test]
fn options_of_us_law_change_nothing_elsewhere_and_that_is_told() {
    let (_, error, _) =
        run("compute t.csv -j uk --wash-sales off --filing-status joint -r years -f csv")
            .file("t.csv", GAINED)
            .all();
    assert!(
        error.contains("warning[option-without-effect]: `--wash-sales` and `--filing-status` change nothing: only US law knows such, and the results are those of `uk`"),
        "{error}"
    );
}

#[test]
fn symbols_and_accounts_are_named_in_the_configuration() {
    let out = run("lots t.csv -f csv")
        .file(
            "t.csv",
            "date,action,symbol,quantity,price\n2024-01-02,buy,Xyz UCITS ETF,10,150.00\n",
        )
        .file(
            "lossoffset.toml",
            "[rename]\n\"Xyz UCITS ETF\" = \"XYZU\"\n[account_of]\n\"t.csv\" = \"Broker\"\n",
        )
        .done();
    assert!(out.contains("XYZU@2024-01-02#1,Broker,XYZU,"), "{out}");
}

/// What is held at the end of a year begins the next: the same lots, with the days from which they are held.
#[test]
fn open_lots_are_read_back() {
    let (_, folder) = run("lots t.csv -f csv -o lots.csv")
        .file("t.csv", "date,action,symbol,quantity,price\n2024-01-02,buy,XYZ,10,150.00\n2024-03-02,buy,ABC,2.5,20.00\n")
        .keep();
    let lots = std::fs::read_to_string(folder.path().join("lots.csv")).unwrap();
    let again = run("lots before.csv -f csv")
        .file("before.csv", &lots)
        .done();
    let kept = |text: &str| -> Vec<String> {
        let lines = text
            .lines()
            .map(|line| line.rsplit_once(',').unwrap().0.to_owned());
        lines.collect()
    };
    assert_eq!(kept(&again), kept(&lots));
}

/// Everything that is read: trades, what stands beside them, and what says how to read them.
#[test]
fn no_input_is_overwritten() {
    const RATES: &str = "date,currency,rate\n2024-01-02,EUR,1.1\n";
    let config = format!("{UNIVERSAL}allocation = \"allocation.csv\"\n");
    let allocation = "wallet,lot,quantity\nA,BTC@2021-02-02#1,0.5\nB,BTC@2021-01-02#1,0.5\nB,BTC@2021-02-02#1,0.5\n";
    for (arguments, input, text) in [
        ("compute a.csv -f csv -o a.csv", "a.csv", POOLED),
        (
            "compute a.csv --rates r.csv -f csv -o r.csv",
            "r.csv",
            RATES,
        ),
        (
            "compute a.csv -f csv -o lossoffset.toml",
            "lossoffset.toml",
            config.as_str(),
        ),
        (
            "compute a.csv -c lossoffset.toml -o lossoffset.toml",
            "lossoffset.toml",
            config.as_str(),
        ),
        (
            "compute a.csv -f csv -o allocation.csv",
            "allocation.csv",
            allocation,
        ),
        ("lots a.csv --mapping m.toml -o m.toml", "m.toml", MAPPING),
        (
            "reconcile a.csv --with g.csv -f csv -o g.csv",
            "g.csv",
            "gains\n",
        ),
    ] {
        let (_, folder) = run(arguments)
            .file("a.csv", POOLED)
            .file("r.csv", RATES)
            .file("g.csv", "gains\n")
            .file("m.toml", MAPPING)
            .file("lossoffset.toml", &config)
            .file("allocation.csv", allocation)
            .status(2)
            .error(&format!(
                "error: `--output {input}` would overwrite an input\n"
            ))
            .keep();
        let left = fs::read_to_string(folder.path().join(input)).unwrap();
        assert_eq!(left, text, "{arguments}");
    }
}

const MAPPING: &str = include_str!("../src/import/formats/schwab.toml");

#[cfg(unix)]
#[test]
fn a_file_that_is_standard_input_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    fs::write(&path, TRADES).unwrap();
    for arguments in ["compute -o a.csv -f csv", "lots - -o a.csv -f csv"] {
        let done = Command::new(env!("CARGO_BIN_EXE_lossoffset"))
            .args(arguments.split_whitespace())
            .current_dir(folder.path())
            .env("HOME", folder.path())
            .stdin(fs::File::open(&path).unwrap())
            .output()
            .unwrap();
        assert_eq!(done.status.code(), Some(2), "{arguments}");
        assert_eq!(fs::read_to_string(&path).unwrap(), TRADES);
    }
}

#[test]
fn rates_and_allocations_are_refused_with_all_their_rows() {
    run("compute a.csv --rates r.csv")
        .file("a.csv", TRADES)
        .file(
            "r.csv",
            "date,currency,rate\n2024-01-02,EUR,\"1,05\"\n2024-01-03,EUR,1\n2024-01-03,EUR,1.1\n",
        )
        .status(1)
        .out("")
        .error(
            "error: `1,05` has a comma, which may stand for a decimal point or between thousands
 --> r.csv:2:16
  |
2 | 2024-01-02,EUR,\"1,05\"
  |                ^^^^^^
  |
  = help: write a rate with a decimal point, such as 1.04

error: EUR has two rates on 2024-01-03: 1 and 1.1
 --> r.csv:4:16
  |
4 | 2024-01-03,EUR,1.1
  |                ^^^
  |
  = note: the other is in r.csv:3
  = help: leave one of them out
",
        )
        .done();
    let config = format!("{UNIVERSAL}allocation = \"allocation.csv\"\n");
    run("compute a.csv")
        .file("a.csv", POOLED)
        .file("lossoffset.toml", &config)
        .file("allocation.csv", "wallet,lot,quantity\nA,x\nA,x,-1\n")
        .status(1)
        .out("")
        .error(
            "error: the row has 2 cells, but the header names 3 columns
 --> allocation.csv:2:1
  |
2 | A,x
  | ^^^
  |
  = help: a row of an allocation is `wallet,lot,quantity`: units of a lot of the universal pool that went to a wallet, such as ledger,BTC@2021-03-04#1,0.5

error: `-1` is no positive quantity
 --> allocation.csv:3:5
  |
3 | A,x,-1
  |     ^^
  |
  = help: a row of an allocation is `wallet,lot,quantity`: units of a lot of the universal pool that went to a wallet, such as ledger,BTC@2021-03-04#1,0.5
",
        )
        .done();
}

#[test]
fn errors_that_are_only_counted_are_counted_too() {
    let rows: String = (0..1100)
        .map(|row| format!("2024-01-02,buy,X,z{row},1\n"))
        .collect();
    let error = run("compute a.csv")
        .file(
            "a.csv",
            &format!("date,action,symbol,quantity,price\n{rows}"),
        )
        .status(1)
        .fails();
    assert!(error.ends_with("error: and 1080 more errors\n"), "{error}");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for arguments in [
        "compute a.csv --as-of=2024-+1-01",
        "compute a.csv --date-format %Y",
        "compute a.csv --date-format %d%d%d",
        "compute a.csv --taxable-income=99999999999999999999999",
    ] {
        run(arguments)
            .file("a.csv", TRADES)
            .status(2)
            .out("")
            .done();
    }
    refused(
        "compute a.csv --carry-in short=0.001",
        "error: `--carry-in short=0.001` has more decimal places than USD\n",
    );
    run("compute a.csv -j uk")
        .file("lossoffset.toml", "[uk]\nzz = 1\n")
        .status(2)
        .error("error: lossoffset.toml:2: unknown key `zz`; none is known here\n")
        .done();
}
