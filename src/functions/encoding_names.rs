//! Encodings' names and numbers (`pg_encoding_to_char`), for the catalog and the settings.

use super::Implementation::{self, Scalar};
use crate::types::{Charset, Datum};

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    // An unknown number has no name, and an unknown name is number -1.
    (
        "PG_encoding_to_char",
        Scalar(|_, a| {
            let charset = Charset::numbered(a[0].as_int4());
            Ok(Datum::text(charset.map_or("", Charset::name)))
        }),
    ),
    (
        "PG_char_to_encoding",
        Scalar(|_, a| {
            let charset = Charset::named(a[0].as_text());
            Ok(Datum::Int4(charset.map_or(-1, Charset::number)))
        }),
    ),
    (
        "pg_encoding_max_length_sql",
        Scalar(|_, a| {
            let charset = Charset::numbered(a[0].as_int4());
            Ok(charset.map_or(Datum::Null, |charset| Datum::Int4(charset.bytes_max())))
        }),
    ),
    ("getdatabaseencoding", Scalar(|_, _| Ok(Datum::text("UTF8")))),
    (
        "pg_client_encoding",
        Scalar(|c, _| {
            let encoding = c.env.setting("client_encoding");
            Ok(Datum::text(encoding.unwrap_or_else(|| "UTF8".to_owned())))
        }),
    ),
];
