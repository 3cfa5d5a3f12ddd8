//! Names of columns and relations in expressions (`parse_relation.c`, `transformColumnRef`).
//!
//! A name is looked for in the innermost query, then outwards; within one query level it must be
//! unique. `a.b` may also be a whole-row reference, a field, or a function of a row.

use super::place::Place;
use super::state::{Binder, NsItem};
use crate::catalog::Catalog;
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::{Oid, oids};
use pg_raw_parse::{Node, nodes};

/// System columns (`SystemAttributeByName`), and our own: name, attribute number, type.
const SYSTEM_COLUMNS: [(&str, AttrNumber, Oid); 9] = [
    ("ctid", -1, oids::TID),
    ("xmin", -2, oids::XID),
    ("cmin", -3, oids::CID),
    ("xmax", -4, oids::XID),
    ("cmax", -5, oids::CID),
    ("tableoid", -6, oids::OID),
    ("_seq", SEQ_COLUMN, oids::INT8),
    ("_updated", UPDATED_COLUMN, oids::TIMESTAMPTZ),
    ("_deleted", DELETED_COLUMN, oids::BOOL),
];

impl<'n> Binder<'_, 'n> {
    /// A column reference, qualified or not.
    pub fn bind_column_ref(&mut self, node: &nodes::ColumnRef) -> Result<Expr> {
        let location = node.location;
        let refused = match self.place() {
            Place::Default => Some("cannot use column reference in DEFAULT expression"),
            Place::PartitionBound => {
                Some("cannot use column reference in partition bound expression")
            }
            _ => None,
        };
        if let Some(message) = refused {
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(location));
        }
        let fields: Vec<Node<'_>> = node.fields().iter().collect();
        let star = matches!(fields.last(), Some(Node::A_Star(_)));
        let names: Vec<&str> = fields.iter().filter_map(|f| f.as_str()).collect();
        match (names.as_slice(), star) {
            ([name], false) => self.plain_name(name, location),
            ([relation], true) => self.qualified(None, relation, None, location),
            ([relation, column], false) => self.qualified(None, relation, Some(column), location),
            ([schema, relation], true) => self.qualified(Some(schema), relation, None, location),
            ([schema, relation, column], false) => {
                self.qualified(Some(schema), relation, Some(column), location)
            }
            ([database, schema, relation, column], false) => {
                self.check_database(database, &names, location)?;
                self.qualified(Some(schema), relation, Some(column), location)
            }
            _ => Err(too_many_dots(&names, location)),
        }
    }

    /// Another database's relations cannot be named.
    pub fn check_database(&self, database: &str, names: &[&str], location: i32) -> Result<()> {
        let current = self.context.catalog.database(self.context.env.database());
        if current.is_none_or(|d| d.name == database) {
            return Ok(());
        }
        let names = names.join(".");
        let message = format!("cross-database references are not implemented: {names}");
        Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(location))
    }

    /// `name`: a column, else a relation's whole row.
    pub fn plain_name(&mut self, name: &str, location: i32) -> Result<Expr> {
        if let Some(expr) = self.find_column(name, location)? {
            return Ok(expr);
        }
        if let Some((item, level)) = self.find_item(None, name, location)? {
            return Ok(self.whole_row(&item, level, location));
        }
        if let Some(argument) = self.argument(name, location) {
            return Ok(argument);
        }
        Err(self.missing_column(None, name, location))
    }

    fn qualified(
        &mut self,
        schema: Option<&str>,
        relation: &str,
        column: Option<&str>,
        location: i32,
    ) -> Result<Expr> {
        let Some((item, level)) = self.find_item(schema, relation, location)? else {
            if let (None, Some(column)) = (schema, column)
                && let Some(argument) = self.qualified_argument(relation, column, location)
            {
                return Ok(argument);
            }
            return Err(self.missing_relation(relation, location));
        };
        let Some(column) = column else { return Ok(self.whole_row(&item, level, location)) };
        if let Some(expr) = self.column_of(&item, level, column, location)? {
            self.note_deleted(&expr);
            return Ok(expr);
        }
        let row = self.whole_row(&item, level, location);
        let missing = |b: &Self| b.missing_column(Some(relation), column, location);
        self.function_of_row(column, row, location)?.ok_or_else(|| missing(self))
    }

    /// `row.function` for a function of one row argument.
    fn function_of_row(&mut self, name: &str, row: Expr, location: i32) -> Result<Option<Expr>> {
        match self.call_in(None, name, vec![row], location) {
            Ok(Expr::Func(mut call)) => {
                call.form = CoercionForm::Call;
                Ok(Some(Expr::Func(call)))
            }
            Ok(other) => Ok(Some(other)),
            Err(e) if e.code() == code::UNDEFINED_FUNCTION => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// The column of this name in the nearest query level that has one (`colNameToVar`).
    fn find_column(&mut self, name: &str, location: i32) -> Result<Option<Expr>> {
        for level in 0..self.scopes.len() as u32 {
            let scope = &self.scopes[self.scopes.len() - 1 - level as usize];
            let mut found = None;
            for item in scope.namespace.iter().filter(|i| i.cols_visible) {
                if item.lateral_only && !scope.lateral_active {
                    continue;
                }
                let Some(expr) = self.column_of(item, level, name, location)? else { continue };
                if found.is_some() {
                    return Err(ambiguous_column(name, location));
                }
                self.check_lateral(item, scope.target, location)?;
                found = Some(expr);
            }
            if let Some(expr) = found {
                self.note_deleted(&expr);
                return Ok(Some(expr));
            }
        }
        Ok(None)
    }

    /// A table whose `_deleted` is named is read with its deleted rows.
    fn note_deleted(&mut self, column: &Expr) {
        if let Expr::Var(Var { rel, attno: DELETED_COLUMN, level, .. }) = column {
            self.scope_up(*level).range_table[*rel as usize - 1].with_deleted = true;
        }
    }

    /// The column of this name in one FROM item (`scanNSItemForColumn`).
    fn column_of(
        &self,
        item: &NsItem,
        level: u32,
        name: &str,
        location: i32,
    ) -> Result<Option<Expr>> {
        let mut matching = item.columns.iter().filter(|c| c.name == name && !name.is_empty());
        if let Some(column) = matching.next() {
            if matching.next().is_some() {
                return Err(ambiguous_column(name, location));
            }
            return Ok(Some(column.var(level, location)));
        }
        let entry = self.range(item.rel, level);
        let RangeSource::Relation { oid } = entry.source else { return Ok(None) };
        if item.relation.is_none() {
            return Ok(None);
        }
        let system = SYSTEM_COLUMNS.iter().find(|(n, ..)| *n == name);
        let Some((_, attno, type_oid)) = system else { return Ok(None) };
        if matches!(*attno, SEQ_COLUMN | UPDATED_COLUMN | DELETED_COLUMN) && !self.has_commits(oid)
        {
            return Ok(None);
        }
        if self.place() == Place::Check && *attno != -6 {
            let message =
                format!("system column \"{name}\" reference in check constraint is invalid");
            return Err(PgError::new(code::INVALID_COLUMN_REFERENCE, message).at(location));
        }
        if self.place() == Place::MergeWhen && *attno != -6 {
            let message = format!("cannot use system column \"{name}\" in MERGE WHEN condition");
            return Err(PgError::new(code::INVALID_COLUMN_REFERENCE, message).at(location));
        }
        if self.place() == Place::Generated && *attno != -6 {
            let message =
                format!("cannot use system column \"{name}\" in column generation expression");
            return Err(PgError::new(code::INVALID_COLUMN_REFERENCE, message).at(location));
        }
        Ok(Some(Expr::Var(Var {
            rel: item.rel,
            attno: *attno,
            type_oid: *type_oid,
            typmod: -1,
            collation: 0,
            level,
            location,
        })))
    }

    /// Whether a relation's rows are what commits wrote: those of users' tables.
    fn has_commits(&self, relation: Oid) -> bool {
        let found = self.context.catalog.relation(relation);
        !Catalog::is_system(relation) && found.is_some_and(|r| r.kind.has_rows())
    }

    /// The FROM item of this name, and how many levels up (`refnameNamespaceItem`).
    pub fn find_item(
        &self,
        schema: Option<&str>,
        name: &str,
        location: i32,
    ) -> Result<Option<(NsItem, u32)>> {
        let relation = match schema {
            None => None,
            Some(schema) => {
                let catalog = self.context.catalog;
                let namespace = self.find_namespace(schema);
                let found = namespace.and_then(|oid| catalog.relation_named(oid, name));
                match found {
                    Some(relation) => Some(relation.oid),
                    None => return Ok(None),
                }
            }
        };
        for (level, scope) in self.scopes.iter().rev().enumerate() {
            let mut found: Option<&NsItem> = None;
            for item in scope.namespace.iter().filter(|i| i.rel_visible) {
                if item.lateral_only && !scope.lateral_active {
                    continue;
                }
                let is_it = match relation {
                    None => item.name.as_deref() == Some(name),
                    Some(oid) => {
                        let aliased = scope.range_table[item.rel as usize - 1].aliased;
                        item.relation == Some(oid) && !aliased
                    }
                };
                if !is_it {
                    continue;
                }
                if found.is_some() {
                    let message = format!("table reference \"{name}\" is ambiguous");
                    return Err(PgError::new(code::AMBIGUOUS_ALIAS, message).at(location));
                }
                self.check_lateral(item, scope.target, location)?;
                found = Some(item);
            }
            if let Some(item) = found {
                return Ok(Some((item.clone(), level as u32)));
            }
        }
        Ok(None)
    }

    /// A lateral reference must not cross the nullable side of a join (`check_lateral_ref_ok`).
    fn check_lateral(
        &self,
        item: &NsItem,
        target: Option<RangeIndex>,
        location: i32,
    ) -> Result<()> {
        if !item.lateral_only || item.lateral_ok {
            return Ok(());
        }
        let name = item.name.as_deref().unwrap_or("");
        let message = format!("invalid reference to FROM-clause entry for table \"{name}\"");
        let error = PgError::new(code::INVALID_COLUMN_REFERENCE, message).at(location);
        Err(if target == Some(item.rel) {
            error.hint(format!(
                "There is an entry for table \"{name}\", but it cannot be referenced from this \
                 part of the query."
            ))
        } else {
            error.detail("The combining JOIN type must be INNER or LEFT for a LATERAL reference.")
        })
    }

    /// A relation's row as one value (`transformWholeRowRef`).
    pub fn whole_row(&self, item: &NsItem, level: u32, location: i32) -> Expr {
        let entry = self.range(item.rel, level);
        if let RangeSource::Join { .. } = entry.source {
            let visible: Vec<_> = item.columns.iter().filter(|c| !c.name.is_empty()).collect();
            return Expr::Row(Box::new(RowExpr {
                args: visible.iter().map(|c| c.var(level, location)).collect(),
                type_oid: oids::RECORD,
                column_names: visible.iter().map(|c| c.name.clone()).collect(),
                form: CoercionForm::Implicit,
                location,
            }));
        }
        let var = |attno, type_oid, typmod| {
            Expr::Var(Var {
                rel: item.rel,
                attno,
                type_oid,
                typmod,
                collation: if attno == 0 { 0 } else { self.collation(type_oid) },
                level,
                location,
            })
        };
        match &entry.source {
            RangeSource::Relation { oid } => {
                let row_type = self.context.catalog.relation(*oid).map_or(0, |r| r.row_type);
                var(0, if row_type == 0 { oids::RECORD } else { row_type }, -1)
            }
            // A function that returns one scalar column is that column.
            RangeSource::Function { functions, ordinality: false } if functions.len() == 1 => {
                let call = &functions[0].call;
                if self.is_row_type(call.type_oid()) {
                    var(0, call.type_oid(), -1)
                } else {
                    var(1, call.type_oid(), call.typmod())
                }
            }
            RangeSource::Subquery { view: Some(view), .. } => {
                let row_type = self.context.catalog.relation(*view).map_or(0, |r| r.row_type);
                var(0, if row_type == 0 { oids::RECORD } else { row_type }, -1)
            }
            _ => var(0, oids::RECORD, -1),
        }
    }

    /// `missing FROM-clause entry`, or why the entry that exists cannot be used
    /// (`errorMissingRTE`).
    pub fn missing_relation(&self, name: &str, location: i32) -> PgError {
        let mut aliased = None;
        for scope in self.scopes.iter().rev() {
            for entry in &scope.range_table {
                let relation_name = match entry.source {
                    RangeSource::Relation { oid } => self.context.catalog.relation(oid),
                    RangeSource::Subquery { view: Some(oid), .. } => {
                        self.context.catalog.relation(oid)
                    }
                    _ => None,
                };
                if entry.name == name {
                    return invalid_reference(name).at(location).hint(format!(
                        "There is an entry for table \"{name}\", but it cannot be referenced from \
                         this part of the query."
                    ));
                }
                let named = relation_name.is_some_and(|r| r.name == name) && entry.aliased;
                if named && aliased.is_none() {
                    aliased = Some(entry.name.clone());
                }
            }
        }
        match aliased {
            Some(alias) => invalid_reference(name)
                .at(location)
                .hint(format!("Perhaps you meant to reference the table alias \"{alias}\".")),
            None => {
                let message = format!("missing FROM-clause entry for table \"{name}\"");
                PgError::new(code::UNDEFINED_TABLE, message).at(location)
            }
        }
    }

    /// `column … does not exist`, with the nearest names as a hint (`errorMissingColumn`).
    fn missing_column(&self, relation: Option<&str>, name: &str, location: i32) -> PgError {
        let message = match relation {
            Some(relation) => format!("column {relation}.{name} does not exist"),
            None => format!("column \"{name}\" does not exist"),
        };
        let error = PgError::new(code::UNDEFINED_COLUMN, message).at(location);
        match super::fuzzy::suggest(self, relation, name) {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    /// A field of a row value, if it has one of this name.
    pub fn select_field(&self, row: Expr, name: &str) -> Option<Expr> {
        if let Expr::Var(var) = &row
            && var.attno == 0
        {
            let level = var.level as usize;
            let scope = &self.scopes[self.scopes.len().checked_sub(1 + level)?];
            let item = scope.namespace.iter().find(|i| i.rel == var.rel)?;
            let column = item.columns.iter().find(|c| c.name == name)?;
            return Some(column.var(var.level, var.location));
        }
        let (at, (_, type_oid, typmod)) = match &row {
            Expr::Row(r) if r.type_oid == oids::RECORD => {
                let at = r.column_names.iter().position(|n| n == name)?;
                let field = r.args.get(at)?;
                (at, (String::new(), field.type_oid(), field.typmod()))
            }
            _ => {
                let columns = self.row_fields(&row);
                columns.into_iter().enumerate().find(|(_, c)| c.0 == name)?
            }
        };
        let field = AttrNumber::try_from(at + 1).ok()?;
        Some(Expr::FieldSelect { arg: Box::new(row), field, type_oid, typmod, collation: 0 })
    }

    /// The fields of a row value's type: a relation's, a function's OUT columns, a subquery's.
    pub fn row_fields(&self, row: &Expr) -> Vec<(String, Oid, i32)> {
        match row {
            Expr::Func(call) if call.type_oid == oids::RECORD => {
                let proc = self.context.catalog.proc(call.func);
                // Where the call is bound, its polymorphic types were resolved once already.
                proc.and_then(|proc| self.out_columns(proc, call).ok()).unwrap_or_default()
            }
            Expr::Row(r) if r.type_oid == oids::RECORD => {
                let field = |(at, e): (usize, &Expr)| {
                    let name = r.column_names.get(at).cloned();
                    (name.unwrap_or_else(|| format!("f{}", at + 1)), e.type_oid(), e.typmod())
                };
                r.args.iter().enumerate().map(field).collect()
            }
            Expr::Var(var) if var.type_oid == oids::RECORD => self.record_var_fields(var),
            other => self.row_type_columns(other.type_oid()),
        }
    }

    /// The fields of a column of type record: those of the expression it stands for.
    fn record_var_fields(&self, var: &Var) -> Vec<(String, Oid, i32)> {
        let Some(at) = self.scopes.len().checked_sub(1 + var.level as usize) else {
            return Vec::new();
        };
        let scope = &self.scopes[at];
        if var.attno == 0 {
            let item = scope.namespace.iter().find(|i| i.rel == var.rel);
            let columns = item.into_iter().flat_map(|i| &i.columns);
            return columns.map(|c| (c.name.clone(), c.type_oid, c.typmod)).collect();
        }
        let Some(entry) = scope.range_table.get(var.rel as usize - 1) else { return Vec::new() };
        match &entry.source {
            RangeSource::Subquery { query, .. } => {
                let column = query.output().nth(var.attno as usize - 1);
                match column.map(|t| &t.expr) {
                    Some(e @ (Expr::Row(_) | Expr::Func(_))) => self.row_fields(e),
                    _ => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }
}

fn ambiguous_column(name: &str, location: i32) -> PgError {
    let message = format!("column reference \"{name}\" is ambiguous");
    PgError::new(code::AMBIGUOUS_COLUMN, message).at(location)
}

fn invalid_reference(name: &str) -> PgError {
    let message = format!("invalid reference to FROM-clause entry for table \"{name}\"");
    PgError::new(code::UNDEFINED_TABLE, message)
}

/// `a.b.c.d.e` names nothing.
pub(super) fn too_many_dots(names: &[&str], location: i32) -> PgError {
    let names = names.join(".");
    let message = format!("improper qualified name (too many dotted names): {names}");
    PgError::new(code::SYNTAX_ERROR, message).at(location)
}

/// The name of a system column.
pub(super) fn system_column_name(attno: AttrNumber) -> &'static str {
    SYSTEM_COLUMNS.iter().find(|(_, a, _)| *a == attno).map_or("", |(name, ..)| name)
}

/// Whether a name is a system column's.
pub(super) fn is_system_column(name: &str) -> bool {
    SYSTEM_COLUMNS.iter().any(|(n, ..)| *n == name)
}
