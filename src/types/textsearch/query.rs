//! `tsquery`: lexemes joined by `!`, `<->`, `&` and `|`, from the tightest to the loosest.

use super::draft::Draft;
use super::{LEXEME_BYTES_END, POSITION_END, write_quoted, zero_terminated};
use crate::error::Result;
use crate::types::Datum;
use crate::types::input::{Reader, incorrect_format};
use crate::types::key::encode_bytes;

const VALUE: u8 = 1;
const OPERATOR: u8 = 2;
const NOT: u8 = 1;
const AND: u8 = 2;
const OR: u8 = 3;
const PHRASE: u8 = 4;

/// A lexeme that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand {
    pub word: String,
    /// Bits 3 to 0 for A to D; none: any.
    pub weights: u8,
    /// Whether words that begin so are meant, too.
    pub prefix: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Not,
    And,
    Or,
    /// The right one so many words behind the left one.
    Phrase(u16),
}

/// A query's node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Value(Operand),
    Operator(Operator),
}

/// The items in the order in which PostgreSQL sends them: an operator, its right operand, its left one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    items: Vec<Item>,
}

impl Operator {
    pub(super) fn priority(self) -> u8 {
        match self {
            Operator::Or => 1,
            Operator::And => 2,
            Operator::Phrase(_) => 3,
            Operator::Not => 4,
        }
    }

    fn code(self) -> u8 {
        match self {
            Operator::Not => NOT,
            Operator::And => AND,
            Operator::Or => OR,
            Operator::Phrase(_) => PHRASE,
        }
    }
}

impl Query {
    /// Operands and operators.
    pub fn nodes(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Two queries joined, neither of them empty.
    pub fn joined(&self, operator: Operator, right: &Query) -> Query {
        let items = [&[Item::Operator(operator)], &right.items[..], &self.items[..]].concat();
        Query { items }
    }

    pub fn negated(&self) -> Query {
        Query { items: [&[Item::Operator(Operator::Not)], &self.items[..]].concat() }
    }

    pub fn parse(text: &str) -> Result<Query> {
        let draft = Draft::parse(text, &mut |draft, word, weights, prefix| {
            draft.value(Operand { word, weights, prefix })
        });
        draft.map(Draft::finish)
    }

    /// The items, the first one being the root: an operator's right operand follows it.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    pub(super) fn of_items(items: Vec<Item>) -> Query {
        Query { items }
    }

    /// The words that are looked for.
    pub fn operands(&self) -> impl Iterator<Item = &Operand> {
        self.items.iter().filter_map(|item| match item {
            Item::Value(operand) => Some(operand),
            Item::Operator(_) => None,
        })
    }

    /// For each operator between two operands the place of its left one.
    pub fn lefts(&self) -> Vec<usize> {
        let mut lefts = vec![0; self.items.len()];
        let mut roots = Vec::new();
        for (at, item) in self.items.iter().enumerate().rev() {
            match item {
                Item::Value(_) => {}
                Item::Operator(Operator::Not) => {
                    roots.pop();
                }
                Item::Operator(_) => {
                    roots.pop();
                    lefts[at] = roots.pop().expect("a query is whole");
                }
            }
            roots.push(at);
        }
        lefts
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        if !self.is_empty() {
            let mut at = 0;
            out.extend_from_slice(&self.infix(&mut at, 0, false));
        }
    }

    /// The text of the item at a place and its operands, in parentheses where `parent` binds tighter.
    fn infix(&self, at: &mut usize, parent: u8, right_of_phrase: bool) -> Vec<u8> {
        stacker::maybe_grow(64 << 10, 1 << 20, || {
            let item = &self.items[*at];
            *at += 1;
            let operator = match item {
                Item::Value(operand) => {
                    let mut out = Vec::new();
                    operand.write(&mut out);
                    return out;
                }
                Item::Operator(operator) => *operator,
            };
            let priority = operator.priority();
            let is_phrase = matches!(operator, Operator::Phrase(_));
            let text = if operator == Operator::Not {
                [b"!", &self.infix(at, priority, false)[..]].concat()
            } else {
                let right = self.infix(at, priority, is_phrase);
                let left = self.infix(at, priority, false);
                let sign = match operator {
                    Operator::Or => " | ".to_owned(),
                    Operator::Phrase(1) => " <-> ".to_owned(),
                    Operator::Phrase(distance) => format!(" <{distance}> "),
                    _ => " & ".to_owned(),
                };
                [&left[..], sign.as_bytes(), &right].concat()
            };
            match priority < parent || is_phrase && right_of_phrase {
                true => [b"( ", &text[..], b" )"].concat(),
                false => text,
            }
        })
    }

    /// Reads the binary form.
    pub fn receive(reader: &mut Reader<'_>) -> Result<Query> {
        let count = reader.array().map(u32::from_be_bytes)?;
        let mut items = Vec::new();
        // Operands that are still to come.
        let mut missing = usize::from(count > 0);
        for _ in 0..count {
            missing = missing.checked_sub(1).ok_or_else(incorrect_format)?;
            let item = receive_item(reader)?;
            missing += match &item {
                Item::Value(_) => 0,
                Item::Operator(Operator::Not) => 1,
                Item::Operator(_) => 2,
            };
            items.push(item);
        }
        if missing > 0 {
            return Err(incorrect_format());
        }
        Ok(Query { items })
    }

