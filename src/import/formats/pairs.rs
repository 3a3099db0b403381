//! Ledgers: several rows that are one trade, joined by what they share.

use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use crate::diagnostic::Problem;

use super::two_sided::Sides;

/// The legs met so far, by what they share.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    groups: Vec<Group>,
    by_key: FxHashMap<Vec<String>, usize>,
}

#[derive(Clone, Debug)]
struct Group {
    place: usize,
    line: u32,
    legs: Vec<(Sides, bool)>,
}

/// What the legs of one group come to.
#[derive(Clone, Debug)]
pub struct Joined {
    /// Where its row belongs.
    pub place: usize,
    /// The line of its first leg.
    pub line: u32,
    /// How many legs it has.
    pub legs: u64,
    /// The trade.
    pub sides: Result<Sides, Problem>,
}

impl Ledger {
    /// Adds a leg; `reserve` keeps a place for the row of a group not met before.
    pub fn add(
        &mut self,
        key: Vec<String>,
        leg: Sides,
        fee: bool,
        reserve: impl FnOnce() -> usize,
    ) {
        let at = match self.by_key.get(&key) {
            Some(at) => *at,
            None => {
                self.groups.push(Group {
                    place: reserve(),
                    line: leg.line,
                    legs: Vec::new(),
                });
                self.by_key.insert(key, self.groups.len() - 1);
                self.groups.len() - 1
            }
        };
        if let Some(group) = self.groups.get_mut(at) {
            group.legs.push((leg, fee));
        }
    }

    /// The trades, in the order of their first legs.
    pub fn events(self) -> impl Iterator<Item = Joined> {
        self.groups.into_iter().map(|group| Joined {
            place: group.place,
            line: group.line,
            legs: u64::try_from(group.legs.len()).unwrap_or(u64::MAX),
            sides: group.sides(),
        })
    }
}

impl Group {
    fn sides(&self) -> Result<Sides, Problem> {
        let mut whole = Sides {
            line: self.line,
            ..Sides::default()
        };
        for (leg, only_fee) in &self.legs {
            let (Some(amount), Some(symbol)) = (leg.amount, leg.symbol.as_ref()) else {
                return Err(Problem::new("a leg of a trade without amount or asset"));
            };
            if whole.date.is_empty() {
                whole.date.clone_from(&leg.date);
                whole.account.clone_from(&leg.account);
                whole.id.clone_from(&leg.id);
                whole.note.clone_from(&leg.note);
                whole.class.clone_from(&leg.class);
            }
            if *only_fee {
                add_fee(&mut whole, amount.abs(), symbol)?;
                continue;
            }
            let negative = amount.is_sign_negative();
            let side = if negative {
                &mut whole.sent
            } else {
                &mut whole.received
            };
            add(side, amount.abs(), symbol)?;
            if let Some(fee) = leg.fee {
                let of = leg.fee_currency.as_ref().unwrap_or(symbol);
                add_fee(&mut whole, fee, of)?;
            }
            // The value of what was given up is the value of the trade.
            if let Some(worth) = leg.worth.filter(|_| negative || whole.worth.is_none()) {
                whole.worth = Some(worth);
                whole.worth_currency.clone_from(&leg.worth_currency);
            }
        }
        if whole.sent.is_none() || whole.received.is_none() {
            return Err(Problem::new("one leg of a trade stands alone")
                .note("the rows of a trade share their reference; the other leg is not in the file")
                .help("export the whole ledger: all types, all assets, and dates that do not cut through a trade"));
        }
        Ok(whole)
    }
}

fn add(side: &mut Option<(Decimal, String)>, amount: Decimal, symbol: &str) -> Result<(), Problem> {
    match side {
        None => *side = Some((amount, symbol.to_owned())),
        Some((sum, of)) if of == symbol => {
            *sum = sum.checked_add(amount).ok_or_else(too_large)?;
        }
        Some((_, of)) => {
            return Err(Problem::new(format!(
                "one event gives or takes both `{of}` and `{symbol}`, so that it cannot be told what was paid for what"
            ))
            .help("write it as one row for each pair of assets, in a file of the canonical columns"));
        }
    }
    Ok(())
}

fn add_fee(whole: &mut Sides, fee: Decimal, symbol: &str) -> Result<(), Problem> {
    if fee.is_zero() {
        return Ok(());
    }
    match (&mut whole.fee, &whole.fee_currency) {
        (Some(sum), Some(of)) if of == symbol => {
            *sum = sum.checked_add(fee).ok_or_else(too_large)?;
        }
        (Some(_), Some(of)) => {
            return Err(
                Problem::new(format!("one trade has fees in both `{of}` and `{symbol}`")).help(
                    "write it as a row of the canonical columns, and the second fee as a `fee` row",
                ),
            );
        }
        _ => {
            whole.fee = Some(fee);
            whole.fee_currency = Some(symbol.to_owned());
        }
    }
    Ok(())
}

fn too_large() -> Problem {
    Problem::new("the amounts of one event are too large to be added up")
}
