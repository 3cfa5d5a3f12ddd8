//! Rows that are there already: reading them, filling indexes, rewriting tables.
//!
//! Everything goes through the transaction's write set, so all of it rolls back with the statement.

use super::DdlContext;
use super::located::located;
use crate::catalog::schema::{IndexSchema, TableSchema, table_schema};
use crate::catalog::{Catalog, Relation};
use crate::error::{PgError, Result, code};
use crate::exec::expr::Program;
use crate::exec::{ExecState, Layout};
use crate::nodes::Expr;
use crate::storage::{Direction, Key, KeyRange, Space, keys};
use crate::types::{Datum, Oid};
use std::collections::HashSet;
use std::sync::Arc;

/// Calls `f` with the key suffix and the values of every row of a table.
pub(super) fn for_each(
    schema: &TableSchema,
    cx: &DdlContext<'_>,
    mut f: impl FnMut(&[u8], Vec<Datum>) -> Result<()>,
) -> Result<()> {
    let range = KeyRange::storage(schema.relation.storage);
    let mut scan = cx.txn.latest_view()?.scan(Space::Rows, range, Direction::Forward);
    while let Some((key, value)) = scan.next()? {
        cx.cancel.check()?;
        f(keys::suffix(key), schema.layout.row(value)?.datums())?;
    }
    Ok(())
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
    table: &'a Relation,
    evaluator: Evaluator,
    has_predicate: bool,
    /// Keys so far, of a unique index whose storage does not keep them apart.
    seen: HashSet<Vec<u8>>,
}

impl<'a> IndexWriter<'a> {
    fn new(
        index: &'a IndexSchema,
        table: &'a Relation,
        catalog: &Arc<Catalog>,
        cx: &DdlContext<'_>,
    ) -> Result<IndexWriter<'a>> {
        let info = index.info();
        let exprs = index.key_columns().iter().filter_map(|c| c.expr.as_ref());
        let evaluator = Evaluator::new(exprs.chain(&info.predicate), table, catalog, cx)?;
        let has_predicate = info.predicate.is_some();
        Ok(IndexWriter { index, table, evaluator, has_predicate, seen: HashSet::new() })
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
        let (key, value) = self.index.entry(&values, row_key);
        if self.index.is_unique_entry(&values) && self.is_duplicate(&key, &values, cx)? {
            return Err(located(duplicate(&self.index.relation, &values), self.table, cx));
        }
        cx.txn.put(Space::Index, key, value)?;
        Ok(())
    }

    fn is_duplicate(&mut self, key: &[u8], values: &[Datum], cx: &DdlContext<'_>) -> Result<bool> {
        if self.index.unique_keys {
            return Ok(cx.txn.get_latest(Space::Index, key)?.is_some());
        }
        let mut columns = Vec::new();
        self.index.encode_columns(values, &mut columns);
        Ok(!self.seen.insert(columns))
    }
}

fn duplicate(index: &Relation, values: &[Datum]) -> PgError {
    let message = format!("could not create unique index \"{}\"", index.name);
    let error = PgError::new(code::UNIQUE_VIOLATION, message).constraint(&*index.name);
    error.detail(format!("Key {} is duplicated.", key_text(index, values)))
}

/// `(a, b)=(1, x)`, as details of constraint errors show keys.
fn key_text(index: &Relation, values: &[Datum]) -> String {
    let names: Vec<_> = index.columns.iter().take(values.len()).map(|c| c.name.as_str()).collect();
    let types = index.columns.iter().map(|c| c.type_oid);
    let values: Vec<_> = values.iter().zip(types).map(|(v, t)| value_text(t, v)).collect();
    format!("({})=({})", names.join(", "), values.join(", "))
}

/// A value as messages show it.
pub(super) fn value_text(type_oid: Oid, value: &Datum) -> String {
    if value.is_null() {
        return "null".to_owned();
    }
    let mut out = Vec::new();
    crate::types::text_out(type_oid, value, &crate::types::Format::default(), &mut out);
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
    let mut writer = IndexWriter::new(index, &table, &catalog, cx)?;
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
        writers.push(IndexWriter::new(index, &table, &catalog, cx)?);
    }
    for_each(&old_schema, cx, |_, row| {
        let row = transform(row)?;
        let suffix = insert(&schema, &row, &catalog, cx)?;
        writers.iter_mut().try_for_each(|writer| writer.add(&suffix, &row, cx))
    })
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

/// Stores one row of a table that nobody else sees yet; returns its key suffix. A second row with
/// the same primary key is an error.
pub(super) fn insert(
    schema: &TableSchema,
    row: &[Datum],
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<Vec<u8>> {
    let storage = schema.relation.storage;
    let mut bytes = Vec::new();
    schema.layout.encode(row, 0, &mut bytes)?;
    let suffix = match schema.primary_key_suffix(row) {
        Some(suffix) => {
            let key = Key::Row { table: storage, primary_key: &suffix }.encode();
            if cx.txn.get_latest(Space::Rows, &key)?.is_some() {
                let error = duplicate_primary_key(schema, row, catalog);
                return Err(located(error, &schema.relation, cx));
            }
            suffix
        }
        None => {
            let row_id = cx.txn.store().allocate_row_id(storage)?;
            let key = Key::RowId { table: storage, row_id }.encode();
            keys::suffix(&key).to_vec()
        }
    };
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
        Some(index) => duplicate(index, &values),
        None => PgError::internal("a table with a primary key has its index"),
    }
}
