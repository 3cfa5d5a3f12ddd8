//! Hosts, and what has one in it: email addresses and URLs.

use super::{Found, Kind, Next, Parser, is_ascii_alphanumeric, is_ascii_letter, is_digit};

impl Parser<'_> {
    /// Behind the point that ends a label.
    pub(super) fn host_first_domain(&mut self, at: usize) -> Option<Found> {
        match self.peek(at)? {
            c if is_ascii_letter(c) => self.host_second(at + 1),
            c if is_digit(c) => self.host(at + 1),
            _ => None,
        }
    }

    /// Behind the first letter of a label, which may be the last label from its second letter on.
    fn host_second(&mut self, at: usize) -> Option<Found> {
        match self.peek(at)? {
            c if is_ascii_letter(c) => self.host_domain(at + 1),
            c if is_digit(c) => self.host(at + 1),
            '-' | '_' => self.host_next(at + 1),
            '.' => self.host_first_domain(at + 1),
            '@' => self.email(at + 1),
            _ => None,
        }
    }

    /// In a label that may be the last one.
    fn host_domain(&mut self, at: usize) -> Option<Found> {
        let at = self.past(at, is_ascii_letter);
        let Some(c) = self.peek(at) else { return Some(Found::new(Kind::Host, at)) };
        let found = match c {
            c if is_digit(c) => return self.host(at + 1),
            ':' => self.port(at + 1),
            '-' | '_' => self.host_next(at + 1),
            '.' => self.host_first_domain(at + 1),
            '@' => self.email(at + 1),
            _ => None,
        };
        found.or_else(|| Some(self.host_end(at)))
    }

    fn port(&mut self, at: usize) -> Option<Found> {
        let end = self.some(at, is_digit)?;
        match self.peek(end) {
            None => Some(Found::new(Kind::Host, end)),
            Some(_) => Some(self.host_end(end)),
        }
    }

    /// What a host is, with a character behind it: itself, the one of a URL that was just given, or the
    /// beginning of a URL.
    fn host_end(&mut self, at: usize) -> Found {
        if std::mem::take(&mut self.want_host) {
            return Found { next: Next::UrlPath, ..Found::new(Kind::Host, at) };
        }
        let url = match self.peek(at) {
            Some('/') => self.url(at + 1),
            _ => None,
        };
        url.unwrap_or(Found::new(Kind::Host, at))
    }

    /// Behind a hyphen or underscore in a label.
    pub(super) fn host_next(&mut self, at: usize) -> Option<Found> {
        self.peek(at).filter(|c| is_ascii_alphanumeric(*c))?;
        self.host(at + 1)
    }

    /// In a label that is not the last one.
    pub(super) fn host(&mut self, at: usize) -> Option<Found> {
        let at = self.past(at, is_ascii_alphanumeric);
        match self.peek(at)? {
            '@' => self.email(at + 1),
            '.' => self.host_first_domain(at + 1),
            '-' | '_' => self.host_next(at + 1),
            _ => None,
        }
    }

    /// Behind `@`: a host, which itself is none of an email address.
    pub(super) fn email(&mut self, at: usize) -> Option<Found> {
        if std::mem::take(&mut self.want_host) {
            return None;
        }
        let mut inner = Parser::new(&self.text[self.byte(at)..]);
        inner.want_host = true;
        let found = inner.find().filter(|found| found.kind == Kind::Host)?;
        Some(Found::new(Kind::Email, at + found.end))
    }

    /// Behind the slash that follows a host: some path. The host and the path are tokens, too.
    fn url(&mut self, at: usize) -> Option<Found> {
        let end = self.some(at, is_url_char)?;
        self.want_host = true;
        Some(Found { again: true, ..Found::new(Kind::Url, end) })
    }

    pub(super) fn url_path(&mut self, at: usize) -> Found {
        Found::new(Kind::UrlPath, self.past(at, is_url_char))
    }

    /// `//` behind a word and a colon.
    pub(super) fn protocol(&mut self, at: usize) -> Option<Found> {
        let slashes = self.peek(at) == Some('/') && self.peek(at + 1) == Some('/');
        slashes.then(|| Found::new(Kind::Protocol, at + 2))
    }
}

/// What RFC 3986 allows in a URL.
fn is_url_char(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
}
