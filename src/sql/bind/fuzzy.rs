//! Hints for misspelt columns (`searchRangeTableForCol`): names within a small edit distance.

use super::state::Binder;
use crate::nodes::RangeSource;

/// Edits beyond which names are not alike.
const DISTANCE_MAX: usize = 3;

/// The hint for an unknown column: where it is out of reach, or what it may have meant.
pub(super) fn suggest(binder: &Binder<'_, '_>, alias: Option<&str>, name: &str) -> Option<String> {
    let mut best = DISTANCE_MAX + 1;
    let mut nearest: Vec<(&str, &str)> = Vec::new();
    let entries = binder.scopes.iter().rev().flat_map(|s| &s.range_table);
    for entry in entries.filter(|e| !matches!(e.source, RangeSource::Join { .. })) {
        let penalty = match alias {
            Some(alias) if alias != entry.name => distance(alias, &entry.name),
            _ => 0,
        };
        for column in entry.columns.iter().filter(|c| !c.is_empty()) {
            if column == name && alias.is_none() {
                return Some(format!(
                    "There is a column named \"{name}\" in table \"{}\", but it cannot be \
                     referenced from this part of the query.",
                    entry.name
                ));
            }
            let own = distance(name, column);
            if own > name.chars().count() / 2 {
                continue;
            }
            let total = own + penalty;
            if total < best {
                best = total;
                nearest = vec![(&entry.name, column)];
            } else if total == best && best <= DISTANCE_MAX {
                nearest.push((&entry.name, column));
            }
        }
    }
    match nearest.as_slice() {
        [(table, column)] => {
            Some(format!("Perhaps you meant to reference the column \"{table}.{column}\"."))
        }
        [(t1, c1), (t2, c2)] => Some(format!(
            "Perhaps you meant to reference the column \"{t1}.{c1}\" or the column \"{t2}.{c2}\"."
        )),
        _ => None,
    }
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}
