//! A file of exchange rates: a row for each day and currency, or the wide layout of the European Central Bank.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::date::Date;
use crate::import::side::{Row, SideFile};
use crate::import::{Failure, Input};
use crate::rates::{ByDay, Rates};

const HELP: &str = "a row of rates is `date,currency,rate`: units of the report's currency per unit of `currency`, such as 2024-12-31,EUR,1.04";

/// Rates with the lines that say them, by currency and day.
type Said = BTreeMap<String, BTreeMap<Date, (Decimal, u32)>>;

/// Reads exchange rates.
///
/// # Errors
/// Everything wrong with the file.
pub fn read(input: Input) -> Result<Rates, Failure> {
    let mut file = SideFile::new(input, "a CSV of exchange rates", HELP)?;
    file.need_different_names();
    let Some(date) = file.need("date") else {
        return file.finish(Rates::default());
    };
    let (long, wide) = match (file.column("currency"), file.column("rate")) {
        (None, None) => (Said::new(), wide(&mut file, date)),
        _ => (long(&mut file, date), Said::new()),
    };
    file.finish(Rates::new(without_lines(long), without_lines(wide)))
}

/// A row for each day and currency.
fn long(file: &mut SideFile, date: usize) -> Said {
    let mut said = Said::new();
    let (Some(currency), Some(rate)) = (file.need("currency"), file.need("rate")) else {
        return said;
    };
    for row in file.rows() {
        let Some(day) = day(file, &row, date) else {
            continue;
        };
        let code = row.cell(currency).to_uppercase();
        if code.is_empty() {
            file.wrong(row.line, Some(currency), "no currency".to_owned(), None);
        } else {
            quote(file, &mut said, &row, (&code, day), rate);
        }
    }
    said
}

/// A column for each currency, in units per euro.
fn wide(file: &mut SideFile, date: usize) -> Said {
    let mut said = Said::new();
    let names = file.names().iter().map(|name| name.to_uppercase());
    let names: Vec<String> = names.collect();
    for row in file.rows() {
        let Some(day) = day(file, &row, date) else {
            continue;
        };
        for (column, code) in names.iter().enumerate() {
            let none = matches!(row.cell(column), "" | "N/A");
            if column != date && !none && !code.is_empty() {
                quote(file, &mut said, &row, (code, day), column);
            }
        }
    }
    said
}

fn day(file: &mut SideFile, row: &Row, column: usize) -> Option<Date> {
    let day = Date::parse_iso(row.cell(column));
    if day.is_none() {
        let message = format!("`{}` is no date", row.cell(column));
        file.wrong(row.line, Some(column), message, None);
    }
    day
}

/// Notes the rate of a cell. One that is there already may be repeated, but not contradicted.
fn quote(
    file: &mut SideFile,
    said: &mut Said,
    row: &Row,
    (code, day): (&str, Date),
    column: usize,
) {
    let text = row.cell(column);
    let Some(value) = number(text) else {
        let (message, help) = match number(&text.replace(',', ".")) {
            Some(_) => {
                let message = format!(
                    "`{text}` has a comma, which may stand for a decimal point or between thousands"
                );
                (
                    message,
                    Some("write a rate with a decimal point, such as 1.04"),
                )
            }
            None => (format!("`{text}` is no rate above zero"), None),
        };
        return file.wrong(row.line, Some(column), message, help);
    };
    if !said.contains_key(code) {
        said.insert(code.to_owned(), BTreeMap::new());
    }
    let Some(by_day) = said.get_mut(code) else {
        return;
    };
    let (before, line) = *by_day.entry(day).or_insert((value, row.line));
    if before != value {
        let message = format!("{code} has two rates on {day}: {before} and {value}");
        file.wrong(
            row.line,
            Some(column),
            message,
            Some("leave one of them out"),
        );
        file.also(line);
    }
}

fn number(text: &str) -> Option<Decimal> {
    let value = Decimal::from_str_exact(text).ok()?;
    (value > Decimal::ZERO).then_some(value)
}

