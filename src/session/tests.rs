//! The index by which dependents are found (`catalog/mentions.rs`) over objects of all kinds, made by statements.

use super::client::{Client, Encoding, Notice, Notification, OutputColumn, Reply, Rows};
use super::{AnswerOptions, Instance, Session, SessionOptions};
use crate::catalog::Catalog;
use crate::catalog::depend::edges;
use crate::error::Result;
use crate::exec::ResultColumn;
use crate::functions::Env;
use crate::jobs::JobOptions;
use crate::storage::StoreOptions;
use crate::types::Oid;
use bytes::Bytes;
use std::path::Path;
use std::sync::Arc;

/// One who does not listen.
struct Nobody;

#[async_trait::async_trait]
impl Client for Nobody {
    fn reply(&mut self, _: Reply) {}
    fn notice(&mut self, _: &Notice) {}
    fn parameter_status(&mut self, _: &str, _: &str) {}
    fn notification(&mut self, _: &Notification) {}
    fn parameter_description(&mut self, _: &[Oid]) {}
    fn row_description(&mut self, _: &[ResultColumn], _: &[Encoding]) {}
    fn rows(&mut self, _: Rows<'_>, _: &[OutputColumn], _: &dyn Env) -> Result<()> {
        Ok(())
    }
    fn function_result(&mut self, _: Option<&[u8]>) {}
    fn command_complete(&mut self, _: &str) {}
    fn copy_in(&mut self, _: Encoding, _: usize) {}
    fn copy_out(&mut self, _: Encoding, _: usize) {}
    fn copy_data(&mut self, _: &mut dyn FnMut(&mut Vec<u8>) -> Result<()>) -> Result<()> {
        Ok(())
    }
    fn should_flush(&self) -> bool {
        false
    }
    async fn flush(&mut self) -> Result<()> {
        Ok(())
    }
    async fn copy_read(&mut self) -> Result<Option<Bytes>> {
        Ok(None)
    }
}

