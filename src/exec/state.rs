//! One execution's state: parameters and what operators share.

use super::StatementContext;
use crate::error::{PgError, Result, code};
use crate::functions::Env;
use crate::storage::ReadView;
use crate::types::Datum;
use parking_lot::Mutex;
use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

/// A statement may hold this many times `work_mem`, which in PostgreSQL limits one operator before
/// it spills and not the statement.
const WORK_MEM_FACTOR: usize = 256;

/// A value that operators share during an execution: a materialised CTE, a subplan's hash table.
pub type SharedSlot = Box<dyn Any + Send>;

/// Values of subqueries that depend on no row, by their slot in [`ExecState::shared`]: computed before
/// a plan starts on DataFusion, whose threads have no such slots.
#[derive(Clone, Default)]
pub struct Known(Arc<Mutex<HashMap<usize, Datum>>>);

impl Known {
    pub fn get(&self, slot: usize) -> Option<Datum> {
        self.0.lock().get(&slot).cloned()
    }

    pub fn set(&self, slot: usize, value: Datum) {
        self.0.lock().insert(slot, value);
    }
}

/// Handed to every operator and program. One execution runs on one thread at a time.
pub struct ExecState {
    pub cx: Arc<StatementContext>,
    /// What scans read: the statement's view, or a newer one after a concurrent update.
    pub view: ReadView,
    /// `$1…` of the statement.
    pub params: Arc<[Datum]>,
    /// Columns of outer rows that correlated subplans refer to, by the planner's numbering; set by
    /// the operator or expression that runs the subplan, before it runs it.
    pub outer: RefCell<Vec<Datum>>,
    /// By the planner's numbering.
    pub shared: RefCell<Vec<Option<SharedSlot>>>,
    /// See [`Known`].
    pub known: Known,
    /// Lookups, by the slots of their groups in [`ExecState::shared`], whose values the row has: in
    /// these of its slots.
    pub lookups: Vec<(usize, usize)>,
    /// Whoever starts operators now reads few of their rows: they need not start DataFusion.
    few_rows: Cell<bool>,
    /// Whether the database has large objects, once somebody asked.
    pub large_objects: OnceCell<bool>,
    /// Bytes that operators of this execution hold.
    pub memory_bytes: Cell<usize>,
    /// What the statement's modifications share.
    pub dml: super::dml::Modifications,
}

impl ExecState {
    /// State for evaluating expressions that have neither subqueries nor outer references.
    pub fn new(cx: Arc<StatementContext>, params: Arc<[Datum]>) -> ExecState {
        ExecState::sized(cx, params, 0, 0)
    }

    /// State for a plan with this many outer values and shared slots.
    pub(in crate::exec) fn sized(
        cx: Arc<StatementContext>,
        params: Arc<[Datum]>,
        outer: usize,
        shared: usize,
    ) -> ExecState {
        ExecState {
            view: cx.view.clone(),
            cx,
            params,
            outer: RefCell::new(vec![Datum::Null; outer]),
            shared: RefCell::new((0..shared).map(|_| None).collect()),
            known: Known::default(),
            lookups: Vec::new(),
            few_rows: Cell::new(false),
            large_objects: OnceCell::new(),
            memory_bytes: Cell::new(0),
            dml: super::dml::Modifications::default(),
        }
    }

    /// Starts operators, saying whether few of their rows will be read.
    pub(in crate::exec) fn wanting<T>(&self, few_rows: bool, start: impl FnOnce() -> T) -> T {
        let around = self.few_rows.replace(few_rows);
        let started = start();
        self.few_rows.set(around);
        started
    }

    /// What the caller of [`ExecState::wanting`] said.
    pub(in crate::exec) fn wants_few_rows(&self) -> bool {
        self.few_rows.get()
    }

    /// Counts bytes that an operator keeps; 53200 above the statement's limit.
    pub fn charge(&self, bytes: usize) -> Result<()> {
        let total = self.memory_bytes.get().saturating_add(bytes);
        self.memory_bytes.set(total);
        match total > self.cx.memory_limit_bytes.saturating_mul(WORK_MEM_FACTOR) {
            true => Err(PgError::new(code::OUT_OF_MEMORY, "out of memory").detail(format!(
                "The statement needs more than {} bytes.",
                self.cx.memory_limit_bytes.saturating_mul(WORK_MEM_FACTOR)
            ))),
            false => Ok(()),
        }
    }

    pub fn env(&self) -> &dyn Env {
        &*self.cx.env
    }
}
