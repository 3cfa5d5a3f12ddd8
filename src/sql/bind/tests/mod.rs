//! Golden transcripts: statements, and what PostgreSQL 15 says about each when it is prepared:
//! result columns (name, type), parameter types, or the error with SQLSTATE, position, hint.
//!
//! The expectations in `*.txt` were taken from a real PostgreSQL over the tables of [`fixture`].

mod fixture;

use super::{BindContext, ParamTypes, bind_query};
use crate::error::PgError;
use crate::sql::parse;
use fixture::TestEnv;

/// What a statement describes as, in the transcripts' form.
fn describe(env: &TestEnv, sql: &str) -> String {
    let context = BindContext { catalog: &env.catalog, env };
    let mut params = ParamTypes::Variable(Vec::new());
    let bound = parse(sql).and_then(|s| bind_query(&s[0], &context, &mut params));
    let query = match bound {
        Ok(query) => query,
        Err(error) => return show_error(sql, &error),
    };
    let columns =
        query.output().map(|t| format!("{}:{}:{}", t.name, t.expr.type_oid(), t.expr.typmod()));
    let mut out = columns.collect::<Vec<_>>().join(", ");
    if let ParamTypes::Variable(types) = params
        && !types.is_empty()
    {
        let types: Vec<String> = types.iter().map(u32::to_string).collect();
        out.push_str(&format!(" PARAMS {}", types.join(",")));
    }
    out
}

fn show_error(sql: &str, error: &PgError) -> String {
    let position = error.location().map(|at| sql[..at as usize].chars().count() + 1);
    let position = position.map(|p| p.to_string()).unwrap_or_default();
    let mut out = format!("ERROR {} @{position} {}", error.code().as_str(), error.message());
    if let Some(detail) = error.detail_text() {
        out.push_str(&format!(" DETAIL {detail}"));
    }
    if let Some(hint) = error.hint_text() {
        out.push_str(&format!(" HINT {hint}"));
    }
    out
}

fn run(transcript: &str) {
    let env = fixture::env();
    let mut failures = Vec::new();
    let mut lines = transcript.lines();
    while let Some(sql) = lines.next() {
        let expected = lines.next().and_then(|l| l.strip_prefix("= ")).unwrap_or_default();
        let actual = describe(&env, sql);
        if actual.trim_end() != expected.trim_end() {
            failures.push(format!("{sql}\n  PostgreSQL: {expected}\n  bound:      {actual}"));
        }
    }
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn statements_describe_as_in_postgresql() {
    run(include_str!("statements.txt"));
}

#[test]
fn expressions_and_errors_are_postgresqls() {
    run(include_str!("expressions.txt"));
}
