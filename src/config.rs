//! The server's configuration: command line, `KALAMDB_…` environment, a TOML file, defaults, in that
//! order of precedence.
//!
//! The file has the long options' names with underscores; a key it does not know is refused, so that
//! a misspelt option is not an option that silently does nothing.

use crate::catalog::schema;
use crate::jobs::{Defaults, JobOptions};
use crate::server::auth::Method;
use crate::session::AnswerOptions;
use crate::storage::StoreOptions;
use crate::storage::objects::CredentialsKey;
use clap::{Args, ValueEnum};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// PostgreSQL's limit for `max_connections`.
const CONNECTIONS_MAX: usize = 262_143;

/// More jobs at one time would only wait for the same disks.
const JOBS_MAX: usize = 64;

/// `kalamdb server`'s options; each may also stand in the file.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Directory of the data [default: ./data]
    #[arg(long, env = "KALAMDB_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:5432]
    #[arg(long, env = "KALAMDB_LISTEN", value_name = "HOST:PORT")]
    pub listen: Option<String>,
    /// Also listen on a Unix socket in this directory, named as PostgreSQL names it
    #[arg(long, env = "KALAMDB_UNIX_SOCKET", value_name = "DIR")]
    pub unix_socket: Option<PathBuf>,
    /// PEM certificate chain; with --tls-key, clients may use TLS
    #[arg(long, env = "KALAMDB_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// PEM private key
    #[arg(long, env = "KALAMDB_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// How clients prove their password [default: scram-sha-256]
    #[arg(long, env = "KALAMDB_AUTH", value_enum)]
    pub auth: Option<Method>,
    /// Sessions at one time [default: 1000]
    #[arg(long, env = "KALAMDB_MAX_CONNECTIONS", value_name = "N")]
    pub max_connections: Option<usize>,
    /// Seconds that a client gets from its first byte to its session [default: 60]
    #[arg(long, env = "KALAMDB_AUTHENTICATION_TIMEOUT_S", value_name = "SECONDS")]
    pub authentication_timeout_s: Option<u64>,
    /// Seconds that running statements get to finish when the server stops [default: 10]
    #[arg(long, env = "KALAMDB_SHUTDOWN_TIMEOUT_S", value_name = "SECONDS")]
    pub shutdown_timeout_s: Option<u64>,
    /// Hot rows of a table that make a flush due; 0: none for their number [default: 0]
    #[arg(long, env = "KALAMDB_FLUSH_ROWS", value_name = "ROWS")]
    pub flush_rows: Option<u64>,
    /// Age of hot rows that makes a flush due; 0: none for their age [default: 0]
    #[arg(long, env = "KALAMDB_FLUSH_INTERVAL_S", value_name = "SECONDS")]
    pub flush_interval_s: Option<u64>,
    /// Small segments of a table that make a compaction due; 0: none for them [default: 8]
    #[arg(long, env = "KALAMDB_COMPACT_SEGMENTS", value_name = "N")]
    pub compact_segments: Option<u64>,
    /// Percent of a segment's rows that are deleted, which makes a compaction due; 0: none for them
    /// [default: 20]
    #[arg(long, env = "KALAMDB_COMPACT_DELETED", value_name = "PERCENT")]
    pub compact_deleted: Option<u64>,
    /// Jobs in the background that run at one time [default: 2]
    #[arg(long, env = "KALAMDB_MAX_JOBS", value_name = "N")]
    pub max_jobs: Option<usize>,
    /// Seals the credentials of storages: 32 random bytes in base64. Not an argument, as the password.
    #[arg(skip)]
    pub credentials_key: Option<String>,
    /// Megabytes of cold rows' columns that are kept decoded; 0: none [default: 512]
    #[arg(long, env = "KALAMDB_COLUMN_CACHE_MB", value_name = "MB")]
    pub column_cache_mb: Option<u32>,
    /// Tables whose derived schemas are kept; 0: none [default: 10000]
    #[arg(long, env = "KALAMDB_SCHEMA_CACHE_ENTRIES", value_name = "N")]
    pub schema_cache_entries: Option<usize>,
    /// Seconds that the derived schema of a table is kept which nobody uses [default: 300]
    #[arg(long, env = "KALAMDB_SCHEMA_CACHE_TTL_S", value_name = "SECONDS")]
    pub schema_cache_ttl_s: Option<u64>,
    /// Megabytes of answers to catalog queries that are kept; 0: none [default: 32]
    #[arg(long, env = "KALAMDB_CATALOG_CACHE_MB", value_name = "MB")]
    pub catalog_cache_mb: Option<u32>,
    /// Seconds that an answer about tables and schemas is kept [default: 60]
    #[arg(long, env = "KALAMDB_CATALOG_CACHE_TABLES_S", value_name = "SECONDS")]
    pub catalog_cache_tables_s: Option<u64>,
    /// Seconds that an answer about single objects is kept [default: 120]
    #[arg(long, env = "KALAMDB_CATALOG_CACHE_OBJECTS_S", value_name = "SECONDS")]
    pub catalog_cache_objects_s: Option<u64>,
    /// Seconds that an answer about storages is kept [default: 300]
    #[arg(long, env = "KALAMDB_CATALOG_CACHE_STORAGES_S", value_name = "SECONDS")]
    pub catalog_cache_storages_s: Option<u64>,
    /// Seconds that an answer about jobs is kept [default: 30]
    #[arg(long, env = "KALAMDB_CATALOG_CACHE_JOBS_S", value_name = "SECONDS")]
    pub catalog_cache_jobs_s: Option<u64>,
    /// Seconds that an answer about sessions, locks, sizes and counts is kept, which may be as old as
    /// that; 0: none is [default: 0]
    #[arg(long, env = "KALAMDB_CATALOG_CACHE_LIVE_S", value_name = "SECONDS")]
    pub catalog_cache_live_s: Option<u64>,
    /// Form of the log [default: text]
    #[arg(long, env = "KALAMDB_LOG_FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,
    /// What is logged, as tracing's filter directives [default: info]
    #[arg(long, env = "KALAMDB_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// The superuser's password. Not an argument: arguments are visible to other users.
    #[arg(skip)]
    pub password: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    Text,
    Json,
}

