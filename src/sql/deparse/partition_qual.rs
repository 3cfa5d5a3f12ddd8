//! What is true of a partition's rows, as an expression: `pg_get_partition_constraintdef`.
//!
//! It is PostgreSQL's (`partbounds.c`), for people to read; rows are checked by routing them.
//!
//! ```text
//! range   a IS NOT NULL AND a >= 1 AND a < 5
//!         of two columns, from (1, 5): a > 1 OR (a = 1 AND b >= 5)
//! list    a IS NOT NULL AND a = ANY (ARRAY[1, 2])
//! default NOT (what the others take)
//! ```

use super::names::Names;
use super::partition::{partitioned, value};
use crate::catalog::partition::key_types;
use crate::catalog::{
    ColumnMap, PartitionBound, PartitionColumn, PartitionKey, RangeEdge, Relation, Strategy,
    builtin,
};
use crate::error::Result;
use crate::nodes::{ArrayExpr, BoolOp, CoercionForm, Expr, FuncCall, Relabel, ScalarArrayOp};
use crate::types::{Datum, Oid, compare, oids};

/// Strategies of btree and hash classes.
const LESS: i16 = 1;
const LESS_EQUAL: i16 = 2;
const EQUAL: i16 = 3;
const GREATER_EQUAL: i16 = 4;
const GREATER: i16 = 5;

/// The constraint's text; `None` where the relation is no partition, or takes everything.
pub(super) fn definition(names: &Names<'_>, partition: Oid) -> Result<Option<String>> {
    let Some(found) = names.catalog.relation(partition) else { return Ok(None) };
    let mut all = of_partition(names, found);
    let constraint = match all.len() {
        0 => return Ok(None),
        1 => all.remove(0),
        _ => Expr::Bool(BoolOp::And, all),
    };
    super::expression(names, &constraint, partition, false).map(Some)
}

/// The conditions of the tables above, then the partition's own, over its row.
fn of_partition(names: &Names<'_>, partition: &Relation) -> Vec<Expr> {
    let Some(bound) = &partition.lineage.bound else { return Vec::new() };
    let parent = partition.lineage.parents.first().copied().unwrap_or(0);
    let Some((parent, key)) = partitioned(names, parent) else { return Vec::new() };
    let mut all = of_partition(names, parent);
    let quals = Quals { names, parent, key };
    all.extend(quals.of_bound(bound));
    let map = ColumnMap::new(parent, partition);
    all.into_iter().map(|expr| map.translate(expr)).collect()
}

struct Quals<'q> {
    names: &'q Names<'q>,
    parent: &'q Relation,
    key: &'q PartitionKey,
}

