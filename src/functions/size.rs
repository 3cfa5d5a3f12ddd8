//! Sizes: of relations and databases (manual, 9.27.7), and their human form.

use super::Ctx;
use super::Implementation::{self, Scalar};
use crate::catalog::builtin;
use crate::error::{PgError, Result, code};
use crate::types::{Datum, Numeric, Oid};
use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};

/// NULL where there is no such relation.
fn relation_size(ctx: &Ctx<'_>, oid: Oid) -> Result<Datum> {
    match ctx.env.catalog().relation(oid) {
        Some(_) => ctx.env.session().relation_size(oid).map(Datum::Int8),
        None => Ok(Datum::Null),
    }
}

/// A relation is one fork here: the others are empty.
fn fork_size(ctx: &Ctx<'_>, oid: Oid, fork: &str) -> Result<Datum> {
    match fork {
        "main" => relation_size(ctx, oid),
        "fsm" | "vm" | "init" => {
            Ok(ctx.env.catalog().relation(oid).map_or(Datum::Null, |_| Datum::Int8(0)))
        }
        _ => Err(PgError::new(code::INVALID_PARAMETER_VALUE, "invalid fork name")
            .hint("Valid fork names are \"main\", \"fsm\", \"vm\", and \"init\".")),
    }
}

fn indexes_size(ctx: &Ctx<'_>, oid: Oid) -> Result<Option<i64>> {
    let Some(table) = ctx.env.catalog().relation(oid) else {
        return Ok(None);
    };
    let session = ctx.env.session();
    table
        .indexes
        .iter()
        .try_fold(0i64, |sum, index| {
            Ok::<_, PgError>(sum.saturating_add(session.relation_size(*index)?))
        })
        .map(Some)
}

fn total_size(ctx: &Ctx<'_>, oid: Oid) -> Result<Datum> {
    Ok(match indexes_size(ctx, oid)? {
        Some(indexes) => Datum::Int8(ctx.env.session().relation_size(oid)?.saturating_add(indexes)),
        None => Datum::Null,
    })
}

fn database_size(ctx: &Ctx<'_>, oid: Oid) -> Result<Datum> {
    match ctx.env.catalog().database(oid) {
        Some(_) => ctx.env.session().database_size(oid).map(Datum::Int8),
        None => Ok(Datum::Null),
    }
}

fn database_size_by_name(ctx: &Ctx<'_>, name: &str) -> Result<Datum> {
    let Some(database) = ctx.env.catalog().database_named(name) else {
        let message = format!("database \"{name}\" does not exist");
        return Err(PgError::new(code::INVALID_CATALOG_NAME, message));
    };
    database_size(ctx, database.oid)
}

/// All databases are in `pg_default`; what they share has no tables of its own. NULL where there is
/// no such tablespace.
fn tablespace_size(ctx: &Ctx<'_>, oid: Oid) -> Result<Datum> {
    let databases = match oid {
        builtin::oid::DEFAULT_TABLESPACE => ctx.env.catalog().databases(),
        builtin::oid::GLOBAL_TABLESPACE => return Ok(Datum::Int8(0)),
        _ => return Ok(Datum::Null),
    };
    let session = ctx.env.session();
    let add = |sum: i64, oid| Ok(sum.saturating_add(session.database_size(oid)?));
    databases.map(|d| d.oid).try_fold(0, add).map(Datum::Int8)
}

fn tablespace_size_by_name(ctx: &Ctx<'_>, name: &str) -> Result<Datum> {
    let oid = match name {
        "pg_default" => builtin::oid::DEFAULT_TABLESPACE,
        "pg_global" => builtin::oid::GLOBAL_TABLESPACE,
        _ => {
            let message = format!("tablespace \"{name}\" does not exist");
            return Err(PgError::new(code::UNDEFINED_OBJECT, message));
        }
    };
    tablespace_size(ctx, oid)
}

/// Units of `pg_size_pretty`: a size goes to the next unit at this many of the unit.
const UNITS: [&str; 6] = ["bytes", "kB", "MB", "GB", "TB", "PB"];
const LIMIT: i64 = 10 * 1024;

/// Halves, rounded away from zero, once for each bit: the last bit lost decides.
fn pretty(size: BigInt) -> String {
    if size.abs() < BigInt::from(LIMIT) {
        return format!("{size} bytes");
    }
    // From bytes, nine bits are dropped, so that one half bit is left to round by; then ten a unit.
    let mut half_units: BigInt = size / 512;
    for (i, unit) in UNITS.iter().enumerate().skip(1) {
        if half_units.abs() < BigInt::from(2 * LIMIT - 1) || i == UNITS.len() - 1 {
            let one = BigInt::from(half_units.signum().to_i8().unwrap_or(0));
            return format!("{} {unit}", (half_units + one) / 2);
        }
        half_units /= 1024;
    }
    unreachable!("the last unit returns")
}

