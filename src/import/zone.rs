//! The taxpayer's time zone: turns a moment written with an offset into the taxpayer's own day.

use chrono::{DateTime, MappedLocalTime, Offset as _, TimeZone};
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

    /// The taxpayer's day and time for a day and time written with an offset of `east` seconds. An hour that the clock
    /// shows twice is told at half its pace, so that what happened later has the later time.
    pub fn local(self, date: Date, time: u32, east: i32) -> Option<Local> {
        if self == Self::Fixed(east) {
            return Some((date, Some(time)));
        }
        let epoch = Date::new(1970, 1, 1)?;
        let utc =
            i64::from(date.days_since(epoch)) * DAY + i64::from(time) - i64::from(east) * 1000;
        let local = utc + i64::from(self.east_at(utc)?) * 1000;
        let day_number = local.div_euclid(DAY);
        let days = i32::try_from(day_number).ok()?;
        let (year, month, day) = epoch.plus(days).ymd();
        let midnight = day_number * DAY;
        let told = self.in_order(utc, local).unwrap_or(local);
        let time = u32::try_from((told - midnight).clamp(0, DAY - 1)).ok()?;
        Some((Date::new(year, month, day)?, Some(time)))
    }

    /// The time for a moment that the clock shows twice, when daylight saving ends; `None` for others.
    fn in_order(self, utc: i64, local: i64) -> Option<i64> {
        let Self::Place(place) = self else {
            return None;
        };
        let shown = DateTime::from_timestamp_millis(local)?.naive_utc();
        let MappedLocalTime::Ambiguous(early, late) = place.offset_from_local_datetime(&shown)
        else {
            return None;
        };
        let east = |offset: <Tz as TimeZone>::Offset| i64::from(offset.fix().local_minus_utc());
        let (early, late) = (east(early) * 1000, east(late) * 1000);
        // The moment at which the clock was put back lies between the two that it shows alike.
        let (mut before, mut after) = (local - early, local - late);
        while after - before > 1 {
            let middle = before + (after - before) / 2;
            if i64::from(self.east_at(middle)?) * 1000 == early {
                before = middle;
            } else {
                after = middle;
            }
        }
        // Both passes together take the place of the one.
        let first_shown = after + late;
        let since = utc - (first_shown - early);
        Some(first_shown + since / 2)
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

    /// New York's clock shows 1:00 to 2:00 twice on 3 November 2024: 5:30 and 6:10 UTC are 1:30 and then 1:10.
    #[test]
    fn an_hour_shown_twice_keeps_its_order() {
        let date = Date::new(2024, 11, 3).unwrap();
        let zone = Zone::named("America/New_York").unwrap();
        let minutes = |hour: u32, minute: u32| {
            let (day, time) = zone.local(date, (hour * 60 + minute) * 60_000, 0).unwrap();
            assert_eq!(day, date);
            time.unwrap() / 60_000
        };
        assert_eq!(minutes(4, 59), 59);
        assert_eq!(minutes(5, 0), 60);
        assert_eq!(minutes(5, 30), 75);
        assert_eq!(minutes(6, 10), 95);
        assert_eq!(minutes(6, 20), 100);
        assert_eq!(minutes(7, 0), 120);
    }

    #[test]
    fn unknown_names_are_refused() {
        for name in ["", "Mars", "+99:00", "New York"] {
            assert_eq!(Zone::named(name), None, "{name}");
        }
    }
}
