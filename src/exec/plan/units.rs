//! Inner joins and the FROM list: one set of *units*, one list of conditions.
//!
//! A unit is a relation, a subquery or an outer join as a whole. Conditions on one unit go down to
//! it, the others join. [`join_order`] decides in which order and how, from what [`super::estimate`]
//! says of rows and values. A condition that cannot move (it is volatile) or is no join (a subquery
//! over several units) is tested on the joined rows.

use super::access::{comparable, is_column};
use super::cost;
use super::estimate::function_rows;
use super::from::From;
use super::join_order::{self, Condition, Graph, Lookup, Method, Set, Tree, set_of};
use super::outer_to_inner::Delayed;
use super::planner::{Built, Planner};
use super::quals::{self, Comparison, Rels};
use super::walk;
use crate::catalog::schema::{self, IndexSchema, RowKey, table_schema};
use crate::catalog::{Catalog, Relation};
use crate::error::{PgError, Result};
use crate::exec::op::JoinType;
use crate::nodes::*;
use std::sync::Arc;

/// Rows that a LATERAL item is guessed to give each time.
const LATERAL_ROWS: f64 = 100.0;

/// A set of FROM items being joined.
pub(super) struct Units<'q> {
    pub items: Vec<Unit<'q>>,
    pub conditions: Vec<Expr>,
}

pub(super) struct Unit<'q> {
    pub item: &'q FromItem,
    pub rels: Rels,
    /// Entries that it refers to laterally.
    pub needs: Rels,
}

/// A unit being joined.
struct Part<'q> {
    unit: Unit<'q>,
    /// On it alone.
    conditions: Vec<Expr>,
    /// EXISTS and IN on it alone, which its plan has in it.
    links: Vec<Expr>,
    /// Its plan, and whether that may run long; `None` for LATERAL items and what is in use.
    planned: Option<(Built, bool)>,
}

/// A condition that no join tests yet, and the entries that it refers to.
struct Pending {
    condition: Expr,
    rels: Rels,
}

/// The units of a FROM list while they are joined.
struct Joining<'q> {
    parts: Vec<Part<'q>>,
    pending: Vec<Pending>,
}

/// A key that rows of a relation can be found by.
pub(super) struct KeyLookup {
    /// Entries whose rows give the key.
    pub given: Rels,
    /// Cost of each time.
    pub cost: f64,
}

impl<'q> Units<'q> {
    /// Takes the inner joins of FROM items apart.
    pub fn of(query: &Query, items: impl Iterator<Item = &'q FromItem>) -> Units<'q> {
        let mut units = Units { items: Vec::new(), conditions: Vec::new() };
        items.for_each(|item| units.flatten(query, item));
        units
    }

    /// Takes left joins out that may be done after the joins of the units. Only where they stand
    /// among others, and where no condition joins their right side with a unit that they are not part
    /// of.
    pub fn delay(&mut self, query: &Query) -> Vec<Delayed<'q>> {
        let mut delayed = Vec::new();
        let mut at = 0;
        while at < self.items.len() && self.items.len() > 1 {
            let unit = &self.items[at];
            let FromItem::Join(join) = unit.item else {
                at += 1;
                continue;
            };
            let right = Delayed { join, rels: item_rels(&join.right) };
            let within = |c: &Expr| !right.concerns(c) || quals::rels(c).is_subset(&unit.rels);
            let is_needed = self.items.iter().any(|u| !u.needs.is_disjoint(&right.rels));
            let may_wait = join.kind == JoinKind::Left
                && lateral_needs(query, &join.right).is_empty()
                && self.conditions.iter().all(within)
                && !is_needed;
            if !may_wait {
                at += 1;
                continue;
            }
            self.items.remove(at);
            let rest = self.items.split_off(at);
            self.flatten(query, &join.left);
            self.items.extend(rest);
            delayed.push(right);
        }
        // The innermost first.
        delayed.reverse();
        delayed
    }

    fn flatten(&mut self, query: &Query, item: &'q FromItem) {
        match item {
            FromItem::Join(join) if join.kind == JoinKind::Inner => {
                self.flatten(query, &join.left);
                self.flatten(query, &join.right);
                join.on.iter().for_each(|on| quals::conjuncts(on, &mut self.conditions));
            }
            _ => {
                let (rels, needs) = (item_rels(item), lateral_needs(query, item));
                self.items.push(Unit { item, rels, needs });
            }
        }
    }
}

