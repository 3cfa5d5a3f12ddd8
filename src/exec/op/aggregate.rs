//! GROUP BY and aggregates, by hash.
//!
//! Output rows: the grouping columns, the columns that depend on them, each aggregate's value, then
//! each GROUPING()'s. With grouping sets every input row belongs to one group per set; columns that are not in a group's set are NULL
//! in it. A set without columns has its one group even without input.

use super::{
    ByKey, ExecState, KeyColumn, Keys, NodeRef, Operator, PlanNode, Program, Row, df, encode_key,
    row_bytes,
};
use crate::error::Result;
use crate::exec::explain::Description;
use crate::exec::user_aggregate::UserAggregate;
use crate::functions::{AggregateFn, AggregateState, Ctx};
use crate::types::{self, Datum, Oid, oids};
use std::sync::Arc;

/// One aggregate call.
pub(in crate::exec) struct AggregateCall {
    pub maker: Maker,
    pub func: Oid,
    pub arg_types: Vec<Oid>,
    pub result_type: Oid,
    /// The type that stands in for the result's: how it travels.
    pub output_type: Oid,
    /// NULL arguments are skipped: the transition function is strict.
    pub strict: bool,
    pub variadic: bool,
    pub direct: Vec<Program>,
    /// The aggregated arguments, then columns that only order them.
    pub args: Vec<Program>,
    /// How many of `args` are arguments.
    pub arg_count: usize,
    pub filter: Option<Program>,
    /// Argument (index, type) columns that DISTINCT compares; empty without DISTINCT.
    pub distinct: Vec<(usize, Oid)>,
    /// ORDER BY inside the call: index into `args`, type, descending, nulls first.
    pub order: Vec<(usize, Oid, bool, bool)>,
    /// A hypothetical-set aggregate: the direct arguments are a row whose place among the others is
    /// asked for.
    pub hypothetical: bool,
}

/// What makes an aggregate's states.
#[derive(Clone)]
pub(in crate::exec) enum Maker {
    BuiltIn(AggregateFn),
    User(Arc<UserAggregate>),
}

/// What GROUP BY says.
pub(in crate::exec) struct Grouping {
    pub keys: Vec<KeyColumn>,
    /// Per grouping set, the indexes of `keys` in it. Plain GROUP BY has one set of all.
    pub sets: Vec<Vec<usize>>,
    /// Per GROUPING() call, its value in each set.
    pub masks: Vec<Vec<i32>>,
    /// Columns that depend on the keys: any row's value will do.
    pub dependent: Vec<Program>,
}

pub(in crate::exec) struct AggregateNode {
    pub input: NodeRef,
    pub grouping: Arc<Grouping>,
    pub calls: Arc<Vec<AggregateCall>>,
}

impl AggregateCall {
    pub fn ctx<'a>(&'a self, state: &'a ExecState) -> Ctx<'a> {
        Ctx {
            env: state.env(),
            func: self.func,
            arg_types: &self.arg_types,
            result_type: self.result_type,
            variadic: self.variadic,
            columns: &[],
        }
    }

    /// The arguments on a row, if the call counts it: FILTER holds, strictness allows.
    pub fn arguments(&self, state: &ExecState, row: &[Datum]) -> Result<Option<Vec<Datum>>> {
        if let Some(filter) = &self.filter
            && !filter.is_true(state, row)?
        {
            return Ok(None);
        }
        let args: Vec<Datum> =
            self.args.iter().map(|arg| arg.eval(state, row)).collect::<Result<_>>()?;
        let skipped = self.strict && args[..self.arg_count].iter().any(Datum::is_null);
        Ok((!skipped).then_some(args))
    }

    /// A new state; direct arguments are evaluated on a row of the group.
    pub fn start(&self, state: &ExecState, row: &[Datum]) -> Result<Box<dyn AggregateState>> {
        let direct: Vec<Datum> =
            self.direct.iter().map(|arg| arg.eval(state, row)).collect::<Result<_>>()?;
        match &self.maker {
            Maker::BuiltIn(make) => make(&self.ctx(state), &direct),
            Maker::User(aggregate) => aggregate.start(state),
        }
    }

