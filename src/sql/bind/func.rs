//! Function calls (`parse_func.c`): overload resolution, named and default arguments, VARIADIC,
//! casts written as functions, and the errors of each.

use super::candidates::Candidate;
use super::coerce::{Cast, Path};
use super::place::Place;
use super::state::Binder;
use crate::catalog::builtin::{CastContext, Proc, TypeKind};
use crate::error::{PgError, Result, code};
use crate::nodes::*;
use crate::types::{Oid, oids};
use pg_raw_parse::list::NodeList;
use pg_raw_parse::{Node, nodes};
use std::cmp::Ordering;

/// `FUNC_MAX_ARGS`.
const ARGS_MAX: usize = 100;

/// An argument of a call, with its name where it is written `name => value`.
struct CallArg {
    name: Option<String>,
    expr: Expr,
    location: i32,
}

impl CallArg {
    fn nameless(expr: Expr) -> CallArg {
        CallArg { name: None, location: expr.location(), expr }
    }
}

/// A function that was found for a call.
pub(super) struct Resolved<'a> {
    pub proc: &'a Proc,
    pub args: Vec<Expr>,
    pub type_oid: Oid,
    /// Arguments are, or were gathered into, a VARIADIC array.
    pub variadic: bool,
    /// As in [`FuncCall`].
    pub notation: Option<Box<Notation>>,
    /// Types the arguments had before conversion.
    pub name: String,
}

/// What a call's name and arguments mean.
enum Meaning<'a> {
    Function(&'a Proc, Candidate),
    /// `text(x)`: a cast in function form.
    Cast(Oid),
    Ambiguous,
    NotFound,
}

impl<'a, 'n> Binder<'a, 'n> {
    /// A call in an expression: function, aggregate or window function.
    pub fn bind_call(&mut self, call: &'n nodes::FuncCall) -> Result<Expr> {
        let before = self.scope_ref().srf_count;
        let calling = std::mem::take(&mut self.calling);
        let mut args = Vec::new();
        for arg in call.args() {
            args.push(self.bind_call_arg(arg)?);
        }
        // Arguments of WITHIN GROUP follow the direct ones.
        if call.agg_within_group {
            for sort in call.agg_order() {
                args.push(CallArg::nameless(self.bind_expr_here(sort.node())?));
            }
        }
        let filter = match call.agg_filter() {
            Node::None => None,
            node => Some(self.bind_where(node, Place::Filter, "FILTER")?),
        };
        self.resolve_call(call, args, filter, before, calling)
    }

    fn bind_call_arg(&mut self, node: Node<'n>) -> Result<CallArg> {
        match node {
            Node::NamedArgExpr(named) => Ok(CallArg {
                name: named.name().map(str::to_owned),
                expr: self.bind_expr_here(named.arg())?,
                location: named.location,
            }),
            node => Ok(CallArg::nameless(self.bind_expr_here(node)?)),
        }
    }

