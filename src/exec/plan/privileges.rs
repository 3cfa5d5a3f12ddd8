//! What a query's roles must be allowed to do, found when it is planned and checked each time it
//! runs: roles and grants may change between (manual, 5.7).
//!
//! A table in a query needs SELECT, the target of a data-modifying statement what the statement
//! does, and SELECT too where its columns are read. What a view reads, its owner must be allowed to
//! read, unless the view is a `security_invoker`.

use super::walk;
use crate::catalog::depend::relations_of_query;
use crate::catalog::{Catalog, Relation};
use crate::error::Result;
use crate::exec::{KEY_ATTNO, KEY_TABLE_ATTNO, SEQ_ATTNO};
use crate::functions::privileges::{require_columns, require_relation};
use crate::nodes::{
    AttrNumber, CommandType, Expr, MergeAction, MergeKind, Query, RangeIndex, RangeSource,
    TargetView,
};
use crate::types::Oid;
use std::collections::{BTreeMap, BTreeSet};

/// Privileges that a role needs on a relation.
#[derive(Debug, PartialEq)]
pub(super) struct Required {
    relation: Oid,
    /// Letters, and the columns that having the privilege on each would do instead; `None`: only
    /// the relation's counts.
    privileges: Vec<(char, Option<Columns>)>,
    /// A view's owner; `None`: whoever runs the statement.
    role: Option<Oid>,
}

type Columns = BTreeSet<AttrNumber>;

impl Required {
    pub fn relation<'c>(&self, catalog: &'c Catalog) -> Option<&'c Relation> {
        catalog.relation(self.relation).map(|r| &**r)
    }

    /// The relation, if it is a view.
    pub fn view<'c>(&self, catalog: &'c Catalog) -> Option<&'c Relation> {
        self.relation(catalog).filter(|r| r.view.is_some())
    }

    pub fn check(&self, catalog: &Catalog, current_role: Oid) -> Result<()> {
        let role = self.role.unwrap_or(current_role);
        self.privileges.iter().try_for_each(|(letter, columns)| match columns {
            Some(columns) => require_columns(catalog, role, self.relation, *letter, columns),
            None => require_relation(catalog, role, self.relation, letter.encode_utf8(&mut [0; 4])),
        })
    }
}

pub(super) fn required(query: &Query, catalog: &Catalog) -> Vec<Required> {
    required_of(query, catalog, None)
}

/// The same of a query that runs with the rights of a role.
pub(super) fn required_of(query: &Query, catalog: &Catalog, role: Option<Oid>) -> Vec<Required> {
    let mut found = Found { catalog, required: Vec::new() };
    found.add(query, role, false);
    found.required
}

/// Whether a statement reads rows of its target, and so needs SELECT on it.
pub(super) fn reads_target(query: &Query, rel: RangeIndex) -> bool {
    if !query.target_views.is_empty() {
        return !query.target_view_reads.is_empty();
    }
    let arbiters = query.on_conflict.as_ref().map(|conflict| conflict.arbiters.as_slice());
    read_columns(query).contains_key(&rel) || arbiters.is_some_and(|a| !a.is_empty())
}

/// Whose rights count for what is behind views: each view's owner's, unless it is a `security_invoker`.
pub(super) fn role_behind(
    catalog: &Catalog,
    views: &[TargetView],
    role: Option<Oid>,
) -> Option<Oid> {
    let views = views.iter().filter_map(|through| catalog.relation(through.view));
    views.fold(role, |role, view| if view.is_security_invoker() { role } else { Some(view.owner) })
}

struct Found<'a> {
    catalog: &'a Catalog,
    required: Vec<Required>,
}

