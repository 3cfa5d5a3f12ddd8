//! Enums, composites and domains by derive(Type): found by name, and resolved from the catalogs by
//! one query that sqlx sends by the simple protocol.

use checks::{Checks, Result};
use sqlx::{
    Column, Executor, FromRow, Row, Type, TypeInfo, query, query_as, query_scalar, raw_sql,
};

use crate::{connecting::connect, errors::fails};

pub fn add(checks: &mut Checks) {
    checks.add("enums", enums());
    checks.add("composites", composites());
    checks.add("domains", domains());
    checks.add("rows by derive", from_rows());
    checks.add("types in other schemas", other_schemas());
    checks.add("kinds of resolved types", kinds());
    checks.add("types that are not there", missing());
    checks.add("records and tuples", records());
    checks.add("enums as integers and transparent types", representations());
}

#[derive(Debug, Clone, Copy, PartialEq, Type)]
#[sqlx(type_name = "mood", rename_all = "snake_case")]
enum Mood {
    Sad,
    VeryHappy,
}

#[derive(Debug, Clone, PartialEq, Type)]
#[sqlx(type_name = "inventory_item")]
struct Item {
    name: String,
    supplier_id: i32,
    price: Option<f64>,
    mood: Mood,
}

#[derive(Debug, Clone, PartialEq, Type)]
#[sqlx(type_name = "positive", transparent)]
struct Positive(i32);

#[derive(Debug, Clone, Copy, Type)]
#[repr(i32)]
enum Level {
    Low = 1,
    High = 10,
}

#[derive(Debug, Clone, Type)]
#[sqlx(transparent)]
struct Id(i64);

#[derive(Debug, FromRow)]
struct Person {
    id: i64,
    #[sqlx(rename = "full_name")]
    name: String,
    mood: Option<Mood>,
    #[sqlx(default)]
    missing: Option<String>,
    #[sqlx(json)]
    data: Vec<i32>,
    #[sqlx(flatten)]
    place: Place,
    #[sqlx(try_from = "i32")]
    age: i64,
}

#[derive(Debug, FromRow)]
struct Place {
    city: String,
}

async fn enums() -> Result {
    let c = &mut connect().await?;
    raw_sql("CREATE TYPE mood AS ENUM ('sad', 'very_happy'); CREATE TABLE moods (id int, m mood, ms mood[])").execute(&mut *c).await?;
    query("INSERT INTO moods VALUES ($1, $2, $3)")
        .bind(1)
        .bind(Mood::VeryHappy)
        .bind(vec![Mood::Sad, Mood::VeryHappy])
        .execute(&mut *c)
        .await?;
    let row: (i32, Mood, Vec<Mood>) =
        query_as("SELECT * FROM moods WHERE m > $1").bind(Mood::Sad).fetch_one(&mut *c).await?;
    println!("{row:?}");
    println!(
        "{}",
        query_scalar::<_, String>("SELECT $1::mood::text")
            .bind(Mood::Sad)
            .fetch_one(&mut *c)
            .await?
    );
    println!(
        "{:?}",
        raw_sql("SELECT 'sad'::mood").fetch_one(&mut *c).await?.try_get::<Mood, _>(0)?
    );
    fails(query("SELECT $1::text::mood").bind("angry").execute(c).await)
}

async fn composites() -> Result {
    let c = &mut connect().await?;
    raw_sql("CREATE TYPE inventory_item AS (name text, supplier_id int, price float8, mood mood)")
        .execute(&mut *c)
        .await?;
    let item =
        Item { name: "fuzzy \"dice\"".into(), supplier_id: 42, price: None, mood: Mood::Sad };
    let (back, text): (Item, String) = query_as("SELECT $1::inventory_item, $1::text")
        .bind(item.clone())
        .fetch_one(&mut *c)
        .await?;
    println!("{} {text}", back == item);
    raw_sql("CREATE TABLE stock (id int, item inventory_item)").execute(&mut *c).await?;
    query("INSERT INTO stock VALUES (1, $1)").bind(item).execute(&mut *c).await?;
    println!(
        "{:?}",
        query_scalar::<_, Item>("SELECT item FROM stock WHERE (item).supplier_id = 42")
            .fetch_one(&mut *c)
            .await?
    );
    println!(
        "{:?}",
        query_scalar::<_, Vec<Item>>("SELECT array_agg(item) FROM stock").fetch_one(c).await?
    );
    Ok(())
}

async fn domains() -> Result {
    let c = &mut connect().await?;
    raw_sql("CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE TABLE counted (n positive NOT NULL)").execute(&mut *c).await?;
    query("INSERT INTO counted VALUES ($1)").bind(Positive(5)).execute(&mut *c).await?;
    println!(
        "{:?}",
        query_scalar::<_, Positive>("SELECT n FROM counted").fetch_one(&mut *c).await?
    );
    fails(query("INSERT INTO counted VALUES ($1)").bind(Positive(-5)).execute(c).await)
}