impl Quals<'_> {
    fn of_bound(&self, bound: &PartitionBound) -> Vec<Expr> {
        match (bound, self.key.strategy) {
            (PartitionBound::List(values), _) => self.list(values),
            (PartitionBound::Range(from, to), _) => {
                let mut all = self.not_null();
                all.extend(self.range(from, to));
                all
            }
            (PartitionBound::Hash { modulus, remainder }, _) => {
                vec![self.hash(*modulus, *remainder)]
            }
            (PartitionBound::Default, Strategy::List) => self.default_of_list(),
            (PartitionBound::Default, _) => self.default_of_range(),
        }
    }

    /// The bounds of the parent's other partitions.
    fn others(&self) -> Vec<PartitionBound> {
        let children = self.names.catalog.children_of(self.parent);
        let bounds = children.iter().filter_map(|child| child.lineage.bound.clone());
        bounds.filter(|bound| *bound != PartitionBound::Default).collect()
    }

    fn default_of_list(&self) -> Vec<Expr> {
        let lists = self.others().into_iter().flat_map(|bound| match bound {
            PartitionBound::List(values) => values,
            _ => Vec::new(),
        });
        let mut values: Vec<Datum> = lists.collect();
        if values.is_empty() {
            return Vec::new();
        }
        let types = key_types(self.names.catalog, self.key);
        values.sort_by(|a, b| match (a.is_null(), b.is_null()) {
            (false, false) => compare(types[0], a, b),
            (a, b) => a.cmp(&b),
        });
        vec![not(all_of(self.list(&values)))]
    }

    fn default_of_range(&self) -> Vec<Expr> {
        let arms = self.others().into_iter().map(|bound| match bound {
            PartitionBound::Range(from, to) => all_of(self.range(&from, &to)),
            _ => Expr::constant(Datum::Bool(true), oids::BOOL),
        });
        let arms: Vec<Expr> = arms.collect();
        if arms.is_empty() {
            return Vec::new();
        }
        let mut taken = self.not_null();
        taken.push(any_of(arms));
        vec![not(all_of(taken))]
    }

    fn not_null(&self) -> Vec<Expr> {
        self.key.columns.iter().map(|column| null_test(column, false)).collect()
    }

    fn list(&self, values: &[Datum]) -> Vec<Expr> {
        let column = &self.key.columns[0];
        let present: Vec<&Datum> = values.iter().filter(|value| !value.is_null()).collect();
        let equal = (!present.is_empty()).then(|| self.equals_any(column, &present));
        match (values.len() > present.len(), equal) {
            (false, equal) => std::iter::once(null_test(column, false)).chain(equal).collect(),
            (true, None) => vec![null_test(column, true)],
            (true, Some(equal)) => vec![any_of(vec![null_test(column, true), equal])],
        }
    }

    fn equals_any(&self, column: &PartitionColumn, values: &[&Datum]) -> Expr {
        let constant = |value: &&Datum| Expr::Const(self::value(column, value));
        if let [only] = values {
            return self.operation(column, EQUAL, constant(only));
        }
        let array = self.names.catalog.type_(column.type_oid).map_or(0, |t| t.array);
        if array == 0 {
            let arms = values.iter().map(|v| self.operation(column, EQUAL, constant(v)));
            return any_of(arms.collect());
        }
        let (op, func) = operator(column, EQUAL);
        Expr::ScalarArrayOp(Box::new(ScalarArrayOp {
            op,
            func,
            use_or: true,
            input_collation: column.collation,
            scalar: operand(column),
            array: Expr::Array(Box::new(ArrayExpr {
                type_oid: array,
                element_type: column.type_oid,
                collation: column.collation,
                elements: values.iter().map(constant).collect(),
                multidims: false,
                location: -1,
            })),
            location: -1,
        }))
    }

    /// `get_qual_for_range`, without the tests for NULL.
    fn range(&self, from: &[RangeEdge], to: &[RangeEdge]) -> Vec<Expr> {
        let columns = &self.key.columns;
        let mut all = Vec::new();
        let types = key_types(self.names.catalog, self.key);
        let same = |at: usize| match (&from[at], &to[at]) {
            (RangeEdge::Value(a), RangeEdge::Value(b)) => compare(types[at], a, b).is_eq(),
            _ => false,
        };
        let first = (0..columns.len()).find(|at| !same(*at)).unwrap_or(columns.len());
        for (at, edge) in from.iter().enumerate().take(first) {
            all.extend(self.edge_operation(at, EQUAL, edge));
        }
        let lower = self.arms(first, from, (GREATER, GREATER_EQUAL), &RangeEdge::MinValue);
        let upper = self.arms(first, to, (LESS, LESS_EQUAL), &RangeEdge::MaxValue);
        for arms in [lower, upper] {
            if !arms.is_empty() {
                all.push(any_of(arms));
            }
        }
        if all.is_empty() {
            all.push(Expr::constant(Datum::Bool(true), oids::BOOL));
        }
        all
    }

    /// One end of a range from the column `first` on: `a > 1 OR (a = 1 AND b >= 5)`.
    fn arms(
        &self,
        first: usize,
        edges: &[RangeEdge],
        (strict, inclusive): (i16, i16),
        open: &RangeEdge,
    ) -> Vec<Expr> {
        let is_lower = *open == RangeEdge::MinValue;
        let mut arms = Vec::new();
        for last in first..edges.len() {
            let mut arm = Vec::new();
            for (at, edge) in edges.iter().enumerate().take(last).skip(first) {
                arm.extend(self.edge_operation(at, EQUAL, edge));
            }
            let next = edges.get(last + 1);
            let strategy = match next {
                Some(next) if next == open => inclusive,
                None if is_lower => inclusive,
                _ => strict,
            };
            arm.extend(self.edge_operation(last, strategy, &edges[last]));
            if !arm.is_empty() {
                arms.push(all_of(arm));
            }
            let goes_on = matches!(edges[last], RangeEdge::Value(_))
                && matches!(next, Some(RangeEdge::Value(_)));
            if !goes_on {
                break;
            }
        }
        arms
    }

    fn edge_operation(&self, at: usize, strategy: i16, edge: &RangeEdge) -> Option<Expr> {
        let column = &self.key.columns[at];
        match edge {
            RangeEdge::Value(value) => {
                Some(self.operation(column, strategy, Expr::Const(self::value(column, value))))
            }
            RangeEdge::MinValue | RangeEdge::MaxValue => None,
        }
    }

    fn operation(&self, column: &PartitionColumn, strategy: i16, value: Expr) -> Expr {
        let (op, func) = operator(column, strategy);
        call(func, Some(op), vec![operand(column), value], column.collation)
    }

    /// `satisfies_hash_partition('16400'::oid, 4, 0, a)`.
    fn hash(&self, modulus: i32, remainder: i32) -> Expr {
        let func = builtin::procs_named("satisfies_hash_partition").next().map_or(0, |p| p.oid);
        let mut args = vec![
            Expr::constant(Datum::Oid(self.parent.oid), oids::OID),
            Expr::constant(Datum::Int4(modulus), oids::INT4),
            Expr::constant(Datum::Int4(remainder), oids::INT4),
        ];
        args.extend(self.key.columns.iter().map(PartitionColumn::as_expr));
        call(func, None, args, 0)
    }
}

