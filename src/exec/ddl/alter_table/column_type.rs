//! ALTER COLUMN … TYPE.
//!
//! Rows stay as they are where their values are values of the new type, too ([`super::widening`]);
//! else they are written anew through a cast, or USING's expression. Checks and indexes that use the
//! column are bound again on the new type, from their SQL text, as PostgreSQL does.

use super::super::rows::{self, Evaluator};
use super::super::{DdlContext, column, foreign_key, foreign_key_check, index_def, lock};
use super::{column_number, widening};
use crate::catalog::builtin::{self, CastContext, CastMethod};
use crate::catalog::depend::{self, Object, columns_of};
use crate::catalog::{Catalog, Constraint, ConstraintKind, IndexInfo, Relation};
use crate::error::{PgError, Result, code};
use crate::functions::Deparse;
use crate::nodes::{CoerceViaIo, CoercionForm, Expr, FuncCall, Relabel};
use crate::sql::bind::{ExprPlace, bind_expr, resolve_type};
use crate::storage::TableLockMode;
use crate::types::{Datum, Oid, oids};
use pg_raw_parse::Node;
use pg_raw_parse::nodes::AlterTableCmd;
use std::sync::Arc;

pub(super) async fn alter(
    table: &Arc<Relation>,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    super::check_table(table, "ALTER COLUMN ... SET DATA TYPE")?;
    super::super::types::check_row_type_unused(table, cx)?;
    let Node::ColumnDef(definition) = command.def() else { return Ok(()) };
    let attno = column_number(table, command.name().unwrap_or_default())?;
    let catalog = cx.catalog();
    let type_name = definition.type_name().expect("TYPE names a type");
    let (type_oid, typmod) = resolve_type(type_name, &cx.bind(&catalog))?;
    column::check_type(&table.column(attno).name, type_oid, &catalog)?;
    crate::functions::privileges::require_type(&**cx.env, type_oid)?;
    if table.column(attno).identity.is_some() {
        super::super::serial::check_identity_type(type_oid)?;
    }
    check_dependents(table, attno, &catalog, cx.env.search_path())?;
    let foreign_keys = foreign_keys(table, attno, &catalog);
    for key in &foreign_keys {
        for oid in [key.table, key.references] {
            lock::relation(oid, TableLockMode::AccessExclusive, cx).await?;
        }
    }
    let conversion = conversion(table, attno, definition.raw_default(), (type_oid, typmod), cx)?;
    let mut new = (**table).clone();
    let changed = &mut new.columns[attno as usize - 1];
    let (old_type, old_collation) = (changed.type_oid, changed.collation);
    changed.type_oid = type_oid;
    changed.typmod = typmod;
    changed.storage = catalog.type_(type_oid).map_or(b'x', |t| t.storage);
    changed.collation = match definition.coll_clause() {
        Some(clause) => column::collation(clause, type_oid, cx)?,
        None => catalog.type_collation(type_oid),
    };
    let collation = changed.collation;
    let default = changed.default.take();
    changed.default = default.map(|e| recast_default(e, changed, cx)).transpose()?;
    new.version = table.version.wrapping_add(1);
    rebind_checks(&mut new, attno, cx)?;
    let is_same_order = catalog.compares_alike(old_collation, collation, false);
    let rebound = match old_type == type_oid && is_same_order {
        true => Vec::new(),
        false => rebind_indexes(table, &new, attno, &catalog, cx)?,
    };
    // Whether a primary key is the rows' key depends on its collations.
    let is_same_key = catalog.compares_alike(old_collation, collation, true);
    if is_same_key && widening::keeps_rows(&conversion, table, attno, cx) {
        widening::keep(table, new, attno, &rebound, cx)?;
    } else {
        let evaluator = Evaluator::new([&conversion], table, &catalog, cx)?;
        rows::rewrite(table, new, cx, |mut row| {
            row[attno as usize - 1] = evaluator.eval(0, &row)?;
            Ok(row)
        })?;
    }
    super::constraints::check_all(table.oid, attno, cx)?;
    for key in foreign_keys {
        foreign_key::rebind(key.table, key.constraint, cx)?;
        if key.validated {
            foreign_key_check::check_rows(key.table, key.constraint, cx)?;
        }
    }
    Ok(())
}

