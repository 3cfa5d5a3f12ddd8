//! Operators: CREATE, ALTER, DROP, and finding them by their operands.

mod alter;
mod create;

pub(super) use alter::{alter, comment, owner, set_schema};
pub(super) use create::create;

use super::names::{RelationName, find_namespace, strings};
use super::{DdlContext, column, drop as dropping, privileges};
use crate::catalog::builtin::Operator;
use crate::catalog::depend::{Object, describe};
use crate::catalog::{Catalog, Change, UserOperator};
use crate::error::{PgError, Result, code};
use crate::functions::privileges::require_usage;
use crate::sql::bind::resolve_type;
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{DropStmt, ObjectWithArgs};
use std::sync::Arc;

/// Puts a new or changed operator into the catalog.
pub(super) fn put(changed: UserOperator, cx: &DdlContext<'_>) {
    let change = Change::PutOperator(cx.catalog.database(), Arc::new(changed));
    cx.catalog.push(change, cx.txn);
}

/// The operator of this name and operand types (`LookupOperName`), or 42883.
pub(super) fn lookup(
    parts: &[&str],
    left: Oid,
    right: Oid,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<Oid> {
    let found = find(parts, left, right, catalog, cx)?;
    found.map(|operator| operator.oid).ok_or_else(|| missing(parts, left, right, catalog, cx))
}

/// `None`: there is none, or no such schema.
fn find<'c>(
    parts: &[&str],
    left: Oid,
    right: Oid,
    catalog: &'c Catalog,
    cx: &DdlContext<'_>,
) -> Result<Option<&'c Operator>> {
    let name = RelationName::of_parts(parts, cx)?;
    let path = match &name.schema {
        Some(schema) => match find_namespace(catalog, schema, cx) {
            Some(namespace) => {
                require_usage(&**cx.env, catalog, namespace.oid)?;
                vec![namespace.oid]
            }
            None => return Ok(None),
        },
        None => cx.env.search_path().to_vec(),
    };
    Ok(catalog.operator_in_path(&path, &name.name, left, right))
}

fn missing(
    parts: &[&str],
    left: Oid,
    right: Oid,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> PgError {
    let name = parts.join(".");
    let shown = |oid| column::type_name(catalog, oid, cx);
    let signature = match left {
        0 => format!("{name} {}", shown(right)),
        left => format!("{} {name} {}", shown(left), shown(right)),
    };
    let message = format!("operator does not exist: {signature}");
    PgError::new(code::UNDEFINED_FUNCTION, message)
}

/// An operator as a statement writes it: name, and operand types, of which the left one may be NONE.
struct Written<'w> {
    parts: Vec<&'w str>,
    left: Oid,
    right: Oid,
}

impl<'w> Written<'w> {
    fn read(written: &'w ObjectWithArgs, cx: &DdlContext<'_>) -> Result<Written<'w>> {
        let catalog = cx.catalog();
        let operand = |node: Option<Node<'_>>| match node {
            Some(Node::TypeName(name)) => {
                resolve_type(name, &cx.bind(&catalog)).map(|(oid, _)| oid).map_err(PgError::nowhere)
            }
            _ => Ok(0),
        };
        let mut operands = written.objargs().iter();
        let left = operand(operands.next())?;
        let right = operand(operands.next())?;
        Ok(Written { parts: strings(written.objname()), left, right })
    }

    fn find<'c>(&self, catalog: &'c Catalog, cx: &DdlContext<'_>) -> Result<Option<&'c Operator>> {
        find(&self.parts, self.left, self.right, catalog, cx)
    }

    /// The user's operator, which the current role must own.
    fn get_own(&self, cx: &DdlContext<'_>) -> Result<Arc<UserOperator>> {
        let catalog = cx.catalog();
        let found = self.find(&catalog, cx)?;
        let oid = found.ok_or_else(|| self.missing(&catalog, cx))?.oid;
        let Some(made) = catalog.user_operator(oid) else {
            return Err(PgError::unsupported("changing a built-in operator"));
        };
        check_owner(made, &catalog, cx)?;
        Ok(made.clone())
    }

    fn missing(&self, catalog: &Catalog, cx: &DdlContext<'_>) -> PgError {
        missing(&self.parts, self.left, self.right, catalog, cx)
    }
}

fn written(node: Node<'_>) -> Result<&ObjectWithArgs> {
    match node {
        Node::ObjectWithArgs(written) => Ok(written),
        _ => Err(PgError::internal("an operator without operands")),
    }
}

fn check_owner(made: &UserOperator, catalog: &Catalog, cx: &DdlContext<'_>) -> Result<()> {
    if privileges::is_owner(catalog, cx.env.current_role(), made.owner) {
        return Ok(());
    }
    let message = format!("must be owner of operator {}", made.operator.name);
    Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message))
}

/// DROP OPERATOR.
pub(super) async fn drop(statement: &DropStmt, cx: &DdlContext<'_>) -> Result<String> {
    let mut objects = Vec::new();
    for node in statement.objects() {
        let named = Written::read(written(node)?, cx)?;
        if super::drop_missing::schema_is_skipped(&named.parts, statement.missing_ok, cx)? {
            continue;
        }
        let catalog = cx.catalog();
        let Some(found) = named.find(&catalog, cx)? else {
            if !statement.missing_ok {
                return Err(named.missing(&catalog, cx));
            }
            let name = named.parts.join(".");
            cx.notice(format!("operator {name} does not exist, skipping"));
            continue;
        };
        let Some(made) = catalog.user_operator(found.oid) else {
            let what = describe(&catalog, Object::Operator(found.oid), cx.env.search_path());
            let message =
                format!("cannot drop {what} because it is required by the database system");
            return Err(PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message));
        };
        check_owner(made, &catalog, cx)?;
        objects.push(Object::Operator(made.operator.oid));
    }
    dropping::delete(&objects, dropping::cascade(statement.behavior), cx).await?;
    Ok("DROP OPERATOR".to_owned())
}

/// Takes an operator out of the catalog, and out of those whose commutator or negator it is.
pub(super) fn remove(oid: Oid, cx: &DdlContext<'_>) {
    for other in cx.catalog().user_operators() {
        let mut changed = (**other).clone();
        let links = [&mut changed.operator.commutator, &mut changed.operator.negator];
        let linked = links.into_iter().filter(|link| **link == oid);
        if other.operator.oid != oid && linked.map(|link| *link = 0).count() > 0 {
            put(changed, cx);
        }
    }
    let key = crate::catalog::ObjectKey::Operator(cx.catalog.database(), oid);
    cx.catalog.push(Change::Remove(key), cx.txn);
}
