//! Options of a regular expression: flags arguments, embedded `(?…)`, `***` directors.

use crate::error::{PgError, Result, code};
use crate::types::jsonpath::LikeRegex;

/// How a pattern is read and matched. The default is case-sensitive, newlines ordinary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Options {
    /// `i`: ignore case.
    pub fold: bool,
    /// `x`: white space and comments in the pattern are ignored.
    pub expanded: bool,
    /// `n`, `p`: `.` and negated brackets do not match a newline.
    pub line_dots: bool,
    /// `n`, `w`: `^` and `$` match at lines' ends too.
    pub line_anchors: bool,
    /// `q`: the pattern is a literal string.
    pub literal: bool,
    /// `g`: every match, where the function allows it.
    pub global: bool,
}

impl Options {
    /// One option letter; `None` where there is no such option.
    fn set(&mut self, letter: char) -> Option<Result<()>> {
        match letter {
            'i' => self.fold = true,
            'c' => self.fold = false,
            'x' => self.expanded = true,
            't' => self.expanded = false,
            'n' | 'm' => (self.line_dots, self.line_anchors) = (true, true),
            'p' => (self.line_dots, self.line_anchors) = (true, false),
            'w' => (self.line_dots, self.line_anchors) = (false, true),
            's' => (self.line_dots, self.line_anchors) = (false, false),
            'q' => self.literal = true,
            'b' => return Some(Err(PgError::unsupported("basic regular expression syntax"))),
            'e' => return Some(Err(PgError::unsupported("extended regular expression syntax"))),
            _ => return None,
        }
        Some(Ok(()))
    }

    /// XQuery's flags. A quoted pattern has no use for those about lines.
    pub(super) fn of_xquery(regex: &LikeRegex) -> Options {
        Options {
            fold: regex.ignore_case,
            literal: regex.quote,
            line_dots: !regex.quote && !regex.dot_all,
            line_anchors: !regex.quote && regex.multi_line,
            ..Options::default()
        }
    }

    /// The flags argument of a function.
    pub(super) fn parse(flags: &str) -> Result<Options> {
        let mut options = Options::default();
        for letter in flags.chars() {
            if letter == 'g' {
                options.global = true;
                continue;
            }
            options.set(letter).unwrap_or_else(|| {
                let message = format!("invalid regular expression option: \"{letter}\"");
                Err(PgError::new(code::INVALID_PARAMETER_VALUE, message))
            })?;
        }
        Ok(options)
    }

    /// Takes `***:`, `***=` and a leading `(?letters)` off the pattern.
    pub(super) fn embedded<'a>(&mut self, pattern: &'a str) -> Result<&'a str> {
        if self.literal {
            return Ok(pattern);
        }
        let mut rest = pattern;
        if let Some(literal) = rest.strip_prefix("***=") {
            self.literal = true;
            return Ok(literal);
        }
        if let Some(advanced) = rest.strip_prefix("***:") {
            rest = advanced;
        } else if rest.starts_with("***") {
            return Err(super::parse::invalid("quantifier operand invalid"));
        }
        if let Some(letters) = rest.strip_prefix("(?")
            && letters.starts_with(|c: char| c.is_ascii_alphabetic())
        {
            let unknown = || super::parse::invalid("invalid embedded option");
            let end = letters.find(')').ok_or_else(unknown)?;
            for letter in letters[..end].chars() {
                self.set(letter).ok_or_else(unknown)??;
            }
            rest = &letters[end + 1..];
        }
        Ok(rest)
    }
}
