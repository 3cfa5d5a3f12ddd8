//! `lo_*`: large objects ([`large_object`](crate::storage::large_object)), by descriptors and as a whole.
//!
//! A descriptor is a number for an object that the transaction has open, with a position in it. As in
//! PostgreSQL one that is opened to write sees the object as it is, and one to read as it was when it was
//! opened; both end with the transaction, or with the savepoint that they were opened after
//! (`be-fsstubs.c`, `inv_api.c`). lo_get sees what its own statement has written, which PostgreSQL's
//! does not.

use super::Implementation::{self, Scalar};
use super::{Ctx, void};
use crate::catalog::acl;
use crate::error::{PgError, Result, code};
use crate::storage::large_object::{BYTES_MAX, LargeObject, LargeObjects};
use crate::storage::{ReadView, Txn};
use crate::types::{Datum, Oid};
use parking_lot::Mutex;
use std::sync::Arc;

/// Flags of lo_open (`libpq-fs.h`).
const INV_WRITE: i32 = 0x0002_0000;
const INV_READ: i32 = 0x0004_0000;

/// What a role may do to objects that have no access list: nothing, unless it owns them.
const PRIVILEGES: &str = "rw";

/// The descriptors of a transaction.
#[derive(Default)]
pub struct Descriptors(Mutex<Table>);

#[derive(Default)]
struct Table {
    /// By descriptor; closed ones are given out again.
    open: Vec<Option<Descriptor>>,
    /// How many were ever opened.
    opened: u64,
}

#[derive(Clone)]
struct Descriptor {
    object: Oid,
    position: u64,
    writes: bool,
    reads: bool,
    /// What it sees; `None`: the object as it is.
    view: Option<ReadView>,
    /// Its number among all that were opened.
    number: u64,
}

impl Descriptors {
    /// How many were opened so far, for [`Descriptors::close_since`].
    pub fn mark(&self) -> u64 {
        self.0.lock().opened
    }

    /// Closes those that were opened after a savepoint.
    pub fn close_since(&self, mark: u64) {
        for slot in &mut self.0.lock().open {
            if slot.as_ref().is_some_and(|open| open.number >= mark) {
                *slot = None;
            }
        }
    }

    fn open(&self, mut descriptor: Descriptor) -> usize {
        let mut table = self.0.lock();
        descriptor.number = table.opened;
        table.opened += 1;
        match table.open.iter().position(Option::is_none) {
            Some(free) => {
                table.open[free] = Some(descriptor);
                free
            }
            None => {
                table.open.push(Some(descriptor));
                table.open.len() - 1
            }
        }
    }

    fn get(&self, descriptor: i32) -> Result<Descriptor> {
        let table = self.0.lock();
        let slot = usize::try_from(descriptor).ok().and_then(|at| table.open.get(at));
        slot.cloned().flatten().ok_or_else(|| {
            let message = format!("invalid large-object descriptor: {descriptor}");
            PgError::new(code::UNDEFINED_OBJECT, message)
        })
    }

    /// Puts a descriptor's position, or with `None` closes it.
    fn set(&self, descriptor: i32, position: Option<u64>) {
        let mut table = self.0.lock();
        let slot = usize::try_from(descriptor).ok().and_then(|at| table.open.get_mut(at));
        if let Some(slot) = slot {
            match (slot.as_mut(), position) {
                (Some(open), Some(position)) => open.position = position,
                _ => *slot = None,
            }
        }
    }

    fn close_object(&self, object: Oid) {
        for slot in &mut self.0.lock().open {
            if slot.as_ref().is_some_and(|open| open.object == object) {
                *slot = None;
            }
        }
    }
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> PgError {
    PgError::new(code::INVALID_PARAMETER_VALUE, message)
}

/// 42704.
pub fn missing(object: Oid) -> PgError {
    PgError::new(code::UNDEFINED_OBJECT, format!("large object {object} does not exist"))
}

fn transaction(c: &Ctx<'_>) -> Result<Arc<Txn>> {
    c.env.session().transaction()
}

/// Reads through a view: the given one, or the newest.
fn with_view<T>(
    txn: &Txn,
    view: Option<&ReadView>,
    read: impl FnOnce(&LargeObjects<'_>) -> crate::storage::Result<T>,
) -> Result<T> {
    let newest = match view {
        Some(view) => view.clone(),
        None => txn.read_view()?,
    };
    Ok(read(&LargeObjects { database: txn.database(), view: &newest })?)
}

/// 42501 unless the current role has a privilege on the object.
fn check_privilege(c: &Ctx<'_>, object: &LargeObject, privilege: char) -> Result<()> {
    let (catalog, role) = (c.env.catalog(), c.env.current_role());
    let owns = acl::has_privileges_of(catalog, role, object.owner);
    let allowed = match &object.acl {
        None => owns,
        Some(items) => acl::allows(catalog, items, role, privilege),
    };
    if allowed || c.env.setting("lo_compat_privileges").as_deref() == Some("on") {
        return Ok(());
    }
    let message = format!("permission denied for large object {}", object.oid);
    Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message))
}

