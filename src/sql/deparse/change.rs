//! INSERT, UPDATE and DELETE to SQL (`get_insert_query_def` and its kin).
//!
//! Stored statements have neither defaults filled in nor views replaced by their tables.

use super::query::Columns;
use super::writer::{STANDARD, Writer};
use crate::catalog::Relation;
use crate::error::{PgError, Result};
use crate::functions::quote_identifier;
use crate::nodes::*;

impl<'a> Writer<'a> {
    /// A statement that changes data, its WITH being written.
    pub fn change(&mut self, query: &'a Query, columns: Columns<'_>) -> Result<()> {
        let refused = |what: &str| Err(PgError::unsupported(format!("turning {what} into SQL")));
        self.indent += STANDARD;
        if self.lines {
            self.push(" ");
        }
        match query.command {
            CommandType::Insert => self.insert(query)?,
            CommandType::Update => {
                self.push("UPDATE ");
                self.target_table(query, " ")?;
                self.push(" SET ");
                self.separated(&query.targets, ", ", |w, target| {
                    w.target_column(query, target.resno)?;
                    w.push(" = ");
                    w.expr(&target.expr, false)
                })?;
                self.from(query, " FROM ")?;
            }
            CommandType::Delete => {
                self.push("DELETE FROM ");
                self.target_table(query, " ")?;
                self.from(query, " USING ")?;
            }
            _ => return refused("MERGE"),
        }
        if let Some(filter) = &query.from.filter {
            self.clause(" WHERE ", 1);
            self.expr(filter, false)?;
        }
        if !query.returning.is_empty() {
            self.clause(" RETURNING", 1);
            self.targets(query, columns, false)?;
        }
        Ok(())
    }

    fn insert(&mut self, query: &'a Query) -> Result<()> {
        self.push("INSERT INTO ");
        self.target_table(query, " AS ")?;
        self.push(" ");
        if !query.assigned.is_empty() {
            self.push("(");
            self.separated(&query.assigned, ", ", |w, attno| w.target_column(query, *attno))?;
            self.push(") ");
        }
        self.push(match query.overriding {
            Overriding::None => "",
            Overriding::User => "OVERRIDING USER VALUE ",
            Overriding::System => "OVERRIDING SYSTEM VALUE ",
        });
        let source = match query.from.items.as_slice() {
            [FromItem::Range(rel)] => Some(&query.range(*rel).source),
            _ => None,
        };
        match source {
            Some(RangeSource::Subquery { query: source, .. }) => {
                if source.output().count() != query.assigned.len() {
                    return Err(PgError::unsupported("turning this INSERT into SQL"));
                }
                self.query(source, Columns::UNSEEN)?;
            }
            Some(RangeSource::Values { rows, .. }) => self.inserted_rows(rows, query)?,
            _ if query.assigned.is_empty() => self.push("DEFAULT VALUES"),
            _ => {
                self.clause("VALUES (", 2);
                self.separated(&query.assigned, ", ", |w, attno| {
                    let target = query.targets.iter().find(|t| t.resno == *attno);
                    match target {
                        None => w.push("DEFAULT"),
                        Some(target) => w.expr(&target.expr, false)?,
                    }
                    Ok(())
                })?;
                self.push(")");
            }
        }
        match query.on_conflict.as_deref() {
            None => {}
            Some(OnConflict { arbiters, update: None, .. }) if arbiters.is_empty() => {
                self.push(" ON CONFLICT DO NOTHING");
            }
            Some(_) => {
                let what = "turning ON CONFLICT with a conflict target into SQL";
                return Err(PgError::unsupported(what));
            }
        }
        Ok(())
    }

    /// Several rows of VALUES, without the columns that have DEFAULT in all of them.
    fn inserted_rows(&mut self, rows: &'a [Vec<Expr>], query: &'a Query) -> Result<()> {
        let place = |attno: &AttrNumber| {
            let target = query.targets.iter().find(|t| t.resno == *attno)?;
            let Expr::Var(var) = &target.expr else { return None };
            usize::try_from(var.attno).ok()?.checked_sub(1)
        };
        let places: Option<Vec<usize>> = query.assigned.iter().map(place).collect();
        let Some(places) = places else {
            return Err(PgError::unsupported("turning this INSERT into SQL"));
        };
        self.push("VALUES ");
        self.separated(rows, ", ", |w, row| {
            w.push("(");
            let kept = places.iter().filter_map(|at| row.get(*at));
            w.separated(kept, ",", |w, value| w.expr(value, false))?;
            w.push(")");
            Ok(())
        })
    }

    /// The table that is changed, with its alias.
    fn target_table(&mut self, query: &Query, before_alias: &str) -> Result<()> {
        let (rel, relation) = self.target_relation(query)?;
        if query.range(rel).only && query.command != CommandType::Insert {
            self.push("ONLY ");
        }
        let name = self.names.relation(relation);
        self.push(&name);
        let alias = self.scope().table(rel).filter(|alias| *alias != relation.name);
        if let Some(alias) = alias.map(|alias| quote_identifier(alias).into_owned()) {
            self.push(&format!("{before_alias}{alias}"));
        }
        Ok(())
    }

    fn target_column(&mut self, query: &Query, attno: AttrNumber) -> Result<()> {
        let (_, relation) = self.target_relation(query)?;
        self.push(&quote_identifier(&relation.column(attno).name));
        Ok(())
    }

    fn target_relation(&self, query: &Query) -> Result<(RangeIndex, &'a Relation)> {
        let found = query.result_relation.and_then(|rel| match query.range(rel).source {
            RangeSource::Relation { oid } | RangeSource::Subquery { view: Some(oid), .. } => {
                Some((rel, &**self.names.catalog.relation(oid)?))
            }
            _ => None,
        });
        found.ok_or_else(|| PgError::internal("a change of no table"))
    }
}
