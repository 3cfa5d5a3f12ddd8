//! Where below a storage a table's files lie: `{namespace}/{table}` unless the storage says otherwise.
//!
//! Names of tables are the users' to choose, so they are written into paths with everything but
//! letters, digits, `_` and `-` percent-encoded: no name is two parts of a path, or leads out of it.

use crate::error::{PgError, Result, code};

const DEFAULT: &str = "{namespace}/{table}";

/// A checked template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTemplate(Vec<Vec<Piece>>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Namespace,
    Table,
    UserId,
}

impl Default for PathTemplate {
    fn default() -> PathTemplate {
        let part = |piece| vec![piece];
        PathTemplate(vec![part(Piece::Namespace), part(Piece::Table)])
    }
}

impl PathTemplate {
    /// The template that storages without one have.
    pub const DEFAULT: &'static str = DEFAULT;

    /// Reads and checks a template; 22023.
    pub fn parse(text: &str) -> Result<PathTemplate> {
        if text.starts_with('/') {
            return Err(wrong(text, "A template is relative to the storage's url."));
        }
        let parts = text.split('/').map(|part| match part {
            "" | "." | ".." => Err(wrong(text, "No part of a path is empty, \".\" or \"..\".")),
            part => pieces(text, part),
        });
        Ok(PathTemplate(parts.collect::<Result<_>>()?))
    }

    /// The path of a table's files. A segment holds the rows of many users, so parts of the path that
    /// name one are left out.
    pub fn expand(&self, namespace: &str, table: &str) -> String {
        let of_no_user = self.0.iter().filter(|part| !part.contains(&Piece::UserId));
        let expanded = of_no_user.map(|part| {
            let piece = |piece: &Piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Namespace => encode_name(namespace),
                Piece::Table => encode_name(table),
                Piece::UserId => String::new(),
            };
            part.iter().map(piece).collect::<String>()
        });
        expanded.collect::<Vec<_>>().join("/")
    }
}

/// The pieces of one part between slashes.
fn pieces(template: &str, part: &str) -> Result<Vec<Piece>> {
    const HINT: &str = "Placeholders are {namespace}, {table} and {user_id}.";
    let mut pieces = Vec::new();
    let mut rest = part;
    while let Some((text, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { return Err(wrong(template, HINT)) };
        push_text(&mut pieces, template, text)?;
        pieces.push(match name {
            "namespace" => Piece::Namespace,
            "table" => Piece::Table,
            "user_id" => Piece::UserId,
            _ => return Err(wrong(template, HINT)),
        });
        rest = after;
    }
    push_text(&mut pieces, template, rest)?;
    Ok(pieces)
}

fn push_text(pieces: &mut Vec<Piece>, template: &str, text: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.=".contains(c);
    if !text.chars().all(plain) {
        let hint =
            "Besides placeholders there may be letters, digits, \"_\", \"-\", \".\" and \"=\".";
        return Err(wrong(template, hint));
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
    Ok(())
}

fn wrong(template: &str, hint: &str) -> PgError {
    let message = format!("invalid path template: \"{template}\"");
    PgError::new(code::INVALID_PARAMETER_VALUE, message).hint(hint)
}

/// A name as a part of a path.
fn encode_name(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' => encoded.push(byte.into()),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_below_the_storage() {
        let expand = |template: &str, namespace, table| {
            PathTemplate::parse(template).unwrap().expand(namespace, table)
        };
        assert_eq!(expand("a/{namespace}.{table}/v=1", "public", "t"), "a/public.t/v=1");
        assert_eq!(expand("{namespace}/{table}", "..", "../x/é"), "%2E%2E/%2E%2E%2Fx%2F%C3%A9");
        assert_eq!(expand("{table}/{user_id}/x", "s", "t"), "t/x");
        assert_eq!(PathTemplate::parse(PathTemplate::DEFAULT).unwrap(), PathTemplate::default());
    }

    #[test]
    fn templates_that_escape_are_refused() {
        for template in
            ["", "/a", "a//b", "a/", "../a", "a/./b", "{db}", "{table", "a b", "a%2Fb", "a\\b"]
        {
            let error = PathTemplate::parse(template).unwrap_err();
            assert_eq!(error.code(), code::INVALID_PARAMETER_VALUE, "{template}");
            assert!(error.hint_text().is_some(), "{template}");
        }
    }
}
