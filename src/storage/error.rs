//! What storage can fail with, named by what the caller must do.

use crate::error::{PgError, code};
use std::path::PathBuf;

/// The result of everything in storage that can fail.
pub type Result<T, E = StorageError> = std::result::Result<T, E>;

/// An error of the storage layer. Converts to the [`PgError`] that a client sees; where PostgreSQL
/// names a relation in the message, the caller that knows the name matches on the variant instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The directory is not ours, damaged, or of another version: start-up must stop.
    #[error("cannot use data directory \"{}\": {reason}", path.display())]
    BadDirectory { path: PathBuf, reason: String },
    /// Another server has the directory open.
    #[error("data directory \"{}\" is in use by another server", .0.display())]
    InUse(PathBuf),
    /// The disk is full: nothing of the write happened.
    #[error("could not write to the store: {0}")]
    DiskFull(String),
    /// Any other failure of a read or write below RocksDB.
    #[error("{0}")]
    Io(String),
    /// A checksum or a format is wrong.
    #[error("{0}")]
    Corrupt(String),
    /// A file of cold rows is not where it was put.
    #[error("could not open file \"{0}\": No such file or directory")]
    MissingFile(String),
    /// The job was told to stop.
    #[error("canceling the job due to user request")]
    Canceled,
    /// The table was dropped, or its rows replaced, meanwhile.
    #[error("the table is gone")]
    Gone,
    /// NOWAIT met a lock held by another.
    #[error("could not obtain lock")]
    LockNotAvailable,
    /// `lock_timeout` ran out.
    #[error("canceling statement due to lock timeout")]
    LockTimeout,
    /// This waiter found a cycle it is part of; the text is PostgreSQL's DETAIL.
    #[error("deadlock detected")]
    Deadlock(String),
    /// REPEATABLE READ or SERIALIZABLE met a row changed since its snapshot.
    #[error("could not serialize access due to concurrent update")]
    ConcurrentUpdate,
    /// The same, where the row is gone.
    #[error("could not serialize access due to concurrent delete")]
    ConcurrentDelete,
    /// SERIALIZABLE found a dangerous structure of dependencies; the text is PostgreSQL's reason.
    #[error("could not serialize access due to read/write dependencies among transactions")]
    Serialization(&'static str),
    /// A transaction wrote more than one commit can hold.
    #[error("transaction is too large: {0}")]
    TooLarge(String),
    /// A sequence has no further value; the text is PostgreSQL's message.
    #[error("{0}")]
    SequenceLimit(String),
    /// setval's value is outside the sequence's limits; the text is PostgreSQL's message.
    #[error("{0}")]
    SequenceRange(String),
    /// The store is closed or refuses writes after a failed one.
    #[error("{0}")]
    Closed(String),
}

impl From<StorageError> for PgError {
    fn from(error: StorageError) -> PgError {
        let message = error.to_string();
        match error {
            StorageError::BadDirectory { .. } | StorageError::InUse(_) => {
                PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
            }
            StorageError::DiskFull(_) => PgError::new(code::DISK_FULL, message),
            StorageError::Io(_) | StorageError::Closed(_) => PgError::new(code::IO_ERROR, message),
            StorageError::Corrupt(_) => PgError::new(code::DATA_CORRUPTED, message),
            StorageError::MissingFile(_) => PgError::new(code::UNDEFINED_FILE, message),
            StorageError::Canceled => PgError::new(code::QUERY_CANCELED, message),
            StorageError::Gone => PgError::new(code::UNDEFINED_TABLE, message),
            StorageError::LockNotAvailable | StorageError::LockTimeout => {
                PgError::new(code::LOCK_NOT_AVAILABLE, message)
            }
            StorageError::Deadlock(detail) => PgError::new(code::DEADLOCK_DETECTED, message)
                .detail(detail)
                .hint("See server log for query details."),
            StorageError::ConcurrentUpdate | StorageError::ConcurrentDelete => {
                PgError::new(code::SERIALIZATION_FAILURE, message)
            }
            StorageError::Serialization(reason) => {
                PgError::new(code::SERIALIZATION_FAILURE, message)
                    .detail(format!("Reason code: {reason}."))
                    .hint("The transaction might succeed if retried.")
            }
            StorageError::TooLarge(_) => PgError::new(code::PROGRAM_LIMIT_EXCEEDED, message),
            StorageError::SequenceRange(_) => {
                PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, message)
            }
            StorageError::SequenceLimit(_) => {
                PgError::new(code::SEQUENCE_GENERATOR_LIMIT_EXCEEDED, message)
            }
        }
    }
}

impl From<rocksdb::Error> for StorageError {
    /// RocksDB reports a status as text: its kind leads, the operating system's words follow.
    fn from(error: rocksdb::Error) -> StorageError {
        let kind = error.kind();
        let text = error.into_string();
        let full = text.contains("No space left on device")
            || text.contains("Disk quota exceeded")
            || text.contains("NoSpace");
        match kind {
            _ if full => StorageError::DiskFull(text),
            rocksdb::ErrorKind::Corruption => StorageError::Corrupt(text),
            rocksdb::ErrorKind::ShutdownInProgress => StorageError::Closed(text),
            _ => StorageError::Io(text),
        }
    }
}
