//! Names that PostgreSQL makes up: `t_pkey`, `t_a_b_key`, `t_a_idx`, `t_a_seq`, `t_a_fkey`.

use crate::catalog::Catalog;
use crate::types::Oid;

/// Longest identifier, in bytes (`NAMEDATALEN - 1`).
pub(super) const NAME_BYTES_MAX: usize = 63;

/// `name1_name2_label`, shortening the longer of the first two until it fits (`makeObjectName`).
pub(super) fn object_name(name1: &str, name2: Option<&str>, label: &str) -> String {
    let overhead = name2.map_or(0, |_| 1) + if label.is_empty() { 0 } else { label.len() + 1 };
    let room = NAME_BYTES_MAX.saturating_sub(overhead);
    let (mut len1, mut len2) = (name1.len(), name2.map_or(0, str::len));
    while len1 + len2 > room {
        if len1 > len2 { len1 -= 1 } else { len2 -= 1 }
    }
    let mut out = clip(name1, len1).to_owned();
    if let Some(name2) = name2 {
        out.push('_');
        out.push_str(clip(name2, len2));
    }
    if !label.is_empty() {
        out.push('_');
        out.push_str(label);
    }
    out
}

/// The longest prefix of whole characters within `bytes` bytes.
fn clip(name: &str, bytes: usize) -> &str {
    let end = (0..=bytes.min(name.len())).rev().find(|&at| name.is_char_boundary(at));
    &name[..end.unwrap_or(0)]
}

/// Column names joined by `_`, as long as a name may be (`ChooseIndexNameAddition`).
pub(super) fn joined<'a>(columns: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for column in columns {
        if !out.is_empty() {
            out.push('_');
        }
        out.push_str(column);
        if out.len() >= NAME_BYTES_MAX {
            break;
        }
    }
    clip(&out, NAME_BYTES_MAX).to_owned()
}

/// A relation name that is free in a schema: `object_name`, with 1, 2, … after the label where
/// taken. `pending` are names this statement has given already. Names of constraints are avoided
/// too where the relation stands for a constraint.
pub(super) fn relation_name(
    catalog: &Catalog,
    namespace: Oid,
    pending: &[String],
    parts: (&str, Option<&str>, &str),
    is_constraint: bool,
) -> String {
    let (name1, name2, label) = parts;
    let taken = |name: &str| {
        catalog.relation_named(namespace, name).is_some()
            || pending.iter().any(|p| p == name)
            || (is_constraint && constraint_in_schema(catalog, namespace, name))
    };
    first_free(taken, |label| object_name(name1, name2, label), label)
}

/// A constraint name that is free in a schema (`ChooseConstraintName`). `own` are the names of the
/// table's constraints so far.
pub(super) fn constraint_name(
    catalog: &Catalog,
    namespace: Oid,
    own: &[String],
    parts: (&str, Option<&str>, &str),
) -> String {
    let (name1, name2, label) = parts;
    let taken = |name: &str| {
        own.iter().any(|n| n == name) || constraint_in_schema(catalog, namespace, name)
    };
    first_free(taken, |label| object_name(name1, name2, label), label)
}

fn constraint_in_schema(catalog: &Catalog, namespace: Oid, name: &str) -> bool {
    catalog.constraints_named(namespace, name).next().is_some()
}

fn first_free(taken: impl Fn(&str) -> bool, make: impl Fn(&str) -> String, label: &str) -> String {
    let plain = make(label);
    if !taken(&plain) {
        return plain;
    }
    let numbered = (1u32..).map(|n| make(&format!("{label}{n}")));
    numbered.into_iter().find(|name| !taken(name)).expect("some number is free")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_shrink_the_longer_part() {
        assert_eq!(object_name("t", Some("a"), "key"), "t_a_key");
        assert_eq!(object_name("t", None, "pkey"), "t_pkey");
        let long = "x".repeat(60);
        let name = object_name(&long, Some("column"), "idx");
        assert_eq!(name.len(), NAME_BYTES_MAX);
        assert!(name.ends_with("_column_idx"));
    }

    #[test]
    fn clipping_keeps_characters_whole() {
        assert_eq!(clip("äö", 3), "ä");
        assert_eq!(clip("abc", 9), "abc");
    }
}
