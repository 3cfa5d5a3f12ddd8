//! pg_proc: functions and procedures that users make, after PostgreSQL's own.

use super::values::{acl, array, int2, letter, oid_array, text, text_array, vector};
use super::{Context, Row};
use crate::catalog::Function;
use crate::catalog::builtin::{ArgMode, Parallel};
use crate::nodes::json;
use crate::types::{Datum, oids};

pub(super) fn rows(cx: &Context<'_>) -> Vec<Row> {
    cx.catalog.functions().map(|function| row(function)).collect()
}

fn row(function: &Function) -> Row {
    let proc = &function.proc;
    let mode = |mode: &ArgMode| {
        Datum::Char(match mode {
            ArgMode::In => b'i',
            ArgMode::Out => b'o',
            ArgMode::InOut => b'b',
            ArgMode::Variadic => b'v',
            ArgMode::Table => b't',
        })
    };
    let all = proc.all_args.as_ref();
    let settings = function.settings.iter().map(|(name, value)| format!("{name}={value}"));
    let settings: Vec<String> = settings.collect();
    vec![
        Datum::Oid(proc.oid),
        text(&proc.name),
        Datum::Oid(proc.namespace),
        Datum::Oid(function.owner),
        Datum::Oid(proc.language),
        Datum::Float4(proc.cost),
        Datum::Float4(proc.rows),
        Datum::Oid(proc.variadic),
        Datum::Oid(0),
        letter(proc.kind),
        Datum::Bool(function.security_definer),
        Datum::Bool(proc.leakproof),
        Datum::Bool(proc.strict),
        Datum::Bool(proc.returns_set),
        letter(proc.volatility),
        letter(match proc.parallel {
            Parallel::Safe => b's',
            Parallel::Restricted => b'r',
            Parallel::Unsafe => b'u',
        }),
        int2(proc.arg_types.len()),
        int2(proc.arg_default_count),
        Datum::Oid(proc.return_type),
        vector(oids::OID, proc.arg_types.iter().map(|oid| Datum::Oid(*oid)).collect()),
        all.map_or(Datum::Null, |all| oid_array(all.iter().map(|(oid, _)| *oid))),
        all.map_or(Datum::Null, |all| {
            array(oids::CHAR, all.iter().map(|(_, m)| mode(m)).collect())
        }),
        proc.arg_names.as_ref().map_or(Datum::Null, text_array),
        defaults(function),
        Datum::Null,
        text(&proc.src),
        Datum::Null,
        // Which it is shows from its not being NULL; the text is pg_get_function_sqlbody's.
        if function.is_standard() { text("<>") } else { Datum::Null },
        if settings.is_empty() { Datum::Null } else { text_array(settings) },
        acl(function.acl.as_deref()),
    ]
}

/// The trees as a list, which `pg_get_expr` reads.
fn defaults(function: &Function) -> Datum {
    match json::write(&function.defaults) {
        Ok(list) if !function.defaults.is_empty() => text(&String::from_utf8_lossy(&list)),
        _ => function.proc.arg_defaults.as_deref().map_or(Datum::Null, text),
    }
}
