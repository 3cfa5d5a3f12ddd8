//! SQL's names as XML's (SQL/XML, 9.1): what XML does not allow in a name is `_xHHHH_`.

use std::fmt::Write as _;

/// Whether a name may begin with a character (XML 1.0, production 4).
pub fn is_name_start(c: char) -> bool {
    c == ':'
        || c == '_'
        || c.is_ascii_alphabetic()
        || matches!(c,
        '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}'
        | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// Whether a name may go on with a character.
pub fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || c.is_ascii_digit()
        || matches!(c, '-' | '.' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// An SQL name as an XML name. `fully`: one that nobody has written as an XML name, in which colons and a
/// leading `xml` mean nothing either.
pub fn from_sql(name: &str, fully: bool) -> String {
    let mut out = String::with_capacity(name.len());
    let mut chars = name.chars().enumerate().peekable();
    while let Some((at, c)) = chars.next() {
        let first = at == 0;
        let escaped = match c {
            ':' => first || fully,
            '_' => chars.peek().is_some_and(|(_, next)| *next == 'x'),
            'x' | 'X' if first && fully => {
                name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("xml"))
            }
            c if first => !is_name_start(c),
            c => !is_name_char(c),
        };
        if escaped {
            // Writing to a string does not fail.
            let _ = write!(out, "_x{:04X}_", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

/// The SQL name of which [`from_sql`] makes an XML name.
pub fn to_sql(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        match escaped(rest) {
            Some((meant, length)) => {
                out.push(meant);
                rest = &rest[length..];
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

/// The character that `_xHHHH_` at the start of a text stands for, and how long it is.
fn escaped(text: &str) -> Option<(char, usize)> {
    let digits = text.strip_prefix("_x")?.get(..4)?;
    let code = u32::from_str_radix(digits, 16).ok()?;
    text[6..].starts_with('_').then_some((char::from_u32(code)?, 7))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for (sql, xml) in [
            ("a", "a"),
            ("a b", "a_x0020_b"),
            (":a:b._x.é", "_x003A_a:b._x005F_x.é"),
            ("1a", "_x0031_a"),
        ] {
            assert_eq!(from_sql(sql, false), xml);
            assert_eq!(to_sql(xml), sql);
        }
        assert_eq!(from_sql("xml:a", true), "_x0078_ml_x003A_a");
    }
}
