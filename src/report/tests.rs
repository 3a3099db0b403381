//! Every report in every format, whole, against the files in `snapshots/`. `BLESS=1 cargo test` rewrites them; read
//! the difference before keeping it.

use std::path::Path;

use rust_decimal::Decimal;

use crate::answer::{Answer, Merged};
use crate::diagnostic::Problem;
use crate::money::{Minor, Quantity};
use crate::output::page::Page;
use crate::output::table::{Cell, Column, Table};
use crate::output::text::Look;
use crate::output::{csv, json, markdown, text};
use crate::report::comparison::Comparison;
use crate::report::fixture::{Fixture, fixture, us_year};
use crate::report::{Frame, REPORTS, document, page};
use crate::source::Sources;
use crate::trade::TradeId;

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    write(&mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn snapshot(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/report/snapshots")
        .join(name);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{name}");
}

fn as_csv(frame: &Frame<'_>, report: &str, excel: bool) -> String {
    let report = REPORTS.iter().find(|r| r.name == report).unwrap();
    let style = csv::Style {
        delimiter: b',',
        excel,
        places: frame.places,
    };
    written(|out| csv::write(out, (report.table)(frame).as_ref(), style))
}

fn as_text(page: &Page<'_>, width: Option<usize>) -> String {
    let look = Look {
        width,
        unicode: width.is_some(),
        bold: false,
    };
    written(|out| text::write(out, page, look))
}

/// Every case of the US netting: one term offsets the other, both gain, both lose, income below zero.
fn us_years() -> Fixture {
    let mut fixture = fixture();
    fixture.answer.years = vec![
        us_year(
            2022,
            [50_000, 10_000, 0, 40_000, 0, 70_000, 0, -70_000],
            [-30_000, 30_000, 0, 0],
        ),
        us_year(
            2023,
            [50_000, 10_000, 0, 40_000, 70_000, 0, 0, 70_000],
            [110_000, 0, 0, 0],
        ),
        us_year(
            2024,
            [0, 200_000, 0, -200_000, 0, 700_000, 0, -700_000],
            [-900_000, 300_000, 0, 600_000],
        ),
        us_year(
            2025,
            [0, 0, 0, 0, 0, 0, 600_000, -600_000],
            [-600_000, 300_000, 0, 420_000],
        ),
        us_year(
            2026,
            [0, 100_000, 0, -100_000, 900_000, 0, 420_000, 480_000],
            [380_000, 0, 0, 0],
        ),
    ];
    fixture
}

#[test]
fn csv_has_the_names_and_order_of_the_json_document() {
    let fixture = fixture();
    for report in REPORTS.iter().filter(|report| report.is_for("us")) {
        let found = as_csv(&fixture.frame(), report.name, false);
        snapshot(&format!("{}.csv", report.name), &found);
    }
}

#[test]
fn csv_for_a_spreadsheet_neutralises_text_and_leaves_negative_numbers_alone() {
    snapshot(
        "disposals-excel.csv",
        &as_csv(&fixture().frame(), "disposals", true),
    );
}

#[test]
fn one_json_document_holds_everything() {
    let fixture = fixture();
    let found = written(|out| document::write(out, &fixture.frame()));
    let read: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert_eq!(read["disposals"][2]["gain"], "-2900.00");
    assert_eq!(read["years"][0]["lines"]["deducted"], "3000.00");
    snapshot("document.json", &found);
    let lots = written(|out| document::write_lots(out, &fixture.frame()));
    snapshot("lots.json", &lots);
}

#[test]
fn an_empty_answer_is_a_whole_document_and_a_header() {
    let mut fixture = fixture();
    fixture.answer = Answer::default();
    let found = written(|out| document::write(out, &fixture.frame()));
    let read: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert_eq!(read["disposals"], serde_json::json!([]));
    assert_eq!(as_csv(&fixture.frame(), "years", false), "tax_year\n");
    assert_eq!(
        as_text(&page::overview(fixture.frame()), None),
        " no disposals\n\n no tax year with a disposal or a carried loss\n"
    );
}

#[test]
fn json_lines_are_the_objects_of_the_document() {
    let fixture = fixture();
    let frame = fixture.frame();
    let whole = written(|out| document::write(out, &frame));
    let whole: serde_json::Value = serde_json::from_str(&whole).unwrap();
    for report in REPORTS.iter().filter(|report| report.is_for("us")) {
        let lines = written(|out| json::lines(out, (report.table)(&frame).as_ref(), 2));
        let objects: Vec<serde_json::Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(whole[report.name], serde_json::Value::Array(objects));
    }
}

#[test]
fn a_year_filters_rows_and_keeps_their_numbers() {
    let mut fixture = fixture();
    fixture.answer.disposals.unordered_mut()[0].tax_year = 2023;
    let frame = Frame {
        only: Some(2024),
        ..fixture.frame()
    };
    let found = as_csv(&frame, "disposals", false);
    assert_eq!(found.lines().count(), 4);
    assert!(found.contains("\nXYZ@2024-06-03#2,2024,"), "{found}");
}

#[test]
fn tables_fit_the_place_they_are_written_to() {
    let fixture = fixture();
    let frame = fixture.frame();
    snapshot("overview-piped.txt", &as_text(&page::overview(frame), None));
    for width in [120, 80] {
        let found = as_text(&page::overview(frame), Some(width));
        assert!(found.lines().all(|line| line.chars().count() <= width));
        snapshot(&format!("overview-{width}.txt"), &found);
    }
    let rest = [
        page::lots::holdings(frame),
        page::adjustments::rows(frame),
        page::disposals::per_symbol(frame),
    ];
    let found: Vec<String> = rest.iter().map(|page| as_text(page, Some(100))).collect();
    snapshot("others-100.txt", &found.join("\n"));
}

#[test]
fn worksheets_add_up_from_top_to_bottom() {
    let fixture = us_years();
    snapshot(
        "worksheets.txt",
        &as_text(&page::worksheet::years(fixture.frame()), Some(80)),
    );
}

#[test]
fn worksheets_of_other_countries_follow_their_lines() {
    let mut fixture = fixture();
    let line = |name, amount| (name, amount);
    fixture.answer.years[0].lines = vec![
        line("gains", 900_000),
        line("losses", 100_000),
        line("net", 800_000),
        line("brought_forward_used", 200_000),
        line("exempt_used", 300_000),
        line("taxable", 300_000),
        line("carried_forward", 50_000),
    ];
    let single = as_text(&page::worksheet::years(fixture.frame()), Some(80));
    fixture.answer.years[0].lines = vec![
        line("private_gains", 900_000),
        line("private_losses", 100_000),
        line("private_net", 800_000),
        line("stock_gains", 0),
        line("stock_losses", 70_000),
        line("stock_net", -70_000),
        line("taxable", 800_000),
        line("exempt_used", 0),
    ];
    let pots = as_text(&page::worksheet::years(fixture.frame()), Some(80));
    snapshot("worksheets-other.txt", &format!("{single}\n{pots}"));
}

#[test]
fn methods_stand_side_by_side_with_the_lowest_marked() {
    let fixture = fixture();
    let years = us_years().answer;
    let mut higher = years.clone();
    higher.years[0] = us_year(2022, [90_000, 0, 0, 90_000, 0, 0, 0, 0], [90_000, 0, 0, 0]);
    let outcomes = vec![
        ("fifo", Ok(higher)),
        ("hifo", Ok(years)),
        ("average", Err(vec![Problem::new("a sale names its lots")])),
    ];
    let found = as_text(
        &page::comparison::methods(fixture.frame(), &outcomes),
        Some(100),
    );
    snapshot("comparison-100.txt", &found);
    let table = Comparison::new(fixture.frame(), &outcomes);
    let style = csv::Style {
        delimiter: b'\t',
        excel: false,
        places: 2,
    };
    snapshot(
        "comparison.tsv",
        &written(|out| csv::write(out, &table, style)),
    );
}

#[test]
fn markdown_has_the_same_tables() {
    let fixture = fixture();
    snapshot(
        "overview.md",
        &written(|out| markdown::write(out, &page::overview(fixture.frame()))),
    );
}

/// A table whose rows are written cell by cell, whatever it knows of a quicker way.
struct CellByCell<'a>(Box<dyn Table + 'a>);

