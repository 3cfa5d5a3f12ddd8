//! pg_inherits: tables and indexes with what they descend from.

use super::wanted::row;
use super::{Columns, Context, Row};
use crate::catalog::Relation;
use crate::types::Datum;

pub(super) fn rows(child: &Relation, _cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    for (number, parent) in (1..).zip(&child.lineage.parents) {
        rows.push(row![columns;
            Datum::Oid(child.oid),
            Datum::Oid(*parent),
            Datum::Int4(number),
            Datum::Bool(false),
        ]);
    }
}
