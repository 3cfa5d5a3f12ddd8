//! A table with descendants: its rows and theirs, one table after the other.
//!
//! Each member of the family is read for itself, so that its own keys and indexes count, its cold rows
//! are pruned by its own segments, and each of its rows knows its table. Conditions and columns are
//! translated to the member's numbers, and its rows brought into the order of the table named in the
//! query, whose numbers the rest of the plan goes by.
//!
//! Partitions that conditions on the key leave out are not planned, or, where values are known only
//! when the plan runs, not read.

use super::access::{Access, Found, is_column, layout_of};
use super::cost;
use super::planner::{Built, Planner};
use super::quals::{self, Comparison};
use super::walk;
use crate::catalog::{Catalog, ColumnMap, PartitionKey, Relation};
use crate::error::{PgError, Result};
use crate::exec::Layout;
use crate::exec::expr::Program;
use crate::exec::op::{Append, Project, Pruned, Values};
use crate::exec::partition::{Compares, KeyCondition, Pruning, Router};
use crate::nodes::{Expr, RangeEntry, RangeIndex, RangeSource};
use crate::types::Oid;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Whether an entry of the range table stands for more tables than the one it names.
pub(super) fn has_family(entry: &RangeEntry, catalog: &Catalog) -> bool {
    let RangeSource::Relation { oid } = entry.source else { return false };
    let partitioned = || catalog.relation(oid).is_some_and(|table| table.is_partitioned());
    !entry.only && (!catalog.children(oid).is_empty() || partitioned())
}

/// Members of a family to read, and for partitions their positions in the order of bounds.
struct Members {
    tables: Vec<Arc<Relation>>,
    positions: Vec<usize>,
    pruning: Option<Pruning>,
}

impl Planner {
    /// Reads a table with what inherits from it; `None`: it stands for itself alone.
    pub(super) fn family(&mut self, access: &Access<'_>) -> Result<Option<Found>> {
        let (catalog, table) = (self.catalog(), access.relation);
        if access.only && table.is_partitioned() {
            // It has no rows of its own.
            return Ok(Some(nothing(access)));
        }
        if access.only || (catalog.children(table.oid).is_empty() && !table.is_partitioned()) {
            return Ok(None);
        }
        let members = match &table.lineage.key {
            Some(key) => self.partitions(access, key)?,
            None => {
                let tables = catalog.family(table);
                Members { tables, positions: Vec::new(), pruning: None }
            }
        };
        let mut found = Vec::with_capacity(members.tables.len());
        for member in &members.tables {
            found.push(self.member(access, member)?);
        }
        self.level().relations.insert(access.rel, table.clone());
        if found.len() == 1 && members.pruning.is_none() {
            return Ok(found.pop());
        }
        Ok(Some(appended(access, found, members)))
    }

    /// The partitions that conditions leave.
    fn partitions(&mut self, access: &Access<'_>, key: &PartitionKey) -> Result<Members> {
        let catalog = self.catalog();
        let router = Arc::new(Router::compile(&catalog, access.relation)?);
        let with =
            |conditions| Pruning { router: router.clone(), strategy: key.strategy, conditions };
        let (mut pruning, mut constant) = (with(Vec::new()), with(Vec::new()));
        for condition in self.key_conditions(access, key)? {
            if condition.value.as_const().is_some() {
                constant.conditions.push(condition.clone());
            }
            pruning.conditions.push(condition);
        }
        let survives = constant.survivors(self.constants())?;
        let kept = catalog.children_of(access.relation).into_iter().enumerate();
        let kept = kept.filter(|(at, _)| survives.get(*at).copied().unwrap_or(true));
        let (positions, tables) = kept.map(|(at, table)| (at, table.clone())).unzip();
        let at_run = (!pruning.is_constant()).then_some(pruning);
        Ok(Members { tables, positions, pruning: at_run })
    }