impl<'q> Joining<'q> {
    fn of(units: Units<'q>) -> Joining<'q> {
        let part = |unit| Part { unit, conditions: Vec::new(), links: Vec::new(), planned: None };
        let mut parts: Vec<_> = units.items.into_iter().map(part).collect();
        let mut pending = Vec::new();
        for condition in units.conditions {
            let rels = quals::rels(&condition);
            let on_one = |part: &&mut Part<'_>| rels.is_subset(&part.unit.rels);
            let movable = !rels.is_empty() && !quals::is_volatile(&condition);
            match parts.iter_mut().find(on_one).filter(|_| movable) {
                Some(part) => part.conditions.push(condition),
                None => {
                    for part in &mut parts {
                        part.conditions.extend(quals::implied_on(&condition, &part.unit.rels));
                    }
                    pending.push(Pending { condition, rels });
                }
            }
        }
        Joining { parts, pending }
    }

    /// The units that entries belong to.
    fn set(&self, rels: &Rels) -> Set {
        let parts = self.parts.iter().enumerate();
        let used = parts.filter(|(_, part)| !part.unit.rels.is_disjoint(rels));
        used.fold(0, |set, (n, _)| set | set_of(n))
    }

    /// Takes the conditions that can be tested on rows of these units.
    fn take(&mut self, left: &Tree, right: &Tree) -> Vec<Expr> {
        let mut rels = Rels::new();
        for part in [left, right].into_iter().flat_map(Tree::units) {
            rels.extend(&self.parts[part].unit.rels);
        }
        let is_now = |p: &mut Pending| {
            let is_link = quals::as_join_link(&p.condition).is_some();
            p.rels.is_subset(&rels) && !is_link && !p.rels.is_empty()
        };
        self.pending.extract_if(.., is_now).map(|p| p.condition).collect()
    }
}

impl Planner {
    pub(super) fn join_units(&mut self, from: &From<'_>, units: Units<'_>) -> Result<Built> {
        let mut joining = Joining::of(units);
        let mut links = Vec::new();
        for (n, part) in joining.parts.iter_mut().enumerate() {
            if part.unit.needs.is_empty() {
                let is_link = |c: &mut Expr| quals::as_join_link(c).is_some();
                let own: Vec<Expr> = part.conditions.extract_if(.., is_link).collect();
                let around = std::mem::replace(&mut self.long, false);
                let (built, _) = self.unit(from, part.unit.item, &part.conditions, &[])?;
                part.planned = Some((built, std::mem::replace(&mut self.long, around)));
                if !own.is_empty() {
                    links.push((n, own));
                }
            }
        }
        self.place_links(from, &mut joining, links)?;
        let graph = self.graph(from, &joining);
        let tree = join_order::order(&graph)
            .ok_or_else(|| PgError::internal("LATERAL items need each other"))?;
        let built = self.join_tree(from, &mut joining, &tree)?;
        let rest: Vec<Expr> = joining.pending.into_iter().map(|p| p.condition).collect();
        self.filter(built, &rest)
    }

    /// EXISTS and IN restrict their unit, or, where the joins leave fewer rows than it has, what is
    /// joined.
    fn place_links(
        &mut self,
        from: &From<'_>,
        joining: &mut Joining<'_>,
        links: Vec<(usize, Vec<Expr>)>,
    ) -> Result<()> {
        if links.is_empty() {
            return Ok(());
        }
        let graph = self.graph(from, joining);
        let joined = graph.rows((0..joining.parts.len()).fold(0, |set, n| set | set_of(n)));
        for (n, links) in links {
            let part = &mut joining.parts[n];
            match part.planned.take() {
                Some((built, long)) if built.rows <= joined => {
                    let around = std::mem::replace(&mut self.long, long);
                    let built = self.join_links(built, &links)?;
                    let long = std::mem::replace(&mut self.long, around);
                    let part = &mut joining.parts[n];
                    (part.planned, part.links) = (Some((built, long)), links);
                }
                planned => {
                    part.planned = planned;
                    let rels = part.unit.rels.clone();
                    let pending = |condition| Pending { condition, rels: rels.clone() };
                    joining.pending.extend(links.into_iter().map(pending));
                }
            }
        }
        Ok(())
    }

