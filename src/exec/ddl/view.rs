//! CREATE VIEW and CREATE OR REPLACE VIEW.

use super::names::RelationName;
use super::{DdlContext, column, create_table, lock, privileges};
use crate::catalog::{
    Catalog, CheckOption, Column, Persistence, Relation, RelationKind, ViewInfo, is_temporary,
    view_update,
};
use crate::error::{PgError, Result, code};
use crate::nodes::Query;
use crate::sql::bind::bind_view;
use crate::storage::TableLockMode;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::ViewStmt;
use pg_raw_parse::raw::ViewCheckOption;
use std::collections::BTreeMap;

const TAG: &str = "CREATE VIEW";

pub(super) async fn execute(statement: &ViewStmt, cx: &DdlContext<'_>) -> Result<String> {
    let range = statement.view().expect("CREATE VIEW names a view");
    let name = RelationName::of_range(range, cx)?;
    let query = bound(statement, cx).await?;
    let columns = columns(statement, &query, cx)?;
    for column in &columns {
        column::refuse_pseudo_type(&column.name, column.type_oid, &cx.catalog())?;
    }
    let (check_option, options) = options(statement)?;
    let view = ViewInfo { query, check_option };
    refuse_check_option(&view, &cx.catalog())?;
    if range.relpersistence as u8 == b'u' {
        let message = "views cannot be unlogged because they do not have storage";
        return Err(PgError::new(code::SYNTAX_ERROR, message));
    }
    let reads_temporary = reads_temporary(&view.query, cx);
    let temporary = range.relpersistence as u8 == b't' || reads_temporary;
    if reads_temporary && range.relpersistence as u8 != b't' {
        cx.notice(format!("view \"{}\" will be a temporary view", name.name));
    }
    let namespace = name.target(temporary, &cx.catalog(), cx)?;
    lock::name(namespace.oid, &name.name, cx).await?;
    let existing = cx.catalog().relation_named(namespace.oid, &name.name).cloned();
    if let Some(existing) = existing {
        if !statement.replace {
            let message = format!("relation \"{}\" already exists", name.name);
            return Err(PgError::new(code::DUPLICATE_TABLE, message));
        }
        lock::relation(existing.oid, TableLockMode::AccessExclusive, cx).await?;
        replace(&existing, columns, view, options, cx)?;
        return Ok(TAG.to_owned());
    }
    let mut relation = create_table::new_table(name.name, &namespace, range, cx)?;
    relation.kind = RelationKind::View;
    relation.storage = 0;
    relation.columns = columns;
    relation.options = options;
    relation.view = Some(view);
    if is_temporary(&namespace) {
        relation.persistence = Persistence::Temporary;
    }
    cx.catalog.put_relation(relation, cx.txn);
    Ok(TAG.to_owned())
}

async fn bound(statement: &ViewStmt, cx: &DdlContext<'_>) -> Result<Query> {
    locked(|catalog| bind_view(statement.query(), &cx.bind(catalog)), cx).await
}

/// A query, its relations locked; bound again, where somebody changed them before the locks were had.
pub(super) async fn locked(
    bind: impl Fn(&Catalog) -> Result<Query>,
    cx: &DdlContext<'_>,
) -> Result<Query> {
    loop {
        let catalog = cx.catalog();
        let query = bind(&catalog)?;
        for (oid, _) in crate::catalog::depend::relations_of_query(&query) {
            lock::relation(oid, TableLockMode::AccessShare, cx).await?;
        }
        if cx.catalog().version() == catalog.version() {
            return Ok(query);
        }
    }
}

pub(super) fn reads_temporary(query: &Query, cx: &DdlContext<'_>) -> bool {
    let catalog = cx.catalog();
    crate::catalog::depend::relations_of_query(query).iter().any(|(oid, _)| {
        catalog.relation(*oid).is_some_and(|r| r.persistence == Persistence::Temporary)
    })
}

/// The view's columns: the query's, under the names given.
fn columns(statement: &ViewStmt, query: &Query, cx: &DdlContext<'_>) -> Result<Vec<Column>> {
    let catalog = &cx.catalog();
    let mut names = statement.aliases().iter().filter_map(Node::as_str);
    let mut columns: Vec<Column> = Vec::new();
    for (attno, target) in (1i16..).zip(query.output()) {
        let name = names.next().unwrap_or(&target.name);
        if columns.iter().any(|c| c.name == name) {
            let message = format!("column \"{name}\" specified more than once");
            return Err(PgError::new(code::DUPLICATE_COLUMN, message));
        }
        let (type_oid, typmod) = (target.expr.type_oid(), target.expr.typmod());
        let mut new = column::new_column(attno, name, type_oid, typmod, catalog);
        new.collation = column::derived_collation(name, &target.expr, true, cx)?;
        columns.push(new);
    }
    if names.next().is_some() {
        let message = "CREATE VIEW specifies more column names than columns";
        return Err(PgError::new(code::SYNTAX_ERROR, message));
    }
    Ok(columns)
}

