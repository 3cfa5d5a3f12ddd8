//! JOIN (`transformFromClauseItem`): ON, USING, NATURAL, merged columns.

use super::from::{alias_count, apply_aliases, check_conflicts, set_lateral};
use super::oper::OperatorName;
use super::place::Place;
use super::state::{Binder, NsColumn, NsItem};
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use pg_raw_parse::nodes;

impl<'n> Binder<'_, 'n> {
    /// A join, and the namespace that it leaves: its own columns, and its tables' names unless it
    /// has an alias.
    pub fn bind_join(&mut self, node: &'n nodes::JoinExpr) -> Result<(FromItem, Vec<NsItem>)> {
        let kind = match node.jointype {
            nodes::JoinType::JOIN_INNER => JoinKind::Inner,
            nodes::JoinType::JOIN_LEFT => JoinKind::Left,
            nodes::JoinType::JOIN_RIGHT => JoinKind::Right,
            _ => JoinKind::Full,
        };
        let (left, mut left_space) = self.bind_from_item(node.larg())?;
        let lateral_ok = matches!(kind, JoinKind::Inner | JoinKind::Left);
        set_lateral(&mut left_space, true, lateral_ok);
        let mark = self.scope_ref().namespace.len();
        self.scope().namespace.extend(left_space.iter().cloned());
        let right = self.bind_from_item(node.rarg());
        self.scope().namespace.truncate(mark);
        let (right, right_space) = right?;
        check_conflicts(&left_space, &right_space, self)?;

        let left_columns = joined_columns(&left_space);
        let right_columns = joined_columns(&right_space);
        let using = match node.is_natural {
            true => common_names(&left_columns, &right_columns),
            false => {
                node.using_clause().iter().filter_map(|s| s.sval()).map(str::to_owned).collect()
            }
        };
        let mut space = left_space;
        space.extend(right_space);
        let merged = self.merge_using(kind, &using, &left_columns, &right_columns)?;
        let on = match (&merged.condition, node.quals()) {
            (Some(_), _) => merged.condition.clone(),
            (None, pg_raw_parse::Node::None) => None,
            (None, quals) => Some(self.bind_join_on(quals, &space)?),
        };
        let rel = self.add_join_entry(kind, node, using, &merged, &left_columns, &right_columns)?;
        let namespace =
            self.join_namespace(node, rel, space, merged, &left_columns, &right_columns);
        Ok((FromItem::Join(Box::new(Join { kind, left, right, on, rel })), namespace))
    }

    /// ON sees both sides, and nothing else of this query level.
    fn bind_join_on(&mut self, quals: pg_raw_parse::Node<'n>, space: &[NsItem]) -> Result<Expr> {
        let mut visible = space.to_vec();
        set_lateral(&mut visible, false, true);
        let outer = std::mem::replace(&mut self.scope().namespace, visible);
        let result = self.bind_where(quals, Place::JoinOn, "JOIN/ON");
        self.scope().namespace = outer;
        result
    }

    /// USING's condition and merged columns.
    fn merge_using(
        &mut self,
        kind: JoinKind,
        using: &[String],
        left: &[NsColumn],
        right: &[NsColumn],
    ) -> Result<Merged> {
        let mut merged = Merged::default();
        let mut compared = Vec::new();
        for (at, name) in using.iter().enumerate() {
            if using[..at].contains(name) {
                let message =
                    format!("column name \"{name}\" appears more than once in USING clause");
                return Err(PgError::new(code::DUPLICATE_COLUMN, message));
            }
            let (l, r) = (using_column(left, name, "left")?, using_column(right, name, "right")?);
            let (lv, rv) = (left[l].var(0, -1), right[r].var(0, -1));
            let expr = self.merged_var(kind, lv.clone(), rv.clone())?;
            merged.columns.push((name.clone(), l, r, expr));
            compared.push((lv, rv));
        }
        // Columns of types that do not go together are told before operators that are missing.
        let mut conditions = Vec::new();
        for (left, right) in compared {
            let outer = self.scope().place.replace(Place::JoinUsing);
            let equals = self.make_op(OperatorName::plain("="), Some(left), Some(right), -1);
            self.scope().place = outer;
            conditions.push(self.coerce_to_boolean(equals?, "JOIN/USING")?);
        }
        merged.condition = match conditions.len() {
            0 => None,
            1 => conditions.pop(),
            _ => Some(Expr::Bool(BoolOp::And, conditions)),
        };
        Ok(merged)
    }

    /// The value of a merged column (`buildMergedJoinVar`).
    fn merged_var(&mut self, kind: JoinKind, left: Expr, right: Expr) -> Result<Expr> {
        let type_oid = self.common_type(&[&left, &right], "JOIN/USING")?;
        let typmod = super::common::common_typmod(&[&left, &right], type_oid);
        let mut convert = |e: Expr| -> Result<Expr> {
            let (from, from_typmod) = (e.type_oid(), e.typmod());
            if from != type_oid {
                return self.coerce_type(e, type_oid, typmod, super::coerce::Cast::IMPLICIT);
            }
            if from_typmod == typmod {
                return Ok(e);
            }
            Ok(Expr::Relabel(Box::new(Relabel {
                arg: e,
                type_oid,
                typmod,
                collation: self.collation(type_oid),
                form: CoercionForm::Implicit,
                location: -1,
            })))
        };
        let (left, right) = (convert(left)?, convert(right)?);
        Ok(match kind {
            JoinKind::Inner if matches!(left, Expr::Var(_)) => left,
            JoinKind::Inner if matches!(right, Expr::Var(_)) => right,
            JoinKind::Inner | JoinKind::Left => left,
            JoinKind::Right => right,
            JoinKind::Full => Expr::Coalesce(Box::new(Coalesce {
                type_oid,
                collation: self.collation(type_oid),
                args: vec![left, right],
                location: -1,
            })),
        })
    }

    fn add_join_entry(
        &mut self,
        kind: JoinKind,
        node: &nodes::JoinExpr,
        using: Vec<String>,
        merged: &Merged,
        left: &[NsColumn],
        right: &[NsColumn],
    ) -> Result<RangeIndex> {
        let mut names = Vec::new();
        let mut columns = Vec::new();
        for (name, _, _, expr) in &merged.columns {
            names.push(name.clone());
            columns.push(expr.clone());
        }
        for column in merged.rest(left, right) {
            names.push(column.name.clone());
            columns.push(column.var(0, -1));
        }
        let alias = node.alias();
        let name = super::from::alias_name(alias).unwrap_or("unnamed_join").to_owned();
        apply_aliases(&mut names, alias, &name, "join expression")?;
        Ok(self.add_range(RangeEntry {
            source: RangeSource::Join {
                kind,
                columns,
                using,
                using_alias: node.join_using_alias().and_then(|a| a.aliasname()).map(str::to_owned),
            },
            name,
            aliased: alias.is_some(),
            column_aliases: alias_count(alias),
            columns: names,
            lateral: false,
            in_from: true,
            with_deleted: false,
            security: Vec::new(),
            only: false,
        }))
    }

    /// What names may refer to after the join.
    fn join_namespace(
        &self,
        node: &nodes::JoinExpr,
        rel: RangeIndex,
        mut space: Vec<NsItem>,
        merged: Merged,
        left: &[NsColumn],
        right: &[NsColumn],
    ) -> Vec<NsItem> {
        let entry = &self.scope_ref().range_table[rel as usize - 1];
        let mut columns: Vec<NsColumn> = Vec::new();
        for (at, (name, l, r, expr)) in merged.columns.iter().enumerate() {
            // A merged column that is one side's column is that column; else the join's own.
            let side = [&left[*l], &right[*r]].into_iter().find(|c| c.var(0, -1) == *expr);
            columns.push(match side {
                Some(column) => NsColumn { name: name.clone(), ..column.clone() },
                None => NsColumn {
                    name: name.clone(),
                    rel,
                    attno: AttrNumber::try_from(at + 1).expect("USING lists are short"),
                    type_oid: expr.type_oid(),
                    typmod: expr.typmod(),
                    collation: self.collation(expr.type_oid()),
                },
            });
        }
        let using_columns = columns.clone();
        columns.extend(merged.rest(left, right).cloned());
        for (column, name) in columns.iter_mut().zip(&entry.columns) {
            column.name = name.clone();
        }
        if node.alias().is_some() {
            space.clear();
        }
        space.iter_mut().for_each(|item| item.cols_visible = false);
        set_lateral(&mut space, false, true);
        let item = |name: Option<&str>, columns, cols_visible| NsItem {
            rel,
            name: name.map(str::to_owned),
            relation: None,
            columns,
            rel_visible: name.is_some(),
            cols_visible,
            lateral_only: false,
            lateral_ok: true,
        };
        if let Some(alias) = node.join_using_alias() {
            space.push(item(alias.aliasname(), using_columns, false));
        }
        space.push(item(super::from::alias_name(node.alias()), columns, true));
        space
    }
}

