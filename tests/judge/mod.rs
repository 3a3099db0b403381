//! Judges what the program printed against a worked case, by the rules of `tests/cases/README.md`.

use std::collections::HashSet;

use num_bigint::BigInt;
use num_rational::BigRational;
use serde_json::Value;
use toml::Table;

/// Fields that are added up; every other field of a row is text.
const AMOUNTS: [&str; 5] = ["quantity", "proceeds", "cost", "adjustment", "gain"];

/// A worked case as its file states it.
pub struct Case {
    /// `US-WS-01`.
    pub id: String,
    /// One line.
    pub title: String,
    /// What it uses beyond plain buys and sells.
    pub needs: Vec<String>,
    /// Arguments after `compute`.
    pub args: Vec<String>,
    /// Text of the configuration file.
    pub config: Option<String>,
    /// Input files: name and text.
    pub files: Vec<(String, String)>,
    tolerance: BigRational,
    expect: Table,
}

/// What the program did.
pub struct Outcome {
    /// Its exit status; `None` where a signal ended it.
    pub status: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Case {
    /// Reads a case file.
    pub fn read(text: &str) -> Result<Self, String> {
        let case: Table = toml::from_str(text)
            .map_err(|error| format!("the case file cannot be read: {error}"))?;
        let files = list(&case, "files")?
            .iter()
            .map(|file| Ok((field(file, "name")?, field(file, "text")?)))
            .collect::<Result<_, String>>()?;
        let tolerance = case.get("tolerance").map_or("0.01".into(), expected_text);
        Ok(Self {
            id: field(&case, "id")?,
            title: field(&case, "title")?,
            needs: texts(&case, "needs")?,
            args: texts(&case, "args")?,
            config: case
                .contains_key("config")
                .then(|| field(&case, "config"))
                .transpose()?,
            files,
            tolerance: decimal(&tolerance).ok_or("the tolerance is not a number")?,
            expect: case
                .get("expect")
                .and_then(toml::Value::as_table)
                .cloned()
                .ok_or("the case file lacks `expect`")?,
        })
    }

    /// What is wrong with the outcome; nothing if the case passed.
    pub fn judge(&self, outcome: &Outcome) -> Vec<String> {
        let ended = outcome
            .status
            .map_or("killed by a signal".into(), |status| {
                format!("exit status {status}")
            });
        if let Some(wanted) = self.expect.get("error").map(expected_text) {
            let said = outcome.err.to_lowercase().contains(&wanted.to_lowercase());
            return if outcome.status == Some(1) && said {
                Vec::new()
            } else {
                let wanted =
                    format!("expected exit status 1 and '{wanted}' in the message; {ended}");
                vec![format!("{wanted}\n{}", last_lines(&outcome.err))]
            };
        }
        if !matches!(outcome.status, Some(0 | 3)) {
            return vec![format!("{ended}\n{}", last_lines(&outcome.err))];
        }
        let document: Value = match serde_json::from_str(&outcome.out) {
            Ok(document @ Value::Object(_)) => document,
            Ok(_) => {
                return vec![format!(
                    "standard output is not a JSON object: {}",
                    short(&outcome.out)
                )];
            }
            Err(error) => {
                return vec![format!(
                    "standard output is not JSON ({error}): {}",
                    short(&outcome.out)
                )];
            }
        };
        [
            ("disposals", "disposals"),
            ("legs", "disposals"),
            ("lots", "lots"),
        ]
        .into_iter()
        .filter(|(part, _)| self.expect.contains_key(*part))
        .flat_map(|(part, table)| {
            self.rows(part, table, &document)
                .unwrap_or_else(|wrong| vec![wrong])
        })
        .chain(self.years(&document).unwrap_or_else(|wrong| vec![wrong]))
        .collect()
    }

    /// Adds rows up over equal text fields on both sides and compares the sums.
    fn rows(&self, part: &str, table: &str, document: &Value) -> Result<Vec<String>, String> {
        let actual = objects(document, table)?;
        let mut groups: Vec<Group> = Vec::new();
        for row in list(&self.expect, part)? {
            let mut key: Vec<(String, String)> = row
                .iter()
                .filter(|(name, _)| !AMOUNTS.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), expected_text(value)))
                .collect();
            key.sort();
            match groups.iter_mut().find(|group| group.key == key) {
                Some(group) => group.wanted.push(row),
                None => groups.push(Group {
                    key,
                    wanted: vec![row],
                    found: Vec::new(),
                }),
            }
        }
        let mut unexpected = Vec::new();
        for row in actual {
            let fitting = groups.iter_mut().filter(|group| group.fits(row));
            // The first of those with the most text fields.
            match fitting.reduce(|best, next| {
                if next.key.len() > best.key.len() {
                    next
                } else {
                    best
                }
            }) {
                Some(group) => group.found.push(row),
                None => unexpected.push(row),
            }
        }
        let mut problems = Vec::new();
        for group in &groups {
            problems.extend(group.differences(part, &self.tolerance)?);
        }
        let mut fields: Vec<&str> = groups
            .iter()
            .flat_map(|group| group.key.iter().map(|(name, _)| name.as_str()))
            .collect();
        fields.sort_unstable();
        fields.dedup();
        if fields.is_empty() {
            fields = vec!["symbol", "acquired", "disposed"];
        }
        for row in unexpected {
            let shown: Vec<(String, String)> = fields
                .iter()
                .chain(&AMOUNTS)
                .filter(|name| row.get(**name).is_some())
                .map(|name| ((*name).to_owned(), actual_text(row, name)))
                .collect();
            problems.push(format!("{part}: unexpected: {}", named(&shown)));
        }
        Ok(problems)
    }

    fn years(&self, document: &Value) -> Result<Vec<String>, String> {
        let Some(expected) = self.expect.get("years").and_then(toml::Value::as_table) else {
            return Ok(Vec::new());
        };
        let years = objects(document, "years")?;
        let mut problems = Vec::new();
        for (year, wanted) in expected {
            let row = years
                .iter()
                .find(|row| actual_text(row, "tax_year") == *year);
            let Some(lines) = row
                .and_then(|row| row.get("lines"))
                .and_then(Value::as_object)
            else {
                problems.push(format!("years: {year}: missing"));
                continue;
            };
            for (line, value) in wanted.as_table().into_iter().flatten() {
                let value = expected_text(value);
                let Some(have) = lines.get(line) else {
                    problems.push(format!(
                        "years: {year} {line}: expected {value}, not in the output"
                    ));
                    continue;
                };
                let have = amount(have, &format!("years {year} {line}"))?;
                let want = decimal(&value).ok_or("the case has a year line that is no number")?;
                if distance(&want, &have) > self.tolerance {
                    problems.push(format!(
                        "years: {year} {line}: expected {value}, actual {}",
                        shown(&have)
                    ));
                }
            }
        }
        Ok(problems)
    }
}

