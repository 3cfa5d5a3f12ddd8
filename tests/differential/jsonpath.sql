-- SQL/JSON paths: their text, modes, filters, methods, dates and times, errors and their suppression

-- The type's text.
SELECT '$.a[*] ? (@ > 1).size()'::jsonpath;
SELECT 'strict $.**{1 to last}'::jsonpath, 'lax $.**'::jsonpath, '$.**{2}'::jsonpath, '$.**{last}'::jsonpath;
SELECT '1 - 2 - 3'::jsonpath, '1 - (2 - 3)'::jsonpath, '(1 + 2) * 3'::jsonpath, '-$.a.b + 1'::jsonpath;
SELECT '-(1)'::jsonpath, '(1).abs()'::jsonpath, '($.a == 1).type()'::jsonpath, '1 + ($.a * 2).abs()'::jsonpath;
SELECT '!exists($.a) && ($.b == 1) is unknown'::jsonpath, '$.type.TYPE()'::jsonpath;
SELECT '$ ? (@ like_regex "^a" flag "xqi")'::jsonpath, '$.datetime("yyyy-mm")'::jsonpath, '$"x y"'::jsonpath;
SELECT '$."\u00e4\t\x41\v\q"'::jsonpath, '$.a\u0041'::jsonpath, '$.x /* remark */'::jsonpath;
SELECT '$[0, 1 to last, last - 1]'::jsonpath, '1e3'::jsonpath, '.5'::jsonpath, '1.'::jsonpath;
SELECT array['$.a'::jsonpath, '$.b'], '{$.a,"$.b ? (@ > 1)"}'::jsonpath[];
SELECT ''::jsonpath;
SELECT '$.a b'::jsonpath;
SELECT '$ $'::jsonpath;
SELECT '1 == 2 == 3'::jsonpath;
SELECT '1 && 2'::jsonpath;
SELECT '!$.a'::jsonpath;
SELECT '$ ? (@.a)'::jsonpath;
SELECT '@'::jsonpath;
SELECT 'last'::jsonpath;
SELECT '01'::jsonpath;
SELECT '1a'::jsonpath;
SELECT '1e+'::jsonpath;
SELECT '0x1'::jsonpath;
SELECT '"abc'::jsonpath;
SELECT '"\u004"'::jsonpath;
SELECT '"\ud83d"'::jsonpath;
SELECT '"\u0000"'::jsonpath;
SELECT '$ ? (@ like_regex "(")'::jsonpath;
SELECT '$ ? (@ like_regex "a" flag "x")'::jsonpath;
SELECT '$ ? (@ like_regex "a" flag "z")'::jsonpath;
SELECT '$.**{99999999999}'::jsonpath;
SELECT '$'::jsonpath = '$'::jsonpath;

-- Members and elements, lax and strict.
SELECT jsonb_path_query('{"a": [{"b": 1}, {"b": "2"}]}', '$.a.b');
SELECT jsonb_path_query('{"a": [{"b": 1}, {"b": "2"}]}', 'strict $.a.b');
SELECT jsonb_path_query('{"a": 1}', '$.b'), jsonb_path_query('{"a": 1}', '$[*].a');
SELECT jsonb_path_query('{"a": 1}', 'strict $.b');
SELECT jsonb_path_query('{"a": 1}', 'strict $[*]');
SELECT jsonb_path_query('[1, 2]', 'strict $.*');
SELECT jsonb_path_query('[1, 2, 3]', '$[last]'), jsonb_path_query('[1, 2, 3]', '$[last - 1 to last]');
SELECT jsonb_path_query('[1, 2, 3]', '$[5]');
SELECT jsonb_path_query('[1, 2, 3]', 'strict $[5]');
SELECT jsonb_path_query('[1, 2, 3]', '$[1.9]'), jsonb_path_query('[1, 2, 3]', '$[$[0]]');
SELECT jsonb_path_query('[1, 2, 3]', '$["a"]');
SELECT jsonb_path_query('{"a": {"b": [1, {"c": 2}]}}', '$.**');
SELECT jsonb_path_query('{"a": {"b": [1, {"c": 2}]}}', '$.**{last}');
SELECT jsonb_path_query('{"a": {"b": [1, {"c": 2}]}}', 'strict $.**.c');
SELECT jsonb_path_query('{"a": 1, "bb": [2]}', '$.*');

