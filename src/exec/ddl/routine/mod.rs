//! Functions and procedures in LANGUAGE sql, and aggregates: CREATE, ALTER, DROP, and finding them by their
//! arguments.

mod alter;
mod create;
mod create_aggregate;
mod lookup;
mod parameters;

pub(super) use alter::{alter, comment, grant, grant_in_schema, owner, rename, set_schema};
pub(super) use create::create;
pub(super) use create_aggregate::create_aggregate;
pub(super) use lookup::exact;

use super::names::{RelationName, find_namespace, strings};
use super::{DdlContext, drop as dropping, privileges};
use crate::catalog::builtin::Proc;
use crate::catalog::depend::{Object, describe};
use crate::catalog::{Catalog, Change, Function, acl};
use crate::error::{PgError, Result, code};
use crate::functions::privileges::require_usage;
use crate::sql::bind::resolve_type;
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{DropStmt, ObjectWithArgs};
use pg_raw_parse::raw::ObjectType;
use std::sync::Arc;

/// Puts a new or changed function into the catalog.
pub(super) fn put(changed: Function, cx: &DdlContext<'_>) {
    let change = Change::PutFunction(cx.catalog.database(), Arc::new(changed));
    cx.catalog.push(change, cx.txn);
}

/// What a statement calls the objects it is about.
fn word(kind: ObjectType::Type) -> &'static str {
    match kind {
        ObjectType::OBJECT_PROCEDURE => "procedure",
        ObjectType::OBJECT_ROUTINE => "routine",
        ObjectType::OBJECT_AGGREGATE => "aggregate",
        _ => "function",
    }
}

fn tag(verb: &str, kind: ObjectType::Type) -> String {
    format!("{verb} {}", word(kind).to_ascii_uppercase())
}

/// `f(integer, text)`, as messages name a function.
pub(super) fn signature(
    name: &str,
    types: &[Oid],
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> String {
    let shown = types.iter().map(|oid| super::column::type_name(catalog, *oid, cx));
    format!("{name}({})", shown.collect::<Vec<_>>().join(", "))
}

/// The user's function that a statement means; `None`: there is none, or a built-in one.
fn find(
    written: &ObjectWithArgs,
    kind: ObjectType::Type,
    cx: &DdlContext<'_>,
) -> Result<Option<Arc<Function>>> {
    let found = find_proc(written, kind, cx)?;
    Ok(found.and_then(|proc| cx.catalog().function(proc.oid).cloned()))
}

/// The function that a statement means, or 42883.
pub(super) fn get(written: &ObjectWithArgs, cx: &DdlContext<'_>) -> Result<Proc> {
    let kind = ObjectType::OBJECT_FUNCTION;
    find_proc(written, kind, cx)?.ok_or_else(|| missing(written, kind, cx))
}

/// The function that a statement means, PostgreSQL's own or the user's (`LookupFuncWithArgs`); `None`:
/// there is none.
fn find_proc(
    written: &ObjectWithArgs,
    kind: ObjectType::Type,
    cx: &DdlContext<'_>,
) -> Result<Option<Proc>> {
    let catalog = cx.catalog();
    let name = RelationName::of_parts(&strings(written.objname()), cx)?;
    let path: Vec<Oid> = match &name.schema {
        Some(schema) => match find_namespace(&catalog, schema, cx) {
            Some(namespace) => {
                require_usage(&**cx.env, &catalog, namespace.oid)?;
                vec![namespace.oid]
            }
            None => {
                let message = format!("schema \"{schema}\" does not exist");
                return Err(PgError::new(code::INVALID_SCHEMA_NAME, message));
            }
        },
        None => cx.env.search_path().to_vec(),
    };
    let types = match written.args_unspecified {
        true => None,
        false => Some(argument_types(written, cx)?),
    };
    let mut found: Vec<(usize, &Proc)> = Vec::new();
    for proc in catalog.procs_named(&name.name) {
        let Some(place) = path.iter().position(|oid| *oid == proc.namespace) else { continue };
        let fits = |types: &Vec<Oid>| {
            let all = proc.all_args.iter().flatten().map(|(oid, _)| *oid);
            *types == proc.arg_types || (proc.kind == b'p' && all.eq(types.iter().copied()))
        };
        // A name alone means one of the kind.
        let of_kind = match kind {
            ObjectType::OBJECT_FUNCTION | ObjectType::OBJECT_AGGREGATE => proc.kind != b'p',
            ObjectType::OBJECT_PROCEDURE => proc.kind == b'p',
            _ => true,
        };
        if types.as_ref().map_or(of_kind, fits) {
            found.push((place, proc));
        }
    }
    found.sort_by_key(|(place, _)| *place);
    if types.is_none() && found.len() > 1 && found[0].0 == found[1].0 {
        let message = format!("{} name \"{name}\" is not unique", word(kind));
        return Err(PgError::new(code::AMBIGUOUS_FUNCTION, message).hint(format!(
            "Specify the argument list to select the {} unambiguously.",
            word(kind)
        )));
    }
    let Some((_, proc)) = found.into_iter().next() else { return Ok(None) };
    let shown = || signature(&name.to_string(), &proc.arg_types, &catalog, cx);
    let wrong = match kind {
        ObjectType::OBJECT_FUNCTION if proc.kind == b'p' => {
            Some(format!("{} is not a function", shown()))
        }
        ObjectType::OBJECT_PROCEDURE if proc.kind != b'p' => {
            Some(format!("{} is not a procedure", shown()))
        }
        ObjectType::OBJECT_AGGREGATE if proc.kind != b'a' => {
            Some(format!("function {} is not an aggregate", shown()))
        }
        _ => None,
    };
    match wrong {
        Some(message) => Err(PgError::new(code::WRONG_OBJECT_TYPE, message)),
        None => Ok(Some(proc.clone())),
    }
}

fn argument_types(written: &ObjectWithArgs, cx: &DdlContext<'_>) -> Result<Vec<Oid>> {
    let catalog = cx.catalog();
    let names = written.objargs().iter().filter_map(|node| match node {
        Node::TypeName(name) => Some(name),
        _ => None,
    });
    names.map(|name| Ok(resolve_type(name, &cx.bind(&catalog))?.0)).collect()
}

/// The same, or 42883; the current role owns it.
fn get_own(
    written: &ObjectWithArgs,
    kind: ObjectType::Type,
    cx: &DdlContext<'_>,
) -> Result<Arc<Function>> {
    let found = find(written, kind, cx)?.map_or_else(|| Err(missing(written, kind, cx)), Ok)?;
    check_owner(&found, cx)?;
    Ok(found)
}

fn missing(written: &ObjectWithArgs, kind: ObjectType::Type, cx: &DdlContext<'_>) -> PgError {
    let name = strings(written.objname()).join(".");
    let of_aggregate = kind == ObjectType::OBJECT_AGGREGATE;
    let article = if of_aggregate { "an" } else { "a" };
    let message = match written.args_unspecified {
        true => format!("could not find {article} {} named \"{name}\"", word(kind)),
        false => {
            let types = argument_types(written, cx).unwrap_or_default();
            match types.is_empty() && of_aggregate {
                true => format!("aggregate {name}(*) does not exist"),
                false => {
                    let shown = signature(&name, &types, &cx.catalog(), cx);
                    format!("{} {shown} does not exist", word(kind))
                }
            }
        }
    };
    PgError::new(code::UNDEFINED_FUNCTION, message)
}

fn check_owner(function: &Function, cx: &DdlContext<'_>) -> Result<()> {
    if privileges::is_owner(&cx.catalog(), cx.env.current_role(), function.owner) {
        return Ok(());
    }
    let message = format!("must be owner of {} {}", function.kind_name(), function.proc.name);
    Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message))
}

