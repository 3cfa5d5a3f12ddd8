//! Where an expression stands (`ParseExprKind`): decides what it may contain and how errors name it.

/// The clause that an expression belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    JoinOn,
    JoinUsing,
    FromSubselect,
    FromFunction,
    Where,
    Having,
    Filter,
    WindowPartition,
    WindowOrder,
    WindowFrameRange,
    WindowFrameRows,
    WindowFrameGroups,
    SelectTarget,
    InsertTarget,
    UpdateSource,
    UpdateTarget,
    GroupBy,
    OrderBy,
    DistinctOn,
    Limit,
    Offset,
    Returning,
    MergeWhen,
    /// VALUES of several rows.
    Values,
    /// VALUES of one row in INSERT.
    ValuesSingle,
    Check,
    Default,
    IndexExpression,
    IndexPredicate,
    AlterUsing,
    ExecuteParameter,
    Generated,
    CopyWhere,
    CallArgument,
    Policy,
    PartitionBound,
    PartitionKey,
}

impl Place {
    /// The clause's name in messages (`ParseExprKindName`).
    pub fn name(self) -> &'static str {
        match self {
            Place::JoinOn => "JOIN/ON",
            Place::JoinUsing => "JOIN/USING",
            Place::FromSubselect => "sub-SELECT in FROM",
            Place::FromFunction => "function in FROM",
            Place::Where => "WHERE",
            Place::Having => "HAVING",
            Place::Filter => "FILTER",
            Place::WindowPartition => "window PARTITION BY",
            Place::WindowOrder => "window ORDER BY",
            Place::WindowFrameRange => "window RANGE",
            Place::WindowFrameRows => "window ROWS",
            Place::WindowFrameGroups => "window GROUPS",
            Place::SelectTarget => "SELECT",
            Place::InsertTarget => "INSERT",
            Place::UpdateSource | Place::UpdateTarget => "UPDATE",
            Place::GroupBy => "GROUP BY",
            Place::OrderBy => "ORDER BY",
            Place::DistinctOn => "DISTINCT ON",
            Place::Limit => "LIMIT",
            Place::Offset => "OFFSET",
            Place::Returning => "RETURNING",
            Place::MergeWhen => "MERGE WHEN",
            Place::Values | Place::ValuesSingle => "VALUES",
            Place::Check => "CHECK",
            Place::Default => "DEFAULT",
            Place::IndexExpression => "index expression",
            Place::IndexPredicate => "index predicate",
            Place::AlterUsing => "USING",
            Place::ExecuteParameter => "EXECUTE",
            Place::Generated => "GENERATED AS",
            Place::CopyWhere => "WHERE",
            Place::CallArgument => "CALL",
            Place::Policy => "POLICY",
            Place::PartitionBound => "partition bound",
            Place::PartitionKey => "PARTITION BY",
        }
    }

    /// What follows "… are not allowed in": aggregates, window functions and set-returning
    /// functions share most of these.
    pub fn refusal(self) -> &'static str {
        match self {
            Place::JoinOn | Place::JoinUsing => "JOIN conditions",
            Place::FromFunction => "functions in FROM",
            Place::MergeWhen => "MERGE WHEN conditions",
            Place::Check => "check constraints",
            Place::Default => "DEFAULT expressions",
            Place::IndexExpression => "index expressions",
            Place::IndexPredicate => "index predicates",
            Place::AlterUsing => "transform expressions",
            Place::ExecuteParameter => "EXECUTE parameters",
            Place::Generated => "column generation expressions",
            Place::CopyWhere => "COPY FROM WHERE conditions",
            Place::CallArgument => "CALL arguments",
            Place::Policy => "policy expressions",
            Place::PartitionKey => "partition key expressions",
            other => other.name(),
        }
    }

    /// The DDL expression that may not contain a subquery, by its name in that message.
    pub fn refuses_subquery(self) -> Option<&'static str> {
        Some(match self {
            Place::Check => "check constraint",
            Place::Default => "DEFAULT expression",
            Place::IndexExpression => "index expression",
            Place::IndexPredicate => "index predicate",
            Place::AlterUsing => "transform expression",
            Place::ExecuteParameter => "EXECUTE parameter",
            Place::Generated => "column generation expression",
            Place::CopyWhere => "COPY FROM WHERE condition",
            Place::PartitionBound => "partition bound",
            Place::PartitionKey => "partition key expression",
            _ => return None,
        })
    }
}
