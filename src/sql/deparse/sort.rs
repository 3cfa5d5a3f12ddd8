//! ORDER BY, GROUP BY and their items to SQL (`get_rule_sortgroupclause`).

use super::expr::Label;
use super::writer::Writer;
use crate::error::{PgError, Result};
use crate::nodes::*;

impl<'a> Writer<'a> {
    /// ORDER BY's list; `numbers`: by output column, as set operations must.
    pub fn order_by(
        &mut self,
        items: &'a [SortGroup],
        targets: &'a [TargetEntry],
        numbers: bool,
    ) -> Result<()> {
        self.separated(items, ", ", |w, item| {
            w.sort_item(item.target_ref, targets, numbers)?;
            w.push(match (item.descending, item.nulls_first) {
                (false, false) => "",
                (false, true) => " NULLS FIRST",
                (true, true) => " DESC",
                (true, false) => " DESC NULLS LAST",
            });
            Ok(())
        })
    }

    /// The items of DISTINCT ON, GROUP BY or PARTITION BY.
    pub fn sort_items(&mut self, items: &'a [SortGroup], targets: &'a [TargetEntry]) -> Result<()> {
        self.separated(items, ", ", |w, item| w.sort_item(item.target_ref, targets, false))
    }

    /// The expression that is sorted or grouped by. A constant needs its type, else it would be read
    /// as a column number.
    fn sort_item(
        &mut self,
        target_ref: u32,
        targets: &'a [TargetEntry],
        number: bool,
    ) -> Result<()> {
        let Some(target) = targets.iter().find(|t| t.sort_group_ref == target_ref) else {
            return Err(PgError::internal("an ORDER BY item that is not in the target list"));
        };
        match &target.expr {
            _ if number => {
                self.push(&target.resno.to_string());
                Ok(())
            }
            Expr::Const(constant) => self.constant(constant, Label::Always),
            Expr::Var(var) => self.var(var, false).map(|_| ()),
            expr => {
                let call = match expr {
                    Expr::Func(call) => call.op.is_none(),
                    Expr::Aggregate(_) | Expr::Window(_) => true,
                    _ => false,
                };
                let parens = self.pretty || call;
                if parens {
                    self.push("(");
                }
                self.expr(expr, true)?;
                if parens {
                    self.push(")");
                }
                Ok(())
            }
        }
    }

    pub fn group_by(&mut self, query: &'a Query) -> Result<()> {
        if query.group_by.is_empty() && query.grouping.is_empty() {
            return Ok(());
        }
        self.clause(" GROUP BY ", 1);
        if query.group_distinct {
            self.push("DISTINCT ");
        }
        if query.grouping.is_empty() {
            return self.sort_items(&query.group_by, &query.targets);
        }
        self.separated(&query.grouping, ", ", |w, set| w.grouping_set(set, query, true))
    }

    fn grouping_set(&mut self, set: &'a GroupingSet, query: &'a Query, bare: bool) -> Result<()> {
        let (open, parts, bare) = match set {
            GroupingSet::Empty => {
                self.push("()");
                return Ok(());
            }
            GroupingSet::Columns(refs) => {
                let parens = !bare || refs.len() != 1;
                if parens {
                    self.push("(");
                }
                self.separated(refs, ", ", |w, r| w.sort_item(*r, &query.targets, false))?;
                if parens {
                    self.push(")");
                }
                return Ok(());
            }
            GroupingSet::Rollup(parts) => ("ROLLUP(", parts, true),
            GroupingSet::Cube(parts) => ("CUBE(", parts, true),
            GroupingSet::Sets(parts) => ("GROUPING SETS (", parts, false),
        };
        self.push(open);
        self.separated(parts, ", ", |w, part| w.grouping_set(part, query, bare))?;
        self.push(")");
        Ok(())
    }
}
