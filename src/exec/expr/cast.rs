//! Casts through the types' text forms.
//!
//! `reg*` types read and write names, which needs the catalog: so text forms go through
//! [`functions`].

use super::Node;
use super::eval::Eval;
use crate::catalog::builtin;
use crate::error::{PgError, Result};
use crate::functions::{self, Ctx, Env, Implementation, ScalarFn};
use crate::types::{Datum, Oid, oids};

/// `CoerceViaIO`.
pub(in crate::exec) struct IoCast {
    pub arg: Node,
    pub from: Oid,
    pub to: Oid,
    output: Option<ScalarFn>,
    input: Option<ScalarFn>,
}

impl IoCast {
    pub fn new(arg: Node, from: Oid, to: Oid) -> IoCast {
        let output = builtin::type_(from).and_then(|t| implementation(t.output));
        let input = match to {
            oids::REGCLASS => functions::lookup("text_regclass").and_then(scalar),
            _ => builtin::type_(to).and_then(|t| implementation(t.input)),
        };
        IoCast { arg, from, to, output, input }
    }

    /// Whether the types' text forms depend on no setting.
    pub fn is_immutable(&self) -> bool {
        let immutable = |func: Oid| builtin::proc(func).is_some_and(|p| p.volatility == b'i');
        builtin::type_(self.from).is_some_and(|t| immutable(t.output))
            && builtin::type_(self.to).is_some_and(|t| immutable(t.input))
    }
}

/// The registered implementation of a type's input or output function.
fn implementation(func: Oid) -> Option<ScalarFn> {
    functions::lookup(&builtin::proc(func)?.src).and_then(scalar)
}

fn scalar(implementation: Implementation) -> Option<ScalarFn> {
    match implementation {
        Implementation::Scalar(f) => Some(f),
        Implementation::Set(_) => None,
    }
}

pub(super) fn io(io: &IoCast, cx: &Eval<'_>) -> Result<Datum> {
    let value = io.arg.eval(cx)?;
    if value.is_null() {
        return Ok(Datum::Null);
    }
    let env = cx.state.env();
    let text = match (io.output, value) {
        (None, Datum::Text(text)) => text,
        (None, value) => functions::output(env, io.from, &value)?.into(),
        (Some(output), value) => match call(output, env, &[value], oids::CSTRING)? {
            Datum::Text(text) => text,
            _ => return Err(PgError::internal("an output function gave no text")),
        },
    };
    match io.input {
        None if is_text(io.to) => Ok(Datum::Text(text)),
        None => functions::text_in(env, io.to, -1, &text),
        Some(input) => {
            let args = [Datum::Text(text), Datum::Oid(io.to), Datum::Int4(-1)];
            call(input, env, &args, io.to)
        }
    }
}

/// Types whose text form is their value.
fn is_text(type_oid: Oid) -> bool {
    matches!(type_oid, oids::TEXT | oids::VARCHAR | oids::CSTRING | oids::UNKNOWN)
}

fn call(f: ScalarFn, env: &dyn Env, args: &[Datum], result_type: Oid) -> Result<Datum> {
    f(&Ctx { env, func: 0, arg_types: &[], result_type, variadic: false, columns: &[] }, args)
}
