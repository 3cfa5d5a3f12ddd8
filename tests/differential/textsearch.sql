-- Text search: the default parser, dictionaries, documents, queries, matching and ranking.

SELECT 'simple'::regconfig, 'english'::regconfig::oid, 'english_stem'::regdictionary, 'pg_catalog.english'::regconfig;
SELECT 3748::regconfig, 99999::regconfig, 0::regconfig, 3765::oid::regdictionary, '{simple,english}'::regconfig[];
SELECT 'nosuch'::regconfig;
SELECT 'public.nosuch'::regconfig;
SELECT 'nosuch.english'::regconfig;
SELECT 'nosuch'::regdictionary;

SHOW default_text_search_config;
SET default_text_search_config = 'nosuch';
SET default_text_search_config = 'simple';
SHOW default_text_search_config;
SELECT get_current_ts_config(), to_tsvector('The cats and dogs'), to_tsquery('the & cats');
SET default_text_search_config = 'pg_catalog.english';
SELECT get_current_ts_config(), to_tsvector('The cats and dogs'), to_tsquery('dogs & cats');
RESET default_text_search_config;

-- The parser.
SELECT * FROM ts_parse('default', 'The fat-cat sat on http://a.com/b?c=1#d x@y.com 12.5 -3 1e-5 foo/bar.txt');
SELECT * FROM ts_parse(3722, 'é-a a1-b up-to-date 1.2.3 <b class="x>y">&amp; &#12; www.x-y.org:80/z /usr/lib a.b_c');
SELECT * FROM ts_parse('nosuch', 'a');
SELECT tokid, count(*) FROM ts_parse('default', repeat('a b-c ', 50)) GROUP BY 1 ORDER BY 1;
SELECT * FROM ts_token_type('default') WHERE tokid < 4;

-- Dictionaries.
SELECT ts_lexize('english_stem', 'cats'), ts_lexize('english_stem', 'The'), ts_lexize('simple', 'The'), ts_lexize('simple', '');
SELECT w, ts_lexize('english_stem', w) FROM unnest('{skies,dying,generously,communism,relational,hopping,happy,was,Running,éTÉS}'::text[]) w;

-- Documents.
SELECT to_tsvector('english', 'The fat-cat sat on http://a.com/b?c x@y.com 12.5 -3 foo/bar.txt');
SELECT to_tsvector('simple', 'The the THE other'), to_tsvector('english', ''), to_tsvector('english', 'the'), to_tsvector('english', NULL);
SELECT length(to_tsvector('english', repeat('word other ', 9000))), to_tsvector('simple', repeat('a ', 300));

