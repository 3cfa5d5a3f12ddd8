//! CREATE FUNCTION and CREATE PROCEDURE.

use super::super::names::RelationName;
use super::super::{DdlContext, column, lock, options, privileges, stored_setting};
use super::parameters::Parameters;
use super::{check_owner, put, signature};
use crate::catalog::builtin::{self, ArgMode, Parallel, Proc, oid::SQL_LANGUAGE};
use crate::catalog::{Catalog, DefaultAclKind, Function, FunctionBody, Namespace};
use crate::error::{PgError, Result, code};
use crate::functions::privileges::require_type;
use crate::sql::bind::{BindContext, bind_body, bind_standard_body, resolve_type};
use crate::sql::deparse::function_body;
use crate::types::{Oid, oids};
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{CreateFunctionStmt, DefElem};
use std::collections::BTreeMap;
use std::sync::Arc;

const COST_DEFAULT: f32 = 100.0;
const ROWS_DEFAULT: f32 = 1000.0;

pub(in super::super) async fn create(
    statement: &CreateFunctionStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let name = RelationName::of_list(statement.funcname(), cx)?;
    let namespace = name.target(false, &cx.catalog(), cx)?;
    let text = language(statement)?;
    let parameters = Parameters::read(statement, cx)?;
    let (return_type, returns_set) = result(statement, &parameters, cx)?;
    lock::name(namespace.oid, &name.name, cx).await?;
    let mut new = Function {
        defaults: parameters.defaults.clone(),
        proc: proc(&name.name, &namespace, parameters, (return_type, returns_set), statement),
        owner: cx.env.current_role(),
        security_definer: false,
        settings: BTreeMap::new(),
        body: FunctionBody::Text,
        comment: None,
        acl: None,
        aggregate: None,
    };
    let mut seen = Vec::new();
    for option in statement.options() {
        let name = option.defname().unwrap_or_default();
        if seen.contains(&name) && name != "set" {
            let message = "conflicting or redundant options";
            return Err(PgError::new(code::SYNTAX_ERROR, message).at(option.location));
        }
        seen.push(name);
        attribute(&mut new, option, cx)?;
    }
    let catalog = cx.catalog();
    set_standard_body(&mut new, statement, &catalog, cx)?;
    if let Some(member) = member_with_arguments(&new, &catalog) {
        return Err(taken(member, statement.replace));
    }
    let existing = with_same_arguments(&new, &catalog);
    match &existing {
        None => {
            new.proc.oid = cx.catalog.new_oid()?;
            new.acl = catalog.default_acl(DefaultAclKind::Function, new.owner, namespace.oid);
        }
        Some(old) => replace(old, &mut new, statement.replace, &catalog, cx)?,
    }
    if text.is_some() {
        // A body may call the function itself.
        put(new.clone(), cx);
    }
    set_text(&mut new, text, &cx.catalog(), cx)?;
    put(new, cx);
    let what = if statement.is_procedure { "PROCEDURE" } else { "FUNCTION" };
    Ok(format!("CREATE {what}"))
}

/// The function that is there with the name, schema and arguments of a new one.
pub(super) fn with_same_arguments(new: &Function, catalog: &Catalog) -> Option<Arc<Function>> {
    let new = &new.proc;
    let same = |old: &Proc| old.namespace == new.namespace && old.arg_types == new.arg_types;
    catalog.functions_named(&new.name).find(|old| same(&old.proc)).cloned()
}

/// An extension's function that the new one would take the place of.
fn member_with_arguments<'c>(new: &Function, catalog: &'c Catalog) -> Option<&'c Proc> {
    let same = |p: &&Proc| {
        catalog.schema_of(p.namespace) == new.proc.namespace && p.arg_types == new.proc.arg_types
    };
    let members = catalog.procs_named(&new.proc.name).filter(|p| builtin::is_member(p.oid));
    members.into_iter().find(|p| same(p))
}

fn taken(member: &Proc, replace: bool) -> PgError {
    match replace {
        true => PgError::unsupported(format!("replacing \"{}\" of an extension", member.name)),
        false => {
            let message =
                format!("function \"{}\" already exists with same argument types", member.name);
            PgError::new(code::DUPLICATE_FUNCTION, message)
        }
    }
}

/// Checks the language and gives the text of AS, if there is one.
fn language(statement: &CreateFunctionStmt) -> Result<Option<String>> {
    let (mut language, mut text) = (None, None);
    for option in statement.options() {
        match option.defname() {
            Some("language") => language = Some(options::text(option.arg())),
            Some("as") => {
                let parts = option
                    .arg()
                    .as_node_list()
                    .map(super::super::names::strings)
                    .unwrap_or_default();
                text = parts.first().map(|part| (*part).to_owned());
            }
            _ => {}
        }
    }
    let body = !matches!(statement.sql_body(), Node::None);
    let invalid = |message: &'static str| PgError::new(code::INVALID_FUNCTION_DEFINITION, message);
    match language.as_deref() {
        Some("sql") => {}
        None if body => {}
        None => return Err(invalid("no language specified")),
        Some(known @ ("plpgsql" | "c" | "internal")) => {
            return Err(PgError::unsupported(format!("language \"{known}\"")));
        }
        Some(other) => {
            let message = format!("language \"{other}\" does not exist");
            return Err(PgError::new(code::UNDEFINED_OBJECT, message));
        }
    }
    match (text.is_some(), body) {
        (true, true) => Err(invalid("duplicate function body specified")),
        (false, false) => Err(invalid("no function body specified")),
        _ => Ok(text),
    }
}

