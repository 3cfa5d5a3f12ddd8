//! Relations that are not stored as rows: pg_catalog's, and sequences.

use crate::catalog::pg_catalog::KeyValues;
use crate::catalog::system_schema::{JobRow, SegmentRow, TierSizes};
use crate::catalog::{Relation, builtin, pg_catalog};
use crate::error::{PgError, Result};
use crate::exec::explain::Description;
use crate::exec::expr::{Program, Reads};
use crate::exec::op::{PlanNode, concat, holds};
use crate::exec::{ExecState, Operator, Row};
use crate::functions::Deparse;
use crate::nodes::AttrNumber;
use crate::storage::cold::SegmentInfo;
use crate::storage::large_object::{LargeObject, LargeObjects, Page};
use crate::storage::{LockInfo, SequenceParams};
use crate::types::{Datum, Oid};
use std::sync::Arc;

/// A relation of pg_catalog or information_schema, made from the catalog snapshot.
pub(in crate::exec) struct SystemScan {
    pub relation: Oid,
    pub filter: Arc<Vec<Program>>,
    pub columns: SystemColumns,
    /// Those of them that the filter reads.
    pub tested: pg_catalog::Columns,
    pub key: Option<Arc<SystemKey>>,
    /// The one column of a table that rows are wanted about.
    pub about: Option<Arc<Program>>,
}

/// The columns of a system scan's rows: `tableoid` some times, then columns by their position.
#[derive(Clone, Copy)]
pub(in crate::exec) struct SystemColumns {
    pub table_oids: usize,
    pub wanted: pg_catalog::Columns,
}

/// A column whose value is known before the scan.
pub(in crate::exec) struct SystemKey {
    /// From 0.
    pub column: usize,
    pub value: Program,
    /// The value is an array of which each element will do.
    pub any: bool,
}

struct Run {
    relation: Oid,
    filter: Arc<Vec<Program>>,
    columns: SystemColumns,
    tested: pg_catalog::Columns,
    key: Option<Arc<SystemKey>>,
    about: Option<Arc<Program>>,
    rows: Option<pg_catalog::Scan>,
}

impl SystemColumns {
    /// The columns that programs over its rows read; all where one of them does not say.
    pub fn read_by(self, programs: &[Program]) -> pg_catalog::Columns {
        let mut reads = Reads::default();
        match programs.iter().try_for_each(|program| program.node().reads(&mut reads)) {
            Some(()) => {
                let slots = reads.slots.iter().filter_map(|slot| slot.checked_sub(self.table_oids));
                pg_catalog::Columns::of(slots.filter_map(|slot| self.wanted.nth(slot)))
            }
            None => pg_catalog::Columns::ALL,
        }
    }

    /// Of attribute numbers in order; those before the first column are system columns.
    pub fn of<'a>(attnos: impl Iterator<Item = &'a AttrNumber>) -> SystemColumns {
        let positions: Vec<Option<usize>> =
            attnos.map(|a| usize::try_from(*a).ok().and_then(|a| a.checked_sub(1))).collect();
        SystemColumns {
            table_oids: positions.iter().filter(|position| position.is_none()).count(),
            wanted: pg_catalog::Columns::of(positions.into_iter().flatten()),
        }
    }
}

impl SystemKey {
    /// The values one of which a row must have.
    fn values(&self, state: &ExecState) -> Result<KeyValues> {
        let values = match self.value.eval(state, &[])? {
            Datum::Array(array) if self.any => array.elements.clone(),
            value => vec![value],
        };
        let values = values.into_iter().filter(|value| !value.is_null()).collect();
        Ok(KeyValues { column: self.column, values })
    }
}

