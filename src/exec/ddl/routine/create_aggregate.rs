//! CREATE AGGREGATE, in the form with arguments and in the old one with BASETYPE (`DefineAggregate`,
//! `AggregateCreate`). Ordered-set aggregates are refused.

use super::super::names::{RelationName, definition_name};
use super::super::{DdlContext, column, lock, operator, options};
use super::create::{replace, with_same_arguments};
use super::parameters::Parameters;
use super::{put, signature};
use crate::catalog::builtin::{ArgMode, Parallel, Proc, oid};
use crate::catalog::{
    AggregateInfo, AggregateSteps, Catalog, DefaultAclKind, Function, FunctionBody,
};
use crate::error::{PgError, Result, code};
use crate::exec::user_aggregate::UserAggregate;
use crate::functions::privileges::{require_function, require_type};
use crate::sql::bind::{FoundFunction, find_function, resolve_type};
use crate::types::{Oid, oids};
use pg_raw_parse::Node;
use pg_raw_parse::nodes::DefineStmt;
use std::collections::{BTreeMap, HashMap};

pub(in super::super) async fn create_aggregate(
    statement: &DefineStmt,
    cx: &DdlContext<'_>,
) -> Result<String> {
    let parts: Vec<&str> = statement.defnames().iter().filter_map(|s| s.sval()).collect();
    let name = RelationName::of_parts(&parts, cx)?;
    let namespace = name.target(false, &cx.catalog(), cx)?;
    let definition = Definition::read(statement, cx);
    let parameters = parameters(statement, &definition, cx)?;
    lock::name(namespace.oid, &name.name, cx).await?;
    let catalog = cx.catalog();
    let arg_types = parameters.inputs();
    let made = Aggregate { arg_types: &arg_types, catalog: &catalog, cx };
    let (info, return_type) = made.info(&definition)?;
    let owner = cx.env.current_role();
    let plain = parameters.all.iter().all(|(_, _, mode)| *mode == ArgMode::In);
    let named = parameters.all.iter().any(|(name, ..)| !name.is_empty());
    let all = parameters.all.iter().map(|(_, oid, mode)| (*oid, *mode)).collect();
    let mut new = Function {
        proc: Proc {
            oid: 0,
            name: name.name.clone().into(),
            namespace: namespace.oid,
            language: oid::INTERNAL_LANGUAGE,
            src: "aggregate_dummy".into(),
            library: None,
            sql_body: None,
            kind: b'a',
            strict: false,
            returns_set: false,
            volatility: b'i',
            parallel: definition.parallel()?,
            leakproof: false,
            variadic: parameters.variadic,
            return_type,
            arg_types: arg_types.clone(),
            arg_defaults: None,
            arg_default_count: 0,
            all_args: (!plain).then_some(all),
            arg_names: named
                .then(|| parameters.all.into_iter().map(|(name, ..)| name.into()).collect()),
            cost: 1.0,
            rows: 0.0,
            support: 0,
        },
        owner,
        security_definer: false,
        settings: BTreeMap::new(),
        body: FunctionBody::Internal,
        defaults: Vec::new(),
        comment: None,
        acl: None,
        aggregate: Some(info),
    };
    match with_same_arguments(&new, &catalog) {
        None => {
            new.proc.oid = cx.catalog.new_oid()?;
            new.acl = catalog.default_acl(DefaultAclKind::Function, owner, namespace.oid);
        }
        Some(old) => replace(&old, &mut new, statement.replace, &catalog, cx)?,
    }
    put(new, cx);
    Ok("CREATE AGGREGATE".to_owned())
}

/// The attributes by their names, of which some have two.
struct Definition<'s>(HashMap<&'s str, Node<'s>>);