    fn resolve_call(
        &mut self,
        call: &'n nodes::FuncCall,
        args: Vec<CallArg>,
        filter: Option<Expr>,
        before: u32,
        calling: bool,
    ) -> Result<Expr> {
        let name = FunctionName::new(call.funcname());
        let location = call.location;
        check_arg_names(&args, location)?;
        // JDBC's `{? = call f(?)}` numbers the result among the parameters, as void.
        let mut args = args;
        if !call.agg_within_group {
            args.retain(|arg| !is_void_parameter(&arg.expr));
        }
        let names: Vec<Option<String>> = args.iter().map(|a| a.name.clone()).collect();
        let exprs: Vec<Expr> = args.into_iter().map(|a| a.expr).collect();
        let inputs: Vec<Oid> = exprs.iter().map(Expr::type_oid).collect();
        let meaning = self.function_meaning(&name, &inputs, &names, call.func_variadic);
        match meaning.map_err(|e| e.at(location))? {
            Meaning::Cast(to) => {
                refuse_aggregate_syntax(call, &name)?;
                let arg = exprs.into_iter().next().expect("a cast has one argument");
                let cast =
                    Cast { context: CastContext::Explicit, form: CoercionForm::Call, location };
                self.coerce_type(arg, to, -1, cast)
            }
            Meaning::Function(proc, candidate) => {
                self.calling = calling;
                self.check_called(proc, &name.text(), &inputs).map_err(|e| e.at(location))?;
                self.check_call_syntax(call, proc, &name)?;
                let has_names = names.iter().any(Option::is_some);
                // What is wrong with polymorphic arguments has no position in PostgreSQL.
                let named = names.iter().flatten().count();
                let notation = candidate.notation(proc, named).map(Box::new);
                let resolved =
                    self.complete_call(proc, candidate, exprs, name.text(), call.func_variadic)?;
                let resolved = Resolved { notation, ..resolved };
                match proc.kind {
                    b'f' | b'p' if call.over().is_none() => {
                        self.finish_function(resolved, form_of(call), location, before)
                    }
                    b'a' if call.over().is_none() => {
                        self.finish_aggregate(call, resolved, filter, has_names)
                    }
                    _ => self.finish_window(call, resolved, filter, has_names),
                }
            }
            Meaning::Ambiguous => {
                let kind = if calling { "procedure" } else { "function" };
                let signature = self.signature(&name, &inputs, &names);
                let message = format!("{kind} {signature} is not unique");
                let hint = format!(
                    "Could not choose a best candidate {kind}. You might need to add explicit type \
                     casts."
                );
                Err(PgError::new(code::AMBIGUOUS_FUNCTION, message).hint(hint).at(location))
            }
            Meaning::NotFound => {
                if let Some(field) = self.call_as_field(call, &name, &exprs) {
                    return Ok(field);
                }
                let signature = self.signature(&name, &inputs, &names);
                if calling {
                    let message = format!("procedure {signature} does not exist");
                    return Err(PgError::new(code::UNDEFINED_FUNCTION, message)
                        .hint(
                            "No procedure matches the given name and argument types. You might \
                             need to add explicit type casts.",
                        )
                        .at(location));
                }
                let hint = if call.agg_order().len() > 1 && !call.agg_within_group {
                    "No aggregate function matches the given name and argument types. Perhaps you \
                     misplaced ORDER BY; ORDER BY must appear after all regular arguments of the \
                     aggregate."
                } else {
                    "No function matches the given name and argument types. You might need to add \
                     explicit type casts."
                };
                let message = format!("function {signature} does not exist");
                Err(PgError::new(code::UNDEFINED_FUNCTION, message).hint(hint).at(location))
            }
        }
    }

    /// `column(row)` may be written for `row.column`.
    fn call_as_field(
        &self,
        call: &nodes::FuncCall,
        name: &FunctionName<'_>,
        args: &[Expr],
    ) -> Option<Expr> {
        let [arg] = args else { return None };
        let plain = !call.agg_star
            && !call.agg_distinct
            && call.agg_order().is_empty()
            && call.over().is_none()
            && !call.func_variadic;
        if !plain || name.schema.is_some() || !self.is_row_type(arg.type_oid()) {
            return None;
        }
        self.select_field(arg.clone(), name.name)
    }

    /// `name(integer, text)` as messages show it (`func_signature_string`).
    fn signature(
        &self,
        name: &FunctionName<'_>,
        types: &[Oid],
        names: &[Option<String>],
    ) -> String {
        let shown = types.iter().zip(names).map(|(oid, name)| match name {
            Some(name) => format!("{name} => {}", self.type_name(*oid)),
            None => self.type_name(*oid),
        });
        format!("{}({})", name.text(), shown.collect::<Vec<_>>().join(", "))
    }

