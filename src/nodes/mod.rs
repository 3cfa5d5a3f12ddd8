//! The bound tree: what `sql/bind` makes of a statement, and what the catalog stores for defaults,
//! checks, index expressions and views.
//!
//! It is PostgreSQL's own `Query` and `Expr` trees (`parsenodes.h`, `primnodes.h` of PostgreSQL 15)
//! written as Rust enums: the same node kinds, the same meaning of `varno`, `varattno` and
//! `varlevelsup`, the same coercion forms. Reasons: its rules are documented and known to be
//! complete; a view or default stored as a tree survives renames, as in `pg_node_tree`; deparsing
//! (`pg_get_viewdef`, `pg_get_expr`, `\d`) can follow PostgreSQL's.
//!
//! Every expression knows its type: [`Expr::type_oid`] and [`Expr::typmod`].

mod expr;
pub mod json;
mod query;
mod walk;

pub use expr::*;
pub use query::*;
