//! `crypt` and `gen_salt`: passwords hashed as crypt(3) does, by the four methods of pgcrypto.
//!
//! ```text
//! $2a$06$salt…          bf      bcrypt, 2^6 rounds
//! $1$salt               md5     1000 rounds of MD5
//! _J9..rasm             xdes    DES, as many rounds as J9.. says
//! rl                    des     DES, 25 rounds
//! ```

use super::super::super::Ctx;
use super::des::{self, ITOA64};
use super::{invalid, random};
use crate::error::{PgError, Result, code};
use blowfish::Blowfish;
use md5::{Digest, Md5};

pub(super) fn crypt(ctx: &Ctx<'_>, password: &str, salt: &str) -> Result<String> {
    let password = password.as_bytes();
    if salt.starts_with("$2a$") {
        let setting = Bcrypt::read(salt).ok_or_else(|| invalid("invalid salt"))?;
        return setting.hash(password, &|| ctx.env.session().check_for_interrupts());
    }
    if salt.starts_with("$2x$") {
        return Err(PgError::unsupported("crypt() with \"$2x$\""));
    }
    if salt.starts_with("$2$") {
        return Err(failed());
    }
    match salt.strip_prefix("$1$") {
        Some(salt) => Ok(md5(password, salt)),
        None => des::crypt(ctx, password, salt.as_bytes()),
    }
}

pub(super) fn failed() -> PgError {
    PgError::new(code::EXTERNAL_ROUTINE_INVOCATION_EXCEPTION, "crypt(3) returned NULL")
}

/// bcrypt's digits, in which bytes are written six bits at a time, high ones first.
const BCRYPT64: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BCRYPT_PASSWORD_BYTES_MAX: usize = 72;
/// What is encrypted with the key.
const BCRYPT_TEXT: &[u8; 24] = b"OrpheanBeholderScryDoubt";
const BCRYPT_TEXT_ROUNDS: usize = 64;
const BCRYPT_SALT_BYTES: usize = 16;
/// 22 digits: 16 bytes, and four bits that are nothing.
const BCRYPT_SALT_DIGITS: usize = 22;
/// The last of the 24 bytes is not written.
const BCRYPT_HASH_BYTES: usize = 23;

fn bcrypt_encode(bytes: &[u8]) -> String {
    let mut out = String::new();
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        (held, bits) = (held << 8 | u32::from(*byte), bits + 8);
        while bits >= 6 {
            bits -= 6;
            out.push(char::from(BCRYPT64[(held >> bits & 0x3f) as usize]));
        }
    }
    if bits > 0 {
        out.push(char::from(BCRYPT64[(held << (6 - bits) & 0x3f) as usize]));
    }
    out
}

fn bcrypt_decode(digits: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for digit in digits {
        let value = u32::try_from(BCRYPT64.iter().position(|d| d == digit)?).ok()?;
        (held, bits) = (held << 6 | value, bits + 6);
        if bits >= 8 {
            bits -= 8;
            out.push((held >> bits & 0xff) as u8);
        }
    }
    Some(out)
}

/// What `$2a$06$` and 22 digits of salt say.
struct Bcrypt {
    /// The logarithm of the number of rounds.
    cost: u32,
    salt: [u8; BCRYPT_SALT_BYTES],
}

impl Bcrypt {
    /// `None`: the setting is malformed.
    fn read(setting: &str) -> Option<Bcrypt> {
        let (cost, salt) = setting.as_bytes().get(4..)?.split_at_checked(3)?;
        let [tens @ b'0'..=b'3', ones @ b'0'..=b'9', b'$'] = cost else { return None };
        let cost = u32::from(tens - b'0') * 10 + u32::from(ones - b'0');
        let salt = bcrypt_decode(salt.get(..BCRYPT_SALT_DIGITS)?)?;
        let salt = salt.get(..BCRYPT_SALT_BYTES)?.try_into().ok()?;
        (4..=31).contains(&cost).then_some(Bcrypt { cost, salt })
    }

    /// Provos and Mazières' hash. The most rounds take hours, so that it asks between them whether it is
    /// to stop.
    fn hash(&self, password: &[u8], may_go_on: &dyn Fn() -> Result<()>) -> Result<String> {
        // A password is a C string: its end counts.
        let mut key = [password, b"\0"].concat();
        key.truncate(BCRYPT_PASSWORD_BYTES_MAX);
        let mut state = Blowfish::bc_init_state();
        state.salted_expand_key(&self.salt, &key);
        for _ in 0..1_u32 << self.cost {
            state.bc_expand_key(&key);
            state.bc_expand_key(&self.salt);
            may_go_on()?;
        }
        let mut hash = Vec::new();
        for block in BCRYPT_TEXT.as_chunks::<8>().0 {
            let [a, b, c, d, e, f, g, h] = *block;
            let mut halves = [[a, b, c, d], [e, f, g, h]].map(u32::from_be_bytes);
            for _ in 0..BCRYPT_TEXT_ROUNDS {
                halves = state.bc_encrypt(halves);
            }
            hash.extend(halves.into_iter().flat_map(u32::to_be_bytes));
        }
        let (salt, hash) = (bcrypt_encode(&self.salt), bcrypt_encode(&hash[..BCRYPT_HASH_BYTES]));
        Ok(format!("$2a${:02}${salt}{hash}", self.cost))
    }
}

