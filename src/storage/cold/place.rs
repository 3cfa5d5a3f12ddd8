//! Where files of segments lie: a directory, or an object store behind a URL.
//!
//! Storage is synchronous; object stores are not. Their requests run on a few threads of their own,
//! and whoever asks waits for the answer. A directory is read and written directly: its files are in
//! the system's page cache, and a read costs a copy.

use crate::storage::{Result, StorageError};
use bytes::Bytes;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt, WriteMultipart};
use std::fs::{self, File};
use std::future::Future;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, mpsc};
use tokio::runtime::{Handle, Runtime, RuntimeFlavor};

/// Bytes of one part of an upload; S3 takes none smaller than 5 MiB but the last.
const PART_BYTES: usize = 8 << 20;
/// Parts under way at once.
const PARTS_AHEAD: usize = 2;

/// The threads that talk to object stores.
static REQUESTS: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("objects")
        .enable_all()
        .build()
});

/// A place for files; paths in it are relative, with `/` between their parts.
#[derive(Clone, Debug)]
pub enum Place {
    Directory(PathBuf),
    Objects(Arc<dyn ObjectStore>),
}

/// An object that can be read.
pub(super) enum Object {
    File(File),
    Remote(Arc<dyn ObjectStore>, ObjectPath),
}

impl Place {
    /// Makes a finished local file an object, which is on disk, or acknowledged, afterwards. The
    /// local file is gone then.
    pub(super) fn take_file(&self, from: &Path, path: &str) -> Result<()> {
        match self {
            Place::Directory(root) => {
                let to = root.join(path);
                let parent = to.parent().unwrap_or(root);
                let moved = create_dirs(root, parent)
                    .and_then(|()| rename_or_copy(from, &to))
                    .and_then(|()| sync_dir(parent));
                moved.map_err(|e| failed(path, &e))
            }
            Place::Objects(store) => {
                let (store, to) = (Arc::clone(store), ObjectPath::from(path));
                let file = File::open(from).map_err(|e| failed(path, &e))?;
                wait(upload(store, to, file)).map_err(|e| object_failed(path, &e))?;
                fs::remove_file(from).map_err(|e| failed(path, &e))
            }
        }
    }

    /// Writes a small object, reads it back and deletes it: whether the place can be used.
    pub fn probe(&self, path: &str) -> Result<()> {
        const CONTENT: &[u8] = b"KalamDB was here";
        let found = match self {
            Place::Directory(root) => {
                let file = root.join(path);
                let parent = file.parent().unwrap_or(root);
                let tried = create_dirs(root, parent)
                    .and_then(|()| fs::write(&file, CONTENT))
                    .and_then(|()| fs::read(&file));
                tried.map_err(|e| failed(path, &e))?.into()
            }
            Place::Objects(store) => {
                let (store, at) = (Arc::clone(store), ObjectPath::from(path));
                let tried = wait(async move {
                    store.put(&at, Bytes::from_static(CONTENT).into()).await?;
                    store.get(&at).await?.bytes().await
                });
                tried.map_err(|e| object_failed(path, &e))?
            }
        };
        if found != CONTENT {
            return Err(StorageError::Io(format!("\"{path}\" reads back otherwise than written")));
        }
        self.delete(path)
    }

    /// Deletes an object; one that is not there is no error.
    pub(super) fn delete(&self, path: &str) -> Result<()> {
        match self {
            Place::Directory(root) => match fs::remove_file(root.join(path)) {
                Err(e) if e.kind() != ErrorKind::NotFound => Err(failed(path, &e)),
                _ => Ok(()),
            },
            Place::Objects(store) => {
                let (store, at) = (Arc::clone(store), ObjectPath::from(path));
                match wait(async move { store.delete(&at).await }) {
                    Err(object_store::Error::NotFound { .. }) | Ok(()) => Ok(()),
                    Err(e) => Err(object_failed(path, &e)),
                }
            }
        }
    }

    /// The object of this path, for reading.
    pub(super) fn open(&self, path: &str) -> Result<Object> {
        Ok(match self {
            Place::Directory(root) => {
                Object::File(File::open(root.join(path)).map_err(|e| failed(path, &e))?)
            }
            Place::Objects(store) => Object::Remote(Arc::clone(store), ObjectPath::from(path)),
        })
    }
}

