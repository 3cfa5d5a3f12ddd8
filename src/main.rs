//! The command line.

use clap::{Parser, Subcommand};
use kalamdb::config::{Config, LogFormat, Options};
use std::fs::File;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use tracing_subscriber::EnvFilter;

#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stack of the threads that run statements, in bytes. The binder limits how deep a statement nests;
/// what walks, plans, compiles and drops its tree then fits here. Untouched stack costs no memory.
const THREAD_STACK_BYTES: usize = 64 * 1024 * 1024;

/// Threads besides one for each session.
const SPARE_THREADS: usize = 64;

#[derive(Parser)]
#[command(name = "kalamdb", version, about = "A PostgreSQL-compatible database")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Server {
        /// TOML file with these options, underscores for dashes
        #[arg(long, env = "KALAMDB_CONFIG", value_name = "FILE")]
        config: Option<PathBuf>,
        #[command(flatten)]
        options: Box<Options>,
    },
}

fn main() -> ExitCode {
    let Command::Server { config, mut options } = Cli::parse().command;
    options.password = std::env::var("KALAMDB_PASSWORD").ok();
    options.credentials_key = std::env::var("KALAMDB_CREDENTIALS_KEY").ok();
    match Config::load(*options, config.as_deref()).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("kalamdb: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(config: Config) -> Result<(), String> {
    start_log(&config)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(THREAD_STACK_BYTES)
        // A long statement keeps its thread; a fresh one serves the other sessions meanwhile.
        .max_blocking_threads(config.max_connections.saturating_add(SPARE_THREADS))
        .build()
        .map_err(|e| format!("cannot start the runtime: {e}"))?
        .block_on(kalamdb::server::run(config))
}

fn start_log(config: &Config) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.log).map_err(|e| format!("log: {e}"))?;
    // The SQL parser points descriptor 2 elsewhere while it works: lines written meanwhile would be
    // lost, so the log has a descriptor of its own.
    let stderr = std::io::stderr().as_fd().try_clone_to_owned().map_err(|e| format!("log: {e}"))?;
    let writer = Mutex::new(File::from(stderr));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    match config.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}
