//! Facts taken from PostgreSQL 15.

use crate::error::Result;
use crate::types::{Format, Oid, oids, text_in, text_out};

/// Reads and writes a value in settings `DateStyle`, `IntervalStyle`, `TimeZone`.
fn shown(type_oid: Oid, typmod: i32, settings: [&str; 3], text: &str) -> Result<String> {
    let mut format = Format::default();
    format.set_date_style(settings[0]).unwrap();
    format.set_interval_style(settings[1]).unwrap();
    format.set_time_zone(settings[2]).unwrap();
    let value = text_in(type_oid, typmod, text, &format)?;
    let mut out = Vec::new();
    text_out(type_oid, &value, &format, &mut out);
    Ok(String::from_utf8(out).unwrap())
}

const PLAIN: [&str; 3] = ["ISO, MDY", "postgres", "UTC"];

#[test]
fn dates_in_every_form() {
    for (style, text, date) in [
        ("ISO, MDY", "January 8, 1999", "1999-01-08"),
        ("ISO, MDY", "1/8/1999", "1999-01-08"),
        ("ISO, DMY", "1/8/1999", "1999-08-01"),
        ("ISO, YMD", "01/02/03", "2001-02-03"),
        ("ISO, MDY", "08-Jan-99", "1999-01-08"),
        ("ISO, YMD", "08-Jan-1999", "1999-01-08"),
        ("ISO, MDY", "19990108", "1999-01-08"),
        ("ISO, MDY", "990108", "1999-01-08"),
        ("ISO, MDY", "1999.008", "1999-01-08"),
        ("ISO, MDY", "J2451187", "1999-01-08"),
        ("ISO, MDY", "January 8, 99 BC", "0099-01-08 BC"),
        ("ISO, MDY", "y2001m02d04", "2001-02-04"),
        ("ISO, MDY", "infinity", "infinity"),
        ("ISO, MDY", "5874897-12-31", "5874897-12-31"),
        ("SQL, DMY", "1999-01-08", "08/01/1999"),
        ("Postgres, MDY", "1999-01-08", "01-08-1999"),
        ("German, DMY", "1999-01-08", "08.01.1999"),
    ] {
        assert_eq!(
            shown(oids::DATE, -1, [style, PLAIN[1], PLAIN[2]], text).unwrap(),
            date,
            "{text}"
        );
    }
}

#[test]
fn errors_tell_format_from_range() {
    for (type_oid, text, sqlstate, message) in [
        (oids::DATE, "abc", "22007", "invalid input syntax for type date: \"abc\""),
        (oids::DATE, "2001-02-30", "22008", "date/time field value out of range: \"2001-02-30\""),
        (oids::DATE, "5874898-01-01", "22008", "date out of range: \"5874898-01-01\""),
        (oids::TIME, "25:00", "22008", "date/time field value out of range: \"25:00\""),
        (oids::TIMETZ, "10:00+25", "22009", "time zone displacement out of range: \"10:00+25\""),
        (oids::TIMESTAMP, "294277-01-01", "22008", "timestamp out of range: \"294277-01-01\""),
        (oids::TIMESTAMPTZ, "2001-01-01 foo/bar", "22023", "time zone \"foo/bar\" not recognized"),
        (
            oids::INTERVAL,
            "infinity",
            "22007",
            "invalid input syntax for type interval: \"infinity\"",
        ),
        (oids::INTERVAL, "1-13", "22015", "interval field value out of range: \"1-13\""),
        (oids::INTERVAL, "178956971 years", "22008", "interval out of range"),
    ] {
        let e = shown(type_oid, -1, PLAIN, text).unwrap_err();
        assert_eq!((e.code().as_str(), e.message()), (sqlstate, message));
    }
    let e = shown(oids::DATE, -1, PLAIN, "2001-13-01").unwrap_err();
    assert_eq!(e.hint_text(), Some("Perhaps you need a different \"datestyle\" setting."));
}

