//! Template text → nodes.
//!
//! `FMDD "of" Month` is a field `DD` with FM, the literal characters ` of ` and a field `Month`.
//! Fields are recognised case by case as the manual lists them: `Month`, `MONTH` and `month` are
//! three fields, `mONTH` is text. Where several keywords fit, the longest wins.

/// What a field of a template stands for, whatever its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// `A.D.`, `B.C.`
    EraDotted,
    /// `AD`, `BC`
    Era,
    /// `A.M.`, `P.M.`
    HalfDayDotted,
    /// `AM`, `PM`
    HalfDay,
    Century,
    DayName,
    DayNameShort,
    DayOfYear,
    DayOfMonth,
    /// Sunday is 1.
    DayOfWeek,
    /// Fractional seconds of so many digits.
    Fraction(u8),
    /// `FX`: read with fixed widths from here on.
    FixedWidth,
    Hour24,
    Hour12,
    IsoDayOfYear,
    /// Monday is 1.
    IsoDayOfWeek,
    IsoWeek,
    /// The last so many digits of the ISO year.
    IsoYear(u8),
    JulianDay,
    Minute,
    MonthNumber,
    MonthName,
    MonthNameShort,
    Milliseconds,
    ZoneOffset,
    Quarter,
    RomanMonth,
    SecondOfDay,
    Second,
    ZoneHours,
    ZoneMinutes,
    ZoneName,
    Microseconds,
    Week,
    WeekOfMonth,
    /// `Y,YYY`
    YearComma,
    /// The last so many digits of the year.
    Year(u8),
}

/// How a name is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Upper,
    Title,
    Lower,
}

/// Which calendar a field belongs to; `to_date` refuses a mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Convention {
    Gregorian,
    IsoWeek,
}

/// A keyword of the template language.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keyword {
    /// As written in a template; error messages quote it.
    pub name: &'static str,
    pub field: Field,
    pub case: Case,
}

impl Keyword {
    /// Whether its text begins with a digit, so that a number before it must end by width.
    pub fn is_digits(&self) -> bool {
        use Field::*;
        !matches!(
            self.field,
            EraDotted
                | Era
                | HalfDayDotted
                | HalfDay
                | DayName
                | DayNameShort
                | FixedWidth
                | MonthName
                | MonthNameShort
                | ZoneOffset
                | RomanMonth
                | ZoneHours
                | ZoneName
        )
    }

    /// The convention that the field commits a template to, if any.
    pub fn convention(&self) -> Option<Convention> {
        use Field::*;
        match self.field {
            DayOfYear | DayOfMonth | DayOfWeek | MonthNumber | MonthName | MonthNameShort
            | RomanMonth | Week | WeekOfMonth | YearComma | Year(_) => Some(Convention::Gregorian),
            IsoDayOfYear | IsoDayOfWeek | IsoWeek | IsoYear(_) => Some(Convention::IsoWeek),
            _ => None,
        }
    }
}

/// The ordinal suffix after a number, `TH` or `th`.
pub(super) type Ordinal = Option<Case>;

/// One element of a template.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    Field {
        keyword: Keyword,
        /// `FM`: no padding; when reading, as many digits as there are.
        fill: bool,
        /// `TM`: in the language of `lc_time`, which is always C here; names are not padded.
        translated: bool,
        ordinal: Ordinal,
    },
    /// Printable ASCII other than letters and digits, outside quotes.
    Separator(char),
    Space(char),
    /// Other text outside quotes.
    Plain(char),
    /// Text in quotes.
    Literal(char),
}

macro_rules! keywords {
    ($($name:literal $field:expr, $case:ident;)*) => {
        /// Every keyword, in no order that matters.
        const KEYWORDS: &[Keyword] = &[
            $(Keyword { name: $name, field: $field, case: Case::$case },)*
        ];
    };
}