/// Expected rows with equal text fields, and the actual rows that fall to them.
struct Group<'a> {
    key: Vec<(String, String)>,
    wanted: Vec<&'a Table>,
    found: Vec<&'a Value>,
}

impl Group<'_> {
    fn fits(&self, row: &Value) -> bool {
        self.key
            .iter()
            .all(|(name, value)| actual_text(row, name) == *value)
    }

    fn differences(&self, part: &str, tolerance: &BigRational) -> Result<Option<String>, String> {
        let given: Vec<&str> = AMOUNTS
            .into_iter()
            .filter(|name| self.wanted.iter().all(|row| row.contains_key(*name)))
            .collect();
        if self.found.is_empty() {
            let sums: Vec<String> = given
                .iter()
                .map(|name| Ok(format!("{name}={}", shown(&self.want(name)?))))
                .collect::<Result<_, String>>()?;
            return Ok(Some(format!(
                "{part}: missing: {} {}",
                named(&self.key),
                sums.join(" ")
            )));
        }
        let mut differs = String::new();
        for name in given {
            let (want, have) = (self.want(name)?, self.have(name, part)?);
            let allowed = if name == "quantity" {
                whole(0)
            } else {
                tolerance.clone()
            };
            if distance(&want, &have) > allowed {
                differs += &format!(
                    "\n      {name}: expected {}, actual {}",
                    shown(&want),
                    shown(&have)
                );
            }
        }
        Ok(
            (!differs.is_empty())
                .then(|| format!("{part}: differs: {}{differs}", named(&self.key))),
        )
    }

    fn want(&self, name: &str) -> Result<BigRational, String> {
        self.wanted.iter().try_fold(whole(0), |sum, row| {
            let text = row.get(name).map(expected_text).unwrap_or_default();
            Ok(sum + decimal(&text).ok_or_else(|| format!("case {name}: {text} is no number"))?)
        })
    }

    fn have(&self, name: &str, part: &str) -> Result<BigRational, String> {
        self.found.iter().try_fold(whole(0), |sum, row| {
            let value = row
                .get(name)
                .ok_or_else(|| format!("{part}: a row has no field '{name}'"))?;
            Ok(sum + amount(value, &format!("{part} {name}"))?)
        })
    }
}

