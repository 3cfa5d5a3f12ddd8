//! What a scan of segments did not have to read, for EXPLAIN ANALYZE.

use super::cold::ColdExec;
use datafusion::physical_plan::ExecutionPlan;
use std::sync::Arc;

/// What was read and what was not, of the scans in a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::exec) struct Pruning {
    /// Row groups with rows of the table.
    pub row_groups: usize,
    pub by_statistics: usize,
    pub by_bloom_filter: usize,
    /// Blocks of rows, by the page index.
    pub blocks: usize,
    /// The same by what a join or a LIMIT found out meanwhile.
    pub blocks_meanwhile: usize,
}

impl Pruning {
    /// Of a plan that has run; `None`: it scans no segments.
    pub fn of(plan: &Arc<dyn ExecutionPlan>) -> Option<Pruning> {
        let mut found = None;
        visit(plan, &mut found);
        found
    }

    /// EXPLAIN's names and figures.
    pub fn figures(&self) -> [(&'static str, usize); 5] {
        [
            ("Row Groups", self.row_groups),
            ("Row Groups Removed by Statistics", self.by_statistics),
            ("Row Groups Removed by Bloom Filter", self.by_bloom_filter),
            ("Pages Removed by Index", self.blocks),
            ("Pages Removed by Dynamic Filter", self.blocks_meanwhile),
        ]
    }

    fn add(&mut self, other: Pruning) {
        self.row_groups += other.row_groups;
        self.by_statistics += other.by_statistics;
        self.by_bloom_filter += other.by_bloom_filter;
        self.blocks += other.blocks;
        self.blocks_meanwhile += other.blocks_meanwhile;
    }
}

fn visit(plan: &Arc<dyn ExecutionPlan>, found: &mut Option<Pruning>) {
    if let Some(scan) = plan.downcast_ref::<ColdExec>() {
        found.get_or_insert_default().add(scan.pruning());
    }
    plan.children().into_iter().for_each(|child| visit(child, found));
}
