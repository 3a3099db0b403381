//! A page as text for a terminal or a pipe.

#![allow(
    clippy::arithmetic_side_effects,
    reason = "counts and positions of what is in memory"
)]

use std::borrow::Cow;
use std::io::{self, Write};

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, ContentLineStyle, LineStyle, Row, Table,
    TableStyle, Width,
};
use unicode_width::UnicodeWidthStr;

use crate::diagnostic::steers;
use crate::output::page::{Block, Entry, Grid, GridColumn, Kind, Line, Page};

/// What the place written to can show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Columns of the terminal; `None` for a pipe or file, where nothing is left out or cut.
    pub width: Option<usize>,
    /// Whether rules may be drawn with box characters.
    pub unicode: bool,
    /// Whether headings and totals may be set in bold.
    pub bold: bool,
}

/// Rows laid out at a time: widths are measured over the whole grid first, so a long one is never held.
const CHUNK: usize = 1000;
/// Text columns are not cut below this.
const LEAST_TEXT: usize = 8;
/// Between columns: the padding of two cells; and between a text and its amount.
const BETWEEN: usize = 2;

/// Writes a page.
///
/// # Errors
/// Those of the stream.
pub fn write(out: &mut dyn Write, page: &Page<'_>, look: Look) -> io::Result<()> {
    let widest = widest_account(page);
    for (i, block) in page.blocks.iter().enumerate() {
        if i > 0 && !matches!(page.blocks.get(i - 1), Some(Block::Heading(_))) {
            writeln!(out)?;
        }
        match block {
            Block::Heading(text) => styled(out, &format!(" {}", visible(text)), look.bold)?,
            Block::Grid(grid) => write_grid(out, grid, look)?,
            Block::Remarks(lines) => {
                for line in lines {
                    remark(out, &visible(line), look)?;
                }
            }
            Block::Entries(entries) => account(out, entries, widest, look)?,
        }
    }
    Ok(())
}

fn write_grid(out: &mut dyn Write, grid: &Grid<'_>, look: Look) -> io::Result<()> {
    let (shown, left_out) = fit(grid, measure(grid), look.width);
    let mut chunk = Chunk {
        shown: &shown,
        grid,
        look,
        rows: Vec::with_capacity(CHUNK.min(64)),
        first: true,
    };
    let mut result = Ok(());
    (grid.lines)(&mut |line| {
        chunk.rows.push(line);
        if chunk.rows.len() >= CHUNK && result.is_ok() {
            result = chunk.write(out);
        }
    });
    result?;
    chunk.write(out)?;
    if !left_out.is_empty() {
        let note = format!(
            "left out to fit {} columns: {}",
            look.width.unwrap_or_default(),
            left_out.join(", ")
        );
        remark(out, &note, look)?;
    }
    Ok(())
}

/// The width each column needs.
fn measure(grid: &Grid<'_>) -> Vec<usize> {
    let mut widths: Vec<usize> = grid
        .columns
        .iter()
        .map(|c| c.head.width().max(c.least))
        .collect();
    (grid.lines)(&mut |line| match line {
        Line::Row(cells) | Line::Total(cells) => {
            for (width, cell) in widths.iter_mut().zip(&cells) {
                *width = (*width).max(visible(cell).width());
            }
        }
        Line::Rule | Line::Gap => {}
    });
    widths
}

