//! What the tables and columns of a query are called in its text (`set_deparse_for_query`).
//!
//! A relation goes by its alias or name, with a number where that is taken already by another of
//! the same query or of one around it. Columns go by their aliases or else their present names.

use super::names::Names;
use crate::functions::quote_identifier;
use crate::nodes::*;
use std::collections::HashMap;

/// Names in one query.
pub(super) struct Scope<'a> {
    /// `None`: a lone relation whose columns are not qualified.
    pub query: Option<&'a Query>,
    /// By range index from 1: how columns are qualified. `None` for joins without an alias.
    pub tables: Vec<Option<String>>,
    /// By range index and attribute number from 1.
    pub columns: Vec<Vec<String>>,
    /// Aliased joins, outermost first, with the range indexes inside.
    joins: Vec<(RangeIndex, Vec<RangeIndex>)>,
    /// Joins whose inside is being written: their inputs are visible.
    pub open_joins: Vec<RangeIndex>,
    /// The lone column is the word VALUE of a domain's CHECK.
    pub of_domain: bool,
}

impl<'a> Scope<'a> {
    /// The columns of one relation, for expressions outside queries.
    pub fn of_columns(columns: Vec<String>) -> Scope<'a> {
        Scope {
            query: None,
            tables: vec![None],
            columns: vec![columns],
            joins: Vec::new(),
            open_joins: Vec::new(),
            of_domain: false,
        }
    }

    /// OLD and NEW of a rule.
    pub fn of_rule(columns: &[String]) -> Scope<'a> {
        Scope {
            tables: vec![Some("old".to_owned()), Some("new".to_owned())],
            columns: vec![columns.to_vec(), columns.to_vec()],
            ..Scope::of_columns(Vec::new())
        }
    }

    /// The value of a domain, for its CHECK.
    pub fn of_domain() -> Scope<'a> {
        Scope { of_domain: true, ..Scope::of_columns(vec!["VALUE".to_owned()]) }
    }

    /// Names for a query inside `outer` ones. A view's own query has `old` and `new` in PostgreSQL,
    /// so these are taken.
    pub fn of_query(query: &'a Query, names: &Names<'_>, outer: &[Scope<'_>]) -> Scope<'a> {
        let mut taken: HashMap<String, u32> = HashMap::new();
        for name in outer.iter().flat_map(|s| &s.tables).flatten() {
            taken.insert(name.clone(), 0);
        }
        if outer.is_empty() {
            taken.extend([("old".to_owned(), 0), ("new".to_owned(), 0)]);
        }
        let tables = query.range_table.iter().map(|e| table_name(e, names, &mut taken)).collect();
        let mut columns: Vec<_> =
            query.range_table.iter().map(|e| column_names(e, names)).collect();
        let mut joins = Vec::new();
        for item in &query.from.items {
            aliased_joins(item, query, &mut joins);
            set_join_names(item, query, &mut columns);
        }
        let open_joins = Vec::new();
        Scope { query: Some(query), tables, columns, joins, open_joins, of_domain: false }
    }

    pub fn table(&self, rel: RangeIndex) -> Option<&str> {
        self.tables.get((rel as usize).checked_sub(1)?)?.as_deref()
    }

    pub fn column(&self, rel: RangeIndex, attno: AttrNumber) -> Option<&str> {
        let columns = self.columns.get((rel as usize).checked_sub(1)?)?;
        columns.get(usize::try_from(attno).ok()?.checked_sub(1)?).map(String::as_str)
    }

    /// What a variable is called here: an alias on a join hides the join's inputs, and a column of a
    /// join without one is its input's where it is just that.
    pub fn resolve(&self, rel: RangeIndex, attno: AttrNumber) -> (RangeIndex, AttrNumber) {
        let Some(query) = self.query else { return (rel, attno) };
        let hiding = self
            .joins
            .iter()
            .find(|(join, inside)| inside.contains(&rel) && !self.open_joins.contains(join));
        if let Some((join, _)) = hiding
            && let Some(at) = join_column(query, *join, rel, attno)
        {
            return (*join, at);
        }
        let entry = query.range_table.get((rel as usize).wrapping_sub(1));
        match entry.map(|e| (e.aliased, &e.source)) {
            Some((false, RangeSource::Join { columns, .. })) => {
                let at = usize::try_from(attno).ok().and_then(|a| a.checked_sub(1));
                match at.and_then(|at| columns.get(at)) {
                    Some(Expr::Var(var)) if var.level == 0 => self.resolve(var.rel, var.attno),
                    _ => (rel, attno),
                }
            }
            _ => (rel, attno),
        }
    }
}

/// USING needs its columns under one name on both sides, whatever they were renamed to since; a
/// join's other columns are called what they are called in its inputs.
fn set_join_names(item: &FromItem, query: &Query, columns: &mut [Vec<String>]) {
    let FromItem::Join(join) = item else { return };
    let entry = query.range(join.rel);
    let RangeSource::Join { columns: exprs, using, .. } = &entry.source else { return };
    let conditions = match &join.on {
        Some(Expr::Bool(BoolOp::And, parts)) if using.len() > 1 => parts.as_slice(),
        Some(one) if !using.is_empty() => std::slice::from_ref(one),
        _ => &[],
    };
    for (condition, name) in conditions.iter().zip(using) {
        condition.any(&mut |e| {
            if let Expr::Var(var) = e
                && let Some(column) = column_mut(columns, var)
            {
                column.clone_from(name);
            }
            false
        });
    }
    set_join_names(&join.left, query, columns);
    set_join_names(&join.right, query, columns);
    for (at, expr) in exprs.iter().enumerate().skip(entry.column_aliases) {
        if let Expr::Var(var) = expr
            && let Some(name) = column_mut(columns, var).cloned()
            && let Some(column) = columns[join.rel as usize - 1].get_mut(at)
        {
            *column = name;
        }
    }
}

fn column_mut<'c>(columns: &'c mut [Vec<String>], var: &Var) -> Option<&'c mut String> {
    let table = columns.get_mut((var.rel as usize).checked_sub(1)?)?;
    table.get_mut(usize::try_from(var.attno).ok()?.checked_sub(1)?).filter(|_| var.level == 0)
}

