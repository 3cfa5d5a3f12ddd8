//! EXPLAIN's formats: lines, or one value that holds the tree as JSON, XML or YAML, laid out as
//! PostgreSQL lays it out.

use serde_json::{Map, Value};

/// EXPLAIN (FORMAT …).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Text,
    Json,
    Xml,
    Yaml,
}

impl Format {
    /// What stands for a plan where a statement has none.
    pub fn no_plan(self) -> String {
        match self {
            Format::Text => "Utility statements have no plan structure".to_owned(),
            Format::Json => "[\n  \"Utility Statement\"\n]".to_owned(),
            Format::Xml => {
                let root = "<explain xmlns=\"http://www.postgresql.org/2009/explain\">";
                format!("{root}\n  <Utility-Statement />\n</explain>")
            }
            Format::Yaml => "- \"Utility Statement\"".to_owned(),
        }
    }
}

pub(super) fn json(top: Option<&Map<String, Value>>) -> String {
    match top {
        Some(top) => serde_json::to_string_pretty(&[top]).unwrap_or_default(),
        None => "[\n]".to_owned(),
    }
}

/// One `Query` element, if any. Names are tags, their other characters turned into hyphens.
pub(super) fn xml(top: Option<&Map<String, Value>>) -> String {
    let mut out = "<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n".to_owned();
    if let Some(top) = top {
        xml_element("Query", &Value::Object(top.clone()), 1, &mut out);
    }
    out + "</explain>"
}

fn xml_element(name: &str, value: &Value, depth: usize, out: &mut String) {
    let is_tag = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let tag: String = name.chars().map(|c| if is_tag(c) { c } else { '-' }).collect();
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(map) => {
            out.push_str(&format!("{indent}<{tag}>\n"));
            map.iter().for_each(|(name, value)| xml_element(name, value, depth + 1, out));
            out.push_str(&format!("{indent}</{tag}>\n"));
        }
        Value::Array(items) => {
            out.push_str(&format!("{indent}<{tag}>\n"));
            for item in items {
                let name = if item.is_object() { "Plan" } else { "Item" };
                xml_element(name, item, depth + 1, out);
            }
            out.push_str(&format!("{indent}</{tag}>\n"));
        }
        scalar => out.push_str(&format!("{indent}<{tag}>{}</{tag}>\n", xml_text(scalar))),
    }
}

fn xml_text(scalar: &Value) -> String {
    let mut text = String::new();
    let plain = scalar.as_str().map_or_else(|| scalar.to_string(), str::to_owned);
    for c in plain.chars() {
        match c {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '\r' => text.push_str("&#x0d;"),
            c => text.push(c),
        }
    }
    text
}

/// A list of one query, if any.
pub(super) fn yaml(top: Option<&Map<String, Value>>) -> String {
    let mut out = String::new();
    if let Some(top) = top {
        out.push_str("- ");
        yaml_entries(top, 1, &mut out);
    }
    out
}

/// Entries at a depth; the first goes on in the line that is begun.
fn yaml_entries(map: &Map<String, Value>, depth: usize, out: &mut String) {
    for (n, (name, value)) in map.iter().enumerate() {
        if n > 0 {
            yaml_line(depth, out);
        }
        out.push_str(&format!("{name}: "));
        match value {
            Value::Object(map) => {
                yaml_line(depth + 1, out);
                yaml_entries(map, depth + 1, out);
            }
            Value::Array(items) => items.iter().for_each(|item| {
                yaml_line(depth + 1, out);
                out.push_str("- ");
                match item {
                    Value::Object(map) => yaml_entries(map, depth + 2, out),
                    scalar => out.push_str(&scalar.to_string()),
                }
            }),
            scalar => out.push_str(&scalar.to_string()),
        }
    }
}

fn yaml_line(depth: usize, out: &mut String) {
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
}

#[cfg(test)]
mod tests {
    use super::{xml, yaml};
    use serde_json::{Map, Value, json};

    fn plan() -> Map<String, Value> {
        let child = json!({"Filter": "(a < 1)", "Node Type": "Seq Scan"});
        let plan = json!({"Node Type": "Sort", "Plans": [child], "Sort Key": ["a", "b"]});
        Map::from_iter([("Plan".to_owned(), plan)])
    }

    /// As `EXPLAIN (COSTS false, FORMAT XML)` lays it out.
    #[test]
    fn xml_has_an_element_for_each_entry() {
        let expected = "<explain xmlns=\"http://www.postgresql.org/2009/explain\">\n  <Query>\n    <Plan>\n      \
            <Node-Type>Sort</Node-Type>\n      <Plans>\n        <Plan>\n          <Filter>(a &lt; 1)</Filter>\n          \
            <Node-Type>Seq Scan</Node-Type>\n        </Plan>\n      </Plans>\n      <Sort-Key>\n        <Item>a</Item>\n        \
            <Item>b</Item>\n      </Sort-Key>\n    </Plan>\n  </Query>\n</explain>";
        assert_eq!(xml(Some(&plan())), expected);
    }

    /// As `EXPLAIN (COSTS false, FORMAT YAML)` lays it out.
    #[test]
    fn yaml_indents_what_is_below() {
        let expected = "- Plan: \n    Node Type: \"Sort\"\n    Plans: \n      - Filter: \"(a < 1)\"\n        \
            Node Type: \"Seq Scan\"\n    Sort Key: \n      - \"a\"\n      - \"b\"";
        assert_eq!(yaml(Some(&plan())), expected);
    }
}
