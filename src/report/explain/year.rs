//! One tax year: its rows by term, what offsets what, what came in, what is deducted and what goes on.

use super::{Explainer, Explanation, Line, Part};
use crate::answer::{Disposal, Term, Year};
use crate::money::{Minor, Money};
use crate::report::page::count;
use crate::rule::us;
use crate::settings::FilingStatus;

/// More rows than this are shown as sums of their symbols.
const MANY: usize = 40;

impl Explainer<'_> {
    /// A tax year; `None` where nothing happened in it.
    pub fn year(&self, begins: i32) -> Option<Explanation> {
        let mut years = self.frame.answer.years.iter();
        let year = years.find(|year| year.begins == begins)?;
        let by_term = year.lines.iter().any(|(line, _)| *line == "short_net");
        let parts = if by_term && self.law.is_us() {
            self.schedule_d(year)
        } else {
            self.plain(year)
        };
        let written = self.law.tax_year.written(begins);
        Some(Explanation {
            kind: "year",
            title: format!("the netting of {written}"),
            id: written,
            parts,
        })
    }

    fn rows_of(&self, year: &Year) -> Vec<usize> {
        let rows = self.frame.answer.disposals.iter().enumerate();
        rows.filter(|(_, row)| i32::from(row.tax_year) == year.begins)
            .map(|(position, _)| position)
            .collect()
    }

    /// The country's lines in order, after the rows that they are sums of.
    fn plain(&self, year: &Year) -> Vec<Part> {
        let rows = self.rows_of(year);
        let lines = year.lines.iter().map(|(name, amount)| {
            let line = Line::new(name.replace('_', " ")).amount(*amount);
            line.rule(self.law.rule_of_line(name))
        });
        vec![
            Part {
                name: "rows".to_owned(),
                lines: self.row_lines(&rows, &|_| true),
                total: None,
            },
            Part {
                name: "worksheet".to_owned(),
                lines: lines.collect(),
                total: None,
            },
        ]
    }

    fn schedule_d(&self, year: &Year) -> Vec<Part> {
        let mut parts = vec![
            self.by_term(year, Term::Short),
            self.by_term(year, Term::Long),
        ];
        parts.extend(self.contracts(year));
        parts.push(self.together(year));
        parts.push(self.carryover(year));
        parts
    }

    fn by_term(&self, year: &Year, term: Term) -> Part {
        let rows: Vec<usize> = self.rows_of(year);
        let of_term = |row: &Disposal| row.term == Some(term);
        let mut lines = self.row_lines(&rows, &|row| of_term(row) && row.gain() >= 0);
        lines.extend(self.row_lines(&rows, &|row| of_term(row) && row.gain() < 0));
        let name = term.word();
        let line = |what: &str| year.line(&format!("{name}_{what}"));
        let distributions = year.line("capital_gain_distributions");
        if term == Term::Long && distributions != 0 {
            let text = "capital gain distributions of funds";
            lines.push(
                Line::new(text)
                    .amount(distributions)
                    .rule(self.us(&us::DISTRIBUTION)),
            );
        }
        let before = line("gains") - line("losses");
        let listed: Minor = lines.iter().filter_map(|line| line.amount).sum();
        if before != listed {
            let share = if term == Term::Short { 40 } else { 60 };
            let text = format!("{share}% of the net of section 1256 contracts");
            let line = Line::new(text).amount(before - listed);
            lines.push(line.rule(self.us(&us::SECTION_1256)));
        }
        let (gains, losses) = (line("gains"), line("losses"));
        if gains != 0 && losses != 0 {
            let text = format!(
                "losses of {} offset gains of {}",
                self.amount(losses),
                self.amount(gains)
            );
            lines.push(Line::new(text).rule(self.us(&us::NETTING)));
        }
        if lines.is_empty() {
            lines.push(Line::new("no rows"));
        }
        if line("carried_in") != 0 {
            lines.push(self.carried_in(year, term).amount(-line("carried_in")));
        }
        let number = if term == Term::Short { 7 } else { 15 };
        Part {
            name: format!("{name}-term"),
            lines,
            total: Some((
                format!("net {name}-term, Schedule D line {number}"),
                line("net"),
            )),
        }
    }

    fn carried_in(&self, year: &Year, term: Term) -> Line {
        let before = year.begins - 1;
        let known = self
            .frame
            .answer
            .years
            .iter()
            .any(|other| other.begins == before);
        let (schedule, worksheet) = if term == Term::Short {
            (6, 8)
        } else {
            (14, 13)
        };
        let text = if known {
            format!(
                "loss carried in from {}, its worksheet line {worksheet} (Schedule D line {schedule})",
                self.law.tax_year.written(before)
            )
        } else {
            format!("loss carried in as stated (--carry-in), Schedule D line {schedule}")
        };
        Line::new(text).rule(self.us(&us::CARRYOVER))
    }

    /// Rows as lines, or their sums by symbol where they are many.
    fn row_lines(&self, rows: &[usize], which: &dyn Fn(&Disposal) -> bool) -> Vec<Line> {
        let all = &self.frame.answer.disposals;
        let shown: Vec<usize> = rows.iter().copied().filter(|at| which(&all[*at])).collect();
        if shown.len() > MANY {
            return self.symbol_lines(&shown);
        }
        let line = |position: &usize| {
            let row = &all[*position];
            let mut text = self.id(*position);
            if row.adjustment != 0 {
                let before = self.amount(row.gain() - row.adjustment);
                text.push_str(&format!(", {before} before its adjustment"));
            }
            let line = Line::new(text).amount(row.gain());
            line.at(self.source(row.closed_by))
                .rule(self.us(&us::NETTING))
        };
        shown.iter().map(line).collect()
    }

    fn symbol_lines(&self, rows: &[usize]) -> Vec<Line> {
        let all = &self.frame.answer.disposals;
        let mut sums = std::collections::BTreeMap::<&str, (usize, Minor)>::new();
        for position in rows {
            let row = &all[*position];
            let sum = sums.entry(self.frame.symbol(row.security)).or_default();
            sum.0 += 1;
            sum.1 = sum.1.saturating_add(row.gain());
        }
        let lines = sums.into_iter().map(|(symbol, (rows, sum))| {
            let text = format!("{symbol}, {}", count(rows, "row"));
            Line::new(text).amount(sum).rule(self.us(&us::NETTING))
        });
        lines.collect()
    }

    fn contracts(&self, year: &Year) -> Option<Part> {
        let net = year.line("section_1256_net");
        let rows = self.rows_of(year);
        let mut lines = self.row_lines(&rows, &|row| row.term.is_none());
        let listed: Minor = lines.iter().filter_map(|line| line.amount).sum();
        lines.extend(self.carried_back(net - listed));
        (!lines.is_empty()).then(|| Part {
            name: "section 1256 contracts".to_owned(),
            lines,
            total: Some(("net, Form 6781 line 7".to_owned(), net)),
        })
    }

    /// What of a year's loss went back to earlier years, or what came back to it.
    fn carried_back(&self, amount: Minor) -> Option<Line> {
        let text = match amount {
            0 => return None,
            1.. => "carried back to earlier years, Form 6781 line 6",
            _ => "loss carried back from a later year, on the amended Form 6781",
        };
        let line = Line::new(text).amount(amount);
        Some(line.rule(self.us(&us::CARRYBACK)))
    }

    fn together(&self, year: &Year) -> Part {
        let (short, long) = (year.line("short_net"), year.line("long_net"));
        let rule = self.us(&us::NETTING);
        let mut lines = vec![
            Line::new("net short-term").amount(short).rule(rule),
            Line::new("net long-term").amount(long).rule(rule),
        ];
        let size = short.abs().min(long.abs());
        if (short < 0) != (long < 0) && size != 0 {
            let text = if short < 0 {
                format!(
                    "short-term loss {} offsets long-term gain",
                    self.amount(size)
                )
            } else {
                format!(
                    "long-term loss {} offsets short-term gain",
                    self.amount(size)
                )
            };
            lines.push(Line::new(text).rule(rule));
        }
        if year.line("net") < 0 {
            lines.push(self.deducted(year));
        }
        Part {
            name: "together".to_owned(),
            lines,
            total: Some(("net, Schedule D line 16".to_owned(), year.line("net"))),
        }
    }

    fn deducted(&self, year: &Year) -> Line {
        let deducted = year.line("deducted");
        let separate = self.settings.filing_status == FilingStatus::Separate;
        let (name, who) = if separate {
            ("loss_limit_separate", "married filing separately")
        } else {
            ("loss_limit", "not filing separately")
        };
        let limit = self.parameter(name, year.begins);
        let text = format!(
            "deducted from other income {}, Schedule D line 21: the loss, at most {} ({who})",
            self.amount(deducted),
            self.amount(limit)
        );
        Line::new(text).rule(self.us(&us::LOSS_LIMIT))
    }

    fn parameter(&self, name: &str, year: i32) -> Minor {
        let parameters = (self.law.parameters)();
        let value = parameters.value(name, year.max(parameters.first_year));
        let money = value.and_then(|value| Money::new(value).ok());
        money.map_or(0, |money| money.to_minor(self.frame.places).unwrap_or(0))
    }

    /// The Capital Loss Carryover Worksheet, line by line.
    fn carryover(&self, year: &Year) -> Part {
        let out = ["short_carried_out", "long_carried_out"].map(|line| year.line(line));
        let next = self.law.tax_year.written(year.begins + 1);
        let (short, long) = (year.line("short_net"), year.line("long_net"));
        let mut lines = Vec::new();
        if year.line("net") < 0 {
            self.worksheet(year, short, long, &mut lines);
        } else {
            lines.push(Line::new("no net loss: nothing is carried out"));
        }
        Part {
            name: "carryover worksheet".to_owned(),
            lines,
            total: Some((format!("carried out to {next}"), out[0] + out[1])),
        }
    }

    fn worksheet(&self, year: &Year, short: Minor, long: Minor, lines: &mut Vec<Line>) {
        let rule = self.us(&us::CARRYOVER);
        let mut say = |number: u32, text: &str, amount: Minor| {
            let text = format!("line {number}: {text}");
            let line = Line::new(text).rule(rule);
            lines.push(match number {
                8 | 13 => line.amount(amount),
                _ => line.leading(amount),
            });
        };
        let two = year.line("deducted");
        let income = self.taxable_income(year.begins);
        let three = income.map_or(two, |income| (income + two).max(0));
        let four = two.min(three);
        let five = (-short).max(0);
        match income {
            Some(income) => say(1, "taxable income", income),
            None => say(1, "taxable income, not known and taken as 0 or more", 0),
        }
        say(2, "deduction, Schedule D line 21", two);
        say(3, "lines 1 and 2 together, not below zero", three);
        say(
            4,
            "the smaller of lines 2 and 3: what the deduction uses up",
            four,
        );
        say(5, "short-term loss", five);
        say(6, "long-term gain", long.max(0));
        say(7, "lines 4 and 6 together", four + long.max(0));
        let eight = "short-term loss carried out, line 5 less line 7";
        say(8, eight, year.line("short_carried_out"));
        if long < 0 {
            say(9, "long-term loss", -long);
            say(10, "short-term gain", short.max(0));
            say(
                11,
                "line 4 less line 5, not below zero",
                (four - five).max(0),
            );
            say(
                12,
                "lines 10 and 11 together",
                short.max(0) + (four - five).max(0),
            );
        }
        let thirteen = "long-term loss carried out, line 9 less line 12";
        say(13, thirteen, year.line("long_carried_out"));
    }

    fn taxable_income(&self, year: i32) -> Option<Minor> {
        let settings = self.settings;
        let known = settings.taxable_income_of.get(&year);
        let income = known.copied().or(settings.taxable_income)?;
        Money::new(income).ok()?.to_minor(self.frame.places).ok()
    }
}
