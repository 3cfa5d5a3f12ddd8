//! COPY in and out.

use checks::{Checks, Result, hex};
use futures::TryStreamExt;
use sqlx::{PgConnection, postgres::PgPoolCopyExt, query_as, query_scalar, raw_sql};

use crate::{
    connecting::{connect, pool_of},
    errors::fails,
};

pub fn add(checks: &mut Checks) {
    checks.add("copy in", copy_in());
    checks.add("copy in given up", aborted());
    checks.add("copy in that fails", failing());
    checks.add("copy out", copy_out());
    checks.add("copy by a pool", by_pool());
    checks.add("copy of what is no copy", no_copy());
}

async fn copy_in() -> Result {
    let c = &mut connect().await?;
    raw_sql("CREATE TABLE copied (a int, b text)").execute(&mut *c).await?;
    let mut copy = c.copy_in_raw("COPY copied FROM STDIN (FORMAT csv, HEADER)").await?;
    println!("{} {} {}", copy.is_textual(), copy.num_columns(), copy.column_is_textual(0));
    copy.send(&b"a,b\n1,\"one, "[..]).await?.send(&b"two\"\n2,\n"[..]).await?;
    println!("{}", copy.finish().await?);
    let mut copy = c.copy_in_raw("COPY copied (b) FROM STDIN").await?;
    copy.read_from(&b"x\\ty\n\\N\n"[..]).await?;
    println!("{}", copy.finish().await?);
    println!(
        "{:?}",
        query_as::<_, (Option<i32>, Option<String>)>("SELECT * FROM copied").fetch_all(c).await?
    );
    Ok(())
}

async fn aborted() -> Result {
    let c = &mut connect().await?;
    let mut copy = c.copy_in_raw("COPY copied FROM STDIN").await?;
    copy.send(&b"7\tseven\n"[..]).await?;
    copy.abort("changed my mind").await?;
    {
        let mut copy = c.copy_in_raw("COPY copied FROM STDIN").await?;
        copy.send(&b"8\teight\n"[..]).await?;
    }
    // What was left unfinished is told when the session is used next.
    let count = "SELECT count(*) FROM copied WHERE a > 6";
    fails(query_scalar::<_, i64>(count).fetch_one(c).await)?;
    println!("{}", query_scalar::<_, i64>(count).fetch_one(&mut connect().await?).await?);
    Ok(())
}

async fn failing() -> Result {
    let c = &mut connect().await?;
    for data in ["x\ty\n", "1\n", "1\ta\tb\n"] {
        let mut copy = c.copy_in_raw("COPY copied FROM STDIN").await?;
        copy.send(data.as_bytes()).await?;
        fails(copy.finish().await)?;
    }
    let mut copy = c.copy_in_raw("COPY copied FROM STDIN BINARY").await?;
    println!("{} {}", copy.is_textual(), copy.column_is_textual(1));
    copy.send(&b"nothing like a header"[..]).await?;
    fails(copy.finish().await)?;
    fails(c.copy_in_raw("COPY nowhere FROM STDIN").await.map(drop))
}

async fn read(c: &mut PgConnection, statement: &str) -> Result<Vec<u8>> {
    let parts: Vec<_> = c.copy_out_raw(statement).await?.try_collect().await?;
    Ok(parts.concat())
}

async fn copy_out() -> Result {
    let c = &mut connect().await?;
    println!("{:?}", String::from_utf8(read(c, "COPY copied TO STDOUT").await?)?);
    println!(
        "{:?}",
        String::from_utf8(
            read(c, "COPY (SELECT b, a FROM copied) TO STDOUT (FORMAT csv, HEADER)").await?
        )?
    );
    println!("{}", hex(&read(c, "COPY (SELECT 1, 'x', NULL::int) TO STDOUT BINARY").await?));
    println!("{}", read(c, "COPY (SELECT generate_series(1, 50000)) TO STDOUT").await?.len());
    fails(c.copy_out_raw("COPY nowhere TO STDOUT").await.map(drop))
}

async fn by_pool() -> Result {
    let pool = pool_of(2).await?;
    let mut copy = pool.copy_in_raw("COPY copied FROM STDIN").await?;
    let mut rows = pool
        .copy_out_raw("COPY (SELECT g, 'row ' || g FROM generate_series(100, 5000) g) TO STDOUT")
        .await?;
    while let Some(part) = rows.try_next().await? {
        copy.send(part).await?;
    }
    println!("{}", copy.finish().await?);
    println!(
        "{:?}",
        query_as::<_, (i64, i64)>("SELECT count(*), sum(a) FROM copied").fetch_one(&pool).await?
    );
    Ok(())
}

async fn no_copy() -> Result {
    println!("{}", connect().await?.copy_in_raw("SELECT 1").await.is_err());
    println!("{}", connect().await?.copy_out_raw("SELECT 1").await.is_err());
    Ok(())
}