async fn from_rows() -> Result {
    let c = &mut connect().await?;
    raw_sql(
        "CREATE TABLE person (id bigint PRIMARY KEY, full_name text, mood mood, data jsonb, city text, age int); \
         INSERT INTO person VALUES (1, 'Ada', 'sad', '[1, 2]', 'London', 36), (2, 'Grace', NULL, '[]', 'New York', 85)",
    )
    .execute(&mut *c)
    .await?;
    for person in
        query_as::<_, Person>("SELECT * FROM person ORDER BY id").fetch_all(&mut *c).await?
    {
        println!("{person:?} {}", person.age + person.id);
        println!(
            "{} {:?} {:?} {:?} {}",
            person.name, person.mood, person.missing, person.data, person.place.city
        );
    }
    fails(query_as::<_, Person>("SELECT 1::int8 AS id").fetch_one(c).await)
}

async fn other_schemas() -> Result {
    #[derive(Debug, Type)]
    #[sqlx(type_name = "other.colour", rename_all = "lowercase")]
    enum Colour {
        Red,
        Green,
    }
    let c = &mut connect().await?;
    raw_sql("CREATE SCHEMA other; CREATE TYPE other.colour AS ENUM ('red', 'green'); CREATE TABLE other.t (c other.colour)").execute(&mut *c).await?;
    for colour in [Colour::Red, Colour::Green] {
        println!(
            "{:?}",
            query_scalar::<_, Colour>("INSERT INTO other.t VALUES ($1) RETURNING c")
                .bind(colour)
                .fetch_one(&mut *c)
                .await?
        );
    }
    Ok(())
}

async fn kinds() -> Result {
    let c = &mut connect().await?;
    raw_sql(
        "CREATE TYPE inner_pair AS (a int, b numeric(5,2)); CREATE DOMAIN pairs AS inner_pair[]; \
         CREATE TYPE floats AS RANGE (SUBTYPE = float8); CREATE TYPE outer_pair AS (p inner_pair, d pairs, f floats)",
    )
    .execute(&mut *c)
    .await?;
    for sql in [
        "SELECT NULL::outer_pair, NULL::pairs, NULL::floats, NULL::floats[], NULL::inner_pair[]",
        "SELECT 'pg_class'::regclass, '{}'::oidvector, '{integer}'::regtype[]",
        "SELECT m FROM moods m",
        "SELECT 1::xid, '(0,1)'::tid, '1'::xid8, 'a'::tsvector",
    ] {
        match c.prepare(sqlx::SqlStr::from_static(sql)).await {
            Ok(statement) => {
                for column in sqlx::Statement::columns(&statement) {
                    println!("{} {}", column.type_info().name(), kind(column.type_info()));
                }
            }
            error => fails(error.map(drop))?,
        }
    }
    Ok(())
}

/// What a type is made of, by names: OIDs of what users made differ between servers.
fn kind(info: &sqlx::postgres::PgTypeInfo) -> String {
    use sqlx::postgres::PgTypeKind;
    match info.kind() {
        PgTypeKind::Simple => "simple".into(),
        PgTypeKind::Pseudo => "pseudo".into(),
        PgTypeKind::Domain(base) => format!("domain over {}", kind(base)),
        PgTypeKind::Array(element) => format!("array of {} {}", element.name(), kind(element)),
        PgTypeKind::Range(element) => format!("range of {}", element.name()),
        PgTypeKind::Enum(labels) => format!("enum {labels:?}"),
        PgTypeKind::Composite(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, info)| format!("{name} {} {}", info.name(), kind(info)))
                .collect();
            format!("composite ({})", fields.join(", "))
        }
    }
}

async fn missing() -> Result {
    #[derive(Debug, Type)]
    #[sqlx(type_name = "no_such_type")]
    enum Nothing {
        Really,
    }
    let c = &mut connect().await?;
    fails(query("SELECT $1").bind(Nothing::Really).execute(&mut *c).await)?;
    println!("{}", query_scalar::<_, i32>("SELECT 1").fetch_one(c).await?);
    Ok(())
}

async fn records() -> Result {
    let c = &mut connect().await?;
    println!(
        "{:?}",
        query_scalar::<_, (i32, String, Option<bool>)>("SELECT ROW(1, 'x'::text, NULL::bool)")
            .fetch_one(&mut *c)
            .await?
    );
    println!(
        "{:?}",
        query_scalar::<_, Vec<(i32, String)>>(
            "SELECT array_agg(ROW(g, g::text)) FROM generate_series(1, 3) g"
        )
        .fetch_one(c)
        .await?
    );
    Ok(())
}

async fn representations() -> Result {
    let c = &mut connect().await?;
    println!(
        "{:?}",
        query_scalar::<_, Level>("SELECT $1").bind(Level::High).fetch_one(&mut *c).await?
    );
    println!(
        "{:?}",
        query_scalar::<_, Level>("SELECT 1").fetch_one(&mut *c).await? as i32 == Level::Low as i32
    );
    println!("{:?}", query_scalar::<_, Id>("SELECT $1 + 1").bind(Id(41)).fetch_one(c).await?);
    Ok(())
}
