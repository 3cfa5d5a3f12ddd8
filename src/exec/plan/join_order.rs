//! In which order to join, and how: dynamic programming over the sets of units.
//!
//! Of every set of units the cheapest way to join it is kept; larger sets are made of two smaller
//! ones, so that bushy trees are found too. Cross products cost more than their rows, since an
//! estimate that is too low does the most harm there. Beyond [`UNITS_MAX`] units, where all sets would
//! take too long, the pair that gives the fewest rows is joined, again and again.
//!
//! The rows of a set do not depend on the order: they are the units' rows times the selectivities of
//! the conditions within the set.

use super::cost::{BUILD, CROSS_PAIR, OUTPUT, PAIR, PROBE};
use std::rc::Rc;

/// Units of one FROM list, by position: bit `n` is unit `n`.
pub(super) type Set = u128;

/// The set of one unit. Of a list too long for sets, the order is that in which it is written, and
/// nobody looks at them.
pub(super) fn set_of(unit: usize) -> Set {
    1 << unit.min(Set::BITS as usize - 1)
}

/// Most units whose orders are all looked at.
const UNITS_MAX: usize = 10;

/// What is to be joined.
#[derive(Default)]
pub(super) struct Graph {
    pub units: Vec<Unit>,
    pub conditions: Vec<Condition>,
    pub lookups: Vec<Lookup>,
}

pub(super) struct Unit {
    /// Rows that its own conditions leave.
    pub rows: f64,
    /// Cost of reading it.
    pub cost: f64,
    /// Units that it refers to laterally: it runs once for each of their rows.
    pub needs: Set,
}

/// A condition on several units.
pub(super) struct Condition {
    pub units: Set,
    pub selectivity: f64,
    /// It can be a hash join's key.
    pub equality: bool,
}

/// A unit whose rows can be found by key, given a row of others.
pub(super) struct Lookup {
    pub unit: usize,
    pub given: Set,
    /// Cost of each time.
    pub cost: f64,
}

/// How to join: the right side is hashed, or run for each row of the left.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Unit(usize),
    Join { left: Rc<Tree>, right: Rc<Tree>, method: Method, rows: f64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// By hash, or by comparing all pairs where no equality joins the sides.
    Whole,
    /// The right side is a unit looked up by key.
    Lookup,
    /// The right side is a unit that refers to the left.
    Lateral,
}

/// What joins two sides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Connection {
    None,
    Condition,
    Equality,
}

/// A way to join a set.
#[derive(Clone)]
struct Path {
    set: Set,
    tree: Tree,
    cost: f64,
    rows: f64,
}

/// The order to join all units in; `None` where LATERAL items need each other.
pub(super) fn order(graph: &Graph) -> Option<Tree> {
    let single = |n: usize| graph.units[n].needs == 0;
    let paths = (0..graph.units.len()).filter(|n| single(*n)).map(|n| graph.unit(n));
    match graph.units.len() {
        0..=UNITS_MAX => graph.exhaustive(paths.collect()),
        n if n <= Set::BITS as usize => graph.greedy(paths.collect()),
        _ => graph.as_written(),
    }
}

impl Graph {
    fn unit(&self, n: usize) -> Path {
        let Unit { rows, cost, .. } = self.units[n];
        Path { set: 1 << n, tree: Tree::Unit(n), cost, rows }
    }

    fn whole(&self) -> Set {
        (1 << self.units.len()) - 1
    }

    fn exhaustive(&self, singles: Vec<Path>) -> Option<Tree> {
        let mut best: Vec<Option<Path>> = vec![None; 1 << self.units.len()];
        for path in singles {
            let at = path.set as usize;
            best[at] = Some(path);
        }
        for set in 1..=self.whole() {
            if set.count_ones() < 2 {
                continue;
            }
            best[set as usize] = self.cheapest(set, &best);
        }
        best.pop().flatten().map(|path| path.tree)
    }

    /// The cheapest join of two parts of `set` that make it up.
    fn cheapest(&self, set: Set, best: &[Option<Path>]) -> Option<Path> {
        let mut found: Option<Path> = None;
        let rows = self.rows(set);
        let mut left = (set - 1) & set;
        while left != 0 {
            let right = set ^ left;
            if let Some(l) = &best[left as usize] {
                let cost_max = found.as_ref().map_or(f64::INFINITY, |path| path.cost);
                let whole = best[right as usize].as_ref();
                found = self.join(l, whole, right, rows, cost_max).or(found);
            }
            left = (left - 1) & set;
        }
        found
    }

