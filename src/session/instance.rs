//! What all sessions of a server share: the store, the catalog, the plan cache, the other sessions.

use super::answers::{AnswerOptions, Answers};
use super::backend::{Backend, Backends};
use super::exported::ExportedSnapshots;
use super::notify::NotificationHub;
use super::plans::Kept;
use crate::catalog::builtin::oid::SUPERUSER;
use crate::catalog::{CatalogStore, Change, TxnCatalog};
use crate::error::Result;
use crate::exec::{CancelReason, PlanCache};
use crate::jobs::{JobOptions, Jobs, storages};
use crate::storage::{IsolationLevel, Store, StoreOptions, TxnOptions};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Plans kept for statements that come again.
const CACHED_PLANS_MAX: usize = 4096;

/// Statements that run longer than this are asked, this often, whether their client is still there.
const CLIENT_CHECK: Duration = Duration::from_secs(1);

pub struct Instance {
    pub store: Arc<Store>,
    pub catalog: Arc<CatalogStore>,
    pub(super) plans: PlanCache<Kept>,
    pub(super) answers: Answers,
    pub backends: Backends,
    pub notifications: NotificationHub,
    pub(super) exported: ExportedSnapshots,
    pub jobs: Arc<Jobs>,
    /// What the configuration says of settings of ours; sessions begin with it.
    pub(super) settings: Vec<(&'static str, String)>,
    /// Microseconds since 2000-01-01 UTC.
    pub started: i64,
    /// For the few session functions that wait inside synchronous code.
    pub runtime: tokio::runtime::Handle,
}

impl Instance {
    /// Opens the data directory; a new one gets the superuser and the first databases. `verifier`
    /// becomes the superuser's.
    pub async fn open(
        data_dir: &Path,
        options: &StoreOptions,
        jobs: JobOptions,
        answers: AnswerOptions,
        verifier: Option<String>,
    ) -> Result<Arc<Instance>> {
        let store = Store::open(data_dir, options)?;
        let catalog = CatalogStore::open(store.clone()).await?;
        storages::open(&store, &catalog.latest());
        let settings = jobs.settings();
        let jobs = Jobs::open(store.clone(), catalog.clone(), jobs).await?;
        let instance = Instance {
            store,
            catalog,
            plans: PlanCache::new(CACHED_PLANS_MAX),
            answers: Answers::new(answers),
            backends: Backends::default(),
            notifications: NotificationHub::default(),
            exported: ExportedSnapshots::default(),
            jobs,
            settings,
            started: super::clock::now(),
            runtime: tokio::runtime::Handle::current(),
        };
        if let Some(verifier) = verifier {
            instance.set_superuser_verifier(verifier).await?;
        }
        Ok(Arc::new(instance))
    }

    async fn set_superuser_verifier(&self, verifier: String) -> Result<()> {
        let isolation = IsolationLevel::ReadCommitted;
        let options = TxnOptions { session: 0, database: 0, isolation, read_only: false };
        let txn = self.store.begin(options);
        let changes = TxnCatalog::new(self.catalog.clone(), 0);
        let latest = self.catalog.latest();
        let mut role =
            latest.role(SUPERUSER).expect("the superuser cannot be dropped").as_ref().clone();
        role.password = Some(verifier);
        changes.push(Change::PutRole(Arc::new(role)), &txn);
        changes.prepare_commit(&txn)?;
        txn.commit(true).await?;
        Ok(())
    }

    /// Whether clients must prove a password: once the superuser has one.
    pub fn requires_password(&self) -> bool {
        self.catalog.latest().role(SUPERUSER).is_some_and(|r| r.password.is_some())
    }

    /// Whether a role is a superuser.
    pub fn is_superuser(&self, name: &str) -> bool {
        self.catalog.latest().role_named(name).is_some_and(|role| role.superuser)
    }

    /// The stored verifier of a role that may log in.
    pub fn role_verifier(&self, name: &str) -> Option<String> {
        let latest = self.catalog.latest();
        let role = latest.role_named(name)?;
        let valid = role.valid_until.is_none_or(|until| until > super::clock::now());
        role.password.clone().filter(|_| valid)
    }

    /// CancelRequest: stops the statement of the session that has this key.
    pub fn cancel(&self, pid: i32, secret: i32) {
        if let Some(backend) = self.backends.get(pid)
            && backend.secret == secret
        {
            backend.cancel(CancelReason::UserRequest);
        }
    }

    /// Stops statements whose clients disappear. Runs as long as the server does.
    pub async fn watch_clients(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(CLIENT_CHECK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let running_us = i64::try_from(CLIENT_CHECK.as_micros()).unwrap_or(i64::MAX);
        loop {
            ticks.tick().await;
            self.backends.all().iter().for_each(|b| b.stop_if_abandoned(running_us));
        }
    }

    /// Sessions without a running statement end now, the others after it.
    pub fn stop_idle_sessions(&self) {
        self.backends.all().iter().for_each(|b| b.terminate());
    }

    /// Running statements fail at their next check.
    pub fn cancel_all(&self) {
        self.backends.all().iter().for_each(|b: &Arc<Backend>| b.cancel(CancelReason::Shutdown));
    }

    /// Syncs and closes the store.
    pub fn close(&self) {
        if let Err(error) = self.store.close() {
            tracing::error!(%error, "cannot close the store");
        }
    }
}
