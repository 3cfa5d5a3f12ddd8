//! The function call protocol (manual, 55.2.6): one function by OID, without a statement. Drivers read
//! and write large objects so.
//!
//! A call is run as the SELECT that it is short for, so it has a query's privileges, strictness,
//! transaction and cancellation.

use super::Session;
use super::client::Client;
use super::extended::read_format;
use super::pipeline::parse_text;
use super::rows::into_rows;
use crate::catalog::builtin::{self, Proc};
use crate::error::{PgError, Result, code};
use crate::functions;
use crate::session::client::Encoding;
use crate::session::pipeline::output_columns;
use crate::types::{Datum, Oid};
use std::sync::Arc;

/// A FunctionCall message.
#[derive(Debug, PartialEq)]
pub struct FunctionCall<'a> {
    pub function: Oid,
    /// Format codes: none (all text), one for all, or one for each.
    pub formats: Vec<i16>,
    pub arguments: Vec<Option<&'a [u8]>>,
    pub result_format: i16,
}

impl Session {
    /// Calls a function and sends its result.
    pub async fn function_call(
        &mut self,
        call: FunctionCall<'_>,
        client: &mut dyn Client,
    ) -> Result<()> {
        let proc = callable(&call)?;
        let places: Vec<String> = (1..=call.arguments.len()).map(|n| format!("${n}")).collect();
        let name = functions::quote_identifier(&proc.name);
        let text: Arc<str> =
            format!("SELECT pg_catalog.{name}({})", places.join(", ")).as_str().into();
        self.begin_command(&text);
        self.check_not_failed()?;
        self.ensure_transaction();
        let statement = parse_text(&text, true)?.pop();
        let prepared = self.prepare("", statement, proc.arg_types.to_vec(), text, true)?;
        let params = self.read_parameters(&prepared, None, (&call.formats, &call.arguments))?;
        let planned = self.plan_of(&prepared)?;
        let mut running = self.start_query(planned.clone(), params).await?;
        let output = output_columns(planned.plan.columns(), &[]);
        let row = match running.rows.next(1).await? {
            Some(batch) => into_rows(batch, &output).pop(),
            None => None,
        };
        let value = row.and_then(|mut row| row.pop()).unwrap_or_default();
        let form = self.result_form(proc.return_type, &value, call.result_format)?;
        client.function_result(form.as_deref());
        drop(running);
        self.finish_unblocked().await?;
        self.flush_notices(client);
        self.end_command();
        Ok(())
    }

    /// A value in the form asked for; `None`: NULL.
    fn result_form(
        &mut self,
        type_oid: Oid,
        value: &Datum,
        format: i16,
    ) -> Result<Option<Vec<u8>>> {
        let encoding = read_format(format)?;
        if value.is_null() {
            return Ok(None);
        }
        let env = self.statement_env()?;
        let mut form = Vec::new();
        match encoding {
            Encoding::Binary => functions::send(&*env, type_oid, value, &mut form)?,
            Encoding::Text => {
                functions::text_out(&*env, type_oid, value, &mut form);
                env.format.client_encoding.encode_tail(&mut form, 0)?;
            }
        }
        Ok(Some(form))
    }
}

/// The function of a call, if it can be called so with that many arguments.
fn callable(call: &FunctionCall<'_>) -> Result<&'static Proc> {
    let proc = builtin::proc(call.function).ok_or_else(|| {
        let message = format!("function with OID {} does not exist", call.function);
        PgError::new(code::UNDEFINED_FUNCTION, message)
    })?;
    if proc.kind != b'f' || proc.returns_set {
        let message = format!("cannot call function \"{}\" via fastpath interface", proc.name);
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message));
    }
    let (given, required) = (call.arguments.len(), proc.arg_types.len());
    if given != required {
        let message = format!(
            "function call message contains {given} arguments but function requires {required}"
        );
        return Err(PgError::new(code::PROTOCOL_VIOLATION, message));
    }
    let formats = call.formats.len();
    if formats > 1 && formats != given {
        let message = format!(
            "function call message contains {formats} argument formats but {given} arguments"
        );
        return Err(PgError::new(code::PROTOCOL_VIOLATION, message));
    }
    Ok(proc)
}
