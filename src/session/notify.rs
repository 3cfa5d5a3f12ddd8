//! LISTEN and NOTIFY across sessions.
//!
//! A transaction's notifications go out when it commits, in commit order, to every session that
//! listens on their channel, also its own. Each session has an inbox; it empties it between
//! statements, or when woken while idle.

use super::backend::Backend;
use super::client::Notification;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Notifications that wait in one inbox; a session that never reads loses what comes beyond.
const INBOX_MAX: usize = 1 << 20;

/// Channels and who listens on them.
#[derive(Default)]
pub struct NotificationHub {
    channels: Mutex<HashMap<String, BTreeMap<i32, Arc<Inbox>>>>,
}

/// One session's notifications.
pub struct Inbox {
    backend: Arc<Backend>,
    queue: Mutex<Vec<Arc<Notification>>>,
}

impl Inbox {
    pub fn new(backend: Arc<Backend>) -> Arc<Inbox> {
        Arc::new(Inbox { backend, queue: Mutex::default() })
    }

    /// Everything that has arrived.
    pub fn take(&self) -> Vec<Arc<Notification>> {
        std::mem::take(&mut *self.queue.lock())
    }

    pub fn is_empty(&self) -> bool {
        self.queue.lock().is_empty()
    }

    fn put(&self, notification: Arc<Notification>) {
        let mut queue = self.queue.lock();
        if queue.len() < INBOX_MAX {
            queue.push(notification);
        }
        drop(queue);
        self.backend.wake();
    }
}

impl NotificationHub {
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