const MD5_ROUNDS: usize = 1000;
const MD5_SALT_BYTES_MAX: usize = 8;

/// Poul-Henning Kamp's MD5-based hash.
fn md5(password: &[u8], setting: &str) -> String {
    let salt = setting.split('$').next().unwrap_or_default();
    let salt = &salt.as_bytes()[..salt.floor_char_boundary(MD5_SALT_BYTES_MAX)];
    let mut hash = Md5::digest([password, salt, password].concat()).to_vec();
    let mut text = [password, b"$1$", salt].concat();
    text.extend(hash.iter().cycle().take(password.len()));
    let mut length = password.len();
    while length > 0 {
        text.push(if length & 1 == 1 { 0 } else { password[0] });
        length >>= 1;
    }
    hash = Md5::digest(&text).to_vec();
    for round in 0..MD5_ROUNDS {
        let odd = round & 1 == 1;
        let mut text = if odd { password.to_vec() } else { hash.clone() };
        if round % 3 != 0 {
            text.extend_from_slice(salt);
        }
        if round % 7 != 0 {
            text.extend_from_slice(password);
        }
        text.extend_from_slice(if odd { &hash } else { password });
        hash = Md5::digest(&text).to_vec();
    }
    let mut out = format!("$1${}$", String::from_utf8_lossy(salt));
    for (a, b, c) in [(0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5)] {
        let value = u32::from(hash[a]) << 16 | u32::from(hash[b]) << 8 | u32::from(hash[c]);
        push_low_first(value, 4, &mut out);
    }
    push_low_first(u32::from(hash[11]), 2, &mut out);
    out
}

/// Digits of six bits, low ones first.
fn push_low_first(mut value: u32, digits: usize, out: &mut String) {
    for _ in 0..digits {
        out.push(char::from(ITOA64[(value & 0x3f) as usize]));
        value >>= 6;
    }
}

const BCRYPT_COST_DEFAULT: i32 = 6;
const XDES_ROUNDS_DEFAULT: i32 = 725;
const XDES_ROUNDS_MAX: i32 = 0xff_ffff;

/// A new salt; `rounds` 0: as many as the method has by default.
pub(super) fn gen_salt(method: &str, rounds: i32) -> Result<String> {
    let bad_rounds = || invalid("gen_salt: Incorrect number of rounds");
    let three =
        |bytes: &[u8]| u32::from(bytes[0]) | u32::from(bytes[1]) << 8 | u32::from(bytes[2]) << 16;
    match method.to_ascii_lowercase().as_str() {
        "des" if matches!(rounds, 0 | 25) => {
            let digits = random::<2>().map(|byte| char::from(ITOA64[(byte & 0x3f) as usize]));
            Ok(digits.iter().collect())
        }
        "md5" if matches!(rounds, 0 | 1000) => {
            let bytes = random::<6>();
            let mut out = "$1$".to_owned();
            push_low_first(three(&bytes), 4, &mut out);
            push_low_first(three(&bytes[3..]), 4, &mut out);
            Ok(out)
        }
        "xdes" => {
            let rounds = if rounds == 0 { XDES_ROUNDS_DEFAULT } else { rounds };
            // Even numbers would show weak keys.
            if !(1..=XDES_ROUNDS_MAX).contains(&rounds) || rounds & 1 == 0 {
                return Err(bad_rounds());
            }
            let mut out = "_".to_owned();
            push_low_first(rounds.cast_unsigned(), 4, &mut out);
            push_low_first(three(&random::<3>()), 4, &mut out);
            Ok(out)
        }
        "bf" => {
            let cost = if rounds == 0 { BCRYPT_COST_DEFAULT } else { rounds };
            if !(4..=31).contains(&cost) {
                return Err(bad_rounds());
            }
            Ok(format!("$2a${cost:02}${}", bcrypt_encode(&random::<BCRYPT_SALT_BYTES>())))
        }
        "des" | "md5" => Err(bad_rounds()),
        _ => Err(invalid("gen_salt: Unknown salt algorithm")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_postgresqls() {
        let bf = "$2a$06$RQiOJ.3ELirrXwxIZY8q0OOgRrmKf9lJXDW5Hcqg6vNXi5eWvhP.6";
        assert_eq!(Bcrypt::read(bf).unwrap().hash(b"a", &|| Ok(())).unwrap(), bf);
        assert!(Bcrypt::read("$2a$06$abc").is_none());
        assert_eq!(md5(b"a", "abcdefgh"), "$1$abcdefgh$jUYc1Xi7pkozuzWQ0Dft71");
        assert_eq!(md5(b"a", "ab$xxxx"), "$1$ab$NM4FR4Dl/CzoTSJTd3YJ3.");
    }

    #[test]
    fn salts_are_of_their_methods_form() {
        for (method, rounds, start, length) in [
            ("bf", 0, "$2a$06$", 29),
            ("BF", 10, "$2a$10$", 29),
            ("md5", 0, "$1$", 11),
            ("xdes", 0, "_J9..", 9),
            ("des", 0, "", 2),
        ] {
            let salt = gen_salt(method, rounds).unwrap();
            assert!(salt.starts_with(start) && salt.len() == length, "{salt}");
        }
        assert!(gen_salt("bf", 3).is_err() && gen_salt("xdes", 724).is_err());
    }
}