/// USING's result: name, place on the left, on the right, value.
#[derive(Default)]
struct Merged {
    columns: Vec<(String, usize, usize, Expr)>,
    condition: Option<Expr>,
}

impl Merged {
    /// The columns that are not merged, left ones first.
    fn rest<'c>(
        &'c self,
        left: &'c [NsColumn],
        right: &'c [NsColumn],
    ) -> impl Iterator<Item = &'c NsColumn> {
        let unmerged = |at: usize, right_side: bool| {
            let at_side = |m: &(String, usize, usize, Expr)| if right_side { m.2 } else { m.1 };
            !self.columns.iter().any(|m| at_side(m) == at)
        };
        let left = left.iter().enumerate().filter(move |(i, _)| unmerged(*i, false));
        let right = right.iter().enumerate().filter(move |(i, _)| unmerged(*i, true));
        left.chain(right).map(|(_, c)| c)
    }
}

/// The columns that one side of a join offers.
fn joined_columns(space: &[NsItem]) -> Vec<NsColumn> {
    let visible = space.iter().filter(|i| i.cols_visible).flat_map(|i| &i.columns);
    visible.filter(|c| !c.name.is_empty()).cloned().collect()
}

fn common_names(left: &[NsColumn], right: &[NsColumn]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for column in left {
        if right.iter().any(|r| r.name == column.name) {
            names.push(column.name.clone());
        }
    }
    names
}

fn using_column(columns: &[NsColumn], name: &str, side: &str) -> Result<usize> {
    let mut found = columns.iter().enumerate().filter(|(_, c)| c.name == name);
    match (found.next(), found.next()) {
        (Some((at, _)), None) => Ok(at),
        (None, _) => {
            let message = format!(
                "column \"{name}\" specified in USING clause does not exist in {side} table"
            );
            Err(PgError::new(code::UNDEFINED_COLUMN, message))
        }
        _ => {
            let message =
                format!("common column name \"{name}\" appears more than once in {side} table");
            Err(PgError::new(code::AMBIGUOUS_COLUMN, message))
        }
    }
}
