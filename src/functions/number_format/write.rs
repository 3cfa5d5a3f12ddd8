//! `to_char(number, template)`.
//!
//! The number is rounded to the template's digits first; then the patterns are written from left to
//! right while a second cursor walks the number's digits. Positions ahead of the number's first digit
//! are blanks (or zeros from the first `0` on); a number with more digits than positions is all `#`.

use super::template::{Anchor, Key, Node, Template};

/// A number as the writer wants it.
pub(super) struct Digits {
    pub negative: bool,
    /// `123.45`, without a sign; `#` where it does not fit.
    pub text: String,
    /// Template positions ahead of the first digit.
    pub blanks: usize,
}

impl Digits {
    /// Fits unsigned digits to `before` positions ahead of the point.
    pub(super) fn fit(template: &Template, before: usize, negative: bool, text: String) -> Digits {
        let whole = text.find('.').unwrap_or(text.len());
        if whole <= before {
            return Digits { negative, text, blanks: before - whole };
        }
        let point = if template.decimal || template.after > 0 || before > 0 { "." } else { "" };
        let text = format!("{}{point}{}", "#".repeat(before), "#".repeat(template.after));
        Digits { negative, text, blanks: 0 }
    }
}

struct Writer<'a> {
    template: &'a Template,
    digits: &'a Digits,
    number: &'a [u8],
    /// Position among the number's characters and among the template's digit patterns.
    at: usize,
    position: usize,
    positions: usize,
    /// The last character that matters with `FM`: later zeros are dropped.
    last_relevant: Option<usize>,
    sign_written: bool,
    angle_brackets: bool,
    inside: bool,
    out: String,
}

/// Writes digits by a template.
pub(super) fn write(template: &Template, digits: &Digits) -> String {
    let mut writer = Writer::new(template, digits);
    for node in &template.nodes {
        match node {
            Node::Literal(c) => writer.out.push(*c),
            Node::Key(key) => writer.key(*key),
        }
    }
    writer.out
}

impl<'a> Writer<'a> {
    fn new(template: &'a Template, digits: &'a Digits) -> Self {
        let angle_brackets = template.angle_brackets && (digits.negative || !template.fill);
        let sign_written = if template.plus || template.minus {
            // MI, PL and SG write it themselves; PL alone leaves a minus to the number.
            template.minus
        } else {
            !digits.negative && template.fill && template.sign.is_none()
        };
        let unshifted = template.before + template.shift + template.after;
        let mut writer = Writer {
            template,
            digits,
            number: digits.text.as_bytes(),
            at: 0,
            position: 0,
            positions: unshifted.saturating_sub(1),
            last_relevant: None,
            sign_written,
            angle_brackets,
            inside: false,
            out: String::new(),
        };
        if template.fill && template.decimal {
            writer.last_relevant = writer.find_last_relevant();
        }
        if !sign_written && digits.blanks == 0 {
            writer.positions += 1;
        }
        writer
    }

    /// The last digit after the point that is not zero (or the point); `0` patterns keep theirs.
    fn find_last_relevant(&self) -> Option<usize> {
        let point = self.number.iter().position(|&c| c == b'.')?;
        let significant = self.number.iter().rposition(|&c| c != b'0').unwrap_or(point);
        let last = significant.max(point);
        if self.template.zero_end > self.digits.blanks {
            let kept = (self.template.zero_end - self.digits.blanks).min(self.number.len() - 1);
            return Some(last.max(kept));
        }
        Some(last)
    }

    fn current(&self) -> Option<u8> {
        self.number.get(self.at).copied()
    }

    /// Only the point is left of the number's end: `FM9.` prints `1.`.
    fn ends_with_point(&self) -> bool {
        self.last_relevant.is_some_and(|at| self.number[at] == b'.')
    }

    /// A `9` before the point prints blank, not 0, for a number below 1.
    fn is_blank_zero(&self) -> bool {
        self.template.zero_start.is_none()
            && self.at == 0
            && self.current() == Some(b'0')
            && self.template.after != 0
    }

    fn blank(&mut self) {
        if !self.template.fill {
            self.out.push(' ');
        }
    }