fn options(statement: &ViewStmt) -> Result<(Option<CheckOption>, BTreeMap<String, String>)> {
    let check = match statement.with_check_option {
        ViewCheckOption::LOCAL_CHECK_OPTION => Some(CheckOption::Local),
        ViewCheckOption::CASCADED_CHECK_OPTION => Some(CheckOption::Cascaded),
        _ => None,
    };
    read_options(statement.options().iter(), check, BTreeMap::new())
}

/// ALTER VIEW … SET (…).
pub(super) fn set_options<'n>(
    relation: &Relation,
    elements: impl Iterator<Item = Node<'n>>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let Some(view) = &relation.view else { return Ok(()) };
    let (check_option, options) =
        read_options(elements, view.check_option, relation.options.clone())?;
    let view = ViewInfo { check_option, ..view.clone() };
    refuse_check_option(&view, &cx.catalog())?;
    let changed = Relation { view: Some(view), options, ..relation.clone() };
    cx.catalog.put_relation(changed, cx.txn);
    Ok(())
}

/// A check option needs a view that can be updated.
fn refuse_check_option(view: &ViewInfo, catalog: &Catalog) -> Result<()> {
    match view_update::refusal(catalog, view) {
        Some(why) if view.check_option.is_some() => {
            let message = "WITH CHECK OPTION is supported only on automatically updatable views";
            Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).hint(why))
        }
        _ => Ok(()),
    }
}

fn read_options<'n>(
    elements: impl Iterator<Item = Node<'n>>,
    mut check: Option<CheckOption>,
    mut options: BTreeMap<String, String>,
) -> Result<(Option<CheckOption>, BTreeMap<String, String>)> {
    for node in elements {
        let Node::DefElem(element) = node else { continue };
        let (name, value) = (element.defname().unwrap_or_default(), element.arg());
        match name {
            "check_option" => {
                check = Some(match super::options::text(value).as_str() {
                    "local" => CheckOption::Local,
                    "cascaded" => CheckOption::Cascaded,
                    _ => return Err(bad_check_option(&super::options::text(value))),
                });
                continue;
            }
            "security_barrier" | "security_invoker" => {
                super::options::boolean(name, value)?;
            }
            other => {
                let message = format!("unrecognized parameter \"{other}\"");
                return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
            }
        }
        options.insert(name.to_owned(), super::options::text(value));
    }
    match check {
        Some(CheckOption::Local) => options.insert("check_option".into(), "local".into()),
        Some(CheckOption::Cascaded) => options.insert("check_option".into(), "cascaded".into()),
        None => None,
    };
    Ok((check, options))
}

fn bad_check_option(value: &str) -> PgError {
    let message = format!("invalid value for enum option \"check_option\": {value}");
    PgError::new(code::INVALID_PARAMETER_VALUE, message)
        .detail("Valid values are \"local\" and \"cascaded\".")
}

/// OR REPLACE: old columns must stay as they are; new ones may follow (`checkViewTupleDesc`).
fn replace(
    existing: &Relation,
    columns: Vec<Column>,
    view: ViewInfo,
    options: BTreeMap<String, String>,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if existing.kind != RelationKind::View {
        let message = format!("\"{}\" is not a view", existing.name);
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
    }
    privileges::relation_owner(existing, cx)?;
    let invalid = |message: String| PgError::new(code::INVALID_TABLE_DEFINITION, message);
    if columns.len() < existing.columns.len() {
        return Err(invalid("cannot drop columns from view".to_owned()));
    }
    for (old, new) in existing.columns.iter().zip(&columns) {
        if old.name != new.name {
            let message =
                format!("cannot change name of view column \"{}\" to \"{}\"", old.name, new.name);
            let hint =
                "Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.";
            return Err(invalid(message).hint(hint));
        }
        if (old.type_oid, old.typmod) != (new.type_oid, new.typmod) {
            let shown =
                |c: &Column| crate::types::format_type(c.type_oid, c.typmod).unwrap_or_default();
            let (from, to) = (shown(old), shown(new));
            let name = &old.name;
            return Err(invalid(format!(
                "cannot change data type of view column \"{name}\" from {from} to {to}"
            )));
        }
    }
    let keep = existing.columns.iter().cloned();
    let columns = keep.chain(columns.into_iter().skip(existing.columns.len())).collect();
    cx.catalog.put_relation(
        Relation {
            columns,
            options,
            view: Some(view),
            version: existing.version.wrapping_add(1),
            ..existing.clone()
        },
        cx.txn,
    );
    Ok(())
}
