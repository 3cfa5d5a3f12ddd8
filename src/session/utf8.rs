//! Text from clients, which must be valid UTF-8: the only server encoding we have.

use crate::error::{PgError, Result, code};

/// The bytes as text; 22021 names the first ones that are not.
pub fn utf8(bytes: &[u8]) -> Result<&str> {
    let invalid = match std::str::from_utf8(bytes) {
        Ok(text) => match text.find('\0') {
            None => return Ok(text),
            Some(nul) => &bytes[nul..=nul],
        },
        Err(e) => &bytes[e.valid_up_to()..],
    };
    // The report shows as many bytes as the first one announces.
    let announced = match invalid[0] {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        _ => 1,
    };
    let shown: Vec<String> = invalid.iter().take(announced).map(|b| format!("0x{b:02x}")).collect();
    Err(PgError::new(
        code::CHARACTER_NOT_IN_REPERTOIRE,
        format!("invalid byte sequence for encoding \"UTF8\": {}", shown.join(" ")),
    ))
}
