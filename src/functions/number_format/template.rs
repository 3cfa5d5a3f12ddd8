//! Number templates: `FM9,990.00`, `S99.9PR` (manual, table 9.29).

use crate::error::{PgError, Result, code};

/// A pattern of the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Comma,
    Dot,
    Zero,
    Nine,
    B,
    D,
    Exponent,
    Fill,
    Group,
    Currency,
    Minus,
    Plus,
    AngleBrackets,
    Roman {
        upper: bool,
    },
    EitherSign,
    Sign,
    Ordinal {
        upper: bool,
    },
    Shift,
    /// Known in Oracle, without effect in PostgreSQL.
    Ignored,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Key(Key),
    Literal(char),
}

/// Where `S` anchors the sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Before,
    After,
}

/// A template, and what its patterns say together.
#[derive(Clone, Debug, Default)]
pub(super) struct Template {
    pub nodes: Vec<Node>,
    /// Digit positions before and after the decimal point.
    pub before: usize,
    pub after: usize,
    /// Positions after `V`: powers of ten to multiply by.
    pub shift: usize,
    pub decimal: bool,
    pub fill: bool,
    pub blank: bool,
    pub minus: bool,
    pub plus: bool,
    pub angle_brackets: bool,
    pub roman: bool,
    pub exponent: bool,
    pub shifted: bool,
    /// The position of the first `0`, and the last, of all positions.
    pub zero_start: Option<usize>,
    pub zero_end: usize,
    pub sign: Option<Anchor>,
    /// Digit positions ahead of a leading `S`.
    sign_after_digits: usize,
}

/// Patterns by spelling, longest first where one starts another.
const KEYWORDS: &[(&str, Key)] = &[
    ("EEEE", Key::Exponent),
    ("FM", Key::Fill),
    ("MI", Key::Minus),
    ("PL", Key::Plus),
    ("PR", Key::AngleBrackets),
    ("RN", Key::Roman { upper: true }),
    ("SG", Key::EitherSign),
    ("SP", Key::Ignored),
    ("TH", Key::Ordinal { upper: true }),
    (",", Key::Comma),
    (".", Key::Dot),
    ("0", Key::Zero),
    ("9", Key::Nine),
    ("B", Key::B),
    ("C", Key::Ignored),
    ("D", Key::D),
    ("G", Key::Group),
    ("L", Key::Currency),
    ("S", Key::Sign),
    ("V", Key::Shift),
];

/// The pattern at the start of the text; all upper or all lower case.
fn keyword(text: &str) -> Option<(Key, usize)> {
    let matches =
        |word: &str| text.starts_with(word) || text.starts_with(&word.to_ascii_lowercase());
    let (word, key) = KEYWORDS.iter().find(|(word, _)| matches(word))?;
    let lower = text.starts_with(|c: char| c.is_ascii_lowercase());
    let key = match key {
        Key::Roman { .. } => Key::Roman { upper: !lower },
        Key::Ordinal { .. } => Key::Ordinal { upper: !lower },
        key => *key,
    };
    Some((key, word.len()))
}

