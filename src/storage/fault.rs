//! Faults on purpose, so that a crash test can show that it would notice a real one.
//!
//! `KALAMDB_FAULT` names one; a server started without it never looks here. A crash test that passes
//! proves little unless the same test fails on a store that loses or tears commits:
//!
//! | Value | What the store does wrong |
//! |---|---|
//! | `no-wal-sync` | keeps the write-ahead log in the process's memory and syncs nothing, so that `kill -9` loses acknowledged commits |
//! | `torn-commit` | makes half of a commit's writes durable before the whole, so that `kill -9` between leaves half of it |
//! | `crash-at:POINT:N` | nothing: kills itself (SIGKILL) when it comes to a [`CrashPoint`] for the N-th time |

use std::sync::atomic::{AtomicU32, Ordering};

/// What to do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    NoWalSync,
    TornCommit,
    CrashAt(CrashPoint, u32),
}

/// A moment at which a crash would be most awkward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashPoint {
    /// A flush or a compaction has announced a file, and not begun to write it.
    FileAnnounced,
    /// The file is complete, but not where it belongs.
    FileWritten,
    /// It is where it belongs, and nothing refers to it.
    FilePlaced,
    /// A step of a flush is to be committed, and has been.
    FlushStep,
    FlushStepDone,
    /// The same of a compaction.
    CompactStep,
    CompactStepDone,
    /// The compacted segments are to be given up, and have been.
    Retire,
    Retired,
    /// A file is deleted, its record is not.
    FileDeleted,
    /// A commit that changes the catalog is to be written, and has been.
    CatalogCommit,
    CatalogCommitted,
}

impl CrashPoint {
    pub const ALL: [(CrashPoint, &str); 12] = [
        (CrashPoint::FileAnnounced, "file-announced"),
        (CrashPoint::FileWritten, "file-written"),
        (CrashPoint::FilePlaced, "file-placed"),
        (CrashPoint::FlushStep, "flush-step"),
        (CrashPoint::FlushStepDone, "flush-step-done"),
        (CrashPoint::CompactStep, "compact-step"),
        (CrashPoint::CompactStepDone, "compact-step-done"),
        (CrashPoint::Retire, "retire"),
        (CrashPoint::Retired, "retired"),
        (CrashPoint::FileDeleted, "file-deleted"),
        (CrashPoint::CatalogCommit, "catalog-commit"),
        (CrashPoint::CatalogCommitted, "catalog-committed"),
    ];
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

    /// Dies if this is the moment to.
    pub(super) fn reach(self, point: CrashPoint) {
        static TIMES: AtomicU32 = AtomicU32::new(0);
        if let Fault::CrashAt(at, times) = self
            && at == point
            && TIMES.fetch_add(1, Ordering::SeqCst) + 1 == times
        {
            // SAFETY: a signal to ourselves touches no memory of ours.
            unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
        }
    }

    fn named(name: &str) -> Result<Fault, String> {
        let crash = || {
            let (point, times) = name.strip_prefix("crash-at:")?.split_once(':')?;
            let (point, _) = CrashPoint::ALL.into_iter().find(|(_, n)| *n == point)?;
            Some(Fault::CrashAt(point, times.parse().ok()?))
        };
        match name {
            "no-wal-sync" => Ok(Fault::NoWalSync),
            "torn-commit" => Ok(Fault::TornCommit),
            _ => crash().ok_or_else(|| {
                format!(
                    "KALAMDB_FAULT is \"{name}\"; it knows no-wal-sync, torn-commit and \
                     crash-at:POINT:N"
                )
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_faults_are_refused() {
        assert_eq!(Fault::named("torn-commit"), Ok(Fault::TornCommit));
        let crash = Fault::CrashAt(CrashPoint::Retire, 2);
        assert_eq!(Fault::named("crash-at:retire:2"), Ok(crash));
        for wrong in ["torn", "crash-at:retire", "crash-at:nowhere:1", "crash-at:retire:x"] {
            assert!(Fault::named(wrong).is_err());
        }
    }
}
