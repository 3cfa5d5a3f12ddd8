//! Aggregates that the facts' one-argument calls cannot show. Values are PostgreSQL's.

use crate::functions::testing::Bare;
use crate::functions::{Ctx, aggregate};
use crate::types::{Array, Datum, Oid, equal, oids, text_in, text_out};

fn run(signature: &str, types: &[Oid], result: Oid, direct: &[Datum], rows: &[&[&str]]) -> String {
    let env = Bare::default();
    let ctx = Ctx {
        env: &env,
        func: 0,
        arg_types: types,
        result_type: result,
        variadic: false,
        columns: &[],
    };
    let mut state = aggregate(signature).expect(signature)(&ctx, direct).expect("a state");
    for row in rows {
        let read = |(text, type_oid): (&&str, &Oid)| match *text {
            "NULL" => Datum::Null,
            text => text_in(*type_oid, -1, text, &env.format).expect("a valid value"),
        };
        let args: Vec<Datum> = row.iter().zip(types).map(read).collect();
        if let Err(e) = state.update(&ctx, &args) {
            return format!("{} {e}", e.code().as_str());
        }
    }
    match state.finish(&ctx) {
        Ok(Datum::Null) => "NULL".to_owned(),
        Ok(value) => {
            let mut out = Vec::new();
            text_out(result, &value, &env.format, &mut out);
            String::from_utf8(out).expect("text is UTF-8")
        }
        Err(e) => format!("{} {e}", e.code().as_str()),
    }
}

const PAIRS: &[&[&str]] = &[&["1", "2"], &["2", "3.5"], &["5", "1"], &["NULL", "1"]];

#[test]
fn regression_matches_postgresql() {
    for (name, expected) in [
        ("corr", "-0.6362847629757777"),
        ("covar_pop", "-1.111111111111111"),
        ("covar_samp", "-1.6666666666666665"),
        ("regr_avgx", "2.1666666666666665"),
        ("regr_avgy", "2.6666666666666665"),
        ("regr_intercept", "4.947368421052631"),
        ("regr_r2", "0.40485829959514164"),
        ("regr_slope", "-1.0526315789473684"),
        ("regr_sxx", "3.1666666666666665"),
        ("regr_sxy", "-3.333333333333333"),
        ("regr_syy", "8.666666666666666"),
    ] {
        let signature = format!("{name}(float8,float8)");
        let types = [oids::FLOAT8, oids::FLOAT8];
        assert_eq!(run(&signature, &types, oids::FLOAT8, &[], PAIRS), expected, "{name}");
    }
}

#[test]
fn arrays_are_collected_with_nulls_and_into_dimensions() {
    let int4s = oids::array_of(oids::INT4).expect("int4 has an array type");
    let elements: &[&[&str]] = &[&["1"], &["NULL"], &["3"]];
    let collected = run("array_agg(anynonarray)", &[oids::INT4], int4s, &[], elements);
    assert_eq!(collected, "{1,NULL,3}");
    assert_eq!(run("array_agg(anynonarray)", &[oids::INT4], int4s, &[], &[]), "NULL");
    let of_arrays = |rows| run("array_agg(anyarray)", &[int4s], int4s, &[], rows);
    assert_eq!(of_arrays(&[&["{1,2}"], &["{3,NULL}"]]), "{{1,2},{3,NULL}}");
    let different = "2202E cannot accumulate arrays of different dimensionality";
    assert_eq!(of_arrays(&[&["{1,2}"], &["{3}"]]), different);
    assert_eq!(of_arrays(&[&["NULL"]]), "22004 cannot accumulate null arrays");
    assert_eq!(of_arrays(&[&["{}"]]), "2202E cannot accumulate empty arrays");
}

