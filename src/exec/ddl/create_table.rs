//! CREATE TABLE.

use super::draft::TableDraft;
use super::names::RelationName;
use super::{DdlContext, inherit, lock, options, partition, table_options};
use crate::catalog::{
    Catalog, DefaultAclKind, Namespace, OnCommit, Persistence, Relation, RelationKind, TableKind,
    is_temporary,
};
use crate::error::{PgError, Result, code};
use crate::storage::TableLockMode;
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{CreateStmt, PartitionBoundSpec, RangeVar};
use pg_raw_parse::raw::OnCommitAction;
use std::collections::BTreeMap;
use std::sync::Arc;

const TAG: &str = "CREATE TABLE";

pub(super) async fn execute(statement: &CreateStmt, cx: &DdlContext<'_>) -> Result<String> {
    refuse_unsupported(statement)?;
    let range = statement.relation().expect("CREATE TABLE names a table");
    let temporary = range.relpersistence as u8 == b't';
    let on_commit = on_commit(statement.oncommit, temporary)?;
    let name = RelationName::of_range(range, cx)?;
    // Of all statements that make relations, only this one says where the name stands.
    let namespace = name.target(temporary, &cx.catalog(), cx).map_err(|e| e.at(range.location))?;
    let name = name.name;
    if !free_name(&namespace, &name, statement.if_not_exists, cx).await? {
        return Ok(TAG.to_owned());
    }
    let mut table = new_table(name, &namespace, range, cx)?;
    table.on_commit = on_commit;
    let parents = inherit::parents(statement, &table, cx).await?;
    for node in statement.options() {
        let Node::DefElem(element) = node else { continue };
        // A partitioned table has no storage, and so no parameters of it.
        if statement.partspec().is_some() {
            return Err(options::unknown(element));
        }
        options::table(element, &mut table.options)?;
    }
    table_options::complete(&mut table, cx).await?;
    let shared = TableKind::of(&table) == TableKind::Shared;
    if !shared && !parents.is_empty() {
        return Err(PgError::unsupported("inheritance of user tables and streams"));
    }
    if !shared && statement.partspec().is_some() {
        return Err(PgError::unsupported("partitioning of user tables and streams"));
    }
    let table = build(statement, table, &parents, cx).await?;
    if let Some(spec) = statement.partbound() {
        add_partition(&table, &parents[0], spec, cx).await?;
    }
    Ok(TAG.to_owned())
}

/// Makes the table of what it inherits, its elements, and what LIKE copies.
async fn build(
    statement: &CreateStmt,
    mut table: Relation,
    parents: &[Arc<Relation>],
    cx: &DdlContext<'_>,
) -> Result<Arc<Relation>> {
    let catalog = cx.catalog();
    table.lineage.parents = parents.iter().map(|parent| parent.oid).collect();
    let mut draft = TableDraft::new(table, true);
    let conflicts = inherit::merge_parents(&mut draft, parents, cx)?;
    let inherited = draft.table.columns.len();
    let mut number = 0;
    for node in statement.table_elts() {
        number += i16::from(matches!(node, Node::ColumnDef(_)));
        add_element(&mut draft, node, (number, inherited), &catalog, cx)?;
    }
    for constraint in statement.constraints() {
        super::constraint::add(&mut draft, constraint)?;
    }
    let decided = |name: &String| {
        let attno = draft.table.column_by_name(name).map_or(0, |c| c.attno);
        draft.defaults.iter().any(|(of, _)| *of == attno)
    };
    if let Some(name) = conflicts.iter().find(|name| !decided(name)) {
        let message = format!("column \"{name}\" inherits conflicting default values");
        return Err(PgError::new(code::INVALID_COLUMN_DEFINITION, message)
            .hint("To resolve the conflict, specify a default explicitly."));
    }
    if let Some(spec) = statement.partspec() {
        draft.table.lineage.key = Some(partition::key(spec, &draft.table, &catalog, cx)?);
    }
    if let (Some(spec), Some(parent)) = (statement.partbound(), parents.first()) {
        let bound = partition::bound(spec, parent, cx)?;
        partition::check_overlap(&draft.table.name, parent, &bound, spec, cx)?;
        draft.table.lineage.bound = Some(bound);
    }
    let likes = super::like::after_creation(statement);
    let table = draft.finish(cx).await?;
    super::like::finish(&table, &likes, cx).await?;
    Ok(table)
}

/// Gives a new partition what its parent's have, and checks that the default one has none of its rows.
async fn add_partition(
    table: &Relation,
    parent: &Arc<Relation>,
    spec: &PartitionBoundSpec,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if !spec.is_default {
        for member in cx.catalog().family(parent) {
            lock::relation(member.oid, TableLockMode::AccessExclusive, cx).await?;
        }
        partition::check_default(parent, cx)?;
    }
    partition::clone_indexes(parent.oid, table.oid, cx)?;
    partition::clone_keys(parent.oid, table.oid, cx)?;
    partition::refer_to(parent.oid, table.oid, cx).await
}

fn refuse_unsupported(statement: &CreateStmt) -> Result<()> {
    if statement.of_typename().is_some() {
        return Err(PgError::unsupported("CREATE TABLE OF"));
    }
    check_method(statement.access_method())?;
    check_tablespace(statement.tablespacename())
}

/// `heap` is the only table access method there is.
pub(super) fn check_method(method: Option<&str>) -> Result<()> {
    match method {
        None | Some("heap") => Ok(()),
        Some(other) => {
            let message = format!("access method \"{other}\" does not exist");
            Err(PgError::new(code::UNDEFINED_OBJECT, message))
        }
    }
}

