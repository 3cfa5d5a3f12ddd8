//! FROM to SQL (`get_from_clause`).

use super::query::Columns;
use super::scope::{parenthesized, real_columns};
use super::writer::{STANDARD, Writer};
use crate::catalog::{Catalog, builtin};
use crate::error::{PgError, Result};
use crate::functions::quote_identifier;
use crate::nodes::*;
use crate::types::oids;

/// JOIN's indentation.
const JOIN: i32 = 4;

impl<'a> Writer<'a> {
    /// FROM, or USING of DELETE.
    pub fn from(&mut self, query: &'a Query, keyword: &str) -> Result<()> {
        for (at, item) in query.from.items.iter().enumerate() {
            if at == 0 {
                self.clause(keyword, 2);
                self.item_of_from(item, query)?;
                continue;
            }
            self.push(", ");
            let text = self.captured(|w| w.item_of_from(item, query))?;
            self.item(&text, false, false);
        }
        Ok(())
    }

    fn item_of_from(&mut self, item: &'a FromItem, query: &'a Query) -> Result<()> {
        match item {
            FromItem::Range(rel) => self.range(*rel, query),
            FromItem::Join(join) => {
                let scope = self.scopes.last_mut().expect("a scope while writing");
                scope.open_joins.push(join.rel);
                let result = stacker::maybe_grow(128 << 10, 1 << 20, || self.join(join, query));
                let scope = self.scopes.last_mut().expect("a scope while writing");
                scope.open_joins.pop();
                result
            }
        }
    }

    fn join(&mut self, join: &'a Join, query: &'a Query) -> Result<()> {
        let entry = query.range(join.rel);
        let RangeSource::Join { using, using_alias, .. } = &entry.source else {
            return Err(PgError::internal("a join without its range table entry"));
        };
        let parens = !self.pretty || entry.aliased;
        if parens {
            self.push("(");
        }
        self.item_of_from(&join.left, query)?;
        let keyword = match join.kind {
            JoinKind::Inner if join.on.is_some() => " JOIN ",
            JoinKind::Inner => " CROSS JOIN ",
            JoinKind::Left => " LEFT JOIN ",
            JoinKind::Full => " FULL JOIN ",
            JoinKind::Right => " RIGHT JOIN ",
        };
        self.keyword(keyword, -STANDARD, STANDARD, JOIN);
        let unnamed = |j: &Join| !query.range(j.rel).aliased;
        let right_parens =
            self.pretty && matches!(&join.right, FromItem::Join(right) if unnamed(right));
        if right_parens {
            self.push("(");
        }
        self.item_of_from(&join.right, query)?;
        if right_parens {
            self.push(")");
        }
        match &join.on {
            Some(_) if !using.is_empty() => {
                self.push(&format!(" USING {}", parenthesized(using)));
                if let Some(alias) = using_alias {
                    self.push(&format!(" AS {}", quote_identifier(alias)));
                }
            }
            Some(on) if self.pretty => {
                self.push(" ON ");
                self.expr(on, false)?;
            }
            Some(on) => {
                self.push(" ON (");
                self.expr(on, false)?;
                self.push(")");
            }
            None if join.kind != JoinKind::Inner => self.push(" ON TRUE"),
            None => {}
        }
        if parens {
            self.push(")");
        }
        if entry.aliased {
            self.table_alias(join.rel);
            if entry.column_aliases > 0 {
                self.column_aliases(join.rel);
            }
        }
        Ok(())
    }

    fn range(&mut self, rel: RangeIndex, query: &'a Query) -> Result<()> {
        let entry = query.range(rel);
        if entry.lateral {
            self.push("LATERAL ");
        }
        match &entry.source {
            RangeSource::Relation { oid } | RangeSource::Subquery { view: Some(oid), .. } => {
                let Some(relation) = self.names.catalog.relation(*oid) else {
                    return Err(PgError::internal("a view of a relation that does not exist"));
                };
                if entry.only {
                    self.push("ONLY ");
                }
                let name = self.names.relation_beside(relation, &self.with_names());
                self.push(&name);
            }
            RangeSource::Subquery { query, view: None } => {
                self.push("(");
                self.query(query, Columns::NAMED)?;
                self.push(")");
            }
            RangeSource::Function { functions, ordinality } => {
                self.functions(functions, *ordinality)?;
            }
            RangeSource::Values { rows, .. } => {
                self.push("(");
                self.values(rows)?;
                self.push(")");
            }
            RangeSource::Cte { name, .. } => self.push(&quote_identifier(name)),
            RangeSource::Join { .. } => {
                return Err(PgError::internal("a join that stands for a table"));
            }
        }
        self.alias(rel, entry);
        Ok(())
    }

