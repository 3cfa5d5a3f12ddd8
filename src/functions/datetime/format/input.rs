//! `to_date`, `to_timestamp`: text read by a template into numbers per field.
//!
//! A reader walks the template and the text together. Outside FX mode it is lenient: spaces before
//! a field are skipped, a separator of the template matches any separator, any one space or
//! nothing, and other characters stand for any one character. What [`super::date`] makes of the
//! numbers is its affair.

use super::names::{DAYS, MONTHS, ROMAN_MONTHS, short};
use super::pattern::{Convention, Field, Keyword, Node, is_separator, is_space};
use crate::error::{PgError, Result, code};

/// The numbers read. 0 means absent throughout, as PostgreSQL has it.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub convention: Option<Convention>,
    pub hour: i32,
    pub afternoon: i32,
    pub twelve_hour_clock: bool,
    pub minute: i32,
    pub second: i32,
    pub second_of_day: i32,
    pub milliseconds: i32,
    pub microseconds: i32,
    /// Digits of the last `FF` field: the precision of the result.
    pub fraction_digits: Option<u8>,
    /// Sunday is 1.
    pub day_of_week: i32,
    pub day: i32,
    pub day_of_year: i32,
    pub month: i32,
    pub year: i32,
    /// Digits of the year field.
    pub year_digits: u8,
    pub before_christ: i32,
    pub century: i32,
    pub week: i32,
    pub week_of_month: i32,
    pub julian_day: i32,
    /// -1 or 1 where a zone was given.
    pub zone_sign: i32,
    pub zone_hours: i32,
    pub zone_minutes: i32,
}

/// Reads `text` by the nodes of a template. Text left over is ignored.
pub(super) fn read(nodes: &[Node], text: &str) -> Result<Parsed> {
    let mut reader = Reader::new(text, false);
    reader.read_nodes(nodes)?;
    Ok(reader.out)
}

/// Reads `text` as the SQL standard has it: with fixed widths, separators as in the template, and
/// neither template nor text left over.
pub(super) fn read_standard(nodes: &[Node], text: &str) -> Result<Parsed> {
    let mut reader = Reader::new(text, true);
    if reader.read_nodes(nodes)? < nodes.len() {
        return Err(invalid("input string is too short for datetime format".to_owned()));
    }
    if !reader.rest.trim_start_matches(is_space).is_empty() {
        let message = "trailing characters remain in input string after datetime format";
        return Err(invalid(message.to_owned()));
    }
    Ok(reader.out)
}

