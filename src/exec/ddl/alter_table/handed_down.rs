//! Constraints that children have from their parents: CHECKs by name, those of partitions by the
//! constraint they are derived from.

use super::super::drop::change_table;
use super::super::{DdlContext, privileges};
use super::constraints::change_constraint;
use super::current;
use super::recurse::{below, has_children, invalid};
use crate::catalog::depend::Object;
use crate::catalog::{ColumnMap, Constraint, ConstraintKind, Origin, Relation};
use crate::error::{PgError, Result, code};
use crate::types::Oid;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Gives the tables below one a CHECK of it; adds those made to `all`.
pub(super) fn hand_down(
    oid: u32,
    constraint: &Constraint,
    recurses: bool,
    all: &mut Vec<(u32, Constraint)>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let table = current(oid, cx);
    let ConstraintKind::Check { expr } = &constraint.kind else { return Ok(()) };
    if !recurses && has_children(&table, cx) {
        return Err(invalid("constraint must be added to child tables too"));
    }
    for child in cx.catalog().children(oid).to_vec() {
        let child = current(child, cx);
        privileges::relation_owner(&child, cx)?;
        let kind =
            ConstraintKind::Check { expr: ColumnMap::new(&table, &child).translate(expr.clone()) };
        // Below one that is there already, nothing is to be done.
        if let Some(own) = hand_to(&child, constraint, kind, cx)? {
            all.push((child.oid, own.clone()));
            hand_down(child.oid, &own, recurses, all, cx)?;
        }
    }
    Ok(())
}

/// Gives a child a CHECK of its parent; `None`: it has one of the name that says the same.
fn hand_to(
    child: &Relation,
    constraint: &Constraint,
    kind: ConstraintKind,
    cx: &DdlContext<'_>,
) -> Result<Option<Constraint>> {
    let name = &constraint.name;
    if let Some(known) = child.constraints.iter().find(|c| c.name == *name) {
        if known.kind != kind || known.no_inherit {
            let relation = &child.name;
            let message =
                format!("constraint \"{name}\" for relation \"{relation}\" already exists");
            return Err(PgError::new(code::DUPLICATE_OBJECT, message));
        }
        cx.notice(format!("merging constraint \"{name}\" with inherited definition"));
        change_constraint(child.oid, known.oid, cx, |known| {
            known.origin.inherited += 1;
            known.origin.is_local &= !child.is_partition();
        });
        return Ok(None);
    }
    let oid = cx.catalog.new_oid()?;
    let own = Constraint { oid, kind, origin: Origin::INHERITED, ..constraint.clone() };
    change_table(child.oid, cx, |child| child.constraints.push(own.clone()));
    Ok(Some(own))
}

/// The CHECKs below a table that go with its own; those that stay count one parent less.
pub(super) fn release(
    table: &Arc<Relation>,
    constraint: &Constraint,
    recurses: bool,
    cx: &DdlContext<'_>,
) -> Result<Vec<Object>> {
    let mut gone = Vec::new();
    let mut above = BTreeSet::from([table.oid]);
    for (member, own) in derived(table, constraint.oid, cx)? {
        let member = current(member, cx);
        let parents = member.lineage.parents.iter().filter(|oid| above.contains(oid)).count();
        let parents = i32::try_from(parents).unwrap_or(i32::MAX);
        let found = member.constraints.iter().find(|c| c.oid == own && parents > 0);
        let Some(found) = found else { continue };
        if recurses && found.origin.inherited <= parents && !found.origin.is_local {
            gone.push(Object::Constraint(member.oid, own));
            above.insert(member.oid);
            continue;
        }
        change_constraint(member.oid, own, cx, |own| {
            own.origin.inherited = (own.origin.inherited - parents).max(0);
            own.origin.is_local |= !recurses;
        });
    }
    Ok(gone)
}

/// The constraints of the tables below one that a constraint of it is the reason for: CHECKs by name,
/// others by their parent.
pub(super) fn derived(
    table: &Arc<Relation>,
    constraint: Oid,
    cx: &DdlContext<'_>,
) -> Result<Vec<(Oid, Oid)>> {
    let Some(of) = table.constraints.iter().find(|c| c.oid == constraint) else {
        return Ok(Vec::new());
    };
    let mut known = BTreeSet::from([constraint]);
    let mut found = Vec::new();
    // On partitions of the referenced table; each after what it is derived from.
    for own in table.constraints.iter().filter(|own| table.derives(own)) {
        if known.contains(&own.origin.parent) {
            known.insert(own.oid);
            found.push((table.oid, own.oid));
        }
    }
    for (member, _) in below(table, cx)? {
        let own = member.constraints.iter().find(|own| match &of.kind {
            ConstraintKind::Check { .. } => {
                matches!(own.kind, ConstraintKind::Check { .. }) && own.name == of.name
            }
            _ => known.contains(&own.origin.parent),
        });
        if let Some(own) = own {
            known.insert(own.oid);
            found.push((member.oid, own.oid));
        }
    }
    Ok(found)
}

/// A partition's constraint is changed by way of its parent's.
pub(super) fn derived_from(
    table: &Relation,
    constraint: &Constraint,
    cx: &DdlContext<'_>,
) -> PgError {
    let (name, relation) = (&constraint.name, &table.name);
    let message = format!("cannot alter constraint \"{name}\" on relation \"{relation}\"");
    let error = PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
        .hint("You may alter the constraint it derives from instead.");
    let catalog = cx.catalog();
    let root = catalog.partition_ancestors(table).into_iter().next_back().cloned();
    let of = root.and_then(|root| {
        let of = root.constraints.iter().find(|c| c.name == *name)?;
        Some((of.name.clone(), root.name.clone()))
    });
    match of {
        Some((of, root)) => error.detail(format!(
            "Constraint \"{name}\" is derived from constraint \"{of}\" of relation \"{root}\"."
        )),
        None => error,
    }
}
