//! Where one number comes from: the rows, movements and rules behind a disposal, a lot or a tax year, as lines that add
//! up to the printed figure. Text and JSON are two views of these lines.

mod disposal;
mod lot;
mod movement;
mod pool;
mod stated;
mod year;

use serde_json::{Value, json};

use crate::answer::LotName;
use crate::answer::trail::{Provenance, Trails};
use crate::jurisdiction::Jurisdiction;
use crate::money::{Minor, Money, minor_text};
use crate::output::digits;
use crate::output::table::Id;
use crate::report::Frame;
use crate::report::disposals::Numbers;
use crate::report::page::amount;
use crate::rule::Rule;
use crate::settings::Settings;
use crate::source::Source;
use crate::trade::{Action, Trade, TradeId};

/// What an ID stands for, explained.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// `disposal`, `lot` or `year`.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// What it is, in a few words.
    pub title: String,
    /// Its figures, each with its lines.
    pub parts: Vec<Part>,
}

/// One figure and the lines it is the sum of.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it is called.
    pub name: String,
    /// Its lines.
    pub lines: Vec<Line>,
    /// What those that are part of it come to: what the total is called, and the figure.
    pub total: Option<(String, Minor)>,
}

/// One line: what happened, its amount, and where that stands.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// What happened.
    pub text: String,
    /// Its part of the figure; none where it is said without one.
    pub amount: Option<Minor>,
    /// Whether the amount only leads to the figure, as a line of a worksheet, and is no part of it.
    pub leads: bool,
    /// The row of the file.
    pub at: Option<Source>,
    /// The lot.
    pub lot: Option<String>,
    /// The rule it follows.
    pub rule: Option<&'static Rule>,
}

impl Line {
    /// A line of words.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// With an amount.
    #[must_use]
    pub fn amount(mut self, amount: Minor) -> Self {
        self.amount = Some(amount);
        self
    }

    /// With an amount that leads to the figure but is no part of it.
    #[must_use]
    pub fn leading(mut self, amount: Minor) -> Self {
        self.leads = true;
        self.amount(amount)
    }

    /// With a row of the file.
    #[must_use]
    pub fn at(mut self, at: Source) -> Self {
        self.at = Some(at);
        self
    }

    /// With a lot.
    #[must_use]
    pub fn lot(mut self, lot: String) -> Self {
        self.lot = Some(lot);
        self
    }

    /// With a rule.
    #[must_use]
    pub fn rule(mut self, rule: Option<&'static Rule>) -> Self {
        self.rule = rule;
        self
    }
}

/// What explaining looks at: the results with their trails, and the settings they follow.
pub struct Explainer<'a> {
    /// The results.
    pub frame: Frame<'a>,
    /// The country.
    pub law: &'static Jurisdiction,
    /// The settings.
    pub settings: &'a Settings,
    trails: &'a Trails,
    numbers: Numbers<'a>,
}

impl<'a> Explainer<'a> {
    /// Looks at results; `None` where no trails were recorded.
    pub fn new(
        frame: Frame<'a>,
        law: &'static Jurisdiction,
        settings: &'a Settings,
    ) -> Option<Self> {
        Some(Self {
            frame,
            law,
            settings,
            trails: frame.answer.trails.as_ref()?,
            numbers: Numbers::of(&frame.answer.disposals, frame.history.securities.len()),
        })
    }

    /// Everything an ID stands for: the year written like this, the lot, the disposal.
    pub fn find(&self, id: &str, year: Option<i32>) -> Vec<Explanation> {
        let mut found = Vec::new();
        found.extend(year.and_then(|begins| self.year(begins)));
        found.extend(self.lots_named(id).into_iter().map(|lot| self.lot(lot)));
        let rows = 0..self.frame.answer.disposals.len();
        let rows = rows.filter(|position| self.id(*position) == id);
        found.extend(rows.map(|position| self.disposal(position)));
        found
    }

    /// The ids most like one that stands for nothing: those of a symbol, where that is what was given.
    pub fn near(&self, id: &str) -> Vec<String> {
        const NEAR: usize = 3;
        let mut names: Vec<String> = (0..self.frame.answer.disposals.len())
            .map(|position| self.id(position))
            .collect();
        names.extend(
            self.lot_names()
                .into_iter()
                .map(|lot| self.frame.lot_text(lot)),
        );
        let years = self.frame.answer.years.iter();
        names.extend(years.map(|year| self.frame.tax_year.written(year.begins)));
        names.sort_unstable();
        names.dedup();
        let of_symbol = |name: &&String| {
            let symbol = name.rsplit_once('@').map_or("", |(symbol, _)| symbol);
            symbol.eq_ignore_ascii_case(id)
        };
        let own: Vec<String> = names.iter().filter(of_symbol).take(NEAR).cloned().collect();
        if !own.is_empty() {
            return own;
        }
        let distance =
            |name: &String| strsim::osa_distance(&name.to_lowercase(), &id.to_lowercase());
        let mut near: Vec<(usize, String)> = names
            .into_iter()
            .map(|name| (distance(&name), name))
            .filter(|(distance, name)| *distance <= name.len().max(id.len()) / 2)
            .collect();
        near.sort();
        near.into_iter().take(NEAR).map(|(_, name)| name).collect()
    }

