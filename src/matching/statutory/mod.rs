//! Countries whose law says which units left: by purchases of the same day and of the days around, one pool per person,
//! or the oldest units wherever they are.
//!
//! Rows come down to moves with settled quantities (`resolve`); quantities alone decide what covers what (`plan`,
//! `circle`); then money walks forward through the days (`walk`).

mod again;
mod circle;
mod holders;
mod moves;
mod plan;
mod renames;
mod resolve;
mod spouses;
mod stock;
mod superficial;
mod tally;
mod told;
mod walk;
mod written;

use super::Matched;
use super::rules::Rules;
use crate::answer::trail::Trails;
use crate::date::Date;
use crate::diagnostic::Problem;
use crate::jurisdiction::{Day, Defer, Jurisdiction};
use crate::money::OutOfRange;
use crate::settings::Settings;
use crate::timeline::{Calendar, Timeline};
use crate::trade::{History, SecurityId};

use circle::Circle;
pub use circle::WINDOW as SUPERFICIAL_WINDOW;
use holders::Holders;
use moves::{Move, What};
use plan::Plan;
use resolve::Resolver;
use walk::Walk;

/// Matches all trades of the history.
pub fn run(
    history: &History,
    law: &'static Jurisdiction,
    settings: &Settings,
    rules: &Rules,
    calendar: Calendar,
    timeline: &Timeline,
    problems: &mut Vec<Problem>,
) -> Matched {
    let mut all = Matched {
        trails: settings.trail.then(Trails::default),
        ..Matched::default()
    };
    let holders = Holders::new(history, law.scope);
    let renamed = rules
        .overview
        .rare
        .then(|| renames::booked_apart(history, &holders, timeline));
    let renamed = renamed.flatten();
    let history = renamed.as_ref().unwrap_or(history);
    let mut resolver = Resolver::new(history, law, rules, calendar, &holders);
    resolver.run(timeline);
    all.warnings.append(&mut resolver.warnings);
    if !resolver.problems.is_empty() {
        problems.append(&mut resolver.problems);
        return all;
    }
    refuse_classes(history, law, &holders, &resolver.moves, problems);
    refuse_old(history, law, &holders, &resolver.moves, problems);
    let (moves, undated) = (resolver.moves, resolver.undated);
    match looked_ahead(history, law, settings, rules, &moves) {
        Ok((plan, circle)) => {
            let mut walk = Walk::new(history, law, rules, &holders, calendar.as_of, plan, circle);
            walk.run(&moves);
            walk.warn_undated(&undated);
            walk.finish(&mut all, problems);
        }
        Err(error) => problems.push(Problem::new(error.to_string())),
    }
    all
}

/// What a day needs to know of later ones: the purchases that sales are matched with, and those that deny a loss.
fn looked_ahead(
    history: &History,
    law: &'static Jurisdiction,
    settings: &Settings,
    rules: &Rules,
    moves: &[Move],
) -> Result<(Plan, Circle), OutOfRange> {
    let plan = match (law.day, law.later_days()) {
        (Day::Merged, days) => Plan::new(moves, days.unwrap_or(0))?,
        (Day::Rows | Day::PurchasesFirst, _) => Plan::default(),
    };
    let circle = match law.defer {
        Some(Defer::Superficial(_)) => Circle::new(history, law, settings, rules, moves)?,
        _ => Circle::default(),
    };
    Ok((plan, circle))
}

/// Classes that the country taxes in a way that is not computed: refused by name rather than guessed.
fn refuse_classes(
    history: &History,
    law: &Jurisdiction,
    holders: &Holders,
    moves: &[Move],
    problems: &mut Vec<Problem>,
) {
    let mut seen: Vec<SecurityId> = Vec::new();
    for step in moves {
        let (holder, security) = step.key;
        let class = history.security(security).class;
        let refused = law.refused.iter().find(|(refused, _)| *refused == class);
        let (Some((_, why)), true) = (refused, holders.reported(holder)) else {
            continue;
        };
        if seen.contains(&security) {
            continue;
        }
        seen.push(security);
        let symbol = &history.security(security).symbol;
        problems.push(
            Problem::at(
                history.trade(step.trade).source,
                format!("{symbol} is a {}: {why}", class.name()),
            )
            .help("leave its rows out, or give it another `class` if it is none"),
        );
    }
}

/// Units from before the law reached them: in a pool they could not be told from the others, so they are refused.
fn refuse_old(
    history: &History,
    law: &Jurisdiction,
    holders: &Holders,
    moves: &[Move],
    problems: &mut Vec<Problem>,
) {
    for step in moves {
        let What::In { acquired, .. } = step.what else {
            continue;
        };
        let (holder, security) = step.key;
        let security = history.security(security);
        let day = acquired.unwrap_or(step.day);
        let old = law.outside_before.iter().find(|(assets, since, _)| {
            let since = Date::new(since.0, since.1, since.2);
            assets.has(security.class) && since.is_some_and(|since| day < since)
        });
        // The first date stands for one that the row does not say.
        let (Some((_, _, why)), true) = (old, holders.reported(holder) && day != Date::FIRST)
        else {
            continue;
        };
        problems.push(
            Problem::at(
                history.trade(step.trade).source,
                format!("{} {why}", security.symbol),
            )
            .help("leave out these units and their sales"),
        );
    }
}