/// Each kind of object, each mentioned in each place where it can be.
const OBJECTS: &str = "
    CREATE SCHEMA s;
    CREATE EXTENSION citext; CREATE EXTENSION hstore SCHEMA s;
    CREATE TYPE mood AS ENUM ('sad', 'glad');
    CREATE DOMAIN cheer AS mood CHECK (VALUE IS NOT NULL);
    CREATE DOMAIN s.cheers AS cheer[];
    CREATE TYPE pair AS (a mood, b cheer);
    CREATE TYPE s.pairs AS (p pair[]);
    CREATE FUNCTION less(a float8, b float8) RETURNS float8 LANGUAGE sql IMMUTABLE RETURN a - b;
    CREATE TYPE floats AS RANGE (subtype = float8, subtype_diff = less);
    CREATE TYPE s.cheerful AS RANGE (subtype = cheer);
    CREATE FUNCTION twice(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT i * 2';
    CREATE FUNCTION s.is_glad(m mood) RETURNS bool LANGUAGE sql IMMUTABLE RETURN m = 'glad'::mood;
    CREATE FUNCTION glad_pair(OUT p pair, OUT m mood) LANGUAGE sql AS $$SELECT NULL::pair, 'sad'::mood$$;
    CREATE FUNCTION s.same(a pair, b pair) RETURNS bool LANGUAGE sql IMMUTABLE RETURN (a).a = (b).a;
    CREATE OPERATOR === (leftarg = pair, rightarg = pair, function = s.same);
    CREATE OPERATOR s.@@ (rightarg = int, function = twice);
    CREATE FUNCTION s.add(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE RETURN a + b;
    CREATE AGGREGATE doubled(int) (sfunc = s.add, stype = int);
    CREATE AGGREGATE moods(mood) (sfunc = array_append, stype = mood[], initcond = '{}');
    CREATE FUNCTION to_mood(i int) RETURNS mood LANGUAGE sql IMMUTABLE AS $$SELECT 'sad'::mood$$;
    CREATE CAST (int AS mood) WITH FUNCTION to_mood(int);
    CREATE SEQUENCE s.counter;
    CREATE FUNCTION defaults(m mood = 'sad'::mood, n bigint = nextval('s.counter'), t int = twice(2))
        RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE TABLE parent (id serial PRIMARY KEY, m mood DEFAULT 'sad', c cheer, p pair, name citext,
        n int DEFAULT nextval('s.counter'), d int DEFAULT twice(4), h s.hstore,
        g int GENERATED ALWAYS AS (twice(n) + 1) STORED, UNIQUE (n),
        CHECK (s.is_glad(m)), CHECK (OPERATOR(s.@@) n > 0), CHECK (c::mood <> 'sad'::cheer::mood));
    CREATE TABLE s.child (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, r float8, f floats,
        parent int REFERENCES parent, moods mood[], pairs s.pairs, every s.cheers, who parent);
    CREATE TABLE heir (extra text) INHERITS (parent);
    CREATE TABLE parts (k int, v mood) PARTITION BY LIST (k);
    CREATE TABLE s.part PARTITION OF parts FOR VALUES IN (1);
    CREATE INDEX by_call ON parent (twice(n)) WHERE s.is_glad(m);
    CREATE INDEX by_cast ON parent ((name::text)) WHERE m = 'glad'::mood;
    CREATE INDEX by_name ON parent (lower(name::citext));
    CREATE INDEX on_parts ON parts (v);
    CREATE VIEW glad AS SELECT *, twice(n) AS double FROM parent WHERE s.is_glad(m);
    CREATE VIEW s.over AS SELECT g.id, (SELECT count(*) FROM s.child c WHERE c.parent = g.id)
        FROM glad g WHERE EXISTS (SELECT FROM parts WHERE v = 'sad'::mood);
    CREATE VIEW grouped AS SELECT id, m FROM parent GROUP BY id;
    CREATE VIEW s.ctes AS WITH a AS (SELECT id, m FROM parent GROUP BY id)
        SELECT *, 's.counter'::regclass AS named FROM a JOIN (SELECT moods(v) FROM parts) b ON true;
    CREATE VIEW windows AS SELECT doubled(n) OVER (ORDER BY id), p === p AS same FROM parent;
    CREATE MATERIALIZED VIEW stored AS SELECT m, h OPERATOR(s.->) 'k'::text AS v FROM parent;
    CREATE INDEX on_stored ON stored (m);
    CREATE FUNCTION reads() RETURNS bigint LANGUAGE sql
        BEGIN ATOMIC SELECT id FROM parent GROUP BY id; SELECT count(*) FROM s.over; END;
    CREATE FUNCTION calls() RETURNS mood LANGUAGE sql RETURN to_mood(twice(OPERATOR(s.@@) 1));
    CREATE FUNCTION of_row(p parent) RETURNS s.child LANGUAGE sql AS 'SELECT NULL::s.child';
    CREATE COLLATION s.own (provider = icu, locale = 'sv');
    CREATE DOMAIN s.collated AS text COLLATE s.own;
    CREATE TABLE collated (a text COLLATE s.own, b text DEFAULT 'b' COLLATE s.own, c s.collated);
    CREATE INDEX by_collation ON collated (b COLLATE s.own);
    CREATE VIEW collating AS SELECT b COLLATE s.own AS b FROM collated;
    CREATE DOMAIN checked AS int DEFAULT twice(2) CHECK (twice(VALUE) > 0 AND OPERATOR(s.@@) VALUE > 0);
    CREATE DOMAIN s.numbered AS bigint DEFAULT nextval('s.counter') CHECK (VALUE::text::mood <> 'sad'::mood);
    CREATE TABLE by_call_parts (k int) PARTITION BY RANGE (twice(k));
    CREATE POLICY own ON parent USING (m = 'glad'::mood AND s.is_glad(m))
        WITH CHECK (n > (SELECT max(id) FROM s.child));
    CREATE RULE quiet AS ON DELETE TO parent WHERE old.n = twice(1) DO INSTEAD NOTHING;
    CREATE RULE none AS ON INSERT TO glad DO INSTEAD NOTHING";

/// Changes after which old mentions must be forgotten.
const CHANGES: &str = "
    ALTER TABLE s.child RENAME TO kid; ALTER TABLE s.kid SET SCHEMA public;
    ALTER TABLE kid DROP COLUMN who;
    ALTER FUNCTION twice(int) SET SCHEMA s;
    CREATE OR REPLACE VIEW grouped AS SELECT id, m FROM parent;
    ALTER TABLE parent ALTER d DROP DEFAULT, DROP COLUMN h CASCADE, ADD COLUMN f floats;
    DROP POLICY own ON parent; DROP RULE quiet ON parent;
    DROP TYPE s.pairs CASCADE; DROP FUNCTION to_mood CASCADE; DROP TABLE parts CASCADE;
    SAVEPOINT a; DROP SCHEMA s CASCADE; ROLLBACK TO a;
    ALTER SCHEMA s RENAME TO t";

async fn open(dir: &Path) -> Arc<Instance> {
    let (jobs, answers) = (JobOptions::default(), AnswerOptions::default());
    Instance::open(dir, &StoreOptions::default(), jobs, answers, None).await.unwrap()
}

async fn run(instance: &Arc<Instance>, statements: &[&str]) -> Arc<Catalog> {
    let options = SessionOptions {
        user: "postgres".to_owned(),
        database: "postgres".to_owned(),
        settings: Vec::new(),
        addresses: None,
        encryption: None,
        gone: Arc::new(|| false),
    };
    let mut session = Session::start(instance.clone(), options).unwrap();
    for statement in statements {
        session.simple_query(statement, &mut Nobody).await.unwrap();
    }
    session.state.catalog()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn whatever_depends_on_an_object_mentions_it() {
    let dir = std::env::temp_dir().join(format!("kalamdb-mentions-{}", std::process::id()));
    let instance = open(&dir).await;
    let catalog = run(&instance, &[OBJECTS]).await;
    assert!(edges::check_candidates(&catalog) > 150);
    let changed = run(&instance, &["BEGIN", CHANGES, "COMMIT"]).await;
    assert!(edges::check_candidates(&changed) > 50);
    instance.close();
    drop(instance);
    // Made anew of what is stored, it is what the changes made of it.
    let again = run(&open(&dir).await, &[]).await;
    assert_eq!(again.all_mentions(), changed.all_mentions());
    std::fs::remove_dir_all(&dir).unwrap();
}
