//! Reads PostgreSQL's advanced regular expressions into a [`Node`].
//!
//! Under the C collation the classes are ASCII's: `\w` does not match `é`. Errors carry the messages
//! that PostgreSQL's compiler gives, after `invalid regular expression: `.

use super::ast::{Node, Preference, escaped};
use super::options::Options;
use crate::error::{PgError, Result, code};

const WORD: &str = "[0-9A-Za-z_]";
const NOT_WORD: &str = "[^0-9A-Za-z_]";
const DIGIT: &str = "[0-9]";
const NOT_DIGIT: &str = "[^0-9]";
const SPACE: &str = "[ \\t\\n\\r\\f\\x0b]";
const NOT_SPACE: &str = "[^ \\t\\n\\r\\f\\x0b]";
const WORD_START: &str = "(?:(?<![0-9A-Za-z_])(?=[0-9A-Za-z_]))";
const WORD_END: &str = "(?:(?<=[0-9A-Za-z_])(?![0-9A-Za-z_]))";
const WORD_EDGE: &str = "(?:(?<![0-9A-Za-z_])(?=[0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?![0-9A-Za-z_]))";
const NOT_WORD_EDGE: &str =
    "(?:(?<![0-9A-Za-z_])(?![0-9A-Za-z_])|(?<=[0-9A-Za-z_])(?=[0-9A-Za-z_]))";

/// Parentheses in parentheses. Compiled patterns may nest less deep; what reads and rewrites the
/// tree needs stack for each level.
const NESTING_MAX: u32 = 250;

/// The greatest repetition count (`DUPMAX`).
const REPEAT_MAX: u32 = 255;

pub(super) fn invalid(reason: &str) -> PgError {
    PgError::new(code::INVALID_REGULAR_EXPRESSION, format!("invalid regular expression: {reason}"))
}

fn bad_escape() -> PgError {
    invalid("invalid escape \\ sequence")
}

pub(super) struct Parser<'a> {
    rest: &'a str,
    options: Options,
    /// Capturing groups opened so far.
    groups: u32,
    /// Groups that are closed and may be referred back to.
    closed: Vec<u32>,
    /// Lookaround constraints around the current place; parentheses within do not capture.
    lookarounds: u32,
    nesting: u32,
}

