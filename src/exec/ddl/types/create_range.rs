//! CREATE TYPE … AS RANGE (`DefineRange`).
//!
//! It makes the range type, the multirange type over it, constructors of both, and the cast from one to
//! the other. All but the type itself depend on it: DROP TYPE takes them along.
//!
//! ```text
//! CREATE TYPE span AS RANGE (subtype = float8)
//!     types      span, span_multirange, and the arrays over them
//!     functions  span(float8, float8), span(float8, float8, text)
//!                span_multirange(), span_multirange(span), span_multirange(VARIADIC span[])
//!     cast       span to span_multirange, explicit
//! ```

use super::super::names::{RelationName, definition_name, find_namespace};
use super::super::{DdlContext, column, create_index, index_def, routine};
use super::{NAME_BYTES_MAX, array_name, free_name, put, target};
use crate::catalog::builtin::{self, ArgMode, Cast, CastContext, CastMethod, Parallel, Proc, oid};
use crate::catalog::{
    Catalog, Change, DefaultAclKind, Function, FunctionBody, Namespace, RangeType, UserCast,
    UserType, UserTypeKind,
};
use crate::error::{PgError, Result, code};
use crate::sql::bind::resolve_type;
use crate::types::{Oid, oids};
use pg_raw_parse::Node;
use pg_raw_parse::nodes::{CreateRangeStmt, DefElem};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(in super::super) async fn create(
    statement: &CreateRangeStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let parts: Vec<&str> = statement.type_name().iter().filter_map(|s| s.sval()).collect();
    let name = RelationName::of_parts(&parts, cx)?;
    let namespace = target(&name, cx).await?;
    let attributes = Attributes::read(statement, cx)?;
    let mut range = attributes.range(&cx.catalog(), cx)?;
    let (multirange_name, multirange_namespace) =
        multirange_target(&name.name, &namespace, &attributes, cx).await?;
    // The OIDs in PostgreSQL's order.
    let array = cx.catalog.new_oid()?;
    range.multirange = cx.catalog.new_oid()?;
    let multirange_array = cx.catalog.new_oid()?;
    let oid = cx.catalog.new_oid()?;
    let subtype = range.subtype;
    let multirange = range.multirange;
    let range = Named { oid, array, name: &name.name, namespace: &namespace }
        .make(UserTypeKind::Range(range), cx);
    let multirange = Named {
        oid: multirange,
        array: multirange_array,
        name: &multirange_name,
        namespace: &multirange_namespace,
    }
    .make(UserTypeKind::Multirange(oid), cx);
    let made = Made { range: &range, multirange: &multirange, subtype };
    for function in made.constructors(cx)? {
        routine::put(function, cx);
    }
    put(range, cx);
    put(multirange, cx);
    Ok("CREATE TYPE".to_owned())
}

/// What the statement says of the type.
#[derive(Default)]
struct Attributes<'s> {
    subtype: Oid,
    opclass: Option<Node<'s>>,
    collation: Option<Node<'s>>,
    subtype_diff: Option<Node<'s>>,
    multirange: Option<RelationName>,
}

