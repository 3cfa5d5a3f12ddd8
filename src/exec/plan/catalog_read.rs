//! Which statements read nothing but the catalog, and what of it: their results may be kept
//! ([`CatalogRead`]), as nothing else decides about them but what the keeper knows.
//!
//! Everything that a statement uses must be known to depend on nothing but the catalog, the role, the
//! search path, and the settings that values are read and written by. Relations are the system's, and
//! functions are immutable or on the list below: PostgreSQL calls `now()` stable, too.

use crate::catalog::Catalog;
use crate::catalog::builtin::{self, oid};
use crate::nodes::{CommandType, Const, Expr, Query, RangeSource, SqlValueFunction};
use crate::types::{Datum, Oid, oids};

/// What a statement that reads the catalog alone looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CatalogRead {
    /// Tables, schemas, types, …: what DDL makes.
    pub tables: bool,
    /// Of these, nothing but rows found by key.
    pub single_objects: bool,
    /// `system.storages`.
    pub storages: bool,
    /// `system.jobs`.
    pub jobs: bool,
    /// What changes without any DDL: sessions, locks, sizes, counters.
    pub live: bool,
    pub named: Named,
}

/// What a statement names of what users made, as a type or as a constant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Named {
    #[default]
    Nothing,
    /// A relation, as `'t'::regclass` or as `'16401'::regclass` does.
    Relation(Oid),
    Others,
}

impl CatalogRead {
    /// Whether a statement of this text means the same whatever users call what they make.
    pub fn is_of_system(&self, text: &str, catalog: &Catalog) -> bool {
        match self.named {
            Named::Nothing => true,
            Named::Relation(oid) => {
                catalog.relation(oid).is_some_and(|found| is_by_number(text, oid, &found.name))
            }
            Named::Others => false,
        }
    }
}

/// Whether a text that names a relation has its number, and cannot have its name.
fn is_by_number(text: &str, oid: Oid, name: &str) -> bool {
    let lower = text.to_lowercase();
    // What is doubled or escaped in a literal is not found there as it is.
    let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    lower.contains(&format!("'{oid}'"))
        && is_plain
        && !lower.contains(&name.to_lowercase())
        && !lower.contains(['\\', '&'])
}

/// Functions that are not immutable and depend on nothing but the catalog, the role and the search
/// path; and those that end or begin like these.
const OF_CATALOG: [&str; 34] = [
    "_pg_expandarray",
    "acldefault",
    "aclexplode",
    "any_value",
    "anytextcat",
    "array_to_string",
    "col_description",
    "concat",
    "concat_ws",
    "current_database",
    "current_schema",
    "current_schemas",
    "current_user",
    "format",
    "format_type",
    "getdatabaseencoding",
    "obj_description",
    "oidvectortypes",
    "pg_char_to_encoding",
    "pg_column_is_updatable",
    "pg_encoding_to_char",
    "pg_has_role",
    "pg_options_to_table",
    "pg_relation_is_publishable",
    "pg_relation_is_updatable",
    "pg_tablespace_location",
    "pg_typeof",
    "regclass",
    "row_security_active",
    "session_user",
    "shobj_description",
    "string_to_array",
    "textanycat",
    "to_json",
];
const ENDS: [&str; 2] = ["_is_visible", "_privilege"];
const BEGINS: [&str; 6] = ["_pg_", "json_build_", "jsonb_build_", "pg_get_", "quote_", "to_reg"];

/// Functions that PostgreSQL calls volatile and that depend on nothing but the catalog.
const VOLATILE_OF_CATALOG: [&str; 3] =
    ["pg_partition_ancestors", "pg_partition_root", "pg_partition_tree"];

/// Functions and relations that show live state of the whole server.
const LIVE_BEGINS: [&str; 3] = ["pg_stat_get_", "pg_stat_", "pg_statio_"];
const LIVE: [&str; 15] = [
    "pg_database_size",
    "pg_indexes_size",
    "pg_largeobject",
    "pg_largeobject_metadata",
    "pg_locks",
    "pg_lock_status",
    "pg_relation_size",
    "pg_sequence_last_value",
    "pg_table_size",
    "pg_tablespace_size",
    "pg_total_relation_size",
    "segments",
    "stats",
    "tables",
    "schemas",
];

/// Relations that show each session something else, or each moment.
const OWN: [&str; 6] = [
    "pg_cursors",
    "pg_prepared_statements",
    "pg_settings",
    "pg_timezone_abbrevs",
    "pg_timezone_names",
    "pg_file_settings",
];

/// What the query reads of the catalog; `None` where it reads or does anything else. Whether it finds
/// all rows by key, its plan tells.
pub(super) fn of(query: &Query) -> Option<CatalogRead> {
    let mut found = Found { read: CatalogRead::default(), relations: 0, only: true };
    found.query(query);
    (found.only && found.relations > 0).then_some(found.read)
}

struct Found {
    read: CatalogRead,
    relations: usize,
    /// Nothing but the catalog so far.
    only: bool,
}