/// `pg_default` is the only tablespace that relations can be in.
pub(super) fn check_tablespace(tablespace: Option<&str>) -> Result<()> {
    match tablespace {
        None | Some("pg_default" | "") => Ok(()),
        Some("pg_global") => {
            let message = "only shared relations can be placed in pg_global tablespace";
            Err(PgError::new(code::INVALID_PARAMETER_VALUE, message))
        }
        Some(other) => {
            let message = format!("tablespace \"{other}\" does not exist");
            Err(PgError::new(code::UNDEFINED_OBJECT, message))
        }
    }
}

fn on_commit(action: OnCommitAction::Type, temporary: bool) -> Result<OnCommit> {
    let on_commit = match action {
        OnCommitAction::ONCOMMIT_DELETE_ROWS => OnCommit::DeleteRows,
        OnCommitAction::ONCOMMIT_DROP => OnCommit::Drop,
        OnCommitAction::ONCOMMIT_PRESERVE_ROWS => OnCommit::PreserveRows,
        _ => return Ok(OnCommit::PreserveRows),
    };
    if !temporary {
        let message = "ON COMMIT can only be used on temporary tables";
        return Err(PgError::new(code::INVALID_TABLE_DEFINITION, message));
    }
    Ok(on_commit)
}

/// The name and schema of a new relation, its name locked; `None` (after a NOTICE) where it exists
/// and IF NOT EXISTS was said.
pub(super) async fn target(
    range: &RangeVar,
    if_not_exists: bool,
    cx: &DdlContext<'_>,
) -> Result<Option<(String, Arc<Namespace>)>> {
    let name = RelationName::of_range(range, cx)?;
    let temporary = range.relpersistence as u8 == b't';
    let namespace = name.target(temporary, &cx.catalog(), cx)?;
    if !free_name(&namespace, &name.name, if_not_exists, cx).await? {
        return Ok(None);
    }
    Ok(Some((name.name, namespace)))
}

/// Locks a relation's name; `false` (after a NOTICE) where it is taken and that is no error.
pub(super) async fn free_name(
    namespace: &Namespace,
    name: &str,
    if_not_exists: bool,
    cx: &DdlContext<'_>,
) -> Result<bool> {
    lock::name(namespace.oid, name, cx).await?;
    if cx.catalog().relation_named(namespace.oid, name).is_none() {
        return Ok(true);
    }
    let message = format!("relation \"{name}\" already exists");
    if if_not_exists {
        (cx.notice)(PgError::new(code::DUPLICATE_TABLE, format!("{message}, skipping")));
        return Ok(false);
    }
    Err(PgError::new(code::DUPLICATE_TABLE, message))
}

/// A table without columns, owned by the current role.
pub(super) fn new_table(
    name: String,
    namespace: &Namespace,
    range: &RangeVar,
    cx: &DdlContext<'_>,
) -> Result<Relation> {
    let persistence = match range.relpersistence as u8 {
        b't' => Persistence::Temporary,
        b'u' => Persistence::Unlogged,
        _ if is_temporary(namespace) => Persistence::Temporary,
        _ => Persistence::Permanent,
    };
    super::types::take_row_type_name(namespace.oid, &name, cx)?;
    let owner = cx.env.current_role();
    let acl = cx.catalog().default_acl(DefaultAclKind::Relation, owner, namespace.oid);
    Ok(Relation {
        oid: cx.catalog.new_oid()?,
        name,
        namespace: namespace.oid,
        owner,
        kind: RelationKind::Table,
        persistence,
        on_commit: OnCommit::PreserveRows,
        version: 1,
        columns: Vec::new(),
        storage: cx.catalog.new_storage(cx.txn)?,
        row_type: new_row_type(cx)?,
        options: BTreeMap::new(),
        comment: None,
        acl,
        indexes: Vec::new(),
        constraints: Vec::new(),
        index: None,
        sequence: None,
        view: None,
        materialized: None,
        row_security: Default::default(),
        rules: Vec::new(),
        lineage: Default::default(),
    })
}

/// A row type's OID; the OID after it is its array type's.
pub(super) fn new_row_type(cx: &DdlContext<'_>) -> Result<Oid> {
    let mut first = cx.catalog.new_oid()?;
    loop {
        let second = cx.catalog.new_oid()?;
        // Another session may have taken the one in between.
        if second == first.wrapping_add(1) {
            return Ok(first);
        }
        first = second;
    }
}

/// The element is column number `number` of those written; the draft's first `inherited` columns are
/// its parents'.
fn add_element<'a>(
    draft: &mut TableDraft<'a>,
    node: Node<'a>,
    (number, inherited): (i16, usize),
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    match node {
        Node::ColumnDef(definition) => {
            let name = definition.colname().unwrap_or_default();
            let known = draft.table.column_by_name(name).map(|c| (c.attno, c.origin.is_local));
            match known {
                Some((attno, false)) if usize::from(attno.unsigned_abs()) <= inherited => {
                    inherit::merge_definition(draft, attno, definition, number, catalog, cx)
                }
                None if inherit::is_option(node) => {
                    let message = format!("column \"{name}\" does not exist");
                    Err(PgError::new(code::UNDEFINED_COLUMN, message))
                }
                _ => super::column::add(draft, definition, catalog, cx),
            }
        }
        Node::Constraint(constraint) => super::constraint::add(draft, constraint),
        Node::TableLikeClause(like) => super::like::add(draft, like, catalog, cx),
        _ => Err(PgError::unsupported("this element of CREATE TABLE")),
    }
}
