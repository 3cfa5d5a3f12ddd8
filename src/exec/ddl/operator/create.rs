//! CREATE OPERATOR (`DefineOperator`, `OperatorCreate`).
//!
//! A commutator or negator that does not exist yet is made as a shell, which its own CREATE OPERATOR
//! completes.

use super::super::names::{RelationName, definition_name};
use super::super::{DdlContext, lock, options, privileges, routine};
use super::{find, put};
use crate::catalog::builtin::Operator;
use crate::catalog::{Catalog, UserOperator};
use crate::error::{PgError, Result, code};
use crate::functions::privileges::{require_function, require_type};
use crate::sql::bind::resolve_type;
use crate::types::{Oid, oids};
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{DefElem, DefineStmt};

/// What the statement says, its functions and types found.
#[derive(Default)]
struct Definition<'s> {
    left: Oid,
    right: Oid,
    function: Option<Node<'s>>,
    commutator: Option<Vec<&'s str>>,
    negator: Option<Vec<&'s str>>,
    restrict: Option<Node<'s>>,
    join: Option<Node<'s>>,
    can_hash: bool,
    can_merge: bool,
}

pub(in super::super) async fn create(
    statement: &DefineStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let parts: Vec<&str> = statement.defnames().iter().filter_map(|s| s.sval()).collect();
    let name = RelationName::of_parts(&parts, cx)?;
    let namespace = name.target(false, &cx.catalog(), cx)?;
    let definition = Definition::read(statement, cx)?;
    lock::name(namespace.oid, &name.name, cx).await?;
    let catalog = cx.catalog();
    let (proc, result) = definition.function(&catalog, cx)?;
    let restrict = match definition.restrict {
        Some(name) => estimator(name, &RESTRICT, "restriction", &catalog, cx)?,
        None => 0,
    };
    let join = match definition.join {
        Some(name) => estimator(name, &JOIN, "join", &catalog, cx)?,
        None => 0,
    };
    definition.check(result, restrict != 0, join != 0)?;
    let (left, right) = (definition.left, definition.right);
    let existing = catalog.operator_in_path(&[namespace.oid], &name.name, left, right);
    let shell = existing.and_then(|found| catalog.user_operator(found.oid));
    let shell = shell.filter(|found| found.is_shell());
    if existing.is_some() && shell.is_none() {
        let message = format!("operator {} already exists", name.name);
        return Err(PgError::new(code::DUPLICATE_FUNCTION, message));
    }
    let oid = match shell {
        Some(shell) => shell.operator.oid,
        None => cx.catalog.new_oid()?,
    };
    let this = Operator {
        oid,
        name: name.name.clone().into(),
        namespace: namespace.oid,
        left,
        right,
        result,
        proc,
        commutator: 0,
        negator: 0,
        can_merge: definition.can_merge,
        can_hash: definition.can_hash,
    };
    let other = |parts: &Option<Vec<&str>>, left, right| match parts {
        Some(parts) => linked(parts, left, right, &this, &catalog, cx),
        None => Ok(0),
    };
    let commutator = other(&definition.commutator, right, left)?;
    let negator = other(&definition.negator, left, right)?;
    if negator == oid {
        let message = "operator cannot be its own negator or sort operator";
        return Err(PgError::new(code::INVALID_FUNCTION_DEFINITION, message));
    }
    let new = UserOperator {
        operator: Operator { commutator, negator, ..this },
        owner: cx.env.current_role(),
        restrict,
        join,
        comment: None,
    };
    put(new, cx);
    link_back(commutator, oid, cx, |operator| &mut operator.commutator);
    link_back(negator, oid, cx, |operator| &mut operator.negator);
    Ok("CREATE OPERATOR".to_owned())
}

impl<'s> Definition<'s> {
    fn read(statement: &'s DefineStmt, cx: &DdlContext<'_>) -> Result<Definition<'s>> {
        let mut found = Definition::default();
        for option in statement.definition() {
            let name = option.defname().unwrap_or_default();
            match name {
                "leftarg" => found.left = operand(option, cx)?,
                "rightarg" => found.right = operand(option, cx)?,
                "function" | "procedure" => found.function = Some(option.arg()),
                "commutator" => found.commutator = Some(definition_name(option.arg())),
                "negator" => found.negator = Some(definition_name(option.arg())),
                "restrict" => found.restrict = Some(option.arg()),
                "join" => found.join = Some(option.arg()),
                "hashes" => found.can_hash = options::boolean(name, option.arg())?,
                "merges" => found.can_merge = options::boolean(name, option.arg())?,
                // What MERGES has replaced.
                "sort1" | "sort2" | "ltcmp" | "gtcmp" => found.can_merge = true,
                other => {
                    let message = format!("operator attribute \"{other}\" not recognized");
                    (cx.notice)(PgError::new(code::SYNTAX_ERROR, message).warning());
                }
            }
        }
        Ok(found)
    }

    /// The function that computes it, and its result's type.
    fn function(&self, catalog: &Catalog, cx: &DdlContext<'_>) -> Result<(Oid, Oid)> {
        let invalid =
            |message: &'static str| PgError::new(code::INVALID_FUNCTION_DEFINITION, message);
        let name = self.function.ok_or_else(|| invalid("operator function must be specified"))?;
        match (self.left, self.right) {
            (0, 0) => return Err(invalid("operator argument types must be specified")),
            (_, 0) => {
                return Err(invalid("operator right argument type must be specified")
                    .detail("Postfix operators are not supported."));
            }
            _ => {}
        }
        let types = [self.left, self.right];
        let types = &types[usize::from(self.left == 0)..];
        for type_oid in types {
            require_type(&**cx.env, *type_oid)?;
        }
        let found = routine::exact(&definition_name(name), types, catalog, cx)?;
        require_function(catalog, cx.env.current_role(), found.oid)?;
        require_type(&**cx.env, found.return_type)?;
        Ok((found.oid, found.return_type))
    }

    /// What only binary, and only boolean operators can have.
    fn check(&self, result: Oid, restrict: bool, join: bool) -> Result<()> {
        let refuse = |which: &str, what: &str| {
            let message = format!("only {which} operators can {what}");
            Err(PgError::new(code::INVALID_FUNCTION_DEFINITION, message))
        };
        let of_binary = [
            (self.commutator.is_some(), "have commutators"),
            (join, "have join selectivity"),
            (self.can_merge, "merge join"),
            (self.can_hash, "hash"),
        ];
        if self.left == 0
            && let Some((_, what)) = of_binary.into_iter().find(|(given, _)| *given)
        {
            return refuse("binary", what);
        }
        let of_boolean = [
            (self.negator.is_some(), "have negators"),
            (restrict, "have restriction selectivity"),
            (join, "have join selectivity"),
            (self.can_merge, "merge join"),
            (self.can_hash, "hash"),
        ];
        if result != oids::BOOL
            && let Some((_, what)) = of_boolean.into_iter().find(|(given, _)| *given)
        {
            return refuse("boolean", what);
        }
        Ok(())
    }
}

