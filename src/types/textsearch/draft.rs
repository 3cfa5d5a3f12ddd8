//! A `tsquery` in the making, from infix text: each operator comes after its operands.
//!
//! What makes the draft decides what a word of the text becomes: itself, several lexemes or, where it is a
//! stop word, nothing. The finished query has no such gaps, but phrases keep their distances over them.

use super::lexer::Lexer;
use super::query::{Item, Operand, Operator, Query};
use super::{LEXEME_BYTES_END, POSITION_END};
use crate::error::{PgError, Result, code};

#[derive(Default)]
pub struct Draft {
    /// `None`: a word that is not looked for.
    items: Vec<Option<Item>>,
}

/// Puts into a draft what stands for a word with weights and perhaps `*`.
pub type Make<'m> = dyn FnMut(&mut Draft, String, u8, bool) -> Result<()> + 'm;

/// What a part of the query has become.
struct Part {
    is_kept: bool,
    /// Words dropped at its left and right end that a phrase around it has to count.
    before: u16,
    behind: u16,
}

impl Draft {
    /// Reads the text of a query.
    pub fn parse(text: &str, make: &mut Make<'_>) -> Result<Draft> {
        let draft = Draft::default();
        let mut parser = Parser { lexer: Lexer::new(text, true), depth: 0, draft, make };
        parser.group()?;
        Ok(parser.draft)
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub fn value(&mut self, operand: Operand) -> Result<()> {
        if operand.word.len() >= LEXEME_BYTES_END {
            let message = format!("word is too long in tsquery: \"{}\"", operand.word);
            return Err(PgError::new(code::PROGRAM_LIMIT_EXCEEDED, message));
        }
        self.items.push(Some(Item::Value(operand)));
        Ok(())
    }

    /// A word that is not looked for.
    pub fn gap(&mut self) {
        self.items.push(None);
    }

    pub fn operator(&mut self, operator: Operator) {
        self.items.push(Some(Item::Operator(operator)));
    }

    /// Puts in the waiting operators that bind at least as tightly as the next one: they have all their
    /// operands.
    pub fn operators(&mut self, waiting: &mut Vec<Operator>, next: Operator) {
        // One "not" waits for another.
        let binds = |last: &mut Operator| match next {
            Operator::Not => last.priority() > next.priority(),
            _ => last.priority() >= next.priority(),
        };
        while let Some(operator) = waiting.pop_if(binds) {
            self.operator(operator);
        }
    }

    /// The query without its gaps.
    pub fn finish(self) -> Query {
        let (mut kept, mut parts) = (Vec::new(), Vec::new());
        let pop = |parts: &mut Vec<Part>| parts.pop().expect("operands come first");
        for item in self.items {
            let part = match item {
                None => Part { is_kept: false, before: 0, behind: 0 },
                Some(Item::Value(operand)) => {
                    kept.push(Item::Value(operand));
                    Part { is_kept: true, before: 0, behind: 0 }
                }
                Some(Item::Operator(Operator::Not)) => {
                    let part = pop(&mut parts);
                    if part.is_kept {
                        kept.push(Item::Operator(Operator::Not));
                    }
                    part
                }
                Some(Item::Operator(operator)) => {
                    let right = pop(&mut parts);
                    let (part, operator) = joined(pop(&mut parts), operator, right);
                    kept.extend(operator.map(Item::Operator));
                    part
                }
            };
            parts.push(part);
        }
        kept.reverse();
        Query::of_items(kept)
    }
}

/// What two parts have become (`clean_stopword_intree`), and the operator if it still joins them.
fn joined(left: Part, operator: Operator, right: Part) -> (Part, Option<Operator>) {
    let part = |is_kept, before, behind| Part { is_kept, before, behind };
    let sum = |numbers: [u16; 3]| numbers.into_iter().fold(0, u16::saturating_add);
    let Operator::Phrase(distance) = operator else {
        return match (left.is_kept, right.is_kept) {
            (false, false) => {
                let width = left.before.max(right.before);
                (part(false, width, width), None)
            }
            (false, true) => (right, None),
            (true, false) => (left, None),
            (true, true) => (part(true, 0, 0), Some(operator)),
        };
    };
    match (left.is_kept, right.is_kept) {
        (false, false) => {
            let width = sum([left.before, distance, right.before]);
            (part(false, width, width), None)
        }
        (false, true) => {
            let before = sum([left.before, distance, right.before]);
            (part(true, before, right.behind), None)
        }
        (true, false) => {
            let behind = sum([left.behind, distance, right.behind]);
            (part(true, left.before, behind), None)
        }
        (true, true) => {
            let distance = sum([distance, left.behind, right.before]);
            (part(true, left.before, right.behind), Some(Operator::Phrase(distance)))
        }
    }
}

struct Parser<'a, 'm> {
    lexer: Lexer<'a>,
    /// Open parentheses.
    depth: usize,
    draft: Draft,
    make: &'a mut Make<'m>,
}

impl Parser<'_, '_> {
    /// What is in parentheses, or all.
    fn group(&mut self) -> Result<()> {
        let mut waiting = Vec::new();
        let is_whole = self.depth == 0;
        loop {
            if !self.operand(&mut waiting)? {
                return Ok(());
            }
            let Some(operator) = self.operator(is_whole)? else { break };
            self.draft.operators(&mut waiting, operator);
            waiting.push(operator);
        }
        waiting.into_iter().rev().for_each(|operator| self.draft.operator(operator));
        Ok(())
    }

