//! ALTER FUNCTION and PROCEDURE: attributes, name, owner, schema; COMMENT and GRANT on them.

use super::super::grant::Grant;
use super::super::grantor::Subject;
use super::super::names::get_namespace;
use super::super::{DdlContext, lock, privileges};
use super::create::attribute;
use super::{check_new_owner, find, find_proc, get_own, missing, put, signature, tag};
use crate::catalog::{DefaultAclKind, Function, acl, is_temporary};
use crate::error::{PgError, Result, code};
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{AlterFunctionStmt, AlterObjectSchemaStmt, ObjectWithArgs, RenameStmt};
use pg_raw_parse::raw::{ObjectType, VariableSetKind};

pub(in super::super) fn alter(
    statement: &AlterFunctionStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let written = statement.func().expect("ALTER FUNCTION names a function");
    let mut changed = (*get_own(written, statement.objtype, cx)?).clone();
    if changed.aggregate.is_some() {
        let name = super::strings(written.objname()).join(".");
        let message = format!("\"{name}\" is an aggregate function");
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    for action in statement.actions() {
        match action.arg() {
            Node::VariableSetStmt(set) if set.kind == VariableSetKind::VAR_RESET_ALL => {
                changed.settings.clear();
            }
            _ => attribute(&mut changed, action, cx)?,
        }
    }
    put(changed, cx);
    Ok(tag("ALTER", statement.objtype))
}

fn written(node: Node<'_>) -> Option<&ObjectWithArgs> {
    match node {
        Node::ObjectWithArgs(written) => Some(written),
        _ => None,
    }
}

pub(in super::super) async fn rename(
    statement: &RenameStmt,
    new: &str,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let kind = statement.rename_type;
    let named = written(statement.object()).expect("RENAME names a function");
    let found = get_own(named, kind, cx)?;
    let mut changed = (*found).clone();
    changed.proc.name = new.to_owned().into();
    check_free(&changed, changed.proc.namespace, cx).await?;
    put(changed, cx);
    Ok(tag("ALTER", kind))
}

/// 42723 where the schema has such a function; its name stays locked.
async fn check_free(function: &Function, namespace: Oid, cx: &DdlContext<'_>) -> Result<()> {
    let proc = &function.proc;
    lock::name(namespace, &proc.name, cx).await?;
    let catalog = cx.catalog();
    let same = |other: &&std::sync::Arc<Function>| {
        other.proc.namespace == namespace && other.proc.arg_types == proc.arg_types
    };
    if !catalog.functions_named(&proc.name).any(|other| same(&other)) {
        return Ok(());
    }
    let shown = signature(&proc.name, &proc.arg_types, &catalog, cx);
    let schema = catalog.namespace(namespace).map_or("", |n| n.name.as_str());
    let message = format!("function {shown} already exists in schema \"{schema}\"");
    Err(PgError::new(code::DUPLICATE_FUNCTION, message))
}

pub(in super::super) fn owner(
    object: Node<'_>,
    kind: ObjectType::Type,
    owner: Oid,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let named = written(object).expect("OWNER TO names a function");
    let found = get_own(named, kind, cx)?;
    set_owner(&found, owner, cx)?;
    Ok(tag("ALTER", kind))
}

fn set_owner(found: &Function, owner: Oid, cx: &DdlContext<'_>) -> Result<()> {
    check_new_owner(owner, cx)?;
    let catalog = cx.catalog();
    let (old, new) = (acl::role_name(&catalog, found.owner), acl::role_name(&catalog, owner));
    let items = found.acl.as_ref().map(|items| acl::with_owner(items, &old, &new));
    put(Function { owner, acl: items, ..found.clone() }, cx);
    Ok(())
}

pub(in super::super) async fn set_schema(
    statement: &AlterObjectSchemaStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let kind = statement.object_type;
    let named = written(statement.object()).expect("SET SCHEMA names a function");
    let found = find(named, kind, cx)?.map_or_else(|| Err(missing(named, kind, cx)), Ok)?;
    let catalog = cx.catalog();
    let namespace = get_namespace(&catalog, statement.newschema().unwrap_or_default(), cx)?;
    privileges::schema_create(namespace, &catalog, cx)?;
    super::check_owner(&found, cx)?;
    if namespace.oid != found.proc.namespace {
        if is_temporary(namespace) {
            let message = "cannot move objects into or out of temporary schemas";
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
        }
        check_free(&found, namespace.oid, cx).await?;
        let mut changed = (*found).clone();
        changed.proc.namespace = namespace.oid;
        put(changed, cx);
    }
    Ok(tag("ALTER", kind))
}

pub(in super::super) fn comment(
    object: Node<'_>,
    kind: ObjectType::Type,
    comment: Option<String>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let named = written(object).expect("COMMENT names a function");
    let found = get_own(named, kind, cx)?;
    put(Function { comment, ..(*found).clone() }, cx);
    Ok(())
}

pub(in super::super) fn grant(
    object: Node<'_>,
    kind: ObjectType::Type,
    change: &Grant,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let Some(named) = written(object) else { return Ok(()) };
    match find(named, kind, cx)? {
        Some(found) => grant_on(&found, change, cx),
        None if find_proc(named, kind, cx)?.is_some() => {
            Err(PgError::unsupported("privileges on a built-in function"))
        }
        None => Err(missing(named, kind, cx)),
    }
}

/// ALL FUNCTIONS IN SCHEMA and its kin.
pub(in super::super) fn grant_in_schema(
    namespace: Oid,
    kind: ObjectType::Type,
    change: &Grant,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let wanted = |f: &&std::sync::Arc<Function>| match kind {
        ObjectType::OBJECT_FUNCTION => !f.is_procedure(),
        ObjectType::OBJECT_PROCEDURE => f.is_procedure(),
        _ => true,
    };
    let catalog = cx.catalog();
    let inside = catalog.functions().filter(|f| f.proc.namespace == namespace);
    inside.filter(wanted).try_for_each(|found| grant_on(found, change, cx))
}

fn grant_on(found: &Function, change: &Grant, cx: &DdlContext<'_>) -> Result<()> {
    let all = DefaultAclKind::Function.all();
    let letters = change.letters_for(all, found.kind_name())?;
    let owner = acl::role_name(&cx.catalog(), found.owner);
    let implied = || DefaultAclKind::Function.implied(&owner);
    let items = found.acl.clone().unwrap_or_else(implied);
    let subject = Subject {
        kind: found.kind_name(),
        name: &found.proc.name,
        owner: found.owner,
        items: items.clone(),
        all,
    };
    let (grantor, letters) = subject.grantor(change, &letters, cx)?;
    let items = change.apply(items, &grantor, &owner, &letters, all)?;
    put(Function { acl: Some(items), ..found.clone() }, cx);
    Ok(())
}
