//! SQL's values as XML's (SQL/XML, 9.8; `map_sql_value_to_xml_value`).

use super::super::{Env, io};
use crate::error::{PgError, Result, code};
use crate::functions::datetime::iso;
use crate::types::datetime::timestamp::is_infinite;
use crate::types::datetime::{DATE_INFINITY, DATE_NEG_INFINITY};
use crate::types::{Datum, Oid, oids, xml};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Bytes of a line of base64.
const LINE_BYTES: usize = 72;

/// A value that is not NULL as it stands in an element: escaped, unless it is XML itself or an attribute's.
pub fn sql_value(env: &dyn Env, type_oid: Oid, value: &Datum, escaped: bool) -> Result<String> {
    let type_oid = io::shown_type(env, type_oid);
    if let Datum::Array(array) = value
        && env.catalog().element_of(type_oid).is_some()
    {
        let mut out = String::new();
        for element in array.elements.iter().filter(|element| !element.is_null()) {
            out.push_str("<element>");
            out.push_str(&sql_value(env, array.element_type, element, true)?);
            out.push_str("</element>");
        }
        return Ok(out);
    }
    match (type_oid, value) {
        (_, Datum::Bool(value)) => Ok(value.to_string()),
        (_, Datum::Date(DATE_INFINITY | DATE_NEG_INFINITY)) => Err(infinite("date")),
        (_, Datum::Date(date)) => Ok(iso::date(*date)),
        (_, Datum::Timestamp(at) | Datum::TimestampTz(at)) if is_infinite(*at) => {
            Err(infinite("timestamp"))
        }
        (_, Datum::Timestamp(at)) => Ok(iso::timestamp(*at)),
        (_, Datum::TimestampTz(at)) => iso::timestamptz(*at, &env.format().time_zone),
        (oids::BYTEA, Datum::Bytea(bytes)) => Ok(binary(env, bytes)),
        (type_oid, value) => {
            let text = io::output(env, type_oid, value)?;
            if type_oid == oids::XML || !escaped {
                return Ok(text);
            }
            let mut out = String::with_capacity(text.len());
            xml::escape(&text, &mut out);
            Ok(out)
        }
    }
}

fn infinite(what: &str) -> PgError {
    PgError::new(code::DATETIME_FIELD_OVERFLOW, format!("{what} out of range"))
        .detail(format!("XML does not support infinite {what} values."))
}

/// Bytes as `xmlbinary` says.
fn binary(env: &dyn Env, bytes: &[u8]) -> String {
    if env.setting("xmlbinary").as_deref() == Some("hex") {
        return bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    }
    let encoded = STANDARD.encode(bytes);
    let lines = encoded.as_bytes().chunks(LINE_BYTES).map(String::from_utf8_lossy);
    lines.collect::<Vec<_>>().join("\r\n")
}
