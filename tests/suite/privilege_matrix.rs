//! Every kind of statement, by everybody, in every way that a right can come: owning, a grant to the
//! role, to a role it is a member of, to PUBLIC, on columns, nothing at all, through views and through
//! functions. Whether it is allowed, and the error where not, must be PostgreSQL's.

use crate::harness::{Client, Kalam, Outcome, Server, postgres};
use std::fmt::Write as _;
use std::sync::Mutex;

/// Held by whoever uses the roles and the schema of the one PostgreSQL.
pub(crate) static ALONE: Mutex<()> = Mutex::new(());

/// What stands before each case: the objects, their owners, and who asks.
pub(crate) const SETUP: &[&str] = &[
    "DROP SCHEMA IF EXISTS matrix CASCADE",
    "CREATE SCHEMA matrix",
    "SET search_path = matrix",
    "CREATE ROLE mx_owner",
    "CREATE ROLE mx_other",
    "CREATE ROLE mx_group",
    "CREATE ROLE mx_asker IN ROLE mx_group",
    "CREATE ROLE mx_loner NOINHERIT IN ROLE mx_group",
    "GRANT USAGE, CREATE ON SCHEMA matrix TO PUBLIC",
    "CREATE TABLE t (a int PRIMARY KEY, b int DEFAULT 5)",
    "INSERT INTO t VALUES (1, 10), (2, 20)",
    "CREATE VIEW v AS SELECT a, b FROM t",
    "CREATE VIEW w AS SELECT a, b FROM t",
    "CREATE VIEW i WITH (security_invoker = true) AS SELECT a, b FROM t",
    "CREATE VIEW n AS SELECT a, b FROM v",
    "CREATE MATERIALIZED VIEW m AS SELECT a, b FROM t",
    "CREATE SEQUENCE s",
    "CREATE TYPE e AS ENUM ('x')",
    "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT sum(b) FROM matrix.t'",
    "CREATE FUNCTION d() RETURNS bigint LANGUAGE sql SECURITY DEFINER \
     AS 'SELECT sum(b) FROM matrix.t'",
    "CREATE FUNCTION fw() RETURNS int LANGUAGE sql \
     AS 'UPDATE matrix.t SET b = 1 WHERE a = 1 RETURNING a'",
    "CREATE FUNCTION dw() RETURNS int LANGUAGE sql SECURITY DEFINER \
     AS 'UPDATE matrix.t SET b = 1 WHERE a = 1 RETURNING a'",
    "CREATE PROCEDURE p() LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM matrix.t'",
    "ALTER FUNCTION f() OWNER TO mx_owner",
    "ALTER FUNCTION d() OWNER TO mx_owner",
    "ALTER FUNCTION fw() OWNER TO mx_owner",
    "ALTER FUNCTION dw() OWNER TO mx_owner",
    "ALTER PROCEDURE p() OWNER TO mx_owner",
    "ALTER TABLE t OWNER TO mx_owner",
    "ALTER VIEW v OWNER TO mx_owner",
    "ALTER VIEW w OWNER TO mx_other",
    "ALTER VIEW i OWNER TO mx_owner",
    "ALTER VIEW n OWNER TO mx_other",
    "ALTER MATERIALIZED VIEW m OWNER TO mx_owner",
    "ALTER SEQUENCE s OWNER TO mx_owner",
    "ALTER TYPE e OWNER TO mx_owner",
];

pub(crate) const TEARDOWN: &[&str] = &[
    "DROP SCHEMA matrix CASCADE",
    "DROP OWNED BY mx_owner, mx_other, mx_group, mx_asker, mx_loner CASCADE",
    "DROP ROLE mx_owner, mx_other, mx_group, mx_asker, mx_loner",
];

