//! ORDER BY, DISTINCT, LIMIT (`parse_clause.c`): items refer to output columns by name or number,
//! or are expressions, which join the target list as invisible columns.

use super::coerce::Cast;
use super::oper::OperatorName;
use super::place::Place;
use super::state::Binder;
use super::target::{null, push_target};
use crate::catalog::builtin;
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::oids;
use pg_raw_parse::list::{CastNodeList, NodeList};
use pg_raw_parse::{ConstValue, Node, nodes};

impl<'n> Binder<'_, 'n> {
    /// The target an item of ORDER BY, GROUP BY or DISTINCT ON means: an output column's name or
    /// number, else an expression (`findTargetlistEntrySQL92`).
    pub fn find_target(
        &mut self,
        node: Node<'n>,
        targets: &mut Vec<TargetEntry>,
        place: Place,
    ) -> Result<usize> {
        if let Node::ColumnRef(column) = node
            && let [Some(name)] =
                column.fields().iter().map(|f| f.as_str()).collect::<Vec<_>>().as_slice()
        {
            // In GROUP BY an input column hides an output column of its name.
            let hidden = place == Place::GroupBy && self.has_local_column(name)?;
            if !hidden && let Some(at) = self.named_target(name, targets, place, column.location)? {
                return Ok(at);
            }
        }
        if let Node::A_Const(constant) = node {
            return numbered_target(constant, targets, place);
        }
        self.find_target_expr(node, targets, place)
    }

    /// By SQL:1999's rule: always an expression.
    pub fn find_target_expr(
        &mut self,
        node: Node<'n>,
        targets: &mut Vec<TargetEntry>,
        place: Place,
    ) -> Result<usize> {
        let expr = self.bind_expr_in(node, place)?;
        // An argument that was converted unasked is still what was written.
        if let Some(at) = targets.iter().position(|t| without_implicit(&t.expr).same(&expr)) {
            return Ok(at);
        }
        push_target(targets, String::new(), expr);
        let at = targets.len() - 1;
        targets[at].resjunk = true;
        Ok(at)
    }

    fn has_local_column(&mut self, name: &str) -> Result<bool> {
        let items = self.scope_ref().namespace.iter().filter(|i| i.cols_visible && !i.lateral_only);
        Ok(items.flat_map(|i| &i.columns).any(|c| c.name == name))
    }

    fn named_target(
        &self,
        name: &str,
        targets: &[TargetEntry],
        place: Place,
        location: i32,
    ) -> Result<Option<usize>> {
        let mut found: Option<usize> = None;
        for (at, target) in targets.iter().enumerate() {
            if target.resjunk || target.name != name {
                continue;
            }
            match found {
                Some(first) if !targets[first].expr.same(&target.expr) => {
                    let message = format!("{} \"{name}\" is ambiguous", place.name());
                    return Err(PgError::new(code::AMBIGUOUS_COLUMN, message).at(location));
                }
                Some(_) => {}
                None => found = Some(at),
            }
        }
        Ok(found)
    }

    /// ORDER BY (`transformSortClause`). `plain_exprs`: names and numbers mean nothing special, as
    /// in windows and aggregates.
    pub fn bind_order_by(
        &mut self,
        list: &'n CastNodeList<nodes::SortBy>,
        targets: &mut Vec<TargetEntry>,
        place: Place,
        plain_exprs: bool,
    ) -> Result<Vec<SortGroup>> {
        let mut sorted = Vec::new();
        for sort in list {
            let at = match plain_exprs {
                true => self.find_target_expr(sort.node(), targets, place)?,
                false => self.find_target(sort.node(), targets, place)?,
            };
            self.add_sort(at, targets, sort, &mut sorted)?;
        }
        Ok(sorted)
    }

    /// Adds one ORDER BY item (`addTargetToSortList`).
    pub fn add_sort(
        &mut self,
        at: usize,
        targets: &mut [TargetEntry],
        sort: &'n nodes::SortBy,
        sorted: &mut Vec<SortGroup>,
    ) -> Result<()> {
        use nodes::{SortByDir as Dir, SortByNulls as Nulls};
        self.settle_unknown(&mut targets[at])?;
        let oid = targets[at].expr.type_oid();
        let location = if sort.location >= 0 { sort.location } else { raw_location(sort.node()) };
        let (eq_op, sort_op, descending) = match sort.sortby_dir {
            Dir::SORTBY_USING => {
                self.using_operator(oid, sort.use_op()).map_err(|e| e.at(location))?
            }
            dir => {
                let ops = self.require_sort_operators(oid, true).map_err(|e| e.at(location))?;
                let descending = dir == Dir::SORTBY_DESC;
                (ops.eq, if descending { ops.gt } else { ops.lt }, descending)
            }
        };
        let target_ref = targets[at].sort_group_ref;
        let catalog = self.context.catalog;
        let commutator = catalog.operator(sort_op).map_or(0, |o| o.commutator);
        let same = |s: &SortGroup| {
            s.target_ref == target_ref && (s.sort_op == sort_op || s.sort_op == commutator)
        };
        if target_ref != 0 && sorted.iter().any(same) {
            return Ok(());
        }
        let nulls_first = match sort.sortby_nulls {
            Nulls::SORTBY_NULLS_FIRST => true,
            Nulls::SORTBY_NULLS_LAST => false,
            _ => descending,
        };
        let target_ref = assign_ref(at, targets);
        sorted.push(SortGroup { target_ref, eq_op, sort_op, descending, nulls_first });
        Ok(())
    }

    /// `USING op`: equality, the operator, whether it sorts downwards.
    fn using_operator(&self, oid: u32, name: &NodeList) -> Result<(u32, u32, bool)> {
        let name = OperatorName::new(name);
        let op = self.find_operator(name, oid, oid, -1)?;
        let member = builtin::amops_of_operator(op.oid).iter().find(|m| {
            m.method == builtin::oid::BTREE && matches!(m.strategy, 1 | 5) && m.left == m.right
        });
        let Some(member) = member else {
            let message = format!("operator {} is not a valid ordering operator", name.name);
            return Err(PgError::new(code::WRONG_OBJECT_TYPE, message).hint(
                "Ordering operators must be \"<\" or \">\" members of btree operator families.",
            ));
        };
        let eq = builtin::amop(member.family, member.left, member.right, 3).unwrap_or(0);
        Ok((eq, op.oid, member.strategy == 5))
    }

    /// A sorted or grouped column cannot stay of unknown type.
    fn settle_unknown(&mut self, target: &mut TargetEntry) -> Result<()> {
        if target.expr.type_oid() == oids::UNKNOWN {
            let expr = std::mem::replace(&mut target.expr, null());
            target.expr = self.coerce_type(expr, oids::TEXT, -1, Cast::IMPLICIT)?;
        }
        Ok(())
    }

    /// Adds a grouping item by the type's equality (`addTargetToGroupList`).
    pub fn add_group(
        &mut self,
        at: usize,
        targets: &mut [TargetEntry],
        grouped: &mut Vec<SortGroup>,
        location: i32,
    ) -> Result<()> {
        self.settle_unknown(&mut targets[at])?;
        let target_ref = targets[at].sort_group_ref;
        if target_ref != 0 && grouped.iter().any(|g| g.target_ref == target_ref) {
            return Ok(());
        }
        let oid = targets[at].expr.type_oid();
        let ops = self.require_sort_operators(oid, false).map_err(|e| e.at(location))?;
        let target_ref = assign_ref(at, targets);
        grouped.push(SortGroup {
            target_ref,
            eq_op: ops.eq,
            sort_op: ops.lt,
            descending: false,
            nulls_first: false,
        });
        Ok(())
    }

    /// DISTINCT: ORDER BY's items first, then the other columns (`transformDistinctClause`).
    pub fn bind_distinct_clause(
        &mut self,
        targets: &mut [TargetEntry],
        sorted: &[SortGroup],
        aggregate: bool,
    ) -> Result<Vec<SortGroup>> {
        let mut distinct = Vec::new();
        for sort in sorted {
            let target = targets.iter().find(|t| t.sort_group_ref == sort.target_ref);
            if let Some(target) = target.filter(|t| t.resjunk) {
                let message = if aggregate {
                    "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument \
                     list"
                } else {
                    "for SELECT DISTINCT, ORDER BY expressions must appear in select list"
                };
                return Err(PgError::new(code::INVALID_COLUMN_REFERENCE, message)
                    .at(target.expr.location()));
            }
            distinct.push(sort.clone());
        }
        for at in 0..targets.len() {
            if !targets[at].resjunk {
                let location = targets[at].expr.location();
                self.add_group(at, targets, &mut distinct, location)?;
            }
        }
        if distinct.is_empty() {
            let message = if aggregate {
                "an aggregate with DISTINCT must have at least one argument"
            } else {
                "SELECT DISTINCT must have at least one column"
            };
            return Err(PgError::new(code::SYNTAX_ERROR, message));
        }
        Ok(distinct)
    }

    /// DISTINCT ON: its expressions must be the first of ORDER BY (`transformDistinctOnClause`).
    pub fn bind_distinct_on(
        &mut self,
        list: &'n NodeList,
        targets: &mut Vec<TargetEntry>,
        sorted: &[SortGroup],
    ) -> Result<Vec<SortGroup>> {
        let mut refs = Vec::new();
        let mut places = Vec::new();
        for node in list {
            let at = self.find_target(node, targets, Place::DistinctOn)?;
            refs.push(assign_ref(at, targets));
            places.push((at, raw_location(node)));
        }
        let mut distinct: Vec<SortGroup> = Vec::new();
        let mut skipped = false;
        let mismatch = |location: i32| {
            let message = "SELECT DISTINCT ON expressions must match initial ORDER BY expressions";
            Err(PgError::new(code::INVALID_COLUMN_REFERENCE, message).at(location))
        };
        for sort in sorted {
            match refs.iter().position(|r| *r == sort.target_ref) {
                Some(at) if skipped => {
                    return mismatch(places[at].1);
                }
                Some(_) => distinct.push(sort.clone()),
                None => skipped = true,
            }
        }
        for (target_ref, (at, location)) in refs.into_iter().zip(places) {
            if distinct.iter().any(|d| d.target_ref == target_ref) {
                continue;
            }
            if skipped {
                return mismatch(location);
            }
            self.add_group(at, targets, &mut distinct, location)?;
        }
        Ok(distinct)
    }

    /// LIMIT or OFFSET (`transformLimitClause`).
    pub fn bind_limit(
        &mut self,
        node: Node<'n>,
        place: Place,
        with_ties: bool,
    ) -> Result<Option<Expr>> {
        if matches!(node, Node::None) {
            return Ok(None);
        }
        let expr = self.bind_expr_in(node, place)?;
        let expr = self.coerce_to_specific(expr, oids::INT8, -1, place.name())?;
        check_variable_free(&expr, place.name())?;
        if with_ties && expr.is_null_const() {
            let message = "row count cannot be null in FETCH FIRST ... WITH TIES clause";
            return Err(PgError::new(code::INVALID_ROW_COUNT_IN_LIMIT_CLAUSE, message));
        }
        Ok(Some(expr))
    }
}

