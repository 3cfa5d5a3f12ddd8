//! pg_rewrite: every view has its `_RETURN` rule. The action shows the view's OID only: definitions
//! are read from the view itself (`pg_get_viewdef`). Then those that users have made, which have no action.

use super::values::{letter, text};
use super::wanted::row;
use super::{Columns, Context, Row, tree};
use crate::catalog::Relation;
use crate::types::{Datum, Oid};

pub(super) fn rows(view: &Relation, _cx: &Context<'_>, columns: Columns, rows: &mut Vec<Row>) {
    if view.query().is_some() {
        rows.push(row![columns;
            Datum::Oid(rule_oid(view.oid)),
            text("_RETURN"),
            Datum::Oid(view.oid),
            letter(b'1'),
            letter(b'O'),
            Datum::Bool(true),
            text("<>"),
            text(&view.oid.to_string()),
        ]);
    }
    for rule in &view.rules {
        rows.push(row![columns;
            Datum::Oid(rule.oid),
            text(&rule.name),
            Datum::Oid(view.oid),
            letter(rule.event.digit()),
            letter(rule.enabled),
            Datum::Bool(rule.instead),
            rule.condition.as_ref().map_or_else(|| text("<>"), tree::encode),
            text("<>"),
        ]);
    }
}

/// A rule has no OID of its own: it shows as one that the allocator does not reach.
pub(super) fn rule_oid(view: Oid) -> Oid {
    view | RULE_BIT
}

/// The view whose rule has this OID; `None`: no rule has.
pub fn view_of_rule(rule: Oid) -> Option<Oid> {
    (rule & RULE_BIT != 0).then_some(rule & !RULE_BIT)
}

pub(super) const RULE_BIT: Oid = 1 << 31;
