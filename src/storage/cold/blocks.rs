//! A segment's bytes, every one of them checked.
//!
//! The manifest keeps a CRC-32 of each block of [`BLOCK_BYTES`] of a file. A read is widened to whole
//! blocks, which are checked before anything is made of them: footers, indexes, filters and pages
//! alike. So a file that was cut or changed is an error that names it, never a wrong row.

use super::place::Object;
use crate::storage::{Result, StorageError};
use bytes::{Buf, Bytes};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

/// Small enough that a page read alone is not much more; 100 MB have 25 kB of checksums.
pub(super) const BLOCK_BYTES: u64 = 16 << 10;

/// A file of `length` bytes with these checksums of its blocks.
#[derive(Clone)]
pub(super) struct Blocks(Arc<Checked>);

struct Checked {
    object: Object,
    path: String,
    length: u64,
    checksums: Vec<u32>,
}

impl Blocks {
    pub fn new(object: Object, path: String, length: u64, checksums: Vec<u32>) -> Blocks {
        Blocks(Arc::new(Checked { object, path, length, checksums }))
    }

    pub fn len(&self) -> u64 {
        self.0.length
    }

    pub fn read(&self, range: Range<u64>) -> Result<Bytes> {
        let whole = self.0.whole_blocks(&range)?;
        let bytes = self.0.object.read(whole.clone(), &self.0.path)?;
        self.0.checked(&bytes, &whole, &range)
    }

    /// Reads several ranges, at the same time where that is faster.
    pub fn read_all(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let whole = ranges.iter().map(|range| self.0.whole_blocks(range));
        let whole = whole.collect::<Result<Vec<_>>>()?;
        let read = self.0.object.read_all(&whole, &self.0.path)?;
        let checked = ranges.iter().zip(&whole).zip(&read);
        checked.map(|((range, whole), bytes)| self.0.checked(bytes, whole, range)).collect()
    }
}

impl Checked {
    /// The blocks that a range lies in.
    fn whole_blocks(&self, range: &Range<u64>) -> Result<Range<u64>> {
        if range.end > self.length || range.start > range.end {
            let text = format!("\"{}\" refers beyond its end", self.path);
            return Err(StorageError::Corrupt(text));
        }
        let start = range.start / BLOCK_BYTES * BLOCK_BYTES;
        Ok(start..range.end.next_multiple_of(BLOCK_BYTES).min(self.length))
    }

    /// The bytes of a range, of those of its blocks.
    fn checked(&self, bytes: &Bytes, whole: &Range<u64>, range: &Range<u64>) -> Result<Bytes> {
        let path = &self.path;
        if bytes.len() as u64 != whole.end - whole.start {
            return Err(StorageError::Corrupt(format!("\"{path}\" is cut off")));
        }
        let first = whole.start / BLOCK_BYTES;
        for (block, number) in bytes.chunks(BLOCK_BYTES as usize).zip(first..) {
            let expected = usize::try_from(number).ok().and_then(|n| self.checksums.get(n));
            if expected != Some(&crc32fast::hash(block)) {
                let text = format!("block {number} of \"{path}\" has a wrong checksum");
                return Err(StorageError::Corrupt(text));
            }
        }
        let offset = (range.start - whole.start) as usize;
        Ok(bytes.slice(offset..offset + (range.end - range.start) as usize))
    }
}

impl Length for Blocks {
    fn len(&self) -> u64 {
        self.0.length
    }
}

impl ChunkReader for Blocks {
    type T = bytes::buf::Reader<Bytes>;

    /// Parquet asks for page headers this way, where it has no page index.
    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        let bytes = self.read(start..self.0.length).map_err(into_parquet)?;
        Ok(bytes.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        self.read(start..start + length as u64).map_err(into_parquet)
    }
}

/// Our errors pass through the Parquet reader; [`from_parquet`] takes them out again.
pub(super) fn into_parquet(error: StorageError) -> ParquetError {
    ParquetError::External(Box::new(error))
}