/// Statements on a relation with columns `a` and `b`, which `{}` stands for.
pub(crate) const ON_RELATION: &[&str] = &[
    "SELECT a FROM {} ORDER BY a",
    "SELECT b FROM {} ORDER BY b",
    "SELECT * FROM {} ORDER BY a",
    "SELECT count(*) FROM {}",
    "SELECT 1 FROM {} WHERE a = 1",
    "SELECT {} FROM {} ORDER BY a",
    "SELECT 1 WHERE EXISTS (SELECT b FROM {})",
    "SELECT x.a FROM {} AS x JOIN {} AS y ON x.a = y.b",
    "WITH x AS (SELECT a FROM {}) SELECT count(*) FROM x",
    "SELECT a FROM {} WHERE a = 1 FOR UPDATE",
    "SELECT 1 FROM {} WHERE a = 1 FOR SHARE",
    "TABLE {}",
    "INSERT INTO {} VALUES (7, 70)",
    "INSERT INTO {} (a) VALUES (7)",
    "INSERT INTO {} (b) VALUES (7)",
    "INSERT INTO {} (a, b) VALUES (7, 70) RETURNING a",
    "INSERT INTO {} (a) VALUES (7) RETURNING b",
    "INSERT INTO {} (a) VALUES (1) ON CONFLICT DO NOTHING",
    "INSERT INTO {} (a) VALUES (1) ON CONFLICT (a) DO NOTHING",
    "INSERT INTO {} (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1",
    "INSERT INTO {} (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET b = excluded.b",
    "INSERT INTO {} (a) SELECT max(k) FROM (VALUES (8)) AS x (k)",
    "UPDATE {} SET b = 1",
    "UPDATE {} SET b = b + 1",
    "UPDATE {} SET b = 1 WHERE a = 1",
    "UPDATE {} SET a = 9 WHERE a = 1",
    "UPDATE {} SET b = DEFAULT RETURNING 1",
    "UPDATE {} SET b = 1 RETURNING a",
    "UPDATE {} SET b = 1 FROM (VALUES (1)) AS x (k) WHERE k = 1",
    "DELETE FROM {}",
    "DELETE FROM {} WHERE a = 1",
    "DELETE FROM {} RETURNING b",
    "DELETE FROM {} USING (VALUES (1)) AS x (k) WHERE a = k",
    "WITH x AS (DELETE FROM {} RETURNING a) SELECT count(*) FROM x",
    "MERGE INTO {} USING (VALUES (1)) AS x (k) ON a = k WHEN MATCHED THEN DO NOTHING",
    "MERGE INTO {} USING (VALUES (1)) AS x (k) ON true WHEN MATCHED AND k = 2 THEN DELETE",
    "MERGE INTO {} USING (VALUES (1)) AS x (k) ON a = k WHEN MATCHED THEN UPDATE SET b = 1",
    "MERGE INTO {} USING (VALUES (8)) AS x (k) ON a = k WHEN NOT MATCHED THEN INSERT (a) VALUES (k)",
    "TRUNCATE {}",
    "COPY {} TO STDOUT",
    "COPY {} (a) TO STDOUT",
    "COPY (SELECT b FROM {}) TO STDOUT",
    "LOCK TABLE {} IN ACCESS SHARE MODE",
    "LOCK TABLE {} IN ROW SHARE MODE",
    "LOCK TABLE {} IN ROW EXCLUSIVE MODE",
    "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
    "EXPLAIN (COSTS OFF, FORMAT JSON) DELETE FROM {} WHERE false",
    "PREPARE p AS SELECT b FROM {}",
    "DECLARE c CURSOR FOR SELECT a FROM {}",
    "CREATE TABLE made AS SELECT a FROM {}",
    "SELECT b INTO made FROM {}",
    "CREATE VIEW made AS SELECT b FROM {}",
    "CREATE MATERIALIZED VIEW made AS SELECT b FROM {}",
    "CREATE TABLE made (LIKE {})",
    "CREATE TABLE made (a int REFERENCES {} (a))",
    "CREATE INDEX made ON {} (b)",
    "ALTER TABLE {} RENAME TO made",
    "ALTER TABLE {} RENAME COLUMN b TO made",
    "ALTER TABLE {} OWNER TO mx_group",
    "ALTER TABLE {} SET SCHEMA public",
    "COMMENT ON COLUMN {}.a IS 'made'",
    "GRANT SELECT ON {} TO mx_other",
    "REVOKE SELECT ON {} FROM mx_other",
    "REFRESH MATERIALIZED VIEW {}",
    "REINDEX TABLE {}",
    "SELECT has_table_privilege('{}', 'SELECT'), has_any_column_privilege('{}', 'UPDATE'), has_column_privilege('{}', 'a', 'SELECT')",
];

