//! How the rows of a relation of pg_catalog come to be, and by which columns they are found.
//!
//! ```text
//! pg_class      the export's rows, then a row of each of the database's relations
//!               oid = 16401      → the relation 16401
//!               relname = 'a'    → the relations called a, in any schema
//!               relkind = 'v'    → the views
//! pg_type       the export's rows, then those of relations, then those of users' types
//!               oid = 16403      → the relation or the enum that has this type
//! pg_proc       the export's rows, then those of installed extensions and of functions
//!               proname = 'abs'  → a hash of the export's rows by proname, made on first use
//! pg_roles      rows made all at once
//! ```
//!
//! The columns are those that PostgreSQL's own indexes begin with (`pg_index` of the export), and some by
//! which clients ask, where a [`Finder`] knows which objects may have rows with a value. It may name too many:
//! whoever scans tests the condition again.

use super::finders::*;
use super::*;
use crate::catalog::{RelationKind, UserType};
use std::sync::Arc;

/// What users make that has rows in several relations of pg_catalog.
#[derive(Clone)]
pub(super) enum Object {
    Relation(Arc<Relation>),
    /// An enum, a domain or a range.
    Type(Arc<UserType>),
}

/// Makes the rows of one object.
type Make<T> = fn(&T, &Context<'_>, Columns, &mut Vec<Row>);

/// Makes rows all at once.
type MakeAll = fn(&Context<'_>) -> Result<Vec<Row>>;

/// Makes rows all at once, at least those with a value of the key where there is one.
type MakeOthers = fn(&Context<'_>, Option<&KeyValues>) -> Result<Vec<Row>>;

/// Where a relation's rows come from.
pub(super) enum Source {
    /// The export alone.
    Export,
    /// The export, then rows of the database's objects.
    Objects(Objects),
    /// Code makes all rows at once.
    Made(MakeAll),
}

/// Kinds of relations that have rows in a relation of pg_catalog; none: all have.
type Kinds = &'static [RelationKind];

/// How the rows of objects are made and found.
pub(super) struct Objects {
    /// For relations of these kinds; all the same without any.
    of_relation: Option<(Make<Relation>, Kinds)>,
    of_type: Option<Make<UserType>>,
    /// Rows of what is neither.
    pub others: Option<MakeOthers>,
    pub finders: &'static [(&'static str, Finder)],
    /// How many rows a relation has, about.
    pub per_relation: f64,
}

impl Objects {
    const fn of_relations(
        of_relation: Make<Relation>,
        kinds: Kinds,
        per_relation: f64,
        finders: &'static [(&'static str, Finder)],
    ) -> Objects {
        let of_relation = Some((of_relation, kinds));
        Objects { of_relation, of_type: None, others: None, finders, per_relation }
    }

    /// Objects that the finders do not find one by one.
    const fn of_others(others: MakeOthers, finders: &'static [(&'static str, Finder)]) -> Objects {
        let others = Some(others);
        Objects { of_relation: None, of_type: None, others, finders, per_relation: 0.1 }
    }

    const fn and_types(self, of_type: Make<UserType>) -> Objects {
        Objects { of_type: Some(of_type), ..self }
    }

    /// All objects that may have rows.
    pub fn all(&self, catalog: &Catalog) -> Vec<Object> {
        let mut all = Vec::new();
        match self.of_relation {
            Some((_, [])) => all.extend(catalog.relations().cloned().map(Object::Relation)),
            Some((_, kinds)) => {
                let of_kinds = kinds.iter().flat_map(|kind| catalog.relations_of(*kind));
                all.extend(of_kinds.cloned().map(Object::Relation));
                if kinds.len() > 1 {
                    all.sort_unstable_by_key(Object::oid);
                }
            }
            None => {}
        }
        if self.of_type.is_some() {
            all.extend(catalog.user_types().cloned().map(Object::Type));
        }
        all
    }

    /// Adds the rows of one.
    pub fn rows(&self, object: &Object, cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
        match (object, self.of_relation, self.of_type) {
            (Object::Relation(relation), Some((make, _)), _) => make(relation, cx, columns, rows),
            (Object::Type(found), _, Some(make)) => make(found, cx, columns, rows),
            _ => {}
        }
    }
}

impl Object {
    pub fn oid(&self) -> Oid {
        match self {
            Object::Relation(relation) => relation.oid,
            Object::Type(found) => found.oid,
        }
    }
}

/// The source of a relation of pg_catalog.
pub(super) fn source(name: &str) -> Source {
    if let Some(objects) = objects(name) {
        return Source::Objects(objects);
    }
    match name {
        "pg_auth_members" => Source::Made(|cx| Ok(pg_auth_members::rows(cx))),
        "pg_authid" => Source::Made(|cx| Ok(pg_authid::rows(cx))),
        "pg_cursors" => Source::Made(|cx| Ok(pg_cursors::rows(cx))),
        "pg_database" => Source::Made(|cx| Ok(pg_database::rows(cx))),
        "pg_db_role_setting" => Source::Made(|cx| Ok(pg_db_role_setting::rows(cx))),
        "pg_default_acl" => Source::Made(|cx| Ok(pg_default_acl::rows(cx))),
        "pg_largeobject" => Source::Made(pg_largeobject::pages),
        "pg_largeobject_metadata" => Source::Made(pg_largeobject::metadata),
        "pg_locks" => Source::Made(|cx| Ok(pg_locks::rows(cx))),
        "pg_namespace" => Source::Made(|cx| Ok(pg_namespace::rows(cx))),
        "pg_prepared_statements" => Source::Made(|cx| Ok(pg_prepared_statements::rows(cx))),
        "pg_roles" => Source::Made(|cx| Ok(pg_roles::roles(cx))),
        "pg_user" => Source::Made(|cx| Ok(pg_roles::users(cx))),
        "pg_shadow" => Source::Made(|cx| Ok(pg_roles::shadow(cx))),
        "pg_group" => Source::Made(|cx| Ok(pg_roles::groups(cx))),
        "pg_settings" => Source::Made(|cx| Ok(pg_settings::rows(cx))),
        "pg_shdescription" => Source::Made(|cx| Ok(pg_shdescription::rows(cx))),
        "pg_stat_activity" => Source::Made(|cx| Ok(pg_stat_activity::rows(cx))),
        "pg_stat_gssapi" => Source::Made(|cx| Ok(pg_stat_gssapi::rows(cx))),
        "pg_stat_ssl" => Source::Made(|cx| Ok(pg_stat_ssl::rows(cx))),
        "pg_timezone_abbrevs" => Source::Made(|_| Ok(pg_timezone::abbreviations(now()))),
        "pg_timezone_names" => Source::Made(|_| Ok(pg_timezone::names(now()))),
        _ => Source::Export,
    }
}