/// 42501 unless the current role may give something to a role.
fn check_new_owner(owner: Oid, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    if acl::is_member_of(&catalog, cx.env.current_role(), owner) {
        return Ok(());
    }
    let message = format!("must be member of role \"{}\"", acl::role_name(&catalog, owner));
    Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message))
}

/// DROP FUNCTION, PROCEDURE, ROUTINE and AGGREGATE.
pub(super) async fn drop(statement: &DropStmt, cx: &DdlContext<'_>) -> Result<String> {
    let kind = statement.remove_type;
    let mut objects = Vec::new();
    for node in statement.objects() {
        let Node::ObjectWithArgs(written) = node else { continue };
        let name = strings(written.objname());
        if super::drop_missing::schema_is_skipped(&name, statement.missing_ok, cx)? {
            continue;
        }
        let Some(proc) = find_proc(written, kind, cx)? else {
            super::drop_missing::routine(written, statement.missing_ok, word(kind), cx)?;
            continue;
        };
        if kind == ObjectType::OBJECT_FUNCTION && proc.kind == b'a' {
            let message = format!("\"{}\" is an aggregate function", name.join("."));
            return Err(PgError::new(code::WRONG_OBJECT_TYPE, message)
                .hint("Use DROP AGGREGATE to drop aggregate functions."));
        }
        let catalog = cx.catalog();
        let Some(function) = catalog.function(proc.oid) else {
            let what = describe(&catalog, Object::Function(proc.oid), cx.env.search_path());
            let message =
                format!("cannot drop {what} because it is required by the database system");
            return Err(PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message));
        };
        check_owner(function, cx)?;
        check_no_constructor(function, cx)?;
        objects.push(Object::Function(proc.oid));
    }
    dropping::delete(&objects, dropping::cascade(statement.behavior), cx).await?;
    Ok(tag("DROP", kind))
}

/// A constructor goes with its range type only.
fn check_no_constructor(function: &Function, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    let Some(constructed) = function.constructed() else { return Ok(()) };
    let path = cx.env.search_path();
    let this = describe(&catalog, Object::Function(function.proc.oid), path);
    let of = describe(&catalog, Object::Type(constructed), path);
    let message = format!("cannot drop {this} because {of} requires it");
    Err(PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message)
        .hint(format!("You can drop {of} instead.")))
}
