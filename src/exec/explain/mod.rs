//! EXPLAIN: the plan as a tree of lines or of values.
//!
//! Operators have PostgreSQL's names where they do the same, and its figures: estimated cost, rows
//! and width, measured time, rows and runs.

mod describe;
mod format;
mod measure;

pub use format::Format;

pub(in crate::exec) use describe::Description;
pub(in crate::exec) use measure::Measured;
pub use measure::Measurements;

use super::Plan;
use super::df::Pruning;
use super::dml::Modify;
use super::op::{Estimate, NodeRef};
use super::plan::Root;
use crate::nodes::CommandType;
use describe::Seen;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Bytes that a column is taken to have: the planner does not know better.
const COLUMN_BYTES: usize = 8;

/// What EXPLAIN shows besides the plan.
#[derive(Default)]
pub struct Shown {
    /// COSTS.
    pub costs: bool,
    /// VERBOSE: schemas, and the columns of rows.
    pub verbose: bool,
    /// SUMMARY: planning time.
    pub planning_ms: Option<f64>,
    /// ANALYZE.
    pub analyzed: Option<Analyzed>,
    /// TIMING.
    pub timing: bool,
}

/// A plan that has run.
pub struct Analyzed {
    pub execution_ms: f64,
    pub measurements: std::sync::Arc<Measurements>,
}

/// One operator's figures.
struct Figures {
    estimate: Estimate,
    /// `Some(None)`: analyzed, but never started.
    measured: Option<Option<Measured>>,
}

impl Plan {
    /// EXPLAIN's lines, or its one value.
    pub fn explain(&self, format: Format, shown: &Shown) -> Vec<String> {
        match format {
            Format::Text => self.explain_text(shown),
            Format::Json => vec![format::json(self.explain_tree(shown).as_ref())],
            Format::Xml => vec![format::xml(self.explain_tree(shown).as_ref())],
            Format::Yaml => vec![format::yaml(self.explain_tree(shown).as_ref())],
        }
    }

    fn explain_text(&self, shown: &Shown) -> Vec<String> {
        let mut lines = Vec::new();
        match &self.root {
            Root::Nothing => return vec!["Query rewrites to nothing".to_owned()],
            Root::Rows(node) => text(node, 0, shown, &mut lines),
            Root::Modify(modify) => {
                let table = modify.target_name(shown.verbose);
                let figures = shown.of_modify(modify);
                lines.push(format!("{} on {table}{}", self.modify_name(), figures.text(shown)));
                if shown.verbose && !modify.output().is_empty() {
                    lines.push(format!("  Output: {}", modify.output().join(", ")));
                }
                text(modify.source(), 1, shown, &mut lines);
            }
        }
        if let Some(ms) = shown.planning_ms {
            lines.push(format!("Planning Time: {ms:.3} ms"));
            if let Some(analyzed) = &shown.analyzed {
                lines.push(format!("Execution Time: {:.3} ms", analyzed.execution_ms));
            }
        }
        lines
    }

    /// `None`: rules made nothing of the statement.
    fn explain_tree(&self, shown: &Shown) -> Option<Map<String, Value>> {
        let plan = match &self.root {
            Root::Nothing => return None,
            Root::Rows(node) => tree(node, shown),
            Root::Modify(modify) => self.modify_tree(modify, shown),
        };
        let mut top = Map::new();
        top.insert("Plan".to_owned(), Value::Object(plan));
        if let Some(ms) = shown.planning_ms {
            top.insert("Planning Time".to_owned(), json!(ms));
            if let Some(analyzed) = &shown.analyzed {
                top.insert("Execution Time".to_owned(), json!(analyzed.execution_ms));
            }
        }
        Some(top)
    }

    fn modify_tree(&self, modify: &Modify, shown: &Shown) -> Map<String, Value> {
        let mut map = Map::from_iter([
            ("Node Type".to_owned(), json!("ModifyTable")),
            ("Operation".to_owned(), json!(self.modify_name())),
            ("Relation Name".to_owned(), json!(modify.target().relation().name)),
        ]);
        if shown.verbose && !modify.output().is_empty() {
            map.insert("Output".to_owned(), json!(modify.output()));
        }
        shown.of_modify(modify).insert(shown, &mut map);
        let mut source = tree(modify.source(), shown);
        source.insert("Parent Relationship".to_owned(), json!("Outer"));
        map.insert("Plans".to_owned(), json!([source]));
        map
    }

    fn modify_name(&self) -> &'static str {
        match self.command() {
            CommandType::Insert => "Insert",
            CommandType::Update => "Update",
            CommandType::Delete => "Delete",
            CommandType::Merge => "Merge",
            CommandType::Select => "Result",
        }
    }
}

impl Shown {
    fn of(&self, node: &NodeRef) -> Figures {
        let measured = self.analyzed.as_ref().map(|a| a.measurements.of(node));
        Figures { estimate: node.estimate, measured }
    }

    /// A modification gives no rows of its own; it takes as long as the whole statement.
    fn of_modify(&self, modify: &Modify) -> Figures {
        let estimate = Estimate { rows: 0.0, columns: 0, ..modify.source().estimate };
        let measured = self.analyzed.as_ref().map(|analyzed| {
            let total = Duration::from_secs_f64(analyzed.execution_ms / 1000.0);
            Some(Measured { loops: 1, startup: total, total, ..Measured::default() })
        });
        Figures { estimate, measured }
    }
}

