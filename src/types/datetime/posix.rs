//! POSIX zone specifications: `STDoffset[DST[offset][,rule]]`, offsets counted *west* of Greenwich.

use super::calendar::{
    POSTGRES_EPOCH_JDATE, date_to_julian, day_of_week, days_in_month, is_leap, julian_to_date,
};
use super::zone::ZoneOffset;
use super::{DAY, SECOND};

/// A zone by specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posix {
    name: String,
    standard: Period,
    /// Daylight-saving time with the rules of its start and end.
    daylight: Option<(Period, Rule, Rule)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Period {
    abbreviation: String,
    seconds_east: i32,
}

/// A day of each year, and the local time of the change in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rule {
    day: RuleDay,
    time: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RuleDay {
    /// `Jn`: day 1..=365, February 29 is never counted.
    WithoutLeap(i32),
    /// `n`: day 0..=365.
    WithLeap(i32),
    /// `Mm.w.d`: weekday `d` of week `w` (5: the last) of month `m`.
    Weekday { month: i32, week: i32, weekday: i32 },
}

/// Largest offset or time of a change, in hours.
const HOURS_MAX: i32 = 167;

/// The United States' rules since 2007, which a specification without rules follows.
const DEFAULT_RULES: (Rule, Rule) = (
    Rule { day: RuleDay::Weekday { month: 3, week: 2, weekday: 0 }, time: 7200 },
    Rule { day: RuleDay::Weekday { month: 11, week: 1, weekday: 0 }, time: 7200 },
);

impl Posix {
    pub fn fixed(seconds_east: i32) -> Posix {
        let east = clock(seconds_east);
        let west = clock(seconds_east.abs());
        let sign = if seconds_east < 0 { '+' } else { '-' };
        let name = format!("<{east}>{sign}{}", &west[1..]);
        Posix { name, standard: Period { abbreviation: east, seconds_east }, daylight: None }
    }

