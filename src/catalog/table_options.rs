//! Options of tables that PostgreSQL does not have: `WITH (kind = …, flush_rows = …, …)`.
//!
//! They are kept in [`Relation::options`] as they were written, beside PostgreSQL's, and shown by
//! `pg_class.reloptions`. [`check`] says whether a value will do; [`TableOptions::of`] reads what has
//! been checked.

use super::Relation;
use crate::error::{PgError, Result, code};
use crate::types::Interval;
use std::collections::BTreeMap;
use std::time::Duration;

/// Who sees a table's rows, and what becomes of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TableKind {
    /// An ordinary table.
    #[default]
    Shared,
    /// Every role has rows of its own.
    User,
    /// Events that expire; never flushed.
    Stream,
}

impl TableKind {
    pub const ALL: [TableKind; 3] = [TableKind::Shared, TableKind::User, TableKind::Stream];

    pub fn name(self) -> &'static str {
        match self {
            TableKind::Shared => "shared",
            TableKind::User => "user",
            TableKind::Stream => "stream",
        }
    }

    /// The kind of a table.
    pub fn of(table: &Relation) -> TableKind {
        let kind = table.options.get("kind");
        kind.and_then(|name| TableKind::named(name)).unwrap_or_default()
    }

    /// The kind of this name, in any case.
    pub fn named(name: &str) -> Option<TableKind> {
        TableKind::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }
}

/// A table's own options; `None`: the server's default holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableOptions<'r> {
    pub kind: TableKind,
    /// Hot rows that make a flush due; 0: never for their number.
    pub flush_rows: Option<u64>,
    /// Age of hot rows that makes a flush due; zero: never for their age.
    pub flush_interval: Option<Duration>,
    /// The name of the storage that new segments go to.
    pub storage: Option<&'r str>,
    /// Small segments that make a compaction due.
    pub compact_segments: Option<u64>,
    /// Percent of a segment's rows that are deleted, which makes a compaction due.
    pub compact_deleted: Option<u64>,
    /// Age at which a stream's rows expire.
    pub ttl: Option<Duration>,
    /// Newest rows that a stream keeps.
    pub max_buffer: Option<u64>,
    /// How long deleted rows are kept; zero: not at all.
    pub retention: Option<Duration>,
}

/// What an option's value must be.
enum Form {
    Kind,
    Name,
    Policy,
    Number { min: u64, max: u64 },
    Interval { may_be_zero: bool },
}

const OPTIONS: &[(&str, Form)] = &[
    ("compact_deleted", Form::Number { min: 0, max: 100 }),
    ("compact_segments", Form::Number { min: 0, max: 1_000_000 }),
    ("flush_interval", Form::Interval { may_be_zero: true }),
    ("flush_policy", Form::Policy),
    ("flush_rows", Form::Number { min: 0, max: ROWS_MAX }),
    ("kind", Form::Kind),
    ("max_buffer", Form::Number { min: 1, max: ROWS_MAX }),
    ("retention", Form::Interval { may_be_zero: true }),
    ("storage", Form::Name),
    ("ttl", Form::Interval { may_be_zero: false }),
];

const ROWS_MAX: u64 = 1_000_000_000_000;

/// Whether the option is one of ours.
pub fn is_own(name: &str) -> bool {
    OPTIONS.iter().any(|(own, _)| *own == name)
}

/// Checks the value of an option of ours by itself; gives what is kept of it. 22023.
pub fn check(name: &str, value: &str) -> Result<String> {
    let form = OPTIONS.iter().find(|(own, _)| *own == name).map(|(_, form)| form);
    let form = form.ok_or_else(|| PgError::internal("an option that is not ours"))?;
    let will_do = match form {
        Form::Kind => match TableKind::named(value) {
            Some(kind) => return Ok(kind.name().to_owned()),
            None => false,
        },
        Form::Name => !value.is_empty(),
        Form::Policy => policy(value).is_some(),
        Form::Number { min, max } => number(value).is_some_and(|n| (*min..=*max).contains(&n)),
        Form::Interval { may_be_zero } => {
            interval(value).is_some_and(|i| *may_be_zero || !i.is_zero())
        }
    };
    if will_do {
        return Ok(value.to_owned());
    }
    let hint = match form {
        Form::Kind => "Available values: shared, user, stream.".to_owned(),
        Form::Name => "It is the name of a storage.".to_owned(),
        Form::Policy => {
            "It is written as 'rows:N', 'interval:SECONDS' or 'rows:N,interval:SECONDS'.".to_owned()
        }
        Form::Number { min, max } => format!("It is a number from {min} to {max}."),
        Form::Interval { may_be_zero: true } => {
            "It is an interval such as '5 min' or '1 day'; 0 turns it off.".to_owned()
        }
        Form::Interval { may_be_zero: false } => {
            "It is an interval such as '30 s' or '1 hour'.".to_owned()
        }
    };
    let message = format!("invalid value for option \"{name}\": \"{value}\"");
    Err(PgError::new(code::INVALID_PARAMETER_VALUE, message).hint(hint))
}

