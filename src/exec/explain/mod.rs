//! EXPLAIN: the plan as a tree of lines or as JSON.
//!
//! Operators have PostgreSQL's names where they do the same. Estimates are the planner's rows for the
//! whole plan; per-operator costs are not kept.

use super::Plan;
use super::dml::Modify;
use super::op::NodeRef;
use super::plan::Root;
use crate::nodes::CommandType;
use serde_json::{Map, Value, json};

/// An operator as EXPLAIN shows it.
pub(in crate::exec) struct Description {
    /// Such as `Seq Scan`.
    pub name: &'static str,
    /// What it is on: ` on t`, ` using t_pkey on t`.
    pub target: String,
    pub inputs: Vec<NodeRef>,
}

impl Description {
    pub fn new(name: &'static str, inputs: &[&NodeRef]) -> Description {
        let inputs = inputs.iter().map(|n| (*n).clone()).collect();
        Description { name, target: String::new(), inputs }
    }
}

/// What EXPLAIN shows besides the plan.
#[derive(Default)]
pub struct Shown {
    /// SUMMARY: planning and execution time.
    pub planning_ms: Option<f64>,
    /// ANALYZE.
    pub measured: Option<Measured>,
    /// TIMING: time of the plan's first operator.
    pub timing: bool,
}

/// What EXPLAIN ANALYZE measured.
pub struct Measured {
    pub rows: u64,
    pub execution_ms: f64,
}

impl Plan {
    /// EXPLAIN's lines.
    pub fn explain_text(&self, shown: &Shown) -> Vec<String> {
        let mut lines = Vec::new();
        match &self.root {
            Root::Rows(node) => text(node, 0, &mut lines),
            Root::Modify(modify) => {
                let table = &modify.target().relation().name;
                lines.push(format!("{} on {table}", self.modify_name()));
                text(modify.source(), 1, &mut lines);
            }
        }
        if let (Some(first), Some(m)) = (lines.first_mut(), &shown.measured) {
            let time = match shown.timing {
                true => format!("time=0.000..{:.3} ", m.execution_ms),
                false => String::new(),
            };
            first.push_str(&format!(" (actual {time}rows={} loops=1)", m.rows));
        }
        if let Some(ms) = shown.planning_ms {
            lines.push(format!("Planning Time: {ms:.3} ms"));
            if let Some(m) = &shown.measured {
                lines.push(format!("Execution Time: {:.3} ms", m.execution_ms));
            }
        }
        lines
    }

    /// EXPLAIN (FORMAT JSON)'s one value.
    pub fn explain_json(&self, shown: &Shown) -> String {
        let mut plan = match &self.root {
            Root::Rows(node) => tree(node),
            Root::Modify(modify) => self.modify_tree(modify),
        };
        let mut top = Map::new();
        if let Some(m) = &shown.measured {
            if shown.timing {
                plan.insert("Actual Startup Time".to_owned(), json!(0.0));
                plan.insert("Actual Total Time".to_owned(), json!(m.execution_ms));
            }
            plan.insert("Actual Rows".to_owned(), json!(m.rows));
            plan.insert("Actual Loops".to_owned(), json!(1));
        }
        top.insert("Plan".to_owned(), Value::Object(plan));
        if let Some(ms) = shown.planning_ms {
            top.insert("Planning Time".to_owned(), json!(ms));
            if let Some(m) = &shown.measured {
                top.insert("Execution Time".to_owned(), json!(m.execution_ms));
            }
        }
        serde_json::to_string_pretty(&json!([top])).unwrap_or_default()
    }

    fn modify_tree(&self, modify: &Modify) -> Map<String, Value> {
        Map::from_iter([
            ("Node Type".to_owned(), json!("ModifyTable")),
            ("Operation".to_owned(), json!(self.modify_name())),
            ("Relation Name".to_owned(), json!(modify.target().relation().name)),
            ("Plans".to_owned(), json!([tree(modify.source())])),
        ])
    }

    fn modify_name(&self) -> &'static str {
        match self.command() {
            CommandType::Insert => "Insert",
            CommandType::Update => "Update",
            CommandType::Delete => "Delete",
            CommandType::Select => "Result",
        }
    }
}

fn text(node: &NodeRef, depth: usize, lines: &mut Vec<String>) {
    let description = node.describe();
    let prefix = match depth {
        0 => String::new(),
        _ => format!("{}->  ", " ".repeat(6 * depth - 4)),
    };
    lines.push(format!("{prefix}{}{}", description.name, description.target));
    description.inputs.iter().for_each(|input| text(input, depth + 1, lines));
}

fn tree(node: &NodeRef) -> Map<String, Value> {
    let description = node.describe();
    let mut map = Map::new();
    map.insert("Node Type".to_owned(), json!(description.name));
    if let Some((_, relation)) = description.target.rsplit_once(" on ") {
        map.insert("Relation Name".to_owned(), json!(relation));
    }
    if !description.inputs.is_empty() {
        let plans = description.inputs.iter().map(|n| Value::Object(tree(n))).collect();
        map.insert("Plans".to_owned(), Value::Array(plans));
    }
    map
}
