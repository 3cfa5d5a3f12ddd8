//! The row operators' aggregate states under DataFusion's grouping, partial results and spilling.
//!
//! What [`AggregateState::partial`] gives travels as a record. An aggregate that cannot be merged (it
//! keeps order, or collects its input) stays with the row operator.

use super::super::row_expr::Bindings;
use super::super::runtime::external;
use super::grouped::{self, Grouped};
use crate::error::Result;
use crate::exec::ExecState;
use crate::exec::op::AggregateCall;
use crate::functions::AggregateState;
use crate::types::arrow::ColumnType;
use crate::types::{Datum, Record, arrow, oids};
use datafusion::arrow::array::{Array, ArrayRef, BooleanArray};
use datafusion::arrow::datatypes::FieldRef;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Accumulator, AggregateUDF, EmitTo, GroupsAccumulator, Volatility};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

type DfResult<T> = datafusion::error::Result<T>;

/// What becomes of the rows of a group.
#[derive(Clone)]
pub(in crate::exec::df) enum Kind {
    /// One of the plan's calls, and how its arguments travel.
    Call(Arc<Vec<AggregateCall>>, usize, Vec<ColumnType>),
    /// The value of a column that all rows of a group have alike.
    Any(ColumnType),
}

/// An aggregate of the row operators.
struct Aggregate {
    kind: Kind,
    bindings: Arc<Bindings>,
}

/// The plan's aggregate with this number, as DataFusion knows it.
pub(in crate::exec::df) fn udf(
    kind: Kind,
    number: usize,
    bindings: &Arc<Bindings>,
) -> Arc<AggregateUDF> {
    grouped::udf(Aggregate { kind, bindings: bindings.clone() }, number)
}

impl Grouped for Aggregate {
    type States = States;
    const NAME: &'static str = "aggregate";
    const VOLATILITY: Volatility = Volatility::Volatile;

    fn result(&self) -> ColumnType {
        self.kind.result_type()
    }

    fn partial_fields(&self, name: &dyn Fn(&str) -> String) -> Vec<FieldRef> {
        vec![Arc::new(States::partial_type(&self.kind).field(&name("")))]
    }

    fn states(&self) -> States {
        let (kind, bindings) = (self.kind.clone(), self.bindings.clone());
        States { kind, bindings, states: Vec::new(), bytes: 0 }
    }
}

/// Those of one plan, whose numbers tell them apart.
impl PartialEq for Aggregate {
    fn eq(&self, other: &Aggregate) -> bool {
        Arc::ptr_eq(&self.bindings, &other.bindings)
    }
}

impl Eq for Aggregate {}

impl Hash for Aggregate {
    fn hash<H: Hasher>(&self, _state: &mut H) {}
}

impl fmt::Debug for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Aggregate")
    }
}

impl Kind {
    pub fn result_type(&self) -> ColumnType {
        match self {
            Kind::Call(calls, at, _) => calls[*at].output_type.into(),
            Kind::Any(ty) => *ty,
        }
    }

    fn start(&self, state: &ExecState) -> Result<State> {
        match self {
            Kind::Call(calls, at, _) => calls[*at].start(state, &[]).map(State::Aggregate),
            Kind::Any(_) => Ok(State::Any(None)),
        }
    }
}

/// Whether a call's partial results can be merged.
pub(in crate::exec::df) fn is_mergeable(call: &AggregateCall, state: &ExecState) -> bool {
    let plain = call.direct.is_empty()
        && call.distinct.is_empty()
        && call.order.is_empty()
        && !call.hypothetical;
    plain && call.start(state, &[]).is_ok_and(|s| s.partial(&call.ctx(state)).is_some())
}

/// One group's state.
enum State {
    Aggregate(Box<dyn AggregateState>),
    Any(Option<Datum>),
}

/// The states of all groups, by number.
struct States {
    kind: Kind,
    bindings: Arc<Bindings>,
    states: Vec<State>,
    /// Held by them, as counted when they were last looked at.
    bytes: usize,
}

impl States {
    fn grow(&mut self, groups: usize, state: &ExecState) -> Result<()> {
        while self.states.len() < groups {
            let started = self.kind.start(state)?;
            self.bytes += started.size();
            self.states.push(started);
        }
        Ok(())
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        groups: impl Iterator<Item = usize>,
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        let state = self.bindings.state();
        self.grow(total, &state)?;
        let mut args: Vec<Datum> = Vec::new();
        for (row, group) in groups.enumerate() {
            if filter.is_some_and(|f| f.is_null(row) || !f.value(row)) {
                continue;
            }
            match (&self.kind, &mut self.states[group]) {
                (Kind::Call(calls, at, types), State::Aggregate(aggregate)) => {
                    let call = &calls[*at];
                    args.clear();
                    let columns = values.iter().zip(types);
                    args.extend(columns.map(|(v, ty)| arrow::datum_at(v, row, *ty)));
                    if !call.strict || !args.iter().any(Datum::is_null) {
                        aggregate.update(&call.ctx(&state), &args)?;
                    }
                }
                (Kind::Any(ty), State::Any(value)) => {
                    if value.is_none() {
                        *value = Some(arrow::datum_at(&values[0], row, *ty));
                    }
                }
                _ => unreachable!("a state is of its aggregate's kind"),
            }
        }
        Ok(())
    }