    fn key(&mut self, key: Key) {
        let negative = self.digits.negative;
        match key {
            Key::Nine | Key::Zero | Key::Dot | Key::D => self.number_pattern(key),
            Key::Comma | Key::Group => match self.inside {
                true => self.out.push(','),
                false => self.blank(),
            },
            // The C locale has no currency symbol; a blank stands for it.
            Key::Currency => self.out.push(' '),
            Key::Roman { upper } => self.roman(upper),
            Key::Ordinal { upper } => self.ordinal(upper),
            Key::Minus if negative => self.out.push('-'),
            Key::Plus if !negative => self.out.push('+'),
            Key::Minus | Key::Plus => self.blank(),
            Key::EitherSign => self.out.push(if negative { '-' } else { '+' }),
            _ => {}
        }
    }

    fn roman(&mut self, upper: bool) {
        let text = match upper {
            true => self.digits.text.clone(),
            false => self.digits.text.to_ascii_lowercase(),
        };
        match self.template.fill {
            true => self.out.push_str(&text),
            false => self.out.push_str(&format!("{text:>15}")),
        }
    }

    fn ordinal(&mut self, upper: bool) {
        let template = self.template;
        let overflows = self.number.first() == Some(&b'#');
        if template.roman || template.decimal || self.digits.negative || overflows {
            return;
        }
        let suffix = ordinal_suffix(self.number);
        self.out.push_str(&if upper { suffix.to_ascii_uppercase() } else { suffix.to_owned() });
    }

    fn number_pattern(&mut self, key: Key) {
        if self.template.roman {
            return;
        }
        self.inside = false;
        self.leading_sign();
        self.digit(key);
        self.trailing_sign();
        self.position += 1;
    }

    /// The sign goes right before the first character of the number.
    fn leading_sign(&mut self) {
        let starts =
            self.position >= self.digits.blanks || self.template.zero_start == Some(self.position);
        if self.sign_written || !starts || (self.is_blank_zero() && !self.ends_with_point()) {
            return;
        }
        let negative = self.digits.negative;
        match (self.template.sign, self.angle_brackets) {
            (Some(Anchor::After), _) => return,
            (Some(Anchor::Before), _) => self.out.push(if negative { '-' } else { '+' }),
            (None, true) => self.out.push(if negative { '<' } else { ' ' }),
            (None, false) if negative => self.out.push('-'),
            (None, false) => self.blank(),
        }
        self.sign_written = true;
    }

    fn digit(&mut self, key: Key) {
        if self.position < self.digits.blanks {
            match self.template.zero_start.is_some_and(|start| start <= self.position) {
                true => {
                    self.out.push('0');
                    self.inside = true;
                }
                false => self.blank(),
            }
            return;
        }
        match self.current() {
            Some(b'.') if (!self.ends_with_point() || self.template.fill) => {
                self.out.push('.');
            }
            Some(_)
                if self.last_relevant.is_some_and(|last| self.at > last) && key != Key::Zero => {}
            Some(_) if self.is_blank_zero() => match self.template.fill {
                false => self.out.push(' '),
                true if self.ends_with_point() => self.out.push('0'),
                true => {}
            },
            Some(c) => {
                self.out.push(char::from(c));
                self.inside = true;
            }
            None => {}
        }
        if self.at < self.number.len() {
            self.at += 1;
        }
    }

    fn trailing_sign(&mut self) {
        let mut end = self.positions
            + usize::from(self.digits.blanks > 0)
            + usize::from(self.template.decimal);
        if self.last_relevant == Some(self.at) {
            end = self.position;
        }
        if self.position + 1 != end {
            return;
        }
        let negative = self.digits.negative;
        if self.sign_written && self.angle_brackets {
            self.out.push(if negative { '>' } else { ' ' });
        } else if self.template.sign == Some(Anchor::After) {
            self.out.push(if negative { '-' } else { '+' });
        }
    }
}

/// `st`, `nd`, `rd` or `th`.
fn ordinal_suffix(number: &[u8]) -> &'static str {
    match number {
        [.., b'1', _] => "th",
        [.., b'1'] => "st",
        [.., b'2'] => "nd",
        [.., b'3'] => "rd",
        _ => "th",
    }
}

/// A Roman numeral; `#` beyond 1 to 3999.
pub(super) fn roman(number: i32) -> String {
    const NUMERALS: [(i32, &str); 13] = [
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
        (9, "IX"),
        (5, "V"),
        (4, "IV"),
        (1, "I"),
    ];
    if !(1..=3999).contains(&number) {
        return "#".repeat(15);
    }
    let mut rest = number;
    let mut out = String::new();
    for (value, numeral) in NUMERALS {
        while rest >= value {
            out.push_str(numeral);
            rest -= value;
        }
    }
    out
}