/// The columns that are shown, with their widths, and the headings of those left out.
fn fit(
    grid: &Grid<'_>,
    widths: Vec<usize>,
    room: Option<usize>,
) -> (Vec<(usize, usize)>, Vec<String>) {
    let mut shown: Vec<(usize, usize)> = widths.into_iter().enumerate().collect();
    let Some(room) = room else {
        return (shown, Vec::new());
    };
    let rank = |(column, _): &(usize, usize)| grid.columns.get(*column).map_or(0, |c| c.rank);
    let mut left_out = Vec::new();
    while total(&shown) > room {
        let Some(at) = (0..shown.len())
            .filter(|at| shown.get(*at).is_some_and(|column| rank(column) > 0))
            .max_by_key(|at| shown.get(*at).map(rank))
        else {
            break;
        };
        left_out.push(shown.remove(at));
    }
    // A wide one may have left room for one or two that are narrow.
    let fits = |shown: &[(usize, usize)], width| total(shown) + BETWEEN + width <= room;
    for at in (0..left_out.len()).rev() {
        if left_out
            .get(at)
            .is_some_and(|(_, width)| fits(&shown, *width))
        {
            shown.push(left_out.remove(at));
        }
    }
    shown.sort_unstable();
    let left_out = left_out
        .iter()
        .filter_map(|(column, _)| grid.columns.get(*column));
    let left_out = left_out.map(|column| column.head.clone()).collect();
    // A number is never cut: it overflows the terminal rather.
    let over = total(&shown).saturating_sub(room);
    let texts = shown.iter_mut().filter(|(column, _)| {
        grid.columns
            .get(*column)
            .is_some_and(|c| c.kind == Kind::Text)
    });
    if let Some((_, width)) = texts.max_by_key(|(_, width)| *width) {
        *width = width.saturating_sub(over).max(LEAST_TEXT.min(*width));
    }
    (shown, left_out)
}

fn number(column: &GridColumn) -> bool {
    column.kind == Kind::Number
}

fn total(shown: &[(usize, usize)]) -> usize {
    let widths: usize = shown.iter().map(|(_, width)| width + BETWEEN).sum();
    widths.saturating_sub(BETWEEN) + 1
}

/// Some lines of a grid, laid out together.
struct Chunk<'g> {
    grid: &'g Grid<'g>,
    shown: &'g [(usize, usize)],
    look: Look,
    rows: Vec<Line>,
    first: bool,
}

impl Chunk<'_> {
    fn write(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut table = Table::new();
        table
            .load_style(style(self.look.unicode))
            .set_content_arrangement(ContentArrangement::Disabled);
        // A first row of the heads gives every chunk the same columns; only the first shows it.
        let heads: Vec<String> = self.heads();
        let bold = self.look.bold;
        if self.first {
            table.set_header(heads);
        }
        for line in &self.rows {
            table.add_row(self.cells(line));
        }
        table.set_constraints(self.shown.iter().map(|(_, width)| {
            let padded = u16::try_from(width + 2).unwrap_or(u16::MAX);
            ColumnConstraint::Absolute(Width::Fixed(padded))
        }));
        for (at, (column, _)) in self.shown.iter().enumerate() {
            if let Some(shown) = table.column_mut(at)
                && self.grid.columns.get(*column).is_some_and(number)
            {
                shown.set_cell_alignment(CellAlignment::Right);
            }
        }
        let above = if self.first { 2 } else { 0 };
        for (i, text) in table.lines().enumerate() {
            let total = matches!(
                i.checked_sub(above).and_then(|row| self.rows.get(row)),
                Some(Line::Total(_))
            );
            let head = self.first && i == 0;
            let mut text = text.trim_end();
            // The line below the heads is as long as the cells with the blank behind them, which may be one too many.
            if self.first
                && i == 1
                && let Some(width) = self.look.width
                && let Some((end, _)) = text.char_indices().nth(width)
            {
                text = text.get(..end).unwrap_or(text);
            }
            styled(out, text, bold && (total || head))?;
        }
        self.first = false;
        self.rows.clear();
        Ok(())
    }

    fn heads(&self) -> Vec<String> {
        let heads = self
            .shown
            .iter()
            .filter_map(|(column, _)| self.grid.columns.get(*column));
        heads.map(|column| column.head.clone()).collect()
    }

    fn cells(&self, line: &Line) -> Row {
        let rule = if self.look.unicode { "─" } else { "-" };
        let cell = |(column, width): &(usize, usize)| match line {
            Line::Row(cells) | Line::Total(cells) => {
                let text = cells.get(*column).map_or("", String::as_str);
                cut(&visible(text), *width, self.look.unicode)
            }
            Line::Rule if self.grid.columns.get(*column).is_some_and(number) => rule.repeat(*width),
            Line::Rule | Line::Gap => String::new(),
        };
        Row::from(self.shown.iter().map(cell).collect::<Vec<_>>())
    }
}

