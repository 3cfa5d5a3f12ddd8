//! citext: texts that compare without regard to case.
//!
//! What the extension says in SQL (`regexp_match(citext, citext)` and so on) calls the function of `text`
//! with the flag for that, unless the flags ask for the contrary.

use super::super::Implementation::{self, Scalar, Set};
use super::super::aggregate::extreme::extreme;
use super::super::comparison::{of, operators};
use super::super::{AggregateFn, Ctx, Rows, lookup};
use crate::error::{PgError, Result};
use crate::types::{self, Datum, oids, string};
use std::cmp::Ordering;

operators! {
    ["citext_" "citext_" "" "citext_cmp"] of!(CITEXT);
}

fn order(a: &[Datum]) -> Ordering {
    types::compare(oids::CITEXT, &a[0], &a[1])
}

fn folded(value: &Datum) -> Datum {
    Datum::text(string::folded(value.as_text()))
}

/// Another function's value.
fn call(ctx: &Ctx<'_>, source: &str, args: &[Datum]) -> Result<Datum> {
    match lookup(source) {
        Some(Scalar(function)) => function(ctx, args),
        _ => Err(PgError::internal("a function that citext needs is missing")),
    }
}

/// Another function's rows.
fn rows(ctx: &Ctx<'_>, source: &str, args: &[Datum]) -> Result<Rows> {
    match lookup(source) {
        Some(Set(function)) => function(ctx, args),
        _ => Err(PgError::internal("a function that citext needs is missing")),
    }
}

/// The arguments with the flag that case does not matter, in the place of the flags at `at`.
fn ignoring_case(a: &[Datum], at: usize) -> Vec<Datum> {
    let mut args = a[..at].to_vec();
    args.push(match a.get(at) {
        Some(flags) if flags.as_text().contains('c') => flags.clone(),
        Some(flags) => Datum::text(format!("{}i", flags.as_text())),
        None => Datum::text("i"),
    });
    args
}

/// A text as the pattern that matches it.
fn literal(text: &str) -> Datum {
    let mut pattern = String::new();
    for c in text.chars() {
        if !c.is_ascii_alphanumeric() && c != '_' {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    Datum::text(pattern)
}

fn replace(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    let args = [a[0].clone(), literal(a[1].as_text()), a[2].clone(), Datum::text("gi")];
    call(ctx, "textregexreplace", &args)
}

/// A part by its number from 1; NULL where there is none.
fn split_part(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    let args = [a[0].clone(), literal(a[1].as_text()), Datum::text("i")];
    let parts = call(ctx, "regexp_split_to_array", &args)?;
    let at = usize::try_from(a[2].as_int4()).ok().and_then(|number| number.checked_sub(1));
    let part = at.and_then(|at| parts.as_array().elements.get(at).cloned());
    Ok(part.unwrap_or_default())
}

fn translate(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    let from = a[1].as_text();
    let lower = [a[0].clone(), Datum::text(from.to_ascii_lowercase()), a[2].clone()];
    let lower = call(ctx, "translate", &lower)?;
    call(ctx, "translate", &[lower, Datum::text(from.to_ascii_uppercase()), a[2].clone()])
}

/// The greater or lesser of two; the second where they are equal.
fn chosen(a: &[Datum], wanted: Ordering) -> Datum {
    if order(a) == wanted { a[0].clone() } else { a[1].clone() }
}

pub(in super::super) const TEXTS: &[(&str, Implementation)] = &[
    ("citext_smaller", Scalar(|_, a| Ok(chosen(a, Ordering::Less)))),
    ("citext_larger", Scalar(|_, a| Ok(chosen(a, Ordering::Greater)))),
    ("citext_hash", Scalar(|c, a| call(c, "hashtext", &[folded(&a[0])]))),
    (
        "citext_hash_extended",
        Scalar(|c, a| call(c, "hashtextextended", &[folded(&a[0]), a[1].clone()])),
    ),
    ("citext_pattern_lt", Scalar(|_, a| Ok(Datum::Bool(order(a).is_lt())))),
    ("citext_pattern_le", Scalar(|_, a| Ok(Datum::Bool(order(a).is_le())))),
    ("citext_pattern_gt", Scalar(|_, a| Ok(Datum::Bool(order(a).is_gt())))),
    ("citext_pattern_ge", Scalar(|_, a| Ok(Datum::Bool(order(a).is_ge())))),
    ("citext_pattern_cmp", Scalar(|_, a| Ok(Datum::Int4(order(a) as i32)))),
    ("regexp_match(citext,citext)", Scalar(|c, a| call(c, "regexp_match", &ignoring_case(a, 2)))),
    (
        "regexp_match(citext,citext,text)",
        Scalar(|c, a| call(c, "regexp_match", &ignoring_case(a, 2))),
    ),
    ("regexp_matches(citext,citext)", Set(|c, a| rows(c, "regexp_matches", &ignoring_case(a, 2)))),
    (
        "regexp_matches(citext,citext,text)",
        Set(|c, a| rows(c, "regexp_matches", &ignoring_case(a, 2))),
    ),
    (
        "regexp_replace(citext,citext,text)",
        Scalar(|c, a| call(c, "textregexreplace", &ignoring_case(a, 3))),
    ),
    (
        "regexp_replace(citext,citext,text,text)",
        Scalar(|c, a| call(c, "textregexreplace", &ignoring_case(a, 3))),
    ),
    (
        "regexp_split_to_array(citext,citext)",
        Scalar(|c, a| call(c, "regexp_split_to_array", &ignoring_case(a, 2))),
    ),
    (
        "regexp_split_to_array(citext,citext,text)",
        Scalar(|c, a| call(c, "regexp_split_to_array", &ignoring_case(a, 2))),
    ),
    (
        "regexp_split_to_table(citext,citext)",
        Set(|c, a| rows(c, "regexp_split_to_table", &ignoring_case(a, 2))),
    ),
    (
        "regexp_split_to_table(citext,citext,text)",
        Set(|c, a| rows(c, "regexp_split_to_table", &ignoring_case(a, 2))),
    ),
    ("strpos(citext,citext)", Scalar(|c, a| call(c, "textpos", &[folded(&a[0]), folded(&a[1])]))),
    ("replace(citext,citext,citext)", Scalar(replace)),
    ("split_part(citext,citext,int4)", Scalar(split_part)),
    ("translate(citext,citext,text)", Scalar(translate)),
];

pub(in super::super) const AGGREGATES: &[(&str, AggregateFn)] = &[
    ("max(citext)", |_, _| extreme(Ordering::Greater)),
    ("min(citext)", |_, _| extreme(Ordering::Less)),
];
