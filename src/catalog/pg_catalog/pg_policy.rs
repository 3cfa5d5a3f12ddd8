//! pg_policy: the policies of tables.

use super::values::{letter, oid_array, text};
use super::wanted::row;
use super::{Columns, Context, Row, tree};
use crate::catalog::Relation;
use crate::types::Datum;

pub(super) fn rows(table: &Relation, _cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    for policy in &table.row_security.policies {
        rows.push(row![columns;
            Datum::Oid(policy.oid),
            text(&policy.name),
            Datum::Oid(table.oid),
            letter(policy.command.letter()),
            Datum::Bool(policy.permissive),
            oid_array(policy.roles.iter().copied()),
            policy.using.as_ref().map_or(Datum::Null, tree::encode),
            policy.check.as_ref().map_or(Datum::Null, tree::encode),
        ]);
    }
}
