//! Words with hyphens, which are tokens as a whole and in their parts.

use super::{Found, Kind, Next, Parser, is_alphanumeric, is_ascii_letter, is_digit, is_letter};

/// A whole word, which is read again for its parts.
fn whole(kind: Kind, end: usize) -> Found {
    Found { kind, end, next: Next::HyphenPart, again: true }
}

impl Parser<'_> {
    /// Behind a hyphen, where all was ASCII.
    pub(super) fn hyphen_ascii_first(&mut self, at: usize) -> Option<Found> {
        match self.peek(at)? {
            c if is_ascii_letter(c) => Some(self.hyphen_ascii(at + 1)),
            c if is_letter(c) => Some(self.hyphen_word(at + 1)),
            c if is_digit(c) => self.hyphen_digits(at + 1),
            _ => None,
        }
    }

    fn hyphen_ascii(&mut self, at: usize) -> Found {
        let at = self.past(at, is_ascii_letter);
        let found = match self.peek(at) {
            Some(c) if is_letter(c) => Some(self.hyphen_word(at + 1)),
            Some(c) if is_digit(c) => Some(self.hyphen_num(at + 1)),
            Some('-') => self.hyphen_ascii_first(at + 1),
            _ => None,
        };
        found.unwrap_or(whole(Kind::AsciiHyphenWord, at))
    }

    /// Behind a hyphen, where all was letters.
    pub(super) fn hyphen_word_first(&mut self, at: usize) -> Option<Found> {
        match self.peek(at)? {
            c if is_letter(c) => Some(self.hyphen_word(at + 1)),
            c if is_digit(c) => self.hyphen_digits(at + 1),
            _ => None,
        }
    }

    fn hyphen_word(&mut self, at: usize) -> Found {
        let at = self.past(at, is_letter);
        let found = match self.peek(at) {
            Some(c) if is_digit(c) => Some(self.hyphen_num(at + 1)),
            Some('-') => self.hyphen_word_first(at + 1),
            _ => None,
        };
        found.unwrap_or(whole(Kind::HyphenWord, at))
    }

    /// Behind a hyphen, where there were digits, too.
    pub(super) fn hyphen_num_first(&mut self, at: usize) -> Option<Found> {
        match self.peek(at)? {
            c if is_letter(c) => Some(self.hyphen_num(at + 1)),
            c if is_digit(c) => self.hyphen_digits(at + 1),
            _ => None,
        }
    }

    fn hyphen_num(&mut self, at: usize) -> Found {
        let at = self.past(at, is_alphanumeric);
        let found = match self.peek(at) {
            Some('-') => self.hyphen_num_first(at + 1),
            _ => None,
        };
        found.unwrap_or(whole(Kind::NumHyphenWord, at))
    }

    /// Digits that begin a part: letters must follow.
    fn hyphen_digits(&mut self, at: usize) -> Option<Found> {
        let at = self.past(at, is_digit);
        self.peek(at).filter(|c| is_letter(*c))?;
        Some(self.hyphen_num(at + 1))
    }

    /// A part, the hyphen behind one, or what follows the last one.
    pub(super) fn hyphen_part(&mut self, at: usize) -> Found {
        let part = match self.peek(at) {
            Some(c) if is_ascii_letter(c) => Some(self.ascii_part(at + 1)),
            Some(c) if is_letter(c) => Some(self.word_part(at + 1)),
            Some(c) if is_digit(c) => {
                let end = self.past(at, is_digit);
                let letter = self.peek(end).is_some_and(is_letter);
                letter.then(|| self.num_part(end + 1))
            }
            Some('-') if self.peek(at + 1).is_some_and(is_alphanumeric) => {
                Some(self.part(Kind::Blank, at + 1))
            }
            _ => None,
        };
        part.unwrap_or_else(|| self.anything(at))
    }

    fn ascii_part(&mut self, at: usize) -> Found {
        let at = self.past(at, is_ascii_letter);
        match self.peek(at) {
            Some(c) if is_letter(c) => self.word_part(at + 1),
            Some(c) if is_digit(c) => self.num_part(at + 1),
            _ => self.part(Kind::AsciiHyphenPart, at),
        }
    }

    fn word_part(&mut self, at: usize) -> Found {
        let at = self.past(at, is_letter);
        match self.peek(at) {
            Some(c) if is_digit(c) => self.num_part(at + 1),
            _ => self.part(Kind::HyphenPart, at),
        }
    }

    fn num_part(&mut self, at: usize) -> Found {
        let at = self.past(at, is_alphanumeric);
        self.part(Kind::NumHyphenPart, at)
    }

    fn part(&self, kind: Kind, end: usize) -> Found {
        Found { next: Next::HyphenPart, ..Found::new(kind, end) }
    }
}
