//! Every type's forms agree: what is read is written the same, and damaged binary forms are refused or
//! read as values that are written and read as themselves.

use super::{
    Datum, Format, Oid, binary_in, binary_out, compare, geometry, key, oids, text_in, text_out,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const VALUES: &[(Oid, &[&str])] = &[
    (oids::INET, &["1.2.3.4/8", "::1", "2001:db8::/32", "::ffff:1.2.3.4/96"]),
    (oids::CIDR, &["10.0.0.0/8", "::/0"]),
    (oids::MACADDR, &["08:00:2b:01:02:03"]),
    (oids::MACADDR8, &["08:00:2b:01:02:03:04:05"]),
    (oids::BIT, &["", "1", "101010101"]),
    (oids::VARBIT, &["", "0001", "111111111111"]),
    (oids::MONEY, &["$1,234.50", "-$0.01"]),
    (oids::PG_LSN, &["0/0", "FFFFFFFF/FFFFFFFF"]),
    (oids::POINT, &["(1,-2.5)", "(NaN,Infinity)"]),
    (oids::LSEG, &["[(1,2),(3,4)]"]),
    (oids::BOX, &["(3,4),(1,2)"]),
    (oids::LINE, &["{1,-1,0}"]),
    (oids::CIRCLE, &["<(1,2),3>"]),
    (oids::PATH, &["[(1,2),(3,4)]", "((1,2),(3,4),(5,6))"]),
    (oids::POLYGON, &["((1,2),(3,4),(5,6))"]),
    (oids::INT4RANGE, &["[1,5)", "(,5)", "empty", "(,)"]),
    (oids::NUMRANGE, &["[1.50,2]", "(1,)"]),
    (oids::DATERANGE, &["[2000-01-01,infinity]"]),
    (oids::TSTZRANGE, &["[\"2000-01-01 10:00:00+00\",)"]),
    (oids::INT8MULTIRANGE, &["{}", "{[1,3),[5,7)}"]),
    (oids::CITEXT, &["", "aB"]),
    (oids::HSTORE, &["", "\"a\"=>\"1\", \"bb\"=>NULL"]),
    (oids::TSVECTOR, &["", "'a':1,2B 'it''s'", "'b':16383A"]),
    (oids::TSQUERY, &["", "!( 'a':*A | 'b' ) <3> 'c' & 'd'"]),
];

fn text(type_oid: Oid, value: &Datum) -> String {
    let mut out = Vec::new();
    text_out(type_oid, value, &Format::default(), &mut out);
    String::from_utf8(out).unwrap()
}

fn binary(type_oid: Oid, value: &Datum) -> Vec<u8> {
    let mut out = Vec::new();
    binary_out(type_oid, value, &mut out);
    out
}

/// The forms of a value give it back.
fn agree(type_oid: Oid, value: &Datum) {
    let written = text(type_oid, value);
    let read = text_in(type_oid, -1, &written, &Format::default());
    let read = read.unwrap_or_else(|e| panic!("{type_oid}: {written}: {e}"));
    let received = binary_in(type_oid, -1, &binary(type_oid, value)).unwrap();
    let encoded = |value: &Datum| {
        let mut out = Vec::new();
        key::encode_value(type_oid, value, &mut out);
        out
    };
    for other in [read, received] {
        assert_eq!(text(type_oid, &other), text(type_oid, value));
        // NaN has several forms, and shapes have no order in which these would be equal.
        if !geometry::is_shape(type_oid) {
            assert!(compare(type_oid, &other, value).is_eq(), "{type_oid}: {other:?} {value:?}");
            assert_eq!(encoded(&other), encoded(value));
        }
    }
}

#[test]
fn texts_are_those_that_are_read() {
    for (type_oid, texts) in VALUES {
        for written in *texts {
            let value = text_in(*type_oid, -1, written, &Format::default()).unwrap();
            assert_eq!(text(*type_oid, &value), *written);
            agree(*type_oid, &value);
        }
    }
}

#[test]
fn damaged_binary_forms_are_refused_or_values() {
    let seed = rand::rng().random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    for (type_oid, texts) in VALUES {
        for n in 0..500 {
            let written = texts[n % texts.len()];
            let value = text_in(*type_oid, -1, written, &Format::default()).unwrap();
            let mut bytes = binary(*type_oid, &value);
            for _ in 0..random.random_range(1..4) {
                if bytes.is_empty() {
                    break;
                }
                let at = random.random_range(0..bytes.len());
                match random.random_range(0..4) {
                    0 => bytes.truncate(at),
                    1 => bytes.insert(at, random.random()),
                    2 => bytes[at] ^= 1 << random.random_range(0..8),
                    _ => bytes[at] = random.random(),
                }
            }
            if let Ok(found) = binary_in(*type_oid, -1, &bytes) {
                agree(*type_oid, &found);
            }
        }
    }
}
