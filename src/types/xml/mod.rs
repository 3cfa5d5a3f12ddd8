//! The type `xml`: a text that is well-formed XML, kept as it was written.
//!
//! A *document* has one root element; *content* is any run of elements and text, so that `a <b/>` is
//! content. [`check()`] tells which it is; [`Declaration`] reads and writes `<?xml version="1.0"?>`, which
//! is shown only where it says something; [`names`] maps SQL's names to XML's.

mod check;
mod declaration;
pub mod names;

pub use declaration::Declaration;

use crate::error::{PgError, Result, code};

/// What a text has to be (`xmloption`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Document,
    Content,
}

/// Fails unless a text is well-formed XML of a kind: 2200M for documents, 2200N for content.
pub fn check(text: &str, kind: Kind) -> Result<()> {
    if check::has_internal_subset(text) {
        return Err(PgError::unsupported("a document type with declarations in it"));
    }
    let found = match kind {
        Kind::Document => check::document(text),
        Kind::Content => {
            let (_, length) = Declaration::read(text).map_err(invalid_declaration)?;
            // With a document type it must be a document.
            match check::begins_with_doctype(&text[length..]) {
                true => check::document(text),
                false => check::content(text, length),
            }
        }
    };
    found.map_err(|faults| {
        let (code, message) = match kind {
            Kind::Document => (code::INVALID_XML_DOCUMENT, "invalid XML document"),
            Kind::Content => (code::INVALID_XML_CONTENT, "invalid XML content"),
        };
        PgError::new(code, message).detail(check::detail(text, &faults))
    })
}

fn invalid_declaration(what: &'static str) -> PgError {
    let message = "invalid XML content: invalid XML declaration";
    PgError::new(code::INVALID_XML_CONTENT, message).detail(what)
}

/// Whether a value is a document; an error only where that cannot be told.
pub fn is_document(text: &str) -> Result<bool> {
    match check(text, Kind::Document) {
        Ok(()) => Ok(true),
        Err(error) if error.code() == code::INVALID_XML_DOCUMENT => Ok(false),
        Err(error) => Err(error),
    }
}

/// A value as it is shown (`xml_out`): without an encoding, and without a declaration that says nothing.
pub fn shown(text: &str) -> String {
    let Ok((declaration, length)) = Declaration::read(text) else { return text.to_owned() };
    let mut out = String::with_capacity(text.len());
    let rest = &text[length..];
    match declaration.write(&mut out) {
        true => out.push_str(rest),
        false => out.push_str(rest.strip_prefix('\n').unwrap_or(rest)),
    }
    out
}

/// Text as the content of an element (`escape_xml`).
pub fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#x0d;"),
            c => out.push(c),
        }
    }
}

/// Text as the value of an attribute, in double quotes.
pub fn escape_attribute(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("&quot;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\r' => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_content_and_not_the_reverse() {
        let of = |text| (check(text, Kind::Document).is_ok(), check(text, Kind::Content).is_ok());
        for text in ["<a/>", "<!-- x --><a b='1'>&lt;&#65;<![CDATA[<]]></a><?p?>", "<é:a/>"] {
            assert_eq!(of(text), (true, true), "{text}");
        }
        for text in ["", "x", "<a/><b/>", "a > b", "<a/>x"] {
            assert_eq!(of(text), (false, true), "{text}");
        }
        for text in ["<a>", "<a></b>", "a & b", "&x;", "<a b/>", "<a b='1' b='2'/>", "<-/>", "]]>"]
        {
            assert_eq!(of(text), (false, false), "{text}");
        }
    }

    #[test]
    fn declarations_that_say_nothing_are_not_shown() {
        assert_eq!(shown("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a/>"), "<a/>");
        assert_eq!(shown("<?xml version='1.1'?>x"), "<?xml version=\"1.1\"?>x");
        assert_eq!(shown("<?xml-model?>"), "<?xml-model?>");
    }
}