    fn send(&self, out: &mut Vec<u8>) {
        let count = u32::try_from(self.items.len()).expect("values are below 1 GiB");
        out.extend_from_slice(&count.to_be_bytes());
        for item in &self.items {
            match item {
                Item::Value(operand) => {
                    out.extend_from_slice(&[VALUE, operand.weights, u8::from(operand.prefix)]);
                    out.extend_from_slice(operand.word.as_bytes());
                    out.push(0);
                }
                Item::Operator(operator) => {
                    out.extend_from_slice(&[OPERATOR, operator.code()]);
                    if let Operator::Phrase(distance) = operator {
                        out.extend_from_slice(&distance.to_be_bytes());
                    }
                }
            }
        }
    }

    pub fn of(value: &Datum) -> Query {
        let mut reader = Reader(value.as_bytea());
        Query::receive(&mut reader).expect("a held query is in its binary form")
    }

    /// What `leaf` makes of the operands and `join` of operators and what their operands became, left before
    /// right; `None`: the query is empty.
    pub fn fold<T>(
        &self,
        leaf: &mut dyn FnMut(&Operand) -> T,
        join: &mut dyn FnMut(Operator, Vec<T>) -> T,
    ) -> Option<T> {
        // Operators come before their operands, and the right one before the left.
        let mut made: Vec<T> = Vec::new();
        for item in self.items.iter().rev() {
            let next = match item {
                Item::Value(operand) => leaf(operand),
                Item::Operator(operator) => {
                    let count = if *operator == Operator::Not { 1 } else { 2 };
                    // Read backwards, the left operand is made first.
                    let parts = made.split_off(made.len().saturating_sub(count));
                    join(*operator, parts)
                }
            };
            made.push(next);
        }
        made.pop()
    }

    pub fn datum(&self) -> Datum {
        let mut held = Vec::new();
        self.send(&mut held);
        Datum::bytea(held)
    }

    /// By size first; then item by item, operators before operands and a phrase's distance after what it
    /// joins. Weights and prefixes do not count.
    pub fn encode_key(&self, out: &mut Vec<u8>) {
        let words = self.items.iter().map(|item| match item {
            Item::Value(operand) => operand.word.len() + 1,
            Item::Operator(_) => 0,
        });
        for size in [self.items.len(), words.sum()] {
            out.extend_from_slice(&(size as u32).to_be_bytes());
        }
        let mut at = 0;
        while at < self.items.len() {
            self.encode_item(&mut at, out);
        }
    }

    fn encode_item(&self, at: &mut usize, out: &mut Vec<u8>) {
        stacker::maybe_grow(64 << 10, 1 << 20, || {
            let item = &self.items[*at];
            *at += 1;
            match item {
                Item::Value(operand) => {
                    out.push(!VALUE);
                    // The least of unsigned numbers is the greatest of signed ones.
                    let sum = checksum(operand.word.as_bytes()) ^ 1 << 31;
                    out.extend_from_slice(&(!sum).to_be_bytes());
                    encode_bytes(operand.word.as_bytes(), out);
                }
                Item::Operator(operator) => {
                    out.extend_from_slice(&[!OPERATOR, !operator.code()]);
                    let operands = if *operator == Operator::Not { 1 } else { 2 };
                    (0..operands).for_each(|_| self.encode_item(at, out));
                    if let Operator::Phrase(distance) = operator {
                        out.extend_from_slice(&(!distance).to_be_bytes());
                    }
                }
            }
        });
    }
}

fn receive_item(reader: &mut Reader<'_>) -> Result<Item> {
    let [kind] = reader.array::<1>()?;
    if kind == VALUE {
        let [weights, prefix] = reader.array::<2>()?;
        let word = zero_terminated(reader)?.to_owned();
        // What the text form could not say is refused, too.
        if weights > 0xf || !(1..LEXEME_BYTES_END).contains(&word.len()) {
            return Err(incorrect_format());
        }
        return Ok(Item::Value(Operand { word, weights, prefix: prefix != 0 }));
    }
    let [operator] = reader.array::<1>()?;
    Ok(Item::Operator(match (kind, operator) {
        (OPERATOR, NOT) => Operator::Not,
        (OPERATOR, AND) => Operator::And,
        (OPERATOR, OR) => Operator::Or,
        (OPERATOR, PHRASE) => {
            let distance = reader.array().map(u16::from_be_bytes)?;
            if distance > POSITION_END {
                return Err(incorrect_format());
            }
            Operator::Phrase(distance)
        }
        _ => return Err(incorrect_format()),
    }))
}

impl Operand {
    fn write(&self, out: &mut Vec<u8>) {
        write_quoted(&self.word, out);
        if self.weights == 0 && !self.prefix {
            return;
        }
        out.push(b':');
        if self.prefix {
            out.push(b'*');
        }
        for (bit, letter) in [(3, b'A'), (2, b'B'), (1, b'C'), (0, b'D')] {
            if self.weights >> bit & 1 == 1 {
                out.push(letter);
            }
        }
    }
}

/// PostgreSQL's "legacy" sum: the table of CRC-32, applied in the other direction.
fn checksum(bytes: &[u8]) -> u32 {
    let entry = |index: u32| {
        (0..8).fold(index, |v, _| if v & 1 == 1 { v >> 1 ^ 0xedb8_8320 } else { v >> 1 })
    };
    let step = |sum: u32, byte: &u8| entry((sum >> 24) ^ u32::from(*byte)) ^ (sum << 8);
    !bytes.iter().fold(u32::MAX, step)
}
