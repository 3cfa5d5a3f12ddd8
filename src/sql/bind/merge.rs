//! MERGE (`transformMergeStmt`).
//!
//! The source is joined to the target on MERGE's condition, by an outer join where there is an INSERT;
//! each row of the join is worked on by the first WHEN clause that fits:
//!
//! ```text
//! MERGE INTO t USING s ON t.k = s.k        FROM s LEFT JOIN t ON t.k = s.k
//!   WHEN MATCHED AND s.gone THEN DELETE    merge: matched, filter s.gone, Delete
//!   WHEN NOT MATCHED THEN INSERT …         merge: not matched, Insert, targets as INSERT's
//! ```

use super::insert::{insert_columns, overriding};
use super::place::Place;
use super::state::{Binder, NsItem};
use crate::catalog::{Relation, RelationKind};
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use pg_raw_parse::nodes::{CmdType, MergeMatchKind};
use pg_raw_parse::{Node, nodes};

impl<'n> Binder<'_, 'n> {
    pub fn bind_merge(&mut self, node: &'n nodes::MergeStmt) -> Result<Query> {
        refuse_newer(node)?;
        let mut query = Query::new(CommandType::Merge);
        if node.with_clause().is_some_and(|with| with.recursive) {
            let message = "WITH RECURSIVE is not supported for MERGE statement";
            return Err(PgError::new(code::SYNTAX_ERROR, message));
        }
        self.bind_with(node.with_clause(), &mut query)?;
        check_reachable(node)?;
        let var = node.relation().ok_or_else(|| PgError::internal("a MERGE without a target"))?;
        check_target(&*self.open_relation(var)?)?;
        let (relation, target) = self.open_target(node.relation(), CommandType::Merge)?;
        query.result_relation = Some(target.rel);
        let source = self.bind_merge_source(node, &target)?;
        self.scope().namespace.push(target.clone());
        let on = self.bind_where(node.join_condition(), Place::JoinOn, "JOIN/ON")?;
        for clause in node.merge_when_clauses() {
            query.merge.push(self.bind_when(clause, &relation, target.rel)?);
        }
        let inserts = query.merge.iter().any(|action| action.kind == MergeKind::Insert);
        query.from = match inserts {
            true => self.outer_join(source, target.rel, on),
            false => {
                FromClause { items: vec![source, FromItem::Range(target.rel)], filter: Some(on) }
            }
        };
        self.take_scope(&mut query);
        Ok(query)
    }

    /// The source, whose name must not be the target's.
    fn bind_merge_source(
        &mut self,
        node: &'n nodes::MergeStmt,
        target: &NsItem,
    ) -> Result<FromItem> {
        let (source, mut items) = self.bind_from_item(node.source_relation())?;
        let same = |item: &NsItem| item.rel_visible && item.name == target.name;
        if items.last().is_some_and(same) {
            let name = target.name.as_deref().unwrap_or_default();
            let message = format!("name \"{name}\" specified more than once");
            return Err(PgError::new(code::DUPLICATE_ALIAS, message)
                .detail("The name is used both as MERGE target table and data source."));
        }
        super::from::set_lateral(&mut items, false, true);
        self.scope().namespace.append(&mut items);
        Ok(source)
    }

    fn outer_join(&mut self, source: FromItem, target: RangeIndex, on: Expr) -> FromClause {
        let kind = JoinKind::Left;
        let columns = Vec::new();
        let rel = self.add_range(RangeEntry {
            source: RangeSource::Join { kind, columns, using: Vec::new(), using_alias: None },
            name: String::new(),
            aliased: false,
            column_aliases: 0,
            columns: Vec::new(),
            lateral: false,
            in_from: false,
            with_deleted: false,
            security: Vec::new(),
            only: false,
        });
        let (left, right) = (source, FromItem::Range(target));
        let join = Join { kind, left, right, on: Some(on), rel };
        FromClause { items: vec![FromItem::Join(Box::new(join))], filter: None }
    }

    fn bind_when(
        &mut self,
        clause: &'n nodes::MergeWhenClause,
        relation: &Relation,
        target: RangeIndex,
    ) -> Result<MergeAction> {
        let matched = clause.match_kind == MergeMatchKind::MERGE_WHEN_MATCHED;
        // A row that is not matched has no columns of the target.
        for item in self.scope().namespace.iter_mut().filter(|item| item.rel == target) {
            (item.rel_visible, item.cols_visible) = (matched, matched);
        }
        let filter = self.bind_where_opt(clause.condition(), Place::MergeWhen, "WHEN")?;
        let (mut targets, mut assigned) = (Vec::new(), Vec::new());
        let kind = match clause.command_type {
            CmdType::CMD_INSERT => {
                let row = self.bind_merge_insert(clause, relation)?;
                assigned = row.iter().map(|(attno, _)| *attno).collect();
                targets = self.insert_targets(relation, row, overriding(clause.override_))?;
                MergeKind::Insert
            }
            CmdType::CMD_UPDATE => {
                let list = clause.target_list().iter();
                let list: Vec<_> = list.filter_map(as_target).collect();
                targets = self.bind_set_list(&list, relation)?;
                self.settle_set_list(&mut targets, relation)?;
                assigned = targets.iter().map(|t| t.resno).collect();
                MergeKind::Update
            }
            CmdType::CMD_DELETE => MergeKind::Delete,
            _ => MergeKind::Nothing,
        };
        Ok(MergeAction { matched, filter, kind, targets, assigned })
    }

    /// INSERT's expressions, each with its column; none with DEFAULT VALUES.
    fn bind_merge_insert(
        &mut self,
        clause: &'n nodes::MergeWhenClause,
        relation: &Relation,
    ) -> Result<Vec<(AttrNumber, Expr)>> {
        let columns = insert_columns(clause.target_list(), relation)?;
        if clause.values().is_empty() {
            return Ok(Vec::new());
        }
        let row = self.bind_expr_list(clause.values(), Place::ValuesSingle, true)?;
        if let Some(set) = row.iter().find(|expr| super::srf::returns_set(expr)) {
            let message = "set-valued function called in context that cannot accept a set";
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(set.location()));
        }
        let written = !clause.target_list().is_empty();
        self.assign_row(row, relation, &columns, written)
    }
}

