//! Function calls: resolving a `pg_proc` row and calling its implementation.

use super::Node;
use super::eval::Eval;
use super::simple::Simple;
use crate::catalog::Catalog;
use crate::catalog::builtin::{self, Proc};
use crate::error::{PgError, Result, code};
use crate::functions::{self, Ctx, Env, Implementation, Rows, ScalarFn, UnderCollation};
use crate::types::{Datum, Oid, collation, oids};
use smallvec::SmallVec;

/// Arguments of a call; nearly all have at most four.
pub(in crate::exec) type Args = SmallVec<[Datum; 4]>;

/// No value is longer (`MaxAllocSize`).
const VALUE_BYTES_MAX: usize = 0x3fff_ffff;

#[cold]
fn too_large(bytes: usize) -> PgError {
    let message = format!("invalid memory alloc request size {bytes}");
    PgError::new(code::PROGRAM_LIMIT_EXCEEDED, message)
}

/// See [`Callee::may_take_long`].
const LONG_CALLS: [&str; 27] = [
    "array_fill",
    "array_fill_with_lower_bounds",
    "bytealike",
    "byteanlike",
    "lpad",
    "numeric_exp",
    "numeric_fac",
    "numeric_gcd",
    "numeric_lcm",
    "numeric_ln",
    "numeric_log",
    "numeric_power",
    "numeric_sqrt",
    "numeric_to_char",
    "pg_crypt",
    "repeat",
    "replace_text",
    "rpad",
    "text_format",
    "text_to_array",
    "texticlike",
    "texticnlike",
    "textlike",
    "textnlike",
    "timestamp_to_char",
    "timestamptz_to_char",
    "translate",
];

/// A resolved function: what is known without its arguments.
pub(in crate::exec) struct Callee {
    pub func: Oid,
    pub implementation: Implementation,
    /// Returns NULL for a NULL argument without being called.
    pub strict: bool,
    /// `pg_proc.provolatile`: `i`, `s` or `v`.
    pub volatility: u8,
    pub arg_types: Vec<Oid>,
    pub result_type: Oid,
    /// VARIADIC was written: the last argument is the array.
    pub variadic: bool,
    /// As in [`Ctx`].
    pub columns: Vec<(String, Oid, i32)>,
    /// What it compares by, where calling it is not worth it.
    pub simple: Option<Simple>,
}

/// A call with compiled arguments.
pub(in crate::exec) struct Call {
    pub callee: Callee,
    pub args: Vec<Node>,
}

impl Callee {
    /// Resolves a built-in function. 0A000 where it has no implementation.
    pub fn resolve(func: Oid, arg_types: Vec<Oid>, result_type: Oid) -> Result<Callee> {
        Callee::of(func, builtin::proc(func), arg_types, result_type)
    }

    /// Resolves a `pg_proc` row whose implementation is built in.
    pub fn of(
        func: Oid,
        proc: Option<&Proc>,
        arg_types: Vec<Oid>,
        result_type: Oid,
    ) -> Result<Callee> {
        let Some(proc) = proc else {
            let message = format!("function with OID {func} does not exist");
            return Err(PgError::new(code::UNDEFINED_FUNCTION, message));
        };
        let implementation = functions::lookup(&proc.src)
            .or_else(|| functions::lookup(&signature(func)))
            .ok_or_else(|| PgError::unsupported(format_args!("function {}", signature(func))))?;
        let (strict, volatility) = (proc.strict, proc.volatility);
        Ok(Callee {
            func,
            implementation,
            strict,
            volatility,
            arg_types,
            result_type,
            variadic: false,
            columns: Vec::new(),
            simple: Simple::of(&proc.src),
        })
    }

    /// Makes it one that works under a collation, where that matters to it.
    pub fn work_under(&mut self, collation: Oid, catalog: &Catalog) -> Result<()> {
        let source = catalog.proc(self.func).map_or("", |proc| &*proc.src);
        if source == "pg_collation_for" {
            // It shows the collation itself.
            self.arg_types.push(collation);
            return Ok(());
        }
        if collation == collation::UNDETERMINED {
            self.implementation = functions::without_collation(source, self.implementation);
            // What else knows the function takes it for one that does something.
            (self.func, self.simple) = (0, None);
            return Ok(());
        }
        if catalog.is_bytewise(collation) {
            return Ok(());
        }
        match functions::under_collation(source, catalog.is_deterministic(collation)) {
            UnderCollation::Same => Ok(()),
            UnderCollation::Unsupported => Err(PgError::unsupported(format_args!(
                "{} under a collation of ICU",
                signature(self.func)
            ))),
            UnderCollation::Guarded(implementation) => {
                self.implementation = implementation;
                Ok(())
            }
            UnderCollation::Other(implementation) => {
                let compared = |type_oid: &Oid| match catalog.type_collation(*type_oid) {
                    0 => Ok(*type_oid),
                    _ => catalog.comparison_type(*type_oid, collation),
                };
                self.arg_types = self.arg_types.iter().map(compared).collect::<Result<_>>()?;
                self.implementation = implementation;
                // What else knows the function takes it for the one that works on bytes.
                (self.func, self.simple) = (0, None);
                Ok(())
            }
        }
    }