impl<'s> Attributes<'s> {
    fn read(statement: &'s CreateRangeStmt, cx: &DdlContext<'_>) -> Result<Attributes<'s>> {
        let mut found = Attributes::default();
        let mut seen: Vec<&str> = Vec::new();
        for option in statement.params() {
            let name = option.defname().unwrap_or_default();
            if seen.contains(&name) {
                let message = "conflicting or redundant options";
                return Err(PgError::new(code::SYNTAX_ERROR, message).at(option.location));
            }
            seen.push(name);
            match name {
                "subtype" => found.subtype = subtype(option, cx)?,
                "subtype_opclass" => found.opclass = Some(option.arg()),
                "collation" => found.collation = Some(option.arg()),
                "subtype_diff" => found.subtype_diff = Some(option.arg()),
                "canonical" => return Err(no_shell()),
                "multirange_type_name" => {
                    let parts = definition_name(option.arg());
                    found.multirange = Some(RelationName::of_parts(&parts, cx)?);
                }
                _ => {
                    let message = format!("type attribute \"{name}\" not recognized");
                    return Err(PgError::new(code::SYNTAX_ERROR, message));
                }
            }
        }
        if found.subtype == 0 {
            let message = "type attribute \"subtype\" is required";
            return Err(PgError::new(code::SYNTAX_ERROR, message));
        }
        Ok(found)
    }

    /// The pg_range row, but for the multirange type.
    fn range(&self, catalog: &Catalog, cx: &DdlContext<'_>) -> Result<RangeType> {
        let subtype = self.subtype;
        let opclass = self.opclass(catalog, cx)?;
        let collation = match self.collation {
            Some(_) if catalog.type_collation(subtype) == 0 => {
                let message = "range collation specified but subtype does not support collation";
                return Err(PgError::new(code::WRONG_OBJECT_TYPE, message));
            }
            Some(name) => super::super::collation::lookup(&definition_name(name), cx)?,
            None => catalog.type_collation(subtype),
        };
        if !catalog.is_bytewise(collation) {
            return Err(PgError::unsupported("a range type under a collation of ICU"));
        }
        let subtype_diff = match self.subtype_diff {
            Some(name) => difference(name, subtype, catalog, cx)?,
            None => 0,
        };
        Ok(RangeType { subtype, multirange: 0, collation, opclass, subtype_diff })
    }

    /// The class that orders bounds. Values of a type have one order here: that of its default class.
    fn opclass(&self, catalog: &Catalog, cx: &DdlContext<'_>) -> Result<Oid> {
        let default = index_def::default_opclass(oid::BTREE, self.subtype, cx);
        let Some(name) = self.opclass else {
            return default.map_err(|error| {
                error.hint(
                    "You must specify an operator class for the range type or define a default \
                     operator class for the subtype.",
                )
            });
        };
        let parts = definition_name(name);
        let class = create_index::opclass_named(&parts, oid::BTREE, self.subtype, catalog, cx)?;
        let same_order = |default: Oid| {
            let family = |oid| builtin::opclass(oid).map(|class| class.family);
            family(default) == family(class) || parts.last() == Some(&"text_pattern_ops")
        };
        match default {
            Ok(default) if same_order(default) => Ok(class),
            _ => Err(PgError::unsupported("a range ordered otherwise than its subtype")),
        }
    }
}

fn subtype(option: &DefElem, cx: &DdlContext<'_>) -> Result<Oid> {
    let Node::TypeName(written) = option.arg() else {
        let message = "argument of subtype must be a type name";
        return Err(PgError::new(code::SYNTAX_ERROR, message));
    };
    let catalog = cx.catalog();
    let (oid, _) = resolve_type(written, &cx.bind(&catalog)).map_err(PgError::nowhere)?;
    if column::is_pseudo(oid, &catalog) {
        let message = format!("range subtype cannot be {}", column::type_name(&catalog, oid, cx));
        return Err(PgError::new(code::DATATYPE_MISMATCH, message));
    }
    Ok(oid)
}

/// A canonical function takes the range type itself, before it is made: a shell type, of which there are
/// none.
fn no_shell() -> PgError {
    let message = "cannot specify a canonical function without a pre-created shell type";
    PgError::new(code::INVALID_OBJECT_DEFINITION, message).hint(
        "Create the type as a shell type, then create its canonicalization function, then do a \
         full CREATE TYPE.",
    )
}

/// The function of SUBTYPE_DIFF (`findRangeSubtypeDiffFunction`).
fn difference(name: Node<'_>, subtype: Oid, catalog: &Catalog, cx: &DdlContext<'_>) -> Result<Oid> {
    let parts = definition_name(name);
    let types = [subtype, subtype];
    let found = routine::exact(&parts, &types, catalog, cx)?;
    let shown = || routine::signature(&parts.join("."), &types, catalog, cx);
    let invalid = |what: &str| {
        let message = format!("range subtype diff function {} {what}", shown());
        Err(PgError::new(code::INVALID_OBJECT_DEFINITION, message))
    };
    if found.return_type != oids::FLOAT8 {
        return invalid("must return type double precision");
    }
    if found.volatility != b'i' {
        return invalid("must be immutable");
    }
    Ok(found.oid)
}

/// The multirange type's name, locked and free, and its schema.
async fn multirange_target(
    range_name: &str,
    namespace: &Arc<Namespace>,
    attributes: &Attributes<'_>,
    cx: &DdlContext<'_>,
) -> Result<(String, Arc<Namespace>)> {
    if let Some(name) = &attributes.multirange {
        let namespace = match &name.schema {
            Some(schema) if find_namespace(&cx.catalog(), schema, cx).is_some() => {
                target(name, cx).await?
            }
            _ => {
                free_name(namespace.oid, &name.name, cx).await?;
                namespace.clone()
            }
        };
        return Ok((name.name.clone(), namespace));
    }
    let name = multirange_name(range_name);
    free_name(namespace.oid, &name, cx).await.map_err(|error| {
        error
            .detail(format!("Failed while creating a multirange type for type \"{range_name}\"."))
            .hint(
                "You can manually specify a multirange type name using the \
                 \"multirange_type_name\" attribute.",
            )
    })?;
    Ok((name, namespace.clone()))
}

