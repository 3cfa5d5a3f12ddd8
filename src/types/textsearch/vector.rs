//! `tsvector`: lexemes in order of their bytes, each once, with the positions of its words.

use super::lexer::Lexer;
use super::{LEXEME_BYTES_END, POSITION_END, write_quoted, zero_terminated};
use crate::error::{PgError, Result, code};
use crate::types::Datum;
use crate::types::input::{Reader, incorrect_format};
use crate::types::key::encode_bytes;

/// Positions that a lexeme keeps.
const POSITIONS_MAX: usize = 256;
/// Bytes of all lexemes and positions.
const VECTOR_BYTES_MAX: usize = (1 << 20) - 1;

/// Where a word is, and how much it counts: 3 to 0 for A to D.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub number: u16,
    pub weight: u8,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lexeme {
    pub word: String,
    pub positions: Vec<Position>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vector {
    pub lexemes: Vec<Lexeme>,
}

impl Position {
    /// As PostgreSQL stores and sends it.
    fn packed(self) -> u16 {
        u16::from(self.weight) << 14 | self.number
    }

    fn unpacked(packed: u16) -> Position {
        Position { number: packed & (POSITION_END - 1), weight: (packed >> 14) as u8 }
    }
}

impl Vector {
    /// A vector of lexemes in any order; 54000 where it is too large.
    pub fn new(mut lexemes: Vec<Lexeme>) -> Result<Vector> {
        lexemes.sort_by(|a, b| a.word.cmp(&b.word));
        let mut merged: Vec<Lexeme> = Vec::with_capacity(lexemes.len());
        for lexeme in lexemes {
            match merged.last_mut() {
                Some(last) if last.word == lexeme.word => {
                    last.positions.extend_from_slice(&lexeme.positions);
                }
                _ => merged.push(lexeme),
            }
        }
        merged.iter_mut().for_each(|lexeme| sort_positions(&mut lexeme.positions));
        let vector = Vector { lexemes: merged };
        let bytes = vector.data_bytes();
        if bytes > VECTOR_BYTES_MAX {
            let message = format!(
                "string is too long for tsvector ({bytes} bytes, max {VECTOR_BYTES_MAX} bytes)"
            );
            return Err(PgError::new(code::PROGRAM_LIMIT_EXCEEDED, message));
        }
        Ok(vector)
    }

    pub fn parse(text: &str) -> Result<Vector> {
        let mut lexer = Lexer::new(text, false);
        let mut lexemes = Vec::new();
        while let Some(word) = lexer.word()? {
            if word.len() >= LEXEME_BYTES_END {
                let message = format!(
                    "word is too long ({} bytes, max {} bytes)",
                    word.len(),
                    LEXEME_BYTES_END - 1
                );
                return Err(PgError::new(code::PROGRAM_LIMIT_EXCEEDED, message));
            }
            lexemes.push(Lexeme { word, positions: lexer.positions()? });
        }
        Vector::new(lexemes)
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        for (i, lexeme) in self.lexemes.iter().enumerate() {
            if i > 0 {
                out.push(b' ');
            }
            write_quoted(&lexeme.word, out);
            for (i, position) in lexeme.positions.iter().enumerate() {
                out.push(if i == 0 { b':' } else { b',' });
                out.extend_from_slice(position.number.to_string().as_bytes());
                out.extend_from_slice([&b""[..], b"C", b"B", b"A"][usize::from(position.weight)]);
            }
        }
    }

    /// Reads the binary form, whose lexemes may be in any order.
    pub fn receive(reader: &mut Reader<'_>) -> Result<Vector> {
        let count = usize::try_from(reader.i32()?).map_err(|_| incorrect_format())?;
        let mut lexemes = Vec::new();
        for _ in 0..count {
            let word = zero_terminated(reader)?.to_owned();
            let positions = reader.array().map(u16::from_be_bytes)?;
            let positions: Vec<Position> = (0..positions)
                .map(|_| reader.array().map(u16::from_be_bytes).map(Position::unpacked))
                .collect::<Result<_>>()?;
            let ascending = positions.windows(2).all(|pair| pair[0].number < pair[1].number);
            // What the text form could not say is refused, too.
            let in_range = (1..LEXEME_BYTES_END).contains(&word.len())
                && positions.first().is_none_or(|position| position.number > 0);
            if !in_range || positions.len() > POSITIONS_MAX || !ascending {
                return Err(incorrect_format());
            }
            lexemes.push(Lexeme { word, positions });
        }
        Vector::new(lexemes)
    }

    fn send(&self, out: &mut Vec<u8>) {
        let count = u32::try_from(self.lexemes.len()).expect("vectors are below 1 MiB");
        out.extend_from_slice(&count.to_be_bytes());
        for lexeme in &self.lexemes {
            out.extend_from_slice(lexeme.word.as_bytes());
            out.push(0);
            // At most 256.
            out.extend_from_slice(&(lexeme.positions.len() as u16).to_be_bytes());
            for position in &lexeme.positions {
                out.extend_from_slice(&position.packed().to_be_bytes());
            }
        }
    }

    pub fn of(value: &Datum) -> Vector {
        let mut reader = Reader(value.as_bytea());
        Vector::receive(&mut reader).expect("a held vector is in its binary form")
    }

    pub fn datum(&self) -> Datum {
        let mut held = Vec::new();
        self.send(&mut held);
        Datum::bytea(held)
    }

    /// Bytes that words and positions take in PostgreSQL.
    fn data_bytes(&self) -> usize {
        self.lexemes.iter().fold(0, |bytes, lexeme| {
            let bytes = bytes + lexeme.word.len();
            match lexeme.positions.len() {
                0 => bytes,
                n => bytes.next_multiple_of(2) + 2 + 2 * n,
            }
        })
    }

    /// By size first; lexemes with positions, and later positions, before others.
    pub fn encode_key(&self, out: &mut Vec<u8>) {
        let count = self.lexemes.len();
        let sizes = [4 * count + self.data_bytes(), count];
        sizes.iter().for_each(|size| out.extend_from_slice(&(*size as u32).to_be_bytes()));
        for lexeme in &self.lexemes {
            out.push(u8::from(lexeme.positions.is_empty()));
            encode_bytes(lexeme.word.as_bytes(), out);
            if !lexeme.positions.is_empty() {
                out.extend_from_slice(&(!(lexeme.positions.len() as u16)).to_be_bytes());
            }
            for position in &lexeme.positions {
                let packed = position.number << 2 | u16::from(position.weight);
                out.extend_from_slice(&(!packed).to_be_bytes());
            }
        }
    }
}

/// Sorts positions, keeps of equal ones the greatest weight, and no more than PostgreSQL does.
fn sort_positions(positions: &mut Vec<Position>) {
    positions.sort_by_key(|position| (position.number, std::cmp::Reverse(position.weight)));
    positions.dedup_by_key(|position| position.number);
    positions.truncate(POSITIONS_MAX);
}
