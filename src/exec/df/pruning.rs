//! What a scan of segments did not have to read, for EXPLAIN ANALYZE.

use super::cold;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::MetricValue;
use std::sync::Arc;

/// What was read and what was not, of the scans in a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::exec) struct Pruning {
    /// Row groups with rows of the table.
    pub row_groups: usize,
    pub by_statistics: usize,
    pub by_bloom_filter: usize,
    /// By what a join or a LIMIT found out meanwhile.
    pub by_dynamic_filter: usize,
    pub pages: usize,
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
            ("Row Groups Removed by Dynamic Filter", self.by_dynamic_filter),
            ("Pages Removed by Index", self.pages),
        ]
    }
}

fn visit(plan: &Arc<dyn ExecutionPlan>, found: &mut Option<Pruning>) {
    if plan.is::<DataSourceExec>() {
        add(plan, found.get_or_insert_default());
    }
    plan.children().into_iter().for_each(|child| visit(child, found));
}

fn add(scan: &Arc<dyn ExecutionPlan>, total: &mut Pruning) {
    for metric in scan.metrics().iter().flat_map(|metrics| metrics.iter()) {
        match metric.value() {
            MetricValue::PruningMetrics { name, pruning_metrics } => {
                let pruned = pruning_metrics.pruned();
                match name.as_ref() {
                    "row_groups_pruned_statistics" => {
                        total.row_groups += pruned + pruning_metrics.matched();
                        total.by_statistics += pruned;
                    }
                    "row_groups_pruned_bloom_filter" => total.by_bloom_filter += pruned,
                    "page_index_pages_pruned" => total.pages += pruned,
                    _ => {}
                }
            }
            MetricValue::Count { name, count } => match name.as_ref() {
                "row_groups_pruned_dynamic_filter" => total.by_dynamic_filter += count.value(),
                cold::ABSENT => {
                    total.row_groups += count.value();
                    total.by_bloom_filter += count.value();
                }
                _ => {}
            },
            _ => {}
        }
    }
}
