//! Access list items from text: `alice=r*w/postgres`, `group "a b"=X/postgres` (`aclparse`, `acl.c`).

use super::Env;
use super::acl_items::PRIVILEGES;
use crate::catalog::Role;
use crate::catalog::acl::{self, item};
use crate::error::{PgError, Result, code};
use crate::types::Datum;
use std::borrow::Cow;

fn error(message: impl Into<Cow<'static, str>>) -> PgError {
    PgError::new(code::INVALID_TEXT_REPRESENTATION, message)
}

fn skip_space(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\x0b')
}

/// A name, with quotes where it needs them, and what follows it and white space.
fn name(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut quoted = false;
    let mut rest = skip_space(text);
    while let Some(c) = rest.chars().next() {
        if c == '"' {
            let doubled = quoted && rest.starts_with("\"\"");
            if doubled {
                name.push('"');
            } else {
                quoted = !quoted;
            }
            rest = &rest[if doubled { 2 } else { 1 }..];
            continue;
        }
        if !quoted && !c.is_ascii_alphanumeric() && c != '_' {
            break;
        }
        name.push(c);
        rest = &rest[c.len_utf8()..];
    }
    (name, skip_space(rest))
}

/// Reads an item.
pub(super) fn text_in(env: &dyn Env, text: &str) -> Result<Datum> {
    let (mut grantee, mut rest) = name(text);
    if !rest.starts_with('=') {
        if grantee != "group" && grantee != "user" {
            return Err(error(format!("unrecognized key word: \"{grantee}\""))
                .hint("ACL key word must be \"group\" or \"user\"."));
        }
        (grantee, rest) = name(rest);
        if grantee.is_empty() {
            return Err(error("missing name")
                .hint("A name must follow the \"group\" or \"user\" key word."));
        }
    }
    let rest = rest.strip_prefix('=').ok_or_else(|| error("missing \"=\" sign"))?;
    let end = rest.find(|c: char| !c.is_ascii_alphabetic() && c != '*').unwrap_or(rest.len());
    let (given, rest) = rest.split_at(end);
    let letters = letters(given)?;
    let role = |name: &str| -> Result<String> {
        let found: Option<&Role> = env.catalog().role_named(name).map(|role| &**role);
        let missing = || {
            let message = format!("role \"{name}\" does not exist");
            PgError::new(code::UNDEFINED_OBJECT, message)
        };
        found.map(|role| role.name.clone()).ok_or_else(missing)
    };
    let grantee = if grantee.is_empty() { None } else { Some(role(&grantee)?) };
    let (grantor, rest) = match rest.strip_prefix('/') {
        Some(after) => {
            let (grantor, rest) = name(after);
            if grantor.is_empty() {
                return Err(error("a name must follow the \"/\" sign"));
            }
            (role(&grantor)?, rest)
        }
        None => {
            let message = "defaulting grantor to user ID 10".to_owned();
            env.session().warning(code::INVALID_GRANTOR, message);
            (acl::role_name(env.catalog(), crate::catalog::builtin::oid::SUPERUSER), rest)
        }
    };
    if !skip_space(rest).is_empty() {
        return Err(error("extra garbage at the end of the ACL specification"));
    }
    Ok(Datum::text(item(grantee.as_deref(), &letters, &grantor)))
}

/// The letters in PostgreSQL's order, each once.
fn letters(given: &str) -> Result<String> {
    let known = |letter: char| PRIVILEGES.iter().any(|(known, _)| *known == letter);
    if !given.chars().all(|letter| letter == '*' || known(letter)) {
        return Err(error("invalid mode character: must be one of \"arwdDxtXUCTcsA\""));
    }
    let mut letters = String::new();
    for (letter, _) in PRIVILEGES {
        if given.contains(letter) {
            letters.push(letter);
            let grantable = format!("{letter}*");
            letters.push_str(if given.contains(&grantable) { "*" } else { "" });
        }
    }
    Ok(letters)
}
