//! What every family's input needs: blanks and the common errors.

use crate::error::{PgError, Result, code};

/// C's `isspace` in the C locale.
pub fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r')
}

/// 22P02 `invalid input syntax for type integer: "x"`.
pub fn invalid_input(type_name: &str, text: &str) -> PgError {
    PgError::new(
        code::INVALID_TEXT_REPRESENTATION,
        format!("invalid input syntax for type {type_name}: \"{text}\""),
    )
}

/// 22003 `value "99999" is out of range for type smallint`.
pub fn value_out_of_range(type_name: &str, text: &str) -> PgError {
    PgError::new(
        code::NUMERIC_VALUE_OUT_OF_RANGE,
        format!("value \"{text}\" is out of range for type {type_name}"),
    )
}

/// 08P01: a binary value ends too early.
pub fn insufficient_data() -> PgError {
    PgError::new(code::PROTOCOL_VIOLATION, "insufficient data left in message")
}

/// 22P03: a binary value has bytes left over, or too few. PostgreSQL reports it against the
/// parameter or COPY field, whose number the caller adds.
pub fn incorrect_format() -> PgError {
    PgError::new(code::INVALID_BINARY_REPRESENTATION, "incorrect binary data format")
}

/// Reads big-endian fields of a binary value.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn take(&mut self, n: usize) -> Result<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n).ok_or_else(insufficient_data)?;
        self.0 = rest;
        Ok(head)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or_else(insufficient_data)?;
        self.0 = rest;
        Ok(*head)
    }

    pub fn i32(&mut self) -> Result<i32> {
        self.array().map(i32::from_be_bytes)
    }

    pub fn i64(&mut self) -> Result<i64> {
        self.array().map(i64::from_be_bytes)
    }

    /// Everything must have been read.
    pub fn finish(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(incorrect_format()) }
    }
}
