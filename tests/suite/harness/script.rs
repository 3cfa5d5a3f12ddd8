//! Splits SQL scripts into statements, as psql does.

/// A statement of a script and the line it starts on, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub sql: String,
    pub line: usize,
}

/// The statements of a script, without their semicolons. Quotes, dollar quotes, comments and
/// parentheses hide semicolons; comments before a statement are dropped.
pub fn split(script: &str) -> Vec<Statement> {
    let bytes = script.as_bytes();
    let mut statements = Vec::new();
    let mut start = None;
    let mut depth = 0_i32;
    let mut atomic = false;
    let mut at = 0;
    while at < bytes.len() {
        let next = skip(script, at);
        let comment = script[at..].starts_with("--") || script[at..].starts_with("/*");
        // So do the statements of a function's body in the SQL standard's form.
        atomic |= script[at..].starts_with("ATOMIC");
        atomic &= !script[at..].starts_with("END");
        match bytes[at] {
            b';' if depth <= 0 && !atomic => {
                push(script, &mut statements, start.take(), at);
                depth = 0;
            }
            b if b.is_ascii_whitespace() || (comment && start.is_none()) => {}
            b => {
                start.get_or_insert(at);
                depth += i32::from(b == b'(') - i32::from(b == b')');
            }
        }
        at = next;
    }
    push(script, &mut statements, start, bytes.len());
    statements
}

fn push(script: &str, statements: &mut Vec<Statement>, start: Option<usize>, end: usize) {
    let Some(start) = start else { return };
    let line = script[..start].matches('\n').count() + 1;
    statements.push(Statement { sql: script[start..end].trim_end().to_owned(), line });
}

/// The position after the token, quoted string or comment at `at`.
fn skip(script: &str, at: usize) -> usize {
    let rest = &script[at..];
    let end = |found: Option<usize>, length: usize| found.map_or(rest.len(), |n| n + length);
    let length = if rest.starts_with("--") {
        end(rest.find('\n'), 1)
    } else if rest.starts_with("/*") {
        end(rest.find("*/"), 2)
    } else if let Some(tag) = dollar_tag(rest) {
        tag.len() + rest[tag.len()..].find(tag).map_or(rest.len() - tag.len(), |n| n + tag.len())
    } else if rest.starts_with("E'") || rest.starts_with("e'") {
        escape_string(rest)
    } else if rest.starts_with('\'') || rest.starts_with('"') {
        1 + end(rest[1..].find(&rest[..1]), 1).min(rest.len() - 1)
    } else {
        let word = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let one = rest.chars().next().map_or(1, char::len_utf8);
        // An E that begins a longer word does not begin an escape string; words go as a whole.
        if word > 1 && !rest[..word].ends_with(['E', 'e']) { word } else { one }
    };
    at + length
}

/// `$tag$` at the start of `rest`.
fn dollar_tag(rest: &str) -> Option<&str> {
    let inner = rest.strip_prefix('$')?;
    let length = inner.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    let digit = inner.starts_with(|c: char| c.is_ascii_digit());
    (inner[length..].starts_with('$') && !digit).then(|| &rest[..length + 2])
}

/// Length of an `E'…'` string, whose quotes a backslash may escape.
fn escape_string(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 2;
    while at < bytes.len() && bytes[at] != b'\'' {
        at += 1 + usize::from(bytes[at] == b'\\');
    }
    (at + 1).min(rest.len())
}

#[test]
fn statements_end_at_unquoted_semicolons() {
    let script = "-- a comment; here\nSELECT ';', $$;$$, \"a;b\", E'\\';';\n\nSELECT (1; 2);x";
    let found: Vec<_> = split(script).into_iter().map(|s| (s.line, s.sql)).collect();
    let expected = [(2, "SELECT ';', $$;$$, \"a;b\", E'\\';'"), (4, "SELECT (1; 2)"), (4, "x")];
    assert_eq!(found, expected.map(|(line, sql)| (line, sql.to_owned())));
}