/// What an escape stands for.
enum Escape {
    Char(char),
    Class(&'static str),
    Assertion(&'static str),
    BackReference(u32),
}

impl<'a> Parser<'a> {
    pub(super) fn new(pattern: &'a str, options: Options) -> Self {
        Parser { rest: pattern, options, groups: 0, closed: Vec::new(), lookarounds: 0, nesting: 0 }
    }

    /// The whole expression; how many groups capture.
    pub(super) fn parse(mut self) -> Result<(Node, u32)> {
        let node = self.alternatives()?;
        match self.rest.is_empty() {
            true => Ok((node, self.groups)),
            // Only a closing parenthesis ends an expression early.
            false => Err(invalid("parentheses () not balanced")),
        }
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn eat(&mut self, prefix: &str) -> bool {
        match self.rest.strip_prefix(prefix) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn alternatives(&mut self) -> Result<Node> {
        if self.nesting == NESTING_MAX {
            return Err(invalid("regular expression is too complex"));
        }
        self.nesting += 1;
        let mut branches = vec![self.branch()?];
        while self.eat("|") {
            branches.push(self.branch()?);
        }
        self.nesting -= 1;
        Ok(match branches.len() {
            1 => branches.remove(0),
            _ => Node::Alternatives(branches),
        })
    }

    fn branch(&mut self) -> Result<Node> {
        let mut nodes = Vec::new();
        loop {
            self.skip_comments()?;
            match self.peek() {
                None | Some('|' | ')') => return Ok(Node::Concat(nodes)),
                Some(_) => {
                    let atom = self.atom()?;
                    nodes.push(self.quantified(atom)?);
                }
            }
        }
    }

    /// `(?#…)` anywhere; white space and `#` to the end of line in expanded syntax.
    fn skip_comments(&mut self) -> Result<()> {
        loop {
            if self.rest.starts_with("(?#") {
                let end =
                    self.rest.find(')').ok_or_else(|| invalid("parentheses () not balanced"))?;
                self.rest = &self.rest[end + 1..];
            } else if self.options.expanded && self.rest.starts_with('#') {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.rest = &self.rest[end..];
            } else if self.options.expanded
                && self.rest.starts_with(|c: char| c.is_ascii_whitespace())
            {
                self.rest = &self.rest[1..];
            } else {
                return Ok(());
            }
        }
    }

    fn atom(&mut self) -> Result<Node> {
        let c = self.next().ok_or_else(|| invalid("unexpected end"))?;
        Ok(match c {
            '(' => return self.group(),
            '[' if self.eat("[:<:]]") => Node::Assertion(WORD_START),
            '[' if self.eat("[:>:]]") => Node::Assertion(WORD_END),
            '[' => Node::Class(self.bracket()?),
            '.' => Node::Any,
            '^' => Node::Assertion(if self.options.line_anchors { "(?m:^)" } else { "\\A" }),
            '$' => Node::Assertion(if self.options.line_anchors { "(?m:$)" } else { "\\z" }),
            '*' | '+' | '?' => return Err(invalid("quantifier operand invalid")),
            '{' if self.digit_follows() => return Err(invalid("quantifier operand invalid")),
            '\\' => match self.escape()? {
                Escape::Char(c) => Node::Literal(c),
                Escape::Class(class) => Node::Class(class.to_owned()),
                Escape::Assertion(text) => Node::Assertion(text),
                Escape::BackReference(n) => Node::BackReference(n),
            },
            c => Node::Literal(c),
        })
    }

    fn digit_follows(&self) -> bool {
        self.rest.starts_with(|c: char| c.is_ascii_digit())
    }

    /// After an opening parenthesis.
    fn group(&mut self) -> Result<Node> {
        const LOOKS: [&str; 4] = ["?=", "?!", "?<=", "?<!"];
        const OPENINGS: [&str; 4] = ["(?=", "(?!", "(?<=", "(?<!"];
        let look = LOOKS.iter().position(|prefix| self.eat(prefix));
        if let Some(kind) = look {
            self.lookarounds += 1;
            let node = Box::new(self.closed_alternatives()?);
            self.lookarounds -= 1;
            return Ok(Node::Look(OPENINGS[kind], node));
        }
        if self.eat("?:") || (self.lookarounds > 0 && self.peek() != Some('?')) {
            return Ok(Node::Group(Box::new(self.closed_alternatives()?)));
        }
        if self.peek() == Some('?') {
            return Err(invalid("quantifier operand invalid"));
        }
        self.groups += 1;
        let number = self.groups;
        let node = self.closed_alternatives()?;
        self.closed.push(number);
        Ok(Node::Capture(Box::new(node)))
    }

    fn closed_alternatives(&mut self) -> Result<Node> {
        let node = self.alternatives()?;
        match self.eat(")") {
            true => Ok(node),
            false => Err(invalid("parentheses () not balanced")),
        }
    }

    fn quantified(&mut self, node: Node) -> Result<Node> {
        self.skip_comments()?;
        let (min, max) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') if self.rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                return self.counted(node);
            }
            _ => return Ok(node),
        };
        self.next();
        self.repeat(node, min, max, true)
    }

    /// `{m}`, `{m,}`, `{m,n}`.
    fn counted(&mut self, node: Node) -> Result<Node> {
        let bad = || invalid("invalid repetition count(s)");
        self.next();
        let min = self.count()?.ok_or_else(bad)?;
        let (max, range) = match self.eat(",") {
            true => (self.count()?, true),
            false => (Some(min), false),
        };
        if !self.eat("}") {
            let unclosed = self.rest.is_empty();
            return Err(if unclosed { invalid("braces {} not balanced") } else { bad() });
        }
        if max.is_some_and(|max| max < min) {
            return Err(bad());
        }
        self.repeat(node, min, max, range)
    }

    fn count(&mut self) -> Result<Option<u32>> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        self.rest = rest;
        if digits.is_empty() {
            return Ok(None);
        }
        match digits.parse() {
            Ok(n) if n <= REPEAT_MAX => Ok(Some(n)),
            _ => Err(invalid("invalid repetition count(s)")),
        }
    }

    fn repeat(&mut self, node: Node, min: u32, max: Option<u32>, ranged: bool) -> Result<Node> {
        let lazy = self.eat("?");
        // Another quantifier cannot follow, nor can one repeat a constraint.
        let again = self.rest.starts_with(['*', '+', '?'])
            || (self.rest.starts_with('{')
                && self.rest[1..].starts_with(|c: char| c.is_ascii_digit()));
        if again || matches!(node, Node::Assertion(_) | Node::Look(..)) {
            return Err(invalid("quantifier operand invalid"));
        }
        let preference = match lazy {
            true => Some(Preference::Shortest),
            false => ranged.then_some(Preference::Longest),
        };
        Ok(Node::Repeat { node: Box::new(node), min, max, preference })
    }

    /// After a backslash outside brackets.
    fn escape(&mut self) -> Result<Escape> {
        let c = self.next().ok_or_else(bad_escape)?;
        Ok(match c {
            'd' => Escape::Class(DIGIT),
            'D' => Escape::Class(NOT_DIGIT),
            's' => Escape::Class(SPACE),
            'S' => Escape::Class(NOT_SPACE),
            'w' => Escape::Class(WORD),
            'W' => Escape::Class(NOT_WORD),
            'A' => Escape::Assertion("\\A"),
            'Z' => Escape::Assertion("\\z"),
            'm' => Escape::Assertion(WORD_START),
            'M' => Escape::Assertion(WORD_END),
            'y' => Escape::Assertion(WORD_EDGE),
            'Y' => Escape::Assertion(NOT_WORD_EDGE),
            '1'..='9' => self.back_reference(c)?,
            c => Escape::Char(self.character_escape(c)?),
        })
    }

    /// `\m` or `\mnn`: several digits refer back only if there are that many groups; else octal.
    fn back_reference(&mut self, first: char) -> Result<Escape> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let number: u32 = format!("{first}{}", &self.rest[..end]).parse().unwrap_or(u32::MAX);
        if end > 0 && number > self.groups {
            return self.octal(first).map(Escape::Char);
        }
        self.rest = &self.rest[end..];
        match self.closed.contains(&number) {
            true => Ok(Escape::BackReference(number)),
            false => Err(invalid("invalid backreference number")),
        }
    }

