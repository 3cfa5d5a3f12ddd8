//! Visiting the parts of bound trees.
//!
//! [`Expr::for_each_child`] gives an expression's direct sub-expressions; recursion is the caller's,
//! who decides where to stop. Sub-queries are not entered: a caller that cares matches
//! [`Expr::SubLink`] and goes on with [`Query::for_each_expr`] one level deeper.

use super::*;

macro_rules! children {
    ($self:expr, $f:expr, $iter:ident, $($borrow:tt)+) => {
        match $self {
            Expr::Var(_)
            | Expr::Const(_)
            | Expr::Param(_)
            | Expr::CaseTest { .. }
            | Expr::SqlValue { .. }
            | Expr::SetToDefault { .. }
            | Expr::CurrentOf { .. }
            | Expr::NextValue { .. } => {}
            Expr::Func(c) | Expr::Distinct(c) | Expr::NullIf(c) => {
                c.args.$iter().for_each(|e| $f(e))
            }
            Expr::ScalarArrayOp(s) => {
                $f($($borrow)+ s.scalar);
                $f($($borrow)+ s.array);
            }
            Expr::Bool(_, args) | Expr::Grouping { args, .. } => args.$iter().for_each(|e| $f(e)),
            Expr::SubLink(s) => s.test.$iter().for_each(|e| $f(e)),
            Expr::Relabel(r) => $f($($borrow)+ r.arg),
            Expr::CoerceViaIo(c) => $f($($borrow)+ c.arg),
            Expr::CoerceToDomain(c) => $f($($borrow)+ c.arg),
            Expr::ArrayCoerce(c) => {
                $f($($borrow)+ c.arg);
                $f($($borrow)+ c.element);
            }
            Expr::Case(c) => {
                c.arg.$iter().for_each(|e| $f(e));
                for (when, then) in c.whens.$iter() {
                    $f(when);
                    $f(then);
                }
                $f($($borrow)+ c.default);
            }
            Expr::Array(a) => a.elements.$iter().for_each(|e| $f(e)),
            Expr::Row(r) => r.args.$iter().for_each(|e| $f(e)),
            Expr::RowCompare(r) => {
                r.left.$iter().for_each(|e| $f(e));
                r.right.$iter().for_each(|e| $f(e));
            }
            Expr::Coalesce(c) => c.args.$iter().for_each(|e| $f(e)),
            Expr::MinMax(m) => m.args.$iter().for_each(|e| $f(e)),
            Expr::Xml(x) => {
                x.named.$iter().for_each(|(_, e)| $f(e));
                x.args.$iter().for_each(|e| $f(e));
            }
            Expr::NullTest { arg, .. }
            | Expr::BooleanTest { arg, .. }
            | Expr::FieldSelect { arg, .. }
            | Expr::Collate { arg, .. } => $f(arg),
            Expr::Subscript(s) => {
                $f($($borrow)+ s.container);
                s.lower.$iter().flatten().for_each(|e| $f(e));
                s.upper.$iter().flatten().for_each(|e| $f(e));
                s.assign.$iter().for_each(|e| $f(e));
            }
            Expr::Aggregate(a) => {
                a.direct_args.$iter().for_each(|e| $f(e));
                a.args.$iter().for_each(|t| $f($($borrow)+ t.expr));
                a.filter.$iter().for_each(|e| $f(e));
            }
            Expr::Window(w) => {
                w.args.$iter().for_each(|e| $f(e));
                w.filter.$iter().for_each(|e| $f(e));
            }
        }
    };
}

macro_rules! query_exprs {
    ($self:expr, $f:expr, $iter:ident, $($borrow:tt)+) => {{
        let query = $self;
        query.targets.$iter().for_each(|t| $f($($borrow)+ t.expr));
        query.returning.$iter().for_each(|t| $f($($borrow)+ t.expr));
        query.from.filter.$iter().for_each(|e| $f(e));
        let mut items: Vec<_> = query.from.items.$iter().collect();
        while let Some(item) = items.pop() {
            if let FromItem::Join(join) = item {
                join.on.$iter().for_each(|e| $f(e));
                items.push($($borrow)+ join.left);
                items.push($($borrow)+ join.right);
            }
        }
        for entry in query.range_table.$iter() {
            entry.security.$iter().for_each(|e| $f(e));
            match $($borrow)+ entry.source {
                RangeSource::Function { functions, .. } => {
                    functions.$iter().for_each(|r| $f($($borrow)+ r.call))
                }
                RangeSource::Values { rows, .. } => rows.$iter().flatten().for_each(|e| $f(e)),
                RangeSource::Join { columns, .. } => columns.$iter().for_each(|e| $f(e)),
                RangeSource::Relation { .. }
                | RangeSource::Subquery { .. }
                | RangeSource::Cte { .. } => {}
            }
        }
        query.policy_checks.$iter().for_each(|c| $f($($borrow)+ c.condition));
        query.having.$iter().for_each(|e| $f(e));
        for window in query.windows.$iter() {
            for bound in [$($borrow)+ window.start, $($borrow)+ window.end] {
                if let FrameBound::Preceding(e) | FrameBound::Following(e) = bound {
                    $f(e)
                }
            }
        }
        query.limit.$iter().for_each(|e| $f(e));
        query.offset.$iter().for_each(|e| $f(e));
        for action in query.merge.$iter() {
            action.filter.$iter().for_each(|e| $f(e));
            action.targets.$iter().for_each(|t| $f($($borrow)+ t.expr));
        }
        if let Some(conflict) = $($borrow)+ query.on_conflict {
            if let Some(target) = $($borrow)+ conflict.target {
                target.elements.$iter().for_each(|e| $f(e));
                target.filter.$iter().for_each(|e| $f(e));
            }
            if let Some(update) = $($borrow)+ conflict.update {
                update.targets.$iter().for_each(|t| $f($($borrow)+ t.expr));
                update.filter.$iter().for_each(|e| $f(e));
            }
        }
    }};
}

