//! LISTEN and NOTIFY across sessions.
//!
//! A transaction's notifications go out when it commits, in commit order, to every session that
//! listens on their channel, also its own. Each session has an inbox; it empties it between
//! statements, or when woken while idle.

use super::backend::Backend;
use super::client::Notification;
use crate::error::{PgError, Result, code};
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that may wait in all inboxes together: a session in a long transaction does not read its
/// own. (PostgreSQL's queue is on disk and has 8 GB.)
const WAITING_BYTES_MAX: usize = 256 << 20;

/// Channels and who listens on them.
#[derive(Default)]
pub struct NotificationHub {
    channels: Mutex<HashMap<String, BTreeMap<i32, Arc<Inbox>>>>,
    waiting_bytes: Arc<AtomicUsize>,
}

/// A transaction's notifications, in order. Equal ones are delivered once.
#[derive(Default)]
pub struct Outbox {
    list: Vec<Arc<Notification>>,
    known: HashSet<Arc<Notification>>,
}

impl Outbox {
    pub fn push(&mut self, notification: Notification) {
        let notification = Arc::new(notification);
        if self.known.insert(notification.clone()) {
            self.list.push(notification);
        }
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Forgets all but the first `len`: a savepoint's rollback.
    pub fn truncate(&mut self, len: usize) {
        for undone in self.list.drain(len.min(self.list.len())..) {
            self.known.remove(&undone);
        }
    }

    pub fn take(&mut self) -> Vec<Arc<Notification>> {
        self.known.clear();
        std::mem::take(&mut self.list)
    }
}

/// One session's notifications.
pub struct Inbox {
    backend: Arc<Backend>,
    queue: Mutex<Vec<Arc<Notification>>>,
    /// The hub's.
    waiting_bytes: Arc<AtomicUsize>,
}

impl Inbox {
    /// Everything that has arrived.
    pub fn take(&self) -> Vec<Arc<Notification>> {
        let all = std::mem::take(&mut *self.queue.lock());
        self.waiting_bytes.fetch_sub(all.iter().map(bytes).sum(), Ordering::Relaxed);
        all
    }

    pub fn is_empty(&self) -> bool {
        self.queue.lock().is_empty()
    }

    fn put(&self, notification: Arc<Notification>) {
        self.waiting_bytes.fetch_add(bytes(&notification), Ordering::Relaxed);
        self.queue.lock().push(notification);
        self.backend.wake();
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.take();
    }
}

/// About what a waiting notification holds, were it not shared.
fn bytes(notification: &Arc<Notification>) -> usize {
    notification.channel.len() + notification.payload.len() + 64
}

impl NotificationHub {
    pub fn inbox(&self, backend: Arc<Backend>) -> Arc<Inbox> {
        let waiting_bytes = self.waiting_bytes.clone();
        Arc::new(Inbox { backend, queue: Mutex::default(), waiting_bytes })
    }

    /// Refuses a transaction's notifications where too many wait already to be read.
    pub fn check_room(&self) -> Result<()> {
        match self.waiting_bytes.load(Ordering::Relaxed) < WAITING_BYTES_MAX {
            true => Ok(()),
            false => Err(PgError::new(
                code::PROGRAM_LIMIT_EXCEEDED,
                "too many notifications in the NOTIFY queue",
            )),
        }
    }

    pub fn listen(&self, channel: &str, inbox: &Arc<Inbox>) {
        let mut channels = self.channels.lock();
        let listeners = channels.entry(channel.to_owned()).or_default();
        listeners.insert(inbox.backend.pid, inbox.clone());
    }

    pub fn unlisten(&self, channel: &str, pid: i32) {
        let mut channels = self.channels.lock();
        if let Some(listeners) = channels.get_mut(channel) {
            listeners.remove(&pid);
            if listeners.is_empty() {
                channels.remove(channel);
            }
        }
    }

    /// Delivers a committed transaction's notifications.
    pub fn publish(&self, notifications: &[Arc<Notification>]) {
        let channels = self.channels.lock();
        for notification in notifications {
            for inbox in channels.get(&notification.channel).into_iter().flat_map(BTreeMap::values)
            {
                inbox.put(notification.clone());
            }
        }
    }
}
