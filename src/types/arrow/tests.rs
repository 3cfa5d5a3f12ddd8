//! What goes in comes out.

use super::super::{Datum, Format, Numeric, Record, equal, oids, text_in};
use super::*;
use std::sync::Arc;

#[test]
fn arrays_give_back_what_was_appended() {
    for (type_oid, texts) in [
        (oids::BOOL, &["t", "f"][..]),
        (oids::CHAR, &["a", ""]),
        (oids::INT2, &["-1", "32767"]),
        (oids::INT4, &["-1", "2147483647"]),
        (oids::INT8, &["-1", "9223372036854775807"]),
        (oids::FLOAT4, &["1.5", "NaN"]),
        (oids::FLOAT8, &["1.5", "-Infinity"]),
        (oids::OID, &["0", "4294967295"]),
        (oids::REGCLASS, &["1259"]),
        (oids::TID, &["(1,2)"]),
        (oids::NUMERIC, &["1.00", "1e40", "NaN", "-Infinity"]),
        (oids::TEXT, &["", "short", "a text longer than a view's inline bytes"]),
        (oids::JSON, &["{\"a\": 1}"]),
        (oids::BYTEA, &["\\x00ff"]),
        (oids::INT4RANGE, &["[1,5)", "empty"]),
        (oids::NUMMULTIRANGE, &["{}", "{[1.5,2),(3,)}"]),
        (oids::INET, &["1.2.3.4/8", "::1"]),
        (oids::MACADDR, &["08:00:2b:01:02:03"]),
        (oids::VARBIT, &["", "101"]),
        (oids::MONEY, &["-12.34"]),
        (oids::PG_LSN, &["FFFFFFFF/1"]),
        (oids::UUID, &["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]),
        (oids::DATE, &["2001-02-03", "4714-11-24 BC", "infinity", "-infinity"]),
        (oids::TIME, &["24:00"]),
        (oids::TIMETZ, &["10:00+02"]),
        (oids::TIMESTAMP, &["1969-12-31 23:59:59", "294276-12-31", "infinity"]),
        (oids::TIMESTAMPTZ, &["2001-02-03 04:05:06+01", "-infinity"]),
        (oids::INTERVAL, &["1 mon -1 day 00:00:01"]),
        (oids::JSONB, &["{\"a\": [1, 2.50, null]}"]),
        (1007, &["{}", "[0:1]={1,NULL}"]),
        (oids::OIDVECTOR, &["1 2", ""]),
    ] {
        let format = Format::default();
        let mut values: Vec<Datum> =
            texts.iter().map(|t| text_in(type_oid, -1, t, &format).unwrap()).collect();
        values.push(Datum::Null);
        let mut builder = Builder::new(type_oid, values.len());
        values.iter().for_each(|v| builder.append(v));
        let array = builder.finish();
        assert_eq!(array.data_type(), &data_type(type_oid));
        for (row, value) in values.iter().enumerate() {
            let found = datum_at(&*array, row, type_oid);
            assert_eq!(found.is_null(), value.is_null());
            assert!(equal(type_oid, &found, value), "{found:?} {value:?}");
        }
    }
}

#[test]
fn rows_travel_with_their_types() {
    let fields = vec![(oids::INT4, Datum::Int4(1)), (oids::TEXT, Datum::Null)];
    let row = Datum::Record(Arc::new(Record::unnamed(fields)));
    let mut builder = Builder::new(oids::RECORD, 1);
    builder.append(&row);
    assert_eq!(datum_at(&*builder.finish(), 0, oids::RECORD), row);
}

#[test]
fn fields_name_their_type() {
    let field = field("price", oids::NUMERIC, 655366);
    assert_eq!(field_type(&field), Some(oids::NUMERIC));
    assert_eq!(field.metadata()[TYPMOD_KEY], "655366");
}

#[test]
fn a_declared_scale_makes_decimals() {
    // numeric(15,2), numeric(38,38), numeric(3,-2), numeric(2,4), numeric(39,2), numeric
    let typmod = |p: i32, s: i32| super::super::numeric::typmod_from_modifiers(&[p, s]).unwrap();
    let form = |typmod| ColumnType::stored(oids::NUMERIC, typmod).as_decimal();
    assert_eq!(form(typmod(15, 2)), Some((15, 2)));
    assert_eq!(form(typmod(38, 38)), Some((38, 38)));
    assert_eq!(form(typmod(3, -2)), Some((5, 0)));
    assert_eq!(form(typmod(2, 4)), Some((4, 4)));
    assert_eq!(form(typmod(39, 2)), None);
    assert_eq!(form(-1), None);
}

#[test]
fn decimals_keep_scale_and_nan() {
    let ty = ColumnType::decimal(15, 2);
    let mut builder = Builder::new(ty, 4);
    for text in ["1.50", "-9999999999999.99", "NaN"] {
        builder.append(&Datum::Numeric(Numeric::parse(text).unwrap()));
    }
    builder.append(&Datum::Null);
    let array = builder.finish();
    assert_eq!(array.data_type(), &ty.data_type());
    let shown = |row| match datum_at(&*array, row, ty) {
        Datum::Numeric(n) => n.to_string(),
        other => format!("{other:?}"),
    };
    assert_eq!((0..4).map(shown).collect::<Vec<_>>(), ["1.50", "-9999999999999.99", "NaN", "Null"]);
}
