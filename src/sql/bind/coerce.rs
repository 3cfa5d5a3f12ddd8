//! Converting an expression to a type (`parse_coerce.c`).
//!
//! A conversion first has to be possible ([`Binder::can_coerce`]) in its context: implicit,
//! assignment or explicit. Then it takes one of four paths: relabel, function, text form, or each
//! element of an array ([`Path`]). Literals of unknown type get their value here.

use super::state::Binder;
use crate::catalog::builtin::{self, CastContext, CastMethod, TypeKind};
use crate::error::{PgError, Result, code};
use crate::functions;
use crate::nodes::*;
use crate::types::{Datum, Oid, oids};

/// How a value gets from one type to another (`CoercionPathType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    Relabel,
    Function(Oid),
    Text,
    Array,
}

/// What a conversion is for: its context, how it was written, and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cast {
    pub context: CastContext,
    pub form: CoercionForm,
    pub location: i32,
}

impl Cast {
    pub const IMPLICIT: Cast =
        Cast { context: CastContext::Implicit, form: CoercionForm::Implicit, location: -1 };
    pub const ASSIGNMENT: Cast =
        Cast { context: CastContext::Assignment, form: CoercionForm::Implicit, location: -1 };

    /// A cast that the user wrote.
    pub fn explicit(location: i32) -> Cast {
        Cast { context: CastContext::Explicit, form: CoercionForm::Explicit, location }
    }
}

impl Binder<'_, '_> {
    /// Whether values of these types can all be converted (`can_coerce_type`); polymorphic targets
    /// must agree with each other.
    pub fn can_coerce_all(&self, from: &[Oid], to: &[Oid], context: CastContext) -> bool {
        let mut generic = false;
        for (&from, &to) in from.iter().zip(to) {
            if super::polymorphic::is_polymorphic(to) {
                generic = true;
            } else if !self.can_coerce_plain(from, to, context) {
                return false;
            }
        }
        !generic || self.generics_agree(from, to)
    }

    /// Whether a value of one type can be converted to another.
    pub fn can_coerce(&self, from: Oid, to: Oid, context: CastContext) -> bool {
        self.can_coerce_all(&[from], &[to], context)
    }

    fn can_coerce_plain(&self, from: Oid, to: Oid, context: CastContext) -> bool {
        from == to
            || to == oids::ANY
            || from == oids::UNKNOWN
            || self.find_path(from, to, context).is_some()
            || (from == oids::RECORD && self.is_row_type(to))
            || (to == oids::RECORD && self.is_row_type(from))
    }

    /// The path of a conversion allowed in this context (`find_coercion_pathway`).
    pub fn find_path(&self, from: Oid, to: Oid, context: CastContext) -> Option<Path> {
        let (from, to) = (self.base_type(from, -1).0, self.base_type(to, -1).0);
        if from == to {
            return Some(Path::Relabel);
        }
        if let Some(cast) = self.context.catalog.cast(from, to) {
            return (context >= cast.context).then_some(match cast.method {
                CastMethod::Function => Path::Function(cast.func),
                CastMethod::InOut => Path::Text,
                CastMethod::Binary => Path::Relabel,
            });
        }
        let vector = matches!(to, oids::OIDVECTOR | oids::INT2VECTOR);
        if !vector
            && let (Some(f), Some(t)) = (self.element(from), self.element(to))
            && self.find_path(f, t, context).is_some()
        {
            return Some(Path::Array);
        }
        let string = |oid: Oid| self.facts(oid).category == b'S';
        let through_text = (context >= CastContext::Assignment && string(to))
            || (context >= CastContext::Explicit && string(from));
        through_text.then_some(Path::Text)
    }

    /// Converts type and typmod; `None` where the types do not allow it (`coerce_to_target_type`).
    pub fn coerce_to_target(
        &mut self,
        expr: Expr,
        to: Oid,
        typmod: i32,
        cast: Cast,
    ) -> Result<Option<Expr>> {
        let from = expr.type_oid();
        if !self.can_coerce(from, to, cast.context) {
            return Ok(None);
        }
        if let Expr::Collate { arg, collation, location } = expr {
            let Some(arg) = self.coerce_to_target(*arg, to, typmod, cast)? else { return Ok(None) };
            return Ok(Some(self.recollate(arg, collation, location)));
        }
        let before = (from, matches!(expr, Expr::Const(_)));
        let result = self.coerce_type(expr, to, typmod, cast)?;
        let converted = result.type_oid() != before.0 && !matches!(result, Expr::Const(_));
        self.coerce_typmod(result, to, typmod, cast, converted).map(Some)
    }

