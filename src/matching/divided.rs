//! Rows that are replaced in part, as two: the units replaced with the whole adjustment, and the others without any.
//! Form 8949 takes both shapes; some return software only the second.

use rustc_hash::FxHashMap;

use super::Matched;
use crate::answer::trail::{Movement, Provenance};
use crate::answer::{Codes, Disposal};
use crate::money::{OutOfRange, Quantity, minor_share};

/// Divides the rows at these positions, each by the units replaced, of how many.
///
/// # Errors
/// Figures out of range.
pub fn divide(
    found: &mut Matched,
    washed: &FxHashMap<u32, (Quantity, Quantity)>,
) -> Result<(), OutOfRange> {
    let rows = std::mem::take(found.disposals.unordered_mut());
    let mut place = Vec::with_capacity(rows.len());
    let mut all = Vec::with_capacity(rows.len() + washed.len());
    for (row, old) in rows.into_iter().zip(0_u32..) {
        place.push(all.len() as u32);
        match washed.get(&old) {
            Some(part) => all.extend(divided(row, *part)?),
            None => all.push(row),
        }
    }
    *found.disposals.unordered_mut() = all;
    for adjustment in &mut found.adjustments {
        if let Some(new) = place.get(adjustment.disposal as usize) {
            adjustment.disposal = *new;
        }
    }
    if let Some(trails) = &mut found.trails {
        let told = std::mem::take(&mut trails.disposals);
        for (mut own, old) in told.into_iter().zip(0_u32..) {
            own.map_rows(|row| place.get(row as usize).copied().unwrap_or(row));
            match washed.get(&old) {
                Some(part) => trails.disposals.extend(told_apart(own, *part)?),
                None => trails.disposals.push(own),
            }
        }
        for movement in trails.lots.iter_mut().flatten() {
            movement.map_row(|row| place.get(row as usize).copied().unwrap_or(row));
        }
    }
    Ok(())
}

/// The units replaced, whose loss is the adjustment, and the rest.
fn divided(
    row: Disposal,
    (part, whole): (Quantity, Quantity),
) -> Result<[Disposal; 2], OutOfRange> {
    let quantity = row.quantity.share(part, whole)?;
    let proceeds = minor_share(row.proceeds, part, whole)?;
    let cost = proceeds.saturating_add(row.adjustment);
    let rest = Disposal {
        quantity: row.quantity.minus(quantity)?,
        proceeds: row.proceeds.saturating_sub(proceeds),
        cost: row.cost.saturating_sub(cost),
        adjustment: 0,
        codes: row.codes.without(Codes::WASH),
        ..row.clone()
    };
    let washed = Disposal {
        quantity,
        proceeds,
        cost,
        provisional_until: None,
        ..row
    };
    Ok([washed, rest])
}

/// Tells of the two rows that a row was divided into: of `part` of the `whole` units, and of the rest.
pub fn told_apart(
    mut all: Provenance,
    (part, whole): (Quantity, Quantity),
) -> Result<[Provenance; 2], OutOfRange> {
    // What a whole sale brought is told with each of its rows, which says its share.
    let proceeds = match all.sale {
        Some(_) => all.proceeds.clone(),
        None => cut(&mut all.proceeds, part, whole)?,
    };
    let own = Provenance {
        cost: cut(&mut all.cost, part, whole)?,
        proceeds,
        sale: all.sale,
        ..Provenance::default()
    };
    Ok([own, all])
}

/// Cuts `part` of the `whole` units of a list of movements off into a list of their own.
pub fn cut(
    list: &mut [Movement],
    part: Quantity,
    whole: Quantity,
) -> Result<Vec<Movement>, OutOfRange> {
    let mut off = Vec::with_capacity(list.len());
    for movement in list {
        let units = movement.units.share(part, whole)?;
        let amount = movement.amount.share(part, whole)?;
        movement.units = movement.units.minus(units)?;
        movement.amount = movement.amount.minus(amount)?;
        off.push(Movement {
            units,
            amount,
            ..*movement
        });
    }
    Ok(off)
}