/// The configuration in force.
#[derive(Clone, Debug)]
pub struct Config {
    pub data_dir: PathBuf,
    pub listen: String,
    pub unix_socket: Option<PathBuf>,
    /// Certificate chain and private key.
    pub tls: Option<(PathBuf, PathBuf)>,
    pub auth: Method,
    pub max_connections: usize,
    pub authentication_timeout: Duration,
    pub shutdown_timeout: Duration,
    pub jobs: JobOptions,
    pub credentials_key: Option<CredentialsKey>,
    pub column_cache_bytes: u64,
    pub schema_cache_entries: usize,
    pub schema_cache_ttl: Duration,
    pub answers: AnswerOptions,
    pub log_format: LogFormat,
    pub log: String,
    pub password: Option<String>,
}

impl Config {
    /// Merges what was given on the command line or in the environment with the file.
    pub fn load(given: Options, file: Option<&Path>) -> Result<Config, String> {
        let file = match file {
            Some(path) => read_file(path)?,
            None => Options::default(),
        };
        let jobs = job_options(&given, &file)?;
        let answers = answer_options(&given, &file);
        let tls = match (given.tls_cert.or(file.tls_cert), given.tls_key.or(file.tls_key)) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err("tls_cert and tls_key must be given together".to_owned()),
        };
        let max_connections = given.max_connections.or(file.max_connections).unwrap_or(1000);
        if !(1..=CONNECTIONS_MAX).contains(&max_connections) {
            return Err(format!("max_connections must be from 1 to {CONNECTIONS_MAX}"));
        }
        let authentication_timeout_s =
            given.authentication_timeout_s.or(file.authentication_timeout_s);
        let credentials_key = given.credentials_key.or(file.credentials_key);
        let credentials_key = credentials_key.filter(|key| !key.is_empty());
        let credentials_key = credentials_key.map(|key| CredentialsKey::parse(&key)).transpose()?;
        let shutdown_timeout_s = given.shutdown_timeout_s.or(file.shutdown_timeout_s);
        let column_cache_mb = given.column_cache_mb.or(file.column_cache_mb);
        let column_cache_bytes = column_cache_mb.map(|mb| u64::from(mb) << 20);
        let schema_cache_entries = given.schema_cache_entries.or(file.schema_cache_entries);
        let schema_cache_ttl_s = given.schema_cache_ttl_s.or(file.schema_cache_ttl_s);
        Ok(Config {
            data_dir: given.data_dir.or(file.data_dir).unwrap_or_else(|| "./data".into()),
            listen: given.listen.or(file.listen).unwrap_or_else(|| "127.0.0.1:5432".into()),
            unix_socket: given.unix_socket.or(file.unix_socket),
            tls,
            auth: given.auth.or(file.auth).unwrap_or(Method::ScramSha256),
            max_connections,
            authentication_timeout: Duration::from_secs(authentication_timeout_s.unwrap_or(60)),
            shutdown_timeout: Duration::from_secs(shutdown_timeout_s.unwrap_or(10)),
            jobs,
            credentials_key,
            column_cache_bytes: column_cache_bytes
                .unwrap_or(StoreOptions::default().column_cache_bytes),
            schema_cache_entries: schema_cache_entries.unwrap_or(schema::ENTRIES_DEFAULT),
            answers,
            schema_cache_ttl: schema_cache_ttl_s.map_or(schema::TTL_DEFAULT, Duration::from_secs),
            log_format: given.log_format.or(file.log_format).unwrap_or(LogFormat::Text),
            log: given.log.or(file.log).unwrap_or_else(|| "info".into()),
            password: given.password.or(file.password).filter(|p| !p.is_empty()),
        })
    }
}