/// The access list of an object that has none.
pub fn default_acl(owner: &str) -> Vec<String> {
    vec![acl::item(Some(owner), PRIVILEGES, owner)]
}

fn open(c: &Ctx<'_>, object: Oid, flags: i32) -> Result<Descriptor> {
    let writes = flags & INV_WRITE != 0;
    let reads = writes || flags & INV_READ != 0;
    if !reads {
        return Err(invalid(format!("invalid flags for opening a large object: {flags}")));
    }
    let txn = transaction(c)?;
    let (found, view) = match writes {
        true => (txn.large_object(object)?, None),
        false => {
            let view = txn.read_view()?;
            (with_view(&txn, Some(&view), |objects| objects.find(object))?, Some(view))
        }
    };
    let found = found.ok_or_else(|| missing(object))?;
    check_privilege(c, &found, 'r')?;
    if writes {
        check_privilege(c, &found, 'w')?;
    }
    Ok(Descriptor { object, position: 0, writes, reads, view, number: 0 })
}

fn lo_open(c: &Ctx<'_>, object: Oid, flags: i32) -> Result<Datum> {
    let descriptor = open(c, object, flags)?;
    let number = transaction(c)?.attachment::<Descriptors>().open(descriptor);
    Ok(Datum::Int4(i32::try_from(number).unwrap_or(i32::MAX)))
}

/// The transaction's descriptors, and one of them.
fn described(c: &Ctx<'_>, number: i32) -> Result<(Arc<Txn>, Arc<Descriptors>, Descriptor)> {
    let txn = transaction(c)?;
    let descriptors = txn.attachment::<Descriptors>();
    let descriptor = descriptors.get(number)?;
    Ok((txn, descriptors, descriptor))
}

fn lo_close(c: &Ctx<'_>, number: i32) -> Result<Datum> {
    let (_, descriptors, _) = described(c, number)?;
    descriptors.set(number, None);
    Ok(Datum::Int4(0))
}

fn loread(c: &Ctx<'_>, number: i32, length: i32) -> Result<Datum> {
    let (txn, descriptors, open) = described(c, number)?;
    if !open.reads {
        return Err(not_opened(number, "reading"));
    }
    let bytes = read(&txn, &open, open.position, usize::try_from(length).unwrap_or(0))?;
    descriptors.set(number, Some(open.position + bytes.len() as u64));
    Ok(Datum::bytea(&bytes[..]))
}

fn read(txn: &Txn, open: &Descriptor, offset: u64, length: usize) -> Result<Vec<u8>> {
    with_view(txn, open.view.as_ref(), |objects| objects.read(open.object, offset, length))
}

