//! `$n` parameters (`parse_param.c`): fixed types, or types inferred from use.

use super::ParamTypes;
use super::coerce::Cast;
use super::state::Binder;
use crate::error::{PgError, Result, code};
use crate::nodes::{Expr, Param};
use crate::types::{Oid, oids};
use pg_raw_parse::nodes;

/// Parameters are numbered by 16 bits on the wire.
const PARAM_NUMBER_MAX: usize = 65535;

impl Binder<'_, '_> {
    /// A parameter reference; of type `unknown` where that is not known yet.
    pub fn bind_param(&mut self, node: &nodes::ParamRef) -> Result<Expr> {
        let missing = || {
            let message = format!("there is no parameter ${}", node.number);
            PgError::new(code::UNDEFINED_PARAMETER, message).at(node.location)
        };
        let number = usize::try_from(node.number).unwrap_or(0);
        if number == 0 || number > PARAM_NUMBER_MAX {
            return Err(missing());
        }
        let type_oid = match self.params {
            ParamTypes::None => return Err(missing()),
            ParamTypes::Fixed(types) => match types.get(number - 1) {
                Some(0) | None => return Err(missing()),
                Some(oid) => *oid,
            },
            ParamTypes::Variable(types) => {
                if types.len() < number {
                    types.resize(number, 0);
                }
                match types[number - 1] {
                    0 => oids::UNKNOWN,
                    oid => oid,
                }
            }
        };
        Ok(Expr::Param(Param {
            id: number as u32,
            type_oid,
            typmod: -1,
            collation: self.param_collation(type_oid),
            location: node.location,
        }))
    }

    /// The collation of a parameter: its type's, or in a function's body that of the call.
    pub fn param_collation(&self, type_oid: Oid) -> Oid {
        match (self.collation(type_oid), self.arguments) {
            (0, _) | (_, None) => self.collation(type_oid),
            (of_type, Some(arguments)) if arguments.collation == 0 => of_type,
            (_, Some(arguments)) => arguments.collation,
        }
    }

    /// Gives an unknown parameter the type its place asks for.
    pub fn infer_param(&mut self, mut param: Param, to: Oid, cast: Cast) -> Result<Expr> {
        let ParamTypes::Variable(types) = &mut self.params else {
            return self.coerce_unknown_param(param, to, cast);
        };
        let Some(slot) = types.get_mut(param.id as usize - 1) else {
            return Err(PgError::internal("a parameter that was never registered"));
        };
        let known = *slot;
        if known == 0 || known == oids::UNKNOWN {
            *slot = to;
        } else if known != to {
            let message = format!("inconsistent types deduced for parameter ${}", param.id);
            let detail = format!("{} versus {}", self.type_name(known), self.type_name(to));
            return Err(PgError::new(code::AMBIGUOUS_PARAMETER, message)
                .detail(detail)
                .at(param.location));
        }
        param.type_oid = to;
        param.typmod = -1;
        param.collation = self.collation(to);
        // The leftmost of the parameter's and the cast's places.
        if cast.location >= 0 && (param.location < 0 || cast.location < param.location) {
            param.location = cast.location;
        }
        Ok(Expr::Param(param))
    }

    /// A parameter that was declared `unknown`: it is read as text.
    fn coerce_unknown_param(&mut self, param: Param, to: Oid, cast: Cast) -> Result<Expr> {
        let text = Expr::Param(Param { type_oid: oids::TEXT, ..param });
        if to == oids::TEXT {
            return Ok(text);
        }
        self.coerce_type(text, to, -1, Cast::explicit(cast.location))
    }

    /// After binding: every parameter has a type, and each use agrees with it
    /// (`check_variable_parameters`, and Parse's own check).
    pub fn check_params(&self) -> Result<()> {
        let ParamTypes::Variable(types) = &*self.params else { return Ok(()) };
        match types.iter().position(|t| *t == 0 || *t == oids::UNKNOWN) {
            None => Ok(()),
            Some(at) => {
                let message = format!("could not determine data type of parameter ${}", at + 1);
                Err(PgError::new(code::INDETERMINATE_DATATYPE, message))
            }
        }
    }
}
