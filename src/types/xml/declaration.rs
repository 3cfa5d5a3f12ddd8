//! `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` (`parse_xml_decl`, `print_xml_decl`).

use super::names::is_name_char;

/// What a value without a declaration has.
const VERSION_DEFAULT: &str = "1.0";

/// What a declaration says; nothing of it where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declaration {
    pub version: Option<String>,
    pub standalone: Option<bool>,
}

const SPACE_REQUIRED: &str = "Space required.";
const NO_VERSION: &str = "Malformed declaration: missing version.";
const NO_ENCODING: &str = "Missing encoding in text declaration.";
const NO_STANDALONE: &str = "standalone accepts only 'yes' or 'no'.";
const NO_END: &str = "Parsing XML declaration: '?>' expected.";
const INVALID_CHAR: &str = "Invalid character value.";

impl Declaration {
    /// Reads the declaration that a text begins with; how many bytes it takes. An error says what is
    /// wrong with it.
    pub fn read(text: &str) -> Result<(Declaration, usize), &'static str> {
        let mut found = Declaration::default();
        let Some(rest) = text.strip_prefix("<?xml") else { return Ok((found, 0)) };
        // A processing instruction whose name only begins so.
        if rest.starts_with(is_name_char) {
            return Ok((found, 0));
        }
        let rest = attribute(rest, "version", NO_VERSION)?.ok_or(NO_VERSION)?;
        let (version, mut rest) = quoted(rest).ok_or(NO_VERSION)?;
        found.version = Some(version.to_owned());
        if let Some(after) = attribute(rest, "encoding", NO_ENCODING)? {
            rest = quoted(after).ok_or(NO_ENCODING)?.1;
        }
        if let Some(after) = attribute(rest, "standalone", NO_STANDALONE)? {
            let (value, after) = quoted(after).ok_or(NO_STANDALONE)?;
            found.standalone = Some(match value {
                "yes" => true,
                "no" => false,
                _ => return Err(NO_STANDALONE),
            });
            rest = after;
        }
        let rest = skip(rest).strip_prefix("?>").ok_or(NO_END)?;
        let length = text.len() - rest.len();
        match text[..length].is_ascii() {
            true => Ok((found, length)),
            false => Err(INVALID_CHAR),
        }
    }

    /// Writes what differs from the default; whether there was anything.
    pub fn write(&self, out: &mut String) -> bool {
        let version = self.version.as_deref();
        if version.is_none_or(|version| version == VERSION_DEFAULT) && self.standalone.is_none() {
            return false;
        }
        out.push_str("<?xml version=\"");
        out.push_str(version.unwrap_or(VERSION_DEFAULT));
        out.push('"');
        match self.standalone {
            Some(true) => out.push_str(" standalone=\"yes\""),
            Some(false) => out.push_str(" standalone=\"no\""),
            None => {}
        }
        out.push_str("?>");
        true
    }
}

fn skip(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\r', '\n'])
}

/// What follows `name =`, which blanks must precede; `None`: something else is there.
fn attribute<'t>(
    text: &'t str,
    name: &str,
    malformed: &'static str,
) -> Result<Option<&'t str>, &'static str> {
    let Some(rest) = skip(text).strip_prefix(name) else {
        return match name {
            "version" if skip(text).len() == text.len() => Err(SPACE_REQUIRED),
            _ => Ok(None),
        };
    };
    if skip(text).len() == text.len() {
        return Err(SPACE_REQUIRED);
    }
    skip(rest).strip_prefix('=').map(|rest| Some(skip(rest))).ok_or(malformed)
}

fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    text[1..].split_once(quote)
}
