//! GROUP BY and grouping sets (`transformGroupClause`, `expand_grouping_sets`).
//!
//! ```text
//! GROUP BY a, ROLLUP (b, c)   →  group_by [a, b, c], grouping_sets [[a], [a, b], [a, b, c]]
//! GROUP BY a, b               →  group_by [a, b],    grouping_sets []
//! ```

use super::place::Place;
use super::state::Binder;
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use pg_raw_parse::list::NodeList;
use pg_raw_parse::{Node, nodes};

/// Sets a GROUP BY may expand to.
const SETS_MAX: usize = 4096;
/// Elements of a CUBE.
const CUBE_ELEMENTS_MAX: usize = 12;

/// Sets of column references.
type Sets = Vec<Vec<u32>>;

/// The target list and ORDER BY that GROUP BY's items refer to, and what was grouped so far.
struct Grouping<'t> {
    targets: &'t mut Vec<TargetEntry>,
    sorted: &'t [SortGroup],
    grouped: Vec<SortGroup>,
}

impl<'n> Binder<'_, 'n> {
    /// GROUP BY: grouped columns and expanded grouping sets (none for a plain list).
    pub fn bind_group_by(
        &mut self,
        list: &'n NodeList,
        distinct: bool,
        targets: &mut Vec<TargetEntry>,
        sorted: &[SortGroup],
    ) -> Result<(Vec<SortGroup>, Sets)> {
        let has_sets = list.iter().any(|n| matches!(n, Node::GroupingSet(_)));
        let mut grouping = Grouping { targets, sorted, grouped: Vec::new() };
        let mut product: Sets = vec![Vec::new()];
        for node in list {
            let sets = self.grouping_sets(node, &mut grouping)?;
            product = multiply(&product, &sets);
            if product.len() > SETS_MAX {
                let message = format!("too many grouping sets present (maximum {SETS_MAX})");
                return Err(PgError::new(code::STATEMENT_TOO_COMPLEX, message));
            }
        }
        if !has_sets {
            return Ok((grouping.grouped, Vec::new()));
        }
        product.iter_mut().for_each(dedup_refs);
        if distinct {
            let mut seen: Sets = Vec::new();
            for set in product {
                let mut sorted = set.clone();
                sorted.sort_unstable();
                let mut same = seen.iter().map(|s| {
                    let mut s = s.clone();
                    s.sort_unstable();
                    s
                });
                if !same.any(|s| s == sorted) {
                    seen.push(set);
                }
            }
            product = seen;
        }
        product.sort_by_key(Vec::len);
        Ok((grouping.grouped, product))
    }

    /// The sets one item stands for.
    fn grouping_sets(&mut self, node: Node<'n>, grouping: &mut Grouping<'_>) -> Result<Sets> {
        use nodes::GroupingSetKind as Kind;
        let Node::GroupingSet(set) = node else {
            return Ok(vec![self.grouping_columns(node, grouping)?]);
        };
        let content = set.content();
        match set.kind {
            Kind::GROUPING_SET_EMPTY => Ok(vec![Vec::new()]),
            Kind::GROUPING_SET_ROLLUP => {
                let parts = self.grouping_parts(content, grouping)?;
                Ok((0..=parts.len()).rev().map(|n| parts[..n].concat()).collect())
            }
            Kind::GROUPING_SET_CUBE => {
                if content.len() > CUBE_ELEMENTS_MAX {
                    let message = format!("CUBE is limited to {CUBE_ELEMENTS_MAX} elements");
                    return Err(PgError::new(code::TOO_MANY_COLUMNS, message).at(set.location));
                }
                let parts = self.grouping_parts(content, grouping)?;
                let subset = |bits: usize| {
                    let chosen = parts.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1);
                    chosen.flat_map(|(_, p)| p.iter().copied()).collect()
                };
                Ok((0..1 << parts.len()).map(subset).collect())
            }
            _ => {
                let mut sets = Vec::new();
                for item in content {
                    sets.extend(self.deeper(|b| b.grouping_sets(item, grouping))?);
                }
                Ok(sets)
            }
        }
    }

    fn grouping_parts(
        &mut self,
        content: &'n NodeList,
        grouping: &mut Grouping<'_>,
    ) -> Result<Sets> {
        content.iter().map(|node| self.grouping_columns(node, grouping)).collect()
    }

    /// One expression, or the expressions of `(a, b)`.
    fn grouping_columns(
        &mut self,
        node: Node<'n>,
        grouping: &mut Grouping<'_>,
    ) -> Result<Vec<u32>> {
        if let Node::RowExpr(row) = node
            && row.row_format == nodes::CoercionForm::COERCE_IMPLICIT_CAST
        {
            let mut refs = Vec::new();
            for item in row.args() {
                refs.extend(self.deeper(|b| b.grouping_columns(item, grouping))?);
            }
            return Ok(refs);
        }
        Ok(vec![self.group_column(node, grouping)?])
    }

    fn group_column(&mut self, node: Node<'n>, grouping: &mut Grouping<'_>) -> Result<u32> {
        let at = self.find_target(node, grouping.targets, Place::GroupBy)?;
        self.refuse_aggregates(&grouping.targets[at].expr, Place::GroupBy)?;
        let target_ref = grouping.targets[at].sort_group_ref;
        let listed = |list: &[SortGroup]| list.iter().find(|s| s.target_ref == target_ref).cloned();
        if target_ref != 0 {
            if listed(&grouping.grouped).is_some() {
                return Ok(target_ref);
            }
            // Grouped as it is sorted, so that one sort serves both.
            if let Some(sort) = listed(grouping.sorted) {
                grouping.grouped.push(sort);
                return Ok(target_ref);
            }
        }
        let location = grouping.targets[at].expr.location();
        self.add_group(at, grouping.targets, &mut grouping.grouped, location)?;
        Ok(grouping.targets[at].sort_group_ref)
    }
}

/// Every set of one list joined with every set of the other.
fn multiply(left: &[Vec<u32>], right: &[Vec<u32>]) -> Sets {
    let join = |l: &Vec<u32>| {
        let l = l.clone();
        right.iter().map(move |r| [l.as_slice(), r.as_slice()].concat())
    };
    left.iter().flat_map(join).collect()
}

fn dedup_refs(set: &mut Vec<u32>) {
    let mut seen = Vec::with_capacity(set.len());
    set.retain(|r| {
        let new = !seen.contains(r);
        seen.push(*r);
        new
    });
}
