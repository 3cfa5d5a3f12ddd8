//! What all aggregates of ours are to DataFusion.
//!
//! Each holds the states of all groups in one value, which also serves where there are no groups: as one.

use crate::types::arrow::ColumnType;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, GroupsAccumulator, Signature, Volatility,
};
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

type DfResult<T> = datafusion::error::Result<T>;

/// An aggregate, whatever it is over.
pub(super) trait Grouped: Debug + Eq + Hash + Send + Sync + 'static {
    type States: Accumulator + GroupsAccumulator + 'static;
    const NAME: &'static str;
    const VOLATILITY: Volatility = Volatility::Immutable;

    /// The type of its values.
    fn result(&self) -> ColumnType;

    /// The columns of partial results; `name` makes their names, of parts where they have several.
    fn partial_fields(&self, name: &dyn Fn(&str) -> String) -> Vec<FieldRef>;

    /// No states yet.
    fn states(&self) -> Self::States;
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Udf<A> {
    aggregate: A,
    /// Distinguishes the aggregates of a plan.
    number: usize,
    signature: Signature,
}

/// The aggregate as DataFusion knows it, the plan's one with this number.
pub(super) fn udf<A: Grouped>(aggregate: A, number: usize) -> Arc<AggregateUDF> {
    let signature = Signature::variadic_any(A::VOLATILITY);
    Arc::new(AggregateUDF::from(Udf { aggregate, number, signature }))
}

impl<A: Grouped> AggregateUDFImpl for Udf<A> {
    fn name(&self) -> &str {
        A::NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> DfResult<DataType> {
        Ok(self.aggregate.result().data_type())
    }

    fn return_field(&self, _arg_fields: &[FieldRef]) -> DfResult<FieldRef> {
        Ok(Arc::new(self.aggregate.result().field(A::NAME)))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> DfResult<Vec<FieldRef>> {
        let name = |part: &str| match part {
            "" => format!("{}[{}]", args.name, self.number),
            part => format!("{}[{} {part}]", args.name, self.number),
        };
        Ok(self.aggregate.partial_fields(&name))
    }

    fn accumulator(&self, _args: AccumulatorArgs<'_>) -> DfResult<Box<dyn Accumulator>> {
        Ok(Box::new(self.aggregate.states()))
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        _args: AccumulatorArgs<'_>,
    ) -> DfResult<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(self.aggregate.states()))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}
