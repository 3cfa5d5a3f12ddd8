//! Predicates: three-valued, and true of sequences of items where they are true of one.

use super::execute::Executor;
use super::item::{Item, Kind};
use super::{Failure, datetime};
use crate::error::Result;
use crate::functions::regex;
use crate::types::jsonpath::{Chain, Comparison, Item as Link};
use std::cmp::Ordering;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    False,
    True,
    Unknown,
}

impl From<bool> for Truth {
    fn from(value: bool) -> Truth {
        if value { Truth::True } else { Truth::False }
    }
}

impl Truth {
    /// As an item, unknown is null.
    pub fn item(self) -> Item {
        match self {
            Truth::Unknown => Item::Null,
            truth => Item::Bool(truth == Truth::True),
        }
    }
}

/// A condition on an item, or on a pair of items.
type Condition<'c> = dyn Fn(&Executor<'_>, &Item, Option<&Item>) -> Result<Truth> + 'c;

/// Checks the patterns of a path.
pub(super) fn check_patterns(chain: &Chain) -> Result<()> {
    chain.0.iter().try_for_each(|link| match link {
        Link::LikeRegex(argument, pattern) => {
            regex::check_like_regex(pattern)?;
            check_patterns(argument)
        }
        Link::Arithmetic(_, a, b)
        | Link::And(a, b)
        | Link::Or(a, b)
        | Link::Compare(_, a, b)
        | Link::StartsWith(a, b) => {
            let check = || check_patterns(a).and_then(|()| check_patterns(b));
            stacker::maybe_grow(64 * 1024, 1024 * 1024, check)
        }
        Link::Sign(_, a)
        | Link::Not(a)
        | Link::IsUnknown(a)
        | Link::Exists(a)
        | Link::Filter(a) => stacker::maybe_grow(64 * 1024, 1024 * 1024, || check_patterns(a)),
        Link::Subscripts(subscripts) => subscripts.iter().try_for_each(|(from, to)| {
            check_patterns(from)?;
            to.as_ref().map_or(Ok(()), check_patterns)
        }),
        _ => Ok(()),
    })
}

/// A suppressible failure is unknown.
fn or_unknown<T>(outcome: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(Failure::Suppressible(_)) => Ok(None),
        Err(fatal) => Err(fatal),
    }
}