const ON_TABLE: &[&str] = &[
    "ALTER TABLE t ADD COLUMN made int",
    "ALTER TABLE t DROP COLUMN b",
    "ALTER TABLE t ALTER COLUMN b TYPE bigint",
    "ALTER TABLE t ADD CHECK (a > 0)",
    "ALTER TABLE t SET (fillfactor = 50)",
    "COMMENT ON TABLE t IS 'made'",
    "DROP TABLE t CASCADE",
    "DROP INDEX t_pkey",
    "CREATE OR REPLACE VIEW v AS SELECT a, b FROM t WHERE a > 0",
    "DROP VIEW v CASCADE",
    "DROP MATERIALIZED VIEW m",
    "ALTER MATERIALIZED VIEW m RENAME TO made",
    "DROP TYPE e",
    "ALTER TYPE e ADD VALUE 'y'",
    "CREATE TABLE made (x e)",
    "DROP SCHEMA matrix CASCADE",
    "ALTER SCHEMA matrix RENAME TO made",
    "CREATE SCHEMA made",
    "CREATE ROLE mx_made",
    "DROP ROLE mx_other",
    "ALTER DEFAULT PRIVILEGES FOR ROLE mx_owner GRANT SELECT ON TABLES TO mx_other",
    "REASSIGN OWNED BY mx_owner TO mx_asker",
    "DROP OWNED BY mx_owner CASCADE",
    "SET ROLE mx_owner",
    "SET SESSION AUTHORIZATION mx_owner",
];

const ON_SEQUENCE: &[&str] = &[
    "SELECT nextval('s') > 0",
    "SELECT setval('s', 5)",
    "SELECT last_value FROM s",
    "SELECT * FROM s",
    "ALTER SEQUENCE s RESTART",
    "ALTER SEQUENCE s OWNER TO mx_group",
    "COMMENT ON SEQUENCE s IS 'made'",
    "CREATE TABLE made (a int DEFAULT nextval('s'))",
    "GRANT USAGE ON SEQUENCE s TO mx_other",
    "DROP SEQUENCE s",
    "SELECT has_sequence_privilege('s', 'USAGE'), has_sequence_privilege('s', 'UPDATE')",
];

const ON_FUNCTION: &[&str] = &[
    "SELECT f() > 0",
    "SELECT d() > 0",
    "SELECT fw()",
    "SELECT dw()",
    "SELECT count(*) FROM v WHERE d() > 0",
    "SELECT * FROM d() AS x",
    "CALL p()",
    "PREPARE q AS SELECT d()",
    "CREATE VIEW made AS SELECT d() AS x",
    "CREATE TABLE made (a bigint DEFAULT d())",
    "CREATE OR REPLACE FUNCTION d() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
    "ALTER FUNCTION d() STABLE",
    "ALTER FUNCTION d() RENAME TO made",
    "ALTER FUNCTION d() OWNER TO mx_group",
    "ALTER FUNCTION d() SET SCHEMA public",
    "ALTER PROCEDURE p() SECURITY INVOKER",
    "COMMENT ON FUNCTION d() IS 'made'",
    "GRANT EXECUTE ON FUNCTION d() TO mx_other",
    "REVOKE EXECUTE ON FUNCTION d() FROM mx_other",
    "DROP FUNCTION d()",
    "DROP PROCEDURE p()",
    "SELECT has_function_privilege('d()', 'EXECUTE'), has_function_privilege('f()', 'EXECUTE')",
];