/// LIMIT and frame offsets are computed before any row is there.
pub(super) fn check_variable_free(expr: &Expr, construct: &str) -> Result<()> {
    let mut location = None;
    expr.any(&mut |e| match e {
        Expr::Var(v) if v.level == 0 && v.rel != SUBLINK_RANGE => {
            location = Some(v.location);
            true
        }
        _ => false,
    });
    match location {
        None => Ok(()),
        Some(at) => {
            let message = format!("argument of {construct} must not contain variables");
            Err(PgError::new(code::INVALID_COLUMN_REFERENCE, message).at(at))
        }
    }
}

/// `ORDER BY 2`.
fn numbered_target(
    constant: &nodes::A_Const,
    targets: &[TargetEntry],
    place: Place,
) -> Result<usize> {
    let Some(ConstValue::Integer(position)) = constant.val() else {
        let message = format!("non-integer constant in {}", place.name());
        return Err(PgError::new(code::SYNTAX_ERROR, message).at(constant.location));
    };
    let index = usize::try_from(position).ok().and_then(|p| p.checked_sub(1));
    let mut visible = targets.iter().enumerate().filter(|(_, t)| !t.resjunk);
    match index.and_then(|i| visible.nth(i)) {
        Some((at, _)) => Ok(at),
        None => {
            let message = format!("{} position {position} is not in select list", place.name());
            Err(PgError::new(code::INVALID_COLUMN_REFERENCE, message).at(constant.location))
        }
    }
}

