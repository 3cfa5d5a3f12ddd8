//! SQL names of types, and type modifiers.

use super::datetime::{interval, typmod as seconds};
use super::{Datum, Oid, array, bits, numeric, oids, string};
use crate::error::{PgError, Result, code};
use std::sync::Arc;

/// The SQL name of a built-in type without modifier, as error messages show it; `None`: not built in.
pub fn type_name(type_oid: Oid) -> Option<String> {
    match type_oid {
        oids::BPCHAR | oids::BIT => simple_name(type_oid).map(str::to_owned),
        _ => match oids::element_of(type_oid) {
            Some(element) => Some(type_name(element)? + "[]"),
            None => format_type(type_oid, -1),
        },
    }
}

/// The SQL name of a built-in type, as `format_type` prints it; `None`: not a built-in type.
pub fn format_type(type_oid: Oid, typmod: i32) -> Option<String> {
    if let Some(element) = oids::element_of(type_oid) {
        return Some(format_type(element, typmod)? + "[]");
    }
    let modifier = typmod_out(type_oid, typmod);
    Some(match type_oid {
        // Without length they are not SQL's `character` and `bit`, which mean a length of 1.
        oids::BPCHAR if typmod < 0 => "bpchar".to_owned(),
        oids::BIT if typmod < 0 => "\"bit\"".to_owned(),
        oids::TIME => format!("time{modifier} without time zone"),
        oids::TIMETZ => format!("time{modifier} with time zone"),
        oids::TIMESTAMP => format!("timestamp{modifier} without time zone"),
        oids::TIMESTAMPTZ => format!("timestamp{modifier} with time zone"),
        _ => simple_name(type_oid)?.to_owned() + &modifier,
    })
}

fn simple_name(type_oid: Oid) -> Option<&'static str> {
    Some(match type_oid {
        oids::BOOL => "boolean",
        oids::BYTEA => "bytea",
        oids::CHAR => "\"char\"",
        oids::NAME => "name",
        oids::INT8 => "bigint",
        oids::INT2 => "smallint",
        oids::INT2VECTOR => "int2vector",
        oids::INT4 => "integer",
        oids::REGPROC => "regproc",
        oids::TEXT => "text",
        oids::OID => "oid",
        oids::TID => "tid",
        oids::XID8 => "xid8",
        oids::XID => "xid",
        oids::CID => "cid",
        oids::OIDVECTOR => "oidvector",
        oids::JSON => "json",
        oids::XML => "xml",
        oids::POINT => "point",
        oids::LSEG => "lseg",
        oids::PATH => "path",
        oids::BOX => "box",
        oids::POLYGON => "polygon",
        oids::LINE => "line",
        oids::CIRCLE => "circle",
        oids::FLOAT4 => "real",
        oids::FLOAT8 => "double precision",
        oids::MONEY => "money",
        oids::MACADDR => "macaddr",
        oids::MACADDR8 => "macaddr8",
        oids::INET => "inet",
        oids::CIDR => "cidr",
        oids::INT4RANGE => "int4range",
        oids::NUMRANGE => "numrange",
        oids::TSRANGE => "tsrange",
        oids::TSTZRANGE => "tstzrange",
        oids::DATERANGE => "daterange",
        oids::INT8RANGE => "int8range",
        oids::INT4MULTIRANGE => "int4multirange",
        oids::NUMMULTIRANGE => "nummultirange",
        oids::TSMULTIRANGE => "tsmultirange",
        oids::TSTZMULTIRANGE => "tstzmultirange",
        oids::DATEMULTIRANGE => "datemultirange",
        oids::INT8MULTIRANGE => "int8multirange",
        oids::ACLITEM => "aclitem",
        oids::BPCHAR => "character",
        oids::VARCHAR => "character varying",
        oids::DATE => "date",
        oids::INTERVAL => "interval",
        oids::BIT => "bit",
        oids::VARBIT => "bit varying",
        oids::NUMERIC => "numeric",
        oids::REFCURSOR => "refcursor",
        oids::REGPROCEDURE => "regprocedure",
        oids::REGOPER => "regoper",
        oids::REGOPERATOR => "regoperator",
        oids::REGCLASS => "regclass",
        oids::REGTYPE => "regtype",
        oids::REGROLE => "regrole",
        oids::REGNAMESPACE => "regnamespace",
        oids::REGCONFIG => "regconfig",
        oids::REGDICTIONARY => "regdictionary",
        oids::REGCOLLATION => "regcollation",
        oids::TSVECTOR => "tsvector",
        oids::TSQUERY => "tsquery",
        oids::UUID => "uuid",
        oids::PG_LSN => "pg_lsn",
        oids::JSONB => "jsonb",
        oids::JSONPATH => "jsonpath",
        oids::RECORD => "record",
        oids::CSTRING => "cstring",
        oids::ANY => "\"any\"",
        oids::ANYARRAY => "anyarray",
        oids::VOID => "void",
        oids::TRIGGER => "trigger",
        oids::INTERNAL => "internal",
        oids::ANYELEMENT => "anyelement",
        oids::ANYNONARRAY => "anynonarray",
        oids::ANYENUM => "anyenum",
        oids::ANYRANGE => "anyrange",
        oids::ANYMULTIRANGE => "anymultirange",
        oids::ANYCOMPATIBLE => "anycompatible",
        oids::ANYCOMPATIBLEARRAY => "anycompatiblearray",
        oids::ANYCOMPATIBLENONARRAY => "anycompatiblenonarray",
        oids::ANYCOMPATIBLERANGE => "anycompatiblerange",
        oids::ANYCOMPATIBLEMULTIRANGE => "anycompatiblemultirange",
        oids::UNKNOWN => "unknown",
        oids::PG_NODE_TREE => "pg_node_tree",
        _ => return None,
    })
}

