//! DETACH PARTITION: the partition becomes a table of its own, with all it has.

use super::super::drop::change_table;
use super::super::{DdlContext, inherit, lock};
use super::attach::named;
use super::clone::set_parent;
use super::forget;
use crate::catalog::Relation;
use crate::error::{PgError, Result, code};
use crate::storage::TableLockMode;
use pg_raw_parse::Node;
use pg_raw_parse::nodes::AlterTableCmd;

pub(in crate::exec::ddl) async fn detach(
    parent: &Relation,
    command: &AlterTableCmd,
    cx: &DdlContext<'_>,
) -> Result<()> {
    if let Node::PartitionCmd(partition) = command.def()
        && partition.concurrent
    {
        return Err(PgError::unsupported("DETACH PARTITION CONCURRENTLY"));
    }
    if !parent.is_partitioned() {
        let message = format!("table \"{}\" is not partitioned", parent.name);
        return Err(PgError::new(code::INVALID_OBJECT_DEFINITION, message));
    }
    let partition =
        lock::get_named(&named(command, cx)?, TableLockMode::AccessExclusive, cx).await?;
    if !partition.is_partition() || partition.lineage.parents.first() != Some(&parent.oid) {
        let (a, b) = (&partition.name, &parent.name);
        let message = format!("relation \"{a}\" is not a partition of relation \"{b}\"");
        return Err(PgError::new(code::UNDEFINED_TABLE, message));
    }
    forget(&partition, cx).await?;
    inherit::leave(partition.oid, parent, cx);
    change_table(partition.oid, cx, |table| table.lineage.bound = None);
    for constraint in partition.constraints.iter().filter(|c| c.origin.parent != 0) {
        set_parent(partition.oid, constraint.oid, 0, cx);
    }
    for index in &partition.indexes {
        change_table(*index, cx, |index| index.lineage.parents.clear());
    }
    Ok(())
}