/// How somebody comes to a right.
pub(crate) struct Way {
    pub(crate) grants: Vec<String>,
    pub(crate) role: &'static str,
}

impl Way {
    pub(crate) fn new(role: &'static str, grants: &[&str]) -> Way {
        Way { grants: grants.iter().map(|g| (*g).to_owned()).collect(), role }
    }
}

/// Ways to rights on a relation: owning, none, each privilege to everyone it may be given to, columns.
fn ways(relation: &str) -> Vec<Way> {
    let mut ways = vec![Way::new("mx_owner", &[]), Way::new("mx_asker", &[])];
    for privilege in ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "ALL"] {
        ways.push(Way::new("mx_asker", &[&format!("GRANT {privilege} ON {relation} TO mx_asker")]));
    }
    let both = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {relation} TO ");
    for (role, grantee) in [
        ("mx_asker", "mx_group"),
        ("mx_loner", "mx_group"),
        ("mx_other", "mx_group"),
        ("mx_other", "PUBLIC"),
    ] {
        ways.push(Way::new(role, &[&format!("{both}{grantee}")]));
    }
    for columns in [
        "SELECT (a)",
        "INSERT (a)",
        "UPDATE (b)",
        "REFERENCES (a)",
        "SELECT (a), UPDATE (b)",
        "SELECT (a), INSERT (a), UPDATE (b)",
        "SELECT (a, b), INSERT (a, b), UPDATE (a, b)",
    ] {
        ways.push(Way::new("mx_asker", &[&format!("GRANT {columns} ON {relation} TO mx_asker")]));
    }
    let taken = format!("REVOKE ALL ON {relation} FROM mx_owner");
    ways.push(Way::new("mx_owner", &[&taken]));
    ways
}

#[test]
fn every_statement_by_everybody() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let kalam = Kalam::start();
    let (mut ours, mut theirs) = (session(&kalam), session(postgres()));
    let mut report = Report::default();
    for relation in ["t", "v", "i", "m"] {
        for way in ways(relation) {
            report.compare(&mut ours, &mut theirs, &way, ON_RELATION, relation);
        }
    }
    // Views whose owner may not read the table, or only by another view.
    for grants in [
        &["GRANT SELECT, UPDATE ON w, n TO mx_asker"][..],
        &["GRANT SELECT, UPDATE, DELETE ON w, n TO mx_asker", "GRANT SELECT ON t, v TO mx_other"],
        &[
            "GRANT ALL ON w, n TO mx_asker",
            "GRANT SELECT (a), UPDATE (b), DELETE ON t, v TO mx_other",
        ],
        &["GRANT SELECT ON t, v TO mx_asker"],
        &["GRANT ALL ON i TO mx_asker", "GRANT SELECT ON t TO mx_asker"],
    ] {
        for relation in ["w", "n", "i"] {
            let way = Way::new("mx_asker", grants);
            report.compare(&mut ours, &mut theirs, &way, ON_RELATION, relation);
        }
    }
    for way in [
        Way::new("mx_owner", &[]),
        Way::new("mx_asker", &[]),
        Way::new("mx_asker", &["GRANT ALL ON ALL TABLES IN SCHEMA matrix TO mx_asker"]),
        Way::new("mx_asker", &["GRANT mx_owner TO mx_asker"]),
        Way::new("mx_loner", &["GRANT mx_owner TO mx_loner"]),
        Way::new("mx_asker", &["REVOKE USAGE ON TYPE e FROM PUBLIC"]),
        Way::new("mx_asker", &["REVOKE CREATE ON SCHEMA matrix FROM PUBLIC"]),
        Way::new("mx_asker", &["REVOKE USAGE ON SCHEMA matrix FROM PUBLIC"]),
        Way::new("mx_asker", &["ALTER ROLE mx_asker CREATEROLE"]),
    ] {
        report.compare(&mut ours, &mut theirs, &way, ON_TABLE, "t");
    }
    for grants in [
        &[][..],
        &["GRANT SELECT ON SEQUENCE s TO mx_asker"],
        &["GRANT UPDATE ON SEQUENCE s TO mx_group"],
        &["GRANT USAGE ON SEQUENCE s TO PUBLIC"],
        &["GRANT ALL ON ALL SEQUENCES IN SCHEMA matrix TO mx_asker"],
        &["GRANT SELECT ON s TO mx_asker"],
    ] {
        for role in ["mx_asker", "mx_owner"] {
            report.compare(&mut ours, &mut theirs, &Way::new(role, grants), ON_SEQUENCE, "s");
        }
    }
    let none = "REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA matrix FROM PUBLIC";
    for grants in [
        &[][..],
        &[none],
        &[none, "GRANT EXECUTE ON ALL ROUTINES IN SCHEMA matrix TO mx_group"],
        &[none, "GRANT EXECUTE ON FUNCTION d(), fw() TO mx_asker WITH GRANT OPTION"],
        &["GRANT SELECT ON t, v TO mx_asker"],
        &["GRANT SELECT, UPDATE, DELETE ON t, v TO mx_asker"],
        &["REVOKE ALL ON t FROM mx_owner"],
    ] {
        for role in ["mx_asker", "mx_owner", "mx_loner"] {
            report.compare(&mut ours, &mut theirs, &Way::new(role, grants), ON_FUNCTION, "t");
        }
    }
    TEARDOWN.iter().for_each(|sql| drop(theirs.run(sql)));
    println!("{} cases compared", report.cases);
    assert!(report.differences.is_empty(), "{}", report.text());
}