/// A type modifier as text, such as `(10,2)`: `typmodout`. Empty for -1.
pub fn typmod_out(type_oid: Oid, typmod: i32) -> String {
    if typmod < 0 {
        return String::new();
    }
    match type_oid {
        oids::VARCHAR | oids::BPCHAR => {
            string::declared_length(typmod).map_or_else(String::new, |n| format!("({n})"))
        }
        oids::NUMERIC => numeric::precision_and_scale(typmod)
            .map_or_else(String::new, |(precision, scale)| format!("({precision},{scale})")),
        oids::INTERVAL => interval::typmod_out(typmod),
        _ => match oids::element_of(type_oid) {
            Some(element) => typmod_out(element, typmod),
            None => format!("({typmod})"),
        },
    }
}

/// A type modifier from its parenthesised integers, `typmodin`: `numeric(10,2)` gives `[10, 2]`.
/// For `interval` the grammar's mask of fields comes first.
pub fn typmod_in(type_oid: Oid, modifiers: &[i32]) -> Result<i32> {
    match type_oid {
        oids::VARCHAR => string::typmod_from_modifiers(modifiers, "varchar"),
        oids::BPCHAR => string::typmod_from_modifiers(modifiers, "char"),
        oids::BIT => bits::typmod_from_modifiers(modifiers, "bit"),
        oids::VARBIT => bits::typmod_from_modifiers(modifiers, "varbit"),
        oids::NUMERIC => numeric::typmod_from_modifiers(modifiers),
        oids::TIME => seconds::typmod_from_modifiers(modifiers, "TIME", false),
        oids::TIMETZ => seconds::typmod_from_modifiers(modifiers, "TIME", true),
        oids::TIMESTAMP => seconds::typmod_from_modifiers(modifiers, "TIMESTAMP", false),
        oids::TIMESTAMPTZ => seconds::typmod_from_modifiers(modifiers, "TIMESTAMP", true),
        oids::INTERVAL => interval::typmod_from_modifiers(modifiers),
        _ => match oids::element_of(type_oid) {
            Some(element) => typmod_in(element, modifiers),
            None => Err(PgError::new(
                code::SYNTAX_ERROR,
                format!(
                    "type modifier is not allowed for type \"{}\"",
                    type_name(type_oid).unwrap_or_default()
                ),
            )),
        },
    }
}

/// Fits a value of the type to a type modifier (`varchar(3)`, `numeric(10,2)`, `timestamp(0)`), as
/// the type's length-coercion cast. `explicit`: a cast that may truncate silently.
pub fn apply_typmod(type_oid: Oid, typmod: i32, explicit: bool, value: Datum) -> Result<Datum> {
    if typmod < 0 {
        return Ok(value);
    }
    Ok(match value {
        Datum::Text(text) if type_oid == oids::VARCHAR => {
            let fitted = string::fit_varchar(&text, typmod, explicit)?;
            if fitted.len() == text.len() { Datum::Text(text) } else { Datum::text(fitted) }
        }
        Datum::Text(text) if type_oid == oids::BPCHAR => {
            let fitted = string::fit_bpchar(&text, typmod, explicit)?;
            if fitted.len() == text.len() { Datum::Text(text) } else { Datum::text(&*fitted) }
        }
        value if bits::is_bits(type_oid) => bits::fit(type_oid, typmod, explicit, value)?,
        Datum::Numeric(v) => Datum::Numeric(v.apply_typmod(typmod)?),
        Datum::Time(v) => Datum::Time(seconds::apply_to_time(v, typmod)),
        Datum::TimeTz(v, zone) => Datum::TimeTz(seconds::apply_to_time(v, typmod), zone),
        Datum::Timestamp(v) => Datum::Timestamp(seconds::apply_to_timestamp(v, typmod)?),
        Datum::TimestampTz(v) => Datum::TimestampTz(seconds::apply_to_timestamp(v, typmod)?),
        Datum::Interval(v) => Datum::Interval(Arc::new(v.apply_typmod(typmod)?)),
        Datum::Array(v) => {
            let Some(element) = array::element_type(type_oid) else { return Ok(Datum::Array(v)) };
            let fitted: Result<Vec<Datum>> = v
                .elements
                .iter()
                .map(|e| apply_typmod(element, typmod, explicit, e.clone()))
                .collect();
            Datum::Array(Arc::new(super::Array { elements: fitted?, ..(*v).clone() }))
        }
        value => value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_format_type_shows_them() {
        for (type_oid, modifiers, name) in [
            (oids::INT4, None, "integer"),
            (oids::VARCHAR, Some(&[10][..]), "character varying(10)"),
            (oids::BPCHAR, Some(&[3]), "character(3)"),
            (oids::BPCHAR, None, "bpchar"),
            (oids::NUMERIC, Some(&[10, 2]), "numeric(10,2)"),
            (oids::NUMERIC, Some(&[3, -2]), "numeric(3,-2)"),
            (oids::TIMESTAMP, Some(&[0]), "timestamp(0) without time zone"),
            (oids::TIMETZ, None, "time with time zone"),
            (oids::INTERVAL, Some(&[0x7fff, 3]), "interval(3)"),
            (oids::INTERVAL, Some(&[0x1c08, 3]), "interval day to second(3)"),
            (oids::CHAR, None, "\"char\""),
            (1015, Some(&[5]), "character varying(5)[]"),
        ] {
            let typmod = modifiers.map_or(-1, |m| typmod_in(type_oid, m).unwrap());
            assert_eq!(format_type(type_oid, typmod).unwrap(), name);
        }
        assert_eq!(type_name(oids::BPCHAR).unwrap(), "character");
    }
}
