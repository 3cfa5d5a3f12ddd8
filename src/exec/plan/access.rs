//! How to read one relation: which key range, which index, which columns.
//!
//! Conditions of the form `column op value`, where the value is known before the scan (constants,
//! parameters, and columns of rows that an index join already has), become bounds of the primary key
//! or of an index: equalities on its leading columns, then one `= ANY` or one range. What a point or
//! an equality bound states exactly is not tested again; everything else stays a condition.

use super::cost;
use super::implied;
use super::planner::{Built, Planner};
use super::quals::{self, Comparison};
use crate::catalog::schema::{
    IndexSchema, Method, RowKey, TableSchema, has_byte_order, table_schema,
};
use crate::catalog::{IndexColumn, Relation, builtin, is_index_shown};
use crate::error::{PgError, Result, code};
use crate::exec::expr::{Node, Program};
use crate::exec::scan::{
    Bounds, CurrentOfScan, IndexBounds, IndexScan, InvertedKey, InvertedScan, KeyValue,
    RangeSearch, ScanColumn, SequenceScan, Source, TableScan,
};
use crate::exec::{KEY_ATTNO, KEY_TABLE_ATTNO, Layout, SEQ_ATTNO};
use crate::nodes::{
    AttrNumber, DELETED_COLUMN, Expr, RangeIndex, SEQ_COLUMN, TABLE_OID_COLUMN, UPDATED_COLUMN,
    Var, XMIN_COLUMN,
};
use crate::types::inverted::Parts;
use crate::types::{Oid, oids, range};
use std::collections::BTreeSet;
use std::sync::Arc;

/// An order that a scan could give: column, descending, nulls first.
pub(super) type WantedOrder = [(AttrNumber, bool, bool)];

/// A relation to read.
pub(super) struct Access<'a> {
    pub rel: RangeIndex,
    pub relation: &'a Arc<Relation>,
    /// Columns needed, hidden ones included.
    pub columns: &'a BTreeSet<AttrNumber>,
    /// Conditions on it alone, or also on `outer`'s columns where it is the inner side of a join.
    pub conditions: &'a [Expr],
    /// Without the tables that inherit from it.
    pub only: bool,
    /// The row that the inner side of an index join sees.
    pub outer: Option<&'a Arc<Layout>>,
    pub order: &'a WantedOrder,
    /// The query names `_deleted` of it.
    pub with_deleted: bool,
    /// The number of rows matters enough to try the conditions on a sample.
    pub sampled: bool,
}

/// A possible access path.
struct Path {
    index: Option<Arc<IndexSchema>>,
    bounds: Bounds,
    /// What an inverted index is asked for instead.
    inverted: Vec<InvertedKey>,
    /// What an index on ranges is asked for instead.
    ranges: Option<RangeSearch>,
    /// Conditions that the bounds state exactly.
    exact: Vec<usize>,
    /// Those, and the ones that limit the bounds.
    used: Vec<usize>,
    point: bool,
    /// All columns of a unique index are given.
    unique: bool,
    /// Estimated part of the table's rows.
    selectivity: f64,
    /// It gives the wanted order, reading backward or not.
    order: Option<bool>,
}

impl Path {
    /// What it costs, where reading the whole table costs 1: an entry costs a get besides.
    fn cost(&self) -> f64 {
        let gets = if self.index.is_some() { 4.0 } else { 1.0 };
        if self.point { 0.0 } else { self.selectivity * gets }
    }
}

/// A key column, of the primary key or of an index.
#[derive(Clone, Copy)]
struct Column {
    attno: AttrNumber,
    type_oid: Oid,
    /// What its keys are of: the type, or the comparison type under a collation.
    key_type: Oid,
    collation: Oid,
    /// Its keys are in the order of the collation.
    is_ordered: bool,
    /// The table's column has the same collation.
    is_plain: bool,
    descending: bool,
    nulls_first: bool,
}

/// What a relation is read by.
pub(super) struct Found {
    pub built: Built,
    /// The rows come in the wanted order.
    pub ordered: bool,
    /// At least one bound restricts the scan.
    pub by_key: bool,
}

