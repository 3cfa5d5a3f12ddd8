//! Facts taken from PostgreSQL 15.

use super::{Jsonb, View};
use crate::types::key;

fn doc(text: &str) -> Jsonb {
    Jsonb::parse(text).unwrap()
}

#[test]
fn text_is_normalised() {
    for (input, output) in [
        ("1.50", "1.50"),
        ("1e3", "1000"),
        (r#"{"bb":1,"a":2,"a":3}"#, r#"{"a": 3, "bb": 1}"#),
        ("[1,[],{}]", "[1, [], {}]"),
        (r#""\u00e4\n\ud83d\ude00\/""#, "\"ä\\n😀/\""),
        ("\"\\u0001\"", "\"\\u0001\""),
    ] {
        assert_eq!(doc(input).to_text(), output);
    }
    assert_eq!(
        doc(r#"{"a":[1,{}],"b":[]}"#).to_pretty(),
        "{\n    \"a\": [\n        1,\n        {\n        }\n    ],\n    \"b\": [\n    ]\n}"
    );
    let e = Jsonb::parse(r#""\u0000""#).unwrap_err();
    assert_eq!(e.code().as_str(), "22P05");
}

#[test]
fn navigation_finds_members() {
    let document = doc(r#"{"a":[10,20,30],"key":{"x":null},"b":"text"}"#);
    let root = document.root();
    let text = |node: super::Node<'_>| node.to_jsonb().to_text();
    assert_eq!(text(root.get("a").unwrap().at(-1).unwrap()), "30");
    assert!(root.get("a").unwrap().at(3).is_none());
    assert!(matches!(root.get("key").unwrap().get("x").unwrap().view(), View::Null));
    assert_eq!(root.get("b").unwrap().as_text().unwrap(), "text");
    assert!(root.get("nothing").is_none());
    assert_eq!(Jsonb::build(&root.to_value()).unwrap(), document);
}

#[test]
fn order_and_key_agree() {
    let sorted = [
        "[]",
        "null",
        "\"a\"",
        "\"b\"",
        "-1",
        "2",
        "10",
        "false",
        "true",
        "[null]",
        "[1]",
        "[[]]",
        "[{}]",
        "[1,2]",
        "[1,3]",
        "{}",
        r#"{"a":1}"#,
        r#"{"a":2}"#,
        r#"{"b":1}"#,
        r#"{"a":1,"b":1}"#,
    ]
    .map(doc);
    let keys = sorted.each_ref().map(|d| {
        let mut out = Vec::new();
        d.root().encode_key(&mut out);
        out
    });
    for i in 0..sorted.len() {
        for j in 0..sorted.len() {
            assert_eq!(sorted[i].compare(&sorted[j]), i.cmp(&j), "{i} {j}");
            assert_eq!(keys[i].cmp(&keys[j]), i.cmp(&j), "{i} {j}");
        }
    }
    let mut bytes = Vec::new();
    key::encode_bytes(b"a\0b", &mut bytes);
    assert_eq!(bytes, b"a\0\xffb\0\0");
}
