//! `money` as `lc_monetary` C has it: cents, a dollar sign, commas between thousands.

use super::Datum;
use super::input::{invalid_input, is_space, value_out_of_range};
use crate::error::Result;

/// Digits behind the point.
const FRACTION_DIGITS: usize = 2;

/// Cents in a unit.
pub const CENTS: i64 = 100;

/// Reads an amount: signs, parentheses and dollar signs where PostgreSQL's `cash_in` allows them.
pub fn parse(text: &str) -> Result<Datum> {
    let out_of_range = || value_out_of_range("money", text);
    let mut rest = without_symbol(text);
    let mut negative = false;
    if let Some(after) = rest.strip_prefix(['-', '(']) {
        (rest, negative) = (after, true);
    } else if let Some(after) = rest.strip_prefix('+') {
        rest = after;
    }
    rest = without_symbol(rest);
    // Collected below zero, where there is one value more.
    let mut cents = 0i64;
    let (mut seen_point, mut fraction) = (false, 0);
    while let Some(c) = rest.chars().next() {
        match c {
            '0'..='9' if !seen_point || fraction < FRACTION_DIGITS => {
                let digit = i64::from(c as u8 - b'0');
                let more = cents.checked_mul(10).and_then(|cents| cents.checked_sub(digit));
                cents = more.ok_or_else(out_of_range)?;
                fraction += usize::from(seen_point);
            }
            '.' if !seen_point => seen_point = true,
            ',' => {}
            _ => break,
        }
        rest = &rest[1..];
    }
    if rest.starts_with(['5', '6', '7', '8', '9']) {
        cents = cents.checked_sub(1).ok_or_else(out_of_range)?;
    }
    for _ in fraction..FRACTION_DIGITS {
        cents = cents.checked_mul(10).ok_or_else(out_of_range)?;
    }
    for c in rest.trim_start_matches(|c: char| c.is_ascii_digit()).chars() {
        match c {
            '-' => negative = true,
            ')' | '+' | '$' => {}
            c if is_space(c) => {}
            _ => return Err(invalid_input("money", text)),
        }
    }
    let cents = if negative { Some(cents) } else { cents.checked_neg() };
    cents.map(Datum::Int8).ok_or_else(out_of_range)
}

/// The text behind blanks and one dollar sign.
fn without_symbol(text: &str) -> &str {
    let text = text.trim_start_matches(is_space);
    text.strip_prefix('$').unwrap_or(text).trim_start_matches(is_space)
}

/// Appends an amount: `-$1,234.50`.
pub fn write(cents: i64, out: &mut Vec<u8>) {
    if cents < 0 {
        out.push(b'-');
    }
    out.push(b'$');
    let amount = cents.unsigned_abs();
    let units = (amount / CENTS.unsigned_abs()).to_string();
    for (i, digit) in units.bytes().enumerate() {
        if i > 0 && (units.len() - i).is_multiple_of(3) {
            out.push(b',');
        }
        out.push(digit);
    }
    out.extend_from_slice(format!(".{:02}", amount % CENTS.unsigned_abs()).as_bytes());
}
