//! The US wash-sale rule share by share: 26 USC 1091, 26 CFR 1.1091-1 and 1.1091-2, read literally.
//!
//! Every share is an object that exists from the beginning, bought or not yet. A loss looks over all of them for the
//! one that replaces it, those still to be bought included; nothing waits. Quantities are counted in units after the
//! last split, so that a split inside a window needs no thought.
//!
//! The points the law leaves open are read thus: the window is 30 calendar days each side; a share never replaces one
//! of the same purchase or order (Rev. Rul. 56-602); what was sold before the loss is no replacement; all shares of a
//! sale leave before any of its losses is deferred; a sheltered account's purchase takes the loss away for good (Rev.
//! Rul. 2008-5); overlapping days of the holding periods count once and gaps not at all. Of one purchase the shares with
//! the earlier holding start leave first, of those the adjusted ones, of those the one adjusted first; each keeps its
//! own basis.

use chrono::{Duration, NaiveDate};

use super::history::{Event, Kind, Method, SHELTERED, Story};
use super::number::{Ratio, cents, day, is_long, whole};
use super::rows::{Lot, LotKey, Row, RowKey, Rows};

#[derive(Clone, Debug)]
struct Share {
    /// Place of its purchase in the file.
    purchase: usize,
    acquired: NaiveDate,
    held_from: NaiveDate,
    basis: Ratio,
    /// It has replaced a share already.
    used: bool,
    /// Place of its sale in the file, once sold.
    sold: Option<usize>,
}

/// A share of a sale that lost money.
struct Loss {
    share: usize,
    loss: Ratio,
}

/// Sees a sale: its place in the file, all shares, those that leave, and the proceeds of each.
type Watch<'a> = dyn FnMut(usize, &[Share], &[usize], &Ratio) + 'a;

/// The rows and lots of a history under the rule.
pub fn rows(story: &Story) -> Rows {
    follow(story, &mut |_, _, _, _| ())
}

/// The same, unless the history [turns on a cent](Cent::turns).
pub fn rows_unless_on_a_cent(story: &Story) -> Option<Rows> {
    let mut turns = false;
    let rows = follow(story, &mut |place, shares, left, proceeds| {
        let at = Cent {
            story,
            place,
            shares,
        };
        turns = turns || at.turns(left, proceeds);
    });
    (!turns).then_some(rows)
}

/// Goes through the sales; `watch` sees each before its losses are deferred.
fn follow(story: &Story, watch: &mut Watch) -> Rows {
    let events = &story.events;
    let mut shares = all_shares(events);
    let mut rows = Rows::default();
    for (place, sale) in events.iter().enumerate() {
        if sale.kind != Kind::Sell {
            continue;
        }
        let left = identify(story, place, &shares);
        left.iter()
            .for_each(|share| shares[*share].sold = Some(place));
        // The units of the day are so many of those at the end.
        let scale = whole(units_after(events, place));
        let proceeds =
            cents(sale.quantity * sale.price - sale.fee) / (whole(sale.quantity) * &scale);
        watch(place, &shares, &left, &proceeds);
        if sale.account != SHELTERED {
            let deferred = defer(events, place, &mut shares, &left, &proceeds);
            let told: Vec<(&Share, Ratio)> =
                left.iter().map(|at| &shares[*at]).zip(deferred).collect();
            let equal = |a: &(&Share, Ratio), b: &(&Share, Ratio)| {
                (a.0.acquired, a.0.held_from) == (b.0.acquired, b.0.held_from)
                    && (&a.0.basis, &a.1) == (&b.0.basis, &b.1)
            };
            // Shares in a row that are equal in everything are added at once.
            for equals in told.chunk_by(equal) {
                let (share, adjustment) = &equals[0];
                let count = whole(equals.len() as i64);
                let key = RowKey {
                    symbol: sale.symbol.into(),
                    account: sale.account.into(),
                    acquired: share.acquired,
                    held_from: share.held_from,
                    disposed: day(sale.day),
                    long: is_long(share.held_from, day(sale.day)),
                };
                let row = Row {
                    quantity: &count / &scale,
                    proceeds: &count * &proceeds,
                    cost: &count * &share.basis,
                    adjustment: &count * adjustment,
                    slices: equals.len() as i64,
                };
                rows.add_row(key, &row);
            }
        }
    }
    for share in shares.iter().filter(|share| share.sold.is_none()) {
        let purchase = &events[share.purchase];
        let key = LotKey {
            symbol: purchase.symbol.into(),
            account: purchase.account.into(),
            acquired: share.acquired,
            held_from: share.held_from,
        };
        rows.add_lot(
            key,
            &Lot {
                quantity: whole(1),
                cost: share.basis.clone(),
                pieces: 1,
            },
        );
    }
    rows
}

