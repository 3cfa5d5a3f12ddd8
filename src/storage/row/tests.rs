//! Rows written and read back, whole and by column, and rows of older layouts.

use super::*;
use crate::types::{Interval, oids};
use std::sync::Arc;

fn layout(types: &[Oid]) -> RowLayout {
    let columns: Vec<_> =
        types.iter().map(|&type_oid| LayoutColumn { type_oid, missing: Datum::Null }).collect();
    RowLayout::new(&columns, 7)
}

fn encoded(layout: &RowLayout, values: &[Datum]) -> Vec<u8> {
    let mut out = Vec::new();
    layout.encode(values, 0, &mut out).unwrap();
    out
}

#[test]
fn the_worked_example_is_what_is_stored() {
    let layout = layout(&[oids::INT4, oids::TEXT, oids::TEXT]);
    let row = encoded(&layout, &[Datum::Int4(1), Datum::text("ab"), Datum::Null]);
    assert_eq!(row[..16], [0; 16]);
    assert_eq!(row[16..22], [7, 0, 0, 0, 3, 0]);
    assert_eq!(row[22..], [4, 1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, b'a', b'b']);
}

/// A row keeps its birth through updates; a row that takes its key has another.
#[test]
fn versions_of_a_row_share_its_birth() {
    let layout = layout(&[oids::INT4, oids::TEXT]);
    let values = [Datum::Int4(1), Datum::Null];
    let mut inserted = encoded(&layout, &values);
    assert_eq!(born(&inserted), 0);
    stamp(&mut inserted, 7, 0);
    assert_eq!((seq(&inserted), born(&inserted)), (7, 7));
    let mut updated = Vec::new();
    layout.encode(&values, born(&inserted), &mut updated).unwrap();
    stamp(&mut updated, 9, 0);
    let read = layout.row(&updated).unwrap();
    assert_eq!((read.seq(), read.born()), (9, 7));
    assert_eq!(read.datums(), values);
}

#[test]
fn fixed_and_text_values_read_back() {
    let types = [
        oids::BOOL,
        oids::TEXT,
        oids::CHAR,
        oids::INT2,
        oids::INT4,
        oids::INT8,
        oids::BYTEA,
        oids::FLOAT4,
        oids::FLOAT8,
        oids::OID,
        oids::REGCLASS,
        oids::DATE,
        oids::TIME,
        oids::TIMETZ,
        oids::TIMESTAMP,
        oids::TIMESTAMPTZ,
        oids::INTERVAL,
        oids::UUID,
        oids::VARCHAR,
    ];
    let values = [
        Datum::Bool(true),
        Datum::text("grün"),
        Datum::Char(200),
        Datum::Int2(-2),
        Datum::Int4(i32::MIN),
        Datum::Int8(i64::MAX),
        Datum::bytea(vec![0, 255]),
        Datum::Float4(-0.5),
        Datum::Float8(f64::INFINITY),
        Datum::Oid(u32::MAX),
        Datum::Oid(1259),
        Datum::Date(-1),
        Datum::Time(86_400_000_000),
        Datum::TimeTz(1, -3600),
        Datum::Timestamp(i64::MIN),
        Datum::TimestampTz(5),
        Datum::Interval(Arc::new(Interval { months: 1, days: -2, micros: 3 })),
        Datum::Uuid(Arc::new([9; 16])),
        Datum::text(""),
    ];
    let layout = layout(&types);
    let row = encoded(&layout, &values);
    assert_eq!(layout.row(&row).unwrap().datums(), values);
    let nulls = vec![Datum::Null; types.len()];
    let row = encoded(&layout, &nulls);
    assert_eq!(layout.row(&row).unwrap().datums(), nulls);
}

/// ADD COLUMN rewrites nothing: rows of the old layout have the value the column was added with.
#[test]
fn old_rows_have_the_missing_value() {
    let old = layout(&[oids::TEXT, oids::INT4]);
    let bytes = encoded(&old, &[Datum::text("a"), Datum::Int4(1)]);
    let added = LayoutColumn { type_oid: oids::TEXT, missing: Datum::text("new") };
    let column = |type_oid| LayoutColumn { type_oid, missing: Datum::Null };
    let new =
        RowLayout::new(&[column(oids::TEXT), column(oids::INT4), added, column(oids::INT8)], 8);
    let row = new.row(&bytes).unwrap();
    assert_eq!(row.datums(), [Datum::text("a"), Datum::Int4(1), Datum::text("new"), Datum::Null]);
    assert_eq!((row.schema_version(), row.is_null(2), row.is_null(3)), (7, false, true));
    assert_eq!((row.stored_bytes(0), row.stored_bytes(2)), (Some(&b"a"[..]), None));
}

#[test]
fn the_stamp_is_read_back() {
    let layout = layout(&[oids::INT4]);
    let mut row = encoded(&layout, &[Datum::Int4(1)]);
    assert_eq!(seq(&row), 0);
    stamp(&mut row, 42, -7);
    let read = layout.row(&row).unwrap();
    assert_eq!((read.seq(), read.updated_us(), read.datum(0)), (42, -7, Datum::Int4(1)));
}

#[test]
fn damaged_rows_are_errors() {
    let layout = layout(&[oids::INT4, oids::TEXT]);
    let row = encoded(&layout, &[Datum::Int4(1), Datum::text("x")]);
    for length in 0..row.len() - 1 {
        assert!(layout.row(&row[..length]).is_err(), "{length}");
    }
    let mut many = row.clone();
    many[COLUMNS] = 200;
    assert!(layout.row(&many).is_err());
}