/// The error of a segment's reader. One that is not ours says that the file does not hold what its
/// checksums vouch for: it was never a segment of ours.
pub(super) fn from_parquet(error: ParquetError, path: &str) -> StorageError {
    let text = match error {
        ParquetError::External(source) => match source.downcast::<StorageError>() {
            Ok(ours) => return *ours,
            Err(other) => other.to_string(),
        },
        other => other.to_string(),
    };
    StorageError::Corrupt(format!("\"{path}\": {text}"))
}

/// Passes bytes on, and computes the checksums of their blocks.
pub(super) struct ChecksumWriter<W> {
    inner: W,
    hasher: crc32fast::Hasher,
    in_block: u64,
    written: u64,
    checksums: Vec<u32>,
}

impl<W: Write> ChecksumWriter<W> {
    pub fn new(inner: W) -> ChecksumWriter<W> {
        let hasher = crc32fast::Hasher::new();
        ChecksumWriter { inner, hasher, in_block: 0, written: 0, checksums: Vec::new() }
    }

    /// What was written to, how many bytes, and their checksums.
    pub fn finish(mut self) -> (W, u64, Vec<u32>) {
        if self.in_block > 0 {
            self.checksums.push(self.hasher.finalize());
        }
        (self.inner, self.written, self.checksums)
    }

    fn count(&mut self, mut bytes: &[u8]) {
        self.written += bytes.len() as u64;
        while !bytes.is_empty() {
            let room = (BLOCK_BYTES - self.in_block) as usize;
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.hasher.update(now);
            self.in_block += now.len() as u64;
            if self.in_block == BLOCK_BYTES {
                self.checksums.push(std::mem::take(&mut self.hasher).finalize());
                self.in_block = 0;
            }
            bytes = later;
        }
    }
}

impl<W: Write> Write for ChecksumWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.count(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};

    /// A file of three blocks, the last one short.
    fn file(name: &str) -> (std::path::PathBuf, Vec<u8>, Vec<u32>) {
        let path =
            std::env::temp_dir().join(format!("kalamdb-blocks-{}-{name}", std::process::id()));
        let content: Vec<u8> = (0..2 * BLOCK_BYTES + 100).map(|n| (n % 251) as u8).collect();
        let mut writer = ChecksumWriter::new(File::create(&path).unwrap());
        for part in content.chunks(1000) {
            writer.write_all(part).unwrap();
        }
        let (_, length, checksums) = writer.finish();
        assert_eq!((length, checksums.len()), (content.len() as u64, 3));
        (path, content, checksums)
    }

    fn open(path: &std::path::Path, length: usize, checksums: &[u32]) -> Blocks {
        let object = Object::File(File::open(path).unwrap());
        Blocks::new(object, "a/file".into(), length as u64, checksums.to_vec())
    }

    #[test]
    fn ranges_are_read_across_blocks() {
        let (path, content, checksums) = file("read");
        let blocks = open(&path, content.len(), &checksums);
        for range in [0..1, 16_380..16_390, 0..content.len(), content.len() - 1..content.len()] {
            let found = blocks.read(range.start as u64..range.end as u64).unwrap();
            assert_eq!(found, content[range]);
        }
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn what_was_changed_or_cut_is_an_error_that_names_the_file() {
        let (path, mut content, checksums) = file("changed");
        content[17_000] ^= 1;
        fs::write(&path, &content).unwrap();
        let blocks = open(&path, content.len(), &checksums);
        assert!(blocks.read(0..10).is_ok());
        let error = blocks.read(16_384..16_385).unwrap_err();
        assert_eq!(error.to_string(), "block 1 of \"a/file\" has a wrong checksum");
        fs::write(&path, &content[..1000]).unwrap();
        let blocks = open(&path, content.len(), &checksums);
        assert_eq!(blocks.read(0..10).unwrap_err().to_string(), "\"a/file\" is cut off");
        fs::remove_file(path).unwrap();
    }
}
