//! Numbers that tell how the process is doing: named counters, listed by whoever shows them.
//!
//! A counter is registered by its first use and lives as long as the process:
//!
//! ```text
//! static OPENED: LazyLock<&Counter> = LazyLock::new(|| counters::named("files_opened"));
//! OPENED.add(1);
//! ```

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

static ALL: Mutex<BTreeMap<&'static str, &'static Counter>> = Mutex::new(BTreeMap::new());

/// One number. Readers may see it a moment late.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// For what goes up and down.
    pub fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counter of this name. Names are lower case with underscores, the part of the server first:
/// `schema_cache_hits`.
pub fn named(name: &'static str) -> &'static Counter {
    ALL.lock().entry(name).or_insert_with(|| Box::leak(Box::default()))
}

/// All counters, by name.
pub fn all() -> Vec<(&'static str, u64)> {
    ALL.lock().iter().map(|(name, counter)| (*name, counter.get())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_counter() {
        named("test_counter").add(2);
        named("test_counter").add(3);
        assert!(all().contains(&("test_counter", 5)));
    }
}