    /// What a name means with these argument types (`func_get_detail`).
    fn function_meaning(
        &self,
        name: &FunctionName<'_>,
        inputs: &[Oid],
        names: &[Option<String>],
        variadic_written: bool,
    ) -> Result<Meaning<'a>> {
        let names: Vec<&str> = names.iter().flatten().map(String::as_str).collect();
        let candidates = self.function_candidates(name, inputs.len(), &names, !variadic_written)?;
        if let Some(exact) = candidates.iter().find(|c| c.args == inputs) {
            return Ok(self.function(exact.clone(), variadic_written));
        }
        if let ([from], true) = (inputs, names.is_empty())
            && let Some(to) = self.cast_by_name(name, *from)
        {
            return Ok(Meaning::Cast(to));
        }
        let matching = self.matching(inputs, &candidates);
        Ok(match matching.len() {
            0 => Meaning::NotFound,
            1 => {
                let only = matching.into_iter().next();
                only.map_or(Meaning::NotFound, |c| self.function(c, variadic_written))
            }
            _ => match self.select_candidate(inputs, matching) {
                Some(found) => self.function(found, variadic_written),
                None => Meaning::Ambiguous,
            },
        })
    }

    fn function(&self, candidate: Candidate, variadic_written: bool) -> Meaning<'a> {
        let Some(oid) = candidate.oid else { return Meaning::Ambiguous };
        if variadic_written && !candidate.ends_with_last_parameter() {
            return Meaning::NotFound;
        }
        let proc = self.context.catalog.proc(oid);
        proc.map_or(Meaning::NotFound, |proc| Meaning::Function(proc, candidate))
    }

    /// A type's name called with one argument that casts to it without a function.
    fn cast_by_name(&self, name: &FunctionName<'_>, from: Oid) -> Option<Oid> {
        let catalog = self.context.catalog;
        let found = match name.schema {
            Some(schema) => catalog.type_named(catalog.namespace_named(schema)?.oid, name.name),
            None => {
                let mut path = self.callable_path().into_iter();
                path.find_map(|ns| catalog.type_named(ns, name.name))
            }
        }?;
        if found.kind == TypeKind::Composite {
            return None;
        }
        let to = found.oid;
        if from == oids::UNKNOWN {
            return Some(to);
        }
        match self.find_path(from, to, CastContext::Explicit)? {
            Path::Relabel => Some(to),
            Path::Text if self.is_row_type(from) && self.facts(to).category == b'S' => None,
            Path::Text => Some(to),
            Path::Function(_) | Path::Array => None,
        }
    }

    /// Functions of this name that take this many arguments (`FuncnameGetCandidates`).
    fn function_candidates(
        &self,
        name: &FunctionName<'_>,
        count: usize,
        names: &[&str],
        expand_variadic: bool,
    ) -> Result<Vec<Candidate>> {
        let path = match name.schema {
            Some(schema) => vec![self.namespace(schema)?],
            None => self.callable_path(),
        };
        let mut list: Vec<Candidate> = Vec::new();
        for proc in self.context.catalog.procs_named(name.name) {
            let namespace = self.context.catalog.schema_of(proc.namespace);
            let Some(position) = path.iter().position(|ns| *ns == namespace) else { continue };
            let candidate = candidate(proc, count, names, expand_variadic);
            if let Some(candidate) = candidate {
                add_candidate(&mut list, Candidate { path_position: position, ..candidate });
            }
        }
        Ok(list)
    }

    /// Adds defaults, converts arguments, gathers VARIADIC ones.
    fn complete_call(
        &mut self,
        proc: &'a Proc,
        candidate: Candidate,
        args: Vec<Expr>,
        name: String,
        variadic_written: bool,
    ) -> Result<Resolved<'a>> {
        let mut args = self.place_args(proc, &candidate, args)?;
        let actual: Vec<Oid> = args.iter().map(Expr::type_oid).collect();
        let mut declared = declared_types(proc, &candidate, args.len());
        let type_oid = self.resolve_generics(&actual, &mut declared, proc.return_type)?;
        if variadic_written && proc.variadic == oids::ANY {
            let last = actual.last().copied().unwrap_or(0);
            if self.element(last).is_none() {
                let at = args.last().map_or(-1, Expr::location);
                let message = "VARIADIC argument must be an array";
                return Err(PgError::new(code::DATATYPE_MISMATCH, message).at(at));
            }
        }
        args = self.convert_args(args, &declared)?;
        let gather = candidate.variadic_count > 0 && proc.variadic != oids::ANY;
        if gather {
            self.gather_variadic(&mut args, candidate.variadic_count)?;
        }
        let variadic = variadic_written || gather;
        Ok(Resolved { proc, args, type_oid, variadic, notation: None, name })
    }

    /// Arguments in the parameters' order, defaults filled in.
    fn place_args(
        &mut self,
        proc: &Proc,
        candidate: &Candidate,
        args: Vec<Expr>,
    ) -> Result<Vec<Expr>> {
        let total = proc.arg_types.len();
        let Some(positions) = &candidate.positions else {
            let mut args = args;
            if candidate.default_count > 0 {
                let defaults = self.default_args(proc)?;
                args.extend(
                    defaults.into_iter().skip(proc.arg_default_count - candidate.default_count),
                );
            }
            return Ok(args);
        };
        let mut slots: Vec<Option<Expr>> = (0..total).map(|_| None).collect();
        for (arg, position) in args.into_iter().zip(positions) {
            slots[*position] = Some(arg);
        }
        let first_default = total - proc.arg_default_count;
        let mut defaults = match slots.iter().any(Option::is_none) {
            true => self.default_args(proc)?.into_iter().map(Some).collect(),
            false => Vec::new(),
        };
        let mut placed = Vec::with_capacity(total);
        for (at, slot) in slots.into_iter().enumerate() {
            let default =
                || at.checked_sub(first_default).and_then(|d| defaults.get_mut(d)?.take());
            let arg = slot.or_else(default);
            placed.push(arg.ok_or_else(|| PgError::internal("a parameter without a default"))?);
        }
        Ok(placed)
    }

    /// The last arguments as an array of the VARIADIC parameter's element type.
    fn gather_variadic(&mut self, args: &mut Vec<Expr>, count: usize) -> Result<()> {
        let elements = args.split_off(args.len() - count);
        let element_type = elements.first().map_or(oids::UNKNOWN, Expr::type_oid);
        let Some(type_oid) = self.array_of(element_type) else {
            let name = self.type_name(element_type);
            let message = format!("could not find array type for data type {name}");
            return Err(PgError::new(code::UNDEFINED_OBJECT, message)
                .at(elements.first().map_or(-1, Expr::location)));
        };
        let location = elements.first().map_or(-1, Expr::location);
        args.push(Expr::Array(Box::new(ArrayExpr {
            type_oid,
            element_type,
            collation: self.collation(type_oid),
            elements,
            multidims: false,
            location,
        })));
        Ok(())
    }

    /// An ordinary function's call.
    fn finish_function(
        &mut self,
        call: Resolved<'_>,
        form: CoercionForm,
        location: i32,
        before: u32,
    ) -> Result<Expr> {
        if call.proc.returns_set {
            self.check_srf_place(location, before)?;
        }
        let input_collation = self.input_collation(&call.args);
        Ok(Expr::Func(Box::new(FuncCall {
            func: call.proc.oid,
            op: None,
            type_oid: call.type_oid,
            typmod: -1,
            retset: call.proc.returns_set,
            variadic: call.variadic,
            form,
            collation: self.collation(call.type_oid),
            input_collation,
            args: call.args,
            notation: call.notation,
            location,
        })))
    }

    /// A call the binder makes itself, by name: LIKE's escape, SIMILAR, AT TIME ZONE.
    pub fn call_by_name(&mut self, name: &str, args: Vec<Expr>, location: i32) -> Result<Expr> {
        self.call_in(Some("pg_catalog"), name, args, location)
    }

    /// The same of a function in a schema, or in the search path.
    pub fn call_in(
        &mut self,
        schema: Option<&str>,
        name: &str,
        args: Vec<Expr>,
        location: i32,
    ) -> Result<Expr> {
        let before = self.scope_ref().srf_count;
        let inputs: Vec<Oid> = args.iter().map(Expr::type_oid).collect();
        let name = FunctionName { schema, name };
        let none = vec![None; inputs.len()];
        match self.function_meaning(&name, &inputs, &none, false)? {
            Meaning::Function(proc, candidate) => {
                let resolved = self.complete_call(proc, candidate, args, name.text(), false)?;
                self.finish_function(resolved, CoercionForm::SqlSyntax, location, before)
            }
            _ => {
                let signature = self.signature(&name, &inputs, &none);
                let message = format!("function {signature} does not exist");
                Err(PgError::new(code::UNDEFINED_FUNCTION, message).at(location).hint(
                    "No function matches the given name and argument types. You might need to add \
                     explicit type casts.",
                ))
            }
        }
    }
}

