//! DROP TABLE, INDEX, SEQUENCE, VIEW, SCHEMA; and what DROP of anything does with what depends on it.

use super::names::{RelationName, find_namespace, strings};
use super::{DdlContext, lock, privileges};
use crate::catalog::depend::edges::constraint_of_index;
use crate::catalog::depend::{self, Deletion, Object};
use crate::catalog::{Catalog, Change, ObjectKey, Relation, RelationKind, builtin};
use crate::error::{PgError, Result, code};
use crate::storage::TableLockMode;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::DropStmt;
use pg_raw_parse::raw::{DropBehavior, ObjectType};
use std::collections::HashSet;
use std::sync::Arc;

pub(super) async fn execute(statement: &DropStmt, cx: &DdlContext<'_>) -> Result<String> {
    let (kind, tag) = match statement.remove_type {
        ObjectType::OBJECT_TABLE => (RelationKind::Table, "DROP TABLE"),
        ObjectType::OBJECT_INDEX => (RelationKind::Index, "DROP INDEX"),
        ObjectType::OBJECT_SEQUENCE => (RelationKind::Sequence, "DROP SEQUENCE"),
        ObjectType::OBJECT_VIEW => (RelationKind::View, "DROP VIEW"),
        ObjectType::OBJECT_MATVIEW => (RelationKind::MaterializedView, "DROP MATERIALIZED VIEW"),
        ObjectType::OBJECT_SCHEMA => return drop_schemas(statement, cx).await,
        ObjectType::OBJECT_TYPE | ObjectType::OBJECT_DOMAIN => {
            return super::types::drop(statement, cx).await;
        }
        ObjectType::OBJECT_OPERATOR => return super::operator::drop(statement, cx).await,
        ObjectType::OBJECT_CAST => return super::cast::drop(statement, cx).await,
        ObjectType::OBJECT_COLLATION => return super::collation::drop(statement, cx).await,
        ObjectType::OBJECT_FUNCTION
        | ObjectType::OBJECT_PROCEDURE
        | ObjectType::OBJECT_ROUTINE
        | ObjectType::OBJECT_AGGREGATE => {
            return super::routine::drop(statement, cx).await;
        }
        ObjectType::OBJECT_RULE => return super::rule::drop(statement, cx).await,
        ObjectType::OBJECT_POLICY => return super::policy::drop(statement, cx).await,
        ObjectType::OBJECT_EXTENSION => return super::extension::drop(statement, cx).await,
        _ => return super::drop_missing::execute(statement, cx),
    };
    if statement.concurrent {
        check_concurrent(statement, cx)?;
    }
    let lists = statement.objects().iter().filter_map(|node| node.as_node_list());
    let names = lists.map(|list| RelationName::of_list(list, cx)).collect::<Result<Vec<_>>>()?;
    let mut objects = Vec::new();
    for name in names {
        if let Some(relation) = find(&name, kind, statement.missing_ok, cx).await? {
            objects.push(Object::Relation(relation.oid));
        }
    }
    delete(&objects, cascade(statement.behavior), cx).await?;
    Ok(tag.to_owned())
}