impl Table for CellByCell<'_> {
    fn columns(&self) -> Vec<Column> {
        self.0.columns()
    }

    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        self.0.cell(row, column)
    }
}

#[test]
fn a_line_is_the_same_whether_it_is_written_quickly_or_cell_by_cell() {
    let long = "long".repeat(300);
    for name in [
        "X",
        "a,b",
        "5\" pipe",
        "two;names",
        "\u{e9}t\u{e9}",
        "",
        &long,
    ] {
        for (merged, delimiter) in [(false, b','), (true, b','), (true, b';'), (false, b'\t')] {
            let mut fixture = fixture();
            fixture.history.securities[0].symbol = name.into();
            fixture.history.accounts[0].name = name.into();
            fixture.history.sources = Sources::default();
            fixture.history.sources.add(name);
            let rows = fixture.answer.disposals.rows_mut();
            rows[0].quantity = Quantity::new(Decimal::new(-123_456_789_012, 3)).unwrap();
            (rows[0].proceeds, rows[1].cost) = (Minor::MAX, -1_234_567_890_123);
            (rows[1].lot, rows[1].held_from, rows[1].term) = (None, None, None);
            if merged {
                let several = Merged {
                    opened_by: vec![TradeId(0), TradeId(1)],
                    closed_by: vec![TradeId(3), TradeId(4)],
                };
                fixture.answer.merged.insert(0, several);
            }
            let frame = fixture.frame();
            for places in [0, 2, 3] {
                let style = csv::Style {
                    delimiter,
                    excel: false,
                    places,
                };
                let table = || (REPORTS[0].table)(&frame);
                assert_eq!(
                    written(|out| csv::write(out, table().as_ref(), style)),
                    written(|out| csv::write(out, &CellByCell(table()), style)),
                    "{name} {delimiter}"
                );
            }
        }
    }
}

#[test]
#[ignore = "a measurement, not a test: cargo test --release -- --ignored --nocapture a_million_rows"]
fn a_million_rows() {
    let mut fixture = fixture();
    let row = fixture.answer.disposals[0].clone();
    fixture.answer.disposals = (0..1_000_000_i64)
        .map(|n| {
            let mut row = row.clone();
            row.disposed = row.disposed.plus((n / 700) as i32);
            row.tax_year = row.disposed.year() as i16;
            row.proceeds = n * 37;
            row.cost = n * 31;
            row
        })
        .collect();
    let frame = fixture.frame();
    let bench = |name: &str, write: &dyn Fn(&mut dyn std::io::Write)| {
        let start = std::time::Instant::now();
        write(&mut std::io::sink());
        println!("{name} {:?}", start.elapsed());
    };
    let style = csv::Style {
        delimiter: b',',
        excel: false,
        places: 2,
    };
    for _ in 0..2 {
        bench("csv  ", &|out| {
            csv::write(out, (REPORTS[0].table)(&frame).as_ref(), style).unwrap();
        });
        bench("json ", &|out| document::write(out, &frame).unwrap());
        bench("table", &|out| {
            text::write(out, &page::disposals::rows(frame), Look::default()).unwrap();
        });
        bench("overview", &|out| {
            text::write(out, &page::overview(frame), Look::default()).unwrap();
        });
    }
}