    /// The WITH queries visible here, which hide tables of the same name.
    fn with_names(&self) -> Vec<&'a str> {
        let queries = self.scopes.iter().filter_map(|s| s.query);
        queries.flat_map(|q| &q.ctes).map(|c| c.name.as_str()).collect()
    }

    fn alias(&mut self, rel: RangeIndex, entry: &RangeEntry) {
        let shown = self.scope().table(rel).unwrap_or_default().to_owned();
        let columns = &self.scope().columns[rel as usize - 1];
        let changed = *columns != real_columns(entry, self.names);
        let (needed, with_columns) = match &entry.source {
            RangeSource::Relation { oid } | RangeSource::Subquery { view: Some(oid), .. } => {
                let name = self.names.catalog.relation(*oid).map(|r| r.name.as_str());
                (name != Some(&shown), changed)
            }
            RangeSource::Function { .. } => (true, true),
            RangeSource::Cte { name, .. } => (*name != shown, entry.column_aliases > 0 || changed),
            _ => (true, entry.column_aliases > 0 || changed),
        };
        if entry.aliased || needed || with_columns {
            self.table_alias(rel);
        }
        match &entry.source {
            RangeSource::Function { functions, ordinality: false }
                if functions.len() == 1 && needs_definitions(&functions[0], self.names.catalog) =>
            {
                self.definitions(&functions[0]);
            }
            _ if with_columns => self.column_aliases(rel),
            _ => {}
        }
    }

    fn table_alias(&mut self, rel: RangeIndex) {
        let name = self.scope().table(rel).unwrap_or_default().to_owned();
        self.push(&format!(" {}", quote_identifier(&name)));
    }

    fn column_aliases(&mut self, rel: RangeIndex) {
        let list = parenthesized(&self.scope().columns[rel as usize - 1]);
        self.push(&list);
    }

    fn functions(&mut self, functions: &'a [RangeFunction], ordinality: bool) -> Result<()> {
        match functions {
            [one] if !(ordinality && needs_definitions(one, self.names.catalog)) => {
                self.table_function(&one.call)?
            }
            _ if functions.iter().all(is_unnest) => {
                self.push("UNNEST(");
                self.separated(functions, ", ", |w, f| match &f.call {
                    Expr::Func(call) => w.list(&call.args),
                    other => w.expr(other, true),
                })?;
                self.push(")");
            }
            _ => {
                self.push("ROWS FROM(");
                self.separated(functions, ", ", |w, f| {
                    w.table_function(&f.call)?;
                    if needs_definitions(f, w.names.catalog) {
                        w.push(" AS ");
                        w.definitions(f);
                    }
                    Ok(())
                })?;
                self.push(")");
            }
        }
        if ordinality {
            self.push(" WITH ORDINALITY");
        }
        Ok(())
    }

    /// A call in FROM; what is not written as a call is cast to its own type to be one.
    fn table_function(&mut self, call: &'a Expr) -> Result<()> {
        if super::expr::looks_like_function(call) {
            return self.expr(call, true);
        }
        self.push("CAST(");
        self.expr(call, false)?;
        let name = self.names.type_name(call.type_oid(), call.typmod());
        self.push(&format!(" AS {name})"));
        Ok(())
    }

    /// `(a integer, b text)`.
    fn definitions(&mut self, function: &RangeFunction) {
        let column = |(name, oid, typmod): &(String, u32, i32)| {
            format!("{} {}", quote_identifier(name), self.names.type_name(*oid, *typmod))
        };
        let list: Vec<String> = function.columns.iter().map(column).collect();
        self.push(&format!("({})", list.join(", ")));
    }
}

/// A function that returns `record`: its columns are defined beside it.
fn needs_definitions(function: &RangeFunction, catalog: &Catalog) -> bool {
    let Expr::Func(call) = &function.call else { return false };
    let proc = catalog.proc(call.func);
    call.type_oid == oids::RECORD && proc.is_some_and(|p| p.out_columns().is_empty())
}

fn is_unnest(function: &RangeFunction) -> bool {
    let Expr::Func(call) = &function.call else { return false };
    builtin::proc(call.func).is_some_and(|p| p.name == "unnest") && call.args.len() == 1
}