/// The column of an aliased join that shows a column of one of its inputs.
fn join_column(
    query: &Query,
    join: RangeIndex,
    rel: RangeIndex,
    attno: AttrNumber,
) -> Option<AttrNumber> {
    let RangeSource::Join { columns, .. } = &query.range(join).source else { return None };
    let shows =
        |e: &Expr| matches!(e, Expr::Var(v) if v.level == 0 && (v.rel, v.attno) == (rel, attno));
    let at = columns.iter().position(shows)?;
    AttrNumber::try_from(at + 1).ok()
}

fn aliased_joins(item: &FromItem, query: &Query, out: &mut Vec<(RangeIndex, Vec<RangeIndex>)>) {
    let FromItem::Join(join) = item else { return };
    if query.range(join.rel).aliased {
        let mut inside = Vec::new();
        ranges(&join.left, &mut inside);
        ranges(&join.right, &mut inside);
        out.push((join.rel, inside));
    }
    aliased_joins(&join.left, query, out);
    aliased_joins(&join.right, query, out);
}

fn ranges(item: &FromItem, out: &mut Vec<RangeIndex>) {
    match item {
        FromItem::Range(rel) => out.push(*rel),
        FromItem::Join(join) => {
            out.push(join.rel);
            ranges(&join.left, out);
            ranges(&join.right, out);
        }
    }
}

/// The alias, or the relation's present name, made unique by a number (`set_rtable_names`).
fn table_name(
    entry: &RangeEntry,
    names: &Names<'_>,
    taken: &mut HashMap<String, u32>,
) -> Option<String> {
    let name = match &entry.source {
        _ if entry.aliased => entry.name.clone(),
        RangeSource::Join { .. } => return None,
        RangeSource::Relation { oid } | RangeSource::Subquery { view: Some(oid), .. } => {
            let relation = names.catalog.relation(*oid);
            relation.map_or_else(|| entry.name.clone(), |r| r.name.clone())
        }
        _ => entry.name.clone(),
    };
    let Some(count) = taken.get(&name).copied() else {
        taken.insert(name.clone(), 0);
        return Some(name);
    };
    let mut number = count;
    let unique = loop {
        number += 1;
        let unique = format!("{name}_{number}");
        if !taken.contains_key(&unique) {
            break unique;
        }
    };
    taken.insert(name, number);
    taken.insert(unique.clone(), 0);
    Some(unique)
}

/// The columns' names where they come from, before aliases.
pub(super) fn real_columns(entry: &RangeEntry, names: &Names<'_>) -> Vec<String> {
    match &entry.source {
        RangeSource::Relation { oid } | RangeSource::Subquery { view: Some(oid), .. } => {
            let Some(relation) = names.catalog.relation(*oid) else { return entry.columns.clone() };
            let name = |c: &crate::catalog::Column| match c.dropped {
                true => String::new(),
                false => c.name.clone(),
            };
            relation.columns.iter().map(name).collect()
        }
        RangeSource::Subquery { query, view: None } => {
            query.output().map(|t| t.name.clone()).collect()
        }
        _ => entry.columns.clone(),
    }
}

/// The columns' names in the query, none twice in one relation (`set_relation_column_names`).
fn column_names(entry: &RangeEntry, names: &Names<'_>) -> Vec<String> {
    let mut columns = real_columns(entry, names);
    let live = columns.iter_mut().filter(|c| !c.is_empty());
    let given = entry.columns.iter().filter(|c| !c.is_empty());
    live.zip(given).take(entry.column_aliases).for_each(|(name, alias)| name.clone_from(alias));
    if matches!(entry.source, RangeSource::Join { .. }) {
        return columns;
    }
    for at in 0..columns.len() {
        let name = columns[at].clone();
        let mut number = 0;
        while !columns[at].is_empty() && columns[..at].contains(&columns[at]) {
            number += 1;
            columns[at] = format!("{name}_{number}");
        }
    }
    columns
}

/// `(a, b)`, quoted.
pub(super) fn parenthesized<'s>(names: impl IntoIterator<Item = &'s String>) -> String {
    let quoted =
        names.into_iter().filter(|n| !n.is_empty()).map(|n| quote_identifier(n).into_owned());
    format!("({})", quoted.collect::<Vec<_>>().join(", "))
}