impl Planner {
    pub(super) fn access(&mut self, access: &Access<'_>) -> Result<Found> {
        let relation = access.relation;
        if let Some(found) = self.family(access)? {
            return Ok(found);
        }
        self.level().relations.insert(access.rel, relation.clone());
        if let Some(found) = self.special(access)? {
            return Ok(found);
        }
        let schema = table_schema(&self.catalog(), relation);
        match schema.retention_us {
            // Who changes or locks rows, and so asks for their version, has to do with living ones only.
            Some(retention_us) if access.with_deleted && !access.columns.contains(&SEQ_ATTNO) => {
                self.with_deleted(access, schema, retention_us)
            }
            _ => self.living(access, schema),
        }
    }

    /// The rows there are.
    pub(super) fn living(
        &mut self,
        access: &Access<'_>,
        schema: Arc<TableSchema>,
    ) -> Result<Found> {
        let relation = access.relation;
        let rows = self.table_rows(relation);
        if let Some(cursor) = access.conditions.iter().find_map(current_of) {
            return self.by_cursor(access, schema, cursor);
        }
        let searched = implied::with_implied(access.conditions);
        let path = self.best_path(&Access { conditions: &searched, ..*access }, &schema, rows)?;
        self.long |= !path.point && !path.unique;
        let layout = Arc::new(layout_of(access));
        let mut conditions = Vec::new();
        for (n, condition) in access.conditions.iter().enumerate() {
            if !path.exact.contains(&n) {
                conditions.push(self.inner_condition(condition, access, &layout)?);
            }
        }
        let selectivity = match access.sampled {
            true => self.selectivity(access),
            false => access.conditions.iter().map(|c| self.guess(c, access)).product(),
        };
        let read = (rows * path.selectivity).max(1.0);
        let fetch = match path.index.is_some() {
            true => self.fetch_cost(relation, true),
            false if path.bounds.is_whole() => cost::SCAN,
            false => cost::SCAN + self.cold_share(relation) * cost::COLD_NEXT,
        };
        let is_cold = path.bounds.is_whole()
            && path.index.is_none()
            && rows * self.cold_share(relation) >= cost::COLD_ROWS_MIN;
        let start = match path.index.is_none() && !path.bounds.is_whole() {
            _ if is_cold => cost::COLD_START,
            true => self.cold_share(relation) * cost::COLD_FETCH,
            false => 0.0,
        };
        let cost = cost::SEARCH + start + read * fetch;
        let columns =
            access.columns.iter().map(|a| scan_column(*a, relation)).collect::<Result<_>>()?;
        let source = Arc::new(Source { schema, columns, conditions });
        let (ordered, by_key) = (path.order.is_some(), path.selectivity < 1.0);
        let backward = path.order.unwrap_or(false);
        let bounds = Arc::new(path.bounds);
        let is_inverted = !path.inverted.is_empty();
        let single = path.point || path.unique;
        let rows = if single { 1.0 } else { rows * selectivity };
        let built = match path.index {
            None => {
                let point = path.point;
                let scan = TableScan { source, bounds, point, backward, ordered, rows: read };
                Built::new(scan, layout, rows, cost)
            }
            Some(index) if !path.inverted.is_empty() => {
                let keys = Arc::new(path.inverted);
                Built::new(InvertedScan { source, index, keys }, layout, rows, cost)
            }
            Some(index) => {
                let bounds = match path.ranges {
                    Some(search) => IndexBounds::Ranges(Arc::new(search)),
                    None => IndexBounds::Columns(bounds),
                };
                Built::new(IndexScan { source, index, bounds, backward }, layout, rows, cost)
            }
        };
        let noted = |used: bool| {
            let of = |(n, _): &(usize, &Expr)| used == path.used.contains(n);
            let all = if used { &*searched } else { access.conditions };
            let conditions = all.iter().enumerate().filter(of);
            conditions.map(|(_, condition)| condition.clone()).collect::<Vec<_>>()
        };
        let label = if is_inverted { "Recheck Cond" } else { "Index Cond" };
        let index = self.condition_note(label, &noted(true));
        let filter = self.condition_note("Filter", &noted(false));
        let built = self.called(built, access).noted(index).noted(filter);
        Ok(Found { built, ordered, by_key })
    }

