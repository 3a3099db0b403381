//! When a holding counts as long, and for which assets a country asks.

use crate::answer::Term;
use crate::date::Date;
use crate::trade::Class;

/// When a holding counts as long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermTest {
    /// The country does not ask.
    None,
    /// More than one year, counted from the day after acquisition.
    MoreThanOneYear,
    /// Disposed of after the anniversary of the acquisition; that of 29 February is 28 February.
    AfterAnniversary,
    /// At least so many days from acquisition to disposal.
    DaysAtLeast(i32),
}

/// The assets that a test is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assets {
    /// All.
    All,
    /// Coins only.
    Coins,
    /// All but coins.
    AllButCoins,
}

impl TermTest {
    /// The term of something held from one day and disposed of on another.
    pub fn term(self, held_from: Date, disposed: Date) -> Term {
        let days = disposed.days_since(held_from);
        let long = match self {
            Self::None => false,
            // A year and a day are 366 or 367 days: only on the first of them does the calendar decide.
            Self::MoreThanOneYear | Self::AfterAnniversary if days != 366 => days > 366,
            Self::MoreThanOneYear => disposed >= held_from.first_long_term_day(),
            Self::AfterAnniversary => disposed > anniversary(held_from),
            Self::DaysAtLeast(least) => days >= least,
        };
        if long { Term::Long } else { Term::Short }
    }
}

impl Assets {
    /// Whether a class is among them.
    pub fn has(self, class: Class) -> bool {
        match self {
            Self::All => true,
            Self::Coins => class == Class::Crypto,
            Self::AllButCoins => class != Class::Crypto,
        }
    }
}

/// The day a year later on which a period of one year ends; a period that began on 29 February ends on the 28th.
fn anniversary(from: Date) -> Date {
    let later = from.add_years(1);
    let (_, month, day) = from.ymd();
    if (month, day) == (2, 29) {
        later.plus(-1)
    } else {
        later
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn long(test: TermTest, from: &str, disposed: &str) -> bool {
        let day = |text| Date::parse_iso(text).unwrap();
        test.term(day(from), day(disposed)) == Term::Long
    }

    #[test]
    fn the_anniversary_itself_is_still_short() {
        let test = TermTest::AfterAnniversary;
        assert!(!long(test, "2023-02-02", "2024-02-02"));
        assert!(long(test, "2023-02-02", "2024-02-03"));
        // With a leap day in between.
        assert!(!long(test, "2023-06-01", "2024-06-01"));
        assert!(long(test, "2023-06-01", "2024-06-02"));
        assert!(!long(test, "2024-01-15", "2025-01-15"));
        assert!(long(test, "2023-02-28", "2024-02-29"));
        assert!(!long(test, "2024-02-29", "2025-02-28"));
        assert!(long(test, "2024-02-29", "2025-03-01"));
    }

    #[test]
    fn days_are_counted_as_days() {
        let test = TermTest::DaysAtLeast(365);
        assert!(!long(test, "2023-06-01", "2024-05-30"));
        assert!(long(test, "2023-06-01", "2024-05-31"));
    }
}