    /// What fails when it is called, unless an argument is NULL, as arguments settle on no collation.
    pub fn undetermined() -> Callee {
        let fails = |_: &Ctx<'_>, _: &[Datum]| Err(collation::undetermined("string comparison"));
        Callee {
            func: 0,
            implementation: Implementation::Scalar(fails),
            strict: true,
            volatility: b'i',
            arg_types: Vec::new(),
            result_type: oids::TEXT,
            variadic: false,
            columns: Vec::new(),
            simple: None,
        }
    }

    /// Whether one call may take seconds: its result may be far longer than its arguments, or its
    /// time grow faster than they do.
    pub fn may_take_long(&self) -> bool {
        let source = builtin::proc(self.func).map_or("", |proc| &proc.src);
        LONG_CALLS.contains(&source)
            || ["regexp", "textregex", "texticregex", "similar", "word_similar", "strict_word"]
                .iter()
                .any(|p| source.starts_with(p))
    }

    /// Whether arguments or result are of types without a fixed length: only such can be large.
    pub fn has_long_values(&self) -> bool {
        let long = |oid: &Oid| builtin::type_(*oid).is_none_or(|t| t.len < 0);
        self.arg_types.iter().chain([&self.result_type]).any(long)
    }

    /// Calls a scalar function, minding strictness.
    #[inline]
    pub fn call(&self, env: &dyn Env, args: &[Datum]) -> Result<Datum> {
        if self.strict && args.iter().any(Datum::is_null) {
            return Ok(Datum::Null);
        }
        let value = (self.scalar()?)(&self.ctx(env), args)?;
        match &value {
            Datum::Text(text) if text.len() > VALUE_BYTES_MAX => Err(too_large(text.len())),
            Datum::Bytea(bytes) if bytes.len() > VALUE_BYTES_MAX => Err(too_large(bytes.len())),
            _ => Ok(value),
        }
    }

    /// Calls a set-returning function; a strict one gives no rows for a NULL argument. A scalar
    /// function is a set of one row (functions in FROM need not return sets).
    pub fn call_set(&self, env: &dyn Env, args: &[Datum]) -> Result<Rows> {
        match self.implementation {
            Implementation::Set(_) if self.strict && args.iter().any(Datum::is_null) => {
                Ok(Box::new(std::iter::empty()))
            }
            Implementation::Set(f) => f(&self.ctx(env), args),
            Implementation::Scalar(_) => {
                let value = self.call(env, args)?;
                Ok(Box::new(std::iter::once(Ok(vec![value]))))
            }
        }
    }

    pub fn returns_set(&self) -> bool {
        matches!(self.implementation, Implementation::Set(_))
    }

    fn scalar(&self) -> Result<ScalarFn> {
        match self.implementation {
            Implementation::Scalar(f) => Ok(f),
            Implementation::Set(_) => Err(set_in_scalar_context()),
        }
    }

    fn ctx<'a>(&'a self, env: &'a dyn Env) -> Ctx<'a> {
        Ctx {
            env,
            func: self.func,
            arg_types: &self.arg_types,
            result_type: self.result_type,
            variadic: self.variadic,
            columns: &self.columns,
        }
    }
}

/// PostgreSQL's 0A000 for a set where one value is needed; the planner unnests all legal places.
fn set_in_scalar_context() -> PgError {
    let message = "set-valued function called in context that cannot accept a set";
    PgError::new(code::FEATURE_NOT_SUPPORTED, message)
}

impl Call {
    /// The arguments' values.
    #[inline]
    pub fn args(&self, cx: &Eval<'_>) -> Result<Args> {
        let mut args = Args::new();
        for arg in &self.args {
            args.push(arg.eval(cx)?);
        }
        Ok(args)
    }

    #[inline]
    pub fn eval(&self, cx: &Eval<'_>) -> Result<Datum> {
        if let (Some(simple), [left, right]) = (self.callee.simple, &*self.args) {
            let (left, right) = (left.eval_ref(cx)?, right.eval_ref(cx)?);
            return match simple.test(&left, &right) {
                Some(value) => Ok(value),
                None => self.callee.call(cx.state.env(), &[left.into_owned(), right.into_owned()]),
            };
        }
        self.callee.call(cx.state.env(), &self.args(cx)?)
    }
}

/// A function's name and argument types, `sum(int4)`: the registry's key for aggregates and for
/// functions that PostgreSQL writes in SQL.
pub(in crate::exec) fn signature(func: Oid) -> String {
    let Some(proc) = builtin::proc(func) else { return format!("{func}") };
    let type_name = |oid: &Oid| builtin::type_(*oid).map_or("?", |t| &*t.name);
    let args: Vec<&str> = proc.arg_types.iter().map(type_name).collect();
    format!("{}({})", proc.name, args.join(","))
}
