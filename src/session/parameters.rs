//! Parameters of statements that are no queries and have one: EXPLAIN, DECLARE CURSOR, CREATE TABLE
//! AS and SELECT INTO. As in PostgreSQL, Parse types them by the query (`transformOptionalSelectInto`
//! and its kin); other utility statements have nowhere to write a parameter.

use super::Session;
use super::prepared::{Kind, Prepared};
use crate::error::{PgError, Result, code};
use crate::sql::bind::{self, BindContext, ParamTypes};
use crate::sql::into_clause;
use crate::types::{Datum, Oid, oids};
use pg_raw_parse::Node;

/// The parameters of the utility statement that runs.
#[derive(Clone, Default)]
pub(super) struct Parameters {
    types: Vec<Oid>,
    pub values: Vec<Datum>,
}

impl Parameters {
    pub(super) fn new(types: &[Oid], values: Vec<Datum>) -> Parameters {
        Parameters { types: types.to_vec(), values }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    pub(super) fn types(&self) -> &[Oid] {
        &self.types
    }

    /// For binding the statement's query.
    pub(super) fn param_types(&self) -> ParamTypes {
        match self.is_empty() {
            true => ParamTypes::None,
            false => ParamTypes::Fixed(self.types.clone()),
        }
    }
}

impl Session {
    /// Binds the query in a utility statement, for its errors and its parameters' types.
    pub(super) fn type_parameters(&mut self, prepared: &mut Prepared) -> Result<()> {
        let given = std::mem::take(&mut prepared.param_types);
        prepared.param_types = match query_of(prepared.node()) {
            Some(query) => self.types_of(query, given)?,
            None => given,
        };
        let untyped = |oid: &Oid| matches!(*oid, 0 | oids::UNKNOWN);
        match prepared.param_types.iter().position(untyped) {
            Some(at) => {
                let message = format!("could not determine data type of parameter ${}", at + 1);
                Err(PgError::new(code::INDETERMINATE_DATATYPE, message))
            }
            None => Ok(()),
        }
    }

    fn types_of(&mut self, query: Node<'_>, given: Vec<Oid>) -> Result<Vec<Oid>> {
        let env = self.statement_env()?;
        let context = BindContext { catalog: &env.catalog, env: &*env };
        let mut params = ParamTypes::Variable(given);
        match query {
            Node::SelectStmt(select) if into_clause(select).is_some() => {
                drop(bind::bind_select_into(select, &context, &mut params)?);
            }
            query => drop(bind::bind_node(query, &context, &mut params)?),
        }
        Ok(match params {
            ParamTypes::Variable(types) | ParamTypes::Fixed(types) => types,
            ParamTypes::None => Vec::new(),
        })
    }
}

/// The query whose parameters are the statement's.
fn query_of(node: Node<'_>) -> Option<Node<'_>> {
    match node {
        Node::ExplainStmt(s) if Kind::of(s.query()) == Kind::Query => Some(s.query()),
        Node::ExplainStmt(s) => query_of(s.query()),
        Node::DeclareCursorStmt(s) => Some(s.query()),
        Node::CallStmt(_) => Some(node),
        Node::CreateTableAsStmt(s) => {
            Some(s.query()).filter(|query| Kind::of(*query) == Kind::Query)
        }
        Node::SelectStmt(_) => Some(node),
        _ => None,
    }
}