/// How a relation shows the database's objects; `None`: it does not.
fn objects(name: &str) -> Option<Objects> {
    use RelationKind::{Composite, Index, MaterializedView, Sequence, Table, View};
    let of = Objects::of_relations;
    Some(match name {
        "pg_attrdef" => {
            of(pg_attrdef::rows, &[Table, View], 1.0, &[("adrelid", by_oid), ("oid", by_default)])
        }
        "pg_attribute" => of(pg_attribute::rows, &[], 10.0, &[("attrelid", by_oid)]),
        "pg_class" => of(
            pg_class::rows,
            &[],
            1.0,
            &[("oid", by_oid), ("relname", by_name), ("relkind", by_kind)],
        ),
        "pg_constraint" => {
            const KEYS: &[(&str, Finder)] = &[
                ("oid", by_constraint),
                ("conrelid", by_oid),
                ("confrelid", by_referenced),
                ("contypid", by_type),
            ];
            of(pg_constraint::rows, &[Table], 0.5, KEYS).and_types(pg_constraint::of_type)
        }
        "pg_depend" => {
            let others: MakeOthers = |cx, _| Ok(pg_depend::of_others(cx));
            let of_objects =
                of(pg_depend::rows, &[], 6.0, &[("objid", by_part), ("refobjid", by_needed)]);
            Objects { others: Some(others), ..of_objects.and_types(pg_depend::of_type) }
        }
        "pg_description" => Objects {
            others: Some(pg_description::of_others),
            ..of(pg_description::rows, &[], 0.1, &[("objoid", by_part)])
                .and_types(pg_description::of_type)
        },
        "pg_enum" => Objects {
            of_relation: None,
            of_type: Some(pg_enum::of_type),
            others: None,
            finders: &[("oid", by_label), ("enumtypid", by_type)],
            per_relation: 0.5,
        },
        "pg_extension" => Objects::of_others(
            |cx, _| Ok(pg_extension::rows(cx)),
            &[("oid", nothing), ("extname", nothing)],
        ),
        "pg_index" => {
            of(pg_index::rows, &[Index], 0.5, &[("indexrelid", by_oid), ("indrelid", by_table)])
        }
        "pg_inherits" => {
            const KEYS: &[(&str, Finder)] = &[("inhrelid", by_oid), ("inhparent", by_parent)];
            of(pg_inherits::rows, &[Table, Index], 0.1, KEYS)
        }
        "pg_partitioned_table" => {
            of(pg_partitioned_table::rows, &[Table], 0.1, &[("partrelid", by_oid)])
        }
        // The database's few functions and casts are looked through each time.
        "pg_aggregate" => {
            Objects::of_others(|cx, _| Ok(pg_aggregate::rows(cx)), &[("aggfnoid", nothing)])
        }
        "pg_cast" => Objects::of_others(
            |cx, _| Ok(pg_cast::rows(cx)),
            &[("oid", nothing), ("castsource", nothing)],
        ),
        "pg_collation" => Objects::of_others(
            |cx, _| Ok(pg_collation::rows(cx)),
            &[("oid", nothing), ("collname", nothing)],
        ),
        "pg_operator" => Objects::of_others(
            |cx, _| Ok(pg_operator::rows(cx)),
            &[("oid", nothing), ("oprname", nothing)],
        ),
        "pg_proc" => Objects::of_others(
            |cx, _| Ok(pg_proc::rows(cx)),
            &[("oid", nothing), ("proname", nothing)],
        ),
        "pg_range" => Objects {
            of_relation: None,
            of_type: Some(pg_range::of_type),
            others: None,
            finders: &[("rngtypid", by_type), ("rngmultitypid", by_multirange)],
            per_relation: 0.1,
        },
        "pg_policy" => {
            of(pg_policy::rows, &[Table], 0.1, &[("oid", by_policy), ("polrelid", by_oid)])
        }
        "pg_rewrite" => of(
            pg_rewrite::rows,
            &[Table, View, MaterializedView],
            0.1,
            &[("oid", by_rule), ("ev_class", by_oid)],
        ),
        "pg_sequence" => of(pg_sequence::rows, &[Sequence], 0.2, &[("seqrelid", by_oid)]),
        "pg_type" => {
            const KEYS: &[(&str, Finder)] = &[
                ("oid", by_type),
                ("typname", by_type_name),
                ("typrelid", by_oid),
                ("typtype", by_type_kind),
            ];
            of(pg_type::rows, &[Table, View, Composite, MaterializedView], 1.0, KEYS)
                .and_types(pg_type::of_type)
        }
        _ => return None,
    })
}