/// Moves the losses of a sale into their replacements; what each share's row is adjusted by, in the order they leave.
fn defer(
    events: &[Event],
    place: usize,
    shares: &mut [Share],
    left: &[usize],
    proceeds: &Ratio,
) -> Vec<Ratio> {
    let mut deferred = vec![whole(0); left.len()];
    let mut losses: Vec<(usize, Loss)> = left
        .iter()
        .enumerate()
        .filter(|(_, share)| shares[**share].basis > *proceeds)
        .map(|(order, share)| {
            (
                order,
                Loss {
                    share: *share,
                    loss: &shares[*share].basis - proceeds,
                },
            )
        })
        .collect();
    // In one sale by the day each was bought, then as they left (26 CFR 1.1091-1(b)).
    losses.sort_by_key(|(order, loss)| (shares[loss.share].acquired, *order));
    for (order, loss) in losses {
        if let Some(replacement) = replacement(events, place, shares, loss.share) {
            deferred[order] = loss.loss.clone();
            take_over(events, shares, replacement, &loss, day(events[place].day));
        }
    }
    deferred
}

/// A sale, where a cent of rounding could decide: a gain or loss next to nothing, or two units of nearly one basis to
/// choose between by it. What an engine does there that defers whole cents is no reading of the rule.
struct Cent<'a> {
    story: &'a Story,
    place: usize,
    shares: &'a [Share],
}

impl Cent<'_> {
    fn turns(&self, left: &[usize], proceeds: &Ratio) -> bool {
        let near = |share: &usize| {
            let share = &self.shares[*share];
            share.used && close(&share.basis, proceeds)
        };
        left.iter().any(near) || (self.by_basis() && self.ties())
    }

    fn by_basis(&self) -> bool {
        matches!(self.story.method, Method::Hifo | Method::Lofo)
    }

    /// Whether a replacement has nearly the basis of other units that could leave.
    fn ties(&self) -> bool {
        let sale = &self.story.events[self.place];
        let held = |share: &&Share| {
            let bought = &self.story.events[share.purchase];
            share.purchase < self.place
                && share.sold.is_none_or(|sold| sold == self.place)
                && (bought.symbol, bought.account) == (sale.symbol, sale.account)
        };
        // Shares of one piece have one basis.
        let piece = |share: &Share| {
            let start = (share.purchase, share.held_from, share.used);
            (start, share.basis.clone())
        };
        let mut pieces: Vec<&Share> = Vec::new();
        for share in self.shares.iter().filter(held) {
            if pieces.iter().all(|other| piece(other) != piece(share)) {
                pieces.push(share);
            }
        }
        pieces.iter().filter(|share| share.used).any(|used| {
            let tie =
                |other: &&Share| piece(other) != piece(used) && close(&other.basis, &used.basis);
            pieces.iter().any(tie)
        })
    }
}

fn close(a: &Ratio, b: &Ratio) -> bool {
    if a > b {
        a - b < cents(3)
    } else {
        b - a < cents(3)
    }
}

/// One unit at `place` in the file is so many at its end.
fn units_after(events: &[Event], place: usize) -> i64 {
    let symbol = events[place].symbol;
    let later = events[place..]
        .iter()
        .filter(|event| event.kind == Kind::Split && event.symbol == symbol);
    2_i64.pow(later.count() as u32)
}