    /// The row that a cursor stands on.
    fn by_cursor(
        &mut self,
        access: &Access<'_>,
        schema: Arc<TableSchema>,
        cursor: &str,
    ) -> Result<Found> {
        let layout = Arc::new(layout_of(access));
        let relation = access.relation;
        let columns =
            access.columns.iter().map(|a| scan_column(*a, relation)).collect::<Result<_>>()?;
        let conditions = access.conditions.iter();
        let conditions =
            conditions.map(|c| self.inner_condition(c, access, &layout)).collect::<Result<_>>()?;
        let source = Arc::new(Source { schema, columns, conditions });
        let scan = CurrentOfScan { source, cursor: cursor.into() };
        let built = Built::new(scan, layout, 1.0, cost::SEARCH);
        Ok(Found { built, ordered: true, by_key: true })
    }

    /// Relations that are not tables.
    fn special(&mut self, access: &Access<'_>) -> Result<Option<Found>> {
        let relation = access.relation;
        if crate::catalog::Catalog::is_system(relation.oid) {
            return self.system_relation(access).map(Some);
        }
        if relation.sequence.is_none() {
            return Ok(None);
        }
        let layout = Arc::new(layout_of(access));
        let filter = access.conditions.iter();
        let filter: Result<Vec<_>> =
            filter.map(|c| self.inner_condition(c, access, &layout)).collect();
        let column =
            |attno: &AttrNumber| usize::try_from(*attno).ok().and_then(|a| a.checked_sub(1));
        let scan = SequenceScan {
            relation: relation.clone(),
            filter: Arc::new(filter?),
            columns: Arc::new(access.columns.iter().map(column).collect()),
        };
        let built = Built::new(scan, layout, 1.0, cost::ROW);
        let note = self.condition_note("Filter", access.conditions);
        let built = self.called(built, access).noted(note);
        Ok(Some(Found { built, ordered: false, by_key: false }))
    }

    /// A condition over the scan's own row; parts that belong to the outer row become outer values.
    pub(super) fn inner_condition(
        &mut self,
        condition: &Expr,
        access: &Access<'_>,
        layout: &Arc<Layout>,
    ) -> Result<Program> {
        let Some(outer) = access.outer else { return self.compile(condition, layout) };
        let condition = self.outer_columns(condition, outer, Some(access.rel))?;
        self.compile(&condition, layout)
    }

    /// The expression with columns of `outer`'s rows as outer values; those of `inner` stay.
    pub(super) fn outer_columns(
        &mut self,
        expr: &Expr,
        outer: &Arc<Layout>,
        inner: Option<RangeIndex>,
    ) -> Result<Expr> {
        let mut expr = expr.clone();
        let mut error = None;
        super::walk::deep_mut(&mut expr, 0, &mut |e, depth| {
            if let Expr::Var(v) = e
                && v.level == depth
                && Some(v.rel) != inner
                && v.rel != crate::nodes::SUBLINK_RANGE
            {
                let raised = super::walk::raise(e, depth);
                match self.capture(&raised, outer) {
                    // A parameter above the statement's own stands for an outer value.
                    Ok(number) => *e = outer_param(number, &raised),
                    Err(e) => error = Some(e),
                }
            }
        });
        match error {
            Some(error) => Err(error),
            None => Ok(expr),
        }
    }

