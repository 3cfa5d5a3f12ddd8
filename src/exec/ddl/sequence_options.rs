//! Options of CREATE SEQUENCE, ALTER SEQUENCE and identity columns (`init_params`).

use super::DdlContext;
use super::names::strings;
use super::options;
use crate::catalog::{DefaultAclKind, OnCommit, Persistence, Relation, RelationKind, SequenceInfo};
use crate::error::{PgError, Result, code};
use crate::sql::bind::resolve_type;
use crate::storage::SequenceParams;
use crate::types::{Oid, oids};
use pg_raw_parse::Node;
use pg_raw_parse::list::NodeList;
use std::collections::BTreeMap;

/// Options as written; `None` where not.
#[derive(Clone, Debug, Default)]
pub(super) struct SequenceOptions {
    pub type_oid: Option<Oid>,
    pub start: Option<i64>,
    pub increment: Option<i64>,
    /// `Some(None)`: NO MINVALUE.
    pub min: Option<Option<i64>>,
    pub max: Option<Option<i64>>,
    pub cache: Option<i64>,
    pub cycle: Option<bool>,
    /// `Some(None)`: RESTART without a value.
    pub restart: Option<Option<i64>>,
    /// OWNED BY: the dotted name's parts; empty for NONE.
    pub owned_by: Option<Vec<String>>,
    /// SEQUENCE NAME, which pg_dump writes for identity columns.
    pub name: Option<String>,
}

impl SequenceOptions {
    /// Reads the option list; each option may be given once.
    pub fn read(list: &NodeList, cx: &DdlContext<'_>) -> Result<SequenceOptions> {
        SequenceOptions::read_nodes(list.iter(), cx)
    }

    /// As [`SequenceOptions::read`], from some of a list's elements.
    pub fn read_nodes<'a>(
        nodes: impl Iterator<Item = Node<'a>>,
        cx: &DdlContext<'_>,
    ) -> Result<SequenceOptions> {
        let mut options = SequenceOptions::default();
        let mut seen = Vec::new();
        for node in nodes {
            let Node::DefElem(element) = node else { continue };
            let name = element.defname().unwrap_or_default();
            if seen.contains(&name) {
                let message = "conflicting or redundant options";
                return Err(PgError::new(code::SYNTAX_ERROR, message).at(element.location));
            }
            seen.push(name);
            options.read_one(name, element.arg(), cx)?;
        }
        Ok(options)
    }

    fn read_one(&mut self, name: &str, value: Node<'_>, cx: &DdlContext<'_>) -> Result<()> {
        let optional = || match value {
            Node::None => Ok(None),
            value => options::int8(name, value).map(Some),
        };
        match name {
            "as" => {
                if let Node::TypeName(type_name) = value {
                    self.type_oid = Some(resolve_type(type_name, &cx.bind(&cx.catalog()))?.0);
                }
            }
            "increment" => self.increment = Some(options::int8(name, value)?),
            "start" => self.start = Some(options::int8(name, value)?),
            "restart" => self.restart = Some(optional()?),
            "minvalue" => self.min = Some(optional()?),
            "maxvalue" => self.max = Some(optional()?),
            "cache" => self.cache = Some(options::int8(name, value)?),
            "cycle" => self.cycle = Some(options::boolean(name, value)?),
            "owned_by" => {
                let parts = value.as_node_list().map(strings).unwrap_or_default();
                let none = parts == ["none"];
                let parts = parts.into_iter().map(str::to_owned).collect();
                self.owned_by = Some(if none { Vec::new() } else { parts });
            }
            "sequence_name" => {
                let parts = value.as_node_list().map(strings).unwrap_or_default();
                self.name = parts.last().map(|name| (*name).to_owned());
            }
            other => return Err(PgError::unsupported(format!("sequence option \"{other}\""))),
        }
        Ok(())
    }

    /// A new sequence's definition; `type_oid` is the type unless AS says another.
    pub fn define(&self, type_oid: Oid) -> Result<SequenceInfo> {
        let type_oid = self.type_oid.unwrap_or(type_oid);
        let increment = self.increment.unwrap_or(1);
        let ascending = increment > 0;
        let (low, high) = type_bounds(type_oid)?;
        let info = SequenceInfo {
            type_oid,
            start: 0,
            increment,
            min: if ascending { 1 } else { low },
            max: if ascending { high } else { -1 },
            cache: 1,
            cycle: false,
            owned_by: None,
            internal: false,
        };
        self.finish(info, true)
    }

    /// An existing sequence's definition with these options. A new type moves bounds that are the
    /// old type's own.
    pub fn redefine(&self, old: &SequenceInfo) -> Result<SequenceInfo> {
        let mut info = old.clone();
        info.increment = self.increment.unwrap_or(old.increment);
        let reset_min = self.min == Some(None);
        let reset_max = self.max == Some(None);
        if let Some(type_oid) = self.type_oid {
            let (old_low, old_high) = type_bounds(old.type_oid)?;
            let (low, high) = type_bounds(type_oid)?;
            info.type_oid = type_oid;
            if old.max == old_high {
                info.max = high;
            }
            if old.min == old_low {
                info.min = low;
            }
        }
        let (low, high) = type_bounds(info.type_oid)?;
        if reset_min {
            info.min = if info.increment > 0 { 1 } else { low };
        }
        if reset_max {
            info.max = if info.increment > 0 { high } else { -1 };
        }
        self.finish(info, false)
    }

    fn finish(&self, mut info: SequenceInfo, is_new: bool) -> Result<SequenceInfo> {
        if info.increment == 0 {
            return Err(invalid("INCREMENT must not be zero".to_owned()));
        }
        info.max = self.max.flatten().unwrap_or(info.max);
        info.min = self.min.flatten().unwrap_or(info.min);
        check_bound("MAXVALUE", info.max, info.type_oid)?;
        check_bound("MINVALUE", info.min, info.type_oid)?;
        if info.min >= info.max {
            let (min, max) = (info.min, info.max);
            return Err(invalid(format!("MINVALUE ({min}) must be less than MAXVALUE ({max})")));
        }
        match self.start {
            Some(start) => info.start = start,
            None if is_new => info.start = if info.increment > 0 { info.min } else { info.max },
            None => {}
        }
        check_inside("START", info.start, &info)?;
        if let Some(value) = self.restart.flatten() {
            check_inside("RESTART", value, &info)?;
        }
        info.cache = self.cache.unwrap_or(info.cache);
        if info.cache <= 0 {
            return Err(invalid(format!("CACHE ({}) must be greater than zero", info.cache)));
        }
        info.cycle = self.cycle.unwrap_or(info.cycle);
        Ok(info)
    }

    /// Sets a sequence's next value where RESTART asks for it. Its storage must be new in this
    /// transaction, so that rolling back undoes it.
    pub fn restart_in(&self, sequence: &Relation, cx: &DdlContext<'_>) -> Result<()> {
        let (Some(restart), Some(info)) = (self.restart, &sequence.sequence) else {
            return Ok(());
        };
        let value = restart.unwrap_or(info.start);
        let params = params(sequence);
        cx.txn.store().setval(cx.txn, sequence.storage, &params, value, false)?;
        Ok(())
    }
}