impl Executor<'_> {
    /// Whether a filter lets an item through.
    pub fn filter(&mut self, predicate: &Chain, item: &Item) -> Result<bool, Failure> {
        let outer = self.current.replace(item.clone());
        let truth = self.truth(&predicate.0[0], item);
        self.current = outer;
        Ok(truth? == Truth::True)
    }

    pub fn truth(&mut self, predicate: &Link, item: &Item) -> Result<Truth, Failure> {
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || self.truth_here(predicate, item))
    }

    fn truth_here(&mut self, predicate: &Link, item: &Item) -> Result<Truth, Failure> {
        match predicate {
            Link::And(a, b) => match self.truth(&a.0[0], item)? {
                Truth::False => Ok(Truth::False),
                left => match self.truth(&b.0[0], item)? {
                    Truth::True => Ok(left),
                    right => Ok(right),
                },
            },
            Link::Or(a, b) => match self.truth(&a.0[0], item)? {
                Truth::True => Ok(Truth::True),
                left => match self.truth(&b.0[0], item)? {
                    Truth::False => Ok(left),
                    right => Ok(right),
                },
            },
            Link::Not(a) => Ok(match self.truth(&a.0[0], item)? {
                Truth::Unknown => Truth::Unknown,
                truth => Truth::from(truth == Truth::False),
            }),
            Link::IsUnknown(a) => Ok(Truth::from(self.truth(&a.0[0], item)? == Truth::Unknown)),
            Link::Exists(argument) => self.exists(argument, item),
            Link::Compare(operator, a, b) => {
                let ordered = |executor: &Executor<'_>, a: &Item, b: Option<&Item>| {
                    b.map_or(Ok(Truth::Unknown), |b| compare(executor, *operator, a, b))
                };
                self.any_pair(a, Some((b, true)), item, &ordered)
            }
            Link::StartsWith(whole, initial) => {
                let starts = |_: &Executor<'_>, whole: &Item, initial: Option<&Item>| match initial
                {
                    Some(Item::String(initial)) => {
                        Ok(of_string(whole, |s| s.starts_with(&**initial)))
                    }
                    _ => Ok(Truth::Unknown),
                };
                self.any_pair(whole, Some((initial, false)), item, &starts)
            }
            Link::LikeRegex(argument, pattern) => {
                let like = |_: &Executor<'_>, item: &Item, _: Option<&Item>| match item {
                    Item::String(text) => regex::like_regex(pattern, text).map(Truth::from),
                    _ => Ok(Truth::Unknown),
                };
                self.any_pair(argument, None, item, &like)
            }
            _ => Ok(Truth::Unknown),
        }
    }

    fn exists(&mut self, argument: &Chain, item: &Item) -> Result<Truth, Failure> {
        let outcome = if self.lax {
            self.chain(argument, item, None)
        } else {
            // Strict mode must see that there is no error behind the first item.
            self.items(argument, item, false).map(|items| !items.is_empty())
        };
        Ok(or_unknown(outcome)?.map_or(Truth::Unknown, Truth::from))
    }

    /// True where a condition is true of an item of the left sequence, or of a pair of it with one
    /// of the right (which is unwrapped or not). Strict mode looks at all of them for errors.
    fn any_pair(
        &mut self,
        left: &Chain,
        right: Option<(&Chain, bool)>,
        item: &Item,
        condition: &Condition<'_>,
    ) -> Result<Truth, Failure> {
        let left = self.items(left, item, true);
        let Some(left) = or_unknown(left)? else { return Ok(Truth::Unknown) };
        let right = match right {
            None => vec![None],
            Some((right, unwrap)) => {
                let right = self.items(right, item, unwrap);
                let Some(right) = or_unknown(right)? else { return Ok(Truth::Unknown) };
                right.into_iter().map(Some).collect()
            }
        };
        let mut result = Truth::False;
        for a in &left {
            for b in &right {
                match condition(self, a, b.as_ref()).map_err(Failure::Fatal)? {
                    Truth::False => {}
                    // Lax mode takes the first that is true, strict mode the first that is unknown.
                    Truth::True if self.lax => return Ok(Truth::True),
                    Truth::Unknown if !self.lax => return Ok(Truth::Unknown),
                    truth => result = truth,
                }
            }
        }
        Ok(result)
    }
}

fn of_string(item: &Item, condition: impl FnOnce(&str) -> bool) -> Truth {
    match item {
        Item::String(text) => condition(text).into(),
        _ => Truth::Unknown,
    }
}

/// Items of different kinds cannot be compared, except that null is unequal to everything else.
fn compare(executor: &Executor<'_>, operator: Comparison, a: &Item, b: &Item) -> Result<Truth> {
    let order = match (a, b) {
        (Item::Null, Item::Null) => Ordering::Equal,
        (Item::Null, _) | (_, Item::Null) => return Ok((operator == Comparison::NotEqual).into()),
        (Item::Bool(a), Item::Bool(b)) => a.cmp(b),
        (Item::Number(a), Item::Number(b)) => a.cmp(b),
        (Item::String(a), Item::String(b)) => a.cmp(b),
        (Item::Datetime(a), Item::Datetime(b)) => {
            match datetime::compare(executor.ctx, a, b, executor.zoned)? {
                Some(order) => order,
                None => return Ok(Truth::Unknown),
            }
        }
        _ => return Ok(Truth::Unknown),
    };
    Ok(Truth::from(match operator {
        Comparison::Equal => order.is_eq(),
        Comparison::NotEqual => order.is_ne(),
        Comparison::Less => order.is_lt(),
        Comparison::Greater => order.is_gt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::GreaterOrEqual => order.is_ge(),
    }))
}

impl Item {
    /// What `.type()` gives.
    pub fn type_name(&self) -> &'static str {
        match self {
            Item::Datetime(moment) => moment.type_name(),
            _ => Kind::name(self.kind()),
        }
    }
}
