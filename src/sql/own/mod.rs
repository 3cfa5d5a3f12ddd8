//! Statements that PostgreSQL's grammar does not have.
//!
//! A query string is cut at its top-level semicolons ([`parts`]); what begins with words of ours is
//! parsed here, everything else by PostgreSQL's own grammar, each with its positions in the whole
//! string. None of these beginnings is a statement of PostgreSQL's, so nothing of its changes meaning:
//!
//! ```text
//! CREATE STORAGE [IF NOT EXISTS] name TYPE 'type' [WITH (option 'value', …)]
//! ALTER STORAGE name SET (option 'value', …)        DROP STORAGE [IF EXISTS] name [CASCADE]
//! SHOW STORAGES
//! STORAGE FLUSH TABLE t | ALL                       STORAGE COMPACT TABLE t | ALL
//! DESCRIBE | DESC [TABLE] t [HISTORY]               KILL JOB 'id'
//! USE [NAMESPACE] name                              EXECUTE AS USER 'name' ( statement )
//! CREATE | DROP NAMESPACE …                         is … SCHEMA …
//! CREATE SHARED | USER | STREAM TABLE …             is CREATE TABLE … WITH (kind = …)
//! ```
//!
//! The last two are PostgreSQL's statements with a word changed in place, so that positions stay.

mod parser;
mod redact;
mod statements;
mod tokens;

pub use redact::redacted;
pub(super) use statements::parse;

use super::Statement;
use tokens::{Kind, Token, Tokens};

/// A parsed statement of ours.
#[derive(Debug)]
pub enum Own {
    CreateStorage(CreateStorage),
    AlterStorage {
        name: String,
        set: Vec<StorageOption>,
    },
    /// `cascade`: also where files in it cannot be deleted; they are left behind.
    DropStorage {
        name: String,
        if_exists: bool,
        cascade: bool,
    },
    ShowStorages,
    Flush(Target),
    Compact(Target),
    Describe {
        table: Name,
        history: bool,
    },
    KillJob {
        id: i64,
    },
    UseNamespace {
        name: String,
    },
    ExecuteAs {
        user: String,
        statement: Statement,
    },
}

impl Own {
    /// The command's name, in messages and as its tag.
    pub fn command(&self) -> &'static str {
        match self {
            Own::CreateStorage(_) => "CREATE STORAGE",
            Own::AlterStorage { .. } => "ALTER STORAGE",
            Own::DropStorage { .. } => "DROP STORAGE",
            Own::ShowStorages => "SHOW",
            Own::Flush(_) => "STORAGE FLUSH",
            Own::Compact(_) => "STORAGE COMPACT",
            Own::Describe { .. } => "DESCRIBE",
            Own::KillJob { .. } => "KILL JOB",
            Own::UseNamespace { .. } => "USE",
            Own::ExecuteAs { .. } => "EXECUTE AS USER",
        }
    }
}

#[derive(Debug)]
pub struct CreateStorage {
    pub name: String,
    pub if_not_exists: bool,
    /// As written; where it stands.
    pub kind: (String, i32),
    pub options: Vec<StorageOption>,
}

/// `name 'value'` of a storage.
#[derive(Debug)]
pub struct StorageOption {
    pub name: String,
    pub value: String,
    pub location: i32,
}

/// What STORAGE FLUSH and COMPACT work on.
#[derive(Debug)]
pub enum Target {
    Table(Name),
    All,
}

/// A possibly qualified name, and where it stands.
#[derive(Debug)]
pub struct Name {
    pub parts: Vec<String>,
    pub location: i32,
}

/// One statement of a query string.
pub(super) struct Part {
    pub start: usize,
    /// Before the semicolon.
    pub end: usize,
    pub kind: PartKind,
}

/// Who parses a part.
pub(super) enum PartKind {
    Postgres,
    /// [`parse`].
    Own,
    /// PostgreSQL, with the bytes of one word replaced.
    Rewritten {
        word: (usize, usize),
        replacement: &'static str,
        table_kind: Option<&'static str>,
    },
}

/// Cuts a query string into its statements; `None` where all are PostgreSQL's.
pub(super) fn parts(text: &str) -> Option<Vec<Part>> {
    if !may_have(text) {
        return None;
    }
    let mut parts = Vec::new();
    let mut tokens = Tokens::new(text);
    loop {
        let mut token = tokens.next();
        let (start, mut depth, mut beginning) = (token.start, 0usize, Vec::new());
        while !(matches!(token.kind, Kind::End | Kind::Bad(_))
            || token.is_symbol(b';') && depth == 0)
        {
            match token.kind {
                Kind::Symbol(b'(' | b'[') => depth += 1,
                Kind::Symbol(b')' | b']') => depth = depth.saturating_sub(1),
                _ => {}
            }
            if beginning.len() < BEGINNING_TOKENS {
                beginning.push(token);
            }
            token = tokens.next();
        }
        let is_last = !token.is_symbol(b';');
        // What has no end belongs to the statement that it stands in.
        let end = if is_last { text.len() } else { token.start };
        if !beginning.is_empty() || matches!(token.kind, Kind::Bad(_)) {
            parts.push(Part { start, end, kind: classify(&beginning) });
        }
        if is_last {
            break;
        }
    }
    parts.iter().any(|part| !matches!(part.kind, PartKind::Postgres)).then_some(parts)
}

