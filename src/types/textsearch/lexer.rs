//! Words in the text of vectors and queries (`gettoken_tsvector`): plain up to a blank, or in quotes;
//! a backslash takes the next character as it is. In a vector positions may follow, in a query operators
//! end a plain word.

use super::{POSITION_END, Position};
use crate::error::{PgError, Result, code};
use crate::types::input::is_space;

pub(super) struct Lexer<'a> {
    whole: &'a str,
    pub rest: &'a str,
    is_query: bool,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str, is_query: bool) -> Lexer<'a> {
        Lexer { whole: text, rest: text, is_query }
    }

    pub fn syntax_error(&self) -> PgError {
        let name = if self.is_query { "tsquery" } else { "tsvector" };
        self.error(&format!("syntax error in {name}"))
    }

    pub fn error(&self, what: &str) -> PgError {
        PgError::new(code::SYNTAX_ERROR, format!("{what}: \"{}\"", self.whole))
    }

    pub fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub fn advance(&mut self) {
        let mut chars = self.rest.chars();
        chars.next();
        self.rest = chars.as_str();
    }

    pub fn take(&mut self, c: char) -> bool {
        self.rest.strip_prefix(c).map(|rest| self.rest = rest).is_some()
    }

    pub fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches(is_space);
    }

    fn is_operator(&self, c: char) -> bool {
        self.is_query && matches!(c, '!' | '&' | '|' | '(' | ')' | '<')
    }

    /// The next word; `None` at the end.
    pub fn word(&mut self) -> Result<Option<String>> {
        self.skip_blanks();
        match self.peek() {
            None => Ok(None),
            Some('\'') => self.quoted().map(Some),
            Some(c) if self.is_operator(c) => Err(self.syntax_error()),
            Some(_) => self.plain().map(Some),
        }
    }

    fn plain(&mut self) -> Result<String> {
        let mut word = String::new();
        // A colon can begin a word, but not follow nothing.
        if let Some(':') = self.peek() {
            word.push(':');
            self.advance();
        }
        while let Some(c) = self.peek() {
            if is_space(c) || c == ':' || self.is_operator(c) {
                break;
            }
            self.advance();
            word.push(if c == '\\' { self.escaped()? } else { c });
        }
        Ok(word)
    }

    fn quoted(&mut self) -> Result<String> {
        self.advance();
        let mut word = String::new();
        loop {
            let c = self.peek().ok_or_else(|| self.syntax_error())?;
            self.advance();
            match c {
                '\'' if !self.take('\'') => break,
                '\\' => word.push(self.escaped()?),
                c => word.push(c),
            }
        }
        if word.is_empty() { Err(self.syntax_error()) } else { Ok(word) }
    }

    fn escaped(&mut self) -> Result<char> {
        let c = self.peek().ok_or_else(|| self.error("there is no escaped character"))?;
        self.advance();
        Ok(c)
    }

    /// `:1,2A` behind a word.
    pub fn positions(&mut self) -> Result<Vec<Position>> {
        let mut positions = Vec::new();
        if !self.take(':') {
            return Ok(positions);
        }
        loop {
            let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return Err(self.syntax_error());
            }
            let (number, rest) = self.rest.split_at(digits);
            self.rest = rest;
            let number = number.parse::<u16>().unwrap_or(u16::MAX).min(POSITION_END - 1);
            if number == 0 {
                return Err(self.error("wrong position info in tsvector"));
            }
            let weight = self.weight()?;
            positions.push(Position { number, weight });
            match self.peek() {
                Some(',') => self.advance(),
                Some(c) if !is_space(c) => return Err(self.syntax_error()),
                _ => return Ok(positions),
            }
        }
    }

    /// A letter behind a position, which may be followed by digits that mean nothing.
    fn weight(&mut self) -> Result<u8> {
        let mut weight = 0;
        while let Some(c) = self.peek() {
            let found = match c {
                'a' | 'A' | '*' => 3,
                'b' | 'B' => 2,
                'c' | 'C' => 1,
                'd' | 'D' => 0,
                '0'..='9' => {
                    self.advance();
                    continue;
                }
                _ => break,
            };
            if weight != 0 {
                return Err(self.syntax_error());
            }
            weight = found;
            self.advance();
        }
        Ok(weight)
    }
}
