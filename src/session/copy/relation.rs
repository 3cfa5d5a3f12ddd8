//! The relation and columns that COPY names.

use super::options::Columns;
use crate::catalog::{Column, Relation, RelationKind};
use crate::error::{PgError, Result, code};
use pg_raw_parse::nodes;

/// The columns to copy: those named, or all but generated ones.
pub(super) fn columns(copy: &nodes::CopyStmt, relation: &Relation) -> Result<Vec<Column>> {
    let names: Vec<&str> = copy.attlist().iter().filter_map(|name| name.as_str()).collect();
    if names.is_empty() {
        return Ok(relation.live_columns().filter(|c| !c.generated).cloned().collect());
    }
    let mut columns: Vec<Column> = Vec::new();
    for name in names {
        let column = relation.column_by_name(name).ok_or_else(|| no_column(name, relation))?;
        if column.generated {
            let message = format!("column \"{name}\" is a generated column");
            let detail = "Generated columns cannot be used in COPY.";
            return Err(PgError::new(code::INVALID_COLUMN_REFERENCE, message).detail(detail));
        }
        if columns.iter().any(|c| c.attno == column.attno) {
            let message = format!("column \"{name}\" specified more than once");
            return Err(PgError::new(code::DUPLICATE_COLUMN, message));
        }
        columns.push(column.clone());
    }
    Ok(columns)
}

fn no_column(name: &str, relation: &Relation) -> PgError {
    let message = format!("column \"{name}\" of relation \"{}\" does not exist", relation.name);
    PgError::new(code::UNDEFINED_COLUMN, message)
}

/// Which of the copied columns an option names.
pub(super) fn chosen(
    option: &Columns,
    name: &str,
    copied: &[&str],
    relation: Option<&Relation>,
) -> Result<Vec<bool>> {
    let names = match option {
        Columns::None => return Ok(vec![false; copied.len()]),
        Columns::All => return Ok(vec![true; copied.len()]),
        Columns::Named(names) => names,
    };
    if let Some(wanted) = names.iter().find(|n| !copied.contains(&n.as_str())) {
        if let Some(relation) = relation
            && relation.column_by_name(wanted).is_none()
        {
            return Err(no_column(wanted, relation));
        }
        let message = format!("{name} column \"{wanted}\" not referenced by COPY");
        return Err(PgError::new(code::INVALID_COLUMN_REFERENCE, message));
    }
    Ok(copied.iter().map(|c| names.iter().any(|n| n == c)).collect())
}

/// 42809 for what COPY FROM cannot fill.
pub(super) fn check_target(relation: &Relation) -> Result<()> {
    let name = &relation.name;
    let wrong = |what: &str| {
        PgError::new(code::WRONG_OBJECT_TYPE, format!("cannot copy to {what} \"{name}\""))
    };
    match relation.kind {
        RelationKind::Table => Ok(()),
        RelationKind::View => Err(wrong("view")
            .hint("To enable copying to a view, provide an INSTEAD OF INSERT trigger.")),
        RelationKind::MaterializedView => Err(wrong("materialized view")),
        RelationKind::Sequence => Err(wrong("sequence")),
        RelationKind::Index => Err(index(name)),
        RelationKind::Composite => Err(composite(name)),
    }
}

/// Nor is a composite type.
fn composite(name: &str) -> PgError {
    PgError::new(code::WRONG_OBJECT_TYPE, format!("\"{name}\" is a composite type"))
}

/// An index is no relation to open.
fn index(name: &str) -> PgError {
    PgError::new(code::WRONG_OBJECT_TYPE, format!("\"{name}\" is an index"))
}

const HINT: &str = "Try the COPY (SELECT ...) TO variant.";

/// 42809 for what COPY TO cannot read.
pub(super) fn check_source(relation: &Relation) -> Result<()> {
    let name = &relation.name;
    let wrong = |what: &str| {
        PgError::new(code::WRONG_OBJECT_TYPE, format!("cannot copy from {what} \"{name}\""))
    };
    if relation.is_partitioned() {
        return Err(wrong("partitioned table").hint(HINT));
    }
    match relation.kind {
        RelationKind::Table => Ok(()),
        RelationKind::View => Err(wrong("view").hint(HINT)),
        RelationKind::MaterializedView => Err(wrong("materialized view").hint(HINT)),
        RelationKind::Sequence => Err(wrong("sequence")),
        RelationKind::Index => Err(index(name)),
        RelationKind::Composite => Err(composite(name)),
    }
}

/// A name, quoted, for the SQL that COPY stands for.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
