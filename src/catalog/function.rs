//! Functions and procedures that users make, in LANGUAGE sql; aggregates; constructors of range types.
//!
//! A body that is a string is kept as it was written and read again when the function runs, by the search
//! path of then. A body in the SQL standard's form (BEGIN ATOMIC, RETURN) is kept bound, so that renames
//! do not touch it and what it uses cannot be dropped.

use super::AggregateInfo;
use super::builtin::Proc;
use crate::nodes::{Expr, FuncCall, Query};
use crate::types::Oid;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A row of pg_proc with what hangs on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// What calls look at, as of a built-in function. `src` is a string body.
    pub proc: Proc,
    pub owner: Oid,
    /// SECURITY DEFINER: it runs with its owner's rights.
    pub security_definer: bool,
    /// SET clauses.
    pub settings: BTreeMap<String, String>,
    pub body: FunctionBody,
    /// Of the last input parameters. [`Proc::arg_defaults`] is for built-in functions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub defaults: Vec<Expr>,
    pub comment: Option<String>,
    /// `proacl`; `None` is the default.
    pub acl: Option<Vec<String>>,
    /// What an aggregate does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aggregate: Option<AggregateInfo>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FunctionBody {
    /// Statements as text: [`Proc::src`].
    Text,
    /// RETURN expression, as the query that selects it.
    Return(Box<Query>),
    /// BEGIN ATOMIC … END.
    Atomic(Vec<Query>),
    /// A built-in implementation: the one of [`Proc::src`].
    Internal,
}

impl Function {
    /// Gives the arguments that a call of this function leaves out the defaults that they have now.
    pub fn renew_defaults(&self, call: &mut FuncCall) {
        let Some(first) = call.args.len().checked_sub(self.defaults.len()) else { return };
        for (at, default) in (first..).zip(&self.defaults) {
            if call.is_default(at) {
                call.args[at].clone_from(default);
            }
        }
    }

    pub fn is_procedure(&self) -> bool {
        self.proc.kind == b'p'
    }

    /// "function", "procedure" or "aggregate", for messages.
    pub fn kind_name(&self) -> &'static str {
        match self.proc.kind {
            b'p' => "procedure",
            b'a' => "aggregate",
            _ => "function",
        }
    }

    /// The range or multirange type that it is a constructor of, with which it comes and goes.
    pub fn constructed(&self) -> Option<Oid> {
        let is_constructor =
            self.body == FunctionBody::Internal && self.proc.src.contains("range_constructor");
        is_constructor.then_some(self.proc.return_type)
    }

    /// Whether its body is in the SQL standard's form.
    pub fn is_standard(&self) -> bool {
        matches!(self.body, FunctionBody::Return(_) | FunctionBody::Atomic(_))
    }

    /// The bound statements of a body in the standard's form.
    pub fn queries(&self) -> &[Query] {
        match &self.body {
            FunctionBody::Text | FunctionBody::Internal => &[],
            FunctionBody::Return(query) => std::slice::from_ref(&**query),
            FunctionBody::Atomic(queries) => queries,
        }
    }
}
