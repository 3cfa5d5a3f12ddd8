//! Julian day numbers and calendar dates (proleptic Gregorian; year 0 is 1 BC).
//!
//! Days are counted from 4714-11-24 BC, Julian day 0. The arithmetic counts years from March, so
//! that the leap day is a year's last.

/// Julian day of 2000-01-01, day 0 of `date`.
pub const POSTGRES_EPOCH_JDATE: i32 = 2_451_545;
/// Julian day of 1970-01-01.
pub const UNIX_EPOCH_JDATE: i32 = 2_440_588;

/// Days in 400 years.
const ERA_DAYS: i64 = 146_097;
/// Julian day of 0000-03-01.
const MARCH_OF_YEAR_0: i64 = 1_721_120;

/// The Julian day of a date; `month` 1..=12, any `day`.
pub fn date_to_julian(year: i32, month: i32, day: i32) -> i32 {
    let months_since_march = i64::from((month + 9) % 12);
    let year = i64::from(year) - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * months_since_march + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let julian = era * ERA_DAYS + day_of_era + MARCH_OF_YEAR_0;
    julian.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

/// Year (astronomical: 0 is 1 BC), month, day of a Julian day.
pub fn julian_to_date(julian: i32) -> (i32, i32, i32) {
    let days = i64::from(julian) - MARCH_OF_YEAR_0;
    let (era, day_of_era) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let months_since_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * months_since_march + 2) / 5 + 1;
    let month = (months_since_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year as i32, month as i32, day as i32)
}

pub fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days in a month (1..=12).
pub fn days_in_month(year: i32, month: i32) -> i32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// 0 is Sunday.
pub fn day_of_week(julian: i32) -> i32 {
    (i64::from(julian) + 1).rem_euclid(7) as i32
}

/// ISO 8601 week number and its year.
pub fn iso_week(year: i32, month: i32, day: i32) -> (i32, i32) {
    let julian = date_to_julian(year, month, day);
    // The year of a week is the year of its Thursday.
    let thursday = julian - (day_of_week(julian) + 6) % 7 + 3;
    let (iso_year, _, _) = julian_to_date(thursday);
    ((thursday - date_to_julian(iso_year, 1, 1)) / 7 + 1, iso_year)
}

/// Julian day of the Monday of an ISO week.
pub fn iso_week_to_julian(iso_year: i32, week: i32) -> i32 {
    let fourth = date_to_julian(iso_year, 1, 4);
    let first_monday = fourth - (day_of_week(fourth) + 6) % 7;
    first_monday.saturating_add(week.saturating_sub(1).saturating_mul(7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn julian_days_round_trip() {
        assert_eq!(date_to_julian(2000, 1, 1), POSTGRES_EPOCH_JDATE);
        assert_eq!(date_to_julian(1970, 1, 1), UNIX_EPOCH_JDATE);
        assert_eq!(date_to_julian(-4713, 11, 24), 0);
        for julian in (0..110_000_000).step_by(9_973) {
            let (y, m, d) = julian_to_date(julian);
            assert_eq!(date_to_julian(y, m, d), julian);
        }
    }

    #[test]
    fn weeks_of_iso_8601() {
        assert_eq!(iso_week(2006, 1, 1), (52, 2005));
        assert_eq!(iso_week(2008, 12, 31), (1, 2009));
        assert_eq!(julian_to_date(iso_week_to_julian(2009, 1)), (2008, 12, 29));
        assert_eq!(day_of_week(POSTGRES_EPOCH_JDATE), 6);
    }
}
