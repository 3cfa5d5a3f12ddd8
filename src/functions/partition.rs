//! Functions about partitions.

use super::Implementation::{self, Scalar, Set};
use super::{Ctx, Rows};
use crate::catalog::{Catalog, Relation};
use crate::error::Result;
use crate::types::{Datum, Oid};
use std::sync::Arc;

/// A partitioned table or index, or a partition of one; an index's way up goes by its parents.
fn member(catalog: &Catalog, oid: Oid) -> Option<&Arc<Relation>> {
    let found = catalog.relation(oid)?;
    let on_partitioned = found.index.as_ref().and_then(|index| catalog.relation(index.table));
    let belongs = found.is_partitioned()
        || found.is_partition()
        || on_partitioned.is_some_and(|table| table.is_partitioned())
        || (found.index.is_some() && !found.lineage.parents.is_empty());
    belongs.then_some(found)
}

/// The relation itself, and those above it, the nearest first.
fn line(catalog: &Catalog, oid: Oid) -> Vec<Oid> {
    let mut found = Vec::new();
    let mut at = member(catalog, oid);
    while let Some(relation) = at {
        found.push(relation.oid);
        let up = relation.is_partition() || relation.index.is_some();
        at = relation.lineage.parents.first().filter(|_| up).and_then(|p| catalog.relation(*p));
    }
    found
}

fn ancestors(ctx: &Ctx<'_>, oid: Oid) -> Result<Rows> {
    let found = line(ctx.env.catalog(), oid);
    Ok(Box::new(found.into_iter().map(|oid| Ok(vec![Datum::Oid(oid)]))))
}

fn root(ctx: &Ctx<'_>, oid: Oid) -> Result<Datum> {
    let found = line(ctx.env.catalog(), oid);
    Ok(found.last().map_or(Datum::Null, |oid| Datum::Oid(*oid)))
}

/// The relation and all below it: OID, parent, whether it is a leaf, level.
fn tree(ctx: &Ctx<'_>, oid: Oid) -> Result<Rows> {
    let catalog = ctx.env.catalog();
    let Some(top) = member(catalog, oid) else { return Ok(Box::new(std::iter::empty())) };
    let above = line(catalog, oid).get(1).map_or(Datum::Null, |oid| Datum::Oid(*oid));
    let mut rows = Vec::new();
    let mut level = vec![(top.oid, above)];
    let mut depth = 0;
    while !level.is_empty() {
        let mut below = Vec::new();
        for (oid, parent) in level {
            let leaf = catalog.relation(oid).is_none_or(|found| !is_inner(catalog, found));
            rows.push(vec![Datum::Oid(oid), parent, Datum::Bool(leaf), Datum::Int4(depth)]);
            let children = catalog.children(oid).iter();
            below.extend(children.map(|child| (*child, Datum::Oid(oid))));
        }
        level = below;
        depth += 1;
    }
    Ok(Box::new(rows.into_iter().map(Ok)))
}

/// A partitioned table, or an index of one.
fn is_inner(catalog: &Catalog, relation: &Relation) -> bool {
    let table = relation.index.as_ref().and_then(|index| catalog.relation(index.table));
    relation.is_partitioned() || table.is_some_and(|table| table.is_partitioned())
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pg_partition_ancestors", Set(|c, a| ancestors(c, a[0].as_oid()))),
    ("pg_partition_root", Scalar(|c, a| root(c, a[0].as_oid()))),
    ("pg_partition_tree", Set(|c, a| tree(c, a[0].as_oid()))),
];
