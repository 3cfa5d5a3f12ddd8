//! CREATE TABLE.

use super::draft::TableDraft;
use super::names::RelationName;
use super::{DdlContext, lock, options, table_options};
use crate::catalog::{
    Catalog, DefaultAclKind, Namespace, OnCommit, Persistence, Relation, RelationKind, is_temporary,
};
use crate::error::{PgError, Result, code};
use crate::types::Oid;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{CreateStmt, RangeVar};
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
    for node in statement.options() {
        if let Node::DefElem(element) = node {
            options::table(element, &mut table.options)?;
        }
    }
    table_options::complete(&mut table, cx).await?;
    let catalog = cx.catalog();
    let mut draft = TableDraft::new(table, true);
    for node in statement.table_elts() {
        add_element(&mut draft, node, &catalog, cx)?;
    }
    for constraint in statement.constraints() {
        super::constraint::add(&mut draft, constraint)?;
    }
    let likes = super::like::after_creation(statement);
    let table = draft.finish(cx).await?;
    super::like::finish(&table, &likes, cx).await?;
    Ok(TAG.to_owned())
}

fn refuse_unsupported(statement: &CreateStmt) -> Result<()> {
    let unsupported = [
        (!statement.inh_relations().is_empty(), "INHERITS"),
        (statement.partspec().is_some(), "PARTITION BY"),
        (statement.partbound().is_some(), "PARTITION OF"),
        (statement.of_typename().is_some(), "CREATE TABLE OF"),
    ];
    if let Some((_, what)) = unsupported.iter().find(|(found, _)| *found) {
        return Err(PgError::unsupported(*what));
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

fn add_element<'a>(
    draft: &mut TableDraft<'a>,
    node: Node<'a>,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    match node {
        Node::ColumnDef(definition) => super::column::add(draft, definition, catalog, cx),
        Node::Constraint(constraint) => super::constraint::add(draft, constraint),
        Node::TableLikeClause(like) => super::like::add(draft, like, catalog, cx),
        _ => Err(PgError::unsupported("this element of CREATE TABLE")),
    }
}
