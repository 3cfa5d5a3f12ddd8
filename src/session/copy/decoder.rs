//! COPY FROM's text from its encoding to UTF-8, piece by piece: a character may be cut in two.

use crate::error::PgError;
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

    /// The piece as UTF-8, up to what is none: 22021, 22P05. Where the server's encoding is meant it
    /// comes back as it is: lines are checked when they are read.
    pub(super) fn decode<'p>(
        &mut self,
        piece: &'p [u8],
        last: bool,
    ) -> (Cow<'p, [u8]>, Option<PgError>) {
        if self.charset.is_servers() || (self.cut.is_empty() && piece.is_ascii()) {
            return (Cow::Borrowed(piece), None);
        }
        self.cut.extend_from_slice(piece);
        let (text, used, mut error) = self.charset.decode_some(&self.cut);
        let text = text.into_owned().into_bytes();
        if last && error.is_none() && used < self.cut.len() {
            error = self.charset.decode(&self.cut[used..]).err();
        }
        self.cut.drain(..used);
        (Cow::Owned(text), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_may_be_cut() {
        let mut decoder = Decoder::new(Charset::named("euc_jp").unwrap());
        assert_eq!(&*decoder.decode(b"a\xa4", false).0, b"a");
        assert_eq!(&*decoder.decode(b"\xa2\n", false).0, "あ\n".as_bytes());
        let (text, error) = decoder.decode(b"b\xa4", true);
        assert_eq!((&*text, error.is_some()), (&b"b"[..], true));
    }
}
