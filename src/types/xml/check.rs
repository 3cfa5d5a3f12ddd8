//! Whether a text is well-formed XML 1.0 (fifth edition, chapter 2).
//!
//! A scanner with a stack of open elements. It reports in libxml2's words, which PostgreSQL passes on: what
//! is wrong, and where. Entities other than the five predefined ones are undefined, since a document type
//! may not declare any ([`has_internal_subset`]); prefixes need no declaration, as PostgreSQL has it.
//!
//! Library parsers are no help here: quick-xml lets much pass that XML forbids (names, characters,
//! references), and roxmltree insists on declared prefixes.

use super::names::{is_name_char, is_name_start};

/// What is wrong, and the byte where the parser stood.
pub(super) type Fault = (String, usize);

type Checked = std::result::Result<(), Vec<Fault>>;

/// Checks that a text is a document: one element, with comments and processing instructions around it.
pub(super) fn document(text: &str) -> Checked {
    let mut scanner = Scanner { text, at: 0, open: Vec::new() };
    if text.is_empty() {
        let messages = ["switching encoding : no input", "Document is empty"];
        return Err(messages.map(|message| (message.to_owned(), 0)).to_vec());
    }
    if let Ok((_, length)) = super::Declaration::read(text) {
        scanner.at = length;
    }
    scanner.misc(true)?;
    if !scanner.rest().starts_with('<') {
        return scanner.fault("Start tag expected, '<' not found");
    }
    scanner.start_tag()?;
    while !scanner.open.is_empty() {
        scanner.item()?;
    }
    scanner.misc(false)?;
    match scanner.rest().is_empty() {
        true => Ok(()),
        false => scanner.fault("Extra content at the end of the document"),
    }
}

/// Checks that what follows a declaration of some bytes is content.
pub(super) fn content(text: &str, declaration: usize) -> Checked {
    let text = &text[declaration..];
    let mut scanner = Scanner { text, at: 0, open: Vec::new() };
    while !scanner.rest().is_empty() || !scanner.open.is_empty() {
        if scanner.open.is_empty() && scanner.rest().starts_with("</") {
            return scanner.fault("chunk is not well balanced");
        }
        scanner.item()?;
    }
    Ok(())
}

/// Whether a document type comes before anything but blanks, comments and processing instructions.
pub(super) fn begins_with_doctype(text: &str) -> bool {
    let mut scanner = Scanner { text, at: 0, open: Vec::new() };
    scanner.misc(false).is_ok() && scanner.rest().starts_with(DOCTYPE)
}

/// Whether a document type has declarations in it, which are not read.
pub(super) fn has_internal_subset(text: &str) -> bool {
    let declaration = super::Declaration::read(text).map_or(0, |(_, length)| length);
    let mut scanner = Scanner { text, at: declaration, open: Vec::new() };
    if scanner.misc(false).is_err() {
        return false;
    }
    let doctype = scanner.rest().strip_prefix(DOCTYPE);
    doctype.is_some_and(|rest| rest.find(['[', '>']).is_some_and(|at| rest[at..].starts_with('[')))
}

const DOCTYPE: &str = "<!DOCTYPE";

