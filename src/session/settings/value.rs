//! Reading and showing the values of settings, by the kinds that PostgreSQL declares (manual, 20.1.1
//! "Parameter Names and Values"): booleans by unambiguous prefix, numbers with units, enums.
//!
//! A value is kept as the text of the number in the setting's own unit (`65536` for 64 MB of
//! `work_mem`), as `pg_settings.setting` has it; [`show`] makes what SHOW prints (`64MB`).

use crate::catalog::builtin::Setting;
use crate::error::{PgError, Result, code};

/// Checks a value given by a user and gives its stored form. `name` is as the user wrote it.
pub fn parse(setting: &Setting, name: &str, text: &str) -> Result<String> {
    match setting.vartype {
        "bool" => parse_bool(text)
            .map(|value| if value { "on" } else { "off" }.to_owned())
            .ok_or_else(|| invalid(format!("parameter \"{name}\" requires a Boolean value"))),
        "integer" => parse_integer(setting, name, text),
        "real" => parse_real(setting, name, text),
        "enum" => parse_enum(setting, name, text),
        _ => Ok(text.to_owned()),
    }
}

/// An unambiguous prefix of true, false, yes, no, on, off; or 1, 0.
pub fn parse_bool(text: &str) -> Option<bool> {
    let text = text.to_ascii_lowercase();
    let prefix_of = |word: &str, shortest: usize| text.len() >= shortest && word.starts_with(&text);
    if prefix_of("true", 1) || prefix_of("yes", 1) || prefix_of("on", 2) || text == "1" {
        Some(true)
    } else if prefix_of("false", 1) || prefix_of("no", 1) || prefix_of("off", 2) || text == "0" {
        Some(false)
    } else {
        None
    }
}

fn parse_enum(setting: &Setting, name: &str, text: &str) -> Result<String> {
    let found = setting.enum_values.iter().find(|v| v.eq_ignore_ascii_case(text));
    let hidden = || hidden_enum_value(setting.name, text);
    found.copied().or_else(hidden).map(str::to_owned).ok_or_else(|| {
        let values = setting.enum_values.join(", ");
        invalid_value(name, text).hint(format!("Available values: {values}."))
    })
}

/// Spellings that enums accept and do not list: those of booleans, where the enum has on and off.
fn hidden_enum_value(setting: &str, text: &str) -> Option<&'static str> {
    let on_off = matches!(
        setting,
        "backslash_quote"
            | "compute_query_id"
            | "constraint_exclusion"
            | "force_parallel_mode"
            | "huge_pages"
            | "recovery_prefetch"
            | "synchronous_commit"
            | "wal_compression"
    );
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" if on_off => Some("on"),
        "false" | "no" | "0" if on_off => Some("off"),
        "debug" if setting.ends_with("_min_messages") => Some("debug2"),
        _ => None,
    }
}

fn parse_integer(setting: &Setting, name: &str, text: &str) -> Result<String> {
    let (number, unit) = split_number(text).ok_or_else(|| invalid_value(name, text))?;
    let value = to_base_unit(setting, name, text, number, unit)?.round_ties_even();
    if value < f64::from(i32::MIN) || value > f64::from(i32::MAX) {
        return Err(invalid_value(name, text).hint("Value exceeds integer range."));
    }
    check_range(setting, name, value, &format!("{value}"))?;
    Ok(format!("{value}"))
}

fn parse_real(setting: &Setting, name: &str, text: &str) -> Result<String> {
    let (number, unit) = split_number(text).ok_or_else(|| invalid_value(name, text))?;
    let value = to_base_unit(setting, name, text, number, unit)?;
    let shown = format_g(value);
    check_range(setting, name, value, &shown)?;
    Ok(shown)
}

