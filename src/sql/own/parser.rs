//! Reading a statement of our own, token by token.

use super::Name;
use super::tokens::{Kind, Token, Tokens};
use crate::error::Result;

/// The tokens of one statement, up to its semicolon.
pub(super) struct Parser<'t> {
    text: &'t str,
    tokens: Tokens<'t>,
    next: Token,
}

impl<'t> Parser<'t> {
    /// Before the first token of a statement that begins at `start`.
    pub fn new(text: &'t str, start: usize) -> Parser<'t> {
        let mut tokens = Tokens::from(text, start);
        let next = tokens.next();
        Parser { text, tokens, next }
    }

    pub fn peek(&self) -> &Token {
        &self.next
    }

    pub fn advance(&mut self) -> Token {
        let next = self.tokens.next();
        std::mem::replace(&mut self.next, next)
    }

    /// Takes a key word if it comes next.
    pub fn word(&mut self, word: &str) -> bool {
        let found = self.next.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    /// Takes several key words, the first of which decides.
    pub fn words(&mut self, first: &str, rest: &[&str]) -> Result<bool> {
        if !self.word(first) {
            return Ok(false);
        }
        rest.iter().try_for_each(|word| self.expect_word(word))?;
        Ok(true)
    }

    pub fn expect_word(&mut self, word: &str) -> Result<()> {
        if self.word(word) { Ok(()) } else { self.unexpected() }
    }

    pub fn symbol(&mut self, symbol: u8) -> bool {
        let found = self.next.is_symbol(symbol);
        if found {
            self.advance();
        }
        found
    }

    pub fn expect_symbol(&mut self, symbol: u8) -> Result<()> {
        if self.symbol(symbol) { Ok(()) } else { self.unexpected() }
    }

    /// An identifier.
    pub fn identifier(&mut self) -> Result<String> {
        match &self.next.kind {
            Kind::Word(name) | Kind::Quoted(name) => {
                let name = name.clone();
                self.advance();
                Ok(name)
            }
            _ => self.unexpected(),
        }
    }

    /// A possibly qualified name.
    pub fn name(&mut self) -> Result<Name> {
        let location = self.location();
        let mut parts = vec![self.identifier()?];
        while self.symbol(b'.') {
            parts.push(self.identifier()?);
        }
        Ok(Name { parts, location })
    }

    /// A string constant.
    pub fn string(&mut self) -> Result<String> {
        match &self.next.kind {
            Kind::Text(value) => {
                let value = value.clone();
                self.advance();
                Ok(value)
            }
            _ => self.unexpected(),
        }
    }

    /// An option's value: a string, a number or a word.
    pub fn value(&mut self) -> Result<String> {
        match &self.next.kind {
            Kind::Text(value) | Kind::Word(value) => {
                let value = value.clone();
                self.advance();
                Ok(value)
            }
            Kind::Number => {
                let token = self.advance();
                Ok(self.text[token.start..token.end].to_owned())
            }
            _ => self.unexpected(),
        }
    }

    /// Where the next token stands, as parse nodes say it.
    pub fn location(&self) -> i32 {
        i32::try_from(self.next.start).unwrap_or(-1)
    }

    /// 42601 at the next token.
    pub fn unexpected<T>(&self) -> Result<T> {
        Err(self.next.error(self.text))
    }

    /// Nothing but the statement's end follows.
    pub fn end(&self) -> Result<()> {
        match self.next.kind {
            Kind::End | Kind::Symbol(b';') => Ok(()),
            _ => self.unexpected(),
        }
    }
}