    /// The cheapest way to join two sides, if it costs less than `cost_max`.
    fn join(
        &self,
        left: &Path,
        whole: Option<&Path>,
        right: Set,
        rows: f64,
        cost_max: f64,
    ) -> Option<Path> {
        let (mut cost, mut method) = (cost_max, None);
        let mut consider = |candidate: f64, by: Method| {
            let candidate = left.cost + candidate + rows * OUTPUT;
            if candidate < cost {
                (cost, method) = (candidate, Some(by));
            }
        };
        if let Some(right) = whole {
            let pairs = match self.connection(left.set, right.set) {
                Connection::Equality => right.rows * BUILD + left.rows * PROBE,
                Connection::Condition => left.rows * right.rows * PAIR,
                Connection::None => left.rows * right.rows * CROSS_PAIR,
            };
            consider(right.cost + pairs, Method::Whole);
        }
        if right.is_power_of_two() {
            let unit = right.trailing_zeros() as usize;
            for lookup in self.lookups.iter().filter(|l| l.unit == unit) {
                if lookup.given & !left.set == 0 {
                    consider(left.rows * lookup.cost, Method::Lookup);
                }
            }
            let Unit { needs, cost, .. } = self.units[unit];
            if needs != 0 && needs & !left.set == 0 {
                consider(left.rows * cost.max(1.0), Method::Lateral);
            }
        }
        let method = method?;
        let right_tree = match (method, whole) {
            (Method::Whole, Some(right)) => right.tree.clone(),
            _ => Tree::Unit(right.trailing_zeros() as usize),
        };
        let (left_tree, right_tree) = (Rc::new(left.tree.clone()), Rc::new(right_tree));
        let tree = Tree::Join { left: left_tree, right: right_tree, method, rows };
        Some(Path { set: left.set | right, tree, cost, rows })
    }

    fn greedy(&self, mut paths: Vec<Path>) -> Option<Tree> {
        let lateral = |n: &usize| self.units[*n].needs != 0;
        let mut waiting: Vec<usize> = (0..self.units.len()).filter(lateral).collect();
        while paths.len() + waiting.len() > 1 {
            let (left, right, joined) = self.best_pair(&paths, &waiting)?;
            waiting.retain(|n| right & (1 << *n) == 0);
            paths.retain(|path| path.set != left && path.set != right);
            paths.push(joined);
        }
        paths.pop().map(|path| path.tree)
    }

    /// More units than a [`Set`] has bits: one after the other.
    fn as_written(&self) -> Option<Tree> {
        let join = |left: Tree, (n, unit): (usize, &Unit)| {
            let method = if unit.needs == 0 { Method::Whole } else { Method::Lateral };
            let (left, right) = (Rc::new(left), Rc::new(Tree::Unit(n)));
            Tree::Join { left, right, method, rows: unit.rows }
        };
        Some(self.units.iter().enumerate().skip(1).fold(Tree::Unit(0), join))
    }

    /// The join that gives the fewest rows, one along a condition first; its sides and itself.
    fn best_pair(&self, paths: &[Path], waiting: &[usize]) -> Option<(Set, Set, Path)> {
        let mut best: Option<(bool, (Set, Set, Path))> = None;
        let mut consider = |left: &Path, whole: Option<&Path>, right: Set| {
            let needed = waiting.iter().any(|n| right == 1 << *n);
            let apart = !needed && self.connection(left.set, right) == Connection::None;
            let rows = self.rows(left.set | right);
            let better = |(other_apart, (.., other)): &(bool, (Set, Set, Path)), cost: f64| {
                (apart, rows, cost) < (*other_apart, other.rows, other.cost)
            };
            if let Some(path) = self.join(left, whole, right, rows, f64::INFINITY)
                && best.as_ref().is_none_or(|other| better(other, path.cost))
            {
                best = Some((apart, (left.set, right, path)));
            }
        };
        for left in paths {
            for right in paths.iter().filter(|right| right.set != left.set) {
                consider(left, Some(right), right.set);
            }
            waiting.iter().for_each(|n| consider(left, None, 1 << *n));
        }
        best.map(|(_, found)| found)
    }

