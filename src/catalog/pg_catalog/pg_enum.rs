//! pg_enum: the labels of enums.

use super::values::text;
use super::wanted::row;
use super::{Columns, Context, Row};
use crate::catalog::UserType;
use crate::types::Datum;

pub(super) fn of_type(of: &UserType, _cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    for label in of.labels().unwrap_or_default() {
        rows.push(row![columns;
            Datum::Oid(label.oid),
            Datum::Oid(of.oid),
            Datum::Float4(label.sort_order),
            text(&label.name),
        ]);
    }
}
