//! Rows written and read back, whole and by column, and rows of older layouts.

use super::*;
use crate::types::{Interval, oids};
use std::sync::Arc;

fn layout(types: &[Oid]) -> RowLayout {
    let columns: Vec<_> = types.iter().map(|&type_oid| column(type_oid)).collect();
    RowLayout::new(&columns, 7)
}

fn column(type_oid: Oid) -> LayoutColumn {
    LayoutColumn { type_oid, missing: Datum::Null, past: Vec::new() }
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

fn by(seq: u64, updated_us: i64, xid: Option<u32>) -> Stamp {
    Stamp { seq, updated_us, xid }
}

/// A row keeps its birth through updates; a row that takes its key has another.
#[test]
fn versions_of_a_row_share_its_birth() {
    let layout = layout(&[oids::INT4, oids::TEXT]);
    let values = [Datum::Int4(1), Datum::Null];
    let mut inserted = encoded(&layout, &values);
    assert_eq!(born(&inserted), 0);
    stamp(&mut inserted, by(7, 0, None));
    assert_eq!((seq(&inserted), born(&inserted)), (7, 7));
    let mut updated = Vec::new();
    layout.encode(&values, born(&inserted), &mut updated).unwrap();
    stamp(&mut updated, by(9, 0, None));
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
    let added = LayoutColumn { missing: Datum::text("new"), ..column(oids::TEXT) };
    let new =
        RowLayout::new(&[column(oids::TEXT), column(oids::INT4), added, column(oids::INT8)], 8);
    let row = new.row(&bytes).unwrap();
    assert_eq!(row.datums(), [Datum::text("a"), Datum::Int4(1), Datum::text("new"), Datum::Null]);
    assert_eq!((row.schema_version(), row.is_null(2), row.is_null(3)), (7, false, true));
    assert_eq!((row.stored_bytes(0), row.stored_bytes(2)), (Some(Cow::Borrowed(&b"a"[..])), None));
}

/// The number that a transaction had before it committed stands beside its commit's, behind the birth.
#[test]
fn a_transactions_own_number_is_xmin() {
    let layout = layout(&[oids::INT4, oids::TEXT]);
    let values = [Datum::Int4(1), Datum::text("one")];
    for born in [0, 3] {
        let mut row = Vec::new();
        layout.encode(&values, born, &mut row).unwrap();
        stamp(&mut row, by(9, -5, Some(8)));
        let read = layout.row(&row).unwrap();
        assert_eq!(
            (read.stamp(), read.xid(), read.datums()),
            (by(9, -5, Some(8)), 8, values.to_vec())
        );
        assert_eq!(read.born(), if born == 0 { 9 } else { born });
        let mut anew = Vec::new();
        layout.encode_anew(&read, &values, &mut anew).unwrap();
        assert_eq!(anew, row);
    }
}

#[test]
fn the_stamp_is_read_back() {
    let layout = layout(&[oids::INT4]);
    let mut row = encoded(&layout, &[Datum::Int4(1)]);
    assert_eq!(seq(&row), 0);
    stamp(&mut row, by(42, -7, None));
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

/// ALTER TYPE to a wider type rewrites nothing: rows of each version are read in their own shape.
#[test]
fn older_types_are_read_as_the_types_of_now() {
    let past = |before, type_oid| PastType { before, type_oid, typmod: -1 };
    let number =
        LayoutColumn { past: vec![past(3, oids::INT2), past(7, oids::INT4)], ..column(oids::INT8) };
    let float = LayoutColumn { past: vec![past(5, oids::FLOAT4)], ..column(oids::FLOAT8) };
    let text = LayoutColumn { past: vec![past(6, oids::VARCHAR)], ..column(oids::TEXT) };
    let columns = [number, column(oids::TEXT), float, text];
    let now = RowLayout::new(&columns, 9);
    let (a, b) = (Datum::text("a"), Datum::text("b"));
    let rows = [
        (2, [oids::INT2, oids::FLOAT4], [Datum::Int2(-2), Datum::Float4(0.1)]),
        (3, [oids::INT4, oids::FLOAT4], [Datum::Int4(i32::MIN), Datum::Null]),
        (5, [oids::INT4, oids::FLOAT8], [Datum::Int4(5), Datum::Float8(0.1)]),
        (9, [oids::INT8, oids::FLOAT8], [Datum::Int8(1 << 40), Datum::Float8(-0.0)]),
    ];
    let widened = |value: &Datum| match value {
        Datum::Int2(v) => Datum::Int8((*v).into()),
        Datum::Int4(v) => Datum::Int8((*v).into()),
        Datum::Float4(v) => Datum::Float8((*v).into()),
        other => other.clone(),
    };
    for (version, [number, float], [n, f]) in rows {
        let then = [number, oids::TEXT, float, oids::VARCHAR].map(column);
        let bytes = {
            let mut out = Vec::new();
            let layout = RowLayout::new(&then, version);
            layout.encode(&[n.clone(), a.clone(), f.clone(), b.clone()], 0, &mut out).unwrap();
            out
        };
        let row = now.row(&bytes).unwrap();
        assert_eq!(row.datums(), [widened(&n), a.clone(), widened(&f), b.clone()], "{version}");
        // As a row of now has them, so that statistics count equal values as equal.
        let anew = encoded(&now, &row.datums());
        for at in 0..4 {
            assert_eq!(row.stored_bytes(at), now.row(&anew).unwrap().stored_bytes(at));
        }
    }
}

/// A column added later and widened after that has its missing value as the type of now.
#[test]
fn rows_older_than_a_widened_column_lack_it() {
    let old = layout(&[oids::INT2]);
    let bytes = encoded(&old, &[Datum::Int2(1)]);
    let past = vec![PastType { before: 9, type_oid: oids::INT4, typmod: -1 }];
    let added = LayoutColumn { type_oid: oids::INT8, missing: Datum::Int8(7), past };
    let now = RowLayout::new(&[column(oids::INT2), added], 9);
    assert_eq!(now.row(&bytes).unwrap().datums(), [Datum::Int2(1), Datum::Int8(7)]);
}

#[test]
fn types_that_do_not_widen_are_damage() {
    let old = layout(&[oids::TEXT]);
    let bytes = encoded(&old, &[Datum::text("1")]);
    let past = vec![PastType { before: 8, type_oid: oids::TEXT, typmod: -1 }];
    let now = RowLayout::new(&[LayoutColumn { past, ..column(oids::INT4) }], 8);
    assert!(now.row(&bytes).is_err());
    assert!(widens(oids::INT2, oids::INT8) && !widens(oids::INT8, oids::INT4));
}

/// What has not changed has the commit that wrote it, also after its table was written anew.
#[test]
fn a_rewrite_keeps_who_wrote_a_row() {
    let (old, new) = (layout(&[oids::TEXT]), layout(&[oids::INT4]));
    for born in [0, 3] {
        let mut bytes = Vec::new();
        old.encode(&[Datum::text("1")], born, &mut bytes).unwrap();
        stamp(&mut bytes, by(9, -5, None));
        let mut anew = Vec::new();
        new.encode_anew(&old.row(&bytes).unwrap(), &[Datum::Int4(1)], &mut anew).unwrap();
        stamp(&mut anew, by(12, 0, None));
        let row = new.row(&anew).unwrap();
        assert_eq!((row.seq(), row.updated_us(), row.datums()), (9, -5, vec![Datum::Int4(1)]));
        assert_eq!(row.born(), if born == 0 { 9 } else { born });
    }
}

/// A table whose columns only got other lengths is read as one that never changed.
#[test]
fn versions_with_the_same_shape_are_one() {
    let past = |before, typmod| PastType { before, type_oid: oids::VARCHAR, typmod };
    let grown = LayoutColumn { past: vec![past(3, 9), past(5, 14)], ..column(oids::VARCHAR) };
    assert!(RowLayout::new(std::slice::from_ref(&grown), 6).older.is_empty());
    let number = LayoutColumn {
        past: vec![PastType { before: 4, type_oid: oids::INT2, typmod: -1 }],
        ..column(oids::INT4)
    };
    let ends: Vec<u32> =
        RowLayout::new(&[grown, number], 6).older.iter().map(|(end, _)| *end).collect();
    assert_eq!(ends, [4]);
}