    fn best_path(
        &mut self,
        access: &Access<'_>,
        schema: &Arc<TableSchema>,
        rows: f64,
    ) -> Result<Path> {
        let primary: Vec<Column> = match &schema.key {
            RowKey::Primary { columns, .. } => columns
                .iter()
                .map(|c| {
                    let collation = schema.relation.columns[c.at].collation;
                    Column {
                        attno: i16::try_from(c.at + 1).unwrap_or(0),
                        type_oid: c.type_oid,
                        key_type: c.type_oid,
                        collation,
                        is_ordered: self.cx.catalog.is_bytewise(collation),
                        is_plain: true,
                        descending: false,
                        nulls_first: false,
                    }
                })
                .collect(),
            RowKey::RowId => Vec::new(),
        };
        let mut best = self.path(access, &primary, None)?;
        best.point = !primary.is_empty() && best.bounds.is_point(primary.len());
        for index in &schema.indexes {
            if index.info().predicate.is_some()
                || index.unusable.is_some()
                || !is_index_shown(&self.cx.txn, &schema.relation, &index.relation)?
            {
                continue;
            }
            if let Method::Inverted(parts) = &index.method {
                let path = self.inverted_path(access, index, parts)?;
                best = path.filter(|path| path.cost() < best.cost()).unwrap_or(best);
                continue;
            }
            if index.method == Method::Ranges {
                let path = self.range_path(access, index)?;
                best = path.filter(|path| path.cost() < best.cost()).unwrap_or(best);
                continue;
            }
            let columns: Vec<Column> = index
                .key_columns()
                .iter()
                .zip(&index.key_types)
                .take_while(|(c, _)| c.expr.is_none())
                .map(|(c, key_type)| Column {
                    attno: c.attno,
                    type_oid: c.type_oid,
                    key_type: *key_type,
                    collation: c.collation,
                    is_ordered: !has_byte_order(c) || self.cx.catalog.is_bytewise(c.collation),
                    is_plain: self.cx.catalog.compares_alike(
                        c.collation,
                        schema.relation.column(c.attno).collation,
                        false,
                    ),
                    descending: c.descending,
                    nulls_first: c.nulls_first,
                })
                .collect();
            let mut path = self.path(access, &columns, Some(index.clone()))?;
            let full = path.bounds.is_point(index.key_columns().len());
            if full && index.info().unique {
                path.selectivity = 1.0 / rows;
                path.unique = true;
            }
            if index.method == Method::Equality {
                path.order = None;
                if !full && path.bounds.any.is_none() {
                    continue;
                }
            }
            // An order is worth a sort of few rows only.
            let cost = |p: &Path| {
                let sorts = if p.order.is_none() && !access.order.is_empty() { 2.0 } else { 1.0 };
                p.cost() * sorts
            };
            let useful = path.selectivity < 1.0 || path.order.is_some();
            if useful && cost(&path) < cost(&best) {
                best = path;
            }
        }
        Ok(best)
    }

    /// The path by an inverted index; `None`: no condition is on it.
    fn inverted_path(
        &mut self,
        access: &Access<'_>,
        index: &Arc<IndexSchema>,
        parts: &[Parts],
    ) -> Result<Option<Path>> {
        let (mut inverted, mut used, mut selectivity) = (Vec::new(), Vec::new(), 1.0);
        for (n, condition) in access.conditions.iter().enumerate() {
            for (at, (column, parts)) in index.key_columns().iter().zip(parts).enumerate() {
                let operator = |op| parts.operator(op);
                let searched = self.searched(condition, access, column, operator);
                let Some((operator, value)) = searched else { continue };
                let value = self.key_program(value, access)?;
                inverted.push(InvertedKey { column: at, parts: *parts, operator, value });
                used.push(n);
                selectivity *= SEARCH_SELECTIVITY;
                break;
            }
        }
        Ok((!used.is_empty()).then(|| Path {
            index: Some(index.clone()),
            bounds: Bounds::default(),
            inverted,
            ranges: None,
            exact: Vec::new(),
            used,
            point: false,
            unique: false,
            selectivity,
            order: None,
        }))
    }

