//! Bound queries (PostgreSQL's `Query` in `parsenodes.h`).

use super::{AttrNumber, Expr, RangeIndex, SortGroup};
use crate::types::Oid;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CommandType {
    Select,
    Insert,
    Update,
    Delete,
    Merge,
}

/// SELECT, VALUES, INSERT, UPDATE, DELETE or MERGE, bound.
///
/// VALUES is a SELECT from one [`RangeSource::Values`]. A set operation is a SELECT whose
/// [`Query::set_operation`] is a tree over [`RangeSource::Subquery`] entries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Query {
    pub command: CommandType,
    /// The target table of INSERT, UPDATE, DELETE and MERGE.
    pub result_relation: Option<RangeIndex>,
    pub range_table: Vec<RangeEntry>,
    pub from: FromClause,
    /// SELECT: the output columns. INSERT, UPDATE: one entry per assigned column, whose
    /// [`TargetEntry::resno`] is the column's attribute number.
    pub targets: Vec<TargetEntry>,
    pub returning: Vec<TargetEntry>,
    pub ctes: Vec<Cte>,
    pub recursive: bool,
    /// Data-modifying statements in WITH.
    pub has_modifying_cte: bool,
    pub group_by: Vec<SortGroup>,
    pub group_distinct: bool,
    /// The primary keys that GROUP BY's rule rests on: without them it would be broken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraint_deps: Vec<Oid>,
    /// Expanded grouping sets: each lists `target_ref`s of `group_by`. Empty: plain GROUP BY.
    pub grouping_sets: Vec<Vec<u32>>,
    /// GROUP BY as it was written where it has grouping sets, for deparsing.
    #[serde(default)]
    pub grouping: Vec<GroupingSet>,
    pub having: Option<Expr>,
    pub windows: Vec<WindowClause>,
    pub distinct: Vec<SortGroup>,
    /// DISTINCT ON, not DISTINCT.
    pub distinct_on: bool,
    pub order_by: Vec<SortGroup>,
    pub limit: Option<Expr>,
    pub offset: Option<Expr>,
    /// FETCH FIRST … WITH TIES.
    pub with_ties: bool,
    pub row_marks: Vec<RowMark>,
    pub set_operation: Option<SetOperation>,
    pub on_conflict: Option<Box<OnConflict>>,
    /// MERGE's WHEN clauses, as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merge: Vec<MergeAction>,
    /// WITH CHECK OPTION of the views that INSERT or UPDATE goes through: the view's name and its
    /// condition over the new row of the result relation.
    #[serde(default)]
    pub view_checks: Vec<(String, Expr)>,
    /// What policies ask of the rows that the statement writes. Added when it is planned, never stored.
    #[serde(skip)]
    pub policy_checks: Vec<PolicyCheck>,
    /// The columns that INSERT or UPDATE itself names, of the target: what privileges are asked for.
    #[serde(default)]
    pub assigned: Vec<AttrNumber>,
    /// The views that INSERT, UPDATE or DELETE goes through to its table, outermost first.
    #[serde(default)]
    pub target_views: Vec<TargetView>,
    /// The columns of the first of them that the statement reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target_view_reads: Vec<AttrNumber>,
    /// INSERT … OVERRIDING.
    pub overriding: Overriding,
    pub has_aggregates: bool,
    pub has_window_functions: bool,
    pub has_target_srfs: bool,
    pub has_sublinks: bool,
}

impl Query {
    /// A query of this command with everything else empty.
    pub fn new(command: CommandType) -> Query {
        Query {
            command,
            result_relation: None,
            range_table: Vec::new(),
            from: FromClause::default(),
            targets: Vec::new(),
            returning: Vec::new(),
            ctes: Vec::new(),
            recursive: false,
            has_modifying_cte: false,
            group_by: Vec::new(),
            group_distinct: false,
            constraint_deps: Vec::new(),
            grouping_sets: Vec::new(),
            grouping: Vec::new(),
            having: None,
            windows: Vec::new(),
            distinct: Vec::new(),
            distinct_on: false,
            order_by: Vec::new(),
            limit: None,
            offset: None,
            with_ties: false,
            row_marks: Vec::new(),
            set_operation: None,
            on_conflict: None,
            merge: Vec::new(),
            view_checks: Vec::new(),
            policy_checks: Vec::new(),
            assigned: Vec::new(),
            target_views: Vec::new(),
            target_view_reads: Vec::new(),
            overriding: Overriding::None,
            has_aggregates: false,
            has_window_functions: false,
            has_target_srfs: false,
            has_sublinks: false,
        }
    }

    /// The columns a client or an outer query sees: RETURNING for DML, else the visible targets.
    pub fn output(&self) -> impl Iterator<Item = &TargetEntry> {
        let list = match self.command {
            CommandType::Select => &self.targets,
            _ => &self.returning,
        };
        list.iter().filter(|t| !t.resjunk)
    }

