//! The embedded export and its reader.
//!
//! The files are COPY text: a header line of column names, tab-separated fields, `\N` for NULL,
//! backslash escapes. Fields without escapes are slices of the binary itself.
//!
//! What KalamDB has besides (functions and settings of its own) is in `data/own`, in the same form
//! without the header, and follows PostgreSQL's rows. Its OIDs are from 9900 on: PostgreSQL leaves
//! 8000 to 9999 to those who develop it.
//!
//! What extensions are made of is in `data/extensions`, a file each ([`extension_of`](super::extension_of)).

use super::extensions::Extension;
use crate::types::Oid;

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        /// The exported rows of a catalog, header first; `None` where it has no built-in rows.
        pub(super) fn file(name: &str) -> Option<&'static str> {
            match name {
                $($name => Some(include_str!(concat!("data/", $name, ".tsv"))),)*
                _ => None,
            }
        }
    };
}

files! {
    "pg_aggregate", "pg_am", "pg_amop", "pg_amproc", "pg_attribute", "pg_auth_members", "pg_authid",
    "pg_cast", "pg_class", "pg_collation", "pg_constraint", "pg_conversion", "pg_depend",
    "pg_description",
    "pg_extension", "pg_index", "pg_init_privs", "pg_keywords", "pg_language", "pg_namespace",
    "pg_opclass", "pg_operator", "pg_opfamily", "pg_proc", "pg_range", "pg_rewrite", "pg_settings",
    "pg_shdescription", "pg_tablespace", "pg_ts_config", "pg_ts_config_map", "pg_ts_dict", "pg_ts_parser",
    "pg_ts_template", "pg_type", "sql_features", "sql_implementation_info", "sql_parts",
    "sql_sizing", "system_views",
}

/// Our own rows of a catalog.
fn own(name: &str) -> &'static str {
    match name {
        "pg_proc" => include_str!("data/own/pg_proc.tsv"),
        "pg_settings" => include_str!("data/own/pg_settings.tsv"),
        _ => "",
    }
}

/// Reads one exported file, a row at a time.
pub struct Reader {
    columns: Vec<&'static str>,
    fields: Vec<Option<&'static str>>,
    lines: Box<dyn Iterator<Item = &'static str>>,
}

impl Reader {
    /// A reader before the first row of an exported catalog.
    pub fn open(name: &str) -> Option<Reader> {
        let mut lines = file(name)?.lines();
        let columns = lines.next().unwrap_or_default().split('\t').collect();
        let lines = Box::new(lines.chain(own(name).lines()));
        Some(Reader { columns, fields: Vec::new(), lines })
    }

    /// The same with the rows of all extensions, installed or not.
    pub fn open_all(name: &str) -> Option<Reader> {
        let mut reader = Reader::open(name)?;
        for extension in super::extensions() {
            reader.lines = Box::new(reader.lines.chain(extension.lines_of(name)));
        }
        Some(reader)
    }

    /// An extension's rows of a catalog.
    pub fn open_extension(name: &str, extension: &'static Extension) -> Option<Reader> {
        let columns = Reader::open(name)?.columns;
        let lines = Box::new(extension.lines_of(name));
        Some(Reader { columns, fields: Vec::new(), lines })
    }

    /// Moves to the next row.
    pub fn advance(&mut self) -> bool {
        let Some(line) = self.lines.next() else { return false };
        self.fields.clear();
        self.fields.extend(line.split('\t').map(unescape));
        true
    }

    /// The fields of the current row, in the file's column order.
    pub fn fields(&self) -> &[Option<&'static str>] {
        &self.fields
    }

    /// The field of this column in the current row.
    pub fn get(&self, column: &str) -> Option<&'static str> {
        let at = self.columns.iter().position(|c| *c == column).expect("an exported column");
        self.fields[at]
    }

    /// A NOT NULL text field.
    pub fn text(&self, column: &str) -> &'static str {
        self.get(column).expect("an exported NOT NULL column")
    }

    /// A NOT NULL field with a parsable type: numbers and OIDs.
    pub fn value<T: std::str::FromStr>(&self, column: &str) -> T {
        parse(self.text(column))
    }

    /// An OID; 0 where NULL.
    pub fn oid(&self, column: &str) -> Oid {
        self.get(column).map_or(0, parse)
    }

    pub fn bool(&self, column: &str) -> bool {
        self.text(column) == "t"
    }

    /// A `"char"` field.
    pub fn char(&self, column: &str) -> u8 {
        self.text(column).bytes().next().unwrap_or(0)
    }

    /// An oidvector: space-separated.
    pub fn oid_vector(&self, column: &str) -> Vec<Oid> {
        self.text(column).split_ascii_whitespace().map(parse).collect()
    }

    /// A one-dimensional array whose elements need no quotes, or `None`.
    pub fn array(&self, column: &str) -> Option<Vec<&'static str>> {
        let text = self.get(column)?.strip_prefix('{')?.strip_suffix('}')?;
        Some(if text.is_empty() { Vec::new() } else { text.split(',').collect() })
    }
}

/// A number of the export; the export is part of the program, so a bad one is a bug.
pub(super) fn parse<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().expect("a number in the export")
}

/// Undoes COPY's escapes. The few fields that have any are kept for the life of the process.
pub(super) fn unescape(field: &'static str) -> Option<&'static str> {
    if field == "\\N" {
        return None;
    }
    if !field.contains('\\') {
        return Some(field);
    }
    let mut out = String::with_capacity(field.len());
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n')) => out.push('\n'),
            ('\\', Some('t')) => out.push('\t'),
            ('\\', Some('r')) => out.push('\r'),
            ('\\', Some('b')) => out.push('\u{8}'),
            ('\\', Some('f')) => out.push('\u{c}'),
            ('\\', Some('v')) => out.push('\u{b}'),
            ('\\', Some(other)) => out.push(other),
            (c, _) => out.push(c),
        }
    }
    Some(Box::leak(out.into_boxed_str()))
}