#[test]
fn time_stamps_in_zones_and_styles() {
    for (style, zone, text, output) in [
        ("ISO, MDY", "UTC", "20010203T040506-08", "2001-02-03 12:05:06+00"),
        (
            "ISO, MDY",
            "America/New_York",
            "2001-07-03 04:05:06 Europe/Berlin",
            "2001-07-02 22:05:06-04",
        ),
        ("ISO, MDY", "America/New_York", "2024-03-10 02:30", "2024-03-10 03:30:00-04"),
        ("ISO, MDY", "America/New_York", "2024-11-03 01:30", "2024-11-03 01:30:00-05"),
        ("ISO, MDY", "America/New_York", "1800-01-01", "1800-01-01 00:00:00-04:56:02"),
        ("ISO, MDY", "Asia/Kolkata", "2001-02-03 04:05:06 EST", "2001-02-03 14:35:06+05:30"),
        ("SQL, DMY", "Europe/Berlin", "2001-02-03 04:05:06", "03/02/2001 04:05:06 CET"),
        ("Postgres, MDY", "UTC", "2001-02-03 04:05:06.5 BC", "Thu Feb 03 04:05:06.5 2001 UTC BC"),
        ("German, DMY", "Australia/Lord_Howe", "2001-02-03 04:05", "03.02.2001 04:05:00 +11"),
        ("ISO, MDY", "UTC", "epoch", "1970-01-01 00:00:00+00"),
        ("ISO, MDY", "UTC", "-infinity", "-infinity"),
    ] {
        let found = shown(oids::TIMESTAMPTZ, -1, [style, PLAIN[1], zone], text).unwrap();
        assert_eq!(found, output, "{text}");
    }
    let rounded = shown(oids::TIMESTAMP, 0, PLAIN, "2001-12-31 23:59:59.5").unwrap();
    assert_eq!(rounded, "2002-01-01 00:00:00");
}

#[test]
fn times_of_day() {
    for (type_oid, typmod, text, output) in [
        (oids::TIME, -1, "040506.789", "04:05:06.789"),
        (oids::TIME, -1, "12:00 AM", "00:00:00"),
        (oids::TIME, -1, "24:00:00", "24:00:00"),
        (oids::TIME, 2, "04:05:06.789", "04:05:06.79"),
        (oids::TIME, -1, "allballs", "00:00:00"),
        (oids::TIMETZ, -1, "04:05-08:00", "04:05:00-08"),
        (oids::TIMETZ, -1, "2003-07-12 04:05:06 America/New_York", "04:05:06-04"),
        (oids::TIMETZ, -1, "04:05:06 MSK", "04:05:06+03"),
    ] {
        assert_eq!(shown(type_oid, typmod, PLAIN, text).unwrap(), output, "{text}");
    }
}

#[test]
fn intervals_in_every_style() {
    let styles = ["postgres", "postgres_verbose", "sql_standard", "iso_8601"];
    for (text, outputs) in [
        (
            "1 year 2 mons 3 days 04:05:06.789",
            [
                "1 year 2 mons 3 days 04:05:06.789",
                "@ 1 year 2 mons 3 days 4 hours 5 mins 6.789 secs",
                "+1-2 +3 +4:05:06.789",
                "P1Y2M3DT4H5M6.789S",
            ],
        ),
        ("0", ["00:00:00", "@ 0", "0", "PT0S"]),
        ("-1-2", ["-1 years -2 mons", "@ 1 year 2 mons ago", "-1-2", "P-1Y-2M"]),
        ("1.5 months", ["1 mon 15 days", "@ 1 mon 15 days", "+0-1 +15 +0:00:00", "P1M15D"]),
        ("1 day -00:00:01", ["1 day -00:00:01", "@ 1 day -1 sec", "+0-0 +1 -0:00:01", "P1DT-1S"]),
        ("P1W", ["7 days", "@ 7 days", "7 0:00:00", "P7D"]),
        ("2 h ago", ["-02:00:00", "@ 2 hours ago", "-2:00:00", "PT-2H"]),
    ] {
        for (style, output) in styles.iter().zip(outputs) {
            let found = shown(oids::INTERVAL, -1, [PLAIN[0], style, PLAIN[2]], text).unwrap();
            assert_eq!(found, output, "{text} {style}");
        }
    }
    let day_to_hour = 1032 << 16 | 0xffff;
    let cut = shown(oids::INTERVAL, day_to_hour, PLAIN, "1 day 02:03:04").unwrap();
    assert_eq!(cut, "1 day 02:00:00");
}
