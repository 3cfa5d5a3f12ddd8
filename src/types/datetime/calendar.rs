//! Julian day numbers and calendar dates (proleptic Gregorian; year 0 is 1 BC).

/// Julian day of 2000-01-01, day 0 of `date`.
pub const POSTGRES_EPOCH_JDATE: i32 = 2_451_545;
/// Julian day of 1970-01-01.
pub const UNIX_EPOCH_JDATE: i32 = 2_440_588;

/// The Julian day of a date; `month` 1..=12, any `day`.
pub fn date_to_julian(_year: i32, _month: i32, _day: i32) -> i32 {
    todo!()
}

/// Year (astronomical: 0 is 1 BC), month, day of a Julian day.
pub fn julian_to_date(_julian: i32) -> (i32, i32, i32) {
    todo!()
}

pub fn is_leap(_year: i32) -> bool {
    todo!()
}

/// Days in a month (1..=12).
pub fn days_in_month(_year: i32, _month: i32) -> i32 {
    todo!()
}

/// 0 is Sunday.
pub fn day_of_week(_julian: i32) -> i32 {
    todo!()
}

/// ISO 8601 week number and its year.
pub fn iso_week(_year: i32, _month: i32, _day: i32) -> (i32, i32) {
    todo!()
}

/// Julian day of the Monday of an ISO week.
pub fn iso_week_to_julian(_iso_year: i32, _week: i32) -> i32 {
    todo!()
}