-- Queries.
SELECT to_tsquery('english', 'the & cat'), to_tsquery('english', '''fat the cats'':AB & rats:*'), to_tsquery('simple', 'a-b & c.com/d');
SELECT to_tsquery('english', 'cats <-> the <-> dogs'), to_tsquery('english', '!(the | a) & cat'), to_tsquery('english', 'cat <2> (the <-> a) <-> dog');
SELECT phraseto_tsquery('english', 'the fat and the cat'), plainto_tsquery('english', 'fat-cats a'), plainto_tsquery('simple', 'a & b:*');
SELECT to_tsquery('english', 'the');
SELECT to_tsquery('english', '');
SELECT plainto_tsquery('english', 'the of');
SELECT to_tsquery('english', 'a b');
SELECT to_tsquery('english', 'a &');
SELECT websearch_to_tsquery('english', 'a:b'), websearch_to_tsquery('simple', 'a:b'), websearch_to_tsquery('simple', 'or a or');
SELECT websearch_to_tsquery('simple', '"a b" -c or d'), websearch_to_tsquery('simple', 'a - b'), websearch_to_tsquery('simple', '-"a b"');
SELECT websearch_to_tsquery('simple', 'a "b'), websearch_to_tsquery('simple', 'a!b (c) d|e & f'), websearch_to_tsquery('simple', $$don't 'quoted' a\b$$);
SELECT websearch_to_tsquery('english', 'the');
SELECT querytree('a & !b'), querytree('!a'), querytree('!a | b'), querytree('a <-> !b & c'), querytree('(a | b) & c');
SELECT 'a & b'::tsquery @> 'a'::tsquery, 'a'::tsquery <@ 'a & b', 'a'::tsquery @> 'a | c';

-- Matching.
SELECT 'a'::tsvector @@ 'a:A', 'a:1A'::tsvector @@ 'a:B', ''::tsvector @@ '!a', 'a b'::tsvector @@ 'a <-> b', 'a:1 b:2'::tsvector @@ 'a <-> b';
SELECT 'abc'::tsvector @@ 'a:*', 'a:1 b:2'::tsvector @@ '!(a <-> c)', 'a:1 b:3'::tsvector @@ 'a <-> !b', 'a:1'::tsvector @@ 'a <-> !b';
SELECT 'fat cats' @@ 'cat', 'fat cats' @@ to_tsquery('cat'), 'cat' @@ 'cat'::tsquery, 'cat'::tsquery @@ 'cat:1'::tsvector;
SELECT v, q, v::tsvector @@ q::tsquery
  FROM unnest('{a:1 b:2 c:4,a b c,a:1A b:3,ab:1 abc:2 b:3}'::text[]) v,
       unnest('{a & b,a <-> b,a <2> b,!a | c,a <-> (b | c),(a | b) <-> c,a:* <-> b,!(a <-> b),!a <-> b,a:A <2> b,!a <-> !b,a <-> b <2> c}'::text[]) q
 ORDER BY 1, 2;

-- Ranks.
SELECT ts_rank('a:1 b:2 c'::tsvector, 'a & b'), ts_rank('a:1A,5 b:2'::tsvector, 'a | c'), ts_rank('a'::tsvector, 'b'), ts_rank(''::tsvector, 'b');
SELECT ts_rank('{0.1, 0.2, 0.4, 0.8}', 'a:1A,5 b:20C,30'::tsvector, 'a & b', n) FROM unnest('{0,1,2,8,16,32,63}'::int[]) n;
SELECT ts_rank('{0.1}', 'a'::tsvector, 'a');
SELECT ts_rank('{0.1, 0.2, 0.4, 2}', 'a'::tsvector, 'a');
SELECT ts_filter('a:1A b:2B,3A c'::tsvector, '{a}'), ts_filter('a:1A b:2B c:3'::tsvector, '{b,d}');
SELECT ts_filter('a:1A'::tsvector, '{x}');
SELECT ts_filter('a:1A'::tsvector, '{NULL}');
SELECT setweight('a:1 b:2'::tsvector, 'A', '{a}'), setweight('a:1 b:2'::tsvector, 'c', '{}');

-- In tables.
CREATE TABLE page (id int PRIMARY KEY, title text NOT NULL, body text, seen tsvector GENERATED ALWAYS AS (setweight(to_tsvector('english', title), 'A') || to_tsvector('english', coalesce(body, ''))) STORED);
INSERT INTO page VALUES (1, 'Cats', 'All about cats and their kittens'), (2, 'Dogs', 'Dogs chase cats'), (3, 'Boats', NULL);
SELECT * FROM page ORDER BY id;
SELECT id, ts_rank(seen, q) FROM page, to_tsquery('english', 'cat | kitten') q WHERE seen @@ q ORDER BY 2 DESC, 1;
SELECT id FROM page WHERE to_tsvector('english', title) @@ plainto_tsquery('english', 'boat');
SELECT id FROM page WHERE seen @@ websearch_to_tsquery('english', 'cats -dogs') ORDER BY 1;
CREATE TABLE configured (id int PRIMARY KEY, c regconfig, d regdictionary, w text);
INSERT INTO configured VALUES (1, 'simple', 'simple', 'Cats'), (2, 'english', 'english_stem', 'Cats'), (3, NULL, NULL, 'x');
SELECT *, to_tsvector(c, w), ts_lexize(d, w) FROM configured ORDER BY id;
SELECT c, count(*) FROM configured GROUP BY c ORDER BY c;
CREATE VIEW found AS SELECT id FROM page WHERE to_tsvector('english', title) @@ to_tsquery('english', 'cat');
SELECT pg_get_viewdef('found'::regclass);
SELECT * FROM found;