    /// Puts COLLATE back above a converted argument, if its type still has a collation.
    fn recollate(&self, arg: Expr, collation: Oid, location: i32) -> Expr {
        if self.collation(arg.type_oid()) == 0 {
            return arg;
        }
        Expr::Collate { arg: Box::new(arg), collation, location }
    }

    /// Converts to a type that is known to be reachable (`coerce_type`).
    pub fn coerce_type(&mut self, expr: Expr, to: Oid, typmod: i32, cast: Cast) -> Result<Expr> {
        let from = expr.type_oid();
        if from == to || passes_as_is(to) {
            return Ok(expr);
        }
        if super::polymorphic::is_container(to) && from != oids::UNKNOWN {
            let base = self.base_type(from, -1).0;
            return Ok(if base == from {
                expr
            } else {
                self.relabel(expr, base, -1, Cast::IMPLICIT)
            });
        }
        match expr {
            Expr::Const(c) if from == oids::UNKNOWN => self.literal(c, to, typmod, cast),
            Expr::Param(p) if from == oids::UNKNOWN => self.infer_param(p, to, cast),
            Expr::Collate { arg, collation, location } => {
                let arg = self.coerce_type(*arg, to, typmod, cast)?;
                Ok(self.recollate(arg, collation, location))
            }
            expr => self.coerce_by_path(expr, from, to, typmod, cast),
        }
    }

    fn coerce_by_path(
        &mut self,
        expr: Expr,
        from: Oid,
        to: Oid,
        typmod: i32,
        cast: Cast,
    ) -> Result<Expr> {
        match self.find_path(from, to, cast.context) {
            Some(Path::Relabel) => {
                let (base, base_typmod) = self.base_type(to, typmod);
                if base == to {
                    return Ok(self.relabel(expr, to, -1, cast));
                }
                let expr = match expr.type_oid() == base {
                    true => expr,
                    false => {
                        self.relabel(expr, base, -1, Cast { form: CoercionForm::Implicit, ..cast })
                    }
                };
                self.as_domain(expr, base, base_typmod, to, cast, false)
            }
            Some(path) => {
                let (base, typmod) = self.base_type(to, typmod);
                let expr = self.build_coercion(expr, path, base, typmod, cast)?;
                match base == to {
                    true => Ok(expr),
                    false => self.as_domain(expr, base, typmod, to, cast, true),
                }
            }
            None if from == oids::RECORD && self.is_row_type(to) => {
                self.record_to_row_type(expr, to, cast)
            }
            None if to == oids::RECORD && self.is_row_type(from) => Ok(expr),
            None => Err(PgError::internal(format!(
                "failed to find conversion function from {} to {}",
                self.type_name(from),
                self.type_name(to)
            ))),
        }
    }

    fn relabel(&self, arg: Expr, type_oid: Oid, typmod: i32, cast: Cast) -> Expr {
        let collation = self.collation(type_oid);
        Expr::Relabel(Box::new(Relabel {
            arg,
            type_oid,
            typmod,
            collation,
            form: cast.form,
            location: cast.location,
        }))
    }

    /// A literal's value in the type it turned out to have.
    fn literal(&mut self, literal: Const, to: Oid, typmod: i32, cast: Cast) -> Result<Expr> {
        let (base, base_typmod) = self.base_type(to, typmod);
        // Intervals alone read their typmod with the value: the fields decide what `'1'` means.
        let typmod = if base == oids::INTERVAL { base_typmod } else { -1 };
        let value = match &literal.value {
            Datum::Text(text) => self.read_literal(base, typmod, text),
            _ => Ok(Datum::Null),
        };
        let constant = Expr::Const(Const {
            value: value.map_err(|e| e.at(literal.location))?,
            type_oid: base,
            typmod,
            collation: self.collation(base),
            location: literal.location,
        });
        match base == to {
            true => Ok(constant),
            false => self.as_domain(constant, base, base_typmod, to, cast, false),
        }
    }