    fn octal(&mut self, first: char) -> Result<char> {
        let mut value = first.to_digit(8).ok_or_else(bad_escape)?;
        for _ in 0..2 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else { break };
            value = value * 8 + digit;
            self.next();
        }
        char::from_u32(value).ok_or_else(bad_escape)
    }

    fn hexadecimal(&mut self, digits: usize) -> Result<char> {
        let number = self.rest.get(..digits).ok_or_else(bad_escape)?;
        if !number.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(bad_escape());
        }
        self.rest = &self.rest[digits..];
        let value = u32::from_str_radix(number, 16).map_err(|_| bad_escape())?;
        char::from_u32(value).ok_or_else(bad_escape)
    }

    /// Escapes that stand for one character, in brackets too.
    fn character_escape(&mut self, c: char) -> Result<char> {
        Ok(match c {
            'a' => '\x07',
            'b' => '\x08',
            'B' => '\\',
            'c' => {
                let control = self.next().ok_or_else(bad_escape)?;
                char::from_u32(u32::from(control) & 0o37).ok_or_else(bad_escape)?
            }
            'e' => '\x1b',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0b',
            'u' => self.hexadecimal(4)?,
            'U' => self.hexadecimal(8)?,
            'x' => {
                let end = self.rest.find(|c: char| !c.is_ascii_hexdigit());
                match end.unwrap_or(self.rest.len()) {
                    0 => return Err(bad_escape()),
                    digits => self.hexadecimal(digits)?,
                }
            }
            '0' => self.octal('0')?,
            c if c.is_ascii_alphanumeric() => return Err(bad_escape()),
            c => c,
        })
    }

    /// After `[`: a class in the target syntax, which nests.
    fn bracket(&mut self) -> Result<String> {
        let negated = self.eat("^");
        let mut class = String::from(if negated { "[^" } else { "[" });
        if negated && self.options.line_dots {
            class.push_str("\\n");
        }
        let start = class.len();
        let mut first = true;
        loop {
            match self.peek() {
                None => return Err(invalid("brackets [] not balanced")),
                Some(']') if !first => break,
                Some(_) => self.bracket_item(&mut class, first)?,
            }
            first = false;
        }
        self.next();
        debug_assert!(class.len() > start, "brackets are never empty");
        class.push(']');
        Ok(class)
    }

    fn bracket_item(&mut self, class: &mut String, first: bool) -> Result<()> {
        if self.eat("[:") {
            return self.character_class(class);
        }
        if self.rest.starts_with('\\') {
            let nested = match self.rest[1..].chars().next() {
                Some('d') => Some(DIGIT),
                Some('s') => Some(SPACE),
                Some('w') => Some(WORD),
                Some('D') => Some(NOT_DIGIT),
                Some('S') => Some(NOT_SPACE),
                Some('W') => Some(NOT_WORD),
                _ => None,
            };
            if let Some(nested) = nested {
                self.rest = &self.rest[2..];
                class.push_str(nested);
                return Ok(());
            }
        }
        let low = self.bracket_char(first)?;
        let is_range = self.rest.starts_with('-') && !self.rest.starts_with("-]");
        let high = match is_range {
            true => {
                self.next();
                self.bracket_char(true)?
            }
            false => low,
        };
        if high < low {
            return Err(invalid("invalid character range"));
        }
        self.push_range(class, low, high);
        Ok(())
    }

    /// One end of a range: a character, an escape, or `[.x.]`, `[=x=]`.
    fn bracket_char(&mut self, hyphen_allowed: bool) -> Result<char> {
        for (open, close) in [("[.", ".]"), ("[=", "=]")] {
            if self.eat(open) {
                let end =
                    self.rest.find(close).ok_or_else(|| invalid("brackets [] not balanced"))?;
                let mut name = self.rest[..end].chars();
                let (c, more) = (name.next(), name.next());
                self.rest = &self.rest[end + close.len()..];
                return match (c, more) {
                    (Some(c), None) => Ok(c),
                    _ => Err(invalid("invalid collating element")),
                };
            }
        }
        match self.next() {
            None => Err(invalid("brackets [] not balanced")),
            Some('\\') => {
                let c = self.next().ok_or_else(bad_escape)?;
                self.character_escape(c)
            }
            Some('-') if !hyphen_allowed && !self.rest.starts_with(']') => {
                Err(invalid("invalid character range"))
            }
            Some(c) => Ok(c),
        }
    }

    fn push_range(&self, class: &mut String, low: char, high: char) {
        class.push_str(&format!("{}-{}", escaped(low), escaped(high)));
        if !self.options.fold {
            return;
        }
        for c in ('a'..='z').chain('A'..='Z').filter(|c| (low..=high).contains(c)) {
            let other = if c.is_ascii_lowercase() {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            };
            class.push(other);
        }
    }

    /// After `[:`.
    fn character_class(&mut self, class: &mut String) -> Result<()> {
        let unknown = || invalid("invalid character class");
        let end = self.rest.find(":]").ok_or_else(|| invalid("brackets [] not balanced"))?;
        let name = &self.rest[..end];
        self.rest = &self.rest[end + 2..];
        const NAMES: [&str; 13] = [
            "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print",
            "punct", "space", "upper", "xdigit",
        ];
        if name == "word" {
            class.push_str(WORD);
            return Ok(());
        }
        let known = NAMES.iter().find(|known| **known == name).ok_or_else(unknown)?;
        let cased = self.options.fold && matches!(*known, "lower" | "upper");
        class.push_str(&format!("[:{}:]", if cased { "alpha" } else { known }));
        Ok(())
    }
}