fn conflict(message: impl Into<std::borrow::Cow<'static, str>>) -> PgError {
    PgError::new(code::SYNTAX_ERROR, message)
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Template> {
        let mut template = Template::default();
        let mut rest = text;
        let mut quoted = false;
        while let Some(c) = rest.chars().next() {
            if c == '"' {
                quoted = !quoted;
                rest = &rest[1..];
                continue;
            }
            if let (false, Some((key, length))) = (quoted, keyword(rest)) {
                template.add(key)?;
                template.nodes.push(Node::Key(key));
                rest = &rest[length..];
                continue;
            }
            // A backslash makes a quote literal, and within quotes any character.
            let escapes = c == '\\' && (rest[1..].starts_with('"') || (quoted && rest.len() > 1));
            let rest_of = if escapes { &rest[1..] } else { rest };
            let literal = rest_of.chars().next().unwrap_or(c);
            template.nodes.push(Node::Literal(literal));
            rest = &rest_of[literal.len_utf8()..];
        }
        template.anchor_sign();
        Ok(template)
    }

    fn any_sign(&self) -> bool {
        self.sign.is_some() || self.plus || self.minus
    }

    fn add(&mut self, key: Key) -> Result<()> {
        if self.exponent && key != Key::Exponent {
            return Err(conflict("\"EEEE\" must be the last pattern used"));
        }
        match key {
            Key::Nine | Key::Zero => self.add_digit(key)?,
            Key::B if self.before == 0 && self.after == 0 && self.zero_start.is_none() => {
                self.blank = true;
            }
            Key::Dot | Key::D => {
                if self.decimal {
                    return Err(conflict("multiple decimal points"));
                }
                if self.shifted {
                    return Err(conflict("cannot use \"V\" and decimal point together"));
                }
                self.decimal = true;
            }
            Key::Fill => self.fill = true,
            Key::Sign => self.add_sign()?,
            Key::Minus | Key::Plus | Key::EitherSign => self.add_explicit_sign(key)?,
            Key::AngleBrackets => {
                if self.any_sign() {
                    let message = "cannot use \"PR\" and \"S\"/\"PL\"/\"MI\"/\"SG\" together";
                    return Err(conflict(message));
                }
                self.angle_brackets = true;
            }
            Key::Roman { .. } => self.roman = true,
            Key::Shift => {
                if self.decimal {
                    return Err(conflict("cannot use \"V\" and decimal point together"));
                }
                self.shifted = true;
            }
            Key::Exponent => self.add_exponent()?,
            _ => {}
        }
        Ok(())
    }

    fn add_digit(&mut self, key: Key) -> Result<()> {
        if self.angle_brackets {
            let digit = if key == Key::Nine { "9" } else { "0" };
            return Err(conflict(format!("\"{digit}\" must be ahead of \"PR\"")));
        }
        if key == Key::Nine && self.shifted {
            self.shift += 1;
            return Ok(());
        }
        if key == Key::Zero && self.zero_start.is_none() && !self.decimal {
            self.zero_start = Some(self.before);
        }
        match self.decimal {
            true => self.after += 1,
            false => self.before += 1,
        }
        if key == Key::Zero {
            self.zero_end = self.before + self.after;
        }
        Ok(())
    }

    fn add_sign(&mut self) -> Result<()> {
        if self.sign.is_some() {
            return Err(conflict("cannot use \"S\" twice"));
        }
        if self.plus || self.minus || self.angle_brackets {
            let message = "cannot use \"S\" and \"PL\"/\"MI\"/\"SG\"/\"PR\" together";
            return Err(conflict(message));
        }
        self.sign = Some(if self.decimal { Anchor::After } else { Anchor::Before });
        self.sign_after_digits = self.before;
        Ok(())
    }

    fn add_explicit_sign(&mut self, key: Key) -> Result<()> {
        if self.sign.is_some() {
            let name = match key {
                Key::Minus => "MI",
                Key::Plus => "PL",
                _ => "SG",
            };
            return Err(conflict(format!("cannot use \"S\" and \"{name}\" together")));
        }
        self.minus |= key != Key::Plus;
        self.plus |= key != Key::Minus;
        Ok(())
    }

    fn add_exponent(&mut self) -> Result<()> {
        if self.exponent {
            return Err(conflict("cannot use \"EEEE\" twice"));
        }
        if self.blank
            || self.fill
            || self.any_sign()
            || self.angle_brackets
            || self.roman
            || self.shifted
        {
            let detail =
                "\"EEEE\" may only be used together with digit and decimal point patterns.";
            return Err(conflict("\"EEEE\" is incompatible with other formats").detail(detail));
        }
        self.exponent = true;
        Ok(())
    }

    /// An `S` behind all digits is a trailing one, decimal point or not.
    fn anchor_sign(&mut self) {
        if self.sign == Some(Anchor::Before)
            && self.before > 0
            && self.before == self.sign_after_digits
        {
            self.sign = Some(Anchor::After);
        }
    }
}
