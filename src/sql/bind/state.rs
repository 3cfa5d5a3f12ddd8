//! The binder's state: one [`Scope`] per query level, the innermost last (`ParseState`).

use super::cte::CteState;
use super::place::Place;
use super::{BindContext, ParamTypes};
use crate::error::{PgError, Result, code};
use crate::nodes::{AttrNumber, Expr, RangeEntry, RangeIndex, Var};
use crate::types::Oid;
use pg_raw_parse::nodes;

/// Nesting of expressions and queries beyond which a statement is too complex. Trees of this depth
/// can be dropped, cloned and compared on a thread's stack.
const DEPTH_MAX: u32 = 2000;

/// Binds one statement.
pub(super) struct Binder<'a, 'n> {
    pub context: &'a BindContext<'a>,
    pub params: &'a mut ParamTypes,
    /// Enclosing queries, outermost first; never empty while binding.
    pub scopes: Vec<Scope<'n>>,
    /// How deep in the parse tree we are.
    pub depth: u32,
    /// The innermost recursive CTE whose columns are not known yet.
    pub pending_recursive: Option<PendingRecursive<'n>>,
    /// A function's body is being bound: its arguments.
    pub arguments: Option<&'a super::Arguments<'a>>,
    /// What is bound is to be stored, with defaults and views as they are written.
    pub stored: bool,
    /// The next call is CALL's.
    pub calling: bool,
    /// The SELECT whose INTO makes a table; others may not have one.
    pub into: Option<&'n pg_raw_parse::nodes::SelectStmt>,
}

/// A recursive CTE until its first arm is bound, which has CTEs of its own, perhaps.
pub(super) struct PendingRecursive<'n> {
    /// The UNION that is its query.
    pub query: &'n pg_raw_parse::nodes::SelectStmt,
    pub scope: usize,
    pub index: usize,
}

/// A query level while it is being bound.
#[derive(Default)]
pub(super) struct Scope<'n> {
    pub range_table: Vec<RangeEntry>,
    /// What names may refer to now.
    pub namespace: Vec<NsItem>,
    /// WITH queries visible here, in order.
    pub ctes: Vec<CteState>,
    /// WITH queries that are written later, for the hint.
    pub future_ctes: Vec<String>,
    /// The clause being bound.
    pub place: Option<Place>,
    /// `WINDOW` definitions and inline OVER clauses, in order of their index.
    pub windows: Vec<&'n nodes::WindowDef>,
    pub has_aggregates: bool,
    pub has_window_functions: bool,
    pub has_target_srfs: bool,
    pub has_sublinks: bool,
    pub has_modifying_cte: bool,
    /// `unknown` output columns become text (all but INSERT … SELECT and set operations' arms).
    pub keep_unknown: bool,
    /// The target of INSERT, UPDATE or DELETE.
    pub target: Option<RangeIndex>,
    /// Set-returning functions met so far: nesting them in FROM is refused.
    pub srf_count: u32,
    /// Where the last of them stands.
    pub last_srf_location: i32,
    /// Names may refer to `lateral_only` items: a LATERAL subquery is being bound.
    pub lateral_active: bool,
}

/// Something in FROM that names can refer to (`ParseNamespaceItem`).
#[derive(Clone, Debug)]
pub(super) struct NsItem {
    pub rel: RangeIndex,
    /// How columns are qualified; `None` for a join without an alias.
    pub name: Option<String>,
    /// The relation, for `schema.table.column`.
    pub relation: Option<Oid>,
    pub columns: Vec<NsColumn>,
    pub rel_visible: bool,
    pub cols_visible: bool,
    /// Visible to LATERAL items only.
    pub lateral_only: bool,
    /// May be referred to from LATERAL; not from inside the nullable or wrong side of a join.
    pub lateral_ok: bool,
}

/// A column of an [`NsItem`]: its name here, and the variable it stands for.
#[derive(Clone, Debug)]
pub(super) struct NsColumn {
    /// Empty for dropped columns.
    pub name: String,
    pub rel: RangeIndex,
    pub attno: AttrNumber,
    pub type_oid: Oid,
    pub typmod: i32,
    pub collation: Oid,
}

impl NsColumn {
    /// The reference from `level` queries below.
    pub fn var(&self, level: u32, location: i32) -> Expr {
        Expr::Var(Var {
            rel: self.rel,
            attno: self.attno,
            type_oid: self.type_oid,
            typmod: self.typmod,
            collation: self.collation,
            level,
            location,
        })
    }
}

impl<'a, 'n> Binder<'a, 'n> {
    pub fn new(context: &'a BindContext<'a>, params: &'a mut ParamTypes) -> Binder<'a, 'n> {
        Binder {
            context,
            params,
            scopes: vec![Scope::default()],
            depth: 0,
            pending_recursive: None,
            arguments: None,
            stored: false,
            calling: false,
            into: None,
        }
    }

    /// The innermost query level.
    pub fn scope(&mut self) -> &mut Scope<'n> {
        self.scopes.last_mut().expect("a query level while binding")
    }

    /// The innermost query level, to read.
    pub fn scope_ref(&self) -> &Scope<'n> {
        self.scopes.last().expect("a query level while binding")
    }

    /// The query `level` levels up from the innermost.
    pub fn scope_up(&mut self, level: u32) -> &mut Scope<'n> {
        let at = self.scopes.len() - 1 - level as usize;
        &mut self.scopes[at]
    }

    /// The range table entry that a variable seen from the innermost level refers to.
    pub fn range(&self, rel: RangeIndex, level: u32) -> &RangeEntry {
        let scope = &self.scopes[self.scopes.len() - 1 - level as usize];
        &scope.range_table[rel as usize - 1]
    }

    /// Appends a range table entry and gives its index.
    pub fn add_range(&mut self, entry: RangeEntry) -> RangeIndex {
        let table = &mut self.scope().range_table;
        table.push(entry);
        RangeIndex::try_from(table.len()).expect("range tables are short")
    }

    /// The clause being bound.
    pub fn place(&self) -> Place {
        self.scope_ref().place.expect("expressions are bound in a place")
    }

    /// Runs `f` one level deeper in the parse tree, on a stack that is large enough.
    pub fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= DEPTH_MAX {
            return Err(PgError::new(code::STATEMENT_TOO_COMPLEX, "stack depth limit exceeded")
                .hint(
                    "Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), \
                     after ensuring the platform's stack depth limit is adequate.",
                ));
        }
        self.depth += 1;
        let result = stacker::maybe_grow(256 << 10, 4 << 20, || f(self));
        self.depth -= 1;
        result
    }
}
