//! The taxpayer's time zone: turns a moment written with an offset into the taxpayer's own day.

use chrono::{DateTime, Offset as _, TimeZone as _};
use chrono_tz::Tz;

use crate::date::Date;
use crate::import::moment::{Offset, zone_offset};

/// A time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// Seconds east of UTC, all year.
    Fixed(i32),
    /// A place, with its daylight saving.
    Place(Tz),
}

/// The date and time (milliseconds after midnight) on the taxpayer's clock.
pub type Local = (Date, Option<u32>);

const DAY: i64 = 86_400_000;

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self::Fixed(0);

    /// `UTC`, `+02:00` or a name such as `America/New_York`.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim();
        if name.starts_with(['+', '-'])
            || matches!(name.to_ascii_lowercase().as_str(), "z" | "utc" | "gmt")
        {
            return match zone_offset(&name.to_ascii_lowercase())? {
                Offset::East(seconds) => Some(Self::Fixed(seconds)),
                Offset::Local => None,
            };
        }
        name.parse::<Tz>().ok().map(Self::Place)
    }

    /// The taxpayer's day and time for a day and time written with an offset of `east` seconds.
    pub fn local(self, date: Date, time: u32, east: i32) -> Option<Local> {
        if self == Self::Fixed(east) {
            return Some((date, Some(time)));
        }
        let epoch = Date::new(1970, 1, 1)?;
        let utc =
            i64::from(date.days_since(epoch)) * DAY + i64::from(time) - i64::from(east) * 1000;
        let local = utc + i64::from(self.east_at(utc)?) * 1000;
        let days = i32::try_from(local.div_euclid(DAY)).ok()?;
        let (year, month, day) = epoch.plus(days).ymd();
        let time = u32::try_from(local.rem_euclid(DAY)).ok()?;
        Some((Date::new(year, month, day)?, Some(time)))
    }

    fn east_at(self, utc: i64) -> Option<i32> {
        match self {
            Self::Fixed(seconds) => Some(seconds),
            Self::Place(place) => {
                let moment = DateTime::from_timestamp_millis(utc)?.naive_utc();
                Some(
                    place
                        .offset_from_utc_datetime(&moment)
                        .fix()
                        .local_minus_utc(),
                )
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn local(zone: &str, time: u32, east: i32) -> String {
        let date = Date::new(2025, 1, 1).unwrap();
        let (date, time) = Zone::named(zone)
            .unwrap()
            .local(date, time * 3_600_000, east * 3600)
            .unwrap();
        format!("{date} {}", time.unwrap() / 3_600_000)
    }

    #[test]
    fn new_year_in_utc_is_the_old_year_in_new_york() {
        assert_eq!(local("America/New_York", 2, 0), "2024-12-31 21");
        assert_eq!(local("Europe/London", 2, 0), "2025-01-01 2");
        assert_eq!(local("-05:00", 2, 0), "2024-12-31 21");
        assert_eq!(local("UTC", 2, 3), "2024-12-31 23");
        assert_eq!(local("Europe/Berlin", 23, 0), "2025-01-02 0");
    }

    #[test]
    fn unknown_names_are_refused() {
        for name in ["", "Mars", "+99:00", "New York"] {
            assert_eq!(Zone::named(name), None, "{name}");
        }
    }
}