const ATTRIBUTES: [&str; 25] = [
    "sfunc",
    "finalfunc",
    "combinefunc",
    "serialfunc",
    "deserialfunc",
    "msfunc",
    "minvfunc",
    "mfinalfunc",
    "finalfunc_extra",
    "mfinalfunc_extra",
    "finalfunc_modify",
    "mfinalfunc_modify",
    "sortop",
    "basetype",
    "hypothetical",
    "stype",
    "sspace",
    "mstype",
    "msspace",
    "initcond",
    "minitcond",
    "parallel",
    // Old names, which end in a digit.
    "sfunc1",
    "stype1",
    "initcond1",
];

impl<'s> Definition<'s> {
    fn read(statement: &'s DefineStmt, cx: &DdlContext<'_>) -> Definition<'s> {
        let mut found = HashMap::new();
        for option in statement.definition() {
            let name = option.defname().unwrap_or_default();
            if !ATTRIBUTES.contains(&name) {
                let message = format!("aggregate attribute \"{name}\" not recognized");
                (cx.notice)(PgError::new(code::SYNTAX_ERROR, message).warning());
                continue;
            }
            found.insert(name.trim_end_matches('1'), option.arg());
        }
        Definition(found)
    }

    fn get(&self, name: &str) -> Option<Node<'s>> {
        self.0.get(name).copied()
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(options::text)
    }

    fn flag(&self, name: &str) -> Result<bool> {
        self.get(name).map_or(Ok(false), |value| options::boolean(name, value))
    }

    fn bytes(&self, name: &str) -> Result<i32> {
        let value = self.get(name).map_or(Ok(0), |value| options::int8(name, value))?;
        i32::try_from(value)
            .map_err(|_| PgError::new(code::NUMERIC_VALUE_OUT_OF_RANGE, "integer out of range"))
    }

    fn parallel(&self) -> Result<Parallel> {
        match self.text("parallel").as_deref() {
            None | Some("unsafe") => Ok(Parallel::Unsafe),
            Some("safe") => Ok(Parallel::Safe),
            Some("restricted") => Ok(Parallel::Restricted),
            Some(_) => {
                let message = "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE";
                Err(PgError::new(code::SYNTAX_ERROR, message))
            }
        }
    }

    /// What the final function does to the state; it may do anything to none.
    fn modify(&self, name: &str) -> Result<u8> {
        match self.text(name).as_deref() {
            None | Some("read_only") => Ok(b'r'),
            Some("shareable") => Ok(b's'),
            Some("read_write") => Ok(b'w'),
            Some(_) => {
                let message =
                    format!("parameter \"{name}\" must be READ_ONLY, SHAREABLE, or READ_WRITE");
                Err(PgError::new(code::SYNTAX_ERROR, message))
            }
        }
    }

    fn type_(&self, name: &str, catalog: &Catalog, cx: &DdlContext<'_>) -> Result<Option<Oid>> {
        let written = match self.get(name) {
            Some(Node::TypeName(written)) => written,
            Some(_) => {
                let message = format!("argument of {name} must be a type name");
                return Err(PgError::new(code::SYNTAX_ERROR, message));
            }
            None => return Ok(None),
        };
        let (found, _) = resolve_type(written, &cx.bind(catalog)).map_err(PgError::nowhere)?;
        Ok(Some(found))
    }
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> PgError {
    PgError::new(code::INVALID_FUNCTION_DEFINITION, message)
}

/// The arguments: written before the attributes, or in the old form BASETYPE, where `ANY` is none.
fn parameters(
    statement: &DefineStmt,
    definition: &Definition<'_>,
    cx: &DdlContext<'_>,
) -> Result<Parameters> {
    if !statement.oldstyle {
        if definition.get("basetype").is_some() {
            return Err(invalid("basetype is redundant with aggregate input type specification"));
        }
        let mut parts = statement.args().iter();
        let list = parts.next();
        if matches!(parts.next(), Some(Node::Integer(direct)) if direct.ival >= 0) {
            return Err(PgError::unsupported("an ordered-set aggregate of the user"));
        }
        let list = list.and_then(|list| list.as_node_list());
        let parameters = list.into_iter().flatten().filter_map(|node| match node {
            Node::FunctionParameter(parameter) => Some(parameter),
            _ => None,
        });
        return Parameters::of_aggregate(parameters, cx);
    }
    let Some(base) = definition.get("basetype") else {
        return Err(invalid("aggregate input type must be specified"));
    };
    let is_any = match base {
        Node::TypeName(name) => {
            name.names().iter().filter_map(|part| part.sval()).next_back() == Some("any")
        }
        other => options::text(other).eq_ignore_ascii_case("any"),
    };
    let mut found = Parameters::default();
    if !is_any && let Some(oid) = definition.type_("basetype", &cx.catalog(), cx)? {
        found.all.push((String::new(), oid, ArgMode::In));
    }
    Ok(found)
}

