//! Partitions at run time: which one a row belongs to, and which ones a condition can find rows in.
//!
//! Both look at the same bounds ([`crate::catalog::partition`]) in the same order, so a row is looked
//! for where it was put.

mod prune;
mod route;

pub(in crate::exec) use prune::{Compares, KeyCondition, Pruning};
pub(in crate::exec) use route::{Router, hash_function};

use crate::catalog::PartitionColumn;
use crate::nodes::{Expr, Var};

/// A key's column as an expression over its table's row.
pub(in crate::exec) fn key_expr(column: &PartitionColumn) -> Expr {
    match &column.expr {
        Some(expr) => expr.clone(),
        None => Expr::Var(Var {
            rel: 1,
            attno: column.attno,
            type_oid: column.type_oid,
            typmod: column.typmod,
            collation: column.collation,
            level: 0,
            location: -1,
        }),
    }
}
