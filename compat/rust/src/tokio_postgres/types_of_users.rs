//! Enums, composites, domains, ranges and arrays of them, which the client resolves by asking
//! pg_type, pg_enum, pg_range and pg_attribute when it first meets them.

use checks::{Checks, Result, hex};
use tokio_postgres::{
    Client,
    types::{FromSql, ToSql},
};

use crate::{
    connecting::connect,
    errors::fails,
    types::{Raw, described, show_statement},
};

pub fn add(checks: &mut Checks) {
    checks.add("enums", enums());
    checks.add("composites", composites());
    checks.add("domains", domains());
    checks.add("ranges and multiranges of users", ranges());
    checks.add("types resolved in other schemas", other_schemas());
    checks.add("types of types", nested());
    checks.add("types of extensions", extensions());
    checks.add("types of rows and pseudo-types", rows());
    checks.add("types that change", changes());
}

#[derive(Debug, Clone, Copy, PartialEq, ToSql, FromSql)]
#[postgres(name = "mood", rename_all = "snake_case")]
enum Mood {
    Sad,
    VeryHappy,
}

#[derive(Debug, Clone, PartialEq, ToSql, FromSql)]
#[postgres(name = "inventory_item")]
struct Item {
    name: String,
    supplier_id: i32,
    price: Option<f64>,
    mood: Mood,
    tags: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, ToSql, FromSql)]
#[postgres(name = "positive")]
struct Positive(i32);

async fn enums() -> Result {
    let client = connect().await?;
    client.batch_execute("CREATE TYPE mood AS ENUM ('sad', 'very_happy')").await?;
    let statement = client.prepare("SELECT $1::mood, ARRAY[$1::mood, 'sad'], $1::text").await?;
    show_statement(&statement);
    let row = client.query_one(&statement, &[&Mood::VeryHappy]).await?;
    println!(
        "{:?} {:?} {}",
        row.get::<_, Mood>(0),
        row.get::<_, Vec<Mood>>(1),
        row.get::<_, &str>(2)
    );
    println!(
        "{:?}",
        client
            .query_one_scalar::<Vec<Mood>, _>("SELECT $1::mood[]", &[&vec![Mood::Sad, Mood::Sad]])
            .await?
    );
    fails(client.query("SELECT 'angry'::mood", &[]).await)?;
    client
        .batch_execute(
            "CREATE TABLE moods (id int, m mood); INSERT INTO moods VALUES (1, 'very_happy')",
        )
        .await?;
    let found: i32 = client
        .query_one_scalar("SELECT id FROM moods WHERE m = $1 AND m > 'sad'", &[&Mood::VeryHappy])
        .await?;
    println!("{found}");
    Ok(())
}

async fn composites() -> Result {
    let client = connect().await?;
    client
        .batch_execute("CREATE TYPE inventory_item AS (name text, supplier_id int, price float8, mood mood, tags text[])")
        .await?;
    let statement = client
        .prepare("SELECT $1::inventory_item, ($1::inventory_item).name, ($1::inventory_item)::text")
        .await?;
    show_statement(&statement);
    let item = Item {
        name: "fuzzy \"dice\"".into(),
        supplier_id: 42,
        price: None,
        mood: Mood::Sad,
        tags: vec!["a".into()],
    };
    let row = client.query_one(&statement, &[&item]).await?;
    println!("{:?} {} {}", row.get::<_, Item>(0), row.get::<_, &str>(1), row.get::<_, &str>(2));
    let items: Vec<Item> = client
        .query_one_scalar("SELECT $1::inventory_item[]", &[&vec![item.clone(), item.clone()]])
        .await?;
    println!("{}", items.len());
    client.batch_execute("CREATE TABLE stock (id int, item inventory_item)").await?;
    client.execute("INSERT INTO stock VALUES ($1, $2)", &[&1i32, &item]).await?;
    println!(
        "{:?}",
        client
            .query_one_scalar::<Item, _>(
                "SELECT item FROM stock WHERE (item).supplier_id = 42",
                &[]
            )
            .await?
    );
    // A table's own row type.
    let statement = client.prepare("SELECT s FROM stock s").await?;
    show_statement(&statement);
    println!("{}", client.query(&statement, &[]).await?.len());
    Ok(())
}

async fn domains() -> Result {
    let client = connect().await?;
    client.batch_execute("CREATE DOMAIN positive AS int CHECK (VALUE > 0)").await?;
    let statement = client.prepare("SELECT $1::positive, ARRAY[$1::positive]").await?;
    show_statement(&statement);
    println!("{:?}", client.query_one(&statement, &[&Positive(5)]).await?.get::<_, i32>(0));
    fails(client.query(&statement, &[&Positive(-5)]).await)?;
    client.batch_execute("CREATE TABLE counted (n positive NOT NULL)").await?;
    let statement = client.prepare("INSERT INTO counted VALUES ($1) RETURNING n").await?;
    show_statement(&statement);
    println!("{:?}", client.query_one(&statement, &[&Positive(7)]).await?.get::<_, i32>(0));
    Ok(())
}

