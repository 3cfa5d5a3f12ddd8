//! Functions that work under a collation, where it is not bytewise (`PG_GET_COLLATION` in PostgreSQL's
//! source).
//!
//! The functions of the registry work on bytes. Under a collation of ICU's, what compares texts does so by
//! the argument's *comparison type* ([`crate::types::collation`]), which the caller puts in
//! [`Ctx::arg_types`]; changes of case go by the locale; patterns and searches refuse collations under which
//! texts of different bytes are equal, in PostgreSQL's words.

use super::Ctx;
use super::Implementation::{self, Scalar, Set};
use crate::catalog::builtin;
use crate::error::{PgError, Result, code};
use crate::types::collation::icu::{Case, change_case};
use crate::types::{self, Datum, collation};
use std::cmp::Ordering;

/// What a function is under a collation that is not bytewise.
pub enum UnderCollation {
    /// As ever: it does not ask, or the same bytes are all that matters.
    Same,
    /// Another implementation.
    Other(Implementation),
    /// One that calls the function's own, if the arguments are such that collations do not matter.
    Guarded(Implementation),
    /// What is not there.
    Unsupported,
}

/// A comparison by the first argument's comparison type.
macro_rules! by {
    ($test:expr) => {
        UnderCollation::Other(Scalar(|ctx, a| Ok(Datum::Bool($test(order(ctx, a))))))
    };
}

/// The error of a function that PostgreSQL has not got under collations that are not deterministic.
macro_rules! refused {
    ($what:literal) => {
        UnderCollation::Other(Scalar(|_, _| {
            let message = concat!("nondeterministic collations are not supported for ", $what);
            Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message))
        }))
    };
}

/// The implementation of a function without the collation that it needs, as scalar and as set.
macro_rules! undetermined {
    ($purpose:literal) => {
        (
            Scalar(|_, _| Err(collation::undetermined($purpose))),
            Set(|_, _| Err(collation::undetermined($purpose))),
        )
    };
}

/// Whether the function of this `prosrc` needs a collation.
pub fn needs_collation(source: &str) -> bool {
    undetermined(source).is_some()
}

/// What the function of this `prosrc`, whose own implementation is given, does where its arguments settle on
/// no collation: it fails where it needs one.
pub fn without_collation(source: &str, own: Implementation) -> Implementation {
    match (undetermined(source), own) {
        (None, own) => own,
        (Some((_, set)), Set(_)) => set,
        (Some((scalar, _)), Scalar(_)) => scalar,
    }
}

fn undetermined(source: &str) -> Option<(Implementation, Implementation)> {
    Some(match source {
        "lower" => undetermined!("lower() function"),
        "upper" => undetermined!("upper() function"),
        "initcap" => undetermined!("initcap() function"),
        "texticlike" | "texticnlike" | "bpchariclike" | "bpcharicnlike" => undetermined!("ILIKE"),
        "textpos" | "text_starts_with" | "split_part" | "replace_text" | "text_to_array" => {
            undetermined!("string comparison")
        }
        _ if source.contains("regex") => undetermined!("regular expression"),
        _ if compares_texts(source) => undetermined!("string comparison"),
        _ => return None,
    })
}

/// `text_lt`, `texteq`, `bpcharcmp`, `text_larger` and so on; pattern operators compare bytes.
fn compares_texts(source: &str) -> bool {
    const PREFIXES: [&str; 6] = ["text", "bpchar", "bttext", "btbpchar", "name", "btname"];
    const OPERATIONS: [&str; 9] = ["eq", "ne", "lt", "le", "gt", "ge", "cmp", "larger", "smaller"];
    let operations = PREFIXES.iter().filter_map(|prefix| source.strip_prefix(prefix));
    operations.map(|rest| rest.trim_start_matches('_')).any(|rest| OPERATIONS.contains(&rest))
}

/// What the function of this `prosrc` is under a collation of ICU's.
pub fn under_collation(source: &str, deterministic: bool) -> UnderCollation {
    use UnderCollation::{Guarded, Other, Same, Unsupported};
    if let Some(operation) = comparison(source) {
        return match operation {
            "eq" | "ne" if deterministic => Same,
            "eq" => by!(Ordering::is_eq),
            "ne" => by!(Ordering::is_ne),
            "lt" => by!(Ordering::is_lt),
            "le" => by!(Ordering::is_le),
            "gt" => by!(Ordering::is_gt),
            "ge" => by!(Ordering::is_ge),
            "cmp" => Other(Scalar(|ctx, a| Ok(Datum::Int4(order(ctx, a) as i32)))),
            "larger" => Other(Scalar(|ctx, a| Ok(a[usize::from(order(ctx, a).is_lt())].clone()))),
            _ => Other(Scalar(|ctx, a| Ok(a[usize::from(order(ctx, a).is_gt())].clone()))),
        };
    }
    match source {
        "lower" => Other(Scalar(|ctx, a| case(ctx, &a[0], Case::Lower).map(Datum::text))),
        "upper" => Other(Scalar(|ctx, a| case(ctx, &a[0], Case::Upper).map(Datum::text))),
        "initcap" => Other(Scalar(|ctx, a| case(ctx, &a[0], Case::Title).map(Datum::text))),
        "texticlike" | "nameiclike" | "bpchariclike" if deterministic => {
            Other(Scalar(|ctx, a| like_folded(ctx, a, "textlike")))
        }
        "texticnlike" | "nameicnlike" | "bpcharicnlike" if deterministic => {
            Other(Scalar(|ctx, a| like_folded(ctx, a, "textnlike")))
        }
        _ if deterministic && source.contains("regex") => match super::lookup(source) {
            Some(Set(_)) => Guarded(Set(|ctx, a| match own_regex(ctx, a)? {
                Set(own) => own(ctx, a),
                Scalar(_) => Err(PgError::internal("a set's function is none")),
            })),
            _ => Guarded(Scalar(|ctx, a| match own_regex(ctx, a)? {
                Scalar(own) => own(ctx, a),
                Set(_) => Err(PgError::internal("a function is a set's")),
            })),
        },
        "width_bucket_array" | "citext_lt" | "citext_le" | "citext_gt" | "citext_ge"
        | "citext_cmp" | "citext_larger" | "citext_smaller" => Unsupported,
        _ if deterministic => Same,
        "textlike" | "textnlike" | "namelike" | "namenlike" | "bpcharlike" | "bpcharnlike" => {
            refused!("LIKE")
        }
        "texticlike" | "texticnlike" | "nameiclike" | "nameicnlike" | "bpchariclike"
        | "bpcharicnlike" => refused!("ILIKE"),
        _ if source.contains("regex") => refused!("regular expressions"),
        "textpos" | "text_starts_with" | "split_part" | "replace_text" | "text_to_array"
        | "text_to_array_null" => refused!("substring searches"),
        "text_to_table"
        | "text_to_table_null"
        | "arraycontains"
        | "arraycontained"
        | "arrayoverlap"
        | "array_position"
        | "array_position_start"
        | "array_positions"
        | "array_remove"
        | "array_replace"
        | "hash_array"
        | "hash_array_extended"
        | "hashtext"
        | "hashtextextended"
        | "hashbpchar"
        | "hashbpcharextended"
        | "hashname"
        | "hashnameextended" => Unsupported,
        _ if source.starts_with("citext") => Unsupported,
        _ => Same,
    }
}

