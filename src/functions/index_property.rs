//! What access methods and indexes can do: `pg_indexam_has_property` and its kin (manual, table
//! 9.73). All our indexes are ordered ones.

use super::Ctx;
use super::Implementation::{self, Scalar};
use crate::catalog::{IndexInfo, RelationKind};
use crate::types::Datum;

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pg_indexam_has_property", Scalar(|_, a| Ok(of_method(a[0].as_oid(), a[1].as_text())))),
    ("pg_index_has_property", Scalar(|c, a| Ok(of_index(c, a).unwrap_or_default()))),
    ("pg_index_column_has_property", Scalar(|c, a| Ok(of_column(c, a).unwrap_or_default()))),
];

/// `pg_am` rows.
const BTREE: u32 = 403;
const HASH: u32 = 405;

/// NULL for unknown properties and methods.
fn of_method(method: u32, property: &str) -> Datum {
    let is_btree = match method {
        BTREE => true,
        HASH => false,
        _ => return Datum::Null,
    };
    match property.to_ascii_lowercase().as_str() {
        "can_order" | "can_unique" | "can_multi_col" | "can_include" => Datum::Bool(is_btree),
        "can_exclude" => Datum::Bool(true),
        _ => Datum::Null,
    }
}

fn index<'a>(ctx: &'a Ctx<'_>, args: &[Datum]) -> Option<&'a IndexInfo> {
    let relation = ctx.env.catalog().relation(args[0].as_oid())?;
    (relation.kind == RelationKind::Index).then_some(relation.index.as_ref()?)
}

fn of_index(ctx: &Ctx<'_>, args: &[Datum]) -> Option<Datum> {
    let is_btree = index(ctx, args)?.access_method == BTREE;
    Some(match args[1].as_text().to_ascii_lowercase().as_str() {
        "clusterable" => Datum::Bool(is_btree),
        "index_scan" | "bitmap_scan" | "backward_scan" => Datum::Bool(true),
        _ => Datum::Null,
    })
}

/// INCLUDE columns have no order.
fn of_column(ctx: &Ctx<'_>, args: &[Datum]) -> Option<Datum> {
    let index = index(ctx, args)?;
    let position = usize::try_from(args[1].as_int4()).ok()?.checked_sub(1)?;
    let column = index.columns.get(position)?;
    let (is_key, is_btree) = (position < index.key_count, index.access_method == BTREE);
    let is_ordered = is_key && is_btree;
    let if_key = |value: bool| if is_key { Datum::Bool(value) } else { Datum::Null };
    Some(match args[2].as_text().to_ascii_lowercase().as_str() {
        "asc" => if_key(is_btree && !column.descending),
        "desc" => if_key(is_btree && column.descending),
        "nulls_first" => if_key(is_btree && column.nulls_first),
        "nulls_last" => if_key(is_btree && !column.nulls_first),
        "orderable" => Datum::Bool(is_ordered),
        "distance_orderable" => Datum::Bool(false),
        "returnable" => Datum::Bool(is_btree),
        "search_array" | "search_nulls" => if_key(is_btree),
        _ => Datum::Null,
    })
}