/// NULL is equal to no number, and no column has number 0 or one that is no smallint.
fn about_column(wanted: pg_catalog::Columns, number: &Datum) -> pg_catalog::Columns {
    let attno = match number {
        Datum::Int2(attno) => Some(*attno),
        Datum::Int4(attno) => AttrNumber::try_from(*attno).ok(),
        Datum::Int8(attno) => AttrNumber::try_from(*attno).ok(),
        Datum::Null => None,
        _ => return wanted,
    };
    wanted.about(attno.unwrap_or(0))
}

impl PlanNode for SystemScan {
    fn describe(&self) -> Description {
        let relation = builtin::system_relation(self.relation);
        let name = relation.map_or("", |r| r.name);
        let by = self.key.as_ref().and_then(|key| Some(relation?.columns.get(key.column)?.name));
        let by = by.map_or_else(String::new, |column| format!(" by {column}"));
        Description { target: format!(" on {name}{by}"), ..Description::new("Catalog Scan", &[]) }
    }

    fn open(&self, _state: &ExecState) -> Box<dyn Operator> {
        Box::new(Run {
            relation: self.relation,
            filter: self.filter.clone(),
            columns: self.columns,
            tested: self.tested,
            key: self.key.clone(),
            about: self.about.clone(),
            rows: None,
        })
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        let host = EnvHost(state);
        let role = state.env().current_role();
        let cx = pg_catalog::Context { catalog: &state.cx.catalog, role, host: &host };
        let rows = match &mut self.rows {
            Some(rows) => rows,
            None => {
                let key = self.key.as_ref().map(|key| key.values(state)).transpose()?;
                let mut wanted = self.columns.wanted;
                if let Some(about) = &self.about {
                    wanted = about_column(wanted, &about.eval(state, &[])?);
                }
                let key = key.as_ref();
                let found = pg_catalog::scan(self.relation, wanted, self.tested, key, &cx)?;
                self.rows.insert(found)
            }
        };
        let table_oids = vec![Datum::Oid(self.relation); self.columns.table_oids];
        rows.next(&cx, &mut |row| {
            state.cx.cancel.check()?;
            match table_oids.is_empty() {
                true => holds(&self.filter, state, row),
                false => holds(&self.filter, state, &concat(&table_oids, row)),
            }
        })
        .map(|row| {
            row.map(|row| if table_oids.is_empty() { row } else { concat(&table_oids, &row) })
        })
    }
}

/// What system relations show besides the catalog, asked of the session.
struct EnvHost<'a>(&'a ExecState);

impl EnvHost<'_> {
    fn large_objects_shown(&self) -> LargeObjects<'_> {
        LargeObjects { database: self.0.env().database(), view: &self.0.cx.view }
    }
}