#[test]
fn strings_are_joined_by_the_delimiter_before_each() {
    let types = [oids::TEXT, oids::TEXT];
    let rows: &[&[&str]] = &[&["a", "-"], &["NULL", "+"], &["b", ","], &["c", "NULL"]];
    assert_eq!(run("string_agg(text,text)", &types, oids::TEXT, &[], rows), "a,bc");
}

#[test]
fn documents_are_aggregated() {
    let one = [oids::INT4];
    let two = [oids::INT4, oids::INT4];
    assert_eq!(
        run("json_agg(anyelement)", &one, oids::JSON, &[], &[&["1"], &["NULL"]]),
        "[1, null]"
    );
    let pairs: &[&[&str]] = &[&["1", "1"], &["1", "2"]];
    let object = run("json_object_agg(any,any)", &two, oids::JSON, &[], pairs);
    assert_eq!(object, "{ \"1\" : 1, \"1\" : 2 }");
    let object = run("jsonb_object_agg(any,any)", &two, oids::JSONB, &[], pairs);
    assert_eq!(object, "{\"1\": 2}");
    let null_key = run("jsonb_object_agg(any,any)", &two, oids::JSONB, &[], &[&["NULL", "1"]]);
    assert_eq!(null_key, "22023 field name must not be null");
}

#[test]
fn percentiles_and_the_mode() {
    let sorted: &[&[&str]] = &[&["1"], &["2"], &["2"], &["7"]];
    let float8s = oids::array_of(oids::FLOAT8).expect("float8 has an array type");
    let at = |signature, fraction| {
        run(signature, &[oids::FLOAT8], oids::FLOAT8, &[Datum::Float8(fraction)], sorted)
    };
    assert_eq!(at("percentile_cont(float8,float8)", 0.3), "1.9");
    assert_eq!(at("percentile_disc(float8,anyelement)", 0.3), "2");
    let out_of_range = "22003 percentile value 1.5 is not between 0 and 1";
    assert_eq!(at("percentile_cont(float8,float8)", 1.5), out_of_range);
    let many = [Datum::Float8(0.0), Datum::Float8(0.25), Datum::Null, Datum::Float8(1.0)];
    let many = Datum::Array(Array::from_elements(oids::FLOAT8, many.to_vec()).into());
    let result =
        run("percentile_disc(_float8,anyelement)", &[oids::FLOAT8], float8s, &[many], sorted);
    assert_eq!(result, "{1,1,NULL,7}");
    assert_eq!(run("mode(anyelement)", &[oids::INT4], oids::INT4, &[], sorted), "2");
}

#[test]
fn hypothetical_ranks_count_rows_before_and_peers() {
    // 2 among 1, 2, 2, 7.
    let places: &[&[&str]] = &[&["1", "-1"], &["2", "0"], &["2", "0"], &["7", "1"]];
    let place = |signature, result| {
        run(signature, &[oids::INT4, oids::INT4], result, &[Datum::Int4(2)], places)
    };
    assert_eq!(place("percent_rank(any)", oids::FLOAT8), "0.25");
    assert_eq!(place("cume_dist(any)", oids::FLOAT8), "0.8");
    assert_eq!(place("rank(any)", oids::INT8), "2");
    assert_eq!(place("dense_rank(any)", oids::INT8), "2");
}

#[test]
fn integer_sums_take_values_back() {
    let env = Bare::default();
    let ctx = Ctx {
        env: &env,
        func: 0,
        arg_types: &[oids::INT4],
        result_type: oids::INT8,
        variadic: false,
        columns: &[],
    };
    let mut state = aggregate("sum(int4)").expect("sum")(&ctx, &[]).expect("a state");
    for value in [1, 2, 5] {
        state.update(&ctx, &[Datum::Int4(value)]).expect("no overflow");
    }
    assert!(state.retract(&ctx, &[Datum::Int4(1)]).expect("integers are exact"));
    let sum = state.finish(&ctx).expect("no overflow");
    assert!(equal(oids::INT8, &sum, &Datum::Int8(7)));
}
