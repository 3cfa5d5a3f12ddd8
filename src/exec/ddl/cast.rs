//! CREATE CAST, DROP CAST and COMMENT ON CAST (`CreateCast`).
//!
//! A cast has no schema and no owner: it is of whoever owns one of its types.

use super::{DdlContext, column, drop as dropping, lock, privileges, routine};
use crate::catalog::builtin::{Cast, CastContext, CastMethod, Proc, TypeKind, oid};
use crate::catalog::depend::{Object, describe};
use crate::catalog::{Catalog, Change, UserCast, builtin};
use crate::error::{PgError, Result, code};
use crate::functions::privileges::{require_function, require_type};
use crate::sql::bind::resolve_type;
use crate::types::{Oid, arrow, oids};
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{CreateCastStmt, DropStmt, TypeName};
use pg_raw_parse::raw::CoercionContext;
use std::sync::Arc;

fn put(changed: UserCast, cx: &DdlContext<'_>) {
    let change = Change::PutCast(cx.catalog.database(), Arc::new(changed));
    cx.catalog.push(change, cx.txn);
}

/// What a cast is from and to.
#[derive(Clone, Copy)]
struct Ends<'a, 'c> {
    source: Oid,
    target: Oid,
    catalog: &'a Catalog,
    cx: &'a DdlContext<'c>,
}

pub(super) async fn create(statement: &CreateCastStmt, cx: &DdlContext<'_>) -> Result<String> {
    let catalog = cx.catalog();
    let ends = Ends {
        source: named(statement.sourcetype(), cx)?,
        target: named(statement.targettype(), cx)?,
        catalog: &catalog,
        cx,
    };
    ends.check_types()?;
    // Two sessions that make the same cast wait for each other here.
    lock::name(oid::PG_CATALOG, &format!("cast {} {}", ends.source, ends.target), cx).await?;
    let (method, func) = match (statement.func(), statement.inout) {
        (Some(written), _) => (CastMethod::Function, ends.function(written)?),
        (None, true) => (CastMethod::InOut, 0),
        (None, false) => (CastMethod::Binary, 0),
    };
    if method == CastMethod::Binary {
        ends.check_binary()?;
    }
    let takes_more = cx.catalog().proc(func).is_some_and(|proc| proc.arg_types.len() > 1);
    if ends.source == ends.target && !takes_more {
        return Err(invalid("source data type and target data type are the same"));
    }
    if cx.catalog().cast(ends.source, ends.target).is_some() {
        let message = format!("cast from type {} already exists", ends.shown());
        return Err(PgError::new(code::DUPLICATE_OBJECT, message));
    }
    if method == CastMethod::Binary {
        ends.check_held_alike()?;
    }
    let context = match statement.context {
        CoercionContext::COERCION_IMPLICIT => CastContext::Implicit,
        CoercionContext::COERCION_ASSIGNMENT => CastContext::Assignment,
        _ => CastContext::Explicit,
    };
    let (source, target) = (ends.source, ends.target);
    let cast = Cast { oid: cx.catalog.new_oid()?, source, target, func, context, method };
    put(UserCast { cast, comment: None }, cx);
    Ok("CREATE CAST".to_owned())
}

fn invalid(message: &'static str) -> PgError {
    PgError::new(code::INVALID_OBJECT_DEFINITION, message)
}

fn named(written: Option<&TypeName>, cx: &DdlContext<'_>) -> Result<Oid> {
    let written = written.ok_or_else(|| PgError::internal("a cast without a type"))?;
    let catalog = cx.catalog();
    resolve_type(written, &cx.bind(&catalog)).map(|(oid, _)| oid).map_err(PgError::nowhere)
}

impl Ends<'_, '_> {
    fn name(&self, oid: Oid) -> String {
        column::type_name(self.catalog, oid, self.cx)
    }

    /// `integer to type text`
    fn shown(&self) -> String {
        format!("{} to type {}", self.name(self.source), self.name(self.target))
    }

