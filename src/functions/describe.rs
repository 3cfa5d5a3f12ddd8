//! SQL text of catalog objects: `pg_get_viewdef`, `pg_get_functiondef`'s parts, comments.

use super::Implementation::{self, Scalar, Set};
use super::quote::{quote_identifier, quote_qualified};
use super::{Ctx, Deparse, Env, Rows, function_definition, reg};
use crate::catalog::builtin::{self, ArgMode, Proc, oid::class};
use crate::catalog::pg_catalog::view_of_rule;
use crate::catalog::{Catalog, ConstraintKind, Persistence, RelationKind, RuleEvent, view_update};
use crate::error::{PgError, Result, code};
use crate::nodes::{Expr, json};
use crate::types::{Datum, Oid};

fn deparse(ctx: &Ctx<'_>, what: Deparse<'_>, pretty: bool) -> Result<Datum> {
    Ok(ctx.env.session().deparse(what, pretty)?.map_or(Datum::Null, Datum::text))
}

fn view_by_name(ctx: &Ctx<'_>, name: &str, pretty: bool) -> Result<Datum> {
    deparse(ctx, Deparse::View(reg::relation(ctx.env, name)?), pretty)
}

/// A view's `_RETURN`, or a rule that a user has made.
fn rule(ctx: &Ctx<'_>, oid: Oid, pretty: bool) -> Result<Datum> {
    let catalog = ctx.env.catalog();
    if catalog.rule(oid).is_some() {
        return deparse(ctx, Deparse::Rule(oid), pretty);
    }
    let view = view_of_rule(oid).and_then(|view| catalog.relation(view));
    let Some(view) = view.filter(|v| v.query().is_some()) else {
        return Ok(Datum::Null);
    };
    let query = ctx.env.session().deparse(Deparse::View(view.oid), pretty)?.unwrap_or_default();
    let visible = catalog.relation_in_path(ctx.env.search_path(), &view.name);
    let plain = pretty && visible.is_some_and(|found| found.oid == view.oid);
    let schema = catalog.namespace(view.namespace).filter(|_| !plain).map(|n| n.name.as_str());
    let name = quote_qualified(schema, &view.name);
    let text = format!("CREATE RULE \"_RETURN\" AS\n    ON SELECT TO {name} DO INSTEAD {query}");
    Ok(Datum::text(text))
}

fn expression(ctx: &Ctx<'_>, a: &[Datum], pretty: bool) -> Result<Datum> {
    let what = Deparse::Expr { tree: a[0].as_text(), relation: a[1].as_oid() };
    deparse(ctx, what, pretty)
}

fn index(ctx: &Ctx<'_>, index: Oid, column: i32, pretty: bool) -> Result<Datum> {
    deparse(ctx, Deparse::Index { index, column }, pretty)
}

fn type_name(env: &dyn Env, oid: Oid) -> String {
    reg::format_type(env, oid, None).unwrap_or_else(|| oid.to_string())
}

/// Which arguments `arguments` lists, and how.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Listing {
    /// As CREATE FUNCTION would: input and output, with defaults.
    Full,
    /// As ALTER FUNCTION needs: input only, without defaults.
    Identity,
    /// TABLE columns only.
    Table,
}

/// The arguments with names, types and modes, in order.
fn all_arguments(proc: &Proc) -> Vec<(&str, Oid, ArgMode)> {
    let name = |i: usize| proc.arg_names.as_ref().and_then(|n| n.get(i)).map_or("", |n| &**n);
    match &proc.all_args {
        Some(all) => all.iter().enumerate().map(|(i, &(ty, mode))| (name(i), ty, mode)).collect(),
        None => {
            proc.arg_types.iter().enumerate().map(|(i, &ty)| (name(i), ty, ArgMode::In)).collect()
        }
    }
}

/// Default expressions, aligned with the last input arguments.
fn defaults(env: &dyn Env, proc: &Proc) -> Vec<String> {
    if let Some(function) = env.catalog().function(proc.oid)
        && !function.defaults.is_empty()
    {
        return function
            .defaults
            .iter()
            .map(|d| default_text(env, d).unwrap_or_default())
            .collect();
    }
    let texts = proc.arg_defaults.as_deref().map(split_expressions);
    texts.into_iter().flatten().map(str::to_owned).collect()
}

fn default_text(env: &dyn Env, default: &Expr) -> Option<String> {
    let tree = json::write(default).ok()?;
    let what = Deparse::Expr { tree: std::str::from_utf8(&tree).ok()?, relation: 0 };
    env.session().deparse(what, false).ok()?
}

