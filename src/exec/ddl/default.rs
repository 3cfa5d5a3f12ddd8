//! DEFAULT and GENERATED expressions.

use super::DdlContext;
use crate::catalog::{Catalog, Relation};
use crate::error::Result;
use crate::nodes::Expr;
use crate::sql::bind::{ExprPlace, bind_expr};
use pg_raw_parse::Node;

/// A column's default; `None` for a plain `DEFAULT NULL`, which PostgreSQL does not store either.
pub(super) fn bind_default(
    table: &Relation,
    attno: i16,
    node: Node<'_>,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<Option<Expr>> {
    let column = table.column(attno);
    let target = (column.name.as_str(), column.type_oid, column.typmod);
    let expr = bind_expr(node, &cx.bind(catalog), ExprPlace::Default, None, Some(target))?;
    Ok(Some(expr).filter(|e| !e.is_null_const()))
}

/// The expression of a generated column, over the table's columns.
pub(super) fn bind_generated(
    table: &Relation,
    attno: i16,
    node: Node<'_>,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<Expr> {
    let column = table.column(attno);
    let target = (column.name.as_str(), column.type_oid, column.typmod);
    bind_expr(node, &cx.bind(catalog), ExprPlace::Generated, Some(table), Some(target))
}
