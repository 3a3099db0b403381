//! Cells that say something which the row's action has no use for: they are in no figure, so they are told.

use crate::diagnostic::Warning;
use crate::trade::{Action, History, Rarest, Trade};

/// A column: whether a row has a cell in it, and the actions that read it.
struct Read {
    column: &'static str,
    given: fn(&Rarest) -> bool,
    by: &'static [Action],
}

/// The actions that bring in units which have a basis and a day of their own.
const STATED: &[Action] = &[
    Action::Opening,
    Action::GiftIn,
    Action::Inherit,
    Action::TransferIn,
];

const COLUMNS: [Read; 6] = [
    Read {
        column: "basis",
        given: |rest| rest.basis.is_some(),
        by: STATED,
    },
    Read {
        column: "acquired_date",
        given: |rest| rest.acquired.is_some(),
        by: STATED,
    },
    Read {
        column: "effective_date",
        given: |rest| rest.effective.is_some(),
        by: &[Action::BasisAdjust, Action::ReturnOfCapital],
    },
    Read {
        column: "ratio",
        given: |rest| rest.ratio.is_some(),
        by: &[
            Action::Split,
            Action::StockDividend,
            Action::SpinOff,
            Action::Merger,
            // Refused there where it is not 1:1.
            Action::Rename,
        ],
    },
    Read {
        column: "fraction",
        given: |rest| rest.fraction.is_some(),
        by: &[Action::SpinOff],
    },
    Read {
        column: "new_quantity",
        given: |rest| rest.new_quantity.is_some(),
        by: &[Action::Swap, Action::SpinOff, Action::Merger],
    },
];

/// One warning for each column and action, and one for each tag that nearly has a meaning.
pub fn cells(history: &History) -> Vec<Warning> {
    let mut found = Vec::new();
    for trade in &history.trades {
        let Some(rest) = trade.rare() else {
            continue;
        };
        if matches!(trade.action, Action::Cancel | Action::Ignore) {
            continue;
        }
        if let Some(rarest) = rest.rarest.as_deref() {
            for read in &COLUMNS {
                if (read.given)(rarest) && !read.by.contains(&trade.action) {
                    let message = unread(read.column, trade.action);
                    tell(&mut found, "cell-unused", message, trade);
                }
            }
        }
        if let Some((tag, meant)) = nearly_a_tag(trade) {
            let message = format!("`{tag}` is a tag without a meaning; did you mean `{meant}`?");
            tell(&mut found, "tag-unknown", message, trade);
        }
    }
    found
}

fn unread(column: &str, action: Action) -> String {
    let instead = match (column, action) {
        ("basis", Action::Buy | Action::Reinvest | Action::BuyToOpen | Action::Income) => {
            "; what units cost is said by `price` and `fee`, or by `total`"
        }
        ("acquired_date", Action::Buy) => {
            "; units bought before the data are an `opening`, with `basis` and `acquired_date`"
        }
        ("effective_date", _) => "; its `date` counts",
        _ => "",
    };
    let word = action.word();
    format!("`{column}` has no meaning on `{word}` and is in no figure{instead}")
}

/// A tag of a distribution that differs from one with a meaning in its signs or its number only.
fn nearly_a_tag(trade: &Trade) -> Option<(&str, &'static str)> {
    const TAGS: [(&str, &str); 2] = [
        ("capital-gain", "capitalgain"),
        ("exempt-interest", "exemptinterest"),
    ];
    let tag = trade.rest().tag.as_deref()?;
    if !matches!(trade.action, Action::Dividend | Action::Reinvest) {
        return None;
    }
    let letters = tag.chars().filter(|c| c.is_alphanumeric());
    let letters: String = letters.flat_map(char::to_lowercase).collect();
    let near = TAGS.iter().find(|(_, plain)| letters.starts_with(plain));
    let meant = near.map(|(meant, _)| *meant)?;
    // A short-term gain that a fund pays out is a dividend like any other (26 USC 852(b)(3)).
    (!trade.tagged(meant) && !letters.contains("short")).then_some((tag, meant))
}

fn tell(found: &mut Vec<Warning>, code: &'static str, message: String, trade: &Trade) {
    match found.iter_mut().find(|known| known.message == message) {
        Some(known) => known.at.push(trade.source),
        None => found.push(Warning {
            code,
            message,
            at: vec![trade.source],
            needs_user: true,
        }),
    }
}