fn as_target(node: Node<'_>) -> Option<&nodes::ResTarget> {
    match node {
        Node::ResTarget(target) => Some(target),
        _ => None,
    }
}

/// What the grammar has of later versions.
fn refuse_newer(node: &nodes::MergeStmt) -> Result<()> {
    let syntax = |near: &str| {
        let message = format!("syntax error at or near \"{near}\"");
        Err(PgError::new(code::SYNTAX_ERROR, message))
    };
    if node.returning_clause().is_some() {
        return syntax("RETURNING");
    }
    let by_source = MergeMatchKind::MERGE_WHEN_NOT_MATCHED_BY_SOURCE;
    match node.merge_when_clauses().iter().any(|clause| clause.match_kind == by_source) {
        true => syntax("BY"),
        false => Ok(()),
    }
}

/// 42601 for a WHEN after one of its kind that takes every row.
fn check_reachable(node: &nodes::MergeStmt) -> Result<()> {
    let mut ended = [false, false];
    for clause in node.merge_when_clauses() {
        let ended =
            &mut ended[usize::from(clause.match_kind != MergeMatchKind::MERGE_WHEN_MATCHED)];
        if *ended {
            let message = "unreachable WHEN clause specified after unconditional WHEN clause";
            return Err(PgError::new(code::SYNTAX_ERROR, message));
        }
        *ended = matches!(clause.condition(), Node::None);
    }
    Ok(())
}

/// MERGE works on tables only.
fn check_target(relation: &Relation) -> Result<()> {
    let kinds = match relation.kind {
        RelationKind::View => "views",
        RelationKind::MaterializedView => "materialized views",
        RelationKind::Sequence => "sequences",
        _ => return Ok(()),
    };
    let message = format!("cannot execute MERGE on relation \"{}\"", relation.name);
    Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message)
        .detail(format!("This operation is not supported for {kinds}.")))
}
