//! SERIAL and IDENTITY columns: a sequence that the column owns.

use super::DdlContext;
use super::draft::TableDraft;
use super::implicit_names;
use super::sequence_options::{SequenceOptions, sequence_relation};
use crate::catalog::{Catalog, builtin};
use crate::error::{PgError, Result, code};
use crate::nodes::{CoercionForm, Const, Expr, FuncCall};
use crate::types::{Datum, Oid, oids};
use pg_raw_parse::nodes::{Constraint, TypeName};

/// The integer type behind `serial` and its kin; they are not types, so only a bare name counts.
pub(super) fn serial_type(name: &TypeName) -> Result<Option<Oid>> {
    let words = super::column::type_words(name);
    let [word] = words.as_slice() else { return Ok(None) };
    let oid = match *word {
        "smallserial" | "serial2" => oids::INT2,
        "serial" | "serial4" => oids::INT4,
        "bigserial" | "serial8" => oids::INT8,
        _ => return Ok(None),
    };
    if !name.array_bounds().is_empty() {
        let message = "array of serial is not implemented";
        return Err(PgError::new(code::FEATURE_NOT_SUPPORTED, message).at(name.location));
    }
    Ok(Some(oid))
}

/// Gives a column its sequence, `DEFAULT nextval(…)` and NOT NULL.
pub(super) fn add_serial(
    draft: &mut TableDraft<'_>,
    attno: i16,
    type_oid: Oid,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let options = SequenceOptions::default();
    let sequence = add_sequence(draft, attno, type_oid, &options, false, catalog, cx)?;
    let column = draft.column_mut(attno);
    column.not_null = true;
    column.default = Some(nextval(sequence, type_oid));
    Ok(())
}

/// 22023 for a type that no sequence gives values of.
pub(super) fn check_identity_type(type_oid: Oid) -> Result<()> {
    if matches!(type_oid, oids::INT2 | oids::INT4 | oids::INT8) {
        return Ok(());
    }
    let message = "identity column type must be smallint, integer, or bigint";
    Err(PgError::new(code::INVALID_PARAMETER_VALUE, message))
}

/// Makes a column GENERATED … AS IDENTITY.
pub(super) fn add_identity(
    draft: &mut TableDraft<'_>,
    attno: i16,
    constraint: &Constraint,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let type_oid = draft.table.column(attno).type_oid;
    check_identity_type(type_oid)?;
    let options = SequenceOptions::read(constraint.options(), cx)?;
    add_sequence(draft, attno, type_oid, &options, true, catalog, cx)?;
    let column = draft.column_mut(attno);
    column.not_null = true;
    column.identity = Some(super::column::identity_kind(constraint.generated_when));
    Ok(())
}

fn add_sequence(
    draft: &mut TableDraft<'_>,
    attno: i16,
    type_oid: Oid,
    options: &SequenceOptions,
    internal: bool,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<Oid> {
    let table = &draft.table;
    let column = table.column(attno).name.clone();
    let parts = (table.name.as_str(), Some(column.as_str()), "seq");
    let name = match &options.name {
        Some(name) => name.clone(),
        None => implicit_names::relation_name(catalog, table.namespace, &draft.names, parts, false),
    };
    let mut info = options.define(type_oid)?;
    info.owned_by = Some((table.oid, attno));
    info.internal = internal;
    let mut sequence = sequence_relation(name, table.namespace, table.owner, info, cx)?;
    sequence.persistence = table.persistence;
    options.restart_in(&sequence, cx)?;
    draft.names.push(sequence.name.clone());
    let oid = sequence.oid;
    draft.sequences.push(sequence);
    Ok(oid)
}

/// `nextval('sequence'::regclass)`, cast to the column's type.
fn nextval(sequence: Oid, type_oid: Oid) -> Expr {
    let name = Expr::Const(Const {
        value: Datum::Oid(sequence),
        type_oid: oids::REGCLASS,
        typmod: -1,
        collation: 0,
        location: -1,
    });
    let call = function("nextval", oids::REGCLASS, name, CoercionForm::Call);
    match type_oid {
        oids::INT8 => call,
        oids::INT4 => function("int4", oids::INT8, call, CoercionForm::Implicit),
        _ => function("int2", oids::INT8, call, CoercionForm::Implicit),
    }
}

fn function(name: &str, arg_type: Oid, arg: Expr, form: CoercionForm) -> Expr {
    let proc = builtin::proc_by_signature(name, &[arg_type]).expect("a built-in function");
    Expr::Func(Box::new(FuncCall {
        func: proc.oid,
        op: None,
        type_oid: proc.return_type,
        typmod: -1,
        retset: false,
        variadic: false,
        form,
        collation: 0,
        input_collation: 0,
        args: vec![arg],
        notation: None,
        location: -1,
    }))
}
