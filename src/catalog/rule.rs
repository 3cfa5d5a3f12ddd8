//! Rules of a table or view that turn a command on it into nothing (manual, 41.4), always or for rows that
//! satisfy a condition. Rules with commands of their own are refused.

use crate::nodes::{
    AttrNumber, CommandType, Expr, Query, RangeEntry, RangeIndex, RangeSource, TargetEntry,
};
use crate::types::Oid;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    pub oid: Oid,
    pub name: String,
    pub event: RuleEvent,
    /// DO INSTEAD NOTHING; else DO ALSO NOTHING, which does nothing indeed.
    pub instead: bool,
    /// `ev_enabled`: `O`, `A`, `R` or `D`.
    pub enabled: u8,
    /// Over [`OLD`] and [`NEW`].
    pub condition: Option<Expr>,
    pub comment: Option<String>,
}

/// The range table entries of a rule's condition.
pub const OLD: RangeIndex = 1;
pub const NEW: RangeIndex = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RuleEvent {
    Insert,
    Update,
    Delete,
}

impl RuleEvent {
    /// The event that a command is; `None`: it has no rules.
    pub fn of(command: CommandType) -> Option<RuleEvent> {
        match command {
            CommandType::Insert => Some(RuleEvent::Insert),
            CommandType::Update => Some(RuleEvent::Update),
            CommandType::Delete => Some(RuleEvent::Delete),
            CommandType::Select | CommandType::Merge => None,
        }
    }

    /// `ev_type`.
    pub fn digit(self) -> u8 {
        match self {
            RuleEvent::Update => b'2',
            RuleEvent::Insert => b'3',
            RuleEvent::Delete => b'4',
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            RuleEvent::Insert => "INSERT",
            RuleEvent::Update => "UPDATE",
            RuleEvent::Delete => "DELETE",
        }
    }
}

impl Rule {
    /// Whether it takes the place of a command: rules that are for replicas only do not.
    pub fn replaces(&self, event: RuleEvent) -> bool {
        self.event == event && self.instead && matches!(self.enabled, b'O' | b'A')
    }

    /// Its condition as a query over its table, for what looks at queries: dependencies.
    pub fn as_query(&self, table: Oid) -> Query {
        let mut query = Query::new(CommandType::Select);
        let entry = || RangeEntry {
            source: RangeSource::Relation { oid: table },
            name: String::new(),
            aliased: false,
            column_aliases: 0,
            columns: Vec::new(),
            lateral: false,
            in_from: false,
            with_deleted: false,
            only: false,
            security: Vec::new(),
        };
        query.range_table = vec![entry(), entry()];
        let conditions = self.condition.iter().zip(1 as AttrNumber..);
        query.targets = conditions.map(|(e, resno)| TargetEntry::of(e.clone(), resno)).collect();
        query
    }
}