    /// A word or group and the `!` before it; `false`: the text is empty.
    fn operand(&mut self, waiting: &mut Vec<Operator>) -> Result<bool> {
        loop {
            self.lexer.skip_blanks();
            match self.lexer.peek() {
                Some('!') => {
                    self.lexer.advance();
                    waiting.push(Operator::Not);
                }
                Some('(') => {
                    self.lexer.advance();
                    self.depth += 1;
                    stacker::maybe_grow(64 << 10, 1 << 20, || self.group())?;
                    return Ok(true);
                }
                Some(':') => return Err(self.lexer.syntax_error()),
                Some(_) => break,
                None if self.draft.is_empty() && waiting.is_empty() && self.depth == 0 => {
                    return Ok(false);
                }
                None => return Err(self.lexer.error("no operand in tsquery")),
            }
        }
        let word = self.lexer.word()?.unwrap_or_default();
        let (weights, prefix) = self.modifiers();
        (self.make)(&mut self.draft, word, weights, prefix)?;
        Ok(true)
    }

    /// `:*AB` behind a word.
    fn modifiers(&mut self) -> (u8, bool) {
        let (mut weights, mut prefix) = (0, false);
        if self.lexer.take(':') {
            while let Some(c) = self.lexer.peek() {
                match c {
                    'a' | 'A' => weights |= 1 << 3,
                    'b' | 'B' => weights |= 1 << 2,
                    'c' | 'C' => weights |= 1 << 1,
                    'd' | 'D' => weights |= 1,
                    '*' => prefix = true,
                    _ => break,
                }
                self.lexer.advance();
            }
        }
        (weights, prefix)
    }

    /// The operator between two operands; `None`: the group ends.
    fn operator(&mut self, is_whole: bool) -> Result<Option<Operator>> {
        self.lexer.skip_blanks();
        let operator = match self.lexer.peek() {
            Some('&') => Operator::And,
            Some('|') => Operator::Or,
            Some('<') => return self.phrase().map(Some),
            Some(')') if !is_whole => {
                self.lexer.advance();
                self.depth -= 1;
                return Ok(None);
            }
            None if is_whole => return Ok(None),
            _ => return Err(self.lexer.syntax_error()),
        };
        self.lexer.advance();
        Ok(Some(operator))
    }

    /// `<->` or `<3>`, and something behind it.
    fn phrase(&mut self) -> Result<Operator> {
        let rest = &self.lexer.rest[1..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (distance, rest) = match rest.strip_prefix('-') {
            Some(rest) => (1, rest),
            None if digits == 0 => return Err(self.lexer.syntax_error()),
            None => {
                let number = rest[..digits].parse::<u16>().ok();
                let distance = number.filter(|distance| *distance <= POSITION_END);
                let distance = distance.ok_or_else(|| {
                    let message = format!(
                        "distance in phrase operator must be an integer value between zero and \
                         {POSITION_END} inclusive"
                    );
                    PgError::new(code::INVALID_PARAMETER_VALUE, message)
                })?;
                (distance, &rest[digits..])
            }
        };
        match rest.strip_prefix('>') {
            Some(rest) if !rest.is_empty() => self.lexer.rest = rest,
            _ => return Err(self.lexer.syntax_error()),
        }
        Ok(Operator::Phrase(distance))
    }
}
