//! The netting of a tax year as a worksheet: what was gained and lost, what came in, what offsets what, what is
//! deducted and what goes on to the next year.
//!
//! It follows the names of the lines and so knows no country. Where lines come in kinds (`short_gains`, `long_gains`;
//! `stock_losses`, `other_losses`) each kind is a column that adds up from top to bottom.

use crate::answer::Year;
use crate::money::Minor;
use crate::output::page::{Grid, GridColumn, Line, Page};
use crate::report::Frame;
use crate::report::page::amount;

/// The worksheet of every year shown.
pub fn years<'a>(frame: Frame<'a>) -> Page<'a> {
    let mut page = Page::default();
    let years = frame.answer.years.iter();
    for year in years.filter(|year| frame.shows(year.begins)) {
        page.heading(format!(
            "Netting of {}, {}",
            frame.tax_year.written(year.begins),
            frame.currency
        ));
        let sheet = Sheet { frame, year };
        if sheet.has("short_net") && sheet.has("long_net") {
            sheet.by_term(&mut page);
        } else {
            sheet.by_kind(&mut page);
        }
    }
    if page.blocks.is_empty() {
        page.remark(match frame.only {
            None => "no tax year with a disposal or a carried loss".to_owned(),
            Some(only) => format!(
                "nothing to net in {}: no disposal, no carried loss",
                frame.tax_year.written(only)
            ),
        });
    }
    page
}

struct Sheet<'a> {
    frame: Frame<'a>,
    year: &'a Year,
}

/// Amounts of the short-term and of the long-term column.
type Pair = (Minor, Minor);

