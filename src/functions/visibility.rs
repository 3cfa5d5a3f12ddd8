//! Whether an object is found by its bare name: the first schema of the search path that has the
//! name is the object's own (`pg_table_is_visible` and its kin).
//!
//! Built-in functions and operator classes live in `pg_catalog` (some in
//! `information_schema`), extensions' where they are installed. Users cannot make any that would hide
//! them, so for these the schema alone decides.

use super::Env;
use super::Implementation::{self, Scalar};
use crate::catalog::builtin;
use crate::types::{Datum, Oid};

/// The first relation of a name in the search path, indexes of PostgreSQL's tables included.
pub(super) fn relation_in_path(env: &dyn Env, name: &str) -> Option<Oid> {
    let found = env.catalog().relation_in_path(env.search_path(), name).map(|found| found.oid);
    let system = |schema: &Oid| builtin::system_class_named(*schema, name);
    found.or_else(|| env.search_path().iter().find_map(system))
}

/// `None`: there is no such relation.
pub(super) fn relation(env: &dyn Env, oid: Oid) -> Option<bool> {
    let (catalog, path) = (env.catalog(), env.search_path());
    let Some(relation) = catalog.relation(oid) else {
        return Some(relation_in_path(env, builtin::system_class(oid)?.name) == Some(oid));
    };
    let Some(own) = path.iter().position(|schema| *schema == relation.namespace) else {
        return Some(false);
    };
    Some(catalog.relation_in_path(&path[..own], &relation.name).is_none())
}

pub(super) fn type_(env: &dyn Env, oid: Oid) -> Option<bool> {
    let catalog = env.catalog();
    let wanted = catalog.type_(oid)?;
    let found =
        env.search_path().iter().find_map(|schema| catalog.type_named(*schema, &wanted.name));
    Some(found.is_some_and(|found| found.oid == oid))
}

pub(super) fn in_path(env: &dyn Env, namespace: Oid) -> bool {
    env.search_path().contains(&namespace)
}

pub(super) fn function(env: &dyn Env, oid: Oid) -> Option<bool> {
    Some(in_path(env, env.catalog().schema_of(env.catalog().proc(oid)?.namespace)))
}

fn in_catalog(env: &dyn Env, exists: bool) -> Option<bool> {
    exists.then(|| in_path(env, builtin::oid::PG_CATALOG))
}

/// `None`: it is of an extension that is not installed.
fn in_schema(env: &dyn Env, namespace: Oid) -> Option<bool> {
    let namespace = env.catalog().schema_of(namespace);
    (namespace != 0).then(|| in_path(env, namespace))
}

pub(super) fn operator(env: &dyn Env, oid: Oid) -> Option<bool> {
    let catalog = env.catalog();
    let wanted = catalog.operator(oid)?;
    let (path, name) = (env.search_path(), &wanted.name);
    let found = catalog.operator_in_path(path, name, wanted.left, wanted.right);
    Some(found.is_some_and(|found| found.oid == oid))
}

fn operator_class(env: &dyn Env, oid: Oid) -> Option<bool> {
    in_schema(env, builtin::opclass(oid)?.namespace)
}

fn operator_family(env: &dyn Env, oid: Oid) -> Option<bool> {
    in_schema(env, builtin::opfamily(oid)?.namespace)
}

pub(super) fn collation(env: &dyn Env, oid: Oid) -> Option<bool> {
    let (catalog, path) = (env.catalog(), env.search_path());
    let wanted = catalog.collation(oid)?;
    Some(catalog.collation_in_path(path, &wanted.name).is_some_and(|found| found.oid == oid))
}

/// An object of a catalog that users cannot add to: what is no extension's is in pg_catalog.
fn of_catalog(name: &'static str) -> impl Fn(&dyn Env, Oid) -> Option<bool> {
    move |env, oid| {
        if let Some(extension) = env.catalog().extension_of_member(oid) {
            let is_member = extension.facts().members(name).contains(&oid);
            return is_member.then(|| in_path(env, extension.namespace));
        }
        let mut rows = builtin::raw_rows(name)?;
        let exists = std::iter::from_fn(|| rows.advance().then(|| rows.oid("oid")));
        let exists = exists.into_iter().any(|found| found == oid);
        in_catalog(env, exists)
    }
}

/// Kinds of objects of which there are none; no OID names one.
fn nothing(_env: &dyn Env, _oid: Oid) -> Option<bool> {
    None
}

macro_rules! visible {
    ($f:expr) => {
        // NULL, not false, for an OID that names nothing: the object may have just been dropped.
        Scalar(|c, a| Ok(($f)(c.env, a[0].as_oid()).map_or(Datum::Null, Datum::Bool)))
    };
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pg_table_is_visible", visible!(relation)),
    ("pg_type_is_visible", visible!(type_)),
    ("pg_function_is_visible", visible!(function)),
    ("pg_operator_is_visible", visible!(operator)),
    ("pg_opclass_is_visible", visible!(operator_class)),
    ("pg_opfamily_is_visible", visible!(operator_family)),
    ("pg_collation_is_visible", visible!(collation)),
    ("pg_statistics_obj_is_visible", visible!(nothing)),
    ("pg_conversion_is_visible", visible!(of_catalog("pg_conversion"))),
    ("pg_ts_config_is_visible", visible!(of_catalog("pg_ts_config"))),
    ("pg_ts_dict_is_visible", visible!(of_catalog("pg_ts_dict"))),
    ("pg_ts_parser_is_visible", visible!(of_catalog("pg_ts_parser"))),
    ("pg_ts_template_is_visible", visible!(of_catalog("pg_ts_template"))),
];
