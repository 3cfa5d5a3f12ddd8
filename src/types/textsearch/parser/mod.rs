//! The default parser of text search: what kinds of tokens a text is made of (manual, 12.5).
//!
//! Each kind has a function that goes on from the first characters of such a token; it gives the token, or
//! `None` where the text turns out to be something else, and whoever called it tries the next kind. Some
//! tokens are read twice: a URL is followed by its host and path, a hyphenated word by its parts.
//!
//! ```text
//! ab12.de/x   url 'ab12.de/x', host 'ab12.de', url_path '/x'
//! up-to-date  asciihword 'up-to-date', hword_asciipart 'up', blank '-', hword_asciipart 'to', …
//! ```
//!
//! As in a database with LC_CTYPE C, every character beyond ASCII is a letter.

mod file;
mod host;
mod hyphen;
mod number;
mod tag;

/// `tokid`, from 1; the names are those of `ts_token_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    AsciiWord = 1,
    Word,
    NumWord,
    Email,
    Url,
    Host,
    Scientific,
    Version,
    NumHyphenPart,
    HyphenPart,
    AsciiHyphenPart,
    Blank,
    Tag,
    Protocol,
    NumHyphenWord,
    AsciiHyphenWord,
    HyphenWord,
    UrlPath,
    File,
    Decimal,
    SignedInt,
    UnsignedInt,
    Entity,
}

/// A piece of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'t> {
    pub kind: Kind,
    pub text: &'t str,
}

/// What the next token is expected to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Anything,
    /// The path of the URL whose host was just given.
    UrlPath,
    /// A part of the hyphenated word that was just given.
    HyphenPart,
}

/// A token that was found.
#[derive(Clone, Copy, Debug)]
struct Found {
    kind: Kind,
    /// The place behind it.
    end: usize,
    next: Next,
    /// The next token begins where this one does.
    again: bool,
}

impl Found {
    fn new(kind: Kind, end: usize) -> Found {
        Found { kind, end, next: Next::Anything, again: false }
    }
}

/// Gives the tokens of a text.
pub struct Parser<'t> {
    text: &'t str,
    chars: Vec<(usize, char)>,
    at: usize,
    next: Next,
    /// Within `<script>` or `<style>`: all is blank up to the closing tag.
    ignore: bool,
    /// A host is wanted, not what could follow from it: the path of a URL comes next, or this looks at
    /// what follows `@`.
    want_host: bool,
    /// Where the token begins that is being read.
    start: usize,
}