/// The needs that no case of these names, by which a misspelt line of `SUPPORTED` is found.
pub fn unused_needs<'a>(supported: &'a [String], cases: &[&Case]) -> Vec<&'a str> {
    let used: HashSet<&str> = cases
        .iter()
        .flat_map(|case| case.needs.iter().map(String::as_str))
        .collect();
    supported
        .iter()
        .map(String::as_str)
        .filter(|need| !used.contains(need))
        .collect()
}

fn field(table: &Table, name: &str) -> Result<String, String> {
    let value = table.get(name).and_then(toml::Value::as_str);
    value
        .map(str::to_owned)
        .ok_or_else(|| format!("the case file lacks `{name}`"))
}

fn texts(table: &Table, name: &str) -> Result<Vec<String>, String> {
    let values = table
        .get(name)
        .and_then(toml::Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let text = |value: &toml::Value| value.as_str().map(str::to_owned);
    values
        .iter()
        .map(|value| text(value).ok_or_else(|| format!("`{name}` holds something other than text")))
        .collect()
}

fn list<'a>(table: &'a Table, name: &str) -> Result<Vec<&'a Table>, String> {
    let values = table.get(name).and_then(toml::Value::as_array);
    let rows = values.ok_or_else(|| format!("the case file lacks `{name}`"))?;
    rows.iter()
        .map(|row| {
            row.as_table()
                .ok_or_else(|| format!("`{name}` holds something other than tables"))
        })
        .collect()
}

fn expected_text(value: &toml::Value) -> String {
    value
        .as_str()
        .map_or_else(|| format!("{value:?}"), str::to_owned)
}

fn objects<'a>(document: &'a Value, name: &str) -> Result<&'a [Value], String> {
    document
        .get(name)
        .and_then(Value::as_array)
        .filter(|rows| rows.iter().all(Value::is_object))
        .map(Vec::as_slice)
        .ok_or_else(|| format!("the output has no list '{name}' of objects"))
}