    /// The id of the disposal at a position.
    fn id(&self, position: usize) -> String {
        let row = &self.frame.answer.disposals[position];
        let id = Id {
            symbol: self.frame.symbol(row.security),
            numbered: Some((row.disposed, self.numbers.of_row(position))),
        };
        digits::text(|out| digits::id(out, id))
    }

    fn trade(&self, id: TradeId) -> &'a Trade {
        self.frame.history.trade(id)
    }

    fn source(&self, id: TradeId) -> Source {
        self.trade(id).source
    }

    fn provenance(&self, position: usize) -> Option<&'a Provenance> {
        self.trails.disposals.get(position)
    }

    fn amount(&self, minor: Minor) -> String {
        amount(&self.frame, minor)
    }

    fn money(&self, money: Money) -> String {
        money
            .to_minor(self.frame.places)
            .map_or_else(|_| money.to_string(), |minor| self.amount(minor))
    }

    /// A rule, where the country is the one it belongs to.
    fn us(&self, rule: &'static Rule) -> Option<&'static Rule> {
        (self.law.is_us()).then_some(rule)
    }

    /// A rule of the United States, or what another country says on a row.
    fn rule_on(&self, us: &'static Rule, action: Action) -> Option<&'static Rule> {
        if self.law.is_us() {
            Some(us)
        } else {
            self.law.rule_on(action)
        }
    }

    fn lot_line(&self, line: Line, lot: LotName) -> Line {
        line.lot(self.frame.lot_text(lot))
    }
}

/// Lines with exact amounts that come to a printed figure: printed cumulatively, so that they add up to it.
pub struct Exact {
    lines: Vec<(Line, Option<Money>)>,
}

impl Exact {
    /// The lines in print. A difference beyond rounding is a line of its own under this name.
    fn printed(self, total: Minor, places: u32, besides: &str) -> Vec<Line> {
        let (mut sum, mut printed) = (Money::ZERO, 0);
        let movements = self.lines.len();
        let mut last = None;
        let mut lines: Vec<Line> = Vec::new();
        for (line, exact) in self.lines {
            let Some(exact) = exact else {
                lines.push(line);
                continue;
            };
            sum = sum.plus(exact).unwrap_or(sum);
            let so_far = sum.to_minor(places).unwrap_or(printed);
            last = Some(lines.len());
            lines.push(line.amount(so_far - printed));
            printed = so_far;
        }
        let rest = total - printed;
        match last.and_then(|last| lines.get_mut(last)) {
            // Each part of a lot that was joined from others may have been printed half a unit off.
            Some(line) if rest.unsigned_abs() as usize <= movements.max(1) => {
                line.amount = line.amount.map(|own| own + rest)
            }
            _ if rest != 0 => lines.push(Line::new(besides).amount(rest)),
            _ => {}
        }
        lines
    }
}

impl Explanation {
    /// As JSON.
    pub fn json(&self, frame: &Frame<'_>) -> Value {
        let parts = self.parts.iter().map(|part| {
            let lines = part.lines.iter().map(|line| line.json(frame));
            json!({
                "name": part.name,
                "lines": lines.collect::<Vec<_>>(),
                "total": part.total.as_ref().map(|(_, minor)| minor_text(*minor, frame.places)),
            })
        });
        json!({
            "kind": self.kind,
            "id": self.id,
            "title": self.title,
            "parts": parts.collect::<Vec<_>>(),
        })
    }
}

impl Line {
    fn json(&self, frame: &Frame<'_>) -> Value {
        let sources = &frame.history.sources;
        let excerpt = self.at.and_then(|at| sources.excerpt(at));
        json!({
            "text": self.text,
            "amount": self.amount.map(|minor| minor_text(minor, frame.places)),
            "in_total": self.amount.is_some() && !self.leads,
            "at": self.at.map(|at| sources.text(at)),
            "row": excerpt.map(|row| String::from_utf8_lossy(&row.text).into_owned()),
            "lot": self.lot,
            "rule": self.rule.map(|rule| rule.id),
            "citation": self.rule.map(|rule| rule.citation),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn lines(amounts: &[&str]) -> Exact {
        let exact = |text: &&str| {
            let decimal = rust_decimal::Decimal::from_str_exact(text).unwrap();
            (Line::new(*text), Some(Money::new(decimal).unwrap()))
        };
        Exact {
            lines: amounts.iter().map(exact).collect(),
        }
    }

    fn amounts(lines: &[Line]) -> Vec<Minor> {
        lines.iter().filter_map(|line| line.amount).collect()
    }

    #[test]
    fn lines_add_up_to_the_figure_whatever_rounding_does() {
        let printed = lines(&["0.335", "0.335", "0.33"]).printed(100, 2, "besides");
        assert_eq!(amounts(&printed), [34, 33, 33]);
        let printed = lines(&["0.335", "0.335"]).printed(66, 2, "besides");
        assert_eq!(amounts(&printed), [34, 32]);
    }

    #[test]
    fn a_difference_beyond_rounding_is_a_line_of_its_own() {
        let printed = lines(&["10"]).printed(400, 2, "besides");
        assert_eq!(amounts(&printed), [1000, -600]);
        assert_eq!(printed[1].text, "besides");
    }
}
