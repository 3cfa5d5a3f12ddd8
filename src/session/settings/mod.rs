//! The session's settings: SET, SHOW, RESET over the table of PostgreSQL's settings
//! ([`builtin::settings`]) and custom settings (`app.user_id`).
//!
//! A setting has up to three values: the *reset* value that the session began with (from the
//! server, the database, the role or the startup packet), the session's own, and one that SET LOCAL
//! made for the transaction. The innermost is in force. SET is transactional, as in PostgreSQL:
//!
//! ```text
//! SET a = 1; BEGIN; SET a = 2; SAVEPOINT s; SET LOCAL a = 3; ROLLBACK TO s;  -- 2
//! COMMIT  -- 2        (ROLLBACK: 1)
//! ```
//!
//! Each change pushes what it replaced on an undo log; a savepoint is a position in the log.

mod effect;
mod function;
mod value;

pub use effect::REPORTED;
pub use function::FunctionSettings;
pub use value::parse_bool;

use crate::catalog::builtin::{self, Setting};
use crate::error::{PgError, Result, code};
use crate::functions::{split_identifiers, text_search_configuration_named};
use crate::types::{Charset, Format, SharedCharset};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use value::{invalid, invalid_value};

/// How long a change is to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    Session,
    /// To the end of the transaction.
    Local,
}

/// Who changes a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The startup packet: it also decides the reset value, and may set `backend` settings.
    Startup { superuser: bool },
    /// A statement of the session.
    Statement { superuser: bool },
}

/// The settings that make [`Settings::format`].
const FORMATS: [&str; 6] = [
    "datestyle",
    "intervalstyle",
    "timezone",
    "extra_float_digits",
    "bytea_output",
    "client_encoding",
];

/// The values of one setting that differ from the default.
#[derive(Clone, Debug, Default)]
struct Entry {
    reset: Option<Arc<str>>,
    session: Option<Arc<str>>,
    local: Option<Arc<str>>,
}

/// What a change replaced.
#[derive(Clone, Debug)]
struct Undo {
    key: String,
    session: Option<Arc<str>>,
    local: Option<Arc<str>>,
}

/// All settings of a session.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// By name in lower case.
    entries: HashMap<String, Entry>,
    undo: Vec<Undo>,
    format: Arc<Format>,
    /// `client_encoding`, for the connection.
    client_charset: Arc<SharedCharset>,
    /// Counts changes, so that what is derived from settings knows when it is stale.
    version: u64,
}

impl Settings {
    pub fn new() -> Settings {
        let mut settings = Settings::default();
        settings.derive_format();
        settings
    }

    /// Changes whenever a value may have.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The settings that decide how values are read and written.
    pub fn format(&self) -> &Arc<Format> {
        &self.format
    }

    /// The encoding of what the client sends and gets, now and after each change.
    pub fn client_charset(&self) -> &Arc<SharedCharset> {
        &self.client_charset
    }

