//! Bound expressions (PostgreSQL's `primnodes.h`).
//!
//! Locations are byte offsets into the statement's text, `-1` where unknown. Type modifiers are
//! PostgreSQL's (`varchar(10)` is 14, `-1` is none).

use super::Query;
use crate::types::{Datum, Oid, collation, oids};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An attribute number: user columns from 1, system columns below 0, 0 the whole row.
pub type AttrNumber = i16;

/// `xmin`: the transaction that wrote a row.
pub const XMIN_COLUMN: AttrNumber = -2;

/// `xmax`: the transaction that deleted or locked it.
pub const XMAX_COLUMN: AttrNumber = -4;

/// `tableoid`: the table that a row is of.
pub const TABLE_OID_COLUMN: AttrNumber = -6;

/// `_seq` (`int8`): the number of the commit that wrote the row. KalamDB's own system columns follow
/// PostgreSQL's, which are -1 to -6.
pub const SEQ_COLUMN: AttrNumber = -7;

/// `_updated` (`timestamptz`): when that commit was.
pub const UPDATED_COLUMN: AttrNumber = -8;

/// `_deleted` (`bool`): whether the row is one that was deleted; see [`RangeEntry::with_deleted`].
///
/// [`RangeEntry::with_deleted`]: super::RangeEntry::with_deleted
pub const DELETED_COLUMN: AttrNumber = -9;

/// Index into a query's range table, from 1.
pub type RangeIndex = u32;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Expr {
    Var(Var),
    Const(Const),
    Param(Param),
    /// An operator or function call; [`FuncCall::op`] tells them apart.
    Func(Box<FuncCall>),
    /// `a IS DISTINCT FROM b`: the `=` operator of the arguments' type.
    Distinct(Box<FuncCall>),
    /// `NULLIF(a, b)`: the `=` operator; the value is the first argument.
    NullIf(Box<FuncCall>),
    ScalarArrayOp(Box<ScalarArrayOp>),
    Bool(BoolOp, Vec<Expr>),
    SubLink(Box<SubLink>),
    Relabel(Box<Relabel>),
    CoerceViaIo(Box<CoerceViaIo>),
    ArrayCoerce(Box<ArrayCoerce>),
    CoerceToDomain(Box<CoerceToDomain>),
    Case(Box<Case>),
    /// Stands for the CASE operand inside its WHEN clauses, and for the element in
    /// [`ArrayCoerce::element`].
    CaseTest {
        type_oid: Oid,
        typmod: i32,
        #[serde(default)]
        collation: Oid,
    },
    Array(Box<ArrayExpr>),
    Row(Box<RowExpr>),
    RowCompare(Box<RowCompare>),
    Coalesce(Box<Coalesce>),
    MinMax(Box<MinMax>),
    /// `XMLELEMENT(…)` and its kin.
    Xml(Box<XmlExpr>),
    /// `CURRENT_DATE`, `CURRENT_USER`, …
    SqlValue {
        function: SqlValueFunction,
        type_oid: Oid,
        typmod: i32,
        location: i32,
    },
    NullTest {
        arg: Box<Expr>,
        is_null: bool,
        /** Test each field of a row. */
        row: bool,
        location: i32,
    },
    BooleanTest {
        arg: Box<Expr>,
        test: BoolTest,
        location: i32,
    },
    Subscript(Box<Subscript>),
    FieldSelect {
        arg: Box<Expr>,
        field: AttrNumber,
        type_oid: Oid,
        typmod: i32,
        #[serde(default)]
        collation: Oid,
    },
    /// `expr COLLATE name`.
    Collate {
        arg: Box<Expr>,
        collation: Oid,
        location: i32,
    },
    Aggregate(Box<Aggregate>),
    /// `GROUPING(…)`: indexes into the query's group clause.
    Grouping {
        args: Vec<Expr>,
        group_refs: Vec<u32>,
        level: u32,
        location: i32,
    },
    Window(Box<WindowFunc>),
    /// A column's DEFAULT in VALUES or SET; the rewriter replaces it.
    SetToDefault {
        type_oid: Oid,
        typmod: i32,
        location: i32,
    },
    /// `WHERE CURRENT OF cursor`.
    CurrentOf {
        rel: RangeIndex,
        cursor: String,
    },
    /// The next value of an identity column's sequence.
    NextValue {
        sequence: Oid,
        type_oid: Oid,
    },
}