    fn join_tree(
        &mut self,
        from: &From<'_>,
        joining: &mut Joining<'_>,
        tree: &Tree,
    ) -> Result<Built> {
        let (left, right, method, rows) = match tree {
            Tree::Unit(n) => {
                let planned = joining.parts[*n].planned.take();
                let (built, long) =
                    planned.ok_or_else(|| PgError::internal("a unit used twice"))?;
                self.long |= long;
                return Ok(built);
            }
            Tree::Join { left, right, method, rows } => (&**left, &**right, *method, *rows),
        };
        // Each side first: it takes the conditions within it.
        let built = self.join_tree(from, joining, left)?;
        let joined = match (method, right) {
            (Method::Lateral, Tree::Unit(n)) => {
                let on = joining.take(left, right);
                let Part { unit, conditions, .. } = &joining.parts[*n];
                let on = [on, conditions.clone()].concat();
                self.lateral_join(from, built, unit.item, JoinType::Inner, &on)?
            }
            (Method::Lookup, Tree::Unit(n)) => {
                let on = joining.take(left, right);
                let Part { unit, conditions, .. } = &joining.parts[*n];
                let all = [conditions.as_slice(), &on].concat();
                match self.lookup_join(from, built, unit.item, JoinType::Inner, &all)? {
                    // The unit's own plan, which has its links, is not used then.
                    Ok(joined) => {
                        let links = std::mem::take(&mut joining.parts[*n].links);
                        self.join_links(joined, &links)?
                    }
                    Err(built) => {
                        let whole = self.join_tree(from, joining, right)?;
                        self.join(built, whole, JoinType::Inner, &on)?
                    }
                }
            }
            _ => {
                let whole = self.join_tree(from, joining, right)?;
                let on = joining.take(left, right);
                self.join(built, whole, JoinType::Inner, &on)?
            }
        };
        Ok(joined.with_rows(rows))
    }

    /// What the order of joins is decided by.
    fn graph(&mut self, from: &From<'_>, joining: &Joining<'_>) -> Graph {
        let unit = |part: &Part<'_>| {
            let (rows, cost) = match &part.planned {
                Some((built, _)) => (built.rows, built.cost),
                None => {
                    let rows = lateral_rows(from.query, part.unit.item);
                    (rows, rows * cost::ROW)
                }
            };
            join_order::Unit { rows, cost, needs: joining.set(&part.unit.needs) }
        };
        let units: Vec<_> = joining.parts.iter().map(unit).collect();
        let mut graph = Graph { units, ..Graph::default() };
        let joins = |p: &&Pending| quals::as_join_link(&p.condition).is_none();
        let joining_conditions: Vec<_> = joining.pending.iter().filter(joins).collect();
        for Pending { condition, rels } in &joining_conditions {
            let units = joining.set(rels);
            let rows = |e: &Expr| match joining.set(&quals::rels(e)) {
                set if set.is_power_of_two() => {
                    graph.units.get(set.trailing_zeros() as usize).map_or(1.0, |u| u.rows)
                }
                _ => f64::INFINITY,
            };
            let (selectivity, equality) = match quals::as_comparison(condition) {
                Some((Comparison::Eq, l, r)) => {
                    let mut distinct = |e| self.distinct_values(e, rows(e));
                    (1.0 / distinct(l).max(distinct(r)), is_key(l, r, joining))
                }
                _ => (self.join_guess(condition), false),
            };
            graph.conditions.push(Condition { units, selectivity, equality });
        }
        self.respect_keys(from, joining, &joining_conditions, &mut graph);
        self.add_lookups(from, joining, &joining_conditions, &mut graph);
        graph
    }