    /// The stored value in force: numbers in the setting's own unit. `None`: no such setting.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        let key = name.to_ascii_lowercase();
        let entry = self.entries.get(&key);
        let own = entry.and_then(|e| e.local.as_ref().or(e.session.as_ref()).or(e.reset.as_ref()));
        match own {
            Some(value) => Some(Cow::Borrowed(value)),
            // A custom setting that had a value once is empty without one.
            None => default_of(&key).or(entry.map(|_| "")).map(Cow::Borrowed),
        }
    }

    /// What SHOW prints.
    pub fn show(&self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        Some(match builtin::setting(name) {
            Some(setting) => value::show(setting, &value),
            None => value.into_owned(),
        })
    }

    /// The value that RESET would restore.
    pub fn reset_value(&self, name: &str) -> Option<Cow<'_, str>> {
        let key = name.to_ascii_lowercase();
        match self.entries.get(&key).and_then(|e| e.reset.as_ref()) {
            Some(value) => Some(Cow::Borrowed(value)),
            None => default_of(&key).map(Cow::Borrowed),
        }
    }

    /// Whether the session has changed the setting (`pg_settings.source`).
    pub fn is_changed(&self, name: &str) -> bool {
        let entry = self.entries.get(&name.to_ascii_lowercase());
        entry.is_some_and(|e| e.session.is_some() || e.local.is_some())
    }

    /// Checks that the setting exists and that `source` may change it.
    pub fn check_may_change(name: &str, source: Source) -> Result<()> {
        let Some(setting) = find(name)? else { return Ok(()) };
        let cannot = |how: &str| {
            let message = format!("parameter \"{name}\" {how}");
            Err(PgError::new(code::CANT_CHANGE_RUNTIME_PARAM, message))
        };
        let (at_start, superuser) = match source {
            Source::Startup { superuser } => (true, superuser),
            Source::Statement { superuser } => (false, superuser),
        };
        match setting.context {
            "internal" => cannot("cannot be changed"),
            "postmaster" => cannot("cannot be changed without restarting the server"),
            "sighup" => cannot("cannot be changed now"),
            "backend" | "superuser-backend" if !at_start => {
                cannot("cannot be set after connection start")
            }
            "superuser" | "superuser-backend" if !superuser => Err(PgError::new(
                code::INSUFFICIENT_PRIVILEGE,
                format!("permission denied to set parameter \"{name}\""),
            )),
            _ => Ok(()),
        }
    }

    /// Sets a value, or with `None` goes back to the reset value. Gives the new value in force.
    pub fn set(
        &mut self,
        name: &str,
        text: Option<&str>,
        scope: Scope,
        source: Source,
    ) -> Result<()> {
        Settings::check_may_change(name, source)?;
        let value: Option<Arc<str>> = match text {
            Some(text) => Some(self.canonical(name, text)?.into()),
            None => None,
        };
        self.store(name, value, scope, source);
        Ok(())
    }

    /// Stores a value that is canonical already; settings that the session computes itself (role).
    pub fn store(&mut self, name: &str, value: Option<Arc<str>>, scope: Scope, source: Source) {
        let key = name.to_ascii_lowercase();
        let entry = self.entries.entry(key.clone()).or_default();
        if matches!(source, Source::Startup { .. }) {
            entry.reset = value;
        } else {
            let Entry { session, local, .. } = entry.clone();
            self.undo.push(Undo { key: key.clone(), session, local });
            match scope {
                Scope::Session => (entry.session, entry.local) = (value, None),
                // SET LOCAL … TO DEFAULT must hide the session's value for the transaction.
                Scope::Local => {
                    let reset = entry.reset.clone();
                    entry.local = value.or(reset).or_else(|| default_of(&key).map(Arc::from));
                }
            }
        }
        self.changed(&key);
    }

    /// RESET ALL: every setting that a user may reset goes back.
    pub fn reset_all(&mut self) {
        let keys: Vec<String> = self.entries.keys().cloned().collect();
        for key in keys {
            if !matches!(key.as_str(), "role" | "session_authorization" | "is_superuser")
                && self.is_changed(&key)
            {
                let superuser = true;
                self.store(&key, None, Scope::Session, Source::Statement { superuser });
            }
        }
    }

    /// Makes a custom setting one that exists.
    fn know(&mut self, key: &str) {
        if default_of(key).is_none() {
            self.entries.entry(key.to_owned()).or_default();
        }
    }

    /// Whether a setting can have a value, and may be given it.
    pub fn check(&self, name: &str, value: &str, source: Source) -> Result<()> {
        Settings::check_may_change(name, source)?;
        self.canonical(name, value).map(drop)
    }

    /// The value as it is stored, checked by the setting's kind and its own rules.
    fn canonical(&self, name: &str, text: &str) -> Result<String> {
        let Some(setting) = find(name)? else { return Ok(text.to_owned()) };
        let value = value::parse(setting, name, text)?;
        let value = self.canonical_by_name(setting.name, value)?;
        effect::check(setting.name, &value)?;
        Ok(value)
    }

    /// PostgreSQL's check hooks.
    fn canonical_by_name(&self, name: &'static str, value: String) -> Result<String> {
        match name {
            "DateStyle" => self.canonical_date_style(value),
            "TimeZone" | "log_timezone" => {
                let mut format = (*self.format).clone();
                format.set_time_zone(&value).ok_or_else(|| invalid_value(name, &value))
            }
            "client_encoding" => canonical_encoding(value),
            "default_text_search_config" => {
                text_search_configuration_named(&value).ok_or_else(|| invalid_value(name, &value))
            }
            "application_name" | "cluster_name" => Ok(clean_ascii(&value)),
            "search_path" | "temp_tablespaces" => match split_identifiers(&value) {
                Some(_) => Ok(value),
                None => Err(invalid_value(name, &value).detail("List syntax is invalid.")),
            },
            "restrict_nonsystem_relation_kind" => check_relation_kinds(name, value),
            "default_table_access_method" if value.is_empty() => {
                Err(invalid_value(name, &value)
                    .detail("default_table_access_method cannot be empty."))
            }
            _ => Ok(value),
        }
    }

    fn canonical_date_style(&self, value: String) -> Result<String> {
        let given: Vec<&str> = value.split(',').map(str::trim).collect();
        let default = self.reset_value("DateStyle").unwrap_or_default();
        let with_default: Vec<&str> = given
            .iter()
            .map(|word| if word.eq_ignore_ascii_case("default") { &default } else { *word })
            .collect();
        let mut format = (*self.format).clone();
        format.set_date_style(&with_default.join(", ")).ok_or_else(|| {
            let unknown = given.iter().find(|word| format.clone().set_date_style(word).is_none());
            let detail = match unknown {
                Some(word) => format!("Unrecognized key word: \"{word}\"."),
                None => "Conflicting \"datestyle\" specifications.".to_owned(),
            };
            invalid_value("DateStyle", &value).detail(detail)
        })
    }

    fn changed(&mut self, key: &str) {
        self.version += 1;
        if FORMATS.contains(&key) {
            self.derive_format();
        }
    }

    /// Rebuilds [`Settings::format`]; the values were checked when they were set.
    fn derive_format(&mut self) {
        let mut format = Format::default();
        for name in FORMATS {
            set_format(&mut format, name, &self.text(name));
        }
        self.client_charset.set(format.client_encoding);
        self.format = Arc::new(format);
    }

    fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().into_owned()
    }
}

