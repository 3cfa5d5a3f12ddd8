//! COPY FROM's text from its encoding to UTF-8, piece by piece: a character may be cut in two.

use crate::error::Result;
use crate::types::Charset;
use std::borrow::Cow;

pub(super) struct Decoder {
    charset: Charset,
    /// The beginning of a character whose rest has not come.
    cut: Vec<u8>,
}

impl Decoder {
    pub(super) fn new(charset: Charset) -> Decoder {
        Decoder { charset, cut: Vec::new() }
    }

    /// The piece as UTF-8; where the server's encoding is meant, as it is: lines are checked when they
    /// are read. 22021, 22P05: bytes that are no characters, or none that UTF-8 has.
    pub(super) fn decode<'p>(&mut self, piece: &'p [u8], last: bool) -> Result<Cow<'p, [u8]>> {
        if self.charset.is_servers() || (self.cut.is_empty() && piece.is_ascii()) {
            return Ok(Cow::Borrowed(piece));
        }
        self.cut.extend_from_slice(piece);
        if last {
            let text = self.charset.decode(&self.cut)?;
            return Ok(Cow::Owned(text.into_owned().into_bytes()));
        }
        let (text, used) = self.charset.decode_some(&self.cut)?;
        let text = text.into_owned().into_bytes();
        self.cut.drain(..used);
        Ok(Cow::Owned(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_may_be_cut() {
        let mut decoder = Decoder::new(Charset::named("euc_jp").unwrap());
        assert_eq!(&*decoder.decode(b"a\xa4", false).unwrap(), b"a");
        assert_eq!(&*decoder.decode(b"\xa2\n", false).unwrap(), "あ\n".as_bytes());
        assert!(decoder.decode(b"\xa4", true).is_err());
    }
}
