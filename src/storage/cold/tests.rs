//! Transcripts of tables whose rows go cold and come back.

use crate::nodes::{LockWait, RowLockMode};
use crate::storage::cold::{ColdTable, Outcome, SegmentColumn, Work};
use crate::storage::row::{self, LayoutColumn};
use crate::storage::*;
use crate::types::{Datum, Format, Oid, key, oids, text_in};
use bytes::Bytes;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

const TABLE: StorageId = 7;
/// `(id int4 primary key, n numeric(6,2), t text, j jsonb, at timestamptz, a int4[])`
const COLUMNS: [(&str, Oid, i32); 6] = [
    ("id", oids::INT4, -1),
    ("n", oids::NUMERIC, 4 + (6 << 16) + 2),
    ("t", oids::TEXT, -1),
    ("j", oids::JSONB, -1),
    ("at", oids::TIMESTAMPTZ, -1),
    ("a", 1007, -1),
];

struct Fixture {
    dir: PathBuf,
    store: Arc<Store>,
    layout: RowLayout,
}

impl Fixture {
    fn new() -> Fixture {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("kalamdb-cold-{}-{n}", std::process::id()));
        let store = Store::open(&dir, &StoreOptions::default()).unwrap();
        Fixture { dir, store, layout: layout() }
    }

    /// Stops and starts again.
    fn reopen(mut self) -> Fixture {
        let dir = std::mem::take(&mut self.dir);
        let layout = self.layout.clone();
        self.store.close().unwrap();
        drop(self);
        let store = Store::open(&dir, &StoreOptions::default()).unwrap();
        Fixture { dir, store, layout }
    }

    fn table(&self) -> ColdTable {
        let column = |(n, (name, oid, typmod)): (usize, &(&str, Oid, i32))| {
            SegmentColumn::new(n as i16 + 1, name, *oid, *typmod, false)
        };
        ColdTable {
            table: TABLE,
            layout: self.layout.clone(),
            version: 1,
            columns: COLUMNS.iter().enumerate().map(column).collect(),
            key: vec![0],
            stored_key: false,
            storage: 0,
            path: "public/t".into(),
        }
    }

    fn begin(&self, session: u32, isolation: IsolationLevel) -> Arc<Txn> {
        self.store.begin(TxnOptions { session, database: 5, isolation, read_only: false })
    }

    /// Writes rows in a transaction of their own.
    fn put(&self, ids: impl IntoIterator<Item = i32>, text: &str) {
        let txn = self.begin(1, IsolationLevel::ReadCommitted);
        for id in ids {
            self.put_in(&txn, id, text, "1.50");
        }
        futures::executor::block_on(txn.commit(false)).unwrap();
    }

    fn put_in(&self, txn: &Txn, id: i32, text: &str, numeric: &str) {
        txn.begin_statement().unwrap();
        let mut bytes = Vec::new();
        self.layout.encode(&values(id, text, numeric), 0, &mut bytes).unwrap();
        txn.put(Space::Rows, row_key(id), bytes.into()).unwrap();
        txn.end_statement().unwrap();
    }

    fn delete(&self, id: i32) {
        let txn = self.begin(1, IsolationLevel::ReadCommitted);
        txn.begin_statement().unwrap();
        txn.delete(Space::Rows, row_key(id)).unwrap();
        txn.end_statement().unwrap();
        futures::executor::block_on(txn.commit(false)).unwrap();
    }

    fn flush(&self) -> Outcome {
        self.store.flush(&self.table(), None, &Work::default()).unwrap()
    }

    fn compact(&self) -> Outcome {
        self.store.compact_segments(&self.table(), &Work::default()).unwrap()
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.dir.join("cold/public/t")).map_or(0, Iterator::count)
    }

    /// `id=text` of every row that a new transaction sees.
    fn all(&self) -> Vec<String> {
        let txn = self.begin(9, IsolationLevel::ReadCommitted);
        let view = txn.begin_statement().unwrap();
        self.listed(&view, Direction::Forward)
    }

    fn listed(&self, view: &ReadView, direction: Direction) -> Vec<String> {
        let mut scan = view.scan(Space::Rows, KeyRange::storage(TABLE), direction);
        let mut out = Vec::new();
        while let Some((key, value)) = scan.next().unwrap() {
            let row = self.layout.row(value).unwrap().datums();
            let Datum::Int4(id) = row[0] else { panic!("{row:?}") };
            assert_eq!(key, &row_key(id)[..]);
            // Whatever the tier, a point read gives the same bytes.
            assert_eq!(view.get(Space::Rows, key).unwrap().as_deref(), Some(value));
            let Datum::Text(text) = &row[2] else { panic!("{row:?}") };
            out.push(format!("{id}={text}"));
        }
        out
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        if !self.dir.as_os_str().is_empty() {
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}

fn layout() -> RowLayout {
    let column = |(_, oid, _): &(&str, Oid, i32)| LayoutColumn {
        type_oid: *oid,
        missing: Datum::Null,
        past: Vec::new(),
    };
    RowLayout::new(&COLUMNS.iter().map(column).collect::<Vec<_>>(), 1)
}

fn row_key(id: i32) -> Bytes {
    let mut suffix = Vec::new();
    key::encode(oids::INT4, &Datum::Int4(id), false, false, &mut suffix);
    Key::Row { table: TABLE, primary_key: &suffix }.encode()
}

fn values(id: i32, text: &str, numeric: &str) -> Vec<Datum> {
    let texts = [&id.to_string(), numeric, text, "{\"b\": 1.50}", "2001-02-03", "{1,NULL}"];
    let value = |((_, oid, _), text): (&(&str, Oid, i32), &&str)| {
        text_in(*oid, -1, text, &Format::default()).unwrap()
    };
    COLUMNS.iter().zip(&texts).map(value).collect()
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn cold_rows_come_back_as_they_were() {
    let f = Fixture::new();
    f.put(0..5000, "x");
    let read = |id: i32| f.store.get(Space::Rows, &row_key(id)).unwrap().unwrap();
    let before: Vec<Bytes> = (0..5000).map(read).collect();
    let done = f.flush();
    assert_eq!((done.rows, done.segments), (5000, 1));
    assert_eq!(f.store.hot_rows(TABLE).unwrap(), 0.0);
    for id in [0, 1, 4095, 4096, 4999] {
        assert_eq!(read(id), before[id as usize], "row {id}");
    }
    let view = f.begin(9, IsolationLevel::ReadCommitted).begin_statement().unwrap();
    let forward = f.listed(&view, Direction::Forward);
    assert_eq!(forward.len(), 5000);
    let mut backward = f.listed(&view, Direction::Backward);
    backward.reverse();
    assert_eq!(forward, backward);
    // A second flush finds nothing to do.
    assert_eq!(f.flush(), Outcome::default());
}

#[test]
fn updates_and_deletes_take_rows_out_of_segments() {
    let f = Fixture::new();
    f.put(1..=4, "old");
    f.flush();
    f.put([2], "new");
    f.delete(3);
    let expected = strings(&["1=old", "2=new", "4=old"]);
    assert_eq!(f.all(), expected);
    let segments = f.store.segments(Some(TABLE)).unwrap();
    assert_eq!((segments[0].live_rows, segments[0].dead_rows), (2, 2));
    f.flush();
    assert_eq!(f.all(), expected);
    f.put([3], "again");
    let expected = strings(&["1=old", "2=new", "3=again", "4=old"]);
    assert_eq!(f.all(), expected);
    let f = f.reopen();
    assert_eq!(f.all(), expected);
}

#[test]
fn a_rollback_leaves_a_cold_row_where_it_was() {
    let f = Fixture::new();
    f.put(1..=2, "old");
    f.flush();
    let txn = f.begin(1, IsolationLevel::ReadCommitted);
    f.put_in(&txn, 1, "kept", "1");
    let savepoint = txn.savepoint();
    f.put_in(&txn, 2, "undone", "1");
    txn.rollback_to(&savepoint);
    let own = f.listed(&txn.begin_statement().unwrap(), Direction::Forward);
    assert_eq!(own, strings(&["1=kept", "2=old"]));
    txn.rollback();
    assert_eq!(f.all(), strings(&["1=old", "2=old"]));
    assert_eq!(f.store.segments(None).unwrap()[0].dead_rows, 0);
}

#[test]
fn a_locked_row_stays_hot_and_its_copy_is_dead() {
    let f = Fixture::new();
    f.put(1..=3, "old");
    let txn = f.begin(1, IsolationLevel::ReadCommitted);
    let key = row_key(2);
    let lock = txn.lock_row(TABLE, keys::suffix(&key), RowLockMode::Update, LockWait::Block);
    futures::executor::block_on(lock).unwrap();
    f.put_in(&txn, 2, "new", "1");
    assert_eq!(f.flush().rows, 2);
    assert_eq!(f.all(), strings(&["1=old", "2=old", "3=old"]));
    futures::executor::block_on(txn.commit(false)).unwrap();
    assert_eq!(f.all(), strings(&["1=old", "2=new", "3=old"]));
    assert_eq!(f.store.segments(None).unwrap()[0].dead_rows, 1);
}

#[test]
fn a_snapshot_outlives_flush_compaction_and_sweep() {
    let f = Fixture::new();
    f.put(1..=3, "old");
    f.flush();
    let reader = f.begin(1, IsolationLevel::RepeatableRead);
    let view = reader.begin_statement().unwrap();
    f.put([1, 3], "new");
    f.delete(2);
    f.flush();
    f.compact();
    f.store.sweep_segments(&Work::default()).unwrap();
    assert_eq!(f.listed(&view, Direction::Forward), strings(&["1=old", "2=old", "3=old"]));
    assert_eq!(f.all(), strings(&["1=new", "3=new"]));
    drop((view, reader));
    f.store.sweep_segments(&Work::default()).unwrap();
    assert_eq!(f.files(), 1);
    assert_eq!(f.all(), strings(&["1=new", "3=new"]));
}

#[test]
fn compaction_joins_segments_and_drops_dead_rows() {
    let f = Fixture::new();
    for n in 0..5 {
        f.put((0..100).map(|i| i * 5 + n), "x");
        f.flush();
    }
    f.delete(7);
    let before = f.all();
    let done = f.compact();
    assert_eq!((done.rows, done.segments), (499, 1));
    assert_eq!(f.all(), before);
    let segments = f.store.segments(Some(TABLE)).unwrap();
    assert_eq!(segments.len(), 1);
    assert_eq!((segments[0].live_rows, segments[0].dead_rows), (499, 0));
    let f = f.reopen();
    f.store.sweep_segments(&Work::default()).unwrap();
    assert_eq!(f.files(), 1);
    assert_eq!(f.all(), before);
    assert_eq!(f.compact(), Outcome::default());
}

#[test]
fn values_that_parquet_cannot_hold_make_their_column_text() {
    let f = Fixture::new();
    let txn = f.begin(1, IsolationLevel::ReadCommitted);
    f.put_in(&txn, 1, "a", "1.50");
    f.put_in(&txn, 2, "b", "NaN");
    futures::executor::block_on(txn.commit(false)).unwrap();
    let read = |id: i32| f.store.get(Space::Rows, &row_key(id)).unwrap();
    let before = [read(1), read(2)];
    f.flush();
    assert_eq!([read(1), read(2)], before);
}

#[test]
fn a_dropped_table_leaves_no_file() {
    let f = Fixture::new();
    f.put(1..=3, "x");
    f.flush();
    let txn = f.begin(1, IsolationLevel::ReadCommitted);
    txn.drop_storage(TABLE);
    futures::executor::block_on(txn.commit(true)).unwrap();
    assert_eq!(f.all(), Vec::<String>::new());
    assert!(f.store.segments(None).unwrap().is_empty());
    f.store.sweep_segments(&Work::default()).unwrap();
    assert_eq!(f.files(), 0);
}

#[test]
fn a_changed_or_missing_file_is_an_error_that_names_it() {
    let f = Fixture::new();
    f.put(1..=3, "x");
    f.flush();
    let f = f.reopen();
    let dir = f.dir.join("cold/public/t");
    let path = std::fs::read_dir(dir).unwrap().next().unwrap().unwrap().path();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let read = || f.store.get(Space::Rows, &row_key(1)).unwrap_err();
    let content = std::fs::read(&path).unwrap();
    let mut changed = content.clone();
    changed[10] ^= 1;
    std::fs::write(&path, &changed).unwrap();
    assert!(matches!(read(), StorageError::Corrupt(text) if text.contains(&name)));
    std::fs::write(&path, &content[..content.len() - 1]).unwrap();
    assert!(matches!(read(), StorageError::Corrupt(text) if text.contains(&name)));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(read(), StorageError::MissingFile(text) if text.contains(&name)));
    std::fs::write(&path, &content).unwrap();
    assert!(f.store.get(Space::Rows, &row_key(1)).unwrap().is_some());
}

#[test]
fn rows_of_a_newer_version_wait() {
    let f = Fixture::new();
    f.put([1], "x");
    let txn = f.begin(1, IsolationLevel::ReadCommitted);
    txn.begin_statement().unwrap();
    let mut bytes = f.store.get(Space::Rows, &row_key(1)).unwrap().unwrap().to_vec();
    bytes[16..20].copy_from_slice(&2_u32.to_le_bytes());
    assert_eq!(row::schema_version(&bytes), 2);
    txn.put(Space::Rows, row_key(2), bytes.into()).unwrap();
    txn.end_statement().unwrap();
    futures::executor::block_on(txn.commit(false)).unwrap();
    assert_eq!(f.flush().rows, 1);
    assert_eq!(f.store.hot_rows(TABLE).unwrap(), 1.0);
}