impl pg_catalog::Host for EnvHost<'_> {
    fn domain_default(&self, domain: Oid) -> Result<Option<String>> {
        self.0.env().session().deparse(Deparse::DomainDefault(domain), false)
    }

    fn default_expression(&self, table: Oid, attno: AttrNumber) -> Result<Option<String>> {
        let relation = self.0.cx.catalog.relation(table);
        let default = relation.and_then(|r| r.column(attno).default.as_ref());
        match default.map(pg_catalog::encode_tree) {
            Some(Datum::Text(tree)) => {
                let what = Deparse::Expr { tree: &tree, relation: table };
                self.0.env().session().deparse(what, false)
            }
            _ => Ok(None),
        }
    }

    fn activity(&self) -> Vec<pg_catalog::Activity> {
        self.0.env().catalog_host().activity()
    }

    fn prepared_statements(&self) -> Vec<pg_catalog::PreparedStatement> {
        self.0.env().catalog_host().prepared_statements()
    }

    fn cursors(&self) -> Vec<pg_catalog::Cursor> {
        self.0.env().catalog_host().cursors()
    }

    fn jobs(&self) -> Vec<JobRow> {
        self.0.env().catalog_host().jobs()
    }

    fn segments(&self) -> Result<Vec<SegmentRow>> {
        let segments = self.0.cx.txn.store().segments(None)?;
        let row = |s: SegmentInfo| SegmentRow {
            table: s.table,
            segment: s.segment,
            storage: s.file.file.storage,
            path: s.file.file.path,
            version: s.file.version,
            live_rows: s.live_rows,
            dead_rows: s.dead_rows,
            bytes: s.file.bytes,
        };
        Ok(segments.into_iter().map(row).collect())
    }

    fn large_objects(&self, of: Option<&KeyValues>) -> Result<Vec<LargeObject>> {
        let shown = self.large_objects_shown();
        let Some(of) = of else { return Ok(shown.all()?) };
        // A join asks once per row, mostly where there are none.
        let exist = match self.0.large_objects.get() {
            Some(exist) => *exist,
            None => {
                let exist = shown.exist()?;
                *self.0.large_objects.get_or_init(|| exist)
            }
        };
        let mut found = Vec::new();
        for oid in of.oids().filter(|_| exist) {
            found.extend(shown.find(oid)?);
        }
        Ok(found)
    }

    fn large_object_pages(&self) -> Result<Vec<Page>> {
        Ok(self.large_objects_shown().pages()?)
    }

    fn tier_sizes(&self, table: &Relation) -> Result<TierSizes> {
        self.0.env().catalog_host().tier_sizes(table)
    }

    fn row_count(&self, relation: Oid) -> f32 {
        let Some(relation) = self.0.cx.catalog.relation(relation) else { return -1.0 };
        let found = self.0.cx.txn.store().statistics(relation.storage);
        found.ok().flatten().map_or(-1.0, |found| found.entries as f32)
    }

    fn setting(&self, name: &str) -> Option<(String, &'static str)> {
        self.0.env().catalog_host().setting(name)
    }

    fn locks(&self) -> Vec<LockInfo> {
        self.0.cx.txn.store().locks()
    }
}

/// A sequence read as a table of one row: `last_value`, `log_cnt`, `is_called`.
pub(in crate::exec) struct SequenceScan {
    pub relation: Arc<Relation>,
    pub filter: Arc<Vec<Program>>,
    pub columns: Arc<Vec<Option<usize>>>,
}

struct SequenceRun {
    relation: Arc<Relation>,
    filter: Arc<Vec<Program>>,
    columns: Arc<Vec<Option<usize>>>,
    done: bool,
}

impl PlanNode for SequenceScan {
    fn describe(&self) -> Description {
        let target = format!(" on {}", self.relation.name);
        Description { target, ..Description::new("Seq Scan", &[]) }
    }

    fn open(&self, _state: &ExecState) -> Box<dyn Operator> {
        Box::new(SequenceRun {
            relation: self.relation.clone(),
            filter: self.filter.clone(),
            columns: self.columns.clone(),
            done: false,
        })
    }
}

impl Operator for SequenceRun {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        if std::mem::replace(&mut self.done, true) {
            return Ok(None);
        }
        let full = sequence_row(&self.relation, state)?;
        let pick = |column: &Option<usize>| match column {
            Some(index) => full.get(*index).cloned().unwrap_or_default(),
            None => Datum::Oid(self.relation.oid),
        };
        let row: Row = self.columns.iter().map(pick).collect();
        Ok(holds(&self.filter, state, &row)?.then_some(row))
    }
}

fn sequence_row(relation: &Relation, state: &ExecState) -> Result<Vec<Datum>> {
    let info = relation.sequence.as_ref();
    let info = info.ok_or_else(|| PgError::internal("a sequence without its definition"))?;
    let params = SequenceParams {
        name: relation.name.clone(),
        start: info.start,
        increment: info.increment,
        min: info.min,
        max: info.max,
        cycle: info.cycle,
    };
    let now = state.cx.txn.store().sequence_state(relation.storage, &params)?;
    Ok(vec![Datum::Int8(now.last_value), Datum::Int8(now.log_count), Datum::Bool(now.is_called)])
}