/// Splits at `, ` outside parentheses, brackets and quotes.
fn split_expressions(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' | '[' if !quoted => depth += 1,
            ')' | ']' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

pub(super) fn arguments(env: &dyn Env, proc: &Proc, listing: Listing) -> String {
    let defaults = defaults(env, proc);
    let first_default = proc.arg_types.len().saturating_sub(defaults.len());
    let ordered_set = builtin::aggregate(proc.oid).filter(|a| a.kind != b'n');
    let (mut shown, mut inputs): (Vec<String>, usize) = (Vec::new(), 0);
    for (name, type_oid, mode) in all_arguments(proc) {
        let input = matches!(mode, ArgMode::In | ArgMode::InOut | ArgMode::Variadic);
        let default = input
            .then(|| inputs.checked_sub(first_default).and_then(|at| defaults.get(at)))
            .flatten();
        inputs += usize::from(input);
        let wanted = match listing {
            Listing::Full => mode != ArgMode::Table,
            Listing::Identity => mode != ArgMode::Table,
            Listing::Table => mode == ArgMode::Table,
        };
        if !wanted {
            continue;
        }
        let prefix = match mode {
            ArgMode::Out => "OUT ",
            ArgMode::InOut => "INOUT ",
            ArgMode::Variadic => "VARIADIC ",
            // As DROP PROCEDURE would read a list without modes otherwise.
            ArgMode::In if proc.kind == b'p' => "IN ",
            ArgMode::In | ArgMode::Table => "",
        };
        let name =
            if name.is_empty() { String::new() } else { format!("{} ", quote_identifier(name)) };
        let mut text = format!("{prefix}{name}{}", type_name(env, type_oid));
        if let (Listing::Full, Some(default)) = (listing, default) {
            text.push_str(&format!(" DEFAULT {default}"));
        }
        shown.push(text);
    }
    match ordered_set {
        Some(aggregate) if listing != Listing::Table => {
            let direct = usize::try_from(aggregate.direct_args).unwrap_or(0);
            order_by(shown, direct, proc.variadic != 0)
        }
        _ => shown.join(", "),
    }
}

/// `direct arguments ORDER BY aggregated ones`; a variadic list is shown on both sides.
fn order_by(shown: Vec<String>, direct: usize, variadic: bool) -> String {
    let (before, after) = shown.split_at(direct.min(shown.len()));
    let after = if after.is_empty() && variadic { &before[before.len() - 1..] } else { after };
    format!("{} ORDER BY {}", before.join(", "), after.join(", ")).trim_start().to_owned()
}

pub(super) fn result_type(env: &dyn Env, proc: &Proc) -> Datum {
    if proc.kind == b'p' {
        return Datum::Null;
    }
    let columns = arguments(env, proc, Listing::Table);
    if !columns.is_empty() {
        return Datum::text(format!("TABLE({columns})"));
    }
    let set = if proc.returns_set { "SETOF " } else { "" };
    Datum::text(format!("{set}{}", type_name(env, proc.return_type)))
}

/// The default of input argument `n`, counted over all arguments from 1.
fn argument_default(env: &dyn Env, proc: &Proc, n: i32) -> Datum {
    let all = all_arguments(proc);
    let Some(at) = usize::try_from(n).ok().and_then(|n| n.checked_sub(1)) else {
        return Datum::Null;
    };
    let input = |mode: ArgMode| matches!(mode, ArgMode::In | ArgMode::InOut | ArgMode::Variadic);
    if !all.get(at).is_some_and(|(_, _, mode)| input(*mode)) {
        return Datum::Null;
    }
    let position = all[..at].iter().filter(|(_, _, mode)| input(*mode)).count();
    let defaults = defaults(env, proc);
    let first = proc.arg_types.len().saturating_sub(defaults.len());
    let default = position.checked_sub(first).and_then(|at| defaults.get(at));
    default.map_or(Datum::Null, |text| Datum::text(text.as_str()))
}

fn of_function(env: &dyn Env, a: &[Datum], show: impl FnOnce(&Proc) -> Datum) -> Result<Datum> {
    Ok(env.catalog().proc(a[0].as_oid()).map_or(Datum::Null, show))
}

/// The sequence that a serial or identity column owns, by names.
fn serial_sequence(ctx: &Ctx<'_>, table: &str, column: &str) -> Result<Datum> {
    let catalog = ctx.env.catalog();
    let oid = reg::relation(ctx.env, table)?;
    let relation = catalog.relation(oid);
    let found = relation.and_then(|r| r.column_by_name(column)).map(|c| c.attno);
    let Some(attno) = found else {
        let name = relation.map_or(table, |r| r.name.as_str());
        let message = format!("column \"{column}\" of relation \"{name}\" does not exist");
        return Err(PgError::new(code::UNDEFINED_COLUMN, message));
    };
    let owned = catalog
        .sequences_owned_by(oid)
        .find(|s| s.sequence.as_ref().and_then(|i| i.owned_by) == Some((oid, attno)));
    Ok(owned.map_or(Datum::Null, |sequence| {
        let schema = catalog.namespace(sequence.namespace).map(|n| n.name.as_str());
        Datum::text(quote_qualified(schema, &sequence.name))
    }))
}

/// The comment on an object of one of the local catalogs.
fn comment(catalog: &Catalog, object: Oid, catalog_class: Oid) -> Option<String> {
    let own = match catalog_class {
        class::CLASS => catalog.relation(object).and_then(|r| r.comment.clone()),
        class::NAMESPACE => catalog.namespace(object).and_then(|n| n.comment.clone()),
        class::CONSTRAINT => match catalog.constraint(object) {
            Some((_, constraint)) => constraint.comment.clone(),
            None => catalog.domain_check(object).and_then(|(_, check)| check.comment.clone()),
        },
        class::REWRITE => catalog.rule(object).and_then(|(_, rule)| rule.comment.clone()),
        class::POLICY => catalog.policy(object).and_then(|(_, policy)| policy.comment.clone()),
        class::TYPE => match catalog.user_type(object) {
            Some(found) => found.comment.clone(),
            None => catalog
                .row_type_relation(object)
                .filter(|r| r.kind == RelationKind::Composite)
                .and_then(|r| r.comment.clone()),
        },
        class::OPERATOR => catalog.user_operator(object).and_then(|o| o.comment.clone()),
        class::COLLATION => catalog.user_collation(object).and_then(|c| c.comment.clone()),
        class::CAST => catalog.cast_with_oid(object).and_then(|c| c.comment.clone()),
        class::PROC => catalog.function(object).and_then(|f| f.comment.clone()),
        class::EXTENSION => catalog.extension(object).and_then(|e| e.comment.clone()),
        class::DATABASE => catalog.database(object).and_then(|d| d.comment.clone()),
        class::AUTHID => catalog.role(object).and_then(|r| r.comment.clone()),
        _ => None,
    };
    own.or_else(|| builtin::description(object, catalog_class, 0).map(str::to_owned))
}

/// The OID of the catalog of this name.
fn class_named(name: &str) -> Option<Oid> {
    builtin::system_relation_named(builtin::oid::PG_CATALOG, name).map(|relation| relation.oid)
}

fn object_comment(ctx: &Ctx<'_>, object: Oid, catalog_class: Option<Oid>) -> Result<Datum> {
    let found = match catalog_class {
        // Large objects are not in the catalog.
        Some(class::LARGE_OBJECT) => {
            let found = ctx.env.session().transaction()?.large_object(object)?;
            found.and_then(|found| found.comment)
        }
        Some(class) => comment(ctx.env.catalog(), object, class),
        None => None,
    };
    Ok(found.map_or(Datum::Null, Datum::text))
}

/// The older form without a catalog's name: the first object of that OID with a comment.
fn any_comment(ctx: &Ctx<'_>, object: Oid) -> Datum {
    const CLASSES: [Oid; 9] = [
        class::CLASS,
        class::TYPE,
        class::PROC,
        class::OPERATOR,
        class::NAMESPACE,
        class::CONSTRAINT,
        class::COLLATION,
        class::POLICY,
        class::EXTENSION,
    ];
    let found = CLASSES.iter().find_map(|class| comment(ctx.env.catalog(), object, *class));
    found.map_or(Datum::Null, Datum::text)
}

fn column_comment(ctx: &Ctx<'_>, relation: Oid, column: i32) -> Datum {
    let own = ctx.env.catalog().relation(relation).and_then(|r| match column {
        0 => r.comment.clone(),
        _ => r.live_columns().find(|c| i32::from(c.attno) == column)?.comment.clone(),
    });
    let builtin = || builtin::description(relation, class::CLASS, column).map(str::to_owned);
    own.or_else(builtin).map_or(Datum::Null, Datum::text)
}

/// A table's replica identity is its primary key.
fn replica_identity(env: &dyn Env, table: Oid) -> Datum {
    let relation = env.catalog().relation(table);
    let index = relation.and_then(|r| {
        r.constraints.iter().find_map(|c| match &c.kind {
            ConstraintKind::PrimaryKey { index, .. } => Some(*index),
            _ => None,
        })
    });
    index.map_or(Datum::Null, Datum::Oid)
}

/// `pg_options_to_table`: `name=value` strings as two columns.
fn options_to_table(options: &Datum) -> Rows {
    let elements = options.as_array().elements.clone();
    Box::new(elements.into_iter().filter(|option| !option.is_null()).map(|option| {
        Ok(match option.as_text().split_once('=') {
            Some((name, value)) => vec![Datum::text(name), Datum::text(value)],
            None => vec![option, Datum::Null],
        })
    }))
}

/// What may be done to a relation's rows, as bits of PostgreSQL's command codes: a table takes
/// INSERT, UPDATE and DELETE; a view what its rules allow.
fn updatable(env: &dyn Env, oid: Oid) -> i32 {
    const UPDATE: i32 = 1 << 2;
    const INSERT: i32 = 1 << 3;
    const DELETE: i32 = 1 << 4;
    let catalog = env.catalog();
    let Some(relation) = catalog.relation(oid) else { return 0 };
    let ruled = relation.rules.iter().filter(|rule| rule.condition.is_none());
    let ruled = ruled.fold(0, |bits, rule| {
        let replaces = |event, bit| if rule.replaces(event) { bit } else { 0 };
        bits | replaces(RuleEvent::Insert, INSERT)
            | replaces(RuleEvent::Update, UPDATE)
            | replaces(RuleEvent::Delete, DELETE)
    });
    let own = match &relation.view {
        _ if view_update::relation_is_updatable(catalog, relation) => INSERT | UPDATE | DELETE,
        Some(view) if view_update::refusal(catalog, view).is_none() => DELETE,
        _ => 0,
    };
    own | ruled
}

/// Whether UPDATE may assign a column.
fn column_updatable(env: &dyn Env, oid: Oid, attno: i16) -> bool {
    let catalog = env.catalog();
    let Some(relation) = catalog.relation(oid) else { return false };
    view_update::is_assignable(catalog, relation, attno)
}

/// Whether a publication FOR ALL TABLES would hold it: a permanent table of users.
fn publishable(env: &dyn Env, oid: Oid) -> Datum {
    let Some(relation) = env.catalog().relation(oid) else {
        return Datum::Null;
    };
    let permanent = relation.persistence == Persistence::Permanent;
    let table = relation.kind == RelationKind::Table;
    Datum::Bool(permanent && table && !Catalog::is_system(oid))
}

/// The types of an `oidvector`, as `integer, text`.
fn vector_types(env: &dyn Env, vector: &Datum) -> Datum {
    let types = vector.as_array().elements.iter().map(|oid| type_name(env, oid.as_oid()));
    Datum::text(types.collect::<Vec<_>>().join(", "))
}

/// Whether policies bind the current role in a table.
fn policed(env: &dyn Env, table: Oid) -> Datum {
    let catalog = env.catalog();
    let relation = catalog.relation(table);
    Datum::Bool(relation.is_some_and(|table| table.polices(catalog, env.current_role())))
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pg_get_viewdef", Scalar(|c, a| deparse(c, Deparse::View(a[0].as_oid()), false))),
    ("pg_get_viewdef_ext", Scalar(|c, a| deparse(c, Deparse::View(a[0].as_oid()), a[1].as_bool()))),
    // A wrap column asks for the pretty form.
    ("pg_get_viewdef_wrap", Scalar(|c, a| deparse(c, Deparse::View(a[0].as_oid()), true))),
    ("pg_get_viewdef_name", Scalar(|c, a| view_by_name(c, a[0].as_text(), false))),
    ("pg_get_viewdef_name_ext", Scalar(|c, a| view_by_name(c, a[0].as_text(), a[1].as_bool()))),
    ("pg_get_ruledef", Scalar(|c, a| rule(c, a[0].as_oid(), false))),
    ("pg_get_ruledef_ext", Scalar(|c, a| rule(c, a[0].as_oid(), a[1].as_bool()))),
    ("pg_get_expr", Scalar(|c, a| expression(c, a, false))),
    ("pg_get_expr_ext", Scalar(|c, a| expression(c, a, a[2].as_bool()))),
    ("pg_get_indexdef", Scalar(|c, a| index(c, a[0].as_oid(), 0, false))),
    ("pg_get_indexdef_ext", Scalar(|c, a| index(c, a[0].as_oid(), a[1].as_int4(), a[2].as_bool()))),
    ("pg_get_constraintdef", Scalar(|c, a| deparse(c, Deparse::Constraint(a[0].as_oid()), false))),
    (
        "pg_get_constraintdef_ext",
        Scalar(|c, a| deparse(c, Deparse::Constraint(a[0].as_oid()), a[1].as_bool())),
    ),
    ("pg_get_functiondef", Scalar(|c, a| function_definition::definition(c, a[0].as_oid()))),
    (
        "pg_get_function_arguments",
        Scalar(|c, a| of_function(c.env, a, |p| Datum::text(arguments(c.env, p, Listing::Full)))),
    ),
    (
        "pg_get_function_identity_arguments",
        Scalar(|c, a| {
            of_function(c.env, a, |p| Datum::text(arguments(c.env, p, Listing::Identity)))
        }),
    ),
    ("pg_get_function_result", Scalar(|c, a| of_function(c.env, a, |p| result_type(c.env, p)))),
    (
        "pg_get_function_arg_default",
        Scalar(|c, a| of_function(c.env, a, |p| argument_default(c.env, p, a[1].as_int4()))),
    ),
    (
        "pg_get_function_sqlbody",
        Scalar(|c, a| {
            let of_user = deparse(c, Deparse::FunctionBody(a[0].as_oid()), false)?;
            if !of_user.is_null() {
                return Ok(of_user);
            }
            of_function(c.env, a, |p| p.sql_body.as_deref().map_or(Datum::Null, Datum::text))
        }),
    ),
    ("pg_get_serial_sequence", Scalar(|c, a| serial_sequence(c, a[0].as_text(), a[1].as_text()))),
    ("pg_get_replica_identity_index", Scalar(|c, a| Ok(replica_identity(c.env, a[0].as_oid())))),
    ("pg_get_partkeydef", Scalar(|c, a| deparse(c, Deparse::PartitionKey(a[0].as_oid()), false))),
    (
        "pg_get_partition_constraintdef",
        Scalar(|c, a| deparse(c, Deparse::PartitionConstraint(a[0].as_oid()), false)),
    ),
    // There are no extended statistics, rules of users, or triggers.
    ("pg_get_statisticsobjdef", Scalar(|_, _| Ok(Datum::Null))),
    ("pg_get_statisticsobjdef_columns", Scalar(|_, _| Ok(Datum::Null))),
    ("pg_get_triggerdef", Scalar(|_, _| Ok(Datum::Null))),
    ("pg_get_triggerdef_ext", Scalar(|_, _| Ok(Datum::Null))),
    (
        "obj_description(oid,name)",
        Scalar(|c, a| object_comment(c, a[0].as_oid(), class_named(a[1].as_text()))),
    ),
    (
        "shobj_description(oid,name)",
        Scalar(|c, a| object_comment(c, a[0].as_oid(), class_named(a[1].as_text()))),
    ),
    ("obj_description(oid)", Scalar(|c, a| Ok(any_comment(c, a[0].as_oid())))),
    (
        "col_description(oid,int4)",
        Scalar(|c, a| Ok(column_comment(c, a[0].as_oid(), a[1].as_int4()))),
    ),
    ("pg_relation_is_updatable", Scalar(|c, a| Ok(Datum::Int4(updatable(c.env, a[0].as_oid()))))),
    (
        "pg_column_is_updatable",
        Scalar(|c, a| {
            // System columns never are.
            Ok(Datum::Bool(column_updatable(c.env, a[0].as_oid(), a[1].as_int2())))
        }),
    ),
    ("pg_relation_is_publishable", Scalar(|c, a| Ok(publishable(c.env, a[0].as_oid())))),
    (
        "pg_relation_filenode",
        Scalar(|c, a| {
            let storage = c.env.catalog().relation(a[0].as_oid()).map_or(0, |r| r.storage);
            Ok(if storage == 0 { Datum::Null } else { Datum::Oid(storage) })
        }),
    ),
    // Both tablespaces are the data directory.
    ("pg_tablespace_location", Scalar(|_, _| Ok(Datum::text("")))),
    ("oidvectortypes", Scalar(|c, a| Ok(vector_types(c.env, &a[0])))),
    (
        "row_security_active_name",
        Scalar(|c, a| Ok(policed(c.env, reg::relation(c.env, a[0].as_text())?))),
    ),
    ("row_security_active", Scalar(|c, a| Ok(policed(c.env, a[0].as_oid())))),
    ("pg_options_to_table", Set(|_, a| Ok(options_to_table(&a[0])))),
];
