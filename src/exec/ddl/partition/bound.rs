//! FOR VALUES (`transformPartitionBound`), and bounds that would overlap
//! (`check_new_partition_bound`).

use super::super::DdlContext;
use super::super::rows::{Evaluator, value_text};
use crate::catalog::partition::{compare_edges, key_types};
use crate::catalog::{
    Catalog, PartitionBound, PartitionColumn, PartitionKey, RangeEdge, Relation, Strategy,
};
use crate::error::{PgError, Result, code};
use crate::functions::Deparse;
use crate::sql::bind::{ExprPlace, bind_expr};
use crate::types::{Datum, compare, oids};
use pg_raw_parse::Node;
use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::PartitionBoundSpec;
use std::cmp::Ordering;
use std::sync::Arc;

/// A bound as written, for a partition of `parent`.
pub(in crate::exec::ddl) fn bound(
    spec: &PartitionBoundSpec,
    parent: &Relation,
    cx: &DdlContext<'_>,
) -> Result<PartitionBound> {
    let key = parent.lineage.key.as_ref();
    let key = key.ok_or_else(|| PgError::internal("a partition of a plain table"))?;
    if spec.is_default {
        return match key.strategy {
            Strategy::Hash => {
                Err(invalid("a hash-partitioned table may not have a default partition"))
            }
            _ => Ok(PartitionBound::Default),
        };
    }
    let strategy = match spec.strategy as u8 {
        b'l' => Strategy::List,
        b'r' => Strategy::Range,
        _ => Strategy::Hash,
    };
    if strategy != key.strategy {
        let message =
            format!("invalid bound specification for a {} partition", key.strategy.name());
        return Err(invalid(message).at(spec.location));
    }
    let names = Names { parent, key, cx };
    match strategy {
        Strategy::Hash => hash(spec),
        Strategy::List => names.list(spec.listdatums()),
        Strategy::Range => {
            let width = key.columns.len();
            for (list, word) in [(spec.lowerdatums(), "FROM"), (spec.upperdatums(), "TO")] {
                if list.len() != width {
                    let message =
                        format!("{word} must specify exactly one value per partitioning column");
                    return Err(invalid(message));
                }
            }
            let from = names.range(spec.lowerdatums())?;
            let to = names.range(spec.upperdatums())?;
            Ok(PartitionBound::Range(from, to))
        }
    }
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> PgError {
    PgError::new(code::INVALID_TABLE_DEFINITION, message)
}

fn hash(spec: &PartitionBoundSpec) -> Result<PartitionBound> {
    let (modulus, remainder) = (spec.modulus, spec.remainder);
    if modulus <= 0 {
        let message = "modulus for hash partition must be an integer value greater than zero";
        return Err(invalid(message));
    }
    if remainder < 0 {
        let message =
            "remainder for hash partition must be an integer value greater than or equal to zero";
        return Err(invalid(message));
    }
    if remainder >= modulus {
        return Err(invalid("remainder for hash partition must be less than modulus"));
    }
    Ok(PartitionBound::Hash { modulus, remainder })
}

/// What values are read for.
struct Names<'n> {
    parent: &'n Relation,
    key: &'n PartitionKey,
    cx: &'n DdlContext<'n>,
}