/// A construct of SQL/XML.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct XmlExpr {
    pub op: XmlOp,
    /// The element's, or the processing instruction's target, as an XML name.
    pub name: String,
    /// Attributes of XMLELEMENT, elements of XMLFOREST, by their XML names.
    pub named: Vec<(String, Expr)>,
    pub args: Vec<Expr>,
    pub location: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum XmlOp {
    Concat,
    Element,
    Forest,
    Parse {
        document: bool,
        /// Written, and without effect: what is parsed is kept as it is.
        preserve_whitespace: bool,
    },
    Pi,
    Root(XmlStandalone),
    Serialize {
        document: bool,
        /// What the text is cast to, for showing it.
        type_oid: Oid,
        typmod: i32,
    },
    IsDocument,
}

/// What XMLROOT says of `standalone`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum XmlStandalone {
    Yes,
    No,
    NoValue,
    Omitted,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Var {
    pub rel: RangeIndex,
    pub attno: AttrNumber,
    pub type_oid: Oid,
    pub typmod: i32,
    pub collation: Oid,
    /// 0: this query's range table; n: the n-th enclosing query's.
    pub level: u32,
    pub location: i32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Const {
    pub value: Datum,
    pub type_oid: Oid,
    pub typmod: i32,
    pub collation: Oid,
    pub location: i32,
}

/// `$n`, from 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Param {
    pub id: u32,
    pub type_oid: Oid,
    pub typmod: i32,
    pub collation: Oid,
    pub location: i32,
}

/// How a coercion was written; decides how it is deparsed (`CoercionForm`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CoercionForm {
    /// As a function call.
    Call,
    /// As an explicit cast.
    Explicit,
    /// Not written at all.
    Implicit,
    /// With SQL's special syntax: `EXTRACT(x FROM y)`.
    SqlSyntax,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FuncCall {
    /// The `pg_proc` row that does the work.
    pub func: Oid,
    /// The `pg_operator` row it was called through, if any.
    pub op: Option<Oid>,
    pub type_oid: Oid,
    pub typmod: i32,
    /// The function returns a set (allowed in select lists and FROM).
    pub retset: bool,
    /// Variadic arguments are already gathered into an array.
    pub variadic: bool,
    pub form: CoercionForm,
    /// Result collation (0: not collatable).
    pub collation: Oid,
    /// Collation the function works under.
    pub input_collation: Oid,
    /// In the parameters' order, defaults filled in.
    pub args: Vec<Expr>,
    /// How it was written, where that is not all arguments in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notation: Option<Box<Notation>>,
    pub location: i32,
}

/// A call with names, or with arguments left to their defaults. What was left out is filled in from the
/// function as it is when the call is planned, so that a view follows its functions' defaults
/// (`expand_function_arguments`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notation {
    /// The arguments as written: index in [`FuncCall::args`], and the name of those given by name.
    pub given: Vec<(usize, Option<String>)>,
}

impl FuncCall {
    /// The arguments as written, each with the name it was given.
    pub fn given_args(&self) -> Vec<(Option<&str>, &Expr)> {
        match &self.notation {
            None => self.args.iter().map(|arg| (None, arg)).collect(),
            Some(notation) => {
                let given = notation.given.iter();
                given.map(|(at, name)| (name.as_deref(), &self.args[*at])).collect()
            }
        }
    }

