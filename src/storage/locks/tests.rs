//! Lock conflicts, queues, timeouts and deadlocks, played by sessions of one process.

use super::*;
use crate::nodes::{LockWait, RowLockMode};
use crate::storage::StorageError;
use crate::storage::cold::FIRST_SESSION;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Nobody looks for a deadlock unless a test asks for it.
const OPTIONS: LockWaitOptions =
    LockWaitOptions { lock_timeout: None, deadlock_timeout: Duration::from_secs(3600) };

fn request(tag: Tag, session: u32, mode: Mode, wait: LockWait) -> Request<'static> {
    let (scope, options) = (LockScope::Transaction, OPTIONS);
    Request { tag, mode, scope, session, wait, options, transaction: &|| 700 }
}

async fn lock(locks: &LockManager, tag: Tag, session: u32, mode: impl Into<Mode>) -> Acquired {
    locks.acquire(request(tag, session, mode.into(), LockWait::NoWait)).await.unwrap()
}

/// Starts a wait and returns when it is queued.
async fn wait_for(
    locks: &Arc<LockManager>,
    tag: Tag,
    session: u32,
    mode: impl Into<Mode>,
) -> JoinHandle<Result<Acquired, StorageError>> {
    let (mode, shared) = (mode.into(), Arc::clone(locks));
    let task = tokio::spawn(async move {
        let request = request(tag, session, mode, LockWait::Block);
        shared.acquire(request).await
    });
    while !locks.waiting.lock().contains_key(&session) && !task.is_finished() {
        tokio::task::yield_now().await;
    }
    task
}

fn release(locks: &LockManager, tag: Tag, session: u32, mode: impl Into<Mode>) {
    locks.release(tag, session, mode.into(), LockScope::Transaction);
}

fn relation() -> Tag {
    Tag::relation(5, 16384)
}

#[tokio::test]
async fn a_session_never_conflicts_with_itself() {
    let locks = LockManager::default();
    for mode in [TableLockMode::AccessExclusive, TableLockMode::AccessShare] {
        assert_eq!(lock(&locks, relation(), 1, mode).await, Acquired::Granted);
    }
    assert_eq!(lock(&locks, relation(), 1, TableLockMode::AccessShare).await, Acquired::Already);
    assert_eq!(
        lock(&locks, relation(), 2, TableLockMode::AccessShare).await,
        Acquired::Unavailable
    );
    release(&locks, relation(), 1, TableLockMode::AccessExclusive);
    assert_eq!(lock(&locks, relation(), 2, TableLockMode::AccessShare).await, Acquired::Granted);
    for session in [1, 2] {
        release(&locks, relation(), session, TableLockMode::AccessShare);
    }
    assert!(locks.table.is_empty());
}

#[tokio::test]
async fn relation_locks_are_granted_in_turn() {
    let locks = Arc::new(LockManager::default());
    lock(&locks, relation(), 1, TableLockMode::RowExclusive).await;
    let second = wait_for(&locks, relation(), 2, TableLockMode::AccessExclusive).await;
    // Compatible with the holder, but it would overtake session 2.
    let asked = lock(&locks, relation(), 3, TableLockMode::RowExclusive).await;
    assert_eq!(asked, Acquired::Unavailable);
    // Session 1 holds a lock already, so it may.
    assert_eq!(lock(&locks, relation(), 1, TableLockMode::AccessShare).await, Acquired::Granted);
    release(&locks, relation(), 1, TableLockMode::RowExclusive);
    release(&locks, relation(), 1, TableLockMode::AccessShare);
    assert_eq!(second.await.unwrap(), Ok(Acquired::Waited));
}

#[tokio::test]
async fn key_share_passes_a_waiting_update() {
    let locks = Arc::new(LockManager::default());
    let row = locks.row_tag(7, b"key");
    lock(&locks, row, 1, RowLockMode::KeyShare).await;
    let update = wait_for(&locks, row, 2, RowLockMode::Update).await;
    assert_eq!(lock(&locks, row, 3, RowLockMode::KeyShare).await, Acquired::Granted);
    assert_eq!(lock(&locks, row, 3, RowLockMode::NoKeyUpdate).await, Acquired::Granted);
    release(&locks, row, 1, RowLockMode::KeyShare);
    release(&locks, row, 3, RowLockMode::KeyShare);
    assert!(!update.is_finished());
    release(&locks, row, 3, RowLockMode::NoKeyUpdate);
    assert_eq!(update.await.unwrap(), Ok(Acquired::Waited));
}

#[tokio::test]
async fn a_cancelled_wait_leaves_no_trace() {
    let locks = Arc::new(LockManager::default());
    lock(&locks, relation(), 1, TableLockMode::Share).await;
    let exclusive = wait_for(&locks, relation(), 2, TableLockMode::Exclusive).await;
    let behind = wait_for(&locks, relation(), 3, TableLockMode::Share).await;
    exclusive.abort();
    assert!(exclusive.await.unwrap_err().is_cancelled());
    // Only the cancelled request stood between session 3 and its lock.
    assert_eq!(behind.await.unwrap(), Ok(Acquired::Waited));
    release(&locks, relation(), 1, TableLockMode::Share);
    release(&locks, relation(), 3, TableLockMode::Share);
    assert!(locks.table.is_empty() && locks.waiting.lock().is_empty());
}

