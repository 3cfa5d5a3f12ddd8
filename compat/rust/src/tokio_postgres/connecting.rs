//! Connecting: plain, by TLS, with channel binding, by string and URL, and what is refused.

use std::sync::Arc;

use checks::{Checks, Result, variable};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio_postgres::{
    Client, Config, NoTls,
    config::{ChannelBinding, SslMode, TargetSessionAttrs},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::errors::fails;

pub fn add(checks: &mut Checks) {
    checks.add("connect plain", plain());
    checks.add("connect TLS", tls(ChannelBinding::Prefer));
    checks.add("connect TLS with channel binding", tls(ChannelBinding::Require));
    checks.add("connect with channel binding and no TLS", binding_without_tls());
    checks.add("connect with wrong password", wrong(config().password("wrong").clone()));
    checks.add("connect to no database", wrong(config().dbname("nowhere").clone()));
    checks.add("connect as nobody", wrong(config().user("nobody").clone()));
    checks.add(
        "connect with an unknown setting",
        wrong(config().options("-c no_such_setting=1").clone()),
    );
    checks.add("connect with options", options());
    checks.add("connect by URL", url());
    checks.add("connect for reading and writing", target_session_attrs());
    checks.add("connect to the first host that answers", several_hosts());
}

/// The server of the run; tokio-postgres does not look at libpq's variables.
pub fn config() -> Config {
    let mut config = Config::new();
    config.host(variable("PGHOST")).port(variable("PGPORT").parse().expect("a port"));
    config.user(variable("PGUSER")).password(variable("PGPASSWORD")).dbname(variable("PGDATABASE"));
    config.ssl_mode(SslMode::Disable);
    config
}

pub async fn connect() -> Result<Client> {
    connect_as(&config()).await
}

async fn connect_as(config: &Config) -> Result<Client> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

pub fn make_tls() -> Result<MakeRustlsConnect> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(variable("PGSSLROOTCERT"))?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(MakeRustlsConnect::new(config.with_root_certificates(roots).with_no_client_auth()))
}

async fn plain() -> Result {
    show_who(&connect().await?).await
}

async fn show_who(client: &Client) -> Result {
    let row =
        client.query_one("SELECT current_user::text, current_database()::text, 1", &[]).await?;
    println!("{} {} {}", row.get::<_, &str>(0), row.get::<_, &str>(1), row.get::<_, i32>(2));
    Ok(())
}

async fn tls(binding: ChannelBinding) -> Result {
    let (client, connection) =
        config().ssl_mode(SslMode::Require).channel_binding(binding).connect(make_tls()?).await?;
    tokio::spawn(connection);
    show_who(&client).await
}

async fn binding_without_tls() -> Result {
    fails(config().channel_binding(ChannelBinding::Require).connect(NoTls).await)
}

async fn wrong(config: Config) -> Result {
    fails(config.connect(NoTls).await)
}

async fn options() -> Result {
    let config = config()
        .application_name("compat")
        .options("-c search_path=x,y -c statement_timeout=4321 -c DateStyle=German")
        .clone();
    let client = connect_as(&config).await?;
    for name in
        ["application_name", "search_path", "statement_timeout", "DateStyle", "client_encoding"]
    {
        let value: String = client.query_one_scalar("SELECT current_setting($1)", &[&name]).await?;
        println!("{name} {value}");
    }
    Ok(())
}

async fn url() -> Result {
    let address = format!("{}:{}", variable("PGHOST"), variable("PGPORT"));
    let url = format!(
        "postgresql://{}:{}@{address}/{}?sslmode=disable&connect_timeout=5&application_name=by%20URL&keepalives=0",
        variable("PGUSER"),
        variable("PGPASSWORD"),
        variable("PGDATABASE"),
    );
    let client = connect_as(&url.parse()?).await?;
    println!("{}", client.query_one_scalar::<String, _>("SHOW application_name", &[]).await?);
    show_who(&client).await
}

/// tokio-postgres asks SHOW transaction_read_only.
async fn target_session_attrs() -> Result {
    let wanted = config().target_session_attrs(TargetSessionAttrs::ReadWrite).clone();
    show_who(&connect_as(&wanted).await?).await?;
    let unwanted = config().target_session_attrs(TargetSessionAttrs::ReadOnly).clone();
    println!("{}", connect_as(&unwanted).await.is_err());
    Ok(())
}

async fn several_hosts() -> Result {
    let mut config = config();
    let port = variable("PGPORT").parse()?;
    // The configuration starts with the server's host; nobody listens at port 1.
    let mut several = Config::new();
    several
        .user(variable("PGUSER"))
        .password(variable("PGPASSWORD"))
        .dbname(variable("PGDATABASE"));
    several.host("127.0.0.1").port(1).host(variable("PGHOST")).port(port);
    show_who(&connect_as(&several).await?).await?;
    config.hostaddr("127.0.0.1".parse()?);
    show_who(&connect_as(&config).await?).await
}
