//! `to_number(text, template)`.
//!
//! The template's patterns walk the input; digits, one decimal point and a sign are picked out, and
//! characters that separators and literals stand for are skipped.

use super::template::{Anchor, Key, Node, Template};
use crate::error::Result;

struct Reader<'a> {
    template: &'a Template,
    input: &'a str,
    negative: Option<bool>,
    number: String,
    before: usize,
    after: usize,
    point: bool,
}

/// The number's text, and how many digits were read after the point.
pub(super) fn read(template: &Template, input: &str) -> Result<(String, usize)> {
    let mut reader = Reader {
        template,
        input,
        negative: None,
        number: String::new(),
        before: 0,
        after: 0,
        point: false,
    };
    for node in &template.nodes {
        if reader.input.is_empty() {
            break;
        }
        match node {
            Node::Literal(_) => reader.skip(1),
            Node::Key(key) => reader.key(*key)?,
        }
    }
    let digits = reader.number.strip_suffix('.').unwrap_or(&reader.number);
    let sign = if reader.negative == Some(true) { '-' } else { ' ' };
    Ok((format!("{sign}{digits}"), reader.after))
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.input.chars().next()
    }

    fn skip(&mut self, characters: usize) {
        self.input = &self.input[super::super::text::offset_of(self.input, characters)..];
    }

    /// Skips up to so many characters that cannot be part of a number.
    fn skip_non_data(&mut self, characters: usize) {
        for _ in 0..characters {
            match self.peek() {
                Some(c) if !(c.is_ascii_digit() || matches!(c, '.' | ',' | '+' | '-')) => {
                    self.skip(1);
                }
                _ => return,
            }
        }
    }

    fn key(&mut self, key: Key) -> Result<()> {
        match key {
            Key::Nine | Key::Zero | Key::Dot | Key::D => {
                self.number_pattern(key);
            }
            Key::Comma | Key::Group if !self.template.fill && self.peek() == Some(',') => {
                self.skip(1);
            }
            Key::Currency => self.skip_non_data(1),
            Key::Ordinal { .. } => self.skip_non_data(2),
            Key::Minus => self.explicit_sign(Some('-'), None),
            Key::Plus => self.explicit_sign(None, Some('+')),
            Key::EitherSign => self.explicit_sign(Some('-'), Some('+')),
            _ => {}
        }
        Ok(())
    }

    fn explicit_sign(&mut self, minus: Option<char>, plus: Option<char>) {
        match self.peek() {
            c if c == minus && c.is_some() => self.take_sign(true),
            c if c == plus && c.is_some() => self.take_sign(false),
            _ => self.skip_non_data(1),
        }
    }

    fn take_sign(&mut self, negative: bool) {
        self.negative = Some(negative);
        self.skip(1);
    }

    fn sign_here(&mut self) {
        match self.peek() {
            Some('-') => self.take_sign(true),
            Some('+') => self.take_sign(false),
            Some('<') if self.template.angle_brackets => self.take_sign(true),
            _ => {}
        }
    }

    fn number_pattern(&mut self, key: Key) {
        if self.peek() == Some(' ') {
            self.skip(1);
        }
        let started = self.before + self.after > 0;
        if self.negative.is_none() && !started && matches!(key, Key::Nine | Key::Zero) {
            self.sign_here();
        }
        match self.peek() {
            Some(c) if c.is_ascii_digit() => {
                if self.point && self.after == self.template.after {
                    return;
                }
                self.number.push(c);
                match self.point {
                    true => self.after += 1,
                    false => self.before += 1,
                }
                self.skip(1);
                self.sign_behind();
            }
            Some('.') if self.template.decimal && !self.point => {
                self.number.push('.');
                self.point = true;
                self.skip(1);
                self.sign_behind();
            }
            Some('-' | '+') if self.negative.is_none() && started && self.expects_sign() => {
                self.sign_here();
            }
            Some(_) => self.skip(1),
            None => {}
        }
    }

    /// Whether the template has MI, PL or SG, and no S: then a sign may stand behind the number.
    fn expects_sign(&self) -> bool {
        self.template.sign.is_none() && (self.template.plus || self.template.minus)
    }

    /// An anchored sign may follow the last digit read.
    fn sign_behind(&mut self) {
        let anchored = matches!(self.template.sign, Some(Anchor::After | Anchor::Before));
        if anchored && self.negative.is_none() && self.before + self.after > 0 {
            self.sign_here();
        }
    }
}
