//! The syntax tree of an advanced regular expression (manual, 9.7.3).

/// Whether a quantifier, and what contains it, prefers more text or less (manual, 9.7.3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Preference {
    Longest,
    Shortest,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Literal(char),
    /// `.`
    Any,
    /// A bracket expression or class escape, in the target syntax already.
    Class(String),
    /// An assertion without contents, in the target syntax already.
    Assertion(&'static str),
    BackReference(u32),
    /// `(re)`
    Capture(Box<Node>),
    /// `(?:re)`
    Group(Box<Node>),
    /// `(?=re)` and its kin: the opening in the target syntax, which is the same.
    Look(&'static str, Box<Node>),
    Repeat {
        node: Box<Node>,
        min: u32,
        max: Option<u32>,
        /// `None` for `{m}`, which has no preference of its own.
        preference: Option<Preference>,
    },
    Concat(Vec<Node>),
    Alternatives(Vec<Node>),
}

impl Node {
    /// The preference of the whole: of the first quantified atom that has one; alternatives always
    /// prefer the longest.
    pub(super) fn preference(&self) -> Option<Preference> {
        match self {
            Node::Alternatives(_) => Some(Preference::Longest),
            Node::Concat(nodes) => nodes.iter().find_map(Node::preference),
            Node::Capture(node) | Node::Group(node) => node.preference(),
            Node::Repeat { node, preference, .. } => preference.or_else(|| node.preference()),
            _ => None,
        }
    }

    /// Matches nothing but the empty text, and captures nothing.
    fn is_empty(&self) -> bool {
        match self {
            Node::Concat(nodes) => nodes.iter().all(Node::is_empty),
            Node::Group(node) => node.is_empty(),
            _ => false,
        }
    }

    /// The nodes that match one after the other.
    pub(super) fn in_a_row<'n>(&'n self, out: &mut Vec<&'n Node>) {
        match self {
            Node::Capture(node) | Node::Group(node) => node.in_a_row(out),
            Node::Concat(nodes) => nodes.iter().for_each(|node| node.in_a_row(out)),
            other => out.push(other),
        }
    }

    /// Calls `visit` on every node.
    pub(super) fn walk(&self, visit: &mut impl FnMut(&Node)) {
        visit(self);
        match self {
            Node::Capture(node) | Node::Group(node) | Node::Look(_, node) => node.walk(visit),
            Node::Repeat { node, .. } => node.walk(visit),
            Node::Concat(nodes) | Node::Alternatives(nodes) => {
                nodes.iter().for_each(|node| node.walk(visit));
            }
            _ => {}
        }
    }

    /// Writes the tree in the target syntax. With `force`, every quantifier has that preference.
    pub(super) fn emit(&self, force: Option<Preference>, dot: &str, fold: bool, out: &mut String) {
        match self {
            Node::Literal(c) => emit_literal(*c, fold, out),
            Node::Any => out.push_str(dot),
            Node::Class(text) => out.push_str(text),
            Node::Assertion(text) => out.push_str(text),
            Node::BackReference(n) => out.push_str(&match fold {
                true => format!("(?i:\\{n})"),
                false => format!("(?:\\{n})"),
            }),
            Node::Capture(node) => emit_group("(", node, force, dot, fold, out),
            Node::Group(node) => emit_group("(?:", node, force, dot, fold, out),
            Node::Look(opening, node) => emit_group(opening, node, force, dot, fold, out),
            Node::Repeat { node, min, max, preference } => {
                // A quantifier that allows one count only is written to set its atom's preference.
                let inner = if Some(*min) == *max { force.or(*preference) } else { force };
                emit_group("(?:", node, inner, dot, fold, out);
                // The engine refuses to repeat nothing, and once needs no quantifier.
                if node.is_empty() || (*min, *max) == (1, Some(1)) {
                    return;
                }
                let max = max.map_or(String::new(), |n| n.to_string());
                out.push_str(&format!("{{{min},{max}}}"));
                if force.or(*preference) == Some(Preference::Shortest) {
                    out.push('?');
                }
            }
            Node::Concat(nodes) => {
                nodes.iter().for_each(|node| node.emit(force, dot, fold, out));
            }
            Node::Alternatives(nodes) => {
                for (i, node) in nodes.iter().enumerate() {
                    if i > 0 {
                        out.push('|');
                    }
                    node.emit(force, dot, fold, out);
                }
            }
        }
    }
}

fn emit_group(
    opening: &str,
    node: &Node,
    force: Option<Preference>,
    dot: &str,
    fold: bool,
    out: &mut String,
) {
    out.push_str(opening);
    node.emit(force, dot, fold, out);
    out.push(')');
}

/// A character that means itself; letters match either case when folding, in ASCII only as the C
/// collation has it.
fn emit_literal(c: char, fold: bool, out: &mut String) {
    if fold && c.is_ascii_alphabetic() {
        out.extend(['[', c.to_ascii_lowercase(), c.to_ascii_uppercase(), ']']);
    } else {
        out.push_str(&escaped(c));
    }
}

/// A character as the target syntax takes it, inside brackets and out.
pub(super) fn escaped(c: char) -> String {
    match c {
        c if c.is_ascii_alphanumeric() || !c.is_ascii() => c.to_string(),
        c => format!("\\x{{{:x}}}", u32::from(c)),
    }
}