/// An aggregate to be made over arguments of these types.
struct Aggregate<'a, 'c> {
    arg_types: &'a [Oid],
    catalog: &'a Catalog,
    cx: &'a DdlContext<'c>,
}

impl Aggregate<'_, '_> {
    /// Its pg_aggregate row, and the type of its values.
    fn info(&self, definition: &Definition<'_>) -> Result<(AggregateInfo, Oid)> {
        if definition.get("stype").is_none() {
            return Err(invalid("aggregate stype must be specified"));
        }
        if definition.get("sfunc").is_none() {
            return Err(invalid("aggregate sfunc must be specified"));
        }
        let (steps, value_type) = self.steps(definition, &PLAIN)?;
        self.check_moving(definition)?;
        let moving = match definition.get("mstype") {
            Some(_) => Some(self.steps(definition, &MOVING)?),
            None => None,
        };
        let inverse = match (&moving, definition.get("minvfunc")) {
            (Some((moving, _)), Some(name)) => {
                let arg_types = self.with_state(moving.state_type, self.arg_types);
                let inverse = self.function(name, &arg_types)?;
                self.check_return(&inverse, moving.state_type, name, "inverse transition")?;
                inverse.oid
            }
            _ => 0,
        };
        if let Some((_, moving_type)) = &moving
            && *moving_type != value_type
        {
            let shown = |oid| column::type_name(self.catalog, oid, self.cx);
            return Err(invalid(format!(
                "moving-aggregate implementation returns type {}, but plain implementation \
                 returns type {}",
                shown(*moving_type),
                shown(value_type)
            )));
        }
        let state = steps.state_type;
        let combine = match definition.get("combinefunc") {
            Some(name) => {
                let combine = self.function(name, &[state, state])?;
                self.check_return(&combine, state, name, "combine")?;
                combine.oid
            }
            None => 0,
        };
        let serialize = (["serialfunc", "deserialfunc"]).map(|name| definition.get(name).is_some());
        if serialize[0] != serialize[1] {
            return Err(invalid(
                "must specify both or neither of serialization and deserialization functions",
            ));
        }
        if serialize[0] {
            return Err(invalid(
                "serialization functions may be specified only when the aggregate transition \
                 data type is internal",
            ));
        }
        let sort_operator = match definition.get("sortop") {
            Some(name) => self.sort_operator(name)?,
            None => 0,
        };
        let info = AggregateInfo {
            steps,
            moving: moving.map(|(moving, _)| moving),
            inverse,
            combine,
            serialize: 0,
            deserialize: 0,
            sort_operator,
        };
        // Functions that have no implementation here are found now.
        let is_polymorphic = self.arg_types.iter().any(|t| column::is_pseudo(*t, self.catalog));
        if !is_polymorphic {
            UserAggregate::of_types(&info, self.arg_types, state, value_type, self.catalog)?;
        }
        Ok((info, value_type))
    }