#[tokio::test]
async fn lock_timeout_ends_a_wait() {
    let locks = LockManager::default();
    lock(&locks, relation(), 1, TableLockMode::Share).await;
    let mut asked = request(relation(), 2, TableLockMode::Exclusive.into(), LockWait::Block);
    asked.options.lock_timeout = Some(Duration::from_millis(1));
    assert_eq!(locks.acquire(asked).await, Err(StorageError::LockTimeout));
    assert_eq!(locks.list().len(), 1);
}

/// Sessions 1 and 2 hold a row each and want the other's.
#[tokio::test]
async fn one_member_of_a_cycle_fails() {
    let locks = Arc::new(LockManager::default());
    let (a, b) = (locks.row_tag(7, b"a"), locks.row_tag(7, b"b"));
    lock(&locks, a, 1, RowLockMode::Update).await;
    lock(&locks, b, 2, RowLockMode::Update).await;
    let first = wait_for(&locks, b, 1, RowLockMode::Update).await;
    let mut asked = request(a, 2, RowLockMode::Update.into(), LockWait::Block);
    asked.options.deadlock_timeout = Duration::from_millis(1);
    let Err(StorageError::Deadlock(detail)) = locks.acquire(asked).await else {
        panic!("session 2 looks first");
    };
    release(&locks, b, 2, RowLockMode::Update);
    let winner = first.await.unwrap();
    assert_eq!(winner, Ok(Acquired::Waited));
    assert_eq!(
        detail,
        "Process 2 waits for ShareLock on transaction 700; blocked by process 1.\n\
         Process 1 waits for ShareLock on transaction 700; blocked by process 2."
    );
}

#[tokio::test]
async fn session_advisory_locks_are_counted() {
    let locks = LockManager::default();
    let tag = Tag::advisory(AdvisoryKey { database: 5, high: 0, low: 1, kind: 1 });
    let (mine, mode) = (1, Mode::advisory(false));
    for _ in 0..2 {
        let mut asked = request(tag, mine, mode, LockWait::NoWait);
        asked.scope = LockScope::Session;
        assert_eq!(locks.acquire_session(asked).await, Ok(true));
    }
    assert!(locks.release_session(mine, tag, mode));
    assert_eq!(lock(&locks, tag, 2, TableLockMode::Share).await, Acquired::Unavailable);
    // The transaction's hold is its own: it stays when the session has given back all of its.
    assert_eq!(lock(&locks, tag, mine, TableLockMode::Exclusive).await, Acquired::Granted);
    assert_eq!(lock(&locks, tag, mine, TableLockMode::Exclusive).await, Acquired::Already);
    assert!(locks.release_session(mine, tag, mode));
    assert!(!locks.release_session(mine, tag, mode));
    assert_eq!(lock(&locks, tag, 2, TableLockMode::Share).await, Acquired::Unavailable);
    release(&locks, tag, mine, TableLockMode::Exclusive);
    assert_eq!(lock(&locks, tag, 2, TableLockMode::Share).await, Acquired::Granted);
}

#[tokio::test]
async fn pg_locks_shows_holders_and_waiters() {
    let locks = Arc::new(LockManager::default());
    lock(&locks, relation(), 1, TableLockMode::AccessShare).await;
    let _waiting = wait_for(&locks, relation(), 2, TableLockMode::AccessExclusive).await;
    let shown: Vec<_> =
        locks.list().into_iter().map(|l| (l.session, l.relation, l.mode, l.granted)).collect();
    assert_eq!(
        shown,
        [(1, Some(16384), "AccessShareLock", true), (2, Some(16384), "AccessExclusiveLock", false)]
    );
    assert_eq!(locks.blockers(2), [1]);
}

#[tokio::test]
async fn nobody_is_refused_a_row_for_its_move_between_the_tiers() {
    let locks = Arc::new(LockManager::default());
    let (tag, mover) = (locks.row_tag(1, b"k"), FIRST_SESSION);
    assert_eq!(lock(&locks, tag, mover, RowLockMode::Update).await, Acquired::Granted);
    let shared = Arc::clone(&locks);
    let asked = tokio::spawn(async move { lock(&shared, tag, 2, RowLockMode::Update).await });
    while !locks.waiting.lock().contains_key(&2) {
        tokio::task::yield_now().await;
    }
    release(&locks, tag, mover, RowLockMode::Update);
    assert_eq!(asked.await.unwrap(), Acquired::Waited);
    assert_eq!(lock(&locks, tag, 3, RowLockMode::Update).await, Acquired::Unavailable);
}