    /// Columns of one key are not independent: all of them together select one row of their table.
    fn respect_keys(
        &self,
        from: &From<'_>,
        joining: &Joining<'_>,
        conditions: &[&Pending],
        graph: &mut Graph,
    ) {
        for part in &joining.parts {
            let Some((rel, relation)) = self.plain_relation(from, part.unit.item) else { continue };
            for key in unique_keys(&self.cx.catalog, &relation) {
                let fixing = |attno: &AttrNumber| {
                    conditions.iter().position(|p| fixes(&p.condition, rel, *attno).is_some())
                };
                let Some(fixing) = key.iter().map(fixing).collect::<Option<Vec<_>>>() else {
                    continue;
                };
                let selectivity: f64 =
                    fixing.iter().map(|n| graph.conditions[*n].selectivity).product();
                let least = 1.0 / self.table_rows(&relation);
                if key.len() > 1 && selectivity < least {
                    graph.conditions[fixing[0]].selectivity *= least / selectivity;
                }
            }
        }
    }

    fn add_lookups(
        &self,
        from: &From<'_>,
        joining: &Joining<'_>,
        conditions: &[&Pending],
        graph: &mut Graph,
    ) {
        for (unit, part) in joining.parts.iter().enumerate() {
            let all: Vec<_> =
                part.conditions.iter().chain(conditions.iter().map(|p| &p.condition)).collect();
            for lookup in self.key_lookups(from, part.unit.item, &all) {
                let (given, cost) = (joining.set(&lookup.given), lookup.cost);
                if given != 0 && given & set_of(unit) == 0 {
                    graph.lookups.push(Lookup { unit, given, cost });
                }
            }
        }
    }

    /// The keys by which the conditions could find a relation's rows: each key with each number of
    /// its leading columns that have a value.
    pub(super) fn key_lookups(
        &self,
        from: &From<'_>,
        item: &FromItem,
        conditions: &[&Expr],
    ) -> Vec<KeyLookup> {
        let Some((rel, relation)) = self.any_relation(from, item) else { return Vec::new() };
        let here = |c: &&&Expr| quals::rels(c).contains(&rel);
        if conditions.iter().filter(here).any(|c| quals::has_sub_link(c)) {
            return Vec::new();
        }
        if Catalog::is_system(relation.oid) {
            let found = self.system_lookups(&relation, rel, conditions).into_iter();
            let lookup = |(value, cost)| KeyLookup { given: quals::rels(value), cost };
            return found.map(lookup).collect();
        }
        let rows = self.table_rows(&relation);
        let mut lookups = Vec::new();
        for key in scanned_keys(&self.cx.catalog, &relation) {
            let (mut given, mut found) = (Rels::new(), rows);
            for (n, attno) in (1..).zip(&key.columns) {
                let fixing = conditions.iter().filter_map(|c| fixes(c, rel, *attno));
                let Some(value) = fixing.min_by_key(|value| quals::rels(value).len()) else {
                    break;
                };
                given.extend(quals::rels(value));
                found /= self.column_distinct(&relation, *attno);
                if key.unique && n == key.columns.len() {
                    found = 1.0;
                }
                let fetch = self.fetch_cost(&relation, key.secondary);
                let cost = cost::SEARCH + found.max(1.0) * fetch;
                lookups.push(KeyLookup { given: given.clone(), cost });
            }
        }
        lookups
    }

    /// The table that a FROM item is, unless it is the catalog's own.
    fn plain_relation(
        &self,
        from: &From<'_>,
        item: &FromItem,
    ) -> Option<(RangeIndex, Arc<Relation>)> {
        self.any_relation(from, item).filter(|(_, relation)| !Catalog::is_system(relation.oid))
    }

    /// The same, the catalog's own included.
    fn any_relation(
        &self,
        from: &From<'_>,
        item: &FromItem,
    ) -> Option<(RangeIndex, Arc<Relation>)> {
        let FromItem::Range(rel) = item else { return None };
        let RangeSource::Relation { oid } = from.query.range(*rel).source else { return None };
        let relation = self.cx.catalog.relation(oid)?;
        relation.sequence.is_none().then(|| (*rel, relation.clone()))
    }
}

impl Tree {
    /// The units that it joins.
    fn units(&self) -> Vec<usize> {
        match self {
            Tree::Unit(n) => vec![*n],
            Tree::Join { left, right, .. } => [left.units(), right.units()].concat(),
        }
    }
}

/// Rows that an item which cannot be planned yet gives each time.
fn lateral_rows(query: &Query, item: &FromItem) -> f64 {
    let FromItem::Range(rel) = item else { return LATERAL_ROWS };
    match &query.range(*rel).source {
        RangeSource::Function { functions, .. } => function_rows(functions),
        RangeSource::Values { rows, .. } => rows.len() as f64,
        _ => LATERAL_ROWS,
    }
}

