//! A page as Markdown.

use std::io::{self, Write};

use crate::output::page::{Block, Entry, Grid, Kind, Line, Page};
use crate::output::text::visible;

/// Writes a page.
///
/// # Errors
/// Those of the stream.
pub fn write(out: &mut dyn Write, page: &Page<'_>) -> io::Result<()> {
    for (i, block) in page.blocks.iter().enumerate() {
        if i > 0 {
            writeln!(out)?;
        }
        match block {
            Block::Heading(text) => writeln!(out, "## {}", escaped(text))?,
            Block::Grid(grid) => table(out, grid)?,
            Block::Remarks(lines) => {
                for line in lines {
                    writeln!(out, "- {}", escaped(line))?;
                }
            }
            Block::Entries(entries) => account(out, entries)?,
        }
    }
    Ok(())
}

fn account(out: &mut dyn Write, entries: &[Entry]) -> io::Result<()> {
    for entry in entries {
        match entry {
            Entry::Head(text) => writeln!(out, "**{}**\n", escaped(text))?,
            Entry::Line {
                text,
                amount,
                notes,
            } => {
                let amount = amount.as_deref().map(|amount| format!(": {amount}"));
                writeln!(out, "- {}{}", escaped(text), amount.unwrap_or_default())?;
                for note in notes {
                    writeln!(out, "  - {}", escaped(note))?;
                }
            }
            Entry::Total { text, amount } => {
                writeln!(out, "- **{}: {amount}**", escaped(text))?;
            }
        }
    }
    Ok(())
}

fn table(out: &mut dyn Write, grid: &Grid<'_>) -> io::Result<()> {
    let heads: Vec<String> = grid.columns.iter().map(|c| escaped(&c.head)).collect();
    row(out, &heads)?;
    let marks = grid.columns.iter().map(|c| {
        if c.kind == Kind::Number {
            "---:"
        } else {
            "---"
        }
    });
    row(out, &marks.map(str::to_owned).collect::<Vec<_>>())?;
    let mut result = Ok(());
    (grid.lines)(&mut |line| {
        if result.is_err() {
            return;
        }
        result = match line {
            Line::Row(cells) => row(out, &cells.iter().map(|c| escaped(c)).collect::<Vec<_>>()),
            Line::Total(cells) => row(out, &cells.iter().map(|c| strong(c)).collect::<Vec<_>>()),
            Line::Rule | Line::Gap => Ok(()),
        };
    });
    result
}

fn row(out: &mut dyn Write, cells: &[String]) -> io::Result<()> {
    writeln!(out, "| {} |", cells.join(" | "))
}

fn strong(text: &str) -> String {
    if text.trim().is_empty() {
        String::new()
    } else {
        format!("**{}**", escaped(text.trim()))
    }
}

/// Text that Markdown takes literally and that holds no control characters.
fn escaped(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    for c in visible(text).chars() {
        if matches!(c, '|' | '\\' | '`' | '<' | '*' | '_' | '[' | '#') {
            literal.push('\\');
        }
        literal.push(c);
    }
    literal
}
