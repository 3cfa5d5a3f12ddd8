//! Which names have implementations: every family's table, collected once.
//!
//! A family is one file in this folder. It exports
//!
//! ```text
//! pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[("int4pl", Scalar(int4pl)), …];
//! pub(super) const AGGREGATES: &[(&str, AggregateFn)] = &[("sum(int4)", sum_int4), …];
//! ```
//!
//! and is listed below. A plain function's name is its row's `prosrc`; rows that share one (`length`
//! and `char_length`) share the implementation. Functions that PostgreSQL writes in SQL have no
//! useful `prosrc` and are named, as aggregates are, by their signature: `proname` and the
//! arguments' `typname`s, `lpad(text,int4)`.

use super::{AggregateFn, Implementation};
use std::collections::HashMap;
use std::sync::LazyLock;

/// The tables of all families with plain functions.
const FUNCTIONS: &[&[(&str, Implementation)]] = &[
    // Operators, numbers, text, system.
    super::acl::FUNCTIONS,
    super::bits::FUNCTIONS,
    super::bits::STRINGS,
    super::acl_items::FUNCTIONS,
    super::backend_stats::FUNCTIONS,
    super::bytea::FUNCTIONS,
    super::cast::FUNCTIONS,
    super::comparison::EXTREMES,
    super::comparison::FUNCTIONS,
    super::comparison::PATTERN,
    super::comparison::SYSTEM,
    super::catalog_rows::FUNCTIONS,
    super::concat::FUNCTIONS,
    super::describe::FUNCTIONS,
    super::encoding::FUNCTIONS,
    super::encoding_names::FUNCTIONS,
    super::enums::FUNCTIONS,
    super::float::ARITHMETIC,
    super::float::FUNCTIONS,
    super::geometry::circle::FUNCTIONS,
    super::geometry::line::FUNCTIONS,
    super::geometry::path::FUNCTIONS,
    super::geometry::point::FUNCTIONS,
    super::geometry::polygon::FUNCTIONS,
    super::geometry::rectangle::FUNCTIONS,
    super::geometry::segment::FUNCTIONS,
    super::extensions::FUNCTIONS,
    super::extensions::citext::FUNCTIONS,
    super::extensions::citext::TEXTS,
    super::extensions::hstore::FUNCTIONS,
    super::extensions::hstore::PAIRS,
    super::extensions::pg_trgm::FUNCTIONS,
    super::extensions::pgcrypto::FUNCTIONS,
    super::extensions::unaccent::FUNCTIONS,
    super::extensions::uuid_ossp::FUNCTIONS,
    super::has_privilege::COLUMN_FUNCTIONS,
    super::has_privilege::FUNCTIONS,
    super::hash::FUNCTIONS,
    super::index_property::FUNCTIONS,
    super::integer::ARITHMETIC,
    super::integer::FUNCTIONS,
    super::integer::SINGLE_WIDTH,
    super::keywords::FUNCTIONS,
    super::large_object::FUNCTIONS,
    super::like::FUNCTIONS,
    super::lsn::EXTREMES,
    super::lsn::FUNCTIONS,
    super::lsn::POSITIONS,
    super::macaddr::ADDRESSES,
    super::macaddr::FUNCTIONS,
    super::math::FUNCTIONS,
    super::money::AMOUNTS,
    super::money::EXTREMES,
    super::money::FUNCTIONS,
    super::network::ADDRESSES,
    super::network::EXTREMES,
    super::network::FUNCTIONS,
    super::network::SESSION,
    super::number_format::FUNCTIONS,
    super::numeric::FUNCTIONS,
    super::object_names::FUNCTIONS,
    super::partition::FUNCTIONS,
    super::quote::FUNCTIONS,
    super::schema_history::FUNCTIONS,
    super::schema_types::FUNCTIONS,
    super::random::FUNCTIONS,
    super::record::FUNCTIONS,
    super::reg::FUNCTIONS,
    super::regex::FUNCTIONS,
    super::regex::SIMILAR,
    super::server_stats::EMPTY,
    super::server_stats::FUNCTIONS,
    super::server_stats::NOTHING,
    super::server_stats::ZERO,
    super::server_stats::ZERO_TIME,
    super::session::ADVISORY,
    super::session::FUNCTIONS,
    super::size::FUNCTIONS,
    super::split::FUNCTIONS,
    super::storage::FUNCTIONS,
    super::system::FUNCTIONS,
    super::text::FUNCTIONS,
    super::text::TRIM,
    super::text_cast::FUNCTIONS,
    super::textsearch::FUNCTIONS,
    super::textsearch::VALUES,
    super::visibility::FUNCTIONS,
    super::xml::FUNCTIONS,
    super::trigonometry::FUNCTIONS,
    super::ts_parser::FUNCTIONS,
    // -- (keeps the two groups' edits apart) --

    // Dates and times, arrays, records, JSON, sets.
    super::array::comparison::EXTREMES,
    super::array::comparison::FUNCTIONS,
    super::array::construct::FUNCTIONS,
    super::array::edit::FUNCTIONS,
    super::array::search::FUNCTIONS,
    super::array::set::FUNCTIONS,
    super::array::shape::FUNCTIONS,
    super::datetime::clock::FUNCTIONS,
    super::datetime::comparison::EXTREMES,
    super::datetime::comparison::FUNCTIONS,
    super::datetime::comparison::TIMESTAMP_EXTREMES,
    super::datetime::date::FUNCTIONS,
    super::datetime::extract::FUNCTIONS,
    super::datetime::format::FUNCTIONS,
    super::datetime::in_range::FUNCTIONS,
    super::datetime::interval::FUNCTIONS,
    super::datetime::make::FUNCTIONS,
    super::datetime::overlaps::FUNCTIONS,
    super::datetime::sql::FUNCTIONS,
    super::datetime::time::FUNCTIONS,
    super::datetime::timestamp::FUNCTIONS,
    super::datetime::truncate::FUNCTIONS,
    super::datetime::zone::FUNCTIONS,
    super::datetime::zone_list::FUNCTIONS,
    super::in_range::FUNCTIONS,
    super::json::access::FUNCTIONS,
    super::json::build::FUNCTIONS,
    super::json::cast::FUNCTIONS,
    super::json::change::FUNCTIONS,
    super::json::compare::CONTAINMENT,
    super::json::compare::FUNCTIONS,
    super::json::object::FUNCTIONS,
    super::json::record::FUNCTIONS,
    super::json::sets::FUNCTIONS,
    super::jsonpath::FUNCTIONS,
    super::range::FUNCTIONS,
    super::range::construct::CONSTRUCTORS,
    super::range::construct::MULTIRANGE_PARTS,
    super::range::construct::RANGE_PARTS,
    super::range::relation::ELEMENTS,
    super::range::relation::RELATIONS,
    super::range::set::SETS,
    super::series::FUNCTIONS,
];