/// `makeMultirangeTypeName`: `numrange` gives `nummultirange`, `span` gives `span_multirange`.
fn multirange_name(range: &str) -> String {
    const SUFFIX: &str = "_multirange";
    let cut = |text: &str, bytes: usize| text[..text.floor_char_boundary(bytes)].to_owned();
    match range.find("range") {
        Some(at) => cut(&format!("{}multi{}", &range[..at], &range[at..]), NAME_BYTES_MAX),
        None => cut(range, NAME_BYTES_MAX - SUFFIX.len()) + SUFFIX,
    }
}

/// A type to be made.
struct Named<'n> {
    oid: Oid,
    array: Oid,
    name: &'n str,
    namespace: &'n Namespace,
}

impl Named<'_> {
    fn make(self, kind: UserTypeKind, cx: &DdlContext<'_>) -> UserType {
        let (catalog, owner) = (cx.catalog(), cx.env.current_role());
        UserType {
            oid: self.oid,
            name: self.name.to_owned(),
            namespace: self.namespace.oid,
            owner,
            array: self.array,
            array_name: array_name(&catalog, self.namespace.oid, self.name),
            comment: None,
            acl: catalog.default_acl(DefaultAclKind::Type, owner, self.namespace.oid),
            kind,
        }
    }
}

/// A range type and its multirange type.
struct Made<'m> {
    range: &'m UserType,
    multirange: &'m UserType,
    subtype: Oid,
}

impl Made<'_> {
    /// The constructors, and the cast that one of them is.
    fn constructors(&self, cx: &DdlContext<'_>) -> Result<Vec<Function>> {
        let (range, multirange) = (self.range, self.multirange);
        let subtype = self.subtype;
        let mut made = vec![
            constructor(range, vec![subtype, subtype], "range_constructor2", cx)?,
            constructor(range, vec![subtype, subtype, oids::TEXT], "range_constructor3", cx)?,
            constructor(multirange, Vec::new(), "multirange_constructor0", cx)?,
        ];
        let of_range = constructor(multirange, vec![range.oid], "multirange_constructor1", cx)?;
        let func = of_range.proc.oid;
        made.push(of_range);
        let mut variadic =
            constructor(multirange, vec![range.array], "multirange_constructor2", cx)?;
        variadic.proc.variadic = range.oid;
        variadic.proc.all_args = Some(vec![(range.array, ArgMode::Variadic)]);
        made.push(variadic);
        let cast = Cast {
            oid: cx.catalog.new_oid()?,
            source: range.oid,
            target: multirange.oid,
            func,
            context: CastContext::Explicit,
            method: CastMethod::Function,
        };
        let change =
            Change::PutCast(cx.catalog.database(), Arc::new(UserCast { cast, comment: None }));
        cx.catalog.push(change, cx.txn);
        Ok(made)
    }
}

/// A function that makes values of a type, called as the type is; those of ranges take NULLs.
fn constructor(
    of: &UserType,
    arg_types: Vec<Oid>,
    source: &'static str,
    cx: &DdlContext<'_>,
) -> Result<Function> {
    Ok(Function {
        proc: Proc {
            oid: cx.catalog.new_oid()?,
            name: of.name.clone().into(),
            namespace: of.namespace,
            language: oid::INTERNAL_LANGUAGE,
            src: source.into(),
            library: None,
            sql_body: None,
            kind: b'f',
            strict: of.multirange_over().is_some(),
            returns_set: false,
            volatility: b'i',
            parallel: Parallel::Safe,
            leakproof: false,
            variadic: 0,
            return_type: of.oid,
            arg_types,
            arg_defaults: None,
            arg_default_count: 0,
            all_args: None,
            arg_names: None,
            cost: 1.0,
            rows: 0.0,
            support: 0,
        },
        owner: of.owner,
        security_definer: false,
        settings: BTreeMap::new(),
        body: FunctionBody::Internal,
        defaults: Vec::new(),
        comment: None,
        acl: cx.catalog().default_acl(DefaultAclKind::Function, of.owner, of.namespace),
        aggregate: None,
    })
}