/// Puts the checked value of one of [`FORMATS`] into a format.
fn set_format(format: &mut Format, name: &str, value: &str) {
    match name {
        "datestyle" => drop(format.set_date_style(value)),
        "intervalstyle" => drop(format.set_interval_style(value)),
        "timezone" => drop(format.set_time_zone(value)),
        "bytea_output" => drop(format.set_bytea_output(value)),
        "extra_float_digits" => format.extra_float_digits = value.parse().unwrap_or(1),
        _ => format.client_encoding = Charset::named(value).unwrap_or(Charset::UTF8),
    }
}

/// Transactions.
impl Settings {
    /// A position to roll back to.
    pub fn mark(&self) -> usize {
        self.undo.len()
    }

    pub fn rollback_to(&mut self, mark: usize) {
        while self.undo.len() > mark {
            let Some(Undo { key, session, local }) = self.undo.pop() else { break };
            let entry = self.entries.entry(key.clone()).or_default();
            (entry.session, entry.local) = (session, local);
            self.changed(&key);
        }
    }

    /// SET stays, SET LOCAL ends.
    pub fn commit(&mut self) {
        for Undo { key, .. } in std::mem::take(&mut self.undo) {
            if let Some(entry) = self.entries.get_mut(&key)
                && entry.local.take().is_some()
            {
                self.changed(&key);
            }
        }
    }

    pub fn rollback(&mut self) {
        self.rollback_to(0);
    }
}