-- Filters and predicates.
SELECT jsonb_path_query('[1, "a", null, true, {"a": 2}, [3, 4]]', '$[*] ? (@ > 1)');
SELECT jsonb_path_query('[1, "a", null, true]', '$[*] ? (@ != null)');
SELECT jsonb_path_query('[1, "a", null, true]', '$[*] ? ((@ > "a") is unknown)');
SELECT jsonb_path_query('[{"a": 1, "b": "x"}, {"a": 2}]', '$[*] ? (@.a >= 1 && exists(@.b))');
SELECT jsonb_path_query('["abc", "Abd", "a\nb"]', '$[*] ? (@ like_regex "^ab" flag "i")');
SELECT jsonb_path_query('["abc", "a\nb"]', '$[*] ? (@ like_regex "a.b" flag "s")');
SELECT jsonb_path_query('["a.c", "abc"]', '$[*] ? (@ like_regex "a.c" flag "q")');
SELECT jsonb_path_query('["abc", "xyz"]', '$[*] ? (@ starts with $p)', '{"p": "ab"}');
SELECT jsonb_path_query('[1, 2, 3]', '$[*] ? (@ >= $min && @ <= $max)', '{"min": 2, "max": 4}');
SELECT jsonb_path_query('[1, 2, 3]', '$[*] > 2'), jsonb_path_query('[1, 2, 3]', 'strict $[*] > 2');
SELECT jsonb_path_query('[]', '$[*] == 1'), jsonb_path_query('[[1]]', '$[*] == 1');

-- Arithmetic and methods.
SELECT jsonb_path_query('{"a": 7, "b": 2}', '($.a + $.b) * 2 - $.a / $.b % 3');
SELECT jsonb_path_query('[1, -2]', '-$[*]'), jsonb_path_query('[2]', '$ * 2');
SELECT jsonb_path_query('[1, 2]', '$ + 1');
SELECT jsonb_path_query('["a"]', '-$[*]');
SELECT jsonb_path_query('1', '$ / 0');
SELECT jsonb_path_query('[1, "a", null, {"a": []}]', '$[*].type()'), jsonb_path_query('[1, [2, 3]]', '$[*].size()');
SELECT jsonb_path_query('1', 'strict $.size()');
SELECT jsonb_path_query('[-1.5, 2.5]', '$.abs()'), jsonb_path_query('[-1.5, 2.5]', '$.floor()'), jsonb_path_query('[-1.5, 2.5]', '$.ceiling()');
SELECT jsonb_path_query('["12.50", 1.50]', '$.double()');
SELECT jsonb_path_query('"abc"', '$.double()');
SELECT jsonb_path_query('"abc"', '$.abs()');
SELECT jsonb_path_query('{"a": 1, "b": [1, 2]}', '$.keyvalue()');
SELECT jsonb_path_query('[{"a": 1, "b": [1, 2]}, {"c": {"a": "bbb"}}, {"d": 123456.789, "e": {}}]', '$[*].keyvalue()');
SELECT jsonb_path_query('{"a": {"b": 1}}', '$.**.keyvalue()'), jsonb_path_query('{"a": {"b": 1}}', '$.keyvalue().value.keyvalue()');
SELECT jsonb_path_query('1', '$v.keyvalue()', '{"v": {"a": 1}}');
SELECT jsonb_path_query('[1]', '$.keyvalue()');

