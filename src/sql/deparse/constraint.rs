//! `pg_get_constraintdef`.

use super::names::{Names, column_list};
use crate::catalog::{Constraint, ConstraintKind, ForeignKey, ForeignKeyAction, Relation};
use crate::error::Result;
use crate::types::Oid;

/// The constraint as ALTER TABLE ADD CONSTRAINT takes it, without its name.
pub(super) fn definition(names: &Names<'_>, oid: Oid, pretty: bool) -> Result<Option<String>> {
    let Some((table, constraint)) = names.catalog.constraint(oid) else {
        return domain_check(names, oid, pretty);
    };
    let mut out = match &constraint.kind {
        ConstraintKind::PrimaryKey { index, columns } => {
            format!(
                "PRIMARY KEY ({}){}",
                column_list(table, columns),
                include(names, table, *index)
            )
        }
        ConstraintKind::Unique { index, columns } => {
            let info = names.catalog.relation(*index).and_then(|i| i.index.as_ref());
            let nulls = match info.is_some_and(|i| i.nulls_not_distinct) {
                true => " NULLS NOT DISTINCT",
                false => "",
            };
            let list = column_list(table, columns);
            format!("UNIQUE{nulls} ({list}){}", include(names, table, *index))
        }
        ConstraintKind::Check { expr } => {
            let text = super::expression(names, expr, table.oid, pretty)?;
            let inherit = if constraint.no_inherit { " NO INHERIT" } else { "" };
            format!("CHECK ({text}){inherit}")
        }
        ConstraintKind::ForeignKey(key) => foreign_key(names, table, key),
    };
    out.push_str(&suffix(constraint));
    Ok(Some(out))
}

/// A domain's CHECK.
fn domain_check(names: &Names<'_>, oid: Oid, pretty: bool) -> Result<Option<String>> {
    let Some((_, check)) = names.catalog.domain_check(oid) else { return Ok(None) };
    let text = super::expression(names, &check.expr, 0, pretty)?;
    let suffix = if check.validated { "" } else { " NOT VALID" };
    Ok(Some(format!("CHECK ({text}){suffix}")))
}

fn suffix(constraint: &Constraint) -> String {
    let mut out = String::new();
    if constraint.deferrable {
        out.push_str(" DEFERRABLE");
    }
    if constraint.initially_deferred {
        out.push_str(" INITIALLY DEFERRED");
    }
    if !constraint.validated {
        out.push_str(" NOT VALID");
    }
    out
}

/// INCLUDE's columns of a unique constraint's index.
fn include(names: &Names<'_>, table: &Relation, index: Oid) -> String {
    let info = names.catalog.relation(index).and_then(|i| i.index.as_ref());
    let Some(info) = info.filter(|i| i.columns.len() > i.key_count) else {
        return String::new();
    };
    let attnos: Vec<i16> = info.columns[info.key_count..].iter().map(|c| c.attno).collect();
    format!(" INCLUDE ({})", column_list(table, &attnos))
}

fn foreign_key(names: &Names<'_>, table: &Relation, key: &ForeignKey) -> String {
    let mut out = format!("FOREIGN KEY ({}) REFERENCES ", column_list(table, &key.columns));
    if let Some(referenced) = names.catalog.relation(key.references) {
        let columns = column_list(referenced, &key.referenced_columns);
        out.push_str(&format!("{}({columns})", names.relation(referenced)));
    }
    if key.match_full {
        out.push_str(" MATCH FULL");
    }
    if let Some(action) = action(key.on_update) {
        out.push_str(&format!(" ON UPDATE {action}"));
    }
    if let Some(action) = action(key.on_delete) {
        out.push_str(&format!(" ON DELETE {action}"));
        if !key.set_columns.is_empty() {
            out.push_str(&format!(" ({})", column_list(table, &key.set_columns)));
        }
    }
    out
}

fn action(action: ForeignKeyAction) -> Option<&'static str> {
    match action {
        ForeignKeyAction::NoAction => None,
        ForeignKeyAction::Restrict => Some("RESTRICT"),
        ForeignKeyAction::Cascade => Some("CASCADE"),
        ForeignKeyAction::SetNull => Some("SET NULL"),
        ForeignKeyAction::SetDefault => Some("SET DEFAULT"),
    }
}