/// Views and generated columns hold on to the column's type.
fn check_dependents(table: &Relation, attno: i16, catalog: &Catalog, path: &[Oid]) -> Result<()> {
    let name = &table.column(attno).name;
    let refused = |what: &str, detail: String| {
        let message = format!("cannot alter type of a column used by {what}");
        Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).detail(detail))
    };
    let mentioning = || {
        catalog.mentioning(table.oid).filter_map(|object| match object {
            Object::Relation(oid) => catalog.relation(oid),
            _ => None,
        })
    };
    for view in mentioning() {
        let Some(query) = view.query() else { continue };
        if depend::relations_of_query(query).contains(&(table.oid, attno)) {
            let view = depend::describe(catalog, Object::Relation(view.oid), path);
            let detail = format!("rule _RETURN on {view} depends on column \"{name}\"");
            return refused("a view or rule", detail);
        }
    }
    let reads = |query| depend::relations_of_query(&query).contains(&(table.oid, attno));
    let detail = |object| {
        let object = depend::describe(catalog, object, path);
        format!("{object} depends on column \"{name}\"")
    };
    if let Some(rule) = table.rules.iter().find(|rule| reads(rule.as_query(table.oid))) {
        return refused("a view or rule", detail(Object::Rule(table.oid, rule.oid)));
    }
    for other in mentioning() {
        let mut policies = other.row_security.policies.iter();
        if let Some(policy) = policies.find(|policy| reads(policy.as_query(other.oid))) {
            let message = "cannot alter type of a column used in a policy definition";
            let detail = detail(Object::Policy(other.oid, policy.oid));
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).detail(detail));
        }
    }
    for other in table.live_columns().filter(|c| c.generated && c.attno != attno) {
        if other.default.as_ref().is_some_and(|e| columns_of(e).contains(&attno)) {
            let detail =
                format!("Column \"{name}\" is used by generated column \"{}\".", other.name);
            return refused("a generated column", detail);
        }
    }
    Ok(())
}

/// A foreign key that uses a column whose type changes.
struct UsingKey {
    table: Oid,
    references: Oid,
    constraint: Oid,
    validated: bool,
}

/// The foreign keys that use a column, on either side.
fn foreign_keys(table: &Relation, attno: i16, catalog: &Catalog) -> Vec<UsingKey> {
    let own = table.constraints.iter().map(|c| (table, c));
    let others = catalog.foreign_keys_on(table.oid);
    let others = others.into_iter().filter(|(t, _)| t.oid != table.oid).map(|(t, c)| (&**t, c));
    let uses = |(owner, constraint): (&Relation, &Constraint)| {
        let ConstraintKind::ForeignKey(key) = &constraint.kind else { return None };
        let referencing = owner.oid == table.oid && key.columns.contains(&attno);
        let referenced = key.references == table.oid && key.referenced_columns.contains(&attno);
        (referencing || referenced).then_some(UsingKey {
            table: owner.oid,
            references: key.references,
            constraint: constraint.oid,
            validated: constraint.validated,
        })
    };
    own.chain(others).filter_map(uses).collect()
}

/// The expression that makes a row's new value: USING's, or the column assigned to the new type.
fn conversion(
    table: &Relation,
    attno: i16,
    using: Node<'_>,
    (type_oid, typmod): (Oid, i32),
    cx: &DdlContext<'_>,
) -> Result<Expr> {
    let catalog = cx.catalog();
    let name = &table.column(attno).name;
    let target = Some((name.as_str(), type_oid, typmod));
    let bind =
        |node| bind_expr(node, &cx.bind(&catalog), ExprPlace::AlterUsing, Some(table), target);
    if !matches!(using, Node::None) {
        return bind(using);
    }
    let quoted = depend::describe::quote(name);
    let parsed = crate::sql::parse(format!("SELECT {quoted}"))?;
    let Some(Node::SelectStmt(select)) = parsed.first().map(|s| s.node()) else {
        return Err(PgError::internal("a SELECT of one column parses"));
    };
    let Some(target) = select.target_list().first().map(|target| target.val()) else {
        return Err(PgError::internal("a SELECT of one column has it"));
    };
    bind(target).map_err(|error| match error.code() {
        code::DATATYPE_MISMATCH | code::CANNOT_COERCE => {
            let shown = shown(type_oid, typmod, cx);
            let message = format!("column \"{name}\" cannot be cast automatically to type {shown}");
            PgError::new(code::DATATYPE_MISMATCH, message)
                .hint(format!("You might need to specify \"USING {quoted}::{shown}\"."))
        }
        _ => error,
    })
}

