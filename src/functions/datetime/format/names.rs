//! Names of months, days, halves of the day and eras, in English as `lc_time = C` has them.

use super::pattern::Case;

pub(in crate::functions::datetime) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// From Sunday.
pub(in crate::functions::datetime) const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// December first, so that reading meets `XII` and `VIII` before their prefixes.
pub(super) const ROMAN_MONTHS: [&str; 12] =
    ["XII", "XI", "X", "IX", "VIII", "VII", "VI", "V", "IV", "III", "II", "I"];

/// Names as wide as the longest one, `September` and `Wednesday`.
pub(super) const NAME_WIDTH: usize = 9;

/// The first three letters.
pub(in crate::functions::datetime) fn short(name: &str) -> &str {
    &name[..3]
}

/// `name`, given in title or upper case, in the case asked for.
pub(super) fn in_case(name: &str, case: Case) -> String {
    match case {
        Case::Upper => name.to_ascii_uppercase(),
        Case::Lower => name.to_ascii_lowercase(),
        Case::Title => name.to_owned(),
    }
}