    /// Type of the first output column.
    pub fn first_column_type(&self) -> Oid {
        self.output().next().map_or(crate::types::oids::VOID, |t| t.expr.type_oid())
    }

    /// Its typmod. Apart from the type: asked for both at each level, nested subqueries would take
    /// exponential time.
    pub fn first_column_typmod(&self) -> i32 {
        self.output().next().map_or(-1, |t| t.expr.typmod())
    }

    /// Its collation.
    pub fn first_column_collation(&self) -> Oid {
        self.output().next().map_or(0, |t| t.expr.collation())
    }

    /// The range table entry that `rel` (from 1) names.
    pub fn range(&self, rel: RangeIndex) -> &RangeEntry {
        &self.range_table[rel as usize - 1]
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetEntry {
    pub expr: Expr,
    /// Position from 1; for INSERT and UPDATE the target's attribute number.
    pub resno: AttrNumber,
    pub name: String,
    /// Nonzero where ORDER BY, GROUP BY, DISTINCT or PARTITION BY refers to it.
    pub sort_group_ref: u32,
    /// Table and column it comes from, for RowDescription; 0 where it is computed.
    pub origin: (Oid, AttrNumber),
    /// Needed for sorting or grouping only; not part of the result.
    pub resjunk: bool,
}

impl TargetEntry {
    /// An entry without a name, of no table's column.
    pub fn of(expr: Expr, resno: AttrNumber) -> TargetEntry {
        let (name, origin) = (String::new(), (0, 0));
        TargetEntry { expr, resno, name, sort_group_ref: 0, origin, resjunk: false }
    }
}

/// FROM and WHERE: items are joined by cross product, then filtered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FromClause {
    pub items: Vec<FromItem>,
    pub filter: Option<Expr>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FromItem {
    Range(RangeIndex),
    Join(Box<Join>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Join {
    pub kind: JoinKind,
    pub left: FromItem,
    pub right: FromItem,
    /// `None`: CROSS JOIN, or NATURAL without common columns.
    pub on: Option<Expr>,
    /// The join's own range table entry ([`RangeSource::Join`]).
    pub rel: RangeIndex,
}

/// A range table entry: something in FROM, or the target of DML.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RangeEntry {
    pub source: RangeSource,
    /// The alias, else the relation's name: how columns of it are qualified.
    pub name: String,
    /// Whether the user wrote an alias.
    pub aliased: bool,
    /// How many columns the alias renames.
    #[serde(default)]
    pub column_aliases: usize,
    /// Column names visible in this query (after column aliases), by attribute number from 1.
    /// Dropped columns are empty strings.
    pub columns: Vec<String>,
    /// May refer to earlier FROM items.
    pub lateral: bool,
    /// FROM-visible, not only DML's target or a join's bookkeeping.
    pub in_from: bool,
    /// The query names `_deleted` of this table, and so reads its deleted rows, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub with_deleted: bool,
    /// Conditions on its rows that must hold before anything else may look at them: of policies, and of
    /// views with `security_barrier` that the statement changes a table through.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security: Vec<Expr>,
    /// ONLY: without the tables that inherit from it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum RangeSource {
    /// Table, or sequence read as a table, or pg_catalog relation. Views arrive as `Subquery`.
    Relation {
        oid: Oid,
    },
    Subquery {
        query: Box<Query>,
        /// The view it came from, if any.
        view: Option<Oid>,
    },
    /// The columns of a JOIN as the outside sees them: for each, the expression over its inputs
    /// (merged USING columns are `COALESCE` in a full join).
    Join {
        kind: JoinKind,
        columns: Vec<Expr>,
        using: Vec<String>,
        /// `USING (…) AS name`.
        #[serde(default)]
        using_alias: Option<String>,
    },
    /// Functions in FROM; more than one is ROWS FROM.
    Function {
        functions: Vec<RangeFunction>,
        ordinality: bool,
    },
    Values {
        rows: Vec<Vec<Expr>>,
        types: Vec<(Oid, i32)>,
    },
    /// A reference to a WITH query, `levels` queries up.
    Cte {
        name: String,
        level: u32,
        self_reference: bool,
        types: Vec<(Oid, i32)>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RangeFunction {
    pub call: Expr,
    /// Result columns: name, type, typmod.
    pub columns: Vec<(String, Oid, i32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Materialize {
    Default,
    Always,
    Never,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cte {
    pub name: String,
    pub query: Box<Query>,
    pub columns: Vec<String>,
    /// How many of the columns the WITH item names itself.
    #[serde(default)]
    pub column_aliases: usize,
    pub materialize: Materialize,
    /// Refers to itself: the query is a UNION whose right arm does.
    pub recursive: bool,
    /// References to it in the whole statement.
    pub references: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SetOperator {
    Union,
    Intersect,
    Except,
}

/// A set operation's tree; leaves are `Subquery` range table entries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum SetOperation {
    Leaf(RangeIndex),
    Node {
        op: SetOperator,
        all: bool,
        left: Box<SetOperation>,
        right: Box<SetOperation>,
        /// Result type and typmod per column. Leaves' columns are coerced to it in the leaf query.
        types: Vec<(Oid, i32)>,
        /// Per column the collation of the result, 0 where none is settled on.
        #[serde(default)]
        collations: Vec<Oid>,
        /// Per column the grouping operators; empty with ALL of UNION.
        group: Vec<SortGroup>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FrameMode {
    Range,
    Rows,
    Groups,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FrameBound {
    UnboundedPreceding,
    Preceding(Expr),
    CurrentRow,
    Following(Expr),
    UnboundedFollowing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FrameExclusion {
    None,
    CurrentRow,
    Group,
    Ties,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowClause {
    pub name: Option<String>,
    pub partition_by: Vec<SortGroup>,
    pub order_by: Vec<SortGroup>,
    pub mode: FrameMode,
    pub start: FrameBound,
    pub end: FrameBound,
    pub exclusion: FrameExclusion,
    /// `pg_proc` row of the `in_range` support function where RANGE has an offset.
    pub in_range: Option<Oid>,
    /// The window it builds on: `(name ORDER BY …)`.
    #[serde(default)]
    pub base: Option<String>,
    /// ORDER BY is the base window's.
    #[serde(default)]
    pub order_inherited: bool,
    #[serde(default)]
    pub frame: WrittenFrame,
}

/// How much of a window's frame was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum WrittenFrame {
    #[default]
    Nothing,
    Start,
    Between,
}

/// An item of a GROUP BY with grouping sets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum GroupingSet {
    /// One expression, or several in parentheses: `target_ref`s of `group_by`.
    Columns(Vec<u32>),
    Empty,
    Rollup(Vec<GroupingSet>),
    Cube(Vec<GroupingSet>),
    Sets(Vec<GroupingSet>),
}

/// Strength of a row lock, weakest first (manual, 13.3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RowLockMode {
    KeyShare,
    Share,
    NoKeyUpdate,
    Update,
}

/// What to do when a lock is held by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LockWait {
    Block,
    SkipLocked,
    NoWait,
}

/// FOR UPDATE and its kin on one range table entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowMark {
    pub rel: RangeIndex,
    pub mode: RowLockMode,
    pub wait: LockWait,
    /// Came down from a FOR UPDATE on an enclosing subquery.
    pub pushed_down: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Overriding {
    None,
    User,
    System,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnConflict {
    /// The conflict target as written, until the table is known and with it the arbiters: behind a
    /// view it is not at first.
    #[serde(default)]
    pub target: Option<ConflictTarget>,
    /// Unique indexes that arbitrate; empty with DO NOTHING and no target: all of them.
    pub arbiters: Vec<Oid>,
    /// `None`: DO NOTHING.
    pub update: Option<OnConflictUpdate>,
}

/// A view that a statement changes its table through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetView {
    pub view: Oid,
    /// Its columns that INSERT or UPDATE assigns.
    pub assigned: Vec<AttrNumber>,
    /// Those that ON CONFLICT DO UPDATE assigns.
    pub updated: Vec<AttrNumber>,
}

/// A condition of policies on a row of the target (`WithCheckOption`).
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyCheck {
    pub kind: PolicyCheckKind,
    /// The restrictive policy; `None`: all permissive ones together.
    pub policy: Option<String>,
    pub condition: Expr,
}

/// Which row a policy's condition is on, and when it is tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyCheckKind {
    /// A row proposed for insertion.
    Insert,
    /// A row's new version.
    Update,
    /// The existing row that ON CONFLICT DO UPDATE is about to change.
    Conflict,
    /// The target row that MERGE is about to update.
    MergeUpdate,
    /// The target row that MERGE is about to delete.
    MergeDelete,
}

/// A WHEN clause of MERGE.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MergeAction {
    /// WHEN MATCHED, not WHEN NOT MATCHED.
    pub matched: bool,
    pub filter: Option<Expr>,
    pub kind: MergeKind,
    /// INSERT, UPDATE: as [`Query::targets`].
    pub targets: Vec<TargetEntry>,
    /// As [`Query::assigned`].
    pub assigned: Vec<AttrNumber>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MergeKind {
    Insert,
    Update,
    Delete,
    Nothing,
}

/// Columns and expressions over the target, and the WHERE for partial indexes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConflictTarget {
    pub elements: Vec<Expr>,
    pub filter: Option<Expr>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnConflictUpdate {
    pub targets: Vec<TargetEntry>,
    pub filter: Option<Expr>,
    /// The range table entry of `excluded`.
    pub excluded: RangeIndex,
}