fn actual_text(row: &Value, name: &str) -> String {
    match row.get(name) {
        None => "(absent)".into(),
        Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn amount(value: &Value, place: &str) -> Result<BigRational, String> {
    let number = match value {
        Value::Null => Some(whole(0)),
        Value::String(text) => decimal(text),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    };
    number.ok_or_else(|| {
        format!(
            "{place}: {} is not a text holding a plain decimal",
            short(&value.to_string())
        )
    })
}

/// `-?[0-9]+(\.[0-9]+)?` as an exact number.
fn decimal(text: &str) -> Option<BigRational> {
    let size = text.strip_prefix('-').unwrap_or(text);
    let (before, after) = size
        .split_once('.')
        .map_or((size, None), |(before, after)| (before, Some(after)));
    let plain = |digits: &str| {
        (1..=60).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !plain(before) || !after.is_none_or(plain) {
        return None;
    }
    let after = after.unwrap_or("");
    let digits: BigInt = format!("{before}{after}").parse().ok()?;
    let value = BigRational::new(
        digits,
        BigInt::from(10).pow(u32::try_from(after.len()).ok()?),
    );
    Some(if text.starts_with('-') { -value } else { value })
}

fn whole(number: i64) -> BigRational {
    BigRational::from_integer(number.into())
}

fn distance(a: &BigRational, b: &BigRational) -> BigRational {
    if a > b { a - b } else { b - a }
}

/// A decimal as people write it.
fn shown(value: &BigRational) -> String {
    let places = (0..60)
        .find(|places| (value * BigRational::from(BigInt::from(10).pow(*places))).is_integer());
    let places = places.unwrap_or(60).max(2);
    let units = (value * BigRational::from(BigInt::from(10).pow(places)))
        .to_integer()
        .to_string();
    let (sign, digits) = units
        .strip_prefix('-')
        .map_or(("", units.as_str()), |digits| ("-", digits));
    let digits = format!("{digits:0>width$}", width = places as usize + 1);
    let (before, after) = digits.split_at(digits.len() - places as usize);
    format!("{sign}{before}.{after}")
}

fn named(fields: &[(String, String)]) -> String {
    let show = |(name, value): &(String, String)| {
        format!(
            "{name}={}",
            if value.is_empty() { "(empty)" } else { value }
        )
    };
    let all: Vec<String> = fields.iter().map(show).collect();
    if all.is_empty() {
        "(all rows)".into()
    } else {
        all.join(" ")
    }
}

fn short(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= 200 {
        text
    } else {
        text.chars().take(200).chain("...".chars()).collect()
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().collect();
    let last: Vec<String> = lines
        .iter()
        .skip(lines.len().saturating_sub(8))
        .map(|line| format!("    | {line}"))
        .collect();
    if last.is_empty() {
        "    | (nothing on standard error)".into()
    } else {
        last.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A case of two purchases sold in one sale and one lot left.
    const CASE: &str = r#"
        id = "T-01"
        title = "two lots sold"
        needs = []
        args = []
        [[files]]
        name = "trades.csv"
        text = "date,action,symbol,quantity,price"
        [[expect.disposals]]
        symbol = "X"
        term = "short"
        quantity = "7"
        proceeds = "70.00"
        gain = "-0.10"
        [[expect.disposals]]
        symbol = "X"
        term = "short"
        quantity = "3"
        proceeds = "30.00"
        gain = "0.10"
        [[expect.lots]]
        symbol = "X"
        acquired = ""
        quantity = "1.5"
        [expect.years.2025]
        net = "-3.00"
    "#;

    const RIGHT: &str = r#"{
        "disposals": [
            {"symbol": "X", "term": "short", "quantity": "4", "proceeds": "40.00", "gain": "0.01"},
            {"symbol": "X", "term": "short", "quantity": "6", "proceeds": "60.01", "gain": "-0.01"}],
        "lots": [{"symbol": "X", "acquired": null, "quantity": "1.50"}],
        "years": [{"tax_year": "2025", "lines": {"net": "-3.01", "other": "9.00"}}]
    }"#;

    fn problems(case: &str, status: i32, out: &str, err: &str) -> Vec<String> {
        let outcome = Outcome {
            status: Some(status),
            out: out.into(),
            err: err.into(),
        };
        Case::read(case).unwrap().judge(&outcome)
    }

    /// The one problem of an output that is `RIGHT` but for one replacement.
    fn problem(from: &str, to: &str) -> String {
        assert!(RIGHT.contains(from), "{from}");
        let problems = problems(CASE, 0, &RIGHT.replacen(from, to, 1), "");
        assert_eq!(problems.len(), 1, "{problems:#?}");
        problems.concat()
    }

    #[test]
    fn rows_are_added_up_over_their_text_fields() {
        assert_eq!(problems(CASE, 0, RIGHT, ""), [""; 0]);
        assert_eq!(problems(CASE, 3, RIGHT, ""), [""; 0]);
    }

    #[test]
    fn what_differs_is_named() {
        assert_eq!(
            problem("\"4\"", "\"4.0000000001\""),
            "disposals: differs: symbol=X term=short\n      quantity: expected 10.00, actual 10.0000000001"
        );
        assert_eq!(
            problem("60.01", "60.02"),
            "disposals: differs: symbol=X term=short\n      proceeds: expected 100.00, actual 100.02"
        );
        assert_eq!(
            problem("-3.01", "-3.02"),
            "years: 2025 net: expected -3.00, actual -3.02"
        );
        assert_eq!(
            problem("\"net\"", "\"nett\""),
            "years: 2025 net: expected -3.00, not in the output"
        );
        assert_eq!(problem("\"2025\"", "\"2024\""), "years: 2025: missing");
        assert_eq!(
            problem(
                "\"lots\": [",
                "\"lots\": [{\"symbol\": \"Y\", \"acquired\": null, \"quantity\": \"2\"}, "
            ),
            "lots: unexpected: acquired=(empty) symbol=Y quantity=2"
        );
        assert_eq!(
            problem("\"proceeds\": \"40.00\", ", ""),
            "disposals: a row has no field 'proceeds'"
        );
        assert_eq!(
            problem("\"40.00\"", "40.00"),
            "disposals proceeds: 40.0 is not a text holding a plain decimal"
        );
        assert_eq!(
            problem("\"years\"", "\"jahre\""),
            "the output has no list 'years' of objects"
        );
    }

    #[test]
    fn a_row_that_is_not_there_is_missing() {
        let out = RIGHT.replace("\"short\"", "\"long\"");
        let problems = problems(CASE, 0, &out, "");
        assert_eq!(problems.len(), 3, "{problems:#?}");
        assert_eq!(
            problems[0],
            "disposals: missing: symbol=X term=short quantity=10.00 proceeds=100.00 gain=0.00"
        );
        assert!(
            problems[1].starts_with("disposals: unexpected: symbol=X term=long quantity=4"),
            "{}",
            problems[1]
        );
    }

    #[test]
    fn a_row_that_fits_several_goes_to_the_one_with_the_most_text_fields() {
        let case = "id = 'T-02'\ntitle = 't'\nfiles = []\nneeds = []\nargs = []\n[expect]\nlots = [
            {symbol = 'X', quantity = '1'}, {symbol = 'X', account = 'a', quantity = '2'}]";
        let out = r#"{"lots": [{"symbol": "X", "account": "a", "quantity": "2"},
            {"symbol": "X", "account": "b", "quantity": "1"}]}"#;
        assert_eq!(problems(case, 0, out, ""), [""; 0]);
    }

    #[test]
    fn an_empty_list_allows_no_row() {
        let case =
            "id = 'T-03'\ntitle = 't'\nfiles = []\nneeds = []\nargs = []\n[expect]\nlots = []";
        assert_eq!(problems(case, 0, r#"{"lots": []}"#, ""), [""; 0]);
        assert_eq!(
            problems(
                case,
                0,
                r#"{"lots": [{"symbol": "X", "quantity": "1"}]}"#,
                ""
            ),
            ["lots: unexpected: symbol=X quantity=1"]
        );
    }

    #[test]
    fn an_error_is_wanted_with_its_status_and_its_words() {
        let case = "id = 'T-04'\ntitle = 't'\nfiles = []\nneeds = []\nargs = []\n[expect]\nerror = 'only 100'";
        assert_eq!(
            problems(case, 1, "", "error: sold 120 but Only 100 are held"),
            [""; 0]
        );
        for (status, err) in [(0, "only 100"), (2, "only 100"), (1, "only 99")] {
            assert!(
                problems(case, status, "", err)[0]
                    .starts_with("expected exit status 1 and 'only 100'")
            );
        }
    }

    #[test]
    fn a_failed_run_or_an_output_that_is_no_document_fails() {
        assert_eq!(
            problems(CASE, 1, RIGHT, "error: no")[0],
            "exit status 1\n    | error: no"
        );
        assert!(problems(CASE, 0, "", "")[0].starts_with("standard output is not JSON"));
        assert!(problems(CASE, 0, "[]", "")[0].starts_with("standard output is not a JSON object"));
    }

    #[test]
    fn sums_are_exact_beyond_28_digits() {
        let tiny = decimal("0.000000000000000001").unwrap();
        assert_eq!(
            shown(&(decimal("-123456789012345678").unwrap() - tiny)),
            "-123456789012345678.000000000000000001"
        );
        for text in ["", "-", "1.", ".5", "+1", "1e3", "1,000", " 1"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}
