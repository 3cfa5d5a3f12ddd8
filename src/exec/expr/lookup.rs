//! A correlated scalar aggregate as a lookup: all groups' values are computed once.

use super::eval::Eval;
use super::{Callee, Program};
use crate::error::{PgError, Result};
use crate::exec::op::NodeRef;
use crate::types::{self, Datum, Oid};
use std::collections::HashMap;

pub(in crate::exec) struct Lookup {
    /// Per key: its value on the outer row, the type compared, and the groups' side's cast to it.
    pub keys: Vec<(Program, Oid, Option<Callee>)>,
    /// Rows of the keys, then the value.
    pub groups: NodeRef,
    /// One row: the value where no row joins.
    pub default: NodeRef,
    /// Outer values of enclosing queries that the groups depend on.
    pub depends_on: Vec<usize>,
    /// Where in [`ExecState::shared`](crate::exec::ExecState::shared) the groups are.
    pub cache: usize,
}

struct Groups {
    outer: Vec<Datum>,
    values: HashMap<Vec<u8>, Datum>,
    default: Datum,
}

impl Lookup {
    pub fn eval(&self, cx: &Eval<'_>) -> Result<Datum> {
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
        for (program, type_oid, _) in &self.keys {
            let value = program.root.eval(cx)?;
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
            let value = row.pop().unwrap_or_default();
            let mut key = Vec::new();
            let mut joins = true;
            for ((_, type_oid, cast), column) in self.keys.iter().zip(row) {
                let column = match cast {
                    Some(callee) => callee.call(cx.state.env(), &[column])?,
                    None => column,
                };
                joins &= !column.is_null();
                types::key::encode(*type_oid, &column, false, false, &mut key);
            }
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