/// Settings as the session uses them.
impl Settings {
    /// The settings that values are read and written by, and the search path, where they are not the
    /// defaults: the same text for the same values.
    pub fn formats(&self) -> Arc<str> {
        let mut formats = String::new();
        for key in FORMATS.iter().chain(&["search_path"]) {
            let changed = |e: &Entry| e.reset.is_some() || e.session.is_some() || e.local.is_some();
            if self.entries.get(*key).is_some_and(changed) {
                formats.push_str(key);
                formats.push('=');
                formats.push_str(&self.text(key));
                formats.push('\n');
            }
        }
        formats.into()
    }

    pub fn is_on(&self, name: &str) -> bool {
        self.get(name).as_deref() == Some("on")
    }

    /// A timeout in milliseconds; 0 is none.
    pub fn timeout(&self, name: &str) -> Option<Duration> {
        match self.get(name)?.parse::<u64>() {
            Ok(ms) if ms > 0 => Some(Duration::from_millis(ms)),
            _ => None,
        }
    }

    /// Whether queries may not use views of users (`restrict_nonsystem_relation_kind`).
    pub fn restricts_views(&self) -> bool {
        let kinds = split_identifiers(&self.text("restrict_nonsystem_relation_kind"));
        kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind.eq_ignore_ascii_case("view")))
    }

    pub fn integer(&self, name: &str) -> i64 {
        self.get(name).and_then(|v| v.parse().ok()).unwrap_or(0)
    }
}

/// The row of a setting; `None` for a custom one. An unknown name without a dot is 42704.
fn find(name: &str) -> Result<Option<&'static Setting>> {
    if let Some(setting) = builtin::setting(name) {
        return Ok(Some(setting));
    }
    if is_unlisted(name) {
        return Ok(None);
    }
    if !name.contains('.') {
        return Err(unrecognized(name));
    }
    let valid = name.split('.').all(|part| {
        let mut chars = part.chars();
        chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '$')
    });
    match valid {
        true => Ok(None),
        false => Err(PgError::new(
            code::INVALID_NAME,
            format!("invalid configuration parameter name \"{name}\""),
        )
        .detail(
            "Custom parameter names must be two or more simple identifiers separated by dots.",
        )),
    }
}

/// Settings that exist and pg_settings does not list.
fn is_unlisted(name: &str) -> bool {
    let unlisted = ["role", "session_authorization", "is_superuser", "seed"];
    unlisted.iter().any(|u| name.eq_ignore_ascii_case(u))
}

fn default_of(key: &str) -> Option<&'static str> {
    match key {
        "role" => return Some("none"),
        "is_superuser" => return Some("off"),
        "seed" => return Some("unavailable"),
        _ => {}
    }
    let setting = builtin::setting(key)?;
    effect::default_value(setting.name).or(Some(setting.boot_value.unwrap_or_default()))
}

/// 42704 for a name that no setting has.
pub fn unrecognized(name: &str) -> PgError {
    let message = format!("unrecognized configuration parameter \"{name}\"");
    PgError::new(code::UNDEFINED_OBJECT, message)
}

/// A list of kinds of relations that queries may not use.
fn check_relation_kinds(name: &str, value: String) -> Result<String> {
    let Some(kinds) = split_identifiers(&value) else {
        return Err(invalid_value(name, &value).detail("List syntax is invalid."));
    };
    match kinds.iter().find(|kind| !RELATION_KINDS.iter().any(|k| kind.eq_ignore_ascii_case(k))) {
        Some(unknown) => {
            let detail = format!("Unrecognized key word: \"{unknown}\".");
            Err(invalid_value(name, &value).detail(detail))
        }
        None => Ok(value),
    }
}

/// What `restrict_nonsystem_relation_kind` can name. There are no foreign tables.
const RELATION_KINDS: [&str; 2] = ["view", "foreign-table"];

/// The canonical name of an encoding (`check_client_encoding`).
fn canonical_encoding(text: String) -> Result<String> {
    let charset = Charset::named(&text).ok_or_else(|| invalid_value("client_encoding", &text))?;
    charset.check_supported()?;
    if !charset.converts() {
        let message = format!("invalid value for parameter \"client_encoding\": \"{text}\"");
        let detail = format!("Conversion between {} and UTF8 is not supported.", charset.name());
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).detail(detail));
    }
    // Old drivers look for the name that they gave.
    Ok(if text == "UNICODE" { text } else { charset.name().to_owned() })
}