-- The functions, suppression, variables.
SELECT jsonb_path_exists('{"a": 1}', '$.a'), jsonb_path_exists('{"a": 1}', '$.b'), jsonb_path_exists('{"a": 1}', 'strict $.b', silent => true);
SELECT jsonb_path_exists('{"a": 1}', 'strict $.b');
SELECT jsonb_path_match('{"a": 1}', '$.a > 0'), jsonb_path_match('{"a": 1}', '$.a > "x"'), jsonb_path_match('1', '$', silent => true);
SELECT jsonb_path_match('[true, false]', '$[*]');
SELECT jsonb_path_query_array('[1, {"a": 2}]', '$[*].a'), jsonb_path_query_array('[]', '$[*]');
SELECT jsonb_path_query_first('[1, 2]', '$[*]'), jsonb_path_query_first('[]', '$[*]');
SELECT jsonb '{"a": [1, 2]}' @? '$.a[*] ? (@ > 1)', jsonb '{"a": 1}' @@ '$.a == 1', jsonb '{"a": 1}' @@ '$.a', jsonb '1' @? 'strict $.a';
SELECT jsonb '1' @? '$x', jsonb '1' @@ '$x', jsonb '1' @? NULL;
SELECT jsonb_path_query('1', '$x');
SELECT jsonb_path_query('1', '$x', '[]');
SELECT * FROM jsonb_path_query('[1, 2]', '$[*]') WITH ORDINALITY AS x(v, n);
SELECT j, jsonb_path_query(j, '$[*]') FROM (VALUES (jsonb '[1, 2]'), ('[3]')) v(j) ORDER BY 1, 2;

-- Dates and times.
SELECT jsonb_path_query('["2017-03-10", "12:34:56", "12:34:56.7+03", "2017-03-10 12:34:56", "2017-03-10T12:34:56.5-05:30"]', '$[*].datetime()');
SELECT jsonb_path_query('["2017-03-10", "12:34:56", "12:34:56.7+03", "2017-03-10 12:34:56", "2017-03-10T12:34:56.5-05:30"]', '$[*].datetime().type()');
SELECT jsonb_path_query('"10-03-2017 12:34"', '$.datetime("dd-mm-yyyy HH24:MI")');
SELECT jsonb_path_query('"12:34:56.789"', '$.datetime("HH24:MI:SS.FF2")');
SELECT jsonb_path_query('"10-03-2017"', '$.datetime("dd/mm/yyyy")');
SELECT jsonb_path_query('"10-03-2017 x"', '$.datetime("dd-mm-yyyy")');
SELECT jsonb_path_query('"10-03"', '$.datetime("dd-mm-yyyy")');
SELECT jsonb_path_query('"10-03-2017"', '$.datetime("dd_mm_yyyy")');
SELECT jsonb_path_query('"10-03-2017"', '$.datetime("")');
SELECT jsonb_path_query('"foo"', '$.datetime()');
SELECT jsonb_path_query('"2017-02-30"', '$.datetime("yyyy-mm-dd")');
SELECT jsonb_path_query('1', '$.datetime()');
SELECT jsonb_path_query('["2017-03-10", "2017-03-11 01:00:00"]', '$[*].datetime() ? (@ > "2017-03-10".datetime())');
SELECT jsonb_path_query('"2017-03-10"', '$.datetime() < "2017-03-10 12:00:00+00".datetime()');
SELECT jsonb_path_query_tz('"2017-03-10"', '$.datetime() < "2017-03-10 12:00:00+00".datetime()');
SELECT jsonb_path_exists_tz('"12:00:00"', '$.datetime() ? (@ > "11:00:00+00".datetime())');
SELECT jsonb_path_query('"2017-03-10"', '$.datetime() < "12:00:00".datetime()');

-- Stored.
CREATE TABLE paths (id int PRIMARY KEY, path jsonpath, doc jsonb);
INSERT INTO paths VALUES (1, '$.a', '{"a": 1}'), (2, '$.b ? (@ > 1)', '{"b": 2}'), (3, 'strict $[*]', '[1, 2]'), (4, NULL, '1');
SELECT id, path, path::text, jsonb_path_query_array(doc, path) FROM paths ORDER BY id;
SELECT id FROM paths WHERE doc @? path ORDER BY id;
SELECT id FROM paths WHERE doc @? '$.a ? (@ == 1)' ORDER BY id;
SELECT path FROM paths ORDER BY path;
SELECT DISTINCT path FROM paths;
CREATE INDEX ON paths (path);