    fn merge(
        &mut self,
        partials: &dyn Array,
        groups: impl Iterator<Item = usize>,
        total: usize,
    ) -> Result<()> {
        let state = self.bindings.state();
        self.grow(total, &state)?;
        for (row, group) in groups.enumerate() {
            match (&self.kind, &mut self.states[group]) {
                (Kind::Call(calls, at, _), State::Aggregate(aggregate)) => {
                    let partial = arrow::datum_at(partials, row, oids::RECORD);
                    let fields = partial.as_record().fields.iter().map(|f| f.1.clone()).collect();
                    aggregate.merge(&calls[*at].ctx(&state), fields)?;
                }
                (Kind::Any(ty), State::Any(value)) => {
                    if value.is_none() {
                        *value = Some(arrow::datum_at(partials, row, *ty));
                    }
                }
                _ => unreachable!("a state is of its aggregate's kind"),
            }
        }
        Ok(())
    }

    /// The type of partial results.
    fn partial_type(kind: &Kind) -> ColumnType {
        match kind {
            Kind::Call(..) => oids::RECORD.into(),
            Kind::Any(ty) => *ty,
        }
    }

    fn take_partial(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let state = self.bindings.state();
        self.take(emit, States::partial_type(&self.kind), |kind, taken| match (kind, taken) {
            (Kind::Call(calls, at, _), State::Aggregate(aggregate)) => {
                let fields = aggregate.partial(&calls[*at].ctx(&state)).unwrap_or_default();
                Ok(Datum::Record(Arc::new(Record::unnamed(fields))))
            }
            (_, State::Any(value)) => Ok(value.unwrap_or_default()),
            _ => unreachable!("a state is of its aggregate's kind"),
        })
    }

    fn take_results(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let state = self.bindings.state();
        self.take(emit, self.kind.result_type(), |kind, taken| match (kind, taken) {
            (Kind::Call(calls, at, _), State::Aggregate(aggregate)) => {
                aggregate.finish(&calls[*at].ctx(&state))
            }
            (_, State::Any(value)) => Ok(value.unwrap_or_default()),
            _ => unreachable!("a state is of its aggregate's kind"),
        })
    }

    fn take(
        &mut self,
        emit: EmitTo,
        ty: ColumnType,
        f: impl Fn(&Kind, State) -> Result<Datum>,
    ) -> Result<ArrayRef> {
        let taken = emit.take_needed(&mut self.states);
        let mut builder = arrow::Builder::new(ty, taken.len());
        for state in taken {
            self.bytes = self.bytes.saturating_sub(state.size());
            builder.append(&f(&self.kind, state)?);
        }
        Ok(builder.finish())
    }
}

impl State {
    fn size(&self) -> usize {
        size_of::<State>()
            + match self {
                State::Aggregate(aggregate) => aggregate.size(),
                State::Any(_) => 16,
            }
    }
}

impl GroupsAccumulator for States {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> DfResult<()> {
        self.update(values, group_indices.iter().copied(), opt_filter, total_num_groups)
            .map_err(external)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> DfResult<()> {
        self.merge(&values[0], group_indices.iter().copied(), total_num_groups).map_err(external)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> DfResult<ArrayRef> {
        self.take_results(emit_to).map_err(external)
    }

    fn state(&mut self, emit_to: EmitTo) -> DfResult<Vec<ArrayRef>> {
        Ok(vec![self.take_partial(emit_to).map_err(external)?])
    }

    /// The state that each row alone would make.
    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> DfResult<Vec<ArrayRef>> {
        let (kind, bindings) = (self.kind.clone(), self.bindings.clone());
        let mut rows = States { kind, bindings, states: Vec::new(), bytes: 0 };
        let count = values[0].len();
        rows.update(values, 0..count, opt_filter, count).map_err(external)?;
        GroupsAccumulator::state(&mut rows, EmitTo::All)
    }

    fn size(&self) -> usize {
        self.bytes
    }
}

/// Without GROUP BY there is one group.
impl Accumulator for States {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DfResult<()> {
        let rows = values[0].len();
        self.update(values, std::iter::repeat_n(0, rows), None, 1).map_err(external)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DfResult<()> {
        let rows = states[0].len();
        self.merge(&states[0], std::iter::repeat_n(0, rows), 1).map_err(external)
    }

    fn evaluate(&mut self) -> DfResult<ScalarValue> {
        self.grow(1, &self.bindings.state()).map_err(external)?;
        let result = self.take_results(EmitTo::All).map_err(external)?;
        ScalarValue::try_from_array(&result, 0)
    }

    fn state(&mut self) -> DfResult<Vec<ScalarValue>> {
        self.grow(1, &self.bindings.state()).map_err(external)?;
        let partial = self.take_partial(EmitTo::All).map_err(external)?;
        Ok(vec![ScalarValue::try_from_array(&partial, 0)?])
    }

    fn size(&self) -> usize {
        self.bytes
    }
}

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "States({})", self.states.len())
    }
}