    /// Whether the argument was left to its default.
    pub fn is_default(&self, at: usize) -> bool {
        self.notation.as_ref().is_some_and(|n| n.given.iter().all(|(given, _)| *given != at))
    }
}

/// `scalar op ANY (array)` and `ALL`; `IN (list)` too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScalarArrayOp {
    pub op: Oid,
    pub func: Oid,
    /// ANY, not ALL.
    pub use_or: bool,
    pub input_collation: Oid,
    pub scalar: Expr,
    pub array: Expr,
    pub location: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoolOp {
    And,
    Or,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubLinkKind {
    Exists,
    /// `test ALL (SELECT …)`
    All,
    /// `test ANY (SELECT …)`, `IN`
    Any,
    /// `(a, b) op (SELECT …)`
    RowCompare,
    /// A scalar subquery.
    Scalar,
    /// `ARRAY(SELECT …)`
    Array,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubLink {
    pub kind: SubLinkKind,
    /// For ANY, ALL and RowCompare: the comparison, where [`Expr::Param`]-like placeholders for the
    /// subquery's columns are [`SubLink::column_vars`].
    pub test: Option<Expr>,
    /// The placeholder for column `i` of the subquery inside `test`: a [`Var`] with
    /// `rel == SUBLINK_RANGE` and `attno == i + 1`.
    pub column_vars: u16,
    pub query: Box<Query>,
    /// For `ARRAY(…)` of a type that a user made: its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub array_type: Option<Oid>,
    pub location: i32,
}

/// The range index of the placeholders in [`SubLink::test`].
pub const SUBLINK_RANGE: RangeIndex = u32::MAX;

/// A cast between binary-coercible types: only the label changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Relabel {
    pub arg: Expr,
    pub type_oid: Oid,
    pub typmod: i32,
    pub collation: Oid,
    pub form: CoercionForm,
    pub location: i32,
}

/// A cast through the types' text forms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoerceViaIo {
    pub arg: Expr,
    pub type_oid: Oid,
    pub collation: Oid,
    pub form: CoercionForm,
    pub location: i32,
}

/// A value that a domain must allow, as one of the domain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoerceToDomain {
    /// Of the base type.
    pub arg: Expr,
    pub type_oid: Oid,
    pub collation: Oid,
    pub form: CoercionForm,
    pub location: i32,
}