/// As PostgreSQL shows names of applications: bytes that are not printable ASCII become `?`, and
/// 63 bytes are kept.
fn clean_ascii(text: &str) -> String {
    let clean = |b: u8| if (32..127).contains(&b) { char::from(b) } else { '?' };
    text.bytes().take(63).map(clean).collect()
}

/// 22023 for SET of a single-valued setting to a list.
pub fn one_argument_only(name: &str) -> PgError {
    invalid(format!("SET {name} takes only one argument"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: Source = Source::Statement { superuser: true };

    fn set(settings: &mut Settings, value: &str, scope: Scope) {
        settings.set("work_mem", Some(value), scope, USER).unwrap();
    }

    #[test]
    fn set_follows_the_transaction() {
        let mut s = Settings::new();
        set(&mut s, "1MB", Scope::Session);
        s.commit();
        set(&mut s, "2MB", Scope::Session);
        let savepoint = s.mark();
        set(&mut s, "3MB", Scope::Local);
        assert_eq!(s.show("WORK_MEM").unwrap(), "3MB");
        s.rollback_to(savepoint);
        assert_eq!(s.show("work_mem").unwrap(), "2MB");
        set(&mut s, "4MB", Scope::Local);
        let mut committed = s.clone();
        committed.commit();
        assert_eq!(committed.show("work_mem").unwrap(), "2MB");
        s.rollback();
        assert_eq!(s.show("work_mem").unwrap(), "1MB");
    }

    #[test]
    fn reset_goes_back_to_what_the_session_began_with() {
        let mut s = Settings::new();
        let startup = Source::Startup { superuser: false };
        s.set("work_mem", Some("8MB"), Scope::Session, startup).unwrap();
        set(&mut s, "1MB", Scope::Session);
        s.set("work_mem", None, Scope::Session, USER).unwrap();
        assert_eq!(s.show("work_mem").unwrap(), "8MB");
        set(&mut s, "1MB", Scope::Session);
        s.reset_all();
        assert_eq!(s.show("work_mem").unwrap(), "8MB");
    }

    #[test]
    fn refusals_have_their_sqlstates() {
        let mut s = Settings::new();
        let mut refuse = |name: &str, value: &str| {
            s.set(name, Some(value), Scope::Session, USER).unwrap_err().code()
        };
        assert_eq!(refuse("foo", "1"), code::UNDEFINED_OBJECT);
        assert_eq!(refuse("a.1", "1"), code::INVALID_NAME);
        assert_eq!(refuse("max_connections", "1"), code::CANT_CHANGE_RUNTIME_PARAM);
        assert_eq!(refuse("server_version", "1"), code::CANT_CHANGE_RUNTIME_PARAM);
        assert_eq!(refuse("log_connections", "on"), code::CANT_CHANGE_RUNTIME_PARAM);
        assert_eq!(refuse("client_encoding", "nonsense"), code::INVALID_PARAMETER_VALUE);
        assert_eq!(refuse("client_encoding", "mule_internal"), code::FEATURE_NOT_SUPPORTED);
        assert_eq!(refuse("standard_conforming_strings", "off"), code::FEATURE_NOT_SUPPORTED);
        let denied = Source::Statement { superuser: false };
        let error = s.set("lc_messages", Some("C"), Scope::Session, denied).unwrap_err();
        assert_eq!(error.code(), code::INSUFFICIENT_PRIVILEGE);
    }

    #[test]
    fn custom_settings_exist_once_set() {
        let mut s = Settings::new();
        assert_eq!(s.get("my.setting"), None);
        s.set("my.setting", Some("x"), Scope::Session, USER).unwrap();
        assert_eq!(s.get("My.Setting").as_deref(), Some("x"));
        s.rollback();
        assert_eq!(s.get("my.setting").as_deref(), Some(""));
    }
}
