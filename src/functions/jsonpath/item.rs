//! SQL/JSON items: what paths work on.

use super::datetime::Moment;
use crate::types::Numeric;
use crate::types::jsonb::{Jsonb, Node, Value, View};
use std::ops::Range;
use std::sync::Arc;

/// One item. Containers are parts of their documents and not unpacked.
#[derive(Clone)]
pub(super) enum Item {
    Null,
    Bool(bool),
    Number(Numeric),
    String(Arc<str>),
    Container(Part),
    Datetime(Moment),
}

/// An array or object inside a document, which it keeps alive.
#[derive(Clone)]
pub(super) struct Part {
    pub document: Jsonb,
    pub range: Range<usize>,
    /// Number of the document among those of the evaluation: 0 for `$`, 1 for the variables, then
    /// those that `.keyvalue()` made.
    pub document_id: i64,
}

/// The kinds of items, for comparisons and `.type()`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
    Datetime,
}

impl Item {
    /// A whole document.
    pub fn of_document(document: &Jsonb, document_id: i64) -> Item {
        let range = 0..document.as_bytes().len();
        Part { document: document.clone(), range, document_id }.item(document.root())
    }

    pub fn kind(&self) -> Kind {
        match self {
            Item::Null => Kind::Null,
            Item::Bool(_) => Kind::Bool,
            Item::Number(_) => Kind::Number,
            Item::String(_) => Kind::String,
            Item::Datetime(_) => Kind::Datetime,
            Item::Container(part) => match part.node().view() {
                View::Array(_) => Kind::Array,
                _ => Kind::Object,
            },
        }
    }

    /// The part, if the item is an array.
    pub fn as_array(&self) -> Option<&Part> {
        match self {
            Item::Container(part) if self.kind() == Kind::Array => Some(part),
            _ => None,
        }
    }

    /// The part, if the item is an object.
    pub fn as_object(&self) -> Option<&Part> {
        match self {
            Item::Container(part) if self.kind() == Kind::Object => Some(part),
            _ => None,
        }
    }

    /// As part of a document to be built; dates and times are strings there.
    pub fn into_value(self) -> Value {
        match self {
            Item::Null => Value::Null,
            Item::Bool(value) => Value::Bool(value),
            Item::Number(value) => Value::Number(value),
            Item::String(value) => Value::String(value),
            Item::Container(part) => Value::Embedded(part.node().to_jsonb()),
            Item::Datetime(moment) => Value::String(moment.text().into()),
        }
    }
}

impl Part {
    pub fn node(&self) -> Node<'_> {
        self.document.node_at(self.range.clone())
    }

    /// A node of the same document as an item.
    pub fn item(&self, node: Node<'_>) -> Item {
        match node.view() {
            View::Null => Item::Null,
            View::Bool(value) => Item::Bool(value),
            View::Number(value) => Item::Number(value),
            View::String(value) => Item::String(value.into()),
            View::Array(_) | View::Object(_) => Item::Container(Part {
                document: self.document.clone(),
                range: self.document.range_of(node),
                document_id: self.document_id,
            }),
        }
    }
}