impl<'t> Parser<'t> {
    pub fn new(text: &'t str) -> Parser<'t> {
        Parser {
            text,
            chars: text.char_indices().collect(),
            at: 0,
            next: Next::Anything,
            ignore: false,
            want_host: false,
            start: 0,
        }
    }

    fn peek(&self, at: usize) -> Option<char> {
        self.chars.get(at).map(|(_, c)| *c)
    }

    fn byte(&self, at: usize) -> usize {
        self.chars.get(at).map_or(self.text.len(), |(byte, _)| *byte)
    }

    /// The first place from `at` on whose character does not pass a test.
    fn past(&self, mut at: usize, test: impl Fn(char) -> bool) -> usize {
        while self.peek(at).is_some_and(&test) {
            at += 1;
        }
        at
    }

    fn find(&mut self) -> Option<Found> {
        if self.at >= self.chars.len() {
            return None;
        }
        self.start = self.at;
        Some(match self.next {
            Next::Anything => self.anything(self.at),
            Next::UrlPath => self.url_path(self.at + 1),
            Next::HyphenPart => self.hyphen_part(self.at),
        })
    }

    fn anything(&mut self, at: usize) -> Found {
        let c = self.peek(at);
        if c == Some('<')
            && let Some(found) = self.tag(at + 1)
        {
            return found;
        }
        if self.ignore {
            return self.blank(at + 1);
        }
        let found = match c {
            Some(c) if is_ascii_letter(c) => Some(self.ascii_word(at + 1)),
            Some(c) if is_letter(c) => Some(self.word(at + 1)),
            Some(c) if is_digit(c) => Some(self.unsigned(at + 1)),
            Some('-' | '+') => self.signed_first(at + 1),
            Some('&') => self.entity(at + 1),
            Some('~') => self.file_after_tilde(at + 1),
            Some('/') => self.file_first(at + 1),
            Some('.') => self.path_after_dot(at + 1),
            _ => None,
        };
        found.unwrap_or_else(|| self.blank(at + 1))
    }

    fn ascii_word(&mut self, at: usize) -> Found {
        let at = self.past(at, is_ascii_letter);
        let found = match self.peek(at) {
            Some('.') => self.host_first_domain(at + 1).or_else(|| self.file_next(at + 1)),
            Some('-') => self.host_next(at + 1).or_else(|| self.hyphen_ascii_first(at + 1)),
            Some('_') => self.host_next(at + 1),
            Some('@') => self.email(at + 1),
            Some(':') => self.protocol(at + 1),
            Some('/') => self.file_first(at + 1),
            Some(c) if is_digit(c) => {
                let host = self.host(at + 1);
                Some(host.unwrap_or_else(|| self.num_word(at + 1)))
            }
            Some(c) if is_letter(c) => Some(self.word(at + 1)),
            _ => None,
        };
        found.unwrap_or(Found::new(Kind::AsciiWord, at))
    }

    fn word(&mut self, at: usize) -> Found {
        let at = self.past(at, is_letter);
        let found = match self.peek(at) {
            Some(c) if is_digit(c) => Some(self.num_word(at + 1)),
            Some('-') => self.hyphen_word_first(at + 1),
            _ => None,
        };
        found.unwrap_or(Found::new(Kind::Word, at))
    }

    fn num_word(&mut self, at: usize) -> Found {
        let at = self.past(at, is_alphanumeric);
        let found = match self.peek(at) {
            Some('@') => self.email(at + 1),
            Some('/') => self.file_first(at + 1),
            Some('.') => self.file_next(at + 1),
            Some('-') => self.hyphen_num_first(at + 1),
            _ => None,
        };
        found.unwrap_or(Found::new(Kind::NumWord, at))
    }

    /// Blanks, and all that begins nothing else.
    fn blank(&mut self, mut at: usize) -> Found {
        while let Some(c) = self.peek(at) {
            let ends = match c {
                '<' => true,
                _ if self.ignore => false,
                '-' | '+' | '&' | '/' => true,
                c => is_alphanumeric(c),
            };
            if ends {
                break;
            }
            at += 1;
        }
        Found::new(Kind::Blank, at)
    }

    /// `&amp;` or `&#65;`
    fn entity(&mut self, at: usize) -> Option<Found> {
        let end = match self.peek(at)? {
            '#' => match self.peek(at + 1)? {
                'x' | 'X' => self.some(at + 2, |c| c.is_ascii_hexdigit())?,
                _ => self.some(at + 1, is_digit)?,
            },
            c if is_ascii_letter(c) || matches!(c, ':' | '_') => {
                self.past(at, |c| is_alphanumeric(c) || matches!(c, ':' | '_' | '.' | '-'))
            }
            _ => return None,
        };
        (self.peek(end)? == ';').then(|| Found::new(Kind::Entity, end + 1))
    }

    /// The place behind one or more characters that pass a test.
    fn some(&self, at: usize, test: impl Fn(char) -> bool) -> Option<usize> {
        let end = self.past(at, test);
        (end > at).then_some(end)
    }
}

impl<'t> Iterator for Parser<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        let found = self.find()?;
        let text = &self.text[self.byte(self.start)..self.byte(found.end)];
        self.at = if found.again { self.start } else { found.end };
        self.next = found.next;
        Some(Token { kind: found.kind, text })
    }
}

fn is_ascii_letter(c: char) -> bool {
    c.is_ascii_alphabetic()
}

fn is_letter(c: char) -> bool {
    is_ascii_letter(c) || !c.is_ascii()
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn is_alphanumeric(c: char) -> bool {
    is_letter(c) || is_digit(c)
}

fn is_ascii_alphanumeric(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<(u8, &str)> {
        Parser::new(text).map(|token| (token.kind as u8, token.text)).collect()
    }

    /// What PostgreSQL 15's `ts_parse` gives.
    #[test]
    fn tokens_are_postgresqls() {
        assert_eq!(
            tokens("http://a_b.co/x_y?z=1 a-b_c.de"),
            [
                (14, "http://"),
                (5, "a_b.co/x_y?z=1"),
                (6, "a_b.co"),
                (18, "/x_y?z=1"),
                (12, " "),
                (6, "a-b_c.de")
            ]
        );
        assert_eq!(
            tokens("x_y@foo.com 1_2.3 a.b_c.d/e"),
            [
                (4, "x_y@foo.com"),
                (12, " "),
                (22, "1"),
                (12, "_"),
                (20, "2.3"),
                (12, " "),
                (19, "a.b_c.d/e")
            ]
        );
    }
}
