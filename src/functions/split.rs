//! Text to lists and back: `split_part`, `string_to_array`, `string_to_table`, `array_to_string`.

use super::Implementation::{self, Scalar, Set};
use super::{Ctx, Rows, output};
use crate::error::{PgError, Result, code};
use crate::types::{Array, Datum, oids};
use std::sync::Arc;

/// Field `n` from 1, or from the end where negative; empty where there is none.
fn split_part(s: &str, separator: &str, n: i32) -> Result<Datum> {
    if n == 0 {
        let message = "field position must not be zero";
        return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
    }
    if separator.is_empty() {
        // The whole text is one field.
        return Ok(Datum::text(if n == 1 || n == -1 { s } else { "" }));
    }
    let index = n.unsigned_abs() as usize - 1;
    let field = if n > 0 { s.split(separator).nth(index) } else { s.rsplit(separator).nth(index) };
    Ok(Datum::text(field.unwrap_or("")))
}

/// The fields: none of an empty text; each character where the separator is NULL; the whole where it
/// is empty. Fields equal to `null_text` are NULL.
fn fields(s: &str, separator: &Datum, null_text: &Datum) -> Vec<Datum> {
    let field = |part: &str| match null_text {
        Datum::Text(null) if **null == *part => Datum::Null,
        _ => Datum::text(part),
    };
    if s.is_empty() {
        return Vec::new();
    }
    match separator {
        Datum::Null => s.chars().map(|c| field(c.encode_utf8(&mut [0; 4]))).collect(),
        separator if separator.as_text().is_empty() => vec![field(s)],
        separator => s.split(separator.as_text()).map(field).collect(),
    }
}

fn to_array(a: &[Datum], null_text: &Datum) -> Datum {
    let Datum::Text(s) = &a[0] else {
        return Datum::Null;
    };
    let elements = fields(s, &a[1], null_text);
    Datum::Array(Arc::new(Array::from_elements(oids::TEXT, elements)))
}

fn to_table(a: &[Datum], null_text: &Datum) -> Rows {
    let fields = match &a[0] {
        Datum::Text(s) => fields(s, &a[1], null_text),
        _ => Vec::new(),
    };
    Box::new(fields.into_iter().map(|field| Ok(vec![field])))
}

/// Elements in storage order; NULLs are left out unless `null_text` stands for them.
fn array_to_string(ctx: &Ctx<'_>, a: &[Datum], null_text: &Datum) -> Result<Datum> {
    if a[0].is_null() || a[1].is_null() {
        return Ok(Datum::Null);
    }
    let array = a[0].as_array();
    let mut parts = Vec::with_capacity(array.elements.len());
    for element in &array.elements {
        match (element, null_text) {
            (Datum::Null, Datum::Null) => {}
            (Datum::Null, null) => parts.push(null.as_text().to_owned()),
            (element, _) => parts.push(output(ctx.env, array.element_type, element)?),
        }
    }
    Ok(Datum::text(parts.join(a[1].as_text())))
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("split_part", Scalar(|_, a| split_part(a[0].as_text(), a[1].as_text(), a[2].as_int4()))),
    ("text_to_array", Scalar(|_, a| Ok(to_array(a, &Datum::Null)))),
    ("text_to_array_null", Scalar(|_, a| Ok(to_array(a, &a[2])))),
    ("text_to_table", Set(|_, a| Ok(to_table(a, &Datum::Null)))),
    ("text_to_table_null", Set(|_, a| Ok(to_table(a, &a[2])))),
    ("array_to_text", Scalar(|c, a| array_to_string(c, a, &Datum::Null))),
    ("array_to_text_null", Scalar(|c, a| array_to_string(c, a, &a[2]))),
];

#[cfg(test)]
mod tests {
    use crate::functions::testing::{error, rows, t, value};
    use crate::types::Datum::{self, Int4, Null};

    #[test]
    fn split_part_counts_from_either_end() {
        let part = |s, sep, n| value("split_part", &[t(s), t(sep), Int4(n)]);
        assert_eq!(part("a,b,c", ",", 2), t("b"));
        assert_eq!(part("a,b,c", ",", -1), t("c"));
        assert_eq!(part("a,b,c", ",", 4), t(""));
        assert_eq!(part("abc", "", -1), t("abc"));
        assert_eq!(
            error("split_part", &[t("a"), t(","), Int4(0)]),
            ("22023", "field position must not be zero")
        );
    }

    #[test]
    fn arrays_of_fields() {
        let split = |a: &[Datum]| value("text_to_array_null", a).as_array().elements.clone();
        assert_eq!(split(&[t("a,b,,c"), t(","), Null]), [t("a"), t("b"), t(""), t("c")]);
        assert_eq!(split(&[t("a,b"), t(","), t("b")]), [t("a"), Null]);
        assert_eq!(split(&[t("abc"), Null, Null]), [t("a"), t("b"), t("c")]);
        assert_eq!(split(&[t("abc"), t(""), Null]), [t("abc")]);
        assert_eq!(split(&[t(""), t(","), t("")]), []);
        assert_eq!(rows("text_to_table", &[t("x y"), t(" ")]), [[t("x")], [t("y")]]);
    }
}