    /// The path by an index on ranges; `None`: no condition is on it.
    fn range_path(
        &mut self,
        access: &Access<'_>,
        index: &Arc<IndexSchema>,
    ) -> Result<Option<Path>> {
        let column = &index.key_columns()[0];
        for (n, condition) in access.conditions.iter().enumerate() {
            let of = range::search::Operator::of;
            let Some((operator, value)) = self.searched(condition, access, column, of) else {
                continue;
            };
            let value = self.key_program(value, access)?;
            return Ok(Some(Path {
                index: Some(index.clone()),
                bounds: Bounds::default(),
                inverted: Vec::new(),
                ranges: Some(RangeSearch { operator, value }),
                exact: Vec::new(),
                used: vec![n],
                point: false,
                unique: false,
                selectivity: SEARCH_SELECTIVITY,
                order: None,
            }));
        }
        Ok(None)
    }

    /// What an index's column is asked for by a condition, if `operator` knows it, and the value.
    fn searched<'e, T>(
        &self,
        condition: &'e Expr,
        access: &Access<'_>,
        column: &IndexColumn,
        operator: impl Fn(Oid) -> Option<T>,
    ) -> Option<(T, &'e Expr)> {
        let Expr::Func(call) = condition else { return None };
        let ([left, right], op) = (call.args.as_slice(), call.op?) else { return None };
        let commuted = || builtin::operator(op).map(|op| op.commutator).filter(|op| *op != 0);
        let sides = [(Some(op), left, right), (commuted(), right, left)];
        sides.into_iter().find_map(|(op, ours, value)| {
            let operator = operator(op?)?;
            let is_ours = match &column.expr {
                Some(expr) => same_expression(expr, ours, access.rel),
                None => is_column(ours, access.rel, column.attno),
            };
            (is_ours && self.known_before(value, access)).then_some((operator, value))
        })
    }

    /// The path by one key.
    fn path(
        &mut self,
        access: &Access<'_>,
        columns: &[Column],
        index: Option<Arc<IndexSchema>>,
    ) -> Result<Path> {
        let mut bounds = Bounds::default();
        let (mut exact, mut used) = (Vec::new(), Vec::new());
        let mut selectivity = 1.0;
        let mut at = 0;
        while let Some(column) = columns.get(at) {
            let Some((n, value)) = self.equality(access, column)? else { break };
            bounds.equal.push(key_value(value, column));
            exact.push(n);
            selectivity /= self.column_distinct(access.relation, column.attno);
            at += 1;
        }
        if let Some(column) = columns.get(at) {
            if let Some((n, value)) = self.membership(access, column)? {
                bounds.any = Some(key_value(value, column));
                exact.push(n);
                selectivity *= self.guess(&access.conditions[n], access);
            } else {
                selectivity *= self.limits(access, column, &mut bounds, &mut used)?;
            }
        }
        used.extend_from_slice(&exact);
        let order = match bounds.any {
            Some(_) => None,
            None => gives_order(columns, at, access.order),
        };
        Ok(Path {
            index,
            bounds,
            inverted: Vec::new(),
            ranges: None,
            exact,
            used,
            point: false,
            unique: false,
            selectivity,
            order,
        })
    }

    /// A condition `column = value`.
    fn equality(
        &mut self,
        access: &Access<'_>,
        column: &Column,
    ) -> Result<Option<(usize, Program)>> {
        for (n, condition) in access.conditions.iter().enumerate() {
            let found = self.sargable(condition, access, column.wanted());
            if let Some((Comparison::Eq, value)) = found {
                return Ok(Some((n, self.key_program(value, access)?)));
            }
        }
        Ok(None)
    }

    /// A condition `column = ANY (array)`.
    fn membership(
        &mut self,
        access: &Access<'_>,
        column: &Column,
    ) -> Result<Option<(usize, Program)>> {
        for (n, condition) in access.conditions.iter().enumerate() {
            let Expr::ScalarArrayOp(s) = condition else { continue };
            let element = self.catalog().element_of(s.array.type_oid()).unwrap_or(0);
            let collation = quals::as_membership(s);
            let alike = |of| self.cx.catalog.compares_alike(of, column.collation, true);
            let usable = collation.is_some_and(alike)
                && is_column(&s.scalar, access.rel, column.attno)
                && comparable(column.type_oid, element)
                && self.known_before(&s.array, access);
            if usable {
                return Ok(Some((n, self.key_program(&s.array.clone(), access)?)));
            }
        }
        Ok(None)
    }

    /// Limits of a column, and the conditions `used`; gives their estimated selectivity. The conditions stay tested: a limit
    /// does not exclude NULLs.
    fn limits(
        &mut self,
        access: &Access<'_>,
        column: &Column,
        bounds: &mut Bounds,
        used: &mut Vec<usize>,
    ) -> Result<f64> {
        let mut selectivity = 1.0;
        if !column.is_ordered {
            return Ok(selectivity);
        }
        for (n, condition) in access.conditions.iter().enumerate() {
            let found = self.sargable(condition, access, column.wanted());
            let Some((comparison, value)) = found else { continue };
            let is_int = |t| matches!(t, oids::INT2 | oids::INT4 | oids::INT8);
            if value.type_oid() != column.type_oid && is_int(column.type_oid) {
                continue;
            }
            let (low, inclusive) = match comparison {
                Comparison::Eq => continue,
                Comparison::Gt => (true, false),
                Comparison::Ge => (true, true),
                Comparison::Le => (false, true),
                Comparison::Lt => (false, false),
            };
            let slot = match low != column.descending {
                true => &mut bounds.low,
                false => &mut bounds.high,
            };
            if slot.is_none() {
                let program = self.key_program(value, access)?;
                *slot = Some((key_value(program, column), inclusive));
                used.push(n);
                selectivity *= 0.3;
            }
        }
        Ok(selectivity)
    }

    /// The comparison of a column, by its number, type and collation, with a value known before the scan, if
    /// the condition is one.
    pub(super) fn sargable<'e>(
        &self,
        condition: &'e Expr,
        access: &Access<'_>,
        (attno, type_oid, own_collation): (AttrNumber, Oid, Oid),
    ) -> Option<(Comparison, &'e Expr)> {
        let (comparison, left, right, collation) = quals::as_collated_comparison(condition)?;
        let equality = comparison == Comparison::Eq;
        if !self.cx.catalog.compares_alike(collation, own_collation, equality) {
            return None;
        }
        let sides = [(comparison, left, right), (comparison.flipped(), right, left)];
        sides.into_iter().find_map(|(comparison, ours, value)| {
            let usable = is_column(ours, access.rel, attno)
                && comparable(type_oid, value.type_oid())
                && self.known_before(value, access);
            usable.then_some((comparison, value))
        })
    }

    /// Whether the value does not depend on the relation's row.
    pub(super) fn known_before(&self, value: &Expr, access: &Access<'_>) -> bool {
        let rels = quals::rels(value);
        let reachable = match access.outer {
            Some(outer) => rels.iter().all(|rel| outer.contains_rel(*rel)),
            None => rels.is_empty(),
        };
        reachable && !quals::is_volatile(value)
    }

    /// The program of a key value: over no row, with outer columns as outer values.
    pub(super) fn key_program(&mut self, value: &Expr, access: &Access<'_>) -> Result<Program> {
        let empty = Arc::new(Layout::default());
        match access.outer {
            Some(outer) if !quals::rels(value).is_empty() => {
                let number = self.capture(value, outer)?;
                Ok(Program::new(Node::Outer(number), self.stand_in(value.type_oid())))
            }
            _ => self.compile(value, &empty),
        }
    }
}

