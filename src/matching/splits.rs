//! Splits that the rows of several accounts say: one broker books a split on its day, another some days later.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use crate::date::Date;
use crate::money::Quantity;
use crate::trade::AccountId;

/// Days within which rows of several accounts say one event: brokers book it on the next business day, and some only
/// when a holiday or a week's statement is over.
pub const DAYS_OF_ONE_EVENT: i32 = 10;

/// What a row of a split is beside the rows before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saying {
    /// A split of its own.
    New,
    /// One that another row of its day has said.
    SameDay,
    /// One that the row of another account has said some days before.
    Later,
}

/// The splits done, by what they restate.
#[derive(Debug)]
pub struct Splits<K> {
    said: FxHashMap<K, Vec<Said>>,
}

#[derive(Debug)]
struct Said {
    day: Date,
    ratio: (i128, i128),
    /// The accounts whose rows said it; none where a row spoke for all.
    accounts: Vec<AccountId>,
}

impl<K> Default for Splits<K> {
    fn default() -> Self {
        Self {
            said: FxHashMap::default(),
        }
    }
}

impl<K: Eq + Hash> Splits<K> {
    /// Enters a row, of one account or of all. A row of an account that has said a split of the ratio before says another
    /// one; that of another account within [`DAYS_OF_ONE_EVENT`] says the same again.
    pub fn say(
        &mut self,
        of: K,
        (new, old): (Quantity, Quantity),
        day: Date,
        account: Option<AccountId>,
    ) -> Saying {
        let ratio = in_lowest_terms(new, old);
        let said = self.said.entry(of).or_default();
        said.retain(|one| day.days_since(one.day) <= DAYS_OF_ONE_EVENT);
        let same = |one: &&mut Said| {
            let by_others = !one.accounts.is_empty()
                && account.is_some_and(|account| !one.accounts.contains(&account));
            one.ratio == ratio && (one.day == day || by_others)
        };
        if let Some(one) = said.iter_mut().find(same) {
            one.accounts.extend(account);
            return if one.day == day {
                Saying::SameDay
            } else {
                Saying::Later
            };
        }
        said.push(Said {
            day,
            ratio,
            accounts: account.into_iter().collect(),
        });
        Saying::New
    }
}

/// A ratio without common factors: `100` more on 100 is 2:1.
fn in_lowest_terms(new: Quantity, old: Quantity) -> (i128, i128) {
    let (new, old) = (new.units(), old.units());
    let divisor = greatest_common_divisor(new, old).max(1);
    (new / divisor, old / divisor)
}

/// The largest number that divides both; nothing where both are nothing.
pub fn greatest_common_divisor(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    /// Its day, its account, its ratio, and what it is taken for.
    type Row = (i32, Option<u16>, (i64, i64), Saying);

    /// Rows of accounts a and b (none: for all) on days of March, each with what it is.
    #[track_caller]
    fn rows(rows: &[Row]) {
        let mut splits = Splits::default();
        for (day, account, (new, old), expected) in rows {
            let [new, old] = [*new, *old].map(|n| Quantity::new(Decimal::from(n)).unwrap());
            let day = Date::new(2024, 3, 1).unwrap().plus(day - 1);
            let said = splits.say((), (new, old), day, account.map(AccountId));
            assert_eq!(said, *expected, "{day} {account:?}");
        }
    }

    #[test]
    fn another_account_says_a_split_again_and_the_same_account_another() {
        use Saying::{Later, New, SameDay};
        let (a, b) = (Some(0), Some(1));
        rows(&[(5, a, (2, 1), New), (5, b, (200, 100), SameDay)]);
        rows(&[(5, a, (2, 1), New), (6, b, (4, 2), Later)]);
        rows(&[(5, a, (2, 1), New), (6, b, (3, 1), New)]);
        rows(&[(5, a, (2, 1), New), (6, a, (2, 1), New)]);
        rows(&[(5, a, (2, 1), New), (16, b, (2, 1), New)]);
        rows(&[(5, a, (2, 1), New), (6, None, (2, 1), New)]);
        rows(&[(5, None, (2, 1), New), (6, b, (2, 1), New)]);
        rows(&[
            (5, a, (2, 1), New),
            (6, b, (2, 1), Later),
            (8, a, (2, 1), New),
            (9, b, (2, 1), Later),
        ]);
    }
}
