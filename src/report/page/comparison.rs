//! Methods side by side for a reader, the lowest of each year marked.

use crate::answer::{Answer, Year};
use crate::money::Minor;
use crate::output::page::{Grid, GridColumn, Line, Page};
use crate::report::Frame;
use crate::report::comparison::Outcomes;
use crate::report::page::amount;

/// A table per tax year, and one of all years where there are several.
pub fn methods<'a>(frame: Frame<'a>, outcomes: &Outcomes) -> Page<'a> {
    let mut page = Page::default();
    let computed: Vec<(&str, &Answer)> = outcomes
        .iter()
        .filter_map(|(method, answer)| Some((*method, answer.as_ref().ok()?)))
        .collect();
    let mut begins: Vec<i32> = computed
        .iter()
        .flat_map(|(_, answer)| &answer.years)
        .map(|year| year.begins)
        .filter(|begins| frame.shows(*begins))
        .collect();
    begins.sort_unstable();
    begins.dedup();
    let mut marked = false;
    for year in &begins {
        page.heading(format!(
            "Methods in {}, {}",
            frame.tax_year.written(*year),
            frame.currency
        ));
        let of_year = |answer: &Answer| answer.years.iter().find(|y| y.begins == *year).cloned();
        page.grid(side_by_side(&frame, &computed, of_year, &mut marked));
    }
    if begins.len() > 1 {
        page.heading(format!("Methods over all years, {}", frame.currency));
        let of_all = |answer: &Answer| over(answer, &begins);
        page.grid(side_by_side(&frame, &computed, of_all, &mut marked));
    }
    if begins.is_empty() {
        page.remark(match frame.only {
            None => "no tax year with a disposal or a carried loss".to_owned(),
            Some(only) => format!(
                "nothing to compare in {}: no disposal, no carried loss",
                frame.tax_year.written(only)
            ),
        });
    } else if marked {
        page.remark("* lowest; short-term and long-term are taxed at different rates, so the lowest gain need not be the lowest tax");
    }
    for (method, answer) in outcomes {
        if let Err(problems) = answer {
            let why = problems.first().map_or("", |problem| &problem.message);
            page.remark(format!("{method} cannot be computed: {why}"));
        }
    }
    page
}

/// All years as one: flows are summed, what is carried out is that of the last.
fn over(answer: &Answer, begins: &[i32]) -> Option<Year> {
    let mut years = answer.years.iter().filter(|y| begins.contains(&y.begins));
    let mut all = years.next()?.clone();
    for year in years {
        for (line, sum) in &mut all.lines {
            let amount = year.line(line);
            *sum = if carried(line) {
                amount
            } else {
                sum.saturating_add(amount)
                    .saturating_add(within(year, line))
            };
        }
    }
    Some(all)
}

/// What a net holds of earlier years, which one line over all years must not count again.
fn within(year: &Year, line: &str) -> Minor {
    let (short, long) = (year.line("short_carried_in"), year.line("long_carried_in"));
    match line {
        "short_net" => short,
        "long_net" => long,
        "net" => short.saturating_add(long),
        _ => 0,
    }
}

fn carried(line: &str) -> bool {
    line.contains("carried")
}

/// What a year came to in one figure.
fn result(year: &Year) -> Minor {
    let name = ["net", "net_capital_gain", "taxable"]
        .into_iter()
        .find(|name| year.lines.iter().any(|(line, _)| line == name));
    name.map_or(0, |name| year.line(name))
}

/// Whether a line says what a method leads to.
fn telling(line: &str) -> bool {
    line == "net"
        || (line.ends_with("_net") && line != "section_1256_net")
        || line == "deducted"
        || line == "taxable"
        || line == "net_capital_gain"
        || line.ends_with("carried_out")
        || line.ends_with("carried_forward")
}

fn side_by_side(
    frame: &Frame<'_>,
    computed: &[(&str, &Answer)],
    of: impl Fn(&Answer) -> Option<Year>,
    marked: &mut bool,
) -> Grid<'static> {
    let years: Vec<(&str, Option<Year>)> = computed
        .iter()
        .map(|(method, answer)| (*method, of(answer)))
        .collect();
    let mut lines: Vec<&'static str> = Vec::new();
    for (line, _) in years
        .iter()
        .flat_map(|(_, year)| year.iter().flat_map(|y| &y.lines))
    {
        let any = || years.iter().flat_map(|(_, y)| y).any(|y| y.line(line) != 0);
        if telling(line) && !lines.contains(line) && (*line == "net" || any()) {
            lines.push(*line);
        }
    }
    let results = || {
        years
            .iter()
            .filter_map(|(_, year)| year.as_ref().map(result))
    };
    // Where all are equal there is nothing to mark.
    let lowest = results()
        .min()
        .filter(|lowest| results().any(|other| other > *lowest));
    *marked |= lowest.is_some();
    let rows = years.iter().map(|(method, year)| {
        let mark = year.as_ref().map(result) == lowest && lowest.is_some();
        let amounts = lines.iter().map(|line| match year {
            Some(year) => amount(frame, year.line(line)),
            None => String::new(),
        });
        Line::Row(
            [(*method).to_owned(), if mark { "*" } else { "" }.to_owned()]
                .into_iter()
                .chain(amounts)
                .collect(),
        )
    });
    let rows = rows.collect();
    let columns = [GridColumn::word("method"), GridColumn::word("")]
        .into_iter()
        .chain(lines.iter().map(|line| heading(line)));
    Grid::of(columns.collect(), rows)
}

fn heading(line: &str) -> GridColumn {
    let head = match line {
        "short_net" => "net short",
        "long_net" => "net long",
        "short_carried_out" => "carried short",
        "long_carried_out" => "carried long",
        other => return GridColumn::number(&other.replace('_', " ")).rank(1),
    };
    GridColumn::number(head)
}