fn style(unicode: bool) -> TableStyle {
    let rule = if unicode { '─' } else { '-' };
    TableStyle::new()
        .header_lines(ContentLineStyle::none())
        .header_separator(LineStyle::none().fill(rule))
        .content_lines(ContentLineStyle::none())
}

/// Text of at most this width, marked where it was cut.
fn cut(text: &str, width: usize, unicode: bool) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mark = if unicode { "…" } else { ".." };
    let mut kept = String::new();
    for c in text.chars() {
        let longer = kept.width() + c.to_string().width() + mark.width();
        if longer > width {
            break;
        }
        kept.push(c);
    }
    kept + mark
}

/// An account: texts on the left, amounts in a column at one place for the whole page, notes below.
fn account(
    out: &mut dyn Write,
    entries: &[Entry],
    (texts, widest): (usize, usize),
    look: Look,
) -> io::Result<()> {
    let rule = if look.unicode { "─" } else { "-" };
    let room = look.width.unwrap_or(WIDE_ACCOUNT).min(WIDE_ACCOUNT);
    let room = room.saturating_sub(4);
    let left = texts.min(room.saturating_sub(widest + BETWEEN)).max(20);
    for entry in entries {
        match entry {
            Entry::Head(text) => styled(out, &format!(" {}", visible(text)), look.bold)?,
            Entry::Line {
                text,
                amount,
                notes,
            } => {
                let text = visible(text);
                let amount = amount.as_deref().unwrap_or_default();
                beside(out, ("   ", &text, amount), (left, widest, room), false)?;
                for note in notes {
                    folded(out, &visible(note), "       ", room + 4)?;
                }
            }
            Entry::Total { text, amount } => {
                let before = left + BETWEEN;
                writeln!(out, "   {:before$}{}", "", rule.repeat(widest))?;
                let text = visible(text);
                beside(out, ("   ", &text, amount), (left, widest, room), look.bold)?;
            }
        }
    }
    Ok(())
}

/// The widest text and the widest amount of all accounts of a page, so that all have their amounts in one column.
fn widest_account(page: &Page<'_>) -> (usize, usize) {
    let accounts = page.blocks.iter().filter_map(|block| match block {
        Block::Entries(entries) => Some(entries),
        Block::Heading(_) | Block::Grid(_) | Block::Remarks(_) => None,
    });
    let widths = accounts.flatten().map(|entry| match entry {
        Entry::Head(_) => (0, 0),
        Entry::Line { text, amount, .. } => {
            let amount = amount.as_ref().map(|amount| (text.width(), amount.width()));
            amount.unwrap_or((0, 0))
        }
        Entry::Total { text, amount } => (text.width(), amount.width()),
    });
    widths.fold((0, 0), |(a, b), (text, amount)| {
        (a.max(text), b.max(amount))
    })
}

/// Columns that an account has at most.
const WIDE_ACCOUNT: usize = 100;

/// A text and its amount; a text too long for one line is folded and has the amount beside its last.
fn beside(
    out: &mut dyn Write,
    (indent, text, amount): (&str, &str, &str),
    (left, widest, room): (usize, usize, usize),
    bold: bool,
) -> io::Result<()> {
    let lines = fold(text, if amount.is_empty() { room } else { left });
    let last = lines.len().saturating_sub(1);
    for (number, line) in lines.iter().enumerate() {
        let whole = if number == last && !amount.is_empty() {
            let filling = left.saturating_sub(line.width()) + BETWEEN;
            let before = filling + widest.saturating_sub(amount.width());
            format!("{indent}{line}{:before$}{amount}", "")
        } else {
            format!("{indent}{line}")
        };
        styled(out, whole.trim_end(), bold)?;
    }
    Ok(())
}

