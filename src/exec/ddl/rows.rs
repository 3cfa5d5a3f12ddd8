//! Rows that are there already: reading them, filling indexes, rewriting tables.
//!
//! Everything goes through the transaction's write set, so all of it rolls back with the statement.

use super::DdlContext;
use super::located::located;
use crate::catalog::schema::{IndexSchema, Owner, RowKey, TableSchema, table_schema};
use crate::catalog::{Catalog, Relation};
use crate::error::{PgError, Result, code};
use crate::exec::expr::Program;
use crate::exec::scan::{Graves, grave_key};
use crate::exec::{ExecState, Layout};
use crate::nodes::Expr;
use crate::storage::keys::GraveKey;
use crate::storage::{Direction, KeyRange, RowRef, Space, keys};
use crate::types::{Datum, Oid};
use std::collections::HashSet;
use std::sync::Arc;

/// Calls `f` with the key suffix and the values of every row of a table: in a user table all
/// users' rows, about which errors say nothing to others.
pub(super) fn for_each(
    schema: &TableSchema,
    cx: &DdlContext<'_>,
    mut f: impl FnMut(&[u8], Vec<Datum>) -> Result<()>,
) -> Result<()> {
    for_each_stored(schema, cx, |suffix, row| f(suffix, row.datums()))
}

fn for_each_stored(
    schema: &TableSchema,
    cx: &DdlContext<'_>,
    mut f: impl FnMut(&[u8], &RowRef<'_>) -> Result<()>,
) -> Result<()> {
    let range = KeyRange::storage(schema.relation.storage);
    let mut scan = cx.txn.latest_view()?.scan(Space::Rows, range, Direction::Forward);
    while let Some((key, value)) = scan.next()? {
        cx.cancel.check()?;
        let suffix = keys::suffix(key);
        f(suffix, &schema.layout.row(value)?).map_err(|error| {
            match schema.owner_of(suffix) == schema.owner(cx.env.current_role()) {
                true => error,
                false => of_another_user(&error, &schema.relation),
            }
        })?;
    }
    Ok(())
}

/// An error about a row that the current role may not see: of messages only those stay that name
/// the constraint and not the values.
fn of_another_user(error: &PgError, table: &Relation) -> PgError {
    let constraint = error.object().constraint.clone();
    let message = match error.code() {
        code::QUERY_CANCELED | code::ADMIN_SHUTDOWN => return error.clone(),
        code::UNIQUE_VIOLATION
        | code::CHECK_VIOLATION
        | code::NOT_NULL_VIOLATION
        | code::FOREIGN_KEY_VIOLATION => error.message().to_owned(),
        _ => format!("a row of another user of table \"{}\" does not allow this", table.name),
    };
    let hidden = PgError::new(error.code(), message).table(&*table.name);
    match constraint {
        Some(name) => hidden.constraint(name),
        None => hidden,
    }
}

/// Expressions over a table's rows.
pub(super) struct Evaluator {
    state: ExecState,
    programs: Vec<Program>,
}

impl Evaluator {
    pub fn new<'e>(
        exprs: impl IntoIterator<Item = &'e Expr>,
        table: &Relation,
        catalog: &Arc<Catalog>,
        cx: &DdlContext<'_>,
    ) -> Result<Evaluator> {
        let layout = Layout::relation(1, table.columns.len());
        let compile = |e| Program::compile(e, &layout, catalog);
        let programs = exprs.into_iter().map(compile).collect::<Result<_>>()?;
        let state = ExecState::new(cx.statement(catalog)?, Arc::new([]));
        Ok(Evaluator { state, programs })
    }

    /// The value of the n-th expression on a row.
    pub fn eval(&self, at: usize, row: &[Datum]) -> Result<Datum> {
        self.programs[at].eval(&self.state, row)
    }

    pub fn is_true(&self, at: usize, row: &[Datum]) -> Result<bool> {
        self.programs[at].is_true(&self.state, row)
    }
}

/// Makes the entries of one index.
struct IndexWriter<'a> {
    index: &'a IndexSchema,
    schema: &'a TableSchema,
    evaluator: Evaluator,
    has_predicate: bool,
    /// Keys so far, of a unique index whose storage does not keep them apart.
    seen: HashSet<Vec<u8>>,
}

