//! Settings that every transaction looks at, read again only after some setting changed.

use super::Session;
use super::settings::Settings;
use super::state::Modes;
use std::time::Duration;

#[derive(Clone, Copy)]
pub(super) struct Frequent {
    settings_version: u64,
    /// `default_transaction_…`.
    pub modes: Modes,
    pub synchronous_commit: bool,
    pub idle_session_timeout: Option<Duration>,
    pub idle_in_transaction_timeout: Option<Duration>,
}

impl Frequent {
    pub(super) fn read(settings: &Settings) -> Frequent {
        Frequent {
            settings_version: settings.version(),
            modes: Modes::defaults(settings),
            synchronous_commit: settings.get("synchronous_commit").as_deref() != Some("off"),
            idle_session_timeout: settings.timeout("idle_session_timeout"),
            idle_in_transaction_timeout: settings.timeout("idle_in_transaction_session_timeout"),
        }
    }
}

impl Session {
    pub(super) fn frequent(&mut self) -> Frequent {
        let settings = self.state.settings.lock();
        if self.frequent.settings_version != settings.version() {
            self.frequent = Frequent::read(&settings);
        }
        self.frequent
    }
}