/// The numeric form counts whole bytes.
fn pretty_numeric(size: &Numeric) -> Result<Datum> {
    let whole = size.trunc(0);
    let Some(bytes) = whole.coefficient() else {
        return Err(PgError::unsupported("the size of NaN or infinity"));
    };
    if bytes.abs() < BigInt::from(LIMIT) {
        // Below the first unit the value is shown as it is.
        return Ok(Datum::text(format!("{size} bytes")));
    }
    Ok(Datum::text(pretty(bytes)))
}

/// Reads `1.5 GB`: a number and a unit.
fn size_bytes(text: &str) -> Result<Datum> {
    let invalid =
        || PgError::new(code::INVALID_PARAMETER_VALUE, format!("invalid size: \"{text}\""));
    let trimmed = text.trim_start();
    let end = number_length(trimmed).ok_or_else(invalid)?;
    let number = Numeric::parse(&trimmed[..end])?;
    let unit = trimmed[end..].trim();
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "bytes" | "b" => 1,
        "kb" => 1i64 << 10,
        "mb" => 1 << 20,
        "gb" => 1 << 30,
        "tb" => 1 << 40,
        "pb" => 1 << 50,
        _ => {
            return Err(invalid()
                .detail(format!("Invalid size unit: \"{unit}\"."))
                .hint("Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\"."));
        }
    };
    number.mul(&Numeric::from_i64(factor))?.to_i64().map(Datum::Int8)
}

/// Bytes of the number that starts the text; an exponent counts only if digits follow it.
fn number_length(text: &str) -> Option<usize> {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut end = usize::from(text.starts_with(['-', '+']));
    let whole = digits(end);
    end += whole;
    let mut fraction = 0;
    if text[end..].starts_with('.') {
        fraction = digits(end + 1);
        end += 1 + fraction;
    }
    if whole + fraction == 0 {
        return None;
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['-', '+']));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    Some(end)
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pg_relation_size(regclass)", Scalar(|c, a| relation_size(c, a[0].as_oid()))),
    ("pg_relation_size", Scalar(|c, a| fork_size(c, a[0].as_oid(), a[1].as_text()))),
    ("pg_table_size", Scalar(|c, a| relation_size(c, a[0].as_oid()))),
    (
        "pg_indexes_size",
        Scalar(|c, a| Ok(indexes_size(c, a[0].as_oid())?.map_or(Datum::Null, Datum::Int8))),
    ),
    ("pg_total_relation_size", Scalar(|c, a| total_size(c, a[0].as_oid()))),
    ("pg_database_size_oid", Scalar(|c, a| database_size(c, a[0].as_oid()))),
    ("pg_tablespace_size_oid", Scalar(|c, a| tablespace_size(c, a[0].as_oid()))),
    ("pg_tablespace_size_name", Scalar(|c, a| tablespace_size_by_name(c, a[0].as_text()))),
    ("pg_database_size_name", Scalar(|c, a| database_size_by_name(c, a[0].as_text()))),
    ("pg_size_pretty", Scalar(|_, a| Ok(Datum::text(pretty(BigInt::from(a[0].as_int8())))))),
    ("pg_size_pretty_numeric", Scalar(|_, a| pretty_numeric(a[0].as_numeric()))),
    ("pg_size_bytes", Scalar(|_, a| size_bytes(a[0].as_text()))),
];

#[cfg(test)]
mod tests {
    use crate::functions::testing::{error, t, value};
    use crate::types::Datum::Int8;

    #[test]
    fn sizes_are_rounded_to_the_unit() {
        for (bytes, shown) in [
            (1024, "1024 bytes"),
            (10_239, "10239 bytes"),
            (10_240, "10 kB"),
            (10_752, "11 kB"),
            (-10_485_760, "-10 MB"),
            (i64::MAX, "8192 PB"),
        ] {
            assert_eq!(value("pg_size_pretty", &[Int8(bytes)]), t(shown));
        }
    }

    #[test]
    fn sizes_are_read_with_their_unit() {
        assert_eq!(value("pg_size_bytes", &[t("1.5 GB")]), Int8(1_610_612_736));
        assert_eq!(value("pg_size_bytes", &[t("-1kb")]), Int8(-1024));
        assert_eq!(error("pg_size_bytes", &[t("1 foo")]), ("22023", "invalid size: \"1 foo\""));
        assert_eq!(error("pg_size_bytes", &[t("x")]), ("22023", "invalid size: \"x\""));
    }
}