/// A function that a definition names.
pub struct FoundFunction {
    pub oid: Oid,
    /// What its parameters stand for with the types asked for.
    pub arg_types: Vec<Oid>,
    pub return_type: Oid,
}

impl Binder<'_, '_> {
    /// The function that a call with arguments of these types means (`func_get_detail`); `None`: none, or
    /// several.
    pub fn find_function(&self, parts: &[&str], types: &[Oid]) -> Result<Option<FoundFunction>> {
        let (schema, name) = match parts {
            [.., schema, name] => (Some(*schema), *name),
            [name] => (None, *name),
            [] => (None, ""),
        };
        let none = vec![None; types.len()];
        let meaning = self.function_meaning(&FunctionName { schema, name }, types, &none, false)?;
        let Meaning::Function(proc, candidate) = meaning else { return Ok(None) };
        let mut arg_types = declared_types(proc, &candidate, types.len());
        let return_type = self.resolve_generics(types, &mut arg_types, proc.return_type)?;
        Ok(Some(FoundFunction { oid: proc.oid, arg_types, return_type }))
    }
}

/// A function's name as it was written.
pub(super) struct FunctionName<'n> {
    pub schema: Option<&'n str>,
    pub name: &'n str,
}

impl<'n> FunctionName<'n> {
    pub fn new(list: &'n NodeList) -> FunctionName<'n> {
        let parts: Vec<&str> = list.iter().filter_map(|n| n.as_str()).collect();
        match parts.as_slice() {
            [.., schema, name] => FunctionName { schema: Some(schema), name },
            [name] => FunctionName { schema: None, name },
            [] => FunctionName { schema: None, name: "" },
        }
    }

    pub fn text(&self) -> String {
        match self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.to_owned(),
        }
    }
}