    fn check_moving(&self, definition: &Definition<'_>) -> Result<()> {
        let given = |name: &str| definition.get(name).is_some();
        if given("mstype") {
            for (name, what) in [("msfunc", "msfunc"), ("minvfunc", "minvfunc")] {
                if !given(name) {
                    let message =
                        format!("aggregate {what} must be specified when mstype is specified");
                    return Err(invalid(message));
                }
            }
            return Ok(());
        }
        let without = ["msfunc", "minvfunc", "mfinalfunc", "msspace", "minitcond"];
        match without.into_iter().find(|name| given(name)) {
            Some(name) => {
                Err(invalid(format!("aggregate {name} must not be specified without mstype")))
            }
            None => Ok(()),
        }
    }

    fn steps(&self, definition: &Definition<'_>, names: &Names) -> Result<(AggregateSteps, Oid)> {
        let state_type = self.state_type(definition, names)?;
        let name = definition.get(names.transition).unwrap_or(Node::None);
        let transition = self.function(name, &self.with_state(state_type, self.arg_types))?;
        self.check_return(&transition, state_type, name, names.what)?;
        let initial = definition.text(names.initial);
        let strict = self.catalog.proc(transition.oid).is_some_and(|proc| proc.strict);
        self.check_initial(initial.as_deref(), strict, state_type)?;
        let final_extra = definition.flag(names.final_extra)?;
        let (final_func, value_type) = match definition.get(names.final_func) {
            Some(name) => {
                let extra = if final_extra { self.arg_types } else { &[] };
                let found = self.function(name, &self.with_state(state_type, extra))?;
                let strict = self.catalog.proc(found.oid).is_some_and(|proc| proc.strict);
                if final_extra && strict {
                    return Err(invalid(
                        "final function with extra arguments must not be declared STRICT",
                    ));
                }
                (found.oid, found.return_type)
            }
            None => (0, state_type),
        };
        let steps = AggregateSteps {
            transition: transition.oid,
            final_func,
            final_extra,
            final_modify: definition.modify(names.final_modify)?,
            state_type,
            state_bytes: definition.bytes(names.state_bytes)?,
            initial,
        };
        Ok((steps, value_type))
    }

    fn state_type(&self, definition: &Definition<'_>, names: &Names) -> Result<Oid> {
        let (catalog, cx) = (self.catalog, self.cx);
        let found = definition.type_(names.state_type, catalog, cx)?;
        let state_type = found.ok_or_else(|| PgError::internal("an aggregate without a state"))?;
        require_type(&**cx.env, state_type)?;
        if !column::is_pseudo(state_type, catalog) {
            return Ok(state_type);
        }
        // The arguments must tell what a polymorphic one is.
        let is_polymorphic = POLYMORPHIC.contains(&state_type);
        let has_polymorphic = self.arg_types.iter().any(|t| POLYMORPHIC.contains(t));
        let shown = column::type_name(catalog, state_type, cx);
        match (is_polymorphic, has_polymorphic) {
            (true, true) => Ok(state_type),
            (true, false) => Err(invalid("cannot determine transition data type").detail(format!(
                "A result of type {shown} requires at least one input of type anyelement, \
                     anyarray, anynonarray, anyenum, anyrange, or anymultirange."
            ))),
            (false, _) if state_type == oids::INTERNAL => {
                Err(PgError::unsupported("an aggregate with a state of type internal"))
            }
            (false, _) => Err(invalid(format!("aggregate transition data type cannot be {shown}"))),
        }
    }

    fn with_state(&self, state_type: Oid, args: &[Oid]) -> Vec<Oid> {
        [&[state_type], args].concat()
    }

