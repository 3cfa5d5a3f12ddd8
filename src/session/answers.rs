//! The catalog query cache: what statements that read the catalog alone have answered.
//!
//! - *Right*: an answer is given again to the same text and parameters under the same role, database,
//!   search path and settings, and as long as everything it was made from is as it was: the catalog's
//!   version, the version of what ANALYZE found, and for `system.jobs` the jobs. A transaction with DDL of
//!   its own neither takes answers nor leaves any: it sees what nobody else does.
//! - *Bounded*: in bytes; the least valuable answers go first.
//! - *Temporary*: answers have a time to live by what they show. Live state, which changes without a
//!   trace, is kept only where the server is configured so.
//!
//! Which statements these are, [`crate::exec::CatalogRead`] says.

use super::Session;
use super::client::Client;
use super::pipeline::{Running, output_columns};
use super::prepared::Planned;
use super::rows::RowReader;
use crate::counters::{self, Counter};
use crate::error::Result;
use crate::exec::{CatalogRead, PlanKey, Row, row_bytes};
use crate::types::{Datum, Oid, binary_out};
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, Weighter};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How much is kept, and for how long by what an answer shows; 0: not at all.
#[derive(Clone, Copy, Debug)]
pub struct AnswerOptions {
    pub bytes_max: u64,
    pub tables_ttl: Duration,
    pub objects_ttl: Duration,
    pub storages_ttl: Duration,
    pub jobs_ttl: Duration,
    pub live_ttl: Duration,
}

impl Default for AnswerOptions {
    fn default() -> AnswerOptions {
        AnswerOptions {
            bytes_max: 32 << 20,
            tables_ttl: Duration::from_secs(60),
            objects_ttl: Duration::from_secs(120),
            storages_ttl: Duration::from_secs(300),
            jobs_ttl: Duration::from_secs(30),
            live_ttl: Duration::ZERO,
        }
    }
}

impl AnswerOptions {
    /// How long an answer may be given again: the least of what it shows.
    fn ttl(&self, read: CatalogRead) -> Duration {
        let limits = [
            (read.tables && read.single_objects, self.objects_ttl),
            (read.tables && !read.single_objects, self.tables_ttl),
            (read.storages, self.storages_ttl),
            (read.jobs, self.jobs_ttl),
            (read.live, self.live_ttl),
        ];
        let shown = limits.iter().filter(|(shows, _)| *shows).map(|(_, limit)| *limit);
        shown.min().unwrap_or_default()
    }
}

/// Longer texts and parameters are not worth their place.
const KEY_BYTES_MAX: usize = 64 << 10;
/// An answer takes at most this part of the cache.
const ANSWER_PART_MAX: u64 = 8;
/// What an answer takes besides its rows and its text.
const ANSWER_BYTES: u64 = 512;

/// What an answer depends on and is found by.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct AnswerKey {
    /// Without the catalog's version: a changed catalog's answer takes the place of the old one.
    plan: PlanKey,
    session_role: Oid,
    params: Arc<[u8]>,
}

/// What an answer was made from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct MadeFrom {
    catalog_version: u64,
    statistics_version: u64,
    /// Of the jobs, where it shows them.
    jobs: u64,
}