impl Names<'_> {
    fn list(&self, nodes: &NodeList) -> Result<PartitionBound> {
        let column = &self.key.columns[0];
        let types = key_types(&self.cx.catalog(), self.key);
        let mut values: Vec<Datum> = Vec::new();
        for node in nodes {
            let value = self.value(node, 0, column)?;
            let known = values.iter().any(|known| match (known.is_null(), value.is_null()) {
                (false, false) => compare(types[0], known, &value).is_eq(),
                (a, b) => a && b,
            });
            if !known {
                values.push(value);
            }
        }
        Ok(PartitionBound::List(values))
    }

    fn range(&self, nodes: &NodeList) -> Result<Vec<RangeEdge>> {
        let mut edges: Vec<RangeEdge> = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            let edge = match word(node) {
                Some("minvalue") => RangeEdge::MinValue,
                Some("maxvalue") => RangeEdge::MaxValue,
                _ => {
                    let value = self.value(node, at, &self.key.columns[at])?;
                    if value.is_null() {
                        let message = "cannot specify NULL in range bound";
                        return Err(PgError::new(code::INVALID_OBJECT_DEFINITION, message));
                    }
                    RangeEdge::Value(value)
                }
            };
            let word = match edges.last() {
                Some(RangeEdge::MinValue) if edge != RangeEdge::MinValue => Some("MINVALUE"),
                Some(RangeEdge::MaxValue) if edge != RangeEdge::MaxValue => Some("MAXVALUE"),
                _ => None,
            };
            if let Some(word) = word {
                let message = format!("every bound following {word} must also be {word}");
                return Err(PgError::new(code::DATATYPE_MISMATCH, message).at(location(node)));
            }
            edges.push(edge);
        }
        Ok(edges)
    }

    /// A constant of a key column's type.
    fn value(&self, node: Node<'_>, at: usize, column: &PartitionColumn) -> Result<Datum> {
        let catalog = self.cx.catalog();
        let name = match column.attno {
            1.. => self.parent.column(column.attno).name.clone(),
            _ => {
                let what = Deparse::PartitionColumn { table: self.parent.oid, at };
                self.cx.env.session().deparse(what, false)?.unwrap_or_default()
            }
        };
        let target = (name.as_str(), column.type_oid, column.typmod);
        let place = ExprPlace::PartitionBound;
        let expr = bind_expr(node, &self.cx.bind(&catalog), place, None, Some(target))?;
        let evaluator = Evaluator::new([&expr], self.parent, &catalog, self.cx)?;
        evaluator.eval(0, &vec![Datum::Null; self.parent.columns.len()])
    }
}

/// MINVALUE and MAXVALUE are read as columns.
fn word<'n>(node: Node<'n>) -> Option<&'n str> {
    let Node::ColumnRef(column) = node else { return None };
    let mut fields = column.fields().iter().filter_map(Node::as_str);
    fields.next().filter(|_| fields.next().is_none())
}

fn location(node: Node<'_>) -> i32 {
    match node {
        Node::A_Const(c) => c.location,
        Node::ColumnRef(c) => c.location,
        Node::TypeCast(c) => location(c.arg()),
        Node::FuncCall(f) => f.location,
        _ => -1,
    }
}

/// 42P17 where a new partition would take rows that another one takes, or none at all.
pub(in crate::exec::ddl) fn check_overlap(
    name: &str,
    parent: &Arc<Relation>,
    bound: &PartitionBound,
    spec: &PartitionBoundSpec,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let catalog = cx.catalog();
    let Some(key) = &parent.lineage.key else { return Ok(()) };
    let types = key_types(&catalog, key);
    let refused = |message: String| PgError::new(code::INVALID_OBJECT_DEFINITION, message);
    if let PartitionBound::Range(from, to) = bound
        && compare_edges(&types, from, to).is_ge()
    {
        let message = format!("empty range bound specified for partition \"{name}\"");
        let show = |edges: &[RangeEdge]| range_text(&catalog, key, edges);
        let detail = format!(
            "Specified lower bound {} is greater than or equal to upper bound {}.",
            show(from),
            show(to)
        );
        let at = spec.lowerdatums().iter().next().map_or(-1, location);
        return Err(refused(message).detail(detail).at(at));
    }
    let partitions = catalog.children_of(parent);
    if let PartitionBound::Hash { modulus, .. } = bound {
        check_modulus(*modulus, &partitions)?;
    }
    for partition in partitions {
        let Some(other) = &partition.lineage.bound else { continue };
        if *bound == PartitionBound::Default && *other == PartitionBound::Default {
            let message = format!(
                "partition \"{name}\" conflicts with existing default partition \"{}\"",
                partition.name
            );
            return Err(refused(message).at(spec.location));
        }
        if bound.overlaps(&types, other) {
            let message =
                format!("partition \"{name}\" would overlap partition \"{}\"", partition.name);
            let at = overlap_location(spec, bound, other, &types);
            return Err(refused(message).at(at));
        }
    }
    Ok(())
}