/// The result's type, and whether it is a set (`compute_return_type`).
fn result(
    statement: &CreateFunctionStmt,
    parameters: &Parameters,
    cx: &DdlContext<'_>,
) -> Result<(Oid, bool)> {
    let of_parameters = parameters.result();
    let invalid = |message: String| PgError::new(code::INVALID_FUNCTION_DEFINITION, message);
    if statement.is_procedure {
        // A procedure with output parameters gives a row.
        return Ok((of_parameters.map_or(oids::VOID, |_| oids::RECORD), false));
    }
    let catalog = cx.catalog();
    let Some(written) = statement.return_type() else {
        return match of_parameters {
            Some(result) => Ok((result, false)),
            None => Err(invalid("function result type must be specified".to_owned())),
        };
    };
    let (type_oid, _) = resolve_type(written, &cx.bind(&catalog)).map_err(PgError::nowhere)?;
    require_type(&**cx.env, type_oid)?;
    if let Some(result) = of_parameters
        && result != type_oid
    {
        let shown = column::type_name(&catalog, result, cx);
        return Err(invalid(format!(
            "function result type must be {shown} because of OUT parameters"
        )));
    }
    let pseudo = column::is_pseudo(type_oid, &catalog);
    if pseudo && !matches!(type_oid, oids::VOID | oids::RECORD) {
        let shown = column::type_name(&catalog, type_oid, cx);
        return Err(match shown.as_str() {
            "trigger" => invalid("SQL functions cannot return type trigger".to_owned()),
            _ => PgError::unsupported(format!("a function that returns {shown}")),
        });
    }
    Ok((type_oid, written.setof))
}

fn proc(
    name: &str,
    namespace: &Namespace,
    parameters: Parameters,
    (return_type, returns_set): (Oid, bool),
    statement: &CreateFunctionStmt,
) -> Proc {
    let plain = parameters.all.iter().all(|(_, _, mode)| *mode == ArgMode::In);
    let named = parameters.all.iter().any(|(name, ..)| !name.is_empty());
    let arg_types = parameters.inputs();
    Proc {
        oid: 0,
        name: name.to_owned().into(),
        namespace: namespace.oid,
        language: SQL_LANGUAGE,
        src: "".into(),
        library: None,
        sql_body: None,
        kind: if statement.is_procedure { b'p' } else { b'f' },
        strict: false,
        returns_set,
        volatility: b'v',
        parallel: Parallel::Unsafe,
        leakproof: false,
        variadic: parameters.variadic,
        return_type,
        arg_types,
        arg_default_count: parameters.defaults.len(),
        arg_defaults: None,
        all_args: (!plain)
            .then(|| parameters.all.iter().map(|(_, oid, mode)| (*oid, *mode)).collect()),
        arg_names: named
            .then(|| parameters.all.into_iter().map(|(name, ..)| name.into()).collect()),
        cost: COST_DEFAULT,
        rows: if returns_set { ROWS_DEFAULT } else { 0.0 },
        support: 0,
    }
}

/// An attribute, in CREATE and ALTER.
pub(super) fn attribute(
    function: &mut Function,
    option: &DefElem,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let (name, value) = (option.defname().unwrap_or_default(), option.arg());
    let invalid = |message: &'static str| PgError::new(code::INVALID_PARAMETER_VALUE, message);
    if function.is_procedure() && !matches!(name, "as" | "language" | "security" | "set") {
        let message = "invalid attribute in procedure definition";
        return Err(PgError::new(code::INVALID_FUNCTION_DEFINITION, message).at(option.location));
    }
    let number = |value: Node<'_>| options::text(value).parse::<f32>().unwrap_or(0.0);
    match name {
        "as" | "language" => {}
        "volatility" => {
            function.proc.volatility = match options::text(value).as_str() {
                "immutable" => b'i',
                "stable" => b's',
                _ => b'v',
            };
        }
        "strict" => function.proc.strict = options::boolean(name, value)?,
        "security" => function.security_definer = options::boolean(name, value)?,
        "leakproof" => {
            function.proc.leakproof = options::boolean(name, value)?;
            if function.proc.leakproof && !privileges::is_superuser(cx) {
                let message = "only superuser can define a leakproof function";
                return Err(PgError::new(code::INSUFFICIENT_PRIVILEGE, message));
            }
        }
        "cost" => {
            function.proc.cost = number(value);
            if function.proc.cost <= 0.0 {
                return Err(invalid("COST must be positive"));
            }
        }
        "rows" => {
            function.proc.rows = number(value);
            if !function.proc.returns_set {
                return Err(invalid("ROWS is not applicable when function does not return a set"));
            }
            if function.proc.rows <= 0.0 {
                return Err(invalid("ROWS must be positive"));
            }
        }
        "parallel" => {
            function.proc.parallel = match options::text(value).as_str() {
                "safe" => Parallel::Safe,
                "restricted" => Parallel::Restricted,
                "unsafe" => Parallel::Unsafe,
                _ => {
                    let message = "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE";
                    return Err(PgError::new(code::SYNTAX_ERROR, message));
                }
            };
        }
        "set" => {
            let Node::VariableSetStmt(set) = value else { return Ok(()) };
            stored_setting::apply(&mut function.settings, set, cx)?;
            // What is wrong with a value, or cannot be set, is found here.
            cx.env.within(&function.settings)?;
        }
        other => {
            return Err(PgError::unsupported(format!("{} of a function", other.to_uppercase())));
        }
    }
    Ok(())
}

