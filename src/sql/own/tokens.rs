//! PostgreSQL's tokens (manual, 4.1), as far as statements of our own and the ends of others need them.
//!
//! Quotes, dollar quotes and nested comments are read as PostgreSQL reads them, so that a semicolon is
//! found where PostgreSQL finds one. Operators come character by character: nothing here needs more.

use crate::error::{PgError, code};

/// What a token is; its text is the slice it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An unquoted identifier or key word, in lower case and cut to PostgreSQL's length.
    Word(String),
    /// A quoted identifier.
    Quoted(String),
    /// The value of a string constant.
    Text(String),
    Number,
    Symbol(u8),
    /// What the scanner refuses.
    Bad(&'static str),
    End,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: Kind,
    /// Byte offsets into the text.
    pub start: usize,
    pub end: usize,
}

impl Token {
    pub fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, Kind::Word(w) if w == word)
    }

    pub fn is_symbol(&self, symbol: u8) -> bool {
        self.kind == Kind::Symbol(symbol)
    }

    /// PostgreSQL's syntax error at this token of `text`.
    pub fn error(&self, text: &str) -> PgError {
        let at = i32::try_from(self.start).unwrap_or(-1);
        let near = text.get(self.start..self.end).unwrap_or_default();
        let message = match &self.kind {
            Kind::End => "syntax error at end of input".to_owned(),
            Kind::Bad(what) => format!("{what} at or near \"{near}\""),
            _ => format!("syntax error at or near \"{near}\""),
        };
        PgError::new(code::SYNTAX_ERROR, message).at(at)
    }
}

/// PostgreSQL cuts names to this many bytes (`NAMEDATALEN` - 1).
const NAME_BYTES_MAX: usize = 63;

