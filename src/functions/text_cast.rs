//! Casts among the character types, and the concatenation operators.
//!
//! `name` holds 63 bytes; longer input is cut at a character. Length casts (`varchar(n)`, `char(n)`)
//! are [`types::apply_typmod`]'s.

use super::Implementation::{self, Scalar};
use super::{Ctx, network, output};
use crate::error::Result;
use crate::types::network::Inet;
use crate::types::{self, Datum, boolean, oids};
use std::sync::{Arc, LazyLock};

const NAME_BYTES_MAX: usize = 63;

/// The longest prefix of at most 63 bytes that ends at a character.
pub(super) fn clip_name(s: &str) -> &str {
    &s[..s.floor_char_boundary(NAME_BYTES_MAX)]
}

/// Catalog queries compare `relkind` with texts, for each relation: the few texts there are are kept.
fn char_to_text(byte: u8) -> Datum {
    static TEXTS: LazyLock<[Arc<str>; 256]> = LazyLock::new(|| {
        std::array::from_fn(|byte| {
            let mut text = Vec::new();
            boolean::write_char(byte as u8, &mut text);
            String::from_utf8_lossy(&text).into()
        })
    });
    Datum::Text(TEXTS[usize::from(byte)].clone())
}

fn text_to_char(s: &str) -> Datum {
    Datum::Char(boolean::parse_char(s))
}

fn length_cast(type_oid: types::Oid, a: &[Datum]) -> Result<Datum> {
    types::apply_typmod(type_oid, a[1].as_int4(), a[2].as_bool(), a[0].clone())
}

/// A value cast to text: its text form, but where `pg_cast` has a function for the type.
pub(super) fn cast(ctx: &Ctx<'_>, type_oid: types::Oid, value: &Datum) -> Result<String> {
    Ok(match (type_oid, value) {
        (_, Datum::Bool(value)) => value.to_string(),
        (oids::BPCHAR, Datum::Text(text)) => text.trim_end_matches(' ').to_owned(),
        (oids::INET | oids::CIDR, Datum::Bytea(_)) => network::shown(Inet::of(value)),
        _ => output(ctx.env, type_oid, value)?,
    })
}

/// `text || anything` and the reverse.
fn concat(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    let text = |i: usize| cast(ctx, ctx.arg_types[i], &a[i]);
    Ok(Datum::text([text(0)?, text(1)?].concat()))
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("textcat", Scalar(|_, a| Ok(Datum::text([a[0].as_text(), a[1].as_text()].concat())))),
    ("textanycat(text,anynonarray)", Scalar(concat)),
    ("anytextcat(anynonarray,text)", Scalar(concat)),
    ("bpchar", Scalar(|_, a| length_cast(oids::BPCHAR, a))),
    ("varchar", Scalar(|_, a| length_cast(oids::VARCHAR, a))),
    ("text_name", Scalar(|_, a| Ok(Datum::text(clip_name(a[0].as_text()))))),
    ("name_text", Scalar(|_, a| Ok(a[0].clone()))),
    ("name_bpchar", Scalar(|_, a| Ok(a[0].clone()))),
    (
        "bpchar_name",
        Scalar(|_, a| Ok(Datum::text(clip_name(a[0].as_text()).trim_end_matches(' ')))),
    ),
    ("char_text", Scalar(|_, a| Ok(char_to_text(a[0].as_char())))),
    ("char_bpchar", Scalar(|_, a| Ok(char_to_text(a[0].as_char())))),
    ("text_char", Scalar(|_, a| Ok(text_to_char(a[0].as_text())))),
    ("booltext", Scalar(|_, a| Ok(Datum::text(if a[0].as_bool() { "true" } else { "false" })))),
    (
        "nameconcatoid",
        Scalar(|_, a| {
            // The number stays whole; the name gives way.
            let suffix = format!("_{}", a[1].as_oid());
            let name = a[0].as_text();
            let keep = name.floor_char_boundary(NAME_BYTES_MAX - suffix.len());
            Ok(Datum::text([&name[..keep], suffix.as_str()].concat()))
        }),
    ),
];

#[cfg(test)]
mod tests {
    use crate::functions::testing::{t, value};
    use crate::types::Datum::{Bool, Char};

    #[test]
    fn names_are_cut_at_a_character() {
        let long = "é".repeat(40);
        assert_eq!(value("text_name", &[t(&long)]), t(&"é".repeat(31)));
    }

    #[test]
    fn chars_are_one_byte() {
        assert_eq!(value("text_char", &[t("abc")]), Char(b'a'));
        assert_eq!(value("char_text", &[Char(0)]), t(""));
        assert_eq!(value("booltext", &[Bool(true)]), t("true"));
    }
}