impl<'a> IndexWriter<'a> {
    fn new(
        index: &'a IndexSchema,
        schema: &'a TableSchema,
        catalog: &Arc<Catalog>,
        cx: &DdlContext<'_>,
    ) -> Result<IndexWriter<'a>> {
        index.check_usable()?;
        let info = index.info();
        let exprs = index.key_columns().iter().filter_map(|c| c.expr.as_ref());
        let exprs = exprs.chain(&info.predicate);
        let evaluator = Evaluator::new(exprs, &schema.relation, catalog, cx)?;
        let has_predicate = info.predicate.is_some();
        Ok(IndexWriter { index, schema, evaluator, has_predicate, seen: HashSet::new() })
    }

    /// Adds the row's entry, or fails if the index is unique and has such a key already.
    fn add(&mut self, row_key: &[u8], row: &[Datum], cx: &DdlContext<'_>) -> Result<()> {
        let expressions = self.index.key_columns().iter().filter(|c| c.expr.is_some()).count();
        if self.has_predicate && !self.evaluator.is_true(expressions, row)? {
            return Ok(());
        }
        let mut values = Vec::with_capacity(self.index.key_columns().len());
        let mut at = 0;
        for column in self.index.key_columns() {
            if column.expr.is_some() {
                values.push(self.evaluator.eval(at, row)?);
                at += 1;
            } else {
                values.push(row[column.attno as usize - 1].clone());
            }
        }
        let unique = self.index.is_unique_entry(&values);
        for (key, value) in self.index.entries(&values, row_key) {
            if unique && self.is_duplicate(&key, self.schema.owner_of(row_key), &values, cx)? {
                return Err(located(
                    duplicate(&cx.catalog(), &self.index.relation, &values),
                    &self.schema.relation,
                    cx,
                ));
            }
            cx.txn.put(Space::Index, key, value)?;
        }
        Ok(())
    }

    fn is_duplicate(
        &mut self,
        key: &[u8],
        owner: Owner,
        values: &[Datum],
        cx: &DdlContext<'_>,
    ) -> Result<bool> {
        if self.index.unique_keys {
            return Ok(cx.txn.get_latest(Space::Index, key)?.is_some());
        }
        Ok(!self.seen.insert(self.index.columns(owner, values)))
    }
}

fn duplicate(catalog: &Catalog, index: &Relation, values: &[Datum]) -> PgError {
    let message = format!("could not create unique index \"{}\"", index.name);
    let error = PgError::new(code::UNIQUE_VIOLATION, message).constraint(&*index.name);
    error.detail(format!("Key {} is duplicated.", key_text(catalog, index, values)))
}

/// `(a, b)=(1, x)`, as details of constraint errors show keys.
fn key_text(catalog: &Catalog, index: &Relation, values: &[Datum]) -> String {
    let names: Vec<_> = index.columns.iter().take(values.len()).map(|c| c.name.as_str()).collect();
    let types = index.columns.iter().map(|c| c.type_oid);
    let values: Vec<_> = values.iter().zip(types).map(|(v, t)| value_text(catalog, t, v)).collect();
    format!("({})=({})", names.join(", "), values.join(", "))
}

