//! pg_range: the range types that users made, after PostgreSQL's own.

use super::wanted::row;
use super::{Columns, Context, Row};
use crate::catalog::UserType;
use crate::types::Datum;

pub(super) fn of_type(of: &UserType, _cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    let Some(range) = of.range() else { return };
    rows.push(row![columns;
        Datum::Oid(of.oid),
        Datum::Oid(range.subtype),
        Datum::Oid(range.multirange),
        Datum::Oid(range.collation),
        Datum::Oid(range.opclass),
        Datum::Oid(0),
        Datum::Oid(range.subtype_diff),
    ]);
}
