//! Time zones: regions of the IANA database, fixed offsets and POSIX specifications.
//!
//! A zone answers one question, its offset at an instant; local times are resolved from that
//! ([`TimeZone::offset_at_local`]). The region data ends in 2099 and the calendar library before
//! PostgreSQL's year 294276, so later instants are looked up in a year of the last 28 that starts on
//! the same weekday and is as long: rules that hold for ever repeat with it.

use super::abbreviations::{self, Meaning};
use super::calendar::{
    POSTGRES_EPOCH_JDATE, UNIX_EPOCH_JDATE, date_to_julian, day_of_week, is_leap,
};
use super::posix::Posix;
use super::{DAY, SECOND};
use chrono::{DateTime, Offset};
use chrono_tz::{OffsetComponents, OffsetName, TZ_VARIANTS, Tz};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

/// What a zone is at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneOffset {
    /// Seconds east of Greenwich.
    pub seconds_east: i32,
    pub is_dst: bool,
    pub abbreviation: String,
}

/// A time zone; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZone(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Region(Tz),
    Posix(Arc<Posix>),
    /// An abbreviation whose offset depends on the time in a region, such as MSK.
    Abbreviation(&'static str, Tz),
}

const EPOCH_DIFFERENCE_DAYS: i64 = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) as i64;
/// From here on (2100-01-01 UTC) offsets repeat those of the years before.
const REPEAT_FROM: i64 = 36_525 * DAY;

static REGIONS: LazyLock<HashMap<String, Tz>> =
    LazyLock::new(|| TZ_VARIANTS.iter().map(|tz| (tz.name().to_ascii_lowercase(), *tz)).collect());

impl TimeZone {
    pub fn utc() -> TimeZone {
        TimeZone(Kind::Region(Tz::UTC))
    }

    /// A full zone name in any case, or a POSIX specification (`EST5EDT`, `<+03>-03`, `UTC+3`);
    /// not abbreviations.
    pub fn parse(name: &str) -> Option<TimeZone> {
        if let Some(region) = REGIONS.get(&name.to_ascii_lowercase()) {
            return Some(TimeZone(Kind::Region(*region)));
        }
        Posix::parse(name).map(|posix| TimeZone(Kind::Posix(Arc::new(posix))))
    }

    /// A fixed offset, as `SET TIME ZONE INTERVAL '+03:00'` makes it: named `<+03>-03`.
    pub fn fixed(seconds_east: i32) -> TimeZone {
        TimeZone(Kind::Posix(Arc::new(Posix::fixed(seconds_east))))
    }

    /// What `AT TIME ZONE` and zone fields accept: an abbreviation (of `timezone_abbreviations`),
    /// then a zone name, then a POSIX specification.
    pub fn parse_or_abbreviation(name: &str) -> Option<TimeZone> {
        match abbreviations::lookup(name) {
            Some(Meaning::Offset(seconds) | Meaning::Daylight(seconds)) => {
                Some(TimeZone::fixed(seconds))
            }
            Some(Meaning::InZone(region)) => TimeZone::abbreviation_in(name, region),
            None => TimeZone::parse(name),
        }
    }

    /// An abbreviation that means what it last meant in a region.
    pub(super) fn abbreviation_in(abbreviation: &str, region: &str) -> Option<TimeZone> {
        let known = abbreviations::ABBREVIATIONS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(abbreviation))?
            .0;
        Some(TimeZone(Kind::Abbreviation(known, *REGIONS.get(&region.to_ascii_lowercase())?)))
    }

    /// The canonical name.
    pub fn name(&self) -> &str {
        match &self.0 {
            Kind::Region(tz) => tz.name(),
            Kind::Posix(posix) => posix.name(),
            Kind::Abbreviation(name, _) => name,
        }
    }

    /// The zone's offset at a `timestamptz`.
    pub fn offset_at(&self, timestamptz: i64) -> ZoneOffset {
        match &self.0 {
            Kind::Region(tz) => region_offset(*tz, timestamptz),
            Kind::Posix(posix) => posix.offset_at(timestamptz),
            Kind::Abbreviation(name, tz) => abbreviation_offset(name, *tz, timestamptz),
        }
    }

    /// Seconds east of Greenwich at a `timestamptz`.
    pub fn seconds_east_at(&self, timestamptz: i64) -> i32 {
        match &self.0 {
            Kind::Region(Tz::UTC) => 0,
            Kind::Region(tz) => region_seconds(*tz, timestamptz),
            _ => self.offset_at(timestamptz).seconds_east,
        }
    }

    /// Seconds east of Greenwich for a local time. A time that a change of offset skips counts as
    /// before the change, one that it repeats as after it.
    pub fn offset_at_local(&self, timestamp: i64) -> i32 {
        // No zone is a day off Greenwich, and changes are more than two days apart.
        let before = self.seconds_east_at(timestamp.saturating_sub(DAY));
        let after = self.seconds_east_at(timestamp.saturating_add(DAY));
        if before == after {
            return before;
        }
        let holds = |seconds: i32| {
            self.seconds_east_at(timestamp.saturating_sub(i64::from(seconds) * SECOND)) == seconds
        };
        if holds(after) { after } else { before }
    }

    /// Whether the offset never changes: such a zone needs no date.
    pub(super) fn fixed_offset(&self) -> Option<i32> {
        match &self.0 {
            Kind::Region(Tz::UTC) => Some(0),
            // Zones named for an offset are the only regions that never had another one.
            Kind::Region(tz) if tz.name().starts_with("Etc/") || !tz.name().contains('/') => {
                let probe = |years: i64| region_seconds(*tz, years * 365 * DAY + 180 * DAY);
                let first = probe(-150);
                (-299..100)
                    .all(|half| region_seconds(*tz, half * 182 * DAY) == first)
                    .then_some(first)
            }
            Kind::Posix(posix) => posix.fixed_offset(),
            _ => None,
        }
    }

    /// Whether it is an abbreviation that means what it last meant in a region.
    pub(super) fn is_abbreviation(&self) -> bool {
        matches!(self.0, Kind::Abbreviation(..))
    }

    /// All zone names, for `pg_timezone_names`.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TZ_VARIANTS.iter().map(|tz| tz.name())
    }
}