/// A cast of every element of an array.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArrayCoerce {
    pub arg: Expr,
    /// The element's cast, applied to [`Expr::CaseTest`].
    pub element: Expr,
    pub type_oid: Oid,
    pub typmod: i32,
    pub form: CoercionForm,
    pub location: i32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    pub type_oid: Oid,
    pub typmod: i32,
    pub collation: Oid,
    /// `CASE arg WHEN …`: the WHEN conditions compare [`Expr::CaseTest`] with their value.
    pub arg: Option<Expr>,
    pub whens: Vec<(Expr, Expr)>,
    pub default: Expr,
    pub location: i32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArrayExpr {
    pub type_oid: Oid,
    pub element_type: Oid,
    pub collation: Oid,
    /// Elements, or sub-arrays where `multidims`.
    pub elements: Vec<Expr>,
    pub multidims: bool,
    pub location: i32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowExpr {
    pub args: Vec<Expr>,
    /// `record`, or a named composite type.
    pub type_oid: Oid,
    pub column_names: Vec<String>,
    pub form: CoercionForm,
    pub location: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RowCompareKind {
    Lt,
    Le,
    Ge,
    Gt,
}

/// `(a, b) < (c, d)`; equality of rows is bound as AND/OR of its columns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowCompare {
    pub kind: RowCompareKind,
    /// Per column: the operator and its function.
    pub ops: Vec<(Oid, Oid)>,
    /// Per column: what it is compared under.
    #[serde(default)]
    pub collations: Vec<Oid>,
    pub left: Vec<Expr>,
    pub right: Vec<Expr>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coalesce {
    pub type_oid: Oid,
    pub collation: Oid,
    pub args: Vec<Expr>,
    pub location: i32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MinMax {
    pub type_oid: Oid,
    pub collation: Oid,
    pub greatest: bool,
    pub args: Vec<Expr>,
    pub location: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SqlValueFunction {
    CurrentDate,
    CurrentTime,
    CurrentTimestamp,
    LocalTime,
    LocalTimestamp,
    CurrentRole,
    CurrentUser,
    User,
    SessionUser,
    CurrentCatalog,
    CurrentSchema,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoolTest {
    IsTrue,
    IsNotTrue,
    IsFalse,
    IsNotFalse,
    IsUnknown,
    IsNotUnknown,
}

/// `array[i]`, `array[lo:hi]`, `jsonb['key']`; with `assign`, the container after an assignment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subscript {
    pub container: Expr,
    pub container_type: Oid,
    pub type_oid: Oid,
    pub typmod: i32,
    pub collation: Oid,
    /// One per dimension.
    pub upper: Vec<Option<Expr>>,
    /// Empty unless this is a slice.
    pub lower: Vec<Option<Expr>>,
    pub is_slice: bool,
    pub assign: Option<Expr>,
}

/// An ORDER BY, GROUP BY, DISTINCT or PARTITION BY item (`SortGroupClause`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SortGroup {
    /// Matches [`TargetEntry::sort_group_ref`](super::TargetEntry::sort_group_ref), from 1.
    pub target_ref: u32,
    /// Equality operator of the type; 0 where it has none.
    pub eq_op: Oid,
    /// `<` or `>`; 0 where only grouping is asked for.
    pub sort_op: Oid,
    pub descending: bool,
    pub nulls_first: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aggregate {
    pub func: Oid,
    pub type_oid: Oid,
    pub collation: Oid,
    pub input_collation: Oid,
    /// Resolved types of the arguments.
    pub arg_types: Vec<Oid>,
    /// Direct arguments of an ordered-set aggregate.
    pub direct_args: Vec<Expr>,
    /// Aggregated arguments, then ORDER BY expressions that are not among them (`resjunk`).
    pub args: Vec<super::TargetEntry>,
    pub order_by: Vec<SortGroup>,
    pub distinct: Vec<SortGroup>,
    pub filter: Option<Expr>,
    /// `count(*)`
    pub star: bool,
    pub variadic: bool,
    /// `n` normal, `o` ordered-set, `h` hypothetical-set (`pg_aggregate.aggkind`).
    pub kind: u8,
    /// The query it belongs to, levels up.
    pub level: u32,
    pub location: i32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WindowFunc {
    pub func: Oid,
    pub type_oid: Oid,
    pub collation: Oid,
    pub input_collation: Oid,
    pub args: Vec<Expr>,
    pub filter: Option<Expr>,
    /// Index into the query's window clauses, from 0.
    pub window: u32,
    pub star: bool,
    /// An aggregate used as a window function.
    pub is_aggregate: bool,
    pub location: i32,
}

impl Expr {
    /// The type of the expression's value (`exprType`).
    pub fn type_oid(&self) -> Oid {
        match self {
            Expr::Var(v) => v.type_oid,
            Expr::Const(c) => c.type_oid,
            Expr::Param(p) => p.type_oid,
            Expr::Func(f) => f.type_oid,
            Expr::NullIf(f) => f.args[0].type_oid(),
            Expr::Distinct(_)
            | Expr::ScalarArrayOp(_)
            | Expr::Bool(..)
            | Expr::RowCompare(_)
            | Expr::NullTest { .. }
            | Expr::BooleanTest { .. }
            | Expr::CurrentOf { .. } => oids::BOOL,
            Expr::SubLink(s) => match s.kind {
                SubLinkKind::Scalar => s.query.first_column_type(),
                SubLinkKind::Array => s.array_type.unwrap_or_else(|| {
                    let column = s.query.first_column_type();
                    oids::array_of(column).unwrap_or(column)
                }),
                _ => oids::BOOL,
            },
            Expr::Relabel(r) => r.type_oid,
            Expr::CoerceViaIo(c) => c.type_oid,
            Expr::ArrayCoerce(c) => c.type_oid,
            Expr::CoerceToDomain(c) => c.type_oid,
            Expr::Case(c) => c.type_oid,
            Expr::CaseTest { type_oid, .. }
            | Expr::SqlValue { type_oid, .. }
            | Expr::FieldSelect { type_oid, .. }
            | Expr::SetToDefault { type_oid, .. }
            | Expr::NextValue { type_oid, .. } => *type_oid,
            Expr::Array(a) => a.type_oid,
            Expr::Row(r) => r.type_oid,
            Expr::Coalesce(c) => c.type_oid,
            Expr::Xml(x) => match x.op {
                XmlOp::IsDocument => oids::BOOL,
                XmlOp::Serialize { .. } => oids::TEXT,
                _ => oids::XML,
            },
            Expr::MinMax(m) => m.type_oid,
            Expr::Subscript(s) => s.type_oid,
            Expr::Collate { arg, .. } => arg.type_oid(),
            Expr::Aggregate(a) => a.type_oid,
            Expr::Grouping { .. } => oids::INT4,
            Expr::Window(w) => w.type_oid,
        }
    }

    /// The collation of the expression's value (`exprCollation`); 0 where its type has none, or where none
    /// is settled on.
    pub fn collation(&self) -> Oid {
        match self {
            Expr::Var(v) => v.collation,
            Expr::Const(c) => c.collation,
            Expr::Param(p) => p.collation,
            Expr::Func(f) => f.collation,
            Expr::NullIf(f) => f.args[0].collation(),
            Expr::SubLink(s) => match s.kind {
                SubLinkKind::Scalar | SubLinkKind::Array => s.query.first_column_collation(),
                _ => 0,
            },
            Expr::Relabel(r) => r.collation,
            Expr::CoerceViaIo(c) => c.collation,
            // The cast of an element leaves its collation as it is.
            Expr::ArrayCoerce(c) => c.arg.collation(),
            Expr::CoerceToDomain(c) => c.collation,
            Expr::Case(c) => c.collation,
            Expr::CaseTest { collation, .. } | Expr::FieldSelect { collation, .. } => *collation,
            Expr::Array(a) => a.collation,
            Expr::Coalesce(c) => c.collation,
            Expr::MinMax(m) => m.collation,
            Expr::Subscript(s) => s.collation,
            Expr::Collate { collation, .. } => *collation,
            Expr::Aggregate(a) => a.collation,
            Expr::Window(w) => w.collation,
            Expr::Xml(x) if matches!(x.op, XmlOp::Serialize { .. }) => collation::DEFAULT,
            // `current_user` and its kin.
            Expr::SqlValue { type_oid: oids::NAME, .. } => collation::C,
            Expr::Distinct(_)
            | Expr::ScalarArrayOp(_)
            | Expr::Bool(..)
            | Expr::Row(_)
            | Expr::RowCompare(_)
            | Expr::Xml(_)
            | Expr::SqlValue { .. }
            | Expr::NullTest { .. }
            | Expr::BooleanTest { .. }
            | Expr::Grouping { .. }
            | Expr::SetToDefault { .. }
            | Expr::CurrentOf { .. }
            | Expr::NextValue { .. } => 0,
        }
    }

    /// The type modifier of the expression's value, `-1` for none (`exprTypmod`).
    pub fn typmod(&self) -> i32 {
        match self {
            Expr::Var(v) => v.typmod,
            Expr::Const(c) => c.typmod,
            Expr::Param(p) => p.typmod,
            Expr::Func(f) => f.typmod,
            Expr::NullIf(f) => f.args[0].typmod(),
            Expr::SubLink(s) => match s.kind {
                SubLinkKind::Scalar | SubLinkKind::Array => s.query.first_column_typmod(),
                _ => -1,
            },
            Expr::Relabel(r) => r.typmod,
            Expr::ArrayCoerce(c) => c.typmod,
            Expr::Case(c) => c.typmod,
            Expr::CaseTest { typmod, .. }
            | Expr::SqlValue { typmod, .. }
            | Expr::FieldSelect { typmod, .. }
            | Expr::SetToDefault { typmod, .. } => *typmod,
            Expr::Subscript(s) => s.typmod,
            Expr::Collate { arg, .. } => arg.typmod(),
            Expr::Coalesce(c) => common_typmod(c.type_oid, &c.args),
            Expr::MinMax(m) => common_typmod(m.type_oid, &m.args),
            _ => -1,
        }
    }

    /// Where the expression begins in the statement's text (`exprLocation`), `-1` unknown.
    pub fn location(&self) -> i32 {
        match self {
            Expr::Var(v) => v.location,
            Expr::Const(c) => c.location,
            Expr::Param(p) => p.location,
            Expr::Func(f) | Expr::Distinct(f) | Expr::NullIf(f) => leftmost(f.location, &f.args),
            Expr::ScalarArrayOp(s) => min_location(s.location, s.scalar.location()),
            Expr::Bool(_, args) => leftmost(-1, args),
            Expr::SubLink(s) => {
                min_location(s.location, s.test.as_ref().map_or(-1, Expr::location))
            }
            Expr::Relabel(r) => min_location(r.location, r.arg.location()),
            Expr::CoerceViaIo(c) => min_location(c.location, c.arg.location()),
            Expr::ArrayCoerce(c) => min_location(c.location, c.arg.location()),
            Expr::CoerceToDomain(c) => min_location(c.location, c.arg.location()),
            Expr::Case(c) => c.location,
            Expr::CaseTest { .. } | Expr::CurrentOf { .. } | Expr::NextValue { .. } => -1,
            Expr::Array(a) => a.location,
            Expr::Row(r) => r.location,
            Expr::RowCompare(r) => leftmost(-1, &r.left),
            Expr::Coalesce(c) => c.location,
            Expr::Xml(x) => leftmost(x.location, &x.args),
            Expr::MinMax(m) => m.location,
            Expr::SqlValue { location, .. }
            | Expr::SetToDefault { location, .. }
            | Expr::Grouping { location, .. } => *location,
            Expr::NullTest { arg, location, .. }
            | Expr::BooleanTest { arg, location, .. }
            | Expr::Collate { arg, location, .. } => min_location(*location, arg.location()),
            Expr::Subscript(s) => s.container.location(),
            Expr::FieldSelect { arg, .. } => arg.location(),
            Expr::Aggregate(a) => a.location,
            Expr::Window(w) => w.location,
        }
    }

    /// A constant without a location.
    pub fn constant(value: Datum, type_oid: Oid) -> Expr {
        Expr::Const(Const { value, type_oid, typmod: -1, collation: 0, location: -1 })
    }

    /// Whether this is the literal NULL.
    pub fn is_null_const(&self) -> bool {
        matches!(self, Expr::Const(c) if c.value.is_null())
    }
}

/// The arguments' typmod where all agree with the result type, else none.
fn common_typmod(type_oid: Oid, args: &[Expr]) -> i32 {
    let first = args[0].typmod();
    let agree = |e: &Expr| e.type_oid() == type_oid && e.typmod() == first;
    if args.iter().all(agree) { first } else { -1 }
}

fn min_location(a: i32, b: i32) -> i32 {
    match (a, b) {
        (-1, x) | (x, -1) => x,
        _ => a.min(b),
    }
}

fn leftmost(own: i32, args: &[Expr]) -> i32 {
    args.iter().fold(own, |at, arg| min_location(at, arg.location()))
}

/// A bound expression shared by plans and the catalog.
pub type SharedExpr = Arc<Expr>;