/// The tables of all families with aggregates.
const AGGREGATES: &[&[(&str, AggregateFn)]] = &[
    super::aggregate::array::AGGREGATES,
    super::aggregate::bits::AGGREGATES,
    super::aggregate::count::AGGREGATES,
    super::aggregate::extreme::AGGREGATES,
    super::aggregate::float::AGGREGATES,
    super::aggregate::hypothetical::AGGREGATES,
    super::aggregate::integer::AGGREGATES,
    super::aggregate::interval::AGGREGATES,
    super::aggregate::money::AGGREGATES,
    super::aggregate::numeric::AGGREGATES,
    super::aggregate::ordered::AGGREGATES,
    super::aggregate::range::AGGREGATES,
    super::aggregate::regression::AGGREGATES,
    super::xml::AGGREGATES,
    super::aggregate::text::AGGREGATES,
    super::extensions::citext::AGGREGATES,
    super::json::aggregate::AGGREGATES,
];

fn collect<T: Copy>(tables: &[&[(&'static str, T)]]) -> HashMap<&'static str, T> {
    tables.iter().flat_map(|table| table.iter().copied()).collect()
}

/// The implementation of a `pg_proc` row by its `prosrc`, or by its signature where the row's
/// language is SQL. `None`: the function is not supported.
pub fn lookup(prosrc: &str) -> Option<Implementation> {
    static BY_NAME: LazyLock<HashMap<&str, Implementation>> = LazyLock::new(|| collect(FUNCTIONS));
    BY_NAME.get(prosrc).copied()
}

/// The implementation of an aggregate by its signature: `sum(int4)`, `count()`, `array_agg(anyarray)`;
/// for ordered-set aggregates direct arguments come first, as in `proargtypes`.
pub fn aggregate(signature: &str) -> Option<AggregateFn> {
    static BY_SIGNATURE: LazyLock<HashMap<&str, AggregateFn>> =
        LazyLock::new(|| collect(AGGREGATES));
    BY_SIGNATURE.get(signature).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::builtin;
    use std::collections::HashSet;

    fn names<T>(tables: &[&[(&'static str, T)]]) -> Vec<&'static str> {
        tables.iter().flat_map(|table| table.iter().map(|(name, _)| *name)).collect()
    }

    #[test]
    fn every_name_is_registered_once() {
        for mut all in [names(FUNCTIONS), names(AGGREGATES)] {
            all.sort_unstable();
            let twice: Vec<_> = all.windows(2).filter(|w| w[0] == w[1]).map(|w| w[0]).collect();
            assert!(twice.is_empty(), "registered twice: {twice:?}");
        }
    }

    /// Names that `pg_proc` knows: a row's `prosrc`, or its signature.
    #[test]
    fn every_name_is_in_pg_proc() {
        let type_name = |oid: &crate::types::Oid| match builtin::type_(*oid) {
            Some(found) => found.name.to_string(),
            None => oid.to_string(),
        };
        let signature = |p: &builtin::Proc| {
            let types: Vec<String> = p.arg_types.iter().map(type_name).collect();
            format!("{}({})", p.name, types.join(","))
        };
        let sources: HashSet<&str> = builtin::procs().iter().map(|p| &*p.src).collect();
        let signatures: HashSet<String> = builtin::procs().iter().map(signature).collect();
        let known = |name: &&str| sources.contains(*name) || signatures.contains(*name);
        let unknown: Vec<_> = names(FUNCTIONS).into_iter().filter(|n| !known(n)).collect();
        assert!(unknown.is_empty(), "not a prosrc: {unknown:?}");
        let unknown: Vec<_> =
            names(AGGREGATES).into_iter().filter(|n| !signatures.contains(*n)).collect();
        assert!(unknown.is_empty(), "not an aggregate: {unknown:?}");
    }
}