impl Expr {
    /// Calls `f` with each direct sub-expression, in the order they are written.
    pub fn for_each_child<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        children!(self, f, iter, &)
    }

    /// As [`Expr::for_each_child`], to change them in place.
    pub fn for_each_child_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        children!(self, f, iter_mut, &mut)
    }

    /// Whether `test` holds for this expression or any part of it, sub-queries apart.
    pub fn any(&self, test: &mut dyn FnMut(&Expr) -> bool) -> bool {
        if test(self) {
            return true;
        }
        let mut found = false;
        self.for_each_child(&mut |child| {
            found = found || stacker::maybe_grow(64 << 10, 1 << 20, || child.any(test));
        });
        found
    }
}

impl Expr {
    /// Whether two expressions are the same but for where they stand in the text (`equal`).
    pub fn same(&self, other: &Expr) -> bool {
        match (self, other) {
            (Expr::Var(a), Expr::Var(b)) => (a.rel, a.attno, a.level) == (b.rel, b.attno, b.level),
            _ if std::mem::discriminant(self) != std::mem::discriminant(other) => false,
            _ => without_locations(self) == without_locations(other),
        }
    }

    /// Where this node itself stands, to change it.
    fn location_mut(&mut self) -> Option<&mut i32> {
        Some(match self {
            Expr::Var(v) => &mut v.location,
            Expr::Const(c) => &mut c.location,
            Expr::Param(p) => &mut p.location,
            Expr::Func(f) | Expr::Distinct(f) | Expr::NullIf(f) => &mut f.location,
            Expr::ScalarArrayOp(s) => &mut s.location,
            Expr::SubLink(s) => &mut s.location,
            Expr::Relabel(r) => &mut r.location,
            Expr::CoerceViaIo(c) => &mut c.location,
            Expr::ArrayCoerce(c) => &mut c.location,
            Expr::CoerceToDomain(c) => &mut c.location,
            Expr::Case(c) => &mut c.location,
            Expr::Array(a) => &mut a.location,
            Expr::Row(r) => &mut r.location,
            Expr::Coalesce(c) => &mut c.location,
            Expr::Xml(x) => &mut x.location,
            Expr::MinMax(m) => &mut m.location,
            Expr::SqlValue { location, .. }
            | Expr::SetToDefault { location, .. }
            | Expr::Grouping { location, .. }
            | Expr::NullTest { location, .. }
            | Expr::BooleanTest { location, .. }
            | Expr::Collate { location, .. } => location,
            Expr::Aggregate(a) => &mut a.location,
            Expr::Window(w) => &mut w.location,
            Expr::Bool(..)
            | Expr::CaseTest { .. }
            | Expr::RowCompare(_)
            | Expr::Subscript(_)
            | Expr::FieldSelect { .. }
            | Expr::CurrentOf { .. }
            | Expr::NextValue { .. } => return None,
        })
    }

    /// Forgets all locations, as stored expressions do.
    pub fn clear_locations(&mut self) {
        if let Some(location) = self.location_mut() {
            *location = -1;
        }
        if let Expr::SubLink(s) = self {
            s.query.clear_locations();
        }
        self.for_each_child_mut(&mut |child| {
            stacker::maybe_grow(64 << 10, 1 << 20, || child.clear_locations())
        });
    }
}

fn without_locations(expr: &Expr) -> Expr {
    let mut expr = expr.clone();
    expr.clear_locations();
    expr
}

