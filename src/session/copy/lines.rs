//! Cutting COPY's text and CSV input into lines.
//!
//! Input comes in pieces of any size. A line ends at a newline that is not escaped (text) or quoted
//! (CSV). The first line decides whether lines end with LF, CR or CRLF; another kind later is an
//! error, as in PostgreSQL. A line `\.` ends the data.

use super::options::{Format, Options};
use crate::error::{PgError, Result, code};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LineEnd {
    Unknown,
    Lf,
    Cr,
    CrLf,
}

pub(super) struct Lines {
    csv: Option<(u8, u8)>,
    buffer: Vec<u8>,
    /// Where the current line begins in `buffer`.
    start: usize,
    /// How far the current line was looked at.
    scanned: usize,
    /// CSV: inside quotes at `scanned`, and the previous byte was the escape.
    in_quote: bool,
    last_was_escape: bool,
    line_end: LineEnd,
    at_end: bool,
    /// Lines handed out.
    pub number: u64,
}

/// Where a line's text lies in the buffer.
type Span = (usize, usize);

impl Lines {
    pub(super) fn new(options: &Options) -> Lines {
        Lines {
            csv: (options.format == Format::Csv).then_some((options.quote, options.escape)),
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
            in_quote: false,
            last_was_escape: false,
            line_end: LineEnd::Unknown,
            at_end: false,
            number: 0,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.scanned -= self.start;
            self.start = 0;
        }
        if !self.at_end {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next line without its end. `None`: more input is needed, or (`last`) there is no more.
    pub(super) fn next(&mut self, last: bool) -> Result<Option<Span>> {
        if self.at_end {
            return Ok(None);
        }
        let span = match self.find_end(last)? {
            Some((end, next)) => {
                let span = (self.start, end);
                self.start = next;
                self.scanned = next;
                span
            }
            None if last && self.start < self.buffer.len() => {
                let span = (self.start, self.buffer.len());
                self.start = self.buffer.len();
                self.scanned = self.start;
                span
            }
            None => return Ok(None),
        };
        self.number += 1;
        if self.is_end_marker(span)? {
            self.at_end = true;
            return Ok(None);
        }
        (self.in_quote, self.last_was_escape) = (false, false);
        Ok(Some(span))
    }

    pub(super) fn text(&self, (start, end): Span) -> &[u8] {
        &self.buffer[start..end]
    }

    fn is_end_marker(&self, span: Span) -> Result<bool> {
        let line = self.text(span);
        if line == b"\\." {
            return Ok(true);
        }
        if self.csv.is_none() && line.starts_with(b"\\.") {
            return Err(bad_format("end-of-copy marker corrupt"));
        }
        Ok(false)
    }

    /// The end of the current line, and the start of the next.
    fn find_end(&mut self, last: bool) -> Result<Option<(usize, usize)>> {
        while let Some(&byte) = self.buffer.get(self.scanned) {
            if self.skip_plain() {
                continue;
            }
            match byte {
                b'\n' if !self.in_quote => return self.at_newline(),
                b'\r' if !self.in_quote => match self.at_carriage_return(last)? {
                    Some(end) => return Ok(Some(end)),
                    None if self.line_end == LineEnd::Unknown => return Ok(None),
                    None => {}
                },
                b'\\' if self.csv.is_none() => {
                    // The next byte is part of the escape, whatever it is.
                    if self.scanned + 1 >= self.buffer.len() && !last {
                        return Ok(None);
                    }
                    self.scanned += 1;
                }
                byte => self.note_quote(byte),
            }
            self.scanned += 1;
        }
        self.scanned = self.scanned.min(self.buffer.len());
        Ok(None)
    }

    /// Steps over bytes that mean nothing, many at once; whether there were any.
    fn skip_plain(&mut self) -> bool {
        let special = match self.csv {
            None => [b'\n', b'\r', b'\\', b'\\'],
            Some((quote, escape)) => [b'\n', b'\r', quote, escape],
        };
        let plain = plain_blocks(&self.buffer[self.scanned..], special);
        self.scanned += plain;
        if plain > 0 {
            self.last_was_escape = false;
        }
        plain > 0
    }

    /// Follows CSV's quotes. An escape other than the quote keeps the quote behind it from closing.
    fn note_quote(&mut self, byte: u8) {
        let Some((quote, escape)) = self.csv else { return };
        if self.in_quote && byte == escape && quote != escape {
            self.last_was_escape = !self.last_was_escape;
            return;
        }
        if byte == quote && !self.last_was_escape {
            self.in_quote = !self.in_quote;
        }
        self.last_was_escape = false;
    }

    fn at_newline(&mut self) -> Result<Option<(usize, usize)>> {
        match self.line_end {
            LineEnd::Unknown | LineEnd::Lf => {
                self.line_end = LineEnd::Lf;
                Ok(Some((self.scanned, self.scanned + 1)))
            }
            LineEnd::Cr | LineEnd::CrLf => Err(self.stray("newline", "\\n")),
        }
    }

    /// A carriage return ends the line alone or with the newline behind it. `None`: cannot be told
    /// yet.
    fn at_carriage_return(&mut self, last: bool) -> Result<Option<(usize, usize)>> {
        let end = self.scanned;
        let next = self.buffer.get(end + 1).copied();
        match (self.line_end, next) {
            (LineEnd::Unknown | LineEnd::CrLf, Some(b'\n')) => {
                self.line_end = LineEnd::CrLf;
                Ok(Some((end, end + 2)))
            }
            (LineEnd::Unknown | LineEnd::CrLf, None) if !last => {
                self.line_end = LineEnd::Unknown;
                Ok(None)
            }
            (LineEnd::Unknown | LineEnd::Cr, _) => {
                self.line_end = LineEnd::Cr;
                Ok(Some((end, end + 1)))
            }
            (LineEnd::Lf | LineEnd::CrLf, _) => Err(self.stray("carriage return", "\\r")),
        }
    }

    fn stray(&self, what: &str, escape: &str) -> PgError {
        match self.csv {
            None => bad_format(format!("literal {what} found in data"))
                .hint(format!("Use \"{escape}\" to represent {what}.")),
            Some(_) => bad_format(format!("unquoted {what} found in data"))
                .hint(format!("Use quoted CSV field to represent {what}.")),
        }
    }
}

/// Bytes of the blocks at the beginning of `text` that have none of the `special` bytes.
fn plain_blocks(text: &[u8], special: [u8; 4]) -> usize {
    const BLOCK: usize = 16;
    let (blocks, _) = text.as_chunks::<BLOCK>();
    // Without an early end, so that it is done on the whole block at once.
    let is_plain = |block: &&[u8; BLOCK]| {
        !block.iter().fold(false, |found, b| {
            found
                | (*b == special[0])
                | (*b == special[1])
                | (*b == special[2])
                | (*b == special[3])
        })
    };
    blocks.iter().take_while(is_plain).count() * BLOCK
}

pub(super) fn bad_format(message: impl Into<std::borrow::Cow<'static, str>>) -> PgError {
    PgError::new(code::BAD_COPY_FILE_FORMAT, message)
}