fn not_opened(number: i32, purpose: &str) -> PgError {
    let message = format!("large object descriptor {number} was not opened for {purpose}");
    PgError::new(code::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
}

fn lowrite(c: &Ctx<'_>, number: i32, bytes: &[u8]) -> Result<Datum> {
    let (_, descriptors, open) = described(c, number)?;
    if !open.writes {
        return Err(not_opened(number, "writing"));
    }
    let end = write(c, &open, open.position, bytes)?;
    descriptors.set(number, Some(end));
    Ok(Datum::Int4(i32::try_from(bytes.len()).unwrap_or(i32::MAX)))
}

/// Writes into an object; gives the position behind.
fn write(c: &Ctx<'_>, open: &Descriptor, offset: u64, bytes: &[u8]) -> Result<u64> {
    let end = offset + bytes.len() as u64;
    if end > BYTES_MAX {
        let size = bytes.len();
        return Err(invalid(format!("invalid large object write request size: {size}")));
    }
    let txn = to_change(c, open)?;
    txn.write_large_object(open.object, offset, bytes)?;
    Ok(end)
}

/// Locks an object that is to be written, and looks whether it is still there.
fn to_change(c: &Ctx<'_>, open: &Descriptor) -> Result<Arc<Txn>> {
    c.env.session().lock_large_object(open.object)?;
    let txn = transaction(c)?;
    match txn.large_object(open.object)? {
        Some(_) => Ok(txn),
        None => Err(missing(open.object)),
    }
}

fn seek(c: &Ctx<'_>, number: i32, offset: i64, whence: i32) -> Result<i64> {
    let (txn, descriptors, open) = described(c, number)?;
    let from = match whence {
        0 => 0,
        1 => open.position,
        2 => with_view(&txn, open.view.as_ref(), |objects| objects.length(open.object))?,
        other => return Err(invalid(format!("invalid whence setting: {other}"))),
    };
    let target = signed(from).saturating_add(offset);
    let position = u64::try_from(target).ok().filter(|position| *position <= BYTES_MAX);
    let position =
        position.ok_or_else(|| invalid(format!("invalid large object seek target: {target}")))?;
    descriptors.set(number, Some(position));
    Ok(target)
}

/// Positions are far below what an int8 holds.
fn signed(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

fn tell(c: &Ctx<'_>, number: i32) -> Result<i64> {
    let (_, _, open) = described(c, number)?;
    Ok(signed(open.position))
}

/// A position as an int4, as the functions without 64 in their names give it.
fn narrow(position: i64, function: &str, number: i32) -> Result<Datum> {
    i32::try_from(position).map(Datum::Int4).map_err(|_| {
        let message =
            format!("{function} result out of range for large-object descriptor {number}");
        PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, message)
    })
}

fn truncate(c: &Ctx<'_>, number: i32, length: i64) -> Result<Datum> {
    let (_, _, open) = described(c, number)?;
    if !open.writes {
        return Err(not_opened(number, "writing"));
    }
    let target = u64::try_from(length).ok().filter(|length| *length <= BYTES_MAX);
    let target = target
        .ok_or_else(|| invalid(format!("invalid large object truncation target: {length}")))?;
    to_change(c, &open)?.truncate_large_object(open.object, target)?;
    Ok(Datum::Int4(0))
}

/// Makes an object; `0`: with an OID of the server's choice.
fn create(c: &Ctx<'_>, wanted: Oid) -> Result<Oid> {
    let txn = transaction(c)?;
    let oid = match wanted {
        0 => txn.store().allocate_oid()?,
        wanted => wanted,
    };
    c.env.session().lock_large_object(oid)?;
    if txn.large_object(oid)?.is_some() {
        const INDEX: &str = "pg_largeobject_metadata_oid_index";
        let message = format!("duplicate key value violates unique constraint \"{INDEX}\"");
        return Err(PgError::new(code::UNIQUE_VIOLATION, message)
            .detail(format!("Key (oid)=({oid}) already exists."))
            .schema("pg_catalog")
            .table("pg_largeobject_metadata")
            .constraint(INDEX));
    }
    let owner = c.env.current_role();
    txn.put_large_object(&LargeObject { oid, owner, acl: None, comment: None })?;
    Ok(oid)
}

fn unlink(c: &Ctx<'_>, oid: Oid) -> Result<Datum> {
    let txn = transaction(c)?;
    let found = txn.large_object(oid)?.ok_or_else(|| missing(oid))?;
    let owns = acl::has_privileges_of(c.env.catalog(), c.env.current_role(), found.owner);
    if !owns && c.env.setting("lo_compat_privileges").as_deref() != Some("on") {
        let message = format!("must be owner of large object {oid}");
        return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
    }
    c.env.session().lock_large_object(oid)?;
    let found = txn.large_object(oid)?.ok_or_else(|| missing(oid))?;
    txn.attachment::<Descriptors>().close_object(oid);
    txn.drop_large_object(&found)?;
    Ok(Datum::Int4(1))
}

fn from_bytea(c: &Ctx<'_>, wanted: Oid, bytes: &[u8]) -> Result<Oid> {
    let oid = create(c, wanted)?;
    transaction(c)?.write_large_object(oid, 0, bytes)?;
    Ok(oid)
}

/// All of an object, or a part.
fn get(c: &Ctx<'_>, object: Oid, part: Option<(i64, i32)>) -> Result<Datum> {
    let open = open(c, object, INV_READ)?;
    let txn = transaction(c)?;
    let (offset, length) = match part {
        None => (0, usize::MAX),
        Some((_, ..=-1)) => return Err(invalid("requested length cannot be negative")),
        Some((offset, length)) => (offset, usize::try_from(length).unwrap_or(0)),
    };
    /// A bytea's greatest length, as of any value.
    const VALUE_BYTES_MAX: u64 = 0x3fff_fffb;
    let offset = u64::try_from(offset)
        .ok()
        .filter(|offset| *offset <= BYTES_MAX)
        .ok_or_else(|| invalid(format!("invalid large object seek target: {offset}")))?;
    let total = with_view(&txn, open.view.as_ref(), |objects| objects.length(object))?;
    if total.saturating_sub(offset).min(length as u64) > VALUE_BYTES_MAX {
        let message = "large object read request is too large";
        return Err(PgError::new(code::PROGRAM_LIMIT_EXCEEDED, message));
    }
    Ok(Datum::bytea(&read(&txn, &open, offset, length)?[..]))
}

fn put(c: &Ctx<'_>, object: Oid, offset: i64, bytes: &[u8]) -> Result<Datum> {
    let open = open(c, object, INV_WRITE)?;
    let offset = u64::try_from(offset)
        .map_err(|_| invalid(format!("invalid large object seek target: {offset}")))?;
    write(c, &open, offset, bytes)?;
    Ok(void())
}

/// 42501: files are the server's operating system user's.
fn check_superuser(c: &Ctx<'_>, function: &str) -> Result<()> {
    if c.env.catalog().role(c.env.current_role()).is_some_and(|role| role.superuser) {
        return Ok(());
    }
    let message = format!("permission denied for function {function}");
    Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message))
}

