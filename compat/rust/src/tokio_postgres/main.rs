//! tokio-postgres: the extended protocol in binary throughout, types resolved from the catalogs.

mod connecting;
mod copying;
mod errors;
mod sessions;
mod statements;
mod transactions;
mod types;
mod types_of_users;
mod values;

#[tokio::main]
async fn main() {
    let mut checks = checks::Checks::default();
    connecting::add(&mut checks);
    types::add(&mut checks);
    values::add(&mut checks);
    types_of_users::add(&mut checks);
    statements::add(&mut checks);
    transactions::add(&mut checks);
    errors::add(&mut checks);
    copying::add(&mut checks);
    sessions::add(&mut checks);
    checks.run().await;
}
