//! Bound trees back to SQL, as `pg_get_expr`, `pg_get_indexdef` and `pg_get_constraintdef` print
//! them (`ruleutils.c`): what `\d` shows and pg_dump restores.
//!
//! Without `pretty`, every operator has its parentheses; with it, only those that precedence needs.

mod constraint;
mod expr;
mod index;
mod names;
mod precedence;

use crate::catalog::Catalog;
use crate::error::{PgError, Result};
use crate::functions::Deparse;
use crate::nodes::Expr;
use crate::types::Oid;
use expr::Writer;
use names::Names;

/// The SQL of a catalog object; `None` where there is no such object.
pub fn deparse(
    catalog: &Catalog,
    search_path: &[Oid],
    what: Deparse<'_>,
    pretty: bool,
) -> Result<Option<String>> {
    let names = Names { catalog, search_path };
    match what {
        Deparse::Index { index, column } => index::definition(&names, index, column, pretty),
        Deparse::Constraint(oid) => constraint::definition(&names, oid, pretty),
        Deparse::Expr { tree, relation } => {
            let expr: Expr = serde_json::from_str(tree)
                .map_err(|_| PgError::internal("a stored expression that cannot be read"))?;
            expression(&names, &expr, relation, pretty).map(Some)
        }
        Deparse::View(_) => Err(PgError::unsupported("turning views into SQL")),
        Deparse::Function(_) => Ok(None),
    }
}

/// An expression over the columns of one relation.
fn expression(names: &Names<'_>, expr: &Expr, relation: Oid, pretty: bool) -> Result<String> {
    let columns = names.catalog.relation(relation);
    let columns = columns.map(|r| r.columns.iter().map(|c| c.name.clone()).collect());
    let mut writer = Writer::new(names, columns.unwrap_or_default(), pretty);
    writer.expr(expr, false)?;
    Ok(writer.finish())
}
