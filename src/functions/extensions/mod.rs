//! The functions of extensions, a file or folder each.
//!
//! An extension's rows are data ([`builtin::extensions`]); here are the implementations that they name, as
//! for any function. To add an extension: export its rows with `scripts/export-extension`, list the file in
//! `catalog/builtin/extensions.rs`, write its functions here, list them in the registry.

pub(super) mod citext;
pub(super) mod hstore;
pub(super) mod pg_trgm;
pub(super) mod pgcrypto;
pub(super) mod unaccent;
pub(super) mod uuid_ossp;

use super::Implementation::{self, Set};
use super::Rows;
use crate::catalog::builtin::{self, Extension};
use crate::types::Datum;

/// Name, version, comment of what is installed from the start.
const PLPGSQL: (&str, &str, &str) = ("plpgsql", "1.0", "PL/pgSQL procedural language");

/// By name, as PostgreSQL's directory of control files gives them in no order of its own.
fn by_name() -> Vec<&'static Extension> {
    let mut all: Vec<&Extension> = builtin::extensions().iter().collect();
    all.sort_by_key(|extension| extension.name);
    all
}

fn available() -> Rows {
    let of = |(name, version, comment): (&'static str, &'static str, &'static str)| {
        Ok(vec![Datum::text(name), Datum::text(version), Datum::text(comment)])
    };
    let all = by_name().into_iter().map(|e| (e.name, e.version, e.comment)).chain([PLPGSQL]);
    Box::new(all.map(of))
}

fn available_versions() -> Rows {
    let (name, version, comment) = PLPGSQL;
    let plpgsql = vec![
        Datum::text(name),
        Datum::text(version),
        Datum::Bool(true),
        Datum::Bool(true),
        Datum::Bool(false),
        Datum::text("pg_catalog"),
        Datum::Null,
        Datum::text(comment),
    ];
    let of = |extension: &'static Extension| {
        vec![
            Datum::text(extension.name),
            Datum::text(extension.version),
            Datum::Bool(extension.superuser),
            Datum::Bool(extension.trusted),
            Datum::Bool(extension.relocatable),
            Datum::Null,
            Datum::Null,
            Datum::text(extension.comment),
        ]
    };
    Box::new(by_name().into_iter().map(of).chain([plpgsql]).map(Ok))
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("pg_available_extensions", Set(|_, _| Ok(available()))),
    ("pg_available_extension_versions", Set(|_, _| Ok(available_versions()))),
    // There is one version of each: nothing to update from or to.
    ("pg_extension_update_paths", Set(|_, _| Ok(Box::new(std::iter::empty())))),
];
