//! `jsonb`: a JSON document in a binary form that is navigated without parsing.
//!
//! A node is a tag byte and its content, which fills the rest of the node's bytes (whoever holds a
//! node knows its length). All numbers are little-endian u32.
//!
//! | tag | content |
//! |---|---|
//! | 0 null, 1 false, 2 true | nothing |
//! | 3 number | [`Numeric::encode`]'s form |
//! | 4 string | UTF-8 |
//! | 5 array | count; end of each item; items |
//! | 6 object | count; end of each key; end of each value; keys; values |
//!
//! Ends count from the first item (key, value). An object's keys are unique and sorted by length,
//! then by bytes, so that a key is found by binary search. The form is stored on disk: tags may be
//! added, none may change.

mod build;
mod order;
mod text;

#[cfg(test)]
mod tests;

pub use build::Value;

use super::Numeric;
use std::cmp::Ordering;
use std::ops::Range;
use std::sync::Arc;

/// A JSON document in binary form.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Jsonb(Arc<[u8]>);

/// A borrowed node of a document.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a>(&'a [u8]);

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const NUMBER: u8 = 3;
const STRING: u8 = 4;
const ARRAY: u8 = 5;
const OBJECT: u8 = 6;

/// Bytes of a count or offset.
const WORD: usize = 4;

/// What a node is.
#[derive(Clone, Debug)]
pub enum View<'a> {
    Null,
    Bool(bool),
    Number(Numeric),
    String(&'a str),
    Array(Items<'a>),
    Object(Pairs<'a>),
}

/// An array's items.
#[derive(Clone, Copy, Debug)]
pub struct Items<'a> {
    ends: &'a [u8],
    items: &'a [u8],
}

/// An object's members.
#[derive(Clone, Copy, Debug)]
pub struct Pairs<'a> {
    key_ends: &'a [u8],
    value_ends: &'a [u8],
    keys: &'a [u8],
    values: &'a [u8],
}

fn word(bytes: &[u8], index: usize) -> usize {
    let at = index * WORD;
    let word = bytes[at..at + WORD].try_into().expect("a word has four bytes");
    u32::from_le_bytes(word) as usize
}

/// The part of `data` with an index, by the table of ends.
fn part<'a>(ends: &[u8], data: &'a [u8], index: usize) -> &'a [u8] {
    let start = if index == 0 { 0 } else { word(ends, index - 1) };
    &data[start..word(ends, index)]
}

impl Jsonb {
    pub fn root(&self) -> Node<'_> {
        Node(&self.0)
    }

    /// The stored form.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A document from [`Jsonb::as_bytes`]'s form; the bytes must be of that form.
    pub fn from_bytes(bytes: impl Into<Arc<[u8]>>) -> Jsonb {
        Jsonb(bytes.into())
    }

    /// The node with these bytes of the stored form, as [`Jsonb::range_of`] gave them.
    pub fn node_at(&self, range: Range<usize>) -> Node<'_> {
        Node(&self.0[range])
    }

    /// Which bytes of the stored form a node of this document is.
    pub fn range_of(&self, node: Node<'_>) -> Range<usize> {
        let start = node.0.as_ptr() as usize - self.0.as_ptr() as usize;
        start..start + node.0.len()
    }

    /// The order of `jsonb`'s operators.
    pub fn compare(&self, o: &Jsonb) -> Ordering {
        order::compare(self.root(), o.root())
    }
}

impl<'a> Node<'a> {
    pub fn view(self) -> View<'a> {
        let (tag, content) = self.0.split_first().expect("a node has a tag");
        match *tag {
            NULL => View::Null,
            FALSE => View::Bool(false),
            TRUE => View::Bool(true),
            NUMBER => View::Number(Numeric::decode(content).expect("numbers are stored encoded")),
            STRING => View::String(utf8(content)),
            ARRAY => {
                let (ends, items) = content[WORD..].split_at(word(content, 0) * WORD);
                View::Array(Items { ends, items })
            }
            _ => View::Object(Pairs::new(content)),
        }
    }

    /// The node as a document of its own.
    pub fn to_jsonb(self) -> Jsonb {
        Jsonb(self.0.into())
    }

    /// Whether both are the same place in the same document.
    pub fn is_same(self, o: Node<'_>) -> bool {
        std::ptr::eq(self.0, o.0)
    }

    pub fn is_scalar(self) -> bool {
        !matches!(self.0[0], ARRAY | OBJECT)
    }

    /// An object's value by key; `None` for other nodes.
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        match self.view() {
            View::Object(pairs) => pairs.get(key),
            _ => None,
        }
    }

    /// An array's element; negative counts from the end. `None` for other nodes.
    pub fn at(self, index: i64) -> Option<Node<'a>> {
        let View::Array(items) = self.view() else { return None };
        let index = match index {
            0.. => usize::try_from(index).ok()?,
            _ => items.len().checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?,
        };
        items.get(index)
    }

    /// The node unpacked, to change and build anew.
    pub fn to_value(self) -> Value {
        match self.view() {
            View::Null => Value::Null,
            View::Bool(v) => Value::Bool(v),
            View::Number(v) => Value::Number(v),
            View::String(v) => Value::String(v.into()),
            View::Array(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            View::Object(pairs) => {
                Value::Object(pairs.iter().map(|(k, v)| (k.into(), v.to_value())).collect())
            }
        }
    }
}

fn utf8(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("strings are stored as UTF-8")
}

impl<'a> Items<'a> {
    pub fn len(&self) -> usize {
        self.ends.len() / WORD
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn get(&self, index: usize) -> Option<Node<'a>> {
        (index < self.len()).then(|| Node(part(self.ends, self.items, index)))
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = Node<'a>> + use<'a> {
        let this = *self;
        (0..this.len()).map(move |i| Node(part(this.ends, this.items, i)))
    }
}

impl<'a> Pairs<'a> {
    fn new(content: &'a [u8]) -> Pairs<'a> {
        let count = word(content, 0);
        let (key_ends, rest) = content[WORD..].split_at(count * WORD);
        let (value_ends, rest) = rest.split_at(count * WORD);
        let keys_length = if count == 0 { 0 } else { word(key_ends, count - 1) };
        let (keys, values) = rest.split_at(keys_length);
        Pairs { key_ends, value_ends, keys, values }
    }

    pub fn len(&self) -> usize {
        self.key_ends.len() / WORD
    }

    pub fn is_empty(&self) -> bool {
        self.key_ends.is_empty()
    }

    fn key(&self, index: usize) -> &'a str {
        utf8(part(self.key_ends, self.keys, index))
    }

    pub fn get(&self, key: &str) -> Option<Node<'a>> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = (low + high) / 2;
            match compare_keys(self.key(middle), key) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => {
                    return Some(Node(part(self.value_ends, self.values, middle)));
                }
            }
        }
        None
    }

    /// Keys with values, in PostgreSQL's order: shorter keys first, then by bytes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'a str, Node<'a>)> + use<'a> {
        let this = *self;
        (0..this.len()).map(move |i| (this.key(i), Node(part(this.value_ends, this.values, i))))
    }
}

/// The order of an object's keys.
fn compare_keys(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}