fn form_of(call: &nodes::FuncCall) -> CoercionForm {
    match call.funcformat {
        nodes::CoercionForm::COERCE_SQL_SYNTAX => CoercionForm::SqlSyntax,
        _ => CoercionForm::Call,
    }
}

fn is_void_parameter(expr: &Expr) -> bool {
    matches!(expr, Expr::Param(param) if param.type_oid == oids::VOID)
}

/// Named arguments follow positional ones, each name once.
fn check_arg_names(args: &[CallArg], location: i32) -> Result<()> {
    if args.len() > ARGS_MAX {
        let message = format!("cannot pass more than {ARGS_MAX} arguments to a function");
        return Err(PgError::new(code::TOO_MANY_ARGUMENTS, message).at(location));
    }
    for (at, arg) in args.iter().enumerate() {
        let named_before = || args[..at].iter().any(|a| a.name.is_some());
        match &arg.name {
            None if named_before() => {
                let message = "positional argument cannot follow named argument";
                return Err(PgError::new(code::SYNTAX_ERROR, message).at(arg.location));
            }
            Some(name) if args[..at].iter().any(|a| a.name.as_ref() == Some(name)) => {
                let message = format!("argument name \"{name}\" used more than once");
                return Err(PgError::new(code::SYNTAX_ERROR, message).at(arg.location));
            }
            _ => {}
        }
    }
    Ok(())
}

