//! `uuid`.

use super::input::invalid_input;
use crate::error::Result;

/// Reads 32 hexadecimal digits, in braces or not, with hyphens after any group of four.
pub fn parse(text: &str) -> Result<[u8; 16]> {
    parse_bytes(text.as_bytes()).ok_or_else(|| invalid_input("uuid", text))
}

fn parse_bytes(mut text: &[u8]) -> Option<[u8; 16]> {
    if let [b'{', inner @ .., b'}'] = text {
        text = inner;
    }
    let mut uuid = [0; 16];
    for (i, byte) in uuid.iter_mut().enumerate() {
        let [high, low, rest @ ..] = text else { return None };
        let digit = |b: u8| char::from(b).to_digit(16);
        *byte = (digit(*high)? << 4 | digit(*low)?) as u8;
        text = match rest {
            [b'-', after @ ..] if i % 2 == 1 && i < 15 => after,
            _ => rest,
        };
    }
    text.is_empty().then_some(uuid)
}

/// Appends the standard form: groups of 8-4-4-4-12 digits.
pub fn write(uuid: &[u8; 16], out: &mut Vec<u8>) {
    for (i, byte) in uuid.iter().enumerate() {
        if matches!(i, 4 | 6 | 8 | 10) {
            out.push(b'-');
        }
        super::bytea::write_hex(&[*byte], out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_forms() {
        let standard = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
        for text in [
            standard,
            "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
            "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}",
            "a0eebc999c0b4ef8bb6d6bb9bd380a11",
        ] {
            let mut out = Vec::new();
            write(&parse(text).unwrap(), &mut out);
            assert_eq!(out, standard.as_bytes());
        }
        for text in [
            "",
            "a0eebc99",
            "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            "-a0eebc999c0b4ef8bb6d6bb9bd380a11",
        ] {
            assert!(parse(text).is_err());
        }
    }
}