/// The key's column, as its operator class takes it.
fn operand(column: &PartitionColumn) -> Expr {
    let expr = column.as_expr();
    let Some(class) = builtin::opclass(column.opclass) else { return expr };
    let polymorphic = builtin::type_(class.input_type).is_some_and(|t| t.name.starts_with("any"));
    if class.input_type == column.type_oid || polymorphic || class.input_type == oids::RECORD {
        return expr;
    }
    Expr::Relabel(Box::new(Relabel {
        arg: expr,
        type_oid: class.input_type,
        typmod: -1,
        collation: column.collation,
        form: CoercionForm::Explicit,
        location: -1,
    }))
}

/// The operator of a column's class, and its function.
fn operator(column: &PartitionColumn, strategy: i16) -> (Oid, Oid) {
    let class = builtin::opclass(column.opclass);
    let op = class.and_then(|c| builtin::amop(c.family, c.input_type, c.input_type, strategy));
    let func = op.and_then(builtin::operator).map_or(0, |op| op.proc);
    (op.unwrap_or(0), func)
}

fn call(func: Oid, op: Option<Oid>, args: Vec<Expr>, input_collation: Oid) -> Expr {
    Expr::Func(Box::new(FuncCall {
        func,
        op,
        type_oid: oids::BOOL,
        typmod: -1,
        retset: false,
        variadic: false,
        form: CoercionForm::Call,
        collation: 0,
        input_collation,
        args,
        notation: None,
        location: -1,
    }))
}

fn null_test(column: &PartitionColumn, is_null: bool) -> Expr {
    Expr::NullTest { arg: Box::new(column.as_expr()), is_null, row: false, location: -1 }
}

fn all_of(mut exprs: Vec<Expr>) -> Expr {
    if exprs.len() == 1 { exprs.remove(0) } else { Expr::Bool(BoolOp::And, exprs) }
}

fn any_of(mut exprs: Vec<Expr>) -> Expr {
    if exprs.len() == 1 { exprs.remove(0) } else { Expr::Bool(BoolOp::Or, exprs) }
}

fn not(expr: Expr) -> Expr {
    Expr::Bool(BoolOp::Not, vec![expr])
}