    /// Reads a specification; letters become capital, as in the name that SHOW shows.
    pub fn parse(text: &str) -> Option<Posix> {
        let name = text.to_ascii_uppercase();
        let mut rest = name.as_str();
        // AT TIME ZONE '+03' has no abbreviation, and counts west as all POSIX offsets do.
        let is_bare = rest.starts_with(|c: char| c == '+' || c == '-' || c.is_ascii_digit());
        let abbreviation = if is_bare { String::new() } else { take_abbreviation(&mut rest)? };
        let standard = Period { abbreviation, seconds_east: -take_clock(&mut rest)? };
        let daylight = match rest {
            "" => None,
            _ => Some(take_daylight(&mut rest, standard.seconds_east)?),
        };
        if !rest.is_empty() {
            return None;
        }
        Some(Posix { name, standard, daylight })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn fixed_offset(&self) -> Option<i32> {
        self.daylight.is_none().then_some(self.standard.seconds_east)
    }

    pub fn offset_at(&self, timestamptz: i64) -> ZoneOffset {
        let (period, is_dst) = match &self.daylight {
            Some((period, start, end)) if self.is_daylight(timestamptz, period, *start, *end) => {
                (period, true)
            }
            _ => (&self.standard, false),
        };
        ZoneOffset {
            seconds_east: period.seconds_east,
            is_dst,
            abbreviation: period.abbreviation.clone(),
        }
    }

    fn is_daylight(&self, timestamptz: i64, daylight: &Period, start: Rule, end: Rule) -> bool {
        let utc = timestamptz.div_euclid(SECOND);
        let standard_day = (utc + i64::from(self.standard.seconds_east)).div_euclid(DAY / SECOND);
        let (year, _, _) = julian_to_date(
            standard_day.clamp(-3_000_000, 120_000_000) as i32 + POSTGRES_EPOCH_JDATE,
        );
        // Each change is announced in the local time that it ends.
        let start = start.seconds_in(year) - i64::from(self.standard.seconds_east);
        let end = end.seconds_in(year) - i64::from(daylight.seconds_east);
        match start <= end {
            true => (start..end).contains(&utc),
            false => !(end..start).contains(&utc),
        }
    }
}

impl Rule {
    /// Seconds since 2000-01-01, local time.
    fn seconds_in(self, year: i32) -> i64 {
        let new_year = date_to_julian(year, 1, 1);
        let julian = match self.day {
            RuleDay::WithoutLeap(day) => new_year + day - 1 + i32::from(is_leap(year) && day >= 60),
            RuleDay::WithLeap(day) => new_year + day,
            RuleDay::Weekday { month, week, weekday } => {
                let first = date_to_julian(year, month, 1);
                let mut day = (weekday - day_of_week(first)).rem_euclid(7) + (week - 1) * 7;
                if day >= days_in_month(year, month) {
                    day -= 7;
                }
                first + day
            }
        };
        i64::from(julian - POSTGRES_EPOCH_JDATE) * (DAY / SECOND) + i64::from(self.time)
    }
}

/// `+03`, `-05:30`.
fn clock(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let (minutes, seconds) = (seconds.abs() / 60, seconds.abs() % 60);
    let mut text = format!("{sign}{:02}", minutes / 60);
    if minutes % 60 != 0 || seconds != 0 {
        text += &format!(":{:02}", minutes % 60);
    }
    if seconds != 0 {
        text += &format!(":{seconds:02}");
    }
    text
}

/// Anything in angle brackets, or all up to a digit, sign or comma: PostgreSQL does not insist on
/// POSIX's three letters.
fn take_abbreviation(rest: &mut &str) -> Option<String> {
    if let Some(quoted) = rest.strip_prefix('<') {
        let (name, after) = quoted.split_once('>')?;
        *rest = after;
        return Some(name.to_owned());
    }
    let ends = |c: char| c.is_ascii_digit() || matches!(c, ',' | '-' | '+');
    let (name, after) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
    *rest = after;
    (!name.is_empty()).then(|| name.to_owned())
}

/// `[+-]h[h][:mm[:ss]]` in seconds.
fn take_clock(rest: &mut &str) -> Option<i32> {
    let negative = rest.starts_with('-');
    *rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let mut seconds = take_number(rest).filter(|h| *h <= HOURS_MAX)? * 3600;
    for unit in [60, 1] {
        let Some(after) = rest.strip_prefix(':') else { break };
        *rest = after;
        seconds += take_number(rest).filter(|n| *n < 60)? * unit;
    }
    Some(if negative { -seconds } else { seconds })
}

fn take_number(rest: &mut &str) -> Option<i32> {
    let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(length);
    *rest = after;
    digits.parse::<i32>().ok().filter(|n| *n <= 999)
}

fn take_daylight(rest: &mut &str, standard_east: i32) -> Option<(Period, Rule, Rule)> {
    let abbreviation = take_abbreviation(rest)?;
    let seconds_east = match rest.as_bytes() {
        [] | [b',', ..] => standard_east + 3600,
        _ => -take_clock(rest)?,
    };
    let period = Period { abbreviation, seconds_east };
    if rest.is_empty() {
        return Some((period, DEFAULT_RULES.0, DEFAULT_RULES.1));
    }
    let start = take_rule(rest)?;
    let end = take_rule(rest)?;
    Some((period, start, end))
}

fn take_rule(rest: &mut &str) -> Option<Rule> {
    *rest = rest.strip_prefix(',')?;
    let day = match rest.as_bytes().first()? {
        b'J' => {
            *rest = &rest[1..];
            RuleDay::WithoutLeap(take_number(rest).filter(|n| (1..=365).contains(n))?)
        }
        b'M' => {
            *rest = &rest[1..];
            let month = take_number(rest).filter(|n| (1..=12).contains(n))?;
            *rest = rest.strip_prefix('.')?;
            let week = take_number(rest).filter(|n| (1..=5).contains(n))?;
            *rest = rest.strip_prefix('.')?;
            let weekday = take_number(rest).filter(|n| (0..=6).contains(n))?;
            RuleDay::Weekday { month, week, weekday }
        }
        _ => RuleDay::WithLeap(take_number(rest).filter(|n| *n <= 365)?),
    };
    let time = match rest.strip_prefix('/') {
        Some(after) => {
            *rest = after;
            take_clock(rest)?
        }
        None => 7200,
    };
    Some(Rule { day, time })
}
