//! Expressions to SQL (`get_rule_expr`).
//!
//! Implicit casts are not shown at the top of an expression, but are shown where PostgreSQL shows
//! them: as arguments of operators and functions, since overload resolution could differ without.

use super::names::quote_literal;
use super::precedence::is_simple;
use super::scope::Scope;
use super::writer::Writer;
use crate::catalog::builtin;
use crate::error::{PgError, Result};
use crate::functions::{quote_identifier, text_search_configuration_name};
use crate::nodes::*;
use crate::types::{self, Datum, Format, Oid, oids};

/// Columns that CASE's parts are indented by.
const CASE: i32 = 4;

/// When a literal is written with its type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    Never,
    /// Where the text alone would be read as another type.
    IfNeeded,
    Always,
}

impl<'a> Writer<'a> {
    /// Writes an expression; `implicit`: show its implicit casts.
    pub fn expr(&mut self, expr: &'a Expr, implicit: bool) -> Result<()> {
        stacker::maybe_grow(64 << 10, 1 << 20, || self.dispatch(expr, implicit))
    }

    fn dispatch(&mut self, expr: &'a Expr, implicit: bool) -> Result<()> {
        match expr {
            Expr::Var(var) => self.var(var, false).map(|_| ()),
            Expr::Const(constant) => self.constant(constant, Label::IfNeeded),
            Expr::Param(param) => {
                self.parameter(param);
                Ok(())
            }
            Expr::Func(call) if call.op.is_some() => self.operator(expr, call),
            Expr::Func(call) => self.function(expr, call, implicit),
            Expr::Distinct(call) => self.infix(expr, &call.args, " IS DISTINCT FROM "),
            Expr::NullIf(call) => self.named_list("NULLIF", &call.args),
            Expr::ScalarArrayOp(test) => self.array_test(expr, test),
            Expr::Bool(op, args) => self.boolean(expr, *op, args),
            Expr::Relabel(r) => self.cast(expr, &r.arg, r.type_oid, r.typmod, r.form, implicit),
            Expr::CoerceViaIo(c) => self.cast(expr, &c.arg, c.type_oid, -1, c.form, implicit),
            Expr::ArrayCoerce(c) => self.cast(expr, &c.arg, c.type_oid, c.typmod, c.form, implicit),
            Expr::CoerceToDomain(c) => self.cast(expr, &c.arg, c.type_oid, -1, c.form, implicit),
            Expr::Case(case) => self.case(case),
            Expr::Array(array) => self.array(array),
            Expr::Row(row) => self.row(row),
            Expr::RowCompare(rows) => self.row_compare(rows),
            Expr::SubLink(link) => self.sublink(link),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate),
            Expr::Window(call) => self.window_function(call),
            Expr::Grouping { args, .. } => self.named_list("GROUPING", args),
            Expr::Coalesce(c) => self.named_list("COALESCE", &c.args),
            Expr::Xml(xml) => self.xml(xml),
            Expr::MinMax(m) => {
                self.named_list(if m.greatest { "GREATEST" } else { "LEAST" }, &m.args)
            }
            Expr::SqlValue { function, typmod, .. } => {
                self.push(&sql_value(*function, *typmod));
                Ok(())
            }
            Expr::NullTest { arg, is_null, row, .. } => {
                self.suffixed(expr, arg, self.null_test(arg, *is_null, *row))
            }
            Expr::BooleanTest { arg, test, .. } => self.suffixed(expr, arg, bool_test(*test)),
            Expr::Subscript(subscript) => self.subscript(subscript),
            Expr::FieldSelect { arg, field, .. } => self.field(expr, arg, *field),
            Expr::Collate { arg, collation, .. } => {
                let suffix = format!(" COLLATE {}", self.names.collation(*collation));
                self.suffixed(expr, arg, &suffix)
            }
            Expr::NextValue { sequence, .. } => {
                let name = self.names.catalog.relation(*sequence).map(|r| self.names.relation(r));
                let name = quote_literal(&name.unwrap_or_default());
                self.push(&format!("nextval({name}::regclass)"));
                Ok(())
            }
            Expr::SetToDefault { .. } => {
                self.push("DEFAULT");
                Ok(())
            }
            _ => Err(PgError::unsupported("turning this expression into SQL")),
        }
    }

    /// A column; gives its name if it is one. At the top of a select list a whole row needs a cast,
    /// else it would be read as all its columns.
    pub fn var(&mut self, var: &Var, top: bool) -> Result<Option<String>> {
        let level = self.scopes.len().checked_sub(1 + var.level as usize);
        let Some(scope) = level.and_then(|at| self.scopes.get(at)) else {
            return Err(PgError::internal("a variable of no query"));
        };
        let of_domain = scope.of_domain;
        let (rel, attno) = scope.resolve(var.rel, var.attno);
        let table = scope.table(rel).map(|t| quote_identifier(t).into_owned());
        let name = match attno {
            0 => None,
            1.. => Some(scope.column(rel, attno).unwrap_or("?column?").to_owned()),
            _ => Some(system_column(attno).to_owned()),
        };
        if let Some(table) = table {
            self.push(&format!("{table}."));
        }
        match &name {
            Some(name) if of_domain => self.push(name),
            Some(name) => self.push(&quote_identifier(name)),
            None => self.push("*"),
        }
        if name.is_none() && top {
            let type_name = self.names.type_name(var.type_oid, var.typmod);
            self.push(&format!("::{type_name}"));
        }
        Ok(name)
    }

    /// A function's argument by its name, behind the function's where a column could be meant; else
    /// `$n`.
    fn parameter(&mut self, param: &Param) {
        let argument = self.function.and_then(|proc| {
            let at = usize::try_from(param.id).ok()?.checked_sub(1)?;
            let name = proc.input_names().get(at).copied().filter(|name| !name.is_empty())?;
            Some((&proc.name, name))
        });
        let Some((function, name)) = argument else { return self.push(&format!("${}", param.id)) };
        let has_tables = |scope: &Scope<'_>| scope.query.is_some_and(|q| !q.range_table.is_empty());
        if self.scopes.iter().any(has_tables) {
            self.push(&format!("{}.", quote_identifier(function)));
        }
        self.push(&quote_identifier(name));
    }

    /// A literal.
    pub fn constant(&mut self, constant: &Const, label: Label) -> Result<()> {
        let type_name = self.names.type_name(constant.type_oid, constant.typmod);
        if constant.value.is_null() {
            self.push("NULL");
            if label != Label::Never {
                self.push(&format!("::{type_name}"));
            }
            return Ok(());
        }
        let text = self.constant_text(constant)?;
        let (shown, labelled) = match constant.type_oid {
            oids::INT4 if !text.starts_with('-') => (text, false),
            oids::NUMERIC if is_float_literal(&text) => (text, constant.typmod >= 0),
            oids::BOOL => ((if text == "t" { "true" } else { "false" }).to_owned(), false),
            oids::UNKNOWN => (quote_literal(&text), false),
            _ => (quote_literal(&text), true),
        };
        self.push(&shown);
        if label == Label::Always || (label == Label::IfNeeded && labelled) {
            self.push(&format!("::{type_name}"));
        }
        Ok(())
    }

    fn constant_text(&self, constant: &Const) -> Result<String> {
        if let (oids::REGCLASS, Datum::Oid(oid)) = (constant.type_oid, &constant.value) {
            let relation = self.names.catalog.relation(*oid);
            return Ok(relation.map_or_else(|| oid.to_string(), |r| self.names.relation(r)));
        }
        if let (oids::REGCONFIG, Datum::Oid(oid)) = (constant.type_oid, &constant.value) {
            // All are in pg_catalog, where names need no schema.
            let name = text_search_configuration_name(*oid);
            return Ok(name.map_or_else(|| oid.to_string(), str::to_owned));
        }
        let (type_oid, value) = self.names.catalog.labelled(constant.type_oid, &constant.value);
        let mut out = Vec::new();
        types::text_out(type_oid, &value, &Format::default(), &mut out);
        String::from_utf8(out).map_err(|_| PgError::internal("a text form that is not UTF-8"))
    }

    /// Writes an argument, in parentheses where pretty output needs them.
    fn arg(&mut self, arg: &'a Expr, implicit: bool, parent: &Expr) -> Result<()> {
        let parens = self.pretty && !is_simple(arg, parent);
        if parens {
            self.push("(");
        }
        self.expr(arg, implicit)?;
        if parens {
            self.push(")");
        }
        Ok(())
    }

    /// Parentheses that only plain output has.
    fn enclosed(&mut self, write: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        if self.pretty {
            return write(self);
        }
        self.push("(");
        write(self)?;
        self.push(")");
        Ok(())
    }

    fn operator(&mut self, expr: &'a Expr, call: &'a FuncCall) -> Result<()> {
        let name = call.op.map_or_else(|| "?".to_owned(), |op| self.names.operator(op));
        match call.args.as_slice() {
            [arg] => self.enclosed(|w| {
                w.push(&format!("{name} "));
                w.arg(arg, true, expr)
            }),
            args => self.infix(expr, args, &format!(" {name} ")),
        }
    }

    fn infix(&mut self, expr: &'a Expr, args: &'a [Expr], between: &str) -> Result<()> {
        self.enclosed(|w| {
            for (at, arg) in args.iter().enumerate() {
                if at > 0 {
                    w.push(between);
                }
                w.arg(arg, true, expr)?;
            }
            Ok(())
        })
    }

    fn suffixed(&mut self, expr: &'a Expr, arg: &'a Expr, suffix: &str) -> Result<()> {
        self.enclosed(|w| {
            w.arg(arg, true, expr)?;
            w.push(suffix);
            Ok(())
        })
    }

    fn boolean(&mut self, expr: &'a Expr, op: BoolOp, args: &'a [Expr]) -> Result<()> {
        let between = match op {
            BoolOp::And => " AND ",
            BoolOp::Or => " OR ",
            BoolOp::Not => "",
        };
        self.enclosed(|w| {
            if op == BoolOp::Not {
                w.push("NOT ");
            }
            for (at, arg) in args.iter().enumerate() {
                if at > 0 {
                    w.push(between);
                }
                w.arg(arg, false, expr)?;
            }
            Ok(())
        })
    }

    fn array_test(&mut self, expr: &'a Expr, test: &'a ScalarArrayOp) -> Result<()> {
        let name = self.names.operator(test.op);
        self.enclosed(|w| {
            w.arg(&test.scalar, true, expr)?;
            w.push(&format!(" {name} {} (", if test.use_or { "ANY" } else { "ALL" }));
            w.arg(&test.array, true, expr)?;
            w.push(")");
            Ok(())
        })
    }

    pub fn list(&mut self, args: &'a [Expr]) -> Result<()> {
        for (at, arg) in args.iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            self.expr(arg, true)?;
        }
        Ok(())
    }

    fn named_list(&mut self, name: &str, args: &'a [Expr]) -> Result<()> {
        self.push(name);
        self.push("(");
        self.list(args)?;
        self.push(")");
        Ok(())
    }

    fn array(&mut self, array: &'a ArrayExpr) -> Result<()> {
        self.push("ARRAY[");
        self.list(&array.elements)?;
        self.push("]");
        if array.elements.is_empty() {
            let name = self.names.type_name(array.type_oid, -1);
            self.push(&format!("::{name}"));
        }
        Ok(())
    }

    fn function(&mut self, expr: &'a Expr, call: &'a FuncCall, implicit: bool) -> Result<()> {
        let is_cast = matches!(call.form, CoercionForm::Explicit | CoercionForm::Implicit);
        if let (true, Some(arg)) = (is_cast, call.args.first()) {
            return self.cast(expr, arg, call.type_oid, call.typmod, call.form, implicit);
        }
        if call.form == CoercionForm::SqlSyntax && self.sql_syntax(call)? {
            return Ok(());
        }
        let Some(proc) = self.names.catalog.proc(call.func) else {
            return Err(PgError::internal("a call of no function"));
        };
        let name = self.names.function(proc);
        self.push(&format!("{name}("));
        let given = call.given_args();
        let last = given.len().saturating_sub(1);
        for (at, (name, arg)) in given.into_iter().enumerate() {
            if at > 0 {
                self.push(", ");
            }
            if call.variadic && at == last {
                self.push("VARIADIC ");
            }
            if let Some(name) = name {
                self.push(&format!("{} => ", quote_identifier(name)));
            }
            self.expr(arg, true)?;
        }
        self.push(")");
        Ok(())
    }

    /// Calls that were written in SQL's own syntax; false where a plain call says the same.
    fn sql_syntax(&mut self, call: &'a FuncCall) -> Result<bool> {
        let name = builtin::proc(call.func).map_or("", |p| &*p.name);
        match (name, call.args.as_slice()) {
            ("timezone", [zone, time]) => {
                self.push("(");
                self.expr(time, true)?;
                self.push(" AT TIME ZONE ");
                self.expr(zone, true)?;
                self.push(")");
            }
            ("extract", [Expr::Const(Const { value: Datum::Text(field), .. }), from]) => {
                self.push(&format!("EXTRACT({field} FROM "));
                self.expr(from, true)?;
                self.push(")");
            }
            ("substring", [text, pattern, escape]) if pattern.type_oid() == oids::TEXT => {
                self.keyworded("SUBSTRING(", &[text, pattern, escape], &[" SIMILAR ", " ESCAPE "])?;
            }
            ("substring", [text, from, length]) => {
                self.keyworded("SUBSTRING(", &[text, from, length], &[" FROM ", " FOR "])?;
            }
            ("substring", [text, from]) => {
                self.keyworded("SUBSTRING(", &[text, from], &[" FROM "])?;
            }
            ("position", [text, part]) => {
                self.keyworded("POSITION((", &[part, text], &[") IN ("])?;
                self.push(")");
            }
            ("btrim", args) => self.trim("BOTH", args)?,
            ("ltrim", args) => self.trim("LEADING", args)?,
            ("rtrim", args) => self.trim("TRAILING", args)?,
            ("overlay", [text, new, from]) => {
                self.keyworded("OVERLAY(", &[text, new, from], &[" PLACING ", " FROM "])?;
            }
            ("overlay", [text, new, from, length]) => {
                let words = [" PLACING ", " FROM ", " FOR "];
                self.keyworded("OVERLAY(", &[text, new, from, length], &words)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn keyworded(&mut self, open: &str, args: &[&'a Expr], words: &[&str]) -> Result<()> {
        self.push(open);
        for (at, arg) in args.iter().enumerate() {
            if at > 0 {
                self.push(words[at - 1]);
            }
            self.expr(arg, true)?;
        }
        self.push(")");
        Ok(())
    }

    fn trim(&mut self, side: &str, args: &'a [Expr]) -> Result<()> {
        self.push(&format!("TRIM({side}"));
        if let Some(characters) = args.get(1) {
            self.push(" ");
            self.expr(characters, true)?;
        }
        self.push(" FROM ");
        if let Some(text) = args.first() {
            self.expr(text, true)?;
        }
        self.push(")");
        Ok(())
    }

    /// `arg::type`, or the argument alone where the cast was implicit (`get_coercion_expr`).
    fn cast(
        &mut self,
        expr: &'a Expr,
        arg: &'a Expr,
        to: Oid,
        typmod: i32,
        form: CoercionForm,
        implicit: bool,
    ) -> Result<()> {
        if form == CoercionForm::Implicit && !implicit {
            return self.arg(arg, false, expr);
        }
        match arg {
            Expr::Const(c) if c.type_oid == to && c.typmod == -1 => {
                self.constant(c, Label::Never)?
            }
            _ => self.enclosed(|w| w.arg(arg, false, expr))?,
        }
        let name = self.names.type_name(to, typmod);
        self.push(&format!("::{name}"));
        Ok(())
    }

    fn case(&mut self, case: &'a Case) -> Result<()> {
        self.keyword("CASE", 0, CASE, 0);
        if let Some(arg) = &case.arg {
            self.push(" ");
            self.expr(arg, true)?;
        }
        for (when, then) in &case.whens {
            self.keyword(if self.lines { "WHEN " } else { " WHEN " }, 0, 0, 0);
            // `CASE x WHEN y`: of the comparison only `y` is written.
            match (case.arg.is_some(), when) {
                (true, Expr::Func(call)) if call.args.len() == 2 => {
                    self.expr(&call.args[1], false)?;
                }
                _ => self.expr(when, false)?,
            }
            self.push(" THEN ");
            self.expr(then, true)?;
        }
        self.keyword(if self.lines { "ELSE " } else { " ELSE " }, 0, 0, 0);
        self.expr(&case.default, true)?;
        self.keyword(if self.lines { "END" } else { " END" }, -CASE, 0, 0);
        Ok(())
    }

    fn row(&mut self, row: &'a RowExpr) -> Result<()> {
        self.named_list("ROW", &row.args)?;
        if row.form == CoercionForm::Explicit {
            let name = self.names.type_name(row.type_oid, -1);
            self.push(&format!("::{name}"));
        }
        Ok(())
    }

    fn row_compare(&mut self, rows: &'a RowCompare) -> Result<()> {
        let op = rows.ops.first().map(|(op, _)| self.names.operator(*op));
        self.push("(");
        self.named_list("ROW", &rows.left)?;
        self.push(&format!(" {} ", op.unwrap_or_default()));
        self.named_list("ROW", &rows.right)?;
        self.push(")");
        Ok(())
    }

    /// A test of a row as a whole, not field by field, is not `IS NULL`.
    fn null_test(&self, arg: &Expr, is_null: bool, fields: bool) -> &'static str {
        let oid = arg.type_oid();
        let row = oid == oids::RECORD || self.names.catalog.row_type_relation(oid).is_some();
        match (is_null, fields || !row) {
            (true, true) => " IS NULL",
            (false, true) => " IS NOT NULL",
            (true, false) => " IS NOT DISTINCT FROM NULL",
            (false, false) => " IS DISTINCT FROM NULL",
        }
    }

    fn subscript(&mut self, subscript: &'a Subscript) -> Result<()> {
        let plain = matches!(subscript.container, Expr::Var(_) | Expr::FieldSelect { .. });
        if !plain {
            self.push("(");
        }
        self.expr(&subscript.container, true)?;
        if !plain {
            self.push(")");
        }
        for (at, upper) in subscript.upper.iter().enumerate() {
            self.push("[");
            if subscript.is_slice {
                if let Some(Some(lower)) = subscript.lower.get(at) {
                    self.expr(lower, false)?;
                }
                self.push(":");
            }
            if let Some(upper) = upper {
                self.expr(upper, false)?;
            }
            self.push("]");
        }
        Ok(())
    }

    fn field(&mut self, expr: &'a Expr, arg: &'a Expr, field: AttrNumber) -> Result<()> {
        let relation = self.names.catalog.row_type_relation(arg.type_oid());
        let at = usize::try_from(field).ok().and_then(|f| f.checked_sub(1));
        let name = relation.and_then(|r| r.columns.get(at?)).map(|c| c.name.clone());
        let name = name.unwrap_or_else(|| format!("f{field}"));
        self.push("(");
        self.arg(arg, true, expr)?;
        self.push(&format!(").{}", quote_identifier(&name)));
        Ok(())
    }
}

fn system_column(attno: AttrNumber) -> &'static str {
    match attno {
        -1 => "ctid",
        -2 => "xmin",
        -3 => "cmin",
        -4 => "xmax",
        -5 => "cmax",
        SEQ_COLUMN => "_seq",
        UPDATED_COLUMN => "_updated",
        DELETED_COLUMN => "_deleted",
        _ => "tableoid",
    }
}

/// Whether an index expression is written as a call, which needs no parentheses.
pub(super) fn looks_like_function(expr: &Expr) -> bool {
    match expr {
        Expr::Func(call) => call.op.is_none() && super::index::is_call_form(call.form),
        Expr::Coalesce(_) | Expr::MinMax(_) | Expr::NullIf(_) | Expr::SqlValue { .. } => true,
        Expr::Xml(_) => true,
        _ => false,
    }
}

/// A numeric that reads back as a numeric: a digit first, and a point or exponent.
fn is_float_literal(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.contains(['e', 'E', '.'])
}

fn bool_test(test: BoolTest) -> &'static str {
    match test {
        BoolTest::IsTrue => " IS TRUE",
        BoolTest::IsNotTrue => " IS NOT TRUE",
        BoolTest::IsFalse => " IS FALSE",
        BoolTest::IsNotFalse => " IS NOT FALSE",
        BoolTest::IsUnknown => " IS UNKNOWN",
        BoolTest::IsNotUnknown => " IS NOT UNKNOWN",
    }
}

fn sql_value(function: SqlValueFunction, typmod: i32) -> String {
    use SqlValueFunction as F;
    let name = match function {
        F::CurrentDate => "CURRENT_DATE",
        F::CurrentTime => "CURRENT_TIME",
        F::CurrentTimestamp => "CURRENT_TIMESTAMP",
        F::LocalTime => "LOCALTIME",
        F::LocalTimestamp => "LOCALTIMESTAMP",
        F::CurrentRole => "CURRENT_ROLE",
        F::CurrentUser => "CURRENT_USER",
        F::User => "USER",
        F::SessionUser => "SESSION_USER",
        F::CurrentCatalog => "CURRENT_CATALOG",
        F::CurrentSchema => "CURRENT_SCHEMA",
    };
    if typmod < 0 { name.to_owned() } else { format!("{name}({typmod})") }
}