    /// Conditions that compare a column of the key with a value known before the scan.
    fn key_conditions(
        &mut self,
        access: &Access<'_>,
        key: &PartitionKey,
    ) -> Result<Vec<KeyCondition>> {
        let mut found = Vec::new();
        for (position, column) in key.columns.iter().enumerate() {
            let own = KeyExpr {
                rel: access.rel,
                attno: column.attno,
                collation: column.collation,
                expr: column.as_expr(),
            };
            for condition in access.conditions {
                let Some((compares, value)) = own.compared(condition, &self.cx.catalog) else {
                    continue;
                };
                let expected = match compares {
                    Compares::Any => value.map(|v| self.cx.catalog.element_of(v.type_oid())),
                    _ => value.map(|v| Some(v.type_oid())),
                };
                let fits = |oid: Oid| self.same_values(oid, column.type_oid);
                if expected.is_some_and(|oid| !oid.is_some_and(fits)) {
                    continue;
                }
                let value = match value {
                    // Of IS NULL there is none.
                    None => self.compile(&Expr::constant(Default::default(), 0), &none())?,
                    Some(value) => {
                        let known =
                            quals::rels(value).is_empty() && self.known_before(value, access);
                        if !known {
                            continue;
                        }
                        self.key_program(value, access)?
                    }
                };
                found.push(KeyCondition { column: position, compares, value });
            }
        }
        Ok(found)
    }

    /// Whether values of one type are stored and compared as those of the other.
    fn same_values(&self, a: Oid, b: Oid) -> bool {
        let (a, b) = (self.stand_in(a), self.stand_in(b));
        matches!(quals::key_type(a, b), Some(quals::KeyType::Same(_)))
    }

    /// One member, read by its own numbers, in the shape of the table that the query names.
    fn member(&mut self, access: &Access<'_>, member: &Arc<Relation>) -> Result<Found> {
        let table = access.relation;
        let map = ColumnMap::new(table, member);
        // A partitioned member has partitions in turn; others are all in the family already.
        let only = !table.is_partitioned();
        if map.is_identity() {
            let found = self.access(&Access { relation: member, only, order: &[], ..*access })?;
            return Ok(Found { ordered: false, ..self.reshaped(access, found, &map)? });
        }
        let columns: BTreeSet<_> = access.columns.iter().map(|attno| map.of(*attno)).collect();
        let whole = |c: &&Expr| mentions_row(c, access.rel);
        let kept: Vec<Expr> = access.conditions.iter().filter(whole).cloned().collect();
        let own = access.conditions.iter().filter(|c| !whole(c));
        let conditions: Vec<Expr> = own.map(|c| translated(c, access.rel, &map)).collect();
        let below = Access {
            relation: member,
            columns: &columns,
            conditions: &conditions,
            only,
            order: &[],
            ..*access
        };
        let found = self.access(&below)?;
        let found = self.reshaped(access, found, &map)?;
        if !kept.is_empty() && access.outer.is_some() {
            return Err(PgError::unsupported("a condition on a whole row of an inherited table"));
        }
        let built = self.filter(found.built, &kept)?;
        Ok(Found { built, ordered: false, ..found })
    }

    /// A member's rows with the columns of the named table, in its order.
    fn reshaped(&mut self, access: &Access<'_>, found: Found, map: &ColumnMap) -> Result<Found> {
        let layout = Arc::new(layout_of(access));
        let (rel, below) = (access.rel, found.built.layout.clone());
        let mut columns = Vec::with_capacity(layout.width());
        for attno in access.columns {
            let slot = below.slot(rel, map.of(*attno));
            let slot = slot.ok_or_else(|| PgError::internal("a member without a column"))?;
            columns.push((slot, self.type_of(access.relation, *attno)));
        }
        let same = below.width() == columns.len()
            && columns.iter().enumerate().all(|(at, (slot, _))| at == *slot);
        let Built { node, rows, cost, .. } = found.built;
        let built = match same {
            true => Built { node, layout, rows, cost },
            false => {
                let programs = columns.into_iter().map(|(slot, oid)| Program::slot(slot, oid));
                let project = Project { input: node, columns: Arc::new(programs.collect()) };
                Built::new(project, layout, rows, cost + rows * cost::ROW)
            }
        };
        Ok(Found { built, ..found })
    }

    fn type_of(&self, table: &Relation, attno: i16) -> Oid {
        use crate::exec::{KEY_ATTNO, KEY_TABLE_ATTNO, SEQ_ATTNO};
        use crate::types::oids;
        match attno {
            1.. => self.stand_in(table.column(attno).type_oid),
            KEY_ATTNO => oids::BYTEA,
            SEQ_ATTNO | crate::nodes::SEQ_COLUMN => oids::INT8,
            crate::nodes::UPDATED_COLUMN => oids::TIMESTAMPTZ,
            crate::nodes::DELETED_COLUMN => oids::BOOL,
            crate::nodes::TABLE_OID_COLUMN | KEY_TABLE_ATTNO => oids::OID,
            _ => oids::XID,
        }
    }
}

