//! Choosing among overloaded functions and operators (manual, sections 10.2 and 10.3).
//!
//! ```text
//! abs('-1')        unknown input: the string category has no candidate, the preferred
//!                  numeric type float8 wins
//! 2 + 2::int8      exact match int4 + int8
//! substr('a', 1)   unknown as text
//! ```

use super::state::Binder;
use crate::catalog::builtin::{CastContext, Proc};
use crate::nodes::Notation;
use crate::types::{Oid, oids};

/// A function or operator that could be called: its OID and argument types, variadic ones expanded.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// `None`: several that nothing tells apart; the call is ambiguous if they are the best.
    pub oid: Option<Oid>,
    pub args: Vec<Oid>,
    /// Arguments that a VARIADIC parameter takes; 0 where it is not variadic.
    pub variadic_count: usize,
    /// Missing arguments that have defaults.
    pub default_count: usize,
    /// Named notation: argument `i` of the call is parameter `positions[i]`.
    pub positions: Option<Vec<usize>>,
    /// Place in the search path: earlier hides later.
    pub path_position: usize,
}

impl Candidate {
    /// Whether the call's last argument is as far back among the parameters as among the arguments: with
    /// VARIADIC before a named argument it must be.
    pub fn ends_with_last_parameter(&self) -> bool {
        self.positions.as_ref().is_none_or(|p| p.last().is_none_or(|last| last + 1 == p.len()))
    }

    /// How a call was written whose last `named` arguments have names; `None`: all arguments in order.
    pub fn notation(&self, proc: &Proc, named: usize) -> Option<Notation> {
        let given = match &self.positions {
            None if self.default_count == 0 => return None,
            None => (0..self.args.len()).map(|at| (at, None)).collect(),
            Some(positions) => {
                let (plain, by_name) = positions.split_at(positions.len().saturating_sub(named));
                let names = proc.input_names();
                let name = |at: &usize| names.get(*at).map(|name| (*name).to_owned());
                let plain = plain.iter().map(|at| (*at, None));
                plain.chain(by_name.iter().map(|at| (*at, name(at)))).collect()
            }
        };
        Some(Notation { given })
    }
}

impl Binder<'_, '_> {
    /// Candidates whose arguments the inputs can be implicitly converted to
    /// (`func_match_argtypes`).
    pub fn matching(&self, inputs: &[Oid], candidates: &[Candidate]) -> Vec<Candidate> {
        let fits = |c: &&Candidate| self.can_coerce_all(inputs, &c.args, CastContext::Implicit);
        candidates.iter().filter(fits).cloned().collect()
    }

    /// The best of several candidates that all match, if there is one (`func_select_candidate`).
    pub fn select_candidate(&self, inputs: &[Oid], list: Vec<Candidate>) -> Option<Candidate> {
        let base: Vec<Oid> = inputs.iter().map(|t| self.base_type(*t, -1).0).collect();
        let exact = |c: &Candidate, i: usize| base[i] != oids::UNKNOWN && c.args[i] == base[i];
        let list = keep_best(list, &base, exact);
        if list.len() == 1 {
            return list.into_iter().next();
        }
        let good = |c: &Candidate, i: usize| {
            base[i] != oids::UNKNOWN
                && (c.args[i] == base[i]
                    || self.is_preferred(self.facts(base[i]).category, c.args[i]))
        };
        let list = keep_best(list, &base, good);
        if list.len() == 1 {
            return list.into_iter().next();
        }
        let unknowns = base.iter().filter(|t| **t == oids::UNKNOWN).count();
        if unknowns == 0 {
            return None;
        }
        let list = self.keep_by_category(&base, list);
        if list.len() == 1 {
            return list.into_iter().next();
        }
        if unknowns < base.len() { self.assume_known_type(&base, &list) } else { None }
    }

    fn is_preferred(&self, category: u8, oid: Oid) -> bool {
        let facts = self.facts(oid);
        facts.preferred && facts.category == category
    }

    /// For unknown inputs: string if any candidate takes it, else the one category that all agree
    /// on; then candidates of that category, preferred types first.
    fn keep_by_category(&self, base: &[Oid], list: Vec<Candidate>) -> Vec<Candidate> {
        let mut slots = Vec::new();
        for (i, _) in base.iter().enumerate().filter(|(_, t)| **t == oids::UNKNOWN) {
            let (mut category, mut preferred, mut conflict) = (0, false, false);
            for candidate in &list {
                let facts = self.facts(candidate.args[i]);
                if category == 0 || (facts.category == b'S' && category != b'S') {
                    (category, preferred) = (facts.category, facts.preferred);
                } else if facts.category == category {
                    preferred |= facts.preferred;
                } else {
                    conflict = true;
                }
            }
            if conflict && category != b'S' {
                return list;
            }
            slots.push((i, category, preferred));
        }
        let keeps = |c: &&Candidate| {
            slots.iter().all(|(i, category, preferred)| {
                let facts = self.facts(c.args[*i]);
                facts.category == *category && (!preferred || facts.preferred)
            })
        };
        let kept: Vec<Candidate> = list.iter().filter(keeps).cloned().collect();
        if kept.is_empty() { list } else { kept }
    }

    /// The last rule: take unknown inputs for the type that all known inputs share.
    fn assume_known_type(&self, base: &[Oid], list: &[Candidate]) -> Option<Candidate> {
        let mut known = base.iter().filter(|t| **t != oids::UNKNOWN);
        let first = *known.next()?;
        if known.any(|t| *t != first) {
            return None;
        }
        let inputs = vec![first; base.len()];
        let mut matching = self.matching(&inputs, list).into_iter();
        let only = matching.next()?;
        matching.next().is_none().then_some(only)
    }
}

/// Keeps the candidates with the most arguments that `counts`.
fn keep_best(
    list: Vec<Candidate>,
    base: &[Oid],
    counts: impl Fn(&Candidate, usize) -> bool,
) -> Vec<Candidate> {
    let score = |c: &Candidate| (0..base.len()).filter(|i| counts(c, *i)).count();
    let best = list.iter().map(score).max().unwrap_or(0);
    list.into_iter().filter(|c| score(c) == best).collect()
}