/// Whether what follows a number in the template cannot be taken for more digits of it.
fn ends_number(following: &[Node]) -> bool {
    match following.first() {
        None => true,
        Some(Node::Field { keyword, .. }) => !keyword.is_digits(),
        Some(Node::Literal(c) | Node::Plain(c) | Node::Separator(c) | Node::Space(c)) => {
            !c.is_ascii_digit()
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
    /// Characters of the text skipped beyond what the template asked for.
    skipped: i32,
    /// FX was seen.
    fixed: bool,
    /// Separators must be the template's.
    standard: bool,
    out: Parsed,
}

/// A field as the template has it, with what a number needs to know to find its end.
struct Reading<'k> {
    keyword: &'k Keyword,
    /// Take as many digits as there are: FM, an ordinal suffix, or no digits can follow.
    greedy: bool,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, standard: bool) -> Reader<'a> {
        let out = Parsed::default();
        Reader { text, rest: text, skipped: 0, fixed: standard, standard, out }
    }

    /// Reads nodes until the text is at its end; how many.
    fn read_nodes(&mut self, nodes: &[Node]) -> Result<usize> {
        for (i, node) in nodes.iter().enumerate() {
            if self.rest.is_empty() {
                return Ok(i);
            }
            self.read_node(node, i == 0, ends_number(&nodes[i + 1..]))?;
        }
        Ok(nodes.len())
    }

    fn read_node(&mut self, node: &Node, first: bool, ends_number: bool) -> Result<()> {
        let is_fx =
            matches!(node, Node::Field { keyword, .. } if keyword.field == Field::FixedWidth);
        let is_field = matches!(node, Node::Field { .. });
        if !self.fixed && !is_fx && (is_field || first) {
            self.skip_spaces();
        }
        match node {
            Node::Space(c) | Node::Separator(c) if self.standard => {
                if !self.rest.starts_with(*c) {
                    return Err(invalid(format!("unmatched format separator \"{c}\"")));
                }
                self.skip_char();
            }
            Node::Space(_) | Node::Separator(_) => self.match_separator(),
            Node::Literal(_) | Node::Plain(_) => self.match_literal(),
            Node::Field { keyword, fill, ordinal, .. } => {
                self.commit_to(keyword)?;
                let greedy = *fill || ordinal.is_some() || ends_number;
                self.read_field(&Reading { keyword, greedy })?;
                if ordinal.is_some() && keyword.is_digits() && !has_no_ordinal(keyword.field) {
                    self.skip_char();
                    self.skip_char();
                }
                if !self.fixed {
                    self.skipped = 0;
                    self.skip_spaces();
                }
            }
        }
        Ok(())
    }

    fn skip_char(&mut self) {
        let mut chars = self.rest.chars();
        chars.next();
        self.rest = chars.as_str();
    }

    fn skip_spaces(&mut self) {
        while self.rest.starts_with(is_space) {
            self.skip_char();
            self.skipped += 1;
        }
    }

    fn match_separator(&mut self) {
        if self.fixed {
            return self.skip_char();
        }
        self.skipped -= 1;
        if self.rest.starts_with(|c| is_space(c) || is_separator(c)) {
            self.skip_char();
            self.skipped += 1;
        }
    }

    /// Any one character, unless more than asked for was skipped already.
    fn match_literal(&mut self) {
        if !self.fixed && self.skipped > 0 {
            self.skipped -= 1;
        } else {
            self.skip_char();
        }
    }

    fn commit_to(&mut self, keyword: &Keyword) -> Result<()> {
        let Some(convention) = keyword.convention() else { return Ok(()) };
        if *self.out.convention.get_or_insert(convention) == convention {
            return Ok(());
        }
        Err(invalid("invalid combination of date conventions".to_owned())
            .hint("Do not mix Gregorian and ISO week date conventions in a formatting template."))
    }

    fn read_field(&mut self, reading: &Reading<'_>) -> Result<()> {
        let name_length = reading.keyword.name.len();
        match reading.keyword.field {
            Field::FixedWidth => self.fixed = true,
            Field::HalfDayDotted => {
                let value = self.name(reading, &["a.m.", "p.m."])?;
                self.set(reading, |p| &mut p.afternoon, value)?;
                self.out.twelve_hour_clock = true;
            }
            Field::HalfDay => {
                let value = self.name(reading, &["am", "pm"])?;
                self.set(reading, |p| &mut p.afternoon, value)?;
                self.out.twelve_hour_clock = true;
            }
            Field::EraDotted => {
                let value = self.name(reading, &["a.d.", "b.c."])?;
                self.set(reading, |p| &mut p.before_christ, value)?;
            }
            Field::Era => {
                let value = self.name(reading, &["ad", "bc"])?;
                self.set(reading, |p| &mut p.before_christ, value)?;
            }
            Field::Hour12 => {
                self.number(reading, 2, |p| &mut p.hour)?;
                self.out.twelve_hour_clock = true;
            }
            Field::Hour24 => drop(self.number(reading, 2, |p| &mut p.hour)?),
            Field::Minute => drop(self.number(reading, 2, |p| &mut p.minute)?),
            Field::Second => drop(self.number(reading, 2, |p| &mut p.second)?),
            Field::SecondOfDay => {
                self.number(reading, name_length, |p| &mut p.second_of_day)?;
            }
            Field::Milliseconds => {
                let length = self.number(reading, 3, |p| &mut p.milliseconds)?;
                let scale = scale_of(length, 3);
                self.out.milliseconds = self.out.milliseconds.wrapping_mul(scale);
            }
            Field::Microseconds => self.fraction(reading, 6)?,
            Field::Fraction(digits) => {
                self.out.fraction_digits = Some(digits);
                self.fraction(reading, usize::from(digits))?;
            }
            Field::ZoneHours | Field::ZoneMinutes => self.zone(reading)?,
            Field::ZoneName | Field::ZoneOffset => {
                let message = format!(
                    "formatting field \"{}\" is only supported in to_char",
                    reading.keyword.name
                );
                return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
            }
            Field::YearComma => self.year_with_comma(reading)?,
            Field::Year(digits) | Field::IsoYear(digits) => self.year(reading, digits)?,
            _ => self.date_field(reading, name_length)?,
        }
        Ok(())
    }

    fn date_field(&mut self, reading: &Reading<'_>, name_length: usize) -> Result<()> {
        match reading.keyword.field {
            Field::MonthName => self.month_name(reading, MONTHS),
            Field::MonthNameShort => self.month_name(reading, MONTHS.map(short)),
            Field::RomanMonth => {
                let from_december = self.name(reading, &ROMAN_MONTHS)?;
                self.set(reading, |p| &mut p.month, 12 - from_december)
            }
            Field::MonthNumber => self.number(reading, 2, |p| &mut p.month).map(drop),
            Field::DayName => self.day_name(reading, DAYS),
            Field::DayNameShort => self.day_name(reading, DAYS.map(short)),
            Field::DayOfYear | Field::IsoDayOfYear => {
                self.number(reading, 3, |p| &mut p.day_of_year).map(drop)
            }
            Field::DayOfMonth => self.number(reading, 2, |p| &mut p.day).map(drop),
            Field::DayOfWeek => self.number(reading, 1, |p| &mut p.day_of_week).map(drop),
            Field::IsoDayOfWeek => {
                self.number(reading, 1, |p| &mut p.day_of_week)?;
                // From Monday = 1 to Sunday = 1.
                let day = self.out.day_of_week.wrapping_add(1);
                self.out.day_of_week = if day > 7 { 1 } else { day };
                Ok(())
            }
            Field::Week | Field::IsoWeek => self.number(reading, 2, |p| &mut p.week).map(drop),
            Field::Century => self.number(reading, 2, |p| &mut p.century).map(drop),
            Field::WeekOfMonth => self.number(reading, 1, |p| &mut p.week_of_month).map(drop),
            Field::JulianDay => self.number(reading, name_length, |p| &mut p.julian_day).map(drop),
            // A quarter is read and ignored: it does not say which date of it.
            _ => self.integer(reading, name_length).map(drop),
        }
    }

    fn month_name(&mut self, reading: &Reading<'_>, names: [&str; 12]) -> Result<()> {
        let index = self.name(reading, &names)?;
        self.set(reading, |p| &mut p.month, index + 1)
    }

    fn day_name(&mut self, reading: &Reading<'_>, names: [&str; 7]) -> Result<()> {
        let index = self.name(reading, &names)?;
        self.set(reading, |p| &mut p.day_of_week, index)?;
        self.out.day_of_week += 1;
        Ok(())
    }

    fn fraction(&mut self, reading: &Reading<'_>, digits: usize) -> Result<()> {
        let length = self.number(reading, digits, |p| &mut p.microseconds)?;
        self.out.microseconds = self.out.microseconds.wrapping_mul(scale_of(length, 6));
        Ok(())
    }

    /// The sign of TZH may have been skipped as if it were a separator.
    fn zone(&mut self, reading: &Reading<'_>) -> Result<()> {
        if reading.keyword.field == Field::ZoneMinutes {
            if self.out.zone_sign == 0 {
                self.out.zone_sign = 1;
            }
            return self.number(reading, 2, |p| &mut p.zone_minutes).map(drop);
        }
        let consumed = &self.text[..self.text.len() - self.rest.len()];
        self.out.zone_sign = match self.rest.chars().next() {
            Some('-') => -1,
            Some('+' | ' ') => 1,
            _ if self.skipped > 0 && consumed.ends_with('-') => -1,
            _ => 1,
        };
        if self.rest.starts_with(['+', '-', ' ']) {
            self.skip_char();
        }
        self.number(reading, 2, |p| &mut p.zone_hours).map(drop)
    }

    fn year(&mut self, reading: &Reading<'_>, digits: u8) -> Result<()> {
        let length = self.number(reading, usize::from(digits), |p| &mut p.year)?;
        if digits < 4 && length < 4 {
            self.out.year = complete_year(self.out.year);
        }
        self.out.year_digits = digits;
        Ok(())
    }

    /// Millennia, a comma, and up to three digits.
    fn year_with_comma(&mut self, reading: &Reading<'_>) -> Result<()> {
        let bad = || invalid("invalid input string for \"Y,YYY\"".to_owned());
        let (millennia, length) = leading_integer(self.rest);
        let after = self.rest[length..].strip_prefix(',').filter(|_| length > 0).ok_or_else(bad)?;
        let cut = after.char_indices().nth(3).map_or(after.len(), |(at, _)| at);
        let (years, length) = leading_integer(&after[..cut]);
        if length == 0 {
            return Err(bad());
        }
        self.rest = &after[length..];
        let year = millennia.checked_mul(1000).and_then(|m| m.checked_add(years));
        let year = year.and_then(|year| i32::try_from(year).ok()).ok_or_else(bad)?;
        self.set(reading, |p| &mut p.year, year)?;
        self.out.year_digits = 4;
        Ok(())
    }

    /// The index of the name that the text begins with, in any case.
    fn name(&mut self, reading: &Reading<'_>, names: &[&str]) -> Result<i32> {
        let begins = |name: &&str| {
            let head = self.rest.as_bytes().get(..name.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(name.as_bytes()))
        };
        let Some(index) = names.iter().position(begins) else {
            let word = self.rest.split([' ', '\t', '\n', '\r', '\x0c']).next().unwrap_or("");
            return Err(invalid_value(word, reading.keyword).detail(
                "The given value did not match any of the allowed values for this field.",
            ));
        };
        self.rest = &self.rest[names[index].len()..];
        Ok(index as i32)
    }

    /// Reads a number into a field; the bytes taken, leading spaces included.
    fn number(
        &mut self,
        reading: &Reading<'_>,
        width: usize,
        field: fn(&mut Parsed) -> &mut i32,
    ) -> Result<usize> {
        let (value, length) = self.integer(reading, width)?;
        self.set(reading, field, value)?;
        Ok(length)
    }

    fn integer(&mut self, reading: &Reading<'_>, width: usize) -> Result<(i32, usize)> {
        let start = self.rest;
        let trimmed = start.trim_start_matches(is_space);
        let cut = floor_boundary(trimmed, width);
        let (value, taken) = if reading.greedy {
            leading_integer(start)
        } else {
            let (value, taken) = leading_integer(cut);
            self.check_width(reading.keyword, trimmed, cut, taken, width)?;
            (value, start.len() - trimmed.len() + taken)
        };
        if taken == 0 {
            return Err(invalid_value(cut, reading.keyword).detail("Value must be an integer."));
        }
        self.rest = &start[taken..];
        let value = i32::try_from(value).map_err(|_| out_of_range(reading.keyword))?;
        Ok((value, taken))
    }

    /// A number that must end by width has exactly that width.
    fn check_width(
        &self,
        keyword: &Keyword,
        trimmed: &str,
        cut: &str,
        taken: usize,
        width: usize,
    ) -> Result<()> {
        const HINT: &str =
            "If your source string is not fixed-width, try using the \"FM\" modifier.";
        if trimmed.len() < width {
            let message =
                format!("source string too short for \"{}\" formatting field", keyword.name);
            let detail =
                format!("Field requires {width} characters, but only {} remain.", trimmed.len());
            return Err(invalid(message).detail(detail).hint(HINT));
        }
        if taken > 0 && taken < width {
            let detail =
                format!("Field requires {width} characters, but only {taken} could be parsed.");
            return Err(invalid_value(cut, keyword).detail(detail).hint(HINT));
        }
        Ok(())
    }

    /// Sets a field, which may be given twice only with the same value.
    fn set(
        &mut self,
        reading: &Reading<'_>,
        field: fn(&mut Parsed) -> &mut i32,
        value: i32,
    ) -> Result<()> {
        let slot = field(&mut self.out);
        if *slot != 0 && *slot != value {
            let message = format!(
                "conflicting values for \"{}\" field in formatting string",
                reading.keyword.name
            );
            return Err(invalid(message)
                .detail("This value contradicts a previous setting for the same field type."));
        }
        *slot = value;
        Ok(())
    }
}