    fn accumulator(&self, state: &ExecState, row: &[Datum]) -> Result<Accumulator> {
        let place = match self.hypothetical {
            true => {
                let direct = self.direct.iter().map(|arg| arg.eval(state, row));
                Some(self.sort_key(&direct.collect::<Result<Vec<Datum>>>()?))
            }
            false => None,
        };
        Ok(Accumulator { state: self.start(state, row)?, charged: 0, kept: Vec::new(), place })
    }

    fn sort_key(&self, args: &[Datum]) -> Vec<u8> {
        let mut key = Vec::new();
        for &(index, type_oid, descending, nulls_first) in &self.order {
            types::key::encode(type_oid, &args[index], descending, nulls_first, &mut key);
        }
        key
    }

    fn buffers(&self) -> bool {
        !self.order.is_empty() || !self.distinct.is_empty()
    }
}

/// A state that has grown by less is not charged again.
const CHARGED_BYTES: usize = 1024;

/// One call's state in one group.
struct Accumulator {
    state: Box<dyn AggregateState>,
    /// Bytes of the state that the statement's memory limit knows of.
    charged: usize,
    /// Arguments kept back until the end, with their sort keys: ORDER BY or DISTINCT in the call.
    kept: Vec<(Vec<u8>, Vec<Datum>)>,
    /// The hypothetical row's sort key; rows are handed on with their place relative to it.
    place: Option<Vec<u8>>,
}

impl Accumulator {
    fn update(&mut self, call: &AggregateCall, state: &ExecState, row: &[Datum]) -> Result<()> {
        let Some(args) = call.arguments(state, row)? else { return Ok(()) };
        if !call.buffers() {
            self.state.update(&call.ctx(state), &args[..call.arg_count])?;
            return self.charge(state);
        }
        let mut key = call.sort_key(&args);
        if call.order.is_empty() {
            for &(index, type_oid) in &call.distinct {
                types::key::encode(type_oid, &args[index], false, false, &mut key);
            }
        }
        state.charge(row_bytes(&args) + key.len())?;
        self.kept.push((key, args));
        Ok(())
    }

    /// States that collect their input grow with it.
    fn charge(&mut self, state: &ExecState) -> Result<()> {
        let size = self.state.size();
        if size > self.charged + CHARGED_BYTES {
            state.charge(size - self.charged)?;
            self.charged = size;
        }
        Ok(())
    }

    fn finish(mut self, call: &AggregateCall, state: &ExecState) -> Result<Datum> {
        self.kept.sort_by(|a, b| a.0.cmp(&b.0));
        let mut seen = Keys::default();
        for (key, mut args) in std::mem::take(&mut self.kept) {
            if !call.distinct.is_empty() {
                let mut key = Vec::new();
                for &(index, type_oid) in &call.distinct {
                    types::key::encode(type_oid, &args[index], false, false, &mut key);
                }
                if !seen.insert(key) {
                    continue;
                }
            }
            args.truncate(call.arg_count);
            args.extend(self.place.as_ref().map(|place| Datum::Int4(key.cmp(place) as i32)));
            self.state.update(&call.ctx(state), &args)?;
            self.charge(state)?;
        }
        self.state.finish(&call.ctx(state))
    }
}

struct Group {
    /// Which grouping set it is of.
    set: usize,
    keys: Row,
    dependent: Row,
    accumulators: Vec<Accumulator>,
}

struct Run {
    input: Option<Box<dyn Operator>>,
    grouping: Arc<Grouping>,
    calls: Arc<Vec<AggregateCall>>,
    groups: std::vec::IntoIter<Group>,
}

impl PlanNode for AggregateNode {
    fn column_types(&self) -> Option<Vec<Oid>> {
        let keys = self.grouping.keys.iter().map(|key| key.type_oid);
        let dependent = self.grouping.dependent.iter().map(Program::type_oid);
        let calls = self.calls.iter().map(|call| call.output_type);
        let masks = self.grouping.masks.iter().map(|_| oids::INT4);
        Some(keys.chain(dependent).chain(calls).chain(masks).collect())
    }

    fn describe(&self) -> Description {
        let name = if self.grouping.keys.is_empty() { "Aggregate" } else { "HashAggregate" };
        Description::new(name, &[&self.input])
    }