fn check_range(setting: &Setting, name: &str, value: f64, shown: &str) -> Result<()> {
    let bound = |text: Option<&str>| text.and_then(|t| t.parse::<f64>().ok());
    let below = bound(setting.min).is_some_and(|min| value < min);
    let above = bound(setting.max).is_some_and(|max| value > max);
    if !below && !above {
        return Ok(());
    }
    let unit = setting.unit.map(|u| format!(" {u}")).unwrap_or_default();
    let (min, max) = (setting.min.unwrap_or_default(), setting.max.unwrap_or_default());
    Err(invalid(format!(
        "{shown}{unit} is outside the valid range for parameter \"{name}\" ({min} .. {max})"
    )))
}

/// A number (decimal, hexadecimal or octal integers as in C, or a float) and what follows it.
fn split_number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let unsigned = text.trim_start_matches(['+', '-']);
    let (digits, radix) = match unsigned.strip_prefix("0x").or(unsigned.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None => (unsigned, 8),
    };
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let octal_or_hex = radix == 16
        || (digits.len() > 1
            && digits.starts_with('0')
            && !digits[end..].starts_with(['.', '8', '9']));
    if octal_or_hex && end > 0 {
        let value = i64::from_str_radix(&digits[..end], radix).ok()? as f64;
        let value = if text.starts_with('-') { -value } else { value };
        return Some((value, digits[end..].trim()));
    }
    let number_end = float_end(text);
    let value: f64 = text[..number_end].parse().ok()?;
    value.is_finite().then(|| (value, text[number_end..].trim()))
}

/// Where the float at the start of `text` ends.
fn float_end(text: &str) -> usize {
    let mantissa_end =
        text.find(|c: char| !c.is_ascii_digit() && !"+-.".contains(c)).unwrap_or(text.len());
    let exponent = text[mantissa_end..].strip_prefix(['e', 'E']).and_then(|rest| {
        let digits = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        (count > 0).then(|| 1 + (rest.len() - digits.len()) + count)
    });
    mantissa_end + exponent.unwrap_or(0)
}

/// A family of units: name and size in the family's smallest.
type Units = [(&'static str, f64)];
/// In bytes.
const MEMORY: &Units = &[
    ("TB", 1_099_511_627_776.0),
    ("GB", 1_073_741_824.0),
    ("MB", 1_048_576.0),
    ("kB", 1024.0),
    ("B", 1.0),
];
/// In microseconds.
const TIME: &Units = &[
    ("d", 86_400_000_000.0),
    ("h", 3_600_000_000.0),
    ("min", 60_000_000.0),
    ("s", 1_000_000.0),
    ("ms", 1000.0),
    ("us", 1.0),
];

/// The family that a setting's unit belongs to and the unit's size in it.
fn family(unit: &str) -> (&'static Units, f64) {
    let units = if TIME.iter().any(|(name, _)| *name == unit) { TIME } else { MEMORY };
    match units.iter().find(|(name, _)| *name == unit) {
        Some((_, size)) => (units, *size),
        // Blocks: `8kB`, and the 16 MB segments of some settings.
        None => {
            let count = unit.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let name = &unit[count.len()..];
            let size = MEMORY.iter().find(|(n, _)| *n == name).map_or(1.0, |(_, size)| *size);
            (MEMORY, count.parse::<f64>().unwrap_or(1.0) * size)
        }
    }
}

fn to_base_unit(setting: &Setting, name: &str, text: &str, number: f64, unit: &str) -> Result<f64> {
    if unit.is_empty() {
        return Ok(number);
    }
    let base = setting.unit.ok_or_else(|| invalid_value(name, text))?;
    let (units, base_size) = family(base);
    match units.iter().find(|(name, _)| *name == unit) {
        // A fraction is rounded to a multiple of the next smaller unit, as 1.1GB is 1126MB.
        Some((_, size)) => Ok(number * size / base_size),
        None => {
            let valid = match units.len() == TIME.len() {
                true => r#""us", "ms", "s", "min", "h", and "d""#,
                false => r#""B", "kB", "MB", "GB", and "TB""#,
            };
            let hint = format!("Valid units for this parameter are {valid}.");
            Err(invalid_value(name, text).hint(hint))
        }
    }
}

/// What SHOW prints for a stored value: numbers in the largest unit that divides them.
pub fn show(setting: &Setting, stored: &str) -> String {
    let (Some(unit), Ok(number)) = (setting.unit, stored.parse::<f64>()) else {
        return stored.to_owned();
    };
    if number <= 0.0 {
        return stored.to_owned();
    }
    let (units, base_size) = family(unit);
    let total = number * base_size;
    let best = units.iter().find(|(_, size)| total % size == 0.0);
    match best {
        Some((name, size)) => format!("{}{name}", format_plain(total / size)),
        None => format!("{stored}{unit}"),
    }
}

fn format_plain(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format_g(value) }
}

/// C's `%g`.
pub fn format_g(value: f64) -> String {
    const PRECISION: i32 = 6;
    if value == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{value:.5e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..PRECISION).contains(&exponent) {
        let decimals = usize::try_from(PRECISION - 1 - exponent).unwrap_or(0);
        trim_zeros(&format!("{value:.decimals$}")).to_owned()
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", trim_zeros(mantissa), exponent.abs())
    }
}

fn trim_zeros(text: &str) -> &str {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    }
}