impl Sheet<'_> {
    fn has(&self, name: &str) -> bool {
        self.year.lines.iter().any(|(line, _)| *line == name)
    }

    fn line(&self, name: &str) -> Minor {
        self.year.line(name)
    }

    fn amount(&self, minor: Minor) -> String {
        amount(&self.frame, minor)
    }

    fn written(&self, years_on: i32) -> String {
        let year = self.year.begins.saturating_add(years_on);
        self.frame.tax_year.written(year)
    }

    fn pair(&self, suffix: &str) -> Pair {
        (
            self.line(&format!("short_{suffix}")),
            self.line(&format!("long_{suffix}")),
        )
    }

    /// Short-term and long-term, which offset each other.
    fn by_term(&self, page: &mut Page<'_>) {
        let flow = Flow::of(self);
        let mut lines = vec![
            self.row("gains", self.pair("gains")),
            self.row("losses", minus(self.pair("losses"))),
        ];
        if flow.carried_in != (0, 0) {
            let label = format!("carried in from {}", self.written(-1));
            lines.push(self.row(&label, minus(flow.carried_in)));
        }
        lines.push(Line::Rule);
        lines.push(self.total("net", flow.net));
        if let Some(label) = flow.offset_label() {
            lines.push(self.row(label, flow.offset));
        }
        if flow.used != (0, 0) {
            lines.push(self.row("deducted from other income", flow.used));
        }
        if flow.left != flow.net || flow.left.0 < 0 || flow.left.1 < 0 {
            let label = if flow.left.0 > 0 || flow.left.1 > 0 {
                "net gain left".to_owned()
            } else {
                format!("carried out to {}", self.written(1))
            };
            lines.push(Line::Rule);
            lines.push(self.total(&label, flow.left));
        }
        page.grid(Grid::of(
            columns(&["short-term", "long-term", "total"]),
            lines,
        ));
        for remark in flow.remarks(self).into_iter().chain(self.besides()) {
            page.remark(remark);
        }
    }

    /// Lines that stand beside the flow of the two terms, in words.
    fn besides(&self) -> Vec<String> {
        let terms = |line: &str| line.starts_with("short_") || line.starts_with("long_");
        let lines = self.year.lines.iter();
        lines
            .filter(|(line, amount)| *amount != 0 && !terms(line))
            .filter(|(line, _)| !matches!(*line, "net" | "deducted"))
            // What has been done is not said to be possible.
            .filter(|(line, _)| {
                *line != "section_1256_carryback" || !self.has("section_1256_carried_back")
            })
            .map(|(line, amount)| match *line {
                "section_1256_net" => format!(
                    "section 1256 contracts came to {}: 40% of it is in the short-term column, 60% in the long-term",
                    self.amount(*amount)
                ),
                "section_1256_carryback" => format!(
                    "section 1256 loss {} could be carried back to earlier years (Form 6781, box D)",
                    self.amount(*amount)
                ),
                "section_1256_carried_back" => self.carried_back(*amount),
                "capital_gain_distributions" => format!(
                    "long-term gains include capital gain distributions of {}",
                    self.amount(*amount)
                ),
                _ => format!("{}: {}", self.label(line), self.amount(*amount)),
            })
            .collect()
    }

    /// What of a year's section 1256 loss was carried back, or came back to the year.
    fn carried_back(&self, amount: Minor) -> String {
        let size = self.amount(amount.saturating_abs());
        if amount > 0 {
            format!(
                "section 1256 loss {size} was carried back to earlier years and counts there (Form 6781, box D and line 6)"
            )
        } else {
            format!(
                "a section 1256 loss of {size} was carried back from a later year, which wants an amended return"
            )
        }
    }

    fn row(&self, label: &str, amounts: Pair) -> Line {
        Line::Row(self.cells(label, amounts))
    }

    fn total(&self, label: &str, amounts: Pair) -> Line {
        Line::Total(self.cells(label, amounts))
    }

    fn cells(&self, label: &str, (short, long): Pair) -> Vec<String> {
        vec![
            label.to_owned(),
            self.amount(short),
            self.amount(long),
            self.amount(short.saturating_add(long)),
        ]
    }

    /// The country's lines in order, those that come in kinds side by side.
    fn by_kind(&self, page: &mut Page<'_>) {
        let kinds = self.kinds();
        if !kinds.is_empty() {
            page.grid(self.kinds_grid(&kinds));
        }
        let of_a_kind = |line: &str| kinds.iter().any(|kind| within(line, kind).is_some());
        let single: Vec<Line> = self
            .year
            .lines
            .iter()
            .filter(|(line, _)| !of_a_kind(line))
            .flat_map(|(line, amount)| self.single(line, *amount))
            .skip_while(|line| *line == Line::Rule)
            .collect();
        page.grid(Grid::of(columns(&["amount"]), single));
    }

    /// Kinds are what stands before both `_gains` and `_losses`.
    fn kinds(&self) -> Vec<&'static str> {
        let lines = self.year.lines.iter();
        lines
            .filter_map(|(line, _)| line.strip_suffix("_gains"))
            .filter(|kind| self.has(&format!("{kind}_losses")))
            .collect()
    }

    fn kinds_grid(&self, kinds: &[&'static str]) -> Grid<'static> {
        let mut names: Vec<&str> = Vec::new();
        for (line, _) in &self.year.lines {
            let name = kinds.iter().find_map(|kind| within(line, kind));
            names.extend(name.filter(|name| !names.contains(name)));
        }
        let lines = names.iter().flat_map(|name| {
            let amounts = kinds.iter().map(|kind| {
                let amount = self.line(&format!("{kind}_{name}"));
                self.amount(if subtracts(name) { -amount } else { amount })
            });
            let cells = std::iter::once(self.label(name)).chain(amounts).collect();
            framed(name, cells)
        });
        Grid::of(columns(kinds), lines.collect())
    }

    fn single(&self, line: &str, amount: Minor) -> Vec<Line> {
        let shown = if subtracts(line) { -amount } else { amount };
        framed(line, vec![self.label(line), self.amount(shown)])
    }

    fn label(&self, line: &str) -> String {
        match line {
            "brought_forward_used" => "brought forward, used here".to_owned(),
            "exempt_used" => "exempt amount used".to_owned(),
            "denied" => "losses denied, not counted above".to_owned(),
            "ring_fenced" => "losses ring-fenced, not counted above".to_owned(),
            "carried_forward" => format!("carried forward to {}", self.written(1)),
            _ => line.replace('_', " "),
        }
    }
}

/// A column of labels and one for each kind of amount, of one width in every year.
fn columns(kinds: &[&str]) -> Vec<GridColumn> {
    let amounts = kinds.iter().map(|kind| GridColumn::number(kind).least(12));
    std::iter::once(GridColumn::text("").least(28))
        .chain(amounts)
        .collect()
}

/// What of a line's name comes after its kind.
fn within<'l>(line: &'l str, kind: &str) -> Option<&'l str> {
    line.strip_prefix(kind)?.strip_prefix('_')
}

