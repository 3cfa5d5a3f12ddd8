//! pg_index: indexes of the database's tables.

use super::values::{int2, vector};
use super::wanted::row;
use super::{Columns, Context, Row, tree};
use crate::catalog::{IndexColumn, Relation};
use crate::nodes::Expr;
use crate::types::{Datum, Oid, oids};

/// Bits of `indoption`.
const DESCENDING: i16 = 1;
const NULLS_FIRST: i16 = 2;

pub(super) fn rows(relation: &Relation, _cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    let Some(info) = &relation.index else { return };
    let keys = &info.columns[..info.key_count];
    let numbers = || info.columns.iter().map(|c| Datum::Int2(c.attno)).collect();
    let oids_of = |get: fn(&IndexColumn) -> Oid| {
        vector(oids::OID, keys.iter().map(|c| Datum::Oid(get(c))).collect())
    };
    let exprs = || info.columns.iter().filter_map(|c| c.expr.clone()).collect::<Vec<Expr>>();
    rows.push(row![columns;
        Datum::Oid(relation.oid),
        Datum::Oid(info.table),
        int2(info.columns.len()),
        int2(info.key_count),
        Datum::Bool(info.unique),
        Datum::Bool(info.nulls_not_distinct),
        Datum::Bool(info.primary),
        Datum::Bool(false),
        Datum::Bool(info.immediate),
        Datum::Bool(false),
        Datum::Bool(!relation.lineage.is_incomplete),
        Datum::Bool(false),
        Datum::Bool(true),
        Datum::Bool(true),
        Datum::Bool(false),
        vector(oids::INT2, numbers()),
        oids_of(|c| c.collation),
        oids_of(|c| c.opclass),
        vector(oids::INT2, keys.iter().map(|c| Datum::Int2(option(c))).collect()),
        tree::encode_list(&exprs()),
        info.predicate.as_ref().map_or(Datum::Null, tree::encode),
    ]);
}

fn option(column: &IndexColumn) -> i16 {
    let descending = if column.descending { DESCENDING } else { 0 };
    let nulls_first = if column.nulls_first { NULLS_FIRST } else { 0 };
    descending | nulls_first
}