/// Rows that a search of an inverted index is guessed to find (`DEFAULT_MATCHING_SEL`).
const SEARCH_SELECTIVITY: f64 = 0.01;

/// Whether an expression is an index's, which is over range table entry 1.
fn same_expression(of_index: &Expr, expr: &Expr, rel: RangeIndex) -> bool {
    let mut moved = of_index.clone();
    moved.map_vars(0, &|var| Some(Expr::Var(Var { rel, ..var.clone() })));
    moved.same(expr)
}

/// A placeholder that the compiler turns into an outer value.
fn outer_param(number: usize, like: &Expr) -> Expr {
    let id = crate::exec::expr::OUTER_PARAM_BASE + u32::try_from(number).unwrap_or(0);
    Expr::Param(crate::nodes::Param {
        id,
        type_oid: like.type_oid(),
        typmod: like.typmod(),
        collation: 0,
        location: -1,
    })
}

impl Column {
    /// As [`Planner::sargable`] has it.
    fn wanted(&self) -> (AttrNumber, Oid, Oid) {
        (self.attno, self.type_oid, self.collation)
    }
}

fn key_value(value: Program, column: &Column) -> KeyValue {
    let Column { key_type: type_oid, descending, nulls_first, .. } = *column;
    KeyValue { value, type_oid, descending, nulls_first }
}

