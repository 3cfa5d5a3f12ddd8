//! The parameters of CREATE FUNCTION (`interpret_function_parameter_list`).

use super::super::{DdlContext, column};
use crate::catalog::Catalog;
use crate::catalog::builtin::ArgMode;
use crate::error::{PgError, Result, code};
use crate::functions::privileges::require_type;
use crate::nodes::Expr;
use crate::sql::bind::{ExprPlace, bind_expr, resolve_type};
use crate::types::{Oid, oids};
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{CreateFunctionStmt, FunctionParameter};
use pg_raw_parse::raw::FunctionParameterMode as Mode;

/// What a function's parameters come to.
#[derive(Default)]
pub(super) struct Parameters {
    pub all: Vec<(String, Oid, ArgMode)>,
    /// Defaults of the last input parameters.
    pub defaults: Vec<Expr>,
    /// Element type of the VARIADIC parameter, or 0.
    pub variadic: Oid,
    is_aggregate: bool,
}

impl Parameters {
    pub fn read(statement: &CreateFunctionStmt, cx: &DdlContext<'_>) -> Result<Parameters> {
        let catalog = cx.catalog();
        let mut found = Parameters::default();
        for parameter in statement.parameters() {
            found.add(parameter, &catalog, cx)?;
        }
        Ok(found)
    }

    /// Those of an aggregate, whose types may be polymorphic.
    pub fn of_aggregate<'p>(
        parameters: impl IntoIterator<Item = &'p FunctionParameter>,
        cx: &DdlContext<'_>,
    ) -> Result<Parameters> {
        let catalog = cx.catalog();
        let mut found = Parameters { is_aggregate: true, ..Parameters::default() };
        for parameter in parameters {
            found.add(parameter, &catalog, cx)?;
        }
        Ok(found)
    }

    fn add(
        &mut self,
        parameter: &FunctionParameter,
        catalog: &Catalog,
        cx: &DdlContext<'_>,
    ) -> Result<()> {
        let invalid =
            |message: &'static str| PgError::new(code::INVALID_FUNCTION_DEFINITION, message);
        let mode = mode(parameter.mode);
        let written = parameter.arg_type().expect("a parameter has a type");
        if written.setof {
            return Err(invalid(match self.is_aggregate {
                true => "aggregates cannot accept set arguments",
                false => "functions cannot accept set arguments",
            }));
        }
        let (type_oid, _) = resolve_type(written, &cx.bind(catalog)).map_err(|error| {
            // Unlike elsewhere, without quotes and position.
            let message = error.message().replace('"', "");
            PgError::new(error.code(), message)
        })?;
        require_type(&**cx.env, type_oid)?;
        if column::is_pseudo(type_oid, catalog) && !self.is_aggregate {
            return Err(PgError::unsupported(format!(
                "a parameter of type {}",
                column::type_name(catalog, type_oid, cx)
            )));
        }
        let input = !matches!(mode, ArgMode::Out | ArgMode::Table);
        if self.is_aggregate && !matches!(mode, ArgMode::In | ArgMode::Variadic) {
            return Err(invalid("aggregates cannot have output arguments"));
        }
        if input && self.variadic != 0 {
            return Err(invalid("VARIADIC parameter must be the last input parameter"));
        }
        if mode == ArgMode::Variadic {
            let element = match type_oid {
                oids::ANYARRAY => Some(oids::ANYELEMENT),
                oids::ANYCOMPATIBLEARRAY => Some(oids::ANYCOMPATIBLE),
                oids::ANY => Some(oids::ANY),
                other => catalog.element_of(other),
            };
            self.variadic =
                element.ok_or_else(|| invalid("VARIADIC parameter must be an array"))?;
        }
        let name = parameter.name().unwrap_or_default().to_owned();
        self.check_name(&name, mode)?;
        match parameter.defexpr() {
            Node::None if input && !self.defaults.is_empty() => {
                let message =
                    "input parameters after one with a default value must also have defaults";
                return Err(invalid(message));
            }
            Node::None => {}
            _ if self.is_aggregate => {
                let message = "aggregates cannot have default values for arguments";
                return Err(invalid(message));
            }
            _ if !input => return Err(invalid("only input parameters can have default values")),
            node => {
                let target = Some((name.as_str(), type_oid, -1));
                let mut expr =
                    bind_expr(node, &cx.bind(catalog), ExprPlace::Default, None, target)?;
                expr.clear_locations();
                self.defaults.push(expr);
            }
        }
        self.all.push((name, type_oid, mode));
        Ok(())
    }

    /// 42P13 where another parameter that is in the way has the name: inputs and outputs are apart.
    fn check_name(&self, name: &str, mode: ArgMode) -> Result<()> {
        let is_in = |m: ArgMode| matches!(m, ArgMode::In | ArgMode::Variadic);
        let is_out = |m: ArgMode| matches!(m, ArgMode::Out | ArgMode::Table);
        let clash =
            |other: ArgMode| !((is_in(mode) && is_out(other)) || (is_out(mode) && is_in(other)));
        if !name.is_empty() && self.all.iter().any(|(n, _, m)| n == name && clash(*m)) {
            let message = format!("parameter name \"{name}\" used more than once");
            return Err(PgError::new(code::INVALID_FUNCTION_DEFINITION, message));
        }
        Ok(())
    }

    pub fn inputs(&self) -> Vec<Oid> {
        let input = |m: ArgMode| !matches!(m, ArgMode::Out | ArgMode::Table);
        self.all.iter().filter(|(_, _, m)| input(*m)).map(|(_, oid, _)| *oid).collect()
    }

    /// What OUT parameters and TABLE columns make the result; `None`: there are none.
    pub fn result(&self) -> Option<Oid> {
        let out = |m: ArgMode| matches!(m, ArgMode::Out | ArgMode::InOut | ArgMode::Table);
        let mut types = self.all.iter().filter(|(_, _, m)| out(*m)).map(|(_, oid, _)| *oid);
        match (types.next(), types.next()) {
            (None, _) => None,
            (Some(only), None) => Some(only),
            _ => Some(oids::RECORD),
        }
    }
}

fn mode(written: Mode::Type) -> ArgMode {
    match written {
        Mode::FUNC_PARAM_OUT => ArgMode::Out,
        Mode::FUNC_PARAM_INOUT => ArgMode::InOut,
        Mode::FUNC_PARAM_VARIADIC => ArgMode::Variadic,
        Mode::FUNC_PARAM_TABLE => ArgMode::Table,
        _ => ArgMode::In,
    }
}
