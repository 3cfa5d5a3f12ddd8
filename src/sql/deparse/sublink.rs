//! Sub-queries in expressions to SQL (`get_sublink_expr`).

use super::query::Columns;
use super::writer::Writer;
use crate::error::Result;
use crate::nodes::*;
use crate::types::Oid;

impl<'a> Writer<'a> {
    pub fn sublink(&mut self, link: &'a SubLink) -> Result<()> {
        self.push(if link.kind == SubLinkKind::Array { "ARRAY(" } else { "(" });
        let op = match &link.test {
            Some(test) => self.compared(test)?,
            None => None,
        };
        let op = op.map_or_else(|| "=".to_owned(), |op| self.names.operator(op));
        let parens = match link.kind {
            SubLinkKind::Exists => {
                self.push("EXISTS ");
                true
            }
            SubLinkKind::Any if op == "=" => {
                self.push(" IN ");
                true
            }
            SubLinkKind::Any => {
                self.push(&format!(" {op} ANY "));
                true
            }
            SubLinkKind::All => {
                self.push(&format!(" {op} ALL "));
                true
            }
            SubLinkKind::RowCompare => {
                self.push(&format!(" {op} "));
                true
            }
            SubLinkKind::Scalar | SubLinkKind::Array => false,
        };
        if parens {
            self.push("(");
        }
        self.query(&link.query, Columns::UNSEEN)?;
        self.push(if parens { "))" } else { ")" });
        Ok(())
    }

    /// The left side of the comparison; gives its (first) operator.
    fn compared(&mut self, test: &'a Expr) -> Result<Option<Oid>> {
        match test {
            Expr::Bool(_, parts) => {
                self.push("(");
                self.separated(parts, ", ", |w, part| match left_side(part) {
                    Some((left, _)) => w.expr(left, true),
                    None => Ok(()),
                })?;
                self.push(")");
                Ok(parts.first().and_then(left_side).and_then(|(_, op)| op))
            }
            Expr::RowCompare(rows) => {
                self.push("(");
                self.list(&rows.left)?;
                self.push(")");
                Ok(rows.ops.first().map(|(op, _)| *op))
            }
            other => match left_side(other) {
                Some((left, op)) => {
                    self.expr(left, true)?;
                    Ok(op)
                }
                None => Ok(None),
            },
        }
    }
}

fn left_side(test: &Expr) -> Option<(&Expr, Option<Oid>)> {
    match test {
        Expr::Func(call) => Some((call.args.first()?, call.op)),
        _ => None,
    }
}