/// The target's reference number, given when first asked for (`assignSortGroupRef`).
pub(super) fn assign_ref(at: usize, targets: &mut [TargetEntry]) -> u32 {
    if targets[at].sort_group_ref == 0 {
        let highest = targets.iter().map(|t| t.sort_group_ref).max().unwrap_or(0);
        targets[at].sort_group_ref = highest + 1;
    }
    targets[at].sort_group_ref
}

/// Where an unbound expression begins (`exprLocation`), as far as its outermost node tells.
pub(super) fn raw_location(node: Node<'_>) -> i32 {
    let leftmost = |own: i32, inner: i32| if inner >= 0 { own.min(inner) } else { own };
    match node {
        Node::ColumnRef(n) => n.location,
        Node::A_Const(n) => n.location,
        Node::ParamRef(n) => n.location,
        Node::FuncCall(n) => n.location,
        Node::A_Expr(n) => leftmost(n.location, raw_location(n.lexpr())),
        Node::TypeCast(n) => leftmost(n.location, raw_location(n.arg())),
        Node::A_Indirection(n) => raw_location(n.arg()),
        Node::CaseExpr(n) => n.location,
        Node::CoalesceExpr(n) => n.location,
        Node::XmlExpr(n) => n.location,
        Node::XmlSerialize(n) => n.location,
        Node::SubLink(n) => n.location,
        _ => -1,
    }
}

/// What implicit conversions stand around (`strip_implicit_coercions`).
fn without_implicit(expr: &Expr) -> &Expr {
    let (form, arg) = match expr {
        Expr::Func(call) => (call.form, call.args.first()),
        Expr::Relabel(relabel) => (relabel.form, Some(&relabel.arg)),
        Expr::CoerceViaIo(cast) => (cast.form, Some(&cast.arg)),
        Expr::ArrayCoerce(cast) => (cast.form, Some(&cast.arg)),
        Expr::CoerceToDomain(cast) => (cast.form, Some(&cast.arg)),
        _ => return expr,
    };
    match arg {
        Some(arg) if form == CoercionForm::Implicit => without_implicit(arg),
        _ => expr,
    }
}