/// Where the values stand that another partition takes.
fn overlap_location(
    spec: &PartitionBoundSpec,
    bound: &PartitionBound,
    other: &PartitionBound,
    types: &[u32],
) -> i32 {
    match (bound, other) {
        (PartitionBound::List(values), _) => {
            let taken = |value: &Datum| other.takes(types, std::slice::from_ref(value), 0);
            let at = values.iter().position(taken);
            at.and_then(|at| spec.listdatums().iter().nth(at)).map_or(-1, location)
        }
        (PartitionBound::Range(from, to), PartitionBound::Range(other_from, other_to)) => {
            // PostgreSQL points at the end that lies inside the other range.
            let inside = compare_edges(types, other_from, from).is_le()
                && compare_edges(types, from, other_to).is_lt();
            let (mine, theirs, nodes) = match inside {
                true => (from, other_from, spec.lowerdatums()),
                false => (to, other_from, spec.upperdatums()),
            };
            let at = differing(types, mine, theirs).unwrap_or(0);
            nodes.iter().nth(at).map_or(-1, location)
        }
        _ => spec.location,
    }
}

fn differing(types: &[u32], a: &[RangeEdge], b: &[RangeEdge]) -> Option<usize> {
    (0..a.len().min(b.len())).find(|at| {
        let (a, b) = (&a[*at..=*at], &b[*at..=*at]);
        compare_edges(&types[*at..], a, b) != Ordering::Equal
    })
}

fn check_modulus(modulus: i32, partitions: &[&Arc<Relation>]) -> Result<()> {
    let message = "every hash partition modulus must be a factor of the next larger modulus";
    let refused =
        |detail| Err(PgError::new(code::INVALID_OBJECT_DEFINITION, message).detail(detail));
    let known = |partition: &&Arc<Relation>| match partition.lineage.bound {
        Some(PartitionBound::Hash { modulus, .. }) => Some((modulus, partition.name.clone())),
        _ => None,
    };
    let mut known: Vec<(i32, String)> = partitions.iter().filter_map(known).collect();
    known.sort_by_key(|(modulus, _)| *modulus);
    let after = known.partition_point(|(other, _)| *other <= modulus);
    if let Some((other, name)) = after.checked_sub(1).map(|at| &known[at])
        && modulus % other != 0
    {
        return refused(format!(
            "The new modulus {modulus} is not divisible by {other}, the modulus of existing \
             partition \"{name}\"."
        ));
    }
    if let Some((other, name)) = known.get(after)
        && other % modulus != 0
    {
        return refused(format!(
            "The new modulus {modulus} is not a factor of {other}, the modulus of existing \
             partition \"{name}\"."
        ));
    }
    Ok(())
}

/// `('2024-01-01', MINVALUE)`.
fn range_text(catalog: &Catalog, key: &PartitionKey, edges: &[RangeEdge]) -> String {
    let edge = |(column, edge): (&PartitionColumn, &RangeEdge)| match edge {
        RangeEdge::MinValue => "MINVALUE".to_owned(),
        RangeEdge::MaxValue => "MAXVALUE".to_owned(),
        RangeEdge::Value(value) => {
            let text = value_text(catalog, column.type_oid, value);
            match column.type_oid {
                oids::INT4 if !text.starts_with('-') => text,
                _ => format!("'{}'", text.replace('\'', "''")),
            }
        }
    };
    let edges: Vec<String> = key.columns.iter().zip(edges).map(edge).collect();
    format!("({})", edges.join(", "))
}
