//! pg_constraint: primary keys, unique constraints, checks and foreign keys. (In PostgreSQL 15 NOT
//! NULL is not a constraint of this kind.)

use super::values::{int2_array, letter, oid_array, text};
use super::wanted::row;
use super::{Columns, Context, Row, tree};
use crate::catalog::depend::edges::constraint_columns;
use crate::catalog::{
    Constraint, ConstraintKind, DomainCheck, ForeignKey, ForeignKeyAction, Relation, UserType,
};
use crate::types::Datum;

pub(super) fn rows(table: &Relation, _cx: &Context<'_>, wanted: Columns, rows: &mut Vec<Row>) {
    rows.extend(table.constraints.iter().map(|c| row(table, c, wanted)));
}

/// The CHECKs of a domain.
pub(super) fn of_type(of: &UserType, _cx: &Context<'_>, wanted: Columns, rows: &mut Vec<Row>) {
    let checks = of.domain().map_or(&[][..], |domain| domain.checks.as_slice());
    rows.extend(checks.iter().map(|c| check(of, c, wanted)));
}

fn check(of: &UserType, c: &DomainCheck, wanted: Columns) -> Row {
    row![wanted;
        Datum::Oid(c.oid),
        text(&c.name),
        Datum::Oid(of.namespace),
        letter(b'c'),
        Datum::Bool(false),
        Datum::Bool(false),
        Datum::Bool(c.validated),
        Datum::Oid(0),
        Datum::Oid(of.oid),
        Datum::Oid(0),
        Datum::Oid(0),
        Datum::Oid(0),
        letter(b' '),
        letter(b' '),
        letter(b' '),
        Datum::Bool(true),
        Datum::Int4(0),
        Datum::Bool(false),
        Datum::Null,
        Datum::Null,
        Datum::Null,
        Datum::Null,
        Datum::Null,
        Datum::Null,
        Datum::Null,
        tree::encode(&c.expr),
    ]
}

fn row(table: &Relation, c: &Constraint, wanted: Columns) -> Row {
    let key = match &c.kind {
        ConstraintKind::ForeignKey(key) => Some(key),
        _ => None,
    };
    let columns = || match constraint_columns(c) {
        columns if columns.is_empty() => Datum::Null,
        columns => int2_array(columns),
    };
    let foreign = |value: fn(&ForeignKey) -> u8| letter(key.map_or(b' ', value));
    let ops = || key.map_or(Datum::Null, |k| oid_array(k.eq_ops.iter().copied()));
    row![wanted;
        Datum::Oid(c.oid),
        text(&c.name),
        Datum::Oid(table.namespace),
        letter(kind(c)),
        Datum::Bool(c.deferrable),
        Datum::Bool(c.initially_deferred),
        Datum::Bool(c.validated),
        Datum::Oid(table.oid),
        Datum::Oid(0),
        Datum::Oid(index(c)),
        Datum::Oid(c.origin.parent),
        Datum::Oid(key.map_or(0, |k| k.references)),
        foreign(|k| action(k.on_update)),
        foreign(|k| action(k.on_delete)),
        foreign(|k| if k.match_full { b'f' } else { b's' }),
        Datum::Bool(c.origin.is_local),
        Datum::Int4(c.origin.inherited),
        Datum::Bool(c.no_inherit),
        columns(),
        key.map_or(Datum::Null, |k| int2_array(k.referenced_columns.iter().copied())),
        ops(),
        ops(),
        ops(),
        key.filter(|k| !k.set_columns.is_empty())
            .map_or(Datum::Null, |k| int2_array(k.set_columns.iter().copied())),
        Datum::Null,
        match &c.kind {
            ConstraintKind::Check { expr } => tree::encode(expr),
            _ => Datum::Null,
        },
    ]
}

fn kind(constraint: &Constraint) -> u8 {
    match constraint.kind {
        ConstraintKind::PrimaryKey { .. } => b'p',
        ConstraintKind::Unique { .. } => b'u',
        ConstraintKind::Check { .. } => b'c',
        ConstraintKind::ForeignKey(_) => b'f',
    }
}

fn index(constraint: &Constraint) -> u32 {
    match &constraint.kind {
        ConstraintKind::PrimaryKey { index, .. } | ConstraintKind::Unique { index, .. } => *index,
        ConstraintKind::ForeignKey(key) => key.referenced_index,
        ConstraintKind::Check { .. } => 0,
    }
}

fn action(action: ForeignKeyAction) -> u8 {
    match action {
        ForeignKeyAction::NoAction => b'a',
        ForeignKeyAction::Restrict => b'r',
        ForeignKeyAction::Cascade => b'c',
        ForeignKeyAction::SetNull => b'n',
        ForeignKeyAction::SetDefault => b'd',
    }
}