pub(super) fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> PgError {
    PgError::new(code::INVALID_PARAMETER_VALUE, message)
}

pub(super) fn invalid_value(name: &str, value: &str) -> PgError {
    invalid(format!("invalid value for parameter \"{name}\": \"{value}\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::builtin;

    fn set(name: &str, text: &str) -> Result<String, String> {
        let setting = builtin::setting(name).unwrap();
        parse(setting, name, text)
            .map(|stored| show(setting, &stored))
            .map_err(|e| e.message().to_owned())
    }

    #[test]
    fn units_are_converted_and_shown() {
        let cases = [
            ("work_mem", "1GB", "1GB"),
            ("work_mem", "1.5MB", "1536kB"),
            ("work_mem", " 0x100 ", "256kB"),
            ("statement_timeout", "1min", "1min"),
            ("statement_timeout", "90s", "90s"),
            ("statement_timeout", "0", "0"),
            ("temp_buffers", "8MB", "8MB"),
            ("seq_page_cost", "1e3", "1000"),
            ("recursive_worktable_factor", "1000000", "1e+06"),
            ("vacuum_cost_delay", "2", "2ms"),
            ("geqo_effort", "010", "8"),
        ];
        for (name, text, shown) in cases {
            assert_eq!(set(name, text).as_deref(), Ok(shown), "{name} = {text}");
        }
    }

    #[test]
    fn refusals_read_as_in_postgres() {
        let cases = [
            (
                "work_mem",
                "1kB",
                "1 kB is outside the valid range for parameter \"work_mem\" (64 .. 2147483647)",
            ),
            ("work_mem", "abc", "invalid value for parameter \"work_mem\": \"abc\""),
            ("work_mem", "1xB", "invalid value for parameter \"work_mem\": \"1xB\""),
            (
                "work_mem",
                "99999999999",
                "invalid value for parameter \"work_mem\": \"99999999999\"",
            ),
            ("enable_seqscan", "maybe", "parameter \"enable_seqscan\" requires a Boolean value"),
            (
                "seq_page_cost",
                "-1",
                "-1 is outside the valid range for parameter \"seq_page_cost\" (0 .. 1.79769e+308)",
            ),
        ];
        for (name, text, message) in cases {
            assert_eq!(set(name, text), Err(message.to_owned()));
        }
    }

    #[test]
    fn any_text_is_read_or_refused() {
        for text in
            ["", "-", "+", ".", "e", "1e", "0x", "é", "1é", "-0x1", "nan", "inf", "1e999", "--1"]
        {
            for name in ["work_mem", "seq_page_cost", "statement_timeout"] {
                let _ = set(name, text);
            }
        }
    }
}