fn operand(option: &DefElem, cx: &DdlContext<'_>) -> Result<Oid> {
    let Node::TypeName(written) = option.arg() else {
        let name = option.defname().unwrap_or_default();
        let message = format!("argument of {name} must be a type name");
        return Err(PgError::new(code::SYNTAX_ERROR, message));
    };
    if written.setof {
        let message = "SETOF type not allowed for operator argument";
        return Err(PgError::new(code::INVALID_FUNCTION_DEFINITION, message));
    }
    let catalog = cx.catalog();
    resolve_type(written, &cx.bind(&catalog)).map(|(oid, _)| oid).map_err(PgError::nowhere)
}

/// What selectivity estimators take.
const RESTRICT: [&[Oid]; 1] = [&[oids::INTERNAL, oids::OID, oids::INTERNAL, oids::INT4]];
const JOIN: [&[Oid]; 2] = [
    &[oids::INTERNAL, oids::OID, oids::INTERNAL, oids::INT2, oids::INTERNAL],
    &[oids::INTERNAL, oids::OID, oids::INTERNAL, oids::INT2],
];

/// A selectivity estimator by its name; it is kept and shown.
pub(super) fn restriction(name: Node<'_>, catalog: &Catalog, cx: &DdlContext<'_>) -> Result<Oid> {
    estimator(name, &RESTRICT, "restriction", catalog, cx)
}

/// The same for joins.
pub(super) fn join(name: Node<'_>, catalog: &Catalog, cx: &DdlContext<'_>) -> Result<Oid> {
    estimator(name, &JOIN, "join", catalog, cx)
}

fn estimator(
    name: Node<'_>,
    signatures: &[&[Oid]],
    what: &str,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<Oid> {
    let parts = definition_name(name);
    let mut found = Err(PgError::internal("an estimator without a signature"));
    for signature in signatures {
        found = routine::exact(&parts, signature, catalog, cx);
        if found.is_ok() {
            break;
        }
    }
    let found = found?;
    if found.return_type != oids::FLOAT8 {
        let message = format!(
            "{what} estimator function {} must return type double precision",
            parts.join(".")
        );
        return Err(PgError::new(code::INVALID_OBJECT_DEFINITION, message));
    }
    require_function(catalog, cx.env.current_role(), found.oid)?;
    Ok(found.oid)
}

/// The operator that an operator names as its commutator or negator: itself, another, or a new shell.
fn linked(
    parts: &[&str],
    left: Oid,
    right: Oid,
    this: &Operator,
    catalog: &Catalog,
    cx: &DdlContext<'_>,
) -> Result<Oid> {
    if let Some(found) = find(parts, left, right, catalog, cx)? {
        return Ok(found.oid);
    }
    let name = RelationName::of_parts(parts, cx)?;
    let namespace = name.target(false, &cx.catalog(), cx)?;
    if name.name == this.name
        && (namespace.oid, left, right) == (this.namespace, this.left, this.right)
    {
        return Ok(this.oid);
    }
    privileges::schema_create(&namespace, catalog, cx)?;
    let oid = cx.catalog.new_oid()?;
    let operator = Operator {
        oid,
        name: name.name.into(),
        namespace: namespace.oid,
        left,
        right,
        result: 0,
        proc: 0,
        commutator: 0,
        negator: 0,
        can_merge: false,
        can_hash: false,
    };
    let owner = cx.env.current_role();
    put(UserOperator { operator, owner, restrict: 0, join: 0, comment: None }, cx);
    Ok(oid)
}

/// Makes the other operator name this one, unless it names another.
fn link_back(other: Oid, this: Oid, cx: &DdlContext<'_>, link: impl Fn(&mut Operator) -> &mut Oid) {
    let catalog = cx.catalog();
    let Some(found) = catalog.user_operator(other).filter(|_| other != this) else { return };
    let mut changed = (**found).clone();
    let named = link(&mut changed.operator);
    if *named == 0 {
        *named = this;
        put(changed, cx);
    }
}