    /// What joins two sides, the strongest.
    fn connection(&self, left: Set, right: Set) -> Connection {
        let both = left | right;
        let joins = |units: Set| units & left != 0 && units & right != 0 && units & !both == 0;
        let joining = self.conditions.iter().filter(|c| joins(c.units));
        let kind = |c: &Condition| match c.equality {
            true => Connection::Equality,
            false => Connection::Condition,
        };
        joining.map(kind).max().unwrap_or(Connection::None)
    }

    /// Estimated rows of a joined set.
    pub fn rows(&self, set: Set) -> f64 {
        let units = self.units.iter().enumerate().filter(|(n, _)| set & (1 << n) != 0);
        let conditions = self.conditions.iter().filter(|c| c.units & !set == 0);
        let all = units.map(|(_, unit)| unit.rows).product::<f64>();
        (all * conditions.map(|c| c.selectivity).product::<f64>()).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(rows: f64) -> Unit {
        Unit { rows, cost: rows, needs: 0 }
    }

    fn equal(a: usize, b: usize, selectivity: f64) -> Condition {
        Condition { units: 1 << a | 1 << b, selectivity, equality: true }
    }

    /// The tree as text: `*` a hash join, `^` a lookup, `>` a lateral join.
    fn show(tree: &Tree) -> String {
        match tree {
            Tree::Unit(n) => n.to_string(),
            Tree::Join { left, right, method, .. } => {
                let sign = match method {
                    Method::Whole => '*',
                    Method::Lookup => '^',
                    Method::Lateral => '>',
                };
                format!("({} {sign} {})", show(left), show(right))
            }
        }
    }

    #[test]
    fn the_small_side_is_hashed() {
        let graph = Graph {
            units: vec![unit(10.0), unit(100_000.0)],
            conditions: vec![equal(0, 1, 0.1)],
            ..Graph::default()
        };
        assert_eq!(show(&order(&graph).unwrap()), "(1 * 0)");
    }

    #[test]
    fn a_selective_unit_is_joined_before_a_chain_grows() {
        // fact - big dimension, fact - small selective dimension.
        let graph = Graph {
            units: vec![unit(1_000_000.0), unit(100_000.0), unit(2.0)],
            conditions: vec![equal(0, 1, 1e-5), equal(0, 2, 1e-3)],
            ..Graph::default()
        };
        assert_eq!(show(&order(&graph).unwrap()), "(1 * (0 * 2))");
    }

    #[test]
    fn few_rows_look_their_partners_up() {
        let graph = Graph {
            units: vec![unit(3.0), unit(1_000_000.0)],
            conditions: vec![equal(0, 1, 1e-6)],
            lookups: vec![Lookup { unit: 1, given: 1, cost: 7.0 }],
        };
        assert_eq!(show(&order(&graph).unwrap()), "(0 ^ 1)");
    }

    #[test]
    fn chains_are_joined_along_their_conditions() {
        let graph = Graph {
            units: vec![unit(1000.0), unit(2000.0), unit(1000.0)],
            conditions: vec![equal(0, 1, 1e-3), equal(1, 2, 1e-3)],
            ..Graph::default()
        };
        let tree = show(&order(&graph).unwrap());
        assert!(!tree.contains("0 * 2") && !tree.contains("2 * 0"), "{tree}");
    }

    #[test]
    fn lateral_units_follow_what_they_need() {
        let mut graph = Graph { units: vec![unit(5.0), unit(7.0)], ..Graph::default() };
        graph.units[0].needs = 0b10;
        assert_eq!(show(&order(&graph).unwrap()), "(1 > 0)");
        graph.units[1].needs = 0b01;
        assert_eq!(order(&graph), None);
    }

    #[test]
    fn long_lists_are_joined_greedily() {
        let mut graph = Graph::default();
        for n in 0..30 {
            graph.units.push(unit(1000.0));
            if n > 0 {
                graph.conditions.push(equal(n - 1, n, 1e-3));
            }
        }
        graph.units[17].rows = 1.0;
        let tree = show(&order(&graph).unwrap());
        assert_eq!(tree.matches('*').count(), 29, "{tree}");
        assert!(tree.contains("(16 * 17)") || tree.contains("(18 * 17)"), "{tree}");
    }
}
