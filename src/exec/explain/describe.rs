//! What EXPLAIN calls an operator, and which columns its rows have.
//!
//! PostgreSQL's scans, joins and aggregates compute the select list themselves. Here an operator of its
//! own does, which is not shown: what is below it is shown with the select list as its output.

use crate::exec::op::{JoinType, NodeRef};

/// An operator as EXPLAIN shows it.
pub(in crate::exec) struct Description {
    /// Such as `Seq Scan`.
    pub name: &'static str,
    /// What it is on: ` on t`, ` using t_pkey on t`.
    pub target: String,
    pub inputs: Vec<NodeRef>,
    /// What kind of join it is.
    pub join: Option<JoinType>,
    /// It only computes columns from its input's.
    pub is_select_list: bool,
}

impl Description {
    pub fn new(name: &'static str, inputs: &[&NodeRef]) -> Description {
        let inputs = inputs.iter().map(|n| (*n).clone()).collect();
        Description { name, target: String::new(), inputs, join: None, is_select_list: false }
    }

    /// Whether PostgreSQL has such operators compute select lists (`is_projection_capable_plan`).
    fn computes_select_lists(&self) -> bool {
        let kinds = ["Scan", "Aggregate", "WindowAgg", "Result"];
        self.join.is_some() || kinds.iter().any(|kind| self.name.ends_with(kind))
    }

    /// What its n-th input is to it.
    pub(super) fn relationship(&self, n: usize) -> &'static str {
        match (self.join, self.name, n) {
            (Some(_), _, 1) => "Inner",
            (None, "Append", _) => "Member",
            _ => "Outer",
        }
    }
}

impl JoinType {
    pub(super) fn name(self) -> &'static str {
        match self {
            JoinType::Inner => "Inner",
            JoinType::Left => "Left",
            JoinType::Right => "Right",
            JoinType::Full => "Full",
            JoinType::Semi => "Semi",
            JoinType::Anti => "Anti",
        }
    }
}

/// An operator with the select lists above it, if any.
pub(super) struct Seen<'a> {
    /// The upmost select list, else the operator.
    pub outer: &'a NodeRef,
    pub node: NodeRef,
    pub description: Description,
}

impl Seen<'_> {
    pub fn of(outer: &NodeRef) -> Seen<'_> {
        let (mut node, mut description) = (outer.clone(), outer.describe());
        while let (true, [input]) = (description.is_select_list, description.inputs.as_slice()) {
            let below = input.describe();
            if !below.computes_select_lists() {
                break;
            }
            (node, description) = (input.clone(), below);
        }
        Seen { outer, node, description }
    }

    /// Such as `Hash Left Join`, `Seq Scan on public.t u`.
    pub fn name(&self, verbose: bool) -> String {
        let Description { name, target, join, .. } = &self.description;
        let name = match join {
            None | Some(JoinType::Inner) => (*name).to_owned(),
            Some(kind) => format!("{} {} Join", name.trim_end_matches(" Join"), kind.name()),
        };
        let target = match (&self.node.schema, target.rsplit_once(" on ")) {
            (Some(schema), Some((index, relation))) if verbose => {
                format!("{index} on {schema}.{relation}")
            }
            _ => target.clone(),
        };
        let alias = self.node.alias.as_ref().map(|alias| format!(" {alias}")).unwrap_or_default();
        format!("{name}{target}{alias}")
    }

    pub fn output(&self) -> Vec<String> {
        output(self.outer)
    }
}

/// The columns of an operator's rows: its own, or those of the inputs whose rows it hands on; none
/// where only the planner knows them.
fn output(node: &NodeRef) -> Vec<String> {
    if !node.output.is_empty() {
        return node.output.clone();
    }
    let description = node.describe();
    let hands_on = ["Sort", "Limit", "LockRows", "Unique", "Filter", "Append"];
    let inputs = match description.join {
        Some(JoinType::Semi | JoinType::Anti) => 1,
        Some(_) => 2,
        None if hands_on.contains(&description.name) => 1,
        None => 0,
    };
    description.inputs.iter().take(inputs).flat_map(output).collect()
}
