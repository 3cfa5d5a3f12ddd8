//! What access methods and indexes can do: `pg_indexam_has_property` and its kin (manual, table
//! 9.73).

use super::Ctx;
use super::Implementation::{self, Scalar};
use crate::catalog::builtin::oid;
use crate::catalog::{IndexInfo, RelationKind};
use crate::types::Datum;

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pg_indexam_has_property", Scalar(|_, a| Ok(of_method(a[0].as_oid(), a[1].as_text())))),
    ("pg_index_has_property", Scalar(|c, a| Ok(of_index(c, a).unwrap_or_default()))),
    ("pg_index_column_has_property", Scalar(|c, a| Ok(of_column(c, a).unwrap_or_default()))),
];

/// NULL for unknown properties and methods.
fn of_method(method: u32, property: &str) -> Datum {
    const METHODS: [u32; 6] = [oid::BTREE, oid::HASH, oid::GIST, oid::GIN, oid::SPGIST, oid::BRIN];
    if !METHODS.contains(&method) {
        return Datum::Null;
    }
    Datum::Bool(match property.to_ascii_lowercase().as_str() {
        "can_order" | "can_unique" => method == oid::BTREE,
        "can_multi_col" => !matches!(method, oid::HASH | oid::SPGIST),
        "can_exclude" => !matches!(method, oid::GIN | oid::BRIN),
        "can_include" => matches!(method, oid::BTREE | oid::GIST | oid::SPGIST),
        _ => return Datum::Null,
    })
}

fn index<'a>(ctx: &'a Ctx<'_>, args: &[Datum]) -> Option<&'a IndexInfo> {
    let relation = ctx.env.catalog().relation(args[0].as_oid())?;
    (relation.kind == RelationKind::Index).then_some(relation.index.as_ref()?)
}

fn of_index(ctx: &Ctx<'_>, args: &[Datum]) -> Option<Datum> {
    let method = index(ctx, args)?.access_method;
    Some(match args[1].as_text().to_ascii_lowercase().as_str() {
        "clusterable" => Datum::Bool(matches!(method, oid::BTREE | oid::GIST)),
        "index_scan" => Datum::Bool(!matches!(method, oid::GIN | oid::BRIN)),
        "bitmap_scan" => Datum::Bool(true),
        "backward_scan" => Datum::Bool(matches!(method, oid::BTREE | oid::HASH)),
        _ => Datum::Null,
    })
}

/// INCLUDE columns have no order.
fn of_column(ctx: &Ctx<'_>, args: &[Datum]) -> Option<Datum> {
    let index = index(ctx, args)?;
    let position = usize::try_from(args[1].as_int4()).ok()?.checked_sub(1)?;
    let column = index.columns.get(position)?;
    let method = index.access_method;
    let (is_key, is_btree) = (position < index.key_count, method == oid::BTREE);
    let keeps_values = is_btree || matches!(method, oid::GIST | oid::SPGIST);
    let finds_nulls = keeps_values || method == oid::BRIN;
    let is_ordered = is_key && is_btree;
    let if_key = |value: bool| if is_key { Datum::Bool(value) } else { Datum::Null };
    Some(match args[2].as_text().to_ascii_lowercase().as_str() {
        "asc" => if_key(is_btree && !column.descending),
        "desc" => if_key(is_btree && column.descending),
        "nulls_first" => if_key(is_btree && column.nulls_first),
        "nulls_last" => if_key(is_btree && !column.nulls_first),
        "orderable" => Datum::Bool(is_ordered),
        "distance_orderable" => Datum::Bool(false),
        "returnable" => Datum::Bool(keeps_values),
        "search_array" => if_key(is_btree),
        "search_nulls" => if_key(finds_nulls),
        _ => Datum::Null,
    })
}
