//! Left joins that leave the rows as they are are dropped (`remove_useless_joins`): each row finds one
//! partner at most, and nothing looks at the partner.
//!
//! ```text
//! SELECT c.relname FROM pg_class c LEFT JOIN pg_am m ON m.oid = c.relam
//! SELECT c.relname FROM pg_class c
//! ```
//!
//! There is one partner at most where the join's condition gives a value to all columns of a key of the
//! inner relation. Whatever else the condition says cannot make them more. The relation stays in the
//! range table: it is locked, and its privileges were asked for before.
//!
//! Rows that are locked, changed or deleted must be found again when somebody else has changed them, so
//! that such queries need the rows of all relations that they join.

use super::inherit::has_family;
use super::prepare::each_subquery;
use super::units::fixes;
use super::{quals, walk};
use crate::catalog::pg_catalog::{self, Matches};
use crate::catalog::{Catalog, IndexColumn, Relation, builtin};
use crate::nodes::*;

/// Drops the needless joins of a query and of all below it.
pub(super) fn drop_joins(query: &mut Query, catalog: &Catalog) {
    stacker::maybe_grow(128 * 1024, 1024 * 1024, || {
        // What a dropped join's condition referred to, another one may now do without.
        while let Some(inner) = needless(query, catalog) {
            let items = std::mem::take(&mut query.from.items);
            query.from.items = items.into_iter().map(|item| without(item, inner)).collect();
            query.range_table[inner as usize - 1].security.clear();
        }
        each_subquery(query, &mut |query| drop_joins(query, catalog));
    });
}

/// The inner relation of a join that is not needed.
fn needless(query: &Query, catalog: &Catalog) -> Option<RangeIndex> {
    if query.command != CommandType::Select || !query.row_marks.is_empty() {
        return None;
    }
    let mut items: Vec<&FromItem> = query.from.items.iter().collect();
    while let Some(item) = items.pop() {
        let FromItem::Join(join) = item else { continue };
        if let Some(inner) = inner_relation(join)
            && has_one_partner(query, join, inner, catalog)
            && !is_used_above(query, join, inner)
        {
            return Some(inner);
        }
        items.extend([&join.left, &join.right]);
    }
    None
}

/// The entry on the nullable side of a left or right join, if it is one alone.
fn inner_relation(join: &Join) -> Option<RangeIndex> {
    match (join.kind, &join.left, &join.right) {
        (JoinKind::Left, _, FromItem::Range(rel)) | (JoinKind::Right, FromItem::Range(rel), _) => {
            Some(*rel)
        }
        _ => None,
    }
}

/// Whether the join's condition gives a value to all columns of a unique key.
fn has_one_partner(query: &Query, join: &Join, inner: RangeIndex, catalog: &Catalog) -> bool {
    let entry = query.range(inner);
    let RangeSource::Relation { oid } = entry.source else { return false };
    let Some(relation) = catalog.relation(oid) else { return false };
    // A key is unique in its own table, and among the rows that are not deleted.
    if has_family(entry, catalog) || entry.with_deleted {
        return false;
    }
    let mut on = Vec::new();
    join.on.iter().for_each(|e| quals::conjuncts(e, &mut on));
    let is_fixed = |attno: &AttrNumber| on.iter().any(|c| fixes(c, inner, *attno).is_some());
    unique_keys(relation, catalog).iter().any(|key| key.iter().all(is_fixed))
}

/// The keys that no two rows have in common at any time, by the equality that [`fixes`] knows.
fn unique_keys(relation: &Relation, catalog: &Catalog) -> Vec<Vec<AttrNumber>> {
    if Catalog::is_system(relation.oid) {
        let unique = pg_catalog::keys(relation.oid).iter().filter(|k| k.matches == Matches::One);
        return unique.filter_map(|k| Some(vec![i16::try_from(k.column + 1).ok()?])).collect();
    }
    let infos = catalog.indexes_of(relation).filter_map(|index| index.index.as_ref());
    let unique = infos.filter(|info| info.unique && info.immediate && info.predicate.is_none());
    let keys = unique.map(|info| &info.columns[..info.key_count]);
    let is_plain = |column: &IndexColumn| {
        // Rows that differ as images may be equal.
        let class = builtin::opclass(column.opclass);
        column.expr.is_none() && class.is_some_and(|class| class.name != "record_image_ops")
    };
    let plain = keys.filter(|columns| columns.iter().all(is_plain));
    plain.map(|columns| columns.iter().map(|column| column.attno).collect()).collect()
}

/// Whether anything but the join's own condition, and what row security says of the relation, refers to
/// the relation.
fn is_used_above(query: &Query, join: &Join, inner: RangeIndex) -> bool {
    let mut all = 0;
    walk::deep_query(query, 0, &mut |e, depth| all += usize::from(is_of(e, depth, inner)));
    let mut own = 0;
    for expr in join.on.iter().chain(&query.range(inner).security) {
        walk::deep(expr, 0, &mut |e, depth| own += usize::from(is_of(e, depth, inner)));
    }
    all > own
}

fn is_of(expr: &Expr, depth: u32, rel: RangeIndex) -> bool {
    matches!(expr, Expr::Var(v) if v.level == depth && v.rel == rel)
}

/// The item without the join whose inner relation this is.
fn without(item: FromItem, inner: RangeIndex) -> FromItem {
    let FromItem::Join(mut join) = item else { return item };
    if inner_relation(&join) == Some(inner) {
        return if join.kind == JoinKind::Left { join.left } else { join.right };
    }
    join.left = without(join.left, inner);
    join.right = without(join.right, inner);
    FromItem::Join(join)
}
