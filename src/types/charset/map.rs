//! What characters of other encodings are in Unicode: tables read once, at first use.
//!
//! A character's code is its bytes as a number, first byte highest. Encodings of one byte share a
//! file; of the others each has one, whose lines are `code TAB characters`, for that code and those
//! that follow it. `>` in front: only read so (two codes for one character); `<`: only written so.
//! GB18030's codes of four bytes beyond the Basic Multilingual Plane are counted, not listed.

use super::Charset;
use std::collections::HashMap;
use std::sync::{LazyLock, OnceLock};

const SINGLE_BYTE: &str = include_str!("maps/single_byte.txt");

/// The files of encodings with several bytes per character.
const MULTI_BYTE: &[(Charset, &str)] = &[
    (Charset::BIG5, include_str!("maps/big5.txt")),
    (Charset::EUC_CN, include_str!("maps/euc_cn.txt")),
    (Charset::EUC_JP, include_str!("maps/euc_jp.txt")),
    (Charset::EUC_KR, include_str!("maps/euc_kr.txt")),
    (Charset::EUC_TW, include_str!("maps/euc_tw.txt")),
    (Charset::GB18030, include_str!("maps/gb18030.txt")),
    (Charset::GBK, include_str!("maps/gbk.txt")),
    (Charset::JOHAB, include_str!("maps/johab.txt")),
    (Charset::SJIS, include_str!("maps/sjis.txt")),
    (Charset::UHC, include_str!("maps/uhc.txt")),
];

/// The first characters beyond the plane that GB18030's file lists, in both.
const GB18030_BEYOND: (u32, u32) = (linear(0x9030_8130), 0x1_0000);

pub(super) struct Map {
    read: HashMap<u32, char>,
    written: HashMap<char, u32>,
    /// GB18030.
    counts_beyond: bool,
}

impl Map {
    /// The character of a code.
    pub(super) fn read(&self, bytes: &[u8]) -> Option<char> {
        let code = bytes.iter().fold(0, |code, byte| (code << 8) | u32::from(*byte));
        self.read.get(&code).copied().or_else(|| {
            let (first, character) = GB18030_BEYOND;
            let beyond = self.counts_beyond && code >= 0x9030_8130;
            beyond.then(|| char::from_u32(linear(code) - first + character)).flatten()
        })
    }

    /// Appends a character's code; `false`: it has none.
    pub(super) fn write(&self, character: char, out: &mut Vec<u8>) -> bool {
        if character.is_ascii() {
            out.push(character as u8);
            return true;
        }
        let (first, beyond) = GB18030_BEYOND;
        let code = match self.written.get(&character) {
            Some(code) => *code,
            None if self.counts_beyond && u32::from(character) >= beyond => {
                of_linear(u32::from(character) - beyond + first)
            }
            None => return false,
        };
        let bytes = code.to_be_bytes();
        let unused = bytes.iter().take_while(|byte| **byte == 0).count();
        out.extend_from_slice(&bytes[unused..]);
        true
    }

    fn single_byte(characters: &str) -> Map {
        let present = || (0x80..).zip(characters.chars()).filter(|(_, c)| *c != '\u{fffd}');
        Map {
            read: present().collect(),
            written: present().map(|(code, c)| (c, code)).collect(),
            counts_beyond: false,
        }
    }

    fn multi_byte(file: &str, counts_beyond: bool) -> Map {
        let mut map = Map { read: HashMap::new(), written: HashMap::new(), counts_beyond };
        for (code, characters) in file.lines().filter_map(|line| line.split_once('\t')) {
            let (reads, writes) = (!code.starts_with('<'), !code.starts_with('>'));
            let first = u32::from_str_radix(code.trim_start_matches(['<', '>']), 16);
            let first = first.expect("a line begins with a code");
            for (code, character) in (first..).zip(characters.chars()) {
                if reads {
                    map.read.insert(code, character);
                }
                if writes {
                    map.written.insert(character, code);
                }
            }
        }
        map
    }
}

/// The place of a code of four bytes among all of them.
const fn linear(code: u32) -> u32 {
    let [a, b, c, d] = code.to_be_bytes();
    let (a, b, c, d) = (a as u32, b as u32, c as u32, d as u32);
    a * 12600 + b * 1260 + c * 10 + d - (0x81 * 12600 + 0x30 * 1260 + 0x81 * 10 + 0x30)
}

/// The code at a place.
fn of_linear(place: u32) -> u32 {
    let byte = |value: u32, first: u32| (value + first) as u8;
    u32::from_be_bytes([
        byte(place / 12600, 0x81),
        byte(place / 1260 % 10, 0x30),
        byte(place / 10 % 126, 0x81),
        byte(place % 10, 0x30),
    ])
}

/// The map of an encoding; `None`: there is none.
pub(super) fn of(charset: Charset) -> Option<&'static Map> {
    static SINGLE: LazyLock<HashMap<&str, Map>> = LazyLock::new(|| {
        let lines = SINGLE_BYTE.lines().filter_map(|line| line.split_once('\t'));
        lines.map(|(name, characters)| (name, Map::single_byte(characters))).collect()
    });
    static MULTI: [OnceLock<Map>; MULTI_BYTE.len()] = [const { OnceLock::new() }; _];
    if charset.bytes_max() == 1 {
        return SINGLE.get(charset.name());
    }
    let at = MULTI_BYTE.iter().position(|(multi, _)| *multi == charset)?;
    Some(MULTI[at].get_or_init(|| Map::multi_byte(MULTI_BYTE[at].1, charset == Charset::GB18030)))
}