keywords! {
    "A.D." Field::EraDotted, Upper; "a.d." Field::EraDotted, Lower;
    "B.C." Field::EraDotted, Upper; "b.c." Field::EraDotted, Lower;
    "AD" Field::Era, Upper; "ad" Field::Era, Lower;
    "BC" Field::Era, Upper; "bc" Field::Era, Lower;
    "A.M." Field::HalfDayDotted, Upper; "a.m." Field::HalfDayDotted, Lower;
    "P.M." Field::HalfDayDotted, Upper; "p.m." Field::HalfDayDotted, Lower;
    "AM" Field::HalfDay, Upper; "am" Field::HalfDay, Lower;
    "PM" Field::HalfDay, Upper; "pm" Field::HalfDay, Lower;
    "CC" Field::Century, Upper; "cc" Field::Century, Lower;
    "DAY" Field::DayName, Upper; "Day" Field::DayName, Title; "day" Field::DayName, Lower;
    "DY" Field::DayNameShort, Upper; "Dy" Field::DayNameShort, Title;
    "dy" Field::DayNameShort, Lower;
    "DDD" Field::DayOfYear, Upper; "ddd" Field::DayOfYear, Lower;
    "DD" Field::DayOfMonth, Upper; "dd" Field::DayOfMonth, Lower;
    "D" Field::DayOfWeek, Upper; "d" Field::DayOfWeek, Lower;
    "FF1" Field::Fraction(1), Upper; "ff1" Field::Fraction(1), Lower;
    "FF2" Field::Fraction(2), Upper; "ff2" Field::Fraction(2), Lower;
    "FF3" Field::Fraction(3), Upper; "ff3" Field::Fraction(3), Lower;
    "FF4" Field::Fraction(4), Upper; "ff4" Field::Fraction(4), Lower;
    "FF5" Field::Fraction(5), Upper; "ff5" Field::Fraction(5), Lower;
    "FF6" Field::Fraction(6), Upper; "ff6" Field::Fraction(6), Lower;
    "FX" Field::FixedWidth, Upper; "fx" Field::FixedWidth, Lower;
    "HH24" Field::Hour24, Upper; "hh24" Field::Hour24, Lower;
    "HH12" Field::Hour12, Upper; "hh12" Field::Hour12, Lower;
    "HH" Field::Hour12, Upper; "hh" Field::Hour12, Lower;
    "IDDD" Field::IsoDayOfYear, Upper; "iddd" Field::IsoDayOfYear, Lower;
    "ID" Field::IsoDayOfWeek, Upper; "id" Field::IsoDayOfWeek, Lower;
    "IW" Field::IsoWeek, Upper; "iw" Field::IsoWeek, Lower;
    "IYYY" Field::IsoYear(4), Upper; "iyyy" Field::IsoYear(4), Lower;
    "IYY" Field::IsoYear(3), Upper; "iyy" Field::IsoYear(3), Lower;
    "IY" Field::IsoYear(2), Upper; "iy" Field::IsoYear(2), Lower;
    "I" Field::IsoYear(1), Upper; "i" Field::IsoYear(1), Lower;
    "J" Field::JulianDay, Upper; "j" Field::JulianDay, Lower;
    "MI" Field::Minute, Upper; "mi" Field::Minute, Lower;
    "MM" Field::MonthNumber, Upper; "mm" Field::MonthNumber, Lower;
    "MONTH" Field::MonthName, Upper; "Month" Field::MonthName, Title;
    "month" Field::MonthName, Lower;
    "MON" Field::MonthNameShort, Upper; "Mon" Field::MonthNameShort, Title;
    "mon" Field::MonthNameShort, Lower;
    "MS" Field::Milliseconds, Upper; "ms" Field::Milliseconds, Lower;
    "OF" Field::ZoneOffset, Upper; "of" Field::ZoneOffset, Lower;
    "Q" Field::Quarter, Upper; "q" Field::Quarter, Lower;
    "RM" Field::RomanMonth, Upper; "rm" Field::RomanMonth, Lower;
    "SSSSS" Field::SecondOfDay, Upper; "sssss" Field::SecondOfDay, Lower;
    "SSSS" Field::SecondOfDay, Upper; "ssss" Field::SecondOfDay, Lower;
    "SS" Field::Second, Upper; "ss" Field::Second, Lower;
    "TZH" Field::ZoneHours, Upper; "tzh" Field::ZoneHours, Lower;
    "TZM" Field::ZoneMinutes, Upper; "tzm" Field::ZoneMinutes, Lower;
    "TZ" Field::ZoneName, Upper; "tz" Field::ZoneName, Lower;
    "US" Field::Microseconds, Upper; "us" Field::Microseconds, Lower;
    "WW" Field::Week, Upper; "ww" Field::Week, Lower;
    "W" Field::WeekOfMonth, Upper; "w" Field::WeekOfMonth, Lower;
    "Y,YYY" Field::YearComma, Upper; "y,yyy" Field::YearComma, Lower;
    "YYYY" Field::Year(4), Upper; "yyyy" Field::Year(4), Lower;
    "YYY" Field::Year(3), Upper; "yyy" Field::Year(3), Lower;
    "YY" Field::Year(2), Upper; "yy" Field::Year(2), Lower;
    "Y" Field::Year(1), Upper; "y" Field::Year(1), Lower;
}

