//! Paths read and written; the right-hand sides are PostgreSQL's.

use super::{parse, text_in, text_out};

#[test]
fn paths_are_written_with_as_few_parentheses_as_postgresql_uses() {
    for (path, shown) in [
        ("$.a[*] ? (@ > 1).size()", "$.\"a\"[*]?(@ > 1).size()"),
        ("strict $.**{1 to last}", "strict $.**{1 to last}"),
        ("1 - 2 - 3", "((1 - 2) - 3)"),
        ("1 - (2 * 3)", "(1 - 2 * 3)"),
        ("-$.a.b + 1", "(-$.\"a\".\"b\" + 1)"),
        ("-(1)", "-1"),
        ("(1).abs()", "(1).abs()"),
        ("($.a == 1) is unknown", "($.\"a\" == 1) is unknown"),
        ("!exists($.a)", "!(exists ($.\"a\"))"),
        ("$ like_regex \"a\" flag \"xqi\"", "($ like_regex \"a\" flag \"ixq\")"),
        ("$.type.TYPE()", "$.\"type\".type()"),
    ] {
        assert_eq!(text_out(&text_in(path).unwrap()), shown, "{path}");
    }
}

/// PostgreSQL shows `1 + ($.a * 2).abs()` in a way that does not read back; we hold it otherwise.
#[test]
fn held_text_reads_back_as_the_same_path() {
    for path in ["1 + ($.a * 2).abs()", "2 * ($.a == 1).type()", "(-$.a).abs() * 2", "(-1).abs()"] {
        let held = text_in(path).unwrap();
        assert_eq!(parse(&held).unwrap(), parse(path).unwrap(), "{held}");
    }
    assert_eq!(text_out(&text_in("1 + ($.a * 2).abs()").unwrap()), "(1 + $.\"a\" * 2.abs())");
}

#[test]
fn errors_name_the_text_they_are_at() {
    for (path, message) in [
        ("", "invalid input syntax for type jsonpath: \"\""),
        ("$.a b", "syntax error at end of jsonpath input"),
        ("$ $", "syntax error at or near \"$\" of jsonpath input"),
        ("01", "trailing junk after numeric literal at or near \"01\" of jsonpath input"),
        ("1e+", "invalid numeric literal at or near \"1e+\" of jsonpath input"),
        ("0x1", "syntax error at end of jsonpath input"),
        ("\"abc", "unexpected end of quoted string at end of jsonpath input"),
        ("@", "@ is not allowed in root expressions"),
        ("last", "LAST is allowed only in array subscripts"),
        ("1 == 2 == 3", "syntax error at or near \"==\" of jsonpath input"),
    ] {
        assert_eq!(parse(path).unwrap_err().message(), message, "{path}");
    }
}