/// Whether a line takes away from those above it.
fn subtracts(line: &str) -> bool {
    matches!(
        line,
        "losses" | "brought_forward_used" | "exempt_used" | "discount" | "deducted"
    )
}

/// A line, as a total below a rule where it is what those above come to.
fn framed(name: &str, cells: Vec<String>) -> Vec<Line> {
    match name {
        "net" | "taxable" | "net_capital_gain" => vec![Line::Rule, Line::Total(cells)],
        _ => vec![Line::Row(cells)],
    }
}

fn minus((short, long): Pair) -> Pair {
    (short.saturating_neg(), long.saturating_neg())
}

fn plus(a: Pair, b: Pair) -> Pair {
    (a.0.saturating_add(b.0), a.1.saturating_add(b.1))
}

/// How the two terms flow into each other, into the deduction and into the next year.
struct Flow {
    carried_in: Pair,
    net: Pair,
    /// What one term's loss takes of the other's gain: its sum is nothing.
    offset: Pair,
    /// The deduction as it uses up losses.
    used: Pair,
    /// What is left: a gain, or a loss that is carried out.
    left: Pair,
    deducted: Minor,
}

impl Flow {
    fn of(sheet: &Sheet<'_>) -> Self {
        let net = sheet.pair("net");
        let offset = match net {
            (short, long) if short < 0 && long > 0 => {
                let size = long.min(short.saturating_neg());
                (size, -size)
            }
            (short, long) if short > 0 && long < 0 => {
                let size = short.min(long.saturating_neg());
                (-size, size)
            }
            _ => (0, 0),
        };
        let after = plus(net, offset);
        let carried_out = sheet.pair("carried_out");
        let used = |after: Minor, carried: Minor| {
            if after < 0 {
                after.saturating_neg().saturating_sub(carried)
            } else {
                0
            }
        };
        let used = (used(after.0, carried_out.0), used(after.1, carried_out.1));
        Self {
            carried_in: sheet.pair("carried_in"),
            net,
            offset,
            used,
            left: plus(after, used),
            deducted: sheet.line("deducted"),
        }
    }

    fn offset_label(&self) -> Option<&'static str> {
        match self.offset {
            (0, _) => None,
            (short, _) if short > 0 => Some("short loss against long gain"),
            _ => Some("long loss against short gain"),
        }
    }

    /// The same in words.
    fn remarks(&self, sheet: &Sheet<'_>) -> Vec<String> {
        let amount = |minor| sheet.amount(minor);
        let mut remarks = Vec::new();
        let size = self.offset.0.saturating_abs();
        if size > 0 {
            let (loss, gain) = if self.offset.0 > 0 {
                ("short-term", "long-term")
            } else {
                ("long-term", "short-term")
            };
            remarks.push(format!(
                "{loss} loss {} set against {gain} gain",
                amount(size)
            ));
        }
        if self.deducted > 0 {
            remarks.push(self.deduction(sheet));
        }
        let (short, long) = self.left;
        if short < 0 || long < 0 {
            remarks.push(format!(
                "carried out to {}: short-term {}, long-term {}",
                sheet.written(1),
                amount(short.min(0).saturating_neg()),
                amount(long.min(0).saturating_neg())
            ));
        }
        remarks
    }

    fn deduction(&self, sheet: &Sheet<'_>) -> String {
        let amount = |minor| sheet.amount(minor);
        let used = self.used.0.saturating_add(self.used.1);
        let mut remark = format!(
            "loss {} deducted from other income of {}",
            amount(self.deducted),
            sheet.written(0)
        );
        if used < self.deducted {
            remark.push_str(&format!(
                "; only {} of it is used up, because taxable income is below zero",
                amount(used)
            ));
        } else if self.left.0 < 0 || self.left.1 < 0 {
            remark.push_str(", the most a year allows");
        }
        if used == self.deducted && self.used.0 > 0 && self.used.1 > 0 {
            remark.push_str(&format!(
                ": {} short-term first, then {} long-term",
                amount(self.used.0),
                amount(self.used.1)
            ));
        }
        remark
    }
}
