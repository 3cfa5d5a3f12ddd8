//! `aclexplode` and what else is done with access lists as values.

use super::Implementation::{self, Scalar, Set};
use super::privileges::PUBLIC;
use super::{Ctx, Rows};
use crate::catalog::acl::{item, parts, role_name};
use crate::error::{PgError, Result, code};
use crate::types::{Datum, Oid};

/// Privileges' letters and names, in the order in which `aclexplode` lists them (`acl.h`'s bits).
pub(super) const PRIVILEGES: [(char, &str); 14] = [
    ('a', "INSERT"),
    ('r', "SELECT"),
    ('w', "UPDATE"),
    ('d', "DELETE"),
    ('D', "TRUNCATE"),
    ('x', "REFERENCES"),
    ('t', "TRIGGER"),
    ('X', "EXECUTE"),
    ('U', "USAGE"),
    ('C', "CREATE"),
    ('T', "TEMPORARY"),
    ('c', "CONNECT"),
    ('s', "SET"),
    ('A', "ALTER SYSTEM"),
];

fn role(ctx: &Ctx<'_>, name: &str) -> Oid {
    // A role that is gone stands there by its OID.
    let found = ctx.env.catalog().role_named(name).map(|role| role.oid);
    found.or_else(|| name.parse().ok()).unwrap_or(PUBLIC)
}

/// A row for each privilege of each item: grantor, grantee, privilege, grant option.
fn explode(ctx: &Ctx<'_>, list: &Datum) -> Rows {
    let mut rows = Vec::new();
    for entry in &list.as_array().elements {
        let (grantee, letters, grantor) = parts(entry.as_text());
        let grantee = grantee.map_or(PUBLIC, |name| role(ctx, &name));
        let grantor = role(ctx, &grantor);
        for (letter, name) in PRIVILEGES {
            let Some((_, after)) = letters.split_once(letter) else { continue };
            rows.push(Ok(vec![
                Datum::Oid(grantor),
                Datum::Oid(grantee),
                Datum::text(name),
                Datum::Bool(after.starts_with('*')),
            ]));
        }
    }
    Box::new(rows.into_iter())
}

/// `makeaclitem(grantee, grantor, privileges, grantable)`.
fn make(ctx: &Ctx<'_>, a: &[Datum]) -> Result<Datum> {
    let wanted = a[2].as_text();
    let Some((letter, _)) = PRIVILEGES.iter().find(|(_, name)| name.eq_ignore_ascii_case(wanted))
    else {
        let message = format!("unrecognized privilege type: \"{wanted}\"");
        return Err(PgError::new(code::INVALID_PARAMETER_VALUE, message));
    };
    let letters = format!("{letter}{}", if a[3].as_bool() { "*" } else { "" });
    let catalog = ctx.env.catalog();
    let grantee = Some(a[0].as_oid()).filter(|oid| *oid != PUBLIC).map(|g| role_name(catalog, g));
    Ok(Datum::text(item(grantee.as_deref(), &letters, &role_name(catalog, a[1].as_oid()))))
}

/// Whether a list gives what an item does (`aclcontains`).
fn contains(list: &Datum, wanted: &str) -> bool {
    let (grantee, letters, grantor) = parts(wanted);
    list.as_array().elements.iter().any(|entry| {
        let (of, has, by) = parts(entry.as_text());
        of == grantee && by == grantor && letters.chars().all(|letter| has.contains(letter))
    })
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("aclexplode", Set(|c, a| Ok(explode(c, &a[0])))),
    ("makeaclitem", Scalar(make)),
    ("aclcontains", Scalar(|_, a| Ok(Datum::Bool(contains(&a[0], a[1].as_text()))))),
    ("aclitem_eq", Scalar(|_, a| Ok(Datum::Bool(a[0].as_text() == a[1].as_text())))),
];