/// A sequence's definition as storage takes it.
pub(super) fn params(sequence: &Relation) -> SequenceParams {
    let info = sequence.sequence.as_ref().expect("a sequence has its definition");
    SequenceParams {
        name: sequence.name.clone(),
        start: info.start,
        increment: info.increment,
        min: info.min,
        max: info.max,
        cycle: info.cycle,
    }
}

/// The pg_class entry of a new sequence, with its three columns.
pub(super) fn sequence_relation(
    name: String,
    namespace: Oid,
    owner: Oid,
    info: SequenceInfo,
    cx: &DdlContext<'_>,
) -> Result<Relation> {
    let columns = [("last_value", oids::INT8), ("log_cnt", oids::INT8), ("is_called", oids::BOOL)];
    let catalog = cx.catalog();
    let column = |(attno, (name, type_oid)): (i16, (&str, Oid))| {
        let mut column = super::column::new_column(attno, name, type_oid, -1, &catalog);
        column.not_null = true;
        column
    };
    Ok(Relation {
        oid: cx.catalog.new_oid()?,
        name,
        namespace,
        owner,
        kind: RelationKind::Sequence,
        persistence: Persistence::Permanent,
        on_commit: OnCommit::PreserveRows,
        version: 1,
        columns: (1i16..).zip(columns).map(column).collect(),
        storage: cx.catalog.new_storage(cx.txn)?,
        row_type: 0,
        options: BTreeMap::new(),
        comment: None,
        acl: catalog.default_acl(DefaultAclKind::Sequence, owner, namespace),
        indexes: Vec::new(),
        constraints: Vec::new(),
        index: None,
        sequence: Some(info),
        view: None,
        materialized: None,
        row_security: Default::default(),
        rules: Vec::new(),
        lineage: Default::default(),
    })
}

fn type_bounds(type_oid: Oid) -> Result<(i64, i64)> {
    match type_oid {
        oids::INT2 => Ok((i64::from(i16::MIN), i64::from(i16::MAX))),
        oids::INT4 => Ok((i64::from(i32::MIN), i64::from(i32::MAX))),
        oids::INT8 => Ok((i64::MIN, i64::MAX)),
        _ => Err(invalid("sequence type must be smallint, integer, or bigint".to_owned())),
    }
}

fn check_bound(what: &str, value: i64, type_oid: Oid) -> Result<()> {
    let (low, high) = type_bounds(type_oid)?;
    if (low..=high).contains(&value) {
        return Ok(());
    }
    let shown = crate::types::format_type(type_oid, -1).unwrap_or_default();
    Err(invalid(format!("{what} ({value}) is out of range for sequence data type {shown}")))
}

fn check_inside(what: &str, value: i64, info: &SequenceInfo) -> Result<()> {
    if value < info.min {
        let min = info.min;
        return Err(invalid(format!(
            "{what} value ({value}) cannot be less than MINVALUE ({min})"
        )));
    }
    if value > info.max {
        let max = info.max;
        let message = format!("{what} value ({value}) cannot be greater than MAXVALUE ({max})");
        return Err(invalid(message));
    }
    Ok(())
}

fn invalid(message: String) -> PgError {
    PgError::new(code::INVALID_PARAMETER_VALUE, message)
}