/// Checks what the options of a table are together; 22023.
pub fn check_together(options: &BTreeMap<String, String>, temporary: bool) -> Result<()> {
    let refuse = |name: &str, of: &str, hint: &str| {
        let message = format!("option \"{name}\" cannot be set for {of} tables");
        Err(PgError::new(code::INVALID_PARAMETER_VALUE, message).hint(hint))
    };
    let found =
        |names: &[&'static str]| names.iter().find(|name| options.contains_key(**name)).copied();
    if temporary && let Some(name) = options.keys().find(|name| is_own(name)) {
        return refuse(name, "temporary", "The rows of a temporary table stay in its session.");
    }
    let kind = options.get("kind").and_then(|kind| TableKind::named(kind)).unwrap_or_default();
    match kind {
        TableKind::Stream => {
            const COLD: [&str; 6] = [
                "compact_deleted",
                "compact_segments",
                "flush_interval",
                "flush_policy",
                "flush_rows",
                "storage",
            ];
            if let Some(name) = found(&COLD) {
                return refuse(name, "stream", "Rows of streams expire and are never flushed.");
            }
            if let Some(name) = found(&["retention"]) {
                return refuse(name, "stream", "Rows of streams expire, and are not kept then.");
            }
            if !options.contains_key("ttl") {
                let message = "stream tables need the option \"ttl\"";
                return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message)
                    .hint("It says when rows expire: WITH (ttl = '1 hour')."));
            }
        }
        TableKind::Shared | TableKind::User => {
            if let Some(name) = found(&["ttl", "max_buffer"]) {
                return refuse(name, kind.name(), "Only rows of stream tables expire.");
            }
        }
    }
    Ok(())
}

impl TableOptions<'_> {
    /// A table's options.
    pub fn of(relation: &Relation) -> TableOptions<'_> {
        TableOptions::read(&relation.options)
    }

    fn read(options: &BTreeMap<String, String>) -> TableOptions<'_> {
        if options.is_empty() {
            return TableOptions::default();
        }
        let get = |name: &str| options.get(name).map(String::as_str);
        let (rows, age) = get("flush_policy").and_then(policy).unwrap_or((None, None));
        TableOptions {
            kind: get("kind").and_then(TableKind::named).unwrap_or_default(),
            flush_rows: get("flush_rows").and_then(number).or(rows),
            flush_interval: get("flush_interval").and_then(interval).or(age),
            storage: get("storage").filter(|name| *name != DEFAULT_STORAGE),
            compact_segments: get("compact_segments").and_then(number),
            compact_deleted: get("compact_deleted").and_then(number),
            ttl: get("ttl").and_then(interval),
            max_buffer: get("max_buffer").and_then(number),
            retention: get("retention").and_then(interval),
        }
    }
}

/// The storage of tables that name none: a directory below the data directory.
pub const DEFAULT_STORAGE: &str = "default";

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// A PostgreSQL interval that is not negative; a plain number is seconds.
pub fn interval(text: &str) -> Option<Duration> {
    let interval = Interval::parse(text).ok()?;
    u64::try_from(interval.span()).ok().map(Duration::from_micros)
}

/// `rows:N,interval:S`, either of them.
fn policy(text: &str) -> Option<(Option<u64>, Option<Duration>)> {
    let (mut rows, mut age) = (None, None);
    for part in text.split(',') {
        let (name, value) = part.split_once(':')?;
        let value = number(value)?;
        match name.trim().to_ascii_lowercase().as_str() {
            "rows" if rows.is_none() => rows = Some(value),
            "interval" if age.is_none() => age = Some(Duration::from_secs(value)),
            _ => return None,
        }
    }
    Some((rows, age))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(list: &[(&str, &str)]) -> BTreeMap<String, String> {
        list.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn values_are_read_as_they_are_written() {
        let given = options(&[("flush_policy", "rows:100,interval:60"), ("flush_rows", "5")]);
        let read = TableOptions::read(&given);
        assert_eq!(read.flush_rows, Some(5));
        assert_eq!(read.flush_interval, Some(Duration::from_secs(60)));
        let kind = check("kind", "STREAM").unwrap();
        let given = options(&[("kind", &kind), ("ttl", "1 day 2 hours")]);
        let read = TableOptions::read(&given);
        assert_eq!(
            (read.kind, read.ttl),
            (TableKind::Stream, Some(Duration::from_secs(26 * 3600)))
        );
    }

    #[test]
    fn wrong_values_are_refused_with_a_hint() {
        for (name, value) in [
            ("kind", "private"),
            ("flush_rows", "-1"),
            ("flush_rows", "many"),
            ("flush_interval", "soon"),
            ("flush_interval", "-5 min"),
            ("flush_policy", "rows:1;interval:2"),
            ("flush_policy", "rows:1,rows:2"),
            ("ttl", "0"),
            ("retention", "-1 h"),
            ("retention", "long"),
            ("max_buffer", "0"),
            ("compact_deleted", "101"),
            ("storage", ""),
        ] {
            let error = check(name, value).unwrap_err();
            assert_eq!(error.code(), code::INVALID_PARAMETER_VALUE, "{name}={value}");
            assert!(error.hint_text().is_some(), "{name}={value}");
        }
        assert!(check("flush_policy", "interval:30").is_ok() && check("flush_rows", "0").is_ok());
    }

    #[test]
    fn options_fit_the_kind() {
        let check = |list: &[(&str, &str)]| check_together(&options(list), false);
        assert!(check(&[("kind", "stream"), ("ttl", "1 h"), ("max_buffer", "9")]).is_ok());
        assert!(check(&[("kind", "stream")]).is_err());
        assert!(check(&[("kind", "stream"), ("ttl", "1 h"), ("flush_rows", "9")]).is_err());
        assert!(check(&[("ttl", "1 h")]).is_err());
        assert!(check(&[("retention", "1 h")]).is_ok());
        assert!(check(&[("kind", "stream"), ("ttl", "1 h"), ("retention", "1 h")]).is_err());
        assert!(check_together(&options(&[("flush_rows", "1")]), true).is_err());
        assert!(check_together(&options(&[("fillfactor", "50")]), true).is_ok());
    }
}