/// Reads tokens one after the other.
pub(super) struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Tokens<'t> {
    pub fn new(text: &'t str) -> Tokens<'t> {
        Tokens::from(text, 0)
    }

    /// The same from a byte offset on, where a token begins.
    pub fn from(text: &'t str, at: usize) -> Tokens<'t> {
        Tokens { text, at }
    }

    /// The next token; [`Kind::End`] for ever after the last.
    pub fn next(&mut self) -> Token {
        let start = match self.skip_blank() {
            Ok(()) => self.at,
            Err(comment) => {
                self.at = self.text.len();
                return self.token(Kind::Bad("unterminated /* comment"), comment);
            }
        };
        let Some(&first) = self.rest().first() else { return self.token(Kind::End, start) };
        let kind = match first {
            b'\'' => self.string(1, false),
            b'e' | b'E' if self.byte(1) == Some(b'\'') => self.string(2, true),
            b'b' | b'B' | b'x' | b'X' | b'n' | b'N' if self.byte(1) == Some(b'\'') => {
                // A bit string or a national string: nothing of ours takes one.
                match self.string(2, false) {
                    Kind::Text(_) => Kind::Symbol(first),
                    bad => bad,
                }
            }
            b'u' | b'U' if self.rest().get(1..3) == Some(b"&'") => match self.string(3, false) {
                Kind::Text(_) => Kind::Symbol(first),
                bad => bad,
            },
            b'"' => self.quoted(),
            b'$' => self.dollar(),
            b'0'..=b'9' => self.number(),
            b'.' if self.byte(1).is_some_and(|b| b.is_ascii_digit()) => self.number(),
            b if starts_word(b) => self.word(),
            symbol => {
                self.at += 1;
                Kind::Symbol(symbol)
            }
        };
        self.token(kind, start)
    }

    fn token(&self, kind: Kind, start: usize) -> Token {
        Token { kind, start, end: self.at }
    }

    fn rest(&self) -> &'t [u8] {
        &self.text.as_bytes()[self.at..]
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.rest().get(ahead).copied()
    }

    /// Skips white space and comments; where an unterminated comment begins.
    fn skip_blank(&mut self) -> Result<(), usize> {
        loop {
            match self.rest() {
                [b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' | b'\x0c', ..] => self.at += 1,
                [b'-', b'-', ..] => {
                    let rest = self.rest();
                    let end = rest.iter().position(|b| matches!(b, b'\n' | b'\r'));
                    self.at += end.unwrap_or(rest.len());
                }
                [b'/', b'*', ..] => self.comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn comment(&mut self) -> Result<(), usize> {
        let start = self.at;
        let mut depth = 0usize;
        loop {
            match self.rest() {
                [b'/', b'*', ..] => (depth, self.at) = (depth + 1, self.at + 2),
                [b'*', b'/', ..] => {
                    (depth, self.at) = (depth - 1, self.at + 2);
                    if depth == 0 {
                        return Ok(());
                    }
                }
                [] => return Err(start),
                _ => self.at += 1,
            }
        }
    }

    /// A string constant whose quote is `opening` bytes ahead. Adjacent constants on further lines
    /// belong to it.
    fn string(&mut self, opening: usize, escapes: bool) -> Kind {
        let mut value = Vec::new();
        self.at += opening;
        loop {
            match self.rest() {
                [b'\'', b'\'', ..] => {
                    value.push(b'\'');
                    self.at += 2;
                }
                [b'\'', ..] => {
                    self.at += 1;
                    if !self.continues() {
                        break;
                    }
                }
                [b'\\', escaped, ..] if escapes => {
                    value.push(match escaped {
                        b'n' => b'\n',
                        b't' => b'\t',
                        b'r' => b'\r',
                        b'b' => 8,
                        b'f' => 12,
                        other => *other,
                    });
                    self.at += 2;
                }
                [byte, ..] => {
                    value.push(*byte);
                    self.at += 1;
                }
                [] => return Kind::Bad("unterminated quoted string"),
            }
        }
        String::from_utf8(value).map_or(Kind::Bad("invalid string"), Kind::Text)
    }

    /// Whether another constant follows after white space with a line break; then goes into it.
    fn continues(&mut self) -> bool {
        let rest = self.rest();
        let blank = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        let goes_on = rest[..blank].contains(&b'\n') && rest.get(blank) == Some(&b'\'');
        if goes_on {
            self.at += blank + 1;
        }
        goes_on
    }

    fn quoted(&mut self) -> Kind {
        let mut name = Vec::new();
        self.at += 1;
        loop {
            match self.rest() {
                [b'"', b'"', ..] => {
                    name.push(b'"');
                    self.at += 2;
                }
                [b'"', ..] => {
                    self.at += 1;
                    break;
                }
                [byte, ..] => {
                    name.push(*byte);
                    self.at += 1;
                }
                [] => return Kind::Bad("unterminated quoted identifier"),
            }
        }
        match String::from_utf8(name) {
            Ok(name) if name.is_empty() => Kind::Bad("zero-length delimited identifier"),
            Ok(name) => Kind::Quoted(cut(name)),
            Err(_) => Kind::Bad("invalid identifier"),
        }
    }

    /// `$tag$ … $tag$`, or a parameter.
    fn dollar(&mut self) -> Kind {
        let rest = self.rest();
        let tag = 1 + rest[1..].iter().take_while(|b| continues_word(**b) && **b != b'$').count();
        let is_tag = rest.get(tag) == Some(&b'$') && !rest[1].is_ascii_digit();
        if !is_tag {
            self.at += tag;
            return Kind::Symbol(b'$');
        }
        let (mark, body) = rest.split_at(tag + 1);
        match body.windows(mark.len()).position(|window| window == mark) {
            Some(length) => {
                let value = String::from_utf8_lossy(&body[..length]).into_owned();
                self.at += mark.len() + length + mark.len();
                Kind::Text(value)
            }
            None => {
                self.at = self.text.len();
                Kind::Bad("unterminated dollar-quoted string")
            }
        }
    }

    fn number(&mut self) -> Kind {
        let rest = self.rest();
        self.at += rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'.').count();
        Kind::Number
    }

    fn word(&mut self) -> Kind {
        let rest = self.rest();
        let length = rest.iter().take_while(|b| continues_word(**b)).count();
        let word = &self.text[self.at..self.at + length];
        self.at += length;
        Kind::Word(cut(word.to_ascii_lowercase()))
    }
}

fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn continues_word(byte: u8) -> bool {
    starts_word(byte) || byte.is_ascii_digit() || byte == b'$'
}

/// A name as PostgreSQL keeps it, cut between characters.
fn cut(mut name: String) -> String {
    if name.len() > NAME_BYTES_MAX {
        let end = (0..=NAME_BYTES_MAX).rev().find(|at| name.is_char_boundary(*at));
        name.truncate(end.unwrap_or(0));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<Kind> {
        let mut tokens = Tokens::new(text);
        let mut kinds = Vec::new();
        loop {
            match tokens.next().kind {
                Kind::End => return kinds,
                bad @ Kind::Bad(_) => {
                    kinds.push(bad);
                    return kinds;
                }
                kind => kinds.push(kind),
            }
        }
    }

    fn word(word: &str) -> Kind {
        Kind::Word(word.to_owned())
    }

    fn text(text: &str) -> Kind {
        Kind::Text(text.to_owned())
    }

    #[test]
    fn tokens_are_postgresqls() {
        assert_eq!(
            all("Kill /* a /* b */ */ JOB 'it''s' -- c\n ; 1.5"),
            [word("kill"), word("job"), text("it's"), Kind::Symbol(b';'), Kind::Number]
        );
        assert_eq!(all(r"E'a\'b\n'"), [text("a'b\n")]);
        assert_eq!(all("'a'\n 'b' 'c'"), [text("ab"), text("c")]);
        assert_eq!(all("$x$ ; $$ $x$"), [text(" ; $$ ")]);
        assert_eq!(all("\"A\"\"b\""), [Kind::Quoted("A\"b".to_owned())]);
        assert_eq!(all("x'1'"), [Kind::Symbol(b'x')]);
        assert_eq!(all(&"ä".repeat(40)), [word(&"ä".repeat(31))]);
    }

    #[test]
    fn what_has_no_end_is_named() {
        for (wrong, message) in [
            ("'a", "unterminated quoted string at or near \"'a\""),
            ("\"a", "unterminated quoted identifier at or near \"\"a\""),
            ("/* a", "unterminated /* comment at or near \"/* a\""),
            ("$$ a", "unterminated dollar-quoted string at or near \"$$ a\""),
        ] {
            assert_eq!(Tokens::new(wrong).next().error(wrong).message(), message);
        }
    }
}