impl Expr {
    /// Replaces variables of one query level, `depth` queries up from here; `map` sees them as that
    /// level does. What it puts in their place is left alone.
    pub fn map_vars(&mut self, depth: u32, map: &dyn Fn(&Var) -> Option<Expr>) {
        match self {
            Expr::Var(var) => {
                if var.level == depth
                    && var.rel != SUBLINK_RANGE
                    && let Some(mut new) = map(&Var { level: 0, ..var.clone() })
                {
                    new.shift_levels(depth, 0);
                    *self = new;
                }
                return;
            }
            Expr::SubLink(link) => link.query.map_vars(depth + 1, map),
            _ => {}
        }
        self.for_each_child_mut(&mut |child| {
            stacker::maybe_grow(64 << 10, 1 << 20, || child.map_vars(depth, map))
        });
    }
}

impl Query {
    /// As [`Expr::map_vars`], in all of the query and what is below it.
    pub fn map_vars(&mut self, depth: u32, map: &dyn Fn(&Var) -> Option<Expr>) {
        self.for_each_expr_mut(&mut |e| e.map_vars(depth, map));
        self.for_each_subquery_mut(&mut |q| {
            stacker::maybe_grow(64 << 10, 1 << 20, || q.map_vars(depth + 1, map))
        });
    }

    /// Forgets all locations, as stored queries do.
    pub fn clear_locations(&mut self) {
        self.for_each_expr_mut(&mut |e| e.clear_locations());
        self.for_each_subquery_mut(&mut |q| q.clear_locations());
    }

    /// Calls `f` with every expression that stands in this query itself: targets, conditions,
    /// FROM's functions and VALUES, frames, limits. Not those of sub-queries and CTEs
    /// ([`Query::for_each_subquery`]) or inside sub-links.
    pub fn for_each_expr<'a>(&'a self, f: &mut dyn FnMut(&'a Expr)) {
        query_exprs!(self, f, iter, &)
    }

    /// As [`Query::for_each_expr`], to change them in place.
    pub fn for_each_expr_mut(&mut self, f: &mut dyn FnMut(&mut Expr)) {
        query_exprs!(self, f, iter_mut, &mut)
    }

    /// Calls `f` with the queries in FROM and in WITH; each is one level deeper than this one.
    pub fn for_each_subquery<'a>(&'a self, f: &mut dyn FnMut(&'a Query)) {
        for entry in &self.range_table {
            if let RangeSource::Subquery { query, .. } = &entry.source {
                f(query);
            }
        }
        self.ctes.iter().for_each(|cte| f(&cte.query));
    }

    /// As [`Query::for_each_subquery`], to change them in place.
    pub fn for_each_subquery_mut(&mut self, f: &mut dyn FnMut(&mut Query)) {
        for entry in &mut self.range_table {
            if let RangeSource::Subquery { query, .. } = &mut entry.source {
                f(query);
            }
        }
        self.ctes.iter_mut().for_each(|cte| f(&mut cte.query));
    }
}

impl Expr {
    /// Moves an expression `delta` queries deeper: references that leave its first `depth` levels
    /// of queries reach further.
    pub fn shift_levels(&mut self, delta: u32, depth: u32) {
        self.change_levels(&|level| level + delta, depth);
    }

    /// Changes the levels of references that leave the expression's first `depth` levels of queries.
    fn change_levels(&mut self, change: &dyn Fn(u32) -> u32, depth: u32) {
        match self {
            Expr::Var(v) if v.level >= depth && v.rel != SUBLINK_RANGE => v.level = change(v.level),
            Expr::Aggregate(a) if a.level >= depth => a.level = change(a.level),
            Expr::Grouping { level, .. } if *level >= depth => *level = change(*level),
            Expr::SubLink(s) => s.query.change_levels(change, depth + 1),
            _ => {}
        }
        self.for_each_child_mut(&mut |child| {
            stacker::maybe_grow(64 << 10, 1 << 20, || child.change_levels(change, depth))
        });
    }
}

impl Query {
    /// Moves a query `delta` queries deeper: its references to outer queries reach further.
    pub fn shift_levels(&mut self, delta: u32) {
        self.change_levels(&|level| level + delta, 1);
    }

    /// What is in the query is to stand in the one around it: its references to that are to the same
    /// query, and those further out reach one level less.
    pub fn leave_level(&mut self) {
        self.change_levels(&|level| level - 1, 1);
    }

    fn change_levels(&mut self, change: &dyn Fn(u32) -> u32, depth: u32) {
        self.for_each_expr_mut(&mut |e| e.change_levels(change, depth));
        for entry in &mut self.range_table {
            if let RangeSource::Cte { level, .. } = &mut entry.source
                && *level >= depth
            {
                *level = change(*level);
            }
        }
        self.for_each_subquery_mut(&mut |q| q.change_levels(change, depth + 1));
    }
}
