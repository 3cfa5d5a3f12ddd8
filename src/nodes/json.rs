//! Bound trees as JSON, which is how the catalog stores them.
//!
//! Expressions can be nested deeper than serde_json reads (128 levels of JSON; `1 + 1 + … + 1` takes
//! three per operator). A deep text is parsed here into a [`Value`], which serde then reads without
//! a limit, on a stack of its own.

use serde::Serialize;
use serde::de::{DeserializeOwned, Error};
use serde_json::{Map, Value};

type Result<T> = serde_json::Result<T>;

/// Nesting that serde_json's own reader is left to.
const PLAIN_DEPTH_MAX: usize = 100;
/// Address space for a deep tree; only what is used becomes memory.
const STACK_BYTES: usize = 256 << 20;
/// Stack that trees of usual depth take at most.
const USUAL_STACK_BYTES: usize = 512 << 10;

/// Reads a tree back.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T> {
    if depth(text) <= PLAIN_DEPTH_MAX {
        return serde_json::from_slice(text);
    }
    stacker::grow(STACK_BYTES, || {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value()?;
        T::deserialize(value)
    })
}

/// Writes a tree.
pub fn write(tree: &impl Serialize) -> Result<Vec<u8>> {
    stacker::maybe_grow(USUAL_STACK_BYTES, STACK_BYTES, || serde_json::to_vec(tree))
}

/// The deepest nesting of brackets; those in strings count too, which only chooses the slower way.
fn depth(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    for byte in text {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A reader of JSON as [`write()`] writes it: no blanks between tokens.
struct Reader<'t> {
    text: &'t [u8],
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Value> {
        match self.peek() {
            Some(b'{') => self.object(),
            Some(b'[') => self.array(),
            _ => serde_json::from_slice(self.scalar()),
        }
    }

    fn object(&mut self) -> Result<Value> {
        let mut members = Map::new();
        self.at += 1;
        while self.peek() != Some(b'}') {
            let name = serde_json::from_slice(self.scalar())?;
            self.expect(b':')?;
            members.insert(name, self.value()?);
            if self.peek() != Some(b'}') {
                self.expect(b',')?;
            }
        }
        self.at += 1;
        Ok(Value::Object(members))
    }

    fn array(&mut self) -> Result<Value> {
        let mut elements = Vec::new();
        self.at += 1;
        while self.peek() != Some(b']') {
            elements.push(self.value()?);
            if self.peek() != Some(b']') {
                self.expect(b',')?;
            }
        }
        self.at += 1;
        Ok(Value::Array(elements))
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn expect(&mut self, byte: u8) -> Result<()> {
        if self.peek() != Some(byte) {
            return Err(serde_json::Error::custom(format!("malformed at byte {}", self.at)));
        }
        self.at += 1;
        Ok(())
    }

    /// The text of a string, number or keyword.
    fn scalar(&mut self) -> &[u8] {
        let rest = &self.text[self.at..];
        let length = match rest.first() {
            Some(b'"') => string_length(rest),
            _ => rest.iter().position(|b| b",:]}".contains(b)).unwrap_or(rest.len()),
        };
        self.at += length;
        &rest[..length]
    }
}

/// The length of the string that the text opens with, quotes included.
fn string_length(text: &[u8]) -> usize {
    let mut at = 1;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nodes::Expr;
    use crate::types::{Datum, oids};

    #[test]
    fn deep_trees_are_read_back() {
        let mut expr = Expr::constant(Datum::text("a\"]}\\"), oids::TEXT);
        for _ in 0..500 {
            expr = Expr::NullTest { arg: Box::new(expr), is_null: true, row: false, location: -1 };
        }
        let text = write(&expr).expect("trees are JSON");
        assert_eq!(read::<Expr>(&text).expect("what was written"), expr);
    }

    #[test]
    fn damaged_deep_text_is_an_error() {
        assert!(read::<Expr>("[".repeat(500).as_bytes()).is_err());
        assert!(read::<Expr>(("{\"a\":".repeat(500) + "\"").as_bytes()).is_err());
    }
}