fn answer_options(given: &Options, file: &Options) -> AnswerOptions {
    let default = AnswerOptions::default();
    let mb = given.catalog_cache_mb.or(file.catalog_cache_mb);
    let choose = |option: fn(&Options) -> Option<u64>, default: Duration| {
        option(given).or(option(file)).map_or(default, Duration::from_secs)
    };
    AnswerOptions {
        bytes_max: mb.map_or(default.bytes_max, |mb| u64::from(mb) << 20),
        tables_ttl: choose(|o| o.catalog_cache_tables_s, default.tables_ttl),
        objects_ttl: choose(|o| o.catalog_cache_objects_s, default.objects_ttl),
        storages_ttl: choose(|o| o.catalog_cache_storages_s, default.storages_ttl),
        jobs_ttl: choose(|o| o.catalog_cache_jobs_s, default.jobs_ttl),
        live_ttl: choose(|o| o.catalog_cache_live_s, default.live_ttl),
    }
}

fn job_options(given: &Options, file: &Options) -> Result<JobOptions, String> {
    let JobOptions { defaults, running_max } = JobOptions::default();
    let flush_interval_s = defaults.flush_interval.as_secs();
    let choose = |option: fn(&Options) -> Option<u64>, default: u64| {
        option(given).or(option(file)).unwrap_or(default)
    };
    let defaults = Defaults {
        flush_rows: choose(|o| o.flush_rows, defaults.flush_rows),
        flush_interval: Duration::from_secs(choose(|o| o.flush_interval_s, flush_interval_s)),
        compact_segments: choose(|o| o.compact_segments, defaults.compact_segments),
        compact_deleted: choose(|o| o.compact_deleted, defaults.compact_deleted),
    };
    let running_max = given.max_jobs.or(file.max_jobs).unwrap_or(running_max);
    // As the settings of the same names have them.
    for (name, value, max) in [
        ("flush_rows", defaults.flush_rows, i32::MAX as u64),
        ("flush_interval_s", defaults.flush_interval.as_secs(), i32::MAX as u64 / 1000),
        ("compact_segments", defaults.compact_segments, 1_000_000),
        ("compact_deleted", defaults.compact_deleted, 100),
    ] {
        if value > max {
            return Err(format!("{name} must be from 0 to {max}"));
        }
    }
    match (1..=JOBS_MAX).contains(&running_max) {
        true => Ok(JobOptions { defaults, running_max }),
        false => Err(format!("max_jobs must be from 1 to {JOBS_MAX}")),
    }
}

fn read_file(path: &Path) -> Result<Options, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_are_refused() {
        let error = toml::from_str::<Options>("lisen = \"*:1\"").unwrap_err();
        assert!(error.to_string().contains("unknown field `lisen`"), "{error}");
    }

    #[test]
    fn command_line_beats_file_beats_default() {
        let dir = std::env::temp_dir().join(format!("kalamdb-config-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("kalamdb.toml");
        std::fs::write(&path, "listen = \"[::1]:1\"\nlog_format = \"json\"\n").unwrap();
        let given = Options { listen: Some("127.0.0.1:2".into()), ..Options::default() };
        let config = Config::load(given, Some(&path)).unwrap();
        std::fs::remove_dir_all(&dir).unwrap();
        assert_eq!(config.listen, "127.0.0.1:2");
        assert_eq!(config.log_format, LogFormat::Json);
        assert_eq!(config.max_connections, 1000);
    }
}
