//! `pg_settings` of a fresh server: names, units, bounds and defaults of all settings.

use super::HashMap;
use super::data::Reader;
use std::sync::LazyLock;

/// A setting as PostgreSQL 15 declares it.
#[derive(Clone, Debug)]
pub struct Setting {
    /// In its own spelling (`DateStyle`); names compare without case.
    pub name: &'static str,
    /// `ms`, `kB`, `8kB`, …
    pub unit: Option<&'static str>,
    pub category: &'static str,
    pub short_desc: &'static str,
    pub extra_desc: Option<&'static str>,
    /// `user`, `superuser`, `sighup`, `postmaster`, `backend`, `superuser-backend`, `internal`.
    pub context: &'static str,
    /// `bool`, `integer`, `real`, `string`, `enum`.
    pub vartype: &'static str,
    pub min: Option<&'static str>,
    pub max: Option<&'static str>,
    pub enum_values: Vec<&'static str>,
    /// The compiled-in default.
    pub boot_value: Option<&'static str>,
}

struct Settings {
    rows: Vec<Setting>,
    by_name: HashMap<String, usize>,
}

static SETTINGS: LazyLock<Settings> = LazyLock::new(|| {
    let mut r = Reader::open_all("pg_settings").expect("an exported list");
    let mut settings = Settings { rows: Vec::new(), by_name: HashMap::default() };
    while r.advance() {
        let setting = read(&r);
        settings.by_name.insert(setting.name.to_ascii_lowercase(), settings.rows.len());
        settings.rows.push(setting);
    }
    settings
});

fn read(r: &Reader) -> Setting {
    let quoted = |v: &'static str| v.trim_matches('"');
    Setting {
        name: r.text("name"),
        unit: r.get("unit"),
        category: r.text("category"),
        short_desc: r.text("short_desc"),
        extra_desc: r.get("extra_desc"),
        context: r.text("context"),
        vartype: r.text("vartype"),
        min: r.get("min_val"),
        max: r.get("max_val"),
        enum_values: r.array("enumvals").unwrap_or_default().into_iter().map(quoted).collect(),
        boot_value: r.get("boot_val"),
    }
}

/// The setting of this name, in any case.
pub fn setting(name: &str) -> Option<&'static Setting> {
    let at = SETTINGS.by_name.get(&name.to_ascii_lowercase())?;
    Some(&SETTINGS.rows[*at])
}

/// All settings, in the order of `SHOW ALL`, but those of extensions: PostgreSQL lists them in sessions
/// that have loaded the extension's library.
pub fn settings() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.rows.iter().filter(|setting| !is_extensions_setting(setting.name))
}

/// Whether an extension brings the setting.
pub fn is_extensions_setting(name: &str) -> bool {
    name.split_once('.').is_some_and(|(prefix, _)| super::extension_named(prefix).is_some())
}
