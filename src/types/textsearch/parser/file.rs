//! Names of files with their directories.

use super::{Found, Kind, Parser, is_ascii_alphanumeric, is_space};

impl Parser<'_> {
    /// Behind a slash.
    pub(super) fn file_first(&mut self, at: usize) -> Option<Found> {
        match self.peek(at)? {
            c if begins_name(c) => Some(self.file(at + 1)),
            '.' => self.path_first(at + 1),
            '~' => self.file_after_tilde(at + 1),
            _ => None,
        }
    }

    pub(super) fn file_after_tilde(&mut self, at: usize) -> Option<Found> {
        match self.peek(at)? {
            c if begins_name(c) => Some(self.file(at + 1)),
            '/' => self.file_first(at + 1),
            _ => None,
        }
    }

    /// Behind `/.`
    fn path_first(&mut self, at: usize) -> Option<Found> {
        match self.peek(at)? {
            c if begins_name(c) => Some(self.file(at + 1)),
            '.' => self.path_after_dots(at + 1),
            '/' => self.file_first(at + 1),
            _ => None,
        }
    }

    /// Behind a dot that begins the token.
    pub(super) fn path_after_dot(&mut self, at: usize) -> Option<Found> {
        match self.peek(at)? {
            '.' => self.path_after_dots(at + 1),
            '/' => self.file_first(at + 1),
            _ => None,
        }
    }

    fn path_after_dots(&mut self, at: usize) -> Option<Found> {
        let whole = Found::new(Kind::File, at);
        match self.peek(at) {
            None => Some(whole),
            Some('/') => Some(self.file_first(at + 1).unwrap_or(whole)),
            Some(c) if is_space(c) => Some(whole),
            Some(_) => None,
        }
    }

    fn file(&mut self, at: usize) -> Found {
        let at = self.past(at, |c| is_ascii_alphanumeric(c) || matches!(c, '_' | '-'));
        let found = match self.peek(at) {
            Some('.') => self.file_next(at + 1),
            Some('/') => self.file_first(at + 1),
            _ => None,
        };
        found.unwrap_or(Found::new(Kind::File, at))
    }

    /// Behind a dot within a name.
    pub(super) fn file_next(&mut self, at: usize) -> Option<Found> {
        self.peek(at).filter(|c| begins_name(*c))?;
        Some(self.file(at + 1))
    }
}

fn begins_name(c: char) -> bool {
    is_ascii_alphanumeric(c) || c == '_'
}