/// A default as one of the new type: implicit casts to the old type are taken off first.
fn recast_default(
    expr: Expr,
    column: &crate::catalog::Column,
    cx: &DdlContext<'_>,
) -> Result<Expr> {
    let expr = strip_implicit(expr);
    let (from, to) = (expr.type_oid(), column.type_oid);
    if from == to {
        return Ok(fitted(expr, column));
    }
    let catalog = cx.catalog();
    let assignable = |cast: &&builtin::Cast| cast.context != CastContext::Explicit;
    let cast = match builtin::cast(from, to).filter(assignable) {
        Some(cast) if cast.method == CastMethod::Function => Expr::Func(Box::new(FuncCall {
            func: cast.func,
            op: None,
            type_oid: to,
            typmod: -1,
            retset: false,
            variadic: false,
            form: CoercionForm::Implicit,
            collation: column.collation,
            input_collation: 0,
            args: vec![expr],
            notation: None,
            location: -1,
        })),
        _ if catalog.binary_coercible(from, to) || catalog.base_type(to, -1).0 == from => {
            Expr::Relabel(Box::new(Relabel {
                arg: expr,
                type_oid: to,
                typmod: -1,
                collation: column.collation,
                form: CoercionForm::Implicit,
                location: -1,
            }))
        }
        None if catalog.type_(to).is_some_and(|t| t.category == b'S') && Catalog::is_system(to) => {
            Expr::CoerceViaIo(Box::new(CoerceViaIo {
                arg: expr,
                type_oid: to,
                collation: column.collation,
                form: CoercionForm::Implicit,
                location: -1,
            }))
        }
        _ => return Err(cannot_cast_default(column, cx)),
    };
    Ok(fitted(cast, column))
}

/// A default that is cut or refused, when it is used, where it does not fit the type's modifier.
fn fitted(expr: Expr, column: &crate::catalog::Column) -> Expr {
    let (type_oid, typmod) = (column.type_oid, column.typmod);
    let cast = builtin::cast(type_oid, type_oid).filter(|cast| cast.func != 0);
    let Some(cast) = cast.filter(|_| typmod >= 0 && expr.typmod() != typmod) else { return expr };
    let mut args = vec![expr, Expr::constant(Datum::Int4(typmod), oids::INT4)];
    if builtin::proc(cast.func).is_some_and(|proc| proc.arg_types.len() == 3) {
        args.push(Expr::constant(Datum::Bool(false), oids::BOOL));
    }
    Expr::Func(Box::new(FuncCall {
        func: cast.func,
        op: None,
        type_oid,
        typmod,
        retset: false,
        variadic: false,
        form: CoercionForm::Implicit,
        collation: column.collation,
        input_collation: column.collation,
        args,
        notation: None,
        location: -1,
    }))
}

/// A type's name with its modifier.
fn shown(type_oid: Oid, typmod: i32, cx: &DdlContext<'_>) -> String {
    crate::types::format_type(type_oid, typmod)
        .unwrap_or_else(|| column::type_name(&cx.catalog(), type_oid, cx))
}

fn cannot_cast_default(column: &crate::catalog::Column, cx: &DdlContext<'_>) -> PgError {
    let shown = shown(column.type_oid, column.typmod, cx);
    let name = &column.name;
    let message =
        format!("default for column \"{name}\" cannot be cast automatically to type {shown}");
    PgError::new(code::DATATYPE_MISMATCH, message)
}

/// The expression without implicit casts and length coercions around it (`strip_implicit_coercions`).
fn strip_implicit(expr: Expr) -> Expr {
    match expr {
        Expr::Func(mut call) if call.form == CoercionForm::Implicit && !call.args.is_empty() => {
            strip_implicit(call.args.swap_remove(0))
        }
        Expr::Relabel(relabel) if relabel.form == CoercionForm::Implicit => {
            strip_implicit(relabel.arg)
        }
        other => other,
    }
}

