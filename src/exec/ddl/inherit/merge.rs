//! The columns and CHECKs that a new table has from its parents, and its own definitions of such
//! columns (`MergeAttributes`).

use super::super::draft::TableDraft;
use super::super::{DdlContext, column};
use crate::catalog::{Catalog, Column, ColumnMap, Constraint, ConstraintKind, Origin, Relation};
use crate::error::{PgError, Result, code};
use crate::nodes::Expr;
use crate::sql::bind::resolve_type;
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::ColumnDef;
use std::sync::Arc;

/// Puts the parents' columns first into a new table, then their CHECKs. Gives the columns whose
/// parents have different defaults.
pub(in crate::exec::ddl) fn merge_parents(
    draft: &mut TableDraft<'_>,
    parents: &[Arc<Relation>],
    cx: &DdlContext<'_>,
) -> Result<Vec<String>> {
    let mut conflicts = Vec::new();
    for parent in parents {
        for inherited in parent.live_columns() {
            let known = draft.table.column_by_name(&inherited.name).map(|c| c.attno);
            match known {
                None => add(draft, inherited)?,
                Some(attno) => merge(draft, attno, inherited, cx)?,
            }
        }
        let map = ColumnMap::new(parent, &draft.table);
        for inherited in parent.live_columns() {
            let Some(default) = inherited.default.clone().map(|e| map.translate(e)) else {
                continue;
            };
            let own = draft.column_mut(map.of(inherited.attno));
            match &own.default {
                Some(known) if *known != default && !own.generated => {
                    conflicts.push(own.name.clone());
                }
                Some(known) if *known != default => {
                    let message = format!(
                        "column \"{}\" inherits conflicting generation expressions",
                        own.name
                    );
                    return Err(PgError::new(code::INVALID_COLUMN_DEFINITION, message));
                }
                _ => own.default = Some(default),
            }
        }
        checks(draft, parent, &map, cx)?;
    }
    Ok(conflicts)
}

fn add(draft: &mut TableDraft<'_>, inherited: &Column) -> Result<()> {
    let attno = column::next_attno(draft)?;
    draft.table.columns.push(Column {
        attno,
        default: None,
        missing_value: None,
        past_types: Vec::new(),
        identity: None,
        comment: None,
        statistics_target: -1,
        acl: None,
        origin: Origin::INHERITED,
        ..inherited.clone()
    });
    Ok(())
}

fn merge(
    draft: &mut TableDraft<'_>,
    attno: i16,
    inherited: &Column,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let name = &inherited.name;
    cx.notice(format!("merging multiple inherited definitions of column \"{name}\""));
    let known = draft.table.column(attno);
    let what = format!("inherited column \"{name}\"");
    same_type(&what, known, (inherited.type_oid, inherited.typmod), inherited.collation, cx)?;
    if known.generated != inherited.generated {
        let message = format!("inherited column \"{name}\" has a generation conflict");
        return Err(PgError::new(code::DATATYPE_MISMATCH, message));
    }
    let known = draft.column_mut(attno);
    known.not_null |= inherited.not_null;
    known.origin.inherited += 1;
    Ok(())
}

/// 42804 unless a column has this type and collation.
fn same_type(
    what: &str,
    known: &Column,
    (type_oid, typmod): (Oid, i32),
    collation: Oid,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if (known.type_oid, known.typmod) != (type_oid, typmod) {
        let shown = |oid, typmod| {
            crate::types::format_type(oid, typmod)
                .unwrap_or_else(|| column::type_name(&cx.catalog(), oid, cx))
        };
        let message = format!("{what} has a type conflict");
        let (a, b) = (shown(known.type_oid, known.typmod), shown(type_oid, typmod));
        return Err(
            PgError::new(code::DATATYPE_MISMATCH, message).detail(format!("{a} versus {b}"))
        );
    }
    if known.collation != collation {
        let catalog = cx.catalog();
        let name = |oid| catalog.collation(oid).map_or("default", |c| &c.name);
        let message = format!("{what} has a collation conflict");
        let (a, b) = (name(known.collation), name(collation));
        return Err(PgError::new(code::COLLATION_MISMATCH, message)
            .detail(format!("\"{a}\" versus \"{b}\"")));
    }
    Ok(())
}

