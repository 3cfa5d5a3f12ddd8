//! LISTEN, UNLISTEN, NOTIFY. All take effect when the transaction commits: the transaction's own
//! notifications already go by what it listens on then.

use super::Outcome;
use crate::error::Result;
use crate::functions::SessionFunctions;
use crate::session::Session;
use crate::session::notify::{Inbox, NotificationHub};
use pg_raw_parse::nodes;
use std::sync::Arc;

/// What LISTEN and UNLISTEN change about who hears what.
pub(in crate::session) struct ListeningChange {
    pid: i32,
    inbox: Arc<Inbox>,
    begun: Vec<String>,
    ended: Vec<String>,
}

impl ListeningChange {
    pub(in crate::session) fn apply(&self, hub: &NotificationHub) {
        self.begun.iter().for_each(|channel| hub.listen(channel, &self.inbox));
        self.ended.iter().for_each(|channel| hub.unlisten(channel, self.pid));
    }
}

impl Session {
    pub(super) fn listen(&mut self, channel: &str) -> Result<Outcome> {
        let mut listening = self.state.listening.lock();
        if !listening.iter().any(|c| c == channel) {
            listening.push(channel.to_owned());
        }
        Ok(Outcome::done("LISTEN"))
    }

    /// `None`: all channels.
    pub(super) fn unlisten(&mut self, channel: Option<&str>) -> Result<Outcome> {
        match channel {
            Some(channel) => self.state.listening.lock().retain(|c| c != channel),
            None => self.state.listening.lock().clear(),
        }
        Ok(Outcome::done("UNLISTEN"))
    }

    pub(super) fn notify(&mut self, s: &nodes::NotifyStmt) -> Result<Outcome> {
        let payload = s.payload().unwrap_or_default();
        self.state.notify(s.conditionname().unwrap_or_default(), payload)?;
        Ok(Outcome::done("NOTIFY"))
    }

    /// What is to become of the session's listening with the commit.
    pub(in crate::session) fn listening_change(&self) -> Option<ListeningChange> {
        let wanted = self.state.listening.lock();
        let missing = |of: &[String], from: &[String]| -> Vec<String> {
            of.iter().filter(|channel| !from.contains(channel)).cloned().collect()
        };
        (*wanted != self.registered).then(|| ListeningChange {
            pid: self.state.backend.pid,
            inbox: self.state.inbox.clone(),
            begun: missing(&wanted, &self.registered),
            ended: missing(&self.registered, &wanted),
        })
    }

    /// After that commit.
    pub(in crate::session) fn listening_changed(&mut self) {
        let wanted = self.state.listening.lock();
        if *wanted != self.registered {
            self.registered.clone_from(&wanted);
        }
    }

    /// At rollback.
    pub(in crate::session) fn revert_listening(&mut self) {
        let mut listening = self.state.listening.lock();
        if *listening != self.registered {
            listening.clone_from(&self.registered);
        }
    }

    /// At the session's end.
    pub(in crate::session) fn unlisten_all(&mut self) {
        self.state.listening.lock().clear();
        if let Some(change) = self.listening_change() {
            change.apply(&self.state.instance.notifications);
        }
        self.listening_changed();
    }
}