async fn ranges() -> Result {
    let client = connect().await?;
    client
        .batch_execute("CREATE TYPE floats AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi)")
        .await?;
    show_value(
        &client,
        "SELECT '[1.5,2.5)'::floats, '{[1,2),[3,4)}'::floats_multirange, ARRAY['empty'::floats]",
    )
    .await
}

async fn other_schemas() -> Result {
    let client = connect().await?;
    client
        .batch_execute(
            "CREATE SCHEMA \"Other\"; CREATE TYPE \"Other\".\"Colour\" AS ENUM ('Red', 'it''s'); \
             CREATE DOMAIN \"Other\".\"Named\" AS text; \
             CREATE TABLE \"Other\".t (c \"Other\".\"Colour\", n \"Other\".\"Named\", dropped int, k int); \
             ALTER TABLE \"Other\".t DROP COLUMN dropped; INSERT INTO \"Other\".t VALUES ('it''s', 'x', 1)",
        )
        .await?;
    show_value(&client, "SELECT c, n, t FROM \"Other\".t").await
}

async fn nested() -> Result {
    let client = connect().await?;
    client
        .batch_execute(
            "CREATE TYPE inner_pair AS (a int, b numeric(5,2)); CREATE DOMAIN pairs AS inner_pair[]; \
             CREATE TYPE outer_pair AS (p inner_pair, ps inner_pair[], d pairs, r int4range)",
        )
        .await?;
    show_value(
        &client,
        "SELECT ROW(ROW(1, 2.5), ARRAY[ROW(3, NULL)::inner_pair], NULL, '[1,2)')::outer_pair",
    )
    .await
}

async fn extensions() -> Result {
    let client = connect().await?;
    client
        .batch_execute(
            "CREATE EXTENSION IF NOT EXISTS hstore; CREATE EXTENSION IF NOT EXISTS citext",
        )
        .await?;
    show_value(&client, "SELECT 'a=>1'::hstore, 'X'::citext, ARRAY['a=>NULL'::hstore]").await
}

async fn rows() -> Result {
    let client = connect().await?;
    show_value(
        &client,
        "SELECT ROW(1, 'x'::text, NULL::int), ARRAY[ROW(1)], pg_sleep(0), '1'::regclass, 'x'",
    )
    .await?;
    show_value(&client, "SELECT array_agg(t) FROM (SELECT 1 AS a, 'x' AS b) t").await
}

/// A dropped and created type has another OID, which the client asks about anew.
async fn changes() -> Result {
    let client = connect().await?;
    client.batch_execute("CREATE TYPE changing AS ENUM ('a')").await?;
    show_value(&client, "SELECT 'a'::changing").await?;
    client
        .batch_execute(
            "ALTER TYPE changing ADD VALUE 'b'; ALTER TYPE changing RENAME VALUE 'a' TO 'z'",
        )
        .await?;
    client.clear_type_cache();
    let statement = client.prepare("SELECT 'b'::changing").await?;
    println!("{}", described(statement.columns()[0].type_()));
    client.batch_execute("DROP TYPE changing; CREATE TYPE changing AS (x int)").await?;
    show_value(&client, "SELECT ROW(1)::changing").await
}

/// The types of a query's columns and the bytes of its row, less what OIDs stand in them.
async fn show_value(client: &Client, query: &str) -> Result {
    let statement = client.prepare(query).await?;
    show_statement(&statement);
    let row = client.query_one(&statement, &[]).await?;
    for (n, column) in statement.columns().iter().enumerate() {
        let bytes = hex(&row.get::<_, Option<Raw>>(n).map(|raw| raw.0).unwrap_or_default());
        println!("{} {}", column.name(), without_oids(&bytes, column.type_()));
    }
    Ok(())
}

/// Values of types that hold others name them by OIDs, which differ where they are users' own.
fn without_oids(bytes: &str, kind: &tokio_postgres::types::Type) -> String {
    let own = oids(kind).into_iter().filter(|&oid| oid >= 16384);
    own.fold(bytes.to_string(), |text, oid| text.replace(&format!("{oid:08x}"), "<own>"))
}

fn oids(kind: &tokio_postgres::types::Type) -> Vec<u32> {
    use tokio_postgres::types::Kind;
    let parts = match kind.kind() {
        Kind::Array(element)
        | Kind::Range(element)
        | Kind::Multirange(element)
        | Kind::Domain(element) => oids(element),
        Kind::Composite(fields) => fields.iter().flat_map(|field| oids(field.type_())).collect(),
        _ => vec![],
    };
    [vec![kind.oid()], parts].concat()
}