/// Makes an object of a file of the server's.
fn import(c: &Ctx<'_>, path: &str, wanted: Oid) -> Result<Datum> {
    check_superuser(c, "lo_import")?;
    let bytes = std::fs::read(path).map_err(|e| file_error("open", path, &e))?;
    from_bytea(c, wanted, &bytes).map(Datum::Oid)
}

/// Writes an object into a file of the server's.
fn export(c: &Ctx<'_>, object: Oid, path: &str) -> Result<Datum> {
    check_superuser(c, "lo_export")?;
    let open = open(c, object, INV_READ)?;
    let txn = transaction(c)?;
    let bytes = read(&txn, &open, 0, usize::MAX)?;
    std::fs::write(path, bytes).map_err(|e| file_error("create", path, &e))?;
    Ok(Datum::Int4(1))
}

fn file_error(what: &str, path: &str, error: &std::io::Error) -> PgError {
    let shown = error.to_string();
    let reason = shown.split(" (os error").next().unwrap_or_default();
    let state = match error.kind() {
        std::io::ErrorKind::NotFound => code::UNDEFINED_FILE,
        std::io::ErrorKind::PermissionDenied => code::INSUFFICIENT_PRIVILEGE,
        _ => code::IO_ERROR,
    };
    PgError::new(state, format!("could not {what} server file \"{path}\": {reason}"))
}

pub(super) const FUNCTIONS: &[(&str, Implementation)] = &[
    ("be_lo_open", Scalar(|c, a| lo_open(c, a[0].as_oid(), a[1].as_int4()))),
    ("be_lo_close", Scalar(|c, a| lo_close(c, a[0].as_int4()))),
    ("be_loread", Scalar(|c, a| loread(c, a[0].as_int4(), a[1].as_int4()))),
    ("be_lowrite", Scalar(|c, a| lowrite(c, a[0].as_int4(), a[1].as_bytea()))),
    (
        "be_lo_lseek",
        Scalar(|c, a| {
            let (number, offset) = (a[0].as_int4(), i64::from(a[1].as_int4()));
            narrow(seek(c, number, offset, a[2].as_int4())?, "lo_lseek", number)
        }),
    ),
    (
        "be_lo_lseek64",
        Scalar(|c, a| seek(c, a[0].as_int4(), a[1].as_int8(), a[2].as_int4()).map(Datum::Int8)),
    ),
    ("be_lo_tell", Scalar(|c, a| narrow(tell(c, a[0].as_int4())?, "lo_tell", a[0].as_int4()))),
    ("be_lo_tell64", Scalar(|c, a| tell(c, a[0].as_int4()).map(Datum::Int8))),
    ("be_lo_truncate", Scalar(|c, a| truncate(c, a[0].as_int4(), i64::from(a[1].as_int4())))),
    ("be_lo_truncate64", Scalar(|c, a| truncate(c, a[0].as_int4(), a[1].as_int8()))),
    ("be_lo_creat", Scalar(|c, _| create(c, 0).map(Datum::Oid))),
    ("be_lo_create", Scalar(|c, a| create(c, a[0].as_oid()).map(Datum::Oid))),
    ("be_lo_unlink", Scalar(|c, a| unlink(c, a[0].as_oid()))),
    (
        "be_lo_from_bytea",
        Scalar(|c, a| from_bytea(c, a[0].as_oid(), a[1].as_bytea()).map(Datum::Oid)),
    ),
    ("be_lo_get", Scalar(|c, a| get(c, a[0].as_oid(), None))),
    (
        "be_lo_get_fragment",
        Scalar(|c, a| get(c, a[0].as_oid(), Some((a[1].as_int8(), a[2].as_int4())))),
    ),
    ("be_lo_put", Scalar(|c, a| put(c, a[0].as_oid(), a[1].as_int8(), a[2].as_bytea()))),
    ("be_lo_import", Scalar(|c, a| import(c, a[0].as_text(), 0))),
    ("be_lo_import_with_oid", Scalar(|c, a| import(c, a[0].as_text(), a[1].as_oid()))),
    ("be_lo_export", Scalar(|c, a| export(c, a[0].as_oid(), a[1].as_text()))),
];
