//! `pg_get_functiondef`: CREATE FUNCTION of a built-in function, as `\sf` shows it (`ruleutils.c`).

use super::describe::{self, Listing};
use super::name_list::{is_name_list, split_identifiers};
use super::quote::{quote_identifier, quote_literal, quote_qualified};
use super::{Ctx, Deparse, Env, visibility};
use crate::catalog::builtin::{self, Parallel, Proc};
use crate::error::{PgError, Result, code};
use crate::types::{Datum, Oid};
use std::fmt::Write as _;

/// `C` and `internal` functions are taken to be cheap, others to cost 100.
const COST_COMPILED: f32 = 1.0;
const COST_OTHER: f32 = 100.0;
/// A set is taken to have so many rows.
const ROWS: f32 = 1000.0;
const C_LANGUAGE: Oid = 13;

/// NULL where there is no such function.
pub(super) fn definition(ctx: &Ctx<'_>, oid: Oid) -> Result<Datum> {
    let Some(proc) = ctx.env.catalog().proc(oid) else { return Ok(Datum::Null) };
    if proc.kind == b'a' {
        let message = format!("\"{}\" is an aggregate function", proc.name);
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    let env = ctx.env;
    let what = if proc.kind == b'p' { "PROCEDURE" } else { "FUNCTION" };
    let name = qualified(env, proc);
    let arguments = describe::arguments(env, proc, Listing::Full);
    let mut out = format!("CREATE OR REPLACE {what} {name}({arguments})\n");
    if let Datum::Text(result) = describe::result_type(env, proc) {
        // Writing to a String does not fail.
        let _ = writeln!(out, " RETURNS {result}");
    }
    let language = builtin::language(proc.language).map_or("", |l| l.name);
    let _ = writeln!(out, " LANGUAGE {}", quote_identifier(language));
    let attributes = attributes(env, proc);
    let mut settings = String::new();
    if let Some(function) = env.catalog().function(oid) {
        for (name, value) in &function.settings {
            let _ = writeln!(settings, " SET {name} TO {}", setting(name, value));
        }
    }
    if !attributes.is_empty() {
        let _ = writeln!(out, "{attributes}");
    }
    out.push_str(&settings);
    let standard = ctx.env.session().deparse(Deparse::FunctionBody(oid), false)?;
    match standard.as_deref().or(proc.sql_body.as_deref()) {
        Some(body) => out.push_str(body),
        None => {
            let library =
                proc.library.as_ref().map(|library| format!("{}, ", quote_literal(library)));
            let library = library.unwrap_or_default();
            let quote =
                dollar_quote(&proc.src, if proc.kind == b'p' { "procedure" } else { "function" });
            let _ = write!(out, "AS {library}{quote}{}{quote}", proc.src);
        }
    }
    out.push('\n');
    Ok(Datum::text(out))
}

/// A setting's value as SET takes it.
fn setting(name: &str, value: &str) -> String {
    match split_identifiers(value).filter(|_| is_name_list(name)) {
        Some(names) => names.iter().map(|name| quote_literal(name)).collect::<Vec<_>>().join(", "),
        None => quote_literal(value),
    }
}

fn qualified(env: &dyn Env, proc: &Proc) -> String {
    let namespace = env.catalog().schema_of(proc.namespace);
    let schema = env.catalog().namespace(namespace).map(|n| n.name.as_str());
    quote_qualified(schema, &proc.name)
}

/// What differs from CREATE FUNCTION's defaults, with a blank before each.
fn attributes(env: &dyn Env, proc: &Proc) -> String {
    let mut out = String::new();
    if proc.kind == b'w' {
        out.push_str(" WINDOW");
    }
    out.push_str(match proc.volatility {
        b'i' => " IMMUTABLE",
        b's' => " STABLE",
        _ => "",
    });
    out.push_str(match proc.parallel {
        Parallel::Safe => " PARALLEL SAFE",
        Parallel::Restricted => " PARALLEL RESTRICTED",
        Parallel::Unsafe => "",
    });
    if proc.strict {
        out.push_str(" STRICT");
    }
    if env.catalog().function(proc.oid).is_some_and(|function| function.security_definer) {
        out.push_str(" SECURITY DEFINER");
    }
    if proc.leakproof {
        out.push_str(" LEAKPROOF");
    }
    let compiled = matches!(proc.language, builtin::oid::INTERNAL_LANGUAGE | C_LANGUAGE);
    if proc.cost != if compiled { COST_COMPILED } else { COST_OTHER } {
        let _ = write!(out, " COST {}", proc.cost);
    }
    if proc.rows > 0.0 && proc.rows != ROWS {
        let _ = write!(out, " ROWS {}", proc.rows);
    }
    if let Some(support) = builtin::proc(proc.support) {
        let name = match visibility::function(env, support.oid) {
            Some(true) => quote_identifier(&support.name).into_owned(),
            _ => qualified(env, support),
        };
        let _ = write!(out, " SUPPORT {name}");
    }
    out
}

/// `$function$`, or a longer one where the text has it.
fn dollar_quote(text: &str, tag: &str) -> String {
    let mut quote = format!("${tag}");
    while text.contains(&quote) {
        quote.push('x');
    }
    quote.push('$');
    quote
}
