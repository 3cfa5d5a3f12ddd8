//! Which partition of a table a row belongs to.

use crate::catalog::partition::{check_key, find, key_types};
use crate::catalog::{Catalog, PartitionBound, PartitionColumn, Relation, Strategy, builtin};
use crate::error::{PgError, Result};
use crate::exec::dml::row_layout;
use crate::exec::expr::{Call, Callee, Node, Program};
use crate::exec::{ExecState, Row};
use crate::types::{Datum, Oid, oids};
use std::sync::Arc;

/// The number of a hash class's function with a seed (`HASHEXTENDED_PROC`).
const HASH_EXTENDED: i16 = 2;
/// PostgreSQL's, so that a dumped partition's rows are its own when they are restored
/// (`HASH_PARTITION_SEED`).
const HASH_SEED: u64 = 0x7A5B_2236_7996_DCFD;

/// A partitioned table's key and the bounds of its partitions, in order.
pub(in crate::exec) struct Router {
    table: Arc<Relation>,
    strategy: Strategy,
    /// Over the table's row.
    key: Vec<Program>,
    types: Vec<Oid>,
    bounds: Vec<PartitionBound>,
    partitions: Vec<Arc<Relation>>,
    /// Hashes of the key's values, over a row of these.
    hashes: Vec<Program>,
}

impl Router {
    pub(in crate::exec) fn compile(catalog: &Catalog, table: &Arc<Relation>) -> Result<Router> {
        let key = table.lineage.key.as_ref();
        let key = key.ok_or_else(|| PgError::internal("a table without a partition key"))?;
        let layout = row_layout(table);
        let programs = key.columns.iter();
        let programs = programs.map(|c| Program::compile(&c.as_expr(), &layout, catalog));
        let partitions: Vec<_> = catalog.children_of(table).into_iter().cloned().collect();
        let bounds = partitions.iter().filter_map(|p| p.lineage.bound.clone()).collect();
        let hashes = match key.strategy {
            Strategy::Hash => hashes(&key.columns)?,
            Strategy::List | Strategy::Range => Vec::new(),
        };
        check_key(catalog, key)?;
        Ok(Router {
            table: table.clone(),
            strategy: key.strategy,
            key: programs.collect::<Result<_>>()?,
            types: key_types(catalog, key),
            bounds,
            partitions,
            hashes,
        })
    }

    pub(in crate::exec) fn table(&self) -> &Arc<Relation> {
        &self.table
    }

    pub(in crate::exec) fn bounds(&self) -> &[PartitionBound] {
        &self.bounds
    }

    pub(in crate::exec) fn types(&self) -> &[Oid] {
        &self.types
    }

    /// The key of a row of the table.
    pub(in crate::exec) fn key(&self, state: &ExecState, row: &[Datum]) -> Result<Row> {
        self.key.iter().map(|program| program.eval(state, row)).collect()
    }

    /// The partition that takes a row of the table; `None`: there is none.
    pub(in crate::exec) fn partition(
        &self,
        state: &ExecState,
        row: &[Datum],
    ) -> Result<Option<&Arc<Relation>>> {
        let key = self.key(state, row)?;
        Ok(self.position(state, &key)?.map(|at| &self.partitions[at]))
    }

    /// The same by the row's key, as a position in the order of bounds.
    pub(in crate::exec) fn position(
        &self,
        state: &ExecState,
        key: &[Datum],
    ) -> Result<Option<usize>> {
        let hash = self.hash(state, key)?;
        Ok(find(&self.types, self.strategy, &self.bounds, key, hash))
    }

    /// `compute_partition_hash_value`; 0 where the table is not partitioned by it.
    fn hash(&self, state: &ExecState, key: &[Datum]) -> Result<u64> {
        let mut row_hash = 0u64;
        for program in &self.hashes {
            if let Datum::Int8(hash) = program.eval(state, key)? {
                row_hash = combine(row_hash, hash.cast_unsigned());
            }
        }
        Ok(row_hash)
    }
}

/// `hash_combine64`.
fn combine(a: u64, b: u64) -> u64 {
    const ADDED: u64 = 0x49a0_f4dd_15e5_a8e3;
    a ^ b.wrapping_add(ADDED).wrapping_add(a << 54).wrapping_add(a >> 7)
}

fn hashes(columns: &[PartitionColumn]) -> Result<Vec<Program>> {
    let hash = |(at, column): (usize, &PartitionColumn)| {
        let seed = Node::Const(Datum::Int8(HASH_SEED.cast_signed()));
        let call = Call { callee: hash_function(column)?, args: vec![Node::Slot(at), seed] };
        Ok(Program::new(Node::Call(Box::new(call)), oids::INT8))
    };
    columns.iter().enumerate().map(hash).collect()
}

/// The function that hashes a key's column; 0A000 where there is none here.
pub(in crate::exec) fn hash_function(column: &PartitionColumn) -> Result<Callee> {
    let class = builtin::opclass(column.opclass);
    let found = class.and_then(|class| {
        builtin::amproc(class.family, class.input_type, class.input_type, HASH_EXTENDED)
    });
    let what = || PgError::unsupported("partitioning by hash of a column of this type");
    let func = found.ok_or_else(what)?;
    Callee::resolve(func, vec![column.type_oid, oids::INT8], oids::INT8).map_err(|_| what())
}
