//! CREATE EXTENSION: `plpgsql` is there from the start, and there are no others.

use super::DdlContext;
use crate::error::{PgError, Result, code};
use pg_raw_parse::nodes::CreateExtensionStmt;

pub(super) fn create(statement: &CreateExtensionStmt, cx: &DdlContext<'_>) -> Result<String> {
    let name = statement.extname().unwrap_or_default();
    if name != "plpgsql" {
        let message = format!("extension \"{name}\" is not available");
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).hint(
            "The extension must first be installed on the system where PostgreSQL is running.",
        ));
    }
    let message = format!("extension \"{name}\" already exists");
    if !statement.if_not_exists {
        return Err(PgError::new(code::DUPLICATE_OBJECT, message));
    }
    (cx.notice)(PgError::new(code::DUPLICATE_OBJECT, format!("{message}, skipping")));
    Ok("CREATE EXTENSION".to_owned())
}