/// Binds again the checks that use the column.
fn rebind_checks(new: &mut Relation, attno: i16, cx: &DdlContext<'_>) -> Result<()> {
    let catalog = cx.catalog();
    for at in 0..new.constraints.len() {
        let ConstraintKind::Check { expr } = &new.constraints[at].kind else { continue };
        if !columns_of(expr).contains(&attno) {
            continue;
        }
        let oid = new.constraints[at].oid;
        let text = cx.env.session().deparse(Deparse::Constraint(oid), false)?.unwrap_or_default();
        let parsed = crate::sql::parse(format!("ALTER TABLE t ADD {text}"))?;
        let Some(Node::AlterTableStmt(statement)) = parsed.first().map(|s| s.node()) else {
            return Err(PgError::internal("a constraint's definition parses"));
        };
        let node = statement.cmds().iter().find_map(|node| match node {
            Node::AlterTableCmd(command) => match command.def() {
                Node::Constraint(c) => Some(c.raw_expr()),
                _ => None,
            },
            _ => None,
        });
        let node = node.ok_or_else(|| PgError::internal("a constraint's definition has it"))?;
        let expr = bind_expr(node, &cx.bind(&catalog), ExprPlace::Check, Some(new), None)?;
        new.constraints[at].kind = ConstraintKind::Check { expr };
    }
    Ok(())
}

/// Binds an index's expressions and predicate again, from their SQL text.
fn rebind_expressions(
    index: Oid,
    info: &mut IndexInfo,
    new: &Relation,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if info.predicate.is_none() && info.columns.iter().all(|c| c.expr.is_none()) {
        return Ok(());
    }
    let what = Deparse::Index { index, column: 0 };
    let text = cx.env.session().deparse(what, false)?.unwrap_or_default();
    let parsed = crate::sql::parse(text.as_str())?;
    let Some(Node::IndexStmt(statement)) = parsed.first().map(|s| s.node()) else {
        return Err(PgError::internal("an index's definition parses"));
    };
    let catalog = cx.catalog();
    let bind = |node, place| bind_expr(node, &cx.bind(&catalog), place, Some(new), None);
    for (column, element) in info.columns.iter_mut().zip(statement.index_params()) {
        if column.expr.is_some() {
            let expr = bind(element.expr(), ExprPlace::IndexExpression)?;
            if expr.type_oid() != column.type_oid {
                column.type_oid = expr.type_oid();
                column.collation = catalog.type_collation(column.type_oid);
                column.opclass =
                    index_def::default_opclass(info.access_method, column.type_oid, cx)?;
            }
            column.expr = Some(expr);
        }
    }
    if info.predicate.is_some() {
        info.predicate = Some(bind(statement.where_clause(), ExprPlace::IndexPredicate)?);
    }
    Ok(())
}

/// Gives the indexes on the column its new type and that type's operator class; tells which they
/// are.
fn rebind_indexes(
    table: &Relation,
    new: &Relation,
    attno: i16,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<Vec<Oid>> {
    let mut rebound = Vec::new();
    for index in catalog.indexes_of(table) {
        if !depend::edges::index_columns(index).contains(&attno) {
            continue;
        }
        let info = index.index.as_ref().expect("an index has its definition");
        let mut info: IndexInfo = info.clone();
        rebind_expressions(index.oid, &mut info, new, cx)?;
        let mut changed = (**index).clone();
        for (at, column) in info.columns.iter_mut().enumerate().filter(|(_, c)| c.attno == attno) {
            let now = new.column(attno);
            if at < info.key_count {
                let types = (column.type_oid, now.type_oid);
                column.opclass =
                    index_def::changed_opclass(info.access_method, column.opclass, types, cx)?;
            }
            column.type_oid = catalog.base_type(now.type_oid, -1).0;
            // One that the index gives itself stays, where the new type has any.
            let own = table.column(attno).collation == column.collation || now.collation == 0;
            if own || column.collation == 0 {
                column.collation = now.collation;
            }
            changed.columns[at].type_oid = now.type_oid;
            changed.columns[at].typmod = now.typmod;
            changed.columns[at].collation = column.collation;
        }
        for (column, shown) in info.columns.iter().zip(&mut changed.columns) {
            if let Some(expr) = &column.expr {
                (shown.type_oid, shown.typmod) = (expr.type_oid(), expr.typmod());
                shown.collation = column.collation;
            }
        }
        info.collation_versions = catalog.versions_of(&info.columns[..info.key_count])?;
        changed.index = Some(info);
        cx.catalog.put_relation(changed, cx.txn);
        rebound.push(index.oid);
    }
    Ok(rebound)
}