    fn check_types(&self) -> Result<()> {
        for (oid, which) in [(self.source, "source"), (self.target, "target")] {
            if column::is_pseudo(oid, self.catalog) {
                let message = format!("{which} data type {} is a pseudo-type", self.name(oid));
                return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
            }
        }
        self.check_owner()?;
        for (oid, which) in [(self.source, "source"), (self.target, "target")] {
            require_type(&**self.cx.env, oid)?;
            if self.is_kind(oid, TypeKind::Domain) {
                let message =
                    format!("cast will be ignored because the {which} data type is a domain");
                (self.cx.notice)(PgError::new(code::WRONG_OBJECT_TYPE, message).warning());
            }
        }
        Ok(())
    }

    /// 42501 unless the current role owns one of the types.
    fn check_owner(&self) -> Result<()> {
        let role = self.cx.env.current_role();
        let owns = |oid: Oid| {
            let owner = self.catalog.user_type(oid).map(|found| found.owner);
            let owner = owner.or_else(|| self.catalog.row_type_relation(oid).map(|r| r.owner));
            let owner = owner.unwrap_or(builtin::oid::SUPERUSER);
            privileges::is_owner(self.catalog, role, owner)
        };
        if owns(self.source) || owns(self.target) {
            return Ok(());
        }
        let (source, target) = (self.name(self.source), self.name(self.target));
        let message = format!("must be owner of type {source} or type {target}");
        Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message))
    }

    fn is_kind(&self, oid: Oid, kind: TypeKind) -> bool {
        self.catalog.type_(oid).is_some_and(|found| found.kind == kind)
    }

    /// The function that makes the target's values of the source's.
    fn function(&self, written: &pg_raw_parse::nodes::ObjectWithArgs) -> Result<Oid> {
        let found: Proc = routine::get(written, self.cx)?;
        require_function(self.catalog, self.cx.env.current_role(), found.oid)?;
        let types = &found.arg_types;
        if !(1..=3).contains(&types.len()) {
            return Err(invalid("cast function must take one to three arguments"));
        }
        if !self.catalog.binary_coercible(self.source, types[0]) {
            return Err(invalid(
                "argument of cast function must match or be binary-coercible from source data type",
            ));
        }
        if types.get(1).is_some_and(|second| *second != oids::INT4) {
            return Err(invalid("second argument of cast function must be type integer"));
        }
        if types.get(2).is_some_and(|third| *third != oids::BOOL) {
            return Err(invalid("third argument of cast function must be type boolean"));
        }
        if !self.catalog.binary_coercible(found.return_type, self.target) {
            return Err(invalid(
                "return data type of cast function must match or be binary-coercible to target \
                 data type",
            ));
        }
        if found.kind != b'f' {
            return Err(invalid("cast function must be a normal function"));
        }
        if found.returns_set {
            return Err(invalid("cast function must not return a set"));
        }
        Ok(found.oid)
    }

    /// Values that are held alike may change their type as they are.
    fn check_binary(&self) -> Result<()> {
        if !privileges::is_superuser(self.cx) {
            let message = "must be superuser to create a cast WITHOUT FUNCTION";
            return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
        }
        let (source, target) = (self.catalog.type_(self.source), self.catalog.type_(self.target));
        let layout = |found: &Option<std::borrow::Cow<'_, builtin::Type>>| {
            found.as_ref().map(|found| (found.len, found.by_value, found.align))
        };
        if layout(&source) != layout(&target) {
            return Err(invalid("source and target data types are not physically compatible"));
        }
        let kinds = [
            (TypeKind::Composite, "composite data types are not binary-compatible"),
            (TypeKind::Enum, "enum data types are not binary-compatible"),
        ];
        let either = |kind| self.is_kind(self.source, kind) || self.is_kind(self.target, kind);
        if let Some((_, message)) = kinds.into_iter().find(|(kind, _)| either(*kind)) {
            return Err(invalid(message));
        }
        let arrays = [&source, &target].into_iter().flatten().any(|found| found.is_array);
        if arrays {
            return Err(invalid("array data types are not binary-compatible"));
        }
        if either(TypeKind::Domain) {
            return Err(invalid("domain data types must not be marked binary-compatible"));
        }
        Ok(())
    }

    /// 0A000 where values of the types are held in different forms here.
    fn check_held_alike(&self) -> Result<()> {
        let both = [self.source, self.target];
        let alike = arrow::data_type(self.source) == arrow::data_type(self.target);
        if !alike || !both.into_iter().all(Catalog::is_system) {
            return Err(PgError::unsupported(
                "a cast WITHOUT FUNCTION between types that are held differently",
            ));
        }
        Ok(())
    }
}

