//! `jsonb_path_query` and its kin, and the operators `@?` and `@@` (manual, 9.16.2).
//!
//! A path ([`crate::types::jsonpath`]) is evaluated by [`execute`], item by item: each accessor is
//! applied to one item and hands what it gives to the accessors behind it. [`predicate`] has the
//! three-valued expressions, [`method`] the item methods, [`datetime`] dates and times, which exist
//! only while a path is evaluated.
//!
//! Errors are of two kinds ([`Failure`]). Most can be suppressed: inside a predicate they make it
//! unknown, and with `silent` (or in an operator) they end the evaluation with NULL or no rows.

mod datetime;
mod execute;
mod item;
mod method;
mod offset;
mod predicate;

use crate::error::{PgError, Result, code};
use crate::functions::Implementation::{self, Scalar, Set};
use crate::functions::{Ctx, Rows};
use crate::types::Datum;
use crate::types::jsonb::{Jsonb, Value};
use crate::types::jsonpath::{self, Path};
use execute::Executor;
use item::Item;
use quick_cache::sync::Cache;
use std::sync::{Arc, LazyLock};

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("jsonb_path_exists", Scalar(|c, a| exists(c, a, false))),
    ("jsonb_path_exists_tz", Scalar(|c, a| exists(c, a, true))),
    ("jsonb_path_exists_opr", Scalar(|c, a| exists(c, a, false))),
    ("jsonb_path_match", Scalar(|c, a| matches(c, a, false))),
    ("jsonb_path_match_tz", Scalar(|c, a| matches(c, a, true))),
    ("jsonb_path_match_opr", Scalar(|c, a| matches(c, a, false))),
    ("jsonb_path_query", Set(|c, a| query(c, a, false))),
    ("jsonb_path_query_tz", Set(|c, a| query(c, a, true))),
    ("jsonb_path_query_array", Scalar(|c, a| query_array(c, a, false))),
    ("jsonb_path_query_array_tz", Scalar(|c, a| query_array(c, a, true))),
    ("jsonb_path_query_first", Scalar(|c, a| query_first(c, a, false))),
    ("jsonb_path_query_first_tz", Scalar(|c, a| query_first(c, a, true))),
];

/// Parsed paths kept; a statement rarely has more than a few.
const CACHED_PATHS_MAX: usize = 512;

/// Why an evaluation ended.
pub(super) enum Failure {
    /// Makes a predicate unknown, and is nothing to the client where errors are suppressed.
    Suppressible(PgError),
    Fatal(PgError),
}

fn suppressible(code: crate::error::SqlState, message: impl Into<String>) -> Failure {
    Failure::Suppressible(PgError::new(code, message.into()))
}

/// Reads a path, its patterns included. [`jsonpath::text_in`] knows no regular expressions.
pub(super) fn text_in(text: &str) -> Result<Datum> {
    let held = jsonpath::text_in(text)?;
    predicate::check_patterns(&jsonpath::parse(&held)?.expression)?;
    Ok(Datum::text(held))
}

fn path(value: &Datum) -> Result<Arc<Path>> {
    static CACHE: LazyLock<Cache<String, Arc<Path>>> =
        LazyLock::new(|| Cache::new(CACHED_PATHS_MAX));
    let text = value.as_text();
    CACHE.get_or_insert_with(text, || jsonpath::parse(text).map(Arc::new))
}

/// A call: document, path and, unless it is an operator, variables and whether to be silent.
struct Call<'a> {
    document: &'a Jsonb,
    path: Arc<Path>,
    variables: Option<&'a Jsonb>,
    silent: bool,
    /// Whether conversions may use the session's time zone.
    zoned: bool,
}

impl<'a> Call<'a> {
    fn new(args: &'a [Datum], zoned: bool) -> Result<Call<'a>> {
        let variables = args.get(2).map(Datum::as_jsonb);
        let silent = args.get(3).is_none_or(Datum::as_bool);
        Ok(Call { document: args[0].as_jsonb(), path: path(&args[1])?, variables, silent, zoned })
    }

    /// Every item that the path gives, up to a suppressed error.
    fn items(&self, ctx: &Ctx<'_>) -> Result<Vec<Item>> {
        let mut found = Vec::new();
        let outcome = self.executor(ctx)?.run(&self.path, Some(&mut found));
        self.outcome(outcome)?;
        Ok(found)
    }

    /// Whether the path gives an item.
    fn exists(&self, ctx: &Ctx<'_>) -> Result<Option<bool>> {
        let outcome = self.executor(ctx)?.run(&self.path, None);
        self.outcome(outcome)
    }

    fn executor<'e>(&'e self, ctx: &'e Ctx<'e>) -> Result<Executor<'e>> {
        Executor::new(ctx, self.document, self.variables, !self.silent, self.zoned)
    }

    fn outcome<T>(&self, outcome: Result<T, Failure>) -> Result<Option<T>> {
        match outcome {
            Ok(value) => Ok(Some(value)),
            Err(Failure::Suppressible(_)) if self.silent => Ok(None),
            Err(Failure::Suppressible(error) | Failure::Fatal(error)) => Err(error),
        }
    }
}

fn exists(ctx: &Ctx<'_>, args: &[Datum], zoned: bool) -> Result<Datum> {
    let found = Call::new(args, zoned)?.exists(ctx)?;
    Ok(found.map_or(Datum::Null, Datum::Bool))
}

/// The path must give one truth value; its unknown is JSON's null.
fn matches(ctx: &Ctx<'_>, args: &[Datum], zoned: bool) -> Result<Datum> {
    let call = Call::new(args, zoned)?;
    match &call.items(ctx)?[..] {
        [Item::Bool(value)] => Ok(Datum::Bool(*value)),
        [Item::Null] => Ok(Datum::Null),
        _ if call.silent => Ok(Datum::Null),
        _ => {
            let message = "single boolean result is expected";
            Err(PgError::new(code::SINGLETON_SQL_JSON_ITEM_REQUIRED, message))
        }
    }
}

fn query(ctx: &Ctx<'_>, args: &[Datum], zoned: bool) -> Result<Rows> {
    let items = Call::new(args, zoned)?.items(ctx)?;
    Ok(Box::new(items.into_iter().map(|item| Ok(vec![document(item)?]))))
}

fn query_array(ctx: &Ctx<'_>, args: &[Datum], zoned: bool) -> Result<Datum> {
    let items = Call::new(args, zoned)?.items(ctx)?;
    let values = items.into_iter().map(Item::into_value).collect();
    Ok(Datum::Jsonb(Jsonb::build(&Value::Array(values))?))
}

fn query_first(ctx: &Ctx<'_>, args: &[Datum], zoned: bool) -> Result<Datum> {
    let items = Call::new(args, zoned)?.items(ctx)?;
    items.into_iter().next().map_or(Ok(Datum::Null), document)
}

fn document(item: Item) -> Result<Datum> {
    Ok(Datum::Jsonb(Jsonb::build(&item.into_value())?))
}
