//! `pg_get_function_sqlbody`: bodies in the SQL standard's form.

use super::names::Names;
use super::query::Columns;
use super::writer::Writer;
use crate::catalog::FunctionBody;
use crate::error::Result;
use crate::nodes::Query;
use crate::types::Oid;

/// `RETURN …` or `BEGIN ATOMIC … END`; `None` where the function's body is text.
pub(super) fn body(names: &Names<'_>, oid: Oid) -> Result<Option<String>> {
    let Some(function) = names.catalog.function(oid) else { return Ok(None) };
    let query = |query: &Query| {
        let mut writer = Writer::of_query(names, false);
        writer.query(query, Columns::NAMED)?;
        Ok::<_, crate::error::PgError>(writer.out)
    };
    Ok(match &function.body {
        FunctionBody::Text => None,
        FunctionBody::Return(returned) => match returned.output().next() {
            Some(target) => {
                let expr = super::expression(names, &target.expr, 0, false)?;
                Some(format!("RETURN {expr}"))
            }
            None => None,
        },
        FunctionBody::Atomic(queries) => {
            let mut text = "BEGIN ATOMIC\n".to_owned();
            for statement in queries {
                text.push_str(&query(statement)?);
                text.push_str(";\n");
            }
            text.push_str("END");
            Some(text)
        }
    })
}