/// The CHECKs that a parent hands down.
fn checks(
    draft: &mut TableDraft<'_>,
    parent: &Relation,
    map: &ColumnMap,
    cx: &DdlContext<'_>,
) -> Result<()> {
    for constraint in parent.constraints.iter().filter(|c| !c.no_inherit) {
        let ConstraintKind::Check { expr } = &constraint.kind else { continue };
        let expr = map.translate(expr.clone());
        let same_name = |own: &&mut Constraint| own.name == constraint.name;
        let known = draft.table.constraints.iter_mut().find(same_name);
        let Some(known) = known else {
            draft.table.constraints.push(Constraint {
                oid: cx.catalog.new_oid()?,
                kind: ConstraintKind::Check { expr },
                comment: None,
                validated: true,
                origin: Origin::INHERITED,
                ..constraint.clone()
            });
            continue;
        };
        if known.kind != (ConstraintKind::Check { expr }) {
            let message = format!(
                "check constraint name \"{}\" appears multiple times but with different expressions",
                known.name
            );
            return Err(PgError::new(code::DUPLICATE_OBJECT, message));
        }
        known.origin.inherited += 1;
    }
    Ok(())
}

/// A column definition of the statement, its column number `number`, where the column is inherited.
pub(in crate::exec::ddl) fn merge_definition<'a>(
    draft: &mut TableDraft<'a>,
    attno: i16,
    definition: &'a ColumnDef,
    number: i16,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let known = draft.table.column(attno).clone();
    let name = &known.name;
    if let Some(type_name) = definition.type_name() {
        if attno == number {
            cx.notice(format!("merging column \"{name}\" with inherited definition"));
        } else {
            let message = format!("moving and merging column \"{name}\" with inherited definition");
            let detail = "User-specified column moved to the position of the inherited column.";
            (cx.notice)(PgError::new(code::SUCCESSFUL_COMPLETION, message).detail(detail));
        }
        let (type_oid, typmod) = match super::super::serial::serial_type(type_name)? {
            Some(_) => return Err(PgError::unsupported("serial on an inherited column")),
            None => resolve_type(type_name, &cx.bind(catalog))?,
        };
        let collation = match definition.coll_clause() {
            Some(clause) => column::collation(clause, type_oid, cx)?,
            None => catalog.type_collation(type_oid),
        };
        same_type(&format!("column \"{name}\""), &known, (type_oid, typmod), collation, cx)?;
        draft.column_mut(attno).origin.is_local = true;
    }
    let (defaults, generated) = (draft.defaults.len(), draft.generated.len());
    column::add_constraints(draft, definition, attno, false, catalog, cx)?;
    draft.column_mut(attno).not_null |= known.not_null;
    let specifies_default = draft.defaults.len() > defaults;
    let specifies_generation = draft.generated.len() > generated;
    let invalid = |what: &str| {
        let message =
            format!("column \"{name}\" inherits from generated column but specifies {what}");
        PgError::new(code::INVALID_COLUMN_DEFINITION, message)
    };
    if known.generated && specifies_default {
        return Err(invalid("default"));
    }
    if known.generated && draft.table.column(attno).identity.is_some() {
        return Err(invalid("identity"));
    }
    if specifies_generation && known.generated {
        let message = format!("child column \"{name}\" specifies generation expression");
        return Err(PgError::new(code::INVALID_COLUMN_DEFINITION, message)
            .hint("Omit the generation expression in the definition of the child table column to inherit the generation expression from the parent table."));
    }
    Ok(())
}

/// A CHECK of the statement whose name and expression an inherited one has: they are one; `false`: there
/// is none of the name.
pub(in crate::exec::ddl) fn merge_check(
    table: &mut Relation,
    name: &str,
    expr: &Expr,
    cx: &DdlContext<'_>,
) -> Result<bool> {
    let inherited = |c: &&mut Constraint| c.name == name && c.origin.inherited > 0;
    let relation = table.name.clone();
    let Some(known) = table.constraints.iter_mut().find(inherited) else { return Ok(false) };
    let same = matches!(&known.kind, ConstraintKind::Check { expr: known } if known == expr);
    if !same || known.origin.is_local {
        let message = format!("constraint \"{name}\" for relation \"{relation}\" already exists");
        return Err(PgError::new(code::DUPLICATE_OBJECT, message));
    }
    cx.notice(format!("merging constraint \"{name}\" with inherited definition"));
    known.origin.is_local = true;
    Ok(true)
}

/// Whether a definition names a column and nothing of its type.
pub(in crate::exec::ddl) fn is_option(node: Node<'_>) -> bool {
    matches!(node, Node::ColumnDef(definition) if definition.type_name().is_none())
}