impl Found<'_> {
    /// A query and everything below it. `locked`: a view's query under FOR UPDATE.
    fn add(&mut self, query: &Query, role: Option<Oid>, locked: bool) {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || {
            let read = read_columns(query);
            for (range, rel) in query.range_table.iter().zip(1..) {
                if let RangeSource::Relation { oid } = range.source {
                    let needed = needed(query, rel, locked, &read);
                    let target = query.result_relation == Some(rel);
                    let views = if target { query.target_views.as_slice() } else { &[] };
                    let reads = &query.target_view_reads;
                    let insert = query.command == CommandType::Insert;
                    let (needed, role) =
                        self.through_views(views, insert, reads, oid, needed, role);
                    self.push(oid, needed, role);
                }
                if let RangeSource::Subquery { view: Some(view), .. } = range.source {
                    let mut needed = vec![('r', Some(columns_of(&read, rel)))];
                    if locked || is_marked(query, rel) {
                        needed.push(('w', Some(Columns::new())));
                    }
                    self.push(view, needed, role);
                }
            }
            for (range, rel) in query.range_table.iter().zip(1..) {
                let RangeSource::Subquery { query: below, view } = &range.source else { continue };
                match view.and_then(|oid| self.catalog.relation(oid)) {
                    Some(view) => {
                        let locked = locked || is_marked(query, rel);
                        let invoker = view.is_security_invoker();
                        self.add(below, if invoker { role } else { Some(view.owner) }, locked);
                    }
                    None => self.add(below, role, false),
                }
            }
            query.ctes.iter().for_each(|cte| self.add(&cte.query, role, false));
            query.for_each_expr(&mut |expr| self.add_links(expr, role));
        });
    }

    /// A change through views needs on each what it needs on the table. Of the first it reads what the
    /// statement names, of what that selects from all that it names itself (`rewriteTargetView`). Gives
    /// what is needed on the table, and who must have it.
    fn through_views(
        &mut self,
        views: &[TargetView],
        insert: bool,
        reads: &[AttrNumber],
        table: Oid,
        mut needed: Needed,
        mut role: Option<Oid>,
    ) -> (Needed, Option<Oid>) {
        if views.is_empty() {
            return (needed, role);
        }
        needed.retain(|(letter, _)| *letter != 'r');
        let mut read: Columns = reads.iter().copied().collect();
        for (at, through) in views.iter().enumerate() {
            let Some(view) = self.catalog.relation(through.view) else { continue };
            let of_view = |(letter, _): &(char, _)| match letter {
                'w' if insert => ('w', Some(through.updated.iter().copied().collect())),
                'a' | 'w' => (*letter, Some(through.assigned.iter().copied().collect())),
                _ => (*letter, None),
            };
            let mut of_view: Needed = needed.iter().map(of_view).collect();
            of_view.extend((!reads.is_empty()).then(|| ('r', Some(read.clone()))));
            self.push(view.oid, of_view, role);
            if !view.is_security_invoker() {
                role = Some(view.owner);
            }
            let below = views.get(at + 1).map_or(table, |below| below.view);
            let named = view.query().map(relations_of_query).unwrap_or_default();
            let columns = named.iter().filter(|(oid, attno)| *oid == below && *attno != 0);
            read = columns.map(|(_, attno)| *attno).collect();
        }
        needed.extend((!reads.is_empty()).then_some(('r', Some(read))));
        (needed, role)
    }

    fn add_links(&mut self, expr: &Expr, role: Option<Oid>) {
        if let Expr::SubLink(link) = expr {
            self.add(&link.query, role, false);
        }
        expr.for_each_child(&mut |child| self.add_links(child, role));
    }

    fn push(&mut self, relation: Oid, privileges: Needed, role: Option<Oid>) {
        let required = Required { relation, privileges, role };
        if !required.privileges.is_empty() && !self.required.contains(&required) {
            self.required.push(required);
        }
    }
}

/// As in [`Required`].
type Needed = Vec<(char, Option<Columns>)>;

/// What a query needs on one of its relations.
fn needed(
    query: &Query,
    rel: RangeIndex,
    locked: bool,
    read: &BTreeMap<RangeIndex, Columns>,
) -> Needed {
    let conflict = query.on_conflict.as_ref();
    let updates = conflict.and_then(|c| c.update.as_ref());
    let reads = ('r', Some(columns_of(read, rel)));
    // EXCLUDED is the proposed row; its columns, if any are named, need SELECT all the same.
    if updates.is_some_and(|update| update.excluded == rel) {
        // Behind a view they are the view's, whose privileges are asked for.
        let named = read.contains_key(&rel) && query.target_views.is_empty();
        return if named { vec![reads] } else { Needed::new() };
    }
    if query.result_relation != Some(rel) {
        return match locked || is_marked(query, rel) {
            true => vec![reads, ('w', Some(Columns::new()))],
            false => vec![reads],
        };
    }
    let assigned = || Some(query.assigned.iter().copied().collect());
    let mut needed = match query.command {
        CommandType::Insert => vec![('a', assigned())],
        CommandType::Update => vec![('w', assigned())],
        CommandType::Delete => vec![('d', None)],
        CommandType::Merge => of_merge(&query.merge),
        CommandType::Select => return vec![reads],
    };
    if let Some(update) = updates {
        needed.push(('w', Some(update.targets.iter().map(|t| t.resno).collect())));
    }
    if read.contains_key(&rel) || conflict.is_some_and(|c| !c.arbiters.is_empty()) {
        needed.push(reads);
    }
    needed
}

/// What MERGE's WHEN clauses do to the target.
fn of_merge(actions: &[MergeAction]) -> Needed {
    let mut needed = Needed::new();
    for (kind, letter) in [(MergeKind::Insert, 'a'), (MergeKind::Update, 'w')] {
        let mut of_kind = actions.iter().filter(|action| action.kind == kind).peekable();
        if of_kind.peek().is_some() {
            let columns = of_kind.flat_map(|action| action.assigned.iter().copied()).collect();
            needed.push((letter, Some(columns)));
        }
    }
    if actions.iter().any(|action| action.kind == MergeKind::Delete) {
        needed.push(('d', None));
    }
    needed
}

fn columns_of(read: &BTreeMap<RangeIndex, Columns>, rel: RangeIndex) -> Columns {
    read.get(&rel).cloned().unwrap_or_default()
}

fn is_marked(query: &Query, rel: RangeIndex) -> bool {
    query.row_marks.iter().any(|mark| mark.rel == rel)
}

/// The columns that a query, or a query below it, refers to; keys for row locks and cursors aside.
fn read_columns(query: &Query) -> BTreeMap<RangeIndex, Columns> {
    let mut read: BTreeMap<RangeIndex, Columns> = BTreeMap::new();
    walk::deep_query(query, 0, &mut |expr, depth| {
        if let Expr::Var(var) = expr
            && var.level == depth
            && !matches!(var.attno, KEY_ATTNO | KEY_TABLE_ATTNO | SEQ_ATTNO)
        {
            read.entry(var.rel).or_default().insert(var.attno);
        }
    });
    read
}