fn check_concurrent(statement: &DropStmt, cx: &DdlContext<'_>) -> Result<()> {
    if cx.in_block {
        let message = "DROP INDEX CONCURRENTLY cannot run inside a transaction block";
        return Err(PgError::new(code::ACTIVE_SQL_TRANSACTION, message));
    }
    if statement.objects().len() > 1 {
        let message = "DROP INDEX CONCURRENTLY does not support dropping multiple objects";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    Ok(())
}

/// Whether CASCADE was said.
pub(super) fn cascade(behavior: DropBehavior::Type) -> bool {
    behavior == DropBehavior::DROP_CASCADE
}

/// Finds and locks one relation to drop; an index's table is locked before it, as whoever uses the
/// index locks the table first.
async fn find(
    name: &RelationName,
    kind: RelationKind,
    missing_ok: bool,
    cx: &DdlContext<'_>,
) -> Result<Option<Arc<Relation>>> {
    let catalog = cx.catalog();
    let Some(found) = name.find(&catalog, cx)?.cloned() else {
        return missing(name, kind, missing_ok, cx).map(|()| None);
    };
    if let Some(index) = &found.index {
        lock::relation(index.table, TableLockMode::AccessExclusive, cx).await?;
    }
    let Some(found) = lock::named(name, TableLockMode::AccessExclusive, cx).await? else {
        return missing(name, kind, missing_ok, cx).map(|()| None);
    };
    check_kind(&found, kind)?;
    privileges::relation_owner(&found, cx)?;
    check_not_constraint(&found, &cx.catalog(), cx)?;
    Ok(Some(found))
}

fn missing(
    name: &RelationName,
    kind: RelationKind,
    missing_ok: bool,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let kind = privileges::kind_name(kind);
    let schema = name.schema.as_deref().filter(|s| find_namespace(&cx.catalog(), s, cx).is_none());
    if let Some(schema) = schema {
        let message = format!("schema \"{schema}\" does not exist");
        if missing_ok {
            cx.notice(format!("{message}, skipping"));
            return Ok(());
        }
        return Err(PgError::new(code::INVALID_SCHEMA_NAME, message));
    }
    if missing_ok {
        cx.notice(format!("{kind} \"{}\" does not exist, skipping", name.name));
        return Ok(());
    }
    let code = if kind == "index" { code::UNDEFINED_OBJECT } else { code::UNDEFINED_TABLE };
    Err(PgError::new(code, format!("{kind} \"{name}\" does not exist")))
}

fn check_kind(relation: &Relation, kind: RelationKind) -> Result<()> {
    if relation.kind == kind {
        return Ok(());
    }
    let article = |kind| match kind {
        RelationKind::Index => "an index",
        RelationKind::Table => "a table",
        RelationKind::Sequence => "a sequence",
        RelationKind::View => "a view",
        RelationKind::Composite => "a composite type",
        RelationKind::MaterializedView => "a materialized view",
    };
    let message = format!("\"{}\" is not {}", relation.name, article(kind));
    let drop = match relation.kind {
        RelationKind::Composite => "TYPE".to_owned(),
        kind => privileges::kind_name(kind).to_ascii_uppercase(),
    };
    let what = match relation.kind {
        RelationKind::Composite => "a type",
        kind => article(kind),
    };
    Err(PgError::new(code::WRONG_OBJECT_TYPE, message)
        .hint(format!("Use DROP {drop} to remove {what}.")))
}

/// An index of a constraint, and an identity column's sequence, go with what they belong to only.
fn check_not_constraint(relation: &Relation, catalog: &Catalog, cx: &DdlContext<'_>) -> Result<()> {
    let path = cx.env.search_path();
    let (owner, required) = match (&relation.index, &relation.sequence) {
        (Some(index), _) => {
            let Some(table) = catalog.relation(index.table) else { return Ok(()) };
            match (relation.lineage.parents.first(), constraint_of_index(table, relation.oid)) {
                (Some(parent), _) => (Object::Relation(*parent), "requires"),
                (None, Some(c)) => (Object::Constraint(table.oid, c.oid), "requires"),
                (None, None) => return Ok(()),
            }
        }
        (_, Some(info)) if info.internal => {
            let Some((table, attno)) = info.owned_by else { return Ok(()) };
            (Object::Column(table, attno), "requires")
        }
        _ => return Ok(()),
    };
    let this = depend::describe(catalog, Object::Relation(relation.oid), path);
    let owner = depend::describe(catalog, owner, path);
    let message = format!("cannot drop {this} because {owner} {required} it");
    Err(PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message)
        .hint(format!("You can drop {owner} instead.")))
}

async fn drop_schemas(statement: &DropStmt, cx: &DdlContext<'_>) -> Result<String> {
    let names: Vec<&str> = statement
        .objects()
        .iter()
        .map(|node| match node {
            Node::String(s) => s.sval().unwrap_or_default(),
            other => other.as_node_list().and_then(|l| strings(l).pop()).unwrap_or_default(),
        })
        .collect();
    let mut objects = Vec::new();
    for name in names {
        lock::name(0, name, cx).await?;
        let catalog = cx.catalog();
        let Some(namespace) = find_namespace(&catalog, name, cx) else {
            let message = format!("schema \"{name}\" does not exist");
            if statement.missing_ok {
                cx.notice(format!("{message}, skipping"));
                continue;
            }
            return Err(PgError::new(code::INVALID_SCHEMA_NAME, message));
        };
        privileges::namespace_owner(namespace, cx)?;
        if Catalog::is_system(namespace.oid) && namespace.oid != builtin::oid::PUBLIC {
            let message =
                format!("cannot drop schema {name} because it is required by the database system");
            return Err(PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message));
        }
        objects.push(Object::Namespace(namespace.oid));
    }
    delete(&objects, cascade(statement.behavior), cx).await?;
    Ok("DROP SCHEMA".to_owned())
}

/// Deletes objects with all that depends on them, after locking every relation concerned; tells
/// about what went by CASCADE.
pub(super) async fn delete(objects: &[Object], cascade: bool, cx: &DdlContext<'_>) -> Result<()> {
    let Some(first) = objects.first() else { return Ok(()) };
    let path = cx.env.search_path();
    let what = match objects {
        [_] => depend::describe(&cx.catalog(), *first, path),
        _ => "desired object(s)".to_owned(),
    };
    let plan = || depend::plan_deletion(&cx.catalog(), objects, cascade, &what, path);
    let mut deletion = plan()?;
    // Waiting for a lock may change what there is to delete.
    loop {
        for oid in deletion.objects.iter().filter_map(|o| locked_relation(*o)) {
            lock::relation(oid, TableLockMode::AccessExclusive, cx).await?;
        }
        let again = plan()?;
        if again.objects == deletion.objects {
            break;
        }
        deletion = again;
    }
    let catalog = cx.catalog();
    for object in &deletion.objects {
        if let Object::Relation(oid) = object
            && let Some(relation) = catalog.relation(*oid)
        {
            lock::check_unused(relation, "DROP TABLE", cx)?;
        }
    }
    if let Some((message, detail)) = deletion.notice() {
        let notice = PgError::new(code::SUCCESSFUL_COMPLETION, message);
        (cx.notice)(match detail {
            Some(detail) => notice.detail(detail),
            None => notice,
        });
    }
    apply(&deletion, cx)
}

