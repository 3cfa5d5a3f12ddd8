//! Changes of a column's type that leave its rows alone.
//!
//! PostgreSQL rewrites a table unless the conversion turns out to be the column itself under another
//! type name (`ATColumnChangeRequiresRewrite`). Rows here carry the schema version they were written
//! with, so readers can do a little more: integers and floats grow as they are read
//! ([`crate::storage::row`]).
//!
//! ```text
//!   int2 → int4 → int8, float4 → float8                       widened by readers
//!   varchar(n) → varchar(more), varchar, text; text → varchar  the same bytes
//!   numeric(p, s) → numeric(more, s), numeric                  the same bytes
//!   timestamp(n) → timestamp(more) and the other times         the same bytes
//! ```
//!
//! A primary key's columns are the rows' keys, whose bytes depend on the type: there a new type
//! writes the rows anew. Other indexes are built anew.

use super::super::{DdlContext, rows};
use crate::catalog::builtin;
use crate::catalog::schema::{RowKey, table_schema};
use crate::catalog::{Column, Relation};
use crate::error::Result;
use crate::nodes::{Expr, FuncCall};
use crate::storage::row::{PastType, widened, widens};
use crate::types::{Datum, Oid, oids};
use std::sync::Arc;

/// Microseconds have six digits: the greatest precision of times.
const TIME_PRECISION_MAX: i32 = 6;

/// Bytes that typmods of `numeric` and `varchar` count besides (`VARHDRSZ`).
const HEADER: i32 = 4;

/// Whether the rows of a table can stay as they are when a column's values become those that
/// `conversion` gives.
pub(super) fn keeps_rows(
    conversion: &Expr,
    table: &Arc<Relation>,
    attno: i16,
    cx: &DdlContext<'_>,
) -> bool {
    let column = table.column(attno);
    let Some((type_oid, _)) = stored_as(conversion, column) else { return false };
    let in_key = |key: &RowKey| match key {
        RowKey::Primary { columns, .. } => columns.iter().any(|c| c.at + 1 == attno as usize),
        RowKey::RowId => false,
    };
    type_oid == column.type_oid || !in_key(&table_schema(&cx.catalog(), table).key)
}

/// The type and typmod of an expression whose values are the column's, wider at most.
fn stored_as(expr: &Expr, column: &Column) -> Option<(Oid, i32)> {
    match expr {
        Expr::Var(var) if var.attno == column.attno => Some((column.type_oid, column.typmod)),
        Expr::Relabel(relabel) => {
            let (from, typmod) = stored_as(&relabel.arg, column)?;
            let to = relabel.type_oid;
            widens(from, to).then_some((to, if from == to { typmod } else { relabel.typmod }))
        }
        Expr::Func(call) => cast_of(call, column),
        _ => None,
    }
}

/// The same of a call of a cast function.
fn cast_of(call: &FuncCall, column: &Column) -> Option<(Oid, i32)> {
    let (from, typmod) = stored_as(call.args.first()?, column)?;
    let to = call.type_oid;
    let is_cast = builtin::cast(from, to).is_some_and(|cast| cast.func == call.func);
    match call.args.get(1) {
        _ if !is_cast || !widens(from, to) => None,
        None => Some((to, -1)),
        // A cast of a type to itself makes values fit a typmod.
        Some(Expr::Const(limit)) => match limit.value {
            Datum::Int4(wanted) if from == to && fits(to, typmod, wanted) => Some((to, wanted)),
            _ => None,
        },
        Some(_) => None,
    }
}

/// Whether every value of one typmod is one of the other as it is (the support functions of
/// PostgreSQL's length coercions).
fn fits(type_oid: Oid, from: i32, to: i32) -> bool {
    if to < 0 {
        return true;
    }
    match type_oid {
        oids::VARCHAR => from >= 0 && from <= to,
        oids::NUMERIC => {
            let digits = |typmod: i32| ((typmod - HEADER) >> 16, (typmod - HEADER) & 0xffff);
            let ((before, scale), (after, wanted)) = (digits(from), digits(to));
            from >= HEADER && scale == wanted && before <= after
        }
        oids::TIME | oids::TIMETZ | oids::TIMESTAMP | oids::TIMESTAMPTZ => {
            to >= TIME_PRECISION_MAX || from >= 0 && from <= to
        }
        _ => false,
    }
}

/// Puts the new definition, whose column remembers the type it had, and builds the indexes anew
/// that were bound again.
pub(super) fn keep(
    old: &Relation,
    mut new: Relation,
    attno: i16,
    rebound: &[Oid],
    cx: &DdlContext<'_>,
) -> Result<()> {
    let (table, version, before) = (new.oid, new.version, old.column(attno));
    let column = &mut new.columns[attno as usize - 1];
    let (type_oid, typmod) = (before.type_oid, before.typmod);
    column.past_types.push(PastType { before: version, type_oid, typmod });
    let missing = column.missing_value.take();
    column.missing_value = missing.map(|value| widened(value, type_oid, column.type_oid));
    cx.catalog.put_relation(new, cx.txn);
    for index in rebound {
        rows::renew_index(*index, cx)?;
        rows::build_index(table, *index, cx)?;
    }
    Ok(())
}
