//! Transcripts of transactions side by side, and of stores that stop and start again.

use super::*;
use crate::nodes::{LockWait, RowLockMode};
use bytes::Bytes;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A directory that goes away with the test.
struct TempDir(PathBuf);

impl TempDir {
    fn new() -> TempDir {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("kalamdb-storage-{}-{n}", std::process::id());
        TempDir(std::env::temp_dir().join(name))
    }

    fn open(&self) -> Arc<Store> {
        Store::open(&self.0, &StoreOptions::default()).unwrap()
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn begin(store: &Arc<Store>, session: u32, isolation: IsolationLevel) -> Arc<Txn> {
    store.begin(TxnOptions { session, database: 5, isolation, read_only: false })
}

fn key(name: &str) -> Bytes {
    Key::Row { table: 1, primary_key: name.as_bytes() }.encode()
}

/// A row-shaped value: a header for the sequencer to stamp, then the text.
fn value(text: &str) -> Bytes {
    [&[0; 16], text.as_bytes()].concat().into()
}

fn text(value: Option<Bytes>) -> Option<String> {
    value.map(|v| String::from_utf8(v[16..].to_vec()).unwrap())
}

/// One statement that writes one row.
fn put(txn: &Txn, name: &str, to: &str) -> Result<()> {
    txn.begin_statement()?;
    txn.put(Space::Rows, key(name), value(to))?;
    txn.end_statement()
}

fn get(txn: &Txn, name: &str) -> Option<String> {
    text(txn.begin_statement().unwrap().get(Space::Rows, &key(name)).unwrap())
}

fn listed(view: &ReadView, direction: Direction) -> Vec<String> {
    let mut scan = view.scan(Space::Rows, KeyRange::storage(1), direction);
    let mut found = Vec::new();
    while let Some((key, value)) = scan.next().unwrap() {
        let name = String::from_utf8(keys::suffix(key).to_vec()).unwrap();
        found.push(format!("{name}={}", String::from_utf8(value[16..].to_vec()).unwrap()));
    }
    found
}

const RC: IsolationLevel = IsolationLevel::ReadCommitted;
const RR: IsolationLevel = IsolationLevel::RepeatableRead;
const SER: IsolationLevel = IsolationLevel::Serializable;

#[tokio::test]
async fn a_statement_does_not_see_its_own_writes_but_the_next_does() {
    let dir = TempDir::new();
    let store = dir.open();
    let txn = begin(&store, 1, RC);
    let view = txn.begin_statement().unwrap();
    txn.put(Space::Rows, key("a"), value("1")).unwrap();
    assert_eq!(view.get(Space::Rows, &key("a")).unwrap(), None);
    assert_eq!(text(txn.get_latest(Space::Rows, &key("a")).unwrap()), Some("1".into()));
    txn.end_statement().unwrap();
    assert_eq!(get(&txn, "a"), Some("1".into()));
    txn.begin_statement().unwrap();
    txn.delete(Space::Rows, key("a")).unwrap();
    txn.abort_statement();
    assert_eq!(get(&txn, "a"), Some("1".into()));
}

#[tokio::test]
async fn levels_see_commits_as_postgresql_does() {
    let dir = TempDir::new();
    let store = dir.open();
    let (committed, repeatable) = (begin(&store, 1, RC), begin(&store, 2, RR));
    assert_eq!((get(&committed, "a"), get(&repeatable, "a")), (None, None));
    let writer = begin(&store, 3, RC);
    put(&writer, "a", "1").unwrap();
    assert_eq!(get(&committed, "a"), None);
    let info = writer.commit(true).await.unwrap();
    assert_eq!((get(&committed, "a"), get(&repeatable, "a")), (Some("1".into()), None));
    let stored = store.get(Space::Rows, &key("a")).unwrap().unwrap();
    assert_eq!(row::seq(&stored), info.seq);
}

#[tokio::test]
async fn scans_merge_own_writes_in_both_directions() {
    let dir = TempDir::new();
    let store = dir.open();
    let first = begin(&store, 1, RC);
    for name in ["b", "d", "f"] {
        put(&first, name, "old").unwrap();
    }
    first.commit(true).await.unwrap();
    let txn = begin(&store, 1, RC);
    for name in ["a", "d", "e"] {
        put(&txn, name, "new").unwrap();
    }
    txn.begin_statement().unwrap();
    txn.delete(Space::Rows, key("f")).unwrap();
    txn.end_statement().unwrap();
    let view = txn.begin_statement().unwrap();
    let mut expected = vec!["a=new", "b=old", "d=new", "e=new"];
    assert_eq!(listed(&view, Direction::Forward), expected);
    expected.reverse();
    assert_eq!(listed(&view, Direction::Backward), expected);
    let values = ["f", "a", "b"].map(|name| text(view.get(Space::Rows, &key(name)).unwrap()));
    assert_eq!(values, [None, Some("new".into()), Some("old".into())]);
}

#[tokio::test]
async fn a_savepoint_takes_back_writes_hooks_and_locks() {
    let dir = TempDir::new();
    let store = dir.open();
    let (txn, other) = (begin(&store, 1, RC), begin(&store, 2, RC));
    put(&txn, "a", "1").unwrap();
    let savepoint = txn.savepoint();
    put(&txn, "a", "2").unwrap();
    put(&txn, "b", "2").unwrap();
    txn.on_commit(|_| panic!("rolled back"));
    txn.lock_row(1, b"b", RowLockMode::Update, LockWait::Block).await.unwrap();
    let nowait = || other.lock_row(1, b"b", RowLockMode::KeyShare, LockWait::NoWait);
    assert_eq!(nowait().await, Ok(RowLock::Unavailable));
    for _ in 0..2 {
        txn.rollback_to(&savepoint);
        assert_eq!((get(&txn, "a"), get(&txn, "b")), (Some("1".into()), None));
    }
    assert_eq!(nowait().await, Ok(RowLock::Granted { waited: false }));
    txn.commit(true).await.unwrap();
}

#[tokio::test]
async fn commits_get_rising_numbers_and_are_published_in_order() {
    let dir = TempDir::new();
    let store = dir.open();
    let mut commits = store.subscribe();
    let mut running = Vec::new();
    for n in 0..32 {
        let txn = begin(&store, n, RC);
        put(&txn, &format!("k{n}"), "v").unwrap();
        running.push(tokio::spawn(async move { txn.commit(n % 2 == 0).await.unwrap() }));
    }
    for task in running {
        task.await.unwrap();
    }
    let mut last = CommitInfo { seq: 0, updated_us: 0 };
    for _ in 0..32 {
        let commit = commits.recv().await.unwrap();
        assert!(commit.info.seq > last.seq && commit.info.updated_us > last.updated_us);
        last = commit.info;
    }
    assert_eq!(store.last_seq(), last.seq);
}

/// The writer's locks go when its commit can be seen, so whoever waited sees it.
#[tokio::test]
async fn a_waiter_sees_what_it_waited_for() {
    let dir = TempDir::new();
    let store = dir.open();
    let (first, second) = (begin(&store, 1, RC), begin(&store, 2, RC));
    first.lock_row(1, b"a", RowLockMode::Update, LockWait::Block).await.unwrap();
    put(&first, "a", "1").unwrap();
    let waiting = tokio::spawn(async move {
        let lock = second.lock_row(1, b"a", RowLockMode::Update, LockWait::Block).await.unwrap();
        (lock, text(second.get_latest(Space::Rows, &key("a")).unwrap()))
    });
    while store.blocking_sessions(2) != [1] {
        tokio::task::yield_now().await;
    }
    first.commit(true).await.unwrap();
    assert_eq!(waiting.await.unwrap(), (RowLock::Granted { waited: true }, Some("1".into())));
}

/// A deletion and its grave are one batch; the grave gets the commit's number in its key, too.
#[tokio::test]
async fn a_grave_is_numbered_by_its_commit_and_goes_with_its_table() {
    let dir = TempDir::new();
    let store = dir.open();
    let inserting = begin(&store, 1, RC);
    put(&inserting, "a", "last").unwrap();
    inserting.commit(true).await.unwrap();
    let grave = |seq| Key::Grave { table: 1, owner: 0, seq, row: b"a" }.encode();
    let txn = begin(&store, 1, RC);
    txn.begin_statement().unwrap();
    txn.delete(Space::Rows, key("a")).unwrap();
    txn.put(Space::Graves, grave(keys::UNCOMMITTED), value("last")).unwrap();
    txn.end_statement().unwrap();
    let info = txn.commit(true).await.unwrap();
    drop((inserting, txn));
    store.close().unwrap();
    drop(store);

    let store = dir.open();
    let kept = store.get(Space::Graves, &grave(info.seq)).unwrap().unwrap();
    assert_eq!((row::seq(&kept), row::updated_us(&kept)), (info.seq, info.updated_us));
    assert_eq!(text(Some(kept)), Some("last".into()));
    assert_eq!(store.get(Space::Graves, &grave(keys::UNCOMMITTED)).unwrap(), None);
    assert_eq!(store.relations_in(Space::Graves).unwrap(), [1]);
    let txn = begin(&store, 1, RC);
    txn.drop_storage(1);
    txn.commit(true).await.unwrap();
    assert_eq!(store.relations_in(Space::Graves).unwrap(), Vec::<StorageId>::new());
}

#[tokio::test]
async fn a_reopened_store_goes_on_where_it_stopped() {
    let dir = TempDir::new();
    let store = dir.open();
    assert!(store.is_new());
    let params = SequenceParams {
        name: "s".into(),
        start: 1,
        increment: 1,
        min: 1,
        max: i64::MAX,
        cycle: false,
    };
    let txn = begin(&store, 1, RC);
    put(&txn, "a", "1").unwrap();
    assert_eq!(store.nextval(&txn, 9, &params), Ok(1));
    assert_eq!(store.nextval(&txn, 9, &params), Ok(2));
    let (oid, row_id) = (store.allocate_oid().unwrap(), store.allocate_row_id(1).unwrap());
    assert_eq!((oid, row_id), (16384, 1));
    let before = txn.commit(true).await.unwrap();
    drop(txn);
    store.close().unwrap();
    drop(store);

    let store = dir.open();
    assert!(!store.is_new());
    assert_eq!(store.last_seq(), before.seq);
    let txn = begin(&store, 1, RC);
    assert_eq!(get(&txn, "a"), Some("1".into()));
    // Never a value twice; up to 32 may be skipped.
    let next = store.nextval(&txn, 9, &params).unwrap();
    assert!((3..=35).contains(&next), "{next}");
    assert!(store.allocate_oid().unwrap() > oid && store.allocate_row_id(1).unwrap() > row_id);
    put(&txn, "a", "2").unwrap();
    let after = txn.commit(true).await.unwrap();
    assert!(after.seq > before.seq && after.updated_us > before.updated_us);
}

#[tokio::test]
async fn sequences_end_or_cycle_at_their_limits() {
    let dir = TempDir::new();
    let store = dir.open();
    let txn = begin(&store, 1, RC);
    let mut params =
        SequenceParams { name: "s".into(), start: 2, increment: 2, min: 1, max: 5, cycle: false };
    let next = |params: &SequenceParams| store.nextval(&txn, 1, params);
    assert_eq!((next(&params), next(&params)), (Ok(2), Ok(4)));
    let message = "nextval: reached maximum value of sequence \"s\" (5)";
    assert_eq!(next(&params), Err(StorageError::SequenceLimit(message.into())));
    params.cycle = true;
    assert_eq!(next(&params), Ok(1));
    params.increment = -3;
    assert_eq!(next(&params), Ok(5));
    store.setval(&txn, 1, &params, 3, false).unwrap();
    assert_eq!(next(&params), Ok(3));
    let state = store.sequence_state(1, &params).unwrap();
    assert_eq!((state.last_value, state.is_called), (3, true));
    let message = "setval: value 6 is out of bounds for sequence \"s\" (1..5)";
    let set = store.setval(&txn, 1, &params, 6, true);
    assert_eq!(set, Err(StorageError::SequenceRange(message.into())));
}

#[tokio::test]
async fn dropped_storage_is_deleted_at_commit_but_old_snapshots_keep_it() {
    let dir = TempDir::new();
    let store = dir.open();
    let txn = begin(&store, 1, RC);
    put(&txn, "a", "1").unwrap();
    txn.commit(true).await.unwrap();
    let old = begin(&store, 2, RR);
    assert_eq!(get(&old, "a"), Some("1".into()));
    let rolled_back = begin(&store, 1, RC);
    rolled_back.drop_storage(1);
    rolled_back.rollback();
    let txn = begin(&store, 1, RC);
    txn.drop_storage(1);
    assert_eq!(get(&txn, "a"), Some("1".into()));
    txn.commit(true).await.unwrap();
    assert_eq!(store.get(Space::Rows, &key("a")).unwrap(), None);
    assert_eq!(get(&old, "a"), Some("1".into()));
}

/// Two doctors on call, each signs off because the other is there.
#[tokio::test]
async fn write_skew_fails_under_serializable_only() {
    for level in [RR, SER] {
        let dir = TempDir::new();
        let store = dir.open();
        let setup = begin(&store, 1, RC);
        put(&setup, "x", "on").unwrap();
        put(&setup, "y", "on").unwrap();
        setup.commit(true).await.unwrap();
        let (t1, t2) = (begin(&store, 1, level), begin(&store, 2, level));
        for txn in [&t1, &t2] {
            assert_eq!((get(txn, "x"), get(txn, "y")), (Some("on".into()), Some("on".into())));
        }
        put(&t1, "x", "off").unwrap();
        put(&t2, "y", "off").unwrap();
        t1.commit(true).await.unwrap();
        let second = t2.commit(true).await;
        assert_eq!(matches!(second, Err(StorageError::Serialization(_))), level == SER);
        assert_eq!(second.is_ok(), level == RR);
    }
}

#[tokio::test]
async fn serial_runs_and_single_edges_do_not_fail() {
    let dir = TempDir::new();
    let store = dir.open();
    let (t1, t2) = (begin(&store, 1, SER), begin(&store, 2, SER));
    // T1 →rw T2 alone is serializable: T1 before T2.
    assert_eq!((get(&t1, "x"), get(&t2, "z")), (None, None));
    put(&t2, "x", "2").unwrap();
    t2.commit(true).await.unwrap();
    put(&t1, "y", "1").unwrap();
    t1.commit(true).await.unwrap();
    let t3 = begin(&store, 1, SER);
    assert_eq!(get(&t3, "x"), Some("2".into()));
    put(&t3, "x", "3").unwrap();
    t3.commit(true).await.unwrap();
}

#[tokio::test]
async fn a_phantom_counts_as_read() {
    let dir = TempDir::new();
    let store = dir.open();
    let (t1, t2) = (begin(&store, 1, SER), begin(&store, 2, SER));
    for (txn, name) in [(&t1, "a"), (&t2, "b")] {
        let view = txn.begin_statement().unwrap();
        assert!(listed(&view, Direction::Forward).is_empty());
        txn.put(Space::Rows, key(name), value("1")).unwrap();
        txn.end_statement().unwrap();
    }
    t2.commit(true).await.unwrap();
    assert!(matches!(t1.commit(true).await, Err(StorageError::Serialization(_))));
}

/// Fekete, O'Neil and O'Neil: the reader T3 sees the deposit T2 made, but not the withdrawal T1
/// is about to base on the state before; without T3, T1 and T2 would be serializable.
#[tokio::test]
async fn the_read_only_anomaly_is_found() {
    for with_reader in [false, true] {
        let dir = TempDir::new();
        let store = dir.open();
        let t1 = begin(&store, 1, SER);
        assert_eq!((get(&t1, "x"), get(&t1, "y")), (None, None));
        let t2 = begin(&store, 2, SER);
        assert_eq!(get(&t2, "y"), None);
        put(&t2, "y", "20").unwrap();
        t2.commit(true).await.unwrap();
        if with_reader {
            let t3 = begin(&store, 3, SER);
            assert_eq!((get(&t3, "x"), get(&t3, "y")), (None, Some("20".into())));
            t3.commit(true).await.unwrap();
        }
        let written = put(&t1, "x", "-11");
        let outcome = match written {
            Ok(()) => t1.commit(true).await.map(|_| ()),
            Err(error) => Err(error),
        };
        assert_eq!(outcome.is_err(), with_reader);
    }
}

#[test]
fn foreign_directories_are_refused_untouched() {
    let dir = TempDir::new();
    std::fs::create_dir_all(&dir.0).unwrap();
    std::fs::write(dir.0.join("letter.txt"), "mine").unwrap();
    let refused = |dir: &TempDir| match Store::open(&dir.0, &StoreOptions::default()) {
        Err(StorageError::BadDirectory { reason, .. }) => reason,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("opened"),
    };
    assert!(refused(&dir).contains("not KalamDB's"));
    assert_eq!(std::fs::read_dir(&dir.0).unwrap().count(), 1);
    std::fs::write(dir.0.join("FORMAT"), "kalamdb data directory\n4\n").unwrap();
    assert!(refused(&dir).contains("format 4"));
    std::fs::write(dir.0.join("FORMAT"), "kalamdb data directory\n1\n").unwrap();
    assert!(refused(&dir).contains("missing or damaged"));
}

#[test]
fn a_second_server_is_refused() {
    let dir = TempDir::new();
    let _first = dir.open();
    let second = Store::open(&dir.0, &StoreOptions::default());
    assert_eq!(second.err(), Some(StorageError::InUse(dir.0.clone())));
}

/// The bytes of a write that was cut off by a crash are no commit; everything before them is.
#[tokio::test]
async fn a_torn_tail_of_the_log_loses_only_itself() {
    let dir = TempDir::new();
    let store = dir.open();
    for name in ["a", "b"] {
        let txn = begin(&store, 1, RC);
        put(&txn, name, "1").unwrap();
        txn.commit(true).await.unwrap();
    }
    store.close().unwrap();
    drop(store);
    let logs = std::fs::read_dir(dir.0.join("hot")).unwrap().map(|e| e.unwrap().path());
    let log = logs.filter(|p| p.extension().is_some_and(|e| e == "log")).max().unwrap();
    let length = std::fs::metadata(&log).unwrap().len();
    std::fs::OpenOptions::new().write(true).open(&log).unwrap().set_len(length - 3).unwrap();
    let store = dir.open();
    let txn = begin(&store, 1, RC);
    assert_eq!((get(&txn, "a"), get(&txn, "b")), (Some("1".into()), None));
}

/// A statement that has seen a row under a key that it left finds it, however often it moved; nobody
/// is told of moves that were undone, or that his snapshot shows.
#[tokio::test]
async fn rows_are_followed_to_their_new_keys() {
    let dir = TempDir::new();
    let store = dir.open();
    let from = |name: &'static str| Bytes::from_static(name.as_bytes());
    let older = begin(&store, 9, IsolationLevel::RepeatableRead);
    older.begin_statement().unwrap();
    for (step, (a, b)) in [("a", "b"), ("b", "c"), ("x", "a")].into_iter().enumerate() {
        let txn = begin(&store, 1, IsolationLevel::ReadCommitted);
        put(&txn, b, &step.to_string()).unwrap();
        txn.begin_statement().unwrap();
        txn.moved(1, from(a), from(b));
        txn.end_statement().unwrap();
        let before = txn.savepoint();
        txn.begin_statement().unwrap();
        txn.moved(1, from(b), from("undone"));
        txn.end_statement().unwrap();
        txn.rollback_to(&before);
        txn.begin_statement().unwrap();
        txn.moved(1, from(b), from("failed"));
        txn.abort_statement();
        txn.commit(true).await.unwrap();
    }
    let (to, place) = older.follow(1, &from("a"), MovePlace::after(0)).unwrap();
    assert_eq!(to, "b");
    let (to, place) = older.follow(1, &to, place).unwrap();
    assert_eq!(to, "c");
    assert!(older.follow(1, &to, place).is_none());
    // Another row has come to the key since; it has not left.
    assert!(older.follow(1, &from("a"), place).is_none());
    assert!(older.follow(2, &from("a"), MovePlace::after(0)).is_none());
    older.rollback();
    let last = begin(&store, 1, IsolationLevel::ReadCommitted);
    put(&last, "y", "").unwrap();
    last.commit(true).await.unwrap();
    drop(store.snapshot());
    assert_eq!(store.moves.len(), 0);
}
