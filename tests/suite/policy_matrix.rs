//! Every kind of statement under every kind of policy, by those whom policies bind and those whom they
//! do not, on the table itself and through views. What it says, and what rows there are afterwards, must
//! be PostgreSQL's.

use crate::harness::{Client, Kalam, postgres};
use crate::privilege_matrix::{ALONE, ON_RELATION, SETUP, TEARDOWN, Way, described, session_with};

/// Policies on `t (a, b)`, whose rows are (1, 10), (2, 20), (3, 30), (4, 40).
const POLICIES: &[&[&str]] = &[
    &[],
    &["CREATE POLICY x ON t USING (true)"],
    &["CREATE POLICY x ON t USING (a < 3)"],
    &["CREATE POLICY x ON t USING (a < 3) WITH CHECK (b < 50)"],
    &["CREATE POLICY x ON t USING (NULL)"],
    &["CREATE POLICY x ON t FOR SELECT USING (a < 3)"],
    &[
        "CREATE POLICY x ON t FOR SELECT USING (a < 3)",
        "CREATE POLICY y ON t FOR INSERT WITH CHECK (b < 50)",
    ],
    &[
        "CREATE POLICY x ON t FOR SELECT USING (a < 3)",
        "CREATE POLICY y ON t FOR UPDATE USING (a > 1)",
    ],
    &[
        "CREATE POLICY x ON t FOR SELECT USING (true)",
        "CREATE POLICY y ON t FOR UPDATE USING (a > 1) WITH CHECK (a < 5)",
    ],
    &[
        "CREATE POLICY x ON t FOR SELECT USING (true)",
        "CREATE POLICY y ON t FOR DELETE USING (a = 1)",
    ],
    &[
        "CREATE POLICY x ON t FOR SELECT USING (a < 3)",
        "CREATE POLICY y ON t FOR DELETE USING (true)",
    ],
    &["CREATE POLICY x ON t FOR INSERT WITH CHECK (true)"],
    &["CREATE POLICY x ON t FOR UPDATE USING (true)"],
    &["CREATE POLICY x ON t FOR DELETE USING (true)"],
    &["CREATE POLICY x ON t USING (a < 3)", "CREATE POLICY y ON t USING (a > 3)"],
    &["CREATE POLICY x ON t USING (true)", "CREATE POLICY y ON t AS RESTRICTIVE USING (a <> 1)"],
    &[
        "CREATE POLICY x ON t USING (true)",
        "CREATE POLICY y ON t AS RESTRICTIVE FOR UPDATE USING (a <> 1)",
    ],
    &[
        "CREATE POLICY x ON t USING (true)",
        "CREATE POLICY y ON t AS RESTRICTIVE FOR INSERT WITH CHECK (a <> 7)",
    ],
    &[
        "CREATE POLICY x ON t USING (true)",
        "CREATE POLICY y ON t AS RESTRICTIVE FOR SELECT USING (a <> 1)",
    ],
    &["CREATE POLICY x ON t AS RESTRICTIVE USING (true)"],
    &["CREATE POLICY x ON t TO mx_group USING (a < 3)"],
    &["CREATE POLICY x ON t TO mx_other USING (a < 3)"],
    &["CREATE POLICY x ON t TO mx_asker, mx_other USING (a < 3)"],
    &["CREATE POLICY x ON t USING (b > 10 AND current_user = 'mx_asker')"],
    &["CREATE POLICY x ON t USING (a IN (SELECT k FROM (VALUES (1), (3)) AS x (k)))"],
    &["CREATE POLICY x ON t USING (EXISTS (SELECT 1 FROM u WHERE u.k = t.a))"],
    &["CREATE POLICY x ON t USING (true) WITH CHECK (b <= (SELECT max(k) * 10 FROM u))"],
];

#[test]
fn every_statement_under_policies() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let kalam = Kalam::start();
    let setup = [
        SETUP,
        &[
            "INSERT INTO t VALUES (3, 30), (4, 40)",
            "CREATE TABLE u (k int)",
            "INSERT INTO u VALUES (1), (3)",
            "GRANT ALL ON t, v, w, i, u TO mx_asker, mx_other, mx_owner, mx_loner",
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        ],
    ]
    .concat();
    let mut ours = session_with(&kalam, &setup);
    let mut theirs = session_with(postgres(), &setup);
    let (mut cases, mut differences) = (0, Vec::new());
    for policies in POLICIES {
        let forced = [*policies, &["ALTER TABLE t FORCE ROW LEVEL SECURITY"]].concat();
        for (role, relation, before) in [
            ("mx_asker", "t", policies.to_vec()),
            ("mx_owner", "t", forced.clone()),
            ("mx_asker", "v", policies.to_vec()),
            ("mx_asker", "v", forced),
            ("mx_asker", "w", policies.to_vec()),
            ("mx_asker", "i", policies.to_vec()),
        ] {
            let way = Way::new(role, &before);
            for statement in ON_RELATION {
                let sql = statement.replace("{}", relation);
                let (found, expected) =
                    (outcome(&mut ours, &way, &sql), outcome(&mut theirs, &way, &sql));
                cases += 1;
                if found != expected {
                    differences.push(format!(
                        "{role} under {before:?}: {sql}\n  postgresql {expected}\n  kalamdb    {found}"
                    ));
                }
            }
        }
    }
    TEARDOWN.iter().for_each(|sql| drop(theirs.run(sql)));
    println!("{cases} cases compared");
    let shown = differences.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(differences.is_empty(), "{} of {cases} differ\n{shown}", differences.len());
}

/// What a statement says, and the table's rows afterwards; then all is as before.
fn outcome(client: &mut Client, way: &Way, sql: &str) -> String {
    client.run("BEGIN").ok();
    for grant in &way.grants {
        client.run(grant).ok();
    }
    client.run(&format!("SET LOCAL ROLE {}", way.role)).ok();
    let said = described(client.run(sql), false);
    let rows = client.run("RESET ROLE").error.is_none().then(|| {
        let rows = client.run("SELECT * FROM t ORDER BY a, b");
        format!("{:?}", rows.rows)
    });
    client.run("ROLLBACK").ok();
    client.run("DEALLOCATE ALL").ok();
    format!("{said} {}", rows.unwrap_or_default())
}