fn folded(out: &mut dyn Write, text: &str, indent: &str, room: usize) -> io::Result<()> {
    for line in fold(text, room.saturating_sub(indent.len()).max(20)) {
        writeln!(out, "{indent}{line}")?;
    }
    Ok(())
}

/// Text in lines of at most this width, broken at spaces.
fn fold(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut();
        match line {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("  {word}")),
        }
    }
    lines
}

/// A sentence, folded at spaces to the terminal's width and indented.
fn remark(out: &mut dyn Write, text: &str, look: Look) -> io::Result<()> {
    let room = look.width.unwrap_or(usize::MAX).saturating_sub(1).max(20);
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.width() + 1 + word.width() + 1 > room {
            writeln!(out, " {line}")?;
            line = String::from("  ");
        } else if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(out, " {line}")
}

fn styled(out: &mut dyn Write, text: &str, bold: bool) -> io::Result<()> {
    if bold {
        writeln!(out, "\u{1b}[1m{text}\u{1b}[0m")
    } else {
        writeln!(out, "{text}")
    }
}

/// Text with control and direction-changing characters written out: a file must not be able to steer a terminal.
pub fn visible(text: &str) -> Cow<'_, str> {
    let plain = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if plain || text.chars().all(|c| !steers(c)) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| {
        if steers(c) {
            c.escape_default().to_string()
        } else {
            c.to_string()
        }
    };
    Cow::Owned(text.chars().map(escape).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::output::page::GridColumn;

    fn page() -> Page<'static> {
        let columns = vec![
            GridColumn::text("symbol"),
            GridColumn::text("note").rank(1),
            GridColumn::number("gain"),
        ];
        let row = |symbol: &str, gain: &str| {
            Line::Row(vec![symbol.to_owned(), "n".to_owned(), gain.to_owned()])
        };
        let lines = vec![
            row("AAPL  240621C00190000", "-1,234.50"),
            row("\u{1b}[31mred\u{202e}", "0.00"),
            Line::Rule,
            Line::Total(vec![
                "total".to_owned(),
                String::new(),
                "-1,234.50".to_owned(),
            ]),
        ];
        let mut page = Page::default();
        page.heading("Title");
        page.grid(Grid::of(columns, lines));
        page
    }

    fn written(look: Look) -> String {
        let mut bytes = Vec::new();
        write(&mut bytes, &page(), look).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_pipe_gets_plain_ascii_uncut() {
        assert_eq!(
            written(Look::default()),
            " Title
 symbol                 note       gain
----------------------------------------
 AAPL  240621C00190000  n     -1,234.50
 \\u{1b}[31mred\\u{202e}  n          0.00
                              ---------
 total                        -1,234.50
"
        );
    }

    #[test]
    fn a_narrow_terminal_loses_columns_and_then_ends_of_text_but_never_digits() {
        let look = Look {
            width: Some(24),
            unicode: true,
            bold: true,
        };
        assert_eq!(
            written(look),
            "\u{1b}[1m Title\u{1b}[0m
\u{1b}[1m symbol             gain\u{1b}[0m
────────────────────────
 AAPL  24062…  -1,234.50
 \\u{1b}[31mr…       0.00
               ─────────
\u{1b}[1m total         -1,234.50\u{1b}[0m
 left out to fit 24
   columns: note
"
        );
    }

    #[test]
    fn long_grids_are_laid_out_in_parts_of_equal_width() {
        let lines = (0..2500).map(|n| Line::Row(vec![n.to_string()])).collect();
        let mut page = Page::default();
        page.grid(Grid::of(vec![GridColumn::number("n")], lines));
        let mut bytes = Vec::new();
        write(&mut bytes, &page, Look::default()).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text.lines().count(), 2502);
        assert_eq!(text.lines().nth(2).unwrap(), "    0");
        assert_eq!(text.lines().last().unwrap(), " 2499");
    }
}