    fn open(&self, state: &ExecState) -> Box<dyn Operator> {
        Box::new(Run {
            input: Some(state.wanting(false, || self.input.open(state))),
            grouping: self.grouping.clone(),
            calls: self.calls.clone(),
            groups: Vec::new().into_iter(),
        })
    }

    fn lower(&self, _needed: &df::Needed, cx: &df::Lowering<'_>) -> Option<df::Lowered> {
        let width = self.input.estimate.columns;
        let below = df::grouping_reads(&self.grouping, &self.calls, width)?;
        let input = cx.below_breaker(|| self.input.lower(&below, cx))?;
        df::grouped(input, &self.grouping, &self.calls, cx)
    }
}

impl Run {
    fn group(&self, set: usize, state: &ExecState, row: &[Datum]) -> Result<Group> {
        let mut keys = vec![Datum::Null; self.grouping.keys.len()];
        for &index in &self.grouping.sets[set] {
            keys[index] = self.grouping.keys[index].value.eval(state, row)?;
        }
        let dependent = &self.grouping.dependent;
        let dependent = dependent.iter().map(|d| d.eval(state, row)).collect::<Result<_>>()?;
        let start = |call: &AggregateCall| call.accumulator(state, row);
        let accumulators = self.calls.iter().map(start).collect::<Result<_>>()?;
        Ok(Group { set, keys, dependent, accumulators })
    }

    /// The group of a set that has no columns and met no row.
    fn empty_group(&self, set: usize, state: &ExecState) -> Result<Group> {
        let start = |call: &AggregateCall| call.accumulator(state, &[]);
        Ok(Group {
            set,
            keys: vec![Datum::Null; self.grouping.keys.len()],
            dependent: vec![Datum::Null; self.grouping.dependent.len()],
            accumulators: self.calls.iter().map(start).collect::<Result<_>>()?,
        })
    }

    fn aggregate(&mut self, mut input: Box<dyn Operator>, state: &ExecState) -> Result<Vec<Group>> {
        let mut groups: Vec<Group> = Vec::new();
        let sets = self.grouping.sets.len();
        let mut index: Vec<ByKey<usize>> = vec![ByKey::default(); sets];
        let mut key = Vec::new();
        while let Some(row) = input.next(state)? {
            state.cx.cancel.check()?;
            for (set, index) in index.iter_mut().enumerate() {
                key.clear();
                for &column in &self.grouping.sets[set] {
                    let column = std::slice::from_ref(&self.grouping.keys[column]);
                    encode_key(column, state, &row, &mut key)?;
                }
                let at = match index.get(key.as_slice()) {
                    Some(at) => *at,
                    None => {
                        let group = self.group(set, state, &row)?;
                        state.charge(row_bytes(&group.keys) + key.len() + 64 * self.calls.len())?;
                        index.insert(key.clone(), groups.len());
                        groups.push(group);
                        groups.len() - 1
                    }
                };
                for (accumulator, call) in groups[at].accumulators.iter_mut().zip(&*self.calls) {
                    accumulator.update(call, state, &row)?;
                }
            }
        }
        for (set, index) in index.iter().enumerate() {
            if self.grouping.sets[set].is_empty() && index.is_empty() {
                groups.push(self.empty_group(set, state)?);
            }
        }
        if sets > 1 {
            groups.sort_by_key(|group| group.set);
        }
        Ok(groups)
    }

    fn output(&self, group: Group, state: &ExecState) -> Result<Row> {
        let mut row = group.keys;
        row.extend(group.dependent);
        for (accumulator, call) in group.accumulators.into_iter().zip(&*self.calls) {
            row.push(accumulator.finish(call, state)?);
        }
        row.extend(self.grouping.masks.iter().map(|values| Datum::Int4(values[group.set])));
        Ok(row)
    }
}

impl Operator for Run {
    fn next(&mut self, state: &ExecState) -> Result<Option<Row>> {
        if let Some(input) = self.input.take() {
            self.groups = self.aggregate(input, state)?.into_iter();
        }
        match self.groups.next() {
            Some(group) => self.output(group, state).map(Some),
            None => Ok(None),
        }
    }
}