impl Found {
    fn query(&mut self, query: &Query) {
        self.only &= query.command == CommandType::Select
            && query.row_marks.is_empty()
            && !query.has_modifying_cte;
        for range in &query.range_table {
            match &range.source {
                RangeSource::Relation { oid } => self.relation(*oid),
                RangeSource::Subquery { view: Some(oid), .. } => {
                    self.only &= Catalog::is_system(*oid);
                }
                _ => {}
            }
        }
        query.for_each_expr(&mut |expr| self.expr(expr));
        query.for_each_subquery(&mut |below| self.query(below));
    }

    fn relation(&mut self, relation: Oid) {
        let Some(relation) = builtin::system_relation(relation) else {
            self.only = false;
            return;
        };
        self.relations += 1;
        let own = relation.namespace == oid::SYSTEM;
        match relation.name {
            "storages" if own => self.read.storages = true,
            "jobs" if own => self.read.jobs = true,
            name if OWN.contains(&name) => self.only = false,
            name if LIVE.contains(&name) && (own || name.starts_with("pg_")) => {
                self.read.live = true;
            }
            name if is_live(name) => self.read.live = true,
            _ => self.read.tables = true,
        }
    }

    fn expr(&mut self, expr: &Expr) {
        if builtin::type_(expr.type_oid()).is_none() {
            self.read.named = Named::Others;
        }
        match expr {
            Expr::Const(c) => self.constant(c),
            Expr::Func(c) | Expr::Distinct(c) | Expr::NullIf(c) => self.function(c.func),
            Expr::ScalarArrayOp(s) => self.function(s.func),
            Expr::SqlValue { function, .. } => self.only &= is_of_session(*function),
            Expr::NextValue { .. } | Expr::CurrentOf { .. } => self.only = false,
            Expr::SubLink(link) => self.query(&link.query),
            _ => {}
        }
        stacker::maybe_grow(64 << 10, 1 << 20, || {
            expr.for_each_child(&mut |child| self.expr(child));
        });
    }

    /// `'t'::regclass` names an object; a number alone names none.
    fn constant(&mut self, constant: &Const) {
        let is_users =
            |value: &Datum| matches!(value, Datum::Oid(oid) if !Catalog::is_system(*oid));
        let named = match &constant.value {
            Datum::Array(array) => {
                let names = array.element_type != oids::OID && array.elements.iter().any(is_users);
                if names { Named::Others } else { Named::Nothing }
            }
            Datum::Oid(oid) if is_users(&constant.value) => match constant.type_oid {
                oids::OID => Named::Nothing,
                oids::REGCLASS => Named::Relation(*oid),
                _ => Named::Others,
            },
            _ => Named::Nothing,
        };
        self.read.named = match (self.read.named, named) {
            (known, Named::Nothing) => known,
            (Named::Nothing, new) => new,
            (known, new) if known == new => known,
            _ => Named::Others,
        };
    }

    fn function(&mut self, func: Oid) {
        let Some(proc) = builtin::proc(func) else {
            self.only = false;
            return;
        };
        let name = &*proc.name;
        if proc.volatility == b'i' {
            return;
        }
        if LIVE.contains(&name) || is_live(name) {
            self.read.live = true;
            return;
        }
        let known = OF_CATALOG.contains(&name)
            || ENDS.iter().any(|end| name.ends_with(end))
            || BEGINS.iter().any(|begin| name.starts_with(begin));
        let whatever = VOLATILE_OF_CATALOG.contains(&name);
        self.only &= whatever || known && proc.volatility == b's';
    }
}

fn is_live(name: &str) -> bool {
    LIVE_BEGINS.iter().any(|begin| name.starts_with(begin))
}

/// Whether it means the role, the database or the schema, not the time.
fn is_of_session(function: SqlValueFunction) -> bool {
    use SqlValueFunction as F;
    match function {
        F::CurrentDate | F::CurrentTime | F::CurrentTimestamp => false,
        F::LocalTime | F::LocalTimestamp => false,
        F::CurrentRole | F::CurrentUser | F::User | F::SessionUser => true,
        F::CurrentCatalog | F::CurrentSchema => true,
    }
}

#[cfg(test)]
mod tests {
    use super::is_by_number;

    #[test]
    fn a_relation_is_named_by_number_where_its_name_cannot_be_in_the_text() {
        assert!(is_by_number("SELECT '16401'::regclass", 16401, "t_1"));
        assert!(!is_by_number("SELECT 't_1'::regclass", 16401, "t_1"));
        assert!(!is_by_number("SELECT 'T_1'::regclass, '16401'::regclass", 16401, "t_1"));
        assert!(!is_by_number(r"SELECT E't\x5f1'::regclass, '16401'", 16401, "t_1"));
        assert!(!is_by_number("SELECT U&'t!005f1' UESCAPE '!', '16401'", 16401, "t_1"));
        assert!(!is_by_number(r#"SELECT '"a""b"'::regclass, '16401'"#, 16401, r#"a"b"#));
    }
}