fn all_shares(events: &[Event]) -> Vec<Share> {
    let mut shares = Vec::new();
    for (place, event) in events
        .iter()
        .enumerate()
        .filter(|(_, event)| event.kind == Kind::Buy)
    {
        let units = event.quantity * units_after(events, place);
        let share = Share {
            purchase: place,
            acquired: day(event.day),
            held_from: day(event.day),
            basis: cents(event.quantity * event.price + event.fee) / whole(units),
            used: false,
            sold: None,
        };
        shares.extend(std::iter::repeat_n(share, units as usize));
    }
    shares
}

/// The shares that leave in the sale at `place`, in the order they leave.
fn identify(story: &Story, place: usize, shares: &[Share]) -> Vec<usize> {
    let events = &story.events;
    let sale = &events[place];
    let scale = units_after(events, place);
    let mut held: Vec<usize> = (0..shares.len())
        .filter(|index| {
            let share = &shares[*index];
            let bought = &events[share.purchase];
            share.purchase < place
                && share.sold.is_none()
                && (bought.symbol, bought.account) == (sale.symbol, sale.account)
        })
        .collect();
    // Of one purchase what a replacement has made older leaves first, the rest after.
    let within = |index: &usize| {
        let share = &shares[*index];
        (share.held_from, !share.used)
    };
    held.sort_by(|a, b| {
        let (first, second) = (&shares[*a], &shares[*b]);
        let oldest = (first.acquired, first.purchase).cmp(&(second.acquired, second.purchase));
        let cheapest = || first.basis.cmp(&second.basis);
        let by_method = match story.method {
            Method::Fifo | Method::Specific | Method::Average => oldest,
            Method::Lifo => oldest.reverse(),
            Method::Hifo => cheapest().reverse().then(oldest),
            Method::Lofo => cheapest().then(oldest),
        };
        by_method.then_with(|| within(a).cmp(&within(b)))
    });
    if story.method != Method::Specific {
        held.truncate((sale.quantity * scale) as usize);
        return held;
    }
    let of_lot = |(name, units): &(String, i64)| {
        let named = held
            .iter()
            .filter(|index| events[shares[**index].purchase].lot.as_ref() == Some(name));
        named
            .take((units * scale) as usize)
            .copied()
            .collect::<Vec<_>>()
    };
    sale.chosen.iter().flat_map(of_lot).collect()
}

/// The earliest bought share that replaces this one: within 30 days before or after, not used, not of its own
/// purchase or order, and not sold by the time of the loss.
fn replacement(events: &[Event], sale: usize, shares: &[Share], lost: usize) -> Option<usize> {
    let sold = day(events[sale].day);
    let own = shares[lost].purchase;
    let (from, until) = (sold - Duration::days(30), sold + Duration::days(30));
    let same_order = |other: usize| {
        let (a, b) = (&events[own], &events[other]);
        other == own
            || a.order.is_some()
                && (a.order, a.day, a.symbol, a.account) == (b.order, b.day, b.symbol, b.account)
    };
    (0..shares.len())
        .filter(|index| {
            let share = &shares[*index];
            events[share.purchase].symbol == events[sale].symbol
                && !share.used
                && share.sold.is_none()
                && share.acquired >= from
                && share.acquired <= until
                && !same_order(share.purchase)
        })
        .min_by_key(|index| (shares[*index].acquired, shares[*index].purchase, *index))
}

/// Basis and holding period of the replacement (26 USC 1091(d), 1223(3)).
fn take_over(
    events: &[Event],
    shares: &mut [Share],
    replacement: usize,
    loss: &Loss,
    sold: NaiveDate,
) {
    let old_start = shares[loss.share].held_from;
    let days_held = sold - old_start;
    let new = &mut shares[replacement];
    new.used = true;
    if events[new.purchase].account == SHELTERED {
        return;
    }
    new.basis += &loss.loss;
    new.held_from = new.acquired.min(old_start.max(new.acquired - days_held));
}
