//! Calling an implementation from a unit test, by name.

use super::{Ctx, Env, Implementation, lookup};
use crate::error::Result;
use crate::types::{Datum, Format, Oid};
use std::sync::LazyLock;

/// An environment for functions that look at nothing but their arguments and [`Format`].
#[derive(Default)]
pub(super) struct Bare {
    pub format: Format,
}

static BARE: LazyLock<Bare> = LazyLock::new(Bare::default);

impl Env for Bare {
    fn format(&self) -> &Format {
        &self.format
    }
    fn transaction_time(&self) -> i64 {
        0
    }
    fn statement_time(&self) -> i64 {
        0
    }
    fn setting(&self, _name: &str) -> Option<String> {
        None
    }
    fn catalog(&self) -> &crate::catalog::Catalog {
        unimplemented!("unit tests of this kind have no catalog")
    }
    fn database(&self) -> Oid {
        5
    }
    fn current_role(&self) -> Oid {
        10
    }
    fn session_role(&self) -> Oid {
        10
    }
    fn search_path(&self) -> &[Oid] {
        &[11, 2200]
    }
    fn acting(&self, _role: Oid, _path: Option<Vec<Oid>>) -> std::sync::Arc<dyn Env> {
        unimplemented!("unit tests of this kind have one role")
    }
    fn session(&self) -> &dyn super::SessionFunctions {
        unimplemented!("unit tests of this kind have no session")
    }
}

/// Calls the scalar function `prosrc`, its argument types given.
pub(super) fn call_typed(prosrc: &str, args: &[Datum], arg_types: &[Oid]) -> Result<Datum> {
    let ctx =
        Ctx { env: &*BARE, func: 0, arg_types, result_type: 0, variadic: false, columns: &[] };
    match lookup(prosrc) {
        Some(Implementation::Scalar(f)) => f(&ctx, args),
        Some(Implementation::Set(_)) => panic!("{prosrc} returns a set"),
        None => panic!("{prosrc} is not registered"),
    }
}

/// Calls the scalar function `prosrc`.
pub(crate) fn call(prosrc: &str, args: &[Datum]) -> Result<Datum> {
    call_typed(prosrc, args, &[])
}

/// Its value; the test fails on an error.
#[track_caller]
pub(super) fn value(prosrc: &str, args: &[Datum]) -> Datum {
    call(prosrc, args).unwrap_or_else(|e| panic!("{prosrc}({args:?}): {e}"))
}

/// The rows of the set-returning function `prosrc`.
#[track_caller]
pub(super) fn rows(prosrc: &str, args: &[Datum]) -> Vec<Vec<Datum>> {
    let ctx =
        Ctx { env: &*BARE, func: 0, arg_types: &[], result_type: 0, variadic: false, columns: &[] };
    match lookup(prosrc) {
        Some(Implementation::Set(f)) => {
            f(&ctx, args).and_then(Iterator::collect).expect("the call succeeds")
        }
        _ => panic!("{prosrc} is not a registered set-returning function"),
    }
}

/// SQLSTATE and message of the error it raises; leaked, so that tests compare literals.
#[track_caller]
pub(super) fn error(prosrc: &str, args: &[Datum]) -> (&'static str, &'static str) {
    match call(prosrc, args) {
        Ok(value) => panic!("{prosrc}({args:?}) is {value:?}, not an error"),
        Err(e) => {
            let leak = |s: &str| -> &'static str { Box::leak(s.to_owned().into_boxed_str()) };
            (leak(e.code().as_str()), leak(e.message()))
        }
    }
}

/// Shorthand for text arguments and results.
pub(super) fn t(s: &str) -> Datum {
    Datum::text(s)
}
