//! FOREIGN KEY constraints (`ATAddForeignKeyConstraint`).

use super::draft::ForeignKeySpec;
use super::names::{RelationName, strings};
use super::{DdlContext, implicit_names, lock};
use crate::catalog::TableKind;
use crate::catalog::builtin::{self, CastContext, CastMethod};
use crate::catalog::{
    Catalog, Constraint, ConstraintKind, ForeignKey, ForeignKeyAction, Origin, Persistence,
    Relation, RelationKind,
};
use crate::error::{PgError, Result, code};
use crate::functions::privileges::require_columns;
use crate::storage::TableLockMode;
use crate::types::Oid;
use pg_raw_parse::nodes::Constraint as Node;
use std::os::raw::c_char;

/// The btree strategy of `=`.
const EQUAL: i16 = 3;

/// Adds a foreign key to a table of the transaction's catalog, which is a new version of it unless
/// the table itself is new. Returns the constraint's OID; the caller checks rows that are there
/// already.
pub(super) async fn add(
    table: Oid,
    spec: &ForeignKeySpec<'_>,
    is_new: bool,
    cx: &DdlContext<'_>,
) -> Result<Oid> {
    let node = spec.node;
    let target = node.pktable().ok_or_else(|| PgError::unsupported("this foreign key"))?;
    let target = RelationName::of_range(target, cx)?;
    let referenced = lock::get_named(&target, TableLockMode::ShareRowExclusive, cx).await?;
    let catalog = cx.catalog();
    let table = catalog.relation(table).expect("the table is locked").clone();
    check_tables(&table, &referenced)?;
    let columns = column_numbers(&table, &spec.columns)?;
    let (index, referenced_columns) = referenced_key(&referenced, node, &catalog)?;
    let referring = referenced_columns.iter().copied().collect();
    require_columns(&catalog, cx.env.current_role(), referenced.oid, 'x', &referring)?;
    if columns.len() != referenced_columns.len() {
        let message = "number of referencing and referenced columns for foreign key disagree";
        return Err(PgError::new(code::INVALID_FOREIGN_KEY, message));
    }
    let name = name(&table, spec, &catalog)?;
    let pairs = columns.iter().zip(&referenced_columns);
    let eq_ops = pairs
        .map(|(fk, pk)| equality(&table, *fk, &referenced, *pk, &index, &name, cx))
        .collect::<Result<Vec<_>>>()?;
    let key = ForeignKey {
        set_columns: set_columns(&table, node, &columns)?,
        columns,
        references: referenced.oid,
        referenced_columns,
        referenced_index: index.oid,
        on_update: action(node.fk_upd_action),
        on_delete: action(node.fk_del_action),
        match_full: node.fk_matchtype as u8 == b'f',
        eq_ops,
    };
    check_generated(&table, &key)?;
    let pairs = key.columns.iter().zip(&key.referenced_columns);
    for (fk, pk) in pairs {
        let (fk, pk) = (table.column(*fk).collation, referenced.column(*pk).collation);
        if !catalog.compares_alike(fk, pk, true) {
            let what =
                "a foreign key between columns of which one has a nondeterministic collation";
            return Err(PgError::unsupported(what));
        }
    }
    let oid = cx.catalog.new_oid()?;
    let mut changed = (*table).clone();
    if !is_new {
        changed.version = table.version.wrapping_add(1);
    }
    changed.constraints.push(Constraint {
        oid,
        name,
        kind: ConstraintKind::ForeignKey(key),
        deferrable: spec.deferrable,
        initially_deferred: spec.initially_deferred,
        validated: !node.skip_validation,
        no_inherit: !table.is_partitioned(),
        comment: None,
        origin: Origin::LOCAL,
    });
    let table = changed.oid;
    cx.catalog.put_relation(changed, cx.txn);
    super::partition::refer_to_partitions(table, oid, cx)?;
    Ok(oid)
}

