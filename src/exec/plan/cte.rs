//! WITH.
//!
//! A query referred to once, without side effects, is planned in place, so that conditions and
//! limits reach it; others are read once into a store. A recursive one is a [`RecursiveUnion`].

use super::cost;
use super::from::{numbered, relabelled};
use super::planner::{Built, CteBinding, Planner};
use super::quals;
use super::set_operation::compared_columns;
use crate::error::{PgError, Result, code};
use crate::exec::op::{CteScan, NodeRef, RecursiveUnion, WorkTableScan};
use crate::nodes::*;
use crate::types::Oid;
use std::sync::Arc;

/// Rows that a round of a recursive query is guessed to find.
const WORK_ROWS: f64 = 100.0;
/// Rounds a recursive query is guessed to take.
const ROUNDS_GUESS: f64 = 10.0;

impl Planner {
    /// Binds a query's WITH names; gives the stores to fill, slot and plan.
    pub(super) fn bind_ctes(&mut self, query: &Query) -> Result<Vec<(usize, NodeRef)>> {
        let mut stores = Vec::new();
        for cte in &query.ctes {
            let inline = match cte.materialize {
                _ if cte.recursive || cte.query.command != CommandType::Select => false,
                Materialize::Always => false,
                Materialize::Never => true,
                Materialize::Default => {
                    cte.references == 1
                        && !quals::is_volatile_query(&cte.query)
                        && cte.query.row_marks.is_empty()
                }
            };
            let binding = match inline {
                true => CteBinding::Inline(Arc::new((*cte.query).clone())),
                false => self.store(cte, &mut stores)?,
            };
            self.level().ctes.insert(cte.name.clone(), binding);
        }
        Ok(stores)
    }

    fn store(&mut self, cte: &Cte, stores: &mut Vec<(usize, NodeRef)>) -> Result<CteBinding> {
        let slot = self.new_shared();
        if cte.query.command != CommandType::Select {
            // Modifying queries run before the rest; execution fills the slot.
            let modify = crate::exec::dml::plan(self, &cte.query)?;
            self.modifying.push((slot, modify));
            return Ok(CteBinding::Store { slot, rows: 100.0, depends_on: Vec::new() });
        }
        let mark = self.log.len();
        let built = match cte.recursive {
            true => self.recursive(cte)?,
            false => self.plan_below(&cte.query)?,
        };
        let depth = self.levels.len();
        let asked = self.log[mark..].iter().copied();
        let depends_on = asked.filter(|(level, _)| *level + 1 < depth).collect();
        stores.push((slot, built.node));
        Ok(CteBinding::Store { slot, rows: built.rows, depends_on })
    }

    /// A recursive query: `first UNION [ALL] recursive`.
    fn recursive(&mut self, cte: &Cte) -> Result<Built> {
        let query = &*cte.query;
        let Some(SetOperation::Node {
            op: SetOperator::Union,
            all,
            left,
            right,
            types,
            collations,
            ..
        }) = &query.set_operation
        else {
            return self.plan_below(query);
        };
        if !query.order_by.is_empty() || query.limit.is_some() || query.offset.is_some() {
            let message = "ORDER BY in a recursive query is not implemented";
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
        }
        let (slot, round) = (self.new_shared(), self.new_outer());
        let binding = CteBinding::WorkTable { slot, round };
        let hidden = self.level().ctes.insert(cte.name.clone(), binding);
        self.levels.push(Default::default());
        let inner = self.bind_ctes(query)?;
        let first = self.set_operand(query, left)?;
        let recursive = self.set_operand(query, right)?;
        self.levels.pop();
        if let Some(hidden) = hidden {
            self.level().ctes.insert(cte.name.clone(), hidden);
        }
        let distinct = match all {
            true => None,
            false => Some(Arc::new(self.all_columns(&compared_columns(types, collations))?)),
        };
        let rows = first.rows * ROUNDS_GUESS;
        self.long = true;
        let cost = first.cost + rows * cost::AGGREGATE;
        let union =
            RecursiveUnion { first: first.node, recursive: recursive.node, slot, round, distinct };
        Ok(super::query::with(inner, Built::new(union, first.layout, rows, cost)))
    }

    /// A reference to a WITH query, `level` queries up.
    pub(super) fn cte_reference(
        &mut self,
        rel: RangeIndex,
        name: &str,
        level: u32,
        types: &[(Oid, i32)],
    ) -> Result<Built> {
        let target = (self.levels.len() - 1).checked_sub(level as usize);
        let found = target.and_then(|t| Some((t, self.levels[t].ctes.get(name)?.clone())));
        let Some((target, binding)) = found else {
            return Err(PgError::internal(format!("WITH query \"{name}\" is not bound")));
        };
        let type_oids: Vec<Oid> = types.iter().map(|t| t.0).collect();
        let layout = Arc::new(numbered(rel, &type_oids));
        match binding {
            CteBinding::Inline(query) => {
                let below = self.levels.split_off(target + 1);
                let built = self.plan_below(&query);
                self.levels.extend(below);
                Ok(relabelled(built?, rel, &query))
            }
            CteBinding::Store { slot, rows, depends_on } => {
                self.log.extend(depends_on);
                let scan = CteScan { slot, types: type_oids };
                Ok(Built::new(scan, layout, rows, rows * cost::ROW))
            }
            CteBinding::WorkTable { slot, round } => {
                self.log.push((target, round));
                let cost = WORK_ROWS * cost::ROW;
                Ok(Built::new(WorkTableScan { slot }, layout, WORK_ROWS, cost))
            }
        }
    }
}