impl Object {
    /// Bytes of a range that lies inside the object. `path` is for errors.
    pub(super) fn read(&self, range: Range<u64>, path: &str) -> Result<Bytes> {
        match self {
            Object::File(file) => {
                let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, range.start).map_err(|e| failed(path, &e))?;
                Ok(bytes.into())
            }
            Object::Remote(store, at) => {
                let (store, at) = (Arc::clone(store), at.clone());
                wait(async move { store.get_range(&at, range).await })
                    .map_err(|e| object_failed(path, &e))
            }
        }
    }

    /// The same of several ranges; a store's answers are awaited together.
    pub(super) fn read_all(&self, ranges: &[Range<u64>], path: &str) -> Result<Vec<Bytes>> {
        match self {
            Object::File(_) => ranges.iter().map(|range| self.read(range.clone(), path)).collect(),
            Object::Remote(store, at) => {
                let (store, at, ranges) = (Arc::clone(store), at.clone(), ranges.to_vec());
                wait(async move { store.get_ranges(&at, &ranges).await })
                    .map_err(|e| object_failed(path, &e))
            }
        }
    }
}

async fn upload(
    store: Arc<dyn ObjectStore>,
    to: ObjectPath,
    mut file: File,
) -> object_store::Result<()> {
    let mut part = vec![0; PART_BYTES];
    let mut upload: Option<WriteMultipart> = None;
    loop {
        let read = read_full(&mut file, &mut part).map_err(|e| object_store::Error::Generic {
            store: "local file",
            source: Box::new(e),
        })?;
        let bytes = Bytes::copy_from_slice(&part[..read]);
        match &mut upload {
            // Small objects need no multipart upload.
            None if read < PART_BYTES => return store.put(&to, bytes.into()).await.map(|_| ()),
            None => {
                let started = store.put_multipart(&to).await?;
                let started =
                    upload.insert(WriteMultipart::new_with_chunk_size(started, PART_BYTES));
                started.put(bytes);
            }
            Some(under_way) => {
                under_way.wait_for_capacity(PARTS_AHEAD).await?;
                under_way.put(bytes);
            }
        }
        if read < PART_BYTES {
            break;
        }
    }
    match upload {
        Some(upload) => upload.finish().await.map(|_| ()),
        None => Ok(()),
    }
}

/// Fills `buffer` unless the file ends; gives the bytes read.
fn read_full(file: &mut File, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..])? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

/// Waits for a request. A thread of a runtime hands its other tasks over meanwhile.
fn wait<T: Send + 'static>(
    request: impl Future<Output = object_store::Result<T>> + Send + 'static,
) -> object_store::Result<T> {
    let threads = REQUESTS.as_ref().map_err(|e| object_store::Error::Generic {
        store: "threads",
        source: e.to_string().into(),
    })?;
    let (sender, receiver) = mpsc::sync_channel(1);
    threads.spawn(async move {
        // The receiver waits for nothing else.
        let _ = sender.send(request.await);
    });
    let receive = || {
        receiver.recv().unwrap_or_else(|_| {
            Err(object_store::Error::Generic {
                store: "threads",
                source: "the request was dropped".into(),
            })
        })
    };
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(receive),
        _ => receive(),
    }
}

/// Creates `dir`, which lies below `root`, so that it survives a crash.
fn create_dirs(root: &Path, dir: &Path) -> std::io::Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    if dir != root
        && let Some(parent) = dir.parent()
    {
        create_dirs(root, parent)?;
    }
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = fs::DirBuilder::new();
    // Rows are nobody else's.
    match builder.recursive(dir == root).mode(0o700).create(dir) {
        Err(e) if e.kind() != ErrorKind::AlreadyExists => return Err(e),
        _ => {}
    }
    dir.parent().map_or(Ok(()), sync_dir)
}

/// Renames a synced file; across file systems it is copied, and the copy synced.
fn rename_or_copy(from: &Path, to: &Path) -> std::io::Result<()> {
    match fs::rename(from, to) {
        Err(e) if e.kind() == ErrorKind::CrossesDevices => {
            fs::copy(from, to)?;
            File::open(to)?.sync_all()?;
            fs::remove_file(from)
        }
        other => other,
    }
}

fn sync_dir(dir: &Path) -> std::io::Result<()> {
    File::open(dir)?.sync_all()
}

/// A failure to read or write an object, which it names.
pub(super) fn failed(path: &str, error: &std::io::Error) -> StorageError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            StorageError::DiskFull(format!("\"{path}\": {error}"))
        }
        ErrorKind::NotFound => StorageError::MissingFile(path.to_owned()),
        ErrorKind::UnexpectedEof => StorageError::Corrupt(format!("\"{path}\" is cut off")),
        _ => StorageError::Io(format!("\"{path}\": {error}")),
    }
}

fn object_failed(path: &str, error: &object_store::Error) -> StorageError {
    match error {
        object_store::Error::NotFound { .. } => StorageError::MissingFile(path.to_owned()),
        _ => StorageError::Io(format!("\"{path}\": {error}")),
    }
}