/// How a function could take `count` arguments, the last ones named.
fn candidate(
    proc: &Proc,
    count: usize,
    names: &[&str],
    expand_variadic: bool,
) -> Option<Candidate> {
    let total = proc.arg_types.len();
    let plain = Candidate {
        oid: Some(proc.oid),
        args: proc.arg_types.clone(),
        variadic_count: 0,
        default_count: 0,
        positions: None,
        path_position: 0,
    };
    if !names.is_empty() {
        // The elements of a VARIADIC argument have no names.
        if proc.variadic != 0 && expand_variadic {
            return None;
        }
        let positions = named_positions(proc, count, names)?;
        let args = positions.iter().map(|p| proc.arg_types[*p]).collect();
        return Some(Candidate { args, positions: Some(positions), ..plain });
    }
    if proc.variadic != 0 && expand_variadic && total <= count {
        let variadic_count = count - total + 1;
        let mut args = proc.arg_types[..total - 1].to_vec();
        args.resize(count, proc.variadic);
        return Some(Candidate { args, variadic_count, ..plain });
    }
    if total == count {
        return Some(plain);
    }
    if total > count && count + proc.arg_default_count >= total {
        let args = proc.arg_types[..count].to_vec();
        return Some(Candidate { args, default_count: total - count, ..plain });
    }
    None
}

/// Which parameter each argument is (`MatchNamedCall`).
fn named_positions(proc: &Proc, count: usize, names: &[&str]) -> Option<Vec<usize>> {
    let total = proc.arg_types.len();
    if count > total {
        return None;
    }
    let input_names = proc.input_names();
    let mut positions: Vec<usize> = (0..count - names.len()).collect();
    for name in names {
        let at = input_names.iter().position(|n| n == name)?;
        if positions.contains(&at) {
            return None;
        }
        positions.push(at);
    }
    let missing = (0..total).filter(|p| !positions.contains(p));
    let first_default = total - proc.arg_default_count;
    for position in missing {
        if position < first_default {
            return None;
        }
    }
    Some(positions)
}

/// Adds a candidate. Of two with the same arguments the one hides the other that is earlier in the path,
/// or not variadic; else nothing tells them apart, as `f(int)` and `f(int, int DEFAULT 1)` called with
/// one argument.
pub(super) fn add_candidate(list: &mut Vec<Candidate>, new: Candidate) {
    let Some(old) = list.iter_mut().find(|c| c.args == new.args) else {
        list.push(new);
        return;
    };
    let rank = |c: &Candidate| (c.path_position, c.variadic_count > 0);
    match rank(&new).cmp(&rank(old)) {
        Ordering::Less => *old = new,
        Ordering::Equal => old.oid = None,
        Ordering::Greater => {}
    }
}

/// Declared types, one per argument that is now there.
fn declared_types(proc: &Proc, candidate: &Candidate, count: usize) -> Vec<Oid> {
    if candidate.variadic_count > 0 {
        return candidate.args.clone();
    }
    proc.arg_types.iter().copied().take(count).collect()
}

/// A cast in function form takes nothing else.
fn refuse_aggregate_syntax(call: &nodes::FuncCall, name: &FunctionName<'_>) -> Result<()> {
    check_plain_function(call, &name.text())
}

/// Syntax that only aggregates and window functions have.
pub(super) fn check_plain_function(call: &nodes::FuncCall, name: &str) -> Result<()> {
    let refused = if call.agg_star {
        Some(format!("{name}(*) specified, but {name} is not an aggregate function"))
    } else if call.agg_distinct {
        Some(format!("DISTINCT specified, but {name} is not an aggregate function"))
    } else if call.agg_within_group {
        Some(format!("WITHIN GROUP specified, but {name} is not an aggregate function"))
    } else if !call.agg_order().is_empty() {
        Some(format!("ORDER BY specified, but {name} is not an aggregate function"))
    } else if !matches!(call.agg_filter(), Node::None) {
        Some(format!("FILTER specified, but {name} is not an aggregate function"))
    } else if call.over().is_some() {
        Some(format!(
            "OVER specified, but {name} is not a window function nor an aggregate function"
        ))
    } else {
        None
    };
    match refused {
        Some(message) => Err(PgError::new(code::WRONG_OBJECT_TYPE, message).at(call.location)),
        None => Ok(()),
    }
}