/// OR REPLACE: what callers rely on stays.
pub(super) fn replace(
    old: &Arc<Function>,
    new: &mut Function,
    or_replace: bool,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    let name = &old.proc.name;
    if !or_replace {
        let message = format!("function \"{name}\" already exists with same argument types");
        return Err(PgError::new(code::DUPLICATE_FUNCTION, message));
    }
    check_owner(old, cx)?;
    if old.proc.kind != new.proc.kind {
        let message = "cannot change routine kind";
        return Err(PgError::new(code::WRONG_OBJECT_TYPE, message).detail(match old.kind_name() {
            "aggregate" => format!("\"{name}\" is an aggregate function."),
            kind => format!("\"{name}\" is a {kind}."),
        }));
    }
    let drop_first = || {
        let what = old.kind_name().to_ascii_uppercase();
        format!(
            "Use DROP {what} {} first.",
            signature(name, &old.proc.arg_types, catalog, cx).replace(", ", ",")
        )
    };
    let invalid = |message: String| {
        Err(PgError::new(code::INVALID_FUNCTION_DEFINITION, message).hint(drop_first()))
    };
    let result = |f: &Function| (f.proc.return_type, f.proc.returns_set);
    if result(old) != result(new) {
        return invalid(match old.is_procedure() {
            true => "cannot change whether a procedure has output parameters".to_owned(),
            false => "cannot change return type of existing function".to_owned(),
        });
    }
    if old.proc.return_type == oids::RECORD && old.proc.out_columns() != new.proc.out_columns() {
        let message = "cannot change return type of existing function";
        return Err(PgError::new(code::INVALID_FUNCTION_DEFINITION, message)
            .detail("Row type defined by OUT parameters is different.")
            .hint(drop_first()));
    }
    let renamed = old.proc.input_names().into_iter().zip(new.proc.input_names());
    if let Some((before, _)) = renamed.into_iter().find(|(a, b)| !a.is_empty() && a != b) {
        return invalid(format!("cannot change name of input parameter \"{before}\""));
    }
    if old.proc.arg_default_count > new.proc.arg_default_count {
        return invalid("cannot remove parameter defaults from existing function".to_owned());
    }
    new.proc.oid = old.proc.oid;
    new.owner = old.owner;
    new.acl = old.acl.clone();
    new.comment = old.comment.clone();
    Ok(())
}

/// Binds a body that is text, which finds what is wrong with it, and keeps the text.
fn set_text(
    new: &mut Function,
    text: Option<String>,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    // What the body will be read by.
    let env = cx.env.within(&new.settings)?.unwrap_or_else(|| cx.env.clone());
    let context = BindContext { catalog, env: &*env };
    if let Some(text) = text {
        let name = new.proc.name.clone();
        let in_function =
            |error: PgError| error.nowhere().context(format!("SQL function \"{name}\""));
        if cx.env.setting("check_function_bodies").as_deref() != Some("off") {
            let statements = crate::sql::parse(text.as_str()).map_err(in_function)?;
            bind_body(&statements, &context, &new.proc, (new.proc.arg_types.clone(), 0), None)
                .map_err(in_function)?;
        }
        new.proc.src = text.into();
    }
    Ok(())
}

/// Binds a body in the SQL standard's form.
fn set_standard_body(
    new: &mut Function,
    statement: &CreateFunctionStmt,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if matches!(statement.sql_body(), Node::None) {
        return Ok(());
    }
    let context = cx.bind(catalog);
    let nodes: Vec<Node<'_>> = match statement.sql_body() {
        node @ Node::ReturnStmt(_) => vec![node],
        // BEGIN ATOMIC: a list of lists.
        node => {
            let outer = node.as_node_list().into_iter().flatten();
            outer.flat_map(|inner| inner.as_node_list().into_iter().flatten()).collect()
        }
    };
    let mut queries = bind_standard_body(&nodes, &context, &new.proc)?;
    new.body = match statement.sql_body() {
        Node::ReturnStmt(_) => match queries.pop() {
            Some(query) => FunctionBody::Return(Box::new(query)),
            None => FunctionBody::Atomic(Vec::new()),
        },
        _ => FunctionBody::Atomic(queries),
    };
    // pg_dump needs its text.
    function_body(catalog, cx.env.search_path(), new).map(drop)
}
