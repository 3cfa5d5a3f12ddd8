//! Thousands of calls with the results that PostgreSQL gave: `*.tsv`, written by
//! `scripts/export-facts`, which says how to read a line. Session settings as there.

use super::testing::Bare;
use super::{Ctx, Implementation, aggregate, lookup};
use crate::catalog::builtin;
use crate::error::{PgError, Result};
use crate::types::{Datum, Format, Oid, oids, text_in, text_out};
use std::fmt::Write;

#[test]
fn dates_and_times() {
    check(include_str!("datetime.tsv"));
}

#[test]
fn templates() {
    check(include_str!("templates.tsv"));
}

#[test]
fn arrays() {
    check(include_str!("array.tsv"));
}

#[test]
fn json_documents() {
    check(include_str!("json.tsv"));
}

#[test]
fn aggregates() {
    check(include_str!("aggregate.tsv"));
}

/// A call and its outcome, both as written in the file.
struct Fact<'a> {
    name: &'a str,
    args: Vec<(Oid, Datum)>,
    expected: &'a str,
}

fn check(facts: &str) {
    let mut format = Format::default();
    format.set_time_zone("America/New_York").expect("the zone exists");
    let env = Bare { format };
    let mut wrong = String::new();
    for line in facts.lines() {
        let fact = read(line, &env.format);
        let actual = outcome(&fact, &env);
        if actual != fact.expected {
            writeln!(wrong, "{line}\n    but was {actual}").expect("strings can be written");
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{wrong}", wrong.matches("but was").count());
}

fn read<'a>(line: &'a str, format: &Format) -> Fact<'a> {
    let fields: Vec<&str> = line.split('\t').collect();
    let (expected, call) = fields.split_last().expect("a line has fields");
    let argument = |field: &&str| {
        let (type_name, text) = field.split_once('=').expect("an argument is type=value");
        let type_oid = type_oid(type_name);
        let value = match text {
            "\\N" => Datum::Null,
            text => text_in(type_oid, -1, text, format).expect("arguments are valid"),
        };
        (type_oid, value)
    };
    Fact { name: call[0], args: call[2..].iter().map(argument).collect(), expected }
}

fn type_oid(name: &str) -> Oid {
    builtin::type_named(name).unwrap_or_else(|| panic!("no type {name}")).oid
}

fn outcome(fact: &Fact<'_>, env: &Bare) -> String {
    let result_type = match fact.expected.strip_prefix('=') {
        Some(value) => type_oid(value.split_once('=').expect("a result is =type=value").0),
        // Only polymorphic array functions look at it when they fail.
        None => oids::array_of(oids::INT4).expect("int4 has an array type"),
    };
    match call(fact, env, result_type) {
        Ok(Datum::Null) => format!("={}=\\N", type_name(result_type)),
        Ok(value) => {
            let mut text = Vec::new();
            text_out(result_type, &value, &env.format, &mut text);
            let text = String::from_utf8_lossy(&text).replace('\n', "\\n");
            format!("={}={text}", type_name(result_type))
        }
        Err(e) => shown(&e),
    }
}

fn shown(error: &PgError) -> String {
    format!("!{} {}", error.code().as_str(), error.message())
}

fn type_name(type_oid: Oid) -> &'static str {
    &builtin::type_(type_oid).expect("built-in types only").name
}

fn call(fact: &Fact<'_>, env: &Bare, result_type: Oid) -> Result<Datum> {
    let (mut arg_types, values): (Vec<Oid>, Vec<Datum>) = fact.args.iter().cloned().unzip();
    let make = aggregate(fact.name);
    if make.is_some() {
        arg_types.truncate(1);
    }
    let ctx =
        Ctx { env, func: 0, arg_types: &arg_types, result_type, variadic: false, columns: &[] };
    let Some(make) = make else {
        return match lookup(fact.name) {
            Some(Implementation::Scalar(function)) => {
                // The caller's part: a strict function is not called with NULL.
                let strict = builtin::procs().iter().any(|p| p.src == fact.name && p.strict);
                match strict && values.iter().any(Datum::is_null) {
                    true => Ok(Datum::Null),
                    false => function(&ctx, &values),
                }
            }
            _ => panic!("{} is not a registered scalar function", fact.name),
        };
    };
    let mut state = make(&ctx, &[])?;
    for value in &values {
        state.update(&ctx, std::slice::from_ref(value))?;
    }
    state.finish(&ctx)
}
