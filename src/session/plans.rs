//! Plans that the server keeps by text.
//!
//! A statement that comes again under the same circumstances runs with the plan it had: in the simple
//! protocol as it stands or with other numbers ([`Template`]), in the extended protocol where clients
//! parse the same text for each execution. All sessions share the plans.

use super::Session;
use super::prepared::{Kind, Planned};
use crate::error::Result;
use crate::exec::PlanKey;
use crate::nodes::Query;
use crate::sql::bind::ParamTypes;
use crate::sql::template::{Template, stands_for_its_texts};
use crate::sql::{self, Statement};
use crate::types::{Datum, Oid, oids};
use std::sync::Arc;

/// What is known about a text.
#[derive(Clone)]
pub enum Kept {
    Plan(Arc<KeptPlan>),
    /// A template that has come once: if it comes again, a plan for it will be worth making.
    Once,
    /// A template that cannot stand for its texts.
    Unfit,
}

/// A plan, and its parameters' types.
pub struct KeptPlan {
    pub(super) planned: Arc<Planned>,
    pub(super) param_types: Vec<Oid>,
    /// [`Plan::is_of_system`](crate::exec::Plan::is_of_system).
    of_system: bool,
}

/// Longer texts are not worth their place in the cache: they are seldom the same twice.
const TEXT_BYTES_MAX: usize = 4096;

impl Session {
    /// The plan of a simple query's statement, kept if it was planned before.
    pub(super) fn compile_kept(&mut self, statement: &Statement) -> Result<Arc<Planned>> {
        let key = self.plan_key(statement.text(), &[], false)?;
        if let Some(kept) = self.kept_plan(key.as_ref())?
            && kept.param_types.is_empty()
        {
            return Ok(kept.planned.clone());
        }
        let planned = Arc::new(self.compile(statement.node(), &mut ParamTypes::None)?);
        self.keep_plan(key, &planned, &[]);
        Ok(planned)
    }

    /// A plan that is kept under a key and whose relations could be locked as they were.
    pub(super) fn kept_plan(&self, key: Option<&PlanKey>) -> Result<Option<Arc<KeptPlan>>> {
        let Some(key) = key else { return Ok(None) };
        let plans = &self.state.instance.plans;
        if let Some(Kept::Plan(kept)) = plans.get(key) {
            let locked = self.lock_relations(&kept.planned.plan, key.catalog_version)?;
            return Ok(locked.then_some(kept));
        }
        // What names nothing of users means the same until system names mean something else.
        match plans.get(&key.of_system()) {
            Some(Kept::Plan(kept)) if kept.of_system => Ok(Some(kept)),
            _ => Ok(None),
        }
    }

    /// Keeps a plan, unless the sizes that its tables have now decided about it.
    pub(super) fn keep_plan(
        &self,
        key: Option<PlanKey>,
        planned: &Arc<Planned>,
        param_types: &[Oid],
    ) {
        // How large the catalog's own relations are, its version says.
        let lasts = !planned.plan.is_long() || planned.plan.catalog_read().is_some();
        if let Some(key) = key.filter(|_| lasts) {
            let of_system = self.is_of_system(planned, &key.text);
            let key = if of_system { key.of_system() } else { key };
            let (planned, param_types) = (planned.clone(), param_types.to_vec());
            let plan = KeptPlan { planned, param_types, of_system };
            self.state.instance.plans.insert(key, Kept::Plan(Arc::new(plan)));
        }
    }

    /// [`Plan::is_of_system`](crate::exec::Plan::is_of_system), in the catalog that the plan was made for.
    pub(super) fn is_of_system(&self, planned: &Planned, text: &str) -> bool {
        let transaction = self.state.transaction();
        transaction.is_ok_and(|t| planned.plan.is_of_system(text, &t.catalog.current()))
    }

    /// The plan of a simple query that needs no parsing: its template was planned before. Comes with
    /// the values of its parameters.
    pub(super) fn plan_by_template(
        &mut self,
        text: &str,
    ) -> Result<Option<(Arc<Planned>, Vec<Datum>)>> {
        let Some(Template { text, values }) = Template::of(text) else { return Ok(None) };
        let types = vec![oids::INT4; values.len()];
        self.ensure_transaction();
        let Some(key) = self.plan_key(&text, &types, !values.is_empty())? else { return Ok(None) };
        let known = self.state.instance.plans.get(&key);
        if let (Some(Kept::Once), true) = (&known, key.template) {
            let planned = self.compile_template(&text, types);
            let kept = planned.map_or(Kept::Unfit, |plan| Kept::Plan(Arc::new(plan)));
            self.state.instance.plans.insert(key.clone(), kept);
        } else if known.is_none() && key.template {
            self.state.instance.plans.insert(key, Kept::Once);
            return Ok(None);
        }
        let kept = self.kept_plan(Some(&key))?;
        let kept = kept.filter(|kept| kept.param_types.len() == values.len());
        let values = values.into_iter().map(Datum::Int4).collect();
        Ok(kept.map(|kept| (kept.planned.clone(), values)))
    }

    /// A plan for all texts of a template; `None` where there is none, or where tables' sizes and the
    /// numbers together would decide about it.
    fn compile_template(&mut self, text: &str, types: Vec<Oid>) -> Option<KeptPlan> {
        let statement = sql::parse(text).ok()?.pop()?;
        if Kind::of(statement.node()) != Kind::Query {
            return None;
        }
        let count = types.len();
        let mut params = ParamTypes::Fixed(types.clone());
        let stands = |query: &Query| stands_for_its_texts(query, count);
        let planned = self.compile_if(statement.node(), &mut params, stands).ok()??;
        (!planned.plan.is_long()).then(|| KeptPlan {
            planned: Arc::new(planned),
            param_types: types,
            of_system: false,
        })
    }

    /// The cache key of a text; `None` where its meaning depends on more than the key holds:
    /// literals that mean the time.
    pub(super) fn plan_key(
        &mut self,
        text: &str,
        param_types: &[Oid],
        template: bool,
    ) -> Result<Option<PlanKey>> {
        match text.len() > TEXT_BYTES_MAX {
            true => Ok(None),
            false => self.plan_key_of(text, param_types, template),
        }
    }

    /// The same for a text of any length.
    pub(super) fn plan_key_of(
        &mut self,
        text: &str,
        param_types: &[Oid],
        template: bool,
    ) -> Result<Option<PlanKey>> {
        if names_a_time(text) {
            return Ok(None);
        }
        let transaction = self.state.transaction()?;
        if !transaction.catalog.is_empty() || !transaction.shares_plans() {
            return Ok(None);
        }
        let catalog = transaction.catalog.current();
        let derived = self.derive(&catalog);
        if derived.restricts_views || !derived.row_security {
            return Ok(None);
        }
        Ok(Some(PlanKey {
            text: text.into(),
            param_types: param_types.into(),
            search_path: derived.search_path,
            role: derived.current_role,
            database: self.state.backend.database,
            catalog_version: catalog.version(),
            names_version: catalog.names_version(),
            formats: derived.formats,
            template,
        }))
    }
}

/// Whether a string literal may be one of those that mean a moment: 'now', 'today' and so on.
fn names_a_time(text: &str) -> bool {
    text.contains('\'') && {
        let lower = text.to_ascii_lowercase();
        ["now", "today", "tomorrow", "yesterday"].iter().any(|word| has_word(&lower, word))
    }
}

/// Whether a text has a word that is not part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let is_letter =
        |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    text.match_indices(word).any(|(at, _)| {
        let bytes = text.as_bytes();
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        !is_letter(before) && !is_letter(bytes.get(at + word.len()))
    })
}