fn locked_relation(object: Object) -> Option<u32> {
    match object {
        Object::Namespace(_)
        | Object::Extension(_)
        | Object::Type(_)
        | Object::Function(_)
        | Object::Cast(_)
        | Object::Operator(_)
        | Object::Collation(_)
        | Object::DomainCheck(..) => None,
        Object::Relation(oid)
        | Object::Column(oid, _)
        | Object::Constraint(oid, _)
        | Object::Policy(oid, _)
        | Object::Rule(oid, _)
        | Object::Default(oid, _) => Some(oid),
    }
}

/// Makes the changes of a planned deletion: parts first, so that a table that goes as a whole is
/// not changed in vain, then whole objects.
fn apply(deletion: &Deletion, cx: &DdlContext<'_>) -> Result<()> {
    let all: HashSet<Object> = deletion.objects.iter().copied().collect();
    let gone = |oid| all.contains(&Object::Relation(oid));
    for object in &deletion.objects {
        match *object {
            Object::Column(table, attno) if !gone(table) => {
                super::alter_table::columns::drop_column(table, attno, cx)?;
            }
            Object::Constraint(table, oid) if !gone(table) => {
                super::alter_table::constraints::remove(table, oid, cx)?;
            }
            Object::Policy(table, oid) if !gone(table) => super::policy::remove(table, oid, cx),
            Object::Rule(table, oid) if !gone(table) => super::rule::remove(table, oid, cx),
            Object::DomainCheck(domain, oid) if !all.contains(&Object::Type(domain)) => {
                super::types::remove_check(domain, oid, cx);
            }
            Object::Default(table, attno) if !gone(table) => {
                change_table(table, cx, |t| t.columns[attno as usize - 1].default = None);
            }
            _ => {}
        }
    }
    for object in deletion.objects.iter().rev() {
        match *object {
            Object::Relation(oid) => {
                let catalog = cx.catalog();
                if let Some(relation) = catalog.relation(oid) {
                    cx.catalog.remove_relation(relation, cx.txn);
                }
            }
            Object::Type(oid) if composite(oid, cx).is_some() => {
                if let Some(relation) = composite(oid, cx) {
                    cx.catalog.remove_relation(&relation, cx.txn);
                }
            }
            Object::Type(oid) if cx.catalog().user_type(oid).is_some() => {
                let key = ObjectKey::Type(cx.catalog.database(), oid);
                cx.catalog.push(Change::Remove(key), cx.txn);
            }
            Object::Function(oid) if cx.catalog().function(oid).is_some() => {
                let key = ObjectKey::Function(cx.catalog.database(), oid);
                cx.catalog.push(Change::Remove(key), cx.txn);
            }
            Object::Operator(oid) if cx.catalog().user_operator(oid).is_some() => {
                super::operator::remove(oid, cx);
            }
            Object::Collation(oid) => {
                let key = ObjectKey::Collation(cx.catalog.database(), oid);
                cx.catalog.push(Change::Remove(key), cx.txn);
            }
            Object::Cast(oid) => {
                let key = ObjectKey::Cast(cx.catalog.database(), oid);
                cx.catalog.push(Change::Remove(key), cx.txn);
            }
            Object::Extension(oid) => {
                let key = ObjectKey::Extension(cx.catalog.database(), oid);
                cx.catalog.push(Change::Remove(key), cx.txn);
            }
            Object::Namespace(oid) => {
                for defaults in cx.catalog().default_acls().filter(|d| d.namespace == oid) {
                    super::default_privileges::remove(defaults.oid, cx);
                }
                let key = ObjectKey::Namespace(cx.catalog.database(), oid);
                cx.catalog.push(Change::Remove(key), cx.txn);
            }
            _ => {}
        }
    }
    Ok(())
}

/// The composite type with this OID.
fn composite(oid: u32, cx: &DdlContext<'_>) -> Option<Arc<Relation>> {
    let catalog = cx.catalog();
    catalog.row_type_relation(oid).filter(|r| r.kind == RelationKind::Composite).cloned()
}

/// Changes a relation's definition in the transaction's catalog; what changes nothing makes no
/// version.
pub(super) fn change_table(oid: u32, cx: &DdlContext<'_>, change: impl FnOnce(&mut Relation)) {
    let catalog = cx.catalog();
    if let Some(relation) = catalog.relation(oid) {
        let mut changed = (**relation).clone();
        change(&mut changed);
        if changed == **relation {
            return;
        }
        changed.version = changed.version.wrapping_add(1);
        cx.catalog.put_relation(changed, cx.txn);
    }
}
