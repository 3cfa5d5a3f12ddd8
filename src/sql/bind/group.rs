//! GROUP BY and grouping sets (`transformGroupClause`, `expand_grouping_sets`).
//!
//! ```text
//! GROUP BY a, ROLLUP (b, c)   →  group_by [a, b, c], grouping_sets [[a], [a, b], [a, b, c]]
//! GROUP BY a, b               →  group_by [a, b],    grouping_sets []
//! ```

use super::clause::raw_location;
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
    /// GROUP BY: grouped columns, expanded grouping sets, and these as they were written (both empty
    /// for a plain list).
    pub fn bind_group_by(
        &mut self,
        list: &'n NodeList,
        distinct: bool,
        targets: &mut Vec<TargetEntry>,
        sorted: &[SortGroup],
    ) -> Result<(Vec<SortGroup>, Sets, Vec<GroupingSet>)> {
        let has_sets = list.iter().any(|n| matches!(n, Node::GroupingSet(_)));
        let mut grouping = Grouping { targets, sorted, grouped: Vec::new() };
        let mut product: Sets = vec![Vec::new()];
        let mut written = Vec::new();
        for node in list {
            let set = self.grouping_set(node, &mut grouping)?;
            product = multiply(&product, &expand(&set));
            written.push(set);
            if product.len() > SETS_MAX {
                let message = format!("too many grouping sets present (maximum {SETS_MAX})");
                return Err(PgError::new(code::STATEMENT_TOO_COMPLEX, message));
            }
        }
        if !has_sets {
            return Ok((grouping.grouped, Vec::new(), Vec::new()));
        }
        product.iter_mut().for_each(dedup_refs);
        if distinct {
            drop_repeated(&mut product);
        }
        product.sort_by_key(Vec::len);
        Ok((grouping.grouped, product, written))
    }

    /// One item: columns, or a grouping set of items.
    fn grouping_set(&mut self, node: Node<'n>, grouping: &mut Grouping<'_>) -> Result<GroupingSet> {
        use nodes::GroupingSetKind as Kind;
        let Node::GroupingSet(set) = node else {
            return Ok(GroupingSet::Columns(self.grouping_columns(node, grouping)?));
        };
        let content = set.content();
        match set.kind {
            Kind::GROUPING_SET_EMPTY => Ok(GroupingSet::Empty),
            Kind::GROUPING_SET_ROLLUP => {
                Ok(GroupingSet::Rollup(self.grouping_parts(content, grouping)?))
            }
            Kind::GROUPING_SET_CUBE => {
                if content.len() > CUBE_ELEMENTS_MAX {
                    let message = format!("CUBE is limited to {CUBE_ELEMENTS_MAX} elements");
                    return Err(PgError::new(code::TOO_MANY_COLUMNS, message).at(set.location));
                }
                Ok(GroupingSet::Cube(self.grouping_parts(content, grouping)?))
            }
            _ => {
                let mut sets = Vec::new();
                for item in content {
                    sets.push(self.deeper(|b| b.grouping_set(item, grouping))?);
                }
                Ok(GroupingSet::Sets(sets))
            }
        }
    }

    fn grouping_parts(
        &mut self,
        content: &'n NodeList,
        grouping: &mut Grouping<'_>,
    ) -> Result<Vec<GroupingSet>> {
        let columns = |node| Ok(GroupingSet::Columns(self.grouping_columns(node, grouping)?));
        content.iter().map(columns).collect()
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
        self.add_group(at, grouping.targets, &mut grouping.grouped, raw_location(node))?;
        Ok(grouping.targets[at].sort_group_ref)
    }
}

/// The sets an item stands for (`expand_grouping_sets`).
fn expand(set: &GroupingSet) -> Sets {
    let columns = |part: &GroupingSet| expand(part).concat();
    match set {
        GroupingSet::Columns(refs) => vec![refs.clone()],
        GroupingSet::Empty => vec![Vec::new()],
        GroupingSet::Rollup(parts) => {
            let parts: Sets = parts.iter().map(columns).collect();
            (0..=parts.len()).rev().map(|n| parts[..n].concat()).collect()
        }
        GroupingSet::Cube(parts) => {
            let parts: Sets = parts.iter().map(columns).collect();
            let subset = |bits: usize| {
                let chosen = parts.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1);
                chosen.flat_map(|(_, p)| p.iter().copied()).collect()
            };
            (0..1 << parts.len()).map(subset).collect()
        }
        GroupingSet::Sets(items) => items.iter().flat_map(expand).collect(),
    }
}

/// GROUP BY DISTINCT: sets of the same columns count once.
fn drop_repeated(sets: &mut Sets) {
    let mut seen: Sets = Vec::new();
    sets.retain(|set| {
        let mut sorted = set.clone();
        sorted.sort_unstable();
        let new = !seen.contains(&sorted);
        seen.push(sorted);
        new
    });
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