/// Tokens that tell whose a statement is.
const BEGINNING_TOKENS: usize = 3;

/// Whether it is worth looking at every token: most texts are one statement of PostgreSQL's.
fn may_have(text: &str) -> bool {
    const FIRST: [&str; 10] = [
        "alter", "create", "desc", "describe", "drop", "execute", "kill", "show", "storage", "use",
    ];
    let mut tokens = Tokens::new(text);
    let first = tokens.next();
    let is_first = match &first.kind {
        Kind::Word(word) => FIRST.contains(&word.as_str()),
        kind => *kind == Kind::Symbol(b';'),
    };
    if is_first {
        return true;
    }
    let rest = text[first.end..].trim_ascii_end();
    rest.strip_suffix(';').unwrap_or(rest).contains(';')
}

fn classify(beginning: &[Token]) -> PartKind {
    let word = |at: usize| match beginning.get(at).map(|token| &token.kind) {
        Some(Kind::Word(word)) => word.as_str(),
        _ => "",
    };
    match (word(0), word(1), word(2)) {
        ("storage" | "describe" | "desc" | "kill" | "use", ..)
        | ("show", "storages", _)
        | ("create" | "alter" | "drop", "storage", _)
        | ("execute", "as", _) => PartKind::Own,
        ("create" | "drop", "namespace", _) => replace(&beginning[1], "schema   ", None),
        ("create", "shared", "table") => replace(&beginning[1], "", Some("shared")),
        ("create", "user", "table") => replace(&beginning[1], "", Some("user")),
        ("create", "stream", "table") => replace(&beginning[1], "", Some("stream")),
        _ => PartKind::Postgres,
    }
}

fn replace(token: &Token, replacement: &'static str, table_kind: Option<&'static str>) -> PartKind {
    PartKind::Rewritten { word: (token.start, token.end), replacement, table_kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_cut_at_top_level_semicolons() {
        let cut = |text: &str| {
            let parts = parts(text).unwrap_or_default();
            parts.iter().map(|p| text[p.start..p.end].trim().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(cut("SELECT 1"), Vec::<String>::new());
        assert_eq!(cut("SELECT 1; SELECT ';'"), Vec::<String>::new());
        assert_eq!(
            cut(";;SELECT ';' /* ; */; storage flush all; -- ;\n SELECT (1;2)"),
            ["SELECT ';' /* ; */", "storage flush all", "SELECT (1;2)"]
        );
        assert_eq!(cut("USE a; SELECT 'b"), ["USE a", "SELECT 'b"]);
    }

    #[test]
    fn beginnings_tell_whose_a_statement_is() {
        let own = |text: &str| parts(text).is_some();
        for ours in
            ["desc t", "Show Storages", "CREATE USER TABLE t ()", "/* */ execute as user 'a' (x)"]
        {
            assert!(own(ours), "{ours}");
        }
        for theirs in
            ["CREATE USER t", "SHOW storage", "EXECUTE a", "\"desc\" t", "CREATE TABLE t ()"]
        {
            assert!(!own(theirs), "{theirs}");
        }
    }

    /// Nothing that PostgreSQL parses is cut in two, and no cut is missed.
    #[test]
    fn scripts_are_cut_where_postgresql_cuts() {
        let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/differential");
        let mut parsed = 0;
        for entry in std::fs::read_dir(scripts).unwrap() {
            let script = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let text = format!("USE a; {script}");
            for part in &parts(&text).unwrap()[1..] {
                let alone = &text[part.start..part.end];
                let Ok(statements) = pg_raw_parse::parse(alone) else { continue };
                let statements = statements.into_inner();
                assert_eq!(statements.len(), 1, "{alone}");
                // The grammar stops at a semicolon that we took for something else.
                let raw = statements.get(0).unwrap();
                let length = usize::try_from(raw.stmt_len).unwrap();
                assert!(length == 0 || alone[length..].trim().is_empty(), "{alone}");
                parsed += 1;
            }
        }
        assert!(parsed > 1000, "{parsed}");
    }

    /// Any text is cut, parsed or refused, and redacted, without a panic.
    #[test]
    fn any_text_is_read_or_refused() {
        const PIECES: [&str; 24] = [
            "'",
            "\"",
            "$",
            "$a$",
            "é",
            "--",
            "\n",
            "/*",
            "*/",
            ";",
            "(",
            ")",
            "E'",
            "\\",
            " ",
            ",",
            "storage",
            "flush",
            "create",
            "user",
            "table",
            "describe",
            "execute as user 'a' (",
            "1.5e",
        ];
        for _ in 0..50_000 {
            let count = rand::random_range(1..12);
            let pieces = (0..count).map(|_| PIECES[rand::random_range(0..PIECES.len())]);
            let text: String = pieces.collect();
            let _ = redacted(&text.as_str().into());
            for part in parts(&text).unwrap_or_default() {
                if let PartKind::Own = part.kind {
                    let _ = parse(&text, part.start);
                }
            }
        }
    }
}