/// What a function that compares texts, or arrays of them, does: `lt` of `text_lt`, `cmp` of `bttextcmp`.
fn comparison(source: &str) -> Option<&str> {
    const OPERATIONS: [&str; 9] = ["eq", "ne", "lt", "le", "gt", "ge", "cmp", "larger", "smaller"];
    const PREFIXES: [&str; 8] =
        ["bttextname", "btnametext", "btbpchar", "bttext", "btname", "btarray", "bpchar", "array"];
    let plain = |prefix: &str| {
        let rest = source.strip_prefix(prefix)?;
        let operation = rest.strip_prefix('_').unwrap_or(rest);
        OPERATIONS.into_iter().find(|known| *known == operation)
    };
    // `nameeqtext` and `textltname` have the operation in the middle.
    let mixed = |first: &str, last: &str| {
        let operation = source.strip_prefix(first)?.strip_suffix(last)?;
        OPERATIONS.into_iter().find(|known| *known == operation)
    };
    PREFIXES
        .into_iter()
        .find_map(plain)
        .or_else(|| plain("text"))
        .or_else(|| plain("name"))
        .or_else(|| mixed("name", "text"))
        .or_else(|| mixed("text", "name"))
}

fn order(ctx: &Ctx<'_>, a: &[Datum]) -> Ordering {
    types::compare(ctx.arg_types[0], &a[0], &a[1])
}

/// A text in another case, by the rules of the argument's locale.
fn case(ctx: &Ctx<'_>, value: &Datum, case: Case) -> Result<String> {
    let collated = collation::collated(ctx.arg_types[0]);
    let collated = collated.ok_or_else(|| PgError::internal("no locale to change case by"))?;
    change_case(value.as_text(), collated.locale(), case)
}

/// ILIKE: both sides in lower case.
fn like_folded(ctx: &Ctx<'_>, a: &[Datum], source: &str) -> Result<Datum> {
    let folded = |value| case(ctx, value, Case::Lower).map(Datum::text);
    let args = [folded(&a[0])?, folded(&a[1])?];
    match super::lookup(source) {
        Some(Scalar(like)) => like(ctx, &args),
        _ => Err(PgError::internal("LIKE has no implementation")),
    }
}

/// The function's own implementation, which has the C locale's classes of characters and their case. They
/// are ICU's, too, where all is ASCII but for punctuation; a pattern may do without either.
fn own_regex(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Implementation> {
    let source = builtin::proc(ctx.func).map_or("", |proc| &*proc.src);
    let texts =
        || a.iter().filter_map(|arg| if let Datum::Text(t) = arg { Some(&**t) } else { None });
    let pattern = texts().nth(1).unwrap_or_default();
    let folds = source.contains("icregex") || texts().skip(2).any(|flags| flags.contains('i'));
    let has_classes = pattern.contains("[:") || pattern.contains("(?") || pattern.contains("***");
    let escapes = pattern.split('\\').skip(1);
    let escapes = escapes.filter(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()));
    let is_plain = !folds && !has_classes && escapes.count() == 0;
    let is_ascii = texts().all(str::is_ascii) && !pattern.contains("[:punct:]");
    if !is_plain && !is_ascii {
        let what =
            "classes and case of characters in a regular expression under a collation of ICU";
        return Err(PgError::unsupported(what));
    }
    super::lookup(source)
        .ok_or_else(|| PgError::internal("a regular expression's function is gone"))
}

#[cfg(test)]
mod tests {
    use super::comparison;

    #[test]
    fn comparisons_are_known_by_their_names() {
        for (source, operation) in [
            ("texteq", Some("eq")),
            ("text_lt", Some("lt")),
            ("bttextcmp", Some("cmp")),
            ("bpchar_larger", Some("larger")),
            ("nameeqtext", Some("eq")),
            ("textgename", Some("ge")),
            ("btnametextcmp", Some("cmp")),
            ("array_ne", Some("ne")),
            ("btarraycmp", Some("cmp")),
            ("text_pattern_lt", None),
            ("textlike", None),
            ("int4eq", None),
        ] {
            assert_eq!(comparison(source), operation, "{source}");
        }
    }
}
