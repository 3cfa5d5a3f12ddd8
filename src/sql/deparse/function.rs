//! `pg_get_function_sqlbody`: bodies in the SQL standard's form.

use super::names::Names;
use super::query::Columns;
use super::scope::Scope;
use super::writer::Writer;
use crate::catalog::{Function, FunctionBody};
use crate::error::Result;
use crate::types::Oid;

/// `RETURN …` or `BEGIN ATOMIC … END`; `None` where the function's body is text.
pub(super) fn body(names: &Names<'_>, oid: Oid) -> Result<Option<String>> {
    match names.catalog.function(oid) {
        Some(function) => body_of(names, function),
        None => Ok(None),
    }
}

pub(super) fn body_of(names: &Names<'_>, function: &Function) -> Result<Option<String>> {
    Ok(match &function.body {
        FunctionBody::Text | FunctionBody::Internal => None,
        FunctionBody::Return(returned) => match returned.output().next() {
            Some(target) => {
                let scope = Scope::of_columns(Vec::new());
                let mut writer = Writer::new(names, scope, false);
                writer.function = Some(&function.proc);
                writer.lines = false;
                writer.push("RETURN ");
                writer.expr(&target.expr, true)?;
                Some(writer.out)
            }
            None => None,
        },
        FunctionBody::Atomic(queries) => {
            let mut writer = Writer::of_query(names, false);
            writer.function = Some(&function.proc);
            writer.indent = 1;
            writer.push("BEGIN ATOMIC\n");
            for query in queries {
                writer.query(query, Columns::UNSEEN)?;
                writer.push(";\n");
            }
            writer.push("END");
            Some(writer.out)
        }
    })
}
