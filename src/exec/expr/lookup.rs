//! A correlated scalar aggregate as a lookup: all groups' values are computed once.

use super::Program;
use super::eval::Eval;
use crate::error::{PgError, Result};
use crate::exec::op::NodeRef;
use crate::types::{self, Datum, Oid};
use std::collections::HashMap;

pub(in crate::exec) struct Lookup {
    pub keys: Vec<LookupKey>,
    /// Rows of the keys, then the value.
    pub groups: NodeRef,
    /// One row: the value where no row joins.
    pub default: NodeRef,
    /// Outer values of enclosing queries that the groups depend on.
    pub depends_on: Vec<usize>,
    /// Where in [`ExecState::shared`](crate::exec::ExecState::shared) the groups are.
    pub cache: usize,
}

/// One key of a lookup.
pub(in crate::exec) struct LookupKey {
    /// Its value on the outer row, and on a row of the groups.
    pub outer: Program,
    pub inner: Program,
    /// The type in which they are compared.
    pub type_oid: Oid,
}

struct Groups {
    outer: Vec<Datum>,
    values: HashMap<Vec<u8>, Datum>,
    default: Datum,
}

impl Lookup {
    pub fn eval(&self, cx: &Eval<'_>) -> Result<Datum> {
        if let Some((_, slot)) = cx.state.lookups.iter().find(|(cache, _)| *cache == self.cache) {
            return Ok(cx.row[*slot].clone());
        }
        let key = self.key(cx)?;
        let outer: Vec<Datum> = {
            let values = cx.state.outer.borrow();
            self.depends_on.iter().map(|&i| values[i].clone()).collect()
        };
        if let Some(value) = self.cached(&outer, key.as_deref(), cx) {
            return Ok(value);
        }
        let groups = self.compute(outer.clone(), cx)?;
        cx.state.shared.borrow_mut()[self.cache] = Some(Box::new(groups));
        self.cached(&outer, key.as_deref(), cx)
            .ok_or_else(|| PgError::internal("a lookup's groups are gone"))
    }

    /// The key of the outer row; `None` where a column is NULL.
    fn key(&self, cx: &Eval<'_>) -> Result<Option<Vec<u8>>> {
        let mut key = Vec::new();
        for LookupKey { outer, type_oid, .. } in &self.keys {
            let value = outer.root.eval(cx)?;
            if value.is_null() {
                return Ok(None);
            }
            types::key::encode(*type_oid, &value, false, false, &mut key);
        }
        Ok(Some(key))
    }

    fn cached(&self, outer: &[Datum], key: Option<&[u8]>, cx: &Eval<'_>) -> Option<Datum> {
        let shared = cx.state.shared.borrow();
        let groups: &Groups = shared.get(self.cache)?.as_ref()?.downcast_ref()?;
        if groups.outer != outer {
            return None;
        }
        let found = key.and_then(|key| groups.values.get(key));
        Some(found.unwrap_or(&groups.default).clone())
    }

    fn compute(&self, outer: Vec<Datum>, cx: &Eval<'_>) -> Result<Groups> {
        let mut values = HashMap::new();
        let mut rows = self.groups.open(cx.state);
        while let Some(mut row) = rows.next(cx.state)? {
            let mut key = Vec::new();
            let mut joins = true;
            for LookupKey { inner, type_oid, .. } in &self.keys {
                let column = inner.eval(cx.state, &row)?;
                joins &= !column.is_null();
                types::key::encode(*type_oid, &column, false, false, &mut key);
            }
            let value = row.pop().unwrap_or_default();
            if joins {
                cx.state.charge(key.len() + 72)?;
                values.insert(key, value);
            }
        }
        let default =
            self.default.open(cx.state).next(cx.state)?.and_then(|row| row.into_iter().next());
        Ok(Groups { outer, values, default: default.unwrap_or_default() })
    }
}
