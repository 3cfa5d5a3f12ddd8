//! In which order conditions on a table with policies, or on a view with `security_barrier`, may look at
//! its rows.
//!
//! A function may tell of a row that it is called with: by an error, a message, a write. So rows that
//! the security conditions hide must not reach one, unless it is known to tell nothing (`proleakproof`).
//!
//! ```text
//! SELECT * FROM t WHERE id = 5 AND f(secret)        policy: EXISTS (SELECT … WHERE owner = t.owner)
//!   scan        id = 5                              leakproof: may use the key
//!   semijoin    the policy
//!   filter      f(secret)                           sees what the policy lets pass
//! ```

use super::quals;
use crate::catalog::Catalog;
use crate::nodes::Expr;
use crate::types::Oid;

/// Conditions on a range table entry, in the order they are tested in.
pub(super) struct Secured {
    /// By the scan itself, one after the other.
    pub scanned: Vec<Expr>,
    /// Security conditions with subqueries, on the rows of the scan.
    pub links: Vec<Expr>,
    /// What had to wait for these.
    pub leaky: Vec<Expr>,
}

impl Secured {
    pub fn of(security: &[Expr], conditions: &[Expr], catalog: &Catalog) -> Secured {
        let (links, plain): (Vec<Expr>, Vec<Expr>) =
            security.iter().cloned().partition(quals::has_sub_link);
        if links.is_empty() {
            let scanned = [&plain, conditions].concat();
            return Secured { scanned, links, leaky: Vec::new() };
        }
        let (leaky, harmless) = split(conditions, catalog);
        Secured { scanned: [plain, harmless].concat(), links, leaky }
    }
}

/// Conditions that may tell of a row, and those that do not.
pub(super) fn split(conditions: &[Expr], catalog: &Catalog) -> (Vec<Expr>, Vec<Expr>) {
    conditions.iter().cloned().partition(|condition| leaks(condition, catalog))
}

/// Whether an expression hands values of rows to a function that is not leakproof
/// (`contain_leaked_vars`).
fn leaks(expr: &Expr, catalog: &Catalog) -> bool {
    let sound = |func: Oid| catalog.proc(func).is_some_and(|proc| proc.leakproof);
    let own = match expr {
        Expr::Func(c) | Expr::Distinct(c) | Expr::NullIf(c) => !sound(c.func),
        Expr::ScalarArrayOp(s) => !sound(s.func),
        Expr::RowCompare(r) => !r.ops.iter().all(|(_, func)| sound(*func)),
        Expr::Subscript(s) => s.assign.is_some(),
        Expr::Var(_) | Expr::Const(_) | Expr::Param(_) | Expr::CaseTest { .. } => false,
        Expr::Array(_) | Expr::Row(_) | Expr::FieldSelect { .. } | Expr::Bool(..) => false,
        Expr::Relabel(_) | Expr::Collate { .. } | Expr::Case(_) => false,
        Expr::NullTest { .. } | Expr::BooleanTest { .. } => false,
        Expr::SqlValue { .. } | Expr::NextValue { .. } | Expr::CurrentOf { .. } => false,
        _ => true,
    };
    let mut found = own && (quals::has_sub_link(expr) || !quals::rels(expr).is_empty());
    expr.for_each_child(&mut |child| {
        found = found || stacker::maybe_grow(64 << 10, 1 << 20, || leaks(child, catalog));
    });
    found
}