/// A column of a partition key, to be found in conditions.
struct KeyExpr {
    rel: RangeIndex,
    /// 0: the expression counts.
    attno: i16,
    collation: Oid,
    expr: Expr,
}

impl KeyExpr {
    fn is(&self, expr: &Expr) -> bool {
        if self.attno > 0 {
            return is_column(expr, self.rel, self.attno);
        }
        let mut plain = expr.clone();
        plain.clear_locations();
        walk::deep_mut(&mut plain, 0, &mut |e, _| {
            if let Expr::Var(var) = e
                && var.rel == self.rel
            {
                var.rel = 1;
            }
        });
        plain == self.expr
    }

    /// How a condition compares it, and with which value.
    fn compared<'e>(
        &self,
        condition: &'e Expr,
        catalog: &Catalog,
    ) -> Option<(Compares, Option<&'e Expr>)> {
        match condition {
            Expr::NullTest { arg, is_null: true, row: false, .. } => {
                self.is(arg).then_some((Compares::IsNull, None))
            }
            Expr::ScalarArrayOp(s) => {
                let alike = |collation| catalog.compares_alike(collation, self.collation, true);
                let equal = quals::as_membership(s).is_some_and(alike);
                (equal && self.is(&s.scalar)).then_some((Compares::Any, Some(&s.array)))
            }
            _ => {
                let (comparison, left, right, collation) =
                    quals::as_collated_comparison(condition)?;
                let equality = comparison == Comparison::Eq;
                if !catalog.compares_alike(collation, self.collation, equality) {
                    return None;
                }
                let sides = [(comparison, left, right), (comparison.flipped(), right, left)];
                let (comparison, _, value) = sides.into_iter().find(|(_, own, _)| self.is(own))?;
                let compares = match comparison {
                    Comparison::Eq => Compares::Equal,
                    Comparison::Gt => Compares::Above { inclusive: false },
                    Comparison::Ge => Compares::Above { inclusive: true },
                    Comparison::Lt => Compares::Below { inclusive: false },
                    Comparison::Le => Compares::Below { inclusive: true },
                };
                Some((compares, Some(value)))
            }
        }
    }
}

fn none() -> Arc<Layout> {
    Arc::new(Layout::default())
}

/// No rows.
fn nothing(access: &Access<'_>) -> Found {
    let layout = Arc::new(layout_of(access));
    let built = Built::new(Values { rows: Arc::default() }, layout, 0.0, cost::ROW);
    Found { built, ordered: false, by_key: false }
}

fn appended(access: &Access<'_>, found: Vec<Found>, members: Members) -> Found {
    if found.is_empty() {
        return nothing(access);
    }
    let by_key = found.iter().all(|member| member.by_key);
    let rows = found.iter().map(|member| member.built.rows).sum();
    let cost = found.iter().map(|member| member.built.cost).sum();
    let inputs = found.into_iter().map(|member| member.built.node).collect();
    let pruning = members.pruning.map(|conditions| Pruned {
        conditions: Arc::new(conditions),
        positions: members.positions.into(),
    });
    let layout = Arc::new(layout_of(access));
    let built = Built::new(Append { inputs, pruning }, layout, rows, cost);
    Found { built, ordered: false, by_key }
}

/// Whether a condition uses a relation's row as a value.
fn mentions_row(condition: &Expr, rel: RangeIndex) -> bool {
    let mut found = false;
    walk::deep(condition, 0, &mut |e, depth| {
        found |= matches!(e, Expr::Var(v) if (v.rel, v.attno, v.level) == (rel, 0, depth));
    });
    found
}

/// A condition by a member's numbers.
fn translated(condition: &Expr, rel: RangeIndex, map: &ColumnMap) -> Expr {
    let mut condition = condition.clone();
    walk::deep_mut(&mut condition, 0, &mut |e, depth| {
        if let Expr::Var(var) = e
            && var.rel == rel
            && var.level == depth
        {
            var.attno = map.of(var.attno);
        }
    });
    condition
}