    /// A value of the base type as one of a domain, whose typmod and checks it must satisfy
    /// (`coerce_to_domain`).
    fn as_domain(
        &mut self,
        mut arg: Expr,
        base: Oid,
        base_typmod: i32,
        to: Oid,
        cast: Cast,
        hide_inner: bool,
    ) -> Result<Expr> {
        if hide_inner {
            hide_coercion(&mut arg);
        }
        let inner = Cast { form: CoercionForm::Implicit, ..cast };
        let arg = self.coerce_typmod(arg, base, base_typmod, inner, false)?;
        Ok(Expr::CoerceToDomain(Box::new(CoerceToDomain {
            arg,
            type_oid: to,
            collation: self.collation(to),
            form: cast.form,
            location: cast.location,
        })))
    }

    fn read_literal(&self, type_oid: Oid, typmod: i32, text: &str) -> Result<Datum> {
        let facts = self.facts(type_oid);
        // An array of no records, or of NULLs, has a text form; the records themselves have none.
        let has_input = matches!(type_oid, oids::CSTRING | oids::RECORD)
            || oids::element_of(type_oid) == Some(oids::RECORD);
        if facts.kind == TypeKind::Pseudo && !has_input {
            let message = format!("cannot accept a value of type {}", self.type_name(type_oid));
            return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
        }
        functions::text_in(self.context.env, type_oid, typmod, text)
    }

    /// The function or node that converts (`build_coercion_expression`).
    fn build_coercion(
        &mut self,
        arg: Expr,
        path: Path,
        to: Oid,
        typmod: i32,
        cast: Cast,
    ) -> Result<Expr> {
        match path {
            Path::Relabel => Ok(self.relabel(arg, to, typmod, cast)),
            Path::Function(func) => Ok(self.cast_call(arg, func, to, typmod, cast)),
            Path::Text => Ok(Expr::CoerceViaIo(Box::new(CoerceViaIo {
                arg,
                type_oid: to,
                collation: self.collation(to),
                form: cast.form,
                location: cast.location,
            }))),
            Path::Array => self.array_coercion(arg, to, typmod, cast),
        }
    }

    /// Cast functions may take the typmod, and whether the cast is explicit, after the value.
    fn cast_call(&self, arg: Expr, func: Oid, to: Oid, typmod: i32, cast: Cast) -> Expr {
        let count = self.context.catalog.proc(func).map_or(1, |p| p.arg_types.len());
        let input_collation = self.collation(arg.type_oid());
        let mut args = vec![arg];
        if count >= 2 {
            args.push(Expr::constant(Datum::Int4(typmod), oids::INT4));
        }
        if count == 3 {
            let explicit = cast.context == CastContext::Explicit;
            args.push(Expr::constant(Datum::Bool(explicit), oids::BOOL));
        }
        Expr::Func(Box::new(FuncCall {
            func,
            op: None,
            type_oid: to,
            typmod: if count >= 2 { typmod } else { -1 },
            retset: false,
            variadic: false,
            form: cast.form,
            collation: self.collation(to),
            input_collation,
            args,
            notation: None,
            location: cast.location,
        }))
    }

    fn array_coercion(&mut self, arg: Expr, to: Oid, typmod: i32, cast: Cast) -> Result<Expr> {
        let (source, source_typmod) = self.base_type(arg.type_oid(), arg.typmod());
        let (Some(from_element), Some(to_element)) = (self.element(source), self.element(to))
        else {
            return Err(PgError::internal("array coercion of a type that is no array"));
        };
        let test = Expr::CaseTest { type_oid: from_element, typmod: source_typmod, collation: 0 };
        let element = self
            .coerce_to_target(test, to_element, typmod, cast)?
            .ok_or_else(|| PgError::internal("failed to coerce array element type as expected"))?;
        Ok(Expr::ArrayCoerce(Box::new(ArrayCoerce {
            arg,
            typmod: element.typmod(),
            element,
            type_oid: to,
            form: cast.form,
            location: cast.location,
        })))
    }

    /// Fits a value of the right type to a typmod (`coerce_type_typmod`).
    pub fn coerce_typmod(
        &mut self,
        mut expr: Expr,
        to: Oid,
        typmod: i32,
        cast: Cast,
        hide_inner: bool,
    ) -> Result<Expr> {
        if typmod < 0 || typmod == expr.typmod() {
            return Ok(expr);
        }
        if hide_inner {
            hide_coercion(&mut expr);
        }
        let path = match self.element(to) {
            Some(element) => length_function(element).map(|_| Path::Array),
            None => length_function(to).map(Path::Function),
        };
        match path {
            Some(path) => self.build_coercion(expr, path, to, typmod, cast),
            None => Ok(self.relabel(expr, to, typmod, cast)),
        }
    }

