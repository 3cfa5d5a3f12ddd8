//! Faults on purpose, so that a crash test can show that it would notice a real one.
//!
//! `KALAMDB_FAULT` names one; a server started without it never looks here. A crash test that passes
//! proves little unless the same test fails on a store that loses or tears commits:
//!
//! | Value | What the store does wrong |
//! |---|---|
//! | `no-wal-sync` | keeps the write-ahead log in the process's memory and syncs nothing, so that `kill -9` loses acknowledged commits |
//! | `torn-commit` | makes half of a commit's writes durable before the whole, so that `kill -9` between leaves half of it |

/// What to do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    NoWalSync,
    TornCommit,
}

impl Fault {
    /// The fault that `KALAMDB_FAULT` asks for. A name that means nothing is refused: a test that
    /// misspells it would believe that its fault was harmless.
    pub fn from_environment() -> Result<Option<Fault>, String> {
        match std::env::var_os("KALAMDB_FAULT") {
            None => Ok(None),
            Some(name) => Fault::named(&name.to_string_lossy()).map(Some),
        }
    }

    fn named(name: &str) -> Result<Fault, String> {
        match name {
            "no-wal-sync" => Ok(Fault::NoWalSync),
            "torn-commit" => Ok(Fault::TornCommit),
            _ => Err(format!("KALAMDB_FAULT is \"{name}\"; it knows no-wal-sync and torn-commit")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_faults_are_refused() {
        assert_eq!(Fault::named("torn-commit"), Ok(Fault::TornCommit));
        assert!(Fault::named("torn").is_err());
    }
}
