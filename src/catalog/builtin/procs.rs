//! `pg_proc`: functions, aggregates, window functions and procedures.

use super::data::{Reader, parse};
use super::extensions::Extension;
use super::table::{Row, Table};
use crate::types::Oid;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::LazyLock;

/// `pg_proc.proargmodes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ArgMode {
    In,
    Out,
    InOut,
    Variadic,
    Table,
}

/// Whether parallel workers may call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Parallel {
    Safe,
    Restricted,
    Unsafe,
}

/// A row of pg_proc; of a function that users make, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Proc {
    pub oid: Oid,
    pub name: Text,
    pub namespace: Oid,
    pub language: Oid,
    /// What names its implementation ([`crate::functions`]): `prosrc`. SQL-language functions have
    /// none in PostgreSQL 15; theirs is `name_oid`, as in `lpad_879`.
    pub src: Text,
    /// The library of a function in C: `probin`.
    pub library: Option<Text>,
    /// An SQL-language function's body: `RETURN lpad($1, $2, ' '::text)`.
    pub sql_body: Option<Text>,
    /// `f` function, `a` aggregate, `w` window, `p` procedure.
    pub kind: u8,
    /// Returns NULL, uncalled, where an argument is NULL.
    pub strict: bool,
    pub returns_set: bool,
    /// `i` immutable, `s` stable, `v` volatile.
    pub volatility: u8,
    pub parallel: Parallel,
    pub leakproof: bool,
    /// Element type of the VARIADIC argument; `"any"` for `VARIADIC "any"`; 0 for none.
    pub variadic: Oid,
    pub return_type: Oid,
    /// Types of the input arguments (IN, INOUT, VARIADIC).
    pub arg_types: Vec<Oid>,
    /// Defaults of the last input arguments, SQL expressions separated by commas.
    pub arg_defaults: Option<Text>,
    pub arg_default_count: usize,
    /// All arguments where some are not IN: type and mode.
    pub all_args: Option<Vec<(Oid, ArgMode)>>,
    /// Names of `all_args`, or else of `arg_types`; empty strings for the nameless.
    pub arg_names: Option<Vec<Text>>,
    /// Planner's guesses: cost in cpu_operator_cost, rows of a set.
    pub cost: f32,
    pub rows: f32,
    /// The planner's helper for it, or 0.
    pub support: Oid,
}

/// Embedded in the program, or a user's.
type Text = Cow<'static, str>;

impl Row for Proc {
    const FILE: &'static str = "pg_proc";

    fn read(r: &Reader) -> Proc {
        let (oid, name, source) = (r.oid("oid"), r.text("proname"), r.text("prosrc"));
        let sql = source.is_empty();
        Proc {
            oid,
            name: name.into(),
            namespace: r.oid("pronamespace"),
            language: r.oid("prolang"),
            src: if sql { Cow::Owned(format!("{name}_{oid}")) } else { Cow::Borrowed(source) },
            library: r.get("probin").map(Cow::Borrowed),
            sql_body: r.get("prosqlbody").map(Cow::Borrowed),
            kind: r.char("prokind"),
            strict: r.bool("proisstrict"),
            returns_set: r.bool("proretset"),
            volatility: r.char("provolatile"),
            parallel: match r.char("proparallel") {
                b's' => Parallel::Safe,
                b'r' => Parallel::Restricted,
                _ => Parallel::Unsafe,
            },
            leakproof: r.bool("proleakproof"),
            variadic: r.oid("provariadic"),
            return_type: r.oid("prorettype"),
            arg_types: r.oid_vector("proargtypes"),
            arg_defaults: r.get("proargdefaults").map(Cow::Borrowed),
            arg_default_count: r.value("pronargdefaults"),
            all_args: all_args(r),
            arg_names: arg_names(r),
            cost: r.value("procost"),
            rows: r.value("prorows"),
            support: r.oid("prosupport"),
        }
    }

    fn oid(&self) -> Oid {
        self.oid
    }

    fn name(&self) -> &str {
        &self.name
    }
}

fn all_args(r: &Reader) -> Option<Vec<(Oid, ArgMode)>> {
    let modes = r.array("proargmodes")?;
    let types = match r.array("proallargtypes") {
        Some(types) => types.into_iter().map(parse).collect(),
        // All are input arguments, and one is VARIADIC.
        None => r.oid_vector("proargtypes"),
    };
    Some(types.into_iter().zip(modes.into_iter().map(mode)).collect())
}

fn mode(letter: &str) -> ArgMode {
    match letter {
        "o" => ArgMode::Out,
        "b" => ArgMode::InOut,
        "v" => ArgMode::Variadic,
        "t" => ArgMode::Table,
        _ => ArgMode::In,
    }
}

/// Argument names are plain identifiers; `""` stands for none.
fn arg_names(r: &Reader) -> Option<Vec<Text>> {
    let names = r.array("proargnames")?;
    Some(names.into_iter().map(|n| n.trim_matches('"').into()).collect())
}

impl Proc {
    /// OUT, INOUT and TABLE arguments: the columns of the result, name and type.
    pub fn out_columns(&self) -> Vec<(&str, Oid)> {
        let Some(args) = &self.all_args else { return Vec::new() };
        let name = |i: usize| self.arg_names.as_ref().and_then(|n| n.get(i)).map_or("", |n| n);
        let out = |m: ArgMode| matches!(m, ArgMode::Out | ArgMode::InOut | ArgMode::Table);
        let columns = args.iter().enumerate().filter(|(_, (_, m))| out(*m));
        columns.map(|(i, (ty, _))| (name(i), *ty)).collect()
    }

    /// Names of the input arguments, as `name => value` calls them; `""` for the nameless.
    pub fn input_names(&self) -> Vec<&str> {
        let Some(names) = &self.arg_names else { return vec![""; self.arg_types.len()] };
        match &self.all_args {
            None => names.iter().map(|name| &**name).collect(),
            Some(args) => {
                let input = |m: ArgMode| !matches!(m, ArgMode::Out | ArgMode::Table);
                args.iter().zip(names).filter(|((_, m), _)| input(*m)).map(|(_, n)| &**n).collect()
            }
        }
    }
}

static PROCS: LazyLock<Table<Proc>> = LazyLock::new(Table::load);

/// Whether this is what pg_proc has as the defaults of a function's arguments.
pub fn is_argument_default(text: &str) -> bool {
    PROCS.rows.iter().any(|proc| proc.arg_defaults.as_deref() == Some(text))
}

/// The built-in function with this OID.
pub fn proc(oid: Oid) -> Option<&'static Proc> {
    PROCS.get(oid)
}

/// PostgreSQL's own functions of this name (any system namespace), in OID order.
pub fn procs_named(name: &str) -> impl Iterator<Item = &'static Proc> {
    PROCS.named(name)
}

/// An extension's functions of this name.
pub fn member_procs_named(
    extension: &'static Extension,
    name: &str,
) -> impl Iterator<Item = &'static Proc> {
    PROCS.members_named(extension, name)
}

/// The function with exactly these input types, in pg_catalog.
pub fn proc_by_signature(name: &str, arg_types: &[Oid]) -> Option<&'static Proc> {
    procs_named(name).find(|p| p.namespace == super::oid::PG_CATALOG && p.arg_types == arg_types)
}

/// All built-in functions and those of extensions.
pub fn procs() -> &'static [Proc] {
    &PROCS.rows
}
