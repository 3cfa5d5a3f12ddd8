//! Settings that hold while a function runs: its SET clauses.
//!
//! They are the environment's of the function's statements, not the session's, so that nothing has to be put
//! back and the statement around does not notice. A function that is called within has its own on top. As in
//! PostgreSQL, `set_config(…, true)` changes the innermost value and ends with it, and `set_config(…, false)`
//! is the session's from there on, in all of them.

use super::{FORMATS, Settings, Source, value};
use crate::catalog::builtin;
use crate::error::{PgError, Result};
use crate::types::Format;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Settings that are read where a function's environment is not known: by the connection, the transaction
/// or the planner of the statement around.
const OUT_OF_REACH: &[&str] = &[
    "application_name",
    "client_encoding",
    "client_min_messages",
    "deadlock_timeout",
    "force_parallel_mode",
    "lock_timeout",
    "log_parameter_max_length_on_error",
    "restrict_nonsystem_relation_kind",
    "role",
    "row_security",
    "session_authorization",
    "synchronous_commit",
    "transaction_deferrable",
    "transaction_isolation",
    "transaction_read_only",
    "work_mem",
];

/// The values that a function's SET clauses give, and those of the functions around it.
#[derive(Debug)]
pub struct FunctionSettings {
    /// As pg_settings has them, by name in lower case.
    values: Mutex<HashMap<String, String>>,
    outer: Option<Arc<FunctionSettings>>,
}

impl FunctionSettings {
    /// Those of a function called where `outer` holds. 0A000 for what a function cannot set here.
    pub fn new(
        clauses: &BTreeMap<String, String>,
        session: &mut Settings,
        source: Source,
        outer: Option<Arc<FunctionSettings>>,
    ) -> Result<FunctionSettings> {
        let mut values = HashMap::new();
        for (name, value) in clauses {
            let key = name.to_ascii_lowercase();
            if OUT_OF_REACH.contains(&key.as_str()) {
                return Err(PgError::unsupported(format!("SET {name} of a function")));
            }
            Settings::check_may_change(name, source)?;
            let value = session.canonical(name, value)?;
            session.know(&key);
            values.insert(key, value);
        }
        Ok(FunctionSettings { values: Mutex::new(values), outer })
    }

    /// A value as SHOW prints it.
    pub fn get(&self, name: &str) -> Option<String> {
        let value = self.in_unit(name)?;
        Some(builtin::setting(name).map(|setting| value::show(setting, &value)).unwrap_or(value))
    }

    /// A value in the setting's own unit, as pg_settings has it.
    pub fn in_unit(&self, name: &str) -> Option<String> {
        let key = name.to_ascii_lowercase();
        self.levels().find_map(|level| level.values.lock().get(&key).cloned())
    }

    /// Changes the innermost value.
    pub fn set(&self, name: &str, value: String) {
        let key = name.to_ascii_lowercase();
        for level in self.levels() {
            if let Some(known) = level.values.lock().get_mut(&key) {
                *known = value;
                return;
            }
        }
    }

    /// Leaves a setting to the session.
    pub fn forget(&self, name: &str) {
        let key = name.to_ascii_lowercase();
        self.levels().for_each(|level| {
            level.values.lock().remove(&key);
        });
    }

    /// How values are read and written under these settings.
    pub fn apply_to(&self, format: &mut Format) {
        for name in FORMATS {
            if let Some(value) = self.get(name) {
                super::set_format(format, name, &value);
            }
        }
    }

    /// Whether the running statement has already taken what it needs of the setting.
    pub fn is_taken(name: &str) -> bool {
        let key = name.to_ascii_lowercase();
        key == "search_path" || FORMATS.contains(&key.as_str())
    }

    /// Innermost first.
    fn levels(&self) -> impl Iterator<Item = &FunctionSettings> {
        std::iter::successors(Some(self), |level| level.outer.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(
        clauses: &[(&str, &str)],
        outer: Option<Arc<FunctionSettings>>,
    ) -> Arc<FunctionSettings> {
        let clauses = clauses.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let source = Source::Statement { superuser: true };
        let made = FunctionSettings::new(&clauses, &mut Settings::new(), source, outer);
        Arc::new(made.expect("settings that a function can have"))
    }

    #[test]
    fn a_function_within_a_function_adds_its_own() {
        let outer = settings(&[("my.x", "outer"), ("DateStyle", "German")], None);
        let inner = settings(&[("my.y", "inner")], Some(outer.clone()));
        assert_eq!(inner.get("my.y").as_deref(), Some("inner"));
        assert_eq!(inner.get("datestyle").as_deref(), Some("German, DMY"));
        inner.set("MY.X", "changed".to_owned());
        assert_eq!(outer.get("my.x").as_deref(), Some("changed"));
        inner.forget("my.x");
        assert_eq!(outer.get("my.x"), None);
    }
}