/// An instant of the region data's span with the same offset: see the module's text.
fn within_data(timestamptz: i64) -> i64 {
    if timestamptz < REPEAT_FROM {
        return timestamptz;
    }
    let julian = (timestamptz / DAY) as i32 + POSTGRES_EPOCH_JDATE;
    let (year, _, _) = super::calendar::julian_to_date(julian);
    let start = date_to_julian(year, 1, 1);
    let alike = (2072..2100)
        .find(|y| {
            is_leap(*y) == is_leap(year)
                && day_of_week(date_to_julian(*y, 1, 1)) == day_of_week(start)
        })
        .expect("28 years have every kind of year");
    timestamptz - i64::from(start - date_to_julian(alike, 1, 1)) * DAY
}

fn with_region<T>(
    tz: Tz,
    timestamptz: i64,
    read: impl Fn(&<Tz as chrono::TimeZone>::Offset) -> T,
) -> T {
    let instant = within_data(timestamptz).max(-2_000_000 * DAY);
    let seconds = instant.div_euclid(SECOND) + EPOCH_DIFFERENCE_DAYS * 86_400;
    let utc = DateTime::from_timestamp(seconds, 0).unwrap_or_default().naive_utc();
    read(&chrono::TimeZone::offset_from_utc_datetime(&tz, &utc))
}

fn region_seconds(tz: Tz, timestamptz: i64) -> i32 {
    with_region(tz, timestamptz, |offset| offset.fix().local_minus_utc())
}

fn region_offset(tz: Tz, timestamptz: i64) -> ZoneOffset {
    with_region(tz, timestamptz, |offset| {
        let seconds_east = offset.fix().local_minus_utc();
        ZoneOffset {
            seconds_east,
            is_dst: !offset.dst_offset().is_zero(),
            abbreviation: match offset.abbreviation() {
                Some(name) => name.to_owned(),
                None => numeric_abbreviation(seconds_east),
            },
        }
    })
}

/// What zones without letters are called: `+11`, `+1030`.
fn numeric_abbreviation(seconds_east: i32) -> String {
    let sign = if seconds_east < 0 { '-' } else { '+' };
    let (minutes, seconds) = (seconds_east.abs() / 60, seconds_east.abs() % 60);
    let mut name = format!("{sign}{:02}", minutes / 60);
    if minutes % 60 != 0 || seconds != 0 {
        name += &format!("{:02}", minutes % 60);
    }
    if seconds != 0 {
        name += &format!("{seconds:02}");
    }
    name
}

/// The offset that the region last gave this abbreviation; the region's own where it did not within
/// twenty years.
fn abbreviation_offset(name: &str, tz: Tz, timestamptz: i64) -> ZoneOffset {
    (0..40)
        .map(|half_years| region_offset(tz, timestamptz.saturating_sub(half_years * 182 * DAY)))
        .find(|offset| offset.abbreviation.eq_ignore_ascii_case(name))
        .unwrap_or_else(|| region_offset(tz, timestamptz))
}

#[cfg(test)]
mod tests {
    use super::super::{HOUR, timestamp};
    use super::*;

    fn at(year: i32, month: i32, day: i32, hour: i32) -> i64 {
        let civil = timestamp::Civil { year, month, day, hour, ..Default::default() };
        timestamp::from_civil(&civil).unwrap()
    }

    #[test]
    fn regions_follow_their_rules_at_any_time() {
        let new_york = TimeZone::parse("america/new_york").unwrap();
        assert_eq!(new_york.name(), "America/New_York");
        for (year, month, seconds, abbreviation) in [
            (1800, 1, -17762, "LMT"),
            (2024, 1, -18000, "EST"),
            (2024, 7, -14400, "EDT"),
            (2500, 7, -14400, "EDT"),
            (294276, 1, -18000, "EST"),
        ] {
            let found = new_york.offset_at(at(year, month, 15, 12));
            assert_eq!((found.seconds_east, found.abbreviation.as_str()), (seconds, abbreviation));
        }
    }

    #[test]
    fn gaps_are_before_and_overlaps_after_the_change() {
        let zone = TimeZone::parse("America/New_York").unwrap();
        assert_eq!(zone.offset_at_local(at(2024, 3, 10, 2)), -18000);
        assert_eq!(zone.offset_at_local(at(2024, 11, 3, 1)), -18000);
        assert_eq!(zone.offset_at_local(at(2024, 11, 3, 0)), -14400);
        assert_eq!(zone.offset_at_local(at(2024, 3, 10, 3)), -14400);
    }

    #[test]
    fn posix_specifications_count_west() {
        let zone = TimeZone::parse("<+03>-03").unwrap();
        assert_eq!(zone.offset_at(0).seconds_east, 3 * 3600);
        assert_eq!(zone.offset_at(0).abbreviation, "+03");
        assert_eq!(TimeZone::fixed(-19800).name(), "<-05:30>+05:30");
        let dst = TimeZone::parse("FOO5BAR").unwrap();
        assert_eq!(dst.offset_at(at(2024, 7, 1, 0)).seconds_east, -4 * 3600);
        assert_eq!(dst.offset_at(at(2024, 1, 1, 0)).seconds_east, -5 * 3600);
        assert!(TimeZone::parse("nowhere").is_none());
        assert_eq!(HOUR / SECOND, 3600);
    }
}
