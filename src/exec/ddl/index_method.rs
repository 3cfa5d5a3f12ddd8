//! What access methods allow, and which of their operator classes there are here.
//!
//! btree and hash are ordered indexes, hash for equality only. gin is an inverted index. gist and spgist
//! of ranges are ordered by the lower bound. brin has nothing of its own: segments keep the least and greatest
//! values of each block anyway, and hot rows are few (docs/architecture/storage.md).

use crate::catalog::Catalog;
use crate::catalog::builtin::{self, OpClass, oid};
use crate::error::{PgError, Result, code};
use crate::types::inverted::Parts;
use crate::types::{Oid, oids};
use pg_raw_parse::nodes::{IndexElem, IndexStmt};
use pg_raw_parse::raw::{SortByDir, SortByNulls};

/// The method of CREATE INDEX, which must allow what the statement asks for.
pub(super) fn of_statement(statement: &IndexStmt) -> Result<Oid> {
    let name = statement.access_method().unwrap_or("btree");
    // Until PostgreSQL 8.2 there was one more, and its name still means gist.
    let name = if name == "rtree" { "gist" } else { name };
    let found = builtin::access_method_named(name).filter(|m| m.kind == b'i').ok_or_else(|| {
        let message = format!("access method \"{name}\" does not exist");
        PgError::new(code::UNDEFINED_OBJECT, message)
    })?;
    let method = found.oid;
    let many = !matches!(method, oid::HASH | oid::SPGIST);
    let includes = matches!(method, oid::BTREE | oid::GIST | oid::SPGIST);
    let refused = match statement {
        s if s.unique && method != oid::BTREE => "unique indexes",
        s if !s.index_including_params().is_empty() && !includes => "included columns",
        s if s.index_params().len() > 1 && !many => "multicolumn indexes",
        _ => return Ok(method),
    };
    Err(unsupported(name, refused))
}

/// Only btree's columns have an order.
pub(super) fn check_order(method: Oid, element: &IndexElem) -> Result<()> {
    let what = if method == oid::BTREE {
        return Ok(());
    } else if element.ordering != SortByDir::SORTBY_DEFAULT {
        "ASC/DESC options"
    } else if element.nulls_ordering != SortByNulls::SORTBY_NULLS_DEFAULT {
        "NULLS FIRST/LAST options"
    } else {
        return Ok(());
    };
    Err(unsupported(builtin::access_method(method).map_or("", |m| m.name), what))
}

fn unsupported(method: &str, what: &str) -> PgError {
    let message = format!("access method \"{method}\" does not support {what}");
    PgError::new(code::FEATURE_NOT_SUPPORTED, message)
}

/// 0A000 for an operator class that compares bytes, or parts of values, where more than the same bytes are
/// equal.
pub(super) fn check_collation(class: &OpClass, collation: Oid, catalog: &Catalog) -> Result<()> {
    if catalog.is_deterministic(collation) {
        return Ok(());
    }
    let name = class.name;
    if name.ends_with("pattern_ops") {
        let message =
            format!("nondeterministic collations are not supported for operator class \"{name}\"");
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    match class.method {
        oid::BTREE | oid::HASH => Ok(()),
        _ => Err(PgError::unsupported(format_args!(
            "operator class \"{name}\" under a nondeterministic collation"
        ))),
    }
}

/// 0A000 for an operator class that there is no index for here.
pub(super) fn check_class(class: &OpClass, type_oid: Oid, columns: usize) -> Result<()> {
    let method = builtin::access_method(class.method).map_or("", |m| m.name);
    let served = match class.method {
        oid::BTREE | oid::HASH => true,
        oid::GIN => Parts::of_class(class.name).is_some(),
        oid::BRIN => class.name.ends_with("_minmax_ops") && has_zone_maps(type_oid),
        _ => class.name == "range_ops",
    };
    if !served {
        let name = class.name;
        let message = format!("operator class \"{name}\" of access method \"{method}\"");
        return Err(PgError::unsupported(message));
    }
    match class.method == oid::GIST && columns > 1 {
        true => Err(PgError::unsupported("a gist index of several columns")),
        false => Ok(()),
    }
}

/// Whether the statistics of segments say between which values a block's are.
fn has_zone_maps(type_oid: Oid) -> bool {
    const TYPES: [Oid; 11] = [
        oids::INT2,
        oids::INT4,
        oids::INT8,
        oids::OID,
        oids::NUMERIC,
        oids::TEXT,
        oids::VARCHAR,
        oids::DATE,
        oids::TIME,
        oids::TIMESTAMP,
        oids::TIMESTAMPTZ,
    ];
    TYPES.contains(&type_oid)
}

/// WITH (…): what an index of a method takes, numbers with their limits and switches.
#[allow(clippy::type_complexity)]
pub(super) fn options(
    method: Oid,
) -> (&'static [(&'static str, f64, f64)], &'static [&'static str]) {
    const FILL: &[(&str, f64, f64)] = &[("fillfactor", 10.0, 100.0)];
    match method {
        oid::BTREE => (FILL, &["deduplicate_items"]),
        oid::GIN => (&[("gin_pending_list_limit", 64.0, 2147483647.0)], &["fastupdate"]),
        oid::BRIN => (&[("pages_per_range", 1.0, 131072.0)], &["autosummarize"]),
        _ => (FILL, &[]),
    }
}
