//! The built-in rows of PostgreSQL 15's catalogs: types, functions, operators, casts, …
//!
//! The rows are exported from a real server by `scripts/export-catalog` into `data/*.tsv` and
//! embedded. Each table is parsed on first use, once, into `&'static` rows with indexes; a session
//! that never asks for an operator class never parses one. The same rows are what the pg_catalog
//! relations show ([`crate::catalog::pg_catalog`]), so a client and the binder see one truth.
//!
//! ```text
//! type_named("int4")                  → the pg_type row 23
//! procs_named("abs")                  → six pg_proc rows, in OID order
//! operator_by_signature("+", 23, 23)  → int4pl's operator, 551
//! cast(23, 20)                        → int8(int4), implicit
//! default_opclass(BTREE, 1043)        → varchar_ops' stand-in, text_ops
//! ```

mod aggregates;
mod casts;
mod classes;
mod collations;
mod data;
mod descriptions;
mod extensions;
mod indexes;
mod keywords;
mod names;
mod opclasses;
mod operators;
mod privileges;
mod procs;
mod relations;
mod settings;
mod table;
mod types;
mod views;

/// Nobody but the export says what is in these.
pub(super) type HashMap<K, V> = std::collections::HashMap<K, V, foldhash::quality::RandomState>;

pub use aggregates::{Aggregate, aggregate};
pub use casts::{Cast, CastContext, CastMethod, binary_coercible, cast, cast_with_oid};
pub use classes::{SystemClass, system_class, system_class_named};
pub use collations::{Collation, ICU, LIBC, collation, collation_named};
pub use data::Reader;
pub use descriptions::description;
pub use extensions::{Extension, extension_named, extension_of, extensions, is_member};
pub use indexes::{SystemIndex, system_index, system_indexes};
pub use keywords::{Keyword, KeywordCategory, keyword, keywords};
pub use names::{
    AccessMethod, Language, SystemNamespace, access_method, access_method_named, language,
    namespace, namespace_named, namespaces,
};
pub use opclasses::{
    AmOp, Comparison, OpClass, OpFamily, amop, amops_of_operator, amproc, comparison,
    default_opclass, hash_equality, member_opclass_named, opclass, opclass_named, opclasses,
    opfamily, opfamily_named,
};
pub use operators::{
    Operator, member_operators_named, operator, operator_by_signature, operators, operators_named,
};
pub use privileges::initial_privileges;
pub use procs::{
    ArgMode, Parallel, Proc, is_argument_default, member_procs_named, proc, proc_by_signature,
    procs, procs_named,
};
pub use relations::{
    SystemColumn, SystemRelation, is_name, own_relations, raw_rows, raw_rows_of_extension,
    system_keys, system_relation, system_relation_named, system_relations,
};
pub use settings::{Setting, is_extensions_setting, setting, settings};
pub use types::{Type, TypeKind, member_type_named, type_, type_in, type_named, types};
pub use views::{updatable_columns, view_definition, view_query};

use crate::types::Oid;

/// OIDs of built-in objects that the code names (`pg_am.dat`, `pg_namespace.dat`, …).
pub mod oid {
    use super::Oid;
    use crate::types::collation;

    pub const PG_CATALOG: Oid = 11;
    pub const PG_TOAST: Oid = 99;
    pub const PUBLIC: Oid = 2200;
    /// The schema of the server's own relations. PostgreSQL's releases have no OIDs from 8000 to
    /// 9999.
    pub const SYSTEM: Oid = 9000;
    pub const HEAP: Oid = 2;
    pub const BTREE: Oid = 403;
    pub const HASH: Oid = 405;
    pub const GIST: Oid = 783;
    pub const GIN: Oid = 2742;
    pub const BRIN: Oid = 3580;
    pub const SPGIST: Oid = 4000;
    pub const INTERNAL_LANGUAGE: Oid = 12;
    pub const SQL_LANGUAGE: Oid = 14;
    pub const DEFAULT_COLLATION: Oid = collation::DEFAULT;
    pub const C_COLLATION: Oid = collation::C;
    pub const SUPERUSER: Oid = 10;
    pub const DEFAULT_TABLESPACE: Oid = 1663;
    pub const GLOBAL_TABLESPACE: Oid = 1664;

    /// The catalogs themselves, as `classid` of pg_depend and pg_description.
    pub mod class {
        use super::Oid;

        pub const TYPE: Oid = 1247;
        pub const ATTRIBUTE: Oid = 1249;
        pub const PROC: Oid = 1255;
        pub const CLASS: Oid = 1259;
        pub const AUTHID: Oid = 1260;
        pub const DATABASE: Oid = 1262;
        pub const CAST: Oid = 2605;
        pub const CONSTRAINT: Oid = 2606;
        pub const LARGE_OBJECT: Oid = 2613;
        pub const NAMESPACE: Oid = 2615;
        pub const REWRITE: Oid = 2618;
        pub const ATTRDEF: Oid = 2604;
        pub const TRIGGER: Oid = 2620;
        pub const OPERATOR: Oid = 2617;
        pub const OPCLASS: Oid = 2616;
        pub const COLLATION: Oid = 3456;
        pub const POLICY: Oid = 3256;
        pub const EXTENSION: Oid = 3079;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::oids;

    #[test]
    fn types_are_found_by_oid_and_name() {
        let int4 = type_(oids::INT4).unwrap();
        assert_eq!((int4.name.as_ref(), int4.array, int4.category), ("int4", 1007, b'N'));
        assert_eq!(type_named("_int4").unwrap().array_element(), Some(oids::INT4));
        assert!(type_named("name").unwrap().array_element().is_none());
        assert!(type_named("integer").is_none());
    }

    #[test]
    fn functions_are_found_by_signature() {
        assert_eq!(proc_by_signature("int4pl", &[oids::INT4, oids::INT4]).unwrap().oid, 177);
        assert_eq!(procs_named("abs").count(), 6);
        let lpad = proc_by_signature("lpad", &[oids::TEXT, oids::INT4]).unwrap();
        assert_eq!(lpad.src, "lpad_879");
        assert_eq!(lpad.sql_body.as_deref(), Some("RETURN lpad($1, $2, ' '::text)"));
        let options = procs_named("pg_options_to_table").next().unwrap();
        assert_eq!(options.out_columns().len(), 2);
        assert_eq!(options.input_names(), ["options_array"]);
    }

    #[test]
    fn default_operator_classes_follow_binary_coercion() {
        let class = |type_oid| default_opclass(oid::BTREE, type_oid).unwrap().name;
        assert_eq!(class(oids::INT4), "int4_ops");
        assert_eq!(class(oids::VARCHAR), "text_ops");
        assert_eq!(class(1007), "array_ops");
        assert!(comparison(oids::JSON).is_none());
        assert!(comparison(199).is_none(), "arrays of what has no order have none");
        let text = comparison(oids::TEXT).unwrap();
        assert_eq!(operator(text.lt).unwrap().name, "<");
    }

    #[test]
    fn casts_say_where_they_apply() {
        assert_eq!(cast(oids::INT4, oids::INT8).unwrap().context, CastContext::Implicit);
        assert_eq!(cast(oids::INT8, oids::INT4).unwrap().context, CastContext::Assignment);
        assert!(cast(oids::INT4, oids::TEXT).is_none());
        assert!(binary_coercible(oids::VARCHAR, oids::TEXT));
        assert!(!binary_coercible(oids::INT4, oids::INT8));
    }
}