fn check_tables(table: &Relation, referenced: &Relation) -> Result<()> {
    if referenced.kind != RelationKind::Table {
        let message = format!("referenced relation \"{}\" is not a table", referenced.name);
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    if Catalog::is_system(referenced.oid) {
        let message = format!("permission denied: \"{}\" is a system catalog", referenced.name);
        return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
    }
    match (TableKind::of(table), TableKind::of(referenced)) {
        (TableKind::Stream, _) | (_, TableKind::Stream) => {
            return Err(PgError::unsupported("a foreign key of or to a stream table"));
        }
        // It would tell whether other users' rows refer to a row, or delete them.
        (own, other) if own != other => {
            let what = "a foreign key between a user table and one of another kind";
            return Err(PgError::unsupported(what));
        }
        _ => {}
    }
    let message = match (table.persistence, referenced.persistence) {
        (Persistence::Permanent, Persistence::Permanent) => return Ok(()),
        (Persistence::Permanent, _) => {
            "constraints on permanent tables may reference only permanent tables"
        }
        (Persistence::Unlogged, Persistence::Temporary) => {
            "constraints on unlogged tables may reference only permanent or unlogged tables"
        }
        (Persistence::Temporary, p) if p != Persistence::Temporary => {
            "constraints on temporary tables may reference only temporary tables"
        }
        _ => return Ok(()),
    };
    Err(PgError::new(code::INVALID_TABLE_DEFINITION, message))
}

fn column_numbers(table: &Relation, names: &[String]) -> Result<Vec<i16>> {
    let number = |name: &String| {
        table.column_by_name(name).map(|c| c.attno).ok_or_else(|| {
            let message =
                format!("column \"{name}\" referenced in foreign key constraint does not exist");
            PgError::new(code::UNDEFINED_COLUMN, message)
        })
    };
    names.iter().map(number).collect()
}

/// The unique index that a foreign key rests on, and the referenced columns in the key's order.
fn referenced_key(
    referenced: &Relation,
    node: &Node,
    catalog: &Catalog,
) -> Result<(Relation, Vec<i16>)> {
    let written = strings(node.pk_attrs());
    if written.is_empty() {
        let primary = catalog
            .indexes_of(referenced)
            .find(|i| i.index.as_ref().is_some_and(|info| info.primary));
        let index = primary.ok_or_else(|| {
            let name = &referenced.name;
            let message = format!("there is no primary key for referenced table \"{name}\"");
            PgError::new(code::UNDEFINED_OBJECT, message)
        })?;
        if index.index.as_ref().is_some_and(|info| !info.immediate) {
            return Err(deferrable("primary key", referenced));
        }
        return Ok(((**index).clone(), index_keys(index)));
    }
    let names: Vec<String> = written.into_iter().map(str::to_owned).collect();
    let columns = column_numbers(referenced, &names)?;
    let mut sorted = columns.clone();
    sorted.sort_unstable();
    if sorted.windows(2).any(|w| w[0] == w[1]) {
        let message = "foreign key referenced-columns list must not contain duplicates";
        return Err(PgError::new(code::INVALID_FOREIGN_KEY, message));
    }
    let matches = |index: &&std::sync::Arc<Relation>| {
        let mut keys = index_keys(index);
        keys.sort_unstable();
        keys == sorted && usable(index)
    };
    let immediate = |index: &&&std::sync::Arc<Relation>| {
        index.index.as_ref().is_some_and(|info| info.immediate)
    };
    let candidates: Vec<_> = catalog.indexes_of(referenced).filter(matches).collect();
    let index = candidates.iter().copied().find(|i| immediate(&i)).ok_or_else(|| {
        if !candidates.is_empty() {
            return deferrable("unique constraint", referenced);
        }
        let message = format!(
            "there is no unique constraint matching given keys for referenced table \"{}\"",
            referenced.name
        );
        PgError::new(code::INVALID_FOREIGN_KEY, message)
    })?;
    Ok(((**index).clone(), columns))
}

fn index_keys(index: &Relation) -> Vec<i16> {
    let info = index.index.as_ref().expect("an index has its definition");
    info.columns[..info.key_count].iter().map(|c| c.attno).collect()
}

/// 55000: what may have duplicates for a while cannot be referred to.
fn deferrable(what: &str, referenced: &Relation) -> PgError {
    let message =
        format!("cannot use a deferrable {what} for referenced table \"{}\"", referenced.name);
    PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
}

/// Unique, on plain columns, without a predicate.
fn usable(index: &Relation) -> bool {
    index.index.as_ref().is_some_and(|i| {
        i.unique && i.predicate.is_none() && i.columns.iter().all(|c| c.expr.is_none())
    })
}

/// The operator `referenced = referencing` of the index's family; the referencing type may be one
/// that casts implicitly to the index's.
fn equality(
    table: &Relation,
    column: i16,
    referenced: &Relation,
    key: i16,
    index: &Relation,
    name: &str,
    cx: &DdlContext<'_>,
) -> Result<Oid> {
    let catalog = cx.catalog();
    let info = index.index.as_ref().expect("an index has its definition");
    let class =
        info.columns.iter().find(|c| c.attno == key).and_then(|c| builtin::opclass(c.opclass));
    let (fk, pk) = (table.column(column), referenced.column(key));
    let (from, to) = (catalog.base_type(fk.type_oid, -1).0, catalog.base_type(pk.type_oid, -1).0);
    let found = class.and_then(|class| {
        if !Catalog::is_system(from) || !Catalog::is_system(to) {
            // All enums have one class, as have all composites: only the same compare.
            return (from == to)
                .then(|| builtin::amop(class.family, class.input_type, class.input_type, EQUAL))
                .flatten();
        }
        let same = || builtin::amop(class.family, class.input_type, class.input_type, EQUAL);
        builtin::amop(class.family, class.input_type, from, EQUAL)
            .or_else(|| implicit_to(from, class.input_type).then(same).flatten())
    });
    found.ok_or_else(|| {
        let shown = |oid| super::column::type_name(&catalog, oid, cx);
        let message = format!("foreign key constraint \"{name}\" cannot be implemented");
        PgError::new(code::DATATYPE_MISMATCH, message).detail(format!(
            "Key columns \"{}\" and \"{}\" are of incompatible types: {} and {}.",
            fk.name,
            pk.name,
            shown(fk.type_oid),
            shown(pk.type_oid)
        ))
    })
}

/// Chooses a foreign key's operators again, after the type of one of its columns has changed.
pub(super) fn rebind(table: Oid, constraint: Oid, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    let Some(relation) = catalog.relation(table) else { return Ok(()) };
    let mut changed = (**relation).clone();
    let own = changed.constraints.iter_mut().find(|c| c.oid == constraint);
    let Some(Constraint { name, kind: ConstraintKind::ForeignKey(key), .. }) = own else {
        return Ok(());
    };
    let referenced = catalog.relation(key.references);
    let index = catalog.relation(key.referenced_index);
    let (Some(referenced), Some(index)) = (referenced, index) else {
        return Err(PgError::internal("a foreign key without its table"));
    };
    let pairs = key.columns.iter().zip(&key.referenced_columns);
    let operators = pairs.map(|(fk, pk)| equality(relation, *fk, referenced, *pk, index, name, cx));
    key.eq_ops = operators.collect::<Result<Vec<_>>>()?;
    cx.catalog.put_relation(changed, cx.txn);
    Ok(())
}

fn implicit_to(from: Oid, to: Oid) -> bool {
    let implicit = builtin::cast(from, to)
        .is_some_and(|c| c.context == CastContext::Implicit && c.method != CastMethod::InOut);
    implicit || builtin::binary_coercible(from, to)
}

fn name(table: &Relation, spec: &ForeignKeySpec<'_>, catalog: &Catalog) -> Result<String> {
    if let Some(name) = spec.node.conname() {
        return super::check::own_name(table, name);
    }
    let joined = implicit_names::joined(spec.columns.iter().map(String::as_str));
    let own = super::check::constraint_names(table);
    let parts = (table.name.as_str(), Some(joined.as_str()), "fkey");
    Ok(implicit_names::constraint_name(catalog, table.namespace, &own, parts))
}

fn set_columns(table: &Relation, node: &Node, columns: &[i16]) -> Result<Vec<i16>> {
    let names: Vec<String> =
        strings(node.fk_del_set_cols()).into_iter().map(str::to_owned).collect();
    let found = column_numbers(table, &names)?;
    for (attno, name) in found.iter().zip(&names) {
        if !columns.contains(attno) {
            let message = format!(
                "column \"{name}\" referenced in ON DELETE SET action must be part of foreign key"
            );
            return Err(PgError::new(code::INVALID_COLUMN_REFERENCE, message));
        }
    }
    Ok(found)
}

/// Generated columns cannot be set, so no action may try to.
fn check_generated(table: &Relation, key: &ForeignKey) -> Result<()> {
    use ForeignKeyAction::{Cascade, SetDefault, SetNull};
    if !key.columns.iter().any(|attno| table.column(*attno).generated) {
        return Ok(());
    }
    let clause = match (key.on_update, key.on_delete) {
        (Cascade | SetNull | SetDefault, _) => "ON UPDATE",
        (_, SetNull | SetDefault) => "ON DELETE",
        _ => return Ok(()),
    };
    let message =
        format!("invalid {clause} action for foreign key constraint containing generated column");
    Err(PgError::new(code::SYNTAX_ERROR, message))
}

fn action(letter: c_char) -> ForeignKeyAction {
    match letter as u8 {
        b'r' => ForeignKeyAction::Restrict,
        b'c' => ForeignKeyAction::Cascade,
        b'n' => ForeignKeyAction::SetNull,
        b'd' => ForeignKeyAction::SetDefault,
        _ => ForeignKeyAction::NoAction,
    }
}
