//! The words of dates and intervals.

/// What a word in a date or time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Noise: `at`, `on`.
    Ignore,
    Special(Special),
    Month(i32),
    /// A day of the week, which is not checked.
    Weekday,
    /// True: `pm`.
    Meridiem(bool),
    /// True: `bc`.
    Era(bool),
    Unit(Unit),
    /// `t`: a time follows.
    IsoTime,
    /// `dst`: one hour more than the zone before it.
    DaylightModifier,
    /// `ago` negates an interval.
    Ago,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    Now,
    Today,
    Tomorrow,
    Yesterday,
    /// `allballs`: 00:00 UTC.
    Zulu,
    Epoch,
    Infinity,
    NegInfinity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
    Decade,
    Century,
    Millennium,
    Julian,
    /// Known to `extract`, not usable as a number's unit.
    Other,
}

/// Words are told apart by this many characters.
const SIGNIFICANT: usize = 10;

fn significant(word: &str) -> &str {
    &word[..word.floor_char_boundary(SIGNIFICANT)]
}

/// A word of a date or time, in lower case.
pub fn date_word(word: &str) -> Option<Word> {
    use Special::*;
    use Unit::*;
    Some(match significant(word) {
        "-infinity" => Word::Special(NegInfinity),
        "infinity" => Word::Special(Infinity),
        "epoch" => Word::Special(Epoch),
        "now" => Word::Special(Now),
        "today" => Word::Special(Today),
        "tomorrow" => Word::Special(Tomorrow),
        "yesterday" => Word::Special(Yesterday),
        "allballs" => Word::Special(Zulu),
        "ad" => Word::Era(false),
        "bc" => Word::Era(true),
        "am" => Word::Meridiem(false),
        "pm" => Word::Meridiem(true),
        "at" | "on" => Word::Ignore,
        "dst" => Word::DaylightModifier,
        "t" => Word::IsoTime,
        "jan" | "january" => Word::Month(1),
        "feb" | "february" => Word::Month(2),
        "mar" | "march" => Word::Month(3),
        "apr" | "april" => Word::Month(4),
        "may" => Word::Month(5),
        "jun" | "june" => Word::Month(6),
        "jul" | "july" => Word::Month(7),
        "aug" | "august" => Word::Month(8),
        "sep" | "sept" | "september" => Word::Month(9),
        "oct" | "october" => Word::Month(10),
        "nov" | "november" => Word::Month(11),
        "dec" | "december" => Word::Month(12),
        "sun" | "sunday" | "mon" | "monday" | "tue" | "tues" | "tuesday" | "wed" | "weds"
        | "wednesday" | "thu" | "thur" | "thurs" | "thursday" | "fri" | "friday" | "sat"
        | "saturday" => Word::Weekday,
        "d" => Word::Unit(Day),
        "h" => Word::Unit(Hour),
        "j" | "jd" | "julian" => Word::Unit(Julian),
        "m" => Word::Unit(Month),
        "mm" => Word::Unit(Minute),
        "s" => Word::Unit(Second),
        "y" => Word::Unit(Year),
        "dow" | "doy" | "isodow" | "isoyear" => Word::Unit(Other),
        _ => return None,
    })
}

/// A word of an interval, in lower case.
pub fn interval_word(word: &str) -> Option<Word> {
    use Unit::*;
    Some(match significant(word) {
        "ago" => Word::Ago,
        "us" | "usec" | "usecond" | "useconds" | "usecs" | "microsecon" => Word::Unit(Microsecond),
        "ms" | "msec" | "msecond" | "mseconds" | "msecs" | "millisecon" => Word::Unit(Millisecond),
        "s" | "sec" | "second" | "seconds" | "secs" => Word::Unit(Second),
        "m" | "min" | "mins" | "minute" | "minutes" => Word::Unit(Minute),
        "h" | "hour" | "hours" | "hr" | "hrs" => Word::Unit(Hour),
        "d" | "day" | "days" => Word::Unit(Day),
        "w" | "week" | "weeks" => Word::Unit(Week),
        "mon" | "mons" | "month" | "months" => Word::Unit(Month),
        "y" | "year" | "years" | "yr" | "yrs" => Word::Unit(Year),
        "dec" | "decs" | "decade" | "decades" => Word::Unit(Decade),
        "c" | "cent" | "century" | "centuries" => Word::Unit(Century),
        "mil" | "mils" | "millennia" | "millennium" => Word::Unit(Millennium),
        "qtr" | "quarter" | "timezone" | "timezone_h" | "timezone_m" => Word::Unit(Other),
        _ => return None,
    })
}