fn without_lines(said: Said) -> ByDay {
    let of_days = |days: BTreeMap<Date, (Decimal, u32)>| {
        let days = days.into_iter();
        days.map(|(day, (rate, _))| (day, rate)).collect()
    };
    let said = said.into_iter();
    said.map(|(code, days)| (code, of_days(days))).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::diagnostic::{Style, render};
    use crate::rates::RateDay;
    use crate::trade::History;

    fn read(text: &str) -> Result<Rates, Failure> {
        super::read(Input {
            name: "r.csv".to_owned(),
            bytes: text.as_bytes().to_vec(),
        })
    }

    fn into(text: &str, currency: &str) -> Rates {
        let rates = read(text).unwrap();
        rates.to(currency, RateDay::Trade, &History::default())
    }

    fn day(text: &str) -> Date {
        Date::parse_iso(text).unwrap()
    }

    #[track_caller]
    fn refused(text: &str, problems: &[&str]) {
        let failure = read(text).unwrap_err();
        let told = failure.problems.iter().map(|problem| {
            let text = render(
                std::slice::from_ref(problem),
                &failure.sources,
                Style::default(),
            );
            let mut lines = text.lines();
            let (first, place) = (lines.next().unwrap(), lines.next().unwrap());
            format!(
                "{} {}",
                first.trim_start_matches("error: "),
                place.trim_start()
            )
        });
        assert_eq!(told.collect::<Vec<_>>(), problems);
    }

    #[test]
    fn a_long_file_gives_report_currency_per_unit() {
        let rates = into("date,currency,rate\n2024-01-02,USD,0.79\n", "GBP");
        let rate = rates.rate("USD", day("2024-01-02")).unwrap();
        assert_eq!(rate.text(), "0.79");
        assert_eq!(rates.rate("USD", day("2024-01-03")), None);
        let mut rates = rates;
        rates.previous = true;
        let rate = rates.rate("USD", day("2024-01-07")).unwrap();
        assert_eq!((rate.date, rate.text()), (day("2024-01-02"), "0.79".into()));
    }

    #[test]
    fn the_wide_file_is_per_euro_and_crosses() {
        let text = "Date,USD,GBP,\n2024-01-02,1.25,0.8,\n2024-01-03,N/A,0.8,\n";
        let euro = into(text, "EUR");
        assert_eq!(euro.rate("USD", day("2024-01-02")).unwrap().text(), "0.8");
        let pound = into(text, "GBP");
        assert_eq!(pound.rate("USD", day("2024-01-02")).unwrap().text(), "0.64");
        assert_eq!(pound.rate("EUR", day("2024-01-02")).unwrap().text(), "0.8");
        assert_eq!(pound.rate("USD", day("2024-01-03")), None);
    }

    #[test]
    fn quotes_tabs_comments_and_blank_lines_are_understood() {
        let rate = |text: &str| {
            let rates = into(text, "USD");
            rates.rate("EUR", day("2024-01-02")).unwrap().text()
        };
        assert_eq!(
            rate("\"date\",\"currency\",\"rate\"\n\"2024-01-02\",\"EUR\",\"1.05\"\n"),
            "1.05"
        );
        assert_eq!(
            rate("date\tcurrency\trate\n2024-01-02\tEUR\t1.05\n"),
            "1.05"
        );
        assert_eq!(
            rate("\n# by hand\ndate;currency;rate\n\n# and\n2024-01-02;eur;1.05\n"),
            "1.05"
        );
        assert_eq!(rate("date,currency,rate\r2024-01-02,EUR,1.05\r"), "1.05");
        assert_eq!(
            rate("date,currency,rate\n2024-01-02,EUR,1.05,,\n2024-01-02,EUR,1.050\n"),
            "1.05"
        );
    }

    #[test]
    fn each_encoding_of_trades_is_one_of_rates() {
        let text = "date,currency,rate\n2024-01-02,EUR,1.05\n";
        let utf16 = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
            mark.into_iter()
                .chain(text.encode_utf16().flat_map(bytes))
                .collect()
        };
        let noted = format!("# caf\u{e9}\n{text}")
            .chars()
            .map(|c| c as u8)
            .collect();
        let files: [Vec<u8>; 3] = [
            utf16([0xff, 0xfe], u16::to_le_bytes),
            utf16([0xfe, 0xff], u16::to_be_bytes),
            noted,
        ];
        for bytes in files {
            let name = "r.csv".to_owned();
            let rates = super::read(Input { name, bytes }).unwrap();
            assert_eq!(rates.stated().count(), 1);
        }
    }

    #[test]
    fn everything_wrong_is_said_at_once_with_its_row() {
        refused(
            "date,currency,rate\n2024-01-02,EUR,\"1,05\"\n2024-01-03,EUR,1,05\n# none\n2024-01-04,EUR\n\
             2024-01-05,EUR,0\n5.1.2024,EUR,1\n2024-01-06,,1\n2024-01-07,EUR,\"1.05\n",
            &[
                "`1,05` has a comma, which may stand for a decimal point or between thousands --> r.csv:2:16",
                "the row has 4 cells, but the header names only 3 columns --> r.csv:3:18",
                "the row has 2 cells, but the header names 3 columns --> r.csv:5:1",
                "`0` is no rate above zero --> r.csv:6:16",
                "`5.1.2024` is no date --> r.csv:7:1",
                "no currency --> r.csv:8:12",
                "a quote that opens here is never closed --> r.csv:9:16",
            ],
        );
    }

    #[test]
    fn two_rates_for_one_day_are_refused_with_both_lines() {
        let text =
            "date,currency,rate\n2024-01-02,EUR,1.1\n2024-01-03,EUR,1.1\n2024-01-02,eur,1.2\n";
        refused(
            text,
            &["EUR has two rates on 2024-01-02: 1.1 and 1.2 --> r.csv:4:16"],
        );
        let failure = read(text).unwrap_err();
        assert_eq!(failure.problems[0].notes, ["the other is in r.csv:2"]);
        refused(
            "Date,USD\n2024-01-02,1.1\n2024-01-02,1.2\n",
            &["USD has two rates on 2024-01-02: 1.1 and 1.2 --> r.csv:3:12"],
        );
    }

    #[test]
    fn a_header_that_does_not_say_what_is_what_is_refused() {
        let twice = "two columns are named `rate` --> r.csv:1:20";
        refused(
            "date,currency,rate,rate\n2024-01-02,EUR,1.1,1.1\n",
            &[twice],
        );
        refused(
            "date,USD,usd\n",
            &["two columns are named `usd` --> r.csv:1:10"],
        );
        refused("day,x\n", &["no column `date` --> r.csv:1:1"]);
        refused(
            "date,rate\n2024-01-02,1\n",
            &["no column `currency` --> r.csv:1:1"],
        );
        assert_eq!(read("\n# nothing\n").unwrap_err().problems.len(), 1);
        assert_eq!(read("").unwrap_err().problems.len(), 1);
    }
}