struct Answer {
    planned: Arc<Planned>,
    rows: Arc<Vec<Row>>,
    bytes: u64,
    made_from: MadeFrom,
    shows_jobs: bool,
    made: Instant,
    ttl: Duration,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<AnswerKey, Arc<Answer>> for Bytes {
    fn weight(&self, key: &AnswerKey, answer: &Arc<Answer>) -> u64 {
        ANSWER_BYTES + answer.bytes + (key.plan.text.len() + key.params.len()) as u64
    }
}

#[derive(Clone)]
struct CountEvictions(&'static Counter);

impl Lifecycle<AnswerKey, Arc<Answer>> for CountEvictions {
    type RequestState = ();

    fn on_evict(&self, _state: &mut (), _key: AnswerKey, _answer: Arc<Answer>) {
        self.0.add(1);
    }
}

/// The server's answers.
pub(super) struct Answers {
    kept: Cache<AnswerKey, Arc<Answer>, Bytes, DefaultHashBuilder, CountEvictions>,
    options: AnswerOptions,
    hits: &'static Counter,
    misses: &'static Counter,
    invalidations: &'static Counter,
    expirations: &'static Counter,
    entries: &'static Counter,
    bytes: &'static Counter,
}

impl Answers {
    pub fn new(options: AnswerOptions) -> Answers {
        const ANSWER_BYTES_USUAL: u64 = 4096;
        let evictions = CountEvictions(counters::named("catalog_cache_evictions"));
        let expected = usize::try_from(options.bytes_max / ANSWER_BYTES_USUAL).unwrap_or(0);
        let hasher = DefaultHashBuilder::default();
        Answers {
            kept: Cache::with(expected, options.bytes_max, Bytes, hasher, evictions),
            options,
            hits: counters::named("catalog_cache_hits"),
            misses: counters::named("catalog_cache_misses"),
            invalidations: counters::named("catalog_cache_invalidations"),
            expirations: counters::named("catalog_cache_expirations"),
            entries: counters::named("catalog_cache_entries"),
            bytes: counters::named("catalog_cache_bytes"),
        }
    }

    /// The answer that is still right.
    fn get(
        &self,
        key: &AnswerKey,
        now: impl Fn(bool) -> MadeFrom,
    ) -> Option<(Arc<Planned>, Arc<Vec<Row>>)> {
        let Some(answer) = self.kept.get(key) else {
            self.misses.add(1);
            return None;
        };
        let gone = match (now(answer.shows_jobs) == answer.made_from, answer.made.elapsed()) {
            (false, _) => self.invalidations,
            (true, age) if age >= answer.ttl => self.expirations,
            _ => {
                self.hits.add(1);
                return Some((answer.planned.clone(), answer.rows.clone()));
            }
        };
        gone.add(1);
        self.misses.add(1);
        self.kept.remove(key);
        self.count();
        None
    }

    fn insert(&self, key: AnswerKey, answer: Answer) {
        self.kept.insert(key, Arc::new(answer));
        self.count();
    }

    fn count(&self) {
        self.entries.set(self.kept.len() as u64);
        self.bytes.set(self.kept.weight());
    }
}

impl Session {
    /// Answers a simple query from memory, before it is parsed; gives its tag. `None`: it is not known.
    pub(super) async fn answer_text(
        &mut self,
        text: &str,
        client: &mut dyn Client,
    ) -> Result<Option<String>> {
        if !names_catalog(text) {
            return Ok(None);
        }
        self.ensure_transaction();
        let Some(key) = self.answer_key(text, &[], &[])? else { return Ok(None) };
        let Some((planned, mut running)) = self.known_answer(&key)? else { return Ok(None) };
        let columns = planned.plan.columns();
        client.row_description(columns, &[]);
        let (sent, _) = running.rows.deliver(&output_columns(columns, &[]), 0, client).await?;
        Ok(Some(running.tag(sent)))
    }

    /// Starts a query; from memory, where that has its answer.
    pub(super) async fn answer_or_start(
        &mut self,
        planned: Arc<Planned>,
        params: Vec<Datum>,
        text: &str,
        param_types: &[Oid],
    ) -> Result<Running> {
        let Some(read) = planned.plan.catalog_read() else {
            return self.start_query(planned, params).await;
        };
        let key = match self.state.instance.answers.options.ttl(read).is_zero() {
            true => None,
            false => self.answer_key(text, param_types, &params)?,
        };
        let Some(key) = key else { return self.start_query(planned, params).await };
        if let Some((_, running)) = self.known_answer(&key)? {
            return Ok(running);
        }
        // As of before it runs: what changes meanwhile makes the answer an old one.
        let made_from = self.made_from(read.jobs)?;
        let mut running = self.start_query(planned.clone(), params).await?;
        let options = self.state.instance.answers.options;
        let most = usize::try_from(options.bytes_max / ANSWER_PART_MAX).unwrap_or(usize::MAX);
        if let Some(rows) = running.rows.all_within(most).await? {
            let bytes = rows.iter().map(|row| row_bytes(row) as u64).sum();
            let answer = Answer {
                planned,
                rows: Arc::new(rows),
                bytes,
                made_from,
                shows_jobs: read.jobs,
                made: Instant::now(),
                ttl: options.ttl(read),
            };
            running.rows.restart(&answer.rows);
            self.state.instance.answers.insert(key, answer);
        }
        Ok(running)
    }

    fn known_answer(&mut self, key: &AnswerKey) -> Result<Option<(Arc<Planned>, Running)>> {
        let instance = self.state.instance.clone();
        let versions = self.made_from(false)?;
        let now = |shows_jobs: bool| match shows_jobs {
            true => MadeFrom { jobs: instance.jobs_fingerprint(), ..versions },
            false => versions,
        };
        let Some((planned, rows)) = instance.answers.get(key, now) else { return Ok(None) };
        let env = self.statement_env()?;
        let rows = RowReader::from_shared(rows, env, self.state.backend.clone());
        let running = Running { planned: planned.clone(), rows, affected: None };
        Ok(Some((planned, running)))
    }

    fn made_from(&mut self, shows_jobs: bool) -> Result<MadeFrom> {
        let catalog = self.state.transaction()?.catalog.current();
        let instance = &self.state.instance;
        Ok(MadeFrom {
            catalog_version: catalog.version(),
            statistics_version: instance.store.statistics_version(),
            jobs: if shows_jobs { instance.jobs_fingerprint() } else { 0 },
        })
    }

    /// What an answer to this text is found by; `None`: it has no place in the cache.
    fn answer_key(
        &mut self,
        text: &str,
        param_types: &[Oid],
        params: &[Datum],
    ) -> Result<Option<AnswerKey>> {
        let text = text.trim_end_matches(|c: char| c == ';' || c.is_whitespace());
        if text.len() > KEY_BYTES_MAX || self.state.instance.answers.options.bytes_max == 0 {
            return Ok(None);
        }
        let Some(mut plan) = self.plan_key_of(text, param_types, false)? else { return Ok(None) };
        (plan.catalog_version, plan.names_version) = (0, 0);
        let mut bytes = Vec::new();
        for (value, type_oid) in params.iter().zip(param_types) {
            let start = bytes.len();
            bytes.extend_from_slice(&[0; 5]);
            if !value.is_null() {
                binary_out(*type_oid, value, &mut bytes);
                bytes[start] = 1;
            }
            let length = u32::try_from(bytes.len() - start).unwrap_or(u32::MAX);
            bytes[start + 1..start + 5].copy_from_slice(&length.to_be_bytes());
        }
        if bytes.len() > KEY_BYTES_MAX {
            return Ok(None);
        }
        let session_role = self.derived.as_ref().map_or(0, |derived| derived.session_role);
        Ok(Some(AnswerKey { plan, session_role, params: bytes.into() }))
    }
}

impl super::Instance {
    /// Tells whether the jobs are as they were.
    fn jobs_fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for job in self.jobs.list() {
            (job.id, job.status.name(), job.rows, job.bytes, job.attempts).hash(&mut hasher);
            (job.started_at, job.finished_at, &job.message).hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// Whether a text may be a query of the catalog: a cheap test that spares other statements the rest.
fn names_catalog(text: &str) -> bool {
    ["pg_", "information_schema", "system."].iter().any(|name| text.contains(name))
}
