//! LISTEN, UNLISTEN, NOTIFY. All take effect when the transaction commits.

use super::Outcome;
use crate::error::Result;
use crate::functions::SessionFunctions;
use crate::session::Session;
use pg_raw_parse::nodes;

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

    /// At commit: other sessions' notifications follow what LISTEN and UNLISTEN said.
    pub(in crate::session) fn apply_listening(&mut self) {
        let wanted = self.state.listening.lock().clone();
        if wanted == self.registered {
            return;
        }
        let hub = &self.state.instance.notifications;
        for channel in wanted.iter().filter(|c| !self.registered.contains(c)) {
            hub.listen(channel, &self.state.inbox);
        }
        for channel in self.registered.iter().filter(|c| !wanted.contains(c)) {
            hub.unlisten(channel, self.state.backend.pid);
        }
        self.registered = wanted;
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
        self.apply_listening();
    }
}
