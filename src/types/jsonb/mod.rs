//! `jsonb`: a JSON document in a binary form that is navigated without parsing.

use super::Numeric;
use crate::error::Result;
use std::cmp::Ordering;
use std::sync::Arc;

/// A JSON document in binary form.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Jsonb(Arc<[u8]>);

/// A borrowed node of a document.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a>(&'a [u8]);

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

#[derive(Clone, Copy, Debug)]
pub struct Items<'a>(Node<'a>);
#[derive(Clone, Copy, Debug)]
pub struct Pairs<'a>(Node<'a>);

/// A document under construction; objects may have duplicate keys (the last one wins) in any order.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Number(Numeric),
    String(Arc<str>),
    Array(Vec<Value>),
    Object(Vec<(Arc<str>, Value)>),
    /// An existing document or part of one, embedded.
    Embedded(Jsonb),
}

#[allow(unused_variables)]
impl Jsonb {
    pub fn parse(text: &str) -> Result<Jsonb> {
        todo!()
    }
    pub fn build(value: &Value) -> Result<Jsonb> {
        todo!()
    }
    pub fn root(&self) -> Node<'_> {
        todo!()
    }
    pub fn compare(&self, o: &Jsonb) -> Ordering {
        todo!()
    }
    /// `jsonb_out`.
    pub fn to_text(&self) -> String {
        todo!()
    }
    /// `jsonb_pretty`.
    pub fn to_pretty(&self) -> String {
        todo!()
    }
}

#[allow(unused_variables)]
impl<'a> Node<'a> {
    pub fn view(self) -> View<'a> {
        todo!()
    }
    /// The node as a document of its own.
    pub fn to_jsonb(self) -> Jsonb {
        todo!()
    }
    /// An object's value by key; `None` for other nodes.
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        todo!()
    }
    /// An array's element; negative counts from the end. `None` for other nodes.
    pub fn at(self, index: i64) -> Option<Node<'a>> {
        todo!()
    }
    pub fn write_text(self, out: &mut String) {
        todo!()
    }
    pub fn to_value(self) -> Value {
        todo!()
    }
}

#[allow(unused_variables)]
impl<'a> Items<'a> {
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    pub fn get(&self, index: usize) -> Option<Node<'a>> {
        todo!()
    }
    pub fn iter(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        std::iter::empty()
    }
}

#[allow(unused_variables)]
impl<'a> Pairs<'a> {
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    pub fn get(&self, key: &str) -> Option<Node<'a>> {
        todo!()
    }
    /// Keys with values, in PostgreSQL's order: shorter keys first, then by bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Node<'a>)> + use<'a> {
        std::iter::empty()
    }
}