/// Whether an equality of these can be a hash join's key: each side is of units of its own.
fn is_key(left: &Expr, right: &Expr, joining: &Joining<'_>) -> bool {
    let (l, r) = (joining.set(&quals::rels(left)), joining.set(&quals::rels(right)));
    let keyed = quals::key_type(left.type_oid(), right.type_oid()).is_some();
    keyed && l != 0 && r != 0 && l & r == 0
}

/// What a condition says a column is equal to, if it does: a value that does not depend on the
/// column's own relation.
pub(super) fn fixes(condition: &Expr, rel: RangeIndex, attno: AttrNumber) -> Option<&Expr> {
    let (Comparison::Eq, left, right) = quals::as_comparison(condition)? else { return None };
    [(left, right), (right, left)].into_iter().find_map(|(column, value)| {
        let usable = is_column(column, rel, attno)
            && comparable(column.type_oid(), value.type_oid())
            && !quals::rels(value).contains(&rel)
            && !quals::is_volatile(value);
        usable.then_some(value)
    })
}

/// A key that scans of a relation can use.
pub(super) struct ScannedKey {
    pub columns: Vec<AttrNumber>,
    /// No two rows have the same values in all of the columns.
    unique: bool,
    /// An index beside the rows.
    secondary: bool,
}

pub(super) fn scanned_keys(catalog: &Catalog, relation: &Arc<Relation>) -> Vec<ScannedKey> {
    let schema = table_schema(catalog, relation);
    let mut keys = Vec::new();
    if let RowKey::Primary { columns, .. } = &schema.key {
        let columns = columns.iter().map(|c| i16::try_from(c.at + 1).unwrap_or(0)).collect();
        keys.push(ScannedKey { columns, unique: true, secondary: false });
    }
    let by_values = |index: &&Arc<IndexSchema>| {
        index.info().predicate.is_none()
            && matches!(index.method, schema::Method::Ordered | schema::Method::Equality)
    };
    for index in schema.indexes.iter().filter(by_values) {
        let plain = index.key_columns().iter().take_while(|c| c.expr.is_none());
        let columns: Vec<_> = plain.map(|c| c.attno).collect();
        let unique = index.info().unique && columns.len() == index.key_columns().len();
        keys.push(ScannedKey { columns, unique, secondary: true });
    }
    keys
}

/// The columns of each key that no two rows have in common.
fn unique_keys(catalog: &Catalog, relation: &Relation) -> Vec<Vec<AttrNumber>> {
    let infos = catalog.indexes_of(relation).filter_map(|index| index.index.as_ref());
    let unique = infos.filter(|info| info.unique && info.predicate.is_none());
    let plain =
        unique.filter(|info| info.columns[..info.key_count].iter().all(|c| c.expr.is_none()));
    plain.map(|info| info.columns[..info.key_count].iter().map(|c| c.attno).collect()).collect()
}

pub(super) fn item_rels(item: &FromItem) -> Rels {
    match item {
        FromItem::Range(rel) => Rels::from([*rel]),
        FromItem::Join(join) => {
            let mut rels = item_rels(&join.left);
            rels.extend(item_rels(&join.right));
            rels
        }
    }
}

/// Entries of the same query, outside the item, that its LATERAL parts refer to.
pub(super) fn lateral_needs(query: &Query, item: &FromItem) -> Rels {
    let own = item_rels(item);
    let mut needs = Rels::new();
    let mut note = |e: &Expr, depth: u32| {
        if let Expr::Var(v) = e
            && v.level == depth
            && !own.contains(&v.rel)
            && v.rel != SUBLINK_RANGE
        {
            needs.insert(v.rel);
        }
    };
    for rel in &own {
        match &query.range(*rel).source {
            RangeSource::Subquery { query, .. } => walk::deep_query(query, 1, &mut note),
            RangeSource::Function { functions, .. } => {
                functions.iter().for_each(|f| walk::deep(&f.call, 0, &mut note));
            }
            RangeSource::Values { rows, .. } => {
                rows.iter().flatten().for_each(|e| walk::deep(e, 0, &mut note));
            }
            _ => {}
        }
    }
    needs
}