    /// `ROW(…)` to a table's row type: field by field.
    fn record_to_row_type(&mut self, expr: Expr, to: Oid, cast: Cast) -> Result<Expr> {
        let (from_name, to_name) = (self.type_name(expr.type_oid()), self.type_name(to));
        let cannot = |detail: &str, location: i32| {
            let message = format!("cannot cast type {from_name} to {to_name}");
            let error = PgError::new(code::CANNOT_COERCE, message).at(location);
            if detail.is_empty() { error } else { error.detail(detail) }
        };
        let at = if cast.location >= 0 { cast.location } else { expr.location() };
        let Expr::Row(row) = expr else { return Err(cannot("", at)) };
        let columns = self.row_type_columns(to);
        let mut fields = row.args.into_iter();
        let mut args = Vec::new();
        for (number, column) in columns.iter().enumerate() {
            let Some(field) = fields.next() else {
                return Err(cannot("Input has too few columns.", at));
            };
            let (from, place) = (field.type_oid(), field.location());
            let coerced = self.coerce_to_target(field, column.1, column.2, cast)?;
            args.push(coerced.ok_or_else(|| {
                let detail = format!(
                    "Cannot cast type {} to {} in column {}.",
                    self.type_name(from),
                    self.type_name(column.1),
                    number + 1
                );
                cannot(&detail, if place >= 0 { place } else { at })
            })?);
        }
        if fields.next().is_some() {
            return Err(cannot("Input has too many columns.", at));
        }
        let column_names = columns.into_iter().map(|c| c.0).collect();
        Ok(Expr::Row(Box::new(RowExpr {
            args,
            type_oid: to,
            column_names,
            form: cast.form,
            location: row.location,
        })))
    }

    /// A condition as boolean (`coerce_to_boolean`).
    pub fn coerce_to_boolean(&mut self, expr: Expr, construct: &str) -> Result<Expr> {
        self.coerce_to_specific(expr, oids::BOOL, -1, construct)
    }

    /// A construct's argument as the type it needs (`coerce_to_specific_type_typmod`).
    pub fn coerce_to_specific(
        &mut self,
        expr: Expr,
        to: Oid,
        typmod: i32,
        construct: &str,
    ) -> Result<Expr> {
        let (from, location) = (expr.type_oid(), expr.location());
        let expr = match from == to {
            true => expr,
            false => {
                self.coerce_to_target(expr, to, typmod, Cast::ASSIGNMENT)?.ok_or_else(|| {
                    let message = format!(
                        "argument of {construct} must be type {}, not type {}",
                        self.type_name(to),
                        self.type_name(from)
                    );
                    PgError::new(code::DATATYPE_MISMATCH, message).at(location)
                })?
            }
        };
        if super::srf::returns_set(&expr) {
            let message = format!("argument of {construct} must not return a set");
            return Err(PgError::new(code::DATATYPE_MISMATCH, message).at(expr.location()));
        }
        Ok(expr)
    }
}

/// Pseudo-types that take any value unchanged.
fn passes_as_is(to: Oid) -> bool {
    matches!(
        to,
        oids::ANY
            | oids::ANYELEMENT
            | oids::ANYNONARRAY
            | oids::ANYCOMPATIBLE
            | oids::ANYCOMPATIBLENONARRAY
    )
}

/// The function that fits values to a typmod: the cast from the type to itself.
fn length_function(oid: Oid) -> Option<Oid> {
    builtin::cast(oid, oid).map(|c| c.func).filter(|f| *f != 0)
}

/// A nested conversion step is not shown when the expression is deparsed.
fn hide_coercion(expr: &mut Expr) {
    let form = match expr {
        Expr::Func(f) => &mut f.form,
        Expr::Relabel(r) => &mut r.form,
        Expr::CoerceViaIo(c) => &mut c.form,
        Expr::ArrayCoerce(c) => &mut c.form,
        Expr::CoerceToDomain(c) => &mut c.form,
        Expr::Row(r) => &mut r.form,
        _ => return,
    };
    *form = CoercionForm::Implicit;
}