/// The faults as libxml2 prints them: the line, and a mark below where the parser stood.
pub(super) fn detail(text: &str, faults: &[Fault]) -> String {
    let shown = faults.iter().map(|(message, at)| {
        let before = &text[..*at];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[start..].lines().next().unwrap_or_default();
        let (number, column) = (before.matches('\n').count() + 1, at - start);
        format!("line {number}: {message}\n{line}\n{:column$}^", "")
    });
    shown.collect::<Vec<_>>().join("\n")
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    /// Open elements and the lines that they begin in.
    open: Vec<(&'t str, usize)>,
}

impl<'t> Scanner<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn line(&self) -> usize {
        self.text[..self.at].matches('\n').count() + 1
    }

    fn fault<T>(&self, message: impl Into<String>) -> std::result::Result<T, Vec<Fault>> {
        Err(vec![(message.into(), self.at)])
    }

    fn skip_blanks(&mut self) -> bool {
        let rest = self.rest();
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        self.at += blanks;
        blanks > 0
    }

    /// A name; empty where there is none.
    fn name(&mut self) -> &'t str {
        let rest = self.rest();
        let length = match rest.chars().next() {
            Some(c) if is_name_start(c) => rest.find(|c| !is_name_char(c)).unwrap_or(rest.len()),
            _ => 0,
        };
        self.at += length;
        &rest[..length]
    }

    /// Blanks, comments and processing instructions, and a document type where there may be one.
    fn misc(&mut self, may_have_doctype: bool) -> Checked {
        loop {
            self.skip_blanks();
            let rest = self.rest();
            if rest.starts_with("<!--") {
                self.comment()?;
            } else if rest.starts_with("<?") {
                self.instruction()?;
            } else if may_have_doctype && rest.starts_with(DOCTYPE) {
                self.doctype()?;
                return self.misc(false);
            } else {
                return Ok(());
            }
        }
    }

    /// What an element may contain, one piece of it.
    fn item(&mut self) -> Checked {
        let rest = self.rest();
        if rest.is_empty() {
            let (name, line) = self.open.last().copied().unwrap_or_default();
            return self.fault(format!("Premature end of data in tag {name} line {line}"));
        }
        if rest.starts_with("<!--") {
            self.comment()
        } else if rest.starts_with("<![CDATA[") {
            self.cdata()
        } else if rest.starts_with("<?") {
            self.instruction()
        } else if rest.starts_with("</") {
            self.end_tag()
        } else if rest.starts_with('<') {
            self.start_tag()
        } else if rest.starts_with('&') {
            self.reference()
        } else {
            self.characters()
        }
    }

    fn characters(&mut self) -> Checked {
        let rest = self.rest();
        let length = rest.find(['<', '&']).unwrap_or(rest.len());
        if let Some(at) = rest[..length].find("]]>") {
            self.at += at;
            return self.fault("Sequence ']]>' not allowed in content");
        }
        self.allowed(length, "PCDATA invalid Char value")
    }

    /// Passes over some bytes, all of whose characters XML must allow.
    fn allowed(&mut self, length: usize, message: &str) -> Checked {
        let passed = &self.rest()[..length];
        if let Some((at, c)) = passed.char_indices().find(|(_, c)| !is_char(*c)) {
            self.at += at;
            return self.fault(format!("{message} {}", u32::from(c)));
        }
        self.at += length;
        Ok(())
    }

    fn comment(&mut self) -> Checked {
        let start = self.at;
        self.at += "<!--".len();
        let Some(length) = self.rest().find("--") else {
            self.at = self.text.len();
            return self.fault("Comment not terminated ");
        };
        self.allowed(length, "xmlParseComment: invalid xmlChar value")?;
        if !self.rest().starts_with("-->") {
            let shown = &self.text[start..self.at];
            return self.fault(format!("Double hyphen within comment: {shown}"));
        }
        self.at += "-->".len();
        Ok(())
    }

    fn cdata(&mut self) -> Checked {
        self.at += "<![CDATA[".len();
        let Some(length) = self.rest().find("]]>") else {
            self.at = self.text.len();
            return self.fault("CData section not finished\n");
        };
        self.allowed(length, "CData invalid Char value")?;
        self.at += "]]>".len();
        Ok(())
    }

    fn instruction(&mut self) -> Checked {
        self.at += "<?".len();
        let name = self.name();
        if name.is_empty() {
            return self.fault("xmlParsePI : no target name");
        }
        if name.eq_ignore_ascii_case("xml") {
            return self.fault("XML declaration allowed only at the start of the document");
        }
        if !self.rest().starts_with("?>") && !self.skip_blanks() {
            return self.fault(format!("ParsePI: PI {name} space expected"));
        }
        let Some(length) = self.rest().find("?>") else {
            self.at = self.text.len();
            return self.fault(format!("ParsePI: PI {name} never end ..."));
        };
        self.allowed(length, "invalid xmlChar value")?;
        self.at += "?>".len();
        Ok(())
    }

    /// `<!DOCTYPE name>`, with the places of its declarations, of which nothing is read.
    fn doctype(&mut self) -> Checked {
        self.at += DOCTYPE.len();
        if !self.skip_blanks() {
            return self.fault("Space required after '<!DOCTYPE'");
        }
        if self.name().is_empty() {
            return self.fault("xmlParseDocTypeDecl : no DOCTYPE name !");
        }
        self.skip_blanks();
        let literals = match self.rest() {
            rest if rest.starts_with("SYSTEM") => 1,
            rest if rest.starts_with("PUBLIC") => 2,
            _ => 0,
        };
        if literals > 0 {
            self.at += "SYSTEM".len();
        }
        for _ in 0..literals {
            if !self.skip_blanks() {
                return self.fault("Space required after the Public Identifier");
            }
            let rest = self.rest();
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
            let Some(end) = quote.and_then(|quote| rest[1..].find(quote)) else {
                return self.fault("SystemLiteral \" or ' expected");
            };
            self.at += end + 2;
        }
        self.skip_blanks();
        if !self.rest().starts_with('>') {
            return self.fault("DOCTYPE improperly terminated");
        }
        self.at += 1;
        Ok(())
    }

    fn start_tag(&mut self) -> Checked {
        let line = self.line();
        self.at += 1;
        let name = self.name();
        if name.is_empty() {
            return self.fault("StartTag: invalid element name");
        }
        let mut attributes: Vec<&str> = Vec::new();
        loop {
            let blanks = self.skip_blanks();
            if self.rest().starts_with('>') {
                self.at += 1;
                self.open.push((name, line));
                return Ok(());
            }
            if self.rest().starts_with("/>") {
                self.at += 2;
                return Ok(());
            }
            let unfinished = format!("Couldn't find end of Start Tag {name} line {line}");
            if !self.rest().starts_with(is_name_start) {
                return self.fault(unfinished);
            }
            if !blanks {
                let faults = ["attributes construct error".to_owned(), unfinished];
                return Err(faults.map(|message| (message, self.at)).to_vec());
            }
            let attribute = self.attribute().map_err(|mut faults| {
                let at = faults.last().map_or(self.at, |(_, at)| *at);
                faults.push(("attributes construct error".to_owned(), at));
                faults.push((unfinished, at));
                faults
            })?;
            if attributes.contains(&attribute) {
                return self.fault(format!("Attribute {attribute} redefined"));
            }
            attributes.push(attribute);
        }
    }

    /// `name = "value"`; gives the name.
    fn attribute(&mut self) -> std::result::Result<&'t str, Vec<Fault>> {
        let name = self.name();
        self.skip_blanks();
        if !self.rest().starts_with('=') {
            let message = format!("Specification mandates value for attribute {name}");
            return self.fault(message);
        }
        self.at += 1;
        self.skip_blanks();
        let Some(quote) = self.rest().chars().next().filter(|c| matches!(c, '"' | '\'')) else {
            return self.fault("AttValue: \" or ' expected");
        };
        self.at += 1;
        loop {
            let rest = self.rest();
            let length = rest.find(['<', '&', quote]).unwrap_or(rest.len());
            self.allowed(length, "invalid character in attribute value")?;
            match self.rest().chars().next() {
                Some('&') => self.reference()?,
                Some('<') => {
                    return self.fault("Unescaped '<' not allowed in attributes values");
                }
                Some(_) => break,
                None => return self.fault("AttValue: ' expected"),
            }
        }
        self.at += 1;
        Ok(name)
    }

    fn end_tag(&mut self) -> Checked {
        self.at += 2;
        let name = self.name();
        self.skip_blanks();
        if !self.rest().starts_with('>') {
            return self.fault("expected '>'");
        }
        self.at += 1;
        match self.open.pop() {
            Some((open, _)) if open == name => Ok(()),
            Some((open, line)) => self
                .fault(format!("Opening and ending tag mismatch: {open} line {line} and {name}")),
            None => self.fault("chunk is not well balanced"),
        }
    }

    /// `&lt;`, `&#65;` or `&#x41;`.
    fn reference(&mut self) -> Checked {
        self.at += 1;
        if self.rest().starts_with('#') {
            return self.character_reference();
        }
        let name = self.name();
        if name.is_empty() {
            return self.fault("xmlParseEntityRef: no name");
        }
        if !self.rest().starts_with(';') {
            return self.fault("EntityRef: expecting ';'");
        }
        self.at += 1;
        match name {
            "lt" | "gt" | "amp" | "apos" | "quot" => Ok(()),
            _ => self.fault(format!("Entity '{name}' not defined")),
        }
    }

    fn character_reference(&mut self) -> Checked {
        self.at += 1;
        let (radix, kind) = match self.rest().starts_with('x') {
            true => (16, "xmlParseCharRef: invalid hexadecimal value"),
            false => (10, "xmlParseCharRef: invalid decimal value"),
        };
        self.at += usize::from(radix == 16);
        let rest = self.rest();
        let length = rest.find(|c: char| !c.is_digit(radix)).unwrap_or(rest.len());
        self.at += length;
        if length == 0 || !self.rest().starts_with(';') {
            return self.fault(kind);
        }
        self.at += 1;
        // What is too long for a number is no character either.
        let value = u32::from_str_radix(&rest[..length], radix).unwrap_or(u32::MAX);
        match char::from_u32(value).filter(|c| is_char(*c)) {
            Some(_) => Ok(()),
            None => self.fault(format!("xmlParseCharRef: invalid xmlChar value {value}")),
        }
    }
}

/// Whether XML allows a character (production 2).
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}
