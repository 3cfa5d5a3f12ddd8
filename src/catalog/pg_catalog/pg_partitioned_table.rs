//! pg_partitioned_table: partition keys.

use super::values::{int2, letter, vector};
use super::wanted::row;
use super::{Columns, Context, Row, tree};
use crate::catalog::{PartitionBound, PartitionColumn, Relation, Strategy};
use crate::nodes::Expr;
use crate::types::{Datum, Oid, oids};

pub(super) fn rows(table: &Relation, cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    let Some(key) = &table.lineage.key else { return };
    let mut partitions = cx.catalog.children_of(table).into_iter();
    let default = partitions.rfind(|p| p.lineage.bound == Some(PartitionBound::Default));
    let oids_of = |get: fn(&PartitionColumn) -> Oid| {
        vector(oids::OID, key.columns.iter().map(|c| Datum::Oid(get(c))).collect())
    };
    let exprs: Vec<Expr> = key.columns.iter().filter_map(|c| c.expr.clone()).collect();
    rows.push(row![columns;
        Datum::Oid(table.oid),
        letter(match key.strategy {
            Strategy::List => b'l',
            Strategy::Range => b'r',
            Strategy::Hash => b'h',
        }),
        int2(key.columns.len()),
        Datum::Oid(default.map_or(0, |partition| partition.oid)),
        vector(oids::INT2, key.columns.iter().map(|c| Datum::Int2(c.attno)).collect()),
        oids_of(|c| c.opclass),
        oids_of(|c| c.collation),
        tree::encode_list(&exprs),
    ]);
}