impl Figures {
    /// What a scan of segments did not read; nothing where it read all.
    fn pruning(&self, description: &Description) -> Vec<(&'static str, usize)> {
        let measured = self.measured.as_ref().and_then(Option::as_ref);
        let of_scan = measured.filter(|_| description.inputs.is_empty());
        let pruning = of_scan.and_then(|measured| Pruning::of(measured.lowered.as_ref()?));
        let figures = pruning.iter().flat_map(|pruning| pruning.figures());
        // The first is always of interest.
        figures.enumerate().filter(|(n, f)| *n == 0 || f.1 > 0).map(|(_, f)| f).collect()
    }

    /// Whether it ran on DataFusion.
    fn is_columnar(&self) -> bool {
        matches!(&self.measured, Some(Some(measured)) if measured.is_columnar())
    }

    fn text(&self, shown: &Shown) -> String {
        let mut text = String::new();
        if shown.costs {
            let Estimate { rows, cost, columns } = self.estimate;
            let width = columns * COLUMN_BYTES;
            text.push_str(&format!("  (cost=0.00..{cost:.2} rows={rows:.0} width={width})"));
        }
        let Some(measured) = &self.measured else { return text };
        let Some(measured) = measured else { return text + " (never executed)" };
        let (startup, total, rows) = measured.per_loop();
        let time = match shown.timing {
            true => format!("time={startup:.3}..{total:.3} "),
            false => String::new(),
        };
        let loops = measured.loops;
        text + &format!(" (actual {time}rows={rows:.0} loops={loops})")
    }

    fn insert(&self, shown: &Shown, map: &mut Map<String, Value>) {
        if shown.costs {
            let Estimate { rows, cost, columns } = self.estimate;
            map.insert("Startup Cost".to_owned(), json!(0.0));
            map.insert("Total Cost".to_owned(), json!((cost * 100.0).round() / 100.0));
            map.insert("Plan Rows".to_owned(), json!(rows.round() as u64));
            map.insert("Plan Width".to_owned(), json!(columns * COLUMN_BYTES));
        }
        let Some(measured) = &self.measured else { return };
        let (startup, total, rows) = measured.as_ref().map_or((0.0, 0.0, 0.0), Measured::per_loop);
        if shown.timing {
            map.insert("Actual Startup Time".to_owned(), json!(startup));
            map.insert("Actual Total Time".to_owned(), json!(total));
        }
        map.insert("Actual Rows".to_owned(), json!(rows.round() as u64));
        let loops = measured.as_ref().map_or(0, |m| m.loops);
        map.insert("Actual Loops".to_owned(), json!(loops));
    }
}

impl Measured {
    /// Time until the first row and until the last, in milliseconds, and rows; of one run.
    fn per_loop(&self) -> (f64, f64, f64) {
        let loops = self.loops.max(1) as f64;
        let ms = |time: Duration| time.as_secs_f64() * 1000.0 / loops;
        (ms(self.startup), ms(self.total), self.rows as f64 / loops)
    }
}

fn text(node: &NodeRef, depth: usize, shown: &Shown, lines: &mut Vec<String>) {
    let seen = Seen::of(node);
    let prefix = match depth {
        0 => String::new(),
        _ => format!("{}->  ", " ".repeat(6 * depth - 4)),
    };
    let (figures, own) = (shown.of(seen.outer), shown.of(&seen.node));
    let is_columnar = figures.is_columnar() || own.is_columnar();
    let columnar = if is_columnar { " (DataFusion)" } else { "" };
    let name = seen.name(shown.verbose);
    lines.push(format!("{prefix}{name}{columnar}{}", figures.text(shown)));
    let indent = " ".repeat(6 * depth + 2);
    let output = seen.output();
    if shown.verbose && !output.is_empty() {
        lines.push(format!("{indent}Output: {}", output.join(", ")));
    }
    for note in &seen.node.notes {
        lines.push(format!("{indent}{}: {}", note.label, note.texts.join(", ")));
    }
    for (label, figure) in own.pruning(&seen.description) {
        lines.push(format!("{indent}{label}: {figure}"));
    }
    seen.description.inputs.iter().for_each(|input| text(input, depth + 1, shown, lines));
}

fn tree(node: &NodeRef, shown: &Shown) -> Map<String, Value> {
    let seen = Seen::of(node);
    let description = &seen.description;
    let mut map = Map::new();
    map.insert("Node Type".to_owned(), json!(description.name));
    if let Some(join) = description.join {
        map.insert("Join Type".to_owned(), json!(join.name()));
    }
    if let Some((_, relation)) = description.target.rsplit_once(" on ") {
        map.insert("Relation Name".to_owned(), json!(relation));
        map.insert("Alias".to_owned(), json!(seen.node.alias.as_deref().unwrap_or(relation)));
    }
    if shown.verbose {
        map.extend(seen.node.schema.iter().map(|schema| ("Schema".to_owned(), json!(schema))));
        let output = Some(seen.output()).filter(|columns| !columns.is_empty());
        map.extend(output.map(|columns| ("Output".to_owned(), json!(columns))));
    }
    shown.of(seen.outer).insert(shown, &mut map);
    for (label, figure) in shown.of(&seen.node).pruning(description) {
        map.insert(label.to_owned(), json!(figure));
    }
    for note in &seen.node.notes {
        let value = if note.is_list { json!(note.texts) } else { json!(note.texts.join(", ")) };
        map.insert(note.label.to_owned(), value);
    }
    if !description.inputs.is_empty() {
        let below = |(n, input): (usize, &NodeRef)| {
            let mut plan = tree(input, shown);
            plan.insert("Parent Relationship".to_owned(), json!(description.relationship(n)));
            Value::Object(plan)
        };
        let plans = description.inputs.iter().enumerate().map(below).collect();
        map.insert("Plans".to_owned(), Value::Array(plans));
    }
    map
}
