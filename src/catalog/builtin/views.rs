//! The queries of PostgreSQL's system views, as `pg_get_viewdef` shows them.
//!
//! A view of pg_catalog or information_schema that no code makes the rows of is run as any other
//! view: its query is bound on first use (`sql::bind::system_view`). So it shows what PostgreSQL's
//! would over the same tables.

use super::HashMap;
use super::data::Reader;
use crate::nodes::AttrNumber;
use crate::types::Oid;
use std::sync::LazyLock;

struct View {
    definition: &'static str,
    /// Columns that changes could be made to through it.
    updatable: Vec<AttrNumber>,
}

static VIEWS: LazyLock<HashMap<Oid, View>> = LazyLock::new(|| {
    let mut reader = Reader::open("system_views").expect("an exported catalog");
    let mut views = HashMap::default();
    while reader.advance() {
        let updatable = reader.array("updatable").unwrap_or_default();
        let updatable = updatable.iter().filter_map(|attno| attno.parse().ok()).collect();
        let view = View { definition: reader.text("definition"), updatable };
        views.insert(reader.oid("oid"), view);
    }
    views
});

/// information_schema's domains and what they are over: its columns have the base types here.
const DOMAINS: [(&str, &str); 5] = [
    ("::information_schema.sql_identifier", "::pg_catalog.name"),
    ("::information_schema.character_data", "::pg_catalog.varchar"),
    ("::information_schema.cardinal_number", "::pg_catalog.int4"),
    ("::information_schema.yes_or_no", "::pg_catalog.varchar(3)"),
    ("::information_schema.time_stamp", "::timestamp(2) with time zone"),
];

/// The definition of a system view.
pub fn view_definition(oid: Oid) -> Option<&'static str> {
    VIEWS.get(&oid).map(|view| view.definition)
}

/// The columns of a system view that are columns of one table.
pub fn updatable_columns(oid: Oid) -> &'static [AttrNumber] {
    VIEWS.get(&oid).map_or(&[], |view| view.updatable.as_slice())
}

/// The query to bind for a system view: its definition over the domains' base types.
pub fn view_query(oid: Oid) -> Option<String> {
    let definition = view_definition(oid)?.to_owned();
    Some(DOMAINS.iter().fold(definition, |sql, (domain, base)| sql.replace(domain, base)))
}
