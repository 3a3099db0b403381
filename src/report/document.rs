//! The one JSON document.

use std::io::{self, Write};

use crate::output::json::{self, Member};
use crate::report::comparison::{Comparison, Outcomes};
use crate::report::reconciliation::{Compared, Comparisons};
use crate::report::{Frame, REPORTS, lots, warnings};

/// Version of the document; raised only if a field were renamed or removed.
pub const SCHEMA: u64 = 1;

/// Writes everything a computation found.
///
/// # Errors
/// Those of the stream.
pub fn write(out: &mut dyn Write, frame: &Frame<'_>) -> io::Result<()> {
    let mut members = head(frame);
    let own = REPORTS.iter();
    for report in own.filter(|report| report.is_for(frame.jurisdiction)) {
        members.push((report.name, Member::Rows((report.table)(frame))));
    }
    close(out, members, frame)
}

/// Writes what is held.
///
/// # Errors
/// Those of the stream.
pub fn write_lots(out: &mut dyn Write, frame: &Frame<'_>) -> io::Result<()> {
    let mut members = head(frame);
    members.push(("lots", Member::Rows(Box::new(lots::Lots::new(*frame)))));
    close(out, members, frame)
}

/// Writes what each method came to.
///
/// # Errors
/// Those of the stream.
pub fn write_comparison(
    out: &mut dyn Write,
    frame: &Frame<'_>,
    outcomes: &Outcomes,
) -> io::Result<()> {
    let mut members = head(frame);
    members.retain(|(name, _)| *name != "method");
    let table = Comparison::new(*frame, outcomes);
    members.push(("methods", Member::Rows(Box::new(table))));
    close(out, members, frame)
}

/// Writes how our disposals stand to a broker's.
///
/// # Errors
/// Those of the stream.
pub fn write_reconciliation(
    out: &mut dyn Write,
    frame: &Frame<'_>,
    compared: Compared<'_>,
) -> io::Result<()> {
    let mut members = head(frame);
    members.push(("broker_file", Member::Text(&compared.gains.file)));
    members.push(("broker_format", Member::Text(&compared.gains.format)));
    let table = Comparisons::new(*frame, compared);
    members.push(("reconciliation", Member::Rows(Box::new(table))));
    close(out, members, frame)
}

fn head<'a>(frame: &Frame<'a>) -> Vec<(&'static str, Member<'a>)> {
    vec![
        ("schema", Member::Number(SCHEMA)),
        ("jurisdiction", Member::Text(frame.jurisdiction)),
        ("method", Member::Text(frame.method)),
        ("currency", Member::Text(frame.currency)),
    ]
}

fn close<'a>(
    out: &mut dyn Write,
    mut members: Vec<(&'static str, Member<'a>)>,
    frame: &Frame<'a>,
) -> io::Result<()> {
    let table = warnings::Warnings::new(*frame);
    members.push(("warnings", Member::Rows(Box::new(table))));
    json::document(out, &members, frame.places)
}