/// Numeric fields after which TH is not skipped.
fn has_no_ordinal(field: Field) -> bool {
    field == Field::ZoneMinutes
}

/// What makes digits of so many places a fraction of `places` digits: 25 ms is 250 of them.
fn scale_of(length: usize, places: u32) -> i32 {
    match u32::try_from(length) {
        Ok(length) if (1..places).contains(&length) => 10_i32.pow(places - length),
        _ => 1,
    }
}

/// Years of fewer than four digits are the nearest to 2020.
fn complete_year(year: i32) -> i32 {
    match year {
        ..70 => year.saturating_add(2000),
        70..100 => year + 1900,
        100..520 => year + 2000,
        520..1000 => year + 1000,
        _ => year,
    }
}

/// The first `width` bytes, fewer where that would split a character.
fn floor_boundary(text: &str, width: usize) -> &str {
    let mut end = width.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// C's `strtol`: value (saturating) and bytes taken, 0 where there is no number.
fn leading_integer(text: &str) -> (i64, usize) {
    let trimmed = text.trim_start_matches(is_space);
    let unsigned = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return (0, 0);
    }
    let negative = trimmed.starts_with('-');
    let magnitude = unsigned.bytes().take(digits).fold(0_i64, |value, digit| {
        value.saturating_mul(10).saturating_add(i64::from(digit - b'0'))
    });
    let taken = text.len() - unsigned.len() + digits;
    (if negative { -magnitude } else { magnitude }, taken)
}

fn invalid(message: String) -> PgError {
    PgError::new(code::INVALID_DATETIME_FORMAT, message)
}

fn invalid_value(text: &str, keyword: &Keyword) -> PgError {
    invalid(format!("invalid value \"{text}\" for \"{}\"", keyword.name))
}

fn out_of_range(keyword: &Keyword) -> PgError {
    let message = format!("value for \"{}\" in source string is out of range", keyword.name);
    PgError::new(code::DATETIME_FIELD_OVERFLOW, message).detail(format!(
        "Value must be in the range {} to {}.",
        i32::MIN,
        i32::MAX
    ))
}
