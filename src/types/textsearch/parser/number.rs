//! Numbers and versions.

use super::{Found, Kind, Parser, is_ascii_letter, is_digit, is_letter};

impl Parser<'_> {
    /// Digits; a host or a word may begin with them.
    pub(super) fn unsigned(&mut self, at: usize) -> Found {
        let at = self.past(at, is_digit);
        let Some(c) = self.peek(at) else { return Found::new(Kind::UnsignedInt, at) };
        let found = match c {
            '.' => self.host_first_domain(at + 1).or_else(|| self.decimal_first(at + 1)),
            'e' | 'E' => self.mantissa(at + 1),
            '-' | '_' => self.host_next(at + 1),
            '@' => self.email(at + 1),
            '/' => self.file_first(at + 1),
            _ => None,
        };
        let host = |parser: &mut Self| match is_ascii_letter(c) {
            true => parser.host(at + 1),
            false => None,
        };
        let found = found.or_else(|| host(self));
        match found {
            Some(found) => found,
            None if is_letter(c) => self.num_word(at + 1),
            None => Found::new(Kind::UnsignedInt, at),
        }
    }

    /// Behind `-` or `+`.
    pub(super) fn signed_first(&mut self, at: usize) -> Option<Found> {
        let end = self.some(at, is_digit)?;
        let found = match self.peek(end) {
            Some('.') => self.signed_decimal(end + 1),
            Some('e' | 'E') => self.mantissa(end + 1),
            _ => None,
        };
        Some(found.unwrap_or(Found::new(Kind::SignedInt, end)))
    }

    /// Digits behind the point; a second point makes it a version.
    fn decimal_first(&mut self, at: usize) -> Option<Found> {
        let end = self.some(at, is_digit)?;
        let found = match self.peek(end) {
            Some('.') => self.version(end + 1),
            Some('e' | 'E') => self.mantissa(end + 1),
            _ => None,
        };
        Some(found.unwrap_or(Found::new(Kind::Decimal, end)))
    }

    /// The same behind a sign, which no version has: then the sign is a token of its own.
    fn signed_decimal(&mut self, at: usize) -> Option<Found> {
        let end = self.some(at, is_digit)?;
        let found = match self.peek(end) {
            Some('.') if self.peek(end + 1).is_some_and(is_digit) => {
                Some(Found::new(Kind::Blank, self.start + 1))
            }
            Some('e' | 'E') => self.mantissa(end + 1),
            _ => None,
        };
        Some(found.unwrap_or(Found::new(Kind::Decimal, end)))
    }

    fn version(&mut self, at: usize) -> Option<Found> {
        let mut end = self.some(at, is_digit)?;
        while self.peek(end) == Some('.') {
            match self.some(end + 1, is_digit) {
                Some(after) => end = after,
                None => break,
            }
        }
        Some(Found::new(Kind::Version, end))
    }

    /// Behind `e`.
    fn mantissa(&mut self, at: usize) -> Option<Found> {
        let at = if matches!(self.peek(at)?, '+' | '-') { at + 1 } else { at };
        self.some(at, is_digit).map(|end| Found::new(Kind::Scientific, end))
    }
}