/// A value as messages show it.
pub(super) fn value_text(catalog: &Catalog, type_oid: Oid, value: &Datum) -> String {
    if value.is_null() {
        return "null".to_owned();
    }
    let (type_oid, value) = catalog.labelled(type_oid, value);
    let mut out = Vec::new();
    crate::types::text_out(type_oid, &value, &crate::types::Format::default(), &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Fills a new index from the table's rows.
pub(super) fn build_index(table: Oid, index: Oid, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    let table = catalog.relation(table).expect("the table is locked").clone();
    let schema = table_schema(&catalog, &table);
    let Some(index) = schema.indexes.iter().find(|i| i.relation.oid == index) else {
        return Ok(());
    };
    let mut writer = IndexWriter::new(index, &schema, &catalog, cx)?;
    for_each(&schema, cx, |key, row| writer.add(key, &row, cx))
}

/// Writes a table's rows anew, under a new storage id and with all its indexes: `new` is the
/// definition from now on, `transform` gives a row's new values. Used where rows or their keys
/// change shape.
pub(super) fn rewrite(
    old: &Arc<Relation>,
    mut new: Relation,
    cx: &DdlContext<'_>,
    mut transform: impl FnMut(Vec<Datum>) -> Result<Vec<Datum>>,
) -> Result<()> {
    let before = cx.catalog();
    let old_schema = table_schema(&before, old);
    new.storage = cx.catalog.new_storage(cx.txn)?;
    for column in &mut new.columns {
        column.missing_value = None;
        column.past_types.clear();
    }
    let oid = new.oid;
    cx.catalog.put_relation(new, cx.txn);
    for index in before.indexes_of(old) {
        renew_index(index.oid, cx)?;
    }
    let catalog = cx.catalog();
    let table = catalog.relation(oid).expect("the table was just put").clone();
    let schema = table_schema(&catalog, &table);
    let mut writers = Vec::new();
    for index in &schema.indexes {
        writers.push(IndexWriter::new(index, &schema, &catalog, cx)?);
    }
    for_each_stored(&old_schema, cx, |old_suffix, stored| {
        let row = transform(stored.datums())?;
        let owner = old_schema.owner_of(old_suffix);
        let mut bytes = Vec::new();
        schema.layout.encode_anew(stored, &row, &mut bytes)?;
        let suffix = store(&schema, owner, &row, bytes, &catalog, cx)?;
        writers.iter_mut().try_for_each(|writer| writer.add(&suffix, &row, cx))
    })?;
    move_graves(&old_schema, &schema, cx, transform)
}

/// Writes the graves of a table anew. They are in nobody's way: one whose values cannot become those of
/// the new definition, or that has no key there, is left out.
fn move_graves(
    old: &Arc<TableSchema>,
    new: &TableSchema,
    cx: &DdlContext<'_>,
    mut transform: impl FnMut(Vec<Datum>) -> Result<Vec<Datum>>,
) -> Result<()> {
    if new.retention_us.is_none() {
        return Ok(());
    }
    let (view, mut graves) = (cx.txn.latest_view()?, Graves::of(old));
    let range = KeyRange::storage(old.relation.storage);
    let mut scan = view.scan(Space::Graves, range, Direction::Backward);
    while let Some((key, value)) = scan.next()? {
        cx.cancel.check()?;
        let GraveKey { seq, row: old_suffix, .. } = grave_key(key)?;
        // A new key may be free where the old one was not.
        if !graves.is_newest(old_suffix) || !graves.is_gone(old_suffix, &view)? {
            continue;
        }
        let stored = old.layout.row(value)?;
        let row = match transform(stored.datums()) {
            Ok(row) => row,
            Err(error) if matches!(error.code().class(), "22" | "23") => continue,
            Err(error) => return Err(error),
        };
        let owner = old.owner_of(old_suffix);
        let suffix = match &new.key {
            RowKey::Primary { columns, .. } if columns.iter().any(|c| row[c.at].is_null()) => {
                continue;
            }
            _ => new_suffix(new, owner, &row, cx)?,
        };
        let mut bytes = Vec::new();
        new.layout.encode_anew(&stored, &row, &mut bytes)?;
        cx.txn.put(Space::Graves, new.grave_key(&suffix, seq), bytes.into())?;
    }
    Ok(())
}

/// The key suffix of a row in a table that is written anew.
fn new_suffix(
    schema: &TableSchema,
    owner: Owner,
    row: &[Datum],
    cx: &DdlContext<'_>,
) -> Result<Vec<u8>> {
    if let Some(suffix) = schema.primary_key_suffix(owner, row) {
        return Ok(suffix);
    }
    let row_id = cx.txn.store().allocate_row_id(schema.relation.storage)?;
    Ok(TableSchema::row_id_suffix(owner, row_id))
}

/// Gives an index an empty storage, if the statement has not dropped it.
pub(super) fn renew_index(oid: Oid, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    if let Some(index) = catalog.relation(oid) {
        let storage = cx.catalog.new_storage(cx.txn)?;
        cx.catalog.put_relation(Relation { storage, ..(**index).clone() }, cx.txn);
    }
    Ok(())
}

/// Inserts one row into a table that nobody else sees yet.
pub(super) fn insert(
    schema: &TableSchema,
    owner: Owner,
    row: &[Datum],
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let mut bytes = Vec::new();
    schema.layout.encode(row, 0, &mut bytes)?;
    store(schema, owner, row, bytes, catalog, cx).map(|_| ())
}

/// Stores an encoded row; returns its key suffix. A second row of the owner with the same primary key
/// is an error.
fn store(
    schema: &TableSchema,
    owner: Owner,
    row: &[Datum],
    bytes: Vec<u8>,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<Vec<u8>> {
    let suffix = new_suffix(schema, owner, row, cx)?;
    let keyed = schema.key != RowKey::RowId;
    if keyed && cx.txn.get_latest(Space::Rows, &schema.row_key(&suffix))?.is_some() {
        let error = duplicate_primary_key(schema, row, catalog);
        return Err(located(error, &schema.relation, cx));
    }
    cx.txn.put(Space::Rows, schema.row_key(&suffix), bytes.into())?;
    Ok(suffix)
}

fn duplicate_primary_key(schema: &TableSchema, row: &[Datum], catalog: &Catalog) -> PgError {
    let columns = schema.relation.primary_key().unwrap_or_default();
    let values: Vec<_> = columns.iter().map(|a| row[*a as usize - 1].clone()).collect();
    let index = catalog
        .indexes_of(&schema.relation)
        .find(|i| i.index.as_ref().is_some_and(|info| info.primary));
    match index {
        Some(index) => duplicate(catalog, index, &values),
        None => PgError::internal("a table with a primary key has its index"),
    }
}
