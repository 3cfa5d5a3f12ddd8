//! Tags, comments and declarations of XML and HTML.

use super::{Found, Kind, Parser, is_alphanumeric, is_ascii_letter, is_digit, is_space};

impl Parser<'_> {
    /// Behind `<`.
    pub(super) fn tag(&mut self, at: usize) -> Option<Found> {
        match self.peek(at)? {
            '/' => {
                self.peek(at + 1).filter(|c| is_ascii_letter(*c))?;
                self.tag_name(at + 2)
            }
            '!' => self.comment(at + 1),
            '?' => {
                self.peek(at + 1).filter(|c| *c == 'x')?;
                self.in_tag(at + 2)
            }
            c if is_ascii_letter(c) || matches!(c, ':' | '_') => self.tag_name(at + 1),
            _ => None,
        }
    }

    fn tag_name(&mut self, at: usize) -> Option<Found> {
        let is_name = |c| is_alphanumeric(c) || matches!(c, ':' | '_' | '.' | '-');
        let at = self.past(at, is_name);
        match self.peek(at)? {
            '/' => (self.peek(at + 1)? == '>').then(|| Found::new(Kind::Tag, at + 2)),
            '>' => {
                self.note_script(at);
                Some(Found::new(Kind::Tag, at + 1))
            }
            c if is_space(c) => {
                self.note_script(at);
                self.in_tag(at + 1)
            }
            _ => None,
        }
    }

    /// Attributes, up to the end of the tag.
    fn in_tag(&mut self, mut at: usize) -> Option<Found> {
        loop {
            match self.peek(at)? {
                '>' => {
                    self.note_script(at);
                    return Some(Found::new(Kind::Tag, at + 1));
                }
                quote @ ('\'' | '"') => at = self.quoted(at + 1, quote)?,
                c if is_ascii_letter(c) || is_digit(c) => at += 1,
                '=' | '-' | '_' | '#' | '/' | ':' | '.' | '&' | '?' | '%' | '~' => at += 1,
                c if is_space(c) => {
                    self.note_script(at);
                    at += 1;
                }
                _ => return None,
            }
        }
    }

    /// The place behind a quoted value; a backslash takes the next character along.
    fn quoted(&self, mut at: usize, quote: char) -> Option<usize> {
        loop {
            match self.peek(at)? {
                '\\' => at += 2,
                c if c == quote => return Some(at + 1),
                _ => at += 1,
            }
        }
    }

    /// Behind `<!`: a comment, or a document type.
    fn comment(&mut self, at: usize) -> Option<Found> {
        match self.peek(at)? {
            'D' | 'd' => return self.in_tag(at + 1),
            '-' => {
                self.peek(at + 1).filter(|c| *c == '-')?;
            }
            _ => return None,
        }
        let mut at = at + 2;
        loop {
            // Two hyphens or more, and what ends it.
            let hyphens = self.past(at, |c| c == '-') - at;
            at += hyphens;
            if self.peek(at)? == '>' && hyphens >= 2 {
                return Some(Found::new(Kind::Tag, at + 1));
            }
            at += 1;
        }
    }

    /// Whether what follows is the text of a script or style sheet, as the tag's name says.
    fn note_script(&mut self, at: usize) {
        let token = &self.text[self.byte(self.start)..self.byte(at)];
        match token.to_ascii_lowercase().as_str() {
            "<script" | "<style" => self.ignore = true,
            "</script" | "</style" => self.ignore = false,
            _ => {}
        }
    }
}
