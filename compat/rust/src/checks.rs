//! Checks by name, run in order: what a check prints is its result, an error that leaves it its failure.
//!
//! A check is a future, which does nothing before it is run; one that does not end fails after a
//! while, so that it costs its own result only.

use std::{error::Error, future::Future, pin::Pin, time::Duration};

pub type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const TIMEOUT: Duration = Duration::from_secs(20);
/// After so many checks that did not end, the rest would not either.
const OVERDUE_MAX: usize = 5;

#[derive(Default)]
pub struct Checks(Vec<(String, Pin<Box<dyn Future<Output = Result> + Send>>)>);

impl Checks {
    pub fn add(
        &mut self,
        name: impl Into<String>,
        check: impl Future<Output = Result> + Send + 'static,
    ) {
        self.0.push((name.into(), Box::pin(check)));
    }

    pub async fn run(self) {
        let mut overdue = 0;
        for (name, check) in self.0 {
            println!("== {name}");
            let task = tokio::spawn(check);
            let abort = task.abort_handle();
            match tokio::time::timeout(TIMEOUT, task).await {
                Ok(Ok(Ok(()))) => {}
                Ok(Ok(Err(error))) => println!("!! {}", in_one_line(&*error)),
                Ok(Err(panic)) => println!("!! {panic}"),
                Err(_) => {
                    abort.abort();
                    overdue += 1;
                    println!("!! not done after {TIMEOUT:?}");
                }
            }
            if overdue == OVERDUE_MAX {
                println!("!! gave up after {OVERDUE_MAX} checks that did not end");
                break;
            }
        }
    }
}

/// An error with its causes.
pub fn in_one_line(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let causes: Vec<_> = causes.map(|error| error.to_string()).collect();
    causes.join(": ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The rows of types.tsv: a name for each, a type, a literal.
pub fn types() -> Vec<(String, String, String)> {
    let rows = std::fs::read_to_string("types.tsv").expect("the working directory is compat/");
    let fields = rows.lines().map(|row| row.split_once('\t').expect("two fields"));
    fields
        .map(|(kind, literal)| (format!("{kind} {literal}"), kind.into(), literal.into()))
        .collect()
}

pub fn quoted(literal: &str) -> String {
    format!("'{}'", literal.replace('\'', "''"))
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A variable that the harness sets.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("compat/run sets {name}"))
}