/// The types that DROP and COMMENT name; `None`: one of them does not exist.
fn written_ends(object: Node<'_>, cx: &DdlContext<'_>) -> Result<(Oid, Oid)> {
    let list = object.as_node_list().into_iter().flatten();
    let types = list.filter_map(|node| match node {
        Node::TypeName(name) => Some(named(Some(name), cx)),
        _ => None,
    });
    match types.collect::<Result<Vec<_>>>()?.as_slice() {
        [source, target] => Ok((*source, *target)),
        _ => Err(PgError::internal("a cast without its types")),
    }
}

/// DROP CAST.
pub(super) async fn drop(statement: &DropStmt, cx: &DdlContext<'_>) -> Result<String> {
    let mut objects = Vec::new();
    for node in statement.objects() {
        let (source, target) = match written_ends(node, cx) {
            Ok(ends) => ends,
            Err(error) if statement.missing_ok && error.code() == code::UNDEFINED_OBJECT => {
                cx.notice(format!("{}, skipping", error.message()));
                continue;
            }
            Err(error) => return Err(error),
        };
        let catalog = cx.catalog();
        let ends = Ends { source, target, catalog: &catalog, cx };
        let Some(found) = catalog.user_cast(source, target) else {
            if let Some(cast) = builtin::cast(source, target) {
                let from = ends.name(cast.source);
                let message = format!(
                    "cannot drop cast from {from} to {} because it is required by the database \
                     system",
                    ends.name(cast.target)
                );
                return Err(PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message));
            }
            let message = format!("cast from type {} does not exist", ends.shown());
            if !statement.missing_ok {
                return Err(PgError::new(code::UNDEFINED_OBJECT, message));
            }
            cx.notice(format!("{message}, skipping"));
            continue;
        };
        ends.check_owner()?;
        if found.is_of_range(&catalog) {
            let path = cx.env.search_path();
            let this = describe(&catalog, Object::Cast(found.cast.oid), path);
            let of = describe(&catalog, Object::Function(found.cast.func), path);
            let message = format!("cannot drop {this} because {of} requires it");
            return Err(PgError::new(code::DEPENDENT_OBJECTS_STILL_EXIST, message)
                .hint(format!("You can drop {of} instead.")));
        }
        objects.push(Object::Cast(found.cast.oid));
    }
    dropping::delete(&objects, dropping::cascade(statement.behavior), cx).await?;
    Ok("DROP CAST".to_owned())
}

/// COMMENT ON CAST.
pub(super) fn comment(
    object: Node<'_>,
    comment: Option<String>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let (source, target) = written_ends(object, cx)?;
    let catalog = cx.catalog();
    let ends = Ends { source, target, catalog: &catalog, cx };
    let Some(found) = catalog.user_cast(source, target) else {
        if builtin::cast(source, target).is_some() {
            return Err(PgError::unsupported("COMMENT ON a built-in cast"));
        }
        let message = format!("cast from type {} does not exist", ends.shown());
        return Err(PgError::new(code::UNDEFINED_OBJECT, message));
    };
    ends.check_owner()?;
    put(UserCast { comment, ..(**found).clone() }, cx);
    Ok(())
}
