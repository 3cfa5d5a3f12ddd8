//! Functions that do what STORAGE FLUSH, STORAGE COMPACT and KILL JOB do, for any driver.
//!
//! The first four give the number of rows that changed their place.

use super::Implementation::{self, Scalar};
use super::{Ctx, StorageAction};
use crate::error::{Result, code};
use crate::types::Datum;

fn run(ctx: &Ctx<'_>, action: StorageAction, table: Option<&Datum>) -> Result<Datum> {
    let table = table.map(Datum::as_oid);
    ctx.env.session().storage_action(action, table).map(Datum::Int8)
}

/// As pg_cancel_backend: a job that is not there is a warning.
fn kill_job(ctx: &Ctx<'_>, id: i64) -> Result<Datum> {
    let session = ctx.env.session();
    let killed = session.kill_job(id)?;
    if !killed {
        session.warning(code::WARNING, format!("job {id} does not exist or has ended"));
    }
    Ok(Datum::Bool(killed))
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("storage_flush", Scalar(|c, a| run(c, StorageAction::Flush, Some(&a[0])))),
    ("storage_flush_all", Scalar(|c, _| run(c, StorageAction::Flush, None))),
    ("storage_compact", Scalar(|c, a| run(c, StorageAction::Compact, Some(&a[0])))),
    ("storage_compact_all", Scalar(|c, _| run(c, StorageAction::Compact, None))),
    ("kill_job", Scalar(|c, a| kill_job(c, a[0].as_int8()))),
];