/// Reads a template. Any text is one.
pub(super) fn parse(template: &str) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut rest = template;
    while !rest.is_empty() {
        let fill = strip_any(&mut rest, &["FM", "fm"]);
        let translated = !fill && strip_any(&mut rest, &["TM", "tm"]);
        if let Some(keyword) = keyword(rest) {
            rest = &rest[keyword.name.len()..];
            let ordinal = ordinal(&mut rest);
            nodes.push(Node::Field { keyword, fill, translated, ordinal });
        } else if let Some(quoted) = rest.strip_prefix('"') {
            rest = quoted_text(quoted, &mut nodes);
        } else {
            rest = plain_char(rest, &mut nodes);
        }
    }
    nodes
}

/// Whether `c` counts as a separator between fields.
pub(super) fn is_separator(c: char) -> bool {
    c.is_ascii_punctuation()
}

/// C's `isspace`.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

fn strip_any(rest: &mut &str, prefixes: &[&str]) -> bool {
    for prefix in prefixes {
        if let Some(after) = rest.strip_prefix(prefix) {
            *rest = after;
            return true;
        }
    }
    false
}

fn keyword(text: &str) -> Option<Keyword> {
    let fitting = KEYWORDS.iter().filter(|k| text.starts_with(k.name));
    fitting.max_by_key(|k| k.name.len()).copied()
}

/// `TH`, `th`, or `SP` (spell out), which PostgreSQL accepts and ignores.
fn ordinal(rest: &mut &str) -> Ordinal {
    if strip_any(rest, &["TH"]) {
        return Some(Case::Upper);
    }
    if strip_any(rest, &["th"]) {
        return Some(Case::Lower);
    }
    strip_any(rest, &["SP"]);
    None
}

/// Inside quotes a backslash takes the next character literally. A missing end quote is forgiven.
fn quoted_text<'a>(text: &'a str, nodes: &mut Vec<Node>) -> &'a str {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => nodes.push(Node::Literal(chars.next().unwrap_or('\\'))),
            c => nodes.push(Node::Literal(c)),
        }
    }
    chars.as_str()
}

/// Outside quotes a backslash is special only before a double quote.
fn plain_char<'a>(text: &'a str, nodes: &mut Vec<Node>) -> &'a str {
    let text = match text.strip_prefix('\\') {
        Some(after) if after.starts_with('"') => after,
        _ => text,
    };
    let mut chars = text.chars();
    if let Some(c) = chars.next() {
        nodes.push(match c {
            c if is_separator(c) => Node::Separator(c),
            c if is_space(c) => Node::Space(c),
            c => Node::Plain(c),
        });
    }
    chars.as_str()
}