/// Whether an expression is this column, or it relabelled.
pub(super) fn is_column(expr: &Expr, rel: RangeIndex, attno: AttrNumber) -> bool {
    match expr {
        Expr::Var(v) => v.level == 0 && v.rel == rel && v.attno == attno,
        Expr::Relabel(r) => is_column(&r.arg, rel, attno),
        _ => false,
    }
}

/// Whether a key column of one type finds values of another by their keys.
pub(super) fn comparable(column: Oid, value: Oid) -> bool {
    match quals::key_type(column, value) {
        Some(quals::KeyType::Same(_) | quals::KeyType::Int8) => true,
        Some(quals::KeyType::Float8) | None => false,
    }
}

/// The cursor of WHERE CURRENT OF.
pub(super) fn current_of(condition: &Expr) -> Option<&str> {
    match condition {
        Expr::CurrentOf { cursor, .. } => Some(cursor),
        _ => None,
    }
}

/// Whether rows in the order of `columns`, the first `fixed` of which have one value, are in the
/// wanted order: `Some(backward)`.
fn gives_order(columns: &[Column], fixed: usize, wanted: &WantedOrder) -> Option<bool> {
    if wanted.is_empty() {
        return None;
    }
    let mut backward = None;
    let mut at = 0;
    for (attno, descending, nulls_first) in wanted {
        if columns[..fixed.min(columns.len())].iter().any(|c| c.attno == *attno) {
            continue;
        }
        if at < fixed {
            at = fixed;
        }
        let column = columns.get(at).filter(|c| c.attno == *attno && c.is_ordered && c.is_plain)?;
        let turned = column.descending != *descending;
        // Reading backward turns the NULLs around, too.
        if (column.nulls_first != turned) != *nulls_first || backward.is_some_and(|b| b != turned) {
            return None;
        }
        backward = Some(turned);
        at += 1;
    }
    Some(backward.unwrap_or(false))
}

pub(super) fn layout_of(access: &Access<'_>) -> Layout {
    let mut layout = Layout::of(access.columns.iter().map(|attno| (access.rel, *attno)));
    let columns = access.relation.live_columns().map(|c| (c.type_oid, c.attno));
    layout.set_whole_row(access.rel, &columns.collect::<Vec<_>>());
    layout
}

/// System columns by PostgreSQL's attribute numbers; ours for the storage key and `_seq`.
pub(super) fn scan_column(attno: AttrNumber, relation: &Relation) -> Result<ScanColumn> {
    Ok(match attno {
        1.. => ScanColumn::Stored(usize::from(attno.unsigned_abs()) - 1),
        KEY_ATTNO => ScanColumn::Key,
        SEQ_ATTNO => ScanColumn::Seq,
        SEQ_COLUMN => ScanColumn::CommitSeq,
        UPDATED_COLUMN => ScanColumn::Updated,
        DELETED_COLUMN => ScanColumn::Deleted,
        TABLE_OID_COLUMN | KEY_TABLE_ATTNO => ScanColumn::TableOid(relation.oid),
        XMIN_COLUMN => ScanColumn::Xid,
        // cmin, xmax, cmax: rows here have neither deleters nor command numbers.
        -5..=-3 => ScanColumn::NoXid,
        _ => {
            let message = "this system column is not supported";
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
        }
    })
}
