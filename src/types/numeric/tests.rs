//! Facts taken from PostgreSQL 15.

use super::Numeric;
use std::hash::{BuildHasher, RandomState};

fn n(text: &str) -> Numeric {
    Numeric::parse(text).unwrap()
}

#[test]
fn text_keeps_the_scale() {
    for (text, shown) in [
        ("1", "1"),
        ("-0.50", "-0.50"),
        ("  12.  ", "12"),
        (".5", "0.5"),
        ("1e3", "1000"),
        ("1.5e-3", "0.0015"),
        ("-0", "0"),
        ("0.00", "0.00"),
        ("1e-20", "0.00000000000000000001"),
        ("123456789012345678901234567890.12", "123456789012345678901234567890.12"),
        ("inf", "Infinity"),
        ("-INFINITY", "-Infinity"),
        ("nan", "NaN"),
    ] {
        assert_eq!(n(text).to_string(), shown, "{text}");
    }
    for bad in ["", " ", "1.2.3", "abc", "1e", "--1", ".", "1 2", "0x10"] {
        let e = Numeric::parse(bad).unwrap_err();
        assert_eq!(e.message(), format!("invalid input syntax for type numeric: \"{bad}\""));
    }
    for big in ["1e131072", "1e-16384", "1e1000000000"] {
        assert_eq!(Numeric::parse(big).unwrap_err().message(), "value overflows numeric format");
    }
}

#[test]
fn results_have_postgres_scales() {
    let cases: &[(&str, char, &str, &str)] = &[
        ("1.10", '+', "2.205", "3.305"),
        ("1.1", '-', "1.100", "0.000"),
        ("1.5", '*', "2.25", "3.375"),
        ("1", '/', "3", "0.33333333333333333333"),
        ("10", '/', "3", "3.3333333333333333"),
        ("1", '/', "0.0003", "3333.3333333333333333"),
        ("-7.5", '%', "2", "-1.5"),
        ("7", '%', "-2.25", "0.25"),
        ("2", '^', "3", "8.0000000000000000"),
        ("2", '^', "0.5", "1.4142135623730950"),
        ("2", '^', "-2", "0.2500000000000000"),
        ("10", '^', "20", "100000000000000000000.0000000000000000"),
        ("Infinity", '-', "Infinity", "NaN"),
        ("1", '/', "-Infinity", "0"),
        ("-Infinity", '*', "2", "-Infinity"),
        ("5", '%', "Infinity", "5"),
    ];
    for (a, op, b, result) in cases {
        let (x, y) = (n(a), n(b));
        let found = match op {
            '+' => x.add(&y),
            '-' => x.sub(&y),
            '*' => x.mul(&y),
            '/' => x.div(&y),
            '%' => x.rem(&y),
            _ => x.power(&y),
        };
        assert_eq!(found.unwrap().to_string(), *result, "{a} {op} {b}");
    }
    assert_eq!(n("1").div(&n("0.00")).unwrap_err().code().as_str(), "22012");
}

#[test]
fn functions_show_postgres_digits() {
    for (shown, found) in [
        ("1.414213562373095", n("2").sqrt()),
        ("2.7182818284590452", n("1").exp()),
        ("0.6931471805599453", n("2").ln()),
        ("2.3025850929940457", n("10").ln()),
        ("3.0000000000000000", n("1000").log(&n("10"))),
        ("1234.57", n("1234.567").round(2)),
        ("1200", n("1234.567").round(-2)),
        ("-3", n("-2.5").round(0)),
        ("-2", Ok(n("-2.5").trunc(0))),
        ("-2", Ok(n("-2.5").ceil())),
        ("-3", Ok(n("-2.5").floor())),
        ("1.5", Ok(n("1.5000").trim_scale())),
    ] {
        assert_eq!(found.unwrap().to_string(), shown);
    }
}

#[test]
fn equal_values_are_equal_whatever_their_scale() {
    let hasher = RandomState::new();
    for (a, b) in [("1.0", "1.00"), ("0", "0.000"), ("NaN", "nan"), ("100", "1e2")] {
        assert_eq!(n(a), n(b));
        assert_eq!(hasher.hash_one(n(a)), hasher.hash_one(n(b)));
    }
    let mut sorted = ["NaN", "2", "-Infinity", "1e30", "-1e30", "0.1", "Infinity", "-2"].map(n);
    sorted.sort();
    assert_eq!(
        sorted.map(|v| v.to_string()).join(" "),
        "-Infinity -1000000000000000000000000000000 -2 0.1 2 1000000000000000000000000000000 \
         Infinity NaN"
    );
}

#[test]
fn typmod_rounds_and_limits() {
    let typmod = |p, s| super::typmod_from_modifiers(&[p, s]).unwrap();
    assert_eq!(n("1.255").apply_typmod(typmod(10, 2)).unwrap().to_string(), "1.26");
    assert_eq!(n("1255").apply_typmod(typmod(3, -2)).unwrap().to_string(), "1300");
    let e = n("999.995").apply_typmod(typmod(5, 2)).unwrap_err();
    assert_eq!(e.message(), "numeric field overflow");
    assert_eq!(
        e.detail_text(),
        Some("A field with precision 5, scale 2 must round to an absolute value less than 10^3.")
    );
}

#[test]
fn conversions_round_and_check() {
    assert_eq!(n("2.5").to_i32().unwrap(), 3);
    assert_eq!(n("-2.5").to_i64().unwrap(), -3);
    assert_eq!(n("32768").to_i16().unwrap_err().message(), "smallint out of range");
    assert_eq!(n("NaN").to_i32().unwrap_err().message(), "cannot convert NaN to integer");
    assert_eq!(Numeric::from_f64(0.1).to_string(), "0.1");
    assert_eq!(Numeric::from_f64(1e20).to_string(), "100000000000000000000");
    assert_eq!(Numeric::from_f32(1.1).to_string(), "1.1");
}

#[test]
fn binary_and_compact_forms_round_trip() {
    for text in [
        "0",
        "0.00",
        "1",
        "-1",
        "12345.6789",
        "1e30",
        "-0.00012",
        "NaN",
        "Infinity",
        "-Infinity",
        "127",
        "128",
        "-128",
        "-129",
        "9223372036854775808",
        "10000",
        "100000000.0001",
    ] {
        let value = n(text);
        let (mut wire, mut compact) = (Vec::new(), Vec::new());
        value.binary_out(&mut wire);
        value.encode(&mut compact);
        assert_eq!(Numeric::binary_in(&wire).unwrap().to_string(), value.to_string());
        assert_eq!(Numeric::decode(&compact).unwrap().to_string(), value.to_string());
    }
    let mut wire = Vec::new();
    n("12345.678").binary_out(&mut wire);
    assert_eq!(wire, [0, 3, 0, 1, 0, 0, 0, 3, 0, 1, 9, 41, 26, 124]);
}