    /// The function of this name that takes these types as they are (`lookup_agg_function`).
    fn function(&self, name: Node<'_>, types: &[Oid]) -> Result<FoundFunction> {
        let parts = definition_name(name);
        let (catalog, cx) = (self.catalog, self.cx);
        let shown = |types: &[Oid]| signature(&parts.join("."), types, catalog, cx);
        let found = find_function(&parts, types, &cx.bind(catalog))?;
        let proc = found.as_ref().and_then(|found| catalog.proc(found.oid));
        let (Some(found), Some(proc)) = (found, proc.filter(|proc| proc.kind == b'f')) else {
            let message = format!("function {} does not exist", shown(types));
            return Err(PgError::new(code::UNDEFINED_FUNCTION, message));
        };
        if proc.returns_set {
            let message = format!("function {} returns a set", shown(types));
            return Err(PgError::new(code::DATATYPE_MISMATCH, message));
        }
        let pairs = types.iter().zip(&found.arg_types);
        let fits = |(given, taken): (&Oid, &Oid)| {
            POLYMORPHIC.contains(taken) || catalog.binary_coercible(*given, *taken)
        };
        if !pairs.into_iter().all(fits) {
            let message =
                format!("function {} requires run-time type coercion", shown(&found.arg_types));
            return Err(PgError::new(code::DATATYPE_MISMATCH, message));
        }
        require_function(catalog, cx.env.current_role(), found.oid)?;
        Ok(found)
    }

    fn check_return(
        &self,
        found: &FoundFunction,
        wanted: Oid,
        name: Node<'_>,
        what: &str,
    ) -> Result<()> {
        if found.return_type == wanted {
            return Ok(());
        }
        let message = format!(
            "return type of {what} function {} is not {}",
            definition_name(name).join("."),
            column::type_name(self.catalog, wanted, self.cx)
        );
        Err(PgError::new(code::DATATYPE_MISMATCH, message))
    }

    /// A state that is NULL at first takes the first row's value where the function is strict. One that
    /// is written must be of the type.
    fn check_initial(&self, initial: Option<&str>, strict: bool, state_type: Oid) -> Result<()> {
        match initial {
            Some(text) if !column::is_pseudo(state_type, self.catalog) => {
                crate::functions::text_in(&**self.cx.env, state_type, -1, text).map(|_| ())
            }
            Some(_) => Ok(()),
            None => {
                let fits = |first: &Oid| self.catalog.binary_coercible(*first, state_type);
                match strict && !self.arg_types.first().is_some_and(fits) {
                    true => Err(invalid(
                        "must not omit initial value when transition function is strict and \
                         transition type is not compatible with input type",
                    )),
                    false => Ok(()),
                }
            }
        }
    }

    fn sort_operator(&self, name: Node<'_>) -> Result<Oid> {
        let [arg] = self.arg_types else {
            return Err(invalid(
                "sort operator can only be specified for single-argument aggregates",
            ));
        };
        operator::lookup(&definition_name(name), *arg, *arg, self.catalog, self.cx)
    }
}

/// Types that stand for others.
const POLYMORPHIC: [Oid; 11] = [
    oids::ANYELEMENT,
    oids::ANYARRAY,
    oids::ANYNONARRAY,
    oids::ANYENUM,
    oids::ANYRANGE,
    oids::ANYMULTIRANGE,
    oids::ANYCOMPATIBLE,
    oids::ANYCOMPATIBLEARRAY,
    oids::ANYCOMPATIBLENONARRAY,
    oids::ANYCOMPATIBLERANGE,
    oids::ANYCOMPATIBLEMULTIRANGE,
];

/// The attributes that say how rows become a value.
struct Names {
    transition: &'static str,
    state_type: &'static str,
    state_bytes: &'static str,
    initial: &'static str,
    final_func: &'static str,
    final_extra: &'static str,
    final_modify: &'static str,
    /// In messages.
    what: &'static str,
}

const PLAIN: Names = Names {
    transition: "sfunc",
    state_type: "stype",
    state_bytes: "sspace",
    initial: "initcond",
    final_func: "finalfunc",
    final_extra: "finalfunc_extra",
    final_modify: "finalfunc_modify",
    what: "transition",
};

const MOVING: Names = Names {
    transition: "msfunc",
    state_type: "mstype",
    state_bytes: "msspace",
    initial: "minitcond",
    final_func: "mfinalfunc",
    final_extra: "mfinalfunc_extra",
    final_modify: "mfinalfunc_modify",
    what: "moving-aggregate transition",
};