fn session(server: &dyn Server) -> Client {
    session_with(server, SETUP)
}

pub(crate) fn session_with(server: &dyn Server, setup: &[&str]) -> Client {
    let mut client = server.connect("postgres");
    // What an interrupted run has left.
    TEARDOWN.iter().for_each(|sql| drop(client.run(sql)));
    for sql in setup {
        client.run(sql).ok();
    }
    client
}

#[derive(Default)]
struct Report {
    cases: usize,
    differences: Vec<String>,
}

/// Differences shown before the rest is only counted.
const SHOWN_MAX: usize = 40;

impl Report {
    fn compare(
        &mut self,
        ours: &mut Client,
        theirs: &mut Client,
        way: &Way,
        statements: &[&str],
        relation: &str,
    ) {
        for statement in statements {
            let sql = statement.replace("{}", relation);
            let (found, expected) = (outcome(ours, way, &sql), outcome(theirs, way, &sql));
            self.cases += 1;
            if found != expected {
                self.differences.push(format!(
                    "{} after {:?}: {sql}\n  postgresql {expected}\n  kalamdb    {found}",
                    way.role, way.grants
                ));
            }
        }
    }

    fn text(&self) -> String {
        let mut text = format!("{} of {} differ\n", self.differences.len(), self.cases);
        for difference in self.differences.iter().take(SHOWN_MAX) {
            let _ = writeln!(text, "{difference}");
        }
        text
    }
}

/// What a statement says in a transaction of its own, after which all is as before.
fn outcome(client: &mut Client, way: &Way, sql: &str) -> String {
    client.run("BEGIN").ok();
    for grant in &way.grants {
        client.run(grant).ok();
    }
    client.run(&format!("SET LOCAL ROLE {}", way.role)).ok();
    let said = described(client.run(sql), sql.contains("has_"));
    client.run("ROLLBACK").ok();
    client.run("DEALLOCATE ALL").ok();
    said
}

pub(crate) fn described(outcome: Outcome, with_rows: bool) -> String {
    match outcome.error {
        Some(error) => {
            let field = |name| error.get(&name).map_or("", String::as_str);
            format!("{} {} [{}]", field('C'), field('M'), field('D'))
        }
        None if with_rows => format!("{:?}", outcome.rows),
        None => outcome.tag,
    }
}
